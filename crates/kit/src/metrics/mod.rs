//! What a process measures of itself, and how Prometheus asks for it.
//!
//! A [`Family`] is a metric by its name; all that belong to a service stand in one table of it.
//! What is counted is kept in a [`Registry`], of which each process has one, as it has one log:
//! [`add`] and [`observe`] go there. What is known anyway is not counted twice; it is written
//! when it is asked for, into the [`Page`] that [`serve`] answers with.

mod page;
mod process;
mod registry;
mod serve;

use std::sync::LazyLock;
use std::time::Duration;

use crate::build::{BUILD, VERSION};

pub use self::page::{Page, TEXT};
pub use self::process::process;
pub use self::registry::{BUCKETS, Family, Registry};
pub use self::serve::{MetricsArgs, serve};

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::default);

/// Adds to a counter of this process.
pub fn add(family: &'static Family, labels: &[(&str, &str)], count: u64) {
    REGISTRY.add(family, labels, count);
}

/// Notes how long something took.
pub fn observe(family: &'static Family, labels: &[(&str, &str)], took: Duration) {
    REGISTRY.observe(family, labels, took);
}

/// What this process has counted.
pub fn registry() -> &'static Registry {
    &REGISTRY
}

/// Deliveries by shared consumers of what had been delivered before.
pub static REDELIVERIES: Family = Family::count(
    "shoal_redeliveries_total",
    "Messages of a shared consumer that came and had been delivered before.",
);

/// Counts a message of a shared consumer, by how often it was delivered, this time included.
pub fn delivered(consumer: &str, attempts: u64) {
    add(&REDELIVERIES, &[("consumer", consumer)], u64::from(attempts > 1));
}

/// Says whether there is a connection to the bus.
pub fn connected(page: &mut Page, is_connected: bool) {
    let about = "1 while there is a connection to the bus.";
    page.single("shoal_bus_connected", about, u8::from(is_connected));
}

/// What every service says first: which program this is, and how the process does.
pub fn begin(program: &str, labels: &[(&str, &str)]) -> Page {
    let mut page = Page::default();
    let name = "shoal_build_info";
    page.family(name, "gauge", "Always 1: which program this is.");
    let known = [("program", program), ("version", VERSION), ("build", BUILD)];
    page.line(name, &[&known, labels].concat(), 1);
    process(&mut page);
    page
}
