//! What an owner is told and what it wishes: the words between it and its driver.

use bus::AppendError;
use contract::decision::{Decision, Undecided};
use contract::id::Digest;
use contract::journal::{Claim, Heard, Record, Taken};

use super::journal::{Closed, Journal};
use super::life::Life;
use super::log::Seen;
use super::{DEADLY, Ended, deaths};

/// Which of a world's logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    /// What enters the world.
    Journal,
    /// What left it.
    Frames,
}

/// A tick and the digest of its frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The tick.
    pub tick: u32,
    /// The digest of the chain up to it.
    pub digest: Digest,
}

/// What happens to an owner.
#[derive(Clone, Debug)]
pub enum Event {
    /// An append was answered, or not.
    Answered(Which, Result<u64, AppendError>),
    /// Somebody has looked at the end of a log.
    Looked(Which, Seen),
    /// A pause is over.
    Paused(Which),
    /// The last frame that is stored, with its sequence.
    Found(Option<(u64, Head)>),
    /// The agents of the next tick have decided.
    Decided,
    /// The world has taken the tick, and this came out.
    Stepped(Head),
    /// The world cannot take the tick.
    Broken(Ended),
    /// It is time for the next tick, with these inputs beside what was decided outside.
    Due(Due),
    /// Somebody has decided for a tick, which cost something.
    Paid(u32, Decision),
    /// A command turns the world's life with this record.
    Turn(Record),
    /// Commands had their turn since [`Wish::Paid`]: what was decided since is written.
    Pay,
}

/// What enters in a tick, beside what was decided outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// The commands.
    pub commands: Vec<Taken>,
    /// What was heard.
    pub heard: Vec<Heard>,
    /// Who was to decide outside and did not.
    pub undecided: Vec<Undecided>,
}

/// What an owner wants to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Append a record to the journal; [`super::log::Log::body`] has its bytes.
    Write(Record),
    /// Append the frame of this tick.
    Send(u32),
    /// Append the same again.
    Again(Which),
    /// Look at the end of a log.
    Look(Which),
    /// Pause before the next try.
    Pause(Which),
    /// Read the last frame that is stored.
    Find,
    /// What was known of the world beside its journal is wrong: make it anew.
    Rebuild,
    /// Let the agents decide for the next tick.
    Decide,
    /// Step the world with what this record holds.
    Step(Closed),
    /// The claim is stored.
    Claimed,
    /// The world is where its journal ends: ask it.
    Opened,
    /// What was decided outside is stored, some or all of it. [`Event::Pay`] answers it, once
    /// commands that came meanwhile are considered: they would wait for all answers of a round.
    Paid,
    /// The frame of this tick is there already.
    Skipped(u32),
    /// This tick is journalled and taken.
    Applied(u32),
    /// The tick under way is not journalled, for want of room: its commands wait on.
    GiveBack,
    /// This record is stored, and the world's life has turned.
    Turned(Record),
    /// The frame of this tick is stored.
    Stored(u32),
    /// There is no room, and why; or there is again.
    Room(Option<String>),
    /// It is over.
    End(Ended),
}

/// What an owner begins with.
#[derive(Clone, Debug)]
pub struct Start {
    /// What its journal says.
    pub journal: Journal,
    /// The rounds of the run; tick 0 is none of them.
    pub rounds: u32,
    /// Its claim.
    pub claim: Claim,
    /// How far the world at hand is, and the digest there: that of a snapshot, or of none.
    pub world: Option<Head>,
    /// Why a node has given the world up, if one has.
    pub given_up: Option<String>,
    /// Its safeguards.
    pub guards: Guards,
    /// The most bytes of a message.
    pub max_payload: usize,
}

/// Safeguards of an owner. Only a test of the tests does without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guards {
    /// An append names the sequence that it expects.
    pub fence: bool,
    /// A frame that is stored is not stored again.
    pub present: bool,
    /// A frame made again must equal the one that is stored.
    pub digests: bool,
}

impl Guards {
    /// All of them.
    pub const ALL: Guards = Guards { fence: true, present: true, digests: true };
}

/// That the workers of a world that plays died of it, one after the other, on whichever nodes.
pub(super) fn deadly(journal: &Journal, claim: &Claim) -> Option<String> {
    let crashes = journal.crashes + u32::from(claim.why == Claim::CRASHED);
    let plays = matches!(journal.life, Life::Waiting | Life::Playing);
    (plays && crashes >= DEADLY).then(|| deaths(crashes))
}
