//! What is wrong with an input: every problem of it, each with its place.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Problem {
    /// File and JSON pointer, file and line, subject and field, or the name of a variable.
    pub place: String,
    /// What stands there.
    pub found: String,
    /// What would be right; where it helps, what to do.
    pub expected: String,
}

/// All that is wrong with one input; at least one problem. Displays one per line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub struct Problems(Vec<Problem>);

impl Problem {
    /// A problem at `place`; texts are cut where a hostile input made them long.
    pub fn new(place: impl Into<String>, found: impl AsRef<str>, expected: &str) -> Problem {
        Problem {
            place: place.into(),
            found: shorten(found.as_ref(), 120),
            expected: expected.to_owned(),
        }
    }
}

impl Problems {
    /// `Err` with all of `problems`, or `Ok(value)` if there are none.
    ///
    /// # Errors
    /// The problems, in the order of their places' appearance.
    pub fn none_or<T>(problems: Vec<Problem>, value: Option<T>) -> Result<T, Problems> {
        match value {
            Some(value) if problems.is_empty() => Ok(value),
            _ => Err(Problems(problems)),
        }
    }

    /// The problems, in order.
    pub fn as_slice(&self) -> &[Problem] {
        &self.0
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Problems {
        Problems(vec![problem])
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: found {}, expected {}", self.place, self.found, self.expected)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

/// At most `max` characters of `text`, with a mark where it was cut.
pub fn shorten(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The candidate that `word` was probably meant to be: at most two edits away, and fewer
/// than half of its letters.
pub fn suggest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    candidates
        .iter()
        .map(|candidate| (distance(word, candidate), *candidate))
        .filter(|(edits, candidate)| *edits <= 2 && edits * 2 < candidate.chars().count())
        .min()
        .map(|(_, candidate)| candidate)
}

/// The Levenshtein distance; words longer than 64 letters are as far as can be.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(65).collect(), b.chars().collect());
    if a.len() > 64 {
        return usize::MAX / 4;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_finds_its_neighbour() {
        let known = ["prompt", "agent_id", "platform"];
        assert_eq!(suggest("promt", &known), Some("prompt"));
        assert_eq!(suggest("agentid", &known), Some("agent_id"));
        assert_eq!(suggest("colour", &known), None);
    }

    #[test]
    fn problems_are_listed_one_per_line() {
        let problems = vec![Problem::new("/a", "1", "a text"), Problem::new("/b", "nothing", "x")];
        let error = Problems::none_or::<()>(problems, Some(())).unwrap_err();
        assert_eq!(
            error.to_string(),
            "/a: found 1, expected a text\n/b: found nothing, expected x"
        );
        assert_eq!(shorten("abcdef", 3), "abc…");
    }
}
