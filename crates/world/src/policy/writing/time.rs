//! Simulated time in words.

use alloc::string::{String, ToString};

use crate::policy::phrases::{When, fill};
use crate::setup::{Clock, DAY};

/// Hours at which a part of the day begins.
const MORNING: u32 = 5;
const NOON: u32 = 12;
const EVENING: u32 = 18;
const NIGHT: u32 = 23;

/// Which part of the day an hour belongs to: 0 the night, 1 the morning, 2 the afternoon, 3 the
/// evening.
pub(super) fn part_of_day(hour: u32) -> usize {
    match hour {
        MORNING..NOON => 1,
        NOON..EVENING => 2,
        EVENING..NIGHT => 3,
        _ => 0,
    }
}

/// When `then` was, said in round `now`.
pub(super) fn when(words: &When, clock: Clock, then: u32, now: u32) -> String {
    let day = u64::from(DAY);
    let (before, after) = (clock.minute(then), clock.minute(now.max(then)));
    if after - before < 60 {
        return words.just_now.into();
    }
    match after / day - before / day {
        0 => match part_of_day(clock.hour(then)) {
            0 => words.just_now,
            1 => words.this_morning,
            2 => words.this_afternoon,
            _ => words.this_evening,
        }
        .into(),
        1 if clock.hour(then) >= EVENING && clock.hour(now) < NOON => words.last_night.into(),
        1 => words.yesterday.into(),
        days => fill(words.days_ago, &[("count", &days.to_string())]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::english::ENGLISH;

    #[test]
    fn time_is_said_as_people_say_it() {
        let clock = Clock { start_minute: 8 * 60, minutes_per_round: 60, planned_rounds: 72 };
        for (then, now, said) in [
            (2, 2, "a moment ago"),
            (0, 5, "this morning"),
            (6, 8, "this afternoon"),
            (11, 13, "earlier this evening"),
            (13, 24, "last night"),
            (2, 24, "yesterday"),
            (13, 40, "2 days ago"),
            (13, 30, "yesterday"),
        ] {
            assert_eq!(when(&ENGLISH.grammar.when, clock, then, now), said, "{then} in {now}");
        }
    }
}
