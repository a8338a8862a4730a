//! MiroFish's own page, as far as the edge can tell: what it sends, when, and what it makes of
//! the answers.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};
use system_tests::http::{get, post};
use system_tests::process::{children, signal_process};
use system_tests::stack::{SIMULATOR, Stack, write_simulation};
use system_tests::wait_for;

/// The page of step 3, opened: it starts the simulation whatever there is, asks for the state
/// each 2 s and for all actions each 3 s, and stops asking when it takes the run for complete.
struct Page {
    port: u16,
    /// What the start answered, which is the page's first state.
    started: Value,
    state: Value,
    /// One card per action, by its key, in the order in which they came.
    cards: BTreeMap<String, Value>,
    next_state: Instant,
    next_detail: Instant,
}

const EACH_STATE: Duration = Duration::from_secs(2);
const EACH_DETAIL: Duration = Duration::from_secs(3);

impl Page {
    fn open(port: u16) -> Page {
        let body = json!({"simulation_id": "bridge", "platform": "parallel", "force": true,
            "enable_graph_memory_update": true, "max_rounds": 40});
        let started = data(&post(port, "/api/simulation/start", &body.to_string()).unwrap());
        let now = Instant::now();
        Page {
            port,
            state: started.clone(),
            started,
            cards: BTreeMap::new(),
            next_state: now + EACH_STATE,
            next_detail: now + EACH_DETAIL,
        }
    }

    /// Asks whatever is next, when it is time to. Being slow on time is what the page does.
    fn poll(&mut self) {
        let next = self.next_state.min(self.next_detail);
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
        if next == self.next_state {
            self.next_state += EACH_STATE;
            self.state = data(&get(self.port, "/api/simulation/bridge/run-status").unwrap());
        } else {
            self.next_detail += EACH_DETAIL;
            let detail = get(self.port, "/api/simulation/bridge/run-status/detail").unwrap();
            self.show(&data(&detail));
        }
    }

    fn show(&mut self, detail: &Value) {
        for action in detail["all_actions"].as_array().unwrap() {
            let key = action["id"].as_str().filter(|id| !id.is_empty()).expect("a key");
            // What a card is made of.
            for field in ["timestamp", "platform", "agent_name", "action_type"] {
                assert!(action[field].is_string(), "{field} of {action}");
            }
            assert!(action["round_num"].is_u64() && action["agent_id"].is_u64(), "{action}");
            assert!(action["action_args"].is_object(), "{action}");
            let shown = self.cards.entry(key.to_owned()).or_insert_with(|| action.clone());
            assert_eq!(shown, action, "a card changes");
        }
    }

    /// As the page decides it.
    fn is_complete(&self) -> bool {
        let state = |field: &str| self.state[field].as_str().unwrap_or_default().to_owned();
        let is = |field: &str| self.state[field] == true;
        ["completed", "stopped"].contains(&state("runner_status").as_str())
            || (is("twitter_completed") && is("reddit_completed"))
    }

    fn poll_until(&mut self, what: &str, condition: impl Fn(&Page) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(90);
        while !condition(self) {
            assert!(Instant::now() < deadline, "not {what} in 90 s: {}", self.state);
            self.poll();
        }
    }

    fn run_id(&self) -> String {
        self.started["run_id"].as_str().unwrap().to_owned()
    }
}

fn data(answer: &system_tests::http::Response) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.json()["success"], true);
    answer.json()["data"].clone()
}

fn ask(port: u16, route: &str, body: &Value) -> Value {
    data(&post(port, &format!("/api/simulation/{route}"), &body.to_string()).unwrap())
}

/// The ids of all actions that lists have, from pages.
fn all_ids(port: u16, run: &str) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = get(port, &format!("/api/simulation/{run}/actions?limit=500{cursor}")).unwrap();
        let page = data(&page);
        let actions = page["actions"].as_array().unwrap();
        ids.extend(actions.iter().map(|action| action["id"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    ids.sort();
    ids
}

fn on_a_pace(pace: &str) -> Stack {
    let stack = Stack::start_with(&[("SHOAL_HTTP_PACE", pace)]);
    write_simulation(&stack.dir().join("simulations"), "bridge", 12, 48);
    stack
}

#[test]
fn the_originals_page_may_be_opened_again_at_any_time() {
    let stack = on_a_pace("5");
    let port = stack.http_port;
    let mut page = Page::open(port);
    let run = page.run_id();
    assert_eq!(run, "bridge-1");
    assert_eq!(page.started["force_restarted"], false);
    assert_eq!(page.started["max_rounds_applied"], 40);
    for field in ["twitter_current_round", "reddit_current_round", "total_rounds"] {
        assert!(page.started[field].is_u64(), "{field}: {}", page.started);
    }
    page.poll_until("half-way", |page| !page.cards.is_empty());
    let seen = page.state["twitter_current_round"].as_u64().unwrap();
    assert!(seen < 40 && !page.is_complete(), "too quick for a reload half-way: {}", page.state);

    // Reloaded half-way: nothing restarts, nothing is forgotten.
    let mut page = Page::open(port);
    assert_eq!((page.run_id(), &page.started["created"]), (run.clone(), &json!(false)));
    assert!(page.started["twitter_current_round"].as_u64().unwrap() >= seen);
    page.poll_until("complete", Page::is_complete);
    let shown: Vec<String> = page.cards.keys().cloned().collect();
    let all = all_ids(port, &run);
    assert_eq!(shown, all);
    let hours = |field: &str| page.state[field].as_f64().unwrap();
    assert!((hours("twitter_simulated_hours") - 40.0).abs() < 0.01, "{}", page.state);
    assert!((page.state["progress_percent"].as_f64().unwrap() - 100.0).abs() < 0.01);

    // Reloaded after the end: the same run, with all its cards.
    let mut page = Page::open(port);
    assert_eq!((page.run_id(), &page.started["created"]), (run.clone(), &json!(false)));
    assert_eq!(page.started["status"], "completed");
    page.poll_until("complete", Page::is_complete);
    assert_eq!(page.cards.keys().cloned().collect::<Vec<_>>(), all);
    let config = data(&get(port, "/api/simulation/bridge/config").unwrap());
    assert_eq!(config["time_config"]["minutes_per_round"], 60);

    // Step 5: the list index of the profiles is the agent's id.
    let alive = ask(port, "env-status", &json!({"simulation_id": "bridge"}));
    assert_eq!(alive["env_alive"], true, "{alive}");
    let realtime = "/api/simulation/bridge/profiles/realtime?platform=reddit";
    let profiles = data(&get(port, realtime).unwrap());
    assert_eq!(profiles["profiles"][7]["username"], "agent_7");
    let survey: Vec<Value> =
        (0..12).map(|agent| json!({"agent_id": agent, "prompt": "Will it be closed?"})).collect();
    let answers =
        ask(port, "interview/batch", &json!({"simulation_id": "bridge", "interviews": survey}));
    for agent in 0..12 {
        let answer = &answers["result"]["results"][format!("reddit_{agent}")]["response"];
        assert!(answer.as_str().is_some_and(|text| !text.is_empty()), "{agent}: {answers}");
    }
    assert_eq!(all_ids(port, &run), all, "an interview is no action");

    let closed = ask(port, "close-env", &json!({"simulation_id": "bridge", "timeout": 10}));
    assert_eq!(closed["success"], true, "{closed}");
    let alive = ask(port, "env-status", &json!({"simulation_id": "bridge"}));
    assert_eq!(alive["env_alive"], false, "{alive}");
    let state = data(&get(port, "/api/simulation/bridge/run-status").unwrap());
    assert_eq!(
        (&state["runner_status"], &state["status"]),
        (&json!("completed"), &json!("closed"))
    );
    assert_eq!(all_ids(port, &run), all);

    // What is closed is over: opened once more the page begins the next run, and may stop it.
    let mut page = Page::open(port);
    assert_eq!((page.run_id().as_str(), &page.started["created"]), ("bridge-2", &json!(true)));
    page.poll_until("running", |page| page.state["runner_status"] == "running");
    let stopped = ask(port, "stop", &json!({"simulation_id": "bridge"}));
    assert_eq!(stopped["runner_status"], "stopped");
    page.poll_until("complete", Page::is_complete);
    assert_eq!(page.state["runner_status"], "stopped");
    assert_eq!(all_ids(port, &run), all, "the first run is as it was");
}

#[test]
fn the_page_is_told_of_a_failure_and_why() {
    let mut stack = on_a_pace("0.01");
    let port = stack.http_port;
    let mut page = Page::open(port);
    let mut last = 0;
    wait_for("the run to fail", || {
        let node = stack.service(SIMULATOR).id();
        if let Some(worker) = children(node).first().copied().filter(|worker| *worker != last) {
            signal_process(worker, Signal::KILL);
            last = worker;
        }
        let status = get(port, "/api/simulation/bridge/run-status")?.json()["data"].clone();
        (status["runner_status"] == "failed").then_some(())
    });
    page.poll_until("failed", |page| page.state["runner_status"] == "failed");
    assert!(!page.is_complete(), "a failure is no completion: {}", page.state);
    let error = page.state["error"].as_str().unwrap();
    assert!(error.contains("3 workers in a row"), "{error}");
    let lines = page.state["last_log_lines"].as_array().unwrap();
    assert!(!lines.is_empty() && lines.iter().all(Value::is_string), "{}", page.state);
    assert_eq!(page.state["alive"], false);
    // It is no dead end: the next opening begins another run.
    let page = Page::open(port);
    assert_eq!((page.run_id().as_str(), &page.started["created"]), ("bridge-2", &json!(true)));
}

#[test]
fn a_run_that_no_node_takes_says_what_is_missing() {
    let mut stack = on_a_pace("5");
    let port = stack.http_port;
    stack.services.remove(SIMULATOR);
    let page = Page::open(port);
    assert_eq!(page.started["runner_status"], "starting");
    let waits_for = |part: &str| {
        wait_for(part, || {
            let status = get(port, "/api/simulation/bridge/run-status")?.json()["data"].clone();
            status["waits_for"].as_str()?.contains(part).then_some(())
        });
    };
    waits_for("a simulator node: none answers");
    stack.start_service(SIMULATOR);
    wait_for("the run to go on", || {
        let status = get(port, "/api/simulation/bridge/run-status")?.json()["data"].clone();
        (status["runner_status"] == "running" && status["waits_for"].is_null()).then_some(())
    });
}

#[test]
fn a_run_is_stopped_when_its_time_is_over_by_any_launcher_once() {
    let mut stack = on_a_pace("0.5");
    let port = stack.http_port;
    let second = stack.start_launcher("shoal-launcher-2");
    let body = json!({"simulation_id": "bridge", "time_limit_seconds": 2,
        "labels": {"study": "ferries"}, "idempotency_key": "study-7"});
    let started = ask(port, "start", &body);
    assert_eq!(started["labels"], json!({"study": "ferries"}));
    // Sent again, to the other launcher and after the end as well: the same run.
    let again = ask(second, "start", &body);
    assert_eq!((&again["run_id"], &again["created"]), (&started["run_id"], &json!(false)));
    let stopped = wait_for("its time to be over", || {
        let status = get(second, "/api/simulation/bridge/run-status")?.json()["data"].clone();
        (status["status"] == "stopped").then_some(status)
    });
    assert_eq!(stopped["reason"], "its time limit of 2 s is over");
    let again = ask(second, "start", &body);
    assert_eq!((&again["run_id"], &again["created"]), (&started["run_id"], &json!(false)));
    let other = json!({"simulation_id": "bridge", "idempotency_key": "study-7"});
    let refused = post(port, "/api/simulation/start", &other.to_string()).unwrap();
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert!(refused.body.contains("study-7"), "{}", refused.body);
    // Resumed, it has all the time there is.
    let run = started["run_id"].as_str().unwrap();
    stack.shoal_json(&["resume", run]);
    let rounds = |status: &Value| status["platforms"][0]["round"].as_u64().unwrap_or(0);
    let before = rounds(&stack.shoal_json(&["status", run]));
    stack.await_status(run, "two rounds on", |status| rounds(status) >= before + 2);
}

#[test]
fn runs_go_side_by_side_when_that_is_asked_for() {
    let stack = on_a_pace("0.5");
    let port = stack.http_port;
    let first = ask(port, "start", &json!({"simulation_id": "bridge"}));
    let other = json!({"simulation_id": "bridge", "seed": 9});
    let refused = post(port, "/api/simulation/start", &other.to_string()).unwrap();
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert!(refused.body.contains("beside"), "{}", refused.body);
    let beside = json!({"simulation_id": "bridge", "seed": 9, "beside": true});
    let second = ask(port, "start", &beside);
    assert_eq!((&second["run_id"], &second["created"]), (&json!("bridge-2"), &json!(true)));
    for (body, run) in
        [(json!({"simulation_id": "bridge", "beside": true}), &first), (beside, &second)]
    {
        let again = ask(port, "start", &body);
        assert_eq!((&again["run_id"], &again["created"]), (&run["run_id"], &json!(false)));
    }
    for run in ["bridge-1", "bridge-2"] {
        stack.await_status(run, "playing", |status| {
            status["platforms"][0]["round"].as_u64().is_some_and(|round| round > 0)
        });
    }
}
