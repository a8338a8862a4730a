//! The least case that still fails, and how it is told.

use std::fmt::Debug;
use std::format;
use std::string::String;

use super::cases::Case;
use crate::Inputs;

/// The least case that still fails: without ticks at its end, then without whole ticks' inputs,
/// then without decisions, events and changes one by one.
pub(crate) fn shrink(mut case: Case, fails: impl Fn(&Case) -> bool) -> Case {
    let mut smaller = case.clone();
    while smaller.inputs.pop().is_some() && fails(&smaller) {
        case = smaller.clone();
    }
    for tick in (0..case.inputs.len()).rev() {
        let Inputs { decisions, events, changes, .. } = case.inputs[tick].clone();
        let mut attempt = |change: &dyn Fn(&mut Inputs)| {
            let mut smaller = case.clone();
            change(&mut smaller.inputs[tick]);
            let failed = fails(&smaller);
            if failed {
                case = smaller;
            }
            failed
        };
        if attempt(&|inputs| *inputs = Inputs::quiet(inputs.tick, 0)) {
            continue;
        }
        for place in (0..decisions.len()).rev() {
            attempt(&|inputs| drop(inputs.decisions.remove(place)));
        }
        for place in (0..events.len()).rev() {
            attempt(&|inputs| drop(inputs.events.remove(place)));
        }
        for place in (0..changes.len()).rev() {
            attempt(&|inputs| drop(inputs.changes.remove(place)));
        }
    }
    case
}

/// What enters a case, and when.
pub(crate) fn told(case: &Case) -> String {
    let mut told = format!("{:?} {:?}", case.setup.platform, case.setup.clock);
    for inputs in &case.inputs {
        told += &format!("\ntick {}:", inputs.tick);
        for event in &inputs.events {
            told += &format!("\n  {event:?}");
        }
        for decision in &inputs.decisions {
            told += &format!("\n  {}: {:?}", decision.agent, decision.act);
        }
        for change in &inputs.changes {
            told += &format!("\n  {change:?}");
        }
    }
    told
}

/// Whether two values are equal; if not, how they differ first.
pub(crate) fn same<T: PartialEq + Debug>(at: &str, found: &T, expected: &T) -> Result<(), String> {
    if found == expected {
        return Ok(());
    }
    let (found, expected) = (format!("{found:?}"), format!("{expected:?}"));
    let alike = found.chars().zip(expected.chars()).take_while(|(one, other)| one == other).count();
    let part = |text: &str| text.chars().skip(alike.saturating_sub(200)).take(600).collect();
    let (found, expected): (String, String) = (part(&found), part(&expected));
    Err(format!("{at}: found\n  ..{found}\nexpected\n  ..{expected}"))
}
