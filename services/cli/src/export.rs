//! `shoal export`: a run as the files that other tools read.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use bus::Bus;
use clap::{Args, ValueEnum};
use contract::notice::LogLine;
use contract::reply::Reply;
use contract::status::RunStatus;
use contract::subject::StreamName;
use export::manifest::World;
use export::{Export, ExportError, Manifest, Request};
use kit::shutdown::Shutdown;
use serde::de::DeserializeOwned;

use crate::args::Target;
use crate::client::Client;
use crate::failure::{EXIT_DETACHED, Failure};
use crate::interview::read_spec;
use crate::output::{Output, columns, count, counted};
use crate::reading::{Bar, each_frame};
use crate::status::find_run;

pub(crate) const ABOUT: &str = "\
Write a run as the files that other tools read: MiroFish's (actions.jsonl, run_state.json), \
OASIS's (a SQLite database per world), and CSV for analysis. All of it is rebuilt from what the \
run has published; docs/export.md describes every file and what is not reproduced.

The chain of digests is checked on the way. A run that goes on is exported as far as it is. The \
files appear together at the end, manifest.json last: a folder without it is no export.

With --json: the manifest.

Example:
  shoal export lantern-pier out/
  shoal export lantern-pier out/ --format csv --all-actions --force";

/// Arguments of `export`.
#[derive(Clone, Debug, Args)]
pub struct ExportArgs {
    /// Which run.
    #[command(flatten)]
    pub target: Target,
    /// Where the files go: a new folder, or an empty one
    pub dir: PathBuf,
    /// Which files; may be repeated
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "all")]
    pub format: Vec<Format>,
    /// List failed actions and REFRESH as well, which lists in MiroFish's shape leave out
    #[arg(long)]
    pub all_actions: bool,
    /// Write into a folder that is not empty, and replace our own files in it
    #[arg(long)]
    pub force: bool,
}

/// A family of files, or all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// All of the following
    All,
    /// MiroFish's: actions.jsonl, run_state.json, env_status.json, simulation.log
    Original,
    /// OASIS's: twitter_simulation.db, reddit_simulation.db
    Oasis,
    /// For analysis: actions, posts, comments, agents, rounds, interviews
    Csv,
}

/// Between two lines of progress, where no bar is watched.
const BETWEEN_LINES: Duration = Duration::from_secs(5);

/// `shoal export`. Ctrl-C ends it, and nothing is left of it.
///
/// # Errors
/// If there is no such run, the folder cannot be written, or what is read is not the run's chain
/// of frames.
pub async fn export(
    client: &Client,
    args: &ExportArgs,
    output: &mut Output<'_>,
) -> Result<ExitCode, Failure> {
    let shutdown = Shutdown::on_signals().context("cannot listen to signals");
    let shutdown = shutdown.map_err(Failure::Failed)?;
    tokio::select! {
        done = write(client, args, output) => done.map(|()| ExitCode::SUCCESS),
        () = shutdown.wished() => {
            output.say("stopped before it was done; nothing was changed")?;
            Ok(ExitCode::from(EXIT_DETACHED))
        }
    }
}

async fn write(client: &Client, args: &ExportArgs, output: &mut Output<'_>) -> Result<(), Failure> {
    let status = find_run(client, &args.target.run).await?;
    let run = &status.run_id;
    if status.status == RunStatus::Deleted {
        return Err(Failure::bad_input(format!("{run} was deleted: there is nothing left of it")));
    }
    let request =
        Request { formats: wanted(&args.format), all_actions: args.all_actions, force: args.force };
    let spec = read_spec(client, &status.spec_digest).await?;
    let mut export = Export::begin(&args.dir, &request, &spec, &status).map_err(refused)?;
    let (bar, mut said) = (Bar::for_frames(&status, output), Instant::now());
    each_frame(&client.bus, &status, bar, |frame| {
        export.frame(frame).map_err(refused)?;
        if !output.is_watched() && said.elapsed() >= BETWEEN_LINES {
            said = Instant::now();
            let (round, rounds) = (frame.round, status.options.rounds);
            output
                .say(&format!("exporting {run}: {} round {round} of {rounds}", frame.platform))?;
        }
        Ok(())
    })
    .await?;
    let filter = client.bus.prefix().replies_of(run);
    for stored in client.bus.read_all(StreamName::Replies, &filter, 0).await? {
        // What cannot be read is not ours, and is passed over.
        let asked = client.bus.prefix().parse_reply(&stored.subject);
        let reply = serde_json::from_slice::<Reply>(&stored.body).ok();
        if let Some(((asker, _), reply)) = asked.zip(reply) {
            let whole = client.bus.whole_reply(&asker, reply).await;
            export
                .reply(&whole.map_err(|error| Failure::failed(error.to_string()))?)
                .map_err(refused)?;
        }
    }
    let filter = client.bus.prefix().logs(run);
    for line in read::<LogLine>(&client.bus, StreamName::Logs, &filter).await? {
        export.log(&line).map_err(refused)?;
    }
    let manifest = export.finish().map_err(refused)?;
    if client.json {
        return Ok(output.print_json(&manifest)?);
    }
    Ok(output.print(&render(&manifest, &args.dir.display().to_string()))?)
}

/// Everything on `filter`, as it is now. What cannot be read is not ours, and is passed over.
async fn read<T: DeserializeOwned>(
    bus: &Bus,
    stream: StreamName,
    filter: &str,
) -> Result<Vec<T>, Failure> {
    let stored = bus.read_all(stream, filter, 0).await?;
    Ok(stored.iter().filter_map(|stored| serde_json::from_slice(&stored.body).ok()).collect())
}

fn wanted(formats: &[Format]) -> Vec<export::Format> {
    let family = |format: &Format| match format {
        Format::All => export::Format::ALL.to_vec(),
        Format::Original => vec![export::Format::Original],
        Format::Oasis => vec![export::Format::Oasis],
        Format::Csv => vec![export::Format::Csv],
    };
    formats.iter().flat_map(family).collect()
}

/// A failed export, and what to do about it in the words of this command line.
fn refused(error: ExportError) -> Failure {
    match error {
        ExportError::NotEmpty(folder) => Failure::bad_input(format!(
            "{} is not empty: name a new or an empty folder, or replace the files of an earlier \
             export in it with --force",
            folder.display()
        )),
        ExportError::Busy(_) | ExportError::File { .. } => Failure::BadInput(error.into()),
        ExportError::Row { .. }
        | ExportError::Tables(_)
        | ExportError::Chain { .. }
        | ExportError::Dangling { .. }
        | ExportError::NoWorld(_)
        | ExportError::Missing { .. }
        | ExportError::Digest { .. } => Failure::Failed(error.into()),
    }
}

fn render(manifest: &Manifest, folder: &str) -> String {
    let mut lines = vec![format!("{} ({}) is in {folder}", manifest.run_id, manifest.status)];
    let worlds: Vec<Vec<String>> =
        manifest.platforms.iter().map(|world| world_row(world, manifest.rounds)).collect();
    lines.extend(columns(&worlds, &[]));
    let files: Vec<Vec<String>> = manifest
        .files
        .iter()
        .map(|file| vec![format!("  {}", file.path), count(file.rows), count(file.bytes)])
        .collect();
    let headings = ["  FILE", "ROWS", "BYTES"].map(str::to_owned).to_vec();
    lines.extend(columns(&[vec![headings], files].concat(), &[1, 2]));
    lines.join("\n")
}

fn world_row(world: &World, rounds: u32) -> Vec<String> {
    let through = match (world.through_round, world.is_complete) {
        (None, _) => "no round yet".to_owned(),
        (Some(_), true) => format!("all {}", counted(u64::from(rounds), "round")),
        (Some(round), false) => format!("rounds 0 to {round} of {rounds}"),
    };
    vec![format!("  {}", world.platform), through, counted(world.actions, "action")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_families_of_files() {
        assert_eq!(wanted(&[Format::All]), export::Format::ALL);
        assert_eq!(
            wanted(&[Format::Csv, Format::Original]),
            [export::Format::Csv, export::Format::Original]
        );
    }

    #[test]
    fn a_world_is_told_as_far_as_it_is() {
        let mut world = World {
            platform: contract::subject::Platform::Reddit,
            ticks: 0,
            through_round: None,
            simulated_time: None,
            is_complete: false,
            digest: contract::id::Digest::ZERO,
            actions: 0,
            succeeded: 0,
            listed: 0,
            tables: std::collections::BTreeMap::default(),
            trace_repeats: 0,
        };
        assert_eq!(world_row(&world, 48), ["  reddit", "no round yet", "0 actions"]);
        (world.through_round, world.actions) = (Some(12), 1200);
        assert_eq!(world_row(&world, 48), ["  reddit", "rounds 0 to 12 of 48", "1,200 actions"]);
        (world.through_round, world.is_complete) = (Some(48), true);
        assert_eq!(world_row(&world, 48), ["  reddit", "all 48 rounds", "1,200 actions"]);
    }
}
