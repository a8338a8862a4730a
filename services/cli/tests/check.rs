//! `shoal check`: what is understood, and what is wrong, for people and for scripts.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::ffi::OsString;
use std::process::ExitCode;

use cli::output::{Output, Screens};
use serde_json::{Value, json};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// Checks folders of the repository; exit code and stdout, in which the repository is `ROOT`.
async fn check(folders: &[&str], options: &[&str]) -> (String, String) {
    let paths: Vec<String> = folders.iter().map(|folder| format!("{ROOT}/{folder}")).collect();
    let all = ["shoal", "check"].into_iter().chain(paths.iter().map(String::as_str));
    // Whoever asked this server would fail: nobody listens there.
    let all = all.chain(options.iter().copied()).chain(["--nats-url", "nats://127.0.0.1:1"]);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut output = Output::new(&mut out, &mut err, Screens::default());
    let code = cli::execute(all.map(OsString::from), &mut output).await.unwrap();
    assert_eq!(String::from_utf8(err).unwrap(), "");
    (format!("{code:?}"), String::from_utf8(out).unwrap().replace(ROOT, "ROOT"))
}

fn exit(code: u8) -> String {
    format!("{:?}", ExitCode::from(code))
}

#[tokio::test]
async fn a_sound_folder_is_described() {
    let (code, out) = check(&["samples/tea-house"], &[]).await;
    assert_eq!(code, exit(0));
    let expected = "\
ROOT/samples/tea-house: no problem
  simulation  tea-house
  worlds      twitter (17 follows and 1 post from before), reddit (17 follows and 1 post from before)
  agents      8
  time        24 rounds of 30 min: 12 h from 2026-04-11 10:00
  posts       2 at the start, 3 planned for later

  TYPE         AGENTS  SUPPORTIVE  OPPOSING  NEUTRAL  OBSERVER
  Person            2           0         2        0         0
  Baker             1           1         0        0         0
  MediaOutlet       1           0         0        0         1
  Nurse             1           1         0        0         0
  Official          1           0         0        1         0
  Owner             1           1         0        0         0
  Student           1           0         0        1         0
  all               8           3         2        2         1
";
    assert_eq!(out, expected);
}

#[tokio::test]
async fn problems_are_grouped_and_counted() {
    let broken = "crates/intake/tests/broken";
    let folders = ["samples/tea-house".to_owned(), format!("{broken}/folder-three-files-broken")];
    let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
    let (code, out) = check(&folders, &[]).await;
    assert_eq!(code, exit(2));
    let (_, rest) = out.split_once("\n\nROOT/crates").unwrap();
    let expected = "/intake/tests/broken/folder-three-files-broken: 3 problems
  simulation_config.json
    simulation_config.json /agent_configs/1/entity_name: found an empty text, expected the agent's name
  twitter_profiles.csv
    twitter_profiles.csv line 3, username: found an empty text, expected a handle
  reddit_profiles.json
    reddit_profiles.json /1/age: found -61, expected a whole number from 0 to 1000

3 problems in 1 of 2 folders
";
    assert_eq!(rest, expected);
}

#[tokio::test]
async fn scripts_get_one_document() {
    let folders = ["samples/tea-house", "crates/intake/tests/broken/yaml-no-name"];
    let (code, out) = check(&folders, &["--json"]).await;
    assert_eq!(code, exit(2));
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["ok"], false);
    let [sound, broken] = [&report["folders"][0], &report["folders"][1]];
    assert_eq!((&sound["problems"], &sound["simulation"]["agents"]), (&json!([]), &json!(8)));
    assert_eq!(sound["simulation"]["worlds"]["reddit"], json!({"follows": 17, "past_posts": 1}));
    assert_eq!(sound["simulation"]["types"]["Person"], json!({"opposing": 2}));
    assert_eq!(broken["simulation"], Value::Null);
    assert_eq!(
        broken["problems"],
        json!([{"place": "simulation.yaml:1:1 /name", "found": "nothing",
                "expected": "a name for the simulation, e.g. tea-house"}])
    );
}

#[tokio::test]
async fn limits_may_be_smaller() {
    for (option, limit) in [("--max-agents=7", "max_agents"), ("--max-rounds=23", "max_rounds")] {
        let (code, out) = check(&["samples/tea-house"], &[option]).await;
        assert_eq!(code, exit(2));
        assert!(out.contains("1 problem\n") && out.contains(&format!("(limit {limit})")), "{out}");
    }
}
