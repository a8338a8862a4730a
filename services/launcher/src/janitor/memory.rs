//! What a run's memories have not taken yet.

use std::time::Duration;

use bus::Bus;
use contract::memory::{MemoryErrorCode, STATS, Scope, Stats, StatsAnswer, read_answer};
use contract::status::EnvStatus;

use super::decide::Behind;

/// How long the memory-sink may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks the memory-sink, if the run has memories.
pub(super) async fn behind(bus: &Bus, run: &EnvStatus) -> Behind {
    if run.memory.is_empty() {
        return Behind::Nothing;
    }
    let question = Stats { scope: Scope::Run(run.run_id.clone()) };
    let subject = bus.prefix().memory(STATS);
    let body = match bus.request(subject, question.to_bytes(), PATIENCE).await {
        Ok(body) => body,
        Err(error) => return Behind::Unknown(format!("the memory-sink does not answer: {error}")),
    };
    let answer = match read_answer::<StatsAnswer>(&body) {
        Ok(answer) => Some(answer),
        Err(refusal) if refusal.code == MemoryErrorCode::UnknownRun => None,
        Err(refusal) => return Behind::Unknown(refusal.message),
    };
    match lag(run, answer.as_ref()) {
        0 => Behind::Nothing,
        actions => Behind::Actions(actions),
    }
}

/// Over all of the run's memories, those that were attached to it later among them; one that has
/// not begun with a world lags by all of its actions.
fn lag(run: &EnvStatus, answer: Option<&StatsAnswer>) -> u64 {
    let cursors = answer.map_or(&[][..], |answer| &answer.cursors);
    let worlds = run.platforms.iter();
    let pairs = worlds.flat_map(|world| run.memory.iter().map(move |memory| (world, memory)));
    let has_begun = |platform, target: &str| {
        cursors.iter().any(|cursor| cursor.platform == platform && cursor.target == target)
    };
    let missing = pairs.filter(|(world, memory)| !has_begun(world.platform, &memory.target));
    let missing = missing.map(|(world, _)| if world.memorable == 0 { 0 } else { world.actions });
    missing.sum::<u64>() + cursors.iter().map(|cursor| cursor.lag).sum::<u64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queued::tests::status;
    use contract::memory::CursorStatus;
    use contract::options::MemoryTarget;
    use contract::subject::Platform;
    use contract::version::V1;

    fn answer(cursors: &[(Platform, &str, u64)]) -> StatsAnswer {
        let cursor = |(platform, target, lag): &(Platform, &str, u64)| CursorStatus {
            run_id: status(1).run_id,
            platform: *platform,
            target: (*target).to_owned(),
            graph_id: "market".to_owned(),
            seq: 40 - lag,
            round: 3,
            simulated_time: None,
            published: 40,
            lag: *lag,
            lag_seconds: None,
            delivered: None,
            retried: None,
            dead: None,
            problem: None,
        };
        let cursors: Vec<CursorStatus> = cursors.iter().map(cursor).collect();
        let lag = cursors.iter().map(|cursor| cursor.lag).sum();
        StatsAnswer { v: V1, episodes: 0, platforms: Vec::new(), cursors, lag }
    }

    #[test]
    fn a_memory_that_has_not_begun_lags_by_everything() {
        use Platform::{Reddit, Twitter};
        let mut run = status(1);
        for world in &mut run.platforms {
            (world.actions, world.memorable) = (40, 30);
        }
        assert_eq!(lag(&run, None), 80);
        assert_eq!(lag(&run, Some(&answer(&[(Twitter, "local", 0)]))), 40);
        let both = [(Twitter, "local", 0), (Reddit, "local", 3)];
        assert_eq!(lag(&run, Some(&answer(&both))), 3);
        let graph_id = "market".to_owned();
        run.memory.push(MemoryTarget { target: "zep".to_owned(), graph_id });
        assert_eq!(lag(&run, Some(&answer(&both))), 83);
        let attached = [(Twitter, "local", 0), (Reddit, "local", 3), (Reddit, "team", 5)];
        assert_eq!(lag(&run, Some(&answer(&attached))), 88);
        // What no memory takes is waited for by nobody.
        for world in &mut run.platforms {
            world.memorable = 0;
        }
        assert_eq!(lag(&run, None), 0);
    }
}
