//! Who may ask an endpoint when: what happens goes in, who may go comes out. Pure; time is a
//! number of milliseconds that is passed in.
//!
//! What waits is agents that are to decide, in two queues, one a platform, which take turns while
//! both wait; and talks (interviews), which go where no agent waits, and now and then where one
//! does. What holds them back: how many are under way, the operator's requests and tokens per
//! minute, what the endpoint said about its own, and a pause for all while it cannot.

mod bucket;
pub mod taught;

use std::collections::VecDeque;

use contract::subject::Platform;

use self::bucket::Bucket;
use self::taught::{Allowance, Taught};

/// Names what waits.
pub type Ticket = u64;

/// For what a request is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// For an agent of this world to decide: its round waits for that.
    Decision(Platform),
    /// For a talk with an agent: no round waits for that.
    Talk,
}

/// While both wait, so many decisions go, and then one talk.
const DECISIONS: u32 = 7;

/// The first pause of an endpoint that does not say how long, and the longest.
const FIRST_PAUSE: u64 = 250;
const LONGEST_PAUSE: u64 = 5_000;
/// The longest pause that an endpoint can ask for.
const LONGEST_ASKED: u64 = 10 * 60 * 1000;

/// What an endpoint can take, what it has, and what waits.
#[derive(Debug)]
pub struct Limits {
    /// The most at once, by the operator.
    most: usize,
    /// The most at once for now: less after the endpoint had too much.
    open: usize,
    under_way: usize,
    tokens_under_way: u64,
    /// The operator's limits.
    requests: Option<Bucket>,
    tokens: Option<Bucket>,
    /// The endpoint's own, as far as it spoke of them.
    said_requests: Option<Bucket>,
    said_tokens: Option<Bucket>,
    /// When the last pause began, and when it ends.
    paused_at: u64,
    paused_until: u64,
    /// Pauses in a row.
    pauses: u32,
    /// Decisions by platform.
    waiting: [VecDeque<Waiting>; 2],
    /// Whose turn it is, where both wait.
    turn: usize,
    talks: VecDeque<Waiting>,
    /// How many decisions went since a talk did, or since none waited.
    passed: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Waiting {
    ticket: Ticket,
    /// How many tokens it may take.
    tokens: u64,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// This one may go; ask for the next.
    Go(Ticket),
    /// Nothing before this time, unless something happens.
    At(u64),
    /// Nothing before something happens.
    Nothing,
}

/// How a request ended, for its endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was never sent.
    Unsent,
    /// It was sent, and took this many tokens, if that is known.
    Sent(Option<u64>),
}

impl Limits {
    /// Of an endpoint that takes `most` at once, and so many requests and tokens in a minute.
    pub fn new(most: usize, requests: Option<u64>, tokens: Option<u64>) -> Limits {
        Limits {
            most: most.max(1),
            open: most.max(1),
            under_way: 0,
            tokens_under_way: 0,
            requests: requests.map(Bucket::per_minute),
            tokens: tokens.map(Bucket::per_minute),
            said_requests: None,
            said_tokens: None,
            paused_at: 0,
            paused_until: 0,
            pauses: 0,
            waiting: [VecDeque::new(), VecDeque::new()],
            turn: 0,
            talks: VecDeque::new(),
            passed: 0,
        }
    }

    /// Somebody wants to send a request that may take so many tokens; `again`: it did already, and
    /// comes before those who never had a turn.
    pub fn wait(&mut self, wanted: Use, ticket: Ticket, tokens: u64, again: bool) {
        let queue = match wanted {
            Use::Decision(platform) => &mut self.waiting[index(platform)],
            Use::Talk => &mut self.talks,
        };
        match again {
            true => queue.push_front(Waiting { ticket, tokens }),
            false => queue.push_back(Waiting { ticket, tokens }),
        }
    }

    /// It waits no more.
    pub fn leave(&mut self, ticket: Ticket) {
        for queue in self.waiting.iter_mut().chain([&mut self.talks]) {
            queue.retain(|waiting| waiting.ticket != ticket);
        }
    }

    /// What is to be done now.
    pub fn next(&mut self, now: u64) -> Wish {
        let platform = if self.waiting[self.turn].is_empty() { 1 - self.turn } else { self.turn };
        let (decision, talk) = (self.waiting[platform].front(), self.talks.front());
        let is_talk = talk.is_some() && (decision.is_none() || self.passed >= DECISIONS);
        let Some(&Waiting { ticket, tokens }) = (if is_talk { talk } else { decision }) else {
            return Wish::Nothing;
        };
        if self.under_way >= self.open {
            return Wish::Nothing;
        }
        let ready = self.ready_at(now, tokens).max(self.paused_until);
        if ready > now {
            return Wish::At(ready);
        }
        if is_talk {
            self.talks.pop_front();
            self.passed = 0;
        } else {
            self.waiting[platform].pop_front();
            self.turn = 1 - platform;
            self.passed = if self.talks.is_empty() { 0 } else { self.passed + 1 };
        }
        self.under_way += 1;
        self.tokens_under_way = self.tokens_under_way.saturating_add(tokens);
        for (bucket, amount) in self.buckets(tokens) {
            bucket.take(amount);
        }
        Wish::Go(ticket)
    }

    /// From when on all limits let a request of so many tokens pass.
    fn ready_at(&mut self, now: u64, tokens: u64) -> u64 {
        let ready = self.buckets(tokens).map(|(bucket, amount)| bucket.ready_at(now, amount));
        ready.max().unwrap_or(now)
    }

    /// The limits that there are, each with what a request of so many tokens takes of it.
    fn buckets(&mut self, tokens: u64) -> impl Iterator<Item = (&mut Bucket, u64)> {
        let requests = self.requests.iter_mut().chain(&mut self.said_requests);
        let of_tokens = self.tokens.iter_mut().chain(&mut self.said_tokens);
        requests.map(|it| (it, 1)).chain(of_tokens.map(move |it| (it, tokens)))
    }

    /// A request that was let go with so many `tokens` is over.
    pub fn over(&mut self, now: u64, tokens: u64, end: End) {
        self.under_way = self.under_way.saturating_sub(1);
        self.tokens_under_way = self.tokens_under_way.saturating_sub(tokens);
        match end {
            End::Unsent => {
                for (bucket, amount) in self.buckets(tokens) {
                    bucket.give(now, amount);
                }
            }
            End::Sent(Some(took)) => {
                if let Some(bucket) = &mut self.tokens {
                    bucket.settle(now, tokens, took);
                }
            }
            End::Sent(None) => {}
        }
    }

    /// The endpoint answered.
    pub fn answered(&mut self) {
        self.pauses = 0;
        self.open = (self.open + 1).min(self.most);
    }

    /// The endpoint said what it can take, as it answered a request of so many `tokens`.
    pub fn learn(&mut self, now: u64, tokens: u64, taught: &Taught) {
        let under_way = u64::try_from(self.under_way).unwrap_or(u64::MAX);
        // What is under way may not have been counted yet; but what it answers is.
        let bucket = |said: Allowance, under_way| {
            Bucket::said(now, said, said.remaining.saturating_sub(under_way))
        };
        if let Some(said) = taught.requests {
            self.said_requests = bucket(said, under_way.saturating_sub(1));
        }
        if let Some(said) = taught.tokens {
            self.said_tokens = bucket(said, self.tokens_under_way.saturating_sub(tokens));
        }
    }

    /// Whether nothing may be sent now, whatever has room.
    pub fn is_paused(&self, now: u64) -> bool {
        now < self.paused_until
    }

    /// The endpoint cannot for now: it refused what was let go at `sent`, and asked for a pause of
    /// `after`, or did not say. It is left alone for at least our own pause, which grows with each
    /// refusal in a row, also where it asks for none. `jitter` is in thousandths.
    pub fn busy(&mut self, now: u64, sent: u64, after: Option<u64>, jitter: u64) {
        let after = after.map(|after| after.min(LONGEST_ASKED));
        if self.pauses > 0 && sent < self.paused_at {
            // It was on its way already when the pause began.
            self.paused_until = self.paused_until.max(now.saturating_add(after.unwrap_or(0)));
            return;
        }
        let own = FIRST_PAUSE << self.pauses.min(8);
        let own = own.min(LONGEST_PAUSE).saturating_mul(jitter) / 1000;
        let pause = after.map_or(own, |after| after.max(own));
        self.pauses = self.pauses.saturating_add(1);
        self.paused_at = now;
        self.paused_until = self.paused_until.max(now.saturating_add(pause));
        self.open = (self.open / 2).max(1);
    }
}

fn index(platform: Platform) -> usize {
    match platform {
        Platform::Twitter => 0,
        Platform::Reddit => 1,
    }
}

#[cfg(test)]
mod tests;
