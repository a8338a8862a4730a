//! A small town to test with, and how to play it.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use crate::{
    Action, Activity, Agent, Clock, Decisions, Feed, HourSet, Inputs, Outputs, Platform, Policy,
    SeedPost, Setup, Stance, Traits, World,
};

pub(crate) const PLATFORMS: [Platform; 2] = [Platform::Twitter, Platform::Reddit];

/// One agent of the town: name, kind, bio, stance, sentiment.
type Row = (&'static str, &'static str, &'static str, Stance, i32);

const TOWN: [Row; 12] = [
    ("City Council", "GovernmentAgency", "The council of the town.", Stance::Supportive, 100_000),
    ("Ferry Company", "Company", "We run the ferries.", Stance::Supportive, 600_000),
    ("Harbour Courier", "MediaOutlet", "Local news since 1911.", Stance::Observer, -100_000),
    ("Radio Quay", "MediaOutlet", "News on the hour.", Stance::Neutral, 0),
    ("Dockers Union", "Organization", "The people of the docks.", Stance::Opposing, -700_000),
    ("Prof. Lind", "Professor", "Transport and safety research.", Stance::Neutral, 0),
    ("Maya", "Student", "Night bus, night shift, night ferry.", Stance::Opposing, -500_000),
    ("Tomas", "Student", "Future engineer, ferry fan.", Stance::Supportive, 400_000),
    ("Ruth", "Person", "Retired, but not tired.", Stance::Opposing, -300_000),
    ("Arthur", "Person", "Boats, brakes, bread.", Stance::Neutral, 200_000),
    ("王小明", "Student", "大学生，关心交通和安全。", Stance::Supportive, 300_000),
    ("港口日报", "媒体", "本地新闻。", Stance::Observer, 0),
];

/// The town on one platform: all day long, one hour a round.
pub(crate) fn town(platform: Platform, seed: u64) -> Setup {
    let agents = TOWN.iter().map(|row| agent(*row)).collect();
    let seed_post = |agent, content: &str| SeedPost { agent, content: content.into() };
    Setup {
        platform,
        seed,
        clock: Clock { start_minute: 8 * 60, minutes_per_round: 60, planned_rounds: 48 },
        activity: Activity {
            agents_per_hour_min: 4,
            agents_per_hour_max: 10,
            peak_hours: HourSet::from_hours(18..22).expect("hours of a day"),
            peak_ppm: 1_500_000,
            off_peak_hours: HourSet::from_hours(0..6).expect("hours of a day"),
            off_peak_ppm: 50_000,
            morning_hours: HourSet::NONE,
            morning_ppm: 400_000,
            work_hours: HourSet::NONE,
            work_ppm: 700_000,
        },
        agents,
        seed_posts: vec![
            seed_post(0, "The night ferry will be replaced by a bus from 1 March."),
            seed_post(2, "A memo seen by the Courier says the brake tests failed. We publish it."),
            seed_post(4, "Nobody asked those who repair the brakes. Publish the memo!"),
            seed_post(11, "夜间渡轮停运，市民反应不一。"),
        ],
        scheduled: Vec::new(),
        narrative: String::new(),
        self_rating: true,
        topics: vec!["night ferry".into(), "brake tests".into(), "渡轮".into()],
        feed: Feed {
            recency_ppm: 400_000,
            popularity_ppm: 300_000,
            relevance_ppm: 300_000,
            viral_threshold: 10,
            echo_chamber_ppm: 500_000,
        },
    }
}

fn agent((name, kind, bio, stance, sentiment_ppm): Row) -> Agent {
    Agent {
        name: name.into(),
        user_name: name.to_lowercase().replace(' ', "_"),
        bio: bio.into(),
        persona: format!("{name} has lived here for a long time and says what it thinks."),
        kind: kind.into(),
        interests: vec!["public transport".into(), "safety".into()],
        follows: Vec::new(),
        past_posts: Vec::new(),
        policy: Policy::Builtin,
        traits: Traits {
            activity_ppm: 700_000,
            active_hours: HourSet::from_hours(7..24).expect("hours of a day"),
            posts_per_hour_ppm: 300_000,
            comments_per_hour_ppm: 800_000,
            sentiment_ppm,
            stance,
            influence_ppm: 1_000_000,
            response_delay_min: 0,
            response_delay_max: 60,
        },
    }
}

/// A crowd that acts in full, every round.
pub(crate) fn crowd(platform: Platform, seed: u64, agents: u32) -> Setup {
    let mut setup = town(platform, seed);
    let rows = setup.agents.clone();
    setup.agents = rows.iter().cycle().take(agents as usize).cloned().collect();
    for agent in &mut setup.agents {
        agent.traits.activity_ppm = 1_000_000;
        agent.traits.active_hours = HourSet::ALL;
    }
    setup.activity.agents_per_hour_min = agents;
    setup.activity.agents_per_hour_max = agents;
    setup.activity.off_peak_hours = HourSet::NONE;
    setup
}

pub(crate) fn world(setup: Setup) -> World {
    World::new(setup).expect("a valid setup")
}

/// Plays one tick; all agents decide in one go.
pub(crate) fn step(world: &mut World) -> Outputs {
    let decisions = world.decide(0..world.active());
    step_with(world, decisions)
}

pub(crate) fn step_with(world: &mut World, decisions: Decisions) -> Outputs {
    let inputs = Inputs::quiet(world.tick(), 1_767_225_600_000);
    world.step(inputs, decisions).expect("inputs and decisions of this tick")
}

/// Everything that happens until `rounds` are played, the seed posts included.
pub(crate) fn play(world: &mut World, rounds: u32) -> Vec<Action> {
    let mut actions = Vec::new();
    while world.tick() <= rounds {
        actions.extend(step(world).actions);
    }
    actions
}
