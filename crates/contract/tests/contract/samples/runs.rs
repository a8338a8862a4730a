//! What a run is asked and answers, what enters it, and its state.

use contract::command::{Command, Interview, Request};
use contract::frame::Outcome;
use contract::id::Digest;
use contract::journal::{Claim, End, Entry, Genesis, Record, Tick};
use contract::reply::{Answer, AsOf, ErrorCode, InterviewResult, Reply, ReplyResult};
use contract::status::{EnvStatus, PlatformStatus, RunStatus};
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use contract::version::V1;

use super::worlds::next_outcome;
use super::{
    Sample, all_requested_options, at, each, memory_targets, no_requested_options, options, run,
    sample, spec_digest, word,
};

pub(super) fn samples() -> Vec<Sample> {
    [commands(), replies(), journal(), statuses()].concat()
}

fn commands() -> Vec<Sample> {
    let mut samples = Vec::new();
    for request in each(next_request) {
        samples.push(sample("command", request.verb().as_str(), &command(request)));
    }
    let stop = Request::Stop { reason: Some("the survey was wrong".to_owned()) };
    samples.push(sample("command", "stop-with-reason", &command(stop)));
    let everywhere = Interview { agent_id: 0, prompt: "为什么？".to_owned(), platform: None };
    let expires = Command { expires_at: Some(at(30)), ..command(Request::Interview(everywhere)) };
    samples.push(sample("command", "interview-everywhere-that-expires", &expires));
    samples
}

fn next_request(request: Option<&Request>) -> Option<Request> {
    match request {
        None => Some(Request::Start),
        Some(Request::Start) => Some(Request::Stop { reason: None }),
        Some(Request::Stop { .. }) => Some(Request::Interview(Interview {
            agent_id: 2,
            prompt: "What do you make of the closure?".to_owned(),
            platform: Some(Platform::Twitter),
        })),
        Some(Request::Interview(_)) => None,
    }
}

fn command(request: Request) -> Command {
    let command_id = format!("01J-{}_7", request.verb()).parse().unwrap();
    Command { command_id, request, issued_at: at(1), expires_at: None }
}

fn replies() -> Vec<Sample> {
    let completed = |request: Request, result| {
        let Command { command_id, request, .. } = command(request);
        Reply::completed(command_id, run(), request.verb(), result, at(2))
    };
    let interviewed =
        |result| completed(each(next_request).pop().unwrap(), ReplyResult::Interview(result));
    let mut samples = Vec::new();
    for result in each(next_result) {
        let (name, reply) = match result {
            ReplyResult::Started { .. } => ("started", completed(Request::Start, result)),
            ReplyResult::Stopped { .. } => {
                ("stopped", completed(Request::Stop { reason: None }, result))
            }
            ReplyResult::Interview(result) => ("interview", interviewed(result)),
        };
        samples.push(sample("reply", name, &reply));
    }
    let reddit = answer(Platform::Reddit, "Ask me tomorrow.");
    let only_reddit = InterviewResult { twitter: None, reddit: Some(reddit), ..interview() };
    samples.push(sample("reply", "interview-in-one-world", &interviewed(only_reddit)));
    for code in each(next_code) {
        let Command { command_id, .. } = command(Request::Start);
        let (verb, message) = match code {
            ErrorCode::Malformed => ("explode", "verb \"explode\" is unknown"),
            _ => ("interview", "what went wrong, in words"),
        };
        let reply = Reply::failed(command_id, run(), verb, code, message, at(2));
        samples.push(sample("reply", format!("failed-{}", word(&code)), &reply));
    }
    samples
}

fn next_result(result: Option<&ReplyResult>) -> Option<ReplyResult> {
    match result {
        None => Some(ReplyResult::Started { epoch: 1 }),
        Some(ReplyResult::Started { .. }) => {
            Some(ReplyResult::Stopped { status: RunStatus::Stopped })
        }
        Some(ReplyResult::Stopped { .. }) => Some(ReplyResult::Interview(interview())),
        Some(ReplyResult::Interview(_)) => None,
    }
}

fn interview() -> InterviewResult {
    InterviewResult {
        agent_id: 2,
        agent_name: "Grüne 王芳".to_owned(),
        prompt: "What do you make of the closure?".to_owned(),
        twitter: Some(answer(Platform::Twitter, "\"Safety first\", they say.\nI wonder.")),
        reddit: Some(answer(Platform::Reddit, "Ask me tomorrow.")),
    }
}

fn answer(platform: Platform, response: &str) -> Answer {
    Answer { platform, response: response.to_owned(), as_of: AsOf { tick: 1, round: 1 } }
}

fn next_code(code: Option<&ErrorCode>) -> Option<ErrorCode> {
    match code {
        None => Some(ErrorCode::Expired),
        Some(ErrorCode::Expired) => Some(ErrorCode::Malformed),
        Some(ErrorCode::Malformed) => Some(ErrorCode::UnknownRun),
        Some(ErrorCode::UnknownRun) => Some(ErrorCode::UnknownAgent),
        Some(ErrorCode::UnknownAgent) => Some(ErrorCode::UnknownPlatform),
        Some(ErrorCode::UnknownPlatform) => Some(ErrorCode::WrongState),
        Some(ErrorCode::WrongState) => Some(ErrorCode::NoCapacity),
        Some(ErrorCode::NoCapacity) => Some(ErrorCode::Internal),
        Some(ErrorCode::Internal) => None,
    }
}

fn journal() -> Vec<Sample> {
    let mut samples = Vec::new();
    for record in each(next_record) {
        let name = match record {
            Record::Genesis(_) => "genesis",
            Record::Claim(_) => "claim",
            Record::Tick(_) => "tick",
            // Each of its outcomes has a sample, below.
            Record::End(_) => continue,
        };
        samples.push(sample("journal", name, &Entry::new(record)));
    }
    let commands = each(next_request).into_iter().map(command).collect();
    let tick = Tick { tick: 1, epoch: 2, at: at(2), commands, commands_through: 41 };
    samples.push(sample("journal", "tick-with-commands", &Entry::new(Record::Tick(tick))));
    for outcome in each(next_outcome) {
        let stop = Request::Stop { reason: Some("the survey was wrong".to_owned()) };
        let (reason, command) = match outcome {
            Outcome::Completed => (None, None),
            Outcome::Stopped => (Some("stopped by cli"), Some(command(stop))),
            Outcome::Failed => (Some("three claims without a tick between them"), None),
        };
        let reason = reason.map(str::to_owned);
        let end = End { epoch: 2, outcome, reason, command, at: at(9) };
        let name = format!("end-{}", word(&outcome));
        samples.push(sample("journal", name, &Entry::new(Record::End(end))));
    }
    samples
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
        })),
        Some(Record::Tick(_)) => Some(Record::End(End {
            epoch: 1,
            outcome: Outcome::Completed,
            reason: None,
            command: None,
            at: at(9),
        })),
        Some(Record::End(_)) => None,
    }
}

fn statuses() -> Vec<Sample> {
    let statuses = each(next_status);
    statuses
        .into_iter()
        .map(|status| sample("env-status", status.as_str(), &env_status(status)))
        .collect()
}

fn next_status(status: Option<&RunStatus>) -> Option<RunStatus> {
    match status {
        None => Some(RunStatus::Queued),
        Some(RunStatus::Queued) => Some(RunStatus::Starting),
        Some(RunStatus::Starting) => Some(RunStatus::Running),
        Some(RunStatus::Running) => Some(RunStatus::Completed),
        Some(RunStatus::Completed) => Some(RunStatus::Stopped),
        Some(RunStatus::Stopped) => Some(RunStatus::Failed),
        Some(RunStatus::Failed) => None,
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
        alive: status.is_live(),
        held: false,
        platforms: vec![PlatformStatus { status, ..PlatformStatus::new(Platform::Twitter, 2) }],
        epoch: 0,
        node: None,
        worker: None,
        reason: None,
        last_error: None,
        created_at: at(0),
        started_at: None,
        updated_at: at(0),
        ended_at: None,
    };
    let taken = EnvStatus {
        requested: all_requested_options(),
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
    match status {
        RunStatus::Queued => queued,
        RunStatus::Starting | RunStatus::Running => taken,
        RunStatus::Completed => EnvStatus { alive: true, ended_at, ..taken },
        RunStatus::Stopped => {
            EnvStatus { reason: Some("the survey was wrong".to_owned()), ended_at, ..taken }
        }
        RunStatus::Failed => EnvStatus {
            reason: Some("three claims without a tick between them".to_owned()),
            last_error: Some("the worker was killed: out of memory".to_owned()),
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
        succeeded: 24,
        listed: 23,
        memorable: 22,
        digest: Digest::of(&[b"up to tick 1"]),
    }
}
