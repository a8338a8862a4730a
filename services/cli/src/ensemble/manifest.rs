//! The manifest of an ensemble: all that is needed to repeat it, and what it has to give.

use std::collections::BTreeMap;
use std::path::Path;

use contract::id::{Digest, RunId, SimulationId};
use contract::spec::ScheduledPost;
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

use super::drive::Played;
use super::plan::Plan;
use super::report::Report;
use crate::failure::Failure;

/// The version of this document.
const VERSION: u32 = 1;

/// No manifest of a thousand runs is longer.
const MAX_BYTES: u64 = 16 << 20;

/// `manifest.json`. But for `times`, two executions of one ensemble give the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of this document, 1.
    pub manifest_version: u32,
    /// The version of `shoal`.
    pub shoal: String,
    /// The simulation.
    pub simulation_id: SimulationId,
    /// The spec of every run, with the changes and the posts below in it.
    pub spec_digest: Digest,
    /// The version of the rules that played the runs.
    pub rules: u32,
    /// How the runs were played and looked at.
    pub options: Options,
    /// The changes to the configuration, as they were typed.
    pub set: Vec<String>,
    /// The posts that were injected.
    pub inject: Vec<ScheduledPost>,
    /// The seeds, ascending.
    pub seeds: Vec<u64>,
    /// What each seed gave, in their order.
    pub runs: Vec<SeedRun>,
    /// SHA-256 of `report.json`.
    pub report_digest: Digest,
    /// When it was, and which runs they were: what no two executions share.
    pub times: Times,
}

/// How the runs were played and looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// The worlds.
    pub platforms: Vec<Platform>,
    /// Rounds after round 0.
    pub rounds: u32,
    /// The reach whose first round the report tells.
    pub reach_threshold: u64,
}

/// What a seed gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedRun {
    /// The seed.
    pub seed: u64,
    /// False if its run failed; it has no digests then.
    pub completed: bool,
    /// The digest of each world up to its last frame.
    pub digests: BTreeMap<Platform, Digest>,
}

/// When an ensemble was executed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Times {
    /// When its first run was asked for.
    pub started_at: Timestamp,
    /// When its last run was over.
    pub ended_at: Timestamp,
    /// Its runs.
    pub runs: Vec<RunTimes>,
}

/// When a run was executed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunTimes {
    /// Its seed.
    pub seed: u64,
    /// Its name.
    pub run_id: RunId,
    /// When its first worker began.
    pub started_at: Option<Timestamp>,
    /// When its last round was over.
    pub ended_at: Option<Timestamp>,
    /// Why it failed, if it did.
    pub failure: Option<String>,
}

/// Something in which an execution is not what a manifest says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The seed; none where it is about the whole.
    pub seed: Option<u64>,
    /// What differs: a world, or `rules`, `run`, `report`.
    pub what: String,
    /// As the manifest has it.
    pub expected: String,
    /// As it is here.
    pub found: String,
}

impl Manifest {
    /// The manifest of an execution.
    pub(super) fn new(
        plan: &Plan,
        played: &[Played],
        report: &Report,
        (started_at, ended_at): (Timestamp, Timestamp),
    ) -> Manifest {
        let digests = |played: &Played| {
            let worlds = played.measured.iter().flat_map(|run| &run.worlds);
            worlds.map(|(platform, world)| (*platform, world.digest)).collect()
        };
        let run = |played: &Played| SeedRun {
            seed: played.seed,
            completed: played.measured.is_ok(),
            digests: digests(played),
        };
        let times = |played: &Played| RunTimes {
            seed: played.seed,
            run_id: played.status.run_id.clone(),
            started_at: played.status.started_at,
            ended_at: played.status.ended_at,
            failure: played.measured.as_ref().err().cloned(),
        };
        Manifest {
            manifest_version: VERSION,
            shoal: env!("CARGO_PKG_VERSION").to_owned(),
            simulation_id: plan.spec.simulation_id.clone(),
            spec_digest: plan.spec_digest,
            rules: report.rules,
            options: Options {
                platforms: plan.options.platforms.clone(),
                rounds: plan.options.rounds,
                reach_threshold: plan.reach_threshold,
            },
            set: plan.changes.iter().map(ToString::to_string).collect(),
            inject: plan.posts.clone(),
            seeds: plan.seeds.as_slice().to_vec(),
            runs: played.iter().map(run).collect(),
            report_digest: Digest::of(&[report.to_json().as_bytes()]),
            times: Times { started_at, ended_at, runs: played.iter().map(times).collect() },
        }
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// If there is none, or it is none of this version.
    pub(super) fn read(file: &Path) -> Result<Manifest, Failure> {
        let bad = |why: String| {
            Failure::bad_input(format!("{} is not an ensemble's manifest: {why}", file.display()))
        };
        let size = std::fs::metadata(file).map_err(|error| bad(error.to_string()))?.len();
        if size > MAX_BYTES {
            return Err(bad(format!("found {size} bytes, expected at most {MAX_BYTES}")));
        }
        let text = std::fs::read_to_string(file).map_err(|error| bad(error.to_string()))?;
        Manifest::parse(&text).map_err(bad)
    }

    fn parse(text: &str) -> Result<Manifest, String> {
        #[derive(Deserialize)]
        struct Versioned {
            manifest_version: u32,
        }
        // First: what another version calls its fields is no mistake.
        let Versioned { manifest_version } =
            serde_json::from_str(text).map_err(|error| error.to_string())?;
        if manifest_version != VERSION {
            return Err(format!("found manifest_version {manifest_version}, expected {VERSION}"));
        }
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    /// The JSON of `manifest.json`.
    pub(super) fn to_json(&self) -> String {
        let json = serde_json::to_string_pretty(self);
        json.expect("no map keys that JSON refuses") + "\n"
    }

    /// The seeds whose run had failed when this was written: there is nothing to compare them with.
    pub(super) fn failed_seeds(&self) -> Vec<u64> {
        let failed = self.runs.iter().filter(|run| !run.completed);
        failed.map(|run| run.seed).collect()
    }

    /// In what another execution is not what this manifest says, but for the
    /// [`failed_seeds`](Manifest::failed_seeds).
    pub(super) fn differences(&self, other: &Manifest) -> Vec<Difference> {
        let mut differences = Vec::new();
        let mut note = |seed: Option<u64>, what: &str, expected: String, found: String| {
            if expected != found {
                differences.push(Difference { seed, what: what.to_owned(), expected, found });
            }
        };
        note(None, "rules", self.rules.to_string(), other.rules.to_string());
        for expected in self.runs.iter().filter(|run| run.completed) {
            let seed = Some(expected.seed);
            let found = other.runs.iter().find(|run| run.seed == expected.seed);
            let Some(found) = found.filter(|run| run.completed) else {
                note(seed, "run", "completed".to_owned(), "failed".to_owned());
                continue;
            };
            for (platform, digest) in &expected.digests {
                let here = found.digests.get(platform).map_or("none".to_owned(), Digest::to_string);
                note(seed, platform.as_str(), digest.to_string(), here);
            }
        }
        // Of other runs it must be another one, and of another program's it may be.
        let same_runs = self.runs == other.runs && self.shoal == other.shoal;
        if differences.is_empty() && same_runs && self.report_digest != other.report_digest {
            differences.push(Difference {
                seed: None,
                what: "report".to_owned(),
                expected: self.report_digest.to_string(),
                found: other.report_digest.to_string(),
            });
        }
        differences
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::ensemble::plan::tests::plan;
    use crate::ensemble::report::tests::runs;
    use crate::fixtures;
    use contract::status::RunStatus;

    /// Of the seeds 1 to 3, of which these have failed.
    pub(crate) fn manifest(failed: &[u64]) -> Manifest {
        let plan = plan("3");
        let measured = runs(&[1, 2, 3]);
        let report = Report::new(&plan, 7, &measured);
        let played: Vec<Played> = measured
            .into_iter()
            .map(|(seed, run)| Played {
                seed,
                status: fixtures::status(&format!("market-{seed}"), RunStatus::Completed),
                measured: match failed.contains(&seed) {
                    true => Err("out of luck".to_owned()),
                    false => Ok(run),
                },
            })
            .collect();
        let at = "2026-03-01T10:00:00Z".parse().unwrap();
        Manifest::new(&plan, &played, &report, (at, at))
    }

    #[test]
    fn a_manifest_reads_as_it_was_written() {
        let manifest = manifest(&[2]);
        assert_eq!(Manifest::parse(&manifest.to_json()), Ok(manifest.clone()));
        assert_eq!((manifest.runs[1].completed, manifest.runs[1].digests.len()), (false, 0));
        assert_eq!(manifest.times.runs[1].failure.as_deref(), Some("out of luck"));
        let newer =
            manifest.to_json().replace("\"manifest_version\": 1", "\"manifest_version\": 2");
        assert_eq!(Manifest::parse(&newer).unwrap_err(), "found manifest_version 2, expected 1");
        let odd = manifest.to_json().replace("\"rules\"", "\"rule\"");
        assert!(Manifest::parse(&odd).unwrap_err().contains("unknown field `rule`"));
        assert!(Manifest::parse("[]").is_err());
    }

    #[test]
    fn every_seed_that_differs_is_named() {
        let (then, mut now) = (manifest(&[]), manifest(&[2]));
        assert_eq!(then.differences(&then), []);
        let other = Digest::of(&[b"another"]);
        now.runs[2].digests.insert(Platform::Twitter, other);
        let difference = |seed, what: &str, expected: String, found: String| Difference {
            seed,
            what: what.to_owned(),
            expected,
            found,
        };
        assert_eq!(
            then.differences(&now),
            [
                difference(Some(2), "run", "completed".into(), "failed".into()),
                difference(Some(3), "twitter", Digest::ZERO.to_string(), other.to_string()),
            ]
        );
        assert_eq!(manifest(&[2]).differences(&then), [], "nothing to compare seed 2 with");
        assert_eq!((manifest(&[2]).failed_seeds(), then.failed_seeds()), (vec![2], vec![]));
        (now, _) = (then.clone(), ());
        (now.rules, now.report_digest) = (8, other);
        assert_eq!(then.differences(&now), [difference(None, "rules", "7".into(), "8".into())]);
        now.rules = 7;
        assert_eq!(then.differences(&now)[0].what, "report");
    }
}
