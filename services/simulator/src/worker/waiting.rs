//! Commands that wait for the next tick, which takes them in the order in which they came.

use contract::command::Request;
use contract::id::CommandId;
use contract::journal::{Record, Taken};
use contract::reply::{ErrorCode, ReplyError};
use contract::timestamp::Timestamp;
use serde::Serialize;
use tokio::sync::oneshot;

use super::lane::{Done, Refusal};

/// Bytes that may wait, as they are journalled, however large messages may be: who pauses a run
/// must not fill its worker's memory.
pub const MAX_WAITING_BYTES: usize = 256 * 1024;

/// Bytes of posts of sources that enter in one tick, as they are journalled, at most.
const MAX_HEARD_BYTES: usize = 256 * 1024;

/// A start makes the tick that takes all the others: there is always room for one.
const START: usize = 1024;

/// What a record has in its message beside the commands, at most: headers, its other fields, the
/// commas between them.
const AROUND: usize = 3 * 1024;

/// Who asked for a command is told here what came of it.
pub type Tell = oneshot::Sender<Result<Done, Refusal>>;

/// One command that waits.
#[derive(Debug)]
pub struct Waiting {
    /// The command.
    pub taken: Taken,
    /// Who waits for it: more than one where its stream was read again.
    pub tells: Vec<Tell>,
    bytes: usize,
}

/// Those that wait. A tick is one message, and a server refuses one that is larger than it takes.
#[derive(Debug)]
pub struct Queue {
    waiting: Vec<Waiting>,
    /// Bytes that may wait.
    most: usize,
}

impl Queue {
    /// An empty one, for a server that takes messages of so many bytes.
    pub fn new(max_payload: usize) -> Queue {
        let most = max_payload.saturating_sub(AROUND + START).min(MAX_WAITING_BYTES);
        Queue { waiting: Vec::new(), most }
    }

    /// The commands, in order.
    pub fn commands(&self) -> impl Iterator<Item = &Taken> {
        self.waiting.iter().map(|waiting| &waiting.taken)
    }

    /// Whether one more fits.
    ///
    /// # Errors
    /// That it does not, as the reply says it.
    pub fn has_room(&self, taken: &Taken) -> Result<(), ReplyError> {
        let (bytes, before) = (size_of(taken), self.bytes());
        let is_start = taken.command.request == Request::Start;
        let most = self.most + if is_start { START } else { 0 };
        if before + bytes <= most {
            return Ok(());
        }
        if bytes > most {
            return Err(too_large(bytes, most));
        }
        let (count, most) = (self.waiting.len(), self.most / 1024);
        let message = format!(
            "{count} commands with {before} bytes wait for the next round, and this one has \
             {bytes}: a round takes at most {most} KiB; send it again after that round"
        );
        Err(ReplyError { code: ErrorCode::NoCapacity, message })
    }

    /// Bytes that are left in the message of a tick that takes these commands, and so many bytes of
    /// other inputs.
    pub fn left_beside(taken: &[Waiting], others: usize, max_payload: usize) -> usize {
        let bytes: usize = taken.iter().map(|waiting| waiting.bytes).sum();
        max_payload.saturating_sub(AROUND + bytes + others).min(MAX_HEARD_BYTES)
    }

    /// Puts a command behind the others.
    pub fn push(&mut self, taken: Taken, tells: Vec<Tell>) {
        let bytes = size_of(&taken);
        self.waiting.push(Waiting { taken, tells, bytes });
    }

    /// The id of the command of this sequence that waits, if one does.
    pub fn at(&self, sequence: u64) -> Option<&CommandId> {
        let taken = self.commands().find(|taken| taken.sequence == sequence)?;
        Some(&taken.command.command_id)
    }

    /// Tells one more what comes of the command of this sequence, if it waits.
    pub fn share(&mut self, sequence: u64, tell: Tell) {
        let mut all = self.waiting.iter_mut();
        if let Some(waiting) = all.find(|waiting| waiting.taken.sequence == sequence) {
            waiting.tells.push(tell);
        }
    }

    /// Puts back what was taken out, before what has come since.
    pub fn give_back(&mut self, mut taken: Vec<Waiting>) {
        taken.append(&mut self.waiting);
        self.waiting = taken;
    }

    /// Takes all out.
    pub fn take(&mut self) -> Vec<Waiting> {
        std::mem::take(&mut self.waiting)
    }

    /// Takes those out, in their order, that fit in the message of a tick beside so many bytes of
    /// other inputs; the rest waits for the tick after it.
    pub fn take_beside(&mut self, others: usize, max_payload: usize) -> Vec<Waiting> {
        let mut left = max_payload.saturating_sub(AROUND + others);
        let fits = self.waiting.iter().take_while(|waiting| {
            let fits = waiting.bytes <= left;
            left = left.saturating_sub(waiting.bytes);
            fits
        });
        let count = fits.count();
        self.waiting.drain(..count).collect()
    }

    /// Refuses all.
    pub fn refuse(&mut self, error: &ReplyError) {
        for waiting in self.waiting.drain(..) {
            tell(waiting.tells, &Err(error.clone().into()));
        }
    }

    /// Refuses what has expired; true if there was any.
    pub fn refuse_expired(&mut self, now: Timestamp) -> bool {
        let before = self.waiting.len();
        for waiting in self.waiting.extract_if(.., |waiting| is_expired(&waiting.taken, now)) {
            let message = "the command had expired before the next round".to_owned();
            let error = ReplyError { code: ErrorCode::Expired, message };
            tell(waiting.tells, &Err(error.into()));
        }
        self.waiting.len() < before
    }

    fn bytes(&self) -> usize {
        self.waiting.iter().map(|waiting| waiting.bytes).sum()
    }
}

/// Tells all who asked for a command what came of it. They may have gone since.
pub fn tell(tells: Vec<Tell>, told: &Result<Done, Refusal>) {
    for tell in tells {
        let _ = tell.send(told.clone());
    }
}

/// A start that waits is what makes the tick: that nothing was done would not be true of it.
fn is_expired(taken: &Taken, now: Timestamp) -> bool {
    taken.command.request != Request::Start && taken.command.is_expired(now)
}

/// Whether a record that turns a world's life, with the command that does, is one message for a
/// server that takes so many bytes.
///
/// # Errors
/// That it is not, as the reply says it.
pub fn fits(record: &Record, max_payload: usize) -> Result<(), ReplyError> {
    let bytes = serde_json::to_vec(record).expect("no map keys that JSON refuses").len();
    let most = max_payload.saturating_sub(AROUND);
    if bytes <= most { Ok(()) } else { Err(too_large(bytes, most)) }
}

fn too_large(bytes: usize, most: usize) -> ReplyError {
    let message = format!(
        "the command has {bytes} bytes as it is journalled, expected at most {most}: nats-server \
         takes no larger messages (max_payload); make it shorter, or several of it"
    );
    ReplyError { code: ErrorCode::Invalid, message }
}

/// The bytes of a command, or of another input, as it is journalled.
pub fn size_of<T: Serialize + ?Sized>(taken: &T) -> usize {
    serde_json::to_vec(taken).expect("no map keys that JSON refuses").len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bus::EPOCH_HEADER;
    use contract::command::{Command, Configure, Inject, InjectedPost, Stop};
    use contract::journal::{Entry, Hold, Tick};

    type Told = oneshot::Receiver<Result<Done, Refusal>>;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_milliseconds(milliseconds)
    }

    fn command(sequence: u64, request: Request, expires_at: Option<Timestamp>) -> Taken {
        let command_id = format!("c{sequence}").parse().unwrap();
        let issued_at = Timestamp::EPOCH;
        Taken { sequence, command: Command { command_id, request, issued_at, expires_at } }
    }

    fn post(sequence: u64, bytes: usize, expires_at: Option<Timestamp>) -> Taken {
        let post = InjectedPost { agent_id: 0, content: "x".repeat(bytes), platform: None };
        command(sequence, Request::Inject(Inject { posts: vec![post] }), expires_at)
    }

    fn push(queue: &mut Queue, taken: Taken) -> Told {
        let (tell, told) = oneshot::channel();
        queue.push(taken, vec![tell]);
        told
    }

    fn code(mut told: Told) -> Option<ErrorCode> {
        match told.try_recv().ok()?.err()? {
            Refusal::Own(error) | Refusal::WentBack(error) => Some(error.code),
        }
    }

    #[test]
    fn a_round_takes_so_much_and_says_when_it_is_full() {
        let mut queue = Queue::new(1 << 20);
        let mut refused = None;
        for sequence in 1..1000 {
            let taken = post(sequence, 10_000, None);
            if let Err(error) = queue.has_room(&taken) {
                refused = Some(error);
                break;
            }
            push(&mut queue, taken);
        }
        let error = refused.expect("a bound");
        assert_eq!(error.code, ErrorCode::NoCapacity);
        assert!(error.message.starts_with("25 commands with 25"), "{}", error.message);
        let sequences: Vec<u64> = queue.commands().map(|taken| taken.sequence).collect();
        assert_eq!(sequences, (1..=25).collect::<Vec<u64>>());
        assert_eq!(queue.has_room(&post(26, 10, None)), Ok(()), "a small one fits");
        assert_eq!(queue.take().len(), 25);
        assert_eq!(queue.has_room(&post(27, 10_000, None)), Ok(()));
    }

    #[test]
    fn beside_other_inputs_a_tick_takes_as_many_as_fit_in_their_order() {
        let mut queue = Queue::new(1 << 20);
        for sequence in 1..=4 {
            push(&mut queue, post(sequence, 10_000, None));
        }
        let max_payload = 32 * 1024;
        assert_eq!(queue.take_beside(30_000, max_payload).len(), 0);
        let taken = queue.take_beside(8_000, max_payload);
        let sequences: Vec<u64> = taken.iter().map(|waiting| waiting.taken.sequence).collect();
        assert_eq!(sequences, [1, 2]);
        assert!(Queue::left_beside(&taken, 8_000, max_payload) < 10_000);
        let rest: Vec<u64> = queue.commands().map(|taken| taken.sequence).collect();
        assert_eq!(rest, [3, 4]);
    }

    #[test]
    fn what_has_expired_makes_room() {
        let mut queue = Queue::new(1 << 20);
        let early = push(&mut queue, post(1, 200_000, Some(at(10))));
        let mut late = push(&mut queue, post(2, 50_000, Some(at(30))));
        let next = post(3, 100_000, None);
        assert!(!queue.refuse_expired(at(5)) && queue.has_room(&next).is_err());
        assert!(queue.refuse_expired(at(20)));
        assert_eq!(queue.has_room(&next), Ok(()));
        assert_eq!(code(early), Some(ErrorCode::Expired));
        assert!(late.try_recv().is_err(), "it waits on");
    }

    #[test]
    fn all_who_ask_for_a_command_that_waits_are_told_and_it_waits_once() {
        let mut queue = Queue::new(1 << 20);
        let first = push(&mut queue, post(7, 10, Some(at(10))));
        let others = [8, 9].map(|sequence| push(&mut queue, post(sequence, 10, None)));
        let (tell, second) = oneshot::channel();
        queue.share(7, tell);
        assert_eq!(queue.at(7).map(CommandId::as_str), Some("c7"));
        assert_eq!((queue.at(10), queue.commands().count()), (None, 3));
        assert!(queue.refuse_expired(at(20)));
        assert_eq!(
            (code(first), code(second)),
            (Some(ErrorCode::Expired), Some(ErrorCode::Expired))
        );
        for mut other in others {
            assert!(other.try_recv().is_err(), "it waits on");
        }
    }

    #[test]
    fn a_start_that_waits_does_not_expire() {
        let mut queue = Queue::new(1 << 20);
        push(&mut queue, command(1, Request::Start, Some(at(10))));
        assert!(!queue.refuse_expired(at(20)));
        assert_eq!(queue.take().len(), 1);
    }

    /// The bytes of a message with this record, as a server counts them.
    fn message(record: Record) -> usize {
        let header = |name: &str, value: &str| name.len() + value.len() + ": \r\n".len();
        let last = u64::MAX.to_string();
        let headers = header("NATS/1.0", "")
            + header(EPOCH_HEADER, "4294967295")
            + header("Nats-Expected-Last-Subject-Sequence", &last)
            + "\r\n".len();
        headers + Entry::new(record).to_bytes().len()
    }

    #[test]
    fn what_a_round_takes_is_one_message_whatever_a_server_takes() {
        let change = Configure { pace_milli: Some(1), ..Configure::default() };
        let small = Request::Configure(Box::new(change));
        let Request::Inject(quotes) = post(1, 0, None).command.request else { unreachable!() };
        let quoted = InjectedPost { content: "\u{1}\"".repeat(90), ..quotes.posts[0].clone() };
        let quotes = Request::Inject(Inject { posts: vec![quoted] });
        for max_payload in [64 * 1024, 100_000, 256 * 1024, 260 * 1024, 1 << 20, 8 << 20] {
            for request in [&small, &quotes] {
                let mut queue = Queue::new(max_payload);
                let taken = command(u64::MAX, request.clone(), None);
                while queue.has_room(&taken).is_ok() {
                    push(&mut queue, taken.clone());
                }
                let start = command(u64::MAX, Request::Start, Some(at(0)));
                assert_eq!(queue.has_room(&start), Ok(()), "nothing would begin");
                while queue.has_room(&start).is_ok() {
                    push(&mut queue, start.clone());
                }
                let commands = queue.commands().cloned().collect();
                let (tick, epoch, commands_through) = (u32::MAX, u32::MAX, u64::MAX);
                let bytes = message(Record::Tick(Tick {
                    tick,
                    epoch,
                    at: at(0),
                    commands,
                    commands_through,
                    heard: vec![],
                    undecided: vec![],
                }));
                let most = max_payload.min(MAX_WAITING_BYTES + AROUND + START);
                assert!(bytes <= most && bytes > most - 2 * AROUND, "{bytes} of {most}");
            }
        }
    }

    #[test]
    fn a_command_that_never_fits_is_refused_for_good() {
        let queue = Queue::new(64 * 1024);
        let error = queue.has_room(&post(1, 62_000, None)).unwrap_err();
        assert_eq!(error.code, ErrorCode::Invalid);
        assert!(error.message.starts_with("the command has 62"), "{}", error.message);
        assert_eq!(queue.has_room(&post(1, 61_000, None)), Ok(()));
    }

    #[test]
    fn a_record_that_turns_a_world_is_one_message_or_refused() {
        let hold = |bytes: usize| {
            let reason = Some("r".repeat(bytes));
            let pause = Request::Pause(Stop { reason: reason.clone() });
            let taken = Some(command(1, pause, None));
            Record::Hold(Hold { epoch: u32::MAX, reason, command: taken, spent: None, at: at(0) })
        };
        let max_payload = 64 * 1024;
        assert_eq!(fits(&hold(31_000), max_payload), Ok(()));
        assert!(message(hold(31_000)) <= max_payload);
        let error = fits(&hold(31_500), max_payload).unwrap_err();
        assert_eq!(error.code, ErrorCode::Invalid);
        assert_eq!(fits(&hold(31_500), 1 << 20), Ok(()));
    }
}
