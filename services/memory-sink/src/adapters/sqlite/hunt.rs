//! Looks for words: newest first, and never through more than a certain number of rows.
//!
//! `episode_fts` knows by its tags which rows belong to a graph, a world, or edges of a name, so
//! one look at it finds the rows that have the words and belong there. Its rows come in the order
//! of their ids; whoever asks for the newest ones reads only those. Nothing is ranked: a rank
//! needs a look at every row that has a word, and common words are in most of them.

use std::collections::BTreeSet;

use contract::memory::Scope;
use contract::subject::Platform;
use rusqlite::{OptionalExtension, Transaction, params};

use super::words;
use crate::graph::Relation;

/// How far hits are counted.
pub(super) const COUNTED: u64 = 1000;
/// Above any id.
pub(super) const NEWEST: i64 = i64::MAX;
/// Worlds that are named one by one; of more the graph is named.
const NAMED_WORLDS: usize = 16;

/// Where to look.
pub(super) struct Ground {
    /// What rows must have, as conditions on tags.
    tags: Vec<String>,
    /// The worlds that rows must be of, where the tags do not say it.
    worlds: Option<BTreeSet<i64>>,
    /// The tags say nothing, since no row has others.
    is_only: bool,
    /// No row is wanted at all.
    is_empty: bool,
    /// The graphs.
    pub(super) graphs: Vec<i64>,
}

impl Ground {
    /// Everything that there is.
    pub(super) fn everywhere() -> Ground {
        Ground {
            tags: Vec::new(),
            worlds: None,
            is_only: false,
            is_empty: false,
            graphs: Vec::new(),
        }
    }

    /// A whole graph.
    pub(super) fn graph(graph: i64) -> Ground {
        let tags = vec![format!("g{graph}")];
        Ground { tags, worlds: None, is_only: false, is_empty: false, graphs: vec![graph] }
    }

    /// A graph or a run, or only one platform of it.
    pub(super) fn new(
        transaction: &Transaction<'_>,
        scope: &Scope,
        platform: Option<Platform>,
    ) -> rusqlite::Result<Ground> {
        let graph = match scope {
            Scope::Graph(id) => graph_row(transaction, id)?,
            Scope::Run(_) => None,
        };
        if let (Scope::Graph(_), Some(graph), None) = (scope, graph, platform) {
            let ground = Ground::graph(graph);
            // Where there is no other graph, every row is of this one.
            let is_only = !transaction
                .prepare_cached("SELECT 1 FROM world WHERE graph <> ?1 LIMIT 1")?
                .exists([graph])?;
            return Ok(Ground { is_only, ..ground });
        }
        let (filter, key) = match scope {
            Scope::Graph(id) => ("g.graph_id = ?1", id.to_owned()),
            Scope::Run(id) => ("w.run = ?1", id.to_string()),
        };
        let rows = transaction
            .prepare_cached(&format!(
                "SELECT w.id, w.graph FROM world w JOIN graph g ON g.id = w.graph
                 WHERE {filter} AND (?2 IS NULL OR w.platform = ?2)"
            ))?
            .query_map(params![key, platform.map(Platform::as_str)], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?
            .collect::<rusqlite::Result<Vec<(i64, i64)>>>()?;
        let worlds: BTreeSet<i64> = rows.iter().map(|row| row.0).collect();
        let graphs: BTreeSet<i64> = rows.iter().map(|row| row.1).collect();
        let is_named = worlds.len() <= NAMED_WORLDS;
        let (letter, ids) = if is_named { ('w', &worlds) } else { ('g', &graphs) };
        let tags: Vec<String> = ids.iter().map(|id| format!("{letter}{id}")).collect();
        Ok(Ground {
            tags: vec![format!("({})", tags.join(" OR "))],
            is_only: false,
            is_empty: worlds.is_empty(),
            worlds: (!is_named).then_some(worlds),
            graphs: graphs.into_iter().collect(),
        })
    }

    /// Only episodes that made an edge of one of these names; empty: of any.
    pub(super) fn only(mut self, names: &[String]) -> Ground {
        let known: Vec<String> = (names.iter())
            .filter_map(|name| Relation::named(name))
            .map(|relation| format!("e{}", relation.number()))
            .collect();
        self.is_empty |= known.is_empty() && !names.is_empty();
        if !known.is_empty() {
            if self.is_only {
                self.tags.clear();
                self.is_only = false;
            }
            self.tags.push(format!("({})", known.join(" OR ")));
        }
        self
    }

    /// Whether the world of a row has to be looked at.
    pub(super) fn is_of_worlds(&self) -> bool {
        self.worlds.is_some()
    }

    /// Whether a row of this world is wanted.
    pub(super) fn has(&self, world: i64) -> bool {
        self.worlds.as_ref().is_none_or(|worlds| worlds.contains(&world))
    }

    /// The question for the full text of episodes: all of `words` there; `None` if nothing can
    /// fit.
    pub(super) fn question(&self, query: Option<&str>) -> Option<String> {
        if self.is_empty {
            return None;
        }
        let mut parts: Vec<String> = match query {
            Some(query) => {
                vec![format!("text : ({})", words::full_text_query(query)?)]
            }
            None => Vec::new(),
        };
        if parts.is_empty() || !self.is_only {
            parts.extend(self.tags.iter().map(|tags| format!("tags : {tags}")));
        }
        Some(parts.join(" AND "))
    }

    /// The same for the names of nodes.
    pub(super) fn question_for_names(&self, query: &str) -> Option<String> {
        let words = words::full_text_query(query).filter(|_| !self.is_empty)?;
        let graphs: Vec<String> = self.graphs.iter().map(|graph| format!("g{graph}")).collect();
        Some(format!("text : ({words}) AND tags : ({})", graphs.join(" OR ")))
    }
}

/// Which table of full text.
#[derive(Clone, Copy)]
pub(super) enum Table {
    Episodes,
    Nodes,
}

/// Shows the rows that fit `question` below an id to `look`, newest first, until it has seen
/// enough.
pub(super) fn newest(
    transaction: &Transaction<'_>,
    table: Table,
    question: &str,
    below: i64,
    mut look: impl FnMut(i64) -> rusqlite::Result<Seen>,
) -> rusqlite::Result<()> {
    let sql = match table {
        Table::Episodes => {
            "SELECT rowid FROM episode_fts WHERE episode_fts MATCH ?1 AND rowid < ?2
             ORDER BY rowid DESC"
        }
        Table::Nodes => {
            "SELECT rowid FROM node_fts WHERE node_fts MATCH ?1 AND rowid < ?2
             ORDER BY rowid DESC"
        }
    };
    let mut statement = transaction.prepare_cached(sql)?;
    let mut rows = statement.query(params![question, below])?;
    while let Some(row) = rows.next()? {
        match look(row.get(0)?)? {
            Seen::GoOn => {}
            Seen::Enough => break,
        }
    }
    Ok(())
}

/// Whether to look at more.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    GoOn,
    Enough,
}

/// The row of a graph.
pub(super) fn graph_row(
    transaction: &Transaction<'_>,
    graph_id: &str,
) -> rusqlite::Result<Option<i64>> {
    transaction
        .prepare_cached("SELECT id FROM graph WHERE graph_id = ?1")?
        .query_row([graph_id], |row| row.get(0))
        .optional()
}
