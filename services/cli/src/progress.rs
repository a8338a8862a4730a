//! A run as it goes: bars on a terminal, plain lines elsewhere, JSON for programs.

use std::collections::BTreeMap;
use std::io;

use contract::frame::Frame;
use contract::notice::LiveAction;
use contract::status::EnvStatus;
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::lively::{describe, liveliest};
use crate::output::{Output, Paint, count, counted, visible};
use crate::report::status_word;
use crate::status::{trouble, word};
use crate::summary::{Tally, WorldTally};

/// Rounds between two plain lines of a world.
const ROUNDS_PER_LINE: u32 = 10;

/// Milliseconds between two actions of a world that are shown: what passes faster is not read.
const READING_TIME: i64 = 400;

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
}

/// Remembers what was said, so as not to repeat it.
#[derive(Default)]
pub struct Lines {
    said: String,
}

/// What is drawn on a terminal.
pub struct Bars {
    all: MultiProgress,
    headline: ProgressBar,
    worlds: BTreeMap<Platform, ProgressBar>,
    paint: Paint,
    width: usize,
    seed: u64,
    last_speaker: Option<u32>,
    spoke_at: BTreeMap<Platform, i64>,
}

impl View {
    /// Bars if somebody looks, else lines.
    pub fn for_people(status: &EnvStatus, output: &Output<'_>) -> View {
        match output.is_watched() {
            true => View::Bars(Bars::new(status, output.progress_width(), output.paint_progress())),
            false => View::Lines(Lines::default()),
        }
    }

    /// The run has a new state.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn status(&mut self, status: &EnvStatus, output: &mut Output<'_>) -> io::Result<()> {
        match self {
            View::Silent | View::JsonLines => Ok(()),
            View::Lines(lines) => {
                lines.say_once(format!("{}: {}", status.run_id, status.status), output)
            }
            View::Bars(bars) => {
                bars.set_headline(status, status.updated_at);
                Ok(())
            }
        }
    }

    /// A world has played a round, already counted in `tally`; one that is not `fresh` was
    /// played before anybody looked.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn frame(
        &mut self,
        frame: &Frame,
        tally: &Tally,
        fresh: bool,
        output: &mut Output<'_>,
    ) -> io::Result<()> {
        let Some(world) = tally.world(frame.platform) else { return Ok(()) };
        match self {
            View::Bars(bars) => {
                bars.advance(frame.platform, world);
                if fresh {
                    bars.speak(frame, world);
                }
                Ok(())
            }
            View::Silent => Ok(()),
            _ if !fresh => Ok(()),
            View::Lines(_) if frame.round.is_multiple_of(ROUNDS_PER_LINE) || world.is_over => {
                output.say(&format!(
                    "{:7}  round {}, {}",
                    frame.platform,
                    frame.round,
                    so_far(world)
                ))
            }
            View::Lines(_) => Ok(()),
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
            View::Silent | View::JsonLines => Ok(()),
            View::Lines(lines) => match trouble(status, now) {
                Some(trouble) => lines.say_once(format!("{}: {trouble}", status.run_id), output),
                None => Ok(()),
            },
            View::Bars(bars) => {
                bars.set_headline(status, now);
                Ok(())
            }
        }
    }

    /// Nothing more comes: what stands on the screen stays there.
    pub fn finish(&mut self) {
        if let View::Bars(bars) = self {
            bars.headline.finish_and_clear();
            bars.worlds.values().for_each(ProgressBar::abandon);
        }
    }
}

impl Lines {
    fn say_once(&mut self, text: String, output: &mut Output<'_>) -> io::Result<()> {
        if self.said != text {
            output.say(&text)?;
            self.said = text;
        }
        Ok(())
    }
}

impl Bars {
    fn new(status: &EnvStatus, width: usize, paint: Paint) -> Bars {
        let all = MultiProgress::new();
        let headline = all.add(ProgressBar::no_length().with_style(style("{wide_msg}")));
        let bar = style(&format!(
            "{{prefix:7}}  {}  round {{pos}}/{{len}}  {{msg}}",
            paint.cyan("{bar:24}")
        ));
        let world = |platform: Platform| {
            let rounds = u64::from(status.options.rounds);
            let world = ProgressBar::new(rounds).with_style(bar.clone().progress_chars("━╸ "));
            (platform, all.add(world.with_prefix(platform.as_str())))
        };
        let worlds = status.options.platforms.iter().copied().map(world).collect();
        let seed = status.options.seed;
        let (last_speaker, spoke_at) = (None, BTreeMap::new());
        Bars { all, headline, worlds, paint, width, seed, last_speaker, spoke_at }
    }

    fn set_headline(&self, status: &EnvStatus, now: Timestamp) {
        let run = self.paint.bold(status.run_id.as_str());
        let word = status_word(status.status, word(status, now), self.paint);
        let rest = match trouble(status, now) {
            Some(trouble) => self.paint.yellow(trouble),
            None => format!("seed {}, Ctrl-C leaves it running", self.seed),
        };
        self.headline.set_message(format!("{run} {word}  {rest}"));
    }

    fn advance(&self, platform: Platform, world: &WorldTally) {
        let Some(bar) = self.worlds.get(&platform) else { return };
        bar.set_message(so_far(world));
        bar.set_position(u64::from(world.round));
    }

    /// Shows the liveliest action of a round, unless another one is still being read.
    fn speak(&mut self, frame: &Frame, world: &WorldTally) {
        let now = kit::now_milliseconds();
        let spoke_at = self.spoke_at.get(&frame.platform);
        if spoke_at.is_some_and(|spoke_at| now - spoke_at < READING_TIME) {
            return;
        }
        let Some(action) = liveliest(frame, world, self.last_speaker) else { return };
        let place = format!("{} {:7} ", hour(frame.simulated_time), frame.platform);
        let room = self.width.saturating_sub(visible(&place));
        if let Some(words) = describe(action, room, self.paint) {
            let place = self.paint.dim(&place);
            // On a screen that cannot be written to there is nobody to tell.
            let _ = self.all.println(format!("{place}{words}"));
            self.last_speaker = Some(action.agent_id);
            self.spoke_at.insert(frame.platform, now);
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("our templates are well-formed")
}

/// `day 2 14:00, 1,204 actions, 310 posts`.
fn so_far(world: &WorldTally) -> String {
    format!(
        "day {} {}, {}, {}",
        day(world.started, world.now),
        hour(world.now),
        counted(world.actions(), "action"),
        counted(world.posts(), "post")
    )
}

/// The day of a simulation, from 1.
fn day(start: Timestamp, now: Timestamp) -> String {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    let days = (now.midnight().milliseconds() - start.midnight().milliseconds()) / DAY;
    count(u64::try_from(days).unwrap_or(0) + 1)
}

/// `14:00`.
fn hour(time: Timestamp) -> String {
    time.to_string()[11..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Color;
    use crate::fixtures::{self, World, post};
    use crate::output::Screens;
    use contract::status::RunStatus;

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
            view.frame(&frame, &tally, true, &mut output).unwrap();
            view.status(&running, &mut output).unwrap();
        }
        let late = running.updated_at.plus_minutes(1);
        view.tick(&running, late, &mut output).unwrap();
        view.tick(&running, late, &mut output).unwrap();
        let end = world.end();
        tally.add(&end);
        view.frame(&end, &tally, true, &mut output).unwrap();
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
    fn a_program_gets_a_line_per_action_and_a_silent_view_says_nothing() {
        let (out, err) = shown(&mut View::JsonLines);
        assert_eq!((out.lines().count(), err.as_str()), (22, ""));
        let action: LiveAction = serde_json::from_str(out.lines().nth(6).unwrap()).unwrap();
        assert_eq!((action.id(), action.round), ("market-1.twitter.7".to_owned(), 6));
        assert_eq!(shown(&mut View::Silent), (String::new(), String::new()));
    }

    #[test]
    fn bars_are_as_far_as_the_rounds() {
        let status = fixtures::status("market-1", RunStatus::Running);
        let mut view = View::Bars(Bars::new(&status, 80, Paint::PLAIN));
        assert_eq!(shown(&mut view), (String::new(), String::new()));
        let View::Bars(bars) = view else { panic!("it is still bars") };
        let twitter = &bars.worlds[&Platform::Twitter];
        assert_eq!((twitter.position(), twitter.length()), (22, Some(48)));
        assert_eq!(twitter.message(), "day 2 20:00, 22 actions, 22 posts");
        assert_eq!(bars.worlds[&Platform::Reddit].position(), 0);
    }
}
