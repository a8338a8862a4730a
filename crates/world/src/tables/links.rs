//! Who has done what to whom or what, once, until it is taken back: likes, follows and the like.

use alloc::vec::Vec;

use super::{id, row};

/// What a link says. Of a kind at most one stands between a user and a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// The target is a root.
    Like,
    /// The target is a root.
    Dislike,
    /// The target is a root. Never taken back.
    Report,
    /// The target is a comment.
    CommentLike,
    /// The target is a comment.
    CommentDislike,
    /// The target is another user.
    Follow,
    /// The target is another user.
    Mute,
}

/// The end of a link that has not ended.
pub(crate) const STANDS: u32 = u32::MAX;

/// One table of links. A link that has ended keeps its row and its id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Links {
    pub(crate) user: Vec<u32>,
    /// The post, comment or user that it is about.
    pub(crate) target: Vec<u32>,
    pub(crate) tick: Vec<u32>,
    /// The tick in which it ended, or [`STANDS`].
    pub(crate) ended: Vec<u32>,
}

impl Links {
    pub(crate) fn count(&self) -> u32 {
        id(self.user.len())
    }

    pub(super) fn add(&mut self, user: u32, target: u32, tick: u32) -> u32 {
        self.user.push(user);
        self.target.push(target);
        self.tick.push(tick);
        self.ended.push(STANDS);
        self.count()
    }

    /// Ends a link; gives whose it was and what it was about.
    pub(super) fn end(&mut self, link: u32, tick: u32) -> (u32, u32) {
        let row = row(link).expect("only links that stand are ended");
        self.ended[row] = tick;
        (self.user[row], self.target[row])
    }
}
