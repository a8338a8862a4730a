//! The configuration's `twitter_config` and `reddit_config`: whether there is such a world, how
//! posts are ranked in it, and what is allowed.

use contract::door::Object;
use contract::spec::FeedSpec;
use contract::subject::Platform;

use crate::reading::{ONE, Reading};

/// More interactions than any post gets.
const MAX_THRESHOLD: u32 = 1_000_000_000;

/// What a configuration says about one platform.
#[derive(Clone, Debug)]
pub(crate) struct World {
    /// Whether it says anything: neither absent nor null.
    pub(crate) given: bool,
    /// Whether it lets the world be.
    pub(crate) enabled: bool,
    /// Whether users may like and dislike what they wrote themselves.
    pub(crate) self_rating: bool,
    pub(crate) feed: FeedSpec,
}

impl World {
    /// What a configuration means that says nothing.
    pub(crate) fn of(platform: Platform) -> World {
        let feed = match platform {
            Platform::Twitter => FeedSpec {
                recency_ppm: 400_000,
                popularity_ppm: 300_000,
                relevance_ppm: 300_000,
                viral_threshold: 10,
                echo_chamber_ppm: 500_000,
            },
            Platform::Reddit => FeedSpec {
                recency_ppm: 300_000,
                popularity_ppm: 400_000,
                relevance_ppm: 300_000,
                viral_threshold: 15,
                echo_chamber_ppm: 600_000,
            },
        };
        World { given: false, enabled: true, self_rating: true, feed }
    }
}

/// The fields of a platform.
pub(crate) const FIELDS: [&str; 7] = [
    "recency_weight",
    "popularity_weight",
    "relevance_weight",
    "viral_threshold",
    "echo_chamber_strength",
    "allow_self_rating",
    "enabled",
];

/// Reads one platform's section of the configuration: what [`weights`] reads, and `platform`,
/// which says nothing new.
pub(crate) fn read<'a>(reading: &mut Reading<'a>, root: &Object<'a>, platform: Platform) -> World {
    let Some(section) = root.object(&format!("{platform}_config")) else {
        return World::of(platform);
    };
    let known: Vec<&str> = FIELDS.into_iter().chain(["platform"]).collect();
    reading.ignore_unknown(&section, &known);
    weights(reading, &section, platform)
}

/// Reads one platform's fields.
///
/// | field | range | absent: Twitter, Reddit |
/// |---|---|---|
/// | `recency_weight` | 0 to 1 | 0.4, 0.3 |
/// | `popularity_weight` | 0 to 1 | 0.3, 0.4 |
/// | `relevance_weight` | 0 to 1 | 0.3, 0.3 |
/// | `viral_threshold` | 0 to 1000000000 interactions | 10, 15 |
/// | `echo_chamber_strength` | 0 to 1 | 0.5, 0.6 |
/// | `allow_self_rating` (ours) | true or false | true |
/// | `enabled` (ours) | true or false | true |
pub(crate) fn weights(
    reading: &mut Reading<'_>,
    section: &Object<'_>,
    platform: Platform,
) -> World {
    let FeedSpec { recency_ppm, popularity_ppm, relevance_ppm, viral_threshold, echo_chamber_ppm } =
        World::of(platform).feed;
    let mut weight = |key, default| reading.ppm(section, key, ONE, default);
    let feed = FeedSpec {
        recency_ppm: weight("recency_weight", recency_ppm),
        popularity_ppm: weight("popularity_weight", popularity_ppm),
        relevance_ppm: weight("relevance_weight", relevance_ppm),
        echo_chamber_ppm: weight("echo_chamber_strength", echo_chamber_ppm),
        viral_threshold: reading.whole(
            section,
            "viral_threshold",
            0..=MAX_THRESHOLD,
            viral_threshold,
        ),
    };
    World {
        given: true,
        feed,
        self_rating: section.boolean("allow_self_rating").unwrap_or(true),
        enabled: section.boolean("enabled").unwrap_or(true),
    }
}
