//! The routes that an existing client of the run stage uses.

use serde_json::{Value, json};
use system_tests::http::{get, post};
use system_tests::stack::{Stack, write_simulation};
use system_tests::wait_for;

#[test]
fn a_run_is_started_watched_and_stopped_over_http() {
    let stack = Stack::start();
    write_simulation(&stack.dir().join("simulations"), "bridge", 12, 48);
    let port = stack.http_port;
    assert_eq!(get(port, "/healthz").unwrap().status, 200);

    let never = get(port, "/api/simulation/bridge/run-status").unwrap();
    assert_eq!((never.status, &never.json()["data"]["runner_status"]), (200, &json!("idle")));

    let body = json!({"simulation_id": "bridge", "platform": "parallel", "force": true, "pace": 4});
    let started = post(port, "/api/simulation/start", &body.to_string()).unwrap();
    assert_eq!(started.status, 200, "{}", started.body);
    let started = started.json();
    assert_eq!(
        (&started["success"], &started["data"]["simulation_id"]),
        (&json!(true), &json!("bridge"))
    );
    assert_eq!(started["data"]["force_restarted"], false);

    let status = wait_for("rounds over HTTP", || {
        let status = get(port, "/api/simulation/bridge/run-status")?.json()["data"].clone();
        (status["twitter_current_round"].as_u64()? >= 4).then_some(status)
    });
    assert_eq!(status["runner_status"], "running");
    assert_eq!(status["total_rounds"], 48);

    // A page that is loaded again sends the same start; the run must not notice.
    let again = post(port, "/api/simulation/start", &body.to_string()).unwrap();
    assert_eq!(again.status, 200, "{}", again.body);
    let after = get(port, "/api/simulation/bridge/run-status").unwrap().json()["data"].clone();
    assert!(after["twitter_current_round"].as_u64() >= status["twitter_current_round"].as_u64());

    let detail =
        get(port, "/api/simulation/bridge/run-status/detail").unwrap().json()["data"].clone();
    let all = detail["all_actions"].as_array().unwrap();
    assert!(!all.is_empty());
    let ids: std::collections::BTreeSet<&str> =
        all.iter().map(|action| action["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), all.len());
    for field in [
        "timestamp",
        "platform",
        "agent_id",
        "agent_name",
        "action_type",
        "round_num",
        "action_args",
    ] {
        assert!(all.iter().all(|action| action.get(field).is_some()), "{field} is missing");
    }

    let stopped = post(port, "/api/simulation/stop", r#"{"simulation_id": "bridge"}"#).unwrap();
    assert_eq!(stopped.status, 200, "{}", stopped.body);
    assert_eq!(stopped.json()["data"]["runner_status"], "stopped");
}

#[test]
fn bad_requests_are_answered_with_all_that_is_wrong() {
    let stack = Stack::start();
    let port = stack.http_port;
    let refuse = |body: &str, status: u16| -> Value {
        let answer = post(port, "/api/simulation/start", body).unwrap();
        assert_eq!(answer.status, status, "{body}: {}", answer.body);
        assert_eq!(answer.json()["success"], false);
        answer.json()
    };
    for id in ["../x", "a.b", "*", "", "x-1"] {
        let answer = refuse(&json!({"simulation_id": id}).to_string(), 400);
        assert!(answer["error"].as_str().unwrap().contains("simulation_id"), "{answer}");
    }
    let answer = refuse(r#"{"simulation_id": "a", "platform": "myspace", "max_rounds": -1}"#, 400);
    let error = answer["error"].as_str().unwrap();
    assert!(error.contains("platform") && error.contains("max_rounds"), "{error}");
    refuse("{", 400);
    refuse("[]", 400);
    refuse(r#"{"simulation_id": "unknown"}"#, 404);
}
