//! Files of targets, right and wrong.

use std::time::Duration;

use clap::CommandFactory;
use serde_json::json;

use super::*;
use crate::adapters::zep::Dialect;
use crate::policy::Batching;
use crate::render::Language;

/// Reads `targets` as a file in a folder with files `token` and `key`, one that is `empty`, and
/// one, `place`, that holds a secret where an address belongs.
fn read(targets: &Value) -> Result<Targets, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("targets.json");
    std::fs::write(&path, json!({ "targets": targets }).to_string()).unwrap();
    std::fs::write(folder.path().join("token"), "Bearer s3cret\n").unwrap();
    std::fs::write(folder.path().join("key"), "z_s3cret\n").unwrap();
    std::fs::write(folder.path().join("empty"), "\n").unwrap();
    std::fs::write(folder.path().join("place"), "s3cret:token\n").unwrap();
    let prefix = format!("{}/", folder.path().display());
    read_targets(Some(&path)).map_err(|problems| problems.to_string().replace(&prefix, ""))
}

#[test]
fn the_command_line_is_sound() {
    Args::command().debug_assert();
}

#[test]
fn without_a_file_there_is_the_embedded_memory() {
    let targets = read_targets(None).unwrap();
    assert!(matches!(targets["local"].kind, TargetKind::Sqlite) && targets.len() == 1);
}

#[test]
fn a_webhook_gets_its_secrets_from_files_and_shows_none() {
    let targets = read(&json!({
        "local": {"kind": "sqlite"},
        "hook": {
            "kind": "http", "url": "https://memory.example/in?key=k3y",
            "headers": {"X-Team": "blue"}, "header_files": {"Authorization": "token"},
            "body": {"say": "{{text}}"},
        },
    }))
    .unwrap();
    let TargetKind::Http(hook) = &targets["hook"].kind else { panic!("{targets:?}") };
    assert_eq!(hook.headers["authorization"], "Bearer s3cret");
    assert_eq!(hook.headers["x-team"], "blue");
    let shown = format!("{targets:?} {:?}", hook.headers);
    assert!(!shown.contains("s3cret") && !shown.contains("k3y"), "{shown}");
}

#[test]
fn every_problem_of_the_file_is_named() {
    let error = read(&json!({
        "A.b": {"kind": "sqlite"},
        "ftp": {"kind": "http", "url": "ftp://x/"},
        "hook": {
            "kind": "http", "urll": "x", "header_files": {"Authorization": "gone"},
            "headers": {"Host": "x", "bad name": "x", "X-Lines": "a\nb", "X-Number": 1},
            "body": {"say": "{{texts}}"},
        },
        "odd": {"kind": "sqlit"},
        "two": {"kind": "sqlite"},
    }))
    .unwrap_err();
    assert_eq!(
        error.lines().collect::<Vec<_>>(),
        [
            "targets.json /targets/A.b: found the name \"A.b\", expected 1 to 32 of a-z, 0-9, \
             _ and -, beginning with a letter or digit",
            "targets.json /targets/ftp/url: found an address of scheme \"ftp\", expected an \
             address that begins with http:// or https://",
            "targets.json /targets/hook/urll: found an unknown field, expected \"url\" (did \
             you mean that?)",
            "targets.json /targets/hook/url: found nothing, expected the address to post to, \
             or url_file in its place",
            "targets.json /targets/hook/headers/Host: found a header that the sink sets, \
             expected others",
            "targets.json /targets/hook/headers/X-Lines: found control characters, expected \
             a header's value, one line",
            "targets.json /targets/hook/headers/X-Number: found 1, expected a text",
            "targets.json /targets/hook/headers/bad name: found the name \"bad name\", \
             expected a header's name",
            "targets.json /targets/hook/header_files/Authorization: found No such file or \
             directory (os error 2), expected the name of a file that holds the header's \
             value, beside this one",
            "targets.json /targets/hook/body/say: found {{texts}}, expected {{text}} (did you \
             mean that?)",
            "targets.json /targets/odd/kind: found \"sqlit\", expected \"sqlite\" (did you \
             mean that?)",
            "targets.json /targets/two: found a second target of kind sqlite, expected one: \
             there is one file",
        ]
    );
}

#[test]
fn what_looks_like_a_scheme_in_a_file_is_not_shown() {
    let hook = json!({"kind": "http", "url_file": "place", "body": {"say": "{{text}}"}});
    assert_eq!(
        read(&json!({ "hook": hook })).unwrap_err(),
        "targets.json /targets/hook/url_file: found an address of another scheme, expected an \
         address that begins with http:// or https://"
    );
}

/// Who writes a secret where the name of its file belongs is not shown it.
#[test]
fn what_stands_in_the_place_of_a_name_is_not_shown() {
    let address = "https://u:s3cret@memory.example/in";
    let error = read(&json!({
        "one": {"kind": "http", "url_file": address, "body": {"say": "{{text}}"}},
        "two": {
            "kind": "http", "url": "http://x/", "body": {"say": "{{text}}"},
            "header_files": {"Authorization": "Bearer s3cret"},
        },
    }))
    .unwrap_err();
    assert_eq!(
        error.lines().collect::<Vec<_>>(),
        [
            "targets.json /targets/one/url_file: found No such file or directory (os error \
             2), expected the name of a file that holds the address, beside this one",
            "targets.json /targets/two/header_files/Authorization: found No such file or \
             directory (os error 2), expected the name of a file that holds the header's \
             value, beside this one",
        ]
    );
}

#[test]
fn an_unreadable_file_says_which() {
    let error = read_targets(Some(Path::new("no/such.json"))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no/such.json: found No such file or directory (os error 2), expected a readable \
         file (SHOAL_MEMORY_TARGETS)"
    );
    assert!(read(&json!([])).is_err());
    assert!(read(&json!({})).is_err());
}

#[test]
fn a_zep_has_what_is_said_and_else_what_is_usual() {
    let targets = read(&json!({
        "plain": {"kind": "zep", "key_file": "key"},
        "new": {"kind": "zep", "key_file": "key", "dialect": "v4", "create": false},
        "own": {
            "kind": "zep", "key_file": "key", "url": "http://127.0.0.1:9/zep/", "language": "zh",
            "batch": {"actions": 40, "characters": 9_500, "per_round": true, "seconds": 0},
            "timeout_seconds": 300, "requests_per_minute": 5,
        },
        "much": {"kind": "zep", "key_file": "key", "batch": "stream"},
    }))
    .unwrap();
    let zep = |name: &str| match &targets[name].kind {
        TargetKind::Zep(zep) => (zep.dialect, zep.url.to_string(), zep.create),
        other => panic!("{other:?}"),
    };
    let at = |url: &str| url.to_owned();
    assert_eq!(zep("plain"), (Dialect::V2, at("https://api.getzep.com/api/v2"), true));
    assert_eq!(zep("new"), (Dialect::V4, at("https://api.getzep.com/api/v4"), false));
    assert_eq!(zep("own"), (Dialect::V2, at("http://127.0.0.1:9/zep/"), true));
    assert_eq!(targets["plain"].policy, policy::ZEP);
    assert_eq!(
        targets["own"].policy,
        Policy {
            language: Language::Chinese,
            batching: Batching {
                actions: 40,
                characters: 9_500,
                per_round: true,
                age: Duration::ZERO
            },
            timeout: Duration::from_secs(300),
            per_minute: Some(5),
        }
    );
    // Whatever it is called, Zep takes no more.
    assert_eq!(targets["much"].policy.batching.characters, 9_500);
    assert_eq!(targets["much"].policy.batching.actions, Batching::STREAM.actions);
    assert!(!format!("{targets:?}").contains("s3cret"));
}

#[test]
fn each_kind_has_its_own_usual_batch() {
    let hook = |batch: Value| json!({"kind": "http", "url": "http://x/", "batch": batch});
    let targets = read(&json!({
        "local": {"kind": "sqlite", "language": "zh"},
        "rows": {"kind": "jsonl", "folder": "a/rows"}, "few": {
            "kind": "jsonl", "folder": "/b", "batch": {"actions": 10},
        },
        "hook": hook(Value::Null), "fives": hook(json!("fives")),
        "some": hook(json!({"actions": 7, "characters": 50_000})),
    }))
    .unwrap();
    let batching = |name: &str| targets[name].policy.batching;
    assert_eq!(batching("local"), Batching::STREAM);
    assert_eq!(targets["local"].policy.language, Language::Chinese);
    let folder = |name: &str| match &targets[name].kind {
        TargetKind::Jsonl { folder } => folder.display().to_string(),
        other => panic!("{other:?}"),
    };
    assert!(folder("rows").ends_with("/a/rows") && folder("rows").len() > "/a/rows".len());
    assert_eq!((folder("few").as_str(), batching("rows")), ("/b", Batching::STREAM));
    assert_eq!(batching("few"), Batching { actions: 10, ..Batching::STREAM });
    let rounds = Batching { characters: u32::MAX, ..Batching::ROUNDS };
    assert_eq!(batching("hook"), rounds);
    assert_eq!(batching("fives"), Batching { characters: u32::MAX, ..Batching::FIVES });
    assert_eq!(batching("some"), Batching { actions: 7, characters: 50_000, ..rounds });
}

#[test]
fn every_problem_of_a_zep_and_of_a_policy_is_named() {
    let error = read(&json!({
        "a": {"kind": "zep", "dialect": "v3", "url": "https://me:s3cret@x/", "key": "s3cret"},
        "b": {
            "kind": "zep", "key_file": "empty", "url": "http://x/?key=s3cret", "language": "de",
            "batch": {"actions": 0, "characters": 9_501, "per_round": 1, "second": 5},
            "timeout_seconds": 301, "requests_per_minute": 0,
        },
        "c": {"kind": "zep", "key_file": "token", "create": "yes", "batch": "five"},
        "d": {"kind": "sqlite", "batch": "fives", "timeout_seconds": 0.5},
        "e": {"kind": "http", "url": "http://x/", "batch": 5},
        "f": {"kind": "sqlte"},
        "g": {"kind": "neo4j"},
        "h": {"kind": "jsonl", "folder": "", "url": "x"},
        "i": {"kind": "jsonl"},
    }))
    .unwrap_err();
    assert_eq!(
        error.lines().collect::<Vec<_>>(),
        [
            "targets.json /targets/a/key: found an unknown field, expected one of kind, \
             dialect, url, key_file, create, language, batch, timeout_seconds, \
             requests_per_minute",
            "targets.json /targets/a/dialect: found \"v3\", expected one of v2, v4",
            "targets.json /targets/a/url: found an address with a user, expected an address \
             that begins with http:// or https://, without user, query and fragment",
            "targets.json /targets/a/key_file: found nothing, expected the name of a file that \
             holds the key",
            "targets.json /targets/b/url: found an address with a query or fragment, expected \
             an address that begins with http:// or https://, without user, query and fragment",
            "targets.json /targets/b/key_file: found a file that holds nothing, expected one \
             line of letters, digits and signs",
            "targets.json /targets/b/language: found \"de\", expected one of en, zh",
            "targets.json /targets/b/batch/second: found an unknown field, expected \
             \"seconds\" (did you mean that?)",
            "targets.json /targets/b/batch/actions: found 0, expected a whole number from 1 to \
             10000",
            "targets.json /targets/b/batch/characters: found 9501, expected a whole number \
             from 500 to 9500",
            "targets.json /targets/b/batch/per_round: found 1, expected true or false",
            "targets.json /targets/b/timeout_seconds: found 301, expected a whole number from \
             1 to 300",
            "targets.json /targets/b/requests_per_minute: found 0, expected a whole number \
             from 1 to 100000",
            "targets.json /targets/c/key_file: found what is no key, expected one line of \
             letters, digits and signs",
            "targets.json /targets/c/create: found the text \"yes\", expected true or false",
            "targets.json /targets/c/batch: found \"five\", expected \"fives\" (did you mean \
             that?)",
            "targets.json /targets/d/batch: found a field that this kind has no use for, \
             expected none",
            "targets.json /targets/d/timeout_seconds: found 0.5, expected a whole number from \
             1 to 300",
            "targets.json /targets/e/batch: found 5, expected \"fives\", \"rounds\", \
             \"stream\" or an object",
            "targets.json /targets/f/kind: found \"sqlte\", expected \"sqlite\" (did you mean \
             that?)",
            "targets.json /targets/g/kind: found \"neo4j\", expected sqlite, http, zep or \
             jsonl",
            "targets.json /targets/h/url: found an unknown field, expected one of kind, \
             folder, language, batch, timeout_seconds, requests_per_minute",
            "targets.json /targets/h/folder: found an empty text, expected a folder, as seen \
             from that of this file",
            "targets.json /targets/i/folder: found nothing, expected a folder, as seen from \
             that of this file",
        ]
    );
}
