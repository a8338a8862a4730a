//! One file of rows: what is in it, and what is added.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use contract::action::ActionBody;
use contract::id::RunId;
use contract::memory::Episode;
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

use crate::batch::{EpisodeBatch, World};

/// The longest line that is read: far longer than any row of ours.
const MAX_LINE_BYTES: u64 = 64 * 1024 * 1024;

/// What is known of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Known {
    /// Its length, all of it whole lines that are on the disk.
    length: u64,
    /// The last action of each world.
    last: BTreeMap<World, u64>,
}

impl Known {
    /// The last action of a world, if there is any.
    pub(super) fn last(&self, world: &World) -> Option<u64> {
        self.last.get(world).copied()
    }

    /// False if somebody else has written to the file, or removed it.
    pub(super) fn is_of(&self, path: &Path) -> bool {
        let found = std::fs::symlink_metadata(path).map_or(0, |metadata| metadata.len());
        found == self.length
    }
}

/// A row: fields in the original's order, then ours.
#[derive(Serialize)]
struct Row<'a> {
    round: u32,
    /// When it was written, as the original does: without a zone, to the microsecond.
    timestamp: &'a str,
    agent_id: u32,
    agent_name: &'a str,
    action_type: &'a str,
    action_args: &'a ActionBody,
    result: Option<&'a str>,
    success: bool,
    action_id: &'a str,
    run_id: &'a RunId,
    platform: Platform,
    simulated_time: Timestamp,
    text: &'a str,
}

/// What of a row says which it is.
#[derive(Deserialize)]
struct Name {
    action_id: String,
    run_id: RunId,
    platform: Platform,
}

impl Name {
    fn seq(&self) -> Option<u64> {
        let world = self.action_id.strip_prefix(self.run_id.as_str())?.strip_prefix('.')?;
        world.strip_prefix(self.platform.as_str())?.strip_prefix('.')?.parse().ok()
    }
}

/// Reads a file through and cuts off what a crash has torn: a last line without its end, and what a
/// disk that lost power left as zeros, which no row of ours has. A file that is not there is empty.
pub(super) fn learn(path: &Path) -> io::Result<Known> {
    let mut known = Known { length: 0, last: BTreeMap::new() };
    let Some(file) = open(path, false)? else { return Ok(known) };
    let mut reader = BufReader::new(&file);
    let (mut line, mut number) = (Vec::new(), 0_u64);
    loop {
        line.clear();
        let read = reader.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line)?;
        number += 1;
        let is_whole = line.last() == Some(&b'\n') && !line.contains(&0);
        if !is_whole {
            if u64::try_from(read).unwrap_or(u64::MAX) == MAX_LINE_BYTES {
                return Err(odd(number));
            }
            break;
        }
        let name: Name = serde_json::from_slice(&line).map_err(|_| odd(number))?;
        let seq = name.seq().ok_or_else(|| odd(number))?;
        let last = known.last.entry(World { run_id: name.run_id, platform: name.platform });
        let last = last.or_default();
        *last = seq.max(*last);
        known.length += u64::try_from(read).unwrap_or(u64::MAX);
    }
    if file.metadata()?.len() != known.length {
        file.set_len(known.length)?;
    }
    // What was whole may have been on its way to the disk only.
    file.sync_all()?;
    Ok(known)
}

fn odd(number: u64) -> io::Error {
    io::Error::other(format!(
        "line {number} is no row of a memory-sink: mend it, or move the file away to have another \
         one filled"
    ))
}

/// Appends the rows of a batch that are not there; how many they are. What fails is taken back as
/// far as the disk lets it.
pub(super) fn write(path: &Path, known: &mut Known, batch: &EpisodeBatch) -> io::Result<usize> {
    let done = known.last(&batch.world).unwrap_or(0);
    let news: Vec<&Episode> =
        batch.episodes.iter().filter(|episode| episode.body.seq > done).collect();
    let Some(last) = news.last().map(|episode| episode.body.seq) else { return Ok(0) };
    let now = Timestamp::from_milliseconds(kit::now_milliseconds());
    let timestamp = format!("{}000", now.to_string().trim_end_matches('Z'));
    let mut rows = Vec::new();
    for episode in &news {
        serde_json::to_writer(&mut rows, &row(episode, &timestamp))?;
        rows.push(b'\n');
    }
    let is_new = !path.exists();
    let Some(mut file) = open(path, true)? else {
        return Err(io::ErrorKind::NotFound.into());
    };
    if let Err(error) = append(&mut file, known.length, &rows) {
        // It may not be possible now; then it is done when the file is read anew.
        let _torn = file.set_len(known.length);
        return Err(error);
    }
    if let Some(folder) = path.parent().filter(|_| is_new) {
        File::open(folder)?.sync_all()?;
    }
    known.length += u64::try_from(rows.len()).unwrap_or(u64::MAX);
    known.last.insert(batch.world.clone(), last);
    Ok(news.len())
}

fn append(file: &mut File, length: u64, rows: &[u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(length))?;
    file.write_all(rows)?;
    file.sync_data()
}

fn row<'a>(episode: &'a Episode, timestamp: &'a str) -> Row<'a> {
    Row {
        round: episode.round,
        timestamp,
        agent_id: episode.agent_id,
        agent_name: &episode.agent_name,
        action_type: &episode.action_type,
        action_args: &episode.body.body,
        result: episode.body.failure.as_deref(),
        success: episode.body.success(),
        action_id: &episode.action_id,
        run_id: &episode.run_id,
        platform: episode.platform,
        simulated_time: episode.simulated_time,
        text: &episode.text,
    }
}

/// Opens a file of the folder; `None` if it is not there and not to be made. A link leads out of
/// the folder, and what is no file has no end.
fn open(path: &Path, make: bool) -> io::Result<Option<File>> {
    match std::fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.is_file() => {
            return Err(io::Error::other("it is no file of its own: move it away"));
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound && make => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    let file = OpenOptions::new().read(true).write(true).create(make).truncate(false).open(path);
    file.map(Some)
}
