//! `diff`: two runs side by side: where they part, how, and what became of each.
//!
//! - [`walk`]: reads both, tick by tick; [`inputs`]: what each was told on the way;
//! - [`compare`]: one world of both; [`parting`]: the tick in which they part; [`side`] and
//!   [`people`]: what is counted; [`settings`]: what they were started with;
//! - text and table: for people.

pub mod compare;
pub mod inputs;
pub mod parting;
pub mod people;
pub mod settings;
pub mod side;
mod table;
#[cfg(test)]
mod tests;
mod text;
pub mod walk;

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;
use contract::id::{Digest, RunId};
use contract::past::Parent;
use contract::status::{EnvStatus, RunStatus};
use contract::subject::Platform;
use serde::Serialize;

use self::compare::{Verdict, WorldDifference};
use self::inputs::SeedChange;
use self::settings::Settings;
use crate::args::platform;
use crate::client::Client;
use crate::failure::Failure;
use crate::interview::read_spec;
use crate::output::Output;
use crate::reading::Bar;
use crate::status::find_run;

/// The help of `diff`.
pub const ABOUT: &str = "\
Compare two runs, A and B: a fork and its parent, two seeds, two configurations. Both are read \
round by round. Shown are what they were started with, where that differs; the first round in \
which they part, and how; and what became of each: actions by type, activity by the stance of \
the author, the agents whose followers differ most, the posts that came furthest. Counts cover \
the rounds that both have, so a run that goes on can be compared too; active agents are those of a \
round on average, from round 1 on. Seeds are those that the runs began with, and those that they \
were given later, by `shoal fork` or `shoal configure`.

With --json: one document: {\"verdict\": \"equal\" | \"same_so_far\" | \"different\", \"a\": {\"run_id\": ..}, \
\"b\": .., \"settings\": {\"total\": .., \"items\": [{\"at\": \"/options/seed\", \"a\": 1, \"b\": 2}]}, \
\"platforms\": {\"twitter\": {\"same_through_round\": .., \"parting\": {\"round\": .., \"changes\": [..]}, \
\"a\": .., \"b\": .., \"followers\": .., \"posts\": ..}}}.

The exit code is 0 whether they differ or not. With --exit-code it is 1 if they differ in what \
both have, if one has ended earlier, if one lacks a world, or if there is no round yet that both have.

Example:
  shoal diff lantern-pier-1 lantern-pier-2
  shoal diff lantern-pier-1 lantern-pier-3 --platform reddit --exit-code";

/// Arguments of `diff`.
#[derive(Clone, Debug, Args)]
pub struct DiffArgs {
    /// Run A: a run (night-market-3), or a simulation (night-market): its newest run
    #[arg(value_name = "RUN")]
    pub run: String,
    /// Run B, named as A is
    #[arg(value_name = "OTHER")]
    pub other: String,
    /// Compare one world only
    #[arg(long, value_name = "PLATFORM", value_parser = platform())]
    pub platform: Option<Platform>,
    /// Exit with 1 if the runs differ, as `git diff` has it
    #[arg(long)]
    pub exit_code: bool,
}

/// Something of both runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pair<T> {
    /// Of A.
    pub a: T,
    /// Of B.
    pub b: T,
}

/// One of the two runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Which {
    /// The one named first.
    A,
    /// The other one.
    B,
}

/// One of the runs that are compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// The run.
    pub run_id: RunId,
    /// Where it is in its life.
    pub status: RunStatus,
    /// The seed that it began with.
    pub seed: u64,
    /// The seeds that it was given on the way, as a fork or by `configure`.
    pub seed_changes: Vec<SeedChange>,
    /// Rounds to play after round 0.
    pub rounds_planned: u32,
    /// Where the spec is.
    pub spec_digest: Digest,
    /// Where it was forked from, if it was.
    pub parent: Option<Parent>,
}

/// Two runs side by side. With `--json` printed as it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// What the comparison came to.
    pub verdict: Verdict,
    /// The run named first.
    pub a: Compared,
    /// The other one.
    pub b: Compared,
    /// What they were started with, where that differs.
    pub settings: Settings,
    /// True where a record of a journal cannot be read or is missing: stances are then those of
    /// the spec from there on, and commands are missing.
    pub damaged_journal: Pair<bool>,
    /// Their worlds.
    pub platforms: BTreeMap<Platform, WorldDifference>,
}

/// `shoal diff`.
///
/// # Errors
/// If there is no such run or world, the bus cannot be read, or what is read is not the chain of
/// frames of a run.
pub async fn diff(
    client: &Client,
    args: &DiffArgs,
    output: &mut Output<'_>,
) -> Result<ExitCode, Failure> {
    let a = find_run(client, &args.run).await?;
    let b = find_run(client, &args.other).await?;
    let platforms = platforms(&a, &b, args.platform)?;
    let spec_a = read_spec(client, &a.spec_digest).await?;
    let spec_b = read_spec(client, &b.spec_digest).await?;
    let mut difference = Difference {
        verdict: Verdict::Equal,
        settings: Settings::of((&a.options, &spec_a), (&b.options, &spec_b)),
        damaged_journal: Pair::default(),
        platforms: BTreeMap::new(),
        a: Compared::of(&a),
        b: Compared::of(&b),
    };
    let (runs, specs) = (Pair { a: &a, b: &b }, Pair { a: &spec_a, b: &spec_b });
    let mut bar = Bar::of(walk::frames(runs, &platforms), output);
    for platform in platforms {
        let walked = walk::walk(&client.bus, runs, specs, platform, &mut bar).await?;
        difference.damaged_journal.a |= walked.damaged_journal.a;
        difference.damaged_journal.b |= walked.damaged_journal.b;
        // The same in each world.
        (difference.a.seed_changes, difference.b.seed_changes) = (walked.seeds.a, walked.seeds.b);
        difference.platforms.insert(platform, walked.world);
    }
    drop(bar);
    difference.verdict = verdict(difference.platforms.values());
    if client.json {
        output.print_json(&difference)?;
    } else {
        output.print(&text::render(&difference, output.width(), output.paint()))?;
    }
    let is_compared = difference.platforms.values().all(|world| world.rounds > 0);
    let differs = args.exit_code && (difference.verdict == Verdict::Different || !is_compared);
    Ok(ExitCode::from(u8::from(differs)))
}

/// The worlds that either run has, or the one that is wanted.
fn platforms(
    a: &EnvStatus,
    b: &EnvStatus,
    only: Option<Platform>,
) -> Result<Vec<Platform>, Failure> {
    let has = |run: &EnvStatus, platform| run.options.platforms.contains(platform);
    let all = Platform::ALL.iter().filter(|platform| has(a, platform) || has(b, platform));
    let wanted: Vec<Platform> =
        all.copied().filter(|platform| only.is_none_or(|only| only == *platform)).collect();
    match (wanted.is_empty(), only) {
        (true, Some(only)) => Err(Failure::bad_input(format!(
            "neither {} nor {} has a {only} world",
            a.run_id, b.run_id
        ))),
        (_, _) => Ok(wanted),
    }
}

/// Two runs differ if they do so in any world.
fn verdict<'a>(worlds: impl Iterator<Item = &'a WorldDifference>) -> Verdict {
    worlds.fold(Verdict::Equal, |sum, world| match (sum, world.verdict) {
        (Verdict::Different, _) | (_, Verdict::Different) => Verdict::Different,
        (Verdict::SameSoFar, _) | (_, Verdict::SameSoFar) => Verdict::SameSoFar,
        (Verdict::Equal, Verdict::Equal) => Verdict::Equal,
    })
}

impl Compared {
    fn of(run: &EnvStatus) -> Compared {
        Compared {
            run_id: run.run_id.clone(),
            status: run.status,
            seed: run.options.seed,
            seed_changes: Vec::new(),
            rounds_planned: run.options.rounds,
            spec_digest: run.spec_digest,
            parent: run.parent.clone(),
        }
    }
}
