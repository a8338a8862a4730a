//! `timeline`: what happened round by round.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use clap::Args;
use contract::frame::{Frame, Marker};
use contract::id::RunId;
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use serde::Serialize;

use crate::args::{Target, platform};
use crate::client::Client;
use crate::failure::Failure;
use crate::output::{Output, Paint, columns, count, one_line, visible};
use crate::progress::{day, hour};
use crate::reading::{Bar, each_frame};
use crate::status::find_run;
use crate::summary::Count;

/// The help of `timeline`.
pub const ABOUT: &str = "\
Show a run round by round: its simulated time, successful actions in each world (looks at the \
feed not counted), the agents that were active, a bar, and the most common types. Of a long run \
the last 100 rounds are shown unless --from or --to says otherwise.

With --json: {\"run_id\": .., \"rounds\": [{\"round\": .., \"simulated_time\": .., \"platforms\": \
{\"twitter\": {\"actions\": .., \"failed\": .., \"active_agents\": .., \"by_type\": {..}}}}]}.

Example:
  shoal timeline lantern-pier --from 10 --to 20";

/// Rounds that are shown unless others are asked for.
const ROUNDS: usize = 100;

/// Columns of the bar of the busiest round.
const BAR: usize = 10;

/// Arguments of `timeline`.
#[derive(Clone, Debug, Args)]
pub struct TimelineArgs {
    /// Which run.
    #[command(flatten)]
    pub target: Target,
    /// The first round to show
    #[arg(long, value_name = "N")]
    pub from: Option<u32>,
    /// The last round to show
    #[arg(long, value_name = "N")]
    pub to: Option<u32>,
    /// Only one world
    #[arg(long, value_name = "PLATFORM", value_parser = platform())]
    pub platform: Option<Platform>,
}

/// A run round by round. With `--json` printed as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Timeline {
    /// The run.
    pub run_id: RunId,
    /// Its rounds, ascending.
    pub rounds: Vec<Round>,
}

/// One round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Round {
    /// Its number.
    pub round: u32,
    /// When it was, in simulated time.
    pub simulated_time: Timestamp,
    /// The worlds that have played it.
    pub platforms: BTreeMap<Platform, WorldRound>,
}

/// One round of one world.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WorldRound {
    /// Successful actions other than looking at the feed.
    pub actions: u64,
    /// Actions that failed.
    pub failed: u64,
    /// Agents that were active, if the round is over.
    pub active_agents: Option<u32>,
    /// All actions by type.
    pub by_type: BTreeMap<&'static str, Count>,
}

/// `shoal timeline`.
///
/// # Errors
/// If there is no such run, or its frames are broken.
pub async fn timeline(
    client: &Client,
    args: &TimelineArgs,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    if let (Some(from), Some(to)) = (args.from, args.to)
        && from > to
    {
        return Err(Failure::bad_input(format!("--from {from} is behind --to {to}")));
    }
    let status = find_run(client, &args.target.run).await?;
    let mut rounds = BTreeMap::new();
    let mut started = None;
    let bar = Bar::for_frames(&status, output);
    each_frame(&client.bus, &status, bar, |frame| {
        started.get_or_insert(frame.simulated_time);
        if args.wants(frame) {
            add(&mut rounds, frame);
        }
        Ok(())
    })
    .await?;
    let mut rounds: Vec<Round> = rounds.into_values().collect();
    let left_out = match (args.from, args.to) {
        (None, None) => rounds.len().saturating_sub(ROUNDS),
        _ => 0,
    };
    rounds.drain(..left_out);
    let timeline = Timeline { run_id: status.run_id, rounds };
    if client.json {
        return Ok(output.print_json(&timeline)?);
    }
    let Some((started, first)) = started.zip(timeline.rounds.first()) else {
        return Ok(output.print(&format!("{}: no such rounds were played", timeline.run_id))?);
    };
    if left_out > 0 {
        output.say(&format!("rounds before {} are left out: --from 0 shows all", first.round))?;
    }
    let text = render(&timeline, started, output.width(), output.paint());
    Ok(output.print(&text)?)
}

impl TimelineArgs {
    fn wants(&self, frame: &Frame) -> bool {
        self.from.is_none_or(|from| frame.round >= from)
            && self.to.is_none_or(|to| frame.round <= to)
            && self.platform.is_none_or(|platform| platform == frame.platform)
    }
}

fn add(rounds: &mut BTreeMap<u32, Round>, frame: &Frame) {
    // The last frame of a run that has ended plays no round, but closes one.
    let is_end = frame.markers.iter().any(|marker| matches!(marker, Marker::SimulationEnd { .. }));
    if is_end && frame.actions.is_empty() && !has_round_end(frame) {
        return;
    }
    let (round, simulated_time) = (frame.round, frame.simulated_time);
    let entry = rounds.entry(round);
    let round =
        entry.or_insert_with(|| Round { round, simulated_time, platforms: BTreeMap::new() });
    let world = round.platforms.entry(frame.platform).or_default();
    for action in &frame.actions {
        let count = world.by_type.entry(action.body.type_name()).or_default();
        if action.success() {
            count.succeeded += 1;
            world.actions += u64::from(action.body.is_listed());
        } else {
            count.failed += 1;
            world.failed += 1;
        }
    }
    for marker in &frame.markers {
        if let Marker::RoundEnd { active_agents, .. } = marker {
            world.active_agents = Some(*active_agents);
        }
    }
}

fn has_round_end(frame: &Frame) -> bool {
    frame.markers.iter().any(|marker| matches!(marker, Marker::RoundEnd { .. }))
}

/// A line per round.
fn render(timeline: &Timeline, started: Timestamp, width: usize, paint: Paint) -> String {
    let rounds = &timeline.rounds;
    let mut platforms: Vec<Platform> =
        rounds.iter().flat_map(|round| round.platforms.keys().copied()).collect();
    platforms.sort_unstable();
    platforms.dedup();
    let most = rounds.iter().map(Round::actions).max().unwrap_or(0);
    let headings = ["ROUND", "TIME"].map(str::to_owned).into_iter();
    let headings =
        headings.chain(platforms.iter().map(|platform| platform.as_str().to_uppercase()));
    let headings = headings.chain(["ACTIVE", "", "MOST COMMON"].map(str::to_owned));
    let mut rows = vec![headings.map(|heading| paint.bold(&heading)).collect::<Vec<_>>()];
    let number = |number: Option<u64>| number.map_or("-".to_owned(), count);
    for round in rounds {
        let time =
            format!("d{} {}", day(started, round.simulated_time), hour(round.simulated_time));
        let mut row = vec![round.round.to_string(), time];
        let of_world = |platform: &Platform| round.platforms.get(platform);
        row.extend(platforms.iter().map(|platform| number(of_world(platform).map(|w| w.actions))));
        row.push(number(round.active_agents()));
        row.push(paint.cyan(&bar(round.actions(), most)));
        row.push(round.common_types());
        rows.push(row);
    }
    let right: Vec<usize> = std::iter::once(0).chain(2..platforms.len() + 3).collect();
    // What is common comes last and gets what is left of the line.
    let last = platforms.len() + 4;
    let before: Vec<Vec<String>> = rows.iter().map(|row| row[..last].to_vec()).collect();
    let taken = columns(&before, &right).iter().map(|line| visible(line)).max().unwrap_or(0) + 2;
    for row in rows.iter_mut().skip(1) {
        row[last] = paint.dim(&one_line(&row[last], width.saturating_sub(taken)));
    }
    columns(&rows, &right).join("\n")
}

/// A bar as long as this share of the most.
fn bar(actions: u64, most: u64) -> String {
    let columns = match most {
        0 => 0,
        most => (actions * BAR as u64).div_ceil(most),
    };
    "━".repeat(usize::try_from(columns).unwrap_or(BAR))
}

impl Round {
    fn actions(&self) -> u64 {
        self.platforms.values().map(|world| world.actions).sum()
    }

    /// In each world an agent is one of its own.
    fn active_agents(&self) -> Option<u64> {
        let active = self.platforms.values().filter_map(|world| world.active_agents);
        active.map(u64::from).reduce(|a, b| a + b)
    }

    /// `LIKE_POST 12, CREATE_COMMENT 9`, the most common first.
    fn common_types(&self) -> String {
        let mut types: BTreeMap<&str, u64> = BTreeMap::new();
        let counts = self.platforms.values().flat_map(|world| &world.by_type);
        for (name, count) in counts.filter(|(name, _)| !["REFRESH", "DO_NOTHING"].contains(name)) {
            *types.entry(name).or_default() += count.succeeded;
        }
        let mut types: Vec<_> = types.into_iter().filter(|(_, count)| *count > 0).collect();
        types.sort_by_key(|(name, count)| (Reverse(*count), *name));
        let some = types.iter().take(3).map(|(name, number)| format!("{name} {}", count(*number)));
        some.collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{World, like, nothing, post};

    fn rounds() -> BTreeMap<u32, Round> {
        let (mut twitter, mut reddit) =
            (World::new(Platform::Twitter), World::new(Platform::Reddit));
        let mut rounds = BTreeMap::new();
        for frame in [
            twitter.tick(vec![(0, Ok(post(1, "a"))), (1, Ok(post(2, "b")))]),
            reddit.tick(vec![(2, Ok(like(9, "Dan")))]),
            twitter.tick(vec![(0, Err((like(77, "Ada"), "no"))), (3, Ok(nothing()))]),
            twitter.end(),
        ] {
            add(&mut rounds, &frame);
        }
        rounds
    }

    #[test]
    fn rounds_are_counted_by_world_and_an_end_is_none() {
        let rounds = rounds();
        assert_eq!(rounds.keys().copied().collect::<Vec<_>>(), [0, 1]);
        let twitter = &rounds[&1].platforms[&Platform::Twitter];
        assert_eq!((twitter.actions, twitter.failed), (1, 1));
        assert_eq!(twitter.by_type["LIKE_POST"], Count { succeeded: 0, failed: 1 });
        assert_eq!(rounds[&0].actions(), 3);
    }

    #[test]
    fn a_timeline_reads_well_and_fits() {
        let timeline = Timeline {
            run_id: "market-1".parse().unwrap(),
            rounds: rounds().into_values().collect(),
        };
        let started = "2026-01-01T22:00:00Z".parse().unwrap();
        assert_eq!(
            render(&timeline, started, 80, Paint::PLAIN),
            "ROUND  TIME      TWITTER  REDDIT  ACTIVE              MOST COMMON\n    \
             0  d1 22:00        2       1       -  ━━━━━━━━━━  CREATE_POST 2, LIKE_POST 1\n    \
             1  d1 23:00        1       -       -  ━━━━"
        );
    }
}
