//! What memories hold, over HTTP.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use system_tests::http::{Response, get};
use system_tests::stack::Stack;
use system_tests::wait_for;

use crate::http_control::{data, look, played, refused};

fn graph(stack: &Stack, rest: &str) -> Option<Response> {
    get(stack.http_port, &format!("/api/graph/data/{rest}"))
}

/// What a graph, or one of its nodes, is asked.
fn asked(stack: &Stack, rest: &str) -> Option<Response> {
    get(stack.http_port, &format!("/api/graph/{rest}"))
}

/// What a run's memory has, once it has everything.
fn remembered(stack: &Stack, run: &str) -> Value {
    wait_for(&format!("the memory of {run}"), || {
        let memory = data(look(stack, &format!("{run}/memory")), 200);
        let is_done = memory["lag"] == 0 && memory["cursors"].as_array()?.len() == 2;
        is_done.then_some(memory)
    })
}

/// All episodes of a run, page by page.
fn episodes(stack: &Stack, run: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), "0".to_owned());
    loop {
        let page = format!("{run}/memory/episodes?limit=100&cursor={cursor}");
        let page = data(look(stack, &page), 200);
        all.extend(page["episodes"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return all,
        }
    }
}

fn texts<'a>(rows: &'a Value, field: &str) -> Vec<&'a str> {
    rows.as_array().unwrap().iter().map(|row| row[field].as_str().unwrap()).collect()
}

#[test]
fn what_is_remembered_is_told_searched_and_drawn() {
    let stack = Stack::start();
    let run = played(&stack, 10);
    let targets = data(get(stack.http_port, "/api/memory"), 200);
    assert_eq!(
        (&targets["targets"][0]["kind"], &targets["targets"][0]["state"]),
        (&json!("sqlite"), &json!("ready"))
    );
    let memory = remembered(&stack, &run);
    assert_eq!(
        (&memory["known"], &memory["memory"][0]["graph_id"]),
        (&json!(true), &json!("bridge"))
    );
    let all = episodes(&stack, "bridge");
    assert_eq!(memory["episodes"], json!(all.len()));
    assert!(all.len() > 50, "a lively run: {}", all.len());
    let page = data(look(&stack, "bridge/memory/episodes?limit=3&platform=reddit"), 200);
    assert!(page["episodes"].as_array().unwrap().iter().all(|it| it["platform"] == "reddit"));
    let found = data(look(&stack, &format!("{run}/memory/search?query=bridge&limit=5")), 200);
    assert!(
        found["total"].as_u64().unwrap() > 0 && found["count"].as_u64().unwrap() <= 5,
        "{found}"
    );
    for text in texts(&found["episodes"], "text") {
        assert!(text.to_lowercase().contains("bridge"), "{text}");
    }

    let whole = data(graph(&stack, "bridge?limit=2000"), 200);
    assert_eq!((&whole["graph_id"], &whole["episodes"]), (&json!("bridge"), &json!(all.len())));
    let (nodes, edges) = (whole["nodes"].as_array().unwrap(), whole["edges"].as_array().unwrap());
    assert_eq!(
        (&whole["node_count"], &whole["edge_count"]),
        (&json!(nodes.len()), &json!(edges.len()))
    );
    for omitted in ["omitted_episodes", "omitted_nodes", "omitted_edges"] {
        assert_eq!(whole[omitted], 0, "{omitted}");
    }
    let agents = nodes.iter().filter(|node| node["labels"] == json!(["Entity", "Agent"])).count();
    assert_eq!(agents, 8, "{:?}", texts(&whole["nodes"], "name"));
    let statistics = data(asked(&stack, "statistics/bridge"), 200);
    assert_eq!(
        (&statistics["total_nodes"], &statistics["entity_types"]["Agent"]),
        (&json!(nodes.len()), &json!(8))
    );
    assert_eq!(statistics["total_edges"], json!(edges.len()));
    assert!(!edges.is_empty());
    let facts: BTreeSet<&str> =
        all.iter().map(|episode| episode["text"].as_str().unwrap()).collect();
    let ids: BTreeSet<&str> = texts(&whole["nodes"], "uuid").into_iter().collect();
    for edge in edges {
        assert!(facts.contains(edge["fact"].as_str().unwrap()), "{edge}");
        for end in ["source_node_uuid", "target_node_uuid"] {
            assert!(ids.contains(edge[end].as_str().unwrap()), "{edge}");
        }
        assert_ne!(edge["source_node_uuid"], edge["target_node_uuid"]);
        assert_eq!(edge["name"], edge["fact_type"]);
    }
    let uuids: BTreeSet<&str> = texts(&whole["edges"], "uuid").into_iter().collect();
    assert_eq!(uuids.len(), edges.len());
    let few = data(graph(&stack, "bridge?limit=5"), 200);
    let kept = |what: &str| few[what].as_u64().unwrap();
    assert!(kept("node_count") <= 5 && kept("edge_count") <= 5);
    assert_eq!(kept("edge_count") + kept("omitted_edges"), edges.len() as u64);
    assert_eq!(kept("node_count") + kept("omitted_nodes"), nodes.len() as u64);
}

#[test]
fn a_graph_is_searched_and_paged() {
    let stack = Stack::start();
    let run = played(&stack, 10);
    remembered(&stack, &run);
    let found = data(asked(&stack, "search/bridge?query=bridge&limit=5"), 200);
    assert_eq!(found["facts"].as_array().unwrap().len(), found["edges"].as_array().unwrap().len());
    for fact in found["facts"].as_array().unwrap() {
        assert!(fact.as_str().unwrap().to_lowercase().contains("bridge"), "{fact}");
    }
    let agent = data(asked(&stack, "nodes/bridge?label=Agent&limit=1"), 200)["nodes"][0].clone();
    let (uuid, name) = (agent["uuid"].as_str().unwrap(), agent["name"].as_str().unwrap());
    let node = data(asked(&stack, &format!("node/{uuid}?limit=3")), 200);
    assert_eq!((&node["node"], &node["graph_id"]), (&agent, &json!("bridge")));
    let timeline = data(asked(&stack, &format!("timeline/bridge?uuid={uuid}&limit=100")), 200);
    assert_eq!(timeline["node"]["name"], name);
    let times = texts(&timeline["edges"], "valid_at");
    assert!(times.is_sorted() && !times.is_empty(), "{times:?}");
    let posts = data(asked(&stack, "edges/bridge?edge_name=POSTED&limit=100"), 200);
    assert!(posts["edges"].as_array().unwrap().iter().all(|edge| edge["name"] == "POSTED"));
}

#[test]
fn what_nobody_remembers_is_said_to_be_unknown_and_nothing_else() {
    let mut stack = Stack::start();
    let run = played(&stack, 4);
    remembered(&stack, &run);
    let folder = stack.dir().join("bridge");
    let arguments = ["run", folder.to_str().unwrap(), "--new-run", "--memory", "none"];
    let forgotten = stack.shoal_json(&arguments)["run_id"].as_str().unwrap().to_owned();
    let memory = data(look(&stack, &format!("{forgotten}/memory")), 200);
    assert_eq!(
        (&memory["known"], &memory["memory"], &memory["lag"]),
        (&json!(false), &json!([]), &json!(0))
    );
    let page = data(look(&stack, &format!("{forgotten}/memory/episodes")), 200);
    assert_eq!((&page["episodes"], &page["next_cursor"]), (&json!([]), &Value::Null));
    assert_eq!(data(look(&stack, &format!("{forgotten}/memory/search?query=x")), 200)["total"], 0);

    for path in ["bridge-9/memory", "bridge-9/memory/search?query=x", "harbour/memory/episodes"] {
        refused(look(&stack, path), 404, "");
    }
    for (path, place) in [
        ("bridge/memory/search", "?query: found nothing"),
        ("bridge/memory/search?query=%20", "?query"),
        ("bridge/memory/search?query=x&limit=101", "?limit"),
        ("bridge/memory/episodes?cursor=-1&platform=x", "?cursor"),
        ("a.b/memory", "the id in the path"),
    ] {
        refused(look(&stack, path), 400, place);
    }
    refused(graph(&stack, "no-such-graph"), 404, "no-such-graph");
    refused(graph(&stack, "..%2f..%2fmemory.sqlite"), 404, "");
    refused(graph(&stack, "%E5%9B%BE%201"), 404, "图 1");
    for id in ["a%00b", "%0a", &"x".repeat(257)] {
        refused(graph(&stack, id), 400, "the graph's id in the path");
    }
    refused(graph(&stack, "bridge?limit=2001"), 400, "?limit");
    for (rest, place) in [
        ("search/bridge", "?query"),
        ("search/bridge?query=x&scope=facts&labels=,", "?scope"),
        ("nodes/bridge?cursor=x", "?cursor"),
        ("edges/bridge?as_of=now", "?as_of"),
        ("timeline/bridge", "?name"),
        ("timeline/bridge?name=a&uuid=b", "?uuid"),
        ("node/Ada", "the uuid in the path"),
    ] {
        refused(asked(&stack, rest), 400, place);
    }
    for rest in [
        "statistics/nobody",
        "search/nobody?query=x",
        "timeline/bridge?name=nobody-of-this-name",
        "node/5a2ddee5-032c-86e3-8df2-09dd8f074bd0",
    ] {
        refused(asked(&stack, rest), 404, "");
    }

    stack.services.remove("shoal-memory-sink");
    refused(graph(&stack, "bridge"), 503, "no memory-sink");
    refused(get(stack.http_port, "/api/memory"), 503, "no memory-sink");
    refused(look(&stack, &format!("{run}/memory")), 503, "no memory-sink");
    assert_eq!(data(look(&stack, &format!("{forgotten}/memory")), 200)["episodes"], 0);
}
