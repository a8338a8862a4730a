//! What OASIS writes into the `info` of a trace, field by field.

use contract::action::ActionBody;
use serde_json::{Value, json};

/// The `info` of a successful action. Fields that OASIS has and we do not know are left out;
/// fields that we know and OASIS does not have are in the frames.
///
/// Keys stand in alphabetical order: then it does not matter for the bytes whether the build has
/// a `serde_json` that keeps the order in which they are written.
pub(super) fn info(body: &ActionBody) -> Value {
    match body {
        ActionBody::CreatePost(it) => json!({ "content": it.content, "post_id": it.post_id }),
        ActionBody::Repost(it) => {
            json!({ "new_post_id": it.new_post_id, "reposted_id": it.reposted_id })
        }
        ActionBody::QuotePost(it) => {
            json!({ "new_post_id": it.new_post_id, "quoted_id": it.quoted_id })
        }
        ActionBody::LikePost(it) | ActionBody::UnlikePost(it) => {
            json!({ "like_id": it.like_id, "post_id": it.post_id })
        }
        ActionBody::DislikePost(it) | ActionBody::UndoDislikePost(it) => {
            json!({ "dislike_id": it.dislike_id, "post_id": it.post_id })
        }
        ActionBody::ReportPost(it) => json!({ "post_id": it.post_id, "report_id": it.report_id }),
        ActionBody::CreateComment(it) => {
            json!({ "comment_id": it.comment_id, "content": it.content })
        }
        ActionBody::LikeComment(it) | ActionBody::UnlikeComment(it) => {
            json!({ "comment_id": it.comment_id, "comment_like_id": it.comment_like_id })
        }
        ActionBody::DislikeComment(it) | ActionBody::UndoDislikeComment(it) => {
            json!({ "comment_dislike_id": it.comment_dislike_id, "comment_id": it.comment_id })
        }
        ActionBody::Follow(it) => json!({ "follow_id": it.follow_id }),
        ActionBody::Unfollow(it) => json!({ "followee_id": it.followee_id }),
        ActionBody::Mute(it) | ActionBody::Unmute(it) => json!({ "mutee_id": it.mutee_id }),
        ActionBody::SearchPosts(it) => json!({ "query": it.query }),
        ActionBody::SearchUser(it) => json!({ "query": it.query }),
        ActionBody::Trend(it) | ActionBody::Refresh(it) => {
            let posts = it.post_ids.iter().map(|post_id| json!({ "post_id": post_id }));
            json!({ "posts": posts.collect::<Vec<_>>() })
        }
        ActionBody::DoNothing(_) => json!({}),
    }
}
