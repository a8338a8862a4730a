//! What is asked of a run's past: `verify`, `replay`, `repair` and `fork`.
//!
//! Some node carries it out beside the run and says on the way how far it is. It may take long,
//! so whoever asked may leave.

pub mod fork;
pub(crate) mod news;
pub mod repair;
pub mod replay;
pub mod verify;

use std::pin::pin;
use std::time::Duration;

use anyhow::Context;
use bus::AskError;
use clap::Args;
use contract::command::{Request, Verb};
use contract::id::{Digest, RunId};
use contract::past::Progress;
use contract::reply::Reply;
use contract::timestamp::Timestamp;
use kit::shutdown::Shutdown;
use tokio::time::Instant;

use self::news::News;
use crate::ask::explain;
use crate::client::{Client, client_id};
use crate::failure::Failure;
use crate::output::{Output, columns, visible};
use crate::wrap::shorten_digest;

/// How long to wait for a node.
#[derive(Clone, Copy, Debug, Args)]
pub struct Beginning {
    /// Seconds to wait until a node begins with it; once one has, it may take as long as it takes
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 30,
        value_parser = clap::value_parser!(u32).range(1..=3600)
    )]
    pub timeout: u32,
}

/// Asks a node, and shows how far it is until there is a reply; `None` if whoever asked has left.
///
/// # Errors
/// If nobody begins in time, or the bus cannot be asked. A reply that reports a failure is a reply.
async fn carry_out(
    client: &Client,
    run: &RunId,
    request: Request,
    beginning: Beginning,
    output: &mut Output<'_>,
) -> Result<Option<Reply>, Failure> {
    let shutdown = Shutdown::on_signals().context("cannot listen to signals");
    let shutdown = shutdown.map_err(Failure::Failed)?;
    let (verb, me, id) = (request.verb(), client_id(), client.bus.new_command_id());
    let reply_subject = client.bus.prefix().reply(&me, run, &id);
    // Before the command is there, so that nothing is missed.
    let heard = client.bus.subscribe(client.bus.prefix().progress(&me, run, &id)).await;
    let mut heard = heard.map_err(|why| explain(verb, run, AskError::Deaf(why)))?;
    let now = Timestamp::from_milliseconds(kit::now_milliseconds());
    let mut asking = pin!(client.bus.ask_run_as(run, &me, id, request, now, Duration::MAX));
    let mut news = News::new(run, output);
    let patience = Duration::from_secs(u64::from(beginning.timeout));
    let (too_late, mut has_begun) = (Instant::now() + patience, false);
    loop {
        tokio::select! {
            reply = &mut asking => {
                return reply.map(Some).map_err(|error| explain(verb, run, error));
            }
            Some(message) = heard.next() => {
                let Ok(progress) = serde_json::from_slice::<Progress>(&message.body) else { continue };
                has_begun = true;
                news.tell(progress, output)?;
            }
            () = shutdown.wished() => {
                news.leave();
                output.say_wrapped(&left(verb, run, &reply_subject))?;
                return Ok(None);
            }
            () = tokio::time::sleep_until(too_late), if !has_begun => {
                let late = AskError::Late { patience, reply_subject, void: false };
                return Err(explain(verb, run, late));
            }
        }
    }
}

/// What to say to who leaves before the reply.
fn left(verb: Verb, run: &RunId, reply_subject: &str) -> String {
    let again = match verb {
        Verb::Fork => "`shoal ls` lists the new run".to_owned(),
        _ => format!("`shoal {verb} {run}` asks again"),
    };
    format!("the {verb} of {run} goes on without us: {again}; its reply will be on {reply_subject}")
}

/// Actions in a second.
fn per_second(actions: u64, milliseconds: u64) -> u64 {
    actions.saturating_mul(1000) / milliseconds.max(1)
}

/// Rows that end with a digest each: whole if it has room beside all of them.
fn with_digests(
    rows: impl Iterator<Item = (Vec<String>, Digest)>,
    width: usize,
) -> Vec<Vec<String>> {
    let (mut rows, digests): (Vec<Vec<String>>, Vec<Digest>) = rows.unzip();
    let beside = columns(&rows, &[]).iter().map(|row| visible(row)).max().unwrap_or(0);
    let room = width.saturating_sub(beside + 2);
    for (row, digest) in rows.iter_mut().zip(&digests) {
        row.push(shorten_digest(digest, room));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command, command};
    use clap::FromArgMatches;

    /// A command line, read.
    pub(super) fn typed(words: &[&str]) -> Result<Command, String> {
        let words = std::iter::once("shoal").chain(words.iter().copied());
        let matches = command().try_get_matches_from(words).map_err(|error| error.to_string())?;
        Ok(Cli::from_arg_matches(&matches).expect("clap has read it").command)
    }

    #[test]
    fn who_leaves_is_told_how_to_come_back() {
        let run = "market-1".parse().unwrap();
        assert_eq!(
            left(Verb::Repair, &run, "sim.replies.cli.market-1.7"),
            "the repair of market-1 goes on without us: `shoal repair market-1` asks again; its \
             reply will be on sim.replies.cli.market-1.7"
        );
        assert!(left(Verb::Fork, &run, "x").contains("`shoal ls` lists the new run"));
    }

    #[test]
    fn a_digest_is_whole_where_it_has_room() {
        let row = |name: &str| (vec![name.to_owned()], Digest::ZERO);
        let shown = |width| with_digests([row("twitter"), row("reddit")].into_iter(), width);
        assert_eq!(shown(73)[1], ["reddit", &"0".repeat(64)]);
        assert_eq!(shown(72)[1], ["reddit", "000000000000…"]);
    }

    #[test]
    fn what_took_no_time_has_a_speed_all_the_same() {
        assert_eq!([per_second(12, 0), per_second(12, 8), per_second(0, 8)], [12_000, 1500, 0]);
    }
}
