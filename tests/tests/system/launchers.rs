//! Launchers keep nothing: one that saw all of a run, one that began late, and one that was killed
//! on the way say the same of it.

use rustix::process::Signal;
use serde_json::{Value, json};
use system_tests::http::get;
use system_tests::process::signal_process;
use system_tests::stack::{Stack, write_simulation};
use system_tests::wait_for;

const ROUTES: [&str; 6] = [
    "run-status",
    "run-status/detail",
    "actions?limit=1000",
    "timeline",
    "agent-stats",
    "posts?platform=twitter",
];

/// What a launcher says of a run, route by route, once it has read all of it.
fn said(port: u16, run: &str) -> Option<Vec<Value>> {
    let mut all = Vec::new();
    for route in ROUTES {
        let answer = get(port, &format!("/api/simulation/{run}/{route}"))?;
        let mut data = answer.json()["data"].clone();
        if answer.status != 200 || !matches!(data["behind_rounds"].as_u64(), None | Some(0)) {
            return None;
        }
        // A page of one launcher may be followed at another one: the cursors are the same too.
        data.as_object_mut()?.remove("behind_rounds");
        all.push(data);
    }
    Some(all)
}

#[test]
fn three_launchers_agree_at_every_stage() {
    let mut stack = Stack::start();
    let folder = write_simulation(stack.dir(), "bridge", 10, 60);
    let folder = folder.to_str().unwrap().to_owned();
    let first = stack.http_port;
    let killed = stack.start_launcher("shoal-launcher-2");
    let run = stack.shoal_json(&["run", &folder, "--detach", "--pace", "4"])["run_id"].clone();
    let run = run.as_str().unwrap().to_owned();
    let round = |status: &Value| status["platforms"][0]["round"].as_u64().unwrap_or(0);
    stack.await_status(&run, "begun", |status| round(status) >= 3);

    let stages: [(&str, &[&str]); 6] = [
        ("paused", &["pause", "--reason", "lunch"]),
        ("stopped", &["stop"]),
        ("paused", &["resume"]),
        ("completed", &["resume"]),
        ("closed", &["close"]),
        ("deleted", &["rm", "--force", "--yes"]),
    ];
    for (index, (state, words)) in stages.into_iter().enumerate() {
        // Killed in the middle of whatever it does, and back with nothing.
        signal_process(stack.service("shoal-launcher-2").id(), Signal::KILL);
        // A resume of what is stopped plays on; it is paused again to stand still.
        if (state, words) == ("paused", &["resume"][..]) {
            stack.shoal_json(&["resume", &run]);
            stack.shoal_json(&["pause", &run]);
        } else if state == "completed" {
            stack.shoal_json(&["configure", &run, "--pace", "60"]);
            stack.shoal_json(&["resume", &run]);
        } else {
            stack.shoal_json(&[&[words[0], &run], &words[1..]].concat());
        }
        stack.start_launcher_on("shoal-launcher-2", killed);
        let late = stack.start_launcher(&format!("shoal-launcher-late-{index}"));
        if state == "deleted" {
            for port in [first, killed, late] {
                wait_for("the run to be gone", || {
                    let answer = get(port, &format!("/api/simulation/{run}/run-status"))?;
                    (answer.status == 404).then_some(())
                });
            }
            return;
        }
        let agreed = wait_for(&format!("all to agree on {state}"), || {
            let all = [first, killed, late].map(|port| said(port, &run));
            let [Some(one), Some(two), Some(three)] = all else { return None };
            (one[0]["status"] == state && one == two && two == three).then_some(one)
        });
        assert_eq!(agreed[0]["run_id"], json!(run));
        stack.services.remove(&format!("shoal-launcher-late-{index}"));
    }
}
