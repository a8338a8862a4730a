//! What the facts mean. Pure.

mod server;
mod streams;
mod user;
mod work;

#[cfg(test)]
mod tests;

pub(super) use self::streams::{SCARCE, fullness};
use super::facts::{Connection, Facts};
use super::finding::{Check, CheckId};

/// Judges everything that was found, in the order in which it is to be read.
pub fn diagnose(facts: &Facts) -> Vec<Check> {
    vec![
        server::connection(facts),
        server::version(facts),
        server::jetstream(facts),
        server::features(facts),
        streams::streams(facts),
        streams::storage(facts),
        user::permissions(facts),
        server::clock(facts),
        work::services(facts),
        work::commands(facts),
        work::runs(facts),
        work::dead_letters(facts),
        user::disk(facts),
        user::configuration(facts),
    ]
}

/// True where there may be streams that are worth a look.
pub(super) fn has_streams(facts: &Facts) -> bool {
    blocked(facts).is_none()
}

/// The facts, if there are any; else why there are none.
fn known<'a, T>(facts: &Facts, id: CheckId, part: Option<&'a T>) -> Result<&'a T, Check> {
    // Where nothing is in the way, nobody looked because there is nothing to look into.
    part.ok_or_else(|| Check::skipped(id, blocked(facts).unwrap_or("its stream cannot be read")))
}

/// Why what comes later could not be looked at.
fn blocked(facts: &Facts) -> Option<&'static str> {
    match &facts.connection {
        Connection::Failed(_) => Some("there is no connection"),
        Connection::Made { round_trip: Err(_), .. } => Some("no answer reaches this user"),
        Connection::Made { server, .. } => match server::has_jetstream(facts) {
            _ if server::is_too_old(server) => Some("the server is too old"),
            false => Some("there is no JetStream"),
            true => None,
        },
    }
}

/// How much of `limit` is used, in percent.
fn percent(used: u64, limit: u64) -> u64 {
    let percent = u128::from(used) * 100 / u128::from(limit.max(1));
    u64::try_from(percent).unwrap_or(u64::MAX)
}

/// Bytes as people say them: `512 B`, `36.0 MiB`.
fn bytes(number: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if number < 1024 {
        return format!("{number} B");
    }
    // Tenths of the unit, so that no float is needed.
    let (mut tenths, mut unit) = (u128::from(number) * 10 / 1024, 0);
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}
