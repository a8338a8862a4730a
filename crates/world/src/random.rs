//! Chance without a generator: a value is a function of what it is for.
//!
//! There is no stream to advance, so neither the order of evaluation nor the number of threads
//! can change a value.

use crate::setup::{PPM, Platform};

/// What a value is for. Two purposes never share a value, whatever their draws.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// Who is applied first.
    Order = 1,
    /// Whether an agent wants to act.
    Wake = 2,
    /// How many agents act.
    Crowd = 3,
    /// What a feed shows.
    Feed = 4,
    /// How an agent reacts to what it sees.
    React = 5,
    /// What an agent writes about.
    Write = 6,
    /// Which words it takes.
    Words = 7,
    /// How it answers a question.
    Answer = 8,
    /// How long an agent takes to come to a post; the draw is the post.
    Delay = 9,
    /// What chance adds to a post in a feed; the draw is the post.
    Jitter = 10,
}

/// All chance of one world.
#[derive(Clone, Copy)]
pub(crate) struct Source(u64);

impl Source {
    pub(crate) fn new(seed: u64, platform: Platform) -> Source {
        let platform = match platform {
            Platform::Twitter => 1,
            Platform::Reddit => 2,
        };
        Source(mix(mix(0, seed), platform))
    }

    /// The dice of one agent in one round.
    pub(crate) fn agent(self, round: u32, agent: u32) -> Dice {
        Dice(mix(mix(self.0, u64::from(round) << 32 | u64::from(agent)), 1))
    }

    /// The dice of an agent that are the same in all rounds of one seed.
    pub(crate) fn character(self, agent: u32) -> Dice {
        Dice(mix(mix(self.0, u64::from(agent)), 2))
    }

    /// The dice of the world itself in one round.
    pub(crate) fn world(self, round: u32) -> Dice {
        Dice(mix(mix(self.0, u64::from(round)), 3))
    }
}

/// All chance of one agent in one round; the caller numbers its draws within a purpose.
#[derive(Clone, Copy)]
pub(crate) struct Dice(u64);

impl Dice {
    /// A uniform 64-bit value.
    pub(crate) fn value(self, purpose: Purpose, draw: u32) -> u64 {
        mix(self.0, (purpose as u64) << 32 | u64::from(draw))
    }

    /// A uniform value from 0 to `bound - 1`, or 0 if `bound` is 0. The bias is below one in
    /// four billion times `bound`.
    pub(crate) fn below(self, purpose: Purpose, draw: u32, bound: u32) -> u32 {
        let product = (self.value(purpose, draw) >> 32) * u64::from(bound);
        u32::try_from(product >> 32).expect("the product of two u32, shifted by 32 bits")
    }

    /// A uniform place in a list of this length, or 0 if it is empty.
    pub(crate) fn place(self, purpose: Purpose, draw: u32, length: usize) -> usize {
        let length = u32::try_from(length).expect("lists that are drawn from have u32 places");
        self.below(purpose, draw, length) as usize
    }

    /// True in `ppm` of a million cases.
    pub(crate) fn chance(self, purpose: Purpose, draw: u32, ppm: u32) -> bool {
        self.below(purpose, draw, PPM) < ppm
    }

    /// A uniform value from minus `spread` to `spread`.
    pub(crate) fn around(self, purpose: Purpose, draw: u32, spread: u32) -> i64 {
        i64::from(self.below(purpose, draw, 2 * spread + 1)) - i64::from(spread)
    }

    /// `ppm` as a whole number: its integer part, and one more with its fraction as probability.
    pub(crate) fn whole(self, purpose: Purpose, draw: u32, ppm: u64) -> u64 {
        let part = u64::from(self.below(purpose, draw, PPM));
        ppm / u64::from(PPM) + u64::from(part < ppm % u64::from(PPM))
    }
}

/// Takes one word into a key. Both steps are bijections, so different words give different keys.
pub(crate) fn mix(key: u64, word: u64) -> u64 {
    avalanche(key ^ avalanche(word.wrapping_add(0x9e37_79b9_7f4a_7c15)))
}

/// The finalizer of splitmix64: each bit of the input moves half of the output.
fn avalanche(mut bits: u64) -> u64 {
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn a_value_depends_on_every_part_of_its_address() {
        let mut seen = BTreeSet::new();
        for seed in 0..3 {
            for platform in [Platform::Twitter, Platform::Reddit] {
                let source = Source::new(seed, platform);
                for number in 0..3 {
                    let dice =
                        [source.agent(number, 7), source.character(number), source.world(number)];
                    for dice in dice.into_iter().chain([source.agent(7, number)]) {
                        for purpose in [Purpose::Order, Purpose::Feed, Purpose::Answer] {
                            seen.extend((0..4).map(|draw| dice.value(purpose, draw)));
                        }
                    }
                }
            }
        }
        assert_eq!(seen.len(), 3 * 2 * 3 * 4 * 3 * 4);
    }

    #[test]
    fn chances_come_out_as_often_as_they_say() {
        let dice = Source::new(1, Platform::Reddit).world(0);
        let hits = (0..100_000).filter(|&draw| dice.chance(Purpose::Wake, draw, 250_000)).count();
        assert!((24_500..25_500).contains(&hits), "{hits} of 100000 at one quarter");
        let sum: u64 = (0..100_000).map(|draw| dice.whole(Purpose::Crowd, draw, 2_250_000)).sum();
        assert!((224_500..225_500).contains(&sum), "{sum} for 100000 times 2.25");
    }

    #[test]
    fn bounds_are_kept() {
        let dice = Source::new(1, Platform::Twitter).world(0);
        assert_eq!(dice.below(Purpose::Feed, 0, 0), 0);
        let reached: BTreeSet<_> =
            (0..1000).map(|draw| dice.below(Purpose::Feed, draw, 7)).collect();
        assert_eq!(reached, (0..7).collect());
        assert!((0..1000).all(|draw| dice.around(Purpose::Feed, draw, 3).abs() <= 3));
    }
}
