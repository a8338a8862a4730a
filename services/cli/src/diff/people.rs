//! Who is followed and what is read, in two runs of one world. Pure.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use contract::spec::Spec;
use contract::subject::Platform;
use serde::Serialize;

use super::Pair;
use crate::agents::Followers;
use crate::summary::Reactions;
use crate::tally::{PostTally, Tally};

/// How many agents and posts a comparison names.
const TOP: usize = 5;

/// An agent that has more followers in one run. With `--json` printed as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FollowersApart {
    /// Its number.
    pub agent_id: u32,
    /// Its name.
    pub name: String,
    /// Its followers in A; null if A has no such agent.
    pub a: Option<u64>,
    /// Its followers in B; null if B has no such agent.
    pub b: Option<u64>,
}

/// How far a post has come in each run. With `--json` printed as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReachApart {
    /// Its number.
    pub post_id: u64,
    /// Who wrote it.
    pub author: String,
    /// Its text, or the beginning of it.
    pub content: String,
    /// What others thought of it in A; null if nobody wrote it there.
    pub a: Option<Reactions>,
    /// What others thought of it in B; null if nobody wrote it there.
    pub b: Option<Reactions>,
}

/// The agents whose numbers of followers differ most.
pub fn followers(
    specs: Pair<&Spec>,
    tallies: Pair<&Tally>,
    platform: Platform,
) -> Vec<FollowersApart> {
    let of = |spec: &Spec, tally: &Tally| {
        let followers = Followers::of(spec, tally);
        let agents = spec.agents.iter();
        let agent = agents.map(|agent| {
            let count = followers.count(agent.agent_id, platform);
            ((agent.agent_id, agent.name.clone()), count)
        });
        agent.collect::<BTreeMap<_, _>>()
    };
    let (a, mut b) = (of(specs.a, tallies.a), of(specs.b, tallies.b));
    let row = |(agent_id, name), a, b| FollowersApart { agent_id, name, a, b };
    let mut rows: Vec<FollowersApart> = Vec::new();
    for (agent, count) in a {
        let other = b.remove(&agent);
        rows.push(row(agent, Some(count), other));
    }
    rows.extend(b.into_iter().map(|(agent, count)| row(agent, None, Some(count))));
    let apart = |row: &FollowersApart| row.a.unwrap_or(0).abs_diff(row.b.unwrap_or(0));
    rows.retain(|row| apart(row) > 0);
    rows.sort_by_key(|row| (Reverse(apart(row)), row.agent_id));
    rows.truncate(TOP);
    rows
}

/// The posts that came furthest in either run, by likes, shares and comments.
pub fn reach(tallies: Pair<&Tally>, platform: Platform) -> Vec<ReachApart> {
    let mut rows: BTreeMap<(u64, &str, &str), ReachApart> = BTreeMap::new();
    for tally in [tallies.a, tallies.b] {
        for (post_id, post) in top(tally, platform) {
            rows.entry((post_id, &post.author, &post.content)).or_insert_with(|| ReachApart {
                post_id,
                author: post.author.clone(),
                content: post.content.clone(),
                a: find(tallies.a, platform, post_id, post),
                b: find(tallies.b, platform, post_id, post),
            });
        }
    }
    let mut rows: Vec<ReachApart> = rows.into_values().collect();
    let most = |row: &ReachApart| [&row.a, &row.b].map(|it| it.as_ref().map_or(0, reached));
    rows.sort_by_key(|row| (Reverse(most(row).into_iter().max()), row.post_id));
    rows.truncate(TOP);
    rows
}

/// Likes, shares and comments.
pub fn reached(reactions: &Reactions) -> u64 {
    reactions.all() - reactions.dislikes
}

fn posts(tally: &Tally, platform: Platform) -> impl Iterator<Item = (u64, &PostTally)> {
    let posts = tally.posts().filter(move |(world, _, _)| *world == platform);
    posts.map(|(_, post_id, post)| (post_id, post))
}

fn top(tally: &Tally, platform: Platform) -> Vec<(u64, &PostTally)> {
    let mut posts: Vec<_> =
        posts(tally, platform).filter(|(_, post)| reached(&post.reactions) > 0).collect();
    posts.sort_by_key(|(post_id, post)| (Reverse(reached(&post.reactions)), *post_id));
    posts.truncate(TOP);
    posts
}

/// The same post in another run: ids alone mean other posts once the runs have parted.
fn find(tally: &Tally, platform: Platform, post_id: u64, post: &PostTally) -> Option<Reactions> {
    let is_same = |(id, other): &(u64, &PostTally)| {
        *id == post_id && other.author == post.author && other.content == post.content
    };
    posts(tally, platform).find(is_same).map(|(_, post)| post.reactions)
}
