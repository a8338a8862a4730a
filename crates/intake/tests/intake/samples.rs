//! Real folders: those in `samples/`, and others beside the repository where they are there.

use std::fs;
use std::path::{Path, PathBuf};

use contract::door::millionths;
use contract::spec::{PlatformSpec, Profile, Spec};
use contract::subject::Platform;
use intake::{CONFIG_FILE, Files, Limits, REDDIT_FILE, TWITTER_FILE, read_files, read_folder};
use serde_json::Value;

/// Every sample folder with its files.
pub(crate) fn all() -> Vec<(PathBuf, Files)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut samples = Vec::new();
    for parent in ["samples", "../shared/samples"] {
        let Ok(entries) = fs::read_dir(root.join(parent)) else { continue };
        for folder in entries.map(|entry| entry.unwrap().path()) {
            if let Ok(config) = fs::read(folder.join(CONFIG_FILE)) {
                let profiles = |name| fs::read(folder.join(name)).ok();
                let (twitter_profiles, reddit_profiles) =
                    (profiles(TWITTER_FILE), profiles(REDDIT_FILE));
                samples.push((
                    folder,
                    Files { yaml: None, config, twitter_profiles, reddit_profiles },
                ));
            }
        }
    }
    samples.sort_by(|(a, _), (b, _)| a.cmp(b));
    samples
}

#[test]
fn the_bundled_sample_shows_what_a_folder_can_hold() {
    let bundled = |(folder, _): &(PathBuf, Files)| folder.ends_with("samples/lantern-pier");
    let (_, files) = all().into_iter().find(bundled).unwrap();
    let spec = read_files(&files, &Limits::default()).unwrap().spec;
    let planned: Vec<(u32, Option<Platform>)> =
        spec.events.scheduled.iter().map(|post| (post.round, post.platform)).collect();
    assert_eq!(planned, [(14, None), (20, Some(Platform::Reddit))]);
    let is_chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    for (platform, has_history) in [(Platform::Twitter, true), (Platform::Reddit, false)] {
        let profiles = &spec.platform(platform).unwrap().profiles;
        let count = |holds: &dyn Fn(&Profile) -> bool| profiles.iter().filter(|p| holds(p)).count();
        // Who speaks Chinese speaks it everywhere: name, bio and persona agree.
        assert_eq!(count(&|profile| is_chinese(&profile.name)), 5);
        assert_eq!(count(&|profile| is_chinese(&profile.bio)), 5);
        assert_eq!(count(&|profile| is_chinese(&profile.persona)), 5);
        assert_eq!(count(&|profile| profile.follows.len() > 1) > 20, has_history);
        assert_eq!(count(&|profile| !profile.past_posts.is_empty()) > 5, has_history);
    }
}

#[test]
fn every_sample_is_read_without_a_note() {
    for (folder, files) in all() {
        let intake = read_folder(&folder, &Limits::default()).unwrap();
        assert_eq!(intake.notes, [""; 0]);
        check_config(&intake.spec, &serde_json::from_slice(&files.config).unwrap());
        if let Some(bytes) = &files.reddit_profiles {
            let rows: Vec<Value> = serde_json::from_slice(bytes).unwrap();
            check_reddit(intake.spec.reddit.as_ref().unwrap(), &rows);
        }
        if let Some(bytes) = &files.twitter_profiles {
            check_twitter(intake.spec.twitter.as_ref().unwrap(), bytes);
        }
    }
}

fn check_config(spec: &Spec, config: &Value) {
    assert_eq!(spec.simulation_id.as_str(), config["simulation_id"]);
    assert_eq!(spec.requirement, config["simulation_requirement"].as_str().unwrap());
    let time = &config["time_config"];
    assert_eq!(u64::from(spec.time.total_hours), time["total_simulation_hours"]);
    assert_eq!(u64::from(spec.time.minutes_per_round), time["minutes_per_round"]);
    if let (Value::Null, Some(day)) = (&time["start_time"], config["generated_at"].as_str()) {
        assert_eq!(spec.time.start_time.to_string()[..10], day[..10]);
    }
    let agents = config["agent_configs"].as_array().unwrap();
    assert_eq!(spec.agents.len(), agents.len());
    for agent in &spec.agents {
        let expected = &agents[agent.agent_id as usize];
        assert_eq!(agent.name, expected["entity_name"].as_str().unwrap());
        let decimals = [
            (i64::from(agent.activity_ppm), "activity_level"),
            (i64::from(agent.posts_per_hour_ppm), "posts_per_hour"),
            (i64::from(agent.comments_per_hour_ppm), "comments_per_hour"),
            (i64::from(agent.sentiment_ppm), "sentiment_bias"),
            (i64::from(agent.influence_ppm), "influence_weight"),
        ];
        for (found, field) in decimals {
            assert_eq!(Some(found), millionths(&expected[field]), "{} {field}", agent.name);
        }
        let hours: Vec<u64> = agent.active_hours.as_slice().iter().map(|h| (*h).into()).collect();
        assert_eq!(serde_json::json!(hours), expected["active_hours"]);
        assert_eq!(serde_json::to_value(agent.stance).unwrap(), expected["stance"]);
    }
    let planned = config["event_config"]["scheduled_events"].as_array().unwrap();
    assert_eq!(spec.events.scheduled.len(), planned.len());
    let posts = config["event_config"]["initial_posts"].as_array().unwrap();
    assert_eq!(spec.events.seed_posts.len(), posts.len());
    for (post, expected) in spec.events.seed_posts.iter().zip(posts) {
        assert_eq!(post.content, expected["content"].as_str().unwrap());
        assert_eq!(u64::from(post.agent_id), expected["poster_agent_id"]);
    }
}

fn check_reddit(world: &PlatformSpec, rows: &[Value]) {
    assert_eq!(world.profiles.len(), rows.len());
    for (profile, row) in world.profiles.iter().zip(rows) {
        let texts = [
            (Some(&profile.user_name), "username"),
            (Some(&profile.bio), "bio"),
            (Some(&profile.persona), "persona"),
            (profile.gender.as_ref(), "gender"),
            (profile.mbti.as_ref(), "mbti"),
            (profile.country.as_ref(), "country"),
        ];
        for (found, field) in texts {
            assert_eq!(found.map(String::as_str), row[field].as_str(), "{field}");
        }
        assert_eq!(profile.age.map(u64::from), row["age"].as_u64());
    }
}

/// The file begins with `user_id` and holds what was read of a profile in its line.
fn check_twitter(world: &PlatformSpec, bytes: &[u8]) {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let lines: Vec<&str> = text.lines().skip(1).collect();
    assert_eq!(world.profiles.len(), lines.len());
    for (id, (profile, line)) in world.profiles.iter().zip(lines).enumerate() {
        let unquoted = line.replace("\"\"", "\"");
        assert!(line.starts_with(&format!("{id},")), "{line}");
        let follows =
            Some(format!("{:?}", profile.follows)).filter(|_| !profile.follows.is_empty());
        let texts = [&profile.name, &profile.user_name, &profile.bio, &profile.persona];
        for text in texts.into_iter().chain(&profile.past_posts).chain(&follows) {
            assert!(unquoted.contains(text.as_str()), "{text} is not in {line}");
        }
        assert!(profile.persona.starts_with(&profile.bio), "{}", profile.persona);
    }
}
