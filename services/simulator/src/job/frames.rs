//! The stored frames of a world, read in the background.

use std::time::Duration;

use bus::{Bytes, Start};
use contract::frame::Frame;
use contract::subject::{Platform, StreamName};
use tokio::sync::{mpsc, watch};

use super::{Job, patiently};

/// Messages that wait to be compared.
const AHEAD: usize = 32;

/// How long a message may take that was stored when it was last looked.
const PATIENCE: Duration = Duration::from_secs(30);

/// The last message of a world's frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tail {
    /// Its stream sequence, 0 if nothing is stored.
    pub(super) sequence: u64,
    /// The ticks whose frames are stored, as far as that message says it.
    pub(super) ticks: u32,
}

impl Job {
    /// Where the frames of a world end now.
    pub(super) async fn tail(&self, platform: Platform) -> Tail {
        let subject = self.bus.prefix().actions(&self.address.run, platform);
        let last = patiently(|| self.bus.last(StreamName::Actions, &subject)).await;
        let Some(last) = last else { return Tail::default() };
        let ticks =
            serde_json::from_slice::<Frame>(&last.body).map(|frame| frame.tick.saturating_add(1));
        Tail { sequence: last.sequence, ticks: ticks.unwrap_or(0) }
    }

    /// Reads the messages of a world's frames from the first to that of the sequence `end`, which
    /// need not be known yet.
    pub(super) fn frames(
        &self,
        platform: Platform,
        end: watch::Receiver<Option<u64>>,
    ) -> mpsc::Receiver<(u64, Bytes)> {
        let (sender, receiver) = mpsc::channel(AHEAD);
        tokio::spawn(self.clone().read_frames(platform, end, sender));
        receiver
    }

    async fn read_frames(
        self,
        platform: Platform,
        mut end: watch::Receiver<Option<u64>>,
        sender: mpsc::Sender<(u64, Bytes)>,
    ) {
        let subject = self.bus.prefix().actions(&self.address.run, platform);
        let follow = || self.bus.follow(StreamName::Actions, &subject, Start::First);
        let mut cursor = patiently(follow).await;
        let mut read = 0;
        loop {
            let ends_at = *end.borrow_and_update();
            if ends_at.is_some_and(|end| read >= end) {
                return;
            }
            let stored = tokio::select! {
                stored = cursor.next() => stored,
                // Without anybody who knows the end nobody reads on either.
                changed = end.changed(), if ends_at.is_none() => match changed {
                    Ok(()) => continue,
                    Err(_) => return,
                },
                // Gone since: what is compared says so.
                () = tokio::time::sleep(PATIENCE), if ends_at.is_some() => return,
            };
            read = stored.sequence;
            if sender.send((stored.sequence, stored.body)).await.is_err() {
                return;
            }
        }
    }
}
