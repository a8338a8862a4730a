//! `backup`: all streams as files, while runs go on.

use std::fs;
use std::io;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use bus::backup::{Cut, Holds};
use bus::{Bus, BusArgs, Role};
use clap::Args;
use contract::timestamp::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::failure;
use super::manifest::{Entry, FORMAT, MANIFEST, Manifest, create, hex};
use super::view::{Done, TICK, View, megabytes};
use crate::client::Client;
use crate::failure::Failure;
use crate::init::as_typed;
use crate::output::{Output, columns, count, counted, span};

pub(crate) const ABOUT: &str = "\
Save all that is on the bus in a new folder, while runs go on.

The server packs each stream as it is at one moment: messages with their numbers, times and headers. \
The moments are milliseconds apart and in an order that lets each run go on from there: whatever one \
stream says has happened is in the others. What is not in it: leases, the consumers that services \
share (all is handed out once more, and what has its reply is passed over), the guests' copies, and \
the files of services, which are made again from the streams (docs/backup.md).

FOLDER has a file for each stream and, written last, backup.json: without it, it is no backup. The \
files hold all that was ever said, and only their owner may read them (mode 0600).

It takes the provisioner's key where the server asks for one, and disturbs nobody.

Example:
  shoal backup /var/backups/shoal/2026-03-01 --nats-nkey secrets/provisioner.nk";

/// Arguments of `backup`.
#[derive(Clone, Debug, Args)]
pub struct BackupArgs {
    /// The folder; made, or there and empty
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Document<'a> {
    folder: String,
    made_at: Timestamp,
    server: &'a str,
    prefix: &'a str,
    milliseconds: u64,
    streams: Vec<Row<'a>>,
}

/// One stream of it.
#[derive(Serialize)]
struct Row<'a> {
    stream: &'a str,
    #[serde(flatten)]
    held: Holds,
    removed: u64,
    size: u64,
    sha256: &'a str,
}

/// `shoal backup`.
///
/// # Errors
/// If the folder cannot be made or has something in it, or a stream cannot be saved. Then nothing of
/// a backup is left.
pub async fn backup(
    bus: &BusArgs,
    args: &BackupArgs,
    json: bool,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let folder = args.folder.as_path();
    prepare(folder)?;
    let client = Client::connect_as(Role::Provisioner, bus, json, None).await?;
    let began = Instant::now();
    let saved = save(&client.bus, folder, output).await;
    let manifest = match saved {
        Ok(manifest) => manifest,
        Err(error) => {
            remove(folder);
            return Err(error);
        }
    };
    let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    if json {
        return Ok(output.print_json(&document(folder, &manifest, milliseconds))?);
    }
    let place = as_typed(folder);
    let mut lines = vec![format!(
        "saved {} of {} in {place}, {} in {}",
        counted(manifest.streams.len() as u64, "stream"),
        client.url,
        megabytes(manifest.streams.iter().map(|entry| entry.size).sum()),
        span(milliseconds)
    )];
    lines.extend(rows(&manifest));
    lines.extend(gaps(&manifest));
    Ok(output.print(&lines.join("\n"))?)
}

/// The folder is there, ours and empty.
fn prepare(folder: &Path) -> Result<(), Failure> {
    let failed = |error: &io::Error| Failure::failed(format!("{}: {error}", folder.display()));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|e| failed(&e))?;
    let mut found = fs::read_dir(folder).map_err(|error| failed(&error))?;
    match found.next() {
        None => Ok(()),
        Some(_) => Err(Failure::bad_input(format!(
            "{}: found files, expected a new folder or an empty one: a backup never replaces another",
            folder.display()
        ))),
    }
}

async fn save(bus: &Bus, folder: &Path, output: &mut Output<'_>) -> Result<Manifest, Failure> {
    let cuts = bus.cut().await.map_err(failure)?;
    let made_at = Timestamp::from_milliseconds(kit::now_milliseconds());
    let mut view = View::new("saved", None, cuts.len(), output);
    let mut saving = JoinSet::new();
    for (place, cut) in cuts.into_iter().enumerate() {
        let (bus, folder, done) = (bus.clone(), folder.to_owned(), view.done());
        saving.spawn(async move { Ok((place, save_one(&bus, &folder, cut, &done).await?)) });
    }
    let mut saved: Vec<(usize, Entry)> = Vec::new();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            next = saving.join_next() => match next {
                Some(one) => {
                    let one: Result<_, Failure> =
                        one.map_err(|error| Failure::Failed(error.into()))?;
                    saved.push(one?);
                }
                None => break,
            },
            _ = ticks.tick() => view.show(output)?,
        }
    }
    drop(view);
    saved.sort_by_key(|(place, _)| *place);
    let manifest = Manifest {
        format: FORMAT,
        made_at,
        shoal: kit::build::VERSION.to_owned(),
        server: bus.server().version,
        prefix: bus.prefix().as_str().to_owned(),
        streams: saved.into_iter().map(|(_, entry)| entry).collect(),
    };
    manifest.write(folder).map_err(|error| unwritable(&folder.join(MANIFEST), &error))?;
    Ok(manifest)
}

async fn save_one(bus: &Bus, folder: &Path, mut cut: Cut, done: &Done) -> Result<Entry, Failure> {
    let path = Entry::file(folder, &cut.name);
    let unwritable = |error: io::Error| unwritable(&path, &error);
    let mut file = create(&path).map_err(unwritable)?;
    let (mut hasher, mut size) = (Sha256::new(), 0);
    while let Some(chunk) = cut.next().await.map_err(failure)? {
        hasher.update(&chunk);
        size += chunk.len() as u64;
        file.write_all(&chunk).map_err(unwritable)?;
        done.add(chunk.len());
    }
    // A disk takes its time; others go on meanwhile.
    let synced = tokio::task::spawn_blocking(move || file.sync_all()).await;
    synced.map_err(|error| Failure::Failed(error.into()))?.map_err(unwritable)?;
    let removed = bus.removed_from(&cut).await.map_err(failure)?;
    done.add_stream();
    let Cut { name, config, held, .. } = cut;
    Ok(Entry { stream: name, config, held, removed, size, sha256: hex(&hasher.finalize()) })
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::failed(format!("{}: {error}; nothing was saved", path.display()))
}

/// Takes away what there is of a backup that was not made. All of it is ours: the folder was empty.
fn remove(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        // What stays is without a manifest, and no backup.
        let _ = fs::remove_file(entry.path());
    }
    let _ = fs::remove_dir(folder);
}

fn document<'a>(folder: &Path, manifest: &'a Manifest, milliseconds: u64) -> Document<'a> {
    let row = |entry: &'a Entry| {
        let Entry { stream, held, removed, size, sha256, .. } = entry;
        Row { stream, held: *held, removed: *removed, size: *size, sha256 }
    };
    Document {
        folder: folder.display().to_string(),
        made_at: manifest.made_at,
        server: &manifest.server,
        prefix: &manifest.prefix,
        milliseconds,
        streams: manifest.streams.iter().map(row).collect(),
    }
}

/// A line for each stream.
fn rows(manifest: &Manifest) -> Vec<String> {
    let row = |entry: &Entry| {
        let Entry { stream, held, size, .. } = entry;
        let last = format!("up to {}", count(held.last_seq));
        vec![format!("  {stream}"), counted(held.messages, "message"), last, megabytes(*size)]
    };
    columns(&manifest.streams.iter().map(row).collect::<Vec<_>>(), &[1, 2, 3])
}

/// What went away while it was to be saved, where that matters.
fn gaps(manifest: &Manifest) -> Vec<String> {
    let gap = |entry: &Entry| {
        let matters = ["_ACTIONS", "_INPUTS"].iter().any(|end| entry.stream.ends_with(end));
        (matters && entry.removed > 0).then(|| {
            format!(
                "{}: up to {} went away meanwhile: a run that was being deleted or repaired is not \
                 whole in this backup; after a restore, delete or repair it again",
                entry.stream,
                counted(entry.removed, "message")
            )
        })
    };
    manifest.streams.iter().filter_map(gap).collect()
}
