//! What each page says, field by field, and how pages follow on each other.

use axum::extract::{Path, Query};
use serde_json::{Value, json};

use super::*;
use crate::http::pages;
use crate::http::query::AskedPart;
use crate::read_model::tests::{Town, did, lively};

/// A run with all that pages show, in two worlds.
fn town() -> Town {
    let (mut town, mut twitter, mut reddit) = Town::with_two_worlds();
    let (twitter, reddit) = (lively(&mut twitter, false), lively(&mut reddit, true));
    for (of_twitter, of_reddit) in twitter.iter().zip(&reddit) {
        town.take(of_twitter);
        town.take(of_reddit);
    }
    town
}

fn read<K: Kind>(id: &str, query: &str) -> Result<(K, AskedPart), Vec<String>> {
    let uri = format!("/?{query}").parse().unwrap();
    let read = pages::read::<K>(Ok(Path(id.to_owned())), Query::try_from_uri(&uri));
    read.map(|(_, kind, part)| (kind, part))
        .map_err(|problems| problems.as_slice().iter().map(ToString::to_string).collect())
}

/// The `data` of a page.
fn ask<K: Kind>(town: &Town, query: &str) -> Value {
    let (kind, AskedPart { part, .. }) = read::<K>("market-1", query).ok().unwrap();
    let run = "market-1".parse().unwrap();
    let body = town.ask(|rows| {
        let view = View::load(rows, &run, kind.platform())?;
        kind.answer(rows, &view, part, 3)
    });
    let body: Value = serde_json::from_slice(&body.unwrap()).unwrap();
    assert_eq!(body["success"], true);
    body["data"].clone()
}

fn about(next: Option<&str>) -> Value {
    json!({"run_id": "market-1", "next_cursor": next, "behind_rounds": 3, "problem": null})
}

fn with(mut data: Value, about: &Value) -> Value {
    data.as_object_mut().unwrap().extend(about.as_object().unwrap().clone());
    data
}

#[test]
fn a_page_of_actions_has_these_fields() {
    assert_eq!(
        ask::<Actions>(&town(), "limit=1&platform=twitter&agent_id=2&include=refresh,failed"),
        with(
            json!({
                "count": 1, "total": 6,
                "actions": [{
                    "id": "market-1.twitter.15", "round_num": 3,
                    "timestamp": "2026-03-01T10:00:04.000Z",
                    "simulated_time": "2026-01-01T04:30:00.000Z",
                    "platform": "twitter", "seq": 15, "agent_id": 2, "agent_name": "Agent 2",
                    "action_type": "REFRESH", "action_args": {"post_ids": [1]},
                    "result": "no", "success": false
                }]
            }),
            &about(Some("market-1.actions.0.15"))
        )
    );
}

#[test]
fn a_page_of_the_timeline_has_these_fields() {
    assert_eq!(
        ask::<Timeline>(&town(), "start_round=3&limit=1"),
        with(
            json!({
                "rounds_count": 1, "total": 2,
                "timeline": [{
                    "round_num": 3, "twitter_actions": 4, "reddit_actions": 6, "total_actions": 10,
                    "active_agents_count": 4, "active_agents": [0, 1, 2, 3],
                    "action_types": {
                        "CREATE_COMMENT": 2, "DISLIKE_COMMENT": 2, "LIKE_COMMENT": 2,
                        "LIKE_POST": 1, "UNLIKE_COMMENT": 1, "UNLIKE_POST": 2
                    },
                    "first_action_time": "2026-03-01T10:00:04.000Z",
                    "last_action_time": "2026-03-01T10:00:04.000Z",
                    "simulated_time": "2026-01-01T04:30:00.000Z", "simulated_hours": 4.5
                }]
            }),
            &about(Some("market-1.timeline.3.0"))
        )
    );
    // A round without actions is absent; one with only those that are not asked for as well.
    let rounds = |query: &str| -> Vec<u64> {
        let data = ask::<Timeline>(&town(), query);
        let rounds = data["timeline"].as_array().unwrap().iter();
        rounds.map(|round| round["round_num"].as_u64().unwrap()).collect()
    };
    assert_eq!(rounds(""), [0, 1, 3, 4]);
    assert_eq!(rounds("start_round=1&end_round=3"), [1, 3]);
    assert_eq!(rounds("start_round=2&end_round=2"), [0u64; 0]);
}

#[test]
fn a_page_of_agents_has_these_fields() {
    assert_eq!(
        ask::<Agents>(&town(), "limit=1&offset=1"),
        with(
            json!({
                "agents_count": 1, "total": 5,
                "stats": [{
                    "agent_id": 2, "agent_name": "Agent 2",
                    "total_actions": 8, "twitter_actions": 4, "reddit_actions": 4,
                    "action_types": {
                        "DISLIKE_POST": 2, "LIKE_POST": 2, "QUOTE_POST": 2, "UNLIKE_POST": 2
                    },
                    "first_action_time": "2026-03-01T10:00:02.000Z",
                    "last_action_time": "2026-03-01T10:00:04.000Z"
                }]
            }),
            &about(Some("market-1.agents.8.2"))
        )
    );
    let all = ask::<Agents>(&town(), "include=failed,refresh&platform=twitter&limit=2");
    let (first, second) = (&all["stats"][0], &all["stats"][1]);
    assert_eq!((&first["agent_id"], &first["total_actions"]), (&json!(0), &json!(6)));
    assert_eq!((&second["agent_id"], &second["total_actions"]), (&json!(2), &json!(6)));
    assert_eq!(second["first_action_time"], "2026-03-01T10:00:01.000Z");
    assert_eq!(second["reddit_actions"], 0);
}

#[test]
fn pages_of_posts_and_comments_have_these_fields() {
    let town = town();
    assert_eq!(
        ask::<Posts>(&town, "limit=1&offset=1&include=failed"),
        with(
            json!({
                "platform": "reddit", "total": 5, "count": 1,
                "posts": [{
                    "post_id": 4, "user_id": 2, "original_post_id": 2, "content": "text of 2",
                    "quote_content": "And?", "created_at": "2026-01-01 01:30:00", "num_likes": 0,
                    "num_dislikes": 0, "num_shares": 0, "num_reports": 0,
                    "action_id": "market-1.reddit.8"
                }]
            }),
            &about(Some("market-1.posts.1.4"))
        )
    );
    let oldest = ask::<Posts>(&town, "platform=twitter&cursor=market-1.posts.0.2");
    assert_eq!(
        oldest["posts"],
        json!([{
            "post_id": 1, "user_id": 0, "original_post_id": null, "content": "text of 1",
            "quote_content": null, "created_at": 0, "num_likes": 0, "num_dislikes": 0,
            "num_shares": 1, "num_reports": 1, "action_id": "market-1.twitter.1"
        }])
    );
    assert_eq!(
        ask::<Comments>(&town, "post_id=2"),
        with(
            json!({
                "platform": "reddit", "total": 1, "count": 1,
                "comments": [{
                    "comment_id": 1, "post_id": 2, "user_id": 0, "content": "comment 1",
                    "created_at": "2026-01-01 01:30:00", "num_likes": 0, "num_dislikes": 1,
                    "action_id": "market-1.reddit.6"
                }]
            }),
            &about(None)
        )
    );
    let all = ask::<Comments>(&town, "platform=twitter");
    assert_eq!((&all["total"], &all["comments"][0]["comment_id"]), (&json!(2), &json!(2)));
    assert_eq!(ask::<Comments>(&town, "post_id=77")["total"], 0);
}

#[test]
fn a_run_that_has_done_nothing_has_empty_lists() {
    let town = Town::new();
    let nothing = about(None);
    assert_eq!(
        ask::<Actions>(&town, ""),
        with(json!({"count": 0, "total": 0, "actions": []}), &nothing)
    );
    assert_eq!(
        ask::<Timeline>(&town, ""),
        with(json!({"rounds_count": 0, "total": 0, "timeline": []}), &nothing)
    );
    assert_eq!(
        ask::<Agents>(&town, ""),
        with(json!({"agents_count": 0, "total": 0, "stats": []}), &nothing)
    );
    let posts = json!({"platform": "reddit", "total": 0, "count": 0, "posts": []});
    assert_eq!(ask::<Posts>(&town, ""), with(posts, &nothing));
    let comments = json!({"platform": "twitter", "total": 0, "count": 0, "comments": []});
    assert_eq!(ask::<Comments>(&town, "platform=twitter"), with(comments, &nothing));
}

/// The rows of a list in pages of three: by cursor, by offset, and all at once.
fn follow<K: Kind>(town: &Town, query: &str, list: &str) -> usize {
    let rows = |query: &str| -> (Vec<Value>, Option<String>, u64) {
        let data = ask::<K>(town, query);
        let next = data["next_cursor"].as_str().map(str::to_owned);
        (data[list].as_array().unwrap().clone(), next, data["total"].as_u64().unwrap())
    };
    let (all, next, total) = rows(&format!("{query}&limit=1000"));
    assert_eq!((next, total), (None, all.len() as u64), "{query}");
    let (mut by_cursor, mut page) = rows(&format!("{query}&limit=3")).into_pages();
    while let Some(cursor) = page {
        let (more, next) = rows(&format!("{query}&limit=3&cursor={cursor}")).into_pages();
        assert!(!more.is_empty(), "{query}: nothing behind {cursor}");
        by_cursor.extend(more);
        page = next;
    }
    assert_eq!(by_cursor, all, "{query}");
    let by_offset = (0..=all.len()).step_by(3);
    let by_offset =
        by_offset.flat_map(|offset| rows(&format!("{query}&limit=3&offset={offset}")).0);
    assert_eq!(by_offset.collect::<Vec<_>>(), all, "{query}");
    all.len()
}

trait IntoPages {
    fn into_pages(self) -> (Vec<Value>, Option<String>);
}

impl IntoPages for (Vec<Value>, Option<String>, u64) {
    fn into_pages(self) -> (Vec<Value>, Option<String>) {
        (self.0, self.1)
    }
}

#[test]
fn pages_follow_on_each_other_by_cursor_and_by_offset() {
    let town = town();
    let (mut actions, mut rest) = (0, 0);
    for include in ["", "&include=failed", "&include=refresh", "&include=failed,refresh"] {
        for platform in ["", "&platform=twitter", "&platform=reddit"] {
            for which in [
                "",
                "&agent_id=0",
                "&agent_id=2",
                "&round_num=1",
                "&round_num=3",
                "&agent_id=2&round_num=3",
                "&agent_id=99",
            ] {
                actions +=
                    follow::<Actions>(&town, &format!("{which}{include}{platform}"), "actions");
            }
            rest += follow::<Timeline>(&town, &format!("{include}{platform}"), "timeline");
            rest += follow::<Agents>(&town, &format!("{include}{platform}"), "stats");
            rest += follow::<Posts>(&town, &format!("{include}{platform}"), "posts");
            for post in ["", "&post_id=1", "&post_id=2"] {
                let query = format!("{post}{include}{platform}");
                rest += follow::<Comments>(&town, &query, "comments");
            }
        }
    }
    assert!(actions > 300 && rest > 100, "{actions} and {rest} rows");
}

#[test]
fn a_cursor_stays_where_it_is_while_more_is_done() {
    let (mut town, mut twitter, mut reddit) = Town::with_two_worlds();
    for second in 1..4 {
        town.take(&twitter.frame_at(second, &[did(1), did(2)]));
        town.take(&reddit.frame_at(second, &[did(1)]));
    }
    let first = ask::<Actions>(&town, "limit=4");
    let behind = format!("cursor={}", first["next_cursor"].as_str().unwrap());
    let then = ask::<Actions>(&town, &behind);
    town.take(&reddit.frame_at(9, &[did(1), did(1)]));
    town.take(&twitter.frame_at(9, &[did(1)]));
    assert_eq!(ask::<Actions>(&town, &behind)["actions"], then["actions"]);
    let ids: Vec<&str> =
        then["actions"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect();
    let expected = ["twitter.3", "reddit.2", "twitter.2", "twitter.1", "reddit.1"];
    assert_eq!(ids, expected.map(|id| format!("market-1.{id}")));
}

#[test]
fn what_is_asked_wrongly_is_refused_whole() {
    let problems = |it: Result<(), Vec<String>>| it.unwrap_err();
    assert_eq!(
        problems(read::<Actions>("..", "agent_id=x&round_num=-1&limit=0").map(drop)).len(),
        4
    );
    assert_eq!(
        problems(read::<Timeline>("market", "start_round=5&end_round=4&offset=x").map(drop)),
        [
            "?end_round: found 4, expected a round from 5 on, where the timeline starts",
            "?offset: found \"x\", expected a whole number from 0 to 9007199254740991"
        ]
    );
    assert_eq!(
        problems(read::<Posts>("market", "platform=../x&include=likes").map(drop)),
        [
            "?include: found \"likes\", expected failed, refresh or failed,refresh",
            "?platform: found \"../x\", expected twitter or reddit"
        ]
    );
    assert_eq!(
        problems(read::<Comments>("market", "post_id=one").map(drop)),
        ["?post_id: found \"one\", expected a whole number from 0 to 9007199254740991"]
    );
    // Of another list, and of another world.
    for query in ["cursor=market-1.posts.1.4", "platform=reddit&cursor=market-1.actions.0.4"] {
        let found = problems(read::<Actions>("market", query).map(drop));
        assert!(found[0].starts_with("?cursor: found "), "{found:?}");
    }
    let found = problems(read::<Agents>("market", "cursor=market-1.agents.4").map(drop));
    assert!(found[0].starts_with("?cursor: found "), "{found:?}");
}

#[test]
fn a_page_behind_an_action_that_is_not_here_is_none() {
    let town = town();
    let (kind, AskedPart { part, .. }) =
        read::<Actions>("market-1", "cursor=market-1.actions.0.999").ok().unwrap();
    let run = "market-1".parse().unwrap();
    let body = town.ask(|rows| kind.answer(rows, &View::load(rows, &run, None)?, part, 0));
    assert_eq!(body, None);
}
