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

A run that plays is verified as far as it is; with --follow the node keeps beside it until its \
rounds are over. Ctrl-C leaves the node at it.

The exit code is 0 if all is sound, and 4 if something is damaged; then the last lines say what \
to do. With --json: the reply, the shape in schemas/.

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
        true => Ok(ExitCode::SUCCESS),
        false => Ok(ExitCode::from(EXIT_DAMAGED)),
    }
}

/// The verdict, what is wrong, and what to do.
fn render(run: &RunId, worlds: &[WorldCheck], width: usize, paint: Paint) -> String {
    let name = paint.bold(run.as_str());
    let mut lines = match worlds.iter().map(findings).sum::<u64>() {
        0 => vec![format!("{name} is {}: all is as its journal makes it", paint.green("sound"))],
        some => {
            vec![format!("{name} is {}: {}", paint.red("damaged"), counted(some, "finding"))]
        }
    };
    let rows = worlds.iter().map(|world| (world_row(world, paint), world.digest));
    lines.extend(columns(&with_digests(rows, width), &[1, 2, 3]));
    for world in worlds.iter().filter(|world| !world.is_sound()) {
        lines.extend([String::new(), paint.bold(world.platform.as_str())]);
        let rows: Vec<Vec<String>> = world.findings.iter().map(finding_row).collect();
        lines.extend(columns(&rows, &[]).iter().map(|row| wrap(row, width, 4)));
        if world.more_findings > 0 {
            lines.push(format!("  and {} more", count(world.more_findings)));
        }
    }
    let advice = advice(run, worlds);
    if !advice.is_empty() {
        lines.push(String::new());
        lines.extend(advice.iter().map(|line| wrap(line, width, 2)));
    }
    lines.join("\n")
}

fn findings(world: &WorldCheck) -> u64 {
    world.findings.len() as u64 + world.more_findings
}

fn world_row(world: &WorldCheck, paint: Paint) -> Vec<String> {
    let speed = per_second(world.actions, world.milliseconds);
    let verdict = match findings(world) {
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

/// What to do about the findings.
fn advice(run: &RunId, worlds: &[WorldCheck]) -> Vec<String> {
    let of_journal = |world: &&WorldCheck| {
        world.findings.iter().any(|finding| finding.kind == FindingKind::Journal)
    };
    let mendable: Vec<&WorldCheck> =
        worlds.iter().filter(|world| !world.is_sound() && !of_journal(world)).collect();
    if !worlds.iter().any(|world| of_journal(&world)) {
        let repair =
            format!("its journal is whole, and makes the frames again: shoal repair {run}");
        return if mendable.is_empty() { Vec::new() } else { vec![repair] };
    }
    let mut advice = vec![match worlds.iter().map(whole_ticks).min().unwrap_or(0) {
        0 => {
            "its journal is damaged from the beginning: nothing of it can be made again".to_owned()
        }
        whole => {
            let round = whole - 1;
            format!(
                "its journal is damaged, but readable up to round {round}, and a new run can go \
                 on from there: shoal fork {run} --at-round {round}"
            )
        }
    }];
    advice.extend(mendable.into_iter().map(|world| {
        let platform = world.platform;
        format!("the journal of {platform} is whole: shoal repair {run} --platform {platform}")
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
             its journal is whole, and makes the frames again: shoal repair market-1"
        );
    }

    #[test]
    fn where_a_journal_is_damaged_what_is_before_can_be_forked() {
        let run = "market-1".parse().unwrap();
        let damaged =
            |tick| world(Platform::Twitter, vec![finding(FindingKind::Journal, tick, Some(9))]);
        let extra = world(Platform::Reddit, vec![finding(FindingKind::Extra, Some(3), Some(8))]);
        assert_eq!(
            advice(&run, &[damaged(Some(12)), extra]),
            [
                "its journal is damaged, but readable up to round 11, and a new run can go on from \
                 there: shoal fork market-1 --at-round 11",
                "the journal of reddit is whole: shoal repair market-1 --platform reddit",
            ]
        );
        let sound = |ticks| WorldCheck { ticks, ..world(Platform::Reddit, Vec::new()) };
        let line = |worlds: &[WorldCheck]| advice(&run, worlds).concat();
        assert!(line(&[damaged(None), sound(60)]).ends_with("--at-round 48"));
        assert!(line(&[damaged(Some(12)), sound(5)]).ends_with("--at-round 4"));
        assert!(line(&[damaged(Some(0))]).contains("from the beginning"));
        assert!(advice(&run, &[sound(5)]).is_empty());
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
