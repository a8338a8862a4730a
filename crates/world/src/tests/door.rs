//! A wrong setup is refused with everything that is wrong with it.

use std::string::{String, ToString};
use std::vec::Vec;

use super::fixture::town;
use crate::{HourSet, Platform, SeedPost, Setup, World};

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
