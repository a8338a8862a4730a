//! `provision`: the streams, on a server where the services may not make them.

use bus::BusArgs;
use bus::roles::{MIRRORED, Role};
use bus::topology::stream_name;
use clap::Args;
use contract::subject::StreamName;
use serde::Serialize;

use crate::client::Client;
use crate::failure::Failure;
use crate::output::Output;

/// Arguments of `provision`.
#[derive(Clone, Copy, Debug, Args)]
pub struct ProvisionArgs {
    /// In a cluster: how many servers keep each stream that is made now
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=5))]
    pub replicas: u8,
    /// The guests' copies of streams, as a user of their account
    #[arg(long)]
    pub mirrors: bool,
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
    let client = Client::connect_as(role, bus, json, None).await?;
    let made = match args.mirrors {
        true => client.bus.provision_mirrors(replicas).await,
        false => client.bus.provision(replicas).await,
    };
    made.map_err(|error| Failure::Failed(error.into()))?;
    let name = |stream: &StreamName| stream_name(client.bus.prefix(), *stream);
    let streams: Vec<String> = names.iter().map(name).collect();
    if json {
        return Ok(output.print_json(&Provisioned { streams })?);
    }
    let text = format!("all streams are there at {}: {}", client.url, streams.join(", "));
    Ok(output.print(&text)?)
}
