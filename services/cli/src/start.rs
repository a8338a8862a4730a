//! `start`: a run begins, and the command returns.

use std::path::Path;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use contract::MAX_SAFE_INTEGER;
use contract::id::{CommandId, Digest, InvalidId, RunId, SimulationId};
use contract::manner::{Labels, Manner};
use contract::notice::StartRequest;
use contract::options::{MAX_TIME_LIMIT_SECONDS, parse_pace};
use contract::simulation::SimulationRecord;
use contract::source::Source;
use contract::subject::StreamName;
use contract::version::V1;
use serde::Serialize;

use crate::client::Client;
use crate::estimate::EstimateArgs;
use crate::failure::Failure;
use crate::models::{BudgetArgs, LlmArgs};
use crate::output::{Output, one_line};
use crate::run::{read_folder, request_run, requested};
use crate::status::find_run;

/// The help of `start`.
pub const ABOUT: &str = "\
Start a run and return with its name. What is started is a folder, as `shoal run` takes it, or a \
simulation by its id: one that was uploaded, or one that has run before, of which the spec of its \
newest run is used again. If there is a folder of that name here, the folder is meant.

With --json: {\"run_id\": .., \"created\": ..}; created is false if there is a run with the same \
options already (see --new-run).

With --estimate nothing is started: it is said how many decisions the settings let one expect, and \
what language models would take for them. What they took is said by `shoal cost`.

Example:
  shoal start samples/lantern-pier --pace 2
  shoal start lantern-pier --seed 8 --new-run
  shoal start lantern-pier --llm main --llm reddit=boost --budget-cost 2.50
  shoal start samples/lantern-pier --llm main --estimate";

/// Arguments of `start`.
#[derive(Clone, Debug, Args)]
pub struct StartArgs {
    /// The simulation's folder, or the id of a simulation that was uploaded or has run before
    #[arg(value_name = "FOLDER|SIMULATION")]
    pub what: String,
    /// How to run it.
    #[command(flatten)]
    pub options: StartOptions,
    /// What an estimate assumes.
    #[command(flatten)]
    pub estimate: EstimateArgs,
}

/// How to run a simulation.
#[derive(Clone, Debug, Default, Args)]
pub struct StartOptions {
    /// Rounds per second of wall clock, e.g. 0.8; as fast as possible unless given
    #[arg(long, value_name = "ROUNDS_PER_SECOND", value_parser = parse_pace)]
    pub pace: Option<u32>,
    /// The seed: equal seeds give equal runs; 1 unless given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=MAX_SAFE_INTEGER))]
    pub seed: Option<u64>,
    /// Play at most this many rounds
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_rounds: Option<u32>,
    /// Which worlds to run; all that the folder has unless given
    #[arg(long, value_enum)]
    pub platform: Option<Worlds>,
    /// A memory that the actions go to, by the operator's name for it, or `none`; may be repeated.
    /// The operator's default unless given
    #[arg(long, value_name = "NAME")]
    pub memory: Vec<String>,
    /// A world whose posts enter the run's own, a round later: its other world as `twitter` or
    /// `reddit`, or another run's as `market-3.twitter`; `:reddit` behind it says into which
    /// world, `@7` that agent 7 posts them there. May be repeated
    #[arg(long, value_name = "[RUN.]WORLD")]
    pub source: Vec<Source>,
    /// Start a new run even if there is one with the same options
    #[arg(long)]
    pub new_run: bool,
    /// Where a run with other options lives, start this one at the same time
    #[arg(long)]
    pub beside: bool,
    /// Stop the run if it still plays after so long, e.g. 90s, 30m or 2h; pauses count
    #[arg(long, value_name = "TIME", value_parser = parse_time_limit)]
    pub time_limit: Option<u32>,
    /// Who decides by asking a language model.
    #[command(flatten)]
    pub llm: LlmArgs,
    /// What the run may cost.
    #[command(flatten)]
    pub budget: BudgetArgs,
    /// What the run is to be known by, as `name=value`; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_label)]
    pub label: Vec<(String, String)>,
    /// A key of your own: the same key again means the run that it made, so that what is not known
    /// to have arrived can be sent again
    #[arg(long, value_name = "KEY", value_parser = parse_key)]
    pub idempotency_key: Option<CommandId>,
}

impl StartOptions {
    /// Whether another run will do, and what the new one is to be known by.
    ///
    /// # Errors
    /// If there are too many labels.
    pub fn manner(&self) -> Result<Manner, Failure> {
        let mut labels = Labels::default();
        for (name, value) in &self.label {
            let broken =
                |rule| Failure::bad_input(format!("--label {name}={value}: expected {rule}"));
            labels.insert(name, value).map_err(broken)?;
        }
        let StartOptions { new_run, beside, idempotency_key, .. } = self.clone();
        Ok(Manner { new_run, beside, idempotency_key, labels })
    }
}

fn parse_label(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected name=value, e.g. study=bridge")?;
    let inserted = Labels::default().insert(name, value);
    inserted.map_err(|rule| format!("expected {rule}"))?;
    Ok((name.to_owned(), value.to_owned()))
}

fn parse_key(text: &str) -> Result<CommandId, String> {
    text.parse().map_err(|error: InvalidId| format!("expected {}", error.expected()))
}

/// Seconds.
fn parse_time_limit(text: &str) -> Result<u32, String> {
    let units = [("s", 1), ("m", 60), ("h", 60 * 60), ("d", 24 * 60 * 60)];
    let seconds = units.into_iter().find_map(|(unit, seconds)| {
        let digits = text.strip_suffix(unit)?;
        let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse::<u32>().ok().filter(|_| is_plain)?.checked_mul(seconds)
    });
    seconds
        .filter(|seconds| (1..=MAX_TIME_LIMIT_SECONDS).contains(seconds))
        .ok_or_else(|| "expected a whole number of s, m, h or d up to 365d, e.g. 30m".to_owned())
}

/// Which worlds to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Worlds {
    /// The Twitter world.
    Twitter,
    /// The Reddit world.
    Reddit,
    /// Both.
    Both,
}

/// A run that there is now. With `--json` printed as it is.
#[derive(Serialize)]
struct Started {
    run_id: RunId,
    created: bool,
}

/// `shoal start`. `client`: not awaited before a folder is read.
///
/// # Errors
/// If there is nothing of that name, or the run cannot be started.
pub async fn start(
    args: &StartArgs,
    client: impl Future<Output = Result<Client, Failure>>,
    output: &mut Output<'_>,
) -> Result<ExitCode, Failure> {
    let options = requested(&args.options)?;
    let folder = Path::new(&args.what);
    let (client, simulation, spec_digest) = if folder.is_dir() {
        let spec = read_folder(folder, false, output)?;
        let client = client.await?;
        let digest = client.bus.put_spec(&spec).await?;
        (client, spec.simulation_id, digest)
    } else {
        let simulation = simulation_id(&args.what)?;
        let client = client.await?;
        let digest = newest_spec(&client, &simulation).await?;
        (client, simulation, digest)
    };
    let request = StartRequest { v: V1, spec_digest, options, manner: args.options.manner()? };
    let (run_id, created) = request_run(&client, &simulation, &request).await?;
    print_started(&client, run_id, created, output)
}

/// Prints the name of a run that there is now.
///
/// # Errors
/// If it cannot be written.
pub(crate) fn print_started(
    client: &Client,
    run_id: RunId,
    created: bool,
    output: &mut Output<'_>,
) -> Result<ExitCode, Failure> {
    if client.json {
        output.print_json(&Started { run_id, created })?;
    } else {
        output.print(run_id.as_str())?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn simulation_id(text: &str) -> Result<SimulationId, Failure> {
    text.parse().map_err(|_| {
        let text = one_line(text, 200);
        Failure::bad_input(format!("{text:?} is neither a folder nor the id of a simulation"))
    })
}

pub(crate) async fn newest_spec(
    client: &Client,
    simulation: &SimulationId,
) -> Result<Digest, Failure> {
    let subject = client.bus.prefix().spec_of(simulation);
    if let Some(stored) = client.bus.last(StreamName::Specs, &subject).await? {
        let record = SimulationRecord::parse(simulation, &stored.body);
        return Ok(record.map_err(|problems| Failure::Failed(problems.into()))?.spec_digest);
    }
    let run = find_run(client, simulation.as_str()).await.map_err(|failure| match failure {
        Failure::BadInput(error) => {
            let context = format!("there is no folder {:?} here", simulation.as_str());
            Failure::BadInput(error.context(context))
        }
        other => other,
    })?;
    Ok(run.spec_digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_limit_has_a_unit() {
        let right = [("90s", 90), ("30m", 1800), ("2h", 7200), ("365d", 31_536_000)];
        for (text, seconds) in right {
            assert_eq!(parse_time_limit(text), Ok(seconds), "{text:?}");
        }
        for wrong in ["", "90", "0s", "-1s", "+1s", "1.5h", "s", "366d", "99999999999d", "1 h"] {
            assert!(parse_time_limit(wrong).is_err(), "{wrong:?} passed");
        }
    }

    #[test]
    fn a_label_has_a_name_and_a_value() {
        let read = |text: &str| parse_label(text);
        assert_eq!(read("arm=b=c"), Ok(("arm".to_owned(), "b=c".to_owned())));
        for wrong in ["arm", "=b", "Arm=b", "arm=", "arm=a\nb"] {
            assert!(read(wrong).is_err(), "{wrong:?} passed");
        }
    }
}
