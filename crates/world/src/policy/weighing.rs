//! How much something appeals to an agent, stirs it, and on which side it comes down.

use super::Mind;
use super::voice::Manner;
use super::writing::{Attitude, topics};
use crate::feed;
use crate::random::Purpose;
use crate::score;
use crate::setup::Stance;
use crate::tables::row;
use crate::view::PostView;
use crate::words;

/// A post, and what the agent makes of it.
pub(super) struct Weighed<'world> {
    pub(super) post: PostView<'world>,
    /// 1 for an author of the own side, -1 for one of the other, else 0.
    pub(super) affinity: i64,
    /// How much it is about what the agent cares about, 0 to one million.
    pub(super) relevance: i64,
    /// Whether it names what everybody talks about.
    pub(super) hot: bool,
    /// Whether it was planned: it is what the others are about.
    pub(super) news: bool,
    /// How much it appeals, as the probability of a like in millionths.
    pub(super) pull: i64,
    /// Whether it was shown before.
    pub(super) again: bool,
    pub(super) flagged: bool,
}

/// What makes a post appeal, in millionths of a like.
const BASE: i64 = 310_000;
const OWN_SIDE: i64 = 190_000;
const HOT: i64 = 130_000;
const NEWS: i64 = 120_000;
/// What an observer holds back; what a warning takes away.
const RESERVE: i64 = 50_000;
const WARNING: i64 = 150_000;
const LEAST: i64 = 10_000;
const MOST: i64 = 850_000;
/// Beyond so many times the ordinary, influence adds nothing.
const INFLUENCE: i64 = 8_000_000;

impl<'world> Mind<'world> {
    pub(super) fn weigh(&self, post: PostView<'world>) -> Weighed<'world> {
        let tables = &self.world.tables;
        let affinity = feed::affinity(self.world, self.id, post.author);
        let said = row(post.id).map(|row| tables.posts.signature[row]).unwrap_or_default();
        let relevance = words::relevance(self.cares, said);
        let hot = topics::hot(self.world, post.content).is_some();
        let flagged = row(post.id).is_some_and(|row| tables.posts.counters[row].flagged());
        let again = tables.seen[self.id as usize].contains(post.id);
        let influence = self.influence(post.author);
        let news = topics::is_planned(self.world, &post);
        // A joke is a joke, whoever makes it: sides count where the matter itself comes up.
        let side = if hot || news { OWN_SIDE } else { OWN_SIDE / 2 };
        let mut pull = BASE
            + side * affinity
            + relevance / 5
            + i64::from(self.traits.sentiment_ppm) / 5
            + score::log10(post.likes + 1) / 20
            + influence / 30
            + if hot { HOT } else { 0 }
            + if news { NEWS } else { 0 }
            + self.story.draws(said) / 6;
        if flagged {
            pull -= WARNING;
        }
        if self.traits.stance == Stance::Observer {
            pull -= RESERVE;
        }
        // An account that speaks for many likes less; who has passed over a post once, will again.
        if self.speaks_for_many() {
            pull /= 2;
        }
        if again {
            pull = pull * 2 / 3;
        }
        let pull = pull.clamp(LEAST, MOST);
        Weighed { post, affinity, relevance, hot, news, pull, again, flagged }
    }

    pub(super) fn speaks_for_many(&self) -> bool {
        matches!(self.speaker.voice.manner, Manner::Organisation | Manner::Press)
    }

    /// How much weight an author's word has, in millionths of the ordinary.
    pub(super) fn influence(&self, author: u32) -> i64 {
        i64::from(self.world.settings.traits[author as usize].influence_ppm).min(INFLUENCE)
    }

    /// How the agent takes up a text by `author`: never in favour of the other side, never
    /// against any but that. Who observes asks; the press asks, and is asked.
    pub(super) fn attitude(&self, author: u32, draw: u32) -> Attitude {
        /// What a side counts, how far one strays from it, and from where on it shows.
        const SIDE: i64 = 550_000;
        const STRAYS: u32 = 300_000;
        const SHOWS: i64 = 220_000;
        let watches = self.traits.stance == Stance::Observer;
        if watches || self.world.is_press(self.id) || self.world.is_press(author) {
            return Attitude::Asks;
        }
        let affinity = feed::affinity(self.world, self.id, author);
        let leaning = SIDE * affinity
            + i64::from(self.traits.sentiment_ppm) / 4
            + self.dice.around(Purpose::Write, draw, STRAYS);
        match leaning {
            SHOWS.. if affinity >= 0 => Attitude::Agrees,
            _ if leaning <= -SHOWS && affinity < 0 => Attitude::Differs,
            _ => Attitude::Asks,
        }
    }
}
