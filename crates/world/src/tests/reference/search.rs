//! Words, and what is found by them.

use std::cmp::Reverse;
use std::ops::RangeInclusive;
use std::string::String;
use std::vec::Vec;

use super::Reference;
use super::rows::{Kind, stands};
use crate::Failure;

impl Reference {
    pub(super) fn search_posts(&self, reader: u32, query: &str) -> Result<Vec<u32>, Failure> {
        let query = query_words(query)?;
        let window = self.post_ids().rev().take(8_192);
        let found = window.filter(|&id| {
            let post = self.post(id);
            !matches!(post.kind, Kind::Repost(_))
                && !stands(&self.mutes, reader, post.author)
                && matches_all(&query, &[&post.content])
        });
        Ok(found.take(10).collect())
    }

    pub(super) fn search_user(&self, query: &str) -> Result<Vec<u32>, Failure> {
        let query = query_words(query)?;
        let mut users = self.agents();
        users.retain(|&user| {
            let profile = &self.setup.agents[user as usize];
            matches_all(&query, &[&profile.name, &profile.user_name, &profile.bio])
        });
        users.sort_by_key(|&user| (Reverse(self.followers(user)), user));
        users.truncate(10);
        Ok(users)
    }

    pub(super) fn trend(&self, reader: u32) -> Vec<u32> {
        let counters = self.counters();
        let mut posts: Vec<u32> = self.ranking.iter().take(100).copied().collect();
        posts.retain(|&post| {
            self.age(post) <= 10_080 && !stands(&self.mutes, reader, self.post(post).author)
        });
        posts.sort_by_key(|&post| (Reverse(counters[post as usize - 1].likes), post));
        posts.truncate(5);
        posts
    }

    pub(super) fn followers(&self, user: u32) -> usize {
        self.follows.iter().filter(|link| link.target == user && link.stands).count()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Han,
    Other,
}

fn query_words(query: &str) -> Result<Vec<(Script, String)>, Failure> {
    if query.len() > 10_240 {
        return Err(Failure::LongText);
    }
    let words = words(query);
    if words.is_empty() { Err(Failure::EmptyQuery) } else { Ok(words) }
}

/// Whether every word of a query occurs in one of the texts.
fn matches_all(query: &[(Script, String)], texts: &[&str]) -> bool {
    let said: Vec<(Script, String)> = texts.iter().flat_map(|text| words(text)).collect();
    query.iter().all(|(script, wanted)| {
        said.iter().any(|(other, word)| match script {
            Script::Han => other == script && word.contains(wanted),
            Script::Other => other == script && word == wanted,
        })
    })
}

/// The runs of Han characters and the runs of other letters and digits.
fn words(text: &str) -> Vec<(Script, String)> {
    let mut words: Vec<(Script, String)> = Vec::new();
    let mut last = None;
    for character in text.chars() {
        let script = script(character);
        if let Some(script) = script {
            if last != Some(script) {
                words.push((script, String::new()));
            }
            let (_, word) = words.last_mut().expect("one was begun");
            word.push(character.to_ascii_lowercase());
        }
        last = script;
    }
    words
}

fn script(character: char) -> Option<Script> {
    let han = [
        0x3005..=0x3007,
        0x3041..=0x309f,
        0x30a1..=0x30fa,
        0x30fc..=0x30ff,
        0x3400..=0x4dbf,
        0x4e00..=0x9fff,
        0xf900..=0xfaff,
        0xff66..=0xff9f,
        0x20000..=0x323af,
    ];
    let signs = [
        0x80..=0xbf,
        0xd7..=0xd7,
        0xf7..=0xf7,
        0x2000..=0x2bff,
        0x2e00..=0x303f,
        0x30a0..=0x30a0,
        0x30fb..=0x30fb,
        0xfe00..=0xfe4f,
        0xff00..=0xff0f,
        0xff1a..=0xff20,
        0xff3b..=0xff40,
        0xff5b..=0xff65,
        0x1f000..=0x1faff,
    ];
    let is_one_of = |ranges: &[RangeInclusive<u32>]| {
        ranges.iter().any(|range| range.contains(&u32::from(character)))
    };
    if is_one_of(&han) {
        Some(Script::Han)
    } else if is_one_of(&signs) || character.is_ascii() && !character.is_ascii_alphanumeric() {
        None
    } else {
        Some(Script::Other)
    }
}
