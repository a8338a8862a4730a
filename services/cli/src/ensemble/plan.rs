//! What an ensemble executes: one spec, the options of its runs, their seeds. From a command line
//! or from the manifest of an ensemble that is to be repeated.

use std::path::Path;

use contract::id::Digest;
use contract::options::{RequestedOptions, RunOptions};
use contract::problem::{Problem, Problems};
use contract::spec::{ScheduledPost, Spec};
use contract::subject::Platform;
use intake::Change;

use super::EnsembleArgs;
use super::manifest::Manifest;
use super::seeds::{self, Seeds};
use crate::control::inject;
use crate::failure::Failure;
use crate::output::{Output, one_line};
use crate::run::{read_changed, requested};
use crate::start::StartOptions;

/// What an ensemble executes.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The spec of every run: the folder's, changed, with the posts that are injected.
    pub spec: Spec,
    /// Its digest.
    pub spec_digest: Digest,
    /// What is asked of every run, but for the seed.
    pub requested: RequestedOptions,
    /// What that means.
    pub options: RunOptions,
    /// The seeds, one run each.
    pub seeds: Seeds,
    /// How the folder was changed.
    pub changes: Vec<Change>,
    /// The posts that are injected.
    pub posts: Vec<ScheduledPost>,
    /// The reach whose first round is looked for.
    pub reach_threshold: u64,
}

impl Plan {
    /// The plan of a command line.
    ///
    /// # Errors
    /// All that is wrong with the folder and its changes, or with the posts.
    pub(super) fn of_args(
        args: &EnsembleArgs,
        seeds: Seeds,
        output: &mut Output<'_>,
    ) -> Result<Plan, Failure> {
        let spec = read_changed(&args.folder, &args.set, args.quiet, output)?;
        let posts = match &args.inject {
            Some(file) => posts_of(file, args.at_round, &spec)?,
            None => Vec::new(),
        };
        let requested = requested(&StartOptions {
            max_rounds: args.max_rounds,
            platform: args.platform,
            // The stories of many seeds do not belong into one memory.
            memory: vec!["none".to_owned()],
            ..StartOptions::default()
        })?;
        let changes = args.set.clone();
        Plan::new(spec, requested, seeds, changes, posts, args.reach_threshold)
    }

    /// The plan of an ensemble that is repeated.
    ///
    /// # Errors
    /// If the folder is wrong, or not the one that the manifest is of.
    pub(super) fn of_manifest(
        folder: &Path,
        manifest: &Manifest,
        quiet: bool,
        output: &mut Output<'_>,
    ) -> Result<Plan, Failure> {
        let wrong = |error: String| Failure::bad_input(format!("the manifest is wrong: {error}"));
        let changes = manifest.set.iter().map(|text| text.parse::<Change>());
        let changes = changes.collect::<Result<Vec<_>, _>>().map_err(wrong)?;
        let seeds = seeds::checked(manifest.seeds.clone()).map_err(wrong)?;
        let spec = read_changed(folder, &changes, quiet, output)?;
        if spec.simulation_id != manifest.simulation_id {
            return Err(Failure::bad_input(format!(
                "{} is simulation {}, the manifest is of {}: name the folder of that one",
                folder.display(),
                spec.simulation_id,
                manifest.simulation_id
            )));
        }
        let requested = RequestedOptions {
            platforms: Some(manifest.options.platforms.clone()),
            max_rounds: Some(manifest.options.rounds).filter(|rounds| *rounds > 0),
            memory: Some(Vec::new()),
            ..RequestedOptions::default()
        };
        let threshold = manifest.options.reach_threshold;
        let plan = Plan::new(spec, requested, seeds, changes, manifest.inject.clone(), threshold)?;
        if plan.spec_digest != manifest.spec_digest {
            return Err(Failure::bad_input(format!(
                "{} is not what the manifest is of: with the manifest's changes its spec has \
                 digest {}, the manifest says {}",
                folder.display(),
                plan.spec_digest,
                manifest.spec_digest
            )));
        }
        Ok(plan)
    }

    fn new(
        mut spec: Spec,
        requested: RequestedOptions,
        seeds: Seeds,
        changes: Vec<Change>,
        posts: Vec<ScheduledPost>,
        reach_threshold: u64,
    ) -> Result<Plan, Failure> {
        spec.events.scheduled.extend(posts.iter().cloned());
        // Stable: within a round, behind what the folder has planned for it.
        spec.events.scheduled.sort_by_key(|post| post.round);
        spec.check().map_err(|problems| Failure::BadInput(problems.into()))?;
        let options =
            requested.resolve(&spec).map_err(|problems| Failure::BadInput(problems.into()))?;
        check_posts(&posts, &options)?;
        let spec_digest = spec.digest();
        Ok(Plan { spec, spec_digest, requested, options, seeds, changes, posts, reach_threshold })
    }

    /// What is asked of the run with this seed.
    pub(super) fn requested(&self, seed: u64) -> RequestedOptions {
        RequestedOptions { seed: Some(seed), ..self.requested.clone() }
    }
}

/// The posts of a file, planned for a round: so they enter every run at the same place, however
/// fast it is.
fn posts_of(file: &Path, round: u32, spec: &Spec) -> Result<Vec<ScheduledPost>, Failure> {
    let inject = inject::read_path(file, spec)?;
    let planned = inject.posts.into_iter().map(|post| ScheduledPost {
        round,
        agent_id: post.agent_id,
        content: post.content,
        platform: post.platform,
    });
    Ok(planned.collect())
}

/// That every post is seen in some world.
fn check_posts(posts: &[ScheduledPost], options: &RunOptions) -> Result<(), Failure> {
    let problem = |post: &ScheduledPost| {
        let text = one_line(&post.content, 40);
        let is_played = |platform: &Platform| options.platforms.contains(platform);
        if post.round > options.rounds {
            let (found, last) = (format!("round {}", post.round), options.rounds);
            let expected = format!("a round that is played, 1 to {last} (--at-round)");
            return Some(Problem::new(format!("the post {text:?}"), found, &expected));
        }
        let platform = post.platform.filter(|platform| !is_played(platform))?;
        let expected = "a world that the runs have (--platform)";
        Some(Problem::new(format!("the post {text:?}"), platform.as_str(), expected))
    };
    Problems::none_or(posts.iter().filter_map(problem).collect(), Some(()))
        .map_err(|problems| Failure::BadInput(problems.into()))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::ensemble::measure::tests::spec;

    fn post(round: u32, platform: Option<Platform>) -> ScheduledPost {
        ScheduledPost { round, agent_id: 1, content: "The pier closes.".to_owned(), platform }
    }

    fn plan_with(seeds: &str, posts: Vec<ScheduledPost>) -> Result<Plan, Failure> {
        let seeds = seeds::parse(seeds).unwrap();
        let requested =
            RequestedOptions { platforms: Some(vec![Platform::Twitter]), ..Default::default() };
        Plan::new(spec(), requested, seeds, Vec::new(), posts, 10)
    }

    /// The Twitter world of a small spec, with these seeds.
    pub(crate) fn plan(seeds: &str) -> Plan {
        plan_with(seeds, Vec::new()).unwrap()
    }

    #[test]
    fn posts_become_part_of_the_spec() {
        let (without, with) = (plan("3"), plan_with("3", vec![post(1, None)]).unwrap());
        assert_ne!(without.spec_digest, with.spec_digest);
        assert_eq!(with.spec.events.scheduled.len(), without.spec.events.scheduled.len() + 1);
        assert!(with.spec.events.scheduled.is_sorted_by_key(|post| post.round));
        assert_eq!(with.requested(7).seed, Some(7));
    }

    #[test]
    fn posts_that_nobody_would_see_are_refused() {
        let rounds = plan("1").options.rounds;
        let posts = vec![post(rounds + 1, None), post(1, Some(Platform::Reddit)), post(1, None)];
        let error = plan_with("1", posts).unwrap_err();
        assert_eq!(error.code(), 2);
        assert_eq!(
            error.to_string(),
            format!(
                "the post \"The pier closes.\": found round {}, expected a round that is played, \
                 1 to {rounds} (--at-round)\n\
                 the post \"The pier closes.\": found reddit, expected a world that the runs have \
                 (--platform)",
                rounds + 1
            )
        );
    }
}
