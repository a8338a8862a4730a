//! The report of an ensemble: every measure of its runs as a distribution. Pure; no time and no
//! run's name is in it, so that two executions give the same bytes.

use std::collections::{BTreeMap, BTreeSet};

use contract::id::{Digest, SimulationId};
use contract::spec::Stance;
use contract::subject::Platform;
use serde::Serialize;

use super::measure::{RoundMeasures, RunMeasures, TOP, WorldMeasures};
use super::plan::Plan;
use super::statistics::{Distribution, RankTable, Ranks};

/// What an ensemble came to. `report.json`, and what `--json` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The version of this document.
    pub report_version: u32,
    /// The simulation.
    pub simulation_id: SimulationId,
    /// The spec of every run.
    pub spec_digest: Digest,
    /// The version of the rules that played the runs.
    pub rules: u32,
    /// Rounds after round 0.
    pub rounds: u32,
    /// The seeds of the runs that the report is about, ascending.
    pub seeds: Vec<u64>,
    /// The seeds whose runs failed.
    pub missing_seeds: Vec<u64>,
    /// The reach that [`WorldReport::threshold_round`] is about.
    pub reach_threshold: u64,
    /// Which of the runs' sorted values are the ends of `median_95` where all runs have one.
    pub median_95_ranks: Option<Ranks>,
    /// Each world.
    pub worlds: BTreeMap<Platform, WorldReport>,
}

/// What one world of the runs came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorldReport {
    /// Successful actions other than REFRESH and DO_NOTHING.
    pub actions: Distribution,
    /// Successful actions of each type that any of the runs has.
    pub by_type: BTreeMap<&'static str, Distribution>,
    /// Actions that failed.
    pub failed: Distribution,
    /// Posts that were written.
    pub posts: Distribution,
    /// The reach of the post with the largest one, of that with the second largest, and so on.
    pub top_reach: Vec<Distribution>,
    /// The first round with a post of the reach `reach_threshold`; null where there is none.
    pub threshold_round: Distribution,
    /// How many of the runs have such a round.
    pub threshold_reached: usize,
    /// Round by round, from 0.
    pub rounds: Vec<RoundReport>,
}

/// What one round of a world came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoundReport {
    /// Its number.
    pub round: u32,
    /// Successful actions other than REFRESH and DO_NOTHING.
    pub actions: Distribution,
    /// Posts that were written.
    pub posts: Distribution,
    /// The largest reach of a post at the end of the round.
    pub top_reach: Distribution,
    /// By stance, the share of the round's actions that agents of it did, in millionths, over the
    /// runs with any action in the round.
    pub share_ppm: BTreeMap<&'static str, Distribution>,
}

impl Report {
    /// The report of the runs that were measured, each with its seed.
    pub(super) fn new(plan: &Plan, rules: u32, runs: &BTreeMap<u64, RunMeasures>) -> Report {
        let table = RankTable::up_to(runs.len());
        let missing = plan.seeds.as_slice().iter().filter(|seed| !runs.contains_key(seed));
        let world = |platform: &Platform| {
            let worlds: Vec<_> = runs.values().filter_map(|run| run.worlds.get(platform)).collect();
            (*platform, WorldReport::new(&worlds, &table))
        };
        Report {
            report_version: 1,
            simulation_id: plan.spec.simulation_id.clone(),
            spec_digest: plan.spec_digest,
            rules,
            rounds: plan.options.rounds,
            seeds: runs.keys().copied().collect(),
            missing_seeds: missing.copied().collect(),
            reach_threshold: plan.reach_threshold,
            median_95_ranks: table.of(runs.len()),
            worlds: plan.options.platforms.iter().map(world).collect(),
        }
    }

    /// The bytes of `report.json`.
    pub(super) fn to_json(&self) -> String {
        let json = serde_json::to_string_pretty(self);
        json.expect("no map keys that JSON refuses") + "\n"
    }
}

impl WorldReport {
    fn new(worlds: &[&WorldMeasures], table: &RankTable) -> WorldReport {
        let over = |of: &dyn Fn(&WorldMeasures) -> u64| {
            table.distribution(worlds.iter().map(|world| Some(of(world))).collect())
        };
        let types: BTreeSet<&'static str> =
            worlds.iter().flat_map(|world| world.by_type.keys().copied()).collect();
        let count = |name: &'static str| {
            (name, over(&|world| world.by_type.get(name).copied().unwrap_or(0)))
        };
        let threshold = worlds.iter().map(|world| world.threshold_round.map(u64::from));
        let rounds: BTreeSet<u32> =
            worlds.iter().flat_map(|world| world.rounds.keys().copied()).collect();
        let round = |number: u32| {
            let rounds: Vec<_> =
                worlds.iter().filter_map(|world| world.rounds.get(&number)).collect();
            RoundReport::new(number, &rounds, table)
        };
        WorldReport {
            actions: over(&|world| world.actions),
            by_type: types.into_iter().map(count).collect(),
            failed: over(&|world| world.failed),
            posts: over(&|world| world.posts),
            top_reach: (0..TOP).map(|place| over(&|world| world.top_reach[place])).collect(),
            threshold_reached: threshold.clone().flatten().count(),
            threshold_round: table.distribution(threshold.collect()),
            rounds: rounds.into_iter().map(round).collect(),
        }
    }
}

impl RoundReport {
    fn new(round: u32, rounds: &[&RoundMeasures], table: &RankTable) -> RoundReport {
        let over = |of: fn(&RoundMeasures) -> u64| {
            table.distribution(rounds.iter().map(|round| Some(of(round))).collect())
        };
        let share = |(place, (name, _)): (usize, (&'static str, Stance))| {
            let shares = rounds.iter().filter_map(|round| round.share_ppm(place));
            (name, table.distribution(shares.map(Some).collect()))
        };
        RoundReport {
            round,
            actions: over(|round| round.actions),
            posts: over(|round| round.posts),
            top_reach: over(|round| round.top_reach),
            share_ppm: Stance::WORDS.into_iter().enumerate().map(share).collect(),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::ensemble::plan::tests::plan;

    /// Runs of these seeds: seed s has s actions, its post reaches 10 in round s if that is at
    /// most 2, and all its actions are by the first stance in even rounds.
    pub(crate) fn runs(seeds: &[u64]) -> BTreeMap<u64, RunMeasures> {
        let run = |seed: u64| {
            let round = |number: u32| {
                let by_stance = if number.is_multiple_of(2) { [seed, 0, 0, 0] } else { [0; 4] };
                let actions = by_stance[0];
                (number, RoundMeasures { actions, by_stance, ..RoundMeasures::default() })
            };
            let mut world = WorldMeasures::empty();
            world.actions = seed;
            world.by_type = BTreeMap::from([("LIKE_POST", seed)]);
            world.threshold_round = u32::try_from(seed).ok().filter(|round| *round <= 2);
            world.top_reach = [seed, 1, 0, 0, 0];
            world.rounds = (0..=2).map(round).collect();
            let worlds = BTreeMap::from([(Platform::Twitter, world)]);
            (seed, RunMeasures { rules: 7, worlds })
        };
        seeds.iter().copied().map(run).collect()
    }

    #[test]
    fn measures_become_distributions() {
        let plan = plan("6");
        let report = Report::new(&plan, 7, &runs(&[1, 2, 3, 5, 6]));
        assert_eq!(
            (&report.seeds[..], &report.missing_seeds[..]),
            (&[1, 2, 3, 5, 6][..], &[4][..])
        );
        assert_eq!(report.median_95_ranks, None, "five runs are too few");
        let world = &report.worlds[&Platform::Twitter];
        assert_eq!((world.actions.median, world.actions.highest), (Some(3), Some(6)));
        assert_eq!(world.by_type["LIKE_POST"], world.actions);
        assert_eq!(world.top_reach[0], world.actions);
        assert_eq!((world.threshold_reached, world.threshold_round.lowest), (2, Some(1)));
        assert_eq!((world.threshold_round.runs, world.threshold_round.median), (5, None));
        let shares = &world.rounds[2].share_ppm;
        assert_eq!(shares["supportive"].median, Some(1_000_000));
        assert_eq!((shares["observer"].runs, shares["observer"].highest), (5, Some(0)));
        assert_eq!(world.rounds[1].share_ppm["neutral"].runs, 0, "nobody did anything");
    }

    #[test]
    fn the_same_runs_give_the_same_bytes() {
        let of = |seeds: &[u64]| Report::new(&plan("3"), 7, &runs(seeds)).to_json();
        assert_eq!(of(&[3, 1, 2]), of(&[1, 2, 3]));
        assert_ne!(of(&[1, 2]), of(&[1, 2, 3]));
    }
}
