//! What the headers of an answer say of when to come again.

use std::time::Duration;

use contract::timestamp::Timestamp;

use crate::adapters::Limits;

/// The longest wait that a memory can ask for.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// Smaller numbers are seconds from now, not since 1970.
const SINCE_1970: i64 = 1_000_000_000;

/// `Retry-After`, in seconds or as a date, at `unix` since 1970. A date that has passed says
/// nothing: one of the two clocks is wrong.
pub(super) fn after(text: &str, unix: Duration) -> Option<Duration> {
    let text = text.trim();
    let after = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) if !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit()) => LONGEST,
        Err(_) => {
            let date = u64::try_from(date(text)?.milliseconds()).ok()?;
            Duration::from_millis(date).checked_sub(unix).filter(|it| !it.is_zero())?
        }
    };
    Some(after.min(LONGEST))
}

/// `X-RateLimit-*`.
pub(super) fn limits<'text>(header: impl Fn(&str) -> Option<&'text str>, unix: Duration) -> Limits {
    let number = |name: &str| header(name)?.trim().parse::<i64>().ok();
    let reset = |seconds: i64| {
        let now = i64::try_from(unix.as_secs()).unwrap_or(i64::MAX);
        let at = if seconds < SINCE_1970 { now.saturating_add(seconds) } else { seconds };
        Timestamp::from_milliseconds(at.saturating_mul(1000))
    };
    Limits {
        per_minute: number("x-ratelimit-limit").and_then(|limit| u32::try_from(limit).ok()),
        remaining: number("x-ratelimit-remaining"),
        reset: number("x-ratelimit-reset").filter(|seconds| *seconds >= 0).map(reset),
    }
}

/// The instant of `Wed, 21 Oct 2026 07:28:00 GMT`.
fn date(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let fields: Vec<&str> = text.split_whitespace().collect();
    let [_, day, month, year, time, "GMT"] = *fields.as_slice() else { return None };
    let month = (1..).zip(MONTHS).find_map(|(number, name)| (name == month).then_some(number))?;
    format!("{year}-{month:02}-{day:0>2}T{time}Z").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_792_567_670);

    #[test]
    fn seconds_and_dates_say_when_to_come_again() {
        for (text, seconds) in [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            ("86401", Some(86_400)),
            ("99999999999999999999999", Some(86_400)),
            ("Wed, 21 Oct 2026 07:28:00 GMT", Some(10)),
            ("Wed, 21 Oct 2026 07:27:50 GMT", None),
            ("Wed, 21 Oct 2015 07:28:00 GMT", None),
            ("Fri, 1 Jan 2999 00:00:00 GMT", Some(86_400)),
            ("Wed, 32 Oct 2026 07:28:00 GMT", None),
            ("Wed, 21 Oct 2026 07:28:00 CET", None),
            ("-1", None),
            ("1.5", None),
            ("later", None),
            ("", None),
        ] {
            assert_eq!(after(text, NOW), seconds.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn limits_are_as_zep_writes_them() {
        let read = |limit: &'static str, remaining: &'static str, reset: &'static str| {
            let header = |name: &str| match name {
                "x-ratelimit-limit" => Some(limit),
                "x-ratelimit-remaining" => Some(remaining),
                "x-ratelimit-reset" => Some(reset),
                _ => None,
            };
            limits(header, NOW)
        };
        let at = |seconds: i64| Some(Timestamp::from_milliseconds(seconds * 1000));
        let limit = |per_minute, remaining, reset| Limits { per_minute, remaining, reset };
        let reset = at(1_792_567_680);
        assert_eq!(read("5", "-43", "1792567680"), limit(Some(5), Some(-43), reset));
        assert_eq!(read("600", "599", "10"), limit(Some(600), Some(599), reset));
        assert_eq!(read("-1", "many", "-1"), Limits::default());
        let end = Some(Timestamp::from_milliseconds(i64::MAX));
        assert_eq!(read("", "", "9223372036854775807").reset, end);
    }
}
