//! A small world, in which within some ticks everything happens that a snapshot can hold.

use world::{
    Activity, Agent, Clock, Feed, HourSet, Inputs, Platform, Policy, ScheduledPost, SeedPost,
    Setup, Stance, Traits, World,
};

const MILLION: u32 = 1_000_000;

/// What the world is made from.
pub fn setup(platform: Platform) -> Setup {
    Setup {
        platform,
        seed: 7,
        clock: Clock { start_minute: 480, minutes_per_round: 60, planned_rounds: 40 },
        activity: Activity {
            agents_per_hour_min: 3,
            agents_per_hour_max: 4,
            peak_hours: HourSet::NONE,
            peak_ppm: MILLION,
            off_peak_hours: HourSet::NONE,
            off_peak_ppm: MILLION,
            morning_hours: HourSet::NONE,
            morning_ppm: MILLION,
            work_hours: HourSet::NONE,
            work_ppm: MILLION,
        },
        agents: (0..4).map(agent).collect(),
        seed_posts: vec![
            SeedPost { agent: 0, content: "Pier 4 is closed until further notice.".to_owned() },
            SeedPost { agent: 3, content: "夜市怎么办？".to_owned() },
        ],
        scheduled: vec![ScheduledPost {
            round: 2,
            agent: 1,
            content: "Who decided it?".to_owned(),
        }],
        topics: vec!["pier".to_owned(), "night market".to_owned()],
        narrative: "From anger to a compromise.".to_owned(),
        feed: Feed {
            recency_ppm: 400_000,
            popularity_ppm: 300_000,
            relevance_ppm: 300_000,
            viral_threshold: 2,
            echo_chamber_ppm: 500_000,
        },
        self_rating: true,
    }
}

fn agent(id: u32) -> Agent {
    let stances = [Stance::Supportive, Stance::Opposing, Stance::Neutral, Stance::Observer];
    Agent {
        name: format!("Agent {id}"),
        user_name: format!("agent_{id}"),
        bio: "Sells lanterns.".to_owned(),
        persona: "Has a stall at pier 4.".to_owned(),
        kind: "Resident".to_owned(),
        interests: vec!["pier".to_owned()],
        follows: vec![(id + 1) % 4],
        past_posts: vec!["Lanterns, two for one.".to_owned()],
        policy: Policy::Builtin,
        traits: Traits {
            activity_ppm: MILLION,
            active_hours: HourSet::ALL,
            posts_per_hour_ppm: MILLION,
            comments_per_hour_ppm: 2 * MILLION,
            sentiment_ppm: 0,
            stance: stances[id as usize % 4],
            influence_ppm: MILLION,
            response_delay_min: 0,
            response_delay_max: 0,
        },
    }
}

/// Plays so many ticks more.
pub fn play(world: &mut World, ticks: u32) {
    for _ in 0..ticks {
        let decisions = world.decide(0..world.active());
        world.step(Inputs::quiet(world.tick(), 0), decisions).expect("the tick that is due");
    }
}
