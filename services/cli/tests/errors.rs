//! What a person gets who typed something that cannot work: all problems, and the exit code.

use std::ffi::OsString;

use cli::failure::Failure;
use cli::output::{Output, Screens};

/// Runs a command line; its result, stdout and stderr.
async fn shoal(arguments: &[&str]) -> (Result<String, Failure>, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let all = ["shoal"].iter().chain(arguments).map(OsString::from);
    let result = cli::execute(all, &mut Output::new(&mut out, &mut err, Screens::default())).await;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (result.map(|code| format!("{code:?}")), text(&out), text(&err))
}

#[tokio::test]
async fn a_folder_is_checked_before_anything_is_connected_to() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/no-such-folder");
    // A server that is not there would be another failure, and take seconds to be one.
    let arguments = ["run", folder, "--nats-url", "nats://127.0.0.1:1"];
    let (result, out, _) = shoal(&arguments).await;
    let failure = result.unwrap_err();
    assert_eq!((failure.code(), out.as_str()), (2, ""));
    let text = failure.to_string();
    assert!(text.starts_with(&format!("{folder} has 1 problem:\n  ")), "{text}");
}

#[tokio::test]
async fn a_bus_that_is_not_there_is_named() {
    let arguments = ["ls", "--nats-url", "nats://ada:s3cret@127.0.0.1:1"];
    let (result, out, _) = shoal(&arguments).await;
    let failure = result.unwrap_err();
    let text = failure.to_string();
    assert_eq!((failure.code(), out.as_str()), (3, ""));
    assert!(text.contains("nats://127.0.0.1:1") && text.contains("NATS_URL"), "{text}");
    assert!(!text.contains("s3cret"), "{text}");
}

#[tokio::test]
async fn what_cannot_be_read_as_a_command_is_a_usage_error() {
    for (arguments, complaint) in [
        (
            &["rum"][..],
            "unrecognized subcommand 'rum'\n\n  tip: some similar subcommands exist: 'run', 'resume'",
        ),
        (&["run"], "required arguments were not provided:\n  <FOLDER>"),
        (&["run", "x", "--pace", "fast"], "expected rounds per second from 0.001 to 1000000"),
        (&["run", "x", "--max-rounds", "0"], "0 is not in 1.."),
        (&["interview", "a-1", "--agent", "0", ""], "expected a question"),
        (
            &["interview", "a-1", "--agent", "0", "Why?", "--platform", "myspace"],
            "invalid value 'myspace' for '--platform <PLATFORM>'\n  [possible values: twitter, reddit]",
        ),
        (&["memory", "search", "x", "--run", "a", "--graph", "b"], "cannot be used with"),
        (&["memory", "search", "x", "--limit", "101"], "101 is not in 1..=100"),
        (&["fork", "a-1"], "required arguments were not provided:\n  --at-round <N>"),
        (&["fork", "a-1", "--at-round", "1", "--paused", "--seed", "8"], "cannot be used with"),
        (&["verify", "a-1", "--platform", "myspace"], "[possible values: twitter, reddit]"),
        (&["replay", "a-1", "--first", "-1"], "invalid value '-1' for '--first <N>'"),
        (&["repair"], "required arguments were not provided:\n  <RUN>"),
        (&["configure", "a-1", "--seed", "9007199254740992"], "9007199254740992 is not in"),
        (&["ls", "--prefix", "a.b"], "prefix \"a.b\" is not valid"),
        (&[], "Usage: shoal [OPTIONS] <COMMAND>"),
    ] {
        let (result, out, err) = shoal(arguments).await;
        let usage = format!("{:?}", std::process::ExitCode::from(kit::EXIT_USAGE));
        assert_eq!(result.unwrap(), usage, "{arguments:?}");
        assert_eq!(out, "", "{arguments:?}");
        assert!(err.contains(complaint), "{arguments:?} gave {err}");
    }
    let (result, ..) = shoal(&["run", "x", "--memory", "none", "--memory", "local"]).await;
    assert_eq!(result.unwrap_err().code(), kit::EXIT_USAGE);
}

#[tokio::test]
async fn help_and_version_are_results() {
    for arguments in [&["--help"][..], &["help"], &["help", "run"], &["--version"]] {
        let (result, out, err) = shoal(arguments).await;
        let success = format!("{:?}", std::process::ExitCode::SUCCESS);
        assert_eq!((result.unwrap(), err.as_str()), (success, ""), "{arguments:?}");
        assert!(out.contains("shoal"), "{arguments:?} gave {out}");
    }
    let (_, out, _) = shoal(&["--version"]).await;
    assert_eq!(out.trim_end(), format!("shoal {}", kit::build::version(None)));
}
