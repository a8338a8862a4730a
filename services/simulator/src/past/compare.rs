//! The stored messages of one tick beside those that its journal makes.

use bytes::Bytes;
use contract::frame::Frame;
use contract::past::{Finding, FindingKind};
use serde_json::Value;

/// Characters of a value that are shown.
const SHOWN: usize = 80;

/// What follows from all else, so that it is the last to be named.
const DIGESTS: [&str; 2] = ["digest", "previous_digest"];

/// A stored message that is a frame, or a part of one.
pub(super) struct Piece {
    pub(super) sequence: u64,
    pub(super) body: Bytes,
    pub(super) frame: Box<Frame>,
}

/// Compares the `pieces` that are stored for a tick with the messages `made` of its frame, and
/// adds what is wrong; true if they are a whole frame. Where there are `holes`, what is missing
/// is known already.
pub(super) fn pieces(
    frame: &Frame,
    made: &[Vec<u8>],
    pieces: &[Piece],
    holes: bool,
    findings: &mut Vec<Finding>,
) -> bool {
    let is_other = |(piece, made): &(&Piece, &Vec<u8>)| piece.body != made.as_slice();
    let first_other = pieces.iter().zip(made).find(is_other);
    if pieces.is_empty() || (pieces.len() == made.len() && first_other.is_none()) {
        return !pieces.is_empty();
    }
    let mut add = |sequence, kind, what| {
        findings.push(Finding { tick: Some(frame.tick), sequence, kind, what });
    };
    match join(pieces) {
        Ok(whole) => {
            let (piece, made_piece) = first_other.unwrap_or((&pieces[0], &made[0]));
            let what = first_difference(&whole, frame).unwrap_or_else(|| {
                match pieces.len() == made.len() {
                    true => other_bytes(piece, made_piece),
                    false => {
                        format!("has {} parts, the journal makes {}", pieces.len(), made.len())
                    }
                }
            });
            let fits = if whole.compute_digest() == whole.digest { "fits" } else { "does not fit" };
            let what = format!("{what}; its own digest {fits} what it says");
            add(Some(piece.sequence), FindingKind::Differs, what);
            true
        }
        Err((sequence, what)) => {
            if !holes {
                add(sequence, FindingKind::Incomplete, what);
            }
            for piece in pieces {
                let part = piece.frame.part;
                let its_own = part.checked_sub(1).and_then(|index| made.get(index as usize));
                let what = match its_own {
                    Some(its_own) if piece.body == its_own.as_slice() => continue,
                    Some(its_own) => other_bytes(piece, its_own),
                    None => format!("part {part}, the journal makes {}", made.len()),
                };
                add(Some(piece.sequence), FindingKind::Differs, what);
            }
            false
        }
    }
}

/// Puts parts together, whatever they hold.
///
/// # Errors
/// Where a part is missing or in the wrong place, and which.
fn join(pieces: &[Piece]) -> Result<Frame, (Option<u64>, String)> {
    let mut whole: Option<Frame> = None;
    let mut parts = 1;
    for (expected, piece) in (1..).zip(pieces) {
        let (sequence, frame) = (Some(piece.sequence), &*piece.frame);
        if frame.part != expected {
            let found = frame.part;
            return Err((sequence, format!("part {found} stands where part {expected} belongs")));
        }
        match &mut whole {
            None => (whole, parts) = (Some(Frame { parts: 1, ..frame.clone() }), frame.parts),
            Some(_) if frame.parts != parts => {
                let found = frame.parts;
                return Err((sequence, format!("a part of {found} stands among parts of {parts}")));
            }
            Some(whole) => whole.actions.extend_from_slice(&frame.actions),
        }
    }
    match whole {
        Some(whole) if pieces.len() as u64 == u64::from(parts) => Ok(whole),
        _ => Err((None, format!("{} of its {parts} parts are stored", pieces.len()))),
    }
}

/// The first difference of two frames, in words.
fn first_difference(stored: &Frame, made: &Frame) -> Option<String> {
    let difference = difference(&value(stored), &value(made))?;
    let index = difference.pointer.strip_prefix("/actions/").and_then(|rest| {
        let index = rest.split('/').next()?;
        index.parse::<usize>().ok()
    });
    let action = index.and_then(|index| made.actions.get(index).or(stored.actions.get(index)));
    let action = action.map(|action| format!(" (action {})", action.seq)).unwrap_or_default();
    let Difference { pointer, stored, made } = difference;
    Some(format!("{pointer}{action} is {stored}, the journal makes {made}"))
}

/// The first difference of two messages that make the same frame, or cannot be put together.
fn other_bytes(stored: &Piece, made: &[u8]) -> String {
    let parse = |bytes| serde_json::from_slice::<Value>(bytes).unwrap_or_default();
    if let Some(difference) = difference(&parse(&stored.body), &parse(made)) {
        let Difference { pointer, stored, made } = difference;
        return format!("{pointer} is {stored}, the journal makes {made}");
    }
    let same = stored.body.iter().zip(made).take_while(|(stored, made)| stored == made).count();
    format!("says the same in other bytes, from byte {same} on")
}

fn value(frame: &Frame) -> Value {
    serde_json::to_value(frame).expect("no map keys that JSON refuses")
}

/// Where two values differ first, and both of them there, shortened.
struct Difference {
    pointer: String,
    stored: String,
    made: String,
}

fn difference(stored: &Value, made: &Value) -> Option<Difference> {
    (stored != made).then(|| descend(Some(stored), Some(made), String::new()))
}

fn descend(stored: Option<&Value>, made: Option<&Value>, pointer: String) -> Difference {
    let differs = |(_, stored, made): &(String, Option<&Value>, Option<&Value>)| stored != made;
    let next = match (stored, made) {
        (Some(Value::Object(stored)), Some(Value::Object(made))) => {
            let added = stored.keys().filter(|key| !made.contains_key(*key));
            let mut keys: Vec<&String> = made.keys().chain(added).collect();
            keys.sort_by_key(|key| DIGESTS.contains(&key.as_str()));
            let escaped = |key: &str| key.replace('~', "~0").replace('/', "~1");
            let both = |key: &String| (escaped(key), stored.get(key), made.get(key));
            keys.into_iter().map(both).find(differs)
        }
        (Some(Value::Array(stored)), Some(Value::Array(made))) => {
            let both = |index: usize| (index.to_string(), stored.get(index), made.get(index));
            (0..stored.len().max(made.len())).map(both).find(differs)
        }
        _ => None,
    };
    match next {
        Some((key, stored, made)) => descend(stored, made, format!("{pointer}/{key}")),
        None => Difference { pointer, stored: shown(stored), made: shown(made) },
    }
}

fn shown(value: Option<&Value>) -> String {
    let Some(value) = value else { return "absent".to_owned() };
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
