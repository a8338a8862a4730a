//! Worlds as they were after a round that is over, for who asks agents of then.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bus::Bus;
use contract::id::RunId;
use contract::journal::Genesis;
use contract::reply::{ErrorCode, ReplyError};
use contract::spec::Spec;
use contract::status::EnvStatus;
use contract::subject::{Platform, StreamName};
use tokio::sync::{Mutex, OnceCell};
use world::World;

use super::super::answer::{Question, Saying, sayings};
use super::super::minds::Minds;
use super::super::snapshot;
use super::super::step::blocking;
use super::super::{patiently, read_spec};
use super::error;
use crate::past::Replay;
use crate::play;
use crate::protocol::journal::{Closed, Journal};

/// Worlds of one platform that are kept: a batch and a chat at another round, say.
const KEPT: usize = 2;

/// What makes them, and those that were made last; cheap to clone.
#[derive(Clone)]
pub(super) struct Past {
    bus: Bus,
    run: RunId,
    status: Arc<EnvStatus>,
    spec: Arc<OnceCell<Arc<Spec>>>,
    twitter: Arc<Mutex<Kept>>,
    reddit: Arc<Mutex<Kept>>,
}

/// Worlds by their last round, the newest used behind the others.
type Kept = VecDeque<(u32, Arc<World>)>;

/// Ends what is computed for somebody who does not wait for it any more.
struct Unwanted(Arc<AtomicBool>);

impl Drop for Unwanted {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Past {
    pub(super) fn new(bus: Bus, run: RunId, status: Arc<EnvStatus>) -> Past {
        let (twitter, reddit) = Default::default();
        Past { bus, run, status, spec: Arc::default(), twitter, reddit }
    }

    /// The run's spec, read once.
    pub(super) async fn spec(&self) -> Result<Arc<Spec>, ReplyError> {
        let read = || async { read_spec(&self.bus, &self.status).await.map(Arc::new) };
        let spec = self.spec.get_or_try_init(read).await;
        spec.cloned().map_err(|why| error(ErrorCode::Internal, format!("{why:#}")))
    }

    /// What agents say as they were after `round`, which the world of `genesis` has played.
    pub(super) async fn sayings(
        &self,
        genesis: &Genesis,
        round: u32,
        questions: Arc<[Question]>,
        minds: Minds,
    ) -> Result<Vec<Saying>, ReplyError> {
        let (platform, world) = (genesis.platform, self.world(genesis, round).await?);
        let saying = blocking(move || Ok(sayings(&world, platform, &minds, &questions)));
        saying.await.map_err(|ended| unmade(platform, round, &ended.to_string()))
    }

    /// The world after `round`. Who asks for another one of the same platform waits for it.
    async fn world(&self, genesis: &Genesis, round: u32) -> Result<Arc<World>, ReplyError> {
        let kept = match genesis.platform {
            Platform::Twitter => &self.twitter,
            Platform::Reddit => &self.reddit,
        };
        let mut kept = kept.lock().await;
        let world = match kept.iter().position(|(of, _)| *of == round) {
            Some(place) => kept.remove(place).map(|(_, world)| world),
            None => None,
        };
        let world = match world {
            Some(world) => world,
            None => Arc::new(self.make(genesis, round).await?),
        };
        while kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back((round, Arc::clone(&world)));
        Ok(world)
    }

    async fn make(&self, genesis: &Genesis, round: u32) -> Result<World, ReplyError> {
        let (platform, spec) = (genesis.platform, self.spec().await?);
        let unmade = |why: &str| unmade(platform, round, why);
        let ticks = self.ticks(platform, round).await.map_err(|why| unmade(&why))?;
        let setup = play::setup(&spec, genesis).map_err(|ended| unmade(&ended.to_string()))?;
        let found = snapshot::load_until(&self.bus, &setup, genesis, round + 1).await;
        let (genesis, unwanted) = (genesis.clone(), Arc::new(AtomicBool::new(false)));
        let _ended = Unwanted(Arc::clone(&unwanted));
        let played = blocking(move || {
            let mut replay = match found {
                Some((world, chain)) => Replay::from(genesis, world, chain),
                None => Replay::new(&spec, genesis)?,
            };
            for tick in ticks.iter().skip(replay.ticks() as usize) {
                if unwanted.load(Ordering::Relaxed) {
                    break;
                }
                replay.play(tick)?;
            }
            Ok(replay.into_world().filter(|world| world.tick() == round + 1))
        });
        let world = played.await.map_err(|ended| unmade(&ended.to_string()))?;
        world.ok_or_else(|| unmade("it was not played to its end"))
    }

    /// The ticks of a journal, up to that of `round`; why they are not there, in words.
    async fn ticks(&self, platform: Platform, round: u32) -> Result<Vec<Closed>, String> {
        let subject = self.bus.prefix().inputs(&self.run, platform);
        let stored = patiently(|| self.bus.read_all(StreamName::Inputs, &subject, 0)).await;
        let bodies = stored.iter().map(|stored| (stored.sequence, &stored.body[..]));
        let (journal, damaged) = Journal::read_whole_part(bodies);
        let mut ticks = journal.ticks;
        ticks.truncate((round as usize).saturating_add(1));
        match damaged {
            Some(damaged) if ticks.len() <= round as usize => Err(format!("its {damaged}")),
            _ if ticks.len() <= round as usize => Err("its journal has not so many".to_owned()),
            _ => Ok(ticks),
        }
    }
}

fn unmade(platform: Platform, round: u32, why: &str) -> ReplyError {
    let message = format!("the {platform} world after round {round} cannot be made again: {why}");
    error(ErrorCode::Internal, message)
}
