//! Several agents asked at once: by the bus, the command line and HTTP, now and at a round.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::thread;

use nats_process::{NatsServer, Options};
use rustix::process::Signal;
use serde_json::{Value, json};
use system_tests::process::{program, python, signal_process};
use system_tests::stack::{SIMULATOR, Stack, text, write_simulation};
use system_tests::wait_for;

use crate::any_client;
use crate::deletion::subjects;
use crate::http_control::{begin, data, look, played};
use crate::whole_run::digests;

/// Agent, world, round and words of each answer.
type Said = BTreeMap<(u64, String), (u64, String)>;

fn results(batch: &Value) -> &Vec<Value> {
    batch["results"].as_array().unwrap()
}

/// What came of each question: agent, world, and the code of a failure.
fn told(batch: &Value) -> Vec<(u64, String, String)> {
    let row = |row: &Value| {
        let (agent, world) = (row["agent_id"].as_u64().unwrap(), row["platform"].as_str().unwrap());
        let code = row["error"]["code"].as_str().unwrap_or("");
        assert_eq!(code.is_empty(), row["response"].is_string(), "{row}");
        (agent, world.to_owned(), code.to_owned())
    };
    results(batch).iter().map(row).collect()
}

fn said(batch: &Value) -> Said {
    let row = |row: &Value| {
        let (agent, world) = (row["agent_id"].as_u64().unwrap(), row["platform"].as_str().unwrap());
        let (round, words) = (row["as_of"]["round"].as_u64().unwrap(), row["response"].as_str());
        ((agent, world.to_owned()), (round, words.unwrap().to_owned()))
    };
    results(batch).iter().map(row).collect()
}

/// Two agents twice, and one that there is not.
fn assert_batch(stack: &Stack, run: &str, state: &str) {
    let agents = ["--agent", "3", "--agent", "99", "--agent", "5", "--agent", "3"];
    let batch = stack.shoal_json(&[&["interview", run, "What now?"][..], &agents].concat());
    let of = |agent: u64, code: &str| {
        ["twitter", "reddit"].map(|world| (agent, world.to_owned(), code.to_owned()))
    };
    let expected = [of(3, ""), of(99, "unknown_agent"), of(5, ""), of(3, "")].concat();
    assert_eq!(told(&batch), expected, "{state}");
    assert_eq!((&batch["asked"], &batch["answered"]), (&json!(8), &json!(6)), "{state}");
    let all = stack.shoal_json(&["interview", run, "--all", "Why?", "--platform", "reddit"]);
    let agents: Vec<u64> = told(&all).into_iter().map(|(agent, ..)| agent).collect();
    assert_eq!(agents, (0..8).collect::<Vec<_>>(), "{state}");
}

#[test]
fn batches_are_answered_in_every_state_and_the_world_does_not_notice() {
    let stack = Stack::start();
    let undisturbed = played(&stack, 12);
    let undisturbed = digests(&stack.shoal_json(&["summary", &undisturbed]));
    let run = begin(&stack, 12, "4");
    assert_batch(&stack, &run, "running");
    stack.shoal_json(&["pause", &run]);
    assert_batch(&stack, &run, "paused");
    stack.shoal_json(&["resume", &run]);
    stack.await_status(&run, "completed", |status| status["status"] == "completed");
    assert_batch(&stack, &run, "completed");
    stack.shoal_json(&["close", &run]);
    assert_batch(&stack, &run, "closed");
    assert_eq!(digests(&stack.shoal_json(&["summary", &run])), undisturbed);
    let stopped = begin(&stack, 40, "4");
    stack.shoal_json(&["stop", &stopped]);
    assert_batch(&stack, &stopped, "stopped");

    // Where nobody answers, the command fails, and says why.
    let nobody = stack.shoal(&["interview", &run, "Why?", "--agent", "98", "--agent", "99"]);
    assert_eq!(nobody.status.code(), Some(2), "{}", text(&nobody.stderr));
    assert!(text(&nobody.stderr).contains("agent 98 is unknown"), "{}", text(&nobody.stderr));
    // What was asked is kept as long as the run.
    let body = json!({"simulation_id": run, "agent_id": 5});
    let history = data(crate::http_control::ask(&stack, "interview/history", &body), 200);
    assert_eq!(history["count"], 4 * 2 + 4, "{history}");
}

#[test]
fn a_file_of_questions_is_asked_line_by_line() {
    let stack = Stack::start();
    let run = played(&stack, 4);
    let file = stack.dir().join("questions.jsonl");
    let mut lines = String::new();
    for number in 0..1200 {
        let line = json!({"agent_id": number % 8, "prompt": format!("Why, {number}?"),
            "platform": "twitter"});
        lines += &format!("{line}\n");
    }
    std::fs::write(&file, lines).unwrap();
    let batch = stack.shoal_json(&["interview", &run, "--file", file.to_str().unwrap()]);
    assert_eq!((&batch["asked"], &batch["answered"]), (&json!(1200), &json!(1200)));
    for (number, row) in results(&batch).iter().enumerate() {
        let expected = (json!(number % 8), json!(format!("Why, {number}?")));
        assert_eq!((&row["agent_id"], &row["prompt"]), (&expected.0, &expected.1));
    }
    std::fs::write(&file, "{\"agent\": \"nobody at all\", \"prompt\": \"\"}\n7\n").unwrap();
    let wrong = stack.shoal(&["interview", &run, "--file", file.to_str().unwrap()]);
    let complaint = text(&wrong.stderr);
    assert_eq!(wrong.status.code(), Some(2), "{complaint}");
    for place in ["questions.jsonl:1 /agent", "questions.jsonl:1 /prompt", "questions.jsonl:2"] {
        assert!(complaint.contains(place), "{place} is not in {complaint}");
    }
}

#[test]
fn questions_for_a_world_that_is_not_there_take_no_others_with_them() {
    let stack = Stack::start();
    let folder = write_simulation(stack.dir(), "bridge", 8, 3);
    stack.shoal_json(&["run", folder.to_str().unwrap(), "--platform", "twitter"]);
    let file = stack.dir().join("questions.jsonl");
    let write = |worlds: &[(&str, usize)]| {
        let lines = worlds.iter().flat_map(|(world, count)| {
            let line = json!({"agent_id": 3, "prompt": "Why?", "platform": world});
            vec![format!("{line}\n"); *count]
        });
        std::fs::write(&file, lines.collect::<String>()).unwrap();
    };
    let arguments = ["interview", "bridge-1", "--file", file.to_str().unwrap()];
    // More of the first questions than are put to a world at a time.
    write(&[("reddit", 64), ("twitter", 200)]);
    let batch = stack.shoal_json(&arguments);
    assert_eq!((&batch["asked"], &batch["answered"]), (&json!(264), &json!(200)));
    let codes = told(&batch).into_iter().filter(|(.., code)| code == "unknown_platform");
    assert_eq!(codes.count(), 64);

    // A second command, of which nobody can be asked.
    write(&[("twitter", 1000), ("reddit", 5)]);
    let broken = stack.shoal(&[&arguments[..], &["--json"]].concat());
    let complaint = text(&broken.stderr);
    assert_eq!(broken.status.code(), Some(2), "{complaint}");
    let batch: Value = serde_json::from_slice(&broken.stdout).unwrap();
    assert_eq!((&batch["asked"], &batch["answered"]), (&json!(1000), &json!(1000)));
    let expected = "the rest is not answered: run bridge-1 has no reddit world";
    assert!(complaint.contains(expected), "{complaint}");
    write(&[("reddit", 5)]);
    let refused = stack.shoal(&arguments);
    assert_eq!((refused.status.code(), text(&refused.stdout).as_str()), (Some(2), ""));
}

#[test]
fn a_reply_that_fits_no_message_comes_in_parts_and_goes_with_the_run() {
    let config_extra = "max_payload: 65536".to_owned();
    let nats = NatsServer::start(Options { config_extra, ..Options::default() });
    let url = nats.url();
    let stack = Stack::on(nats, &url, &[]);
    let folder = write_simulation(stack.dir(), "bridge", 90, 3);
    stack.shoal_json(&["run", folder.to_str().unwrap()]);

    let body = json!({"v": 1, "command_id": "all", "verb": "batch_interview",
        "issued_at": "2026-03-01T10:00:00.000Z", "args": {"all": {"prompt": "Why?"}}});
    let stored = any_client::ask(&stack, "bridge-1", "batch_interview", "all", &body.to_string());
    let result = &stored["outcome"]["result"];
    assert_eq!((&result["asked"], &result["answered"]), (&json!(180), &json!(180)), "{stored}");
    let count = result["parts"]["count"].as_u64().unwrap();
    assert!(count > 1 && results(result).is_empty(), "{stored}");
    let by = result["parts"]["by"].as_str().unwrap();
    let parts = format!("sim.replies.py.bridge-1.all.{by}.");
    let of_parts = |stack: &Stack| {
        subjects(stack).into_keys().filter(|subject| subject.starts_with(&parts)).count() as u64
    };
    assert_eq!(of_parts(&stack), count);

    // Whoever reads it gets it whole: all agents in both worlds, in order.
    let all = stack.shoal_json(&["interview", "bridge-1", "--all", "Why?"]);
    let agents: Vec<u64> = told(&all).into_iter().map(|(agent, ..)| agent).collect();
    assert_eq!(agents, (0..90).flat_map(|agent| [agent, agent]).collect::<Vec<_>>());
    let body = json!({"simulation_id": "bridge", "prompt": "Why?"});
    let all = data(crate::http_control::ask(&stack, "interview/all", &body), 200);
    assert_eq!((&all["interviews_count"], &all["result"]["answered"]), (&json!(90), &json!(180)));
    let (mut rows, mut cursor) = (BTreeSet::new(), Value::Null);
    loop {
        let body = json!({"simulation_id": "bridge", "limit": 150, "cursor": cursor});
        let page = data(crate::http_control::ask(&stack, "interview/history", &body), 200);
        for row in page["history"].as_array().unwrap() {
            let row = (
                row["command_id"].to_string(),
                row["agent_id"].as_u64(),
                row["platform"].to_string(),
            );
            assert!(rows.insert(row), "a row twice");
        }
        cursor = page["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(rows.len(), 3 * 180);
    let export = stack.dir().join("export");
    let manifest = stack.shoal_json(&["export", "bridge-1", export.to_str().unwrap()]);
    assert_eq!(manifest["interviews"], 3 * 180, "{manifest}");

    stack.shoal_json(&["rm", "bridge-1", "--yes", "--force"]);
    assert_eq!(of_parts(&stack), 0);
}

#[test]
fn agents_answer_as_they_were_at_a_round() {
    let stack = Stack::start();
    let run = begin(&stack, 14, "4");
    stack.shoal_json(&["pause", &run]);
    let live = said(&stack.shoal_json(&["interview", &run, "--all", "What did you do?"]));
    assert_eq!(live.len(), 16);
    stack.shoal_json(&["resume", &run]);
    stack.await_status(&run, "completed", |status| status["status"] == "completed");
    let last = said(&stack.shoal_json(&["interview", &run, "--all", "What did you do?"]));
    assert_ne!(live, last, "it has to make a difference");
    stack.shoal_json(&["close", &run]);
    let rounds: BTreeSet<u64> = live.values().map(|(round, _)| *round).collect();
    let at = |round: u64| {
        let arguments = ["interview", &run, "--all", "What did you do?", "--at-round"];
        said(&stack.shoal_json(&[&arguments[..], &[&round.to_string()]].concat()))
    };
    for round in rounds {
        let then = at(round);
        assert_eq!(then.len(), 16);
        for (who, (_, words)) in live.iter().filter(|(_, (of, _))| *of == round) {
            assert_eq!(then[who], (round, words.clone()), "{who:?}");
        }
    }
    assert_eq!(at(14), last, "the last round is as any");
    let first = at(0);
    assert!(first.values().all(|(round, _)| *round == 0));

    let one = stack.shoal_json(&["interview", &run, "--agent", "2", "Why?", "--at-round", "3"]);
    assert_eq!(one["outcome"]["result"]["twitter"]["as_of"], json!({"tick": 3, "round": 3}));
    let body = json!({"simulation_id": run, "agent_id": 2, "prompt": "Why?", "at_round": 3});
    let by_http = data(crate::http_control::ask(&stack, "interview", &body), 200);
    assert_eq!(
        by_http["result"]["platforms"]["twitter"]["response"],
        one["outcome"]["result"]["twitter"]["response"]
    );
    for arguments in [&["--agent", "2"][..], &["--all"]] {
        let late = [&["interview", &run, "Why?", "--at-round", "15"][..], arguments].concat();
        let refused = stack.shoal(&late);
        assert_eq!(refused.status.code(), Some(2), "{}", text(&refused.stderr));
        let expected = "round 15 is not played: there are rounds 0 to 14";
        assert!(text(&refused.stderr).contains(expected), "{}", text(&refused.stderr));
    }
}

#[test]
fn two_thousand_questions_at_once_are_all_answered_and_change_nothing() {
    let stack = Stack::start();
    let undisturbed = played(&stack, 20);
    let undisturbed = digests(&stack.shoal_json(&["summary", &undisturbed]));
    let run = begin(&stack, 20, "4");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/system/flood.py");
    let url = stack.nats.url();
    let output = python().args([script, &url, &run, "2000", "8"]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let counted: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(counted, json!({"replies": 2000, "answered": 2000, "repeated": 0}));
    stack.await_status(&run, "completed", |status| status["status"] == "completed");
    assert_eq!(digests(&stack.shoal_json(&["summary", &run])), undisturbed);
    let actions: usize = subjects(&stack)
        .iter()
        .filter(|(subject, _)| subject.starts_with(&format!("sim.actions.{run}.")))
        .map(|(_, count)| usize::try_from(*count).unwrap())
        .sum();
    assert_eq!(actions, 2 * 21, "one frame for each round of each world");
}

#[test]
fn a_batch_that_is_late_goes_on_and_can_be_cancelled() {
    let mut stack = Stack::start();
    let run = played(&stack, 4);
    stack.service(SIMULATOR).signal(Signal::STOP);
    let worker = crate::recovery::worker_of(&mut stack, &run);
    signal_process(worker, Signal::STOP);
    let questions: Vec<Value> =
        (0..900).map(|number| json!({"agent_id": number % 8, "prompt": "Why?"})).collect();
    let body =
        json!({"simulation_id": run, "interviews": questions, "timeout": 1, "deadline": 600});
    let first = data(crate::http_control::ask(&stack, "interview/batch", &body), 202);
    let all = json!({"simulation_id": run, "prompt": "Why?", "timeout": 1, "deadline": 600});
    let second = data(crate::http_control::ask(&stack, "interview/all", &all), 202);
    assert_eq!((&second["status"], &second["done"]), (&json!("pending"), &json!(0)), "{second}");
    let command = |pending: &Value| {
        let path = format!("{run}/commands/{}", pending["command_id"].as_str().unwrap());
        data(look(&stack, &path), 200)
    };
    assert_eq!(command(&first)["status"], "pending");
    let id = &first["command_id"];
    let cancelled = thread::scope(|scope| {
        let cancel = json!({"simulation_id": run, "command_id": id, "timeout": 60});
        let stack = &stack;
        let asked = scope
            .spawn(move || data(crate::http_control::ask(stack, "interview/cancel", &cancel), 200));
        let cancel = format!("sim.questions.{run}.cancel.");
        wait_for("the cancel to be stored", || {
            subjects(stack).keys().any(|subject| subject.starts_with(&cancel)).then_some(())
        });
        signal_process(worker, Signal::CONT);
        asked.join().unwrap()
    });
    stack.service(SIMULATOR).signal(Signal::CONT);
    // Its own reply came before that of the cancel, and together they account for all.
    let command = |pending: &Value| {
        let path = format!("{run}/commands/{}", pending["command_id"].as_str().unwrap());
        data(look(&stack, &path), 200)
    };
    let reply = command(&first);
    let (result, questions) = (&reply["result"], cancelled["questions"].as_u64().unwrap());
    assert_eq!(result["asked"], 1800, "{cancelled}");
    assert_eq!(result["answered"].as_u64().unwrap() + questions, 1800, "{cancelled}");
    let codes = results(result).iter().filter(|row| row["error"]["code"] == "cancelled").count();
    assert_eq!(codes as u64, questions);
    assert_eq!(cancelled["cancelled"], questions > 0);
    let other = wait_for("the other batch", || {
        Some(command(&second)).filter(|other| other["status"] != "pending")
    });
    assert_eq!((&other["result"]["answered"], &other["status"]), (&json!(16), &json!("completed")));
    let body = json!({"simulation_id": run, "command_id": "none"});
    let none = data(crate::http_control::ask(&stack, "interview/cancel", &body), 200);
    assert_eq!((&none["cancelled"], &none["questions"]), (&json!(false), &json!(0)));
}

/// What `shoal chat` prints for these lines.
fn chat(stack: &Stack, more: &[&str], lines: &str) -> (String, Option<i32>) {
    let mut child = Command::new(program("shoal"))
        .args(["chat", "bridge", "--agent", "Agent 3"])
        .args(more)
        .envs(&stack.environment)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    (text(&output.stdout), output.status.code())
}

#[test]
fn a_talk_goes_line_by_line_and_says_name_and_round() {
    let stack = Stack::start();
    let run = played(&stack, 6);
    let (talk, code) = chat(&stack, &[], "Who are you?\n\nWhy?\n/quit\nNever asked?\n");
    assert_eq!(code, Some(0), "{talk}");
    assert_eq!(talk.matches("Agent 3 (round 6): ").count(), 2, "{talk}");
    let (talk, code) = chat(&stack, &["--json", "--at-round", "2"], "Who are you?\nWhy?\n");
    assert_eq!(code, Some(0), "{talk}");
    let turns: Vec<Value> = talk.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [who, why] = &turns[..] else { panic!("two turns: {talk}") };
    assert_eq!((&who["question"], &who["as_of"]["round"]), (&json!("Who are you?"), &json!(2)));
    // What was said before does not change what is asked.
    let arguments = ["interview", &run, "--agent", "3", "Why?", "--at-round", "2"];
    let alone = stack.shoal_json(&arguments);
    assert_eq!(why["response"], alone["outcome"]["result"]["twitter"]["response"]);
    let body = json!({"simulation_id": run, "agent_id": 3, "limit": 2});
    let history = data(crate::http_control::ask(&stack, "interview/history", &body), 200);
    let told = history["history"].as_array().unwrap().iter().map(|row| row["prompt"].as_str());
    assert!(told.flatten().all(|prompt| prompt == "Why?"), "{history}");
    let (nothing, code) = chat(&stack, &["--at-round", "9"], "Who are you?\n");
    assert_eq!((nothing.as_str(), code), ("", Some(2)));
}
