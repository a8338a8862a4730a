//! A run on a terminal: a bar per world, and above them what the agents do.

use std::collections::BTreeMap;

use contract::frame::Frame;
use contract::status::EnvStatus;
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::lively::{Shown, describe};
use crate::output::{Paint, visible};
use crate::progress::{day, hour, so_far};
use crate::report::status_word;
use crate::status::{trouble, word};
use crate::tally::WorldTally;

/// Milliseconds between two actions of a world that are shown: what passes faster is not read.
const READING_TIME: i64 = 400;

/// What is drawn.
pub struct Bars {
    all: MultiProgress,
    headline: ProgressBar,
    worlds: BTreeMap<Platform, World>,
    paint: Paint,
    width: usize,
    seed: u64,
}

struct World {
    bar: ProgressBar,
    shown: Shown,
    shown_at: Option<i64>,
}

impl Bars {
    /// Bars for a run's worlds, on a terminal of `width` columns.
    pub fn new(status: &EnvStatus, width: usize, paint: Paint) -> Bars {
        let all = MultiProgress::new();
        let headline = all.add(ProgressBar::no_length().with_style(style("{wide_msg}")));
        // What stands beside the bar takes some 60 columns; what does not fit is cut, not wrapped.
        let bar_width = width.saturating_sub(62).clamp(8, 32);
        let bar = paint.cyan(&format!("{{bar:{bar_width}}}"));
        let template = format!("{{prefix:7}}  {bar}  round {{pos}}/{{len}}  {{wide_msg}}");
        let look = style(&template).progress_chars("━╸ ");
        let world = |platform: Platform| {
            let bar = ProgressBar::new(u64::from(status.options.rounds)).with_style(look.clone());
            let bar = all.add(bar.with_prefix(platform.as_str()));
            // Drawn now: the first round may take its time.
            bar.tick();
            (platform, World { bar, shown: Shown::default(), shown_at: None })
        };
        let worlds = status.options.platforms.iter().copied().map(world).collect();
        Bars { all, headline, worlds, paint, width, seed: status.options.seed }
    }

    /// Shows the run's state above its worlds.
    pub fn set_state(&self, status: &EnvStatus, now: Timestamp) {
        let run = self.paint.bold(status.run_id.as_str());
        let word = status_word(status.status, word(status, now), self.paint);
        let rest = match trouble(status, now) {
            Some(trouble) => self.paint.yellow(trouble),
            None => format!("seed {}, Ctrl-C leaves it running", self.seed),
        };
        self.headline.set_message(format!("{run} {word}  {rest}"));
    }

    /// Moves a world's bar to where the world is.
    pub fn advance(&self, platform: Platform, world: &WorldTally) {
        if let Some(World { bar, .. }) = self.worlds.get(&platform) {
            bar.set_message(so_far(world));
            bar.set_position(u64::from(world.round));
        }
    }

    /// Shows the liveliest action of a round, unless another one is still being read.
    pub fn speak(&mut self, frame: &Frame, tally: &WorldTally) {
        let Some(world) = self.worlds.get_mut(&frame.platform) else { return };
        let now = kit::now_milliseconds();
        if world.shown_at.is_some_and(|shown_at| now - shown_at < READING_TIME) {
            return;
        }
        let time = format!("d{} {}", day(tally.started, tally.now), hour(tally.now));
        let place = format!("{time} {:7} ", frame.platform);
        let room = self.width.saturating_sub(visible(&place));
        let Some(action) = world.shown.pick(frame, tally) else { return };
        if let Some(words) = describe(action, room, self.paint) {
            // On a screen that cannot be written to there is nobody to tell.
            let _ = self.all.println(format!("{}{words}", self.paint.dim(&place)));
            world.shown_at = Some(now);
        }
    }

    /// Leaves the bars as they are, for good, and takes away what was said of the state.
    pub fn finish(&self) {
        self.headline.finish_and_clear();
        self.worlds.values().for_each(|world| world.bar.abandon());
    }

    /// Draws nothing any more. Unlike after [`Bars::finish`] the state stays: the ^C that was
    /// typed has moved the cursor, so what stands above it could not be found again.
    pub fn freeze(&self) {
        self.all.set_draw_target(ProgressDrawTarget::hidden());
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("our templates are well-formed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{self, post};
    use crate::tally::Tally;
    use contract::status::RunStatus;

    #[test]
    fn a_bar_is_as_far_as_its_world() {
        let status = fixtures::status("market-1", RunStatus::Running);
        let mut bars = Bars::new(&status, 80, Paint::PLAIN);
        let (mut world, mut tally) = (fixtures::World::new(Platform::Twitter), Tally::default());
        for n in 0..23 {
            let frame = world.tick(vec![(0, Ok(post(n + 1, "x")))]);
            tally.add(&frame);
            let counted = tally.world(Platform::Twitter).unwrap();
            bars.advance(Platform::Twitter, counted);
            bars.speak(&frame, counted);
        }
        bars.set_state(&status, status.updated_at);
        bars.finish();
        let bar = |platform| &bars.worlds[&platform].bar;
        assert_eq!(bar(Platform::Twitter).position(), 22);
        assert_eq!(bar(Platform::Twitter).length(), Some(48));
        assert_eq!(bar(Platform::Twitter).message(), "day 2 20:00, 23 actions, 23 posts");
        assert_eq!(bar(Platform::Reddit).position(), 0);
    }
}
