//! Records and commands to speak with.

use contract::command::{Command, Configure, Inject, InjectedPost, Request, Stop};
use contract::id::Digest;
use contract::journal::{Claim, Entry, Genesis, Record, Taken, Tick};
use contract::options::RunOptions;
use contract::subject::Platform;
use contract::timestamp::Timestamp;

pub(crate) fn at(milliseconds: u64) -> Timestamp {
    Timestamp::from_milliseconds(i64::try_from(milliseconds).unwrap())
}

pub(crate) fn genesis(rounds: u32, pace_milli: u32) -> Genesis {
    let platforms = vec![Platform::Twitter];
    Genesis {
        run_id: "market-1".parse().unwrap(),
        platform: Platform::Twitter,
        spec_digest: Digest::ZERO,
        options: RunOptions {
            platforms,
            rounds,
            seed: 1,
            pace_milli,
            sources: vec![],
            budget: None,
            llm: None,
        },
        rules: world::RULES,
        start_time: Timestamp::EPOCH,
        part_size: contract::DEFAULT_PART_SIZE,
        memory: vec![],
        parent: None,
        created_at: Timestamp::EPOCH,
    }
}

pub(crate) fn claim(epoch: u32, worker: &str, why: &str, now: u64) -> Claim {
    let (node, worker, why) = ("node".to_owned(), worker.to_owned(), why.to_owned());
    Claim { epoch, node, worker, why, at: at(now) }
}

pub(crate) fn tick(tick: u32, epoch: u32, commands: Vec<Taken>) -> Tick {
    let commands_through = commands.iter().map(|taken| taken.sequence).max().unwrap_or(0);
    Tick {
        tick,
        epoch,
        at: Timestamp::EPOCH,
        commands,
        commands_through,
        heard: vec![],
        undecided: vec![],
    }
}

pub(crate) fn taken(sequence: u64, request: Request) -> Taken {
    let command_id = format!("c{sequence}").parse().unwrap();
    let issued_at = Timestamp::EPOCH;
    Taken { sequence, command: Command { command_id, request, issued_at, expires_at: None } }
}

pub(crate) fn stop() -> Request {
    Request::Stop(Stop::default())
}

pub(crate) fn pause() -> Request {
    Request::Pause(Stop::default())
}

pub(crate) fn inject(content: &str) -> Request {
    let content = content.to_owned();
    Request::Inject(Inject { posts: vec![InjectedPost { agent_id: 0, content, platform: None }] })
}

pub(crate) fn pace(pace_milli: u32) -> Request {
    Request::Configure(Box::new(Configure { pace_milli: Some(pace_milli), ..Configure::default() }))
}

pub(crate) fn body(record: &Record) -> Vec<u8> {
    Entry::new(record.clone()).to_bytes()
}

/// The record in a journal's message.
pub(crate) fn record(body: &[u8]) -> Record {
    serde_json::from_slice::<Entry>(body).unwrap().record
}

/// The commands that a record holds.
pub(crate) fn commands_of(record: &Record) -> Vec<&Taken> {
    match record {
        Record::Genesis(_) | Record::Claim(_) | Record::Decisions(_) => vec![],
        Record::Tick(tick) => tick.commands.iter().collect(),
        Record::Hold(hold) => hold.command.iter().collect(),
        Record::Go(go) => go.command.iter().collect(),
        Record::End(end) => end.command.iter().collect(),
        Record::Close(close) => vec![&close.command],
    }
}
