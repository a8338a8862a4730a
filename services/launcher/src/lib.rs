//! The launcher: takes requests to run a simulation, creates runs, and serves what is known
//! of them. It runs no world and keeps nothing that is not on the bus as well, so it may be
//! restarted at any moment, and two of them side by side agree.
//!
//! What decides is pure; what acts is small. In reading order:
//!
//! - [`config`]: what it is told;
//! - [`plan`]: which run a request means (pure); [`queued`]: what a new run is made of (pure);
//! - [`create`]: brings a plan about; [`memories`]: whether there are those that it names;
//! - [`specs`]: specs from folders and from the bus; [`simulations`]: which simulations there are;
//! - [`sources`]: whether there are the worlds that a run is to listen to;
//! - [`model`]: what is known of all runs (pure); [`follow`]: keeps it true;
//! - [`janitor`]: deletes runs; [`limits`]: stops those whose time is over;
//! - [`besides`]: what an answer says of a run beside its state;
//! - [`read_model`]: what runs did, in a file that pages are read from;
//! - [`events`]: runs as they go, for readers that stay;
//! - [`exports`]: runs as archives of files;
//! - [`ask`]: the edge on the bus; [`http`]: the edge over HTTP;
//! - [`refusal`]: why something is not done, for both edges.

pub mod ask;
pub mod besides;
pub mod config;
pub mod create;
pub mod endpoints;
pub mod events;
pub mod exports;
pub mod follow;
pub mod http;
pub mod janitor;
pub mod limits;
pub mod memories;
pub mod model;
pub mod plan;
pub mod queued;
pub mod read_model;
pub mod refusal;
pub mod simulations;
pub mod sources;
pub mod specs;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use bus::{Bus, BusArgs, Durable, ReadError, Role};
use kit::shutdown::Shutdown;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::besides::Besides;
use crate::config::{Config, LISTEN_VARIABLE};
use crate::create::Creator;
use crate::events::Hubs;
use crate::exports::Exports;
use crate::follow::News;
use crate::http::App;
use crate::http::serve::{Limits, serve};
use crate::janitor::Janitor;
use crate::model::Model;
use crate::read_model::ReadModel;
use crate::read_model::keeper::Keeper;
use crate::simulations::Simulations;
use crate::simulations::upload::Places;
use crate::specs::Specs;

/// How long a bus that is not there yet is waited for.
const BUS_PATIENCE: Duration = Duration::from_secs(30);

/// How long requests under way may take to end when the launcher does.
const GRACE: Duration = Duration::from_secs(5);

/// Runs the launcher until `shutdown` is wished.
///
/// # Errors
/// If it cannot begin (address in use, no bus, streams that do not match), or a part of it
/// ends by itself.
pub async fn run(config: Config, shutdown: Shutdown) -> anyhow::Result<()> {
    let listener = TcpListener::bind(config.http).await.with_context(|| {
        format!("cannot listen on {}; set {LISTEN_VARIABLE} to a free address", config.http)
    })?;
    let bus = Bus::connect(&config.bus, Role::Launcher, "shoal-launcher", BUS_PATIENCE).await?;
    bus.ensure_topology().await?;
    bus.tell_missing_rights(Role::Launcher);
    let cleaner = janitors_bus(&config, &bus).await?;
    let read_model = ReadModel::new(config.read_model)
        .context("there is no room for a temporary file; name one with --read-model")?;
    let (model, specs) = (Model::default(), Specs::new(bus.clone()));
    let creator = Creator {
        bus: bus.clone(),
        model: model.clone(),
        specs: specs.clone(),
        default_memory: config.memory,
    };
    let requests = ask::announce(&bus).await?;
    let janitor = Janitor::new(cleaner);
    let deletes = may_delete(janitor.commands().await)?;
    let app = Arc::new(App {
        besides: Besides::new(bus.clone(), creator.specs.clone()),
        creator: creator.clone(),
        events: Hubs::new(read_model.clone(), model.clone(), shutdown.clone()),
        read_model: read_model.clone(),
        exports: Exports::new(bus.clone(), config.http),
        pace: config.http_pace,
        simulations: Simulations::new(bus.clone(), model.clone(), specs, config.data_dir),
        uploads: Places::default(),
        require_services: config.require_services,
    });
    let (well, found) = (bus.clone(), model.clone());
    let is_well = || is_well(&well, &found);
    let (queued_sender, queued) = mpsc::unbounded_channel();
    let (deleted_sender, deleted) = mpsc::unbounded_channel();
    let mut parts = JoinSet::new();
    let (followed, following) = (model.clone(), bus.clone());
    let news = News { queued: queued_sender, deleted: deleted_sender };
    parts.spawn(async { match follow::follow(following, followed, news).await {} });
    let (model_of_keeper, specs) = (model.clone(), creator.specs.clone());
    let keeper = Keeper { bus: bus.clone(), specs, model: model_of_keeper, read_model, deleted };
    parts.spawn(async { match keeper.work().await {} });
    let (limited, limiting) = (model.clone(), bus.clone());
    parts.spawn(async { match limits::watch(limiting, limited).await {} });
    parts.spawn(follow::start_queued(bus.clone(), model, queued));
    parts.spawn(ask::answer_all(creator, requests));
    if let Some(deletes) = deletes {
        parts.spawn(janitor.work(deletes));
    }
    tracing::info!(address = %config.http, "listening on http://{}", config.http);
    let (ending, socket) = (shutdown.clone(), config.health.health_socket.as_deref());
    let limits = Limits { connections: config.http_connections, ..Limits::default() };
    let serving = serve(listener, http::router(app, config.access), limits, ending);
    let result = tokio::select! {
        () = serving => Ok(()),
        Some(ended) = parts.join_next() => Err(match ended {
            Ok(()) => anyhow!("the bus closed the connection for good"),
            Err(error) => anyhow!(error).context("a part of the launcher broke"),
        }),
        answered = kit::health::answer(socket, is_well) => match answered? {},
        () = late(&shutdown) => {
            tracing::warn!("requests were still under way after {} s", GRACE.as_secs());
            Ok(())
        }
    };
    parts.shutdown().await;
    bus.drain().await;
    result
}

/// The connection that may take runs away: another user's, if there is one.
async fn janitors_bus(config: &Config, bus: &Bus) -> anyhow::Result<Bus> {
    let Some(nkey) = &config.janitor_nkey else { return Ok(bus.clone()) };
    let args = BusArgs { nats_nkey: Some(nkey.clone()), nats_creds: None, ..config.bus.clone() };
    let bus = Bus::connect(&args, Role::Janitor, "shoal-launcher janitor", BUS_PATIENCE).await?;
    bus.tell_missing_rights(Role::Janitor);
    Ok(bus)
}

/// Ok if the bus answers and what is known of runs is what it says.
async fn is_well(bus: &Bus, model: &Model) -> Result<(), String> {
    bus.is_ready().await.map_err(|reason| format!("bus: {reason}"))?;
    model.ready().map_err(|refusal| format!("read model: {refusal}"))
}

/// A launcher that may not have a consumer of commands does all the rest.
fn may_delete(commands: Result<Durable, ReadError>) -> Result<Option<Durable>, ReadError> {
    match commands {
        Ok(commands) => Ok(Some(commands)),
        Err(ReadError::Denied(why)) => {
            tracing::warn!("this launcher deletes no runs: {why}");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Waits until the grace after a wish to shut down is over.
async fn late(shutdown: &Shutdown) {
    shutdown.wished().await;
    tokio::time::sleep(GRACE).await;
}
