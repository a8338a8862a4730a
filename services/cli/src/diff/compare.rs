//! One world of two runs, walked side by side. Pure.

use std::cmp::Ordering;

use contract::frame::Frame;
use contract::spec::Spec;
use contract::status::RunStatus;
use contract::subject::Platform;
use serde::Serialize;

use super::inputs::{Inputs, OneSided};
use super::parting::Parting;
use super::people::{FollowersApart, ReachApart, followers, reach};
use super::side::{Side, SideSummary, Stances};
use super::{Pair, Which};

/// What a comparison came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Both are over, and did the same.
    Equal,
    /// Nothing differs in what both have, and one of them goes on.
    SameSoFar,
    /// They differ.
    Different,
}

/// One world of two runs. With `--json` printed as it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorldDifference {
    /// What it came to.
    pub verdict: Verdict,
    /// The run that has this world, if the other has not.
    pub only_in: Option<Which>,
    /// The rounds that were compared, from 0: those that both runs have.
    pub rounds: u32,
    /// The last round up to which both did the same; null if they part in the first.
    pub same_through_round: Option<u32>,
    /// The last round up to which the digests agree. They also cover what a run was started
    /// with, so that runs of two seeds have other digests from the first round on.
    pub same_digest_through_round: Option<u32>,
    /// Where they part, and how.
    pub parting: Option<Parting>,
    /// The run that has more rounds, whether the other has ended or is not that far.
    pub longer: Option<Which>,
    /// How far this world of each run is.
    pub status: Pair<Option<RunStatus>>,
    /// The commands that one run only has taken in these rounds.
    pub commands: Vec<OneSided>,
    /// What became of A in these rounds.
    pub a: Option<SideSummary>,
    /// What became of B in these rounds.
    pub b: Option<SideSummary>,
    /// The agents whose followers differ most.
    pub followers: Vec<FollowersApart>,
    /// The posts with the most likes, shares and comments in either run.
    pub posts: Vec<ReachApart>,
}

/// One world of two runs so far. Holds counts, never frames.
#[derive(Clone, Debug)]
pub struct Comparison {
    platform: Platform,
    a: Side,
    b: Side,
    rounds: u32,
    same_rounds: u32,
    same_digests: u32,
    parting: Option<Parting>,
}

/// What is known of a world of both runs beside their frames.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The specs.
    pub specs: Pair<&'a Spec>,
    /// The commands that were taken.
    pub inputs: Pair<&'a Inputs>,
    /// Where the world is in its life, as far as the run has it.
    pub status: Pair<Option<RunStatus>>,
}

impl Comparison {
    /// A world of which nothing is compared yet.
    pub fn new(platform: Platform, known: &Known<'_>) -> Comparison {
        let side = |spec, inputs| Side::new(platform, Stances::of(spec, inputs));
        Comparison {
            platform,
            a: side(known.specs.a, known.inputs.a),
            b: side(known.specs.b, known.inputs.b),
            rounds: 0,
            same_rounds: 0,
            same_digests: 0,
            parting: None,
        }
    }

    /// Takes the next tick of both runs.
    pub fn add(&mut self, a: &Frame, b: &Frame) {
        if self.parting.is_none() {
            // A digest covers all before it: where it is the same, everything is.
            let same_digest = a.digest == b.digest;
            self.parting = if same_digest { None } else { Parting::of(a, b) };
            if self.parting.is_some() {
                self.a.part();
                self.b.part();
            } else {
                self.same_rounds += 1;
                self.same_digests += u32::from(same_digest);
            }
        }
        self.rounds += 1;
        self.a.add(a);
        self.b.add(b);
    }

    /// What it came to, where `longer` has frames that the other has not.
    pub fn finish(self, known: &Known<'_>, longer: Option<Which>) -> WorldDifference {
        let Pair { a, b } = known.status;
        let over = Pair { a: is_over(&self.a, a), b: is_over(&self.b, b) };
        let has = Pair { a: a.is_some(), b: b.is_some() };
        let only_in = match has.a.cmp(&has.b) {
            Ordering::Greater => Some(Which::A),
            Ordering::Less => Some(Which::B),
            Ordering::Equal => None,
        };
        let verdict = match (&self.parting, only_in, longer) {
            (Some(_), _, _) | (_, Some(_), _) => Verdict::Different,
            (_, _, Some(Which::A)) if over.b => Verdict::Different,
            (_, _, Some(Which::B)) if over.a => Verdict::Different,
            (_, _, None) if over.a && over.b => Verdict::Equal,
            (_, _, _) => Verdict::SameSoFar,
        };
        let tallies = Pair { a: &self.a.tally, b: &self.b.tally };
        WorldDifference {
            verdict,
            only_in,
            rounds: self.rounds,
            same_through_round: self.same_rounds.checked_sub(1),
            same_digest_through_round: self.same_digests.checked_sub(1),
            longer: longer.filter(|_| only_in.is_none()),
            status: known.status,
            commands: Inputs::one_sided(known.inputs.a, known.inputs.b, self.rounds),
            a: self.a.summary(),
            b: self.b.summary(),
            followers: match only_in {
                Some(_) => Vec::new(),
                None => followers(known.specs, tallies, self.platform),
            },
            posts: reach(tallies, self.platform),
            parting: self.parting,
        }
    }
}

fn is_over(side: &Side, status: Option<RunStatus>) -> bool {
    side.world().is_some_and(|world| world.is_over) || status.is_some_and(|it| !it.is_live())
}
