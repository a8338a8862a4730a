//! Reading one document: fields, their defaults, and what is to be said about both.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use contract::door::{self, Door, Object, decimal, describe};
use contract::problem::{shorten, suggest};
use contract::spec::Hours;
use serde_json::{Map, Value};

use crate::Limits;

/// One, in millionths.
pub(crate) const ONE: u32 = 1_000_000;

/// Things that a note names; more are counted.
const MAX_NAMED: usize = 20;

/// What stands where a section is absent.
static NOTHING: LazyLock<Value> = LazyLock::new(|| Value::Object(Map::new()));

/// A document that is being read. A getter that finds something wrong reports it and gives
/// the default, so that the reading goes on; the result is thrown away in the end.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    pub(crate) door: &'a Door,
    pub(crate) limits: &'a Limits,
    ignored: BTreeSet<String>,
    /// By field: the default, and how often it was taken.
    defaults: BTreeMap<String, (String, usize)>,
    /// What else is to be said.
    remarks: Vec<String>,
    /// The pointers of fields that somebody has changed by name, and wants to see act.
    changed: BTreeSet<String>,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(door: &'a Door, limits: &'a Limits) -> Reading<'a> {
        Reading::of_changed(door, limits, BTreeSet::new())
    }

    /// The same, of a document in which these fields were changed by name.
    pub(crate) fn of_changed(
        door: &'a Door,
        limits: &'a Limits,
        changed: BTreeSet<String>,
    ) -> Reading<'a> {
        let (ignored, defaults, remarks) = (BTreeSet::new(), BTreeMap::new(), Vec::new());
        Reading { door, limits, ignored, defaults, remarks, changed }
    }

    /// The object at `key`; where there is none, one without fields.
    pub(crate) fn section(&self, parent: &Object<'a>, key: &str) -> Object<'a> {
        parent.object(key).unwrap_or_else(|| self.nothing(parent.pointer(key)))
    }

    /// An object without fields.
    pub(crate) fn nothing(&self, pointer: String) -> Object<'a> {
        self.door.object(&NOTHING, pointer).expect("NOTHING is an object")
    }

    /// Remembers the fields that are not in `known`; one that was changed by name is refused.
    pub(crate) fn ignore_unknown(&mut self, object: &Object<'_>, known: &[&str]) {
        for key in object.unknown(known) {
            match self.is_changed(&object.pointer(key)) {
                true => object.report(key, "an unknown field", &one_of(key, known)),
                false => self.ignore(&in_general(object, &shorten(key, 60))),
            }
        }
    }

    /// Whether a field, or one within it, was changed by name.
    fn is_changed(&self, pointer: &str) -> bool {
        let within = |changed: &str| changed.strip_prefix(pointer).is_some_and(is_end_or_field);
        self.changed.iter().any(|changed| within(changed))
    }

    /// Remembers a field that nobody here knows.
    pub(crate) fn ignore(&mut self, name: &str) {
        self.ignored.insert(shorten(name, 120).escape_debug().to_string());
    }

    /// A whole number.
    pub(crate) fn whole(
        &mut self,
        object: &Object<'_>,
        key: &str,
        range: RangeInclusive<u32>,
        default: u32,
    ) -> u32 {
        let range = u64::from(*range.start())..=u64::from(*range.end());
        self.default_if_absent(object, key, || default.to_string());
        let number = object.integer(key, range).and_then(|number| u32::try_from(number).ok());
        number.unwrap_or(default)
    }

    /// A decimal from 0 to `max`, as millionths; so are `max` and `default`.
    pub(crate) fn ppm(&mut self, object: &Object<'_>, key: &str, max: u32, default: u32) -> u32 {
        self.default_if_absent(object, key, || decimal(default.into()));
        let number = object.millionths(key, 0..=i64::from(max));
        number.and_then(|number| u32::try_from(number).ok()).unwrap_or(default)
    }

    /// A decimal from -1 to 1, as millionths.
    pub(crate) fn signed_ppm(&mut self, object: &Object<'_>, key: &str, default: i32) -> i32 {
        self.default_if_absent(object, key, || decimal(default.into()));
        let number = object.millionths(key, -i64::from(ONE)..=i64::from(ONE));
        number.and_then(|number| i32::try_from(number).ok()).unwrap_or(default)
    }

    /// Two whole numbers from 0 to `max`, the first at most as large as the second.
    pub(crate) fn ordered(
        &mut self,
        object: &Object<'_>,
        keys: [&str; 2],
        max: u32,
        defaults: [u32; 2],
    ) -> (u32, u32) {
        let before = self.door.count();
        let low = self.whole(object, keys[0], 0..=max, defaults[0]);
        let high = self.whole(object, keys[1], 0..=max, defaults[1]);
        if low > high && self.door.count() == before {
            let expected = format!("at most {}, which is {high}", keys[1]);
            object.report(keys[0], low.to_string(), &expected);
        }
        (low, high)
    }

    /// Hours of the day.
    pub(crate) fn hours(
        &mut self,
        object: &Object<'_>,
        key: &str,
        default: RangeInclusive<u8>,
    ) -> Hours {
        let hours_of = |hours| Hours::try_from(hours).unwrap_or_default();
        if object.get(key).is_none() {
            let text = format!("{} to {}", default.start(), default.end());
            self.default_if_absent(object, key, || text);
            return hours_of(default.collect());
        }
        let mut hours = Vec::new();
        for (pointer, value) in object.list(key) {
            let hour = door::integer(value).and_then(|hour| u8::try_from(hour).ok());
            match hour.filter(|hour| *hour <= 23) {
                Some(hour) => hours.push(hour),
                None => self.door.report(&pointer, describe(value), "an hour from 0 to 23"),
            }
        }
        hours_of(hours)
    }

    /// A text, cleaned; `None` where it is absent.
    pub(crate) fn text(&self, object: &Object<'_>, key: &str) -> Option<String> {
        self.cleaned(object.text(key)?, |found, expected| object.report(key, found, expected))
    }

    /// A text that has to be there; `expected` says what it is.
    pub(crate) fn required_text(&self, object: &Object<'_>, key: &str, expected: &str) -> String {
        object.require(key, expected);
        self.text(object, key).unwrap_or_default()
    }

    /// A text that has to be there and to hold more than blanks.
    pub(crate) fn filled_text(&self, object: &Object<'_>, key: &str, expected: &str) -> String {
        let text = self.required_text(object, key, expected);
        if object.get(key).is_some_and(|value| value.as_str().is_some_and(is_blank)) {
            object.report(key, "an empty text", expected);
        }
        text
    }

    /// A list of texts.
    pub(crate) fn texts(&self, object: &Object<'_>, key: &str) -> Vec<String> {
        let text = |(pointer, value): (String, &Value)| {
            let report =
                |found: String, expected: &str| self.door.report(&pointer, found, expected);
            match value.as_str() {
                Some(text) => self.cleaned(text, report),
                None => {
                    report(describe(value), "a text");
                    None
                }
            }
        };
        object.list(key).into_iter().filter_map(text).collect()
    }

    /// A list of topics: texts without the blanks around them; blank ones are none.
    pub(crate) fn topics(&self, object: &Object<'_>, key: &str) -> Vec<String> {
        let texts = self.texts(object, key).into_iter();
        texts.filter(|text| !is_blank(text)).map(|text| text.trim().to_owned()).collect()
    }

    /// `text` with plain line ends; what may not be in it goes to `report`.
    pub(crate) fn cleaned(&self, text: &str, report: impl Fn(String, &str)) -> Option<String> {
        let most = self.limits.max_text_bytes;
        if text.len() > most {
            let expected = format!("at most {most} bytes (limit max_text_bytes)");
            report(format!("a text of {} bytes", text.len()), &expected);
            return None;
        }
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let allowed = |c: char| !c.is_control() || c == '\n' || c == '\t';
        if let Some(control) = text.chars().find(|c| !allowed(*c)) {
            let code = u32::from(control);
            let found = format!("the control character U+{code:04X} in {:?}", shorten(&text, 40));
            report(found, "no control characters but newline and tab");
            return None;
        }
        Some(text)
    }

    /// Remembers that a default was taken.
    pub(crate) fn default_if_absent(
        &mut self,
        object: &Object<'_>,
        key: &str,
        default: impl FnOnce() -> String,
    ) {
        if object.get(key).is_none() {
            let entry = self.defaults.entry(in_general(object, key));
            entry.or_insert_with(|| (default(), 0)).1 += 1;
        }
    }

    /// Remembers something to be said, beside what is said about ignored fields and defaults.
    pub(crate) fn remark(&mut self, remark: String) {
        self.remarks.push(remark);
    }

    /// What else is to be said, where fields and defaults need no word.
    pub(crate) fn remarks(self, document: &str) -> Vec<String> {
        self.remarks.into_iter().map(|note| format!("{document}: {note}")).collect()
    }

    /// What is to be said: a sentence each about ignored fields and about defaults, then the
    /// remarks.
    pub(crate) fn notes(self, document: &str) -> Vec<String> {
        let ignored = some_of(self.ignored.into_iter().collect());
        let taken = |(field, (default, times)): (String, (String, usize))| match times {
            1 => format!("{field} {default}"),
            _ => format!("{field} {default} ({times} times)"),
        };
        let defaults: Vec<String> = self.defaults.into_iter().map(taken).collect();
        [("unknown fields are ignored", ignored), ("absent fields take their defaults", defaults)]
            .into_iter()
            .filter(|(_, fields)| !fields.is_empty())
            .map(|(what, fields)| format!("{what}: {}", fields.join(", ")))
            .chain(self.remarks)
            .map(|note| format!("{document}: {note}"))
            .collect()
    }
}

/// As many of `names` as a note names; the rest are counted.
pub(crate) fn some_of(mut names: Vec<String>) -> Vec<String> {
    let more = names.len().saturating_sub(MAX_NAMED);
    names.truncate(MAX_NAMED);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    names
}

/// The value whose name `text` is, or what was expected.
pub(crate) fn choice<T: Copy>(text: &str, choices: &[(&str, T)]) -> Result<T, String> {
    if let Some((_, value)) = choices.iter().find(|(name, _)| *name == text) {
        return Ok(*value);
    }
    let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
    Err(one_of(&text.to_lowercase(), &names))
}

/// Which of `names` was expected where `text` stands.
fn one_of(text: &str, names: &[&str]) -> String {
    match suggest(text, names) {
        Some(meant) => format!("{meant:?} (did you mean that?)"),
        None => format!("one of {}", names.join(", ")),
    }
}

/// What follows a field's pointer in that of a field within it, or in its own.
fn is_end_or_field(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('/')
}

/// `value` as a whole number, where it is one, or a text that is: ids pass through programs
/// that write `"3"` and `3.0`.
pub(crate) fn number(value: &Value) -> Option<u64> {
    door::integer(value).or_else(|| number_in(value.as_str()?))
}

/// The whole number that `text` is: `3`, or `3.0`.
pub(crate) fn number_in(text: &str) -> Option<u64> {
    let text = text.trim();
    let is_number = text.starts_with(|c: char| c.is_ascii_digit());
    let whole = text.trim_end_matches('0').strip_suffix('.').unwrap_or(text);
    whole.parse().ok().filter(|_| is_number)
}

/// `1 hour`, `2 hours`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// True for a text that shows nothing.
pub(crate) fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// The pointer of a field with `*` for every index: one name for the same field of all agents.
fn in_general(object: &Object<'_>, key: &str) -> String {
    let is_index = |token: &str| !token.is_empty() && token.bytes().all(|b| b.is_ascii_digit());
    let general = |token| if is_index(token) { "*" } else { token };
    let parent = object.pointer("");
    let tokens: Vec<&str> = parent.trim_end_matches('/').split('/').map(general).collect();
    format!("{}/{key}", tokens.join("/"))
}
