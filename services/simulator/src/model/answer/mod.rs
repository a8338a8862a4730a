//! What came of a request: from what a server sent to calls, to words, or to why there are none.
//!
//! Servers differ, and so do models: what is meant plainly is taken as it is meant, what is no
//! action is refused in words, and nothing that can be sent is more than this question's trouble.

mod calls;
mod failure;
mod found;
mod repair;
mod sent;

use contract::decision::{Call, MAX_CALLS, MAX_DECISION_BYTES, MAX_REASON_BYTES, Usage};
use contract::subject::Platform;
use serde_json::Value;

pub use failure::{Refusal, Trouble};
pub use sent::Sent;

use super::text;

/// The most bytes of a body that are read.
pub const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// The most bytes of a text that an agent says.
pub const MAX_WORDS_BYTES: usize = 16 * 1024;

/// How many calls of an answer are looked at; more of them are counted.
const LOOKED_AT: usize = 64;

/// The most reasons of one decision; more of them are counted.
const MAX_REASONS: usize = 8;

/// How many bytes of a decision are beside its calls and reasons.
const BESIDE: usize = 512;

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<T> {
    /// The tokens that it took, as the server says; none where it refused. `None`: it took some,
    /// and the server does not say how many.
    pub usage: Option<Usage>,
    /// What it gave.
    pub came: Result<T, Refusal>,
}

/// What an agent wants to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acts {
    /// The calls, in order: at most [`MAX_CALLS`].
    pub calls: Vec<Call>,
    /// What else stood there, each in words.
    pub refused: Vec<String>,
    /// Whether the answer was words alone, so that it is not even known whether the model was
    /// told of tools.
    pub in_words: bool,
}

/// A message of a model, of whatever shape.
struct Message<'body> {
    message: &'body Value,
    /// Its text, as far as it has one.
    text: String,
    /// Why it ended.
    finish: &'body str,
}

/// What a question for an action came to.
pub fn acts(platform: Platform, sent: &Sent) -> Answer<Acts> {
    heard(sent, |message| Ok(acts_in(platform, message)))
}

/// What a question for words came to.
pub fn words(sent: &Sent) -> Answer<String> {
    heard(sent, |message| {
        let said = text::written(found::without_thoughts(&message.text));
        if !said.is_empty() {
            return Ok(text::head(&said, MAX_WORDS_BYTES).to_owned());
        }
        let why = match message.refusal() {
            Some(refusal) => format!("the model refused: {refusal}"),
            None => format!("the model said nothing{}", message.ended()),
        };
        Err(Refusal::of_question(&why))
    })
}

fn heard<T>(sent: &Sent, read: impl FnOnce(&Message<'_>) -> Result<T, Refusal>) -> Answer<T> {
    let usage = sent.json.as_ref().map(usage).filter(|usage| usage.tokens() > 0);
    let usage = usage.or_else(|| failure::is_error(sent).then(Usage::default));
    let came = match (failure::of(sent), &sent.json) {
        (Some(refusal), _) => Err(refusal),
        (None, Some(value)) => message(value).and_then(|message| read(&message)),
        (None, None) => Err(Refusal::garbled("no JSON")),
    };
    Answer { usage, came }
}

/// The tokens that a body speaks of, under any of the names that servers have for them.
fn usage(body: &Value) -> Usage {
    /// No request takes more.
    const MOST: u64 = 1 << 32;
    let number = |pointers: &[&str]| {
        let found =
            pointers.iter().find_map(|pointer| contract::door::integer(body.pointer(pointer)?));
        found.unwrap_or(0).min(MOST)
    };
    let prompt_tokens = number(&["/usage/prompt_tokens", "/usage/input_tokens"]);
    let cached = number(&[
        "/usage/prompt_tokens_details/cached_tokens",
        "/usage/prompt_cache_hit_tokens",
        "/usage/cached_tokens",
    ]);
    Usage {
        requests: 0,
        prompt_tokens,
        cached_tokens: cached.min(prompt_tokens),
        completion_tokens: number(&["/usage/completion_tokens", "/usage/output_tokens"]),
        cost_micros: 0,
    }
}

/// The message of the first choice.
fn message(body: &Value) -> Result<Message<'_>, Refusal> {
    let Some(choice) = body.pointer("/choices/0") else {
        return Err(Refusal::of_question("it answered without any choice"));
    };
    let finish = choice["finish_reason"].as_str().unwrap_or_default();
    if finish == "error" || choice["error"].is_object() {
        let why = choice.pointer("/error/message").and_then(Value::as_str).unwrap_or("no reason");
        return Err(Refusal::own(&format!("the model broke off: {why}")));
    }
    let message = &choice["message"];
    let text = match (&message["content"], &choice["text"]) {
        (Value::String(text), _) => text.clone(),
        (Value::Array(parts), _) => {
            let parts = parts.iter().filter_map(|part| part["text"].as_str().or(part.as_str()));
            parts.collect()
        }
        (_, Value::String(text)) => text.clone(),
        _ => String::new(),
    };
    Ok(Message { message, text, finish })
}

impl Message<'_> {
    fn refusal(&self) -> Option<&str> {
        self.message["refusal"].as_str().filter(|refusal| !refusal.trim().is_empty())
    }

    fn is_cut(&self) -> bool {
        self.finish == "length"
    }

    /// Why a message that says nothing ended, if that explains it.
    fn ended(&self) -> &'static str {
        match self.finish {
            "length" => ": its tokens were used up before (max_tokens)",
            "content_filter" => ": the endpoint's filter took it out",
            _ => "",
        }
    }
}

fn acts_in(platform: Platform, message: &Message<'_>) -> Acts {
    let ((mut called, mut beyond), mut in_words) = (calls::called(message.message), false);
    let thoughtless = found::without_thoughts(&message.text);
    if called.is_empty() {
        called = found::called(thoughtless, message.is_cut());
        in_words = called.is_empty();
    }
    beyond += called.len().saturating_sub(LOOKED_AT);
    let mut acts = Acts { in_words, ..Acts::default() };
    for called in called.into_iter().take(LOOKED_AT) {
        if acts.calls.len() == MAX_CALLS {
            beyond += 1;
            continue;
        }
        match calls::call(platform, called, message.is_cut()) {
            Ok((call, cut)) => {
                acts.calls.push(call);
                acts.refuse(cut);
            }
            Err(why) => acts.refuse(Some(why)),
        }
    }
    if beyond > 0 {
        // First, so that it is not what is left out.
        let why = format!("{beyond} more calls: a decision has at most {MAX_CALLS}");
        acts.refused.insert(0, why);
    }
    if in_words {
        acts.refuse(Some(match (message.refusal(), thoughtless.trim()) {
            (Some(refusal), _) => format!("the model refused: {refusal}"),
            (None, "") => format!("the model said nothing{}", message.ended()),
            (None, words) => format!("answered in words: {words}"),
        }));
    }
    acts.fit();
    acts
}

impl Acts {
    fn refuse(&mut self, why: Option<String>) {
        self.refused.extend(why.map(|why| text::line(&why, MAX_REASON_BYTES)));
    }

    /// Leaves out what a decision has no room for.
    fn fit(&mut self) {
        if self.refused.len() > MAX_REASONS {
            let more = self.refused.len() - (MAX_REASONS - 1);
            self.refused.truncate(MAX_REASONS - 1);
            self.refused.push(format!("{more} more of the kind"));
        }
        let mut dropped = 0_usize;
        let bytes = |acts: &Acts| {
            let size = |json: serde_json::Result<Vec<u8>>| json.map_or(usize::MAX, |it| it.len());
            size(serde_json::to_vec(&acts.calls))
                .saturating_add(size(serde_json::to_vec(&acts.refused)))
        };
        while bytes(self) > MAX_DECISION_BYTES - BESIDE && self.calls.pop().is_some() {
            if dropped > 0 {
                self.refused.pop();
            }
            dropped += 1;
            self.refuse(Some(format!(
                "{dropped} calls: a decision has at most {MAX_DECISION_BYTES} bytes"
            )));
        }
    }
}

#[cfg(test)]
mod tests;
