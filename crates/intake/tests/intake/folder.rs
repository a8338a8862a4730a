//! Folders that are none, or whose files cannot be read.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use intake::{CONFIG_FILE, Limits, REDDIT_FILE, TWITTER_FILE, read_folder};

use crate::fixture::{files, write};

const A_FOLDER: &str = "a simulation folder: simulation.yaml, or simulation_config.json and \
                        twitter_profiles.csv, reddit_profiles.json or both";

/// Asserts the problems of the folder at `path`, in which it is written `FOLDER`.
#[track_caller]
fn check(path: &Path, expected: &[&str]) {
    let problems = read_folder(path, &Limits::default()).unwrap_err().to_string();
    assert_eq!(problems.replace(&path.display().to_string(), "FOLDER"), expected.join("\n"));
}

#[test]
fn a_path_that_is_no_simulation_folder() {
    let folder = tempfile::tempdir().unwrap();
    let no_config = format!("FOLDER: found no simulation_config.json, expected {A_FOLDER}");
    check(folder.path(), &[&no_config]);
    let missing = folder.path().join("missing");
    check(&missing, &[&format!("FOLDER: found nothing, expected {A_FOLDER}")]);
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    check(&file, &[&format!("FOLDER: found no folder, expected {A_FOLDER}")]);
    check(&file.join("inner"), &[&format!("FOLDER: found nothing, expected {A_FOLDER}")]);
}

#[test]
fn a_huge_file_is_refused_by_its_size() {
    const HUGE: u64 = 200 << 20;
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &files());
    for name in [TWITTER_FILE, CONFIG_FILE, REDDIT_FILE] {
        File::create(folder.path().join(name)).unwrap().set_len(HUGE).unwrap();
    }
    // A file of 200 MB has no block on the disk, and gets none in memory.
    check(
        folder.path(),
        &[
            "simulation_config.json: found 209715200 bytes, expected at most 67108864 bytes (limit \
         max_config_bytes)",
            "twitter_profiles.csv: found 209715200 bytes, expected at most 67108864 bytes (limit \
         max_profile_bytes)",
            "reddit_profiles.json: found 209715200 bytes, expected at most 67108864 bytes (limit \
         max_profile_bytes)",
        ],
    );
}

#[test]
fn what_is_no_file_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &files());
    fs::remove_file(folder.path().join(REDDIT_FILE)).unwrap();
    fs::create_dir(folder.path().join(REDDIT_FILE)).unwrap();
    let twitter = folder.path().join(TWITTER_FILE);
    fs::remove_file(&twitter).unwrap();
    // Nobody writes into this pipe: whoever opened it would wait for ever.
    assert!(Command::new("mkfifo").arg(&twitter).status().unwrap().success());
    check(
        folder.path(),
        &[
            "twitter_profiles.csv: found something that is no file, expected a file",
            "reddit_profiles.json: found a folder, expected a file",
        ],
    );
}

#[test]
fn what_may_not_be_read_is_named() {
    const IN_CHILD: &str = "INTAKE_TEST_FOLDER";
    if let Some(path) = std::env::var_os(IN_CHILD) {
        return check_forbidden(Path::new(&path));
    }
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &files());
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    for name in [CONFIG_FILE, REDDIT_FILE] {
        fs::set_permissions(folder.path().join(name), Permissions::from_mode(0o000)).unwrap();
    }
    let locked = folder.path().join("locked");
    fs::create_dir(&locked).unwrap();
    fs::set_permissions(&locked, Permissions::from_mode(0o000)).unwrap();
    // Root may read anything, so the looking is done by a copy of this test as nobody.
    let test = folder.path().join("test");
    fs::copy(std::env::current_exe().unwrap(), &test).unwrap();
    fs::set_permissions(&test, Permissions::from_mode(0o755)).unwrap();
    let mut child = Command::new(&test);
    child.args(["--exact", "folder::what_may_not_be_read_is_named"]);
    child.env(IN_CHILD, folder.path());
    if fs::metadata(folder.path()).unwrap().uid() == 0 {
        child.uid(65_534).gid(65_534);
    }
    let output = child.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
}

fn check_forbidden(folder: &Path) {
    check(
        folder,
        &[
            "simulation_config.json: found something that cannot be read (permission denied), expected \
         something that this user can read",
            "reddit_profiles.json: found something that cannot be read (permission denied), expected \
         something that this user can read",
        ],
    );
    let problem = "FOLDER: found something that cannot be read (permission denied), expected \
                   something that this user can read";
    check(&folder.join("locked"), &[problem]);
    check(&folder.join("locked/inner"), &[problem]);
}
