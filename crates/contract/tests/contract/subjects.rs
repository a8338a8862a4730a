//! `asyncapi.json` has the subjects that the code makes, and the messages that have schemas.

use std::collections::BTreeSet;
use std::fs;

use contract::command::Verb;
use contract::id::{ClientId, CommandId, Digest, RunId, SimulationId};
use contract::memory::{
    EDGES, EPISODES, FIND, GRAPH, NODE, NODES, SEARCH, STATISTICS, STATS, TARGETS, TIMELINE,
};
use contract::subject::{CommandAddress, Platform, Prefix, StreamName};
use serde_json::Value;

use crate::in_schemas;
use crate::messages::MESSAGES;

/// What stands for a token in a subject of the sample, and its name in the document.
const TOKENS: [(&str, &str); 10] = [
    ("night-market-1", "run"),
    ("night-market", "simulation"),
    ("cli", "client"),
    ("q1", "command_id"),
    ("worker7", "by"),
    ("31", "part"),
    ("twitter", "platform"),
    ("create_post", "action_type"),
    ("some-service", "service"),
    ("0000000000000000000000000000000000000000000000000000000000000000", "digest"),
];

/// The convenience for shells, which only the launcher reads: the document itself describes it.
const LAUNCHERS_OWN: &str = "ask-request";

fn document() -> Value {
    serde_json::from_str(&fs::read_to_string(in_schemas("asyncapi.json")).unwrap()).unwrap()
}

/// `sim.actions.night-market-1.twitter` becomes `sim.actions.{run}.{platform}`.
fn address(subject: &str, verb: Option<Verb>) -> String {
    let name = |token: &str| match TOKENS.iter().find(|(value, _)| *value == token) {
        Some((_, name)) => format!("{{{name}}}"),
        None if verb.is_some_and(|verb| verb.as_str() == token) => "{verb}".to_owned(),
        None => token.to_owned(),
    };
    subject.split('.').map(name).collect::<Vec<_>>().join(".")
}

/// Every subject that [`Prefix`] makes for a message.
fn subjects() -> BTreeSet<String> {
    let prefix = Prefix::default();
    let run: RunId = "night-market-1".parse().unwrap();
    let simulation: SimulationId = "night-market".parse().unwrap();
    let client: ClientId = "cli".parse().unwrap();
    let command_id: CommandId = "q1".parse().unwrap();
    let platform = Platform::Twitter;
    let mut subjects: BTreeSet<String> = [
        prefix.reply(&client, &run, &command_id),
        prefix.reply_part(&client, &run, &command_id, &"worker7".parse().unwrap(), 31),
        prefix.inputs(&run, platform),
        prefix.actions(&run, platform),
        prefix.env_status(&run),
        prefix.logs(&run),
        prefix.snapshots(&run, platform),
        prefix.spec(&Digest::ZERO),
        prefix.spec_of(&simulation),
        prefix.dead_letters("some-service", Some(&run)),
        prefix.live(&run, platform, "create_post"),
        prefix.progress(&client, &run, &command_id),
        prefix.ask_start(&simulation, &client),
        prefix.node_info(),
        prefix.memory(SEARCH),
        prefix.memory(EPISODES),
        prefix.memory(STATS),
        prefix.memory(TARGETS),
        prefix.memory(GRAPH),
        prefix.memory(FIND),
        prefix.memory(NODES),
        prefix.memory(EDGES),
        prefix.memory(NODE),
        prefix.memory(STATISTICS),
        prefix.memory(TIMELINE),
    ]
    .iter()
    .map(|subject| address(subject, None))
    .collect();
    for verb in Verb::ALL {
        let (run, client, command_id) = (run.clone(), client.clone(), command_id.clone());
        subjects.insert(address(&prefix.ask(&run, verb, &client), Some(verb)));
        let command = CommandAddress { run, verb, client, command_id };
        subjects.insert(address(&prefix.command(&command), Some(verb)));
    }
    subjects
}

fn channels(document: &Value) -> impl Iterator<Item = (&String, &Value)> {
    document["channels"].as_object().unwrap().iter()
}

#[test]
fn channels_are_the_subjects_that_the_code_makes() {
    let document = document();
    let addresses: BTreeSet<String> = channels(&document)
        .map(|(_, channel)| channel["address"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(addresses, subjects());
    for stream in StreamName::ALL.into_iter().filter(|stream| !stream.is_bucket()) {
        let head = format!("sim.{}.", stream.token());
        let count = addresses.iter().filter(|address| address.starts_with(&head)).count();
        // Beside specs there are the records that name them, beside replies their parts.
        let has_two = matches!(stream, StreamName::Specs | StreamName::Replies);
        let expected = if has_two { 2 } else { 1 };
        assert_eq!(count, expected, "channels under {head}");
    }
}

#[test]
fn each_token_of_an_address_is_explained() {
    let document = document();
    for (name, channel) in channels(&document) {
        let address = channel["address"].as_str().unwrap();
        let tokens: BTreeSet<&str> = address
            .split('.')
            .filter_map(|token| token.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        let parameters = channel["parameters"].as_object();
        let explained: BTreeSet<&str> =
            parameters.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        assert_eq!(explained, tokens, "parameters of channel {name}");
        for parameter in parameters.into_iter().flatten().map(|(_, parameter)| parameter) {
            let reference = parameter["$ref"].as_str().unwrap().trim_start_matches('#');
            assert!(document.pointer(reference).is_some(), "{reference} leads nowhere");
        }
    }
}

#[test]
fn verbs_stand_under_the_right_stream() {
    let document = document();
    let verbs_of = |parameter: &str| -> Vec<String> {
        let verbs = &document["components"]["parameters"][parameter]["enum"];
        serde_json::from_value(verbs.clone()).unwrap()
    };
    let names = |stream: Option<StreamName>| -> Vec<String> {
        let verbs = Verb::ALL.into_iter();
        let verbs = verbs.filter(|verb| stream.is_none_or(|stream| verb.stream() == stream));
        verbs.map(|verb| verb.as_str().to_owned()).collect()
    };
    assert_eq!(verbs_of("verb"), names(None));
    assert_eq!(verbs_of("command_verb"), names(Some(StreamName::Commands)));
    assert_eq!(verbs_of("question_verb"), names(Some(StreamName::Questions)));
    for (channel, parameter) in
        [("commands", "command_verb"), ("questions", "question_verb"), ("ask", "verb")]
    {
        let reference = &document["channels"][channel]["parameters"]["verb"]["$ref"];
        assert_eq!(reference, &format!("#/components/parameters/{parameter}"), "{channel}");
    }
}

#[test]
fn the_readme_names_the_verbs_of_each_stream() {
    let readme = fs::read_to_string(in_schemas("README.md")).unwrap();
    for stream in [StreamName::Commands, StreamName::Questions] {
        let verbs = Verb::ALL.into_iter().filter(|verb| verb.stream() == stream);
        let verbs: Vec<&str> = verbs.map(Verb::as_str).collect();
        let row = format!(
            "| `sim.{0}.<run>.<verb>.<client>.<command_id>` | [command](command.json): {1} | ",
            stream.token(),
            verbs.join(", ")
        );
        assert!(readme.contains(&row), "schemas/README.md has no row {row}");
    }
}

/// All but an action, which is never published without its frame or as a live action.
#[test]
fn every_message_is_on_a_channel() {
    let document = document();
    let messages = document["components"]["messages"].as_object().unwrap();
    let mut schemas = BTreeSet::new();
    for (name, message) in messages {
        match message["payload"]["schema"]["$ref"].as_str() {
            Some(reference) => {
                schemas.insert(reference.trim_end_matches(".json").to_owned());
            }
            None => assert_eq!(name, LAUNCHERS_OWN, "the only message without a schema"),
        }
        let reference = format!("#/components/messages/{name}");
        let published = channels(&document).any(|(_, channel)| {
            let messages = channel["messages"].as_object().into_iter().flatten();
            messages.into_iter().any(|(_, message)| message["$ref"] == reference.as_str())
        });
        assert!(published, "message {name} is on no channel");
    }
    let expected = MESSAGES.iter().map(|message| message.name.to_owned());
    assert_eq!(schemas, expected.filter(|name| name != "action").collect());
}

/// A tool that makes a client of the document makes one for each operation.
#[test]
fn every_message_of_a_channel_is_sent_or_received() {
    let document = document();
    let mut covered = BTreeSet::new();
    let operations = document["operations"].as_object().unwrap().values();
    for side in operations.flat_map(|operation| [operation, &operation["reply"]]) {
        let Some(channel) = side["channel"]["$ref"].as_str() else { continue };
        match side["messages"].as_array() {
            Some(messages) => {
                covered.extend(messages.iter().map(|it| it["$ref"].as_str().unwrap().to_owned()));
            }
            // Without a list it is all of them.
            None => {
                let found = document.pointer(channel.trim_start_matches('#')).unwrap();
                let messages = found["messages"].as_object().unwrap().keys();
                covered.extend(messages.map(|name| format!("{channel}/messages/{name}")));
            }
        }
    }
    let mut there = BTreeSet::new();
    for (channel, value) in channels(&document) {
        let messages = value["messages"].as_object().into_iter().flatten();
        there.extend(messages.map(|(name, _)| format!("#/channels/{channel}/messages/{name}")));
    }
    assert_eq!(covered, there);
}

/// AsyncAPI's own parser passes over schemas in a dialect that is not its own.
#[test]
fn every_payload_says_its_dialect() {
    let document = document();
    for (name, message) in document["components"]["messages"].as_object().unwrap() {
        assert_eq!(message["contentType"], "application/json", "{name}");
        let payload = &message["payload"];
        assert_eq!(
            payload["schemaFormat"], "application/schema+json;version=draft-2020-12",
            "{name}"
        );
        if let Err(error) = jsonschema::meta::validate(&payload["schema"]) {
            panic!("{name} {}: {error}", error.instance_path());
        }
    }
}
