//! What each act does to the rows, or why it cannot be done.

use std::string::String;
use std::vec::Vec;

use super::Reference;
use super::rows::{Comment, Kind, Link, Post, id, make, undo};
use crate::{Act, Action, Effect, Failure};

/// One of the tables of links.
type Table = fn(&mut Reference) -> &mut Vec<Link>;

impl Reference {
    /// One decision of `agent` in a tick that began as `before`.
    pub(super) fn act(&mut self, before: &Reference, agent: u32, act: Act) -> Action {
        let outcome = self.outcome(before, agent, &act);
        Action { agent, act, outcome }
    }

    fn outcome(&mut self, before: &Reference, agent: u32, act: &Act) -> Result<Effect, Failure> {
        let likes: Table = |world| &mut world.likes;
        let dislikes: Table = |world| &mut world.dislikes;
        let comment_likes: Table = |world| &mut world.comment_likes;
        let comment_dislikes: Table = |world| &mut world.comment_dislikes;
        match act {
            Act::CreatePost { content } => self.create_post(agent, content),
            &Act::Repost { post } => self.repost(agent, post),
            Act::QuotePost { post, content } => self.quote_post(agent, *post, content),
            Act::CreateComment { post, parent, content } => {
                self.create_comment(agent, *post, *parent, content)
            }
            &Act::LikePost { post } => self.rate(agent, post, likes, Failure::LikeExists),
            &Act::UnlikePost { post } => self.unrate(agent, post, likes, Failure::NoLike),
            &Act::DislikePost { post } => self.rate(agent, post, dislikes, Failure::DislikeExists),
            &Act::UndoDislikePost { post } => {
                self.unrate(agent, post, dislikes, Failure::NoDislike)
            }
            Act::ReportPost { post, reason } => self.report(agent, *post, reason),
            &Act::LikeComment { comment } => {
                self.rate_comment(agent, comment, comment_likes, Failure::CommentLikeExists)
            }
            &Act::UnlikeComment { comment } => {
                self.unrate_comment(agent, comment, comment_likes, Failure::NoCommentLike)
            }
            &Act::DislikeComment { comment } => {
                self.rate_comment(agent, comment, comment_dislikes, Failure::CommentDislikeExists)
            }
            &Act::UndoDislikeComment { comment } => {
                self.unrate_comment(agent, comment, comment_dislikes, Failure::NoCommentDislike)
            }
            &Act::Follow { user } => {
                self.other_user(agent, user, Failure::FollowsItself)?;
                linked(make(&mut self.follows, agent, user, Failure::FollowExists))
            }
            &Act::Unfollow { user } => {
                self.known_user(user)?;
                linked(undo(&mut self.follows, agent, user, Failure::NoFollow))
            }
            &Act::Mute { user } => {
                self.other_user(agent, user, Failure::MutesItself)?;
                linked(make(&mut self.mutes, agent, user, Failure::MuteExists))
            }
            &Act::Unmute { user } => {
                self.known_user(user)?;
                linked(undo(&mut self.mutes, agent, user, Failure::NoMute))
            }
            _ => self.read(before, agent, act),
        }
    }

    /// An act that only reads: it is answered from the world before the tick.
    fn read(&mut self, before: &Reference, agent: u32, act: &Act) -> Result<Effect, Failure> {
        let found = &mut self.found[agent as usize];
        match act {
            Act::SearchPosts { query } => {
                found.posts = before.search_posts(agent, query)?;
                Ok(Effect::Posts(found.posts.clone()))
            }
            Act::SearchUser { query } => {
                found.users = before.search_user(query)?;
                Ok(Effect::Users(found.users.clone()))
            }
            Act::Trend => {
                found.posts = before.trend(agent);
                Ok(Effect::Posts(found.posts.clone()))
            }
            Act::Refresh => {
                let feed = before.feed(agent);
                self.look(agent, &feed);
                Ok(Effect::Posts(feed.iter().map(|shown| shown.post).collect()))
            }
            _ => Ok(Effect::Nothing),
        }
    }

    fn create_post(&mut self, agent: u32, content: &str) -> Result<Effect, Failure> {
        check(content)?;
        Ok(Effect::Posted { post: self.write(agent, Kind::Original, content.into()) })
    }

    fn repost(&mut self, agent: u32, post: u32) -> Result<Effect, Failure> {
        let of = self.root(self.known(post)?);
        let same = |post: &Post| post.author == agent && post.kind == Kind::Repost(of);
        if self.posts.iter().any(same) {
            return Err(Failure::RepostExists);
        }
        Ok(Effect::Shared { of, post: self.write(agent, Kind::Repost(of), String::new()) })
    }

    fn quote_post(&mut self, agent: u32, post: u32, content: &str) -> Result<Effect, Failure> {
        check(content)?;
        let of = self.source_of(self.known(post)?);
        Ok(Effect::Shared { of, post: self.write(agent, Kind::Quote(of), content.into()) })
    }

    fn create_comment(
        &mut self,
        agent: u32,
        post: u32,
        parent: Option<u32>,
        content: &str,
    ) -> Result<Effect, Failure> {
        check(content)?;
        let post = self.root(self.known(post)?);
        if let Some(parent) = parent {
            self.known_comment(parent)?;
            if self.comment(parent).post != post {
                return Err(Failure::NoComment);
            }
        }
        let (content, tick) = (content.into(), self.tick);
        self.comments.push(Comment { author: agent, post, parent, content, tick });
        Ok(Effect::Commented { post, comment: id(self.comments.len()) })
    }

    fn rate(
        &mut self,
        agent: u32,
        post: u32,
        table: Table,
        exists: Failure,
    ) -> Result<Effect, Failure> {
        let post = self.root(self.known(post)?);
        if self.post(post).author == agent && !self.setup.self_rating {
            return Err(Failure::OwnPost);
        }
        Ok(Effect::Rated { post, row: make(table(self), agent, post, exists)? })
    }

    fn unrate(
        &mut self,
        agent: u32,
        post: u32,
        table: Table,
        missing: Failure,
    ) -> Result<Effect, Failure> {
        let post = self.root(self.known(post)?);
        Ok(Effect::Rated { post, row: undo(table(self), agent, post, missing)? })
    }

    fn report(&mut self, agent: u32, post: u32, reason: &str) -> Result<Effect, Failure> {
        check(reason)?;
        let post = self.root(self.known(post)?);
        let row = make(&mut self.reports, agent, post, Failure::ReportExists)?;
        Ok(Effect::Rated { post, row })
    }

    fn rate_comment(
        &mut self,
        agent: u32,
        comment: u32,
        table: Table,
        exists: Failure,
    ) -> Result<Effect, Failure> {
        self.known_comment(comment)?;
        if self.comment(comment).author == agent && !self.setup.self_rating {
            return Err(Failure::OwnComment);
        }
        Ok(Effect::RatedComment { row: make(table(self), agent, comment, exists)? })
    }

    fn unrate_comment(
        &mut self,
        agent: u32,
        comment: u32,
        table: Table,
        missing: Failure,
    ) -> Result<Effect, Failure> {
        self.known_comment(comment)?;
        Ok(Effect::RatedComment { row: undo(table(self), agent, comment, missing)? })
    }

    pub(super) fn write(&mut self, author: u32, kind: Kind, content: String) -> u32 {
        self.posts.push(Post { author, kind, content, tick: self.tick });
        id(self.posts.len())
    }

    fn known(&self, post: u32) -> Result<u32, Failure> {
        (1..=self.posts.len()).contains(&(post as usize)).then_some(post).ok_or(Failure::NoPost)
    }

    fn known_comment(&self, comment: u32) -> Result<(), Failure> {
        let known = (1..=self.comments.len()).contains(&(comment as usize));
        known.then_some(()).ok_or(Failure::NoComment)
    }

    fn known_user(&self, user: u32) -> Result<(), Failure> {
        ((user as usize) < self.setup.agents.len()).then_some(()).ok_or(Failure::NoUser)
    }

    fn other_user(&self, agent: u32, user: u32, itself: Failure) -> Result<(), Failure> {
        self.known_user(user)?;
        if user == agent { Err(itself) } else { Ok(()) }
    }
}

fn linked(row: Result<u32, Failure>) -> Result<Effect, Failure> {
    Ok(Effect::Linked { row: row? })
}

fn check(text: &str) -> Result<(), Failure> {
    if text.trim_matches(['\t', '\n', '\r', ' ', '\u{a0}', '\u{3000}']).is_empty() {
        Err(Failure::EmptyText)
    } else if text.len() > 10_240 {
        Err(Failure::LongText)
    } else {
        Ok(())
    }
}
