//! Whether there are the memories that a request names. Names that no sink knows would be
//! stored with the run, and nothing of it remembered.

use std::time::Duration;

use bus::Bus;
use contract::memory::{TARGETS, Targets, TargetsAnswer, read_answer};
use contract::problem::{Problem, Problems};

/// How long the memory-sink may take to say what it has.
const PATIENCE: Duration = Duration::from_secs(2);

/// Checks `names`, which a request's `memory` holds. A sink that is away does not hold up a
/// run: it remembers the run once it is back.
///
/// # Errors
/// Each name that the sink which answers does not have.
pub async fn check(bus: &Bus, names: &[String]) -> Result<(), Problems> {
    if names.is_empty() {
        return Ok(());
    }
    let subject = bus.prefix().memory(TARGETS);
    let answer = bus.request(subject, Targets.to_bytes(), PATIENCE).await;
    let answer = answer.map_err(|error| error.to_string()).and_then(|body| {
        read_answer::<TargetsAnswer>(&body).map_err(|refusal| refusal.to_string())
    });
    match answer {
        Ok(answer) => Problems::none_or(unknown(names, &answer), Some(())),
        Err(why) => {
            let names = names.join(", ");
            tracing::warn!("cannot check whether there are the memories {names}: {why}");
            Ok(())
        }
    }
}

/// A problem for each of `names` that the sink does not have.
fn unknown(names: &[String], answer: &TargetsAnswer) -> Vec<Problem> {
    let known: Vec<&str> = answer.targets.iter().map(|target| target.name.as_str()).collect();
    let expected = match known[..] {
        [] => "none: the memory-sink has no memories".to_owned(),
        _ => format!("one of {} (the memories of the memory-sink)", known.join(", ")),
    };
    let missing = names.iter().filter(|name| !known.contains(&name.as_str()));
    missing.map(|name| Problem::new("/options/memory", format!("{name:?}"), &expected)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::memory::{TargetState, TargetStatus};
    use contract::version::V1;

    fn problems(known: &[&str], names: &[&str]) -> Vec<String> {
        let target = |name: &&str| TargetStatus {
            name: (*name).to_owned(),
            kind: "http".to_owned(),
            place: "http://localhost".to_owned(),
            // A memory that is away now is a memory all the same.
            state: TargetState::Retrying,
            problem: None,
            requests: None,
            rate_limit_remaining: None,
        };
        let answer = TargetsAnswer { v: V1, targets: known.iter().map(target).collect() };
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        unknown(&names, &answer).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_name_that_no_sink_has_is_named() {
        assert_eq!(problems(&["hook", "local"], &["local", "hook"]), [""; 0]);
        assert_eq!(
            problems(&["hook", "local"], &["zep", "local", "loca"]),
            [
                "/options/memory: found \"zep\", expected one of hook, local (the memories of \
                 the memory-sink)",
                "/options/memory: found \"loca\", expected one of hook, local (the memories of \
                 the memory-sink)",
            ]
        );
        assert_eq!(
            problems(&[], &["zep"]),
            ["/options/memory: found \"zep\", expected none: the memory-sink has no memories"]
        );
    }
}
