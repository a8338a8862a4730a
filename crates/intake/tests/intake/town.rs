//! `simulation.yaml`: what its page promises, and what becomes of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use contract::spec::{Spec, Stance};
use contract::subject::Platform;
use intake::{Files, Intake, Limits, read_files, read_folder};

use crate::fixture;

/// The fixture's simulation, as far as a person would write it, once in each format.
pub(crate) const BY_HAND: &str = r#"
name: well
requirement: Who digs the well?
hours: 24
minutes_per_round: 30
start: 2026-02-11 06:00
agents_per_hour: 1-3
agents:
- {name: Ada, handle: ada_1, type: Student, bio: Reads., persona: Studies water., age: 20,
   gender: female, mbti: INTP, country: Malta, profession: Student, interests: [water],
   follows: [村报, "@BEN_2"], past_posts: [Rain., No rain.], activity: 0.8, active_hours: [8, 9],
   posts_per_hour: 0.5, comments_per_hour: 1.25, reply_minutes: 1-15, mood: -0.25,
   stance: opposing, influence: 0.8}
- {name: Ben, handle: "@ben_2", type: Farmer, bio: Digs., persona: Owns two spades., age: 61,
   gender: male, mbti: ISTJ, country: Malta, activity: 1, active_hours: 5-6, posts_per_hour: 0,
   reply_minutes: 5, mood: 1, stance: supportive, influence: 2.5}
- {name: 村报, handle: paper_3, type: MediaOutlet, bio: Prints., persona: On Fridays., age: 30,
   gender: other, mbti: ISTJ, country: 中国, activity: 0.333333, active_hours: 23,
   posts_per_hour: 3, comments_per_hour: 0.1, reply_minutes: 60-240, stance: observer,
   influence: 3}
posts:
- {author: paper_3, text: The well is dry.}
- {author: ben, text: Then dig.}
events:
- {hour: 2.6, text: "Is it deep?", author: Ada, platform: reddit}
- {round: 3, text: "Who has a rope?", author: Ben}
topics: [well, spades]
story: From thirst to spades.
platforms:
  reddit: {recency_weight: 0.2, popularity_weight: 0.5, relevance_weight: 0.3, viral_threshold: 4,
    echo_chamber_strength: 0.6, allow_self_rating: no}
"#;

fn read(yaml: impl Into<Vec<u8>>) -> Intake {
    let files = Files { yaml: Some(yaml.into()), ..Files::default() };
    let intake = read_files(&files, &Limits::default()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(Spec::from_bytes(&intake.spec.to_bytes()).as_ref(), Ok(&intake.spec));
    intake
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn both_formats_make_the_same_spec() {
    let by_hand = read(BY_HAND);
    assert_eq!(by_hand.notes, [""; 0]);
    let mut expected = fixture::read(&[]).spec;
    // What cannot be said by hand.
    (expected.project_id, expected.graph_id, expected.twitter) = (None, None, None);
    let time = by_hand.spec.time.clone();
    expected.time.peak_hours = time.peak_hours;
    expected.time.off_peak_hours = time.off_peak_hours;
    (expected.time.morning_hours, expected.time.morning_ppm) = (time.morning_hours, 400_000);
    (expected.time.work_hours, expected.time.work_ppm) = (time.work_hours, 700_000);
    assert_eq!(by_hand.spec, expected);

    let with_mark = format!("\u{feff}{}", BY_HAND.replace('\n', "\r\n"));
    assert_eq!(read(with_mark), by_hand);
}

#[test]
fn what_is_not_said_is_usual() {
    let spec = read(
        "name: bare\ntopic: ' the well '\nagents: [{name: Mei-Lin O.}, {name: No}, {name: '?'}]",
    )
    .spec;
    assert_eq!(
        (&*spec.requirement, &*spec.events.hot_topics),
        (" the well ", &["the well".to_owned()][..])
    );
    assert_eq!(spec.platforms(), Platform::ALL);
    let time = &spec.time;
    assert_eq!((time.total_hours, time.minutes_per_round), (24, 60));
    assert_eq!((time.agents_per_hour_min, time.agents_per_hour_max), (1, 3));
    assert_eq!(time.start_time.to_string(), "2026-01-01T08:00:00.000Z");
    assert_eq!((time.peak_hours.as_slice(), time.peak_ppm), (&[19, 20, 21, 22][..], 1_500_000));
    let agent = &spec.agents[1];
    assert_eq!((&*agent.name, &*agent.entity_type), ("No", "Person"));
    assert_eq!(
        (agent.stance, agent.sentiment_ppm, agent.activity_ppm),
        (Stance::Neutral, 0, 500_000)
    );
    assert_eq!(agent.active_hours.as_slice(), (8..=22).collect::<Vec<u8>>());
    assert_eq!((agent.posts_per_hour_ppm, agent.comments_per_hour_ppm), (1_000_000, 2_000_000));
    assert_eq!((agent.response_delay_min, agent.response_delay_max), (5, 60));
    let (twitter, reddit) = (spec.twitter.unwrap(), spec.reddit.unwrap());
    assert_eq!(twitter.profiles, reddit.profiles);
    assert_eq!((twitter.feed.recency_ppm, reddit.feed.recency_ppm), (400_000, 300_000));
    let handles: Vec<&str> = twitter.profiles.iter().map(|p| p.user_name.as_str()).collect();
    assert_eq!(handles, ["mei_lin_o", "no", "agent_2"]);
    assert_eq!(
        (&*twitter.profiles[0].bio, &*twitter.profiles[0].persona),
        ("Mei-Lin O.", "Mei-Lin O.")
    );
}

#[test]
fn platforms_are_named_listed_or_weighed() {
    use Platform::{Reddit, Twitter};
    let cases: [(&str, &[Platform]); 8] = [
        ("", &[Twitter, Reddit]),
        ("reddit", &[Reddit]),
        ("[reddit]", &[Reddit]),
        ("[reddit, twitter]", &[Twitter, Reddit]),
        ("{reddit: on}", &[Reddit]),
        ("{twitter: , reddit: off}", &[Twitter]),
        ("{twitter: {enabled: No}, reddit: {}}", &[Reddit]),
        ("{twitter: yes, reddit: true}", &[Twitter, Reddit]),
    ];
    for (platforms, expected) in cases {
        let spec = read(format!("name: a\nplatforms: {platforms}\nagents: [{{name: A}}]")).spec;
        assert_eq!(spec.platforms(), expected, "{platforms}");
    }
}

#[test]
fn events_that_are_never_played_are_noted() {
    let yaml = "name: a\nhours: 2\nplatforms: reddit\nagents: [{name: A}]\nevents:\n\
                - {round: 3, author: A, text: a}\n- {hour: 1, author: A, text: b, platform: twitter}";
    assert_eq!(
        read(yaml).notes,
        [
            "simulation.yaml: events on a platform without a world are never played: /events/1 \
             (twitter)",
            "simulation.yaml: events after the last round, 2, are never played: /events/0 (round 3)",
        ]
    );
}

#[test]
fn the_sample_is_read() {
    let intake = read_folder(&root().join("samples/tea-house"), &Limits::default()).unwrap();
    assert_eq!(intake.notes, [""; 0]);
    let spec = intake.spec;
    assert_eq!((spec.agents.len(), spec.time.rounds()), (8, 24));
    assert_eq!((spec.events.seed_posts.len(), spec.events.scheduled.len()), (2, 3));
    let rounds: Vec<u32> = spec.events.scheduled.iter().map(|post| post.round).collect();
    assert_eq!(rounds, [5, 12, 22]);
    assert_eq!(spec.twitter.unwrap().profiles[0].follows, [4, 1]);
}

/// The page's blocks that are whole simulations.
fn examples() -> Vec<String> {
    let page = fs::read_to_string(root().join("docs/simulation-yaml.md")).unwrap();
    let blocks = page.split("```yaml\n").skip(1).map(|block| block.split("```").next().unwrap());
    blocks.filter(|block| block.contains("agents:")).map(str::to_owned).collect()
}

#[test]
fn the_examples_of_the_page_are_read() {
    let examples = examples();
    assert_eq!(examples.len(), 2);
    for example in &examples {
        assert_eq!(read(example.as_str()).notes, [""; 0]);
    }
    assert!(examples[0].lines().count() <= 15, "a small town has 15 lines");
    let spec = read(examples[1].as_str()).spec;
    assert_eq!(spec.reddit.as_ref().unwrap().profiles[0].country.as_deref(), Some("NO"));
    assert_eq!(spec.agents[1].active_hours.as_slice(), [0, 1, 2, 22, 23]);
}

/// Field by field: what the tables list is in the complete example, and nothing else is.
#[test]
fn the_tables_and_the_complete_example_name_the_same_fields() {
    let page = fs::read_to_string(root().join("docs/simulation-yaml.md")).unwrap();
    let listed: BTreeSet<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split(" | ").next())
        .flat_map(|cell| cell.split('`').step_by(2))
        .filter(|name| !name.is_empty())
        .collect();
    let example = examples().pop().unwrap();
    let written: BTreeSet<&str> = example
        .lines()
        .filter_map(|line| line.trim_start_matches([' ', '-']).split_once(':'))
        .map(|(name, _)| name)
        .filter(|name| !["twitter", "reddit"].contains(name))
        .collect();
    assert_eq!(listed, written);
}
