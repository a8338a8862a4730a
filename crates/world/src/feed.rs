//! What an agent sees. Looks at a bounded number of posts, however long the history is.

use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::random::{Dice, Purpose};
use crate::ranking;
use crate::score;
use crate::setup::{PPM, Platform, Stance};
use crate::tables::row;
use crate::words;
use crate::world::World;

/// How many posts a feed shows: OASIS's five on Reddit, two and three of followees on Twitter.
const SHOWN: usize = 5;
/// How often the shared ranking is drawn from.
const RANKING_DRAWS: u32 = 24;
/// How many of those whom an agent follows are looked at.
const FOLLOWEE_DRAWS: u32 = 8;
/// How many of the newest posts are looked at, and out of how many.
const RECENT_DRAWS: u32 = 16;
const RECENT_WINDOW: u32 = 512;

/// One half of a million: the weight of an equal share.
const HALF: i64 = PPM as i64 / 2;

/// A post as it came into a feed, and the original that it is or shares.
#[derive(Clone, Copy)]
pub(crate) struct Shown {
    pub(crate) post: u32,
    pub(crate) original: u32,
}

/// What `agent` sees in the coming round, best first. Never its own posts; what it has reacted
/// to only if there is little else.
pub(crate) fn feed(world: &World, agent: u32) -> Vec<Shown> {
    let dice = world.source.agent(world.tick, agent);
    match world.setup.platform {
        Platform::Reddit => from_ranking(world, agent, dice),
        Platform::Twitter => from_candidates(world, agent, dice),
    }
}

/// Draws from the shared ranking, the top more often than the bottom.
fn from_ranking(world: &World, agent: u32, dice: Dice) -> Vec<Shown> {
    let top = world.ranking.top();
    let size = u32::try_from(top.len()).expect("the ranking shows a hundred posts");
    let (mut fresh, mut known) = (Vec::with_capacity(SHOWN), Vec::new());
    for draw in 0..RANKING_DRAWS {
        let within = dice.below(Purpose::Feed, 2 * draw, size) + 1;
        let place = dice.below(Purpose::Feed, 2 * draw + 1, within);
        let Some(&post) = top.get(place as usize) else { break };
        let is_new = |list: &[Shown]| list.iter().all(|shown| shown.post != post);
        if author(world, post) == agent || !is_new(&fresh) || !is_new(&known) {
            continue;
        }
        let shown = Shown { post, original: post };
        if world.tables.users.marks(agent, post).any() {
            known.push(shown);
        } else {
            fresh.push(shown);
        }
        if fresh.len() == SHOWN {
            break;
        }
    }
    fresh.extend(known);
    fresh.truncate(SHOWN);
    fresh
}

/// Weighs posts of followees, posts of the hour and new posts for this reader.
fn from_candidates(world: &World, agent: u32, dice: Dice) -> Vec<Shown> {
    let mut weighed: Vec<(Reverse<i64>, Shown)> = candidates(world, agent, dice)
        .into_iter()
        .zip(0..)
        .filter_map(|(post, draw)| {
            let original = world.tables.posts.original(post)?;
            let own = author(world, post) == agent || author(world, original) == agent;
            let chance = dice.around(Purpose::Feed, 1_000 + draw, PPM / 20);
            let shown = Shown { post, original };
            (!own).then(|| (Reverse(weight(world, agent, shown) + chance), shown))
        })
        .collect();
    weighed.sort_by_key(|(weight, shown)| (*weight, shown.post));
    let mut feed: Vec<Shown> = Vec::with_capacity(SHOWN);
    for (_, shown) in weighed {
        if feed.len() < SHOWN && feed.iter().all(|other| other.original != shown.original) {
            feed.push(shown);
        }
    }
    feed
}

fn candidates(world: &World, agent: u32, dice: Dice) -> Vec<u32> {
    let users = &world.tables.users;
    let mut posts = Vec::with_capacity(40);
    let following = &users.following[agent as usize];
    for user in draw_from(following, FOLLOWEE_DRAWS, dice, 100) {
        posts.extend(users.latest[user as usize].into_iter().filter(|&post| post != 0));
    }
    posts.extend(draw_from(world.ranking.top(), RECENT_DRAWS / 2, dice, 200));
    let newest = world.tables.posts.count();
    let window = newest.min(RECENT_WINDOW);
    for draw in 0..RECENT_DRAWS.min(window) {
        // While there are few posts each is looked at; of many, some are drawn.
        let back = if window > RECENT_DRAWS {
            dice.below(Purpose::Feed, 300 + draw, window)
        } else {
            draw
        };
        posts.push(newest - back);
    }
    posts
}

/// Some of `list`: all of it, or `most` draws from it.
fn draw_from(list: &[u32], most: u32, dice: Dice, base: u32) -> Vec<u32> {
    let size = u32::try_from(list.len()).expect("lists of ids are counted in u32");
    if size <= most {
        return list.to_vec();
    }
    (0..most).map(|draw| list[dice.below(Purpose::Feed, base + draw, size) as usize]).collect()
}

/// How much the reader's feed wants to show a post, in millionths.
fn weight(world: &World, agent: u32, shown: Shown) -> i64 {
    let settings = &world.setup.feed;
    let row = row(shown.original).expect("candidates exist");
    let writer = author(world, shown.original);
    let interactions = ranking::interactions(&world.tables, row);
    let base = (i64::from(settings.recency_ppm) * recency(world, shown.post)
        + i64::from(settings.popularity_ppm) * popularity(interactions)
        + i64::from(settings.relevance_ppm) * relevance(world, agent, row))
        / i64::from(PPM);
    let viral = settings.viral_threshold > 0 && interactions >= i64::from(settings.viral_threshold);
    let echo = i64::from(settings.echo_chamber_ppm) * affinity(world, agent, writer);
    let influence = i64::from(world.setup.agents[writer as usize].influence_ppm);
    let followed = [shown.post, shown.original]
        .into_iter()
        .any(|post| world.tables.users.follows(agent, author(world, post)));
    let known = world.tables.users.marks(agent, shown.original).any();

    let wanted = base + if viral { HALF / 2 } else { 0 } + if followed { HALF } else { 0 };
    let wanted = wanted * (i64::from(PPM) + echo) / i64::from(PPM);
    let wanted = wanted * (4 * i64::from(PPM) + influence.min(8_000_000)) / 5_000_000;
    if known { wanted / 4 } else { wanted }
}

/// One million for a post of this minute, half of it after six hours, a third after twelve.
fn recency(world: &World, post: u32) -> i64 {
    const HALVED_AFTER: u64 = 360;
    let clock = world.setup.clock;
    let written = world.tables.posts.tick[row(post).expect("candidates exist")];
    let age = clock.minute(world.tick) - clock.minute(written);
    i64::try_from(u64::from(PPM) * HALVED_AFTER / (HALVED_AFTER + age)).expect("at most a million")
}

/// Nothing without interactions, one million from a thousand on, by orders of magnitude between.
fn popularity(interactions: i64) -> i64 {
    let count = u32::try_from(interactions + 1).unwrap_or(u32::MAX);
    (score::log10(count) / 3).min(i64::from(PPM))
}

pub(crate) fn relevance(world: &World, agent: u32, post_row: usize) -> i64 {
    let interests = world.profiles[agent as usize].interests;
    words::relevance(interests, world.tables.posts.signature[post_row])
}

/// Plus one between agents of one side, minus one between the two sides, else nothing.
pub(crate) fn affinity(world: &World, agent: u32, other: u32) -> i64 {
    let side = |id: u32| match world.setup.agents[id as usize].stance {
        Stance::Supportive => 1,
        Stance::Opposing => -1,
        Stance::Neutral | Stance::Observer => 0,
    };
    side(agent) * side(other)
}

fn author(world: &World, post: u32) -> u32 {
    world.tables.posts.author[row(post).expect("only posts are shown")]
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
                    let dice = world.source.agent(world.tick, agent);
                    let most = FOLLOWEE_DRAWS * 2 + RECENT_DRAWS / 2 + RECENT_DRAWS;
                    assert!(candidates(&world, agent, dice).len() <= most as usize);
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
                    world.tables.add_follow(agent, author, world.tick - 1);
                }
                let feed = feed(&world, agent);
                shown += u32::from(feed.iter().any(|one| self::author(&world, one.post) == author));
            }
            shown
        };
        assert!(shown(true) > 2 * shown(false), "{} against {}", shown(true), shown(false));
    }
}
