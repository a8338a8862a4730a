//! Log output: one line per event on stderr, with fields to search by; how much of it, whoever may
//! speak to the process can say while it runs.

use std::io::{IsTerminal, Write as _};
use std::str::FromStr;
use std::sync::{Arc, LazyLock, OnceLock};

use tokio::sync::watch;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, reload};

use crate::config::Settings;

/// The environment variable that says how much is logged, e.g. `info` or `info,bus=debug`.
pub const LOG_VARIABLE: &str = "SHOAL_LOG";

/// The one that says as what: `text`, or `json`, an object a line.
pub const FORMAT_VARIABLE: &str = "SHOAL_LOG_FORMAT";

/// What a service says of its log, for its help.
pub const HELP: &str = "\
Log (to stderr):
  SHOAL_LOG         how much: error, warn, info (the default), debug or trace, also by part, such as
                    info,simulator=debug; `log` changes it while the service runs
  SHOAL_LOG_FORMAT  text (the default), or json, an object a line";

/// Changes how much is logged.
static FILTER: OnceLock<reload::Handle<Targets, Registry>> = OnceLock::new();

/// How much is logged, in the words of whoever said so last.
static LEVELS: LazyLock<watch::Sender<Arc<str>>> = LazyLock::new(|| watch::Sender::new("".into()));

/// Begins to log to stderr, as [`LOG_VARIABLE`] and [`FORMAT_VARIABLE`] or the configuration file
/// say, else at `default` and as text. What the file is to be warned of is logged first.
///
/// # Errors
/// If a variable makes no sense, or logging has begun already.
pub fn init(settings: &Settings, default: &str) -> anyhow::Result<()> {
    let wanted = wanted(settings, LOG_VARIABLE, default);
    let filter = filter(&wanted).map_err(|why| anyhow::anyhow!("{LOG_VARIABLE} is {why}"))?;
    let (filter, handle) = reload::Layer::new(filter);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match wanted_format(settings)? {
        Format::Text => lines.with_ansi(std::io::stderr().is_terminal()).boxed(),
        Format::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
    };
    tracing_subscriber::registry().with(filter).with(lines).try_init()?;
    let _first = FILTER.set(handle);
    LEVELS.send_replace(wanted.into());
    for warning in &settings.warnings {
        tracing::warn!("{warning}");
    }
    Ok(())
}

/// Logs as much as `wanted` says from now on.
///
/// # Errors
/// If that makes no sense; then nothing changes.
pub fn set_levels(wanted: &str) -> Result<(), String> {
    let filter = filter(wanted)?;
    let handle = FILTER.get().ok_or("this process does not log")?;
    handle.reload(filter).map_err(|error| error.to_string())?;
    let before = LEVELS.send_replace(wanted.into());
    tracing::info!("the log has {wanted} from now on, it had {before}");
    Ok(())
}

/// Writes a line of a process of ours, as it is, among our own. Nothing is left to do where that
/// fails.
pub fn pass_on(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// How much is logged, now and whenever that changes.
pub fn levels() -> watch::Receiver<Arc<str>> {
    LEVELS.subscribe()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Text,
    Json,
}

fn wanted(settings: &Settings, variable: &str, default: &str) -> String {
    let in_file = settings.get(variable).map_or(default, |setting| &setting.value);
    // As everywhere, one that is empty is none.
    let given = std::env::var(variable).ok().filter(|given| !given.is_empty());
    given.unwrap_or_else(|| in_file.to_owned())
}

fn wanted_format(settings: &Settings) -> anyhow::Result<Format> {
    match wanted(settings, FORMAT_VARIABLE, "text").as_str() {
        "text" => Ok(Format::Text),
        "json" => Ok(Format::Json),
        other => anyhow::bail!("{FORMAT_VARIABLE} is {other:?}, expected text or json"),
    }
}

fn filter(wanted: &str) -> Result<Targets, String> {
    let refused = |why: String| format!("{wanted:?}, expected e.g. info or info,bus=debug: {why}");
    // To the library that is a part of a program, all of whose lines are wanted, and no others.
    let is_no_level = |word: &&str| {
        !word.contains('=') && (word.is_empty() || LevelFilter::from_str(word).is_err())
    };
    if let Some(word) = wanted.split(',').find(is_no_level) {
        return Err(refused(format!("{word:?} is no level")));
    }
    Targets::from_str(&with_quiet_client(wanted)).map_err(|error| refused(error.to_string()))
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

    #[test]
    fn levels_that_make_no_sense_are_refused_in_words() {
        assert!(filter("info,bus=debug").is_ok());
        for wrong in ["info,bus=loud", "loud", "", "info,", "dbug,bus=debug"] {
            let refused = filter(wrong).unwrap_err();
            let begins = format!("{wrong:?}, expected e.g. info");
            assert!(refused.starts_with(&begins), "{refused}");
        }
        assert!(filter("off").is_ok() && filter("WARN").is_ok());
    }
}
