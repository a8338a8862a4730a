//! How far a job is, for whoever listens.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bus::Bus;
use contract::past::{Progress, Stage};
use contract::subject::{CommandAddress, Platform};
use contract::version::V1;
use tokio::runtime::Handle;

/// Between two messages about one world.
const BETWEEN: Duration = Duration::from_millis(200);

/// Says how far a job is; cheap to clone.
#[derive(Clone)]
pub(crate) struct Reporter {
    bus: Bus,
    subject: Arc<str>,
    address: Arc<CommandAddress>,
    runtime: Handle,
}

/// Says how far one world of it is, now and then.
pub(crate) struct Report {
    reporter: Reporter,
    progress: Progress,
    last: Mutex<Option<Instant>>,
}

impl Reporter {
    pub(crate) fn new(bus: Bus, address: &CommandAddress) -> Reporter {
        let CommandAddress { run, client, command_id, .. } = address;
        let subject = bus.prefix().progress(client, run, command_id).into();
        Reporter { bus, subject, address: Arc::new(address.clone()), runtime: Handle::current() }
    }

    /// About one world, or the run, of which so many ticks are to do.
    pub(crate) fn begin(&self, stage: Stage, platform: Option<Platform>, of: u32) -> Report {
        let progress = Progress {
            v: V1,
            command_id: self.address.command_id.clone(),
            run_id: self.address.run.clone(),
            stage,
            platform,
            done: 0,
            of,
            actions: 0,
            findings: 0,
        };
        Report { reporter: self.clone(), progress, last: Mutex::default() }
    }
}

impl Report {
    /// So far; most of what is said is left out. Does not block.
    pub(crate) fn says(&self, done: u32, actions: u64, findings: u64) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let of = self.progress.of.max(done);
        if done < of && last.is_some_and(|last| last.elapsed() < BETWEEN) {
            return;
        }
        *last = Some(Instant::now());
        let progress = Progress { done, of, actions, findings, ..self.progress.clone() };
        let Reporter { bus, subject, runtime, .. } = self.reporter.clone();
        // Best effort: what counts is the reply.
        runtime
            .spawn(async move { bus.publish_core(subject.to_string(), progress.to_bytes()).await });
    }
}
