//! Who is there, as `nats micro` asks: every service answers, to all and to its own name.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use system_tests::process::python;
use system_tests::stack::{Stack, text};

/// The services by the names that they have on the bus, each with a subject on which it is asked.
const NAMES: [(&str, &str); 3] = [
    ("shoal-launcher", "sim.ask.*.*.*"),
    ("shoal-memory", "sim.memory.targets"),
    ("shoal-simulator", "sim.node.info"),
];

/// The first `count` answers to each of these questions.
fn ask(stack: &Stack, count: usize, subjects: &[String]) -> Vec<Vec<Value>> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/system/discover.py");
    let mut command = python();
    command.args([script, &stack.nats.url(), &count.to_string()]).args(subjects);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn names(answers: &[Value]) -> BTreeSet<&str> {
    answers.iter().map(|answer| answer["name"].as_str().unwrap()).collect()
}

#[test]
fn each_service_says_that_it_is_there_what_it_is_and_what_it_did() {
    let stack = Stack::start();
    let all: BTreeSet<&str> = NAMES.iter().map(|(name, _)| *name).collect();
    // Something is asked, so that there is something to count.
    ask(&stack, 1, &["sim.node.info".to_owned(), "sim.memory.targets".to_owned()]);

    let verbs = ["PING", "INFO", "STATS"];
    let subjects = verbs.map(|verb| format!("$SRV.{verb}"));
    let answers = ask(&stack, NAMES.len(), &subjects);
    for (verb, answers) in verbs.iter().zip(&answers) {
        assert_eq!(names(answers), all, "{verb}: {answers:?}");
        for answer in answers {
            let kind = format!("io.nats.micro.v1.{}_response", verb.to_lowercase());
            assert_eq!(answer["type"], kind, "{answer}");
            assert_eq!(answer["version"], env!("CARGO_PKG_VERSION"), "{answer}");
        }
    }
    let ids: BTreeMap<&str, &Value> =
        answers[0].iter().map(|it| (it["name"].as_str().unwrap(), &it["id"])).collect();
    for (name, subject) in NAMES {
        let of = |answers: &[Value]| answers.iter().find(|it| it["name"] == name).unwrap().clone();
        let (information, statistics) = (of(&answers[1]), of(&answers[2]));
        let endpoint = |said: &Value| {
            let endpoints = said["endpoints"].as_array().unwrap();
            endpoints.iter().find(|it| it["subject"] == subject).cloned()
        };
        assert!(information["description"].as_str().is_some_and(|it| !it.is_empty()), "{name}");
        assert!(endpoint(&information).is_some(), "{information}");
        let counted = endpoint(&statistics).unwrap_or_else(|| panic!("{statistics}"));
        let asked = u64::from(name != "shoal-launcher");
        assert!(counted["num_requests"].as_u64() >= Some(asked), "{statistics}");
        assert!(statistics["started"].is_string(), "{statistics}");

        // By name, and one instance.
        let id = ids[name].as_str().unwrap();
        let own: Vec<String> = verbs
            .iter()
            .flat_map(|verb| [format!("$SRV.{verb}.{name}"), format!("$SRV.{verb}.{name}.{id}")])
            .collect();
        for (subject, answers) in own.iter().zip(ask(&stack, 1, &own)) {
            assert_eq!(answers[0]["name"], json!(name), "{subject}");
            assert_eq!(answers[0]["id"], json!(id), "{subject}");
        }
    }
}
