//! What must not be shown, wherever and however a memory repeats it: gateways put requests into
//! their errors, and what is made of an error is logged and kept.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use reqwest::Url;
use reqwest::header::HeaderMap;

/// Shorter texts are no secrets; to hide them would hide half of what is said.
const SHORTEST: usize = 4;
/// From how many letters on a part of a header or of an address may be a secret by itself.
const PIECE: usize = 8;
/// Secrets from this length on are hidden in part as well: their beginning or end, of at least
/// so many letters.
const LONG: usize = 24;
const PART: usize = 12;
/// So many escapes within each other are looked through; a hostile text may have more.
const DEEPEST: usize = 4;
/// What stands in the place of a secret.
const HIDDEN: &str = "***";

/// The texts that must not be shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    all: Vec<String>,
}

impl Secrets {
    /// Those of an address and of what is sent with every request: an operator may have put one
    /// into any header, or anywhere into the address.
    pub fn of(url: &Url, headers: &HeaderMap) -> Secrets {
        let mut all = Vec::new();
        for value in headers.values().filter_map(|value| value.to_str().ok()) {
            all.push(value.to_owned());
            // `Bearer <token>`.
            let pieces = value.split_whitespace().skip(1);
            all.extend(pieces.map(str::to_owned));
        }
        for pair in url.query().unwrap_or_default().split('&') {
            all.push(pair.split_once('=').map_or(pair, |(_, value)| value).to_owned());
        }
        all.extend(url.query_pairs().map(|(_, value)| value.into_owned()));
        all.extend([url.username(), url.password().unwrap_or_default()].map(str::to_owned));
        all.push(url.path().to_owned());
        let pieces = url.path().split('/').filter(|piece| piece.len() >= PIECE);
        all.extend(pieces.map(str::to_owned));
        // A text is looked at as it stands and as it reads.
        all.extend(all.clone().iter().map(|text| Plain::of(text).text()));
        all.retain(|text| text.len() >= SHORTEST);
        all.sort_unstable();
        all.dedup();
        Secrets { all }
    }

    /// `text` without any of them, also where they are written with the escapes of JSON or of
    /// addresses, or one within the other.
    pub fn hide<'text>(&self, text: &'text str) -> Cow<'text, str> {
        let mut found = self.found(text.as_bytes(), |at| at);
        if text.contains(['\\', '%']) {
            let mut plain = Some(Plain::of(text));
            for _ in 0..DEEPEST {
                let Some(read) = plain else { break };
                found.extend(self.found(&read.bytes, |at| read.at[at]));
                plain = read.again();
            }
        }
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        found.sort_unstable_by_key(|range| range.start);
        let (mut shown, mut from) = (String::with_capacity(text.len()), 0);
        for Range { start, end } in found {
            if start >= from {
                shown.push_str(text.get(from..start).unwrap_or_default());
                shown.push_str(HIDDEN);
            }
            from = from.max(end);
        }
        shown.push_str(text.get(from..).unwrap_or_default());
        Cow::Owned(shown)
    }

    /// Where any of them stand, `place` saying where that is in what is shown.
    fn found(&self, text: &[u8], place: impl Fn(usize) -> usize) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut note = |start: usize, end: usize| found.push(place(start)..place(end));
        for secret in &self.all {
            let secret = secret.as_bytes();
            for at in matches(text, secret) {
                note(at, at + secret.len());
            }
            let is_one = secret.iter().all(u8::is_ascii_graphic);
            if secret.len() < LONG || !is_one {
                continue;
            }
            for at in matches(text, &secret[..PART]) {
                let both = text[at..].iter().zip(secret);
                note(at, at + both.take_while(|(one, other)| one == other).count());
            }
            for at in matches(text, &secret[secret.len() - PART..]) {
                let both = text[..at + PART].iter().rev().zip(secret.iter().rev());
                let length = both.take_while(|(one, other)| one == other).count();
                note(at + PART - length, at + PART);
            }
        }
        found
    }
}

/// Where `part` begins in `text`.
fn matches<'a>(text: &'a [u8], part: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    let windows = text.windows(part.len()).enumerate();
    windows.filter(move |(_, window)| *window == part).map(|(at, _)| at)
}

/// A text as it reads without escapes.
struct Plain {
    bytes: Vec<u8>,
    /// Where each of them, and the end, stands in the text with them.
    at: Vec<usize>,
}

impl Plain {
    fn of(text: &str) -> Plain {
        Plain::read(text.as_bytes(), &(0..=text.len()).collect::<Vec<_>>())
    }

    /// Without the escapes that come to light once those around them are gone.
    fn again(&self) -> Option<Plain> {
        let again = Plain::read(&self.bytes, &self.at);
        (again.bytes.len() < self.bytes.len()).then_some(again)
    }

    fn read(text: &[u8], places: &[usize]) -> Plain {
        let (mut bytes, mut at, mut here) = (Vec::with_capacity(text.len()), Vec::new(), 0);
        while let Some(first) = text.get(here) {
            let slashes = text[here..].iter().take_while(|it| **it == b'\\').count();
            let after = &text[here + slashes..];
            let start = bytes.len();
            let length = if let Some(letter) = code(after).filter(|_| slashes > 0) {
                bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                slashes + 5
            } else if slashes > 0 {
                // The letter that they stand before is what it is.
                bytes.extend(after.first());
                slashes + usize::from(!after.is_empty())
            } else if let Some(byte) = hexadecimal(text, here) {
                bytes.push(byte);
                3
            } else {
                bytes.push(*first);
                1
            };
            at.resize(at.len() + bytes.len() - start, places[here]);
            here += length;
        }
        at.push(places[text.len()]);
        Plain { bytes, at }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// The letter of `u002B`; half of a pair stands for none that a secret has.
fn code(text: &[u8]) -> Option<char> {
    let digits = std::str::from_utf8(text.strip_prefix(b"u")?.get(..4)?).ok()?;
    let is_code = digits.bytes().all(|it| it.is_ascii_hexdigit());
    let code = u32::from_str_radix(digits, 16).ok().filter(|_| is_code)?;
    Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
}

/// The byte of `%2B` at `here`.
fn hexadecimal(text: &[u8], here: usize) -> Option<u8> {
    let digit = |at: usize| char::from(*text.get(at)?).to_digit(16);
    let code = (text[here] == b'%').then(|| Some(digit(here + 1)? * 16 + digit(here + 2)?))??;
    u8::try_from(code).ok()
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "z_1ab/cd+ef-0123456789-abcdefghij";

    fn secrets(url: &str, header: &str) -> Secrets {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", header.parse().unwrap());
        Secrets::of(&Url::parse(url).unwrap(), &headers)
    }

    #[test]
    fn a_secret_is_found_in_all_its_forms() {
        let of_key = secrets("http://x/", &format!("Api-Key {KEY}"));
        let of_url = secrets("http://me:p%40ss-w0rd%2F@x/in/s3cretpath?code=a%2Bb%3Dc+d&v=1", "x");
        let encoded = KEY.replace('/', "%2F").replace('+', "%2b");
        for (secrets, text, expected) in [
            (&of_key, KEY.to_owned(), "***"),
            (&of_key, format!("a {KEY}, and Api-Key {KEY}."), "a ***, and ***."),
            (&of_key, format!("\"{}\"", KEY.replace('/', "\\/")), "\"***\""),
            (&of_key, KEY.replace('+', "\\u002B"), "***"),
            (&of_key, KEY.replace('z', "\\\\u007a").replace('/', "\\\\\\/"), "***"),
            (&of_key, format!("\\n{KEY}\\n\\\""), "\\n***\\n\\\""),
            (&of_key, format!("?key={encoded}&"), "?key=***&"),
            // An address within an address, within JSON.
            (&of_key, encoded.replace('%', "\\u0025"), "***"),
            (&of_key, encoded.replace('%', "%25"), "***"),
            // Abbreviated: at least twelve letters of its beginning, or of its end.
            (&of_key, format!("{}...", &KEY[..12]), "***..."),
            (&of_key, format!("...{}", &KEY[KEY.len() - 15..]), "...***"),
            (&of_key, format!("{}...", &KEY[..11]), "z_1ab/cd+ef..."),
            (&of_key, "Fine, 100 %. \\u00e4 \\ü \\".to_owned(), "Fine, 100 %. \\u00e4 \\ü \\"),
            (&of_url, "p%40ss-w0rd%2F p@ss-w0rd/".to_owned(), "*** ***"),
            (&of_url, "a%2Bb%3Dc+d, a+b=c+d, a+b=c d".to_owned(), "***, ***, ***"),
            (&of_url, "POST /in/s3cretpath, s3cretpath 你".to_owned(), "POST ***, *** 你"),
        ] {
            assert_eq!(secrets.hide(&text), expected, "{text}");
        }
        let shown = format!("{of_key:?} {of_url:?}");
        assert!(!shown.contains("z_1") && !shown.contains("ss-w0rd"), "{shown}");
    }

    #[test]
    fn hostile_text_does_no_harm() {
        let secrets = secrets("http://x/", "Bearer pässwörd-1");
        for text in ["%", "%%%", "%e4%", "\\u", "\\ud800", "\\\\\\\\", "%f0%9f%98", "ä%c3ä", ""] {
            assert_eq!(secrets.hide(text), text);
        }
        // Read to the end it would take a pass for each pair of digits.
        let deep = format!("%{}", "25".repeat(1 << 18));
        assert_eq!(secrets.hide(&deep), deep);
    }
}
