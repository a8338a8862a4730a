//! How much a desk reads before it has answered.
//!
//! While a world opens, or waits for room on the bus, what it is asked waits in this worker. One
//! that reads without a bound ends for want of memory, and so does its successor, which reads the
//! same. What is not read yet waits on the bus, in the same order.

use std::sync::Arc;

use contract::command::MAX_COMMAND_BYTES;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::talks::Talk;

/// What questions that wait for an answer at the same time may weigh, in bytes.
const QUESTIONS: usize = 4 * 1024 * 1024;

/// Batches of questions that are asked at the same time: their answers are more than they are.
/// Those behind them are read, or nobody could cancel one.
const BATCHES: usize = 16;

/// What commands that wait for an answer at the same time may weigh, in bytes: each is kept once
/// for each world that it is for, and once more in case it must be asked again.
///
/// Those that wait for the next round must never fill it: nobody could resume the run.
const COMMANDS: usize = 16 * 1024 * 1024;

/// What a command weighs until it is known how large it is: more than any that there may be, or
/// what is said of one that cannot be read.
const UNREAD: usize = 4 * MAX_COMMAND_BYTES;

/// What a command weighs beside its bytes: the task that waits for its answer, its places in
/// queues. So there are never more than 8,192.
const EACH: usize = 2 * 1024;

/// The room of a desk.
pub(super) struct Room {
    questions: Arc<Semaphore>,
    commands: Arc<Semaphore>,
}

/// The turns of batches; cheap to clone.
#[derive(Clone)]
pub(super) struct Turns(Arc<Semaphore>);

/// What a command or question takes of it until it is answered, and this dropped.
pub(super) struct Place(OwnedSemaphorePermit);

impl Room {
    /// An empty one.
    pub(super) fn new() -> Room {
        Room {
            questions: Arc::new(Semaphore::new(QUESTIONS)),
            commands: Arc::new(Semaphore::new(COMMANDS)),
        }
    }

    /// The next question, read once there is a place for the largest; see [`Place::weigh`].
    pub(super) async fn for_question<T>(&self, next: impl Future<Output = T>) -> (T, Place) {
        let place = take(&self.questions, UNREAD).await;
        (next.await, place)
    }

    /// The next command, read once there is a place for the largest; see [`Place::weigh`].
    pub(super) async fn for_command<T>(&self, next: impl Future<Output = T>) -> (T, Place) {
        let place = take(&self.commands, UNREAD).await;
        (next.await, place)
    }
}

impl Place {
    /// Keeps what a command of so many bytes weighs, and gives the rest back.
    pub(super) fn weigh(&mut self, bytes: usize) {
        let rest = self.0.num_permits().saturating_sub(bytes + EACH);
        drop(self.0.split(rest));
    }
}

impl Default for Turns {
    fn default() -> Turns {
        Turns(Arc::new(Semaphore::new(BATCHES)))
    }
}

impl Turns {
    /// Waits for the turn of a batch, which it has until this is dropped; `None` once nobody waits
    /// for what comes of it.
    pub(super) async fn of(&self, talk: &Talk) -> Option<OwnedSemaphorePermit> {
        talk.or_over(Arc::clone(&self.0).acquire_owned()).await.ok()?.ok()
    }
}

async fn take(room: &Arc<Semaphore>, weight: usize) -> Place {
    let weight = u32::try_from(weight).expect("the largest command has some kilobytes");
    Place(Arc::clone(room).acquire_many_owned(weight).await.expect("it is never closed"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::ready;

    use contract::command::{Command, Configure, Request};
    use contract::journal::Taken;
    use contract::timestamp::Timestamp;
    use futures_util::future::FutureExt as _;

    use super::super::super::waiting::{MAX_WAITING_BYTES, size_of};
    use super::super::talks::Talks;

    fn command(room: &Room, bytes: usize) -> Option<Place> {
        let ((), mut place) = room.for_command(ready(())).now_or_never()?;
        place.weigh(bytes);
        Some(place)
    }

    fn fill(room: &Room, bytes: usize) -> Vec<Place> {
        std::iter::from_fn(|| command(room, bytes)).collect()
    }

    #[test]
    fn commands_are_read_until_they_weigh_too_much_and_again_once_one_is_answered() {
        let room = Room::new();
        for bytes in [0, 100, 60_000, MAX_COMMAND_BYTES] {
            let mut places = fill(&room, bytes);
            assert_eq!(places.len(), (COMMANDS - UNREAD) / (bytes + EACH) + 1, "{bytes}");
            assert!(room.for_question(ready(())).now_or_never().is_some(), "questions go on");
            places.truncate(places.len().saturating_sub(UNREAD / (bytes + EACH) + 1));
            assert!(command(&room, bytes).is_some(), "{bytes}");
        }
    }

    #[test]
    fn a_command_weighs_as_if_it_were_the_largest_until_it_is_weighed() {
        let room = Room::new();
        let place = || room.for_command(ready(())).now_or_never();
        let places: Vec<_> = std::iter::from_fn(place).collect();
        assert_eq!(places.len(), COMMANDS / UNREAD);
    }

    #[test]
    fn questions_are_read_until_they_are_too_many() {
        let room = Room::new();
        let question = |bytes| {
            let ((), mut place) = room.for_question(ready(())).now_or_never()?;
            place.weigh(bytes);
            Some(place)
        };
        let places: Vec<_> = std::iter::from_fn(|| question(200)).collect();
        assert_eq!(places.len(), (QUESTIONS - UNREAD) / (200 + EACH) + 1);
        assert!(command(&room, 0).is_some(), "commands go on");
        drop(places);
        let batches: Vec<_> = (0..2 * BATCHES).map_while(|_| question(MAX_COMMAND_BYTES)).collect();
        assert_eq!(batches.len(), 2 * BATCHES, "large batches leave room for a cancel");
        assert!(question(200).is_some());
    }

    #[tokio::test]
    async fn a_batch_waits_for_its_turn_until_nobody_waits_for_it() {
        let (turns, talks) = (Turns::default(), Talks::default());
        let (client, id) = ("cli".parse().unwrap(), "b1".parse().unwrap());
        let talk = talks.begin(&client, &id, None);
        let take = || turns.of(&talk).now_or_never();
        let mut taken: Vec<_> = (0..BATCHES).map(|_| take().unwrap().unwrap()).collect();
        assert!(take().is_none(), "all have one");
        taken.pop();
        taken.push(take().unwrap().unwrap());
        talks.cancel(&client, &id).unwrap();
        assert!(matches!(take(), Some(None)), "it is cancelled, and ends without");
    }

    #[test]
    fn worlds_whose_queues_are_full_can_still_be_resumed() {
        let change = Configure { pace_milli: Some(1), ..Configure::default() };
        let smallest = Taken {
            sequence: 1,
            command: Command {
                command_id: "a".parse().unwrap(),
                request: Request::Configure(Box::new(change)),
                issued_at: Timestamp::EPOCH,
                expires_at: None,
            },
        };
        let bytes = size_of(&smallest);
        let (room, waiting) = (Room::new(), 2 * MAX_WAITING_BYTES / bytes);
        let places: Vec<_> = (0..waiting).map_while(|_| command(&room, bytes)).collect();
        assert_eq!(places.len(), waiting);
        assert!(command(&room, bytes).is_some());
    }
}
