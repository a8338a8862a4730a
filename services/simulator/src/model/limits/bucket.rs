//! A bucket that fills with time: how often something may be done.

use super::taught::Allowance;

/// The part of a minute's amount that can be taken at once: no stretch of a minute has more than
/// a tenth above what the operator wants.
const BURST: u64 = 10;

/// How many times what comes in `per` one request may turn out to have taken.
const MOST_OWED: u64 = 10;

/// So many in so much time. What is taken may be more than there is: then it is owed, and nothing
/// is taken before that is made up for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bucket {
    /// How many come within `per` milliseconds, at least one.
    rate: u64,
    per: u64,
    /// The most that it holds, at least one.
    capacity: u64,
    /// What is in it, times `per`.
    level: i128,
    /// When that was so.
    at: u64,
    /// When it holds nobody back any more, whatever is owed; `None`: never.
    ends: Option<u64>,
}

impl Bucket {
    /// The operator's: so many in a minute. Full at first.
    pub(super) fn per_minute(rate: u64) -> Bucket {
        let (rate, per) = (rate.max(1), 60_000);
        let capacity = rate.div_ceil(BURST);
        Bucket {
            rate,
            per,
            capacity,
            level: i128::from(capacity) * i128::from(per),
            at: 0,
            ends: None,
        }
    }

    /// What the endpoint said of itself, with what is `left` of it; `None` if that is no limit. It
    /// is over when the endpoint said that all would be there again: what was taken since then is
    /// for it to say.
    pub(super) fn said(now: u64, said: Allowance, left: u64) -> Option<Bucket> {
        let missing = said.limit.checked_sub(said.remaining).filter(|missing| *missing > 0)?;
        let per = said.reset.max(1);
        let level = i128::from(left) * i128::from(per);
        let ends = Some(now.saturating_add(per));
        Some(Bucket { rate: missing, per, capacity: said.limit, level, at: now, ends })
    }

    fn fill(&mut self, now: u64) {
        let passed = now.saturating_sub(self.at);
        self.at = self.at.max(now);
        self.level += i128::from(self.rate) * i128::from(passed);
        self.level = self.level.min(i128::from(self.capacity) * i128::from(self.per));
    }

    /// From when on so many can be taken. More than it can hold can be taken from a full one.
    pub(super) fn ready_at(&mut self, now: u64, amount: u64) -> u64 {
        self.fill(now);
        let wanted = i128::from(amount.min(self.capacity)) * i128::from(self.per);
        let missing = u128::try_from(wanted - self.level).unwrap_or(0);
        let wait = missing.div_ceil(u128::from(self.rate));
        let ready = now.saturating_add(u64::try_from(wait).unwrap_or(u64::MAX));
        self.ends.map_or(ready, |ends| ready.min(ends.max(now)))
    }

    pub(super) fn take(&mut self, amount: u64) {
        self.level -= i128::from(amount) * i128::from(self.per);
    }

    /// What was taken as so much took another amount, as the endpoint says: it may say anything,
    /// but no more is owed for that than comes in ten times `per`.
    pub(super) fn settle(&mut self, now: u64, taken: u64, took: u64) {
        self.give(now, taken);
        self.take(took.min(taken.max(self.rate.saturating_mul(MOST_OWED))));
    }

    /// What was taken and not used.
    pub(super) fn give(&mut self, now: u64, amount: u64) {
        self.level += i128::from(amount) * i128::from(self.per);
        self.fill(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_has_what_the_operator_wants() {
        let mut bucket = Bucket::per_minute(60);
        let mut now = 0;
        let mut taken = 0;
        while now < 60_000 {
            let ready = bucket.ready_at(now, 1);
            if ready > now {
                now = ready;
                continue;
            }
            bucket.take(1);
            taken += 1;
        }
        // One a second, and the six that were there at first; the next comes as the minute ends.
        assert_eq!(taken, 6 + 59);
        assert_eq!(bucket.ready_at(now, 1), 60_000);
        bucket.take(1);
        assert_eq!(bucket.ready_at(now, 1), 61_000);
        bucket.give(now, 1);
        assert_eq!(bucket.ready_at(now, 1), 60_000);
    }

    #[test]
    fn what_is_larger_than_the_bucket_is_owed() {
        let mut bucket = Bucket::per_minute(6_000);
        assert_eq!(bucket.ready_at(0, 6_000), 0);
        bucket.take(6_000);
        // 5,400 are owed, at 100 a second; then 600 have to be there again.
        assert_eq!(bucket.ready_at(0, 1), 54_010);
        assert_eq!(bucket.ready_at(0, 6_000), 60_000);
    }

    #[test]
    fn an_endpoint_fills_as_it_says() {
        let said = |limit, remaining, reset| {
            Bucket::said(0, Allowance { limit, remaining, reset }, remaining)
        };
        assert_eq!(said(500, 500, 0), None);
        assert_eq!(said(500, 501, 10), None);
        // Three in six minutes: one in two.
        let mut bucket = said(3, 0, 360_000).unwrap();
        assert_eq!(bucket.ready_at(0, 1), 120_000);
        assert_eq!(bucket.ready_at(50_000, 1), 120_000);
        let mut bucket = said(1_000, 10, 0).unwrap();
        assert_eq!(bucket.ready_at(0, 11), 1);
    }

    #[test]
    fn what_an_endpoint_says_is_over_when_it_said() {
        // One in ten minutes: what one request takes would not be there for a week.
        let said = Allowance { limit: 1_000, remaining: 999, reset: 600_000 };
        let mut bucket = Bucket::said(1_000, said, 999).unwrap();
        for _ in 0..3 {
            bucket.take(1_500);
        }
        assert_eq!(bucket.ready_at(1_000, 1), 601_000);
        assert_eq!(bucket.ready_at(600_999, 1_000), 601_000);
        bucket.take(1_500);
        assert_eq!(bucket.ready_at(601_000, 1_500), 601_000);
        assert_eq!(bucket.ready_at(900_000, 1_500), 900_000);
    }

    #[test]
    fn no_endpoint_can_say_that_a_request_took_all_there_will_be() {
        let mut bucket = Bucket::per_minute(100);
        bucket.take(50);
        bucket.settle(0, 50, 1 << 32);
        assert_eq!(bucket.ready_at(0, 10), 600_000);
        // But what was known before it was sent is owed.
        let mut bucket = Bucket::per_minute(100);
        bucket.take(5_000);
        bucket.settle(0, 5_000, 5_001);
        assert_eq!(bucket.ready_at(0, 10), 3_000_000);
    }
}
