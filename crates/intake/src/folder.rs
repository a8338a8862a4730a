//! The only module that touches files.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use contract::problem::{Problem, Problems};

use crate::{CONFIG_FILE, Files, Limits, REDDIT_FILE, TWITTER_FILE, YAML_FILE};

/// Likely files that a problem names.
const MAX_NAMED: usize = 5;

/// Reads the files of the folder at `path`, each only after its size was looked at.
///
/// # Errors
/// No folder, no configuration, or files that cannot be read or are too large: all of them.
pub(crate) fn read(path: &Path, limits: &Limits) -> Result<Files, Problems> {
    check_folder(path)?;
    let names = [YAML_FILE, CONFIG_FILE, TWITTER_FILE, REDDIT_FILE];
    let present: Vec<&str> = names.into_iter().filter(|name| is_there(path, name)).collect();
    if present.first() == Some(&YAML_FILE) {
        check_alone(&present)?;
    } else if !present.contains(&CONFIG_FILE) {
        return Err(unconfigured(path, &present).into());
    }
    match names.map(|name| read_file(path, name, limits)) {
        [Ok(yaml), Ok(config), Ok(twitter_profiles), Ok(reddit_profiles)] => {
            let config = config.unwrap_or_default();
            Ok(Files { yaml, config, twitter_profiles, reddit_profiles })
        }
        read => Problems::none_or(read.into_iter().filter_map(Result::err).collect(), None),
    }
}

/// That `simulation.yaml`, if it is among the files that are there, is the only one.
pub(crate) fn check_alone(present: &[&str]) -> Result<(), Problem> {
    let [YAML_FILE, others @ ..] = present else { return Ok(()) };
    if others.is_empty() {
        return Ok(());
    }
    let found = format!("{YAML_FILE} beside {}", others.join(", "));
    let expected = format!(
        "either {YAML_FILE} alone, which holds the agents' profiles too, or {CONFIG_FILE} with \
         profile files: move one of them away"
    );
    Err(Problem::new("simulation folder", found, &expected))
}

/// There is something of that name, also where it cannot be read.
pub(crate) fn is_there(folder: &Path, name: &str) -> bool {
    !matches!(fs::metadata(folder.join(name)), Err(error) if is_absence(&error))
}

/// A folder without a configuration, and what is there instead.
fn unconfigured(path: &Path, present: &[&str]) -> Problem {
    let place = path.display().to_string();
    if !present.is_empty() {
        let found = format!("no {CONFIG_FILE} beside {}", present.join(", "));
        let expected = "a configuration of the agents too: `shoal init FOLDER` writes one";
        return Problem::new(place, found, expected);
    }
    let likely = likely_files(path);
    if likely.is_empty() {
        return Problem::new(place, format!("no {CONFIG_FILE}"), &a_folder());
    }
    let found = format!("no {CONFIG_FILE} but {}", likely.join(", "));
    if likely.iter().all(|name| name.ends_with(".yml") || name.ends_with(".yaml")) {
        return Problem::new(place, found, &format!("a file of the name {YAML_FILE}"));
    }
    let expected = format!(
        "{} (call profiles {TWITTER_FILE} or {REDDIT_FILE}, then `shoal init FOLDER` writes a \
         configuration)",
        a_folder()
    );
    Problem::new(place, found, &expected)
}

/// Some of the files that somebody may have meant, in order.
fn likely_files(path: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(path) else { return Vec::new() };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let is_likely = |name: &String| {
        [".csv", ".json", ".yaml", ".yml"].iter().any(|end| name.to_lowercase().ends_with(end))
    };
    // A folder may hold millions of files.
    let mut names: Vec<String> = names.take(1_000).filter(is_likely).collect();
    names.sort();
    names.truncate(MAX_NAMED);
    names
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
        YAML_FILE => (limits.max_yaml_bytes, "max_yaml_bytes"),
        _ => (limits.max_profile_bytes, "max_profile_bytes"),
    }
}

fn a_folder() -> String {
    format!(
        "a simulation folder: {YAML_FILE}, or {CONFIG_FILE} and {TWITTER_FILE}, {REDDIT_FILE} or \
         both"
    )
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
        let found = if metadata.is_dir() { "a folder" } else { "something that is no file" };
        return Err(Problem::new(name, found, "a file"));
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
