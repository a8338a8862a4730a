//! `GET /api/simulation/{id}/run-status`: where a run is, in the original's 23 fields.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use contract::cost::Spent;
use contract::id::{RunId, SimulationId};
use contract::llm::Budget;
use contract::manner::Labels;
use contract::problem::Problem;
use contract::status::{EnvStatus, RunStatus};
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use export::run_state::{RunState, original_word};
use serde::Serialize;

use crate::besides::Beside;
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
    let name = read_id(path)?;
    Ok(match look(&app, &name).await? {
        Look::Run(run) => success(&View::new(&run, app.besides.of(&run).await?)),
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
        (None, RunName::Run(run)) => Err(Refusal::unknown_run(run)),
    }
}

/// The `{id}` of a path where nothing else is asked.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read_id(path: Result<Path<String>, PathRejection>) -> Result<RunName, Refusal> {
    read_name(path).map_err(|problem| Refusal::Invalid(problem.into()))
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

/// A run's status as the original words it, and what it has no words for. `runner_status` and the
/// `*_completed` say `running` for some seconds after a run's end, see docs/http.md; `status` does
/// not.
#[derive(Debug, Serialize)]
pub(super) struct View<'a> {
    #[serde(flatten)]
    state: RunState<'a, Timestamp>,
    run_id: &'a RunId,
    status: &'static str,
    alive: bool,
    /// Why it is in this state, for people.
    reason: Option<&'a str>,
    /// What keeps it from going on, if something does.
    waits_for: Option<String>,
    /// Of one that failed, the last lines of its log, oldest first.
    last_log_lines: Vec<String>,
    labels: &'a Labels,
    /// What language models have decided and what that took, in all worlds; none if none is asked.
    spent: Option<Spent>,
    /// The caps that are in effect.
    budget: Option<Budget>,
}

impl<'a> View<'a> {
    pub(super) fn new(run: &'a EnvStatus, beside: Beside) -> View<'a> {
        let mut state = RunState::new(run, beside.total_hours, |at| at);
        if beside.is_settling {
            state.runner_status = original_word(RunStatus::Running);
            for world in &run.platforms {
                let (running, completed) = match world.platform {
                    Platform::Twitter => (&mut state.twitter_running, &mut state.twitter_completed),
                    Platform::Reddit => (&mut state.reddit_running, &mut state.reddit_completed),
                };
                (*running, *completed) = (true, false);
            }
        }
        View {
            state,
            run_id: &run.run_id,
            status: run.word(beside.now),
            alive: run.alive,
            reason: run.reason.as_deref(),
            waits_for: beside.waits_for,
            last_log_lines: beside.last_log_lines,
            labels: &run.labels,
            spent: run.asks_models().then(|| run.spent()),
            budget: run.options.budget,
        }
    }

    /// The round that the run is in: that of the world that is further on.
    pub(super) fn current_round(&self) -> u32 {
        self.state.current_round
    }
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
    use crate::besides::tests::beside;
    use crate::queued::tests::status;
    use contract::decision::Usage;
    use contract::llm::LlmOptions;
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
            serde_json::to_value(View::new(&run, beside())).unwrap(),
            json!({
                "simulation_id": "market", "run_id": "market-2",
                "runner_status": "running", "status": "running", "alive": true,
                "reason": null, "waits_for": null, "last_log_lines": [], "labels": {},
                "spent": null, "budget": null,
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
    fn what_models_took_is_told_of_all_worlds_with_the_caps() {
        let told = |run: &EnvStatus| {
            let view = serde_json::to_value(View::new(run, beside())).unwrap();
            (view["spent"].clone(), view["budget"].clone())
        };
        let mut run = status(2);
        run.options.budget = Some(Budget { requests: Some(9), ..Budget::default() });
        assert_eq!(told(&run), (json!(null), json!({"requests": 9})));
        let rules = vec!["main".parse().unwrap()];
        let llm = LlmOptions { rules, decision_seconds: 60, round_seconds: 300 };
        run.options.llm = Some(llm);
        assert_eq!(told(&run).0["decisions"], 0, "none so far");
        let usage = Usage { requests: 3, prompt_tokens: 40, cost_micros: 7, ..Usage::default() };
        for world in &mut run.platforms {
            world.spent = Spent { decisions: 2, refused: 1, undecided: 1, usage };
        }
        let spent = json!({
            "decisions": 4, "refused": 2, "undecided": 2, "requests": 6, "prompt_tokens": 80,
            "cached_tokens": 0, "completion_tokens": 0, "cost_micros": 14
        });
        assert_eq!(told(&run).0, spent);
    }

    #[test]
    fn a_page_is_told_of_the_end_a_moment_later_and_others_at_once() {
        let mut run = status(2);
        run.status = RunStatus::Completed;
        run.platforms.iter_mut().for_each(|world| world.status = RunStatus::Completed);
        let told = |is_settling| {
            let view = View::new(&run, Beside { is_settling, ..beside() });
            let view = serde_json::to_value(view).unwrap();
            let fields = ["runner_status", "twitter_running", "reddit_completed", "status"];
            fields.map(|field| view[field].to_string()).join(" ")
        };
        assert_eq!(told(true), r#""running" true false "completed""#);
        assert_eq!(told(false), r#""completed" false true "completed""#);
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
