//! Every manifest inherits what is decided once for the workspace.

use std::fs;

use crate::assert_none;
use crate::metadata::Metadata;

const INHERITED: [&str; 5] = ["version", "edition", "rust-version", "license", "publish"];

#[test]
fn every_package_inherits_from_the_workspace() {
    let mut problems = Vec::new();
    for package in Metadata::load().members() {
        let manifest = fs::read_to_string(&package.manifest).unwrap();
        let wrong = problems_of(&manifest).into_iter();
        problems.extend(wrong.map(|problem| format!("{}: {problem}", package.name)));
    }
    assert_none(&problems, "versions, lints and licence stand in the root Cargo.toml alone");
}

/// What a manifest decides by itself.
fn problems_of(manifest: &str) -> Vec<String> {
    let mut problems = Vec::new();
    for key in INHERITED {
        let line = format!("{key}.workspace = true");
        if !section(manifest, "[package]").contains(&line.as_str()) {
            problems.push(format!("no {line:?} in [package]"));
        }
    }
    if section(manifest, "[lints]") != ["workspace = true"] {
        problems.push("no [lints] with \"workspace = true\" alone".to_owned());
    }
    for header in manifest.lines().filter(|line| is_dependencies(line)) {
        for line in section(manifest, header) {
            if !line.contains("workspace = true") && !line.contains("path = ") {
                problems.push(format!("{header} decides {line:?}"));
            }
        }
    }
    problems
}

fn is_dependencies(line: &str) -> bool {
    line.starts_with('[') && line.contains("dependencies")
}

/// The lines under a header, without comments.
fn section<'a>(manifest: &'a str, header: &str) -> Vec<&'a str> {
    let lines = manifest.lines().skip_while(|line| *line != header).skip(1);
    let lines = lines.take_while(|line| !line.starts_with('['));
    lines.filter(|line| !line.trim().is_empty() && !line.starts_with('#')).collect()
}

#[test]
fn a_manifest_that_decides_by_itself_is_noticed() {
    let manifest = "[package]\nname = \"x\"\nversion = \"1\"\nedition.workspace = true\n\
                    rust-version.workspace = true\nlicense.workspace = true\n\
                    publish.workspace = true\n\n[dependencies]\nserde.workspace = true\n\
                    # why\nrand = \"0.9\"\n\n[dev-dependencies]\nx = { path = \"../x\" }\n";
    assert_eq!(
        problems_of(manifest),
        [
            "no \"version.workspace = true\" in [package]",
            "no [lints] with \"workspace = true\" alone",
            "[dependencies] decides \"rand = \\\"0.9\\\"\"",
        ]
    );
}
