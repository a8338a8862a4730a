//! Disturbs the processes that hold runs.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::{Before, Evidence, Field};
use crate::chaos::dice::Dice;
use crate::chaos::fleet::Frozen;
use crate::chaos::log::{Deed, Kind};
use crate::process::signal_process;

/// Each signal as often as the others.
const DEEDS: [Deed; 6] =
    [Deed::Kill, Deed::Freeze, Deed::Term, Deed::Kill, Deed::Zombie, Deed::Term];

/// How long until what was done before a freeze is seen.
const SEEN: Duration = Duration::from_millis(300);

pub(super) fn torment(field: &Field<'_>) {
    field.torment(Kind::Worker, field.quota, &DEEDS, |deed, dice| disturb(field, deed, dice));
}

fn disturb(field: &Field<'_>, deed: &Deed, dice: &mut Dice) {
    let Some(mut before) = field.lively(dice, |_| true) else { return };
    std::thread::sleep(dice.pause(0, 300));
    let Some((node, worker)) = field.fleet.worker_of(&before.run) else { return };
    before.at = Instant::now();
    let evidence = match deed {
        Deed::Kill => signalled(field, &before, worker, Signal::KILL),
        Deed::Term => signalled(field, &before, worker, Signal::TERM),
        Deed::Freeze => {
            let frozen = Frozen::freeze(worker);
            stand_still(field, &before, frozen, dice.pause(400, 1500))
        }
        _ => match field.fleet.nodes[node].try_turn() {
            Some(_turn) => {
                let frozen = Frozen::freeze(worker);
                outlive(field, &before, frozen, node, dice)
            }
            // Its node is being disturbed already: another time.
            None => return,
        },
    };
    let target = format!("{} of node-{}", before.run, node + 1);
    field.note(Kind::Worker, deed, target, &before, evidence);
}

fn signalled(field: &Field<'_>, before: &Before, worker: u32, signal: Signal) -> Evidence {
    signal_process(worker, signal);
    field.await_successor(before)
}

/// A freeze that nobody takes for a death: the run stands still, and goes on.
pub(super) fn stand_still(
    field: &Field<'_>,
    before: &Before,
    frozen: Frozen,
    time: Duration,
) -> Evidence {
    std::thread::sleep(SEEN);
    let frames = field.watcher.run(&before.run).map_or(0, |view| view.frames);
    std::thread::sleep(time);
    let after = field.watcher.run(&before.run).map_or(0, |view| view.frames);
    drop(frozen);
    field.await_growth(&before.run, after)?;
    match after == frames {
        true => Ok(format!("stood still at {frames} frames, went on")),
        false => Err(format!("somebody else played meanwhile, frames {frames} to {after}")),
    }
}

/// A freeze of a worker and its node until somebody else has claimed the run. The worker wakes
/// first: its node would kill it at once.
pub(super) fn outlive(
    field: &Field<'_>,
    before: &Before,
    frozen: Frozen,
    node: usize,
    dice: &mut Dice,
) -> Evidence {
    let frozen_node = Frozen::freeze(field.fleet.nodes[node].id());
    let claimed = field.await_claim(before);
    drop(frozen);
    std::thread::sleep(dice.pause(200, 1000));
    drop(frozen_node);
    let claimed = claimed?;
    field.await_growth(&before.run, claimed.frames)?;
    Ok(format!("thawed after epoch {} had claimed the run, which went on", claimed.epoch))
}
