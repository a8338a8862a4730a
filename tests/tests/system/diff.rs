//! Two runs side by side, against what their frames say.

use serde_json::{Value, json};
use system_tests::stack::{Stack, text};

use crate::cli_views::frames;

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../samples/lantern-pier");

/// The frames of one world of a run.
fn world(stack: &Stack, run: &str, platform: &str) -> Vec<Value> {
    let mut frames = frames(stack, run);
    frames.retain(|frame| frame["platform"] == platform);
    frames
}

fn marker<'a>(frame: &'a Value, kind: &str) -> &'a Value {
    let markers = frame["markers"].as_array().unwrap();
    markers.iter().find(|marker| marker["type"] == kind).unwrap()
}

#[test]
fn runs_of_one_seed_are_equal_and_those_of_two_part_where_they_differ() {
    let stack = Stack::start();
    for seed in ["1", "2", "1"] {
        stack.shoal_json(&["run", SAMPLE, "--max-rounds", "6", "--seed", seed, "--new-run"]);
    }
    let [one, two, three] = ["lantern-pier-1", "lantern-pier-2", "lantern-pier-3"];

    let equal = stack.shoal_json(&["diff", one, three]);
    assert_eq!((&equal["verdict"], &equal["settings"]["total"]), (&json!("equal"), &json!(0)));
    for platform in ["twitter", "reddit"] {
        let world = &equal["platforms"][platform];
        assert_eq!(world["same_through_round"], 6, "{platform}");
        assert_eq!(world["same_digest_through_round"], 6, "{platform}");
        assert_eq!((&world["parting"], &world["a"]), (&Value::Null, &world["b"]), "{platform}");
    }
    let said = stack.shoal(&["diff", one, three, "--exit-code"]);
    assert_eq!(said.status.code(), Some(0));
    let said = text(&said.stdout);
    assert_eq!(said.matches(": the same in all rounds, 0 to 6 (").count(), 2, "{said}");

    let different = stack.shoal_json(&["diff", one, two]);
    assert_eq!(different["verdict"], "different");
    let expected = json!({"total": 1, "items": [{"at": "/options/seed", "a": 1, "b": 2}]});
    assert_eq!(different["settings"], expected);
    let summaries = [one, two].map(|run| stack.shoal_json(&["summary", run]));
    let said = text(&stack.shoal(&["diff", one, two]).stdout);
    for platform in ["twitter", "reddit"] {
        let found = &different["platforms"][platform];
        let (a, b) = (world(&stack, one, platform), world(&stack, two, platform));
        let round = parts_as_its_frames_do(found, &a, &b);
        let line =
            format!("{platform}: the same up to round {}; they part in round {round} (", round - 1);
        assert!(said.contains(&line), "{line}\n{said}");
        for (side, summary) in ["a", "b"].into_iter().zip(&summaries) {
            for field in ["actions", "succeeded", "by_type", "digest"] {
                assert_eq!(found[side][field], summary["platforms"][platform][field], "{field}");
            }
        }
    }
    let twitter = stack.shoal(&["diff", one, two, "--platform", "twitter", "--exit-code"]);
    assert_eq!(twitter.status.code(), Some(1));
    assert!(!text(&twitter.stdout).contains("reddit"), "{}", text(&twitter.stdout));
    assert_eq!(stack.shoal(&["diff", one, "lantern-pier-9"]).status.code(), Some(2));
}

/// The round in which the runs part, once what is told of it agrees with the frames.
fn parts_as_its_frames_do(found: &Value, a: &[Value], b: &[Value]) -> u64 {
    let differ = |(a, b): (&Value, &Value)| {
        let active = |frame| &marker(frame, "round_end")["active_agents"];
        a["actions"] != b["actions"] || active(a) != active(b)
    };
    let tick = a.iter().zip(b).position(differ).expect("two seeds differ");
    assert!(tick > 0, "the posts of round 0 are planned");
    let parting = &found["parting"];
    assert_eq!((&parting["tick"], &found["same_through_round"]), (&json!(tick), &json!(tick - 1)));
    assert_eq!(found["same_digest_through_round"], Value::Null, "the seed is in each digest");
    assert_eq!(parting["active_agents"]["a"], marker(&a[tick], "round_end")["active_agents"]);
    // What is left once the changes are taken away is the same in both.
    let changes = parting["changes"].as_array().unwrap();
    assert!(!changes.is_empty());
    let rest = |frame: &Value, side: &str| {
        let mut actions = frame["actions"].as_array().unwrap().clone();
        for action in changes.iter().map(|change| &change[side]).filter(|it| !it.is_null()) {
            let at = actions.iter().position(|other| other == action);
            actions.remove(at.unwrap_or_else(|| panic!("{action} is not in the frame")));
        }
        let meaning = |action: &Value| format!("{} {}", action["agent_id"], action["action_type"]);
        let mut rest: Vec<String> = actions.iter().map(meaning).collect();
        rest.sort();
        rest
    };
    assert_eq!(rest(&a[tick], "a"), rest(&b[tick], "b"));
    parting["round"].as_u64().unwrap()
}

#[test]
fn a_run_that_goes_on_is_compared_and_what_it_was_told_is_named() {
    let stack = Stack::start();
    stack.shoal_json(&["run", SAMPLE, "--max-rounds", "40"]);
    let start = ["start", SAMPLE, "--max-rounds", "40", "--pace", "2", "--new-run"];
    stack.shoal_json(&start);
    let (whole, going) = ("lantern-pier-1", "lantern-pier-2");
    let round = |status: &Value, wanted: u64| {
        let worlds = status["platforms"].as_array().unwrap();
        worlds.iter().all(|world| world["round"].as_u64().unwrap() >= wanted)
    };
    stack.await_status(going, "in its second round", |status| round(status, 2));
    let so_far = stack.shoal_json(&["diff", whole, going]);
    assert_eq!(so_far["verdict"], "same_so_far");
    assert_eq!(so_far["settings"]["items"][0]["at"], "/options/pace_milli");
    let twitter = &so_far["platforms"]["twitter"];
    assert_eq!((&twitter["longer"], &twitter["parting"]), (&json!("a"), &Value::Null));
    assert_eq!(stack.shoal(&["diff", whole, going, "--exit-code"]).status.code(), Some(0));

    let words = "Nobody planned to say this.";
    stack.shoal_json(&["inject", going, "--agent", "3", "--text", words]);
    stack.shoal_json(&["stop", going]);
    let told = stack.shoal_json(&["diff", whole, going]);
    assert_eq!(told["verdict"], "different");
    for platform in ["twitter", "reddit"] {
        let world = &told["platforms"][platform];
        let (parting, command) = (&world["parting"], &world["commands"][0]);
        assert_eq!((&command["run"], &command["verb"]), (&json!("b"), &json!("inject")));
        assert_eq!(command["tick"], parting["tick"]);
        let changes = parting["changes"].as_array().unwrap();
        assert_eq!((changes.len(), &changes[0]["a"]), (1, &Value::Null), "{parting}");
        assert_eq!(changes[0]["b"]["action_args"]["content"], words);
        let post = &changes[0]["b"]["action_args"]["post_id"];
        assert_eq!(parting["posts"], json!({"a": [], "b": [post]}));
        let digest = world["same_digest_through_round"].as_u64();
        assert_eq!(digest.map(|round| round + 1), parting["round"].as_u64());
    }
    let said = text(&stack.shoal(&["diff", whole, going]).stdout);
    assert!(said.contains(&format!("posts “{words}”")), "{said}");
    assert!(said.contains("only B took inject in round "), "{said}");
}
