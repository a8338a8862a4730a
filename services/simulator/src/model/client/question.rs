//! One question: sent until it has an answer, or cannot have one in time.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use contract::decision::{MAX_REASON_BYTES, Usage};
use kit::retry::Pauses;
use tokio::time::{Instant, sleep, timeout_at};

use super::body::{Wanted, body};
use super::line::{Line, Room};
use super::send::{AtGate, Unheard, send};
use crate::model::answer::{self, Acts, Answer, Refusal, Sent, Trouble};
use crate::model::limits::{End, Use};
use crate::model::{Admission, Asked, Failed, FailedKind, SharedGate, text};

/// How soon a gate that lets nobody pass is asked again, at first and at the latest.
const GATE: Duration = Duration::from_millis(20);
const LATEST_GATE: Duration = Duration::from_millis(300);
/// The pauses before one's own next try.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How often what is no answer of a model is asked for.
const GARBLED: u32 = 3;
/// How many tokens an answer has, where the operator has not said.
const TOKENS: u32 = 256;
/// How many bytes of a request make a token, about.
const BYTES_PER_TOKEN: u64 = 4;

/// A question on its way.
pub(super) struct Question<'asked> {
    pub(super) line: &'asked Arc<Line>,
    pub(super) model: &'asked str,
    pub(super) asked: &'asked Asked,
    gate: &'asked SharedGate,
    usage: Usage,
    /// When an answer comes too late: earlier once the first request goes.
    ends: Instant,
    /// The last reason why there was no answer.
    last: Option<String>,
    /// What it waits for.
    awaits: Awaits,
}

/// What a question waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaits {
    /// Room at the endpoint, or another question, which finds out how to ask.
    Turn,
    /// The gate.
    Gate,
    /// An answer.
    Answer,
}

/// Why a question has no answer.
#[derive(Debug)]
pub(super) struct Lost {
    pub(super) kind: FailedKind,
    pub(super) why: String,
    /// Whether it may be because of the tools in the request.
    pub(super) of_tools: bool,
}

/// Why a try gave no answer, and how long the server wants to be left alone.
type Missed = (Refusal, Option<Duration>);

impl<'asked> Question<'asked> {
    pub(super) fn new(
        line: &'asked Arc<Line>,
        model: &'asked str,
        asked: &'asked Asked,
        gate: &'asked SharedGate,
    ) -> Question<'asked> {
        Question {
            line,
            model,
            asked,
            gate,
            usage: Usage::default(),
            ends: asked.deadline,
            last: None,
            awaits: Awaits::Turn,
        }
    }

    /// When an answer comes too late.
    pub(super) fn ends(&self) -> Instant {
        self.ends
    }

    /// What it took so far.
    pub(super) fn usage(&self) -> Usage {
        self.usage
    }

    pub(super) fn failed(&self, lost: &Lost) -> Failed {
        let why = text::line(&lost.why, MAX_REASON_BYTES);
        Failed { kind: lost.kind, why, usage: self.usage }
    }

    /// Asks for actions.
    pub(super) async fn acts(&mut self, wanted: Wanted, is_probe: bool) -> Result<Acts, Lost> {
        let platform = self.asked.platform;
        self.ask(wanted, is_probe, |sent| answer::acts(platform, sent)).await
    }

    /// Asks for words.
    pub(super) async fn words(&mut self) -> Result<String, Lost> {
        self.ask(Wanted::Words, false, answer::words).await
    }

    /// What comes when there was no answer in time.
    pub(super) fn late(&self) -> Lost {
        let why = match (&self.last, self.awaits) {
            (Some(why), _) => format!("{why} (no answer in time)"),
            (None, Awaits::Turn) => "its turn did not come in time".to_owned(),
            (None, Awaits::Gate) => "it was held back until it was too late".to_owned(),
            (None, Awaits::Answer) => "no answer in time".to_owned(),
        };
        Lost { kind: FailedKind::Away, why, of_tools: false }
    }

    async fn ask<T>(
        &mut self,
        wanted: Wanted,
        is_probe: bool,
        read: impl Fn(&Sent) -> Answer<T>,
    ) -> Result<T, Lost> {
        let Asked { platform, prompt, .. } = self.asked;
        let body = body(&self.line.endpoint, self.model, *platform, prompt, wanted);
        self.tries(&body, is_probe, read).await
    }

    async fn tries<T>(
        &mut self,
        body: &Bytes,
        is_probe: bool,
        read: impl Fn(&Sent) -> Answer<T>,
    ) -> Result<T, Lost> {
        let mut pauses = Pauses::new(FIRST_PAUSE, LONGEST_PAUSE);
        let mut garbled = 0;
        let mut again = false;
        loop {
            let (refusal, after) = match self.once(body, again, &read).await? {
                Ok(came) => return Ok(came),
                Err(missed) => missed,
            };
            again = true;
            let Refusal { trouble, why, of_tools } = refusal;
            let lost = |kind, why| Lost { kind, why, of_tools };
            if is_probe && of_tools {
                let kind = match trouble {
                    Trouble::Question => FailedKind::Question,
                    Trouble::Own | Trouble::Garbled | Trouble::Busy => FailedKind::Away,
                    Trouble::Endpoint => FailedKind::Endpoint,
                };
                return Err(lost(kind, why));
            }
            match trouble {
                Trouble::Question => return Err(lost(FailedKind::Question, why)),
                Trouble::Endpoint => {
                    self.line.in_trouble("takes no questions", &why);
                    return Err(lost(FailedKind::Endpoint, why));
                }
                // Whoever answers like that is no model, and has answered nobody.
                Trouble::Garbled if garbled + 1 >= GARBLED => {
                    return Err(lost(FailedKind::Away, why));
                }
                Trouble::Garbled => garbled += 1,
                Trouble::Own | Trouble::Busy => {}
            }
            self.last = Some(why);
            // Where the whole endpoint pauses, the queue is the pause.
            if trouble != Trouble::Busy {
                let pause = sleep(pauses.next_pause().max(after.unwrap_or_default()));
                if timeout_at(self.ends, pause).await.is_err() {
                    return Err(self.late());
                }
            }
        }
    }

    /// Sends it once, when there is room and the gate is open.
    ///
    /// # Errors
    /// That the gate is shut, or that it is too late.
    async fn once<T>(
        &mut self,
        body: &Bytes,
        again: bool,
        read: impl Fn(&Sent) -> Answer<T>,
    ) -> Result<Result<T, Missed>, Lost> {
        let estimate = self.estimate(body);
        let Ok(room) = timeout_at(self.ends, self.room(&estimate, again)).await else {
            return Err(self.late());
        };
        let mut room = room?;
        room.end = End::Sent(None);
        let mut at_gate = AtGate::admitted(&self.line.name, self.gate, estimate);
        // The first request's; later ones are later.
        self.ends = self.ends.min(Instant::now() + self.asked.within);
        self.awaits = Awaits::Answer;
        let sent = self.sent(&mut room, &mut at_gate, body, read);
        let came = timeout_at(self.ends, sent).await;
        self.usage.add(&at_gate.took);
        match came {
            Ok(came) => Ok(came),
            Err(_) => {
                if self.last.is_none() {
                    self.line.in_trouble("is slow", "no answer in time");
                }
                Err(self.late())
            }
        }
    }

    /// Waits until there is room and the gate is open.
    async fn room(&mut self, estimate: &Usage, mut again: bool) -> Result<Room, Lost> {
        let mut wait = GATE;
        let wanted = match self.asked.prompt.wants_action {
            true => Use::Decision(self.asked.platform),
            false => Use::Talk,
        };
        loop {
            self.awaits = Awaits::Turn;
            let room = self.line.room(wanted, estimate.tokens(), again).await;
            again = true;
            if self.line.is_paused() {
                // The pause began after it was let go.
                continue;
            }
            match self.gate.admit(estimate) {
                Admission::Yes => return Ok(room),
                Admission::Wait => {}
                Admission::No(why) => {
                    return Err(Lost { kind: FailedKind::Shut, why, of_tools: false });
                }
            }
            drop(room);
            self.awaits = Awaits::Gate;
            sleep(wait).await;
            wait = LATEST_GATE.min(wait * 2);
        }
    }

    /// Sends it, and says at the gate what it took, as soon as that is known.
    async fn sent<T>(
        &self,
        room: &mut Room,
        at_gate: &mut AtGate,
        body: &Bytes,
        read: impl Fn(&Sent) -> Answer<T>,
    ) -> Result<T, Missed> {
        let sent = match send(room, body.clone()).await {
            Ok(sent) => sent,
            Err(Unheard { refusal, unsent, is_refused }) => {
                if unsent || is_refused {
                    at_gate.took = Usage { requests: u64::from(!unsent), ..Usage::default() };
                }
                if unsent {
                    room.end = End::Unsent;
                }
                self.troubled(&refusal, room.since, None);
                return Err((refusal, None));
            }
        };
        let Answer { usage, came } = read(&sent);
        if let Some(usage) = usage {
            let cost_micros = self.line.endpoint.price.cost_micros(&usage);
            at_gate.took = Usage { requests: 1, cost_micros, ..usage };
            room.end = End::Sent(Some(usage.tokens()).filter(|tokens| *tokens > 0));
        }
        match came {
            Ok(came) => {
                self.line.answered();
                at_gate.is_ok = true;
                Ok(came)
            }
            Err(refusal) => {
                self.troubled(&refusal, room.since, sent.retry_after);
                Err((refusal, sent.retry_after))
            }
        }
    }

    /// What a refusal means for the endpoint.
    fn troubled(&self, refusal: &Refusal, since: u64, after: Option<Duration>) {
        match refusal.trouble {
            Trouble::Question => self.line.answered(),
            Trouble::Own => self.line.in_trouble("has trouble", &refusal.why),
            Trouble::Garbled => self.line.in_trouble("sends no answers", &refusal.why),
            Trouble::Busy => {
                let after = after.and_then(|after| u64::try_from(after.as_millis()).ok());
                self.line.busy(since, after);
                self.line.in_trouble("takes no questions for now", &refusal.why);
            }
            Trouble::Endpoint => {}
        }
    }

    /// What a request may take.
    fn estimate(&self, body: &Bytes) -> Usage {
        let bytes = u64::try_from(body.len()).unwrap_or(u64::MAX);
        let completion = self.line.endpoint.max_tokens.unwrap_or(TOKENS);
        let mut estimate = Usage {
            requests: 1,
            prompt_tokens: bytes / BYTES_PER_TOKEN,
            cached_tokens: 0,
            completion_tokens: u64::from(completion),
            cost_micros: 0,
        };
        estimate.cost_micros = self.line.endpoint.price.cost_micros(&estimate);
        estimate
    }
}

/// That there is no such endpoint or model: what a run names is looked at before it is taken up.
pub(super) fn unknown(why: &str) -> Failed {
    let why = text::line(why, MAX_REASON_BYTES);
    Failed { kind: FailedKind::Endpoint, why, usage: Usage::default() }
}
