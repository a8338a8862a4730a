//! A run's frames, rebuilt as the files and tables that other tools read; and a spec, as the files
//! that it could have been read from.
//!
//! Everything comes from the bus: frames, the spec, the run's state, replies to interviews, log
//! lines. Nothing here reads a clock or the network; a caller brings what it has read. Two
//! exports of one run in one state are the same bytes. What each file holds, and what is not
//! reproduced, is in `docs/export.md`.
//!
//! In reading order:
//!
//! - [`Export`]: a whole folder; [`manifest`]: what is in it;
//! - [`original`], [`run_state`]: MiroFish's files; [`oasis`]: OASIS's tables, also for questions
//!   to a run without any file;
//! - [`prepared`]: MiroFish's files of what is to be run;
//! - tidy, cell: CSV; folder: all files or none; [`time`]: instants as others write them.

mod cell;
mod error;
#[cfg(test)]
mod fixtures;
mod folder;
mod lane;
pub mod manifest;
pub mod oasis;
pub mod original;
pub mod prepared;
pub mod run_state;
mod tidy;
pub mod time;
mod whole;

use std::str::FromStr;

use serde::Serialize;

pub use error::ExportError;
pub use manifest::Manifest;
pub use whole::{Export, Request, file_names};

/// A family of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// MiroFish's: `actions.jsonl`, `run_state.json`, `env_status.json`, `simulation.log`.
    Original,
    /// OASIS's: a SQLite database per world.
    Oasis,
    /// CSV for analysis.
    Csv,
}

impl Format {
    /// All of them.
    pub const ALL: [Format; 3] = [Format::Original, Format::Oasis, Format::Csv];
}

impl FromStr for Format {
    type Err = String;
    fn from_str(text: &str) -> Result<Format, String> {
        match text {
            "original" => Ok(Format::Original),
            "oasis" => Ok(Format::Oasis),
            "csv" => Ok(Format::Csv),
            _ => Err("expected original, oasis or csv".to_owned()),
        }
    }
}

/// Simulated minutes as hours to two decimals, as the original's files have them.
pub fn hours(minutes: u64) -> f64 {
    let minutes = f64::from(u32::try_from(minutes).unwrap_or(u32::MAX));
    (minutes / 60.0 * 100.0).round() / 100.0
}
