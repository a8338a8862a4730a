//! `make chaos`: disturbs real processes until so many faults count, and says what was wrong.
//!
//! ```text
//! chaos [real=200] [seed=1] [points=NAME,NAME] [report=FILE]
//! chaos without=SAFEGUARD
//! ```
//!
//! Exits 1 if anything was wrong, or if too few faults count; 2 on a bad command line.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::ExitCode;

use faults::Safeguard;
use system_tests::chaos::{Plan, run, scenarios};

/// What may stand on the command line.
const WORDS: [&str; 5] = ["real", "seed", "points", "report", "without"];

fn main() -> ExitCode {
    match read(std::env::args().skip(1)).and_then(|words| play(&words)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(usage) => {
            // Nobody to read it changes nothing.
            let _ = writeln!(std::io::stderr(), "error: {usage}");
            ExitCode::from(2)
        }
    }
}

/// The words of the command line that say something.
fn read(arguments: impl Iterator<Item = String>) -> Result<BTreeMap<String, String>, String> {
    let mut words = BTreeMap::new();
    for argument in arguments {
        match argument.split_once('=') {
            Some((name, value)) if WORDS.contains(&name) => {
                if !value.is_empty() {
                    words.insert(name.to_owned(), value.to_owned());
                }
            }
            _ => return Err(format!("{argument:?}: expected NAME=VALUE, NAME one of {WORDS:?}")),
        }
    }
    Ok(words)
}

/// True if all was well.
fn play(words: &BTreeMap<String, String>) -> Result<bool, String> {
    let number = |name: &str, usual: u64| match words.get(name) {
        None => Ok(usual),
        Some(text) => text.parse().map_err(|error| format!("{name}={text}: {error}")),
    };
    if let Some(name) = words.get("without") {
        let names = Safeguard::ALL.map(Safeguard::name);
        let safeguard = Safeguard::ALL.into_iter().find(|safeguard| safeguard.name() == name);
        let safeguard = safeguard.ok_or(format!("without={name}: expected one of {names:?}"))?;
        // Each was printed when it was found.
        return Ok(scenarios::play(safeguard, true).is_empty());
    }
    let real = usize::try_from(number("real", 200)?).map_err(|error| error.to_string())?;
    let points = words.get("points").map(|names| names.split(',').map(str::to_owned).collect());
    let report = run(&Plan { points, ..Plan::long(real, number("seed", 1)?) });
    let page = report.markdown();
    let _ = write!(std::io::stdout(), "\n{page}");
    if let Some(file) = words.get("report") {
        std::fs::write(file, &page).map_err(|error| format!("report={file}: {error}"))?;
    }
    Ok(report.violations.is_empty() && report.counted() >= real)
}
