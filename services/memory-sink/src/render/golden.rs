//! Every action with all that may be absent of it, against the committed lines.
//!
//! After a change of the words: `SHOAL_REWRITE=1 cargo test -p memory-sink golden`, and read the
//! difference.

use std::collections::BTreeSet;
use std::iter;
use std::path::PathBuf;

use contract::action::{
    Action, ActionBody, CreateComment, CreatePost, DislikeComment, DislikePost, DoNothing, Follow,
    LikeComment, LikePost, Mute, QuotePost, ReportPost, Repost, SearchPosts, SearchUser,
    ShownPosts,
};
use serde_json::{Map, Value, json};

use super::{Language, line};

/// Each action with nothing absent. A new one has no place here before it is given one.
fn next(body: Option<&ActionBody>) -> Option<ActionBody> {
    Some(match body {
        None => ActionBody::CreatePost(CreatePost {
            content: text("我去夜市。"),
            post_id: Some(9),
        }),
        Some(ActionBody::CreatePost(_)) => ActionBody::Repost(Repost {
            reposted_id: 4,
            new_post_id: Some(9),
            original_content: Some(text("The pier closes at 9.")),
            original_author_name: Some(text("Jo")),
        }),
        Some(ActionBody::Repost(_)) => ActionBody::QuotePost(QuotePost {
            quoted_id: 4,
            quote_content: text("Too early!"),
            new_post_id: Some(9),
            original_content: Some(text("The pier closes at 9.")),
            original_author_name: Some(text("Jo")),
        }),
        Some(ActionBody::QuotePost(_)) => ActionBody::LikePost(like_post()),
        Some(ActionBody::LikePost(_)) => ActionBody::UnlikePost(like_post()),
        Some(ActionBody::UnlikePost(_)) => ActionBody::DislikePost(dislike_post()),
        Some(ActionBody::DislikePost(_)) => ActionBody::UndoDislikePost(dislike_post()),
        Some(ActionBody::UndoDislikePost(_)) => ActionBody::ReportPost(ReportPost {
            post_id: 4,
            report_reason: text("a lie"),
            report_id: Some(3),
            post_content: Some(text("The pier closes at 9.")),
            post_author_name: Some(text("Jo")),
        }),
        Some(ActionBody::ReportPost(_)) => ActionBody::CreateComment(CreateComment {
            post_id: 4,
            parent_comment_id: Some(2),
            content: text("Who says so?"),
            comment_id: Some(3),
            post_content: Some(text("The pier closes at 9.")),
            post_author_name: Some(text("Jo")),
            parent_content: Some(text("真的吗？")),
            parent_author_name: Some(text("王芳")),
        }),
        Some(ActionBody::CreateComment(_)) => ActionBody::LikeComment(like_comment()),
        Some(ActionBody::LikeComment(_)) => ActionBody::UnlikeComment(like_comment()),
        Some(ActionBody::UnlikeComment(_)) => ActionBody::DislikeComment(dislike_comment()),
        Some(ActionBody::DislikeComment(_)) => ActionBody::UndoDislikeComment(dislike_comment()),
        Some(ActionBody::UndoDislikeComment(_)) => ActionBody::Follow(follow()),
        Some(ActionBody::Follow(_)) => ActionBody::Unfollow(follow()),
        Some(ActionBody::Unfollow(_)) => ActionBody::Mute(mute()),
        Some(ActionBody::Mute(_)) => ActionBody::Unmute(mute()),
        Some(ActionBody::Unmute(_)) => ActionBody::SearchPosts(SearchPosts {
            query: text("夜市 stalls"),
            post_ids: vec![9, 4],
        }),
        Some(ActionBody::SearchPosts(_)) => {
            ActionBody::SearchUser(SearchUser { query: text("Jo"), user_ids: vec![2] })
        }
        Some(ActionBody::SearchUser(_)) => {
            ActionBody::Trend(ShownPosts { post_ids: vec![4, 2, 9] })
        }
        Some(ActionBody::Trend(_)) => ActionBody::Refresh(ShownPosts { post_ids: vec![4] }),
        Some(ActionBody::Refresh(_)) => ActionBody::DoNothing(DoNothing {}),
        Some(ActionBody::DoNothing(_)) => return None,
    })
}

fn text(words: &str) -> String {
    words.to_owned()
}

fn like_post() -> LikePost {
    let (content, author) = (Some(text("The pier closes at 9.")), Some(text("Jo")));
    LikePost { post_id: 4, like_id: Some(1), post_content: content, post_author_name: author }
}

fn dislike_post() -> DislikePost {
    let (content, author) = (Some(text("The pier closes at 9.")), Some(text("Jo")));
    DislikePost { post_id: 4, dislike_id: Some(1), post_content: content, post_author_name: author }
}

fn like_comment() -> LikeComment {
    LikeComment {
        comment_id: 4,
        comment_like_id: Some(1),
        post_id: Some(4),
        comment_content: Some(text("真的吗？")),
        comment_author_name: Some(text("王芳")),
    }
}

fn dislike_comment() -> DislikeComment {
    DislikeComment {
        comment_id: 4,
        comment_dislike_id: Some(1),
        post_id: Some(4),
        comment_content: Some(text("真的吗？")),
        comment_author_name: Some(text("王芳")),
    }
}

fn follow() -> Follow {
    Follow { followee_id: 2, follow_id: Some(1), target_user_name: Some(text("Jo")) }
}

fn mute() -> Mute {
    Mute { mutee_id: 2, mute_id: Some(1), target_user_name: Some(text("Jo")) }
}

/// An action as it stands in a frame.
fn action(action_type: &str, args: &Value) -> Option<Action> {
    serde_json::from_value(json!({
        "seq": 1, "agent_id": 7, "agent_name": "Mara", "action_type": action_type,
        "action_args": args, "result": null, "success": true,
    }))
    .ok()
}

/// `body` with and without each thing that may be absent: what is required is empty instead.
fn cases(body: &ActionBody) -> Vec<Action> {
    let whole = serde_json::to_value(body).unwrap();
    let whole = whole.as_object().unwrap();
    let matters = |key: &String, value: &Value| !value.is_number() || key == "parent_comment_id";
    let keys: Vec<&String> =
        whole.iter().filter(|(key, value)| matters(key, value)).map(|(key, _)| key).collect();
    let mut cases = Vec::new();
    for absent in 0..1_usize << keys.len() {
        let mut args: Map<String, Value> = whole.clone();
        for (_, key) in keys.iter().enumerate().filter(|(bit, _)| absent >> bit & 1 == 1) {
            let mut without = args.clone();
            without.remove(key.as_str());
            if action(body.type_name(), &without.clone().into()).is_some() {
                args = without;
            } else {
                args[key.as_str()] = if whole[*key].is_array() { json!([]) } else { json!("") };
            }
        }
        // There is no parent to know something of.
        let orphan = !args.contains_key("parent_comment_id");
        if orphan && args.keys().any(|key| key.starts_with("parent_")) {
            continue;
        }
        cases.push(action(body.type_name(), &args.into()).unwrap());
    }
    cases
}

/// Every case, in order: `action_type action_args -> line`.
fn written(language: Language) -> String {
    let bodies = iter::successors(next(None), |body| next(Some(body)));
    let cases = bodies.flat_map(|body| cases(&body));
    let row = |action: Action| {
        let (name, args) = (action.body.type_name(), serde_json::to_string(&action.body).unwrap());
        format!("{name} {args} -> {}\n", line(&action, language))
    };
    cases.map(row).collect()
}

fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/render/golden").join(file)
}

fn check(file: &str, language: Language) {
    let path = path(file);
    let written = written(language);
    if std::env::var_os("SHOAL_REWRITE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &written).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    for (committed, written) in committed.lines().zip(written.lines()) {
        assert_eq!(committed, written, "{file}: if the change is meant, set SHOAL_REWRITE=1");
    }
    assert_eq!(committed.lines().count(), written.lines().count(), "{file}");
}

#[test]
fn every_line_in_english_is_the_committed_one() {
    check("english.txt", Language::English);
}

#[test]
fn every_line_in_chinese_is_the_committed_one() {
    check("chinese.txt", Language::Chinese);
}

#[test]
fn every_action_has_committed_lines_and_no_two_cases_are_one() {
    let bodies = iter::successors(next(None), |body| next(Some(body)));
    let types: BTreeSet<&str> = bodies.map(|body| body.type_name()).collect();
    for file in ["english.txt", "chinese.txt"] {
        let committed = std::fs::read_to_string(path(file)).unwrap();
        let named: BTreeSet<&str> =
            committed.lines().filter_map(|line| line.split(' ').next()).collect();
        assert_eq!(named, types);
        let cases: Vec<&str> =
            committed.lines().filter_map(|line| line.split(" -> ").next()).collect();
        assert_eq!(cases.iter().collect::<BTreeSet<_>>().len(), cases.len());
    }
}
