//! `shoal export`: a run as the files that other tools read.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use bus::{Bus, Start};
use clap::{Args, ValueEnum};
use contract::frame::Frame;
use contract::id::RunId;
use contract::notice::LogLine;
use contract::reply::Reply;
use contract::status::RunStatus;
use contract::subject::{Platform, StreamName};
use export::manifest::World;
use export::{Export, ExportError, Manifest, Request};
use indicatif::{ProgressBar, ProgressStyle};
use serde::de::DeserializeOwned;

use crate::args::Target;
use crate::client::Client;
use crate::failure::Failure;
use crate::follow::{Chains, frames_of};
use crate::interview::read_spec;
use crate::output::{Output, columns, count, counted};
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

/// How long the next frame of a run may take that is known to be stored.
const PATIENCE: Duration = Duration::from_secs(30);

/// Milliseconds before progress is shown, and between two plain lines of it.
const SHOWN_AFTER: i64 = 1_000;
const BETWEEN_LINES: i64 = 5_000;

/// `shoal export`.
///
/// # Errors
/// If there is no such run, the folder cannot be written, or what is read is not the run's chain
/// of frames.
pub async fn export(
    client: &Client,
    args: &ExportArgs,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let status = find_run(client, &args.target.run).await?;
    let run = &status.run_id;
    if status.status == RunStatus::Deleted {
        return Err(Failure::bad_input(format!("{run} was deleted: there is nothing left of it")));
    }
    let request =
        Request { formats: wanted(&args.format), all_actions: args.all_actions, force: args.force };
    let spec = read_spec(client, &status.spec_digest).await?;
    let mut export = Export::begin(&args.dir, &request, &spec, &status).map_err(refused)?;
    read_frames(&client.bus, run, &mut export, output).await?;
    let filter = client.bus.prefix().replies_of(run);
    for reply in read::<Reply>(&client.bus, StreamName::Replies, &filter).await? {
        export.reply(&reply).map_err(refused)?;
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

/// Hands out all frames that are stored now, one after the other.
async fn read_frames(
    bus: &Bus,
    run: &RunId,
    export: &mut Export<'_>,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let Some(last) = last_frame(bus, run).await? else { return Ok(()) };
    let filter = frames_of(bus.prefix(), run);
    let mut frames = bus.follow(StreamName::Actions, &filter, Start::First).await?;
    let mut chains = Chains::default();
    let mut progress = Progress::new(run, output);
    loop {
        let stored = tokio::time::timeout(PATIENCE, frames.next()).await.map_err(|_| {
            Failure::unreachable(format!(
                "no frame of {run} came within {} s, though there are more: is the bus still \
                 there, and the run not deleted?",
                PATIENCE.as_secs()
            ))
        })?;
        let frame = chains.push(&stored.body);
        let frame = frame.with_context(|| format!("the frames of {run} are broken"));
        if let Some(frame) = frame.map_err(Failure::Failed)? {
            export.frame(&frame).map_err(refused)?;
            progress.frame(&frame, stored.pending, output)?;
        }
        if stored.sequence >= last {
            progress.end();
            return Ok(());
        }
    }
}

/// The sequence of the last message of all frames of a run.
async fn last_frame(bus: &Bus, run: &RunId) -> Result<Option<u64>, Failure> {
    let mut last = None;
    for platform in Platform::ALL {
        let stored = bus.last(StreamName::Actions, &bus.prefix().actions(run, platform)).await?;
        last = last.max(stored.map(|stored| stored.sequence));
    }
    Ok(last)
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
        ExportError::File { .. } => Failure::BadInput(error.into()),
        ExportError::Row { .. }
        | ExportError::Tables(_)
        | ExportError::Chain { .. }
        | ExportError::Dangling { .. }
        | ExportError::NoWorld(_)
        | ExportError::Missing { .. }
        | ExportError::Digest { .. } => Failure::Failed(error.into()),
    }
}

/// How far the reading is: a bar where somebody looks, else a line now and then; nothing of
/// what takes no longer than a second.
struct Progress {
    run: String,
    bar: Option<ProgressBar>,
    started: i64,
    said: i64,
    rounds: u32,
}

impl Progress {
    fn new(run: &RunId, output: &Output<'_>) -> Progress {
        let style = "{prefix}  {bar:32}  {percent}%  {wide_msg}";
        let style = ProgressStyle::with_template(style).expect("our template is well-formed");
        let bar = output.is_watched().then(|| ProgressBar::hidden().with_style(style));
        let now = kit::now_milliseconds();
        Progress { run: run.to_string(), bar, started: now, said: now, rounds: 0 }
    }

    /// A frame was written; so many messages are left.
    fn frame(&mut self, frame: &Frame, left: u64, output: &mut Output<'_>) -> Result<(), Failure> {
        self.rounds += 1;
        let now = kit::now_milliseconds();
        if now - self.started < SHOWN_AFTER {
            return Ok(());
        }
        let place = format!("{} round {}", frame.platform, frame.round);
        match &self.bar {
            Some(bar) => {
                if bar.is_hidden() {
                    bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
                    bar.set_prefix(self.run.clone());
                }
                bar.set_length(u64::from(self.rounds) + left);
                bar.set_position(u64::from(self.rounds));
                bar.set_message(place);
            }
            None if now - self.said >= BETWEEN_LINES => {
                self.said = now;
                let left = counted(left, "message");
                output.say(&format!("exporting {}: {place}, {left} left", self.run))?;
            }
            None => {}
        }
        Ok(())
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
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
            platform: Platform::Reddit,
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
