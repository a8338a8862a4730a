//! How far an ensemble is: a bar on a terminal, elsewhere a line for each run that is over.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::drive::Played;
use crate::failure::Failure;
use crate::output::{Output, counted, one_line};

/// After so long without a line, somebody may wonder.
const SILENCE: Duration = Duration::from_secs(30);

/// Shows how far an ensemble is.
pub(super) struct View {
    kind: Kind,
    total: usize,
    done: usize,
    failed: usize,
}

enum Kind {
    Silent,
    Lines { said: Instant },
    Bar(ProgressBar),
}

impl View {
    /// Of so many runs, none of which is over.
    pub(super) fn new(total: usize, quiet: bool, output: &Output<'_>) -> View {
        let kind = match (quiet, output.is_watched()) {
            (true, _) => Kind::Silent,
            (false, false) => Kind::Lines { said: Instant::now() },
            (false, true) => Kind::Bar(bar(total)),
        };
        View { kind, total, done: 0, failed: 0 }
    }

    /// A run is over; so many others are under way.
    pub(super) fn ended(
        &mut self,
        run: &Played,
        under_way: usize,
        output: &mut Output<'_>,
    ) -> Result<(), Failure> {
        self.done += 1;
        self.failed += usize::from(run.measured.is_err());
        let place = format!("{} of {}", self.done, self.total);
        match &mut self.kind {
            Kind::Silent => {}
            Kind::Lines { said } => {
                *said = Instant::now();
                output.say(&format!("{place}: {}", line(run)))?;
            }
            Kind::Bar(bar) => {
                bar.set_position(u64::try_from(self.done).unwrap_or(u64::MAX));
                bar.set_message(message(under_way, self.failed));
            }
        }
        Ok(())
    }

    /// Time passes, with so many runs under way.
    pub(super) fn tick(
        &mut self,
        under_way: usize,
        output: &mut Output<'_>,
    ) -> Result<(), Failure> {
        match &mut self.kind {
            Kind::Silent => {}
            Kind::Lines { said } if said.elapsed() < SILENCE => {}
            Kind::Lines { said } => {
                *said = Instant::now();
                let (done, total) = (self.done, self.total);
                output.say(&format!("{done} of {total} done, {under_way} under way"))?;
            }
            Kind::Bar(bar) => bar.set_message(message(under_way, self.failed)),
        }
        Ok(())
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        if let Kind::Bar(bar) = &self.kind {
            bar.finish_and_clear();
        }
    }
}

fn bar(total: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:32}  {pos} of {len} runs  {wide_msg}");
    let style = style.expect("our templates are well-formed").progress_chars("━╸ ");
    let total = u64::try_from(total).unwrap_or(u64::MAX);
    ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr()).with_style(style)
}

fn message(under_way: usize, failed: usize) -> String {
    let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
    format!("{under_way} under way{failed}; Ctrl-C stops them")
}

/// What became of a run, in a line.
pub(super) fn line(run: &Played) -> String {
    let (seed, run_id) = (run.seed, &run.status.run_id);
    match &run.measured {
        Ok(measured) => {
            let actions = measured.worlds.values().map(|world| world.actions).sum();
            format!("seed {seed} ({run_id}): {}", counted(actions, "action"))
        }
        Err(why) => format!("seed {seed} ({run_id}) failed: {}", one_line(why, 500)),
    }
}
