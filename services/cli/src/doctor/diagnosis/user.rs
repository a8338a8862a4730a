//! This user and this machine.

use bus::{Action, Denied};

use super::{bytes, known, percent};
use crate::doctor::facts::{Connection, Facts};
use crate::doctor::finding::{Check, CheckId, Finding, problem, warning};
use crate::output::one_line;

/// Bytes that a disk should have left.
const LITTLE: u64 = 1 << 30;
const NEXT_TO_NOTHING: u64 = 128 << 20;

pub(super) fn permissions(facts: &Facts) -> Check {
    let id = CheckId::Permissions;
    let role = facts.role.as_str();
    if let Connection::Made { round_trip: Err(reason), .. } = &facts.connection
        && let Some((_, inbox)) = reason.split_once("Subscription to \"_INBOX")
    {
        let inbox = inbox.split('.').next().unwrap_or_default();
        let found = format!("may not subscribe to _INBOX{inbox}.>: {}", one_line(reason, 200));
        let advice = format!(
            "subscribe: {{ allow: [\"_INBOX{inbox}.>\"] }} for this user, or NATS_INBOX_PREFIX as \
             it may"
        );
        return Check::of(id, problem(found, "the right to hear answers", advice));
    }
    let (denied, tried) = match known(facts, id, facts.denied.as_ref()) {
        Ok((Ok(denied), tried)) => (denied, tried),
        Ok((Err(reason), _)) => {
            let found = format!("what this user may is unknown: {}", one_line(reason, 200));
            let advice = "try again with a longer --timeout";
            return Check::of(id, warning(found, "an answer of the server", advice));
        }
        Err(skipped) => return skipped,
    };
    let summary = match denied.len() {
        0 => format!("this user may do all that a {role} needs ({tried} rights tried)"),
        number => format!("{number} things are denied that a {role} needs"),
    };
    Check::new(id, summary, denied.iter().map(|one| denial(one, role)).collect())
}

fn denial(denied: &Denied, role: &str) -> Finding {
    let (verb, list) = match denied.action {
        Action::Publish => ("publish on", "publish"),
        Action::Subscribe => ("subscribe to", "subscribe"),
    };
    let pattern = &denied.pattern;
    problem(
        format!("may not {verb} {pattern} (tried {})", denied.subject),
        format!("the right to {verb} it, as a {role} needs"),
        format!("{list}: {{ allow: [\"{pattern}\"] }} for this user, and no `deny` that has it"),
    )
}

pub(super) fn disk(facts: &Facts) -> Check {
    let id = CheckId::Disk;
    let disk = match &facts.disk {
        Ok(disk) => disk,
        Err(reason) => {
            let advice = "export SHOAL_DATA_DIR=/path/to/a/folder";
            return Check::of(id, warning(one_line(reason, 200), "a folder for data", advice));
        }
    };
    let (folder, free) = (disk.folder.display(), bytes(disk.free));
    let summary = format!(
        "{free} free at {folder}, {} % used",
        percent(disk.size.saturating_sub(disk.free), disk.size)
    );
    let expected = format!("at least {}", bytes(LITTLE));
    let advice = format!(
        "`du -xh --max-depth=2 {folder} | sort -h | tail` shows what takes the room; or set \
         SHOAL_DATA_DIR to a folder on a larger disk"
    );
    let found = format!("{free} free at {folder}");
    let findings = match disk.free {
        LITTLE.. => vec![],
        NEXT_TO_NOTHING..LITTLE => vec![warning(found, expected, advice)],
        ..NEXT_TO_NOTHING => vec![problem(found, expected, advice)],
    };
    Check::new(id, summary, findings)
}

pub(super) fn configuration(facts: &Facts) -> Check {
    let configuration = &facts.configuration;
    let summary = match configuration.set.is_empty() {
        true => "nothing is set in the environment".to_owned(),
        false => format!("set: {}", configuration.set.join(", ")),
    };
    let misspelt = configuration.misspelt.iter().map(|(name, meant)| {
        warning(
            format!("{} is set, which nothing reads", one_line(name, 60)),
            format!("{meant}, probably"),
            format!("rename it to {meant}"),
        )
    });
    Check::new(CheckId::Configuration, summary, misspelt.collect())
}
