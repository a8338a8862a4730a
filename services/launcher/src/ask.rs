//! The launcher as a NATS service, for `nats request` and shells that wait for one answer.
//!
//! | subject | body | answer |
//! |---|---|---|
//! | `sim.ask.<simulation>.start.<client>` | [`StartRequest`] | [`StartAnswer`] |
//! | `sim.ask.<run>.<verb>.<client>` | `{args, timeout_seconds?}` | [`contract::reply::Reply`] |
//!
//! A reply that does not fit one message is answered as it is stored: it says where its parts are.
//!
//! What comes to nothing, because it cannot be read or nobody replied in time, is answered
//! like a start that is refused: `{"status":"refused","problems":[...]}`.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use bus::{Bus, Requests, ServiceInfo};
use contract::command::{Command, MAX_COMMAND_BYTES, Request, Verb};
use contract::door::{Door, parse_body};
use contract::id::{ClientId, InvalidId, RunId, SimulationId};
use contract::notice::{StartAnswer, StartRequest};
use contract::problem::{Problem, Problems};
use contract::subject::Prefix;
use contract::timestamp::Timestamp;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::create::{Creator, Order, now};
use crate::follow::find;
use crate::model::RunName;
use crate::queued::check_memory_names;
use crate::refusal::Refusal;

/// The most questions to agents that are answered at the same time; and as many of all else, or
/// nobody could stop a run whose agents take their time.
const MAX_AT_ONCE: usize = 256;

/// How long a reply is waited for unless the question says otherwise, in seconds.
const DEFAULT_TIMEOUT_SECONDS: u64 = 30;

/// The longest that a question may want to wait, in seconds.
const MAX_TIMEOUT_SECONDS: u64 = 600;

/// Announces the service.
///
/// # Errors
/// If the bus does not let the launcher listen.
pub async fn announce(bus: &Bus) -> anyhow::Result<Requests> {
    let info = ServiceInfo {
        name: "shoal-launcher".to_owned(),
        version: kit::build::VERSION.to_owned(),
        description: "starts runs, and relays commands and their replies".to_owned(),
        metadata: kit::build::metadata(None),
    };
    let subject = bus.prefix().asks();
    let served = bus.serve(info, &[("ask", subject.clone())]).await;
    served.map_err(|error| anyhow!(error)).with_context(|| format!("cannot listen on {subject}"))
}

/// Answers until the connection is closed.
pub async fn answer_all(creator: Creator, mut requests: Requests) {
    let room = Room::default();
    while let Some(request) = requests.next().await {
        let Some(permit) = room.place(&request.subject) else {
            let found = format!("{MAX_AT_ONCE} requests at once");
            let problem = Problem::new(request.subject.as_str(), found, "fewer; ask again");
            request.respond(refused(vec![problem])).await;
            continue;
        };
        let creator = creator.clone();
        tokio::spawn(async move {
            let answer = answer(&creator, &request.subject, &request.body).await;
            let answer = match answer {
                Ok(answer) => answer,
                Err(refusal) => refused(refusal.problems(&request.subject)),
            };
            request.respond(answer).await;
            drop(permit);
        });
    }
}

/// What is answered at the same time.
struct Room {
    questions: Arc<Semaphore>,
    others: Arc<Semaphore>,
}

impl Default for Room {
    fn default() -> Room {
        let room = || Arc::new(Semaphore::new(MAX_AT_ONCE));
        Room { questions: room(), others: room() }
    }
}

impl Room {
    /// A place for what is asked on a subject, until it is dropped; `None`: there is none.
    fn place(&self, subject: &str) -> Option<OwnedSemaphorePermit> {
        let verb = subject.split('.').nth(3).map(str::parse);
        let room = match verb {
            Some(Ok(Verb::Interview | Verb::BatchInterview)) => &self.questions,
            _ => &self.others,
        };
        Arc::clone(room).try_acquire_owned().ok()
    }
}

async fn answer(creator: &Creator, subject: &str, body: &[u8]) -> Result<Vec<u8>, Refusal> {
    match parse_subject(creator.bus.prefix(), subject)? {
        Ask::Start(simulation) => {
            let started = creator.start(&order(creator, simulation, body).await?).await?;
            let run_id = started.run.run_id.clone();
            let answer = StartAnswer::Accepted { run_id, created: started.created };
            Ok(to_bytes(&answer))
        }
        Ask::Command { run, verb, client } => {
            let (request, patience) = read_command(verb, body)?;
            if find(&creator.bus, &creator.model, &RunName::Run(run.clone())).await?.is_none() {
                return Err(Refusal::unknown_run(&run));
            }
            let reply = creator.bus.ask_run(&run, &client, request, now(), patience).await?;
            Ok(reply.to_bytes())
        }
    }
}

/// What a body on `sim.ask.<simulation>.start.<client>` orders.
async fn order(creator: &Creator, simulation: SimulationId, body: &[u8]) -> Result<Order, Refusal> {
    let StartRequest { spec_digest, options: requested, manner, .. } = read_start(body)?;
    let refuse = |found: String, expected: &str| {
        Refusal::Invalid(Problem::new("/spec_digest", found, expected).into())
    };
    let spec = creator.specs.load(&spec_digest).await?;
    let spec =
        spec.ok_or_else(|| refuse(spec_digest.to_string(), "the digest of a stored spec"))?;
    if spec.simulation_id != simulation {
        let expected = format!("that of {simulation}, as in the subject");
        return Err(refuse(format!("the spec of simulation {}", spec.simulation_id), &expected));
    }
    Ok(Order { spec, requested, manner, pace: None })
}

/// What the tokens of a subject ask for.
#[derive(Debug, PartialEq, Eq)]
enum Ask {
    /// A run of a simulation.
    Start(SimulationId),
    /// A command for a run. `start` too: it begins a run that has not begun, changes nothing in
    /// one that has, and is refused by one that is over.
    Command { run: RunId, verb: Verb, client: ClientId },
}

fn parse_subject(prefix: &Prefix, subject: &str) -> Result<Ask, Problems> {
    let tokens: Vec<&str> = subject.split('.').collect();
    let shape = format!("{}.ask.<run>.<verb>.<client>", prefix.as_str());
    let [_, _, target, verb, client] = tokens[..] else {
        return Err(Problem::new(subject, format!("{} tokens", tokens.len()), &shape).into());
    };
    let mut problems = Vec::new();
    let mut report = |token: &str, expected: &str| {
        problems.push(Problem::new(subject, format!("{token:?}"), expected));
    };
    let target: Option<RunName> = target.parse().map_err(|rule: String| report(target, &rule)).ok();
    let verbs = || format!("one of {}", Verb::ALL.map(Verb::as_str).join(", "));
    let known: Option<Verb> = verb.parse().map_err(|_: String| report(verb, &verbs())).ok();
    let client = client.parse().map_err(|error: InvalidId| report(client, error.expected())).ok();
    let ask = match (target, known) {
        (Some(RunName::CurrentOf(simulation)), Some(Verb::Start)) => Some(Ask::Start(simulation)),
        (Some(RunName::CurrentOf(simulation)), Some(_)) => {
            report(simulation.as_str(), &format!("a run, e.g. {}", simulation.run(1)));
            None
        }
        (Some(RunName::Run(run)), Some(verb)) => {
            client.clone().map(|client| Ask::Command { run, verb, client })
        }
        (None, _) | (_, None) => None,
    };
    Problems::none_or(problems, ask.filter(|_| client.is_some()))
}

fn read_start(body: &[u8]) -> Result<StartRequest, Problems> {
    let request = StartRequest::from_json(body)?;
    let names = request.options.memory.as_deref().unwrap_or_default();
    Problems::none_or(check_memory_names("/options/memory", names), Some(request))
}

/// The request, and how long its reply is waited for.
fn read_command(verb: Verb, body: &[u8]) -> Result<(Request, Duration), Problems> {
    let value = if body.is_empty() { json!({}) } else { parse_body(body, MAX_COMMAND_BYTES)? };
    let door = Door::new("");
    let seconds = door.root(&value).map(|root| {
        root.refuse_unknown(&["args", "timeout_seconds"]);
        let asked = root.integer("timeout_seconds", 1..=MAX_TIMEOUT_SECONDS);
        asked.unwrap_or(DEFAULT_TIMEOUT_SECONDS)
    });
    let mut problems = match door.close(seconds) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.as_slice().to_vec(),
    };
    // The arguments are read by the contract's own reader, in an envelope of no consequence.
    let args = value.get("args").cloned().unwrap_or_else(|| json!({}));
    let envelope = json!({
        "v": 1, "command_id": "ask", "verb": verb.as_str(), "args": args,
        "issued_at": Timestamp::EPOCH,
    });
    let request = match Command::from_json(envelope.to_string().as_bytes()) {
        Ok(command) => Some(command.request),
        Err(more) => {
            problems.extend_from_slice(more.as_slice());
            None
        }
    };
    Problems::none_or(problems, request.zip(seconds.map(Duration::from_secs)))
}

fn refused(problems: Vec<Problem>) -> Vec<u8> {
    to_bytes(&StartAnswer::Refused { problems })
}

fn to_bytes(answer: &StartAnswer) -> Vec<u8> {
    serde_json::to_vec(answer).expect("no map keys that JSON refuses")
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::command::Stop;
    use contract::id::Digest;

    fn parse(subject: &str) -> Result<Ask, String> {
        parse_subject(&Prefix::default(), subject).map_err(|problems| problems.to_string())
    }

    #[test]
    fn a_subject_names_a_start_or_a_command() {
        let start = Ask::Start("market".parse().unwrap());
        assert_eq!(parse("sim.ask.market.start.cli"), Ok(start));
        let command = |verb| Ask::Command {
            run: "market-2".parse().unwrap(),
            verb,
            client: "cli".parse().unwrap(),
        };
        assert_eq!(parse("sim.ask.market-2.stop.cli"), Ok(command(Verb::Stop)));
        assert_eq!(parse("sim.ask.market-2.start.cli"), Ok(command(Verb::Start)));
    }

    #[test]
    fn questions_leave_room_for_commands() {
        let room = Room::default();
        let subjects = ["sim.ask.market-1.interview.cli", "sim.ask.market-1.batch_interview.cli"];
        let asked = subjects.into_iter().cycle().map_while(|subject| room.place(subject));
        let asked: Vec<_> = asked.collect();
        assert_eq!(asked.len(), MAX_AT_ONCE);
        let verbs = ["stop", "start", "cancel", "nonsense"];
        let others = verbs.map(|verb| room.place(&format!("sim.ask.market-1.{verb}.cli")));
        assert!(others.iter().all(Option::is_some));
        let more: Vec<_> = std::iter::from_fn(|| room.place("sim.ask")).collect();
        assert_eq!((more.len(), room.place("sim.ask").is_none()), (MAX_AT_ONCE - 4, true));
    }

    #[test]
    fn every_wrong_token_is_named() {
        assert_eq!(
            parse("sim.ask.Market.stopp.*").unwrap_err(),
            "sim.ask.Market.stopp.*: found \"Market\", expected the id of a simulation or \
             <simulation>-<n>, that is 1 to 48 of a-z, 0-9, _ and -, beginning with a letter or \
             digit, not ending in -<digits>\n\
             sim.ask.Market.stopp.*: found \"stopp\", expected one of start, stop, pause, \
             resume, close_env, inject, configure, delete, verify, replay, repair, fork, \
             memory_attach, memory_redrive, interview, batch_interview, cancel\n\
             sim.ask.Market.stopp.*: found \"*\", expected 1 to 32 of a-z, 0-9, _ and -, \
             beginning with a letter or digit"
        );
        assert_eq!(
            parse("sim.ask.market.stop.cli").unwrap_err(),
            "sim.ask.market.stop.cli: found \"market\", expected a run, e.g. market-1"
        );
        assert!(parse("sim.ask.market-1.stop.CLI").is_err());
    }

    #[test]
    fn a_start_request_is_read_whole_or_refused_whole() {
        let digest = Digest::of(&[b"spec"]);
        let body = json!({"v": 1, "spec_digest": digest, "options": {"seed": 3, "memory": []}});
        let request = read_start(body.to_string().as_bytes()).unwrap();
        assert_eq!((request.spec_digest, request.options.seed), (digest, Some(3)));
        assert_eq!((request.options.memory, request.manner.new_run), (Some(Vec::new()), false));
        let body = br#"{"spec_digets":"x","options":{"sed":1},"new_run":"yes"}"#;
        assert_eq!(read_start(body).unwrap_err().as_slice().len(), 5);
        let body = json!({"v": 1, "spec_digest": digest, "options": {"memory": ["none", "A"]}});
        assert_eq!(
            read_start(body.to_string().as_bytes()).unwrap_err().to_string(),
            "/options/memory: found \"none\", expected none alone, or names; in a request an \
             empty list for no memory\n\
             /options/memory: found \"A\", expected 1 to 32 of a-z, 0-9, _ and -, beginning with \
             a letter or digit"
        );
    }

    #[test]
    fn a_command_is_read_by_the_contracts_rules() {
        let (request, patience) = read_command(Verb::Stop, b"").unwrap();
        assert_eq!((request, patience.as_secs()), (Request::Stop(Stop { reason: None }), 30));
        let body = br#"{"args":{"agent_id":4,"prompt":"Why?"},"timeout_seconds":5}"#;
        let (request, patience) = read_command(Verb::Interview, body).unwrap();
        assert!(matches!(request, Request::Interview(asked) if asked.agent_id == 4));
        assert_eq!(patience.as_secs(), 5);
        let body = br#"{"args":{"agent":4},"timeout":5,"timeout_seconds":0}"#;
        assert_eq!(
            read_command(Verb::Interview, body).unwrap_err().to_string(),
            "/timeout: found an unknown field, expected one of args, timeout_seconds\n\
             /timeout_seconds: found 0, expected a whole number from 1 to 600\n\
             /args/agent: found an unknown field, expected one of agent_id, prompt, platform, \
             at_round\n\
             /args/agent_id: found nothing, expected the id of an agent\n\
             /args/prompt: found nothing, expected a question"
        );
        for body in ["[]", "{", "null", "\u{0}", "7"] {
            assert!(read_command(Verb::Stop, body.as_bytes()).is_err(), "{body:?} passed");
            assert!(read_start(body.as_bytes()).is_err(), "{body:?} passed");
        }
        let huge = vec![b' '; MAX_COMMAND_BYTES + 1];
        assert!(read_start(&huge).unwrap_err().to_string().starts_with("body: found 65537 bytes"));
    }
}
