//! What the command line shows of a run, beside the run's own frames.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use system_tests::process::{program, python, signal_process};
use system_tests::stack::{Stack, text, write_simulation};

/// The frames of a run that has ended, as a reader that is not ours has them.
pub(crate) fn frames(stack: &Stack, run: &str) -> Vec<Value> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/system/read_actions.py");
    let read = python().args([script, &stack.nats.url(), run]).arg(stack.dir()).output().unwrap();
    assert!(read.status.success(), "{}", text(&read.stderr));
    let of = |platform: &str| {
        let file = std::fs::read_to_string(stack.dir().join(format!("{platform}.jsonl"))).unwrap();
        let lines = file.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.collect::<Vec<Value>>()
    };
    ["twitter", "reddit"].into_iter().flat_map(of).collect()
}

/// All actions with their platform and round.
fn actions(frames: &[Value]) -> Vec<(String, u64, Value)> {
    let of_frame = |frame: &Value| {
        let (platform, round) = (frame["platform"].as_str().unwrap().to_owned(), &frame["round"]);
        let round = round.as_u64().unwrap();
        let all = frame["actions"].as_array().unwrap().clone();
        all.into_iter().map(move |action| (platform.clone(), round, action))
    };
    frames.iter().flat_map(of_frame).collect()
}

fn is_listed(action: &Value) -> bool {
    action["success"] == true && action["action_type"] != "REFRESH"
}

/// The events that a command line prints.
fn events(stack: &Stack, arguments: &[&str]) -> Vec<Value> {
    let output = stack.shoal(&[&["events"], arguments, &["--json"]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// `twitter 12` and the like of each action event, sorted.
fn seqs(events: &[Value]) -> Vec<(String, u64)> {
    let actions = events.iter().filter(|event| event["event"] == "action");
    let place = |event: &Value| {
        let action = &event["action"];
        (action["platform"].as_str().unwrap().to_owned(), action["seq"].as_u64().unwrap())
    };
    let mut places: Vec<(String, u64)> = actions.map(place).collect();
    places.sort();
    places
}

#[test]
fn every_view_agrees_with_the_frames() {
    let stack = Stack::start();
    let folder = write_simulation(stack.dir(), "bridge", 20, 16);
    stack.shoal_json(&["run", folder.to_str().unwrap()]);
    let frames = frames(&stack, "bridge-1");
    let actions = actions(&frames);
    assert!(actions.len() > 100, "only {} actions", actions.len());

    let expected = |wanted: &dyn Fn(&Value) -> bool| {
        let all = actions.iter().filter(|(_, _, action)| wanted(action));
        let mut all: Vec<(String, u64)> = all
            .map(|(platform, _, action)| (platform.clone(), action["seq"].as_u64().unwrap()))
            .collect();
        all.sort();
        all
    };
    let all = events(&stack, &["bridge", "--all"]);
    assert_eq!(seqs(&all), expected(&|_| true));
    let markers = all.iter().filter(|event| event["event"] == "marker").count();
    let in_frames = frames.iter().map(|frame| frame["markers"].as_array().unwrap().len());
    assert_eq!(markers, in_frames.sum::<usize>());
    assert_eq!(all.last().unwrap()["status"]["status"], "completed");
    assert_eq!(seqs(&events(&stack, &["bridge"])), expected(&is_listed));
    let likes = |action: &Value| is_listed(action) && action["action_type"] == "LIKE_POST";
    assert_eq!(seqs(&events(&stack, &["bridge", "--type", "like_post"])), expected(&likes));
    let of_one = |action: &Value| is_listed(action) && action["agent_id"] == 3;
    assert_eq!(seqs(&events(&stack, &["bridge", "--agent", "Agent 3"])), expected(&of_one));

    timeline_agrees(&stack, &actions);
    agents_agree(&stack, &actions);
    posts_agree(&stack, &actions);

    let logs = stack.shoal(&["logs", "bridge", "--json", "--tail", "3"]);
    let lines = text(&logs.stdout);
    assert_eq!(lines.lines().count(), 3, "{lines}");
    let line: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!((&line["run_id"], line["line"].is_string()), (&json!("bridge-1"), true));
}

fn timeline_agrees(stack: &Stack, actions: &[(String, u64, Value)]) {
    let mut expected: BTreeMap<(u64, String), u64> = BTreeMap::new();
    for (platform, round, action) in actions.iter().filter(|(_, _, action)| is_listed(action)) {
        assert_eq!(action["success"], true);
        *expected.entry((*round, platform.clone())).or_default() += 1;
    }
    let timeline = stack.shoal_json(&["timeline", "bridge"]);
    let mut shown = BTreeMap::new();
    for round in timeline["rounds"].as_array().unwrap() {
        for (platform, world) in round["platforms"].as_object().unwrap() {
            let number = world["actions"].as_u64().unwrap();
            if number > 0 {
                shown.insert((round["round"].as_u64().unwrap(), platform.clone()), number);
            }
        }
    }
    assert_eq!(shown, expected);
    let part = stack.shoal_json(&["timeline", "bridge", "--from", "2", "--to", "4"]);
    assert_eq!(part["rounds"].as_array().unwrap().len(), 3);
}

fn agents_agree(stack: &Stack, actions: &[(String, u64, Value)]) {
    let list =
        stack.shoal_json(&["agents", "bridge", "--sort", "id", "--limit", "5", "--offset", "2"]);
    assert_eq!((&list["total"], &list["offset"]), (&json!(20), &json!(2)));
    let rows = list["items"].as_array().unwrap();
    assert_eq!(rows.len(), 5);
    for row in rows {
        let own = || actions.iter().map(|(_, _, a)| a).filter(|a| a["agent_id"] == row["agent_id"]);
        let count = |kind: &str| own().filter(|a| is_listed(a) && a["action_type"] == kind).count();
        assert_eq!(row["actions"], own().filter(|a| is_listed(a)).count(), "{row}");
        assert_eq!(row["failed"], own().filter(|a| a["success"] == false).count(), "{row}");
        assert_eq!(
            (&row["posts"], &row["comments"]),
            (&json!(count("CREATE_POST")), &json!(count("CREATE_COMMENT")))
        );
    }
    let one = stack.shoal_json(&["agents", "bridge", "agent_3"]);
    assert_eq!((&one["agent_id"], &one["name"]), (&json!(3), &json!("Agent 3")));
    assert_eq!(one["platforms"]["reddit"]["profile"]["age"], 30);
    let nobody = stack.shoal(&["agents", "bridge", "Agant 3"]);
    assert_eq!(nobody.status.code(), Some(2));
    assert!(text(&nobody.stderr).contains("did you mean \"Agent 3\"?"), "{}", text(&nobody.stderr));
}

fn posts_agree(stack: &Stack, actions: &[(String, u64, Value)]) {
    let on_twitter = |kind: &str| {
        let kind = kind.to_owned();
        actions.iter().filter(move |(platform, _, action)| {
            platform == "twitter" && is_listed(action) && action["action_type"] == kind.as_str()
        })
    };
    let arguments =
        ["posts", "bridge", "--platform", "twitter", "--sort", "comments", "--limit", "1000"];
    let posts = stack.shoal_json(&arguments);
    let posts = posts["items"].as_array().unwrap();
    let written = on_twitter("CREATE_POST").count() + on_twitter("QUOTE_POST").count();
    assert_eq!(posts.len(), written, "no profile brings posts here");
    for post in posts {
        let about = |kind: &str| {
            let id = &post["post_id"];
            on_twitter(kind)
                .filter(|(_, _, action)| &action["action_args"]["post_id"] == id)
                .count()
        };
        assert_eq!(post["comments"], about("CREATE_COMMENT"), "{post}");
        assert_eq!(post["likes"], about("LIKE_POST") - about("UNLIKE_POST"), "{post}");
    }
    let id = posts[0]["post_id"].to_string();
    let thread = stack.shoal_json(&["posts", "bridge", "--platform", "twitter", "--post", &id]);
    assert_eq!(thread["post"], posts[0]);
    assert_eq!(thread["comments"]["total"], posts[0]["comments"]);
    let found = stack.shoal_json(&["posts", "bridge", "--search", "SAYS WHO?", "--agent", "1"]);
    assert_eq!(found["total"], 2, "one in each world");
    let none = stack.shoal(&["posts", "bridge", "--post", "99999"]);
    assert_eq!(none.status.code(), Some(2));
}

#[test]
fn events_are_followed_to_the_end_and_resumed_from_any_cursor() {
    let stack = Stack::start();
    let folder = write_simulation(stack.dir(), "bridge", 10, 12);
    let run = stack.shoal_json(&["start", folder.to_str().unwrap(), "--pace", "4"]);
    assert_eq!((&run["run_id"], &run["created"]), (&json!("bridge-1"), &json!(true)));

    // Begins while rounds are played; ends by itself.
    let followed = events(&stack, &["bridge", "--follow", "--all"]);
    let mut statuses = followed.iter().filter(|event| event["event"] == "status");
    assert_eq!(statuses.next_back().unwrap()["status"]["status"], "completed");
    let all = events(&stack, &["bridge", "--all"]);
    assert_eq!(seqs(&followed), seqs(&all));

    let actions: Vec<&Value> = all.iter().filter(|event| event["event"] == "action").collect();
    for at in [0, actions.len() / 3, actions.len() - 2] {
        let cursor = actions[at]["cursor"].as_str().unwrap();
        let rest = events(&stack, &["bridge", "--all", "--after", cursor]);
        let rest: Vec<&Value> = rest.iter().filter(|event| event["event"] == "action").collect();
        assert_eq!(rest, actions[at + 1..], "after {cursor}");
    }

    // A simulation starts again from what is stored of it.
    std::fs::remove_dir_all(&folder).unwrap();
    let again = stack.shoal_json(&["start", "bridge", "--pace", "0.2", "--seed", "5"]);
    assert_eq!(again["run_id"], "bridge-2");
    let unknown = stack.shoal(&["start", "brigde"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("did you mean bridge"), "{}", text(&unknown.stderr));

    // Ctrl-C leaves the run running and says how to go on.
    let mut child = Command::new(program("shoal"))
        .args(["events", "bridge-2", "--follow"])
        .envs(&stack.environment)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
    assert!(
        first.contains("bridge-2 is ") || first.contains("twitter") || first.contains("reddit")
    );
    signal_process(child.id(), rustix::process::Signal::INT);
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130), "{}", text(&ended.stderr));
    assert!(text(&ended.stderr).contains("--follow --after "), "{}", text(&ended.stderr));
    let status = stack.shoal_json(&["status", "bridge-2"]);
    assert!(
        ["queued", "starting", "running"].contains(&status["status"].as_str().unwrap()),
        "{status}"
    );
}

#[test]
fn bash_completes_names_from_the_bus() {
    let stack = Stack::start();
    let folder = write_simulation(stack.dir(), "bridge", 4, 2);
    stack.shoal_json(&["run", folder.to_str().unwrap()]);
    let completed = |words: &[&str]| complete(&stack.environment, words);
    assert_eq!(completed(&["shoal", "status", "bri"]), ["bridge", "bridge-1"]);
    assert_eq!(completed(&["shoal", "start", "bri"]), ["bridge"]);
    assert_eq!(completed(&["shoal", "stat"]), ["status"]);
    assert_eq!(completed(&["shoal", "agents", "bridge", "agent 2"]), ["Agent\\ 2"]);
    assert_eq!(completed(&["shoal", "interview", "bridge-1", "--agent", "\"Agent 2"]), ["Agent 2"]);
    let mut nowhere = stack.environment.clone();
    nowhere.insert("NATS_URL".to_owned(), "nats://127.0.0.1:1".to_owned());
    assert_eq!(complete(&nowhere, &["shoal", "status", "bri"]), [""; 0]);
}

/// What bash offers for the last of these words; fails if anything else is said.
fn complete(environment: &BTreeMap<String, String>, words: &[&str]) -> Vec<String> {
    // Outside of a completion there is no `compopt`.
    let script = "compopt() { :; }; eval \"$(shoal completions bash)\"; COMP_WORDS=(\"$@\"); \
                  COMP_CWORD=$(($# - 1)); _shoal; [ ${#COMPREPLY[@]} = 0 ] || printf '%s\\n' \"${COMPREPLY[@]}\"";
    let programs = program("shoal").parent().map(Path::to_owned).unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("bash")
        .args(["--norc", "-c", script, "bash"])
        .args(words)
        .envs(environment)
        .env("PATH", format!("{}:{path}", programs.display()))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(text(&output.stderr), "", "{words:?}");
    text(&output.stdout).lines().map(str::to_owned).collect()
}
