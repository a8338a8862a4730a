//! What one form demands and another does not assure, about the value itself.

use std::collections::BTreeSet;

use super::compare::Direction;
use super::form::{CLOSED, Form, WORDS};

/// Each with the demand's name in [`Form::stands`]. All that is `said` has to be taken by `taker`.
pub(crate) fn unmet(direction: Direction, said: &Form, taker: &Form) -> Vec<(String, String)> {
    let mut found = Vec::new();
    found.extend(types(direction, said, taker).map(|what| ("type".to_owned(), what)));
    found.extend(words(direction, said, taker).map(|what| (WORDS.to_owned(), what)));
    found.extend(bounds(direction, said, taker));
    found.extend(taker.demands.difference(&said.demands).map(|demand| {
        let what = direction
            .say(format!("{demand} is demanded now"), format!("{demand} does not hold any more"));
        (demand.clone(), what)
    }));
    found.extend(taker.required.difference(&said.required).map(|name| {
        let what = direction
            .say(format!("{name:?} is required now"), format!("{name:?} may be missing now"));
        (format!("required {name}"), what)
    }));
    if taker.is_closed && !said.is_closed {
        let what = direction.say(
            "fields that are not named are refused now".to_owned(),
            "there may be fields that are not named, which were refused".to_owned(),
        );
        found.push((CLOSED.to_owned(), what));
    }
    found
}

fn types(direction: Direction, said: &Form, taker: &Form) -> Option<String> {
    let expected = taker.types.as_ref()?;
    let said = said.types_said();
    let fits =
        |name: &String| expected.contains(name) || name == "integer" && expected.contains("number");
    if said.as_ref().is_some_and(|said| said.iter().all(fits)) {
        return None;
    }
    let said = said.map_or("anything".to_owned(), |said| list(&said));
    let expected = list(expected);
    Some(direction.say(
        format!("is {expected} now, and was {said}"),
        format!("may be {said} now, and was {expected}"),
    ))
}

fn words(direction: Direction, said: &Form, taker: &Form) -> Option<String> {
    let expected = taker.words.as_ref()?;
    let Some(said) = &said.words else {
        let expected = list(expected);
        return Some(direction.say(
            format!("only {expected} is taken now"),
            format!("may be other than {expected} now"),
        ));
    };
    let unknown: BTreeSet<String> = said.difference(expected).cloned().collect();
    (!unknown.is_empty()).then(|| {
        let unknown = list(&unknown);
        direction
            .say(format!("{unknown} is not taken any more"), format!("{unknown} is new to readers"))
    })
}

fn bounds(direction: Direction, said: &Form, taker: &Form) -> Vec<(String, String)> {
    let least = taker.least.iter().map(|(name, bound)| {
        let said = said.least.get(name);
        (name, bound, said, said.is_some_and(|said| said >= bound))
    });
    let most = taker.most.iter().map(|(name, bound)| {
        let said = said.most.get(name);
        (name, bound, said, said.is_some_and(|said| said <= bound))
    });
    let unmet = least.chain(most).filter(|(_, _, _, is_met)| !is_met);
    unmet
        .map(|(name, expected, said, _)| {
            let said = said.map_or("none".to_owned(), i128::to_string);
            let what = direction.say(
                format!("{name} is {expected} now, and was {said}"),
                format!("{name} is {said} now, and was {expected}"),
            );
            ((*name).to_owned(), what)
        })
        .collect()
}

impl Form {
    /// The types, also where only words are listed.
    pub(crate) fn types_said(&self) -> Option<BTreeSet<String>> {
        let of_word = |word: &String| match word.as_bytes().first() {
            Some(b'"') => "string",
            Some(b't' | b'f') => "boolean",
            Some(b'n') => "null",
            Some(b'{') => "object",
            Some(b'[') => "array",
            _ if word.contains(['.', 'e', 'E']) => "number",
            _ => "integer",
        };
        let of_words =
            |words: &BTreeSet<String>| words.iter().map(of_word).map(str::to_owned).collect();
        self.types.clone().or_else(|| self.words.as_ref().map(of_words))
    }
}

fn list(words: &BTreeSet<String>) -> String {
    words.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}
