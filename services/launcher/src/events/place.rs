//! Where a reader of a run's events is. Pure.

use std::fmt;
use std::str::FromStr;

use contract::subject::Platform;

/// What a reader has of a run: the seq of the last action of each world, and where the last of the
/// run's states stands in its stream. Written `12.40.993`: every launcher means the same by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The last action of the Twitter world.
    pub twitter: u64,
    /// The last action of the Reddit world.
    pub reddit: u64,
    /// The last state.
    pub status: u64,
}

impl Place {
    /// The last action of a world.
    pub fn seq(&self, platform: Platform) -> u64 {
        match platform {
            Platform::Twitter => self.twitter,
            Platform::Reddit => self.reddit,
        }
    }

    /// The same with another last action of a world.
    #[must_use]
    pub fn with(mut self, platform: Platform, seq: u64) -> Place {
        match platform {
            Platform::Twitter => self.twitter = seq,
            Platform::Reddit => self.reddit = seq,
        }
        self
    }

    /// Whether `other` has all that this one has.
    pub fn is_in(&self, other: &Place) -> bool {
        self.twitter <= other.twitter && self.reddit <= other.reddit && self.status <= other.status
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.twitter, self.reddit, self.status)
    }
}

impl FromStr for Place {
    type Err = ();
    fn from_str(text: &str) -> Result<Place, ()> {
        let mut tokens = text.split('.');
        let mut number = || {
            let token = tokens.next().ok_or(())?;
            let is_number = token.bytes().all(|byte| byte.is_ascii_digit());
            if is_number { token.parse().map_err(drop) } else { Err(()) }
        };
        let place = Place { twitter: number()?, reddit: number()?, status: number()? };
        if tokens.next().is_none() { Ok(place) } else { Err(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_is_written() {
        let place = Place { twitter: 12, reddit: 0, status: u64::MAX };
        assert_eq!(place.to_string().parse(), Ok(place));
        for bad in ["", "1", "1.2", "1.2.3.4", "1.2.-3", "+1.2.3", "1..3", "a.b.c", " 1.2.3"] {
            assert_eq!(bad.parse::<Place>(), Err(()), "{bad:?}");
        }
    }

    #[test]
    fn a_place_is_in_another_if_nothing_of_it_is_beyond() {
        let place = |twitter, reddit, status| Place { twitter, reddit, status };
        assert!(place(1, 2, 3).is_in(&place(1, 2, 3)) && place(1, 2, 3).is_in(&place(9, 2, 3)));
        assert!(!place(1, 2, 3).is_in(&place(9, 1, 9)));
        assert_eq!(place(1, 2, 3).with(Platform::Reddit, 7), place(1, 7, 3));
    }
}
