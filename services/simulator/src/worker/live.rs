//! Live messages: each action by itself, for those who look on. Best effort by contract, and
//! never in the way of a tick. Where nobody looks on, nothing is said.

use std::sync::Arc;

use bus::{Audience, Bus};
use contract::frame::Frame;
use contract::notice::{LiveAction, LiveOmitted};
use contract::version::V1;
use tokio::sync::mpsc;

/// Messages per tick; beyond that a count says how many were left out.
const MAX_LIVE: usize = 1000;
/// Ticks that wait to be published. One that finds no place is left out, and counted with the
/// next one that does.
const QUEUE: usize = 4;

/// Publishes the actions of one world, in order, beside its ticks.
#[derive(Debug)]
pub struct Live {
    queue: mpsc::Sender<(Arc<Frame>, u64)>,
    omitted: u64,
}

impl Live {
    /// Begins; ends when dropped, once what waits is published.
    pub fn new(bus: Bus) -> Live {
        let (queue, frames) = mpsc::channel(QUEUE);
        tokio::spawn(publish(bus, frames));
        Live { queue, omitted: 0 }
    }

    /// Publishes the actions of a frame, if those before it do not take too long.
    pub fn offer(&mut self, frame: Arc<Frame>) {
        let actions = frame.actions.len() as u64;
        match self.queue.try_send((frame, self.omitted)) {
            Ok(()) => self.omitted = 0,
            Err(_) => self.omitted += actions,
        }
    }
}

async fn publish(bus: Bus, mut frames: mpsc::Receiver<(Arc<Frame>, u64)>) {
    let mut audience = Audience::new(bus.clone());
    while let Some((frame, omitted)) = frames.recv().await {
        // Whoever must not miss any reads the frames.
        let _ = publish_frame(&bus, &mut audience, &frame, omitted).await;
    }
}

/// `None` if the bus does not take them.
async fn publish_frame(
    bus: &Bus,
    audience: &mut Audience,
    frame: &Frame,
    omitted: u64,
) -> Option<()> {
    let prefix = bus.prefix();
    for action in frame.actions.iter().take(MAX_LIVE) {
        let kind = action.body.type_name().to_lowercase();
        let subject = prefix.live(&frame.run_id, frame.platform, &kind);
        if audience.may_listen(&subject) {
            let live = LiveAction::new(frame, action);
            let body = serde_json::to_vec(&live).expect("no map keys that JSON refuses");
            audience.publish(subject, body).await.ok()?;
        }
    }
    let omitted = omitted + frame.actions.len().saturating_sub(MAX_LIVE) as u64;
    if omitted > 0 {
        let Frame { run_id, platform, tick, .. } = frame;
        let (run_id, platform, tick) = (run_id.clone(), *platform, *tick);
        let subject = prefix.live(&run_id, platform, "omitted");
        let more = LiveOmitted { v: V1, run_id, platform, tick, omitted };
        let body = serde_json::to_vec(&more).expect("no map keys that JSON refuses");
        audience.publish(subject, body).await.ok()?;
    }
    Some(())
}
