//! A simulation in the original's words, state by state.

use serde_json::{Value, json};

use super::*;
use crate::queued::tests::{spec, status};
use crate::simulations::Known;
use crate::specs::Facts;

fn simulation(run: Option<EnvStatus>) -> Simulation {
    let spec = spec();
    let facts = Facts::new(spec.digest(), &spec);
    let known = Known::of_run(spec.simulation_id, run.map(Arc::new));
    Simulation { known, facts: Ok(Arc::new(facts)) }
}

fn view(simulation: &Simulation) -> Value {
    serde_json::to_value(View::new(simulation)).unwrap()
}

#[test]
fn a_simulation_is_told_in_the_originals_fields_and_ours() {
    let mut run = status(2);
    run.status = RunStatus::Paused;
    run.platforms[0].status = RunStatus::Paused;
    (run.platforms[0].round, run.platforms[1].round) = (3, 4);
    run.platforms[1].status = RunStatus::Completed;
    assert_eq!(
        view(&simulation(Some(run))),
        json!({
            "simulation_id": "market", "project_id": "market", "graph_id": "market--market-2",
            "enable_twitter": true, "enable_reddit": true, "status": "paused",
            "entities_count": 1, "profiles_count": 1, "entity_types": ["Student"],
            "config_generated": true, "config_reasoning": "", "current_round": 4,
            "twitter_status": "paused", "reddit_status": "completed",
            "created_at": "2026-03-01T10:00:00.000Z", "updated_at": "2026-03-01T10:00:00.000Z",
            "error": null, "name": "market", "source": "run",
            "spec_digest": spec().digest(), "run_id": "market-2"
        })
    );
}

#[test]
fn each_state_of_the_current_run_has_its_word() {
    use RunStatus::{Closed, Completed, Failed, Paused, Queued, Running, Starting, Stopped};
    for (state, expected) in [
        (Queued, "running"),
        (Starting, "running"),
        (Running, "running"),
        (Paused, "paused"),
        (Completed, "completed"),
        (Closed, "completed"),
        (Stopped, "stopped"),
        (Failed, "failed"),
    ] {
        let told = view(&simulation(Some(EnvStatus { status: state, ..status(1) })));
        assert_eq!(told["status"], expected, "{state}");
    }
    assert_eq!(view(&simulation(None))["status"], "ready");
}

#[test]
fn what_cannot_be_read_is_told_and_is_no_reason_to_say_nothing() {
    let broken = Simulation { facts: Err("wrong".to_owned()), ..simulation(None) };
    let told = view(&broken);
    assert_eq!(
        [&told["status"], &told["error"], &told["config_generated"], &told["spec_digest"]],
        [&json!("failed"), &json!("wrong"), &json!(false), &Value::Null]
    );
}

#[test]
fn how_to_start_names_no_path_of_this_machine() {
    let mut simulation = simulation(None);
    let mut facts = simulation.facts.as_deref().unwrap().clone();
    facts.platforms = vec![Platform::Reddit];
    simulation.facts = Ok(Arc::new(facts));
    assert_eq!(
        serde_json::to_value(Instructions::new(&simulation)).unwrap(),
        json!({
            "simulation_dir": null, "scripts_dir": null,
            "config_file": "/api/simulation/market/config/download",
            "commands": {
                "reddit": "shoal start market --platform reddit",
                "parallel": "shoal start market"
            },
            "instructions": "POST {\"platform\":\"parallel\",\"simulation_id\":\"market\"} to \
                             /api/simulation/start; or, where Shoal's programs are, run one of \
                             the commands"
        })
    );
}
