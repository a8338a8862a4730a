//! One agent of a town: who it is, what it thinks, whom it follows.

use contract::spec::{AgentSpec, Stance};

use super::follows::follows;
use super::names::{Name, name};
use super::topics::{TOPICS, Topic};
use super::town::{Community, Town};
use crate::character::Kind;
use crate::random::{Dice, Purpose};

/// All that the files say of one agent.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) spec: AgentSpec,
    pub(super) handle: String,
    pub(super) bio: String,
    pub(super) persona: String,
    pub(super) age: u32,
    pub(super) gender: &'static str,
    pub(super) mbti: &'static str,
    pub(super) country: &'static str,
    pub(super) profession: &'static str,
    pub(super) interests: [&'static str; 3],
    pub(super) follows: Vec<u32>,
}

/// For each halving of those who stand before an agent, in millionths.
const PER_HALVING: u32 = 200_000;

/// Of so many members one leads, and one more.
const MEMBERS_PER_LEADER: u32 = 50;

#[rustfmt::skip]
const LEADERS: [Kind; 10] = [
    Kind::Media, Kind::Journalist, Kind::Organization, Kind::Government, Kind::Expert, Kind::Media,
    Kind::Official, Kind::Organization, Kind::Journalist, Kind::Expert,
];
/// How many of a hundred others are what.
const OTHERS: [(Kind, u32); 6] = [
    (Kind::Person, 72),
    (Kind::Student, 15),
    (Kind::Expert, 5),
    (Kind::Official, 3),
    (Kind::Journalist, 2),
    (Kind::Organization, 3),
];
#[rustfmt::skip]
const TRADES: [&str; 24] = [
    "Nurse", "Baker", "Bus driver", "Carpenter", "Teacher", "Shopkeeper", "Gardener", "Plumber",
    "Cook", "Barber", "Electrician", "Librarian", "Accountant", "Musician", "Postman", "Tailor",
    "Fisher", "Midwife", "Photographer", "Clerk", "Welder", "Waiter", "Programmer", "Pensioner",
];
#[rustfmt::skip]
const COUNTRIES: [&str; 8] = [
    "Ireland", "Canada", "Kenya", "Portugal", "India", "Norway", "Chile", "New Zealand",
];
#[rustfmt::skip]
const MBTI: [&str; 16] = [
    "ISTJ", "ISFJ", "INFJ", "INTJ", "ISTP", "ISFP", "INFP", "INTP", "ESTP", "ESFP", "ENFP",
    "ENTP", "ESTJ", "ESFJ", "ENFJ", "ENTJ",
];
#[rustfmt::skip]
const TEMPERS: [&str; 12] = [
    "patient", "quick to laugh", "stubborn", "curious", "dry", "warm", "sceptical", "restless",
    "thorough", "blunt", "shy in person", "fond of numbers",
];

impl Town {
    /// The agent `id`.
    pub(super) fn person(&self, id: u32) -> Person {
        let (community, rank, dice) = (self.community_of(id), self.rank(id), self.dice(id));
        let kind = kind(rank, community.members, dice);
        let stance = stance(kind, community, dice);
        let Name { full, short, handle } = name(self.own_dice(), id, kind);
        let topic = community.topic;
        let profession = profession(kind, topic, dice);
        let interests = interests(topic, dice);
        let age = age(kind, dice);
        let mut spec = kind.behave(id, full, stance, dice);
        spec.influence_ppm += PER_HALVING * (community.members / (rank + 1)).max(1).ilog2();
        Person {
            bio: format!("{profession}. {}, {}.", capital(interests[1]), interests[2]),
            persona: persona(kind, short, age, stance, topic, dice),
            handle,
            age,
            gender: gender(kind, dice),
            mbti: dice.pick(Purpose::Profile, 1, &MBTI),
            country: dice.pick(Purpose::Profile, 2, &COUNTRIES),
            profession,
            interests,
            follows: follows(self, id),
            spec,
        }
    }
}

fn kind(rank: u32, members: u32, dice: Dice) -> Kind {
    if rank <= members / MEMBERS_PER_LEADER {
        return dice.pick(Purpose::Kind, 0, &LEADERS);
    }
    let mut left = dice.below(Purpose::Kind, 1, 100);
    for (kind, share) in OTHERS {
        if left < share {
            return kind;
        }
        left -= share;
    }
    Kind::Person
}

/// The press observes, others take sides as their community does.
fn stance(kind: Kind, community: &Community, dice: Dice) -> Stance {
    let percent = dice.below(Purpose::Stance, 0, 100);
    let decided = community.supportive + community.opposing;
    match kind {
        Kind::Media | Kind::Journalist => Stance::Observer,
        _ if percent < community.supportive => Stance::Supportive,
        _ if percent < decided => Stance::Opposing,
        _ if percent < decided + 20 => Stance::Neutral,
        _ => Stance::Observer,
    }
}

fn profession(kind: Kind, topic: &Topic, dice: Dice) -> &'static str {
    match kind {
        Kind::Student => "Student",
        Kind::Expert => topic.expert,
        Kind::Official => "Council official",
        Kind::Journalist => "Reporter",
        Kind::Media => "Local media",
        Kind::Government => "Public office",
        Kind::Organization => "Association",
        _ => dice.pick(Purpose::Profile, 0, &TRADES),
    }
}

/// The community's topic, something near it, and something that may be far from it.
fn interests(topic: &Topic, dice: Dice) -> [&'static str; 3] {
    let near = dice.below(Purpose::Topic, 0, 4) as usize;
    let mut any = dice.pick(Purpose::Topic, 1, &TOPICS).interests;
    any.rotate_left(dice.below(Purpose::Topic, 2, 4) as usize);
    let other = if any[0] == topic.interests[near] { any[1] } else { any[0] };
    [topic.name, topic.interests[near], other]
}

fn age(kind: Kind, dice: Dice) -> u32 {
    match kind {
        Kind::Student => 18 + dice.below(Purpose::Profile, 3, 9),
        Kind::Media | Kind::Government | Kind::Organization => 30,
        // Two draws: most are in the middle of their lives.
        _ => 20 + dice.below(Purpose::Profile, 3, 31) + dice.below(Purpose::Profile, 4, 31),
    }
}

fn gender(kind: Kind, dice: Dice) -> &'static str {
    match dice.below(Purpose::Profile, 5, 100) {
        _ if !kind.is_person() => "other",
        0..49 => "female",
        49..98 => "male",
        _ => "other",
    }
}

fn persona(kind: Kind, short: &str, age: u32, stance: Stance, topic: &Topic, dice: Dice) -> String {
    let view = match stance {
        Stance::Supportive => "Wants the",
        Stance::Opposing => "Does not want the",
        Stance::Neutral => "Is undecided about the",
        Stance::Observer => "Reports on the",
    };
    let name = topic.name;
    if kind.is_person() {
        let temper = dice.pick(Purpose::Profile, 6, &TEMPERS);
        return format!("{short}, {age}, {temper}. {view} {name}.");
    }
    format!("Speaks for the {short}. {view} {name}.")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
