//! The nodes of a graph as a transaction meets them: looked up once, written back at its end.

use std::collections::BTreeMap;

use contract::action::Action;
use rusqlite::{CachedStatement, OptionalExtension, Transaction, params};

use super::scribe::{Moment, add};
use super::words;
use crate::batch::World;
use crate::graph::{Author, Mention, Thing, name_of, scope_hash};

/// The first id of an agent. Whatever else there is stays far below.
pub(super) const AGENTS: i64 = 1 << 40;

/// The nodes that one world's episodes name.
pub(super) struct Nodes<'t> {
    transaction: &'t Transaction<'t>,
    graph: i64,
    /// The scopes of each kind of thing.
    scopes: Scopes,
    /// The highest ids in use.
    last_agent: i64,
    last_other: i64,
    agents: BTreeMap<u32, Agent>,
    posts: BTreeMap<u64, Known>,
    comments: BTreeMap<u64, Known>,
    made: BTreeMap<&'static str, i64>,
    find: CachedStatement<'t>,
    insert: CachedStatement<'t>,
    full_text: CachedStatement<'t>,
    tags: String,
    text: String,
}

/// The rows of the scopes in which a world's nodes are numbered.
struct Scopes {
    simulation: i64,
    world: i64,
    graph: i64,
}

impl Scopes {
    fn open(
        transaction: &Transaction<'_>,
        graph: i64,
        graph_id: &str,
        world: &World,
    ) -> rusqlite::Result<Scopes> {
        let row = |key: &str| -> rusqlite::Result<i64> {
            transaction
                .prepare_cached(
                    "INSERT INTO scope (graph, key, hash) VALUES (?1, ?2, ?3)
                     ON CONFLICT (graph, key) DO NOTHING",
                )?
                .execute(params![graph, key, scope_hash(graph_id, key)])?;
            transaction
                .prepare_cached("SELECT id FROM scope WHERE graph = ?1 AND key = ?2")?
                .query_row(params![graph, key], |row| row.get(0))
        };
        Ok(Scopes {
            simulation: row(&world.run_id.simulation().to_string())?,
            world: row(&format!("{}:{}", world.run_id, world.platform))?,
            graph: row("")?,
        })
    }

    fn of(&self, thing: &Thing<'_>) -> i64 {
        match thing {
            Thing::Agent(_) => self.simulation,
            Thing::Post(_) | Thing::Comment(_) => self.world,
            Thing::Topic(_) => self.graph,
        }
    }
}

/// An agent, and what it did that is not written yet.
struct Agent {
    id: i64,
    name: String,
    /// The full text has this name already.
    indexed: Option<String>,
    actions: i64,
    last_round: Option<u32>,
    counts: BTreeMap<String, u64>,
    is_dirty: bool,
}

/// Something that is not an agent.
#[derive(Clone, Copy)]
struct Known {
    id: i64,
    has_text: bool,
}

impl<'t> Nodes<'t> {
    pub(super) fn open(
        transaction: &'t Transaction<'t>,
        graph: i64,
        graph_id: &str,
        world: &World,
    ) -> rusqlite::Result<Nodes<'t>> {
        let last = |below: i64, least: i64| -> rusqlite::Result<i64> {
            transaction
                .prepare_cached("SELECT coalesce(max(id), ?2) FROM node WHERE id < ?1")?
                .query_row([below, least], |row| row.get(0))
        };
        Ok(Nodes {
            transaction,
            graph,
            scopes: Scopes::open(transaction, graph, graph_id, world)?,
            last_agent: last(i64::MAX, AGENTS - 1)?.max(AGENTS - 1),
            last_other: last(AGENTS, 0)?,
            agents: BTreeMap::new(),
            posts: BTreeMap::new(),
            comments: BTreeMap::new(),
            made: BTreeMap::new(),
            find: transaction.prepare_cached(
                "SELECT id, text IS NOT NULL, name, actions, last_round, counts_json
                 FROM node WHERE scope = ?1 AND kind = ?2 AND number = ?3",
            )?,
            insert: transaction.prepare_cached(
                "INSERT INTO node (id, scope, kind, number, label, name, text, author, author_name,
                    created_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?,
            full_text: transaction
                .prepare_cached("INSERT INTO node_fts (rowid, text, tags) VALUES (?1, ?2, ?3)")?,
            tags: format!("g{graph}"),
            text: String::new(),
        })
    }

    /// The node of an agent that does something, counted.
    pub(super) fn acts(&mut self, action: &Action, moment: Moment) -> rusqlite::Result<i64> {
        let name = Some(action.agent_name.as_str()).filter(|name| !name.trim().is_empty());
        let agent = self.agent(action.agent_id, name, moment)?;
        if let Some(name) = name.filter(|name| *name != agent.name) {
            name.clone_into(&mut agent.name);
        }
        agent.actions += 1;
        agent.last_round = agent.last_round.max(Some(moment.round));
        let kind = action.body.type_name();
        match agent.counts.get_mut(kind) {
            Some(count) => *count += 1,
            None => {
                agent.counts.insert(kind.to_owned(), 1);
            }
        }
        agent.is_dirty = true;
        Ok(agent.id)
    }

    /// The node of something that an action of `writer` names.
    pub(super) fn mentioned(
        &mut self,
        mention: &Mention<'_>,
        writer: (u32, &str),
        moment: Moment,
    ) -> rusqlite::Result<i64> {
        let cache = match mention.thing {
            Thing::Agent(id) => return Ok(self.agent(id, mention.text, moment)?.id),
            Thing::Topic(_) => return Ok(self.other(mention, writer, moment)?.id),
            Thing::Post(id) => (&self.posts, id),
            Thing::Comment(id) => (&self.comments, id),
        };
        if let Some(known) = cache.0.get(&cache.1)
            && (known.has_text || mention.text.is_none())
        {
            return Ok(known.id);
        }
        let known = self.other(mention, writer, moment)?;
        match mention.thing {
            Thing::Post(id) => self.posts.insert(id, known),
            Thing::Comment(id) => self.comments.insert(id, known),
            Thing::Agent(_) | Thing::Topic(_) => None,
        };
        Ok(known.id)
    }

    fn agent(
        &mut self,
        number: u32,
        name: Option<&str>,
        moment: Moment,
    ) -> rusqlite::Result<&mut Agent> {
        if !self.agents.contains_key(&number) {
            let agent = self.load(number, name, moment)?;
            self.agents.insert(number, agent);
        }
        // It has just been inserted.
        self.agents.get_mut(&number).ok_or(rusqlite::Error::QueryReturnedNoRows)
    }

    /// An agent as the file has it, made if it is not there.
    fn load(&mut self, number: u32, name: Option<&str>, moment: Moment) -> rusqlite::Result<Agent> {
        let thing = Thing::Agent(number);
        let place = (self.scopes.of(&thing), thing.kind(), thing.number());
        let found = self.find.query_row(place, |row| {
            let (name, counts): (String, Option<String>) = (row.get(2)?, row.get(5)?);
            let counts = counts.and_then(|text| serde_json::from_str(&text).ok());
            Ok(Agent {
                id: row.get(0)?,
                indexed: Some(name.clone()),
                name,
                actions: row.get(3)?,
                last_round: row.get(4)?,
                counts: counts.unwrap_or_default(),
                is_dirty: false,
            })
        });
        if let Some(agent) = found.optional()? {
            return Ok(agent);
        }
        self.last_agent += 1;
        let (id, label) = (self.last_agent, thing.label());
        let name = name.map_or_else(|| thing.number_name(), str::to_owned);
        let nothing: Option<&str> = None;
        self.insert.execute(params![
            id, place.0, place.1, place.2, label, name, nothing, nothing, nothing, moment.now
        ])?;
        *self.made.entry(label).or_default() += 1;
        Ok(Agent {
            id,
            name,
            indexed: None,
            actions: 0,
            last_round: None,
            counts: BTreeMap::new(),
            is_dirty: true,
        })
    }

    /// A post, comment or topic as the file has it, made if it is not there, with its text if
    /// that is news.
    fn other(
        &mut self,
        mention: &Mention<'_>,
        writer: (u32, &str),
        moment: Moment,
    ) -> rusqlite::Result<Known> {
        let thing = mention.thing;
        let place = (self.scopes.of(&thing), thing.kind(), thing.number());
        let text = mention.text.filter(|text| !text.trim().is_empty());
        let name = text.map_or_else(|| mention.thing.number_name(), name_of);
        let (author, author_name) = match mention.author {
            Author::Unknown => (None, None),
            Author::Named(name) => (None, Some(name)),
            Author::Itself => (Some(writer.0), Some(writer.1)),
        };
        let found = self.find.query_row(place, |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let id = match found {
            Some((id, has_text)) if has_text || text.is_none() => {
                return Ok(Known { id, has_text });
            }
            Some((id, _)) => {
                self.transaction
                    .prepare_cached(
                        "UPDATE node SET name = ?2, text = ?3,
                            author_name = coalesce(author_name, ?4) WHERE id = ?1",
                    )?
                    .execute(params![id, name, text, author_name])?;
                id
            }
            None => {
                self.last_other += 1;
                let (id, label) = (self.last_other, mention.thing.label());
                self.insert.execute(params![
                    id,
                    place.0,
                    place.1,
                    place.2,
                    label,
                    name,
                    text,
                    author,
                    author_name,
                    moment.now
                ])?;
                *self.made.entry(label).or_default() += 1;
                id
            }
        };
        if text.is_some() {
            self.index(id, &name)?;
        }
        Ok(Known { id, has_text: text.is_some() })
    }

    fn index(&mut self, id: i64, text: &str) -> rusqlite::Result<()> {
        self.text.clear();
        words::space(text, &mut self.text);
        self.full_text.execute(params![id, self.text, self.tags])?;
        Ok(())
    }

    /// Writes the agents back, and counts what was made. Agents come last because their ids
    /// are the highest, and full text likes ids that rise.
    pub(super) fn close(&mut self) -> rusqlite::Result<()> {
        let mut update = self.transaction.prepare_cached(
            "UPDATE node SET name = ?2, actions = ?3, last_round = ?4, counts_json = ?5
             WHERE id = ?1",
        )?;
        let mut renamed = BTreeMap::new();
        for agent in std::mem::take(&mut self.agents).into_values().filter(|it| it.is_dirty) {
            let counts = serde_json::to_string(&agent.counts)
                .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
            update.execute(params![
                agent.id,
                agent.name,
                agent.actions,
                agent.last_round,
                counts
            ])?;
            if agent.indexed.as_ref() != Some(&agent.name) {
                renamed.insert(agent.id, (agent.name, agent.indexed.is_some()));
            }
        }
        for (id, (name, was_there)) in renamed {
            if was_there {
                self.transaction
                    .prepare_cached("DELETE FROM node_fts WHERE rowid = ?1")?
                    .execute([id])?;
            }
            self.index(id, &name)?;
        }
        for (label, nodes) in std::mem::take(&mut self.made) {
            add(self.transaction, self.graph, "node", label, nodes)?;
        }
        Ok(())
    }
}
