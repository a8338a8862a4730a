//! What a spec is written back as is read as the very same spec.

use std::path::Path;

use contract::spec::{Hours, Spec};
use contract::subject::Platform;
use export::prepared;
use intake::{Files, Limits};

fn in_repository(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The samples, and the contract's examples of specs, with everything that there can be in one.
fn specs() -> Vec<Spec> {
    let samples = ["samples/lantern-pier", "samples/tea-house"];
    let samples = samples
        .map(|name| intake::read_folder(&in_repository(name), &Limits::default()).unwrap().spec);
    let examples = std::fs::read_dir(in_repository("schemas/examples/spec/valid")).unwrap();
    let examples = examples
        .map(|file| Spec::from_bytes(&std::fs::read(file.unwrap().path()).unwrap()).unwrap());
    let specs: Vec<Spec> = samples.into_iter().chain(examples).collect();
    assert!(specs.len() >= 5);
    specs
}

/// Reads the files that `spec` is written as.
fn reread(spec: &Spec) -> Spec {
    let files = Files {
        yaml: None,
        config: prepared::config_json(spec),
        twitter_profiles: prepared::twitter_csv(spec),
        reddit_profiles: prepared::reddit_json(spec),
    };
    let read = intake::read_files(&files, &Limits::default());
    read.unwrap_or_else(|problems| panic!("{}: {problems}", spec.simulation_id)).spec
}

/// A source of numbers that looks like chance and is the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((self.0 >> 33) % u64::from(bound)).unwrap()
    }

    fn hours(&mut self) -> Hours {
        let bits = self.below(1 << 24);
        let hours: Vec<u8> = (0..24).filter(|hour| bits >> hour & 1 == 1).collect();
        Hours::try_from(hours).unwrap()
    }

    /// A text of characters that formats trip over.
    fn text(&mut self) -> String {
        const AWKWARD: [&str; 14] =
            ["a", "'", "\"", "\\", ",", ";", "\n", "\t", "汤", "🦀", " ", "[", "]", "\\n"];
        let length = self.below(9);
        let middle: String = (0..length).map(|_| AWKWARD[self.below(14) as usize]).collect();
        format!("<{middle}>")
    }
}

/// `spec` with other numbers and texts wherever there may be any.
fn varied(spec: &Spec, numbers: &mut Numbers) -> Spec {
    let mut spec = spec.clone();
    let count = u32::try_from(spec.agents.len()).unwrap();
    spec.requirement = numbers.text();
    spec.events.narrative_direction = numbers.text();
    spec.events.hot_topics = vec![numbers.text(), numbers.text()];
    spec.time.peak_ppm = numbers.below(100_000_001);
    spec.time.work_ppm = numbers.below(2_000_000);
    spec.time.peak_hours = numbers.hours();
    spec.time.start_time = spec.time.start_time.plus_minutes(numbers.below(100_000).into());
    for agent in &mut spec.agents {
        agent.name = numbers.text();
        agent.entity_type = numbers.text();
        agent.activity_ppm = numbers.below(1_000_001);
        agent.active_hours = numbers.hours();
        agent.posts_per_hour_ppm = numbers.below(1_000_000_001);
        agent.comments_per_hour_ppm = numbers.below(3_000_000);
        agent.sentiment_ppm = i32::try_from(numbers.below(2_000_001)).unwrap() - 1_000_000;
        agent.influence_ppm = numbers.below(1_000_000_001);
    }
    for post in &mut spec.events.seed_posts {
        (post.content, post.agent_id) = (numbers.text(), numbers.below(count));
    }
    for world in [&mut spec.twitter, &mut spec.reddit].into_iter().flatten() {
        world.self_rating = numbers.below(2) == 1;
        world.feed.recency_ppm = numbers.below(1_000_001);
        world.feed.viral_threshold = numbers.below(1_000_000_001);
        for (id, profile) in (0..).zip(&mut world.profiles) {
            let known = |numbers: &mut Numbers| (numbers.below(2) == 1).then(|| numbers.text());
            profile.user_name = numbers.text();
            profile.name = numbers.text();
            (profile.bio, profile.persona) = (numbers.text(), numbers.text());
            profile.age = (numbers.below(2) == 1).then(|| numbers.below(1001));
            profile.gender = known(numbers);
            profile.mbti = known(numbers);
            profile.country = known(numbers);
            profile.profession = known(numbers);
            profile.interested_topics = known(numbers).into_iter().collect();
            profile.past_posts = [known(numbers), known(numbers)].into_iter().flatten().collect();
            let followee = numbers.below(count);
            profile.follows = Some(followee).filter(|other| *other != id).into_iter().collect();
        }
    }
    spec
}

#[test]
fn what_is_written_is_read_as_the_same_spec() {
    for spec in specs() {
        assert_eq!(reread(&spec), spec);
        let mut numbers = Numbers(u64::from(spec.time.total_hours));
        for _ in 0..50 {
            let varied = varied(&spec, &mut numbers);
            varied.check().unwrap();
            assert_eq!(reread(&varied), varied);
        }
    }
}

#[test]
fn profiles_are_in_the_order_of_the_agents_and_have_what_pages_show() {
    let spec = &specs()[1];
    for platform in Platform::ALL {
        let rows = serde_json::to_value(prepared::profiles(spec, platform)).unwrap();
        let rows = rows.as_array().unwrap();
        assert_eq!(rows.len(), spec.agents.len());
        for (index, row) in rows.iter().enumerate() {
            assert_eq!(row["user_id"], index);
            for shown in ["username", "name", "bio", "persona", "gender", "mbti", "country"] {
                assert!(row[shown].is_string(), "{shown} of {row}");
            }
            assert_eq!(row["user_char"].is_string(), platform == Platform::Twitter);
        }
    }
    let twitter = Spec { reddit: None, ..spec.clone() };
    assert!(prepared::profiles(&twitter, Platform::Reddit).is_empty());
    assert_eq!(prepared::reddit_json(&twitter), None);
}
