//! Nodes of two builds with other rules, side by side and one after the other. The test build stands
//! for both: told so, it says that it has other rules, and plays others.

use serde_json::{Value, json};
use system_tests::stack::{SIMULATOR, Stack, text, write_simulation};

use crate::ownership;
use crate::recovery::digests_of;

/// The rules of the newer build, as its environment says.
const NEWER: (&str, &str) = ("SHOAL_RULES", "1007");

fn is_over(status: &Value) -> bool {
    status["status"] == "completed"
}

/// True once a run has played some rounds, and while it has many more.
fn is_under_way(status: &Value) -> bool {
    status["platforms"].as_array().is_some_and(|worlds| {
        worlds.len() == 2 && worlds.iter().all(|world| world["round"].as_u64() > Some(3))
    })
}

#[test]
fn a_run_goes_on_under_the_rules_that_it_began_with_or_waits_and_says_so() {
    let mut stack = Stack::start();
    let folder = write_simulation(stack.dir(), "bridge", 30, 120);
    let folder = folder.to_str().unwrap();
    let undisturbed = stack.shoal_json(&["run", folder]);
    let undisturbed = undisturbed["run_id"].as_str().unwrap();
    // Slow enough that the upgrade comes in the middle.
    stack.shoal_json(&["start", folder, "--new-run", "--pace", "20"]);
    let run = "bridge-2";
    stack.await_status(run, "under way", is_under_way);

    // Both are there, and the one that has the run dies: the newer one leaves it alone.
    stack.start_node("newer", &[NEWER]);
    stack.start_node("old-b", &[]);
    await_nodes(&stack, 3);
    stack.services.remove(SIMULATOR);
    stack.await_status(run, "with the other old node", |status| {
        status["node"] == "old-b" && status["held"] == true
    });

    // The last old one goes: nobody plays it, and whoever looks is told why.
    stack.services.remove("old-b");
    let waiting = stack.await_status(run, "waiting", |status| {
        status["reason"].as_str().is_some_and(|reason| reason.starts_with("other_rules: "))
    });
    assert_eq!((&waiting["status"], &waiting["held"]), (&json!("running"), &json!(false)));
    let reason = waiting["reason"].as_str().unwrap();
    for said in [&*format!("rules {}", world::RULES), "rules 1007", "start one of the build"] {
        assert!(reason.contains(said), "{reason}");
    }
    let shown = text(&stack.shoal(&["status", run]).stdout);
    assert!(shown.contains("no node here plays by its rules"), "{shown}");
    // What is asked of a past by other rules is refused in the end, not answered wrongly.
    let verified = stack.shoal(&["verify", undisturbed]);
    let said = text(&verified.stderr);
    assert!(!verified.status.success() && said.contains("has other rules"), "{said}");

    // A new run gets the rules of who begins it.
    let newer = stack.shoal_json(&["run", folder, "--new-run"]);
    let newer = newer["run_id"].as_str().unwrap();
    stack.shoal_json(&["verify", newer]);
    let status = |run: &str| stack.await_status(run, "over", is_over);
    let (newer_status, whole) = (status(newer), status(undisturbed));
    assert_ne!(digests_of(&newer_status), digests_of(&whole), "other rules show");

    // The old build is back: the run goes on, to the end that it would have had.
    stack.start_node("old-c", &[]);
    stack.shoal_json(&["configure", run, "--pace", "0"]);
    let over = stack.await_status(run, "over", is_over);
    assert_eq!(digests_of(&over), digests_of(&whole));
    assert_eq!(over["reason"], Value::Null);
    ownership::check(&stack, run, undisturbed);
    stack.shoal_json(&["verify", run]);
    let forked = stack.shoal_json(&["fork", run, "--at-round", "10"]);
    let forked = forked["run_id"].as_str().unwrap_or_else(|| panic!("{forked}"));
    let over = stack.await_status(forked, "over", is_over);
    assert_eq!(digests_of(&over), digests_of(&whole), "a fork has its parent's rules");
}

/// Waits until so many nodes answer.
fn await_nodes(stack: &Stack, number: usize) {
    system_tests::wait_for("the nodes", || {
        let report = text(&stack.shoal(&["doctor", "--json"]).stdout);
        let report: Value = serde_json::from_str(&report).unwrap();
        report.to_string().contains(&format!("{number} simulators")).then_some(())
    });
}
