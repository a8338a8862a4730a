//! The only module that touches files.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use contract::problem::{Problem, Problems};

use crate::{CONFIG_FILE, Files, Limits, REDDIT_FILE, TWITTER_FILE};

/// Reads the files of the folder at `path`, each only after its size was looked at.
///
/// # Errors
/// No folder, no configuration, or files that cannot be read or are too large: all of them.
pub(crate) fn read(path: &Path, limits: &Limits) -> Result<Files, Problems> {
    check_folder(path)?;
    let config = read_file(path, CONFIG_FILE, limits).and_then(|bytes| {
        let found = format!("no {CONFIG_FILE}");
        bytes.ok_or_else(|| Problem::new(path.display().to_string(), found, &a_folder()))
    });
    let twitter = read_file(path, TWITTER_FILE, limits);
    let reddit = read_file(path, REDDIT_FILE, limits);
    match (config, twitter, reddit) {
        (Ok(config), Ok(twitter_profiles), Ok(reddit_profiles)) => {
            Ok(Files { config, twitter_profiles, reddit_profiles })
        }
        (config, twitter, reddit) => {
            let problems = [config.err(), twitter.err(), reddit.err()];
            Problems::none_or(problems.into_iter().flatten().collect(), None)
        }
    }
}

/// What is wrong with the size of the file `name`, if anything.
pub(crate) fn check_size(name: &str, size: u64, limits: &Limits) -> Result<(), Problem> {
    let (limit, limit_name) = limit_of(name, limits);
    if size <= limit {
        return Ok(());
    }
    let expected = format!("at most {limit} bytes (limit {limit_name})");
    Err(Problem::new(name, format!("{size} bytes"), &expected))
}

fn limit_of(name: &str, limits: &Limits) -> (u64, &'static str) {
    match name {
        CONFIG_FILE => (limits.max_config_bytes, "max_config_bytes"),
        _ => (limits.max_profile_bytes, "max_profile_bytes"),
    }
}

fn a_folder() -> String {
    format!("a simulation folder: {CONFIG_FILE}, and {TWITTER_FILE}, {REDDIT_FILE} or both")
}

/// Whether there is a folder at `path` that may be entered.
pub(crate) fn check_folder(path: &Path) -> Result<(), Problem> {
    let problem = |found: &str| Err(Problem::new(path.display().to_string(), found, &a_folder()));
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_dir() => return problem("no folder"),
        Ok(_) => {}
        Err(error) if is_absence(&error) => return problem("nothing"),
        Err(error) => return Err(unreadable(&path.display().to_string(), &error)),
    }
    // A folder that must not be entered refuses questions about each file in it; say it once.
    match fs::metadata(path.join(CONFIG_FILE)) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(unreadable(&path.display().to_string(), &error))
        }
        _ => Ok(()),
    }
}

/// The bytes of one file; `None` where there is no such file.
pub(crate) fn read_file(
    folder: &Path,
    name: &str,
    limits: &Limits,
) -> Result<Option<Vec<u8>>, Problem> {
    let path = folder.join(name);
    let metadata = match fs::metadata(&path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(name, &error)),
    };
    if !metadata.is_file() {
        // Opening a pipe would wait for somebody to write into it.
        return Err(Problem::new(name, "something that is no file", "a file"));
    }
    check_size(name, metadata.len(), limits)?;
    let mut bytes = Vec::new();
    let most = limit_of(name, limits).0.saturating_add(1);
    File::open(&path)
        .and_then(|file| file.take(most).read_to_end(&mut bytes))
        .map_err(|error| unreadable(name, &error))?;
    // The file may have grown since it was looked at.
    check_size(name, bytes.len() as u64, limits)?;
    Ok(Some(bytes))
}

/// A path through a file is no path.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn unreadable(place: &str, error: &io::Error) -> Problem {
    let found = format!("something that cannot be read ({})", error.kind());
    Problem::new(place, found, "something that this user can read")
}
