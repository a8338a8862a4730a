//! The profiles of a folder by themselves, for whoever writes the configuration.

use std::path::Path;

use contract::problem::{Problem, Problems};
use contract::spec::Profile;

use crate::findings::Findings;
use crate::{Files, Limits, REDDIT_FILE, TWITTER_FILE, YAML_FILE, folder, reddit, twitter};

/// The people of a folder; at least one, and as many in both files where there are both.
#[derive(Clone, Debug)]
pub struct People {
    /// What was read; the configuration is empty, whether or not there is one.
    pub files: Files,
    /// Of `twitter_profiles.csv`, if it is there.
    pub twitter: Option<Vec<Profile>>,
    /// Of `reddit_profiles.json`, if it is there.
    pub reddit: Option<Vec<Profile>>,
    /// What somebody may want to know about how they were read, one sentence each.
    pub notes: Vec<String>,
}

impl People {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.twitter.as_ref().or(self.reddit.as_ref()).map_or(0, Vec::len)
    }
}

/// Reads the profile files of a folder, whatever its configuration. A folder with
/// `simulation.yaml` has a configuration that no other file may stand beside.
///
/// # Errors
/// Everything that is wrong with the files, or, once they can be read, with what is in them.
pub fn read_people(path: &Path, limits: &Limits) -> Result<People, Problems> {
    folder::check_folder(path)?;
    if folder::is_there(path, YAML_FILE) {
        let expected = "profiles alone (`shoal run FOLDER` plays it as it is; nothing else may \
                        configure the same folder, so move it away to begin anew)";
        return Err(Problem::new(YAML_FILE, "a whole simulation", expected).into());
    }
    let twitter = folder::read_file(path, TWITTER_FILE, limits);
    let reddit = folder::read_file(path, REDDIT_FILE, limits);
    let files = match (twitter, reddit) {
        (Ok(twitter_profiles), Ok(reddit_profiles)) => {
            Files { twitter_profiles, reddit_profiles, ..Files::default() }
        }
        (twitter, reddit) => {
            let problems = [twitter.err(), reddit.err()].into_iter().flatten().collect();
            return Problems::none_or(problems, None);
        }
    };
    let mut findings = Findings::default();
    let bytes = files.twitter_profiles.as_deref();
    let twitter = bytes.map(|bytes| twitter::read(bytes, None, limits, &mut findings));
    let bytes = files.reddit_profiles.as_deref();
    let reddit = bytes.map(|bytes| reddit::read(bytes, None, limits, &mut findings));
    // Where something is wrong already, the numbers of profiles may be for that reason.
    if findings.problems.is_empty() {
        let counts = [twitter.as_ref().map(Vec::len), reddit.as_ref().map(Vec::len)];
        findings.problems.extend(miscounted(&path.display().to_string(), counts));
    }
    let ((files, twitter, reddit), notes) = findings.close(Some((files, twitter, reddit)))?;
    Ok(People { files, twitter, reddit, notes })
}

/// What is wrong with the numbers of profiles.
fn miscounted(folder: &str, counts: [Option<usize>; 2]) -> Option<Problem> {
    let at_least_one = |file| Some(Problem::new(file, "no profiles", "at least one"));
    match counts {
        [None, None] => {
            let expected = format!("{TWITTER_FILE}, {REDDIT_FILE} or both");
            Some(Problem::new(folder, "no profiles", &expected))
        }
        [Some(0), _] => at_least_one(TWITTER_FILE),
        [_, Some(0)] => at_least_one(REDDIT_FILE),
        [Some(twitter), Some(reddit)] if twitter != reddit => {
            let expected = format!("{twitter}, the same people row by row as in {TWITTER_FILE}");
            Some(Problem::new(REDDIT_FILE, format!("{reddit} profiles"), &expected))
        }
        _ => None,
    }
}
