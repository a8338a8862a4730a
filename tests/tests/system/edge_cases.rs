//! Every route answers with every status that its document promises, and each answer is held to
//! the document by the client.

use std::collections::BTreeSet;

use rustix::process::Signal;
use serde_json::{Value, json};
use system_tests::http::{Response, send};
use system_tests::openapi;
use system_tests::process::{children, signal_process};
use system_tests::stack::{SIMULATOR, Stack, write_simulation};
use system_tests::wait_for;

use crate::recovery::ticks;
use crate::simulations::{FORM, form};

/// What any route may answer when the launcher, the bus or whoever asks is not as it should be.
const ANY: [&str; 5] = ["401", "403", "500", "503", "504"];

/// What other tests see to, and where.
const ELSEWHERE: [(&str, &str, &str); 8] = [
    // `events`: its answer does not end.
    ("get", "/api/simulation/{id}/events", "200"),
    // `simulations`: too much, and too slow.
    ("post", "/api/simulation/upload", "408"),
    ("post", "/api/simulation/upload", "413"),
    // `interviews`: with a worker that stands still.
    ("post", "/api/simulation/interview/all", "202"),
    ("post", "/api/simulation/interview/batch", "202"),
    // Refused while a worker prepares its worlds, which is over at once: `docs/verbs.md` and the
    // simulator's tests of its table.
    ("post", "/api/simulation/interview", "409"),
    ("post", "/api/simulation/interview/all", "409"),
    ("post", "/api/simulation/interview/batch", "409"),
];

const JSON: (&str, &str) = ("content-type", "application/json");

/// A launcher, and what it has answered so far.
struct Edge {
    stack: Stack,
    seen: BTreeSet<(String, String, String)>,
    /// Answers with another status than was expected.
    wrong: Vec<String>,
}

impl Edge {
    /// A run that is over, `bridge-1`, and one that plays, `ferry-1`.
    fn new() -> Edge {
        let stack = Stack::start();
        for (simulation, rounds) in [("bridge", 3), ("ferry", 400)] {
            write_simulation(&stack.dir().join("simulations"), simulation, 8, rounds);
        }
        let mut edge = Edge { stack, seen: BTreeSet::new(), wrong: Vec::new() };
        edge.post(200, "start", &json!({"simulation_id": "bridge"}));
        edge.post(200, "start", &json!({"simulation_id": "ferry", "pace": 2}));
        edge.stack.await_status("bridge-1", "over", |status| status["status"] == "completed");
        edge.stack.await_status("ferry-1", "playing", |status| ticks(status) >= 2);
        edge
    }

    /// Asks, and expects this status.
    fn ask(
        &mut self,
        expected: u16,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Response {
        let answer = send(self.stack.http_port, method, path, headers, body);
        let answer = answer.unwrap_or_else(|| panic!("{method} {path}: no answer"));
        if answer.status != expected {
            let (status, start) = (answer.status, answer.body.chars().take(300));
            let start: String = start.collect();
            self.wrong
                .push(format!("{method} {path}: expected {expected}, {status} came: {start}"));
        }
        let template = openapi::template(path).unwrap_or_else(|| panic!("{path} is no route"));
        self.seen.insert((method.to_ascii_lowercase(), template, answer.status.to_string()));
        answer
    }

    fn get(&mut self, expected: u16, path: &str) -> Response {
        self.ask(expected, "GET", path, &[], b"")
    }

    /// `POST /api/simulation/<path>`.
    fn post(&mut self, expected: u16, path: &str, body: &Value) -> Response {
        let path = format!("/api/simulation/{path}");
        self.ask(expected, "POST", &path, &[JSON], body.to_string().as_bytes())
    }

    fn keyed(&mut self, expected: u16, path: &str, body: &Value) -> Response {
        let headers = [JSON, ("idempotency-key", "one-key")];
        let path = format!("/api/simulation/{path}");
        self.ask(expected, "POST", &path, &headers, body.to_string().as_bytes())
    }

    fn upload(&mut self, expected: u16, simulation: &str) {
        let folder = write_simulation(&self.stack.dir().join("elsewhere"), simulation, 4, 2);
        self.ask(expected, "POST", "/api/simulation/upload", &[FORM], &form(&folder));
    }

    /// Questions: of what is there, of what is not, and of what cannot be.
    fn questions(&mut self) {
        for operation in openapi::operations() {
            let path = &operation.path;
            let is_about_a_run =
                path.starts_with("/api/simulation/{id}") && !path.contains("{command_id}");
            if operation.method != "get" || !is_about_a_run {
                continue;
            }
            let query = if path.ends_with("/search") { "?query=bridge" } else { "" };
            let of = |id: &str| format!("{}{query}", path.replace("{id}", id));
            if !path.ends_with("/events") {
                self.get(200, &of("bridge-1"));
            }
            self.get(404, &of("nobody-9"));
            self.get(400, &of("a.b"));
        }
        for path in ["/health", "/healthz", "/readyz", "/metrics", "/openapi.json"] {
            self.get(200, path);
        }
        let long = "x".repeat(300);
        for (status, path) in [
            (200, "/api/dead-letters"),
            (400, "/api/dead-letters?limit=0"),
            (200, "/api/memory"),
            (200, "/api/simulation/list"),
            (400, "/api/simulation/list?project_id=a&project_id=b"),
            (200, "/api/simulation/history"),
            (400, "/api/simulation/history?limit=0"),
            (200, "/api/graph/data/bridge"),
            (404, "/api/graph/data/nobody"),
            (400, &format!("/api/graph/data/{long}")),
            (200, "/api/graph/project/bridge"),
            (404, "/api/graph/project/nobody"),
            (400, "/api/graph/project/%ff"),
        ] {
            self.get(status, path);
        }
        self.graphs(&long);
    }

    /// What a graph has.
    fn graphs(&mut self, long: &str) {
        for (question, asked, wrong) in [
            ("search", "?query=bridge", "?limit=0"),
            ("nodes", "", "?limit=0"),
            ("edges", "", "?limit=0"),
            ("timeline", "?name=Agent%200", ""),
        ] {
            self.get(200, &format!("/api/graph/{question}/bridge{asked}"));
            self.get(400, &format!("/api/graph/{question}/bridge{wrong}"));
            self.get(404, &format!("/api/graph/{question}/nobody{asked}"));
        }
        self.get(200, "/api/graph/statistics/bridge");
        self.get(400, &format!("/api/graph/statistics/{long}"));
        self.get(404, "/api/graph/statistics/nobody");
        let nodes = self.get(200, "/api/graph/nodes/bridge?limit=1");
        let nodes: Value = serde_json::from_str(&nodes.body).unwrap();
        let uuid = nodes["data"]["nodes"][0]["uuid"].as_str().unwrap();
        self.get(200, &format!("/api/graph/node/{uuid}"));
        self.get(400, "/api/graph/node/nobody");
        self.get(404, "/api/graph/node/00000000-0000-8000-8000-000000000000");
    }

    /// What is not done here says so.
    fn elsewhere(&mut self) {
        for operation in openapi::operations() {
            if operation.value["responses"].get("501").is_some() {
                let names = ["graph}", "uuid}", "entity_type}", "name}", "rest}"];
                let path = names.iter().fold(operation.path.clone(), |path, name| {
                    path.replace(&format!("{{{name}"), "anything")
                });
                let method = operation.method.to_ascii_uppercase();
                self.ask(501, &method, &path, &[JSON], b"{}");
            }
        }
    }

    /// Bodies that are none of the route's.
    fn bodies(&mut self) {
        let large = vec![b' '; (1 << 20) + 1];
        for operation in openapi::operations() {
            let responses = &operation.value["responses"];
            if operation.method != "post" || responses.get("415").is_none() {
                continue;
            }
            let path = operation.path.replace("{id}", "bridge-1");
            self.ask(415, "POST", &path, &[("content-type", "text/csv")], b"a,b");
            if path.ends_with("/upload") {
                self.ask(400, "POST", &path, &[FORM], b"--xx--\r\n");
                continue;
            }
            self.ask(413, "POST", &path, &[JSON], &large);
            self.ask(400, "POST", &path, &[JSON], b"[]");
        }
    }

    /// What is asked of runs and simulations by their ids.
    fn requests(&mut self) {
        let of = |simulation: &str, more: Value| {
            let mut body = json!({"simulation_id": simulation});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        let interview = json!({"agent_id": 1, "prompt": "Why?"});
        let by_body = [
            ("interview", interview.clone()),
            ("interview/all", json!({"prompt": "Why?"})),
            ("interview/batch", json!({"interviews": [interview]})),
            ("interview/cancel", json!({"command_id": "none"})),
            ("interview/history", json!({})),
            ("env-status", json!({})),
            ("prepare", json!({})),
            ("prepare/status", json!({})),
        ];
        for (path, more) in by_body {
            self.post(200, path, &of("bridge", more.clone()));
            // A simulation without a run has no environment, which is an answer.
            let nobody = if path == "env-status" { "nobody-9" } else { "nobody" };
            self.post(404, path, &of(nobody, more));
        }
        for path in ["start", "stop", "close-env"] {
            self.post(404, path, &of("nobody", json!({})));
        }
        self.post(409, "start", &of("ferry", json!({"seed": 9})));
        self.post(409, "close-env", &of("ferry", json!({})));
        self.post(200, "create", &json!({"project_id": "bridge"}));
        self.upload(201, "tram");
        self.upload(200, "tram");
        self.upload(409, "bridge");
    }

    /// The verbs: carried out, refused, unknown.
    fn verbs(&mut self) {
        self.keyed(200, "ferry-1/pause", &json!({}));
        self.get(200, "/api/simulation/ferry-1/commands/one-key");
        self.get(404, "/api/simulation/ferry-1/commands/none");
        self.get(400, "/api/simulation/ferry-1/commands/a.b");
        self.post(200, "ferry-1/resume", &json!({}));
        for (verb, body) in &verbs() {
            // A repair wants a run that plays no rounds.
            let run = if ["fork", "verify", "replay", "repair"].contains(verb) {
                "bridge"
            } else {
                "ferry"
            };
            if !["pause", "resume"].contains(verb) {
                self.post(200, &format!("{run}-1/{verb}"), body);
            }
            self.post(404, &format!("nobody-9/{verb}"), body);
            if *verb != "pause" {
                self.keyed(409, &format!("ferry-1/{verb}"), body);
            }
        }
        self.post(409, "bridge-1/pause", &json!({}));
        let stop = json!({"simulation_id": "ferry-1"});
        self.keyed(409, "stop", &stop);
        self.deletions();
        self.post(200, "stop", &stop);
        self.post(200, "close-env", &json!({"simulation_id": "bridge-1"}));
    }

    fn deletions(&mut self) {
        let forks = ["bridge-2", "bridge-3"];
        self.post(200, "bridge-1/fork", &json!({"at_round": 1}));
        for run in forks {
            self.stack.await_status(run, "over", |status| status["status"] == "completed");
        }
        self.post(409, "ferry-1/delete", &json!({}));
        self.ask(409, "DELETE", "/api/simulation/ferry-1", &[], b"");
        self.post(404, "nobody-9/delete", &json!({}));
        self.ask(404, "DELETE", "/api/simulation/nobody-9", &[], b"");
        self.ask(400, "DELETE", "/api/simulation/a.b", &[], b"");
        self.post(200, &format!("{}/delete", forks[0]), &json!({"force": true}));
        let path = format!("/api/simulation/{}?force=true", forks[1]);
        self.ask(200, "DELETE", &path, &[], b"");
    }

    /// Nobody answers in time: it is carried out later.
    fn late(&mut self) {
        self.post(200, "start", &json!({"simulation_id": "ferry", "pace": 2}));
        self.stack.await_status("ferry-2", "playing", |status| ticks(status) >= 2);
        let node = self.stack.service(SIMULATOR).id();
        let frozen = [children(node), vec![node, self.stack.service("shoal-memory-sink").id()]];
        let signal = |signal| frozen.iter().flatten().for_each(|it| signal_process(*it, signal));
        signal(Signal::STOP);
        for (verb, mut body) in verbs() {
            body["timeout"] = json!(1);
            self.post(202, &format!("ferry-2/{verb}"), &body);
        }
        for path in ["stop", "close-env"] {
            self.post(202, path, &json!({"simulation_id": "ferry-2", "timeout": 1}));
        }
        // Its memory does not say whether it has everything.
        self.post(202, "bridge-1/delete", &json!({"timeout": 1}));
        self.ask(202, "DELETE", "/api/simulation/ferry-1?timeout=1", &[], b"");
        signal(Signal::CONT);
    }
}

/// Those that have a route that does nothing else, with arguments that fit.
fn verbs() -> [(&'static str, Value); 10] {
    let posts = json!([{"agent_id": 0, "content": "Boats at nine."}]);
    [
        ("inject", json!({"posts": posts})),
        ("configure", json!({"pace_milli": 3000})),
        ("fork", json!({"at_round": 1})),
        ("verify", json!({})),
        ("replay", json!({})),
        ("repair", json!({})),
        ("memory/attach", json!({"target": "local"})),
        ("memory/redrive", json!({})),
        ("pause", json!({})),
        ("resume", json!({})),
    ]
}

#[test]
fn every_route_answers_with_every_status_that_its_document_has() {
    let mut edge = Edge::new();
    let port = edge.stack.http_port;
    wait_for("the memory to have something of the run", || {
        let answer = send(port, "GET", "/api/graph/data/bridge", &[], b"")?;
        (answer.status == 200).then_some(())
    });
    edge.questions();
    edge.elsewhere();
    edge.bodies();
    edge.requests();
    edge.verbs();
    edge.late();
    let mut missing = std::mem::take(&mut edge.wrong);
    for operation in openapi::operations() {
        let (method, path) = (operation.method.as_str(), operation.path.as_str());
        for status in operation.value["responses"].as_object().unwrap().keys() {
            let is_seen = edge.seen.contains(&(method.into(), path.into(), status.clone()));
            let elsewhere = ELSEWHERE.contains(&(method, path, status.as_str()));
            assert!(!(is_seen && elsewhere), "{method} {path} {status} is seen here too");
            if !is_seen && !elsewhere && !ANY.contains(&status.as_str()) {
                missing.push(format!("{method} {path} {status} was never seen"));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
