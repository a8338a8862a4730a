//! What an agent sees. Looks at a bounded number of posts, however long the history is. The rules
//! are in `docs/actions.md`, "Feeds".

use alloc::vec::Vec;

use crate::pool::{self, Card, side};
use crate::random::{Dice, Purpose};
use crate::setup::{PPM, Platform, Traits};
use crate::tables::{Seen, User};
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
/// How many of the newest posts are looked at.
const RECENT_DRAWS: u32 = 16;

const MILLION: i64 = PPM as i64;
/// What chance adds or takes at most.
const JITTER: u32 = PPM / 20;

/// A post as it came into a feed, and its root.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) post: u32,
    pub(crate) root: u32,
}

/// What `agent` sees in the coming round, best first.
pub(crate) fn feed(world: &World, agent: u32) -> Vec<Shown> {
    let reader = Reader::new(world, agent);
    let mut best = Best::default();
    reader.look(&mut |card, followed| reader.weigh(card, followed, &mut best));
    best.kept[..best.count].iter().map(|&(_, shown)| shown).collect()
}

/// Somebody who looks at its feed.
struct Reader<'world> {
    world: &'world World,
    id: u32,
    dice: Dice,
    traits: &'world Traits,
    user: &'world User,
    seen: &'world Seen,
    cares_about: Signature,
    /// How many bits of `cares_about` are set.
    wanted: i64,
    side: i64,
}

impl Reader<'_> {
    fn new(world: &World, id: u32) -> Reader<'_> {
        let traits = &world.settings.traits[id as usize];
        let cares_about = cares_about(world, id);
        Reader {
            world,
            id,
            dice: world.source.agent(world.tick, id),
            traits,
            user: &world.tables.users.rows[id as usize],
            seen: &world.tables.seen[id as usize],
            cares_about,
            wanted: cares_about.size(),
            side: side(traits.stance),
        }
    }

    /// Looks at all posts that may be shown, at some of them several times; says of each whether
    /// its author is followed, where that is plain from how it was found.
    fn look(&self, visit: &mut impl FnMut(&Card, bool)) {
        let (top, newest) = (&self.world.pool.top, &self.world.pool.newest);
        let size = |cards: &[Card]| u32::try_from(cards.len()).expect("a pool is small");
        match self.world.setup.platform {
            Platform::Reddit if size(top) <= RANKING_DRAWS => {
                top.iter().for_each(|card| visit(card, false));
            }
            Platform::Reddit => {
                // One bit for each place that is drawn, so that none is looked at twice, and the
                // best come first: after them fewer of the others need a second look.
                let mut drawn = 0_u128;
                for draw in 0..RANKING_DRAWS {
                    let within = self.dice.below(Purpose::Feed, 2 * draw, size(top)) + 1;
                    drawn |= 1 << self.dice.below(Purpose::Feed, 2 * draw + 1, within);
                }
                while drawn != 0 {
                    visit(&top[drawn.trailing_zeros() as usize], false);
                    drawn &= drawn - 1;
                }
            }
            Platform::Twitter => {
                self.look_at_followees(visit);
                self.draw(HOT_DRAWS, 200, size(top))
                    .for_each(|place| visit(&top[place as usize], false));
                self.draw(RECENT_DRAWS, 300, size(newest))
                    .for_each(|back| visit(&newest[back as usize], false));
            }
        }
    }

    /// Looks at the latest posts of followees.
    fn look_at_followees(&self, visit: &mut impl FnMut(&Card, bool)) {
        let following = self.user.following.as_slice();
        let size = u32::try_from(following.len()).expect("no more than there are users");
        let mut posts = [[0; 2]; FOLLOWEE_DRAWS as usize];
        for (latest, place) in posts.iter_mut().zip(self.draw(FOLLOWEE_DRAWS, 100, size)) {
            *latest = self.world.tables.users.latest[following[place as usize].0 as usize];
        }
        let posts = posts.as_flattened();
        pool::ask_for(self.world, posts);
        for card in posts.iter().filter_map(|&post| Card::new(self.world, post)) {
            visit(&card, true);
        }
    }

    /// Places in a list: all of them, or `most` draws if there are more.
    fn draw(&self, most: u32, base: u32, size: u32) -> impl Iterator<Item = u32> {
        (0..most.min(size)).map(move |draw| {
            if size > most { self.dice.below(Purpose::Feed, base + draw, size) } else { draw }
        })
    }

    /// Adds a post to the best, with how much the reader's feed wants to show it, in millionths;
    /// `followed` if its author is known to be followed.
    fn weigh(&self, card: &Card, followed: bool, best: &mut Best) {
        let settings = &self.world.settings.feed;
        let common = self.cares_about.common(card.about);
        let relevance = words::likeness(common, self.wanted, card.size);
        let mut weight = (card.base + i64::from(settings.relevance_ppm) * relevance) / MILLION;
        let twitter = self.world.setup.platform == Platform::Twitter;
        if twitter && (followed || self.follows(card)) {
            weight += MILLION / 2;
        }
        let echo = i64::from(settings.echo_chamber_ppm) * self.side * card.side;
        weight = weight * (MILLION + echo) / MILLION;
        if twitter {
            weight = weight * (4 * MILLION + card.influence.min(8 * MILLION)) / (5 * MILLION);
        }
        // All but chance can only take weight away from here on: few posts need to be asked more.
        if best.is_beyond(weight + i64::from(JITTER)) {
            return;
        }
        let jitter = self.dice.around(Purpose::Jitter, card.post, JITTER);
        if best.is_beyond(weight + jitter) || !self.may_see(card) {
            return;
        }
        if self.world.tables.users.marks(self.id, card.root).any() {
            weight /= 4;
        } else if self.seen.contains(card.root) {
            weight /= 2;
        }
        if card.flagged {
            weight /= 2;
        }
        best.add(weight + jitter, Shown { post: card.post, root: card.root });
    }

    fn follows(&self, card: &Card) -> bool {
        let follows = |author| self.user.following.contains(author);
        follows(card.bearer) || (card.author != card.bearer && follows(card.author))
    }

    /// Whether a post is not the reader's own, nor muted, nor too new for it.
    fn may_see(&self, card: &Card) -> bool {
        let hidden = |author| author == self.id || self.user.muting.contains(author);
        !hidden(card.bearer) && !hidden(card.author) && self.has_come_to(card)
    }

    /// Whether the reader has had the time that it takes to come to a post; it takes the same in
    /// every round.
    fn has_come_to(&self, card: &Card) -> bool {
        let (least, most) = (self.traits.response_delay_min, self.traits.response_delay_max);
        let delay = || {
            let character = self.world.source.character(self.id);
            least + character.below(Purpose::Delay, card.post, most - least + 1)
        };
        card.age >= u64::from(most) || card.age >= u64::from(delay())
    }
}

/// The best posts so far, the best first: by weight, then by the lower id; of several posts with
/// one root only the best.
#[derive(Default)]
struct Best {
    kept: [(i64, Shown); SHOWN],
    count: usize,
}

impl Best {
    /// Whether no post of this weight can come among the best.
    fn is_beyond(&self, weight: i64) -> bool {
        self.count == SHOWN && weight < self.kept[SHOWN - 1].0
    }

    fn add(&mut self, weight: i64, shown: Shown) {
        let better = |other: &(i64, Shown)| {
            weight > other.0 || weight == other.0 && shown.post < other.1.post
        };
        let kept = &mut self.kept[..self.count];
        let place = kept.iter().position(better).unwrap_or(self.count);
        // The place that is given up: of a post with the same root, else of the last.
        let given_up = match kept.iter().position(|other| other.1.root == shown.root) {
            Some(same) if same < place => return,
            Some(same) => same,
            None if place == SHOWN => return,
            None => {
                self.count = (self.count + 1).min(SHOWN);
                self.count - 1
            }
        };
        self.kept.copy_within(place..given_up, place + 1);
        self.kept[place] = (weight, shown);
    }
}

/// The words of an agent's bio, interests and latest posts.
pub(crate) fn cares_about(world: &World, agent: u32) -> Signature {
    world.profiles[agent as usize].interests | world.tables.users.rows[agent as usize].said
}

/// Plus one between agents of one side, minus one between the two sides, else nothing.
pub(crate) fn affinity(world: &World, agent: u32, other: u32) -> i64 {
    let side_of = |id: u32| side(world.settings.traits[id as usize].stance);
    side_of(agent) * side_of(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::Link;
    use crate::tests::fixture::{PLATFORMS, crowd, play, world};

    #[test]
    fn a_feed_looks_at_no_more_posts_however_long_the_run() {
        for platform in PLATFORMS {
            let mut world = world(crowd(platform, 1, 60));
            for rounds in [10, 100] {
                play(&mut world, rounds);
                for agent in 0..60 {
                    let mut looked_at = 0;
                    Reader::new(&world, agent).look(&mut |_, _| looked_at += 1);
                    assert!(looked_at <= FOLLOWEE_DRAWS * 2 + HOT_DRAWS + RECENT_DRAWS);
                    assert_eq!(feed(&world, agent).len(), SHOWN);
                }
                assert!(world.ranking.posts.len() <= 256);
            }
        }
    }

    #[test]
    fn the_best_are_those_that_sorting_everything_gives() {
        let dice = crate::random::Source::new(1, Platform::Reddit).world(0);
        for case in 0..500 {
            let mut best = Best::default();
            let mut all: Vec<(i64, Shown)> = Vec::new();
            for draw in 0..dice.below(Purpose::Write, case, 40) {
                let draw = case * 64 + draw;
                // Few weights, so that there are equals; a post is always of the same root.
                let post = dice.below(Purpose::Feed, draw, 30) + 1;
                let shown = Shown { post, root: post / 3 + 1 };
                let weight = i64::from(dice.below(Purpose::Jitter, draw, 12));
                if !best.is_beyond(weight) {
                    best.add(weight, shown);
                }
                all.push((weight, shown));
            }
            all.sort_by_key(|&(weight, shown)| (core::cmp::Reverse(weight), shown.post));
            let mut expected: Vec<(i64, Shown)> = Vec::new();
            for one in all {
                if expected.iter().all(|other| other.1.root != one.1.root) {
                    expected.push(one);
                }
            }
            expected.truncate(SHOWN);
            assert_eq!(best.kept[..best.count], expected, "case {case}");
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
                    world.tables.link(Link::Follow, agent, author, world.tick - 1);
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
