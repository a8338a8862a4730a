//! A run on a nats-server of its own, what is asked of it, and the processes that hold it.

use std::process::{Child, Command as Process, Stdio};
use std::time::{Duration, Instant};

use bus::{Append, Bus, BusArgs, Role};
use contract::command::{Command, Inject, InjectedPost, Request};
use contract::id::{ClientId, RunId};
use contract::options::RequestedOptions;
use contract::reply::{Reply, ReplyOutcome};
use contract::spec::Spec;
use contract::status::{EnvStatus, RunStatus};
use contract::subject::{CommandAddress, Platform, StreamName};
use contract::timestamp::Timestamp;
use nats_process::{NatsServer, Options};

pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A run that is queued.
pub(crate) struct Stage {
    server: NatsServer,
    pub(crate) bus: Bus,
    pub(crate) run: RunId,
    client: ClientId,
}

/// A worker that holds it, in a process of its own.
pub(crate) struct Worker(Child);

impl Stage {
    /// A queued run of a few rounds, on a server with this configuration.
    pub(crate) async fn start(config_extra: &str) -> Stage {
        let config_extra = config_extra.to_owned();
        let server = NatsServer::start(Options { config_extra, ..Options::default() });
        let args = BusArgs::at(server.url());
        let bus = Bus::connect(&args, Role::Cli, "test", PATIENCE).await.unwrap();
        bus.ensure_topology().await.unwrap();
        let (run, client) = ("market-1".parse().unwrap(), "test".parse().unwrap());
        let stage = Stage { server, bus, run, client };
        stage.create().await;
        stage
    }

    async fn create(&self) {
        let bytes = include_bytes!("../../../../schemas/examples/spec/valid/full.json");
        let spec = Spec::from_bytes(bytes).unwrap();
        let spec_digest = self.bus.put_spec(&spec).await.unwrap();
        let requested =
            RequestedOptions { max_rounds: Some(3), pace_milli: Some(0), ..Default::default() };
        let options = requested.resolve(&spec).unwrap();
        let (run, at) = (self.run.clone(), Timestamp::EPOCH);
        let status = EnvStatus::queued(run, spec_digest, requested, options, vec![], at);
        self.store(self.bus.prefix().env_status(&self.run), status.to_bytes()).await;
    }

    pub(crate) async fn status(&self) -> EnvStatus {
        let subject = self.bus.prefix().env_status(&self.run);
        let stored = self.bus.last(StreamName::EnvStatus, &subject).await.unwrap().unwrap();
        serde_json::from_slice(&stored.body).unwrap()
    }

    /// Waits until the run is in this state.
    pub(crate) async fn await_status(&self, expected: RunStatus) {
        let is_there = async || {
            let status = self.status().await;
            assert_ne!(status.status, RunStatus::Failed, "{status:?}");
            (status.status == expected).then_some(())
        };
        until(expected.as_str(), is_there).await;
    }

    /// Asks the run for something, under this id.
    pub(crate) async fn ask(&self, id: &str, request: Request) {
        let (issued_at, expires_at) = (Timestamp::EPOCH, None);
        let verb = request.verb();
        let command = Command { command_id: id.parse().unwrap(), request, issued_at, expires_at };
        self.ask_raw(id, verb.as_str(), command.to_bytes()).await;
    }

    /// The same, of whatever bytes.
    pub(crate) async fn ask_raw(&self, id: &str, verb: &str, body: Vec<u8>) {
        let (run, client) = (self.run.clone(), self.client.clone());
        let (verb, command_id) = (verb.parse().unwrap(), id.parse().unwrap());
        let address = CommandAddress { run, verb, client, command_id };
        self.store(self.bus.prefix().command(&address), body).await;
    }

    async fn store(&self, subject: String, body: Vec<u8>) {
        let append = Append { subject, body, headers: vec![], expected_last: Some(0) };
        self.bus.append(append).await.unwrap();
    }

    /// The one reply to what was asked under this id, once it is there.
    pub(crate) async fn reply(&self, id: &str) -> ReplyOutcome {
        let subject = self.bus.prefix().reply(&self.client, &self.run, &id.parse().unwrap());
        let look = async || self.bus.last(StreamName::Replies, &subject).await.unwrap();
        let stored = until(&format!("the reply to {id}"), look).await;
        serde_json::from_slice::<Reply>(&stored.body).unwrap().outcome
    }

    /// Starts a worker.
    pub(crate) fn worker(&self, name: &str, why: &str) -> Worker {
        let child = Process::new(env!("CARGO_BIN_EXE_shoal-simulator"))
            .args(["worker", "--run", self.run.as_str(), "--worker", name, "--why", why])
            .args(["--node", "test"])
            .env("NATS_URL", self.server.url())
            .env("SHOAL_LOG", "warn")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn();
        Worker(child.unwrap())
    }
}

impl Worker {
    /// Lets it go, as its node does, and waits for its end.
    pub(crate) async fn leave(mut self) {
        drop(self.0.stdin.take());
        let exit = until("the worker to leave", async || self.0.try_wait().unwrap()).await;
        assert!(exit.success(), "{exit}");
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Fails only if it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Looks until there is something to see.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// So many posts of so many bytes each.
pub(crate) fn inject(posts: usize, bytes: usize, platform: Option<Platform>) -> Request {
    let post = InjectedPost { agent_id: 0, content: "x".repeat(bytes), platform };
    Request::Inject(Inject { posts: vec![post; posts] })
}
