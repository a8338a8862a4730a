//! From an act and its effect to an action as published.

use contract::action::{
    ActionBody, CreateComment, CreatePost, DislikeComment, DislikePost, DoNothing, Follow,
    LikeComment, LikePost, Mute, QuotePost, ReportPost, Repost, SearchPosts, SearchUser,
    ShownPosts,
};
use world::{Act, CommentView, Effect, Failure, PostView, World};

use super::name;

/// The arguments of an act, enriched with the texts and names that readers want beside ids.
pub(super) fn body(world: &World, act: Act, outcome: Result<Effect, Failure>) -> ActionBody {
    let failure = outcome.as_ref().err().copied();
    let effect = outcome.ok();
    let row = effect.as_ref().and_then(row);
    let world = &Known { world, failure };
    match act {
        Act::CreatePost { content } => ActionBody::CreatePost(CreatePost { content, post_id: row }),
        Act::Repost { post } => ActionBody::Repost(repost(world, post, row)),
        Act::QuotePost { post, content } => ActionBody::QuotePost(quote(world, post, content, row)),
        Act::LikePost { post } => ActionBody::LikePost(like(world, post, row)),
        Act::UnlikePost { post } => ActionBody::UnlikePost(like(world, post, row)),
        Act::DislikePost { post } => ActionBody::DislikePost(dislike(world, post, row)),
        Act::UndoDislikePost { post } => ActionBody::UndoDislikePost(dislike(world, post, row)),
        Act::ReportPost { post, reason } => {
            ActionBody::ReportPost(report(world, post, reason, row))
        }
        Act::CreateComment { post, parent, content } => {
            ActionBody::CreateComment(comment(world, post, parent, content, row))
        }
        Act::LikeComment { comment } => ActionBody::LikeComment(like_comment(world, comment, row)),
        Act::UnlikeComment { comment } => {
            ActionBody::UnlikeComment(like_comment(world, comment, row))
        }
        Act::DislikeComment { comment } => {
            ActionBody::DislikeComment(dislike_comment(world, comment, row))
        }
        Act::UndoDislikeComment { comment } => {
            ActionBody::UndoDislikeComment(dislike_comment(world, comment, row))
        }
        Act::Follow { user } => ActionBody::Follow(follow(world, user, row)),
        Act::Unfollow { user } => ActionBody::Unfollow(follow(world, user, row)),
        Act::Mute { user } => ActionBody::Mute(mute(world, user, row)),
        Act::Unmute { user } => ActionBody::Unmute(mute(world, user, row)),
        Act::SearchPosts { query } => {
            ActionBody::SearchPosts(SearchPosts { query, post_ids: posts(effect) })
        }
        Act::SearchUser { query } => {
            ActionBody::SearchUser(SearchUser { query, user_ids: users(effect) })
        }
        Act::Trend => ActionBody::Trend(ShownPosts { post_ids: posts(effect) }),
        Act::Refresh => ActionBody::Refresh(ShownPosts { post_ids: posts(effect) }),
        Act::DoNothing => ActionBody::DoNothing(DoNothing {}),
    }
}

/// The id of what an act made or ended.
fn row(effect: &Effect) -> Option<u64> {
    match effect {
        Effect::Posted { post } | Effect::Shared { post, .. } => Some((*post).into()),
        Effect::Commented { comment, .. } => Some((*comment).into()),
        Effect::Rated { row, .. } | Effect::RatedComment { row } | Effect::Linked { row } => {
            Some((*row).into())
        }
        Effect::Posts(_) | Effect::Users(_) | Effect::Nothing => None,
    }
}

fn posts(effect: Option<Effect>) -> Vec<u64> {
    match effect {
        Some(Effect::Posts(posts)) => posts.into_iter().map(u64::from).collect(),
        _ => Vec::new(),
    }
}

fn users(effect: Option<Effect>) -> Vec<u32> {
    match effect {
        Some(Effect::Users(users)) => users,
        _ => Vec::new(),
    }
}

/// A world after a tick, in which what an act did not find when it was tried may be there now: that
/// is not what the act was about.
struct Known<'world> {
    world: &'world World,
    failure: Option<Failure>,
}

impl Known<'_> {
    fn post(&self, id: u32) -> Option<PostView<'_>> {
        self.world.post(id).filter(|_| self.failure != Some(Failure::NoPost))
    }

    fn comment(&self, id: u32) -> Option<CommentView<'_>> {
        self.world.comment(id).filter(|_| self.failure != Some(Failure::NoComment))
    }

    /// What a repost shares, else the post itself.
    fn root(&self, post: u32) -> u32 {
        self.post(post).and_then(|post| post.reposts).unwrap_or(post)
    }
}

/// A post that an act is about.
struct Target {
    id: u64,
    content: Option<String>,
    author: Option<String>,
}

impl Target {
    /// The root of the post that the act names.
    fn root(world: &Known<'_>, post: u32) -> Target {
        Target::of(world, world.root(post))
    }

    fn of(world: &Known<'_>, post: u32) -> Target {
        let view = world.post(post);
        Target {
            id: post.into(),
            content: view.map(|post| post.content.to_owned()),
            author: view.map(|post| post.author_name.to_owned()),
        }
    }
}

fn repost(world: &Known<'_>, post: u32, new_post_id: Option<u64>) -> Repost {
    let Target { id, content, author } = Target::root(world, post);
    Repost { reposted_id: id, new_post_id, original_content: content, original_author_name: author }
}

fn quote(world: &Known<'_>, post: u32, content: String, new_post_id: Option<u64>) -> QuotePost {
    let root = world.root(post);
    let source = world.post(root).and_then(|post| post.quotes).unwrap_or(root);
    let original = Target::of(world, source);
    QuotePost {
        quoted_id: original.id,
        quote_content: content,
        new_post_id,
        original_content: original.content,
        original_author_name: original.author,
    }
}

fn like(world: &Known<'_>, post: u32, like_id: Option<u64>) -> LikePost {
    let Target { id, content, author } = Target::root(world, post);
    LikePost { post_id: id, like_id, post_content: content, post_author_name: author }
}

fn dislike(world: &Known<'_>, post: u32, dislike_id: Option<u64>) -> DislikePost {
    let Target { id, content, author } = Target::root(world, post);
    DislikePost { post_id: id, dislike_id, post_content: content, post_author_name: author }
}

fn report(world: &Known<'_>, post: u32, reason: String, report_id: Option<u64>) -> ReportPost {
    let Target { id, content, author } = Target::root(world, post);
    ReportPost {
        post_id: id,
        report_reason: reason,
        report_id,
        post_content: content,
        post_author_name: author,
    }
}

fn comment(
    world: &Known<'_>,
    post: u32,
    parent: Option<u32>,
    content: String,
    comment_id: Option<u64>,
) -> CreateComment {
    let target = Target::root(world, post);
    let answered = parent.and_then(|parent| world.comment(parent));
    CreateComment {
        content,
        comment_id,
        post_id: target.id,
        parent_comment_id: parent.map(u64::from),
        post_content: target.content,
        post_author_name: target.author,
        parent_content: answered.map(|comment| comment.content.to_owned()),
        parent_author_name: answered.map(|comment| comment.author_name.to_owned()),
    }
}

fn like_comment(world: &Known<'_>, comment: u32, comment_like_id: Option<u64>) -> LikeComment {
    let view = world.comment(comment);
    LikeComment {
        comment_id: comment.into(),
        comment_like_id,
        post_id: view.map(|comment| comment.post.into()),
        comment_content: view.map(|comment| comment.content.to_owned()),
        comment_author_name: view.map(|comment| comment.author_name.to_owned()),
    }
}

fn dislike_comment(
    world: &Known<'_>,
    comment: u32,
    comment_dislike_id: Option<u64>,
) -> DislikeComment {
    let LikeComment { comment_id, post_id, comment_content, comment_author_name, .. } =
        like_comment(world, comment, None);
    DislikeComment { comment_id, comment_dislike_id, post_id, comment_content, comment_author_name }
}

fn follow(world: &Known<'_>, user: u32, follow_id: Option<u64>) -> Follow {
    Follow { follow_id, followee_id: user, target_user_name: name(world.world, user) }
}

fn mute(world: &Known<'_>, user: u32, mute_id: Option<u64>) -> Mute {
    Mute { mute_id, mutee_id: user, target_user_name: name(world.world, user) }
}
