//! `events`: everything that happens in a run, one line each, from any place on.

mod view;

use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use contract::place::Place;
use contract::status::EnvStatus;
use contract::subject::{Platform, StreamName};
use kit::shutdown::Shutdown;

pub use self::view::{Events, Wanted};
use crate::args::{Target, platform};
use crate::client::Client;
use crate::failure::{EXIT_DETACHED, Failure};
use crate::follow::{Followed, follow, parse_status};
use crate::interview::find_agent_of;
use crate::output::Output;
use crate::progress::View;
use crate::reading::{Bar, each_frame};
use crate::status::find_run;

/// The help of `events`.
pub const ABOUT: &str = "\
Show every action, marker and change of state of a run in order, one line each. Actions that \
failed and looks at the feed are left out unless --all is given; with --type or --agent only \
actions are shown. Without --follow it ends with what there is now.

With --json: one line per event: {\"cursor\": \"12.7.345\", \"event\": \"action\", \"action\": {..}}, \
or \"marker\" or \"status\". To go on later, hand the last cursor back with --after: no action \
is missed or comes twice (a marker right behind the cursor may). Of states only the latest one \
is kept, so earlier ones are seen only while following.

Example:
  shoal events lantern-pier --follow --platform reddit --type CREATE_POST,CREATE_COMMENT
  shoal events lantern-pier-1 --json --after 120.98.4711";

/// Arguments of `events`.
#[derive(Clone, Debug, Args)]
pub struct EventsArgs {
    /// Which run.
    #[command(flatten)]
    pub target: Target,
    /// Go on until the run is over; Ctrl-C ends it before
    #[arg(long)]
    pub follow: bool,
    /// Only those of one world
    #[arg(long, value_name = "PLATFORM", value_parser = platform())]
    pub platform: Option<Platform>,
    /// Only actions of these types, separated by commas
    #[arg(
        long = "type",
        value_name = "TYPE",
        value_delimiter = ',',
        ignore_case = true,
        hide_possible_values = true,
        value_parser = action_type()
    )]
    pub types: Vec<String>,
    /// Only actions of this agent: its number, its name, its handle, or a part of them
    #[arg(long, value_name = "ID|NAME")]
    pub agent: Option<String>,
    /// Only what came after this cursor, as each line of --json has one
    #[arg(long, value_name = "CURSOR")]
    pub after: Option<Place>,
    /// Failed actions and looks at the feed as well
    #[arg(long)]
    pub all: bool,
}

/// The types of actions, in the order of docs/actions.md.
pub(crate) const ACTION_TYPES: [&str; 22] = [
    "CREATE_POST",
    "REPOST",
    "QUOTE_POST",
    "LIKE_POST",
    "UNLIKE_POST",
    "DISLIKE_POST",
    "UNDO_DISLIKE_POST",
    "REPORT_POST",
    "CREATE_COMMENT",
    "LIKE_COMMENT",
    "UNLIKE_COMMENT",
    "DISLIKE_COMMENT",
    "UNDO_DISLIKE_COMMENT",
    "FOLLOW",
    "UNFOLLOW",
    "MUTE",
    "UNMUTE",
    "SEARCH_POSTS",
    "SEARCH_USER",
    "TREND",
    "REFRESH",
    "DO_NOTHING",
];

/// The type of an action, in capitals as it is on the wire.
fn action_type() -> impl TypedValueParser<Value = String> {
    PossibleValuesParser::new(ACTION_TYPES).map(|name| name.to_ascii_uppercase())
}

/// `shoal events`.
///
/// # Errors
/// If there is no such run or agent, or it cannot be read.
pub async fn events(
    client: &Client,
    args: &EventsArgs,
    output: &mut Output<'_>,
) -> Result<ExitCode, Failure> {
    let status = find_run(client, &args.target.run).await?;
    let agent = match &args.agent {
        Some(agent) => Some(find_agent_of(client, &status, agent).await?),
        None => None,
    };
    let wanted = Wanted {
        platform: args.platform,
        types: args.types.clone(),
        agent,
        all: args.all,
        after: args.after.unwrap_or_default(),
    };
    let events = Events::new(wanted, client.json);
    if args.follow {
        return follow_events(client, status, events, output).await;
    }
    until_now(client, &status, events, output).await?;
    Ok(ExitCode::SUCCESS)
}

async fn until_now(
    client: &Client,
    status: &EnvStatus,
    mut events: Events,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    each_frame(&client.bus, status, Bar::none(), |frame| Ok(events.frame(frame, output)?)).await?;
    let subject = client.bus.prefix().env_status(&status.run_id);
    if let Some(stored) = client.bus.last(StreamName::EnvStatus, &subject).await? {
        events.heard(stored.sequence);
        events.status(&parse_status(&stored.body)?, output)?;
    }
    Ok(())
}

async fn follow_events(
    client: &Client,
    status: EnvStatus,
    events: Events,
    output: &mut Output<'_>,
) -> Result<ExitCode, Failure> {
    let shutdown = Shutdown::on_signals().context("cannot listen to signals");
    let shutdown = shutdown.map_err(Failure::Failed)?;
    let run = status.run_id.clone();
    let mut view = View::Events(Box::new(events));
    let Followed { is_over, .. } =
        follow(&client.bus, status, true, &mut view, output, &shutdown).await?;
    if is_over {
        return Ok(ExitCode::SUCCESS);
    }
    if let View::Events(events) = view {
        let place = events.place;
        output.say(&format!(
            "{run} goes on; so do its events: shoal events {run} --follow --after {place}"
        ))?;
    }
    Ok(ExitCode::from(EXIT_DETACHED))
}
