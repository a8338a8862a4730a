//! One configuration file for all programs: its keys are the names of the environment's
//! variables in lower case, its values what the variables would hold.
//!
//! A value counts where neither the command line nor the environment gives one. The file is
//! the one that `--config` or `SHOAL_CONFIG` names, else `shoal/config.toml` in
//! `XDG_CONFIG_HOME` (or `~/.config`), if it is there. All programs read the same file, so each
//! takes every key of [`KNOWN`] and uses its own.

mod file;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::builder::OsStr as ClapOsStr;
use clap::error::ErrorKind;
use clap::{Arg, ArgMatches, Command, ValueHint};

use self::file::read;

/// The variable that names the configuration file.
pub const CONFIG_VARIABLE: &str = "SHOAL_CONFIG";

/// The variables of all programs, and so the keys of the file. Tests hold this list to what the
/// programs read.
pub const KNOWN: [&str; 33] = [
    "NATS_CA",
    "NATS_CERT",
    "NATS_CREDS",
    "NATS_INBOX_PREFIX",
    "NATS_KEY",
    "NATS_NKEY",
    "NATS_URL",
    "SHOAL_HEALTH_SOCKET",
    "SHOAL_HTTP_CONNECTIONS",
    "SHOAL_HTTP_HOSTS",
    "SHOAL_HTTP_LISTEN",
    "SHOAL_HTTP_ORIGINS",
    "SHOAL_HTTP_PACE",
    "SHOAL_HTTP_TOKEN_FILE",
    "SHOAL_HTTP_URL",
    "SHOAL_HUNG_SECONDS",
    "SHOAL_IDLE_SECONDS",
    "SHOAL_JANITOR_NKEY",
    "SHOAL_LEASE_SECONDS",
    "SHOAL_LLM_ENDPOINTS",
    "SHOAL_LOG",
    "SHOAL_LOG_FORMAT",
    "SHOAL_MEMORY",
    "SHOAL_MEMORY_DIR",
    "SHOAL_MEMORY_TARGETS",
    "SHOAL_METRICS_LISTEN",
    "SHOAL_NODE",
    "SHOAL_PREFIX",
    "SHOAL_READ_MODEL",
    "SHOAL_REQUIRE_SERVICES",
    "SHOAL_SIMULATIONS_DIR",
    "SHOAL_SLOTS",
    "SHOAL_STOP_GRACE_SECONDS",
];

/// What the configuration file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The file, if there is one.
    pub path: Option<PathBuf>,
    /// What to warn of once there is a log.
    pub warnings: Vec<String>,
    values: BTreeMap<String, Setting>,
}

/// One value of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// As the variable would hold it.
    pub value: String,
    /// The line that its key stands in, from 1.
    pub line: usize,
}

impl Settings {
    /// The value for a variable, e.g. `NATS_URL`.
    pub fn get(&self, variable: &str) -> Option<&Setting> {
        self.values.get(variable)
    }

    /// The values by variable.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Setting)> {
        self.values.iter().map(|(name, setting)| (name.as_str(), setting))
    }
}

/// Reads a command line, with the environment and the configuration file behind it.
///
/// # Errors
/// What is wrong with the command line or the file (everything that is wrong with the file), or
/// the help that was asked for; fit to be printed.
pub fn parse(
    command: Command,
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<(ArgMatches, Settings), clap::Error> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let has_argument = command.get_arguments().any(|argument| argument.get_id() == "config");
    let mut command = if has_argument { command } else { command.arg(argument()) };
    let settings = load(&command, &arguments).map_err(|problems| {
        command.error(
            ErrorKind::ValueValidation,
            format!("the configuration is not valid\n{problems}"),
        )
    })?;
    let matches = with_defaults(command, &settings).try_get_matches_from(arguments)?;
    Ok((matches, settings))
}

/// True for a value that is shown to nobody.
pub fn is_secret(variable: &str, value: &str) -> bool {
    let ends = ["_TOKEN", "_PASSWORD", "_SECRET", "_KEY"];
    let has_login = variable == "NATS_URL" && value.contains('@');
    has_login || ends.iter().any(|end| variable.ends_with(end))
}

/// The environment's variables that a command and those below it read, each with its argument.
pub fn variables(command: &Command) -> BTreeMap<String, Arg> {
    let own = command.get_arguments().filter_map(|argument| {
        let name = argument.get_env()?.to_string_lossy().into_owned();
        (name != CONFIG_VARIABLE).then(|| (name, argument.clone()))
    });
    own.chain(command.get_subcommands().flat_map(variables)).collect()
}

/// The argument that names the file. [`parse`] adds it to a command that does not have it.
pub fn argument() -> Arg {
    Arg::new("config")
        .long("config")
        .value_name("FILE")
        .env(CONFIG_VARIABLE)
        .global(true)
        .value_hint(ValueHint::FilePath)
        .value_parser(clap::value_parser!(PathBuf))
        .help("The configuration file; its keys are the variables of the environment in lower case")
        .long_help(
            "The configuration file, in TOML; its keys are the variables of the environment in \
             lower case. Where neither this nor the variable is given: shoal/config.toml in \
             XDG_CONFIG_HOME (or ~/.config), if it is there",
        )
}

fn load(command: &Command, arguments: &[OsString]) -> Result<Settings, String> {
    let environment = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    match named(arguments).or_else(|| environment(CONFIG_VARIABLE)) {
        Some(path) => read(Path::new(&path), &variables(command)),
        None => match usual_path(environment).filter(|path| path.is_file()) {
            Some(path) => read(&path, &variables(command)),
            None => Ok(Settings::default()),
        },
    }
}

/// The file that the command line names. It is needed before the command line can be read.
fn named(arguments: &[OsString]) -> Option<OsString> {
    let mut words = arguments.iter().take_while(|word| *word != "--");
    while let Some(word) = words.next() {
        if word == "--config" {
            return words.next().cloned();
        }
        if let Some(file) = word.to_str().and_then(|word| word.strip_prefix("--config=")) {
            return Some(file.into());
        }
    }
    None
}

fn usual_path(environment: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let folder = environment("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .filter(|folder| folder.is_absolute())
        .or_else(|| Some(PathBuf::from(environment("HOME")?).join(".config")))?;
    Some(folder.join("shoal/config.toml"))
}

/// The command, with the file's values as the defaults of its arguments. Clap itself lets the
/// command line and the environment go before a default.
fn with_defaults(command: Command, settings: &Settings) -> Command {
    let command = command.mut_args(|argument| {
        let variable = argument.get_env().map(|name| name.to_string_lossy().into_owned());
        match variable.and_then(|name| settings.get(&name)) {
            Some(setting) => argument.default_value(ClapOsStr::from(setting.value.clone())),
            None => argument,
        }
    });
    command.mut_subcommands(|below| with_defaults(below, settings))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ArgAction;
    use clap::parser::ValueSource;

    fn program() -> Command {
        let names = Arg::new("memory").long("memory").env("SHOAL_MEMORY");
        Command::new("program")
            .arg(Arg::new("node").long("node").env("SHOAL_NODE").default_value("ours"))
            .arg(names.value_delimiter(',').action(ArgAction::Append).default_value("local"))
            .arg(
                Arg::new("services")
                    .long("require-services")
                    .env("SHOAL_REQUIRE_SERVICES")
                    .value_parser(clap::builder::BoolishValueParser::new())
                    .action(ArgAction::SetTrue),
            )
            .subcommand(
                Command::new("work").arg(
                    Arg::new("slots")
                        .long("slots")
                        .env("SHOAL_SLOTS")
                        .value_parser(clap::value_parser!(u16).range(1..=1000)),
                ),
            )
    }

    fn parsed(text: &str, arguments: &[&str]) -> Result<(ArgMatches, Settings), String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, text).unwrap();
        let words = ["program", "--config", path.to_str().unwrap()].into_iter();
        let words = words.chain(arguments.iter().copied()).map(OsString::from);
        let prefix = format!("{}/", folder.path().display());
        parse(program(), words).map_err(|error| error.to_string().replace(&prefix, ""))
    }

    #[test]
    fn the_file_stands_behind_the_command_line_and_before_the_default() {
        let text = "shoal_node = \"theirs\"\nshoal_memory = [\"a\", \"b\"]\n\
                    shoal_require_services = true\nshoal_slots = 4\nshoal_log = \"debug\"\n";
        let (matches, settings) = parsed(text, &["work"]).unwrap();
        assert_eq!(matches.get_one::<String>("node").unwrap(), "theirs");
        assert_eq!(matches.value_source("node"), Some(ValueSource::DefaultValue));
        let memory: Vec<&String> = matches.get_many("memory").unwrap().collect();
        assert_eq!(memory, ["a", "b"]);
        assert!(matches.get_flag("services"));
        let work = matches.subcommand_matches("work").unwrap();
        assert_eq!(work.get_one::<u16>("slots"), Some(&4));
        let log = Setting { value: "debug".to_owned(), line: 5 };
        assert_eq!(settings.get("SHOAL_LOG"), Some(&log));
        let (matches, _) = parsed(text, &["--node", "mine"]).unwrap();
        assert_eq!(matches.get_one::<String>("node").unwrap(), "mine");
    }

    #[test]
    fn all_problems_of_a_file_are_told_at_once() {
        let text = "shoal_nod = \"x\"\n\nshoal_slots = 0\nshoal_node = 1.5\n\
                    shoal_require_services = 3\nnats_url = { a = 1 }\nshoal_memory = [1]\n\
                    [more]\nx = 1\n";
        let error = parsed(text, &[]).unwrap_err();
        let lines: Vec<&str> = error.lines().collect();
        assert_eq!(
            lines[..8],
            [
                "error: the configuration is not valid",
                "config.toml line 1: found the key \"shoal_nod\", expected \"shoal_node\" (did you mean that?)",
                "config.toml line 3, shoal_slots: found \"0\": 0 is not in 1..=1000",
                "config.toml line 4, shoal_node: found a decimal, expected a text, an integer, true or false, or a list of texts",
                "config.toml line 5, shoal_require_services: found 3, expected true or false",
                "config.toml line 6, nats_url: found a table, expected a text, an integer, true or false, or a list of texts",
                "config.toml line 7, shoal_memory: found a list with an integer, expected a list of texts",
                "config.toml line 8: found the table \"more\", expected keys alone: the file has no tables",
            ]
        );
    }

    #[test]
    fn what_is_no_toml_or_not_there_says_where() {
        let error = parsed("shoal_node = \nnats_url = \"a\"\n", &[]).unwrap_err();
        assert!(error.contains("config.toml line 1, column 14: found"), "{error}");
        let words = ["program", "--config=no/such.toml"].map(OsString::from);
        let error = parse(program(), words).unwrap_err().to_string();
        assert!(error.contains("no/such.toml: found No such file"), "{error}");
    }

    #[test]
    fn the_file_is_looked_for_where_people_keep_such() {
        let path = |known: &[(&'static str, &'static str)]| {
            let known = known.to_vec();
            usual_path(move |name| {
                known.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into())
            })
        };
        let xdg = ("XDG_CONFIG_HOME", "/etc/people");
        let at_home = ("HOME", "/people/ada");
        assert_eq!(path(&[xdg, at_home]), Some("/etc/people/shoal/config.toml".into()));
        assert_eq!(path(&[at_home]), Some("/people/ada/.config/shoal/config.toml".into()));
        assert_eq!(path(&[]), None);
    }

    #[test]
    fn a_file_with_a_secret_that_others_may_read_is_warned_of() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        let warnings = |text: &str, mode: u32| {
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            read(&path, &variables(&program())).unwrap().warnings
        };
        let secret = "nats_url = \"nats://ada:s3cret@bus\"\n";
        let told = warnings(secret, 0o644);
        assert!(told[0].contains("chmod 600") && !told[0].contains("s3cret"), "{told:?}");
        assert_eq!(warnings(secret, 0o600), [""; 0]);
        assert_eq!(warnings("nats_url = \"nats://bus\"\n", 0o644), [""; 0]);
        assert!(is_secret("SHOAL_HTTP_TOKEN", "x") && !is_secret("NATS_CREDS", "x"));
    }
}
