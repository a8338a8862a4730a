//! What users remember: what they did, what they were shown, what they found.

use alloc::vec;
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

/// The last deeds of each user: a ring of [`REMEMBERED`] places per user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Deeds {
    /// Deeds so far; the next goes to place `count % REMEMBERED`.
    pub(crate) count: Vec<u32>,
    pub(crate) ring: Vec<Option<Deed>>,
}

impl Deeds {
    pub(crate) fn new(users: usize) -> Deeds {
        Deeds { count: vec![0; users], ring: vec![None; users * REMEMBERED] }
    }

    pub(crate) fn add(&mut self, user: u32, deed: Deed) {
        let count = &mut self.count[user as usize];
        let place = user as usize * REMEMBERED + *count as usize % REMEMBERED;
        *count = count.wrapping_add(1);
        self.ring[place] = Some(deed);
    }

    /// A user's last deeds, newest first.
    pub(crate) fn of(&self, user: u32) -> impl Iterator<Item = Deed> {
        let count = self.count[user as usize] as usize;
        (count.saturating_sub(REMEMBERED)..count)
            .rev()
            .filter_map(move |number| self.ring[user as usize * REMEMBERED + number % REMEMBERED])
    }
}

/// How many of the roots that it was shown a user remembers.
pub(crate) const SEEN: usize = 16;

/// The roots that a user was shown lately, each once; 0 where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) roots: [u32; SEEN],
    /// The place that is overwritten next.
    pub(crate) next: u32,
}

impl Seen {
    pub(crate) fn contains(&self, root: u32) -> bool {
        self.roots.contains(&root)
    }

    /// Remembers a root, unless it is remembered already.
    pub(crate) fn add(&mut self, root: u32) {
        if root != 0 && !self.contains(root) {
            self.roots[self.next as usize % SEEN] = root;
            self.next = (self.next + 1) % u32::try_from(SEEN).expect("a small number");
        }
    }

    /// The roots, the latest first.
    pub(crate) fn latest(&self) -> impl Iterator<Item = u32> {
        (1..=SEEN)
            .map(move |back| self.roots[(self.next as usize + SEEN - back) % SEEN])
            .filter(|&root| root != 0)
    }
}

/// What a search found, for the turn after it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) posts: Vec<u32>,
    pub(crate) users: Vec<u32>,
}
