//! The worker: holds one run, in a process of its own, until its node is gone.
//!
//! What decides stands in [`crate::protocol`]; here is what acts. In reading order: [`open`]
//! (taking a world up), [`lane`] (its driver), [`fulfil`] (what its owner wishes), [`append`] (its
//! two logs), [`step`] (its ticks), `timing` (when the next one is due), [`inbox`] and [`carry`]
//! (what it is asked), [`waiting`] (commands that wait for a tick), [`thinking`] (what agents decide
//! outside, and what that may cost: [`purse`], [`lease`]), [`answer`] (what agents say), [`minds`]
//! (who says it), [`desk`] (commands and questions in, replies out), [`board`] (the run's
//! env-status), [`snapshot`], [`live`] and [`pulse`].

pub mod answer;
pub mod append;
pub mod board;
pub mod carry;
pub mod desk;
pub mod fulfil;
pub mod inbox;
pub mod lane;
pub mod lease;
mod listen;
pub mod live;
pub mod minds;
mod models;
pub mod open;
pub mod pulse;
pub mod purse;
pub mod snapshot;
pub mod step;
mod thinking;
mod timing;
pub mod waiting;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bus::{AppendError, Bus, First, ReadError, Role};
use contract::id::RunId;
use contract::spec::Spec;
use contract::status::{EnvStatus, RunStatus};
use contract::subject::{Platform, StreamName};
use contract::timestamp::Timestamp;
use kit::retry::Pauses;
use kit::shutdown::Shutdown;
use tokio::task::JoinSet;
use tracing::Instrument as _;

use self::board::Board;
use self::inbox::{Inbox, inbox};
use self::lease::Lease;
use self::open::Manner;
pub(crate) use self::open::rules_of;
use self::pulse::Pulse;
use self::purse::Purse;
use crate::args::{Cli, WorkerArgs};
use crate::measures;
use crate::protocol::{Ended, Lost};
use crate::worker::models::ModelFile;

/// Exit code of a worker that found its run in other hands.
pub const EXIT_FENCED: u8 = 75;

/// Exit code of a worker that has other rules than its run.
pub const EXIT_OTHER_RULES: u8 = 76;

/// What a line of a node begins with that says how much to log.
pub(crate) const LOG_WORD: &str = "log ";

/// How long a worker may live on without its node.
const ORPHANED: Duration = Duration::from_secs(15);

/// Questions and commands that wait for a tick boundary, per world.
const INBOX: usize = 1024;

/// The code that a worker that is lost exits with.
fn exit_code(lost: &Lost) -> u8 {
    match lost {
        // Either way there is nothing left here to hold.
        Lost::Fenced(_) | Lost::Deleted => EXIT_FENCED,
        Lost::OtherRules { .. } => EXIT_OTHER_RULES,
        Lost::Damaged(_) | Lost::Denied(_) | Lost::Panicked(_) => 1,
    }
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
    purse: Purse,
    models: Arc<ModelFile>,
    lease: Lease,
}

/// Holds the run until its node is gone, or it is not ours any more.
///
/// # Errors
/// If the run cannot be read at all.
pub async fn run(cli: &Cli, args: WorkerArgs) -> anyhow::Result<std::process::ExitCode> {
    let lease = Lease::default();
    let node_gone = watch_node(lease.clone())?;
    let name = format!("shoal-worker {}", args.run);
    let bus = Bus::connect(&cli.bus, Role::Simulator, &name, Duration::from_secs(30)).await?;
    let (status, sequence) = read_status(&bus, &args.run).await?;
    if status.status == RunStatus::Deleted {
        tracing::warn!("{}", Lost::Deleted);
        return Ok(std::process::ExitCode::from(exit_code(&Lost::Deleted)));
    }
    let spec = read_spec(&bus, &status).await?;
    let (board, writer) = board::open(bus.clone(), status.clone(), sequence);
    let node = cli.node.name();
    let purse = Purse::new(&status.options.platforms, lease.clone());
    let models = Arc::new(ModelFile::read(cli.node.llm_endpoints.as_deref()));
    let context = Context {
        bus: bus.clone(),
        status: Arc::new(status),
        spec: Arc::new(spec),
        node,
        args,
        board,
        pulse: Pulse::default(),
        node_gone,
        purse,
        models,
        lease,
    };
    if let Err(lost) = open::decide_rules(&context).await {
        // Nothing was said of the run: it is as its last owner left it.
        tracing::warn!("this worker ends, the run does not: {lost}");
        bus.drain().await;
        return Ok(std::process::ExitCode::from(exit_code(&lost)));
    }
    let writing = tokio::spawn(writer.run());
    let telling = tokio::spawn(measures::keep_telling());
    let lost = tokio::select! {
        lost = hold(&context, Duration::from_secs(cli.node.idle_seconds)) => lost,
        written = writing => written.context("the writer of env-status panicked")?,
    };
    telling.abort();
    measures::tell();
    match lost {
        Ok(()) => {
            context.board.report(|status| status.held = false);
            // A bus that does not answer must not keep a worker whose node is gone.
            if bus.connected_since().is_some() {
                let _ = tokio::time::timeout(Duration::from_secs(5), context.board.stored()).await;
            }
            bus.drain().await;
            Ok(std::process::ExitCode::SUCCESS)
        }
        Err(lost) => {
            tracing::error!("this worker ends, the run does not: {lost}");
            Ok(std::process::ExitCode::from(exit_code(&lost)))
        }
    }
}

/// Opens all worlds, plays and answers until the node is gone or nobody asked for a while.
async fn hold(context: &Context, idle: Duration) -> Result<(), Lost> {
    let (mut lanes, mut inboxes) = (JoinSet::new(), Vec::new());
    for platform in context.status.options.platforms.clone() {
        let (outbox, inbox) = inbox(INBOX);
        inboxes.push((platform, outbox));
        let world = tracing::info_span!("world", run = %context.args.run, %platform);
        lanes.spawn(drive(context.clone(), platform, inbox).instrument(world));
    }
    let (node, worker) = (context.node.clone(), context.args.worker.clone());
    context.board.report(|status| {
        (status.node, status.worker, status.held) = (Some(node), Some(worker), true);
        status.started_at = status.started_at.or(Some(now()));
        if status.status.is_live() {
            // What its predecessors failed of is overcome, or shows again; why it is paused stands
            // in its journal.
            (status.reason, status.last_error) = (None, None);
        }
    });
    let board = context.board.clone();
    let desk = desk::Desk::new(context.bus.clone(), &context.args, board, inboxes);
    tokio::select! {
        lost = desk.serve(idle) => return lost,
        () = context.node_gone.wished() => {}
        lost = until_lost(&mut lanes) => return Err(lost),
    }
    while let Some(ended) = lanes.join_next().await {
        ended.map_err(|error| Lost::Panicked(error.to_string()))??;
    }
    Ok(())
}

/// Waits for a lane that lost its run; lanes that ended otherwise are none.
async fn until_lost(lanes: &mut JoinSet<Result<(), Lost>>) -> Lost {
    loop {
        match lanes.join_next().await {
            Some(Ok(Err(lost))) => return lost,
            // Nobody would answer for that world any more: a new worker does.
            Some(Err(error)) => return Lost::Panicked(error.to_string()),
            Some(Ok(Ok(()))) => {}
            None => std::future::pending::<()>().await,
        }
    }
}

/// One world, from opening to the end of the worker.
async fn drive(context: Context, platform: Platform, mut inbox: Inbox) -> Result<(), Lost> {
    let (mut is_first, mut is_broken, mut snapshots) = (true, false, true);
    loop {
        let opening = open::open(&context, platform, inbox, Manner { is_first, snapshots });
        let (ended, rest) = match opening.await {
            Ok(mut lane) => {
                let ended = lane.run().await;
                lane.leave().await;
                (ended, lane.inbox)
            }
            Err((ended, inbox)) => (Err(ended), inbox),
        };
        (inbox, is_first) = (rest, false);
        match ended {
            Ok(()) => return Ok(()),
            Err(Ended::Reopen) => tracing::warn!("opening the journal again"),
            Err(Ended::Distrusted(what)) => {
                tracing::warn!("skipped the snapshot, stepping from the start: {what}");
                snapshots = false;
            }
            Err(Ended::Lost(
                lost @ (Lost::Fenced(_) | Lost::Deleted | Lost::OtherRules { .. }),
            )) => return Err(lost),
            Err(ended) => {
                report_broken(&context, platform, &ended);
                // Its journal says that it has failed: up to there it can be asked.
                let journalled = matches!(ended, Ended::Panicked(_));
                if journalled && !std::mem::replace(&mut is_broken, true) {
                    continue;
                }
                let (pulse, gone, why) = (&context.pulse, &context.node_gone, ended.to_string());
                carry::run_dead(pulse, gone, platform, &mut inbox, &why).await;
                return Ok(());
            }
        }
    }
}

fn report_broken(context: &Context, platform: Platform, why: &Ended) {
    tracing::error!("the world has failed: {why}");
    context.board.report(|status| {
        status.last_error = Some(format!("{platform}: {why}"));
        status.reason = Some(format!("the {platform} world has failed: {why}"));
    });
    context.purse.gone(platform);
    context.board.report_platform(platform, |world| world.status = RunStatus::Failed);
}

/// Wishes for the end once standard input is at its end, of which the node holds the other
/// side, or on a signal: whoever ends the node may signal its workers too. What comes in until
/// then says until when the lease lasts.
pub(crate) fn watch_node(lease: Lease) -> std::io::Result<Shutdown> {
    let (trigger, gone) = Shutdown::manual();
    trigger.clone().pull_on_signals()?;
    // A thread of its own: one that is blocked in a read does not hold up the process's end.
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            lease.take(&line);
            if let Some(levels) = line.strip_prefix(LOG_WORD)
                && let Err(why) = kit::telemetry::set_levels(levels)
            {
                tracing::warn!("the log stays as it is: {why}");
            }
        }
        trigger.pull();
        // Whatever keeps the worker, a bus that is away or a step without end: nobody would
        // ever kill it.
        std::thread::sleep(ORPHANED);
        std::process::exit(i32::from(EXIT_FENCED));
    });
    Ok(gone)
}

pub(crate) async fn read_status(bus: &Bus, run: &RunId) -> anyhow::Result<(EnvStatus, u64)> {
    let subject = bus.prefix().env_status(run);
    let stored = patiently(|| bus.last(StreamName::EnvStatus, &subject)).await;
    let stored = stored.ok_or_else(|| anyhow::anyhow!("there is no run {run}"))?;
    Ok((serde_json::from_slice(&stored.body)?, stored.sequence))
}

pub(crate) async fn read_spec(bus: &Bus, status: &EnvStatus) -> anyhow::Result<Spec> {
    let subject = bus.prefix().spec(&status.spec_digest);
    let bytes = patiently(|| bus.get_object(StreamName::Specs, &subject)).await;
    let bytes = bytes.ok_or_else(|| anyhow::anyhow!("there is no spec {}", status.spec_digest))?;
    Ok(Spec::from_bytes(&bytes)?)
}

/// Reads until the bus answers: whether that takes too long is the node's business.
pub(crate) async fn patiently<T, F: Future<Output = Result<T, ReadError>>>(
    read: impl Fn() -> F,
) -> T {
    let mut pauses = Pauses::new(Duration::from_millis(50), Duration::from_secs(2));
    loop {
        match read().await {
            Ok(value) => return value,
            Err(error) => tracing::warn!("failed to read from the bus, trying again: {error}"),
        }
        pauses.wait().await;
    }
}

/// Stores the first message of a subject, however long it takes.
pub(crate) async fn store_first(
    bus: &Bus,
    stream: StreamName,
    subject: &str,
    body: Vec<u8>,
) -> Result<First, Lost> {
    let mut pauses = Pauses::new(Duration::from_millis(50), Duration::from_secs(2));
    loop {
        match bus.append_first(stream, subject, body.clone()).await {
            Ok(first) => return Ok(first),
            Err(AppendError::Denied(why)) => return Err(Lost::Denied(why)),
            Err(error) => tracing::warn!(subject, "failed to store, trying again: {error}"),
        }
        pauses.wait().await;
    }
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from_milliseconds(kit::now_milliseconds())
}
