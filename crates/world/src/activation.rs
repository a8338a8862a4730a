//! Who acts in a round, and in which order.

use alloc::vec::Vec;

use crate::random::Purpose;
use crate::setup::{Activity, PPM};
use crate::world::World;

/// The agents that act in `round`, in the order in which they will be applied.
///
/// The order is a permutation of its own in each round, so that no agent wins all ties by its
/// number; the first of those who want to act do act.
pub(crate) fn choose(world: &World, round: u32) -> Vec<u32> {
    let hour = world.setup.clock.hour(round);
    let mut awake: Vec<(u64, u32)> = (0..)
        .zip(&world.settings.traits)
        .filter(|(_, traits)| traits.active_hours.contains(hour) && traits.activity_ppm > 0)
        .map(|(id, traits)| (id, traits.activity_ppm, world.source.agent(round, id)))
        .filter(|(_, activity, dice)| dice.chance(Purpose::Wake, 0, *activity))
        .map(|(id, _, dice)| (dice.value(Purpose::Order, 0), id))
        .collect();
    awake.sort();
    awake.truncate(crowd(world, round));
    awake.into_iter().map(|(_, id)| id).collect()
}

/// How many agents act in `round` at most: so many per hour, times the multiplier of the hour,
/// times the length of the round.
fn crowd(world: &World, round: u32) -> usize {
    let (activity, clock) = (&world.settings.activity, world.setup.clock);
    let dice = world.source.world(round);
    let (least, most) = (activity.agents_per_hour_min, activity.agents_per_hour_max);
    let span = u128::from(most.saturating_sub(least)) * u128::from(PPM);
    let within = (span * u128::from(dice.value(Purpose::Crowd, 0) >> 32)) >> 32;
    let per_hour = u128::from(least) * u128::from(PPM) + within;
    let multiplier = u128::from(multiplier(activity, clock.hour(round)));
    let minutes = u128::from(clock.minutes_per_round);
    let per_round = per_hour * multiplier / u128::from(PPM) * minutes / 60;
    let agents = dice.whole(Purpose::Crowd, 1, u64::try_from(per_round).unwrap_or(u64::MAX));
    usize::try_from(agents).unwrap_or(usize::MAX)
}

fn multiplier(activity: &Activity, hour: u32) -> u32 {
    let hours = [
        (activity.peak_hours, activity.peak_ppm),
        (activity.off_peak_hours, activity.off_peak_ppm),
        (activity.morning_hours, activity.morning_ppm),
        (activity.work_hours, activity.work_ppm),
    ];
    hours.into_iter().find(|(hours, _)| hours.contains(hour)).map_or(PPM, |(_, ppm)| ppm)
}
