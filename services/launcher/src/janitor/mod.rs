//! The janitor: deletes runs, and old snapshots of those that are there ([`prune`]). All
//! launchers share one durable consumer, so each `delete` reaches one of them, and another one if
//! that dies before it is done.
//!
//! The order of things is what makes it safe to die anywhere: the tombstone comes first and
//! names its command, then everything goes but that command, then comes its reply, and last
//! the command itself.

pub mod decide;
mod memory;
mod prune;
mod sweep;

use std::time::Duration;

use bus::{
    Append, AppendError, Bus, DELETED_BY_HEADER, Delivery, Durable, Lease, PurgeError, ReadError,
    Shared, Stored,
};
use contract::command::{Command, Request};
use contract::reply::{ErrorCode, Reply, ReplyResult};
use contract::status::{EnvStatus, PlatformStatus, RunStatus};
use contract::subject::{CommandAddress, Prefix, StreamName};

use self::decide::{Behind, Facts, Run, Why, Wish, decide};
use crate::create::now;
use crate::model::parse_status;

/// How long nobody else gets a run whose janitor has died: less than until the command comes
/// again.
const LEASE: Duration = Duration::from_secs(20);

/// Before the bus is asked again that did not answer.
const AGAIN: Duration = Duration::from_secs(1);

/// Deletes runs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Janitor {
    bus: Bus,
    /// What it holds runs as while they go; unique to this process.
    holder: String,
}

/// Why a deletion is not finished. What is stored says how far it came.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Write(#[from] AppendError),
    #[error(transparent)]
    Purge(#[from] PurgeError),
    #[error("the run is in other hands now")]
    Overtaken,
}

/// A command and what was found of its run.
struct Case {
    address: CommandAddress,
    /// Where the command itself is.
    subject: String,
    reply: String,
    /// The run's state, read and as it is stored.
    status: Option<(EnvStatus, Stored)>,
}

impl Janitor {
    /// The janitor of this process.
    pub fn new(bus: Bus) -> Janitor {
        let holder = format!("launcher {}-{}", std::process::id(), kit::now_milliseconds());
        Janitor { bus, holder }
    }

    /// Joins the consumer that all launchers share.
    ///
    /// # Errors
    /// If the bus does not let it.
    pub async fn commands(&self) -> Result<Durable, ReadError> {
        self.bus.share(Shared::Deletions).await
    }

    /// Works for ever.
    pub async fn work(self, commands: Durable) {
        tokio::join!(self.delete_runs(commands), prune::work(self.bus.clone()));
    }

    /// One command at a time: deleting is rare, and each takes the server's attention.
    async fn delete_runs(&self, mut commands: Durable) {
        loop {
            let delivery = commands.next().await;
            kit::metrics::delivered("deletions", delivery.attempts());
            self.take(delivery).await;
        }
    }

    async fn take(&self, delivery: Delivery) {
        let Ok(address) = self.bus.prefix().parse_command(&delivery.stored.subject) else {
            // The node that gets it as well keeps it as a dead letter.
            return delivery.ack().await;
        };
        let run = address.run.clone();
        match self.treat(address, &delivery).await {
            Ok(None) => delivery.ack().await,
            Ok(Some(pause)) => delivery.retry_in(pause).await,
            Err(error) => {
                tracing::warn!(%run, "the deletion of {run} goes on later: {error}");
                delivery.retry_in(AGAIN).await;
            }
        }
    }

    /// Does what is to be done now; `Some`: look again after this pause.
    async fn treat(
        &self,
        address: CommandAddress,
        delivery: &Delivery,
    ) -> Result<Option<Duration>, Broken> {
        let case = self.look(address, &delivery.stored).await?;
        let facts = self.facts(&case, delivery).await?;
        let why = match decide(facts) {
            Wish::Later(pause) => return Ok(Some(pause)),
            Wish::Acknowledge => None,
            Wish::Refuse(why) => Some(why),
            Wish::Delete | Wish::Finish => match self.delete(&case).await {
                Ok(()) => None,
                Err(Broken::Purge(PurgeError::NotDone(ReadError::Denied(why)))) => {
                    Some(Why::Denied(why))
                }
                Err(error) => return Err(error),
            },
        };
        if let Some(why) = why {
            self.refuse(&case, &why).await?;
        }
        self.put_away(&case).await;
        Ok(None)
    }

    async fn look(&self, address: CommandAddress, stored: &Stored) -> Result<Case, Broken> {
        let prefix = self.bus.prefix();
        let reply = prefix.reply(&address.client, &address.run, &address.command_id);
        let subject = prefix.env_status(&address.run);
        let status = self.bus.last(StreamName::EnvStatus, &subject).await?;
        // A state that nobody can read is deleted by nobody: which run it is, is unknown.
        let read = |stored: Stored| {
            let status = parse_status(prefix, &stored).map_err(|problems| {
                ReadError::Unanswered(format!("the state of the run cannot be read: {problems}"))
            });
            status.map(|status| (EnvStatus::clone(&status), stored))
        };
        let status = status.map(read).transpose()?;
        Ok(Case { address, subject: stored.subject.clone(), reply, status })
    }

    async fn facts(&self, case: &Case, delivery: &Delivery) -> Result<Facts, Broken> {
        let address = &case.address;
        let replied = self.bus.last(StreamName::Replies, &case.reply).await?.is_some();
        let (void, force) = match Command::parse(address, &delivery.stored.body) {
            Err(problems) => (Some((ErrorCode::Malformed, problems.to_string())), false),
            Ok(command) if command.is_expired(now()) => {
                let why = "the command came too late: it had expired".to_owned();
                (Some((ErrorCode::Expired, why)), false)
            }
            Ok(command) => (None, matches!(command.request, Request::Delete(args) if args.force)),
        };
        let run = match &case.status {
            None => Run::Unknown,
            Some((status, stone)) if status.status == RunStatus::Deleted => {
                self.deleted_by(case, stone).await?
            }
            Some((status, _)) => Run::There(status.status),
        };
        let behind = match (&case.status, run) {
            (Some((status, _)), Run::There(state))
                if !replied && void.is_none() && !force && !state.is_live() =>
            {
                memory::behind(&self.bus, status).await
            }
            _ => Behind::Nothing,
        };
        let holder = self.bus.lease_holder(&Prefix::lease_key(&address.run)).await?;
        let held = holder.filter(|holder| *holder != self.holder);
        Ok(Facts { replied, run, void, behind, held, attempts: delivery.attempts() })
    }

    /// Whose tombstone stands there.
    async fn deleted_by(&self, case: &Case, tombstone: &Stored) -> Result<Run, Broken> {
        let prefix = self.bus.prefix();
        let command = tombstone.header(DELETED_BY_HEADER);
        if command == Some(case.subject.as_str()) {
            return Ok(Run::DeletedByUs);
        }
        let finished = match command.and_then(|command| prefix.parse_command(command).ok()) {
            None => true,
            Some(other) => {
                let reply = prefix.reply(&other.client, &other.run, &other.command_id);
                self.bus.last(StreamName::Replies, &reply).await?.is_some()
            }
        };
        Ok(Run::DeletedByAnother { finished })
    }

    /// Deletes the run of `case`, or what is left of it, and stores the reply.
    async fn delete(&self, case: &Case) -> Result<(), Broken> {
        let run = &case.address.run;
        let key = Prefix::lease_key(run);
        // With the lease no node opens the run while it goes.
        let lease = self.bus.acquire_lease(&key, &self.holder, LEASE).await?;
        let mut lease = lease.ok_or(Broken::Overtaken)?;
        let deleted = self.delete_held(case, &mut lease).await;
        if let Err(error) = self.bus.release_lease(lease).await {
            tracing::debug!(%run, "the lease expires by itself: {error}");
        }
        deleted
    }

    async fn delete_held(&self, case: &Case, lease: &mut Lease) -> Result<(), Broken> {
        let run = &case.address.run;
        let Some((status, stored)) = &case.status else { return Err(Broken::Overtaken) };
        // A cache goes first: nothing is lost if we may not purge, which shows here.
        let cache = sweep::cache(&self.bus, run).await?;
        if status.status != RunStatus::Deleted {
            let append = Append {
                subject: self.bus.prefix().env_status(run),
                body: tombstone(status.clone(), &case.address).to_bytes(),
                headers: vec![(DELETED_BY_HEADER, case.subject.clone())],
                expected_last: Some(stored.sequence),
            };
            match self.bus.append(append).await {
                Ok(_) => tracing::info!(%run, "deleting run {run}"),
                Err(AppendError::Refused) => return Err(Broken::Overtaken),
                Err(error) => return Err(error.into()),
            }
        }
        let Some(rest) = sweep::sweep(&self.bus, case, lease).await? else { return Ok(()) };
        let (id, verb) = (case.address.command_id.clone(), case.address.verb);
        // The command itself goes as well, once its reply is certain.
        let result = ReplyResult::Deleted { messages: cache + rest + 1 };
        let reply = Reply::completed(id, run.clone(), verb, result, now());
        self.bus.append_first(StreamName::Replies, &case.reply, reply.to_bytes()).await?;
        tracing::info!(%run, messages = cache + rest + 1, "deleted run {run}");
        Ok(())
    }

    async fn refuse(&self, case: &Case, why: &Why) -> Result<(), Broken> {
        let CommandAddress { run, verb, command_id, .. } = &case.address;
        let text = why.text(run);
        tracing::info!(%run, "refused to delete {run}: {text}");
        let reply =
            Reply::failed(command_id.clone(), run.clone(), verb.as_str(), why.code(), text, now());
        self.bus.append_first(StreamName::Replies, &case.reply, reply.to_bytes()).await?;
        Ok(())
    }

    /// Removes a command that has its reply, which is what keeps it from being carried out
    /// again. One that stays is dropped by the stream in time.
    async fn put_away(&self, case: &Case) {
        if let Err(error) = self.bus.purge(StreamName::Commands, &case.subject, None).await {
            tracing::debug!("{} stays: {error}", case.subject);
        }
    }
}

/// What remains of a run. Its epoch is higher than any owner's, so that one which does not know
/// yet that it has lost the run is fenced by it.
fn tombstone(status: EnvStatus, by: &CommandAddress) -> EnvStatus {
    let gone = |world: &PlatformStatus| PlatformStatus {
        status: RunStatus::Deleted,
        ..PlatformStatus::new(world.platform, world.rounds)
    };
    EnvStatus {
        status: RunStatus::Deleted,
        alive: false,
        held: false,
        platforms: status.platforms.iter().map(gone).collect(),
        epoch: status.epoch.saturating_add(1),
        node: None,
        worker: None,
        memory: Vec::new(),
        reason: Some(format!("deleted by {}", by.client)),
        last_error: None,
        updated_at: now(),
        ..status
    }
}

#[cfg(test)]
mod tests {
    use contract::command::Verb;

    use super::*;
    use crate::queued::tests::status;

    #[test]
    fn a_tombstone_keeps_the_name_and_the_number() {
        let mut run = status(7);
        (run.status, run.held, run.epoch) = (RunStatus::Completed, true, 3);
        (run.platforms[0].actions, run.platforms[0].ticks) = (99, 12);
        run.last_error = Some("secret".to_owned());
        run.ended_at = Some("2026-03-01T11:00:00Z".parse().unwrap());
        let address = CommandAddress {
            run: run.run_id.clone(),
            verb: Verb::Delete,
            client: "cli".parse().unwrap(),
            command_id: "x".parse().unwrap(),
        };
        let stone = tombstone(run.clone(), &address);
        assert_eq!((stone.run_id, stone.simulation_id), (run.run_id, run.simulation_id));
        assert_eq!((stone.spec_digest, stone.options), (run.spec_digest, run.options));
        assert_eq!((stone.created_at, stone.ended_at), (run.created_at, run.ended_at));
        assert_eq!((stone.status, stone.alive, stone.held), (RunStatus::Deleted, false, false));
        assert_eq!((stone.epoch, stone.last_error), (4, None));
        assert_eq!(stone.reason.as_deref(), Some("deleted by cli"));
        assert!(stone.platforms.iter().all(|world| (world.actions, world.ticks) == (0, 0)));
    }
}
