//! What a world listens to, and whether its next tick may begin: pure.
//!
//! A source's posts of round `r` enter tick `r + 1`, so that tick waits for the source's frame of
//! round `r`, or for the source's end. What entered is journalled with the tick: whoever executes
//! the journal again listens to nobody.

use std::collections::VecDeque;

use contract::journal::{Heard, HeardPost};
use contract::options::RunOptions;
use contract::source::Source;
use contract::status::RunStatus;
use contract::subject::Platform;

use super::journal::Closed;

/// Rounds of a source that are kept before this world has come to them.
const AHEAD: usize = 4;

/// What comes from a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// All that its agents posted in a round.
    Round(Round),
    /// Where it is in its life.
    Standing(Standing),
    /// Why it cannot be read, in words. A round that comes after all says that it can.
    Trouble(String),
}

/// A round of a source, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// Which.
    pub round: u32,
    /// The stream sequence of its last message.
    pub sequence: u64,
    /// The posts, by their authors there.
    pub posts: Vec<HeardPost>,
}

/// Where a source is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its state.
    pub status: RunStatus,
    /// The ticks whose frames are stored.
    pub ticks: u32,
}

/// The sources of one world.
#[derive(Clone, Debug)]
pub struct Sources(Vec<Listened>);

#[derive(Clone, Debug)]
struct Listened {
    place: u32,
    source: Source,
    /// Of the last round that was heard.
    sequence: u64,
    rounds: VecDeque<Round>,
    standing: Option<Standing>,
    trouble: Option<String>,
    /// The tick that takes its end.
    ends_in: Option<u32>,
}

/// What a source does for a tick.
enum Turn<'round> {
    Brings(&'round Round),
    Ended(RunStatus),
    Waits,
}

impl Sources {
    /// Those that enter the world `into`, where these ticks are in its journal.
    pub fn new(options: &RunOptions, into: Platform, ticks: &[Closed]) -> Sources {
        let listened = (0..).zip(&options.sources).filter_map(|(place, source)| {
            let mut heard = ticks.iter().rev().flat_map(|tick| &tick.record.heard);
            let last = heard.find(|heard| heard.source == place);
            let is_open = last.is_none_or(|heard| heard.end.is_none());
            (source.into == into && is_open).then(|| Listened {
                place,
                source: source.clone(),
                sequence: last.map_or(0, |heard| heard.sequence),
                rounds: VecDeque::new(),
                standing: None,
                trouble: None,
                ends_in: None,
            })
        });
        Sources(listened.collect())
    }

    /// Those that have not ended: their place among the run's sources, and the sequence behind
    /// which they are read on.
    pub fn open(&self) -> impl Iterator<Item = (u32, &Source, u64)> {
        self.0.iter().map(|listened| (listened.place, &listened.source, listened.sequence))
    }

    /// Whether more of a source can be taken before this world has come so far.
    pub fn has_room(&self, place: u32) -> bool {
        self.0.iter().any(|it| it.place == place && it.rounds.len() < AHEAD)
    }

    /// Takes what came from a source.
    pub fn take(&mut self, place: u32, news: News) {
        let Some(listened) = self.0.iter_mut().find(|it| it.place == place) else { return };
        match news {
            News::Round(round) => {
                listened.trouble = None;
                listened.rounds.push_back(round);
            }
            News::Standing(standing) => listened.standing = Some(standing),
            News::Trouble(what) => listened.trouble = Some(what),
        }
    }

    /// Whether all that enters a tick is known.
    pub fn is_ready(&self, tick: u32) -> bool {
        self.0.iter().all(|listened| !matches!(listened.turn(tick), Some(Turn::Waits)))
    }

    /// What a tick waits for, for people; `None`: for nothing.
    pub fn waits_for(&self, tick: u32) -> Option<String> {
        let waits = |it: &&Listened| matches!(it.turn(tick), Some(Turn::Waits));
        self.0.iter().find(waits).map(|listened| listened.wait(tick))
    }

    /// What enters a tick that is ready. `enter` says which posts of a source do, and how many do
    /// not. Asked again for a tick that was not journalled, it may say something else.
    pub fn heard(
        &mut self,
        tick: u32,
        mut enter: impl FnMut(&Source, &[HeardPost]) -> (Vec<HeardPost>, u32),
    ) -> Vec<Heard> {
        // An earlier tick that took its end is journalled by now.
        self.0.retain(|listened| listened.ends_in.is_none_or(|ends_in| ends_in >= tick));
        let mut all = Vec::new();
        for listened in &mut self.0 {
            listened.rounds.retain(|round| round.round + 1 >= tick);
            let mut heard = Heard {
                source: listened.place,
                sequence: listened.sequence,
                posts: Vec::new(),
                left_out: 0,
                end: None,
            };
            match listened.turn(tick) {
                None | Some(Turn::Waits) => continue,
                Some(Turn::Brings(round)) => {
                    (heard.posts, heard.left_out) = enter(&listened.source, &round.posts);
                    heard.sequence = round.sequence;
                    listened.sequence = heard.sequence;
                }
                Some(Turn::Ended(how)) => {
                    heard.end = Some(how);
                    listened.ends_in = Some(tick);
                }
            }
            all.push(heard);
        }
        all
    }
}

impl Listened {
    /// `None`: nothing enters the first tick, which no round comes before.
    fn turn(&self, tick: u32) -> Option<Turn<'_>> {
        let wanted = tick.checked_sub(1)?;
        if let Some(round) = self.rounds.iter().find(|round| round.round == wanted) {
            return Some(Turn::Brings(round));
        }
        let is_over = |standing: &Standing| standing.is_over() && standing.ticks <= wanted;
        Some(match self.standing.filter(is_over) {
            Some(standing) => Turn::Ended(standing.status),
            None => Turn::Waits,
        })
    }

    fn wait(&self, tick: u32) -> String {
        let mut text = format!("round {} of {}", tick.saturating_sub(1), self.source);
        if let Some(what) = &self.trouble {
            text += &format!(", which cannot be read: {what}");
        } else if let Some(Standing { status, .. }) = self.standing
            && status != RunStatus::Running
        {
            text += &format!(", which is {status}");
        }
        text
    }
}

impl Standing {
    /// Whether nothing comes after its last frame. One that was stopped may be let go on.
    fn is_over(&self) -> bool {
        match self.status {
            RunStatus::Completed | RunStatus::Closed | RunStatus::Failed | RunStatus::Deleted => {
                true
            }
            RunStatus::Queued
            | RunStatus::Starting
            | RunStatus::Running
            | RunStatus::Paused
            | RunStatus::Stopped => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::journal::Tick;
    use contract::timestamp::Timestamp;

    fn options(words: &[&str]) -> RunOptions {
        let sources = words.iter().map(|word| word.parse().unwrap()).collect();
        let platforms = Platform::ALL.to_vec();
        RunOptions {
            platforms,
            rounds: 9,
            seed: 1,
            pace_milli: 0,
            sources,
            budget: None,
            llm: None,
        }
    }

    fn round(round: u32) -> News {
        let content = format!("said in {round}");
        let posts = vec![HeardPost { seq: u64::from(round), agent_id: 2, content }];
        News::Round(Round { round, sequence: 100 + u64::from(round), posts })
    }

    fn standing(status: RunStatus, ticks: u32) -> News {
        News::Standing(Standing { status, ticks })
    }

    fn all(_: &Source, posts: &[HeardPost]) -> (Vec<HeardPost>, u32) {
        (posts.to_vec(), 0)
    }

    fn tick(tick: u32, heard: Vec<Heard>) -> Closed {
        let at = Timestamp::EPOCH;
        let (commands, undecided) = (vec![], vec![]);
        Closed::alone(Tick { tick, epoch: 1, at, commands, commands_through: 0, heard, undecided })
    }

    #[test]
    fn a_tick_waits_for_the_round_before_it_of_each_source() {
        let options = options(&["twitter", "market-7.reddit", "market-7.twitter"]);
        let mut sources = Sources::new(&options, Platform::Reddit, &[]);
        let open: Vec<_> = sources.open().map(|(place, _, from)| (place, from)).collect();
        assert_eq!(open, [(0, 0), (1, 0)], "the third one enters the other world");
        assert!(sources.is_ready(0) && sources.heard(0, all).is_empty());
        assert!(!sources.is_ready(1));
        sources.take(0, round(0));
        assert_eq!(sources.waits_for(1).unwrap(), "round 0 of market-7.reddit");
        sources.take(1, standing(RunStatus::Stopped, 0));
        assert_eq!(sources.waits_for(1).unwrap(), "round 0 of market-7.reddit, which is stopped");
        sources.take(1, News::Trouble("the chain breaks".to_owned()));
        let why = "round 0 of market-7.reddit, which cannot be read: the chain breaks";
        assert_eq!(sources.waits_for(1).unwrap(), why);
        sources.take(1, round(0));
        assert!(sources.is_ready(1) && sources.waits_for(1).is_none());
        let heard = sources.heard(1, all);
        assert_eq!(heard, sources.heard(1, all), "one that was not journalled is asked for again");
        let said: Vec<_> =
            heard.iter().map(|it| (it.source, it.sequence, it.posts.len())).collect();
        assert_eq!(said, [(0, 100, 1), (1, 100, 1)]);
        assert!(!sources.is_ready(2));
    }

    #[test]
    fn a_source_that_is_over_brings_what_it_had_and_then_nothing() {
        for (status, is_over) in [
            (RunStatus::Completed, true),
            (RunStatus::Closed, true),
            (RunStatus::Failed, true),
            (RunStatus::Deleted, true),
            (RunStatus::Stopped, false),
            (RunStatus::Paused, false),
            (RunStatus::Running, false),
        ] {
            let mut sources = Sources::new(&options(&["twitter"]), Platform::Reddit, &[]);
            sources.take(0, standing(status, 2));
            assert!(!sources.is_ready(1), "its frames are still to be read");
            sources.take(0, round(0));
            sources.take(0, round(1));
            assert_eq!(sources.heard(1, all)[0].posts[0].content, "said in 0");
            assert_eq!(sources.heard(2, all)[0].end, None);
            assert_eq!(sources.is_ready(3), is_over, "{status}");
            if is_over {
                let end = Heard {
                    source: 0,
                    sequence: 101,
                    posts: vec![],
                    left_out: 0,
                    end: Some(status),
                };
                assert_eq!(sources.heard(3, all), std::slice::from_ref(&end));
                assert_eq!(sources.heard(3, all), [end], "until it is journalled");
                assert_eq!(sources.heard(4, all), [], "said once");
                assert!(sources.is_ready(5));
            }
        }
    }

    #[test]
    fn a_successor_goes_on_where_the_journal_ends() {
        let heard =
            |source, sequence, end| Heard { source, sequence, posts: vec![], left_out: 0, end };
        let ticks = [
            tick(0, vec![]),
            tick(1, vec![heard(0, 40, None), heard(1, 41, None)]),
            tick(2, vec![heard(0, 44, None), heard(1, 41, Some(RunStatus::Failed))]),
            tick(3, vec![]),
        ];
        let options = options(&["market-7.reddit", "market-8.reddit", "market-9.reddit"]);
        let sources = Sources::new(&options, Platform::Reddit, &ticks);
        let open: Vec<_> = sources.open().map(|(place, _, from)| (place, from)).collect();
        assert_eq!(open, [(0, 44), (2, 0)]);
    }

    #[test]
    fn a_source_that_is_far_ahead_waits() {
        let mut sources = Sources::new(&options(&["twitter"]), Platform::Reddit, &[]);
        for number in 0..4 {
            assert!(sources.has_room(0));
            sources.take(0, round(number));
        }
        assert!(!sources.has_room(0) && !sources.has_room(7));
        sources.heard(2, all);
        assert!(sources.has_room(0), "the first is over");
    }
}
