//! What a command says, in a few words. Pure.

use contract::command::{Configure, Request};
use serde_json::Value;

use crate::output::{counted, one_line};

/// Characters of a value that are shown.
const VALUE: usize = 60;

/// What a command asks for beside its verb, a word or two for each thing.
pub(crate) fn told(request: &Request) -> Vec<String> {
    match request {
        Request::Configure(change) => changes(change),
        Request::Inject(inject) => vec![posts(inject.posts.len())],
        Request::Fork(fork) => {
            let changes = fork.configure.as_deref().map(changes).unwrap_or_default();
            let posts = (!fork.posts.is_empty()).then(|| posts(fork.posts.len()));
            changes.into_iter().chain(posts).collect()
        }
        _ => Vec::new(),
    }
}

/// `seed = 8`, `time.peak_ppm = 2500000`, `agents.3.stance = opposing`: in the contract's words.
pub(crate) fn changes(change: &Configure) -> Vec<String> {
    let mut changes = Vec::new();
    let value = serde_json::to_value(change).expect("no map keys that JSON refuses");
    flatten("", &value, &mut changes);
    changes
}

fn posts(number: usize) -> String {
    counted(u64::try_from(number).unwrap_or(u64::MAX), "post")
}

fn flatten(place: &str, value: &Value, changes: &mut Vec<String>) {
    let within = |name: &str| match place.is_empty() {
        true => name.to_owned(),
        false => format!("{place}.{name}"),
    };
    match value {
        Value::Object(fields) => {
            for (name, value) in fields.iter().filter(|(name, _)| *name != "agent_id") {
                flatten(&within(name), value, changes);
            }
        }
        Value::Array(list) if list.iter().any(Value::is_object) => {
            for entry in list {
                let name = entry["agent_id"].to_string();
                flatten(&within(&name), entry, changes);
            }
        }
        Value::String(text) => changes.push(format!("{place} = {}", one_line(text, VALUE))),
        other => changes.push(format!("{place} = {}", one_line(&other.to_string(), VALUE))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::command::Command;

    #[test]
    fn what_a_fork_changes_is_named() {
        let body = br#"{"v":1,"command_id":"x","verb":"fork","args":{"at_round":12,
            "posts":[{"agent_id":0,"content":"Now"}],"configure":{"seed":8,
            "time":{"peak_ppm":2500000,"peak_hours":[19,20]},"hot_topics":["ferry"],
            "agents":[{"agent_id":3,"stance":"opposing"}]}},"issued_at":"2026-03-01T10:00:00Z"}"#;
        let mut told = told(&Command::from_json(body).unwrap().request);
        assert_eq!(told.pop().as_deref(), Some("1 post"));
        told.sort();
        let expected = [
            "agents.3.stance = opposing",
            "hot_topics = [\"ferry\"]",
            "seed = 8",
            "time.peak_hours = [19,20]",
            "time.peak_ppm = 2500000",
        ];
        assert_eq!(told, expected);
        assert!(super::told(&Request::Start).is_empty());
    }
}
