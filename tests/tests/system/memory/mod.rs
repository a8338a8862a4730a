//! The memory-sink as a process, between a real bus and memories that misbehave: whatever happens,
//! each action is in each memory once and in order, or a dead letter.

mod deaths;
mod failures;
mod orders;

use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use system_tests::stack::Stack;
use system_tests::wait_for;
use system_tests::zep::{KEY, ZepServer};

/// A file of targets: `local`, and Zep in its dialects as `two` and `four`.
pub(crate) fn write_targets(dir: &Path, two: &ZepServer, four: &ZepServer) -> String {
    std::fs::write(dir.join("zep.key"), KEY).unwrap();
    let zep = |server: &ZepServer, dialect: &str, batch: &str| {
        json!({
            "kind": "zep", "dialect": dialect, "url": server.url(dialect), "key_file": "zep.key",
            "batch": batch, "timeout_seconds": 2,
        })
    };
    let targets = json!({
        "local": {"kind": "sqlite"},
        "two": zep(two, "v2", "fives"),
        "four": zep(four, "v4", "rounds"),
    });
    let file = dir.join("targets.json");
    std::fs::write(&file, json!({ "targets": targets }).to_string()).unwrap();
    file.to_str().unwrap().to_owned()
}

/// Worlds, and what is remembered of each, a line for each action, in order.
type Lines = Vec<(String, Vec<String>)>;

/// What the embedded memory has of a run: as much as the stream, or it is not done.
pub(crate) fn truth(stack: &Stack, run: &str) -> Lines {
    let status = stack.shoal_json(&["status", run]);
    let lines = embedded(&stack.dir().join("memory"), run);
    for (world, (platform, lines)) in status["platforms"].as_array().unwrap().iter().zip(&lines) {
        assert_eq!(world["platform"], **platform);
        assert_eq!(json!(lines.len()), world["memorable"], "{platform}");
    }
    lines
}

/// What the embedded memory in a folder has of a run that plays both worlds.
pub(crate) fn embedded(folder: &Path, run: &str) -> Lines {
    let path = folder.join("memory.sqlite");
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let worlds = ["twitter", "reddit"].into_iter().map(|platform| {
        let mut query = connection
            .prepare(
                "SELECT text FROM episode JOIN world ON world.id = world
                 WHERE run = ?1 AND platform = ?2 ORDER BY episode.id",
            )
            .unwrap();
        let rows = query.query_map([run, platform], |row| row.get(0)).unwrap();
        let lines: Vec<String> = rows.collect::<Result<_, _>>().unwrap();
        (platform.to_owned(), lines)
    });
    worlds.collect()
}

/// What a Zep has of a graph, by the world that each episode says it is of.
pub(crate) fn told(zep: &ZepServer, graph: &str, run: &str) -> Lines {
    let mut worlds: Lines = Vec::new();
    for platform in ["twitter", "reddit"] {
        let of = format!("{run}.{platform}.");
        let episodes = zep.episodes(graph).into_iter();
        let episodes = episodes.filter(|kept| {
            kept.source_description.as_ref().is_some_and(|source| source.contains(&of))
        });
        let lines =
            episodes.flat_map(|kept| kept.data.lines().map(str::to_owned).collect::<Vec<_>>());
        worlds.push((platform.to_owned(), lines.collect()));
    }
    worlds
}

/// Waits until no memory lags.
pub(crate) fn await_memories(stack: &Stack, run: &str, cursors: usize) -> Value {
    wait_for("the memories", || {
        let output = stack.shoal(&["memory", "stats", run, "--json"]);
        let stats: Value = serde_json::from_slice(&output.stdout).ok()?;
        (stats["lag"] == 0 && stats["cursors"].as_array()?.len() == cursors).then_some(stats)
    })
}

/// The same without the lines that hold this.
pub(crate) fn without(lines: &Lines, marker: &str) -> Lines {
    let fit = |(world, lines): &(String, Vec<String>)| {
        let fit = lines.iter().filter(|line| !line.contains(marker)).cloned();
        (world.clone(), fit.collect())
    };
    lines.iter().map(fit).collect()
}

/// How many there are.
pub(crate) fn count(lines: &Lines) -> usize {
    lines.iter().map(|(_, lines)| lines.len()).sum()
}
