//! One world of one run, counted for the comparison. Pure.

use std::collections::BTreeMap;

use contract::action::ActionBody;
use contract::frame::{Frame, Marker};
use contract::spec::{Spec, Stance};
use contract::subject::Platform;
use serde::Serialize;

use super::inputs::Inputs;
use crate::summary::{Count, WorldSummary};
use crate::tally::{Tally, WorldTally};

/// Characters that are kept of a post: enough for a line.
const POST_TEXT: usize = 100;

/// One world of one run so far.
#[derive(Clone, Debug)]
pub struct Side {
    /// What the frames say.
    pub tally: Tally,
    platform: Platform,
    stances: Stances,
    by_stance: BTreeMap<&'static str, Voices>,
    active_agents: u64,
    rounds: u64,
    before_parting: Option<BTreeMap<&'static str, Count>>,
}

/// What the agents of one stance did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Voices {
    /// Successful actions other than looking at the feed.
    pub actions: u64,
    /// Posts, quotes included.
    pub posts: u64,
    /// Comments.
    pub comments: u64,
}

/// What became of one world of one run. With `--json` printed as it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SideSummary {
    /// As in the summary of a run.
    #[serde(flatten)]
    pub world: WorldSummary,
    /// Posts that were written, quotes included.
    pub posts: u64,
    /// Comments that were written.
    pub comments: u64,
    /// Likes that were given to posts.
    pub likes: u64,
    /// Follows that were begun.
    pub follows: u64,
    /// Agents that were active in a round, on average over the rounds from 1 on, to one decimal.
    pub active_agents_per_round: f64,
    /// By the stance that the author had then.
    pub by_stance: BTreeMap<&'static str, Voices>,
    /// By the name of the action, from the tick on in which the runs part.
    pub since_parting: BTreeMap<&'static str, Count>,
}

/// Where each agent stands, as the run goes on.
#[derive(Clone, Debug, Default)]
pub struct Stances {
    now: Vec<Stance>,
    /// Ascending by tick.
    changes: Vec<(u32, u32, Stance)>,
    next: usize,
}

impl Stances {
    /// As the spec has them, and as commands have changed them.
    pub fn of(spec: &Spec, inputs: &Inputs) -> Stances {
        let now = spec.agents.iter().map(|agent| agent.stance).collect();
        Stances { now, changes: inputs.stances().collect(), next: 0 }
    }

    fn advance(&mut self, tick: u32) {
        while let Some((_, agent_id, stance)) =
            self.changes.get(self.next).filter(|change| change.0 <= tick)
        {
            self.now.get_mut(*agent_id as usize).into_iter().for_each(|now| *now = *stance);
            self.next += 1;
        }
    }

    fn of_agent(&self, agent_id: u32) -> Option<Stance> {
        self.now.get(agent_id as usize).copied()
    }
}

impl Side {
    /// A world of which nothing is counted yet.
    pub fn new(platform: Platform, stances: Stances) -> Side {
        let words = Stance::WORDS.into_iter();
        Side {
            tally: Tally::with_texts_of(POST_TEXT),
            platform,
            stances,
            by_stance: words.map(|(word, _)| (word, Voices::default())).collect(),
            active_agents: 0,
            rounds: 0,
            before_parting: None,
        }
    }

    /// Counts the next frame.
    pub fn add(&mut self, frame: &Frame) {
        self.stances.advance(frame.tick);
        self.tally.add(frame);
        for marker in &frame.markers {
            // Of round 0 nobody is active: its posts are planned.
            if let Marker::RoundEnd { active_agents, round: 1.., .. } = marker {
                self.active_agents += u64::from(*active_agents);
                self.rounds += 1;
            }
        }
        for action in frame.actions.iter().filter(|it| it.success() && it.body.is_listed()) {
            let Some(stance) = self.stances.of_agent(action.agent_id) else { continue };
            let voices = self.by_stance.entry(stance.as_str()).or_default();
            voices.actions += 1;
            match &action.body {
                ActionBody::CreatePost(_) | ActionBody::QuotePost(_) => voices.posts += 1,
                ActionBody::CreateComment(_) => voices.comments += 1,
                _ => {}
            }
        }
    }

    /// What comes next is counted apart as well.
    pub fn part(&mut self) {
        let so_far = self.world().map(|world| world.summary().by_type);
        self.before_parting = Some(so_far.unwrap_or_default());
    }

    /// The world, once it has a frame.
    pub fn world(&self) -> Option<&WorldTally> {
        self.tally.world(self.platform)
    }

    /// What was counted, once there is a frame.
    pub fn summary(&self) -> Option<SideSummary> {
        let world = self.world()?.summary();
        let succeeded = |name| world.by_type.get(name).map_or(0, |count| count.succeeded);
        Some(SideSummary {
            posts: succeeded("CREATE_POST") + succeeded("QUOTE_POST"),
            comments: succeeded("CREATE_COMMENT"),
            likes: succeeded("LIKE_POST"),
            follows: succeeded("FOLLOW"),
            active_agents_per_round: per_round(self.active_agents, self.rounds),
            by_stance: self.by_stance.clone(),
            since_parting: self.since_parting(&world),
            world,
        })
    }

    fn since_parting(&self, world: &WorldSummary) -> BTreeMap<&'static str, Count> {
        let Some(before) = &self.before_parting else { return BTreeMap::new() };
        let since = |(name, now): (&&'static str, &Count)| {
            let before = before.get(name).copied().unwrap_or_default();
            let succeeded = now.succeeded - before.succeeded;
            (*name, Count { succeeded, failed: now.failed - before.failed })
        };
        let since = world.by_type.iter().map(since);
        since.filter(|(_, count)| *count != Count::default()).collect()
    }
}

/// To one decimal; 0 where there was no round.
fn per_round(agents: u64, rounds: u64) -> f64 {
    let tenths = (agents * 10 + rounds / 2).checked_div(rounds).unwrap_or(0);
    f64::from(u32::try_from(tenths).unwrap_or(u32::MAX)) / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{World, comment, like, nothing, post};

    #[test]
    fn what_is_done_counts_for_the_stance_that_the_author_has_then() {
        let stances = Stances {
            now: vec![Stance::Supportive, Stance::Opposing],
            changes: vec![(1, 0, Stance::Neutral), (1, 77, Stance::Neutral)],
            next: 0,
        };
        let mut side = Side::new(Platform::Reddit, stances);
        let mut world = World::new(Platform::Reddit);
        side.add(&world.round(vec![(0, Ok(post(1, "a"))), (1, Ok(like(1, "Ada")))], 2));
        side.part();
        let talk = vec![(0, Ok(comment(1, "b", "Ada"))), (1, Err((like(7, "Ada"), "no")))];
        side.add(&world.round(talk, 3));
        side.add(&world.round(vec![(9, Ok(nothing()))], 3));
        let summary = side.summary().unwrap();
        let of = |actions, posts, comments| Voices { actions, posts, comments };
        let expected = BTreeMap::from([
            ("neutral", of(1, 0, 1)),
            ("observer", of(0, 0, 0)),
            ("opposing", of(1, 0, 0)),
            ("supportive", of(1, 1, 0)),
        ]);
        assert_eq!(summary.by_stance, expected);
        assert_eq!(summary.active_agents_per_round.to_string(), "3", "without round 0");
        let count = |succeeded, failed| Count { succeeded, failed };
        let since = BTreeMap::from([
            ("CREATE_COMMENT", count(1, 0)),
            ("DO_NOTHING", count(1, 0)),
            ("LIKE_POST", count(0, 1)),
        ]);
        assert_eq!(summary.since_parting, since);
        assert_eq!((summary.posts, summary.comments, summary.likes), (1, 1, 1));
        assert_eq!(Side::new(Platform::Reddit, Stances::default()).summary(), None);
    }
}
