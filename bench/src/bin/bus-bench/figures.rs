//! Many measurements as few figures.

use std::fs;
use std::process::Command;
use std::thread;

/// The value below which `percent` of all values are; of few values the last ones are themselves
/// the highest percentiles. 0 of none.
pub(crate) fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    sorted.get(place).copied().unwrap_or(0.0)
}

/// The middle value, of an even number the lower one.
pub(crate) fn median(values: &[f64]) -> f64 {
    percentile(values, 50)
}

/// The largest value.
pub(crate) fn worst(values: &[f64]) -> f64 {
    percentile(values, 100)
}

/// The smallest value.
pub(crate) fn least(values: &[f64]) -> f64 {
    percentile(values, 0)
}

/// Whether a figure that is to be small is.
pub(crate) fn verdict(value: f64, goal: f64) -> &'static str {
    if value <= goal { "reached" } else { "MISSED" }
}

/// What else the machine does, as processes that want a core: the mean of the last minute.
pub(crate) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().filter(|it| !it.is_empty()).unwrap_or("unknown").to_owned()
}

/// What figures of this machine and build depend on.
pub(crate) fn circumstances() -> String {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
    let version = Command::new(nats_process::binary()).arg("--version").output();
    let server = version.map_or_else(
        |_| "an unknown nats-server".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    );
    format!("{cores} cores, {profile} profile, {server}, load average {} at the start", load())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_few_values_are_values() {
        let values: Vec<f64> = (1..=20).rev().map(f64::from).collect();
        assert_eq!((least(&values), median(&values), worst(&values)), (1.0, 10.0, 20.0));
        assert_eq!((percentile(&values, 99), percentile(&values, 95)), (20.0, 19.0));
        assert_eq!((median(&[7.0]), median(&[])), (7.0, 0.0));
    }
}
