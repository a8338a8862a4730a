//! The state: tables as columns, a row's id being its index plus one.
//!
//! What is stored is what happened. Counters and look-ups follow from it: each `add_*` keeps
//! them beside the row, and a restored snapshot gets them by adding its rows again.

mod links;
mod memory;
mod texts;
mod users;

use alloc::vec::Vec;

pub(crate) use links::{Links, STANDS};
pub(crate) use memory::{Deed, DeedKind, Deeds, Found, Seen};
pub(crate) use texts::Texts;
pub(crate) use users::{User, Users};

use crate::words::{self, Signature};

/// The id of the row that was added last to a column of this length.
fn id(length: usize) -> u32 {
    u32::try_from(length).expect("memory ends long before four billion rows")
}

/// The index of the row with this id; `None` for 0, which is no id.
pub(crate) fn row(id: u32) -> Option<usize> {
    (id as usize).checked_sub(1)
}

/// The three kinds of post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Original = 0,
    Repost = 1,
    Quote = 2,
}

/// A row of the posts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Post {
    pub(crate) author: u32,
    /// What a repost shares (its root), what a quote quotes (its source); 0 for an original.
    pub(crate) of: u32,
    pub(crate) tick: u32,
    pub(crate) kind: Kind,
}

/// What follows from the other tables for each post. All 0 for a repost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    pub(crate) likes: u32,
    pub(crate) dislikes: u32,
    pub(crate) shares: u32,
    pub(crate) comments: u32,
    pub(crate) reports: u32,
    /// The newest comment, 0 if there is none.
    pub(crate) last_comment: u32,
}

impl Counters {
    /// Likes, comments and, twice, shares.
    pub(crate) fn interactions(&self) -> i64 {
        i64::from(self.likes) + i64::from(self.comments) + 2 * i64::from(self.shares)
    }

    /// Whether the post is shown with a warning.
    pub(crate) fn flagged(&self) -> bool {
        self.reports >= 2
    }
}

/// Originals, reposts and quotes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Posts {
    pub(crate) rows: Vec<Post>,
    /// Empty for a repost.
    pub(crate) content: Texts,
    pub(crate) counters: Vec<Counters>,
    pub(crate) signature: Vec<Signature>,
}

impl Posts {
    pub(crate) fn count(&self) -> u32 {
        id(self.rows.len())
    }

    pub(crate) fn get(&self, post: u32) -> Option<&Post> {
        self.rows.get(row(post)?)
    }

    /// What a repost shares, else the post itself; `None` if there is no such post.
    pub(crate) fn root(&self, post: u32) -> Option<u32> {
        let row = self.get(post)?;
        Some(if row.kind == Kind::Repost { row.of } else { post })
    }

    /// The original at the end: what the root quotes, else the root; `None` if there is no such
    /// post.
    pub(crate) fn source(&self, post: u32) -> Option<u32> {
        let root = self.root(post)?;
        let row = self.get(root)?;
        Some(if row.kind == Kind::Quote { row.of } else { root })
    }
}

/// A row of the comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Comment {
    pub(crate) author: u32,
    /// The root under which it stands.
    pub(crate) post: u32,
    /// The comment that it answers, 0 if none. It stands under the same root.
    pub(crate) parent: u32,
    pub(crate) tick: u32,
}

/// What follows from the other tables for each comment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CommentCounters {
    pub(crate) likes: u32,
    pub(crate) dislikes: u32,
    /// The comment before it under the same root, 0 if it is the first.
    pub(crate) previous: u32,
}

/// Comments, each under the root of a post.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Comments {
    pub(crate) rows: Vec<Comment>,
    pub(crate) content: Texts,
    pub(crate) counters: Vec<CommentCounters>,
}

impl Comments {
    pub(crate) fn count(&self) -> u32 {
        id(self.rows.len())
    }

    pub(crate) fn get(&self, comment: u32) -> Option<&Comment> {
        self.rows.get(row(comment)?)
    }
}

/// All tables of a world.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tables {
    pub(crate) users: Users,
    pub(crate) posts: Posts,
    pub(crate) comments: Comments,
    pub(crate) likes: Links,
    pub(crate) dislikes: Links,
    pub(crate) reports: Links,
    /// Why, report by report.
    pub(crate) reasons: Texts,
    pub(crate) comment_likes: Links,
    pub(crate) comment_dislikes: Links,
    pub(crate) follows: Links,
    pub(crate) mutes: Links,
    /// What each user did lately.
    pub(crate) deeds: Vec<Deeds>,
    /// What each user was shown lately.
    pub(crate) seen: Vec<Seen>,
    /// What each user's last search found, until its next turn.
    pub(crate) found: Vec<Found>,
}

impl Tables {
    pub(crate) fn new(users: usize) -> Tables {
        Tables {
            users: Users::new(users),
            deeds: alloc::vec![Deeds::default(); users],
            seen: alloc::vec![Seen::default(); users],
            found: alloc::vec![Found::default(); users],
            ..Tables::default()
        }
    }

    /// Adds a post; gives its id. `post.of` exists and is a root, of a quote an original.
    pub(crate) fn add_post(&mut self, post: Post, text: &str) -> u32 {
        self.posts.rows.push(post);
        self.posts.content.add(text);
        self.posts.counters.push(Counters::default());
        let signature = words::signature(text);
        self.posts.signature.push(signature);
        let id = self.posts.count();
        if let Some(of) = row(post.of) {
            self.posts.counters[of].shares += 1;
        }
        if post.kind == Kind::Repost {
            self.users.mark(post.author, post.of).repost = id;
        } else {
            self.users.rows[post.author as usize].posts += 1;
        }
        let latest = &mut self.users.latest[post.author as usize];
        let before = row(latest[0]).map(|row| self.posts.signature[row]);
        self.users.rows[post.author as usize].said = signature | before.unwrap_or_default();
        *latest = [id, latest[0]];
        id
    }

    /// Adds a comment under a root; gives its id.
    pub(crate) fn add_comment(&mut self, comment: Comment, text: &str) -> u32 {
        self.comments.rows.push(comment);
        self.comments.content.add(text);
        let id = self.comments.count();
        let mut counters = CommentCounters::default();
        if let Some(post) = row(comment.post) {
            let post = &mut self.posts.counters[post];
            post.comments += 1;
            counters.previous = core::mem::replace(&mut post.last_comment, id);
        }
        self.comments.counters.push(counters);
        self.users.rows[comment.author as usize].comments += 1;
        self.users.mark(comment.author, comment.post).comments += 1;
        id
    }

    /// Adds a like of a root that the user does not like; gives its id.
    pub(crate) fn like(&mut self, user: u32, post: u32, tick: u32) -> u32 {
        let id = self.likes.add(user, post, tick);
        self.counters(post).likes += 1;
        self.users.mark(user, post).like = id;
        id
    }

    /// Ends the like with this id.
    pub(crate) fn unlike(&mut self, like: u32, tick: u32) {
        let (user, post) = self.likes.end(like, tick);
        self.counters(post).likes -= 1;
        self.users.mark(user, post).like = 0;
    }

    /// Adds a dislike of a root that the user does not dislike; gives its id.
    pub(crate) fn dislike(&mut self, user: u32, post: u32, tick: u32) -> u32 {
        let id = self.dislikes.add(user, post, tick);
        self.counters(post).dislikes += 1;
        self.users.mark(user, post).dislike = id;
        id
    }

    /// Ends the dislike with this id.
    pub(crate) fn undo_dislike(&mut self, dislike: u32, tick: u32) {
        let (user, post) = self.dislikes.end(dislike, tick);
        self.counters(post).dislikes -= 1;
        self.users.mark(user, post).dislike = 0;
    }

    /// Adds a report of a root that the user has not reported; gives its id. Its reason is the
    /// caller's to add.
    pub(crate) fn report(&mut self, user: u32, post: u32, tick: u32) -> u32 {
        let id = self.reports.add(user, post, tick);
        self.counters(post).reports += 1;
        self.users.mark(user, post).report = id;
        id
    }

    /// Adds a like of a comment that the user does not like; gives its id.
    pub(crate) fn like_comment(&mut self, user: u32, comment: u32, tick: u32) -> u32 {
        let id = self.comment_likes.add(user, comment, tick);
        self.comment_counters(comment).likes += 1;
        self.users.comment_mark(user, comment).like = id;
        id
    }

    /// Ends the comment like with this id.
    pub(crate) fn unlike_comment(&mut self, like: u32, tick: u32) {
        let (user, comment) = self.comment_likes.end(like, tick);
        self.comment_counters(comment).likes -= 1;
        self.users.comment_mark(user, comment).like = 0;
    }

    /// Adds a dislike of a comment that the user does not dislike; gives its id.
    pub(crate) fn dislike_comment(&mut self, user: u32, comment: u32, tick: u32) -> u32 {
        let id = self.comment_dislikes.add(user, comment, tick);
        self.comment_counters(comment).dislikes += 1;
        self.users.comment_mark(user, comment).dislike = id;
        id
    }

    /// Ends the comment dislike with this id.
    pub(crate) fn undo_dislike_comment(&mut self, dislike: u32, tick: u32) {
        let (user, comment) = self.comment_dislikes.end(dislike, tick);
        self.comment_counters(comment).dislikes -= 1;
        self.users.comment_mark(user, comment).dislike = 0;
    }

    /// Adds a follow of somebody whom the user does not follow; gives its id.
    pub(crate) fn follow(&mut self, user: u32, followee: u32, tick: u32) -> u32 {
        let id = self.follows.add(user, followee, tick);
        self.users.rows[user as usize].following.add(followee, id);
        self.users.rows[followee as usize].followers += 1;
        id
    }

    /// Ends the follow with this id.
    pub(crate) fn unfollow(&mut self, follow: u32, tick: u32) {
        let (user, followee) = self.follows.end(follow, tick);
        self.users.rows[user as usize].following.remove(followee);
        self.users.rows[followee as usize].followers -= 1;
    }

    /// Adds a mute of somebody whom the user does not mute; gives its id.
    pub(crate) fn mute(&mut self, user: u32, mutee: u32, tick: u32) -> u32 {
        let id = self.mutes.add(user, mutee, tick);
        self.users.rows[user as usize].muting.add(mutee, id);
        id
    }

    /// Ends the mute with this id.
    pub(crate) fn unmute(&mut self, mute: u32, tick: u32) {
        let (user, mutee) = self.mutes.end(mute, tick);
        self.users.rows[user as usize].muting.remove(mutee);
    }

    fn counters(&mut self, post: u32) -> &mut Counters {
        &mut self.posts.counters[row(post).expect("only posts that exist are rated")]
    }

    fn comment_counters(&mut self, comment: u32) -> &mut CommentCounters {
        &mut self.comments.counters[row(comment).expect("only comments that exist are rated")]
    }
}
