//! What is said of damaged backups and of servers that do not fit, without a server.

use std::fs;

use bus::backup::{Holds, ORDER, There};
use bus::topology::stream_name;
use contract::subject::Prefix;
use contract::timestamp::Timestamp;
use serde_json::json;
use tempfile::TempDir;

use super::check::{
    Before, Foreign, MADE_OF, before, config, file_problems, manifest_problems, server_problems,
    stream_problem,
};
use super::manifest::{Entry, FORMAT, MANIFEST, Manifest, digest};
use super::view::Done;

/// A backup whose files hold their own names.
fn whole() -> (TempDir, Manifest) {
    let dir = TempDir::new().unwrap();
    let entry = |stream| {
        let stream = stream_name(&Prefix::default(), stream);
        let path = Entry::file(dir.path(), &stream);
        fs::write(&path, &stream).unwrap();
        let (size, sha256) = digest(&path).unwrap();
        let config = json!({"name": stream, "max_bytes": 1_000_000, "num_replicas": 1});
        let held = Holds { messages: 3, last_seq: 7, ..Holds::default() };
        Entry { stream, config, held, removed: 0, size, sha256 }
    };
    let manifest = Manifest {
        format: FORMAT,
        made_at: Timestamp::EPOCH,
        shoal: "0.1.0".to_owned(),
        server: "2.15.1".to_owned(),
        prefix: "sim".to_owned(),
        streams: ORDER.map(entry).into(),
    };
    manifest.write(dir.path()).unwrap();
    (dir, manifest)
}

#[test]
fn what_is_written_is_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let (dir, manifest) = whole();
    assert_eq!(Manifest::read(dir.path()), Ok(manifest.clone()));
    let mode = fs::metadata(dir.path().join(MANIFEST)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(manifest_problems(&manifest, &Prefix::default()), Vec::<String>::new());
    assert_eq!(file_problems(&manifest, dir.path(), &Done::default()), Vec::<String>::new());
    assert_eq!(server_problems(&manifest, "2.15.1", false, None), Vec::<String>::new());
}

#[test]
fn a_folder_without_a_manifest_is_no_backup() {
    let (dir, _) = whole();
    let path = dir.path().join(MANIFEST);
    fs::write(&path, r#"{"format": 2, "streams": "elsewhere"}"#).unwrap();
    let problem = Manifest::read(dir.path()).unwrap_err();
    assert!(problem.contains("format: found 2, expected 1"), "{problem}");
    fs::write(&path, r#"{"format": 1"#).unwrap();
    let problem = Manifest::read(dir.path()).unwrap_err();
    assert!(problem.contains("EOF while parsing"), "{problem}");
    fs::remove_file(&path).unwrap();
    let problem = Manifest::read(dir.path()).unwrap_err();
    assert!(problem.contains("no backup, or one that was broken off"), "{problem}");
}

#[test]
fn all_that_is_wrong_with_the_files_is_said_at_once() {
    let (dir, manifest) = whole();
    let file = |stream: &str| Entry::file(dir.path(), stream);
    fs::remove_file(file("SIM_ACTIONS")).unwrap();
    fs::write(file("SIM_INPUTS"), "SIM_INPUT").unwrap();
    fs::write(file("SIM_SPECS"), "SIM_SPECT").unwrap();
    let problems = file_problems(&manifest, dir.path(), &Done::default());
    let [missing, short, changed] = problems.as_slice() else { panic!("{problems:?}") };
    assert!(missing.contains("SIM_ACTIONS.s2: No such file"), "{missing}");
    assert!(short.contains("SIM_INPUTS.s2: found 9 bytes, expected 10"), "{short}");
    assert!(changed.contains("SIM_SPECS.s2: it was changed: found SHA-256"), "{changed}");
}

#[test]
fn all_that_is_wrong_with_the_manifest_is_said_at_once() {
    let (_dir, mut manifest) = whole();
    let twice = manifest.streams[0].clone();
    manifest.streams.push(twice);
    manifest.streams[1].stream = "../SIM_ELSEWHERE".to_owned();
    manifest.streams[2].config["name"] = json!("SIM_OTHER");
    assert_eq!(
        manifest_problems(&manifest, &Prefix::default()),
        [
            "../SIM_ELSEWHERE: config.name: found \"SIM_ENV_STATUS\", expected \"../SIM_ELSEWHERE\"",
            "KV_SIM_LEDGER: config.name: found \"SIM_OTHER\", expected \"KV_SIM_LEDGER\"",
            "SIM_REPLIES: found 2 times, expected once",
            "SIM_ENV_STATUS: expected it, and it is not there",
            "\"../SIM_ELSEWHERE\": found it, and it is no stream of ours",
        ]
    );
    assert_eq!(
        manifest_problems(&manifest, &"lab".parse().unwrap()),
        ["prefix: found sim, expected lab: set SHOAL_PREFIX or --prefix to sim"]
    );
}

#[test]
fn a_server_that_is_older_or_alone_is_named() {
    let (_dir, mut manifest) = whole();
    manifest.streams[3].config["num_replicas"] = json!(3);
    let problems = server_problems(&manifest, "2.14.9", false, None);
    assert!(problems[0].contains("found 2.14.9, expected 2.15.1 or newer"), "{problems:?}");
    assert!(problems[1].contains("expected a cluster that keeps 3 copies"), "{problems:?}");
    for (version, clustered, replicas) in
        [("2.15.0", true, None), ("2.16.0-dev", false, Some(1)), ("3.0.1", true, Some(5))]
    {
        let problems = server_problems(&manifest, version, clustered, replicas);
        assert_eq!(problems, Vec::<String>::new(), "{version}");
    }
}

#[test]
fn what_is_there_is_ours_whole_or_in_part_or_somebody_elses() {
    let (_dir, manifest) = whole();
    let entry = &manifest.streams[4];
    let there = |id: Option<String>, messages, last_seq| There {
        config: match id {
            Some(id) => json!({"metadata": {MADE_OF: id}}),
            None => json!({}),
        },
        held: Holds { messages, last_seq, ..Holds::default() },
    };
    let ours = || Some(manifest.id());
    let foreign = |messages| Before::Foreign(Foreign::Messages(messages));
    for (there, expected) in [
        (None, Before::Nothing),
        (Some(there(ours(), 3, 7)), Before::Restored),
        (Some(there(ours(), 2, 5)), Before::Leftover),
        (Some(there(ours(), 0, 0)), Before::Leftover),
        // Somebody has gone on with it, or taken something from it.
        (Some(there(ours(), 4, 8)), foreign(4)),
        (Some(there(ours(), 2, 7)), foreign(2)),
        (Some(there(None, 3, 7)), foreign(3)),
        (Some(there(Some("another".to_owned()), 2, 5)), foreign(2)),
        (Some(there(None, 0, 0)), Before::Foreign(Foreign::Empty)),
    ] {
        let found = before(&manifest, entry, there.as_ref());
        assert_eq!(found, expected, "{there:?}");
        let is_refused = stream_problem(&entry.stream, found).is_some();
        assert_eq!(is_refused, matches!(expected, Before::Foreign(_)));
    }
}

#[test]
fn a_stream_is_kept_as_it_was_but_for_its_copies_and_a_note() {
    let (_dir, manifest) = whole();
    let made = config(&manifest, &manifest.streams[0], Some(3));
    let expected = json!({
        "name": "SIM_REPLIES", "max_bytes": 1_000_000, "num_replicas": 3,
        "metadata": {MADE_OF: manifest.id()},
    });
    assert_eq!(made, expected);
    assert_eq!(config(&manifest, &manifest.streams[0], None)["num_replicas"], 1);
}
