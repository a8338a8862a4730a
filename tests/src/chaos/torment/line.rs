//! Disturbs the lines between services and the bus.

use std::time::{Duration, Instant};

use super::services::await_memory;
use super::{Evidence, Field, PATIENCE, connections};
use crate::chaos::dice::Dice;
use crate::chaos::fleet::Member;
use crate::chaos::log::{Deed, Kind};
use crate::chaos::settle::episodes;
use crate::chaos::until;

const DEEDS: [Deed; 3] = [Deed::Cut, Deed::HalfOpen, Deed::Slow];

pub(super) fn torment(field: &Field<'_>) {
    // Beside the processes: as many as are no hindrance to them.
    field.torment(Kind::Line, field.quota.div_ceil(2), &DEEDS, |deed, dice| {
        let Some(mut before) = field.lively(dice, |_| true) else { return };
        // A node more often than the others: runs hang on its line.
        let holder = field.fleet.worker_of(&before.run).map(|(node, _)| &field.fleet.nodes[node]);
        let others = [Some(&field.fleet.sink), Some(&field.fleet.launcher), holder, holder];
        let Some(member) = dice.pick(&others).copied().flatten() else { return };
        before.at = Instant::now();
        let evidence = disturb(field, member, deed, dice);
        field.note(Kind::Line, deed, format!("line of {}", member.name), &before, evidence);
    });
}

fn disturb(field: &Field<'_>, member: &Member, deed: &Deed, dice: &mut Dice) -> Evidence {
    let before = connections(&member.log());
    match deed {
        Deed::Cut => member.line.cut(),
        Deed::HalfOpen => member.line.freeze(),
        _ => member.line.slow(Duration::from_millis(20 + dice.below(80))),
    }
    let time = dice.pause(500, 4000);
    std::thread::sleep(time);
    member.line.heal();
    let is_back = || connections(&member.log()) > before;
    if *deed == Deed::Cut && !until(PATIENCE, is_back) {
        return Err(field.never(&format!("{} does not connect", member.name)));
    }
    let grew = match member.name.as_str() {
        "sink" => {
            let known = episodes(field.fleet).unwrap_or(0);
            format!("episodes {known} to {}", await_memory(field, known)?)
        }
        _ => field.await_any_growth(field.watcher.frames())?,
    };
    Ok(format!("for {:.1} s, {grew}", time.as_secs_f64()))
}
