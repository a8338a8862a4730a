//! Topics: which one a text is about, and how it stands in a sentence.

use alloc::string::String;

use super::{Speaker, fragments};
use crate::policy::phrases::Grammar;
use crate::policy::voice::mainly_chinese;
use crate::random::Purpose;
use crate::view::PostView;
use crate::words;
use crate::world::World;

/// A topic as its speaker puts it into a sentence: "the braking memo", but "Tram Line 4" and
/// "safety".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Topic {
    pub(crate) text: String,
    pub(crate) plural: bool,
    /// Whether it is something that people do against something: a march, a petition.
    pub(crate) action: bool,
}

impl Topic {
    /// What fills `{topic}` and the words that agree with it.
    pub(crate) fn slots(&self, grammar: &'static Grammar) -> [(&'static str, &str); 5] {
        let words = if self.plural { grammar.plural } else { grammar.singular };
        let [is, has, it, them] = words;
        [("topic", &self.text), ("is", is), ("has", has), ("it", it), ("them", them)]
    }
}

/// The first of what everybody talks about, or else interest of the agent, that `text` names.
pub(crate) fn named<'world>(world: &'world World, id: u32, text: &str) -> Option<&'world str> {
    let interests = &world.setup.agents[id as usize].interests;
    hot(world, text).or_else(|| interests.iter().map(String::as_str).find(|one| names(text, one)))
}

/// The first of what everybody talks about that `text` names.
pub(crate) fn hot<'world>(world: &'world World, text: &str) -> Option<&'world str> {
    world.settings.topics.iter().map(String::as_str).find(|topic| names(text, topic))
}

/// Whether a post is an event of the setup rather than somebody's remark: one that was there from
/// the start, or came at its time.
pub(crate) fn is_planned(world: &World, post: &PostView<'_>) -> bool {
    let mut seeds = world.setup.seed_posts.iter();
    let mut scheduled = world.setup.scheduled.iter();
    if post.tick == 0 {
        seeds.any(|seed| seed.agent == post.author && seed.content == post.content)
    } else {
        let due = |agent, round| agent == post.author && round == post.tick;
        scheduled.any(|event| due(event.agent, event.round) && event.content == post.content)
    }
}

/// Whether `text` names `topic`: all of it, or its last words, "the memo" for "braking memo".
fn names(text: &str, topic: &str) -> bool {
    if topic.chars().any(words::is_han) {
        return words::mentions(text, topic);
    }
    let tail = match topic.rsplit_once(' ') {
        Some((rest, last)) if !rest.contains(' ') => {
            Some(last).filter(|last| last.len() >= 4 && !last.ends_with('s'))
        }
        Some((rest, last)) => rest.rfind(' ').map(|space| &topic[space + 1..]).or(Some(last)),
        None => None,
    };
    has_word(text, topic, true) || tail.is_some_and(|tail| has_word(text, tail, false))
}

/// Whether `part` stands in `text` with no letter or digit beside it.
fn has_word(text: &str, part: &str, any_case: bool) -> bool {
    let (bytes, wanted) = (text.as_bytes(), part.as_bytes());
    let Some((first, last_start)) = wanted.first().zip(bytes.len().checked_sub(wanted.len()))
    else {
        return false;
    };
    let beside = |place: Option<usize>| {
        place.and_then(|place| bytes.get(place)).is_some_and(u8::is_ascii_alphanumeric)
    };
    // Few places begin with the right letter: the rest is compared at those alone.
    let begins =
        |byte: &u8| if any_case { byte.eq_ignore_ascii_case(first) } else { byte == first };
    let starts = bytes[..=last_start].iter().enumerate().filter(|(_, byte)| begins(byte));
    starts.map(|(start, _)| start).any(|start| {
        let found = &bytes[start..start + wanted.len()];
        let same = if any_case { found.eq_ignore_ascii_case(wanted) } else { found == wanted };
        same && !beside(start.checked_sub(1)) && !beside(Some(start + wanted.len()))
    })
}

impl Speaker<'_> {
    /// One of what everybody talks about, in the speaker's language if there is one.
    pub(super) fn a_thing(&self, draw: u32) -> Option<Topic> {
        let topic = self.one_of(self.world.settings.topics.iter(), draw)?;
        Some(self.in_a_sentence(topic))
    }

    /// One of the speaker's interests.
    pub(super) fn a_field(&self, draw: u32) -> Option<Topic> {
        // What everybody talks about is no field of one's own; "baker, Tar Lane" is who one is.
        let common = &self.world.settings.topics;
        let fields = self.agent.interests.iter().filter(|interest| {
            !is_role(interest) && !interest.contains([',', '，']) && !common.contains(interest)
        });
        let topic = self.one_of(fields, draw)?;
        Some(self.in_a_sentence(topic))
    }

    /// One of `topics`, in the speaker's language if there is one.
    fn one_of<'list>(
        &self,
        topics: impl Iterator<Item = &'list String> + Clone,
        draw: u32,
    ) -> Option<&'list str> {
        let own = |topic: &&String| mainly_chinese(topic) == self.voice.chinese;
        let pick = |count| self.dice.place(Purpose::Write, draw, count);
        let named = topics.filter(|topic| !words::trim(topic).is_empty());
        let topic = match named.clone().filter(own).count() {
            0 => named.clone().nth(pick(named.count())),
            count => named.filter(own).nth(pick(count)),
        };
        topic.map(String::as_str)
    }

    /// What `text` is about, or "all of this".
    pub(crate) fn topic_of(&self, text: &str) -> Topic {
        self.topic_or_anything(named(self.world, self.id, text))
    }

    pub(crate) fn topic_or_anything(&self, topic: Option<&str>) -> Topic {
        match topic {
            Some(topic) => self.in_a_sentence(topic),
            None => Topic {
                text: self.language().grammar.anything.into(),
                plural: false,
                action: false,
            },
        }
    }

    fn in_a_sentence(&self, topic: &str) -> Topic {
        let topic = &*fragments::shortened(topic, TOPIC);
        let foreign = mainly_chinese(topic) && !self.voice.chinese;
        if topic.chars().any(words::is_han) || self.voice.chinese || foreign {
            return as_it_is(topic, foreign);
        }
        let thing = self.world.settings.topics.iter().any(|one| one == topic);
        let article = self.language().grammar.article;
        english(topic, if thing { article } else { "" }, |word| self.is_name(word))
    }

    /// Whether `word` is a name, as far as the speaker's own texts and the setup tell: it stands
    /// with a capital letter within one of their sentences.
    fn is_name(&self, word: &str) -> bool {
        let agent = self.agent;
        let seeds = self.world.setup.seed_posts.iter().map(|seed| &seed.content);
        let texts = [&agent.bio, &agent.persona, &self.world.settings.narrative];
        let names = self.world.setup.agents.iter().take(NAMES).map(|agent| agent.name.as_str());
        texts.into_iter().chain(seeds.take(NAMES)).any(|text| is_capital_within(text, word))
            || names.flat_map(|name| name.split(' ')).any(|part| part == word)
    }

    /// A clause that stood alone, within a sentence: without a capital that is no name's.
    pub(crate) fn within_a_sentence(&self, clause: &str) -> String {
        let word = clause.split(' ').next().unwrap_or(clause);
        let mut rest = word.chars();
        let plain = rest.next().is_some_and(|first| first.is_ascii_uppercase())
            && rest.all(|character| character.is_ascii_lowercase());
        if plain && !DAYS_AND_MONTHS.contains(&word) && !self.is_name(word) {
            lower_first(clause)
        } else {
            clause.into()
        }
    }
}

/// How many names and seed posts are looked at to tell names from words.
const NAMES: usize = 64;

/// Characters of a topic that stand in a sentence at most.
const TOPIC: usize = 90;

/// Words of a topic beyond which it is a saying rather than a name for something.
const LONG: usize = 6;

fn as_it_is(topic: &str, quoted: bool) -> Topic {
    let text = if quoted { alloc::format!("“{topic}”") } else { topic.into() };
    Topic { text, plural: false, action: is_action(topic) }
}

fn is_capital_within(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(place, _)| {
        let mut before = text[..place].chars().rev();
        before.next() == Some(' ')
            && before.next().is_some_and(|last| last.is_ascii_alphanumeric() || last == ',')
    })
}

#[rustfmt::skip]
const DAYS_AND_MONTHS: [&str; 19] = [
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "January",
    "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
];

/// What stands before a topic that needs no article.
#[rustfmt::skip]
const DETERMINERS: [&str; 16] = [
    "the", "a", "an", "this", "that", "these", "those", "our", "their", "my", "your", "no", "who",
    "what", "how", "why",
];

/// A topic in an English sentence; `article` is for things, `is_name` knows proper names.
fn english(topic: &str, article: &str, is_name: impl Fn(&str) -> bool) -> Topic {
    let count = topic.split(' ').count();
    if count > LONG {
        return as_it_is(topic, true);
    }
    let first = topic.split(' ').next().unwrap_or(topic);
    let capital = |word: &str| word.starts_with(|first: char| !first.is_ascii_lowercase());
    let later_capital = topic.split(' ').skip(1).any(|word| word != "&" && capital(word));
    let letters_after = first.get(1..).unwrap_or("");
    let acronym = letters_after.chars().any(|letter| !letter.is_ascii_lowercase());
    let proper = later_capital || acronym && capital(first) || !first.is_ascii();
    let keeps = proper || DAYS_AND_MONTHS.contains(&first) || is_name(first);
    let text = if capital(first) && !keeps { lower_first(topic) } else { topic.into() };
    // "the option on Pier 9" is no name, though it ends with one.
    let start = &topic[..head_end(topic)];
    let qualified = start != topic && !start.split(' ').any(capital);
    let determined = DETERMINERS.iter().any(|word| first.eq_ignore_ascii_case(word));
    let head = head(&text);
    let bare = proper && !qualified || determined || topic.starts_with(['#', '@']);
    let needs = THE.contains(&head) && count == 1;
    let takes = !article.is_empty() && !is_uncountable(head, count);
    let article = if bare || !(needs || takes) { "" } else { "the " };
    Topic {
        plural: is_plural(head) && !proper,
        action: is_action(head),
        text: alloc::format!("{article}{text}"),
    }
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(characters).collect()
}

/// The noun that decides whether a topic is one thing or several: "rights" of "rights of way".
fn head(topic: &str) -> &str {
    let end = head_end(topic);
    let start = topic[..end].rfind(' ').map_or(0, |space| space + 1);
    &topic[start..end]
}

/// Where what qualifies the noun begins: " on Pier 9".
fn head_end(topic: &str) -> usize {
    [" of ", " in ", " at ", " for ", " on ", " to ", " from ", " with ", " against "]
        .iter()
        .filter_map(|word| topic.find(word))
        .min()
        .unwrap_or(topic.len())
}

fn is_plural(head: &str) -> bool {
    let singular = ["ss", "us", "is", "ics", "news"].iter().any(|end| head.ends_with(end));
    head.ends_with('s') && !singular || head == "people"
}

/// What people do against something.
#[rustfmt::skip]
const ACTIONS: [&str; 17] = [
    "march", "protest", "strike", "petition", "rally", "boycott", "demonstration", "vigil",
    "sit-in", "walkout", "游行", "抗议", "罢工", "请愿", "联名", "联署", "抵制",
];

fn is_action(topic: &str) -> bool {
    ACTIONS.iter().any(|action| match topic.len().checked_sub(action.len()) {
        Some(_) if action.chars().any(words::is_han) => topic.contains(action),
        Some(start) => topic.is_char_boundary(start) && topic[start..].eq_ignore_ascii_case(action),
        None => false,
    })
}

/// What somebody is rather than what it is interested in; a profession counts as an interest.
#[rustfmt::skip]
const ROLES: [&str; 50] = [
    "busker", "newsletter", "newspaper", "restaurateur", "association", "keeper", "fisher", "cook", "seller", "vendor",
    "owner", "engineer", "student", "teacher", "councillor", "councilor", "manager", "officer",
    "worker", "driver", "reporter", "lawyer", "doctor", "nurse", "professor", "lecturer",
    "researcher", "developer", "designer", "writer", "editor", "analyst", "consultant", "director",
    "retiree", "pensioner", "official", "farmer", "marketer", "entrepreneur", "freelancer",
    "ologist", "nalist", "cientist", "artist", "学生", "教授", "老师", "记者", "工程师",
];

fn is_role(interest: &str) -> bool {
    let interest = words::trim(interest);
    ROLES.iter().any(|role| interest.ends_with(role) || interest.eq_ignore_ascii_case(role))
}

/// Nouns that stand with an article even as a field of interest.
const THE: [&str; 9] = [
    "budget",
    "economy",
    "environment",
    "climate",
    "government",
    "council",
    "internet",
    "law",
    "weather",
];

/// Nouns, and ends of nouns, of what cannot be counted.
#[rustfmt::skip]
const UNCOUNTABLE: [&str; 12] = [
    "transport", "research", "health", "trust", "sport", "traffic", "music", "food", "news",
    "change", "work", "journalism",
];
#[rustfmt::skip]
const UNCOUNTABLE_ENDS: [&str; 15] = [
    "tion", "sion", "ity", "ety", "rty", "ing", "ism", "ness", "ics", "ance", "ence", "ship",
    "ture", "acy", "hood",
];

fn is_uncountable(head: &str, words: usize) -> bool {
    // "the budget discussion", but "education".
    UNCOUNTABLE.contains(&head)
        || words == 1 && UNCOUNTABLE_ENDS.iter().any(|end| head.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_read_well_in_a_sentence() {
        for (topic, thing, said, plural) in [
            ("Tram Line 4", true, "Tram Line 4", false),
            ("braking memo", true, "the braking memo", false),
            ("autonomous shuttles", true, "the autonomous shuttles", true),
            ("Saturday march", true, "the Saturday march", false),
            ("Harborview tram", true, "the Harborview tram", false),
            ("Housing crisis", true, "the housing crisis", false),
            ("the strike", true, "the strike", false),
            ("option on Pier 9", true, "the option on Pier 9", false),
            ("public transport", true, "public transport", false),
            ("Public transport", false, "public transport", false),
            ("Economics", false, "economics", false),
            ("Culture & Society", false, "Culture & Society", false),
            ("Petitions", false, "petitions", true),
            ("AI", false, "AI", false),
            ("Budget", false, "the budget", false),
            ("#AgEcon", true, "#AgEcon", false),
            ("rights of way", true, "the rights of way", true),
            ("education", true, "education", false),
            (
                "who knew what before the vote was held",
                true,
                "“who knew what before the vote was held”",
                false,
            ),
        ] {
            let article = if thing { "the " } else { "" };
            let found = english(topic, article, |word| word == "Harborview");
            assert_eq!((found.text.as_str(), found.plural), (said, plural), "{topic}");
            assert_eq!(found.action, topic.ends_with("march") || topic.ends_with("strike"));
        }
    }

    #[test]
    fn texts_name_topics_by_all_or_the_end_of_their_words() {
        for (text, topic, named) in [
            ("About Tram line 4 again", "Tram Line 4", true),
            ("I take Line 4 every day", "Tram Line 4", true),
            ("Publish the memo.", "braking memo", true),
            ("It starts on 1 March.", "Saturday march", false),
            ("Join the march!", "Saturday march", true),
            ("public services", "night services", false),
            ("she said it", "AI", false),
            ("关于校园安全", "校园安全", true),
        ] {
            assert_eq!(names(text, topic), named, "{topic} in {text}");
        }
    }
}
