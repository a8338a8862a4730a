//! What an action means in a graph: between whom and what there is an edge, and whether it
//! lasts. Pure.

use contract::action::{
    ActionBody, CreateComment, DislikeComment, DislikePost, LikeComment, LikePost,
};
use contract::id::Digest;

/// The bits of a number that a UUID has room for; numbers of agents, posts and comments have far
/// fewer.
const NUMBER_MASK: u64 = (1 << 60) - 1;

/// Characters of a post's or comment's text that make its name.
const NAME_CHARACTERS: usize = 40;

/// The names of edges. The number of each stands in the embedded memory's file and never
/// changes; those up to [`Relation::LAST_STATE`] last until they are taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// Sees what another writes.
    Follows = 1,
    /// Does not want to see another.
    Muted = 2,
    /// Likes a post.
    Liked = 3,
    /// Dislikes a post.
    Disliked = 4,
    /// Likes a comment.
    LikedComment = 5,
    /// Dislikes a comment.
    DislikedComment = 6,
    /// Wrote a post.
    Posted = 11,
    /// Passed a post on.
    Reposted = 12,
    /// Passed a post on, with words of its own.
    Quoted = 13,
    /// Wrote a comment under a post.
    CommentedOn = 14,
    /// Wrote a comment under a comment.
    Answered = 15,
    /// Reported a post.
    Reported = 16,
    /// Searched for some words.
    SearchedFor = 17,
}

impl Relation {
    /// Every relation.
    pub const ALL: [Relation; 13] = [
        Relation::Follows,
        Relation::Muted,
        Relation::Liked,
        Relation::Disliked,
        Relation::LikedComment,
        Relation::DislikedComment,
        Relation::Posted,
        Relation::Reposted,
        Relation::Quoted,
        Relation::CommentedOn,
        Relation::Answered,
        Relation::Reported,
        Relation::SearchedFor,
    ];

    /// The highest number of a state; what is above is an event, a point in time.
    pub const LAST_STATE: i64 = 10;

    /// Its number.
    pub fn number(self) -> i64 {
        self as i64
    }

    /// The relation of a number.
    pub fn of(number: i64) -> Option<Relation> {
        Relation::ALL.into_iter().find(|relation| relation.number() == number)
    }

    /// The relation of a name.
    pub fn named(name: &str) -> Option<Relation> {
        Relation::ALL.into_iter().find(|relation| relation.name() == name)
    }

    /// Its name, as edges have it.
    pub fn name(self) -> &'static str {
        match self {
            Relation::Follows => "FOLLOWS",
            Relation::Muted => "MUTED",
            Relation::Liked => "LIKED",
            Relation::Disliked => "DISLIKED",
            Relation::LikedComment => "LIKED_COMMENT",
            Relation::DislikedComment => "DISLIKED_COMMENT",
            Relation::Posted => "POSTED",
            Relation::Reposted => "REPOSTED",
            Relation::Quoted => "QUOTED",
            Relation::CommentedOn => "COMMENTED_ON",
            Relation::Answered => "ANSWERED",
            Relation::Reported => "REPORTED",
            Relation::SearchedFor => "SEARCHED_FOR",
        }
    }
}

/// What there may be at the end of an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing<'a> {
    /// An agent, by number.
    Agent(u32),
    /// A post, by number.
    Post(u64),
    /// A comment, by number.
    Comment(u64),
    /// Words that were searched for.
    Topic(&'a str),
}

/// Something that an action names, and what it tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mention<'a> {
    /// What it is.
    pub thing: Thing<'a>,
    /// An agent's name, or the text of anything else.
    pub text: Option<&'a str>,
    /// Who wrote it.
    pub author: Author<'a>,
}

/// Who wrote a post or comment, as far as an action tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author<'a> {
    /// Nothing is said.
    Unknown,
    /// Somebody of this name.
    Named(&'a str),
    /// Whoever acts.
    Itself,
}

/// What an action does to a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning<'a> {
    /// From whoever acts to `target`.
    pub relation: Relation,
    /// Takes back the edge of this name that is there, and makes none.
    pub ends: bool,
    /// Whom or what it is about.
    pub target: Mention<'a>,
    /// What it made beside: the quoting post, the comment.
    pub made: Option<Mention<'a>>,
}

impl<'a> Meaning<'a> {
    /// What an action means; `None` of one that is an episode and no more.
    pub fn of(body: &'a ActionBody) -> Option<Meaning<'a>> {
        use Relation::{
            Disliked, DislikedComment, Follows, Liked, LikedComment, Muted, Posted, Quoted,
            Reported, Reposted, SearchedFor,
        };
        let is = |relation, target| Meaning { relation, ends: false, target, made: None };
        let ends = |relation, target| Meaning { ends: true, ..is(relation, target) };
        Some(match body {
            ActionBody::CreatePost(to) => {
                let thing = Thing::Post(to.post_id?);
                is(Posted, Mention { thing, text: Some(&to.content), author: Author::Itself })
            }
            ActionBody::Repost(to) => {
                let whose = (&to.original_content, &to.original_author_name);
                is(Reposted, post(to.reposted_id, whose))
            }
            ActionBody::QuotePost(to) => {
                let whose = (&to.original_content, &to.original_author_name);
                let (text, author) = (Some(&to.quote_content[..]), Author::Itself);
                let own = to.new_post_id.map(Thing::Post);
                let made = own.map(|thing| Mention { thing, text, author });
                Meaning { made, ..is(Quoted, post(to.quoted_id, whose)) }
            }
            ActionBody::LikePost(to) => is(Liked, liked(to)),
            ActionBody::UnlikePost(to) => ends(Liked, liked(to)),
            ActionBody::DislikePost(to) => is(Disliked, disliked(to)),
            ActionBody::UndoDislikePost(to) => ends(Disliked, disliked(to)),
            ActionBody::ReportPost(to) => {
                is(Reported, post(to.post_id, (&to.post_content, &to.post_author_name)))
            }
            ActionBody::CreateComment(to) => commented(to),
            ActionBody::LikeComment(to) => is(LikedComment, liked_comment(to)),
            ActionBody::UnlikeComment(to) => ends(LikedComment, liked_comment(to)),
            ActionBody::DislikeComment(to) => is(DislikedComment, disliked_comment(to)),
            ActionBody::UndoDislikeComment(to) => ends(DislikedComment, disliked_comment(to)),
            ActionBody::Follow(to) => is(Follows, agent(to.followee_id, &to.target_user_name)),
            ActionBody::Unfollow(to) => ends(Follows, agent(to.followee_id, &to.target_user_name)),
            ActionBody::Mute(to) => is(Muted, agent(to.mutee_id, &to.target_user_name)),
            ActionBody::Unmute(to) => ends(Muted, agent(to.mutee_id, &to.target_user_name)),
            ActionBody::SearchPosts(to) => is(SearchedFor, topic(&to.query)?),
            ActionBody::SearchUser(to) => is(SearchedFor, topic(&to.query)?),
            ActionBody::Trend(_) | ActionBody::Refresh(_) | ActionBody::DoNothing(_) => {
                return None;
            }
        })
    }
}

/// A comment is about the comment that it answers, or else about the post under which it stands.
fn commented(to: &CreateComment) -> Meaning<'_> {
    let (text, author) = (Some(&to.content[..]), Author::Itself);
    let own = to.comment_id.map(Thing::Comment);
    let made = own.map(|thing| Mention { thing, text, author });
    let (relation, target) = match to.parent_comment_id {
        Some(parent) => {
            let whose = (&to.parent_content, &to.parent_author_name);
            (Relation::Answered, comment(parent, whose))
        }
        None => {
            let whose = (&to.post_content, &to.post_author_name);
            (Relation::CommentedOn, post(to.post_id, whose))
        }
    };
    Meaning { relation, ends: false, target, made }
}

fn liked(to: &LikePost) -> Mention<'_> {
    post(to.post_id, (&to.post_content, &to.post_author_name))
}

fn disliked(to: &DislikePost) -> Mention<'_> {
    post(to.post_id, (&to.post_content, &to.post_author_name))
}

fn liked_comment(to: &LikeComment) -> Mention<'_> {
    comment(to.comment_id, (&to.comment_content, &to.comment_author_name))
}

fn disliked_comment(to: &DislikeComment) -> Mention<'_> {
    comment(to.comment_id, (&to.comment_content, &to.comment_author_name))
}

type Whose<'a> = (&'a Option<String>, &'a Option<String>);

fn post<'a>(id: u64, whose: Whose<'a>) -> Mention<'a> {
    written(Thing::Post(id), whose)
}

fn comment<'a>(id: u64, whose: Whose<'a>) -> Mention<'a> {
    written(Thing::Comment(id), whose)
}

fn written<'a>(thing: Thing<'a>, (text, author): Whose<'a>) -> Mention<'a> {
    let author = author.as_deref().map_or(Author::Unknown, Author::Named);
    Mention { thing, text: text.as_deref(), author }
}

fn agent<'a>(id: u32, name: &'a Option<String>) -> Mention<'a> {
    Mention { thing: Thing::Agent(id), text: name.as_deref(), author: Author::Unknown }
}

/// Words without what stands around them; `None` of none.
fn topic(words: &str) -> Option<Mention<'_>> {
    let words = Some(words.trim()).filter(|words| !words.is_empty())?;
    Some(Mention { thing: Thing::Topic(words), text: Some(words), author: Author::Unknown })
}

impl Thing<'_> {
    /// The number of its kind, as it stands in the embedded memory's file and in UUIDs.
    pub fn kind(&self) -> i64 {
        match self {
            Thing::Agent(_) => 0,
            Thing::Post(_) => 1,
            Thing::Comment(_) => 2,
            Thing::Topic(_) => 3,
        }
    }

    /// Its number within its scope: agents are the same people in all runs of their simulation,
    /// the numbers of posts and comments are a world's own, and words, whatever their case, are
    /// the same in all of a graph.
    pub fn number(&self) -> i64 {
        let number = match self {
            Thing::Agent(id) => u64::from(*id),
            Thing::Post(id) | Thing::Comment(id) => *id,
            Thing::Topic(words) => {
                let digest = Digest::of(&[words.to_lowercase().as_bytes()]);
                digest.as_bytes()[..8].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
            }
        };
        i64::try_from(number & NUMBER_MASK).unwrap_or(0)
    }

    /// What it is, beside `Entity`.
    pub fn label(&self) -> &'static str {
        match self {
            Thing::Agent(_) => "Agent",
            Thing::Post(_) => "Post",
            Thing::Comment(_) => "Comment",
            Thing::Topic(_) => "Topic",
        }
    }

    /// What it is called while nothing of it is known: `post 12`.
    pub fn number_name(&self) -> String {
        match self {
            Thing::Agent(id) => format!("agent {id}"),
            Thing::Post(id) => format!("post {id}"),
            Thing::Comment(id) => format!("comment {id}"),
            Thing::Topic(words) => name_of(words),
        }
    }
}

/// The name of what has a text: its beginning, on one line.
pub fn name_of(text: &str) -> String {
    let mut name: String = text
        .chars()
        .take(NAME_CHARACTERS)
        .map(|c| if c.is_whitespace() || c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().nth(NAME_CHARACTERS).is_some() {
        name.push('…');
    }
    name
}

/// The name of an episode, and of the edge that it made: a UUID (version 8) that is a function of
/// the graph and the action's id, so that a memory filled again has the same ones.
pub fn uuid(graph_id: &str, name: &str) -> String {
    let digest = Digest::of(&[graph_id.as_bytes(), b"\0", name.as_bytes()]).to_string();
    let (a, b, c) = (&digest[..8], &digest[8..12], &digest[13..16]);
    format!("{a}-{b}-8{c}-8{}-{}", &digest[17..20], &digest[20..32])
}

/// What begins the UUIDs of the nodes of a scope: 56 bits of a function of both.
pub fn scope_hash(graph_id: &str, scope: &str) -> i64 {
    let digest = Digest::of(&[graph_id.as_bytes(), b"\0", scope.as_bytes()]);
    digest.as_bytes()[..7].iter().fold(0, |sum, byte| sum << 8 | i64::from(*byte))
}

/// The name of a node: a UUID (version 8) of its scope's hash, its kind and its number, so that a
/// memory filled again has the same ones.
pub fn node_uuid(hash: i64, kind: i64, number: i64) -> String {
    let digits = format!("{hash:014x}{kind:01x}{number:015x}");
    let (a, b, c) = (&digits[..8], &digits[8..12], &digits[12..15]);
    format!("{a}-{b}-8{c}-8{}-{}", &digits[15..18], &digits[18..30])
}

/// The hash, kind and number that a node's UUID is made of.
pub fn read_node_uuid(text: &str) -> Option<(i64, i64, i64)> {
    let is_ours = text.len() == 36 && text.is_ascii();
    let digits: String = if is_ours {
        [&text[..8], &text[9..13], &text[15..18], &text[20..23], &text[24..]].concat()
    } else {
        return None;
    };
    let read = |part: &str| i64::from_str_radix(part, 16).ok();
    let parts = (read(&digits[..14])?, read(&digits[14..15])?, read(&digits[15..])?);
    (node_uuid(parts.0, parts.1, parts.2) == text).then_some(parts)
}

#[cfg(test)]
mod tests;
