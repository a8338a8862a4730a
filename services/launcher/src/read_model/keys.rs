//! How rows are numbered, and which of four classes an action is in.

use std::ops::RangeInclusive;

use contract::action::Action;
use contract::subject::Platform;

/// Bits of a key that number a row within its world.
const BITS: u32 = 40;

/// The last seq or id that a key holds.
pub(super) const MAX_NUMBER: u64 = (1 << BITS) - 1;

/// The number of a run's world.
pub(super) fn world_of(run: i64, platform: Platform) -> i64 {
    run * 2 + number_of(platform)
}

/// The number of a platform.
pub(super) fn number_of(platform: Platform) -> i64 {
    match platform {
        Platform::Twitter => 0,
        Platform::Reddit => 1,
    }
}

/// The key of row `number` of a world; numbers beyond [`MAX_NUMBER`] are the last one.
pub(super) fn key(world: i64, number: u64) -> i64 {
    (world << BITS) + integer(number.min(MAX_NUMBER))
}

/// All keys of a world.
pub(super) fn keys(world: i64) -> RangeInclusive<i64> {
    key(world, 0)..=key(world, MAX_NUMBER)
}

/// The number within its world that a key holds.
pub(super) fn number(key: i64) -> u64 {
    natural(key) & MAX_NUMBER
}

/// SQLite's integers are signed; ours stay far below the end.
pub(super) fn integer(natural: u64) -> i64 {
    i64::try_from(natural).unwrap_or(i64::MAX)
}

/// See [`integer`].
pub(super) fn natural(integer: i64) -> u64 {
    u64::try_from(integer).unwrap_or(0)
}

/// Which of an action's four classes it is in: 0, or 1 if it failed, plus 2 if it only looked
/// at a feed. Lists in MiroFish's shape hold class 0.
pub(super) fn class_of(action: &Action) -> u8 {
    u8::from(!action.success()) + 2 * u8::from(!action.body.is_listed())
}

/// Which classes of actions are asked for beside class 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Include {
    /// Those that failed.
    pub failed: bool,
    /// Those that only looked at a feed.
    pub refresh: bool,
}

impl Include {
    /// True for the classes that are wanted.
    pub(super) fn takes(self, class: u8) -> bool {
        class & self.unwanted() == 0
    }

    /// The bits that no wanted class has.
    pub(super) fn unwanted(self) -> u8 {
        u8::from(!self.failed) + 2 * u8::from(!self.refresh)
    }

    /// How many of `counts`, by class, are wanted.
    pub(super) fn sum(self, counts: [u64; 4]) -> u64 {
        let wanted = (0..).zip(counts).filter(|(class, _)| self.takes(*class));
        wanted.map(|(_, count)| count).sum()
    }

    /// The same as SQL, over the columns n0 to n3.
    pub(super) fn sum_of_columns(self) -> String {
        let wanted = (0..4).filter(|class| self.takes(*class));
        let columns: Vec<String> = wanted.map(|class| format!("n{class}")).collect();
        format!("({})", columns.join(" + "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_worlds_do_not_meet() {
        let world = world_of(7, Platform::Reddit);
        assert_eq!(number(key(world, 123)), 123);
        assert!(key(world, u64::MAX) < key(world + 1, 0));
        assert!(key(world - 1, MAX_NUMBER) < *keys(world).start());
    }

    #[test]
    fn classes_are_counted_as_they_are_asked_for() {
        let counts = [1000, 100, 10, 1];
        for (failed, refresh, expected, columns) in [
            (false, false, 1000, "(n0)"),
            (true, false, 1100, "(n0 + n1)"),
            (false, true, 1010, "(n0 + n2)"),
            (true, true, 1111, "(n0 + n1 + n2 + n3)"),
        ] {
            let include = Include { failed, refresh };
            assert_eq!((include.sum(counts), &*include.sum_of_columns()), (expected, columns));
        }
    }
}
