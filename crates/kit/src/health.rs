//! Whether a service does its work, and how much it logs, asked from beside it: a container that
//! holds nothing but our programs has no other way to find out.
//!
//! The service listens on a Unix socket, if it is given one. Whoever connects says in a line what it
//! wants, and gets a line: [`WELL`], with what there is to say, or why not. `health` and `log` of the
//! same program ask there. So the answer is that of this very process, while services of a name share
//! what they are asked on the bus, and to ask needs no rights of the bus.

use std::convert::Infallible;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::FileTypeExt as _;
use std::os::unix::net::UnixStream as BlockingStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use clap::{Args, Subcommand};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};

use crate::telemetry;

/// What a service says that does its work, or what it was asked to do.
pub const WELL: &str = "ok";

/// What a question begins with that is about the log.
const LOG: &str = "log";

/// How long a service may take to find out; then it is not well.
const PATIENCE: Duration = Duration::from_secs(3);

/// For how long `health` waits for the answer.
const PATIENCE_OF_ASKER: Duration = Duration::from_secs(5);

/// The most bytes of a question or an answer that are read.
const MOST_BYTES: u64 = 4096;

/// Where a service says whether it does its work.
#[derive(Args, Clone, Debug, Default)]
pub struct HealthArgs {
    /// Unix socket on which this program says whether it does its work, for `health`, and hears how
    /// much to log, for `log`; a path that no other process has.
    #[arg(long, env = "SHOAL_HEALTH_SOCKET", value_name = "FILE", global = true)]
    pub health_socket: Option<PathBuf>,
}

/// What may be asked of a service that runs, instead of starting one.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Question {
    /// Ask the service that has the same health socket whether it does its work: exit code 0 if it
    /// does, with `ok`, else 1, with the reason.
    Health,
    /// Let the service that has the same health socket log more or less from now on; without LEVELS,
    /// say how much it logs. A restart forgets it.
    Log {
        /// As in SHOAL_LOG: error, warn, info, debug or trace, also by part, such as
        /// info,simulator=debug.
        levels: Option<String>,
    },
}

/// Answers for ever on `socket`; where there is none, does nothing for as long. `is_well` is asked
/// anew by each who wants to know.
///
/// # Errors
/// If the socket cannot be had.
pub async fn answer<F>(socket: Option<&Path>, is_well: impl Fn() -> F) -> anyhow::Result<Infallible>
where
    F: Future<Output = Result<(), String>>,
{
    answer_within(PATIENCE, socket, is_well).await
}

async fn answer_within<F>(
    patience: Duration,
    socket: Option<&Path>,
    is_well: impl Fn() -> F,
) -> anyhow::Result<Infallible>
where
    F: Future<Output = Result<(), String>>,
{
    let Some(path) = socket else { return std::future::pending().await };
    let listener = listen(path)
        .with_context(|| format!("cannot answer on the health socket {}", path.display()))?;
    loop {
        // Connections that break are the asker's own business.
        let Ok((mut asker, _)) = listener.accept().await else { continue };
        let said = async {
            match hear(&mut asker).await?.split_once(' ') {
                Some((LOG, "")) => Ok(Some(telemetry::levels().borrow().to_string())),
                Some((LOG, levels)) => {
                    telemetry::set_levels(levels).map(|()| Some(levels.to_owned()))
                }
                _ => is_well().await.map(|()| None),
            }
        };
        let line = match tokio::time::timeout(patience, said).await {
            Ok(Ok(None)) => WELL.to_owned(),
            Ok(Ok(Some(said))) => format!("{WELL}: {said}"),
            Ok(Err(reason)) => reason,
            Err(_) => format!("no answer within {patience:?}"),
        };
        let _gone = tokio::time::timeout(PATIENCE, say(&mut asker, &line)).await;
    }
}

/// What is asked, in a line.
async fn hear(asker: &mut UnixStream) -> Result<String, String> {
    let mut line = String::new();
    let read = BufReader::new(asker.take(MOST_BYTES)).read_line(&mut line).await;
    read.map_err(|error| format!("the question cannot be read: {error}"))?;
    Ok(line.trim_end_matches('\n').to_owned())
}

async fn say(asker: &mut UnixStream, line: &str) -> std::io::Result<()> {
    asker.write_all(line.as_bytes()).await?;
    asker.shutdown().await
}

/// A process that was killed leaves its socket; one that lives answers there.
fn listen(path: &Path) -> anyhow::Result<UnixListener> {
    match BlockingStream::connect(path) {
        Ok(_) => bail!("another process answers there; give each its own (SHOAL_HEALTH_SOCKET)"),
        // So does any other file refuse, and it stays.
        Err(error) if error.kind() == ErrorKind::ConnectionRefused && is_socket(path) => {
            std::fs::remove_file(path)?;
        }
        Err(_) => {}
    }
    Ok(UnixListener::bind(path)?)
}

fn is_socket(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket())
}

/// Asks the service on `socket`.
///
/// # Errors
/// Why it does not do its work, or what it is asked to do, as far as that is known.
pub fn ask(socket: Option<&Path>, question: &Question) -> anyhow::Result<ExitCode> {
    let path = socket.ok_or_else(|| {
        anyhow!("expected --health-socket or SHOAL_HEALTH_SOCKET, as the service has it")
    })?;
    let line = match question {
        Question::Health => "health\n".to_owned(),
        Question::Log { levels } => {
            let levels = levels.as_deref().unwrap_or_default();
            if levels.contains('\n') {
                bail!("LEVELS is {levels:?}, expected one line, such as info,simulator=debug");
            }
            format!("{LOG} {levels}\n")
        }
    };
    let answer = read(path, &line).with_context(|| {
        format!("nobody says on the health socket {} how it is", path.display())
    })?;
    match answer.as_str() {
        "" => bail!("the service ended instead of saying how it is"),
        well if well == WELL || well.starts_with("ok: ") => {
            writeln!(std::io::stdout(), "{well}")?;
            Ok(ExitCode::SUCCESS)
        }
        reason => bail!("{reason}"),
    }
}

fn read(path: &Path, question: &str) -> std::io::Result<String> {
    let mut stream = BlockingStream::connect(path)?;
    stream.set_read_timeout(Some(PATIENCE_OF_ASKER))?;
    stream.write_all(question.as_bytes())?;
    let mut answer = String::new();
    stream.take(MOST_BYTES).read_to_string(&mut answer)?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::Mutex;

    /// A service that is as `state` says, once it listens.
    async fn serve(path: &Path, state: Arc<Mutex<Result<(), String>>>) {
        let listening = path.to_owned();
        tokio::spawn(async move {
            answer(Some(&listening), || async { state.lock().unwrap().clone() }).await
        });
        while BlockingStream::connect(path).is_err() {
            tokio::task::yield_now().await;
        }
    }

    async fn asked(path: &Path) -> Result<(), String> {
        let path = path.to_owned();
        let asking = tokio::task::spawn_blocking(move || ask(Some(&path), &Question::Health));
        asking.await.unwrap().map(drop).map_err(|error| format!("{error:#}"))
    }

    #[tokio::test]
    async fn a_service_says_how_it_is_each_time_that_it_is_asked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("health");
        let state = Arc::new(Mutex::new(Ok(())));
        serve(&path, Arc::clone(&state)).await;
        assert_eq!(asked(&path).await, Ok(()));
        *state.lock().unwrap() = Err("bus: no answer".to_owned());
        assert_eq!(asked(&path).await, Err("bus: no answer".to_owned()));
        *state.lock().unwrap() = Ok(());
        assert_eq!(asked(&path).await, Ok(()));
    }

    #[tokio::test]
    async fn one_that_cannot_find_out_is_not_well() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("health");
        let listening = path.clone();
        let patience = Duration::from_millis(10);
        tokio::spawn(async move {
            answer_within(patience, Some(&listening), std::future::pending).await
        });
        while BlockingStream::connect(&path).is_err() {
            tokio::task::yield_now().await;
        }
        assert_eq!(asked(&path).await, Err("no answer within 10ms".to_owned()));
    }

    #[tokio::test]
    async fn a_socket_that_was_left_behind_is_taken_and_one_that_is_used_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("health");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        serve(&path, Arc::new(Mutex::new(Ok(())))).await;
        assert_eq!(asked(&path).await, Ok(()));
        let second = answer(Some(&path), || async { Ok(()) }).await.unwrap_err();
        assert!(format!("{second:#}").contains("another process answers there"), "{second:#}");
        assert_eq!(asked(&path).await, Ok(()), "the first one still has it");
    }

    #[tokio::test]
    async fn nobody_there_is_not_well_and_no_file_of_another_kind_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes");
        let nobody = asked(&path).await.unwrap_err();
        assert!(nobody.contains("nobody says on the health socket"), "{nobody}");
        std::fs::write(&path, "mine").unwrap();
        let refused = answer(Some(&path), || async { Ok(()) }).await.unwrap_err();
        assert!(format!("{refused:#}").contains("cannot answer on the health socket"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
        let unnamed = ask(None, &Question::Health).unwrap_err().to_string();
        assert!(unnamed.contains("SHOAL_HEALTH_SOCKET"), "{unnamed}");
    }
}
