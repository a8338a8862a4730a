//! `replay`: the digests that a run's journal makes, round by round.

use std::process::ExitCode;

use clap::Args;
use contract::command::{Replay, Request, Verb};
use contract::id::RunId;
use contract::past::WorldReplay;
use contract::reply::ReplyResult;
use contract::subject::Platform;

use super::{Beginning, carry_out, per_second};
use crate::args::{Target, platform};
use crate::ask::{odd, result};
use crate::client::Client;
use crate::failure::{EXIT_DETACHED, Failure};
use crate::output::{Output, columns, count, counted};
use crate::status::find_run;
use crate::wrap::shorten_digest;

pub(crate) const ABOUT: &str = "\
Execute a run's journal again and print the digest after each round. Equal digests mean equal \
pasts: of two runs of one simulation, or of a run and its fork, the first line that differs is \
where they part. The journal alone is read; what is stored of the frames does not matter \
(`shoal verify` compares with that). The last round of a journal may not have been played yet: \
it is journalled first, as is the first round of a fork that was changed.

A reply has the last 2,000 digests of a world at most; --first and --last name others. Ctrl-C \
leaves the node at it.

With --json: the reply, with the digests in full, the shape in schemas/.

Example:
  shoal replay lantern-pier --first 10 --last 20
  diff <(shoal replay lantern-pier-1) <(shoal replay lantern-pier-2)";

/// Arguments of `replay`.
#[derive(Clone, Debug, Args)]
pub struct ReplayArgs {
    /// Which run.
    #[command(flatten)]
    pub target: Target,
    /// One world only: twitter or reddit; each that the run has unless given
    #[arg(long, value_name = "PLATFORM", value_parser = platform())]
    pub platform: Option<Platform>,
    /// The first round to print; the first that there is unless given
    #[arg(long, value_name = "N")]
    pub first: Option<u32>,
    /// The last round to print; the last that there is unless given
    #[arg(long, value_name = "N")]
    pub last: Option<u32>,
    /// How long to wait for a node.
    #[command(flatten)]
    pub beginning: Beginning,
}

/// `shoal replay`.
///
/// # Errors
/// If there is no such run, no node begins with it, or it cannot be executed again.
pub async fn replay(
    client: &Client,
    args: &ReplayArgs,
    output: &mut Output<'_>,
) -> Result<ExitCode, Failure> {
    let request = requested(args)?;
    let run = find_run(client, &args.target.run).await?.run_id;
    let Some(reply) = carry_out(client, &run, request, args.beginning, output).await? else {
        return Ok(ExitCode::from(EXIT_DETACHED));
    };
    if client.json {
        output.print_json(&reply)?;
    }
    match result(reply)? {
        ReplyResult::Replayed { .. } if client.json => {}
        ReplyResult::Replayed { worlds } => {
            output.print(&table(&worlds, output.width()))?;
            // Beside the table, so that tables can be compared.
            output.say(&summary(&run, &worlds, args.first))?;
        }
        other => return Err(odd(Verb::Replay, &other)),
    }
    Ok(ExitCode::SUCCESS)
}

fn requested(args: &ReplayArgs) -> Result<Request, Failure> {
    let ReplayArgs { platform, first, last, .. } = *args;
    if let (Some(first), Some(last)) = (first, last)
        && last < first
    {
        let message = format!("--last: found {last}, expected {first} or more, as --first has it");
        return Err(Failure::Usage(anyhow::Error::msg(message)));
    }
    Ok(Request::Replay(Replay { platform, first, last }))
}

/// A line per round, a column per world.
fn table(worlds: &[WorldReplay], width: usize) -> String {
    let title = |world: &WorldReplay| world.platform.as_str().to_uppercase();
    let mut rows = vec![[vec!["ROUND".to_owned()], worlds.iter().map(title).collect()].concat()];
    let (first, end) = worlds
        .iter()
        .filter(|world| !world.digests.is_empty())
        .fold((u32::MAX, 0), |(first, end), world| {
            (first.min(world.first), end.max(end_of(world)))
        });
    let digits = first.max(end).to_string().len().max("ROUND".len());
    let room = width.saturating_sub(digits) / worlds.len().max(1);
    rows.extend((first..end).map(|round| {
        let digest = |world: &WorldReplay| {
            let place = usize::try_from(round.checked_sub(world.first)?).ok()?;
            Some(shorten_digest(world.digests.get(place)?, room.saturating_sub(2)))
        };
        let digests = worlds.iter().map(|world| digest(world).unwrap_or_default());
        std::iter::once(round.to_string()).chain(digests).collect()
    }));
    columns(&rows, &[0]).join("\n")
}

/// The round after the last one that there is a digest of.
fn end_of(world: &WorldReplay) -> u32 {
    world.first.saturating_add(u32::try_from(world.digests.len()).unwrap_or(u32::MAX))
}

/// What was done, and what is not in the table though it was asked for.
fn summary(run: &RunId, worlds: &[WorldReplay], asked: Option<u32>) -> String {
    let world = |world: &WorldReplay| {
        let speed = count(per_second(world.actions, world.milliseconds));
        let (ticks, actions) = (counted(world.ticks.into(), "tick"), count(world.actions));
        format!("{}: {ticks} with {actions} actions, {speed} a second", world.platform)
    };
    let mut lines: Vec<String> = worlds.iter().map(world).collect();
    if let Some(first) = asked
        && worlds.iter().all(|world| world.digests.is_empty())
    {
        let last = worlds.iter().map(|world| world.ticks).max().unwrap_or(0).saturating_sub(1);
        lines.push(format!("there is no round {first}: the last one is {last}"));
    }
    let begins = worlds.iter().filter(|world| !world.digests.is_empty()).map(|world| world.first);
    if let Some(first) = begins.max().filter(|first| *first > asked.unwrap_or(0)) {
        let before = first - 1;
        lines.push(format!("earlier rounds: shoal replay {run} --last {before}"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Command;
    use crate::past::tests::typed;
    use contract::id::Digest;

    fn world(platform: Platform, first: u32, digests: &[u8]) -> WorldReplay {
        let digests: Vec<Digest> = digests.iter().map(|byte| Digest::of(&[&[*byte]])).collect();
        WorldReplay {
            platform,
            ticks: 49,
            actions: 12_345,
            digest: Digest::ZERO,
            first,
            digests,
            milliseconds: 1200,
        }
    }

    #[test]
    fn digests_stand_beside_each_other_round_by_round() {
        let worlds = [world(Platform::Twitter, 8, &[0, 1, 2]), world(Platform::Reddit, 9, &[1])];
        let [zero, one, two] = [0_u8, 1, 2].map(|byte| Digest::of(&[&[byte]]).to_string());
        let short = |digest: &str| format!("{}…", &digest[..12]);
        let (zero_, one_, two_) = (short(&zero), short(&one), short(&two));
        assert_eq!(
            table(&worlds, 100),
            format!(
                "ROUND  TWITTER        REDDIT\n    8  {zero_}\n    9  {one_}  {one_}\n   10  {two_}"
            )
        );
        assert_eq!(
            table(&worlds[..1], 100),
            format!("ROUND  TWITTER\n    8  {zero}\n    9  {one}\n   10  {two}")
        );
        assert!(table(&worlds, 140).contains(&format!("{one}  {one}")));
        assert_eq!(table(&[world(Platform::Twitter, 50, &[])], 100), "ROUND  TWITTER");
    }

    #[test]
    fn what_is_left_out_can_be_asked_for() {
        let run = "market-1".parse().unwrap();
        let worlds = [world(Platform::Twitter, 8, &[0])];
        let told = "twitter: 49 ticks with 12,345 actions, 10,287 a second";
        assert_eq!(
            summary(&run, &worlds, None),
            format!("{told}\nearlier rounds: shoal replay market-1 --last 7")
        );
        assert_eq!(summary(&run, &worlds, Some(8)), told);
        let none = [world(Platform::Twitter, 49, &[])];
        let expected = format!("{told}\nthere is no round 100: the last one is 48");
        assert_eq!(summary(&run, &none, Some(100)), expected);
    }

    #[test]
    fn rounds_are_asked_for_in_order() {
        let request = |words: &[&str]| match typed(words) {
            Ok(Command::Replay(args)) => requested(&args),
            other => panic!("{other:?}"),
        };
        let all = ["replay", "market", "--platform", "twitter", "--first", "3", "--last", "3"];
        let (platform, three) = (Some(Platform::Twitter), Some(3));
        let expected = Replay { platform, first: three, last: three };
        assert_eq!(request(&all).unwrap(), Request::Replay(expected));
        assert_eq!(request(&["replay", "market"]).unwrap(), Request::Replay(Replay::default()));
        let error = request(&["replay", "market", "--first", "3", "--last", "2"]).unwrap_err();
        assert_eq!(error.code(), kit::EXIT_USAGE);
        assert_eq!(error.to_string(), "--last: found 2, expected 3 or more, as --first has it");
    }
}
