//! What a memory-sink counts of itself, and what it tells Prometheus: docs/metrics.md.

use std::sync::Arc;
use std::time::Duration;

use bus::Bus;
use contract::memory::TargetState;
use contract::subject::StreamName;
use kit::metrics::{self, Family, Page, add, observe};
use tokio::time::Instant;

use crate::adapters::{DeliveryError, Receipt};
use crate::batch::EpisodeBatch;
use crate::target::{Behind, Target};

/// The worlds of a target of which it is asked how long they have waited.
const WORLDS: usize = 50;

/// How long that may take in all: who reads metrics does not wait for long.
const PATIENCE: Duration = Duration::from_secs(2);

static DELIVERED: Family = Family::count(
    "shoal_sink_delivered_actions_total",
    "Actions that a memory took from this sink.",
);

static REQUESTS: Family =
    Family::count("shoal_sink_requests_total", "Deliveries to a memory, by what came of them.");

static REQUEST_TOOK: Family =
    Family::took("shoal_sink_request_seconds", "How long a delivery took.");

static DEAD_LETTERS: Family =
    Family::count("shoal_sink_dead_letters_total", "Dead letters that were stored.");

static ALL: [&Family; 5] =
    [&metrics::REDELIVERIES, &DELIVERED, &REQUESTS, &REQUEST_TOOK, &DEAD_LETTERS];

/// Counts a delivery that was begun then.
pub(crate) fn delivered(target: &str, began: Instant, answer: &Result<Receipt, DeliveryError>) {
    let outcome = match answer {
        Ok(Receipt::Taken) => "taken",
        Ok(Receipt::AlreadyThere) => "already_there",
        Err(DeliveryError::Retry { .. }) => "retry",
        Err(DeliveryError::Unknown { .. }) => "unknown",
        Err(DeliveryError::Reject { .. }) => "refused",
        Err(DeliveryError::Misdirected { .. }) => "misdirected",
        Err(DeliveryError::Unauthorized { .. }) => "unauthorized",
    };
    add(&REQUESTS, &[("target", target), ("outcome", outcome)], 1);
    observe(&REQUEST_TOOK, &[("target", target)], began.elapsed());
}

/// Counts what a memory has of a batch once it has it.
pub(crate) fn taken(target: &str, batch: &EpisodeBatch) {
    let actions = u64::try_from(batch.episodes.len()).unwrap_or(u64::MAX);
    add(&DELIVERED, &[("target", target)], actions);
}

/// Counts a dead letter.
pub(crate) fn buried(target: &str) {
    add(&DEAD_LETTERS, &[("target", target)], 1);
}

/// Makes known what may be asked for before it has happened.
pub(crate) fn begin(targets: &[Arc<Target>]) {
    for target in targets {
        let target = [("target", target.name.as_str())];
        add(&DELIVERED, &target, 0);
        add(&DEAD_LETTERS, &target, 0);
    }
}

/// What Prometheus is told.
pub(crate) async fn page(bus: Bus, targets: Vec<Arc<Target>>) -> Page {
    let mut page = metrics::begin("shoal-memory-sink", &[]);
    metrics::connected(&mut page, bus.connected_since().is_some());
    gauge(&mut page, &targets, "shoal_sink_ready", "1 while it takes what it gets.", |target| {
        Some(i64::from(target.status().state == TargetState::Ready))
    });
    gauge(&mut page, &targets, "shoal_sink_graphs", "Graphs that are worked on now.", |target| {
        i64::try_from(target.graphs()).ok()
    });
    let name = "shoal_sink_lag_seconds";
    let about = "How long the oldest published message that it has not taken has waited.";
    page.family(name, "gauge", about);
    let waits = tokio::time::timeout(PATIENCE, waits(&bus, &targets)).await.unwrap_or_default();
    for (target, waits) in targets.iter().zip(waits) {
        page.line(name, &[("target", &target.name)], waits);
    }
    let (name, about) = ("shoal_sink_rate_limit_remaining", "Requests that it says are left.");
    gauge(&mut page, &targets, name, about, |target| target.status().rate_limit_remaining);
    metrics::registry().write(&mut page, &ALL);
    page
}

fn gauge(
    page: &mut Page,
    targets: &[Arc<Target>],
    name: &str,
    about: &str,
    value: impl Fn(&Target) -> Option<i64>,
) {
    page.family(name, "gauge", about);
    for target in targets {
        if let Some(value) = value(target) {
            page.line(name, &[("target", &target.name)], value);
        }
    }
}

/// By target, for how many seconds the first message that it has not taken has been there; nothing
/// where the bus does not say.
async fn waits(bus: &Bus, targets: &[Arc<Target>]) -> Vec<i64> {
    let mut all = Vec::new();
    for target in targets {
        let mut longest = 0;
        for Behind { world, after } in target.behind().into_iter().take(WORLDS) {
            let subject = bus.prefix().actions(&world.run_id, world.platform);
            let Ok(next) = bus.window(StreamName::Actions, &subject, after, 1).await else {
                return Vec::new();
            };
            match next.messages.first() {
                Some(next) => {
                    let since = kit::now_milliseconds().saturating_sub(next.at.milliseconds());
                    longest = longest.max(since / 1000);
                }
                None => target.gone(&world),
            }
        }
        all.push(longest);
    }
    all
}
