//! How fast one account may be asked, whatever the graph: a bucket of tokens that the memory's own
//! words make smaller. Pure.

use std::time::Duration;

use contract::timestamp::Timestamp;

use crate::adapters::Limits;
use crate::queue::Time;

const MINUTE: Duration = Duration::from_secs(60);

/// Requests that may be made at once after a pause.
const BURST: u32 = 10;

/// How long a memory's word on its limits holds us at most: its clock may be another one.
const LONGEST: Duration = Duration::from_secs(5 * 60);

/// The requests of one account.
#[derive(Clone, Debug)]
pub struct Pace {
    /// As the operator wants it.
    per_minute: Option<u32>,
    /// As the memory has it, if it is less.
    allowed: Option<u32>,
    /// When the bucket is full again.
    full_at: Time,
    /// Nothing before, says the memory.
    not_before: Time,
    requests: u64,
    remaining: Option<i64>,
}

impl Pace {
    /// A pace of so many requests per minute; `None`: as fast as the memory lets us.
    pub fn new(per_minute: Option<u32>) -> Pace {
        let (allowed, full_at, not_before) = (None, Time::ZERO, Time::ZERO);
        Pace { per_minute, allowed, full_at, not_before, requests: 0, remaining: None }
    }

    /// When the next request may be made.
    pub fn next(&self, now: Time) -> Time {
        let token = match self.interval() {
            Some((interval, burst)) => self.full_at.saturating_sub(interval * (burst - 1)),
            None => now,
        };
        token.max(self.not_before)
    }

    /// Notes that a request is made.
    pub fn asked(&mut self, now: Time) {
        self.requests += 1;
        if let Some((interval, _)) = self.interval() {
            self.full_at = self.full_at.max(now) + interval;
        }
    }

    /// Takes what the memory said of its limits; `after`: how long it asked for a pause.
    /// `wall`: its calendar's now, as far as we know.
    pub fn heard(&mut self, limits: Limits, after: Option<Duration>, now: Time, wall: Timestamp) {
        self.allowed = limits.per_minute.or(self.allowed);
        self.remaining = limits.remaining.or(self.remaining);
        if limits.remaining.is_some_and(|remaining| remaining < 1)
            && let Some(reset) = limits.reset
        {
            let left = reset.milliseconds().saturating_sub(wall.milliseconds());
            let left = Duration::from_millis(u64::try_from(left).unwrap_or(0)).min(LONGEST);
            self.not_before = self.not_before.max(now + left);
        }
        if let Some(after) = after {
            self.not_before = self.not_before.max(now.saturating_add(after));
        }
    }

    /// Requests made, and how many the memory said are left.
    pub fn count(&self) -> (u64, Option<i64>) {
        (self.requests, self.remaining)
    }

    /// The time that one token takes, and the size of the bucket.
    fn interval(&self) -> Option<(Duration, u32)> {
        let per_minute = [self.per_minute, self.allowed].into_iter().flatten().min()?.max(1);
        Some((MINUTE / per_minute, BURST.min(per_minute)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wall() -> Timestamp {
        "2026-01-01T00:00:00Z".parse().unwrap()
    }

    /// When so many requests are made by somebody who is always ready, in whole seconds.
    fn times(pace: &mut Pace, mut now: Time, count: usize) -> Vec<u64> {
        let mut times = Vec::new();
        for _ in 0..count {
            now = now.max(pace.next(now));
            pace.asked(now);
            times.push(now.as_secs());
        }
        times
    }

    #[test]
    fn a_burst_and_then_one_by_one() {
        let mut pace = Pace::new(Some(12));
        assert_eq!(times(&mut pace, Time::ZERO, 13), [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 10, 15]);
        assert_eq!(times(&mut pace, Time::from_secs(1000), 11)[9..], [1000, 1005]);
        assert_eq!(times(&mut Pace::new(None), Time::ZERO, 3), [0, 0, 0]);
    }

    #[test]
    fn a_memory_that_allows_less_is_asked_less() {
        let mut pace = Pace::new(Some(600));
        let five = Limits { per_minute: Some(5), remaining: Some(3), reset: None };
        pace.heard(five, None, Time::ZERO, wall());
        assert_eq!(times(&mut pace, Time::ZERO, 7), [0, 0, 0, 0, 0, 12, 24]);
    }

    #[test]
    fn what_it_says_of_pauses_is_obeyed() {
        let now = Time::from_secs(50);
        let reset = |seconds: i64| {
            Some(Timestamp::from_milliseconds(wall().milliseconds() + 1000 * seconds))
        };
        let none_left = |reset| Limits { per_minute: None, remaining: Some(-43), reset };
        for (limits, after, next) in [
            (Limits::default(), Some(60), 110),
            (none_left(reset(20)), None, 70),
            (none_left(reset(20)), Some(5), 70),
            // A clock that is far off, or none.
            (none_left(reset(86_400)), None, 350),
            (none_left(None), None, 50),
            (Limits { remaining: Some(1), reset: reset(20), per_minute: None }, None, 50),
        ] {
            let mut pace = Pace::new(None);
            pace.heard(limits, after.map(Duration::from_secs), now, wall());
            assert_eq!(pace.next(now).as_secs(), next, "{limits:?} {after:?}");
        }
    }
}
