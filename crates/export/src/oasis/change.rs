//! What a successful action changes, as rows and counters: one account of it for every table
//! that is filled from frames.

use contract::action::{ActionBody, QuotePost};
use contract::spec::Profile;

/// One change. Whose it is follows from the action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<'a> {
    /// A post of any kind is there.
    Post(NewPost<'a>),
    /// A comment is there.
    Comment(NewComment<'a>),
    /// A counter of a post moves.
    CountPost {
        /// The post.
        post_id: u64,
        /// Which counter.
        counter: Counter,
        /// By how much.
        by: i64,
    },
    /// A counter of a comment moves.
    CountComment {
        /// The comment.
        comment_id: u64,
        /// Which counter.
        counter: Counter,
        /// By how much.
        by: i64,
    },
    /// A rating is there.
    Rate {
        /// What kind of rating.
        rating: Rating,
        /// Its number among its kind.
        id: u64,
        /// The post or comment.
        target: u64,
    },
    /// A rating is gone.
    Unrate {
        /// What kind of rating.
        rating: Rating,
        /// Its number among its kind.
        id: u64,
    },
    /// A report of a post is there.
    Report {
        /// Its number.
        id: u64,
        /// The post.
        post_id: u64,
        /// Why.
        reason: &'a str,
    },
    /// Somebody is followed.
    Follow {
        /// The follow's number.
        id: u64,
        /// Who is followed.
        followee: u32,
    },
    /// Somebody is not followed any more.
    Unfollow {
        /// The follow's number.
        id: u64,
        /// Who was followed.
        followee: u32,
    },
    /// Somebody is muted.
    Mute {
        /// The mute's number.
        id: u64,
        /// Who is muted.
        mutee: u32,
    },
    /// Somebody is not muted any more.
    Unmute {
        /// The mute's number.
        id: u64,
    },
}

/// A post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewPost<'a> {
    /// Its number, from 1.
    pub post_id: u64,
    /// Of a repost and a quote: what it shares.
    pub original: Option<u64>,
    /// Its text; of a quote the text of the original, of a repost nothing.
    pub content: &'a str,
    /// Of a quote: its own words.
    pub quote: Option<&'a str>,
}

/// A comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewComment<'a> {
    /// Its number, from 1.
    pub comment_id: u64,
    /// The post under which it stands.
    pub post_id: u64,
    /// The comment that it answers.
    pub parent: Option<u64>,
    /// Its text.
    pub content: &'a str,
}

/// A column of `post` or `comment` that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// Likes that stand.
    Likes,
    /// Dislikes that stand.
    Dislikes,
    /// Reposts and quotes.
    Shares,
    /// Reports.
    Reports,
}

/// A table of ratings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rating {
    /// Likes of posts.
    Like,
    /// Dislikes of posts.
    Dislike,
    /// Likes of comments.
    CommentLike,
    /// Dislikes of comments.
    CommentDislike,
}

impl NewPost<'_> {
    /// True of a repost, which has no words of its own.
    pub fn is_repost(&self) -> bool {
        self.original.is_some() && self.quote.is_none()
    }
}

impl Counter {
    /// The column.
    pub fn column(self) -> &'static str {
        match self {
            Counter::Likes => "num_likes",
            Counter::Dislikes => "num_dislikes",
            Counter::Shares => "num_shares",
            Counter::Reports => "num_reports",
        }
    }
}

/// What a successful action changes, in order.
///
/// # Errors
/// In words, if it does not name what it made or ended.
pub fn changes(body: &ActionBody) -> Result<Vec<Change<'_>>, String> {
    use Counter::{Dislikes, Likes, Reports, Shares};
    use Rating::{CommentDislike, CommentLike, Dislike, Like};
    let post = |post_id, counter, by| Change::CountPost { post_id, counter, by };
    let comment = |comment_id, counter, by| Change::CountComment { comment_id, counter, by };
    let rate = |rating, own, target| Ok::<_, String>(Change::Rate { rating, id: id(own)?, target });
    let unrate = |rating, own| Ok::<_, String>(Change::Unrate { rating, id: id(own)? });
    Ok(match body {
        ActionBody::CreatePost(it) => vec![new_post(it.post_id, None, &it.content)?],
        ActionBody::Repost(it) => {
            let of = it.reposted_id;
            vec![new_post(it.new_post_id, Some(of), "")?, post(of, Shares, 1)]
        }
        ActionBody::QuotePost(it) => vec![quote(it)?, post(it.quoted_id, Shares, 1)],
        ActionBody::LikePost(it) => {
            vec![rate(Like, it.like_id, it.post_id)?, post(it.post_id, Likes, 1)]
        }
        ActionBody::UnlikePost(it) => vec![unrate(Like, it.like_id)?, post(it.post_id, Likes, -1)],
        ActionBody::DislikePost(it) => {
            vec![rate(Dislike, it.dislike_id, it.post_id)?, post(it.post_id, Dislikes, 1)]
        }
        ActionBody::UndoDislikePost(it) => {
            vec![unrate(Dislike, it.dislike_id)?, post(it.post_id, Dislikes, -1)]
        }
        ActionBody::ReportPost(it) => {
            let (id, post_id, reason) = (id(it.report_id)?, it.post_id, it.report_reason.as_str());
            vec![Change::Report { id, post_id, reason }, post(post_id, Reports, 1)]
        }
        ActionBody::CreateComment(it) => vec![Change::Comment(NewComment {
            comment_id: id(it.comment_id)?,
            post_id: it.post_id,
            parent: it.parent_comment_id,
            content: &it.content,
        })],
        ActionBody::LikeComment(it) => {
            let of = it.comment_id;
            vec![rate(CommentLike, it.comment_like_id, of)?, comment(of, Likes, 1)]
        }
        ActionBody::UnlikeComment(it) => {
            vec![unrate(CommentLike, it.comment_like_id)?, comment(it.comment_id, Likes, -1)]
        }
        ActionBody::DislikeComment(it) => {
            let of = it.comment_id;
            vec![rate(CommentDislike, it.comment_dislike_id, of)?, comment(of, Dislikes, 1)]
        }
        ActionBody::UndoDislikeComment(it) => {
            let gone = unrate(CommentDislike, it.comment_dislike_id)?;
            vec![gone, comment(it.comment_id, Dislikes, -1)]
        }
        ActionBody::Follow(it) => {
            vec![Change::Follow { id: id(it.follow_id)?, followee: it.followee_id }]
        }
        ActionBody::Unfollow(it) => {
            vec![Change::Unfollow { id: id(it.follow_id)?, followee: it.followee_id }]
        }
        ActionBody::Mute(it) => vec![Change::Mute { id: id(it.mute_id)?, mutee: it.mutee_id }],
        ActionBody::Unmute(it) => vec![Change::Unmute { id: id(it.mute_id)? }],
        ActionBody::SearchPosts(_)
        | ActionBody::SearchUser(_)
        | ActionBody::Trend(_)
        | ActionBody::Refresh(_)
        | ActionBody::DoNothing(_) => Vec::new(),
    })
}

/// What agents posted before anything happened, numbered as the world does: their authors and
/// the posts, in the order of the agents. They are no actions.
pub fn past_posts(profiles: &[Profile]) -> impl Iterator<Item = (u32, NewPost<'_>)> {
    let posts = (0u32..)
        .zip(profiles)
        .flat_map(|(author, profile)| profile.past_posts.iter().map(move |text| (author, text)));
    (1..).zip(posts).map(|(post_id, (author, content))| {
        (author, NewPost { post_id, original: None, content, quote: None })
    })
}

fn new_post(
    post_id: Option<u64>,
    original: Option<u64>,
    content: &str,
) -> Result<Change<'_>, String> {
    Ok(Change::Post(NewPost { post_id: id(post_id)?, original, content, quote: None }))
}

/// OASIS keeps a copy of the original's text beside the words of the quote.
fn quote(it: &QuotePost) -> Result<Change<'_>, String> {
    Ok(Change::Post(NewPost {
        post_id: id(it.new_post_id)?,
        original: Some(it.quoted_id),
        content: it.original_content.as_deref().unwrap_or_default(),
        quote: Some(&it.quote_content),
    }))
}

/// The id of what a successful action made or ended.
fn id(id: Option<u64>) -> Result<u64, String> {
    id.ok_or_else(|| "succeeded, but names no id of what it made".to_owned())
}
