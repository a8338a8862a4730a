//! The rows of a platform, and what each act does to them.

use std::string::String;
use std::vec::Vec;

use super::Reference;
use crate::{Act, Action, Effect, Failure};

#[derive(Clone)]
pub(super) struct Post {
    pub(super) author: u32,
    pub(super) kind: Kind,
    pub(super) content: String,
    pub(super) tick: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Original,
    /// Of an original or a quote.
    Repost(u32),
    /// Of an original.
    Quote(u32),
}

#[derive(Clone)]
pub(super) struct Comment {
    pub(super) author: u32,
    pub(super) post: u32,
    pub(super) parent: Option<u32>,
    pub(super) content: String,
    pub(super) tick: u32,
}

/// A like, dislike, report, follow or mute: by whom, and of what or whom.
#[derive(Clone)]
pub(super) struct Link {
    pub(super) agent: u32,
    pub(super) target: u32,
    /// Whether it was not taken back.
    pub(super) stands: bool,
}

/// What stands, counted.
#[derive(Clone, Copy, Default)]
pub(super) struct Counters {
    pub(super) likes: u32,
    pub(super) dislikes: u32,
    pub(super) shares: u32,
    pub(super) comments: u32,
    pub(super) reports: u32,
}

impl Counters {
    pub(super) fn interactions(&self) -> i64 {
        i64::from(self.likes) + i64::from(self.comments) + 2 * i64::from(self.shares)
    }
}

impl Reference {
    /// One decision of `agent` in a tick that began as `before`.
    pub(super) fn act(&mut self, before: &Reference, agent: u32, act: Act) -> Action {
        let outcome = self.outcome(before, agent, &act);
        Action { agent, act, outcome }
    }

    fn outcome(&mut self, before: &Reference, agent: u32, act: &Act) -> Result<Effect, Failure> {
        match act {
            Act::CreatePost { content } => {
                check(content)?;
                Ok(Effect::Posted { post: self.write(agent, Kind::Original, content.clone()) })
            }
            &Act::Repost { post } => {
                let of = self.root(self.known(post)?);
                let same = |post: &Post| post.author == agent && post.kind == Kind::Repost(of);
                if self.posts.iter().any(same) {
                    return Err(Failure::RepostExists);
                }
                let post = self.write(agent, Kind::Repost(of), String::new());
                Ok(Effect::Shared { of, post })
            }
            Act::QuotePost { post, content } => {
                check(content)?;
                let of = self.source_of(self.known(*post)?);
                let post = self.write(agent, Kind::Quote(of), content.clone());
                Ok(Effect::Shared { of, post })
            }
            &Act::LikePost { post } => {
                let post = self.rateable(agent, post)?;
                let row = make(&mut self.likes, agent, post, Failure::LikeExists)?;
                Ok(Effect::Rated { post, row })
            }
            &Act::UnlikePost { post } => {
                let post = self.root(self.known(post)?);
                let row = undo(&mut self.likes, agent, post, Failure::NoLike)?;
                Ok(Effect::Rated { post, row })
            }
            &Act::DislikePost { post } => {
                let post = self.rateable(agent, post)?;
                let row = make(&mut self.dislikes, agent, post, Failure::DislikeExists)?;
                Ok(Effect::Rated { post, row })
            }
            &Act::UndoDislikePost { post } => {
                let post = self.root(self.known(post)?);
                let row = undo(&mut self.dislikes, agent, post, Failure::NoDislike)?;
                Ok(Effect::Rated { post, row })
            }
            Act::ReportPost { post, reason } => {
                check(reason)?;
                let post = self.root(self.known(*post)?);
                let row = make(&mut self.reports, agent, post, Failure::ReportExists)?;
                Ok(Effect::Rated { post, row })
            }
            Act::CreateComment { post, parent, content } => {
                check(content)?;
                self.create_comment(agent, *post, *parent, content)
            }
            &Act::LikeComment { comment } => {
                self.rateable_comment(agent, comment)?;
                let exists = Failure::CommentLikeExists;
                let row = make(&mut self.comment_likes, agent, comment, exists)?;
                Ok(Effect::RatedComment { row })
            }
            &Act::UnlikeComment { comment } => {
                self.known_comment(comment)?;
                let missing = Failure::NoCommentLike;
                let row = undo(&mut self.comment_likes, agent, comment, missing)?;
                Ok(Effect::RatedComment { row })
            }
            &Act::DislikeComment { comment } => {
                self.rateable_comment(agent, comment)?;
                let exists = Failure::CommentDislikeExists;
                let row = make(&mut self.comment_dislikes, agent, comment, exists)?;
                Ok(Effect::RatedComment { row })
            }
            &Act::UndoDislikeComment { comment } => {
                self.known_comment(comment)?;
                let missing = Failure::NoCommentDislike;
                let row = undo(&mut self.comment_dislikes, agent, comment, missing)?;
                Ok(Effect::RatedComment { row })
            }
            &Act::Follow { user } => {
                self.other_user(agent, user, Failure::FollowsItself)?;
                let row = make(&mut self.follows, agent, user, Failure::FollowExists)?;
                Ok(Effect::Linked { row })
            }
            &Act::Unfollow { user } => {
                self.known_user(user)?;
                let row = undo(&mut self.follows, agent, user, Failure::NoFollow)?;
                Ok(Effect::Linked { row })
            }
            &Act::Mute { user } => {
                self.other_user(agent, user, Failure::MutesItself)?;
                let row = make(&mut self.mutes, agent, user, Failure::MuteExists)?;
                Ok(Effect::Linked { row })
            }
            &Act::Unmute { user } => {
                self.known_user(user)?;
                let row = undo(&mut self.mutes, agent, user, Failure::NoMute)?;
                Ok(Effect::Linked { row })
            }
            Act::SearchPosts { query } => {
                let posts = before.search_posts(agent, query)?;
                self.found[agent as usize].posts = posts.clone();
                Ok(Effect::Posts(posts))
            }
            Act::SearchUser { query } => {
                let users = before.search_user(query)?;
                self.found[agent as usize].users = users.clone();
                Ok(Effect::Users(users))
            }
            Act::Trend => {
                let posts = before.trend(agent);
                self.found[agent as usize].posts = posts.clone();
                Ok(Effect::Posts(posts))
            }
            Act::Refresh => {
                let feed = before.feed(agent);
                self.look(agent, &feed);
                Ok(Effect::Posts(feed.iter().map(|shown| shown.post).collect()))
            }
            Act::DoNothing => Ok(Effect::Nothing),
        }
    }

    fn create_comment(
        &mut self,
        agent: u32,
        post: u32,
        parent: Option<u32>,
        content: &str,
    ) -> Result<Effect, Failure> {
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

    pub(super) fn write(&mut self, author: u32, kind: Kind, content: String) -> u32 {
        self.posts.push(Post { author, kind, content, tick: self.tick });
        id(self.posts.len())
    }

    pub(super) fn post(&self, id: u32) -> &Post {
        &self.posts[id as usize - 1]
    }

    pub(super) fn comment(&self, id: u32) -> &Comment {
        &self.comments[id as usize - 1]
    }

    /// The ids of all posts, oldest first.
    pub(super) fn post_ids(&self) -> impl DoubleEndedIterator<Item = u32> + use<> {
        1..=id(self.posts.len())
    }

    pub(super) fn root(&self, post: u32) -> u32 {
        match self.post(post).kind {
            Kind::Repost(of) => of,
            Kind::Original | Kind::Quote(_) => post,
        }
    }

    fn source_of(&self, post: u32) -> u32 {
        match self.post(post).kind {
            Kind::Original => post,
            Kind::Quote(of) => of,
            Kind::Repost(of) => self.source_of(of),
        }
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

    /// The root of `post`, if `agent` may like and dislike it.
    fn rateable(&self, agent: u32, post: u32) -> Result<u32, Failure> {
        let root = self.root(self.known(post)?);
        let own = self.post(root).author == agent;
        if own && !self.setup.self_rating { Err(Failure::OwnPost) } else { Ok(root) }
    }

    fn rateable_comment(&self, agent: u32, comment: u32) -> Result<(), Failure> {
        self.known_comment(comment)?;
        let own = self.comment(comment).author == agent;
        if own && !self.setup.self_rating { Err(Failure::OwnComment) } else { Ok(()) }
    }

    pub(super) fn counters_of(&self, post: u32) -> Counters {
        self.counters()[post as usize - 1]
    }

    /// The counters of all posts, in their order.
    pub(super) fn counters(&self) -> Vec<Counters> {
        let mut all = std::vec![Counters::default(); self.posts.len()];
        for post in &self.posts {
            if let Kind::Repost(of) | Kind::Quote(of) = post.kind {
                all[of as usize - 1].shares += 1;
            }
        }
        for comment in &self.comments {
            all[comment.post as usize - 1].comments += 1;
        }
        for like in self.likes.iter().filter(|like| like.stands) {
            all[like.target as usize - 1].likes += 1;
        }
        for dislike in self.dislikes.iter().filter(|dislike| dislike.stands) {
            all[dislike.target as usize - 1].dislikes += 1;
        }
        for report in &self.reports {
            all[report.target as usize - 1].reports += 1;
        }
        all
    }
}

/// The id of the row that was added last.
fn id(length: usize) -> u32 {
    u32::try_from(length).expect("a test has fewer rows")
}

/// Whether the link from `agent` to `target` stands.
pub(super) fn stands(links: &[Link], agent: u32, target: u32) -> bool {
    links.iter().any(|link| link.agent == agent && link.target == target && link.stands)
}

fn make(links: &mut Vec<Link>, agent: u32, target: u32, exists: Failure) -> Result<u32, Failure> {
    if stands(links, agent, target) {
        return Err(exists);
    }
    links.push(Link { agent, target, stands: true });
    Ok(id(links.len()))
}

fn undo(links: &mut [Link], agent: u32, target: u32, missing: Failure) -> Result<u32, Failure> {
    let wanted = |link: &Link| link.agent == agent && link.target == target && link.stands;
    let place = links.iter().position(wanted).ok_or(missing)?;
    links[place].stands = false;
    Ok(id(place + 1))
}

fn check(text: &str) -> Result<(), Failure> {
    if text.trim().is_empty() {
        Err(Failure::EmptyText)
    } else if text.len() > 10_240 {
        Err(Failure::LongText)
    } else {
        Ok(())
    }
}
