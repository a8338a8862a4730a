//! `GET /api/simulation/{id}/run-status`: where a run is, in the original's 23 fields.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use contract::id::{RunId, SimulationId};
use contract::problem::Problem;
use contract::status::{EnvStatus, PlatformStatus, RunStatus};
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use serde::Serialize;

use crate::follow::find;
use crate::http::App;
use crate::http::envelope::success;
use crate::http::error::HttpError;
use crate::model::RunName;
use crate::refusal::Refusal;

/// Answers with the status of a run; a simulation that was never run is idle.
pub(super) async fn run_status(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, HttpError> {
    let name = read_name(path).map_err(|problem| Refusal::Invalid(problem.into()))?;
    Ok(match look(&app, &name).await? {
        Look::Run(run) => success(&View::new(&run, hours_of(&app, &run).await?)),
        Look::Idle(simulation) => success(&Idle::new(&simulation)),
    })
}

/// What a name means.
pub(super) enum Look {
    /// A run.
    Run(Arc<EnvStatus>),
    /// A simulation that was never run.
    Idle(SimulationId),
}

/// What `name` means now.
///
/// # Errors
/// If it names a run that there is not.
pub(super) async fn look(app: &App, name: &RunName) -> Result<Look, Refusal> {
    match (find(&app.creator.bus, &app.creator.model, name).await?, name) {
        (Some(run), _) => Ok(Look::Run(run)),
        (None, RunName::CurrentOf(simulation)) => Ok(Look::Idle(simulation.clone())),
        (None, RunName::Run(run)) => Err(Refusal::Unknown(format!("unknown run {run}"))),
    }
}

/// The simulated hours of a run's spec.
///
/// # Errors
/// If the spec cannot be read.
pub(super) async fn hours_of(app: &App, run: &EnvStatus) -> Result<u32, Refusal> {
    app.creator.specs.hours(&run.spec_digest).await
}

/// Reads the `{id}` of a path.
pub(super) fn read_name(path: Result<Path<String>, PathRejection>) -> Result<RunName, Problem> {
    let place = "the id in the path";
    match path {
        Ok(Path(text)) => {
            text.parse().map_err(|rule: String| Problem::new(place, format!("{text:?}"), &rule))
        }
        Err(error) => Err(Problem::new(place, error.body_text(), "an id in UTF-8")),
    }
}

/// A run's status as the original words it, and what it has no words for: `run_id`, `status`
/// and `alive`.
#[derive(Debug, Serialize)]
pub(super) struct View<'a> {
    simulation_id: &'a SimulationId,
    run_id: &'a RunId,
    runner_status: &'static str,
    status: RunStatus,
    alive: bool,
    current_round: u32,
    total_rounds: u32,
    simulated_hours: f64,
    total_simulation_hours: u32,
    progress_percent: f64,
    twitter_current_round: u32,
    reddit_current_round: u32,
    twitter_simulated_hours: f64,
    reddit_simulated_hours: f64,
    twitter_running: bool,
    reddit_running: bool,
    twitter_completed: bool,
    reddit_completed: bool,
    twitter_actions_count: u64,
    reddit_actions_count: u64,
    total_actions_count: u64,
    started_at: Option<Timestamp>,
    updated_at: Timestamp,
    completed_at: Option<Timestamp>,
    error: Option<&'a str>,
    /// A worker is no process of the launcher's, and may be on another machine.
    process_pid: Option<u32>,
}

impl<'a> View<'a> {
    /// `total_hours`: the simulated hours of the run's spec.
    pub(super) fn new(run: &'a EnvStatus, total_hours: u32) -> View<'a> {
        let twitter = World::of(run, Platform::Twitter);
        let reddit = World::of(run, Platform::Reddit);
        let current_round = twitter.round.max(reddit.round);
        let total_rounds = run.options.rounds;
        View {
            simulation_id: &run.simulation_id,
            run_id: &run.run_id,
            runner_status: original_word(run.status),
            status: run.status,
            alive: run.alive,
            current_round,
            total_rounds,
            simulated_hours: twitter.simulated_hours.max(reddit.simulated_hours),
            total_simulation_hours: total_hours,
            progress_percent: percent(current_round, total_rounds),
            twitter_current_round: twitter.round,
            reddit_current_round: reddit.round,
            twitter_simulated_hours: twitter.simulated_hours,
            reddit_simulated_hours: reddit.simulated_hours,
            twitter_running: twitter.running,
            reddit_running: reddit.running,
            twitter_completed: twitter.completed,
            reddit_completed: reddit.completed,
            twitter_actions_count: twitter.actions,
            reddit_actions_count: reddit.actions,
            total_actions_count: twitter.actions + reddit.actions,
            started_at: run.started_at,
            updated_at: run.updated_at,
            completed_at: run.ended_at,
            error: error(run),
            process_pid: None,
        }
    }

    /// The round that the run is in: that of the world that is further on.
    pub(super) fn current_round(&self) -> u32 {
        self.current_round
    }
}

/// What the original tells of one world; all zero where the run has none.
#[derive(Default)]
struct World {
    round: u32,
    simulated_hours: f64,
    running: bool,
    completed: bool,
    actions: u64,
}

impl World {
    fn of(run: &EnvStatus, platform: Platform) -> World {
        run.platform(platform).map_or_else(World::default, |world: &PlatformStatus| World {
            round: world.round,
            simulated_hours: hours(world.simulated_minutes),
            running: run.status.is_live() && world.status.is_live(),
            completed: matches!(world.status, RunStatus::Completed | RunStatus::Closed),
            actions: world.listed,
        })
    }
}

/// The original's word for a state; it knows eight, we need six of them so far.
fn original_word(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Queued | RunStatus::Starting => "starting",
        RunStatus::Running => "running",
        RunStatus::Paused => "paused",
        RunStatus::Completed | RunStatus::Closed => "completed",
        RunStatus::Stopped | RunStatus::Deleted => "stopped",
        RunStatus::Failed => "failed",
    }
}

fn error(run: &EnvStatus) -> Option<&str> {
    let reason = run.reason.as_deref().filter(|_| run.status == RunStatus::Failed);
    reason.or(run.last_error.as_deref())
}

/// Hours to two decimals.
fn hours(minutes: u64) -> f64 {
    let minutes = f64::from(u32::try_from(minutes).unwrap_or(u32::MAX));
    (minutes / 60.0 * 100.0).round() / 100.0
}

/// Percent to one decimal.
fn percent(part: u32, whole: u32) -> f64 {
    (f64::from(part) / f64::from(whole.max(1)) * 1000.0).round() / 10.0
}

/// What the original says of a simulation that was never run.
#[derive(Debug, Serialize)]
pub(super) struct Idle<'a> {
    simulation_id: &'a SimulationId,
    runner_status: &'static str,
    current_round: u32,
    total_rounds: u32,
    progress_percent: u32,
    twitter_actions_count: u32,
    reddit_actions_count: u32,
    total_actions_count: u32,
}

impl<'a> Idle<'a> {
    fn new(simulation_id: &'a SimulationId) -> Idle<'a> {
        Idle {
            simulation_id,
            runner_status: "idle",
            current_round: 0,
            total_rounds: 0,
            progress_percent: 0,
            twitter_actions_count: 0,
            reddit_actions_count: 0,
            total_actions_count: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queued::tests::status;
    use serde_json::json;

    #[test]
    fn a_running_run_is_told_in_all_the_originals_fields() {
        let mut run = status(2);
        run.status = RunStatus::Running;
        run.started_at = Some("2026-03-01T10:00:01Z".parse().unwrap());
        let [twitter, reddit] = &mut run.platforms[..] else { panic!("two worlds") };
        twitter.status = RunStatus::Completed;
        (twitter.round, twitter.simulated_minutes) = (10, 300);
        (twitter.actions, twitter.succeeded, twitter.listed) = (50, 47, 44);
        reddit.status = RunStatus::Running;
        (reddit.round, reddit.simulated_minutes, reddit.listed) = (3, 90, 6);
        assert_eq!(
            serde_json::to_value(View::new(&run, 5)).unwrap(),
            json!({
                "simulation_id": "market", "run_id": "market-2",
                "runner_status": "running", "status": "running", "alive": true,
                "current_round": 10, "total_rounds": 10,
                "simulated_hours": 5.0, "total_simulation_hours": 5, "progress_percent": 100.0,
                "twitter_current_round": 10, "reddit_current_round": 3,
                "twitter_simulated_hours": 5.0, "reddit_simulated_hours": 1.5,
                "twitter_running": false, "reddit_running": true,
                "twitter_completed": true, "reddit_completed": false,
                "twitter_actions_count": 44, "reddit_actions_count": 6, "total_actions_count": 50,
                "started_at": "2026-03-01T10:00:01.000Z",
                "updated_at": "2026-03-01T10:00:00.000Z",
                "completed_at": null, "error": null, "process_pid": null
            })
        );
    }

    #[test]
    fn each_state_has_a_word_of_the_original() {
        use RunStatus::{Completed, Failed, Queued, Running, Starting, Stopped};
        let words = [Queued, Starting, Running, Completed, Stopped, Failed].map(original_word);
        assert_eq!(words, ["starting", "starting", "running", "completed", "stopped", "failed"]);
    }

    #[test]
    fn a_failed_run_says_why_and_a_world_that_is_not_there_is_zero() {
        let mut run = status(1);
        run.platforms.truncate(1);
        run.status = RunStatus::Failed;
        run.last_error = Some("panicked".to_owned());
        assert_eq!(View::new(&run, 5).error, Some("panicked"));
        run.reason = Some("three claims without a tick".to_owned());
        let view = View::new(&run, 5);
        assert_eq!(view.error, Some("three claims without a tick"));
        assert!(!view.twitter_running && !view.reddit_running && !view.reddit_completed);
        assert_eq!(view.reddit_actions_count, 0);
    }

    #[test]
    fn numbers_are_rounded_as_the_original_does() {
        assert_eq!((percent(1, 3), percent(0, 0), percent(7, 7)), (33.3, 0.0, 100.0));
        assert_eq!((hours(30), hours(100), hours(0)), (0.5, 1.67, 0.0));
    }

    #[test]
    fn a_name_in_a_path_is_checked() {
        let read = |text: &str| read_name(Ok(Path(text.to_owned())));
        assert_eq!(read("market"), Ok(RunName::CurrentOf("market".parse().unwrap())));
        assert_eq!(read("market-2"), Ok(RunName::Run("market-2".parse().unwrap())));
        for bad in ["../x", "a.b", "*", ">", "", "a-0"] {
            assert!(read(bad).is_err(), "{bad:?} passed");
        }
    }
}
