//! The shape of an interview.

use super::{List, Sides};

/// What is said in an interview. Slots as above, and `{profile}`, `{about}`, `{likes}`.
pub(crate) struct Interview {
    /// What its profile says: `{profile}`.
    pub(crate) about: List,
    pub(crate) who: List,
    /// Where it stands on `{topic}`, and why.
    pub(crate) stance: Sides,
    /// The same, if it is what people do against it: a march, a petition.
    pub(crate) action: Sides,
    pub(crate) because: Sides,
    /// How it feels: cheerful, calm, gloomy.
    pub(crate) moods: [List; 3],
    pub(crate) did: Did,
    pub(crate) did_nothing: List,
    /// How what it wrote was received: with `{likes}`; by `{author}`, who said `{quote}`.
    pub(crate) liked: List,
    pub(crate) answered: List,
    pub(crate) unanswered: List,
    /// What it sees: a post; two that differ.
    pub(crate) sees: List,
    pub(crate) divided: List,
    pub(crate) sees_nothing: List,
    /// About `{author}`: on the same side, on the other, on neither.
    pub(crate) same_side: List,
    pub(crate) other_side: List,
    pub(crate) no_side: List,
    pub(crate) follows: List,
    pub(crate) mutes: List,
    pub(crate) latest: List,
    pub(crate) silent: List,
    /// That it cannot say what was asked; what comes nearest: what `{author}` said, `{quote}`, and
    /// what it wrote itself `{when}`.
    pub(crate) unsure: List,
    pub(crate) nearest: List,
    pub(crate) own_words: List,
    /// Whom it follows: `{author}` and `{other}`.
    pub(crate) following: List,
    /// What it will do.
    pub(crate) next: Sides,
    pub(crate) will_answer: List,
    pub(crate) will_watch: List,
    /// Why it did what it did.
    pub(crate) why: Sides,
    /// How many follow it.
    pub(crate) standing: List,
    /// How an answer ends.
    pub(crate) ends: List,
}

/// What it did, deed by deed: to a post of `{author}`, `{quote}`; to `{author}`.
pub(crate) struct Did {
    pub(crate) posted: List,
    pub(crate) reposted: List,
    pub(crate) quoted: List,
    pub(crate) liked: List,
    pub(crate) unliked: List,
    pub(crate) disliked: List,
    pub(crate) undid_dislike: List,
    pub(crate) reported: List,
    pub(crate) commented: List,
    pub(crate) liked_comment: List,
    pub(crate) unliked_comment: List,
    pub(crate) disliked_comment: List,
    pub(crate) undid_comment_dislike: List,
    pub(crate) followed: List,
    pub(crate) unfollowed: List,
    pub(crate) muted: List,
    pub(crate) unmuted: List,
}
