//! Zep Cloud, in both of its dialects: a batch is one episode of text in a graph, with where it
//! comes from beside it.
//!
//! - `episode`: what is written, and how it is known again;
//! - `talk`: one request after the other; `look`: whether a batch, or a world, is there;
//! - `v2`, `v4`: what the dialects have of their own.
//!
//! Zep has no name for a batch that it would hold a second one to (the fourth dialect takes an
//! `Idempotency-Key`, and says nowhere for how long). So what came of a request that got no good
//! answer is found out by looking.

mod episode;
mod look;
#[cfg(test)]
mod recorded;
mod talk;
#[cfg(test)]
mod tests;
mod v2;
mod v4;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};

use self::look::Place;
use self::talk::Talk;
use super::wire::{Line, Secrets};
use super::{Adapter, DeliveryError, Graph, Receipt, Sighting, Spoken};
use crate::batch::{EpisodeBatch, World};

/// What a graph that the sink makes says of itself.
const DESCRIPTION: &str = "What the agents of a simulation did";

/// How a Zep is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `/api/v2`: graphs have the names that one gives them.
    V2,
    /// `/api/v4`: graphs have addresses, which are UUIDs of Zep's.
    V4,
}

/// A Zep, as an operator names it.
#[derive(Clone)]
pub struct Zep {
    /// How it is spoken to.
    pub dialect: Dialect,
    /// `http` or `https`, without user, query or fragment.
    pub url: Url,
    /// The key of the account: never shown.
    pub key: String,
    /// Whether graphs that are not there are made.
    pub create: bool,
}

/// A memory at Zep's.
#[derive(Clone)]
pub struct ZepMemory(Arc<Inner>);

struct Inner {
    line: Line,
    /// The operator's name for it.
    name: String,
    dialect: Dialect,
    /// Without a slash at its end.
    url: String,
    place: String,
    headers: HeaderMap,
    create: bool,
    /// Whether the server has refused metadata, and goes without.
    is_plain: AtomicBool,
    /// Where looks for a world were interrupted, by graph and world.
    looks: Mutex<BTreeMap<(String, World), Place>>,
}

impl ZepMemory {
    /// A client for the target of this name, which may take `timeout` for each answer. Nothing is
    /// sent yet.
    ///
    /// # Errors
    /// If the key is none that can be sent, or there is no TLS to be had.
    pub fn new(name: &str, zep: &Zep, timeout: Duration) -> anyhow::Result<ZepMemory> {
        let mut authorization = HeaderValue::from_str(&format!("Api-Key {}", zep.key))?;
        authorization.set_sensitive(true);
        let headers = HeaderMap::from_iter([(AUTHORIZATION, authorization)]);
        // That of Zep is no secret, and stands in many a helpful error.
        let mut shown = zep.url.clone();
        shown.set_path("");
        let line = Line::new(&zep.url, timeout, Secrets::of(&shown, &headers))?;
        Ok(ZepMemory(Arc::new(Inner {
            line,
            name: name.to_owned(),
            dialect: zep.dialect,
            url: zep.url.as_str().trim_end_matches('/').to_owned(),
            place: zep.url.origin().ascii_serialization(),
            headers,
            create: zep.create,
            is_plain: AtomicBool::new(false),
            looks: Mutex::default(),
        })))
    }

    /// Scheme, host and port.
    pub fn place(&self) -> String {
        self.0.place.clone()
    }
}

impl Adapter for ZepMemory {
    async fn open(&self, graph_id: &str) -> Spoken<Option<String>> {
        let mut talk = Talk::new(&self.0);
        let opened = match self.0.dialect {
            Dialect::V2 => v2::open(&mut talk, graph_id).await.map(|()| None),
            Dialect::V4 => v4::open(&mut talk, graph_id).await.map(Some),
        };
        talk.end(opened.map_err(talk::unread))
    }

    async fn deliver(&self, graph: &Graph, batch: &EpisodeBatch) -> Spoken<Receipt> {
        let mut talk = Talk::new(&self.0);
        let delivered = match (self.0.dialect, episode::text(batch)) {
            (_, Err(reason)) => Err(DeliveryError::Reject { reason }),
            (Dialect::V2, Ok(text)) => v2::deliver(&mut talk, graph, batch, &text).await,
            (Dialect::V4, Ok(text)) => v4::deliver(&mut talk, graph, batch, &text).await,
        };
        talk.end(delivered.map(|()| Receipt::Taken))
    }

    async fn find(&self, graph: &Graph, batch: &EpisodeBatch) -> Spoken<Sighting> {
        let mut talk = Talk::new(&self.0);
        let found = look::find(&mut talk, graph, batch).await;
        talk.end(found.map_err(talk::unread))
    }

    async fn recall(&self, graph: &Graph, world: &World) -> Spoken<Option<u64>> {
        let mut talk = Talk::new(&self.0);
        let recalled = look::recall(&mut talk, graph, world).await;
        talk.end(recalled.map_err(talk::unread))
    }
}

impl fmt::Debug for ZepMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ZepMemory").field(&self.0.place).finish()
    }
}

impl fmt::Debug for Zep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.url.origin().ascii_serialization();
        f.debug_struct("Zep").field("dialect", &self.dialect).field("place", &place).finish()
    }
}
