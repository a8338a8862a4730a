//! What actions mean, row by row.

use contract::action::Action;
use serde_json::{Value, json};

use super::*;

fn action(kind: &str, args: &Value) -> Action {
    serde_json::from_value(json!({
        "seq": 1, "agent_id": 0, "agent_name": "Ada", "action_type": kind,
        "action_args": args, "result": null, "success": true,
    }))
    .unwrap()
}

/// What an action means, short enough for a table.
fn short(action: &Action) -> String {
    let Some(meaning) = Meaning::of(&action.body) else { return "nothing".to_owned() };
    let made = meaning.made.map_or(String::new(), |made| format!(", made {:?}", made.thing));
    let ends = if meaning.ends { "no more " } else { "" };
    format!("{ends}{} {:?}{made}", meaning.relation.name(), meaning.target.thing)
}

#[test]
fn each_action_means_one_thing() {
    let post = json!({"post_id": 7});
    let comment = json!({"comment_id": 8});
    let follow = json!({"followee_id": 2});
    let mute = json!({"mutee_id": 2});
    let none = json!({"post_ids": []});
    let table: [(&str, Value, &str); 23] = [
        ("CREATE_POST", json!({"content": "x", "post_id": 7}), "POSTED Post(7)"),
        ("CREATE_POST", json!({"content": "x"}), "nothing"),
        ("REPOST", json!({"reposted_id": 7, "new_post_id": 9}), "REPOSTED Post(7)"),
        (
            "QUOTE_POST",
            json!({"quoted_id": 7, "quote_content": "x", "new_post_id": 9}),
            "QUOTED Post(7), made Post(9)",
        ),
        ("LIKE_POST", post.clone(), "LIKED Post(7)"),
        ("UNLIKE_POST", post.clone(), "no more LIKED Post(7)"),
        ("DISLIKE_POST", post.clone(), "DISLIKED Post(7)"),
        ("UNDO_DISLIKE_POST", post, "no more DISLIKED Post(7)"),
        ("REPORT_POST", json!({"post_id": 7, "report_reason": "x"}), "REPORTED Post(7)"),
        (
            "CREATE_COMMENT",
            json!({"post_id": 7, "content": "x", "comment_id": 8}),
            "COMMENTED_ON Post(7), made Comment(8)",
        ),
        (
            "CREATE_COMMENT",
            json!({"post_id": 7, "parent_comment_id": 5, "content": "x", "comment_id": 8}),
            "ANSWERED Comment(5), made Comment(8)",
        ),
        ("LIKE_COMMENT", comment.clone(), "LIKED_COMMENT Comment(8)"),
        ("UNLIKE_COMMENT", comment.clone(), "no more LIKED_COMMENT Comment(8)"),
        ("DISLIKE_COMMENT", comment.clone(), "DISLIKED_COMMENT Comment(8)"),
        ("UNDO_DISLIKE_COMMENT", comment, "no more DISLIKED_COMMENT Comment(8)"),
        ("FOLLOW", follow.clone(), "FOLLOWS Agent(2)"),
        ("UNFOLLOW", follow, "no more FOLLOWS Agent(2)"),
        ("MUTE", mute.clone(), "MUTED Agent(2)"),
        ("UNMUTE", mute, "no more MUTED Agent(2)"),
        (
            "SEARCH_POSTS",
            json!({"query": " the pier ", "post_ids": []}),
            "SEARCHED_FOR Topic(\"the pier\")",
        ),
        ("SEARCH_USER", json!({"query": " ", "user_ids": []}), "nothing"),
        ("TREND", none.clone(), "nothing"),
        ("REFRESH", none, "nothing"),
    ];
    for (kind, args, expected) in table {
        assert_eq!(short(&action(kind, &args)), expected, "{kind} {args}");
    }
}

#[test]
fn relations_are_known_by_number_and_name() {
    for relation in Relation::ALL {
        assert_eq!(Relation::of(relation.number()), Some(relation));
        assert_eq!(Relation::named(relation.name()), Some(relation));
    }
    assert_eq!((Relation::of(0), Relation::named("follows")), (None, None));
}

#[test]
fn a_name_is_the_beginning_of_a_text_on_one_line() {
    assert_eq!(name_of("Pier 9\ncloses"), "Pier 9 closes");
    assert_eq!(name_of(&"图".repeat(NAME_CHARACTERS)), "图".repeat(NAME_CHARACTERS));
    let long = "x".repeat(NAME_CHARACTERS + 1);
    assert_eq!(name_of(&long), format!("{}…", "x".repeat(NAME_CHARACTERS)));
}

#[test]
fn the_uuid_of_a_node_says_which_it_is() {
    let hash = scope_hash("图 1", "market-1:twitter");
    assert_ne!(hash, scope_hash("图 1", "market-2:twitter"));
    assert_ne!(hash, scope_hash("图 2", "market-1:twitter"));
    let topic = Thing::Topic("Pier");
    assert_eq!(topic.number(), Thing::Topic("pier").number());
    for thing in [Thing::Agent(u32::MAX), Thing::Post(0), Thing::Comment(1 << 53), topic] {
        let parts = (hash, thing.kind(), thing.number());
        let uuid = node_uuid(parts.0, parts.1, parts.2);
        assert_eq!(read_node_uuid(&uuid), Some(parts), "{uuid}");
        assert_eq!((uuid.len(), &uuid[14..15], &uuid[19..20]), (36, "8", "8"));
    }
    // As it stands in the files and memories of others: never to change.
    assert_eq!(node_uuid(0x00ab_cdef_0123_4567, 1, 7), "abcdef01-2345-8671-8000-000000000007");
    for text in ["", "Ada", "5a2ddee5-032c-86e3-9df2-09dd8f074bd0", &"图".repeat(12)] {
        assert_eq!(read_node_uuid(text), None, "{text}");
    }
}
