//! What the launcher is told on its command line and in its environment.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use bus::BusArgs;
use clap::builder::BoolishValueParser;
use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser};
use contract::options::parse_pace;
use contract::problem::{Problem, Problems};
use kit::config::Settings;
use kit::health::{HealthArgs, Question};

use crate::http::access::{Access, Token, check_origin};
use crate::queued::check_memory_names;

/// The variable that holds the address to listen on, for errors.
pub const LISTEN_VARIABLE: &str = "SHOAL_HTTP_LISTEN";

/// Creates runs, and serves over HTTP and on the bus what is known of them.
///
/// It runs no simulation itself: nodes (`shoal-simulator`) do. It keeps nothing that is not
/// on the bus, so it may be restarted at any moment, and several may run side by side.
#[derive(Debug, Parser)]
#[command(name = "shoal-launcher", version = kit::build::version(None), after_help = kit::telemetry::HELP)]
pub struct Arguments {
    /// Where the bus is.
    #[command(flatten)]
    pub bus: BusArgs,
    /// A file with the seed of the nkey of the user who deletes runs, if that is another one
    #[arg(long, env = "SHOAL_JANITOR_NKEY", value_name = "FILE")]
    pub janitor_nkey: Option<PathBuf>,
    /// The address of the HTTP edge; one that is not a loopback address needs a token.
    #[arg(long, env = LISTEN_VARIABLE, default_value = "127.0.0.1:5001", value_name = "ADDRESS:PORT")]
    pub http: String,
    /// File with the token that whoever uses the HTTP edge must send (`Authorization: Bearer`).
    #[arg(long, env = "SHOAL_HTTP_TOKEN_FILE", value_name = "FILE")]
    pub http_token_file: Option<PathBuf>,
    /// Pages that may use the HTTP edge from a browser, e.g. http://localhost:3000.
    #[arg(long, env = "SHOAL_HTTP_ORIGINS", value_delimiter = ',', value_name = "ORIGINS")]
    pub http_origins: Vec<String>,
    /// Names that the HTTP edge answers to, beside localhost and its address; * is any.
    #[arg(long, env = "SHOAL_HTTP_HOSTS", value_delimiter = ',', value_name = "NAMES")]
    pub http_hosts: Vec<String>,
    /// Connections to the HTTP edge at a time.
    #[arg(
        long,
        env = "SHOAL_HTTP_CONNECTIONS",
        default_value = "1024",
        value_parser = clap::value_parser!(u32).range(1..=65_536),
        value_name = "N"
    )]
    pub http_connections: u32,
    /// Rounds per second of runs that are started over HTTP without a pace, as MiroFish's page
    /// does; unless given, as fast as possible.
    #[arg(long, env = "SHOAL_HTTP_PACE", value_parser = parse_pace, value_name = "ROUNDS_PER_SECOND")]
    pub http_pace: Option<u32>,
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
    /// Whether it does its work.
    #[command(flatten)]
    pub health: HealthArgs,
    /// What is asked instead of starting it.
    #[command(subcommand)]
    pub question: Option<Question>,
}

/// The arguments, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the bus is.
    pub bus: BusArgs,
    /// The key of the user who deletes runs, if that is another one.
    pub janitor_nkey: Option<PathBuf>,
    /// The address of the HTTP edge.
    pub http: SocketAddr,
    /// Who may use it.
    pub access: Access,
    /// Connections to it at a time.
    pub http_connections: usize,
    /// Thousandths of a round per second of runs that are started over HTTP without a pace.
    pub http_pace: Option<u32>,
    /// Where simulation folders are, if anywhere.
    pub data_dir: Option<PathBuf>,
    /// The memories of runs that are asked for without naming any.
    pub memory: Vec<String>,
    /// Where pages are read from; a temporary file if nowhere.
    pub read_model: Option<PathBuf>,
    /// Whether readiness needs a node and a sink.
    pub require_services: bool,
    /// Where it says whether it does its work.
    pub health: HealthArgs,
}

/// What the command line asks for.
#[derive(Clone, Debug)]
pub enum Wish {
    /// A launcher.
    Launcher(Box<Config>, Settings),
    /// An answer of the one that runs, on this socket.
    Ask(Option<PathBuf>, Question),
}

/// Reads the command line, the environment and the configuration file.
///
/// # Errors
/// What is wrong with them, or the help that was asked for; `print` shows either.
pub fn from_command_line() -> Result<Wish, clap::Error> {
    let (matches, settings) = kit::config::parse(Arguments::command(), std::env::args_os())?;
    let arguments = Arguments::from_arg_matches(&matches)?;
    if let Some(question) = arguments.question {
        return Ok(Wish::Ask(arguments.health.health_socket, question));
    }
    let config = check(arguments).map_err(|problems| {
        let text = format!("the configuration is not valid\n{problems}");
        Arguments::command().error(ErrorKind::ValueValidation, text)
    })?;
    Ok(Wish::Launcher(Box::new(config), settings))
}

fn check(arguments: Arguments) -> Result<Config, Problems> {
    let Arguments { bus, http, http_origins, http_hosts, data_dir, memory, .. } = arguments;
    let read_model = arguments.read_model;
    let mut problems = Vec::new();
    let token = arguments.http_token_file.as_deref().map(read_token).transpose();
    let token = token.unwrap_or_else(|problem| {
        problems.push(problem);
        None
    });
    let has_token = arguments.http_token_file.is_some();
    let address = check_address(&http, has_token).map_err(|problem| problems.push(problem)).ok();
    problems.extend(http_origins.iter().filter_map(|origin| {
        let expected = check_origin(origin).err()?;
        Some(Problem::new("--http-origins (SHOAL_HTTP_ORIGINS)", format!("{origin:?}"), &expected))
    }));
    if let Some(folder) = data_dir.as_ref().filter(|folder| !folder.is_dir()) {
        let expected = "a folder that is there and can be read";
        let found = folder.display().to_string();
        problems.push(Problem::new("--data-dir (SHOAL_SIMULATIONS_DIR)", found, expected));
    }
    problems.extend(read_model.as_deref().and_then(check_file));
    let memory = if memory == ["none"] { Vec::new() } else { memory };
    problems.extend(check_memory_names("--memory (SHOAL_MEMORY)", &memory));
    let config = address.map(|http| Config {
        bus,
        janitor_nkey: arguments.janitor_nkey,
        http,
        access: Access::new(http, &http_hosts, http_origins, token),
        http_connections: arguments.http_connections as usize,
        http_pace: arguments.http_pace,
        data_dir,
        memory,
        read_model,
        require_services: arguments.require_services,
        health: arguments.health,
    });
    Problems::none_or(problems, config)
}

/// The token in a file, of which only the end of its line is not meant.
fn read_token(file: &Path) -> Result<Token, Problem> {
    let place = format!("--http-token-file (SHOAL_HTTP_TOKEN_FILE), {}", file.display());
    let text = std::fs::read_to_string(file)
        .map_err(|error| Problem::new(place.as_str(), error.to_string(), "a file with a token"))?;
    Token::new(text.trim_end_matches(['\r', '\n']))
        .map_err(|expected| Problem::new(place, "another text", &expected))
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

fn check_address(text: &str, has_token: bool) -> Result<SocketAddr, Problem> {
    let place = format!("--http ({LISTEN_VARIABLE})");
    let address: SocketAddr = text.parse().map_err(|_| {
        Problem::new(place.as_str(), format!("{text:?}"), "ADDRESS:PORT, e.g. 127.0.0.1:5001")
    })?;
    if !address.ip().is_loopback() && !has_token {
        let expected = "a loopback address, e.g. 127.0.0.1:5001, or a token \
                        (--http-token-file): whoever reaches this address could start and stop \
                        runs";
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
    fn another_address_needs_a_token_and_no_error_shows_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        let name = file.to_str().unwrap();
        let asked = ["--http", "0.0.0.0:5001", "--http-token-file", name];
        assert!(read(&asked).unwrap_err().contains("expected a file with a token"));
        std::fs::write(&file, "hunter2\n").unwrap();
        let error = read(&asked).unwrap_err();
        assert!(error.contains("16 or more letters") && !error.contains("hunter2"), "{error}");
        std::fs::write(&file, "correct-horse-battery\r\n").unwrap();
        let config = read(&asked).unwrap();
        assert_eq!(config.http.to_string(), "0.0.0.0:5001");
        assert!(!format!("{config:?}").contains("horse"));
    }

    #[test]
    fn every_wrong_argument_is_named_at_once() {
        let arguments = [
            "--http",
            "0.0.0.0:5001",
            "--http-origins",
            "http://localhost:3000,*",
            "--data-dir",
            "/no/such",
            "--memory",
            "A b,x,x",
            "--read-model",
            "/no/such/file",
        ];
        assert_eq!(
            read(&arguments).unwrap_err(),
            "--http (SHOAL_HTTP_LISTEN): found 0.0.0.0:5001, expected a loopback address, e.g. \
             127.0.0.1:5001, or a token (--http-token-file): whoever reaches this address could \
             start and stop runs\n\
             --http-origins (SHOAL_HTTP_ORIGINS): found \"*\", expected scheme://name[:port] \
             without a path, e.g. http://localhost:3000\n\
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
