//! The door: a setup is taken whole or refused with everything that is wrong with it.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::setup::{Agent, DAY, HourSet, PPM, Setup};
use crate::words;

/// Highest multiplier of an hour: 100 times.
const MULTIPLIER_MAX: u32 = 100 * PPM;
/// Highest rate and influence: 1,000.
const RATE_MAX: u32 = 1_000 * PPM;

/// One thing that is wrong with a [`Setup`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetupError {
    /// Where: a path into the setup, such as `agents[3].activity_ppm`.
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
    let mut problems = Problems(Vec::new());
    problems.check_size(setup);
    problems.check_time(setup);
    for (index, agent) in setup.agents.iter().enumerate() {
        problems.check_agent(index, agent);
    }
    for (index, post) in setup.seed_posts.iter().enumerate() {
        if post.agent as usize >= setup.agents.len() {
            let expected = format!("an agent, 0 to {}", setup.agents.len().saturating_sub(1));
            problems.add(format!("seed_posts[{index}].agent"), &post.agent, expected);
        }
    }
    let feed = &setup.feed;
    problems.at_most("feed.recency_ppm", feed.recency_ppm, PPM);
    problems.at_most("feed.popularity_ppm", feed.popularity_ppm, PPM);
    problems.at_most("feed.relevance_ppm", feed.relevance_ppm, PPM);
    problems.at_most("feed.echo_chamber_ppm", feed.echo_chamber_ppm, PPM);
    problems.0
}

struct Problems(Vec<SetupError>);

impl Problems {
    fn add(&mut self, at: impl Into<String>, found: &dyn ToString, expected: impl Into<String>) {
        self.0.push(SetupError {
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

    fn check_size(&mut self, setup: &Setup) {
        if setup.agents.is_empty() || u32::try_from(setup.agents.len()).is_err() {
            let expected = format!("1 to {} agents", u32::MAX);
            self.add("agents", &format!("a list of {}", setup.agents.len()), expected);
        }
    }

    fn check_time(&mut self, setup: &Setup) {
        let (clock, activity) = (&setup.clock, &setup.activity);
        self.at_most("clock.start_minute", clock.start_minute, DAY - 1);
        if !(1..=DAY).contains(&clock.minutes_per_round) {
            self.add("clock.minutes_per_round", &clock.minutes_per_round, format!("1 to {DAY}"));
        }
        if activity.agents_per_hour_min > activity.agents_per_hour_max {
            let expected = format!("at most agents_per_hour_max, {}", activity.agents_per_hour_max);
            self.add("activity.agents_per_hour_min", &activity.agents_per_hour_min, expected);
        }
        self.hours("activity.peak_hours", activity.peak_hours);
        self.hours("activity.off_peak_hours", activity.off_peak_hours);
        self.at_most("activity.peak_ppm", activity.peak_ppm, MULTIPLIER_MAX);
        self.at_most("activity.off_peak_ppm", activity.off_peak_ppm, MULTIPLIER_MAX);
    }

    fn check_agent(&mut self, index: usize, agent: &Agent) {
        let at = |field: &str| format!("agents[{index}].{field}");
        if words::trim(&agent.name).is_empty() {
            self.add(at("name"), &"empty", "a name");
        }
        self.hours(&at("active_hours"), agent.active_hours);
        self.at_most(&at("activity_ppm"), agent.activity_ppm, PPM);
        self.at_most(&at("posts_per_hour_ppm"), agent.posts_per_hour_ppm, RATE_MAX);
        self.at_most(&at("comments_per_hour_ppm"), agent.comments_per_hour_ppm, RATE_MAX);
        self.at_most(&at("influence_ppm"), agent.influence_ppm, RATE_MAX);
        if agent.sentiment_ppm.unsigned_abs() > PPM {
            self.add(at("sentiment_ppm"), &agent.sentiment_ppm, format!("-{PPM} to {PPM}"));
        }
    }
}
