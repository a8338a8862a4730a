//! Runs whose agents ask a language model: what is asked is paid once, whoever dies; caps and
//! outages hold a run, and it goes on.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};
use system_tests::model::{Act, ModelServer, Reply, sensible};
use system_tests::process::signal_process;
use system_tests::stack::{SIMULATOR, Stack, text, write_simulation};
use system_tests::wait_for;

use crate::http_control::{ask, data};
use crate::recovery::{ticks, worker_of};
use crate::whole_run::digests;

/// A stack whose operator has defined `main` and, at the same server, `boost`.
pub(crate) fn stack(models: &ModelServer) -> (Stack, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = endpoints(&folder, models);
    let stack = Stack::start_with(&[("SHOAL_LLM_ENDPOINTS", file.to_str().unwrap())]);
    (stack, folder)
}

fn endpoints(folder: &tempfile::TempDir, models: &ModelServer) -> PathBuf {
    let price = json!({"prompt": "0.15", "completion": "0.60"});
    let endpoint = |concurrency: u32| {
        json!({"url": models.url(), "key_file": "key", "models": ["small-1"],
            "concurrency": concurrency, "tools": true, "price": price})
    };
    let all = json!({"endpoints": {"main": endpoint(8), "boost": endpoint(4)}});
    std::fs::write(folder.path().join("key"), "sk-canary-4711\n").unwrap();
    let file = folder.path().join("endpoints.json");
    std::fs::write(&file, all.to_string()).unwrap();
    file
}

/// Starts a run of so many agents and rounds, all of whom ask; its id.
fn begin(stack: &Stack, agents: usize, rounds: u32, more: &Value) -> String {
    lively(&write_simulation(&stack.dir().join("simulations"), "bridge", agents, rounds));
    let rules = json!([{"endpoint": "main"}, {"endpoint": "boost", "platform": "reddit"}]);
    let mut body = json!({"simulation_id": "bridge", "new_run": true, "llm": {"rules": rules}});
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    let started = data(ask(stack, "start", &body), 200);
    started["run_id"].as_str().unwrap().to_owned()
}

/// Makes a simulation's nights as busy as its days.
pub(crate) fn lively(folder: &Path) {
    let file = folder.join("simulation_config.json");
    let mut config: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    config["time_config"]["off_peak_activity_multiplier"] = json!(1.0);
    std::fs::write(&file, config.to_string()).unwrap();
}

fn completed(stack: &Stack, run: &str) -> Value {
    stack.await_status(run, "completed", |status| status["status"] == "completed")
}

fn paused(stack: &Stack, run: &str, why: &str) -> Value {
    let holds = |status: &Value| {
        let reason = status["reason"].as_str().unwrap_or_default();
        status["status"] == "paused" && reason.contains(why)
    };
    stack.await_status(run, &format!("paused for {why}"), holds)
}

/// A count of what both worlds have spent.
fn spent(status: &Value, what: &str) -> u64 {
    let worlds = status["platforms"].as_array().unwrap();
    worlds.iter().map(|world| world["spent"][what].as_u64().unwrap_or(0)).sum()
}

/// Executes the run's journals again, and compares what they make with what is stored.
fn verified(stack: &Stack, run: &str) {
    let verified = stack.shoal(&["verify", run]);
    assert!(verified.status.success(), "{}", text(&verified.stdout));
}

#[test]
fn a_hundred_agents_in_both_worlds_decide_and_what_they_decided_is_asked_for_once() {
    let models = ModelServer::start();
    let (mut stack, _folder) = stack(&models);
    let run = begin(&stack, 100, 3, &json!({}));
    let status = completed(&stack, &run);
    let (decisions, requests) = (spent(&status, "decisions"), models.requests());
    assert!(decisions >= 2 * 3 * 25, "{decisions} decisions in three rounds of two worlds");
    assert_eq!((spent(&status, "requests"), requests), (decisions, decisions));
    assert_eq!((spent(&status, "undecided"), spent(&status, "refused")), (0, 0));
    assert!(spent(&status, "cost_micros") > 0 && spent(&status, "prompt_tokens") > 0);
    let summary = stack.shoal_json(&["summary", &run]);

    // Nobody is asked by whoever plays the past again, also where another takes the run up.
    verified(&stack, &run);
    let forked = stack.shoal_json(&["fork", &run, "--at-round", "2", "--paused"]);
    let fork = forked["outcome"]["result"]["run_id"].as_str().unwrap();
    paused(&stack, fork, "forked");
    signal_process(worker_of(&mut stack, &run), Signal::KILL);
    let arguments = ["interview", run.as_str(), "--agent", "3", "Why?", "--platform", "twitter"];
    let answer = stack.shoal(&arguments);
    assert!(answer.status.success(), "{answer:?}");
    assert_eq!(digests(&stack.shoal_json(&["summary", &run])), digests(&summary));
    let talks = models.bodies().iter().filter(|body| !body.contains("\"tools\"")).count() as u64;
    assert_eq!(models.requests() - talks, requests, "nothing that was decided is asked again");
}

#[test]
fn a_worker_that_is_killed_costs_at_most_the_requests_under_way() {
    let models = ModelServer::start();
    let (mut stack, _folder) = stack(&models);
    let run = begin(&stack, 100, 6, &json!({"pace": 4}));
    stack.await_status(&run, "in its second round", |status| ticks(status) >= 2);
    // Of the decisions of a round some are journalled, and some are under way.
    let before = models.requests();
    let hold = |seen: &system_tests::model::Seen<'_>| {
        let reply = Reply::new(200, sensible(seen.body));
        if seen.number.is_multiple_of(3) { Act::Hold(reply) } else { Act::Reply(reply) }
    };
    models.set_script(hold);
    wait_for("requests of both worlds under way", || {
        (models.held() >= 8 && models.requests() > before + 10).then_some(())
    });
    let worker = worker_of(&mut stack, &run);
    wait_for("the rest to be journalled", || {
        let status = stack.shoal_json(&["status", &run]);
        (spent(&status, "decisions") + models.held() >= models.requests()).then_some(())
    });
    let under_way = models.held();
    signal_process(worker, Signal::KILL);
    models.set_script(|seen| Act::Reply(Reply::new(200, sensible(seen.body))));
    models.release();
    let status = completed(&stack, &run);
    let (decisions, requests) = (spent(&status, "decisions"), models.requests());
    assert_eq!(requests, decisions + under_way, "what was under way is all that was lost");
    assert!(status["epoch"].as_u64().unwrap() > 1);
    let cost = stack.shoal_json(&["cost", &run]);
    assert_eq!(spent(&status, "undecided"), 0, "{cost}");
    verified(&stack, &run);
    assert_eq!(models.requests(), requests);
}

#[test]
fn a_cap_is_never_exceeded_holds_the_run_and_lets_it_go_on_once_it_is_raised() {
    let models = ModelServer::start();
    let (stack, _folder) = stack(&models);
    let run = begin(&stack, 30, 4, &json!({"budget": {"requests": 25}}));
    let status = paused(&stack, &run, "budget: 25 of 25 requests are spent");
    assert_eq!((models.requests(), spent(&status, "decisions")), (25, 25));
    assert_eq!(status["options"]["budget"], json!({"requests": 25}));
    let configure = |budget: Value| {
        let body = json!({"budget": budget, "timeout": 60});
        data(ask(&stack, &format!("{run}/configure"), &body), 200)
    };
    configure(json!({"requests": 100_000}));
    let status = completed(&stack, &run);
    assert_eq!(status["options"]["budget"], json!({"requests": 100_000}));
    assert_eq!(spent(&status, "decisions"), models.requests());
    assert_eq!(status["reason"], Value::Null);
    verified(&stack, &run);
}

#[test]
fn an_endpoint_that_dies_holds_the_run_and_nothing_is_lost_when_it_is_back() {
    let models = ModelServer::start();
    let (stack, _folder) = stack(&models);
    let llm = json!({"rules": [{"endpoint": "main"}], "decision_seconds": 10, "round_seconds": 40});
    let run = begin(&stack, 12, 12, &json!({"llm": llm, "pace": 4}));
    stack.await_status(&run, "in its second round", |status| ticks(status) >= 2);
    models.die();
    let status = paused(&stack, &run, "endpoint main has let nobody decide in this round");
    let played = ticks(&status);
    models.revive();
    data(ask(&stack, &format!("{run}/resume"), &json!({})), 200);
    let status = completed(&stack, &run);
    assert!(ticks(&status) > played);
    verified(&stack, &run);
    // No round was played in which nobody could decide: every refusal was made up for.
    let journal = stack.shoal_json(&["cost", &run]);
    assert_eq!(spent(&status, "undecided"), 0, "{journal}");
}

#[test]
fn a_file_of_endpoints_that_was_wrong_is_mended_while_the_run_waits() {
    let models = ModelServer::start();
    let (stack, folder) = stack(&models);
    let file = folder.path().join("endpoints.json");
    let good = std::fs::read(&file).unwrap();
    std::fs::write(&file, "{").unwrap();
    let run = begin(&stack, 8, 2, &json!({}));
    paused(&stack, &run, "endpoints.json");
    // In vain as long as it is wrong.
    data(ask(&stack, &format!("{run}/resume"), &json!({})), 200);
    paused(&stack, &run, "endpoints.json");
    std::fs::write(&file, good).unwrap();
    data(ask(&stack, &format!("{run}/resume"), &json!({})), 200);
    completed(&stack, &run);
    verified(&stack, &run);
}

#[test]
fn who_pauses_a_run_that_waits_for_money_has_it_paused() {
    let models = ModelServer::start();
    let (stack, _folder) = stack(&models);
    let run = begin(&stack, 12, 4, &json!({"budget": {"requests": 9}}));
    paused(&stack, &run, "budget: 9 of 9 requests are spent");
    data(ask(&stack, &format!("{run}/pause"), &json!({"reason": "lunch"})), 200);
    paused(&stack, &run, "lunch");
    let raised = json!({"budget": {"requests": 100_000}, "timeout": 1});
    assert_eq!(ask(&stack, &format!("{run}/configure"), &raised).unwrap().status, 202);
    let status = stack.shoal_json(&["status", &run]);
    assert_eq!((&status["status"], models.requests()), (&json!("paused"), 9));
    data(ask(&stack, &format!("{run}/resume"), &json!({})), 200);
    completed(&stack, &run);
}

#[test]
fn a_wrong_key_holds_the_run_at_once_and_an_unknown_endpoint_is_refused() {
    let models = ModelServer::scripted(|_| {
        let error = json!({"error": {"message": "Incorrect API key provided: sk-canary-4711"}});
        Act::Reply(Reply::new(401, error.to_string()))
    });
    let (mut stack, folder) = stack(&models);
    let run = begin(&stack, 12, 3, &json!({}));
    let status = paused(&stack, &run, "401");
    assert!(models.requests() < 30, "{} requests with a wrong key", models.requests());
    assert!(!status.to_string().contains("sk-canary"), "{status}");
    let log = stack.service(SIMULATOR).log();
    assert!(!log.contains("sk-canary"), "{log}");
    // What was asked in vain is in the sum, and a new key is taken up by who resumes.
    assert_eq!(spent(&status, "requests"), models.requests());
    models.set_script(|seen| match seen.head.contains("sk-canary-4712") {
        true => Act::Reply(Reply::new(200, sensible(seen.body))),
        false => Act::Reply(Reply::new(401, "no")),
    });
    std::fs::write(folder.path().join("key"), "sk-canary-4712").unwrap();
    data(ask(&stack, &format!("{run}/resume"), &json!({})), 200);
    let status = completed(&stack, &run);
    assert_eq!(spent(&status, "requests"), models.requests());
    verified(&stack, &run);

    let rules = json!({"rules": [{"endpoint": "mian"}]});
    let body = json!({"simulation_id": "bridge", "new_run": true, "llm": rules});
    let refused = ask(&stack, "start", &body).unwrap();
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert!(refused.body.contains("main"), "{}", refused.body);
}

#[test]
fn who_is_too_slow_does_nothing_and_it_is_recorded_why() {
    let models = ModelServer::scripted(|seen| match seen.number % 5 {
        0 => Act::Stall,
        1 => Act::Reply(Reply::new(400, json!({"error": {"message": "no"}}).to_string())),
        _ => Act::Reply(Reply::new(200, sensible(seen.body))),
    });
    let (stack, _folder) = stack(&models);
    let llm = json!({"rules": [{"endpoint": "main"}], "decision_seconds": 1, "round_seconds": 20});
    let run = begin(&stack, 30, 2, &json!({"llm": llm}));
    let status = completed(&stack, &run);
    assert!(spent(&status, "undecided") >= 4, "{status}");
    verified(&stack, &run);
    let cost = stack.shoal_json(&["cost", &run]).to_string();
    assert!(cost.contains("400"), "{cost}");
}

/// Requests that a server takes in each half second.
const TAKEN: u32 = 15;

#[test]
fn a_storm_of_429_slows_a_run_down_and_costs_it_nothing() {
    // Nobody is heard at first, and few at a time later.
    let (window, refused) = (Mutex::new((Instant::now(), 0)), Arc::new(AtomicU64::new(0)));
    let counted = Arc::clone(&refused);
    let models = ModelServer::scripted(move |seen| {
        let mut window = window.lock().unwrap();
        if window.0.elapsed() > Duration::from_millis(500) {
            *window = (Instant::now(), 0);
        }
        window.1 += 1;
        if seen.number <= 12 || window.1 > TAKEN {
            counted.fetch_add(1, Ordering::Relaxed);
            let error = json!({"error": {"message": "Rate limit reached", "code": "rate_limit"}});
            return Act::Reply(Reply::new(429, error.to_string()).header("Retry-After", "1"));
        }
        Act::Reply(Reply::new(200, sensible(seen.body)))
    });
    let (stack, _folder) = stack(&models);
    let run = begin(&stack, 40, 3, &json!({}));
    let status = completed(&stack, &run);
    let (decisions, refused) = (spent(&status, "decisions"), refused.load(Ordering::Relaxed));
    assert!(refused >= 12 && decisions > 60, "{refused} of {decisions}");
    assert_eq!(spent(&status, "undecided"), 0, "{status}");
    // All that was sent is in the sum, and who was refused has not asked again at once.
    assert_eq!(spent(&status, "requests"), models.requests());
    assert_eq!(models.requests(), decisions + refused);
    assert!(refused < 2 * decisions, "{refused} requests were refused for {decisions} decisions");
    verified(&stack, &run);
    assert_eq!(models.requests(), decisions + refused);
}

#[test]
fn a_model_answers_for_its_agents_now_and_then_and_the_world_does_not_notice() {
    let models = ModelServer::start();
    let (stack, _folder) = stack(&models);
    let llm = json!({"rules": [{"endpoint": "main", "agents": [0, 1, 2]}]});
    let run = begin(&stack, 8, 6, &json!({"llm": llm}));
    completed(&stack, &run);
    let summary = stack.shoal_json(&["summary", &run]);
    let (spent_before, decided) = (models.requests(), models.bodies());
    let ask_all = |more: &[&str]| {
        let all = ["interview", &run, "--all", "Why do you say so?", "--platform", "twitter"];
        let answers = stack.shoal_json(&[&all[..], more].concat());
        assert_eq!((&answers["asked"], &answers["answered"]), (&json!(8), &json!(8)), "{answers}");
        let words = |row: &Value| row["response"].as_str().unwrap().to_owned();
        answers["results"].as_array().unwrap().iter().map(words).collect::<Vec<String>>()
    };
    let now = ask_all(&[]);
    let by_model = |words: &String| words.starts_with("Model words ");
    assert_eq!(now.iter().map(by_model).collect::<Vec<_>>()[..4], [true, true, true, false]);
    assert_eq!(models.requests(), spent_before + 3, "the world speaks for the others");
    // A talk tells who the agent is and what it did, and takes no tools.
    let talk = models.bodies().pop().unwrap();
    assert!(talk.contains("Why do you say so?") && !talk.contains("\"tools\""), "{talk}");
    assert!(!decided.iter().any(|body| body.contains("Why do you say so?")));

    stack.shoal_json(&["close", &run]);
    let then = ask_all(&["--at-round", "2"]);
    assert_ne!(then[0], now[0], "another round is another question");
    assert_eq!(then, ask_all(&["--at-round", "2"]), "the same question has the same answer here");
    assert_eq!(ask_all(&["--at-round", "6"]), now, "the last round is now");
    assert_eq!(digests(&stack.shoal_json(&["summary", &run])), digests(&summary));
    verified(&stack, &run);
}

#[test]
fn a_fork_whose_past_was_paid_asks_only_for_what_is_new() {
    let models = ModelServer::start();
    let (stack, _folder) = stack(&models);
    let run = begin(&stack, 20, 5, &json!({}));
    let status = completed(&stack, &run);
    let asked = models.requests();
    let post = "A ferry runs from today.";
    let file = stack.dir().join("memo.jsonl");
    std::fs::write(&file, json!({"agent_id": 0, "content": post}).to_string()).unwrap();
    let arguments = ["fork", &run, "--at-round", "3", "--inject", file.to_str().unwrap()];
    let forked = stack.shoal_json(&arguments);
    let fork = forked["outcome"]["result"]["run_id"].as_str().unwrap();
    let of_fork = completed(&stack, fork);
    // Two rounds are its own.
    let own = models.requests() - asked;
    assert!(own > 0 && own < asked, "{own} requests of {asked}");
    assert_eq!(spent(&of_fork, "requests"), own, "what it has of its parent was paid there");
    assert_eq!(spent(&status, "requests"), asked);
    let told = models.bodies().iter().filter(|body| body.contains(post)).count();
    assert!(told > 0, "the new post is in what its agents are shown");
    verified(&stack, fork);
    assert_eq!(models.requests(), asked + own);
}
