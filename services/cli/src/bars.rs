//! A run on a terminal: a bar per world, and above them what the agents do.

use std::collections::BTreeMap;

use contract::frame::Frame;
use contract::status::{EnvStatus, RunStatus};
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::lively::{Shown, describe};
use crate::models;
use crate::output::{Paint, one_line, visible};
use crate::progress::{News, day, hour, so_far};
use crate::report::status_word;
use crate::status::trouble;
use crate::tally::WorldTally;

/// Milliseconds between two actions of a world that are shown as they happen: what passes
/// faster is not read. What happened before is not throttled, one scrolls back to it.
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
        // What stands beside the bar takes some 66 columns; what does not fit is cut, not wrapped.
        let bar_width = width.saturating_sub(66).clamp(8, 32);
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
        let word = status_word(status.status, status.word(now), self.paint);
        // Cut here, with a mark: what draws the line cuts without one.
        let room = self.width.saturating_sub(visible(&run) + 1 + visible(&word) + 2);
        let rest = match trouble(status, now) {
            Some(trouble) => self.paint.yellow(&one_line(&trouble, room)),
            None => one_line(&self.news(status), room),
        };
        self.headline.set_message(format!("{run} {word}  {rest}"));
    }

    /// Why it waits, if it does; else what it has spent, if it does that.
    fn news(&self, status: &EnvStatus) -> String {
        let reason = status.reason.as_deref().filter(|_| status.status == RunStatus::Paused);
        let budget = status.options.budget.as_ref();
        match reason {
            Some(reason) => reason.to_owned(),
            None if status.asks_models() => models::spent(&status.spent(), budget, None),
            None => format!("seed {}, Ctrl-C leaves it running", self.seed),
        }
    }

    /// Moves a world's bar to where the world is.
    pub fn advance(&self, platform: Platform, world: &WorldTally) {
        if let Some(World { bar, .. }) = self.worlds.get(&platform) {
            bar.set_message(so_far(world));
            bar.set_position(u64::from(world.round));
        }
    }

    /// Shows the liveliest action of a round. While the run is followed: unless another one is
    /// still being read.
    pub fn speak(&mut self, frame: &Frame, tally: &WorldTally, news: News) {
        let now = kit::now_milliseconds();
        let Some(world) = self.worlds.get_mut(&frame.platform) else { return };
        if !world.has_room(news, now) {
            return;
        }
        let time = format!("d{} {}", day(tally.started, tally.now), hour(tally.now));
        let place = format!("{time} {:7} ", frame.platform);
        let room = self.width.saturating_sub(visible(&place));
        let Some(action) = world.shown.pick(frame, tally) else { return };
        let words = describe(action, room, self.paint);
        // On a screen that cannot be written to there is nobody to tell.
        let _ = self.all.println(format!("{}{words}", self.paint.dim(&place)));
        world.shown_at = (news == News::Live).then_some(now);
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

impl World {
    /// True if an action of now may be shown.
    fn has_room(&self, news: News, now: i64) -> bool {
        match news {
            News::Old => false,
            News::Replayed => true,
            News::Live => self.shown_at.is_none_or(|shown_at| now - shown_at >= READING_TIME),
        }
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
            bars.speak(&frame, counted, News::Live);
        }
        bars.set_state(&status, status.updated_at);
        bars.finish();
        let bar = |platform| &bars.worlds[&platform].bar;
        assert_eq!(bar(Platform::Twitter).position(), 22);
        assert_eq!(bar(Platform::Twitter).length(), Some(48));
        assert_eq!(bar(Platform::Twitter).message(), "day 2 20:00, 23 actions, 23 posts");
        assert_eq!(bar(Platform::Reddit).position(), 0);
    }

    #[test]
    fn only_what_happens_now_is_throttled() {
        let status = fixtures::status("market-1", RunStatus::Running);
        let bars = Bars::new(&status, 80, Paint::PLAIN);
        let idle = &bars.worlds[&Platform::Twitter];
        let busy = World { bar: ProgressBar::hidden(), shown: Shown::default(), shown_at: Some(9) };
        let has_room = |world: &World, now| {
            [News::Old, News::Replayed, News::Live].map(|news| world.has_room(news, now))
        };
        assert_eq!(has_room(idle, 10), [false, true, true]);
        assert_eq!(has_room(&busy, 10), [false, true, false]);
        assert_eq!(has_room(&busy, 9 + READING_TIME), [false, true, true]);
    }

    #[test]
    fn what_is_spent_and_why_it_waits_stand_above() {
        let mut status = fixtures::status("market-1", RunStatus::Running);
        let bars = Bars::new(&status, 120, Paint::PLAIN);
        let shown = |status: &EnvStatus| {
            bars.set_state(status, status.updated_at);
            bars.headline.message()
        };
        assert_eq!(shown(&status), "market-1 running  seed 7, Ctrl-C leaves it running");
        status.platforms[0].spent.decisions = 3;
        assert_eq!(shown(&status), "market-1 running  3 decisions, 0 requests, 0 tokens, 0.00");
        status.status = RunStatus::Paused;
        status.reason = Some("the budget is used up: 9 of 9 requests".to_owned());
        assert_eq!(shown(&status), "market-1 paused  the budget is used up: 9 of 9 requests");
    }

    #[test]
    fn trouble_that_has_no_room_is_cut_with_a_mark() {
        let status = fixtures::status("market-1", RunStatus::Running);
        let late = status.updated_at.plus_minutes(1);
        for (width, is_cut) in [(80, true), (120, false)] {
            let bars = Bars::new(&status, width, Paint::PLAIN);
            bars.set_state(&status, late);
            let headline = bars.headline.message();
            assert_eq!(headline.ends_with('…'), is_cut, "{headline}");
            assert!(visible(&headline) <= width, "{headline}");
        }
    }
}
