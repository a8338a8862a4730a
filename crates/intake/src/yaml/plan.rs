//! The fields `posts`, `events`, `topics` and `story`: what happens by plan.

use contract::door::Object;
use contract::spec::{EventSpec, SeedPost, TimeSpec};
use contract::subject::Platform;

use crate::events::{self, Stage, Wording};
use crate::reading::Reading;
use crate::yaml::people::People;

const EVENTS: Wording = Wording { list: "events", round: "round", hour: "hour", text: "text" };

/// Reads the plan. An author is an agent's name or handle.
pub(super) fn read<'a>(
    reading: &mut Reading<'a>,
    root: &Object<'a>,
    time: &TimeSpec,
    people: Option<&People>,
    platforms: &[Platform],
) -> EventSpec {
    let mut seed_posts = Vec::new();
    for (pointer, value) in root.list("posts") {
        let Some(post) = reading.door.object(value, pointer) else { continue };
        post.refuse_unknown(&["author", "text"]);
        let agent_id = author(&post, people).unwrap_or(0);
        seed_posts.push(SeedPost { agent_id, content: events::content(reading, &post, "text") });
    }
    let stage = Stage { time, agents: None, platforms };
    let scheduled = events::scheduled(reading, root, &stage, &EVENTS, &|_, event| {
        event.refuse_unknown(&["hour", "round", "author", "text", "platform"]);
        author(event, people)
    });
    EventSpec {
        seed_posts,
        scheduled,
        hot_topics: reading.topics(root, "topics"),
        narrative_direction: reading.text(root, "story").unwrap_or_default(),
    }
}

fn author(post: &Object<'_>, people: Option<&People>) -> Option<u32> {
    post.require("author", "an agent's name or handle")?;
    // Where nobody can be read, that is reported elsewhere.
    let people = people?;
    post.parsed("author", |name| people.find(name))
}
