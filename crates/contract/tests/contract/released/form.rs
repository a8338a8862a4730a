//! A schema as what it comes to: references followed, alternatives multiplied out.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::schemas::Place;

/// Schemas by file name.
pub(crate) type Documents = BTreeMap<String, Value>;

/// Bounds from below, and from above.
const LEAST: [&str; 4] = ["minimum", "minLength", "minItems", "minProperties"];
const MOST: [&str; 4] = ["maximum", "maxLength", "maxItems", "maxProperties"];

/// What `stands` calls a list of words, whichever keyword it is, and fields that are refused.
pub(crate) const WORDS: &str = "words";
pub(crate) const CLOSED: &str = "closed";

/// One way in which a value may look. A value fits a schema if it fits one of its forms, so it does
/// not matter whether a field stands in the schema itself or where a `$ref` leads.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    /// The alternative that was taken last, or the schema itself.
    pub(crate) at: Place,
    /// Every schema that it comes from.
    pub(crate) came_by: BTreeSet<Place>,
    /// Where each demand stands.
    pub(crate) stands: BTreeMap<String, Place>,
    /// None: any.
    pub(crate) types: Option<BTreeSet<String>>,
    /// The values that are listed, as JSON.
    pub(crate) words: Option<BTreeSet<String>>,
    pub(crate) least: BTreeMap<&'static str, i128>,
    pub(crate) most: BTreeMap<&'static str, i128>,
    /// Demands of which nothing is known but whether two are the same, e.g. a pattern.
    pub(crate) demands: BTreeSet<String>,
    pub(crate) properties: BTreeMap<String, Vec<Place>>,
    pub(crate) required: BTreeSet<String>,
    /// Whether fields that are not named are refused.
    pub(crate) is_closed: bool,
    /// What holds for each item, name or value, by its keyword.
    pub(crate) parts: BTreeMap<&'static str, Vec<Place>>,
    /// What cannot be compared, and where.
    pub(crate) unknown: BTreeSet<(Place, String)>,
}

/// What a form has still to satisfy.
#[derive(Clone)]
enum Wanted {
    All(Place),
    OneOf(Vec<Place>),
}

/// The forms of a value that fits all of these schemas.
pub(crate) fn forms(documents: &Documents, places: &[Place]) -> Vec<Form> {
    let wanted = places.iter().rev().cloned().map(Wanted::All).collect();
    let mut open: Vec<(Form, Vec<Wanted>)> = vec![(Form::any(&places[0]), wanted)];
    let mut done = Vec::new();
    while let Some((mut form, mut wanted)) = open.pop() {
        match wanted.pop() {
            None => done.push(form),
            Some(Wanted::All(place)) => {
                wanted.extend(form.narrow(documents, &place));
                if !form.is_impossible() {
                    open.push((form, wanted));
                }
            }
            Some(Wanted::OneOf(alternatives)) => {
                for place in alternatives.into_iter().rev() {
                    let (mut form, mut wanted) = (form.clone(), wanted.clone());
                    form.at = place.clone();
                    wanted.push(Wanted::All(place));
                    open.push((form, wanted));
                }
            }
        }
    }
    done
}

impl Form {
    fn any(at: &Place) -> Form {
        Form {
            at: at.clone(),
            came_by: BTreeSet::new(),
            stands: BTreeMap::new(),
            types: None,
            words: None,
            least: BTreeMap::new(),
            most: BTreeMap::new(),
            demands: BTreeSet::new(),
            properties: BTreeMap::new(),
            required: BTreeSet::new(),
            is_closed: false,
            parts: BTreeMap::new(),
            unknown: BTreeSet::new(),
        }
    }

    /// Adds what a schema demands by itself; what it refers to is given back.
    fn narrow(&mut self, documents: &Documents, place: &Place) -> Vec<Wanted> {
        self.came_by.insert(place.clone());
        let found = documents.get(&place.file).and_then(|it| it.pointer(&place.pointer));
        let Some(schema) = found.and_then(Value::as_object) else {
            self.unknown.insert((place.clone(), "there is no such schema".to_owned()));
            return Vec::new();
        };
        let mut wanted = Vec::new();
        for (keyword, value) in schema {
            match (keyword.as_str(), value) {
                ("$schema" | "title" | "description" | "$defs", _) => {}
                ("$ref", Value::String(to)) => wanted.push(Wanted::All(place.follow(to))),
                ("allOf", Value::Array(all)) => {
                    wanted.extend(children(place, keyword, all).map(Wanted::All));
                }
                ("anyOf" | "oneOf", Value::Array(all)) => {
                    wanted.push(Wanted::OneOf(children(place, keyword, all).collect()));
                }
                _ if self.narrow_value(place, keyword, value) => {}
                _ if self.narrow_object(place, keyword, value) => {}
                _ => {
                    self.unknown.insert((place.clone(), format!("{keyword:?} is not compared")));
                }
            }
        }
        wanted
    }

    /// Keywords about a value as a whole; false for any other.
    fn narrow_value(&mut self, place: &Place, keyword: &str, value: &Value) -> bool {
        let bound = value.as_i64().map(i128::from).or(value.as_u64().map(i128::from));
        let least = LEAST.into_iter().find(|known| *known == keyword);
        let most = MOST.into_iter().find(|known| *known == keyword);
        match (keyword, value, bound) {
            ("type", Value::String(name), _) => both(&mut self.types, [name.clone()].into()),
            ("type", Value::Array(names), _) => {
                let names = names.iter().filter_map(Value::as_str).map(str::to_owned);
                both(&mut self.types, names.collect());
            }
            ("const", word, _) => both(&mut self.words, [word.to_string()].into()),
            ("enum", Value::Array(words), _) => {
                both(&mut self.words, words.iter().map(Value::to_string).collect());
            }
            ("pattern" | "not", _, _) | ("uniqueItems", Value::Bool(true), _) => {
                let demand = format!("{keyword} {value}");
                self.stands.insert(demand.clone(), place.clone());
                self.demands.insert(demand);
            }
            (_, _, Some(bound)) if least.is_some() => {
                let known = self.least.entry(least.unwrap()).or_insert(bound);
                *known = bound.max(*known);
            }
            (_, _, Some(bound)) if most.is_some() => {
                let known = self.most.entry(most.unwrap()).or_insert(bound);
                *known = bound.min(*known);
            }
            _ => return false,
        }
        let name = if matches!(keyword, "const" | "enum") { WORDS } else { keyword };
        self.stands.insert(name.to_owned(), place.clone());
        true
    }

    /// Keywords about what is within a value; false for any other.
    fn narrow_object(&mut self, place: &Place, keyword: &str, value: &Value) -> bool {
        let part = ["items", "propertyNames", "additionalProperties"];
        let part = part.into_iter().find(|known| *known == keyword);
        match (keyword, value, part) {
            ("properties", Value::Object(properties), _) => {
                for name in properties.keys() {
                    let schemas = self.properties.entry(name.clone()).or_default();
                    schemas.push(place.child(keyword).child(name));
                }
            }
            ("required", Value::Array(names), _) => {
                for name in names.iter().filter_map(Value::as_str) {
                    self.stands.insert(format!("required {name}"), place.clone());
                    self.required.insert(name.to_owned());
                }
            }
            ("additionalProperties" | "unevaluatedProperties", Value::Bool(open), _) => {
                self.is_closed |= !open;
                self.stands.insert(CLOSED.to_owned(), place.clone());
            }
            (_, Value::Object(_), Some(part)) => {
                self.parts.entry(part).or_default().push(place.child(keyword));
            }
            _ => return false,
        }
        true
    }

    /// True for a mixture of alternatives that exclude each other.
    fn is_impossible(&self) -> bool {
        let is_empty =
            |set: &Option<BTreeSet<String>>| set.as_ref().is_some_and(BTreeSet::is_empty);
        is_empty(&self.types) || is_empty(&self.words)
    }
}

fn children(place: &Place, keyword: &str, all: &[Value]) -> impl Iterator<Item = Place> {
    let parent = place.child(keyword);
    (0..all.len()).map(move |index| parent.child(&index.to_string()))
}

/// What is in both, where none means everything.
fn both(known: &mut Option<BTreeSet<String>>, more: BTreeSet<String>) {
    *known = Some(match known {
        None => more,
        Some(known) => known.intersection(&more).cloned().collect(),
    });
}
