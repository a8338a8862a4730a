//! `init` and `gen` as programs: what they print, and what a million agents take.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

fn shoal(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shoal"));
    command.args(arguments).env_remove("COLUMNS").output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn gen_makes_a_folder_once() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("town");
    let folder = folder.to_str().unwrap();
    let arguments = ["gen", "--agents", "50", "--seed", "3", folder];
    let made = shoal(&arguments);
    let said = text(&made.stdout);
    assert!(made.status.success() && made.stderr.is_empty(), "{}", text(&made.stderr));
    assert!(said.starts_with(&format!("{folder}: town-50-seed3, 50 agents\n")), "{said}");
    assert!(said.ends_with(&format!("Next:\n  shoal run {folder}\n")), "{said}");
    let again = shoal(&arguments);
    assert_eq!(again.status.code(), Some(2));
    let complaint = format!(
        "shoal: {folder} is not empty: it holds reddit_profiles.json: take another folder, or \
         replace its simulation with --force\n"
    );
    assert_eq!(text(&again.stderr), complaint);
    let forced = shoal(&[&arguments[..], &["--force", "--json"]].concat());
    let document: Value = serde_json::from_slice(&forced.stdout).unwrap();
    assert_eq!((&document["agents"], &document["rounds"]), (&50.into(), &24.into()));
    let size = fs::metadata(Path::new(folder).join("simulation_config.json")).unwrap().len();
    assert_eq!(document["files"][0]["bytes"], size);
}

#[test]
fn init_configures_what_gen_has_made() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("town");
    let path = folder.to_str().unwrap();
    assert!(shoal(&["gen", "--agents", "40", "--seed", "1", path]).status.success());
    let there = shoal(&["init", path]);
    assert_eq!(there.status.code(), Some(2));
    assert!(text(&there.stderr).ends_with("edit it, or replace it with --force\n"));
    fs::remove_file(folder.join("simulation_config.json")).unwrap();
    let made = shoal(&["init", path, "--topic", "night bus"]);
    let said = text(&made.stdout);
    assert!(made.status.success(), "{}", text(&made.stderr));
    assert!(said.contains("simulation_config.json: town, 40 agents\n"), "{said}");
    assert!(said.contains("night bus (as you say)"), "{said}");
    assert!(said.ends_with(&format!("  shoal check {path}\n  shoal run {path}\n")), "{said}");
}

#[test]
fn init_lists_everything_that_is_wrong() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("town");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("reddit_profiles.json"), "[{\"username\": 7}]").unwrap();
    let output = shoal(&["init", folder.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(
        said.contains("has 7 problems:\n  reddit_profiles.json /0/username: found 7"),
        "{said}"
    );
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}

#[test]
fn a_number_that_is_none_is_a_usage_error() {
    for (arguments, complaint) in [
        (&["gen", "--agents", "1000001", "--seed", "1", "x"][..], "1000001 is not in 1..=1000000"),
        (&["gen", "--agents", "5", "x"], "--seed <S>"),
        (&["gen", "--agents", "5", "--seed", "1", "--topics", "17", "x"], "17 is not in 1..=16"),
        (&["init", "x", "--topic", " "], "expected what people talk about"),
        (&["init", "x", "--id", "A"], "simulation id \"A\" is not valid"),
    ] {
        let output = shoal(arguments);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        let said = text(&output.stderr);
        assert!(said.contains(complaint), "{arguments:?} gave {said}");
    }
}

/// Of one core: how busy the machine is besides is not what is promised.
#[test]
#[cfg(target_os = "linux")]
fn a_million_agents_take_less_than_a_minute_and_a_gigabyte() {
    let parent = tempfile::tempdir().unwrap();
    let folder: PathBuf = parent.path().join("million");
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_shoal"))
        .args(["gen", "--agents", "1000000", "--seed", "1", folder.to_str().unwrap()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (mut peak_kilobytes, mut centiseconds) = (0, 0);
    // Both have to be looked at while there is a process: this waits for its end.
    let ended = loop {
        peak_kilobytes = peak(child.id()).unwrap_or(peak_kilobytes);
        centiseconds = busy(child.id()).unwrap_or(centiseconds);
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        thread::sleep(Duration::from_millis(20));
    };
    let (seconds, megabytes) = (centiseconds / 100, peak_kilobytes >> 10);
    let files = fs::read_dir(&folder).unwrap();
    let bytes: u64 = files.map(|file| file.unwrap().metadata().unwrap().len()).sum();
    println!("{seconds} s of a core, {:?}, {megabytes} MiB, {bytes} bytes", start.elapsed());
    assert!(ended.success());
    assert!((1..60).contains(&seconds), "{seconds} s");
    assert!((1..1024).contains(&megabytes), "{megabytes} MiB");
    assert!((100_000_000..1_000_000_000).contains(&bytes), "{bytes} bytes");
}

/// The most memory that a process has had, in kilobytes.
#[cfg(target_os = "linux")]
fn peak(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.trim().trim_end_matches(" kB").parse().ok()
}

/// The time a process has had of a core, in hundredths of a second, of user and kernel.
#[cfg(target_os = "linux")]
fn busy(process: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name, in parentheses, is the second field; the times are the fields 14 and 15.
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    Some(field(14)? + field(15)?)
}
