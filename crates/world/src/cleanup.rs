//! The only writer: applies what was decided to the tables, one act after another.

use alloc::vec::Vec;

use crate::act::{Act, Action, Effect, Failure, Look, check_text};
use crate::tables::{Comment, Deed, DeedKind, Found, Kind, Post, Tables};

/// Applies acts of one tick and remembers which posts they touched.
pub(crate) struct Cleanup<'world> {
    tables: &'world mut Tables,
    tick: u32,
    self_rating: bool,
    /// Roots that are new or whose counters have changed.
    changed: Vec<u32>,
}

impl Cleanup<'_> {
    pub(crate) fn new(tables: &mut Tables, tick: u32, self_rating: bool) -> Cleanup<'_> {
        Cleanup { tables, tick, self_rating, changed: Vec::new() }
    }

    pub(crate) fn into_changed(self) -> Vec<u32> {
        self.changed
    }

    /// An agent has had its turn: it has seen what its feed showed, and what its last search found
    /// has been shown.
    pub(crate) fn take_turn(&mut self, look: &Look) {
        self.tables.found[look.agent as usize] = Found::default();
        for root in look.roots.into_iter().filter(|&root| root != 0) {
            self.tables.seen[look.agent as usize].add(root);
        }
    }

    /// Does what is tried, or says why it cannot be done; then nothing has changed. What only
    /// reads brings its outcome.
    pub(crate) fn apply(&mut self, action: &mut Action) {
        match self.write(action.agent, &action.act) {
            Some(outcome) => action.outcome = outcome,
            None => self.remember_reading(action),
        }
    }

    /// `None` for acts that only read.
    fn write(&mut self, agent: u32, act: &Act) -> Option<Result<Effect, Failure>> {
        Some(match act {
            Act::CreatePost { content } => self.create_post(agent, content),
            Act::Repost { post } => self.repost(agent, *post),
            Act::QuotePost { post, content } => self.quote_post(agent, *post, content),
            Act::LikePost { post } => self.like_post(agent, *post),
            Act::UnlikePost { post } => self.unlike_post(agent, *post),
            Act::DislikePost { post } => self.dislike_post(agent, *post),
            Act::UndoDislikePost { post } => self.undo_dislike_post(agent, *post),
            Act::ReportPost { post, reason } => self.report_post(agent, *post, reason),
            Act::CreateComment { post, parent, content } => {
                self.create_comment(agent, *post, *parent, content)
            }
            Act::LikeComment { comment } => self.like_comment(agent, *comment),
            Act::UnlikeComment { comment } => self.unlike_comment(agent, *comment),
            Act::DislikeComment { comment } => self.dislike_comment(agent, *comment),
            Act::UndoDislikeComment { comment } => self.undo_dislike_comment(agent, *comment),
            Act::Follow { user } => self.follow(agent, *user),
            Act::Unfollow { user } => self.unfollow(agent, *user),
            Act::Mute { user } => self.mute(agent, *user),
            Act::Unmute { user } => self.unmute(agent, *user),
            Act::DoNothing => Ok(Effect::Nothing),
            Act::SearchPosts { .. } | Act::SearchUser { .. } | Act::Trend | Act::Refresh => {
                return None;
            }
        })
    }

    /// Keeps what an act that only reads has shown.
    fn remember_reading(&mut self, Action { agent, act, outcome }: &Action) {
        let found = &mut self.tables.found[*agent as usize];
        match (act, outcome) {
            (Act::Refresh, Ok(Effect::Posts(posts))) => {
                for root in posts.iter().filter_map(|&post| self.tables.posts.root(post)) {
                    self.tables.seen[*agent as usize].add(root);
                }
            }
            (_, Ok(Effect::Posts(posts))) => found.posts.clone_from(posts),
            (_, Ok(Effect::Users(users))) => found.users.clone_from(users),
            _ => {}
        }
    }

    fn create_post(&mut self, agent: u32, content: &str) -> Result<Effect, Failure> {
        check_text(content)?;
        let post = Post { author: agent, of: 0, tick: self.tick, kind: Kind::Original };
        let post = self.tables.add_post(post, content);
        self.remember(agent, DeedKind::Posted, post);
        self.changed.push(post);
        Ok(Effect::Posted { post })
    }

    fn repost(&mut self, agent: u32, post: u32) -> Result<Effect, Failure> {
        let of = self.root(post)?;
        if self.tables.users.marks(agent, of).repost != 0 {
            return Err(Failure::RepostExists);
        }
        let post = Post { author: agent, of, tick: self.tick, kind: Kind::Repost };
        let post = self.tables.add_post(post, "");
        self.remember(agent, DeedKind::Reposted, of);
        self.changed.push(of);
        Ok(Effect::Shared { of, post })
    }

    fn quote_post(&mut self, agent: u32, post: u32, content: &str) -> Result<Effect, Failure> {
        check_text(content)?;
        let of = self.tables.posts.source(post).ok_or(Failure::NoPost)?;
        let post = Post { author: agent, of, tick: self.tick, kind: Kind::Quote };
        let post = self.tables.add_post(post, content);
        self.remember(agent, DeedKind::Quoted, post);
        self.changed.extend([of, post]);
        Ok(Effect::Shared { of, post })
    }

    fn like_post(&mut self, agent: u32, post: u32) -> Result<Effect, Failure> {
        let post = self.rated(agent, post)?;
        if self.tables.users.marks(agent, post).like != 0 {
            return Err(Failure::LikeExists);
        }
        let row = self.tables.like(agent, post, self.tick);
        Ok(self.rate(agent, DeedKind::Liked, post, row))
    }

    fn unlike_post(&mut self, agent: u32, post: u32) -> Result<Effect, Failure> {
        let post = self.root(post)?;
        let row = stands(self.tables.users.marks(agent, post).like, Failure::NoLike)?;
        self.tables.unlike(row, self.tick);
        Ok(self.rate(agent, DeedKind::Unliked, post, row))
    }

    fn dislike_post(&mut self, agent: u32, post: u32) -> Result<Effect, Failure> {
        let post = self.rated(agent, post)?;
        if self.tables.users.marks(agent, post).dislike != 0 {
            return Err(Failure::DislikeExists);
        }
        let row = self.tables.dislike(agent, post, self.tick);
        Ok(self.rate(agent, DeedKind::Disliked, post, row))
    }

    fn undo_dislike_post(&mut self, agent: u32, post: u32) -> Result<Effect, Failure> {
        let post = self.root(post)?;
        let row = stands(self.tables.users.marks(agent, post).dislike, Failure::NoDislike)?;
        self.tables.undo_dislike(row, self.tick);
        Ok(self.rate(agent, DeedKind::UndidDislike, post, row))
    }

    fn report_post(&mut self, agent: u32, post: u32, reason: &str) -> Result<Effect, Failure> {
        check_text(reason)?;
        let post = self.root(post)?;
        if self.tables.users.marks(agent, post).report != 0 {
            return Err(Failure::ReportExists);
        }
        let row = self.tables.report(agent, post, self.tick);
        self.tables.reasons.add(reason);
        Ok(self.rate(agent, DeedKind::Reported, post, row))
    }

    fn rate(&mut self, agent: u32, kind: DeedKind, post: u32, row: u32) -> Effect {
        self.remember(agent, kind, post);
        self.changed.push(post);
        Effect::Rated { post, row }
    }

    fn create_comment(
        &mut self,
        agent: u32,
        post: u32,
        parent: Option<u32>,
        content: &str,
    ) -> Result<Effect, Failure> {
        check_text(content)?;
        let post = self.root(post)?;
        if let Some(parent) = parent {
            let parent = self.tables.comments.get(parent).ok_or(Failure::NoComment)?;
            if parent.post != post {
                return Err(Failure::NoComment);
            }
        }
        let parent = parent.unwrap_or(0);
        let comment = Comment { author: agent, post, parent, tick: self.tick };
        let comment = self.tables.add_comment(comment, content);
        self.remember(agent, DeedKind::Commented, comment);
        self.changed.push(post);
        Ok(Effect::Commented { post, comment })
    }

    fn like_comment(&mut self, agent: u32, comment: u32) -> Result<Effect, Failure> {
        self.rated_comment(agent, comment)?;
        if self.tables.users.comment_marks(agent, comment).like != 0 {
            return Err(Failure::CommentLikeExists);
        }
        let row = self.tables.like_comment(agent, comment, self.tick);
        Ok(self.rate_comment(agent, DeedKind::LikedComment, comment, row))
    }

    fn unlike_comment(&mut self, agent: u32, comment: u32) -> Result<Effect, Failure> {
        self.comment(comment)?;
        let mark = self.tables.users.comment_marks(agent, comment);
        let row = stands(mark.like, Failure::NoCommentLike)?;
        self.tables.unlike_comment(row, self.tick);
        Ok(self.rate_comment(agent, DeedKind::UnlikedComment, comment, row))
    }

    fn dislike_comment(&mut self, agent: u32, comment: u32) -> Result<Effect, Failure> {
        self.rated_comment(agent, comment)?;
        if self.tables.users.comment_marks(agent, comment).dislike != 0 {
            return Err(Failure::CommentDislikeExists);
        }
        let row = self.tables.dislike_comment(agent, comment, self.tick);
        Ok(self.rate_comment(agent, DeedKind::DislikedComment, comment, row))
    }

    fn undo_dislike_comment(&mut self, agent: u32, comment: u32) -> Result<Effect, Failure> {
        self.comment(comment)?;
        let mark = self.tables.users.comment_marks(agent, comment);
        let row = stands(mark.dislike, Failure::NoCommentDislike)?;
        self.tables.undo_dislike_comment(row, self.tick);
        Ok(self.rate_comment(agent, DeedKind::UndidCommentDislike, comment, row))
    }

    fn rate_comment(&mut self, agent: u32, kind: DeedKind, comment: u32, row: u32) -> Effect {
        self.remember(agent, kind, comment);
        Effect::RatedComment { row }
    }

    fn follow(&mut self, agent: u32, user: u32) -> Result<Effect, Failure> {
        self.other(agent, user, Failure::FollowsItself)?;
        if self.tables.users.follows(agent, user) {
            return Err(Failure::FollowExists);
        }
        let row = self.tables.follow(agent, user, self.tick);
        Ok(self.link(agent, DeedKind::Followed, user, row))
    }

    fn unfollow(&mut self, agent: u32, user: u32) -> Result<Effect, Failure> {
        self.user(user)?;
        let row = self.tables.users.rows[agent as usize].following.get(user);
        let row = row.ok_or(Failure::NoFollow)?;
        self.tables.unfollow(row, self.tick);
        Ok(self.link(agent, DeedKind::Unfollowed, user, row))
    }

    fn mute(&mut self, agent: u32, user: u32) -> Result<Effect, Failure> {
        self.other(agent, user, Failure::MutesItself)?;
        if self.tables.users.mutes(agent, user) {
            return Err(Failure::MuteExists);
        }
        let row = self.tables.mute(agent, user, self.tick);
        Ok(self.link(agent, DeedKind::Muted, user, row))
    }

    fn unmute(&mut self, agent: u32, user: u32) -> Result<Effect, Failure> {
        self.user(user)?;
        let row = self.tables.users.rows[agent as usize].muting.get(user);
        let row = row.ok_or(Failure::NoMute)?;
        self.tables.unmute(row, self.tick);
        Ok(self.link(agent, DeedKind::Unmuted, user, row))
    }

    fn link(&mut self, agent: u32, kind: DeedKind, user: u32, row: u32) -> Effect {
        self.remember(agent, kind, user);
        Effect::Linked { row }
    }

    fn root(&self, post: u32) -> Result<u32, Failure> {
        self.tables.posts.root(post).ok_or(Failure::NoPost)
    }

    /// The root of a post that `agent` may like and dislike.
    fn rated(&self, agent: u32, post: u32) -> Result<u32, Failure> {
        let root = self.root(post)?;
        let own = self.tables.posts.get(root).is_some_and(|post| post.author == agent);
        if own && !self.self_rating { Err(Failure::OwnPost) } else { Ok(root) }
    }

    fn comment(&self, comment: u32) -> Result<&Comment, Failure> {
        self.tables.comments.get(comment).ok_or(Failure::NoComment)
    }

    /// Whether `agent` may like and dislike a comment.
    fn rated_comment(&self, agent: u32, comment: u32) -> Result<(), Failure> {
        let own = self.comment(comment)?.author == agent;
        if own && !self.self_rating { Err(Failure::OwnComment) } else { Ok(()) }
    }

    fn user(&self, user: u32) -> Result<(), Failure> {
        if (user as usize) < self.tables.users.rows.len() { Ok(()) } else { Err(Failure::NoUser) }
    }

    fn other(&self, agent: u32, user: u32, itself: Failure) -> Result<(), Failure> {
        self.user(user)?;
        if user == agent { Err(itself) } else { Ok(()) }
    }

    fn remember(&mut self, agent: u32, kind: DeedKind, id: u32) {
        self.tables.deeds[agent as usize].add(Deed { tick: self.tick, kind, id });
    }
}

fn stands(row: u32, failure: Failure) -> Result<u32, Failure> {
    if row == 0 { Err(failure) } else { Ok(row) }
}
