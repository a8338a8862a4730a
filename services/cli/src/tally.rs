//! Frames in, summary out. Pure.

mod agent;
mod world;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use contract::frame::Frame;
use contract::status::EnvStatus;
use contract::subject::Platform;

pub use self::agent::{AgentTally, Doings};
pub use self::world::{PostTally, WorldTally};
use crate::summary::{ActiveAgent, Summary, TopPost, Worlds};

/// How many posts and agents a summary names.
const TOP: usize = 5;

/// Characters that are kept of a post where all posts are kept: a long run has very many.
const POST_TEXT: usize = 200;

/// Counts a run's frames as they come, each world's from its first.
#[derive(Clone, Debug)]
pub struct Tally {
    worlds: BTreeMap<Platform, WorldTally>,
    agents: BTreeMap<u32, AgentTally>,
    post_text: usize,
}

impl Default for Tally {
    fn default() -> Tally {
        Tally { worlds: BTreeMap::new(), agents: BTreeMap::new(), post_text: POST_TEXT }
    }
}

impl Tally {
    /// A tally that keeps all of every post's text.
    pub fn with_whole_texts() -> Tally {
        Tally::with_texts_of(usize::MAX)
    }

    /// A tally that keeps so many characters of a post.
    pub fn with_texts_of(post_text: usize) -> Tally {
        Tally { post_text, ..Tally::default() }
    }

    /// Counts the next frame of a world.
    pub fn add(&mut self, frame: &Frame) {
        let new_world = || WorldTally::new(frame, self.post_text);
        self.worlds.entry(frame.platform).or_insert_with(new_world).add(frame);
        for action in &frame.actions {
            agent::add(&mut self.agents, frame.platform, action);
        }
    }

    /// The agents that did something, or to whom something was done, by number.
    pub fn agents(&self) -> &BTreeMap<u32, AgentTally> {
        &self.agents
    }

    /// The posts that any action was about: world, number, post; in this order.
    pub fn posts(&self) -> impl Iterator<Item = (Platform, u64, &PostTally)> {
        self.worlds.iter().flat_map(|(platform, world)| {
            world.known_posts().map(|(post_id, post)| (*platform, post_id, post))
        })
    }

    /// The reach of each post of a world that any action was about.
    pub fn reaches(&self, platform: Platform) -> impl Iterator<Item = u64> {
        let posts = self.worlds.get(&platform).into_iter().flat_map(WorldTally::known_posts);
        posts.map(|(_, post)| post.reactions.reach())
    }

    /// One world, once it has a frame.
    pub fn world(&self, platform: Platform) -> Option<&WorldTally> {
        self.worlds.get(&platform)
    }

    /// The summary of what was counted, for a run in this state.
    pub fn summary(&self, status: &EnvStatus) -> Summary {
        let world = |platform: Platform| self.world(platform).map(WorldTally::summary);
        let end = status.ended_at.unwrap_or(status.updated_at);
        let duration = status.started_at.map(|start| end.milliseconds() - start.milliseconds());
        Summary {
            run_id: status.run_id.clone(),
            simulation_id: status.simulation_id.clone(),
            status: status.status,
            reason: status.reason.clone(),
            last_error: status.last_error.clone(),
            spec_digest: status.spec_digest,
            seed: status.options.seed,
            rounds_planned: status.options.rounds,
            duration_milliseconds: duration.and_then(|span| u64::try_from(span).ok()),
            platforms: Worlds {
                twitter: world(Platform::Twitter),
                reddit: world(Platform::Reddit),
            },
            top_posts: self.top_posts(),
            most_active: self.most_active(),
            memory: status.memory.clone(),
            spent: status.asks_models().then(|| status.spent()),
            budget: status.options.budget,
        }
    }

    fn top_posts(&self) -> Vec<TopPost> {
        let noticed = self.posts().filter(|(_, _, post)| post.reactions.all() > 0);
        let mut noticed: Vec<_> = noticed.collect();
        noticed.sort_by_key(|(platform, id, post)| (Reverse(post.reactions.all()), *platform, *id));
        let top = noticed.into_iter().take(TOP);
        top.map(|(platform, post_id, post)| TopPost {
            platform,
            post_id,
            author: post.author.clone(),
            content: post.content.clone(),
            reactions: post.reactions,
        })
        .collect()
    }

    fn most_active(&self) -> Vec<ActiveAgent> {
        let active = self.agents.iter().map(|(agent_id, agent)| ActiveAgent {
            agent_id: *agent_id,
            name: agent.name.clone(),
            actions: agent.memorable(),
        });
        let mut active: Vec<_> = active.filter(|agent| agent.actions > 0).collect();
        active.sort_by_key(|agent| (Reverse(agent.actions), agent.agent_id));
        active.truncate(TOP);
        active
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::fixtures::{
        World, comment, dislike, follow, like, nothing, post, quote, repost, status, undo_dislike,
        unlike,
    };
    use crate::summary::{Count, Reactions, WorldSummary};
    use contract::status::RunStatus;

    /// A small run: Ada's post 1 and Ben's post 2 on Twitter, a profile's post 9 on Reddit.
    pub(crate) fn small_run() -> (Tally, Summary) {
        let (mut twitter, mut reddit) =
            (World::new(Platform::Twitter), World::new(Platform::Reddit));
        let frames = [
            twitter.tick(vec![(0, Ok(post(1, "Pier 9 closes"))), (1, Ok(post(2, "Why?")))]),
            reddit.tick(vec![(2, Ok(like(9, "Dan")))]),
            twitter.tick(vec![
                (2, Ok(like(2, "Ben"))),
                (2, Ok(repost(2, "Ben"))),
                (0, Ok(comment(2, "Rot.", "Ben"))),
                (3, Err((like(77, "Ada"), "there is no post 77"))),
                (3, Ok(nothing())),
            ]),
            reddit.tick(vec![(1, Ok(comment(9, "Proof?", "Dan"))), (1, Ok(follow(2)))]),
            twitter.tick(vec![(0, Ok(like(1, "Ada")))]),
            reddit.end(),
            twitter.end(),
        ];
        let mut tally = Tally::default();
        frames.iter().for_each(|frame| tally.add(frame));
        let mut status = status("market-1", RunStatus::Completed);
        status.ended_at = Some("2026-03-01T10:00:13.400Z".parse().unwrap());
        let summary = tally.summary(&status);
        (tally, summary)
    }

    #[test]
    fn actions_are_counted_by_world_type_and_success() {
        let (tally, summary) = small_run();
        let twitter = summary.platforms.twitter.unwrap();
        let counts = |succeeded, failed| Count { succeeded, failed };
        let by_type = BTreeMap::from([
            ("CREATE_COMMENT", counts(1, 0)),
            ("CREATE_POST", counts(2, 0)),
            ("DO_NOTHING", counts(1, 0)),
            ("LIKE_POST", counts(2, 1)),
            ("REPOST", counts(1, 0)),
        ]);
        assert_eq!(twitter.by_type, by_type);
        let WorldSummary { rounds, actions, succeeded, failed, memorable, .. } = twitter;
        assert_eq!((rounds, actions, succeeded, failed, memorable), (3, 8, 7, 1, 6));
        assert_eq!((summary.rounds_planned, twitter.simulated_minutes), (48, 180));
        assert_eq!(summary.platforms.reddit.unwrap().memorable, 3);
        assert_eq!(summary.duration_milliseconds, Some(12_400));
        let world = tally.world(Platform::Twitter).unwrap();
        assert_eq!((world.ticks, world.posts(), world.is_over), (4, 2, true));
        assert_eq!((world.actions(), world.digest), (8, twitter.digest));
    }

    #[test]
    fn posts_are_ranked_by_all_reactions_and_known_by_their_first_mention() {
        let (_, summary) = small_run();
        let top = |post: &TopPost| {
            let Reactions { likes, dislikes, reposts, quotes, comments } = post.reactions;
            (post.platform, post.post_id, [likes, dislikes, reposts, quotes, comments])
        };
        let expected = [
            (Platform::Twitter, 2, [1, 0, 1, 0, 1]),
            (Platform::Reddit, 9, [1, 0, 0, 0, 1]),
            (Platform::Twitter, 1, [1, 0, 0, 0, 0]),
        ];
        assert_eq!(summary.top_posts.iter().map(top).collect::<Vec<_>>(), expected);
        let texts = summary.top_posts.iter().map(|post| (&*post.author, &*post.content));
        let expected = [("Ben", "Why?"), ("Dan", "text of 9"), ("Ada", "Pier 9 closes")];
        assert_eq!(texts.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_is_taken_back_is_no_reaction() {
        let mut twitter = World::new(Platform::Twitter);
        let mut tally = Tally::default();
        tally.add(&twitter.tick(vec![
            (0, Ok(like(1, "Dan"))),
            (1, Ok(like(1, "Dan"))),
            (0, Ok(dislike(1, "Dan"))),
            (2, Ok(like(2, "Dan"))),
            (2, Ok(dislike(3, "Dan"))),
        ]));
        tally.add(&twitter.tick(vec![
            (0, Ok(unlike(1, "Dan"))),
            (0, Err((unlike(1, "Dan"), "like record does not exist"))),
            (2, Ok(unlike(2, "Dan"))),
            (2, Ok(undo_dislike(3, "Dan"))),
            (3, Ok(unlike(4, "Dan"))),
        ]));
        let summary = tally.summary(&status("market-1", RunStatus::Running));
        let left = summary.top_posts.iter().map(|post| (post.post_id, post.reactions));
        let of_post_1 = Reactions { likes: 1, dislikes: 1, ..Reactions::default() };
        assert_eq!(left.collect::<Vec<_>>(), [(1, of_post_1)]);
    }

    #[test]
    fn a_quote_is_a_reaction_and_a_post() {
        let mut twitter = World::new(Platform::Twitter);
        let mut tally = Tally::default();
        tally.add(&twitter.tick(vec![
            (0, Ok(post(1, "Pier 9 closes"))),
            (1, Ok(quote(1, 5, "And the survey?", "Ada"))),
            (2, Ok(like(5, "Ben"))),
            (3, Ok(repost(5, "Ben"))),
        ]));
        let world = tally.world(Platform::Twitter).unwrap();
        assert_eq!((world.posts(), world.reactions(1), world.reactions(5)), (2, 1, 2));
        let summary = tally.summary(&status("market-1", RunStatus::Running));
        let texts = summary.top_posts.iter().map(|post| (&*post.author, &*post.content));
        let expected = [("Ben", "And the survey?"), ("Ada", "Pier 9 closes")];
        assert_eq!(texts.collect::<Vec<_>>(), expected);
        assert_eq!(summary.top_posts[1].reactions, Reactions { quotes: 1, ..Reactions::default() });
    }

    #[test]
    fn agents_are_ranked_over_all_worlds_by_what_a_memory_takes() {
        let (_, summary) = small_run();
        let agents = summary.most_active.iter().map(|agent| (&*agent.name, agent.actions));
        assert_eq!(agents.collect::<Vec<_>>(), [("Ada", 3), ("Ben", 3), ("Cleo", 3)]);
    }

    #[test]
    fn equals_are_ranked_by_world_and_number_and_only_five_are_named() {
        let mut tally = Tally::default();
        let likes = (0..8).map(|id| (id, Ok(like(u64::from(10 - id), "Ada")))).collect();
        tally.add(&World::new(Platform::Reddit).tick(likes));
        let summary = tally.summary(&status("market-1", RunStatus::Running));
        let posts = summary.top_posts.iter().map(|post| post.post_id);
        assert_eq!(posts.collect::<Vec<_>>(), [3, 4, 5, 6, 7]);
        let agents = summary.most_active.iter().map(|agent| agent.agent_id);
        assert_eq!(agents.collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
        assert_eq!(summary.platforms.twitter, None);
    }

    #[test]
    fn a_run_without_frames_has_a_summary_too() {
        let mut queued = status("market-1", RunStatus::Queued);
        queued.started_at = None;
        let summary = Tally::default().summary(&queued);
        assert_eq!((summary.duration_milliseconds, summary.platforms.iter().count()), (None, 0));
        let json = serde_json::to_value(&summary).unwrap();
        assert_eq!(json["status"], "queued");
        assert_eq!(json["platforms"], serde_json::json!({}));
    }

    #[test]
    fn the_json_is_what_scripts_rely_on() {
        let json = serde_json::to_value(small_run().1).unwrap();
        assert_eq!((&json["run_id"], &json["seed"]), (&"market-1".into(), &7.into()));
        let likes = &json["platforms"]["twitter"]["by_type"]["LIKE_POST"];
        assert_eq!(likes, &serde_json::json!({"succeeded": 2, "failed": 1}));
        let top = &json["top_posts"][0];
        assert_eq!(
            (&top["post_id"], &top["likes"], &top["quotes"]),
            (&2.into(), &1.into(), &0.into())
        );
        assert_eq!(json["memory"][0]["graph_id"], "market");
    }
}
