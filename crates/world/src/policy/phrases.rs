//! The shape of a language: what its speakers say, with slots to fill.
//!
//! Slots: `{topic}`, with `{is}`, `{has}`, `{it}`, `{them}` that agree with it; `{author}`,
//! `{other}`, `{quote}`, `{count}`, `{number}`, `{when}`, `{clause}`, `{bio}`, `{name}`; and who
//! speaks, one or many: `{I}`, `{am}`, `{my}`, `{me}`, `{have}`.

mod interview;

use alloc::string::String;

pub(crate) use self::interview::{Did, Interview};
use crate::words;

/// Phrases to choose from. Of those that posts and comments begin from, a power of two: see
/// `writing::walk`.
pub(crate) type List = &'static [&'static str];

/// All phrases of one language.
pub(crate) struct Language {
    pub(crate) grammar: Grammar,
    pub(crate) posts: &'static Posts,
    pub(crate) comments: &'static Comments,
    pub(crate) quotes: &'static Quotes,
    pub(crate) reasons: List,
    pub(crate) interview: &'static Interview,
}

/// The small words that slots are filled with.
pub(crate) struct Grammar {
    /// Between two sentences.
    pub(crate) space: &'static str,
    /// Between whom a comment is addressed to and what it says.
    pub(crate) address: [&'static str; 2],
    /// Before a topic that is a thing and no name.
    pub(crate) article: &'static str,
    /// What fills `{I}`, `{am}`, `{my}`, `{me}`, `{have}` for a person.
    pub(crate) one: [&'static str; 5],
    /// The same for an organisation.
    pub(crate) many: [&'static str; 5],
    /// What fills `{is}`, `{has}`, `{it}`, `{them}` for one thing.
    pub(crate) singular: [&'static str; 4],
    /// The same for several things.
    pub(crate) plural: [&'static str; 4],
    /// What to talk about if nobody has named a topic.
    pub(crate) anything: &'static str,
    pub(crate) when: When,
}

/// How long ago something was. `{count}` in `days_ago`.
pub(crate) struct When {
    pub(crate) just_now: &'static str,
    pub(crate) this_morning: &'static str,
    pub(crate) this_afternoon: &'static str,
    pub(crate) this_evening: &'static str,
    pub(crate) last_night: &'static str,
    pub(crate) yesterday: &'static str,
    pub(crate) days_ago: &'static str,
}

/// One list for each stance.
pub(crate) struct Sides {
    pub(crate) supportive: List,
    pub(crate) opposing: List,
    pub(crate) neutral: List,
    pub(crate) observer: List,
}

/// One list for each way of taking something up.
pub(crate) struct Attitudes {
    pub(crate) agrees: List,
    pub(crate) differs: List,
    pub(crate) asks: List,
}

/// One list for each kind of speaker.
pub(crate) struct Speakers {
    pub(crate) person: List,
    pub(crate) organisation: List,
    pub(crate) press: List,
}

/// What posts say.
pub(crate) struct Posts {
    /// What may stand first: of somebody cheerful, calm, gloomy; in the night, in the morning, at
    /// noon, in the evening.
    pub(crate) moods: [List; 3],
    pub(crate) hours: [List; 4],
    /// On what everybody talks about.
    pub(crate) person: Sides,
    pub(crate) organisation: Sides,
    pub(crate) expert: List,
    pub(crate) press: List,
    /// On what somebody does about it: a march, a petition.
    pub(crate) action: Sides,
    /// On what one is interested in: a field rather than a thing.
    pub(crate) field: Speakers,
    /// On a piece of one's own profile, `{bio}`.
    pub(crate) bio: List,
    /// On nothing at all.
    pub(crate) small_talk: List,
    /// On where the story goes, `{clause}`.
    pub(crate) story: Speakers,
    /// On what `{author}` said about `{topic}`.
    pub(crate) echo: Attitudes,
    pub(crate) organisation_echo: Attitudes,
    /// On what `{author}` said, `{quote}`.
    pub(crate) press_echo: List,
    /// On what `{author}` said, `{quote}`, and `{other}` sees differently.
    pub(crate) both_sides: List,
    /// On how a post of `{author}` spreads, with its `{count}` of likes.
    pub(crate) popular: Attitudes,
    pub(crate) press_popular: List,
    /// On a `{number}` in what `{author}` said.
    pub(crate) figure: List,
    /// On what one said `{when}`: `{quote}`.
    pub(crate) again: Sides,
    /// What may be added.
    pub(crate) reasons: Sides,
    pub(crate) measured_reasons: List,
    pub(crate) person_ends: List,
    /// Of a post about nothing in particular.
    pub(crate) light_ends: List,
    pub(crate) expert_ends: List,
    pub(crate) organisation_ends: List,
    pub(crate) press_ends: List,
}

/// What comments say.
pub(crate) struct Comments {
    pub(crate) person: Attitudes,
    pub(crate) organisation: Attitudes,
    pub(crate) expert: Attitudes,
    pub(crate) press: List,
    /// On what the press reports.
    pub(crate) report: Sides,
    /// On a post about nothing in particular.
    pub(crate) chat: List,
    pub(crate) measured_chat: List,
    /// On a question about nothing in particular.
    pub(crate) chat_question: List,
    /// On a post that asks something.
    pub(crate) question: Attitudes,
    /// On a `{number}` in the post.
    pub(crate) number: List,
    /// On a post that has `{count}` likes.
    pub(crate) popular: Attitudes,
    /// On the very words, `{quote}`.
    pub(crate) words: Attitudes,
    /// To the comment of `{author}` under another's post.
    pub(crate) person_reply: Attitudes,
    pub(crate) organisation_reply: Attitudes,
    pub(crate) press_reply: List,
    /// To `{author}`, who answered what one wrote.
    pub(crate) thanks: List,
    pub(crate) defends: List,
    pub(crate) explains: List,
    /// What may be added.
    pub(crate) ends: Attitudes,
    pub(crate) press_ends: List,
    pub(crate) measured_ends: List,
}

/// What stands above a post that is quoted.
pub(crate) struct Quotes {
    pub(crate) person: Attitudes,
    pub(crate) organisation: Attitudes,
    pub(crate) expert: Attitudes,
    pub(crate) press: List,
    /// Above what the press reports.
    pub(crate) report: List,
}

/// `template` with its slots filled; what begins a sentence gets a capital letter, and Latin
/// letters beside Chinese ones a space.
pub(crate) fn fill(template: &str, slots: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len() + 64);
    let mut rest = template;
    let chinese = template.chars().any(words::is_han);
    while let Some((text, (slot, after))) =
        rest.split_once('{').and_then(|(text, open)| Some((text, open.split_once('}')?)))
    {
        out.push_str(text);
        let value = slots.iter().find(|(name, _)| *name == slot).map_or("", |(_, value)| value);
        space_between(&mut out, value);
        if chinese {
            out.push_str(value);
        } else {
            push_sentence_case(&mut out, value);
        }
        space_between(&mut out, after);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Sets a space if a Chinese and a Latin letter would touch.
fn space_between(out: &mut String, next: &str) {
    let (Some(last), Some(first)) = (out.chars().next_back(), next.chars().next()) else { return };
    let latin = |character: char| character.is_ascii_alphanumeric();
    if words::is_han(last) && latin(first) || latin(last) && words::is_han(first) {
        out.push(' ');
    }
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

    impl Sides {
        fn all(&self) -> [List; 4] {
            [self.supportive, self.opposing, self.neutral, self.observer]
        }
    }

    impl Attitudes {
        fn all(&self) -> [List; 3] {
            [self.agrees, self.differs, self.asks]
        }
    }

    impl Speakers {
        fn all(&self) -> [List; 3] {
            [self.person, self.organisation, self.press]
        }
    }

    /// Lists that walks go through.
    fn walked(language: &Language) -> Vec<List> {
        let (posts, comments, quotes) = (language.posts, language.comments, language.quotes);
        let sides = [&posts.person, &posts.organisation, &posts.action, &posts.again];
        let attitudes = [
            &posts.echo,
            &posts.organisation_echo,
            &posts.popular,
            &comments.person,
            &comments.organisation,
            &comments.expert,
            &comments.question,
            &comments.popular,
            &comments.words,
            &comments.person_reply,
            &comments.organisation_reply,
            &quotes.person,
            &quotes.organisation,
            &quotes.expert,
        ];
        let mut all: Vec<List> = sides.into_iter().flat_map(Sides::all).collect();
        all.extend(comments.report.all());
        all.extend(attitudes.into_iter().flat_map(Attitudes::all));
        all.extend(posts.field.all().into_iter().chain(posts.story.all()));
        all.extend([posts.expert, posts.press, posts.bio, posts.small_talk]);
        all.extend([posts.press_echo, posts.both_sides]);
        all.extend([
            posts.press_popular,
            posts.figure,
            comments.press,
            comments.chat,
            comments.measured_chat,
        ]);
        all.extend([comments.chat_question, comments.number, comments.press_reply]);
        all.extend([comments.thanks, comments.defends, comments.explains]);
        all.extend([quotes.press, quotes.report]);
        all
    }

    fn added(language: &Language) -> Vec<List> {
        let (posts, comments) = (language.posts, language.comments);
        let mut all: Vec<List> = posts.moods.into_iter().chain(posts.hours).collect();
        all.extend(posts.reasons.all().into_iter().chain(comments.ends.all()));
        all.extend([posts.measured_reasons, posts.person_ends, posts.light_ends]);
        all.extend([posts.expert_ends, posts.organisation_ends, posts.press_ends]);
        all.extend([comments.press_ends, comments.measured_ends, language.reasons]);
        all
    }

    fn slots(phrase: &str) -> impl Iterator<Item = &str> {
        phrase.split('{').skip(1).filter_map(|part| part.split('}').next())
    }

    #[test]
    fn slots_are_filled_and_sentences_begin_with_a_capital() {
        let slots = [("topic", "the memo"), ("I", "we")];
        assert_eq!(fill("{topic}: {I} ask. {I} wait.", &slots), "The memo: we ask. We wait.");
        assert_eq!(fill("no slots", &slots), "no slots");
        assert_eq!(fill("{unknown}, {open", &slots), ", {open");
        assert_eq!(fill("关于{topic}的事", &[("topic", "Line 4")]), "关于 Line 4 的事");
    }

    /// Two texts can only be told apart if no phrase stands twice in a list, and a walk is only
    /// complete if its length is a power of two.
    #[test]
    fn lists_can_be_walked_and_every_slot_is_known() {
        let known = [
            "topic", "is", "has", "it", "them", "author", "other", "quote", "count", "number",
            "when", "clause", "bio", "name", "I", "am", "my", "me", "have",
        ];
        for language in [&ENGLISH, &CHINESE] {
            for list in walked(language) {
                assert!(list.len().is_power_of_two(), "{} phrases in {list:?}", list.len());
            }
            for list in walked(language).into_iter().chain(added(language)) {
                let distinct: BTreeSet<_> = list.iter().collect();
                assert_eq!(distinct.len(), list.len(), "a phrase is repeated in {list:?}");
                for phrase in list {
                    assert!(slots(phrase).all(|slot| known.contains(&slot)), "{phrase}");
                    assert!(!phrase.is_empty() && !phrase.contains("  "), "{phrase}");
                }
            }
            for list in added(language) {
                assert!(list.iter().flat_map(|one| slots(one)).all(|slot| slot == "name"));
            }
        }
    }

    #[test]
    fn organisations_and_the_press_never_say_i() {
        let mut measured: Vec<List> = ENGLISH.posts.organisation.all().to_vec();
        measured.extend(ENGLISH.comments.organisation.all());
        measured.extend(ENGLISH.comments.organisation_reply.all());
        measured.extend(ENGLISH.quotes.organisation.all());
        measured.extend([ENGLISH.posts.press, ENGLISH.comments.press, ENGLISH.quotes.press]);
        measured.extend([ENGLISH.posts.organisation_ends, ENGLISH.comments.measured_ends]);
        measured.extend([ENGLISH.posts.measured_reasons]);
        measured.extend(ENGLISH.posts.organisation_echo.all());
        measured.extend([ENGLISH.comments.measured_chat, ENGLISH.comments.press_reply]);
        for phrase in measured.into_iter().flatten() {
            let words = phrase.split(|one: char| !one.is_ascii_alphabetic());
            assert!(!words.into_iter().any(|word| ["I", "my", "me"].contains(&word)), "{phrase}");
        }
    }

    /// Topics are put beside what agrees with them, never beside a bare "is".
    #[test]
    fn verbs_agree_with_topics() {
        for phrase in walked(&ENGLISH).into_iter().flatten() {
            for verb in ["is", "are", "has", "have", "was"] {
                let clash = alloc::format!("{{topic}} {verb} ");
                let Some((before, _)) = phrase.split_once(&clash) else { continue };
                // Behind a preposition it is no subject: "what is said about {topic} is wrong".
                let prepositions = [
                    "about ", "on ", "around ", "for ", "of ", "by ", "with ", "like ", "to ",
                    "in ",
                ];
                assert!(prepositions.iter().any(|one| before.ends_with(one)), "{phrase}");
            }
        }
    }
}
