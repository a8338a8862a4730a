//! What an owner does about a command: what its life says, and no command twice.
//!
//! A command is told from others by its sequence in the stream of commands, as long as that stream
//! never gives one twice. A server that was restored from an older backup does: then an id that
//! does not fit, or the newest command being gone, shows it, and the command is refused. To take
//! it for one that was done would be a lie, and to journal it the end of the journal.

use contract::command::{Request, Verb};
use contract::frame::Outcome;
use contract::id::CommandId;
use contract::journal::{Close, End, Go, Hold, Record, Taken};
use contract::reply::{ErrorCode, ReplyError};
use contract::subject::{Platform, Prefix, StreamName};
use contract::timestamp::Timestamp;

use super::journal::Known;
use super::life::{Effect, decide, turns};
use super::owner::Owner;

/// Why a command that waited takes no effect any more.
const ENDED: &str = "the run ended before the command took effect";

/// A command, and what its lane knows of it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The command.
    pub taken: &'a Taken,
    /// The one of its sequence that waits for the next tick, if one does.
    pub waiting: Option<&'a CommandId>,
    /// Whether the newest command that the world knows stands where it stood in the stream, if its
    /// lane has looked since it was asked.
    pub stands: Option<bool>,
}

/// What becomes of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// It was done before, or nothing is to be done; with the tick among whose inputs it is, if
    /// it is.
    Done(Option<u32>),
    /// It is refused.
    Refused(ReplyError),
    /// The stream of commands went back, and it is refused.
    WentBack(WentBack),
    /// Whether this one stands where it stood in the stream is to be looked at first.
    Looks(Known),
    /// It waits for the next tick already.
    Waits,
    /// It waits for the next tick.
    Queued,
    /// The next tick is due at once, and takes it.
    Begins,
    /// It turns the world's life, once this record is stored.
    Turns(Record),
}

/// The stream of commands has given a sequence twice, or is to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WentBack {
    /// The command that shows it: its sequence is another one's now, or nobody's.
    pub known: Known,
    /// The sequence of the command that is refused.
    pub sequence: u64,
}

/// What the sequence of a command says of it.
enum Place {
    /// It was taken; with the tick among whose inputs it is, if it is.
    Taken(Option<u32>),
    /// It waits for the next tick.
    Waits,
    /// Another command has had it.
    Occupied(CommandId),
    /// It comes before this one, the newest, and was not taken.
    Below(Known),
    /// No command is newer.
    Newest,
}

impl Owner {
    /// What becomes of a command now; asked between two ticks.
    pub fn consider(&mut self, asked: Asked<'_>, at: Timestamp) -> Carried {
        let taken = asked.taken;
        let sequence = taken.sequence;
        match self.place(taken, asked.waiting) {
            Place::Taken(tick) => return Carried::Done(tick),
            Place::Waits => return Carried::Waits,
            Place::Occupied(command_id) => {
                let known = Known { sequence, command_id };
                return Carried::WentBack(WentBack { known, sequence });
            }
            // Rare, and usually of no concern: a desk asked again in another order, or somebody
            // opens what was paused and finds what had waited. What expires does so in order, so
            // the newest is not gone for its age while this one stands. Nor is it for being the
            // `fork` that made this run, and goes with its parent: what is copied from there is
            // older than it, and what this run was asked for is newer.
            Place::Below(newest) => match asked.stands {
                None => return Carried::Looks(newest),
                Some(false) => return Carried::WentBack(WentBack { known: newest, sequence }),
                Some(true) => {}
            },
            Place::Newest => {}
        }
        self.meet(taken);
        self.carry(taken, at)
    }

    fn place(&self, taken: &Taken, waiting: Option<&CommandId>) -> Place {
        let (sequence, id) = (taken.sequence, &taken.command.command_id);
        let taken = self.commands().at(sequence).map(|(known, tick)| (known, Place::Taken(tick)));
        let waits = waiting.map(|known| (known, Place::Waits));
        let newest = self.newest().filter(|newest| newest.sequence >= sequence);
        // It came to nothing then, and comes to what it comes to now.
        let met = newest.filter(|newest| newest.sequence == sequence);
        let met = met.map(|newest| (&newest.command_id, Place::Newest));
        match (taken.or(waits).or(met), newest) {
            (Some((known, place)), _) if known == id => place,
            (Some((known, _)), _) => Place::Occupied(known.clone()),
            (None, Some(newest)) => Place::Below(newest.clone()),
            (None, None) => Place::Newest,
        }
    }

    /// What becomes of a command that was not taken.
    fn carry(&mut self, taken: &Taken, at: Timestamp) -> Carried {
        let (epoch, command) = (self.epoch(), taken.clone());
        let verb = taken.command.request.verb();
        let is_overtaken = turns(verb) && self.is_overtaken(taken.sequence);
        let effect = match decide(self.life(), verb) {
            // A cap holds it, and raised it would let it go on against this command.
            Effect::Already if verb == Verb::Pause && self.commands().lacks_budget() => {
                Effect::Hold
            }
            effect => effect,
        };
        match effect {
            Effect::Begin => Carried::Begins,
            Effect::Queue if self.commands().is_refused(taken.sequence) => {
                Carried::Refused(wrong_state(ENDED))
            }
            Effect::Queue => Carried::Queued,
            Effect::Hold | Effect::Go | Effect::End if is_overtaken => Carried::Done(None),
            Effect::Hold => {
                let (reason, command) = (reason_of(taken), Some(command));
                Carried::Turns(Record::Hold(Hold { epoch, reason, command, spent: None, at }))
            }
            Effect::Go => Carried::Turns(Record::Go(Go { epoch, command: Some(command), at })),
            Effect::End => {
                let (reason, command) = (reason_of(taken), Some(command));
                let outcome = Outcome::Stopped;
                Carried::Turns(Record::End(End { epoch, outcome, reason, command, at }))
            }
            Effect::Close => Carried::Turns(Record::Close(Close { epoch, command, at })),
            Effect::Already | Effect::Answer | Effect::Leave | Effect::LetGo => Carried::Done(None),
            Effect::Refuse(why) => Carried::Refused(wrong_state(why)),
        }
    }
}

impl WentBack {
    /// The refusal by a world, and what to do.
    pub fn error(&self, prefix: &Prefix, platform: Platform) -> ReplyError {
        let WentBack { known: Known { sequence, command_id }, sequence: own } = self;
        let stream = prefix.stream(StreamName::Commands);
        let shown = match sequence == own {
            true => format!("the {platform} world knows its message {own} as command {command_id}"),
            false => format!(
                "command {command_id}, which the {platform} world knows as its message {sequence}, \
                 is there no more, and this one is message {own}"
            ),
        };
        let message = format!(
            "stream {stream} went backwards, as with an older backup: {shown}; that world did not \
             carry it out, since it tells by these numbers what it has taken; purge {stream} with \
             a seq beyond all that it ever had, then send the command anew"
        );
        ReplyError { code: ErrorCode::Internal, message }
    }
}

/// Why what waits for a tick is refused once there will be none.
pub fn ended() -> ReplyError {
    wrong_state(ENDED)
}

/// A refusal for the state that the world is in.
pub fn wrong_state(message: &str) -> ReplyError {
    ReplyError { code: ErrorCode::WrongState, message: message.to_owned() }
}

/// Why the command was given, if it says so.
fn reason_of(taken: &Taken) -> Option<String> {
    match &taken.command.request {
        Request::Stop(why) | Request::Pause(why) => why.reason.clone(),
        _ => None,
    }
}
