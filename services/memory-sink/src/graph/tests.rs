//! Graphs of a few episodes.

use contract::memory::{Episode, GraphEdge};
use serde_json::{Value, json};

use super::*;
use crate::render;

const ROOM: usize = 1 << 20;

fn time(minute: usize) -> Timestamp {
    "2026-03-01T09:00:00Z".parse::<Timestamp>().unwrap().plus_minutes(minute as u64)
}

/// The action number `seq` of agent `agent`, in round `seq`.
fn remembered(seq: usize, (id, name): (u32, &str), kind: &str, args: &Value) -> Remembered {
    let body = serde_json::from_value(json!({
        "seq": seq, "agent_id": id, "agent_name": name, "action_type": kind,
        "action_args": args, "result": null, "success": true,
    }));
    let body: contract::action::Action = body.unwrap();
    let episode = Episode {
        action_id: format!("market-1.twitter.{seq}"),
        graph_id: "g".to_owned(),
        run_id: "market-1".parse().unwrap(),
        platform: Platform::Twitter,
        round: u32::try_from(seq).unwrap(),
        simulated_time: time(60 * seq),
        agent_id: id,
        agent_name: name.to_owned(),
        action_type: kind.to_owned(),
        text: render::line(&body, render::Language::English),
        body,
    };
    Remembered { uuid: uuid("g", &episode.action_id), created_at: time(seq), episode }
}

const ADA: (u32, &str) = (0, "Ada");
const BEN: (u32, &str) = (1, "Ben");

fn story() -> Vec<Remembered> {
    let rows: [((u32, &str), &str, Value); 9] = [
        (ADA, "CREATE_POST", json!({"content": "Pier 9 closes", "post_id": 1})),
        (BEN, "FOLLOW", json!({"followee_id": 0, "follow_id": 1, "target_user_name": "Ada"})),
        (BEN, "LIKE_POST", json!({"post_id": 1, "like_id": 1, "post_author_name": "Ada"})),
        (ADA, "LIKE_POST", json!({"post_id": 1, "like_id": 2, "post_author_name": "Ada"})),
        (BEN, "UNFOLLOW", json!({"followee_id": 0, "follow_id": 1, "target_user_name": "Ada"})),
        (BEN, "FOLLOW", json!({"followee_id": 0, "follow_id": 2, "target_user_name": "Ada"})),
        (ADA, "MUTE", json!({"mutee_id": 7, "mute_id": 1, "target_user_name": "Cyd"})),
        (
            BEN,
            "CREATE_COMMENT",
            json!({"post_id": 1, "content": "No!", "comment_id": 1, "post_author_name": "Ada",
                "parent_comment_id": 4, "parent_author_name": "Dee"}),
        ),
        (BEN, "SEARCH_POSTS", json!({"query": "pier", "post_ids": []})),
    ];
    let rows = rows.iter().enumerate();
    rows.map(|(index, (who, kind, args))| remembered(index + 1, *who, kind, args)).collect()
}

fn draw(episodes: Vec<Remembered>, limit: u32, room: usize) -> GraphAnswer {
    let mut drawing = Drawing::new("g".to_owned(), limit);
    let total = episodes.len() as u64;
    episodes.into_iter().rev().for_each(|episode| drawing.take(episode));
    drawing.finish(room, total)
}

fn said(edge: &GraphEdge) -> String {
    let end = edge.invalid_at.map_or(String::new(), |end| format!(" until {end}"));
    format!("{} {} {}{end}", edge.source_node_name, edge.name, edge.target_node_name)
}

#[test]
fn what_agents_do_to_each_other_is_drawn_and_what_is_taken_back_has_an_end() {
    let graph = draw(story(), 100, ROOM);
    assert_eq!(
        graph.edges.iter().map(said).collect::<Vec<_>>(),
        [
            "Ben ANSWERED Dee",
            "Ada MUTED Cyd",
            "Ben FOLLOWS Ada",
            "Ben LIKED Ada",
            "Ben FOLLOWS Ada until 2026-03-01T14:00:00.000Z",
        ]
    );
    let nodes: Vec<_> = graph
        .nodes
        .iter()
        .map(|node| (node.name.as_str(), node.attributes.agent_id, node.attributes.actions))
        .collect();
    assert_eq!(
        nodes,
        [("Ben", Some(1), 6), ("Ada", Some(0), 3), ("Dee", None, 0), ("Cyd", None, 0)]
    );
    assert_eq!(graph.nodes[0].summary, "6 actions, most often FOLLOW (2), the last one in round 9");
    let by_name = |name: &str| graph.nodes.iter().find(|node| node.name == name).unwrap();
    let ended = graph.edges.last().unwrap();
    assert_eq!(ended.source_node_uuid, by_name("Ben").uuid);
    assert_eq!(ended.target_node_uuid, by_name("Ada").uuid);
    assert_eq!(ended.episodes, [uuid("g", "market-1.twitter.2"), uuid("g", "market-1.twitter.5")]);
    assert_eq!(ended.fact, "Ben: followed the user \"Ada\"");
    assert_eq!((ended.valid_at, ended.expired_at), (time(120), Some(time(5))));
    let drawn_from =
        DrawnFrom { episodes: 9, omitted_episodes: 0, omitted_nodes: 0, omitted_edges: 0 };
    assert_eq!(graph.drawn_from, drawn_from);
    // The same again is the same, to the last id.
    assert_eq!(draw(story(), 100, ROOM), graph);
}

#[test]
fn what_there_is_no_room_for_is_counted_and_no_edge_hangs_loose() {
    for (limit, room) in [(1, ROOM), (2, ROOM), (3, ROOM), (100, 0), (100, 900), (100, 2500)] {
        let graph = draw(story(), limit, room);
        let DrawnFrom { omitted_nodes, omitted_edges, .. } = graph.drawn_from;
        assert!(graph.nodes.len() <= limit as usize && graph.edges.len() <= limit as usize);
        assert_eq!(graph.edges.len() as u64 + omitted_edges, 5, "limit {limit}, room {room}");
        // Edges beyond the limit are not looked into, so whom they name stays unknown.
        assert!(graph.nodes.len() as u64 + omitted_nodes <= 4);
        for edge in &graph.edges {
            for end in [&edge.source_node_uuid, &edge.target_node_uuid] {
                assert!(graph.nodes.iter().any(|node| node.uuid == *end), "{edge:?}");
            }
        }
        let size = |part: Value| part.to_string().len();
        let parts = size(json!(graph.nodes)) + size(json!(graph.edges));
        assert!(parts <= room + 4, "{parts} bytes in a room of {room}");
    }
    let graph = draw(story(), 2, ROOM);
    assert_eq!(
        graph.nodes.iter().map(|node| node.name.as_str()).collect::<Vec<_>>(),
        ["Ben", "Ada"]
    );
}

#[test]
fn of_agents_with_one_name_the_one_that_is_meant_is_found() {
    let follow =
        |whom: u32| json!({"followee_id": whom, "follow_id": 1, "target_user_name": "Ada"});
    let post = json!({"content": "x", "post_id": 1});
    let like = json!({"post_id": 1, "like_id": 1, "post_author_name": "Ada"});
    let graph = draw(
        vec![
            remembered(1, (4, "Ada"), "CREATE_POST", &post),
            remembered(2, (2, "Ada"), "CREATE_POST", &post),
            remembered(3, BEN, "FOLLOW", &follow(4)),
            remembered(4, (2, "Ada"), "FOLLOW", &follow(4)),
            remembered(5, BEN, "LIKE_POST", &like),
        ],
        10,
        ROOM,
    );
    let target = |index: usize| {
        let uuid = &graph.edges[index].target_node_uuid;
        graph.nodes.iter().find(|node| node.uuid == *uuid).unwrap().attributes.agent_id
    };
    assert_eq!(graph.edges.len(), 3);
    assert_eq!((target(0), target(1), target(2)), (Some(2), Some(4), Some(4)));
}
