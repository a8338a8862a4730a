//! Chance without a generator: a value is a function of what it is for, in integers alone, so
//! that it is the same on every machine and in whatever order it is asked for.

/// What a value is for. Two purposes never share a value, whatever their draws.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    /// How active, how quick, how cheerful.
    Character = 1,
    /// Which hours.
    Hours = 2,
    /// Which stance.
    Stance = 3,
    /// What somebody is.
    Kind = 4,
    /// How somebody is called.
    Name = 5,
    /// What a profile says.
    Profile = 6,
    /// How many are followed.
    Degree = 7,
    /// Who is followed.
    Follow = 8,
    /// Who stands where.
    Place = 9,
    /// What is talked about.
    Topic = 10,
}

/// All chance of one thing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// The dice of a seed.
    pub(crate) fn new(seed: u64) -> Dice {
        Dice(mix(0, seed))
    }

    /// The dice of a text: FNV-1a, mixed once more.
    pub(crate) fn of_text(text: &str) -> Dice {
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        Dice::new(text.bytes().fold(0xcbf2_9ce4_8422_2325, step))
    }

    /// The dice of one of many.
    pub(crate) fn member(self, number: u32) -> Dice {
        Dice(mix(self.0, u64::from(number)))
    }

    /// A uniform 64-bit value.
    pub(crate) fn value(self, purpose: Purpose, draw: u32) -> u64 {
        mix(self.0, (purpose as u64) << 32 | u64::from(draw))
    }

    /// A uniform value below `bound`, or 0 if that is 0.
    pub(crate) fn below(self, purpose: Purpose, draw: u32, bound: u32) -> u32 {
        let wide = self.wide_below(purpose, draw, u64::from(bound));
        u32::try_from(wide).expect("it is below a u32")
    }

    /// As [`Dice::below`], of larger numbers.
    pub(crate) fn wide_below(self, purpose: Purpose, draw: u32, bound: u64) -> u64 {
        let product = u128::from(self.value(purpose, draw)) * u128::from(bound);
        u64::try_from(product >> 64).expect("it is below a u64")
    }

    /// One of some things; there is at least one.
    pub(crate) fn pick<T: Copy>(self, purpose: Purpose, draw: u32, things: &[T]) -> T {
        let count = u64::try_from(things.len()).expect("a list fits into memory");
        let place = self.wide_below(purpose, draw, count);
        things[usize::try_from(place).expect("it is a place in a list")]
    }

    /// A uniform value from minus `spread` to `spread`.
    pub(crate) fn around(self, purpose: Purpose, draw: u32, spread: u32) -> i32 {
        let up = self.below(purpose, draw, 2 * spread + 1);
        i32::try_from(i64::from(up) - i64::from(spread)).expect("spreads are small")
    }
}

/// Takes one word into a key. Both steps are bijections, so different words give different keys.
fn mix(key: u64, word: u64) -> u64 {
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
    use std::collections::BTreeSet;

    #[test]
    fn a_value_depends_on_every_part_of_its_address() {
        let mut seen = BTreeSet::new();
        for seed in 0..4 {
            for dice in (0..4).map(|member| Dice::new(seed).member(member)) {
                for purpose in [Purpose::Hours, Purpose::Name, Purpose::Topic] {
                    seen.extend((0..4).map(|draw| dice.value(purpose, draw)));
                }
            }
        }
        assert_eq!(seen.len(), 4 * 4 * 3 * 4);
        assert_ne!(Dice::of_text("a").0, Dice::of_text("b").0);
    }

    #[test]
    fn bounds_are_kept_and_reached() {
        let dice = Dice::new(1);
        let reached: BTreeSet<u32> = (0..200).map(|n| dice.below(Purpose::Name, n, 7)).collect();
        assert_eq!(reached, (0..7).collect());
        let reached: BTreeSet<i32> = (0..200).map(|n| dice.around(Purpose::Name, n, 3)).collect();
        assert_eq!(reached, (-3..=3).collect());
        assert_eq!(dice.below(Purpose::Name, 0, 0), 0);
    }
}
