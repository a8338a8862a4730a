//! What can be asked of a world. Questions take `&World` and change nothing.

use alloc::vec::Vec;

use crate::feed;
use crate::setup::Agent;
use crate::tables::{DeedKind, row};
use crate::world::World;

/// A post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostView<'world> {
    /// Its id, from 1.
    pub id: u32,
    /// Who wrote or shared it.
    pub author: u32,
    /// The author's name.
    pub author_name: &'world str,
    /// Its text; empty for a repost.
    pub content: &'world str,
    /// The original that a repost shares; never itself a repost.
    pub original: Option<u32>,
    /// The tick in which it appeared.
    pub tick: u32,
    /// Likes; those of a repost go to its original.
    pub likes: u32,
    /// Reposts; those of a repost go to its original.
    pub shares: u32,
    /// Comments; those of a repost go to its original.
    pub comments: u32,
}

/// A comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommentView<'world> {
    /// Its id, from 1.
    pub id: u32,
    /// The original post that it is about.
    pub post: u32,
    /// Who wrote it.
    pub author: u32,
    /// The author's name.
    pub author_name: &'world str,
    /// Its text.
    pub content: &'world str,
    /// The tick in which it appeared.
    pub tick: u32,
}

/// A user: an agent and its place among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserView<'world> {
    /// Its id, the agent's.
    pub id: u32,
    /// Who it is.
    pub agent: &'world Agent,
    /// How many follow it.
    pub followers: u32,
    /// How many it follows.
    pub following: u32,
    /// Posts that it wrote, without reposts.
    pub posts: u32,
    /// Comments that it wrote.
    pub comments: u32,
}

/// How much there is of everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Posts, reposts included.
    pub posts: u32,
    /// Comments.
    pub comments: u32,
    /// Likes.
    pub likes: u32,
    /// Follows.
    pub follows: u32,
}

/// What an agent sees before it decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation<'world> {
    /// Who looks.
    pub agent: u32,
    /// The round in which it looks.
    pub round: u32,
    /// Its feed, best first.
    pub posts: Vec<SeenPost<'world>>,
}

/// A post in a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenPost<'world> {
    /// The original post.
    pub post: PostView<'world>,
    /// Who brought it into the feed, if it came as a repost.
    pub reposted_by: Option<u32>,
}

/// What an agent can tell about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterviewContext<'world> {
    /// Who it is, and how it stands among the others.
    pub user: UserView<'world>,
    /// What it did lately, newest first.
    pub did: Vec<Memory<'world>>,
    /// What it sees now.
    pub sees: Observation<'world>,
}

/// Something that an agent did, as it remembers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory<'world> {
    /// When.
    pub tick: u32,
    /// What.
    pub deed: Deed<'world>,
}

/// What an agent did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed<'world> {
    /// It wrote this post.
    Posted(PostView<'world>),
    /// It wrote this comment.
    Commented(CommentView<'world>),
    /// It liked this post.
    Liked(PostView<'world>),
    /// It shared this post.
    Reposted(PostView<'world>),
    /// It followed this user.
    Followed(UserView<'world>),
}

impl World {
    /// The post with this id.
    pub fn post(&self, id: u32) -> Option<PostView<'_>> {
        let (posts, row) = (&self.tables.posts, row(id)?);
        let author = *posts.author.get(row)?;
        Some(PostView {
            id,
            author,
            author_name: self.name(author),
            content: posts.content.get(row),
            original: Some(posts.original[row]).filter(|&original| original != 0),
            tick: posts.tick[row],
            likes: posts.likes[row],
            shares: posts.shares[row],
            comments: posts.comments[row],
        })
    }

    /// The comment with this id.
    pub fn comment(&self, id: u32) -> Option<CommentView<'_>> {
        let (comments, row) = (&self.tables.comments, row(id)?);
        let author = *comments.author.get(row)?;
        Some(CommentView {
            id,
            post: comments.post[row],
            author,
            author_name: self.name(author),
            content: comments.content.get(row),
            tick: comments.tick[row],
        })
    }

    /// The user with this id.
    pub fn user(&self, id: u32) -> Option<UserView<'_>> {
        let (users, index) = (&self.tables.users, id as usize);
        let agent = self.setup.agents.get(index)?;
        let following = users.following[index].len();
        Some(UserView {
            id,
            agent,
            followers: users.followers[index],
            following: u32::try_from(following).expect("no more than there are users"),
            posts: users.posts[index],
            comments: users.comments[index],
        })
    }

    /// How much there is of everything.
    pub fn counts(&self) -> Counts {
        let count = |column: &Vec<u32>| u32::try_from(column.len()).expect("rows have u32 ids");
        Counts {
            posts: self.tables.posts.count(),
            comments: count(&self.tables.comments.author),
            likes: count(&self.tables.likes.user),
            follows: count(&self.tables.follows.follower),
        }
    }

    /// The posts of the hour, best first: at most `most`, at most 100. Reads no history.
    pub fn top_posts(&self, most: u32) -> Vec<PostView<'_>> {
        self.ranking.top().iter().take(most as usize).filter_map(|&post| self.post(post)).collect()
    }

    /// What `agent` sees in the coming round; `None` if there is no such agent.
    pub fn observe(&self, agent: u32) -> Option<Observation<'_>> {
        self.setup.agents.get(agent as usize)?;
        let posts = feed::feed(self, agent)
            .into_iter()
            .filter_map(|shown| {
                let post = self.post(shown.original)?;
                let bearer = self.post(shown.post).filter(|bearer| bearer.id != post.id);
                Some(SeenPost { post, reposted_by: bearer.map(|bearer| bearer.author) })
            })
            .collect();
        Some(Observation { agent, round: self.tick, posts })
    }

    /// What `agent` is, did lately and sees now; `None` if there is no such agent.
    pub fn interview_context(&self, agent: u32) -> Option<InterviewContext<'_>> {
        let (user, sees) = (self.user(agent)?, self.observe(agent)?);
        let did = self.tables.deeds.of(agent).filter_map(|(tick, kind, id)| {
            let deed = match kind {
                DeedKind::Posted => Deed::Posted(self.post(id)?),
                DeedKind::Commented => Deed::Commented(self.comment(id)?),
                DeedKind::Liked => Deed::Liked(self.post(id)?),
                DeedKind::Reposted => Deed::Reposted(self.post(id)?),
                DeedKind::Followed => Deed::Followed(self.user(id)?),
            };
            Some(Memory { tick, deed })
        });
        Some(InterviewContext { user, did: did.collect(), sees })
    }

    pub(crate) fn name(&self, agent: u32) -> &str {
        &self.setup.agents[agent as usize].name
    }
}
