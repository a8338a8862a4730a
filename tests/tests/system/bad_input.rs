//! What bad input gets: all that is wrong, where, and what to do.

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output};

use nats_process::{NatsServer, Options};
use system_tests::process::{program, run};
use system_tests::stack::{text, write_simulation};
use tempfile::TempDir;

/// A port on which nobody will ever listen: discard, reserved for us by nobody else's wish.
const NOBODY: &str = "nats://127.0.0.1:9";

fn shoal(arguments: &[&str], url: &str) -> Output {
    let environment = BTreeMap::from([("NATS_URL".to_owned(), url.to_owned())]);
    run(&program("shoal"), arguments, &environment)
}

/// Runs a folder whose files `spoil` has changed; asserts the exit code and all that is said.
fn check(spoil: impl Fn(&Path), expected: &str) {
    let dir = TempDir::new().unwrap();
    let folder = write_simulation(dir.path(), "bridge", 3, 4);
    spoil(&folder);
    // No bus is needed to say what is wrong with a folder.
    let output = shoal(&["run", folder.to_str().unwrap()], NOBODY);
    let said = text(&output.stderr).replace(&folder.display().to_string(), "FOLDER");
    assert_eq!(said.trim_end(), expected);
    assert_eq!(output.status.code(), Some(2), "{said}");
}

fn replace(folder: &Path, from: &str, to: &str) {
    let path = folder.join("simulation_config.json");
    let config = fs::read_to_string(&path).unwrap();
    assert!(config.contains(from), "{from} is not in the configuration");
    fs::write(path, config.replacen(from, to, 1)).unwrap();
}

#[test]
fn every_problem_of_a_folder_is_said_at_once() {
    check(
        |folder| {
            replace(folder, r#""activity_level":0.9"#, r#""activity_level":NaN"#);
            replace(folder, r#""posts_per_hour":0.6"#, r#""posts_per_hour":-1"#);
            replace(folder, r#""poster_agent_id":1"#, r#""poster_agent_id":77"#);
            replace(folder, r#""stance":"opposing""#, r#""stance":"oposing""#);
            replace(folder, r#""agents_per_hour_max":3"#, r#""agents_per_hour_max":"many""#);
        },
        EVERY_PROBLEM,
    );
    for id in ["../x", "a.b", "*"] {
        check(
            |folder| {
                replace(
                    folder,
                    r#""simulation_id":"bridge""#,
                    &format!(r#""simulation_id":"{id}""#),
                );
            },
            &BAD_ID.replace("ID", id),
        );
    }
}

#[test]
fn files_that_cannot_be_read_at_all_are_named_together() {
    check(
        |folder| {
            fs::write(folder.join("simulation_config.json"), "{\"simulation_id\": ").unwrap();
            let profiles = folder.join("reddit_profiles.json");
            let text =
                fs::read_to_string(&profiles).unwrap().replacen("\"persona\"", "\"prsona\"", 1);
            fs::write(profiles, text).unwrap();
        },
        UNREADABLE,
    );
}

const UNREADABLE: &str = "\
shoal: FOLDER has 2 problems:
  simulation_config.json line 1, column 18: found something that is no JSON (EOF while parsing a value), expected JSON (the file ends too early: was it cut off?)
  reddit_profiles.json /0/persona: found nothing, expected who the agent is";

#[test]
fn agents_that_share_an_id_are_named() {
    check(|folder| replace(folder, r#""agent_id":2"#, r#""agent_id":1"#), SHARED_ID);
}

const SHARED_ID: &str = "\
shoal: FOLDER has 2 problems:
  simulation_config.json /agent_configs/2/agent_id: found 1 again, as at /agent_configs/1/agent_id, expected one of the ids 0 to 2, each once
  simulation_config.json /agent_configs: found no agent 2, expected the ids 0 to 2, each once";

#[test]
fn a_file_that_is_too_large_is_not_read() {
    check(
        |folder| {
            let file = File::options().write(true).open(folder.join("simulation_config.json"));
            file.unwrap().set_len(200 * 1024 * 1024).unwrap();
        },
        TOO_LARGE,
    );
}

const EVERY_PROBLEM: &str = "\
shoal: FOLDER has 5 problems:
  simulation_config.json /agent_configs/0/activity_level: found NaN, expected a number
  simulation_config.json /time_config/agents_per_hour_max: found the text \"many\", expected a whole number from 0 to 1000000
  simulation_config.json /agent_configs/0/posts_per_hour: found -1, expected a number from 0 to 1000
  simulation_config.json /agent_configs/1/stance: found \"oposing\", expected \"opposing\" (did you mean that?)
  simulation_config.json /event_config/initial_posts/1/poster_agent_id: found 77, expected the id of an agent, 0 to 2";

const BAD_ID: &str = "\
shoal: FOLDER has 1 problem:
  simulation_config.json /simulation_id: found \"ID\", expected 1 to 48 of a-z, 0-9, _ and -, \
beginning with a letter or digit, not ending in -<digits>";

const TOO_LARGE: &str = "\
shoal: FOLDER has 1 problem:
  simulation_config.json: found 209715200 bytes, expected at most 67108864 bytes (limit max_config_bytes)";

#[test]
fn no_server_is_said_with_what_to_do() {
    let output = shoal(&["ls"], NOBODY);
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(
        text(&output.stderr).trim_end(),
        "shoal: no nats-server answers at nats://127.0.0.1:9 (tried for 5 s, last: IO error: \
         Connection refused (os error 111)); start one, or set NATS_URL to one that runs"
    );
}

#[test]
fn a_server_that_is_too_old_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("nats://{}", listener.local_addr().unwrap());
    // As much of an old server as a client ever sees before it must turn away.
    let greeting = "INFO {\"server_id\":\"old\",\"version\":\"2.9.10\",\"proto\":1,\
                    \"headers\":true,\"max_payload\":1048576,\"jetstream\":true}\r\n";
    let old = std::thread::spawn(move || {
        for stream in listener.incoming().flatten().take(8) {
            answer_pings(stream, greeting);
        }
    });
    let output = shoal(&["ls"], &url);
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(
        text(&output.stderr).trim_end().replace(&url, "URL"),
        "shoal: the nats-server at URL is version 2.9.10, but Shoal needs 2.12 or newer: older \
         ones take atomic batches apart without a word; upgrade it, or set NATS_URL to a newer one"
    );
    drop(old);
}

fn answer_pings(mut stream: std::net::TcpStream, greeting: &str) {
    use std::io::Read;
    if stream.write_all(greeting.as_bytes()).is_err() {
        return;
    }
    let mut buffer = [0; 4096];
    while let Ok(1..) = stream.read(&mut buffer) {
        if stream.write_all(b"PONG\r\n").is_err() {
            return;
        }
    }
}

#[test]
fn a_busy_port_is_named() {
    let nats = NatsServer::start(Options::default());
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = busy.local_addr().unwrap().to_string();
    let environment = BTreeMap::from([
        ("NATS_URL".to_owned(), nats.url()),
        ("SHOAL_HTTP_LISTEN".to_owned(), address.clone()),
        ("SHOAL_LOG".to_owned(), "error".to_owned()),
    ]);
    let output = run(&program("shoal-launcher"), &[], &environment);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stderr).trim_end().replace(&address, "ADDRESS"),
        "shoal-launcher: cannot listen on ADDRESS; set SHOAL_HTTP_LISTEN to a free address: \
         Address already in use (os error 98)"
    );
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let nats = NatsServer::start(Options::default());
    let dir = TempDir::new().unwrap();
    let open = Permissions::from_mode(0o755);
    fs::set_permissions(dir.path(), open).unwrap();
    let memory = dir.path().join("memory");
    fs::create_dir(&memory).unwrap();
    fs::set_permissions(&memory, Permissions::from_mode(0o555)).unwrap();
    // A copy where everybody may reach it: root may write anywhere, so it must run as nobody.
    let sink = dir.path().join("shoal-memory-sink");
    fs::copy(program("shoal-memory-sink"), &sink).unwrap();
    let mut command = Command::new(&sink);
    command.env("NATS_URL", nats.url()).env("SHOAL_MEMORY_DIR", &memory).env("SHOAL_LOG", "error");
    if rustix::process::geteuid().is_root() {
        command.uid(65534).gid(65534);
    }
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr).replace(&memory.display().to_string(), "FOLDER");
    assert_eq!(
        said.trim_end(),
        "shoal-memory-sink: folder of memories FOLDER cannot be used: Permission denied \
         (os error 13); set SHOAL_MEMORY_DIR to a folder that can be written"
    );
}
