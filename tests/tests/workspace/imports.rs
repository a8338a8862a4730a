//! Who may import whom. The direction of these arrows is the architecture.

use std::collections::BTreeSet;

use crate::assert_none;
use crate::metadata::{Metadata, Package};

/// What one of our packages may import of the others.
struct Row {
    package: &'static str,
    may_import: &'static [&'static str],
    /// For its own tests, as well.
    in_tests: &'static [&'static str],
    /// What it must not be built from, ours or not, directly or not.
    never: &'static [&'static str],
}

const SERVICES: [&str; 4] = ["launcher", "simulator", "memory-sink", "cli"];

/// Each member of the workspace but those of [`FREE`].
const TABLE: [Row; 13] = [
    Row { package: "contract", may_import: &[], in_tests: &[], never: &["tokio", "async-nats"] },
    Row { package: "world", may_import: &[], in_tests: &[], never: &[] },
    Row {
        package: "intake",
        may_import: &["contract"],
        in_tests: &[],
        never: &["tokio", "async-nats", "world"],
    },
    Row {
        package: "population",
        may_import: &["contract", "intake"],
        in_tests: &[],
        never: &["tokio", "async-nats", "world"],
    },
    Row {
        package: "export",
        may_import: &["contract"],
        in_tests: &[],
        never: &["tokio", "async-nats", "world"],
    },
    Row {
        package: "bus",
        may_import: &["contract", "faults"],
        in_tests: &["nats-process"],
        never: &["world"],
    },
    Row { package: "faults", may_import: &[], in_tests: &[], never: &["tokio"] },
    Row { package: "nats-process", may_import: &[], in_tests: &[], never: &["tokio"] },
    Row { package: "kit", may_import: &[], in_tests: &[], never: &["contract", "bus", "world"] },
    Row {
        package: "launcher",
        may_import: &["contract", "intake", "export", "faults", "bus", "kit"],
        in_tests: &[],
        never: &["world"],
    },
    Row {
        package: "cli",
        may_import: &["contract", "intake", "population", "export", "bus", "kit"],
        in_tests: &[],
        never: &["world"],
    },
    Row {
        package: "memory-sink",
        may_import: &["contract", "faults", "bus", "kit"],
        in_tests: &["nats-process"],
        never: &["world"],
    },
    Row {
        package: "simulator",
        may_import: &["contract", "faults", "world", "bus", "kit"],
        in_tests: &["nats-process"],
        never: &[],
    },
];

/// What may import anything, since nothing may import it.
const FREE: [&str; 2] = ["system-tests", "bench"];

/// Packages from outside that one of ours keeps to itself.
const KEPT: [(&str, &str); 2] = [("async-nats", "bus"), ("backoff", "kit")];

#[test]
fn the_table_lists_every_package() {
    let metadata = Metadata::load();
    let members: BTreeSet<&str> = metadata.members().map(|it| it.name.as_str()).collect();
    let listed = TABLE.iter().map(|row| row.package).chain(FREE);
    assert_eq!(members, listed.collect());
}

#[test]
fn packages_import_only_what_the_table_allows() {
    let metadata = Metadata::load();
    let ours: BTreeSet<&str> = metadata.members().map(|it| it.name.as_str()).collect();
    let mut problems = Vec::new();
    for (row, package) in rows(&metadata) {
        for dependency in &package.dependencies {
            let name = dependency.name.as_str();
            let for_tests = dependency.is_for_tests && row.in_tests.contains(&name);
            if ours.contains(name) && !row.may_import.contains(&name) && !for_tests {
                problems.push(format!("{} imports {name}", row.package));
            }
        }
        let built = metadata.built_for(package);
        let services = SERVICES.into_iter().chain(FREE).filter(|name| *name != row.package);
        let never = row.never.iter().copied().chain(services);
        problems.extend(never.filter(|name| built.contains(name)).map(|name| {
            format!("{} is built from {name}, see `cargo tree -i {name}`", row.package)
        }));
    }
    assert_none(&problems, "the arrows are in ARCHITECTURE.md; turn the import around");
}

#[test]
fn a_world_is_built_from_nothing() {
    let metadata = Metadata::load();
    let world = metadata.members().find(|package| package.name == "world").unwrap();
    let built = metadata.built_for(world);
    assert!(
        built.is_empty(),
        "world depends on {built:?}: what it does may depend on its inputs only"
    );
}

#[test]
fn some_packages_from_outside_are_kept_behind_one_of_ours() {
    let metadata = Metadata::load();
    let mut problems = Vec::new();
    for (kept, keeper) in KEPT {
        let users: Vec<&str> = metadata
            .members()
            .filter(|package| package.dependencies.iter().any(|it| it.name == kept))
            .map(|package| package.name.as_str())
            .collect();
        if users != [keeper] {
            problems.push(format!("{kept} is named by {users:?}, expected {keeper} alone"));
        }
    }
    assert_none(&problems, "use what the keeper offers, or add it there");
}

fn rows(metadata: &Metadata) -> impl Iterator<Item = (&'static Row, &Package)> {
    TABLE.iter().map(|row| {
        let package = metadata.members().find(|package| package.name == row.package);
        (row, package.unwrap_or_else(|| panic!("there is no package {}", row.package)))
    })
}
