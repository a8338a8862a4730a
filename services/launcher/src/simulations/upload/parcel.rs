//! The files that were sent, by their names: which of them make a simulation, and what is wrong.

use std::collections::BTreeSet;

use contract::problem::{Problem, Problems, shorten};
use intake::{CONFIG_FILE, Files, REDDIT_FILE, TWITTER_FILE, YAML_FILE};

use super::{MAX_ENTRIES, PLACE};

/// The longest name of an entry, in bytes.
const MAX_NAME: usize = 255;

/// Files that a note names; more are counted.
const MAX_NAMED: usize = 10;

/// The files of a simulation, each with its place among those that are read.
const WANTED: [&str; 4] = [YAML_FILE, CONFIG_FILE, TWITTER_FILE, REDDIT_FILE];

/// What was sent so far.
#[derive(Debug, Default)]
pub(super) struct Parcel {
    files: Files,
    /// The names of `files`.
    names: Vec<String>,
    /// The folders that they are in.
    folders: BTreeSet<String>,
    entries: usize,
    paths: BTreeSet<String>,
    passed_over: Vec<String>,
    problems: Vec<Problem>,
}

impl Parcel {
    pub(super) fn report(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Counts an entry; false if there are too many, which is reported once.
    pub(super) fn count(&mut self) -> bool {
        self.entries += 1;
        if self.entries == MAX_ENTRIES + 1 {
            let found = format!("more than {MAX_ENTRIES} entries");
            let expected = format!("at most {MAX_ENTRIES} (limit max_entries)");
            self.report(Problem::new(PLACE, found, &expected));
        }
        self.entries <= MAX_ENTRIES
    }

    /// The name of an entry without what means nothing in it; `None` where it was reported.
    pub(super) fn path(&mut self, name: &[u8]) -> Option<String> {
        let checked = check(name);
        checked.map_err(|problem| self.report(problem)).ok()
    }

    /// Which of a simulation's files a file of this name is, if it is one that is to be read.
    pub(super) fn place(&mut self, name: &[u8]) -> Option<&'static str> {
        let path = self.path(name)?;
        if !self.paths.insert(path.clone()) {
            let place = entry(&path);
            self.report(Problem::new(place, "this name again", "each name once"));
            return None;
        }
        let (folder, base) = path.rsplit_once('/').unwrap_or(("", &path));
        let wanted = WANTED.into_iter().find(|wanted| *wanted == base);
        let Some(wanted) = wanted.filter(|_| !folder.contains('/')) else {
            self.passed_over.push(path);
            return None;
        };
        self.folders.insert(folder.to_owned());
        Some(wanted)
    }

    /// Keeps the bytes of a file that has its place.
    pub(super) fn put(&mut self, file: &'static str, bytes: Vec<u8>) {
        self.names.push(file.to_owned());
        match file {
            YAML_FILE => self.files.yaml = Some(bytes),
            CONFIG_FILE => self.files.config = bytes,
            TWITTER_FILE => self.files.twitter_profiles = Some(bytes),
            _ => self.files.reddit_profiles = Some(bytes),
        }
    }

    /// The files, their names, and notes about the others.
    ///
    /// # Errors
    /// All that was reported; files of several folders; no files at all.
    pub(super) fn close(mut self) -> Result<(Files, Vec<String>, Vec<String>), Problems> {
        if self.problems.is_empty() {
            self.problems.extend(self.misfit());
        }
        let notes = self.note().into_iter().collect();
        Problems::none_or(self.problems, Some((self.files, self.names, notes)))
    }

    /// Why what came is no simulation.
    fn misfit(&self) -> Option<Problem> {
        if self.folders.len() > 1 {
            let found = format!("files in {}", list(self.folders.iter().map(|it| folder(it))));
            return Some(Problem::new(PLACE, found, "the files of one simulation, in one folder"));
        }
        let is_there = |name: &str| self.names.iter().any(|there| there == name);
        if is_there(YAML_FILE) || is_there(CONFIG_FILE) {
            return None;
        }
        let others = self.names.iter().chain(&self.passed_over);
        let found = match others.clone().next() {
            Some(_) => format!("no {CONFIG_FILE} beside {}", list(others.map(|it| quoted(it)))),
            None => "no files".to_owned(),
        };
        let expected = format!(
            "{YAML_FILE} alone, or {CONFIG_FILE} with {TWITTER_FILE}, {REDDIT_FILE} or both"
        );
        Some(Problem::new(PLACE, found, &expected))
    }

    fn note(&self) -> Option<String> {
        let names = self.passed_over.iter().map(|name| quoted(name));
        (!self.passed_over.is_empty())
            .then(|| format!("{PLACE}: files that are not read: {}", list(names)))
    }
}

fn check(name: &[u8]) -> Result<String, Problem> {
    let shown = String::from_utf8_lossy(name);
    let place = entry(&shown);
    let wrong = |found: &str, expected: &str| Problem::new(place.as_str(), found, expected);
    let Ok(text) = std::str::from_utf8(name) else {
        return Err(wrong("a name that is not UTF-8", "a name in UTF-8"));
    };
    if text.len() > MAX_NAME {
        let found = format!("a name of {} bytes", text.len());
        let expected = format!("at most {MAX_NAME} (limit max_name)");
        return Err(wrong(&found, &expected));
    }
    if text.chars().any(char::is_control) {
        return Err(wrong("a control character in a name", "none"));
    }
    let is_drive = text.as_bytes().get(1) == Some(&b':');
    if text.starts_with('/') || is_drive {
        return Err(wrong("an absolute path", "a path within a folder"));
    }
    if text.contains('\\') {
        return Err(wrong("a backslash in a name", "parts of a path with / between them"));
    }
    let parts = text.split('/').filter(|part| !part.is_empty() && *part != ".");
    let parts: Vec<&str> = parts.collect();
    if parts.contains(&"..") {
        return Err(wrong("a path that leads out of its folder", "a path without .."));
    }
    Ok(parts.join("/"))
}

/// The place of a problem with an entry.
pub(super) fn entry(name: &str) -> String {
    format!("{PLACE} {}", quoted(name))
}

fn quoted(name: &str) -> String {
    format!("{:?}", shorten(name, 80))
}

fn folder(name: &str) -> String {
    if name.is_empty() { "no folder".to_owned() } else { quoted(name) }
}

fn list(names: impl Iterator<Item = String>) -> String {
    let mut names: Vec<String> = names.collect();
    let more = names.len().saturating_sub(MAX_NAMED);
    names.truncate(MAX_NAMED);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    names.join(", ")
}
