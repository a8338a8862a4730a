//! The configuration's `time_config`: when a simulation starts, how long it lasts, and how
//! many act.

use contract::door::Object;
use contract::spec::TimeSpec;
use contract::timestamp::Timestamp;

use crate::reading::{ONE, Reading, counted};

/// The longest simulation: ten years.
pub(crate) const MAX_HOURS: u32 = 87_600;

/// More agents per hour than any limit lets in.
pub(crate) const MAX_PER_HOUR: u32 = 1_000_000;

/// Reads `time_config`, and `generated_at` beside it.
///
/// | field | range | absent |
/// |---|---|---|
/// | `total_simulation_hours` | 1 to 87600 | 72 |
/// | `minutes_per_round` | 1 to 1440 | 60 |
/// | `agents_per_hour_min`, `agents_per_hour_max` | 0 to 1000000, min <= max | 5, 20 |
/// | `peak_hours`, `peak_activity_multiplier` | hours 0 to 23; 0 to 100 | 19 to 22; 1.5 |
/// | `off_peak_hours`, `off_peak_activity_multiplier` | as above | 0 to 5; 0.05 |
/// | `morning_hours`, `morning_activity_multiplier` | as above | 6 to 8; 0.4 |
/// | `work_hours`, `work_activity_multiplier` | as above | 9 to 18; 0.7 |
/// | `start_hour` (ours) | 0 to 23 | 0 |
/// | `start_time` (ours) | RFC 3339 | midnight of `generated_at`'s day, and `start_hour` hours |
///
/// An hour that is in several of the lists takes the multiplier of the first of them.
/// `generated_at` is a local time without a zone and is taken as UTC; where it is absent the
/// day is 2026-01-01. A `start_time` leaves neither it nor `start_hour` an effect. Rounds are
/// the whole ones of hours x 60 / minutes: at least one, at most the limit `max_rounds`.
pub(crate) fn read<'a>(reading: &mut Reading<'a>, root: &Object<'a>) -> TimeSpec {
    let time = reading.section(root, "time_config");
    reading.ignore_unknown(
        &time,
        &[
            "total_simulation_hours",
            "minutes_per_round",
            "agents_per_hour_min",
            "agents_per_hour_max",
            "peak_hours",
            "peak_activity_multiplier",
            "off_peak_hours",
            "off_peak_activity_multiplier",
            "morning_hours",
            "morning_activity_multiplier",
            "work_hours",
            "work_activity_multiplier",
            "start_hour",
            "start_time",
        ],
    );
    let before = reading.door.count();
    let total_hours = reading.whole(&time, "total_simulation_hours", 1..=MAX_HOURS, 72);
    let minutes_per_round = reading.whole(&time, "minutes_per_round", 1..=1_440, 60);
    let sound = reading.door.count() == before;
    let start_time = start_time(root, &time);
    let spec = TimeSpec { total_hours, minutes_per_round, start_time, ..activity(reading, &time) };
    if sound {
        check_rounds(&spec, &time, reading.limits.max_rounds);
    }
    spec
}

/// How many act in which hours, with the usual length and start.
pub(crate) fn activity(reading: &mut Reading<'_>, time: &Object<'_>) -> TimeSpec {
    let keys = ["agents_per_hour_min", "agents_per_hour_max"];
    let (agents_per_hour_min, agents_per_hour_max) =
        reading.ordered(time, keys, MAX_PER_HOUR, [5, 20]);
    TimeSpec {
        total_hours: 72,
        minutes_per_round: 60,
        start_time: default_day(),
        agents_per_hour_min,
        agents_per_hour_max,
        peak_hours: reading.hours(time, "peak_hours", 19..=22),
        peak_ppm: reading.ppm(time, "peak_activity_multiplier", 100 * ONE, 1_500_000),
        off_peak_hours: reading.hours(time, "off_peak_hours", 0..=5),
        off_peak_ppm: reading.ppm(time, "off_peak_activity_multiplier", 100 * ONE, 50_000),
        morning_hours: reading.hours(time, "morning_hours", 6..=8),
        morning_ppm: reading.ppm(time, "morning_activity_multiplier", 100 * ONE, 400_000),
        work_hours: reading.hours(time, "work_hours", 9..=18),
        work_ppm: reading.ppm(time, "work_activity_multiplier", 100 * ONE, 700_000),
    }
}

fn start_time(root: &Object<'_>, time: &Object<'_>) -> Timestamp {
    let hour = time.integer("start_hour", 0..=23).unwrap_or(0);
    let generated = root.parsed("generated_at", |text| {
        let expected = "a time in ISO 8601, e.g. 2026-03-01T10:00:00";
        Timestamp::parse_zoneless(text).map_err(|_| expected.to_owned())
    });
    let given = time.parsed("start_time", |text| {
        let expected = "a time in RFC 3339, e.g. 2026-03-01T10:00:00Z";
        text.parse::<Timestamp>().map_err(|_| expected.to_owned())
    });
    let day = generated.unwrap_or_else(default_day).midnight();
    given.unwrap_or_else(|| day.plus_minutes(hour * 60))
}

fn default_day() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().expect("RFC 3339")
}

/// Reports a number of rounds that is none or beyond the limit, at `minutes_per_round`.
pub(crate) fn check_rounds(spec: &TimeSpec, time: &Object<'_>, max_rounds: u32) {
    let rounds = spec.rounds();
    if (1..=max_rounds).contains(&rounds) {
        return;
    }
    let (hours, minutes) = (spec.total_hours, spec.minutes_per_round);
    let hours = counted(hours as usize, "hour");
    let found = format!("{minutes} with {hours} in all, which makes {rounds} rounds");
    let expected = format!("1 to {max_rounds} rounds (limit max_rounds)");
    time.report("minutes_per_round", found, &expected);
}
