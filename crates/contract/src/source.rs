//! What a world listens to: another world, whose posts of a round enter it in the next one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::door::Object;
use crate::id::{InvalidId, RunId};
use crate::subject::Platform;

/// The most sources of one run.
pub const MAX_SOURCES: usize = 16;

/// The most posts that a source may bring in a round.
pub const MAX_POSTS: u32 = 1000;

/// The posts that a source brings in a round at most, where nothing is said.
pub const DEFAULT_POSTS: u32 = 32;

/// A world that another one listens to. What its agents post in round `r` is posted in that other
/// one in round `r + 1`, which waits for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Source {
    /// The run that is listened to; absent: this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// Which of its worlds.
    pub platform: Platform,
    /// The world of this run that its posts enter.
    pub into: Platform,
    /// The agent that posts them there; absent: the one with the id of their author.
    #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
    pub speaker: Option<u32>,
    /// Posts of a round at most, the first ones.
    pub most: u32,
}

impl Source {
    /// Reads a source at a door, reporting all that is wrong.
    pub(crate) fn read(object: &Object<'_>) -> Option<Source> {
        object.refuse_unknown(&["run", "platform", "into", "as", "most"]);
        object.require("platform", "twitter or reddit");
        let platform = |key| object.parsed(key, |text| text.parse().map_err(|_: String| either()));
        let run = object.parsed("run", |text| {
            text.parse().map_err(|error: InvalidId| error.expected().to_owned())
        });
        let speaker = object.u32("as", 0..=u32::MAX);
        let most = object.u32("most", 1..=MAX_POSTS).unwrap_or(DEFAULT_POSTS);
        let (into, platform) = (platform("into"), platform("platform")?);
        let is_own = object.get("run").is_none();
        if is_own && into == Some(platform) {
            let found = format!("{platform}, which is the world that is listened to");
            object.report("into", found, "the other world of this run, or the run of the source");
        }
        let into = into.unwrap_or_else(|| usual(is_own, platform));
        Some(Source { run, platform, into, speaker, most })
    }
}

/// Where posts go if nobody says so: into the world of the same kind, or the other one of one run.
fn usual(is_own: bool, platform: Platform) -> Platform {
    if is_own { platform.other() } else { platform }
}

fn either() -> String {
    "twitter or reddit".to_owned()
}

/// As a person writes it: `[RUN.]PLATFORM[:INTO][@AGENT]`, e.g. `twitter`, `market-3.twitter@7`.
impl FromStr for Source {
    type Err = String;
    /// The error's text is what is wrong.
    fn from_str(text: &str) -> Result<Source, String> {
        let (rest, speaker) = match text.split_once('@') {
            Some((rest, agent)) => {
                let agent = agent.parse().map_err(|_| format!("{agent:?} is no agent's number"))?;
                (rest, Some(agent))
            }
            None => (text, None),
        };
        let platform =
            |word: &str| word.parse().map_err(|_: String| format!("{word:?} is not {}", either()));
        let (world, into) = match rest.split_once(':') {
            Some((world, into)) => (world, Some(platform(into)?)),
            None => (rest, None),
        };
        let (run, word) = match world.split_once('.') {
            Some((run, word)) => {
                let id = run.parse().map_err(|error: InvalidId| {
                    format!("{run:?} is no run's name, which is {}", error.expected())
                })?;
                (Some(id), word)
            }
            None => (None, world),
        };
        let platform = platform(word)?;
        if run.is_none() && into == Some(platform) {
            return Err(format!("the {platform} world of a run cannot listen to itself"));
        }
        let into = into.unwrap_or_else(|| usual(run.is_none(), platform));
        Ok(Source { run, platform, into, speaker, most: DEFAULT_POSTS })
    }
}

/// The world that is listened to: `market-3.twitter`, or `twitter` of the same run.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.run {
            Some(run) => write!(f, "{run}.{}", self.platform),
            None => write!(f, "{}", self.platform),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::door::Door;
    use serde_json::{Value, json};

    fn read(value: Value) -> Result<Source, String> {
        let door = Door::of_message();
        let source = door.root(&value).and_then(|root| Source::read(&root));
        door.close(source).map_err(|problems| problems.to_string())
    }

    #[test]
    fn a_source_is_read_alike_from_a_word_and_from_json() {
        let (twitter, reddit) = (Platform::Twitter, Platform::Reddit);
        let source = |run: &str, platform, into, speaker| Source {
            run: run.parse().ok(),
            platform,
            into,
            speaker,
            most: DEFAULT_POSTS,
        };
        let table = [
            ("twitter", json!({"platform": "twitter"}), source("", twitter, reddit, None)),
            (
                "reddit:twitter",
                json!({"platform": "reddit", "into": "twitter"}),
                source("", reddit, twitter, None),
            ),
            (
                "market-3.reddit",
                json!({"run": "market-3", "platform": "reddit"}),
                source("market-3", reddit, reddit, None),
            ),
            (
                "market-3.twitter:reddit@7",
                json!({"run": "market-3", "platform": "twitter", "into": "reddit", "as": 7}),
                source("market-3", twitter, reddit, Some(7)),
            ),
        ];
        for (word, json, expected) in table {
            assert_eq!(word.parse(), Ok(expected.clone()), "{word}");
            assert_eq!(read(json).as_ref(), Ok(&expected));
            let written = serde_json::to_value(&expected).unwrap();
            assert_eq!(read(written).as_ref(), Ok(&expected), "what is written is read");
            let name = word.split([':', '@']).next().unwrap();
            assert_eq!(expected.to_string(), name);
        }
    }

    #[test]
    fn what_is_no_source_is_refused_in_words() {
        for (word, why) in [
            ("", "\"\" is not twitter or reddit"),
            ("myspace", "\"myspace\" is not twitter or reddit"),
            ("twitter:twitter", "the twitter world of a run cannot listen to itself"),
            ("twitter@me", "\"me\" is no agent's number"),
            ("twitter@-1", "\"-1\" is no agent's number"),
        ] {
            assert_eq!(word.parse::<Source>(), Err(why.to_owned()), "{word}");
        }
        assert!("../x.twitter".parse::<Source>().unwrap_err().contains("is no run's name"));
        let problems = read(json!({
            "run": "Market", "platform": "myspace", "into": 3, "as": -1, "most": 0, "limit": 4
        }));
        let problems = problems.unwrap_err();
        for place in ["/limit", "/run", "/platform", "/into", "/as", "/most"] {
            assert!(problems.contains(&format!("{place}: ")), "{place} in {problems}");
        }
        let itself = read(json!({"platform": "twitter", "into": "twitter"})).unwrap_err();
        assert!(itself.starts_with("/into: found twitter, which is the world"), "{itself}");
    }
}
