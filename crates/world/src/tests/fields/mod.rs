//! Each field of a configuration acts in the direction that `docs/fields.md` gives: worlds that
//! differ in one field are run and compared. Nothing in here calls what is inside of a world.

mod activity;
mod builtin;
mod clock;
mod delay;
mod documented;
mod feed;
mod likeness;
mod posts;
mod profiles;
mod shown;

use std::format;
use std::string::String;
use std::vec::Vec;

use super::fixture::{PLATFORMS, crowd};
use crate::{
    Act, Decision, HourSet, Inputs, Outputs, Platform, Policy, ScheduledPost, Setup, World,
};

/// Worlds that two settings of a field are compared in.
const SEEDS: u64 = 20;

/// In how many of them a measure has to move the right way, where ties are wrong. By chance it
/// does so in 17 or more of 20 in one of 776 cases.
const AGREEING: usize = 17;

/// One million: the whole, in parts per million.
const PPM: u32 = 1_000_000;

/// Two settings of one field, all else being equal, and what they do to a measure.
struct Field {
    name: &'static str,
    platforms: &'static [Platform],
    low: fn(&mut Setup),
    high: fn(&mut Setup),
    measure: fn(Setup) -> Mean,
    /// How large the measure at the high setting is at least (above 100) or at most (below 100),
    /// in percent of that at the low setting, over all seeds.
    percent: u64,
}

impl Field {
    /// # Panics
    /// If the effect does not show on each of the platforms.
    fn check(&self) {
        self.platforms.iter().for_each(|&platform| self.check_on(platform));
    }

    fn check_on(&self, platform: Platform) {
        let run = |seed, change: fn(&mut Setup)| {
            let mut setup = base(platform, seed);
            change(&mut setup);
            (self.measure)(setup)
        };
        let seeds: Vec<(Mean, Mean)> =
            (0..SEEDS).map(|seed| (run(seed, self.low), run(seed, self.high))).collect();
        let low = seeds.iter().fold(Mean::NONE, |sum, seed| sum.and(seed.0)).millionths();
        let high = seeds.iter().fold(Mean::NONE, |sum, seed| sum.and(seed.1)).millionths();
        let rises = self.percent > 100;
        let agrees = |low: u64, high: u64| if rises { high > low } else { high < low };
        let agreeing =
            seeds.iter().filter(|(low, high)| agrees(low.millionths(), high.millionths())).count();
        let bound = low * self.percent / 100;
        let clear = if rises { high >= bound } else { high <= bound };
        let numbers: String = (0..)
            .zip(&seeds)
            .map(|(seed, (low, high)): (u32, _)| {
                format!(
                    "seed {seed}: {} {}\n",
                    decimal(low.millionths()),
                    decimal(high.millionths())
                )
            })
            .collect();
        assert!(
            clear && agreeing >= AGREEING,
            "{} on {platform:?}: {} at the low setting and {} at the high one, expected {} % of \
             that; {agreeing} of {SEEDS} seeds agree, expected {AGREEING}\n{numbers}",
            self.name,
            decimal(low),
            decimal(high),
            self.percent,
        );
    }
}

fn decimal(millionths: u64) -> String {
    format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000)
}

/// A sum of whole numbers, and how many they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mean {
    sum: u64,
    count: u64,
}

impl Mean {
    const NONE: Mean = Mean { sum: 0, count: 0 };

    /// The mean of one number.
    fn of(number: impl Into<u64>) -> Mean {
        Mean { sum: number.into(), count: 1 }
    }

    fn and(self, other: Mean) -> Mean {
        Mean { sum: self.sum + other.sum, count: self.count + other.count }
    }

    fn add(&mut self, number: impl Into<u64>) {
        *self = self.and(Mean::of(number));
    }

    fn millionths(self) -> u64 {
        assert!(self.count > 0, "nothing was measured");
        self.sum * 1_000_000 / self.count
    }
}

/// What fields are changed in: 36 agents who always want to act, 18 of whom do in each hour.
fn base(platform: Platform, seed: u64) -> Setup {
    let mut setup = crowd(platform, seed, 36);
    setup.activity.agents_per_hour_min = 18;
    setup.activity.agents_per_hour_max = 18;
    setup.activity.peak_hours = HourSet::NONE;
    setup
}

/// The same agents, who look and do nothing.
fn idle(platform: Platform, seed: u64) -> Setup {
    let mut setup = base(platform, seed);
    setup.agents.iter_mut().for_each(|agent| agent.policy = Policy::Outside);
    setup
}

/// The same agents, who look while five planned posts a round appear, whatever is shown to them.
fn still(platform: Platform, seed: u64) -> Setup {
    let mut setup = idle(platform, seed);
    plan(&mut setup, 5, |_| "There is news of the night ferry.".into());
    setup
}

/// Plans posts for the first 16 rounds, so many in each, of odd agents in turn. `text` gets the
/// number of the post.
fn plan(setup: &mut Setup, per_round: u32, text: impl Fn(u32) -> String) {
    let agents = u32::try_from(setup.agents.len()).expect("a small crowd");
    for number in 0..16 * per_round {
        let content = format!("{} ({number})", text(number));
        let (round, agent) = (number / per_round + 1, (2 * number + 1) % agents);
        setup.scheduled.push(ScheduledPost { round, agent, content });
    }
}

/// Plays one tick in which `agent` does this, decided outside.
fn decide(world: &mut World, agent: u32, acts: &[Act]) -> Outputs {
    let decided = world.decide(0..world.active());
    let decisions = acts.iter().map(|act| Decision { agent, act: act.clone() }).collect();
    let inputs = Inputs { decisions, ..Inputs::quiet(world.tick(), 0) };
    world.step(inputs, decided).expect("a valid tick")
}

/// Every platform with every seed.
fn worlds() -> impl Iterator<Item = (Platform, u64)> {
    PLATFORMS.into_iter().flat_map(|platform| (0..SEEDS).map(move |seed| (platform, seed)))
}

#[test]
#[should_panic(expected = "nothing on Twitter")]
fn a_field_without_an_effect_is_noticed() {
    Field {
        name: "nothing",
        platforms: &PLATFORMS,
        low: |_| (),
        high: |_| (),
        measure: shown::interactions,
        percent: 101,
    }
    .check();
}
