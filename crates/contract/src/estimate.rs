//! How often a run will ask language models: what its settings let one expect, before it begins.
//! Pure, in whole numbers.

use std::collections::BTreeMap;

use crate::options::RunOptions;
use crate::spec::{AgentSpec, MILLION, Spec, TimeSpec};
use crate::subject::Platform;

const MINUTES_PER_DAY: u64 = 24 * 60;

/// Steps up to which the agents of an hour are counted out; beyond them there are so many that
/// chance moves them by less than a hundredth.
const MOST_STEPS: u64 = 20_000_000;

/// What one stands for in chances.
const ONE: u64 = 1 << 40;

/// What is to be expected of all rounds of a run. Round 0 has no decisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// The rounds of each hour of the day that has some.
    pub hours: Vec<HourEstimate>,
}

/// The rounds of one hour of the day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HourEstimate {
    /// The hour, 0 to 23.
    pub hour: u8,
    /// How many rounds begin in it.
    pub rounds: u64,
    /// Who is asked in one of them.
    pub asked: BTreeMap<Asked, u64>,
}

/// Whom agents of a world ask. The values beside it are millionths of a decision.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    /// The world.
    pub platform: Platform,
    /// The endpoint.
    pub endpoint: String,
    /// One of its models; `None`: its first.
    pub model: Option<String>,
}

impl Estimate {
    /// What `options` let one expect of a run of `spec`.
    pub fn of(spec: &Spec, options: &RunOptions) -> Estimate {
        let hours = rounds_by_hour(&spec.time, options.rounds);
        let hours = hours.into_iter().map(|(hour, rounds)| {
            let asked = asked_in(spec, options, hour);
            HourEstimate { hour, rounds, asked }
        });
        Estimate { hours: hours.collect() }
    }

    /// Millionths of a decision in all rounds, by whom is asked.
    pub fn in_all(&self) -> BTreeMap<Asked, u64> {
        let mut sums: BTreeMap<Asked, u64> = BTreeMap::new();
        for hour in &self.hours {
            for (asked, decisions) in &hour.asked {
                let all = decisions.saturating_mul(hour.rounds);
                let sum = sums.entry(asked.clone()).or_default();
                *sum = sum.saturating_add(all);
            }
        }
        sums
    }
}

impl HourEstimate {
    /// Millionths of a decision in one round, of all worlds.
    pub fn in_a_round(&self) -> u64 {
        self.asked.values().fold(0, |sum, decisions| sum.saturating_add(*decisions))
    }
}

/// How many of the rounds 1 to `rounds` begin in each hour of the day.
fn rounds_by_hour(time: &TimeSpec, rounds: u32) -> BTreeMap<u8, u64> {
    let since_midnight = time.start_time.milliseconds() - time.start_time.midnight().milliseconds();
    let start = u64::try_from(since_midnight / 60_000).unwrap_or(0);
    let mut hours = BTreeMap::new();
    // After so many rounds it is the same time of the day again.
    for first in 1..=MINUTES_PER_DAY.min(u64::from(rounds)) {
        let minute = (start + first * u64::from(time.minutes_per_round)) % MINUTES_PER_DAY;
        let hour = u8::try_from(minute / 60).unwrap_or(0);
        *hours.entry(hour).or_default() += (u64::from(rounds) - first) / MINUTES_PER_DAY + 1;
    }
    hours
}

fn asked_in(spec: &Spec, options: &RunOptions, hour: u8) -> BTreeMap<Asked, u64> {
    let Some(llm) = &options.llm else { return BTreeMap::new() };
    let awake: Vec<&AgentSpec> =
        spec.agents.iter().filter(|agent| chance(agent, hour) > 0).collect();
    let all: u64 = awake.iter().map(|agent| u64::from(chance(agent, hour))).sum();
    let active = active(spec, hour);
    let mut asked = BTreeMap::new();
    for platform in &options.platforms {
        let mut chances: BTreeMap<Asked, u64> = BTreeMap::new();
        for agent in &awake {
            let Some(rule) = llm.of(*platform, agent) else { continue };
            let (endpoint, model) = (rule.endpoint.clone(), rule.model.clone());
            *chances.entry(Asked { platform: *platform, endpoint, model }).or_default() +=
                u64::from(chance(agent, hour));
        }
        // Whoever is awake is active by the same chance.
        asked.extend(chances.into_iter().map(|(asked, part)| (asked, share(active, part, all))));
    }
    asked
}

/// The chance of an agent to want to act in a round of this hour, in millionths.
fn chance(agent: &AgentSpec, hour: u8) -> u32 {
    match agent.active_hours.as_slice().contains(&hour) {
        true => agent.activity_ppm.min(MILLION),
        false => 0,
    }
}

/// `amount * part / all`, without losing any on the way.
fn share(amount: u64, part: u64, all: u64) -> u64 {
    let share = u128::from(amount) * u128::from(part) / u128::from(all.max(1));
    u64::try_from(share).unwrap_or(u64::MAX)
}

/// How many agents of each world are active in a round that begins in this hour, as a mean, in
/// millionths: those who want to act, but no more than act in a round.
pub fn active(spec: &Spec, hour: u8) -> u64 {
    let chances: Vec<u32> =
        spec.agents.iter().map(|agent| chance(agent, hour)).filter(|chance| *chance > 0).collect();
    let crowd = Crowd::of(&spec.time, hour);
    let most = crowd.most.div_ceil(u64::from(MILLION)).min(chances.len() as u64);
    let wanting = chances.iter().map(|chance| u64::from(*chance)).sum::<u64>();
    if most * chances.len() as u64 > MOST_STEPS {
        return wanting.min(u64::midpoint(crowd.least, crowd.most));
    }
    // The mean of the smaller of two numbers: the chances that both have 1, both have 2, and so on.
    let mut fewer = 0;
    let mut active: u128 = 0;
    for (number, exactly) in (1..=most).zip(exactly(&chances, most)) {
        fewer += exactly;
        active += u128::from(ONE.saturating_sub(fewer)) * u128::from(crowd.has(number));
    }
    u64::try_from(active / u128::from(ONE)).unwrap_or(u64::MAX)
}

/// The chances that exactly 0, 1, 2, .. fewer than `most` agents want to act.
fn exactly(chances: &[u32], most: u64) -> Vec<u64> {
    let mut exactly = vec![0; usize::try_from(most).unwrap_or(usize::MAX)];
    if let Some(none) = exactly.first_mut() {
        *none = ONE;
    }
    let million = u64::from(MILLION);
    for chance in chances {
        let chance = u64::from(*chance);
        for number in (0..exactly.len()).rev() {
            let one_fewer = if number == 0 { 0 } else { exactly[number - 1] };
            exactly[number] = (exactly[number] * (million - chance) + one_fewer * chance) / million;
        }
    }
    exactly
}

/// How many agents act in a round at most: evenly between two numbers, in millionths, the rest of
/// which is a chance.
#[derive(Clone, Copy, Debug)]
struct Crowd {
    least: u64,
    most: u64,
}

impl Crowd {
    fn of(time: &TimeSpec, hour: u8) -> Crowd {
        let hours = [
            (&time.peak_hours, time.peak_ppm),
            (&time.off_peak_hours, time.off_peak_ppm),
            (&time.morning_hours, time.morning_ppm),
            (&time.work_hours, time.work_ppm),
        ];
        let multiplier = hours.into_iter().find(|(hours, _)| hours.as_slice().contains(&hour));
        let multiplier = u128::from(multiplier.map_or(MILLION, |(_, ppm)| ppm));
        let of = |per_hour: u32| {
            let agents =
                u128::from(per_hour) * multiplier * u128::from(time.minutes_per_round) / 60;
            u64::try_from(agents).unwrap_or(u64::MAX)
        };
        let least = of(time.agents_per_hour_min);
        Crowd { least, most: of(time.agents_per_hour_max).max(least) }
    }

    /// The chance that it has `number` or more, in millionths.
    fn has(self, number: u64) -> u64 {
        let million = u128::from(MILLION);
        let begins = u128::from(number - 1) * million;
        let reached = |crowd: u64| u128::from(crowd).saturating_sub(begins);
        // Of a crowd that is `reached` it has the number by that chance, and no more than surely.
        let up_to = |crowd: u64| match reached(crowd) {
            some if some <= million => some * some / 2,
            more => million * million / 2 + (more - million) * million,
        };
        let chance = match self.most - self.least {
            0 => reached(self.least).min(million),
            span => (up_to(self.most) - up_to(self.least)) / u128::from(span),
        };
        u64::try_from(chance).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::{DECISION_SECONDS, LlmOptions, ROUND_SECONDS};
    use crate::options::RequestedOptions;
    use crate::spec::Hours;
    use crate::spec::check::tests::sound;

    /// So many agents, awake at 8 and 9 by a chance; so many act in an hour; rounds of an hour.
    fn spec(agents: u32, chance: u32, least: u32, most: u32) -> Spec {
        let mut spec = sound();
        let hours = |hours: &[u8]| Hours::try_from(hours.to_vec()).unwrap();
        let agent = AgentSpec {
            activity_ppm: chance,
            active_hours: hours(&[8, 9]),
            ..spec.agents[0].clone()
        };
        let numbered = |agent_id| AgentSpec { agent_id, ..agent.clone() };
        spec.agents = (0..agents).map(numbered).collect();
        let time = &mut spec.time;
        (time.agents_per_hour_min, time.agents_per_hour_max) = (least, most);
        (time.minutes_per_round, time.total_hours) = (60, 24);
        (time.peak_hours, time.peak_ppm) = (hours(&[9]), 2 * MILLION);
        spec
    }

    fn expected(rules: &[&str], spec: &Spec) -> Estimate {
        let rules = rules.iter().map(|rule| rule.parse().unwrap()).collect();
        let llm =
            LlmOptions { rules, decision_seconds: DECISION_SECONDS, round_seconds: ROUND_SECONDS };
        let requested = RequestedOptions { llm: Some(llm), ..RequestedOptions::default() };
        Estimate::of(spec, &requested.resolve(spec).unwrap())
    }

    #[test]
    fn those_who_want_to_act_and_the_crowd_bound_each_other() {
        const M: u64 = MILLION as u64;
        let near = |found: u64, expected: u64| found.abs_diff(expected) <= 3;
        for ((agents, chance, least, most), expected) in [
            // All want to act, and few may; at nine o'clock twice as many.
            ((10, MILLION, 3, 3), [3 * M, 6 * M]),
            ((10, MILLION, 2, 4), [3 * M, 6 * M]),
            ((4, MILLION, 3, 3), [3 * M, 4 * M]),
            // All may act, and some want to.
            ((10, 300_000, 50, 50), [3 * M, 3 * M]),
            // One of two who want to by the same chance: at least one wants in 3 of 4 cases.
            ((2, 500_000, 1, 1), [750_000, M]),
            // Nobody, or one: by a half, of a crowd from nobody to one, which is one by a half.
            ((1, 500_000, 0, 1), [250_000, 375_000]),
            ((3, 0, 5, 5), [0, 0]),
        ] {
            let spec = spec(agents, chance, least, most);
            let found = [8, 9].map(|hour| active(&spec, hour));
            let is_near = found.into_iter().zip(expected).all(|(a, b)| near(a, b));
            assert!(is_near, "{agents} by {chance}, {least} to {most}: {found:?}");
            assert_eq!(active(&spec, 10), 0, "nobody is awake");
        }
    }

    #[test]
    fn so_many_agents_that_nobody_counts_are_expected_as_they_are_on_the_way_there() {
        let counted = spec(4_000, 250_000, 1_000, 1_000);
        let many = spec(40_000, 250_000, 10_000, 10_000);
        let (counted, many) = (active(&counted, 8), active(&many, 8));
        assert_eq!(many, 10_000 * u64::from(MILLION));
        // Chance takes the more of them the closer the two are: here most of all, and little.
        assert!((980_000_000..1_000_000_000).contains(&counted), "{counted}");
    }

    #[test]
    fn each_endpoint_is_asked_by_those_who_ask_it() {
        let spec = spec(10, MILLION, 5, 5);
        let estimate = expected(&["main", ":0,1=boost/large", ":2=builtin"], &spec);
        let asked = |endpoint: &str, model: Option<&str>| Asked {
            platform: Platform::Twitter,
            endpoint: endpoint.to_owned(),
            model: model.map(str::to_owned),
        };
        // 5 of 10 at eight, all at nine.
        let expected = BTreeMap::from([
            (asked("boost", Some("large")), 3_000_000),
            (asked("main", None), 10_500_000),
        ]);
        assert_eq!(estimate.in_all(), expected);
        let rounds: u64 = estimate.hours.iter().map(|hour| hour.rounds).sum();
        assert_eq!(rounds, 24);
        let busiest = estimate.hours.iter().max_by_key(|hour| hour.in_a_round()).unwrap();
        assert_eq!((busiest.hour, busiest.in_a_round()), (9, 9_000_000));
    }

    #[test]
    fn rounds_fall_into_hours_over_days() {
        let mut time = spec(1, 1, 1, 1).time;
        time.start_time = "2026-01-01T22:30:00Z".parse().unwrap();
        assert_eq!(rounds_by_hour(&time, 3), BTreeMap::from([(23, 1), (0, 1), (1, 1)]));
        let week = rounds_by_hour(&time, 7 * 24);
        assert_eq!((week.len(), week.values().sum::<u64>()), (24, 7 * 24));
        assert!(week.values().all(|rounds| *rounds == 7));
        time.minutes_per_round = 7;
        let long = rounds_by_hour(&time, u32::MAX);
        assert_eq!(long.values().sum::<u64>(), u64::from(u32::MAX));
        assert_eq!(rounds_by_hour(&time, 0), BTreeMap::new());
    }

    #[test]
    fn where_nobody_asks_nothing_is_expected() {
        let spec = spec(10, MILLION, 5, 5);
        assert!(expected(&["builtin"], &spec).in_all().is_empty());
        let options = RequestedOptions::default().resolve(&spec).unwrap();
        assert!(Estimate::of(&spec, &options).in_all().is_empty());
    }
}
