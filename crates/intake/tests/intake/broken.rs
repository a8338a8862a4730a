//! Broken folders kept as files, in `tests/broken/`.
//!
//! Each holds a simulation folder's files, `expected.txt` with its problems, one per line, and
//! perhaps `limits.txt` with lines such as `max_agents = 1`. The folder itself is written
//! `FOLDER`. `SHOAL_REWRITE=1 cargo test -p intake broken` writes what is expected anew; read
//! it: each line has to tell somebody new what to do.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use intake::{Limits, read_folder};

#[test]
fn every_broken_folder_has_exactly_its_problems() {
    let rewrite = std::env::var_os("SHOAL_REWRITE").is_some();
    let mut wrong = Vec::new();
    let mut seen: BTreeMap<String, PathBuf> = BTreeMap::new();
    let folders = folders();
    assert!(folders.len() >= 60, "only {} broken folders", folders.len());
    for folder in folders {
        let found = problems(&folder);
        let file = folder.join("expected.txt");
        if rewrite {
            fs::write(&file, &found).unwrap();
        }
        let expected = fs::read_to_string(&file).unwrap();
        if found != expected {
            wrong.push(format!("{}\nfound:\n{found}expected:\n{expected}", folder.display()));
        }
        if let Some(other) = seen.insert(expected, folder.clone()) {
            wrong.push(format!("{} is as broken as {}", folder.display(), other.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    let entries = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// The folder's problems, one per line.
fn problems(folder: &Path) -> String {
    let problems = read_folder(folder, &limits(folder)).map(|intake| intake.notes);
    let problems = problems.expect_err(&format!("{} is not broken", folder.display()));
    let place = folder.display().to_string();
    problems
        .as_slice()
        .iter()
        .map(|problem| format!("{}\n", problem.to_string().replace(&place, "FOLDER")))
        .collect()
}

fn limits(folder: &Path) -> Limits {
    let mut limits = Limits::default();
    let text = fs::read_to_string(folder.join("limits.txt")).unwrap_or_default();
    for line in text.lines() {
        let (name, value) = line.split_once(" = ").unwrap();
        let value: u32 = value.parse().unwrap();
        match name {
            "max_config_bytes" => limits.max_config_bytes = value.into(),
            "max_yaml_bytes" => limits.max_yaml_bytes = value.into(),
            "max_profile_bytes" => limits.max_profile_bytes = value.into(),
            "max_depth" => limits.max_depth = value as usize,
            "max_values" => limits.max_values = value as usize,
            "max_agents" => limits.max_agents = value as usize,
            "max_rounds" => limits.max_rounds = value,
            "max_text_bytes" => limits.max_text_bytes = value as usize,
            other => panic!("{}: no limit {other}", folder.display()),
        }
    }
    limits
}
