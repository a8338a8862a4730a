//! What the operator wants: flags, environment, and the file of targets.
//!
//! The file, with every field that there is:
//!
//! ```json
//! {"targets": {
//!   "local": {"kind": "sqlite"},
//!   "hook": {
//!     "kind": "http",
//!     "url": "https://memory.example/episodes",
//!     "headers": {"X-Team": "blue"},
//!     "header_files": {"Authorization": "hook-token"},
//!     "body": {"graph": "{{graph_id}}", "name": "{{batch_id}}", "rows": "{{episodes}}"}
//!   }
//! }}
//! ```
//!
//! A run names its memories by these names. `header_files` are files that hold a header's
//! value, beside this one; `url_file` may stand for `url` in the same way. `body` is JSON in
//! which a text may hold `{{batch_id}}`, `{{graph_id}}`, `{{run_id}}`, `{{platform}}`,
//! `{{round}}`, `{{simulated_time}}` and `{{text}}` (all episodes, one per line), or be
//! `{{episodes}}` (the list). Without it, the body has each of them under its name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bus::BusArgs;
use contract::door::{Door, Object, describe};
use contract::id::{NAME_RULE, is_name};
use contract::problem::{Problem, Problems, suggest};
use reqwest::Url;
use reqwest::header::{CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use crate::adapters::http::{IDEMPOTENCY_KEY, Webhook};
use crate::adapters::template::Template;

/// Reads what the agents did and hands it to memories.
///
/// Every frame of every run is read once; the successful actions of a run go, as lines of
/// natural language, to the memories that the run names. Run one instance per prefix.
#[derive(clap::Parser, Clone)]
#[command(name = "shoal-memory-sink", version)]
pub struct Args {
    /// Where the bus is.
    #[command(flatten)]
    pub bus: BusArgs,
    /// The folder of the embedded memory, which one instance owns.
    #[arg(long, env = "SHOAL_MEMORY_DIR", default_value = "./.data/memory")]
    pub memory_dir: PathBuf,
    /// A JSON file with the memories that runs may name; without it there is the embedded one,
    /// under the name `local`.
    #[arg(long, env = "SHOAL_MEMORY_TARGETS", value_name = "FILE")]
    pub targets: Option<PathBuf>,
}

/// A memory that runs may name.
#[derive(Clone, Debug)]
pub enum TargetConfig {
    /// The embedded one.
    Sqlite,
    /// A webhook.
    Http(Box<Webhook>),
}

/// The targets by name; at most one of them is the embedded one.
pub type Targets = BTreeMap<String, TargetConfig>;

const KINDS: [&str; 2] = ["sqlite", "http"];

/// The targets that `file` defines, or the default ones. The files that it names (those of
/// secrets) are looked for beside it.
///
/// # Errors
/// All that is wrong with it, the files that it names included.
pub fn read_targets(file: Option<&Path>) -> Result<Targets, Problems> {
    let Some(path) = file else {
        return Ok(BTreeMap::from([("local".to_owned(), TargetConfig::Sqlite)]));
    };
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| {
        Problem::new(&name, error.to_string(), "a readable file (SHOAL_MEMORY_TARGETS)")
    })?;
    let value: Value = serde_json::from_str(&text)
        .map_err(|error| Problem::new(&name, error.to_string(), "a JSON object"))?;
    let door = Door::new(name);
    let folder = path.parent().unwrap_or(Path::new("."));
    let targets = door.root(&value).and_then(|root| read_file(&door, &root, folder));
    door.close(targets)
}

fn read_file(door: &Door, root: &Object<'_>, folder: &Path) -> Option<Targets> {
    root.refuse_unknown(&["targets"]);
    let entries = root.require("targets", "an object of targets by name")?;
    let Value::Object(entries) = entries else {
        root.report("targets", describe(entries), "an object of targets by name");
        return None;
    };
    if entries.is_empty() {
        root.report("targets", "nothing", "at least one target");
    }
    let mut targets = BTreeMap::new();
    for (name, value) in entries {
        let pointer = format!("/targets/{}", name.replace('~', "~0").replace('/', "~1"));
        // It is a token of keys in the ledger.
        if !is_name(name) {
            door.report(&pointer, format!("the name {name:?}"), NAME_RULE);
        }
        let object = door.object(value, pointer.clone());
        let Some(target) = object.and_then(|object| read_target(door, &object, folder)) else {
            continue;
        };
        let embedded = targets.values().any(|target| matches!(target, TargetConfig::Sqlite));
        if embedded && matches!(target, TargetConfig::Sqlite) {
            door.report(&pointer, "a second target of kind sqlite", "one: there is one file");
        }
        targets.insert(name.clone(), target);
    }
    Some(targets)
}

fn read_target(door: &Door, object: &Object<'_>, folder: &Path) -> Option<TargetConfig> {
    object.require("kind", "sqlite or http");
    match object.text("kind")? {
        "sqlite" => {
            object.refuse_unknown(&["kind"]);
            Some(TargetConfig::Sqlite)
        }
        "http" => {
            let fields = ["kind", "url", "url_file", "headers", "header_files", "body"];
            object.refuse_unknown(&fields);
            let url = read_url(object, folder);
            let headers = read_headers(object, folder);
            let body = match object.get("body") {
                Some(body) => Template::read(door, &object.pointer("body"), body),
                None => Template::all_fields(),
            };
            Some(TargetConfig::Http(Box::new(Webhook { url: url?, headers, body })))
        }
        other => {
            let expected = match suggest(other, &KINDS) {
                Some(meant) => format!("{meant:?} (did you mean that?)"),
                None => "sqlite or http".to_owned(),
            };
            object.report("kind", format!("{other:?}"), &expected);
            None
        }
    }
}

/// The address from `url`, or from the file that `url_file` names. What is wrong with it is
/// said without showing it.
fn read_url(object: &Object<'_>, folder: &Path) -> Option<Url> {
    let (key, text) = match (object.get("url"), object.get("url_file")) {
        (Some(_), Some(_)) => {
            object.report("url_file", "url beside it", "one of them");
            return None;
        }
        (None, Some(_)) => {
            let file = object.text("url_file")?;
            ("url_file", read_secret(object, "url_file", file, folder, "the address")?)
        }
        _ => {
            object.require("url", "the address to post to, or url_file in its place");
            ("url", object.text("url")?.to_owned())
        }
    };
    let expected = "an address that begins with http:// or https://";
    match Url::parse(&text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Some(url),
        // What stands in a file may be no address, and what looks like a scheme a part of a token.
        Ok(_) if key == "url_file" => {
            object.report(key, "an address of another scheme", expected);
            None
        }
        Ok(url) => {
            object.report(key, format!("an address of scheme {:?}", url.scheme()), expected);
            None
        }
        Err(error) => {
            object.report(key, error.to_string(), expected);
            None
        }
    }
}

/// The headers from `headers` and `header_files`, none twice.
fn read_headers(object: &Object<'_>, folder: &Path) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for section in ["headers", "header_files"] {
        let Some(entries) = object.get(section) else { continue };
        let (Some(entries), Some(inner)) = (entries.as_object(), object.object(section)) else {
            // Reported by `object`, unless the value is an object after all.
            continue;
        };
        for name in entries.keys() {
            let Some(text) = inner.text(name) else { continue };
            let value = match section {
                "headers" => Some(text.to_owned()),
                _ => read_secret(&inner, name, text, folder, "the header's value"),
            };
            let Some(header) = read_header_name(&inner, name, &headers) else { continue };
            let Some(value) = value else { continue };
            match HeaderValue::from_str(&value) {
                Ok(mut value) => {
                    value.set_sensitive(true);
                    headers.insert(header, value);
                }
                Err(_) => inner.report(name, "control characters", "a header's value, one line"),
            }
        }
    }
    headers
}

fn read_header_name(inner: &Object<'_>, name: &str, taken: &HeaderMap) -> Option<HeaderName> {
    let Ok(header) = HeaderName::from_bytes(name.as_bytes()) else {
        inner.report(name, format!("the name {name:?}"), "a header's name");
        return None;
    };
    if header == HOST || header == CONTENT_LENGTH || header == IDEMPOTENCY_KEY {
        inner.report(name, "a header that the sink sets", "others");
        return None;
    }
    if taken.contains_key(&header) {
        inner.report(name, "a header that is there already", "each once");
        return None;
    }
    Some(header)
}

/// The content of a file that holds `what`, without the line end that editors leave. Its name is
/// not shown: it may be what should stand in the file.
fn read_secret(
    object: &Object<'_>,
    key: &str,
    file: &str,
    folder: &Path,
    what: &str,
) -> Option<String> {
    match std::fs::read_to_string(folder.join(file)) {
        Ok(text) => Some(text.trim_end().to_owned()),
        Err(error) => {
            let expected = format!("the name of a file that holds {what}, beside this one");
            object.report(key, error.to_string(), &expected);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use serde_json::json;

    /// Reads `targets` as a file in a folder with a file `token`, and one, `place`, that holds a
    /// secret where an address belongs.
    fn read(targets: &Value) -> Result<Targets, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("targets.json");
        std::fs::write(&path, json!({ "targets": targets }).to_string()).unwrap();
        std::fs::write(folder.path().join("token"), "Bearer s3cret\n").unwrap();
        std::fs::write(folder.path().join("place"), "s3cret:token\n").unwrap();
        let prefix = format!("{}/", folder.path().display());
        read_targets(Some(&path)).map_err(|problems| problems.to_string().replace(&prefix, ""))
    }

    #[test]
    fn the_command_line_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn without_a_file_there_is_the_embedded_memory() {
        let targets = read_targets(None).unwrap();
        assert!(matches!(targets["local"], TargetConfig::Sqlite) && targets.len() == 1);
    }

    #[test]
    fn a_webhook_gets_its_secrets_from_files_and_shows_none() {
        let targets = read(&json!({
            "local": {"kind": "sqlite"},
            "hook": {
                "kind": "http", "url": "https://memory.example/in?key=k3y",
                "headers": {"X-Team": "blue"}, "header_files": {"Authorization": "token"},
                "body": {"say": "{{text}}"},
            },
        }))
        .unwrap();
        let TargetConfig::Http(hook) = &targets["hook"] else { panic!("{targets:?}") };
        assert_eq!(hook.headers["authorization"], "Bearer s3cret");
        assert_eq!(hook.headers["x-team"], "blue");
        let shown = format!("{targets:?} {:?}", hook.headers);
        assert!(!shown.contains("s3cret") && !shown.contains("k3y"), "{shown}");
    }

    #[test]
    fn every_problem_of_the_file_is_named() {
        let error = read(&json!({
            "A.b": {"kind": "sqlite"},
            "ftp": {"kind": "http", "url": "ftp://x/"},
            "hook": {
                "kind": "http", "urll": "x", "header_files": {"Authorization": "gone"},
                "headers": {"Host": "x", "bad name": "x", "X-Lines": "a\nb", "X-Number": 1},
                "body": {"say": "{{texts}}"},
            },
            "odd": {"kind": "sqlit"},
            "two": {"kind": "sqlite"},
        }))
        .unwrap_err();
        assert_eq!(
            error.lines().collect::<Vec<_>>(),
            [
                "targets.json /targets/A.b: found the name \"A.b\", expected 1 to 32 of a-z, 0-9, \
                 _ and -, beginning with a letter or digit",
                "targets.json /targets/ftp/url: found an address of scheme \"ftp\", expected an \
                 address that begins with http:// or https://",
                "targets.json /targets/hook/urll: found an unknown field, expected \"url\" (did \
                 you mean that?)",
                "targets.json /targets/hook/url: found nothing, expected the address to post to, \
                 or url_file in its place",
                "targets.json /targets/hook/headers/Host: found a header that the sink sets, \
                 expected others",
                "targets.json /targets/hook/headers/X-Lines: found control characters, expected \
                 a header's value, one line",
                "targets.json /targets/hook/headers/X-Number: found 1, expected a text",
                "targets.json /targets/hook/headers/bad name: found the name \"bad name\", \
                 expected a header's name",
                "targets.json /targets/hook/header_files/Authorization: found No such file or \
                 directory (os error 2), expected the name of a file that holds the header's \
                 value, beside this one",
                "targets.json /targets/hook/body/say: found {{texts}}, expected {{text}} (did you \
                 mean that?)",
                "targets.json /targets/odd/kind: found \"sqlit\", expected \"sqlite\" (did you \
                 mean that?)",
                "targets.json /targets/two: found a second target of kind sqlite, expected one: \
                 there is one file",
            ]
        );
    }

    #[test]
    fn what_looks_like_a_scheme_in_a_file_is_not_shown() {
        let hook = json!({"kind": "http", "url_file": "place", "body": {"say": "{{text}}"}});
        assert_eq!(
            read(&json!({ "hook": hook })).unwrap_err(),
            "targets.json /targets/hook/url_file: found an address of another scheme, expected an \
             address that begins with http:// or https://"
        );
    }

    /// Who writes a secret where the name of its file belongs is not shown it.
    #[test]
    fn what_stands_in_the_place_of_a_name_is_not_shown() {
        let address = "https://u:s3cret@memory.example/in";
        let error = read(&json!({
            "one": {"kind": "http", "url_file": address, "body": {"say": "{{text}}"}},
            "two": {
                "kind": "http", "url": "http://x/", "body": {"say": "{{text}}"},
                "header_files": {"Authorization": "Bearer s3cret"},
            },
        }))
        .unwrap_err();
        assert_eq!(
            error.lines().collect::<Vec<_>>(),
            [
                "targets.json /targets/one/url_file: found No such file or directory (os error \
                 2), expected the name of a file that holds the address, beside this one",
                "targets.json /targets/two/header_files/Authorization: found No such file or \
                 directory (os error 2), expected the name of a file that holds the header's \
                 value, beside this one",
            ]
        );
    }

    #[test]
    fn an_unreadable_file_says_which() {
        let error = read_targets(Some(Path::new("no/such.json"))).unwrap_err();
        assert_eq!(
            error.to_string(),
            "no/such.json: found No such file or directory (os error 2), expected a readable \
             file (SHOAL_MEMORY_TARGETS)"
        );
        assert!(read(&json!([])).is_err());
        assert!(read(&json!({})).is_err());
    }
}
