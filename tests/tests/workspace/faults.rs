//! Faults are for tests: what is built for use has none, and each point is where its list says.

use std::collections::BTreeSet;

use faults::{MISDEEDS, POINTS};

use crate::metadata::{Dependency, Metadata, Package};
use crate::tidy::tracked_files;
use crate::{assert_none, read};

#[test]
fn only_the_tests_of_the_whole_arm_the_faults() {
    let metadata = Metadata::load();
    let problems: Vec<String> = metadata.members().flat_map(arming).collect();
    assert_none(&problems, "[dev-dependencies] of system-tests arms them for all test builds");
    let armed = |package: &Package| {
        let named = |it: &&Dependency| it.name == "faults" && it.is_for_tests;
        package.dependencies.iter().filter(named).any(|it| it.features.contains("armed"))
    };
    let armed: Vec<&str> =
        metadata.members().filter(|it| armed(it)).map(|it| it.name.as_str()).collect();
    assert_eq!(armed, ["system-tests"]);
}

/// How a package would arm the faults in what is built for use.
fn arming(package: &Package) -> Vec<String> {
    let name = &package.name;
    let is_armed =
        |it: &&Dependency| it.name == "faults" && !it.is_for_tests && !it.features.is_empty();
    let named = package.dependencies.iter().filter(is_armed);
    let mut problems: Vec<String> =
        named.map(|it| format!("{name} wants faults with {:?}", it.features)).collect();
    // Its own features: `armed` itself is what a test build asks for, by that name alone.
    for (feature, enables) in &package.features {
        let arms = |it: &String| it == "armed" || it == "faults/armed" || it == "faults?/armed";
        if enables.iter().any(arms) {
            problems.push(format!("feature {feature} of {name} arms the faults"));
        }
    }
    problems
}

#[test]
fn what_is_built_for_use_is_built_without_the_tests() {
    assert!(read("Makefile").contains("\nTARGETS ?= --bins\n"), "`make build` builds programs");
    assert!(read("Makefile").contains("build --workspace $(TARGETS) --locked\n"));
    // `--all-targets` makes test builds, which can be told to misbehave. The image has what one
    // script puts there, and that looks at each program, also where it did not build it.
    let script = read("deploy/image.sh").replace("\\\n", "");
    let builds: Vec<&str> = script.lines().filter(|line| line.contains("cargo build ")).collect();
    assert!(matches!(builds[..], [build] if build.contains("cargo build --bins --locked ")));
    assert!(script.contains("\n  refuse_test_builds \"$folder\"\n"));
    assert!(script.contains("grep -q SHOAL_FAULTS \"$1/files/usr/local/bin/$program\""));
    let image = read("Dockerfile");
    let copied: Vec<&str> = image.lines().filter(|line| line.starts_with("COPY ")).collect();
    let from = |line: &&&str| line.contains("--from=programs ");
    assert_eq!(copied.iter().filter(from).count() + 1, copied.len(), "{copied:?}");
    assert!(
        image.contains(
            "\nRUN SHOAL_BUILD=\"$SHOAL_BUILD\" deploy/image.sh /image\n\nFROM scratch\n"
        )
    );
    assert!(read("crates/faults/src/armed.rs").contains("\"SHOAL_FAULTS\""));
}

#[test]
fn each_point_is_where_its_list_says() {
    let listed: BTreeSet<&str> = POINTS.iter().chain(&MISDEEDS).map(|(name, _)| *name).collect();
    assert_eq!(listed.len(), POINTS.len() + MISDEEDS.len(), "a name stands for one place");
    let (mut passed, mut problems) = (BTreeSet::new(), Vec::new());
    for path in tracked_files().iter().filter(|path| is_source(path)) {
        let text = read(path);
        for name in names(path, &text) {
            if !listed.contains(name) {
                problems.push(format!("{path}: point {name:?} is not in the list"));
            }
            passed.insert(name.to_owned());
        }
    }
    let missing = listed.iter().filter(|name| !passed.contains(**name));
    problems.extend(missing.map(|name| format!("nothing passes point {name:?}")));
    assert_none(&problems, "the list is crates/faults/src/points.rs");
}

/// What services are made of, but for the list itself.
fn is_source(path: &str) -> bool {
    let is_ours = path.starts_with("crates/") || path.starts_with("services/");
    is_ours && path.contains("/src/") && path.ends_with(".rs") && !path.starts_with("crates/faults")
}

/// The points that a file passes. The bus hands their names on to where they are passed.
fn names<'a>(path: &str, text: &'a str) -> Vec<&'a str> {
    let mut opens = vec!["faults::point(\"", "faults::fires(\""];
    if path.starts_with("crates/bus/") {
        opens.extend([".flush_past(\"", "ANSWER_TIMEOUT, \"", "patience, \""]);
    }
    let after = opens.iter().flat_map(|open| text.split(*open).skip(1));
    after.filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn points_are_found_in_a_source() {
    let text = "faults::point(\"a\"); if faults::fires(\"b\") { x(patience, \"c\") }";
    assert_eq!(names("services/x/src/lib.rs", text), ["a", "b"]);
    assert_eq!(names("crates/bus/src/lib.rs", text), ["a", "b", "c"]);
}
