//! Disturbs the launcher while it starts a run, and the sink while it fills the memory.

use std::time::{Duration, Instant};

use super::node::end;
use super::points::Points;
use super::{Before, Evidence, Field, PATIENCE, connections};
use crate::chaos::dice::Dice;
use crate::chaos::fleet::{Frozen, Member};
use crate::chaos::log::{Deed, Kind};
use crate::chaos::play::PROBE;
use crate::chaos::settle::episodes;
use crate::chaos::until;

const DEEDS: [Deed; 3] = [Deed::Kill, Deed::Freeze, Deed::Term];

pub(super) fn torment_launcher(field: &Field<'_>, points: &Points) {
    field.torment(Kind::Launcher, field.quota, &DEEDS, |deed, dice| {
        let Some(before) = field.lively(dice, |_| true) else { return };
        let starting = Duration::from_millis(dice.below(60));
        let evidence = std::thread::scope(|scope| {
            let start = scope.spawn(|| field.game.start(PROBE, 0));
            std::thread::sleep(starting);
            let done = disturb(field, points, &field.fleet.launcher, deed, dice);
            let started = start.join().ok().flatten();
            let run = started.ok_or("nobody started a run")?;
            Ok(format!("{}, {run} began", done?))
        });
        let evidence = evidence.and_then(|said| {
            let grew = field.await_any_growth(before_frames(&before, field))?;
            Ok(format!("{said}, {grew}"))
        });
        field.note(Kind::Launcher, deed, "launcher".to_owned(), &before, evidence);
    });
}

pub(super) fn torment_sink(field: &Field<'_>, points: &Points) {
    field.torment(Kind::Sink, field.quota, &DEEDS, |deed, dice| {
        let Some(mut before) = field.lively(dice, |_| true) else { return };
        let known = episodes(field.fleet).unwrap_or(0);
        if let Err(why) = await_memory(field, known) {
            return field.note(Kind::Sink, deed, "sink".to_owned(), &before, Err(why));
        }
        before.at = Instant::now();
        let evidence = disturb(field, points, &field.fleet.sink, deed, dice);
        let evidence = evidence.and_then(|said| {
            let frozen_at = episodes(field.fleet).unwrap_or(0);
            let now = await_memory(field, frozen_at)?;
            Ok(format!("{said}, episodes {known} to {now}"))
        });
        field.note(Kind::Sink, deed, "sink".to_owned(), &before, evidence);
    });
}

/// Does it, and waits until the service has reached the bus again.
fn disturb(
    field: &Field<'_>,
    points: &Points,
    member: &Member,
    deed: &Deed,
    dice: &mut Dice,
) -> Evidence {
    let turn = member.try_turn().ok_or("it was being disturbed already")?;
    let before = connections(&member.log());
    let kind = if member.name == "sink" { Kind::Sink } else { Kind::Launcher };
    match deed {
        Deed::Kill | Deed::Term => {
            let ended = end(field, member, deed);
            member.restart(field.fleet.dir(), &points.arm(field, kind, dice));
            drop(turn);
            ended?;
            match until(PATIENCE, || connections(&member.log()) > before) {
                true => Ok("connected again".to_owned()),
                false => Err(field.never(&format!("{} does not connect", member.name))),
            }
        }
        _ => {
            let time = dice.pause(500, 2500);
            let frozen = Frozen::freeze(member.id());
            std::thread::sleep(time);
            drop(frozen);
            Ok(format!("frozen for {:.1} s", time.as_secs_f64()))
        }
    }
}

/// Waits until the memory has more than so much, and says how much.
pub(super) fn await_memory(field: &Field<'_>, known: u64) -> Result<u64, String> {
    let mut now = known;
    until(PATIENCE, || {
        now = episodes(field.fleet).unwrap_or(now);
        now > known || field.is_late()
    });
    match now > known {
        true => Ok(now),
        false if field.is_late() => Err("the time was over".to_owned()),
        false => Err(field.never("the memory does not grow")),
    }
}

fn before_frames(before: &Before, field: &Field<'_>) -> u64 {
    field.watcher.frames().max(before.view.frames)
}
