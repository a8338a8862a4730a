//! Plays a simulation folder without a bus and prints what everybody did, for whoever wants to
//! read it: `scripts/realism.py` makes `docs/realism.md` of it.
#![expect(clippy::print_stderr, reason = "there is no log, only a person")]

mod play;

use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use bench::stage::Stage;
use clap::Parser;
use contract::MAX_SAFE_INTEGER;
use contract::options::RequestedOptions;
use contract::problem::{Problem, Problems};
use intake::Limits;

use crate::play::{Question, play};

const EXIT_BAD_INPUT: u8 = 2;

/// Plays a simulation folder and prints every action.
///
/// Plays all worlds of the folder, Twitter first, without a bus; the `builtin` policy decides
/// for everybody. Each action is a line on stdout, a JSON object as on the bus (seq, agent_id,
/// agent_name, action_type, action_args, result, success) with platform, round and
/// simulated_time before it. The same folder and seed give the same bytes.
///
/// Exit codes: 0 played, 1 the output could not be written, 2 the folder or the command line
/// is wrong; everything that is wrong with the folder is on stderr.
#[derive(Parser)]
#[command(name = "realism", max_term_width = 100)]
struct Arguments {
    /// Holds simulation_config.json, and the profiles beside it
    folder: PathBuf,
    /// Play at most N rounds; default: as many as the folder says
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
    /// The chance of this run
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(..=MAX_SAFE_INTEGER))]
    seed: Option<u64>,
    /// Ask agent number AGENT after the last round of each world; may be given several times.
    /// Each answer is a line with platform, round, simulated_time, agent_id, agent_name,
    /// question and answer
    #[arg(long, num_args = 2, value_names = ["AGENT", "QUESTION"])]
    ask: Vec<String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let (stages, questions) = match prepare(&arguments) {
        Ok(prepared) => prepared,
        Err(problems) => {
            eprintln!("error: {} cannot be played", arguments.folder.display());
            eprintln!("{problems}");
            return ExitCode::from(EXIT_BAD_INPUT);
        }
    };
    let mut output = BufWriter::new(io::stdout().lock());
    let played = stages.into_iter().try_for_each(|stage| play(stage, &questions, &mut output));
    match played.and_then(|()| output.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: failed to write what was played: {error}");
            ExitCode::FAILURE
        }
    }
}

/// All worlds of the folder, and what is asked in each of them.
fn prepare(arguments: &Arguments) -> Result<(Vec<Stage>, Vec<Question>), Problems> {
    let spec = intake::read_folder(&arguments.folder, &Limits::default())?.spec;
    let questions = questions(&arguments.ask, spec.agents.len())?;
    let wanted = RequestedOptions {
        max_rounds: arguments.rounds,
        seed: arguments.seed,
        ..RequestedOptions::default()
    };
    let options = wanted.resolve(&spec)?;
    let stages =
        options.platforms.iter().map(|&platform| Stage::new(&spec, platform, options.clone()));
    Ok((stages.collect::<Result<_, _>>()?, questions))
}

/// The pairs behind `--ask`.
fn questions(pairs: &[String], agents: usize) -> Result<Vec<Question>, Problems> {
    let (mut questions, mut problems) = (Vec::new(), Vec::new());
    for pair in pairs.chunks_exact(2) {
        match pair[0].parse::<u32>() {
            Ok(agent) if (agent as usize) < agents => {
                questions.push(Question { agent, prompt: pair[1].clone() });
            }
            _ => {
                let expected = format!("the number of an agent, less than {agents}");
                problems.push(Problem::new("--ask", &pair[0], &expected));
            }
        }
    }
    Problems::none_or(problems, Some(questions))
}
