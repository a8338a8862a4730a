//! What a lane does about the wishes of its owner.

use std::sync::Arc;

use bus::Bytes;
use contract::frame::{Frame, Outcome};
use contract::journal::Record;
use contract::status::RunStatus;
use contract::subject::StreamName;
use futures_util::future::FutureExt as _;
use kit::metrics::add;
use tracing::Instrument as _;
use world::World;

use super::board::world_of;
use super::lane::{Came, Done, Lane, Made, Shown};
use super::snapshot::Snapshots;
use super::step;
use super::waiting::{Waiting, tell};
use super::{now, patiently};
use crate::measures::{ACTIONS, Phase, ROUNDS};
use crate::play::Stepped;
use crate::protocol::carry::ended;
use crate::protocol::journal::Closed;
use crate::protocol::life::Life;
use crate::protocol::loss::{Memories, Verdict, judge};
use crate::protocol::owner::{Event, Head, Which, Wish};
use crate::protocol::{Ended, Lost};
use crate::translate::Chain;

impl Lane {
    /// Does all that the owner wishes for now.
    ///
    /// # Errors
    /// When it wishes for the end.
    pub(super) fn fulfil(&mut self) -> Result<(), Ended> {
        while let Some(wish) = self.owner.next_wish() {
            match wish {
                Wish::Write(_) => {
                    let body = self.owner.log(Which::Journal).body().clone();
                    self.logs.put(Which::Journal, vec![body]);
                    self.append(Which::Journal);
                }
                Wish::Send(tick) => self.encode(tick),
                Wish::Again(which) => self.append(which),
                Wish::Look(which) => self.begin(Came::Event, self.logs.look(which)),
                Wish::Pause(which) => {
                    let pause = self.logs.pause(which);
                    self.begin(Came::Event, pause);
                }
                Wish::Find => self.find(),
                Wish::Rebuild => self.rebuild(),
                Wish::Decide => self.decide(),
                Wish::Step(closed) => self.step(closed),
                Wish::Claimed => self.claimed(),
                Wish::Opened => self.opened(),
                Wish::Skipped(_) => drop(self.show()),
                Wish::Applied(tick) => self.applied(tick),
                Wish::GiveBack => self.waiting.give_back(std::mem::take(&mut self.taking)),
                Wish::Turned(record) => self.turned(&record),
                Wish::Paid => {
                    self.report();
                    self.begin(Came::Event, std::future::ready(Event::Pay));
                }
                Wish::Stored(_) => self.stored(),
                Wish::Room(lack) => self.room(lack),
                Wish::End(why) => return Err(why),
            }
        }
        Ok(())
    }

    fn begin<T: 'static>(
        &self,
        came: impl FnOnce(T) -> Came + Send + 'static,
        work: impl Future<Output = T> + Send + 'static,
    ) {
        self.under_way.push(work.map(came).instrument(self.span.clone()).boxed());
    }

    fn append(&self, which: Which) {
        let expected = self.owner.log(which).expected();
        self.begin(Came::Event, self.logs.append(which, expected));
    }

    /// Makes messages of a frame, beside the next tick.
    fn encode(&self, tick: u32) {
        let made = self.made.front().expect("what is to be sent was made");
        debug_assert_eq!(made.frame.tick, tick);
        let encoding = step::messages(Arc::clone(&made.frame), self.genesis.part_size);
        self.begin(Came::Encoded, Phase::Encode.of(self.platform(), encoding));
    }

    pub(super) fn send(&mut self, messages: Vec<Vec<u8>>) {
        let messages: Vec<Bytes> = messages.into_iter().map(Bytes::from).collect();
        self.owner.sends(messages.last().cloned().unwrap_or_default());
        self.logs.put(Which::Frames, messages);
        self.append(Which::Frames);
    }

    /// Reads the last frame that is stored.
    fn find(&self) {
        let (bus, run) = (self.bus.clone(), &self.genesis.run_id);
        let subject = bus.prefix().actions(run, self.platform());
        let finding = async move {
            let stored = patiently(|| bus.last(StreamName::Actions, &subject)).await;
            let Some(stored) = stored else { return Event::Found(None) };
            match serde_json::from_slice::<Frame>(&stored.body) {
                Ok(Frame { tick, digest, .. }) => {
                    Event::Found(Some((stored.sequence, Head { tick, digest })))
                }
                Err(error) => {
                    let what = format!("the last frame cannot be read: {error}");
                    Event::Broken(Lost::Damaged(what).into())
                }
            }
        };
        self.begin(Came::Event, finding);
    }

    /// Holds what is stored of the world against what is remembered of it.
    pub(super) fn weigh(&self, found: Option<(u64, Head)>) -> Event {
        let memories = Memories {
            journal: self.owner.journalled(),
            frame: found.map(|(_, head)| (head.tick, head.digest)),
            status: self.told.as_ref(),
            snapshot: Some(self.shown.ticks).filter(|ticks| *ticks > 0),
        };
        let (run, platform) = (&self.genesis.run_id, self.platform());
        match judge(&memories) {
            Verdict::Fine => {}
            Verdict::FramesBehind(behind) => tracing::warn!("{behind}"),
            Verdict::Damaged(damage) => {
                let text = damage.text(self.bus.prefix(), run, platform);
                return Event::Broken(Lost::Damaged(text).into());
            }
        }
        Event::Found(found)
    }

    fn rebuild(&mut self) {
        tracing::warn!("the snapshot does not fit the frames");
        let setup = self.world.as_ref().map(|world| world.setup().clone());
        let world = setup.map(|setup| World::new(setup).expect("it made a world before"));
        (self.world, self.chain) = (world.map(Box::new), Chain::START);
        self.shown = Shown { ticks: 0, chain: Chain::START };
        // The one that was loaded is good for nothing: others are to come behind it.
        self.snapshots = Snapshots::new(self.bus.clone(), 0);
    }

    fn decide(&mut self) {
        // What was decided for a tick that then was not journalled holds: the world is the same.
        if self.decisions.is_some() {
            return self.begin(Came::Event, std::future::ready(Event::Decided));
        }
        let world = self.world.take().expect("the world is here between ticks");
        self.begin(Came::Decided, Phase::Decide.of(self.platform(), step::decide(world)));
    }

    fn step(&mut self, closed: Closed) {
        if self.opened_at.is_some() {
            faults::point("tick.journalled");
        }
        let world = self.world.take().expect("the world is here between ticks");
        let (genesis, chain) = (self.genesis.clone(), self.chain.clone());
        let stepping = step::step(world, self.decisions.take(), genesis, chain, closed);
        let stepping = Phase::Step.of(self.platform(), stepping);
        self.begin(|stepped| Came::Stepped(stepped.map(Box::new)), stepping);
    }

    pub(super) fn stepped(&mut self, stepped: Stepped) -> Event {
        let Stepped { world, chain, frame } = stepped;
        let head = Head { tick: frame.tick, digest: frame.digest };
        (self.world, self.chain) = (Some(world), chain.clone());
        self.made.push_back(Made { frame: Arc::new(frame), chain });
        Event::Stepped(head)
    }

    fn claimed(&self) {
        faults::point("run.claimed");
        let (epoch, platform) = (self.owner.epoch(), self.platform());
        let waits = self.owner.life() == Life::Waiting;
        self.board.report(|status| {
            status.epoch = status.epoch.max(epoch);
            if let Some(world) = world_of(status, platform).filter(|_| waits) {
                world.status = Life::Waiting.status();
            }
        });
    }

    fn opened(&mut self) {
        let ticks = self.world.as_ref().map_or(0, |world| world.tick());
        self.opened_at.get_or_insert(ticks);
        self.purse.opened(self.platform(), self.owner.ledger().spent().usage);
        if let Some(reason) = self.reason.take() {
            self.board.report(|status| status.reason = Some(reason));
        }
        self.report();
        tracing::info!(epoch = self.owner.epoch(), ticks, "the world is open");
    }

    fn applied(&mut self, tick: u32) {
        let done = Done { epoch: self.owner.epoch(), tick: Some(tick) };
        for Waiting { tells, .. } in std::mem::take(&mut self.taking) {
            tell(tells, &Ok(done));
        }
    }

    /// A record that turns the world's life is stored.
    fn turned(&mut self, record: &Record) {
        match record {
            Record::Hold(hold) => {
                let reason = hold.reason.clone();
                self.board.report(|status| status.reason = reason);
            }
            Record::Go(_) => {
                self.last_tick_at = None;
                self.thinking.reopen();
                self.board.report(|status| (status.reason, status.last_error) = (None, None));
            }
            Record::End(end) => {
                self.thinking.forget();
                self.waiting.refuse(&ended());
                // Why it was held is no reason for its end.
                if end.reason.is_some() || self.board.status().status == RunStatus::Paused {
                    let reason = end.reason.clone();
                    self.board.report(|status| status.reason = reason);
                }
                if let Some(words) =
                    self.last_words.take().filter(|_| end.outcome == Outcome::Failed)
                {
                    self.board.report(|status| status.last_error = Some(words));
                }
                let outcome = end.outcome;
                tracing::info!(?outcome, ticks = self.shown.ticks, "the world has ended");
            }
            Record::Close(_)
            | Record::Genesis(_)
            | Record::Claim(_)
            | Record::Decisions(_)
            | Record::Tick(_) => {}
        }
        self.report();
        if let Some(tell) = self.turning.take() {
            let _ = tell.send(Ok(Done { epoch: self.owner.epoch(), tick: None }));
        }
    }

    /// The oldest frame that was on its way is stored.
    fn stored(&mut self) {
        faults::point("frame.stored");
        if let Some(frame) = self.show() {
            let (world, actions) = ([("platform", self.platform().as_str())], frame.actions.len());
            tracing::debug!(actions, "the round is stored");
            add(&ROUNDS, &world, 1);
            add(&ACTIONS, &world, u64::try_from(actions).unwrap_or(u64::MAX));
            self.report();
            self.live.offer(frame);
        }
    }

    fn show(&mut self) -> Option<Arc<Frame>> {
        let Made { frame, chain, .. } = self.made.pop_front()?;
        self.shown = Shown { ticks: frame.tick + 1, chain };
        Some(frame)
    }

    fn room(&mut self, lack: Option<String>) {
        let platform = self.platform();
        match &lack {
            Some(why) => tracing::warn!("there is no room, waiting: {why}"),
            None => tracing::info!("there is room again, going on"),
        }
        self.board.report_room(platform, lack);
        self.report();
    }

    /// Reports where the world is.
    pub(super) fn report(&self) {
        let (shown, life) = (&self.shown, self.owner.life());
        let minutes = self.minutes_per_round;
        let (platform, pace) = (self.platform(), self.pace_milli());
        // Also one that was stopped while its last frame waits: it is not over before.
        let waits = life == Life::Playing || !self.made.is_empty();
        let waits_for = self.waits_for.clone().or_else(|| self.thinking.waits_for());
        let (budget, spent) = (self.budget(), *self.owner.ledger().spent());
        let is_waiting_for_room = self.owner.lacks_room().is_some() && waits;
        self.board.report(|status| {
            status.options.pace_milli = pace;
            status.options.budget = Some(budget).filter(|budget| !budget.is_unlimited());
            let Some(world) = world_of(status, platform) else { return };
            (world.waits_for, world.spent) = (waits_for, spent);
            world.status = if is_waiting_for_room { RunStatus::Paused } else { life.status() };
            let Some(round) = shown.ticks.checked_sub(1) else { return };
            (world.ticks, world.round) = (shown.ticks, round);
            world.simulated_minutes = u64::from(round) * u64::from(minutes);
            world.actions = shown.chain.next_seq - 1;
            (world.succeeded, world.listed) = (shown.chain.succeeded, shown.chain.listed);
            world.memorable = shown.chain.memorable;
            world.digest = shown.chain.digest;
        });
    }

    /// Refuses what has expired while it waited. What came behind it was held against it, and is
    /// held against what is left.
    pub(super) fn refuse_expired(&mut self) {
        if self.waiting.refuse_expired(now()) {
            for Waiting { taken, tells, .. } in self.waiting.take() {
                self.queue(taken, tells);
            }
        }
    }
}
