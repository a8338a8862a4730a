//! What an agent tells of what it did, and of how that was received.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::Answer;
use crate::policy::phrases::List;
use crate::policy::writing::topics;
use crate::view::{Deed, Done};

impl Answer<'_> {
    /// What it did: what concerns somebody first, then what the question is about, then the
    /// newest.
    pub(super) fn deeds(&self, most: usize, about: Option<u32>) -> Vec<String> {
        if self.context.memory.did.is_empty() {
            return alloc::vec![self.say(self.lines().did_nothing, 10, &[])];
        }
        let named = |text| topics::named(self.speaker.world, self.speaker.id, text);
        let asked = named(self.prompt);
        let mut deeds: Vec<(Told<'_>, &Done<'_>)> =
            (self.context.memory.did.iter()).map(|done| (self.told(done), done)).collect();
        deeds.sort_by_key(|(told, _)| {
            let concerns = about.is_some_and(|about| told.user == about);
            let about_it = asked.is_some() && named(told.text) == asked;
            (!concerns, !about_it)
        });
        let said = deeds.into_iter().take(most).zip(0..).map(|((told, done), place)| {
            let draw = 20 + place;
            let when = self.speaker.when(done.tick);
            let quote = self.cite(told.text, draw);
            let author = self.speaker.world.name(told.user);
            let slots = [("author", author), ("quote", quote.as_str()), ("when", when.as_str())];
            self.say_in_a_row(told.phrases, 20, place as usize, &slots)
        });
        said.collect()
    }

    /// How a deed is told.
    pub(super) fn told(&self, done: &Done<'_>) -> Told<'_> {
        let did = &self.lines().did;
        let (phrases, deed) = match done.deed {
            Deed::Posted(post) => (did.posted, About::Post(post.id)),
            Deed::Reposted(post) => (did.reposted, About::Post(post.id)),
            Deed::Quoted(post) => (did.quoted, About::Quote(post.id)),
            Deed::Liked(post) => (did.liked, About::Post(post.id)),
            Deed::Unliked(post) => (did.unliked, About::Post(post.id)),
            Deed::Disliked(post) => (did.disliked, About::Post(post.id)),
            Deed::UndidDislike(post) => (did.undid_dislike, About::Post(post.id)),
            Deed::Reported(post) => (did.reported, About::Post(post.id)),
            Deed::Commented(comment) => (did.commented, About::Own(comment.id)),
            Deed::LikedComment(comment) => (did.liked_comment, About::Comment(comment.id)),
            Deed::UnlikedComment(comment) => (did.unliked_comment, About::Comment(comment.id)),
            Deed::DislikedComment(comment) => (did.disliked_comment, About::Comment(comment.id)),
            Deed::UndidCommentDislike(comment) => {
                (did.undid_comment_dislike, About::Comment(comment.id))
            }
            Deed::Followed(user) => (did.followed, About::User(user.id)),
            Deed::Unfollowed(user) => (did.unfollowed, About::User(user.id)),
            Deed::Muted(user) => (did.muted, About::User(user.id)),
            Deed::Unmuted(user) => (did.unmuted, About::User(user.id)),
        };
        let (user, text) = self.whose(&deed);
        Told { phrases, user, text }
    }

    /// Whom a deed concerns, and its words.
    fn whose(&self, deed: &About) -> (u32, &str) {
        let world = self.speaker.world;
        let nobody = (self.speaker.id, "");
        let post = |id| world.post(id).map_or(nobody, |post| (post.author, post.content));
        match *deed {
            About::Post(id) => post(id),
            About::Quote(id) => {
                let quoted = world.post(id).and_then(|quote| quote.quotes).map_or(nobody, post);
                (quoted.0, post(id).1)
            }
            About::Comment(id) => {
                world.comment(id).map_or(nobody, |comment| (comment.author, comment.content))
            }
            About::Own(id) => world.comment(id).map_or(nobody, |comment| {
                let parent = comment.parent.and_then(|parent| world.comment(parent));
                (parent.map_or(post(comment.post).0, |parent| parent.author), comment.content)
            }),
            About::User(id) => (id, ""),
        }
    }

    /// How what it wrote was received.
    pub(super) fn reception(&self) -> String {
        let did = &self.context.memory.did;
        if let Some(answer) = did.iter().find_map(|done| done.answer) {
            let quote = self.cite(answer.content, 30);
            let slots = [("author", answer.author_name), ("quote", quote.as_str())];
            return self.say(self.lines().answered, 30, &slots);
        }
        let written = did.iter().filter_map(|done| match done.deed {
            Deed::Posted(post) | Deed::Quoted(post) => Some(post),
            _ => None,
        });
        match written.max_by_key(|post| post.likes) {
            Some(post) if post.likes > 1 => {
                let (quote, likes) = (self.cite(post.content, 31), post.likes.to_string());
                self.say(self.lines().liked, 31, &[("quote", &quote), ("likes", &likes)])
            }
            Some(_) => self.say(self.lines().unanswered, 31, &[]),
            None => String::new(),
        }
    }
}

/// A deed as it is told.
pub(super) struct Told<'world> {
    phrases: List,
    /// Whom it concerns.
    pub(super) user: u32,
    text: &'world str,
}

/// What a deed was done to.
enum About {
    /// A post.
    Post(u32),
    /// A quote of one's own.
    Quote(u32),
    /// Another's comment.
    Comment(u32),
    /// A comment of one's own.
    Own(u32),
    User(u32),
}
