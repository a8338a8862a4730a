//! What is asked about a run's memories: the memory-sink carries it out, whoever holds the run.

use serde::Serialize;
use serde_json::Value;

use crate::MAX_SAFE_INTEGER;
use crate::door::{Object, describe, integer};
use crate::id::{NAME_RULE, is_name};
use crate::letters::MAX_LETTERS;
use crate::memory::{MAX_GRAPH_ID_BYTES, is_graph_id};

/// Arguments of `memory_attach`: one more memory for a run that lives or has ended. All of its
/// actions go there, from the first on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemoryAttach {
    /// The operator's name for the memory.
    pub target: String,
    /// The graph within it; `None`: see
    /// [`MemoryTarget::graph_of_run`](crate::options::MemoryTarget::graph_of_run).
    pub graph_id: Option<String>,
}

/// Arguments of `memory_redrive`: hand to the memories of a run once more what they refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MemoryRedrive {
    /// What this memory refused; `None`: each.
    pub target: Option<String>,
    /// The dead letters, by their sequence in the stream of dead letters, each once and at most
    /// [`MAX_LETTERS`]; `None`: all that the run has.
    pub sequences: Option<Vec<u64>>,
}

impl MemoryAttach {
    pub(super) fn read(args: &Object<'_>) -> Option<MemoryAttach> {
        args.refuse_unknown(&["target", "graph_id"]);
        args.require("target", "the operator's name for a memory");
        let target = read_target(args);
        let graph = args.text("graph_id");
        if let Some(id) = graph.filter(|id| !is_graph_id(id)) {
            let expected = format!("1 to {MAX_GRAPH_ID_BYTES} bytes");
            args.report("graph_id", format!("{} bytes", id.len()), &expected);
        }
        Some(MemoryAttach { target: target?, graph_id: graph.map(str::to_owned) })
    }
}

impl MemoryRedrive {
    pub(super) fn read(args: &Object<'_>) -> MemoryRedrive {
        args.refuse_unknown(&["target", "sequences"]);
        let target = read_target(args);
        MemoryRedrive { target, sequences: args.get("sequences").map(|_| read_sequences(args)) }
    }
}

fn read_target(args: &Object<'_>) -> Option<String> {
    let named = |text: &str| is_name(text).then(|| text.to_owned());
    args.parsed("target", |text| named(text).ok_or_else(|| NAME_RULE.to_owned()))
}

fn read_sequences(args: &Object<'_>) -> Vec<u64> {
    let elements = args.list("sequences");
    let is_list = args.get("sequences").is_some_and(Value::is_array);
    if is_list && !(1..=MAX_LETTERS).contains(&elements.len()) {
        let found = format!("{} sequences", elements.len());
        args.report("sequences", found, &format!("1 to {MAX_LETTERS}"));
        return Vec::new();
    }
    let mut sequences = Vec::new();
    for (pointer, value) in elements {
        let read = integer(value).filter(|sequence| (1..=MAX_SAFE_INTEGER).contains(sequence));
        match read {
            Some(sequence) if sequences.contains(&sequence) => {
                args.door().report(&pointer, format!("{sequence} once more"), "each once");
            }
            Some(sequence) => sequences.push(sequence),
            None => {
                let expected = "the sequence of a dead letter: a whole number from 1";
                args.door().report(&pointer, describe(value), expected);
            }
        }
    }
    sequences
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Request, Verb};
    use crate::door::Door;
    use serde_json::json;

    fn read(verb: Verb, args: &Value) -> Result<Request, String> {
        let door = Door::of_message();
        let request = door.root(args).and_then(|args| Request::read(verb, &args));
        door.close(request).map_err(|problems| problems.to_string())
    }

    #[test]
    fn an_attachment_names_a_memory_and_may_name_a_graph() {
        let attach = |graph_id: Option<&str>| {
            let graph_id = graph_id.map(str::to_owned);
            Ok(Request::MemoryAttach(MemoryAttach { target: "team".to_owned(), graph_id }))
        };
        let read = |args| read(Verb::MemoryAttach, &args);
        assert_eq!(read(json!({"target": "team"})), attach(None));
        assert_eq!(read(json!({"target": "team", "graph_id": null})), attach(None));
        let longest = "夜".repeat(85) + "x";
        let args = json!({"target": "team", "graph_id": longest});
        assert_eq!(read(args), attach(Some(&longest)));
        assert_eq!(
            read(json!({"graph_id": longest + "y", "graph": "x"})).unwrap_err(),
            "/graph: found an unknown field, expected one of target, graph_id\n\
             /target: found nothing, expected the operator's name for a memory\n\
             /graph_id: found 257 bytes, expected 1 to 256 bytes"
        );
        assert_eq!(
            read(json!({"target": "Team A", "graph_id": ""})).unwrap_err(),
            format!(
                "/target: found \"Team A\", expected {NAME_RULE}\n\
                 /graph_id: found 0 bytes, expected 1 to 256 bytes"
            )
        );
    }

    #[test]
    fn letters_are_all_or_some() {
        let read = |args| read(Verb::MemoryRedrive, &args);
        let redrive = |target: Option<&str>, sequences| {
            let target = target.map(str::to_owned);
            Ok(Request::MemoryRedrive(MemoryRedrive { target, sequences }))
        };
        assert_eq!(read(json!({})), redrive(None, None));
        let some = json!({"target": "team", "sequences": [7, 3]});
        assert_eq!(read(some), redrive(Some("team"), Some(vec![7, 3])));
        let most: Vec<usize> = (1..=MAX_LETTERS).collect();
        assert!(read(json!({"sequences": most})).is_ok());
        assert_eq!(
            read(json!({"sequences": []})).unwrap_err(),
            "/sequences: found 0 sequences, expected 1 to 100"
        );
        assert_eq!(
            read(json!({"target": 3, "sequences": [7, 0, "8", 7]})).unwrap_err(),
            "/target: found 3, expected a text\n\
             /sequences/1: found 0, expected the sequence of a dead letter: a whole number from 1\n\
             /sequences/2: found the text \"8\", expected the sequence of a dead letter: a whole \
             number from 1\n\
             /sequences/3: found 7 once more, expected each once"
        );
        let error = read(json!({"sequences": 7})).unwrap_err();
        assert_eq!(error, "/sequences: found 7, expected a list");
        let many: Vec<usize> = (1..=MAX_LETTERS + 1).collect();
        assert!(read(json!({"sequences": many})).unwrap_err().contains("101 sequences"));
    }
}
