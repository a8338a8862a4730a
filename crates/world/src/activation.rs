//! Who acts in a round, and in which order.

use alloc::vec::Vec;

use crate::random::{Purpose, Source};
use crate::setup::{Activity, PPM, Setup};

/// The agents that act in `round`, in the order in which they will be applied.
///
/// The order is a permutation of its own in each round, so that no agent wins all ties by its
/// number; the first of those who want to act do act.
pub(crate) fn choose(setup: &Setup, source: Source, round: u32) -> Vec<u32> {
    let hour = setup.clock.hour(round);
    let mut awake: Vec<(u64, u32)> = (0..)
        .zip(&setup.agents)
        .filter(|(_, agent)| agent.active_hours.contains(hour))
        .map(|(id, agent)| (id, agent.activity_ppm, source.agent(round, id)))
        .filter(|(_, activity, dice)| dice.chance(Purpose::Wake, 0, *activity))
        .map(|(id, _, dice)| (dice.value(Purpose::Order, 0), id))
        .collect();
    awake.sort();
    awake.truncate(crowd(setup, source, round));
    awake.into_iter().map(|(_, id)| id).collect()
}

/// How many agents act in `round` at most: so many per hour, times the multiplier of the hour,
/// times the length of the round.
fn crowd(setup: &Setup, source: Source, round: u32) -> usize {
    let activity = &setup.activity;
    let dice = source.world(round);
    let (least, most) = (activity.agents_per_hour_min, activity.agents_per_hour_max);
    let span = u128::from(most.saturating_sub(least)) * u128::from(PPM);
    let within = (span * u128::from(dice.value(Purpose::Crowd, 0) >> 32)) >> 32;
    let per_hour = u128::from(least) * u128::from(PPM) + within;
    let multiplier = u128::from(multiplier(activity, setup.clock.hour(round)));
    let minutes = u128::from(setup.clock.minutes_per_round);
    let per_round = per_hour * multiplier / u128::from(PPM) * minutes / 60;
    let agents = dice.whole(Purpose::Crowd, 1, u64::try_from(per_round).unwrap_or(u64::MAX));
    usize::try_from(agents).unwrap_or(usize::MAX)
}

fn multiplier(activity: &Activity, hour: u32) -> u32 {
    if activity.peak_hours.contains(hour) {
        activity.peak_ppm
    } else if activity.off_peak_hours.contains(hour) {
        activity.off_peak_ppm
    } else {
        PPM
    }
}
