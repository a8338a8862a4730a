//! `verify`: is what is stored of a run what its journal makes?

use std::process::ExitCode;

use clap::Args;
use contract::command::{Request, Verb, Verify};
use contract::id::RunId;
use contract::past::{Finding, FindingKind, WorldCheck};
use contract::reply::ReplyResult;
use contract::subject::Platform;

use super::{Beginning, carry_out, per_second, with_digests};
use crate::args::{Target, platform};
use crate::ask::{odd, result};
use crate::client::Client;
use crate::failure::{EXIT_DAMAGED, EXIT_DETACHED, Failure};
use crate::output::{Output, Paint, columns, count, counted, one_line};
use crate::status::find_run;
use crate::wrap::wrap;

pub(crate) const ABOUT: &str = "\
Check that what is stored of a run is what its journal makes. A node executes the journal again \
and compares every frame with what comes out: what differs, is missing, incomplete, not readable \
or too much is listed, and so is damage of the journal itself. Nothing is changed, and the run \
is not disturbed: it may be playing.

A run that plays is verified as far as it is; with --follow the node waits for its first round \
and keeps beside it until its rounds are over. Ctrl-C leaves the node at it. Of the last rounds of \
a journal nobody may have stored a frame yet, of a new fork of none: they are counted, and there \
is nothing to compare them with.

The exit code is 0 if all that is stored is sound, 1 if nothing is stored yet, and 4 if something \
is damaged; then the last lines say what to do. With --json: the reply, the shape in schemas/.

Example:
  shoal verify lantern-pier
  shoal verify lantern-pier-1 --platform reddit --follow";

/// Arguments of `verify`.
#[derive(Clone, Debug, Args)]
pub struct VerifyArgs {
    /// Which run.
    #[command(flatten)]
    pub target: Target,
    /// One world only: twitter or reddit; each that the run has unless given
    #[arg(long, value_name = "PLATFORM", value_parser = platform())]
    pub platform: Option<Platform>,
    /// Keep beside the run until its rounds are over
    #[arg(long, short)]
    pub follow: bool,
    /// How long to wait for a node.
    #[command(flatten)]
    pub beginning: Beginning,
}

/// `shoal verify`.
///
/// # Errors
/// If there is no such run, no node begins with it, or it cannot be executed again.
pub async fn verify(
    client: &Client,
    args: &VerifyArgs,
    output: &mut Output<'_>,
) -> Result<ExitCode, Failure> {
    let run = find_run(client, &args.target.run).await?.run_id;
    let request = Request::Verify(Verify { platform: args.platform, follow: args.follow });
    let Some(reply) = carry_out(client, &run, request, args.beginning, output).await? else {
        return Ok(ExitCode::from(EXIT_DETACHED));
    };
    if client.json {
        output.print_json(&reply)?;
    }
    let worlds = match result(reply)? {
        ReplyResult::Verified { worlds } => worlds,
        other => return Err(odd(Verb::Verify, &other)),
    };
    if !client.json {
        output.print(&render(&run, &worlds, output.width(), output.paint()))?;
    }
    match worlds.iter().all(WorldCheck::is_sound) {
        true if worlds.iter().any(is_bare) => Ok(ExitCode::FAILURE),
        true => Ok(ExitCode::SUCCESS),
        false => Ok(ExitCode::from(EXIT_DAMAGED)),
    }
}

/// True of a world that has a past of which nothing is stored yet.
fn is_bare(world: &WorldCheck) -> bool {
    world.is_sound() && world.ticks == 0 && world.pending > 0
}

/// The verdict, what is wrong, and what to do.
fn render(run: &RunId, worlds: &[WorldCheck], width: usize, paint: Paint) -> String {
    let name = paint.bold(run.as_str());
    let mut lines = vec![match worlds.iter().map(findings).sum::<u64>() {
        0 if worlds.iter().any(is_bare) => {
            format!("{name} is {}: no frames are stored", paint.yellow("not made yet"))
        }
        0 if worlds.iter().any(|world| world.pending > 0) => {
            let sound = paint.green("sound");
            format!("{name} is {sound} as far as it is stored: that is as its journal makes it")
        }
        0 => format!("{name} is {}: all is as its journal makes it", paint.green("sound")),
        some => format!("{name} is {}: {}", paint.red("damaged"), counted(some, "finding")),
    }];
    let rows = worlds.iter().map(|world| (world_row(world, paint), world.digest));
    lines.extend(columns(&with_digests(rows, width), &[1, 2, 3]));
    lines.extend(worlds.iter().filter(|world| world.pending > 0).map(|world| {
        let ticks = counted(world.pending.into(), "tick");
        let what = match (is_bare(world), world.pending) {
            (true, 1) => "waits for a node to make its frame",
            (true, _) => "wait for a node to make their frames",
            // It may be the one that is played, or the one in which the run has failed.
            (false, 1) => "has no frame yet",
            (false, _) => "have no frames yet",
        };
        format!("  {}: {ticks} of the journal {what}", world.platform)
    }));
    for world in worlds.iter().filter(|world| !world.is_sound()) {
        lines.extend([String::new(), paint.bold(world.platform.as_str())]);
        let rows: Vec<Vec<String>> = finding_rows(&world.findings);
        lines.extend(columns(&rows, &[]).iter().map(|row| wrap(row, width, 4)));
        if world.more_findings > 0 {
            lines.push(format!("  and {} more", count(world.more_findings)));
        }
    }
    let advice = advice(run, worlds);
    if !advice.is_empty() {
        lines.push(String::new());
        lines.extend(advice.into_iter().flat_map(|(why, command)| {
            // Not wrapped, to be copied.
            std::iter::once(wrap(&why, width, 2)).chain(command.map(|line| format!("  {line}")))
        }));
    }
    lines.join("\n")
}

fn findings(world: &WorldCheck) -> u64 {
    world.findings.len() as u64 + world.more_findings
}

fn world_row(world: &WorldCheck, paint: Paint) -> Vec<String> {
    let speed = per_second(world.actions, world.milliseconds);
    let verdict = match findings(world) {
        0 if is_bare(world) => paint.yellow("not made yet"),
        0 => paint.green("sound"),
        some => paint.red(&counted(some, "finding")),
    };
    vec![
        format!("  {}", world.platform),
        counted(world.ticks.into(), "tick"),
        counted(world.actions, "action"),
        format!("{} a second", count(speed)),
        verdict,
    ]
}

/// A row per finding, one for all of a range of ticks that are missing.
fn finding_rows(findings: &[Finding]) -> Vec<Vec<String>> {
    let follows = |a: &Finding, b: &Finding| {
        let is_next = a.tick.and_then(|tick| tick.checked_add(1)) == b.tick && b.tick.is_some();
        is_next && [a, b].iter().all(|it| it.kind == FindingKind::Missing)
    };
    let row = |range: &[Finding]| {
        let mut row = finding_row(&range[0]);
        if let [first, .., last] = range
            && let (Some(first), Some(last)) = (first.tick, last.tick)
        {
            row[0] = format!("  ticks {first} to {last}");
            row[3] = "no frames of them are stored".to_owned();
        }
        row
    };
    findings.chunk_by(follows).map(row).collect()
}

fn finding_row(finding: &Finding) -> Vec<String> {
    let kind = match finding.kind {
        FindingKind::Differs => "differs",
        FindingKind::Missing => "missing",
        FindingKind::Incomplete => "incomplete",
        FindingKind::Extra => "extra",
        FindingKind::Unreadable => "unreadable",
        FindingKind::Journal => "journal",
    };
    let tick = finding.tick.map(|tick| format!("tick {tick}")).unwrap_or_default();
    let message = finding.sequence.map(|sequence| format!("message {sequence}"));
    let what = one_line(&finding.what, 1000);
    vec![format!("  {tick}"), message.unwrap_or_default(), kind.to_owned(), what]
}

/// What to do about the findings: why, and the command that does it.
fn advice(run: &RunId, worlds: &[WorldCheck]) -> Vec<(String, Option<String>)> {
    let of_journal = |world: &&WorldCheck| {
        world.findings.iter().any(|finding| finding.kind == FindingKind::Journal)
    };
    let mendable: Vec<&WorldCheck> =
        worlds.iter().filter(|world| !world.is_sound() && !of_journal(world)).collect();
    if !worlds.iter().any(|world| of_journal(&world)) {
        let why = "its journal is whole, and makes the frames again:".to_owned();
        let repair = (why, Some(format!("shoal repair {run}")));
        return if mendable.is_empty() { Vec::new() } else { vec![repair] };
    }
    let mut advice = vec![match worlds.iter().map(whole_ticks).min().unwrap_or(0) {
        0 => {
            let why = "its journal is damaged from the beginning: nothing of it can be made again";
            (why.to_owned(), None)
        }
        whole => {
            let round = whole - 1;
            let why = format!(
                "its journal is damaged, but readable up to round {round}, and a new run can go \
                 on from there:"
            );
            (why, Some(format!("shoal fork {run} --at-round {round}")))
        }
    }];
    advice.extend(mendable.into_iter().map(|world| {
        let platform = world.platform;
        let why = format!("the journal of {platform} is whole, and makes its frames again:");
        (why, Some(format!("shoal repair {run} --platform {platform}")))
    }));
    advice
}

/// The ticks of a world before any damage of its journal.
fn whole_ticks(world: &WorldCheck) -> u32 {
    let of_journal = world.findings.iter().filter(|finding| finding.kind == FindingKind::Journal);
    of_journal.filter_map(|finding| finding.tick).fold(world.ticks, u32::min)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Command;
    use crate::past::tests::typed;
    use contract::id::Digest;

    fn world(platform: Platform, findings: Vec<Finding>) -> WorldCheck {
        WorldCheck {
            platform,
            ticks: 49,
            pending: 0,
            actions: 12_345,
            digest: Digest::ZERO,
            findings,
            more_findings: 0,
            milliseconds: 1200,
        }
    }

    fn finding(kind: FindingKind, tick: Option<u32>, sequence: Option<u64>) -> Finding {
        Finding { tick, sequence, kind, what: "what is\x1b[2J wrong".to_owned() }
    }

    fn shown(worlds: &[WorldCheck]) -> String {
        render(&"market-1".parse().unwrap(), worlds, 100, Paint::PLAIN)
    }

    #[test]
    fn what_is_sound_is_said_with_what_was_done() {
        let worlds = Platform::ALL.map(|platform| world(platform, Vec::new()));
        assert_eq!(
            shown(&worlds),
            "market-1 is sound: all is as its journal makes it\n  \
             twitter  49 ticks  12,345 actions  10,287 a second  sound  000000000000…\n  \
             reddit   49 ticks  12,345 actions  10,287 a second  sound  000000000000…"
        );
    }

    #[test]
    fn what_nobody_has_stored_yet_is_neither_sound_nor_damaged() {
        let fork =
            WorldCheck { ticks: 0, actions: 0, pending: 21, ..world(Platform::Twitter, vec![]) };
        assert!(is_bare(&fork));
        let text = shown(std::slice::from_ref(&fork));
        assert!(text.starts_with("market-1 is not made yet: no frames are stored\n"), "{text}");
        let waits = "\n  twitter: 21 ticks of the journal wait for a node to make their frames";
        assert!(text.ends_with(waits), "{text}");
        assert!(!text.contains("sound"), "{text}");
        let playing = WorldCheck { pending: 1, ..world(Platform::Twitter, vec![]) };
        assert!(!is_bare(&playing));
        let text = shown(&[playing]);
        let expected =
            "market-1 is sound as far as it is stored: that is as its journal makes it\n";
        assert!(text.starts_with(expected), "{text}");
        let waits = "\n  twitter: 1 tick of the journal has no frame yet";
        assert!(text.ends_with(waits), "{text}");
    }

    #[test]
    fn ticks_that_are_missing_in_a_row_are_one_line() {
        let missing = |tick| finding(FindingKind::Missing, Some(tick), None);
        let mut findings: Vec<Finding> = (3..49).map(missing).collect();
        findings.insert(0, missing(0));
        findings.push(finding(FindingKind::Extra, Some(49), Some(7)));
        let rows: Vec<String> = finding_rows(&findings).iter().map(|row| row[0].clone()).collect();
        assert_eq!(rows, ["  tick 0", "  ticks 3 to 48", "  tick 49"]);
    }

    #[test]
    fn damage_is_listed_and_says_how_it_is_mended() {
        let mut reddit = world(
            Platform::Reddit,
            vec![
                finding(FindingKind::Differs, Some(2), Some(132)),
                finding(FindingKind::Missing, Some(12), None),
                finding(FindingKind::Unreadable, None, Some(7)),
            ],
        );
        reddit.more_findings = 1007;
        assert_eq!(
            shown(&[world(Platform::Twitter, Vec::new()), reddit]),
            "market-1 is damaged: 1,010 findings\n  \
             twitter  49 ticks  12,345 actions  10,287 a second  sound           000000000000…\n  \
             reddit   49 ticks  12,345 actions  10,287 a second  1,010 findings  000000000000…\n\
             \n\
             reddit\n  \
             tick 2   message 132  differs     what is [2J wrong\n  \
             tick 12               missing     what is [2J wrong\n           \
             message 7    unreadable  what is [2J wrong\n  \
             and 1,007 more\n\
             \n\
             its journal is whole, and makes the frames again:\n  \
             shoal repair market-1"
        );
    }

    #[test]
    fn where_a_journal_is_damaged_what_is_before_can_be_forked() {
        let run = "market-1".parse().unwrap();
        let told = |worlds: &[WorldCheck]| -> Vec<String> {
            let lines = advice(&run, worlds).into_iter();
            lines.flat_map(|(why, command)| std::iter::once(why).chain(command)).collect()
        };
        let damaged =
            |tick| world(Platform::Twitter, vec![finding(FindingKind::Journal, tick, Some(9))]);
        let extra = world(Platform::Reddit, vec![finding(FindingKind::Extra, Some(3), Some(8))]);
        assert_eq!(
            told(&[damaged(Some(12)), extra]),
            [
                "its journal is damaged, but readable up to round 11, and a new run can go on from \
                 there:",
                "shoal fork market-1 --at-round 11",
                "the journal of reddit is whole, and makes its frames again:",
                "shoal repair market-1 --platform reddit",
            ]
        );
        let sound = |ticks| WorldCheck { ticks, ..world(Platform::Reddit, Vec::new()) };
        let last = |worlds: &[WorldCheck]| told(worlds).pop().unwrap();
        assert_eq!(last(&[damaged(None), sound(60)]), "shoal fork market-1 --at-round 48");
        assert_eq!(last(&[damaged(Some(12)), sound(5)]), "shoal fork market-1 --at-round 4");
        assert!(last(&[damaged(Some(0))]).contains("from the beginning"));
        assert!(told(&[sound(5)]).is_empty());
    }

    #[test]
    fn only_what_is_typed_is_asked_for() {
        let Ok(Command::Verify(args)) = typed(&["verify", "market"]) else { panic!("no verify") };
        assert_eq!((args.platform, args.follow, args.beginning.timeout), (None, false, 30));
        let all = ["verify", "market", "--platform", "reddit", "-f", "--timeout", "5"];
        let Ok(Command::Verify(args)) = typed(&all) else { panic!("no verify") };
        let expected = (Some(Platform::Reddit), true, 5);
        assert_eq!((args.platform, args.follow, args.beginning.timeout), expected);
    }
}
