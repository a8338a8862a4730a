//! The configuration of some people, before it is written.

use std::collections::BTreeMap;
use std::path::PathBuf;

use contract::id::SimulationId;
use contract::problem::shorten;
use contract::spec::{AgentSpec, Profile, Stance};
use contract::subject::Platform;
use intake::People;

use super::kinds::kind_of;
use super::topics::{Source, hot_topics};
use super::{Configured, Wishes};
use crate::character::{Kind, crowd};
use crate::config::{Head, Tail, write_agent, write_head, write_tail};
use crate::random::{Dice, Purpose};

/// Who of twenty takes which side.
const LOTS: [(Stance, usize); 4] =
    [(Stance::Supportive, 6), (Stance::Opposing, 6), (Stance::Neutral, 5), (Stance::Observer, 3)];

/// For each doubling of the followers, in millionths.
const PER_DOUBLING: u32 = 400_000;

const REASONING: &str = "\
Written by rule from the profiles. | Rates and hours follow the entity type and vary by agent. | \
Stances are by lot: nobody's words were read for them. | Edit what you know better.";

/// A configuration of some people.
#[derive(Debug)]
pub(super) struct Draft {
    id: SimulationId,
    hours: u32,
    minutes_per_round: u32,
    agents: Vec<AgentSpec>,
    kinds: Vec<Kind>,
    platforms: Vec<Platform>,
    hot_topics: Vec<String>,
    topics_from: Source,
    opening: (u32, String),
}

impl Draft {
    pub(super) fn of(people: &People, id: &SimulationId, wishes: &Wishes) -> Draft {
        let profiles: Vec<&Profile> = main_profiles(people);
        let (hot_topics, topics_from) = hot_topics(&wishes.topics, &profiles);
        let kinds: Vec<Kind> =
            profiles.iter().map(|profile| kind_of(&profile.name, profile)).collect();
        let agents = agents(&profiles, &kinds, &followers(people));
        let opener = opener(&agents);
        let profile = profiles[opener.agent_id as usize];
        let text = question(hot_topics.first().map(String::as_str), profile);
        let opening = (opener.agent_id, text);
        let has = |platform: &Platform| match platform {
            Platform::Twitter => people.twitter.is_some(),
            Platform::Reddit => people.reddit.is_some(),
        };
        Draft {
            id: id.clone(),
            hours: wishes.hours,
            minutes_per_round: wishes.minutes_per_round,
            agents,
            kinds,
            platforms: Platform::ALL.into_iter().filter(has).collect(),
            hot_topics,
            topics_from,
            opening,
        }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let requirement = match self.hot_topics.first() {
            Some(topic) => format!("How does opinion on {topic} move in {} hours?", self.hours),
            None => String::new(),
        };
        let head = Head {
            simulation_id: self.id.as_str(),
            requirement: &requirement,
            hours: self.hours,
            minutes_per_round: self.minutes_per_round,
            agents_per_hour: crowd(self.count()),
        };
        let tail = Tail {
            opening_posts: vec![self.opening.clone()],
            hot_topics: &self.hot_topics,
            narrative_direction: "",
            platforms: &self.platforms,
            reasoning: REASONING,
        };
        let mut bytes = Vec::new();
        write_head(&mut bytes, &head)
            .and_then(|()| self.agents.iter().try_for_each(|it| write_agent(&mut bytes, it)))
            .and_then(|()| write_tail(&mut bytes, &tail))
            .expect("memory takes all that is written to it");
        bytes
    }

    /// What is to be told of it.
    pub(super) fn decided(
        self,
        file: PathBuf,
        simulation_id: SimulationId,
        rounds: u32,
        notes: Vec<String>,
    ) -> Configured {
        let (author, text) = &self.opening;
        let name = self.agents[*author as usize].name.clone();
        Configured {
            file,
            simulation_id,
            agents: self.count(),
            rounds,
            agents_per_hour: crowd(self.count()),
            kinds: tally(self.kinds.iter().map(|kind| kind.entity_type())),
            stances: tally(self.agents.iter().map(|agent| agent.stance.as_str())),
            opening: (*author, name, text.clone()),
            platforms: self.platforms,
            hot_topics: self.hot_topics,
            topics_from: self.topics_from,
            notes,
        }
    }

    fn count(&self) -> u32 {
        u32::try_from(self.agents.len()).expect("intake limits the number of profiles")
    }
}

/// The profiles that say more: Reddit's, where there are any.
fn main_profiles(people: &People) -> Vec<&Profile> {
    people.reddit.iter().chain(&people.twitter).next().into_iter().flatten().collect()
}

/// By agent: how many follow it, on the platform where more do.
fn followers(people: &People) -> Vec<u32> {
    let mut most = vec![0; people.count()];
    for profiles in [&people.twitter, &people.reddit].into_iter().flatten() {
        let mut followers = vec![0_u32; people.count()];
        for followee in profiles.iter().flat_map(|profile| &profile.follows) {
            followers[*followee as usize] += 1;
        }
        for (most, here) in most.iter_mut().zip(followers) {
            *most = (*most).max(here);
        }
    }
    most
}

fn agents(profiles: &[&Profile], kinds: &[Kind], followers: &[u32]) -> Vec<AgentSpec> {
    // A handle may occur twice, a place may not.
    let dice: Vec<Dice> = (0..)
        .zip(profiles)
        .map(|(id, profile)| Dice::of_text(&profile.user_name).member(id))
        .collect();
    let stances = stances(kinds, &dice);
    let agent = |(id, profile): (u32, &&Profile)| {
        let at = id as usize;
        let name = profile.name.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut agent = kinds[at].behave(id, name, stances[at], dice[at]);
        agent.influence_ppm += PER_DOUBLING * (followers[at] + 1).ilog2();
        agent
    };
    (0..).zip(profiles).map(agent).collect()
}

/// The press observes; of the others as many as [`LOTS`] says take each side, whoever that is.
fn stances(kinds: &[Kind], dice: &[Dice]) -> Vec<Stance> {
    let is_press = |kind: Kind| matches!(kind, Kind::Media | Kind::Journalist);
    let mut order: Vec<usize> = (0..kinds.len()).filter(|at| !is_press(kinds[*at])).collect();
    order.sort_by_key(|at| dice[*at].value(Purpose::Stance, 0));
    let mut stances = vec![Stance::Observer; kinds.len()];
    for (at, stance) in order.into_iter().zip(sides().into_iter().cycle()) {
        stances[at] = stance;
    }
    stances
}

/// Twenty lots, each side spread over them, so that few agents are on all sides, too.
fn sides() -> Vec<Stance> {
    let all: usize = LOTS.iter().map(|(_, lots)| lots).sum();
    let spread = |(stance, lots): (Stance, usize)| {
        (0..lots).map(move |lot| ((2 * lot + 1) * all / lots, stance))
    };
    let mut sides: Vec<(usize, Stance)> = LOTS.into_iter().flat_map(spread).collect();
    sides.sort_by_key(|(place, _)| *place);
    sides.into_iter().map(|(_, stance)| stance).collect()
}

/// The most influential, the first of equals.
fn opener(agents: &[AgentSpec]) -> &AgentSpec {
    let ranked = agents.iter().rev();
    ranked.max_by_key(|agent| agent.influence_ppm).expect("there is at least one profile")
}

/// A question in the language of who asks it.
fn question(topic: Option<&str>, profile: &Profile) -> String {
    let said = || profile.bio.chars().chain(profile.persona.chars());
    let han = said().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).count();
    // A Chinese character says about as much as three letters.
    let is_chinese = han > 0 && han * 3 >= said().filter(char::is_ascii_alphabetic).count();
    match topic.map(|topic| shorten(topic, 200)) {
        Some(topic) if is_chinese => format!("大家怎么看{topic}？想听听不同的意见。"),
        Some(topic) => format!("What do you make of this: {topic}? All sides are welcome here."),
        None if is_chinese => "今天大家最关心什么？".to_owned(),
        None => "What is on your minds today?".to_owned(),
    }
}

/// Words and how often each occurs, the most common first.
fn tally(words: impl Iterator<Item = &'static str>) -> Vec<(&'static str, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    words.for_each(|word| *counts.entry(word).or_default() += 1);
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lots_come_out_as_they_say_and_early() {
        let sides = sides();
        assert_eq!(sides.len(), 20);
        let first: std::collections::BTreeSet<&str> =
            sides[..4].iter().map(|stance| stance.as_str()).collect();
        assert!(first.len() >= 3, "{first:?}");
        let kinds = vec![Kind::Person; 200];
        let dice: Vec<Dice> = (0..200).map(|id| Dice::new(3).member(id)).collect();
        let stances = stances(&kinds, &dice);
        let counts = tally(stances.iter().map(|stance| stance.as_str()));
        assert_eq!(
            counts,
            [("opposing", 60), ("supportive", 60), ("neutral", 50), ("observer", 30)]
        );
        assert_ne!(stances[..20], stances[20..40]);
    }
}
