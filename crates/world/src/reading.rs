//! Acts that only read: searches, the trend, a look at the feed. All of them see the world as it
//! was at the end of the tick before.

use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::act::{Act, Effect, Failure, TEXT_MAX};
use crate::feed;
use crate::setup::DAY;
use crate::tables::{Kind, row};
use crate::words::Query;
use crate::world::World;

/// How many of the newest posts a search looks at.
const SEARCHED: u32 = 8_192;
/// How many posts or users a search finds at most.
const FOUND: usize = 10;
/// How many posts a trend has at most.
const TRENDING: usize = 5;
/// How old a post of the trend is at most, in simulated minutes.
const TREND_AGE: u64 = 7 * DAY as u64;

/// What `agent` is shown for an act that only reads; `None` for any other act.
pub(crate) fn answer(world: &World, agent: u32, act: &Act) -> Option<Result<Effect, Failure>> {
    match act {
        Act::SearchPosts { query } => Some(search_posts(world, agent, query).map(Effect::Posts)),
        Act::SearchUser { query } => Some(search_user(world, query).map(Effect::Users)),
        Act::Trend => Some(Ok(Effect::Posts(trend(world, agent)))),
        Act::Refresh => {
            let shown = feed::feed(world, agent).into_iter().map(|shown| shown.post);
            Some(Ok(Effect::Posts(shown.collect())))
        }
        _ => None,
    }
}

fn query_of(text: &str) -> Result<Query<'_>, Failure> {
    if text.len() > TEXT_MAX {
        return Err(Failure::LongText);
    }
    Query::new(text).ok_or(Failure::EmptyQuery)
}

/// The newest posts with all words of `query`.
fn search_posts(world: &World, agent: u32, query: &str) -> Result<Vec<u32>, Failure> {
    let query = query_of(query)?;
    let posts = &world.tables.posts;
    let newest = posts.count();
    let searched = (newest.saturating_sub(SEARCHED) + 1..=newest).rev();
    let matching = searched.filter(|&post| {
        let Some(place) = row(post) else { return false };
        query.may_match(&posts.signature[place])
            && posts.rows[place].kind != Kind::Repost
            && !world.tables.users.mutes(agent, posts.rows[place].author)
            && query.matches(&[posts.content.get(place)])
    });
    Ok(matching.take(FOUND).collect())
}

/// The most followed users whose profile has all words of `query`.
fn search_user(world: &World, query: &str) -> Result<Vec<u32>, Failure> {
    let query = query_of(query)?;
    let mut found: Vec<(Reverse<u32>, u32)> = (0..)
        .zip(&world.setup.agents)
        .zip(&world.profiles)
        .filter(|((_, agent), profile)| {
            query.may_match(&profile.known_by)
                && query.matches(&[&agent.name, &agent.user_name, &agent.bio])
        })
        .map(|((id, _), _)| (Reverse(world.tables.users.rows[id as usize].followers), id))
        .collect();
    found.sort();
    Ok(found.into_iter().take(FOUND).map(|(_, id)| id).collect())
}

/// The most liked posts of the ranking that are at most a week old.
fn trend(world: &World, agent: u32) -> Vec<u32> {
    let posts = &world.tables.posts;
    let now = world.setup.clock.minute(world.tick);
    let mut liked: Vec<(Reverse<u32>, u32)> = (world.ranking.top().iter())
        .filter_map(|&post| {
            let place = row(post)?;
            let written = world.setup.clock.minute(posts.rows[place].tick);
            let shown = now - written <= TREND_AGE
                && !world.tables.users.mutes(agent, posts.rows[place].author);
            shown.then(|| (Reverse(posts.counters[place].likes), post))
        })
        .collect();
    liked.sort();
    liked.into_iter().take(TRENDING).map(|(_, post)| post).collect()
}
