//! What agents write: from phrases, topics and what they take up.

mod bios;
mod comments;
pub(crate) mod fragments;
mod posts;
mod time;
pub(crate) mod topics;
mod walk;

use alloc::string::String;
use alloc::vec::Vec;

pub(super) use comments::{Addressee, comment, quote, reason};
pub(super) use posts::post;

use self::topics::Topic;
use self::walk::Kind;
use super::phrases::{Attitudes, Language, List, Posts, Sides, fill};
use super::voice::{Manner, Voice, mainly_chinese};
use crate::random::{Dice, Purpose};
use crate::setup::{Agent, Stance};
use crate::tables::DeedKind;
use crate::view::PostView;
use crate::world::World;

/// How something is taken up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attitude {
    Agrees,
    Differs,
    Asks,
}

impl Attitudes {
    fn of(&self, attitude: Attitude) -> List {
        match attitude {
            Attitude::Agrees => self.agrees,
            Attitude::Differs => self.differs,
            Attitude::Asks => self.asks,
        }
    }
}

impl Sides {
    pub(crate) fn of(&self, stance: Stance) -> List {
        match stance {
            Stance::Supportive => self.supportive,
            Stance::Opposing => self.opposing,
            Stance::Neutral => self.neutral,
            Stance::Observer => self.observer,
        }
    }
}

impl Posts {
    /// How what this speaker says ends.
    fn ends(&self, manner: Manner) -> List {
        match manner {
            Manner::Person => self.person_ends,
            Manner::Expert => self.expert_ends,
            Manner::Organisation => self.organisation_ends,
            Manner::Press => self.press_ends,
        }
    }
}

/// Somebody who is about to say something in the coming round.
#[derive(Clone, Copy)]
pub(crate) struct Speaker<'world> {
    pub(crate) world: &'world World,
    pub(crate) id: u32,
    pub(crate) agent: &'world Agent,
    pub(crate) stance: Stance,
    pub(crate) voice: Voice,
    /// Of this round.
    pub(crate) dice: Dice,
    /// Of all rounds.
    character: Dice,
}

impl<'world> Speaker<'world> {
    pub(crate) fn new(world: &'world World, id: u32) -> Speaker<'world> {
        Speaker {
            world,
            id,
            agent: &world.setup.agents[id as usize],
            stance: world.settings.traits[id as usize].stance,
            voice: world.profiles[id as usize].voice,
            dice: world.source.agent(world.tick, id),
            character: world.source.character(id),
        }
    }

    pub(crate) fn language(&self) -> &'static Language {
        self.voice.language()
    }

    /// `template` with these slots, and those that say who speaks.
    pub(crate) fn say(&self, template: &str, slots: &[(&str, &str)]) -> String {
        let mut all: Vec<(&str, &str)> = self.voice.speaker().to_vec();
        all.push(("name", &self.agent.name));
        all.extend(slots);
        let said = fill(template, &all);
        // A quote that ends with a mark of its own needs no other.
        ["?”.", "!”.", "…”.", "？”。", "！”。", "…”。"].iter().fold(said, |said, doubled| {
            let end = if doubled.ends_with('.') { "." } else { "。" };
            if said.contains(doubled) {
                said.replace(doubled, doubled.trim_end_matches(end))
            } else {
                said
            }
        })
    }

    /// When something was, in the speaker's words.
    pub(crate) fn when(&self, tick: u32) -> String {
        let words = &self.language().grammar.when;
        time::when(words, self.world.setup.clock, tick, self.world.tick)
    }

    /// A sentence of `text` to quote; `None` if it has none, or in another language. One that
    /// names a topic is preferred.
    pub(crate) fn fragment(&self, text: &str, draw: u32) -> Option<String> {
        if mainly_chinese(text) != self.voice.chinese {
            return None;
        }
        let on_topic = |sentence: &str| topics::named(self.world, self.id, sentence).is_some();
        let pick = |count| self.dice.place(Purpose::Words, draw, count);
        fragments::quotable(text, on_topic, pick)
    }

    /// As [`Speaker::fragment`], of a post that the speaker has not quoted lately.
    fn fresh_fragment(&self, post: &PostView<'_>, draw: u32) -> Option<String> {
        let fragment = self.fragment(post.content, draw)?;
        (!self.has_said(&fragment)).then_some(fragment)
    }

    /// Whether these words stand in a post that the speaker wrote lately.
    fn has_said(&self, words: &str) -> bool {
        let mut own =
            self.world.tables.deeds[self.id as usize].latest().filter_map(|deed| match deed.kind {
                DeedKind::Posted | DeedKind::Quoted => self.world.post(deed.id),
                _ => None,
            });
        own.any(|own| own.content.contains(words))
    }

    /// One of `phrases` by the walk of `kind`, with one of `additions` or none.
    fn compose(
        &self,
        text: Text,
        phrases: List,
        additions: &Additions,
        slots: &[(&str, &str)],
    ) -> String {
        let list = walk::List {
            phrases: phrases.len(),
            additions: additions.count(),
            // Pairs are for those who have said everything else.
            first: additions.count() - additions.pairs(),
            bare_ppm: additions.bare_ppm,
        };
        let step = walk::step(self.character, text.kind, text.number, list);
        let (before, after) = additions.at(step.addition);
        let parts = before.into_iter().chain([phrases[step.phrase]]).chain(after);
        let said: Vec<String> = parts.map(|part| self.say(part, slots)).collect();
        said.join(self.language().grammar.space)
    }
}

/// Which text of an agent: its number among those of its sort, and its kind.
#[derive(Clone, Copy)]
struct Text {
    kind: Kind,
    number: u32,
}

/// What may be added to a phrase: something before it, a reason, an end.
struct Additions {
    openers: [List; 2],
    reasons: List,
    ends: List,
    /// How many of the phrases begin with nothing added.
    bare_ppm: u32,
}

/// How many pairs of a reason and an end there are.
const PAIRS: usize = 32;

impl Additions {
    /// None, a reason, an end, an opener, an opener and something after, a reason and an end.
    fn count(&self) -> usize {
        let (openers, pairs) = (self.openers(), self.pairs());
        1 + self.reasons.len() + self.ends.len() + 2 * openers + pairs
    }

    fn openers(&self) -> usize {
        self.openers.iter().map(|list| list.len()).sum()
    }

    /// Only where there are no openers: they are variety enough.
    fn pairs(&self) -> usize {
        if self.openers() == 0 && !self.ends.is_empty() { PAIRS } else { 0 }
    }

    /// What stands before and after the phrase in addition `place`; each place is another.
    fn at(&self, place: usize) -> (Option<&'static str>, Vec<&'static str>) {
        let opener = |place: usize| {
            let [moods, hours] = self.openers;
            moods.get(place).or_else(|| hours.get(place - moods.len())).copied()
        };
        let (reasons, ends, openers) = (self.reasons.len(), self.ends.len(), self.openers());
        let first = if reasons > 0 { self.reasons } else { self.ends };
        let Some(place) = place.checked_sub(1) else { return (None, Vec::new()) };
        let Some(place) = place.checked_sub(reasons) else {
            return (None, alloc::vec![self.reasons[place]]);
        };
        let Some(place) = place.checked_sub(ends) else {
            return (None, alloc::vec![self.ends[place]]);
        };
        let Some(place) = place.checked_sub(openers) else { return (opener(place), Vec::new()) };
        match place.checked_sub(openers) {
            None => (opener(place), alloc::vec![first[place % first.len()]]),
            Some(place) => {
                let reason = place % first.len();
                let end = (reason + 1 + place / first.len()) % ends;
                (None, alloc::vec![first[reason], self.ends[end]])
            }
        }
    }
}

/// Slots of a topic, and others.
fn slots<'text>(
    speaker: &Speaker<'_>,
    topic: &'text Topic,
    others: &[(&'static str, &'text str)],
) -> Vec<(&'static str, &'text str)> {
    let mut all = topic.slots(&speaker.language().grammar).to_vec();
    all.extend(others);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::english::ENGLISH;
    use alloc::collections::BTreeSet;

    #[test]
    fn no_two_additions_are_the_same() {
        let posts = ENGLISH.posts;
        let (moods, hours) = (posts.moods[0], posts.hours[1]);
        for (openers, reasons) in [
            ([moods, hours], posts.reasons.opposing),
            ([moods, hours], [].as_slice()),
            ([[].as_slice(); 2], posts.measured_reasons),
            ([[].as_slice(); 2], [].as_slice()),
        ] {
            let additions =
                Additions { openers, reasons, ends: posts.press_ends, bare_ppm: 500_000 };
            let all: BTreeSet<_> =
                (0..additions.count()).map(|place| additions.at(place)).collect();
            assert_eq!(all.len(), additions.count());
            assert!(additions.count() >= 49);
        }
    }
}
