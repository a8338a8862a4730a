//! The data of a prompt, as JSON that is written as it goes.

use std::fmt::Write;

use world::{
    CommentView, Deed, Done, Memory, Observation, PostView, SeenPost, Stance, Traits, UserView,
    World,
};

use crate::model::text;

/// The most characters of a text.
const NAME: usize = 80;
const TOPIC: usize = 80;
const NARRATIVE: usize = 800;
const PERSONA: usize = 2_000;
const BIO: usize = 300;
const POST: usize = 500;
const QUOTED: usize = 200;
const COMMENT: usize = 200;
const FOUND: usize = 160;
const DEED: usize = 120;

/// How many there are at most, where the world does not say.
const TOPICS: usize = 12;
const INTERESTS: usize = 10;

/// What the world is about: the same for all agents.
pub(super) fn about(world: &World) -> String {
    let mut json = Json::with_room(512);
    json.object(|json| {
        json.within("world", |json| {
            json.texts("topics", world.topics(), TOPICS, TOPIC);
            if !world.narrative().is_empty() {
                json.text("course", world.narrative(), NARRATIVE);
            }
        });
    });
    json.into_text()
}

/// Who the agent is.
pub(super) fn who(user: &UserView<'_>, traits: &Traits) -> String {
    let agent = user.agent;
    let mut json = Json::with_room(1024 + agent.persona.len().min(4 * PERSONA));
    json.object(|json| {
        json.within("you", |json| {
            json.number("user_id", user.id);
            json.text("name", &agent.name, NAME);
            json.text("user_name", &agent.user_name, NAME);
            json.text("kind", &agent.kind, NAME);
            json.text("bio", &agent.bio, BIO);
            if !agent.persona.is_empty() && agent.persona != agent.bio {
                json.text("persona", &agent.persona, PERSONA);
            }
            json.texts("interests", &agent.interests, INTERESTS, TOPIC);
            json.word("stance", stance(traits.stance));
            json.word("mood", mood(traits.sentiment_ppm));
        });
    });
    json.into_text()
}

fn stance(stance: Stance) -> &'static str {
    match stance {
        Stance::Supportive => "supportive",
        Stance::Opposing => "opposing",
        Stance::Neutral => "neutral",
        Stance::Observer => "observer: reports, takes no side",
    }
}

fn mood(sentiment_ppm: i32) -> &'static str {
    match sentiment_ppm {
        600_000.. => "very positive",
        200_000..600_000 => "positive",
        -199_999..200_000 => "calm",
        -599_999..=-200_000 => "negative",
        ..=-600_000 => "very negative",
    }
}

/// What the agent sees, found and did.
///
/// `asked`: whether it is told what it saw before, too, which is of use in an interview alone.
pub(super) fn now(
    world: &World,
    sees: &Observation<'_>,
    memory: &Memory<'_>,
    asked: bool,
) -> String {
    let mut json = Json::with_room(6 * 1024);
    json.object(|json| {
        json.within("now", |json| {
            let clock = world.setup().clock;
            json.number("round", sees.round);
            json.number("day", clock.minute(sees.round) / (24 * 60) + 1);
            json.number("hour", clock.hour(sees.round));
            json.list("you_follow", memory.follows.iter(), |json, user| {
                json.number("user_id", user.id);
                json.text("name", &user.agent.name, NAME);
            });
            json.list("you_did", memory.did.iter(), did);
            if !sees.found.is_empty() {
                json.list("posts_found", sees.found.iter(), |json, post| {
                    head(json, post);
                    json.text("text", post.content, FOUND);
                });
            }
            if !sees.found_users.is_empty() {
                json.list("users_found", sees.found_users.iter(), |json, user| {
                    json.number("user_id", user.id);
                    json.text("name", &user.agent.name, NAME);
                    json.text("bio", &user.agent.bio, DEED);
                    json.number("followers", user.followers);
                });
            }
            let is_shown = |id| sees.posts.iter().any(|seen| seen.post.id == id);
            if asked {
                let before = memory.seen.iter().filter(|post| !is_shown(post.id));
                json.list("seen_before", before, |json, post| {
                    head(json, post);
                    json.text("text", post.content, FOUND);
                });
            }
            json.list("feed", sees.posts.iter(), |json, seen| shown(json, seen, sees.round));
        });
    });
    json.into_text()
}

/// A post in the feed.
fn shown(json: &mut Json, seen: &SeenPost<'_>, round: u32) {
    let post = &seen.post;
    head(json, post);
    json.text("text", post.content, POST);
    json.number("rounds_ago", round.saturating_sub(post.tick));
    if let Some(quoted) = &seen.quotes {
        json.within("quotes", |json| {
            head(json, quoted);
            json.text("text", quoted.content, QUOTED);
        });
    }
    if let Some(user) = seen.reposted_by {
        json.number("reposted_by", user);
    }
    json.number("likes", post.likes);
    if post.dislikes > 0 {
        json.number("dislikes", post.dislikes);
    }
    json.number("shares", post.shares);
    json.number("comments", post.comments);
    if post.reports >= 2 {
        json.word("warning", "reported by several users");
    }
    if seen.again {
        json.flag("seen_before");
    }
    if !seen.thread.is_empty() {
        json.list("thread", seen.thread.iter(), |json, comment| {
            json.number("comment_id", comment.id);
            if let Some(parent) = comment.parent {
                json.number("answers", parent);
            }
            said(json, comment);
            json.number("likes", comment.likes);
            if comment.dislikes > 0 {
                json.number("dislikes", comment.dislikes);
            }
        });
    }
}

fn head(json: &mut Json, post: &PostView<'_>) {
    json.number("post_id", post.id);
    json.number("user_id", post.author);
    json.text("by", post.author_name, NAME);
}

fn said(json: &mut Json, comment: &CommentView<'_>) {
    json.number("user_id", comment.author);
    json.text("by", comment.author_name, NAME);
    json.text("text", comment.content, COMMENT);
}

/// Something that the agent did.
fn did(json: &mut Json, done: &Done<'_>) {
    json.number("round", done.tick);
    let post = |json: &mut Json, name: &'static str, post: &PostView<'_>| {
        json.word("action", name);
        json.number("post_id", post.id);
        if !post.content.is_empty() {
            json.text("text", post.content, DEED);
        }
    };
    let comment = |json: &mut Json, name: &'static str, comment: &CommentView<'_>| {
        json.word("action", name);
        json.number("post_id", comment.post);
        json.number("comment_id", comment.id);
        json.text("text", comment.content, DEED);
    };
    let user = |json: &mut Json, name: &'static str, user: &UserView<'_>| {
        json.word("action", name);
        json.number("user_id", user.id);
        json.text("name", &user.agent.name, NAME);
    };
    match &done.deed {
        Deed::Posted(own) => post(json, "create_post", own),
        Deed::Reposted(shared) => post(json, "repost", shared),
        Deed::Quoted(own) => post(json, "quote_post", own),
        Deed::Liked(liked) => post(json, "like_post", liked),
        Deed::Unliked(liked) => post(json, "unlike_post", liked),
        Deed::Disliked(disliked) => post(json, "dislike_post", disliked),
        Deed::UndidDislike(disliked) => post(json, "undo_dislike_post", disliked),
        Deed::Reported(reported) => post(json, "report_post", reported),
        Deed::Commented(own) => comment(json, "create_comment", own),
        Deed::LikedComment(liked) => comment(json, "like_comment", liked),
        Deed::UnlikedComment(liked) => comment(json, "unlike_comment", liked),
        Deed::DislikedComment(disliked) => comment(json, "dislike_comment", disliked),
        Deed::UndidCommentDislike(disliked) => comment(json, "undo_dislike_comment", disliked),
        Deed::Followed(other) => user(json, "follow", other),
        Deed::Unfollowed(other) => user(json, "unfollow", other),
        Deed::Muted(other) => user(json, "mute", other),
        Deed::Unmuted(other) => user(json, "unmute", other),
    }
    if let Some(answer) = &done.answer {
        json.within("answer", |json| {
            json.number("comment_id", answer.id);
            json.number("user_id", answer.author);
            json.text("by", answer.author_name, NAME);
            json.text("text", answer.content, DEED);
        });
    }
}

/// JSON as it is written. Keys are ours, and have nothing to escape.
pub(super) struct Json {
    out: String,
    /// Whether the value that comes has one before it.
    follows: bool,
}

impl Json {
    /// None yet, with room for so many bytes.
    pub(super) fn with_room(bytes: usize) -> Json {
        Json { out: String::with_capacity(bytes), follows: false }
    }

    pub(super) fn into_text(self) -> String {
        self.out
    }

    /// An object, where a value stands by itself.
    pub(super) fn object(&mut self, fields: impl FnOnce(&mut Json)) {
        self.separate();
        self.out.push('{');
        self.follows = false;
        fields(self);
        self.out.push('}');
        self.follows = true;
    }

    /// A field with an object.
    fn within(&mut self, key: &'static str, fields: impl FnOnce(&mut Json)) {
        self.key(key);
        self.follows = false;
        self.object(fields);
    }

    /// A field with a list of objects.
    fn list<T>(
        &mut self,
        key: &'static str,
        elements: impl Iterator<Item = T>,
        mut fields: impl FnMut(&mut Json, T),
    ) {
        self.key(key);
        self.out.push('[');
        self.follows = false;
        for element in elements {
            self.object(|json| fields(json, element));
        }
        self.out.push(']');
        self.follows = true;
    }

    /// A field with the first texts of a list.
    fn texts(&mut self, key: &'static str, texts: &[String], most: usize, length: usize) {
        self.key(key);
        self.out.push('[');
        self.follows = false;
        for text in texts.iter().take(most) {
            self.separate();
            text::push_json(&mut self.out, text, length);
        }
        self.out.push(']');
    }

    /// A field with somebody's text, cleaned and cut.
    pub(super) fn text(&mut self, key: &'static str, text: &str, most: usize) {
        self.key(key);
        text::push_json(&mut self.out, text, most);
    }

    /// A field with a word of ours.
    fn word(&mut self, key: &'static str, word: &'static str) {
        self.key(key);
        self.out.push('"');
        self.out.push_str(word);
        self.out.push('"');
    }

    fn number(&mut self, key: &'static str, number: impl Into<u64>) {
        self.key(key);
        // To write to a text cannot fail.
        let _ = write!(self.out, "{}", number.into());
    }

    /// A field that is true.
    fn flag(&mut self, key: &'static str) {
        self.key(key);
        self.out.push_str("true");
    }

    fn key(&mut self, key: &'static str) {
        self.separate();
        self.out.push('"');
        self.out.push_str(key);
        self.out.push_str("\":");
    }

    fn separate(&mut self) {
        if std::mem::replace(&mut self.follows, true) {
            self.out.push(',');
        }
    }
}
