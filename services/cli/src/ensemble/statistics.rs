//! What the runs of an ensemble come to: order statistics of whole numbers. Pure, and without
//! a float, so that the same runs give the same report on every machine.
//!
//! A value may be absent: a threshold that was not reached. It counts as larger than every
//! number, so quantiles stay right as long as they are numbers.

use serde::Serialize;

/// One measure over the runs. Every value is that of one of them, none is interpolated; `None`
/// is "not reached", or that there is no run to tell of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Distribution {
    /// How many runs it is of.
    pub runs: usize,
    /// The lowest value.
    pub lowest: Option<u64>,
    /// The lowest value that at least a tenth of the runs do not exceed.
    pub p10: Option<u64>,
    /// The lowest value that at least half of the runs do not exceed.
    pub median: Option<u64>,
    /// The lowest value that at least nine tenths of the runs do not exceed.
    pub p90: Option<u64>,
    /// The highest value.
    pub highest: Option<u64>,
    /// Where the median of all seeds lies with at least 95 % confidence; none of fewer than
    /// six runs.
    pub median_95: Option<Interval>,
}

/// The values at two ranks; `None` is "not reached".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Interval {
    /// The lower end.
    pub low: Option<u64>,
    /// The upper end.
    pub high: Option<u64>,
}

/// Which of `n` sorted values are the ends of the interval for the median.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Ranks {
    /// The rank of the lower end, from 1.
    pub low: usize,
    /// The rank of the upper end.
    pub high: usize,
    /// The confidence, in millionths, rounded down.
    pub confidence_ppm: u64,
}

/// The ranks for every number of runs up to a largest one.
#[derive(Clone, Debug)]
pub struct RankTable(Vec<Option<Ranks>>);

/// A probability of one. Halved up to 120 times without a rest; beyond that each halving may
/// lose one part in 2^120, far less than what decides between two ranks.
const CERTAIN: u128 = 1 << 120;

const MILLION: u128 = 1_000_000;

impl RankTable {
    /// The table for up to `most` runs.
    ///
    /// Of `n` runs, the number below the median of all seeds is binomial with one half. With the
    /// largest `k` for which `P(X <= k) <= 2.5 %`, the values at the ranks `k + 1` and `n - k`
    /// enclose that median with a confidence of `1 - 2 P(X <= k)`, whatever the distribution is.
    pub fn up_to(most: usize) -> RankTable {
        // Row n of Pascal's triangle, divided by 2^n.
        let mut chances = vec![CERTAIN];
        let mut table = Vec::with_capacity(most + 1);
        for n in 0..=most {
            table.push(ranks(n, &chances));
            let next = |k: usize| {
                let left = k.checked_sub(1).map_or(0, |left| chances[left]);
                (left + chances.get(k).copied().unwrap_or(0)) / 2
            };
            chances = (0..=n + 1).map(next).collect();
        }
        RankTable(table)
    }

    /// The ranks for `n` runs; none if they are too few to say.
    pub fn of(&self, n: usize) -> Option<Ranks> {
        self.0.get(n).copied().flatten()
    }

    /// The distribution of these values, one per run.
    pub fn distribution(&self, mut values: Vec<Option<u64>>) -> Distribution {
        values.sort_unstable_by_key(|value| (value.is_none(), *value));
        let runs = values.len();
        let at = |rank: usize| values.get(rank.checked_sub(1)?).copied().flatten();
        let share = |tenths: usize| at((runs * tenths).div_ceil(10));
        let interval = |ranks: Ranks| Interval { low: at(ranks.low), high: at(ranks.high) };
        Distribution {
            runs,
            lowest: at(1),
            p10: share(1),
            median: share(5),
            p90: share(9),
            highest: at(runs),
            median_95: self.of(runs).map(interval),
        }
    }
}

fn ranks(n: usize, chances: &[u128]) -> Option<Ranks> {
    let (mut below, mut count) = (0, 0);
    // At most 2.5 %: one in forty.
    while count < n && (below + chances[count]) * 40 <= CERTAIN {
        below += chances[count];
        count += 1;
    }
    // By steps, so that it fits 128 bits.
    let confidence = (((CERTAIN - 2 * below) >> 20) * MILLION) >> 100;
    let confidence_ppm = u64::try_from(confidence).unwrap_or(0);
    (count > 0).then_some(Ranks { low: count, high: n + 1 - count, confidence_ppm })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(values: impl IntoIterator<Item = u64>) -> Vec<Option<u64>> {
        values.into_iter().map(Some).collect()
    }

    #[test]
    fn ranks_are_those_of_the_books() {
        let table = RankTable::up_to(1000);
        let ranks = |n| table.of(n).map(|ranks| (ranks.low, ranks.high));
        for few in 0..6 {
            assert_eq!(ranks(few), None);
        }
        let known = [
            (6, (1, 6)),
            (7, (1, 7)),
            (8, (1, 8)),
            (9, (2, 8)),
            (10, (2, 9)),
            (12, (3, 10)),
            (15, (4, 12)),
            (20, (6, 15)),
            (25, (8, 18)),
            (30, (10, 21)),
            (50, (18, 33)),
            (100, (40, 61)),
            (1000, (469, 532)),
        ];
        for (n, expected) in known {
            assert_eq!(ranks(n), Some(expected), "{n}");
        }
        // 1 - 2 * 21700 / 2^20, and 1 - 2 / 2^6.
        assert_eq!(table.of(20).unwrap().confidence_ppm, 958_610);
        assert_eq!(table.of(6).unwrap().confidence_ppm, 968_750);
        assert!((6..=1000).all(|n| table.of(n).unwrap().confidence_ppm >= 950_000));
    }

    #[test]
    fn quantiles_are_values_that_some_run_has() {
        let table = RankTable::up_to(20);
        let of_twenty = table.distribution(numbers((1..=20).rev().map(|n| n * 10)));
        let Distribution { runs, lowest, p10, median, p90, highest, median_95 } = of_twenty;
        assert_eq!((runs, lowest, highest), (20, Some(10), Some(200)));
        assert_eq!((p10, median, p90), (Some(20), Some(100), Some(180)));
        assert_eq!(median_95, Some(Interval { low: Some(60), high: Some(150) }));

        let of_one = table.distribution(numbers([7]));
        assert_eq!((of_one.lowest, of_one.p10, of_one.median), (Some(7), Some(7), Some(7)));
        assert_eq!((of_one.p90, of_one.highest, of_one.median_95), (Some(7), Some(7), None));
        let of_none = table.distribution(Vec::new());
        assert_eq!((of_none.runs, of_none.lowest, of_none.highest), (0, None, None));
    }

    #[test]
    fn what_was_not_reached_is_above_all_numbers() {
        let table = RankTable::up_to(10);
        let mut values = numbers([3, 1, 2, 5, 4]);
        values.extend([None; 5]);
        let half = table.distribution(values);
        assert_eq!((half.lowest, half.median, half.p90), (Some(1), Some(5), None));
        assert_eq!(half.median_95, Some(Interval { low: Some(2), high: None }));
    }
}
