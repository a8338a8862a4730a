//! Instants in the ways in which the files of others write them. All of them are UTC.

use contract::spec::Spec;
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use rusqlite::types::Value;
use serde::Serialize;

/// As MiroFish writes instants: ISO 8601 to the microsecond, without a zone.
pub fn zoneless(at: Timestamp) -> String {
    format!("{}000", at.to_string().trim_end_matches('Z'))
}

/// When a row of OASIS's tables was made: a step in a Twitter world, a time in a Reddit one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum CreatedAt {
    /// The tick.
    Tick(u32),
    /// The simulated time, `YYYY-MM-DD HH:MM:SS`.
    Time(String),
}

/// Simulated time, as far as it follows from a spec.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    platform: Platform,
    start: Timestamp,
    minutes_per_round: u32,
}

impl Clock {
    pub(crate) fn new(platform: Platform, spec: &Spec) -> Clock {
        let time = &spec.time;
        Clock { platform, start: time.start_time, minutes_per_round: time.minutes_per_round }
    }

    /// When round `round` is.
    pub(crate) fn time_of(&self, round: u32) -> Timestamp {
        self.start.plus_minutes(u64::from(round) * u64::from(self.minutes_per_round))
    }

    /// What the tables say of a row that is made in this tick.
    pub(crate) fn created_at(&self, tick: u32) -> CreatedAt {
        CreatedAt::of(self.platform, tick, self.time_of(tick))
    }

    /// The round in which a row was made.
    pub(crate) fn round_of(&self, created_at: &CreatedAt) -> u32 {
        match created_at {
            CreatedAt::Tick(tick) => *tick,
            CreatedAt::Time(text) => {
                let at = Timestamp::parse_zoneless(&text.replacen(' ', "T", 1));
                let at = at.unwrap_or(self.start).milliseconds();
                let start = self.start.milliseconds().div_euclid(1000) * 1000;
                let minutes = (at - start) / 60_000;
                u32::try_from(minutes / i64::from(self.minutes_per_round.max(1))).unwrap_or(0)
            }
        }
    }
}

impl CreatedAt {
    /// What a world's tables say of a row that is made in this tick, at this simulated time.
    pub fn of(platform: Platform, tick: u32, simulated_time: Timestamp) -> CreatedAt {
        match platform {
            Platform::Twitter => CreatedAt::Tick(tick),
            Platform::Reddit => CreatedAt::Time(seconds(simulated_time)),
        }
    }

    /// As a column has it.
    pub fn to_value(&self) -> Value {
        match self {
            CreatedAt::Tick(tick) => Value::Integer(i64::from(*tick)),
            CreatedAt::Time(text) => Value::Text(text.clone()),
        }
    }
}

/// An instant as Python writes one without a fraction.
fn seconds(at: Timestamp) -> String {
    let text = at.to_string();
    let whole = text.split('.').next().unwrap_or_default();
    whole.replacen('T', " ", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_as_others_do() {
        let at: Timestamp = "2026-03-01T10:00:00.250Z".parse().unwrap();
        assert_eq!(zoneless(at), "2026-03-01T10:00:00.250000");
        assert_eq!(seconds(at), "2026-03-01 10:00:00");
    }

    #[test]
    fn a_row_tells_its_round_on_both_platforms() {
        let start = "2026-02-28T22:30:00.900Z".parse().unwrap();
        for platform in Platform::ALL {
            let clock = Clock { platform, start, minutes_per_round: 45 };
            for tick in [0, 1, 2, 99] {
                assert_eq!(clock.round_of(&clock.created_at(tick)), tick, "{platform}");
            }
        }
        let clock = Clock { platform: Platform::Reddit, start, minutes_per_round: 45 };
        assert_eq!(clock.created_at(2), CreatedAt::Time("2026-03-01 00:00:00".to_owned()));
    }
}
