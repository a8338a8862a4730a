//! Measures the world and prints what it found, beside a baseline from the same run.
//!
//! `world-bench` prints a table, `world-bench --json` one JSON object per figure and line.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "printing is what it is for")]

mod database;
mod measure;
mod report;
mod town;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let print = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => report::print_line,
        ["--json"] => report::print_json,
        _ => {
            eprintln!("usage: world-bench [--json]");
            return ExitCode::from(2);
        }
    };
    measure::crowds(print);
    measure::history(print);
    measure::threads(print);
    match database::baseline(print) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("failed to measure the baseline: {error}");
            ExitCode::FAILURE
        }
    }
}
