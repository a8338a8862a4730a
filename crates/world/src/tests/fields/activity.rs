//! How many agents act, and when.

use std::collections::BTreeMap;
use std::vec::Vec;

use super::{Field, Mean, PPM, idle, still, worlds};
use crate::tests::fixture::{PLATFORMS, step, world};
use crate::{Activity, HourSet, Setup};

/// The agents that act in each hour of a day, from midnight on.
fn by_hour(mut setup: Setup) -> Vec<u32> {
    setup.clock.start_minute = 23 * 60;
    let mut world = world(setup);
    step(&mut world);
    (0..24).map(|_| step(&mut world).active_agents).collect()
}

/// How many agents act in a round, over a day.
fn turns(setup: Setup) -> Mean {
    by_hour(setup).into_iter().fold(Mean::NONE, |mean, active| mean.and(Mean::of(active)))
}

#[test]
fn agents_per_hour_min() {
    fn at_least(setup: &mut Setup, least: u32) {
        setup.activity.agents_per_hour_min = least;
        setup.activity.agents_per_hour_max = 20;
    }
    Field {
        name: "agents_per_hour_min",
        platforms: &PLATFORMS,
        low: |setup| at_least(setup, 4),
        high: |setup| at_least(setup, 16),
        measure: turns,
        percent: 140,
    }
    .check();
}

#[test]
fn agents_per_hour_max() {
    fn at_most(setup: &mut Setup, most: u32) {
        setup.activity.agents_per_hour_min = 4;
        setup.activity.agents_per_hour_max = most;
    }
    Field {
        name: "agents_per_hour_max",
        platforms: &PLATFORMS,
        low: |setup| at_most(setup, 8),
        high: |setup| at_most(setup, 20),
        measure: turns,
        percent: 180,
    }
    .check();
    for (platform, seed) in worlds() {
        let mut setup = idle(platform, seed);
        at_most(&mut setup, 20);
        // The upper bound is reached by a fraction that is decided by chance.
        assert!(by_hour(setup).into_iter().all(|active| (4..=20).contains(&active)));
    }
}

/// Hours with a multiplier of their own, the first of which wins over the others.
struct Hours {
    name: &'static str,
    set: fn(&mut Activity, HourSet, u32),
}

const HOURS: [Hours; 4] = [
    Hours {
        name: "peak",
        set: |activity, hours, ppm| (activity.peak_hours, activity.peak_ppm) = (hours, ppm),
    },
    Hours {
        name: "off_peak",
        set: |activity, hours, ppm| (activity.off_peak_hours, activity.off_peak_ppm) = (hours, ppm),
    },
    Hours {
        name: "morning",
        set: |activity, hours, ppm| (activity.morning_hours, activity.morning_ppm) = (hours, ppm),
    },
    Hours {
        name: "work",
        set: |activity, hours, ppm| (activity.work_hours, activity.work_ppm) = (hours, ppm),
    },
];

/// A day whose hours from `first` on, three of them, have each of these multipliers, in the order
/// of [`HOURS`]; elsewhere 18 agents act.
fn multiplied(setup: &Setup, first: u32, multipliers: [Option<u32>; 4]) -> Vec<u32> {
    let mut setup = setup.clone();
    let three = HourSet::from_hours(first..first + 3).expect("hours of a day");
    for (hours, ppm) in HOURS.iter().zip(multipliers) {
        (hours.set)(&mut setup.activity, ppm.map_or(HourSet::NONE, |_| three), ppm.unwrap_or(PPM));
    }
    by_hour(setup)
}

#[test]
fn hours_and_their_multipliers() {
    for (platform, seed) in worlds() {
        let setup = idle(platform, seed);
        let plain = by_hour(setup.clone());
        assert_eq!(plain, [18; 24]);
        for (place, hours) in HOURS.iter().enumerate() {
            for (ppm, expected) in [(0, 0), (500_000, 9), (1_500_000, 27), (2_000_000, 36)] {
                let first = 6 * u32::try_from(place).expect("one of four");
                let mut multipliers = [None; 4];
                multipliers[place] = Some(ppm);
                let mut day = plain.clone();
                day[6 * place..6 * place + 3].fill(expected);
                assert_eq!(multiplied(&setup, first, multipliers), day, "{} {ppm}", hours.name);
            }
        }
    }
}

#[test]
fn a_multiplier_leaves_other_hours_alone() {
    for (platform, seed) in worlds() {
        let mut setup = idle(platform, seed);
        setup.activity.agents_per_hour_min = 4;
        for place in 0..HOURS.len() {
            let [low, high] = [700_000, 1_700_000].map(|ppm| {
                let mut multipliers = [None; 4];
                multipliers[place] = Some(ppm);
                multiplied(&setup, 12, multipliers)
            });
            let pairs: Vec<_> = low.into_iter().zip(high).collect();
            assert!(pairs[..12].iter().chain(&pairs[15..]).all(|(low, high)| low == high));
            assert!(pairs[12..15].iter().all(|(low, high)| low < high), "{}", HOURS[place].name);
        }
    }
}

#[test]
fn peak_wins_over_off_peak_over_morning_over_work() {
    let multipliers = [1_500_000, 500_000, 2_000_000, 0];
    let expected = [27, 9, 36, 0];
    for (platform, seed) in worlds() {
        let setup = idle(platform, seed);
        for (first, expected) in expected.into_iter().enumerate() {
            let mut set = multipliers.map(Some);
            set[..first].fill(None);
            let day = multiplied(&setup, 12, set);
            assert_eq!(day[12..15], [expected; 3], "{} is the first", HOURS[first].name);
            assert_eq!((&day[..12], &day[15..]), (&[18; 12][..], &[18; 9][..]));
        }
    }
}

fn everybody_may(setup: &mut Setup) {
    setup.activity.agents_per_hour_min = 36;
    setup.activity.agents_per_hour_max = 36;
}

/// How often each agent acts in two days in which everybody may.
fn turns_of_each(mut setup: Setup) -> BTreeMap<u32, u32> {
    everybody_may(&mut setup);
    let mut world = world(setup);
    step(&mut world);
    let mut turns: BTreeMap<u32, u32> = (0..36).map(|agent| (agent, 0)).collect();
    for _ in 0..48 {
        for agent in world.active_agents() {
            *turns.entry(*agent).or_default() += 1;
        }
        step(&mut world);
    }
    turns
}

#[test]
fn activity_level() {
    fn of_agent_5(setup: &mut Setup, ppm: u32) {
        setup.agents.iter_mut().for_each(|agent| agent.traits.activity_ppm = 500_000);
        setup.agents[5].traits.activity_ppm = ppm;
    }
    Field {
        name: "activity_level",
        platforms: &PLATFORMS,
        low: |setup| of_agent_5(setup, 200_000),
        high: |setup| of_agent_5(setup, 800_000),
        measure: |setup| Mean::of(turns_of_each(setup)[&5]),
        percent: 300,
    }
    .check();
    for (platform, seed) in worlds() {
        let turns = |ppm| {
            let mut setup = idle(platform, seed);
            of_agent_5(&mut setup, ppm);
            turns_of_each(setup)
        };
        let (never, always) = (turns(0), turns(PPM));
        assert_eq!((never[&5], always[&5]), (0, 48));
        let others = |turns: BTreeMap<u32, u32>| turns.into_iter().filter(|&(agent, _)| agent != 5);
        assert!(others(never).eq(others(always)), "where all may act, nobody is in another's way");
    }
}

#[test]
fn active_hours() {
    let hours = |agent| match agent % 3 {
        0 => HourSet::from_hours([9, 10]).expect("hours of a day"),
        1 => HourSet::from_hours([22, 23, 0, 1]).expect("hours of a day"),
        _ => HourSet::NONE,
    };
    for (platform, seed) in worlds() {
        let mut setup = still(platform, seed);
        everybody_may(&mut setup);
        for (agent, id) in setup.agents.iter_mut().zip(0..) {
            agent.traits.active_hours = hours(id);
        }
        let (clock, planned) = (setup.clock, setup.scheduled.len());
        let mut world = world(setup);
        step(&mut world);
        let mut posts = 0;
        for _ in 0..48 {
            let hour = clock.hour(world.tick());
            let mut active = world.active_agents().to_vec();
            active.sort();
            let awake: Vec<u32> = (0..36).filter(|&agent| hours(agent).contains(hour)).collect();
            assert_eq!(active, awake, "at {hour}");
            posts += step(&mut world).actions.len();
        }
        assert_eq!(posts, planned, "what is planned needs nobody awake");
    }
}
