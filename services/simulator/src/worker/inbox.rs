//! The way into a lane: what agents are asked beside all else, which is looked at first.
//!
//! A flood of questions, each of which takes its time, must not keep a `stop` from its world for
//! longer than its worker has.

use tokio::sync::mpsc;

use super::lane::Ask;

/// Where a lane is asked; cheap to clone.
#[derive(Clone, Debug)]
pub struct Outbox {
    questions: mpsc::Sender<Ask>,
    others: mpsc::Sender<Ask>,
}

/// What a lane was asked and has not looked at.
#[derive(Debug)]
pub struct Inbox {
    questions: mpsc::Receiver<Ask>,
    others: mpsc::Receiver<Ask>,
}

/// A way into a lane, with room for so many questions, and as many others.
pub fn inbox(room: usize) -> (Outbox, Inbox) {
    let (ask_question, questions) = mpsc::channel(room);
    let (ask_other, others) = mpsc::channel(room);
    (Outbox { questions: ask_question, others: ask_other }, Inbox { questions, others })
}

impl Outbox {
    /// Asks, once there is room; false if the lane is gone.
    pub async fn send(&self, ask: Ask) -> bool {
        let way = match ask {
            Ask::Interview { .. } => &self.questions,
            Ask::Command { .. } | Ask::IsTaken { .. } | Ask::Life { .. } => &self.others,
        };
        way.send(ask).await.is_ok()
    }

    /// The same with a queue before it, which has room for so many of each and is passed on in
    /// order. It ends with the lane, or who asks.
    pub(super) fn queued(self, room: usize) -> Outbox {
        let (outbox, queue) = inbox(room);
        tokio::spawn(pass_on(queue.questions, self.questions));
        tokio::spawn(pass_on(queue.others, self.others));
        outbox
    }
}

impl Inbox {
    /// What is next, of what is wanted, what is no question first; `None` if nobody asks any more.
    pub(super) async fn next(&mut self, questions: bool, others: bool) -> Option<Ask> {
        tokio::select! {
            biased;
            ask = self.others.recv(), if others => ask,
            ask = self.questions.recv(), if questions => ask,
            else => std::future::pending().await,
        }
    }

    /// What is next, what is no question first; `None` if nobody asks any more.
    pub async fn recv(&mut self) -> Option<Ask> {
        self.next(true, true).await
    }

    /// How much waits, of questions and of all else.
    pub fn len(&self) -> (usize, usize) {
        (self.questions.len(), self.others.len())
    }
}

async fn pass_on(mut queue: mpsc::Receiver<Ask>, inbox: mpsc::Sender<Ask>) {
    while let Some(ask) = queue.recv().await {
        if inbox.send(ask).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::FutureExt as _;
    use tokio::sync::oneshot;

    fn question() -> (Ask, impl Sized) {
        let (done, answer) = oneshot::channel();
        (Ask::Interview { questions: [].into(), at_round: None, done }, answer)
    }

    #[tokio::test]
    async fn what_is_no_question_goes_before_those_that_are_and_has_room_of_its_own() {
        let (outbox, mut inbox) = inbox(2);
        let outbox = outbox.queued(3);
        let mut asked = Vec::new();
        // Two before the lane, one on its way there, three in the queue: then it is full.
        for _ in 0..6 {
            let (ask, answer) = question();
            assert!(outbox.send(ask).await);
            asked.push(answer);
        }
        assert!(outbox.send(question().0).now_or_never().is_none(), "there is no room left");
        let (done, _life) = oneshot::channel();
        assert!(outbox.send(Ask::Life { done }).await);
        while inbox.len() != (2, 1) {
            tokio::task::yield_now().await;
        }
        assert!(matches!(inbox.recv().await, Some(Ask::Life { .. })));
        assert!(inbox.next(false, true).now_or_never().is_none(), "no question is wanted");
        assert!(inbox.next(false, false).now_or_never().is_none());
        for _ in 0..6 {
            assert!(matches!(inbox.recv().await, Some(Ask::Interview { .. })));
        }
        drop(outbox);
        assert!(inbox.recv().await.is_none());
    }
}
