//! Interviews over HTTP, in the original's shapes and without its faults.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};
use system_tests::stack::{SIMULATOR, Stack};
use system_tests::wait_for;

use crate::deletion::subjects;
use crate::http_control::{ask, begin, data, played, refused};
use crate::whole_run::digests;

/// A question to one agent, of all its worlds.
fn one(run: &str, agent: u32, prompt: &str) -> Value {
    json!({"simulation_id": run, "agent_id": agent, "prompt": prompt})
}

fn items(agents: &[u32]) -> Vec<Value> {
    agents.iter().map(|agent| json!({"agent_id": agent, "prompt": "What now?"})).collect()
}

/// The keys of a batch's results.
fn keys(batch: &Value) -> BTreeSet<&str> {
    batch["result"]["results"].as_object().unwrap().keys().map(String::as_str).collect()
}

fn assert_said(answer: &Value, agent: u32, platform: &str) {
    assert_eq!((&answer["agent_id"], &answer["platform"]), (&json!(agent), &json!(platform)));
    assert!(answer["response"].as_str().is_some_and(|text| !text.is_empty()), "{answer}");
    assert!(answer["timestamp"].as_str().unwrap().ends_with('Z'), "{answer}");
    assert!(answer["as_of"]["round"].is_u64(), "{answer}");
}

/// How many questions of a run are stored.
fn questions(stack: &Stack, run: &str) -> usize {
    let begin = format!("sim.questions.{run}.");
    subjects(stack).keys().filter(|subject| subject.starts_with(&begin)).count()
}

#[test]
fn agents_are_asked_in_every_state_and_the_world_does_not_notice() {
    let stack = Stack::start();
    let undisturbed = played(&stack, 12);
    let undisturbed = digests(&stack.shoal_json(&["summary", &undisturbed]));
    let run = begin(&stack, 12, "4");

    let all = json!({"simulation_id": "bridge", "prompt": "Why?"});
    let during = data(ask(&stack, "interview", &one("bridge", 2, "Why?")), 200);
    assert_eq!(
        (&during["success"], &during["agent_id"], &during["prompt"]),
        (&json!(true), &json!(2), &json!("Why?"))
    );
    assert_eq!(
        (&during["result"]["agent_id"], &during["result"]["prompt"]),
        (&json!(2), &json!("Why?"))
    );
    for platform in ["twitter", "reddit"] {
        assert_said(&during["result"]["platforms"][platform], 2, platform);
    }
    let env = data(ask(&stack, "env-status", &json!({"simulation_id": "bridge"})), 200);
    assert_eq!((&env["env_alive"], &env["run_id"]), (&json!(true), &json!(run)), "{env}");
    refused(ask(&stack, "close-env", &json!({"simulation_id": "bridge"})), 409, "rounds are left");
    let everybody = data(ask(&stack, "interview/all", &all), 200);
    assert_eq!((&everybody["interviews_count"], keys(&everybody).len()), (&json!(8), 16));

    stack.await_status(&run, "completed", |status| status["status"] == "completed");
    let mut narrow = one(&run, 3, "结合你的人设，直接回复我：你是谁？");
    narrow["platform"] = json!("reddit");
    let after = data(ask(&stack, "interview", &narrow), 200);
    assert_said(&after["result"], 3, "reddit");
    assert_eq!(after["prompt"], "你是谁？", "the question itself");
    let body =
        json!({"simulation_id": run, "interviews": items(&[0, 5, 0]), "platform": "twitter"});
    let batch = data(ask(&stack, "interview/batch", &body), 200);
    assert_eq!(keys(&batch), BTreeSet::from(["twitter_0", "twitter_5", "twitter_0#2"]));
    assert_eq!(
        (&batch["result"]["interviews_count"], &batch["result"]["answered"]),
        (&json!(3), &json!(3))
    );
    assert_said(&batch["result"]["results"]["twitter_5"], 5, "twitter");

    let closed = data(ask(&stack, "close-env", &json!({"simulation_id": run, "timeout": 10})), 200);
    assert_eq!(closed["success"], true);
    assert!(closed["message"].as_str().unwrap().contains("is closed"), "{closed}");
    let again = data(ask(&stack, "close-env", &json!({"simulation_id": run})), 200);
    assert!(again["message"].as_str().unwrap().contains("was closed before"), "{again}");
    let env = data(ask(&stack, "env-status", &json!({"simulation_id": run})), 200);
    let alive = [&env["env_alive"], &env["twitter_available"], &env["reddit_available"]];
    assert_eq!(alive, [&json!(false); 3], "{env}");
    data(ask(&stack, "interview", &one(&run, 1, "And now?")), 200);

    assert_eq!(digests(&stack.shoal_json(&["summary", &run])), undisturbed);
    assert_history(&stack, &run);
}

/// Of the first test's run: one of both worlds, eight of both, one, three, one of both.
fn assert_history(stack: &Stack, run: &str) {
    let history = |more: Value| {
        let mut body = json!({"simulation_id": run});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        data(ask(stack, "interview/history", &body), 200)
    };
    let whole = history(json!({}));
    let rows = whole["history"].as_array().unwrap();
    assert_eq!(
        (rows.len(), &whole["count"], &whole["next_cursor"]),
        (24, &json!(24), &Value::Null)
    );
    assert!(rows.is_sorted_by(|a, b| a["timestamp"].as_str() >= b["timestamp"].as_str()));
    assert_eq!((&rows[0]["prompt"], &rows[0]["platform"]), (&json!("And now?"), &json!("twitter")));
    assert_eq!((&rows[23]["prompt"], &rows[23]["platform"]), (&json!("Why?"), &json!("reddit")));
    for row in rows {
        assert!(row["response"].as_str().is_some_and(|text| !text.is_empty()), "{row}");
    }
    let reddit = history(json!({"platform": "reddit"}));
    assert_eq!(reddit["count"], 11);
    assert_eq!(history(json!({"agent_id": 3}))["count"], 3);
    let (mut pages, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let page = history(json!({"limit": 5, "cursor": cursor}));
        pages.extend(page["history"].as_array().unwrap().clone());
        cursor = page["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(pages, *rows);
}

#[test]
fn one_that_fails_takes_no_other_with_it() {
    let stack = Stack::start();
    let run = played(&stack, 4);
    let body = json!({"simulation_id": run, "interviews": items(&[1, 99, 4])});
    let batch = data(ask(&stack, "interview/batch", &body), 200);
    assert_eq!((&batch["success"], &batch["interviews_count"]), (&json!(true), &json!(3)));
    let results = &batch["result"]["results"];
    for platform in ["twitter", "reddit"] {
        let failed = &results[format!("{platform}_99")];
        assert!(failed["error"].as_str().unwrap().contains("99"), "{failed}");
        assert_eq!((&failed["agent_id"], failed.get("response")), (&json!(99), None));
        assert_said(&results[format!("{platform}_4")], 4, platform);
    }
    refused(ask(&stack, "interview", &one(&run, 99, "Who?")), 404, "99");
    let body = json!({"simulation_id": run, "interviews": items(&[98, 99])});
    refused(ask(&stack, "interview/batch", &body), 404, "no agent answered: agent 98");
    let hundreds: Vec<u32> = (0..300).map(|number| number % 8).collect();
    let body = json!({"simulation_id": run, "interviews": items(&hundreds), "platform": "reddit"});
    let batch = data(ask(&stack, "interview/batch", &body), 200);
    assert_eq!(batch["result"]["answered"], 300);
    assert_said(&batch["result"]["results"]["reddit_3#38"], 3, "reddit");
}

#[test]
fn nothing_is_asked_that_was_asked_wrongly() {
    let stack = Stack::start();
    let run = played(&stack, 4);
    let with = |mut body: Value, key: &str, value: Value| {
        body[key] = value;
        body
    };
    let batch = |interviews: Value| json!({"simulation_id": run, "interviews": interviews});
    let all = json!({"simulation_id": run, "prompt": "Why?"});
    let rows = [
        ("interview", with(one(&run, 1, "Why?"), "timeout", json!("5")), "/timeout"),
        ("interview", with(one(&run, 1, "Why?"), "timeout", json!(0)), "/timeout"),
        ("interview", with(one(&run, 1, "Why?"), "platform", json!("myspace")), "/platform"),
        ("interview", with(one(&run, 1, "Why?"), "agent_id", json!("1")), "/agent_id"),
        ("interview", one(&run, 1, ""), "/prompt"),
        ("interview", one("../x", 1, "Why?"), "/simulation_id"),
        ("interview/batch", with(batch(json!(items(&[1]))), "timeout", json!("60")), "/timeout"),
        ("interview/batch", batch(json!([])), "/interviews"),
        ("interview/batch", batch(json!([{"agent_id": 1}, 7])), "/interviews/0/prompt"),
        ("interview/batch", batch(json!(vec![items(&[1])[0].clone(); 2001])), "2001 interviews"),
        ("interview/all", with(all, "timeout", json!(1e9)), "/timeout"),
        ("interview/history", json!({"simulation_id": run, "limit": 0}), "/limit"),
        ("interview/history", json!({"simulation_id": run, "cursor": "x"}), "/cursor"),
        ("env-status", json!({}), "/simulation_id"),
        ("close-env", json!({"simulation_id": run, "timeout": []}), "/timeout"),
    ];
    for (path, body, place) in &rows {
        refused(ask(&stack, path, body), 400, place);
    }
    for (path, body) in [
        ("interview", one("bridge-9", 1, "Why?")),
        ("interview", one("harbour", 1, "Why?")),
        ("interview/all", json!({"simulation_id": "harbour", "prompt": "Why?"})),
        ("interview/history", json!({"simulation_id": "harbour"})),
        ("env-status", json!({"simulation_id": "bridge-9"})),
        ("close-env", json!({"simulation_id": "harbour"})),
    ] {
        refused(ask(&stack, path, &body), 404, "");
    }
    let never = data(ask(&stack, "env-status", &json!({"simulation_id": "harbour"})), 200);
    assert_eq!((&never["env_alive"], &never["run_id"]), (&json!(false), &Value::Null));
    assert_eq!(questions(&stack, &run), 0);
}

#[test]
fn an_answer_that_does_not_come_is_said_to_be_late() {
    let mut stack = Stack::start();
    let run = played(&stack, 4);
    stack.service(SIMULATOR).signal(Signal::STOP);
    let worker = crate::recovery::worker_of(&mut stack, &run);
    system_tests::process::signal_process(worker, Signal::STOP);
    let mut body = one(&run, 1, "Anybody?");
    body["timeout"] = json!(1);
    refused(ask(&stack, "interview", &body), 504, "it is void now");
    let mut body = json!({"simulation_id": run, "prompt": "Anybody?"});
    body["timeout"] = json!(1);
    refused(ask(&stack, "interview/all", &body), 504, "no agent answered");
    assert_one_end(&stack, &run);
    system_tests::process::signal_process(worker, Signal::CONT);
    stack.service(SIMULATOR).signal(Signal::CONT);
    // What was asked before is void: only this is answered.
    data(ask(&stack, "interview", &one(&run, 1, "And now?")), 200);
    let history = data(ask(&stack, "interview/history", &json!({"simulation_id": run})), 200);
    let prompts: BTreeSet<&str> = (history["history"].as_array().unwrap().iter())
        .map(|row| row["prompt"].as_str().unwrap())
        .collect();
    assert_eq!(prompts, BTreeSet::from(["And now?"]), "{history}");
}

/// Of questions that need many commands, which nobody answers: all of them are told, and they are
/// waited for together.
fn assert_one_end(stack: &Stack, run: &str) {
    let prompt = "x".repeat(8000);
    let item = |number: usize| json!({"agent_id": number % 8, "prompt": prompt});
    let interviews: Vec<Value> = (0..90).map(item).collect();
    let body =
        json!({"simulation_id": run, "interviews": interviews, "timeout": 2, "deadline": 2.5});
    let begun = Instant::now();
    let pending = data(ask(stack, "interview/batch", &body), 202);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let ids: BTreeSet<&str> = (pending["command_ids"].as_array().unwrap().iter())
        .map(|id| id.as_str().unwrap())
        .collect();
    assert!(ids.len() > 10 && ids.contains(pending["command_id"].as_str().unwrap()), "{pending}");
    assert_eq!(pending.get("failed"), None);
    wait_for("the deadline to pass", || (begun.elapsed() > Duration::from_secs(3)).then_some(()));
}
