//! Facts, nodes and episodes that have some words.

use contract::memory::{
    Among, Episode, Find, FindAnswer, GraphEdge, GraphNode, Search,
};
use contract::version::V1;
use rusqlite::Transaction;

use super::hunt::{COUNTED, Ground, NEWEST, Seen, Table, newest};
use super::lookup::{episode_of, is_known};
use super::room::{Room, size};
use super::rows::{edge_of, node_of};
use super::{SqliteError, SqliteMemory};

/// Rows that are looked at for one page, or for one count. With filters few of many may fit.
const LOOKED_AT: u64 = 5000;

impl SqliteMemory {
    /// How many episodes have every word of a query, and the newest of them, in at most `room`
    /// bytes of JSON.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn search(
        &self,
        search: Search,
        room: usize,
    ) -> Result<(u64, Vec<Episode>), SqliteError> {
        self.read(move |transaction| {
            let ground = match &search.scope {
                Some(scope) => Ground::new(transaction, scope, None)?,
                None => Ground::everywhere(),
            };
            let mut hunt = Hunt::new(transaction, &ground, Wanted::default(), room);
            let Some(question) = ground.question(Some(&search.query)) else {
                return Ok((0, Vec::new()));
            };
            hunt.page(Among::Episodes, &question, NEWEST, search.limit)?;
            let (total, _) = hunt.count(Among::Episodes, &question)?;
            Ok((total, hunt.found.episodes))
        })
        .await
    }

    /// What has every word of a query, from `below` on (`None`: the newest), in at most `room`
    /// bytes of JSON; `None` if the memory has never heard of the graph or run.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn look_for(
        &self,
        find: Find,
        below: Option<i64>,
        room: usize,
    ) -> Result<Option<FindAnswer>, SqliteError> {
        self.read(move |transaction| {
            if !is_known(transaction, &find.within)? {
                return Ok(None);
            }
            let (ground, question) = match find.scope {
                Among::Nodes => {
                    let ground = Ground::new(transaction, &find.within, None)?;
                    let question = ground.question_for_names(&find.query);
                    (ground, question)
                }
                Among::Edges | Among::Episodes => {
                    let ground = Ground::new(transaction, &find.within, find.platform)?;
                    let ground = ground.only(&find.edge_names);
                    let question = ground.question(Some(&find.query));
                    (ground, question)
                }
            };
            let mut hunt = Hunt::new(transaction, &ground, Wanted::of(&find), room);
            let (mut next, mut total) = (None, (0, true));
            if let Some(question) = question {
                next = hunt.page(find.scope, &question, below.unwrap_or(NEWEST), find.limit)?;
                total = hunt.count(find.scope, &question)?;
            }
            let Found { facts, edges, nodes, episodes } = hunt.found;
            Ok(Some(FindAnswer {
                v: V1,
                query: find.query,
                scope: find.scope,
                total_count: total.0,
                total_is_exact: total.1,
                facts,
                edges,
                nodes,
                episodes,
                next: next.map(|id| id.to_string()),
            }))
        })
        .await
    }
}

/// What a row must be like, beside having the words.
#[derive(Default)]
struct Wanted {
    labels: Vec<String>,
    from_round: Option<u32>,
    to_round: Option<u32>,
    valid_at: Option<i64>,
}

impl Wanted {
    fn of(find: &Find) -> Wanted {
        Wanted {
            labels: find.labels.clone(),
            from_round: find.from_round,
            to_round: find.to_round,
            valid_at: find.valid_at.map(|time| time.milliseconds()),
        }
    }

    fn has_round(&self, round: u32) -> bool {
        self.from_round.is_none_or(|from| from <= round)
            && self.to_round.is_none_or(|to| round <= to)
    }
}

#[derive(Default)]
struct Found {
    facts: Vec<String>,
    edges: Vec<GraphEdge>,
    nodes: Vec<GraphNode>,
    episodes: Vec<Episode>,
}

/// One search.
struct Hunt<'t> {
    transaction: &'t Transaction<'t>,
    ground: &'t Ground,
    wanted: Wanted,
    room: Room,
    found: Found,
}

impl<'t> Hunt<'t> {
    fn new(
        transaction: &'t Transaction<'t>,
        ground: &'t Ground,
        wanted: Wanted,
        room: usize,
    ) -> Hunt<'t> {
        Hunt { transaction, ground, wanted, room: Room::new(room), found: Found::default() }
    }

    /// Collects up to `limit` hits below an id, and says where to go on.
    fn page(
        &mut self,
        among: Among,
        question: &str,
        below: i64,
        limit: u32,
    ) -> rusqlite::Result<Option<i64>> {
        let (mut hits, mut looked_at, mut last, mut next) = (0, 0, below, None);
        newest(self.transaction, table(among), question, below, |id| {
            // Whatever is left out is behind the last row that was looked at.
            if hits == limit || looked_at == LOOKED_AT {
                next = Some(last);
                return Ok(Seen::Enough);
            }
            looked_at += 1;
            if self.fits(among, id)? {
                if !self.collect(among, id)? {
                    next = Some(last);
                    return Ok(Seen::Enough);
                }
                hits += 1;
            }
            last = id;
            Ok(Seen::GoOn)
        })?;
        Ok(next)
    }

    /// How many hits there are, and whether these are all.
    fn count(&self, among: Among, question: &str) -> rusqlite::Result<(u64, bool)> {
        let (mut hits, mut looked_at, mut is_exact) = (0, 0, true);
        newest(self.transaction, table(among), question, NEWEST, |id| {
            if hits == COUNTED || looked_at == LOOKED_AT {
                is_exact = false;
                return Ok(Seen::Enough);
            }
            looked_at += 1;
            hits += u64::from(self.fits(among, id)?);
            Ok(Seen::GoOn)
        })?;
        Ok((hits, is_exact))
    }

    /// Whether a row that has the words is wanted.
    fn fits(&self, among: Among, id: i64) -> rusqlite::Result<bool> {
        match among {
            Among::Nodes if self.wanted.labels.is_empty() => Ok(true),
            Among::Nodes => {
                let label: String = self
                    .transaction
                    .prepare_cached("SELECT label FROM node WHERE id = ?1")?
                    .query_row([id], |row| row.get(0))?;
                Ok(self.wanted.labels.contains(&label))
            }
            Among::Edges => Ok(self.is_edge(id)? && self.is_of_time(id)?),
            Among::Episodes => self.is_of_time(id),
        }
    }

    /// Whether an episode made an edge, and one that holds when it has to.
    fn is_edge(&self, id: i64) -> rusqlite::Result<bool> {
        let at = self.wanted.valid_at;
        let sql = match at {
            None => "SELECT ?2 IS NULL FROM edge WHERE id = ?1",
            Some(_) => {
                "SELECT valid_at <= ?2 AND (invalid_at IS NULL OR invalid_at > ?2)
                 FROM edge WHERE id = ?1"
            }
        };
        let mut statement = self.transaction.prepare_cached(sql)?;
        let mut rows = statement.query(rusqlite::params![id, at])?;
        rows.next()?.map_or(Ok(false), |row| row.get(0))
    }

    /// Whether an episode is of the rounds and worlds that are wanted.
    fn is_of_time(&self, id: i64) -> rusqlite::Result<bool> {
        let Wanted { from_round, to_round, .. } = self.wanted;
        if from_round.is_none() && to_round.is_none() && !self.ground.is_of_worlds() {
            return Ok(true);
        }
        self.transaction
            .prepare_cached("SELECT round, world FROM episode WHERE id = ?1")?
            .query_row([id], |row| {
                Ok(self.wanted.has_round(row.get(0)?) && self.ground.has(row.get(1)?))
            })
    }

    /// Adds a hit; false if there is no room for it.
    fn collect(&mut self, among: Among, id: i64) -> rusqlite::Result<bool> {
        let Hunt { transaction, room, found, .. } = self;
        let fact = match among {
            Among::Edges => {
                let edge = edge_of(transaction, id)?.edge;
                if !room.takes(&[size(&edge), size(&edge.fact)]) {
                    return Ok(false);
                }
                let fact = edge.fact.clone();
                found.edges.push(edge);
                fact
            }
            Among::Nodes => {
                let node = node_of(transaction, id)?.node;
                let fact = format!("[{}]: {}", node.name, node.summary);
                if !room.takes(&[size(&node), size(&fact)]) {
                    return Ok(false);
                }
                found.nodes.push(node);
                fact
            }
            Among::Episodes => {
                let episode = episode_of(transaction, id)?;
                if !room.takes(&[size(&episode), size(&episode.text)]) {
                    return Ok(false);
                }
                let fact = episode.text.clone();
                found.episodes.push(episode);
                fact
            }
        };
        found.facts.push(fact);
        Ok(true)
    }
}

fn table(among: Among) -> Table {
    match among {
        Among::Edges | Among::Episodes => Table::Episodes,
        Among::Nodes => Table::Nodes,
    }
}
