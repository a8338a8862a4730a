//! A small disk for one server, in memory, so that it can be full.
//!
//! It is mounted in a mount namespace of its own, which needs no rights outside and leaves nothing
//! behind. A process of ours holds the namespace; servers enter it, come and go.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

/// A mounted disk, gone when the value is dropped.
#[derive(Debug)]
pub(crate) struct Disk {
    holder: Child,
    path: PathBuf,
}

/// Mounts `$1` with size `$2`, says so, and waits for the end of stdin: of its test.
const HOLD: &str = r#"mount -t tmpfs -o "size=$2" shoal "$1" && echo mounted && exec cat"#;

/// Whether this machine lets a test have a disk of its own.
///
/// # Errors
/// What forbids it: a test without such a disk is skipped, and says why.
pub fn small_disks() -> Result<(), String> {
    static PERMITTED: OnceLock<Result<(), String>> = OnceLock::new();
    let attempt = || {
        let directory = TempDir::with_prefix("nats-").map_err(|error| error.to_string())?;
        let disk = Disk::try_mount(directory.path(), 1)?;
        let entered = disk.command(Path::new("true")).stderr(Stdio::piped()).output();
        let entered = entered.map_err(|error| format!("nsenter: {error}"))?;
        let said = String::from_utf8_lossy(&entered.stderr);
        if entered.status.success() { Ok(()) } else { Err(said.trim().to_owned()) }
    };
    PERMITTED.get_or_init(attempt).clone()
}

impl Disk {
    /// # Panics
    /// If this machine does not permit it, see [`small_disks`].
    pub(crate) fn mount(path: &Path, megabytes: u64) -> Disk {
        Disk::try_mount(path, megabytes)
            .unwrap_or_else(|error| panic!("no disk of {megabytes} MB: {error}"))
    }

    fn try_mount(path: &Path, megabytes: u64) -> Result<Disk, String> {
        fs::create_dir_all(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut holder = Command::new("unshare")
            .args(["--map-root-user", "--mount", "sh", "-c", HOLD, "hold"])
            .arg(path)
            .arg(format!("{megabytes}m"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("unshare: {error}"))?;
        let mounted = holder.stdout.take().is_some_and(|output| said_mounted(output));
        let disk = Disk { holder, path: path.to_owned() };
        if mounted { Ok(disk) } else { Err(disk.last_words()) }
    }

    fn last_words(mut self) -> String {
        let _ = self.holder.kill();
        let said = self.holder.stderr.take().map(std::io::read_to_string);
        said.and_then(Result::ok).unwrap_or_default().trim().to_owned()
    }

    /// A command whose process sees the disk, and is the program itself.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("nsenter");
        command
            .args(["--user", "--mount", "--preserve-credentials", "--target"])
            .arg(self.holder.id().to_string())
            .arg("--")
            .arg(program);
        command
    }

    /// Leaves no byte free.
    pub(crate) fn fill(&self) {
        let ballast = self.ballast();
        let file = File::options().create(true).append(true).open(&ballast);
        let mut file = file.unwrap_or_else(|error| panic!("{}: {error}", ballast.display()));
        loop {
            match file.write(&[0; 64 * 1024]) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => return,
                Err(error) => panic!("{}: {error}", ballast.display()),
            }
        }
    }

    /// Takes away what filled it.
    pub(crate) fn empty(&self) {
        let ballast = self.ballast();
        fs::remove_file(&ballast).unwrap_or_else(|error| panic!("{}: {error}", ballast.display()));
    }

    /// As seen from outside.
    fn ballast(&self) -> PathBuf {
        let path = self.path.strip_prefix("/").unwrap_or(&self.path);
        Path::new(&format!("/proc/{}/root", self.holder.id())).join(path).join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

fn said_mounted(output: ChildStdout) -> bool {
    BufReader::new(output)
        .lines()
        .next()
        .is_some_and(|line| line.is_ok_and(|line| line == "mounted"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::print_stderr, reason = "a test that is skipped says why")]

    use super::*;
    use crate::{NatsServer, Options};

    #[test]
    fn a_disk_is_filled_and_emptied_and_outlives_its_server() {
        if let Err(reason) = small_disks() {
            eprintln!("skipped: no small disks: {reason}");
            return;
        }
        let mut server = NatsServer::start(Options { disk: Some(8), ..Options::default() });
        let disk = server.disk.as_ref().unwrap();
        let inside = disk.ballast().with_file_name("kept");
        let outside = disk.path.join("kept");
        fs::write(&inside, "a message").unwrap();
        assert!(!outside.exists(), "the disk is seen by all");
        server.fill_disk();
        let more = inside.with_file_name("more");
        assert_eq!(fs::write(&more, "another").unwrap_err().kind(), ErrorKind::StorageFull);
        server.empty_disk();
        fs::write(&more, "another").unwrap();
        server.kill();
        server.restart();
        assert_eq!(fs::read_to_string(&inside).unwrap(), "a message");
        assert!(
            inside.with_file_name("jetstream").is_dir(),
            "the server keeps its messages elsewhere"
        );
    }
}
