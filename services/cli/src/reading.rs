//! Reading what a run has published so far, with a bar where that takes its time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Context;
use bus::{Bus, Cursor, Start, Stored};
use contract::frame::Frame;
use contract::id::RunId;
use contract::status::{EnvStatus, RunStatus};
use contract::subject::{Platform, StreamName};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::client::Client;
use crate::failure::Failure;
use crate::follow::{Chains, broken, frames_of, mend};
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
/// the run's chain of frames or ends before the run says that it does, or `take` fails.
pub async fn each_frame(
    bus: &Bus,
    status: &EnvStatus,
    bar: Bar,
    mut take: impl FnMut(&Frame) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut read: BTreeMap<Platform, u32> = BTreeMap::new();
    each_stored_frame(bus, status, bar, |frame| {
        read.insert(frame.platform, frame.tick + 1);
        take(frame)
    })
    .await?;
    check_ends(status, |platform| read.get(&platform).copied().unwrap_or(0))
}

/// Holds the ticks that were `read` of each world to those that a run said to have before that.
///
/// # Errors
/// If there are fewer: which.
pub fn check_ends(status: &EnvStatus, read: impl Fn(Platform) -> u32) -> Result<(), Failure> {
    // Of a deleted run nothing is left that could lack.
    let worlds = status.platforms.iter().filter(|_| status.status != RunStatus::Deleted);
    let lacking = worlds.filter_map(|world| {
        let (here, ticks) = (read(world.platform), world.ticks);
        (here < ticks).then(|| format!("{} has {here} of {ticks} ticks", world.platform))
    });
    let lacking: Vec<String> = lacking.collect();
    if lacking.is_empty() {
        return Ok(());
    }
    let (run, lacking) = (&status.run_id, lacking.join(", "));
    Err(Failure::failed(format!("frames of {run} are missing: {lacking} ({})", mend(run))))
}

/// The same, though the run may say that it has more.
///
/// # Errors
/// As [`each_frame`], but for that.
pub async fn each_stored_frame(
    bus: &Bus,
    status: &EnvStatus,
    mut bar: Bar,
    mut take: impl FnMut(&Frame) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let Some(end) = last_sequence(bus, status).await? else { return Ok(()) };
    let all = frames_of(bus.prefix(), &status.run_id);
    let mut frames = Frames::open(bus, &status.run_id, &all, Some(end)).await?;
    while let Some(frame) = frames.next().await? {
        bar.advance();
        take(&frame)?;
    }
    Ok(())
}

/// The messages on a filter up to the last one that was there when the reading began.
pub struct Messages {
    run: RunId,
    cursor: Option<Cursor>,
    end: u64,
}

impl Messages {
    /// Those of a run's one subject, as it is now.
    ///
    /// # Errors
    /// If the bus cannot be read.
    pub async fn on(
        bus: &Bus,
        run: &RunId,
        stream: StreamName,
        subject: &str,
    ) -> Result<Messages, Failure> {
        let end = bus.last(stream, subject).await?.map(|stored| stored.sequence);
        Messages::up_to(bus, run, stream, subject, end).await
    }

    async fn up_to(
        bus: &Bus,
        run: &RunId,
        stream: StreamName,
        filter: &str,
        end: Option<u64>,
    ) -> Result<Messages, Failure> {
        let cursor = match end {
            Some(_) => Some(bus.follow(stream, filter, Start::First).await?),
            None => None,
        };
        Ok(Messages { run: run.clone(), cursor, end: end.unwrap_or(0) })
    }

    /// The next one, until there are no more.
    ///
    /// # Errors
    /// If the bus gives none for half a minute, though there are more.
    pub async fn next(&mut self) -> Result<Option<Stored>, Failure> {
        let Some(cursor) = &mut self.cursor else { return Ok(None) };
        let next = tokio::time::timeout(PATIENCE, cursor.next()).await;
        let stored = next.map_err(|_| none_came(&self.run))?;
        if stored.sequence >= self.end {
            self.cursor = None;
        }
        Ok(Some(stored))
    }
}

/// The frames of a run or of one of its worlds, whole and checked, one at a time.
pub struct Frames {
    messages: Messages,
    chains: Chains,
}

impl Frames {
    /// Those of one world, as it is now.
    ///
    /// # Errors
    /// If the bus cannot be read.
    pub async fn of_world(bus: &Bus, run: &RunId, platform: Platform) -> Result<Frames, Failure> {
        let subject = bus.prefix().actions(run, platform);
        let messages = Messages::on(bus, run, StreamName::Actions, &subject).await?;
        Ok(Frames { messages, chains: Chains::default() })
    }

    async fn open(
        bus: &Bus,
        run: &RunId,
        filter: &str,
        end: Option<u64>,
    ) -> Result<Frames, Failure> {
        let messages = Messages::up_to(bus, run, StreamName::Actions, filter, end).await?;
        Ok(Frames { messages, chains: Chains::default() })
    }

    /// The next one, until there are no more.
    ///
    /// # Errors
    /// If the bus gives none for half a minute, though there are more, or what is read is not
    /// the run's chain of frames.
    pub async fn next(&mut self) -> Result<Option<Frame>, Failure> {
        while let Some(stored) = self.messages.next().await? {
            let frame = take(&mut self.chains, &self.messages.run, &stored.body)?;
            if frame.is_some() {
                return Ok(frame);
            }
        }
        Ok(None)
    }
}

/// The whole frame that a message completes; a broken one is told with its run and tick.
fn take(chains: &mut Chains, run: &RunId, body: &[u8]) -> Result<Option<Frame>, Failure> {
    chains.push(body).with_context(|| broken(run)).map_err(Failure::Failed)
}

fn none_came(run: &RunId) -> Failure {
    Failure::unreachable(format!(
        "nothing more of {run} came within {} s, though there is more: is the bus still there, \
         and the run not deleted?",
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
        Bar::of(status.platforms.iter().map(|world| u64::from(world.ticks)).sum(), output)
    }

    /// A bar for that many frames.
    pub fn of(frames: u64, output: &Output<'_>) -> Bar {
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

    /// One frame more.
    pub fn advance(&mut self) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{World, post, status};

    #[test]
    fn a_world_that_ends_before_its_run_says_so_is_told() {
        let mut run = status("market-3", RunStatus::Completed);
        run.platforms.iter_mut().for_each(|world| world.ticks = 49);
        let has = |twitter, reddit| {
            let read = move |platform| if platform == Platform::Twitter { twitter } else { reddit };
            check_ends(&run, read).map_err(|failure| failure.to_string())
        };
        assert_eq!(has(49, 50), Ok(()), "it may have played on");
        let error = has(48, 0).unwrap_err();
        let expected = "frames of market-3 are missing: twitter has 48 of 49 ticks, reddit has 0 of 49 ticks \
             (`shoal verify market-3` lists";
        assert!(error.starts_with(expected), "{error}");
        run.status = RunStatus::Deleted;
        assert!(check_ends(&run, |_| 0).is_ok());
    }

    #[test]
    fn a_broken_frame_is_told_with_its_run_and_tick() {
        let run: RunId = "market-3".parse().unwrap();
        let mut world = World::new(Platform::Twitter);
        let mut chains = Chains::default();
        let mut read = |frame: &Frame| {
            let body = serde_json::to_vec(frame).unwrap();
            take(&mut chains, &run, &body).map_err(|failure| failure.to_string())
        };
        let first = world.tick(vec![(0, Ok(post(1, "Pier 9 closes")))]);
        assert_eq!(read(&first), Ok(Some(first)));
        let mut forged = world.tick(vec![(0, Ok(post(2, "Why?")))]);
        forged.actions[0].agent_id = 1;
        let error = read(&forged).unwrap_err();
        let advice = "(`shoal verify market-3` lists what is wrong, `shoal repair market-3` makes \
                      them again)";
        let expected = format!("the frames of market-3 are broken {advice}: ");
        assert!(error.starts_with(&expected), "{error}");
        assert!(error.contains("twitter: the digest of tick 1 is "), "{error}");
    }
}
