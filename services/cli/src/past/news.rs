//! How far a node is with what it was asked: a line that changes on a terminal, a line now and
//! then elsewhere.

use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, Instant};

use contract::id::RunId;
use contract::past::{Progress, Stage};
use contract::subject::Platform;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::{Output, count, counted};

/// Between two lines, where nobody watches.
const BETWEEN_LINES: Duration = Duration::from_secs(5);

/// What was heard of a command.
pub(crate) struct News {
    run: RunId,
    /// The last of each world, of the present stage.
    worlds: BTreeMap<Option<Platform>, Progress>,
    /// The line, where somebody watches.
    line: Option<ProgressBar>,
    said: Option<Instant>,
}

impl News {
    pub(crate) fn new(run: &RunId, output: &Output<'_>) -> News {
        let line = output.is_watched().then(|| {
            let style = ProgressStyle::with_template("{spinner} {wide_msg}");
            let style = style.expect("our templates are well-formed");
            ProgressBar::no_length().with_style(style)
        });
        News { run: run.clone(), worlds: BTreeMap::new(), line, said: None }
    }

    /// Shows what was heard.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn tell(&mut self, progress: Progress, output: &mut Output<'_>) -> io::Result<()> {
        self.worlds.retain(|_, before| before.stage == progress.stage);
        self.worlds.insert(progress.platform, progress);
        match &self.line {
            Some(line) => {
                line.set_message(self.words());
                line.tick();
            }
            None if self.said.is_none_or(|said| said.elapsed() >= BETWEEN_LINES) => {
                self.said = Some(Instant::now());
                output.say(&self.words())?;
            }
            None => {}
        }
        Ok(())
    }

    /// Draws nothing any more: the ^C that was typed has moved the cursor.
    pub(crate) fn leave(&self) {
        if let Some(line) = &self.line {
            line.set_draw_target(ProgressDrawTarget::hidden());
        }
    }

    fn words(&self) -> String {
        let Some(first) = self.worlds.values().next() else { return String::new() };
        let doing = match first.stage {
            Stage::Waiting => return format!("waiting until {} is let go", self.run),
            Stage::Executing => "executing",
            Stage::Comparing => "comparing",
            Stage::Storing => "storing",
            Stage::Asking => {
                let (done, of) = (count(first.done.into()), count(first.of.into()));
                return format!("asking agents of {}: {done} of {of} answers", self.run);
            }
        };
        let worlds: Vec<String> = self.worlds.values().map(so_far).collect();
        let sum = |of: fn(&Progress) -> u64| self.worlds.values().map(of).sum::<u64>();
        let findings = match sum(|world| world.findings) {
            0 => String::new(),
            some => format!(", {}", counted(some, "finding")),
        };
        let actions = counted(sum(|world| world.actions), "action");
        format!("{doing} {}: {} ticks; {actions}{findings}", self.run, worlds.join(", "))
    }
}

impl Drop for News {
    fn drop(&mut self) {
        if let Some(line) = &self.line {
            line.finish_and_clear();
        }
    }
}

fn so_far(world: &Progress) -> String {
    let name = world.platform.map(|platform| format!("{platform} ")).unwrap_or_default();
    format!("{name}{}/{}", count(world.done.into()), count(world.of.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Screens;
    use contract::version::V1;

    fn progress(stage: Stage, platform: Option<Platform>, done: u32) -> Progress {
        Progress {
            v: V1,
            command_id: "c".parse().unwrap(),
            run_id: "market-1".parse().unwrap(),
            stage,
            platform,
            done,
            of: 1049,
            actions: u64::from(done) * 100,
            findings: u64::from(done / 20),
        }
    }

    #[test]
    fn without_a_terminal_there_is_a_line_now_and_then() {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut output = Output::new(&mut out, &mut err, Screens::default());
        let mut news = News::new(&"market-1".parse().unwrap(), &output);
        news.tell(progress(Stage::Waiting, None, 0), &mut output).unwrap();
        // Too soon to be said, and remembered all the same.
        news.tell(progress(Stage::Comparing, Some(Platform::Reddit), 7), &mut output).unwrap();
        news.said = None;
        news.tell(progress(Stage::Comparing, Some(Platform::Twitter), 30), &mut output).unwrap();
        news.said = None;
        news.tell(progress(Stage::Storing, Some(Platform::Twitter), 1), &mut output).unwrap();
        assert_eq!(
            String::from_utf8(err).unwrap(),
            "waiting until market-1 is let go\n\
             comparing market-1: twitter 30/1,049, reddit 7/1,049 ticks; 3,700 actions, 1 finding\n\
             storing market-1: twitter 1/1,049 ticks; 100 actions\n"
        );
        assert!(out.is_empty());
    }

    #[test]
    fn on_a_terminal_one_line_changes() {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let screens = Screens { stdout: None, stderr: Some(80) };
        let mut output = Output::new(&mut out, &mut err, screens);
        let mut news = News::new(&"market-1".parse().unwrap(), &output);
        for done in [1, 2] {
            let heard = progress(Stage::Executing, Some(Platform::Reddit), done);
            news.tell(heard, &mut output).unwrap();
        }
        let line = news.line.as_ref().unwrap();
        assert_eq!(line.message(), "executing market-1: reddit 2/1,049 ticks; 200 actions");
        news.leave();
        assert!(err.is_empty());
    }
}
