//! The configuration's `event_config`: what happens by plan.

use contract::door::{Object, describe, integer};
use contract::spec::{EventSpec, SeedPost};

use crate::reading::Reading;

/// Reads `event_config`; `agents` is the number of agents, where it is known.
///
/// | field | absent |
/// |---|---|
/// | `initial_posts` | none |
/// | `initial_posts[].content`, `.poster_agent_id` | a problem |
/// | `hot_topics` | none |
/// | `narrative_direction` | empty |
/// | `scheduled_events`, `initial_posts[].poster_type` | not read; the original does not either |
pub(crate) fn read<'a>(
    reading: &mut Reading<'a>,
    root: &Object<'a>,
    agents: Option<usize>,
) -> EventSpec {
    let events = reading.section(root, "event_config");
    reading.ignore_unknown(
        &events,
        &["initial_posts", "scheduled_events", "hot_topics", "narrative_direction"],
    );
    let mut seed_posts = Vec::new();
    for (pointer, value) in events.list("initial_posts") {
        if let Some(post) = reading.door.object(value, pointer) {
            seed_posts.push(read_post(reading, &post, agents));
        }
    }
    EventSpec {
        seed_posts,
        scheduled: Vec::new(),
        hot_topics: reading.texts(&events, "hot_topics"),
        narrative_direction: reading.text(&events, "narrative_direction").unwrap_or_default(),
    }
}

fn read_post(reading: &mut Reading<'_>, post: &Object<'_>, agents: Option<usize>) -> SeedPost {
    reading.ignore_unknown(post, &["content", "poster_type", "poster_agent_id"]);
    SeedPost {
        content: reading.filled_text(post, "content", "the post's text"),
        agent_id: poster(post, agents).unwrap_or(0),
    }
}

/// The id of the agent that posts.
fn poster(post: &Object<'_>, agents: Option<usize>) -> Option<u32> {
    let key = "poster_agent_id";
    let (ids, expected) = match agents.and_then(|count| u32::try_from(count).ok()) {
        Some(count) => (0..count, format!("the id of an agent, 0 to {}", count.saturating_sub(1))),
        None => (0..u32::MAX, "the id of an agent".to_owned()),
    };
    let value = post.require(key, &expected)?;
    let id = integer(value).and_then(|id| u32::try_from(id).ok()).filter(|id| ids.contains(id));
    if id.is_none() {
        post.report(key, describe(value), &expected);
    }
    id
}
