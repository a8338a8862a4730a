//! What is in a backup: one file that is written last, and read first.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use bus::backup::Holds;
use contract::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Its name. A folder without it is no backup.
pub(crate) const MANIFEST: &str = "backup.json";

/// Of the folder as a whole; what a stream's file holds is the server's matter.
pub(crate) const FORMAT: u32 = 1;

/// What a backup says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// [`FORMAT`].
    pub(crate) format: u32,
    /// When the streams were cut.
    pub(crate) made_at: Timestamp,
    /// The version of the program that made it.
    pub(crate) shoal: String,
    /// The version of the server that packed the streams; an older one may not unpack them.
    pub(crate) server: String,
    /// The prefix of all subjects and streams.
    pub(crate) prefix: String,
    /// In the order of their cuts.
    pub(crate) streams: Vec<Entry>,
}

/// One stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Its name on the server.
    pub(crate) stream: String,
    /// How it was kept, in the server's words.
    pub(crate) config: Value,
    /// What it held.
    pub(crate) held: Holds,
    /// At most so many messages of these went away while it was saved, and may be missing.
    pub(crate) removed: u64,
    /// Bytes of its file.
    pub(crate) size: u64,
    /// SHA-256 of its file, in hex.
    pub(crate) sha256: String,
}

impl Manifest {
    /// Tells this backup from every other one.
    pub(crate) fn id(&self) -> String {
        let mut hasher = Sha256::new();
        hasher.update(format!("{} {}", self.prefix, self.made_at.milliseconds()));
        // Of all, not only of those that are restored.
        hasher.update(self.streams.first().map_or("", |entry| &entry.sha256));
        hex(&hasher.finalize()[..8])
    }

    /// Makes it the folder's; from now on that is a backup.
    pub(crate) fn write(&self, folder: &Path) -> io::Result<()> {
        let text = serde_json::to_vec_pretty(self)?;
        let new = folder.join(format!("{MANIFEST}.new"));
        let mut file = create(&new)?;
        file.write_all(&text)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        fs::rename(&new, folder.join(MANIFEST))?;
        File::open(folder)?.sync_all()
    }

    /// Reads it.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub(crate) fn read(folder: &Path) -> Result<Manifest, String> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let path = folder.join(MANIFEST);
        let shown = path.display();
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(format!(
                    "{shown}: there is none, so this is no backup, or one that was broken off: it is \
                     written last"
                ));
            }
            Err(error) => return Err(format!("{shown}: {error}")),
        };
        let Format { format } =
            serde_json::from_slice(&text).map_err(|error| format!("{shown}: {error}"))?;
        if format != FORMAT {
            return Err(format!(
                "{shown}: format: found {format}, expected {FORMAT}: another version of shoal made it"
            ));
        }
        serde_json::from_slice(&text).map_err(|error| format!("{shown}: {error}"))
    }
}

impl Entry {
    /// Its file. Of the name alone, so that no manifest leads elsewhere.
    pub(crate) fn file(folder: &Path, stream: &str) -> PathBuf {
        folder.join(format!("{stream}.s2"))
    }

    /// Bytes that the stream reserves on a server, of one copy.
    pub(crate) fn reserves(&self) -> u64 {
        self.config["max_bytes"].as_u64().unwrap_or(0)
    }

    /// How many servers kept it.
    pub(crate) fn replicas(&self) -> u64 {
        self.config["num_replicas"].as_u64().unwrap_or(1)
    }
}

/// A new file that only its owner may read: it has all that was ever said.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Bytes as hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 of a file and its length, in one reading.
pub(crate) fn digest(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let size = io::copy(&mut file, &mut hasher)?;
    Ok((size, hex(&hasher.finalize())))
}
