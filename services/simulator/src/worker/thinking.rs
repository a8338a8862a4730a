//! What agents of a world decide by asking language models, for the tick that is open.
//!
//! They are asked as soon as the world is where they are to decide, also while its pace holds the
//! tick back. What they decide is journalled as it comes; the tick waits for the last of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use contract::decision::{Decision, Undecided, Usage};
use contract::journal::{Genesis, Go, Hold, Record, Taken};
use contract::llm::{Budget, LlmOptions, LlmRule};
use contract::subject::Platform;
use futures_util::StreamExt as _;
use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::FuturesUnordered;
use tokio::time::Instant;
use world::World;

use super::lane::Lane;
use super::models::ModelFile;
use super::purse::{Pocket, Purse};
use super::{Context, now};
use crate::measures::Phase;
use crate::model::{Asked, Decided, Failed, FailedKind, prompt};
use crate::protocol::gather::Gather;
use crate::protocol::life::Life;
use crate::protocol::owner::Event;

/// Who asks in one world, and what is under way.
pub(super) struct Thinking {
    models: Arc<ModelFile>,
    platform: Platform,
    pocket: Arc<Pocket>,
    purse: Purse,
    /// `None`: nobody asks a language model.
    options: Option<LlmOptions>,
    /// By agent, the rule that counts for it.
    rules: Vec<Option<usize>>,
    gather: Option<Gather>,
    /// Whether all that may be asked of was looked at for this tick, as the file is now.
    is_checked: bool,
    under_way: FuturesUnordered<BoxFuture<'static, (u32, Decided)>>,
    /// When the time of the round is up; from its first request on.
    ends_at: Option<Instant>,
    /// When the first of them was asked, until all have decided.
    began: Option<Instant>,
}

/// What comes of asking.
pub(super) enum Thought {
    /// An agent has decided, or will not.
    Came(u32, Decided),
    /// The time of the round is up.
    TimeIsUp,
}

impl Thinking {
    /// Of the world of `genesis`.
    pub(super) fn new(context: &Context, genesis: &Genesis) -> Thinking {
        let platform = genesis.platform;
        let options = genesis.options.llm.clone();
        let place = |options: &LlmOptions, agent| {
            let rule = options.of(platform, agent)?;
            options.rules.iter().position(|known| std::ptr::eq(known, rule))
        };
        let rules = options.as_ref().map_or_else(Vec::new, |options| {
            context.spec.agents.iter().map(|agent| place(options, agent)).collect()
        });
        Thinking {
            models: Arc::clone(&context.models),
            platform,
            pocket: context.purse.pocket(platform),
            purse: context.purse.clone(),
            options,
            rules,
            gather: None,
            is_checked: false,
            under_way: FuturesUnordered::new(),
            ends_at: None,
            began: None,
        }
    }

    /// Whether any agent asks.
    pub(super) fn is_used(&self) -> bool {
        self.options.is_some()
    }

    /// The rule that counts for an agent, if it asks.
    pub(super) fn rule(&self, agent: u32) -> Option<&LlmRule> {
        rule_of(&self.rules, self.options.as_ref()?, agent)
    }

    /// Whether all have decided for `tick`, or will not.
    pub(super) fn is_ready(&self, tick: u32) -> bool {
        let of = |gather: &Gather| gather.tick() == tick && gather.is_complete();
        !self.is_used() || self.gather.as_ref().is_some_and(of)
    }

    /// Why the world is to be held, if it is.
    pub(super) fn hold(&self) -> Option<String> {
        self.gather.as_ref().and_then(Gather::hold)
    }

    /// Who will not decide.
    pub(super) fn undecided(&self) -> Vec<Undecided> {
        self.gather.as_ref().map(Gather::undecided).unwrap_or_default()
    }

    /// What requests took of which nothing came, if they took anything; said once.
    fn take_vain(&mut self) -> Option<Usage> {
        let vain = self.gather.as_mut().map(Gather::take_vain)?;
        Some(vain).filter(|vain| *vain != Usage::default())
    }

    /// What the next tick waits for, in words.
    pub(super) fn waits_for(&self) -> Option<String> {
        let (left, of) = self.gather.as_ref()?.left();
        (left > 0).then(|| format!("{left} of {of} decisions of language models"))
    }

    /// What comes next; for ever where nobody was asked.
    pub(super) async fn next(&mut self) -> Thought {
        let ends_at = self.ends_at.unwrap_or_else(Instant::now);
        tokio::select! {
            // What has come counts, also where it comes with the end of the round.
            biased;
            Some((agent, decided)) = self.under_way.next() => Thought::Came(agent, decided),
            () = tokio::time::sleep_until(ends_at), if self.ends_at.is_some() => Thought::TimeIsUp,
            else => std::future::pending().await,
        }
    }

    /// Takes what came; gives what is to be journalled, with its tick.
    pub(super) fn take(&mut self, thought: Thought) -> Option<(u32, Decision)> {
        let taken = self.note(thought);
        if self.gather.as_ref().is_some_and(Gather::is_complete)
            && let Some(began) = self.began.take()
        {
            Phase::Think.ends(self.platform, began);
        }
        taken
    }

    fn note(&mut self, thought: Thought) -> Option<(u32, Decision)> {
        let gather = self.gather.as_mut()?;
        match thought {
            Thought::Came(agent, decided) => {
                if let Err(failed) = &decided {
                    tracing::debug!(agent, "no decision: {failed}");
                }
                Some((gather.tick(), gather.came(agent, decided)?))
            }
            // The bus was away, and with it the right to ask: no endpoint is to blame.
            Thought::TimeIsUp if !self.purse.is_open() => {
                self.ends_at = None;
                self.under_way.clear();
                gather.put_back();
                None
            }
            Thought::TimeIsUp => {
                self.ends_at = None;
                let seconds = self.options.as_ref().map_or(0, |options| options.round_seconds);
                gather.time_is_up(&format!("the {seconds} s of the round were up"));
                // What they cost so far is settled as they are dropped.
                self.under_way.clear();
                None
            }
        }
    }

    /// Somebody lets the world go on: who did not decide is asked again, of what there is now.
    pub(super) fn reopen(&mut self) {
        if self.is_used() {
            self.models.read_again();
        }
        (self.ends_at, self.is_checked) = (None, false);
        if let Some(mut gather) = self.gather.take() {
            gather.reopen(|agent| Some(self.rule(agent)?.endpoint.clone()));
            self.gather = Some(gather);
        }
    }

    /// True while somebody who was asked has not answered.
    pub(super) fn waits(&self) -> bool {
        !self.under_way.is_empty()
    }

    /// Forgets whom it asked: the world has ended, or is at another tick.
    pub(super) fn forget(&mut self) {
        (self.gather, self.ends_at, self.began) = (None, None, None);
        self.under_way.clear();
    }

    /// Begins with the tick that is open, where it has not.
    fn begin(&mut self, world: &World, decided: impl FnOnce() -> BTreeMap<u32, Decision>) {
        let is_begun = self.gather.as_ref().is_some_and(|gather| gather.tick() == world.tick());
        if is_begun && self.is_checked {
            return;
        }
        if !is_begun {
            self.forget();
            let wanted = world.wanted();
            let endpoint = |agent: &u32| Some((*agent, &*self.rule(*agent)?.endpoint));
            let wanted: Vec<_> = wanted.iter().filter_map(endpoint).collect();
            self.gather = Some(Gather::new(world.tick(), &wanted, &decided()));
        }
        self.is_checked = true;
        let Some(mut gather) = self.gather.take() else { return };
        if let Err(why) = self.check(&gather) {
            gather.shut(why);
        }
        self.gather = Some(gather);
    }

    /// Whether all that may be asked of is known here.
    fn check(&self, gather: &Gather) -> Result<(), String> {
        if !gather.is_open() {
            return Ok(());
        }
        let models = self.models.known();
        let models = (*models).as_ref().map_err(Clone::clone)?;
        let rules = self.rules.iter().flatten().copied();
        let rules: BTreeSet<usize> = rules.collect();
        let options = self.options.iter().flat_map(|options| &options.rules);
        let mut used = (0..).zip(options).filter(|(place, _)| rules.contains(place));
        used.try_for_each(|(_, rule)| models.knows(&rule.endpoint, rule.model.as_deref()))
    }

    /// Asks on behalf of as many as may be asked at once.
    fn ask(&mut self, world: &World) {
        let known = self.models.known();
        let (Ok(models), Some(options)) = (&*known, &self.options) else { return };
        let Some(gather) = self.gather.as_mut().filter(|_| self.purse.is_open()) else { return };
        // One more than may go, so that it is ready when another is answered.
        while let Some(agent) = gather.ask(|endpoint| models.most_at_once(endpoint) + 1) {
            let rule = rule_of(&self.rules, options, agent);
            let Some((rule, prompt)) = rule.zip(prompt::decision(world, agent)) else {
                let (kind, usage) = (FailedKind::Question, Usage::default());
                let why = "there is no such agent".to_owned();
                gather.came(agent, Err(Failed { kind, why, usage }));
                continue;
            };
            let now = Instant::now();
            let seconds = |seconds: u32| Duration::from_secs(u64::from(seconds));
            let ends_at = *self.ends_at.get_or_insert(now + seconds(options.round_seconds));
            self.began.get_or_insert(now);
            let asked = Asked {
                platform: self.platform,
                agent_id: agent,
                endpoint: rule.endpoint.clone(),
                model: rule.model.clone(),
                prompt,
                deadline: ends_at,
                within: seconds(options.decision_seconds),
            };
            let (models, pocket) = (models.clone(), Arc::clone(&self.pocket));
            let deciding = async move { (agent, models.decide(asked, pocket).await) };
            self.under_way.push(deciding.boxed());
        }
    }
}

/// The rule that counts for an agent, where these are the places of the rules by agent.
fn rule_of<'a>(
    places: &[Option<usize>],
    options: &'a LlmOptions,
    agent: u32,
) -> Option<&'a LlmRule> {
    options.rules.get(places.get(agent as usize).copied().flatten()?)
}

impl Lane {
    /// Lets agents of the tick that is open ask, as far as they may; holds the world where none
    /// may, and lets it go on once somebody has raised the cap that was reached.
    pub(super) fn think(&mut self, leaving: bool) {
        let budget = self.budget();
        let known = Some(budget).filter(|_| self.owner.life().is_live());
        self.purse.set(self.platform(), known, self.owner.ledger().clock());
        if leaving {
            return self.purse.leave();
        }
        if let Some(world) = self.world.as_ref().filter(|_| self.owner.may_decide())
            && self.thinking.is_used()
        {
            self.thinking.begin(world, || self.owner.decided());
            self.thinking.ask(world);
        }
        if !self.owner.can_take() {
            return;
        }
        let (epoch, command, at) = (self.owner.epoch(), None, now());
        let turn = match self.owner.life() {
            Life::Playing => self.holds().map(|reason| {
                tracing::warn!("the world is held: {reason}");
                let spent = self.thinking.take_vain();
                Record::Hold(Hold { epoch, reason: Some(reason), command, spent, at })
            }),
            Life::Held if self.may_go_on(budget) => {
                self.went_on_for = self.raising();
                Some(Record::Go(Go { epoch, command, at }))
            }
            _ => None,
        };
        if let Some(record) = turn {
            self.owner.on(Event::Turn(record), at);
        }
    }

    /// Why the world is to be held, if it is.
    fn holds(&self) -> Option<String> {
        let out_of_time = || self.purse.is_out_of_time().filter(|_| self.owner.can_tick());
        self.thinking.hold().or_else(out_of_time)
    }

    /// Whether a cap that was reached is so no more.
    fn may_go_on(&self, budget: Budget) -> bool {
        let is_raised = budget != self.configured_budget() && self.went_on_for != self.raising();
        self.owner.commands().lacks_budget() && is_raised && self.purse.reached().is_none()
    }

    /// The newest command that waits and is for the caps.
    fn raising(&self) -> Option<u64> {
        let of_budget =
            |taken: &Taken| taken.command.request.change()?.budget.map(|_| taken.sequence);
        self.waiting.commands().filter_map(of_budget).max()
    }

    /// The caps that are in effect: also those that wait for the next tick, which brings them on.
    pub(super) fn budget(&self) -> Budget {
        let waiting = self.waiting.commands().filter_map(|taken| taken.command.request.change());
        let waiting = waiting.filter_map(|change| change.budget);
        waiting.fold(self.configured_budget(), |budget, change| budget.with(&change))
    }

    /// Those of the journal alone.
    fn configured_budget(&self) -> Budget {
        let begun_with = self.genesis.options.budget.unwrap_or_default();
        begun_with.with(self.owner.commands().budget())
    }

    /// Takes what has come of asking.
    pub(super) fn take_thought(&mut self, thought: Thought) {
        if let Some((tick, decision)) = self.thinking.take(thought) {
            self.owner.on(Event::Paid(tick, decision), now());
        }
    }
}
