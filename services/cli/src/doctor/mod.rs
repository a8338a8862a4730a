//! `doctor`: what is wrong with the bus and with this machine, and what to do about it.
//!
//! In reading order: [`facts`] and [`gather`] (what is there), [`machine`] (this machine), [`finding`] and [`diagnosis`] (what that means, pure),
//! [`report`] (the same as text).

pub mod diagnosis;
pub mod facts;
pub mod finding;
mod gather;
mod machine;
pub mod report;

use std::process::ExitCode;
use std::time::Duration;

use bus::{BusArgs, Role};
use clap::Args;
use contract::version::V1;
use tokio::sync::watch;
use tokio::time::Instant;

use self::diagnosis::diagnose;
use self::facts::{Connection, Facts};
use self::finding::Outcome;
use self::report::{Report, render, worst};
use crate::failure::Failure;
use crate::output::Output;

pub(crate) const DOCTOR_ABOUT: &str = "\
Find out what is wrong with the bus, and what to do about it.

Looks at the server, its streams, the room in them, what this user may do, the clocks, the \
services, commands and runs that wait, and at this machine. Nothing is stored or taken by it. \
Whatever is not as it should be is shown with what was expected and with a command or a setting \
that mends it; what cannot be looked at, because something before it is wrong, is `skipped`.

Exit codes: 0 if there is no problem, though perhaps a warning; 1 if there is one; 3 if the \
server is not reachable or refuses this user. With --json: one document, each check with its id \
and outcome (ok, skipped, warning, problem).

Example:
  shoal doctor
  shoal doctor --as simulator --nats-creds simulator.creds";

/// Arguments of `doctor`.
#[derive(Clone, Copy, Debug, Args)]
pub struct DoctorArgs {
    /// Whose rights to look for: what this user may is compared with what that part of Shoal needs
    #[arg(long = "as", value_name = "ROLE", value_enum, default_value_t = Role::Cli)]
    pub role: Role,
    /// Seconds to try to reach the server, and to wait for an answer
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 5,
        value_parser = clap::value_parser!(u32).range(1..=600)
    )]
    pub timeout: u32,
}

/// How often to say what is being waited for.
const TELL: Duration = Duration::from_secs(1);

/// `shoal doctor`.
///
/// # Errors
/// Only if the report cannot be printed: what is wrong with the bus is the report.
pub async fn doctor(
    args: &DoctorArgs,
    bus: &BusArgs,
    json: bool,
    output: &mut Output<'_>,
) -> Result<ExitCode, Failure> {
    let facts = gather_patiently(args, bus, output).await?;
    let checks = diagnose(&facts);
    let outcome = worst(&checks);
    let (url, prefix) = (facts.url.as_str(), facts.prefix.as_str());
    let report = Report { v: V1, url, prefix, role: facts.role, outcome, checks: &checks };
    match json {
        true => output.print_json(&report)?,
        false => output.print(&render(&report, output.width(), output.paint()))?,
    }
    Ok(match (&facts.connection, outcome) {
        (Connection::Failed(_), _) => ExitCode::from(Failure::unreachable("").code()),
        (_, Outcome::Problem) => ExitCode::FAILURE,
        (_, Outcome::Ok | Outcome::Skipped | Outcome::Warning) => ExitCode::SUCCESS,
    })
}

/// Gathers the facts, and says what takes longer than a second.
async fn gather_patiently(
    args: &DoctorArgs,
    bus: &BusArgs,
    output: &mut Output<'_>,
) -> Result<Facts, Failure> {
    let (stage, seen) = watch::channel("");
    let patience = Duration::from_secs(u64::from(args.timeout));
    let mut gathering = std::pin::pin!(gather::gather(bus, args.role, patience, &stage));
    let begun = Instant::now();
    let mut next = begun + TELL;
    let mut told = "";
    loop {
        tokio::select! {
            facts = &mut gathering => return Ok(facts),
            () = tokio::time::sleep_until(next) => next += TELL,
        }
        let doing = *seen.borrow();
        if doing != told && output.is_watched() {
            let line = format!("{doing} ({} s)", begun.elapsed().as_secs());
            output.say(&output.paint_progress().dim(&line))?;
            told = doing;
        }
    }
}
