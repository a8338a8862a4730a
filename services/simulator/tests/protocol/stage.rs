//! Owners in the middle of an append, one for each kind of it.

use bus::AppendError;
use contract::command::Request;
use contract::frame::Outcome;
use contract::id::Digest;
use contract::journal::{Close, End, Go, Hold, Record, Tick};
use simulator::protocol::Ended;
use simulator::protocol::journal::Journal;
use simulator::protocol::log::Seen;
use simulator::protocol::owner::{Due, Event, Guards, Head, Owner, Start, Which, Wish};

use crate::words::{at, body, claim, genesis, pause, stop, taken, tick};

/// The epoch of the owner on the stage.
pub(crate) const EPOCH: u32 = 2;

/// What is being appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Claim,
    Tick,
    Hold,
    Go,
    End,
    Close,
    /// The first frame of all.
    FirstFrame,
    /// A frame of one message.
    Frame,
    /// A frame of several.
    FrameOfParts,
}

impl Kind {
    pub(crate) const ALL: [Kind; 9] = [
        Kind::Claim,
        Kind::Tick,
        Kind::Hold,
        Kind::Go,
        Kind::End,
        Kind::Close,
        Kind::FirstFrame,
        Kind::Frame,
        Kind::FrameOfParts,
    ];

    /// What the journal holds after its genesis and first claim.
    fn before(self) -> Vec<Record> {
        let (epoch, reason, command, at) = (1, None, None, at(1));
        let begun = Record::Tick(tick(0, 1, vec![]));
        match self {
            Kind::FirstFrame => vec![],
            Kind::Go => vec![begun, Record::Hold(Hold { epoch, reason, command, spent: None, at })],
            Kind::Close => {
                let outcome = Outcome::Completed;
                vec![begun, Record::End(End { epoch, outcome, reason, command, at })]
            }
            _ => vec![begun],
        }
    }
}

/// An owner whose append is under way.
pub(crate) struct Scene {
    pub(crate) kind: Kind,
    pub(crate) owner: Owner,
    /// The body of it; of several, the last one.
    pub(crate) body: Vec<u8>,
    /// The sequence that it expects.
    pub(crate) known: u64,
    record: Option<Record>,
}

/// The head of the chain at a tick.
pub(crate) fn head(tick: u32) -> Head {
    Head { tick, digest: Digest::of(&[&tick.to_be_bytes()]) }
}

/// All that the owner wishes for now.
pub(crate) fn drain(owner: &mut Owner) -> Vec<Wish> {
    std::iter::from_fn(|| owner.next_wish()).collect()
}

/// An owner that has just wished to write its claim.
fn claiming(kind: Kind) -> Owner {
    let before = kind.before();
    let world = (!before.is_empty()).then(|| head(0));
    taking_up(before, world, None)
}

/// An owner that has just wished to claim a world whose journal holds this after its genesis and
/// its first claim.
pub(crate) fn taking_up(
    records: Vec<Record>,
    world: Option<Head>,
    given_up: Option<String>,
) -> Owner {
    let mut all = vec![
        Record::Genesis(Box::new(genesis(5, 0))),
        Record::Claim(claim(1, "first", "start", 1)),
    ];
    all.extend(records);
    let bodies: Vec<Vec<u8>> = all.iter().map(body).collect();
    let journal = Journal::read((10..).zip(bodies.iter().map(Vec::as_slice))).unwrap();
    let (epoch, guards) = (journal.epoch + 1, Guards::ALL);
    let claim = claim(epoch, "second", "recover", 2);
    Owner::new(Start { journal, rounds: 5, claim, world, given_up, guards, max_payload: 1 << 20 })
}

/// An owner whose world is open.
fn open(kind: Kind) -> Owner {
    let mut owner = claiming(kind);
    let stored = owner.log(Which::Journal).known() + 1;
    let frame = (kind != Kind::FirstFrame).then(|| (40, head(0)));
    for event in [Event::Answered(Which::Journal, Ok(stored)), Event::Found(frame)] {
        owner.on(event, at(3));
    }
    let wishes = drain(&mut owner);
    assert_eq!(wishes.last(), Some(&Wish::Opened), "{kind:?}: {wishes:?}");
    owner
}

/// Plays one tick up to the frame that it wishes to send.
fn sending(owner: &mut Owner, tick: u32, messages: &[&str]) {
    owner.on(Event::Due(Due::default()), at(4));
    owner.on(Event::Answered(Which::Journal, Ok(50)), at(5));
    owner.on(Event::Decided, at(6));
    owner.on(Event::Stepped(head(tick)), at(7));
    assert_eq!(drain(owner).last(), Some(&Wish::Send(tick)));
    owner.sends(messages.last().unwrap().as_bytes().to_vec());
}

impl Scene {
    /// An append of this kind is under way.
    pub(crate) fn of(kind: Kind) -> Scene {
        let turned = |request: Request| {
            let mut owner = open(kind);
            let taken = taken(60, request.clone());
            let (epoch, reason, command, at) = (EPOCH, None, Some(taken.clone()), at(8));
            let record = match request {
                Request::Pause(_) => Record::Hold(Hold { epoch, reason, command, spent: None, at }),
                Request::Resume => Record::Go(Go { epoch, command, at }),
                Request::Stop(_) => {
                    Record::End(End { epoch, outcome: Outcome::Stopped, reason, command, at })
                }
                _ => Record::Close(Close { epoch, command: taken, at }),
            };
            owner.on(Event::Turn(record), at);
            owner
        };
        let mut owner = match kind {
            Kind::Claim => claiming(kind),
            Kind::Hold => turned(pause()),
            Kind::Go => turned(Request::Resume),
            Kind::End => turned(stop()),
            Kind::Close => turned(Request::CloseEnv),
            Kind::Tick => {
                let mut owner = open(kind);
                owner.on(Event::Due(Due::default()), at(4));
                owner
            }
            Kind::FirstFrame | Kind::Frame | Kind::FrameOfParts => {
                let mut owner = open(kind);
                let tick = u32::from(kind != Kind::FirstFrame);
                let parts = ["part 1", "part 2", "part 3"];
                let messages = if kind == Kind::FrameOfParts { &parts } else { &parts[..1] };
                sending(&mut owner, tick, messages);
                return Scene::with(kind, owner, messages.last().unwrap().as_bytes(), None);
            }
        };
        let wishes = drain(&mut owner);
        let Some(Wish::Write(record)) = wishes.first() else { panic!("{kind:?}: {wishes:?}") };
        Scene::with(kind, owner, &body(record), Some(record.clone()))
    }

    fn with(kind: Kind, owner: Owner, body: &[u8], record: Option<Record>) -> Scene {
        let which = if record.is_some() { Which::Journal } else { Which::Frames };
        let known = owner.log(which).known();
        Scene { kind, owner, body: body.to_vec(), known, record }
    }

    /// The log that is appended to.
    pub(crate) fn which(&self) -> Which {
        if self.record.is_some() { Which::Journal } else { Which::Frames }
    }

    /// What the owner wishes once the append is known to be stored.
    pub(crate) fn goes_on(&self) -> Vec<Wish> {
        match (self.kind, self.record.clone()) {
            (Kind::Claim, _) => vec![Wish::Claimed, Wish::Find],
            // Its agents have not decided yet.
            (Kind::Tick, _) => vec![],
            (Kind::FirstFrame, _) => vec![Wish::Stored(0)],
            (_, None) => vec![Wish::Stored(1)],
            (_, Some(record)) => vec![Wish::Turned(record)],
        }
    }

    /// The bus has answered the append.
    pub(crate) fn answered(&self, answer: Result<u64, AppendError>) -> Event {
        Event::Answered(self.which(), answer)
    }

    /// A look that shows what was known before.
    pub(crate) fn nothing_new(&self) -> Seen {
        let (sequence, body) = (self.known, b"what was known".to_vec());
        match sequence {
            0 => Seen::Empty,
            _ => Seen::Last { sequence, body, claimed: Some(EPOCH) },
        }
    }

    /// A look that shows something else.
    pub(crate) fn others(&self, sequence: u64, claimed: Option<u32>) -> Event {
        let body = b"something else".to_vec();
        Event::Looked(self.which(), Seen::Last { sequence, body, claimed })
    }

    /// Lets this happen; the owner wishes for just that.
    pub(crate) fn expect(&mut self, event: Event, wishes: &[Wish]) {
        let said = format!("{:?}: {event:?}", self.kind);
        self.owner.on(event, at(9));
        assert_eq!(drain(&mut self.owner), wishes, "{said}");
    }
}

/// One event of each kind.
pub(crate) fn every_event() -> Vec<Event> {
    let step: Tick = tick(7, EPOCH, vec![]);
    let mut events = vec![
        Event::Found(None),
        Event::Decided,
        Event::Stepped(head(7)),
        Event::Broken(Ended::Reopen),
        Event::Due(Due::default()),
        Event::Turn(Record::Tick(step)),
    ];
    for which in [Which::Journal, Which::Frames] {
        events.extend([
            Event::Answered(which, Ok(99)),
            Event::Answered(which, Err(AppendError::Refused)),
            Event::Answered(which, Err(AppendError::Unanswered(String::new()))),
            Event::Answered(which, Err(AppendError::Full(String::new()))),
            Event::Looked(which, Seen::Nobody),
            Event::Looked(which, Seen::Empty),
            Event::Paused(which),
        ]);
    }
    events
}
