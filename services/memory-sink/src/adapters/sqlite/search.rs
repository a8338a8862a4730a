//! Facts, nodes and episodes that have some words.

use contract::memory::{Among, Episode, Find, FindAnswer, GraphEdge, GraphNode, Search};
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
            let total = hunt.go(Among::Episodes, &question, None, search.limit)?;
            Ok((total.hits, hunt.found.episodes))
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
            let total = match question {
                Some(question) => hunt.go(find.scope, &question, below, find.limit)?,
                None => Total { hits: 0, is_exact: true, next: None },
            };
            let Found { facts, edges, nodes, episodes } = hunt.found;
            Ok(Some(FindAnswer {
                v: V1,
                query: find.query,
                scope: find.scope,
                total_count: total.hits,
                total_is_exact: total.is_exact,
                facts,
                edges,
                nodes,
                episodes,
                next: total.next.map(|id| id.to_string()),
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

/// What came of a look at the hits.
struct Total {
    /// How many there are, as far as they were counted.
    hits: u64,
    is_exact: bool,
    /// Where the page ends that was collected, if there is more.
    next: Option<i64>,
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

    /// Collects up to `limit` hits below an id, and counts all.
    fn go(
        &mut self,
        among: Among,
        question: &str,
        below: Option<i64>,
        limit: u32,
    ) -> rusqlite::Result<Total> {
        let Some(below) = below else { return self.pass(among, question, NEWEST, limit, COUNTED) };
        let page = self.pass(among, question, below, limit, 0)?;
        let all = self.pass(among, question, NEWEST, 0, COUNTED)?;
        Ok(Total { next: page.next, ..all })
    }

    /// Collects up to `limit` hits below an id, and goes on to count up to `counted`.
    fn pass(
        &mut self,
        among: Among,
        question: &str,
        below: i64,
        limit: u32,
        counted: u64,
    ) -> rusqlite::Result<Total> {
        let (mut looked_at, mut last, mut is_full) = (0, below, false);
        let mut total = Total { hits: 0, is_exact: true, next: None };
        newest(self.transaction, table(among), question, below, |id| {
            is_full |= total.hits >= u64::from(limit);
            if is_full && total.next.is_none() {
                // Whatever is left out is behind the last row that was looked at.
                total.next = Some(last);
            }
            if looked_at == LOOKED_AT || (is_full && total.hits >= counted) {
                total.next = total.next.or(Some(last));
                total.is_exact = false;
                return Ok(Seen::Enough);
            }
            looked_at += 1;
            if self.fits(among, id)? {
                if !is_full && !self.collect(among, id)? {
                    (is_full, total.next) = (true, Some(last));
                }
                total.hits += 1;
            }
            last = id;
            Ok(Seen::GoOn)
        })?;
        Ok(total)
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
