//! What a client of language models makes of what servers send: every odd answer and failure,
//! over real sockets. Nothing here needs a bus.

mod shapes;
mod tools;
mod turns;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use contract::decision::{Decision, Usage};
use contract::subject::Platform;
use serde_json::{Value, json};
use simulator::model::client::Models;
use simulator::model::{Admission, Asked, Failed, Gate, Prompt, SharedGate, endpoint};
use system_tests::model::{Act, ModelServer, Reply};
use tokio::time::Instant;

/// A gate that is open, and notes what passes.
#[derive(Default)]
struct Noted {
    /// Not open: what it says.
    closed: Mutex<Option<Admission>>,
    admitted: Mutex<Vec<Usage>>,
    settled: Mutex<Vec<(Usage, Usage)>>,
}

impl Gate for Noted {
    fn admit(&self, estimate: &Usage) -> Admission {
        if let Some(closed) = self.closed.lock().unwrap().clone() {
            return closed;
        }
        self.admitted.lock().unwrap().push(*estimate);
        Admission::Yes
    }

    fn settle(&self, estimate: &Usage, took: &Usage) {
        self.settled.lock().unwrap().push((*estimate, *took));
    }
}

impl Noted {
    /// What all requests took, each of which has to be over.
    fn took(&self) -> Usage {
        let (admitted, settled) = (self.admitted.lock().unwrap(), self.settled.lock().unwrap());
        let mut estimates: Vec<Usage> = settled.iter().map(|(estimate, _)| *estimate).collect();
        let mut admitted = admitted.clone();
        for estimates in [&mut estimates, &mut admitted] {
            estimates.sort_by_key(|usage| (usage.prompt_tokens, usage.completion_tokens));
        }
        assert_eq!(estimates, admitted, "each request is settled once, as it was admitted");
        let mut sum = Usage::default();
        settled.iter().for_each(|(_, took)| sum.add(took));
        sum
    }
}

const KEY: &str = "sk-c4nary-0123456789";

/// Clients of one endpoint, `main`, at `url`, with `fields` of its own.
fn models_at(url: &str, fields: &Value) -> Models {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("endpoints.json");
    let mut endpoint = json!({"url": url, "key_file": "main.key", "models": ["small-1"]});
    let fields = fields.as_object().unwrap().clone();
    endpoint.as_object_mut().unwrap().extend(fields);
    std::fs::write(folder.path().join("main.key"), KEY).unwrap();
    std::fs::write(&file, json!({"endpoints": {"main": endpoint}}).to_string()).unwrap();
    Models::new(endpoint::read(Some(Path::new(&file))).unwrap()).unwrap()
}

/// The same, of an endpoint that has tools.
fn models(server: &ModelServer) -> Models {
    models_at(&server.url(), &json!({"tools": true}))
}

/// A question of an agent for an action, within so much time.
fn asked(agent_id: u32, platform: Platform, time: Duration) -> Asked {
    let system = "You decide.".to_owned();
    let user = vec![r#"{"you":{"user_id":3}}"#.to_owned(), r#"{"now":{"feed":[]}}"#.to_owned()];
    Asked {
        platform,
        agent_id,
        endpoint: "main".to_owned(),
        model: None,
        prompt: Prompt { system, user, wants_action: true },
        deadline: Instant::now() + time,
        within: time,
    }
}

const LONG: Duration = Duration::from_secs(30);

/// Asks once, with a gate of its own; and what the gate was told, which has to be the same.
async fn ask(models: &Models, time: Duration) -> (Result<Decision, Failed>, Usage) {
    let gate = Arc::new(Noted::default());
    let shared: SharedGate = gate.clone();
    let decided = models.decide(asked(3, Platform::Reddit, time), shared).await;
    let took = gate.took();
    let said = match &decided {
        Ok(decision) => &decision.usage,
        Err(failed) => &failed.usage,
    };
    assert_eq!(said, &took, "{decided:?}");
    (decided, took)
}

/// A decision in one line.
fn in_words(decided: &Result<Decision, Failed>) -> String {
    match decided {
        Ok(Decision { calls, refused, .. }) => {
            let mut words = serde_json::to_string(calls).unwrap();
            refused.iter().for_each(|why| words += &format!(" | {why}"));
            words
        }
        Err(Failed { kind, why, .. }) => format!("{kind:?}: {why}"),
    }
}

/// An answer that likes post 3.
fn like() -> Reply {
    let function = json!({"name": "like_post", "arguments": "{\"post_id\":3}"});
    let message = json!({"tool_calls": [{"id": "1", "type": "function", "function": function}]});
    Reply::new(200, system_tests::model::completion(&message))
}

const LIKED: &str = r#"[{"action_type":"LIKE_POST","post_id":3}]"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_is_sent_as_servers_want_it() {
    let server = ModelServer::scripted(|seen| {
        let head = seen.head.to_ascii_lowercase();
        assert!(head.starts_with("post /v1/chat/completions http/1.1\r\n"), "{head}");
        assert!(head.contains("\r\ncontent-type: application/json\r\n"), "{head}");
        assert!(head.contains(&format!("\r\nauthorization: bearer {KEY}\r\n")), "{head}");
        Act::Reply(like())
    });
    let fields = json!({
        "models": ["small-1", "large-1"], "temperature": 0.7, "max_tokens": 100, "tools": true,
        "extra": {"reasoning_effort": "low", "tool_choice": "required"},
        "price": {"prompt": "2", "cached": "1", "completion": "10"},
    });
    let models = models_at(&server.url(), &fields);
    assert_eq!((models.most_at_once("main"), models.most_at_once("other")), (16, 0));
    assert_eq!(models.knows("main", Some("large-1")), Ok(()));
    assert!(models.knows("main", Some("x")).unwrap_err().contains("it has small-1, large-1"));
    let (decided, took) = ask(&models, LONG).await;
    let decision = decided.unwrap();
    assert_eq!((decision.agent_id, &*decision.endpoint, &*decision.model), (3, "main", "small-1"));
    // 100 tokens for 2, 10 for 10, of a million each.
    let cost_micros = 300;
    let expected =
        Usage { requests: 1, prompt_tokens: 100, completion_tokens: 10, cost_micros, ..took };
    assert_eq!(took, expected);

    let gate: SharedGate = Arc::new(Noted::default());
    let mut question = asked(4, Platform::Twitter, LONG);
    question.model = Some("large-1".to_owned());
    question.prompt.wants_action = false;
    server.set_script(|_| {
        let body = system_tests::model::completion(&json!({"content": "Well. "}));
        Act::Reply(Reply::new(200, body))
    });
    let said = models.say(question, gate).await.unwrap();
    assert_eq!((said.text.as_str(), said.model.as_str()), ("Well.", "large-1"));

    let bodies = server.bodies();
    assert!(bodies.iter().all(|body| !body.contains(KEY)));
    let [act, say]: [Value; 2] = bodies
        .iter()
        .map(|body| serde_json::from_str(body).unwrap())
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    assert_eq!(act["model"], "small-1");
    assert_eq!(act["temperature"], 0.7);
    assert_eq!(act["max_tokens"], 100);
    assert_eq!(act["reasoning_effort"], "low");
    assert_eq!(act["tool_choice"], "required");
    assert_eq!(act["tools"][0]["function"]["name"], "create_post");
    let roles = act["messages"].as_array().unwrap().iter().map(|message| &message["role"]);
    assert_eq!(roles.collect::<Vec<_>>(), ["system", "user"]);
    let user = act["messages"][1]["content"].as_str().unwrap();
    assert_eq!(user, "{\"you\":{\"user_id\":3}}\n{\"now\":{\"feed\":[]}}");
    let words = act["messages"][0]["content"].as_str().unwrap();
    assert!(words.starts_with("You decide.\nAct by calling"), "{words}");
    // Words need no tools, nor what goes with them.
    assert!(say["tools"].is_null() && say["tool_choice"].is_null());
    assert_eq!((&say["model"], &say["reasoning_effort"]), (&json!("large-1"), &json!("low")));
    assert_eq!(say["messages"][0]["content"], "You decide.");
}
