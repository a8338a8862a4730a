//! What a memory is asked and answers about graphs.

use contract::memory::{
    Among, Direction, DrawnFrom, EdgeAttributes, Edges, EdgesAnswer, Entity, Find, FindAnswer,
    Graph, GraphAnswer, GraphEdge, GraphNode, MAX_DRAWN, MAX_LIMIT, Node, NodeAnswer,
    NodeAttributes, Nodes, NodesAnswer, RelatedEdge, RelatedNode, Scope, Statistics,
    StatisticsAnswer, Timeline, TimelineAnswer,
};
use contract::notice::action_id;
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use contract::version::V1;

use super::super::{Sample, at, each, run, sample, word, worlds};
use super::episode;

const GRAPH: &str = "night-market";

pub(super) fn samples() -> Vec<Sample> {
    let mut samples = questions();
    samples.extend(answers());
    samples
}

fn questions() -> Vec<Sample> {
    let graph_id = || GRAPH.to_owned();
    let words = |among| Find::new(Scope::Graph(graph_id()), "图书馆".to_owned(), among);
    let filtered = Find {
        within: Scope::Run(run()),
        edge_names: vec!["LIKED".to_owned(), "FOLLOWS".to_owned()],
        labels: vec!["Agent".to_owned()],
        platform: Some(Platform::Reddit),
        from_round: Some(2),
        to_round: Some(7),
        valid_at: Some(simulated(3)),
        cursor: Some("4711".to_owned()),
        limit: MAX_LIMIT,
        ..words(Among::Edges)
    };
    let nodes = Nodes {
        v: V1,
        graph_id: graph_id(),
        label: Some("Post".to_owned()),
        name: Some("Pier 9 closes".to_owned()),
        cursor: Some("1.2.41".to_owned()),
        limit: MAX_LIMIT,
    };
    let all_nodes = Nodes { label: None, name: None, cursor: None, ..nodes.clone() };
    let edges = Edges {
        v: V1,
        graph_id: graph_id(),
        edge_name: Some("MUTED".to_owned()),
        as_of: Some(simulated(4)),
        include_expired: false,
        cursor: Some("4711".to_owned()),
        limit: 20,
    };
    let all_edges = Edges {
        edge_name: None,
        as_of: None,
        include_expired: true,
        cursor: None,
        ..edges.clone()
    };
    let node = Node { v: V1, uuid: uuid(1), cursor: None, limit: 20 };
    let further = Node { cursor: Some("1.2.3".to_owned()), ..node.clone() };
    let timeline = |of, cursor: Option<&str>| Timeline {
        v: V1,
        graph_id: graph_id(),
        of,
        cursor: cursor.map(str::to_owned),
        limit: 20,
    };
    let mut samples: Vec<Sample> = each(next_among)
        .into_iter()
        .map(|among| sample("memory-find", format!("among-{}", word(&among)), &words(among)))
        .collect();
    samples.extend([
        sample("memory-graph", "at-most", &Graph { graph_id: graph_id(), limit: MAX_DRAWN }),
        sample("memory-find", "filtered", &filtered),
        sample("memory-nodes", "of-a-name", &nodes),
        sample("memory-nodes", "all", &all_nodes),
        sample("memory-edges", "that-held", &edges),
        sample("memory-edges", "all", &all_edges),
        sample("memory-node", "of-a-uuid", &node),
        sample("memory-node", "from-a-place", &further),
        sample("memory-statistics", "all", &Statistics { v: V1, graph_id: graph_id() }),
        sample("memory-timeline", "by-name", &timeline(Entity::Name("Ada".to_owned()), None)),
        sample("memory-timeline", "by-uuid", &timeline(Entity::Uuid(uuid(1)), Some("1.2.3"))),
    ]);
    samples
}

fn answers() -> Vec<Sample> {
    let graph_id = || GRAPH.to_owned();
    let found = |scope, facts: Vec<String>| FindAnswer {
        v: V1,
        query: "pier".to_owned(),
        scope,
        total_count: 1000,
        total_is_exact: false,
        facts,
        edges: Vec::new(),
        nodes: Vec::new(),
        episodes: Vec::new(),
        next: Some("17".to_owned()),
    };
    let edges = FindAnswer { edges: vec![edge()], ..found(Among::Edges, vec![edge().fact]) };
    let fact = "[Ada]: did 2 things".to_owned();
    let nodes = FindAnswer { nodes: vec![ada()], next: None, ..found(Among::Nodes, vec![fact]) };
    let action = worlds::story().remove(1).actions.remove(0);
    let episodes = vec![episode(action)];
    let facts = vec![episodes[0].text.clone()];
    let episodes = FindAnswer { episodes, ..found(Among::Episodes, facts) };
    let node = NodeAnswer {
        v: V1,
        graph_id: graph_id(),
        node: ada(),
        edges: vec![edge()],
        related_edges: each(next_direction).into_iter().map(related).collect(),
        related_nodes: vec![neighbour()],
        next: Some("1.2.3".to_owned()),
    };
    let statistics = StatisticsAnswer {
        v: V1,
        graph_id: graph_id(),
        total_nodes: 3,
        total_edges: 1,
        entity_types: [("Agent".to_owned(), 2), ("Post".to_owned(), 1)].into(),
        relation_types: [("FOLLOWS".to_owned(), 1)].into(),
    };
    let nodes_page = NodesAnswer { v: V1, graph_id: graph_id(), nodes: vec![post()], next: None };
    let edges_page =
        EdgesAnswer { v: V1, graph_id: graph_id(), edges: vec![edge()], next: Some("3".into()) };
    let timeline = TimelineAnswer {
        v: V1,
        graph_id: graph_id(),
        node: ada(),
        edges: vec![edge()],
        next: None,
    };
    vec![
        sample("memory-graph-answer", "graph", &graph()),
        sample("memory-find-answer", "edges", &edges),
        sample("memory-find-answer", "nodes", &nodes),
        sample("memory-find-answer", "episodes", &episodes),
        sample("memory-nodes-answer", "page", &nodes_page),
        sample("memory-edges-answer", "page", &edges_page),
        sample("memory-node-answer", "node", &node),
        sample("memory-statistics-answer", "statistics", &statistics),
        sample("memory-timeline-answer", "timeline", &timeline),
    ]
}

fn uuid(number: u32) -> String {
    format!("{number:08x}-0c1d-8e2f-8a3b-4c5d6e7f8091")
}

fn simulated(round: u32) -> Timestamp {
    at(0).midnight().plus_minutes(60 * u64::from(round))
}

fn node(number: u32, name: &str, label: &str, attributes: NodeAttributes) -> GraphNode {
    GraphNode {
        uuid: uuid(number),
        name: name.to_owned(),
        labels: vec!["Entity".to_owned(), label.to_owned()],
        summary: "did 2 things".to_owned(),
        attributes,
        created_at: at(1),
    }
}

fn agent(number: u32, actions: u64, last_round: Option<u32>) -> NodeAttributes {
    NodeAttributes {
        key: format!("agent:night-market:{number}"),
        agent_id: Some(number),
        actions,
        last_round,
        author_id: None,
        author_name: None,
    }
}

fn ada() -> GraphNode {
    node(1, "Ada", "Agent", agent(0, 2, Some(3)))
}

fn post() -> GraphNode {
    let attributes = NodeAttributes {
        key: "post:night-market-1:twitter:7".to_owned(),
        agent_id: None,
        actions: 0,
        last_round: None,
        author_id: Some(0),
        author_name: Some("Ada".to_owned()),
    };
    node(5, "Pier 9 closes", "Post", attributes)
}

fn edge() -> GraphEdge {
    GraphEdge {
        uuid: uuid(3),
        name: "FOLLOWS".to_owned(),
        fact: "Ada: followed the user \"Ben\"".to_owned(),
        fact_type: "FOLLOWS".to_owned(),
        source_node_uuid: uuid(1),
        target_node_uuid: uuid(2),
        source_node_name: "Ada".to_owned(),
        target_node_name: "Ben".to_owned(),
        attributes: EdgeAttributes {
            action_id: action_id(&run(), Platform::Twitter, 7),
            run_id: run(),
            platform: Platform::Twitter,
            round: 2,
            action_type: "FOLLOW".to_owned(),
        },
        created_at: at(1),
        valid_at: simulated(2),
        invalid_at: Some(simulated(3)),
        expired_at: Some(at(2)),
        episodes: vec![uuid(3), uuid(4)],
    }
}

fn related(direction: Direction) -> RelatedEdge {
    let (source_node_uuid, target_node_uuid) = match direction {
        Direction::Outgoing => (None, Some(uuid(2))),
        Direction::Incoming => (Some(uuid(2)), None),
    };
    let GraphEdge { name: edge_name, fact, .. } = edge();
    RelatedEdge { direction, edge_name, fact, source_node_uuid, target_node_uuid }
}

fn neighbour() -> RelatedNode {
    let GraphNode { uuid, name, labels, summary, .. } = node(2, "Ben", "Agent", agent(1, 0, None));
    RelatedNode { uuid, name, labels, summary }
}

/// One agent followed another, who has done nothing, and thought better of it.
fn graph() -> GraphAnswer {
    GraphAnswer {
        v: V1,
        graph_id: GRAPH.to_owned(),
        nodes: vec![ada(), node(2, "Ben", "Agent", agent(1, 0, None)), post()],
        edges: vec![edge()],
        drawn_from: DrawnFrom {
            episodes: 30_002,
            omitted_episodes: 0,
            omitted_nodes: 9,
            omitted_edges: 30_000,
        },
    }
}

fn next_among(among: Option<&Among>) -> Option<Among> {
    match among {
        None => Some(Among::Edges),
        Some(Among::Edges) => Some(Among::Nodes),
        Some(Among::Nodes) => Some(Among::Episodes),
        Some(Among::Episodes) => None,
    }
}

fn next_direction(direction: Option<&Direction>) -> Option<Direction> {
    match direction {
        None => Some(Direction::Outgoing),
        Some(Direction::Outgoing) => Some(Direction::Incoming),
        Some(Direction::Incoming) => None,
    }
}
