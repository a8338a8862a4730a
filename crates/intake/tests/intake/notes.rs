//! What is worth a word.

use contract::subject::Platform;
use intake::{CONFIG_FILE, Files, Limits, REDDIT_FILE, TWITTER_FILE};

use crate::fixture::{Change, SCHEDULED, changed, files, read};

#[test]
fn unknown_fields_get_one_note_per_file() {
    let notes = read(&[
        Change(CONFIG_FILE, "\"llm_model\"", "\"color\": NULL, \"llm_model\""),
        Change(CONFIG_FILE, "NULL", "{\"deep\": 1}"),
        Change(CONFIG_FILE, "\"agent_id\": 0", "\"agent_id\": 0, \"mood\\n\": 1"),
        Change(CONFIG_FILE, "\"agent_id\": 2", "\"agent_id\": 2, \"mood\\n\": 2"),
        Change(CONFIG_FILE, "\"poster_type\"", "\"when\""),
        Change(TWITTER_FILE, "description", "description,,likes"),
        Change(TWITTER_FILE, "\"\n1", "\",,\n1"),
        Change(TWITTER_FILE, "Digs.\n", "Digs.,,\n"),
        Change(TWITTER_FILE, "Prints.\n", "Prints.,,9\n"),
        Change(REDDIT_FILE, "\"karma\"", "\"carma\""),
    ])
    .notes;
    assert_eq!(
        notes,
        [
            "simulation_config.json: unknown fields are ignored: /agent_configs/*/mood\\n, /color, \
             /event_config/initial_posts/*/when",
            "twitter_profiles.csv: unknown fields are ignored: column 6, likes",
            "reddit_profiles.json: unknown fields are ignored: /*/carma",
        ]
    );
}

#[test]
fn a_flood_of_unknown_fields_is_counted() {
    let fields: String = (0..30).map(|n| format!("\"x{n:02}\": 0, ")).collect();
    let mut many = files();
    let config = String::from_utf8(many.config).unwrap();
    many.config = config.replacen("\"llm_model\"", &(fields + "\"llm_model\""), 1).into_bytes();
    let notes = intake::read_files(&many, &Limits::default()).unwrap().notes;
    let named: String = (0..20).map(|n| format!("/x{n:02}, ")).collect();
    assert_eq!(notes, [format!("{CONFIG_FILE}: unknown fields are ignored: {named}10 more")]);
}

#[test]
fn defaults_are_named() {
    let config = r#"{"simulation_id": "bare", "agent_configs": [
        {"agent_id": 1, "entity_name": "B", "stance": "observer"},
        {"agent_id": 0, "entity_name": "A", "stance": null}]}"#;
    let rows = "username,name,description,user_char\na,,,\nb,,,\n";
    let files =
        Files { config: config.into(), twitter_profiles: Some(rows.into()), ..Files::default() };
    let intake = intake::read_files(&files, &Limits::default()).unwrap();
    assert_eq!(
        intake.notes,
        [
            "simulation_config.json: absent fields take their defaults: \
             /agent_configs/*/active_hours 8 to 22 (2 times), \
             /agent_configs/*/activity_level 0.5 (2 times), \
             /agent_configs/*/comments_per_hour 2 (2 times), \
             /agent_configs/*/entity_type Unknown (2 times), \
             /agent_configs/*/influence_weight 1 (2 times), \
             /agent_configs/*/posts_per_hour 1 (2 times), \
             /agent_configs/*/response_delay_max 60 (2 times), \
             /agent_configs/*/response_delay_min 5 (2 times), \
             /agent_configs/*/sentiment_bias 0 (2 times), \
             /agent_configs/*/stance neutral, \
             /time_config/agents_per_hour_max 20, \
             /time_config/agents_per_hour_min 5, \
             /time_config/minutes_per_round 60, \
             /time_config/morning_activity_multiplier 0.4, \
             /time_config/morning_hours 6 to 8, \
             /time_config/off_peak_activity_multiplier 0.05, \
             /time_config/off_peak_hours 0 to 5, \
             /time_config/peak_activity_multiplier 1.5, \
             /time_config/peak_hours 19 to 22, \
             /time_config/total_simulation_hours 72, \
             /time_config/work_activity_multiplier 0.7, \
             /time_config/work_hours 9 to 18",
            "twitter_profiles.csv: there though /twitter_config is null or absent in \
             simulation_config.json, so the twitter world is taken with default weights",
        ]
    );
    let spec = intake.spec;
    let expected = r#"{"v":1,"simulation_id":"bare","project_id":null,"graph_id":null,"requirement":"","time":{"start_time":"2026-01-01T00:00:00.000Z","total_hours":72,"minutes_per_round":60,"agents_per_hour_min":5,"agents_per_hour_max":20,"peak_hours":[19,20,21,22],"peak_ppm":1500000,"off_peak_hours":[0,1,2,3,4,5],"off_peak_ppm":50000,"morning_hours":[6,7,8],"morning_ppm":400000,"work_hours":[9,10,11,12,13,14,15,16,17,18],"work_ppm":700000},"agents":[{"agent_id":0,"name":"A","entity_type":"Unknown","activity_ppm":500000,"active_hours":[8,9,10,11,12,13,14,15,16,17,18,19,20,21,22],"posts_per_hour_ppm":1000000,"comments_per_hour_ppm":2000000,"response_delay_min":5,"response_delay_max":60,"sentiment_ppm":0,"stance":"neutral","influence_ppm":1000000},{"agent_id":1,"name":"B","entity_type":"Unknown","activity_ppm":500000,"active_hours":[8,9,10,11,12,13,14,15,16,17,18,19,20,21,22],"posts_per_hour_ppm":1000000,"comments_per_hour_ppm":2000000,"response_delay_min":5,"response_delay_max":60,"sentiment_ppm":0,"stance":"observer","influence_ppm":1000000}],"events":{"seed_posts":[],"scheduled":[],"hot_topics":[],"narrative_direction":""},"twitter":{"feed":{"recency_ppm":400000,"popularity_ppm":300000,"relevance_ppm":300000,"viral_threshold":10,"echo_chamber_ppm":500000},"self_rating":true,"profiles":[{"user_name":"a","name":"a","bio":"a","persona":"a"},{"user_name":"b","name":"b","bio":"b","persona":"b"}]},"reddit":null}"#;
    assert_eq!(String::from_utf8(spec.to_bytes()).unwrap(), expected);
}

#[test]
fn events_after_the_end_are_never_played() {
    let late = [
        r#"{"at_round": 49, "content": "Late.", "poster_agent_id": 0}"#,
        r#"{"at_round": 48, "content": "Last.", "poster_agent_id": 0, "colour": 1}"#,
        r#"{"at_hour": 24.2, "content": "Later.", "poster_agent_id": 0}"#,
        r#"{"at_hour": 87600, "content": "Never.", "poster_agent_id": 0}"#,
    ];
    let intake = read(&[Change(CONFIG_FILE, SCHEDULED, &late.join(","))]);
    assert_eq!(
        intake.notes,
        [
            "simulation_config.json: unknown fields are ignored: \
             /event_config/scheduled_events/*/colour",
            "simulation_config.json: events after the last round, 48, are never played: \
             /event_config/scheduled_events/0 (round 49), \
             /event_config/scheduled_events/2 (round 49), \
             /event_config/scheduled_events/3 (round 175200)",
        ]
    );
    // They were planned, so the spec keeps them.
    assert_eq!(intake.spec.events.scheduled.len(), 4);

    let many = vec![late[0]; 25].join(",");
    let notes = read(&[Change(CONFIG_FILE, SCHEDULED, &many)]).notes;
    assert!(
        notes[0].ends_with("/event_config/scheduled_events/19 (round 49), 5 more"),
        "{notes:?}"
    );
}

#[test]
fn blank_topics_are_none() {
    let blank = Change(CONFIG_FILE, r#"["well", "spades"]"#, r#"["", " well ", "\n", "spades"]"#);
    assert_eq!(read(&[blank]).spec.events.hot_topics, ["well", "spades"]);
}

#[test]
fn events_without_a_world_are_never_played() {
    let event =
        r#"{"at_round": 1, "content": "Is it?", "poster_agent_id": 0, "platform": "reddit"}"#;
    let intake = read(&[
        Change(CONFIG_FILE, SCHEDULED, event),
        Change(CONFIG_FILE, r#""platform": "reddit", "recency"#, r#""enabled": false, "recency"#),
    ]);
    let note = "simulation_config.json: events on a platform without a world are never played: \
                /event_config/scheduled_events/0 (reddit)";
    assert!(intake.notes.iter().any(|found| found == note), "{:?}", intake.notes);
}

#[test]
fn follows_and_posts_that_are_none_are_counted() {
    let follows = "\"following_agentid_list\": [2, 1]";
    let intake = read(&[
        Change(REDDIT_FILE, follows, "\"following_agentid_list\": [2, 0, -1, 3, 1, 2, 1e15, 2.0]"),
        Change(REDDIT_FILE, "\"Rain.\",", "\"\", \" \\n\", \"Rain.\","),
        Change(REDDIT_FILE, "\"age\": 61", "\"age\": 61, \"following_agentid_list\": [9]"),
    ]);
    assert_eq!(intake.spec, read(&[]).spec);
    assert_eq!(
        intake.notes,
        [
            "reddit_profiles.json: follows of nobody, of oneself and of the same agent twice are left \
             out: 7",
            "reddit_profiles.json: previous posts that are blank are left out: 2",
        ]
    );
}

#[test]
fn a_world_that_may_surprise_is_explained() {
    let twitter_off = Change(CONFIG_FILE, "\"platform\": \"twitter\"", "\"enabled\": false");
    let mut off_and_absent = changed(&[twitter_off]);
    off_and_absent.twitter_profiles = None;
    let mut absent = files();
    absent.twitter_profiles = None;
    let mut off_and_broken = changed(&[twitter_off]);
    off_and_broken.twitter_profiles = Some(vec![0xff]);
    let absent_note = "twitter_profiles.csv: absent though /twitter_config is there, so there is no \
                       twitter world";
    let off_note = "twitter_profiles.csv: not read, since /twitter_config/enabled is false in \
                    simulation_config.json";
    let cases = [
        (off_and_absent, vec![]),
        (absent, vec![absent_note]),
        (changed(&[twitter_off]), vec![off_note]),
        (off_and_broken, vec![off_note]),
    ];
    for (files, notes) in cases {
        let intake = intake::read_files(&files, &Limits::default()).unwrap();
        assert_eq!(intake.notes, notes);
        assert_eq!(intake.spec.platforms(), [Platform::Reddit]);
    }
}

#[test]
fn a_null_configuration_takes_default_weights() {
    let reddit = CONFIG_REDDIT;
    let intake = read(&[Change(CONFIG_FILE, reddit, "\"reddit_config\": null,")]);
    assert_eq!(
        intake.notes,
        ["reddit_profiles.json: there though /reddit_config is null or absent in \
          simulation_config.json, so the reddit world is taken with default weights"]
    );
    let feed = intake.spec.reddit.unwrap().feed;
    assert_eq!((feed.recency_ppm, feed.popularity_ppm), (300_000, 400_000));
    assert_eq!((feed.relevance_ppm, feed.viral_threshold), (300_000, 15));
    assert_eq!(feed.echo_chamber_ppm, 600_000);
}

const CONFIG_REDDIT: &str =
    "\"reddit_config\": {\"platform\": \"reddit\", \"recency_weight\": 0.2, \"popularity_weight\": 0.5,
    \"relevance_weight\": 0.3, \"viral_threshold\": 4, \"echo_chamber_strength\": 0.6,
    \"allow_self_rating\": false},";
