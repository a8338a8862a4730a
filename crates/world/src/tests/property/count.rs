//! Rows and counters, counted from what actions say.

use std::collections::BTreeMap;
use std::format;
use std::string::String;

use crate::tests::least::same;
use crate::{Act, Action, Agent, Counts, Effect, Setup, World};

/// How many rows there are before tick 0.
pub(super) fn past(setup: &Setup) -> Counts {
    let sum = |count: fn(&Agent) -> usize| {
        u32::try_from(setup.agents.iter().map(count).sum::<usize>()).expect("few rows")
    };
    Counts {
        posts: sum(|agent| agent.past_posts.len()),
        follows: sum(|agent| agent.follows.len()),
        ..Counts::default()
    }
}

/// The row that an action made: the count of such rows, and its id.
pub(super) fn made<'counts>(
    counts: &'counts mut Counts,
    action: &Action,
) -> Option<(&'counts mut u32, u32)> {
    match (&action.act, action.outcome.as_ref().ok()?) {
        (_, &Effect::Posted { post } | &Effect::Shared { post, .. }) => {
            Some((&mut counts.posts, post))
        }
        (_, &Effect::Commented { comment, .. }) => Some((&mut counts.comments, comment)),
        (Act::LikePost { .. }, &Effect::Rated { row, .. }) => Some((&mut counts.likes, row)),
        (Act::DislikePost { .. }, &Effect::Rated { row, .. }) => Some((&mut counts.dislikes, row)),
        (Act::ReportPost { .. }, &Effect::Rated { row, .. }) => Some((&mut counts.reports, row)),
        (Act::LikeComment { .. }, &Effect::RatedComment { row }) => {
            Some((&mut counts.comment_likes, row))
        }
        (Act::DislikeComment { .. }, &Effect::RatedComment { row }) => {
            Some((&mut counts.comment_dislikes, row))
        }
        (Act::Follow { .. }, &Effect::Linked { row }) => Some((&mut counts.follows, row)),
        (Act::Mute { .. }, &Effect::Linked { row }) => Some((&mut counts.mutes, row)),
        _ => None,
    }
}

/// Whether the counters of posts, comments and users are what `actions` make them.
pub(super) fn counters<'a>(
    world: &World,
    actions: impl Iterator<Item = &'a Action>,
) -> Result<(), String> {
    let count = count(world, actions);
    let counted = |what, id| count.get(&(what, id)).copied().unwrap_or(0);
    let counts = world.counts();
    for post in (1..=counts.posts).filter_map(|post| world.post(post)) {
        let found = [post.likes, post.dislikes, post.shares, post.comments, post.reports];
        let expected = ["likes", "dislikes", "shares", "comments", "reports"];
        let expected = expected.map(|what| counted(what, post.id));
        same(&format!("counters of {post:?}"), &found.map(i64::from), &expected)?;
    }
    for comment in (1..=counts.comments).filter_map(|comment| world.comment(comment)) {
        let found = [comment.likes, comment.dislikes];
        let expected = ["comment likes", "comment dislikes"].map(|what| counted(what, comment.id));
        same(&format!("counters of {comment:?}"), &found.map(i64::from), &expected)?;
    }
    for user in (0..).map_while(|user| world.user(user)) {
        let found = [user.followers, user.following, user.posts, user.comments];
        let expected = ["followers", "following", "posts by", "comments by"];
        let expected = expected.map(|what| counted(what, user.id));
        same(&format!("counters of user {}", user.id), &found.map(i64::from), &expected)?;
    }
    Ok(())
}

/// How often each thing happened to whom or what.
fn count<'a>(
    world: &World,
    actions: impl Iterator<Item = &'a Action>,
) -> BTreeMap<(&'static str, u32), i64> {
    let mut count = BTreeMap::new();
    let mut add = |what, id, by| *count.entry((what, id)).or_insert(0) += by;
    for (id, agent) in (0..).zip(&world.setup().agents) {
        for _ in &agent.past_posts {
            add("posts by", id, 1);
        }
        for &user in &agent.follows {
            add("following", id, 1);
            add("followers", user, 1);
        }
    }
    for Action { agent, act, outcome } in actions {
        match (act, outcome) {
            (Act::CreatePost { .. }, Ok(_)) => add("posts by", *agent, 1),
            (Act::Repost { .. }, &Ok(Effect::Shared { of, .. })) => add("shares", of, 1),
            (Act::QuotePost { .. }, &Ok(Effect::Shared { of, .. })) => {
                add("shares", of, 1);
                add("posts by", *agent, 1);
            }
            (Act::LikePost { .. }, &Ok(Effect::Rated { post, .. })) => add("likes", post, 1),
            (Act::UnlikePost { .. }, &Ok(Effect::Rated { post, .. })) => add("likes", post, -1),
            (Act::DislikePost { .. }, &Ok(Effect::Rated { post, .. })) => add("dislikes", post, 1),
            (Act::UndoDislikePost { .. }, &Ok(Effect::Rated { post, .. })) => {
                add("dislikes", post, -1);
            }
            (Act::ReportPost { .. }, &Ok(Effect::Rated { post, .. })) => add("reports", post, 1),
            (Act::CreateComment { .. }, &Ok(Effect::Commented { post, .. })) => {
                add("comments", post, 1);
                add("comments by", *agent, 1);
            }
            (&Act::LikeComment { comment }, Ok(_)) => add("comment likes", comment, 1),
            (&Act::UnlikeComment { comment }, Ok(_)) => add("comment likes", comment, -1),
            (&Act::DislikeComment { comment }, Ok(_)) => add("comment dislikes", comment, 1),
            (&Act::UndoDislikeComment { comment }, Ok(_)) => add("comment dislikes", comment, -1),
            (&Act::Follow { user }, Ok(_)) => {
                add("following", *agent, 1);
                add("followers", user, 1);
            }
            (&Act::Unfollow { user }, Ok(_)) => {
                add("following", *agent, -1);
                add("followers", user, -1);
            }
            _ => {}
        }
    }
    count
}
