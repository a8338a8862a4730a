//! The state: tables as columns, a row's id being its index plus one.
//!
//! What is stored is what happened. Counters and look-ups follow from it: each `add_*` keeps
//! them beside the row, and a restored snapshot gets them by adding its rows again.

mod links;
mod memory;
mod texts;
mod users;

use alloc::vec::Vec;

pub(crate) use links::{Link, Links, STANDS};
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

    /// The id of the link that stands between a user and a target.
    pub(crate) fn standing(&self, kind: Link, user: u32, target: u32) -> Option<u32> {
        let users = &self.users;
        let id = match kind {
            Link::Like => users.marks(user, target).like,
            Link::Dislike => users.marks(user, target).dislike,
            Link::Report => users.marks(user, target).report,
            Link::CommentLike => users.comment_marks(user, target).like,
            Link::CommentDislike => users.comment_marks(user, target).dislike,
            Link::Follow => return users.rows[user as usize].following.get(target),
            Link::Mute => return users.rows[user as usize].muting.get(target),
        };
        Some(id).filter(|&id| id != 0)
    }

    /// Adds a link where none of its kind stands, to a target that exists; gives its id. The reason
    /// of a report is the caller's to add.
    pub(crate) fn link(&mut self, kind: Link, user: u32, target: u32, tick: u32) -> u32 {
        let id = self.links(kind).add(user, target, tick);
        self.mark(kind, user, target, Some(id));
        if let Some(counter) = self.counter(kind, target) {
            *counter += 1;
        }
        id
    }

    /// Ends the link with this id.
    pub(crate) fn unlink(&mut self, kind: Link, link: u32, tick: u32) {
        let (user, target) = self.links(kind).end(link, tick);
        self.mark(kind, user, target, None);
        if let Some(counter) = self.counter(kind, target) {
            *counter -= 1;
        }
    }

    fn links(&mut self, kind: Link) -> &mut Links {
        match kind {
            Link::Like => &mut self.likes,
            Link::Dislike => &mut self.dislikes,
            Link::Report => &mut self.reports,
            Link::CommentLike => &mut self.comment_likes,
            Link::CommentDislike => &mut self.comment_dislikes,
            Link::Follow => &mut self.follows,
            Link::Mute => &mut self.mutes,
        }
    }

    /// Keeps at the user which link stands, if one does.
    fn mark(&mut self, kind: Link, user: u32, target: u32, link: Option<u32>) {
        let (users, id) = (&mut self.users, link.unwrap_or(0));
        match kind {
            Link::Like => users.mark(user, target).like = id,
            Link::Dislike => users.mark(user, target).dislike = id,
            Link::Report => users.mark(user, target).report = id,
            Link::CommentLike => users.comment_mark(user, target).like = id,
            Link::CommentDislike => users.comment_mark(user, target).dislike = id,
            Link::Follow => users.rows[user as usize].following.set(target, link),
            Link::Mute => users.rows[user as usize].muting.set(target, link),
        }
    }

    /// How many links of a kind stand to a target, where that is counted.
    fn counter(&mut self, kind: Link, target: u32) -> Option<&mut u32> {
        match kind {
            Link::Like => Some(&mut self.counters(target).likes),
            Link::Dislike => Some(&mut self.counters(target).dislikes),
            Link::Report => Some(&mut self.counters(target).reports),
            Link::CommentLike => Some(&mut self.comment_counters(target).likes),
            Link::CommentDislike => Some(&mut self.comment_counters(target).dislikes),
            Link::Follow => Some(&mut self.users.rows[target as usize].followers),
            Link::Mute => None,
        }
    }

    fn counters(&mut self, post: u32) -> &mut Counters {
        &mut self.posts.counters[row(post).expect("only posts that exist are rated")]
    }

    fn comment_counters(&mut self, comment: u32) -> &mut CommentCounters {
        &mut self.comments.counters[row(comment).expect("only comments that exist are rated")]
    }
}
