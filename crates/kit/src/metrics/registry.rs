//! What is counted, by metric and labels.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::page::{Page, join};

/// Up to how many microseconds something took, for each bucket of a histogram; what took longer
/// is in one more.
pub const BUCKETS: [u64; 13] = [
    100,
    500,
    1_000,
    5_000,
    10_000,
    50_000,
    100_000,
    500_000,
    1_000_000,
    5_000_000,
    10_000_000,
    30_000_000,
    120_000_000,
];

/// What the line of another process begins with that says what it counted.
const WORD: &str = "counted";

/// A metric.
#[derive(Debug)]
pub struct Family {
    name: &'static str,
    about: &'static str,
    kind: Kind,
}

/// What a metric counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Count,
    Millionths,
    Took,
}

impl Family {
    /// A counter of things; `about` says in a sentence what they are.
    pub const fn count(name: &'static str, about: &'static str) -> Family {
        Family { name, about, kind: Kind::Count }
    }

    /// A counter that is added to in millionths of what it shows.
    pub const fn millionths(name: &'static str, about: &'static str) -> Family {
        Family { name, about, kind: Kind::Millionths }
    }

    /// A histogram of how long things took, in seconds.
    pub const fn took(name: &'static str, about: &'static str) -> Family {
        Family { name, about, kind: Kind::Took }
    }
}

/// What was counted of one metric with the same labels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    /// Of a counter its value, of times all of them in microseconds.
    pub(super) sum: u64,
    /// Of times how many, for each of [`BUCKETS`], and then of those beyond.
    pub(super) counts: [u64; BUCKETS.len() + 1],
}

/// What a process has counted.
#[derive(Debug, Default)]
pub struct Registry(Mutex<BTreeMap<Series, Counted>>);

/// A metric's name, and labels as they stand in a line.
type Series = (&'static str, String);

impl Counted {
    fn add(&mut self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BUCKETS.iter().position(|most| micros <= *most).unwrap_or(BUCKETS.len());
        self.counts[bucket] += 1;
        self.sum = self.sum.saturating_add(micros);
    }

    /// How many times there were.
    pub(super) fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    fn merge(&mut self, other: &Counted) {
        self.sum = self.sum.saturating_add(other.sum);
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count = count.saturating_add(more);
        }
    }
}

impl Registry {
    /// Adds to a counter; adding nothing makes it known, at 0.
    pub fn add(&self, family: &'static Family, labels: &[(&str, &str)], count: u64) {
        debug_assert_ne!(family.kind, Kind::Took, "{} is no counter", family.name);
        let mut all = self.lock();
        let counter = all.entry((family.name, join(labels))).or_default();
        counter.sum = counter.sum.saturating_add(count);
    }

    /// Notes how long something took.
    pub fn observe(&self, family: &'static Family, labels: &[(&str, &str)], took: Duration) {
        debug_assert_eq!(family.kind, Kind::Took, "{} is no histogram", family.name);
        self.lock().entry((family.name, join(labels))).or_default().add(took);
    }

    /// Writes all that was counted of these metrics.
    pub fn write(&self, page: &mut Page, families: &[&Family]) {
        let all = self.lock().clone();
        for family in families {
            let kind = if family.kind == Kind::Took { "histogram" } else { "counter" };
            page.family(family.name, kind, family.about);
            let begins = (family.name, String::new());
            let lines = all.range(begins..).take_while(|((name, _), _)| *name == family.name);
            for ((name, labels), counted) in lines {
                match family.kind {
                    Kind::Took => page.histogram(name, labels, counted),
                    Kind::Count => page.raw(name, labels, counted.sum),
                    Kind::Millionths => page.raw(name, labels, millionths(counted.sum)),
                }
            }
        }
    }

    /// What was counted since the last time, as lines for a process that [`Registry::absorb`]s
    /// them; short ones, each with its end.
    pub fn take_lines(&self) -> String {
        let taken = std::mem::take(&mut *self.lock());
        let mut lines = String::new();
        for ((name, labels), counted) in taken {
            let counts: String = counted.counts.iter().map(|count| format!(",{count}")).collect();
            lines += &format!("{WORD} {name} {}{counts} {labels}\n", counted.sum);
        }
        lines
    }

    /// Adds what another process has counted; false if the line says nothing of one of these
    /// metrics.
    pub fn absorb(&self, families: &[&'static Family], line: &str) -> bool {
        let Some((name, counted, labels)) = read(families, line) else { return false };
        self.lock().entry((name, labels.to_owned())).or_default().merge(&counted);
        true
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Series, Counted>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read<'a>(
    families: &[&'static Family],
    line: &'a str,
) -> Option<(&'static str, Counted, &'a str)> {
    let mut words = line.splitn(4, ' ');
    let (WORD, name, numbers, labels) =
        (words.next()?, words.next()?, words.next()?, words.next()?)
    else {
        return None;
    };
    let family = families.iter().find(|family| family.name == name)?;
    let numbers: Option<Vec<u64>> = numbers.split(',').map(|number| number.parse().ok()).collect();
    let (sum, counts) = numbers?.split_first().map(|(first, rest)| (*first, rest.to_vec()))?;
    Some((family.name, Counted { sum, counts: counts.try_into().ok()? }, labels))
}

/// A number of millionths as a decimal.
fn millionths(count: u64) -> String {
    let text = format!("{}.{:06}", count / 1_000_000, count % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    static MADE: Family = Family::count("made_total", "What was made.");
    static COST: Family = Family::millionths("cost_total", "Paid.");
    static TOOK: Family = Family::took("took_seconds", "How long.");
    static ALL: [&Family; 3] = [&MADE, &COST, &TOOK];

    fn text(registry: &Registry) -> String {
        let mut page = Page::default();
        registry.write(&mut page, &ALL);
        page.into_text()
    }

    #[test]
    fn what_is_counted_is_written_by_metric_and_labels() {
        let registry = Registry::default();
        registry.add(&MADE, &[("kind", "b")], 0);
        registry.add(&MADE, &[("kind", "a"), ("by", "x \"y\" \\ \n z")], 2);
        registry.add(&MADE, &[("kind", "a"), ("by", "x \"y\" \\ \n z")], 3);
        registry.add(&COST, &[], 1_020_300);
        for micros in [50, 100, 101, 700_000, 600_000_000] {
            registry.observe(&TOOK, &[("of", "all")], Duration::from_micros(micros));
        }
        let text = text(&registry);
        let begins = "# HELP made_total What was made.\n# TYPE made_total counter\n\
            made_total{kind=\"a\",by=\"x \\\"y\\\" \\\\ \\n z\"} 5\nmade_total{kind=\"b\"} 0\n\
            # HELP cost_total Paid.\n# TYPE cost_total counter\ncost_total 1.0203\n\
            # HELP took_seconds How long.\n# TYPE took_seconds histogram\n\
            took_seconds_bucket{of=\"all\",le=\"0.0001\"} 2\n\
            took_seconds_bucket{of=\"all\",le=\"0.0005\"} 3\n";
        assert!(text.starts_with(begins), "{text}");
        let ends = "took_seconds_bucket{of=\"all\",le=\"120\"} 4\n\
            took_seconds_bucket{of=\"all\",le=\"+Inf\"} 5\n\
            took_seconds_sum{of=\"all\"} 600.700251\ntook_seconds_count{of=\"all\"} 5\n";
        assert!(text.ends_with(ends), "{text}");
    }

    #[test]
    fn what_one_process_tells_another_is_counted_once() {
        let (worker, node) = (Registry::default(), Registry::default());
        let count = |count| {
            worker.add(&MADE, &[("kind", "a b")], count);
            worker.observe(&TOOK, &[], Duration::from_millis(count));
        };
        let tell = || {
            for line in worker.take_lines().lines() {
                assert!(node.absorb(&ALL, line), "{line}");
            }
        };
        count(3);
        tell();
        count(4);
        tell();
        tell();
        count(7);
        let (told, whole) = (text(&node), Registry::default());
        whole.add(&MADE, &[("kind", "a b")], 7);
        whole.observe(&TOOK, &[], Duration::from_millis(3));
        whole.observe(&TOOK, &[], Duration::from_millis(4));
        assert_eq!(told, text(&whole));
        assert!(worker.take_lines().lines().all(|line| line.len() < 400));
        for other in ["", "counted", "counted x 1 ", "counted made_total 1 ", "beat twitter 1 held"]
        {
            assert!(!node.absorb(&ALL, other), "{other:?}");
        }
        assert_eq!(text(&node), told);
    }

    #[test]
    fn millionths_are_decimals() {
        for (count, text) in [(0, "0"), (1, "0.000001"), (2_500_000, "2.5"), (30_000_000, "30")] {
            assert_eq!(millionths(count), text);
        }
    }
}
