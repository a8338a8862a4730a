//! What a question asks for, in either language, whatever the agent speaks.

use super::super::policy::voice::Manner;
use crate::words;
use crate::world::World;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// Why it did something.
    Why,
    /// What it will do.
    Next,
    /// Who it is.
    Who,
    /// What others say.
    Others,
    /// What it did.
    Did,
    /// How it feels.
    Feeling,
    /// What it thinks about somebody.
    Somebody(u32),
    /// A fact: whose, where, when, how many.
    Fact,
    /// What it thinks.
    Opinion,
}

#[rustfmt::skip]
const WHY: [&str; 4] = ["why", "reason", "为什么", "为何"];
#[rustfmt::skip]
const NEXT: [&str; 14] = [
    "will you", "going to do", "do next", "next step", "you plan", "your plan", "intend",
    "in the coming", "接下来", "打算", "下一步", "以后会", "将会", "计划",
];
#[rustfmt::skip]
const WHO: [&str; 12] = [
    "who are you", "yourself", "introduce", "background", "your name", "your role", "who speaks",
    "你是谁", "介绍", "你自己", "背景", "身份",
];
#[rustfmt::skip]
const OTHERS: [&str; 18] = [
    "others", "other people", "people say", "people think", "everyone", "everybody", "you see",
    "your feed", "you hear", "you notice", "your timeline", "看到", "看见", "听说", "别人", "其他人",
    "大家", "网友",
];
#[rustfmt::skip]
const DID: [&str; 15] = [
    "did you", "have you", "you done", "you wrote", "you write", "you post", "your action",
    "you react", "your part", "做了", "发了", "写了", "行动过", "反应", "参与",
];
#[rustfmt::skip]
const FEELING: [&str; 9] =
    ["feel", "mood", "emotion", "worried", "afraid", "感觉", "感受", "心情", "情绪"];

/// What a question begins with that asks for a fact; in Chinese, what stands in one.
const FACT: [&str; 6] = ["whose", "who", "where", "when", "which", "how many"];
const FACT_CHINESE: [&str; 6] = ["谁", "哪里", "哪儿", "什么时候", "何时", "多少"];

/// How instructions begin that stand before the question itself: they end with a colon.
const INSTRUCTIONS: [&str; 1] = ["结合你的人设"];

/// How each question begins where a prompt tells the talk so far, line by line.
const ASKED: &str = "Q: ";

/// The question without the instructions before it, or the talk so far.
pub(super) fn without_instructions(prompt: &str) -> &str {
    let prompt = words::trim(prompt);
    if let Some(talk) = prompt.strip_prefix(ASKED) {
        let last = talk.lines().filter_map(|line| line.strip_prefix(ASKED)).next_back();
        return words::trim(last.unwrap_or(talk));
    }
    if INSTRUCTIONS.iter().any(|begin| prompt.starts_with(begin)) {
        let colon = prompt.char_indices().find(|(_, one)| matches!(one, '：' | ':'));
        let after = colon.map_or("", |(place, mark)| &prompt[place + mark.len_utf8()..]);
        return words::trim(after);
    }
    prompt
}

/// What `prompt` asks `agent` for.
pub(super) fn understood(world: &World, agent: u32, prompt: &str) -> Question {
    let asks = |words: &[&str]| words.iter().any(|word| words::mentions(prompt, word));
    let kinds = [
        (WHY.as_slice(), Question::Why),
        (&NEXT, Question::Next),
        (&WHO, Question::Who),
        (&OTHERS, Question::Others),
        (&DID, Question::Did),
        (&FEELING, Question::Feeling),
    ];
    let kind = kinds.into_iter().find(|(words, _)| asks(words)).map(|(_, kind)| kind);
    kind.unwrap_or_else(|| match somebody(world, agent, prompt) {
        _ if asks_for_a_fact(prompt) => Question::Fact,
        Some(other) => Question::Somebody(other),
        None => Question::Opinion,
    })
}

fn asks_for_a_fact(prompt: &str) -> bool {
    let begins = |word: &str| {
        let start = prompt.get(..word.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(word))
            && prompt[word.len()..].starts_with(' ')
    };
    FACT.iter().any(|word| begins(word)) || FACT_CHINESE.iter().any(|word| prompt.contains(word))
}

/// Words of a question that say nothing of what it is about.
const NOT_TELLING: [&str; 12] = [
    "what", "whose", "which", "where", "when", "many", "much", "that", "there", "does", "have",
    "were",
];

/// How many telling words of `prompt`, or pairs of Chinese characters, stand in `text`.
pub(super) fn shared(prompt: &str, text: &str) -> usize {
    let telling = |word: &&str| {
        word.len() >= 4 && !NOT_TELLING.iter().any(|other| word.eq_ignore_ascii_case(other))
    };
    let words = prompt.split(|one: char| !one.is_ascii_alphanumeric()).filter(telling);
    let latin = words.filter(|word| words::mentions(text, word)).count();
    let places = prompt.char_indices().zip(prompt.char_indices().skip(1));
    let pairs = places.filter(|((start, one), (next, other))| {
        let pair = &prompt[*start..next + other.len_utf8()];
        words::is_han(*one) && words::is_han(*other) && text.contains(pair)
    });
    latin + pairs.count()
}

/// The other agent whom `prompt` names: by its whole name, the longest if there are several, or
/// a person by a part of it.
pub(super) fn somebody(world: &World, agent: u32, prompt: &str) -> Option<u32> {
    let others = || (0..).zip(&world.setup.agents).filter(|(id, _)| *id != agent);
    let whole = others()
        .filter(|(_, other)| words::mentions(prompt, &other.name))
        .max_by_key(|(id, other)| (other.name.len(), core::cmp::Reverse(*id)));
    let part = || {
        others().find(|(id, other)| {
            let manner = world.profiles[*id as usize].voice.manner;
            let parts = other.name.split(' ').filter(|part| is_name(part));
            matches!(manner, Manner::Person | Manner::Expert)
                && parts.into_iter().any(|part| is_word_of(prompt, part))
        })
    };
    whole.or_else(part).map(|(id, _)| id)
}

/// A part of a name by which somebody may be called.
fn is_name(part: &str) -> bool {
    part.len() >= 4
        && part.starts_with(|first: char| first.is_ascii_uppercase())
        && !part.ends_with('.')
}

fn is_word_of(text: &str, word: &str) -> bool {
    text.split(|one: char| !one.is_ascii_alphanumeric()).any(|other| other == word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::Platform;
    use crate::tests::fixture::town;

    #[test]
    fn questions_are_told_apart_in_both_languages() {
        let world = World::new(town(Platform::Twitter, 1)).expect("a valid setup");
        for (prompt, question) in [
            ("Why did you like that post?", Question::Why),
            ("What will you do next?", Question::Next),
            ("Who are you?", Question::Who),
            ("What do others say about Maya?", Question::Others),
            ("What did you do so far?", Question::Did),
            ("How do you feel about the ferry?", Question::Feeling),
            ("What do you think about Prof. Lind?", Question::Somebody(5)),
            ("And Maya?", Question::Somebody(6)),
            ("Do you trust the Ferry Company?", Question::Somebody(1)),
            ("Whose signature is on the memo?", Question::Fact),
            ("How many tests did Maya see?", Question::Fact),
            ("What do you think about the brake tests?", Question::Opinion),
            ("你为什么这么说？", Question::Why),
            ("接下来你打算怎么办？", Question::Next),
            ("请介绍一下你自己", Question::Who),
            ("大家怎么看？", Question::Others),
            ("你做了什么？", Question::Did),
            ("你现在心情如何？", Question::Feeling),
            ("你怎么看王小明？", Question::Somebody(10)),
            ("备忘录是谁写的？", Question::Fact),
            ("你怎么看渡轮？", Question::Opinion),
        ] {
            assert_eq!(understood(&world, 0, prompt), question, "{prompt}");
        }
    }

    #[test]
    fn what_a_question_shares_with_a_text_is_what_it_is_about() {
        let asked = "Whose piles are in the photographs?";
        assert_eq!(shared(asked, "In photographs 14 to 22 the piles have tags."), 2);
        assert_eq!(shared(asked, "Whose idea was it? Thoughts?"), 0);
        assert_eq!(shared("木桩是谁的？", "码头的木桩烂了"), 1);
    }

    #[test]
    fn instructions_are_no_part_of_the_question() {
        let prompt = "结合你的人设、所有的过往记忆与行动，不调用任何工具直接用文本回复我：你是谁？";
        assert_eq!(without_instructions(prompt), "你是谁？");
        assert_eq!(without_instructions("Note: who?"), "Note: who?");
        assert_eq!(without_instructions("Q: Why?\nA: Q: is a letter.\nQ: Who?"), "Who?");
        assert_eq!(without_instructions("Q: Why?"), "Why?");
    }
}
