//! Answers what is asked about the memories: `sim.memory.<question>`.

mod graph;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;

use bus::{Bus, Request, Requests, ServiceInfo};
use contract::frame::Frame;
use contract::memory::{
    CursorStatus, EDGES, EPISODES, Episodes, EpisodesAnswer, FIND, GRAPH, MemoryError,
    MemoryErrorCode, NODE, NODES, SEARCH, STATISTICS, STATS, Scope, Search, SearchAnswer, Stats,
    StatsAnswer, TARGETS, TIMELINE, Targets, TargetsAnswer, write_answer,
};
use contract::problem::Problems;
use contract::subject::StreamName;
use contract::version::V1;
use kit::shutdown::Shutdown;
use tokio::sync::Semaphore;

use crate::adapters::sqlite::SqliteMemory;
use crate::batch::World;
use crate::delivery::Progress;
use crate::target::{Seen, Target};

/// Questions that are answered at the same time; more wait.
const AT_ONCE: usize = 16;
/// Bytes of an answer beside its nodes, edges and episodes.
const FRAME_BYTES: usize = 4096;
/// The most cursors of one answer.
const MAX_CURSORS: usize = 1000;

/// Who answers.
pub struct Desk {
    bus: Bus,
    embedded: Option<SqliteMemory>,
    targets: Vec<Arc<Target>>,
}

impl Desk {
    /// A desk that knows these targets; search and episodes come from the embedded memory.
    pub fn new(bus: Bus, embedded: Option<SqliteMemory>, targets: Vec<Arc<Target>>) -> Desk {
        Desk { bus, embedded, targets }
    }

    /// Opens the desk under the name `shoal-memory`. Without an embedded memory it does not
    /// answer what only that can answer.
    ///
    /// # Errors
    /// If the service cannot be announced.
    pub async fn open(&self) -> Result<Requests, String> {
        let info = ServiceInfo {
            name: "shoal-memory".to_owned(),
            version: kit::build::VERSION.to_owned(),
            description: "What Shoal's memories hold, and how far behind they are".to_owned(),
            metadata: kit::build::metadata(None),
        };
        let questions: &[&str] = match self.embedded {
            Some(_) => &[
                SEARCH, EPISODES, STATS, TARGETS, GRAPH, FIND, NODES, EDGES, NODE, STATISTICS,
                TIMELINE,
            ],
            None => &[STATS, TARGETS],
        };
        let prefix = self.bus.prefix();
        let endpoints: Vec<(&str, String)> =
            questions.iter().map(|question| (*question, prefix.memory(question))).collect();
        self.bus.serve(info, &endpoints).await
    }

    /// Answers until the shutdown is wished.
    pub async fn run(self, mut requests: Requests, shutdown: Shutdown) {
        let (desk, seats) = (Arc::new(self), Arc::new(Semaphore::new(AT_ONCE)));
        loop {
            let request = tokio::select! {
                biased;
                () = shutdown.wished() => return,
                request = requests.next() => request,
            };
            let Some(request) = request else { return };
            let Ok(seat) = Arc::clone(&seats).acquire_owned().await else { return };
            let desk = Arc::clone(&desk);
            tokio::spawn(async move {
                let answer = desk.answer(&request).await;
                request.respond(answer).await;
                drop(seat);
            });
        }
    }

    async fn answer(&self, request: &Request) -> Vec<u8> {
        let question = request.subject.rsplit('.').next().unwrap_or_default();
        match question {
            SEARCH => write_answer(&self.search(&request.body).await),
            EPISODES => write_answer(&self.episodes(&request.body).await),
            STATS => write_answer(&self.stats(&request.body).await),
            TARGETS => write_answer(&self.targets(&request.body)),
            GRAPH => write_answer(&self.graph(&request.body).await),
            FIND => write_answer(&self.find(&request.body).await),
            NODES => write_answer(&self.nodes(&request.body).await),
            EDGES => write_answer(&self.edges(&request.body).await),
            NODE => write_answer(&self.node(&request.body).await),
            STATISTICS => write_answer(&self.statistics(&request.body).await),
            TIMELINE => write_answer(&self.timeline(&request.body).await),
            other => write_answer::<()>(&Err(internal(format!("{other:?} is no question")))),
        }
    }

    async fn search(&self, body: &[u8]) -> Result<SearchAnswer, MemoryError> {
        let search = Search::parse(body).map_err(malformed)?;
        if let Some(scope) = &search.scope {
            self.require_known(scope).await?;
        }
        let (total, episodes) =
            self.embedded()?.search(search, self.room()).await.map_err(internal)?;
        Ok(SearchAnswer { v: V1, total, episodes })
    }

    async fn episodes(&self, body: &[u8]) -> Result<EpisodesAnswer, MemoryError> {
        let request = Episodes::parse(body).map_err(malformed)?;
        self.require_known(&request.scope).await?;
        let (episodes, next) =
            self.embedded()?.episodes(request, self.room()).await.map_err(internal)?;
        Ok(EpisodesAnswer { v: V1, episodes, next })
    }

    async fn stats(&self, body: &[u8]) -> Result<StatsAnswer, MemoryError> {
        let Stats { scope } = Stats::parse(body).map_err(malformed)?;
        // In this order, so that no lag and all episodes are true together.
        let cursors = self.cursors(&scope).await?;
        let totals = match &self.embedded {
            Some(memory) => memory.totals(scope.clone()).await.map_err(internal)?,
            None => None,
        };
        if cursors.is_empty() && totals.is_none() {
            return Err(unknown(&scope));
        }
        let platforms = totals.unwrap_or_default();
        Ok(StatsAnswer {
            v: V1,
            episodes: platforms.iter().map(|sum| sum.episodes).sum(),
            platforms,
            lag: cursors.iter().map(|cursor| cursor.lag).sum(),
            cursors,
        })
    }

    /// Bytes that parts of an answer may have.
    fn room(&self) -> usize {
        self.bus.max_payload().saturating_sub(FRAME_BYTES)
    }

    fn targets(&self, body: &[u8]) -> Result<TargetsAnswer, MemoryError> {
        Targets::parse(body).map_err(malformed)?;
        let targets = self.targets.iter().map(|target| target.status()).collect();
        Ok(TargetsAnswer { v: V1, targets })
    }

    /// How far each target is in each world of a scope.
    async fn cursors(&self, scope: &Scope) -> Result<Vec<CursorStatus>, MemoryError> {
        let wanted = |world: &World, progress: &Progress| match scope {
            Scope::Graph(id) => progress.graph_id == *id,
            Scope::Run(id) => world.run_id == *id,
        };
        let mut published = BTreeMap::new();
        let mut cursors = Vec::new();
        for target in &self.targets {
            let room = MAX_CURSORS - cursors.len();
            for (world, seen) in target.worlds(wanted).into_iter().take(room) {
                let last = match published.get(&world) {
                    Some(last) => *last,
                    None => self.published(&world).await?,
                };
                published.insert(world.clone(), last);
                let waits = self.waits(&world, &seen, last).await?;
                cursors.push(status(target, world, seen, last, waits));
            }
        }
        Ok(cursors)
    }

    /// The seq of the last action that is published of a world; 0 if there is none.
    async fn published(&self, world: &World) -> Result<u64, MemoryError> {
        let subject = self.bus.prefix().actions(&world.run_id, world.platform);
        let last = self.bus.last(StreamName::Actions, &subject).await.map_err(internal)?;
        let frame = last.map(|last| serde_json::from_slice::<Frame>(&last.body)).transpose();
        // A frame that cannot be read is a dead letter already, and no reason to say nothing.
        Ok(frame.ok().flatten().map_or(0, |frame| frame.next_seq().saturating_sub(1)))
    }

    /// For how many seconds the first action that a memory has not taken has been published.
    async fn waits(
        &self,
        world: &World,
        seen: &Seen,
        published: u64,
    ) -> Result<Option<u64>, MemoryError> {
        let Progress { cursor, at, .. } = &seen.progress;
        if published <= cursor.as_ref().map_or(0, |cursor| cursor.seq) {
            return Ok(Some(0));
        }
        let subject = self.bus.prefix().actions(&world.run_id, world.platform);
        let after = at.map_or(0, |at| at.sequence);
        let next = self.bus.window(StreamName::Actions, &subject, after, 1).await;
        let next = next.map_err(internal)?.messages.into_iter().next();
        let since = next.map(|next| kit::now_milliseconds() - next.at.milliseconds());
        Ok(since.map(|since| u64::try_from(since / 1000).unwrap_or(0)))
    }

    async fn require_known(&self, scope: &Scope) -> Result<(), MemoryError> {
        match self.embedded()?.knows(scope.clone()).await.map_err(internal)? {
            true => Ok(()),
            false => Err(unknown(scope)),
        }
    }

    fn embedded(&self) -> Result<&SqliteMemory, MemoryError> {
        self.embedded.as_ref().ok_or_else(|| internal("there is no embedded memory"))
    }
}

fn status(
    target: &Target,
    world: World,
    seen: Seen,
    published: u64,
    lag_seconds: Option<u64>,
) -> CursorStatus {
    let Seen { progress: Progress { graph_id, cursor, delivered, dead, .. }, problem } = seen;
    let retried = target.retried(&graph_id);
    let seq = cursor.as_ref().map_or(0, |cursor| cursor.seq);
    CursorStatus {
        run_id: world.run_id,
        platform: world.platform,
        target: target.name.clone(),
        graph_id,
        seq,
        round: cursor.as_ref().map_or(0, |cursor| cursor.round),
        simulated_time: cursor.map(|cursor| cursor.simulated_time),
        published,
        lag: published.saturating_sub(seq),
        lag_seconds,
        delivered: Some(delivered),
        retried: Some(retried),
        dead: Some(dead.len()),
        problem,
    }
}

fn unknown(scope: &Scope) -> MemoryError {
    match scope {
        Scope::Graph(id) => MemoryError {
            code: MemoryErrorCode::UnknownGraph,
            message: format!("no run has written into a graph {id:?}"),
        },
        Scope::Run(id) => MemoryError {
            code: MemoryErrorCode::UnknownRun,
            message: format!("no memory has anything of run {id}, or not yet"),
        },
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn malformed(problems: Problems) -> MemoryError {
    MemoryError { code: MemoryErrorCode::Malformed, message: problems.to_string() }
}

fn internal(error: impl Display) -> MemoryError {
    MemoryError { code: MemoryErrorCode::Internal, message: error.to_string() }
}
