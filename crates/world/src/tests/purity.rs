//! What the compiler does not reject, this does: it reads the crate's own sources.

use std::path::{Path, PathBuf};
use std::string::{String, ToString};
use std::vec::Vec;
use std::{env, format, fs};

/// The sources without their tests: path, and lines with their numbers.
fn sources() -> Vec<(PathBuf, Vec<(usize, String)>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = std::vec![root.clone()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() && path != root.join("tests") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source in UTF-8");
                let live = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or("");
                let lines = live.lines().map(without_texts_and_comments);
                sources.push((path, (1..).zip(lines).collect()));
            }
        }
    }
    assert!(sources.len() > 15, "the sources were found");
    sources
}

fn without_texts_and_comments(line: &str) -> String {
    let code = line.split("//").next().unwrap_or("");
    code.split('"').step_by(2).collect()
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|character: char| !character.is_alphanumeric() && character != '_')
}

/// A number with a decimal point, such as `1.5`, but neither a range nor a tuple field.
fn has_float_literal(line: &str) -> bool {
    let characters: Vec<char> = line.chars().collect();
    characters.windows(3).enumerate().any(|(place, window)| {
        let digits = window[0].is_ascii_digit() && window[1] == '.' && window[2].is_ascii_digit();
        let number = characters[..=place]
            .iter()
            .rev()
            .find(|character| !character.is_ascii_digit() && **character != '_');
        digits && number.is_none_or(|before| !before.is_alphanumeric() && *before != '.')
    })
}

fn refuse(what: &str, is: impl Fn(&str) -> bool) {
    let mut found = Vec::new();
    for (path, lines) in sources() {
        for (number, line) in lines {
            if is(&line) {
                found.push(format!("{}:{number}: {}", path.display(), line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "{what} in\n{}", found.join("\n"));
}

#[test]
fn no_floats() {
    refuse("a float", |line| {
        words(line).any(|word| word.ends_with("f32") || word.ends_with("f64"))
            || has_float_literal(line)
    });
    assert!(has_float_literal("let half = 0.5;") && has_float_literal("1_0.25"));
    assert!(
        !has_float_literal("0..5") && !has_float_literal("pair.0.1") && !has_float_literal("x.1")
    );
}

#[test]
fn nothing_that_iterates_in_an_order_of_its_own() {
    let names = ["HashMap", "HashSet", "hashbrown", "RandomState", "DefaultHasher"];
    refuse("a hash map", |line| words(line).any(|word| names.contains(&word)));
    refuse("an unstable sort", |line| words(line).any(|word| word.contains("_unstable")));
}

#[test]
fn no_std_outside_of_tests() {
    refuse("std", |line| {
        line.contains("std::") && line.trim() != "extern crate std;"
            || line.contains("extern crate std as")
    });
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs"));
    let lib = lib.expect("the root of the crate");
    assert!(lib.starts_with("#![no_std]"));
    assert_eq!(lib.matches("extern crate std").count(), 1);
    assert!(lib.contains("#[cfg(test)]\nextern crate std;"));
}

/// What has another width on another machine must not enter the state, nor what asks a table of
/// the compiler's Unicode version.
#[test]
fn no_state_that_depends_on_the_machine_or_the_compiler() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tables");
    let files =
        fs::read_dir(folder).expect("the tables").map(|entry| entry.expect("a file").path());
    let tables: String = files.map(|file| fs::read_to_string(file).expect("a source")).collect();
    let fields = tables.lines().filter(|line| line.ends_with(',') && line.contains(": "));
    let declared = fields.filter(|line| !line.contains("vec!")).collect::<Vec<_>>();
    assert!(declared.len() > 20, "the columns were found");
    for field in declared {
        assert!(!words(field).any(|word| word == "usize" || word == "isize"), "{field}");
    }
    let names = [
        "to_lowercase",
        "to_uppercase",
        "is_alphabetic",
        "is_alphanumeric",
        "is_lowercase",
        "is_uppercase",
        "is_numeric",
        "is_whitespace",
        "split_whitespace",
        "trim",
        "trim_start",
        "trim_end",
    ];
    refuse("a Unicode table", |line| {
        let own = line.contains("words::trim(") || line.contains("fn trim(");
        !own && words(line).any(|word| names.contains(&word))
    });
}

#[test]
fn no_dependencies() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
    let manifest = manifest.expect("the manifest");
    let tables: Vec<String> =
        manifest.lines().filter(|line| line.starts_with('[')).map(ToString::to_string).collect();
    assert_eq!(tables, ["[package]", "[dependencies]", "[lints]"]);
    let (_, after) = manifest.split_once("[dependencies]").expect("the table");
    let lines: Vec<&str> = after.lines().take_while(|line| !line.starts_with('[')).collect();
    assert!(lines.iter().all(|line| line.trim().is_empty()), "dependencies: {lines:?}");
}
