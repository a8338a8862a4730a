//! Who decides outside for the tick that is open, who has decided, and who will not: pure.
//!
//! An agent is asked once. What it decided goes to the journal; that it could not is noted, with
//! the reason, and it does nothing. A tick is closed once nobody is left. Where an endpoint has let
//! nobody decide, or says that it will not, the world is held instead: rounds in which nobody
//! could decide are worth nothing, and whoever lets the world go on has them asked again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use contract::decision::{Decision, MAX_REASON_BYTES, Undecided, Usage};
use contract::problem::shorten;

use crate::model::{Decided, Failed, FailedKind};

/// The most reasons that a tick gives; the agents of all others are under one.
const MAX_REASONS: usize = 16;

/// What an agent is under whose reason is one too many.
const OTHERS: &str = "other reasons, as the log says";

/// What requests are under whose agents were asked again and have decided then.
const ASKED_AGAIN: &str = "nothing came of it, and those who asked were asked again";

/// The decisions of one tick, as far as they have come.
#[derive(Clone, Debug)]
pub struct Gather {
    tick: u32,
    wanted: usize,
    /// Who was asked, of which endpoint.
    asked: BTreeMap<u32, String>,
    /// Who will not decide, by reason.
    undecided: BTreeMap<String, (BTreeSet<u32>, Usage)>,
    endpoints: BTreeMap<String, Line>,
    /// Why nobody else is asked.
    shut: Option<String>,
    /// What requests took of which nothing came, and whose agents are asked again.
    vain: Usage,
}

/// Those who ask one endpoint, and what is known of it in this tick.
#[derive(Clone, Debug, Default)]
struct Line {
    /// Who is still to be asked, in order.
    open: VecDeque<u32>,
    /// How many were asked and have not answered.
    asking: usize,
    /// Somebody has decided.
    has_decided: bool,
    /// How many did not decide, and how many of those had an answer that was of no use.
    undecided: usize,
    useless: usize,
    /// Why the last one who did not decide did not.
    why: Option<String>,
}

impl Gather {
    /// For `tick`, in which these agents are to decide, each with its endpoint; some have.
    pub fn new(tick: u32, wanted: &[(u32, &str)], decided: &BTreeMap<u32, Decision>) -> Gather {
        let mut endpoints: BTreeMap<String, Line> = BTreeMap::new();
        for decision in decided.values() {
            endpoints.entry(decision.endpoint.clone()).or_default().has_decided = true;
        }
        for (agent, endpoint) in wanted.iter().filter(|(agent, _)| !decided.contains_key(agent)) {
            endpoints.entry((*endpoint).to_owned()).or_default().open.push_back(*agent);
        }
        Gather {
            tick,
            wanted: wanted.len(),
            asked: BTreeMap::new(),
            undecided: BTreeMap::new(),
            endpoints,
            shut: None,
            vain: Usage::default(),
        }
    }

    /// The tick.
    pub fn tick(&self) -> u32 {
        self.tick
    }

    /// The next agent that is asked, if any is: of an endpoint that takes so many at once.
    pub fn ask(&mut self, most_at_once: impl Fn(&str) -> usize) -> Option<u32> {
        if self.shut.is_some() {
            return None;
        }
        let has_room = |(name, line): &(&String, &mut Line)| line.asking < most_at_once(name);
        let lines = self.endpoints.iter_mut().filter(has_room);
        let mut next = lines.filter_map(|(name, line)| {
            let agent = line.open.pop_front()?;
            line.asking += 1;
            Some((agent, name.clone()))
        });
        let (agent, endpoint) = next.next()?;
        self.asked.insert(agent, endpoint);
        Some(agent)
    }

    /// What an agent that was asked has come to; gives what is to be journalled.
    pub fn came(&mut self, agent: u32, decided: Decided) -> Option<Decision> {
        let endpoint = self.asked.remove(&agent)?;
        let line = self.endpoints.entry(endpoint).or_default();
        line.asking = line.asking.saturating_sub(1);
        match decided {
            Ok(decision) => {
                line.has_decided = true;
                Some(decision)
            }
            Err(failed) => {
                match failed.kind {
                    FailedKind::Question => line.useless += 1,
                    FailedKind::Away => {}
                    FailedKind::Endpoint | FailedKind::Shut => {
                        line.open.push_front(agent);
                        self.vain.add(&failed.usage);
                        self.shut.get_or_insert(failed.why);
                        return None;
                    }
                }
                line.undecided += 1;
                line.why = Some(failed.why.clone());
                self.give_up(agent, &failed);
                None
            }
        }
    }

    /// The time of the round is up: nobody else decides.
    pub fn time_is_up(&mut self, why: &str) {
        let mut left: Vec<u32> = std::mem::take(&mut self.asked).into_keys().collect();
        for line in self.endpoints.values_mut() {
            if line.asking > 0 {
                line.why.get_or_insert_with(|| why.to_owned());
            }
            line.undecided += std::mem::take(&mut line.asking);
            left.extend(line.open.drain(..));
        }
        for agent in left {
            // What the requests under way cost nobody knows; that there was one, the purse does.
            let (kind, usage) = (FailedKind::Away, Usage::default());
            self.give_up(agent, &Failed { kind, why: why.to_owned(), usage });
        }
    }

    /// Whoever has not decided is asked again: what kept them from it was no endpoint's doing.
    pub fn put_back(&mut self) {
        for (agent, endpoint) in std::mem::take(&mut self.asked) {
            let line = self.endpoints.entry(endpoint).or_default();
            line.asking = line.asking.saturating_sub(1);
            line.open.push_back(agent);
        }
    }

    fn give_up(&mut self, agent: u32, failed: &Failed) {
        let why = shorten(&failed.why, MAX_REASON_BYTES / 2);
        let is_new = !self.undecided.contains_key(&why);
        let why = if is_new && self.undecided.len() >= MAX_REASONS { OTHERS.into() } else { why };
        let (agents, usage) = self.undecided.entry(why).or_default();
        agents.insert(agent);
        usage.add(&failed.usage);
    }

    /// Nobody else is asked, for this reason.
    pub fn shut(&mut self, why: String) {
        self.shut.get_or_insert(why);
    }

    /// Somebody lets the world go on: whoever did not decide is asked again, of its endpoint.
    pub fn reopen(&mut self, endpoint_of: impl Fn(u32) -> Option<String>) {
        self.shut = None;
        for line in self.endpoints.values_mut() {
            (line.why, line.undecided, line.useless) = (None, 0, 0);
        }
        for (agents, usage) in std::mem::take(&mut self.undecided).into_values() {
            self.vain.add(&usage);
            for agent in agents {
                let endpoint = endpoint_of(agent).unwrap_or_default();
                self.endpoints.entry(endpoint).or_default().open.push_back(agent);
            }
        }
    }

    /// What requests took of which nothing came: said by the `hold` to which it has led, so that
    /// it is known of also after a crash.
    pub fn take_vain(&mut self) -> Usage {
        let mut vain = std::mem::take(&mut self.vain);
        self.undecided.values_mut().for_each(|(_, usage)| vain.add(&std::mem::take(usage)));
        vain
    }

    /// True while somebody who was asked has not answered.
    pub fn waits(&self) -> bool {
        !self.asked.is_empty()
    }

    /// True once all have decided or will not, and the tick may be closed.
    pub fn is_complete(&self) -> bool {
        !self.is_open() && !self.waits() && self.hold().is_none()
    }

    /// Why the world is to be held instead, once nobody is waited for.
    pub fn hold(&self) -> Option<String> {
        if self.waits() {
            return None;
        }
        let is_over = !self.is_open();
        let mut silent = self.endpoints.iter().filter(|(_, line)| is_over && line.is_useless());
        let silent = silent.find_map(|(name, line)| {
            let why = line.why.as_ref()?;
            Some(format!("endpoint {name} has let nobody decide in this round: {why}"))
        });
        self.shut.clone().or(silent)
    }

    /// Who has not decided, as the tick's record says it. What was paid for nothing and has not
    /// been said yet is nobody's.
    pub fn undecided(&self) -> Vec<Undecided> {
        let group = |(why, (agents, usage)): (&String, &(BTreeSet<u32>, Usage))| Undecided {
            why: why.clone(),
            agents: agents.iter().copied().collect(),
            usage: *usage,
        };
        let vain = Undecided { why: ASKED_AGAIN.into(), agents: vec![], usage: self.vain };
        let vain = Some(vain).filter(|vain| vain.usage != Usage::default());
        self.undecided.iter().map(group).chain(vain).collect()
    }

    /// How many have still to decide, and of how many.
    pub fn left(&self) -> (usize, usize) {
        let open: usize = self.endpoints.values().map(|line| line.open.len()).sum();
        (open + self.asked.len(), self.wanted)
    }

    /// True while somebody is still to be asked.
    pub fn is_open(&self) -> bool {
        self.endpoints.values().any(|line| !line.open.is_empty())
    }
}

impl Line {
    /// Whether nobody can decide here, as far as it has shown. A single answer of no use may be
    /// due to the question.
    fn is_useless(&self) -> bool {
        !self.has_decided && (self.undecided > 1 || self.useless == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(agent_id: u32) -> Decision {
        let (endpoint, model) = ("main".to_owned(), "small".to_owned());
        let usage = Usage { requests: 1, ..Usage::default() };
        Decision { agent_id, calls: vec![], refused: vec![], endpoint, model, usage }
    }

    fn failed(kind: FailedKind, why: &str) -> Decided {
        let usage = Usage { requests: 2, ..Usage::default() };
        Err(Failed { kind, why: why.to_owned(), usage })
    }

    /// For these agents, of one endpoint.
    fn of(tick: u32, wanted: &[u32], decided: &BTreeMap<u32, Decision>) -> Gather {
        let wanted: Vec<_> = wanted.iter().map(|agent| (*agent, "main")).collect();
        Gather::new(tick, &wanted, decided)
    }

    /// Those who are asked, at most so many.
    fn ask(gather: &mut Gather, most: usize) -> Vec<u32> {
        std::iter::from_fn(|| gather.ask(|_| usize::MAX)).take(most).collect()
    }

    #[test]
    fn who_has_decided_before_is_not_asked_again() {
        let before = BTreeMap::from([(4, decision(4))]);
        let mut gather = of(3, &[9, 4, 2], &before);
        assert_eq!((gather.left(), gather.is_complete()), ((2, 3), false));
        assert_eq!(ask(&mut gather, 9), [9, 2]);
        assert_eq!(gather.came(2, Ok(decision(2))), Some(decision(2)));
        assert_eq!(gather.came(2, Ok(decision(2))), None, "nobody asked it");
        assert!(!gather.is_complete() && gather.waits());
        assert_eq!(gather.came(9, Ok(decision(9))), Some(decision(9)));
        assert!(gather.is_complete() && gather.undecided().is_empty());
        assert!(of(3, &[], &BTreeMap::new()).is_complete());
    }

    #[test]
    fn who_could_not_decide_is_named_by_reason_with_what_it_took() {
        let mut gather = of(1, &[1, 2, 3, 4], &BTreeMap::new());
        ask(&mut gather, 3);
        assert_eq!(gather.came(1, failed(FailedKind::Question, "HTTP 400")), None);
        assert_eq!(gather.came(3, failed(FailedKind::Question, "HTTP 400")), None);
        assert_eq!(gather.came(2, Ok(decision(2))), Some(decision(2)));
        gather.time_is_up("the time of the round was up");
        assert!(gather.is_complete());
        let undecided = gather.undecided();
        let told: Vec<_> = undecided.iter().map(|it| (&*it.why, &it.agents[..])).collect();
        assert_eq!(told, [("HTTP 400", &[1, 3][..]), ("the time of the round was up", &[4][..])]);
        assert_eq!(undecided[0].usage.requests, 4);
    }

    #[test]
    fn an_endpoint_that_answered_nobody_holds_the_world_and_one_that_did_does_not() {
        let mut gather = of(1, &[1, 2], &BTreeMap::new());
        ask(&mut gather, 2);
        gather.came(1, failed(FailedKind::Away, "connection refused"));
        assert_eq!(gather.hold(), None, "the other may be answered");
        let mut other = gather.clone();
        gather.came(2, failed(FailedKind::Away, "connection refused"));
        let why = "endpoint main has let nobody decide in this round: connection refused";
        assert_eq!((gather.hold().as_deref(), gather.is_complete()), (Some(why), false));
        other.came(2, Ok(decision(2)));
        assert_eq!((other.hold(), other.is_complete()), (None, true));
        gather.reopen(|_| Some("other".to_owned()));
        assert_eq!((gather.left(), gather.hold()), ((2, 2), None));
        assert_eq!(ask(&mut gather, 9), [1, 2], "who had no answer is asked again");
    }

    #[test]
    fn what_concerns_all_holds_the_world_at_once_and_loses_nobody() {
        for kind in [FailedKind::Endpoint, FailedKind::Shut] {
            let mut gather = of(1, &[1, 2, 3], &BTreeMap::new());
            ask(&mut gather, 2);
            gather.came(1, failed(kind, "no key"));
            assert_eq!(ask(&mut gather, 1), [0; 0], "one is paid for and waited for");
            assert_eq!(gather.hold(), None);
            assert!(gather.came(2, Ok(decision(2))).is_some());
            assert_eq!(gather.hold().as_deref(), Some("no key"));
            assert_eq!((gather.left(), gather.take_vain().requests), ((2, 3), 2));
            assert_eq!(gather.undecided(), []);
            gather.reopen(|_| None);
            assert_eq!(ask(&mut gather, 9), [1, 3]);
        }
    }

    #[test]
    fn an_endpoint_that_answers_and_is_of_no_use_to_anybody_holds_the_world_too() {
        let mut gather = of(1, &[1, 2], &BTreeMap::new());
        ask(&mut gather, 2);
        gather.came(1, failed(FailedKind::Question, "HTTP 400"));
        let mut one = gather.clone();
        gather.came(2, failed(FailedKind::Question, "HTTP 400"));
        assert!(gather.hold().is_some_and(|why| why.ends_with("HTTP 400")));
        one.came(2, Ok(decision(2)));
        assert_eq!((one.hold(), one.is_complete()), (None, true));
        // Of one alone it may be the question that is wrong.
        let mut alone = of(1, &[1], &BTreeMap::new());
        ask(&mut alone, 1);
        alone.came(1, failed(FailedKind::Question, "HTTP 400"));
        assert_eq!((alone.hold(), alone.is_complete()), (None, true));
    }

    #[test]
    fn what_was_asked_in_vain_is_said_once_by_a_hold_or_by_the_tick() {
        let mut gather = of(1, &[1, 2], &BTreeMap::new());
        ask(&mut gather, 2);
        gather.came(1, failed(FailedKind::Away, "no route"));
        gather.came(2, failed(FailedKind::Endpoint, "no key"));
        assert!(gather.hold().is_some());
        let mut paused = gather.clone();
        assert_eq!(gather.take_vain().requests, 4);
        assert_eq!(gather.undecided().iter().map(|it| it.usage.requests).sum::<u64>(), 0);
        // Where somebody else's hold came first, the tick says it.
        for gather in [&mut gather, &mut paused] {
            gather.reopen(|_| Some("main".to_owned()));
            assert_eq!(ask(gather, 9), [2, 1]);
            for agent in [1, 2] {
                assert!(gather.came(agent, Ok(decision(agent))).is_some());
            }
            assert!(gather.is_complete());
        }
        assert_eq!(gather.undecided(), []);
        let told = paused.undecided();
        assert_eq!((told.len(), told[0].usage.requests, &told[0].agents[..]), (1, 4, &[][..]));
    }

    #[test]
    fn who_is_put_back_is_asked_again() {
        let mut gather = of(1, &[1, 2], &BTreeMap::new());
        assert_eq!(ask(&mut gather, 1), [1]);
        gather.put_back();
        assert_eq!((gather.waits(), gather.left()), (false, (2, 2)));
        assert_eq!(gather.came(1, Ok(decision(1))), None, "nobody asked it");
        assert_eq!(ask(&mut gather, 9), [2, 1]);
    }

    #[test]
    fn reasons_are_bounded() {
        let wanted: Vec<u32> = (0..100).collect();
        let mut gather = of(1, &wanted, &BTreeMap::new());
        ask(&mut gather, 100);
        for agent in wanted {
            let why = format!("{agent}{}", "x".repeat(1000));
            gather.came(agent, failed(FailedKind::Question, &why));
        }
        let undecided = gather.undecided();
        assert_eq!(undecided.len(), MAX_REASONS + 1);
        assert_eq!(undecided.iter().map(|group| group.agents.len()).sum::<usize>(), 100);
        assert!(undecided.iter().all(|group| group.why.len() <= MAX_REASON_BYTES));
    }

    #[test]
    fn an_endpoint_that_is_full_holds_up_nobody_of_another() {
        let wanted = [(1, "slow"), (2, "slow"), (3, "fast"), (4, "fast"), (5, "fast")];
        let mut gather = Gather::new(1, &wanted, &BTreeMap::new());
        let room = |name: &str| if name == "slow" { 1 } else { 2 };
        let mut asked: Vec<u32> = std::iter::from_fn(|| gather.ask(room)).collect();
        asked.sort_unstable();
        assert_eq!((asked, gather.ask(room)), (vec![1, 3, 4], None));
        gather.came(4, Ok(decision(4)));
        assert_eq!((gather.ask(room), gather.ask(room)), (Some(5), None));
    }
}
