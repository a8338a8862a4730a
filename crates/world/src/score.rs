//! Fixed-point logarithms and the hot score: millionths in an `i64`.

use crate::setup::Platform;

/// `log10(0..1000)` in millionths, rounded down; the entry of 0 stands for 1.
static LOG10: [i64; 1000] = table();

const fn table() -> [i64; 1000] {
    let mut table = [0; 1000];
    let mut number = 1;
    while number < table.len() {
        table[number] = log10_by_squaring(number as u128);
        number += 1;
    }
    table
}

/// Binary digits of the fraction: a square that passes 10 is a digit of 1.
const fn log10_by_squaring(number: u128) -> i64 {
    const ONE: u128 = 1 << 50;
    let (mut rest, mut whole) = (number * ONE, 0);
    while rest >= 10 * ONE {
        rest /= 10;
        whole += 1;
    }
    let (mut fraction, mut digit) = (0_i64, 0);
    while digit < 40 {
        rest = (rest * rest) >> 50;
        fraction <<= 1;
        if rest >= 10 * ONE {
            rest /= 10;
            fraction |= 1;
        }
        digit += 1;
    }
    let millionths = (((fraction * 1_000) >> 20) * 1_000) >> 20;
    whole * 1_000_000 + millionths
}

/// `log10(number)` in millionths, 0 for 0. Exact to the digit below 1,000, to three leading
/// digits of `number` above.
pub(crate) fn log10(number: u32) -> i64 {
    let (mut number, mut tens) = (number, 0);
    while number >= 1_000 {
        number /= 10;
        tens += 1;
    }
    LOG10[number as usize] + tens * 1_000_000
}

/// Seconds that are worth ten times the votes: 12.5 hours on Reddit, 6 hours on Twitter.
fn seconds_per_ten_times(platform: Platform) -> i64 {
    match platform {
        Platform::Reddit => 45_000,
        Platform::Twitter => 21_600,
    }
}

/// Reddit's hot score in millionths: `sign(v) * log10(max(|v|, 1)) + seconds / 45000`, for a
/// post of the given age in minutes since the start of day 0. It needs no refreshing: time moves
/// all scores alike, only votes move one against another.
pub(crate) fn hot(platform: Platform, votes: i64, minute: u64) -> i64 {
    let size = u32::try_from(votes.unsigned_abs()).unwrap_or(u32::MAX);
    let seconds = i64::try_from(minute * 60).expect("u32 rounds of a day each end before that");
    let ten_times = seconds_per_ten_times(platform);
    let whole = seconds / ten_times * 1_000_000;
    votes.signum() * log10(size) + whole + seconds % ten_times * 1_000_000 / ten_times
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_right_and_never_fall() {
        for (number, expected) in [
            (0, 0),
            (1, 0),
            (2, 301_029),
            (7, 845_098),
            (10, 1_000_000),
            (99, 1_995_635),
            (999, 2_999_565),
            (1_000, 3_000_000),
            (250_000, 5_397_940),
        ] {
            assert_eq!(log10(number), expected, "log10({number})");
        }
        assert!((0..100_000).all(|number| log10(number) <= log10(number + 1)));
    }

    #[test]
    fn ten_times_the_votes_are_worth_half_a_day_on_reddit() {
        let old = hot(Platform::Reddit, 100, 0);
        let new = hot(Platform::Reddit, 10, 750);
        assert_eq!(old, new);
        assert!(hot(Platform::Reddit, -10, 0) < hot(Platform::Reddit, 0, 0));
        assert_eq!(hot(Platform::Reddit, 0, 0), hot(Platform::Reddit, 1, 0));
        assert!(hot(Platform::Twitter, 10, 750) > hot(Platform::Twitter, 100, 0));
    }
}
