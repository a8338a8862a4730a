//! What becomes of a valid folder.

use contract::spec::Spec;
use contract::subject::Platform;
use intake::{CONFIG_FILE, Limits, REDDIT_FILE, TWITTER_FILE};

use crate::fixture::{CONFIG, Change, REDDIT, SCHEDULED, TWITTER, changed, files, read, write};

const ROWS_COUNT: &str = "twitter_profiles.csv: user_id is not 0 to 2, each once, so a profile's \
                          place in the file is its agent's id";

/// The spec of the fixture, in full.
const SPEC: &str = r#"{
  "v": 1,
  "simulation_id": "well",
  "project_id": "proj_1",
  "graph_id": "graph_1",
  "requirement": "Who digs the well?",
  "time": {
    "start_time": "2026-02-11T06:00:00.000Z", "total_hours": 24, "minutes_per_round": 30,
    "agents_per_hour_min": 1, "agents_per_hour_max": 3,
    "peak_hours": [19, 20], "peak_ppm": 1500000, "off_peak_hours": [0, 1], "off_peak_ppm": 50000,
    "morning_hours": [7, 8], "morning_ppm": 450000, "work_hours": [9, 10, 11], "work_ppm": 750000
  },
  "agents": [
    {"agent_id": 0, "name": "Ada", "entity_type": "Student", "activity_ppm": 800000,
     "active_hours": [8, 9], "posts_per_hour_ppm": 500000, "comments_per_hour_ppm": 1250000,
     "response_delay_min": 1, "response_delay_max": 15, "sentiment_ppm": -250000,
     "stance": "opposing", "influence_ppm": 800000},
    {"agent_id": 1, "name": "Ben", "entity_type": "Farmer", "activity_ppm": 1000000,
     "active_hours": [5, 6], "posts_per_hour_ppm": 0, "comments_per_hour_ppm": 2000000,
     "response_delay_min": 5, "response_delay_max": 5, "sentiment_ppm": 1000000,
     "stance": "supportive", "influence_ppm": 2500000},
    {"agent_id": 2, "name": "村报", "entity_type": "MediaOutlet", "activity_ppm": 333333,
     "active_hours": [23], "posts_per_hour_ppm": 3000000, "comments_per_hour_ppm": 100000,
     "response_delay_min": 60, "response_delay_max": 240, "sentiment_ppm": 0,
     "stance": "observer", "influence_ppm": 3000000}
  ],
  "events": {
    "seed_posts": [
      {"agent_id": 2, "content": "The well is dry."},
      {"agent_id": 1, "content": "Then dig."}
    ],
    "scheduled": [
      {"round": 3, "agent_id": 1, "content": "Who has a rope?"},
      {"round": 6, "agent_id": 0, "content": "Is it deep?", "platform": "reddit"}
    ],
    "hot_topics": ["well", "spades"],
    "narrative_direction": "From thirst to spades."
  },
  "twitter": {
    "feed": {"recency_ppm": 400000, "popularity_ppm": 300000, "relevance_ppm": 300000,
      "viral_threshold": 10, "echo_chamber_ppm": 500000},
    "self_rating": true,
    "profiles": [
      {"user_name": "ada_1", "name": "Ada", "bio": "Reads, \"digs\" not.",
       "persona": "Reads, \"digs\" not. Studies water."},
      {"user_name": "ben_2", "name": "Ben", "bio": "Digs.", "persona": "Digs. Owns two spades."},
      {"user_name": "paper_3", "name": "村报", "bio": "Prints.", "persona": "Prints on Fridays."}
    ]
  },
  "reddit": {
    "feed": {"recency_ppm": 200000, "popularity_ppm": 500000, "relevance_ppm": 300000,
      "viral_threshold": 4, "echo_chamber_ppm": 600000},
    "self_rating": false,
    "profiles": [
      {"user_name": "ada_1", "name": "Ada", "bio": "Reads.", "persona": "Studies water.",
       "age": 20, "gender": "female", "mbti": "INTP", "country": "Malta",
       "profession": "Student", "interested_topics": ["water"],
       "follows": [2, 1], "past_posts": ["Rain.", "No rain."]},
      {"user_name": "ben_2", "name": "Ben", "bio": "Digs.", "persona": "Owns two spades.",
       "age": 61, "gender": "male", "mbti": "ISTJ", "country": "Malta"},
      {"user_name": "paper_3", "name": "村报", "bio": "Prints.", "persona": "On Fridays.",
       "age": 30, "gender": "other", "mbti": "ISTJ", "country": "中国"}
    ]
  }
}"#;

#[test]
fn a_folder_becomes_a_whole_spec() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &files());
    let intake = intake::read_folder(folder.path(), &Limits::default()).unwrap();
    assert_eq!(intake.spec, Spec::from_bytes(SPEC.as_bytes()).unwrap());
    assert_eq!(intake.notes, [""; 0]);
}

#[test]
fn the_same_simulation_written_otherwise_is_the_same_spec() {
    let expected = read(&[]).spec;
    let agents =
        CONFIG.split("\"agent_configs\": [").nth(1).unwrap().split("\n  ],").next().unwrap();
    let mut reversed: Vec<&str> = agents.split(",\n    {").map(|agent| agent.trim()).collect();
    reversed[0] = reversed[0].trim_start_matches('{');
    reversed.reverse();
    let config = CONFIG.replace(agents, &format!("{{{}", reversed.join(",\n{")));
    let mut other = files();
    other.config = config.into_bytes();
    assert_ne!(other, files());
    assert_eq!(intake::read_files(&other, &Limits::default()).unwrap().spec, expected);

    // As Excel and Notepad save it: byte order marks, CRLF, blank lines; columns moved.
    let mut marked = changed(&[
        Change(CONFIG_FILE, "\"total_simulation_hours\": 24", "\"total_simulation_hours\": 24.0"),
        Change(CONFIG_FILE, "\"poster_agent_id\": 2", "\"poster_agent_id\": 2.0"),
    ]);
    let with_mark = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n")).into_bytes();
    marked.config = with_mark(&String::from_utf8(marked.config).unwrap());
    marked.twitter_profiles = Some(with_mark(&TWITTER.replace("\n1,", "\n\n1,")));
    marked.reddit_profiles = Some(with_mark(REDDIT));
    let intake = intake::read_files(&marked, &Limits::default()).unwrap();
    assert_eq!((intake.spec, intake.notes), (expected, vec![]));
}

#[test]
fn one_profile_file_makes_one_world() {
    for keep_twitter in [true, false] {
        let mut files = changed(&[Change(CONFIG_FILE, ", \"platform\": \"reddit\"}", "}")]);
        if keep_twitter {
            files.reddit_profiles = None;
        } else {
            files.twitter_profiles = None;
        }
        let spec = intake::read_files(&files, &Limits::default()).unwrap().spec;
        assert_eq!((spec.twitter.is_some(), spec.reddit.is_some()), (keep_twitter, !keep_twitter));
    }
}

#[test]
fn the_clock_starts_where_it_is_told() {
    let start_hour = "\"start_hour\": 6";
    let generated = "\"generated_at\": \"2026-02-11T09:30:12.418203\"";
    let cases = [
        (start_hour, "\"start_hour\": 0", "2026-02-11T00:00:00.000Z"),
        (start_hour, "\"start_hour\": 23.0", "2026-02-11T23:00:00.000Z"),
        (generated, "\"generated_at\": null", "2026-01-01T06:00:00.000Z"),
        (generated, "\"generated_at\": \"2025-12-31T23:59:59Z\"", "2025-12-31T06:00:00.000Z"),
        (
            start_hour,
            "\"start_hour\": 6, \"start_time\": \"2026-05-08T20:00:00+02:00\"",
            "2026-05-08T18:00:00.000Z",
        ),
    ];
    for (from, to, expected) in cases {
        let spec = read(&[Change(CONFIG_FILE, from, to)]).spec;
        assert_eq!(spec.time.start_time.to_string(), expected, "{to}");
    }
}

#[test]
fn texts_keep_their_lines_and_blank_ones_fall_back() {
    let spec = read(&[
        Change(CONFIG_FILE, "Then dig.", "Then\\r\\n\\tdig."),
        Change(TWITTER_FILE, "Digs. Owns two spades.,Digs.", "\"Digs.\nOwns \r\nspades.\","),
        Change(TWITTER_FILE, "2,村报,paper_3,Prints on Fridays.,Prints.", "2, ,paper_3,,"),
        Change(
            REDDIT_FILE,
            "\"bio\": \"Digs.\", \"persona\": \"Owns two spades.\"",
            "\"bio\": \"\", \"persona\": \" \"",
        ),
        Change(REDDIT_FILE, "\"name\": \"Ada\"", "\"name\": null"),
        Change(REDDIT_FILE, "\"country\": \"中国\"", "\"country\": \"\""),
    ])
    .spec;
    assert_eq!(spec.events.seed_posts[1].content, "Then\n\tdig.");
    let (twitter, reddit) = (spec.twitter.unwrap().profiles, spec.reddit.unwrap().profiles);
    assert_eq!((&*twitter[1].bio, &*twitter[1].persona), ("Ben", "Digs.\nOwns \nspades."));
    assert_eq!(
        (&*twitter[2].name, &*twitter[2].bio, &*twitter[2].persona),
        ("paper_3", "paper_3", "paper_3")
    );
    assert_eq!((&*reddit[1].bio, &*reddit[1].persona), ("Ben", "Ben"));
    assert_eq!((&*reddit[0].name, reddit[2].country.as_deref()), ("ada_1", None));
}

#[test]
fn events_have_their_rounds_in_order() {
    // By round; what is in one round stays in the order of the file.
    let events = [
        r#"{"at_hour": 0.500001, "content": "c", "poster_agent_id": 2}"#,
        r#"{"at_round": 48, "content": "e", "poster_agent_id": 0, "platform": "twitter"}"#,
        r#"{"at_hour": 0, "content": "a", "poster_agent_id": 2, "poster_type": "Press"}"#,
        r#"{"at_round": 2.0, "content": "d", "poster_agent_id": 1, "at_hour": null}"#,
        r#"{"at_hour": 0.5, "content": "b", "poster_agent_id": 1, "platform": null}"#,
    ];
    let intake = read(&[Change(CONFIG_FILE, SCHEDULED, &events.join(","))]);
    assert_eq!(intake.notes, [""; 0]);
    let planned: Vec<(u32, &str, u32, Option<Platform>)> = intake
        .spec
        .events
        .scheduled
        .iter()
        .map(|post| (post.round, post.content.as_str(), post.agent_id, post.platform))
        .collect();
    assert_eq!(
        planned,
        [
            (1, "a", 2, None),
            (1, "b", 1, None),
            (2, "c", 2, None),
            (2, "d", 1, None),
            (48, "e", 0, Some(Platform::Twitter)),
        ]
    );
}

#[test]
fn profiles_that_somebody_sorted_find_their_agents() {
    let lines: Vec<&str> = TWITTER.lines().collect();
    let mut moved = files();
    moved.twitter_profiles = Some([lines[0], lines[3], lines[1], lines[2]].join("\n").into_bytes());
    let intake = intake::read_files(&moved, &Limits::default()).unwrap();
    assert_eq!(intake.spec, read(&[]).spec);
    assert_eq!(
        intake.notes,
        ["twitter_profiles.csv: profiles are taken in the order of user_id, not of the file"]
    );

    // Ids that are no such order say nothing: the row counts.
    for (from, to) in [("\n0,", "\n7,"), ("\n0,", "\n1,"), ("\n2,", "\n,"), ("\n1,", "\nx,")] {
        let intake = read(&[Change(TWITTER_FILE, from, to)]);
        assert_eq!((intake.spec, intake.notes), (read(&[]).spec, vec![ROWS_COUNT.to_owned()]));
    }
    let blank = ["\n0,", "\n1,", "\n2,"].map(|id| Change(TWITTER_FILE, id, "\n ,"));
    let intake = read(&blank);
    assert_eq!((intake.spec, intake.notes), (read(&[]).spec, vec![]));

    let swapped = read(&[
        Change(REDDIT_FILE, "\"user_id\": 0", "\"user_id\": 9"),
        Change(REDDIT_FILE, "\"user_id\": 1", "\"user_id\": 0"),
        Change(REDDIT_FILE, "\"user_id\": 9", "\"user_id\": 1"),
        Change(REDDIT_FILE, "[2, 1]", "[2, 0]"),
    ]);
    let handles: Vec<String> =
        swapped.spec.reddit.unwrap().profiles.into_iter().map(|p| p.user_name).collect();
    assert_eq!(handles, ["ben_2", "ada_1", "paper_3"]);
    assert_eq!(
        swapped.notes,
        ["reddit_profiles.json: profiles are taken in the order of user_id, not of the file"]
    );
    let named = read(&[Change(REDDIT_FILE, "\"user_id\": 1", "\"user_id\": \"u1\"")]);
    assert_eq!(named.spec, read(&[]).spec);
    assert_eq!(named.notes, [ROWS_COUNT.replace(TWITTER_FILE, REDDIT_FILE)]);
}
