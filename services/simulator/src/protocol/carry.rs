//! What an owner does about a command: what its life says, and no command twice.

use contract::command::Request;
use contract::frame::Outcome;
use contract::journal::{Close, End, Go, Hold, Record, Taken};
use contract::reply::{ErrorCode, ReplyError};
use contract::timestamp::Timestamp;

use super::life::{Effect, decide, turns};
use super::owner::Owner;

/// Why a command that waited takes no effect any more.
const ENDED: &str = "the run ended before the command took effect";

/// What becomes of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// It was done before, or nothing is to be done; with the tick among whose inputs it is, if
    /// it is.
    Done(Option<u32>),
    /// It is refused.
    Refused(ReplyError),
    /// It waits for the next tick.
    Queued,
    /// The next tick is due at once, and takes it.
    Begins,
    /// It turns the world's life, once this record is stored.
    Turns(Record),
}

impl Owner {
    /// What becomes of a command now; asked between two ticks.
    pub fn consider(&mut self, taken: &Taken, at: Timestamp) -> Carried {
        if let Some(tick) = self.commands().taken(taken.sequence) {
            return Carried::Done(tick);
        }
        let (epoch, command) = (self.epoch(), taken.clone());
        let verb = taken.command.request.verb();
        let is_overtaken = turns(verb) && self.is_overtaken(taken.sequence);
        match decide(self.life(), verb) {
            Effect::Begin => Carried::Begins,
            Effect::Queue if self.commands().is_refused(taken.sequence) => {
                Carried::Refused(wrong_state(ENDED))
            }
            Effect::Queue => Carried::Queued,
            Effect::Hold | Effect::Go | Effect::End if is_overtaken => Carried::Done(None),
            Effect::Hold => {
                let (reason, command) = (reason_of(taken), Some(command));
                Carried::Turns(Record::Hold(Hold { epoch, reason, command, at }))
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
