//! Looking things up, for the turn after: searches, the trend, another look at the feed.

use alloc::string::String;
use alloc::vec::Vec;

use super::Mind;
use super::weighing::Weighed;
use crate::act::Act;
use crate::random::Purpose;
use crate::words;

/// Likelihoods in millionths, of an agent whose feed has something for it.
const SEARCH: i64 = 25_000;
const SEARCH_USER: i64 = 10_000;
const TREND: i64 = 15_000;
const REFRESH: i64 = 60_000;
/// What a poor feed adds to each of them.
const POOR: i64 = 30_000;
/// A feed is poor in which nothing appeals as much.
const APPEALS: i64 = 270_000;

/// Draws of this module.
const DRAWS: u32 = 300;

impl Mind<'_> {
    /// At most one look at something else. Twitter's people search for what interests them;
    /// Reddit's also for each other, or they turn to what is on top.
    pub(super) fn look_up(&self, posts: &[Weighed<'_>], acts: &mut Vec<Act>) {
        let poor = posts.iter().all(|weighed| weighed.pull < APPEALS);
        let wants = |draw, ppm: i64| {
            let ppm = if poor { ppm + POOR } else { ppm };
            self.wants(Purpose::Write, DRAWS + draw, ppm)
        };
        let found = if wants(0, SEARCH) {
            self.subject().map(|query| Act::SearchPosts { query })
        } else if self.twitter {
            None
        } else if wants(1, SEARCH_USER) {
            self.somebody(posts).map(|query| Act::SearchUser { query })
        } else if wants(2, TREND) {
            Some(Act::Trend)
        } else if poor && wants(3, REFRESH) {
            Some(Act::Refresh)
        } else {
            None
        };
        acts.extend(found);
    }

    /// What the agent would like to know more about: one of its interests, or of what everybody
    /// talks about; only the longest word, since a search wants every word.
    fn subject(&self) -> Option<String> {
        let interests = &self.speaker.agent.interests;
        let topics = &self.world.settings.topics;
        let all = || interests.iter().chain(topics);
        let place = self.dice.place(Purpose::Write, DRAWS + 8, all().count());
        longest_word(all().nth(place)?)
    }

    /// Whom to look for: the author of what appeals most, or people with an interest of its own.
    fn somebody(&self, posts: &[Weighed<'_>]) -> Option<String> {
        let users = &self.world.tables.users;
        let unknown = posts.iter().filter(|weighed| {
            weighed.affinity >= 0 && !users.follows(self.id, weighed.post.author)
        });
        match unknown.max_by_key(|weighed| (weighed.pull, weighed.post.id)) {
            Some(weighed) if longest_word(weighed.post.author_name).is_some() => {
                Some(weighed.post.author_name.into())
            }
            Some(_) => None,
            None => longest_word(self.speaker.agent.interests.first()?),
        }
    }
}

/// The longest word, of several the first.
fn longest_word(text: &str) -> Option<String> {
    let words = text.split([' ', '/', '&', ',', '，', '、']);
    let longest = words.rev().max_by_key(|word| word.len())?;
    let word = |letter: char| letter.is_ascii_alphanumeric() || words::is_han(letter);
    longest.chars().any(word).then(|| longest.into())
}
