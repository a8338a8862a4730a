//! Commands, as they are handed to this node: what [`guardian`] decides is done here.
//!
//! [`guardian`]: super::guardian

use std::sync::Mutex;
use std::time::Duration;

use bus::{Append, AppendError, Delivery, Durable, HeldLease, Start, Stored};
use contract::command::{Command, Executor, Verb};
use contract::journal::Claim;
use contract::notice::DeadLetter;
use contract::problem::Problem;
use contract::reply::{ErrorCode, Reply};
use contract::status::{EnvStatus, RunStatus};
use contract::subject::{CommandAddress, Prefix, StreamName};
use kit::retry::Pauses;
use tokio::time::Instant;

use super::guardian::{Facts, Holder, InVain, Standing, Wish, decide, is_overdue};
use super::{Node, Taking, lock, now};

/// The service's name in the subjects of dead letters.
const SERVICE: &str = "simulator";
/// Until a command is handed out again whose run was just claimed, or of which the bus did not say
/// enough.
const SOON: Duration = Duration::from_secs(1);
/// Until a command is handed out again of which the bus did not take what comes of it.
const NOT_STORED: Duration = Duration::from_secs(5);

/// What is known about a command.
struct Found {
    facts: Facts,
    /// The words for a refusal.
    why: String,
    /// The lease that somebody else has.
    lease: Option<HeldLease>,
}

impl Node {
    /// Takes commands from a shared consumer, each in a task of its own, since one that
    /// waits for the bus must not hold up the next.
    pub(super) async fn guard(self, consumer: &'static str, mut guardian: Durable) {
        loop {
            let delivery = guardian.next().await;
            kit::metrics::delivered(consumer, delivery.attempts());
            let node = self.clone();
            tokio::spawn(async move { node.take(delivery).await });
        }
    }

    /// Hears of each stop at once that is for a run which this node holds. Those that it misses
    /// the guardian brings.
    pub(super) async fn hear_stops(self) {
        let filter = self.bus.prefix().commands_with(Verb::Stop);
        let mut pauses = Pauses::new(Duration::from_millis(100), Duration::from_secs(2));
        let mut stops = loop {
            match self.bus.follow(StreamName::Commands, &filter, Start::New).await {
                Ok(stops) => break stops,
                Err(error) => tracing::warn!("failed to follow stops, trying again: {error}"),
            }
            pauses.wait().await;
        };
        loop {
            let stored = stops.next().await;
            let Ok(address) = self.bus.prefix().parse_command(&stored.subject) else { continue };
            if Command::parse(&address, &stored.body).is_ok() {
                self.stop(&address);
            }
        }
    }

    /// Sees to it that the worker of a run that this node holds answers a stop.
    fn stop(&self, address: &CommandAddress) {
        if let Some(handle) = self.handle(&address.run) {
            handle.stop(self.reply_to(address));
        }
    }

    fn reply_to(&self, address: &CommandAddress) -> String {
        self.bus.prefix().reply(&address.client, &address.run, &address.command_id)
    }

    async fn take(&self, delivery: Delivery) {
        let stored = &delivery.stored;
        let address = match self.bus.prefix().parse_command(&stored.subject) {
            Ok(address) => address,
            Err(why) => {
                let letter = self.dead_letter(&delivery, &why).await;
                return settle(delivery, letter).await;
            }
        };
        let Some(Found { facts, why, lease }) = self.found(&address, &delivery).await else {
            return delivery.retry_in(SOON).await;
        };
        let in_vain = self.in_vain(address.verb);
        if let Holder::Other { .. } = facts.holder {
            lock(in_vain).forget(&address.run);
        }
        match decide(facts) {
            Wish::Acknowledge => delivery.ack().await,
            Wish::Later(pause) => delivery.retry_in(pause).await,
            Wish::Stop(pause) => {
                self.stop(&address);
                delivery.retry_in(pause).await;
            }
            Wish::Claim(why) => {
                self.claim_for(&address, why, Taking::Free);
                delivery.retry_in(SOON).await;
            }
            Wish::Seize => {
                if let Some(lease) = lease {
                    self.claim_for(&address, Claim::FENCED, Taking::From(lease));
                }
                delivery.retry_in(SOON).await;
            }
            Wish::Leave(pause) => {
                lock(in_vain).leave(&address.run, Instant::now());
                delivery.retry_in(pause).await;
            }
            Wish::Job(pause) => {
                self.start_job(&address, stored.sequence);
                delivery.retry_in(pause).await;
            }
            Wish::MakeRoom(pause) => {
                self.make_room();
                delivery.retry_in(pause).await;
            }
            Wish::Refuse(code) => {
                let reply = self.refuse(&address, code, &why).await;
                if reply.is_ok() {
                    lock(in_vain).forget(&address.run);
                }
                settle(delivery, reply).await;
            }
        }
    }

    /// What was in vain of what a command asks for.
    fn in_vain(&self, verb: Verb) -> &Mutex<InVain> {
        match verb.executor() {
            Executor::Node => &self.jobs_in_vain,
            Executor::Owner | Executor::Launcher | Executor::MemorySink => &self.in_vain,
        }
    }

    /// Claims the run of a command. Its worker is watched from the beginning if it is a stop.
    fn claim_for(&self, address: &CommandAddress, why: &str, taking: Taking) {
        self.claim(&address.run, why, taking);
        if address.verb == Verb::Stop {
            self.stop(address);
        }
    }

    /// What the bus says about a command; `None` if it does not answer.
    async fn found(&self, address: &CommandAddress, delivery: &Delivery) -> Option<Found> {
        let (prefix, run, stored) = (self.bus.prefix(), &address.run, &delivery.stored);
        let replied = self.bus.last(StreamName::Replies, &self.reply_to(address)).await.ok()?;
        let status = self.bus.last(StreamName::EnvStatus, &prefix.env_status(run)).await.ok()?;
        let status = read(status.as_ref());
        let is_job = address.verb.executor() == Executor::Node;
        let key = match is_job {
            true => Prefix::job_key(stored.sequence),
            false => Prefix::lease_key(run),
        };
        let lease = self.bus.held_lease(&key).await.ok()?;
        // One that this process has without a hold is free: it can be acquired again.
        let theirs = lease.filter(|lease| *lease.holder != *self.holder);
        let grace = self.args.stop_grace();
        let overdue = |lease: &HeldLease| {
            address.verb == Verb::Stop && is_overdue(stored.at, lease.at, now(), grace)
        };
        let holder = match &theirs {
            _ if is_job && self.is_at_job(stored.sequence) => Holder::Us,
            _ if !is_job && self.handle(run).is_some() => Holder::Us,
            Some(lease) => Holder::Other { overdue: overdue(lease) },
            None => Holder::Nobody,
        };
        let unfit = self.is_unfit_for(run);
        let (void, why) = void(address, stored, &status, unfit);
        let (standing, marked_held) = match &status {
            Ok(None) => (Standing::Gone, false),
            Ok(Some(status)) if status.status == RunStatus::Deleted => (Standing::Gone, false),
            Ok(Some(status)) => (Standing::At(status.status), status.held),
            // Nobody knows.
            Err(_) => (Standing::Unreadable, true),
        };
        let facts = Facts {
            verb: address.verb,
            replied: replied.is_some(),
            holder,
            marked_held,
            standing,
            void,
            in_vain: lock(self.in_vain(address.verb)).times(run),
            unfit,
            room: if is_job { self.has_room_for_jobs() } else { self.has_room() },
            quiet: self.is_quiet(),
        };
        Some(Found { facts, why, lease: theirs })
    }

    async fn refuse(
        &self,
        address: &CommandAddress,
        code: ErrorCode,
        why: &str,
    ) -> Result<(), AppendError> {
        let (id, run, verb) = (address.command_id.clone(), address.run.clone(), address.verb);
        let reply = Reply::failed(id, run, verb.as_str(), code, why, now());
        let subject = self.reply_to(address);
        self.bus.append_first(StreamName::Replies, &subject, reply.to_bytes()).await.map(drop)
    }

    async fn dead_letter(&self, delivery: &Delivery, why: &str) -> Result<(), AppendError> {
        let stored = &delivery.stored;
        let problem = Problem::new("subject", why, "<prefix>.<stream>.<run>.<verb>.<client>.<id>");
        let (subject, sequence) = (&stored.subject, stored.sequence);
        let letter = DeadLetter::new(SERVICE, subject, sequence, problem, &stored.body, now());
        let append = Append {
            subject: self.bus.prefix().dead_letters(SERVICE, letter.run_id.as_ref()),
            body: letter.to_bytes(),
            headers: Vec::new(),
            expected_last: None,
        };
        self.bus.append(append).await.map(drop)
    }
}

/// Acknowledges a message once what comes of it is stored; until then it is handed out again.
async fn settle(delivery: Delivery, stored: Result<(), AppendError>) {
    let Err(error) = stored else { return delivery.ack().await };
    let subject = &delivery.stored.subject;
    tracing::warn!("failed to store what comes of {subject}, trying again: {error}");
    delivery.retry_in(NOT_STORED).await;
}

/// What the state of a run says.
///
/// # Errors
/// If this build cannot read it.
fn read(stored: Option<&Stored>) -> Result<Option<EnvStatus>, serde_json::Error> {
    stored.map(|stored| serde_json::from_slice(&stored.body)).transpose()
}

/// Why a command can never be carried out, if so, and the words for a refusal.
fn void(
    address: &CommandAddress,
    stored: &Stored,
    status: &Result<Option<EnvStatus>, serde_json::Error>,
    unfit: bool,
) -> (Option<ErrorCode>, String) {
    let run = &address.run;
    match (Command::parse(address, &stored.body), status) {
        (_, Ok(None)) => (None, format!("there is no run {run}")),
        (_, Ok(Some(status))) if status.status == RunStatus::Deleted => {
            (None, format!("there is no run {run} any more: it was deleted"))
        }
        (Err(problems), _) => (Some(ErrorCode::Malformed), problems.to_string()),
        // Of a command only the journals say whether it was not carried out in time.
        (Ok(command), _)
            if command.is_expired(now())
                && (command.request.verb().stream() == StreamName::Questions
                    || command.request.verb().executor() == Executor::Node) =>
        {
            (Some(ErrorCode::Expired), "it had expired before a node could see to it".into())
        }
        (Ok(_), Err(error)) => {
            let (version, what) = (env!("CARGO_PKG_VERSION"), "its env-status cannot be read");
            let advice = "run a node of the build that wrote it, then try again";
            let why = format!("{what} by this build, {version} ({error}): {advice}");
            (None, format!("run {run} cannot be opened, {why}"))
        }
        (Ok(_), Ok(Some(_))) if unfit => {
            let why = "run a node of the build that began it, then try again";
            (None, format!("run {run} has other rules than the nodes that there are: {why}"))
        }
        (Ok(_), Ok(Some(status))) => {
            let error = status.last_error.as_deref().unwrap_or("none is known");
            (
                None,
                format!(
                    "run {run} cannot be opened, its workers die before they answer (last error: \
                     {error}): see `shoal logs {run}`, then try again"
                ),
            )
        }
    }
}
