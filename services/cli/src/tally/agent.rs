//! One agent of a run, counted action by action.

use std::collections::BTreeMap;

use contract::action::{Action, ActionBody};
use contract::subject::Platform;
use serde::Serialize;

use crate::summary::Count;

/// An agent so far.
#[derive(Clone, Debug, Default)]
pub struct AgentTally {
    /// Its name; empty as long as it did nothing.
    pub name: String,
    /// What it did, by world.
    pub worlds: BTreeMap<Platform, Doings>,
}

/// What an agent did in a world, and who follows it there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Doings {
    /// By the name of the action.
    pub by_type: BTreeMap<&'static str, Count>,
    /// Successful actions that a memory takes.
    pub memorable: u64,
    /// Followers that it won, less those that it lost; it may have had some before.
    pub followers_won: i64,
}

/// Counts an action for whom it concerns.
pub(super) fn add(agents: &mut BTreeMap<u32, AgentTally>, platform: Platform, action: &Action) {
    let agent = agents.entry(action.agent_id).or_default();
    if agent.name != action.agent_name {
        agent.name.clone_from(&action.agent_name);
    }
    let doings = agent.worlds.entry(platform).or_default();
    let count = doings.by_type.entry(action.body.type_name()).or_default();
    if !action.success() {
        count.failed += 1;
        return;
    }
    count.succeeded += 1;
    doings.memorable += u64::from(action.body.is_memorable());
    let (followee, change) = match &action.body {
        ActionBody::Follow(follow) => (follow.followee_id, 1),
        ActionBody::Unfollow(follow) => (follow.followee_id, -1),
        _ => return,
    };
    let followee = agents.entry(followee).or_default();
    followee.worlds.entry(platform).or_default().followers_won += change;
}

impl AgentTally {
    /// Successful actions in all worlds that a memory takes.
    pub fn memorable(&self) -> u64 {
        self.worlds.values().map(|doings| doings.memorable).sum()
    }
}

impl Doings {
    /// Successful actions of these types.
    pub fn succeeded(&self, types: &[&str]) -> u64 {
        let count = |name: &&str| self.by_type.get(*name).map_or(0, |count| count.succeeded);
        types.iter().map(count).sum()
    }

    /// Successful actions other than looking at the feed.
    pub fn listed(&self) -> u64 {
        let listed = self.by_type.iter().filter(|(name, _)| **name != "REFRESH");
        listed.map(|(_, count)| count.succeeded).sum()
    }

    /// Failed actions.
    pub fn failed(&self) -> u64 {
        self.by_type.values().map(|count| count.failed).sum()
    }
}
