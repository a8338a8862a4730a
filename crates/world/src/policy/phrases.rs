//! The shape of a language: what its speakers say, with slots to fill.
//!
//! Slots: `{topic}`, `{author}`, `{quote}`, `{name}`; and who speaks, one or many: `{I}`,
//! `{am}`, `{my}`, `{me}`, `{have}`.

use alloc::string::String;

/// All phrases of one language. Sizes are powers of two: see `text::Walk`.
pub(crate) struct Phrases {
    /// Between two sentences.
    pub(crate) space: &'static str,
    /// Before a topic that begins with a small letter.
    pub(crate) article: &'static str,
    /// What fills `{I}`, `{am}`, `{my}`, `{me}`, `{have}` for a person.
    pub(crate) one: [&'static str; 5],
    /// The same for an organisation.
    pub(crate) many: [&'static str; 5],
    /// What to talk about if nobody has named a topic.
    pub(crate) anything: &'static str,
    /// How a post begins: cheerful, plain, gloomy.
    pub(crate) openers: [[&'static str; 8]; 3],
    /// How a post begins that takes up another.
    pub(crate) hooks: [&'static str; 8],
    /// What a post says: supportive, opposing, neutral, observer.
    pub(crate) posts: [[&'static str; 16]; 4],
    /// How a post ends: a person, an organisation, the press.
    pub(crate) closers: [[&'static str; 8]; 3],
    /// How a comment begins.
    pub(crate) greetings: [&'static str; 8],
    /// What a comment says: agrees, differs, asks.
    pub(crate) replies: [[&'static str; 16]; 3],
    /// How a comment ends.
    pub(crate) endings: [&'static str; 8],
    /// What is said in an interview.
    pub(crate) interview: Interview,
}

/// What is said in an interview. Slots as above, and `{profile}`, `{about}`, `{count}`,
/// `{likes}`.
pub(crate) struct Interview {
    /// What its profile says: `{profile}`.
    pub(crate) about: &'static str,
    /// Who speaks; `{about}` is the sentence above, or nothing.
    pub(crate) who: [&'static str; 4],
    /// Where it stands on `{topic}`: supportive, opposing, neutral, observer.
    pub(crate) stance: [[&'static str; 4]; 4],
    /// How it feels: cheerful, plain, gloomy.
    pub(crate) mood: [[&'static str; 2]; 3],
    /// It wrote a post, a comment; it liked, shared a post; it followed somebody.
    pub(crate) did: [[&'static str; 2]; 5],
    /// It has done nothing yet.
    pub(crate) did_nothing: [&'static str; 2],
    /// It sees a post.
    pub(crate) sees: [&'static str; 4],
    /// It sees nothing.
    pub(crate) sees_nothing: [&'static str; 2],
    /// How many follow it.
    pub(crate) standing: [&'static str; 2],
    /// How an answer ends.
    pub(crate) ends: [&'static str; 4],
}

/// `template` with its slots filled; what begins a sentence gets a capital letter.
pub(crate) fn fill(template: &str, slots: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len() + 64);
    let mut rest = template;
    while let Some((text, (slot, after))) =
        rest.split_once('{').and_then(|(text, open)| Some((text, open.split_once('}')?)))
    {
        out.push_str(text);
        let value = slots.iter().find(|(name, _)| *name == slot).map_or("", |(_, value)| value);
        push_sentence_case(&mut out, value);
        rest = after;
    }
    out.push_str(rest);
    out
}

fn push_sentence_case(out: &mut String, value: &str) {
    let begins = out.is_empty() || [". ", "? ", "! "].iter().any(|end| out.ends_with(end));
    let mut characters = value.chars();
    match characters.next() {
        Some(first) if begins => {
            out.push(first.to_ascii_uppercase());
            out.push_str(characters.as_str());
        }
        _ => out.push_str(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{chinese::CHINESE, english::ENGLISH};
    use alloc::collections::BTreeSet;
    use alloc::vec::Vec;

    #[test]
    fn slots_are_filled_and_sentences_begin_with_a_capital() {
        let slots = [("topic", "the memo"), ("I", "we")];
        assert_eq!(fill("{topic}: {I} ask. {I} wait.", &slots), "The memo: we ask. We wait.");
        assert_eq!(fill("no slots", &slots), "no slots");
        assert_eq!(fill("{unknown}, {open", &slots), ", {open");
    }

    /// Two texts can only be told apart if no phrase stands twice in a list.
    #[test]
    fn no_phrase_is_repeated_and_every_slot_is_known() {
        let known = ["topic", "author", "quote", "name", "I", "am", "my", "me", "have"];
        for phrases in [&ENGLISH, &CHINESE] {
            let lists = phrases
                .openers
                .iter()
                .chain(&phrases.closers)
                .chain([&phrases.hooks, &phrases.greetings, &phrases.endings])
                .map(|list| list.as_slice());
            let long = phrases.posts.iter().chain(&phrases.replies).map(|list| list.as_slice());
            for list in lists.chain(long) {
                let distinct: BTreeSet<_> = list.iter().collect();
                assert_eq!(distinct.len(), list.len(), "a phrase is repeated in {list:?}");
                for phrase in list {
                    let slots: Vec<_> = phrase
                        .split('{')
                        .skip(1)
                        .filter_map(|part| part.split('}').next())
                        .collect();
                    assert!(slots.iter().all(|slot| known.contains(slot)), "{phrase}");
                }
            }
            for phrase in phrases.posts.iter().flatten().chain(phrases.replies.iter().flatten()) {
                assert!(phrase.contains("{topic}"), "{phrase} is about nothing");
            }
            for phrase in phrases.greetings.iter().chain(&phrases.hooks) {
                assert!(phrase.contains("{author}") && phrase.contains("{quote}"), "{phrase}");
            }
        }
    }
}
