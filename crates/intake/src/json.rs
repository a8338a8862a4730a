//! JSON as Python writes it: `NaN` and `Infinity` are words in it, though they are no JSON.

use std::borrow::Cow;
use std::ops::Range;

use contract::door::Door;
use contract::problem::shorten;
use serde_json::Value;

use crate::findings::MAX_PROBLEMS;
use crate::{Limits, encoding};

/// Parses a document whose nesting and number of values are within the limits. Bare words that
/// stand for numbers are reported and read as null; whatever else is no JSON is reported with
/// line and column, and ends the reading.
pub(crate) fn parse(bytes: &[u8], door: &Door, limits: &Limits) -> Option<Value> {
    let bytes = encoding::text(bytes, door)?.as_bytes();
    if bytes.iter().all(u8::is_ascii_whitespace) {
        door.report("", "an empty file", "JSON");
        return None;
    }
    let Scan { words, too_deep, values } = scan(bytes, limits);
    if let Some(at) = too_deep {
        let (found, expected) = limits.too_deep();
        door.report(&line_and_column(bytes, at), found, &expected);
        return None;
    }
    if values > limits.max_values {
        let (found, expected) = limits.too_many_values();
        door.report("", found, &expected);
        return None;
    }
    for word in &words {
        door.report(&word.pointer, String::from_utf8_lossy(&bytes[word.at.clone()]), "a number");
    }
    match serde_json::from_slice(&with_nulls(bytes, &words)) {
        Ok(value) => Some(value),
        Err(error) => {
            let (line, column) = place_of(&error, bytes, &words);
            let (found, expected) = explain(&error);
            door.report(&format!("line {line}, column {column}"), found, &expected);
            None
        }
    }
}

/// What serde_json found, and what usually helps.
fn explain(error: &serde_json::Error) -> (String, String) {
    let text = error.to_string();
    let what = text.split(" at line ").next().unwrap_or(&text);
    let help = match what {
        _ if error.is_eof() => " (the file ends too early: was it cut off?)",
        "trailing comma" => " (no comma behind the last element)",
        "key must be a string" => " (names of fields in double quotes, and no comments)",
        "trailing characters" => " (one value in the file, nothing behind it)",
        "expected value" => " (a text in double quotes, a number, true, false, null, [ or {)",
        "expected `,` or `}`" | "expected `,` or `]`" => {
            " (a comma between elements; a quote within a text as \\\")"
        }
        "number out of range" => " (a number that a computer can hold)",
        what if what.starts_with("control character") => " (a line end within a text as \\n)",
        what if what.contains("escape") => " (escapes such as \\n and \\u00e9, whole ones)",
        _ => "",
    };
    (format!("something that is no JSON ({what})"), format!("JSON{help}"))
}

/// `line 3, column 7` for a byte, in characters.
fn line_and_column(bytes: &[u8], at: usize) -> String {
    let before = String::from_utf8_lossy(&bytes[..at]);
    let (line, rest) = (before.matches('\n').count() + 1, before.rsplit('\n').next());
    format!("line {line}, column {}", rest.unwrap_or_default().chars().count() + 1)
}

/// What can be said of a document before it is parsed.
struct Scan {
    words: Vec<Word>,
    /// The byte at which nesting exceeds the limit.
    too_deep: Option<usize>,
    /// How many values there are: as many as separators and containers, and one.
    values: usize,
}

/// A word such as `NaN`: where it is in the bytes, and in the document.
#[derive(Debug)]
struct Word {
    at: Range<usize>,
    pointer: String,
}

/// What encloses a place: an object's latest key (quoted), or a list's index.
enum Frame {
    Key(Range<usize>),
    Index(usize),
}

/// Looks for nesting, values, and the words outside strings that Python writes where a float
/// is not finite: as many as are worth a problem each; at one more, the parser stops.
fn scan(bytes: &[u8], limits: &Limits) -> Scan {
    let (mut words, mut frames, mut string) = (Vec::new(), Vec::new(), 0..0);
    let (mut at, mut values) = (0, 1);
    while at < bytes.len() && frames.len() <= limits.max_depth && values <= limits.max_values {
        let mut next = at + 1;
        values += usize::from(matches!(bytes[at], b'{' | b'[' | b','));
        match bytes[at] {
            b'"' => {
                next = string_end(bytes, at);
                string = at..next;
            }
            b'{' => frames.push(Frame::Key(0..0)),
            b'[' => frames.push(Frame::Index(0)),
            b'}' | b']' => drop(frames.pop()),
            b':' => {
                if let Some(Frame::Key(key)) = frames.last_mut() {
                    *key = string.clone();
                }
            }
            b',' => {
                if let Some(Frame::Index(index)) = frames.last_mut() {
                    *index += 1;
                }
            }
            b'N' | b'I' | b'-' if words.len() < MAX_PROBLEMS => {
                let candidates: [&[u8]; 3] = [b"NaN", b"Infinity", b"-Infinity"];
                if let Some(word) = candidates.iter().find(|word| bytes[at..].starts_with(word)) {
                    next = at + word.len();
                    words.push(Word { at: at..next, pointer: pointer(bytes, &frames) });
                }
            }
            _ => {}
        }
        at = next;
    }
    let too_deep = (frames.len() > limits.max_depth).then(|| at - 1);
    Scan { words, too_deep, values }
}

/// Behind the string that begins at `start`.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn pointer(bytes: &[u8], frames: &[Frame]) -> String {
    let token = |frame: &Frame| match frame {
        Frame::Index(index) => format!("/{index}"),
        Frame::Key(quoted) => {
            // Long keys are cut before they are copied: they may be hostile.
            let quoted = &bytes[quoted.start..quoted.end.min(quoted.start + 256)];
            let text = String::from_utf8_lossy(quoted);
            let key: String =
                serde_json::from_str(&text).unwrap_or_else(|_| shorten(text.trim_matches('"'), 60));
            let key = key.replace(char::is_control, "\u{fffd}");
            format!("/{}", key.replace('~', "~0").replace('/', "~1"))
        }
    };
    frames.iter().map(token).collect()
}

fn with_nulls<'a>(bytes: &'a [u8], words: &[Word]) -> Cow<'a, [u8]> {
    if words.is_empty() {
        return Cow::Borrowed(bytes);
    }
    let (mut patched, mut from) = (Vec::with_capacity(bytes.len() + words.len()), 0);
    for word in words {
        patched.extend_from_slice(&bytes[from..word.at.start]);
        // As long as the word, where that can be, so that columns stay true.
        patched.extend_from_slice(format!("{:<1$}", "null", word.at.len()).as_bytes());
        from = word.at.end;
    }
    patched.extend_from_slice(&bytes[from..]);
    Cow::Owned(patched)
}

/// Line and column, in characters, of an error in the patched bytes.
fn place_of(error: &serde_json::Error, bytes: &[u8], words: &[Word]) -> (usize, usize) {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let start: usize = lines.take(error.line().saturating_sub(1)).map(<[u8]>::len).sum();
    let rest = &bytes[start..];
    let line = rest.split(|byte| *byte == b'\n').next().unwrap_or(rest);
    let grown = words.iter().filter(|word| {
        word.at.len() < "null".len() && (start..start + line.len()).contains(&word.at.start)
    });
    let end = error.column().saturating_sub(grown.count()).min(line.len());
    (error.line(), String::from_utf8_lossy(&line[..end]).chars().count().max(1))
}
