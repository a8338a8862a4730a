//! A setup's digest is of all that it says.

use std::collections::BTreeMap;
use std::vec;

use super::fixture::{town, world};
use crate::{
    Activity, Agent, Clock, Feed, HourSet, Platform, Policy, ScheduledPost, SeedPost, Setup,
    Stance, Traits,
};

/// A change of one field.
type Mutation = fn(&mut Setup);

fn digest(setup: Setup) -> [u8; 16] {
    world(setup).setup_digest
}

fn base() -> Setup {
    let mut setup = town(Platform::Twitter, 1);
    setup.agents[2].follows = vec![3];
    setup.agents[2].past_posts = vec!["Of last year.".into()];
    setup.scheduled = vec![ScheduledPost { round: 3, agent: 1, content: "Later.".into() }];
    setup
}

/// A new field fails to compile here: it needs a mutation below.
fn every_field_is_named(setup: &Setup) {
    let Setup {
        platform: _,
        seed: _,
        clock,
        activity,
        agents,
        seed_posts,
        scheduled,
        topics: _,
        narrative: _,
        feed,
        self_rating: _,
    } = setup;
    let Clock { start_minute: _, minutes_per_round: _, planned_rounds: _ } = clock;
    let Activity {
        agents_per_hour_min: _,
        agents_per_hour_max: _,
        peak_hours: _,
        peak_ppm: _,
        off_peak_hours: _,
        off_peak_ppm: _,
        morning_hours: _,
        morning_ppm: _,
        work_hours: _,
        work_ppm: _,
    } = activity;
    let Agent {
        name: _,
        user_name: _,
        bio: _,
        persona: _,
        kind: _,
        interests: _,
        follows: _,
        past_posts: _,
        policy: _,
        traits,
    } = &agents[0];
    let Traits {
        activity_ppm: _,
        active_hours: _,
        posts_per_hour_ppm: _,
        comments_per_hour_ppm: _,
        sentiment_ppm: _,
        stance: _,
        influence_ppm: _,
        response_delay_min: _,
        response_delay_max: _,
    } = traits;
    let SeedPost { agent: _, content: _ } = &seed_posts[0];
    let ScheduledPost { round: _, agent: _, content: _ } = &scheduled[0];
    let Feed {
        recency_ppm: _,
        popularity_ppm: _,
        relevance_ppm: _,
        viral_threshold: _,
        echo_chamber_ppm: _,
    } = feed;
}

const WORLD: &[(&str, Mutation)] = &[
    ("platform", |setup| setup.platform = Platform::Reddit),
    ("seed", |setup| setup.seed = 2),
    ("start_minute", |setup| setup.clock.start_minute += 1),
    ("minutes_per_round", |setup| setup.clock.minutes_per_round += 1),
    ("planned_rounds", |setup| setup.clock.planned_rounds += 1),
    ("agents_per_hour_min", |setup| setup.activity.agents_per_hour_min += 1),
    ("agents_per_hour_max", |setup| setup.activity.agents_per_hour_max += 1),
    ("peak_hours", |setup| setup.activity.peak_hours = HourSet::ALL),
    ("peak_ppm", |setup| setup.activity.peak_ppm += 1),
    ("off_peak_hours", |setup| setup.activity.off_peak_hours = HourSet::ALL),
    ("off_peak_ppm", |setup| setup.activity.off_peak_ppm += 1),
    ("morning_hours", |setup| setup.activity.morning_hours = HourSet::ALL),
    ("morning_ppm", |setup| setup.activity.morning_ppm += 1),
    ("work_hours", |setup| setup.activity.work_hours = HourSet::ALL),
    ("work_ppm", |setup| setup.activity.work_ppm += 1),
    ("order of agents", |setup| setup.agents.swap(8, 9)),
    ("seed_posts", |setup| setup.seed_posts.truncate(3)),
    ("agent of a seed post", |setup| setup.seed_posts[0].agent = 1),
    ("content of a seed post", |setup| setup.seed_posts[0].content.push('!')),
    ("scheduled", |setup| setup.scheduled.clear()),
    ("round of a scheduled post", |setup| setup.scheduled[0].round = 4),
    ("agent of a scheduled post", |setup| setup.scheduled[0].agent = 2),
    ("content of a scheduled post", |setup| setup.scheduled[0].content.push('!')),
    ("topics", |setup| setup.topics.truncate(2)),
    ("order of topics", |setup| setup.topics.swap(0, 1)),
    ("narrative", |setup| setup.narrative = "The ferry comes back.".into()),
    ("recency", |setup| setup.feed.recency_ppm += 1),
    ("popularity", |setup| setup.feed.popularity_ppm += 1),
    ("relevance", |setup| setup.feed.relevance_ppm += 1),
    ("viral_threshold", |setup| setup.feed.viral_threshold += 1),
    ("echo_chamber", |setup| setup.feed.echo_chamber_ppm += 1),
    ("self_rating", |setup| setup.self_rating = false),
];

const AGENT: &[(&str, Mutation)] = &[
    ("name", |setup| setup.agents[2].name.push('!')),
    ("user_name", |setup| setup.agents[2].user_name.push('!')),
    ("bio", |setup| setup.agents[2].bio.push('!')),
    ("persona", |setup| setup.agents[2].persona.push('!')),
    ("kind", |setup| setup.agents[2].kind.push('!')),
    ("interests", |setup| setup.agents[2].interests.truncate(1)),
    ("order of interests", |setup| setup.agents[2].interests.swap(0, 1)),
    ("follows", |setup| setup.agents[2].follows.push(4)),
    ("followee", |setup| setup.agents[2].follows[0] = 5),
    ("past_posts", |setup| setup.agents[2].past_posts.clear()),
    ("text of a past post", |setup| setup.agents[2].past_posts[0].push('!')),
    ("policy", |setup| setup.agents[2].policy = Policy::Outside),
    ("activity", |setup| setup.agents[2].traits.activity_ppm += 1),
    ("active_hours", |setup| setup.agents[2].traits.active_hours = HourSet::ALL),
    ("posts_per_hour", |setup| setup.agents[2].traits.posts_per_hour_ppm += 1),
    ("comments_per_hour", |setup| setup.agents[2].traits.comments_per_hour_ppm += 1),
    ("sentiment", |setup| setup.agents[2].traits.sentiment_ppm += 1),
    ("mood turned", |setup| setup.agents[2].traits.sentiment_ppm *= -1),
    ("stance", |setup| setup.agents[2].traits.stance = Stance::Neutral),
    ("influence", |setup| setup.agents[2].traits.influence_ppm += 1),
    ("response_delay_min", |setup| setup.agents[2].traits.response_delay_min += 1),
    ("response_delay_max", |setup| setup.agents[2].traits.response_delay_max += 1),
    ("text moved to the next field", |setup| {
        let agent = &mut setup.agents[2];
        let last = agent.name.pop().expect("a name");
        agent.user_name.insert(0, last);
    }),
];

#[test]
fn every_field_of_a_setup_counts() {
    every_field_is_named(&base());
    let mut digests = BTreeMap::from([(digest(base()), "nothing")]);
    for &(name, mutate) in WORLD.iter().chain(AGENT) {
        let mut setup = base();
        mutate(&mut setup);
        let same = digests.insert(digest(setup), name);
        assert_eq!(same, None, "a digest is the same for {name}");
    }
    assert_eq!(digest(base()), digest(base()));
}
