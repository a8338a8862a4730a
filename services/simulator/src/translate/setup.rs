//! From a spec to the setup of a world.

use contract::journal::Genesis;
use contract::spec::{AgentSpec, Hours, Profile, Spec, Stance};
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use world::{HourSet, Policy, Setup};

/// What the world of `genesis` is made from; `None` if the spec has no such world.
pub fn setup(spec: &Spec, genesis: &Genesis) -> Option<Setup> {
    let platform = spec.platform(genesis.platform)?;
    let time = &spec.time;
    let agents = spec.agents.iter().zip(&platform.profiles);
    let llm = genesis.options.llm.as_ref();
    let policy = |agent| match llm.and_then(|llm| llm.of(genesis.platform, agent)) {
        Some(_) => Policy::Outside,
        None => Policy::Builtin,
    };
    Some(Setup {
        platform: match genesis.platform {
            Platform::Twitter => world::Platform::Twitter,
            Platform::Reddit => world::Platform::Reddit,
        },
        seed: genesis.options.seed,
        clock: world::Clock {
            start_minute: minute_of_day(genesis.start_time),
            minutes_per_round: time.minutes_per_round,
            planned_rounds: time.rounds(),
        },
        activity: world::Activity {
            agents_per_hour_min: time.agents_per_hour_min,
            agents_per_hour_max: time.agents_per_hour_max,
            peak_hours: hours(&time.peak_hours),
            peak_ppm: time.peak_ppm,
            off_peak_hours: hours(&time.off_peak_hours),
            off_peak_ppm: time.off_peak_ppm,
            morning_hours: hours(&time.morning_hours),
            morning_ppm: time.morning_ppm,
            work_hours: hours(&time.work_hours),
            work_ppm: time.work_ppm,
        },
        agents: agents.map(|(agent, profile)| self::agent(agent, profile, policy(agent))).collect(),
        seed_posts: (spec.events.seed_posts.iter())
            .map(|post| world::SeedPost { agent: post.agent_id, content: post.content.clone() })
            .collect(),
        scheduled: (spec.events.scheduled.iter())
            .filter(|post| post.platform.is_none_or(|platform| platform == genesis.platform))
            .map(|post| world::ScheduledPost {
                round: post.round,
                agent: post.agent_id,
                content: post.content.clone(),
            })
            .collect(),
        topics: spec.events.hot_topics.clone(),
        narrative: spec.events.narrative_direction.clone(),
        self_rating: platform.self_rating,
        feed: world::Feed {
            recency_ppm: platform.feed.recency_ppm,
            popularity_ppm: platform.feed.popularity_ppm,
            relevance_ppm: platform.feed.relevance_ppm,
            viral_threshold: platform.feed.viral_threshold,
            echo_chamber_ppm: platform.feed.echo_chamber_ppm,
        },
    })
}

fn agent(agent: &AgentSpec, profile: &Profile, policy: Policy) -> world::Agent {
    world::Agent {
        name: agent.name.clone(),
        user_name: profile.user_name.clone(),
        bio: profile.bio.clone(),
        persona: profile.persona.clone(),
        kind: agent.entity_type.clone(),
        // What somebody does for a living is something that it cares about.
        interests: profile.interested_topics.iter().chain(&profile.profession).cloned().collect(),
        follows: profile.follows.clone(),
        past_posts: profile.past_posts.clone(),
        policy,
        traits: traits(agent),
    }
}

fn traits(agent: &AgentSpec) -> world::Traits {
    world::Traits {
        activity_ppm: agent.activity_ppm,
        active_hours: hours(&agent.active_hours),
        posts_per_hour_ppm: agent.posts_per_hour_ppm,
        comments_per_hour_ppm: agent.comments_per_hour_ppm,
        sentiment_ppm: agent.sentiment_ppm,
        stance: stance(agent.stance),
        influence_ppm: agent.influence_ppm,
        response_delay_min: agent.response_delay_min,
        response_delay_max: agent.response_delay_max,
    }
}

pub(super) fn stance(stance: Stance) -> world::Stance {
    match stance {
        Stance::Supportive => world::Stance::Supportive,
        Stance::Opposing => world::Stance::Opposing,
        Stance::Neutral => world::Stance::Neutral,
        Stance::Observer => world::Stance::Observer,
    }
}

pub(super) fn hours(hours: &Hours) -> HourSet {
    HourSet::from_hours(hours.as_slice().iter().copied().map(u32::from)).unwrap_or(HourSet::NONE)
}

fn minute_of_day(at: Timestamp) -> u32 {
    let minutes = (at.milliseconds() - at.midnight().milliseconds()) / 60_000;
    u32::try_from(minutes).expect("a day has 1440 minutes")
}
