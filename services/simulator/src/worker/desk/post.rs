//! How lanes are asked: in order, and without waiting for one that is slow.

use std::future::Future;
use std::sync::Arc;

use contract::subject::Platform;
use futures_util::future::{FutureExt as _, join_all};
use tokio::sync::oneshot;

use super::super::inbox::Outbox;
use super::super::lane::Ask;

/// What may wait for one lane before the desk waits for it: more than the desk has
/// [room](super::room) for, so that one that takes long to open holds up no other.
const WAITING: usize = 16 * 1024;

/// The way to the lanes of a run; cheap to clone.
#[derive(Clone)]
pub(super) struct Outboxes(Vec<(Platform, Outbox)>);

impl Outboxes {
    /// The way to lanes that have these inboxes, each with a queue before it.
    pub(super) fn new(inboxes: Vec<(Platform, Outbox)>) -> Outboxes {
        Outboxes(inboxes.into_iter().map(|(lane, inbox)| (lane, inbox.queued(WAITING))).collect())
    }

    /// Whose lanes they are.
    pub(super) fn platforms(&self) -> Vec<Platform> {
        self.0.iter().map(|(platform, _)| *platform).collect()
    }

    /// Asks each wanted lane; `None` if this worker ends.
    pub(super) async fn post<T>(
        &self,
        wanted: impl Fn(Platform) -> bool,
        ask: impl Fn(oneshot::Sender<T>) -> Ask + Send + Sync + 'static,
    ) -> Option<Vec<Posted<T>>> {
        let ask: Arc<dyn Fn(oneshot::Sender<T>) -> Ask + Send + Sync> = Arc::new(ask);
        let mut posted = Vec::new();
        for (platform, outbox) in self.0.iter().filter(|(platform, _)| wanted(*platform)) {
            let (done, answer) = oneshot::channel();
            outbox.send(ask(done)).await.then_some(())?;
            let (outbox, ask) = (outbox.clone(), Arc::clone(&ask));
            posted.push(Posted { platform: *platform, outbox, ask, answer });
        }
        Some(posted)
    }
}

/// What one lane was asked, and where its answer will come.
pub(super) struct Posted<T> {
    platform: Platform,
    outbox: Outbox,
    ask: Arc<dyn Fn(oneshot::Sender<T>) -> Ask + Send + Sync>,
    answer: oneshot::Receiver<T>,
}

impl<T> Posted<T> {
    /// The answer; asks again where the lane opened its journal again instead of answering.
    async fn answer(mut self) -> Option<(Platform, T)> {
        loop {
            if let Ok(answer) = self.answer.await {
                return Some((self.platform, answer));
            }
            let (done, answer) = oneshot::channel();
            self.outbox.send((self.ask)(done)).await.then_some(())?;
            self.answer = answer;
        }
    }
}

/// All answers; `None` if this worker ends before.
pub(super) fn answers<T>(
    posted: Vec<Posted<T>>,
) -> impl Future<Output = Option<Vec<(Platform, T)>>> {
    join_all(posted.into_iter().map(Posted::answer)).map(|answers| answers.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use super::super::super::inbox::inbox;
    use crate::protocol::journal::Known;

    const PATIENCE: Duration = Duration::from_secs(30);

    fn known(sequence: u64) -> Known {
        Known { sequence, command_id: format!("c{sequence}").parse().unwrap() }
    }

    #[tokio::test]
    async fn a_lane_that_takes_nothing_holds_up_no_other_and_gets_all_in_order() {
        let ((slow, mut slow_inbox), (quick, mut quick_inbox)) = (inbox(1), inbox(1));
        let lanes = Outboxes::new(vec![(Platform::Twitter, slow), (Platform::Reddit, quick)]);
        let answering = tokio::spawn(async move {
            while let Some(Ask::IsTaken { known, done }) = quick_inbox.recv().await {
                let _ = done.send(known.sequence % 2 == 0);
            }
        });
        let mut waiting = Vec::new();
        for sequence in 0..5_000 {
            let ask = move |done| Ask::IsTaken { known: known(sequence), done };
            let mut posted = lanes.post(|_| true, ask).await.unwrap();
            let quick = posted.pop().unwrap().answer();
            let answered = tokio::time::timeout(PATIENCE, quick).await.expect("is held up");
            assert_eq!(answered, Some((Platform::Reddit, sequence % 2 == 0)));
            waiting.extend(posted);
        }
        for expected in 0..5_000 {
            let ask = tokio::time::timeout(PATIENCE, slow_inbox.recv()).await.unwrap();
            let Some(Ask::IsTaken { known: asked, done }) = ask else { panic!("another ask") };
            assert_eq!(asked, known(expected));
            done.send(true).unwrap();
        }
        let answers = answers(waiting).await.unwrap();
        assert_eq!(answers, vec![(Platform::Twitter, true); 5_000]);
        drop(lanes);
        answering.await.unwrap();
    }

    #[tokio::test]
    async fn a_lane_that_is_gone_ends_who_waits_for_it() {
        let (sender, lane) = inbox(1);
        let lanes = Outboxes::new(vec![(Platform::Twitter, sender)]);
        let posted = lanes.post(|_| true, |done| Ask::Life { done }).await.unwrap();
        drop(lane);
        let answered = tokio::time::timeout(PATIENCE, answers(posted)).await.unwrap();
        assert!(answered.is_none());
    }

    #[tokio::test]
    async fn what_a_lane_drops_without_an_answer_is_asked_again() {
        let (sender, mut lane) = inbox(1);
        let lanes = Outboxes::new(vec![(Platform::Twitter, sender)]);
        let ask = |done| Ask::IsTaken { known: known(7), done };
        let posted = lanes.post(|_| true, ask).await.unwrap();
        let waiting = tokio::spawn(answers(posted));
        drop(lane.recv().await.unwrap());
        let again = tokio::time::timeout(PATIENCE, lane.recv()).await.unwrap();
        let Some(Ask::IsTaken { known: asked, done }) = again else { panic!("another ask") };
        assert_eq!(asked, known(7));
        done.send(true).unwrap();
        assert_eq!(waiting.await.unwrap(), Some(vec![(Platform::Twitter, true)]));
    }
}
