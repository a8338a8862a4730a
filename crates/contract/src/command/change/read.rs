//! Reads changes at a door.

use serde_json::Value;

use super::{AgentChange, Configure, FeedChange, TimeChange};
use crate::MAX_SAFE_INTEGER;
use crate::command::request::read_agent;
use crate::door::{Object, describe, integer};
use crate::llm::Budget;
use crate::spec::{Hours, MAX_DELAY_MINUTES, MAX_MULTIPLIER_PPM, MAX_RATE_PPM, MILLION, Stance};

/// The most topics, or agents, that one command may change.
const MAX_CHANGES: usize = 1000;

impl Configure {
    const FIELDS: [&'static str; 9] = [
        "pace_milli",
        "budget",
        "seed",
        "time",
        "hot_topics",
        "narrative_direction",
        "twitter",
        "reddit",
        "agents",
    ];

    /// Reads the arguments at a door, reporting all that is wrong.
    pub(in crate::command) fn read(args: &Object<'_>) -> Option<Configure> {
        args.refuse_unknown(&Self::FIELDS);
        refuse_empty(args, &Self::FIELDS);
        Some(Configure {
            pace_milli: args.u32("pace_milli", 0..=1_000_000_000),
            budget: args.object("budget").map(|budget| Budget::read(&budget)),
            seed: args.integer("seed", 0..=MAX_SAFE_INTEGER),
            time: args.object("time").map(|time| TimeChange::read(&time)),
            hot_topics: args.get("hot_topics").map(|_| read_topics(args)),
            narrative_direction: args.text("narrative_direction").map(str::to_owned),
            twitter: args.object("twitter").map(|feed| FeedChange::read(&feed)),
            reddit: args.object("reddit").map(|feed| FeedChange::read(&feed)),
            agents: read_agents(args),
        })
    }
}

impl TimeChange {
    const FIELDS: [&'static str; 10] = [
        "agents_per_hour_min",
        "agents_per_hour_max",
        "peak_hours",
        "peak_ppm",
        "off_peak_hours",
        "off_peak_ppm",
        "morning_hours",
        "morning_ppm",
        "work_hours",
        "work_ppm",
    ];

    fn read(time: &Object<'_>) -> TimeChange {
        time.refuse_unknown(&Self::FIELDS);
        refuse_empty(time, &Self::FIELDS);
        TimeChange {
            agents_per_hour_min: time.u32("agents_per_hour_min", 0..=u32::MAX),
            agents_per_hour_max: time.u32("agents_per_hour_max", 0..=u32::MAX),
            peak_hours: read_hours(time, "peak_hours"),
            peak_ppm: time.u32("peak_ppm", 0..=MAX_MULTIPLIER_PPM),
            off_peak_hours: read_hours(time, "off_peak_hours"),
            off_peak_ppm: time.u32("off_peak_ppm", 0..=MAX_MULTIPLIER_PPM),
            morning_hours: read_hours(time, "morning_hours"),
            morning_ppm: time.u32("morning_ppm", 0..=MAX_MULTIPLIER_PPM),
            work_hours: read_hours(time, "work_hours"),
            work_ppm: time.u32("work_ppm", 0..=MAX_MULTIPLIER_PPM),
        }
    }
}

impl FeedChange {
    const FIELDS: [&'static str; 5] =
        ["recency_ppm", "popularity_ppm", "relevance_ppm", "viral_threshold", "echo_chamber_ppm"];

    fn read(feed: &Object<'_>) -> FeedChange {
        feed.refuse_unknown(&Self::FIELDS);
        refuse_empty(feed, &Self::FIELDS);
        FeedChange {
            recency_ppm: feed.u32("recency_ppm", 0..=MILLION),
            popularity_ppm: feed.u32("popularity_ppm", 0..=MILLION),
            relevance_ppm: feed.u32("relevance_ppm", 0..=MILLION),
            viral_threshold: feed.u32("viral_threshold", 0..=u32::MAX),
            echo_chamber_ppm: feed.u32("echo_chamber_ppm", 0..=MILLION),
        }
    }
}

impl AgentChange {
    /// `agent_id` first, then what may change.
    const FIELDS: [&'static str; 10] = [
        "agent_id",
        "activity_ppm",
        "active_hours",
        "posts_per_hour_ppm",
        "comments_per_hour_ppm",
        "response_delay_min",
        "response_delay_max",
        "sentiment_ppm",
        "stance",
        "influence_ppm",
    ];

    fn read(agent: &Object<'_>) -> Option<AgentChange> {
        agent.refuse_unknown(&Self::FIELDS);
        refuse_empty(agent, &Self::FIELDS[1..]);
        let agent_id = read_agent(agent);
        let change = AgentChange {
            // Read also where the id is missing, so that all problems are seen.
            agent_id: agent_id.unwrap_or_default(),
            activity_ppm: agent.u32("activity_ppm", 0..=MILLION),
            active_hours: read_hours(agent, "active_hours"),
            posts_per_hour_ppm: agent.u32("posts_per_hour_ppm", 0..=MAX_RATE_PPM),
            comments_per_hour_ppm: agent.u32("comments_per_hour_ppm", 0..=MAX_RATE_PPM),
            response_delay_min: agent.u32("response_delay_min", 0..=MAX_DELAY_MINUTES),
            response_delay_max: agent.u32("response_delay_max", 0..=MAX_DELAY_MINUTES),
            sentiment_ppm: agent.i32("sentiment_ppm", -1_000_000..=1_000_000),
            stance: read_stance(agent),
            influence_ppm: agent.u32("influence_ppm", 0..=MAX_RATE_PPM),
        };
        agent_id.map(|_| change)
    }
}

/// Reports an object that has none of these fields: it would change nothing.
fn refuse_empty(object: &Object<'_>, fields: &[&str]) {
    if fields.iter().all(|field| object.get(field).is_none()) {
        object.report_whole("nothing to change", &format!("one of {}", fields.join(", ")));
    }
}

fn read_agents(args: &Object<'_>) -> Vec<AgentChange> {
    let mut agents: Vec<AgentChange> = Vec::new();
    let elements = args.list("agents");
    let is_list = args.get("agents").is_some_and(Value::is_array);
    if is_list && !(1..=MAX_CHANGES).contains(&elements.len()) {
        let found = format!("{} agents", elements.len());
        args.report("agents", found, &format!("1 to {MAX_CHANGES}"));
        return agents;
    }
    for (pointer, value) in elements {
        let object = args.door().object(value, pointer);
        let Some((object, change)) = object.and_then(|o| AgentChange::read(&o).map(|c| (o, c)))
        else {
            continue;
        };
        if agents.iter().any(|other| other.agent_id == change.agent_id) {
            object.report("agent_id", change.agent_id.to_string(), "each agent once");
        }
        agents.push(change);
    }
    agents
}

fn read_topics(args: &Object<'_>) -> Vec<String> {
    let elements = args.list("hot_topics");
    if elements.len() > MAX_CHANGES {
        let found = format!("{} topics", elements.len());
        args.report("hot_topics", found, &format!("at most {MAX_CHANGES}"));
        return Vec::new();
    }
    let mut topics = Vec::new();
    for (pointer, value) in elements {
        match value.as_str().filter(|text| !text.trim().is_empty()) {
            Some(topic) => topics.push(topic.to_owned()),
            None => args.door().report(&pointer, describe(value), "a topic"),
        }
    }
    topics
}

fn read_hours(object: &Object<'_>, key: &str) -> Option<Hours> {
    object.get(key)?;
    let mut hours = Vec::new();
    for (pointer, value) in object.list(key) {
        let hour = integer(value).and_then(|hour| u8::try_from(hour).ok());
        match hour.filter(|hour| *hour <= 23) {
            Some(hour) => hours.push(hour),
            None => object.door().report(&pointer, describe(value), "an hour from 0 to 23"),
        }
    }
    Hours::try_from(hours).ok()
}

fn read_stance(agent: &Object<'_>) -> Option<Stance> {
    let value = agent.get("stance")?;
    let stance = Value::as_str(value).and_then(Stance::from_word);
    if stance.is_none() {
        let expected = "supportive, opposing, neutral or observer";
        agent.report("stance", describe(value), expected);
    }
    stance
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::door::Door;
    use crate::subject::Platform;
    use serde_json::json;

    fn read(args: &Value) -> Result<Configure, String> {
        let door = Door::new("");
        let change = door.object(args, "/args".to_owned()).and_then(|args| Configure::read(&args));
        door.close(change).map_err(|problems| problems.to_string())
    }

    #[test]
    fn what_is_absent_stays_as_it_is() {
        let change = read(&json!({"pace_milli": 200, "hot_topics": [], "time": null})).unwrap();
        let hot_topics = Some(Vec::new());
        let expected = Configure { pace_milli: Some(200), hot_topics, ..Configure::default() };
        assert_eq!(change, expected);
        assert_eq!(
            serde_json::to_value(&change).unwrap(),
            json!({"pace_milli": 200, "hot_topics": []})
        );
        let feed = read(&json!({"reddit": {"viral_threshold": 3}})).unwrap();
        let expected = FeedChange { viral_threshold: Some(3), ..FeedChange::default() };
        assert_eq!(feed.feed(Platform::Reddit), Some(&expected));
        assert_eq!(feed.feed(Platform::Twitter), None);
    }

    /// Otherwise a change would be accepted, be journalled as no change, and not be read again.
    #[test]
    fn each_part_that_is_given_changes_something() {
        let problems = |args| read(&args).unwrap_err();
        let nothing = "found nothing to change, expected one of";
        assert!(problems(json!({})).starts_with(&format!("/args: {nothing} pace_milli")));
        assert_eq!(
            problems(json!({"agents": []})),
            "/args/agents: found 0 agents, expected 1 to 1000"
        );
        let error = problems(json!({"time": {}, "twitter": {}, "agents": [{"agent_id": 1}]}));
        let lines: Vec<&str> = error.lines().collect();
        assert_eq!(lines.len(), 3, "{error}");
        assert!(lines[0].starts_with(&format!("/args/time: {nothing} agents_per_hour_min")));
        assert!(lines[1].starts_with(&format!("/args/twitter: {nothing} recency_ppm")));
        assert!(lines[2].starts_with(&format!("/args/agents/0: {nothing} activity_ppm")));
    }

    #[test]
    fn every_problem_of_a_change_is_named() {
        let args = json!({
            "pace": 1,
            "seed": 1_u64 << 53,
            "time": {"peak_hours": [24, 8, "noon"], "work_hours": 9, "peak_ppm": -1},
            "hot_topics": ["pier 4", " ", 7],
            "narrative_direction": 7,
            "twitter": {"recency_ppm": 1_000_001, "self_rating": true},
            "reddit": "off",
            "agents": [
                {"agent_id": 1, "sentiment_ppm": -1_000_001, "stance": "bored"},
                {"agent_id": 1, "sentiment_ppm": -5.0},
                {"activity_ppm": 0.5},
                7
            ]
        });
        let per_mille = "expected a whole number from 0 to 1000000";
        assert_eq!(
            read(&args).unwrap_err(),
            format!(
                "/args/pace: found an unknown field, expected one of pace_milli, budget, seed, \
                 time, hot_topics, narrative_direction, twitter, reddit, agents\n\
                 /args/seed: found 9007199254740992, expected a whole number from 0 to \
                 9007199254740991\n\
                 /args/time/peak_hours/0: found 24, expected an hour from 0 to 23\n\
                 /args/time/peak_hours/2: found the text \"noon\", expected an hour from 0 to 23\n\
                 /args/time/peak_ppm: found -1, expected a whole number from 0 to 100000000\n\
                 /args/time/work_hours: found 9, expected a list\n\
                 /args/hot_topics/1: found the text \" \", expected a topic\n\
                 /args/hot_topics/2: found 7, expected a topic\n\
                 /args/narrative_direction: found 7, expected a text\n\
                 /args/twitter/self_rating: found an unknown field, expected one of recency_ppm, \
                 popularity_ppm, relevance_ppm, viral_threshold, echo_chamber_ppm\n\
                 /args/twitter/recency_ppm: found 1000001, {per_mille}\n\
                 /args/reddit: found the text \"off\", expected an object\n\
                 /args/agents/0/sentiment_ppm: found -1000001, expected a whole number from \
                 -1000000 to 1000000\n\
                 /args/agents/0/stance: found the text \"bored\", expected supportive, opposing, \
                 neutral or observer\n\
                 /args/agents/1/agent_id: found 1, expected each agent once\n\
                 /args/agents/2/agent_id: found nothing, expected the id of an agent\n\
                 /args/agents/2/activity_ppm: found 0.5, {per_mille}\n\
                 /args/agents/3: found 7, expected an object"
            )
        );
    }

    #[test]
    fn a_change_has_at_most_a_thousand_topics_and_agents() {
        let agents = |count: u32| {
            let agents =
                (0..count).map(|agent_id| json!({"agent_id": agent_id, "stance": "neutral"}));
            read(&json!({"agents": agents.collect::<Vec<_>>()}))
        };
        let topics = |count| read(&json!({"hot_topics": vec!["pier"; count]}));
        assert!(agents(1000).is_ok() && topics(1000).is_ok());
        let error = agents(1001).unwrap_err();
        assert_eq!(error, "/args/agents: found 1001 agents, expected 1 to 1000");
        let error = topics(1001).unwrap_err();
        assert_eq!(error, "/args/hot_topics: found 1001 topics, expected at most 1000");
    }
}
