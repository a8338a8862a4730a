//! Three servers that keep everything three times, and lose the one that decides.

use nats_process::NatsServer;
use serde_json::Value;
use system_tests::process::python;
use system_tests::stack::{Stack, text, write_simulation};
use system_tests::wait_for;

use crate::recovery::digests_of;

/// Asks `servers.py`.
fn look(arguments: &[&str]) -> Option<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/system/servers.py");
    let output = python().arg(script).args(arguments).output().unwrap();
    output.status.success().then(|| text(&output.stdout).trim().to_owned())
}

fn urls(servers: &[NatsServer]) -> String {
    servers.iter().map(NatsServer::url).collect::<Vec<_>>().join(",")
}

/// Makes the streams, each on all three, as soon as there is a leader.
fn provision(url: &str) {
    wait_for("the cluster to make streams", || {
        let environment = [("NATS_URL".to_owned(), url.to_owned())].into();
        let program = system_tests::process::program("shoal");
        let arguments = ["provision", "--replicas", "3"];
        let output = system_tests::process::run(&program, &arguments, &environment);
        output.status.success().then_some(())
    });
}

#[test]
fn a_leader_that_is_killed_under_load_costs_a_pause_and_nothing_else() {
    let mut servers = NatsServer::cluster(3);
    let url = urls(&servers);
    provision(&url);
    let others = servers.split_off(1);
    let stack = Stack::on(servers.remove(0), &url, &[]);
    let mut others = others;
    let folder = write_simulation(stack.dir(), "bridge", 100, 300);
    let folder = folder.to_str().unwrap();
    let undisturbed = stack.shoal_json(&["run", folder]);

    stack.shoal_json(&["start", folder, "--new-run"]);
    let progress = |status: &Value| status["platforms"][0]["round"].as_u64() > Some(20);
    stack.await_status("bridge-2", "playing", progress);
    let leader = look(&["leader", &url, "SIM_INPUTS"]).unwrap();
    let mut stack = stack;
    match leader.as_str() {
        "n1" => stack.nats.kill(),
        "n2" => others[0].kill(),
        "n3" => others[1].kill(),
        other => panic!("{other:?} leads"),
    }
    let over = |status: &Value| status["status"] == "completed";
    let disturbed = stack.await_status("bridge-2", "completed", over);
    let undisturbed = stack.await_status(undisturbed["run_id"].as_str().unwrap(), "there", over);
    assert_eq!(digests_of(&disturbed), digests_of(&undisturbed));
    stack.shoal_json(&["verify", "bridge-2"]);
    for (run, what) in [("bridge-1", "undisturbed"), ("bridge-2", "its leader killed")] {
        let subject = format!("sim.inputs.{run}.twitter");
        let gap =
            wait_for("a look at the journal", || look(&["gap", &url, "SIM_INPUTS", &subject]));
        println!("longest time without an acknowledgement, {what}: {gap} ms");
        assert!(gap.parse::<u64>().unwrap() < 30_000, "{run}: {gap} ms");
    }
}
