//! What reading several documents brings to light.

use std::collections::BTreeSet;

use contract::door::Door;
use contract::problem::{Problem, Problems};

/// More than anybody reads; a hostile file could make millions.
pub(crate) const MAX_PROBLEMS: usize = 1_000;

/// The problems and notes so far, in order.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) problems: Vec<Problem>,
    pub(crate) notes: Vec<String>,
}

impl Findings {
    /// Takes what a document's door and reading collected; of several problems at one place
    /// the first (a `NaN` also reads as nothing).
    pub(crate) fn absorb(&mut self, door: Door, notes: Vec<String>) {
        self.absorb_arranged(door, notes, |problems| problems);
    }

    /// As [`Findings::absorb`]; `arrange` may say more about the problems' places, and in which
    /// order they are told.
    pub(crate) fn absorb_arranged(
        &mut self,
        door: Door,
        notes: Vec<String>,
        arrange: impl FnOnce(Vec<Problem>) -> Vec<Problem>,
    ) {
        self.notes.extend(notes);
        let Err(problems) = door.close(Some(())) else { return };
        let mut places = BTreeSet::new();
        let first = problems.as_slice().iter().filter(|problem| places.insert(&problem.place));
        self.problems.extend(arrange(first.cloned().collect()));
    }

    /// `value` and the notes if there was no problem.
    pub(crate) fn close<T>(mut self, value: Option<T>) -> Result<(T, Vec<String>), Problems> {
        let more = self.problems.len().saturating_sub(MAX_PROBLEMS);
        if more > 0 {
            self.problems.truncate(MAX_PROBLEMS);
            let expected = format!("none (solve the first {MAX_PROBLEMS} and look again)");
            self.problems.push(Problem::new(
                "the rest",
                format!("{more} more problems"),
                &expected,
            ));
        }
        Problems::none_or(self.problems, value).map(|value| (value, self.notes))
    }
}
