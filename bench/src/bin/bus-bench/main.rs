//! Measures what the bus costs, how long a run stands still when something dies, how fast its
//! past is verified, how fast pages about it are, what it notices of its readers, what its
//! agents take to answer and what their decisions cost, with a real nats-server, nodes, workers and
//! launchers. What the figures mean is in `docs/performance.md`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "printing is what it is for")]

mod bare;
mod cycle;
mod figures;
mod interviews;
mod pages;
mod past;
mod readers;
mod recovery;
mod site;
mod thinking;
mod town;
mod witness;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Measures rounds, recoveries and verification through a real bus, beside a baseline or goal.
#[derive(Parser)]
#[command(name = "bus-bench", max_term_width = 100)]
struct Arguments {
    /// What to measure
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// What the journal and the frames cost a round
    Cycle {
        /// Only populations of this size: 1000, 3000 or 10000; may be repeated
        #[arg(long, value_name = "N", value_parser = cycle::size)]
        agents: Vec<u32>,
        /// Runs of each kind
        #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
        runs: u32,
    },
    /// How long a run stands still when its worker, its node or the server is killed
    Recovery {
        /// Only what dies: worker, node or server; may be repeated
        #[arg(long, value_name = "WHAT", value_enum)]
        of: Vec<recovery::Victim>,
        /// Deaths of each kind
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
        deaths: u32,
    },
    /// How fast the past is read, played again from its journal, and compared with what is stored
    Past {
        /// Runs of each kind
        #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
        runs: u32,
    },
    /// What agents take to answer while their run goes on, beside a bare request and command
    Interviews {
        /// Questions of each kind
        #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(50..))]
        questions: u32,
    },
    /// What a decision of a language model costs, where the model answers at once
    Thinking {
        /// Agents of each world
        #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=2000))]
        agents: u32,
        /// Rounds, five to a line
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(10..))]
        rounds: u32,
    },
    /// How fast pages about a run are over HTTP, and how fast the read model is filled
    Pages {
        /// Actions of the run, at least
        #[arg(long, value_name = "N", default_value_t = 1_000_000)]
        actions: u64,
        /// Requests of each kind
        #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
        requests: u32,
    },
    /// What a run notices of those who read its events and ask for its state over HTTP
    Readers {
        /// Readers of its events at the same time
        #[arg(long, value_name = "N", default_value_t = 200)]
        readers: u32,
        /// Questions for its state per second
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        questions: u32,
        /// Rounds of each measurement; two a second
        #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
        rounds: u32,
        /// Measurements of each kind
        #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
        times: u32,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let measured = match Arguments::parse().what {
        What::Recovery { of, deaths } => recovery::measure(&of, deaths).await,
        What::Cycle { agents, runs } => cycle::measure(&agents, runs).await,
        What::Past { runs } => past::measure(runs).await,
        What::Thinking { agents, rounds } => thinking::measure(agents, rounds).await,
        What::Interviews { questions } => interviews::measure(questions as usize).await,
        What::Readers { readers, questions, rounds, times } => {
            let (readers, rounds, times) = (readers as usize, rounds as usize, times as usize);
            readers::measure(readers::Load { readers, questions, rounds, times }).await
        }
        What::Pages { actions, requests } => pages::measure(actions, requests as usize).await,
    };
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
