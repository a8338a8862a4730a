//! Posts as feeds look at them: weighed once a tick as far as that is the same for all readers.
//!
//! Follows from the tables, the settings and the tick, and is made anew with them: it stands in
//! no snapshot.

use alloc::vec::Vec;
use core::hint::black_box;

use crate::score;
use crate::setup::{PPM, Stance};
use crate::tables::row;
use crate::words::{self, Signature};
use crate::world::World;

/// How many of the newest posts are kept at hand.
const NEWEST: u32 = 512;

const MILLION: i64 = PPM as i64;

/// What many feeds of one tick look at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pool {
    /// What the ranking shows, best first.
    pub(crate) top: Vec<Card>,
    /// The newest posts, newest first.
    pub(crate) newest: Vec<Card>,
    /// What the narrative is about.
    pub(crate) story: Signature,
}

impl Pool {
    pub(crate) fn new(world: &World) -> Pool {
        let count = world.tables.posts.count();
        let newest = (count.saturating_sub(NEWEST) + 1..=count).rev();
        Pool {
            top: world.ranking.top().iter().filter_map(|&post| Card::new(world, post)).collect(),
            newest: newest.filter_map(|post| Card::new(world, post)).collect(),
            story: words::signature(&world.settings.narrative),
        }
    }
}

/// A post and its root, and what of its weight no reader changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Card {
    pub(crate) post: u32,
    pub(crate) root: u32,
    /// The author of the post.
    pub(crate) bearer: u32,
    /// The author of the root.
    pub(crate) author: u32,
    /// Simulated minutes since the post.
    pub(crate) age: u64,
    /// Recency and popularity, each times its weight, and what is added to posts that many have
    /// reacted to: millionths of millionths.
    pub(crate) base: i64,
    /// The weight of the author's word, in millionths.
    pub(crate) influence: i64,
    /// The author's side.
    pub(crate) side: i64,
    pub(crate) flagged: bool,
    /// What the root is about, and how many bits of it are set.
    pub(crate) about: Signature,
    pub(crate) size: i64,
}

impl Card {
    /// `None` if there is no such post.
    pub(crate) fn new(world: &World, post: u32) -> Option<Card> {
        let (tables, settings) = (&world.tables, &world.settings.feed);
        let bearer = tables.posts.get(post)?;
        let root = tables.posts.root(post)?;
        let place = row(root)?;
        let (counters, author) = (&tables.posts.counters[place], tables.posts.rows[place].author);
        let clock = world.setup.clock;
        let age = clock.minute(world.tick) - clock.minute(bearer.tick);
        let interactions = counters.interactions();
        let mut base = i64::from(settings.recency_ppm) * recency(age)
            + i64::from(settings.popularity_ppm)
                * popularity(interactions - i64::from(counters.dislikes));
        let threshold = i64::from(settings.viral_threshold);
        if threshold > 0 && interactions >= threshold {
            base += MILLION / 4 * MILLION;
        }
        let traits = &world.settings.traits[author as usize];
        let about = tables.posts.signature[place];
        Some(Card {
            post,
            root,
            bearer: bearer.author,
            author,
            age,
            base,
            influence: i64::from(traits.influence_ppm),
            side: side(traits.stance),
            flagged: counters.flagged(),
            about,
            size: about.size(),
        })
    }
}

/// Has memory bring what the cards of these posts are made from. It answers many questions at
/// once, but made one by one each card would wait for its own answers.
pub(crate) fn ask_for(world: &World, posts: &[u32]) {
    let table = &world.tables.posts;
    for root in posts.iter().filter_map(|&post| row(table.root(post)?)) {
        let traits = &world.settings.traits[table.rows[root].author as usize];
        black_box((table.counters[root].likes, table.signature[root], traits.influence_ppm));
    }
}

/// One million for a post of this minute, half of it after six hours, a third after twelve.
fn recency(age: u64) -> i64 {
    const HALVED_AFTER: u64 = 360;
    let recency = u64::from(PPM) * HALVED_AFTER / (HALVED_AFTER + age);
    i64::try_from(recency).expect("at most a million")
}

/// Nothing without interactions, one million from a thousand on, by orders of magnitude between.
fn popularity(interactions: i64) -> i64 {
    let count = u32::try_from(interactions.max(0) + 1).unwrap_or(u32::MAX);
    (score::log10(count) / 3).min(MILLION)
}

/// Plus one for one side, minus one for the other, else nothing.
pub(crate) fn side(stance: Stance) -> i64 {
    match stance {
        Stance::Supportive => 1,
        Stance::Opposing => -1,
        Stance::Neutral | Stance::Observer => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::fixture::{PLATFORMS, crowd, step, world};
    use crate::{Change, Inputs};

    #[test]
    fn the_pool_is_always_that_of_the_coming_tick() {
        for platform in PLATFORMS {
            let mut world = world(crowd(platform, 3, 60));
            assert_eq!(world.pool, Pool::new(&world), "of a new world");
            for tick in 0..12 {
                step(&mut world);
                assert_eq!(world.pool, Pool::new(&world), "after tick {tick}");
            }
            let feed = crate::Feed { recency_ppm: 0, viral_threshold: 1, ..world.settings.feed };
            let before = world.pool.clone();
            let mut inputs = Inputs::quiet(world.tick(), 0);
            inputs.changes.push(Change::Feed(feed));
            let decisions = world.decide(0..world.active());
            world.step(inputs, decisions).expect("in order");
            assert_eq!(world.pool, Pool::new(&world), "after a change");
            assert_ne!(world.pool, before);
            let restored = World::restore(world.setup().clone(), &world.snapshot());
            assert_eq!(restored.expect("a snapshot").pool, world.pool, "after a restart");
        }
    }

    #[test]
    fn a_pool_is_bounded_and_in_order() {
        let mut world = world(crowd(crate::Platform::Twitter, 3, 400));
        for _ in 0..6 {
            step(&mut world);
        }
        let posts = |cards: &[Card]| cards.iter().map(|card| card.post).collect::<Vec<_>>();
        let count = world.tables.posts.count();
        assert!(count > NEWEST, "{count} posts");
        let newest: Vec<u32> = (count - NEWEST + 1..=count).rev().collect();
        assert_eq!(posts(&world.pool.newest), newest);
        assert_eq!(posts(&world.pool.top), world.ranking.top());
    }
}
