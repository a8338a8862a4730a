//! Chance that is the same for the same seed.

use std::time::Duration;

/// A small generator (`SplitMix64`).
#[derive(Clone, Debug)]
pub struct Dice(u64);

/// Cards that are dealt in a random order, each as often as any other.
#[derive(Clone, Debug)]
pub struct Deck<T> {
    cards: Vec<T>,
    left: Vec<T>,
}

impl Dice {
    /// A generator of its own for each purpose, so that one thread's throws are not another's.
    pub fn new(seed: u64, purpose: &str) -> Dice {
        let mix = |state: u64, byte: u8| (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Dice(purpose.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, mix))
    }

    fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is above 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.throw() % end
    }

    /// A time from `from` to `to`, in milliseconds.
    pub fn pause(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.below(to - from + 1))
    }

    /// One of several; `None` of none.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let count = u64::try_from(from.len()).ok().filter(|count| *count > 0)?;
        usize::try_from(self.below(count)).ok().and_then(|at| from.get(at))
    }
}

impl<T: Clone> Deck<T> {
    /// A deck of these cards.
    pub fn of(cards: Vec<T>) -> Deck<T> {
        Deck { cards, left: Vec::new() }
    }

    /// The next card; `None` from an empty deck.
    pub fn deal(&mut self, dice: &mut Dice) -> Option<T> {
        if self.left.is_empty() {
            self.left.clone_from(&self.cards);
        }
        let count = u64::try_from(self.left.len()).ok().filter(|count| *count > 0)?;
        Some(self.left.swap_remove(usize::try_from(dice.below(count)).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deck_deals_each_card_as_often_and_the_same_for_the_same_seed() {
        let deal = |seed| {
            let (mut dice, mut deck) = (Dice::new(seed, "node"), Deck::of(vec!['a', 'b', 'c']));
            (0..30).filter_map(|_| deck.deal(&mut dice)).collect::<String>()
        };
        assert_eq!(deal(7), deal(7));
        assert_ne!(deal(7), deal(8));
        for card in ['a', 'b', 'c'] {
            assert_eq!(deal(7).matches(card).count(), 10);
        }
        assert_eq!(Deck::<u8>::of(Vec::new()).deal(&mut Dice::new(1, "none")), None);
        assert_eq!(Dice::new(1, "none").pick::<u8>(&[]), None);
    }
}
