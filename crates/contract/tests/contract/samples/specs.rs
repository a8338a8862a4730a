//! Specs: one with everything in it, and the least that is one.

use contract::simulation::{RecordSource, SimulationRecord};
use contract::spec::{
    AgentSpec, EventSpec, FeedSpec, Hours, PlatformSpec, Profile, ScheduledPost, SeedPost, Spec,
    Stance, TimeSpec,
};
use contract::subject::Platform;
use contract::version::V1;

use super::{Sample, at, each, sample, spec_digest, word};

pub(super) fn samples() -> Vec<Sample> {
    let only_twitter = Spec { reddit: None, ..full() };
    vec![
        sample("spec", "full", &full()),
        sample("spec", "least", &least()),
        sample("spec", "only-twitter", &only_twitter),
        sample("simulation", "uploaded", &record()),
    ]
}

fn record() -> SimulationRecord {
    let files = ["simulation_config.json", "twitter_profiles.csv"].map(str::to_owned).into();
    SimulationRecord {
        v: V1,
        simulation_id: "night-market".parse().unwrap(),
        spec_digest: spec_digest(),
        name: "夜市 after the pier".to_owned(),
        created_at: at(0),
        updated_at: at(60),
        source: next_source(None).unwrap(),
        files,
    }
}

fn next_source(source: Option<&RecordSource>) -> Option<RecordSource> {
    match source {
        None => Some(RecordSource::Upload),
        Some(RecordSource::Upload) => None,
    }
}

/// Two worlds, an agent of each stance, every optional field.
fn full() -> Spec {
    let agents: Vec<AgentSpec> =
        (0..).zip(each(next_stance)).map(|(id, it)| agent(id, it)).collect();
    let profiles: Vec<Profile> = agents.iter().map(profile).collect();
    let world = PlatformSpec { feed: feed(), self_rating: false, profiles };
    let scheduled = |round, platform| ScheduledPost {
        round,
        agent_id: 3,
        content: "The survey is out.".to_owned(),
        platform,
    };
    Spec {
        v: V1,
        simulation_id: "night-market".parse().unwrap(),
        project_id: Some("port-senna".to_owned()),
        graph_id: Some("night-market".to_owned()),
        requirement: "How does opinion move once the pier is closed?".to_owned(),
        time: time(),
        agents,
        events: EventSpec {
            seed_posts: vec![SeedPost { agent_id: 1, content: "The old pier closes.".to_owned() }],
            scheduled: vec![scheduled(6, None), scheduled(12, Some(Platform::Reddit))],
            hot_topics: vec!["夜市".to_owned(), "the survey".to_owned()],
            narrative_direction: "Doubts about the survey grow.".to_owned(),
        },
        twitter: Some(world.clone()),
        reddit: Some(world),
    }
}

fn least() -> Spec {
    let profile = Profile { age: None, ..profile(&agent(0, Stance::Neutral)) };
    let profile = Profile { gender: None, mbti: None, country: None, profession: None, ..profile };
    let profile = Profile { interested_topics: Vec::new(), ..profile };
    let profile = Profile { follows: Vec::new(), past_posts: Vec::new(), ..profile };
    Spec {
        v: V1,
        simulation_id: "night-market".parse().unwrap(),
        project_id: None,
        graph_id: None,
        requirement: String::new(),
        time: TimeSpec {
            peak_hours: hours(&[]),
            off_peak_hours: hours(&[]),
            morning_hours: hours(&[]),
            work_hours: hours(&[]),
            ..time()
        },
        agents: vec![agent(0, Stance::Neutral)],
        events: EventSpec::default(),
        twitter: None,
        reddit: Some(PlatformSpec { feed: feed(), self_rating: true, profiles: vec![profile] }),
    }
}

fn hours(hours: &[u8]) -> Hours {
    Hours::try_from(hours.to_vec()).unwrap()
}

fn time() -> TimeSpec {
    TimeSpec {
        start_time: at(0).midnight(),
        total_hours: 48,
        minutes_per_round: 60,
        agents_per_hour_min: 1,
        agents_per_hour_max: 3,
        peak_hours: hours(&[19, 20]),
        peak_ppm: 1_500_000,
        off_peak_hours: hours(&[3, 4]),
        off_peak_ppm: 300_000,
        morning_hours: hours(&[6, 7]),
        morning_ppm: 400_000,
        work_hours: hours(&[9, 10, 11]),
        work_ppm: 700_000,
    }
}

fn next_stance(stance: Option<&Stance>) -> Option<Stance> {
    match stance {
        None => Some(Stance::Supportive),
        Some(Stance::Supportive) => Some(Stance::Opposing),
        Some(Stance::Opposing) => Some(Stance::Neutral),
        Some(Stance::Neutral) => Some(Stance::Observer),
        Some(Stance::Observer) => None,
    }
}

fn agent(agent_id: u32, stance: Stance) -> AgentSpec {
    AgentSpec {
        agent_id,
        name: format!("{} of Port Senna", word(&stance)),
        entity_type: "Resident".to_owned(),
        activity_ppm: 400_000,
        active_hours: hours(&[8, 19, 20]),
        posts_per_hour_ppm: 350_000,
        comments_per_hour_ppm: 1_250_000,
        response_delay_min: 5,
        response_delay_max: 60,
        sentiment_ppm: -250_000,
        stance,
        influence_ppm: 1_000_000,
    }
}

fn profile(agent: &AgentSpec) -> Profile {
    Profile {
        user_name: format!("resident_{}", agent.agent_id),
        name: agent.name.clone(),
        bio: "Born by the harbour.".to_owned(),
        persona: "Has sold soup at the night market for twenty years. 卖汤的。".to_owned(),
        age: Some(52),
        gender: Some("female".to_owned()),
        mbti: Some("ISFJ".to_owned()),
        country: Some("Senna".to_owned()),
        profession: Some("Cook".to_owned()),
        interested_topics: vec!["food".to_owned(), "the harbour".to_owned()],
        follows: vec![(agent.agent_id + 1) % 4],
        past_posts: vec!["Soup is ready. 汤好了。".to_owned()],
    }
}

fn feed() -> FeedSpec {
    FeedSpec {
        recency_ppm: 400_000,
        popularity_ppm: 300_000,
        relevance_ppm: 300_000,
        viral_threshold: 10,
        echo_chamber_ppm: 500_000,
    }
}
