//! How many agents act, and when.

use std::collections::BTreeSet;

use super::fixture::{crowd, step, world};
use crate::{HourSet, Platform, Setup};

/// Agents that act in rounds 1 to `rounds`, over 20 seeds, and the outputs' own count of them.
fn acting(rounds: u32, change: impl Fn(&mut Setup)) -> u64 {
    let mut sum = 0;
    for seed in 0..20 {
        let mut setup = crowd(Platform::Reddit, seed, 60);
        setup.activity.agents_per_hour_min = 10;
        setup.activity.agents_per_hour_max = 20;
        setup.activity.peak_hours = HourSet::NONE;
        change(&mut setup);
        let mut world = world(setup);
        step(&mut world);
        for _ in 0..rounds {
            let active: BTreeSet<u32> = world.active_agents().iter().copied().collect();
            assert_eq!(active.len(), world.active() as usize, "an agent acts once a round");
            sum += u64::from(step(&mut world).active_agents);
        }
    }
    sum
}

#[test]
fn agents_per_hour_are_counted_per_hour_whatever_a_round_is() {
    let hourly = acting(24, |_| ());
    let mean = hourly / (20 * 24);
    assert!((14..=16).contains(&mean), "{mean} agents an hour at 10 to 20");
    let half_hourly = acting(48, |setup| setup.clock.minutes_per_round = 30);
    assert!(half_hourly.abs_diff(hourly) < hourly / 20, "{half_hourly} and {hourly}");
    let quarterly = acting(24 * 12, |setup| setup.clock.minutes_per_round = 5);
    assert!(quarterly.abs_diff(hourly) < hourly / 20, "{quarterly} and {hourly}");
}

#[test]
fn peak_hours_multiply_and_win_over_off_peak_hours() {
    let plain = acting(10, |_| ());
    let peak = acting(10, |setup| setup.activity.peak_hours = HourSet::ALL);
    assert!(peak.abs_diff(plain * 3 / 2) < plain / 20, "{peak} of {plain} at 1.5");
    let off_peak = acting(10, |setup| {
        setup.activity.off_peak_hours = HourSet::ALL;
        setup.activity.off_peak_ppm = 500_000;
    });
    assert!(off_peak.abs_diff(plain / 2) < plain / 20, "{off_peak} of {plain} at 0.5");
    let both = acting(10, |setup| {
        setup.activity.peak_hours = HourSet::ALL;
        setup.activity.off_peak_hours = HourSet::ALL;
    });
    assert_eq!(both, peak);
}

#[test]
fn agents_act_in_their_hours_and_as_often_as_they_want() {
    let asleep = acting(24, |setup| {
        setup.agents.iter_mut().for_each(|agent| agent.traits.active_hours = HourSet::NONE);
    });
    assert_eq!(asleep, 0);
    let two_hours = acting(24, |setup| {
        let hours = HourSet::from_hours([9, 10]).expect("hours of a day");
        setup.agents.iter_mut().for_each(|agent| agent.traits.active_hours = hours);
    });
    let expected = 20 * 2 * 15;
    assert!(two_hours.abs_diff(expected) < expected / 10, "{two_hours} of about {expected}");
    let lazy = acting(24, |setup| {
        setup.agents.iter_mut().for_each(|agent| agent.traits.activity_ppm = 100_000);
    });
    let wanting = 20 * 24 * 60 / 10;
    assert!(lazy <= wanting + wanting / 20 && lazy > wanting / 2, "{lazy} of about {wanting}");
}

#[test]
fn no_agent_is_first_by_its_number() {
    let mut firsts = BTreeSet::new();
    let mut world = world(crowd(Platform::Twitter, 1, 12));
    for _ in 0..80 {
        step(&mut world);
        firsts.extend(world.active_agents().first().copied());
    }
    assert_eq!(firsts.len(), 12, "in 80 rounds each of 12 agents comes first once");
}

#[test]
fn the_clock_starts_where_the_setup_says() {
    let mut setup = crowd(Platform::Twitter, 1, 12);
    setup.clock.start_minute = 23 * 60 + 30;
    setup.clock.minutes_per_round = 45;
    let clock = setup.clock;
    let mut world = world(setup);
    let minutes: std::vec::Vec<_> = (0..4).map(|_| step(&mut world).minute).collect();
    assert_eq!(minutes, [1_410, 1_455, 1_500, 1_545]);
    assert_eq!([0, 1, 2, 3].map(|round| clock.hour(round)), [23, 0, 1, 1]);
}
