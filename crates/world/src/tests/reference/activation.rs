//! Who acts in the coming tick, and in which order.

use std::vec::Vec;

use super::Reference;
use crate::random::Purpose;

const M: u128 = 1_000_000;

impl Reference {
    /// `agents` in the order in which they are applied in the coming tick.
    pub(super) fn in_order(&self, mut agents: Vec<u32>) -> Vec<u32> {
        agents.sort_by_key(|&agent| (self.dice(agent).value(Purpose::Order, 0), agent));
        agents
    }

    /// Who acts in the coming tick, in order.
    pub(super) fn who_acts(&self) -> Vec<u32> {
        let mut agents = self.agents();
        agents.retain(|&agent| {
            let traits = &self.traits[agent as usize];
            traits.active_hours.contains(self.hour())
                && self.dice(agent).chance(Purpose::Wake, 0, traits.activity_ppm)
        });
        let crowd = self.crowd();
        self.in_order(agents).into_iter().zip(0..crowd).map(|(agent, _)| agent).collect()
    }

    fn hour(&self) -> u32 {
        self.setup.clock.hour(self.tick)
    }

    /// How many agents act at most in the coming tick.
    fn crowd(&self) -> u128 {
        let activity = &self.activity;
        let dice = self.source().world(self.tick);
        let (min, max) = (activity.agents_per_hour_min, activity.agents_per_hour_max);
        let drawn = u128::from(dice.value(Purpose::Crowd, 0) >> 32);
        let per_hour = u128::from(min) * M + u128::from(max - min) * M * drawn / (1 << 32);
        let per_round = per_hour * u128::from(self.multiplier()) / M
            * u128::from(self.setup.clock.minutes_per_round)
            / 60;
        let fraction = u128::from(dice.below(Purpose::Crowd, 1, 1_000_000));
        per_round / M + u128::from(fraction < per_round % M)
    }

    fn multiplier(&self) -> u32 {
        let activity = &self.activity;
        if activity.peak_hours.contains(self.hour()) {
            activity.peak_ppm
        } else if activity.off_peak_hours.contains(self.hour()) {
            activity.off_peak_ppm
        } else if activity.morning_hours.contains(self.hour()) {
            activity.morning_ppm
        } else if activity.work_hours.contains(self.hour()) {
            activity.work_ppm
        } else {
            1_000_000
        }
    }
}
