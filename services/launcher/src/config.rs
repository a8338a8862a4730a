//! What the launcher is told on its command line and in its environment.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use bus::BusArgs;
use clap::builder::BoolishValueParser;
use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser};
use contract::problem::{Problem, Problems};
use kit::config::Settings;

use crate::queued::check_memory_names;

/// The variable that holds the address to listen on, for errors.
pub const LISTEN_VARIABLE: &str = "SHOAL_HTTP_LISTEN";

/// Creates runs, and serves over HTTP and on the bus what is known of them.
///
/// It runs no simulation itself: nodes (`shoal-simulator`) do. It keeps nothing that is not
/// on the bus, so it may be restarted at any moment, and several may run side by side.
#[derive(Debug, Parser)]
#[command(name = "shoal-launcher", version)]
pub struct Arguments {
    /// Where the bus is.
    #[command(flatten)]
    pub bus: BusArgs,
    /// The address of the HTTP edge; a loopback address, since nobody is asked who they are.
    #[arg(long, env = LISTEN_VARIABLE, default_value = "127.0.0.1:5001", value_name = "ADDRESS:PORT")]
    pub http: String,
    /// Folder of simulation folders in MiroFish's shape, each named by its simulation's id.
    #[arg(long, env = "SHOAL_SIMULATIONS_DIR", value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
    /// Names of the memories that a run's actions go to unless asked otherwise, or `none`.
    #[arg(
        long,
        env = "SHOAL_MEMORY",
        default_value = "local",
        value_delimiter = ',',
        value_name = "NAMES"
    )]
    pub memory: Vec<String>,
    /// SQLite file of what runs did, from which pages are read; only this launcher writes it, and
    /// it may be deleted. Without one it is a temporary file.
    #[arg(long, env = "SHOAL_READ_MODEL", value_name = "FILE")]
    pub read_model: Option<PathBuf>,
    /// Be ready only while a simulator node and a memory-sink answer on the bus.
    #[arg(long, env = "SHOAL_REQUIRE_SERVICES", value_parser = BoolishValueParser::new())]
    pub require_services: bool,
}

/// The arguments, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the bus is.
    pub bus: BusArgs,
    /// The address of the HTTP edge.
    pub http: SocketAddr,
    /// Where simulation folders are, if anywhere.
    pub data_dir: Option<PathBuf>,
    /// The memories of runs that are asked for without naming any.
    pub memory: Vec<String>,
    /// Where pages are read from; a temporary file if nowhere.
    pub read_model: Option<PathBuf>,
    /// Whether readiness needs a node and a sink.
    pub require_services: bool,
}

/// Reads the command line, the environment and the configuration file.
///
/// # Errors
/// What is wrong with them, or the help that was asked for; `print` shows either.
pub fn from_command_line() -> Result<(Config, Settings), clap::Error> {
    let (matches, settings) = kit::config::parse(Arguments::command(), std::env::args_os())?;
    let config = check(Arguments::from_arg_matches(&matches)?).map_err(|problems| {
        let text = format!("the configuration is not valid\n{problems}");
        Arguments::command().error(ErrorKind::ValueValidation, text)
    })?;
    Ok((config, settings))
}

fn check(arguments: Arguments) -> Result<Config, Problems> {
    let Arguments { bus, http, data_dir, memory, read_model, require_services } = arguments;
    let mut problems = Vec::new();
    let address = check_address(&http).map_err(|problem| problems.push(problem)).ok();
    if let Some(folder) = data_dir.as_ref().filter(|folder| !folder.is_dir()) {
        let expected = "a folder that is there and can be read";
        let found = folder.display().to_string();
        problems.push(Problem::new("--data-dir (SHOAL_SIMULATIONS_DIR)", found, expected));
    }
    problems.extend(read_model.as_deref().and_then(check_file));
    let memory = if memory == ["none"] { Vec::new() } else { memory };
    problems.extend(check_memory_names("--memory (SHOAL_MEMORY)", &memory));
    let config =
        address.map(|http| Config { bus, http, data_dir, memory, read_model, require_services });
    Problems::none_or(problems, config)
}

/// What is wrong with the place of a file that need not be there yet.
fn check_file(path: &Path) -> Option<Problem> {
    // The parent of a mere name is the folder that we are in.
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let fits = folder.is_none_or(Path::is_dir) && !path.is_dir() && path.file_name().is_some();
    let expected = "a file, there or not, in a folder that is there";
    let found = path.display().to_string();
    (!fits).then(|| Problem::new("--read-model (SHOAL_READ_MODEL)", found, expected))
}

fn check_address(text: &str) -> Result<SocketAddr, Problem> {
    let place = format!("--http ({LISTEN_VARIABLE})");
    let address: SocketAddr = text.parse().map_err(|_| {
        Problem::new(place.as_str(), format!("{text:?}"), "ADDRESS:PORT, e.g. 127.0.0.1:5001")
    })?;
    if !address.ip().is_loopback() {
        let expected = "a loopback address, e.g. 127.0.0.1:5001, since whoever reaches this \
                        address could start and stop runs; let a proxy that checks who asks \
                        stand before it";
        return Err(Problem::new(place, text, expected));
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Config, String> {
        let program = ["shoal-launcher"];
        let arguments = program.iter().chain(arguments);
        let arguments = Arguments::try_parse_from(arguments).map_err(|error| error.to_string())?;
        check(arguments).map_err(|problems| problems.to_string())
    }

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn loopback_addresses_and_memories_are_taken() {
        let config = read(&["--http", "[::1]:80", "--memory", "local,zep"]).unwrap();
        assert_eq!(config.http.to_string(), "[::1]:80");
        assert_eq!(config.memory, ["local", "zep"]);
        assert!(read(&["--memory", "none"]).unwrap().memory.is_empty());
        assert_eq!(config.read_model, None);
        let config = read(&["--read-model", "model.sqlite"]).unwrap();
        assert_eq!(config.read_model, Some("model.sqlite".into()));
        assert!(read(&["--read-model", "/"]).is_err());
    }

    #[test]
    fn every_wrong_argument_is_named_at_once() {
        let arguments = [
            ["--http", "0.0.0.0:5001"],
            ["--data-dir", "/no/such"],
            ["--memory", "A b,x,x"],
            ["--read-model", "/no/such/file"],
        ]
        .concat();
        assert_eq!(
            read(&arguments).unwrap_err(),
            "--http (SHOAL_HTTP_LISTEN): found 0.0.0.0:5001, expected a loopback address, e.g. \
             127.0.0.1:5001, since whoever reaches this address could start and stop runs; let a \
             proxy that checks who asks stand before it\n\
             --data-dir (SHOAL_SIMULATIONS_DIR): found /no/such, expected a folder that is there \
             and can be read\n\
             --read-model (SHOAL_READ_MODEL): found /no/such/file, expected a file, there or not, \
             in a folder that is there\n\
             --memory (SHOAL_MEMORY): found \"A b\", expected 1 to 32 of a-z, 0-9, _ and -, \
             beginning with a letter or digit\n\
             --memory (SHOAL_MEMORY): found \"x\" twice, expected each name once"
        );
        assert_eq!(
            read(&["--http", "localhost"]).unwrap_err(),
            "--http (SHOAL_HTTP_LISTEN): found \"localhost\", expected ADDRESS:PORT, e.g. \
             127.0.0.1:5001"
        );
    }
}
