//! Log lines, dead letters, nodes, and what the launcher is asked when a run is to begin.

use contract::manner::Manner;
use contract::notice::{
    DeadLetter, EndpointInfo, LiveOmitted, LogLine, NodeInfo, PriceInfo, StartAnswer, StartRequest,
};
use contract::options::RequestedOptions;
use contract::past::{Progress, Stage};
use contract::subject::Platform;
use contract::version::V1;

use super::{
    Sample, all_requested_options, at, each, labels, no_requested_options, problem, run, sample,
    spec_digest, thinking, word,
};

pub(super) fn samples() -> Vec<Sample> {
    let log_line = LogLine {
        v: V1,
        run_id: run(),
        at: at(3),
        node: "node-a".to_owned(),
        worker: "node-a/4711".to_owned(),
        line: "INFO twitter: tick 1 took 12 ms".to_owned(),
    };
    let with_run = DeadLetter {
        v: V1,
        service: "simulator".to_owned(),
        run_id: Some(run()),
        subject: "sim.commands.night-market-1.stop.cli.q1".to_owned(),
        sequence: 41,
        problems: vec![problem()],
        body: "{\"v\":1,\u{fffd}".to_owned(),
        at: at(3),
    };
    let without_run = DeadLetter {
        run_id: None,
        subject: "sim.commands.night market.stop.cli.q1".to_owned(),
        sequence: 0,
        ..with_run.clone()
    };
    let live_omitted =
        LiveOmitted { v: V1, run_id: run(), platform: Platform::Reddit, tick: 1, omitted: 234 };
    let (node, runs, endpoints) = ("node-a".to_owned(), vec![], vec![]);
    let idle = NodeInfo { v: V1, node, slots: 4, runs, rules: 1, endpoints };
    let busy = NodeInfo { runs: vec![run()], ..idle.clone() };
    let endpoints = NodeInfo { endpoints: endpoints_of_a_node(), ..idle.clone() };
    let mut samples = vec![
        sample("log-line", "line", &log_line),
        sample("live-omitted", "omitted", &live_omitted),
        sample("node-info", "idle", &idle),
        sample("node-info", "busy", &busy),
        sample("node-info", "with-endpoints", &endpoints),
        sample("dead-letter", "with-run", &with_run),
        sample("dead-letter", "without-run", &without_run),
    ];
    samples.extend(progress());
    let digest = spec_digest();
    let requests = [
        ("as-usual", no_requested_options(), false),
        ("with-all-options", all_requested_options(), true),
    ];
    for (name, options, new_run) in requests {
        let manner = Manner { new_run, ..Manner::default() };
        let request = StartRequest { v: V1, spec_digest: digest, options, manner };
        samples.push(sample("start-request", name, &request));
    }
    let limited = RequestedOptions { time_limit_seconds: Some(3600), ..no_requested_options() };
    let manner = Manner {
        new_run: false,
        beside: true,
        idempotency_key: "order-66_b".parse().ok(),
        labels: labels(),
    };
    let labelled = StartRequest { v: V1, spec_digest: digest, options: limited, manner };
    samples.push(sample("start-request", "labelled", &labelled));
    let (options, manner) = (thinking(), Manner::default());
    let thinking = StartRequest { v: V1, spec_digest: digest, options, manner };
    samples.push(sample("start-request", "with-language-models", &thinking));
    for answer in each(next_answer) {
        let name = match answer {
            StartAnswer::Accepted { .. } => "accepted",
            StartAnswer::Refused { .. } => "refused",
        };
        samples.push(sample("start-answer", name, &answer));
    }
    samples
}

/// One with all that is said of an endpoint, and one with nothing but its names.
fn endpoints_of_a_node() -> Vec<EndpointInfo> {
    let text = |decimal: &str| Some(decimal.to_owned());
    let price = PriceInfo { prompt: text("0.15"), cached: text("0.075"), completion: text("0.60") };
    let models = vec!["small-1".to_owned(), "large-1".to_owned()];
    let main = EndpointInfo { name: "main".to_owned(), models, price: Some(price) };
    let models = vec!["tiny".to_owned()];
    vec![main, EndpointInfo { name: "boost".to_owned(), models, price: None }]
}

fn progress() -> Vec<Sample> {
    let waiting = Progress {
        v: V1,
        command_id: "01J-repair_7".parse().unwrap(),
        run_id: run(),
        stage: Stage::Waiting,
        platform: None,
        done: 0,
        of: 0,
        actions: 0,
        findings: 0,
    };
    let mut samples = Vec::new();
    for stage in each(next_stage) {
        let platform = Some(Platform::Twitter).filter(|_| stage != Stage::Waiting);
        let progress = Progress {
            stage,
            platform,
            done: 2,
            of: 3,
            actions: 12,
            findings: 1,
            ..waiting.clone()
        };
        samples.push(sample("progress", word(&stage), &progress));
    }
    samples
}

fn next_stage(stage: Option<&Stage>) -> Option<Stage> {
    match stage {
        None => Some(Stage::Waiting),
        Some(Stage::Waiting) => Some(Stage::Executing),
        Some(Stage::Executing) => Some(Stage::Comparing),
        Some(Stage::Comparing) => Some(Stage::Storing),
        Some(Stage::Storing) => Some(Stage::Asking),
        Some(Stage::Asking) => None,
    }
}

fn next_answer(answer: Option<&StartAnswer>) -> Option<StartAnswer> {
    match answer {
        None => Some(StartAnswer::Accepted { run_id: run(), created: true }),
        Some(StartAnswer::Accepted { .. }) => {
            Some(StartAnswer::Refused { problems: vec![problem()] })
        }
        Some(StartAnswer::Refused { .. }) => None,
    }
}
