//! Whether all that one schema lets be said is taken by another.

use std::collections::{BTreeMap, BTreeSet};

use contract::command::{Executor, Verb};
use contract::subject::StreamName;

use super::demands::unmet;
use super::form::{Documents, Form, forms};
use crate::schemas::Place;

/// What is in a digest, so that who checks it has to know every field.
const DIGESTED: [(&str, &str); 5] = [
    ("action.json", ""),
    ("frame.json", "/$defs/simulation_start"),
    ("frame.json", "/$defs/round_start"),
    ("frame.json", "/$defs/round_end"),
    ("frame.json", "/$defs/simulation_end"),
];

/// Where new forms may come into what is written: the result of a new verb is read by who sent that.
const GROWING: [(&str, &str); 1] = [("reply.json", "/$defs/completed/properties/result")];

/// Where a command stands that changes a world: not any command.
const JOURNALLED: [(&str, &str); 1] = [("journal.json", "/$defs/taken/properties/command")];

/// Who says something, and who takes it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// We read what was written, or is sent, by the released schema.
    Read,
    /// Whoever goes by the released schema reads what we write.
    Written,
}

impl Direction {
    /// In the words of either.
    pub(crate) fn say(self, if_read: String, if_written: String) -> String {
        match self {
            Direction::Read => if_read,
            Direction::Written => if_written,
        }
    }
}

/// What is not compatible, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem {
    pub(crate) at: Place,
    pub(crate) what: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}#{}: {}", self.at.file, self.at.pointer, self.what)
    }
}

type Problems = BTreeSet<Problem>;

pub(crate) struct Comparison<'a> {
    direction: Direction,
    said: &'a Documents,
    taker: &'a Documents,
    /// What is known, or being found out, so that schemas may contain themselves.
    known: BTreeMap<(Vec<Place>, Vec<Place>, bool), Problems>,
}

impl<'a> Comparison<'a> {
    pub(crate) fn new(
        direction: Direction,
        released: &'a Documents,
        now: &'a Documents,
    ) -> Comparison<'a> {
        let (said, taker) = match direction {
            Direction::Read => (released, now),
            Direction::Written => (now, released),
        };
        Comparison { direction, said, taker, known: BTreeMap::new() }
    }

    /// What the schema of a file lets be said and the other side does not take.
    pub(crate) fn of_message(&mut self, file: &str) -> Problems {
        let place = [Place::root(file)];
        self.compare(&place, &place, false)
    }

    fn compare(&mut self, said: &[Place], taker: &[Place], digested: bool) -> Problems {
        let may_grow = self.direction == Direction::Written && any_in(said, &GROWING);
        let key = (said.to_vec(), taker.to_vec(), digested);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        self.known.insert(key.clone(), Problems::new());
        let only_journalled = any_in(said, &JOURNALLED);
        let takers: Vec<(Form, Label)> = labelled(self.taker, taker);
        let mut problems = Problems::new();
        for (form, label) in labelled(self.said, said) {
            if only_journalled && is_never_journalled(&label) {
                continue;
            }
            let digested = digested || any_in(&form.came_by, &DIGESTED);
            // The fewest differences; where that does not decide, what stands in the same place.
            let mut best: Option<(usize, bool, Problems)> = None;
            for (taker, _) in
                takers.iter().filter(|(it, its)| may_be_same((&form, &label), (it, its)))
            {
                let found = self.compare_forms(&form, taker, digested);
                let rank = (found.len(), taker.at != form.at);
                if best.as_ref().is_none_or(|(number, moved, _)| rank < (*number, *moved)) {
                    best = Some((rank.0, rank.1, found));
                }
                if rank.0 == 0 {
                    break;
                }
            }
            match best {
                Some((_, _, found)) => problems.extend(found),
                None if may_grow => {}
                None => problems.extend([self.form_of_one_side(&form)]),
            }
        }
        self.known.insert(key, problems.clone());
        problems
    }

    fn compare_forms(&mut self, said: &Form, taker: &Form, digested: bool) -> Problems {
        let mut problems: Problems = said
            .unknown
            .union(&taker.unknown)
            .map(|(at, what)| Problem { at: at.clone(), what: what.clone() })
            .collect();
        if !problems.is_empty() {
            return problems;
        }
        for (keyword, what) in unmet(self.direction, said, taker) {
            let (now, then) = match self.direction {
                Direction::Read => (taker, said),
                Direction::Written => (said, taker),
            };
            let stands = now.stands.get(&keyword).or(then.stands.get(&keyword));
            problems.insert(Problem { at: stands.unwrap_or(&now.at).clone(), what });
        }
        problems.extend(self.fields(said, taker, digested));
        problems.extend(self.parts(said, taker, digested));
        problems
    }

    fn fields(&mut self, said: &Form, taker: &Form, digested: bool) -> Problems {
        let mut problems = Problems::new();
        for (name, schemas) in &said.properties {
            let known = taker.properties.get(name);
            let what = match (self.direction, known) {
                (_, Some(known)) => {
                    problems.extend(self.compare(schemas, known, digested));
                    continue;
                }
                (Direction::Read, None) => "the field is gone",
                (Direction::Written, None) if digested => {
                    "the field is new in what a digest is taken of"
                }
                (Direction::Written, None) if taker.is_closed => {
                    "the field is new, and whoever does not know it refuses it"
                }
                (Direction::Written, None) => continue,
            };
            problems.insert(Problem { at: schemas[0].clone(), what: what.to_owned() });
        }
        problems
    }

    fn parts(&mut self, said: &Form, taker: &Form, digested: bool) -> Problems {
        let mut problems = Problems::new();
        for (keyword, expected) in &taker.parts {
            match said.parts.get(keyword) {
                Some(schemas) => problems.extend(self.compare(schemas, expected, digested)),
                // Nothing is there that it could be demanded of.
                None if *keyword == "additionalProperties" && said.is_closed => {}
                None => {
                    let what = self.direction.say(
                        format!("there is a schema of {keyword} now"),
                        format!("there is no schema of {keyword} any more"),
                    );
                    problems.insert(Problem { at: expected[0].clone(), what });
                }
            }
        }
        problems
    }

    fn form_of_one_side(&self, form: &Form) -> Problem {
        let what = self.direction.say(
            "this form is not taken any more".to_owned(),
            "this form is new to readers".to_owned(),
        );
        Problem { at: form.at.clone(), what }
    }
}

/// Whether a form is of verbs that change no world. A `fork` is in the journal of the new run.
fn is_never_journalled(label: &Label) -> bool {
    let never = Verb::ALL.into_iter().filter(|verb| match (verb.executor(), verb.stream()) {
        (Executor::Owner, StreamName::Commands) => false,
        _ => *verb != Verb::Fork,
    });
    let never: BTreeSet<String> = never.map(|verb| format!("{:?}", verb.as_str())).collect();
    label.get("verb").is_some_and(|verbs| !verbs.is_empty() && verbs.is_subset(&never))
}

fn any_in<'p>(places: impl IntoIterator<Item = &'p Place>, list: &[(&str, &str)]) -> bool {
    let is_in = |it: &Place| list.contains(&(it.file.as_str(), it.pointer.as_str()));
    places.into_iter().any(is_in)
}

/// What tells the forms of a schema apart: the words of fields that have to be there.
type Label = BTreeMap<String, BTreeSet<String>>;

fn labelled(documents: &Documents, places: &[Place]) -> Vec<(Form, Label)> {
    let label = |form: &Form| -> Label {
        let fields = form.properties.iter().filter(|(name, _)| form.required.contains(*name));
        fields
            .filter_map(|(name, schemas)| {
                let words = forms(documents, schemas).into_iter().map(|form| form.words);
                let words: Option<Vec<BTreeSet<String>>> = words.collect();
                Some((name.clone(), words?.into_iter().flatten().collect()))
            })
            .collect()
    };
    let forms = forms(documents, places);
    let labels: Vec<Label> = forms.iter().map(label).collect();
    // What they all have in common, e.g. `v`, tells nothing apart.
    let is_common = |name: &String| labels.iter().all(|it| it.get(name) == labels[0].get(name));
    let own = labels.iter().map(|label| {
        let own = label.iter().filter(|(name, _)| !is_common(name));
        own.map(|(name, words)| (name.clone(), words.clone())).collect()
    });
    let own: Vec<Label> = own.collect();
    forms.into_iter().zip(own).collect()
}

/// Whether two forms can be meant to be the same: nothing tells them apart.
fn may_be_same((a, of_a): (&Form, &Label), (b, of_b): (&Form, &Label)) -> bool {
    let types = match (a.types_said(), b.types_said()) {
        (Some(a), Some(b)) => !a.is_disjoint(&b),
        _ => true,
    };
    let shared = |(name, words): (&String, &BTreeSet<String>)| {
        of_b.get(name).is_none_or(|others| !words.is_disjoint(others))
    };
    types && of_a.iter().all(shared)
}
