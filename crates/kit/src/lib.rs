//! What every binary of Shoal needs and none should write again: its version, configuration, log output,
//! the wish to shut down, health, metrics, retries, and the wall clock as a value.

pub mod build;
pub mod config;
pub mod health;
pub mod metrics;
pub mod retry;
pub mod shutdown;
pub mod telemetry;

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

/// Exit code of a usage error, as sysexits has it.
pub const EXIT_USAGE: u8 = 64;

/// Milliseconds since 1970-01-01T00:00:00Z. The only place where services read the clock.
pub fn now_milliseconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Turns a `main`'s result into an exit code; an error is printed once, as a chain.
#[expect(clippy::print_stderr, reason = "the one place where a process says why it ends")]
pub fn exit(name: &str, result: anyhow::Result<ExitCode>) -> ExitCode {
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{name}: {error:#}");
            ExitCode::FAILURE
        }
    }
}
