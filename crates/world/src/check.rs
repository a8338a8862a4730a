//! The door: a setup is taken whole or refused with everything that is wrong with it.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::act::{Failure, TEXT_MAX, check_text};
use crate::queue::{Change, Inputs};
use crate::setup::{Activity, Agent, DAY, Feed, HourSet, PPM, Setup, Traits};
use crate::words;

/// Highest multiplier of an hour: 100 times.
const MULTIPLIER_MAX: u32 = 100 * PPM;
/// Highest rate and influence: 1,000.
const RATE_MAX: u32 = 1_000 * PPM;
/// Longest delay: a year.
const DELAY_MAX: u32 = 365 * DAY;

/// One thing that is wrong with a [`Setup`] or with [`Inputs`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetupError {
    /// Where: a path into it, such as `agents[3].traits.activity_ppm` or `events[0].content`.
    pub at: String,
    /// What stands there.
    pub found: String,
    /// What may stand there.
    pub expected: String,
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}, expected {}", self.at, self.found, self.expected)
    }
}

impl core::error::Error for SetupError {}

/// All that is wrong with `setup`; empty if it can become a world.
pub(crate) fn problems(setup: &Setup) -> Vec<SetupError> {
    let mut problems = Problems { list: Vec::new(), agents: setup.agents.len() };
    problems.size();
    problems.clock(setup);
    problems.activity("activity", &setup.activity);
    for (index, agent) in setup.agents.iter().enumerate() {
        problems.agent(index, agent);
    }
    for (index, post) in setup.seed_posts.iter().enumerate() {
        problems.post(&format!("seed_posts[{index}]"), post.agent, &post.content);
    }
    for (index, post) in setup.scheduled.iter().enumerate() {
        let at = format!("scheduled[{index}]");
        problems.post(&at, post.agent, &post.content);
        if post.round == 0 {
            problems.add(format!("{at}.round"), &0, "1 or more");
        }
    }
    problems.feed("feed", &setup.feed);
    problems.list
}

/// All that is wrong with `inputs` for a world of so many agents.
pub(crate) fn input_problems(agents: usize, inputs: &Inputs) -> Vec<SetupError> {
    let mut problems = Problems { list: Vec::new(), agents };
    for (index, event) in inputs.events.iter().enumerate() {
        problems.post(&format!("events[{index}]"), event.agent, &event.content);
    }
    for (index, decision) in inputs.decisions.iter().enumerate() {
        if decision.agent as usize >= agents {
            problems.user(&format!("decisions[{index}].agent"), decision.agent);
        }
    }
    for (index, change) in inputs.changes.iter().enumerate() {
        let at = format!("changes[{index}]");
        match change {
            Change::Activity(activity) => problems.activity(&at, activity),
            Change::Feed(feed) => problems.feed(&at, feed),
            Change::Topics(_) | Change::Narrative(_) | Change::Seed(_) => {}
            Change::Traits { agent, traits } => {
                problems.user(&format!("{at}.agent"), *agent);
                problems.traits(&at, traits);
            }
        }
    }
    problems.list
}

struct Problems {
    list: Vec<SetupError>,
    agents: usize,
}

impl Problems {
    fn add(&mut self, at: impl Into<String>, found: &dyn ToString, expected: impl Into<String>) {
        self.list.push(SetupError {
            at: at.into(),
            found: found.to_string(),
            expected: expected.into(),
        });
    }

    fn at_most(&mut self, at: &str, found: u32, most: u32) {
        if found > most {
            self.add(at, &found, format!("0 to {most}"));
        }
    }

    fn hours(&mut self, at: &str, hours: HourSet) {
        if hours.0 > HourSet::ALL.0 {
            self.add(at, &format!("{:#x}", hours.0), "only bits 0 to 23");
        }
    }

    fn size(&mut self) {
        if self.agents == 0 || u32::try_from(self.agents).is_err() {
            let expected = format!("1 to {} agents", u32::MAX);
            self.add("agents", &format!("a list of {}", self.agents), expected);
        }
    }

    fn user(&mut self, at: &str, user: u32) {
        if user as usize >= self.agents {
            self.add(at, &user, format!("an agent, 0 to {}", self.agents.saturating_sub(1)));
        }
    }

    fn text(&mut self, at: &str, text: &str) {
        match check_text(text) {
            Ok(()) => {}
            Err(Failure::EmptyText) => self.add(at, &"empty", "a text"),
            Err(_) => {
                let found = format!("a text of {} bytes", text.len());
                self.add(at, &found, format!("at most {TEXT_MAX} bytes"));
            }
        }
    }

    fn post(&mut self, at: &str, agent: u32, content: &str) {
        self.user(&format!("{at}.agent"), agent);
        self.text(&format!("{at}.content"), content);
    }

    fn clock(&mut self, setup: &Setup) {
        let clock = &setup.clock;
        self.at_most("clock.start_minute", clock.start_minute, DAY - 1);
        if !(1..=DAY).contains(&clock.minutes_per_round) {
            self.add("clock.minutes_per_round", &clock.minutes_per_round, format!("1 to {DAY}"));
        }
    }

    fn activity(&mut self, at: &str, activity: &Activity) {
        if activity.agents_per_hour_min > activity.agents_per_hour_max {
            let expected = format!("at most agents_per_hour_max, {}", activity.agents_per_hour_max);
            let at = format!("{at}.agents_per_hour_min");
            self.add(at, &activity.agents_per_hour_min, expected);
        }
        for (name, hours, ppm) in [
            ("peak", activity.peak_hours, activity.peak_ppm),
            ("off_peak", activity.off_peak_hours, activity.off_peak_ppm),
            ("morning", activity.morning_hours, activity.morning_ppm),
            ("work", activity.work_hours, activity.work_ppm),
        ] {
            self.hours(&format!("{at}.{name}_hours"), hours);
            self.at_most(&format!("{at}.{name}_ppm"), ppm, MULTIPLIER_MAX);
        }
    }

    fn feed(&mut self, at: &str, feed: &Feed) {
        self.at_most(&format!("{at}.recency_ppm"), feed.recency_ppm, PPM);
        self.at_most(&format!("{at}.popularity_ppm"), feed.popularity_ppm, PPM);
        self.at_most(&format!("{at}.relevance_ppm"), feed.relevance_ppm, PPM);
        self.at_most(&format!("{at}.echo_chamber_ppm"), feed.echo_chamber_ppm, PPM);
    }

    fn agent(&mut self, index: usize, agent: &Agent) {
        let at = format!("agents[{index}]");
        if words::trim(&agent.name).is_empty() {
            self.add(format!("{at}.name"), &"empty", "a name");
        }
        let mut known = BTreeSet::new();
        for (place, &user) in agent.follows.iter().enumerate() {
            let again = !known.insert(user);
            if user as usize >= self.agents || user as usize == index || again {
                let expected = "another agent, each once";
                self.add(format!("{at}.follows[{place}]"), &user, expected);
            }
        }
        for (place, text) in agent.past_posts.iter().enumerate() {
            self.text(&format!("{at}.past_posts[{place}]"), text);
        }
        self.traits(&format!("{at}.traits"), &agent.traits);
    }

    fn traits(&mut self, at: &str, traits: &Traits) {
        let at = |field: &str| format!("{at}.{field}");
        self.hours(&at("active_hours"), traits.active_hours);
        self.at_most(&at("activity_ppm"), traits.activity_ppm, PPM);
        self.at_most(&at("posts_per_hour_ppm"), traits.posts_per_hour_ppm, RATE_MAX);
        self.at_most(&at("comments_per_hour_ppm"), traits.comments_per_hour_ppm, RATE_MAX);
        self.at_most(&at("influence_ppm"), traits.influence_ppm, RATE_MAX);
        if traits.sentiment_ppm.unsigned_abs() > PPM {
            self.add(at("sentiment_ppm"), &traits.sentiment_ppm, format!("-{PPM} to {PPM}"));
        }
        if traits.response_delay_min > traits.response_delay_max {
            let expected = format!("at most response_delay_max, {}", traits.response_delay_max);
            self.add(at("response_delay_min"), &traits.response_delay_min, expected);
        }
        self.at_most(&at("response_delay_max"), traits.response_delay_max, DELAY_MAX);
    }
}
