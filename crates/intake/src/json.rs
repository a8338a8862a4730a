//! JSON as Python writes it: `NaN` and `Infinity` are words in it, though they are no JSON.

use std::borrow::Cow;
use std::ops::Range;

use contract::door::Door;
use contract::problem::shorten;
use serde_json::Value;

use crate::findings::MAX_PROBLEMS;

/// Deeper nesting than serde_json reads.
const MAX_DEPTH: usize = 128;

/// Parses a document. Bare words that stand for numbers are reported and read as null;
/// whatever else is no JSON is reported with line and column, and ends the reading.
pub(crate) fn parse(bytes: &[u8], door: &Door) -> Option<Value> {
    let bytes = without_mark(bytes);
    let words = bare_words(bytes);
    for word in &words {
        door.report(&word.pointer, String::from_utf8_lossy(&bytes[word.at.clone()]), "a number");
    }
    match serde_json::from_slice(&with_nulls(bytes, &words)) {
        Ok(value) => Some(value),
        Err(error) => {
            let (line, column) = place_of(&error, bytes, &words);
            let text = error.to_string();
            let what = text.split(" at line ").next().unwrap_or(&text);
            let found = format!("something that is no JSON ({what})");
            door.report(&format!("line {line}, column {column}"), found, "JSON");
            None
        }
    }
}

/// `bytes` without the byte order mark that some editors put in front.
pub(crate) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
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

/// The words outside strings that Python writes where a float is not finite. As many as are
/// worth a problem each; at one more, the parser stops.
fn bare_words(bytes: &[u8]) -> Vec<Word> {
    let (mut words, mut frames, mut string) = (Vec::new(), Vec::new(), 0..0);
    let mut at = 0;
    while at < bytes.len() && frames.len() <= MAX_DEPTH && words.len() < MAX_PROBLEMS {
        let mut next = at + 1;
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
            b'N' | b'I' | b'-' => {
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
    words
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
