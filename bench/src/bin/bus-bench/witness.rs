//! Sees what becomes of a run, by what the server stores and when.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use bus::{Bus, EPOCH_HEADER, Start, Stored};
use contract::id::RunId;
use contract::journal::{Entry, Record};
use contract::subject::{Platform, Prefix, StreamName};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// How long a run may stand still.
const PATIENCE: Duration = Duration::from_secs(120);

/// Follows the frames, the journal and the lease of one run.
pub(crate) struct Witness {
    events: mpsc::UnboundedReceiver<Event>,
}

/// Something that was stored, with the server's milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    /// When.
    pub(crate) at: i64,
    /// What.
    pub(crate) what: What,
}

/// What was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A frame, or a part of it, by the owner of this epoch.
    Frame(Platform, u32),
    /// An owner of this epoch began.
    Claim(Platform, u32),
    /// A node took or renewed the lease.
    LeaseTaken,
    /// The lease expired, or was given back.
    LeaseGone,
}

impl Witness {
    /// Of what is stored from now on.
    pub(crate) async fn new(bus: &Bus, run: &RunId) -> anyhow::Result<Witness> {
        let (send, events) = mpsc::unbounded_channel();
        let prefix = bus.prefix().clone();
        for platform in Platform::ALL {
            let frames = prefix.actions(run, platform);
            let frame = move |stored: &Stored| {
                Some(What::Frame(platform, stored.header(EPOCH_HEADER)?.parse().ok()?))
            };
            follow(bus, StreamName::Actions, &frames, &send, frame).await?;
            let claim = move |stored: &Stored| match serde_json::from_slice(&stored.body).ok()? {
                Entry { record: Record::Claim(claim), .. } => {
                    Some(What::Claim(platform, claim.epoch))
                }
                _ => None,
            };
            let journal = prefix.inputs(run, platform);
            follow(bus, StreamName::Inputs, &journal, &send, claim).await?;
        }
        let bucket = prefix.stream(StreamName::Leases);
        let lease = format!("$KV.{bucket}.{}", Prefix::lease_key(run));
        let gone = |stored: &Stored| match stored.body.is_empty() {
            true => Some(What::LeaseGone),
            false => Some(What::LeaseTaken),
        };
        follow(bus, StreamName::Leases, &lease, &send, gone).await?;
        Ok(Witness { events })
    }

    /// Waits until each world has `count` frames more that `counts`; gives all that was seen.
    ///
    /// # Errors
    /// If that takes minutes.
    pub(crate) async fn frames(
        &mut self,
        count: usize,
        counts: impl Fn(i64, u32) -> bool,
    ) -> anyhow::Result<Vec<Event>> {
        let (mut seen, mut frames) = (Vec::new(), BTreeMap::<Platform, usize>::new());
        while frames.len() < Platform::ALL.len() || frames.values().any(|found| *found < count) {
            let event = timeout(PATIENCE, self.events.recv()).await;
            let event = event.with_context(|| format!("no frame for {PATIENCE:?}"))?;
            let event = event.context("nothing is followed any more")?;
            seen.push(event);
            if let What::Frame(platform, epoch) = event.what
                && counts(event.at, epoch)
            {
                *frames.entry(platform).or_default() += 1;
            }
        }
        Ok(seen)
    }
}

/// Tells of what is stored on `subject` and means something, for as long as anybody listens.
async fn follow(
    bus: &Bus,
    stream: StreamName,
    subject: &str,
    tell: &mpsc::UnboundedSender<Event>,
    meaning: impl Fn(&Stored) -> Option<What> + Send + 'static,
) -> anyhow::Result<()> {
    let mut cursor = bus.follow(stream, subject, Start::New).await?;
    let tell = tell.clone();
    tokio::spawn(async move {
        while !tell.is_closed() {
            let stored = cursor.next().await;
            if let Some(what) = meaning(&stored) {
                let _ = tell.send(Event { at: stored.at.milliseconds(), what });
            }
        }
    });
    Ok(())
}
