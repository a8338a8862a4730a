//! The configuration's `event_config`: what happens by plan.

use contract::door::{Object, describe};
use contract::spec::{EventSpec, ScheduledPost, SeedPost, TimeSpec};
use contract::subject::Platform;

use crate::clock::MAX_HOURS;
use crate::reading::{ONE, Reading, choice, number, some_of};

/// As many rounds as the longest simulation has minutes.
const MAX_ROUND: u32 = MAX_HOURS * 60;

/// What the rest of the folder says that events have to fit.
#[derive(Debug)]
pub(crate) struct Stage<'a> {
    pub(crate) time: &'a TimeSpec,
    /// How many there are, where that is known.
    pub(crate) agents: Option<usize>,
    /// Those that there is a world for; where there is none, that is reported elsewhere.
    pub(crate) platforms: &'a [Platform],
}

/// Reads `event_config`.
///
/// | field | range | absent |
/// |---|---|---|
/// | `initial_posts[].content` | a text with more than blanks | a problem |
/// | `initial_posts[].poster_agent_id` | an agent's id | a problem |
/// | `initial_posts[].poster_type` | | not read |
/// | `scheduled_events[]` | see [`ScheduledPost`]; here in the order of their rounds, and of the file within a round | none |
/// | `scheduled_events[].at_round` (ours) | 1 to 5256000 | `at_hour` is there |
/// | `scheduled_events[].at_hour` (ours) | 0 to 87600 simulated hours since the start | `at_round` is there |
/// | `scheduled_events[].content`, `.poster_agent_id`, `.poster_type` | as in `initial_posts` | |
/// | `scheduled_events[].platform` (ours) | `twitter` or `reddit` | both |
/// | `hot_topics` | texts; blank ones are left out | none |
/// | `narrative_direction` | | empty |
///
/// An event has one of `at_round` and `at_hour`, never both. `at_hour` means the first round
/// that is at least so long after the start, and round 1 at the earliest: round 0 belongs to
/// `initial_posts`. What is planned for later than the last round, or for a platform without a
/// world, is noted and never played.
pub(crate) fn read<'a>(
    reading: &mut Reading<'a>,
    root: &Object<'a>,
    stage: &Stage<'_>,
) -> EventSpec {
    let events = reading.section(root, "event_config");
    reading.ignore_unknown(
        &events,
        &["initial_posts", "scheduled_events", "hot_topics", "narrative_direction"],
    );
    let mut seed_posts = Vec::new();
    for (pointer, value) in events.list("initial_posts") {
        if let Some(post) = reading.door.object(value, pointer) {
            seed_posts.push(seed_post(reading, &post, stage));
        }
    }
    EventSpec {
        seed_posts,
        scheduled: scheduled(reading, &events, stage, &CONFIGURED, &|reading, event| {
            reading.ignore_unknown(event, &EVENT_FIELDS);
            poster(event, stage.agents)
        }),
        hot_topics: reading.topics(&events, "hot_topics"),
        narrative_direction: reading.text(&events, "narrative_direction").unwrap_or_default(),
    }
}

fn seed_post(reading: &mut Reading<'_>, post: &Object<'_>, stage: &Stage<'_>) -> SeedPost {
    reading.ignore_unknown(post, &["content", "poster_type", "poster_agent_id"]);
    SeedPost {
        content: content(reading, post, CONFIGURED.text),
        agent_id: poster(post, stage.agents).unwrap_or(0),
    }
}

const EVENT_FIELDS: [&str; 6] =
    ["at_round", "at_hour", "content", "poster_type", "poster_agent_id", "platform"];

/// What the fields of scheduled posts are called.
#[derive(Debug)]
pub(crate) struct Wording {
    pub(crate) list: &'static str,
    pub(crate) round: &'static str,
    pub(crate) hour: &'static str,
    pub(crate) text: &'static str,
}

const CONFIGURED: Wording =
    Wording { list: "scheduled_events", round: "at_round", hour: "at_hour", text: "content" };

/// The posts of later rounds, by round; `author` reads who writes one, and looks for fields
/// that nobody knows.
pub(crate) fn scheduled(
    reading: &mut Reading<'_>,
    events: &Object<'_>,
    stage: &Stage<'_>,
    wording: &Wording,
    author: &dyn Fn(&mut Reading<'_>, &Object<'_>) -> Option<u32>,
) -> Vec<ScheduledPost> {
    let last = stage.time.rounds();
    let (mut posts, mut late, mut away) = (Vec::new(), Vec::new(), Vec::new());
    for (pointer, value) in events.list(wording.list) {
        let Some(event) = reading.door.object(value, pointer.clone()) else { continue };
        let minutes = stage.time.minutes_per_round;
        let round = round(reading, &event, &pointer, minutes, [wording.round, wording.hour]);
        if round > last {
            late.push(format!("{pointer} (round {round})"));
        }
        let post = ScheduledPost {
            round,
            content: content(reading, &event, wording.text),
            agent_id: author(reading, &event).unwrap_or(0),
            platform: event.parsed("platform", |text| {
                choice(text, &Platform::ALL.map(|platform| (platform.as_str(), platform)))
            }),
        };
        let has_world =
            |platform| stage.platforms.is_empty() || stage.platforms.contains(&platform);
        if let Some(platform) = post.platform.filter(|platform| !has_world(*platform)) {
            away.push(format!("{pointer} ({platform})"));
        }
        posts.push(post);
    }
    if !away.is_empty() {
        let away = some_of(away).join(", ");
        reading.remark(format!("events on a platform without a world are never played: {away}"));
    }
    if !late.is_empty() {
        let late = some_of(late).join(", ");
        reading.remark(format!("events after the last round, {last}, are never played: {late}"));
    }
    posts.sort_by_key(|post| post.round);
    posts
}

/// The round of an event at `pointer`; 1 where something was reported.
fn round(
    reading: &Reading<'_>,
    event: &Object<'_>,
    pointer: &str,
    minutes_per_round: u32,
    keys: [&str; 2],
) -> u32 {
    let [round, hour] = keys;
    let at_round = event.integer(round, 1..=MAX_ROUND.into());
    let at_hour = event.millionths(hour, 0..=i64::from(MAX_HOURS) * i64::from(ONE));
    let found = match keys.map(|key| event.get(key).is_some()) {
        [true, true] => Some(format!("both {round} and {hour}")),
        [false, false] => Some(format!("neither {round} nor {hour}")),
        _ => None,
    };
    if let Some(found) = found {
        let expected =
            format!("one of the two: {round}, 1 or more, or {hour}, in hours since the start");
        reading.door.report(pointer, found, &expected);
    }
    let at_hour = at_hour.and_then(|hours| u64::try_from(hours).ok());
    let at_hour = at_hour.map(|hours| round_after(hours, minutes_per_round));
    at_round.or(at_hour).and_then(|round| u32::try_from(round).ok()).unwrap_or(1)
}

/// The first round but 0 that is at least as many millionths of an hour after the start.
fn round_after(hours: u64, minutes_per_round: u32) -> u64 {
    let round = u64::from(ONE) * u64::from(minutes_per_round.max(1));
    // Twenty minutes are no whole number of millionths: the half that rounding added is no time.
    (hours * 60).saturating_sub(30).div_ceil(round).max(1)
}

/// The text of a post, in the field `key`.
pub(crate) fn content(reading: &Reading<'_>, post: &Object<'_>, key: &str) -> String {
    reading.filled_text(post, key, "the post's text")
}

/// The id of the agent that posts.
fn poster(post: &Object<'_>, agents: Option<usize>) -> Option<u32> {
    let key = "poster_agent_id";
    let (ids, expected) = match agents.and_then(|count| u32::try_from(count).ok()) {
        Some(count) => (0..count, format!("the id of an agent, 0 to {}", count.saturating_sub(1))),
        None => (0..u32::MAX, "the id of an agent".to_owned()),
    };
    let value = post.require(key, &expected)?;
    let id = number(value).and_then(|id| u32::try_from(id).ok()).filter(|id| ids.contains(id));
    if id.is_none() {
        post.report(key, describe(value), &expected);
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_the_first_round_that_is_not_before_it() {
        // Millionths of an hour, minutes per round, round.
        let cases = [
            (0, 60, 1),
            (1, 60, 1),
            (1_000_000, 60, 1),
            (1_000_001, 60, 2),
            (12_500_000, 60, 13),
            (12_500_000, 30, 25),
            (500_000, 1, 30),
            (16_666, 1, 1),
            (16_667, 1, 1),
            (16_668, 1, 2),
            (333_333, 10, 2),
            (666_667, 20, 2),
            (666_667, 10, 4),
            (416_667, 5, 5),
            (1_000_000, 45, 2),
            (1_500_000, 45, 2),
            (100_000, 1_440, 1),
            (24_000_000, 1_440, 1),
            (24_000_001, 1_440, 2),
            (u64::from(MAX_HOURS) * 1_000_000, 1, u64::from(MAX_ROUND)),
        ];
        for (hours, minutes, round) in cases {
            assert_eq!(round_after(hours, minutes), round, "{hours} at {minutes}");
        }
    }
}
