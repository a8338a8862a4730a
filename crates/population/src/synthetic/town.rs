//! A town: who stands where in which community.

use super::Plan;
use super::follows::Weights;
use super::topics::{TOPICS, Topic};
use crate::random::{Dice, Purpose};

/// A population, without its people: they are made when they are asked for.
#[derive(Debug)]
pub(super) struct Town {
    dice: Dice,
    communities: Vec<Community>,
    /// By agent: its place. Communities are ranges of places, the first of each leads it.
    places: Vec<u32>,
    /// By place: its agent.
    agents: Vec<u32>,
    weights: Weights,
}

/// Those who care about one topic.
#[derive(Debug)]
pub(super) struct Community {
    /// What they care about most.
    pub(super) topic: &'static Topic,
    /// The place of the agent of rank 0.
    pub(super) start: u32,
    /// How many there are; ranks are below.
    pub(super) members: u32,
    /// Who is for it, in hundredths.
    pub(super) supportive: u32,
    /// Who is against it.
    pub(super) opposing: u32,
}

/// Those for it and against it together, in hundredths.
const DECIDED: u32 = 70;

impl Town {
    pub(super) fn new(plan: &Plan) -> Town {
        let dice = Dice::new(plan.seed);
        let agents = shuffled(plan.agents, dice);
        let mut places = vec![0; agents.len()];
        for (place, agent) in (0..).zip(&agents) {
            places[*agent as usize] = place;
        }
        let communities = communities(plan, dice);
        let largest = communities.iter().map(|community| community.members).max();
        let weights = Weights::new(largest.unwrap_or(0));
        Town { dice, communities, places, agents, weights }
    }

    /// How many agents there are.
    pub(super) fn agents(&self) -> u32 {
        u32::try_from(self.agents.len()).expect("a plan has u32 agents")
    }

    /// All chance of the town itself.
    pub(super) fn own_dice(&self) -> Dice {
        self.dice
    }

    /// All chance of one agent.
    pub(super) fn dice(&self, id: u32) -> Dice {
        self.dice.member(id)
    }

    pub(super) fn weights(&self) -> &Weights {
        &self.weights
    }

    /// Those that have members, the largest first.
    pub(super) fn communities(&self) -> impl Iterator<Item = &Community> {
        self.communities.iter().filter(|community| community.members > 0)
    }

    pub(super) fn agent_at(&self, place: u32) -> u32 {
        self.agents[place as usize]
    }

    /// The community of a place.
    pub(super) fn community_at(&self, place: u32) -> &Community {
        let mut found = self.communities().filter(|it| place < it.start + it.members);
        found.next().expect("each place is in a community")
    }

    pub(super) fn community_of(&self, id: u32) -> &Community {
        self.community_at(self.places[id as usize])
    }

    /// How many of its community stand before an agent.
    pub(super) fn rank(&self, id: u32) -> u32 {
        let place = self.places[id as usize];
        place - self.community_at(place).start
    }
}

/// All agents in an order by lot (Fisher and Yates).
fn shuffled(agents: u32, dice: Dice) -> Vec<u32> {
    let mut order: Vec<u32> = (0..agents).collect();
    for last in (1..agents).rev() {
        let other = dice.below(Purpose::Place, last, last + 1);
        order.swap(last as usize, other as usize);
    }
    order
}

/// Community *c* of 0, 1, .. gets a share proportional to `1 / (c + 2)`, the first what is left.
fn communities(plan: &Plan, dice: Dice) -> Vec<Community> {
    let shares: Vec<u64> = (0..plan.topics as u64).map(|number| 720_720 / (number + 2)).collect();
    let all: u64 = shares.iter().sum();
    let share = |share: &u64| u64::from(plan.agents) * share / all;
    let mut sizes: Vec<u32> =
        shares.iter().map(|it| u32::try_from(share(it)).expect("at most all agents")).collect();
    sizes[0] += plan.agents - sizes.iter().sum::<u32>();
    let first = dice.below(Purpose::Topic, 0, u32::try_from(TOPICS.len()).unwrap_or(1)) as usize;
    let mut start = 0;
    let community = |(number, members): (usize, u32)| {
        let draw = u32::try_from(number).unwrap_or(0) + 1;
        let supportive = 15 + dice.below(Purpose::Stance, draw, DECIDED - 30 + 1);
        let topic = &TOPICS[(first + number) % TOPICS.len()];
        start += members;
        let opposing = DECIDED - supportive;
        Community { topic, start: start - members, members, supportive, opposing }
    };
    sizes.into_iter().enumerate().map(community).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::subject::Platform;

    #[test]
    fn every_agent_has_a_place_of_its_own() {
        for (agents, topics) in [(1, 1), (1, 6), (7, 16), (1_000, 6)] {
            let plan = Plan {
                agents,
                seed: 3,
                hours: 24,
                minutes_per_round: 60,
                topics,
                platforms: Platform::ALL.to_vec(),
                overwrite: false,
            };
            let town = Town::new(&plan);
            assert_eq!(town.communities().map(|it| it.members).sum::<u32>(), agents);
            for id in 0..agents {
                let (community, rank) = (town.community_of(id), town.rank(id));
                assert!(rank < community.members);
                assert_eq!(town.agent_at(community.start + rank), id);
            }
        }
    }
}
