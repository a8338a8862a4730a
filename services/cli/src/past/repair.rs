//! `repair`: a run's frames stored anew, as its journal makes them.

use std::process::ExitCode;

use clap::Args;
use contract::command::{Repair, Request, Verb};
use contract::id::RunId;
use contract::past::WorldRepair;
use contract::reply::ReplyResult;
use contract::subject::Platform;

use super::{Beginning, carry_out, with_digests};
use crate::args::{Target, platform};
use crate::ask::{odd, result};
use crate::client::Client;
use crate::failure::{EXIT_DETACHED, Failure};
use crate::output::{Output, Paint, columns, counted};
use crate::status::find_run;

pub(crate) const ABOUT: &str = "\
Store a run's frames anew, as its journal makes them. A node verifies each world first: what is \
sound is not touched; of a damaged world all frames are removed and stored again, with the same \
numbers and digests, so that whoever follows the run goes on where it was. Asks for nothing: \
what the journal makes is what was.

The run must not be playing: pause or stop it first. Where the journal itself is damaged nothing \
is removed, and the exit code is 1; `shoal verify` says up to which round the run can be forked. \
Ctrl-C leaves the node at it.

With --json: the reply, the shape in schemas/.

Example:
  shoal repair lantern-pier-1
  shoal repair lantern-pier-1 --platform reddit";

/// Arguments of `repair`.
#[derive(Clone, Debug, Args)]
pub struct RepairArgs {
    /// Which run.
    #[command(flatten)]
    pub target: Target,
    /// One world only: twitter or reddit; each that the run has unless given
    #[arg(long, value_name = "PLATFORM", value_parser = platform())]
    pub platform: Option<Platform>,
    /// How long to wait for a node.
    #[command(flatten)]
    pub beginning: Beginning,
}

/// `shoal repair`.
///
/// # Errors
/// If there is no such run, no node begins with it, the run plays, or its journal is damaged.
pub async fn repair(
    client: &Client,
    args: &RepairArgs,
    output: &mut Output<'_>,
) -> Result<ExitCode, Failure> {
    let run = find_run(client, &args.target.run).await?.run_id;
    let request = Request::Repair(Repair { platform: args.platform });
    let Some(reply) = carry_out(client, &run, request, args.beginning, output).await? else {
        return Ok(ExitCode::from(EXIT_DETACHED));
    };
    if client.json {
        output.print_json(&reply)?;
    }
    match result(reply)? {
        ReplyResult::Repaired { .. } if client.json => {}
        ReplyResult::Repaired { worlds } => {
            output.print(&render(&run, &worlds, output.width(), output.paint()))?;
        }
        other => return Err(odd(Verb::Repair, &other)),
    }
    Ok(ExitCode::SUCCESS)
}

/// What was done to each world.
fn render(run: &RunId, worlds: &[WorldRepair], width: usize, paint: Paint) -> String {
    let name = paint.bold(run.as_str());
    let said = match worlds.iter().any(is_mended) {
        true => format!("{name} is {}: all is as its journal makes it", paint.green("repaired")),
        false => format!("{name} is {}: there was nothing to repair", paint.green("sound")),
    };
    let rows = with_digests(worlds.iter().map(|world| (world_row(world), world.digest)), width);
    let rows = columns(&rows, &[]);
    std::iter::once(said).chain(rows).collect::<Vec<_>>().join("\n")
}

/// A world of which nothing was left that could be removed was mended all the same.
fn is_mended(world: &WorldRepair) -> bool {
    world.stored > 0 || world.removed > 0
}

fn world_row(world: &WorldRepair) -> Vec<String> {
    let frames = counted(world.ticks.into(), "frame");
    let done = match world.removed {
        _ if !is_mended(world) => format!("{frames}, not touched"),
        0 => format!("{frames} stored anew"),
        removed => format!("{frames} stored anew for {} removed", counted(removed, "message")),
    };
    vec![format!("  {}", world.platform), done, counted(world.actions, "action")]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Command;
    use crate::past::tests::typed;
    use contract::id::Digest;

    fn world(platform: Platform, removed: u64, stored: u32) -> WorldRepair {
        let (ticks, actions, digest) = (49, 12_345, Digest::ZERO);
        WorldRepair { platform, removed, stored, ticks, actions, digest }
    }

    fn shown(worlds: &[WorldRepair]) -> String {
        render(&"market-1".parse().unwrap(), worlds, 100, Paint::PLAIN)
    }

    #[test]
    fn what_was_done_is_said_of_each_world() {
        assert_eq!(
            shown(&[world(Platform::Twitter, 0, 0), world(Platform::Reddit, 51, 49)]),
            "market-1 is repaired: all is as its journal makes it\n  \
             twitter  49 frames, not touched                         12,345 actions  000000000000…\n  \
             reddit   49 frames stored anew for 51 messages removed  12,345 actions  000000000000…"
        );
        let sound = shown(&[world(Platform::Twitter, 0, 0)]);
        assert!(sound.starts_with("market-1 is sound: there was nothing to repair\n"), "{sound}");
    }

    #[test]
    fn frames_that_were_all_gone_are_repaired_though_nothing_was_removed() {
        assert_eq!(
            shown(&[world(Platform::Twitter, 0, 49)]),
            format!(
                "market-1 is repaired: all is as its journal makes it\n  \
                 twitter  49 frames stored anew  12,345 actions  {}…",
                "0".repeat(12)
            )
        );
    }

    #[test]
    fn one_world_can_be_repaired_alone() {
        let words = ["repair", "market-1", "--platform", "reddit"];
        let Ok(Command::Repair(args)) = typed(&words) else { panic!("no repair") };
        assert_eq!(args.platform, Some(Platform::Reddit));
        assert!(typed(&["repair"]).unwrap_err().contains("<RUN>"));
    }
}
