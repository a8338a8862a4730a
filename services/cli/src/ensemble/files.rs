//! An ensemble as files: `report.json`, `runs.csv`, `rounds.csv`, `manifest.json`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use contract::spec::Stance;

use super::manifest::Manifest;
use super::measure::{RunMeasures, TOP};
use super::report::Report;
use crate::events::ACTION_TYPES;
use crate::failure::Failure;

/// The file that says that the others are whole: it appears last.
const MANIFEST: &str = "manifest.json";

/// Makes sure, before anything is run, that the files can be written.
///
/// # Errors
/// If `folder` is not new or empty, unless `force`, or cannot be written.
pub(super) fn claim(folder: &Path, force: bool) -> Result<(), Failure> {
    let bad = |error: io::Error| {
        let context = format!("cannot write into {}", folder.display());
        Failure::BadInput(anyhow::Error::new(error).context(context))
    };
    fs::create_dir_all(folder).map_err(bad)?;
    let is_full = fs::read_dir(folder).map_err(bad)?.next().is_some();
    if is_full && !force {
        return Err(Failure::bad_input(format!(
            "{} is not empty: name a new or an empty folder, or replace the files of an earlier \
             ensemble in it with --force",
            folder.display()
        )));
    }
    let probe = folder.join(format!("{MANIFEST}.new"));
    fs::write(&probe, "").and_then(|()| fs::remove_file(&probe)).map_err(bad)
}

/// Writes the files, the manifest last.
///
/// # Errors
/// If one cannot be written.
pub(super) fn write(
    folder: &Path,
    report: &Report,
    runs: &BTreeMap<u64, RunMeasures>,
    manifest: &Manifest,
) -> Result<(), Failure> {
    let files = [
        ("report.json", report.to_json()),
        ("runs.csv", runs_csv(runs)),
        ("rounds.csv", rounds_csv(runs)),
        (MANIFEST, manifest.to_json()),
    ];
    // Files of an earlier ensemble are not to stand beside a manifest that is not theirs.
    match fs::remove_file(folder.join(MANIFEST)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(unwritten(&folder.join(MANIFEST), error));
        }
        Ok(()) | Err(_) => {}
    }
    for (name, text) in files {
        let (path, new) = (folder.join(name), folder.join(format!("{name}.new")));
        let written = fs::write(&new, text).and_then(|()| fs::rename(&new, &path));
        written.map_err(|error| unwritten(&path, error))?;
    }
    Ok(())
}

fn unwritten(path: &Path, error: io::Error) -> Failure {
    let context = format!("cannot write {}", path.display());
    Failure::Failed(anyhow::Error::new(error).context(context))
}

/// A line per run and world.
fn runs_csv(runs: &BTreeMap<u64, RunMeasures>) -> String {
    let names = ACTION_TYPES.map(str::to_lowercase);
    let reaches = (1..=TOP).map(|place| format!("reach_{place}"));
    let mut heading =
        ["seed", "platform", "actions", "failed", "posts"].map(str::to_owned).to_vec();
    heading.extend(reaches);
    heading.push("threshold_round".to_owned());
    heading.extend(names);
    heading.push("digest".to_owned());
    let mut lines = vec![heading.join(",")];
    for (seed, run) in runs {
        for (platform, world) in &run.worlds {
            let mut cells = vec![seed.to_string(), platform.to_string()];
            cells.extend([world.actions, world.failed, world.posts].map(|n| n.to_string()));
            cells.extend(world.top_reach.map(|reach| reach.to_string()));
            cells.push(world.threshold_round.map_or(String::new(), |round| round.to_string()));
            let count = |name| world.by_type.get(name).copied().unwrap_or(0).to_string();
            cells.extend(ACTION_TYPES.map(count));
            cells.push(world.digest.to_string());
            lines.push(cells.join(","));
        }
    }
    joined(&lines)
}

/// A line per run, world and round.
fn rounds_csv(runs: &BTreeMap<u64, RunMeasures>) -> String {
    let mut heading = ["seed", "platform", "round", "actions", "failed", "posts", "top_reach"]
        .map(str::to_owned)
        .to_vec();
    heading.extend(Stance::WORDS.map(|(name, _)| name.to_owned()));
    heading.extend(Stance::WORDS.map(|(name, _)| format!("{name}_ppm")));
    let mut lines = vec![heading.join(",")];
    for (seed, run) in runs {
        for (platform, world) in &run.worlds {
            for (number, round) in &world.rounds {
                let mut cells = vec![seed.to_string(), platform.to_string(), number.to_string()];
                let counts = [round.actions, round.failed, round.posts, round.top_reach];
                cells.extend(counts.map(|count| count.to_string()));
                cells.extend(round.by_stance.map(|count| count.to_string()));
                let shares = (0..Stance::WORDS.len()).map(|stance| round.share_ppm(stance));
                cells.extend(shares.map(|share| share.map_or(String::new(), |n| n.to_string())));
                lines.push(cells.join(","));
            }
        }
    }
    joined(&lines)
}

fn joined(lines: &[String]) -> String {
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ensemble::report::tests::runs;

    #[test]
    fn every_line_has_a_cell_for_every_column() {
        let runs = runs(&[1, 3]);
        for csv in [runs_csv(&runs), rounds_csv(&runs)] {
            let columns = csv.lines().next().unwrap().matches(',').count();
            assert!(csv.lines().all(|line| line.matches(',').count() == columns), "{csv}");
        }
        let csv = runs_csv(&runs);
        let lines: Vec<&str> = csv.lines().collect();
        assert!(lines[1].starts_with("1,twitter,1,0,0,1,1,0,0,0,1,"), "{}", lines[1]);
        assert!(lines[2].starts_with("3,twitter,3,0,0,3,1,0,0,0,,"), "{}", lines[2]);
        let csv = rounds_csv(&runs);
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!(lines.len(), 1 + 2 * 3);
        assert_eq!(lines[1], "1,twitter,0,1,0,0,0,1,0,0,0,1000000,0,0,0");
        assert_eq!(lines[2], "1,twitter,1,0,0,0,0,0,0,0,0,,,,");
    }

    #[test]
    fn a_full_folder_is_refused_before_anything_is_run() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("a/b");
        claim(&folder, false).unwrap();
        claim(&folder, false).unwrap();
        fs::write(folder.join("notes.txt"), "theirs").unwrap();
        assert_eq!(claim(&folder, false).unwrap_err().code(), 2);
        claim(&folder, true).unwrap();
        assert_eq!(claim(&folder.join("notes.txt"), true).unwrap_err().code(), 2);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    }
}
