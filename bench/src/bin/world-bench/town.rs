//! Towns of any size in which everybody acts in every round.

use world::{
    Activity, Agent, Clock, Feed, HourSet, Inputs, Outputs, Platform, SeedPost, Setup, Stance,
    World,
};

const STANCES: [Stance; 4] =
    [Stance::Supportive, Stance::Opposing, Stance::Neutral, Stance::Observer];
const KINDS: [&str; 5] = ["Person", "Student", "Company", "MediaOutlet", "Professor"];
const INTERESTS: [&str; 6] =
    ["Public transport", "Safety", "Local politics", "Jobs", "Housing", "Climate"];

/// A new world of `agents`, before its seed posts.
pub(crate) fn world(platform: Platform, agents: u32) -> World {
    World::new(setup(platform, agents)).expect("a valid setup")
}

fn setup(platform: Platform, agents: u32) -> Setup {
    let seed_post = |agent, content: &str| SeedPost { agent, content: content.into() };
    Setup {
        platform,
        seed: 42,
        clock: Clock { start_minute: 0, minutes_per_round: 60 },
        activity: Activity {
            agents_per_hour_min: agents,
            agents_per_hour_max: agents,
            peak_hours: HourSet::NONE,
            peak_ppm: 1_000_000,
            off_peak_hours: HourSet::NONE,
            off_peak_ppm: 1_000_000,
        },
        agents: (0..agents).map(agent).collect(),
        seed_posts: vec![
            seed_post(0, "Tram Line 4 will be replaced by autonomous shuttles from 1 March."),
            seed_post(1, "A memo says that the shuttles failed their brake tests."),
            seed_post(2, "Who needs night services? Everybody who works at night."),
        ],
        topics: ["Tram Line 4", "brake tests", "autonomous shuttles", "night services"]
            .map(String::from)
            .to_vec(),
        feed: Feed {
            recency_ppm: 400_000,
            popularity_ppm: 300_000,
            relevance_ppm: 300_000,
            viral_threshold: 10,
            echo_chamber_ppm: 500_000,
        },
    }
}

fn agent(id: u32) -> Agent {
    let pick = id as usize;
    let interest = INTERESTS[pick % INTERESTS.len()];
    Agent {
        name: format!("Resident {id}"),
        user_name: format!("resident_{id}"),
        bio: format!("Lives by the harbour. Cares about {interest}."),
        persona: format!(
            "Resident {id} has lived in this town for years, follows {interest} closely, knows \
             the neighbours and says what is on their mind, in the street as on the net."
        ),
        kind: KINDS[pick % KINDS.len()].into(),
        activity_ppm: 1_000_000,
        active_hours: HourSet::ALL,
        posts_per_hour_ppm: 200_000,
        comments_per_hour_ppm: 500_000,
        sentiment_ppm: [-400_000, 0, 400_000][pick % 3],
        stance: STANCES[pick % 4],
        influence_ppm: 1_000_000,
        interests: vec![interest.into(), INTERESTS[pick / 7 % INTERESTS.len()].into()],
    }
}

/// Plays one round on this thread.
pub(crate) fn step(world: &mut World) -> Outputs {
    let decisions = world.decide(0..world.active());
    let inputs = Inputs { tick: world.tick(), wall_clock_ms: 0 };
    world.step(&inputs, decisions).expect("inputs and decisions of this tick")
}

/// Plays until `round` is the next.
pub(crate) fn play_to(world: &mut World, round: u32) {
    while world.tick() < round {
        step(world);
    }
}
