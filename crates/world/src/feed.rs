//! What an agent sees. Looks at a bounded number of posts, however long the history is. The rules
//! are in `docs/actions.md`, "Feeds".

use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::random::{Dice, Purpose};
use crate::score;
use crate::setup::{PPM, Platform, Stance};
use crate::tables::{Post, row};
use crate::words::{self, Signature};
use crate::world::World;

/// How many posts a feed shows: OASIS's five on Reddit, two and three of followees on Twitter.
pub(crate) const SHOWN: usize = 5;
/// How often Reddit's readers draw from the ranking.
const RANKING_DRAWS: u32 = 24;
/// How many of those whom an agent follows are looked at.
const FOLLOWEE_DRAWS: u32 = 8;
/// How often Twitter's readers draw from the ranking.
const HOT_DRAWS: u32 = 8;
/// How many of the newest posts are looked at, and out of how many.
const RECENT_DRAWS: u32 = 16;
const RECENT_WINDOW: u32 = 512;

const MILLION: i64 = PPM as i64;

/// A post as it came into a feed, and its root.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown {
    pub(crate) post: u32,
    pub(crate) root: u32,
}

/// What `agent` sees in the coming round, best first.
pub(crate) fn feed(world: &World, agent: u32) -> Vec<Shown> {
    let reader = Reader::new(world, agent);
    let mut weighed: Vec<(Reverse<i64>, u32, u32)> = reader
        .candidates()
        .into_iter()
        .filter_map(|post| reader.weigh(post).map(|(weight, root)| (Reverse(weight), post, root)))
        .collect();
    weighed.sort();
    let mut feed: Vec<Shown> = Vec::with_capacity(SHOWN);
    for (_, post, root) in weighed {
        if feed.len() < SHOWN && feed.iter().all(|other| other.root != root) {
            feed.push(Shown { post, root });
        }
    }
    feed
}

/// Somebody who looks at its feed.
struct Reader<'world> {
    world: &'world World,
    id: u32,
    dice: Dice,
    cares_about: Signature,
}

impl Reader<'_> {
    fn new(world: &World, id: u32) -> Reader<'_> {
        let dice = world.source.agent(world.tick, id);
        Reader { world, id, dice, cares_about: cares_about(world, id) }
    }

    /// Posts that may be shown; some of them several times.
    fn candidates(&self) -> Vec<u32> {
        let top = self.world.ranking.top();
        let size = u32::try_from(top.len()).expect("the ranking shows a hundred posts");
        match self.world.setup.platform {
            Platform::Reddit if size <= RANKING_DRAWS => top.to_vec(),
            Platform::Reddit => (0..RANKING_DRAWS)
                .map(|draw| {
                    let within = self.dice.below(Purpose::Feed, 2 * draw, size) + 1;
                    top[self.dice.below(Purpose::Feed, 2 * draw + 1, within) as usize]
                })
                .collect(),
            Platform::Twitter => {
                let mut posts = self.of_followees();
                posts.extend(self.draw(HOT_DRAWS, 200, size).map(|place| top[place as usize]));
                let newest = self.world.tables.posts.count();
                let window = newest.min(RECENT_WINDOW);
                posts.extend(self.draw(RECENT_DRAWS, 300, window).map(|back| newest - back));
                posts
            }
        }
    }

    /// The latest posts of followees.
    fn of_followees(&self) -> Vec<u32> {
        let users = &self.world.tables.users;
        let following = users.rows[self.id as usize].following.as_slice();
        let size = u32::try_from(following.len()).expect("no more than there are users");
        self.draw(FOLLOWEE_DRAWS, 100, size)
            .flat_map(|place| users.rows[following[place as usize].0 as usize].latest)
            .filter(|&post| post != 0)
            .collect()
    }

    /// Places in a list: all of them, or `most` draws if there are more.
    fn draw(&self, most: u32, base: u32, size: u32) -> impl Iterator<Item = u32> {
        (0..most.min(size)).map(move |draw| {
            if size > most { self.dice.below(Purpose::Feed, base + draw, size) } else { draw }
        })
    }

    /// How much the reader's feed wants to show a post, in millionths, and its root; `None` if
    /// it must not be shown.
    fn weigh(&self, post: u32) -> Option<(i64, u32)> {
        let (world, tables) = (self.world, &self.world.tables);
        let root = tables.posts.root(post)?;
        let (bearer, row) = (tables.posts.get(post)?, row(root)?);
        let shown = &tables.posts.rows[row];
        if !self.may_see(post, bearer, shown) {
            return None;
        }
        let (settings, counters) = (&world.settings.feed, &tables.posts.counters[row]);
        let interactions = counters.interactions();
        let relevance = words::relevance(self.cares_about, tables.posts.signature[row]);
        let mut weight = (i64::from(settings.recency_ppm) * self.recency(bearer)
            + i64::from(settings.popularity_ppm)
                * popularity(interactions - i64::from(counters.dislikes))
            + i64::from(settings.relevance_ppm) * relevance)
            / MILLION;
        let threshold = i64::from(settings.viral_threshold);
        if threshold > 0 && interactions >= threshold {
            weight += MILLION / 4;
        }
        let twitter = world.setup.platform == Platform::Twitter;
        let follows = |user| tables.users.follows(self.id, user);
        if twitter && (follows(bearer.author) || follows(shown.author)) {
            weight += MILLION / 2;
        }
        let echo = i64::from(settings.echo_chamber_ppm) * affinity(world, self.id, shown.author);
        weight = weight * (MILLION + echo) / MILLION;
        if twitter {
            let influence = i64::from(world.settings.traits[shown.author as usize].influence_ppm);
            weight = weight * (4 * MILLION + influence.min(8 * MILLION)) / (5 * MILLION);
        }
        if tables.users.marks(self.id, root).any() {
            weight /= 4;
        } else if tables.seen[self.id as usize].contains(root) {
            weight /= 2;
        }
        if counters.flagged() {
            weight /= 2;
        }
        Some((weight + self.dice.around(Purpose::Jitter, post, PPM / 20), root))
    }

    /// Whether a post is not the reader's own, nor muted, nor too new for it.
    fn may_see(&self, post: u32, bearer: &Post, shown: &Post) -> bool {
        let hidden = |author| author == self.id || self.world.tables.users.mutes(self.id, author);
        !hidden(bearer.author) && !hidden(shown.author) && self.age(bearer) >= self.delay(post)
    }

    /// Simulated minutes that the reader takes to come to a post; the same in every round.
    fn delay(&self, post: u32) -> u64 {
        let traits = &self.world.settings.traits[self.id as usize];
        let (least, most) = (traits.response_delay_min, traits.response_delay_max);
        let character = self.world.source.character(self.id);
        u64::from(least + character.below(Purpose::Delay, post, most - least + 1))
    }

    fn age(&self, post: &Post) -> u64 {
        let clock = self.world.setup.clock;
        clock.minute(self.world.tick) - clock.minute(post.tick)
    }

    /// One million for a post of this minute, half of it after six hours, a third after twelve.
    fn recency(&self, post: &Post) -> i64 {
        const HALVED_AFTER: u64 = 360;
        let recency = u64::from(PPM) * HALVED_AFTER / (HALVED_AFTER + self.age(post));
        i64::try_from(recency).expect("at most a million")
    }
}

/// Nothing without interactions, one million from a thousand on, by orders of magnitude between.
fn popularity(interactions: i64) -> i64 {
    let count = u32::try_from(interactions.max(0) + 1).unwrap_or(u32::MAX);
    (score::log10(count) / 3).min(MILLION)
}

/// The words of an agent's bio, interests and latest posts.
pub(crate) fn cares_about(world: &World, agent: u32) -> Signature {
    let latest = world.tables.users.rows[agent as usize].latest;
    let posts = latest.into_iter().filter_map(row).map(|row| world.tables.posts.signature[row]);
    posts.fold(world.profiles[agent as usize].interests, |all, post| all | post)
}

/// Plus one between agents of one side, minus one between the two sides, else nothing.
pub(crate) fn affinity(world: &World, agent: u32, other: u32) -> i64 {
    let side = |id: u32| match world.settings.traits[id as usize].stance {
        Stance::Supportive => 1,
        Stance::Opposing => -1,
        Stance::Neutral | Stance::Observer => 0,
    };
    side(agent) * side(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::fixture::{PLATFORMS, crowd, play, world};

    #[test]
    fn a_feed_looks_at_no_more_posts_however_long_the_run() {
        for platform in PLATFORMS {
            let mut world = world(crowd(platform, 1, 60));
            for rounds in [10, 100] {
                play(&mut world, rounds);
                for agent in 0..60 {
                    let most = FOLLOWEE_DRAWS * 2 + HOT_DRAWS + RECENT_DRAWS;
                    assert!(Reader::new(&world, agent).candidates().len() <= most as usize);
                    assert_eq!(feed(&world, agent).len(), SHOWN);
                }
                assert!(world.ranking.posts.len() <= 256);
            }
        }
    }

    #[test]
    fn a_followed_author_is_shown_more_often() {
        let shown = |follow: bool| {
            let mut world = world(crowd(Platform::Twitter, 5, 200));
            play(&mut world, 4);
            let mut shown = 0;
            for (agent, author) in (0..200).map(|agent| (agent, (agent + 7) % 200)) {
                if follow && !world.tables.users.follows(agent, author) {
                    world.tables.follow(agent, author, world.tick - 1);
                }
                let feed = feed(&world, agent);
                shown += u32::from(feed.iter().any(|one| {
                    world.tables.posts.get(one.post).is_some_and(|post| post.author == author)
                }));
            }
            shown
        };
        assert!(shown(true) > 2 * shown(false), "{} against {}", shown(true), shown(false));
    }
}
