//! Every step at which a process can die, with every way in which a memory can answer.

mod stage;

use std::time::Duration;

use self::stage::{Act, Kill, Stage};
use super::*;
use crate::policy::Batching;

const P: &str = "CREATE_POST";
const N: &str = "DO_NOTHING";
const HOUR: Duration = Duration::from_secs(3600);

const KINDS: [Batching; 3] = [Batching::FIVES, Batching::ROUNDS, Batching::STREAM];

/// Two worlds of a graph, with posts, failures and rounds in which nothing is worth a word.
fn played(batching: Batching) -> Stage {
    let mut stage = Stage::new(batching);
    for round in [&[P, P, N][..], &[N], &[P, "!FOLLOW", P, P, P, "FOLLOW", N], &[P, "."]] {
        stage.play(1, round);
        stage.play(2, &round[..round.len().min(2)]);
    }
    stage
}

/// Each action is in the memory once and in order, or a dead letter.
#[track_caller]
fn assert_all(stage: &Stage, context: &str) {
    for number in [1, 2] {
        let mut expected = stage.expected(number);
        expected.retain(|seq| !stage.memory.bad.contains(seq));
        assert_eq!(stage.remembered(number), expected, "world {number}, {context}");
    }
    for (world, progress) in &stage.ledger {
        assert_eq!(progress.intent, None, "{world}, {context}");
    }
}

#[test]
fn a_memory_that_takes_everything_gets_everything_once_and_in_order() {
    for batching in KINDS {
        let mut stage = played(batching);
        stage.run(HOUR, Kill::Never);
        assert_all(&stage, &format!("{batching:?}"));
        let one = &stage.ledger.values().next().unwrap();
        assert_eq!(one.delivered, stage.expected(1).len() as u64);
        assert!(stage.delivery_is_idle());
    }
}

/// K1 to K9, wherever they fall, for every way in which a memory can behave: exhaustively.
#[test]
fn whoever_dies_wherever_nothing_is_lost_and_nothing_there_twice() {
    use Act::{Busy, Lose, Refuse401, Take, TakeInSilence, TakeLate};
    let scripts: [&[Act]; 9] = [
        &[],
        &[Busy(None), Busy(Some(60)), Take],
        &[Lose, Lose, Take, Lose],
        &[TakeInSilence, Take, TakeInSilence],
        &[TakeLate(10), Take, TakeLate(5)],
        &[Refuse401, Refuse401, Take, TakeInSilence],
        &[Take, TakeLate(14), Busy(None), TakeLate(2)],
        &[Lose, TakeInSilence, Lose, TakeInSilence],
        &[Busy(Some(0)), Busy(Some(0)), Busy(Some(0)), Take],
    ];
    let mut deaths = 0;
    for batching in KINDS {
        for acts in scripts {
            for can_look in [true, false] {
                for bad in [&[][..], &[4], &[1, 2, 7]] {
                    deaths += kill_at_each_step(batching, acts, can_look, bad);
                }
            }
        }
    }
    assert!(deaths > 5_000, "{deaths} deaths");
}

fn kill_at_each_step(batching: Batching, acts: &[Act], can_look: bool, bad: &[u64]) -> usize {
    let begin = || {
        let mut stage = played(batching);
        stage.memory.acts = acts.to_vec();
        // One that cannot be looked into takes a batch late only if it knows it by its name.
        stage.memory.can_look = can_look;
        stage.memory.bad = bad.iter().copied().collect();
        stage
    };
    let mut undisturbed = begin();
    undisturbed.run(HOUR, Kill::Never);
    assert_all(&undisturbed, "undisturbed");
    let mut deaths = 0;
    for step in 1..=undisturbed.wishes {
        for kill in [Kill::Before(step), Kill::After(step)] {
            let mut stage = begin();
            stage.run(HOUR, kill);
            stage.run(2 * HOUR, Kill::Never);
            let context = format!("{batching:?} {acts:?} {can_look} {bad:?} {kill:?}");
            assert_all(&stage, &context);
            for seq in bad {
                assert!(stage.dead.contains(seq), "{seq} has no letter: {context}");
            }
            assert!(stage.dead.iter().all(|seq| bad.contains(seq)), "{context}");
            deaths += 1;
        }
    }
    deaths
}

/// A crash within a crash.
#[test]
fn whoever_dies_again_while_it_recovers_loses_nothing_either() {
    for first in 1..20 {
        for second in first + 1..first + 12 {
            let mut stage = played(Batching::FIVES);
            stage.memory.acts = vec![Act::TakeInSilence, Act::Lose, Act::TakeLate(3)];
            stage.memory.bad = [4].into();
            stage.run(HOUR, Kill::After(first));
            stage.run(2 * HOUR, Kill::After(second));
            stage.run(3 * HOUR, Kill::Never);
            assert_all(&stage, &format!("{first} {second}"));
        }
    }
}

#[test]
fn an_outage_of_a_day_costs_neither_order_nor_room() {
    let day = 24 * HOUR;
    for batching in KINDS {
        let mut stage = Stage::new(batching);
        stage.memory.down = Some(HOUR..HOUR + day);
        // A round of 20 actions each ten seconds for a day and two hours.
        let round = [P; 20];
        let (mut before, mut during) = (0, 0);
        for tick in 1..=(26 * 360) {
            stage.play(1, &round);
            stage.run(Duration::from_secs(10 * tick), Kill::Never);
            if tick % 2000 == 0 {
                stage.restart();
            }
            match tick {
                360 => before = stage.memory.sends + stage.memory.asks,
                9_000 => during = stage.memory.sends + stage.memory.asks - before,
                _ => {}
            }
        }
        stage.run(30 * HOUR, Kill::Never);
        assert_eq!(stage.remembered(1), stage.expected(1), "{batching:?}");
        assert_eq!(stage.expected(1).len(), 26 * 360 * 20);
        assert!(stage.most_bytes < 18 << 20, "{} bytes", stage.most_bytes);
        // Some once a minute, and often at first.
        assert!((1_000..3_000).contains(&during), "{batching:?}: {during} requests");
    }
}

#[test]
fn what_is_busy_is_left_alone_as_long_as_it_asks() {
    let mut stage = played(Batching::STREAM);
    stage.memory.acts = vec![Act::Busy(Some(300))];
    stage.run(Duration::from_secs(299), Kill::Never);
    assert_eq!((stage.memory.sends, stage.memory.has.len()), (1, 0));
    stage.run(Duration::from_secs(301), Kill::Never);
    assert_all(&stage, "after the pause");
}

#[test]
fn what_refuses_us_is_said_and_tried_again_slowly() {
    let mut stage = played(Batching::STREAM);
    stage.memory.acts = vec![Act::Refuse401; 10];
    stage.run(Duration::from_secs(500), Kill::Never);
    assert_eq!(stage.memory.sends, 9);
    assert!(matches!(stage.trouble(), Trouble::Unauthorized(_)), "{:?}", stage.trouble());
    stage.run(HOUR, Kill::Never);
    assert_eq!(stage.trouble(), &Trouble::None);
    assert_all(&stage, "in the end");
    assert_eq!(stage.dead, [0; 0]);
}

#[test]
fn what_is_refused_alone_is_a_dead_letter() {
    let mut stage = played(Batching::STREAM);
    stage.memory.bad = [8].into();
    stage.run(HOUR, Kill::Never);
    assert_eq!(stage.dead, [8]);
    let progress = stage.ledger.values().next().unwrap();
    assert_eq!(progress.dead.len(), 1);
    assert!(stage.memory.sends < 16, "{} requests", stage.memory.sends);
}
