//! Every id that a world tells stands for something.

use std::format;
use std::string::String;

use crate::tests::least::same;
use crate::{Action, Counts, Effect, PostView, World};

/// Whether all that an action's outcome names exists.
pub(super) fn in_outcome(world: &World, action: &Action) -> Result<(), String> {
    let counts = world.counts();
    let row = |id: u32, last: u32| (1..=last).contains(&id);
    let rows = [
        counts.likes,
        counts.dislikes,
        counts.reports,
        counts.comment_likes,
        counts.comment_dislikes,
        counts.follows,
        counts.mutes,
    ];
    let any_row = |id: u32| row(id, rows.into_iter().max().unwrap_or(0));
    let post = |id: u32| world.post(id).is_some();
    let root = |id: u32| world.post(id).is_some_and(|post| post.reposts.is_none());
    let exists = match &action.outcome {
        Err(_) | Ok(Effect::Nothing) => true,
        &Ok(Effect::Posted { post: new }) => root(new),
        &Ok(Effect::Shared { of, post: new }) => root(of) && post(new),
        &Ok(Effect::Rated { post, row }) => root(post) && any_row(row),
        &Ok(Effect::Commented { post, comment }) => {
            root(post) && world.comment(comment).is_some_and(|comment| comment.post == post)
        }
        &Ok(Effect::RatedComment { row } | Effect::Linked { row }) => any_row(row),
        Ok(Effect::Posts(posts)) => posts.iter().all(|&id| post(id)),
        Ok(Effect::Users(users)) => users.iter().all(|&user| world.user(user).is_some()),
    };
    same(&format!("whether what {action:?} names exists"), &exists, &true)
}

/// Whether all that views name exists, and is of the kind that it should be.
pub(super) fn in_views(world: &World) -> Result<(), String> {
    let Counts { posts, comments, .. } = world.counts();
    for id in 1..=posts {
        let post = world.post(id).ok_or_else(|| format!("post {id} of {posts} is not there"))?;
        let author = world.user(post.author).map(|user| user.agent.name.as_str());
        same(&format!("author of {post:?}"), &author, &Some(post.author_name))?;
        let shared = post.reposts.and_then(|root| world.post(root));
        let shares_a_root = shared.is_some_and(|root| root.reposts.is_none());
        same(&format!("what {post:?} shares"), &shares_a_root, &post.reposts.is_some())?;
        let quoted = post.quotes.and_then(|source| world.post(source));
        let quotes_an_original = quoted.is_some_and(|source| is_original(&source));
        same(&format!("what {post:?} quotes"), &quotes_an_original, &post.quotes.is_some())?;
    }
    for id in 1..=comments {
        let comment = world.comment(id).ok_or_else(|| format!("no comment {id} of {comments}"))?;
        let author = world.user(comment.author).map(|user| user.agent.name.as_str());
        same(&format!("author of {comment:?}"), &author, &Some(comment.author_name))?;
        let root = world.post(comment.post).is_some_and(|post| post.reposts.is_none());
        same(&format!("what {comment:?} is about"), &root, &true)?;
        let parent = comment.parent.and_then(|parent| world.comment(parent));
        let answers = parent.is_some_and(|parent| parent.post == comment.post && parent.id < id);
        same(&format!("what {comment:?} answers"), &answers, &comment.parent.is_some())?;
    }
    for agent in (0..).map_while(|agent| world.observe(agent)) {
        for seen in &agent.posts {
            same("a post in a feed", &world.post(seen.post.id), &Some(seen.post))?;
            same("whether it is a root", &seen.post.reposts, &None)?;
            let bearer = seen.reposted_by.is_none_or(|bearer| world.user(bearer).is_some());
            same("whether its bearer exists", &bearer, &true)?;
            let under_it = seen.thread.iter().all(|comment| comment.post == seen.post.id);
            same("whether its comments are about it", &under_it, &true)?;
        }
    }
    Ok(())
}

fn is_original(post: &PostView<'_>) -> bool {
    post.reposts.is_none() && post.quotes.is_none()
}
