//! A run's state in MiroFish's words: `run_state.json` and `env_status.json`.

use std::collections::VecDeque;

use contract::action::{Action, ActionBody};
use contract::frame::Frame;
use contract::id::SimulationId;
use contract::status::{EnvStatus, PlatformStatus, RunStatus};
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use serde::Serialize;

use crate::hours;
use crate::original::is_wanted;
use crate::time::zoneless;

/// How many of the newest actions `run_state.json` holds.
const RECENT: usize = 50;

/// The original's 23 fields, in its order. `T` is an instant, in whichever way it is written.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names and meanings are the original's, see docs/export.md")]
pub struct RunState<'a, T> {
    pub simulation_id: &'a SimulationId,
    pub runner_status: &'static str,
    pub current_round: u32,
    pub total_rounds: u32,
    pub simulated_hours: f64,
    pub total_simulation_hours: u32,
    pub progress_percent: f64,
    pub twitter_current_round: u32,
    pub reddit_current_round: u32,
    pub twitter_simulated_hours: f64,
    pub reddit_simulated_hours: f64,
    pub twitter_running: bool,
    pub reddit_running: bool,
    pub twitter_completed: bool,
    pub reddit_completed: bool,
    pub twitter_actions_count: u64,
    pub reddit_actions_count: u64,
    pub total_actions_count: u64,
    pub started_at: Option<T>,
    pub updated_at: T,
    pub completed_at: Option<T>,
    pub error: Option<&'a str>,
    /// A worker is no process of the launcher's, and may be on another machine: always null.
    pub process_pid: Option<u32>,
}

impl<'a, T> RunState<'a, T> {
    /// `total_hours`: the simulated hours of the run's spec. `when`: how instants are written.
    pub fn new(
        run: &'a EnvStatus,
        total_hours: u32,
        when: impl Fn(Timestamp) -> T,
    ) -> RunState<'a, T> {
        let twitter = World::of(run, Platform::Twitter);
        let reddit = World::of(run, Platform::Reddit);
        let current_round = twitter.round.max(reddit.round);
        let total_rounds = run.options.rounds;
        RunState {
            simulation_id: &run.simulation_id,
            runner_status: original_word(run.status),
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
            started_at: run.started_at.map(&when),
            updated_at: when(run.updated_at),
            completed_at: run.ended_at.map(&when),
            error: error(run),
            process_pid: None,
        }
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

/// The original's word for a state; it knows eight, we need six of them.
pub fn original_word(status: RunStatus) -> &'static str {
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

/// Percent to one decimal.
fn percent(part: u32, whole: u32) -> f64 {
    (f64::from(part) / f64::from(whole.max(1)) * 1000.0).round() / 10.0
}

/// An action as the original's lists have it.
#[derive(Clone, Debug, Serialize)]
struct RecentAction {
    round_num: u32,
    timestamp: String,
    platform: Platform,
    agent_id: u32,
    agent_name: String,
    action_type: &'static str,
    action_args: ActionBody,
    result: Option<String>,
    success: bool,
}

/// The newest actions of a world, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recent(VecDeque<RecentAction>);

impl Recent {
    pub(crate) fn add(&mut self, frame: &Frame) {
        let wanted = |action: &&Action| is_wanted(action, false);
        let mut newest: Vec<&Action> =
            frame.actions.iter().rev().filter(wanted).take(RECENT).collect();
        newest.reverse();
        for action in newest {
            if self.0.len() == RECENT {
                self.0.pop_front();
            }
            self.0.push_back(RecentAction {
                round_num: frame.round,
                timestamp: zoneless(frame.timestamp),
                platform: frame.platform,
                agent_id: action.agent_id,
                agent_name: action.agent_name.clone(),
                action_type: action.body.type_name(),
                action_args: action.body.clone(),
                result: None,
                success: true,
            });
        }
    }
}

/// `run_state.json`.
#[derive(Serialize)]
struct RunStateFile<'a> {
    #[serde(flatten)]
    state: RunState<'a, String>,
    recent_actions: Vec<&'a RecentAction>,
    rounds_count: u32,
}

/// The bytes of `run_state.json`. `worlds`: what each world did last.
pub(crate) fn run_state_json(run: &EnvStatus, total_hours: u32, worlds: &[&Recent]) -> String {
    let mut recent_actions: Vec<&RecentAction> =
        worlds.iter().flat_map(|world| world.0.iter().rev()).collect();
    // Stable: what was closed at the same instant stays newest first, world by world.
    recent_actions.sort_by(|a, b| b.timestamp.cmp(&a.timestamp));
    recent_actions.truncate(RECENT);
    let state = RunState::new(run, total_hours, zoneless);
    pretty(&RunStateFile { state, recent_actions, rounds_count: 0 })
}

/// The bytes of `env_status.json`.
pub(crate) fn env_status_json(run: &EnvStatus) -> String {
    #[derive(Serialize)]
    struct EnvStatusFile {
        status: &'static str,
        twitter_available: bool,
        reddit_available: bool,
        timestamp: String,
    }
    let available = |platform| run.alive && run.platform(platform).is_some();
    pretty(&EnvStatusFile {
        status: if run.alive { "alive" } else { "stopped" },
        twitter_available: available(Platform::Twitter),
        reddit_available: available(Platform::Reddit),
        timestamp: zoneless(run.updated_at),
    })
}

pub(crate) fn pretty(value: &impl Serialize) -> String {
    let json = serde_json::to_string_pretty(value).expect("no map keys that JSON refuses");
    format!("{json}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{self, nothing, post, status};
    use serde_json::{Value, json};

    #[test]
    fn a_running_run_is_told_in_all_the_originals_fields() {
        let mut run = status(RunStatus::Running);
        let [twitter, reddit] = &mut run.platforms[..] else { panic!("two worlds") };
        twitter.status = RunStatus::Completed;
        (twitter.round, twitter.simulated_minutes, twitter.listed) = (10, 600, 44);
        reddit.status = RunStatus::Running;
        (reddit.round, reddit.simulated_minutes, reddit.listed) = (3, 100, 6);
        assert_eq!(
            serde_json::to_value(RunState::new(&run, 48, zoneless)).unwrap(),
            json!({
                "simulation_id": "market", "runner_status": "running",
                "current_round": 10, "total_rounds": 48, "simulated_hours": 10.0,
                "total_simulation_hours": 48, "progress_percent": 20.8,
                "twitter_current_round": 10, "reddit_current_round": 3,
                "twitter_simulated_hours": 10.0, "reddit_simulated_hours": 1.67,
                "twitter_running": false, "reddit_running": true,
                "twitter_completed": true, "reddit_completed": false,
                "twitter_actions_count": 44, "reddit_actions_count": 6, "total_actions_count": 50,
                "started_at": "2026-03-01T10:00:01.000000",
                "updated_at": "2026-03-01T10:01:00.000000",
                "completed_at": null, "error": null, "process_pid": null
            })
        );
    }

    #[test]
    fn a_failed_run_says_why_and_a_world_that_is_not_there_is_zero() {
        let mut run = status(RunStatus::Failed);
        run.platforms.truncate(1);
        run.last_error = Some("panicked".to_owned());
        assert_eq!(RunState::new(&run, 5, zoneless).error, Some("panicked"));
        run.reason = Some("three claims without a tick".to_owned());
        let state = RunState::new(&run, 5, zoneless);
        assert_eq!(state.error, Some("three claims without a tick"));
        assert!(!state.twitter_running && !state.reddit_running && !state.reddit_completed);
        assert_eq!((percent(1, 3), percent(0, 0)), (33.3, 0.0));
    }

    #[test]
    fn each_state_has_a_word_of_the_original() {
        use RunStatus::{Closed, Completed, Deleted, Failed, Paused, Queued, Running, Starting};
        let words = [Queued, Starting, Running, Paused, Completed, Closed].map(original_word);
        let expected = ["starting", "starting", "running", "paused", "completed", "completed"];
        assert_eq!(words, expected);
        let words = [RunStatus::Stopped, Failed, Deleted].map(original_word);
        assert_eq!(words, ["stopped", "failed", "stopped"]);
    }

    #[test]
    fn the_file_has_the_newest_fifty_actions_newest_first() {
        let mut world = fixtures::World::new(Platform::Reddit);
        let mut recent = Recent::default();
        for n in 0..60 {
            let did = if n % 2 == 0 { post(n + 1, "x") } else { nothing() };
            recent.add(&world.tick(vec![(0, Ok(did))]));
        }
        let run = status(RunStatus::Completed);
        let json = run_state_json(&run, 48, &[&Recent::default(), &recent]);
        let file: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(file.as_object().unwrap().len(), 25);
        assert_eq!(file["rounds_count"], 0);
        let rounds = file["recent_actions"].as_array().unwrap();
        let rounds: Vec<_> = rounds.iter().map(|it| it["round_num"].as_u64().unwrap()).collect();
        assert_eq!(rounds, (10..60).rev().collect::<Vec<_>>());
        let action = &file["recent_actions"][1];
        assert_eq!(action["platform"], "reddit");
        assert_eq!(action["action_args"], json!({"content": "x", "post_id": 59}));
    }

    #[test]
    fn an_environment_is_alive_or_stopped() {
        let mut run = status(RunStatus::Completed);
        run.platforms.truncate(1);
        let file =
            |run: &EnvStatus| -> Value { serde_json::from_str(&env_status_json(run)).unwrap() };
        assert_eq!(
            file(&run),
            json!({"status": "alive", "twitter_available": true, "reddit_available": false,
                "timestamp": "2026-03-01T10:01:00.000000"})
        );
        run.alive = false;
        assert_eq!(file(&run)["status"], "stopped");
        assert_eq!(file(&run)["twitter_available"], false);
    }
}
