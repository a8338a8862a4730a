//! Brings one target up to date and keeps it there: sees which of its graphs have something to
//! do, and gives each of them a [`Lane`].

use std::collections::BTreeMap;
use std::sync::Arc;

use bus::{Cursor, Start, Stored};
use contract::chain::World;
use contract::options::MemoryTarget;
use contract::subject::StreamName;
use faults::Safeguard;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinSet;

use crate::lane::{Lane, Note};
use crate::ledger::{Ledger, LedgerError, read_change, subjects};
use crate::means::Means;
use crate::orders::Order;
use crate::scout::News;

/// All that a driver needs.
pub(crate) struct Driver {
    means: Means,
    /// What the scout sees.
    news: UnboundedReceiver<News>,
    /// What is asked of it beside.
    orders: UnboundedReceiver<Order>,
    /// The last message of each world.
    newest: BTreeMap<World, News>,
    /// By graph.
    lanes: BTreeMap<String, UnboundedSender<Note>>,
    running: JoinSet<(String, bool)>,
}

impl Driver {
    /// A driver of a target.
    pub(crate) fn new(
        means: Means,
        news: UnboundedReceiver<News>,
        orders: UnboundedReceiver<Order>,
    ) -> Driver {
        let (newest, lanes) = (BTreeMap::new(), BTreeMap::new());
        Driver { means, news, orders, newest, lanes, running: JoinSet::new() }
    }

    /// Works until the shutdown is wished, and what is in hand is finished.
    pub(crate) async fn run(mut self) {
        let shutdown = self.means.shutdown.clone();
        // It fails only where the shutdown is wished.
        let opened = self.means.insist("load the ledger", || self.open()).await;
        let Ok(mut changes) = opened else { return };
        loop {
            tokio::select! {
                biased;
                () = shutdown.wished() => break,
                Some(news) = self.news.recv() => {
                    let world = news.world.clone();
                    self.means.target.published(&world, news.last);
                    self.newest.insert(world.clone(), news);
                    self.attend(&world);
                }
                Some(ended) = self.running.join_next() => self.ended(ended),
                Some(order) = self.orders.recv() => match order {
                    Order::Attend(world) => self.attend(&world),
                    Order::Again(redrive, asker) => {
                        let graph_id = redrive.batch.graph_id.clone();
                        self.send(&graph_id, Note::Again(redrive, asker));
                    }
                },
                stored = next(&mut changes) => self.changed(&stored),
                else => break,
            }
        }
        // Lanes that wait for notes end with the shutdown as well.
        while self.running.join_next().await.is_some() {}
    }

    /// Loads the ledger; and, where others write to it too, follows it.
    async fn open(&self) -> Result<Option<Cursor>, LedgerError> {
        let Means { bus, ledger, target, .. } = &self.means;
        let mut known = ledger.load().await?;
        if faults::is_off(Safeguard::Ledger) {
            known.clear();
        }
        for (world, progress) in known {
            target.note(&world, progress, None);
        }
        let Ledger::Bus(_) = **ledger else { return Ok(None) };
        let filter = format!("{}>", subjects(bus, &target.name));
        let changes = bus.follow(StreamName::Ledger, &filter, Start::LastPerSubject).await?;
        Ok(Some(changes))
    }

    /// Takes what stands in the ledger. What this instance writes it knows already.
    fn changed(&mut self, stored: &Stored) {
        let Means { bus, target, .. } = &self.means;
        let Some((world, progress)) = read_change(bus, &target.name, stored) else { return };
        if !target.is_held(&progress.graph_id) {
            target.note(&world, progress, None);
            self.attend(&world);
        }
    }

    /// Sees to it that what is new of a world is taken.
    fn attend(&mut self, world: &World) {
        let Some(news) = self.newest.get(world) else { return };
        let (memories, last) = (Arc::clone(&news.memories), news.last);
        self.take_up(world, &memories);
        let Some(seen) = self.means.target.world(world) else { return };
        let graph_id = seen.progress.graph_id.clone();
        if self.lanes.contains_key(&graph_id) || !seen.progress.is_done(last) {
            self.send(&graph_id, Note::More(world.clone(), last.sequence));
        }
    }

    /// Binds a world to the graph that its first frame names for this target, if it does.
    fn take_up(&self, world: &World, memories: &[MemoryTarget]) {
        let target = &self.means.target;
        let mut wanted = memories.iter().filter(|memory| memory.target == target.name);
        let Some(first) = wanted.next() else { return };
        let (memory, graph) = (target.name.as_str(), first.graph_id.as_str());
        if !target.bind(world, graph) {
            return;
        }
        tracing::info!(memory, world = %world, graph, "remembering {world}");
        if let Some(second) = wanted.next() {
            let second = &second.graph_id;
            tracing::error!(
                memory, world = %world,
                "{world} names two graphs of one memory, {second:?} is not filled"
            );
        }
    }

    /// Tells the lane of a graph, which is made if there is none.
    fn send(&mut self, graph_id: &str, note: Note) {
        let note = match self.lanes.get(graph_id) {
            // A lane that ends leaves what it is told; its end is seen to, see `ended`.
            Some(lane) => match lane.send(note) {
                Ok(()) => return,
                Err(unsent) => unsent.0,
            },
            None => note,
        };
        let (lane, notes) = mpsc::unbounded_channel();
        // Cannot fail: it is read by the lane that is made next.
        let _sent = lane.send(note);
        self.lanes.insert(graph_id.to_owned(), lane);
        self.running.spawn(Lane::new(self.means.clone(), graph_id.to_owned(), notes).run());
    }

    /// A lane has ended. Whatever it did not see is begun with anew.
    fn ended(&mut self, ended: Result<(String, bool), tokio::task::JoinError>) {
        let again = match ended {
            Ok((_, again)) => again,
            Err(error) => {
                tracing::error!("a lane has failed: {error}");
                true
            }
        };
        let deaf = |lane: &&String| self.lanes.get(*lane).is_some_and(UnboundedSender::is_closed);
        let deaf: Vec<String> = self.lanes.keys().filter(deaf).cloned().collect();
        for graph_id in deaf {
            self.lanes.remove(&graph_id);
            let worlds = self.means.target.worlds(|_, progress| progress.graph_id == graph_id);
            for (world, _) in worlds.into_iter().filter(|_| again) {
                self.attend(&world);
            }
        }
    }
}

/// The next change of the ledger; never, where nobody else writes to it.
async fn next(changes: &mut Option<Cursor>) -> Stored {
    match changes {
        Some(changes) => changes.next().await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
