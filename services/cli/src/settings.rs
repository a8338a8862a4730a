//! `config`: the settings in effect, and where each came from.

use std::collections::BTreeMap;

use bus::shown_url;
use clap::ArgMatches;
use clap::parser::ValueSource;
use kit::config::{KNOWN, Settings, is_secret, variables};
use serde::Serialize;

use crate::args::command;
use crate::failure::Failure;
use crate::output::{Output, Paint, columns, one_line};

/// The help of `config`.
pub const ABOUT: &str = "\
Show the settings in effect, each with where it came from: an option, a variable of the \
environment, the configuration file, or nowhere (the default). Settings of the services are \
shown where the environment or the file gives them, as services started from here would read \
them. Secrets are hidden.

The file is the one that --config or SHOAL_CONFIG names, else ~/.config/shoal/config.toml. Its \
keys are the variables in lower case:

  nats_url = \"nats://127.0.0.1:4222\"
  shoal_slots = 4
  shoal_memory = [\"local\", \"hook\"]

With --json: {\"file\": .., \"settings\": [{\"name\": .., \"value\": .., \"source\": .., \"line\": ..}]}.

Example:
  shoal config --config team.toml";

/// The settings. With `--json` printed as they are.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Report {
    /// The configuration file, if there is one.
    file: Option<String>,
    settings: Vec<Row>,
}

/// One setting.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Row {
    /// The variable.
    name: String,
    /// Its value, null if it has none.
    value: Option<String>,
    source: Source,
    /// The line of the file, if that is where it came from.
    line: Option<usize>,
}

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Source {
    Flag,
    Environment,
    File,
    Default,
}

/// `shoal config`.
///
/// # Errors
/// If it cannot be printed.
pub fn config(
    matches: &ArgMatches,
    settings: &Settings,
    json: bool,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let environment = |name: &str| std::env::var(name).ok();
    let report = Report::of(matches, settings, environment);
    if json {
        return Ok(output.print_json(&report)?);
    }
    Ok(output.print(&report.render(output.paint()))?)
}

impl Report {
    fn of(
        matches: &ArgMatches,
        settings: &Settings,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Report {
        let own: BTreeMap<String, clap::Arg> = variables(&command());
        let row = |name: &str| match own.get(name) {
            Some(argument) => Some(of_ours(name, argument.get_id().as_str(), matches, settings)),
            None => of_a_service(name, settings, environment(name)),
        };
        let file = settings.path.as_ref().map(|path| path.display().to_string());
        Report { file, settings: KNOWN.iter().filter_map(|name| row(name)).collect() }
    }

    fn render(&self, paint: Paint) -> String {
        let rows: Vec<Vec<String>> = self
            .settings
            .iter()
            .map(|row| {
                let source = match (row.source, row.line) {
                    (Source::Flag, _) => "option".to_owned(),
                    (Source::Environment, _) => "environment".to_owned(),
                    (Source::File, Some(line)) => format!("file, line {line}"),
                    (Source::File, None) => "file".to_owned(),
                    (Source::Default, _) => "default".to_owned(),
                };
                let value = row.value.as_deref().map_or("-".to_owned(), |v| one_line(v, 200));
                vec![row.name.clone(), value, paint.dim(&source)]
            })
            .collect();
        let file = match &self.file {
            Some(file) => format!("file: {}", one_line(file, 200)),
            None => "no configuration file".to_owned(),
        };
        format!("{}\n{}", paint.bold(&file), columns(&rows, &[]).join("\n"))
    }
}

/// A setting that this program reads itself.
fn of_ours(name: &str, id: &str, matches: &ArgMatches, settings: &Settings) -> Row {
    let raw = matches.get_raw(id).map(|values| {
        let values = values.map(|value| value.to_string_lossy().into_owned());
        values.collect::<Vec<_>>().join(",")
    });
    let in_file = settings.get(name);
    let (source, line) = match matches.value_source(id) {
        Some(ValueSource::CommandLine) => (Source::Flag, None),
        Some(ValueSource::EnvVariable) => (Source::Environment, None),
        _ => in_file.map_or((Source::Default, None), |setting| (Source::File, Some(setting.line))),
    };
    Row { name: name.to_owned(), value: raw.map(|value| shown(name, &value)), source, line }
}

/// A setting of the services, if anything gives it.
fn of_a_service(name: &str, settings: &Settings, environment: Option<String>) -> Option<Row> {
    let (value, source, line) = match (environment, settings.get(name)) {
        (Some(value), _) => (value, Source::Environment, None),
        (None, Some(setting)) => (setting.value.clone(), Source::File, Some(setting.line)),
        (None, None) => return None,
    };
    Some(Row { name: name.to_owned(), value: Some(shown(name, &value)), source, line })
}

/// A value without what nobody is to see.
fn shown(name: &str, value: &str) -> String {
    match (name, is_secret(name, value)) {
        ("NATS_URL", _) => shown_url(value),
        (_, true) => "(hidden)".to_owned(),
        // A login may stand in any address.
        (_, false) if value.contains("://") => shown_url(value),
        (_, false) => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

    #[test]
    fn each_setting_says_where_it_came_from_and_secrets_stay_hidden() {
        let folder = std::env::temp_dir().join(format!("shoal-settings-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("config.toml");
        std::fs::write(&path, "nats_url = \"nats://ada:s3cret@bus:1\"\n\nshoal_slots = 3\n")
            .unwrap();
        let words = ["shoal", "config", "--prefix", "lab", "--config", path.to_str().unwrap()];
        let (matches, settings) = kit::config::parse(command(), words.map(OsString::from)).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        let environment = |name: &str| (name == "SHOAL_HTTP_TOKEN").then(|| "s3cret".to_owned());
        let report = Report::of(&matches, &settings, environment);
        let row = |name: &str| report.settings.iter().find(|row| row.name == name).unwrap();
        let url = row("NATS_URL");
        assert_eq!((url.source, url.line), (Source::File, Some(1)));
        assert_eq!(row("SHOAL_PREFIX").source, Source::Flag);
        assert_eq!((row("SHOAL_SLOTS").source, row("SHOAL_SLOTS").line), (Source::File, Some(3)));
        assert!(report.settings.iter().all(|row| row.name != "SHOAL_NODE"));
        let text = report.render(Paint::PLAIN);
        assert!(!text.contains("s3cret") && text.contains("file, line 3"), "{text}");
        assert_eq!(shown("SHOAL_HTTP_TOKEN", "s3cret"), "(hidden)");
        assert_eq!(shown("SHOAL_HTTP_URL", "https://ada:s3cret@edge:1/x"), "https://edge:1/x");
    }

    #[test]
    fn every_variable_of_ours_may_stand_in_the_file() {
        let strangers: Vec<String> =
            variables(&command()).into_keys().filter(|name| !KNOWN.contains(&&**name)).collect();
        assert_eq!(strangers, [""; 0]);
    }
}
