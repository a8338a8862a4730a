//! What every memory has to keep, whatever it is: each action once and in order, whenever the sink
//! dies, whatever is in the texts, and whatever is refused. One list of properties, which all
//! adapters go through; who adds one adds it to [`subject::all`].
//!
//! The memories are real ones behind real sockets and files. What is around them, the stream, the
//! clock and for most of them the ledger, is played.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

mod frames;
mod stage;
mod subject;

use std::time::Duration;

use memory_sink::policy::Batching;

use self::stage::{Kill, Stage};
use self::subject::{Subject, all};

const HOUR: Duration = Duration::from_secs(3600);
const KINDS: [Batching; 3] = [Batching::FIVES, Batching::ROUNDS, Batching::STREAM];
/// A text that a memory which can refuse anything refuses.
const BAD: &str = "unspeakable";

/// Two worlds of a graph, and another graph.
fn played(subject: &Subject, batching: Batching) -> Stage {
    let mut stage = Stage::new(subject.clone(), batching);
    for round in [&["one", "two", "-"][..], &["-"], &["!no", "three", "four", "five", "six", "-"]] {
        stage.play("twitter", round);
        stage.play("reddit", &round[..round.len().min(3)]);
    }
    stage
}

/// All that the memory has is what is in the stream, in the same order.
#[track_caller]
fn assert_all(stage: &Stage, context: &str) {
    for platform in ["twitter", "reddit"] {
        let kept = stage.subject().lines(stage.graph(), platform);
        assert_eq!(kept, stage.expected(platform), "{context}, {platform}");
    }
    assert_eq!(stage.intents(), 0, "{context}");
}

#[test]
fn each_action_is_there_once_and_in_order() {
    for subject in all() {
        for batching in KINDS {
            let mut stage = played(&subject, batching);
            stage.run(HOUR, Kill::Never);
            assert_all(&stage, &format!("{} {batching:?}", subject.name()));
            assert_eq!(stage.expected("twitter").len(), 6);
        }
    }
}

/// Before and after each wish: the K1 to K10 of the sink's own table.
#[test]
fn each_is_there_once_wherever_the_sink_dies() {
    for subject in all() {
        let mut deaths = 0;
        for batching in KINDS {
            let mut undisturbed = played(&subject, batching);
            undisturbed.run(HOUR, Kill::Never);
            for step in 1..=undisturbed.wishes {
                for kill in [Kill::Before(step), Kill::After(step)] {
                    let mut stage = played(&subject, batching);
                    stage.run(HOUR, kill);
                    stage.run(2 * HOUR, Kill::Never);
                    assert!(stage.died, "{kill:?}");
                    assert_all(&stage, &format!("{} {batching:?} {kill:?}", subject.name()));
                    deaths += 1;
                }
            }
        }
        assert!(deaths >= 30, "{}: {deaths} deaths", subject.name());
    }
}

#[test]
fn each_is_there_once_though_the_memory_takes_it_and_says_nothing() {
    for subject in all().into_iter().filter(Subject::hush) {
        for step in (1..24).step_by(3) {
            let mut stage = played(&subject, Batching::FIVES);
            stage.run(HOUR, Kill::After(step));
            stage.run(2 * HOUR, Kill::Never);
            assert_all(&stage, &format!("{} {step}", subject.name()));
        }
    }
}

#[test]
fn each_is_there_once_though_the_memory_was_away() {
    for subject in all() {
        let mut stage = played(&subject, Batching::ROUNDS);
        if !subject.die() {
            continue;
        }
        stage.run(Duration::from_secs(60), Kill::Never);
        stage.play("twitter", &["late"]);
        stage.run(Duration::from_secs(600), Kill::Never);
        subject.revive();
        assert_eq!(subject.lines(stage.graph(), "twitter"), [""; 0], "{}", subject.name());
        stage.run(2 * HOUR, Kill::Never);
        assert_all(&stage, subject.name());
        assert_eq!(stage.dead(), [""; 0], "{}", subject.name());
    }
}

#[test]
fn a_lost_ledger_costs_nothing_where_the_memory_can_be_asked() {
    for subject in all() {
        for batching in KINDS {
            let mut stage = played(&subject, batching);
            stage.run(HOUR, Kill::Never);
            stage.lose_ledger();
            stage.play("twitter", &["late"]);
            stage.run(2 * HOUR, Kill::Never);
            let context = format!("{} {batching:?}", subject.name());
            if subject.remembers() {
                assert_all(&stage, &context);
                continue;
            }
            // Whoever keeps it knows it by its action's id: nothing is lost.
            let kept = subject.lines(stage.graph(), "twitter");
            let expected = stage.expected("twitter");
            assert!(expected.iter().all(|line| kept.contains(line)), "{context}: {kept:?}");
        }
    }
}

#[test]
fn what_is_refused_is_a_dead_letter_and_all_else_is_there() {
    for subject in all().into_iter().filter(|subject| subject.refuse(BAD)) {
        for batching in KINDS {
            let mut stage = played(&subject, batching);
            stage.play("twitter", &["seven", BAD, "eight", "nine"]);
            stage.run(HOUR, Kill::Never);
            let kept = subject.lines(stage.graph(), "twitter");
            let mut expected = stage.expected("twitter");
            expected.retain(|line| !line.contains(BAD));
            let context = format!("{} {batching:?}", subject.name());
            assert_eq!(kept, expected, "{context}");
            assert_eq!(kept.len(), 9, "{context}");
            assert_eq!(stage.dead().len(), 1, "{context}");
            assert!(stage.dead()[0].contains(BAD), "{context}: {:?}", stage.dead());
        }
    }
}

#[test]
fn any_text_arrives_as_it_is() {
    let texts = [
        "雷切尔说：“灯塔的灯亮了”",
        "👩‍👩‍👧‍👦 and e\u{301} are each one to the eye",
        "مرحبا, \u{202e}from the right\u{202c}, to the left",
        "\"quoted\" 'twice' \\ and \\u0041 </script> {{text}} {{episodes}} $1 %s %00",
        "'; DROP TABLE episode; --",
        "tab\there, line\nthere, nothing\u{0}at all, \u{7f}\u{85}\u{2028}done",
        "\u{feff}\u{fffd}\u{10ffff}",
    ];
    for subject in all() {
        for batching in KINDS {
            let mut stage = Stage::new(subject.clone(), batching);
            for text in texts {
                stage.play("twitter", &[text]);
            }
            stage.play("twitter", &texts);
            stage.run(HOUR, Kill::Never);
            assert_all(&stage, &format!("{} {batching:?}", subject.name()));
            assert_eq!(stage.dead(), [""; 0]);
        }
    }
}

/// Nothing that is long stops what is behind it. A memory may shorten what stands alone.
#[test]
fn long_texts_arrive_and_hold_nothing_up() {
    let long = ["a".repeat(9_400), "灯".repeat(12_000), "🙂 ".repeat(60_000)];
    let texts = ["before", &long[0], "between", &long[1], &long[2], "after"];
    for subject in all() {
        for batching in KINDS {
            let mut stage = Stage::new(subject.clone(), batching);
            stage.play("twitter", &texts);
            stage.run(HOUR, Kill::Never);
            let kept = subject.lines(stage.graph(), "twitter");
            let context = format!("{} {batching:?}", subject.name());
            assert_eq!(kept.len(), texts.len(), "{context}");
            for (kept, line) in kept.iter().zip(stage.expected("twitter")) {
                assert!(subject.is_kept(kept, &line), "{context}: {} characters", line.len());
            }
        }
    }
}

#[test]
fn graphs_keep_apart_whatever_they_are_called() {
    let names = ["town", "Town", "town/2", "../town", "灯塔", "a b?c&d#e%2F", "town\"}"];
    for subject in all() {
        let mut stages: Vec<Stage> = Vec::new();
        for (number, name) in names.iter().enumerate() {
            let mut stage = Stage::new(subject.clone(), Batching::ROUNDS);
            stage.name_graph(name);
            stage.play("twitter", &[&format!("said in {number}"), "two"]);
            stage.run(HOUR, Kill::Never);
            stages.push(stage);
        }
        for stage in &stages {
            let context = format!("{} {:?}", subject.name(), stage.graph());
            let kept = subject.lines(stage.graph(), "twitter");
            assert_eq!(kept, stage.expected("twitter"), "{context}");
        }
    }
}
