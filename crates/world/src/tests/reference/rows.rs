//! The rows of a platform, and what can be counted of them.

use std::string::String;
use std::vec::Vec;

use super::Reference;
use crate::Failure;

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

    pub(super) fn source_of(&self, post: u32) -> u32 {
        match self.post(post).kind {
            Kind::Original => post,
            Kind::Quote(of) => of,
            Kind::Repost(of) => self.source_of(of),
        }
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
pub(super) fn id(length: usize) -> u32 {
    u32::try_from(length).expect("a test has fewer rows")
}

/// Whether the link from `agent` to `target` stands.
pub(super) fn stands(links: &[Link], agent: u32, target: u32) -> bool {
    links.iter().any(|link| link.agent == agent && link.target == target && link.stands)
}

pub(super) fn make(
    links: &mut Vec<Link>,
    agent: u32,
    target: u32,
    exists: Failure,
) -> Result<u32, Failure> {
    if stands(links, agent, target) {
        return Err(exists);
    }
    links.push(Link { agent, target, stands: true });
    Ok(id(links.len()))
}

pub(super) fn undo(
    links: &mut [Link],
    agent: u32,
    target: u32,
    missing: Failure,
) -> Result<u32, Failure> {
    let wanted = |link: &Link| link.agent == agent && link.target == target && link.stands;
    let place = links.iter().position(wanted).ok_or(missing)?;
    links[place].stands = false;
    Ok(id(place + 1))
}
