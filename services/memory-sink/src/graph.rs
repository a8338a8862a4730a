//! Draws a graph from episodes: agents, and what they did to each other. Pure.

use std::collections::BTreeMap;

use contract::action::ActionBody;
use contract::id::{Digest, RunId};
use contract::memory::{
    DrawnFrom, EdgeAttributes, Episode, GraphAnswer, GraphEdge, GraphNode, NodeAttributes,
};
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use contract::version::V1;

/// An episode, and what a memory knows of it besides.
pub struct Remembered {
    /// Its UUID.
    pub uuid: String,
    /// When it was remembered.
    pub created_at: Timestamp,
    /// The episode.
    pub episode: Episode,
}

/// A graph that is being drawn. Episodes come newest first.
pub struct Drawing {
    graph_id: String,
    limit: usize,
    /// In the order in which they are first met: who acted last comes first.
    agents: Vec<Agent>,
    by_key: BTreeMap<(u32, String), usize>,
    edges: Vec<Edge>,
    omitted_edges: u64,
    taken_back: BTreeMap<Deed, TakenBack>,
    seen: u64,
}

struct Agent {
    id: Option<u32>,
    name: String,
    types: BTreeMap<&'static str, u64>,
    last_round: Option<u32>,
    since: Timestamp,
}

/// An edge whose other end is not looked up yet: older episodes may tell more of it.
struct Edge {
    source: usize,
    target: (Option<u32>, String),
    relation: &'static str,
    remembered: Remembered,
    taken_back: Option<TakenBack>,
}

/// What may be taken back: who did it, where, what, and to which post, comment or user.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Deed {
    run: RunId,
    platform: Platform,
    agent: u32,
    relation: &'static str,
    thing: u64,
}

struct TakenBack {
    uuid: String,
    simulated_time: Timestamp,
    created_at: Timestamp,
}

impl Drawing {
    /// An empty one of at most `limit` nodes and `limit` edges.
    pub fn new(graph_id: String, limit: u32) -> Drawing {
        Drawing {
            graph_id,
            limit: limit as usize,
            agents: Vec::new(),
            by_key: BTreeMap::new(),
            edges: Vec::new(),
            omitted_edges: 0,
            taken_back: BTreeMap::new(),
            seen: 0,
        }
    }

    /// Takes the next older episode.
    pub fn take(&mut self, remembered: Remembered) {
        self.seen += 1;
        let source = self.note(&remembered);
        let episode = &remembered.episode;
        let Some(relation) = Relation::of(&episode.body.body) else { return };
        let deed = Deed {
            run: episode.run_id.clone(),
            platform: episode.platform,
            agent: episode.agent_id,
            relation: relation.name,
            thing: relation.thing,
        };
        if relation.ends {
            let Remembered { uuid, created_at, episode } = remembered;
            let simulated_time = episode.simulated_time;
            self.taken_back.insert(deed, TakenBack { uuid, simulated_time, created_at });
            return;
        }
        let taken_back = self.taken_back.remove(&deed);
        let is_itself = |name: &String| {
            *name == episode.agent_name && relation.agent.is_none_or(|id| id == episode.agent_id)
        };
        let Some(name) = relation.whose.filter(|name| !is_itself(name)) else { return };
        let (target, relation) = ((relation.agent, name.clone()), relation.name);
        if self.edges.len() == self.limit {
            self.omitted_edges += 1;
            return;
        }
        self.edges.push(Edge { source, target, relation, remembered, taken_back });
    }

    /// Counts an episode for its agent, and says which one that is.
    fn note(&mut self, remembered: &Remembered) -> usize {
        let Remembered { created_at, episode, .. } = remembered;
        let key = (episode.agent_id, episode.agent_name.clone());
        let index = *self.by_key.entry(key).or_insert_with(|| {
            self.agents.push(Agent {
                id: Some(episode.agent_id),
                name: episode.agent_name.clone(),
                types: BTreeMap::new(),
                last_round: None,
                since: *created_at,
            });
            self.agents.len() - 1
        });
        let agent = &mut self.agents[index];
        *agent.types.entry(episode.body.body.type_name()).or_default() += 1;
        agent.last_round = agent.last_round.max(Some(episode.round));
        agent.since = *created_at;
        index
    }

    /// The graph, in at most `room` bytes of JSON; `episodes`: all that the graph has.
    pub fn finish(mut self, room: usize, episodes: u64) -> GraphAnswer {
        let edges = std::mem::take(&mut self.edges);
        let mut people = People::new(std::mem::take(&mut self.agents));
        let edges: Vec<(usize, Edge)> =
            edges.into_iter().map(|edge| (people.find(&edge), edge)).collect();
        let mut room = Room { left: room };
        let mut half = Room { left: room.left / 2 };
        let mut nodes: Vec<GraphNode> = Vec::new();
        for agent in people.agents.iter().take(self.limit) {
            let node = node(&self.graph_id, agent);
            if !half.takes(&node) {
                break;
            }
            room.takes(&node);
            nodes.push(node);
        }
        let (mut drawn, mut omitted_edges) = (Vec::new(), self.omitted_edges);
        for (target, edge) in edges {
            let ends = nodes.get(edge.source).zip(nodes.get(target));
            match ends.map(|(source, target)| edge.draw(source, target)) {
                Some(edge) if room.takes(&edge) => drawn.push(edge),
                _ => omitted_edges += 1,
            }
        }
        let drawn_from = DrawnFrom {
            episodes,
            omitted_episodes: episodes.saturating_sub(self.seen),
            omitted_nodes: (people.agents.len() - nodes.len()) as u64,
            omitted_edges,
        };
        GraphAnswer { v: V1, graph_id: self.graph_id, nodes, edges: drawn, drawn_from }
    }
}

/// Agents, and those that are only named.
struct People {
    agents: Vec<Agent>,
    /// Of several of a name the first by number.
    by_name: BTreeMap<String, usize>,
}

impl People {
    fn new(agents: Vec<Agent>) -> People {
        let mut by_name: BTreeMap<String, usize> = BTreeMap::new();
        for (index, agent) in agents.iter().enumerate() {
            let first = by_name.entry(agent.name.clone()).or_insert(index);
            if agents[*first].id > agent.id {
                *first = index;
            }
        }
        People { agents, by_name }
    }

    /// Whom an edge leads to. Who never acted is known by name only.
    fn find(&mut self, edge: &Edge) -> usize {
        let (id, name) = &edge.target;
        let exactly = |agent: &Agent| id.is_some() && agent.id == *id && agent.name == *name;
        let known = self.by_name.get(name).copied();
        let index = match known {
            Some(index) if id.is_none() || exactly(&self.agents[index]) => index,
            // Several have this name, and the action says which one is meant.
            Some(index) => self.agents.iter().position(exactly).unwrap_or(index),
            None => {
                let since = edge.remembered.created_at;
                let (name, types) = (name.clone(), BTreeMap::new());
                self.by_name.insert(name.clone(), self.agents.len());
                self.agents.push(Agent { id: None, name, types, last_round: None, since });
                self.agents.len() - 1
            }
        };
        // Edges come newest first, so the last one that names it is the first that did.
        if self.agents[index].types.is_empty() {
            self.agents[index].since = edge.remembered.created_at;
        }
        index
    }
}

impl Edge {
    fn draw(self, source: &GraphNode, target: &GraphNode) -> GraphEdge {
        let Edge { relation, remembered: Remembered { uuid, created_at, episode }, .. } = self;
        let (invalid_at, expired_at, end) = match self.taken_back {
            Some(end) => (Some(end.simulated_time), Some(end.created_at), Some(end.uuid)),
            None => (None, None, None),
        };
        GraphEdge {
            uuid: uuid.clone(),
            name: relation.to_owned(),
            fact: episode.text,
            fact_type: relation.to_owned(),
            source_node_uuid: source.uuid.clone(),
            target_node_uuid: target.uuid.clone(),
            source_node_name: source.name.clone(),
            target_node_name: target.name.clone(),
            attributes: EdgeAttributes {
                action_id: episode.action_id,
                run_id: episode.run_id,
                platform: episode.platform,
                round: episode.round,
                action_type: episode.action_type,
            },
            created_at,
            valid_at: episode.simulated_time,
            invalid_at,
            expired_at,
            episodes: [uuid].into_iter().chain(end).collect(),
        }
    }
}

fn node(graph_id: &str, agent: &Agent) -> GraphNode {
    let actions = agent.types.values().sum();
    let most = agent.types.iter().max_by_key(|(_, count)| **count);
    let summary = match (most, agent.last_round) {
        (Some((kind, count)), Some(round)) => {
            format!("{actions} actions, most often {kind} ({count}), the last one in round {round}")
        }
        _ => "did nothing itself, others did something to it".to_owned(),
    };
    let id = agent.id.map_or_else(|| "named".to_owned(), |id| format!("agent:{id}"));
    GraphNode {
        uuid: uuid(graph_id, &format!("{id}\0{}", agent.name)),
        name: agent.name.clone(),
        labels: vec!["Entity".to_owned(), "Agent".to_owned()],
        summary,
        attributes: NodeAttributes { agent_id: agent.id, actions, last_round: agent.last_round },
        created_at: agent.since,
    }
}

/// The name of something in a graph: a UUID (version 8) that is a function of both, so that a
/// memory filled again has the same ones.
pub fn uuid(graph_id: &str, name: &str) -> String {
    let digest = Digest::of(&[graph_id.as_bytes(), b"\0", name.as_bytes()]).to_string();
    let (a, b, c) = (&digest[..8], &digest[8..12], &digest[13..16]);
    format!("{a}-{b}-8{c}-8{}-{}", &digest[17..20], &digest[20..32])
}

/// What an action does to another agent.
struct Relation<'a> {
    name: &'static str,
    /// Takes back what made an edge of this name.
    ends: bool,
    /// The name of the other.
    whose: Option<&'a String>,
    /// Its number, where the action has it.
    agent: Option<u32>,
    /// The post, comment or user that it is about.
    thing: u64,
}

impl Relation<'_> {
    fn of(body: &ActionBody) -> Option<Relation<'_>> {
        let relation =
            |name, thing, whose| Relation { name, ends: false, whose, agent: None, thing };
        let back = |name, thing| Relation { ends: true, ..relation(name, thing, None) };
        let user = |name, id: u32, whose| {
            let whose = Option::as_ref(whose);
            Relation { agent: Some(id), ..relation(name, u64::from(id), whose) }
        };
        Some(match body {
            ActionBody::Repost(to) => {
                relation("REPOSTED", to.reposted_id, to.original_author_name.as_ref())
            }
            ActionBody::QuotePost(to) => {
                relation("QUOTED", to.quoted_id, to.original_author_name.as_ref())
            }
            ActionBody::LikePost(to) => relation("LIKED", to.post_id, to.post_author_name.as_ref()),
            ActionBody::UnlikePost(to) => back("LIKED", to.post_id),
            ActionBody::DislikePost(to) => {
                relation("DISLIKED", to.post_id, to.post_author_name.as_ref())
            }
            ActionBody::UndoDislikePost(to) => back("DISLIKED", to.post_id),
            ActionBody::ReportPost(to) => {
                relation("REPORTED", to.post_id, to.post_author_name.as_ref())
            }
            ActionBody::CreateComment(to) => match to.parent_comment_id {
                Some(parent) => relation("ANSWERED", parent, to.parent_author_name.as_ref()),
                None => relation("COMMENTED_ON", to.post_id, to.post_author_name.as_ref()),
            },
            ActionBody::LikeComment(to) => {
                relation("LIKED_COMMENT", to.comment_id, to.comment_author_name.as_ref())
            }
            ActionBody::UnlikeComment(to) => back("LIKED_COMMENT", to.comment_id),
            ActionBody::DislikeComment(to) => {
                relation("DISLIKED_COMMENT", to.comment_id, to.comment_author_name.as_ref())
            }
            ActionBody::UndoDislikeComment(to) => back("DISLIKED_COMMENT", to.comment_id),
            ActionBody::Follow(to) => user("FOLLOWS", to.followee_id, &to.target_user_name),
            ActionBody::Unfollow(to) => back("FOLLOWS", u64::from(to.followee_id)),
            ActionBody::Mute(to) => user("MUTED", to.mutee_id, &to.target_user_name),
            ActionBody::Unmute(to) => back("MUTED", u64::from(to.mutee_id)),
            ActionBody::CreatePost(_)
            | ActionBody::SearchPosts(_)
            | ActionBody::SearchUser(_)
            | ActionBody::Trend(_)
            | ActionBody::Refresh(_)
            | ActionBody::DoNothing(_) => return None,
        })
    }
}

/// Bytes that an answer may still have.
struct Room {
    left: usize,
}

impl Room {
    /// Whether there is room for `part` and a comma, which is then taken.
    fn takes(&mut self, part: &impl serde::Serialize) -> bool {
        let size = serde_json::to_vec(part).map_or(usize::MAX, |bytes| bytes.len() + 1);
        let left = self.left.checked_sub(size);
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }
}

#[cfg(test)]
mod tests;
