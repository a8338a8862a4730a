//! What a folder's people talk about.

use std::collections::{BTreeMap, BTreeSet};

use contract::spec::Profile;

/// Topics that a configuration begins with.
const MOST: usize = 5;
/// Characters; longer ones are sentences.
const LONGEST: usize = 60;
/// Letters; shorter words are seldom about anything.
const SHORTEST_WORD: usize = 5;

/// Where topics come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Somebody said so.
    Wish,
    /// They are the most common interests.
    Interests,
    /// They are the words that most bios share.
    Bios,
    /// The profiles name none.
    Nowhere,
}

/// Words of at least [`SHORTEST_WORD`] letters that bios share without being about anything.
#[rustfmt::skip]
const COMMON: [&str; 60] = [
    "about", "account", "after", "again", "always", "another", "around", "because", "become",
    "before", "being", "between", "could", "current", "currently", "doing", "enthusiast", "every",
    "everyone", "everything", "father", "first", "former", "formerly", "found", "founder", "going",
    "great", "https", "husband", "lover", "making", "mother", "myself", "never", "often", "opinions",
    "other", "passionate", "people", "please", "proud", "really", "since", "someone", "something",
    "still", "their", "there", "these", "thing", "things", "those", "through", "tweets", "views",
    "where", "which", "world", "would",
];

/// The topics: those that are wished, or else what the profiles have most in common.
pub(super) fn hot_topics(wished: &[String], profiles: &[&Profile]) -> (Vec<String>, Source) {
    if !wished.is_empty() {
        return (wished.to_vec(), Source::Wish);
    }
    let interests = most_common(profiles.iter().map(|profile| interests(profile)), 1);
    if !interests.is_empty() {
        return (interests, Source::Interests);
    }
    // A word that is in one bio only is that agent's own.
    let words = most_common(profiles.iter().map(|profile| words(&profile.bio)), 2);
    let source = if words.is_empty() { Source::Nowhere } else { Source::Bios };
    (words, source)
}

fn interests(profile: &Profile) -> Vec<String> {
    let short = |topic: &&String| topic.chars().count() <= LONGEST;
    profile.interested_topics.iter().filter(short).cloned().collect()
}

fn words(bio: &str) -> Vec<String> {
    let words = bio.split(|c: char| !c.is_ascii_alphabetic()).map(str::to_ascii_lowercase);
    words.filter(|word| word.len() >= SHORTEST_WORD && !COMMON.contains(&&**word)).collect()
}

/// Those that most people name, each person counted once, in the letters of who names them
/// first; of equals those that are named first.
fn most_common(named: impl Iterator<Item = Vec<String>>, least: usize) -> Vec<String> {
    // By key: how many name it, who first, and how.
    let mut topics: BTreeMap<String, (usize, usize, String)> = BTreeMap::new();
    let mut place = 0;
    for person in named {
        let mut seen = BTreeSet::new();
        for topic in person {
            let key = topic.to_lowercase();
            if seen.insert(key.clone()) {
                topics.entry(key).or_insert_with(|| (0, place, topic)).0 += 1;
            }
            place += 1;
        }
    }
    let mut topics: Vec<(usize, usize, String)> = topics.into_values().collect();
    topics.retain(|(count, ..)| *count >= least);
    topics.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    topics.into_iter().take(MOST).map(|(_, _, topic)| topic).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(bio: &str, topics: &[&str]) -> Profile {
        let interested_topics = topics.iter().map(|topic| (*topic).to_owned()).collect();
        Profile { bio: bio.to_owned(), interested_topics, ..Profile::default() }
    }

    #[test]
    fn the_most_common_comes_first_and_the_wish_before_all() {
        let people = [
            profile("I love kites.", &["Kites", "kites", "Tea"]),
            profile("Kites and Sailing", &["Sailing", "tea"]),
            profile("sailing; sailing!", &["sailing", "Chess", "TEA"]),
        ];
        let people: Vec<&Profile> = people.iter().collect();
        let expected = ["Tea", "Sailing", "Kites", "Chess"].map(str::to_owned).to_vec();
        assert_eq!(hot_topics(&[], &people), (expected, Source::Interests));
        let wish = ["Rain".to_owned()];
        assert_eq!(hot_topics(&wish, &people), (wish.to_vec(), Source::Wish));
    }

    #[test]
    fn without_interests_bios_tell() {
        let people = [
            profile("I love kites and things.", &[]),
            profile("Kites and Sailing, about other things", &[]),
            profile("sailing; sailing! chess", &[]),
        ];
        let people: Vec<&Profile> = people.iter().collect();
        let expected = ["kites", "sailing"].map(str::to_owned).to_vec();
        assert_eq!(hot_topics(&[], &people), (expected, Source::Bios));
        assert_eq!(hot_topics(&[], &people[2..]), (vec![], Source::Nowhere));
    }
}
