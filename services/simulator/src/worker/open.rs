//! Opening one world: what its journal, its spec and its newest snapshot make of it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, First, ReadError};
use contract::id::RunId;
use contract::journal::{Claim, Entry, Genesis, Record};
use contract::notice::LogLine;
use contract::status::{EnvStatus, PlatformStatus, RunStatus};
use contract::subject::{Platform, StreamName};
use contract::timestamp::Timestamp;
use faults::Safeguard;
use futures_util::stream::FuturesUnordered;
use tokio::time::Instant;
use world::World;

use super::append::Logs;
use super::inbox::Inbox;
use super::lane::{Lane, Look, Shown};
use super::listen::Listener;
use super::live::Live;
use super::minds::Minds;
use super::pulse::{Beat, State, beating};
use super::snapshot::{self, Found, Snapshots};
use super::thinking::Thinking;
use super::waiting::Queue;
use super::{Context, now, patiently, store_first};
use crate::play;
use crate::protocol::journal::Journal;
use crate::protocol::owner::{Guards, Head, Owner, Start};
use crate::protocol::{Ended, Lost};
use crate::translate::Chain;

/// Bytes of actions in one message, at most: some 10,000 actions.
const LARGEST_PART: u32 = 3 * 1024 * 1024;

/// How a world is opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// This worker has not opened it before, so that what env-status says of it was written by
    /// others.
    pub(super) is_first: bool,
    /// A snapshot may be used: none has shown yet that it is not to be trusted.
    pub(super) snapshots: bool,
}

/// Prepares the owner of one world and its driver: journal, genesis, newest good snapshot.
pub(super) async fn open(
    context: &Context,
    platform: Platform,
    inbox: Inbox,
    manner: Manner,
) -> Result<Lane, (Ended, Inbox)> {
    let Manner { is_first, snapshots } = manner;
    let beat = Beat { platform, played: 0, state: State::Playing };
    match beating(&context.pulse, beat, prepare(context, platform, snapshots)).await {
        Ok(prepared) => {
            let mut lane = lane(context, prepared, inbox, is_first);
            if is_first && context.args.why == Claim::CRASHED {
                lane.last_words = last_words(context).await;
            }
            Ok(lane)
        }
        Err(ended) => Err((ended, inbox)),
    }
}

fn lane(context: &Context, prepared: Prepared, inbox: Inbox, is_first: bool) -> Lane {
    let Prepared { journal, genesis, world, chain } = prepared;
    let (bus, platform) = (&context.bus, genesis.platform);
    let claim = Claim {
        epoch: journal.epoch + 1,
        node: context.node.clone(),
        worker: context.args.worker.clone(),
        why: if is_first { context.args.why.clone() } else { "reopen".to_owned() },
        at: now(),
    };
    let listener = Listener::open(bus, &genesis, &journal.ticks);
    let given_up = is_first.then(|| given_up(&context.status, platform)).flatten();
    let last_tick_at = journal.ticks.last().and_then(|last| ago(last.record.at));
    let (epoch, reason, ticks) = (claim.epoch, journal.reason.clone(), world.tick());
    let told = context.status.platform(platform).cloned();
    let start = Start {
        rounds: genesis.options.rounds,
        world: ticks.checked_sub(1).map(|tick| Head { tick, digest: chain.digest }),
        claim,
        journal,
        given_up,
        guards: guards(),
        max_payload: bus.max_payload(),
    };
    Lane {
        owner: Owner::new(start),
        logs: Logs::new(bus, &context.args.run, platform, epoch),
        decisions: None,
        made: VecDeque::new(),
        shown: Shown { ticks, chain: chain.clone() },
        questions: VecDeque::new(),
        others: VecDeque::new(),
        answered: 0,
        look: Look::Unneeded,
        waiting: Queue::new(bus.max_payload()),
        taking: Vec::new(),
        turning: None,
        under_way: FuturesUnordered::new(),
        snapshots: Snapshots::new(bus.clone(), ticks),
        said_at: Instant::now(),
        listener,
        listens_since: None,
        waits_for: None,
        live: Live::new(bus.clone()),
        bus: bus.clone(),
        board: context.board.clone(),
        pulse: context.pulse.clone(),
        thinking: Thinking::new(context, &genesis),
        minds: Minds::new(context, &genesis),
        purse: context.purse.clone(),
        went_on_for: None,
        inbox,
        node_gone: context.node_gone.clone(),
        span: tracing::Span::current(),
        span_round: None,
        last_tick_at,
        opened_at: None,
        was_left_behind: is_left_behind(context.status.status, &context.status.platforms, platform),
        reason,
        told,
        last_words: None,
        minutes_per_round: world.setup().clock.minutes_per_round,
        genesis: Arc::new(genesis),
        world: Some(Box::new(world)),
        chain,
    }
}

/// What the run's last worker said last, if it is still known.
async fn last_words(context: &Context) -> Option<String> {
    let subject = context.bus.prefix().logs(&context.args.run);
    let stored = context.bus.last(StreamName::Logs, &subject).await.ok()??;
    serde_json::from_slice::<LogLine>(&stored.body).ok().map(|line| line.line)
}

/// All safeguards, but for a test of the tests.
fn guards() -> Guards {
    Guards {
        fence: !faults::is_off(Safeguard::Fence),
        present: !faults::is_off(Safeguard::PresentFrames),
        digests: !faults::is_off(Safeguard::DigestCheck),
    }
}

/// Why a node has given a world up, as the run was found: its journal may not say so yet, and
/// from now on does.
fn given_up(found: &EnvStatus, platform: Platform) -> Option<String> {
    let world = found.platform(platform).map(|world| world.status);
    let is_given_up = (found.status, world) == (RunStatus::Failed, Some(RunStatus::Failed));
    let reason = found.reason.clone();
    is_given_up.then(|| reason.unwrap_or_else(|| "its node has given it up".to_owned()))
}

/// A start that one world took and another could not is answered, and never asked for again: the
/// other one begins by itself once the run is opened anew. A run that is paused waits on.
fn is_left_behind(run: RunStatus, worlds: &[PlatformStatus], platform: Platform) -> bool {
    let mut others = worlds.iter().filter(|world| world.platform != platform);
    run == RunStatus::Running && others.any(|world| world.ticks > 0)
}

/// When that was on this process's clock; `None` if it is longer ago than that clock can say.
fn ago(at: Timestamp) -> Option<Instant> {
    let passed = now().milliseconds().saturating_sub(at.milliseconds());
    let passed = Duration::from_millis(u64::try_from(passed).unwrap_or(0));
    Instant::now().checked_sub(passed)
}

/// Decides by which rules the run is played, before any of its worlds is opened: by those that the
/// genesis of its first world names, whoever was the first to store it. So two builds never begin a
/// world each.
///
/// # Errors
/// If they are others than this build has, or nobody can find out.
pub(super) async fn decide_rules(context: &Context) -> Result<(), Lost> {
    let (bus, run) = (&context.bus, &context.args.run);
    let Some(&platform) = context.status.options.platforms.first() else { return Ok(()) };
    let subject = bus.prefix().inputs(run, platform);
    let genesis = Entry::new(Record::Genesis(Box::new(genesis(context, platform)))).to_bytes();
    if let First::Ours(_) = store_first(bus, StreamName::Inputs, &subject, genesis).await? {
        return Ok(());
    }
    match patiently(|| rules_of(bus, run)).await {
        Some(found) if found != play::rules() => Err(Lost::OtherRules { found }),
        Some(_) | None => Ok(()),
    }
}

/// The rules under which a run began; `None` before it has, or where its journal cannot be read:
/// whoever opens it says so.
///
/// # Errors
/// See [`ReadError`].
pub(crate) async fn rules_of(bus: &Bus, run: &RunId) -> Result<Option<u32>, ReadError> {
    let first = bus.oldest(StreamName::Inputs, &bus.prefix().journals(run)).await?;
    let entry = first.and_then(|stored| serde_json::from_slice::<Entry>(&stored.body).ok());
    Ok(match entry.map(|entry| entry.record) {
        Some(Record::Genesis(genesis)) => Some(genesis.rules),
        Some(_) | None => None,
    })
}

struct Prepared {
    journal: Journal,
    genesis: Genesis,
    world: World,
    chain: Chain,
}

async fn prepare(
    context: &Context,
    platform: Platform,
    snapshots: bool,
) -> Result<Prepared, Ended> {
    let (bus, run) = (&context.bus, &context.args.run);
    let subject = bus.prefix().inputs(run, platform);
    let messages = patiently(|| bus.read_all(StreamName::Inputs, &subject, 0)).await;
    let bodies = messages.iter().map(|stored| (stored.sequence, &stored.body[..]));
    let mut journal = Journal::read(bodies).map_err(|error| Lost::Damaged(error.to_string()))?;
    if let Some(genesis) = journal.genesis.take() {
        return build(context, journal, genesis, snapshots).await;
    }
    let genesis = genesis(context, platform);
    let first = Entry::new(Record::Genesis(Box::new(genesis.clone()))).to_bytes();
    // If somebody else was quicker, theirs stands.
    match store_first(bus, StreamName::Inputs, &subject, first).await? {
        First::Ours(sequence) => journal.last_sequence = sequence,
        First::Theirs(_) => return Err(Ended::Reopen),
    }
    build(context, journal, genesis, snapshots).await
}

async fn build(
    context: &Context,
    journal: Journal,
    mut genesis: Genesis,
    snapshots: bool,
) -> Result<Prepared, Ended> {
    let is_skewed = !journal.ticks.is_empty() && faults::fires("world.skew");
    if is_skewed {
        genesis.options.seed ^= 1;
    }
    let setup = play::setup(&context.spec, &genesis)?;
    let found = match snapshots && !is_skewed {
        true => snapshot::load(&context.bus, &setup, &genesis, journal.ticks.len()).await,
        false => Found::None,
    };
    let (world, chain) = match found {
        Found::Good(world, chain) => (world, chain),
        Found::AheadOfJournal { tick } => {
            return Err(behind(context, &journal, &genesis, tick).await);
        }
        Found::None => (play::fresh(setup)?, Chain::START),
    };
    Ok(Prepared { journal, genesis, world, chain })
}

/// Bytes of actions in one message, on a server that takes messages of so many bytes. A frame of
/// one message is no atomic batch, so it is as large as the server allows, within reason.
pub(super) fn part_size(max_payload: usize) -> u32 {
    let most = u32::try_from(max_payload / 4 * 3).unwrap_or(u32::MAX);
    most.min(LARGEST_PART)
}

/// A snapshot has more ticks than the journal had when it was read: either that went on since,
/// or it has lost some.
async fn behind(context: &Context, journal: &Journal, genesis: &Genesis, tick: u32) -> Ended {
    let bus = &context.bus;
    let subject = bus.prefix().inputs(&genesis.run_id, genesis.platform);
    let last = patiently(|| bus.last(StreamName::Inputs, &subject)).await;
    if last.is_some_and(|last| last.sequence > journal.last_sequence) {
        return Ended::Reopen;
    }
    let ticks = journal.ticks.len();
    Lost::Damaged(format!("a snapshot has {tick} ticks, but the journal has {ticks}")).into()
}

fn genesis(context: &Context, platform: Platform) -> Genesis {
    let status = &context.status;
    Genesis {
        run_id: status.run_id.clone(),
        platform,
        spec_digest: status.spec_digest,
        options: status.options.clone(),
        rules: play::rules(),
        start_time: context.spec.time.start_time,
        part_size: part_size(context.bus.max_payload()),
        memory: status.memory.clone(),
        parent: status.parent.clone(),
        created_at: status.created_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_world_whose_start_was_lost_begins_with_the_other_but_in_no_pause() {
        let mut worlds = Platform::ALL.map(|platform| PlatformStatus::new(platform, 3));
        assert!(!is_left_behind(RunStatus::Running, &worlds, Platform::Reddit), "none has begun");
        worlds[0].ticks = 1;
        assert!(is_left_behind(RunStatus::Running, &worlds, Platform::Reddit));
        assert!(!is_left_behind(RunStatus::Running, &worlds, Platform::Twitter));
        for run in [RunStatus::Paused, RunStatus::Failed, RunStatus::Stopped] {
            assert!(!is_left_behind(run, &worlds, Platform::Reddit), "{run:?}");
        }
        assert!(!is_left_behind(RunStatus::Running, &worlds[..1], Platform::Twitter), "alone");
    }
}
