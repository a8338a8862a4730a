//! Disturbs the nodes.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::points::Points;
use super::{Before, Evidence, Field, PATIENCE};
use crate::chaos::dice::Dice;
use crate::chaos::fleet::{Frozen, Member};
use crate::chaos::log::{Deed, Kind};

const DEEDS: [Deed; 6] =
    [Deed::Kill, Deed::Freeze, Deed::Term, Deed::Kill, Deed::Zombie, Deed::Term];

pub(super) fn torment(field: &Field<'_>, points: &Points) {
    field.torment(Kind::Node, field.quota, &DEEDS, |deed, dice| disturb(field, points, deed, dice));
}

fn disturb(field: &Field<'_>, points: &Points, deed: &Deed, dice: &mut Dice) {
    let Some(mut before) = field.lively(dice, |_| true) else { return };
    std::thread::sleep(dice.pause(0, 300));
    let Some((at, _)) = field.fleet.worker_of(&before.run) else { return };
    let node = &field.fleet.nodes[at];
    before.at = Instant::now();
    let Some(turn) = node.try_turn() else { return };
    let evidence = match deed {
        Deed::Kill | Deed::Term => {
            let ended = end(field, node, deed);
            node.restart(field.fleet.dir(), &points.arm(field, Kind::Node, dice));
            drop(turn);
            ended.and_then(|()| field.await_successor(&before))
        }
        Deed::Freeze => freeze(field, &before, node, dice.pause(400, 1200)),
        _ => outlive(field, &before, node),
    };
    field.note(Kind::Node, deed, format!("{} with {}", node.name, before.run), &before, evidence);
}

/// Ends a process; one that does not end when it is asked to is a violation.
pub(super) fn end(field: &Field<'_>, member: &Member, deed: &Deed) -> Result<(), String> {
    match deed {
        Deed::Kill => member.signal(Signal::KILL),
        _ => member.signal(Signal::TERM),
    }
    match member.ends_within(PATIENCE) {
        true => Ok(()),
        false => Err(field.never(&format!("{} does not end", member.name))),
    }
}

/// A freeze within the lease: its workers go on.
fn freeze(field: &Field<'_>, before: &Before, node: &Member, time: Duration) -> Evidence {
    let frozen = Frozen::freeze(node.id());
    std::thread::sleep(time);
    let frames = field.watcher.run(&before.run).map_or(0, |view| view.frames);
    drop(frozen);
    field.await_growth(&before.run, frames)?;
    Ok(format!("frozen for {:.1} s, the run went on", time.as_secs_f64()))
}

/// A freeze past the lease: others claim its runs, which its workers still play.
fn outlive(field: &Field<'_>, before: &Before, node: &Member) -> Evidence {
    let frozen = Frozen::freeze(node.id());
    let claimed = field.await_claim(before);
    drop(frozen);
    let claimed = claimed?;
    field.await_growth(&before.run, claimed.frames)?;
    Ok(format!("thawed after epoch {} had claimed the run, which went on", claimed.epoch))
}
