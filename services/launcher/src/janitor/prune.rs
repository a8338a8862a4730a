//! Old snapshots go: of a run that plays, the two newest are kept of each world, of one that has
//! ended the newest, of one that was deleted none.
//!
//! A snapshot is a cache, so nothing here is worth waiting for: what the bus does not let us do
//! now is done at the next look, and launchers that look at the same time do the same.

use std::collections::BTreeMap;
use std::time::Duration;

use bus::{Bus, Object};
use contract::id::RunId;
use contract::status::RunStatus;
use contract::subject::{Prefix, StreamName};

use super::Broken;
use crate::model::parse_status;

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(15);

/// What of a world's snapshots goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Old {
    Nothing,
    /// What has a lower sequence than this.
    Before(u64),
    Everything,
}

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Freed {
    snapshots: u64,
    bytes: u64,
}

/// Subjects as they were left: one is looked at again once it has another number of messages, or
/// its run another state.
type Settled = BTreeMap<String, (u64, RunStatus)>;

/// Prunes for ever.
pub(super) async fn work(bus: Bus) {
    let mut settled = Settled::new();
    let mut was_well = true;
    loop {
        let mut freed = Freed::default();
        let pruned = prune(&bus, &mut settled, &mut freed).await;
        if freed.snapshots > 0 {
            let Freed { snapshots, bytes } = freed;
            let kibibytes = bytes.div_ceil(1024);
            tracing::info!(snapshots, bytes, "removed {snapshots} old snapshots, {kibibytes} KiB");
        }
        match &pruned {
            // Said once, then at each change: it is the bus's trouble, and others say it louder.
            Err(error) if was_well => tracing::warn!("old snapshots stay for now: {error}"),
            Err(error) => tracing::debug!("old snapshots stay for now: {error}"),
            Ok(()) => {}
        }
        was_well = pruned.is_ok();
        tokio::time::sleep(PAUSE).await;
    }
}

/// Looks at every world's snapshots once.
async fn prune(bus: &Bus, settled: &mut Settled, freed: &mut Freed) -> Result<(), Broken> {
    let all = bus.prefix().all(StreamName::Snapshots);
    let subjects = bus.subjects(StreamName::Snapshots, &all).await?;
    settled.retain(|subject, _| subjects.contains_key(subject));
    for (subject, count) in subjects {
        let last = settled.get(&subject).filter(|(there, _)| *there == count);
        // A run that has ended and plays again stores another snapshot.
        if last.is_some_and(|(_, status)| !status.is_live()) {
            continue;
        }
        let Some(run) = run_of(bus.prefix(), &subject) else { continue };
        let Some(status) = status_of(bus, &run).await? else { continue };
        if last.is_some_and(|(_, before)| *before == status) {
            continue;
        }
        let objects = bus.objects(StreamName::Snapshots, &subject).await?;
        let old = decide(status, &objects);
        let removed = match old {
            Old::Nothing => 0,
            Old::Before(first) => bus.purge(StreamName::Snapshots, &subject, Some(first)).await?,
            Old::Everything => bus.purge(StreamName::Snapshots, &subject, None).await?,
        };
        if removed > 0 {
            freed.add(old, &objects);
        }
        let there: u64 = objects.iter().map(|object| object.found).sum();
        settled.insert(subject, (there.saturating_sub(removed), status));
    }
    Ok(())
}

/// What goes of the snapshots of a world, which are listed from the oldest on.
///
/// Only those that are complete count as kept. Whether their bytes are good shows when they are
/// read: that is why a run that plays keeps two.
fn decide(status: RunStatus, objects: &[Object]) -> Old {
    let kept = match status {
        RunStatus::Deleted => return Old::Everything,
        status if status.is_live() => 2,
        _ => 1,
    };
    let complete = objects.iter().rev().filter(|object| object.is_complete());
    match complete.take(kept).last() {
        Some(oldest) if objects.iter().any(|object| object.first < oldest.first) => {
            Old::Before(oldest.first)
        }
        _ => Old::Nothing,
    }
}

impl Freed {
    fn add(&mut self, old: Old, objects: &[Object]) {
        let goes = |object: &&Object| match old {
            Old::Nothing => false,
            Old::Before(first) => object.first < first,
            Old::Everything => true,
        };
        for object in objects.iter().filter(goes) {
            self.snapshots += 1;
            self.bytes += object.bytes;
        }
    }
}

/// The state of a run; `None` where there is none that can be read: then its snapshots are left
/// alone.
async fn status_of(bus: &Bus, run: &RunId) -> Result<Option<RunStatus>, Broken> {
    let subject = bus.prefix().env_status(run);
    let Some(stored) = bus.last(StreamName::EnvStatus, &subject).await? else { return Ok(None) };
    Ok(parse_status(bus.prefix(), &stored).ok().map(|status| status.status))
}

/// The run that a snapshot is of: `<prefix>.snapshots.<run>.<platform>`.
fn run_of(prefix: &Prefix, subject: &str) -> Option<RunId> {
    let own = subject.strip_prefix(prefix.as_str())?.strip_prefix(".snapshots.")?;
    own.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use RunStatus::{Closed, Completed, Deleted, Failed, Paused, Queued, Running, Stopped};

    /// Snapshots of two parts each, one after the other; `false`: its second part is missing.
    fn objects(whole: &[bool]) -> Vec<Object> {
        let object = |(first, whole): (u64, &bool)| {
            let found = if *whole { 2 } else { 1 };
            let (last, bytes) = (first + found - 1, found * 10);
            Object { first, last, bytes, found, parts: 2, digest: None }
        };
        (1..).step_by(10).zip(whole).map(object).collect()
    }

    #[test]
    fn the_newest_that_are_whole_are_kept() {
        use Old::{Before, Everything, Nothing};
        let table: [(RunStatus, &[bool], Old); 16] = [
            (Running, &[], Nothing),
            (Running, &[true], Nothing),
            (Running, &[true, true], Nothing),
            (Running, &[true, true, true], Before(11)),
            (Paused, &[true, true, true, true], Before(21)),
            (Queued, &[true, true, true], Before(11)),
            // What is not whole is not kept for its own sake, and never instead of one that is.
            (Running, &[true, true, false], Nothing),
            (Running, &[true, false, true, false], Nothing),
            (Running, &[true, true, false, true, false], Before(11)),
            (Running, &[false, true], Before(11)),
            (Running, &[false, false], Nothing),
            (Completed, &[true, true, true], Before(21)),
            (Stopped, &[true, false], Nothing),
            (Failed, &[true, true, false], Before(11)),
            (Closed, &[true], Nothing),
            (Deleted, &[true, false], Everything),
        ];
        for (status, whole, expected) in table {
            assert_eq!(decide(status, &objects(whole)), expected, "{status} {whole:?}");
        }
    }

    #[test]
    fn what_is_freed_is_what_goes() {
        let objects = objects(&[true, false, true]);
        let freed = |old| {
            let mut freed = Freed::default();
            freed.add(old, &objects);
            (freed.snapshots, freed.bytes)
        };
        assert_eq!(freed(Old::Nothing), (0, 0));
        assert_eq!(freed(Old::Before(21)), (2, 30));
        assert_eq!(freed(Old::Everything), (3, 50));
    }

    #[test]
    fn the_run_of_a_snapshot_is_in_its_subject() {
        let lab = "lab".parse().unwrap();
        assert_eq!(run_of(&lab, "lab.snapshots.a-1.reddit").unwrap().as_str(), "a-1");
        for other in ["sim.snapshots.a-1.reddit", "lab.snapshots.a.reddit", "lab.specs.a-1"] {
            assert_eq!(run_of(&lab, other), None, "{other}");
        }
    }
}
