//! What each action does to the tables.

use contract::action::ActionBody;
use contract::reply::{AsOf, InterviewResult};
use rusqlite::types::Value;

use super::*;
use crate::fixtures::*;

/// The tables of a world in which Ada did these things in tick 0, and Ben in tick 1.
fn played(platform: Platform, first: Vec<ActionBody>, then: Vec<ActionBody>) -> Connection {
    let mut tables =
        Tables::create(Connection::open_in_memory().unwrap(), platform, &spec()).unwrap();
    let mut world = World::new(platform);
    for (agent, bodies) in [(0, first), (1, then)] {
        let frame = world.tick(bodies.into_iter().map(|body| (agent, Ok(body))).collect());
        tables.frame(&frame).unwrap();
    }
    tables.finish().unwrap()
}

/// A query's rows, cells joined by `|`, `NULL` as such.
fn rows(connection: &Connection, query: &str) -> Vec<String> {
    let mut statement = connection.prepare(query).unwrap();
    let columns = statement.column_count();
    let read = |row: &rusqlite::Row<'_>| {
        let cells = (0..columns).map(|column| {
            Ok(match row.get::<_, Value>(column)? {
                Value::Null => "NULL".to_owned(),
                Value::Integer(number) => number.to_string(),
                Value::Text(text) => text,
                other => panic!("{other:?}"),
            })
        });
        Ok(cells.collect::<rusqlite::Result<Vec<_>>>()?.join("|"))
    };
    statement.query_map([], read).unwrap().map(Result::unwrap).collect()
}

/// Ben's traces.
fn traces(connection: &Connection) -> Vec<String> {
    rows(
        connection,
        "SELECT action, info FROM trace WHERE user_id = 1 AND action != 'sign_up' ORDER BY rowid",
    )
}

#[test]
fn users_sign_up_and_bring_their_past() {
    let mut spec = spec();
    let twitter = spec.twitter.as_mut().unwrap();
    twitter.profiles[0].follows = vec![2, 1];
    twitter.profiles[2].follows = vec![0];
    twitter.profiles[1].past_posts = vec!["Before.".to_owned(), "Still before.".to_owned()];
    twitter.profiles[2].past_posts = vec!["Me too.".to_owned()];
    let connection = Connection::open_in_memory().unwrap();
    let tables = Tables::create(connection, Platform::Twitter, &spec).unwrap();
    let db = &tables.connection;
    assert_eq!(
        rows(db, "SELECT * FROM user"),
        ["0|0|ada|Ada X|Bio.|0|2|1", "1|1|ben|Ben X|Bio.|0|0|1", "2|2|cleo|Cleo X|Bio.|0|1|1"]
    );
    assert_eq!(rows(db, "SELECT * FROM follow"), ["1|0|2|0", "2|0|1|0", "3|2|0|0"]);
    assert_eq!(
        rows(db, "SELECT post_id, user_id, original_post_id, content FROM post"),
        ["1|1|NULL|Before.", "2|1|NULL|Still before.", "3|2|NULL|Me too."]
    );
    assert_eq!(
        rows(db, "SELECT * FROM trace WHERE user_id = 2"),
        [r#"2|0|sign_up|{"bio":"Bio.","name":"Cleo X","user_name":"cleo"}"#]
    );
    assert_eq!(tables.counts().unwrap()["trace"], 3, "what profiles bring leaves no trace");
    let page = Page { limit: 1, offset: 1 };
    assert_eq!(tables.agents(AgentOrder::Id, page).unwrap()[0].posts, 2);
}

#[test]
fn posts_reposts_and_quotes_have_oasis_shapes() {
    let then = vec![repost(1, 2), repost(2, 3), quote(1, 4, "And?"), repost(4, 5)];
    let db = played(Platform::Twitter, vec![post(1, "text of 1")], then);
    let columns = "post_id, user_id, original_post_id, content, quote_content, created_at, \
                   num_shares";
    assert_eq!(
        rows(&db, &format!("SELECT {columns} FROM post")),
        [
            "1|0|NULL|text of 1|NULL|0|2",
            "2|1|1||NULL|1|1",
            "3|1|2||NULL|1|0",
            "4|1|1|text of 1|And?|1|1",
            "5|1|4||NULL|1|0",
        ]
    );
    assert_eq!(
        traces(&db),
        [
            r#"repost|{"new_post_id":2,"reposted_id":1}"#,
            r#"repost|{"new_post_id":3,"reposted_id":2}"#,
            r#"quote_post|{"new_post_id":4,"quoted_id":1}"#,
            r#"repost|{"new_post_id":5,"reposted_id":4}"#,
        ]
    );
    let ada = rows(&db, "SELECT action, info FROM trace WHERE user_id = 0 AND created_at = 0");
    assert_eq!(ada[0], r#"create_post|{"content":"text of 1","post_id":1}"#);
}

#[test]
fn ratings_and_their_undoing_change_rows_and_counters() {
    let first = vec![post(1, "x"), comment(1, 1, None, "c"), like(1, 1), dislike(1, 1)];
    let then = vec![
        like(1, 2),
        dislike(1, 2),
        like_comment(1, 1),
        dislike_comment(1, 1),
        unlike(1, 2),
        undo_dislike(1, 2),
        unlike_comment(1, 1),
        undo_dislike_comment(1, 1),
        like(1, 3),
    ];
    let db = played(Platform::Twitter, first, then);
    assert_eq!(rows(&db, "SELECT * FROM \"like\""), ["1|0|1|0", "3|1|1|1"]);
    assert_eq!(rows(&db, "SELECT * FROM dislike"), ["1|0|1|0"]);
    assert_eq!(rows(&db, "SELECT num_likes, num_dislikes FROM post"), ["2|1"]);
    assert_eq!(rows(&db, "SELECT num_likes, num_dislikes FROM comment"), ["0|0"]);
    assert!(rows(&db, "SELECT * FROM comment_like").is_empty());
    assert!(rows(&db, "SELECT * FROM comment_dislike").is_empty());
    assert_eq!(
        traces(&db),
        [
            r#"like_post|{"like_id":2,"post_id":1}"#,
            r#"dislike_post|{"dislike_id":2,"post_id":1}"#,
            r#"like_comment|{"comment_id":1,"comment_like_id":1}"#,
            r#"dislike_comment|{"comment_dislike_id":1,"comment_id":1}"#,
            r#"unlike_post|{"like_id":2,"post_id":1}"#,
            r#"undo_dislike_post|{"dislike_id":2,"post_id":1}"#,
            r#"unlike_comment|{"comment_id":1,"comment_like_id":1}"#,
            r#"undo_dislike_comment|{"comment_dislike_id":1,"comment_id":1}"#,
            r#"like_post|{"like_id":3,"post_id":1}"#,
        ]
    );
}

#[test]
fn comments_and_reports_stand_under_their_post() {
    let then = vec![
        comment(1, 1, None, "First."),
        comment(1, 2, Some(1), "Second."),
        report(1, 1, "spam"),
        like_comment(2, 1),
    ];
    let db = played(Platform::Reddit, vec![post(1, "x")], then);
    let at = "2026-01-01 23:00:00";
    assert_eq!(
        rows(&db, "SELECT * FROM comment"),
        [format!("1|1|1|First.|{at}|0|0"), format!("2|1|1|Second.|{at}|1|0")]
    );
    assert_eq!(rows(&db, "SELECT * FROM report"), [format!("1|1|1|spam|{at}")]);
    assert_eq!(rows(&db, "SELECT num_reports, created_at FROM post"), ["1|2026-01-01 22:00:00"]);
    assert_eq!(
        traces(&db)[..3],
        [
            r#"create_comment|{"comment_id":1,"content":"First."}"#,
            r#"create_comment|{"comment_id":2,"content":"Second."}"#,
            r#"report_post|{"post_id":1,"report_id":1}"#,
        ]
    );
}

#[test]
fn follows_and_mutes_are_made_and_undone() {
    let then =
        vec![follow(0, 1), follow(2, 2), unfollow(0, 1), mute(2, 1), mute(0, 2), unmute(2, 1)];
    let db = played(Platform::Twitter, Vec::new(), then);
    assert_eq!(rows(&db, "SELECT * FROM follow"), ["2|1|2|1"]);
    assert_eq!(rows(&db, "SELECT * FROM mute"), ["2|1|0|1"]);
    assert_eq!(
        rows(&db, "SELECT user_id, num_followings, num_followers FROM user"),
        ["0|0|0", "1|1|0", "2|0|1"]
    );
    assert_eq!(
        traces(&db),
        [
            r#"follow|{"follow_id":1}"#,
            r#"follow|{"follow_id":2}"#,
            r#"unfollow|{"followee_id":0}"#,
            r#"mute|{"mutee_id":2}"#,
            r#"mute|{"mutee_id":0}"#,
            r#"unmute|{"mutee_id":2}"#,
        ]
    );
}

#[test]
fn what_changes_nothing_leaves_a_trace_but_only_one_of_a_kind() {
    let then = vec![
        search_posts("pier"),
        search_user("ada"),
        trend(&[1]),
        refresh(&[1]),
        nothing(),
        nothing(),
        search_posts("pier"),
    ];
    let connection = Connection::open_in_memory().unwrap();
    let mut tables = Tables::create(connection, Platform::Twitter, &spec()).unwrap();
    let mut world = World::new(Platform::Twitter);
    tables.frame(&world.tick(then.into_iter().map(|body| (1, Ok(body))).collect())).unwrap();
    assert_eq!(
        traces(&tables.connection),
        [
            r#"search_posts|{"query":"pier"}"#,
            r#"search_user|{"query":"ada"}"#,
            r#"trend|{"posts":[{"post_id":1}]}"#,
            r#"refresh|{"posts":[{"post_id":1}]}"#,
            "do_nothing|{}",
        ]
    );
    assert_eq!(tables.repeats(), 2);
    let ben = &tables.agents(AgentOrder::MostActive, Page { limit: 1, offset: 0 }).unwrap()[0];
    assert_eq!((ben.agent_id, ben.actions, ben.failed), (1, 6, 0));
}

#[test]
fn a_failed_action_changes_nothing_but_its_count() {
    let connection = Connection::open_in_memory().unwrap();
    let mut tables = Tables::create(connection, Platform::Twitter, &spec()).unwrap();
    let before = tables.counts().unwrap();
    let mut world = World::new(Platform::Twitter);
    tables.frame(&world.tick(vec![(2, failed(like(9, 1), "post not found"))])).unwrap();
    assert_eq!(tables.counts().unwrap(), before);
    let cleo = &tables.agents(AgentOrder::Id, Page { limit: 9, offset: 2 }).unwrap()[..];
    assert_eq!((cleo.len(), cleo[0].failed, cleo[0].actions), (1, 1, 0));
}

#[test]
fn an_action_about_what_is_not_there_is_an_error_that_names_it() {
    let wrong = [
        (like(7, 1), "action 2 (LIKE_POST) names post 7, which is not there"),
        (unlike(1, 5), "action 2 (UNLIKE_POST) undoes like 5, which is not there"),
        (comment(7, 1, None, "x"), "action 2 (CREATE_COMMENT) names post 7, which is not there"),
        (like_comment(3, 1), "action 2 (LIKE_COMMENT) names comment 3, which is not there"),
        (follow(9, 1), "action 2 (FOLLOW) names user 9, who is not there"),
        (post(1, "again"), "action 2 (CREATE_POST) is there already"),
    ];
    for (body, expected) in wrong {
        let connection = Connection::open_in_memory().unwrap();
        let mut tables = Tables::create(connection, Platform::Reddit, &spec()).unwrap();
        let frame = World::new(Platform::Reddit).tick(vec![(0, Ok(post(1, "x"))), (0, Ok(body))]);
        let error = tables.frame(&frame).unwrap_err().to_string();
        assert_eq!(error, format!("reddit: {expected}"));
    }
}

#[test]
fn an_interview_is_a_trace_of_the_world_that_was_asked() {
    let answer = |platform, round| Answer {
        platform,
        response: "Because.".to_owned(),
        as_of: AsOf { tick: round, round },
        model: None,
    };
    let result = InterviewResult {
        agent_id: 1,
        agent_name: "Ben".to_owned(),
        prompt: "Why?".to_owned(),
        twitter: Some(answer(Platform::Twitter, 3)),
        reddit: Some(answer(Platform::Reddit, 4)),
        twitter_error: None,
        reddit_error: None,
    };
    for (platform, time) in [(Platform::Twitter, "3"), (Platform::Reddit, "2026-01-02 02:00:00")] {
        let connection = Connection::open_in_memory().unwrap();
        let mut tables = Tables::create(connection, platform, &spec()).unwrap();
        tables.interview(&result).unwrap();
        let query = "SELECT created_at, json_extract(info, '$.prompt'), \
                     json_extract(info, '$.response'), json_extract(info, '$.interview_id') \
                     FROM trace WHERE action = 'interview'";
        assert_eq!(rows(&tables.connection, query), [format!("{time}|Why?|Because.|{time}_1")]);
        let only_twitter = InterviewResult { reddit: None, ..result.clone() };
        tables.interview(&only_twitter).unwrap();
        assert_eq!(tables.repeats(), u64::from(platform == Platform::Twitter));
    }
}

#[test]
fn pages_are_sorted_cut_and_typed() {
    let connection = Connection::open_in_memory().unwrap();
    let mut tables = Tables::create(connection, Platform::Reddit, &spec()).unwrap();
    let mut world = World::new(Platform::Reddit);
    let first = vec![
        (0, Ok(post(1, "one"))),
        (1, Ok(post(2, "two"))),
        (2, Ok(quote(1, 3, "three"))),
        (0, Ok(like(2, 1))),
        (1, Ok(dislike(3, 1))),
        (1, Ok(comment(1, 1, None, "a"))),
        (2, Ok(comment(1, 2, Some(1), "b"))),
        (2, Ok(follow(0, 1))),
    ];
    tables.frame(&world.tick(first)).unwrap();
    let ids = |order, limit, offset| {
        let posts = tables.posts(order, Page { limit, offset }).unwrap();
        posts.iter().map(|post| post.post_id).collect::<Vec<_>>()
    };
    assert_eq!(ids(PostOrder::Oldest, 9, 0), [1, 2, 3]);
    assert_eq!(ids(PostOrder::Newest, 2, 0), [3, 2]);
    assert_eq!(ids(PostOrder::MostLiked, 9, 0), [2, 1, 3]);
    assert_eq!(ids(PostOrder::MostDisliked, 1, 0), [3]);
    assert_eq!(ids(PostOrder::MostShared, 1, 0), [1]);
    assert_eq!(ids(PostOrder::MostCommented, 9, 1), [2, 3]);
    let json = serde_json::to_string(&tables.post(3).unwrap().unwrap()).unwrap();
    assert_eq!(
        json,
        r#"{"post_id":3,"user_id":2,"original_post_id":1,"content":"text of 1","quote_content":"three","created_at":"2026-01-01 22:00:00","num_likes":0,"num_dislikes":1,"num_shares":0,"num_reports":0}"#
    );
    assert_eq!(tables.post(9).unwrap(), None);
    let all = Page { limit: 9, offset: 0 };
    let comments = tables.comments(Some(1), all).unwrap();
    let comments =
        comments.iter().map(|it| (it.comment_id, it.parent_comment_id, &*it.author_name));
    assert_eq!(comments.collect::<Vec<_>>(), [(2, Some(1), "Cleo"), (1, None, "Ben")]);
    assert!(tables.comments(Some(2), all).unwrap().is_empty());
    assert_eq!(tables.comments(None, all).unwrap().len(), 2);
    let agents = tables.agents(AgentOrder::MostFollowed, all).unwrap();
    assert_eq!((agents[0].agent_id, agents[0].num_followers, agents[2].num_followings), (0, 1, 1));
    assert_eq!(tables.agents(AgentOrder::MostActive, all).unwrap()[0].agent_id, 1);
    assert_eq!(tables.agents(AgentOrder::MostPosts, all).unwrap()[2].posts, 1);
    assert_eq!(tables.agents(AgentOrder::MostComments, all).unwrap()[0].agent_id, 1);
}
