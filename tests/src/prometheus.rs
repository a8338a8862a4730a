//! A Prometheus of our own on loopback, as `deploy/prometheus.yml` configures it.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::http::exchange;
use crate::stack::free_port;
use crate::wait_for;

/// Whom it asks.
#[derive(Clone, Copy, Debug)]
pub struct Targets {
    /// The launcher's port.
    pub launcher: u16,
    /// The simulator's.
    pub simulator: u16,
    /// The memory-sink's.
    pub memory_sink: u16,
}

/// A Prometheus that runs; dropping it ends it.
#[derive(Debug)]
pub struct Prometheus {
    child: Child,
    port: u16,
}

/// Whether there is one on this machine.
pub fn is_there() -> bool {
    let asked = |program| {
        let mut command = Command::new(program);
        command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    asked("prometheus") && asked("promtool")
}

impl Prometheus {
    /// Starts one with the files of `deploy`, but for the addresses and that it asks each second;
    /// its own files are in `dir`.
    ///
    /// # Panics
    /// If it cannot be started, or the configuration has other addresses than this knows.
    pub fn start(deploy: &Path, dir: &Path, targets: Targets) -> Prometheus {
        let read = |name| std::fs::read_to_string(deploy.join(name)).expect("a file of deploy");
        let here = |port: u16| format!("\"127.0.0.1:{port}\"");
        let token = dir.join("token");
        std::fs::write(&token, "of no use here").expect("a writable folder");
        let discovery = "dns_sd_configs:\n      - {names: [simulator], type: A, port: 9464, \
                         refresh_interval: 15s}";
        let fixed = format!("static_configs:\n      - targets: [{}]", here(targets.simulator));
        let mut config = read("prometheus.yml");
        for (there, here) in [
            ("\"launcher:5001\"", here(targets.launcher)),
            (discovery, fixed),
            ("\"memory-sink:9464\"", here(targets.memory_sink)),
            ("scrape_interval: 15s", "scrape_interval: 1s".to_owned()),
            ("evaluation_interval: 15s", "evaluation_interval: 1s".to_owned()),
            ("/run/secrets/http-token", token.display().to_string()),
        ] {
            assert!(config.contains(there), "deploy/prometheus.yml has no {there}");
            config = config.replace(there, &here);
        }
        let file = dir.join("prometheus.yml");
        std::fs::write(&file, config).expect("a writable folder");
        std::fs::write(dir.join("alerts.yml"), read("alerts.yml")).expect("a writable folder");
        let port = free_port();
        let log = std::fs::File::create(dir.join("prometheus.log")).expect("a writable log");
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", dir.join("tsdb").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("a prometheus");
        let mut prometheus = Prometheus { child, port };
        wait_for("Prometheus to be ready", || {
            let ended = prometheus.child.try_wait().expect("a child that can be asked");
            let said = || std::fs::read_to_string(dir.join("prometheus.log")).unwrap_or_default();
            assert!(ended.is_none(), "Prometheus has ended:\n{}", said());
            exchange(port, "GET", "/-/ready", &[], b"").filter(|answer| answer.status == 200)
        });
        prometheus
    }

    /// What a query gives: labels and value of each line.
    ///
    /// # Panics
    /// If it is refused.
    pub fn query(&self, query: &str) -> Vec<(Value, f64)> {
        let found = self.api(&format!("query?query={}", escape(query)));
        let lines = found["result"].as_array().expect("a vector").clone();
        let value = |line: &Value| line["value"][1].as_str()?.parse().ok();
        lines.iter().filter_map(|line| Some((line["metric"].clone(), value(line)?))).collect()
    }

    /// The value of a query that has one; `None` if there is nothing yet.
    pub fn value(&self, query: &str) -> Option<f64> {
        self.query(query).first().map(|(_, value)| *value)
    }

    /// What another question of its API gives.
    ///
    /// # Panics
    /// If it is refused.
    pub fn api(&self, question: &str) -> Value {
        let path = format!("/api/v1/{question}");
        let answer = exchange(self.port, "GET", &path, &[], b"").expect("an answer of Prometheus");
        let answer = answer.json();
        assert_eq!(answer["status"], "success", "{question}: {answer}");
        answer["data"].clone()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// A text as it stands in a URL.
fn escape(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let escape = |byte: u8| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}
