//! Appending to a log, until it is known to be stored.

use bus::Bytes;

use crate::protocol::Ended;
use crate::protocol::log::{Log, Next};
use crate::protocol::owner::{Event, Which};
use crate::worker::append::Logs;

/// One log of a world, and how far it is known.
pub(super) struct Writer {
    which: Which,
    log: Log,
    logs: Logs,
}

impl Writer {
    /// Writes under `epoch`, after the message of the sequence `known`; 0: it is the first.
    pub(super) fn new(which: Which, logs: Logs, epoch: u32, known: u64) -> Writer {
        Writer { which, log: Log::new(epoch, known, true), logs }
    }

    /// Appends these messages, all or none of them, however long that takes.
    ///
    /// # Errors
    /// If somebody else writes there, or it is not permitted.
    pub(super) async fn write(&mut self, bodies: Vec<Bytes>) -> Result<(), Ended> {
        self.log.begin(bodies.last().cloned().unwrap_or_default());
        self.logs.put(self.which, bodies);
        loop {
            let mut came = self.logs.append(self.which, self.log.expected()).await;
            let next = loop {
                let next = match came {
                    Event::Answered(_, answer) => self.log.answered(answer),
                    Event::Looked(_, seen) => self.log.looked(&seen),
                    other => unreachable!("an append and a look give no {other:?}"),
                };
                match next {
                    Next::Look => came = self.logs.look(self.which).await,
                    next => break next,
                }
            };
            match next {
                Next::Stored => {
                    self.logs.is_well(self.which);
                    return Ok(());
                }
                Next::Look | Next::Again => {}
                Next::NoRoom(why) => tracing::warn!("there is no room, waiting: {why}"),
                Next::Overtaken => return Err(Ended::Reopen),
                Next::Lost(lost) => return Err(lost.into()),
            }
            self.logs.pause(self.which).await;
        }
    }
}
