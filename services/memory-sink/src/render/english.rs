//! In English.

use contract::action::{
    ActionBody, CreateComment, CreatePost, DislikeComment, DislikePost, LikeComment, LikePost,
    QuotePost, ReportPost, Repost,
};

use super::{Known, clean};

/// What was done, in words that follow a name and a colon.
pub(super) fn describe(body: &ActionBody) -> String {
    match body {
        ActionBody::CreatePost(post) => wrote(post),
        ActionBody::Repost(repost) => reposted(repost),
        ActionBody::QuotePost(quote) => quoted(quote),
        ActionBody::LikePost(like) => liked("liked", like),
        ActionBody::UnlikePost(like) => liked("took back the like of", like),
        ActionBody::DislikePost(dislike) => disliked("disliked", dislike),
        ActionBody::UndoDislikePost(dislike) => disliked("took back the dislike of", dislike),
        ActionBody::ReportPost(report) => reported(report),
        ActionBody::CreateComment(comment) => commented(comment),
        ActionBody::LikeComment(like) => liked_comment("liked", like),
        ActionBody::UnlikeComment(like) => liked_comment("took back the like of", like),
        ActionBody::DislikeComment(dislike) => disliked_comment("disliked", dislike),
        ActionBody::UndoDislikeComment(dislike) => {
            disliked_comment("took back the dislike of", dislike)
        }
        ActionBody::Follow(follow) => with_user("followed", &follow.target_user_name),
        ActionBody::Unfollow(follow) => with_user("unfollowed", &follow.target_user_name),
        ActionBody::Mute(mute) => with_user("muted", &mute.target_user_name),
        ActionBody::Unmute(mute) => with_user("unmuted", &mute.target_user_name),
        ActionBody::SearchPosts(search) => {
            searched("posts", "about", &search.query, search.post_ids.len())
        }
        ActionBody::SearchUser(search) => {
            searched("users", "matching", &search.query, search.user_ids.len())
        }
        ActionBody::Trend(trend) => {
            format!("looked at the trending posts and found {}", number(trend.post_ids.len()))
        }
        ActionBody::Refresh(_) => "looked at the feed".to_owned(),
        ActionBody::DoNothing(_) => "did nothing".to_owned(),
    }
}

fn wrote(post: &CreatePost) -> String {
    match clean(Some(&post.content)) {
        Some(content) => format!("published a post: \"{content}\""),
        None => "published a post".to_owned(),
    }
}

fn reposted(repost: &Repost) -> String {
    Thing::post(&repost.original_content, &repost.original_author_name).after("reposted")
}

fn quoted(quote: &QuotePost) -> String {
    let post = Thing::post(&quote.original_content, &quote.original_author_name);
    match clean(Some(&quote.quote_content)) {
        Some(words) => format!("quoted {} and said: \"{words}\"", post.name_or_noun()),
        None => post.after("quoted"),
    }
}

fn liked(verb: &str, like: &LikePost) -> String {
    Thing::post(&like.post_content, &like.post_author_name).after(verb)
}

fn disliked(verb: &str, dislike: &DislikePost) -> String {
    Thing::post(&dislike.post_content, &dislike.post_author_name).after(verb)
}

fn reported(report: &ReportPost) -> String {
    let post = Thing::post(&report.post_content, &report.post_author_name);
    match clean(Some(&report.report_reason)) {
        Some(reason) => format!("reported {} for this reason: \"{reason}\"", post.name_or_noun()),
        None => post.after("reported"),
    }
}

fn commented(comment: &CreateComment) -> String {
    let answered = comment.parent_comment_id.map(|_| {
        let parent = Thing::comment(&comment.parent_content, &comment.parent_author_name);
        format!("answered {}", parent.name_or_noun())
    });
    let Some(content) = clean(Some(&comment.content)) else {
        return answered.unwrap_or_else(|| "left a comment".to_owned());
    };
    let does = answered.unwrap_or_else(|| "commented".to_owned());
    match Thing::post(&comment.post_content, &comment.post_author_name).name() {
        Some(post) => format!("{does} under {post}: \"{content}\""),
        None => format!("{does}: \"{content}\""),
    }
}

fn liked_comment(verb: &str, like: &LikeComment) -> String {
    Thing::comment(&like.comment_content, &like.comment_author_name).after(verb)
}

fn disliked_comment(verb: &str, dislike: &DislikeComment) -> String {
    Thing::comment(&dislike.comment_content, &dislike.comment_author_name).after(verb)
}

fn with_user(verb: &str, name: &Option<String>) -> String {
    match clean(name.as_deref()) {
        Some(name) => format!("{verb} the user \"{name}\""),
        None => format!("{verb} a user"),
    }
}

fn searched(whom: &str, how: &str, query: &str, found: usize) -> String {
    let found = number(found);
    match clean(Some(query)) {
        Some(query) => format!("searched for {whom} {how} \"{query}\" and found {found}"),
        None => format!("searched for {whom} and found {found}"),
    }
}

fn number(found: usize) -> String {
    if found == 0 { "none".to_owned() } else { found.to_string() }
}

/// A post or comment.
struct Thing {
    noun: &'static str,
    known: Known,
}

impl Thing {
    fn post(content: &Option<String>, author: &Option<String>) -> Thing {
        Thing { noun: "post", known: Known::of(content, author) }
    }

    fn comment(content: &Option<String>, author: &Option<String>) -> Thing {
        Thing { noun: "comment", known: Known::of(content, author) }
    }

    /// At the end of a line, after what was done to it.
    fn after(&self, verb: &str) -> String {
        let noun = self.noun;
        match (&self.known.content, &self.known.author) {
            (Some(content), Some(author)) => format!("{verb} {author}'s {noun}: \"{content}\""),
            (Some(content), None) => format!("{verb} a {noun}: \"{content}\""),
            (None, Some(author)) => format!("{verb} a {noun} by {author}"),
            (None, None) => format!("{verb} a {noun}"),
        }
    }

    /// Within a line; `None` if nothing is known.
    fn name(&self) -> Option<String> {
        let noun = self.noun;
        match (&self.known.content, &self.known.author) {
            (Some(content), Some(author)) => Some(format!("{author}'s {noun} \"{content}\"")),
            (Some(content), None) => Some(format!("the {noun} \"{content}\"")),
            (None, Some(author)) => Some(format!("{author}'s {noun}")),
            (None, None) => None,
        }
    }

    fn name_or_noun(&self) -> String {
        self.name().unwrap_or_else(|| format!("a {}", self.noun))
    }
}
