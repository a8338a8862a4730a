//! Archives by tar, which are read as a stream and never written anywhere.

use std::io::{self, Read};

use contract::problem::Problem;
use flate2::read::MultiGzDecoder;
use tar::{Archive, Entry, EntryType};

use super::parcel::{Parcel, entry};
use super::{MAX_RATIO, MAX_UNPACKED_BYTES, PLACE};

/// As much may come out of anything, however small it is.
const ANY_RATIO_BYTES: u64 = 1 << 20;

/// What a tar archive ends with, and is filled up with: at least one block of zeros.
const BLOCK: u64 = 512;

/// Takes the files of an archive.
pub(super) fn unpack(body: &[u8], packed: bool, parcel: &mut Parcel) {
    if let Some(found) = other_format(body, packed) {
        let expected = if packed { "a tar archive packed by gzip" } else { "a tar archive" };
        return parcel.report(Problem::new(PLACE, found, expected));
    }
    match packed {
        true => take_all(MultiGzDecoder::new(body), Most::of(body.len()), parcel),
        false => take_all(body, Most::of(usize::MAX), parcel),
    }
}

/// What a body begins like, where that is not what it should be.
fn other_format(body: &[u8], packed: bool) -> Option<&'static str> {
    match body {
        [] => Some("nothing"),
        [b'P', b'K', 3 | 5, 4 | 6, ..] => Some("a zip archive"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("something packed by zstd"),
        [b'B', b'Z', b'h', ..] => Some("something packed by bzip2"),
        [0xfd, b'7', b'z', b'X', b'Z', ..] => Some("something packed by xz"),
        [0x1f, 0x8b, ..] if !packed => Some("something packed by gzip"),
        [0x1f, 0x8b, ..] => None,
        _ if packed => Some("something that gzip has not packed"),
        _ => None,
    }
}

/// How much may come out, and the limit that says so.
#[derive(Clone, Copy, Debug)]
struct Most {
    bytes: u64,
    limit: &'static str,
}

impl Most {
    /// Of so many bytes that were sent.
    fn of(sent: usize) -> Most {
        let by_ratio = (sent as u64).saturating_mul(MAX_RATIO).max(ANY_RATIO_BYTES);
        match by_ratio < MAX_UNPACKED_BYTES {
            true => Most { bytes: by_ratio, limit: "max_ratio" },
            false => Most { bytes: MAX_UNPACKED_BYTES, limit: "max_unpacked_bytes" },
        }
    }

    fn problem(self) -> Problem {
        let ratio = match self.limit {
            "max_ratio" => format!(", {MAX_RATIO} times what was sent"),
            _ => String::new(),
        };
        let found = format!("more than {} bytes when unpacked", self.bytes);
        let expected = format!("at most {} (limit {}{ratio})", self.bytes, self.limit);
        Problem::new(PLACE, found, &expected)
    }
}

fn take_all(reader: impl Read, most: Most, parcel: &mut Parcel) {
    let mut archive = Archive::new(Bounded { reader, read: 0, zeros: 0, most: most.bytes });
    let taken = take_entries(&mut archive, most, parcel);
    let mut rest = archive.into_inner();
    // To the very end, where gzip keeps what shows that all of it was right.
    let ended = match taken {
        Ok(Taken::All) => io::copy(&mut rest, &mut io::sink()).map(|_| Taken::All),
        other => other,
    };
    match ended {
        _ if rest.read > most.bytes => parcel.report(most.problem()),
        Ok(Taken::All) if rest.zeros < BLOCK => parcel.report(broken("it has no end mark")),
        Ok(Taken::All | Taken::Some) => {}
        Err(error) => parcel.report(broken(&error.to_string())),
    }
}

/// How much of an archive was looked at.
enum Taken {
    All,
    /// There is so much wrong that the rest does not matter.
    Some,
}

fn broken(why: &str) -> Problem {
    Problem::new(PLACE, format!("an archive that cannot be read: {why}"), "a whole tar archive")
}

fn take_entries(
    archive: &mut Archive<impl Read>,
    most: Most,
    parcel: &mut Parcel,
) -> io::Result<Taken> {
    for next in archive.entries()? {
        let mut next = next?;
        if !parcel.count() {
            return Ok(Taken::Some);
        }
        let name = next.path_bytes().into_owned();
        match kind(&next, &name) {
            Kind::File => {
                let Some(file) = parcel.place(&name) else { continue };
                let bytes = read_file(&mut next, most)?;
                parcel.put(file, bytes);
            }
            Kind::Folder => drop(parcel.path(&name)),
            Kind::Comment => {}
            Kind::Other(found) => {
                let place = entry(&String::from_utf8_lossy(&name));
                parcel.report(Problem::new(place, found, "files and folders"));
            }
        }
    }
    Ok(Taken::All)
}

enum Kind {
    File,
    Folder,
    /// Says something about the archive.
    Comment,
    /// What no simulation needs, in words.
    Other(&'static str),
}

fn kind(entry: &Entry<'_, impl Read>, name: &[u8]) -> Kind {
    match entry.header().entry_type() {
        EntryType::Directory => Kind::Folder,
        // As archives of old have it.
        EntryType::Regular if name.ends_with(b"/") => Kind::Folder,
        EntryType::Regular => Kind::File,
        EntryType::XGlobalHeader => Kind::Comment,
        EntryType::Symlink => Kind::Other("a symbolic link"),
        EntryType::Link => Kind::Other("a hard link"),
        EntryType::Char | EntryType::Block => Kind::Other("a device"),
        EntryType::Fifo => Kind::Other("a named pipe"),
        EntryType::GNUSparse => Kind::Other("a sparse file"),
        _ => Kind::Other("something that is no plain file"),
    }
}

/// The bytes of a file, all of those that its entry promises.
fn read_file(entry: &mut Entry<'_, impl Read>, most: Most) -> io::Result<Vec<u8>> {
    let size = entry.size();
    // A promise alone takes no memory.
    let room = usize::try_from(size.min(most.bytes).min(ANY_RATIO_BYTES)).unwrap_or(0);
    let mut bytes = Vec::with_capacity(room);
    entry.read_to_end(&mut bytes)?;
    match bytes.len() as u64 == size {
        true => Ok(bytes),
        false => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it ends within a file")),
    }
}

/// A reader out of which only so much comes.
struct Bounded<R> {
    reader: R,
    read: u64,
    /// Zeros that came last.
    zeros: u64,
    most: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(into)?;
        self.read += count as u64;
        if self.read > self.most {
            return Err(io::Error::other("too much comes out of it"));
        }
        let zeros = into[..count].iter().rev().take_while(|byte| **byte == 0).count();
        self.zeros = if zeros == count { self.zeros + zeros as u64 } else { zeros as u64 };
        Ok(count)
    }
}
