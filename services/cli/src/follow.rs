//! Following a run's frames in order, checked, until the run is over.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, ensure};
use bus::{Bus, Start};
use contract::frame::{Assembler, Frame};
use contract::id::{Digest, RunId};
use contract::status::{EnvStatus, RunStatus};
use contract::subject::{Platform, Prefix, StreamName};
use contract::timestamp::Timestamp;
use kit::shutdown::Shutdown;

use crate::failure::Failure;
use crate::output::Output;
use crate::progress::{News, View};
use crate::status::was_deleted;
use crate::tally::Tally;

/// How often the view is told the time.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// How long the last frames of a run that has ended may be on their way, in milliseconds.
const LAST_FRAMES: i64 = 10_000;

/// What following came to.
#[derive(Debug)]
pub struct Followed {
    /// The last state seen.
    pub status: EnvStatus,
    /// All frames seen, each world's from its first.
    pub tally: Tally,
    /// False if the follower was called away while the run goes on.
    pub is_over: bool,
}

/// Follows a run from its first frame until it is over or `shutdown` is wished.
///
/// All frames are counted and checked; the view is shown those that come after `status`, or
/// all of them if `from_start`.
///
/// # Errors
/// If the bus cannot be read, or what is read is not the run's chain of frames.
pub async fn follow(
    bus: &Bus,
    status: EnvStatus,
    from_start: bool,
    view: &mut View,
    output: &mut Output<'_>,
    shutdown: &Shutdown,
) -> Result<Followed, Failure> {
    let run = status.run_id.clone();
    let subject = bus.prefix().env_status(&run);
    let mut statuses = bus.follow(StreamName::EnvStatus, &subject, Start::LastPerSubject).await?;
    let all_frames = frames_of(bus.prefix(), &run);
    let mut frames = bus.follow(StreamName::Actions, &all_frames, Start::First).await?;
    let mut heartbeat = tokio::time::interval(HEARTBEAT);
    let mut chains = Chains::default();
    let mut followed = Followed { status: status.clone(), tally: Tally::default(), is_over: false };
    let mut news_at = kit::now_milliseconds();
    show(view, &status, output)?;
    loop {
        if has_all(&followed.status, &followed.tally) {
            view.status(&followed.status, output)?;
            check_digests(&followed.status, &followed.tally)?;
            followed.is_over = true;
            return Ok(followed);
        }
        tokio::select! {
            stored = frames.next() => {
                news_at = kit::now_milliseconds();
                let frame = chains.push(&stored.body).with_context(|| broken(&run));
                let Some(frame) = frame.map_err(Failure::Failed)? else { continue };
                followed.tally.add(&frame);
                let news = match (is_new(&frame, &status), from_start) {
                    (true, _) => News::Live,
                    (false, true) => News::Replayed,
                    (false, false) => News::Old,
                };
                view.frame(&frame, &followed.tally, news, output)?;
            }
            stored = statuses.next() => {
                followed.status = parse_status(&stored.body)?;
                view.heard(stored.sequence);
                // Its frames are going, so no count of them is the run's.
                if followed.status.status == RunStatus::Deleted {
                    return Err(Failure::failed(was_deleted(&followed.status)));
                }
                show(view, &followed.status, output)?;
            }
            _ = heartbeat.tick() => {
                let now = kit::now_milliseconds();
                view.tick(&followed.status, Timestamp::from_milliseconds(now), output)?;
                if !followed.status.status.is_live() && now - news_at > LAST_FRAMES {
                    return Err(missing(&followed));
                }
            }
            () = shutdown.wished() => return Ok(followed),
        }
    }
}

/// Shows a new state, but an end only once the last frame before it was shown.
fn show(view: &mut View, status: &EnvStatus, output: &mut Output<'_>) -> Result<(), Failure> {
    if status.status.is_live() {
        view.status(status, output)?;
    }
    Ok(())
}

/// Reads an env-status.
///
/// # Errors
/// If it is none.
pub fn parse_status(body: &[u8]) -> Result<EnvStatus, Failure> {
    let status = serde_json::from_slice(body).context("env-status cannot be read");
    status.map_err(Failure::Failed)
}

/// The filter for the frames of all worlds of a run.
pub(crate) fn frames_of(prefix: &Prefix, run: &RunId) -> String {
    format!("{}.{}.{run}.>", prefix.as_str(), StreamName::Actions.token())
}

/// What to say of a run whose frames do not follow each other.
pub(crate) fn broken(run: &RunId) -> String {
    format!("the frames of {run} are broken ({})", mend(run))
}

/// What to do where the frames of a run are not what they should be.
pub(crate) fn mend(run: &RunId) -> String {
    format!("`shoal verify {run}` lists what is wrong, `shoal repair {run}` makes them again")
}

/// True if the frame came after the status was read.
fn is_new(frame: &Frame, status: &EnvStatus) -> bool {
    status.platform(frame.platform).is_none_or(|world| frame.tick >= world.ticks)
}

/// True if the run is over and every frame that it says it has is there.
pub(crate) fn has_all(status: &EnvStatus, tally: &Tally) -> bool {
    let ticks = |platform| tally.world(platform).map_or(0, |world| world.ticks);
    !status.status.is_live()
        && status.platforms.iter().all(|world| ticks(world.platform) >= world.ticks)
}

/// The run and we have seen the same.
pub(crate) fn check_digests(status: &EnvStatus, tally: &Tally) -> Result<(), Failure> {
    for world in &status.platforms {
        let Some(ours) = tally.world(world.platform) else { continue };
        if ours.ticks == world.ticks && ours.digest != world.digest {
            return Err(Failure::failed(format!(
                "{} of {}: env-status says digest {}, the frames make {}",
                world.platform, status.run_id, world.digest, ours.digest
            )));
        }
    }
    Ok(())
}

fn missing(followed: &Followed) -> Failure {
    let Followed { status, tally, .. } = followed;
    let world = |world: &contract::status::PlatformStatus| {
        let here = tally.world(world.platform).map_or(0, |world| world.ticks);
        format!("{here} of {} on {}", world.ticks, world.platform)
    };
    let worlds: Vec<String> = status.platforms.iter().map(world).collect();
    Failure::failed(format!(
        "frames of {} are missing from the bus: there are {}",
        status.run_id,
        worlds.join(", ")
    ))
}

/// The frames of a run's worlds, each world's put together and checked as a chain: every
/// tick follows the one before, by number, by seq and by digest.
#[derive(Debug, Default)]
pub struct Chains {
    worlds: BTreeMap<Platform, Chain>,
}

#[derive(Debug)]
struct Chain {
    assembler: Assembler,
    tick: u32,
    seq: u64,
    digest: Digest,
}

impl Chains {
    /// Takes the next message; the whole frame once its last part is in.
    ///
    /// # Errors
    /// If it is no part of a frame, or not the one that is due.
    pub fn push(&mut self, body: &[u8]) -> anyhow::Result<Option<Frame>> {
        let part: Frame = serde_json::from_slice(body).context("a message is no frame")?;
        self.worlds.entry(part.platform).or_default().push(part)
    }
}

impl Default for Chain {
    fn default() -> Chain {
        Chain { assembler: Assembler::default(), tick: 0, seq: 1, digest: Digest::ZERO }
    }
}

impl Chain {
    fn push(&mut self, part: Frame) -> anyhow::Result<Option<Frame>> {
        let platform = part.platform;
        let Some(frame) = self.assembler.push(part).with_context(|| platform.to_string())? else {
            return Ok(None);
        };
        let Frame { tick, first_seq, previous_digest, .. } = frame;
        // A stream that lost its end is read from the beginning again.
        if tick < self.tick {
            return Ok(None);
        }
        ensure!(tick == self.tick, "{platform}: tick {tick} stands where {} belongs", self.tick);
        ensure!(
            previous_digest == self.digest,
            "{platform}: tick {tick} follows digest {previous_digest}, the tick before has {}",
            self.digest
        );
        let seqs = frame.actions.iter().map(|action| action.seq);
        ensure!(
            first_seq == self.seq && seqs.eq(first_seq..frame.next_seq()),
            "{platform}: the actions of tick {tick} do not count on from seq {}",
            self.seq
        );
        (self.tick, self.seq, self.digest) = (tick + 1, frame.next_seq(), frame.digest);
        Ok(Some(frame))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{self, World, post};
    use contract::status::RunStatus;

    fn push(chains: &mut Chains, frame: &Frame) -> Result<Option<Frame>, String> {
        let body = serde_json::to_vec(frame).unwrap();
        chains.push(&body).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn worlds_are_chained_apart_and_parts_put_together() {
        let mut chains = Chains::default();
        let (mut twitter, mut reddit) =
            (World::new(Platform::Twitter), World::new(Platform::Reddit));
        let large = twitter.tick((0..20).map(|n| (0, Ok(post(n + 1, "a post")))).collect());
        let messages = large.to_messages(500);
        assert!(messages.len() > 2, "{} parts", messages.len());
        let (last, first) = messages.split_last().unwrap();
        for message in first {
            assert_eq!(chains.push(message).unwrap(), None);
        }
        let between = reddit.tick(Vec::new());
        assert_eq!(push(&mut chains, &between), Ok(Some(between)));
        assert_eq!(chains.push(last).unwrap(), Some(large));
        let next = twitter.tick(vec![(1, Ok(post(21, "the next")))]);
        assert_eq!(push(&mut chains, &next), Ok(Some(next.clone())));
        assert_eq!(push(&mut chains, &next), Ok(None), "what was read before is passed over");
    }

    #[test]
    fn a_gap_a_foreign_digest_and_a_wrong_seq_are_noticed() {
        let mut world = World::new(Platform::Twitter);
        let frames = [0, 1, 2].map(|n| world.tick(vec![(0, Ok(post(n + 1, "x")))]));
        let mut chains = Chains::default();
        let error = push(&mut chains, &frames[1]).unwrap_err();
        assert_eq!(error, "twitter: tick 1 stands where 0 belongs");
        push(&mut chains, &frames[0]).unwrap();
        let error = push(&mut chains, &frames[2]).unwrap_err();
        assert_eq!(error, "twitter: tick 2 stands where 1 belongs");

        let mut other = frames[1].clone();
        other.previous_digest = Digest::of(&[b"another past"]);
        other.digest = other.compute_digest();
        let error = push(&mut chains, &other).unwrap_err();
        assert!(error.starts_with("twitter: tick 1 follows digest "), "{error}");

        let mut shifted = frames[1].clone();
        shifted.actions[0].seq = 9;
        shifted.digest = shifted.compute_digest();
        let error = push(&mut chains, &shifted).unwrap_err();
        assert_eq!(error, "twitter: the actions of tick 1 do not count on from seq 2");

        let mut forged = frames[1].clone();
        forged.actions[0].agent_id = 3;
        let error = push(&mut chains, &forged).unwrap_err();
        assert!(error.starts_with("twitter: the digest of tick 1 is "), "{error}");
        assert!(chains.push(b"{}").is_err());
    }

    #[test]
    fn a_run_is_over_once_its_last_frames_are_here() {
        let mut world = World::new(Platform::Twitter);
        let frames = [world.tick(Vec::new()), world.end()];
        let mut status = fixtures::status("market-1", RunStatus::Completed);
        status.platforms.truncate(1);
        (status.platforms[0].ticks, status.platforms[0].digest) = (2, frames[1].digest);
        let mut tally = Tally::default();
        tally.add(&frames[0]);
        assert!(!has_all(&status, &tally));
        let followed = Followed { status: status.clone(), tally: tally.clone(), is_over: false };
        assert_eq!(
            missing(&followed).to_string(),
            "frames of market-1 are missing from the bus: there are 1 of 2 on twitter"
        );
        tally.add(&frames[1]);
        assert!(has_all(&status, &tally));
        assert!(check_digests(&status, &tally).is_ok());
        status.platforms[0].digest = frames[0].digest;
        assert!(check_digests(&status, &tally).is_err());
        status.status = RunStatus::Running;
        assert!(!has_all(&status, &tally));
    }
}
