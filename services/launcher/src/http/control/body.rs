//! Reads a request for a command: its arguments, how long to wait, and its id.

use std::time::Duration;

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderMap, HeaderName};
use contract::command::{Request, Verb};
use contract::door::{Door, Object};
use contract::id::{CommandId, InvalidId};
use contract::problem::{Problem, Problems};
use serde_json::{Value, json};

use super::Manner;
use crate::http::status::read_name;
use crate::model::RunName;

/// The header that names a command.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// How long a reply is waited for unless the request says otherwise.
pub(in crate::http) const DEFAULT_PATIENCE: Duration = Duration::from_secs(50);

/// The longest that a request may want to wait, in millionths of a second.
const LONGEST: i64 = 600 * 1_000_000;

/// The run, the command and how to ask for it; `body` is that of the request, if it has one.
pub(super) fn read(
    verb: Verb,
    path: Result<Path<String>, PathRejection>,
    headers: &HeaderMap,
    body: Option<Value>,
) -> Result<(RunName, Request, Manner), Problems> {
    let mut problems = Vec::new();
    let name = read_name(path).map_err(|problem| problems.push(problem)).ok();
    let key = read_key(headers).map_err(|problem| problems.push(problem)).ok();
    let read = match read_body(verb, body) {
        Ok(read) => Some(read),
        Err(more) => {
            problems.extend_from_slice(more.as_slice());
            None
        }
    };
    let all = name
        .zip(key)
        .zip(read)
        .map(|((name, key), (request, patience))| (name, request, Manner { patience, key }));
    Problems::none_or(problems, all)
}

/// The arguments of `verb`, with `timeout` beside them.
fn read_body(verb: Verb, body: Option<Value>) -> Result<(Request, Duration), Problems> {
    let whole = body.unwrap_or_else(|| json!({}));
    let mut args = whole.clone();
    if let Value::Object(fields) = &mut args {
        fields.remove("timeout");
    }
    let door = Door::of_message();
    let read = door.root(&whole).and_then(|whole| {
        let patience = read_timeout(&whole, DEFAULT_PATIENCE);
        let request = door.root(&args).and_then(|args| Request::read(verb, &args));
        Some((request?, patience))
    });
    door.close(read)
}

/// The required field `simulation_id` where a run's id will do as well.
pub(in crate::http) fn read_run(object: &Object<'_>) -> Option<RunName> {
    object.require("simulation_id", "the id of a simulation or of a run");
    object.parsed("simulation_id", str::parse)
}

/// The field `timeout`: seconds, as a number.
pub(in crate::http) fn read_timeout(object: &Object<'_>, default: Duration) -> Duration {
    let millionths = object.millionths("timeout", 1_000_000..=LONGEST);
    let millionths = millionths.and_then(|millionths| u64::try_from(millionths).ok());
    millionths.map_or(default, Duration::from_micros)
}

/// The id that the client gives to its command, if it does.
pub(in crate::http) fn read_key(headers: &HeaderMap) -> Result<Option<CommandId>, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Problem::new(IDEMPOTENCY_KEY.as_str(), "it several times", "it once"));
    }
    let text = String::from_utf8_lossy(value.as_bytes());
    text.parse().map(Some).map_err(|error: InvalidId| {
        Problem::new(IDEMPOTENCY_KEY.as_str(), format!("{text:?}"), error.expected())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::command::{Configure, Stop};
    use contract::llm::Budget;

    fn ask(
        verb: Verb,
        key: &'static str,
        body: Option<Value>,
    ) -> Result<(RunName, Request, Manner), String> {
        let mut headers = HeaderMap::new();
        if !key.is_empty() {
            headers.insert(IDEMPOTENCY_KEY, key.parse().unwrap());
        }
        read(verb, Ok(Path("market".to_owned())), &headers, body)
            .map_err(|problems| problems.to_string())
    }

    #[test]
    fn a_body_is_the_arguments_and_a_timeout() {
        let body = json!({"reason": "lunch", "timeout": 2.5});
        let (name, request, manner) = ask(Verb::Pause, "key-1", Some(body)).unwrap();
        assert_eq!(name, RunName::CurrentOf("market".parse().unwrap()));
        assert_eq!(request, Request::Pause(Stop { reason: Some("lunch".to_owned()) }));
        assert_eq!(manner.patience, Duration::from_millis(2500));
        assert_eq!(manner.key.unwrap().as_str(), "key-1");
        let (_, request, manner) = ask(Verb::Resume, "", None).unwrap();
        assert_eq!((request, manner.patience), (Request::Resume, DEFAULT_PATIENCE));
        assert!(manner.key.is_none());
    }

    #[test]
    fn a_budget_is_taken_to_the_run() {
        let body = json!({"budget": {"cost_micros": 2_500_000, "tokens": null}, "timeout": 5});
        let (_, request, _) = ask(Verb::Configure, "", Some(body)).unwrap();
        let Request::Configure(change) = request else { panic!("{request:?}") };
        let budget = Budget { cost_micros: Some(2_500_000), ..Budget::default() };
        assert_eq!(*change, Configure { budget: Some(budget), ..Configure::default() });
        let body = json!({"budget": {"tokens": -1, "money": "2.50"}});
        assert_eq!(
            ask(Verb::Configure, "", Some(body)).err().unwrap(),
            "/budget/money: found an unknown field, expected one of requests, tokens, \
             cost_micros, wall_seconds\n\
             /budget/tokens: found -1, expected a whole number from 0 to 9007199254740991"
        );
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let body = json!({"reson": "x", "timeout": "5"});
        assert_eq!(
            ask(Verb::Pause, "a b", Some(body)).err().unwrap(),
            "idempotency-key: found \"a b\", expected 1 to 64 of A-Z, a-z, 0-9, _ and -\n\
             /timeout: found the text \"5\", expected a number from 1 to 600\n\
             /reson: found an unknown field, expected \"reason\" (did you mean that?)"
        );
        for timeout in [json!(0), json!(0.999), json!(600.1), json!(-1), json!(1e300), json!(true)]
        {
            let body = json!({"timeout": timeout});
            assert!(ask(Verb::Resume, "", Some(body)).is_err(), "{timeout}");
        }
        for body in [json!([]), json!("x"), json!(7)] {
            assert!(ask(Verb::Resume, "", Some(body.clone())).is_err(), "{body}");
        }
    }
}
