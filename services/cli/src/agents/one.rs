//! One agent in detail. Pure.

use std::collections::BTreeMap;

use contract::spec::{Profile, Spec};
use contract::subject::Platform;
use serde::Serialize;

use super::{Followers, Row, row};
use crate::output::{Paint, columns, count, counted, one_line};
use crate::posts::Post;
use crate::tally::{Doings, Tally};
use crate::wrap::wrap;

/// Posts that are shown of an agent.
const LAST_POSTS: usize = 5;

/// One agent. With `--json` printed as it is.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Detail {
    #[serde(flatten)]
    row: Row,
    /// By world.
    platforms: BTreeMap<Platform, World>,
    /// The newest first.
    last_posts: Vec<Post>,
}

/// An agent in one world.
#[derive(Clone, Debug, Serialize)]
struct World {
    profile: Option<Profile>,
    followers: u64,
    #[serde(flatten)]
    doings: Doings,
}

impl Detail {
    /// The agent of this number in these worlds, if the spec has it.
    pub(super) fn of(
        spec: &Spec,
        tally: &Tally,
        followers: &Followers,
        agent_id: u32,
        platforms: &[Platform],
    ) -> Option<Detail> {
        let agent = spec.agents.iter().find(|agent| agent.agent_id == agent_id)?;
        let world = |platform: &Platform| {
            let index = usize::try_from(agent_id).ok();
            let profile =
                spec.platform(*platform).and_then(|world| world.profiles.get(index?).cloned());
            let doings = tally.agents().get(&agent_id);
            let doings = doings.and_then(|agent| agent.worlds.get(platform)).cloned();
            let followers = followers.count(agent_id, *platform);
            (*platform, World { profile, followers, doings: doings.unwrap_or_default() })
        };
        let own = tally.posts().filter(|(platform, _, post)| {
            platforms.contains(platform)
                && post.written.is_some_and(|written| written.agent_id == agent_id)
        });
        let mut last_posts: Vec<Post> =
            own.map(|(platform, post_id, post)| Post::of(platform, post_id, post)).collect();
        last_posts.sort_by(|a, b| b.by_time(a));
        last_posts.truncate(LAST_POSTS);
        Some(Detail {
            row: row(agent, tally, followers, platforms),
            platforms: platforms.iter().map(world).collect(),
            last_posts,
        })
    }

    pub(super) fn render(&self, width: usize, paint: Paint) -> String {
        let Row { agent_id, name, entity_type, stance, .. } = &self.row;
        let number = paint.dim(&format!("#{agent_id}"));
        let kind = format!("{}, {}", one_line(entity_type, 60), stance.as_str());
        let mut lines = vec![format!("{} {number}  {kind}", paint.bold(&one_line(name, 80)))];
        for (platform, world) in &self.platforms {
            lines.push(String::new());
            lines.extend(world.render(*platform, width, paint));
        }
        if !self.last_posts.is_empty() {
            lines.extend([String::new(), paint.bold("last posts")]);
            lines.extend(self.last_posts.iter().flat_map(|post| post.lines(width, paint)));
        }
        lines.join("\n")
    }
}

impl World {
    fn render(&self, platform: Platform, width: usize, paint: Paint) -> Vec<String> {
        let handle = self.profile.as_ref().map(|profile| one_line(&profile.user_name, 60));
        let handle = handle.map(|handle| format!(" @{}", handle.trim_start_matches('@')));
        let followers = counted(self.followers, "follower");
        let head = paint.bold(platform.as_str());
        let mut lines = vec![format!("{head}{}, {followers}", handle.unwrap_or_default())];
        if let Some(profile) = &self.profile {
            let facts = facts(profile);
            // What a Twitter profile says of a person often begins with its bio.
            let persona = profile.persona.trim_start_matches(&*profile.bio);
            let texts = [&*facts, &profile.bio, persona].map(|text| one_line(text, 1000));
            let texts = texts.iter().filter(|text| !text.is_empty());
            lines.extend(texts.map(|text| wrap(&format!("  {text}"), width, 2)));
        }
        let rows: Vec<Vec<String>> = self
            .doings
            .by_type
            .iter()
            .map(|(name, number)| {
                let failed = match number.failed {
                    0 => String::new(),
                    failed => paint.red(&format!("{} failed", count(failed))),
                };
                vec![format!("  {name}"), count(number.succeeded), failed]
            })
            .collect();
        lines.extend(columns(&rows, &[1]));
        lines
    }
}

/// `41, female, ISTJ, UK, baker; cares about tea, tides`.
fn facts(profile: &Profile) -> String {
    let age = profile.age.map(|age| age.to_string());
    let words = [&profile.gender, &profile.mbti, &profile.country, &profile.profession];
    let words = age.into_iter().chain(words.into_iter().flatten().cloned());
    let words = words.collect::<Vec<_>>().join(", ");
    let topics = profile.interested_topics.join(", ");
    match (words.is_empty(), topics.is_empty()) {
        (_, true) => words,
        (true, false) => format!("cares about {topics}"),
        (false, false) => format!("{words}; cares about {topics}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::sample;
    use super::*;
    use crate::output::visible;

    #[test]
    fn one_agent_has_a_profile_counts_and_posts() {
        let (spec, tally) = sample();
        let followers = Followers::of(&spec, &tally);
        let detail = Detail::of(&spec, &tally, &followers, 1, &Platform::ALL).unwrap();
        let json = serde_json::to_value(&detail).unwrap();
        assert_eq!((&json["agent_id"], &json["shares"]), (&1.into(), &1.into()));
        let twitter = &json["platforms"]["twitter"];
        assert_eq!(
            twitter["by_type"]["LIKE_POST"],
            serde_json::json!({"succeeded": 0, "failed": 1})
        );
        let handle = &spec.twitter.as_ref().unwrap().profiles[1].user_name;
        assert_eq!(twitter["profile"]["user_name"], handle.as_str());
        assert_eq!(json["last_posts"][0]["post_id"], 502);
        let text = detail.render(80, Paint::PLAIN);
        assert!(text.lines().all(|line| visible(line) <= 80), "{text}");
        assert!(text.contains("  LIKE_POST       0  1 failed"), "{text}");
        assert!(Detail::of(&spec, &tally, &followers, 99, &Platform::ALL).is_none());
    }
}
