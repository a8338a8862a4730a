//! The streams: as they should be, and with room.

use bus::{StreamFacts, StreamState, StreamUse};

use super::{bytes, known, percent};
use crate::doctor::facts::{Facts, Holders};
use crate::doctor::finding::{Check, CheckId, Finding, Outcome, problem, warning};
use crate::output::{counted, one_line};

/// Percent from which on room is scarce, and from which on there is next to none.
pub(crate) const SCARCE: u64 = 80;
const NEXT_TO_NONE: u64 = 95;

/// Runs that are named as those that take the room.
const HOLDERS: usize = 5;

pub(super) fn streams(facts: &Facts) -> Check {
    let id = CheckId::Streams;
    let streams = match known(facts, id, facts.streams.as_ref()) {
        Ok(streams) => streams,
        Err(skipped) => return skipped,
    };
    let findings: Vec<Finding> = streams.iter().flat_map(wrong_with).collect();
    if findings.is_empty() {
        let summary = format!("all {} are as they should be", streams.len());
        return Check::new(id, summary, findings);
    }
    let wrong = streams.iter().filter(|stream| !wrong_with(stream).is_empty()).count();
    let missing = streams.iter().filter(|stream| stream.state == StreamState::Missing).count();
    let summary = match missing {
        0 => format!("{wrong} of {} are not as they should be", streams.len()),
        missing if missing == streams.len() => {
            format!("there are none with the prefix {:?}", facts.prefix.as_str())
        }
        missing => {
            format!("{wrong} of {} are not as they should be, {missing} missing", streams.len())
        }
    };
    if missing == streams.len() {
        // One finding says it as well as twelve.
        let prefix = facts.prefix.as_str();
        let expected = format!("{} streams, {} and so on", missing, streams[0].name);
        let advice = format!(
            "shoal provision --prefix {prefix} (services that may make streams do so when they \
             start); or set SHOAL_PREFIX to the prefix of a Shoal that is here"
        );
        return Check::new(id, summary.clone(), vec![problem(summary, expected, advice)]);
    }
    Check::new(id, summary, findings)
}

fn wrong_with(stream: &StreamFacts) -> Vec<Finding> {
    let name = &stream.name;
    match &stream.state {
        StreamState::Missing => {
            vec![problem(format!("{name} is missing"), "the stream", "shoal provision")]
        }
        StreamState::Denied(_) => vec![warning(
            format!("{name}: this user may not look at it"),
            format!("an answer on $JS.API.STREAM.INFO.{name}"),
            format!("publish: {{ allow: [\"$JS.API.STREAM.INFO.{name}\"] }}"),
        )],
        StreamState::Unanswered(reason) => vec![problem(
            format!("{name}: {}", one_line(reason, 200)),
            "an answer",
            "look whether the stream has a leader: `nats stream report`",
        )],
        StreamState::There { differences, .. } => differences
            .iter()
            .map(|difference| {
                let bus::Difference { stream, field, found, expected } = difference;
                let found = format!("{stream}: {field} is {}", one_line(found, 200));
                problem(found, format!("{field}: {expected}"), "shoal provision")
            })
            .collect(),
    }
}

pub(super) fn storage(facts: &Facts) -> Check {
    let id = CheckId::Storage;
    let streams = match known(facts, id, facts.streams.as_ref()) {
        Ok(streams) => streams,
        Err(skipped) => return skipped,
    };
    let used: Vec<(&str, StreamUse)> = streams.iter().filter_map(use_of).collect();
    let mut findings: Vec<Finding> =
        used.iter().filter_map(|(name, used)| scarce(name, used, facts)).collect();
    findings.extend(account(facts));
    let total = used.iter().map(|(_, used)| used.bytes).sum();
    let fullest = used.iter().max_by_key(|(_, used)| fullness(used).unwrap_or(0));
    let mut summary = format!("{} in {}", bytes(total), counted(used.len() as u64, "stream"));
    if let Some((name, used)) = fullest
        && let Some(percent) = fullness(used)
    {
        summary += &format!(", {name} is the fullest with {percent} %");
    }
    Check::new(id, summary, findings)
}

fn use_of(stream: &StreamFacts) -> Option<(&str, StreamUse)> {
    match &stream.state {
        StreamState::There { used, .. } => Some((stream.name.as_str(), *used)),
        StreamState::Missing | StreamState::Denied(_) | StreamState::Unanswered(_) => None,
    }
}

/// How full a stream is, in percent. One that makes room by itself is never too full.
pub(crate) fn fullness(used: &StreamUse) -> Option<u64> {
    let limit = used.max_bytes.filter(|_| !used.drops_oldest)?;
    Some(percent(used.bytes, limit))
}

fn scarce(name: &str, used: &StreamUse, facts: &Facts) -> Option<Finding> {
    let percent = fullness(used)?;
    let limit = used.max_bytes.unwrap_or(0);
    let found = format!("{name} is {percent} % full: {} of {}", bytes(used.bytes), bytes(limit));
    let more = format!("nats stream edit {name} --max-bytes={}", limit.saturating_mul(2));
    judge(percent, found, &format!("or give it more room: {more}"), facts)
}

fn account(facts: &Facts) -> Option<Finding> {
    let account = facts.account.as_ref()?.as_ref().ok()?;
    let limit = account.storage_limit?;
    let percent = percent(account.storage, limit);
    let (used, all) = (bytes(account.storage), bytes(limit));
    let found = format!("the account's storage is {percent} % full: {used} of {all}");
    judge(percent, found, "or give the account more room: jetstream { max_file: .. }", facts)
}

fn judge(percent: u64, found: String, else_do: &str, facts: &Facts) -> Option<Finding> {
    let outcome = match percent {
        ..SCARCE => return None,
        SCARCE..NEXT_TO_NONE => Outcome::Warning,
        NEXT_TO_NONE.. => Outcome::Problem,
    };
    let expected = format!("less than {SCARCE} %: runs wait where there is no room");
    let advice = format!("{}; {else_do}", free_room(&facts.holders));
    Some(Finding { outcome, ..problem(found, expected, advice) })
}

/// Which runs to remove.
fn free_room(holders: &Holders) -> String {
    let most: Vec<String> = holders
        .runs
        .iter()
        .take(HOLDERS)
        .map(|(run, size)| format!("{} (about {})", one_line(run, 60), bytes(*size)))
        .collect();
    let partial = match holders.is_partial {
        true => " of those that could be counted",
        false => "",
    };
    match holders.runs.first() {
        None => "free room with `shoal rm RUN`".to_owned(),
        Some((first, _)) => format!(
            "free room with `shoal rm {}`; the largest runs{partial}: {}",
            one_line(first, 60),
            most.join(", ")
        ),
    }
}
