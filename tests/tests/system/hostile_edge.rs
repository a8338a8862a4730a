//! Whatever stands where an id belongs: every route refuses it, and nothing comes into being.
//!
//! The routes, their parameters and what is right for them are those of `schemas/openapi.json`.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use system_tests::chaos::wire::Wire;
use system_tests::http::{Response, exchange_bytes, get};
use system_tests::openapi::{self, Operation};
use system_tests::stack::{Stack, write_simulation};

/// What is no id, as a text.
const TEXTS: [&str; 22] = [
    "",
    ".",
    "..",
    "../x",
    "../../etc/passwd",
    "bridge/../bridge",
    "..\\x",
    "/etc/passwd",
    "a.b",
    "*",
    ">",
    "bridge.>",
    " ",
    "bridge 1",
    "bridge\r\nx: y",
    "bridge\0",
    "$(touch x)",
    "'; DROP TABLE run; --",
    // Full-width, Cyrillic, a zero-width space, an upper-case letter, a Turkish i, a ligature.
    "ｂｒｉｄｇｅ",
    "bгidge",
    "bri\u{200b}dge",
    "Bridge",
];

/// What is no segment of a path, byte by byte as it is sent.
const BYTES: [&[u8]; 17] = [
    b"..",
    b"../x",
    b"../../x",
    b"%2e%2e",
    b"%2e%2e%2fx",
    b"%2E%2E%5cx",
    b"%252e%252e%252fx",
    b"..;",
    b"a.b",
    b"*",
    b">",
    b"%00",
    b"bridge%00",
    b"%0d%0aset-cookie:x",
    b"%ff%fe",
    b"\xff\xfe",
    b"bridge\0",
];

/// Beside [`TEXTS`]: a run's number that is too high, and one with a leading nought.
const NUMBERS: [&str; 3] = ["bridge-99999999999999999999", "bridge-01", "bridge-0"];

fn texts() -> Vec<String> {
    let long = ["a".repeat(300), "a".repeat(10_000), format!("{}-1", "é".repeat(300))];
    TEXTS.iter().chain(&NUMBERS).map(|it| (*it).to_owned()).chain(long).collect()
}

/// What is there for a parameter that is not looked at now.
fn usual(parameter: &Value) -> String {
    match &parameter["example"] {
        Value::String(text) => text.clone(),
        Value::Null => "bridge-1".to_owned(),
        other => other.to_string(),
    }
}

fn percent(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    text.bytes()
        .map(
            |byte| {
                if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
            },
        )
        .collect()
}

fn parameters<'a>(operation: &'a Operation, place: &str) -> Vec<&'a Value> {
    let all = operation.value["parameters"].as_array().into_iter().flatten();
    all.filter(|it| it["in"] == place).collect()
}

/// The operation's path with `hostile` in place of one parameter; the others are usual.
fn path_with(operation: &Operation, parameter: &str, hostile: &[u8]) -> Vec<u8> {
    let mut path = Vec::new();
    for (index, piece) in operation.path.split('{').enumerate() {
        let (name, rest) = if index == 0 { ("", piece) } else { piece.split_once('}').unwrap() };
        if name == parameter && index > 0 {
            path.extend_from_slice(hostile);
        } else if index > 0 {
            let other = parameters(operation, "path").into_iter().find(|it| it["name"] == name);
            path.extend_from_slice(usual(other.unwrap()).as_bytes());
        }
        path.extend_from_slice(rest.as_bytes());
    }
    path
}

/// What is asked in JSON where everything is right, as the document's example has it.
fn body(operation: &Operation) -> Option<Value> {
    let content = &operation.value["requestBody"]["content"]["application/json"];
    content.get("schema")?;
    let example = content.get("example");
    let place = format!("{} {}", operation.method, operation.path);
    Some(example.unwrap_or_else(|| panic!("the body of {place} has no example")).clone())
}

/// Sends it as it is; what does not look like HTTP is answered with nothing but a status, if at all.
fn send(port: u16, method: &str, path: &[u8], body: Option<&Value>) -> Option<Response> {
    let body = body.map_or(String::new(), Value::to_string);
    let head = format!(
        " HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let method = method.to_ascii_uppercase();
    let request = [method.as_bytes(), b" ", path, head.as_bytes()].concat();
    Response::read(&exchange_bytes(port, &request)?)
}

/// Asks, and notes what is not refused as it should be.
fn expect_refusal(
    port: u16,
    operation: &Operation,
    path: &[u8],
    body: Option<&Value>,
    wrong: &mut Vec<String>,
) {
    let shown = String::from_utf8_lossy(path).escape_debug().to_string();
    let place = format!("{} {shown} {}", operation.method, body.unwrap_or(&Value::Null));
    let Some(response) = send(port, &operation.method, path, body) else {
        return wrong.push(format!("{place}: no answer"));
    };
    // What is no HTTP is refused without words, before it comes to a route.
    let text = std::str::from_utf8(path).ok().filter(|it| !it.contains(|c: char| c <= ' '));
    let problems = match text.filter(|_| !response.body.is_empty()) {
        Some(path) => openapi::problems(&operation.method, path, &response),
        None => Vec::new(),
    };
    // Some of what MiroFish has is not here, whatever is asked for: also documented, as 501.
    let is_refused = (400..500).contains(&response.status) || response.status == 501;
    if !is_refused || !problems.is_empty() {
        wrong.push(format!("{place}: {} {problems:?} {}", response.status, response.body));
    }
}

fn is_command_id(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(is_plain)
}

/// Each path below a folder, and of files below `simulations` what is in them.
fn tree(folder: &Path, found: &mut Files) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.to_string_lossy().into_owned();
        let is_folder = path.is_dir();
        // SQLite's own, which come and go.
        if name.ends_with("-wal") || name.ends_with("-shm") || name.ends_with("-journal") {
            continue;
        }
        let is_given = name.contains("/simulations/") && !is_folder;
        found.insert(name, if is_given { std::fs::read(&path).unwrap() } else { Vec::new() });
        if is_folder {
            tree(&path, found);
        }
    }
}

/// Paths, and of files below `simulations` what is in them.
type Files = BTreeMap<String, Vec<u8>>;

/// By stream, each subject and how many messages it has.
type Subjects = BTreeMap<String, BTreeMap<String, u64>>;

/// What there is on disk and on the bus.
fn world(stack: &Stack) -> (Files, Subjects) {
    let mut files = Files::new();
    tree(stack.dir(), &mut files);
    let url = stack.nats.url();
    let port = url.rsplit(':').next().unwrap().parse().unwrap();
    let mut wire = Wire::connect(port).unwrap();
    let names = wire.request("$JS.API.STREAM.NAMES", b"").unwrap().unwrap();
    let names: Value = serde_json::from_slice(&names).unwrap();
    let names = names["streams"].as_array().unwrap().iter().map(|it| it.as_str().unwrap());
    let streams: Subjects =
        names.map(|name| (name.to_owned(), wire.subjects(name).unwrap())).collect();
    assert!(streams.values().map(BTreeMap::len).sum::<usize>() > 10, "{streams:?}");
    (files, streams)
}

fn stack_with_a_run() -> Stack {
    let stack = Stack::start();
    let folder = write_simulation(&stack.dir().join("simulations"), "bridge", 6, 2);
    stack.shoal_json(&["run", folder.to_str().unwrap()]);
    stack.await_status("bridge-1", "completed", |it| it["status"] == "completed");
    // What is there is found by everybody.
    let path = "/api/simulation/bridge-1/actions";
    system_tests::wait_for("pages", || get(stack.http_port, path).filter(|it| it.status == 200));
    stack
}

#[test]
fn nothing_that_is_no_id_is_taken_for_one_and_nothing_comes_of_it() {
    let stack = stack_with_a_run();
    let before = world(&stack);
    let (port, mut wrong, mut asked) = (stack.http_port, Vec::new(), 0);
    for operation in openapi::operations() {
        let body = body(&operation);
        for parameter in parameters(&operation, "path") {
            let name = parameter["name"].as_str().unwrap();
            let encoded = texts().into_iter().map(|text| percent(&text).into_bytes());
            for hostile in encoded.chain(BYTES.map(<[u8]>::to_vec)) {
                let path = path_with(&operation, name, &hostile);
                expect_refusal(port, &operation, &path, body.as_ref(), &mut wrong);
                asked += 1;
            }
        }
        for (field, value) in body.iter().filter_map(Value::as_object).flatten() {
            if !field.ends_with("_id") || !value.is_string() {
                continue;
            }
            // A command is called whatever its client likes, of letters and digits.
            let is_wrong = |text: &String| field != "command_id" || !is_command_id(text);
            let others = texts().into_iter().filter(is_wrong).map(Value::from);
            for hostile in others.chain([json!(7), json!(["bridge"]), json!({}), json!(true)]) {
                let mut body = body.clone().unwrap();
                body[field] = hostile;
                let path = path_with(&operation, "", b"");
                expect_refusal(port, &operation, &path, Some(&body), &mut wrong);
                asked += 1;
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {asked}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(asked > 400, "only {asked} requests");
    let after = world(&stack);
    assert_eq!(before.1, after.1);
    assert_eq!(before.0.keys().collect::<Vec<_>>(), after.0.keys().collect::<Vec<_>>());
    assert!(before.0 == after.0, "a file below simulations is another one");
}

#[test]
fn parameters_of_questions_are_words_or_numbers_and_never_names_of_files() {
    let stack = stack_with_a_run();
    let before = world(&stack);
    let (mut wrong, mut asked) = (Vec::new(), 0);
    for operation in openapi::operations().into_iter().filter(|it| it.method == "get") {
        for parameter in parameters(&operation, "query") {
            let schema = &parameter["schema"];
            for hostile in texts() {
                // A text that is searched for may be anything.
                if openapi::allows(schema, &hostile) {
                    continue;
                }
                let mut path = path_with(&operation, "", b"");
                let name = parameter["name"].as_str().unwrap();
                path.extend_from_slice(format!("?{name}={}", percent(&hostile)).as_bytes());
                expect_refusal(stack.http_port, &operation, &path, None, &mut wrong);
                asked += 1;
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {asked}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(asked > 500, "only {asked} requests");
    assert_eq!(before.1, world(&stack).1);
}

#[test]
fn what_is_no_http_is_refused_and_the_launcher_goes_on() {
    let stack = Stack::start();
    for request in [
        &b"GET /api/simulation/x\r\ny/run-status HTTP/1.1\r\nhost: localhost\r\n\r\n"[..],
        b"GET /api/simulation/x\0/run-status HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nx\0: y\r\n\r\n",
        b"GET /healthz HTTP/9.9\r\nhost: localhost\r\n\r\n",
        b"POST /api/simulation/stop HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n",
        b"POST /api/simulation/stop HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\n\
          content-length: 2\r\n\r\n{}",
        b"POST /api/simulation/stop HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ] {
        let answer = exchange_bytes(stack.http_port, request).unwrap_or_default();
        let text = String::from_utf8_lossy(&answer);
        let is_refused = answer.is_empty() || text.starts_with("HTTP/1.1 4");
        assert!(is_refused, "{:?}: {text}", String::from_utf8_lossy(request));
    }
    assert_eq!(get(stack.http_port, "/healthz").unwrap().status, 200);
}
