//! An action in words: one line of English, `<agent_name>: <description>`.

use contract::action::{Action, ActionBody};

/// The line. Names and texts come from agents, so whatever would break the line (line ends,
/// control characters) becomes a single space; what is empty counts as absent.
pub fn line(action: &Action) -> String {
    let name = clean(Some(&action.agent_name));
    let name = name.unwrap_or_else(|| format!("agent {}", action.agent_id));
    format!("{name}: {}", describe(&action.body))
}

fn describe(body: &ActionBody) -> String {
    match body {
        ActionBody::CreatePost(post) => match clean(Some(&post.content)) {
            Some(content) => format!("published a post: \"{content}\""),
            None => "published a post".to_owned(),
        },
        ActionBody::CreateComment(comment) => comment_line(
            clean(Some(&comment.content)),
            clean(comment.post_content.as_deref()),
            clean(comment.post_author_name.as_deref()),
        ),
        ActionBody::LikePost(like) => on_a_post(
            "liked",
            clean(like.post_content.as_deref()),
            clean(like.post_author_name.as_deref()),
        ),
        ActionBody::Repost(repost) => on_a_post(
            "reposted",
            clean(repost.original_content.as_deref()),
            clean(repost.original_author_name.as_deref()),
        ),
        ActionBody::Follow(follow) => match clean(follow.target_user_name.as_deref()) {
            Some(name) => format!("followed the user \"{name}\""),
            None => "followed a user".to_owned(),
        },
        ActionBody::DoNothing(_) => "did nothing".to_owned(),
    }
}

/// What was done to a post, with as much of the post as is known.
fn on_a_post(verb: &str, content: Option<String>, author: Option<String>) -> String {
    match (content, author) {
        (Some(content), Some(author)) => format!("{verb} {author}'s post: \"{content}\""),
        (Some(content), None) => format!("{verb} a post: \"{content}\""),
        (None, Some(author)) => format!("{verb} a post by {author}"),
        (None, None) => format!("{verb} a post"),
    }
}

fn comment_line(content: Option<String>, post: Option<String>, author: Option<String>) -> String {
    let Some(content) = content else { return "left a comment".to_owned() };
    match (post, author) {
        (Some(post), Some(author)) => {
            format!("commented under {author}'s post \"{post}\": \"{content}\"")
        }
        (Some(post), None) => format!("commented under the post \"{post}\": \"{content}\""),
        (None, Some(author)) => format!("commented under {author}'s post: \"{content}\""),
        (None, None) => format!("commented: \"{content}\""),
    }
}

/// `text` on one line, `None` if nothing of it remains.
fn clean(text: Option<&str>) -> Option<String> {
    let breaks = |c: char| c.is_whitespace() || c.is_control();
    let words: Vec<&str> = text?.split(breaks).filter(|word| !word.is_empty()).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

#[cfg(test)]
mod tests {
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

    #[track_caller]
    fn check(action_type: &str, args: &Value, expected: &str) {
        assert_eq!(line(&action(action_type, args)), expected);
    }

    #[test]
    fn posts() {
        check(
            "CREATE_POST",
            &json!({"content": "The pier closes at 9.", "post_id": 4}),
            "Mara: published a post: \"The pier closes at 9.\"",
        );
        check("CREATE_POST", &json!({"content": ""}), "Mara: published a post");
        check(
            "CREATE_POST",
            &json!({"content": "图书馆今晚关门"}),
            "Mara: published a post: \"图书馆今晚关门\"",
        );
    }

    #[test]
    fn likes() {
        let (text, author) = ("post_content", "post_author_name");
        check(
            "LIKE_POST",
            &json!({"post_id": 4, text: "Hi", author: "Jo"}),
            "Mara: liked Jo's post: \"Hi\"",
        );
        check("LIKE_POST", &json!({"post_id": 4, text: "Hi"}), "Mara: liked a post: \"Hi\"");
        check("LIKE_POST", &json!({"post_id": 4, author: "Jo"}), "Mara: liked a post by Jo");
        check("LIKE_POST", &json!({"post_id": 4}), "Mara: liked a post");
        check("LIKE_POST", &json!({"post_id": 4, text: " \n", author: ""}), "Mara: liked a post");
    }

    #[test]
    fn reposts() {
        let (text, author) = ("original_content", "original_author_name");
        check(
            "REPOST",
            &json!({"reposted_id": 4, text: "Hi", author: "Jo"}),
            "Mara: reposted Jo's post: \"Hi\"",
        );
        check("REPOST", &json!({"reposted_id": 4, text: "Hi"}), "Mara: reposted a post: \"Hi\"");
        check("REPOST", &json!({"reposted_id": 4, author: "Jo"}), "Mara: reposted a post by Jo");
        check("REPOST", &json!({"reposted_id": 4}), "Mara: reposted a post");
    }

    #[test]
    fn comments() {
        let (post, author) = ("post_content", "post_author_name");
        check(
            "CREATE_COMMENT",
            &json!({"content": "No.", "post_id": 4, post: "Hi", author: "Jo"}),
            "Mara: commented under Jo's post \"Hi\": \"No.\"",
        );
        check(
            "CREATE_COMMENT",
            &json!({"content": "No.", "post_id": 4, post: "Hi"}),
            "Mara: commented under the post \"Hi\": \"No.\"",
        );
        check(
            "CREATE_COMMENT",
            &json!({"content": "No.", "post_id": 4, author: "Jo"}),
            "Mara: commented under Jo's post: \"No.\"",
        );
        check(
            "CREATE_COMMENT",
            &json!({"content": "No.", "post_id": 4}),
            "Mara: commented: \"No.\"",
        );
        check(
            "CREATE_COMMENT",
            &json!({"content": "", "post_id": 4, post: "Hi"}),
            "Mara: left a comment",
        );
    }

    #[test]
    fn follows() {
        check(
            "FOLLOW",
            &json!({"followee_id": 2, "target_user_name": "Jo"}),
            "Mara: followed the user \"Jo\"",
        );
        check("FOLLOW", &json!({"followee_id": 2}), "Mara: followed a user");
    }

    #[test]
    fn a_hostile_text_stays_on_one_line() {
        check(
            "CREATE_POST",
            &json!({"content": "one\r\ntwo\u{0}\u{2028}three\t four \u{1b}[31m"}),
            "Mara: published a post: \"one two three four [31m\"",
        );
        let mut nameless = action("CREATE_POST", &json!({"content": "x"}));
        nameless.agent_name = "\n".to_owned();
        assert_eq!(line(&nameless), "agent 7: published a post: \"x\"");
    }
}
