//! What must hold of a world's logs and replies, whatever happened.

use std::collections::BTreeMap;

use contract::command::Request;
use contract::journal::{Record, Taken};
use simulator::protocol::journal::{Commands, Journal};
use simulator::protocol::life::{Effect, Life, decide, turns};
use simulator::protocol::owner::Which;

use crate::lane::Said;
use crate::logs::{Message, Stream};
use crate::words::{commands_of, record};
use crate::world::{World, head_of, messages};

/// A reply, and the epoch of the owner who decided it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) said: Said,
    pub(crate) epoch: u32,
}

/// Watches what is stored as it is stored.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// The epoch of the last claim.
    pub(crate) epoch: u32,
    /// Where the world is in its life.
    pub(crate) life: Life,
    /// Ticks in the journal.
    pub(crate) ticks: u32,
    /// Ticks whose frame is stored.
    pub(crate) frames: u32,
    /// The commands that the journal holds, and under which epoch.
    pub(crate) taken: BTreeMap<u64, (u32, Option<u32>)>,
    last_turn: u64,
    has_genesis: bool,
}

impl Watch {
    /// A batch of messages was just stored.
    ///
    /// # Errors
    /// If it must not stand there.
    pub(crate) fn stored(&mut self, which: Which, bodies: &[Vec<u8>]) -> Result<(), String> {
        match which {
            Which::Journal => bodies.iter().try_for_each(|body| self.record(&record(body))),
            Which::Frames => self.frame(bodies),
        }
    }

    fn record(&mut self, record: &Record) -> Result<(), String> {
        if matches!(record, Record::Genesis(_)) == self.has_genesis {
            return Err(format!("{record:?}: genesis is first, and once"));
        }
        self.has_genesis = true;
        let epoch = record.epoch().unwrap_or(0);
        let is_claim = matches!(record, Record::Claim(_));
        let expected = if is_claim { self.epoch + 1 } else { self.epoch };
        if epoch != expected {
            return Err(format!("{record:?} stands where epoch {expected} belongs"));
        }
        self.epoch = epoch;
        self.life = self.life.after(record)?;
        let mut tick_of = None;
        if let Record::Tick(tick) = record {
            if tick.tick != self.ticks {
                return Err(format!("tick {} follows {} ticks", tick.tick, self.ticks));
            }
            (self.ticks, tick_of) = (self.ticks + 1, Some(tick.tick));
        }
        for taken in commands_of(record) {
            if self.taken.insert(taken.sequence, (epoch, tick_of)).is_some() {
                return Err(format!("command {} is taken twice", taken.sequence));
            }
            // Once it is closed nothing is left to be turned, so that a close may be late.
            if tick_of.is_none() && !matches!(record, Record::Close(_)) {
                if taken.sequence < self.last_turn {
                    return Err(format!("command {} turns it after a later one", taken.sequence));
                }
                self.last_turn = taken.sequence;
            }
        }
        Ok(())
    }

    fn frame(&mut self, bodies: &[Vec<u8>]) -> Result<(), String> {
        let tick = head_of(&bodies[0]).tick;
        if tick != self.frames {
            return Err(format!("a frame of tick {tick} follows {} frames", self.frames));
        }
        if tick >= self.ticks {
            return Err(format!("a frame of tick {tick}, but {} are journalled", self.ticks));
        }
        self.frames += 1;
        Ok(())
    }
}

/// What is known once all is over.
pub(crate) struct Ending<'a> {
    pub(crate) journal: &'a Stream,
    pub(crate) frames: &'a Stream,
    pub(crate) commands: &'a BTreeMap<u64, Request>,
    pub(crate) replies: &'a BTreeMap<u64, Reply>,
}

/// Judges the whole of it. Gives the number of replies by owners that had lost the world.
///
/// # Errors
/// What must not be.
pub(crate) fn judge(ending: &Ending<'_>) -> Result<u64, String> {
    let all: Vec<&Message> = ending.journal.all(0).collect();
    let bodies = all.iter().map(|message| (message.sequence, &message.body[..]));
    let journal = Journal::read(bodies).map_err(|error| error.to_string())?;
    compare_frames(&journal, ending.frames)?;
    let records: Vec<Record> = all.iter().map(|message| record(&message.body)).collect();
    let mut stale = 0;
    for (sequence, request) in ending.commands {
        let reply = ending.replies.get(sequence).ok_or(format!("no reply to {sequence}"))?;
        let taken = crate::words::taken(*sequence, request.clone());
        let later = ending.commands.range(sequence + 1..);
        let later = later.filter(|(_, request)| turns(request.verb())).map(|(later, _)| later);
        let was_late = later.map(|it| &ending.replies[it]).any(|it| it.epoch <= reply.epoch);
        stale += u64::from(agrees(&records, &taken, reply, was_late)?);
    }
    holds_the_last_turn(ending, journal.life)?;
    Ok(stale)
}

/// The world must be as the last of the commands wanted it that would turn its life.
fn holds_the_last_turn(ending: &Ending<'_>, life: Life) -> Result<(), String> {
    let mut turning = ending.commands.iter().filter(|(_, request)| turns(request.verb()));
    let Some((sequence, request)) = turning.next_back() else { return Ok(()) };
    let done = matches!(ending.replies[sequence].said, Said::Done(_));
    let undone = match decide(life, request.verb()) {
        Effect::Hold | Effect::End | Effect::Close => done,
        // It may have failed since.
        Effect::Go => done && life != Life::Failed,
        _ => false,
    };
    match undone {
        false => Ok(()),
        true => Err(format!("{} {sequence} is done, but the world is {life:?}", request.verb())),
    }
}

/// The frames must be those that the journal alone makes, byte by byte.
fn compare_frames(journal: &Journal, frames: &Stream) -> Result<(), String> {
    let mut world = World::new();
    let mut stored = frames.all(0);
    for closed in &journal.ticks {
        let decided = closed.decided.iter().map(|decision| decision.agent_id);
        let undecided = closed.record.undecided.iter().flat_map(|group| group.agents.clone());
        let mut all: Vec<u32> = decided.chain(undecided).collect();
        all.sort_unstable();
        if all != world.wanted() {
            let (tick, wanted) = (world.ticks, world.wanted());
            return Err(format!("in tick {tick} {all:?} decide or do not, expected {wanted:?}"));
        }
        let head = world.step(closed);
        for expected in messages(head, &closed.record) {
            let found = stored.next().map(|message| &message.body);
            if found != Some(&expected) {
                let show = |body: &Vec<u8>| String::from_utf8_lossy(body).into_owned();
                let (found, expected) = (found.map(show), show(&expected));
                return Err(format!("frames hold {found:?}, the journal makes {expected:?}"));
            }
        }
    }
    match stored.next() {
        None => Ok(()),
        Some(more) => Err(format!("a frame more than ticks: {more:?}")),
    }
}

/// Whether a reply agrees with the journal; true if it is that of an owner that had lost the
/// world, and the one after it carried the command out.
///
/// `was_late`: a later command that would turn the world may have come before it.
fn agrees(
    records: &[Record],
    taken: &Taken,
    reply: &Reply,
    was_late: bool,
) -> Result<bool, String> {
    let holder =
        |record: &&Record| commands_of(record).iter().any(|holds| holds.sequence == taken.sequence);
    let held = records.iter().find(holder);
    let disagrees = |held| {
        let (sequence, verb) = (taken.sequence, taken.command.request.verb());
        Err(format!("the reply to {verb} {sequence} is {reply:?}, the journal holds {held:?}"))
    };
    match (held, &reply.said) {
        (Some(Record::Tick(tick)), Said::Done(Some(said))) if *said == tick.tick => Ok(false),
        (Some(Record::Tick(_)), Said::Done(Some(_))) => disagrees(held),
        (Some(Record::Tick(_)), Said::Done(None) | Said::Refused(_))
        | (Some(_), Said::Refused(_)) => {
            // It was decided under an older claim and only its reply came late.
            let is_stale = held.and_then(Record::epoch).is_some_and(|epoch| reply.epoch < epoch);
            match is_stale && could_say(records, taken, reply, was_late) {
                true => Ok(true),
                false => disagrees(held),
            }
        }
        (Some(_), Said::Done(None)) => Ok(false),
        (None, _) if could_say(records, taken, reply, was_late) => Ok(false),
        (Some(_) | None, _) => disagrees(held),
    }
}

/// Whether an owner of the reply's epoch could know a journal at which this is the right answer
/// and leaves no trace in it.
fn could_say(records: &[Record], taken: &Taken, reply: &Reply, was_late: bool) -> bool {
    let (mut life, mut commands) = (Life::default(), Commands::default());
    for record in records {
        if let Record::Claim(claim) = record
            && claim.epoch > reply.epoch
        {
            return false;
        }
        commands.note(record, life).expect("it was read before");
        life = life.after(record).expect("it was read before");
        let ended = matches!(record, Record::End(_));
        let effect = decide(life, taken.command.request.verb());
        let right = match (&reply.said, effect) {
            (Said::Done(None), Effect::Already) => true,
            (Said::Done(None), Effect::Hold | Effect::Go | Effect::End) => {
                was_late || commands.is_overtaken(taken.sequence)
            }
            (Said::Refused(said), Effect::Refuse(why)) => said == why || ended,
            (Said::Refused(_), Effect::Queue) => commands.is_refused(taken.sequence),
            _ => false,
        };
        if right {
            return true;
        }
    }
    false
}
