//! Profile files as OASIS has them, next to a configuration of ours.

use std::fs;
use std::path::Path;

use contract::spec::{Profile, Spec};
use intake::{Files, Intake, Limits};
use serde_json::{Value, json};

/// An index without a name, ids of another platform, lists in Python, blank and long texts.
pub(crate) const TWITTER: &str = r#",user_id,name,username,following_agentid_list,previous_tweets,user_char,description
0,38210037,user_0,user0,[],[],Sells kites,Sells kites
1,21687246,user_1,user1,"[3, 0]","['first', ""it's late""]","Paints 🏮, mostly.
Views mine.","Paints 🏮, mostly.
Views mine."
2,2125671,user_2,user2,[0],[],,
3,429707643,user_3,user3,"[1, 32, 3, 1]","['say \'why\'\nand \u706f', '']",Night bus driver,Night bus driver
"#;

const REDDIT: &str = r#"[
  {"realname": "Mira Holt", "username": "kites", "bio": "Kites.", "persona": "Sells kites.",
   "age": 40, "gender": "female", "mbti": "ESTJ", "country": "UK",
   "profession": "Arts & Design", "interested_topics": ["Economics", "Business"]},
  {"realname": "Jo Bell", "username": "nightbus", "bio": "Drives.", "persona": "Drives at night.",
   "age": 51, "gender": "male", "mbti": "ISTP", "country": "UK",
   "profession": "Transport", "interested_topics": []}
]"#;

#[test]
fn its_twitter_profiles_are_read() {
    let intake = read(4, Some(TWITTER), None);
    assert_eq!(
        intake.notes[1..],
        [
            "twitter_profiles.csv: unknown fields are ignored: column 1",
            "twitter_profiles.csv: user_id is not 0 to 3, each once, so a profile's place in the \
             file is its agent's id",
            "twitter_profiles.csv: follows of nobody, of oneself and of the same agent twice are \
             left out: 3",
            "twitter_profiles.csv: previous posts that are blank are left out: 1",
        ]
    );
    let profiles = intake.spec.twitter.unwrap().profiles;
    let profile = |number: u32, text: &str, follows: &[u32], past_posts: &[&str]| Profile {
        user_name: format!("user{number}"),
        name: format!("user_{number}"),
        bio: text.to_owned(),
        persona: text.to_owned(),
        follows: follows.to_vec(),
        past_posts: past_posts.iter().map(|post| (*post).to_owned()).collect(),
        ..Profile::default()
    };
    assert_eq!(
        profiles,
        [
            profile(0, "Sells kites", &[], &[]),
            profile(1, "Paints 🏮, mostly.\nViews mine.", &[3, 0], &["first", "it's late"]),
            profile(2, "user_2", &[0], &[]),
            profile(3, "Night bus driver", &[1], &["say 'why'\nand 灯"]),
        ]
    );
}

#[test]
fn its_reddit_profiles_are_read() {
    let intake = read(2, None, Some(REDDIT));
    assert_eq!(intake.notes.len(), 1, "only of the configuration: {:?}", intake.notes);
    let profiles = intake.spec.reddit.unwrap().profiles;
    let names: Vec<&str> = profiles.iter().map(|profile| profile.name.as_str()).collect();
    assert_eq!(names, ["Mira Holt", "Jo Bell"]);
    assert_eq!(profiles[0].profession.as_deref(), Some("Arts & Design"));
    assert_eq!(profiles[0].interested_topics, ["Economics", "Business"]);

    let both = REDDIT.replacen("{\"realname\"", "{\"name\": \"Mira\", \"realname\"", 1);
    let both = both.replacen("{\"realname\"", "{\"name\": \" \", \"realname\"", 1);
    let profiles = read(2, None, Some(&both)).spec.reddit.unwrap().profiles;
    assert_eq!((&*profiles[0].name, &*profiles[1].name), ("Mira", "Jo Bell"));
}

/// The two files that OASIS comes with, where they are beside the repository.
#[test]
fn its_own_files_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/oasis");
    let file = |name: &str| fs::read_to_string(folder.join(name)).ok();
    let twitter = file("twitter_False_Business_0.csv");
    let reddit = file("reddit_user_data_36.json");
    let (Some(twitter), Some(reddit)) = (twitter, reddit) else {
        eprintln!("skipped: OASIS's own files are not there");
        return;
    };
    let intake = read(111, Some(&twitter), None);
    let profiles = &intake.spec.twitter.as_ref().unwrap().profiles;
    assert_eq!(profiles.iter().filter(|profile| profile.follows == [32]).count(), 67);
    assert_eq!(profiles[1].follows, [32]);
    let past: Vec<&String> = profiles.iter().flat_map(|profile| &profile.past_posts).collect();
    assert_eq!(past.len(), 1);
    assert!(past[0].starts_with("report: amazon plans"), "{past:?}");
    assert!(intake.notes.iter().all(|note| !note.contains("left out")), "{:?}", intake.notes);

    let spec = read(36, None, Some(&reddit)).spec;
    let rows: Vec<Value> = serde_json::from_str(&reddit).unwrap();
    for (profile, row) in spec.reddit.unwrap().profiles.iter().zip(&rows) {
        assert_eq!(profile.name, row["realname"].as_str().unwrap());
        assert_eq!(json!(profile.interested_topics), row["interested_topics"]);
    }
}

/// What reading makes of [`folder`].
fn read(agents: usize, twitter: Option<&str>, reddit: Option<&str>) -> Intake {
    let intake = intake::read_files(&folder(agents, twitter, reddit), &Limits::default()).unwrap();
    assert_eq!(Spec::from_bytes(&intake.spec.to_bytes()).as_ref(), Ok(&intake.spec));
    intake
}

/// A simulation of as many agents, with these profiles.
pub(crate) fn folder(agents: usize, twitter: Option<&str>, reddit: Option<&str>) -> Files {
    let agents: Vec<Value> =
        (0..agents).map(|id| json!({"agent_id": id, "entity_name": format!("a{id}")})).collect();
    let config = json!({
        "simulation_id": "oasis",
        "agent_configs": agents,
        "twitter_config": twitter.map(|_| json!({})),
        "reddit_config": reddit.map(|_| json!({})),
    });
    Files {
        yaml: None,
        config: config.to_string().into_bytes(),
        twitter_profiles: twitter.map(Into::into),
        reddit_profiles: reddit.map(Into::into),
    }
}
