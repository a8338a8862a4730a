//! A small simulation folder that is sound, one file of which a target replaces.

use contract::problem::Problems;
use contract::spec::Spec;
use intake::{Files, Limits, read_files};

use crate::refusal_makes_sense;

/// Two agents, two worlds; its files are seeds as well.
pub fn sound() -> Files {
    Files {
        config: include_bytes!("../folder/simulation_config.json").to_vec(),
        twitter_profiles: Some(include_bytes!("../folder/twitter_profiles.csv").to_vec()),
        reddit_profiles: Some(include_bytes!("../folder/reddit_profiles.json").to_vec()),
        ..Files::default()
    }
}

/// Reads a folder. What is accepted passes its own check, and is the same spec under the same
/// digest after it was stored and read; what is not, gives what is wrong.
pub fn take_in(files: &Files) -> Option<Problems> {
    let result = read_files(files, &limits());
    refusal_makes_sense(&result);
    let intake = match result {
        Ok(intake) => intake,
        Err(problems) => return Some(problems),
    };
    assert_eq!(intake.spec.check(), Ok(()));
    let bytes = intake.spec.to_bytes();
    let stored = Spec::from_bytes(&bytes).expect("what intake makes can be stored");
    assert_eq!(stored.digest(), intake.spec.digest());
    assert_eq!(stored, intake.spec);
    None
}

/// So few that the targets reach them.
fn limits() -> Limits {
    Limits { max_agents: 50, max_rounds: 5_000, max_text_bytes: 1 << 10, ..Limits::default() }
}
