//! English phrases.

mod additions;
mod comments;
mod echoes;
mod interview;
mod light;
mod posts;
mod quotes;
mod replies;

use super::phrases::{Grammar, Language, When};

pub(crate) static ENGLISH: Language = Language {
    grammar: Grammar {
        space: " ",
        address: ["@", " "],
        article: "the ",
        one: ["I", "am", "my", "me", "have"],
        many: ["we", "are", "our", "us", "have"],
        singular: ["is", "has", "it", "it"],
        plural: ["are", "have", "they", "them"],
        anything: "this",
        when: When {
            just_now: "a moment ago",
            this_morning: "this morning",
            this_afternoon: "this afternoon",
            this_evening: "earlier this evening",
            last_night: "last night",
            yesterday: "yesterday",
            days_ago: "{count} days ago",
        },
    },
    posts: &posts::POSTS,
    comments: &comments::COMMENTS,
    quotes: &quotes::QUOTES,
    reasons: quotes::REASONS,
    interview: &interview::INTERVIEW,
};
