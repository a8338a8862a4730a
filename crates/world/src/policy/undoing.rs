//! What is taken back, and whom an agent has had enough of. All of it rare, all with a cause.

use alloc::vec::Vec;

use super::commenting::{LOOKED_AFTER, WINDOW};
use super::weighing::Weighed;
use super::{Mind, add};
use crate::act::Act;
use crate::feed;
use crate::random::Purpose;
use crate::setup::DAY;
use crate::tables::{Deed, DeedKind, row};

/// Likelihoods in millionths. Of muting somebody after so many clashes.
const MUTE: i64 = 300_000;
const CLASHES: usize = 2;
/// Of letting somebody be heard again, after a day.
const UNMUTE: i64 = 40_000;
/// Of leaving somebody of the other side; somebody flagged; somebody who never appeals.
const UNFOLLOW_OTHER_SIDE: i64 = 60_000;
const UNFOLLOW_FLAGGED: i64 = 200_000;
const UNFOLLOW_DULL: i64 = 15_000;
/// What appeals less than this does not appeal.
const DULL: i64 = 25_000;
/// Of taking back a like: of what many reject, of somebody one has left or who stands elsewhere.
const UNLIKE_REJECTED: i64 = 150_000;
const UNLIKE_OTHER_SIDE: i64 = 8_000;
/// Of taking back a dislike of what many like, or of one's own side.
const FORGIVE: i64 = 60_000;

/// Draws of this module, within [`Purpose::React`].
const DRAWS: u32 = 7_000;

impl Mind<'_> {
    /// Mutes whom it has clashed with again and again, and unfollows whom it has had enough of.
    pub(super) fn fall_out(&self, posts: &[Weighed<'_>], acts: &mut Vec<Act>) {
        let users = &self.world.tables.users;
        for (weighed, number) in posts.iter().zip(0..) {
            let author = weighed.post.author;
            let draw = DRAWS + 4 * number;
            let clashed = weighed.affinity < 0 && self.clashes(author) >= CLASHES;
            if clashed && self.wants(Purpose::React, draw, MUTE) {
                add(acts, Act::Mute { user: author });
            }
            let enough = match (weighed.flagged, weighed.affinity) {
                (true, ..=0) => UNFOLLOW_FLAGGED,
                (false, -1) => UNFOLLOW_OTHER_SIDE,
                (false, 0) if weighed.pull < DULL => UNFOLLOW_DULL,
                _ => 0,
            };
            if users.follows(self.id, author) && self.wants(Purpose::React, draw + 1, enough) {
                add(acts, Act::Unfollow { user: author });
                if let Some(unlike) = self.last_like_of(author) {
                    add(acts, unlike);
                }
            }
        }
    }

    /// How often the agent has lately gone against somebody, or somebody against what it wrote.
    fn clashes(&self, author: u32) -> usize {
        let deeds = || self.world.tables.deeds[self.id as usize].latest();
        let against = deeds().filter(|deed| self.went_against(deed) == Some(author)).count();
        let written = deeds().filter(|deed| {
            matches!(deed.kind, DeedKind::Posted | DeedKind::Quoted | DeedKind::Commented)
        });
        let answers = written.take(LOOKED_AFTER).filter_map(|deed| match deed.kind {
            DeedKind::Commented => {
                let own = self.world.comment(deed.id)?;
                let mut newest = self.world.newest_comments(own.post).take(WINDOW);
                newest.find(|other| other.author == author && other.parent == Some(own.id))
            }
            _ => {
                let mut newest = self.world.newest_comments(deed.id).take(WINDOW);
                newest.find(|other| other.author == author)
            }
        });
        against + answers.count()
    }

    fn went_against(&self, deed: &Deed) -> Option<u32> {
        let comments = &self.world.tables.comments;
        match deed.kind {
            DeedKind::Disliked | DeedKind::Reported => self.author(deed.id),
            DeedKind::DislikedComment => comments.get(deed.id).map(|comment| comment.author),
            DeedKind::Commented => {
                let own = comments.get(deed.id)?;
                let parent = comments.get(own.parent).map(|parent| parent.author);
                parent.or_else(|| self.author(own.post))
            }
            _ => None,
        }
    }

    fn author(&self, post: u32) -> Option<u32> {
        self.world.tables.posts.get(post).map(|post| post.author)
    }

    /// Takes back its last like of somebody's post, if it remembers one.
    fn last_like_of(&self, author: u32) -> Option<Act> {
        let mut liked = self.world.tables.deeds[self.id as usize].latest().filter(|deed| {
            deed.kind == DeedKind::Liked
                && self.author(deed.id) == Some(author)
                && self.world.tables.users.marks(self.id, deed.id).like != 0
        });
        liked.next().map(|deed| Act::UnlikePost { post: deed.id })
    }

    /// At most one thing of those it remembers that it would not do again.
    pub(super) fn undo(&self, acts: &mut Vec<Act>) {
        let undone = self.world.tables.deeds[self.id as usize].latest().zip(DRAWS + 1_000..);
        let mut undone = undone.filter_map(|(deed, draw)| {
            let (act, ppm) = self.regret(deed)?;
            self.wants(Purpose::React, draw, ppm).then_some(act)
        });
        if let Some(act) = undone.next() {
            add(acts, act);
        } else if let Some(user) = self.forgiven() {
            add(acts, Act::Unmute { user });
        }
    }

    /// How the agent would take a deed back that still stands, and how likely it does.
    fn regret(&self, deed: Deed) -> Option<(Act, i64)> {
        let tables = &self.world.tables;
        let marks = tables.users.marks(self.id, deed.id);
        let comment_marks = tables.users.comment_marks(self.id, deed.id);
        match deed.kind {
            DeedKind::Liked if marks.like != 0 => {
                let post = tables.posts.get(deed.id)?;
                let counters = &tables.posts.counters[row(deed.id)?];
                let rejected = counters.flagged() || counters.dislikes > counters.likes;
                let ppm = self.disowns(post.author, rejected);
                Some((Act::UnlikePost { post: deed.id }, ppm))
            }
            DeedKind::Disliked if marks.dislike != 0 => {
                let post = tables.posts.get(deed.id)?;
                let counters = &tables.posts.counters[row(deed.id)?];
                let ppm = self.forgives(post.author, counters.likes, counters.dislikes);
                Some((Act::UndoDislikePost { post: deed.id }, ppm))
            }
            DeedKind::LikedComment if comment_marks.like != 0 => {
                let comment = tables.comments.get(deed.id)?;
                let counters = &tables.comments.counters[row(deed.id)?];
                let ppm = self.disowns(comment.author, counters.dislikes > counters.likes);
                Some((Act::UnlikeComment { comment: deed.id }, ppm))
            }
            DeedKind::DislikedComment if comment_marks.dislike != 0 => {
                let comment = tables.comments.get(deed.id)?;
                let counters = &tables.comments.counters[row(deed.id)?];
                let ppm = self.forgives(comment.author, counters.likes, counters.dislikes);
                Some((Act::UndoDislikeComment { comment: deed.id }, ppm))
            }
            _ => None,
        }
    }

    /// How likely a like is taken back.
    fn disowns(&self, author: u32, rejected: bool) -> i64 {
        let elsewhere = feed::affinity(self.world, self.id, author) < 0
            || self.world.tables.users.mutes(self.id, author);
        match (rejected, elsewhere) {
            (true, _) => UNLIKE_REJECTED,
            (false, true) => UNLIKE_OTHER_SIDE,
            (false, false) => 0,
        }
    }

    /// How likely a dislike is taken back.
    fn forgives(&self, author: u32, likes: u32, dislikes: u32) -> i64 {
        let liked = likes >= 2 && likes > 2 * dislikes;
        let friend = feed::affinity(self.world, self.id, author) > 0;
        if liked || friend { FORGIVE } else { 0 }
    }

    /// Somebody muted at least a day ago, now and then.
    fn forgiven(&self) -> Option<u32> {
        let tables = &self.world.tables;
        let muting = tables.users.rows[self.id as usize].muting.as_slice();
        let place = self.dice.place(Purpose::React, DRAWS + 2_000, muting.len());
        let &(user, mute) = muting.get(place)?;
        let clock = self.world.setup.clock;
        let since = clock.minute(tables.mutes.tick[row(mute)?]);
        let calm = clock.minute(self.world.tick) - since >= u64::from(DAY);
        (calm && self.wants(Purpose::React, DRAWS + 2_001, UNMUTE)).then_some(user)
    }
}
