//! One configuration file for all programs.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use kit::config::{CONFIG_VARIABLE, KNOWN};
use kit::telemetry::{FORMAT_VARIABLE, LOG_VARIABLE};
use nats_process::{NatsServer, Options};
use serde_json::{Value, json};
use system_tests::process::program;
use system_tests::stack::text;
use tempfile::TempDir;

const PROGRAMS: [&str; 4] = ["shoal", "shoal-launcher", "shoal-memory-sink", "shoal-simulator"];

/// Runs a program in an environment that has nothing of ours but this.
fn run(name: &str, arguments: &[&str], home: &Path, environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(program(name));
    for known in KNOWN.iter().chain([&CONFIG_VARIABLE, &"XDG_CONFIG_HOME"]) {
        command.env_remove(known);
    }
    let environment = environment.iter().copied();
    command.args(arguments).env("HOME", home).envs(environment).output().unwrap()
}

#[test]
fn the_names_in_the_file_are_those_that_the_programs_read() {
    let home = TempDir::new().unwrap();
    let mut read: BTreeSet<String> = [LOG_VARIABLE, FORMAT_VARIABLE].map(str::to_owned).into();
    for name in PROGRAMS {
        let help = text(&run(name, &["--help"], home.path(), &[]).stdout);
        let shown = help.split("[env: ").skip(1).filter_map(|rest| rest.split([']', '=']).next());
        read.extend(shown.map(str::to_owned));
    }
    assert!(read.remove(CONFIG_VARIABLE), "{read:?}");
    assert_eq!(read, KNOWN.map(str::to_owned).into(), "kit::config::KNOWN");
}

#[test]
fn a_flag_goes_before_the_environment_and_that_before_the_file() {
    let nats = NatsServer::start(Options::default());
    let home = TempDir::new().unwrap();
    let folder = home.path().join(".config/shoal");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("config.toml");
    let url = nats.url();
    std::fs::write(&file, format!("nats_url = {url:?}\nshoal_prefix = \"file\"\n")).unwrap();

    // It reaches the bus by the file alone.
    let made = run("shoal", &["provision", "--json"], home.path(), &[]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    assert!(made["streams"].as_array().unwrap().contains(&json!("FILE_ACTIONS")), "{made}");

    let prefix = |arguments: &[&str], environment: &[(&str, &str)]| {
        let all = [&["config", "--json"], arguments].concat();
        let shown = run("shoal", &all, home.path(), environment);
        let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
        let rows = shown["settings"].as_array().unwrap();
        let row = rows.iter().find(|row| row["name"] == "SHOAL_PREFIX").unwrap();
        (row["value"].as_str().unwrap().to_owned(), row["source"].as_str().unwrap().to_owned())
    };
    let own = |value: &str, source: &str| (value.to_owned(), source.to_owned());
    let environment = [("SHOAL_PREFIX", "env")];
    assert_eq!(prefix(&["--prefix", "flag"], &environment), own("flag", "flag"));
    assert_eq!(prefix(&[], &environment), own("env", "environment"));
    assert_eq!(prefix(&[], &[]), own("file", "file"));
    let other = home.path().join("other.toml");
    std::fs::write(&other, "").unwrap();
    assert_eq!(prefix(&[], &[(CONFIG_VARIABLE, other.to_str().unwrap())]), own("sim", "default"));
}

#[test]
fn every_program_refuses_a_file_with_problems_and_names_them_all() {
    let home = TempDir::new().unwrap();
    let file = home.path().join("config.toml");
    std::fs::write(&file, "nats_ulr = \"x\"\nshoal_slots = []\nshoal_log = 1.5\n").unwrap();
    for name in PROGRAMS {
        let refused = run(name, &["--config", file.to_str().unwrap(), "ls"], home.path(), &[]);
        assert_eq!(refused.status.code(), Some(64), "{name}");
        let said = text(&refused.stderr);
        assert!(
            said.contains("line 1: found the key \"nats_ulr\", expected \"nats_url\""),
            "{said}"
        );
        assert!(said.contains("line 3, shoal_log: found a decimal"), "{said}");
    }
}
