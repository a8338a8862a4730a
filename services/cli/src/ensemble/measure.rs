//! What one run comes to: its frames in, whole numbers out. Pure.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use contract::action::ActionBody;
use contract::frame::{Frame, Marker};
use contract::id::Digest;
use contract::spec::{Spec, Stance};
use contract::subject::Platform;

use crate::tally::Tally;

/// How many of the posts with the largest reach are looked at.
pub const TOP: usize = 5;

/// What one run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunMeasures {
    /// The version of the rules that played it.
    pub rules: u32,
    /// Its worlds.
    pub worlds: BTreeMap<Platform, WorldMeasures>,
}

/// What one world of a run came to.
///
/// An *action* is a successful one other than REFRESH and DO_NOTHING. The *reach* of a post is
/// its likes, reposts, quotes and comments; what was taken back is not among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorldMeasures {
    /// Successful actions by their names, REFRESH and DO_NOTHING among them.
    pub by_type: BTreeMap<&'static str, u64>,
    /// Actions.
    pub actions: u64,
    /// Actions of any type that failed.
    pub failed: u64,
    /// Posts that were written, quotes among them.
    pub posts: u64,
    /// The reach of the posts that have most of it, largest first; 0 where there are fewer.
    pub top_reach: [u64; TOP],
    /// The first round at the end of which a post had the reach that is asked for.
    pub threshold_round: Option<u32>,
    /// By round, from 0.
    pub rounds: BTreeMap<u32, RoundMeasures>,
    /// The digest up to the last frame.
    pub digest: Digest,
}

/// What one round of a world came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoundMeasures {
    /// Actions.
    pub actions: u64,
    /// Actions of any type that failed.
    pub failed: u64,
    /// Posts that were written, quotes among them.
    pub posts: u64,
    /// Actions by the stance of who did them, in the order of [`Stance::WORDS`].
    pub by_stance: [u64; 4],
    /// The largest reach of a post at the end of the round.
    pub top_reach: u64,
}

/// A run that is being measured.
#[derive(Debug)]
pub struct Measuring<'a> {
    spec: &'a Spec,
    reach_threshold: u64,
    tally: Tally,
    rules: u32,
    worlds: BTreeMap<Platform, WorldMeasures>,
}

impl Measuring<'_> {
    /// Begins with nothing.
    pub fn new(spec: &Spec, reach_threshold: u64) -> Measuring<'_> {
        let (tally, worlds) = (Tally::default(), BTreeMap::new());
        Measuring { spec, reach_threshold, tally, rules: 0, worlds }
    }

    /// What was counted so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Takes the next frame of a world.
    pub fn add(&mut self, frame: &Frame) {
        self.tally.add(frame);
        let mut is_round = !frame.actions.is_empty();
        for marker in &frame.markers {
            match marker {
                Marker::SimulationStart { rules, .. } => self.rules = *rules,
                Marker::RoundStart { .. } => is_round = true,
                Marker::RoundEnd { .. } | Marker::SimulationEnd { .. } => {}
            }
        }
        let world = self.worlds.entry(frame.platform).or_insert_with(WorldMeasures::empty);
        world.digest = frame.digest;
        // The last frame of a run plays no round.
        if !is_round {
            return;
        }
        let round = world.rounds.entry(frame.round).or_default();
        count_actions(round, frame, self.spec);
        round.top_reach = self.tally.reaches(frame.platform).max().unwrap_or(0);
        if round.top_reach >= self.reach_threshold {
            world.threshold_round.get_or_insert(frame.round);
        }
    }

    /// What the run came to.
    pub fn finish(self) -> RunMeasures {
        let Measuring { tally, rules, mut worlds, .. } = self;
        for (platform, world) in &mut worlds {
            let mut reaches: Vec<u64> = tally.reaches(*platform).collect();
            reaches.sort_unstable_by_key(|reach| Reverse(*reach));
            for (top, reach) in world.top_reach.iter_mut().zip(reaches) {
                *top = reach;
            }
            let sum = |of: fn(&RoundMeasures) -> u64| world.rounds.values().map(of).sum();
            (world.actions, world.failed, world.posts) =
                (sum(|round| round.actions), sum(|round| round.failed), sum(|round| round.posts));
            if let Some(counted) = tally.world(*platform) {
                let counts = counted.by_type().iter();
                let counts = counts.map(|(name, count)| (*name, count.succeeded));
                world.by_type = counts.filter(|(_, succeeded)| *succeeded > 0).collect();
            }
        }
        RunMeasures { rules, worlds }
    }
}

fn count_actions(round: &mut RoundMeasures, frame: &Frame, spec: &Spec) {
    for action in &frame.actions {
        if !action.success() {
            round.failed += 1;
            continue;
        }
        if !action.body.is_memorable() {
            continue;
        }
        round.actions += 1;
        round.posts += u64::from(is_post(&action.body));
        let agent = usize::try_from(action.agent_id).ok().and_then(|id| spec.agents.get(id));
        let stance = agent.map(|agent| agent.stance).unwrap_or_default();
        if let Some(place) = Stance::WORDS.iter().position(|(_, it)| *it == stance) {
            round.by_stance[place] += 1;
        }
    }
}

impl WorldMeasures {
    /// A world of which nothing has happened yet.
    pub(super) fn empty() -> WorldMeasures {
        WorldMeasures {
            by_type: BTreeMap::new(),
            actions: 0,
            failed: 0,
            posts: 0,
            top_reach: [0; TOP],
            threshold_round: None,
            rounds: BTreeMap::new(),
            digest: Digest::ZERO,
        }
    }
}

fn is_post(body: &ActionBody) -> bool {
    matches!(body, ActionBody::CreatePost(_) | ActionBody::QuotePost(_))
}

impl RoundMeasures {
    /// The share of the round's actions that agents of the stance at this place of
    /// [`Stance::WORDS`] did, in millionths, rounded down; none of a round without actions.
    pub fn share_ppm(&self, stance: usize) -> Option<u64> {
        let part = self.by_stance.get(stance).copied().unwrap_or(0);
        (part * 1_000_000).checked_div(self.actions)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::fixtures::{World, comment, like, nothing, post, quote, repost, unlike};

    /// Four agents of a spec, Ada to Dan, one of each stance.
    pub(crate) fn spec() -> Spec {
        let json = include_str!("../../../../schemas/examples/spec/valid/full.json");
        let mut spec: Spec = serde_json::from_str(json).unwrap();
        let agent = spec.agents[0].clone();
        spec.agents = (0..)
            .zip(Stance::WORDS)
            .map(|(agent_id, (_, stance))| contract::spec::AgentSpec {
                agent_id,
                stance,
                ..agent.clone()
            })
            .collect();
        spec
    }

    fn measured(reach_threshold: u64) -> WorldMeasures {
        let (spec, mut world) = (spec(), World::new(Platform::Twitter));
        let mut measuring = Measuring::new(&spec, reach_threshold);
        for frame in [
            world.tick(vec![(0, Ok(post(1, "Pier 9 closes"))), (3, Ok(nothing()))]),
            world.tick(vec![
                (1, Ok(like(1, "Ada"))),
                (1, Ok(comment(1, "No!", "Ada"))),
                (2, Ok(quote(1, 2, "Why?", "Ada"))),
                (3, Err((like(77, "Ada"), "there is no post 77"))),
            ]),
            world.tick(vec![(1, Ok(unlike(1, "Ada"))), (0, Ok(repost(2, "Cleo")))]),
            world.end(),
        ] {
            measuring.add(&frame);
        }
        let mut run = measuring.finish();
        run.worlds.remove(&Platform::Twitter).unwrap()
    }

    #[test]
    fn a_run_is_counted_by_type_and_round_and_stance() {
        let world = measured(3);
        let by_type = BTreeMap::from([
            ("CREATE_COMMENT", 1),
            ("CREATE_POST", 1),
            ("DO_NOTHING", 1),
            ("LIKE_POST", 1),
            ("QUOTE_POST", 1),
            ("REPOST", 1),
            ("UNLIKE_POST", 1),
        ]);
        assert_eq!(world.by_type, by_type);
        assert_eq!((world.actions, world.failed, world.posts), (6, 1, 2));
        assert_eq!(world.rounds.keys().copied().collect::<Vec<_>>(), [0, 1, 2]);
        let round = world.rounds[&1];
        assert_eq!((round.actions, round.failed, round.posts), (3, 1, 1));
        assert_eq!(round.by_stance, [0, 2, 1, 0]);
        assert_eq!((0..4).map(|it| round.share_ppm(it).unwrap()).sum::<u64>(), 999_999);
        assert_eq!(round.share_ppm(1), Some(666_666));
        assert_eq!(RoundMeasures::default().share_ppm(0), None);
    }

    #[test]
    fn a_threshold_is_reached_at_the_end_of_a_round_or_never() {
        let world = measured(3);
        let reaches: Vec<u64> = world.rounds.values().map(|round| round.top_reach).collect();
        assert_eq!((reaches, world.top_reach), (vec![0, 3, 2], [2, 1, 0, 0, 0]));
        assert_eq!(world.threshold_round, Some(1), "though it has less in the end");
        assert_eq!(measured(4).threshold_round, None);
    }
}
