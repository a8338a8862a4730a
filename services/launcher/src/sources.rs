//! Whether there are the worlds that a run is to listen to, and whether their posts can be posted
//! in it. One that waited for a world that never was would wait for ever.

use std::sync::Arc;

use bus::Bus;
use contract::options::RunOptions;
use contract::problem::{Problem, Problems};
use contract::source::Source;
use contract::spec::Spec;
use contract::status::EnvStatus;

use crate::follow::find;
use crate::model::{Model, RunName};
use crate::refusal::Refusal;

/// Checks the sources of a run of `spec`.
///
/// # Errors
/// All that is wrong with them, or the bus cannot be read.
pub async fn check(
    bus: &Bus,
    model: &Model,
    spec: &Spec,
    options: &RunOptions,
) -> Result<(), Refusal> {
    let mut problems = Vec::new();
    for (index, source) in options.sources.iter().enumerate() {
        let run = match &source.run {
            Some(run) => {
                let run = find(bus, model, &RunName::Run(run.clone())).await?;
                problems.extend(run_problem(index, source, run.as_deref()));
                run
            }
            None => None,
        };
        problems.extend(speaker_problem(index, source, spec, run));
    }
    Problems::none_or(problems, Some(())).map_err(Refusal::Invalid)
}

fn place(index: usize, field: &str) -> String {
    format!("/options/sources/{index}/{field}")
}

/// What is wrong with the run that is listened to.
fn run_problem(index: usize, source: &Source, run: Option<&EnvStatus>) -> Option<Problem> {
    let name = source.run.as_ref()?;
    let Some(run) = run else {
        let found = format!("{name}, which is not there");
        return Some(Problem::new(place(index, "run"), found, "a run that is there"));
    };
    let has = &run.options.platforms;
    (!has.contains(&source.platform)).then(|| {
        let found = format!("{}, which {name} does not play", source.platform);
        Problem::new(place(index, "platform"), found, "one of its worlds")
    })
}

/// What is wrong with who is to post what is heard.
fn speaker_problem(
    index: usize,
    source: &Source,
    spec: &Spec,
    run: Option<Arc<EnvStatus>>,
) -> Option<Problem> {
    let last = spec.agents.len().saturating_sub(1);
    match source.speaker {
        Some(agent) if agent as usize > last => {
            let expected = format!("an agent of this simulation, 0 to {last}");
            Some(Problem::new(place(index, "as"), agent.to_string(), &expected))
        }
        None if run.is_some_and(|run| run.spec_digest != spec.digest()) => {
            let expected = format!(
                "the agent that posts what is heard, 0 to {last}: the agents of {source} are \
                 others than those of this simulation"
            );
            Some(Problem::new(place(index, "as"), "nothing", &expected))
        }
        Some(_) | None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queued::tests::{spec, status};
    use contract::subject::Platform;

    #[test]
    fn what_cannot_be_listened_to_is_named() {
        let source = |word: &str| word.parse::<Source>().unwrap();
        let mut twitter = status(3);
        twitter.options.platforms = vec![Platform::Twitter];
        let problem = |word: &str, run| run_problem(0, &source(word), run).map(|it| it.to_string());
        assert_eq!(problem("twitter", None), None);
        assert_eq!(problem("market-3.twitter", Some(&twitter)), None);
        assert_eq!(
            problem("market-3.reddit", Some(&twitter)).unwrap(),
            "/options/sources/0/platform: found reddit, which market-3 does not play, expected \
             one of its worlds"
        );
        assert_eq!(
            problem("market-9.reddit", None).unwrap(),
            "/options/sources/0/run: found market-9, which is not there, expected a run that is \
             there"
        );
    }

    #[test]
    fn whoever_posts_what_is_heard_is_an_agent_of_the_simulation() {
        let spec = spec();
        let same = Arc::new(EnvStatus { spec_digest: spec.digest(), ..status(3) });
        let other = Arc::new(EnvStatus { spec_digest: contract::id::Digest::ZERO, ..status(3) });
        let problem = |word: &str, run: Option<&Arc<EnvStatus>>| {
            let source = word.parse().unwrap();
            speaker_problem(1, &source, &spec, run.cloned()).map(|it| it.to_string())
        };
        assert_eq!(problem("twitter", None), None);
        assert_eq!(problem("market-3.twitter", Some(&same)), None);
        assert_eq!(problem("market-3.twitter@0", Some(&other)), None);
        assert_eq!(
            problem("market-3.twitter@1", Some(&same)).unwrap(),
            "/options/sources/1/as: found 1, expected an agent of this simulation, 0 to 0"
        );
        assert_eq!(
            problem("market-3.twitter", Some(&other)).unwrap(),
            "/options/sources/1/as: found nothing, expected the agent that posts what is heard, 0 \
             to 0: the agents of market-3.twitter are others than those of this simulation"
        );
    }
}
