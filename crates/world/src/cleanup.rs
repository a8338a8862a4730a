//! The only writer: applies what was decided to the tables, one act after another.

use alloc::vec::Vec;

use crate::act::{Act, Action, Effect, Failure, Look, check_text};
use crate::tables::{Comment, Deed, DeedKind, Found, Kind, Link, Post, Tables};

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
            Act::LikePost { post } => self.rate(agent, *post, Link::Like),
            Act::UnlikePost { post } => self.unrate(agent, *post, Link::Like),
            Act::DislikePost { post } => self.rate(agent, *post, Link::Dislike),
            Act::UndoDislikePost { post } => self.unrate(agent, *post, Link::Dislike),
            Act::ReportPost { post, reason } => self.report_post(agent, *post, reason),
            Act::CreateComment { post, parent, content } => {
                self.create_comment(agent, *post, *parent, content)
            }
            Act::LikeComment { comment } => self.rate_comment(agent, *comment, Link::CommentLike),
            Act::UnlikeComment { comment } => {
                self.unrate_comment(agent, *comment, Link::CommentLike)
            }
            Act::DislikeComment { comment } => {
                self.rate_comment(agent, *comment, Link::CommentDislike)
            }
            Act::UndoDislikeComment { comment } => {
                self.unrate_comment(agent, *comment, Link::CommentDislike)
            }
            Act::Follow { user } => {
                self.connect(agent, *user, Link::Follow, Failure::FollowsItself)
            }
            Act::Unfollow { user } => self.disconnect(agent, *user, Link::Follow),
            Act::Mute { user } => self.connect(agent, *user, Link::Mute, Failure::MutesItself),
            Act::Unmute { user } => self.disconnect(agent, *user, Link::Mute),
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

    fn rate(&mut self, agent: u32, post: u32, kind: Link) -> Result<Effect, Failure> {
        let post = self.rated(agent, post)?;
        let row = self.make(agent, post, kind)?;
        self.changed.push(post);
        Ok(Effect::Rated { post, row })
    }

    fn unrate(&mut self, agent: u32, post: u32, kind: Link) -> Result<Effect, Failure> {
        let post = self.root(post)?;
        let row = self.end(agent, post, kind)?;
        self.changed.push(post);
        Ok(Effect::Rated { post, row })
    }

    fn report_post(&mut self, agent: u32, post: u32, reason: &str) -> Result<Effect, Failure> {
        check_text(reason)?;
        let post = self.root(post)?;
        let row = self.make(agent, post, Link::Report)?;
        self.tables.reasons.add(reason);
        self.changed.push(post);
        Ok(Effect::Rated { post, row })
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

    fn rate_comment(&mut self, agent: u32, comment: u32, kind: Link) -> Result<Effect, Failure> {
        self.rated_comment(agent, comment)?;
        let row = self.make(agent, comment, kind)?;
        Ok(Effect::RatedComment { row })
    }

    fn unrate_comment(&mut self, agent: u32, comment: u32, kind: Link) -> Result<Effect, Failure> {
        self.comment(comment)?;
        let row = self.end(agent, comment, kind)?;
        Ok(Effect::RatedComment { row })
    }

    fn connect(
        &mut self,
        agent: u32,
        user: u32,
        kind: Link,
        itself: Failure,
    ) -> Result<Effect, Failure> {
        self.other(agent, user, itself)?;
        let row = self.make(agent, user, kind)?;
        Ok(Effect::Linked { row })
    }

    fn disconnect(&mut self, agent: u32, user: u32, kind: Link) -> Result<Effect, Failure> {
        self.user(user)?;
        let row = self.end(agent, user, kind)?;
        Ok(Effect::Linked { row })
    }

    /// Makes a link to a target that exists; gives its id.
    fn make(&mut self, agent: u32, target: u32, kind: Link) -> Result<u32, Failure> {
        let (exists, deed) = made(kind);
        if self.tables.standing(kind, agent, target).is_some() {
            return Err(exists);
        }
        let row = self.tables.link(kind, agent, target, self.tick);
        self.remember(agent, deed, target);
        Ok(row)
    }

    /// Ends the link to a target; gives its id.
    fn end(&mut self, agent: u32, target: u32, kind: Link) -> Result<u32, Failure> {
        let (missing, deed) = ended(kind).expect("no act takes a report back");
        let row = self.tables.standing(kind, agent, target).ok_or(missing)?;
        self.tables.unlink(kind, row, self.tick);
        self.remember(agent, deed, target);
        Ok(row)
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

/// Why a link cannot be made that stands already, and as what making one is remembered.
fn made(kind: Link) -> (Failure, DeedKind) {
    match kind {
        Link::Like => (Failure::LikeExists, DeedKind::Liked),
        Link::Dislike => (Failure::DislikeExists, DeedKind::Disliked),
        Link::Report => (Failure::ReportExists, DeedKind::Reported),
        Link::CommentLike => (Failure::CommentLikeExists, DeedKind::LikedComment),
        Link::CommentDislike => (Failure::CommentDislikeExists, DeedKind::DislikedComment),
        Link::Follow => (Failure::FollowExists, DeedKind::Followed),
        Link::Mute => (Failure::MuteExists, DeedKind::Muted),
    }
}

/// Why a link cannot be ended that does not stand, and as what ending one is remembered; `None`
/// for what is never ended.
fn ended(kind: Link) -> Option<(Failure, DeedKind)> {
    match kind {
        Link::Like => Some((Failure::NoLike, DeedKind::Unliked)),
        Link::Dislike => Some((Failure::NoDislike, DeedKind::UndidDislike)),
        Link::Report => None,
        Link::CommentLike => Some((Failure::NoCommentLike, DeedKind::UnlikedComment)),
        Link::CommentDislike => Some((Failure::NoCommentDislike, DeedKind::UndidCommentDislike)),
        Link::Follow => Some((Failure::NoFollow, DeedKind::Unfollowed)),
        Link::Mute => Some((Failure::NoMute, DeedKind::Unmuted)),
    }
}
