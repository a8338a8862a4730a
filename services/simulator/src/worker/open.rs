//! Opening one world: what its journal, its spec and its newest snapshot make of it.

use std::sync::Arc;

use contract::journal::{Claim, Entry, Genesis, Record};
use contract::subject::{Platform, StreamName};
use tokio::sync::mpsc;
use world::World;

use super::append::{Appended, Log};
use super::lane::{Ask, Lane};
use super::opening::Journal;
use super::pulse::{Beat, State, beating};
use super::snapshot::{self, Found, Snapshots};
use super::waiting::Queue;
use super::{Context, Ended, Lost, now, patiently};
use crate::translate::{self, Chain};

/// Opens one world: journal, genesis, newest good snapshot, claim, and all ticks since.
pub(super) async fn open(
    context: &Context,
    platform: Platform,
    inbox: mpsc::Receiver<Ask>,
) -> Result<Lane, (Ended, mpsc::Receiver<Ask>)> {
    let beat = Beat { platform, played: 0, state: State::Playing };
    let prepared = match beating(&context.pulse, beat, prepare(context, platform)).await {
        Ok(prepared) => prepared,
        Err(ended) => return Err((ended, inbox)),
    };
    let Prepared { journal, genesis, world, chain } = prepared;
    let (bus, run) = (&context.bus, &context.args.run);
    let epoch = journal.epoch + 1;
    let mut lane = Lane {
        epoch,
        played: 0,
        is_open: false,
        journal: Log::journal(bus, run, platform, journal.last_sequence, epoch),
        frames: Log::frames(bus, run, platform, 0, epoch),
        life: journal.life,
        commands: journal.commands.clone(),
        commands_through: journal.commands_through(),
        waiting: Queue::default(),
        snapshots: Snapshots::new(bus.clone()),
        bus: bus.clone(),
        board: context.board.clone(),
        pulse: context.pulse.clone(),
        inbox,
        node_gone: context.node_gone.clone(),
        last_tick_at: None,
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
    if let Err(ended) = lane.recover(&journal, claim, &context.status).await {
        lane.give_up(&ended).await;
        return Err((ended, lane.inbox));
    }
    lane.is_open = true;
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
        return match log.entry(&Entry::new(Record::Genesis(genesis.clone()))).await {
            // Somebody else was quicker; what a claim of ours is worth shows when it is made.
            Ok(Appended::Overtaken) | Err(Lost::Fenced(_)) => Err(Ended::Reopen),
            Err(lost) => Err(lost.into()),
            Ok(Appended::Ours) => {
                journal.last_sequence = log.last();
                build(context, journal, *genesis).await
            }
        };
    };
    build(context, journal, genesis).await
}

async fn build(context: &Context, journal: Journal, genesis: Genesis) -> Result<Prepared, Ended> {
    if genesis.rules != world::RULES {
        return Err(Lost::OtherRules { found: genesis.rules }.into());
    }
    let setup = translate::setup(&context.spec, &genesis)
        .ok_or_else(|| Ended::Unfit(format!("the spec has no {} world", genesis.platform)))?;
    let found = snapshot::load(&context.bus, &setup, &genesis, journal.ticks.len()).await;
    let (world, chain) = match found {
        Found::Good(world, chain) => (world, chain),
        Found::AheadOfJournal { tick } => {
            return Err(behind(context, &journal, &genesis, tick).await);
        }
        Found::None => {
            let world = World::new(setup).map_err(|problems| {
                let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
                Ended::Unfit(format!("the spec makes no world: {}", problems.join("; ")))
            })?;
            (world, Chain::START)
        }
    };
    Ok(Prepared { journal, genesis, world, chain })
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
        rules: world::RULES,
        start_time: context.spec.time.start_time,
        part_size: contract::DEFAULT_PART_SIZE,
        memory: status.memory.clone(),
        created_at: status.created_at,
    }
}
