//! Towns of any size: one that acts by itself, one that is told what to do.

use world::{
    Activity, Agent, Clock, Decision, Feed, HourSet, Inputs, Outputs, Platform, Policy, SeedPost,
    Setup, Stance, Traits, World,
};

const STANCES: [Stance; 4] =
    [Stance::Supportive, Stance::Opposing, Stance::Neutral, Stance::Observer];
const KINDS: [&str; 5] = ["Person", "Student", "Company", "MediaOutlet", "Professor"];
const INTERESTS: [&str; 6] =
    ["Public transport", "Safety", "Local politics", "Jobs", "Housing", "Climate"];

/// A town whose agents all act in every round, by the `builtin` policy, before its seed posts.
pub(crate) fn builtin(platform: Platform, agents: u32) -> World {
    world(setup(platform, agents, Policy::Builtin))
}

/// A town in which nobody acts by itself, with a post for each ten agents, before these posts.
pub(crate) fn outside(platform: Platform, agents: u32) -> World {
    let mut setup = setup(platform, agents, Policy::Outside);
    for agent in &mut setup.agents {
        agent.traits.activity_ppm = 0;
    }
    setup.seed_posts = (0..agents / 10)
        .map(|agent| SeedPost { agent, content: crate::mix::text(u64::from(agent), 14) })
        .collect();
    world(setup)
}

fn world(setup: Setup) -> World {
    World::new(setup).expect("a valid setup")
}

fn setup(platform: Platform, agents: u32, policy: Policy) -> Setup {
    let seed_post = |agent, content: &str| SeedPost { agent, content: content.into() };
    Setup {
        platform,
        seed: 42,
        clock: Clock { start_minute: 0, minutes_per_round: 60, planned_rounds: 200 },
        activity: Activity {
            agents_per_hour_min: agents,
            agents_per_hour_max: agents,
            peak_hours: HourSet::NONE,
            peak_ppm: 1_000_000,
            off_peak_hours: HourSet::NONE,
            off_peak_ppm: 1_000_000,
            morning_hours: HourSet::NONE,
            morning_ppm: 1_000_000,
            work_hours: HourSet::NONE,
            work_ppm: 1_000_000,
        },
        agents: (0..agents).map(|id| agent(id, policy)).collect(),
        seed_posts: vec![
            seed_post(0, "Tram Line 4 will be replaced by autonomous shuttles from 1 March."),
            seed_post(1, "A memo says that the shuttles failed their brake tests."),
            seed_post(2, "Who needs night services? Everybody who works at night."),
        ],
        scheduled: Vec::new(),
        topics: ["Tram Line 4", "brake tests", "autonomous shuttles", "night services"]
            .map(String::from)
            .to_vec(),
        narrative: "The memo turns out to be true. The council votes on the night services.".into(),
        feed: Feed {
            recency_ppm: 400_000,
            popularity_ppm: 300_000,
            relevance_ppm: 300_000,
            viral_threshold: 10,
            echo_chamber_ppm: 500_000,
        },
        self_rating: true,
    }
}

fn agent(id: u32, policy: Policy) -> Agent {
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
        interests: vec![interest.into(), INTERESTS[pick / 7 % INTERESTS.len()].into()],
        follows: Vec::new(),
        past_posts: Vec::new(),
        policy,
        traits: Traits {
            activity_ppm: 1_000_000,
            active_hours: HourSet::ALL,
            posts_per_hour_ppm: 200_000,
            comments_per_hour_ppm: 500_000,
            sentiment_ppm: [-400_000, 0, 400_000][pick % 3],
            stance: STANCES[pick % 4],
            influence_ppm: 1_000_000,
            response_delay_min: 0,
            response_delay_max: 60,
        },
    }
}

/// Plays one round on this thread: what the agents decide by themselves, then all of it.
pub(crate) fn step(world: &mut World) -> Outputs {
    let decisions = world.decide(0..world.active());
    let inputs = Inputs::quiet(world.tick(), 0);
    world.step(inputs, decisions).expect("inputs and decisions of this tick")
}

/// Plays until `round` is the next.
pub(crate) fn play_to(world: &mut World, round: u32) {
    while world.tick() < round {
        step(world);
    }
}

/// Plays one round of what was decided outside; gives what happened.
pub(crate) fn told(world: &mut World, decisions: Vec<Decision>) -> Outputs {
    let inputs = Inputs { decisions, ..Inputs::quiet(world.tick(), 0) };
    let nobody = world.decide(0..world.active());
    world.step(inputs, nobody).expect("inputs and decisions of this tick")
}
