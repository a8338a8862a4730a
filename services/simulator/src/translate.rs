//! Between the contract and the world: the only file that knows both.
//!
//! The world speaks in tables and ids, the bus in messages with names and texts. Nothing is
//! decided here.

use contract::action::{
    Action, ActionBody, CreateComment, CreatePost, DoNothing, Follow, LikePost, Repost,
};
use contract::frame::{Frame, Marker, Outcome};
use contract::id::Digest;
use contract::journal::Genesis;
use contract::spec::{AgentSpec, Hours, Profile, Spec, Stance};
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use contract::version::V1;
use world::{Act, Effect, HourSet, Outputs, Setup, World};

/// Where a world's chain of frames stands: what the next frame continues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The seq of the next action.
    pub next_seq: u64,
    /// The digest of the last frame.
    pub digest: Digest,
    /// Actions so far that had their effect.
    pub succeeded: u64,
    /// Those of them that a memory takes.
    pub memorable: u64,
}

impl Chain {
    /// Before tick 0.
    pub const START: Chain =
        Chain { next_seq: 1, digest: Digest::ZERO, succeeded: 0, memorable: 0 };

    /// After `frame`, whose successes are counted on top.
    #[must_use]
    pub fn after(&self, frame: &Frame) -> Chain {
        let succeeded = frame.actions.iter().filter(|action| action.success());
        let memorable = succeeded.clone().filter(|action| action.body.is_memorable());
        Chain {
            next_seq: frame.next_seq(),
            digest: frame.digest,
            succeeded: self.succeeded + succeeded.count() as u64,
            memorable: self.memorable + memorable.count() as u64,
        }
    }
}

/// What the world of `genesis` is made from; `None` if the spec has no such world.
pub fn setup(spec: &Spec, genesis: &Genesis) -> Option<Setup> {
    let platform = spec.platform(genesis.platform)?;
    let time = &spec.time;
    let agents = spec.agents.iter().zip(&platform.profiles);
    Some(Setup {
        platform: match genesis.platform {
            Platform::Twitter => world::Platform::Twitter,
            Platform::Reddit => world::Platform::Reddit,
        },
        seed: genesis.options.seed,
        clock: world::Clock {
            start_minute: minute_of_day(genesis.start_time),
            minutes_per_round: time.minutes_per_round,
        },
        activity: world::Activity {
            agents_per_hour_min: time.agents_per_hour_min,
            agents_per_hour_max: time.agents_per_hour_max,
            peak_hours: hours(&time.peak_hours),
            peak_ppm: time.peak_ppm,
            off_peak_hours: hours(&time.off_peak_hours),
            off_peak_ppm: time.off_peak_ppm,
        },
        agents: agents.map(|(agent, profile)| self::agent(agent, profile)).collect(),
        seed_posts: (spec.events.seed_posts.iter())
            .map(|post| world::SeedPost { agent: post.agent_id, content: post.content.clone() })
            .collect(),
        topics: spec.events.hot_topics.clone(),
        feed: world::Feed {
            recency_ppm: platform.feed.recency_ppm,
            popularity_ppm: platform.feed.popularity_ppm,
            relevance_ppm: platform.feed.relevance_ppm,
            viral_threshold: platform.feed.viral_threshold,
            echo_chamber_ppm: platform.feed.echo_chamber_ppm,
        },
    })
}

fn agent(agent: &AgentSpec, profile: &Profile) -> world::Agent {
    world::Agent {
        name: agent.name.clone(),
        user_name: profile.user_name.clone(),
        bio: profile.bio.clone(),
        persona: profile.persona.clone(),
        kind: agent.entity_type.clone(),
        activity_ppm: agent.activity_ppm,
        active_hours: hours(&agent.active_hours),
        posts_per_hour_ppm: agent.posts_per_hour_ppm,
        comments_per_hour_ppm: agent.comments_per_hour_ppm,
        sentiment_ppm: agent.sentiment_ppm,
        stance: match agent.stance {
            Stance::Supportive => world::Stance::Supportive,
            Stance::Opposing => world::Stance::Opposing,
            Stance::Neutral => world::Stance::Neutral,
            Stance::Observer => world::Stance::Observer,
        },
        influence_ppm: agent.influence_ppm,
        interests: profile.interested_topics.clone(),
    }
}

fn hours(hours: &Hours) -> HourSet {
    HourSet::from_hours(hours.as_slice().iter().copied().map(u32::from)).unwrap_or(HourSet::NONE)
}

fn minute_of_day(at: Timestamp) -> u32 {
    let minutes = (at.milliseconds() - at.midnight().milliseconds()) / 60_000;
    u32::try_from(minutes).expect("a day has 1440 minutes")
}

/// The frame of a tick: `world` has just been stepped and gave `outputs`.
pub fn frame(world: &World, genesis: &Genesis, chain: &Chain, outputs: Outputs) -> Frame {
    let (tick, round) = (outputs.tick, outputs.round);
    let minutes = u64::from(round) * u64::from(world.setup().clock.minutes_per_round);
    let simulated_hour = u32::try_from(outputs.minute / 60 % 24).expect("a day has 24 hours");
    let active_agents = outputs.active_agents;
    let timestamp = Timestamp::from_milliseconds(outputs.wall_clock_ms);
    let actions: Vec<Action> = (chain.next_seq..)
        .zip(outputs.actions)
        .map(|(seq, action)| self::action(world, seq, action))
        .collect();
    let (first_seq, next_seq) = (chain.next_seq, chain.next_seq + actions.len() as u64);

    let mut markers = Vec::new();
    if tick == 0 {
        markers.push(Marker::SimulationStart {
            before_seq: first_seq,
            spec_digest: genesis.spec_digest,
            seed: genesis.options.seed,
            rules: genesis.rules,
            agents: world.setup().agents.len().try_into().unwrap_or(u32::MAX),
            rounds: genesis.options.rounds,
        });
    }
    markers.push(Marker::RoundStart { before_seq: first_seq, round, simulated_hour });
    markers.push(Marker::RoundEnd {
        before_seq: next_seq,
        round,
        actions: actions.len().try_into().unwrap_or(u32::MAX),
        active_agents,
        simulated_minutes: minutes,
    });
    if round == genesis.options.rounds {
        markers.push(Marker::SimulationEnd {
            before_seq: next_seq,
            outcome: Outcome::Completed,
            rounds: round,
            actions: next_seq - 1,
        });
    }
    let first = tick == 0;
    let mut frame = Frame {
        v: V1,
        run_id: genesis.run_id.clone(),
        platform: genesis.platform,
        tick,
        round,
        simulated_time: genesis.start_time.plus_minutes(minutes),
        timestamp,
        first_seq,
        part: 1,
        parts: 1,
        previous_digest: chain.digest,
        digest: Digest::ZERO,
        options: first.then(|| genesis.options.clone()),
        memory: first.then(|| genesis.memory.clone()),
        markers,
        actions,
    };
    frame.digest = frame.compute_digest();
    frame
}

fn action(world: &World, seq: u64, action: world::Action) -> Action {
    let failure = action.outcome.err().map(|failure| failure.to_string());
    Action {
        seq,
        agent_id: action.agent,
        agent_name: name(world, action.agent).unwrap_or_default(),
        body: body(world, action.act, action.outcome.ok()),
        failure,
    }
}

/// The arguments of an act, enriched with the texts and names that readers want beside ids.
fn body(world: &World, act: Act, effect: Option<Effect>) -> ActionBody {
    match act {
        Act::CreatePost { content } => {
            let post_id = match effect {
                Some(Effect::Posted { post }) => Some(post.into()),
                _ => None,
            };
            ActionBody::CreatePost(CreatePost { content, post_id })
        }
        Act::CreateComment { post, content } => {
            let (post, comment_id) = match effect {
                Some(Effect::Commented { post, comment }) => (post, Some(comment.into())),
                _ => (post, None),
            };
            let (post_content, post_author_name) = text_and_author(world, post);
            let post_id = post.into();
            ActionBody::CreateComment(CreateComment {
                content,
                comment_id,
                post_id,
                post_content,
                post_author_name,
            })
        }
        Act::LikePost { post } => {
            let (post, like_id) = match effect {
                Some(Effect::Liked { post, like }) => (post, Some(like.into())),
                _ => (post, None),
            };
            let (post_content, post_author_name) = text_and_author(world, post);
            let post_id = post.into();
            ActionBody::LikePost(LikePost { post_id, like_id, post_content, post_author_name })
        }
        Act::Repost { post } => {
            let (reposted, new_post_id) = match effect {
                Some(Effect::Reposted { original, post }) => (original, Some(post.into())),
                _ => (post, None),
            };
            let (original_content, original_author_name) = text_and_author(world, reposted);
            let reposted_id = reposted.into();
            ActionBody::Repost(Repost {
                reposted_id,
                new_post_id,
                original_content,
                original_author_name,
            })
        }
        Act::Follow { user } => {
            let follow_id = match effect {
                Some(Effect::Followed { follow }) => Some(follow.into()),
                _ => None,
            };
            let target_user_name = name(world, user);
            ActionBody::Follow(Follow { follow_id, followee_id: user, target_user_name })
        }
        Act::DoNothing => ActionBody::DoNothing(DoNothing {}),
    }
}

fn text_and_author(world: &World, post: u32) -> (Option<String>, Option<String>) {
    match world.post(post) {
        Some(post) => (Some(post.content.to_owned()), Some(post.author_name.to_owned())),
        None => (None, None),
    }
}

/// The name of an agent, if there is such an agent.
pub fn name(world: &World, agent: u32) -> Option<String> {
    world.user(agent).map(|user| user.agent.name.clone())
}
