//! Chinese phrases.

mod additions;
mod comments;
mod echoes;
mod interview;
mod light;
mod posts;
mod quotes;
mod replies;

use super::phrases::{Grammar, Language, When};

pub(crate) static CHINESE: Language = Language {
    grammar: Grammar {
        space: "",
        address: ["回复", "："],
        article: "",
        one: ["我", "", "我的", "我", ""],
        many: ["我们", "", "我们的", "我们", ""],
        singular: ["", "", "它", "它"],
        plural: ["", "", "它们", "它们"],
        anything: "这件事",
        when: When {
            just_now: "刚才",
            this_morning: "今天早上",
            this_afternoon: "今天下午",
            this_evening: "今晚早些时候",
            last_night: "昨晚",
            yesterday: "昨天",
            days_ago: "{count}天前",
        },
    },
    posts: &posts::POSTS,
    comments: &comments::COMMENTS,
    quotes: &quotes::QUOTES,
    reasons: quotes::REASONS,
    interview: &interview::INTERVIEW,
};
