//! Speaking only where somebody listens.

use std::time::{Duration, Instant};

use async_nats::{StatusCode, Subscriber};
use futures_util::{FutureExt as _, StreamExt as _};

use crate::Bus;

/// How long it is taken for granted that nobody listens on a subject.
const SILENCE: Duration = Duration::from_secs(1);

/// Publishes best-effort messages, and none on a subject on which nobody listens. Whoever begins
/// to listen is heard of within a second.
///
/// Now and then a message asks for an answer. A server that has nobody to give it to says so at
/// once; of a listener nothing comes.
pub struct Audience {
    bus: Bus,
    inbox: String,
    /// Where the server's word comes, on the inbox with the subject's place; `None`: not yet.
    word: Option<Subscriber>,
    heard: Vec<Heard>,
}

/// What is known of one subject.
struct Heard {
    subject: String,
    asked: Instant,
    is_silent: bool,
}

impl Audience {
    /// Nothing is known of anybody.
    pub fn new(bus: Bus) -> Audience {
        let inbox = bus.client.new_inbox();
        Audience { bus, inbox, word: None, heard: Vec::new() }
    }

    /// Whether anybody may listen there; false only if nobody did within the last second.
    pub fn may_listen(&mut self, subject: &str) -> bool {
        self.listen();
        let mut heard = self.heard.iter();
        heard
            .find(|heard| heard.subject == subject)
            .is_none_or(|heard| !heard.is_silent || heard.asked.elapsed() > SILENCE)
    }

    /// Publishes without storing; best effort.
    ///
    /// # Errors
    /// If it was not even queued, in words.
    pub async fn publish(&mut self, subject: String, body: Vec<u8>) -> Result<(), String> {
        let asked = Instant::now();
        let place = self.heard.iter().position(|heard| heard.subject == subject);
        if place.is_some_and(|place| asked - self.heard[place].asked <= SILENCE) {
            return self.bus.publish_core(subject, body).await;
        }
        if self.word.is_none() {
            let subscribing = self.bus.client.subscribe(format!("{}.*", self.inbox));
            self.word = Some(subscribing.await.map_err(|error| error.to_string())?);
        }
        let heard = Heard { subject: subject.clone(), asked, is_silent: false };
        let reply = format!("{}.{}", self.inbox, place.unwrap_or(self.heard.len()));
        match place {
            Some(place) => self.heard[place] = heard,
            None => self.heard.push(heard),
        }
        self.bus.publish_core_with(subject, Some(reply), body).await
    }

    /// Takes what the server has said since.
    fn listen(&mut self) {
        let Some(word) = &mut self.word else { return };
        while let Some(Some(message)) = word.next().now_or_never() {
            let place = message.subject.rsplit('.').next().and_then(|place| place.parse().ok());
            let heard = place.and_then(|place: usize| self.heard.get_mut(place));
            if message.status == Some(StatusCode::NO_RESPONDERS)
                && let Some(heard) = heard
            {
                heard.is_silent = true;
            }
        }
    }
}
