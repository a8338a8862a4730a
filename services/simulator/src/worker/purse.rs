//! What a run may still spend, over all its worlds, and whether a request may be sent at all.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use contract::cost::{BUDGET, PlayClock};
use contract::decision::Usage;
use contract::llm::Budget;
use contract::subject::Platform;

use super::lease::Lease;
use super::now;
use crate::model::{Admission, Gate};

/// The purse of a run: shared by its worlds, cheap to clone.
#[derive(Clone, Debug)]
pub struct Purse {
    inner: Arc<Mutex<Inner>>,
    lease: Lease,
}

#[derive(Debug, Default)]
struct Inner {
    /// The caps as each world that plays knows them. One that has not heard yet that they were
    /// raised must not shut the others out.
    budgets: BTreeMap<Platform, Budget>,
    /// By world: what it has spent, journalled or not, and for how long it has played. One that
    /// has not said yet what it had spent is `None`.
    worlds: BTreeMap<Platform, Option<(Usage, PlayClock)>>,
    /// What requests that are under way may take.
    under_way: Usage,
    /// Its worker is about to leave: what is asked now would be paid for and lost.
    is_leaving: bool,
}

/// The purse of a run, as one of its worlds takes from it.
#[derive(Debug)]
pub struct Pocket {
    purse: Purse,
    platform: Platform,
}

/// What interviews go through: no budget, since who asks wants the answer, but the lease.
#[derive(Debug)]
pub struct Asking(pub Lease);

impl Purse {
    /// Of a run with these worlds, whose node renews this lease.
    pub fn new(worlds: &[Platform], lease: Lease) -> Purse {
        let worlds = worlds.iter().map(|platform| (*platform, None)).collect();
        Purse { inner: Arc::new(Mutex::new(Inner { worlds, ..Inner::default() })), lease }
    }

    /// A world is open, and has spent so much.
    pub fn opened(&self, platform: Platform, usage: Usage) {
        let world = self.lock().worlds.get(&platform).copied().flatten();
        let clock = world.map_or_else(PlayClock::default, |(_, clock)| clock);
        self.lock().worlds.insert(platform, Some((usage, clock)));
    }

    /// A world is gone: it spends no more, plays no more, and hears of no cap.
    pub fn gone(&self, platform: Platform) {
        let mut inner = self.lock();
        inner.budgets.remove(&platform);
        let (_, clock) = inner.worlds.entry(platform).or_default().get_or_insert_default();
        *clock = PlayClock::default();
    }

    /// Its worker is about to leave: nothing else is sent.
    pub fn leave(&self) {
        self.lock().is_leaving = true;
    }

    /// Whether anything may be sent, as far as it does not depend on what it takes: not while the
    /// lease is in doubt, or a world has not said what it had spent.
    pub fn is_open(&self) -> bool {
        self.lease.is_fresh() && self.lock().worlds.values().all(Option::is_some)
    }

    /// The caps that a world knows, if it may play on, and for how long it has played.
    pub fn set(&self, platform: Platform, budget: Option<Budget>, clock: PlayClock) {
        let mut inner = self.lock();
        match budget {
            Some(budget) => drop(inner.budgets.insert(platform, budget)),
            None => drop(inner.budgets.remove(&platform)),
        }
        if let Some((_, known)) = inner.worlds.entry(platform).or_default() {
            *known = clock;
        }
    }

    /// That the run has played for as long as it may, in words, if it has.
    pub fn is_out_of_time(&self) -> Option<String> {
        let inner = self.lock();
        let wall_seconds = inner.budget().wall_seconds;
        inner.reached_of(Budget { wall_seconds, ..Budget::default() }, &Usage::default())
    }

    /// Which cap is reached, in words, if one is.
    pub fn reached(&self) -> Option<String> {
        self.lock().reached()
    }

    /// As a world takes from it.
    pub fn pocket(&self, platform: Platform) -> Arc<Pocket> {
        Arc::new(Pocket { purse: self.clone(), platform })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn spent(&self) -> Usage {
        let mut sum = Usage::default();
        self.worlds.values().flatten().for_each(|(usage, _)| sum.add(usage));
        sum
    }

    fn reached(&self) -> Option<String> {
        self.reached_with(&self.spent())
    }

    fn reached_with(&self, spent: &Usage) -> Option<String> {
        self.reached_of(self.budget(), spent)
    }

    /// Of the caps that worlds know the highest.
    fn budget(&self) -> Budget {
        let higher = |one: Option<u64>, other: Option<u64>| Some(one?.max(other?));
        let both = |one: Budget, other: &Budget| Budget {
            requests: higher(one.requests, other.requests),
            tokens: higher(one.tokens, other.tokens),
            cost_micros: higher(one.cost_micros, other.cost_micros),
            wall_seconds: higher(one.wall_seconds, other.wall_seconds),
        };
        let mut all = self.budgets.values();
        let first = all.next().copied().unwrap_or_default();
        all.fold(first, both)
    }

    fn reached_of(&self, budget: Budget, spent: &Usage) -> Option<String> {
        let worlds = self.worlds.values().flatten();
        let played = worlds.map(|(_, clock)| clock.milliseconds(now())).max().unwrap_or(0);
        let reached = budget.reached(spent, played)?;
        Some(format!("{BUDGET}: {} are spent", reached.what))
    }

    /// A request goes that may take so much, if all fits that is under way. What does not fit
    /// beside others is asked again once they are over; what does not fit alone never goes.
    fn admit(&mut self, estimate: &Usage) -> Admission {
        if self.is_leaving {
            return Admission::No("its worker is about to leave".to_owned());
        }
        if self.worlds.values().any(Option::is_none) {
            return Admission::Wait;
        }
        let spent = self.spent();
        if let Some(why) = self.reached_with(&spent) {
            return Admission::No(why);
        }
        let mut then = spent;
        then.add(&self.under_way);
        then.add(estimate);
        if let Some(why) = self.budget().exceeded(&then) {
            let is_alone = self.under_way == Usage::default();
            let no = || Admission::No(format!("{BUDGET}: the next request may take {why}"));
            return if is_alone { no() } else { Admission::Wait };
        }
        self.under_way.add(estimate);
        Admission::Yes
    }

    fn settle(&mut self, platform: Platform, estimate: &Usage, took: &Usage) {
        self.under_way.subtract(estimate);
        if let Some((usage, _)) = self.worlds.entry(platform).or_default() {
            usage.add(took);
        }
    }
}

impl Gate for Pocket {
    fn admit(&self, estimate: &Usage) -> Admission {
        match self.purse.lease.is_fresh() {
            true => self.purse.lock().admit(estimate),
            false => Admission::Wait,
        }
    }

    fn settle(&self, estimate: &Usage, took: &Usage) {
        self.purse.lock().settle(self.platform, estimate, took);
    }
}

impl Gate for Asking {
    fn admit(&self, _: &Usage) -> Admission {
        if self.0.is_fresh() { Admission::Yes } else { Admission::Wait }
    }

    fn settle(&self, _: &Usage, _: &Usage) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(requests: u64, tokens: u64) -> Usage {
        Usage { requests, prompt_tokens: tokens, ..Usage::default() }
    }

    fn purse(budget: Budget) -> Purse {
        let purse = Purse::new(&Platform::ALL, Lease::endless());
        for platform in Platform::ALL {
            purse.opened(platform, Usage::default());
            purse.set(platform, Some(budget), PlayClock::default());
        }
        purse
    }

    #[test]
    fn nothing_goes_before_all_worlds_have_said_what_they_had_spent() {
        let purse = Purse::new(&Platform::ALL, Lease::endless());
        let pocket = purse.pocket(Platform::Twitter);
        purse.opened(Platform::Twitter, Usage::default());
        assert_eq!(pocket.admit(&usage(1, 1)), Admission::Wait);
        purse.gone(Platform::Reddit);
        assert_eq!(pocket.admit(&usage(1, 1)), Admission::Yes);
    }

    #[test]
    fn worlds_share_the_caps_and_none_is_ever_exceeded() {
        let purse = purse(Budget { requests: Some(3), tokens: Some(100), ..Budget::default() });
        let [twitter, reddit] = Platform::ALL.map(|platform| purse.pocket(platform));
        let estimate = usage(1, 40);
        assert_eq!(twitter.admit(&estimate), Admission::Yes);
        assert_eq!(reddit.admit(&estimate), Admission::Yes);
        assert_eq!(twitter.admit(&estimate), Admission::Wait, "a third may be too many tokens");
        reddit.settle(&estimate, &usage(1, 10));
        assert_eq!(twitter.admit(&estimate), Admission::Yes);
        assert_eq!(reddit.admit(&usage(1, 0)), Admission::Wait, "a fourth is too many requests");
        twitter.settle(&estimate, &usage(1, 30));
        assert_eq!(purse.reached(), None);
        twitter.settle(&estimate, &usage(1, 30));
        let why = "budget: 3 of 3 requests are spent".to_owned();
        assert_eq!(purse.reached(), Some(why.clone()));
        assert_eq!(twitter.admit(&usage(1, 0)), Admission::No(why));
    }

    #[test]
    fn what_does_not_fit_alone_never_goes_and_a_raised_cap_lets_it() {
        let budget = Budget { tokens: Some(30), ..Budget::default() };
        let purse = purse(budget);
        let pocket = purse.pocket(Platform::Reddit);
        let Admission::No(why) = pocket.admit(&usage(1, 40)) else { panic!("it went") };
        assert_eq!(why, "budget: the next request may take it to 40 of 30 tokens");
        let budget = Budget { tokens: Some(50), ..budget };
        purse.set(Platform::Reddit, Some(budget), PlayClock::default());
        assert_eq!(pocket.admit(&usage(1, 40)), Admission::Yes);
    }

    #[test]
    fn a_world_that_is_gone_has_no_say_in_the_caps_and_no_time() {
        let purse = Purse::new(&Platform::ALL, Lease::endless());
        for platform in Platform::ALL {
            purse.opened(platform, Usage::default());
            purse.set(platform, Some(Budget::default()), PlayClock::default());
        }
        purse.gone(Platform::Reddit);
        let budget = Budget { requests: Some(1), ..Budget::default() };
        purse.set(Platform::Twitter, Some(budget), PlayClock::default());
        let pocket = purse.pocket(Platform::Twitter);
        assert_eq!(pocket.admit(&usage(1, 0)), Admission::Yes);
        assert_eq!(pocket.admit(&usage(1, 0)), Admission::Wait);
        pocket.settle(&usage(1, 0), &usage(1, 0));
        assert!(purse.reached().is_some());
    }

    #[test]
    fn who_is_about_to_leave_sends_nothing() {
        let purse = purse(Budget::default());
        assert!(purse.is_open());
        purse.leave();
        let admitted = purse.pocket(Platform::Reddit).admit(&usage(1, 1));
        assert!(matches!(admitted, Admission::No(_)));
    }

    #[test]
    fn without_a_lease_nothing_goes() {
        let gate = Asking(Lease::default());
        assert_eq!(gate.admit(&usage(1, 1)), Admission::Wait);
    }
}
