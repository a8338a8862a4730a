//! A bus with nodes on it, all of them processes of their own, and runs.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bus::{Bus, BusArgs, First, Role};
use contract::id::RunId;
use contract::options::{RequestedOptions, RunOptions};
use contract::spec::Spec;
use contract::status::{EnvStatus, RunStatus};
use contract::subject::StreamName;
use contract::timestamp::Timestamp;
use launcher::create::publish_start;
use launcher::queued::first_status;
use nats_process::{NatsServer, Options};
use system_tests::process::Service;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

/// How long anything that is waited for may take.
const PATIENCE: Duration = Duration::from_secs(300);
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// A bus, the nodes on it, and a connection.
pub(crate) struct Site {
    /// The nodes by name. First, so that they end before their bus.
    pub(crate) nodes: BTreeMap<String, Service>,
    /// The bus.
    pub(crate) nats: NatsServer,
    /// A connection to it.
    pub(crate) bus: Bus,
    environment: BTreeMap<String, String>,
    runs: u32,
    started: u32,
    dir: TempDir,
}

impl Site {
    /// A bus without nodes. `jetstream` is configuration of that block of the server's, `more`
    /// environment of the nodes.
    pub(crate) async fn start(jetstream: &str, more: &[(&str, &str)]) -> anyhow::Result<Site> {
        let jetstream = Some(jetstream.to_owned());
        // As deployed: deploy/nats.conf.
        let config_extra = "max_payload: 8MB".to_owned();
        let nats = NatsServer::start(Options { jetstream, config_extra, ..Options::default() });
        let args = BusArgs::at(nats.url());
        let bus = Bus::connect(&args, Role::Cli, "bus-bench", Duration::from_secs(30)).await?;
        bus.ensure_topology().await?;
        let fixed = [("NATS_URL", args.nats_url.as_str()), ("SHOAL_LOG", "info")];
        let environment = fixed.iter().chain(more);
        let environment =
            environment.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let dir = TempDir::with_prefix("bus-bench-")?;
        Ok(Site { nodes: BTreeMap::new(), nats, bus, environment, runs: 0, started: 0, dir })
    }

    /// Starts one more node.
    pub(crate) fn add_node(&mut self) {
        self.started += 1;
        let name = format!("node-{}", self.started);
        let mut environment = self.environment.clone();
        environment.insert("SHOAL_NODE".to_owned(), name.clone());
        let node = Service::start(&name, "shoal-simulator", self.dir.path(), &environment);
        self.nodes.insert(name, node);
    }

    /// Starts a launcher on this port that has its read model in `file`.
    pub(crate) fn launcher(&self, port: u16, file: &Path) -> Service {
        let mut environment = self.environment.clone();
        let address = format!("127.0.0.1:{port}");
        environment.insert("SHOAL_HTTP_LISTEN".to_owned(), address);
        let file = file.to_string_lossy().into_owned();
        environment.insert("SHOAL_READ_MODEL".to_owned(), file);
        Service::start("launcher", "shoal-launcher", self.dir.path(), &environment)
    }

    /// Creates a run as a launcher does.
    pub(crate) async fn run(
        &mut self,
        spec: &Spec,
        (requested, options): (RequestedOptions, RunOptions),
    ) -> anyhow::Result<RunId> {
        self.runs += 1;
        let run = spec.simulation_id.run(self.runs);
        self.bus.put_spec(spec).await?;
        let now = Timestamp::from_milliseconds(kit::now_milliseconds());
        let status = first_status(run.clone(), spec, &requested, options, &[], now);
        let subject = self.bus.prefix().env_status(&run);
        let body = status.to_bytes();
        match self.bus.append_first(StreamName::EnvStatus, &subject, body).await? {
            First::Ours(_) => publish_start(&self.bus, &status).await?,
            First::Theirs(_) => bail!("there is a run {run} already"),
        }
        Ok(run)
    }

    /// The status of a run, once it satisfies `condition`.
    pub(crate) async fn status(
        &self,
        run: &RunId,
        what: &str,
        condition: impl Fn(&EnvStatus) -> bool,
    ) -> anyhow::Result<EnvStatus> {
        let (subject, deadline) = (self.bus.prefix().env_status(run), Instant::now() + PATIENCE);
        while Instant::now() < deadline {
            if let Ok(Some(stored)) = self.bus.last(StreamName::EnvStatus, &subject).await {
                let status: EnvStatus = serde_json::from_slice(&stored.body)
                    .with_context(|| format!("the status of {run}"))?;
                if condition(&status) {
                    return Ok(status);
                }
                if status.status == RunStatus::Failed {
                    bail!("{run} has failed: {}", status.reason.unwrap_or_default());
                }
            }
            sleep(BETWEEN_LOOKS).await;
        }
        bail!("waited {PATIENCE:?} in vain for {run} to be {what}")
    }
}
