//! A worker: a process that opens a world again and again, reads commands and stores replies, as
//! `worker::drive`, `open` and `desk` do.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;

use contract::journal::{Record, Taken};
use simulator::protocol::Ended;
use simulator::protocol::journal::Journal;
use simulator::protocol::log::Seen;
use simulator::protocol::owner::{Due, Event, Guards, Head, Start, Which};

use crate::lane::{Bug, Came, Do, Lane, Said};
use crate::logs::Message;
use crate::words::{body, claim, genesis};
use crate::world::World;

/// What a worker asks of the bus.
#[derive(Clone)]
pub(crate) enum Question {
    /// The whole journal, and the newest snapshot.
    Read,
    /// Store the first record.
    Begin(Vec<u8>),
    Append {
        which: Which,
        bodies: Vec<Vec<u8>>,
        expected: Option<u64>,
    },
    /// Two reads; what the first one saw.
    Look {
        which: Which,
        last: Option<Option<(u64, Vec<u8>)>>,
        claimed: Option<Option<u32>>,
    },
    Find,
    /// The commands that have their reply.
    Answered,
    /// Store the reply to a command, if it has none.
    Reply {
        sequence: u64,
        said: Said,
        epoch: u32,
    },
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |body: &Vec<u8>| String::from_utf8_lossy(body).into_owned();
        match self {
            Question::Append { which, bodies, expected } => {
                let bodies: Vec<String> = bodies.iter().map(text).collect();
                write!(f, "append to {which:?} after {expected:?}: {bodies:?}")
            }
            Question::Look { which, .. } => write!(f, "look at {which:?}"),
            Question::Reply { sequence, said, epoch } => {
                write!(f, "reply to {sequence} under {epoch}: {said:?}")
            }
            Question::Begin(_) => f.write_str("begin"),
            Question::Read => f.write_str("read"),
            Question::Find => f.write_str("find"),
            Question::Answered => f.write_str("answered"),
        }
    }
}

impl Question {
    /// Whether it is its lane's; else it is its desk's, and outlives a lane.
    pub(crate) fn is_lanes(&self) -> bool {
        !matches!(self, Question::Answered | Question::Reply { .. })
    }

    /// What its asker is told if no answer comes; `None`: it asks again.
    pub(crate) fn unanswered(&self) -> Option<Event> {
        let lost = || Err(bus::AppendError::Unanswered("lost".to_owned()));
        match self {
            Question::Append { which, .. } => Some(Event::Answered(*which, lost())),
            Question::Look { which, .. } => Some(Event::Looked(*which, Seen::Nobody)),
            _ => None,
        }
    }
}

/// What the bus answers.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Journal(Vec<Message>, Option<Head>),
    /// A first record is stored, whosever it is.
    Begun,
    Event(Event),
    Answered(BTreeSet<u64>),
    Replied,
}

/// How far a worker is with its world.
pub(crate) enum Stage {
    Reading,
    /// The journal is empty; its first record is on its way.
    Beginning,
    Driving(Box<Lane>),
    /// Its owner has ended; kept to see that it stays so.
    Ended(Box<Lane>),
    Gone,
}

/// A worker.
pub(crate) struct Worker {
    pub(crate) stage: Stage,
    /// Raised with each lane; what came for another one is dropped with it.
    pub(crate) generation: u32,
    pub(crate) is_frozen: bool,
    /// The commands that it reads are those after its look at the replies.
    pub(crate) is_following: bool,
    /// When it reads the last command that is published: it reads them in order.
    pub(crate) reads_until: u64,
    /// Requests that wait for an answer.
    pub(crate) open: BTreeSet<u64>,
    /// What was asked and is not in a lane yet.
    pub(crate) inbox: VecDeque<Taken>,
    /// Commands to be asked again, of a lane that is gone.
    pub(crate) asked_again: Vec<u64>,
    pub(crate) name: String,
    pub(crate) why: String,
    pub(crate) given_up: Option<String>,
    /// It makes another world of the journal, once.
    pub(crate) skews: bool,
    /// Why its last lane ended.
    pub(crate) ended: Option<Ended>,
    is_broken: bool,
    /// A snapshot was not what it said: none is used any more.
    distrusts: bool,
}

/// What all workers of a simulation have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Common {
    pub(crate) rounds: u32,
    pub(crate) pace_milli: u32,
    pub(crate) guards: Guards,
    pub(crate) bug: Option<Bug>,
}

impl Worker {
    pub(crate) fn new(name: String, why: String) -> Worker {
        Worker {
            stage: Stage::Reading,
            generation: 0,
            is_frozen: false,
            is_following: false,
            reads_until: 0,
            open: BTreeSet::new(),
            inbox: VecDeque::new(),
            asked_again: vec![],
            name,
            why,
            given_up: None,
            skews: false,
            ended: None,
            is_broken: false,
            distrusts: false,
        }
    }

    /// True while the process lives and has not given its world up.
    pub(crate) fn is_alive(&self) -> bool {
        !matches!(self.stage, Stage::Ended(_) | Stage::Gone)
    }

    /// The epoch under which it writes; 0 before its claim.
    pub(crate) fn epoch(&self) -> u32 {
        match &self.stage {
            Stage::Driving(lane) | Stage::Ended(lane) => lane.owner.epoch(),
            Stage::Reading | Stage::Beginning | Stage::Gone => 0,
        }
    }

    /// Makes a lane of what the journal says.
    pub(crate) fn open(
        &mut self,
        common: Common,
        messages: &[Message],
        snapshot: Option<Head>,
        now: u64,
    ) -> Option<Question> {
        let bodies = messages.iter().map(|message| (message.sequence, &message.body[..]));
        let mut journal = Journal::read(bodies).expect("the oracle has read it");
        let Some(found) = journal.genesis.take() else {
            self.stage = Stage::Beginning;
            let genesis = genesis(common.rounds, common.pace_milli);
            return Some(Question::Begin(body(&Record::Genesis(Box::new(genesis)))));
        };
        let is_used = |head: &Head| head.tick < ticks(&journal);
        let snapshot = snapshot.filter(|head| !self.skews && !self.distrusts && is_used(head));
        let world = snapshot.map_or_else(World::new, World::at);
        let why = if self.generation == 0 { self.why.as_str() } else { "reopen" };
        let keeps = common.bug == Some(Bug::KeepsEpoch) && journal.epoch > 0;
        let epoch = if keeps { journal.epoch } else { journal.epoch + 1 };
        let start = Start {
            rounds: found.options.rounds,
            claim: claim(epoch, &self.name, why, now),
            world: snapshot,
            journal,
            given_up: self.given_up.take(),
            guards: common.guards,
            max_payload: 1 << 20,
        };
        let world = World { skewed: std::mem::take(&mut self.skews), ..world };
        self.stage = Stage::Driving(Box::new(Lane::new(start, found, world, common.bug)));
        None
    }

    /// Lets the lane take what came, and what was asked meanwhile; gives what it wants.
    pub(crate) fn drive(&mut self, came: Option<Came>, now: u64, panics: bool) -> Vec<Do> {
        let Stage::Driving(lane) = &mut self.stage else { return vec![] };
        lane.asks.extend(self.inbox.drain(..));
        let went = match came {
            Some(came) => lane.take(came, now, panics),
            None => lane.go_on(now),
        };
        let wanted = std::mem::take(&mut lane.wanted);
        let Err(ended) = went else { return wanted };
        assert_eq!(lane.owner.next_wish(), None, "a wish after the end");
        let goes_on = match &ended {
            Ended::Reopen => true,
            Ended::Distrusted(_) => !std::mem::replace(&mut self.distrusts, true),
            Ended::Panicked(_) => !std::mem::replace(&mut self.is_broken, true),
            Ended::Lost(_) | Ended::Diverged(_) | Ended::Unfit(_) => false,
        };
        self.ended = Some(ended);
        if goes_on {
            self.asked_again = lane.unanswered();
            self.generation += 1;
            self.stage = Stage::Reading;
        } else if let Stage::Driving(lane) = std::mem::replace(&mut self.stage, Stage::Gone) {
            self.stage = Stage::Ended(lane);
        }
        wanted
    }

    /// Whatever comes to an owner that has ended, it wishes for nothing more.
    pub(crate) fn stays_ended(&mut self, came: Came, now: u64) -> Result<(), String> {
        let Stage::Ended(lane) = &mut self.stage else { return Ok(()) };
        let event = match came {
            Came::Event(event) => event,
            Came::Decided => Event::Decided,
            Came::Stepped(_) | Came::Due | Came::Looked | Came::Thought { .. } => {
                Event::Due(Due::default())
            }
        };
        lane.owner.on(event.clone(), crate::words::at(now));
        match lane.owner.next_wish() {
            None => Ok(()),
            Some(wish) => Err(format!("an owner that has ended wished for {wish:?} at {event:?}")),
        }
    }
}

fn ticks(journal: &Journal) -> u32 {
    u32::try_from(journal.ticks.len()).unwrap()
}
