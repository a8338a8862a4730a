//! Verbs over HTTP: each where it works and where it is refused, and what becomes of requests that
//! are late, sent twice, or given up.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::TcpStream;

use nats_process::{NatsServer, Options};
use rustix::process::Signal;
use serde_json::{Value, json};
use system_tests::http::{Response, exchange_bytes, get, post, send};
use system_tests::process::{python, signal_process};
use system_tests::stack::{SIMULATOR, Stack, free_port, text, write_simulation};
use system_tests::wait_for;

use crate::deletion::subjects;
use crate::recovery::{ticks, worker_of};

/// The `data` of an answer that has to have this status.
pub(crate) fn data(answer: Option<Response>, status: u16) -> Value {
    let answer = answer.expect("an answer");
    assert_eq!(answer.status, status, "{}", answer.body);
    let body = answer.json();
    assert_eq!(body["success"], status < 400, "{body}");
    body["data"].clone()
}

/// The `error` of an answer that has to have this status.
pub(crate) fn refused(answer: Option<Response>, status: u16, expected: &str) -> Value {
    let answer = answer.expect("an answer");
    assert_eq!(answer.status, status, "{}", answer.body);
    let body = answer.json();
    let error = body["error"].as_str().unwrap();
    assert!(body["success"] == false && error.contains(expected), "{body}");
    body
}

/// `POST /api/simulation/<path>`.
pub(crate) fn ask(stack: &Stack, path: &str, body: &Value) -> Option<Response> {
    post(stack.http_port, &format!("/api/simulation/{path}"), &body.to_string())
}

/// `GET /api/simulation/<path>`.
pub(crate) fn look(stack: &Stack, path: &str) -> Option<Response> {
    get(stack.http_port, &format!("/api/simulation/{path}"))
}

fn keyed(stack: &Stack, path: &str, key: &str, body: &Value) -> Option<Response> {
    let headers = [("content-type", "application/json"), ("idempotency-key", key)];
    let path = format!("/api/simulation/{path}");
    send(stack.http_port, "POST", &path, &headers, body.to_string().as_bytes())
}

/// A paced run that has played four rounds.
pub(crate) fn begin(stack: &Stack, rounds: u32, pace: &str) -> String {
    let folder = write_simulation(stack.dir(), "bridge", 8, rounds);
    let arguments = ["run", folder.to_str().unwrap(), "--new-run", "--detach", "--pace", pace];
    let run = stack.shoal_json(&arguments)["run_id"].as_str().unwrap().to_owned();
    stack.await_status(&run, "in the middle", |status| ticks(status) >= 4);
    run
}

/// A run that was played to its end.
pub(crate) fn played(stack: &Stack, rounds: u32) -> String {
    let folder = write_simulation(stack.dir(), "bridge", 8, rounds);
    let summary = stack.shoal_json(&["run", folder.to_str().unwrap(), "--new-run"]);
    summary["run_id"].as_str().unwrap().to_owned()
}

/// The command of this id, once it is answered.
fn command(stack: &Stack, run: &str, id: &Value) -> Value {
    let path = format!("{run}/commands/{}", id.as_str().unwrap());
    wait_for("the command to be answered", || {
        let command = data(look(stack, &path), 200);
        (command["status"] != "pending").then_some(command)
    })
}

/// Rounds in which a text was posted, by world.
fn posted(stack: &Stack, run: &str, content: &str) -> BTreeMap<String, u64> {
    let actions = data(look(stack, &format!("{run}/actions?limit=10000")), 200);
    let actions = actions["actions"].as_array().unwrap().iter();
    let found = actions.filter(|action| {
        action["action_type"] == "CREATE_POST" && action["action_args"]["content"] == content
    });
    let place = |action: &Value| {
        (action["platform"].as_str().unwrap().to_owned(), action["round_num"].as_u64().unwrap())
    };
    found.map(place).collect()
}

#[test]
fn each_verb_is_carried_out_or_refused_as_on_the_bus() {
    let stack = Stack::start();
    let run = begin(&stack, 40, "5");
    let verb = |verb: &str, body: Value| ask(&stack, &format!("{run}/{verb}"), &body);

    refused(verb("repair", json!({})), 409, "");
    refused(verb("delete", json!({})), 409, "");
    let going = data(verb("resume", json!({})), 200);
    assert_eq!(
        (&going["status"], &going["run"]["status"]),
        (&json!("completed"), &json!("running"))
    );
    let paused = data(verb("pause", json!({"reason": "lunch", "timeout": 60})), 200);
    assert_eq!(paused["result"], json!({"type": "paused", "status": "paused"}), "{paused}");
    assert_eq!(paused["run"]["runner_status"], "paused");
    assert_eq!((&paused["verb"], &paused["run_id"]), (&json!("pause"), &json!(run)));
    assert_eq!(data(verb("pause", json!({})), 200)["run"]["status"], "paused");

    let posts = json!({"posts": [{"agent_id": 2, "content": "Boats at nine."}]});
    let waits = data(verb("inject", posts), 202);
    assert_eq!((&waits["status"], &waits["waits_for"]), (&json!("pending"), &json!("resume")));
    let id = &waits["command_id"];
    let path = format!("{run}/commands/{}", id.as_str().unwrap());
    assert_eq!(data(look(&stack, &path), 200), waits);
    let wrong = json!({"posts": [{"agent_id": 99, "content": "Who?"}]});
    refused(verb("inject", wrong), 404, "99");

    for world in
        data(verb("verify", json!({"timeout": 120})), 200)["result"]["worlds"].as_array().unwrap()
    {
        assert_eq!(world["findings"], json!([]), "{world}");
    }
    let replayed = data(verb("replay", json!({"platform": "reddit"})), 200);
    assert_eq!(replayed["result"]["worlds"][0]["platform"], "reddit", "{replayed}");
    let repaired = data(verb("repair", json!({})), 200);
    assert_eq!(repaired["result"]["worlds"][0]["removed"], 0, "{repaired}");
    let forked = data(verb("fork", json!({"at_round": 2, "paused": true})), 200);
    assert_eq!((&forked["result"]["run_id"], &forked["run_id"]), (&json!("bridge-2"), &json!(run)));
    refused(verb("fork", json!({"at_round": 39})), 400, "");
    let runs = data(look(&stack, "bridge/runs"), 200);
    assert_eq!((&runs["total"], &runs["runs"][0]["run_id"]), (&json!(2), &json!("bridge-2")));
    assert_eq!(runs["runs"][0]["parent"]["run_id"], json!(run), "{runs}");
    assert_eq!(runs["runs"][1]["parent"], Value::Null);
    let page = data(look(&stack, "bridge-1/runs?limit=1"), 200);
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = data(look(&stack, &format!("bridge/runs?limit=1&cursor={cursor}")), 200);
    assert_eq!((&rest["runs"][0]["run_id"], &rest["next_cursor"]), (&json!(run), &Value::Null));

    data(verb("resume", json!({})), 200);
    let injected = command(&stack, &run, id);
    assert_eq!(
        (&injected["status"], &injected["result"]["type"]),
        (&json!("completed"), &json!("applied"))
    );
    let configured = data(verb("configure", json!({"pace_milli": 0})), 200);
    assert_eq!(configured["result"]["type"], "applied", "{configured}");
    let ended = stack.await_status(&run, "completed", |status| status["status"] == "completed");
    assert_eq!(ended["options"]["pace_milli"], 0);
    let ticks = injected["result"]["ticks"].as_array().unwrap().iter();
    let taken: BTreeMap<String, u64> = ticks
        .map(|at| (at["platform"].as_str().unwrap().to_owned(), at["tick"].as_u64().unwrap()))
        .collect();
    assert_eq!(taken.len(), 2);
    assert_eq!(posted(&stack, &run, "Boats at nine."), taken);

    let posts = json!({"posts": [{"agent_id": 2, "content": "Too late."}]});
    for (name, body) in [
        ("pause", json!({})),
        ("resume", json!({})),
        ("inject", posts),
        ("configure", json!({"pace_milli": 1})),
    ] {
        refused(verb(name, body), 409, "");
    }
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_stored() {
    let stack = Stack::start();
    let run = played(&stack, 4);
    let before = subjects(&stack);
    let verbs =
        ["pause", "resume", "inject", "configure", "fork", "verify", "replay", "repair", "delete"];
    for verb in verbs {
        refused(
            ask(&stack, &format!("bridge-9/{verb}"), &fitting(verb)),
            404,
            "unknown run bridge-9",
        );
        for timeout in [json!("5"), json!(0), json!(601), json!(true), json!([])] {
            let body = json!({"timeout": timeout});
            refused(ask(&stack, &format!("{run}/{verb}"), &body), 400, "/timeout: found");
        }
        refused(ask(&stack, &format!("{run}/{verb}"), &json!({"nonsense": 1})), 400, "/nonsense");
        let path = format!("/api/simulation/{run}/{verb}");
        refused(post(stack.http_port, &path, "{"), 400, "body");
        refused(post(stack.http_port, &path, "[]"), 400, "a list of 0");
        let plain = send(stack.http_port, "POST", &path, &[("content-type", "text/plain")], b"{}");
        refused(plain, 415, "content-type");
        refused(keyed(&stack, &format!("{run}/{verb}"), "a.b", &json!({})), 400, "idempotency-key");
        assert_eq!(get(stack.http_port, &path).unwrap().status, 405, "{verb}");
    }
    refused(ask(&stack, "bridge/delete", &json!({})), 400, "expected a run: bridge-1");
    let method = |path: &str| send(stack.http_port, "DELETE", path, &[], b"");
    refused(method("/api/simulation/bridge"), 400, "expected a run: bridge-1");
    refused(method("/api/simulation/bridge-1?force=perhaps&timeout=0"), 400, "?timeout");
    refused(look(&stack, "bridge-1/commands/nothing"), 404, "has no command nothing");
    refused(look(&stack, "bridge/commands/nothing"), 400, "expected a run: bridge-1");
    refused(look(&stack, "bridge-1/commands/a.b"), 400, "the command's id");
    let mut after = subjects(&stack);
    // Its worker still lives, and may say something.
    after.retain(|subject, _| !subject.starts_with("sim.logs."));
    let mut before = before;
    before.retain(|subject, _| !subject.starts_with("sim.logs."));
    assert_eq!(before, after);
}

/// Arguments that a verb takes.
fn fitting(verb: &str) -> Value {
    match verb {
        "fork" => json!({"at_round": 1}),
        "inject" => json!({"posts": [{"agent_id": 0, "content": "x"}]}),
        "configure" => json!({"pace_milli": 1}),
        _ => json!({}),
    }
}

#[test]
fn a_key_is_one_command_however_often_it_is_sent() {
    let stack = Stack::start();
    let run = begin(&stack, 60, "4");
    let pause = format!("{run}/pause");
    let body = json!({"reason": "lunch"});
    let first = data(keyed(&stack, &pause, "k1", &body), 200);
    assert_eq!(first["command_id"], "k1");
    data(ask(&stack, &format!("{run}/resume"), &json!({})), 200);
    // Sent again it is the same command, which is over: the run goes on.
    let again = data(keyed(&stack, &pause, "k1", &body), 200);
    assert_eq!((&again["at"], &again["result"]), (&first["at"], &first["result"]));
    assert_eq!(again["run"]["status"], "running");
    assert_eq!(data(look(&stack, &format!("{run}/commands/k1")), 200)["at"], first["at"]);

    refused(keyed(&stack, &pause, "k1", &json!({"reason": "tea"})), 409, "k1 was used for another");
    refused(keyed(&stack, &format!("{run}/resume"), "k1", &json!({})), 409, "(pause)");
    let stop = json!({"simulation_id": run});
    refused(keyed(&stack, "stop", "k1", &stop), 409, "k1 was used for another");
    let stored = subjects(&stack);
    let own: Vec<&String> = stored
        .keys()
        .filter(|subject| subject.starts_with("sim.commands.") && subject.ends_with(".k1"))
        .collect();
    assert_eq!(own, [&format!("sim.commands.{run}.pause.http.k1")]);

    let stopped = data(keyed(&stack, "stop", "k2", &stop), 200);
    assert_eq!(stopped["runner_status"], "stopped", "{stopped}");
    assert_eq!(data(keyed(&stack, "stop", "k2", &stop), 200)["runner_status"], "stopped");
}

#[test]
fn what_is_late_is_found_later() {
    let mut stack = Stack::start();
    let run = played(&stack, 6);
    stack.service(SIMULATOR).signal(Signal::STOP);
    let late = data(ask(&stack, &format!("{run}/verify"), &json!({"timeout": 1})), 202);
    assert_eq!((&late["status"], &late["verb"]), (&json!("pending"), &json!("verify")));
    assert_eq!((&late["result"], &late["waits_for"]), (&Value::Null, &Value::Null));
    let keyed_verify = || keyed(&stack, &format!("{run}/verify"), "v1", &json!({"timeout": 1}));
    assert_eq!(data(keyed_verify(), 202)["command_id"], "v1");
    assert_eq!(data(keyed_verify(), 202)["command_id"], "v1");
    stack.service(SIMULATOR).signal(Signal::CONT);
    for id in [&late["command_id"], &json!("v1")] {
        let found = command(&stack, &run, id);
        assert_eq!(
            (&found["status"], &found["result"]["type"]),
            (&json!("completed"), &json!("verified"))
        );
    }
    let body = json!({"timeout": 60});
    let again = data(keyed(&stack, &format!("{run}/verify"), "v1", &body), 200);
    assert_eq!(again["at"], command(&stack, &run, &json!("v1"))["at"]);
}

#[test]
fn who_hangs_up_leaves_nothing_behind() {
    let monitor = free_port();
    let config_extra = format!("http: \"127.0.0.1:{monitor}\"\n");
    let nats = NatsServer::start(Options { config_extra, ..Options::default() });
    let url = nats.url();
    let mut stack = Stack::on(nats, &url, &[]);
    let run = played(&stack, 4);
    let listens = || {
        // To an older client the server answers in one piece.
        let connections = exchange_bytes(monitor, b"GET /connz HTTP/1.0\r\n\r\n")?;
        let connections = Response::read(&connections)?.json();
        let all = connections["connections"].as_array()?.clone();
        let own = all.iter().find(|it| it["name"] == "shoal-launcher")?;
        own["subscriptions"].as_u64()
    };
    let before = wait_for("the launcher's connection", listens);
    let worker = worker_of(&mut stack, &run);
    stack.service(SIMULATOR).signal(Signal::STOP);
    signal_process(worker, Signal::STOP);
    let clients: Vec<TcpStream> = (0..20)
        .map(|number| {
            let (path, body) = match number % 2 {
                0 => (format!("{run}/verify"), json!({"timeout": 600})),
                _ => {
                    let interviews: Vec<Value> =
                        (0..8).map(|id| json!({"agent_id": id, "prompt": "Why?"})).collect();
                    let body =
                        json!({"simulation_id": run, "interviews": interviews, "timeout": 600});
                    ("interview/batch".to_owned(), body)
                }
            };
            let body = body.to_string();
            let mut client = TcpStream::connect(("127.0.0.1", stack.http_port)).unwrap();
            let head = format!(
                "POST /api/simulation/{path} HTTP/1.1\r\nhost: localhost\r\n\
                 content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            client.write_all(head.as_bytes()).unwrap();
            client
        })
        .collect();
    // Ten that wait for a reply, ten that listen to how far a batch is as well.
    wait_for("all to be waited for", || (listens()? >= before + 30).then_some(()));
    drop(clients);
    wait_for("nothing to be waited for", || (listens()? <= before).then_some(()));
    signal_process(worker, Signal::CONT);
    stack.service(SIMULATOR).signal(Signal::CONT);
}

#[test]
fn a_run_is_deleted_and_leaves_its_tombstone() {
    let mut stack = Stack::start();
    let first = played(&stack, 4);
    stack.service("shoal-memory-sink").signal(Signal::STOP);
    let second = played(&stack, 4);
    let delete = |query: &str, key: &str| {
        let path = format!("/api/simulation/{second}{query}");
        send(stack.http_port, "DELETE", &path, &[("idempotency-key", key)], b"")
    };
    refused(delete("", "d1"), 409, "memory");
    let deleted = data(delete("?force=true", "d2"), 200);
    assert_eq!(
        (&deleted["verb"], &deleted["result"]["type"]),
        (&json!("delete"), &json!("deleted"))
    );
    assert!(deleted["result"]["messages"].as_u64().unwrap() > 0, "{deleted}");
    refused(look(&stack, &format!("{second}/run-status")), 404, "");
    let runs = data(look(&stack, "bridge/runs"), 200);
    let states: Vec<(&Value, &Value)> = (runs["runs"].as_array().unwrap().iter())
        .map(|run| (&run["run_id"], &run["status"]))
        .collect();
    assert_eq!(states[0], (&json!(second), &json!("deleted")), "{runs}");
    assert_eq!(states[1], (&json!(first), &json!("completed")), "{runs}");
    // Who did not hear the answer asks again.
    assert_eq!(data(delete("?force=true", "d2"), 200), deleted);
    assert_eq!(data(look(&stack, &format!("{second}/commands/d2")), 200)["at"], deleted["at"]);
    refused(delete("?force=true", "d3"), 404, "unknown run");
    stack.service("shoal-memory-sink").signal(Signal::CONT);
    let by_verb = data(ask(&stack, &format!("{first}/delete"), &json!({"force": true})), 200);
    assert_eq!(by_verb["result"]["type"], "deleted", "{by_verb}");
    assert_eq!(data(look(&stack, "bridge/run-status"), 200)["runner_status"], "idle");
}

fn poison(stack: &Stack, subject: &str) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/system/poison.py");
    let output = python().args([script, &stack.nats.url(), "command", subject]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn what_went_wrong_is_told() {
    let stack = Stack::start();
    let run = played(&stack, 4);
    let all = wait_for("the worker's lines", || {
        let logs = data(look(&stack, "bridge/logs?limit=1000"), 200);
        (logs["count"].as_u64()? >= 2).then_some(logs)
    });
    assert_eq!(all["run_id"], json!(run));
    let lines = all["lines"].as_array().unwrap();
    assert!(lines.iter().all(|line| line["line"].is_string() && line["worker"].is_string()));
    let first = &lines[0];
    let next = data(look(&stack, &format!("{run}/logs?after={}&limit=1", first["seq"])), 200);
    assert_eq!(next["lines"], json!([lines[1]]));
    assert_eq!(next["next_after"], lines[1]["seq"]);
    let last = data(look(&stack, &format!("{run}/logs?after={}", all["next_after"])), 200);
    assert!(last["next_after"].as_u64() >= all["next_after"].as_u64(), "{last}");
    refused(look(&stack, &format!("{run}/logs?limit=0&after=x")), 400, "?after");
    refused(look(&stack, "bridge-9/logs"), 404, "unknown run");

    assert_eq!(data(get(stack.http_port, "/api/dead-letters"), 200)["letters"], json!([]));
    for subject in
        ["sim.commands.nonsense", "sim.commands.bridge-1.explode.x.y", "sim.commands.more.nonsense"]
    {
        poison(&stack, subject);
    }
    let letters = wait_for("three letters", || {
        let letters = data(get(stack.http_port, "/api/dead-letters"), 200);
        (letters["count"].as_u64()? >= 3).then_some(letters)
    });
    let letters = letters["letters"].as_array().unwrap();
    assert!(letters.iter().all(|letter| letter["body"] == "poison"), "{letters:?}");
    assert!(letters.is_sorted_by_key(|letter| std::cmp::Reverse(letter["letter"].as_u64())));
    let own = data(look(&stack, "bridge-1/dead-letters"), 200);
    assert_eq!(own["letters"][0]["subject"], "sim.commands.bridge-1.explode.x.y", "{own}");
    assert!(own["letters"].as_array().unwrap().iter().all(|letter| letter["run_id"] == json!(run)));
    let page = data(get(stack.http_port, "/api/dead-letters?limit=1"), 200);
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = data(get(stack.http_port, &format!("/api/dead-letters?cursor={cursor}")), 200);
    assert_eq!(rest["letters"].as_array().unwrap()[..], letters[1..]);
    refused(look(&stack, "bridge-9/dead-letters"), 404, "unknown run");
}
