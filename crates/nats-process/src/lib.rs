//! A private nats-server for a test: its own port and store, gone when the value is dropped.
//!
//! For tests only: what goes wrong here panics, with what the server said.

mod disk;

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::disk::Disk;
pub use crate::disk::small_disks;

/// What is special about a server.
#[derive(Clone, Debug)]
pub struct Options {
    /// More configuration, e.g. an `authorization` block.
    pub config_extra: String,
    /// More configuration within the `jetstream` block; `None`: no JetStream at all.
    pub jetstream: Option<String>,
    /// Where messages are kept; `None`: in a directory of its own that is removed at the end.
    pub store: Option<PathBuf>,
    /// The port; `None`: the server chooses a free one.
    pub port: Option<u16>,
    /// The size in megabytes of a disk of its own, in memory, on which messages are kept, also
    /// while the server is dead; `None`: the disk of `store`. See [`small_disks`].
    pub disk: Option<u64>,
    /// Another nats-server than the usual one, e.g. [`too_old`].
    pub binary: Option<PathBuf>,
}

/// A running nats-server.
#[derive(Debug)]
pub struct NatsServer {
    /// The port for clients, on 127.0.0.1; the same after a restart.
    pub client_port: u16,
    options: Options,
    directory: TempDir,
    disk: Option<Disk>,
    child: Child,
}

/// How long a server may take to start; much, since tests share the machine.
const PATIENCE: Duration = Duration::from_secs(30);

impl Default for Options {
    fn default() -> Self {
        Options {
            config_extra: String::new(),
            jetstream: Some(String::new()),
            store: None,
            port: None,
            disk: None,
            binary: None,
        }
    }
}

impl NatsServer {
    /// Starts a server and waits until it takes connections.
    ///
    /// # Panics
    /// If there is no nats-server, or it does not start; with what it said.
    pub fn start(options: Options) -> NatsServer {
        let directory = TempDir::with_prefix("nats-")
            .unwrap_or_else(|error| panic!("failed to make a directory: {error}"));
        let store = store(directory.path(), &options);
        let disk = options.disk.map(|megabytes| Disk::mount(&store, megabytes));
        let (child, client_port) = launch(directory.path(), &options, disk.as_ref());
        NatsServer { client_port, options, directory, disk, child }
    }

    /// Starts `count` servers that are one cluster, named `n1`, `n2` and so on; they may still be
    /// electing a leader.
    ///
    /// # Panics
    /// As [`NatsServer::start`].
    pub fn cluster(count: usize) -> Vec<NatsServer> {
        NatsServer::members(count).into_iter().map(NatsServer::start).collect()
    }

    /// What `count` servers that are one cluster are started with, each with a port that is known
    /// before.
    ///
    /// # Panics
    /// If there are no free ports.
    pub fn members(count: usize) -> Vec<Options> {
        let mut ports: Vec<u16> = free_ports(2 * count);
        let client_ports = ports.split_off(count);
        let routes: Vec<String> =
            ports.iter().map(|port| format!("\"nats://127.0.0.1:{port}\"")).collect();
        let member = |(number, port): (usize, &u16)| Options {
            config_extra: format!(
                "server_name: n{}\ncluster {{ name: shoal, listen: \"127.0.0.1:{port}\", routes: \
                 [{}] }}\n",
                number + 1,
                routes.join(", ")
            ),
            port: Some(client_ports[number]),
            ..Options::default()
        };
        ports.iter().enumerate().map(member).collect()
    }

    /// `nats://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.client_port)
    }

    /// `nats://user:password@127.0.0.1:<port>`.
    pub fn url_as(&self, user: &str, password: &str) -> String {
        format!("nats://{user}:{password}@127.0.0.1:{}", self.client_port)
    }

    /// The process, for signals.
    pub fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// Kills it as `kill -9` does. What was not synced may be lost, as in life.
    pub fn kill(&mut self) {
        // Fails only if it is dead already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Kills it if it lives, and starts it again on the same port and store.
    ///
    /// # Panics
    /// If it does not start; with what it said.
    pub fn restart(&mut self) {
        self.kill();
        self.options.port = Some(self.client_port);
        (self.child, _) = launch(self.directory.path(), &self.options, self.disk.as_ref());
    }

    /// Fills its own disk to the last byte.
    ///
    /// # Panics
    /// If it has none, or it cannot be written to.
    pub fn fill_disk(&self) {
        self.own_disk().fill();
    }

    /// Makes room again on its own disk.
    ///
    /// # Panics
    /// If it has none.
    pub fn empty_disk(&self) {
        self.own_disk().empty();
    }

    fn own_disk(&self) -> &Disk {
        self.disk.as_ref().expect("a server that was started with a disk of its own")
    }

    /// Everything that it has logged.
    pub fn log(&self) -> String {
        read_log(self.directory.path())
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The nats-server to be used: `NATS_SERVER_BIN`, else what `scripts/nats_server.py` finds in
/// PATH or installs.
///
/// # Panics
/// If there is none; says how to get one.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| match env::var_os("NATS_SERVER_BIN") {
        Some(named) => PathBuf::from(named),
        None => find(&[]),
    })
}

/// A nats-server without atomic batches, which `scripts/nats_server.py` installs.
///
/// # Panics
/// If it cannot be installed; says why.
pub fn too_old() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| find(&["--too-old"]))
}

fn find(wish: &[&str]) -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/nats_server.py");
    let found = Command::new("python3").arg(&script).args(wish).output();
    let said = match found {
        Ok(output) if output.status.success() => {
            return PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
        }
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => format!("failed to run python3: {error}"),
    };
    panic!(
        "no nats-server: set NATS_SERVER_BIN, put nats-server 2.15 or newer into PATH, or let \
         scripts/nats_server.py install one; it said:\n{said}"
    );
}

fn launch(directory: &Path, options: &Options, disk: Option<&Disk>) -> (Child, u16) {
    let config = directory.join("nats.conf");
    write(&config, &configuration(directory, options));
    let program = options.binary.as_deref().unwrap_or_else(|| binary());
    let mut child = disk
        .map_or_else(|| Command::new(program), |disk| disk.command(program))
        .arg("-c")
        .arg(&config)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("failed to start {}: {error}", program.display()));
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(port) = open_port(directory, child.id()) {
            return (child, port);
        }
        let exited = child.try_wait().ok().flatten();
        if exited.is_some() || Instant::now() > deadline {
            let _ = child.kill();
            panic!("nats-server did not start ({exited:?}):\n{}", read_log(directory));
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// The port, once the server has written it down and takes connections there.
fn open_port(directory: &Path, process: u32) -> Option<u16> {
    let path = directory.join(format!("nats-server_{process}.ports"));
    let ports: serde_json::Value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    // `nats` or `tls`.
    let (_, address) = ports["nats"][0].as_str()?.split_once("://")?;
    let address: SocketAddr = address.parse().ok()?;
    TcpStream::connect(address).ok()?;
    Some(address.port())
}

/// Ports that nobody has at this moment. No two calls of a process give the same.
fn free_ports(count: usize) -> Vec<u16> {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let (mut listeners, mut ports) = (Vec::new(), Vec::new());
    while ports.len() < count {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        if given.insert(port) {
            ports.push(port);
        }
        // Held, so that the next one is another.
        listeners.push(listener);
    }
    ports
}

fn configuration(directory: &Path, options: &Options) -> String {
    let port = options.port.map_or("-1".to_owned(), |port| port.to_string());
    let directory_text = directory.display();
    let store = store(directory, options);
    // Else the server would take three quarters of a small disk for its limit, and stop there.
    let limit = if options.disk.is_some() { "max_file: 1TB" } else { "" };
    let jetstream = options.jetstream.as_ref().map_or(String::new(), |more| {
        format!("jetstream {{\n  store_dir: \"{}\"\n  {limit}\n  {more}\n}}\n", store.display())
    });
    format!(
        "listen: 127.0.0.1:{port}\n\
         ports_file_dir: \"{directory_text}\"\n\
         log_file: \"{directory_text}/nats.log\"\n\
         {jetstream}{}\n",
        options.config_extra
    )
}

fn store(directory: &Path, options: &Options) -> PathBuf {
    options.store.clone().unwrap_or_else(|| directory.join("store"))
}

fn read_log(directory: &Path) -> String {
    fs::read_to_string(directory.join("nats.log")).unwrap_or_default()
}

fn write(path: &Path, text: &str) {
    fs::write(path, text)
        .unwrap_or_else(|error| panic!("failed to write {}: {error}", path.display()));
}
