//! Interviews that are under way, so that they can be cancelled, and when each is over anyway.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use contract::id::{ClientId, CommandId};
use contract::reply::{ErrorCode, ReplyError};
use contract::timestamp::Timestamp;
use tokio::sync::watch;
use tokio::time::Instant;

use super::super::now;
use super::{TOO_LATE, error};

/// What is said in the place of an answer that nobody wants any more.
const CANCELLED: &str = "the question was cancelled";

/// The interviews that are under way; cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Talks(Arc<Mutex<BTreeMap<(ClientId, CommandId), Talk>>>);

/// One of them; cheap to clone.
#[derive(Clone)]
pub(super) struct Talk {
    /// True once it is cancelled.
    cancelled: Arc<watch::Sender<bool>>,
    /// Results that say so.
    without: Arc<AtomicU32>,
    /// True once its reply is stored.
    replied: Arc<watch::Sender<bool>>,
    /// When what is not answered is void.
    ends: Option<Instant>,
}

impl Talks {
    /// Takes note of one.
    pub(super) fn begin(
        &self,
        client: &ClientId,
        id: &CommandId,
        expires_at: Option<Timestamp>,
    ) -> Talk {
        let talk = Talk {
            cancelled: Arc::new(watch::Sender::new(false)),
            without: Arc::default(),
            replied: Arc::new(watch::Sender::new(false)),
            ends: expires_at.and_then(ends),
        };
        self.all().insert((client.clone(), id.clone()), talk.clone());
        talk
    }

    /// Its reply is stored. Another one may have come under the same id since, as a single question
    /// and a batch can: that one goes on.
    pub(super) fn end(&self, client: &ClientId, id: &CommandId, talk: &Talk) {
        talk.replied.send_replace(true);
        let (mut all, key) = (self.all(), (client.clone(), id.clone()));
        if all.get(&key).is_some_and(|it| Arc::ptr_eq(&it.replied, &talk.replied)) {
            all.remove(&key);
        }
    }

    /// Cancels one, if it is under way. What comes of that is known once its reply is stored.
    pub(super) fn cancel(&self, client: &ClientId, id: &CommandId) -> Option<Talk> {
        let talk = self.all().get(&(client.clone(), id.clone()))?.clone();
        talk.cancelled.send_replace(true);
        Some(talk)
    }

    fn all(&self) -> std::sync::MutexGuard<'_, BTreeMap<(ClientId, CommandId), Talk>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Talk {
    /// Why what is not answered yet will not be, if that is so.
    pub(super) fn over(&self) -> Option<ReplyError> {
        if *self.cancelled.borrow() {
            return Some(error(ErrorCode::Cancelled, CANCELLED));
        }
        let is_late = self.ends.is_some_and(|ends| ends <= Instant::now());
        is_late.then(|| error(ErrorCode::Expired, TOO_LATE))
    }

    /// What comes of `wanted`, or why nobody waits for it any more. What is there already counts.
    pub(super) async fn or_over<T>(
        &self,
        wanted: impl Future<Output = T>,
    ) -> Result<T, ReplyError> {
        let mut cancelled = self.cancelled.subscribe();
        let late = self.ends.unwrap_or_else(Instant::now);
        tokio::select! {
            biased;
            value = wanted => Ok(value),
            Ok(_) = cancelled.wait_for(|is| *is) => Err(error(ErrorCode::Cancelled, CANCELLED)),
            () = tokio::time::sleep_until(late), if self.ends.is_some() => {
                Err(error(ErrorCode::Expired, TOO_LATE))
            }
        }
    }

    /// Counts a result, if it says that it was cancelled.
    pub(super) fn count(&self, failure: &ReplyError) {
        if failure.code == ErrorCode::Cancelled {
            self.without.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits for its reply; gives the results that say that it was cancelled.
    pub(super) async fn replied(self) -> u32 {
        // Its sender is ours too, so that it cannot be gone.
        let _ = self.replied.subscribe().wait_for(|is| *is).await;
        self.without.load(Ordering::Relaxed)
    }
}

/// When that is on this process's clock; `None`: further away than that clock can say.
fn ends(at: Timestamp) -> Option<Instant> {
    let left = at.milliseconds().saturating_sub(now().milliseconds());
    let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
    Instant::now().checked_add(left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::FutureExt as _;

    fn ids() -> (ClientId, CommandId) {
        ("cli".parse().unwrap(), "q1".parse().unwrap())
    }

    #[tokio::test]
    async fn a_talk_that_is_cancelled_says_so_and_when_it_was_told() {
        let (talks, (client, id)) = (Talks::default(), ids());
        assert!(talks.cancel(&client, &id).is_none(), "nothing is under way");
        let talk = talks.begin(&client, &id, None);
        assert_eq!(talk.or_over(async { 7 }).await, Ok(7));
        let waiting = tokio::spawn({
            let talk = talk.clone();
            async move { talk.or_over(std::future::pending::<u8>()).await }
        });
        assert!(talks.cancel(&"web".parse().unwrap(), &id).is_none(), "of another client");
        let cancelled = talks.cancel(&client, &id).unwrap();
        let failure = waiting.await.unwrap().unwrap_err();
        assert_eq!(failure.code, ErrorCode::Cancelled);
        assert_eq!(talk.over(), Some(failure.clone()));
        assert_eq!(talk.or_over(async { 7 }).await, Ok(7), "what is there counts");
        talk.count(&failure);
        talks.end(&client, &id, &talk);
        assert_eq!(cancelled.replied().await, 1);
        assert!(talks.cancel(&client, &id).is_none());
    }

    #[tokio::test]
    async fn two_talks_of_one_id_end_each_for_itself() {
        let (talks, (client, id)) = (Talks::default(), ids());
        let first = talks.begin(&client, &id, None);
        let cancelled = talks.cancel(&client, &id).unwrap();
        let second = talks.begin(&client, &id, None);
        talks.end(&client, &id, &first);
        assert_eq!(cancelled.replied().now_or_never(), Some(0), "its reply is stored");
        let cancelled = talks.cancel(&client, &id).expect("the other is under way");
        assert!(second.over().is_some());
        talks.end(&client, &id, &second);
        assert_eq!(cancelled.replied().now_or_never(), Some(0));
        assert!(talks.cancel(&client, &id).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_talk_is_over_at_its_end_and_not_before() {
        let (talks, (client, id)) = (Talks::default(), ids());
        let in_a_minute = Timestamp::from_milliseconds(now().milliseconds() + 60_000);
        let talk = talks.begin(&client, &id, Some(in_a_minute));
        assert_eq!(talk.over(), None);
        let failure = talk.or_over(std::future::pending::<u8>()).await.unwrap_err();
        assert_eq!((failure.code, talk.over()), (ErrorCode::Expired, Some(failure)));
        let past = talks.begin(&client, &id, Some(Timestamp::EPOCH));
        assert!(past.over().is_some());
        assert!(talks.begin(&client, &id, None).over().is_none());
    }
}
