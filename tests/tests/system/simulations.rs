//! Simulations come in over HTTP, are known to every launcher, and are told as MiroFish's pages
//! want them.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};
use system_tests::http::{Response, get, post, send};
use system_tests::process::Service;
use system_tests::stack::{Stack, free_port, write_simulation};
use system_tests::wait_for;
use tempfile::TempDir;

const FILES: [&str; 3] = ["simulation_config.json", "twitter_profiles.csv", "reddit_profiles.json"];
pub(crate) const FORM: (&str, &str) = ("content-type", "multipart/form-data; boundary=xx");

/// Another launcher on the same bus, without a data directory, and its port.
fn launcher(stack: &mut Stack, name: &str, more: &[(&str, &str)]) -> u16 {
    let port = free_port();
    let mut environment = stack.environment.clone();
    environment.remove("SHOAL_SIMULATIONS_DIR");
    environment.insert("SHOAL_HTTP_LISTEN".to_owned(), format!("127.0.0.1:{port}"));
    environment.extend(more.iter().map(|(name, value)| ((*name).into(), (*value).into())));
    let service = Service::start(name, "shoal-launcher", stack.dir(), &environment);
    stack.services.insert(name.to_owned(), service);
    wait_for("the other launcher", || get(port, "/readyz").filter(|it| it.status == 200));
    port
}

/// The body of a form with the files of a folder.
pub(crate) fn form(folder: &Path) -> Vec<u8> {
    let mut body = Vec::new();
    for name in FILES {
        let head = format!(
            "--xx\r\ncontent-disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\r\n"
        );
        body.extend(
            [head.as_bytes(), &std::fs::read(folder.join(name)).unwrap(), b"\r\n"].concat(),
        );
    }
    body.extend(b"--xx--\r\n");
    body
}

fn upload(port: u16, body: &[u8]) -> Response {
    send(port, "POST", "/api/simulation/upload", &[FORM], body).unwrap()
}

/// The `data` of an answer that has to be a success.
fn data(answer: &Response) -> Value {
    assert!(matches!(answer.status, 200 | 201), "{}: {}", answer.status, answer.body);
    answer.json()["data"].clone()
}

fn ask(port: u16, path: &str) -> Value {
    data(&get(port, &format!("/api/simulation/{path}")).unwrap())
}

#[test]
fn what_one_launcher_was_sent_is_started_at_another() {
    let mut stack = Stack::start();
    let (first, second) = (stack.http_port, launcher(&mut stack, "second", &[]));
    let place = TempDir::new().unwrap();
    let folder = write_simulation(place.path(), "bazaar", 6, 3);
    let answer = upload(first, &form(&folder));
    assert_eq!(answer.status, 201, "{}", answer.body);
    let sent = data(&answer);
    assert_eq!(
        [&sent["simulation_id"], &sent["created"], &sent["updated"], &sent["agents"]],
        [&json!("bazaar"), &json!(true), &json!(false), &json!(6)]
    );
    assert_eq!((&sent["platforms"], &sent["rounds"]), (&json!(["twitter", "reddit"]), &json!(3)));

    // The same again, as an archive this time.
    let packed = Command::new("tar").args(["-cz", "-C"]).arg(place.path()).arg("bazaar").output();
    let gzip = [("content-type", "application/gzip")];
    let path = "/api/simulation/upload?name=The%20bazaar";
    let named = data(&send(second, "POST", path, &gzip, &packed.unwrap().stdout).unwrap());
    assert_eq!(named["spec_digest"], sent["spec_digest"]);
    assert_eq!([&named["created"], &named["updated"]], [&json!(false), &json!(true)]);
    let same = data(&upload(second, &form(&folder)));
    assert_eq!([&same["created"], &same["updated"]], [&json!(false), &json!(false)]);
    assert_eq!(same["name"], "The bazaar");

    let ready = ask(second, "bazaar");
    assert_eq!((&ready["status"], &ready["source"]), (&json!("ready"), &json!("upload")));
    assert!(ready["run_instructions"]["commands"]["parallel"] == "shoal start bazaar");
    let body = json!({"simulation_id": "bazaar", "enable_graph_memory_update": false});
    let started = data(&post(second, "/api/simulation/start", &body.to_string()).unwrap());
    assert_eq!((&started["run_id"], &started["created"]), (&json!("bazaar-1"), &json!(true)));
    stack.await_status("bazaar-1", "completed", |status| status["status"] == "completed");
    wait_for("the first launcher to know", || {
        (ask(first, "bazaar")["status"] == "completed").then_some(())
    });

    // Another spec under the same name is what is run from now on, also by the command line.
    let changed = write_simulation(place.path(), "bazaar", 5, 2);
    let other = data(&upload(first, &form(&changed)));
    assert_eq!(other["updated"], true);
    assert_ne!(other["spec_digest"], sent["spec_digest"]);
    let run = stack.shoal_json(&["start", "bazaar"]);
    assert_eq!(run["run_id"], "bazaar-2");
    stack.await_status("bazaar-2", "completed", |status| status["status"] == "completed");
    assert_eq!(ask(second, "bazaar-1/profiles")["count"], 6);
    assert_eq!(ask(second, "bazaar-2/profiles")["count"], 5);
}

#[test]
fn pages_find_a_simulation_prepared() {
    let stack = Stack::start();
    let port = stack.http_port;
    let folder = write_simulation(&stack.dir().join("simulations"), "bridge", 12, 48);
    let step_2 = json!({"simulation_id": "bridge", "use_llm_for_profiles": true,
        "parallel_profile_count": 5});
    let prepared = data(&post(port, "/api/simulation/prepare", &step_2.to_string()).unwrap());
    assert_eq!(
        (&prepared["already_prepared"], &prepared["status"]),
        (&json!(true), &json!("ready"))
    );
    assert_eq!(prepared["prepare_info"]["entities_count"], 12);
    assert_eq!(
        prepared["prepare_info"]["existing_files"],
        json!(["simulation_config.json", "twitter_profiles.csv", "reddit_profiles.json"])
    );
    let body = json!({"simulation_id": "bridge", "task_id": "7"}).to_string();
    let status = data(&post(port, "/api/simulation/prepare/status", &body).unwrap());
    assert_eq!((&status["progress"], &status["already_prepared"]), (&json!(100), &json!(true)));

    let config = ask(port, "bridge/config/realtime");
    assert_eq!(
        (&config["config_generated"], &config["is_generating"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(config["summary"]["total_agents"], 12);
    assert_eq!(config["config"], ask(port, "bridge/config"));
    assert_eq!(config["config"]["time_config"]["minutes_per_round"], 60);
    let file = get(port, "/api/simulation/bridge/config/download").unwrap();
    assert_eq!(file.json(), config["config"]);
    for agent in config["config"]["agent_configs"].as_array().unwrap() {
        assert!(agent["sentiment_bias"].is_number() && agent["influence_weight"].is_number());
    }
    let profiles = ask(port, "bridge/profiles/realtime?platform=reddit");
    assert_eq!((&profiles["count"], &profiles["total_expected"]), (&json!(12), &json!(12)));
    let ids: Vec<&Value> =
        profiles["profiles"].as_array().unwrap().iter().map(|it| &it["user_id"]).collect();
    assert!(ids.into_iter().eq(&(0..12).map(Value::from).collect::<Vec<_>>()));
    let twitter = ask(port, "bridge/profiles?platform=twitter");
    assert_eq!(twitter["profiles"][3]["user_char"], "Talks a lot.");

    // What was answered is a simulation, the very same.
    let place = TempDir::new().unwrap();
    let copy = place.path().join("bridge");
    std::fs::create_dir(&copy).unwrap();
    std::fs::write(copy.join("simulation_config.json"), &file.body).unwrap();
    std::fs::write(copy.join("reddit_profiles.json"), profiles["profiles"].to_string()).unwrap();
    std::fs::copy(folder.join("twitter_profiles.csv"), copy.join("twitter_profiles.csv")).unwrap();
    let limits = intake::Limits::default();
    let spec = |folder| intake::read_folder(folder, &limits).unwrap().spec;
    assert_eq!(spec(&copy), spec(&folder));
    assert_eq!(ask(port, "bridge")["spec_digest"], spec(&copy).digest().to_string());

    // There is a folder of this name, which would be run all the same.
    let refused = upload(port, &form(&copy));
    assert_eq!(refused.status, 409, "{}", refused.body);
    let created = post(port, "/api/simulation/create", r#"{"project_id": "bridge"}"#).unwrap();
    assert_eq!(data(&created)["simulation_id"], "bridge");
    let project = data(&get(port, "/api/graph/project/bridge").unwrap());
    assert_eq!(
        (&project["graph_id"], &project["simulations"]),
        (&json!("bridge"), &json!(["bridge"]))
    );
}

#[test]
fn lists_tell_where_each_simulation_is() {
    let stack = Stack::start();
    let port = stack.http_port;
    let own = stack.dir().join("simulations");
    write_simulation(&own, "bridge", 6, 500);
    let broken = write_simulation(&own, "broken", 2, 2);
    std::fs::write(broken.join("simulation_config.json"), "{").unwrap();
    let elsewhere = TempDir::new().unwrap();
    let ferry = write_simulation(elsewhere.path(), "ferry", 4, 2);
    stack.shoal_json(&["run", ferry.to_str().unwrap()]);
    data(&upload(port, &form(&write_simulation(elsewhere.path(), "bazaar", 4, 2))));
    let body = json!({"simulation_id": "bridge", "pace": 2}).to_string();
    data(&post(port, "/api/simulation/start", &body).unwrap());
    stack.await_status("bridge-1", "running", |status| status["status"] == "running");

    let list = get(port, "/api/simulation/list").unwrap().json();
    assert_eq!((&list["count"], &list["total"]), (&json!(4), &json!(4)));
    let told = |id: &str| {
        let rows = list["data"].as_array().unwrap();
        rows.iter().find(|row| row["simulation_id"] == id).unwrap().clone()
    };
    for (id, status, source) in [
        ("bridge", "running", "folder"),
        ("broken", "failed", "folder"),
        ("ferry", "completed", "run"),
        ("bazaar", "ready", "upload"),
    ] {
        let row = told(id);
        assert_eq!((&row["status"], &row["source"]), (&json!(status), &json!(source)), "{row}");
    }
    assert!(told("broken")["error"].as_str().unwrap().contains("simulation_config.json"));
    let times: Vec<String> =
        list["data"].as_array().unwrap().iter().map(|row| row["created_at"].to_string()).collect();
    assert!(times.is_sorted_by(|newer, older| newer >= older), "{times:?}");

    // Page by page it is the same list.
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = get(port, &format!("/api/simulation/history?limit=1{cursor}")).unwrap().json();
        rows.extend(
            page["data"].as_array().unwrap().iter().map(|row| row["simulation_id"].clone()),
        );
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let all = list["data"].as_array().unwrap().iter().map(|row| row["simulation_id"].clone());
    assert_eq!(rows, all.collect::<Vec<_>>());
    let history = get(port, "/api/simulation/history?project_id=ferry").unwrap().json();
    let ferry = &history["data"][0];
    assert_eq!((&history["total"], &ferry["total_rounds"]), (&json!(1), &json!(2)));
    assert_eq!(ferry["simulation_requirement"], "Will the bridge be closed?");
    assert_eq!((&ferry["report_id"], &ferry["runner_status"]), (&Value::Null, &json!("completed")));
    data(&post(port, "/api/simulation/stop", r#"{"simulation_id": "bridge"}"#).unwrap());
    assert_eq!(ask(port, "bridge")["status"], "stopped");
}

#[test]
fn what_is_wrong_is_told_and_changes_nothing() {
    let stack = Stack::start();
    let port = stack.http_port;
    let status = |method: &str, path: &str, body: &str| {
        let headers = [("content-type", "application/json")];
        send(port, method, path, &headers, body.as_bytes()).unwrap().status
    };
    let unknown = r#"{"simulation_id": "nowhere"}"#;
    for (method, path, body, expected) in [
        ("GET", "/api/simulation/nowhere", "", 404),
        ("GET", "/api/simulation/nowhere-1", "", 404),
        ("GET", "/api/simulation/nowhere/config", "", 404),
        ("GET", "/api/simulation/nowhere/profiles/realtime", "", 404),
        ("GET", "/api/simulation/..%2fx/config", "", 400),
        ("GET", "/api/simulation/a.b", "", 400),
        ("GET", "/api/simulation/nowhere/profiles?platform=myspace", "", 400),
        ("GET", "/api/simulation/list?limit=0", "", 400),
        ("GET", "/api/graph/project/nowhere", "", 404),
        ("POST", "/api/simulation/prepare", unknown, 404),
        ("POST", "/api/simulation/prepare", r#"{"simulation_id": "a", "force": 1}"#, 400),
        ("POST", "/api/simulation/prepare/status", unknown, 404),
        ("POST", "/api/simulation/prepare/status", r#"{"task_id": "7"}"#, 404),
        ("POST", "/api/simulation/prepare/status", "{}", 400),
        ("POST", "/api/simulation/create", r#"{"project_id": "nowhere"}"#, 400),
        ("POST", "/api/simulation/upload", "{}", 415),
        ("POST", "/api/simulation/generate-profiles", "{}", 501),
        ("GET", "/api/simulation/entities/g", "", 501),
        ("GET", "/api/simulation/script/x/download", "", 501),
        ("POST", "/api/report/generate", "{}", 501),
        ("GET", "/api/report/a/b", "", 501),
        ("POST", "/api/graph/build", "{}", 501),
        ("GET", "/api/graph/elsewhere", "", 405),
        ("GET", "/health", "", 200),
    ] {
        assert_eq!(status(method, path, body), expected, "{method} {path} {body}");
    }
    let out =
        b"--xx\r\ncontent-disposition: form-data; name=\"f\"; filename=\"../simulation.yaml\"\
        \r\n\r\nname: out\r\n--xx--\r\n";
    let answer = upload(port, out);
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("leads out of its folder"), "{}", answer.body);
    assert_eq!(too_large(port), 413);
    // Nothing came of any of it.
    assert_eq!(get(port, "/api/simulation/list").unwrap().json()["total"], 0);
    assert_eq!(std::fs::read_dir(stack.dir().join("simulations")).unwrap().count(), 0);
}

/// The status of an answer to more than is taken.
fn too_large(port: u16) -> u16 {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let size = 40 << 20;
    let head = format!(
        "POST /api/simulation/upload HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\
         content-type: application/x-tar\r\ncontent-length: {size}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let piece = vec![0; 1 << 16];
    // It may be told before all is sent.
    for _ in 0..size / piece.len() {
        if stream.write_all(&piece).is_err() {
            break;
        }
    }
    let mut start = [0; 12];
    stream.read_exact(&mut start).unwrap();
    String::from_utf8_lossy(&start[9..]).parse().unwrap()
}

#[test]
fn an_upload_that_is_killed_leaves_nothing_half() {
    let mut stack = Stack::start();
    let place = TempDir::new().unwrap();
    // So many agents that their spec has several parts.
    let folder = write_simulation(place.path(), "bazaar", 2500, 3);
    let body = form(&folder);
    let other = stack.http_port;
    let head = format!(
        "POST /api/simulation/upload HTTP/1.1\r\nhost: 127.0.0.1\r\n\
         content-type: multipart/form-data; boundary=xx\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let whole = body.len();
    for (name, fault, sent) in [
        ("cut-off", "", whole / 2),
        ("first", "batch.first:kill", whole),
        ("half", "batch.half:kill", whole),
        ("stored", "batch.sent:kill", whole),
    ] {
        let port = launcher(&mut stack, name, &[("SHOAL_FAULTS", fault)]);
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&body[..sent]).unwrap();
        if fault.is_empty() {
            stack.service(name).signal(Signal::KILL);
        }
        stack.service(name).wait();
        assert_eq!(stream.read_to_end(&mut Vec::new()).unwrap_or(0), 0, "{name} was answered");
        // Whatever of it is stored, no launcher knows of a simulation.
        let list = get(other, "/api/simulation/list").unwrap().json();
        assert_eq!(list["total"], 0, "{name}: {list}");
        assert_eq!(get(other, "/api/simulation/bazaar").unwrap().status, 404, "{name}");
    }
    // The record is on its way: it is there or not, and if it is, so is all that it names.
    let port = launcher(&mut stack, "recorded", &[("SHOAL_FAULTS", "append.sent:kill")]);
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(&[head.as_bytes(), &body].concat()).unwrap();
    stack.service("recorded").wait();
    let was_kept = get(other, "/api/simulation/bazaar").unwrap().status == 200;
    if was_kept {
        assert_eq!(ask(other, "bazaar/profiles")["count"], 2500);
    }
    let again = data(&upload(other, &body));
    assert_eq!(again["created"], !was_kept, "{again}");
    assert_eq!(ask(other, "bazaar")["entities_count"], 2500);
}

#[test]
fn uploads_at_once_come_one_after_the_other() {
    let mut stack = Stack::start();
    let ports = [stack.http_port, launcher(&mut stack, "second", &[])];
    let place = TempDir::new().unwrap();
    let versions: Vec<Vec<u8>> =
        (2..8).map(|hours| form(&write_simulation(place.path(), "bazaar", 3, hours))).collect();
    let answers: Vec<Value> = std::thread::scope(|scope| {
        let uploads = versions.iter().zip(ports.into_iter().cycle());
        let uploads: Vec<_> = uploads
            .map(|(body, port)| {
                scope.spawn(move || {
                    // A launcher takes only so many at a time, and says so.
                    wait_for("a place", || {
                        let answer = upload(port, body);
                        (answer.status != 503).then(|| data(&answer))
                    })
                })
            })
            .collect();
        uploads.into_iter().map(|upload| upload.join().unwrap()).collect()
    });
    let count = |field: &str| answers.iter().filter(|answer| answer[field] == true).count();
    assert_eq!((count("created"), count("updated")), (1, versions.len() - 1));
    let now = ports.map(|port| ask(port, "bazaar")["spec_digest"].clone());
    assert_eq!(now[0], now[1]);
    assert!(answers.iter().any(|answer| answer["spec_digest"] == now[0]));
}
