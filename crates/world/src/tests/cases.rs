//! Random worlds and what enters them; the same number always gives the same case.

use std::ops::RangeInclusive;
use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

use crate::random::{Dice, Purpose, Source};
use crate::{
    Act, Activity, Agent, Change, Clock, Decision, Event, Feed, HourSet, Inputs, Platform, Policy,
    ScheduledPost, SeedPost, Setup, Stance, Traits,
};

/// A world, and what enters it tick by tick.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) setup: Setup,
    pub(crate) inputs: Vec<Inputs>,
}

/// How large cases are.
pub(crate) struct Size {
    pub(crate) agents: RangeInclusive<u32>,
    pub(crate) ticks: RangeInclusive<u32>,
    /// Most decisions in a tick.
    pub(crate) decisions: u32,
    /// Most past posts of an agent.
    pub(crate) past_posts: u32,
}

/// What posts, queries and profiles are made of.
const WORDS: [&str; 24] = [
    "night",
    "Ferry",
    "bus 42",
    "BRAKE tests",
    "memo",
    "night-ferry",
    "don't",
    "harbour",
    "café",
    "渡轮",
    "夜间渡轮停运",
    "夜间",
    "市民",
    "フェリー",
    "よる",
    "港口日报",
    "bus渡轮42",
    "Straße",
    "brake",
    "ferry",
    "停运",
    "memo_2",
    "Ночь",
    "🚢",
];
const GAPS: [&str; 6] = [" ", ", ", "", "，", ". ", "\n"];
const ODD_TEXTS: [&str; 6] = ["", " ", "\t\n", "\u{3000}", "?!", "。"];

/// All chance of one case: draws with running numbers.
pub(crate) struct Chance {
    dice: Dice,
    drawn: u32,
}

impl Chance {
    pub(crate) fn new(seed: u64) -> Chance {
        Chance { dice: Source::new(seed, Platform::Reddit).world(0), drawn: 0 }
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        self.drawn += 1;
        self.dice.below(Purpose::React, self.drawn, bound)
    }

    fn within(&mut self, range: &RangeInclusive<u32>) -> u32 {
        range.start() + self.below(range.end() - range.start() + 1)
    }

    fn one_in(&mut self, many: u32) -> bool {
        self.below(many) == 0
    }

    fn of<T: Clone>(&mut self, list: &[T]) -> T {
        let length = u32::try_from(list.len()).expect("a short list");
        list[self.below(length) as usize].clone()
    }

    fn text(&mut self) -> String {
        let mut text = self.of(&WORDS).to_string();
        for _ in 0..self.below(6) {
            text += self.of(&GAPS);
            text += self.of(&WORDS);
        }
        text
    }

    /// A text that may be none.
    fn odd_text(&mut self) -> String {
        match self.below(24) {
            0 => self.of(&ODD_TEXTS).into(),
            1 => self.long_text(),
            _ => self.text(),
        }
    }

    /// A text as long as it may be, or a byte longer.
    fn long_text(&mut self) -> String {
        "渡".repeat(3_413) + self.of(&["a", "ab"])
    }

    fn query(&mut self) -> String {
        match self.below(24) {
            0 => self.long_text(),
            1 | 2 => self.of(&ODD_TEXTS).into(),
            3..8 => self.text(),
            _ => self.of(&WORDS).to_uppercase(),
        }
    }

    fn hours(&mut self) -> HourSet {
        if self.one_in(2) { HourSet::ALL } else { HourSet(self.below(1 << 24)) }
    }

    fn traits(&mut self) -> Traits {
        let response_delay_min = self.of(&[0, 0, 0, 1, 30, 60, 120, 1_440]);
        Traits {
            activity_ppm: self.of(&[1_000_000, 1_000_000, 700_000, 300_000, 0]),
            active_hours: self.hours(),
            posts_per_hour_ppm: self.below(2_000_000),
            comments_per_hour_ppm: self.below(2_000_000),
            sentiment_ppm: self.of(&[-700_000, 0, 500_000]),
            stance: self.of(&[
                Stance::Supportive,
                Stance::Opposing,
                Stance::Neutral,
                Stance::Observer,
            ]),
            influence_ppm: self.of(&[0, 500_000, 1_000_000, 3_333_333, 8_000_001, 1_000_000_000]),
            response_delay_min,
            response_delay_max: response_delay_min + self.of(&[0, 0, 1, 60, 600]),
        }
    }

    fn activity(&mut self, agents: u32) -> Activity {
        let agents_per_hour_min = self.below(agents + 2);
        let mut multiplier = || self.of(&[0, 333_333, 1_000_000, 2_500_000, 100_000_000]);
        let [peak_ppm, off_peak_ppm, morning_ppm, work_ppm] = [(); 4].map(|()| multiplier());
        Activity {
            agents_per_hour_min,
            agents_per_hour_max: agents_per_hour_min + self.below(agents + 2),
            peak_hours: HourSet(self.below(1 << 24) & self.below(1 << 24)),
            peak_ppm,
            off_peak_hours: HourSet(self.below(1 << 24) & self.below(1 << 24)),
            off_peak_ppm,
            morning_hours: HourSet(self.below(1 << 24)),
            morning_ppm,
            work_hours: HourSet(self.below(1 << 24)),
            work_ppm,
        }
    }

    fn feed(&mut self) -> Feed {
        let mut weight = || self.of(&[0, 100_000, 300_000, 777_777, 1_000_000]);
        let [recency_ppm, popularity_ppm, relevance_ppm, echo_chamber_ppm] =
            [(); 4].map(|()| weight());
        let viral_threshold = self.of(&[0, 1, 2, 5, 20]);
        Feed { recency_ppm, popularity_ppm, relevance_ppm, viral_threshold, echo_chamber_ppm }
    }
}

/// The case with this number; every other one is on the other platform. All of its agents decide
/// outside.
pub(crate) fn case(number: u64, size: &Size) -> Case {
    let mut chance = Chance::new(number);
    let (agents, ticks) = (chance.within(&size.agents), chance.within(&size.ticks));
    let setup = setup(&mut chance, number, agents, ticks, size.past_posts);
    let mut history = History { posts: 0, comments: 0, agents, acts: Vec::new() };
    history.posts += setup.agents.iter().map(|agent| length(&agent.past_posts)).sum::<u32>();
    history.posts += length(&setup.seed_posts) + length(&setup.scheduled);
    let inputs = (0..ticks).map(|tick| inputs(&mut chance, tick, &mut history, size)).collect();
    Case { setup, inputs }
}

fn setup(chance: &mut Chance, seed: u64, agents: u32, ticks: u32, past_posts: u32) -> Setup {
    let linked = chance.of(&[0, 1, 4, agents]);
    let post = |chance: &mut Chance| (chance.below(agents), chance.text());
    Setup {
        platform: if seed.is_multiple_of(2) { Platform::Twitter } else { Platform::Reddit },
        seed,
        clock: Clock {
            start_minute: chance.below(1_440),
            minutes_per_round: chance.of(&[1, 7, 15, 60, 60, 60, 480, 1_440]),
            planned_rounds: chance.below(50),
        },
        activity: chance.activity(agents),
        agents: (0..agents).map(|id| agent(chance, id, agents, linked, past_posts)).collect(),
        seed_posts: (0..chance.below(6))
            .map(|_| post(chance))
            .map(|(agent, content)| SeedPost { agent, content })
            .collect(),
        scheduled: (0..chance.below(5))
            .map(|_| (1 + chance.below(ticks + 1), post(chance)))
            .map(|(round, (agent, content))| ScheduledPost { round, agent, content })
            .collect(),
        topics: vec!["ferry".into()],
        narrative: String::new(),
        feed: chance.feed(),
        self_rating: chance.one_in(2),
    }
}

/// Follows about `linked` of the `agents`.
fn agent(chance: &mut Chance, id: u32, agents: u32, linked: u32, past_posts: u32) -> Agent {
    let mut follows: Vec<u32> =
        (0..agents).filter(|&user| user != id && chance.below(agents) < linked).collect();
    if chance.one_in(2) {
        follows.reverse();
    }
    Agent {
        name: format!("{} {id}", chance.of(&WORDS)),
        user_name: format!("{}{id}", chance.of(&WORDS)),
        bio: chance.odd_text(),
        persona: chance.text(),
        kind: "Person".into(),
        interests: (0..chance.below(3)).map(|_| chance.of(&WORDS).into()).collect(),
        follows,
        past_posts: (0..chance.below(past_posts + 1)).map(|_| chance.text()).collect(),
        policy: Policy::Outside,
        traits: chance.traits(),
    }
}

/// What was tried so far, and how much there is at most after it.
struct History {
    posts: u32,
    comments: u32,
    agents: u32,
    acts: Vec<Decision>,
}

fn inputs(chance: &mut Chance, tick: u32, history: &mut History, size: &Size) -> Inputs {
    let mut inputs = Inputs::quiet(tick, 0);
    if chance.one_in(4) {
        for _ in 0..=chance.below(2) {
            let (agent, content) = (chance.below(history.agents), chance.text());
            inputs.events.push(Event { agent, content });
            history.posts += 1;
        }
    }
    for _ in 0..chance.below(size.decisions + 1) {
        let decision = decision(chance, history);
        match decision.act {
            Act::CreatePost { .. } | Act::Repost { .. } | Act::QuotePost { .. } => {
                history.posts += 1;
            }
            Act::CreateComment { .. } => history.comments += 1,
            _ => {}
        }
        history.acts.push(decision.clone());
        inputs.decisions.push(decision);
    }
    while chance.one_in(5) {
        inputs.changes.push(match chance.below(7) {
            0 => Change::Activity(chance.activity(history.agents)),
            1 => Change::Feed(chance.feed()),
            2 => Change::Topics(vec![chance.text()]),
            3 => Change::Narrative(chance.text()),
            4 => Change::Seed(chance.below(1_000).into()),
            _ => Change::Traits { agent: chance.below(history.agents), traits: chance.traits() },
        });
    }
    inputs
}

/// Something new, or what was done lately once more, or its opposite.
fn decision(chance: &mut Chance, history: &History) -> Decision {
    let lately = history.acts.len().min(24);
    if lately > 0 && chance.one_in(3) {
        let Decision { agent, act } = chance.of(&history.acts[history.acts.len() - lately..]);
        return match opposite(&act) {
            Some(opposite) if !chance.one_in(4) => Decision { agent, act: opposite },
            _ => Decision { agent, act },
        };
    }
    let agent = chance.below(history.agents);
    let (post, comment) = (target(chance, history.posts), target(chance, history.comments));
    let user = target(chance, history.agents).wrapping_sub(1);
    let act = match chance.below(29) {
        0..3 => Act::CreatePost { content: chance.odd_text() },
        3 | 4 => Act::Repost { post },
        5 => Act::QuotePost { post, content: chance.odd_text() },
        6..9 => Act::LikePost { post },
        9 => Act::UnlikePost { post },
        10 => Act::DislikePost { post },
        11 => Act::UndoDislikePost { post },
        12 => Act::ReportPost { post, reason: chance.odd_text() },
        13..16 => {
            let parent = chance.one_in(2).then_some(comment);
            Act::CreateComment { post, parent, content: chance.odd_text() }
        }
        16 => Act::LikeComment { comment },
        17 => Act::UnlikeComment { comment },
        18 => Act::DislikeComment { comment },
        19 => Act::UndoDislikeComment { comment },
        20 => Act::Follow { user },
        21 => Act::Unfollow { user },
        22 => Act::Mute { user },
        23 => Act::Unmute { user },
        24 => Act::SearchPosts { query: chance.query() },
        25 => Act::SearchUser { query: chance.query() },
        26 => Act::Trend,
        27 => Act::Refresh,
        _ => Act::DoNothing,
    };
    Decision { agent, act }
}

/// An id: mostly one of `count`, often one of a few, now and then one that is not there.
fn target(chance: &mut Chance, count: u32) -> u32 {
    match chance.below(16) {
        0 => chance.of(&[0, count + 1, count + 2, u32::MAX]),
        1..6 => 1 + chance.below(count.clamp(1, 4)),
        6..11 => count - chance.below(count.min(12)),
        _ => 1 + chance.below(count),
    }
}

pub(crate) fn opposite(act: &Act) -> Option<Act> {
    Some(match *act {
        Act::LikePost { post } => Act::UnlikePost { post },
        Act::UnlikePost { post } => Act::LikePost { post },
        Act::DislikePost { post } => Act::UndoDislikePost { post },
        Act::UndoDislikePost { post } => Act::DislikePost { post },
        Act::LikeComment { comment } => Act::UnlikeComment { comment },
        Act::UnlikeComment { comment } => Act::LikeComment { comment },
        Act::DislikeComment { comment } => Act::UndoDislikeComment { comment },
        Act::UndoDislikeComment { comment } => Act::DislikeComment { comment },
        Act::Follow { user } => Act::Unfollow { user },
        Act::Unfollow { user } => Act::Follow { user },
        Act::Mute { user } => Act::Unmute { user },
        Act::Unmute { user } => Act::Mute { user },
        _ => return None,
    })
}

fn length<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).expect("a short list")
}
