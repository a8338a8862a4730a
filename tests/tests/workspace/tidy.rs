//! Every file that git tracks is tidy. The rules are crude on purpose: they look at lines.

use std::fs;
use std::process::Command;

use crate::{assert_none, root};

const MAX_FILE_LINES: usize = 500;
const MAX_FUNCTION_LINES: usize = 80;

/// What belongs to one machine and means nothing on another. (Cut in two, so that this file
/// passes its own test.)
const PLACES: [&str; 4] =
    [concat!("/wo", "rk/"), concat!("/ho", "me/"), concat!("/Us", "ers/"), concat!("/ro", "ot/")];

/// Where packages are fetched from is the business of whoever builds.
const REGISTRIES: [&str; 6] = [
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("pypi", ".org"),
    concat!("python", "hosted.org"),
    concat!("npmjs", ".org"),
    concat!("index", "-url"),
];

/// What is left when a task is not done.
const UNFINISHED: [&str; 3] =
    [concat!("todo", "!("), concat!("unimple", "mented!("), concat!("db", "g!(")];

/// The marks of a licence that ours may not be mixed with.
const COPYLEFT: [&str; 3] = [concat!("Aff", "ero"), concat!("AG", "PL"), concat!("GP", "L-3")];

/// What others write, line by line: cargo, and the authors of licences.
const NOT_OURS: [&str; 3] = ["Cargo.lock", "LICENSE-APACHE", "LICENSE-MIT"];

#[test]
fn every_file_is_tidy() {
    let files = tracked_files();
    assert!(files.iter().any(|path| path.ends_with("tidy.rs")), "git does not list this file");
    let mut problems = Vec::new();
    for path in files.iter().filter(|path| !NOT_OURS.contains(&path.as_str())) {
        // What was just deleted is tracked until the next commit; what is no text has no lines.
        let Ok(bytes) = fs::read(root().join(path)) else { continue };
        let Ok(text) = String::from_utf8(bytes) else { continue };
        problems.extend(problems_of(path, &text));
    }
    assert_none(&problems, "the rules are in tests/tests/workspace/tidy.rs");
}

/// The paths of all files that git knows.
pub(crate) fn tracked_files() -> Vec<String> {
    let output = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output();
    let output = output.expect("git is needed to know which files are ours");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git ls-files failed: {said}");
    let names = String::from_utf8(output.stdout).unwrap();
    names.split_terminator('\0').map(str::to_owned).collect()
}

/// Every problem of a file, as `path:line: problem`.
fn problems_of(path: &str, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let is_rust = path.ends_with(".rs");
    let is_prose = path.ends_with(".md");
    // Tables and recorded output are kept as programs write them.
    let is_recorded = path.ends_with(".csv") || path.ends_with(".txt");
    // What is wrong with them is what they are for.
    let is_broken = path.starts_with("crates/intake/tests/broken/");
    // Not `lines`, which would hide the carriage returns.
    for (number, line) in (1..).zip(text.split('\n')) {
        let mut report = |what: &str| problems.push(format!("{path}:{number}: {what}"));
        let mut refuse = |words: &[&str], why: &str| {
            for word in words.iter().filter(|word| line.contains(**word)) {
                report(&format!("{word:?}: {why}"));
            }
        };
        refuse(&PLACES, "a path of one machine");
        refuse(&REGISTRIES, "where packages come from is not ours to say");
        if is_rust {
            refuse(&UNFINISHED, "finish it, or leave it out");
        }
        if !is_prose {
            refuse(&COPYLEFT, "code under that licence cannot be here");
        }
        if !is_recorded && line.ends_with([' ', '\t', '\r']) {
            report("white space at the end of the line");
        }
    }
    if !is_broken && !text.is_empty() && (!text.ends_with('\n') || text.ends_with("\n\n")) {
        problems.push(format!("{path}: a file ends with one newline"));
    }
    if is_rust {
        let lines: Vec<&str> = text.lines().collect();
        if lines.len() > MAX_FILE_LINES {
            let found = lines.len();
            problems.push(format!("{path}: {found} lines, expected at most {MAX_FILE_LINES}"));
        }
        problems.extend(long_functions(&lines).into_iter().map(|(number, found)| {
            format!("{path}:{number}: a function of {found} lines, expected at most {MAX_FUNCTION_LINES}")
        }));
    }
    problems
}

/// The functions that are too long, each with its first line and its length. As rustfmt
/// writes it, a function ends with the first brace that is indented as its beginning.
fn long_functions(lines: &[&str]) -> Vec<(usize, usize)> {
    let mut long = Vec::new();
    for (start, line) in lines.iter().enumerate().filter(|(_, line)| begins_function(line)) {
        let indent = &line[..line.len() - line.trim_start().len()];
        let closes = |line: &&str| {
            let rest = line.strip_prefix(indent).unwrap_or_default();
            rest == "}" || rest.starts_with(')') && rest.ends_with(';')
        };
        let length = match lines[start + 1..].iter().position(closes) {
            Some(body) if !line.ends_with([';', '}']) => body + 2,
            _ => 1,
        };
        if length > MAX_FUNCTION_LINES {
            long.push((start + 1, length));
        }
    }
    long
}

fn begins_function(line: &str) -> bool {
    let words = line.trim_start().split(' ');
    let mut words = words.skip_while(|word| {
        word.starts_with("pub") || ["async", "const", "unsafe", "extern", "\"C\""].contains(word)
    });
    words.next() == Some("fn")
}

#[test]
fn the_rules_notice_what_they_are_for() {
    let untidy = |path: &str, text: String| problems_of(path, &text);
    assert_eq!(untidy("a.rs", "fn a() {}\n".to_owned()), [""; 0]);
    for (rule, words) in [
        ("path", &PLACES[..]),
        ("packages", &REGISTRIES),
        ("finish", &UNFINISHED),
        ("licence", &COPYLEFT),
    ] {
        for word in words {
            let found = untidy("a.rs", format!("// {word}\n"));
            assert!(found.len() == 1 && found[0].contains(rule), "{word:?}: {found:?}");
        }
    }
    for text in ["a \n", "a\t\n", "a\r\n"] {
        assert_eq!(untidy("a.md", text.to_owned()), ["a.md:1: white space at the end of the line"]);
    }
    for text in ["a", "a\n\n"] {
        assert_eq!(untidy("a.md", text.to_owned()), ["a.md: a file ends with one newline"]);
    }
    let found = untidy("a.rs", "//\n".repeat(501));
    assert_eq!(found, ["a.rs: 501 lines, expected at most 500"]);
}

#[test]
fn long_functions_are_noticed() {
    let body = "        a();\n".repeat(79);
    let text = format!(
        "impl A {{\n    pub(crate) async fn long(\n        a: u8,\n    ) {{\n{body}    }}\n\n    \
         fn short(self) {{\n    }}\n\n    fn declared(\n        a: u8,\n    );\n}}\n"
    );
    assert_eq!(long_functions(&text.lines().collect::<Vec<_>>()), [(2, 83)]);
}
