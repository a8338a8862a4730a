//! The HTTP edge is what its document says, and says how it does.

use std::collections::BTreeMap;
use std::io::Write as _;

use serde_json::{Value, json};
use system_tests::http::{Response, get, send};
use system_tests::openapi;
use system_tests::stack::{Stack, write_simulation};
use system_tests::wait_for;

fn stack_with_a_run(more: &[(&str, &str)]) -> Stack {
    let stack = Stack::start_with(more);
    let folder = write_simulation(&stack.dir().join("simulations"), "bridge", 8, 3);
    stack.shoal_json(&["run", folder.to_str().unwrap()]);
    stack
}

/// The samples of a page of metrics: name and labels, value.
fn samples(page: &Response) -> BTreeMap<String, f64> {
    let lines = page.body.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

#[test]
fn the_document_that_is_served_is_the_one_that_is_committed() {
    let stack = Stack::start();
    let served = get(stack.http_port, "/openapi.json").unwrap();
    let committed: Value =
        serde_json::from_str(include_str!("../../../schemas/openapi.json")).unwrap();
    assert!(served.json() == committed);
    assert_eq!(served.header("content-type"), Some("application/json"));
}

#[test]
fn every_question_that_the_document_has_is_answered_as_it_says() {
    let stack = stack_with_a_run(&[]);
    let mut answered = 0;
    for operation in openapi::operations() {
        let is_stream = operation.value.to_string().contains("text/event-stream");
        if operation.method != "get" || is_stream {
            continue;
        }
        let mut path = operation.path.clone();
        for parameter in operation.value["parameters"].as_array().into_iter().flatten() {
            if parameter["in"] == "path" {
                let name = parameter["name"].as_str().unwrap();
                let usual = parameter["example"].as_str().unwrap_or("bridge-1");
                path = path.replace(&format!("{{{name}}}"), usual);
            }
        }
        // Held to the document by the client itself.
        let answer = wait_for(&path, || get(stack.http_port, &path).filter(|it| it.status != 503));
        answered += usize::from(answer.status == 200);
    }
    assert!(answered >= 10, "only {answered} answers");
}

#[test]
fn who_has_no_token_is_told_so_as_documented() {
    let token = "a-token-of-this-test";
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(token.as_bytes()).unwrap();
    let name = file.path().to_str().unwrap();
    let stack = stack_with_a_run(&[("SHOAL_HTTP_TOKEN_FILE", name)]);
    let path = "/api/simulation/bridge/run-status";
    let answer =
        |headers: &[(&str, &str)]| send(stack.http_port, "GET", path, headers, b"").unwrap();
    assert_eq!(answer(&[]).status, 401);
    assert_eq!(answer(&[("authorization", "Bearer another-token-than-that")]).status, 401);
    assert_eq!(answer(&[("authorization", &format!("Bearer {token}"))]).status, 200);
    assert_eq!(answer(&[("origin", "https://elsewhere.example")]).status, 403);
    let metrics = send(stack.http_port, "GET", "/metrics", &[], b"").unwrap();
    assert_eq!(metrics.status, 401);
}

#[test]
fn metrics_say_what_there_is_and_name_nobody() {
    let mut stack = stack_with_a_run(&[]);
    let port = stack.http_port;
    for path in ["/api/simulation/bridge/run-status", "/api/simulation/nobody-1/actions", "/x"] {
        get(port, path).unwrap();
    }
    let page = wait_for("pages that are not behind", || {
        let page = get(port, "/metrics")?;
        (samples(&page).get("shoal_read_model_behind_rounds") == Some(&0.0)).then_some(page)
    });
    let found = samples(&page);
    let request = |route: &str, status: &str| {
        let name = format!(
            "shoal_http_requests_total{{method=\"GET\",route=\"{route}\",status=\"{status}\"}}"
        );
        found.get(&name).copied()
    };
    assert_eq!(found["shoal_runs{status=\"completed\"}"], 1.0);
    assert_eq!(found["shoal_runs{status=\"running\"}"], 0.0);
    assert_eq!((found["shoal_bus_connected"], found["shoal_runs_known"]), (1.0, 1.0));
    assert_eq!(found["shoal_event_readers"], 0.0);
    assert_eq!(request("/api/simulation/{id}/run-status", "2xx"), Some(1.0));
    assert_eq!(request("/api/simulation/{id}/actions", "4xx"), Some(1.0));
    assert_eq!(request("none", "4xx"), Some(1.0));
    assert!(!page.body.contains("bridge") && !page.body.contains("nobody"), "{}", page.body);
    // Without a bus it still says so.
    stack.nats.kill();
    wait_for("a page that says that the bus is gone", || {
        let found = samples(&get(port, "/metrics")?);
        (found["shoal_bus_connected"] == 0.0).then_some(())
    });
}

#[test]
fn a_request_of_another_type_or_size_is_refused_as_documented() {
    let stack = Stack::start();
    let path = "/api/simulation/start";
    let body = json!({"simulation_id": "bridge"}).to_string();
    let ask = |kind: &str, body: &[u8]| {
        send(stack.http_port, "POST", path, &[("content-type", kind)], body).unwrap().status
    };
    assert_eq!(ask("text/plain", body.as_bytes()), 415);
    assert_eq!(ask("application/json", &vec![b' '; (1 << 20) + 1]), 413);
    assert_eq!(send(stack.http_port, "PUT", path, &[], b"").unwrap().status, 405);
    assert_eq!(get(stack.http_port, "/nowhere").unwrap().status, 404);
}
