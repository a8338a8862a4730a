//! What becomes of dead letters that are handed over once more.

use contract::letters::{LetterOutcome, Redriven, RedrivenLetter};

use super::each;

/// A letter of each outcome.
pub(super) fn redriven() -> Redriven {
    let letters = (3..).zip(each(next_letter)).map(|(sequence, outcome)| {
        let (target, reason) = match outcome {
            LetterOutcome::Taken | LetterOutcome::AlreadyThere => (Some("team"), None),
            LetterOutcome::Refused => (Some("team"), Some("the memory answers 413")),
            LetterOutcome::NotNow => (Some("team"), Some("the memory answers 503")),
            LetterOutcome::NoLetter => (None, Some("there is no such dead letter")),
        };
        let (target, reason) = (target.map(str::to_owned), reason.map(str::to_owned));
        RedrivenLetter { sequence, target, outcome, reason }
    });
    Redriven { redriven: 2, dead: 2, letters: letters.collect(), more_letters: 0 }
}

fn next_letter(outcome: Option<&LetterOutcome>) -> Option<LetterOutcome> {
    match outcome {
        None => Some(LetterOutcome::Taken),
        Some(LetterOutcome::Taken) => Some(LetterOutcome::AlreadyThere),
        Some(LetterOutcome::AlreadyThere) => Some(LetterOutcome::Refused),
        Some(LetterOutcome::Refused) => Some(LetterOutcome::NotNow),
        Some(LetterOutcome::NotNow) => Some(LetterOutcome::NoLetter),
        Some(LetterOutcome::NoLetter) => None,
    }
}
