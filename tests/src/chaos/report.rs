//! What became of it, for people.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::Value;

use super::Plan;
use super::log::{Fault, Kind, Log, tally};

/// All that was done, and what was wrong.
#[derive(Clone, Debug)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// How many faults were to count.
    pub wanted: usize,
    /// All faults.
    pub faults: Vec<Fault>,
    /// All that was wrong.
    pub violations: Vec<String>,
    /// What the oracle has read, in numbers.
    pub checked: Value,
    /// How long it took.
    pub took: Duration,
}

impl Report {
    /// Of what is over now.
    pub fn new(plan: &Plan, log: &Log, checked: Value) -> Report {
        Report {
            seed: plan.seed,
            wanted: plan.real,
            faults: log.faults(),
            violations: log.violations(),
            checked,
            took: log.took(),
        }
    }

    /// How many faults count; those of lines are beside them.
    pub fn counted(&self) -> usize {
        Kind::PROCESSES.iter().map(|kind| self.counted_of(*kind)).sum()
    }

    /// How many of one kind count.
    pub fn counted_of(&self, kind: Kind) -> usize {
        let counts = |fault: &&Fault| fault.kind == kind && fault.evidence.is_ok();
        self.faults.iter().filter(counts).count()
    }

    /// The whole of it, as a page.
    pub fn markdown(&self) -> String {
        let mut page = format!(
            "# Chaos\n\nWritten by `make chaos REAL={} SEED={}`: runs of real processes, disturbed \
             at random\nmoments and at named places. A fault counts if it was in the middle: \
             frames grew before and\nafter it, and a new claim, a new connection or a standstill \
             was seen.\n\n",
            self.wanted, self.seed
        );
        let (counted, all) = (self.counted(), self.faults.len());
        let violations = self.violations.len();
        let minutes = self.took.as_secs_f64() / 60.0;
        let _ = writeln!(
            page,
            "**{counted} counted faults** of processes ({all} faults in all), **{violations} \
             violations**, in {minutes:.1} minutes.\n"
        );
        for violation in &self.violations {
            let _ = writeln!(page, "- {violation}");
        }
        self.faults_by_process(&mut page);
        self.faults_by_point(&mut page);
        self.recovery(&mut page);
        self.read(&mut page);
        page
    }

    fn faults_by_process(&self, page: &mut String) {
        page.push_str("## Faults\n\n| process | fault | counted | all |\n|---|---|---:|---:|\n");
        let faults = tally(&self.faults, |fault| Some((fault.kind, fault.deed.clone())));
        for ((kind, deed), (counted, all)) in faults {
            let (kind, deed) = (kind.name(), deed.name());
            let _ = writeln!(page, "| {kind} | {deed} | {counted} | {all} |");
        }
    }

    fn faults_by_point(&self, page: &mut String) {
        let points = tally(&self.faults, |fault| fault.point.clone());
        if points.is_empty() {
            return;
        }
        page.push_str("\n## At named places\n\n| place | counted | all |\n|---|---:|---:|\n");
        for (point, (counted, all)) in points {
            let _ = writeln!(page, "| {point} | {counted} | {all} |");
        }
    }

    fn recovery(&self, page: &mut String) {
        page.push_str(
            "\n## Until a run went on\n\nSeconds, leases and freezes included.\n\n\
             | process | median | longest |\n|---|---:|---:|\n",
        );
        for kind in Kind::PROCESSES.into_iter().chain([Kind::Line]) {
            let counted = |fault: &&Fault| fault.kind == kind && fault.evidence.is_ok();
            let mut times: Vec<Duration> =
                self.faults.iter().filter(counted).map(|fault| fault.recovery).collect();
            times.sort();
            let (Some(median), Some(longest)) = (times.get(times.len() / 2), times.last()) else {
                continue;
            };
            let (median, longest) = (median.as_secs_f64(), longest.as_secs_f64());
            let _ = writeln!(page, "| {} | {median:.1} | {longest:.1} |", kind.name());
        }
    }

    fn read(&self, page: &mut String) {
        page.push_str("\n## What the oracle read\n\n| what | how many |\n|---|---:|\n");
        for (what, count) in self.checked.as_object().into_iter().flatten() {
            let _ = writeln!(page, "| {what} | {count} |");
        }
    }
}
