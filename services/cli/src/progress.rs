//! A run as it goes: bars on a terminal, plain lines elsewhere, JSON for programs.

use std::io;

use contract::frame::Frame;
use contract::id::RunId;
use contract::notice::LiveAction;
use contract::status::{EnvStatus, RunStatus};
use contract::timestamp::Timestamp;

use crate::bars::Bars;
use crate::events::Events;
use crate::output::{Output, count, counted, one_line};
use crate::status::trouble;
use crate::tally::{Tally, WorldTally};

/// Rounds between two plain lines of a world.
const ROUNDS_PER_LINE: u32 = 10;

/// How a run is shown while it goes.
pub enum View {
    /// Not at all.
    Silent,
    /// A line now and then.
    Lines(Lines),
    /// A bar per world, and the liveliest actions above them.
    Bars(Bars),
    /// A line of JSON per action.
    JsonLines,
    /// A line for everything that happens.
    Events(Box<Events>),
}

/// When a frame was played, as seen by who follows the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Before it was followed, and nobody wants to see it.
    Old,
    /// Before it was followed, and it is to be shown all the same.
    Replayed,
    /// While it is followed.
    Live,
}

/// Remembers what was said, so as not to repeat it.
#[derive(Default)]
pub struct Lines {
    /// The state that was said last.
    said: String,
    /// What it was said to wait for since, without numbers: they change with every step.
    waits: String,
    has_played: bool,
    is_ending: bool,
}

impl View {
    /// Bars if somebody looks, else lines.
    pub fn for_people(status: &EnvStatus, output: &Output<'_>) -> View {
        match output.is_watched() {
            true => View::Bars(Bars::new(status, output.progress_width(), output.paint_progress())),
            false => View::Lines(Lines::default()),
        }
    }

    /// The state that comes next stands at this place of its stream.
    pub fn heard(&mut self, sequence: u64) {
        if let View::Events(events) = self {
            events.heard(sequence);
        }
    }

    /// The run has a new state.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn status(&mut self, status: &EnvStatus, output: &mut Output<'_>) -> io::Result<()> {
        match self {
            View::Silent | View::JsonLines => Ok(()),
            View::Events(events) => events.status(status, output),
            View::Lines(lines) => lines.status(status, output),
            View::Bars(bars) => {
                bars.set_state(status, status.updated_at);
                Ok(())
            }
        }
    }

    /// A world has played a round, already counted in `tally`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn frame(
        &mut self,
        frame: &Frame,
        tally: &Tally,
        news: News,
        output: &mut Output<'_>,
    ) -> io::Result<()> {
        let Some(world) = tally.world(frame.platform) else { return Ok(()) };
        match self {
            View::Bars(bars) => {
                bars.advance(frame.platform, world);
                bars.speak(frame, world, news);
                Ok(())
            }
            View::Silent => Ok(()),
            View::Events(events) => events.frame(frame, output),
            View::Lines(lines) => lines.frame(frame, world, news, output),
            View::JsonLines if news == News::Old => Ok(()),
            View::JsonLines => {
                LiveAction::of(frame).try_for_each(|action| output.print_json_line(&action))
            }
        }
    }

    /// Time has passed.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn tick(
        &mut self,
        status: &EnvStatus,
        now: Timestamp,
        output: &mut Output<'_>,
    ) -> io::Result<()> {
        match self {
            View::Silent | View::JsonLines | View::Events(_) => Ok(()),
            View::Lines(lines) => match trouble(status, now) {
                Some(trouble) => lines.say_wait(&status.run_id, &trouble, output),
                None => Ok(()),
            },
            View::Bars(bars) => {
                bars.set_state(status, now);
                Ok(())
            }
        }
    }

    /// The run is over: nothing more comes.
    pub fn finish(&mut self) {
        if let View::Bars(bars) = self {
            bars.finish();
        }
    }

    /// The run goes on, but nobody looks any more.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn leave(&mut self, output: &mut Output<'_>) -> io::Result<()> {
        match self {
            View::Silent | View::JsonLines | View::Lines(_) | View::Events(_) => Ok(()),
            View::Bars(bars) => {
                bars.freeze();
                // The cursor stands behind the last bar, or behind the ^C that was typed.
                output.say("")
            }
        }
    }
}

impl Lines {
    /// A state may arrive after rounds that were played in a later one: then it is old.
    fn status(&mut self, status: &EnvStatus, output: &mut Output<'_>) -> io::Result<()> {
        let is_old = match status.status {
            RunStatus::Queued | RunStatus::Starting => self.has_played,
            RunStatus::Running | RunStatus::Paused => self.is_ending,
            RunStatus::Completed
            | RunStatus::Closed
            | RunStatus::Stopped
            | RunStatus::Failed
            | RunStatus::Deleted => false,
        };
        if is_old {
            return Ok(());
        }
        let reason = status.reason.as_deref().filter(|_| status.status == RunStatus::Paused);
        let reason = reason.map_or(String::new(), |why| format!(": {}", one_line(why, 400)));
        self.say_once(format!("{}: {}{reason}", status.run_id, status.status), output)
    }

    fn frame(
        &mut self,
        frame: &Frame,
        world: &WorldTally,
        news: News,
        output: &mut Output<'_>,
    ) -> io::Result<()> {
        if news == News::Live && !self.has_played {
            self.say_once(format!("{}: {}", frame.run_id, RunStatus::Running), output)?;
        }
        self.has_played = true;
        self.is_ending |= world.is_over;
        let is_due = frame.round.is_multiple_of(ROUNDS_PER_LINE) || world.is_over;
        if news == News::Old || !is_due {
            return Ok(());
        }
        let (platform, round) = (frame.platform, frame.round);
        output.say(&format!("{platform:7}  round {round}, {}", so_far(world)))
    }

    fn say_once(&mut self, text: String, output: &mut Output<'_>) -> io::Result<()> {
        if self.said != text {
            output.say(&text)?;
            (self.said, self.waits) = (text, String::new());
        }
        Ok(())
    }

    fn say_wait(&mut self, run: &RunId, what: &str, output: &mut Output<'_>) -> io::Result<()> {
        let waits: String = what.chars().filter(|it| !it.is_ascii_digit()).collect();
        if self.waits != waits {
            output.say(&format!("{run}: {what}"))?;
            self.waits = waits;
        }
        Ok(())
    }
}

/// `day 2 14:00, 1,204 actions, 310 posts`.
pub(crate) fn so_far(world: &WorldTally) -> String {
    format!(
        "day {} {}, {}, {}",
        day(world.started, world.now),
        hour(world.now),
        counted(world.actions(), "action"),
        counted(world.posts(), "post")
    )
}

/// The day of a simulation, from 1.
pub(crate) fn day(start: Timestamp, now: Timestamp) -> String {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    let days = (now.midnight().milliseconds() - start.midnight().milliseconds()) / DAY;
    count(u64::try_from(days).unwrap_or(0) + 1)
}

/// `14:00`.
pub(crate) fn hour(time: Timestamp) -> String {
    time.to_string()[11..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Color;
    use crate::fixtures::{self, World, post};
    use crate::output::Screens;
    use contract::subject::Platform;

    /// What a view prints for a run of 22 rounds with a post each: stdout and stderr.
    fn shown(view: &mut View) -> (String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut output = Output::new(&mut out, &mut err, Screens::default());
        output.set_color(Color::Never);
        let mut world = World::new(Platform::Twitter);
        let mut tally = Tally::default();
        let running = fixtures::status("market-1", RunStatus::Running);
        view.status(&running, &mut output).unwrap();
        for n in 0..22 {
            let frame = world.tick(vec![(0, Ok(post(n + 1, "x")))]);
            tally.add(&frame);
            view.frame(&frame, &tally, News::Live, &mut output).unwrap();
            view.status(&running, &mut output).unwrap();
        }
        let late = running.updated_at.plus_minutes(1);
        view.tick(&running, late, &mut output).unwrap();
        view.tick(&running, late, &mut output).unwrap();
        let end = world.end();
        tally.add(&end);
        view.frame(&end, &tally, News::Live, &mut output).unwrap();
        view.status(&fixtures::status("market-1", RunStatus::Completed), &mut output).unwrap();
        view.finish();
        (String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    #[test]
    fn without_a_terminal_there_is_a_line_every_ten_rounds() {
        let (out, err) = shown(&mut View::Lines(Lines::default()));
        assert_eq!(out, "");
        assert_eq!(
            err,
            "market-1: running\n\
             twitter  round 0, day 1 22:00, 1 action, 1 post\n\
             twitter  round 10, day 2 08:00, 11 actions, 11 posts\n\
             twitter  round 20, day 2 18:00, 21 actions, 21 posts\n\
             market-1: no news from its worker: a simulator takes it over if one is there\n\
             twitter  round 22, day 2 20:00, 22 actions, 22 posts\n\
             market-1: completed\n"
        );
    }

    #[test]
    fn what_a_run_waits_for_is_said_once_however_often_it_is_told() {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut output = Output::new(&mut out, &mut err, Screens::default());
        let mut view = View::Lines(Lines::default());
        let mut running = fixtures::status("market-1", RunStatus::Running);
        for left in [3, 3, 2, 2, 1] {
            let what = format!("{left} of 3 decisions of language models");
            running.platforms[0].waits_for = Some(what);
            view.status(&running, &mut output).unwrap();
            view.tick(&running, running.updated_at, &mut output).unwrap();
        }
        let err = String::from_utf8(err).unwrap();
        let (first, second) = err.split_once('\n').unwrap();
        assert_eq!(first, "market-1: running");
        assert!(second.ends_with("waits for 3 of 3 decisions of language models\n"), "{err}");
        assert_eq!(err.lines().count(), 2, "{err}");
    }

    #[test]
    fn states_are_said_in_order_however_they_arrive() {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut output = Output::new(&mut out, &mut err, Screens::default());
        let (mut world, mut tally) = (World::new(Platform::Twitter), Tally::default());
        let mut view = View::Lines(Lines::default());
        let status = |status| fixtures::status("market-1", status);
        view.status(&status(RunStatus::Queued), &mut output).unwrap();
        for frame in [world.tick(vec![(0, Ok(post(1, "x")))]), world.end()] {
            tally.add(&frame);
            view.frame(&frame, &tally, News::Live, &mut output).unwrap();
        }
        for late in [RunStatus::Starting, RunStatus::Running, RunStatus::Completed] {
            view.status(&status(late), &mut output).unwrap();
        }
        assert_eq!(
            String::from_utf8(err).unwrap(),
            "market-1: queued\n\
             market-1: running\n\
             twitter  round 0, day 1 22:00, 1 action, 1 post\n\
             twitter  round 1, day 1 23:00, 1 action, 1 post\n\
             market-1: completed\n"
        );
    }

    #[test]
    fn a_program_gets_a_line_per_action_and_a_silent_view_says_nothing() {
        let (out, err) = shown(&mut View::JsonLines);
        assert_eq!((out.lines().count(), err.as_str()), (22, ""));
        let action: LiveAction = serde_json::from_str(out.lines().nth(6).unwrap()).unwrap();
        assert_eq!((action.id(), action.round), ("market-1.twitter.7".to_owned(), 6));
        assert_eq!(shown(&mut View::Silent), (String::new(), String::new()));
    }
}
