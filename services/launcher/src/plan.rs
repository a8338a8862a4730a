//! Which run a request to start one means: a run that is there, or the next. Pure.

use std::sync::Arc;

use contract::id::{CommandId, Digest, RunId};
use contract::manner::Manner;
use contract::options::RequestedOptions;
use contract::status::{EnvStatus, RunStatus};
use serde::Serialize;

/// What somebody wants to run.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// The spec.
    pub spec_digest: Digest,
    /// How to run it, as requested: what these resolve to is not compared.
    pub requested: &'a RequestedOptions,
    /// Whether another run will do.
    pub manner: &'a Manner,
}

/// What to do about a wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// This run is what was asked for.
    Take(RunId),
    /// The wish's key is that of another one, which made this run.
    KeyTaken {
        /// The key.
        key: CommandId,
        /// The run.
        run: RunId,
        /// What differs; at least one thing.
        differences: Vec<Difference>,
    },
    /// This run is live with something else.
    Conflict {
        /// The live run.
        run: RunId,
        /// What differs; at least one thing.
        differences: Vec<Difference>,
    },
    /// Create the run of this number.
    Create {
        /// The number, one more than the highest so far.
        number: u32,
    },
}

/// One way in which a run is not what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The option, or `spec`.
    pub option: &'static str,
    /// What the run has.
    pub has: String,
    /// What was asked for.
    pub wanted: String,
}

/// What `wish` means where `runs` are all runs of its simulation so far. The current run is
/// the one with the highest number; the others are history, but for a wish that has a key and
/// comes again, and for one that would have a run beside the current one, if that is there already.
/// A deleted run counts for the numbers, which are never used again, and for nothing else; so does
/// a fork, which is another story than the one that is asked for.
pub fn plan(runs: &[Arc<EnvStatus>], wish: &Wish<'_>) -> Plan {
    let number = |run: &&Arc<EnvStatus>| run.run_id.number();
    let highest = runs.iter().map(|run| number(&run)).max();
    let next = Plan::Create { number: highest.unwrap_or(0).saturating_add(1) };
    let there: Vec<&Arc<EnvStatus>> = (runs.iter())
        .filter(|run| run.status != RunStatus::Deleted && run.parent.is_none())
        .collect();
    if let Some(key) = &wish.manner.idempotency_key
        && let Some(made) = there.iter().find(|run| run.idempotency_key.as_ref() == Some(key))
    {
        let (run, differences) = (made.run_id.clone(), differences(made, wish));
        return match differences.is_empty() {
            true => Plan::Take(run),
            false => Plan::KeyTaken { key: key.clone(), run, differences },
        };
    }
    if wish.manner.new_run {
        return next;
    }
    match there.iter().copied().max_by_key(number) {
        Some(current) => match about_current(current, wish, next.clone()) {
            Plan::Conflict { .. } if wish.manner.beside => {
                let same = |run: &&Arc<EnvStatus>| {
                    run.status.is_live() && differences(run, wish).is_empty()
                };
                let same = there.iter().copied().filter(same).max_by_key(number);
                same.map_or(next, |run| Plan::Take(run.run_id.clone()))
            }
            plan => plan,
        },
        None => next,
    }
}

/// What a wish means by the state of the current run alone.
fn about_current(current: &EnvStatus, wish: &Wish<'_>, next: Plan) -> Plan {
    let run = current.run_id.clone();
    let differences = differences(current, wish);
    match (current.status, differences.is_empty()) {
        (
            RunStatus::Queued | RunStatus::Starting | RunStatus::Running | RunStatus::Paused,
            true,
        ) => Plan::Take(run),
        (
            RunStatus::Queued | RunStatus::Starting | RunStatus::Running | RunStatus::Paused,
            false,
        ) => Plan::Conflict { run, differences },
        (RunStatus::Completed, true) if current.alive => Plan::Take(run),
        (
            RunStatus::Completed
            | RunStatus::Closed
            | RunStatus::Stopped
            | RunStatus::Failed
            | RunStatus::Deleted,
            _,
        ) => next,
    }
}

fn differences(run: &EnvStatus, wish: &Wish<'_>) -> Vec<Difference> {
    let (has, wanted) = (&run.requested, wish.requested);
    [
        difference("spec", &Some(run.spec_digest), &Some(wish.spec_digest)),
        difference("platforms", &has.platforms, &wanted.platforms),
        difference("max_rounds", &has.max_rounds, &wanted.max_rounds),
        difference("seed", &has.seed, &wanted.seed),
        difference("pace_milli", &has.pace_milli, &wanted.pace_milli),
        difference("memory", &has.memory, &wanted.memory),
        difference("sources", &has.sources, &wanted.sources),
        difference("time_limit_seconds", &has.time_limit_seconds, &wanted.time_limit_seconds),
        difference("llm", &has.llm, &wanted.llm),
        difference("budget", &has.budget, &wanted.budget),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Values are shown as they are written in a request: as JSON.
fn difference<T: Serialize + PartialEq>(
    option: &'static str,
    has: &Option<T>,
    wanted: &Option<T>,
) -> Option<Difference> {
    let show = |value: &Option<T>| match value {
        Some(value) => serde_json::to_string(value).unwrap_or_default(),
        None => "not set".to_owned(),
    };
    (has != wanted).then(|| Difference { option, has: show(has), wanted: show(wanted) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queued::tests::status;
    use contract::llm::{Budget, LlmOptions};

    /// A run with the digest of "spec" and seed 7.
    fn run(number: u32, state: RunStatus, alive: bool) -> Arc<EnvStatus> {
        let mut run = status(number);
        run.requested.seed = Some(7);
        (run.status, run.alive) = (state, alive);
        Arc::new(run)
    }

    fn decide(runs: &[Arc<EnvStatus>], seed: u64, spec: &str, new_run: bool) -> Plan {
        decide_in(runs, seed, spec, &Manner { new_run, ..Manner::default() })
    }

    fn decide_in(runs: &[Arc<EnvStatus>], seed: u64, spec: &str, manner: &Manner) -> Plan {
        let requested = RequestedOptions { seed: Some(seed), ..RequestedOptions::default() };
        let spec_digest = Digest::of(&[spec.as_bytes()]);
        plan(runs, &Wish { spec_digest, requested: &requested, manner })
    }

    #[test]
    fn a_key_that_comes_again_means_the_run_that_it_made() {
        use RunStatus::{Deleted, Running, Stopped};
        let keyed = |number, state| {
            let run = EnvStatus::clone(&run(number, state, state == Running));
            Arc::new(EnvStatus { idempotency_key: "k".parse().ok(), ..run })
        };
        let manner =
            |new_run| Manner { new_run, idempotency_key: "k".parse().ok(), ..Manner::default() };
        let runs = [keyed(1, Stopped), run(2, Running, true)];
        for new_run in [false, true] {
            let plan = decide_in(&runs, 7, "spec", &manner(new_run));
            assert_eq!(plan, Plan::Take(status(1).run_id));
            let plan = decide_in(&runs, 8, "spec", &manner(new_run));
            let Plan::KeyTaken { run, differences, .. } = plan else { panic!("{plan:?}") };
            assert_eq!((run, differences[0].option), (status(1).run_id, "seed"));
            let deleted = [keyed(1, Deleted)];
            let plan = decide_in(&deleted, 7, "spec", &manner(new_run));
            assert_eq!(plan, Plan::Create { number: 2 });
        }
        let other = Manner { idempotency_key: "l".parse().ok(), ..Manner::default() };
        assert_eq!(decide_in(&runs, 7, "spec", &other), Plan::Take(status(2).run_id));
    }

    #[test]
    fn a_run_beside_another_is_begun_once() {
        use RunStatus::{Paused, Running, Stopped};
        let beside = Manner { beside: true, ..Manner::default() };
        let with_seed = |number, state, seed| {
            let mut run = EnvStatus::clone(&run(number, state, true));
            run.requested.seed = Some(seed);
            Arc::new(run)
        };
        let mut runs = vec![with_seed(1, Running, 7)];
        assert_eq!(decide_in(&runs, 7, "spec", &beside), Plan::Take(status(1).run_id));
        assert_eq!(decide_in(&runs, 8, "spec", &beside), Plan::Create { number: 2 });
        runs.push(with_seed(2, Paused, 8));
        for (seed, number) in [(7, 1), (8, 2)] {
            let plan = decide_in(&runs, seed, "spec", &beside);
            assert_eq!(plan, Plan::Take(status(number).run_id));
        }
        runs[0] = with_seed(1, Stopped, 7);
        assert_eq!(decide_in(&runs, 7, "spec", &beside), Plan::Create { number: 3 });
        runs.pop();
        assert_eq!(decide_in(&runs, 7, "spec", &beside), Plan::Create { number: 2 });
    }

    #[test]
    fn a_fork_is_never_what_is_asked_for_and_has_a_number() {
        use contract::past::Parent;
        let mut fork = EnvStatus::clone(&run(2, RunStatus::Running, true));
        fork.parent = Some(Parent { run_id: status(1).run_id, round: 3, command: 9 });
        let runs = [run(1, RunStatus::Completed, true), Arc::new(fork)];
        assert_eq!(decide(&runs, 7, "spec", false), Plan::Take(status(1).run_id));
        assert_eq!(decide(&runs[1..], 7, "spec", false), Plan::Create { number: 3 });
        assert_eq!(decide(&runs, 8, "spec", false), Plan::Create { number: 3 });
    }

    #[test]
    fn each_state_of_the_current_run_has_its_answer() {
        use RunStatus::{Completed, Failed, Queued, Running, Starting, Stopped};
        let take = |number| Plan::Take(status(number).run_id);
        let create = |number| Plan::Create { number };
        let rows = [
            // state, alive, same, other
            (Queued, true, take(3), None),
            (Starting, true, take(3), None),
            (Running, true, take(3), None),
            (Completed, true, take(3), Some(create(4))),
            (Completed, false, create(4), Some(create(4))),
            (Stopped, false, create(4), Some(create(4))),
            (Failed, false, create(4), Some(create(4))),
        ];
        for (state, alive, same, other) in rows {
            // An older run never matters, not even a live one.
            let runs = [run(2, Running, true), run(3, state, alive), run(1, Completed, true)];
            assert_eq!(decide(&runs, 7, "spec", false), same, "{state}, same");
            let conflict = |option, has: String, wanted: String| Plan::Conflict {
                run: status(3).run_id,
                differences: vec![Difference { option, has, wanted }],
            };
            let seed = conflict("seed", "7".to_owned(), "8".to_owned());
            assert_eq!(decide(&runs, 8, "spec", false), other.clone().unwrap_or(seed), "{state}");
            let digest = |text: &str| format!("\"{}\"", Digest::of(&[text.as_bytes()]));
            let spec = conflict("spec", digest("spec"), digest("else"));
            assert_eq!(decide(&runs, 7, "else", false), other.unwrap_or(spec), "{state}");
            assert_eq!(decide(&runs, 7, "spec", true), create(4), "{state}, new_run");
        }
        assert_eq!(decide(&[], 7, "spec", false), create(1));
        assert_eq!(decide(&[], 7, "spec", true), create(1));
    }

    #[test]
    fn a_deleted_run_counts_for_the_numbers_alone() {
        use RunStatus::{Completed, Deleted, Running};
        let create = |number| Plan::Create { number };
        let runs = [run(1, Running, true), run(2, Completed, true), run(3, Deleted, false)];
        assert_eq!(decide(&runs, 7, "spec", false), Plan::Take(status(2).run_id));
        assert_eq!(decide(&runs, 8, "spec", false), create(4));
        assert_eq!(decide(&runs, 7, "spec", true), create(4));
        assert_eq!(decide(&runs[2..], 7, "spec", false), create(4));
    }

    #[test]
    fn every_option_that_differs_is_named() {
        let mut live = status(1);
        live.status = RunStatus::Running;
        let rules = vec!["main".parse().unwrap()];
        let wanted = RequestedOptions {
            platforms: Some(vec![contract::subject::Platform::Reddit]),
            max_rounds: Some(3),
            seed: Some(7),
            pace_milli: Some(500),
            memory: Some(vec!["zep".to_owned()]),
            sources: None,
            time_limit_seconds: Some(60),
            budget: Some(Budget { requests: Some(9), ..Budget::default() }),
            llm: Some(LlmOptions { rules, decision_seconds: 60, round_seconds: 300 }),
        };
        let spec_digest = live.spec_digest;
        let wish = Wish { spec_digest, requested: &wanted, manner: &Manner::default() };
        let Plan::Conflict { differences, .. } = plan(&[Arc::new(live)], &wish) else {
            panic!("a live run with other options is a conflict");
        };
        let named: Vec<(&str, &str, &str)> =
            differences.iter().map(|d| (d.option, d.has.as_str(), d.wanted.as_str())).collect();
        assert_eq!(
            named,
            [
                ("platforms", "not set", "[\"reddit\"]"),
                ("max_rounds", "not set", "3"),
                ("seed", "not set", "7"),
                ("pace_milli", "not set", "500"),
                ("memory", "not set", "[\"zep\"]"),
                ("time_limit_seconds", "not set", "60"),
                (
                    "llm",
                    "not set",
                    "{\"rules\":[{\"endpoint\":\"main\"}],\"decision_seconds\":60,\
                     \"round_seconds\":300}"
                ),
                ("budget", "not set", "{\"requests\":9}"),
            ]
        );
    }
}
