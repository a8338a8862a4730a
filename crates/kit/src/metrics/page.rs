//! Lines of Prometheus's text format.

use std::fmt::{Display, Write as _};
use std::time::Duration;

use super::registry::{BUCKETS, Counted};

/// The media type of that format.
pub const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// An answer to Prometheus, as it is written.
#[derive(Debug, Default)]
pub struct Page(String);

impl Page {
    /// Begins with a metric; its lines follow.
    pub fn family(&mut self, name: &str, kind: &str, about: &str) {
        self.0 += &format!("# HELP {name} {about}\n# TYPE {name} {kind}\n");
    }

    /// A line of the metric that was begun with.
    pub fn line(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.raw(name, &join(labels), value);
    }

    /// A gauge of one line.
    pub fn single(&mut self, name: &str, about: &str, value: impl Display) {
        self.family(name, "gauge", about);
        self.line(name, &[], value);
    }

    /// What was written.
    pub fn into_text(self) -> String {
        self.0
    }

    /// The same; `labels` as [`join`] makes them.
    pub(super) fn raw(&mut self, name: &str, labels: &str, value: impl Display) {
        let braces = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
        // Writing to a text cannot fail.
        let _ = writeln!(self.0, "{name}{braces} {value}");
    }

    /// The lines of a histogram.
    pub(super) fn histogram(&mut self, name: &str, labels: &str, counted: &Counted) {
        let and = if labels.is_empty() { "" } else { "," };
        let bucket = format!("{name}_bucket");
        let mut sum = 0;
        for (most, count) in BUCKETS.iter().zip(&counted.counts) {
            sum += count;
            let most = Duration::from_micros(*most).as_secs_f64();
            self.raw(&bucket, &format!("{labels}{and}le=\"{most}\""), sum);
        }
        let all = counted.count();
        self.raw(&bucket, &format!("{labels}{and}le=\"+Inf\""), all);
        let took = Duration::from_micros(counted.sum);
        self.raw(&format!("{name}_sum"), labels, took.as_secs_f64());
        self.raw(&format!("{name}_count"), labels, all);
    }
}

/// Labels as they stand in a line.
pub(super) fn join(labels: &[(&str, &str)]) -> String {
    let mut joined = String::new();
    for (name, value) in labels {
        let and = if joined.is_empty() { "" } else { "," };
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        joined += &format!("{and}{name}=\"{value}\"");
    }
    joined
}
