//! The narrative: where the story goes, and how far it has come.

use alloc::vec::Vec;

use super::voice::mainly_chinese;
use super::writing::fragments;
use crate::random::{Dice, Purpose};
use crate::setup::PPM;
use crate::words::{self, Signature};
use crate::world::World;

/// The share of posts that are about the story once it has been told to its end.
const SHARE: u64 = 300_000;

/// What is asked about the narrative in one round.
pub(super) struct Story<'world> {
    text: &'world str,
    /// 0 at the start, one million at the planned end.
    progress_ppm: u32,
    about: Signature,
}

impl Story<'_> {
    pub(super) fn of(world: &World) -> Story<'_> {
        let text = world.settings.narrative.as_str();
        let planned = u64::from(world.setup.clock.planned_rounds).max(1);
        let progress = u64::from(world.tick) * u64::from(PPM) / planned;
        let progress_ppm = u32::try_from(progress).unwrap_or(PPM).min(PPM);
        Story { text, progress_ppm, about: world.pool.story }
    }

    /// How many of a million posts are about the story by now.
    pub(super) fn share_ppm(&self) -> u32 {
        let share = SHARE * u64::from(self.progress_ppm) / u64::from(PPM);
        u32::try_from(share).unwrap_or(PPM)
    }

    /// How much of a post is about the story, 0 to one million, growing with it.
    pub(super) fn draws(&self, post: Signature) -> i64 {
        words::relevance(self.about, post) * i64::from(self.progress_ppm) / i64::from(PPM)
    }

    /// A clause of the narrative in one language, about as far into it as the story has come;
    /// `None` if there is none.
    pub(super) fn clause(&self, chinese: bool, dice: Dice, draw: u32) -> Option<&str> {
        let clauses: Vec<&str> =
            clauses(self.text).filter(|clause| mainly_chinese(clause) == chinese).collect();
        let count = i64::try_from(clauses.len()).unwrap_or(i64::MAX);
        let million = i64::from(PPM);
        // In millionths of a clause: the middle of the current one, give or take a whole one.
        let place = count * i64::from(self.progress_ppm) + dice.around(Purpose::Write, draw, PPM);
        let place = (place / million).clamp(0, (count - 1).max(0));
        clauses.get(usize::try_from(place).ok()?).copied()
    }
}

/// Words, or Chinese characters, without which a clause says nothing.
const SHORTEST: usize = 4;
const SHORTEST_CHINESE: usize = 6;
/// Characters beyond which a clause is no part of a sentence.
const LONGEST: usize = 160;

/// Words with which a clause begins that needs another.
#[rustfmt::skip]
const INTRODUCTIONS: [&str; 22] = [
    "in", "as", "after", "while", "when", "with", "from", "at", "during", "before", "because",
    "although", "if", "once", "over", "by", "following", "despite", "through", "on", "since",
    "where",
];
#[rustfmt::skip]
const INTRODUCTIONS_CHINESE: [&str; 8] = ["随着", "在", "当", "由于", "虽然", "如果", "从", "经过"];

/// Words that join a clause to the one before it.
const JOINTS: [&str; 12] = [
    "and then ",
    "and ",
    "but ",
    "then ",
    "so ",
    "finally ",
    "whereas ",
    "while ",
    "然后",
    "而",
    "并且",
    "同时",
];

/// Words of those who plan a story rather than live in it.
const STAGE_DIRECTIONS: [&str; 6] = ["simulat", "narrative", "agents", "模拟", "智能体", "叙事"];

/// The parts of a narrative that can stand on their own, in their order.
fn clauses(text: &str) -> impl Iterator<Item = &str> {
    fragments::sentences(text)
        .flat_map(|sentence| {
            let mut rest = sentence;
            core::iter::from_fn(move || {
                if rest.is_empty() {
                    return None;
                }
                let (clause, after) = first_clause(rest);
                rest = after;
                Some(clause)
            })
        })
        .map(without_joint)
        .filter(|clause| {
            is_whole(clause)
                && !is_question(clause)
                && clause.chars().count() <= LONGEST
                && !STAGE_DIRECTIONS.iter().any(|word| words::mentions(clause, word))
        })
}

/// Up to the first comma behind which something whole lies, and what comes after it.
fn first_clause(sentence: &str) -> (&str, &str) {
    let commas = sentence.char_indices().filter(|(_, mark)| matches!(mark, ',' | '，' | '—'));
    for (place, mark) in commas {
        let (clause, after) = (&sentence[..place], &sentence[place + mark.len_utf8()..]);
        if is_whole(clause) && !is_introduction(clause) && is_whole(without_joint(after)) {
            return (clause, after);
        }
    }
    (sentence, "")
}

fn without_joint(clause: &str) -> &str {
    let clause = words::trim(clause);
    let joint = JOINTS.iter().find_map(|joint| clause.strip_prefix(joint));
    words::trim(joint.unwrap_or(clause)).trim_end_matches(['.', '。', '?', '？', '!', '！'])
}

fn is_whole(clause: &str) -> bool {
    if mainly_chinese(clause) {
        clause.chars().filter(|&one| words::is_han(one)).count() >= SHORTEST_CHINESE
    } else {
        words::trim(clause).split(' ').count() >= SHORTEST
    }
}

/// Whether a clause asks what it stands behind: "who knew about it".
fn is_question(clause: &str) -> bool {
    let first = clause.split(' ').next().unwrap_or(clause);
    ["who", "whose", "what", "why", "how", "which", "whether"].contains(&first)
        || ["谁", "为什么", "怎么"].iter().any(|word| clause.starts_with(word))
}

fn is_introduction(clause: &str) -> bool {
    let clause = without_joint(clause);
    let first = clause.split(' ').next().unwrap_or(clause);
    INTRODUCTIONS.iter().any(|word| first.eq_ignore_ascii_case(word))
        || INTRODUCTIONS_CHINESE.iter().any(|word| clause.starts_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn a_narrative_comes_apart_into_clauses_that_stand_alone() {
        let text = "Attention moves from the closure itself to who knew before the vote; the union \
                    and students push for a pause, the operator publishes test data, and neutral \
                    experts pull the argument back to evidence. In the end, trust returns slowly.";
        let all: Vec<&str> = clauses(text).collect();
        assert_eq!(
            all,
            [
                "Attention moves from the closure itself to who knew before the vote",
                "the union and students push for a pause",
                "the operator publishes test data",
                "neutral experts pull the argument back to evidence",
                "In the end, trust returns slowly",
            ]
        );
        let text =
            "讨论焦点从停运转向谁在表决前知情；工会和学生要求暂停，运营方公布测试数据。模拟结束。";
        let all: Vec<&str> = clauses(text).collect();
        assert_eq!(
            all,
            ["讨论焦点从停运转向谁在表决前知情", "工会和学生要求暂停", "运营方公布测试数据"]
        );
        assert_eq!(clauses("").count(), 0);
    }
}
