//! `restore`: the streams of a backup, on a server that has none of them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use bus::backup::Restoring;
use bus::topology::stream_name;
use bus::{Bus, BusArgs, Role};
use clap::Args;
use contract::subject::StreamName;
use contract::timestamp::Timestamp;
use serde::Serialize;
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;
use tokio::time::{MissedTickBehavior, interval};

use super::check::{
    Before, before, config, file_problems, is_whole, manifest_problems, reserved, server_problems,
    stream_problem,
};
use super::failure;
use super::manifest::{Entry, Manifest};
use super::view::{Done, TICK, View, megabytes};
use crate::client::Client;
use crate::failure::Failure;
use crate::init::as_typed;
use crate::output::{Output, counted, span};

pub(crate) const ABOUT: &str = "\
Make the streams of a backup again, on a server that has none of them.

Everything is checked first: the files against the digests in backup.json, the server's version, and \
that nothing is there that would be overwritten. All that is wrong is listed, and then nothing is \
changed. So restore before `shoal provision`, and before any service starts: a service makes what it \
does not find. Messages come back with their numbers and times. Then what is not in a backup is made: \
the leases' stream, and the consumers that services share.

A restore that was broken off may be run again: streams that it has made are left as they are, and \
what it left half made is removed. Where this user may not remove a stream it says so; then empty the \
server's store, or remove the stream by hand, and run it again.

Where remote memories have taken more since the backup, say --ask-memories: the memory-sink then asks each \
how far it is before it sends anything. Memories that were attached by hand have to be attached again.

Then make the guests' copies if there are guests, and start the services: runs go on where they were \
when the backup was made.

Example:
  shoal restore /var/backups/shoal/2026-03-01 --nats-nkey secrets/provisioner.nk
  shoal provision --nats-nkey secrets/mirror.nk --mirrors";

/// Arguments of `restore`.
#[derive(Clone, Debug, Args)]
pub struct RestoreArgs {
    /// The folder of the backup
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
    /// In a cluster: how many servers keep each stream; as many as before unless given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=5))]
    pub replicas: Option<u8>,
    /// Do not restore how far remote memories were: ask each, as they may have gone on since then
    #[arg(long)]
    pub ask_memories: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Document {
    folder: String,
    made_at: Timestamp,
    milliseconds: u64,
    streams: Vec<Row>,
}

/// One stream of it.
#[derive(Serialize)]
struct Row {
    stream: String,
    messages: u64,
    last_seq: u64,
    /// An earlier restore has made it.
    already: bool,
}

/// `shoal restore`.
///
/// # Errors
/// If something is wrong with the backup or the server: all of it, and nothing was changed. If the
/// server does not make a stream: those before it stay.
pub async fn restore(
    bus: &BusArgs,
    args: &RestoreArgs,
    json: bool,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let (folder, replicas) = (args.folder.as_path(), args.replicas.map(u64::from));
    let mut manifest = Manifest::read(folder).map_err(|problem| refused(folder, &[problem]))?;
    let problems = manifest_problems(&manifest, &bus.prefix);
    if !problems.is_empty() {
        return Err(refused(folder, &problems));
    }
    let mut problems = check_files(&manifest, folder, output).await?;
    if args.ask_memories {
        let ledger = stream_name(&bus.prefix, StreamName::Ledger);
        manifest.streams.retain(|entry| entry.stream != ledger);
    }
    let client = Client::connect_as(Role::Provisioner, bus, json, None).await?;
    let found = look(&client.bus, &manifest, replicas, &mut problems).await?;
    if !problems.is_empty() {
        return Err(refused(folder, &problems));
    }
    let began = Instant::now();
    let streams = make(&client.bus, &manifest, folder, replicas, &found, output).await?;
    let kept = manifest.streams.iter().map(Entry::replicas).max().unwrap_or(1);
    let copies = replicas.unwrap_or(kept);
    client
        .bus
        .provision(usize::try_from(copies).unwrap_or(1))
        .await
        .map_err(|error| Failure::Failed(error.into()))?;
    let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let made_at = manifest.made_at;
    if json {
        let folder = folder.display().to_string();
        return Ok(output.print_json(&Document { folder, made_at, milliseconds, streams })?);
    }
    let size = megabytes(manifest.streams.iter().map(|entry| entry.size).sum());
    let already = streams.iter().filter(|row| row.already).count();
    let mut text = format!(
        "restored {} of {} at {}, {size} in {}: all as of {made_at}",
        counted(streams.len() as u64, "stream"),
        as_typed(folder),
        client.url,
        span(milliseconds)
    );
    if already > 0 {
        // To write to a text cannot fail.
        let _ = write!(text, "\n{already} of them were there from an earlier restore");
    }
    text += "\nNext: `shoal provision --mirrors` where there are guests, then start the services";
    Ok(output.print(&text)?)
}

/// Reads all files, on a thread of its own.
async fn check_files(
    manifest: &Manifest,
    folder: &Path,
    output: &mut Output<'_>,
) -> Result<Vec<String>, Failure> {
    let all = manifest.streams.iter().map(|entry| entry.size).sum();
    let mut view = View::new("checked", Some(all), manifest.streams.len(), output);
    let (manifest, folder, done) = (manifest.clone(), folder.to_owned(), view.done());
    let work = tokio::task::spawn_blocking(move || file_problems(&manifest, &folder, &done));
    let checked = beside(work, &mut view, output).await?;
    checked.map_err(|error| Failure::Failed(error.into()))
}

/// What is there of each stream; what of it is in the way goes to `problems`.
async fn look(
    bus: &Bus,
    manifest: &Manifest,
    replicas: Option<u64>,
    problems: &mut Vec<String>,
) -> Result<Vec<Before>, Failure> {
    let server = bus.server();
    problems.extend(server_problems(manifest, &server.version, server.is_clustered, replicas));
    let mut found = Vec::new();
    for entry in &manifest.streams {
        let there = bus.there(&entry.stream).await.map_err(failure)?;
        let before = before(manifest, entry, there.as_ref());
        problems.extend(stream_problem(&entry.stream, before));
        found.push(before);
    }
    Ok(found)
}

async fn make(
    bus: &Bus,
    manifest: &Manifest,
    folder: &Path,
    replicas: Option<u64>,
    found: &[Before],
    output: &mut Output<'_>,
) -> Result<Vec<Row>, Failure> {
    let all = manifest.streams.iter().map(|entry| entry.size).sum();
    let mut view = View::new("restored", Some(all), manifest.streams.len(), output);
    let done = view.done();
    let work = async {
        let mut rows = Vec::new();
        for (entry, before) in manifest.streams.iter().zip(found) {
            let already = *before == Before::Restored;
            if *before == Before::Leftover {
                remove(bus, &entry.stream).await?;
            }
            if !already {
                let config = config(manifest, entry, replicas);
                make_one(bus, folder, entry, &config, &done).await.map_err(|error| {
                    let reserved = reserved(manifest);
                    told(error, &rows, &reserved)
                })?;
            }
            done.add_stream();
            rows.push(check_one(bus, entry, already).await?);
        }
        Ok(rows)
    };
    beside(work, &mut view, output).await?
}

/// Takes away what an earlier restore has left half made.
async fn remove(bus: &Bus, stream: &str) -> Result<(), Failure> {
    bus.remove_leftover(stream).await.map_err(|error| {
        Failure::failed(format!(
            "{error}\n{stream} was left half made by a restore of this backup that broke off, and this \
             user may not remove it: stop the server, empty its store and restore again, or remove the \
             stream by hand (`nats stream rm {stream}`)"
        ))
    })
}

async fn make_one(
    bus: &Bus,
    folder: &Path,
    entry: &Entry,
    config: &serde_json::Value,
    done: &Done,
) -> Result<(), Failure> {
    let path = Entry::file(folder, &entry.stream);
    let unreadable =
        |error: std::io::Error| Failure::failed(format!("{}: {error}", path.display()));
    let mut file = File::open(&path).await.map_err(unreadable)?;
    let mut restoring: Restoring =
        bus.restore(&entry.stream, config, entry.held).await.map_err(failure)?;
    let mut chunk = vec![0; bus.restore_chunk()];
    loop {
        let read = file.read(&mut chunk).await.map_err(unreadable)?;
        if read == 0 {
            break;
        }
        restoring.send(chunk[..read].to_vec().into()).await.map_err(failure)?;
        done.add(read);
    }
    restoring.finish().await.map_err(failure)?;
    Ok(())
}

/// Holds what was made to what was saved.
async fn check_one(bus: &Bus, entry: &Entry, already: bool) -> Result<Row, Failure> {
    let there = bus.there(&entry.stream).await.map_err(failure)?;
    let Some(there) = there.filter(|there| is_whole(entry, there)) else {
        return Err(Failure::failed(format!(
            "{}: it was restored, and does not have the {} up to {} that were saved: was a service \
             started meanwhile? Stop all, empty the server's store and restore again",
            entry.stream,
            counted(entry.held.messages, "message"),
            entry.held.last_seq
        )));
    };
    let (stream, held) = (entry.stream.clone(), there.held);
    Ok(Row { stream, messages: held.messages, last_seq: held.last_seq, already })
}

/// Does the work and shows how far it is.
async fn beside<T>(
    work: impl Future<Output = T>,
    view: &mut View,
    output: &mut Output<'_>,
) -> Result<T, Failure> {
    let mut work = std::pin::pin!(work);
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            result = &mut work => return Ok(result),
            _ = ticks.tick() => view.show(output)?,
        }
    }
}

/// What went wrong, and what is there by now.
fn told(error: Failure, made: &[Row], reserved: &str) -> Failure {
    let names: Vec<&str> = made.iter().map(|row| row.stream.as_str()).collect();
    let made = match names.as_slice() {
        [] => "no stream was made before".to_owned(),
        names => format!("made before: {}", names.join(", ")),
    };
    let more = format!(
        "{made}. What is mended, run this again; all streams together reserve {reserved} on each server \
         that keeps them"
    );
    match error {
        Failure::Unreachable(error) => Failure::Unreachable(anyhow::anyhow!("{error:#}\n{more}")),
        Failure::Failed(error) => Failure::Failed(anyhow::anyhow!("{error:#}\n{more}")),
        other => other,
    }
}

fn refused(folder: &Path, problems: &[String]) -> Failure {
    let count = counted(problems.len() as u64, "problem");
    Failure::bad_input(format!(
        "{}: {count}, nothing was restored:\n  {}",
        folder.display(),
        problems.join("\n  ")
    ))
}
