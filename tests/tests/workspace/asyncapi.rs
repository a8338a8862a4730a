//! The document of the bus, read by AsyncAPI's own parser. That its subjects and messages are those
//! of the code is for the tests of the crate `contract` to say.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{assert_none, root};

/// What the parser remarks and we leave as it is.
const ACCEPTED: [(&str, &str); 1] =
    [("asyncapi-latest-version", "3.1 adds nothing that we use, and fewer tools read it")];

/// One change that breaks the document, and what the parser has to say to it.
struct Break {
    /// Where, as a JSON pointer to what is there.
    at: &'static str,
    becomes: fn() -> Value,
    code: &'static str,
}

const BREAKS: [Break; 7] = [
    Break {
        at: "/components/messages/frame/payload/schema/$ref",
        becomes: || json!("frames.json"),
        code: "invalid-ref",
    },
    Break {
        at: "/operations/send-command/channel/$ref",
        becomes: || json!("#/channels/comands"),
        code: "invalid-ref",
    },
    Break {
        at: "/operations/send-command/messages/0/$ref",
        becomes: || json!("#/channels/replies/messages/reply"),
        code: "asyncapi3-operation-messages-from-referred-channel",
    },
    Break {
        at: "/channels/actions/address",
        becomes: || json!("sim.actions.{run}.{world}"),
        code: "asyncapi3-channel-parameters",
    },
    Break {
        at: "/operations/send-command/action",
        becomes: || json!("shout"),
        code: "asyncapi-document-resolved",
    },
    Break {
        at: "/channels/commands",
        becomes: || json!({"adress": "sim.commands"}),
        code: "asyncapi-document-resolved",
    },
    Break { at: "/asyncapi", becomes: || json!("9.0.0"), code: "asyncapi-is-asyncapi" },
];

/// The parser, in a folder where it finds its packages; none where there is no Node.js.
struct Checker(TempDir);

impl Checker {
    #[expect(clippy::print_stderr, reason = "what is skipped is to be seen")]
    fn find() -> Option<Checker> {
        let modules = std::env::var_os("SHOAL_ASYNCAPI_MODULES");
        let Some(modules) = modules.filter(|modules| !modules.is_empty()) else {
            eprintln!("skipped: no parser of AsyncAPI, see scripts/node_modules.py asyncapi");
            return None;
        };
        let dir = TempDir::new().unwrap();
        symlink(modules, dir.path().join("node_modules")).unwrap();
        let program = root().join("scripts/asyncapi/check.mjs");
        fs::copy(program, dir.path().join("check.mjs")).unwrap();
        Some(Checker(dir))
    }

    /// What the parser says about each of these files.
    fn check(&self, files: &[PathBuf]) -> Vec<Value> {
        let mut node = Command::new("node");
        let output = node.arg(self.0.path().join("check.mjs")).args(files).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "check.mjs failed: {said}");
        let lines = String::from_utf8(output.stdout).unwrap();
        let said: Vec<Value> =
            lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(said.len(), files.len(), "an answer for each file");
        said
    }
}

fn schemas() -> PathBuf {
    root().join("schemas")
}

fn document() -> Value {
    serde_json::from_str(&fs::read_to_string(schemas().join("asyncapi.json")).unwrap()).unwrap()
}

fn diagnostics(said: &Value) -> &[Value] {
    said["diagnostics"].as_array().unwrap()
}

#[test]
fn asyncapis_own_parser_has_nothing_to_say_against_the_document() {
    let Some(checker) = Checker::find() else { return };
    let said = checker.check(&[schemas().join("asyncapi.json")]).remove(0);
    let (accepted, problems): (Vec<&Value>, Vec<&Value>) = diagnostics(&said)
        .iter()
        .partition(|found| ACCEPTED.iter().any(|(code, _)| found["code"] == *code));
    let problems: Vec<String> = problems
        .iter()
        .map(|it| format!("{}: {} at {}: {}", it["severity"], it["code"], it["at"], it["message"]))
        .collect();
    assert_none(&problems, "mend schemas/asyncapi.json");
    for (code, _) in ACCEPTED {
        assert!(accepted.iter().any(|found| found["code"] == code), "{code} is not said any more");
    }
    // It has read what is there.
    let document = document();
    let written = document["channels"].as_object().unwrap().iter();
    let written: BTreeMap<_, _> =
        written.map(|(name, channel)| (name.clone(), channel["address"].clone())).collect();
    assert_eq!(said["channels"], json!(written));
}

#[test]
fn asyncapis_own_parser_notices_a_broken_document() {
    let Some(checker) = Checker::find() else { return };
    let dir = TempDir::new().unwrap();
    for entry in fs::read_dir(schemas()).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), dir.path().join(entry.file_name())).unwrap();
        }
    }
    let files: Vec<PathBuf> =
        BREAKS.iter().enumerate().map(|(index, it)| it.write(dir.path(), index)).collect();
    for (said, it) in checker.check(&files).iter().zip(&BREAKS) {
        let noticed = |found: &Value| found["severity"] == "error" && found["code"] == it.code;
        assert!(diagnostics(said).iter().any(noticed), "{}: {said}", it.at);
        assert_eq!(said["channels"], Value::Null, "{}: {said}", it.at);
    }
}

impl Break {
    fn write(&self, dir: &Path, index: usize) -> PathBuf {
        let mut document = document();
        let place = document.pointer_mut(self.at).unwrap_or_else(|| panic!("no {}", self.at));
        *place = (self.becomes)();
        let file = dir.join(format!("broken-{index}.json"));
        fs::write(&file, document.to_string()).unwrap();
        file
    }
}
