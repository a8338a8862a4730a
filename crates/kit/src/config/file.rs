//! The configuration file itself: TOML in, checked values or all problems out.

use std::collections::BTreeMap;
use std::error::Error;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use clap::{Arg, Command};
use toml::de::{DeTable, DeValue};

use super::{KNOWN, Setting, Settings, is_secret};

/// The most bytes that are read.
const MAX_BYTES: u64 = 64 * 1024;

/// What a value may be.
const VALUE: &str = "a text, an integer, true or false, or a list of texts";

/// Reads a file. `arguments`: those of the program that reads it, by variable; they check its
/// values. The values of other programs are theirs to check.
///
/// # Errors
/// All that is wrong with it, one problem a line.
pub(super) fn read(path: &Path, arguments: &BTreeMap<String, Arg>) -> Result<Settings, String> {
    let shown = path.display();
    let unreadable = |error: std::io::Error| {
        format!("{shown}: found {error}, expected a readable file (--config, SHOAL_CONFIG)")
    };
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if metadata.len() > MAX_BYTES {
        let found = metadata.len();
        return Err(format!("{shown}: found {found} bytes, expected at most {MAX_BYTES}"));
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let values = check(&text, &shown.to_string(), arguments)?;
    let has_secret = values.iter().any(|(name, setting)| is_secret(name, &setting.value));
    let mode = metadata.permissions().mode();
    let warnings = (has_secret && mode & 0o077 != 0)
        .then(|| format!("{shown} holds a secret and others may read it: chmod 600 {shown}"));
    Ok(Settings { path: Some(path.to_owned()), warnings: warnings.into_iter().collect(), values })
}

fn check(
    text: &str,
    file: &str,
    arguments: &BTreeMap<String, Arg>,
) -> Result<BTreeMap<String, Setting>, String> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let problem = |error: &toml::de::Error| {
            let at = error.span().map_or(0, |span| span.start);
            let (line, column) = place(text, at);
            let found = error.message().replace('\n', ", ");
            format!("{file} line {line}, column {column}: found no TOML, {found}")
        };
        return Err(errors.iter().map(problem).collect::<Vec<_>>().join("\n"));
    }
    let mut values = BTreeMap::new();
    let mut problems = Vec::new();
    for (key, value) in table.get_ref() {
        let (line, _) = place(text, key.span().start);
        let (key, variable) = (key.get_ref().as_ref(), key.get_ref().to_ascii_uppercase());
        let is_known = KNOWN.contains(&variable.as_str()) && key == variable.to_ascii_lowercase();
        let checked = match (is_known, value.get_ref()) {
            (false, DeValue::Table(_)) => Err(format!(
                ": found the table {key:?}, expected keys alone: the file has no tables"
            )),
            (false, _) => Err(format!(": found the key {key:?}, expected {}", meant(key))),
            (true, value) => as_variable(value)
                .and_then(|value| fits(&variable, &value, arguments.get(&variable)).map(|()| value))
                .map_err(|problem| format!(", {key}: {problem}")),
        };
        match checked {
            Ok(value) => {
                values.insert(variable, Setting { value, line });
            }
            Err(problem) => problems.push((line, format!("{file} line {line}{problem}"))),
        }
    }
    problems.sort();
    match problems.is_empty() {
        true => Ok(values),
        false => Err(problems.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join("\n")),
    }
}

/// A value as its variable would hold it.
fn as_variable(value: &DeValue<'_>) -> Result<String, String> {
    let found = |what: &str| Err(format!("found {what}, expected {VALUE}"));
    match value {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Boolean(value) => Ok(value.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map(|number| number.to_string())
            .or_else(|_| found("an integer that is too large")),
        DeValue::Array(values) => {
            let texts: Result<Vec<&str>, String> = values
                .iter()
                .map(|value| {
                    value.get_ref().as_str().ok_or_else(|| {
                        let kind = kind(value.get_ref());
                        format!("found a list with {kind}, expected a list of texts")
                    })
                })
                .collect();
            Ok(texts?.join(","))
        }
        other @ (DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_)) => {
            found(kind(other))
        }
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a decimal",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// Ok if the program's argument takes the value.
fn fits(variable: &str, value: &str, argument: Option<&Arg>) -> Result<(), String> {
    let Some(argument) = argument else { return Ok(()) };
    let found = if is_secret(variable, value) {
        "a secret that is not shown".to_owned()
    } else if value.parse::<i64>().is_ok_and(|_| is_flag(argument)) {
        value.to_owned()
    } else {
        format!("{value:?}")
    };
    if is_flag(argument) {
        return match value {
            "true" | "false" => Ok(()),
            _ => Err(format!("found {found}, expected true or false")),
        };
    }
    let Some(long) = argument.get_long() else { return Ok(()) };
    // The argument alone, so that nothing else can be wrong.
    let alone = Command::new("file").arg(argument.clone().required(false));
    match alone.try_get_matches_from(["file", &format!("--{long}={value}")]) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("found {found}: {}", complaint(&error))),
    }
}

fn is_flag(argument: &Arg) -> bool {
    !argument.get_action().takes_values()
}

/// What clap says of it, in one line.
fn complaint(error: &clap::Error) -> String {
    match error.source() {
        Some(source) => source.to_string(),
        None => error.to_string().lines().next().unwrap_or_default().to_owned(),
    }
}

/// The key that was probably meant, or where to find all.
fn meant(key: &str) -> String {
    let lowered = key.to_ascii_lowercase();
    let known = KNOWN.map(str::to_ascii_lowercase);
    let likely = known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(&lowered, name), name))
        .filter(|(edits, name)| *edits <= 3 && edits * 3 < name.len())
        .min();
    match likely {
        Some((_, name)) => format!("{name:?} (did you mean that?)"),
        None => format!("one of {}", known.join(", ")),
    }
}

/// The line and column of a byte, from 1.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = &text.as_bytes()[..at.min(text.len())];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    (line, column)
}
