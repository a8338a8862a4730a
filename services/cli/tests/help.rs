//! The help of every command, as it is shown, kept in `tests/help/`.
//!
//! `SHOAL_REWRITE_HELP=1 cargo test -p cli --test help` writes the files anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

#[test]
fn the_help_of_every_command_is_the_one_on_file() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/help");
    let mut shoal = cli::args::command();
    let mut shown = BTreeMap::new();
    collect(&mut shoal, "shoal", &mut shown);
    assert!(shown.len() > 10, "only {} commands", shown.len());
    if std::env::var_os("SHOAL_REWRITE_HELP").is_some() {
        for old in fs::read_dir(&folder).unwrap() {
            fs::remove_file(old.unwrap().path()).unwrap();
        }
        for (file, text) in &shown {
            fs::write(folder.join(file), text).unwrap();
        }
    }
    let files = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap());
    let on_file = files.map(|entry| {
        let name = entry.file_name().into_string().unwrap();
        (name, fs::read_to_string(entry.path()).unwrap())
    });
    let on_file: BTreeMap<String, String> = on_file.collect();
    assert_eq!(names(&shown), names(&on_file), "SHOAL_REWRITE_HELP=1 writes the files anew");
    for (file, text) in &shown {
        assert_eq!(text, &on_file[file], "{file}: SHOAL_REWRITE_HELP=1 writes it anew");
    }
}

#[test]
fn every_command_teaches_by_an_example() {
    let mut shoal = cli::args::command();
    let mut shown = BTreeMap::new();
    collect(&mut shoal, "shoal", &mut shown);
    for (file, text) in shown {
        assert!(text.contains("\n  shoal "), "{file} has no example:\n{text}");
    }
}

/// The long help of a command and of those below it; `help` itself explains itself.
fn collect(command: &mut clap::Command, name: &str, shown: &mut BTreeMap<String, String>) {
    // As wide as the widest help on any terminal.
    let help = command.clone().term_width(100).render_long_help().to_string();
    shown.insert(format!("{name}.txt"), help);
    for below in command
        .get_subcommands_mut()
        .filter(|below| below.get_name() != "help" && !below.is_hide_set())
    {
        let name = format!("{name}-{}", below.get_name());
        collect(below, &name, shown);
    }
}

fn names(files: &BTreeMap<String, String>) -> Vec<&String> {
    files.keys().collect()
}
