//! Time limits: a run that plays longer than it was given is stopped.
//!
//! Every launcher watches all runs. The command follows from the run alone, so they publish the
//! same one, which is stored once. Whoever resumes the run afterwards gives it all the time there
//! is: the command is not stored again.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bus::Bus;
use contract::command::{Command, Request, Stop, Verb};
use contract::id::RunId;
use contract::status::EnvStatus;
use contract::subject::CommandAddress;
use contract::timestamp::Timestamp;
use tokio::time::MissedTickBehavior;

use crate::create::now;
use crate::model::Model;
use crate::queued::client;
use crate::refusal::Refusal;

/// How often the runs are looked at; limits are whole seconds.
const EVERY: Duration = Duration::from_millis(500);

/// Stops runs whose time is over, for ever.
pub async fn watch(bus: Bus, model: Model) -> Infallible {
    let mut looks = tokio::time::interval(EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told: BTreeSet<RunId> = BTreeSet::new();
    loop {
        looks.tick().await;
        let now = now();
        let due: Vec<Arc<EnvStatus>> = model.ask(|runs| runs.all(|run| is_due(run, now)));
        told.retain(|run| due.iter().any(|status| status.run_id == *run));
        for run in due {
            if told.contains(&run.run_id) {
                continue;
            }
            match publish(&bus, &run).await {
                Ok(()) => drop(told.insert(run.run_id.clone())),
                Err(error) => {
                    tracing::warn!(run = %run.run_id, %error, "cannot stop a run whose time is over yet");
                }
            }
        }
    }
}

async fn publish(bus: &Bus, run: &EnvStatus) -> Result<(), Refusal> {
    let Some((address, command)) = stop_command(run) else { return Ok(()) };
    let subject = bus.prefix().command(&address);
    bus.append_first(address.verb.stream(), &subject, command.to_bytes()).await?;
    Ok(())
}

/// When a run's time is over; `None` if it has no limit or has not begun.
fn deadline(run: &EnvStatus) -> Option<Timestamp> {
    let seconds = i64::from(run.requested.time_limit_seconds?);
    Some(Timestamp::from_milliseconds(run.started_at?.milliseconds() + seconds * 1000))
}

fn is_due(run: &EnvStatus, now: Timestamp) -> bool {
    run.status.is_live() && deadline(run).is_some_and(|deadline| deadline <= now)
}

/// The command that stops a run whose time is over.
fn stop_command(run: &EnvStatus) -> Option<(CommandAddress, Command)> {
    let issued_at = deadline(run)?;
    let seconds = run.requested.time_limit_seconds?;
    let command_id: contract::id::CommandId = "time-limit".parse().ok()?;
    let reason = Some(format!("its time limit of {seconds} s is over"));
    let address = CommandAddress {
        run: run.run_id.clone(),
        verb: Verb::Stop,
        client: client(),
        command_id: command_id.clone(),
    };
    let request = Request::Stop(Stop { reason });
    Some((address, Command { command_id, request, issued_at, expires_at: None }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queued::tests::status;
    use contract::status::RunStatus;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_run_is_due_while_it_plays_longer_than_its_limit() {
        let mut run = status(1);
        run.status = RunStatus::Running;
        run.started_at = Some(at("2026-03-01T10:00:00Z"));
        let (before, over) = (at("2026-03-01T10:00:29.999Z"), at("2026-03-01T10:00:30Z"));
        assert!(!is_due(&run, over), "without a limit");
        run.requested.time_limit_seconds = Some(30);
        assert!(!is_due(&run, before) && is_due(&run, over));
        for (state, due) in [
            (RunStatus::Paused, true),
            (RunStatus::Completed, false),
            (RunStatus::Stopped, false),
            (RunStatus::Deleted, false),
        ] {
            run.status = state;
            assert_eq!(is_due(&run, over), due, "{state}");
        }
        let queued = EnvStatus { started_at: None, status: RunStatus::Queued, ..run };
        assert!(!is_due(&queued, over));
    }

    #[test]
    fn every_launcher_publishes_the_same_command() {
        let mut run = status(1);
        run.started_at = Some(at("2026-03-01T10:00:00Z"));
        run.requested.time_limit_seconds = Some(30);
        let (address, command) = stop_command(&run).unwrap();
        assert_eq!(Command::parse(&address, &command.to_bytes()), Ok(command.clone()));
        let later = EnvStatus { updated_at: at("2026-03-01T11:00:00Z"), ..run };
        assert_eq!(stop_command(&later).unwrap().1.to_bytes(), command.to_bytes());
    }
}
