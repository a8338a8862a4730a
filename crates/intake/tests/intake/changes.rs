//! Changes to a configuration by the names of its fields.

use std::path::{Path, PathBuf};

use contract::spec::{Spec, Stance};
use intake::{Change, Limits, read_changed_folder};

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples").join(name)
}

fn read(name: &str, changes: &[&str]) -> Result<Spec, String> {
    let changes: Vec<Change> = changes.iter().map(|text| text.parse().unwrap()).collect();
    read_changed_folder(&sample(name), &changes, &Limits::default())
        .map(|intake| intake.spec)
        .map_err(|problems| problems.to_string())
}

#[test]
fn a_change_is_read_as_if_it_stood_in_the_file() {
    let plain = read("lantern-pier", &[]).unwrap();
    let changed = read(
        "lantern-pier",
        &[
            "twitter_config.echo_chamber_strength=0.9",
            "time_config.agents_per_hour_max=20",
            "agent_configs.3.stance=opposing",
            "event_config.narrative_direction=nobody, after all, minds",
        ],
    )
    .unwrap();
    assert_ne!(plain.digest(), changed.digest());
    assert_eq!(changed.twitter.as_ref().unwrap().feed.echo_chamber_ppm, 900_000);
    assert_eq!(changed.time.agents_per_hour_max, 20);
    assert_eq!(changed.agents[3].stance, Stance::Opposing);
    assert_eq!(changed.events.narrative_direction, "nobody, after all, minds");

    let changed = read("tea-house", &["hours=3", "name=tea-hall"]).unwrap();
    assert_eq!((changed.time.total_hours, changed.simulation_id.as_str()), (3, "tea-hall"));
}

#[test]
fn every_problem_of_a_change_is_named_as_that_of_a_file() {
    assert_eq!(
        read(
            "lantern-pier",
            &[
                "twitter_config.echo_chamber_strength=9",
                "twitter_config.echo_chamber_strenght=0.9",
                "twiter_config.recency_weight=0.5",
                "agent_configs.3.posts=2",
                "agent_configs.3000.stance=neutral",
            ]
        )
        .unwrap_err(),
        "simulation_config.json /agent_configs: found \"3000\", expected the index of one of 32 \
         elements, from 0\n\
         simulation_config.json /twiter_config: found an unknown field, expected \
         \"twitter_config\" (did you mean that?)\n\
         simulation_config.json /agent_configs/3/posts: found an unknown field, expected one of \
         agent_id, entity_uuid, entity_name, entity_type, activity_level, active_hours, \
         posts_per_hour, comments_per_hour, response_delay_min, response_delay_max, \
         sentiment_bias, stance, influence_weight\n\
         simulation_config.json /twitter_config/echo_chamber_strenght: found an unknown field, \
         expected \"echo_chamber_strength\" (did you mean that?)\n\
         simulation_config.json /twitter_config/echo_chamber_strength: found 9, expected a number \
         from 0 to 1"
    );
    let error = read("tea-house", &["hours=none"]).unwrap_err();
    assert!(error.starts_with("simulation.yaml:") && error.contains("/hours: found"), "{error}");
    let error = read("tea-house", &["hour=3"]).unwrap_err();
    assert!(error.contains("/hour: found an unknown field"), "{error}");
}
