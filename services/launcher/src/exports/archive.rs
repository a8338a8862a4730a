//! A folder as one file: `.tar.gz`.
//!
//! Chosen over `.zip` since it is written front to back, knows no size at which it becomes
//! another format, packs many small files as one, and unpacks with what every system has.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use contract::timestamp::Timestamp;
use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

/// Packs those of `files` that are in `folder`, in this order, into a folder `name`. The same
/// files make the same bytes: no clock and no user has a part in them. `at`: when they are said
/// to have been changed.
///
/// # Errors
/// If a file cannot be read, or `out` cannot be written.
pub(super) fn pack<W: Write>(
    folder: &Path,
    files: impl IntoIterator<Item = &'static str>,
    name: &str,
    at: Timestamp,
    out: W,
) -> io::Result<W> {
    let mut archive = Builder::new(GzEncoder::new(out, Compression::default()));
    let seconds = u64::try_from(at.milliseconds() / 1000).unwrap_or(0);
    for file in files {
        let mut opened = match File::open(folder.join(file)) {
            Ok(opened) => opened,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_size(opened.metadata()?.len());
        header.set_mode(0o644);
        header.set_mtime(seconds);
        archive.append_data(&mut header, format!("{name}/{file}"), &mut opened)?;
    }
    let mut out = archive.into_inner()?.finish()?;
    out.flush()?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    use flate2::read::GzDecoder;

    const FILES: [&str; 3] = ["run_state.json", "csv/posts.csv", "csv/absent.csv"];

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("csv")).unwrap();
        std::fs::write(folder.path().join("run_state.json"), b"{}").unwrap();
        std::fs::write(folder.path().join("csv/posts.csv"), vec![b'a'; 100_000]).unwrap();
        std::fs::write(folder.path().join("notes.txt"), b"not asked for").unwrap();
        folder
    }

    #[test]
    fn what_is_packed_is_unpacked_in_order_and_the_same_twice() {
        let folder = folder();
        let at = "2026-03-01T10:00:00Z".parse().unwrap();
        let pack = || pack(folder.path(), FILES, "market-1", at, Vec::new()).unwrap();
        let packed = pack();
        assert_eq!(packed, pack());
        let mut archive = tar::Archive::new(GzDecoder::new(&packed[..]));
        let mut found = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            assert_eq!(entry.header().mtime().unwrap(), 1_772_359_200);
            let path = entry.path().unwrap().to_string_lossy().into_owned();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            found.push((path, bytes.len()));
        }
        assert_eq!(
            found,
            [
                ("market-1/run_state.json".to_owned(), 2),
                ("market-1/csv/posts.csv".to_owned(), 100_000)
            ]
        );
    }

    #[test]
    fn a_full_disk_is_an_error() {
        let folder = folder();
        let full = File::options().write(true).open("/dev/full").unwrap();
        let error = pack(folder.path(), FILES, "market-1", Timestamp::EPOCH, full).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}
