//! What an endpoint says of its limits, in headers.

/// What a response taught.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taught {
    /// Of requests.
    pub requests: Option<Allowance>,
    /// Of tokens.
    pub tokens: Option<Allowance>,
    /// How long to wait, in milliseconds.
    pub retry_after: Option<u64>,
}

/// How much of something there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// The most.
    pub limit: u64,
    /// What is left of it.
    pub remaining: u64,
    /// Milliseconds until all of it is there again.
    pub reset: u64,
}

/// Nothing that an endpoint says holds longer than this, in milliseconds.
const LONGEST: u64 = 10 * 60 * 1000;
/// No limit is higher.
const MOST: u64 = 1 << 40;

/// What the headers say; `header` gives their values, `unix` is the time in seconds since 1970.
pub fn read<'headers>(header: impl Fn(&'static str) -> Option<&'headers str>, unix: u64) -> Taught {
    let allowance = |limit, remaining, reset| {
        let number = |name| header(name)?.trim().parse::<u64>().ok().map(|it| it.min(MOST));
        Some(Allowance {
            limit: number(limit)?,
            remaining: number(remaining)?,
            reset: duration(header(reset)?)?.min(LONGEST),
        })
    };
    let requests = allowance(
        "x-ratelimit-limit-requests",
        "x-ratelimit-remaining-requests",
        "x-ratelimit-reset-requests",
    );
    let tokens = allowance(
        "x-ratelimit-limit-tokens",
        "x-ratelimit-remaining-tokens",
        "x-ratelimit-reset-tokens",
    );
    let exact = header("retry-after-ms").and_then(|text| thousandths(text.trim(), 1));
    let retry_after = exact.or_else(|| {
        let text = header("retry-after")?.trim();
        let seconds = thousandths(text, 1000);
        seconds.or_else(|| Some(date(text)?.saturating_sub(unix).saturating_mul(1000)))
    });
    Taught { requests, tokens, retry_after }
}

/// Milliseconds of `6m0s`, `120ms`, `1h2m3.5s`; a number alone is seconds.
pub(crate) fn duration(text: &str) -> Option<u64> {
    let mut rest = text.trim();
    if let Some(seconds) = thousandths(rest, 1000) {
        return Some(seconds);
    }
    let mut sum: u64 = 0;
    while !rest.is_empty() {
        let end = rest.find(|it: char| !it.is_ascii_digit() && it != '.')?;
        let (number, unit) = rest.split_at(end);
        let units = [("ms", 1), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("d", 86_400_000)];
        let (unit, (_, factor)) =
            units.iter().find_map(|it| Some((unit.strip_prefix(it.0)?, it)))?;
        sum = sum.saturating_add(thousandths(number, *factor)?);
        rest = unit;
    }
    (!text.trim().is_empty()).then_some(sum)
}

/// A decimal times `factor`; what is beyond the third decimal is cut.
fn thousandths(text: &str, factor: u64) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|it| it.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) {
        return None;
    }
    let part: String = part.chars().chain("000".chars()).take(3).collect();
    let whole: u64 = whole.parse().unwrap_or(u64::MAX);
    let part: u64 = part.parse().ok()?;
    Some(whole.saturating_mul(factor).saturating_add(part.saturating_mul(factor) / 1000))
}

/// Seconds since 1970 of `Wed, 21 Oct 2026 07:28:00 GMT`.
fn date(text: &str) -> Option<u64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let fields: Vec<&str> = text.split_whitespace().collect();
    let [_, day, month, year, time, "GMT"] = *fields.as_slice() else { return None };
    let month = (1..).zip(MONTHS).find_map(|(number, name)| (name == month).then_some(number))?;
    let (day, year): (u64, u64) = (day.parse().ok()?, year.parse().ok()?);
    let clock: Vec<u64> = time.split(':').map(|it| it.parse().ok()).collect::<Option<_>>()?;
    let [hour, minute, second] = *clock.as_slice() else { return None };
    let is_one = (1..=31).contains(&day) && (1970..=9999).contains(&year);
    if !is_one || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    // Years that begin in March, so that the leap day is their last.
    let (year, month): (u64, u64) =
        if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day;
    // From 1 March of year 0 to 1970.
    let days = days.checked_sub(719_469)?;
    Some(days * 86_400 + hour * 3_600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_as_servers_write_them() {
        for (text, milliseconds) in [
            ("6m0s", Some(360_000)),
            ("120ms", Some(120)),
            ("1h2m3.5s", Some(3_723_500)),
            ("2m59.56s", Some(179_560)),
            ("8.64s", Some(8_640)),
            ("1", Some(1_000)),
            ("0.25", Some(250)),
            ("1d", Some(86_400_000)),
            ("0s", Some(0)),
            ("99999999999999999999999h", Some(u64::MAX)),
            ("soon", None),
            ("", None),
            ("-1s", None),
            ("5x", None),
            ("1.2.3s", None),
        ] {
            assert_eq!(duration(text), milliseconds, "{text}");
        }
    }

    #[test]
    fn dates_are_counted_from_1970() {
        for (text, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Wed, 21 Oct 2026 07:28:00 GMT", Some(1_792_567_680)),
            ("Tue, 29 Feb 2000 23:59:59 GMT", Some(951_868_799)),
            ("Mon, 01 Mar 2100 00:00:00 GMT", Some(4_107_542_400)),
            ("Wednesday, 21-Oct-26 07:28:00 GMT", None),
            ("Wed, 99 Oct 2026 07:28:00 GMT", None),
            ("Wed, 21 Oct 0 07:28:00 GMT", None),
            ("", None),
        ] {
            assert_eq!(date(text), seconds, "{text}");
        }
    }

    #[test]
    fn headers_teach() {
        let read = |headers: &[(&'static str, &'static str)]| {
            let value = |name| headers.iter().find(|it| it.0 == name).map(|it| it.1);
            read(value, 1_792_567_670)
        };
        let taught = read(&[
            ("x-ratelimit-limit-requests", "500"),
            ("x-ratelimit-remaining-requests", "499"),
            ("x-ratelimit-reset-requests", "120ms"),
            ("x-ratelimit-limit-tokens", "30000"),
            ("x-ratelimit-remaining-tokens", "x"),
            ("x-ratelimit-reset-tokens", "1s"),
        ]);
        let requests = Some(Allowance { limit: 500, remaining: 499, reset: 120 });
        assert_eq!(taught, Taught { requests, ..Taught::default() });
        for (name, value, expected) in [
            ("retry-after", "7", Some(7_000)),
            ("retry-after", "1.5", Some(1_500)),
            ("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT", Some(10_000)),
            ("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT", Some(0)),
            ("retry-after", "later", None),
            ("retry-after-ms", "250", Some(250)),
        ] {
            assert_eq!(read(&[(name, value)]).retry_after, expected, "{name} {value}");
        }
        assert_eq!(read(&[]), Taught::default());
    }
}
