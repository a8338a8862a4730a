//! The only writer: applies what was decided to the tables, one act after another.

use alloc::vec::Vec;

use crate::act::{Act, Effect, Failure};
use crate::tables::{DeedKind, Tables};

/// Applies acts of one tick and remembers which posts they touched.
pub(crate) struct Cleanup<'world> {
    tables: &'world mut Tables,
    tick: u32,
    /// Original posts that are new or got a reaction.
    changed: Vec<u32>,
}

impl Cleanup<'_> {
    pub(crate) fn new(tables: &mut Tables, tick: u32) -> Cleanup<'_> {
        Cleanup { tables, tick, changed: Vec::new() }
    }

    pub(crate) fn into_changed(self) -> Vec<u32> {
        self.changed
    }

    /// Does what `agent` wants, or says why it cannot be done; then nothing has changed.
    pub(crate) fn apply(&mut self, agent: u32, act: &Act) -> Result<Effect, Failure> {
        match act {
            Act::CreatePost { content } => Ok(self.create_post(agent, content)),
            Act::CreateComment { post, content } => self.create_comment(agent, *post, content),
            Act::LikePost { post } => self.like_post(agent, *post),
            Act::Repost { post } => self.repost(agent, *post),
            Act::Follow { user } => self.follow(agent, *user),
            Act::DoNothing => Ok(Effect::Nothing),
        }
    }

    fn create_post(&mut self, agent: u32, content: &str) -> Effect {
        let post = self.tables.add_post(agent, 0, self.tick, content);
        self.remember(agent, DeedKind::Posted, post);
        self.changed.push(post);
        Effect::Posted { post }
    }

    fn create_comment(&mut self, agent: u32, post: u32, content: &str) -> Result<Effect, Failure> {
        let post = self.original(post)?;
        let comment = self.tables.add_comment(agent, post, self.tick, content);
        self.remember(agent, DeedKind::Commented, comment);
        self.changed.push(post);
        Ok(Effect::Commented { post, comment })
    }

    fn like_post(&mut self, agent: u32, post: u32) -> Result<Effect, Failure> {
        let post = self.original(post)?;
        if self.tables.users.marks(agent, post).liked {
            return Err(Failure::LikeExists);
        }
        let like = self.tables.add_like(agent, post, self.tick);
        self.remember(agent, DeedKind::Liked, post);
        self.changed.push(post);
        Ok(Effect::Liked { post, like })
    }

    fn repost(&mut self, agent: u32, post: u32) -> Result<Effect, Failure> {
        let original = self.original(post)?;
        if self.tables.users.marks(agent, original).reposted {
            return Err(Failure::RepostExists);
        }
        let post = self.tables.add_post(agent, original, self.tick, "");
        self.remember(agent, DeedKind::Reposted, original);
        self.changed.push(original);
        Ok(Effect::Reposted { original, post })
    }

    fn follow(&mut self, agent: u32, user: u32) -> Result<Effect, Failure> {
        if user as usize >= self.tables.users.followers.len() {
            return Err(Failure::UserNotFound);
        }
        if user == agent {
            return Err(Failure::FollowsItself);
        }
        if self.tables.users.follows(agent, user) {
            return Err(Failure::FollowExists);
        }
        let follow = self.tables.add_follow(agent, user, self.tick);
        self.remember(agent, DeedKind::Followed, user);
        Ok(Effect::Followed { follow })
    }

    fn original(&self, post: u32) -> Result<u32, Failure> {
        self.tables.posts.original(post).ok_or(Failure::PostNotFound)
    }

    fn remember(&mut self, agent: u32, kind: DeedKind, id: u32) {
        self.tables.deeds.add(agent, self.tick, kind, id);
    }
}
