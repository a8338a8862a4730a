//! What this machine says by itself: its environment, and the disk that data goes to.

use std::path::{Path, PathBuf};

use contract::problem::suggest;

use super::facts::{Configuration, Disk};

/// What our programs read beside the variables that the configuration file may hold as well.
const OTHERS: [&str; 5] =
    ["COLUMNS", "NO_COLOR", "SHOAL_DATA_DIR", "SSL_CERT_FILE", kit::config::CONFIG_VARIABLE];

/// Where data goes unless something else is said.
const USUAL_FOLDER: &str = ".data";

/// The names of what is set. Never a value.
pub(super) fn configuration() -> Configuration {
    let names = std::env::vars_os().filter(|(_, value)| !value.is_empty());
    let names = names.filter_map(|(name, _)| name.into_string().ok());
    read(names.collect())
}

fn read(mut names: Vec<String>) -> Configuration {
    names.sort();
    let known: Vec<&str> = kit::config::KNOWN.into_iter().chain(OTHERS).collect();
    let (set, others): (Vec<String>, Vec<String>) =
        names.into_iter().partition(|name| known.contains(&name.as_str()));
    let misspelt = others
        .into_iter()
        .filter(|name| name.starts_with("SHOAL") || name.starts_with("NATS_"))
        .filter_map(|name| suggest(&name, &known).map(|meant| (name.clone(), meant.to_owned())))
        // What is set under its right name as well does no harm.
        .filter(|(_, meant)| !set.contains(meant))
        .collect();
    Configuration { set, misspelt }
}

/// The disk that the folder of our data is on, or will be.
pub(super) fn disk() -> Result<Disk, String> {
    let named = std::env::var_os("SHOAL_DATA_DIR").filter(|value| !value.is_empty());
    let folder = named.map_or_else(|| PathBuf::from(USUAL_FOLDER), PathBuf::from);
    let folder = std::path::absolute(&folder)
        .map_err(|error| format!("{} is no folder: {error}", folder.display()))?;
    // One that is not there yet will be made on the disk of the one above it.
    let folder = folder.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    let space = rustix::fs::statvfs(folder)
        .map_err(|error| format!("the disk of {} is unknown: {error}", folder.display()))?;
    Ok(Disk {
        folder: folder.to_owned(),
        free: space.f_bavail.saturating_mul(space.f_frsize),
        size: space.f_blocks.saturating_mul(space.f_frsize),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_variable_is_told_from_a_foreign_one() {
        let names = ["NATS_URL", "SHOAL_SLOT", "SHOAL_PYTHON", "HOME", "SHOAL_PREFX", "NATS_ULR"];
        let configuration = read(names.map(str::to_owned).to_vec());
        assert_eq!(configuration.set, ["NATS_URL"]);
        let pairs = [("SHOAL_PREFX", "SHOAL_PREFIX"), ("SHOAL_SLOT", "SHOAL_SLOTS")];
        let pairs = pairs.map(|(name, meant)| (name.to_owned(), meant.to_owned()));
        assert_eq!(configuration.misspelt, pairs);
    }
}
