//! Three servers that keep everything three times, and lose the one that decides.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use nats_process::{NatsServer, Options};
use serde_json::Value;
use system_tests::process::{program, python};
use system_tests::stack::{Stack, free_port, text, write_simulation};
use system_tests::wait_for;

use crate::recovery::digests_of;

/// Asks `servers.py`.
fn look(arguments: &[&str]) -> Option<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/system/servers.py");
    let output = python().arg(script).args(arguments).output().unwrap();
    output.status.success().then(|| text(&output.stdout).trim().to_owned())
}

/// What three servers of a cluster are started with, and where they will be: at ports that no server
/// gets which chooses one for itself.
fn three_to_come() -> (Vec<Options>, String) {
    let mut members = NatsServer::members(3);
    let mut urls = Vec::new();
    for member in &mut members {
        let port = free_port();
        member.port = Some(port);
        urls.push(format!("nats://127.0.0.1:{port}"));
    }
    (members, urls.join(","))
}

fn urls(servers: &[NatsServer]) -> String {
    servers.iter().map(NatsServer::url).collect::<Vec<_>>().join(",")
}

/// Makes the streams, each on all three, as soon as there is a leader.
fn provision(url: &str) {
    Provisioning::start(url, "sim").succeeds();
}

/// `shoal provision` that waits for its cluster.
struct Provisioning {
    child: Child,
    said: Receiver<String>,
}

impl Provisioning {
    fn start(url: &str, prefix: &str) -> Provisioning {
        let mut shoal = Command::new(program("shoal"));
        shoal.args(["provision", "--replicas", "3", "--wait", "120", "--prefix", prefix]);
        shoal.args(["--nats-url", url]).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = shoal.spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (sender, said) = channel();
        std::thread::spawn(move || {
            lines.map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Provisioning { child, said }
    }

    /// The next thing that it says.
    fn says(&self) -> String {
        self.said.recv_timeout(Duration::from_secs(60)).unwrap()
    }

    /// It ends well; what it still said.
    fn succeeds(mut self) -> Vec<String> {
        let status = self.child.wait().unwrap();
        let said: Vec<String> = self.said.iter().collect();
        assert!(status.success(), "{status}: {said:?}");
        said
    }
}

#[test]
fn provision_waits_for_servers_that_come_one_after_another_and_says_for_what() {
    let (members, url) = three_to_come();
    let provisioning = Provisioning::start(&url, "sim");
    let said = provisioning.says();
    assert!(said.contains(&format!("waiting for a nats-server at {url}")), "{said}");
    let mut members = members.into_iter().map(NatsServer::start);
    let _first = members.next().unwrap();
    // One of three elects nobody.
    let said = provisioning.says();
    assert!(said.contains("waiting for JetStream at"), "{said}");
    let _second = members.next().unwrap();
    let _third = members.next().unwrap();
    provisioning.succeeds();
    assert_eq!(look(&["copies", &url, "SIM_INPUTS"]).unwrap(), "3");
}

#[test]
fn provision_waits_for_as_many_servers_as_there_are_to_be_copies() {
    let (mut members, url) = three_to_come();
    // Two that know of no third, which knows them.
    for member in &mut members[..2] {
        let (two, _) = member.config_extra.rsplit_once(", ").unwrap();
        member.config_extra = format!("{two}] }}\n");
    }
    let mut members = members.into_iter().map(NatsServer::start);
    let _two: Vec<NatsServer> = members.by_ref().take(2).collect();
    let provisioning = Provisioning::start(&url, "sim");
    let too_few = "waiting for 3 servers with JetStream, to keep 3 copies";
    while !provisioning.says().contains(too_few) {}
    let _third = members.next().unwrap();
    provisioning.succeeds();
    assert_eq!(look(&["copies", &url, "SIM_INPUTS"]).unwrap(), "3");
    // What was asked for while there were too few is no smaller for it.
    Provisioning::start(&url, "other").succeeds();
    for stream in ["INPUTS", "COMMANDS"] {
        let of = |prefix| -> u64 {
            let size = look(&["size", &url, &format!("{prefix}_{stream}")]).unwrap();
            size.parse().unwrap()
        };
        // The second got what the first had left.
        assert!(of("SIM") >= of("OTHER"), "{stream}: {} and {}", of("SIM"), of("OTHER"));
    }
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
