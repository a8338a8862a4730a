//! What pages over HTTP say of a run is what the stream says, whatever happens to the launcher, to
//! its file or to the stream.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use rusqlite::Connection;
use rustix::process::Signal;
use serde_json::{Value, json};
use system_tests::http::get;
use system_tests::stack::{Stack, text, write_simulation};
use system_tests::wait_for;
use tempfile::TempDir;

use crate::past::{ask, damage};
use crate::recovery::ticks;

const LAUNCHER: &str = "shoal-launcher";

/// A stack whose launcher has its read model in a file that is known.
struct Place {
    stack: Stack,
    folder: TempDir,
}

impl Place {
    fn start() -> Place {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("model.sqlite");
        let stack = Stack::start_with(&[("SHOAL_READ_MODEL", file.to_str().unwrap())]);
        Place { stack, folder }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("model.sqlite")
    }

    fn run(&self, agents: usize, rounds: u32, more: &[&str]) -> String {
        let folder = write_simulation(self.stack.dir(), "bridge", agents, rounds);
        let run = ["run", folder.to_str().unwrap(), "--new-run"];
        let summary = self.stack.shoal_json(&[&run, more].concat());
        summary["run_id"].as_str().unwrap().to_owned()
    }

    /// The `data` of a page, once the launcher answers at all.
    fn page(&self, run: &str, page: &str) -> Value {
        let path = format!("/api/simulation/{run}/{page}");
        let answer = wait_for(&path, || get(self.stack.http_port, &path));
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json()["data"].clone()
    }

    /// All rows of a list, by cursor.
    fn all(&self, run: &str, page: &str, list: &str) -> Vec<Value> {
        let join = if page.contains('?') { '&' } else { '?' };
        let (mut rows, mut cursor) = (Vec::new(), String::new());
        loop {
            let data = self.page(run, &format!("{page}{join}limit=97{cursor}"));
            rows.extend(data[list].as_array().unwrap().iter().cloned());
            match data["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return rows,
            }
        }
    }

    /// Every page of a run, as one text.
    fn pages(&self, run: &str) -> String {
        let kinds = [
            ("actions", "actions"),
            ("actions?include=failed,refresh", "actions"),
            ("timeline", "timeline"),
            ("timeline?include=failed,refresh&platform=reddit", "timeline"),
            ("agent-stats", "stats"),
            ("posts", "posts"),
            ("posts?platform=twitter", "posts"),
            ("comments", "comments"),
        ];
        let of = |(page, list)| Value::from(self.all(run, page, list)).to_string();
        let detail = self.page(run, "run-status/detail")["all_actions"].to_string();
        kinds.map(of).join("\n") + &detail
    }

    fn kill_launcher(&mut self) {
        let launcher = self.stack.service(LAUNCHER);
        launcher.signal(Signal::KILL);
        launcher.wait();
    }

    fn start_launcher(&mut self) {
        self.stack.start_service(LAUNCHER);
        self.stack.await_ready();
    }
}

/// All actions of a run as the stream has them, by id.
fn stream(stack: &Stack, run: &str) -> Vec<Value> {
    let output = stack.shoal(&["events", run, "--all", "--json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let text = text(&output.stdout);
    let events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let actions = events.filter(|event| event["event"] == "action");
    actions.map(|event| event["action"].clone()).collect()
}

/// As a page has it.
fn listed(action: &Value) -> Value {
    let mut listed = action.clone();
    let fields = listed.as_object_mut().unwrap();
    for name in ["v", "run_id", "tick", "round"] {
        fields.remove(name);
    }
    fields.insert("round_num".to_owned(), action["round"].clone());
    listed
}

fn by_id(actions: &[Value]) -> std::collections::BTreeMap<String, Value> {
    let id = |action: &Value| (action["id"].as_str().unwrap().to_owned(), action.clone());
    let by_id: std::collections::BTreeMap<_, _> = actions.iter().map(id).collect();
    assert_eq!(by_id.len(), actions.len(), "an action is there twice");
    by_id
}

#[test]
fn pages_are_what_the_stream_says_during_a_run_and_after_it() {
    let place = Place::start();
    let run = place.run(10, 30, &["--detach", "--pace", "8"]);
    let status = place.stack.await_status(&run, "in the middle", |status| ticks(status) >= 5);
    // At least what its state says, also of a run that goes on.
    let so_far = place.page(&run, "actions?include=failed,refresh&limit=1");
    let least: u64 =
        (0..2).map(|world| status["platforms"][world]["actions"].as_u64().unwrap()).sum();
    assert!(so_far["total"].as_u64().unwrap() >= least, "{so_far} has less than {status}");
    assert_eq!((&so_far["behind_rounds"], &so_far["problem"]), (&json!(0), &Value::Null));
    let during = by_id(&place.all(&run, "actions?include=failed,refresh", "actions"));

    place.stack.await_status(&run, "completed", |status| status["status"] == "completed");
    let stream = stream(&place.stack, &run);
    let expected: Vec<Value> = stream.iter().map(listed).collect();
    let expected = by_id(&expected);
    assert!(during.iter().all(|(id, action)| expected.get(id) == Some(action)));
    let all = place.all(&run, "actions?include=failed,refresh", "actions");
    assert_eq!(by_id(&all), expected);
    let is_usual =
        |action: &&Value| action["success"] == true && action["action_type"] != "REFRESH";
    let usual: Vec<&Value> = all.iter().filter(is_usual).collect();
    let actions = place.all(&run, "actions", "actions");
    assert!(actions.iter().eq(usual.iter().copied()), "the usual list is not a part of the whole");
    let times: Vec<&str> = actions.iter().map(|it| it["timestamp"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|newer, older| newer >= older), "not newest first");

    // All pages tell of the same actions, and the status counts them.
    let status = place.page(&run, "run-status");
    let sum = |rows: &[Value], field: &str| -> u64 {
        rows.iter().map(|row| row[field].as_u64().unwrap()).sum()
    };
    let rounds = place.all(&run, "timeline", "timeline");
    let agents = place.all(&run, "agent-stats", "stats");
    for field in ["twitter_actions", "reddit_actions", "total_actions"] {
        let count = status[format!("{field}_count")].as_u64().unwrap();
        assert_eq!((sum(&rounds, field), sum(&agents, field)), (count, count), "{field}");
    }
    let last = rounds.last().unwrap();
    assert_eq!(last["simulated_hours"], status["simulated_hours"]);
    assert_eq!(place.page(&run, "run-status/detail")["all_actions"], Value::from(actions));
    for platform in ["twitter", "reddit"] {
        let posts = place.all(&run, &format!("posts?platform={platform}"), "posts");
        let is_post = |action: &&Value| {
            let made = ["CREATE_POST", "REPOST", "QUOTE_POST"].map(Value::from);
            action["platform"] == platform
                && action["success"] == true
                && made.contains(&action["action_type"])
        };
        let made = stream.iter().filter(is_post).map(|it| it["id"].as_str().unwrap());
        let ids: BTreeSet<&str> =
            posts.iter().map(|it| it["action_id"].as_str().unwrap()).collect();
        assert_eq!(ids, made.collect(), "{platform}");
        assert!(sum(&posts, "num_likes") > 0, "nobody liked anything on {platform}");
    }
}

#[test]
fn what_is_asked_wrongly_or_of_nothing_is_refused() {
    let place = Place::start();
    write_simulation(&place.stack.dir().join("simulations"), "bridge", 8, 4);
    let refused = |path: &str, status: u16, words: &[&str]| {
        let answer = get(place.stack.http_port, &format!("/api/simulation/{path}")).unwrap();
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        let answer = answer.json();
        assert_eq!(answer["success"], false);
        let error = answer["error"].as_str().unwrap();
        assert!(words.iter().all(|word| error.contains(word)), "{path}: {error}");
    };
    for page in ["actions", "timeline", "agent-stats", "posts", "comments"] {
        refused(&format!("bridge/{page}"), 404, &["no run of simulation bridge"]);
        refused(&format!("bridge-7/{page}"), 404, &["unknown run bridge-7"]);
        refused(
            &format!("..%2Fx/{page}?limit=0&offset=x&platform=..%2Fy&cursor=z&include=all"),
            400,
            &["the id in the path", "?limit", "?offset", "?platform", "?cursor", "?include"],
        );
    }
    // Nothing came into being by being asked for.
    assert!(!place.stack.dir().join("simulations/bridge-7").exists());
    let run = place.run(8, 4, &[]);
    let cursor = place.page(&run, "actions?limit=3")["next_cursor"].clone();
    let cursor = cursor.as_str().unwrap();
    let other = place.run(8, 4, &[]);
    refused(&format!("{other}/actions?cursor={cursor}"), 400, &["?cursor"]);
    // By the simulation's name its current run is meant, which is another one by now.
    refused(&format!("bridge/actions?cursor={cursor}"), 400, &["?cursor"]);
    refused(&format!("{run}/actions?cursor={run}.actions.0.99999"), 400, &["?cursor"]);
    assert_eq!(place.page("bridge", "actions?limit=3")["run_id"], *other);
}

#[test]
fn a_launcher_that_dies_goes_on_and_a_file_that_is_gone_is_built_again() {
    let mut place = Place::start();
    let run = place.run(10, 40, &["--detach", "--pace", "10"]);
    for tick in [4, 12, 20] {
        place.stack.await_status(&run, "further on", |status| ticks(status) >= tick);
        place.kill_launcher();
        place.start_launcher();
    }
    place.stack.await_status(&run, "completed", |status| status["status"] == "completed");
    let whole: Vec<Value> = stream(&place.stack, &run).iter().map(listed).collect();
    let all = place.all(&run, "actions?include=failed,refresh", "actions");
    assert_eq!(by_id(&all), by_id(&whole));
    let pages = place.pages(&run);
    let log = place.stack.service(LAUNCHER).log();
    assert!(!log.contains("read again") && !log.contains("built anew"), "{log}");

    for damage in ["deleted", "garbage", "another version"] {
        place.kill_launcher();
        match damage {
            "deleted" => fs::remove_file(place.file()).unwrap(),
            "garbage" => {
                fs::write(place.file(), "x".repeat(9000)).unwrap();
                // From which the file could be had back.
                fs::remove_file(place.folder.path().join("model.sqlite-wal")).unwrap();
            }
            _ => {
                let file = Connection::open(place.file()).unwrap();
                file.pragma_update(None, "user_version", 999).unwrap();
            }
        }
        place.start_launcher();
        wait_for(&format!("the file to be built again ({damage})"), || {
            let first = place.page(&run, "actions?limit=1");
            (first["behind_rounds"] == 0).then_some(())
        });
        assert_eq!(place.pages(&run), pages, "{damage}");
    }
    let log = place.stack.service(LAUNCHER).log();
    assert!(log.contains("built anew: it cannot be read"), "{log}");
    assert!(log.contains("built anew: it has another version"), "{log}");
    // Taken away from a launcher that lives, too.
    fs::remove_file(place.file()).unwrap();
    let next = place.run(8, 4, &[]);
    wait_for("the file to be built again", || {
        let path = format!("/api/simulation/{next}/actions");
        let answer = get(place.stack.http_port, &path).filter(|answer| answer.status == 200)?;
        (answer.json()["data"]["behind_rounds"] == 0 && place.file().exists()).then_some(())
    });
    assert_eq!(place.pages(&run), pages);
}

#[test]
fn damage_is_said_and_a_repaired_run_reads_as_before_and_a_deleted_one_is_gone() {
    let mut place = Place::start();
    let run = place.run(8, 12, &[]);
    let pages = place.pages(&run);
    let posts = place.page(&run, "posts?platform=twitter")["total"].clone();
    for (how, problem) in
        [("forge", "does not continue"), ("garbage", "is no frame"), ("drop", "begins with action")]
    {
        // Read with the damage in it: what lies before it is whole, and the rest is missing.
        place.kill_launcher();
        damage(&place.stack, &run, "twitter", how, 5);
        fs::remove_file(place.file()).unwrap();
        place.start_launcher();
        let data = wait_for("the damage to be noticed", || {
            let data = place.page(&run, "timeline?platform=twitter");
            data["problem"].is_string().then_some(data)
        });
        let said = data["problem"].as_str().unwrap();
        assert!(said.contains(problem) && said.starts_with("twitter: "), "{how}: {said}");
        let shown = data["timeline"].as_array().unwrap().last().unwrap()["round_num"].as_u64();
        // What was forged has a digest of its own: it is taken, and what follows does not fit.
        assert!(shown <= Some(if how == "forge" { 5 } else { 4 }), "{how}: {shown:?}");
        assert!(data["behind_rounds"].as_u64() >= Some(7), "{how}: {data}");
        assert_eq!(place.page(&run, "timeline?platform=reddit")["problem"], Value::Null);

        ask(&place.stack, &run, "repair", &format!("repair-{how}"), &json!({}));
        wait_for("the repaired frames to be read", || {
            let data = place.page(&run, "actions?limit=1");
            (data["problem"].is_null() && data["behind_rounds"] == 0).then_some(())
        });
        assert_eq!(place.pages(&run), pages, "{how}");
    }
    // A chain that is whole, with another content: what is here is replaced, and again by the repair.
    let newest = place.page(&run, "posts?platform=twitter&limit=1")["posts"][0].clone();
    let round = u32::try_from(newest["created_at"].as_u64().unwrap()).unwrap();
    damage(&place.stack, &run, "twitter", "rechain", round);
    wait_for("the other frames to be read", || (place.pages(&run) != pages).then_some(()));
    ask(&place.stack, &run, "repair", "repair-rechain", &json!({}));
    wait_for("the repaired frames to be read", || (place.pages(&run) == pages).then_some(()));
    assert_eq!(place.page(&run, "posts?platform=twitter")["total"], posts);

    place.stack.shoal_json(&["rm", &run, "--yes", "--force"]);
    wait_for("the run to be gone", || {
        let answer = get(place.stack.http_port, &format!("/api/simulation/{run}/actions"))?;
        (answer.status == 404).then_some(())
    });
    let rows = || -> Option<i64> {
        let file = Connection::open(place.file()).ok()?;
        let count = "SELECT (SELECT count(*) FROM run) + (SELECT count(*) FROM action) \
                     + (SELECT count(*) FROM post) + (SELECT count(*) FROM tally)";
        file.query_row(count, [], |row| row.get(0)).ok()
    };
    wait_for("its rows to be gone", || (rows()? == 0).then_some(()));
}

#[test]
fn a_file_that_cannot_be_written_stops_its_pages_and_nothing_else() {
    let place = Place::start();
    let run = place.run(8, 200, &["--detach", "--pace", "4"]);
    let path = format!("/api/simulation/{run}/actions");
    place.stack.await_status(&run, "begun", |status| ticks(status) >= 2);
    assert_eq!(get(place.stack.http_port, &path).unwrap().status, 200);
    let other = Connection::open(place.file()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let answer = wait_for("the pages to say why not", || {
        get(place.stack.http_port, &path).filter(|answer| answer.status == 503)
    });
    let error = answer.json()["error"].as_str().unwrap().to_owned();
    assert!(error.contains("model.sqlite") && error.contains("database is locked"), "{error}");
    for path in [&format!("/api/simulation/{run}/run-status"), "/readyz"] {
        assert_eq!(get(place.stack.http_port, path).unwrap().status, 200, "{path}");
    }
    place.stack.shoal_json(&["pause", &run]);
    other.execute_batch("ROLLBACK").unwrap();
    wait_for("the pages to be back", || {
        let answer = get(place.stack.http_port, &path).filter(|answer| answer.status == 200)?;
        (answer.json()["data"]["behind_rounds"] == 0).then_some(())
    });
}
