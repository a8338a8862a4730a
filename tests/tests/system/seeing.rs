//! What an operator sees of services that run: metrics in a real Prometheus, with the alerts and the
//! dashboard as they are deployed, and a log whose lines say where they belong and that can be turned
//! up.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::Signal;
use serde_json::Value;
use system_tests::http::exchange;
use system_tests::model::ModelServer;
use system_tests::process::{program, run};
use system_tests::prometheus::{self, Prometheus, Targets};
use system_tests::stack::{SIMULATOR, Stack, free_port, text, write_simulation};
use system_tests::wait_for;

use crate::thinking;

/// Metrics that nothing here makes: only a memory that counts requests says how many are left.
const ABSENT: [&str; 2] = ["shoal_memory_rate_limit_remaining", "shoal_sink_rate_limit_remaining"];

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Whether Prometheus can be asked here; says so if not.
#[expect(clippy::print_stderr, reason = "what is skipped is to be seen")]
fn has_prometheus() -> bool {
    let is_there = prometheus::is_there();
    if !is_there {
        eprintln!("skipped: no prometheus and promtool, on Debian the package prometheus");
    }
    is_there
}

/// Starts a service again, with metrics; where they are.
fn with_metrics(stack: &mut Stack, name: &str) -> u16 {
    let port = free_port();
    let listen = ("SHOAL_METRICS_LISTEN".to_owned(), format!("127.0.0.1:{port}"));
    stack.environment.extend([listen]);
    stack.services.remove(name);
    stack.start_service(name);
    stack.environment.remove("SHOAL_METRICS_LISTEN");
    port
}

/// Plays a run of which agents ask a language model, asks one of them, and gives its status.
fn play(stack: &Stack) -> Value {
    let folder = write_simulation(stack.dir(), "bridge", 12, 6);
    thinking::lively(&folder);
    let spec = folder.to_str().unwrap();
    let begun = stack.shoal(&["run", spec, "--llm", "main", "--json"]);
    assert!(begun.status.success(), "{}", text(&begun.stderr));
    let asked = stack.shoal(&["interview", "bridge-1", "--agent", "3", "Why?"]);
    assert!(asked.status.success(), "{}", text(&asked.stderr));
    stack.await_status("bridge-1", "completed", |status| status["status"] == "completed")
}

/// The metrics that the documentation has.
fn documented() -> BTreeSet<String> {
    let page = std::fs::read_to_string(project().join("docs/metrics.md")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let names = rows.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let names = names.map(|name| name.split('{').next().unwrap().to_owned());
    names.filter(|name| name.starts_with("shoal_") || name.starts_with("process_")).collect()
}

/// The queries of the dashboard, as Grafana sends them.
fn dashboard() -> Vec<String> {
    let file = project().join("deploy/grafana/dashboards/shoal.json");
    let dashboard: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    let query = |target: &Value| target["expr"].as_str().unwrap().replace("$__rate_interval", "1m");
    targets.map(query).collect()
}

fn sum(status: &Value, of: impl Fn(&Value) -> &Value) -> f64 {
    let worlds = status["platforms"].as_array().unwrap();
    worlds.iter().map(|world| of(world).as_f64().unwrap_or(0.0)).sum()
}

#[test]
fn a_real_prometheus_reads_all_of_it() {
    if !has_prometheus() {
        return;
    }
    let models = ModelServer::start();
    let (mut stack, _folder) = thinking::stack(&models);
    let memory_sink = with_metrics(&mut stack, "shoal-memory-sink");
    let simulator = with_metrics(&mut stack, SIMULATOR);
    stack.await_ready();
    let targets = Targets { launcher: stack.http_port, simulator, memory_sink };
    let folder = tempfile::tempdir().unwrap();
    let prometheus = Prometheus::start(&project().join("deploy"), folder.path(), targets);
    wait_for("all three to be up", || (prometheus.value("sum(up)")? >= 3.0).then_some(()));

    let status = play(&stack);
    let is = |query: &str, expected: f64| {
        wait_for(&format!("{query} to be {expected}"), || {
            let found = prometheus.value(query)?;
            assert!(found <= expected, "{query} is {found}, which is more than {expected}");
            (found >= expected).then_some(())
        });
    };
    is("sum(shoal_world_actions_total)", sum(&status, |world| &world["actions"]));
    is("sum(shoal_world_rounds_total)", sum(&status, |world| &world["ticks"]));
    is("sum(shoal_sink_delivered_actions_total)", sum(&status, |world| &world["memorable"]));
    is(
        "sum(shoal_model_requests_total{outcome=\"ok\"})",
        f64::from(u32::try_from(models.requests()).unwrap()),
    );
    is("sum(shoal_runs{status=\"completed\"})", 1.0);
    is("shoal_interviews_total{outcome=\"ok\"}", 2.0);

    let documented = documented();
    for name in documented.iter().filter(|name| !ABSENT.contains(&name.as_str())) {
        wait_for(&format!("{name}, which is documented"), || {
            prometheus.value(&format!("count({{__name__=~\"{name}(_count)?\"}})"))
        });
    }
    let names = prometheus.api("label/__name__/values");
    let names = names.as_array().unwrap().iter().map(|name| name.as_str().unwrap());
    let stem = |name: &str| {
        let endings = ["_bucket", "_sum", "_count"];
        let stem = endings.iter().find_map(|ending| name.strip_suffix(ending));
        stem.filter(|stem| documented.contains(*stem)).unwrap_or(name).to_owned()
    };
    let strange: Vec<String> = names
        .filter(|name| name.starts_with("shoal_"))
        .map(stem)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .filter(|name| !documented.contains(name))
        .collect();
    assert!(strange.is_empty(), "docs/metrics.md says nothing of {strange:?}");

    for query in dashboard() {
        wait_for(&format!("something to be seen of {query}"), || {
            (!prometheus.query(&query).is_empty()).then_some(())
        });
    }
    let groups = prometheus.api("rules")["groups"].clone();
    let rules = groups[0]["rules"].as_array().unwrap();
    for rule in rules {
        assert_eq!(rule["health"], "ok", "{rule:#}");
    }
    assert!(rules.len() > 20, "{}", rules.len());
    let pending = || prometheus.query("ALERTS{alertname=\"ShoalServiceDown\"}");
    assert!(pending().is_empty(), "{:?}", pending());
    stack.service(SIMULATOR).signal(Signal::KILL);
    wait_for("an alert for the simulator", || {
        pending().iter().any(|(labels, _)| labels["job"] == "simulator").then_some(())
    });
}

#[test]
fn promtool_finds_nothing_wrong() {
    if !has_prometheus() {
        return;
    }
    let alerts = project().join("deploy/alerts.test.yml");
    let tried = Command::new("promtool").args(["test", "rules"]).arg(alerts).output().unwrap();
    assert!(tried.status.success(), "{}{}", text(&tried.stdout), text(&tried.stderr));
    let mut stack = Stack::start();
    let ports = ["shoal-memory-sink", SIMULATOR].map(|name| with_metrics(&mut stack, name));
    stack.await_ready();
    for port in [stack.http_port, ports[0], ports[1]] {
        let page = wait_for("metrics", || exchange(port, "GET", "/metrics", &[], b""));
        let mut promtool = Command::new("promtool")
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        promtool.stdin.take().unwrap().write_all(page.body.as_bytes()).unwrap();
        let said = promtool.wait_with_output().unwrap();
        assert!(said.status.success(), "{}{}", text(&said.stdout), text(&said.stderr));
    }
}

#[test]
fn log_lines_say_where_they_belong_and_more_of_them_can_be_had_while_it_runs() {
    let sockets = tempfile::tempdir().unwrap();
    let socket = sockets.path().join("health");
    let mut stack = Stack::start_with(&[("SHOAL_LOG_FORMAT", "json")]);
    let health = socket.display().to_string();
    stack.start_node("watched", &[("SHOAL_HEALTH_SOCKET", &health)]);
    stack.services.remove(SIMULATOR);
    let environment = [("SHOAL_HEALTH_SOCKET".to_owned(), health)].into();
    let ask = |arguments: &[&str]| run(&program(SIMULATOR), arguments, &environment);
    wait_for("the node to be well", || ask(&["health"]).status.success().then_some(()));
    let said = |output: &std::process::Output| text(&output.stdout).trim().to_owned();
    assert_eq!(said(&ask(&["log"])), "ok: info");
    let refused = ask(&["log", "loud"]);
    assert!(!refused.status.success() && text(&refused.stderr).contains("expected e.g. info"));

    let folder = write_simulation(stack.dir(), "bridge", 12, 200);
    let spec = folder.to_str().unwrap();
    let started = stack.shoal(&["start", spec, "--pace", "5"]);
    assert!(started.status.success(), "{}", text(&started.stderr));
    stack.await_status("bridge-1", "running", |status| status["status"] == "running");
    let mut lines = |what: &str, wanted: &dyn Fn(&Value) -> bool| {
        wait_for(what, || {
            let log = stack.service("watched").log();
            let all = log.lines().map(|line| {
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
            });
            all.into_iter().find(wanted)
        })
    };
    let of_worker = |line: &Value| line["target"].as_str().is_some_and(|it| it.contains("worker"));
    let opened = lines("a line of a worker", &|line| line["message"] == "the world is open");
    assert!(of_worker(&opened), "{opened}");
    assert_eq!(opened["span"]["run"], "bridge-1", "{opened}");
    assert!(opened["span"]["platform"].is_string() && opened["span"]["round"] == 0, "{opened}");

    // The node and the worker that is there have it at once.
    assert_eq!(said(&ask(&["log", "info,simulator=debug"])), "ok: info,simulator=debug");
    let round = lines("what was not said before", &|line| line["message"] == "the round is stored");
    assert_eq!(round["level"], "DEBUG", "{round}");
    assert!(round["span"]["round"].as_u64().is_some_and(|round| round > 0), "{round}");
    assert_eq!(said(&ask(&["log"])), "ok: info,simulator=debug");
}
