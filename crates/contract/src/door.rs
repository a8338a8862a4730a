//! Reading hostile JSON field by field, without stopping at the first mistake.
//!
//! A derive stops at the first wrong field and forgets where it was. At a door where people
//! or other programs come in, every problem is wanted at once, with its JSON pointer. So:
//! open a [`Door`], read from its [`Object`]s, and close it with [`Door::close`].

use std::cell::{Cell, RefCell};
use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::problem::{Problem, Problems, suggest};

/// The most problems of a message that are kept. Beyond them, hostile kilobytes would be
/// answered with megabytes, which no message can hold.
const MAX_PROBLEMS: usize = 1000;

/// Collects the problems of one document; `document` is a file's name, or a subject.
#[derive(Debug)]
pub struct Door {
    document: String,
    problems: RefCell<Vec<Problem>>,
    /// How many problems are kept, the others being counted.
    most: usize,
    omitted: Cell<usize>,
}

/// A JSON object at a known place. Every getter that finds something wrong reports it to the
/// door and returns `None`.
#[derive(Clone, Debug)]
pub struct Object<'a> {
    door: &'a Door,
    pointer: String,
    fields: &'a Map<String, Value>,
}

impl Door {
    /// A door for one document, which keeps every problem.
    pub fn new(document: impl Into<String>) -> Door {
        let (problems, omitted) = (RefCell::default(), Cell::default());
        Door { document: document.into(), problems, most: usize::MAX, omitted }
    }

    /// A door for a message, whose problems have to fit into another one: after a thousand, the
    /// rest are only counted.
    pub fn of_message() -> Door {
        Door { most: MAX_PROBLEMS, ..Door::new("") }
    }

    /// Notes a problem at a JSON pointer (or any other place within the document).
    pub fn report(&self, pointer: &str, found: impl AsRef<str>, expected: &str) {
        if self.problems.borrow().len() == self.most {
            self.omitted.set(self.omitted.get() + 1);
            return;
        }
        let place = match (self.document.as_str(), pointer) {
            ("", pointer) => pointer.to_owned(),
            (document, "") => document.to_owned(),
            (document, pointer) => format!("{document} {pointer}"),
        };
        self.problems.borrow_mut().push(Problem::new(place, found, expected));
    }

    /// The document's root, if it is an object.
    pub fn root<'a>(&'a self, value: &'a Value) -> Option<Object<'a>> {
        self.object(value, String::new())
    }

    /// `value` as an object at `pointer`.
    pub fn object<'a>(&'a self, value: &'a Value, pointer: String) -> Option<Object<'a>> {
        if let Value::Object(fields) = value {
            return Some(Object { door: self, pointer, fields });
        }
        self.report(&pointer, describe(value), "an object");
        None
    }

    /// `value` if nothing was reported.
    ///
    /// # Errors
    /// Everything that was reported, in order.
    pub fn close<T>(self, value: Option<T>) -> Result<T, Problems> {
        let mut problems = self.problems.into_inner();
        if self.omitted.get() > 0 {
            let found = format!("{} more problems", self.omitted.get());
            problems.push(Problem::new("the rest", found, "none; mend those above first"));
        }
        debug_assert!(value.is_some() || !problems.is_empty(), "nothing built, nothing reported");
        Problems::none_or(problems, value)
    }

    /// How many problems were reported so far.
    pub fn count(&self) -> usize {
        self.problems.borrow().len() + self.omitted.get()
    }
}

impl<'a> Object<'a> {
    /// The door through which it came.
    pub fn door(&self) -> &'a Door {
        self.door
    }

    /// Where this object's field `key` is.
    pub fn pointer(&self, key: &str) -> String {
        format!("{}/{}", self.pointer, key.replace('~', "~0").replace('/', "~1"))
    }

    /// Notes a problem with the field `key`.
    pub fn report(&self, key: &str, found: impl AsRef<str>, expected: &str) {
        self.door.report(&self.pointer(key), found, expected);
    }

    /// Notes a problem with the object as a whole.
    pub fn report_whole(&self, found: impl AsRef<str>, expected: &str) {
        self.door.report(&self.pointer, found, expected);
    }

    /// The raw field; `None` where it is absent or null, which are the same to us.
    pub fn get(&self, key: &str) -> Option<&'a Value> {
        self.fields.get(key).filter(|value| !value.is_null())
    }

    /// Reports each field that is not in `known`, with a suggestion.
    pub fn refuse_unknown(&self, known: &[&str]) {
        for key in self.unknown(known) {
            let expected = match suggest(key, known) {
                Some(meant) => format!("{meant:?} (did you mean that?)"),
                None if known.is_empty() => "no field at all".to_owned(),
                None => format!("one of {}", known.join(", ")),
            };
            self.report(key, "an unknown field", &expected);
        }
    }

    /// The fields that are not in `known`.
    pub fn unknown(&self, known: &[&str]) -> Vec<&'a str> {
        self.fields.keys().map(String::as_str).filter(|key| !known.contains(key)).collect()
    }

    /// Reports `key` as missing if it is absent or null.
    pub fn require(&self, key: &str, expected: &str) -> Option<&'a Value> {
        let value = self.get(key);
        if value.is_none() {
            self.report(key, "nothing", expected);
        }
        value
    }

    /// A text. `Some(None)`-like absence is `None` without a report; see [`Object::require`].
    pub fn text(&self, key: &str) -> Option<&'a str> {
        let value = self.get(key)?;
        if value.as_str().is_none() {
            self.report(key, describe(value), "a text");
        }
        value.as_str()
    }

    /// A text parsed into something stricter; the error's text is what was expected.
    pub fn parsed<T>(&self, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let text = self.text(key)?;
        match parse(text) {
            Ok(value) => Some(value),
            Err(expected) => {
                self.report(key, format!("{text:?}"), &expected);
                None
            }
        }
    }

    /// A whole number within `range`; `10.0` counts as whole.
    pub fn integer(&self, key: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let value = self.get(key)?;
        let number = integer(value).filter(|number| range.contains(number));
        if number.is_none() {
            let expected = format!("a whole number from {} to {}", range.start(), range.end());
            self.report(key, describe(value), &expected);
        }
        number
    }

    /// A whole number within `range` that fits 32 bits.
    pub fn u32(&self, key: &str, range: RangeInclusive<u32>) -> Option<u32> {
        let wide = u64::from(*range.start())..=u64::from(*range.end());
        self.integer(key, wide).and_then(|number| u32::try_from(number).ok())
    }

    /// A whole number within `range` that may be negative.
    pub fn i32(&self, key: &str, range: RangeInclusive<i32>) -> Option<i32> {
        let value = self.get(key)?;
        let number = signed(value).and_then(|number| i32::try_from(number).ok());
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            let expected = format!("a whole number from {} to {}", range.start(), range.end());
            self.report(key, describe(value), &expected);
        }
        number
    }

    /// A decimal within `range` (in millionths), as millionths.
    pub fn millionths(&self, key: &str, range: RangeInclusive<i64>) -> Option<i64> {
        let value = self.get(key)?;
        let number = millionths(value).filter(|number| range.contains(number));
        if number.is_none() {
            let (low, high) = (decimal(*range.start()), decimal(*range.end()));
            self.report(key, describe(value), &format!("a number from {low} to {high}"));
        }
        number
    }

    /// True or false.
    pub fn boolean(&self, key: &str) -> Option<bool> {
        let value = self.get(key)?;
        if value.as_bool().is_none() {
            self.report(key, describe(value), "true or false");
        }
        value.as_bool()
    }

    /// An object.
    pub fn object(&self, key: &str) -> Option<Object<'a>> {
        self.door.object(self.get(key)?, self.pointer(key))
    }

    /// A list, each element with its pointer; empty where absent or not a list.
    pub fn list(&self, key: &str) -> Vec<(String, &'a Value)> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let Value::Array(elements) = value else {
            self.report(key, describe(value), "a list");
            return Vec::new();
        };
        let pointer = self.pointer(key);
        elements.iter().enumerate().map(|(i, v)| (format!("{pointer}/{i}"), v)).collect()
    }
}

/// The JSON of a message body of at most `max_bytes`.
///
/// # Errors
/// That it is longer, or no JSON.
pub fn parse_body(body: &[u8], max_bytes: usize) -> Result<Value, Problems> {
    if body.len() > max_bytes {
        let (found, expected) =
            (format!("{} bytes", body.len()), format!("at most {max_bytes} bytes"));
        return Err(Problem::new("body", found, &expected).into());
    }
    serde_json::from_slice(body)
        .map_err(|error| Problem::new("body", error.to_string(), "a JSON object").into())
}

/// `value` as a whole number, where it is one and not negative.
pub fn integer(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| signed(value).and_then(|number| u64::try_from(number).ok()))
}

/// `value` as a whole number, where it is one; `-10.0` is.
fn signed(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let number = value.as_f64()?;
        let whole = number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_991.0;
        #[expect(clippy::cast_possible_truncation, reason = "whole and small, checked above")]
        whole.then_some(number as i64)
    })
}

/// `value` in millionths, rounded to the nearest; `None` where it is no number of at most a
/// billion. This is the one place where a decimal becomes an integer.
pub fn millionths(value: &Value) -> Option<i64> {
    let number = value.as_f64().filter(|number| number.abs() <= 1e9)?;
    #[expect(clippy::cast_possible_truncation, reason = "at most 1e15, checked above")]
    Some((number * 1e6).round() as i64)
}

/// Millionths as a person writes them: `1500000` is `1.5`.
pub fn decimal(millionths: i64) -> String {
    let (whole, rest) =
        (millionths.unsigned_abs() / 1_000_000, millionths.unsigned_abs() % 1_000_000);
    let sign = if millionths < 0 { "-" } else { "" };
    let digits = format!("{rest:06}");
    match digits.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        digits => format!("{sign}{whole}.{digits}"),
    }
}

/// What a JSON value is, in words fit for an error.
pub fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => format!("the text {:?}", crate::problem::shorten(text, 60)),
        Value::Array(elements) => format!("a list of {}", elements.len()),
        Value::Object(_) => "an object".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_problem_is_reported_with_its_pointer() {
        let value = json!({"name": 7, "count": -1, "rate": "fast", "colr": 1, "inner": {"on": 0}});
        let door = Door::new("file.json");
        let root = door.root(&value).unwrap();
        root.refuse_unknown(&["name", "count", "rate", "color", "inner", "id"]);
        assert_eq!(root.text("name"), None);
        assert_eq!(root.integer("count", 0..=10), None);
        assert_eq!(root.millionths("rate", 0..=1_000_000), None);
        assert_eq!(root.object("inner").unwrap().boolean("on"), None);
        assert_eq!(root.require("id", "a text"), None);
        let problems = door.close(None::<()>).unwrap_err();
        assert_eq!(
            problems.to_string(),
            "file.json /colr: found an unknown field, expected \"color\" (did you mean that?)\n\
             file.json /name: found 7, expected a text\n\
             file.json /count: found -1, expected a whole number from 0 to 10\n\
             file.json /rate: found the text \"fast\", expected a number from 0 to 1\n\
             file.json /inner/on: found 0, expected true or false\n\
             file.json /id: found nothing, expected a text"
        );
    }

    #[test]
    fn a_flood_of_problems_of_a_message_is_cut_and_counted() {
        let fields = (0..1234).map(|number| (number.to_string(), Value::Null));
        let value = Value::Object(fields.collect());
        let door = Door::of_message();
        door.root(&value).unwrap().refuse_unknown(&["v"]);
        assert_eq!(door.count(), 1234);
        let problems = door.close(None::<()>).unwrap_err();
        assert_eq!(problems.as_slice().len(), MAX_PROBLEMS + 1);
        let last = problems.as_slice().last().unwrap().to_string();
        assert_eq!(
            last,
            "the rest: found 234 more problems, expected none; mend those above first"
        );
    }

    #[test]
    fn decimals_become_millionths_and_back() {
        assert_eq!(millionths(&json!(0.05)), Some(50_000));
        assert_eq!(millionths(&json!(-1)), Some(-1_000_000));
        assert_eq!(millionths(&json!(1e300)), None);
        assert_eq!(decimal(-1_500_000), "-1.5");
        assert_eq!(decimal(3_000_000), "3");
    }
}
