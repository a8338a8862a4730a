//! Files as other programs really leave them.

use contract::spec::Profile;
use intake::{CONFIG_FILE, Files, Limits, REDDIT_FILE, TWITTER_FILE, read_files};

use crate::fixture::{Change, TWITTER, files, read};

#[test]
fn ids_may_be_texts_or_floats() {
    let intake = read(&[
        Change(CONFIG_FILE, "\"agent_id\": 1", "\"agent_id\": \"1\""),
        Change(CONFIG_FILE, "\"agent_id\": 2", "\"agent_id\": 2.0"),
        Change(CONFIG_FILE, "\"poster_agent_id\": 2", "\"poster_agent_id\": \"2.0\""),
        Change(TWITTER_FILE, "\n1,", "\n1.0,"),
        Change(REDDIT_FILE, "\"user_id\": 2", "\"user_id\": \"2\""),
        Change(REDDIT_FILE, "[2, 1]", "[\"2\", 1.0]"),
    ]);
    assert_eq!(intake, read(&[]));
}

#[test]
fn lines_may_end_in_any_way() {
    let old = TWITTER.replace("Digs. Owns two spades.", "\"Digs. Owns\ntwo spades.\"");
    let with = |text: String| {
        let files = Files { twitter_profiles: Some(text.into_bytes()), ..files() };
        read_files(&files, &Limits::default()).unwrap()
    };
    let expected = with(old.clone());
    assert_eq!(
        expected.spec.twitter.as_ref().unwrap().profiles[1].persona,
        "Digs. Owns\ntwo spades."
    );
    for end in ["\r\n", "\r"] {
        assert_eq!(with(old.replace('\n', end)), expected);
        assert_eq!(with(format!("{}{end}{end}{end}", old.replace('\n', end))), expected);
    }
    // No line end at all behind the last line.
    assert_eq!(with(old.trim_end().to_owned()), expected);
}

#[test]
fn cells_that_pandas_calls_empty_are_empty() {
    for nothing in ["", "nan", "NaN", "None", "null", "<NA>"] {
        let cells = format!("2,{nothing},paper_3,{nothing},{nothing}");
        let intake =
            read(&[Change(TWITTER_FILE, "2,村报,paper_3,Prints on Fridays.,Prints.", &cells)]);
        let profile = &intake.spec.twitter.unwrap().profiles[2];
        assert_eq!([&profile.name, &profile.bio, &profile.persona], ["paper_3"; 3], "{nothing}");
    }
    // Only a cell that is nothing else.
    let named = read(&[Change(TWITTER_FILE, "1,Ben,", "1,Nan None,")]);
    assert_eq!(named.spec.twitter.unwrap().profiles[1].name, "Nan None");
}

/// What MiroFish writes while it is still making profiles.
#[test]
fn the_columns_of_unfinished_profiles_are_known() {
    let rows = "\
user_id,username,name,bio,persona,friend_count,follower_count,statuses_count,created_at,age,gender,mbti,country,profession,interested_topics
0,ada_1,Ada,Reads.,\"Studies, water.\",100,150,500,2026-02-11,20,female,INTP,Malta,Student,\"['water', \"\"it's deep\"\"]\"
1,ben_2,Ben,Digs.,Owns two spades.,100,150,500,2026-02-11,61.0,male,ISTJ,,nan,[]
2,paper_3,村报,Prints.,On Fridays.,100,150,500,2026-02-11,,other,,中国,,
";
    let files = Files { twitter_profiles: Some(rows.into()), ..files() };
    let intake = read_files(&files, &Limits::default()).unwrap();
    assert_eq!(intake.notes, [""; 0]);
    let text = |text: &str| Some(text.to_owned());
    let expected = [
        Profile {
            user_name: "ada_1".into(),
            name: "Ada".into(),
            bio: "Reads.".into(),
            persona: "Studies, water.".into(),
            age: Some(20),
            gender: text("female"),
            mbti: text("INTP"),
            country: text("Malta"),
            profession: text("Student"),
            interested_topics: vec!["water".into(), "it's deep".into()],
            ..Profile::default()
        },
        Profile {
            user_name: "ben_2".into(),
            name: "Ben".into(),
            bio: "Digs.".into(),
            persona: "Owns two spades.".into(),
            age: Some(61),
            gender: text("male"),
            mbti: text("ISTJ"),
            ..Profile::default()
        },
        Profile {
            user_name: "paper_3".into(),
            name: "村报".into(),
            bio: "Prints.".into(),
            persona: "On Fridays.".into(),
            gender: text("other"),
            country: text("中国"),
            ..Profile::default()
        },
    ];
    assert_eq!(intake.spec.twitter.unwrap().profiles, expected);
}

#[test]
fn a_column_that_is_there_twice_counts_once() {
    let header = Change(TWITTER_FILE, "user_char,description", "user_char,description,name");
    let cells = [
        Change(TWITTER_FILE, "digs\"\" not.\"\n", "digs\"\" not.\",X\n"),
        Change(TWITTER_FILE, "Digs.\n", "Digs.,Y\n"),
        Change(TWITTER_FILE, "Prints.\n", "Prints.,Z\n"),
    ];
    let all = [header].into_iter().chain(cells).collect::<Vec<_>>();
    let intake = read(&all);
    assert_eq!(intake.spec, read(&[]).spec);
    assert_eq!(
        intake.notes,
        ["twitter_profiles.csv: unknown fields are ignored: column 6 (name again)"]
    );
}

#[test]
fn nulls_are_as_good_as_nothing() {
    let nulls = [
        ("\"time_config\": {", "\"time_config\": null, \"x\": {"),
        ("\"stance\": \"opposing\"", "\"stance\": null"),
        ("\"active_hours\": [8, 9]", "\"active_hours\": null"),
        ("\"scheduled_events\": [", "\"scheduled_events\": null, \"x\": ["),
        ("\"hot_topics\": [\"well\", \"spades\"]", "\"hot_topics\": null"),
        ("\"narrative_direction\": \"From thirst to spades.\"", "\"narrative_direction\": null"),
        ("\"reddit_config\": {", "\"reddit_config\": null, \"x\": {"),
        ("\"generated_at\": \"2026-02-11T09:30:12.418203\"", "\"generated_at\": null"),
        ("\"project_id\": \"proj_1\"", "\"project_id\": null"),
    ];
    for (from, to) in nulls {
        let null = read(&[Change(CONFIG_FILE, from, to)]).spec;
        let name = from.split('"').nth(1).unwrap();
        let absent = read(&[Change(CONFIG_FILE, from, &to.replacen(name, "ignored", 1))]).spec;
        assert_eq!(null, absent, "{to}");
        assert_ne!(null, read(&[]).spec, "{to}");
    }
}
