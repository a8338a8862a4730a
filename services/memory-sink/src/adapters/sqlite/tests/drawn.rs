//! What a graph has after some episodes.

use contract::memory::{Edges, EdgesAnswer, GraphEdge, GraphNode, Node, Nodes, Statistics};
use contract::version::V1;
use serde_json::{Value, json};

use super::*;
use crate::batch::Cursor;

pub(super) const ADA: (u32, &str) = (0, "Ada");
pub(super) const BEN: (u32, &str) = (1, "Ben");
pub(super) const START: &str = "2026-03-01T09:00:00Z";

/// One row of a story: who does what, to what.
pub(super) type Row<'a> = ((u32, &'a str), &'a str, Value);

pub(super) fn follow(whom: u32) -> Value {
    json!({"followee_id": whom, "target_user_name": "Ada"})
}

/// The rows as the actions `first` and following of a world, one a round, an hour each.
pub(super) fn told(world: &str, first: u64, rows: &[Row<'_>]) -> EpisodeBatch {
    let (run, platform) = world.split_once('.').unwrap();
    let start: Timestamp = START.parse().unwrap();
    let world = World { run_id: run.parse().unwrap(), platform: platform.parse().unwrap() };
    let episodes: Vec<Episode> = (first..)
        .zip(rows)
        .map(|(seq, ((agent_id, agent_name), kind, args))| {
            let body: contract::action::Action = serde_json::from_value(json!({
                "seq": seq, "agent_id": agent_id, "agent_name": agent_name,
                "action_type": kind, "action_args": args, "result": null, "success": true,
            }))
            .unwrap();
            Episode {
                action_id: format!("{world}.{seq}"),
                graph_id: "g".to_owned(),
                run_id: world.run_id.clone(),
                platform: world.platform,
                round: u32::try_from(seq).unwrap(),
                simulated_time: start.plus_minutes(60 * seq),
                agent_id: *agent_id,
                agent_name: (*agent_name).to_owned(),
                action_type: (*kind).to_owned(),
                text: format!("{agent_name} {kind} {args}"),
                body,
            }
        })
        .collect();
    let last = episodes.last().unwrap();
    let reached = Cursor {
        seq: last.body.seq,
        tick: last.round,
        round: last.round,
        simulated_time: last.simulated_time,
        digest: contract::id::Digest::ZERO,
    };
    EpisodeBatch {
        graph_id: "g".to_owned(),
        round: last.round,
        simulated_time: last.simulated_time,
        first_seq: first,
        last_seq: last.body.seq,
        stream_sequence: 1,
        world,
        episodes,
        reached,
    }
}

pub(super) async fn edges(memory: &SqliteMemory) -> Vec<GraphEdge> {
    let asked = Edges {
        v: V1,
        graph_id: "g".to_owned(),
        edge_name: None,
        as_of: None,
        include_expired: true,
        cursor: None,
        limit: 100,
    };
    let EdgesAnswer { mut edges, next, .. } =
        memory.edges(asked, None, ROOM).await.unwrap().unwrap();
    assert_eq!(next, None);
    edges.reverse();
    edges
}

pub(super) async fn nodes(memory: &SqliteMemory, label: Option<&str>) -> Vec<GraphNode> {
    let label = label.map(str::to_owned);
    let asked =
        Nodes { v: V1, graph_id: "g".to_owned(), label, name: None, cursor: None, limit: 100 };
    memory.nodes(asked, None, ROOM).await.unwrap().unwrap().nodes
}

/// An edge short enough for a table: hours since the start.
pub(super) fn short(edge: &GraphEdge) -> String {
    let start: Timestamp = START.parse().unwrap();
    let hour = |time: Timestamp| (time.milliseconds() - start.milliseconds()) / 3_600_000;
    let until = edge.invalid_at.map_or(String::new(), |end| hour(end).to_string());
    let (source, target) = (&edge.source_node_name, &edge.target_node_name);
    format!("{source} {} {target} {}..{until}", edge.name, hour(edge.valid_at))
}

fn post(id: u64) -> Value {
    json!({"post_id": id, "post_content": "Pier 9 closes", "post_author_name": "Ada"})
}

#[tokio::test]
async fn states_open_close_and_open_again() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(&folder);
    let rows = [
        (ADA, "CREATE_POST", json!({"content": "Pier 9 closes", "post_id": 1})),
        (BEN, "FOLLOW", follow(0)),
        (BEN, "LIKE_POST", post(1)),
        (BEN, "UNFOLLOW", follow(0)),
        (BEN, "DISLIKE_POST", post(1)),
        (BEN, "FOLLOW", follow(0)),
        (BEN, "UNLIKE_POST", post(1)),
        // Nobody heard it begin.
        (BEN, "UNMUTE", json!({"mutee_id": 0})),
        (ADA, "LIKE_COMMENT", json!({"comment_id": 3})),
    ];
    memory.remember(&told("market-1.twitter", 1, &rows)).await.unwrap();
    let drawn = edges(&memory).await;
    assert_eq!(
        drawn.iter().map(short).collect::<Vec<_>>(),
        [
            "Ada POSTED Pier 9 closes 1..",
            "Ben FOLLOWS Ada 2..4",
            // A like and a dislike may stand together: the platform says so.
            "Ben LIKED Pier 9 closes 3..7",
            "Ben DISLIKED Pier 9 closes 5..",
            "Ben FOLLOWS Ada 6..",
            "Ada LIKED_COMMENT comment 3 9..",
        ]
    );
    let ended = &drawn[1];
    assert_eq!(ended.fact, "Ben FOLLOW {\"followee_id\":0,\"target_user_name\":\"Ada\"}");
    let by = |seq: u64| uuid("g", &format!("market-1.twitter.{seq}"));
    assert_eq!((&ended.uuid, &ended.episodes), (&by(2), &vec![by(2), by(4)]));
    assert!(ended.expired_at >= Some(ended.created_at));
    assert_eq!((drawn[4].expired_at, &drawn[4].episodes), (None, &vec![by(6)]));
    assert_ne!(drawn[4].uuid, ended.uuid);

    let agents = nodes(&memory, Some("Agent")).await;
    assert_eq!(agents[0].attributes.key, "agent:market:1");
    assert_eq!(agents[0].summary, "7 actions, most often FOLLOW (2), the last one in round 8");
    let post = nodes(&memory, Some("Post")).await.remove(0);
    assert_eq!(post.attributes.key, "post:market-1:twitter:1");
    assert_eq!(post.attributes.author_id, Some(0));
    assert_eq!(post.labels, ["Entity", "Post"]);
}

#[tokio::test]
async fn worlds_of_a_graph_share_agents_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(&folder);
    let rows = [
        (ADA, "CREATE_POST", json!({"content": "Pier 9 closes", "post_id": 1})),
        (BEN, "FOLLOW", follow(0)),
    ];
    let back = [(BEN, "UNFOLLOW", follow(0))];
    for world in ["market-1.twitter", "market-1.reddit", "market-2.twitter", "harbour-1.twitter"] {
        memory.remember(&told(world, 1, &rows)).await.unwrap();
    }
    memory.remember(&told("market-1.reddit", 3, &back)).await.unwrap();
    let drawn = edges(&memory).await;
    let ended: Vec<&str> = drawn
        .iter()
        .filter(|edge| edge.invalid_at.is_some())
        .map(|edge| edge.attributes.action_id.as_str())
        .collect();
    assert_eq!(ended, ["market-1.reddit.2"]);
    let agents = nodes(&memory, Some("Agent")).await;
    let keys: Vec<&str> = agents.iter().map(|node| node.attributes.key.as_str()).collect();
    assert_eq!(keys, ["agent:market:1", "agent:market:0", "agent:harbour:1", "agent:harbour:0"]);
    assert_eq!(agents[0].attributes.actions, 4);
    assert_eq!(nodes(&memory, Some("Post")).await.len(), 4);
    let asked = Statistics { v: V1, graph_id: "g".to_owned() };
    let statistics = memory.statistics(asked).await.unwrap().unwrap();
    assert_eq!((statistics.total_nodes, statistics.total_edges), (8, 8));
    assert_eq!(statistics.entity_types, [("Agent".to_owned(), 4), ("Post".to_owned(), 4)].into());
    let relations = [("FOLLOWS".to_owned(), 4), ("POSTED".to_owned(), 4)].into();
    assert_eq!(statistics.relation_types, relations);
}

#[tokio::test]
async fn what_comes_twice_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(&folder);
    let rows = [
        (ADA, "CREATE_POST", json!({"content": "Pier 9 closes", "post_id": 1})),
        (BEN, "FOLLOW", follow(0)),
        (BEN, "UNFOLLOW", follow(0)),
        (BEN, "FOLLOW", follow(0)),
    ];
    let batch = told("market-1.twitter", 1, &rows);
    memory.remember(&batch).await.unwrap();
    let before = (edges(&memory).await, nodes(&memory, None).await, all(&memory, "g").await);
    assert_eq!(memory.remember(&batch).await, Ok(Receipt::AlreadyThere));
    // A part of it, and something new behind it.
    memory.remember(&told("market-1.twitter", 3, &rows[2..])).await.unwrap();
    let after = (edges(&memory).await, nodes(&memory, None).await, all(&memory, "g").await);
    assert_eq!(after, before);
    let asked = Statistics { v: V1, graph_id: "g".to_owned() };
    assert_eq!(memory.statistics(asked).await.unwrap().unwrap().total_edges, 3);
}

#[tokio::test]
async fn what_is_learnt_later_is_told_of_the_same_node() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(&folder);
    let rows = [
        (BEN, "LIKE_POST", json!({"post_id": 1})),
        (
            BEN,
            "LIKE_POST",
            json!({"post_id": 1, "post_content": "灯会", "post_author_name": "Ada"}),
        ),
        (BEN, "FOLLOW", json!({"followee_id": 0})),
        (ADA, "FOLLOW", json!({"followee_id": 1})),
        ((1, "Benjamin"), "FOLLOW", follow(0)),
    ];
    for (seq, row) in (1..).zip(rows) {
        memory.remember(&told("market-1.twitter", seq, &[row])).await.unwrap();
    }
    let posts = nodes(&memory, Some("Post")).await;
    assert_eq!(posts.len(), 1);
    let post = &posts[0];
    assert_eq!((post.name.as_str(), post.summary.as_str()), ("灯会", "灯会"));
    assert_eq!(post.attributes.author_name.as_deref(), Some("Ada"));
    let names: Vec<String> =
        nodes(&memory, Some("Agent")).await.into_iter().map(|node| node.name).collect();
    assert_eq!(names, ["Benjamin", "Ada"]);
    for (name, expected) in [("benjamin", 1), ("ben", 0), ("ADA", 1), ("agent 0", 0), ("灯会", 1)]
    {
        let asked = Nodes {
            v: V1,
            graph_id: "g".to_owned(),
            label: None,
            name: Some(name.to_owned()),
            cursor: None,
            limit: 10,
        };
        let found = memory.nodes(asked, None, ROOM).await.unwrap().unwrap();
        assert_eq!(found.nodes.len(), expected, "{name}");
    }
    let asked = Node { v: V1, uuid: post.uuid.clone(), cursor: None, limit: 10 };
    let node = memory.node(asked, None, ROOM).await.unwrap().unwrap();
    assert_eq!((node.graph_id.as_str(), &node.node), ("g", post));
    assert_eq!((node.edges.len(), node.related_nodes.len()), (2, 1));
}
