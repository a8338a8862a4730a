//! Commands that wait for the next tick, which takes them in the order in which they came.

use contract::command::Request;
use contract::journal::Taken;
use contract::reply::{ErrorCode, ReplyError};
use contract::timestamp::Timestamp;
use tokio::sync::oneshot;

use super::lane::Done;

/// Bytes that may wait, as they are journalled. A tick is one message, which a server refuses
/// that is larger than it takes; and who pauses a run must not fill its worker's memory.
pub const MAX_WAITING_BYTES: usize = 256 * 1024;

/// Who asked for a command is told here what came of it. They may have gone since.
pub type Tell = oneshot::Sender<Result<Done, ReplyError>>;

/// One command that waits.
#[derive(Debug)]
pub struct Waiting {
    /// The command.
    pub taken: Taken,
    /// Who waits for it.
    pub tell: Tell,
    bytes: usize,
}

/// Those that wait.
#[derive(Debug, Default)]
pub struct Queue(Vec<Waiting>);

impl Queue {
    /// The commands, in order.
    pub fn commands(&self) -> impl Iterator<Item = &Taken> {
        self.0.iter().map(|waiting| &waiting.taken)
    }

    /// Whether one more fits.
    ///
    /// # Errors
    /// That it does not, as the reply says it.
    pub fn has_room(&self, taken: &Taken) -> Result<(), ReplyError> {
        let (bytes, before) = (size_of(taken), self.bytes());
        if before + bytes <= MAX_WAITING_BYTES {
            return Ok(());
        }
        let (count, most) = (self.0.len(), MAX_WAITING_BYTES / 1024);
        let message = format!(
            "{count} commands with {before} bytes wait for the next round, and this one has \
             {bytes}: a round takes at most {most} KiB; send it again after that round"
        );
        Err(ReplyError { code: ErrorCode::NoCapacity, message })
    }

    /// Puts a command behind the others.
    pub fn push(&mut self, taken: Taken, tell: Tell) {
        let bytes = size_of(&taken);
        self.0.push(Waiting { taken, tell, bytes });
    }

    /// Puts back what was taken out, before what has come since.
    pub fn give_back(&mut self, mut taken: Vec<Waiting>) {
        taken.append(&mut self.0);
        self.0 = taken;
    }

    /// Takes all out.
    pub fn take(&mut self) -> Vec<Waiting> {
        std::mem::take(&mut self.0)
    }

    /// Refuses all.
    pub fn refuse(&mut self, error: &ReplyError) {
        for waiting in self.0.drain(..) {
            let _ = waiting.tell.send(Err(error.clone()));
        }
    }

    /// Refuses what has expired; true if there was any.
    pub fn refuse_expired(&mut self, now: Timestamp) -> bool {
        let before = self.0.len();
        for waiting in self.0.extract_if(.., |waiting| is_expired(&waiting.taken, now)) {
            let message = "the command had expired before the next round".to_owned();
            let _ = waiting.tell.send(Err(ReplyError { code: ErrorCode::Expired, message }));
        }
        self.0.len() < before
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(|waiting| waiting.bytes).sum()
    }
}

/// A start that waits is what makes the tick: that nothing was done would not be true of it.
fn is_expired(taken: &Taken, now: Timestamp) -> bool {
    taken.command.request != Request::Start && taken.command.is_expired(now)
}

/// The bytes of a command as it is journalled.
pub fn size_of(taken: &Taken) -> usize {
    serde_json::to_vec(taken).expect("no map keys that JSON refuses").len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::command::{Command, Inject, InjectedPost};

    type Told = oneshot::Receiver<Result<Done, ReplyError>>;

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
        queue.push(taken, tell);
        told
    }

    fn code(mut told: Told) -> Option<ErrorCode> {
        told.try_recv().ok().and_then(Result::err).map(|error| error.code)
    }

    #[test]
    fn a_round_takes_so_much_and_says_when_it_is_full() {
        let mut queue = Queue::default();
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
    fn what_has_expired_makes_room() {
        let mut queue = Queue::default();
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
    fn a_start_that_waits_does_not_expire() {
        let mut queue = Queue::default();
        push(&mut queue, command(1, Request::Start, Some(at(10))));
        assert!(!queue.refuse_expired(at(20)));
        assert_eq!(queue.take().len(), 1);
    }
}
