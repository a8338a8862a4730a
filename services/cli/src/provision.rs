//! `provision`: the streams, on a server where the services may not make them.

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
}

/// `shoal provision`.
///
/// # Errors
/// If the streams are not as they should be and cannot be made so.
pub async fn provision(
    client: &Client,
    args: ProvisionArgs,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    #[derive(Serialize)]
    struct Provisioned {
        streams: Vec<String>,
    }
    let made = client.bus.provision(usize::from(args.replicas)).await;
    made.map_err(|error| Failure::Failed(error.into()))?;
    let streams = StreamName::ALL.map(|name| stream_name(client.bus.prefix(), name)).to_vec();
    if client.json {
        return Ok(output.print_json(&Provisioned { streams })?);
    }
    let text = format!("all streams are there at {}: {}", client.url, streams.join(", "));
    Ok(output.print(&text)?)
}
