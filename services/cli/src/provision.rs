//! `provision`: the streams, on a server where the services may not make them.

use std::time::Duration;

use bus::roles::{MIRRORED, Role};
use bus::topology::stream_name;
use bus::{Bus, BusArgs, ConnectError, Early, TopologyError, shown_url};
use clap::Args;
use contract::subject::StreamName;
use kit::retry::Pauses;
use serde::Serialize;
use tokio::time::Instant;

use crate::failure::Failure;
use crate::output::Output;

/// Between two looks at a server that is not there, so that what is waited for is said soon.
const LOOK: Duration = Duration::from_secs(2);

/// Arguments of `provision`.
#[derive(Clone, Copy, Debug, Args)]
pub struct ProvisionArgs {
    /// In a cluster: how many servers keep each stream that is made now
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=5))]
    pub replicas: u8,
    /// The guests' copies of streams, as a user of their account
    #[arg(long)]
    pub mirrors: bool,
    /// For how long to wait for a server, for the leader of a cluster, and for as many servers
    /// as --replicas needs
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(0..=3600))]
    pub wait: u16,
}

/// `shoal provision`.
///
/// # Errors
/// If the streams are not as they should be and cannot be made so.
pub async fn provision(
    bus: &BusArgs,
    args: ProvisionArgs,
    json: bool,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    #[derive(Serialize)]
    struct Provisioned {
        streams: Vec<String>,
    }
    let replicas = usize::from(args.replicas);
    let (role, names): (_, &[StreamName]) = match args.mirrors {
        true => (Role::Mirror, &MIRRORED),
        false => (Role::Provisioner, &StreamName::ALL),
    };
    let mut patience = Patience::new(args.wait);
    let connected = patience.connect(bus, role, output).await?;
    let mut pauses = Pauses::new(Duration::from_millis(200), LOOK);
    loop {
        let made = match args.mirrors {
            true => connected.provision_mirrors(replicas).await,
            false => connected.provision(replicas).await,
        };
        match made {
            Ok(()) => break,
            Err(TopologyError { early: Some(early), .. }) if !patience.is_over() => {
                patience.say(&words(early, args.replicas), output)?;
                pauses.wait().await;
            }
            Err(error) => return Err(Failure::Failed(error.into())),
        }
    }
    let name = |stream: &StreamName| stream_name(connected.prefix(), *stream);
    let streams: Vec<String> = names.iter().map(name).collect();
    if json {
        return Ok(output.print_json(&Provisioned { streams })?);
    }
    let url = shown_url(&bus.nats_url);
    Ok(output.print(&format!("all streams are there at {url}: {}", streams.join(", ")))?)
}

fn words(early: Early, replicas: u8) -> String {
    match early {
        Early::Leader => "the cluster to elect the leader of JetStream".to_owned(),
        Early::Servers => format!("{replicas} servers with JetStream, to keep {replicas} copies"),
    }
}

/// How long a server or a cluster is waited for that is about to come up, and what was said.
struct Patience {
    seconds: u16,
    deadline: Instant,
    said: String,
}

impl Patience {
    fn new(seconds: u16) -> Patience {
        let deadline = Instant::now() + Duration::from_secs(u64::from(seconds));
        Patience { seconds, deadline, said: String::new() }
    }

    fn is_over(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// Says what is waited for, once until it is something else.
    fn say(&mut self, what: &str, output: &mut Output<'_>) -> Result<(), Failure> {
        if self.said != what {
            what.clone_into(&mut self.said);
            output.say_wrapped(&format!("waiting for {what} (at most {} s)", self.seconds))?;
        }
        Ok(())
    }

    async fn connect(
        &mut self,
        args: &BusArgs,
        role: Role,
        output: &mut Output<'_>,
    ) -> Result<Bus, Failure> {
        loop {
            let left = self.deadline.saturating_duration_since(Instant::now());
            match Bus::connect(args, role, "shoal", left.min(LOOK)).await {
                Ok(bus) => return Ok(bus),
                Err(error) => match what_is_missing(&error) {
                    Some(what) if !self.is_over() => self.say(&what, output)?,
                    Some(_) | None => return Err(self.whole(error).into()),
                },
            }
        }
    }

    /// The error of the last look, as one of the whole time.
    fn whole(&self, error: ConnectError) -> ConnectError {
        match error {
            ConnectError::NoServer { url, last, .. } => {
                ConnectError::NoServer { url, patience_seconds: u64::from(self.seconds), last }
            }
            other => other,
        }
    }
}

/// What may be there soon; `None` where waiting changes nothing.
fn what_is_missing(error: &ConnectError) -> Option<String> {
    match error {
        ConnectError::NoServer { url, .. } => Some(format!("a nats-server at {url}")),
        ConnectError::JetStreamSilent { url, .. } => {
            Some(format!("JetStream at {url}, which in a cluster first elects a leader"))
        }
        ConnectError::Url(_)
        | ConnectError::File { .. }
        | ConnectError::Unauthorized { .. }
        | ConnectError::Tls { .. }
        | ConnectError::TooOld { .. }
        | ConnectError::SmallMessages { .. }
        | ConnectError::NoJetStream { .. } => None,
    }
}
