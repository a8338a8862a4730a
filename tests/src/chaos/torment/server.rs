//! Disturbs the bus itself.

use std::sync::PoisonError;
use std::time::Instant;

use nats_process::small_disks;
use rustix::process::Signal;

use super::{Evidence, Field, PATIENCE, connections};
use crate::chaos::dice::Dice;
use crate::chaos::fleet::Frozen;
use crate::chaos::log::{Deed, Kind};
use crate::chaos::until;
use crate::process::{runs, signal_process};

const DEEDS: [Deed; 6] =
    [Deed::Kill, Deed::Freeze, Deed::Term, Deed::Kill, Deed::Zombie, Deed::Term];
/// What the server logs when it cannot write.
const NO_ROOM: &str = "no space left on device";

pub(super) fn torment(field: &Field<'_>) {
    let mut deeds = DEEDS.to_vec();
    deeds.extend(small_disks().is_ok().then_some(Deed::FullDisk));
    field.torment(Kind::Server, field.quota, &deeds, |deed, dice| {
        let Some(mut before) = field.lively(dice, |_| true) else { return };
        std::thread::sleep(dice.pause(0, 300));
        before.at = Instant::now();
        let evidence = disturb(field, deed, dice);
        field.note(Kind::Server, deed, "nats-server".to_owned(), &before, evidence);
    });
}

fn disturb(field: &Field<'_>, deed: &Deed, dice: &mut Dice) -> Evidence {
    let reached = || field.fleet.members().map(|member| connections(&member.log())).sum::<usize>();
    let before = reached();
    {
        let mut nats = field.fleet.nats.lock().unwrap_or_else(PoisonError::into_inner);
        let id = nats.process_id();
        match deed {
            Deed::Kill => nats.kill(),
            Deed::Term => signal_process(id, Signal::TERM),
            Deed::FullDisk => {
                let said = nats.log().matches(NO_ROOM).count();
                nats.fill_disk();
                let is_full = until(PATIENCE, || nats.log().matches(NO_ROOM).count() > said);
                std::thread::sleep(dice.pause(200, 2500));
                nats.empty_disk();
                // Once it was full, it takes nothing more before it is started again.
                nats.kill();
                if !is_full {
                    nats.restart();
                    return Err("the server never noticed".to_owned());
                }
            }
            _ => {
                let long = *deed == Deed::Zombie;
                let time = if long { dice.pause(2500, 5000) } else { dice.pause(300, 1500) };
                let frozen = Frozen::freeze(id);
                std::thread::sleep(time);
                drop(frozen);
                drop(nats);
                let grew = field.await_any_growth(field.watcher.frames())?;
                return Ok(format!("frozen for {:.1} s, {grew}", time.as_secs_f64()));
            }
        }
        if !until(PATIENCE, || !runs(id)) {
            return Err(field.never("nats-server does not end"));
        }
        std::thread::sleep(dice.pause(0, 800));
        nats.restart();
    }
    if !until(PATIENCE, || reached() > before) {
        return Err(field.never("nobody connects"));
    }
    let grew = field.await_any_growth(field.watcher.frames())?;
    Ok(format!("{} connected again, {grew}", reached() - before))
}
