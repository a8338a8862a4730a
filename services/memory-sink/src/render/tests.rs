//! Actions as they stand in frames against their lines, row by row.

use super::*;
use serde_json::{Value, json};

/// An action as it stands in a frame.
fn action(action_type: &str, action_args: &Value) -> Action {
    serde_json::from_value(json!({
        "seq": 1, "agent_id": 7, "agent_name": "Mara", "action_type": action_type,
        "action_args": action_args, "result": null, "success": true,
    }))
    .unwrap()
}

/// What Mara does, as the line has it.
#[track_caller]
fn check(action_type: &str, args: &Value, expected: &str) {
    assert_eq!(
        line(&action(action_type, args), Language::English),
        format!("Mara: {expected}"),
        "{args}"
    );
}

/// What was done to something of which the text, the author, both or neither is known:
/// `ids` are the arguments beside these two.
#[track_caller]
fn check_degrees(action_type: &str, ids: &Value, names: [&str; 2], expected: [&str; 4]) {
    let with = |content: Option<&str>, author: Option<&str>| {
        let mut args = ids.clone();
        for (name, value) in names.into_iter().zip([content, author]) {
            if let Some(value) = value {
                args[name] = value.into();
            }
        }
        args
    };
    let [both, content, author, neither] = expected;
    check(action_type, &with(Some("Hi"), Some("Jo")), both);
    check(action_type, &with(Some("Hi"), None), content);
    check(action_type, &with(None, Some("Jo")), author);
    check(action_type, &with(None, None), neither);
    check(action_type, &with(Some(" \n"), Some("\u{0}")), neither);
}

const OF_POST: [&str; 2] = ["post_content", "post_author_name"];
const OF_ORIGINAL: [&str; 2] = ["original_content", "original_author_name"];
const OF_COMMENT: [&str; 2] = ["comment_content", "comment_author_name"];

#[test]
fn posts() {
    check(
        "CREATE_POST",
        &json!({"content": "The pier closes at 9.", "post_id": 4}),
        "published a post: \"The pier closes at 9.\"",
    );
    check("CREATE_POST", &json!({"content": ""}), "published a post");
    check(
        "CREATE_POST",
        &json!({"content": "图书馆今晚关门"}),
        "published a post: \"图书馆今晚关门\"",
    );
}

#[test]
fn reposts() {
    check_degrees(
        "REPOST",
        &json!({"reposted_id": 4}),
        OF_ORIGINAL,
        [
            "reposted Jo's post: \"Hi\"",
            "reposted a post: \"Hi\"",
            "reposted a post by Jo",
            "reposted a post",
        ],
    );
}

#[test]
fn quotes() {
    check_degrees(
        "QUOTE_POST",
        &json!({"quoted_id": 4, "quote_content": "No."}),
        OF_ORIGINAL,
        [
            "quoted Jo's post \"Hi\" and said: \"No.\"",
            "quoted the post \"Hi\" and said: \"No.\"",
            "quoted Jo's post and said: \"No.\"",
            "quoted a post and said: \"No.\"",
        ],
    );
    check_degrees(
        "QUOTE_POST",
        &json!({"quoted_id": 4, "quote_content": " "}),
        OF_ORIGINAL,
        [
            "quoted Jo's post: \"Hi\"",
            "quoted a post: \"Hi\"",
            "quoted a post by Jo",
            "quoted a post",
        ],
    );
}

#[test]
fn likes_and_dislikes() {
    let post = (json!({"post_id": 4}), OF_POST, "post");
    let comment = (json!({"comment_id": 4}), OF_COMMENT, "comment");
    for (action_type, (ids, names, noun), verb) in [
        ("LIKE_POST", &post, "liked"),
        ("UNLIKE_POST", &post, "took back the like of"),
        ("DISLIKE_POST", &post, "disliked"),
        ("UNDO_DISLIKE_POST", &post, "took back the dislike of"),
        ("LIKE_COMMENT", &comment, "liked"),
        ("UNLIKE_COMMENT", &comment, "took back the like of"),
        ("DISLIKE_COMMENT", &comment, "disliked"),
        ("UNDO_DISLIKE_COMMENT", &comment, "took back the dislike of"),
    ] {
        let expected = [
            format!("{verb} Jo's {noun}: \"Hi\""),
            format!("{verb} a {noun}: \"Hi\""),
            format!("{verb} a {noun} by Jo"),
            format!("{verb} a {noun}"),
        ];
        check_degrees(action_type, ids, *names, expected.each_ref().map(String::as_str));
    }
}

#[test]
fn reports() {
    check_degrees(
        "REPORT_POST",
        &json!({"post_id": 4, "report_reason": "a lie"}),
        OF_POST,
        [
            "reported Jo's post \"Hi\" for this reason: \"a lie\"",
            "reported the post \"Hi\" for this reason: \"a lie\"",
            "reported Jo's post for this reason: \"a lie\"",
            "reported a post for this reason: \"a lie\"",
        ],
    );
    check_degrees(
        "REPORT_POST",
        &json!({"post_id": 4, "report_reason": ""}),
        OF_POST,
        [
            "reported Jo's post: \"Hi\"",
            "reported a post: \"Hi\"",
            "reported a post by Jo",
            "reported a post",
        ],
    );
}

#[test]
fn comments() {
    check_degrees(
        "CREATE_COMMENT",
        &json!({"content": "No.", "post_id": 4}),
        OF_POST,
        [
            "commented under Jo's post \"Hi\": \"No.\"",
            "commented under the post \"Hi\": \"No.\"",
            "commented under Jo's post: \"No.\"",
            "commented: \"No.\"",
        ],
    );
    check_degrees(
        "CREATE_COMMENT",
        &json!({"content": "", "post_id": 4}),
        OF_POST,
        ["left a comment"; 4],
    );
}

#[test]
fn comments_that_answer_a_comment() {
    let answer = |content: &str, parent: &str| {
        json!({"content": content, "post_id": 4, "parent_comment_id": 2,
            "parent_author_name": parent})
    };
    check_degrees(
        "CREATE_COMMENT",
        &answer("No.", "Kim"),
        OF_POST,
        [
            "answered Kim's comment under Jo's post \"Hi\": \"No.\"",
            "answered Kim's comment under the post \"Hi\": \"No.\"",
            "answered Kim's comment under Jo's post: \"No.\"",
            "answered Kim's comment: \"No.\"",
        ],
    );
    let mut quoting = answer("No.", "Kim");
    quoting["parent_content"] = json!("Yes?");
    check("CREATE_COMMENT", &quoting, "answered Kim's comment \"Yes?\": \"No.\"");
    check("CREATE_COMMENT", &answer("No.", "\n"), "answered a comment: \"No.\"");
    check("CREATE_COMMENT", &answer("", "Kim"), "answered Kim's comment");
    check("CREATE_COMMENT", &answer("", ""), "answered a comment");
}

#[test]
fn follows_and_mutes() {
    for (action_type, id, verb) in [
        ("FOLLOW", "followee_id", "followed"),
        ("UNFOLLOW", "followee_id", "unfollowed"),
        ("MUTE", "mutee_id", "muted"),
        ("UNMUTE", "mutee_id", "unmuted"),
    ] {
        let named = format!("{verb} the user \"Jo\"");
        check(action_type, &json!({id: 2, "target_user_name": "Jo"}), &named);
        check(action_type, &json!({id: 2}), &format!("{verb} a user"));
        check(action_type, &json!({id: 2, "target_user_name": " "}), &format!("{verb} a user"));
    }
}

#[test]
fn searches() {
    for (query, ids, expected) in [
        ("夜市 stalls", vec![9, 4], "searched for posts about \"夜市 stalls\" and found 2"),
        ("x", vec![], "searched for posts about \"x\" and found none"),
        ("\n", vec![], "searched for posts and found none"),
    ] {
        check("SEARCH_POSTS", &json!({"query": query, "post_ids": ids}), expected);
    }
    for (query, ids, expected) in [
        ("Jo", vec![7], "searched for users matching \"Jo\" and found 1"),
        ("Jo\tKim", vec![], "searched for users matching \"Jo Kim\" and found none"),
        ("", vec![7], "searched for users and found 1"),
    ] {
        check("SEARCH_USER", &json!({"query": query, "user_ids": ids}), expected);
    }
}

#[test]
fn looks() {
    check("TREND", &json!({"post_ids": [4, 2, 9]}), "looked at the trending posts and found 3");
    check("TREND", &json!({"post_ids": []}), "looked at the trending posts and found none");
    check("REFRESH", &json!({"post_ids": [4]}), "looked at the feed");
    check("DO_NOTHING", &json!({}), "did nothing");
}

#[test]
fn a_hostile_text_stays_on_one_line() {
    check(
        "CREATE_POST",
        &json!({"content": "one\r\ntwo\u{0}\u{2028}three\t four \u{1b}[31m"}),
        "published a post: \"one two three four [31m\"",
    );
    let mut nameless = action("CREATE_POST", &json!({"content": "x"}));
    nameless.agent_name = "\n".to_owned();
    assert_eq!(line(&nameless, Language::English), "agent 7: published a post: \"x\"");
    assert_eq!(line(&nameless, Language::Chinese), "智能体7: 发布了一条帖子：「x」");
}

/// What the original says, word by word.
#[test]
fn chinese_is_what_the_original_says() {
    let (both, content) = (json!({"post_content": "Hi", "post_author_name": "Jo"}), json!({}));
    let comment = json!({"comment_content": "Hi", "comment_author_name": "Jo", "comment_id": 1});
    let quote = |words: &str| {
        json!({"quoted_id": 1, "quote_content": words, "original_content": "Hi",
            "original_author_name": "Jo"})
    };
    let with = |mut args: Value, more: Value| {
        for (key, value) in more.as_object().unwrap() {
            args[key] = value.clone();
        }
        args
    };
    let post = json!({"post_id": 1});
    for (action_type, args, expected) in [
        ("CREATE_POST", json!({"content": "Hi"}), "发布了一条帖子：「Hi」"),
        ("CREATE_POST", json!({"content": ""}), "发布了一条帖子"),
        ("LIKE_POST", with(post.clone(), both.clone()), "点赞了Jo的帖子：「Hi」"),
        ("LIKE_POST", with(post.clone(), json!({"post_content": "Hi"})), "点赞了一条帖子：「Hi」"),
        ("LIKE_POST", with(post.clone(), json!({"post_author_name": "Jo"})), "点赞了Jo的一条帖子"),
        ("LIKE_POST", with(post.clone(), content), "点赞了一条帖子"),
        ("DISLIKE_POST", with(post, both.clone()), "踩了Jo的帖子：「Hi」"),
        (
            "REPOST",
            json!({"reposted_id": 1, "original_content": "Hi", "original_author_name": "Jo"}),
            "转发了Jo的帖子：「Hi」",
        ),
        ("QUOTE_POST", quote("No."), "引用了Jo的帖子「Hi」，并评论道：「No.」"),
        ("QUOTE_POST", quote(""), "引用了Jo的帖子「Hi」"),
        ("FOLLOW", json!({"followee_id": 2, "target_user_name": "Jo"}), "关注了用户「Jo」"),
        ("FOLLOW", json!({"followee_id": 2}), "关注了一个用户"),
        (
            "CREATE_COMMENT",
            with(json!({"content": "No.", "post_id": 1}), both),
            "在Jo的帖子「Hi」下评论道：「No.」",
        ),
        (
            "CREATE_COMMENT",
            json!({"content": "No.", "post_id": 1, "post_content": "Hi"}),
            "在帖子「Hi」下评论道：「No.」",
        ),
        (
            "CREATE_COMMENT",
            json!({"content": "No.", "post_id": 1, "post_author_name": "Jo"}),
            "在Jo的帖子下评论道：「No.」",
        ),
        ("CREATE_COMMENT", json!({"content": "No.", "post_id": 1}), "评论道：「No.」"),
        ("CREATE_COMMENT", json!({"content": " ", "post_id": 1}), "发表了评论"),
        ("LIKE_COMMENT", comment.clone(), "点赞了Jo的评论：「Hi」"),
        ("DISLIKE_COMMENT", comment, "踩了Jo的评论：「Hi」"),
        ("MUTE", json!({"mutee_id": 2, "target_user_name": "Jo"}), "屏蔽了用户「Jo」"),
        ("MUTE", json!({"mutee_id": 2}), "屏蔽了一个用户"),
    ] {
        let written = line(&action(action_type, &args), Language::Chinese);
        assert_eq!(written, format!("Mara: {expected}"), "{args}");
    }
    // Beside the original's words stands what the search found.
    for (action_type, args, beginning) in [
        ("SEARCH_POSTS", json!({"query": "q", "post_ids": [1]}), "搜索了「q」"),
        ("SEARCH_POSTS", json!({"query": "", "post_ids": []}), "进行了搜索"),
        ("SEARCH_USER", json!({"query": "q", "user_ids": []}), "搜索了用户「q」"),
        ("SEARCH_USER", json!({"query": "", "user_ids": [1]}), "搜索了用户"),
    ] {
        let written = line(&action(action_type, &args), Language::Chinese);
        assert!(written.starts_with(&format!("Mara: {beginning}，")), "{written}");
    }
}
