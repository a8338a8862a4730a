//! What users remember: what they did, what they were shown, what they found.

use alloc::vec::Vec;

/// What a user did that it will remember.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeedKind {
    Posted = 1,
    Reposted = 2,
    Quoted = 3,
    Liked = 4,
    Unliked = 5,
    Disliked = 6,
    UndidDislike = 7,
    Reported = 8,
    Commented = 9,
    LikedComment = 10,
    UnlikedComment = 11,
    DislikedComment = 12,
    UndidCommentDislike = 13,
    Followed = 14,
    Unfollowed = 15,
    Muted = 16,
    Unmuted = 17,
}

impl DeedKind {
    const ALL: [DeedKind; 17] = [
        DeedKind::Posted,
        DeedKind::Reposted,
        DeedKind::Quoted,
        DeedKind::Liked,
        DeedKind::Unliked,
        DeedKind::Disliked,
        DeedKind::UndidDislike,
        DeedKind::Reported,
        DeedKind::Commented,
        DeedKind::LikedComment,
        DeedKind::UnlikedComment,
        DeedKind::DislikedComment,
        DeedKind::UndidCommentDislike,
        DeedKind::Followed,
        DeedKind::Unfollowed,
        DeedKind::Muted,
        DeedKind::Unmuted,
    ];

    pub(crate) fn from_number(number: u32) -> Option<DeedKind> {
        DeedKind::ALL.into_iter().find(|&kind| kind as u32 == number)
    }
}

/// One deed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deed {
    pub(crate) tick: u32,
    pub(crate) kind: DeedKind,
    /// The post or comment that was written, the root, comment or user that it was done to; of
    /// a repost its root.
    pub(crate) id: u32,
}

/// How many deeds a user remembers.
pub(crate) const REMEMBERED: usize = 12;

/// The last deeds of a user, newest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Deeds([Option<Deed>; REMEMBERED]);

impl Deeds {
    /// Remembers a deed, and forgets the oldest.
    pub(crate) fn add(&mut self, deed: Deed) {
        self.0.copy_within(..REMEMBERED - 1, 1);
        self.0[0] = Some(deed);
    }

    /// The deeds, newest first.
    pub(crate) fn latest(&self) -> impl DoubleEndedIterator<Item = Deed> {
        self.0.into_iter().flatten()
    }
}

/// How many of the roots that it was shown a user remembers.
pub(crate) const SEEN: usize = 16;

/// The roots that a user was shown last, newest first, each once; 0 where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen([u32; SEEN]);

impl Seen {
    pub(crate) fn contains(&self, root: u32) -> bool {
        self.0.contains(&root)
    }

    /// Remembers a root as the newest, and forgets the oldest if it was not among them.
    pub(crate) fn add(&mut self, root: u32) {
        let known = self.0.iter().position(|&other| other == root);
        self.0.copy_within(..known.unwrap_or(SEEN - 1), 1);
        self.0[0] = root;
    }

    /// The roots, newest first.
    pub(crate) fn latest(&self) -> impl DoubleEndedIterator<Item = u32> {
        self.0.into_iter().filter(|&root| root != 0)
    }
}

/// What a search found, for the turn after it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) posts: Vec<u32>,
    pub(crate) users: Vec<u32>,
}

impl Found {
    pub(crate) fn is_empty(&self) -> bool {
        self.posts.is_empty() && self.users.is_empty()
    }
}
