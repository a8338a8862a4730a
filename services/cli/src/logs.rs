//! `logs`: what a run's workers wrote.

use std::process::ExitCode;

use anyhow::Context;
use bus::Start;
use clap::Args;
use contract::notice::LogLine;
use contract::status::EnvStatus;
use contract::subject::StreamName;
use kit::shutdown::Shutdown;

use crate::args::Target;
use crate::client::Client;
use crate::failure::{EXIT_DETACHED, Failure};
use crate::follow::parse_status;
use crate::output::{Output, Paint, one_line};
use crate::status::find_run;

/// The help of `logs`.
pub const ABOUT: &str = "\
Show what a run's workers have written, newest last. The bus keeps the last 1,000 lines of each \
run. With --follow it goes on until the run is over and its worker has let it go, or until \
Ctrl-C.

With --json: one line per line: {\"at\": .., \"node\": .., \"worker\": .., \"line\": ..}.

Example:
  shoal logs lantern-pier --tail 20 --follow";

/// Columns in which a log line is never found: what it says matters, however long it is.
const WHOLE: usize = 100_000;

/// Arguments of `logs`.
#[derive(Clone, Debug, Args)]
pub struct LogsArgs {
    /// Which run.
    #[command(flatten)]
    pub target: Target,
    /// Begin with this many of the last lines
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub tail: u32,
    /// Go on with what is written from now on
    #[arg(long)]
    pub follow: bool,
}

/// `shoal logs`.
///
/// # Errors
/// If there is no such run, or its lines cannot be read.
pub async fn logs(
    client: &Client,
    args: &LogsArgs,
    output: &mut Output<'_>,
) -> Result<ExitCode, Failure> {
    let status = find_run(client, &args.target.run).await?;
    let subject = client.bus.prefix().logs(&status.run_id);
    let stored = client.bus.read_all(StreamName::Logs, &subject, 0).await?;
    let tail = usize::try_from(args.tail).unwrap_or(usize::MAX);
    for stored in &stored[stored.len().saturating_sub(tail)..] {
        print(client, &stored.body, output)?;
    }
    if stored.is_empty() && !client.json {
        output.say(&format!("{}: no worker has written anything", status.run_id))?;
    }
    if !args.follow {
        return Ok(ExitCode::SUCCESS);
    }
    let next = stored.last().map_or(Start::First, |last| Start::From(last.sequence + 1));
    follow(client, status, next, output).await
}

async fn follow(
    client: &Client,
    mut status: EnvStatus,
    next: Start,
    output: &mut Output<'_>,
) -> Result<ExitCode, Failure> {
    let shutdown = Shutdown::on_signals().context("cannot listen to signals");
    let shutdown = shutdown.map_err(Failure::Failed)?;
    let prefix = client.bus.prefix();
    let subject = prefix.env_status(&status.run_id);
    let mut statuses =
        client.bus.follow(StreamName::EnvStatus, &subject, Start::LastPerSubject).await?;
    let subject = prefix.logs(&status.run_id);
    let mut lines = client.bus.follow(StreamName::Logs, &subject, next).await?;
    while status.status.is_live() || status.held {
        tokio::select! {
            // A worker writes its last lines before it lets the run go.
            biased;
            stored = lines.next() => print(client, &stored.body, output)?,
            stored = statuses.next() => status = parse_status(&stored.body)?,
            () = shutdown.wished() => return Ok(ExitCode::from(EXIT_DETACHED)),
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print(client: &Client, body: &[u8], output: &mut Output<'_>) -> Result<(), Failure> {
    let line: LogLine = serde_json::from_slice(body)
        .context("a log line cannot be read")
        .map_err(Failure::Failed)?;
    if client.json {
        return Ok(output.print_json_line(&line)?);
    }
    Ok(output.print(&render(&line, output.paint()))?)
}

/// `10:00:01.250 worker-1 the line`, in UTC as all times are.
fn render(line: &LogLine, paint: Paint) -> String {
    let time = line.at.to_string()[11..23].to_owned();
    let source = format!("{time} {}", one_line(&line.worker, 40));
    format!("{}  {}", paint.dim(&source), one_line(without_time(&line.line), WHOLE))
}

/// A line without the time that its writer put before it: it stands there already.
fn without_time(line: &str) -> &str {
    let Some((first, rest)) = line.split_once(' ') else { return line };
    let is_time = first.ends_with('Z') && first.contains('T') && first.starts_with("20");
    if is_time { rest.trim_start() } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::version::V1;

    #[test]
    fn a_line_is_shown_whole_and_drives_no_terminal() {
        let line = LogLine {
            v: V1,
            run_id: "market-1".parse().unwrap(),
            at: "2026-03-01T10:00:01.25Z".parse().unwrap(),
            node: "node-a".to_owned(),
            worker: "worker-1".to_owned(),
            line: format!("2026-03-01T10:00:01.249Z \x1b[2Jpanic {}", "x".repeat(300)),
        };
        let text = render(&line, Paint::PLAIN);
        assert_eq!(text, format!("10:00:01.250 worker-1  [2Jpanic {}", "x".repeat(300)));
    }
}
