//! What the simulator is told on its command line and in its environment.

use std::path::PathBuf;
use std::time::Duration;

use bus::BusArgs;
use clap::{Args, Parser, Subcommand};
use contract::command::Verb;
use contract::id::{ClientId, CommandId, RunId};
use kit::health::{HealthArgs, Question};
use kit::metrics::MetricsArgs;

/// Runs simulations: claims runs from the bus as it has room, each in a worker process.
///
/// A node needs nothing but the bus. Start as many as there are machines; each run is held by
/// one of them at a time, and goes on elsewhere when that one is gone.
#[derive(Debug, Parser)]
#[command(name = "shoal-simulator", version = kit::build::version(Some(world::RULES)), after_help = kit::telemetry::HELP)]
pub struct Cli {
    /// Where the bus is.
    #[command(flatten)]
    pub bus: BusArgs,
    /// How this node behaves.
    #[command(flatten)]
    pub node: NodeArgs,
    /// Whether it does its work.
    #[command(flatten)]
    pub health: HealthArgs,
    /// Where it is asked for its metrics.
    #[command(flatten)]
    pub metrics: MetricsArgs,
    /// Nodes start their workers with this; people ask with it how a node is.
    #[command(subcommand)]
    pub command: Option<Role>,
}

/// How a node behaves.
#[derive(Args, Clone, Debug)]
pub struct NodeArgs {
    /// The node's name, shown in a run's status; default: the host's name and the process id.
    #[arg(long, env = "SHOAL_NODE", global = true)]
    pub node: Option<String>,
    /// Runs that this node holds at the same time.
    #[arg(long, env = "SHOAL_SLOTS", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub slots: u16,
    /// Seconds for which a run stays claimed after its node was last heard of.
    ///
    /// For as long, but at least 6 s, a node that has just connected leaves alone what others
    /// held: they may still be on their way back after an outage.
    #[arg(long, env = "SHOAL_LEASE_SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(2..=600))]
    pub lease_seconds: u64,
    /// Seconds after which a worker whose loop does not answer is killed.
    ///
    /// A single round must take less, else no worker ever plays it.
    #[arg(long, env = "SHOAL_HUNG_SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub hung_seconds: u64,
    /// Seconds that a worker has to stop its run; after them its processes get SIGTERM, after as
    /// many again SIGKILL.
    ///
    /// One that is still opening its run has five times as long. Where the node does not answer
    /// either, another one takes the run over 5 s later.
    #[arg(long, env = "SHOAL_STOP_GRACE_SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=300))]
    pub stop_grace_seconds: u64,
    /// A JSON file with the endpoints of language models that runs may name; without it there are
    /// none, and all agents decide by themselves.
    #[arg(long, env = "SHOAL_LLM_ENDPOINTS", value_name = "FILE", global = true)]
    pub llm_endpoints: Option<PathBuf>,
    /// Seconds for which an ended run is kept open after the last question.
    #[arg(long, env = "SHOAL_IDLE_SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=86_400), global = true)]
    pub idle_seconds: u64,
}

/// What a process is, if not a node.
#[derive(Debug, Subcommand)]
pub enum Role {
    /// Asks the node that runs.
    #[command(flatten)]
    Ask(Question),
    /// Holds one run. Started by a node, ends when its standard input does.
    #[command(hide = true)]
    Worker(WorkerArgs),
    /// Carries out one command about a run's past. Started by a node as well.
    #[command(hide = true)]
    Job(JobArgs),
}

/// Which command a job carries out.
#[derive(Args, Clone, Debug)]
pub struct JobArgs {
    /// The run.
    #[arg(long)]
    pub run: RunId,
    /// What is asked.
    #[arg(long)]
    pub verb: Verb,
    /// Who asks.
    #[arg(long)]
    pub client: ClientId,
    /// The client's name for the command.
    #[arg(long)]
    pub id: CommandId,
}

/// What a worker is told.
#[derive(Args, Clone, Debug)]
pub struct WorkerArgs {
    /// The run to hold.
    #[arg(long)]
    pub run: RunId,
    /// This worker's name.
    #[arg(long)]
    pub worker: String,
    /// Why the run is claimed.
    #[arg(long)]
    pub why: String,
}

/// A client looks every 4 s for a server that was away, and has then to write its lease.
const SLOWEST_RETURN: Duration = Duration::from_secs(6);

impl NodeArgs {
    /// The name of this node.
    pub fn name(&self) -> String {
        self.node.clone().unwrap_or_else(|| {
            let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
            format!("{host}-{}", std::process::id())
        })
    }

    /// The lease's time to live.
    pub fn lease(&self) -> Duration {
        Duration::from_secs(self.lease_seconds)
    }

    /// For how long after a connection was made others may be about to take their leases again.
    pub fn quiet(&self) -> Duration {
        self.lease().max(SLOWEST_RETURN)
    }

    /// How long a stop may wait for its answer before something is done about it.
    pub fn stop_grace(&self) -> Duration {
        Duration::from_secs(self.stop_grace_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
