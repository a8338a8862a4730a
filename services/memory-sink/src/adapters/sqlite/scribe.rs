//! Writes episodes, and what they mean for the graph: nodes, edges, full text and counts.
//!
//! Actions of a world come in the order of their `seq`, so what takes something back always
//! comes after what made it. Other worlds of the same graph have edges of their own.

use std::collections::BTreeMap;

use contract::action::ActionBody;
use contract::memory::Episode;
use contract::timestamp::Timestamp;
use rusqlite::{CachedStatement, Transaction, params};

use super::nodes::Nodes;
use super::{cursors, integer, words};
use crate::batch::World;
use crate::graph::{Meaning, Mention, Relation};

/// Who writes the episodes of one world into one graph, in one transaction.
pub(super) struct Scribe<'t> {
    transaction: &'t Transaction<'t>,
    graph: i64,
    world: i64,
    run: String,
    platform: &'static str,
    nodes: Nodes<'t>,
    pens: Pens<'t>,
    /// Episodes by action, to be counted when it closes.
    actions: BTreeMap<&'static str, Counted>,
    edges: BTreeMap<Relation, i64>,
    /// Texts, used again and again.
    text: String,
    tags: String,
    body: Vec<u8>,
}

struct Counted {
    episodes: i64,
    last_round: u32,
    last_ref_time: Timestamp,
}

/// When and where something happened.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    /// Simulated time.
    pub(super) at: i64,
    /// The sink's clock.
    pub(super) now: i64,
    pub(super) seq: i64,
    pub(super) round: u32,
}

/// The edge that an episode made.
struct Made {
    relation: Relation,
    source: i64,
    target: i64,
}

/// The statements that are used for each action.
struct Pens<'t> {
    episode: CachedStatement<'t>,
    full_text: CachedStatement<'t>,
    edge: CachedStatement<'t>,
    holding: CachedStatement<'t>,
    end: CachedStatement<'t>,
    provenance: CachedStatement<'t>,
}

impl<'t> Pens<'t> {
    fn new(transaction: &'t Transaction<'t>) -> rusqlite::Result<Pens<'t>> {
        Ok(Pens {
            episode: transaction.prepare_cached(
                "INSERT INTO episode (id, world, seq, round, ref_time, created_at, stream_seq,
                    action, text, body_json)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO NOTHING",
            )?,
            full_text: transaction.prepare_cached(
                "INSERT INTO episode_fts (rowid, text, tags) VALUES (?1, ?2, ?3)",
            )?,
            edge: transaction.prepare_cached(
                "INSERT INTO edge (id, world, relation, source, target, valid_at, created_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?,
            holding: transaction.prepare_cached(
                "SELECT id FROM edge WHERE target = ?2 AND source = ?1 AND relation = ?3
                 AND world = ?4 AND relation <= 10 AND invalid_at IS NULL",
            )?,
            end: transaction
                .prepare_cached("UPDATE edge SET invalid_at = ?2, expired_at = ?3 WHERE id = ?1")?,
            provenance: transaction.prepare_cached(
                "INSERT INTO edge_episode VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            )?,
        })
    }
}

impl<'t> Scribe<'t> {
    /// A scribe of `world` in the graph `graph_id`, whose row is `graph`.
    pub(super) fn open(
        transaction: &'t Transaction<'t>,
        graph: i64,
        graph_id: &str,
        world: &World,
    ) -> rusqlite::Result<Scribe<'t>> {
        let (run, platform) = (world.run_id.to_string(), world.platform.as_str());
        let row = cursors::world(transaction, graph, &run, platform)?;
        Ok(Scribe {
            transaction,
            graph,
            world: row,
            nodes: Nodes::open(transaction, graph, graph_id, world)?,
            run,
            platform,
            pens: Pens::new(transaction)?,
            actions: BTreeMap::new(),
            edges: BTreeMap::new(),
            text: String::new(),
            tags: String::new(),
            body: Vec::new(),
        })
    }

    /// Writes one episode, under this id if it has one already; false if it is there.
    pub(super) fn take(
        &mut self,
        id: Option<i64>,
        episode: &Episode,
        stream_sequence: u64,
        now: Timestamp,
    ) -> rusqlite::Result<bool> {
        self.body.clear();
        serde_json::to_writer(&mut self.body, &episode.body)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        let body = std::str::from_utf8(&self.body)?;
        let moment = Moment {
            at: episode.simulated_time.milliseconds(),
            now: now.milliseconds(),
            seq: integer(episode.body.seq),
            round: episode.round,
        };
        let action = episode.body.body.type_name();
        let inserted = self.pens.episode.execute(params![
            id,
            self.world,
            moment.seq,
            moment.round,
            moment.at,
            moment.now,
            integer(stream_sequence),
            action,
            episode.text,
            body,
        ])?;
        if inserted == 0 {
            return Ok(false);
        }
        let id = self.transaction.last_insert_rowid();
        self.count(action, episode);
        let source = self.nodes.acts(&episode.body, moment)?;
        let made = self.draw(id, source, &episode.body.body, episode, moment)?;
        self.index(id, &episode.text, made.as_ref())?;
        Ok(true)
    }

    /// The edge that an episode makes, or the end of one; says which it made.
    fn draw(
        &mut self,
        id: i64,
        source: i64,
        body: &ActionBody,
        episode: &Episode,
        moment: Moment,
    ) -> rusqlite::Result<Option<Made>> {
        let Some(meaning) = Meaning::of(body) else { return Ok(None) };
        let Meaning { relation, ends, target, made } = meaning;
        let writer = (episode.agent_id, episode.agent_name.as_str());
        let target = self.node(&target, writer, moment)?;
        if let Some(made) = &made {
            self.node(made, writer, moment)?;
        }
        if ends {
            self.end(id, (source, target), relation, moment)?;
            return Ok(None);
        }
        self.pens.edge.execute(params![
            id,
            self.world,
            relation.number(),
            source,
            target,
            moment.at,
            moment.now
        ])?;
        *self.edges.entry(relation).or_default() += 1;
        Ok(Some(Made { relation, source, target }))
    }

    fn node(
        &mut self,
        mention: &Mention<'_>,
        writer: (u32, &str),
        moment: Moment,
    ) -> rusqlite::Result<i64> {
        self.nodes.mentioned(mention, writer, moment)
    }

    /// Ends the state that an episode takes back. What began before anybody listened is not
    /// there to be ended.
    fn end(
        &mut self,
        id: i64,
        (source, target): (i64, i64),
        relation: Relation,
        moment: Moment,
    ) -> rusqlite::Result<()> {
        let holding = self
            .pens
            .holding
            .query_map(params![source, target, relation.number(), self.world], |row| row.get(0))?
            .collect::<rusqlite::Result<Vec<i64>>>()?;
        for edge in holding {
            self.pens.end.execute(params![edge, moment.at, moment.now])?;
            self.pens.provenance.execute(params![edge, id])?;
        }
        Ok(())
    }

    fn index(&mut self, id: i64, text: &str, made: Option<&Made>) -> rusqlite::Result<()> {
        use std::fmt::Write as _;
        self.text.clear();
        words::space(text, &mut self.text);
        self.tags.clear();
        let _infallible = write!(self.tags, "g{} w{}", self.graph, self.world);
        if let Some(Made { relation, source, target }) = made {
            let _infallible = write!(self.tags, " e{} n{source} n{target}", relation.number());
        }
        self.pens.full_text.execute(params![id, self.text, self.tags])?;
        Ok(())
    }

    fn count(&mut self, action: &'static str, episode: &Episode) {
        let counted = self.actions.entry(action).or_insert(Counted {
            episodes: 0,
            last_round: episode.round,
            last_ref_time: episode.simulated_time,
        });
        counted.episodes += 1;
        counted.last_round = counted.last_round.max(episode.round);
        counted.last_ref_time = counted.last_ref_time.max(episode.simulated_time);
    }

    /// Writes what is written once for all episodes.
    pub(super) fn close(mut self) -> rusqlite::Result<()> {
        self.nodes.close()?;
        let mut total = self.transaction.prepare_cached(
            "INSERT INTO episode_total VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT DO UPDATE SET episodes = episodes + excluded.episodes,
                last_round = max(last_round, excluded.last_round),
                last_ref_time = max(last_ref_time, excluded.last_ref_time)",
        )?;
        for (action, counted) in &self.actions {
            total.execute(params![
                self.graph,
                self.run,
                self.platform,
                action,
                counted.episodes,
                counted.last_round,
                counted.last_ref_time.to_string(),
            ])?;
        }
        for (relation, edges) in &self.edges {
            add(self.transaction, self.graph, "edge", relation.name(), *edges)?;
        }
        Ok(())
    }
}

/// Counts so many more nodes of a label, or edges of a name.
pub(super) fn add(
    transaction: &Transaction<'_>,
    graph: i64,
    kind: &str,
    name: &str,
    more: i64,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO graph_total VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET total = total + excluded.total",
        )?
        .execute(params![graph, kind, name, more])?;
    Ok(())
}
