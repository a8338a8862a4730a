//! `fork`: a new run that begins with a copy of an old one's journal, and then goes its own way.
//!
//! The new run is `stopped` until its journals are whole, so that nobody takes it up before. All
//! that is written follows from the command and the parent alone: whoever does it again goes on
//! where the job before has ended.

use bus::{Append, Bytes, First};
use contract::command::Fork;
use contract::decision::{Decision, Undecided, Usage};
use contract::id::RunId;
use contract::journal::{Claim, Decisions, Entry, Genesis, Heard, Hold, Record, Taken, Tick};
use contract::options::MemoryTarget;
use contract::past::{Parent, Stage};
use contract::reply::{ErrorCode, ReplyResult};
use contract::status::{EnvStatus, RunStatus};
use contract::subject::{Platform, StreamName};

use super::verify::lost;
use super::write::Writer;
use super::{Failure, Job, Past, now, patiently, refused, store_first};
use crate::past::Replay;
use crate::protocol::Lost;
use crate::protocol::carry::WentBack;
use crate::protocol::journal::{Closed, Known, in_records};
use crate::protocol::owner::Which;
use crate::translate;
use crate::worker::append::Logs;
use crate::worker::step::blocking;
use world::World;

/// The only claim of a journal's copy.
const EPOCH: u32 = 1;
/// The records before a journal's first tick: genesis and claim.
const BEFORE_TICKS: u32 = 2;

/// What a world of the new run begins with.
struct Copy {
    platform: Platform,
    genesis: Genesis,
    ticks: Vec<Closed>,
    /// The tick after them, as the parent has it.
    next: Next,
}

/// What a tick that changes the new run has from its parent: until then nothing was different.
#[derive(Default)]
struct Next {
    /// What its sources brought.
    heard: Vec<Heard>,
    /// What agents decided outside. The parent has paid for it.
    decided: Vec<Decision>,
    /// Who did not.
    undecided: Vec<Undecided>,
}

impl Job {
    pub(super) async fn fork(&self, asked: &Fork) -> Result<ReplyResult, Failure> {
        let named = asked.posts.iter().filter_map(|post| post.platform);
        let has_feed =
            |it: &Platform| asked.configure.as_ref().is_some_and(|to| to.feed(*it).is_some());
        for platform in named.chain(Platform::ALL.into_iter().filter(has_feed)) {
            self.worlds(Some(platform))?;
        }
        let mut pasts = Vec::new();
        for platform in self.worlds(None)? {
            let mut past = self.begun(platform).await?;
            let (journalled, played) = (past.journal.ticks.len(), self.played(platform));
            past.damage = past.damage.or_else(|| lost(journalled, played));
            pasts.push((platform, past));
        }
        check_round(asked.at_round, &pasts)?;
        let mut copies = Vec::new();
        for (platform, past) in pasts {
            copies.push(self.copy(platform, past, asked).await?);
        }
        let (child, sequence) = self.child(asked).await?;
        let run_id = child.run_id.clone();
        if child.status == RunStatus::Stopped && child.epoch == 0 {
            for copy in copies {
                self.write(&child, copy, asked).await?;
            }
            faults::point("fork.written");
            self.let_go(child, sequence, asked).await?;
        }
        Ok(ReplyResult::Forked { run_id, at_round: asked.at_round })
    }

    /// What of a world the new run shares, if all that was asked for fits it.
    async fn copy(&self, platform: Platform, past: Past, asked: &Fork) -> Result<Copy, Failure> {
        let Past { genesis, mut journal, .. } = past;
        let at = asked.at_round;
        if let Some((other, _)) = journal.commands.at(self.sequence) {
            let known = Known { sequence: self.sequence, command_id: other.clone() };
            let went_back = WentBack { known, sequence: self.sequence };
            return Err(Failure::Refused(went_back.error(self.bus.prefix(), platform)));
        }
        let next = journal.ticks.get(at as usize + 1).cloned().map(Next::of);
        journal.ticks.truncate(at as usize + 1);
        let is_changed = asked.is_changed();
        if is_changed && at >= genesis.options.rounds {
            let message =
                format!("no round comes after round {at} that could take posts or changes");
            return Err(refused(ErrorCode::Invalid, message));
        }
        let mut ticks = journal.ticks;
        let mut wanted = Vec::new();
        if is_changed {
            (ticks, wanted) = self.check(platform, &genesis, ticks).await?;
        }
        let next = next.unwrap_or_else(|| Next::of_nobody(wanted));
        Ok(Copy { platform, genesis, ticks, next })
    }

    /// Executes the ticks, and holds what is to enter the world after them to it. Gives them back,
    /// and the agents that decide the tick after them outside.
    async fn check(
        &self,
        platform: Platform,
        genesis: &Genesis,
        ticks: Vec<Closed>,
    ) -> Result<(Vec<Closed>, Vec<u32>), Failure> {
        let mut replay = Replay::new(&self.spec, genesis.clone())?;
        let count = u32::try_from(ticks.len()).unwrap_or(u32::MAX);
        let report = self.reporter.begin(Stage::Executing, Some(platform), count);
        let command = self.command.clone();
        let checked = blocking(move || {
            let mut actions = 0;
            for record in &ticks {
                actions += replay.play(record)?.actions.len() as u64;
                report.says(record.record.tick + 1, actions, 0);
            }
            let checked = replay.world().map(|world| translate::check(world, [], &command));
            let wanted = replay.world().map(World::wanted).unwrap_or_default();
            Ok((ticks, wanted, checked.unwrap_or(Ok(()))))
        });
        let (ticks, wanted, checked) = checked.await?;
        checked.map_err(Failure::Refused)?;
        Ok((ticks, wanted))
    }

    /// The new run, which may be there already, and the sequence of its state.
    async fn child(&self, asked: &Fork) -> Result<(EnvStatus, u64), Failure> {
        let (run, prefix) = (&self.address.run, self.bus.prefix());
        let simulation = run.simulation();
        loop {
            let all = prefix.all(StreamName::EnvStatus);
            let states =
                patiently(|| self.bus.read_last_per_subject(StreamName::EnvStatus, &all)).await;
            let mut last = run.number();
            for stored in states {
                let Ok(status) = serde_json::from_slice::<EnvStatus>(&stored.body) else {
                    continue;
                };
                if status.simulation_id != simulation {
                    continue;
                }
                last = last.max(status.run_id.number());
                let parent = status.parent.as_ref();
                if parent.is_some_and(|it| (&it.run_id, it.command) == (run, self.sequence)) {
                    return Ok((status, stored.sequence));
                }
            }
            let child = self.first_status(simulation.run(last + 1), asked);
            let subject = prefix.env_status(&child.run_id);
            let body = child.to_bytes();
            // If somebody else was quicker, the number after theirs is next.
            if let First::Ours(sequence) =
                store_first(&self.bus, StreamName::EnvStatus, &subject, body).await?
            {
                return Ok((child, sequence));
            }
        }
    }

    fn first_status(&self, run_id: RunId, asked: &Fork) -> EnvStatus {
        let parent = &*self.status;
        let (digest, options) = (parent.spec_digest, parent.options.clone());
        let names: Vec<String> = parent.memory.iter().map(|it| it.target.clone()).collect();
        let memory = MemoryTarget::of_run(&names, &self.spec, &run_id);
        let requested = parent.requested.clone();
        let mut status = EnvStatus::queued(run_id, digest, requested, options, memory, now());
        (status.status, status.alive) = (RunStatus::Stopped, false);
        status.platforms.iter_mut().for_each(|world| world.status = RunStatus::Stopped);
        let (run_id, round) = (parent.run_id.clone(), asked.at_round);
        status.reason = Some(format!("it is being made of {run_id} up to round {round}"));
        status.parent = Some(Parent { run_id, round, command: self.sequence });
        status
    }

    /// Writes a world's journal, as far as it is not there.
    async fn write(&self, child: &EnvStatus, copy: Copy, asked: &Fork) -> Result<(), Failure> {
        let (run, platform) = (&child.run_id, copy.platform);
        let records = self.records(child, copy, asked);
        // What is counted are ticks: of 0 to `at_round`, and with a change the one after them.
        let count = asked.at_round + 1 + u32::from(asked.is_changed());
        let report = self.reporter.begin(Stage::Storing, Some(platform), count);
        let subject = self.bus.prefix().inputs(run, platform);
        let stored = patiently(|| self.bus.read_all(StreamName::Inputs, &subject, 0)).await;
        let is_ours = stored.iter().zip(&records).all(|(stored, record)| stored.body == *record);
        if !is_ours || stored.len() > records.len() {
            let message = format!("there is another journal of {run} on {subject}");
            return Err(refused(ErrorCode::Internal, message));
        }
        let known = stored.last().map_or(0, |stored| stored.sequence);
        let logs = Logs::new(&self.bus, run, platform, EPOCH);
        let mut writer = Writer::new(Which::Journal, logs, EPOCH, known);
        // One by one: a journal takes no batches.
        let all = u32::try_from(records.len()).unwrap_or(u32::MAX).saturating_sub(BEFORE_TICKS);
        for (done, record) in (1_u32..).zip(&records).skip(stored.len()) {
            writer.write(vec![record.clone()]).await?;
            // A tick has more than one record where agents decided outside.
            let done = u64::from(done.saturating_sub(BEFORE_TICKS)) * u64::from(count);
            let done = u32::try_from(done / u64::from(all.max(1))).unwrap_or(count);
            report.says(done.min(count), 0, 0);
            faults::point("fork.copying");
        }
        Ok(())
    }

    /// The whole journal that a world of the new run begins with.
    fn records(&self, child: &EnvStatus, copy: Copy, asked: &Fork) -> Vec<Bytes> {
        let Copy { genesis, ticks, next, .. } = copy;
        let at = child.created_at;
        let (why, worker) = ("fork".to_owned(), format!("fork-{}", self.sequence));
        let claim = Claim { epoch: EPOCH, node: "fork".to_owned(), worker, why, at };
        let through = ticks.last().map_or(0, |tick| tick.record.commands_through);
        let most = self.bus.max_payload();
        let shared = ticks.into_iter().flat_map(|closed| {
            let Closed { record, decided } = closed;
            let tick = Tick { epoch: EPOCH, ..record };
            decisions(&tick, decided, most).into_iter().chain([Record::Tick(tick)])
        });
        let own = asked.is_changed().then(|| {
            let taken = Taken { sequence: self.sequence, command: (*self.command).clone() };
            let Next { heard, decided, undecided } = next;
            let tick = Tick {
                tick: asked.at_round + 1,
                epoch: EPOCH,
                at,
                commands: vec![taken],
                commands_through: through.max(self.sequence),
                heard,
                undecided,
            };
            let before = decisions(&tick, decided, most);
            before.into_iter().chain([Record::Tick(tick)])
        });
        let own = own.into_iter().flatten();
        let reason = || Some("it was forked to be resumed later".to_owned());
        let hold = asked.paused.then(|| {
            Record::Hold(Hold { epoch: EPOCH, reason: reason(), command: None, spent: None, at })
        });
        let genesis = Genesis {
            run_id: child.run_id.clone(),
            memory: child.memory.clone(),
            parent: child.parent.clone(),
            created_at: child.created_at,
            ..genesis
        };
        let begin = [Record::Genesis(Box::new(genesis)), Record::Claim(claim)];
        let records = begin.into_iter().chain(shared).chain(own).chain(hold);
        records.map(|record| Entry::new(record).to_bytes().into()).collect()
    }

    /// Lets nodes take the new run up. It says what it is until one has: a run that waits for a
    /// worker, with the rounds that its journal has, of which no frame is stored yet.
    async fn let_go(
        &self,
        mut child: EnvStatus,
        sequence: u64,
        asked: &Fork,
    ) -> Result<(), Failure> {
        let status = if asked.paused { RunStatus::Paused } else { RunStatus::Queued };
        (child.status, child.alive, child.epoch) = (status, true, EPOCH);
        (child.reason, child.updated_at) = (None, now());
        let minutes = u64::from(asked.at_round) * u64::from(self.spec.time.minutes_per_round);
        for world in &mut child.platforms {
            (world.status, world.round, world.simulated_minutes) =
                (status, asked.at_round, minutes);
        }
        let append = || Append {
            subject: self.bus.prefix().env_status(&child.run_id),
            body: child.to_bytes(),
            headers: Vec::new(),
            expected_last: Some(sequence),
        };
        loop {
            match self.bus.append(append()).await {
                // Refused: it was stored before, or somebody else has gone on from there.
                Ok(_) | Err(bus::AppendError::Refused) => return Ok(()),
                Err(bus::AppendError::Denied(why)) => return Err(Lost::Denied(why).into()),
                Err(error) => tracing::warn!("failed to let the new run go, again: {error}"),
            }
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    }
}

impl Next {
    fn of(closed: Closed) -> Next {
        let Closed { record, mut decided } = closed;
        let Tick { heard, mut undecided, .. } = record;
        decided.iter_mut().for_each(|decision| decision.usage = Usage::default());
        undecided.iter_mut().for_each(|group| group.usage = Usage::default());
        Next { heard, decided, undecided }
    }

    /// The parent has no such tick: it is closed as the new run is made, before anybody is asked.
    fn of_nobody(agents: Vec<u32>) -> Next {
        let why = "the round was closed when the run was made".to_owned();
        let undecided = Undecided { why, agents, usage: Usage::default() };
        let undecided = Some(undecided).filter(|group| !group.agents.is_empty());
        Next { undecided: undecided.into_iter().collect(), ..Next::default() }
    }
}

/// The records of what was decided outside for a tick, each of which fits a message.
fn decisions(tick: &Tick, decided: Vec<Decision>, max_payload: usize) -> Vec<Record> {
    let records = in_records(decided, max_payload).into_iter().map(|decisions| {
        Record::Decisions(Decisions { epoch: EPOCH, tick: tick.tick, decisions, at: tick.at })
    });
    records.collect()
}

/// Whether all worlds have played a round, as far as their journals can be read.
///
/// # Errors
/// If one has not: why, and the last round that all can be forked at.
fn check_round(at: u32, pasts: &[(Platform, Past)]) -> Result<(), Failure> {
    let played = |(_, past): &&(Platform, Past)| past.journal.ticks.len();
    let Some(shortest) = pasts.iter().min_by_key(played) else { return Ok(()) };
    let (platform, Past { damage, .. }) = shortest;
    if (at as usize) < played(&shortest) {
        return Ok(());
    }
    let (code, why) = match damage {
        Some(damage) => (ErrorCode::WrongState, format!(" ({})", damage.what)),
        None => (ErrorCode::Invalid, String::new()),
    };
    let last = match (played(&shortest).checked_sub(1), damage) {
        (None, _) => "nothing of its journal can be read".to_owned(),
        (Some(last), Some(_)) => format!("the last round that can be forked is {last}"),
        (Some(last), None) => format!("it has played {last} rounds"),
    };
    let message = format!("the {platform} world cannot be forked at round {at}: {last}{why}");
    Err(refused(code, message))
}
