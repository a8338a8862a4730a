//! Reading what a run has published so far, with a bar where that takes its time.

use std::time::{Duration, Instant};

use anyhow::Context;
use bus::{Bus, Start};
use contract::frame::Frame;
use contract::id::RunId;
use contract::status::EnvStatus;
use contract::subject::{Platform, StreamName};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::client::Client;
use crate::failure::Failure;
use crate::follow::{Chains, broken, frames_of};
use crate::output::Output;
use crate::tally::Tally;

/// What takes no longer is not worth a bar.
const SHOWN_AFTER: Duration = Duration::from_millis(800);

/// How long the next frame of a run may take that is known to be stored.
const PATIENCE: Duration = Duration::from_secs(30);

/// Counts the frames that a run has published so far, checked.
///
/// # Errors
/// If the bus cannot be read, or what is read is not the run's chain of frames.
pub async fn tally(
    client: &Client,
    status: &EnvStatus,
    mut tally: Tally,
    output: &Output<'_>,
) -> Result<Tally, Failure> {
    let bar = Bar::for_frames(status, output);
    each_frame(&client.bus, status, bar, |frame| {
        tally.add(frame);
        Ok(())
    })
    .await?;
    Ok(tally)
}

/// Hands the frames that a run has published so far to `take`, checked, in the order of the
/// stream.
///
/// # Errors
/// If the bus cannot be read or gives no frame that it has for half a minute, what is read is not
/// the run's chain of frames, or `take` fails.
pub async fn each_frame(
    bus: &Bus,
    status: &EnvStatus,
    mut bar: Bar,
    mut take: impl FnMut(&Frame) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let run = &status.run_id;
    let Some(end) = last_sequence(bus, status).await? else { return Ok(()) };
    let all = frames_of(bus.prefix(), run);
    let mut cursor = bus.follow(StreamName::Actions, &all, Start::First).await?;
    let mut chains = Chains::default();
    loop {
        let next = tokio::time::timeout(PATIENCE, cursor.next()).await;
        let stored = next.map_err(|_| none_came(run))?;
        let frame = chains.push(&stored.body).with_context(|| broken(run));
        if let Some(frame) = frame.map_err(Failure::Failed)? {
            bar.advance();
            take(&frame)?;
        }
        if stored.sequence >= end {
            return Ok(());
        }
    }
}

fn none_came(run: &RunId) -> Failure {
    Failure::unreachable(format!(
        "no frame of {run} came within {} s, though there are more: is the bus still there, and \
         the run not deleted?",
        PATIENCE.as_secs()
    ))
}

/// The place of the run's last message in the stream, `None` before the first one.
async fn last_sequence(bus: &Bus, status: &EnvStatus) -> Result<Option<u64>, Failure> {
    let mut end = None;
    for platform in Platform::ALL {
        let subject = bus.prefix().actions(&status.run_id, platform);
        let last = bus.last(StreamName::Actions, &subject).await?;
        end = end.max(last.map(|stored| stored.sequence));
    }
    Ok(end)
}

/// How far the reading is, shown once it takes longer than [`SHOWN_AFTER`] and somebody looks.
pub struct Bar {
    bar: ProgressBar,
    hidden_since: Option<Instant>,
}

impl Bar {
    /// A bar for all frames that the run says it has.
    pub fn for_frames(status: &EnvStatus, output: &Output<'_>) -> Bar {
        let frames = status.platforms.iter().map(|world| u64::from(world.ticks)).sum();
        let style = "{spinner} reading {pos} of {len} frames  {bar:24}";
        let style = ProgressStyle::with_template(style).expect("our templates are well-formed");
        let bar = ProgressBar::with_draw_target(Some(frames), ProgressDrawTarget::hidden());
        let bar = bar.with_style(style.progress_chars("━╸ "));
        Bar { bar, hidden_since: output.is_watched().then(Instant::now) }
    }

    /// No bar, for what shows as it is read how far it is.
    pub fn none() -> Bar {
        Bar { bar: ProgressBar::hidden(), hidden_since: None }
    }

    fn advance(&mut self) {
        self.bar.inc(1);
        if self.hidden_since.is_some_and(|since| since.elapsed() > SHOWN_AFTER) {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
            self.hidden_since = None;
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
