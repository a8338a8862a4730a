//! A whole Shoal on a private bus, in a temporary folder.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::atomic::{AtomicU16, Ordering};

use nats_process::{NatsServer, Options};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::keys::Keys;
use crate::process::{Service, program, run};
use crate::{http, wait_for};

/// The services, in the order in which they are started.
pub const SERVICES: [&str; 3] = ["shoal-memory-sink", SIMULATOR, "shoal-launcher"];

/// The first node's name among the services.
pub const SIMULATOR: &str = "shoal-simulator";

/// Set to a file, all stacks are under the rights of `shoal keys`, and tests that speak to the bus
/// without a key may do anything. What servers refuse is appended to the file: so the whole suite
/// finds rights that are missing.
const UNDER_RIGHTS: &str = "SHOAL_TEST_RIGHTS";

/// A bus, the services on it, and where their files are.
#[derive(Debug)]
pub struct Stack {
    /// The services by name. First, so that they end before their bus.
    pub services: BTreeMap<String, Service>,
    /// The bus.
    pub nats: NatsServer,
    /// The launcher's port.
    pub http_port: u16,
    /// What every process is told.
    pub environment: BTreeMap<String, String>,
    /// Each service's own key, where the server asks for one.
    keys: Option<Keys>,
    dir: TempDir,
}

impl Stack {
    /// Starts a bus and all services, and waits until they are ready.
    pub fn start() -> Stack {
        Stack::start_with(&[])
    }

    /// The same, with more environment variables for the services.
    pub fn start_with(more: &[(&str, &str)]) -> Stack {
        let open = std::env::var_os(UNDER_RIGHTS).is_none();
        let keys = (!open).then(|| Keys::make(more));
        let config_extra = keys.as_ref().map(Keys::for_anybody).unwrap_or_default();
        let nats = NatsServer::start(Options { config_extra, ..Options::default() });
        let url = nats.url();
        Stack::with_keys(nats, &url, more, keys)
    }

    /// The same under the rights of `shoal keys`: each service is a user of its own, and nobody is
    /// let in without a key.
    pub fn start_secured(more: &[(&str, &str)]) -> Stack {
        let keys = Keys::make(more);
        let nats = NatsServer::start(Options { config_extra: keys.rights(), ..Options::default() });
        let url = nats.url();
        Stack::with_keys(nats, &url, more, Some(keys))
    }

    /// On a bus that is there, reached at `url`.
    pub fn on(nats: NatsServer, url: &str, more: &[(&str, &str)]) -> Stack {
        Stack::with_keys(nats, url, more, None)
    }

    fn with_keys(nats: NatsServer, url: &str, more: &[(&str, &str)], keys: Option<Keys>) -> Stack {
        let dir = TempDir::new().expect("a temporary folder");
        std::fs::create_dir(dir.path().join("simulations")).expect("a writable folder");
        let http_port = free_port();
        let text = |path: PathBuf| path.to_string_lossy().into_owned();
        let mut environment: BTreeMap<String, String> = [
            ("NATS_URL", url.to_owned()),
            ("SHOAL_HTTP_LISTEN", format!("127.0.0.1:{http_port}")),
            ("SHOAL_REQUIRE_SERVICES", "true".to_owned()),
            ("SHOAL_MEMORY_DIR", text(dir.path().join("memory"))),
            ("SHOAL_SIMULATIONS_DIR", text(dir.path().join("simulations"))),
            ("SHOAL_LOG", "info".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        environment
            .extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let services = BTreeMap::new();
        let mut stack = Stack { services, nats, http_port, environment, keys, dir };
        if let Some(keys) = &stack.keys {
            keys.provision(&stack.environment);
        }
        for name in SERVICES {
            stack.start_service(name);
        }
        stack.await_ready();
        stack
    }

    /// Starts (or starts again) one service.
    pub fn start_service(&mut self, name: &str) {
        let environment = self.environment_of(name);
        let service = Service::start(name, name, self.dir.path(), &environment);
        self.services.insert(name.to_owned(), service);
    }

    /// Starts (or starts again) a simulator under a name of its own, with more environment
    /// variables. One that lives under this name ends first.
    pub fn start_node(&mut self, name: &str, more: &[(&str, &str)]) {
        let mut environment = self.environment_of(SIMULATOR);
        let own = [&[("SHOAL_NODE", name)], more].concat();
        environment
            .extend(own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.services.remove(name);
        let service = Service::start(name, SIMULATOR, self.dir.path(), &environment);
        self.services.insert(name.to_owned(), service);
    }

    /// Starts (or starts again) a memory-sink under a name of its own, with a folder of its own and
    /// more environment variables.
    pub fn start_sink(&mut self, name: &str, more: &[(&str, &str)]) {
        let mut environment = self.environment_of("shoal-memory-sink");
        let folder = self.dir.path().join(name);
        environment.insert("SHOAL_MEMORY_DIR".to_owned(), folder.display().to_string());
        environment
            .extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.services.remove(name);
        let service = Service::start(name, "shoal-memory-sink", self.dir.path(), &environment);
        self.services.insert(name.to_owned(), service);
    }

    /// Starts one more launcher, and waits until it is ready; returns its port.
    pub fn start_launcher(&mut self, name: &str) -> u16 {
        let port = free_port();
        self.start_launcher_on(name, port);
        port
    }

    /// The same on this port, which it may have had before.
    pub fn start_launcher_on(&mut self, name: &str, port: u16) {
        let mut environment = self.environment_of("shoal-launcher");
        environment.insert("SHOAL_HTTP_LISTEN".to_owned(), format!("127.0.0.1:{port}"));
        // Each has its own read model.
        environment.remove("SHOAL_READ_MODEL");
        self.services.remove(name);
        let service = Service::start(name, "shoal-launcher", self.dir.path(), &environment);
        self.services.insert(name.to_owned(), service);
        self.await_launcher(port);
    }

    /// What a program is told, its own key included.
    fn environment_of(&self, program: &str) -> BTreeMap<String, String> {
        let mut environment = self.environment.clone();
        if let Some(keys) = &self.keys {
            let role = program.strip_prefix("shoal-").unwrap_or(program);
            environment.insert("NATS_NKEY".to_owned(), keys.file(role));
            if role == "launcher" {
                environment.insert("SHOAL_JANITOR_NKEY".to_owned(), keys.file("janitor"));
            }
        }
        environment
    }

    /// The file with a role's key, on a stack that has keys.
    ///
    /// # Panics
    /// If it has none.
    pub fn key(&self, role: &str) -> String {
        self.keys.as_ref().expect("a secured stack").file(role)
    }

    /// Waits until the launcher says that all services are there.
    pub fn await_ready(&mut self) {
        self.await_launcher(self.http_port);
    }

    fn await_launcher(&mut self, port: u16) {
        wait_for("/readyz to be 200", || {
            for (name, service) in &mut self.services {
                assert!(service.is_alive(), "{name} has ended:\n{}", service.log());
            }
            http::get(port, "/readyz").filter(|answer| answer.status == 200)
        });
    }

    /// One of the services.
    pub fn service(&mut self, name: &str) -> &mut Service {
        self.services.get_mut(name).expect("a service that was started")
    }

    /// The folder in which services keep their files.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Runs `shoal` with these arguments.
    pub fn shoal(&self, arguments: &[&str]) -> Output {
        let mut environment = self.environment_of("shoal-cli");
        // Its log lines on stderr are not what it says to people.
        environment.insert("SHOAL_LOG".to_owned(), "error".to_owned());
        // What is to go wrong goes wrong in the services.
        environment.remove("SHOAL_FAULTS");
        run(&program("shoal"), arguments, &environment)
    }

    /// Runs `shoal … --json` and reads what it says.
    ///
    /// # Panics
    /// If it fails or says no JSON.
    pub fn shoal_json(&self, arguments: &[&str]) -> Value {
        let output = self.shoal(&[arguments, &["--json"]].concat());
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "shoal {arguments:?} failed:\n{out}\n{err}");
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
    }

    /// A run's status, once it satisfies `condition`.
    pub fn await_status(&self, run: &str, what: &str, condition: impl Fn(&Value) -> bool) -> Value {
        wait_for(&format!("{run} to be {what}"), || {
            let output = self.shoal(&["status", run, "--json"]);
            let status = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| json!({}));
            condition(&status).then_some(status)
        })
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        use std::io::Write as _;
        let Some(path) = std::env::var_os(UNDER_RIGHTS) else { return };
        let log = self.nats.log();
        let file = std::fs::File::options().create(true).append(true).open(path);
        let mut file = file.expect("a file for what is refused");
        for line in log.lines().filter(|line| line.contains("Violation")) {
            writeln!(file, "{line}").expect("a writable file");
        }
    }
}

/// A folder of a small simulation: `agents` agents, `hours` rounds of an hour, lively.
pub fn write_simulation(dir: &Path, id: &str, agents: usize, hours: u32) -> PathBuf {
    let folder = dir.join(id);
    std::fs::create_dir_all(&folder).expect("a writable folder");
    let stances = ["supportive", "opposing", "neutral", "observer"];
    let agent = |i: usize| {
        json!({"agent_id": i, "entity_name": format!("Agent {i}"), "entity_type": "Person",
            "activity_level": 0.9, "posts_per_hour": 0.6, "comments_per_hour": 0.8,
            "active_hours": (0..24).collect::<Vec<u32>>(), "response_delay_min": 1,
            "response_delay_max": 10, "sentiment_bias": 0.1, "stance": stances[i % 4],
            "influence_weight": 1.0})
    };
    let config = json!({
        "simulation_id": id,
        "simulation_requirement": "Will the bridge be closed?",
        "time_config": {"total_simulation_hours": hours, "minutes_per_round": 60,
            "agents_per_hour_min": agents / 2, "agents_per_hour_max": agents},
        "agent_configs": (0..agents).map(agent).collect::<Vec<_>>(),
        "event_config": {"initial_posts": [
            {"content": "The bridge will close on Monday.", "poster_agent_id": 0},
            {"content": "Says who?", "poster_agent_id": 1}],
            "hot_topics": ["bridge", "ferry"], "narrative_direction": ""},
        "twitter_config": {"platform": "twitter"}, "reddit_config": {"platform": "reddit"},
    });
    let profile = |i: usize| {
        json!({"user_id": i, "username": format!("agent_{i}"), "name": format!("Agent {i}"),
            "bio": format!("Crosses the bridge daily, number {i}."), "persona": "Talks a lot.",
            "age": 30, "gender": "other", "mbti": "ISTJ", "country": "UK",
            "interested_topics": ["bridge"]})
    };
    let profiles: Vec<Value> = (0..agents).map(profile).collect();
    let mut csv = "user_id,name,username,user_char,description\r\n".to_owned();
    for i in 0..agents {
        csv += &format!(
            "{i},Agent {i},agent_{i},Talks a lot.,\"Crosses the bridge, number {i}.\"\r\n"
        );
    }
    let write = |name: &str, text: &str| {
        std::fs::write(folder.join(name), text).expect("a writable folder");
    };
    write("simulation_config.json", &config.to_string());
    write("reddit_profiles.json", &Value::from(profiles).to_string());
    write("twitter_profiles.csv", &csv);
    folder
}

/// A loopback port on which nobody listens, below those (32768 and up on Linux) that outgoing
/// connections get: one of them may take such a port before a service does. No two calls of a
/// process give the same.
pub fn free_port() -> u16 {
    static CALLS: AtomicU16 = AtomicU16::new(0);
    const FIRST: u16 = 20_000;
    const PORTS: u16 = 12_768;
    // Processes that run side by side have ids side by side, and begin apart.
    let start = std::process::id().wrapping_mul(61) % u32::from(PORTS);
    let own = u16::try_from(start).expect("less than PORTS");
    (0..PORTS)
        .map(|_| FIRST + (own + CALLS.fetch_add(1, Ordering::Relaxed) % PORTS) % PORTS)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}

/// Output as text.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
