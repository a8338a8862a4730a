//! From messages of the stream to rows, a batch in one transaction: what fits is taken, what
//! does not is said of its world.

use std::sync::Arc;

use bus::{Position, Stored};
use contract::chain::{Parts, World, discord};
use contract::frame::{Frame, Marker};
use contract::id::{Digest, RunId};
use contract::spec::Spec;
use contract::subject::{Platform, Prefix, StreamName};
use contract::timestamp::Timestamp;
use export::oasis::change::past_posts;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use super::file::{Owned, Trouble};
use super::fold::{Fault, Fold, forget};
use super::keys::{MAX_NUMBER, natural};
use super::worlds::{Known, number_of_run, save_place};

/// What changes the rows.
#[derive(Debug)]
pub enum Event {
    /// The next message of the stream.
    Message(Stored),
    /// A run was deleted.
    Deleted(RunId),
}

/// A spec by its digest.
pub type SpecOf<'a> = dyn Fn(&Digest) -> Result<Option<Arc<Spec>>, Trouble> + 'a;

/// What is asked while rows are written. Both may block.
pub struct Around<'a> {
    /// The spec of a digest; `None` if there is none.
    pub spec_of: &'a SpecOf<'a>,
    /// Whether a run was deleted: what is left of it in the stream is passed over.
    pub is_deleted: &'a dyn Fn(&RunId) -> bool,
}

/// Who fills the file. After an error it is thrown away: another one goes on from where the file
/// says that it is.
#[derive(Debug)]
pub struct Writer {
    file: Owned,
    prefix: Prefix,
    parts: Parts,
    /// The sequence of the last message.
    sequence: u64,
    /// The last message with which all frames were whole.
    place: Option<Position>,
}

impl Writer {
    pub(super) fn new(file: Owned, prefix: Prefix) -> Result<Writer, Trouble> {
        let query = "SELECT sequence, at FROM place WHERE stream = ?1";
        let read = |row: &rusqlite::Row<'_>| {
            let at = Timestamp::from_milliseconds(row.get(1)?);
            Ok(Position { sequence: natural(row.get(0)?), at })
        };
        let stream = prefix.stream(StreamName::Actions);
        let place = file.connection.query_row(query, [stream], read).optional()?;
        let sequence = place.map_or(0, |place| place.sequence);
        Ok(Writer { file, prefix, parts: Parts::default(), sequence, place })
    }

    /// Where the stream was read to.
    pub fn place(&self) -> Option<Position> {
        self.place
    }

    /// The runs that have rows.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn runs(&self) -> Result<Vec<RunId>, Trouble> {
        let mut query = self.file.connection.prepare("SELECT name FROM run")?;
        let names = query.query_map([], |row| row.get::<_, String>(0))?;
        let names: Vec<String> = names.collect::<Result<_, _>>()?;
        Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
    }

    /// Forgets all there is, since the stream is another one.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn begin_anew(&mut self) -> Result<(), Trouble> {
        (self.parts, self.place, self.sequence) = (Parts::default(), None, 0);
        Ok(wipe(&self.file.connection)?)
    }

    /// Takes these events, all of them or, after an error, none.
    ///
    /// # Errors
    /// If the file cannot be written, or a spec not be read.
    pub fn write(&mut self, events: &[Event], around: &Around<'_>) -> Result<(), Trouble> {
        self.file.check_there()?;
        let Writer { file, prefix, parts, sequence, place } = self;
        let connection = &mut file.connection;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for event in events {
            match event {
                Event::Deleted(run) => forget_run(&transaction, run)?,
                Event::Message(stored) => {
                    if stored.sequence <= *sequence {
                        tracing::warn!("the stream went backwards: the read model is built anew");
                        (*parts, *place) = (Parts::default(), None);
                        wipe(&transaction)?;
                    }
                    *sequence = stored.sequence;
                    take(&transaction, prefix, parts, stored, around)?;
                    if parts.are_whole() {
                        *place = Some(Position::of(stored));
                    }
                }
            }
        }
        if let Some(place) = *place {
            save_place(&transaction, &prefix.stream(StreamName::Actions), place)?;
        }
        Ok(transaction.commit()?)
    }

    #[cfg(test)]
    pub(super) fn connection(&self) -> &Connection {
        &self.file.connection
    }
}

fn take(
    rows: &Connection,
    prefix: &Prefix,
    parts: &mut Parts,
    stored: &Stored,
    around: &Around<'_>,
) -> Result<(), Trouble> {
    let Some(world) = world_of_subject(prefix, &stored.subject) else {
        tracing::warn!(subject = stored.subject, "passed over a message that is of no world");
        return Ok(());
    };
    if (around.is_deleted)(&world.run_id) {
        return Ok(());
    }
    let part = match serde_json::from_slice::<Frame>(&stored.body) {
        Ok(part) if part.run_id == world.run_id && part.platform == world.platform => part,
        Ok(part) => {
            let why = format!("holds a frame of {}.{}", part.run_id, part.platform);
            return mark(rows, &world, None, &format!("message {} {why}", stored.sequence));
        }
        Err(error) => {
            let why = format!("message {} is no frame: {error}", stored.sequence);
            return mark(rows, &world, None, &why);
        }
    };
    let tick = part.tick;
    match parts.push(&world, part) {
        Ok(None) => Ok(()),
        Ok(Some(frame)) => take_frame(rows, &world, &frame, around),
        Err(error) => mark(rows, &world, Some(tick), &error.to_string()),
    }
}

/// Takes a whole frame, if it continues what is here; one that is here already changes nothing,
/// and another one in its place replaces it and all after it.
fn take_frame(
    rows: &Connection,
    world: &World,
    frame: &Frame,
    around: &Around<'_>,
) -> Result<(), Trouble> {
    let mut known = Known::load_or_new(rows, world)?;
    let here = known.link(rows, frame.tick)?;
    if here.is_some_and(|link| link.digest == frame.digest) {
        return fits(rows, &mut known, frame.tick);
    }
    let tick_before = frame.tick.min(known.ticks).checked_sub(1);
    let before = tick_before.map(|tick| known.link(rows, tick)).transpose()?.flatten();
    if let Some(discord) = discord(before.as_ref(), frame) {
        return mark(rows, world, Some(frame.tick), &discord.to_string());
    }
    rows.execute_batch("SAVEPOINT frame")?;
    match replace(rows, world, &mut known, frame, around) {
        Ok(()) => {
            known.problem = None;
            known.save(rows)?;
            Ok(rows.execute_batch("RELEASE frame")?)
        }
        Err(Fault::Unfit(why)) => {
            rows.execute_batch("ROLLBACK TO frame; RELEASE frame")?;
            mark(rows, world, Some(frame.tick), &format!("tick {}: {why}", frame.tick))
        }
        Err(Fault::Trouble(trouble)) => Err(trouble),
    }
}

fn replace(
    rows: &Connection,
    world: &World,
    known: &mut Known,
    frame: &Frame,
    around: &Around<'_>,
) -> Result<(), Fault> {
    if frame.next_seq() > MAX_NUMBER {
        return Err(Fault::Unfit(format!("action {} is beyond all numbers", frame.next_seq() - 1)));
    }
    if frame.tick == 0 {
        forget(rows, known)?;
        *known = Known::new(known.run, world);
    } else if frame.tick < known.ticks {
        Fold { rows, world: known }.take_back(frame.tick)?;
        let at = "SELECT at FROM frame WHERE world = ?1 AND tick = ?2 - 1";
        known.at = rows.query_row(at, params![known.world, frame.tick], |row| row.get(0))?;
    }
    let spec = match spec_digest(frame) {
        None => None,
        Some(digest) => match (around.spec_of)(&digest).map_err(Fault::Trouble)? {
            Some(spec) => Some(spec),
            None => return Err(Fault::Unfit(format!("its spec {digest} is not stored"))),
        },
    };
    let profiles = spec.as_ref().and_then(|spec| spec.platform(frame.platform));
    let past = profiles.map(|world| &world.profiles[..]).unwrap_or_default();
    Fold { rows, world: known }.add(frame, past_posts(past))
}

/// What a first frame says that its world was made from.
fn spec_digest(frame: &Frame) -> Option<Digest> {
    frame.markers.iter().find_map(|marker| match marker {
        Marker::SimulationStart { spec_digest, .. } => Some(*spec_digest),
        _ => None,
    })
}

/// Notes that a frame is as it should be: what was wrong from its tick on no longer is.
fn fits(rows: &Connection, known: &mut Known, tick: u32) -> Result<(), Trouble> {
    if known.problem.as_ref().is_some_and(|(_, from)| tick <= *from) {
        known.problem = None;
        known.save(rows)?;
    }
    Ok(())
}

/// Notes the first thing that is wrong with a world. A message that does not tell its tick is
/// taken for the one that is due.
fn mark(rows: &Connection, world: &World, tick: Option<u32>, why: &str) -> Result<(), Trouble> {
    let mut known = Known::load_or_new(rows, world)?;
    if known.problem.is_none() {
        tracing::warn!(%world, "pages about {world} end before what does not fit: {why}");
        known.problem = Some((why.to_owned(), tick.unwrap_or(known.ticks)));
        known.save(rows)?;
    }
    Ok(())
}

fn world_of_subject(prefix: &Prefix, subject: &str) -> Option<World> {
    let (rest, platform) = subject.rsplit_once('.')?;
    let (_, run) = rest.rsplit_once('.')?;
    let world = World { run_id: run.parse().ok()?, platform: platform.parse().ok()? };
    (prefix.actions(&world.run_id, world.platform) == subject).then_some(world)
}

fn forget_run(rows: &Connection, run: &RunId) -> Result<(), Trouble> {
    let Some(number) = number_of_run(rows, run)? else { return Ok(()) };
    tracing::info!(%run, "run {run} was deleted: its rows go");
    for platform in Platform::ALL {
        forget(rows, &Known::new(number, &World { run_id: run.clone(), platform }))?;
    }
    rows.execute("DELETE FROM run WHERE run = ?1", [number])?;
    Ok(())
}

fn wipe(rows: &Connection) -> rusqlite::Result<()> {
    let tables =
        ["place", "run", "world", "frame", "doing", "action", "agent", "tally", "post", "comment"];
    tables.iter().try_for_each(|table| rows.execute(&format!("DELETE FROM {table}"), []).map(drop))
}
