//! Measures the world and prints what it found, beside a baseline from the same run.
//!
//! `world-bench` prints a table, `world-bench --json` one JSON object per figure and line.
//! What the figures mean is in `docs/performance.md`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "printing is what it is for")]

mod clock;
mod database;
mod measure;
mod mix;
mod report;
mod town;

use std::process::ExitCode;

use report::Figure;

/// Decisions per second and core that a town of 100,000 agents is to reach.
const AIM: f64 = 1_000_000.0;

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
    let mut kept = measure::Kept::new();
    let reached = measure::outside(print, &mut kept);
    measure::builtin(print, &mut kept);
    measure::snapshots(print, &kept);
    drop(kept);
    measure::history(print);
    measure::threads(print);
    if let Err(error) = database::baseline(print) {
        eprintln!("failed to measure the baseline: {error}");
        return ExitCode::FAILURE;
    }
    report::oasis(print);
    for (name, value) in [("the aim", AIM), ("reached, on the slower platform", reached)] {
        let case = "outside, decisions per core, 100000 agents".into();
        print(&Figure { name, case, value, unit: "1/s" });
    }
    ExitCode::SUCCESS
}
