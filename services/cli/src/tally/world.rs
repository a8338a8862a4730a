//! One world of a run, counted frame by frame.

use std::collections::BTreeMap;

use contract::action::{Action, ActionBody, DislikePost, LikePost, QuotePost};
use contract::frame::{Frame, Marker};
use contract::id::Digest;
use contract::problem::shorten;
use contract::timestamp::Timestamp;

use crate::summary::{Count, Reactions, WorldSummary};

/// One world so far.
#[derive(Clone, Debug)]
pub struct WorldTally {
    /// Frames so far: the tick that is due next.
    pub ticks: u32,
    /// The last round played.
    pub round: u32,
    /// The simulated time of round 0.
    pub started: Timestamp,
    /// The simulated time of the last frame.
    pub now: Timestamp,
    /// The digest up to the last frame.
    pub digest: Digest,
    /// True once no more frames are to come.
    pub is_over: bool,
    by_type: BTreeMap<&'static str, Count>,
    memorable: u64,
    posts: BTreeMap<u64, PostTally>,
    post_text: usize,
}

/// A post so far.
#[derive(Clone, Debug)]
pub struct PostTally {
    /// Its author's name.
    pub author: String,
    /// Who wrote it and when, unless a profile brought it.
    pub written: Option<Written>,
    /// Its text, or the beginning of it.
    pub content: String,
    /// What came of it.
    pub reactions: Reactions,
}

/// Who wrote a post, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// The author.
    pub agent_id: u32,
    /// The round.
    pub round: u32,
    /// The round's simulated time.
    pub at: Timestamp,
}

impl WorldTally {
    /// A world of which nothing is counted yet, not even its first frame.
    /// `post_text`: characters that are kept of a post.
    pub(super) fn new(first: &Frame, post_text: usize) -> WorldTally {
        WorldTally {
            ticks: 0,
            round: 0,
            started: first.simulated_time,
            now: first.simulated_time,
            digest: Digest::ZERO,
            is_over: false,
            by_type: BTreeMap::new(),
            memorable: 0,
            posts: BTreeMap::new(),
            post_text,
        }
    }

    /// Counts the next frame.
    pub(super) fn add(&mut self, frame: &Frame) {
        self.ticks = frame.tick + 1;
        self.round = frame.round;
        self.now = frame.simulated_time;
        self.digest = frame.digest;
        self.is_over |= frame.markers.iter().any(|m| matches!(m, Marker::SimulationEnd { .. }));
        for action in &frame.actions {
            let count = self.by_type.entry(action.body.type_name()).or_default();
            if action.success() {
                count.succeeded += 1;
                self.memorable += u64::from(action.body.is_memorable());
                self.count(action);
            } else {
                count.failed += 1;
            }
        }
    }

    /// Actions so far, failed ones included.
    pub fn actions(&self) -> u64 {
        self.by_type.values().map(|count| count.succeeded + count.failed).sum()
    }

    /// All actions so far by the names of their types.
    pub fn by_type(&self) -> &BTreeMap<&'static str, Count> {
        &self.by_type
    }

    /// Posts that were written so far, quotes included.
    pub fn posts(&self) -> u64 {
        let written = |name| self.by_type.get(name).map_or(0, |count| count.succeeded);
        written("CREATE_POST") + written("QUOTE_POST")
    }

    /// How many reactions a post has so far.
    pub fn reactions(&self, post_id: u64) -> u64 {
        self.posts.get(&post_id).map_or(0, |post| post.reactions.all())
    }

    /// The posts that any action was about, with their numbers.
    pub(super) fn known_posts(&self) -> impl Iterator<Item = (u64, &PostTally)> {
        self.posts.iter().map(|(post_id, post)| (*post_id, post))
    }

    /// Counts what a successful action means for the posts.
    fn count(&mut self, action: &Action) {
        match &action.body {
            ActionBody::CreatePost(post) => self.wrote(action, post.post_id, &post.content),
            ActionBody::Repost(repost) => {
                let (author, content) = (&repost.original_author_name, &repost.original_content);
                self.reactions_to(repost.reposted_id, author, content).reposts += 1;
            }
            ActionBody::QuotePost(quote) => self.quoted(action, quote),
            ActionBody::LikePost(like) => self.liked(like).likes += 1,
            ActionBody::UnlikePost(like) => take_back(&mut self.liked(like).likes),
            ActionBody::DislikePost(dislike) => self.disliked(dislike).dislikes += 1,
            ActionBody::UndoDislikePost(dislike) => {
                take_back(&mut self.disliked(dislike).dislikes);
            }
            ActionBody::CreateComment(comment) => {
                let (author, content) = (&comment.post_author_name, &comment.post_content);
                self.reactions_to(comment.post_id, author, content).comments += 1;
            }
            ActionBody::ReportPost(_)
            | ActionBody::LikeComment(_)
            | ActionBody::UnlikeComment(_)
            | ActionBody::DislikeComment(_)
            | ActionBody::UndoDislikeComment(_)
            | ActionBody::Follow(_)
            | ActionBody::Unfollow(_)
            | ActionBody::Mute(_)
            | ActionBody::Unmute(_)
            | ActionBody::SearchPosts(_)
            | ActionBody::SearchUser(_)
            | ActionBody::Trend(_)
            | ActionBody::Refresh(_)
            | ActionBody::DoNothing(_) => {}
        }
    }

    fn wrote(&mut self, action: &Action, post_id: Option<u64>, content: &str) {
        if let Some(post_id) = post_id {
            let written = Written { agent_id: action.agent_id, round: self.round, at: self.now };
            let post = self.posts.entry(post_id);
            post.or_insert_with(|| PostTally::new(&action.agent_name, content, self.post_text))
                .written = Some(written);
        }
    }

    /// A quote is a reaction to the original, and a post that collects reactions of its own.
    fn quoted(&mut self, action: &Action, quote: &QuotePost) {
        self.wrote(action, quote.new_post_id, &quote.quote_content);
        let (author, content) = (&quote.original_author_name, &quote.original_content);
        self.reactions_to(quote.quoted_id, author, content).quotes += 1;
    }

    fn liked(&mut self, like: &LikePost) -> &mut Reactions {
        self.reactions_to(like.post_id, &like.post_author_name, &like.post_content)
    }

    fn disliked(&mut self, dislike: &DislikePost) -> &mut Reactions {
        self.reactions_to(dislike.post_id, &dislike.post_author_name, &dislike.post_content)
    }

    /// The reactions to a post. Posts that profiles bring appear in no action of their own, so
    /// the first reaction to one is where it becomes known.
    fn reactions_to(
        &mut self,
        post_id: u64,
        author: &Option<String>,
        content: &Option<String>,
    ) -> &mut Reactions {
        let post = self.posts.entry(post_id).or_insert_with(|| {
            let (author, content) = (author.as_deref(), content.as_deref());
            PostTally::new(author.unwrap_or(""), content.unwrap_or(""), self.post_text)
        });
        &mut post.reactions
    }

    /// The summary of what was counted.
    pub(crate) fn summary(&self) -> WorldSummary {
        let succeeded = self.by_type.values().map(|count| count.succeeded).sum();
        let minutes = (self.now.milliseconds() - self.started.milliseconds()) / 60_000;
        WorldSummary {
            rounds: self.round,
            simulated_minutes: u64::try_from(minutes).unwrap_or(0),
            actions: self.actions(),
            succeeded,
            failed: self.actions() - succeeded,
            memorable: self.memorable,
            by_type: self.by_type.clone(),
            digest: self.digest,
        }
    }
}

impl PostTally {
    fn new(author: &str, content: &str, max: usize) -> PostTally {
        PostTally {
            author: author.to_owned(),
            written: None,
            content: shorten(content, max),
            reactions: Reactions::default(),
        }
    }
}

/// Only what was counted is taken back, but frames come from outside.
fn take_back(count: &mut u64) {
    *count = count.saturating_sub(1);
}
