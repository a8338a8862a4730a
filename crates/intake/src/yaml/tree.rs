//! YAML as a tree in which every node knows its line and column.
//!
//! What is left of YAML is what a person writes in a small file: one document of fields, lists
//! and texts. Aliases (which can make a small file huge), tags and fields that are there twice
//! are problems.

use std::borrow::Cow;
use std::collections::BTreeMap;

use contract::problem::{Problem, shorten};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError};
use serde_json::{Map, Number, Value};

use crate::{Limits, YAML_FILE};

/// Longer names of fields are no names, and would make long places.
const MAX_NAME: usize = 60;

/// Fields whose plain words are numbers or switches; everywhere else they are texts, so that
/// nobody has to put a name such as `No`, `1984` or `on` into quotes.
const NOT_TEXTS: [&str; 23] = [
    "hours",
    "minutes_per_round",
    "agents_per_hour",
    "mood",
    "activity",
    "posts_per_hour",
    "comments_per_hour",
    "reply_minutes",
    "influence",
    "active_hours",
    "age",
    "hour",
    "round",
    "twitter",
    "reddit",
    "recency_weight",
    "popularity_weight",
    "relevance_weight",
    "viral_threshold",
    "echo_chamber_strength",
    "allow_self_rating",
    "enabled",
    // The root itself: a file that is nothing but a number.
    "",
];

/// A node and where it begins; the value of a field begins with the field's name.
#[derive(Debug)]
pub(super) struct Node {
    at: Place,
    kind: Kind,
}

/// Line and column, from 1.
type Place = (usize, usize);

#[derive(Debug)]
enum Kind {
    /// A word or text without quotes.
    Plain(String),
    /// A text in quotes, or a block of text.
    Text(String),
    List(Vec<Node>),
    Fields(BTreeMap<String, Node>),
}

/// Parses a document whose nesting and number of nodes are within the limits. `None` where it
/// is no document that can be gone on with; what is wrong goes to `problems`.
pub(super) fn parse(text: &str, limits: &Limits, problems: &mut Vec<Problem>) -> Option<Node> {
    let mut builder = Builder { open: Vec::new(), root: None, nodes: 0, limits, problems };
    let mut documents = 0;
    for event in Parser::new_from_str(text) {
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) => {
                builder.no_yaml(&error);
                return None;
            }
        };
        let at = place(span.start);
        if matches!(event, Event::DocumentStart(_)) {
            documents += 1;
            if documents > 1 {
                let expected = "one document (no second line `---`)";
                builder.report(at, "a second document", expected);
                return None;
            }
        }
        builder.take(event, at)?;
    }
    if builder.root.is_none() {
        problems.push(Problem::new(YAML_FILE, "an empty file", "a simulation, e.g. `name: town`"));
        return None;
    }
    builder.root
}

fn place(marker: Marker) -> Place {
    (marker.line(), marker.col() + 1)
}

/// A tree in the making.
struct Builder<'a> {
    open: Vec<Open>,
    root: Option<Node>,
    nodes: usize,
    limits: &'a Limits,
    problems: &'a mut Vec<Problem>,
}

/// A list or an object whose end is still to come.
struct Open {
    at: Place,
    kind: Kind,
    /// Of an object: the field whose value comes next.
    name: Option<(String, Place)>,
}

impl Builder<'_> {
    fn report(&mut self, (line, column): Place, found: impl AsRef<str>, expected: &str) {
        let place = format!("{YAML_FILE}:{line}:{column}");
        self.problems.push(Problem::new(place, found, expected));
    }

    fn no_yaml(&mut self, error: &ScanError) {
        if error.info().contains("recursion limit") {
            // The parser looks ahead to brackets deeper than it tells of.
            let (found, expected) = self.limits.too_deep();
            return self.report(place(*error.marker()), found, &expected);
        }
        let help = match error.info() {
            info if info.contains("tab") => " (indent with blanks, not with tabs)",
            info if info.contains("mapping values are not allowed") => {
                " (a field is `name: value`, with a blank behind the colon; a text with such a colon \
                 in it needs quotes around it)"
            }
            info if info.contains("unknown anchor") => {
                " (a text that begins with * needs quotes around it; aliases are not read)"
            }
            info if info.contains("simple key") => {
                " (a field is `name: value`, with a blank behind the colon)"
            }
            info if info.contains("quoted scalar") => " (a quote is not closed)",
            info if info.contains("unexpected character") => {
                " (a text that begins with such a character needs quotes around it)"
            }
            info if info.contains("expected key") || info.contains("'-' indicator") => {
                " (what belongs together begins in the same column)"
            }
            info if info.contains("node content") => " (is a value or a closing bracket missing?)",
            _ => "",
        };
        let found = format!("something that is no YAML ({})", error.info());
        self.report(place(*error.marker()), found, &format!("YAML{help}"));
    }

    /// Takes one event; `None` ends the reading.
    fn take(&mut self, event: Event<'_>, at: Place) -> Option<()> {
        match event {
            Event::Alias(_) => {
                self.report(at, "an alias", "the text itself (aliases and anchors are not read)");
                self.add(Node { at, kind: Kind::Plain(String::new()) })
            }
            Event::Scalar(text, style, _, tag) => {
                self.refuse_tag(at, tag.is_some());
                let kind = match style {
                    ScalarStyle::Plain => Kind::Plain(text.into_owned()),
                    _ => Kind::Text(text.into_owned()),
                };
                self.add(Node { at, kind })
            }
            Event::SequenceStart(_, tag) => self.open(at, Kind::List(Vec::new()), tag.is_some()),
            Event::MappingStart(_, tag) => {
                self.open(at, Kind::Fields(BTreeMap::new()), tag.is_some())
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Open { at, kind, .. } = self.open.pop()?;
                self.add(Node { at, kind })
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Some(()),
        }
    }

    fn refuse_tag(&mut self, at: Place, is_tagged: bool) {
        if is_tagged {
            let expected = "a value without a tag (a text that begins with ! needs quotes)";
            self.report(at, "a tag (a word that begins with !)", expected);
        }
    }

    fn open(&mut self, at: Place, kind: Kind, is_tagged: bool) -> Option<()> {
        self.refuse_tag(at, is_tagged);
        if self.open.len() >= self.limits.max_depth {
            let (found, expected) = self.limits.too_deep();
            self.report(at, found, &expected);
            return None;
        }
        self.open.push(Open { at, kind, name: None });
        Some(())
    }

    /// Puts a node where it belongs.
    fn add(&mut self, node: Node) -> Option<()> {
        self.nodes += 1;
        if self.nodes > self.limits.max_values {
            let (found, expected) = self.limits.too_many_values();
            self.report(node.at, found, &expected);
            return None;
        }
        let Some(Open { kind, name, .. }) = self.open.last_mut() else {
            self.root = Some(node);
            return Some(());
        };
        match kind {
            Kind::List(nodes) => nodes.push(node),
            Kind::Fields(fields) => match name.take() {
                None => return self.name_field(node),
                Some((name, at)) => match fields.get(&name) {
                    Some(Node { at: (line, _), .. }) => {
                        let expected = format!("each field once (it is on line {line} already)");
                        self.report(at, format!("the field {name:?} again"), &expected);
                    }
                    None => drop(fields.insert(name, Node { at, ..node })),
                },
            },
            Kind::Plain(_) | Kind::Text(_) => {}
        }
        Some(())
    }

    /// Takes a node as the name of the field that comes next.
    fn name_field(&mut self, Node { at, kind }: Node) -> Option<()> {
        let (Kind::Plain(name) | Kind::Text(name)) = kind else {
            self.report(at, "a list or an object as the name of a field", "a word");
            return None;
        };
        if name.chars().count() > MAX_NAME {
            let found = format!("a field called {:?}", shorten(&name, MAX_NAME));
            self.report(at, found, "the name of a field (is a line break or a dash missing?)");
            return None;
        }
        if let Some(open) = self.open.last_mut() {
            open.name = Some((name, at));
        }
        Some(())
    }
}

impl Node {
    /// The tree as values, in which plain words are what they mean in the field `name`.
    pub(super) fn value(&self, name: &str) -> Value {
        match &self.kind {
            Kind::Text(text) => Value::String(text.clone()),
            Kind::Plain(word) => plain(word, NOT_TEXTS.contains(&name)),
            Kind::List(nodes) => nodes.iter().map(|node| node.value(name)).collect(),
            Kind::Fields(fields) => {
                let field = |(name, node): (&String, &Node)| (name.clone(), node.value(name));
                Value::Object(fields.iter().map(field).collect::<Map<_, _>>())
            }
        }
    }

    /// Line and column of what is at a JSON pointer, or else of what it would be in.
    pub(super) fn locate(&self, pointer: &str) -> Place {
        let mut node = self;
        for token in pointer.split('/').skip(1) {
            let token = match token.contains('~') {
                true => Cow::Owned(token.replace("~1", "/").replace("~0", "~")),
                false => Cow::Borrowed(token),
            };
            let next = match &node.kind {
                Kind::List(nodes) => token.parse().ok().and_then(|index: usize| nodes.get(index)),
                Kind::Fields(fields) => fields.get(token.as_ref()),
                Kind::Plain(_) | Kind::Text(_) => None,
            };
            let Some(next) = next else { break };
            node = next;
        }
        node.at
    }
}

/// What a word without quotes means: nothing, a switch, a number, or itself.
fn plain(word: &str, may_be_number: bool) -> Value {
    if matches!(word, "" | "~" | "null") {
        return Value::Null;
    }
    if !may_be_number {
        return Value::String(word.to_owned());
    }
    match word.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" => Value::Bool(true),
        "false" | "no" | "off" => Value::Bool(false),
        _ => number(word).map_or_else(|| Value::String(word.to_owned()), Value::Number),
    }
}

/// A decimal number; `inf` and `nan`, which Rust reads too, are words.
fn number(word: &str) -> Option<Number> {
    let is_number = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
    if !word.chars().all(is_number) {
        return None;
    }
    let whole = word.parse::<i64>().ok().map(Number::from);
    whole.or_else(|| Number::from_f64(word.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn problems(text: &str, limits: &Limits) -> String {
        let mut problems = Vec::new();
        parse(text, limits, &mut problems);
        problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn words_mean_what_their_field_makes_of_them() {
        let text = "name: No\nage: 08\nmood: -.5\ncountry: NO\nreddit: off\nbio: 1984\nhours:\n\
                    story: \"null\"\ninterests: [on, 3.0, ~]\nactive_hours: [8, 9-12]\nhour: 1e2";
        let tree = parse(text, &Limits::default(), &mut Vec::new()).unwrap();
        let expected = json!({
            "name": "No", "age": 8, "mood": -0.5, "country": "NO", "reddit": false,
            "bio": "1984", "hours": null, "story": "null", "interests": ["on", "3.0", null],
            "active_hours": [8, "9-12"], "hour": 100.0,
        });
        assert_eq!(tree.value(""), expected);
        for word in ["inf", "nan", "1e999", "-", "0x10", "1_000", "e", "--1"] {
            assert_eq!(plain(word, true), json!(word));
        }
    }

    #[test]
    fn places_are_those_of_names_and_elements() {
        let text = "a: 1\nb:\n  - x: 1\n    y/z: 2\n  - [3, 4]\n";
        let tree = parse(text, &Limits::default(), &mut Vec::new()).unwrap();
        let places = [
            ("", (1, 1)),
            ("/a", (1, 1)),
            ("/b", (2, 1)),
            ("/b/0", (3, 5)),
            ("/b/0/y~1z", (4, 5)),
            ("/b/1/1", (5, 9)),
            ("/b/0/missing", (3, 5)),
            ("/c", (1, 1)),
        ];
        for (pointer, place) in places {
            assert_eq!(tree.locate(pointer), place, "{pointer}");
        }
    }

    #[test]
    fn bombs_are_cheap() {
        let limits = Limits { max_values: 1_000, ..Limits::default() };
        let flat = format!("a: [{}]", "1,".repeat(100_000));
        assert!(problems(&flat, &limits).contains("limit max_values"));
        for deep in ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(100_000)] {
            let found = problems(&deep, &limits);
            assert!(found.contains("limit max_depth"), "{found}");
        }
        let laughs = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n";
        assert_eq!(problems(laughs, &limits).matches("an alias").count(), 4);
    }
}
