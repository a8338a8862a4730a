//! Likes, dislikes, reposts, follows, reports: what takes no words.

use alloc::vec::Vec;

use super::weighing::Weighed;
use super::writing;
use super::{Mind, add};
use crate::act::Act;
use crate::feed;
use crate::random::Purpose;
use crate::view::CommentView;

/// Draws of one post, and of one comment.
const DRAWS: u32 = 8;
/// Where the draws of the comments begin, and those of users that were found.
const COMMENTS: u32 = 1_000;
const USERS: u32 = 2_000;

/// Likelihoods in millionths. Of a dislike of the other side, and of anybody else.
const DISLIKE_OTHER_SIDE: i64 = 420_000;
const DISLIKE: i64 = 12_000;
/// Of a report of what the other side has success with; of what others have reported.
const REPORT: i64 = 6_000;
const REPORT_AFTER_OTHERS: i64 = 40_000;
/// From how many interactions on a post of the other side is a success.
const SUCCESS: u32 = 6;
/// Of a like of a comment; of a dislike of one by the other side.
const LIKE_COMMENT: i64 = 80_000;
const DISLIKE_COMMENT: i64 = 90_000;
/// How many of the posts have their comments read.
const THREADS: usize = 3;
/// Of following somebody whom one has searched for.
const FOLLOW_FOUND: i64 = 250_000;

impl Mind<'_> {
    /// What the agent does about each post that it reads.
    pub(super) fn react(&self, posts: &[Weighed<'_>], acts: &mut Vec<Act>) {
        for (weighed, number) in posts.iter().zip(0..) {
            let post = weighed.post.id;
            let marks = self.world.tables.users.marks(self.id, post);
            let wants = |draw, ppm| self.wants(Purpose::React, number * DRAWS + draw, ppm);
            let rated = marks.like != 0 || marks.dislike != 0;
            let likes = !rated && wants(0, weighed.pull);
            if likes {
                acts.push(Act::LikePost { post });
            } else if !self.twitter && !rated && wants(1, self.disgust(weighed)) {
                acts.push(Act::DislikePost { post });
            }
            // Sharing within one community says little; it is Twitter's way.
            if self.twitter && marks.repost == 0 && wants(2, weighed.pull / 5 - 60_000) {
                acts.push(Act::Repost { post });
            }
            if self.may_follow(weighed.post.author)
                && weighed.affinity >= 0
                && wants(3, self.devotion(weighed, likes))
            {
                add(acts, Act::Follow { user: weighed.post.author });
            }
            if !self.twitter && marks.report == 0 && wants(4, self.outrage(weighed)) {
                let reason = writing::reason(&self.speaker, number * DRAWS + 5);
                acts.push(Act::ReportPost { post, reason });
            }
        }
    }

    fn disgust(&self, weighed: &Weighed<'_>) -> i64 {
        let gloom = -i64::from(self.traits.sentiment_ppm);
        let disgust = match weighed.affinity {
            1 => return 0,
            -1 => DISLIKE_OTHER_SIDE + gloom / 12,
            _ => DISLIKE + gloom.max(0) / 40,
        };
        let disgust = if weighed.flagged { 2 * disgust } else { disgust };
        if weighed.again || self.speaks_for_many() { disgust / 3 } else { disgust }
    }

    /// How likely the agent follows the author: the more its post appeals and its word weighs.
    fn devotion(&self, weighed: &Weighed<'_>, likes: bool) -> i64 {
        let devotion = weighed.pull / 50 + self.influence(weighed.post.author) / 200;
        if likes { 2 * devotion } else { devotion / 2 }
    }

    fn outrage(&self, weighed: &Weighed<'_>) -> i64 {
        let post = &weighed.post;
        let gloom = -i64::from(self.traits.sentiment_ppm).min(0);
        match (weighed.affinity, post.reports) {
            (-1, 1..) => REPORT_AFTER_OTHERS + gloom / 40,
            (-1, 0) if post.likes + post.comments >= SUCCESS => REPORT + gloom / 100,
            (0, 1) => REPORT,
            _ => 0,
        }
    }

    fn may_follow(&self, user: u32) -> bool {
        let users = &self.world.tables.users;
        user != self.id && !users.follows(self.id, user) && !users.mutes(self.id, user)
    }

    /// Follows the first of those that its last search found, if it has nothing against them.
    pub(super) fn follow_found(&self, acts: &mut Vec<Act>) {
        let found = &self.world.tables.found[self.id as usize].users;
        let fits =
            |user: &u32| self.may_follow(*user) && feed::affinity(self.world, self.id, *user) >= 0;
        if let Some(&user) = found.iter().find(|user| fits(user))
            && self.wants(Purpose::React, USERS, FOLLOW_FOUND)
        {
            add(acts, Act::Follow { user });
        }
    }

    /// Likes and dislikes comments under the posts that it reads first.
    pub(super) fn rate_comments(&self, posts: &[Weighed<'_>], acts: &mut Vec<Act>) {
        let comments: Vec<CommentView<'_>> = posts
            .iter()
            .take(THREADS)
            .flat_map(|weighed| self.world.thread(weighed.post.id, self.id))
            .filter(|comment| comment.author != self.id)
            .collect();
        for (comment, number) in comments.iter().zip(0..) {
            let marks = self.world.tables.users.comment_marks(self.id, comment.id);
            if marks.like != 0 || marks.dislike != 0 {
                continue;
            }
            let affinity = feed::affinity(self.world, self.id, comment.author);
            let mood = i64::from(self.traits.sentiment_ppm) / 40;
            let (like, dislike) = match affinity {
                1 => (2 * LIKE_COMMENT + mood, 0),
                0 => (LIKE_COMMENT + mood, DISLIKE_COMMENT / 8),
                _ => (LIKE_COMMENT / 8, DISLIKE_COMMENT - mood),
            };
            let draw = COMMENTS + DRAWS * number;
            if self.wants(Purpose::React, draw, like) {
                acts.push(Act::LikeComment { comment: comment.id });
            } else if self.wants(Purpose::React, draw + 1, dislike) {
                acts.push(Act::DislikeComment { comment: comment.id });
            }
        }
    }
}
