//! What a run has cost: the sum over its journals. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::MAX_SAFE_INTEGER;
use crate::decision::{Decision, Undecided, Usage};
use crate::journal::Record;
use crate::llm::Budget;
use crate::timestamp::Timestamp;

/// What the decisions of a world, or of an agent, have come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Decisions that language models made.
    pub decisions: u64,
    /// Calls in them that were no action, and were refused.
    pub refused: u64,
    /// Times that an agent was to decide and did not.
    pub undecided: u64,
    /// What that took.
    #[serde(flatten)]
    pub usage: Usage,
}

/// What a world's journal says of costs. What a run was forked with was paid by its parent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    spent: Spent,
    agents: BTreeMap<u32, Spent>,
    /// The last tick that is a copy of the parent's.
    copied: Option<u32>,
    clock: PlayClock,
}

/// For how long a world's rounds have been played, pauses excluded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlayClock {
    since: Option<Timestamp>,
    /// Milliseconds played before that.
    before: u64,
}

/// A cap that is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Which, as [`Budget`] has it.
    pub cap: &'static str,
    /// In words.
    pub what: String,
}

impl Spent {
    fn decided(&mut self, decision: &Decision) {
        self.decisions += 1;
        self.refused += decision.refused.len() as u64;
        self.usage.add(&decision.usage);
    }

    /// Adds what something else has come to.
    pub fn add(&mut self, other: &Spent) {
        self.decisions += other.decisions;
        self.refused += other.refused;
        self.undecided += other.undecided;
        self.usage.add(&other.usage);
    }

    /// True if no language model was ever asked.
    pub fn is_nothing(&self) -> bool {
        *self == Spent::default()
    }
}

impl Ledger {
    /// Takes the next record of the journal.
    pub fn take(&mut self, record: &Record) {
        match record {
            Record::Genesis(genesis) => {
                self.copied = genesis.parent.as_ref().map(|parent| parent.round);
            }
            Record::Decisions(decisions) if self.is_own(decisions.tick) => {
                for decision in &decisions.decisions {
                    self.spent.decided(decision);
                    self.agents.entry(decision.agent_id).or_default().decided(decision);
                }
            }
            Record::Tick(tick) => {
                if self.is_own(tick.tick) {
                    self.clock.goes(tick.at);
                    tick.undecided.iter().for_each(|undecided| self.undecided(undecided));
                }
            }
            Record::Go(go) => self.clock.goes(go.at),
            Record::Hold(hold) => {
                self.clock.stands(hold.at);
                hold.spent.iter().for_each(|spent| self.spent.usage.add(spent));
            }
            Record::End(end) => self.clock.stands(end.at),
            Record::Claim(_) | Record::Close(_) | Record::Decisions(_) => {}
        }
    }

    fn undecided(&mut self, undecided: &Undecided) {
        self.spent.undecided += undecided.agents.len() as u64;
        self.spent.usage.add(&undecided.usage);
        for agent in &undecided.agents {
            self.agents.entry(*agent).or_default().undecided += 1;
        }
    }

    /// Whether a tick is the run's own, and no copy of its parent's.
    pub fn is_own(&self, tick: u32) -> bool {
        self.copied.is_none_or(|copied| tick > copied)
    }

    /// For how long its rounds have been played.
    pub fn clock(&self) -> PlayClock {
        self.clock
    }

    /// Milliseconds for which they have been played until `now`, pauses excluded.
    pub fn played_milliseconds(&self, now: Timestamp) -> u64 {
        self.clock.milliseconds(now)
    }

    /// What the world's decisions have come to.
    pub fn spent(&self) -> &Spent {
        &self.spent
    }

    /// The same by agent. What a tick took to learn that agents did not decide is nobody's.
    pub fn agents(&self) -> &BTreeMap<u32, Spent> {
        &self.agents
    }
}

impl PlayClock {
    fn goes(&mut self, at: Timestamp) {
        self.since.get_or_insert(at);
    }

    fn stands(&mut self, at: Timestamp) {
        (self.before, self.since) = (self.milliseconds(at), None);
    }

    /// Milliseconds for which they have been played until `now`.
    pub fn milliseconds(&self, now: Timestamp) -> u64 {
        let since = self.since.map_or(0, |since| now.milliseconds() - since.milliseconds());
        self.before + u64::try_from(since).unwrap_or(0)
    }
}

/// What the reason of a `hold` begins with where a cap of the run's budget is reached: raised, it
/// lets the run go on.
pub const BUDGET: &str = "budget";

impl Budget {
    /// The first cap that `usage` has reached: nothing more may be spent under it.
    pub fn reached(&self, usage: &Usage, played_milliseconds: u64) -> Option<Reached> {
        let reached = |cap: Option<u64>, spent: u64| cap.filter(|cap| spent >= *cap);
        let words = |cap, what| Some(Reached { cap, what });
        if let Some(cap) = reached(self.requests, usage.requests) {
            return words("requests", format!("{} of {cap} requests", usage.requests));
        }
        if let Some(cap) = reached(self.tokens, usage.tokens()) {
            return words("tokens", format!("{} of {cap} tokens", usage.tokens()));
        }
        if let Some(cap) = reached(self.cost_micros, usage.cost_micros) {
            let (spent, cap) = (money(usage.cost_micros), money(cap));
            return words("cost_micros", format!("{spent} of {cap}"));
        }
        let seconds = played_milliseconds / 1000;
        let cap = reached(self.wall_seconds, seconds)?;
        words("wall_seconds", format!("{seconds} of {cap} s"))
    }
}

impl Budget {
    /// The first cap that `usage` is above, in words.
    pub fn exceeded(&self, usage: &Usage) -> Option<String> {
        let above = |cap: Option<u64>, spent: u64| cap.filter(|cap| spent > *cap);
        if let Some(cap) = above(self.requests, usage.requests) {
            return Some(format!("it to {} of {cap} requests", usage.requests));
        }
        if let Some(cap) = above(self.tokens, usage.tokens()) {
            return Some(format!("it to {} of {cap} tokens", usage.tokens()));
        }
        let cap = above(self.cost_micros, usage.cost_micros)?;
        Some(format!("it to {} of {}", money(usage.cost_micros), money(cap)))
    }
}

/// An amount of millionths of a currency, as people write it: `0.0125`.
pub fn money(micros: u64) -> String {
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    let short = text.trim_end_matches('0');
    // Two decimals at least, as money has.
    let least = text.len() - 4;
    text[..short.len().max(least)].to_owned()
}

/// Reads an amount as people write it, `2.50`, into millionths.
///
/// # Errors
/// What was expected.
pub fn parse_money(text: &str) -> Result<u64, String> {
    let expected = || "expected an amount with at most six decimals, e.g. 2.50".to_owned();
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_empty = whole.is_empty() && decimals.is_empty();
    if is_empty || decimals.len() > 6 || !digits(whole) || !digits(decimals) {
        return Err(expected());
    }
    let micros: u64 = format!("{whole}{decimals:0<6}").parse().map_err(|_| expected())?;
    Some(micros).filter(|micros| *micros <= MAX_SAFE_INTEGER).ok_or_else(expected)
}

#[cfg(test)]
mod tests;
