//! Log output: one line per event on stderr, readable alone and with fields to search by.

use std::io::IsTerminal;
use std::str::FromStr;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::Settings;

/// The environment variable that says how much is logged, e.g. `info` or `info,bus=debug`.
pub const LOG_VARIABLE: &str = "SHOAL_LOG";

/// Begins to log to stderr, as [`LOG_VARIABLE`] or the configuration file says, else at
/// `default`. What the file is to be warned of is logged first.
///
/// # Errors
/// If the variable is no filter, or logging has begun already.
pub fn init(settings: &Settings, default: &str) -> anyhow::Result<()> {
    let in_file = settings.get(LOG_VARIABLE).map_or(default, |setting| &setting.value);
    let wanted = std::env::var(LOG_VARIABLE).unwrap_or_else(|_| in_file.to_owned());
    let filter = Targets::from_str(&with_quiet_client(&wanted)).map_err(|error| {
        anyhow::anyhow!(
            "{LOG_VARIABLE} is {wanted:?}, expected e.g. info or info,bus=debug: {error}"
        )
    })?;
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    tracing_subscriber::registry().with(filter).with(lines).try_init()?;
    for warning in &settings.warnings {
        tracing::warn!("{warning}");
    }
    Ok(())
}

/// The client library tells at `info` what the bus tells in our words; it is heard only when
/// it is named.
fn with_quiet_client(wanted: &str) -> String {
    match wanted {
        named if named.contains("async_nats") => named.to_owned(),
        others => format!("{others},async_nats=warn"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_library_is_quiet_unless_it_is_named() {
        assert_eq!(with_quiet_client("info"), "info,async_nats=warn");
        assert_eq!(with_quiet_client("warn,async_nats=debug"), "warn,async_nats=debug");
    }
}
