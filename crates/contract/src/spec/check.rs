//! Whether a spec's numbers are in their bounds and its parts fit each other.

use std::collections::BTreeSet;

use super::{
    AgentSpec, EventSpec, FeedSpec, MAX_DELAY_MINUTES, MAX_MULTIPLIER_PPM, MAX_POST_BYTES,
    MAX_RATE_PPM, MILLION, MINUTES_PER_DAY, PlatformSpec, Spec, TimeSpec,
};
use crate::problem::{Problem, Problems};

impl Spec {
    /// Whether the numbers are in their bounds and the parts fit each other.
    ///
    /// # Errors
    /// Every claim that does not hold.
    pub fn check(&self) -> Result<(), Problems> {
        let mut claims = Claims { agents: self.agents.len(), problems: Vec::new() };
        claims.claim(!self.agents.is_empty(), "/agents", &"none", "at least one agent");
        claims.time(&self.time);
        for (index, agent) in self.agents.iter().enumerate() {
            claims.agent(index, agent);
        }
        claims.events(&self.events);
        let platforms = self.platforms();
        claims.claim(!platforms.is_empty(), "/", &"no world", "twitter or reddit");
        for platform in platforms {
            if let Some(world) = self.platform(platform) {
                claims.world(&format!("/{platform}"), world);
            }
        }
        Problems::none_or(claims.problems, Some(()))
    }
}

/// What a spec claims about itself and does not hold.
struct Claims {
    /// How many agents there are: ids are below.
    agents: usize,
    problems: Vec<Problem>,
}

impl Claims {
    fn claim(&mut self, holds: bool, place: &str, found: &dyn ToString, expected: &str) {
        if !holds {
            self.problems.push(Problem::new(place, found.to_string(), expected));
        }
    }

    fn at_most(&mut self, place: &str, found: u32, most: u32) {
        self.claim(found <= most, place, &found, &format!("at most {most}"));
    }

    fn time(&mut self, time: &TimeSpec) {
        let minutes = time.minutes_per_round;
        let expected = format!("1 to {MINUTES_PER_DAY}");
        let holds = (1..=MINUTES_PER_DAY).contains(&minutes);
        self.claim(holds, "/time/minutes_per_round", &minutes, &expected);
        let (least, most) = (time.agents_per_hour_min, time.agents_per_hour_max);
        let expected = "at most agents_per_hour_max";
        self.claim(least <= most, "/time/agents_per_hour_min", &least, expected);
        self.at_most("/time/peak_ppm", time.peak_ppm, MAX_MULTIPLIER_PPM);
        self.at_most("/time/off_peak_ppm", time.off_peak_ppm, MAX_MULTIPLIER_PPM);
        self.at_most("/time/morning_ppm", time.morning_ppm, MAX_MULTIPLIER_PPM);
        self.at_most("/time/work_ppm", time.work_ppm, MAX_MULTIPLIER_PPM);
    }

    fn agent(&mut self, index: usize, agent: &AgentSpec) {
        let at = |field| format!("/agents/{index}/{field}");
        let is_index = agent.agent_id as usize == index;
        self.claim(is_index, &at("agent_id"), &agent.agent_id, "the agent's index");
        self.claim(!agent.name.trim().is_empty(), &at("name"), &"nothing", "a name");
        self.at_most(&at("activity_ppm"), agent.activity_ppm, MILLION);
        self.at_most(&at("posts_per_hour_ppm"), agent.posts_per_hour_ppm, MAX_RATE_PPM);
        self.at_most(&at("comments_per_hour_ppm"), agent.comments_per_hour_ppm, MAX_RATE_PPM);
        self.at_most(&at("influence_ppm"), agent.influence_ppm, MAX_RATE_PPM);
        let (least, most) = (agent.response_delay_min, agent.response_delay_max);
        let expected = "at most response_delay_max";
        self.claim(least <= most, &at("response_delay_min"), &least, expected);
        self.at_most(&at("response_delay_max"), most, MAX_DELAY_MINUTES);
        let mood = agent.sentiment_ppm;
        let holds = mood.unsigned_abs() <= MILLION;
        self.claim(holds, &at("sentiment_ppm"), &mood, "-1000000 to 1000000");
    }

    fn events(&mut self, events: &EventSpec) {
        for (index, post) in events.seed_posts.iter().enumerate() {
            let place = format!("/events/seed_posts/{index}");
            self.author(&format!("{place}/agent_id"), post.agent_id);
            self.text(&format!("{place}/content"), &post.content);
        }
        for (index, post) in events.scheduled.iter().enumerate() {
            let place = format!("/events/scheduled/{index}");
            self.claim(post.round > 0, &format!("{place}/round"), &post.round, "1 or more");
            self.author(&format!("{place}/agent_id"), post.agent_id);
            self.text(&format!("{place}/content"), &post.content);
        }
    }

    fn author(&mut self, place: &str, id: u32) {
        self.claim((id as usize) < self.agents, place, &id, "an agent's id");
    }

    fn text(&mut self, place: &str, text: &str) {
        self.claim(!text.trim().is_empty(), place, &"nothing", "a text");
        let (bytes, expected) = (text.len(), format!("at most {MAX_POST_BYTES} bytes"));
        self.claim(bytes <= MAX_POST_BYTES, place, &format!("{bytes} bytes"), &expected);
    }

    fn world(&mut self, place: &str, world: &PlatformSpec) {
        let found = world.profiles.len();
        let expected = "one profile per agent";
        self.claim(found == self.agents, &format!("{place}/profiles"), &found, expected);
        self.feed(&format!("{place}/feed"), &world.feed);
        for (index, profile) in world.profiles.iter().enumerate() {
            let place = format!("{place}/profiles/{index}");
            self.follows(&format!("{place}/follows"), index, &profile.follows);
            for (number, text) in profile.past_posts.iter().enumerate() {
                self.text(&format!("{place}/past_posts/{number}"), text);
            }
        }
    }

    fn feed(&mut self, place: &str, feed: &FeedSpec) {
        let FeedSpec { recency_ppm, popularity_ppm, relevance_ppm, echo_chamber_ppm, .. } = *feed;
        self.at_most(&format!("{place}/recency_ppm"), recency_ppm, MILLION);
        self.at_most(&format!("{place}/popularity_ppm"), popularity_ppm, MILLION);
        self.at_most(&format!("{place}/relevance_ppm"), relevance_ppm, MILLION);
        self.at_most(&format!("{place}/echo_chamber_ppm"), echo_chamber_ppm, MILLION);
    }

    fn follows(&mut self, place: &str, agent: usize, follows: &[u32]) {
        let mut seen = BTreeSet::new();
        for (index, followee) in follows.iter().enumerate() {
            let id = *followee as usize;
            let holds = id < self.agents && id != agent && seen.insert(id);
            let expected = "another agent's id, each once";
            self.claim(holds, &format!("{place}/{index}"), followee, expected);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::spec::{Hours, Profile, ScheduledPost, SeedPost, Stance};
    use crate::version::V1;

    /// Two agents, one world, all within bounds.
    pub(crate) fn sound() -> Spec {
        let hours = Hours::default();
        let agent = |agent_id| AgentSpec {
            agent_id,
            name: "Ada".to_owned(),
            entity_type: "Resident".to_owned(),
            activity_ppm: MILLION,
            active_hours: hours.clone(),
            posts_per_hour_ppm: MAX_RATE_PPM,
            comments_per_hour_ppm: MAX_RATE_PPM,
            response_delay_min: MAX_DELAY_MINUTES,
            response_delay_max: MAX_DELAY_MINUTES,
            sentiment_ppm: -1_000_000,
            stance: Stance::Neutral,
            influence_ppm: MAX_RATE_PPM,
        };
        let text = || "x".repeat(MAX_POST_BYTES);
        let profile = |followee| Profile {
            follows: vec![followee],
            past_posts: vec![text()],
            ..Profile::default()
        };
        let feed = FeedSpec {
            recency_ppm: MILLION,
            popularity_ppm: MILLION,
            relevance_ppm: MILLION,
            viral_threshold: u32::MAX,
            echo_chamber_ppm: MILLION,
        };
        Spec {
            v: V1,
            simulation_id: "market".parse().unwrap(),
            project_id: None,
            graph_id: None,
            requirement: String::new(),
            time: TimeSpec {
                start_time: "2026-01-01T00:00:00Z".parse().unwrap(),
                total_hours: 1,
                minutes_per_round: MINUTES_PER_DAY,
                agents_per_hour_min: 2,
                agents_per_hour_max: 2,
                peak_hours: hours.clone(),
                peak_ppm: MAX_MULTIPLIER_PPM,
                off_peak_hours: hours.clone(),
                off_peak_ppm: MAX_MULTIPLIER_PPM,
                morning_hours: hours.clone(),
                morning_ppm: MAX_MULTIPLIER_PPM,
                work_hours: hours.clone(),
                work_ppm: MAX_MULTIPLIER_PPM,
            },
            agents: vec![agent(0), agent(1)],
            events: EventSpec {
                seed_posts: vec![SeedPost { agent_id: 1, content: text() }],
                scheduled: vec![ScheduledPost {
                    round: 1,
                    agent_id: 1,
                    content: text(),
                    platform: None,
                }],
                ..EventSpec::default()
            },
            twitter: Some(PlatformSpec {
                feed,
                self_rating: true,
                profiles: vec![profile(1), profile(0)],
            }),
            reddit: None,
        }
    }

    /// Spoils a sound spec and compares what is said about it, one problem per line.
    #[track_caller]
    fn check(spoil: impl FnOnce(&mut Spec), expected: &str) {
        let mut spec = sound();
        spoil(&mut spec);
        assert_eq!(spec.check().unwrap_err().to_string(), expected);
    }

    fn first_profile(spec: &mut Spec) -> &mut Profile {
        &mut spec.twitter.as_mut().unwrap().profiles[0]
    }

    #[test]
    fn bounds_are_inclusive() {
        assert_eq!(sound().check(), Ok(()));
    }

    #[test]
    fn a_spec_needs_agents_and_a_world() {
        check(
            |spec| {
                (spec.agents, spec.twitter) = (Vec::new(), None);
                spec.events = EventSpec::default();
            },
            "/agents: found none, expected at least one agent\n\
             /: found no world, expected twitter or reddit",
        );
    }

    #[test]
    fn the_clock_has_bounds() {
        check(
            |spec| {
                let above = MAX_MULTIPLIER_PPM + 1;
                let time = &mut spec.time;
                (time.minutes_per_round, time.agents_per_hour_min) = (0, 3);
                (time.peak_ppm, time.off_peak_ppm) = (above, above);
                (time.morning_ppm, time.work_ppm) = (above, above);
            },
            "/time/minutes_per_round: found 0, expected 1 to 1440\n\
             /time/agents_per_hour_min: found 3, expected at most agents_per_hour_max\n\
             /time/peak_ppm: found 100000001, expected at most 100000000\n\
             /time/off_peak_ppm: found 100000001, expected at most 100000000\n\
             /time/morning_ppm: found 100000001, expected at most 100000000\n\
             /time/work_ppm: found 100000001, expected at most 100000000",
        );
    }

    #[test]
    fn agents_have_bounds() {
        check(
            |spec| {
                let agent = &mut spec.agents[1];
                (agent.agent_id, agent.name) = (2, " ".to_owned());
                (agent.activity_ppm, agent.sentiment_ppm) = (MILLION + 1, 1_000_001);
                (agent.posts_per_hour_ppm, agent.comments_per_hour_ppm) = (u32::MAX, u32::MAX);
                agent.influence_ppm = u32::MAX;
                (agent.response_delay_min, agent.response_delay_max) = (525_602, 525_601);
            },
            "/agents/1/agent_id: found 2, expected the agent's index\n\
             /agents/1/name: found nothing, expected a name\n\
             /agents/1/activity_ppm: found 1000001, expected at most 1000000\n\
             /agents/1/posts_per_hour_ppm: found 4294967295, expected at most 1000000000\n\
             /agents/1/comments_per_hour_ppm: found 4294967295, expected at most 1000000000\n\
             /agents/1/influence_ppm: found 4294967295, expected at most 1000000000\n\
             /agents/1/response_delay_min: found 525602, expected at most response_delay_max\n\
             /agents/1/response_delay_max: found 525601, expected at most 525600\n\
             /agents/1/sentiment_ppm: found 1000001, expected -1000000 to 1000000",
        );
    }

    #[test]
    fn planned_posts_have_an_author_a_text_and_a_round() {
        check(
            |spec| {
                let seed = &mut spec.events.seed_posts[0];
                (seed.agent_id, seed.content) = (2, "\n\u{3000}".to_owned());
                let scheduled = &mut spec.events.scheduled[0];
                (scheduled.round, scheduled.agent_id) = (0, u32::MAX);
                scheduled.content.push('!');
            },
            "/events/seed_posts/0/agent_id: found 2, expected an agent's id\n\
             /events/seed_posts/0/content: found nothing, expected a text\n\
             /events/scheduled/0/round: found 0, expected 1 or more\n\
             /events/scheduled/0/agent_id: found 4294967295, expected an agent's id\n\
             /events/scheduled/0/content: found 10241 bytes, expected at most 10240 bytes",
        );
    }

    #[test]
    fn each_agent_has_a_profile_and_follows_others_once() {
        check(
            |spec| first_profile(spec).follows = vec![1, 0, 2, 1],
            "/twitter/profiles/0/follows/1: found 0, expected another agent's id, each once\n\
             /twitter/profiles/0/follows/2: found 2, expected another agent's id, each once\n\
             /twitter/profiles/0/follows/3: found 1, expected another agent's id, each once",
        );
        check(
            |spec| {
                spec.reddit = spec.twitter.clone();
                spec.reddit.as_mut().unwrap().profiles.pop();
            },
            "/reddit/profiles: found 1, expected one profile per agent",
        );
    }

    #[test]
    fn past_posts_have_a_text() {
        check(
            |spec| {
                let long = "夜".repeat(MAX_POST_BYTES / 3 + 1);
                first_profile(spec).past_posts = vec![String::new(), "x".to_owned(), long];
            },
            "/twitter/profiles/0/past_posts/0: found nothing, expected a text\n\
             /twitter/profiles/0/past_posts/2: found 10242 bytes, expected at most 10240 bytes",
        );
    }

    #[test]
    fn weights_of_a_feed_have_bounds() {
        check(
            |spec| {
                let feed = &mut spec.twitter.as_mut().unwrap().feed;
                let above = MILLION + 1;
                (feed.recency_ppm, feed.popularity_ppm) = (above, above);
                (feed.relevance_ppm, feed.echo_chamber_ppm) = (above, above);
            },
            "/twitter/feed/recency_ppm: found 1000001, expected at most 1000000\n\
             /twitter/feed/popularity_ppm: found 1000001, expected at most 1000000\n\
             /twitter/feed/relevance_ppm: found 1000001, expected at most 1000000\n\
             /twitter/feed/echo_chamber_ppm: found 1000001, expected at most 1000000",
        );
    }
}
