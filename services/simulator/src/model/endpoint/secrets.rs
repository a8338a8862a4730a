//! What must not be shown of an address and a key, wherever and however it turns up: some servers
//! and gateways repeat it, and what is made of an answer is kept.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use reqwest::Url;
use serde_json::{Map, Value};

/// Shorter texts are no secrets; to hide them would hide half of what is said.
const SHORTEST: usize = 4;
/// The same in good answers: a key may be a word (`none`, `test`) that means no key, and that
/// models say as well.
const SHORTEST_IN_ANSWERS: usize = 12;
/// From how many letters on a part of an address may be a secret.
const SEGMENT: usize = 16;
/// Keys from this length on are hidden in part as well: their beginning or end, of at least so
/// many letters.
const LONG: usize = 24;
const PART: usize = 12;
/// What stands in the place of a secret.
const HIDDEN: &str = "***";

/// The texts that must not be shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    all: Vec<String>,
    /// Those whose beginnings and ends are secret too.
    long: Vec<String>,
}

/// Where a text is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A good answer of a model.
    Answer,
    /// An error, or what is no answer.
    Other,
}

impl Secrets {
    /// Those of an address and a key.
    pub(super) fn of(url: &Url, key: Option<&str>) -> Secrets {
        let user = unescaped(url.username());
        let password = url.password().map(unescaped);
        let basic = (!user.is_empty() || password.is_some())
            .then(|| base64(format!("{user}:{}", password.as_deref().unwrap_or("")).as_bytes()));
        let keys = key.map(str::to_owned).into_iter().chain(password).chain(basic);
        let keys: Vec<String> = keys.collect();
        let long = keys.iter().filter(|key| key.len() >= LONG && key.is_ascii());
        let long = long.cloned().collect();

        let query = url.query().unwrap_or_default().split('&');
        let query = query.map(|pair| pair.split_once('=').map_or(pair, |(_, value)| value));
        let written = query.chain([url.username(), url.password().unwrap_or_default()]);
        let mut all: Vec<String> =
            written.flat_map(|text| [text.to_owned(), unescaped(text)]).chain(keys).collect();
        all.extend(url.query_pairs().map(|(_, value)| value.into_owned()));
        all.retain(|text| text.len() >= SHORTEST);
        for segment in url.path().split('/').filter(|text| text.len() >= SEGMENT) {
            all.extend([segment.to_owned(), unescaped(segment)]);
        }
        // A text is looked at as it reads without backslashes.
        all.extend(all.clone().iter().filter_map(|text| Some(Plain::of(text)?.text)));
        all.retain(|text| !text.is_empty());
        all.sort_unstable();
        all.dedup();
        Secrets { all, long }
    }

    /// `text` without any of them, also where they are written with the escapes of JSON, however
    /// often one within the other.
    pub fn hide<'text>(&self, text: &'text str, source: Source) -> Cow<'text, str> {
        let plain = Plain::of(text);
        let found = self.found(plain.as_ref().map_or(text, |plain| &plain.text), source);
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        let at = |at: usize| plain.as_ref().map_or(at, |plain| plain.at[at]);
        let (mut shown, mut from) = (String::with_capacity(text.len()), 0);
        for Range { start, end } in found {
            shown.push_str(&text[from..at(start)]);
            shown.push_str(HIDDEN);
            from = at(end);
        }
        shown.push_str(&text[from..]);
        Cow::Owned(shown)
    }

    /// The same in all texts of a value, the names of fields included.
    pub fn hide_in(&self, value: &mut Value, source: Source) {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
            Value::String(text) => {
                if let Cow::Owned(hidden) = self.hide(text, source) {
                    *text = hidden;
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|it| self.hide_in(it, source)),
            Value::Object(fields) => {
                fields.values_mut().for_each(|it| self.hide_in(it, source));
                let is_named = |name: &String| matches!(self.hide(name, source), Cow::Owned(_));
                if fields.keys().any(is_named) {
                    let named = std::mem::take(fields).into_iter();
                    let hidden = named.map(|(name, it)| (self.hide(&name, source).into(), it));
                    *fields = hidden.collect::<Map<String, Value>>();
                }
            }
        }
    }

    /// Where any of them stand, in order and apart from each other.
    fn found(&self, text: &str, source: Source) -> Vec<Range<usize>> {
        let least = match source {
            Source::Answer => SHORTEST_IN_ANSWERS,
            Source::Other => 0,
        };
        let mut found = Vec::new();
        for secret in self.all.iter().filter(|secret| secret.len() >= least) {
            found.extend(text.match_indices(secret).map(|(at, it)| at..at + it.len()));
        }
        for secret in &self.long {
            let (head, tail) = (&secret[..PART], &secret[secret.len() - PART..]);
            for (at, _) in text.match_indices(head) {
                let both = text[at..].bytes().zip(secret.bytes());
                found.push(at..at + both.take_while(|(one, other)| one == other).count());
            }
            for (at, _) in text.match_indices(tail) {
                let end = at + tail.len();
                let both = text.as_bytes()[..end].iter().rev().zip(secret.bytes().rev());
                found.push(end - both.take_while(|(one, other)| **one == *other).count()..end);
            }
        }
        found.sort_unstable_by_key(|range| range.start);
        let mut apart: Vec<Range<usize>> = Vec::with_capacity(found.len());
        for range in found {
            match apart.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => apart.push(range),
            }
        }
        apart
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

/// A text as it reads without the escapes of JSON.
struct Plain {
    text: String,
    /// Where each byte of it, and its end, stands in the text with them.
    at: Vec<usize>,
}

impl Plain {
    /// `None`: there are no escapes.
    fn of(escaped: &str) -> Option<Plain> {
        let mut run = escaped.find('\\')?;
        let (mut text, mut at) = (escaped[..run].to_owned(), (0..run).collect::<Vec<_>>());
        let mut rest = &escaped[run..];
        while !rest.is_empty() {
            let after = rest.trim_start_matches('\\');
            let code = if after.len() < rest.len() { code(after) } else { None };
            let Some(first) = after.chars().next() else { break };
            let (letter, length) = code.map_or((first, first.len_utf8()), |letter| (letter, 5));
            text.push(letter);
            at.resize(text.len(), run);
            rest = &after[length..];
            run = escaped.len() - rest.len();
        }
        at.push(escaped.len());
        Some(Plain { text, at })
    }
}

/// The letter of `u002B`; half of a pair stands for none that a secret has.
fn code(text: &str) -> Option<char> {
    let digits = text.strip_prefix('u')?.get(..4)?;
    let is_code = digits.bytes().all(|it| it.is_ascii_hexdigit());
    let code = u32::from_str_radix(digits, 16).ok().filter(|_| is_code)?;
    Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
}

/// A part of an address without its escapes (`%2B`).
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digit = |at: usize| char::from(*after.get(at)?).to_digit(16);
        let code = (*first == b'%').then(|| Some(digit(0)? * 16 + digit(1)?)).flatten();
        let (byte, taken) = match code.and_then(|code| u8::try_from(code).ok()) {
            Some(byte) => (byte, 2),
            None => (*first, 0),
        };
        bytes.push(byte);
        rest = &after[taken..];
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// As a user and a password are sent.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place > chunk.len() { '=' } else { char::from(letter) });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const KEY: &str = "sk-ab/cd+ef-0123456789-abcdefghij";

    fn secrets(url: &str, key: Option<&str>) -> Secrets {
        Secrets::of(&Url::parse(url).unwrap(), key)
    }

    #[test]
    fn a_secret_is_found_in_all_its_forms() {
        let of_key = secrets("http://x/v1", Some(KEY));
        let of_url = secrets("http://me:p%40ss-w0rd%2F@x/v1?code=a%2Bb%3Dc+d&v=2024-10-21", None);
        for (secrets, text, expected) in [
            (&of_key, KEY.to_owned(), "***"),
            (&of_key, format!("a {KEY}, and {KEY}."), "a ***, and ***."),
            (&of_key, format!("\"{}\"", KEY.replace('/', "\\/")), "\"***\""),
            (&of_key, KEY.replace('+', "\\u002B"), "***"),
            (&of_key, KEY.replace('s', "\\\\u0073").replace('/', "\\\\\\/"), "***"),
            (&of_key, format!("\\n{KEY}\\n\\\""), "\\n***\\n\\\""),
            // Abbreviated: at least twelve letters of its beginning, or of its end.
            (&of_key, format!("{}...", &KEY[..12]), "***..."),
            (&of_key, format!("{}...", &KEY[..20]), "***..."),
            (&of_key, format!("...{}", &KEY[KEY.len() - 15..]), "...***"),
            (&of_key, format!("{}...", &KEY[..11]), "sk-ab/cd+ef..."),
            (&of_key, "Fine. \\u00e4 \\ü \\".to_owned(), "Fine. \\u00e4 \\ü \\"),
            (&of_url, "p%40ss-w0rd%2F p@ss-w0rd/".to_owned(), "*** ***"),
            (&of_url, "Basic bWU6cEBzcy13MHJkLw==".to_owned(), "Basic ***"),
            (&of_url, "a%2Bb%3Dc+d, a+b=c+d, a+b=c d".to_owned(), "***, ***, ***"),
            (&of_url, "me, v 2024-10-21".to_owned(), "me, v ***"),
        ] {
            assert_eq!(secrets.hide(&text, Source::Other), expected, "{text}");
        }
        let shown = format!("{of_key:?} {of_url:?}");
        assert!(!shown.contains("sk-") && !shown.contains("ss-w0rd"), "{shown}");
    }

    #[test]
    fn a_placeholder_for_a_key_damages_no_answer() {
        for key in ["none", "test", "null", "1234", "placeholder"] {
            let secrets = secrets("http://x/v1", Some(key));
            let text = format!("{{\"{key}\": \"{key}\"}}");
            assert_eq!(secrets.hide(&text, Source::Answer), text);
            assert_eq!(secrets.hide(&text, Source::Other), "{\"***\": \"***\"}");
        }
    }

    #[test]
    fn the_names_of_fields_are_texts_too() {
        let mut value = json!({"a": [1, null, format!("x {KEY}")], KEY: {"b": true}});
        secrets("http://x/v1", Some(KEY)).hide_in(&mut value, Source::Answer);
        assert_eq!(value, json!({"a": [1, null, "x ***"], "***": {"b": true}}));
    }

    #[test]
    fn base64_is_as_others_write_it() {
        for (text, expected) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob\u{ff}", "Zm9vYsO/")]
        {
            assert_eq!(base64(text.as_bytes()), expected);
        }
    }
}
