//! A small valid folder, and how to change it.

use std::path::Path;

use intake::{CONFIG_FILE, Files, Intake, Limits, REDDIT_FILE, TWITTER_FILE};

pub(crate) const CONFIG: &str = r#"{
  "simulation_id": "well",
  "project_id": "proj_1",
  "graph_id": "graph_1",
  "simulation_requirement": "Who digs the well?",
  "time_config": {
    "total_simulation_hours": 24,
    "minutes_per_round": 30,
    "agents_per_hour_min": 1,
    "agents_per_hour_max": 3,
    "peak_hours": [20, 19],
    "peak_activity_multiplier": 1.5,
    "off_peak_hours": [0, 1],
    "off_peak_activity_multiplier": 0.05,
    "morning_hours": [8, 7],
    "morning_activity_multiplier": 0.45,
    "work_hours": [9, 10, 11],
    "work_activity_multiplier": 0.75,
    "start_hour": 6
  },
  "agent_configs": [
    {"agent_id": 0, "entity_name": "Ada", "entity_type": "Student", "activity_level": 0.8,
     "active_hours": [8, 9], "posts_per_hour": 0.5, "comments_per_hour": 1.25,
     "response_delay_min": 1, "response_delay_max": 15, "sentiment_bias": -0.25,
     "stance": "opposing", "influence_weight": 0.8},
    {"agent_id": 1, "entity_name": "Ben", "entity_type": "Farmer", "activity_level": 1,
     "active_hours": [5, 6], "posts_per_hour": 0, "comments_per_hour": 2.0,
     "response_delay_min": 5, "response_delay_max": 5, "sentiment_bias": 1,
     "stance": "supportive", "influence_weight": 2.5},
    {"agent_id": 2, "entity_name": "村报", "entity_type": "MediaOutlet", "activity_level": 0.333333,
     "active_hours": [23], "posts_per_hour": 3, "comments_per_hour": 0.1,
     "response_delay_min": 60, "response_delay_max": 240, "sentiment_bias": 0,
     "stance": "observer", "influence_weight": 3}
  ],
  "event_config": {
    "initial_posts": [
      {"content": "The well is dry.", "poster_type": "MediaOutlet", "poster_agent_id": 2},
      {"content": "Then dig.", "poster_type": "Farmer", "poster_agent_id": 1}
    ],
    "scheduled_events": [
      {"at_hour": 2.6, "content": "Is it deep?", "poster_agent_id": 0, "platform": "reddit"},
      {"at_round": 3, "content": "Who has a rope?", "poster_agent_id": 1}
    ],
    "hot_topics": ["well", "spades"],
    "narrative_direction": "From thirst to spades."
  },
  "twitter_config": {"platform": "twitter", "recency_weight": 0.4, "popularity_weight": 0.3,
    "relevance_weight": 0.3, "viral_threshold": 10, "echo_chamber_strength": 0.5},
  "reddit_config": {"platform": "reddit", "recency_weight": 0.2, "popularity_weight": 0.5,
    "relevance_weight": 0.3, "viral_threshold": 4, "echo_chamber_strength": 0.6,
    "allow_self_rating": false},
  "llm_model": "none",
  "generated_at": "2026-02-11T09:30:12.418203",
  "generation_reasoning": "by hand"
}
"#;

pub(crate) const TWITTER: &str = "\
user_id,name,username,user_char,description
0,Ada,ada_1,\"Reads, \"\"digs\"\" not. Studies water.\",\"Reads, \"\"digs\"\" not.\"
1,Ben,ben_2,Digs. Owns two spades.,Digs.
2,村报,paper_3,Prints on Fridays.,Prints.
";

pub(crate) const REDDIT: &str = r#"[
  {"user_id": 0, "username": "ada_1", "name": "Ada", "bio": "Reads.", "persona": "Studies water.",
   "karma": 10, "created_at": "2026-02-11", "age": 20, "gender": "female", "mbti": "INTP",
   "country": "Malta", "profession": "Student", "interested_topics": ["water"],
   "following_agentid_list": [2, 1], "previous_tweets": ["Rain.", "No rain."]},
  {"user_id": 1, "username": "ben_2", "name": "Ben", "bio": "Digs.", "persona": "Owns two spades.",
   "age": 61, "gender": "male", "mbti": "ISTJ", "country": "Malta"},
  {"user_id": 2, "username": "paper_3", "name": "村报", "bio": "Prints.", "persona": "On Fridays.",
   "age": 30, "gender": "other", "mbti": "ISTJ", "country": "中国"}
]
"#;

/// The events of [`CONFIG`] that are scheduled, without their brackets.
pub(crate) const SCHEDULED: &str = r#"{"at_hour": 2.6, "content": "Is it deep?", "poster_agent_id": 0, "platform": "reddit"},
      {"at_round": 3, "content": "Who has a rope?", "poster_agent_id": 1}"#;

/// Replaces a piece of a file by another; the piece has to be there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change<'a>(pub(crate) &'static str, pub(crate) &'a str, pub(crate) &'a str);

pub(crate) fn files() -> Files {
    Files {
        yaml: None,
        config: CONFIG.into(),
        twitter_profiles: Some(TWITTER.into()),
        reddit_profiles: Some(REDDIT.into()),
    }
}

pub(crate) fn changed(changes: &[Change<'_>]) -> Files {
    let mut files = files();
    for Change(name, from, to) in changes {
        let bytes = match *name {
            CONFIG_FILE => &mut files.config,
            TWITTER_FILE => files.twitter_profiles.as_mut().unwrap(),
            REDDIT_FILE => files.reddit_profiles.as_mut().unwrap(),
            other => panic!("no file {other}"),
        };
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert!(text.contains(from), "{name} holds no {from:?}");
        *bytes = text.replacen(from, to, 1).into_bytes();
    }
    files
}

/// What reading makes of the changed folder.
pub(crate) fn read(changes: &[Change<'_>]) -> Intake {
    intake::read_files(&changed(changes), &Limits::default()).unwrap()
}

pub(crate) fn write(folder: &Path, files: &Files) {
    let profiles = [(TWITTER_FILE, &files.twitter_profiles), (REDDIT_FILE, &files.reddit_profiles)];
    std::fs::write(folder.join(CONFIG_FILE), &files.config).unwrap();
    for (name, bytes) in profiles {
        if let Some(bytes) = bytes {
            std::fs::write(folder.join(name), bytes).unwrap();
        }
    }
}
