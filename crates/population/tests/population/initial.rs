//! A configuration for profiles, small ones of our own and OASIS's where they are there.

use std::fs;
use std::path::Path;

use contract::spec::{AgentSpec, Stance};
use contract::subject::Platform;
use intake::{CONFIG_FILE, Limits, REDDIT_FILE, TWITTER_FILE, YAML_FILE, read_folder};
use population::initial::{ConfigureError, Configured, Source, Wishes, configure};
use tempfile::TempDir;

const TWITTER: &str = "\
user_id,name,username,user_char,description,following_agentid_list
0,Mira Holt,mira,Sells kites.,Kites and sailing,[1]
1,The Bay Herald,herald,The town's paper.,News and sailing,[]
2,Jo Bell,jo,Drives at night.,\"Student, kites\",\"[1, 0]\"
";
const REDDIT: &str = r#"[
  {"username": "mira", "name": "Mira Holt", "bio": "Kites.", "persona": "Sells kites.",
   "age": 40, "gender": "female", "mbti": "ESTJ", "country": "UK", "interested_topics": ["Wind"]},
  {"username": "herald", "name": "The Bay Herald", "bio": "News.", "persona": "The paper.",
   "age": 30, "gender": "other", "mbti": "ISTJ", "country": "UK", "interested_topics": ["wind"]},
  {"username": "jo", "name": "Jo \"Night\" Bell", "bio": "Drives.", "persona": "Drives at night.",
   "age": 51, "gender": "male", "mbti": "ISTP", "country": "UK", "profession": "Student",
   "interested_topics": ["Buses", "Wind"]}
]"#;

fn wishes(id: Option<&str>) -> Wishes {
    Wishes {
        id: id.map(|id| id.parse().unwrap()),
        hours: 24,
        minutes_per_round: 60,
        topics: Vec::new(),
        overwrite: false,
    }
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// Configures a folder; what was decided, and what intake makes of it.
fn configured(folder: &Path, wishes: &Wishes) -> (Configured, contract::spec::Spec) {
    let done = configure(folder, wishes).unwrap();
    (done, read_folder(folder, &Limits::default()).unwrap().spec)
}

#[test]
fn what_is_decided_is_what_is_read() {
    let folder = folder(&[(TWITTER_FILE, TWITTER), (REDDIT_FILE, REDDIT)]);
    let (done, spec) = configured(folder.path(), &wishes(Some("bay")));
    assert_eq!((done.agents, done.rounds, done.platforms), (3, 24, Platform::ALL.to_vec()));
    assert_eq!(
        (done.hot_topics, done.topics_from),
        (vec!["Wind".into(), "Buses".into()], Source::Interests)
    );
    let names: Vec<(&str, &str)> =
        spec.agents.iter().map(|agent| (&*agent.name, &*agent.entity_type)).collect();
    assert_eq!(
        names,
        [
            ("Mira Holt", "Person"),
            ("The Bay Herald", "MediaOutlet"),
            ("Jo \"Night\" Bell", "Student")
        ]
    );
    assert_eq!(spec.agents[1].stance, Stance::Observer);
    let behaviour = |agent: &AgentSpec| (agent.activity_ppm, agent.active_hours.clone());
    assert_ne!(behaviour(&spec.agents[0]), behaviour(&spec.agents[2]));
    // The paper has two followers, the others one and none.
    assert_eq!((spec.events.seed_posts[0].agent_id, &*done.opening.1), (1, "The Bay Herald"));
    assert!(spec.events.seed_posts[0].content.contains("Wind"));
    assert_eq!(spec.simulation_id.as_str(), "bay");
}

#[test]
fn wishes_are_met() {
    let folder = folder(&[(TWITTER_FILE, TWITTER)]);
    let wishes = Wishes {
        hours: 6,
        minutes_per_round: 30,
        topics: vec!["a \"wet\" summer".to_owned()],
        ..wishes(Some("bay"))
    };
    let (done, spec) = configured(folder.path(), &wishes);
    assert_eq!((spec.time.rounds(), spec.events.hot_topics), (12, wishes.topics));
    assert_eq!((done.topics_from, done.platforms), (Source::Wish, vec![Platform::Twitter]));
}

#[test]
fn the_same_profiles_get_the_same_bytes() {
    let bytes = |_| {
        let folder = folder(&[(TWITTER_FILE, TWITTER)]);
        let (done, _) = configured(folder.path(), &wishes(Some("bay")));
        assert_eq!(
            (done.hot_topics, done.topics_from),
            (vec!["kites".into(), "sailing".into()], Source::Bios)
        );
        fs::read(done.file).unwrap()
    };
    let [one, other] = [0, 1].map(bytes);
    assert_eq!(one, other);
}

#[test]
fn a_configuration_is_replaced_only_if_that_is_wanted() {
    let folder = folder(&[(TWITTER_FILE, TWITTER), (CONFIG_FILE, "mine")]);
    let error = configure(folder.path(), &wishes(Some("bay"))).unwrap_err();
    assert!(matches!(error, ConfigureError::Exists(_)), "{error}");
    assert_eq!(fs::read_to_string(folder.path().join(CONFIG_FILE)).unwrap(), "mine");
    configured(folder.path(), &Wishes { overwrite: true, ..wishes(Some("bay")) });
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

/// Two configurations in one folder would be refused by whoever reads it.
#[test]
fn a_simulation_by_hand_gets_no_configuration_beside_it() {
    let folder = folder(&[(TWITTER_FILE, TWITTER), (YAML_FILE, "name: bay")]);
    let wishes = Wishes { overwrite: true, ..wishes(Some("bay")) };
    let problems = configure(folder.path(), &wishes).unwrap_err().to_string();
    assert!(problems.starts_with("simulation.yaml: found a whole simulation, "), "{problems}");
    assert!(problems.contains("move it away"), "{problems}");
    assert!(!folder.path().join(CONFIG_FILE).exists());
}

#[test]
fn everything_that_is_wrong_is_said_at_once_and_nothing_written() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("Bay 7");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join(TWITTER_FILE), TWITTER.replace(",jo,", ",,").replace("[1]", "[x]"))
        .unwrap();
    let wishes = Wishes { hours: 1, minutes_per_round: 90, ..wishes(None) };
    let problems = configure(&folder, &wishes).unwrap_err().to_string();
    let expected = "\
twitter_profiles.csv line 2, following_agentid_list: found \"[x]\", wrong at character 2, \
expected agents' ids as Python lists them, e.g. [3, 5]
twitter_profiles.csv line 4, username: found an empty text, expected a handle
simulation_id: found \"Bay 7\", the folder's name, expected 1 to 48 of a-z, 0-9, _ and -, \
beginning with a letter or digit, not ending in -<digits>; say another with --id
rounds: found 1 hours in rounds of 90 minutes: 0 rounds, expected 1 to 100000 (change --hours or \
--minutes-per-round)";
    assert_eq!(problems, expected);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}

#[test]
fn people_that_cannot_be_the_same_are_refused() {
    let fewer = TWITTER.lines().take(3).collect::<Vec<_>>().join("\n");
    for (files, complaint) in [
        (&[][..], "found no profiles, expected twitter_profiles.csv, reddit_profiles.json or both"),
        (
            &[(TWITTER_FILE, &*fewer), (REDDIT_FILE, REDDIT)],
            "reddit_profiles.json: found 3 profiles, expected 2, the same people row by row as in \
             twitter_profiles.csv",
        ),
        (&[(REDDIT_FILE, "[]")], "reddit_profiles.json: found no profiles, expected at least one"),
    ] {
        let folder = folder(files);
        let problems = configure(folder.path(), &wishes(Some("bay"))).unwrap_err().to_string();
        assert!(problems.ends_with(complaint), "{problems}");
    }
    let nowhere = configure(Path::new("no-such-folder"), &wishes(None)).unwrap_err().to_string();
    assert!(nowhere.starts_with("no-such-folder: found nothing"), "{nowhere}");
}

#[test]
fn profiles_of_oasis_get_one_where_they_are_there() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/oasis");
    for (name, file, agents) in [
        ("reddit_user_data_36.json", REDDIT_FILE, 36),
        ("twitter_False_Business_0.csv", TWITTER_FILE, 111),
    ] {
        let Ok(text) = fs::read_to_string(samples.join(name)) else { continue };
        let folder = folder(&[(file, &text)]);
        let (done, spec) = configured(folder.path(), &wishes(Some("oasis")));
        assert_eq!((done.agents, spec.agents.len()), (agents, agents as usize), "{name}");
        assert!(!done.hot_topics.is_empty(), "{name}");
        let stances = done.stances.len();
        assert_eq!(stances, 4, "{name}: {:?}", done.stances);
    }
}
