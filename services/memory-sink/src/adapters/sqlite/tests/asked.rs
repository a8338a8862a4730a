//! What a graph is asked.

use std::collections::BTreeSet;

use contract::memory::{
    Among, Direction, Edges, Entity, Find, FindAnswer, Graph, Node, Nodes, Timeline,
};
use contract::version::V1;
use serde_json::{Value, json};

use super::drawn::{ADA, BEN, Row, START, edges, follow, short, told};
use super::*;

fn graph() -> String {
    "g".to_owned()
}

fn words(query: &str, scope: Among) -> Find {
    Find::new(Scope::Graph(graph()), query.to_owned(), scope)
}

async fn look_for(memory: &SqliteMemory, find: Find) -> FindAnswer {
    let below = find.cursor.as_ref().map(|cursor| cursor.parse().unwrap());
    memory.look_for(find, below, ROOM).await.unwrap().unwrap()
}

fn post(id: u64, content: &str) -> Value {
    json!({"content": content, "post_id": id})
}

/// A story in two worlds.
async fn lived() -> (TempDir, SqliteMemory) {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(&folder);
    let rows: [Row<'_>; 6] = [
        (ADA, "CREATE_POST", post(1, "图书馆今晚关门")),
        (BEN, "FOLLOW", follow(0)),
        (BEN, "LIKE_POST", json!({"post_id": 1, "post_content": "图书馆今晚关门"})),
        (BEN, "UNFOLLOW", follow(0)),
        (ADA, "SEARCH_POSTS", json!({"query": "the pier", "post_ids": []})),
        (ADA, "TREND", json!({"post_ids": []})),
    ];
    memory.remember(&told("market-1.twitter", 1, &rows)).await.unwrap();
    memory.remember(&told("market-1.reddit", 1, &rows[1..3])).await.unwrap();
    (folder, memory)
}

#[tokio::test]
async fn facts_nodes_and_episodes_are_found_by_their_words() {
    let (_folder, memory) = lived().await;
    let ids = |answer: &FindAnswer| -> Vec<String> {
        answer.edges.iter().map(|edge| edge.attributes.action_id.clone()).collect()
    };
    let facts = look_for(&memory, words("图书馆", Among::Edges)).await;
    let expected = ["market-1.reddit.2", "market-1.twitter.3", "market-1.twitter.1"];
    assert_eq!(ids(&facts), expected);
    assert_eq!((facts.total_count, facts.total_is_exact, &facts.next), (3, true, &None));
    let told: Vec<&String> = facts.edges.iter().map(|edge| &edge.fact).collect();
    assert_eq!(facts.facts.iter().collect::<Vec<_>>(), told);
    assert!(facts.nodes.is_empty() && facts.episodes.is_empty());
    assert!(look_for(&memory, words("馆书", Among::Edges)).await.edges.is_empty());

    let nodes = look_for(&memory, words("图书", Among::Nodes)).await;
    assert_eq!(nodes.nodes.len(), 2);
    assert_eq!(nodes.facts[0], "[图书馆今晚关门]: 图书馆今晚关门");
    let nodes = look_for(&memory, words("pier", Among::Nodes)).await;
    assert_eq!(nodes.nodes[0].attributes.key, "topic:the pier");

    // What ended something is an episode and no edge.
    let ends = look_for(&memory, words("UNFOLLOW", Among::Episodes)).await;
    assert_eq!(ends.episodes.len(), 1);
    assert!(look_for(&memory, words("UNFOLLOW", Among::Edges)).await.edges.is_empty());
}

#[tokio::test]
async fn filters_leave_out_what_is_not_asked_for() {
    let (_folder, memory) = lived().await;
    let all = words("Ada", Among::Edges);
    let at = |hour: u64| Some(START.parse::<Timestamp>().unwrap().plus_minutes(60 * hour));
    let strings = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let cases: [(Find, &[&str]); 9] = [
        (all.clone(), &["reddit.1", "twitter.5", "twitter.2", "twitter.1"]),
        (Find { platform: Some(Platform::Reddit), ..all.clone() }, &["reddit.1"]),
        (Find { edge_names: strings(&["FOLLOWS"]), ..all.clone() }, &["reddit.1", "twitter.2"]),
        (Find { edge_names: strings(&["follows"]), ..all.clone() }, &[]),
        (Find { from_round: Some(2), to_round: Some(4), ..all.clone() }, &["twitter.2"]),
        (Find { valid_at: at(3), ..all.clone() }, &["reddit.1", "twitter.2", "twitter.1"]),
        // It ended in this moment.
        (Find { valid_at: at(4), ..all.clone() }, &["reddit.1", "twitter.1"]),
        (Find { valid_at: at(0), ..all.clone() }, &[]),
        (
            Find { within: Scope::Run("market-1".parse().unwrap()), ..all.clone() },
            &["reddit.1", "twitter.5", "twitter.2", "twitter.1"],
        ),
    ];
    for (find, expected) in cases {
        let answer = look_for(&memory, find.clone()).await;
        let ids: Vec<&str> = answer
            .edges
            .iter()
            .map(|edge| edge.attributes.action_id.trim_start_matches("market-1."))
            .collect();
        assert_eq!(ids, expected, "{find:?}");
        assert_eq!(answer.total_count, expected.len() as u64);
    }
    let labels = Find { labels: strings(&["Agent"]), ..words("Ada", Among::Nodes) };
    assert_eq!(look_for(&memory, labels).await.nodes.len(), 1);
    let labels = Find { labels: strings(&["Post"]), ..words("Ada", Among::Nodes) };
    assert_eq!(look_for(&memory, labels).await.nodes.len(), 0);
    let unknown = Find::new(Scope::Graph("h".to_owned()), "Ada".to_owned(), Among::Edges);
    assert_eq!(memory.look_for(unknown, None, ROOM).await, Ok(None));
}

#[tokio::test]
async fn no_query_is_syntax_and_none_fails() {
    let (_folder, memory) = lived().await;
    for query in [
        "\"",
        "' OR 1=1 --",
        "text : Ada",
        "tags : g1",
        "g1",
        "e1",
        "n1",
        "w1 AND",
        "Ada) OR (Ben",
        "NEAR(Ada Ben)",
        "^Ada",
        "-Ada",
        "A*",
        "\0",
        "{text tags} : g1",
        "…",
        "\u{202e}Ada",
    ] {
        for scope in [Among::Edges, Among::Nodes, Among::Episodes] {
            let find = words(query, scope);
            let answer = memory.look_for(find, None, ROOM).await;
            assert!(answer.is_ok_and(|it| it.is_some()), "{query} among {scope:?}");
        }
        let name = Some(query.to_owned());
        let asked = Nodes { v: V1, graph_id: graph(), label: None, name, cursor: None, limit: 9 };
        assert!(memory.nodes(asked, None, ROOM).await.is_ok(), "{query}");
    }
    // The tags of rows are no words.
    for query in ["g1", "e1", "n1", "w1"] {
        assert_eq!(look_for(&memory, words(query, Among::Edges)).await.total_count, 0, "{query}");
    }
}

#[tokio::test]
async fn pages_follow_each_other_whatever_is_remembered_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(&folder);
    let rows: Vec<Row<'_>> =
        (1..=25).map(|id| (ADA, "CREATE_POST", post(id, "Pier 9 closes"))).collect();
    memory.remember(&told("market-1.twitter", 1, &rows)).await.unwrap();
    let all = edges(&memory).await;
    // Once with the limit in the way, once the room.
    for (limit, room) in [(4, ROOM), (100, 6000)] {
        let mut find = Find { limit, ..words("pier", Among::Edges) };
        let mut seen = Vec::new();
        let mut meanwhile = 100 + u64::from(limit) * 100;
        loop {
            let below = find.cursor.as_ref().map(|cursor| cursor.parse().unwrap());
            let answer = memory.look_for(find.clone(), below, room).await.unwrap().unwrap();
            assert!(serde_json::to_vec(&answer).unwrap().len() < room + 4096);
            seen.extend(answer.edges.into_iter().map(|edge| edge.uuid));
            let Some(next) = answer.next else { break };
            find.cursor = Some(next);
            meanwhile += 1;
            let row = (ADA, "CREATE_POST", post(meanwhile, "another Pier"));
            memory.remember(&told("market-1.twitter", meanwhile, &[row])).await.unwrap();
        }
        let expected: Vec<String> = all.iter().rev().map(|edge| edge.uuid.clone()).collect();
        assert_eq!(seen[seen.len() - 25..], expected);
    }

    let (mut seen, mut cursor) = (BTreeSet::new(), None);
    let mut pages = 0;
    loop {
        let from = cursor.as_ref().map(|cursor: &String| cursor.parse().unwrap());
        let asked =
            Nodes { v: V1, graph_id: graph(), label: None, name: None, cursor: None, limit: 7 };
        let answer = memory.nodes(asked, from, ROOM).await.unwrap().unwrap();
        pages += 1;
        for node in answer.nodes {
            assert!(seen.insert(node.uuid), "twice");
        }
        match answer.next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    assert!(pages > 3 && seen.len() > 26, "{pages} pages, {} nodes", seen.len());
}

#[tokio::test]
async fn a_timeline_goes_by_simulated_time_through_all_worlds() {
    let folder = tempfile::tempdir().unwrap();
    let memory = open(&folder);
    let rows: Vec<Row<'_>> = (1..=6).map(|id| (ADA, "CREATE_POST", post(id, "x"))).collect();
    // One world is read to its end before the other.
    memory.remember(&told("market-1.twitter", 1, &rows)).await.unwrap();
    memory.remember(&told("market-1.reddit", 1, &rows)).await.unwrap();
    let ask = |of: Entity, cursor: Option<String>, limit| {
        let from = cursor.as_ref().map(|cursor| cursor.parse().unwrap());
        let asked = Timeline { v: V1, graph_id: graph(), of, cursor, limit };
        memory.timeline(asked, from, ROOM)
    };
    let name = || Entity::Name("ada".to_owned());
    let whole = ask(name(), None, 100).await.unwrap().unwrap();
    let told: Vec<String> =
        whole.edges.iter().map(|edge| edge.attributes.action_id.clone()).collect();
    let expected: Vec<String> = (1..=6)
        .flat_map(|seq| ["twitter", "reddit"].map(|world| format!("market-1.{world}.{seq}")))
        .collect();
    assert_eq!(told, expected);
    for limit in 1..=12 {
        let (mut pages, mut cursor) = (Vec::new(), None);
        loop {
            let page = ask(name(), cursor, limit).await.unwrap().unwrap();
            pages.extend(page.edges);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(pages, whole.edges, "limit {limit}");
        // The other way round, from the node's own name.
        let (mut pages, mut cursor): (_, Option<String>) = (Vec::new(), None);
        loop {
            let from = cursor.as_ref().map(|cursor| cursor.parse().unwrap());
            let uuid = whole.node.uuid.clone();
            let page = memory.node(Node { v: V1, uuid, cursor, limit }, from, ROOM).await;
            let page = page.unwrap().unwrap();
            pages.extend(page.edges);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        pages.reverse();
        assert_eq!(pages, whole.edges, "limit {limit}");
    }
    let uuid = Entity::Uuid(whole.node.uuid.clone());
    assert_eq!(ask(uuid, None, 100).await.unwrap().unwrap(), whole);
    assert_eq!(ask(Entity::Name("Eve".to_owned()), None, 1).await, Ok(Err(Missing::Node)));
    let elsewhere =
        Timeline { v: V1, graph_id: "h".to_owned(), of: name(), cursor: None, limit: 1 };
    assert_eq!(memory.timeline(elsewhere, None, ROOM).await, Ok(Err(Missing::Graph)));
}

#[tokio::test]
async fn a_node_sees_its_edges_from_its_side() {
    let (_folder, memory) = lived().await;
    let all = edges(&memory).await;
    let asked = Node { v: V1, uuid: all[1].target_node_uuid.clone(), cursor: None, limit: 10 };
    let ada = memory.node(asked, None, ROOM).await.unwrap().unwrap();
    assert_eq!(ada.node.name, "Ada");
    let incoming: Vec<&str> = ada
        .related_edges
        .iter()
        .filter(|edge| edge.direction == Direction::Incoming)
        .map(|edge| edge.edge_name.as_str())
        .collect();
    assert_eq!(incoming, ["FOLLOWS", "FOLLOWS"]);
    for (edge, related) in ada.edges.iter().zip(&ada.related_edges) {
        assert_eq!((&edge.name, &edge.fact), (&related.edge_name, &related.fact));
        let other = related.source_node_uuid.as_ref().or(related.target_node_uuid.as_ref());
        assert!(ada.related_nodes.iter().any(|node| Some(&node.uuid) == other), "{related:?}");
    }
    for uuid in ["5a2ddee5-032c-86e3-8df2-09dd8f074bd0", "Ada", &all[1].uuid] {
        let asked = Node { v: V1, uuid: uuid.to_owned(), cursor: None, limit: 10 };
        assert_eq!(memory.node(asked, None, ROOM).await, Ok(None), "{uuid}");
    }
}

#[tokio::test]
async fn edges_are_told_by_name_time_and_whether_they_hold() {
    let (_folder, memory) = lived().await;
    let all = Edges {
        v: V1,
        graph_id: graph(),
        edge_name: None,
        as_of: None,
        include_expired: true,
        cursor: None,
        limit: 100,
    };
    let at = |hour: u64| Some(START.parse::<Timestamp>().unwrap().plus_minutes(60 * hour));
    let named = |name: &str| Some(name.to_owned());
    let cases = [
        (all.clone(), 6),
        (Edges { edge_name: named("FOLLOWS"), ..all.clone() }, 2),
        (Edges { edge_name: named("FOLLOWS"), include_expired: false, ..all.clone() }, 1),
        (Edges { edge_name: named("FOLLOWS"), as_of: at(2), ..all.clone() }, 2),
        (Edges { edge_name: named("FOLLOWS"), as_of: at(4), ..all.clone() }, 1),
        (Edges { edge_name: named("NO_SUCH"), ..all.clone() }, 0),
    ];
    for (asked, expected) in cases {
        let answer = memory.edges(asked.clone(), None, ROOM).await.unwrap().unwrap();
        let told: Vec<String> = answer.edges.iter().map(short).collect();
        assert_eq!((told.len(), answer.next), (expected, None), "{asked:?}: {told:?}");
    }
}

#[tokio::test]
async fn a_drawn_graph_has_both_ends_of_each_edge_and_counts_what_it_leaves_out() {
    let (_folder, memory) = lived().await;
    for (limit, room) in [(1, ROOM), (2, ROOM), (3, ROOM), (100, 0), (100, 2500), (100, ROOM)] {
        let asked = Graph { graph_id: graph(), limit };
        let drawn = memory.graph(asked, room).await.unwrap().unwrap();
        assert!(drawn.nodes.len() <= limit as usize && drawn.edges.len() <= limit as usize);
        for edge in &drawn.edges {
            for end in [&edge.source_node_uuid, &edge.target_node_uuid] {
                assert!(drawn.nodes.iter().any(|node| node.uuid == *end), "{edge:?}");
            }
        }
        let left = drawn.drawn_from;
        assert_eq!(drawn.edges.len() as u64 + left.omitted_edges, 6, "{limit} {room}");
        assert_eq!(drawn.nodes.len() as u64 + left.omitted_nodes, 5, "{limit} {room}");
        assert_eq!((left.episodes, left.omitted_episodes), (8, 0));
    }
    let unknown = Graph { graph_id: "h".to_owned(), limit: 1 };
    assert_eq!(memory.graph(unknown, ROOM).await, Ok(None));
}
