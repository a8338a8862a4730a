//! Instants in UTC, to the millisecond.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Milliseconds since 1970-01-01T00:00:00Z, between the years 0 and 9999; on the wire
/// RFC 3339 in UTC with three decimals, e.g. `2026-03-01T10:00:00.250Z`.
///
/// Used for wall-clock time, which is data that a driver hands in, and for simulated time,
/// which is a function of the round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(i64);

/// Why a text or number is no timestamp.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("timestamp {0:?} is not valid: expected RFC 3339, e.g. 2026-03-01T10:00:00.000Z")]
pub struct InvalidTimestamp(String);

const MILLISECONDS_PER_MINUTE: i64 = 60_000;
const YEAR_0: i64 = -62_167_219_200_000;
const YEAR_10_000: i64 = 253_402_300_800_000;

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Timestamp = Timestamp(0);

    /// The instant `milliseconds` after the epoch; values beyond the years 0 to 9999 are
    /// held at the nearest end.
    pub fn from_milliseconds(milliseconds: i64) -> Timestamp {
        Timestamp(milliseconds.clamp(YEAR_0, YEAR_10_000 - 1))
    }

    /// Milliseconds since the epoch.
    pub fn milliseconds(self) -> i64 {
        self.0
    }

    /// The instant `minutes` later.
    #[must_use]
    pub fn plus_minutes(self, minutes: u64) -> Timestamp {
        let minutes = i64::try_from(minutes).unwrap_or(i64::MAX);
        let later = self.0.saturating_add(minutes.saturating_mul(MILLISECONDS_PER_MINUTE));
        Timestamp::from_milliseconds(later)
    }

    /// Midnight (UTC) of the same day.
    #[must_use]
    pub fn midnight(self) -> Timestamp {
        const DAY: i64 = 24 * 60 * MILLISECONDS_PER_MINUTE;
        Timestamp::from_milliseconds(self.0.div_euclid(DAY) * DAY)
    }

    /// Reads a local time without a zone, as MiroFish writes it, as if it were UTC.
    ///
    /// # Errors
    /// When the text is neither RFC 3339 nor RFC 3339 without its zone.
    pub fn parse_zoneless(text: &str) -> Result<Timestamp, InvalidTimestamp> {
        text.parse()
            .or_else(|_| format!("{text}Z").parse())
            .map_err(|_: InvalidTimestamp| InvalidTimestamp(text.chars().take(80).collect()))
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;
    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        let invalid = || InvalidTimestamp(text.chars().take(80).collect());
        let instant = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| invalid())?;
        let milliseconds = instant.unix_timestamp_nanos().div_euclid(1_000_000);
        let milliseconds = i64::try_from(milliseconds).map_err(|_| invalid())?;
        if !(YEAR_0..YEAR_10_000).contains(&milliseconds) {
            return Err(invalid());
        }
        Ok(Timestamp(milliseconds))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanoseconds = i128::from(self.0) * 1_000_000;
        let instant = OffsetDateTime::from_unix_timestamp_nanos(nanoseconds)
            .expect("the years 0 to 9999 are within its range");
        let (date, time) = (instant.date(), instant.time());
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            date.year(),
            u8::from(date.month()),
            date.day(),
            time.hour(),
            time.minute(),
            time.second(),
            time.millisecond()
        )
    }
}

impl TryFrom<String> for Timestamp {
    type Error = InvalidTimestamp;
    fn try_from(text: String) -> Result<Self, InvalidTimestamp> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(timestamp: Timestamp) -> String {
        timestamp.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_number_agree() {
        let start: Timestamp = "2026-02-28T23:59:59.999Z".parse().unwrap();
        assert_eq!(start.to_string(), "2026-02-28T23:59:59.999Z");
        assert_eq!(start.plus_minutes(1).to_string(), "2026-03-01T00:00:59.999Z");
        assert_eq!(start.midnight().to_string(), "2026-02-28T00:00:00.000Z");
        let offset: Timestamp = "2026-03-01T02:00:00+02:00".parse().unwrap();
        assert_eq!(offset.to_string(), "2026-03-01T00:00:00.000Z");
    }

    #[test]
    fn a_local_time_without_zone_is_read_as_utc() {
        let local = Timestamp::parse_zoneless("2026-02-11T09:30:00.123456").unwrap();
        assert_eq!(local.to_string(), "2026-02-11T09:30:00.123Z");
        assert!(Timestamp::parse_zoneless("yesterday").is_err());
    }

    #[test]
    fn extremes_are_held() {
        assert_eq!(Timestamp::from_milliseconds(i64::MAX).to_string(), "9999-12-31T23:59:59.999Z");
        assert_eq!(Timestamp::from_milliseconds(i64::MIN).to_string(), "0000-01-01T00:00:00.000Z");
    }
}
