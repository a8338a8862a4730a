//! How an agent goes through its phrases without repeating itself.

use crate::random::{Dice, Purpose};

/// What a text is; each kind is walked through on its own.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Thing = 0,
    Field = 1,
    Bio = 2,
    SmallTalk = 3,
    Story = 4,
    Echo = 5,
    BothSides = 6,
    Popular = 7,
    Again = 8,
    Quote = 9,
    Comment = 10,
    Question = 11,
    Number = 12,
    Words = 13,
    Reply = 14,
    Answer = 15,
    Chat = 16,
    Report = 17,
    ChatQuestion = 18,
    Figure = 19,
}

/// One step: which phrase, and what is added to it (0: nothing).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Step {
    pub(super) phrase: usize,
    pub(super) addition: usize,
}

/// What a walk goes through.
#[derive(Clone, Copy)]
pub(super) struct List {
    /// A power of two.
    pub(super) phrases: usize,
    /// Nothing counts as one.
    pub(super) additions: usize,
    /// How many of the additions a phrase may come with when it comes first.
    pub(super) first: usize,
    /// How many of a million phrases come first with nothing.
    pub(super) bare_ppm: u32,
}

/// More phrases than any list has: draws of one kind do not reach into those of the next.
const DRAWS: u32 = 128;

/// Step `number` of an agent's walk through a list.
///
/// Each `phrases` steps visit each phrase once. When a phrase comes again it gets the next
/// addition, so no two of the first `phrases * additions` steps are the same. Short texts come
/// first. Where a walk begins and how it strides is the agent's character.
pub(super) fn step(character: Dice, kind: Kind, number: u32, list: List) -> Step {
    let (phrases, additions) = (size(list.phrases), size(list.additions));
    let first = kind as u32 * 2 * DRAWS;
    let start = character.below(Purpose::Words, first, phrases);
    // An odd stride visits all places of a circle whose size is a power of two.
    let stride = 2 * character.below(Purpose::Words, first + 1, phrases / 2) + 1;
    let phrase = start.wrapping_add(stride.wrapping_mul(number)) % phrases;
    let bare = character.chance(Purpose::Words, first + 2 + phrase, list.bare_ppm);
    let begin = if bare {
        0
    } else {
        character.below(Purpose::Words, first + DRAWS + phrase, size(list.first))
    };
    let addition = (begin + number / phrases) % additions;
    Step { phrase: phrase as usize, addition: addition as usize }
}

fn size(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Source;
    use crate::setup::Platform;
    use alloc::collections::BTreeSet;

    #[test]
    fn a_walk_visits_every_combination_once() {
        for id in 0..20 {
            let character = Source::new(3, Platform::Twitter).character(id);
            for (phrases, additions) in [(32, 65), (16, 65), (4, 17), (1, 3)] {
                let all = u32::try_from(phrases * additions).expect("small");
                let visited: BTreeSet<Step> = (0..all)
                    .map(|number| {
                        let first = additions / 2;
                        let list = List { phrases, additions, first, bare_ppm: 500_000 };
                        step(character, Kind::Echo, number, list)
                    })
                    .collect();
                assert_eq!(visited.len(), phrases * additions);
            }
        }
    }
}
