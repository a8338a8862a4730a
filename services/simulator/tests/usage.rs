//! The exit code of a command line that cannot be read, and of help that was asked for.

use std::process::{Command, Output};

fn run(argument: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_shoal-simulator"))
        .arg(argument)
        .output()
        .expect("it was just built")
}

#[test]
fn a_usage_error_has_its_own_code() {
    let wrong = run("--no-such-option");
    assert_eq!(wrong.status.code(), Some(i32::from(kit::EXIT_USAGE)));
    let complaint = String::from_utf8(wrong.stderr).unwrap();
    assert!(complaint.contains("--no-such-option"), "{complaint}");
    for argument in ["--help", "--version"] {
        let asked_for = run(argument);
        assert_eq!(asked_for.status.code(), Some(0), "{argument}");
        let text = String::from_utf8(asked_for.stdout).unwrap();
        assert!(text.contains("shoal-simulator"), "{argument} gave {text}");
    }
}

#[test]
fn it_says_which_build_it_is() {
    let text = String::from_utf8(run("--version").stdout).unwrap();
    assert_eq!(text, format!("shoal-simulator {}\n", kit::build::version(Some(world::RULES))));
}
