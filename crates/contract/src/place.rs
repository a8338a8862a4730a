//! Where a reader of a run's events is. Pure.

use std::fmt;
use std::str::FromStr;

use crate::subject::Platform;

/// What a reader has of a run: `<twitter_seq>.<reddit_seq>.<status_seq>`, the `seq` of each
/// world's last action and the stream sequence of the last state; 0 where there is none yet.
/// The command line's cursors and the ids of the launcher's server-sent events are such texts, so
/// a reader may go on at any of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The last action of the Twitter world.
    pub twitter: u64,
    /// The last action of the Reddit world.
    pub reddit: u64,
    /// The stream sequence of the last state.
    pub status: u64,
}

impl Place {
    /// The `seq` of a world's last action.
    pub fn seq(&self, platform: Platform) -> u64 {
        match platform {
            Platform::Twitter => self.twitter,
            Platform::Reddit => self.reddit,
        }
    }

    /// Goes on to this action.
    pub fn set_seq(&mut self, platform: Platform, seq: u64) {
        match platform {
            Platform::Twitter => self.twitter = seq,
            Platform::Reddit => self.reddit = seq,
        }
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
    type Err = String;
    fn from_str(text: &str) -> Result<Place, String> {
        let expected =
            || "expected the cursor of an event, three numbers like 120.98.4711".to_owned();
        let number = |token: &str| {
            let is_plain = token.bytes().all(|byte| byte.is_ascii_digit());
            token.parse().ok().filter(|_| is_plain).ok_or_else(expected)
        };
        let tokens: Vec<&str> = text.split('.').collect();
        let [twitter, reddit, status] = tokens[..] else { return Err(expected()) };
        Ok(Place { twitter: number(twitter)?, reddit: number(reddit)?, status: number(status)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_being_text() {
        let mut place: Place = "12.0.345".parse().unwrap();
        assert_eq!((place.seq(Platform::Twitter), place.seq(Platform::Reddit)), (12, 0));
        place.set_seq(Platform::Reddit, 7);
        assert_eq!(place.to_string(), "12.7.345");
        let last = Place { twitter: 12, reddit: 0, status: u64::MAX };
        assert_eq!(last.to_string().parse(), Ok(last));
        for wrong in [
            "",
            "1.2",
            "1.2.3.4",
            "a.2.3",
            "+1.2.3",
            "1.-2.3",
            "1..3",
            " 1.2.3",
            "99999999999999999999.0.0",
        ] {
            assert!(wrong.parse::<Place>().is_err(), "{wrong:?} passed");
        }
    }

    #[test]
    fn a_place_is_in_another_if_nothing_of_it_is_beyond() {
        let place = |twitter, reddit, status| Place { twitter, reddit, status };
        assert!(place(1, 2, 3).is_in(&place(1, 2, 3)) && place(1, 2, 3).is_in(&place(9, 2, 3)));
        assert!(!place(1, 2, 3).is_in(&place(9, 1, 9)));
    }
}
