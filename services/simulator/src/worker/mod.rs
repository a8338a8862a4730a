//! The worker: holds one run, in a process of its own, until its node is gone.
//!
//! In reading order: [`opening`] (what a journal says), [`lane`] (one world and its tick
//! cycle), [`append`] (the logs that only an owner writes), [`desk`] (commands and questions
//! in, replies out), [`board`] (the run's env-status).

pub mod append;
pub mod board;
pub mod desk;
pub mod lane;
pub mod opening;
pub mod pulse;
pub mod snapshot;
pub mod step;

use std::future::Future;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bus::{Bus, ReadError};
use contract::frame::Outcome;
use contract::id::RunId;
use contract::journal::{Claim, Entry, Genesis, Record};
use contract::spec::Spec;
use contract::status::{EnvStatus, RunStatus};
use contract::subject::{Platform, StreamName};
use contract::timestamp::Timestamp;
use kit::retry::Pauses;
use kit::shutdown::Shutdown;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use world::World;

use self::append::{Appended, Log};
use self::board::Board;
use self::lane::{Ask, Lane};
use self::opening::Journal;
use self::pulse::Pulse;
use self::snapshot::Snapshots;
use crate::args::{Cli, WorkerArgs};
use crate::translate::{self, Chain};

/// Exit code of a worker that found its run in other hands.
pub const EXIT_FENCED: u8 = 75;

/// Questions and commands that wait for a tick boundary, per world.
const INBOX: usize = 1024;

/// Why this worker may not write any more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// Another worker has claimed the run.
    #[error("the run was claimed by another worker under epoch {0}")]
    Fenced(u32),
    /// What is stored contradicts itself, or has become less.
    #[error("damaged: {0}")]
    Damaged(String),
    /// The bus does not let us.
    #[error("the bus refuses to store it: {0}")]
    Denied(String),
}

/// Why a world cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// Its logs.
    #[error(transparent)]
    Lost(#[from] Lost),
    /// Somebody else's record came in between: open the journal again and go on.
    #[error("the journal must be opened again")]
    Reopen,
    /// The same inputs made another output than before.
    #[error("diverged: {0}")]
    Diverged(String),
    /// The rules are wrong.
    #[error("the world panicked: {0}")]
    Panicked(String),
    /// This build has other rules, or the spec makes no world.
    #[error("{0}")]
    Unfit(String),
}

/// What all lanes of a run share.
#[derive(Clone)]
struct Context {
    bus: Bus,
    status: Arc<EnvStatus>,
    spec: Arc<Spec>,
    node: String,
    args: WorkerArgs,
    board: Board,
    pulse: Pulse,
    node_gone: Shutdown,
}

/// Holds the run until its node is gone, or it is not ours any more.
///
/// # Errors
/// If the run cannot be read at all.
pub async fn run(cli: &Cli, args: WorkerArgs) -> anyhow::Result<std::process::ExitCode> {
    let node_gone = watch_node()?;
    let name = format!("shoal-worker {}", args.run);
    let bus = Bus::connect(&cli.bus, &name, Duration::from_secs(30)).await?;
    let (status, sequence) = read_status(&bus, &args.run).await?;
    let spec = read_spec(&bus, &status).await?;
    let (board, writer) = board::open(bus.clone(), status.clone(), sequence);
    let node = cli.node.name();
    let context = Context {
        bus: bus.clone(),
        status: Arc::new(status),
        spec: Arc::new(spec),
        node,
        args,
        board,
        pulse: Pulse::default(),
        node_gone,
    };
    let writing = tokio::spawn(writer.run());
    let lost = tokio::select! {
        lost = hold(&context, Duration::from_secs(cli.node.idle_seconds)) => lost,
        written = writing => written.context("the writer of env-status panicked")?,
    };
    match lost {
        Ok(()) => {
            context.board.report(|status| status.held = false);
            // A bus that does not answer must not keep a worker whose node is gone.
            let _ = tokio::time::timeout(Duration::from_secs(5), context.board.stored()).await;
            bus.drain().await;
            Ok(std::process::ExitCode::SUCCESS)
        }
        Err(lost) => {
            tracing::error!("this worker ends, the run does not: {lost}");
            Ok(std::process::ExitCode::from(EXIT_FENCED))
        }
    }
}

/// Opens all worlds, plays and answers until the node is gone or nobody asked for a while.
async fn hold(context: &Context, idle: Duration) -> Result<(), Lost> {
    let (mut lanes, mut inboxes) = (JoinSet::new(), Vec::new());
    for platform in context.status.options.platforms.clone() {
        let (sender, inbox) = mpsc::channel(INBOX);
        inboxes.push((platform, sender));
        lanes.spawn(drive(context.clone(), platform, inbox));
    }
    let (node, worker) = (context.node.clone(), context.args.worker.clone());
    context.board.report(|status| {
        (status.node, status.worker, status.held) = (Some(node), Some(worker), true);
        status.started_at = status.started_at.or(Some(now()));
    });
    let board = context.board.clone();
    let desk = desk::Desk::new(context.bus.clone(), context.args.run.clone(), board, inboxes);
    tokio::select! {
        lost = desk.serve(idle) => return lost,
        () = context.node_gone.wished() => {}
        lost = until_lost(&mut lanes) => return Err(lost),
    }
    while let Some(ended) = lanes.join_next().await {
        if let Ok(Err(lost)) = ended {
            return Err(lost);
        }
    }
    Ok(())
}

/// Waits for a lane that lost its run; lanes that ended otherwise are none.
async fn until_lost(lanes: &mut JoinSet<Result<(), Lost>>) -> Lost {
    loop {
        match lanes.join_next().await {
            Some(Ok(Err(lost))) => return lost,
            Some(_) => {}
            None => std::future::pending::<()>().await,
        }
    }
}

/// One world, from opening to the end of the worker.
async fn drive(
    context: Context,
    platform: Platform,
    mut inbox: mpsc::Receiver<Ask>,
) -> Result<(), Lost> {
    loop {
        let (ended, rest) = match open(&context, platform, inbox).await {
            Ok(mut lane) => {
                let ended = lane.run().await;
                lane.snapshots.finish().await;
                (ended, lane.inbox)
            }
            Err((ended, inbox)) => (Err(ended), inbox),
        };
        inbox = rest;
        match ended {
            Ok(()) => return Ok(()),
            Err(Ended::Reopen) => tracing::warn!(%platform, "opening the journal again"),
            Err(Ended::Lost(lost @ Lost::Fenced(_))) => return Err(lost),
            Err(ended) => {
                let why = ended.to_string();
                tracing::error!(%platform, "the world has failed: {why}");
                context.board.report(|status| {
                    status.last_error = Some(format!("{platform}: {why}"));
                    status.reason = Some(format!("the {platform} world has failed: {why}"));
                });
                context.board.report_platform(platform, |world| world.status = RunStatus::Failed);
                lane::run_dead(&context.pulse, &context.node_gone, platform, &mut inbox, &why)
                    .await;
                return Ok(());
            }
        }
    }
}

/// Opens one world: journal, genesis, newest good snapshot, claim, and all ticks since.
async fn open(
    context: &Context,
    platform: Platform,
    inbox: mpsc::Receiver<Ask>,
) -> Result<Lane, (Ended, mpsc::Receiver<Ask>)> {
    let prepared = match prepare(context, platform).await {
        Ok(prepared) => prepared,
        Err(ended) => return Err((ended, inbox)),
    };
    let Prepared { journal, genesis, world, chain } = prepared;
    let (bus, run) = (&context.bus, &context.args.run);
    let epoch = journal.epoch + 1;
    let mut lane = Lane {
        epoch,
        journal: Log::journal(bus, run, platform, journal.last_sequence, epoch),
        frames: Log::frames(bus, run, platform, 0, epoch),
        begun: !journal.ticks.is_empty(),
        begun_by: journal.begun_by(),
        end: journal.outcome(),
        commands_through: journal.commands_through(),
        taken: Vec::new(),
        snapshots: Snapshots::new(bus.clone()),
        bus: bus.clone(),
        board: context.board.clone(),
        pulse: context.pulse.clone(),
        inbox,
        node_gone: context.node_gone.clone(),
        next_tick_at: tokio::time::Instant::now(),
        genesis: Arc::new(genesis),
        world: Some(Box::new(world)),
        chain,
    };
    let claim = Claim {
        epoch,
        node: context.node.clone(),
        worker: context.args.worker.clone(),
        why: context.args.why.clone(),
        at: now(),
    };
    if let Err(ended) = lane.recover(&journal, claim).await {
        return Err((ended, lane.inbox));
    }
    tracing::info!(%platform, epoch, ticks = journal.ticks.len(), "the world is open");
    Ok(lane)
}

struct Prepared {
    journal: Journal,
    genesis: Genesis,
    world: World,
    chain: Chain,
}

async fn prepare(context: &Context, platform: Platform) -> Result<Prepared, Ended> {
    let (bus, run) = (&context.bus, &context.args.run);
    let subject = bus.prefix().inputs(run, platform);
    let messages = patiently(|| bus.read_all(StreamName::Inputs, &subject, 0)).await;
    let bodies = messages.iter().map(|stored| (stored.sequence, &stored.body[..]));
    let mut journal = Journal::read(bodies).map_err(|error| Lost::Damaged(error.to_string()))?;
    let Some(genesis) = journal.genesis.clone() else {
        let genesis = Box::new(genesis(context, platform));
        let mut log = Log::journal(bus, run, platform, 0, 0);
        return match log.entry(&Entry::new(Record::Genesis(genesis.clone()))).await? {
            Appended::Overtaken => Err(Ended::Reopen),
            Appended::Ours => {
                journal.last_sequence = log.last();
                build(context, journal, *genesis).await
            }
        };
    };
    build(context, journal, genesis).await
}

async fn build(context: &Context, journal: Journal, genesis: Genesis) -> Result<Prepared, Ended> {
    if genesis.rules != world::RULES {
        let (found, known) = (genesis.rules, world::RULES);
        return Err(Ended::Unfit(format!("the run has rules {found}, this node knows {known}")));
    }
    let setup = translate::setup(&context.spec, &genesis)
        .ok_or_else(|| Ended::Unfit(format!("the spec has no {} world", genesis.platform)))?;
    let stored = snapshot::load(&context.bus, &setup, &genesis, journal.ticks.len()).await;
    let (world, chain) = match stored {
        Some(found) => found,
        None => {
            let world = World::new(setup).map_err(|problems| {
                let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
                Ended::Unfit(format!("the spec makes no world: {}", problems.join("; ")))
            })?;
            (world, Chain::START)
        }
    };
    Ok(Prepared { journal, genesis, world, chain })
}

fn genesis(context: &Context, platform: Platform) -> Genesis {
    let status = &context.status;
    Genesis {
        run_id: status.run_id.clone(),
        platform,
        spec_digest: status.spec_digest,
        options: status.options.clone(),
        rules: world::RULES,
        start_time: context.spec.time.start_time,
        part_size: contract::DEFAULT_PART_SIZE,
        memory: status.memory.clone(),
        created_at: status.created_at,
    }
}

/// Wishes for the end once standard input is at its end, of which the node holds the other
/// side, or on a signal: whoever ends the node may signal its workers too.
fn watch_node() -> std::io::Result<Shutdown> {
    let (trigger, gone) = Shutdown::manual();
    trigger.clone().pull_on_signals()?;
    // A thread of its own: one that is blocked in a read does not hold up the process's end.
    std::thread::spawn(move || {
        let mut ignored = [0; 64];
        while matches!(std::io::stdin().read(&mut ignored), Ok(1..)) {}
        trigger.pull();
    });
    Ok(gone)
}

async fn read_status(bus: &Bus, run: &RunId) -> anyhow::Result<(EnvStatus, u64)> {
    let subject = bus.prefix().env_status(run);
    let stored = patiently(|| bus.last(StreamName::EnvStatus, &subject)).await;
    let stored = stored.ok_or_else(|| anyhow::anyhow!("there is no run {run}"))?;
    Ok((serde_json::from_slice(&stored.body)?, stored.sequence))
}

async fn read_spec(bus: &Bus, status: &EnvStatus) -> anyhow::Result<Spec> {
    let subject = bus.prefix().spec(&status.spec_digest);
    let bytes = patiently(|| bus.get_object(StreamName::Specs, &subject)).await;
    let bytes = bytes.ok_or_else(|| anyhow::anyhow!("there is no spec {}", status.spec_digest))?;
    Ok(Spec::from_bytes(&bytes)?)
}

/// Reads until the bus answers: whether that takes too long is the node's business.
async fn patiently<T, F: Future<Output = Result<T, ReadError>>>(read: impl Fn() -> F) -> T {
    let mut pauses = Pauses::new(Duration::from_millis(50), Duration::from_secs(2));
    loop {
        match read().await {
            Ok(value) => return value,
            Err(error) => tracing::warn!("failed to read from the bus, trying again: {error}"),
        }
        pauses.wait().await;
    }
}

fn now() -> Timestamp {
    Timestamp::from_milliseconds(kit::now_milliseconds())
}

/// The status of a world that ended like this.
fn status_of(outcome: Outcome) -> RunStatus {
    match outcome {
        Outcome::Completed => RunStatus::Completed,
        Outcome::Stopped => RunStatus::Stopped,
        Outcome::Failed => RunStatus::Failed,
    }
}
