//! What every command works with: the bus, and how the answer is wanted.

use std::time::Duration;

use bus::{Bus, BusArgs, Role, shown_url};
use contract::id::ClientId;

use crate::failure::Failure;

/// How long to try to reach the bus.
const CONNECT: Duration = Duration::from_secs(5);

/// A connection to the bus on behalf of one command.
pub struct Client {
    /// The bus.
    pub bus: Bus,
    /// Where it is, fit to be shown.
    pub url: String,
    /// JSON on stdout instead of text.
    pub json: bool,
    /// The launcher's HTTP edge, to be shown.
    pub http_url: Option<String>,
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// If the bus is not reachable.
    pub async fn connect(
        args: &BusArgs,
        json: bool,
        http_url: Option<String>,
    ) -> Result<Client, Failure> {
        Client::connect_as(Role::Cli, args, json, http_url).await
    }

    /// The same as somebody else than an operator.
    ///
    /// # Errors
    /// If the bus is not reachable.
    pub async fn connect_as(
        role: Role,
        args: &BusArgs,
        json: bool,
        http_url: Option<String>,
    ) -> Result<Client, Failure> {
        let bus = Bus::connect(args, role, "shoal", CONNECT).await?;
        Ok(Client { bus, url: shown_url(&args.nats_url), json, http_url })
    }

    /// What to say where a service does not answer.
    pub fn nobody_answers(&self, service: &str, subject: &str) -> Failure {
        Failure::unreachable(format!(
            "no {service} answers on {subject} at {}: start one there (`make up` starts all \
             services), or set NATS_URL or SHOAL_PREFIX to where one is",
            self.url
        ))
    }
}

/// Who we are on the bus. All command lines are one client; their commands differ by id.
pub fn client_id() -> ClientId {
    "cli".parse().expect("it is a client id")
}
