//! Whether a batch, or a world, is in a graph.
//!
//! Lists are read from the newest on, so that what matters is on the first page; a graph may
//! hold a great deal that is not ours, and requests are dear.

use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use contract::timestamp::Timestamp;

use super::episode::{self, Entry};
use super::talk::Talk;
use super::{Dialect, v2, v4};
use crate::adapters::{DeliveryError, Graph, Sighting};
use crate::batch::{EpisodeBatch, World};

/// Pages of a hundred that are read for a batch.
const PAGES_FOR_A_BATCH: u32 = 10;
/// Pages that are read for a world, over all interruptions: what lies deeper was left long ago.
const PAGES_FOR_A_WORLD: u32 = 100;
/// Pages after which a look for a world interrupts itself, for others to have their turn.
const PAGES_AT_ONCE: u32 = 10;
/// A look that was interrupted for longer begins anew: there may be something newer.
const FORGOTTEN: Duration = Duration::from_secs(5 * 60);

/// A part of a list.
pub(super) struct Page {
    pub(super) entries: Vec<Entry>,
    /// Where it goes on.
    pub(super) next: Option<String>,
}

/// Where a look for a world stands: a memory that takes five requests a minute lets nobody look
/// through a graph at once.
#[derive(Clone)]
pub(super) struct Place {
    at: Instant,
    cursor: Option<String>,
    pages: u32,
    best: Option<(u64, Option<Timestamp>)>,
}

/// Whether a batch is there. `CannotTell`: the list is too long, and in no order that would help.
pub(super) async fn find(
    talk: &mut Talk<'_>,
    graph: &Graph,
    batch: &EpisodeBatch,
) -> Result<Sighting, DeliveryError> {
    let Ok(text) = episode::text(batch) else { return Ok(Sighting::Absent) };
    let dialect = talk.zep.dialect;
    let mut is_all = false;
    if dialect == Dialect::V2 {
        // What every server has; nobody says how many it shows at most.
        let Some(entries) = v2::newest(talk, graph, v2::NEWEST).await? else {
            return Ok(Sighting::CannotTell);
        };
        if entries.iter().any(|entry| entry.is(batch, &text)) {
            return Ok(Sighting::There);
        }
        if entries.is_empty() || is_behind(dialect, &entries, batch) {
            return Ok(Sighting::Absent);
        }
        is_all = entries.len() < v2::NEWEST;
    }
    let mut cursor = None;
    for _ in 0..PAGES_FOR_A_BATCH {
        let page = match dialect {
            Dialect::V2 => v2::page(talk, graph, cursor.as_deref()).await?,
            Dialect::V4 => Some(v4::page(talk, graph, cursor.as_deref()).await?),
        };
        let Some(page) = page else {
            return Ok(if is_all { Sighting::Absent } else { Sighting::CannotTell });
        };
        if page.entries.iter().any(|entry| entry.is(batch, &text)) {
            return Ok(Sighting::There);
        }
        if is_behind(dialect, &page.entries, batch) {
            return Ok(Sighting::Absent);
        }
        if page.next.is_none() {
            return Ok(if is_first_of_many(dialect, cursor.as_deref(), &page) {
                Sighting::CannotTell
            } else {
                Sighting::Absent
            });
        }
        cursor = page.next;
    }
    Ok(Sighting::CannotTell)
}

/// Whether there may be more than a server shows that knows nothing of pages.
fn is_first_of_many(dialect: Dialect, cursor: Option<&str>, page: &Page) -> bool {
    let is_all = page.next.is_none() && cursor.is_none();
    dialect == Dialect::V2 && is_all && page.entries.len() >= v2::NEWEST
}

/// Whether a batch would have come before some of these. The fourth dialect lists in the order
/// of receipt, in which batches of a world have their own; the second one in that of simulated
/// time, in which some of a round may be in any order.
fn is_behind(dialect: Dialect, entries: &[Entry], batch: &EpisodeBatch) -> bool {
    let time = episode::time(batch);
    entries.iter().any(|entry| match dialect {
        Dialect::V2 => entry.time.is_some_and(|it| it < time),
        Dialect::V4 => entry.last_seq(&batch.world).is_some_and(|it| it < batch.first_seq),
    })
}

/// The last action of a world that is there.
pub(super) async fn recall(
    talk: &mut Talk<'_>,
    graph: &Graph,
    world: &World,
) -> Result<Option<u64>, DeliveryError> {
    let key = (graph.id.clone(), world.clone());
    let kept = looks(talk).get(&key).filter(|place| place.at.elapsed() < FORGOTTEN).cloned();
    let mut place = kept.unwrap_or_else(Place::new);
    let found = through(talk, graph, world, &mut place).await;
    match &found {
        Ok(_) | Err(DeliveryError::Reject { .. }) => looks(talk).remove(&key),
        Err(_) => looks(talk).insert(key, Place { at: Instant::now(), ..place }),
    };
    found
}

impl Place {
    fn new() -> Place {
        Place { at: Instant::now(), cursor: None, pages: 0, best: None }
    }
}

fn looks<'a>(talk: &'a Talk<'_>) -> MutexGuard<'a, BTreeMap<(String, World), Place>> {
    talk.zep.looks.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn through(
    talk: &mut Talk<'_>,
    graph: &Graph,
    world: &World,
    place: &mut Place,
) -> Result<Option<u64>, DeliveryError> {
    let dialect = talk.zep.dialect;
    while place.pages < PAGES_FOR_A_WORLD {
        let page = match dialect {
            Dialect::V2 => match v2::page(talk, graph, place.cursor.as_deref()).await? {
                Some(page) if !is_first_of_many(dialect, place.cursor.as_deref(), &page) => page,
                _ => {
                    let entries = v2::newest(talk, graph, v2::MANY).await?.unwrap_or_default();
                    Page { entries, next: None }
                }
            },
            Dialect::V4 => v4::page(talk, graph, place.cursor.as_deref()).await?,
        };
        for entry in &page.entries {
            let seq = entry.last_seq(world).filter(|seq| place.best.is_none_or(|it| it.0 < *seq));
            place.best = seq.map(|seq| (seq, entry.time)).or(place.best);
        }
        let is_enough = match (dialect, place.best) {
            (_, None) => false,
            (Dialect::V4, Some(_)) => true,
            // Others of the same round may be on the next page.
            (Dialect::V2, Some((_, time))) => {
                page.entries.iter().any(|it| it.time.is_some() && it.time < time)
            }
        };
        if is_enough || page.next.is_none() {
            break;
        }
        (place.cursor, place.pages) = (page.next, place.pages + 1);
        if place.pages.is_multiple_of(PAGES_AT_ONCE) || talk.is_spent() {
            let reason = format!("looked through {} pages for {world} so far", place.pages);
            return Err(DeliveryError::Retry { after: None, reason });
        }
    }
    Ok(place.best.map(|best| best.0))
}
