//! What a run answers, what enters it, and its state.

use contract::command::{Request, Stop, Verb};
use contract::frame::Outcome;
use contract::id::Digest;
use contract::journal::{
    Claim, Close, Decisions, End, Entry, Genesis, Go, Heard, HeardPost, Hold, Record, Taken, Tick,
};
use contract::manner::Labels;
use contract::options::{RequestedOptions, RunOptions};
use contract::past::{Finding, FindingKind, Parent, WorldCheck, WorldRepair, WorldReplay};
use contract::reply::{AppliedAt, ErrorCode, OldWorker, Reply, ReplyResult};
use contract::status::{EnvStatus, PlatformStatus, RunStatus};
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use contract::version::V1;

use super::commands::{command, next_request};
use super::interviews::{half, in_one_world, in_parts, interview, interviews, of_models, part};
use super::letters::redriven;
use super::worlds::next_outcome;
use super::{
    Sample, all_requested_options, at, decisions, each, labels, memory_targets,
    no_requested_options, options, run, sample, sources, spec_digest, word,
};

pub(super) fn samples() -> Vec<Sample> {
    [replies(), journal(), statuses()].concat()
}

fn replies() -> Vec<Sample> {
    let mut samples = Vec::new();
    for result in each(next_result) {
        samples.push(sample("reply", word_of(&result), &completed(result)));
    }
    samples.push(sample("reply", "interview-in-one-world", &completed(in_one_world())));
    for missing in Platform::ALL {
        let name = format!("interview-without-{missing}");
        samples.push(sample("reply", name, &completed(half(missing))));
    }
    samples.push(sample("reply", "interviews-of-models", &completed(of_models())));
    let in_parts = completed(in_parts());
    samples.push(sample("reply", "interviews-in-parts", &in_parts));
    samples.push(sample("reply-part", "second", &part(in_parts.command_id)));
    for code in each(next_code) {
        let command_id = command(Request::Start).command_id;
        let (verb, message) = match code {
            ErrorCode::Malformed => ("explode", "verb \"explode\" is unknown"),
            _ => ("interview", "what went wrong, in words"),
        };
        let reply = Reply::failed(command_id, run(), verb, code, message, at(2));
        samples.push(sample("reply", format!("failed-{}", word(&code)), &reply));
    }
    samples
}

/// A reply to the command that gives such a result.
fn completed(result: ReplyResult) -> Reply {
    let verb = match result {
        ReplyResult::Started { .. } => Verb::Start,
        ReplyResult::Stopped { .. } => Verb::Stop,
        ReplyResult::Paused { .. } => Verb::Pause,
        ReplyResult::Resumed { .. } => Verb::Resume,
        ReplyResult::Closed { .. } => Verb::CloseEnv,
        ReplyResult::Applied { .. } => Verb::Inject,
        ReplyResult::Deleted { .. } => Verb::Delete,
        ReplyResult::Verified { .. } => Verb::Verify,
        ReplyResult::Replayed { .. } => Verb::Replay,
        ReplyResult::Repaired { .. } => Verb::Repair,
        ReplyResult::Forked { .. } => Verb::Fork,
        ReplyResult::MemoryAttached { .. } => Verb::MemoryAttach,
        ReplyResult::MemoryRedriven(_) => Verb::MemoryRedrive,
        ReplyResult::Interview(_) => Verb::Interview,
        ReplyResult::Interviews(_) => Verb::BatchInterview,
        ReplyResult::Cancelled { .. } => Verb::Cancel,
    };
    let request = each(next_request).into_iter().find(|request| request.verb() == verb);
    let command_id = command(request.unwrap()).command_id;
    Reply::completed(command_id, run(), verb, result, at(2))
}

/// The word that tells a result from others.
fn word_of(result: &ReplyResult) -> String {
    let result = serde_json::to_value(result).unwrap();
    let of = |field: &str| result[field].as_str().map(str::to_owned);
    [of("type"), of("old_worker")].into_iter().flatten().collect::<Vec<_>>().join("-")
}

fn next_result(result: Option<&ReplyResult>) -> Option<ReplyResult> {
    match result {
        None => Some(ReplyResult::Started { epoch: 1 }),
        Some(ReplyResult::Started { .. }) => {
            Some(ReplyResult::Stopped { status: RunStatus::Stopped, old_worker: None })
        }
        Some(ReplyResult::Stopped { status, old_worker: None }) => {
            Some(ReplyResult::Stopped { status: *status, old_worker: Some(OldWorker::Killed) })
        }
        Some(ReplyResult::Stopped { status, old_worker: Some(OldWorker::Killed) }) => {
            Some(ReplyResult::Stopped { status: *status, old_worker: Some(OldWorker::Fenced) })
        }
        Some(ReplyResult::Stopped { .. }) => {
            Some(ReplyResult::Paused { status: RunStatus::Paused })
        }
        Some(ReplyResult::Paused { .. }) => {
            Some(ReplyResult::Resumed { epoch: 2, status: RunStatus::Running })
        }
        Some(ReplyResult::Resumed { .. }) => {
            Some(ReplyResult::Closed { status: RunStatus::Closed })
        }
        Some(ReplyResult::Closed { .. }) => {
            let applied = |platform, tick| AppliedAt { platform, tick };
            let ticks = vec![applied(Platform::Twitter, 7), applied(Platform::Reddit, 6)];
            Some(ReplyResult::Applied { ticks })
        }
        Some(ReplyResult::Applied { .. }) => Some(ReplyResult::Deleted { messages: 4711 }),
        Some(ReplyResult::Deleted { .. }) => Some(ReplyResult::Verified { worlds: checks() }),
        Some(ReplyResult::Verified { .. }) => Some(ReplyResult::Replayed { worlds: replays() }),
        Some(ReplyResult::Replayed { .. }) => Some(ReplyResult::Repaired { worlds: repairs() }),
        Some(ReplyResult::Repaired { .. }) => {
            Some(ReplyResult::Forked { run_id: "night-market-2".parse().unwrap(), at_round: 1 })
        }
        Some(ReplyResult::Forked { .. }) => {
            let (target, graph_id) = ("team".to_owned(), "night-market".to_owned());
            Some(ReplyResult::MemoryAttached { target, graph_id, attached: true })
        }
        Some(ReplyResult::MemoryAttached { .. }) => Some(ReplyResult::MemoryRedriven(redriven())),
        Some(ReplyResult::MemoryRedriven(_)) => Some(ReplyResult::Interview(interview())),
        Some(ReplyResult::Interview(_)) => Some(ReplyResult::Interviews(interviews())),
        Some(ReplyResult::Interviews(_)) => Some(ReplyResult::Cancelled { questions: 2 }),
        Some(ReplyResult::Cancelled { .. }) => None,
    }
}

/// A world that is sound, and one in which everything is wrong that can be.
fn checks() -> Vec<WorldCheck> {
    let sound = WorldCheck {
        platform: Platform::Twitter,
        ticks: 3,
        pending: 1,
        actions: 12,
        digest: spec_digest(),
        findings: vec![],
        more_findings: 0,
        milliseconds: 8,
    };
    let findings = each(next_kind).into_iter().map(finding).collect();
    let platform = Platform::Reddit;
    vec![sound.clone(), WorldCheck { platform, pending: 0, findings, more_findings: 7, ..sound }]
}

fn finding(kind: FindingKind) -> Finding {
    let what = "what is wrong, in words".to_owned();
    match kind {
        FindingKind::Unreadable => Finding { tick: None, sequence: Some(31), kind, what },
        FindingKind::Missing => Finding { tick: Some(2), sequence: None, kind, what },
        _ => Finding { tick: Some(2), sequence: Some(32), kind, what },
    }
}

fn next_kind(kind: Option<&FindingKind>) -> Option<FindingKind> {
    match kind {
        None => Some(FindingKind::Differs),
        Some(FindingKind::Differs) => Some(FindingKind::Missing),
        Some(FindingKind::Missing) => Some(FindingKind::Incomplete),
        Some(FindingKind::Incomplete) => Some(FindingKind::Extra),
        Some(FindingKind::Extra) => Some(FindingKind::Unreadable),
        Some(FindingKind::Unreadable) => Some(FindingKind::Journal),
        Some(FindingKind::Journal) => None,
    }
}

fn replays() -> Vec<WorldReplay> {
    let digests = vec![spec_digest(), Digest::ZERO];
    vec![WorldReplay {
        platform: Platform::Twitter,
        ticks: 3,
        actions: 12,
        digest: Digest::ZERO,
        first: 1,
        digests,
        milliseconds: 8,
    }]
}

fn repairs() -> Vec<WorldRepair> {
    let mended = WorldRepair {
        platform: Platform::Twitter,
        removed: 4,
        stored: 3,
        ticks: 3,
        actions: 12,
        digest: spec_digest(),
    };
    vec![
        mended.clone(),
        WorldRepair { platform: Platform::Reddit, removed: 0, stored: 0, ..mended },
    ]
}

/// Where a run comes from that was forked.
fn parent() -> Parent {
    Parent { run_id: run(), round: 1, command: 46 }
}

fn next_code(code: Option<&ErrorCode>) -> Option<ErrorCode> {
    match code {
        None => Some(ErrorCode::Expired),
        Some(ErrorCode::Expired) => Some(ErrorCode::Malformed),
        Some(ErrorCode::Malformed) => Some(ErrorCode::UnknownRun),
        Some(ErrorCode::UnknownRun) => Some(ErrorCode::UnknownAgent),
        Some(ErrorCode::UnknownAgent) => Some(ErrorCode::UnknownPlatform),
        Some(ErrorCode::UnknownPlatform) => Some(ErrorCode::Invalid),
        Some(ErrorCode::Invalid) => Some(ErrorCode::WrongState),
        Some(ErrorCode::WrongState) => Some(ErrorCode::MemoryLags),
        Some(ErrorCode::MemoryLags) => Some(ErrorCode::NoCapacity),
        Some(ErrorCode::NoCapacity) => Some(ErrorCode::Cancelled),
        Some(ErrorCode::Cancelled) => Some(ErrorCode::Internal),
        Some(ErrorCode::Internal) => None,
    }
}

fn journal() -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut push = |name: &str, record| samples.push(sample("journal", name, &Entry::new(record)));
    for record in each(next_record) {
        match record {
            Record::Genesis(genesis) => {
                let forked = Genesis { parent: Some(parent()), ..(*genesis).clone() };
                let options = RunOptions { sources: sources(), ..genesis.options.clone() };
                let listening = Genesis { options, ..(*genesis).clone() };
                let options = decisions::options();
                let thinking = Genesis { options, ..(*genesis).clone() };
                push("genesis", Record::Genesis(genesis));
                push("genesis-of-a-listener", Record::Genesis(Box::new(listening)));
                push("genesis-with-language-models", Record::Genesis(Box::new(thinking)));
                push("genesis-of-a-fork", Record::Genesis(Box::new(forked)));
            }
            Record::Claim(_) => push("claim", record),
            Record::Decisions(_) => push("decisions", record),
            Record::Tick(_) => push("tick", record),
            Record::Hold(_) => push("hold", record),
            Record::Go(_) => push("go", record),
            // Each of its outcomes has a sample, below.
            Record::End(_) => {}
            Record::Close(_) => push("close", record),
        }
    }
    push("tick-with-commands", Record::Tick(tick_with_commands()));
    push("tick-of-a-listener", Record::Tick(tick_of_a_listener()));
    let undecided =
        Tick { commands: vec![], undecided: decisions::undecided(), ..tick_with_commands() };
    push("tick-with-undecided", Record::Tick(undecided));
    let pause = Some(taken(43, Request::Pause(because("the survey was wrong"))));
    let reason = Some("the survey was wrong".to_owned());
    push(
        "hold-by-command",
        Record::Hold(Hold { epoch: 2, reason, command: pause, spent: None, at: at(4) }),
    );
    let reason = Some("endpoint main: HTTP 401".to_owned());
    let spent = decisions::undecided().first().map(|undecided| undecided.usage);
    let vain = Hold { epoch: 2, reason, command: None, spent, at: at(4) };
    push("hold-asked-in-vain", Record::Hold(vain));
    let resume = Some(taken(44, Request::Resume));
    push("go-by-command", Record::Go(Go { epoch: 2, command: resume, at: at(5) }));
    for outcome in each(next_outcome) {
        let stop = taken(45, Request::Stop(because("the survey was wrong")));
        let (reason, command) = match outcome {
            Outcome::Completed => (None, None),
            Outcome::Stopped => (Some("stopped by cli"), Some(stop)),
            Outcome::Failed => (Some("three claims without a tick between them"), None),
        };
        let reason = reason.map(str::to_owned);
        let end = End { epoch: 2, outcome, reason, command, at: at(9) };
        push(&format!("end-{}", word(&outcome)), Record::End(end));
    }
    samples
}

/// A tick that takes a command of each kind that takes effect in one.
fn tick_with_commands() -> Tick {
    let requests = each(next_request).into_iter();
    let requests =
        requests.filter(|it| matches!(it.verb(), Verb::Inject | Verb::Configure | Verb::Fork));
    let commands = (40..).zip(requests).map(|(sequence, request)| taken(sequence, request));
    let (commands, heard) = (commands.collect(), vec![]);
    Tick { tick: 1, epoch: 2, at: at(2), commands, commands_through: 43, heard, undecided: vec![] }
}

/// A tick with a source that goes on, and one that has ended.
fn tick_of_a_listener() -> Tick {
    let post = HeardPost { seq: 12, agent_id: 3, content: "The lights stay on.".to_owned() };
    let heard = Heard { source: 0, sequence: 4711, posts: vec![post], left_out: 2, end: None };
    let end = Some(RunStatus::Completed);
    let ended = Heard { source: 1, sequence: 0, posts: vec![], left_out: 0, end };
    let (commands, heard) = (vec![], vec![heard, ended]);
    Tick { tick: 1, epoch: 2, at: at(2), commands, commands_through: 0, heard, undecided: vec![] }
}

fn taken(sequence: u64, request: Request) -> Taken {
    Taken { sequence, command: command(request) }
}

fn because(reason: &str) -> Stop {
    Stop { reason: Some(reason.to_owned()) }
}

fn next_record(record: Option<&Record>) -> Option<Record> {
    match record {
        None => Some(Record::Genesis(Box::new(Genesis {
            run_id: run(),
            platform: Platform::Twitter,
            spec_digest: spec_digest(),
            options: options(),
            rules: 1,
            start_time: at(0).midnight(),
            part_size: contract::DEFAULT_PART_SIZE,
            memory: memory_targets(),
            parent: None,
            created_at: at(0),
        }))),
        Some(Record::Genesis(_)) => Some(Record::Claim(Claim {
            epoch: 1,
            node: "node-a".to_owned(),
            worker: "node-a/4711".to_owned(),
            why: "start".to_owned(),
            at: at(1),
        })),
        Some(Record::Claim(_)) => Some(Record::Tick(Tick {
            tick: 0,
            epoch: 1,
            at: at(1),
            commands: Vec::new(),
            commands_through: 0,
            heard: Vec::new(),
            undecided: vec![],
        })),
        Some(Record::Tick(_)) => Some(Record::Decisions(Decisions {
            epoch: 1,
            tick: 1,
            decisions: decisions::decisions(),
            at: at(3),
        })),
        Some(Record::Decisions(_)) => Some(Record::Hold(Hold {
            epoch: 1,
            reason: None,
            command: None,
            spent: None,
            at: at(4),
        })),
        Some(Record::Hold(_)) => Some(Record::Go(Go { epoch: 1, command: None, at: at(5) })),
        Some(Record::Go(_)) => Some(Record::End(End {
            epoch: 1,
            outcome: Outcome::Completed,
            reason: None,
            command: None,
            at: at(9),
        })),
        Some(Record::End(_)) => {
            let command = taken(46, Request::CloseEnv);
            Some(Record::Close(Close { epoch: 1, command, at: at(12) }))
        }
        Some(Record::Close(_)) => None,
    }
}

fn statuses() -> Vec<Sample> {
    let statuses = each(next_status);
    let forked = EnvStatus { parent: Some(parent()), ..env_status(RunStatus::Running) };
    let waits_for = Some("round 1 of night-market-7.reddit".to_owned());
    let listening = EnvStatus {
        requested: all_requested_options(),
        options: RunOptions { sources: sources(), ..options() },
        platforms: vec![PlatformStatus { waits_for, ..world_status(RunStatus::Running) }],
        ..env_status(RunStatus::Running)
    };
    let labelled = EnvStatus {
        requested: RequestedOptions { time_limit_seconds: Some(3600), ..no_requested_options() },
        idempotency_key: "order-66_b".parse().ok(),
        labels: labels(),
        ..env_status(RunStatus::Queued)
    };
    statuses
        .into_iter()
        .map(|status| sample("env-status", status.as_str(), &env_status(status)))
        .chain([
            sample("env-status", "forked", &forked),
            sample("env-status", "labelled", &labelled),
            sample("env-status", "listening", &listening),
            sample("env-status", "thinking", &decisions::status(env_status(RunStatus::Paused))),
        ])
        .collect()
}

fn next_status(status: Option<&RunStatus>) -> Option<RunStatus> {
    match status {
        None => Some(RunStatus::Queued),
        Some(RunStatus::Queued) => Some(RunStatus::Starting),
        Some(RunStatus::Starting) => Some(RunStatus::Running),
        Some(RunStatus::Running) => Some(RunStatus::Paused),
        Some(RunStatus::Paused) => Some(RunStatus::Completed),
        Some(RunStatus::Completed) => Some(RunStatus::Closed),
        Some(RunStatus::Closed) => Some(RunStatus::Stopped),
        Some(RunStatus::Stopped) => Some(RunStatus::Failed),
        Some(RunStatus::Failed) => Some(RunStatus::Deleted),
        Some(RunStatus::Deleted) => None,
    }
}

/// A run as it may stand in this state.
fn env_status(status: RunStatus) -> EnvStatus {
    let queued = EnvStatus {
        v: V1,
        run_id: run(),
        simulation_id: run().simulation(),
        spec_digest: spec_digest(),
        requested: no_requested_options(),
        options: options(),
        memory: Vec::new(),
        status,
        alive: status.is_open(),
        held: false,
        platforms: vec![PlatformStatus { status, ..PlatformStatus::new(Platform::Twitter, 2) }],
        epoch: 0,
        node: None,
        worker: None,
        reason: None,
        last_error: None,
        parent: None,
        idempotency_key: None,
        labels: Labels::default(),
        created_at: at(0),
        started_at: None,
        updated_at: at(0),
        ended_at: None,
    };
    let taken = EnvStatus {
        requested: RequestedOptions { sources: None, ..all_requested_options() },
        memory: memory_targets(),
        held: status.is_live(),
        platforms: vec![world_status(status)],
        epoch: 1,
        node: Some("node-a".to_owned()),
        worker: Some("node-a/4711".to_owned()),
        started_at: Some(at(1)),
        updated_at: at(5),
        ..queued.clone()
    };
    let ended_at: Option<Timestamp> = Some(at(5));
    let because = |reason: &str| Some(reason.to_owned());
    match status {
        RunStatus::Queued => queued,
        RunStatus::Starting | RunStatus::Running => taken,
        RunStatus::Paused => {
            EnvStatus { held: false, reason: because("the survey was wrong"), ..taken }
        }
        RunStatus::Completed | RunStatus::Closed | RunStatus::Deleted => {
            EnvStatus { ended_at, ..taken }
        }
        RunStatus::Stopped => {
            EnvStatus { reason: because("the survey was wrong"), ended_at, ..taken }
        }
        RunStatus::Failed => EnvStatus {
            reason: because("three claims without a tick between them"),
            last_error: because("the worker was killed: out of memory"),
            ended_at,
            ..taken
        },
    }
}

fn world_status(status: RunStatus) -> PlatformStatus {
    PlatformStatus {
        platform: Platform::Twitter,
        status,
        ticks: 2,
        round: 1,
        rounds: 2,
        simulated_minutes: 60,
        actions: 43,
        waits_for: None,
        succeeded: 24,
        listed: 23,
        memorable: 22,
        digest: Digest::of(&[b"up to tick 1"]),
        spent: Default::default(),
    }
}
