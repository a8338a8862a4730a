//! Asks the oracle: a script in another language, with a client that is not ours.

use std::path::Path;

use serde_json::{Value, json};

use super::fleet::Fleet;
use super::log::Log;
use super::play::Known;
use crate::process::python;

/// What the oracle has read, in numbers.
pub type Checked = Value;

/// Lets the oracle read everything; what it finds wrong goes into the log.
///
/// # Panics
/// If there is no Python with nats-py.
pub fn ask(fleet: &Fleet, known: &Known, log: &Log) -> Checked {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let wish = fleet.dir().join("known.json");
    let Known { twins, stored, accepted } = known;
    let text = json!({"twins": twins, "stored": stored, "accepted": accepted}).to_string();
    std::fs::write(&wish, text).expect("a writable folder");
    let output = python()
        .arg(root.join("src/chaos/oracle.py"))
        .args([&format!("nats://127.0.0.1:{}", fleet.port)])
        .args([&fleet.memory_file(), &wish, &root.join("../schemas/digest")])
        .output()
        .expect("SHOAL_PYTHON is a Python");
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), &output.stderr);
    let mut lines: Vec<&str> = said.lines().collect();
    let checked = lines.pop().and_then(|last| serde_json::from_str(last).ok());
    let Some(checked) = checked.filter(Value::is_object) else {
        log.violation(format!("the oracle failed: {}", String::from_utf8_lossy(errors)));
        return Value::Null;
    };
    for line in lines {
        log.violation(line.to_owned());
    }
    checked
}
