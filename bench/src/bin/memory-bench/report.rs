//! One figure a line.

use std::time::Duration;

/// Prints what was measured, under which circumstances, how much of what.
pub(crate) fn figure(name: &str, case: &str, value: f64, unit: &str) {
    let digits = if value < 100.0 { 2 } else { 0 };
    println!("{name:<40} {case:<48} {value:>9.digits$} {unit}");
}

/// Prints the middle and the 99th of a hundred of some times.
pub(crate) fn times(name: &str, case: &str, mut times: Vec<Duration>) {
    times.sort();
    for (percent, part) in [(50, "p50"), (99, "p99")] {
        let place = (times.len() * percent).div_ceil(100).max(1) - 1;
        let value = times.get(place).copied().unwrap_or_default().as_secs_f64() * 1000.0;
        figure(&format!("{name}, {part}"), case, value, "ms");
    }
}
