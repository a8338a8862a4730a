//! When a simulation starts, and how long a round is.

use std::vec::Vec;

use super::{base, idle, worlds};
use crate::tests::fixture::{play, step, world};
use crate::{Act, HourSet, Setup};

const DAY: u32 = 24 * 60;

/// Turns that agents take in the rounds of a day.
fn turns_in_a_day(setup: Setup) -> u64 {
    let rounds = DAY / setup.clock.minutes_per_round;
    let mut world = world(setup);
    step(&mut world);
    let outputs: Vec<_> = (0..rounds).map(|_| step(&mut world)).collect();
    let (first, last) = (&outputs[0], &outputs[outputs.len() - 1]);
    let minutes = u64::from(world.setup().clock.minutes_per_round);
    assert_eq!(last.minute - first.minute + minutes, u64::from(DAY), "a day has {rounds} rounds");
    outputs.iter().map(|outputs| u64::from(outputs.active_agents)).sum()
}

#[test]
fn minutes_per_round() {
    let turns = |minutes, least, most| {
        let day = |(platform, seed)| {
            let mut setup = idle(platform, seed);
            setup.clock.minutes_per_round = minutes;
            setup.activity.agents_per_hour_min = least;
            setup.activity.agents_per_hour_max = most;
            turns_in_a_day(setup)
        };
        let days: Vec<u64> = worlds().map(day).collect();
        (days.iter().sum::<u64>() / days.len() as u64, days)
    };
    for minutes in [120, 60, 30, 20] {
        let (_, days) = turns(minutes, 18, 18);
        assert!(days.iter().all(|&turns| turns == 18 * 24), "{minutes} minutes: {days:?}");
    }
    // The crowd is drawn in each round, and one of a quarter in 5 minutes is a matter of chance.
    for minutes in [60, 30, 15, 5] {
        let (mean, days) = turns(minutes, 1, 5);
        assert!(mean.abs_diff(3 * 24) <= 3, "{mean} turns at {minutes} minutes: {days:?}");
    }
}

#[test]
fn builtin_agents_do_as_much_in_a_day_whatever_a_round_is() {
    let [hourly, half_hourly] = [60, 30].map(|minutes| {
        let day = |(platform, seed)| {
            let mut setup = base(platform, seed);
            setup.clock.minutes_per_round = minutes;
            play(&mut world(setup), DAY / minutes).len() as u64
        };
        worlds().map(day).sum::<u64>()
    });
    assert!(hourly.abs_diff(half_hourly) < hourly / 10, "{hourly} and {half_hourly} actions");
}

#[test]
fn start_hour_and_start_time() {
    for (platform, seed) in worlds() {
        let first_three_rounds = |start_minute| {
            let mut setup = base(platform, seed);
            setup.clock.start_minute = start_minute;
            let hours = HourSet::from_hours(8..12).expect("hours of a day");
            setup.agents.iter_mut().for_each(|agent| agent.traits.active_hours = hours);
            let seeds = setup.seed_posts.len();
            let actions = play(&mut world(setup), 3);
            actions[seeds..].iter().filter(|action| action.act != Act::DoNothing).count()
        };
        assert_eq!(first_three_rounds(0), 0, "all are asleep");
        assert!(first_three_rounds(8 * 60) > first_three_rounds(6 * 60 + 59));
        assert!(first_three_rounds(6 * 60 + 59) > 0, "only round 1, at 7:59, is too early");
    }
}

#[test]
fn rounds_are_at_their_minutes() {
    for (platform, seed) in worlds() {
        let mut setup = idle(platform, seed);
        setup.clock.start_minute = 23 * 60 + 30;
        setup.clock.minutes_per_round = 45;
        let clock = setup.clock;
        let mut world = world(setup);
        let minutes: Vec<u64> = (0..4).map(|_| step(&mut world).minute).collect();
        assert_eq!(minutes, [1_410, 1_455, 1_500, 1_545]);
        assert_eq!([0, 1, 2, 3].map(|round| clock.hour(round)), [23, 0, 1, 1]);
    }
}
