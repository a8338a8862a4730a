//! The memories that there are, as an operator configures them, and a look into each that does not
//! ask the adapter.

use std::path::Path;
use std::sync::Arc;

use contract::id::Digest;
use memory_sink::adapters::Memory;
use memory_sink::config::read_targets;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use system_tests::webhook::WebhookServer;
use system_tests::zep::{Act, Answer, KEY, ZepServer};
use tempfile::TempDir;

/// A memory, and all that is behind it. Clones share it.
#[derive(Clone)]
pub(crate) struct Subject {
    inner: Arc<Inner>,
}

struct Inner {
    name: &'static str,
    dir: TempDir,
    behind: Behind,
}

/// What is at the other end.
enum Behind {
    Sqlite,
    Jsonl,
    Webhook(WebhookServer),
    Zep(ZepServer),
}

/// Every kind of memory, with nothing in it.
pub(crate) fn all() -> Vec<Subject> {
    vec![
        subject("sqlite", Behind::Sqlite, |_| json!({"kind": "sqlite"})),
        subject("jsonl", Behind::Jsonl, |_| json!({"kind": "jsonl", "folder": "rows"})),
        subject("http", Behind::Webhook(WebhookServer::start()), |behind| {
            let Behind::Webhook(server) = behind else { unreachable!() };
            json!({"kind": "http", "url": server.url()})
        }),
        subject("zep v2", Behind::Zep(ZepServer::start()), |behind| zep(behind, "v2")),
        subject("zep v4", Behind::Zep(ZepServer::start()), |behind| zep(behind, "v4")),
    ]
}

fn zep(behind: &Behind, dialect: &str) -> Value {
    let Behind::Zep(server) = behind else { unreachable!() };
    let url = server.url(dialect);
    json!({"kind": "zep", "dialect": dialect, "url": url, "key_file": "key", "create": true})
}

fn subject(name: &'static str, behind: Behind, target: impl Fn(&Behind) -> Value) -> Subject {
    let dir = TempDir::new().unwrap();
    let targets = json!({"targets": {"it": target(&behind)}});
    std::fs::write(dir.path().join("targets.json"), targets.to_string()).unwrap();
    std::fs::write(dir.path().join("key"), KEY).unwrap();
    Subject { inner: Arc::new(Inner { name, dir, behind }) }
}

impl Subject {
    pub(crate) fn name(&self) -> &'static str {
        self.inner.name
    }

    fn path(&self) -> &Path {
        self.inner.dir.path()
    }

    /// As a process opens it.
    pub(crate) fn open(&self) -> Memory {
        let targets = read_targets(Some(&self.path().join("targets.json"))).unwrap();
        let (name, target) = targets.into_iter().next().unwrap();
        let folder = self.path().join("graph");
        memory_sink::open_memory(&name, target, &folder, "SIM_ACTIONS").unwrap()
    }

    /// Whether it can be asked how far it is.
    pub(crate) fn remembers(&self) -> bool {
        !matches!(self.inner.behind, Behind::Webhook(_))
    }

    /// From now on it refuses what holds the marker. False if it refuses nothing.
    pub(crate) fn refuse(&self, marker: &'static str) -> bool {
        match &self.inner.behind {
            Behind::Sqlite | Behind::Jsonl => return false,
            Behind::Webhook(server) => server.refuse(marker),
            Behind::Zep(server) => {
                server.set_script(move |seen| Act::picky(seen, usize::MAX, marker));
            }
        }
        true
    }

    /// From now on it hangs up on every second batch, having taken it. False if it is always heard.
    pub(crate) fn hush(&self) -> bool {
        match &self.inner.behind {
            Behind::Sqlite | Behind::Jsonl => return false,
            Behind::Webhook(server) => server.hush(2),
            Behind::Zep(server) => {
                server.set_script(|seen| match seen.write > 0 && seen.write.is_multiple_of(2) {
                    true => Act::Hush(Answer::Reset),
                    false => Act::Serve,
                });
            }
        }
        true
    }

    /// It goes away. False if it cannot.
    pub(crate) fn die(&self) -> bool {
        match &self.inner.behind {
            Behind::Sqlite | Behind::Jsonl => return false,
            Behind::Webhook(server) => server.die(),
            Behind::Zep(server) => server.die(),
        }
        true
    }

    pub(crate) fn revive(&self) {
        match &self.inner.behind {
            Behind::Sqlite | Behind::Jsonl => {}
            Behind::Webhook(server) => server.revive(),
            Behind::Zep(server) => server.revive(),
        }
    }

    /// Whether what is kept is this line, or as much of it as there is room for.
    pub(crate) fn is_kept(&self, kept: &str, line: &str) -> bool {
        match &self.inner.behind {
            Behind::Zep(_) if line.chars().count() > 10_000 => {
                kept.chars().count() == 10_000
                    && kept.strip_suffix('…').is_some_and(|kept| line.starts_with(kept))
            }
            _ => kept == line,
        }
    }

    /// What it has of a world of a graph, a line for each action, in order.
    pub(crate) fn lines(&self, graph: &str, platform: &str) -> Vec<String> {
        match &self.inner.behind {
            Behind::Sqlite => rows_of_sqlite(&self.path().join("graph"), graph, platform),
            Behind::Jsonl => rows_of_jsonl(&self.path().join("rows"), graph, platform),
            Behind::Webhook(server) => {
                let kept = server.kept();
                let of = |body: &&Value| body["graph_id"] == graph && body["platform"] == platform;
                let bodies = kept.iter().filter(of);
                let episodes = bodies.flat_map(|body| body["episodes"].as_array().unwrap());
                episodes.map(|episode| text(&episode["text"])).collect()
            }
            Behind::Zep(server) => {
                let of = format!(".{platform}.");
                let episodes = server.episodes(graph).into_iter();
                let episodes = episodes.filter(|kept| {
                    kept.source_description.as_ref().is_some_and(|source| source.contains(&of))
                });
                episodes
                    .flat_map(|kept| kept.data.split('\n').map(str::to_owned).collect::<Vec<_>>())
                    .collect()
            }
        }
    }
}

fn rows_of_sqlite(folder: &Path, graph: &str, platform: &str) -> Vec<String> {
    let path = folder.join("memory.sqlite");
    if !path.exists() {
        return Vec::new();
    }
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut query = connection
        .prepare(
            "SELECT text FROM episode JOIN world ON world.id = world JOIN graph ON graph.id = graph
             WHERE graph.graph_id = ?1 AND platform = ?2 ORDER BY episode.id",
        )
        .unwrap();
    let rows = query.query_map([graph, platform], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

fn rows_of_jsonl(folder: &Path, graph: &str, platform: &str) -> Vec<String> {
    let rows = std::fs::read_to_string(folder.join(file_name(graph))).unwrap_or_default();
    let rows = rows.lines().map(|row| serde_json::from_str::<Value>(row).unwrap());
    rows.filter(|row| row["platform"] == platform).map(|row| text(&row["text"])).collect()
}

/// As the documentation has it: a plain name as it is, of another one what is plain, and a digest.
fn file_name(graph: &str) -> String {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    if graph.chars().all(is_plain) {
        return format!("{graph}.jsonl");
    }
    let slug: String = graph.chars().filter(|c| is_plain(*c)).collect();
    format!("{slug}~{}.jsonl", Digest::of(&[graph.as_bytes()]))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
