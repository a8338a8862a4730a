//! A run as an archive over HTTP: the same files as `shoal export` writes.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use system_tests::http::get;
use system_tests::process::python;
use system_tests::stack::{Stack, text, write_simulation};
use system_tests::wait_for;

/// The files under a folder, by their place in it.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        match entry.file_type().unwrap().is_dir() {
            true => found.extend(
                files(&entry.path())
                    .into_iter()
                    .map(|(below, body)| (name.clone() + "/" + &below, body)),
            ),
            false => {
                found.insert(name, std::fs::read(entry.path()).unwrap());
            }
        }
    }
    found
}

fn download(stack: &Stack, path: &str, folder: &Path) -> Value {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/system/download.py");
    let url = format!("http://127.0.0.1:{}{path}", stack.http_port);
    let output = python().args([script, &url]).arg(folder).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_download_is_what_the_command_line_exports() {
    let temporary = tempfile::tempdir().unwrap();
    let stack = Stack::start_with(&[("TMPDIR", temporary.path().to_str().unwrap())]);
    let folder = write_simulation(stack.dir(), "bridge", 8, 4);
    stack.shoal_json(&["run", folder.to_str().unwrap()]);
    stack.shoal_json(&["interview", "bridge", "--agent", "2", "What now?"]);
    let mut attempts = 0..;
    // The run's state and log may change between the two; then once more.
    let exported = wait_for("two exports of one state", || {
        let number = attempts.next()?;
        let (here, there) = (format!("here-{number}"), format!("there-{number}"));
        let (here, there) = (stack.dir().join(here), stack.dir().join(there));
        stack.shoal_json(&["export", "bridge-1", here.to_str().unwrap()]);
        let answer = download(&stack, "/api/simulation/bridge/export", &there);
        let headers = &answer["headers"];
        assert_eq!(headers["content-type"], "application/gzip");
        assert_eq!(headers["content-length"], json!(answer["bytes"].to_string()));
        assert_eq!(headers["content-disposition"], "attachment; filename=\"bridge-1.tar.gz\"");
        let (ours, theirs) = (files(&here), files(&there.join("bridge-1")));
        assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
        let differing = ours.keys().filter(|name| ours[*name] != theirs[*name]);
        let differing: Vec<&String> = differing.collect();
        if !differing.is_empty() {
            // Shown if it never ends.
            println!("try {number}: {differing:?}");
        }
        differing.is_empty().then_some(ours)
    });
    assert!(exported.len() > 10, "{:?}", exported.keys());
    let (here, there) = (stack.dir().join("here-csv"), stack.dir().join("there-csv"));
    let arguments = ["export", "bridge-1", here.to_str().unwrap(), "--format", "csv"];
    stack.shoal_json(&[&arguments[..], &["--all-actions"]].concat());
    download(&stack, "/api/simulation/bridge-1/export?format=csv&include=all", &there);
    assert!(files(&here) == files(&there.join("bridge-1")));

    for (path, status) in [
        ("/api/simulation/bridge/export?format=zip", 400),
        ("/api/simulation/bridge-9/export", 404),
        ("/api/simulation/harbour/export", 404),
        ("/api/simulation/..x/export", 400),
    ] {
        let answer = get(stack.http_port, path).unwrap();
        assert_eq!((answer.status, &answer.json()["success"]), (status, &json!(false)), "{path}");
    }
    let exports = std::fs::read_dir(temporary.path()).unwrap().flatten();
    let exports =
        exports.filter(|it| it.file_name().to_string_lossy().starts_with("shoal-exports"));
    for folder in exports {
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{folder:?}");
    }
}
