//! A wrong setup is refused with everything that is wrong with it.

use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use super::fixture::town;
use crate::{HourSet, Platform, ScheduledPost, SeedPost, Setup, World};

fn problems(change: impl Fn(&mut Setup)) -> Vec<String> {
    let mut setup = town(Platform::Twitter, 1);
    change(&mut setup);
    World::new(setup).err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

#[test]
fn a_sound_setup_has_no_problems() {
    assert_eq!(problems(|_| ()), Vec::<String>::new());
}

#[test]
fn all_problems_are_reported_at_once_each_with_its_place() {
    let found = problems(|setup| {
        setup.clock.start_minute = 1_440;
        setup.clock.minutes_per_round = 0;
        setup.activity.agents_per_hour_min = 11;
        setup.activity.peak_hours = HourSet(1 << 24);
        setup.activity.off_peak_ppm = 100_000_001;
        setup.agents[3].name = "  ".into();
        setup.agents[3].traits.activity_ppm = 1_000_001;
        setup.agents[4].traits.sentiment_ppm = -1_000_001;
        setup.agents[5].traits.posts_per_hour_ppm = u32::MAX;
        setup.seed_posts.push(SeedPost { agent: 12, content: "?".into() });
        setup.feed.echo_chamber_ppm = 2_000_000;
    });
    assert_eq!(
        found,
        [
            "clock.start_minute is 1440, expected 0 to 1439",
            "clock.minutes_per_round is 0, expected 1 to 1440",
            "activity.agents_per_hour_min is 11, expected at most agents_per_hour_max, 10",
            "activity.peak_hours is 0x1000000, expected only bits 0 to 23",
            "activity.off_peak_ppm is 100000001, expected 0 to 100000000",
            "agents[3].name is empty, expected a name",
            "agents[3].traits.activity_ppm is 1000001, expected 0 to 1000000",
            "agents[4].traits.sentiment_ppm is -1000001, expected -1000000 to 1000000",
            "agents[5].traits.posts_per_hour_ppm is 4294967295, expected 0 to 1000000000",
            "seed_posts[4].agent is 12, expected an agent, 0 to 11",
            "feed.echo_chamber_ppm is 2000000, expected 0 to 1000000",
        ]
    );
}

/// A change of the setup.
type Set = fn(&mut Setup);

/// The last value that a field may have, the first that it may not have, and what is said then.
const BOUNDS: &[(Set, Set, &str)] = &[
    (
        |setup| setup.clock.minutes_per_round = 1_440,
        |setup| setup.clock.minutes_per_round = 1_441,
        "clock.minutes_per_round is 1441, expected 1 to 1440",
    ),
    (
        |setup| setup.activity.morning_ppm = 100_000_000,
        |setup| setup.activity.morning_ppm = 100_000_001,
        "activity.morning_ppm is 100000001, expected 0 to 100000000",
    ),
    (
        |setup| setup.activity.work_hours = HourSet::ALL,
        |setup| setup.activity.work_hours = HourSet(1 << 31),
        "activity.work_hours is 0x80000000, expected only bits 0 to 23",
    ),
    (
        |setup| setup.agents[1].traits.influence_ppm = 1_000_000_000,
        |setup| setup.agents[1].traits.influence_ppm = 1_000_000_001,
        "agents[1].traits.influence_ppm is 1000000001, expected 0 to 1000000000",
    ),
    (
        |setup| setup.agents[1].traits.sentiment_ppm = 1_000_000,
        |setup| setup.agents[1].traits.sentiment_ppm = i32::MIN,
        "agents[1].traits.sentiment_ppm is -2147483648, expected -1000000 to 1000000",
    ),
    (
        |setup| setup.agents[1].traits.response_delay_max = 525_600,
        |setup| setup.agents[1].traits.response_delay_max = 525_601,
        "agents[1].traits.response_delay_max is 525601, expected 0 to 525600",
    ),
    (
        |setup| setup.agents[1].traits.response_delay_min = 60,
        |setup| setup.agents[1].traits.response_delay_min = 61,
        "agents[1].traits.response_delay_min is 61, expected at most response_delay_max, 60",
    ),
    (
        |setup| setup.agents[1].follows = vec![0, 11],
        |setup| setup.agents[1].follows = vec![0, 12],
        "agents[1].follows[1] is 12, expected another agent, each once",
    ),
    (
        |setup| setup.agents[1].follows = vec![2, 3],
        |setup| setup.agents[1].follows = vec![2, 3, 2],
        "agents[1].follows[2] is 2, expected another agent, each once",
    ),
    (
        |setup| setup.agents[1].follows = vec![0],
        |setup| setup.agents[1].follows = vec![1],
        "agents[1].follows[0] is 1, expected another agent, each once",
    ),
    (
        |setup| setup.agents[1].past_posts = vec!["x".repeat(10_240)],
        |setup| setup.agents[1].past_posts = vec!["x".into(), "x".repeat(10_241)],
        "agents[1].past_posts[1] is a text of 10241 bytes, expected at most 10240 bytes",
    ),
    (
        |setup| setup.scheduled = vec![planned(1, 11, "x")],
        |setup| setup.scheduled = vec![planned(0, 11, "x")],
        "scheduled[0].round is 0, expected 1 or more",
    ),
    (
        |setup| setup.scheduled = vec![planned(u32::MAX, 0, "x")],
        |setup| setup.scheduled = vec![planned(1, 12, "x")],
        "scheduled[0].agent is 12, expected an agent, 0 to 11",
    ),
    (
        |setup| setup.seed_posts[0].content = ".".into(),
        |setup| setup.seed_posts[0].content = "\u{3000}\n".into(),
        "seed_posts[0].content is empty, expected a text",
    ),
    (
        |setup| setup.feed.relevance_ppm = 1_000_000,
        |setup| setup.feed.relevance_ppm = 1_000_001,
        "feed.relevance_ppm is 1000001, expected 0 to 1000000",
    ),
];

fn planned(round: u32, agent: u32, content: &str) -> ScheduledPost {
    ScheduledPost { round, agent, content: content.into() }
}

#[test]
fn every_bound_is_where_it_is_said_to_be() {
    for (last, first, expected) in BOUNDS {
        assert_eq!(problems(last), Vec::<String>::new(), "{expected}");
        assert_eq!(problems(first), [*expected]);
    }
}

#[test]
fn a_world_needs_somebody() {
    let found = problems(|setup| {
        setup.agents.clear();
        setup.seed_posts.clear();
    });
    assert_eq!(found, ["agents is a list of 0, expected 1 to 4294967295 agents"]);
}

#[test]
fn extreme_but_valid_settings_play() {
    for platform in super::fixture::PLATFORMS {
        let mut setup = town(platform, 1);
        setup.activity.agents_per_hour_min = u32::MAX;
        setup.activity.agents_per_hour_max = u32::MAX;
        setup.activity.peak_ppm = 100_000_000;
        setup.clock.minutes_per_round = 1_440;
        setup.topics.clear();
        setup.feed.viral_threshold = u32::MAX;
        for agent in &mut setup.agents {
            agent.interests.clear();
            agent.bio.clear();
            agent.persona.clear();
            agent.traits.influence_ppm = 1_000_000_000;
            agent.traits.posts_per_hour_ppm = 1_000_000_000;
            agent.traits.comments_per_hour_ppm = 1_000_000_000;
        }
        setup.seed_posts[0].content = "?".into();
        setup.seed_posts[1].content = "…".into();
        let mut world = super::fixture::world(setup);
        super::fixture::play(&mut world, 6);
        assert!(world.counts().comments > 0);
        assert!(world.interview(0, "").is_some());
    }
}

#[test]
fn hours_outside_a_day_make_no_set() {
    assert_eq!(HourSet::from_hours([0, 23]), Some(HourSet(1 | 1 << 23)));
    assert_eq!(HourSet::from_hours([24]), None);
    assert!(HourSet::ALL.contains(23) && !HourSet::ALL.contains(24));
}
