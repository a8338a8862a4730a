//! What an agent writes: from phrases, topics and what it takes up.
//!
//! An agent walks through all combinations of phrases before it uses one again, so it does not
//! repeat itself; where it begins and how it strides is its character.

use alloc::string::String;
use alloc::vec::Vec;

use super::phrases::fill;
use super::voice::{Manner, Voice};
use crate::random::{Dice, Purpose};
use crate::setup::{Stance, Traits};
use crate::view::PostView;
use crate::words;
use crate::world::World;

/// Characters of another text that are quoted at most.
const QUOTED: usize = 90;

/// How a comment takes up a post.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attitude {
    Agrees,
    Differs,
    Asks,
}

/// The text of an agent's post number `number`.
pub(crate) fn post(world: &World, id: u32, number: u32, posts: &[PostView<'_>]) -> String {
    let agent = &world.setup.agents[id as usize];
    let traits = &world.settings.traits[id as usize];
    let voice = world.profiles[id as usize].voice;
    let phrases = voice.phrases();
    let dice = world.source.agent(world.tick, id);
    let walk = Walk::step(world.source.character(id), 0, number);
    let draw = first_draw(0, number);

    // One post in three takes up what the agent sees: two of three places are beyond the feed.
    let places = 3 * u32::try_from(posts.len()).unwrap_or(0);
    let taken_up = posts.get(dice.below(Purpose::Words, draw, places) as usize);
    let topic = topic(world, id, dice, draw + 1, taken_up);
    let quote =
        taken_up.map_or(String::new(), |seen| quote(world, id, seen.content, dice, draw + 4));
    let beginning = match taken_up {
        Some(_) if !quote.is_empty() => phrases.hooks[walk.beginning],
        _ => phrases.openers[tone(traits, voice, dice, draw + 5)][walk.beginning],
    };
    let author = taken_up.map_or("", |seen| seen.author_name);
    let middle = phrases.posts[stance(traits.stance)][walk.middle];
    let end = phrases.closers[manner(voice)][walk.end];
    compose(
        voice,
        [beginning, middle, end],
        &[("topic", &topic), ("author", author), ("quote", &quote), ("name", &agent.name)],
    )
}

/// The text of an agent's comment number `number`, on a post that it sees.
pub(crate) fn reply(
    world: &World,
    id: u32,
    number: u32,
    seen: &PostView<'_>,
    attitude: Attitude,
) -> String {
    let voice = world.profiles[id as usize].voice;
    let phrases = voice.phrases();
    let dice = world.source.agent(world.tick, id);
    let walk = Walk::step(world.source.character(id), 1, number);
    let draw = first_draw(1, number);
    let topic = in_a_sentence(world, id, named_topic(world, id, seen.content));
    let middle = match attitude {
        Attitude::Agrees => phrases.replies[0][walk.middle],
        Attitude::Differs => phrases.replies[1][walk.middle],
        Attitude::Asks => phrases.replies[2][walk.middle],
    };
    let parts = [phrases.greetings[walk.beginning], middle, phrases.endings[walk.end]];
    compose(
        voice,
        parts,
        &[
            ("topic", &topic),
            ("author", seen.author_name),
            ("quote", &quote(world, id, seen.content, dice, draw + 4)),
            ("name", &world.setup.agents[id as usize].name),
        ],
    )
}

/// Where the draws of a text begin: no two texts of a round share one.
fn first_draw(kind: u32, number: u32) -> u32 {
    16 * (2 * (number % 64) + kind)
}

/// A step of an agent's walk through 8 beginnings, 16 middles and 8 ends: 1,024 combinations,
/// each of them once, then again from the start.
struct Walk {
    beginning: usize,
    middle: usize,
    end: usize,
}

impl Walk {
    fn step(character: Dice, kind: u32, number: u32) -> Walk {
        // An odd stride visits all places of a circle of 1,024.
        let start = character.below(Purpose::Words, 2 * kind, 1_024);
        let stride = 2 * character.below(Purpose::Words, 2 * kind + 1, 512) + 1;
        let place = (start.wrapping_add(stride.wrapping_mul(number)) % 1_024) as usize;
        let middle = place % 16;
        // Shifting one part by another keeps the walk complete and makes all parts change.
        let beginning = (place / 16 + middle) % 8;
        let end = (place / 128 + beginning + middle / 2) % 8;
        Walk { beginning, middle, end }
    }
}

/// Fills the parts and joins those that are not empty.
fn compose(voice: Voice, parts: [&str; 3], slots: &[(&str, &str)]) -> String {
    let mut all: Vec<(&str, &str)> = voice.speaker().to_vec();
    all.extend(slots);
    let filled: Vec<String> =
        parts.iter().filter(|part| !part.is_empty()).map(|part| fill(part, &all)).collect();
    filled.join(voice.phrases().space)
}

/// What an agent writes about: what the post that it takes up is about, else one of its
/// interests, else what everybody talks about.
fn topic(world: &World, id: u32, dice: Dice, draw: u32, about: Option<&PostView<'_>>) -> String {
    let (topics, interests) = (&world.settings.topics, &world.setup.agents[id as usize].interests);
    let pick = |list: &'_ [String], draw| {
        let size = u32::try_from(list.len()).unwrap_or(u32::MAX);
        list.get(dice.below(Purpose::Words, draw, size) as usize).cloned()
    };
    let own = || pick(interests, draw + 1);
    let common = || pick(topics, draw + 2);
    let named = about.and_then(|seen| named_topic(world, id, seen.content));
    let topic = match named {
        Some(topic) => Some(String::from(topic)),
        None if dice.chance(Purpose::Words, draw, 300_000) => own().or_else(common),
        None => common().or_else(own),
    };
    in_a_sentence(world, id, topic.as_deref())
}

/// The first topic, or else interest of the agent, that `text` names.
pub(crate) fn named_topic<'world>(
    world: &'world World,
    id: u32,
    text: &str,
) -> Option<&'world str> {
    let interests = &world.setup.agents[id as usize].interests;
    let all = world.settings.topics.iter().chain(interests);
    all.map(String::as_str).find(|topic| words::mentions(text, topic))
}

/// A topic as this agent puts it into a sentence: "the braking memo", but "Line 4" and "safety".
/// What everybody talks about is a thing; what one is interested in is a field.
pub(crate) fn in_a_sentence(world: &World, id: u32, topic: Option<&str>) -> String {
    let phrases = world.profiles[id as usize].voice.phrases();
    let topic = topic.unwrap_or(phrases.anything);
    let is_thing = topic.starts_with(|character: char| character.is_ascii_lowercase())
        && world.settings.topics.iter().any(|thing| thing == topic);
    let mut named = String::from(if is_thing { phrases.article } else { "" });
    named.push_str(topic);
    named
}

/// A fragment of `text`: one of its sentences that name a topic, or else one of the longer ones,
/// after anything that it quotes in turn.
pub(crate) fn quote(world: &World, id: u32, text: &str, dice: Dice, draw: u32) -> String {
    let own = text.rsplit_once('”').map_or(text, |(_, after)| after);
    let mut sentences: Vec<&str> =
        words::sentences(own).filter(|one| named_topic(world, id, one).is_some()).collect();
    if sentences.is_empty() {
        let longest = words::sentences(own).map(str::len).max().unwrap_or(0);
        sentences = words::sentences(own).filter(|one| one.len() * 2 > longest).collect();
    }
    let place = dice.below(Purpose::Words, draw, u32::try_from(sentences.len()).unwrap_or(1));
    let sentence = sentences.get(place as usize).copied().unwrap_or(words::trim(text));
    let fragment = words::beginning(sentence, QUOTED);
    let mut quote = String::from(fragment);
    if fragment.len() < sentence.len() {
        quote.push('…');
    }
    quote
}

/// Cheerful, plain or gloomy: an agent's mood, give or take. An organisation keeps its countenance.
fn tone(traits: &Traits, voice: Voice, dice: Dice, draw: u32) -> usize {
    match i64::from(traits.sentiment_ppm) + dice.around(Purpose::Words, draw, 450_000) {
        _ if voice.manner != Manner::Person => 1,
        250_000.. => 0,
        ..=-250_000 => 2,
        _ => 1,
    }
}

pub(crate) fn stance(stance: Stance) -> usize {
    match stance {
        Stance::Supportive => 0,
        Stance::Opposing => 1,
        Stance::Neutral => 2,
        Stance::Observer => 3,
    }
}

fn manner(voice: Voice) -> usize {
    match voice.manner {
        Manner::Person => 0,
        Manner::Organisation => 1,
        Manner::Press => 2,
    }
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
            let visited: BTreeSet<_> = (0..1_024)
                .map(|number| Walk::step(character, 0, number))
                .map(|walk| (walk.beginning, walk.middle, walk.end))
                .collect();
            assert_eq!(visited.len(), 1_024);
        }
    }
}
