//! Why a request gave nothing, from what the server said about it.

use contract::decision::MAX_REASON_BYTES;
use reqwest::StatusCode;
use serde_json::Value;

use super::Sent;
use crate::model::text;

/// Why a request gave nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What that means for other requests.
    pub trouble: Trouble,
    /// Why, in words.
    pub why: String,
    /// Whether it may be because of the tools in the request.
    pub of_tools: bool,
}

/// What a failure means for other requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing; to send this one again would give the same.
    Question,
    /// Nothing; this one is worth another try.
    Own,
    /// What came is no answer of a model; worth a few more tries, no more.
    Garbled,
    /// The endpoint takes none for now.
    Busy,
    /// The endpoint takes none before somebody does something.
    Endpoint,
}

/// Words that say that something has to be paid.
const UNPAID: [&str; 8] = [
    "insufficient_quota",
    "insufficient balance",
    "insufficient_balance",
    "insufficient credit",
    "billing_hard_limit",
    "billing_not_active",
    "account_deactivated",
    "credit balance is too low",
];

/// Words that say the same, or that a minute's quota is used up: some servers have them for both.
const QUOTA: &str = "exceeded your current quota";

/// Words that say that a model or a key is wrong, where the status does not.
const MISNAMED: [&str; 5] =
    ["model_not_found", "invalid_api_key", "model not found", "unknown model", "invalid model"];

impl Refusal {
    fn new(trouble: Trouble, why: &str) -> Refusal {
        // Some of it is for what is said around it.
        let why = text::line(why, MAX_REASON_BYTES - 40);
        Refusal { trouble, why, of_tools: false }
    }

    pub(crate) fn of_question(why: &str) -> Refusal {
        Refusal::new(Trouble::Question, why)
    }

    pub(crate) fn own(why: &str) -> Refusal {
        Refusal::new(Trouble::Own, why)
    }

    pub(crate) fn busy(why: &str) -> Refusal {
        Refusal::new(Trouble::Busy, why)
    }

    pub(super) fn garbled(what: &str) -> Refusal {
        Refusal::new(Trouble::Garbled, &format!("it answered with {what}"))
    }
}

/// What is wrong with a response as a whole; `None` if it may be an answer.
pub(super) fn of(sent: &Sent) -> Option<Refusal> {
    match (sent.status, &sent.json) {
        (200..=299, Some(json)) => within_success(json, sent),
        (200..=299, None) => Some(match sent.text.as_str() {
            _ if sent.is_too_long => {
                let most = super::MAX_ANSWER_BYTES;
                Refusal::of_question(&format!("it answered with more than {most} bytes"))
            }
            "" => Refusal::garbled("nothing"),
            text => Refusal::garbled(&what_it_is(text)),
        }),
        (status, json) => Some(of_status(status, json.as_ref(), sent)),
    }
}

/// Whether a response says that there is no answer: no model was asked for one.
pub(super) fn is_error(sent: &Sent) -> bool {
    let no_choice = |json: &&Value| json.pointer("/choices/0").is_none();
    let is_good = (200..=299).contains(&sent.status);
    !is_good || sent.json.as_ref().filter(no_choice).and_then(Said::of).is_some()
}

/// An error that came as a success.
fn within_success(json: &Value, sent: &Sent) -> Option<Refusal> {
    if !json.is_object() {
        return Some(Refusal::garbled("JSON that is no object"));
    }
    if json.pointer("/choices/0").is_some() {
        return None;
    }
    let said = Said::of(json)?;
    let status = said.code.parse().ok().filter(|status| (400..=599).contains(status));
    let trouble = match status {
        Some(status) => trouble(status, &said, sent),
        None if said.has("rate_limit") || said.has("rate limit") => Trouble::Busy,
        None if said.has("overloaded") || said.has("server_error") => Trouble::Own,
        None => trouble(400, &said, sent),
    };
    Some(Refusal::new(trouble, &format!("it answered with an error: {}", said.message)))
}

fn of_status(status: u16, json: Option<&Value>, sent: &Sent) -> Refusal {
    let said = json.and_then(Said::of).unwrap_or_else(|| Said::of_body(json, &sent.text));
    let trouble = trouble(status, &said, sent);
    let name = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let name = name.map(|name| format!(" {name}")).unwrap_or_default();
    let mut why = format!("it answered {status}{name}");
    match status {
        300..=399 => why.push_str(" (redirects are not followed: name the final address)"),
        _ if said.message.is_empty() => {}
        _ => {
            why.push_str(": ");
            why.push_str(&said.message);
        }
    }
    let speaks_of_tools = said.has("tool") || said.has("function");
    let of_tools = match (status, trouble) {
        (400 | 422, Trouble::Endpoint) => speaks_of_tools,
        (400 | 422, _) => true,
        (404 | 405 | 500 | 501, _) => speaks_of_tools,
        _ => false,
    };
    Refusal { of_tools, ..Refusal::new(trouble, &why) }
}

/// What a status means, with what was said.
fn trouble(status: u16, said: &Said, sent: &Sent) -> Trouble {
    let any = |words: &[&str]| words.iter().any(|word| said.has(word));
    let no_model = said.has("model")
        && (said.has("does not exist") || said.has("not found") || said.has("not exist"));
    match status {
        _ if any(&UNPAID) => Trouble::Endpoint,
        // Who says when to come again will answer then.
        429 if said.has(QUOTA) && sent.retry_after.is_some() => Trouble::Busy,
        _ if said.has(QUOTA) => Trouble::Endpoint,
        403 if said.has("moderation") || said.has("flagged") => Trouble::Question,
        400 | 422 if any(&MISNAMED) || no_model => Trouble::Endpoint,
        408 | 409 | 425 => Trouble::Own,
        // 529: overloaded, of one vendor; 498 of another.
        429 | 498 | 503 | 529 => Trouble::Busy,
        ..=399 | 401..=405 | 410 | 501 => Trouble::Endpoint,
        400..=499 => Trouble::Question,
        500.. => Trouble::Own,
    }
}

/// What a server says of an error.
struct Said {
    message: String,
    /// Its code, if it has one.
    code: String,
    /// All of it in lower case.
    all: String,
}

impl Said {
    /// From JSON of one of the forms that there are.
    fn of(json: &Value) -> Option<Said> {
        let error = match &json["error"] {
            Value::Null => match (&json["message"], &json["detail"]) {
                (Value::Null, Value::Null) => return None,
                _ => json,
            },
            error => error,
        };
        let message = match (error, &error["message"], &error["detail"]) {
            (Value::String(message), ..)
            | (_, Value::String(message), _)
            | (_, _, Value::String(message)) => message.clone(),
            (_, Value::Null, Value::Null) => error.to_string(),
            (_, Value::Null, detail) => detail.to_string(),
            (_, message, _) => message.to_string(),
        };
        let plain = |value: &Value| match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        let code = plain(&error["code"]);
        let all = format!("{message} {code} {}", plain(&error["type"])).to_lowercase();
        Some(Said { message, code, all })
    }

    /// From what is no JSON, or JSON of no such form.
    fn of_body(json: Option<&Value>, text: &str) -> Said {
        let message = match json {
            Some(json) => json.to_string(),
            None if text.is_empty() => String::new(),
            None => what_it_is(text),
        };
        Said { all: message.to_lowercase(), message, code: String::new() }
    }

    fn has(&self, words: &str) -> bool {
        self.all.contains(words)
    }
}

/// What a body is that is no JSON, in words.
fn what_it_is(text: &str) -> String {
    /// How much of it is looked at.
    const LOOKED_AT: usize = 4 * 1024;
    let text = text::head(text, LOOKED_AT).trim();
    let is_page = text.starts_with('<');
    let title = text.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
    match title {
        Some((title, _)) => format!("a page: {}", title.trim()),
        None if is_page => "a page".to_owned(),
        None if text.starts_with("data:") => "a stream of events".to_owned(),
        None => format!("no JSON: {text}"),
    }
}
