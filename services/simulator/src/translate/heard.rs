//! Which posts of a source enter a world.

use std::collections::BTreeSet;

use contract::journal::HeardPost;
use contract::source::Source;
use world::{Event, Inputs, World};

/// The posts of one round of `source` that enter `world`, in order, and how many do not: those
/// that an agent cannot post here, those whose words somebody has posted here already, and what is
/// more than the source may bring or than fits `bytes`, as journalled, of which it takes its part.
///
/// Words enter once, so that two worlds that listen to each other do not repeat each other for
/// ever, and what both were given is not heard again.
pub fn enter(
    world: &World,
    source: &Source,
    posts: &[HeardPost],
    bytes: &mut usize,
) -> (Vec<HeardPost>, u32) {
    let mut said = said(world, posts);
    let mut entered = Vec::new();
    for post in posts {
        let agent_id = source.speaker.unwrap_or(post.agent_id);
        let post = HeardPost { agent_id, ..post.clone() };
        let size = serde_json::to_vec(&post).map_or(usize::MAX, |json| json.len() + 1);
        let is_full = entered.len() >= source.most as usize || size > *bytes;
        if is_full || said.contains(&post.content) || !can_be_posted(world, &post) {
            continue;
        }
        *bytes -= size;
        said.insert(post.content.clone());
        entered.push(post);
    }
    let left_out = u32::try_from(posts.len() - entered.len()).unwrap_or(u32::MAX);
    (entered, left_out)
}

/// The words of `posts` that somebody has posted in this world.
fn said(world: &World, posts: &[HeardPost]) -> BTreeSet<String> {
    // Most rounds of most sources bring nothing, and a world has many posts.
    if posts.is_empty() {
        return BTreeSet::new();
    }
    let words: BTreeSet<&str> = posts.iter().map(|post| post.content.as_str()).collect();
    let all = (1..=world.counts().posts).filter_map(|id| world.post(id));
    all.filter(|post| words.contains(post.content)).map(|post| post.content.to_owned()).collect()
}

fn can_be_posted(world: &World, post: &HeardPost) -> bool {
    let events = vec![Event { agent: post.agent_id, content: post.content.clone() }];
    world.problems(&Inputs { events, ..Inputs::default() }).is_empty()
}
