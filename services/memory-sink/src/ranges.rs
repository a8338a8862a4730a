//! A set of natural numbers that lie close together, as few ranges as there can be. Pure.

use serde::{Deserialize, Serialize};

/// First and last of each range, in order, none touching the next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    /// How many numbers there are.
    pub fn len(&self) -> u64 {
        self.0.iter().map(|(first, last)| last - first + 1).sum()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a number is in it.
    pub fn contains(&self, number: u64) -> bool {
        let place = self.0.partition_point(|(_, last)| *last < number);
        self.0.get(place).is_some_and(|(first, _)| *first <= number)
    }

    /// First and last of each range, in order.
    pub fn ranges(&self) -> &[(u64, u64)] {
        &self.0
    }

    /// Puts a number in.
    pub fn insert(&mut self, number: u64) {
        let place = self.0.partition_point(|(_, last)| last.saturating_add(1) < number);
        match self.0.get_mut(place) {
            Some((first, last)) if *first <= number.saturating_add(1) => {
                *first = (*first).min(number);
                *last = (*last).max(number);
            }
            _ => self.0.insert(place, (number, number)),
        }
        let next = self.0.get(place + 1).copied();
        if let (Some((first, last)), Some(joined)) = (next, self.0.get_mut(place))
            && first <= joined.1.saturating_add(1)
        {
            joined.1 = joined.1.max(last);
            self.0.remove(place + 1);
        }
    }

    /// Takes a number out; false if it was not there.
    pub fn remove(&mut self, number: u64) -> bool {
        let place = self.0.partition_point(|(_, last)| *last < number);
        let Some(&(first, last)) = self.0.get(place).filter(|(first, _)| *first <= number) else {
            return false;
        };
        let rest = [(first, number.saturating_sub(1)), (number + 1, last)];
        let keeps = [first < number, number < last];
        let rest = rest.into_iter().zip(keeps).filter(|(_, keeps)| *keeps).map(|(range, _)| range);
        self.0.splice(place..=place, rest);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Every order of putting in and taking out eight numbers, against a plain set.
    #[test]
    fn it_is_a_set() {
        let mut state: u64 = 1;
        let (mut ranges, mut set) = (Ranges::default(), BTreeSet::new());
        for _ in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let (number, puts) = ((state >> 33) % 12, (state >> 60).is_multiple_of(2));
            if puts {
                ranges.insert(number);
                set.insert(number);
            } else {
                assert_eq!(ranges.remove(number), set.remove(&number));
            }
            let listed: Vec<u64> = ranges.ranges().iter().flat_map(|(a, b)| *a..=*b).collect();
            assert_eq!(listed, set.iter().copied().collect::<Vec<_>>());
            assert_eq!(ranges.len(), set.len() as u64);
            assert_eq!(ranges.contains(number), set.contains(&number));
            assert!(ranges.0.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0), "{ranges:?}");
        }
        assert_eq!(ranges.is_empty(), set.is_empty());
    }
}
