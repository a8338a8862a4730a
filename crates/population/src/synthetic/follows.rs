//! Who follows whom, in integers.

use super::town::Town;
use crate::random::{Dice, Purpose};

/// One in so many follows leaves the community.
const LEAVING: u32 = 5;

/// Doublings of how many are followed, at most.
const MAX_DOUBLINGS: u32 = 5;

/// The weights of ranks, added up: those of any community are the first of them.
#[derive(Debug)]
pub(super) struct Weights(Vec<u64>);

impl Weights {
    /// For ranks 0 to `ranks - 1`.
    pub(super) fn new(ranks: u32) -> Weights {
        let mut sum = 0;
        let add = |rank| {
            sum += weight(rank);
            sum
        };
        Weights((0..ranks).map(add).collect())
    }

    /// A rank below `ranks`, which is at least 1, by its weight.
    fn draw(&self, ranks: u32, dice: Dice, draw: u32) -> u32 {
        let sums = &self.0[..ranks as usize];
        let all = sums.last().copied().unwrap_or(0);
        let value = dice.wide_below(Purpose::Follow, 2 * draw, all);
        let rank = sums.partition_point(|sum| *sum <= value);
        u32::try_from(rank).expect("there are u32 ranks")
    }
}

/// `2^40 / (rank + 1)^(3/4)`; the root is taken of a number with 40 more bits, ten of which
/// are left behind two roots.
fn weight(rank: u32) -> u64 {
    let root = ((u128::from(rank) + 1).pow(3) << 40).isqrt().isqrt();
    (1 << 50) / u64::try_from(root).expect("the fourth root of 100 bits or so")
}

/// Whom an agent follows: others, each once, in the order in which they were met.
pub(super) fn follows(town: &Town, id: u32) -> Vec<u32> {
    let dice = town.dice(id);
    let doublings = dice.value(Purpose::Degree, 0).trailing_ones().min(MAX_DOUBLINGS);
    let least = 2 << doublings;
    let most = town.agents() - 1;
    let degree = (least + dice.below(Purpose::Degree, 1, least)).min(most);
    let home = town.community_of(id);
    let mut follows = Vec::with_capacity(degree as usize);
    for draw in 0..degree {
        let leaves = dice.below(Purpose::Follow, 2 * draw + 1, LEAVING) == 0;
        let community = if leaves {
            // By any place, so that larger communities are met more often.
            let place = dice.below(Purpose::Place, draw, town.agents());
            town.community_at(place)
        } else {
            home
        };
        let rank = town.weights().draw(community.members, dice, draw);
        let followee = town.agent_at(community.start + rank);
        if followee != id && !follows.contains(&followee) {
            follows.push(followee);
        }
    }
    follows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_fall_with_the_exponent_three_quarters() {
        assert_eq!(weight(0), 1 << 40);
        // 16^(3/4) is 8, and 10000^(3/4) is 1000.
        assert_eq!(weight(15), 1 << 37);
        assert_eq!(weight(9_999), (1 << 40) / 1_000);
        // 10^(18/4) is 31622.7766, as which 2^40 / 34769610.6 is.
        assert_eq!(weight(999_999), 34_769_610);
    }

    #[test]
    fn ranks_are_drawn_by_their_weight() {
        let weights = Weights::new(100);
        let mut counts = [0_u32; 16];
        for draw in 0..50_000 {
            counts[weights.draw(16, Dice::new(1), draw) as usize] += 1;
        }
        // The sum of r^(-3/4) for 1 to 16 is 4.629; the last of them is an eighth of the first.
        assert!((10_500..11_100).contains(&counts[0]), "{counts:?}");
        assert!((1_250..1_450).contains(&counts[15]), "{counts:?}");
    }
}
