//! A simulation's configuration and profiles, as MiroFish has them: written from its spec, so that
//! every launcher answers the same.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use contract::id::SimulationId;
use contract::spec::Spec;
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use export::prepared::{self, Config, ProfileRow};
use intake::CONFIG_FILE;
use serde::Serialize;

use crate::http::App;
use crate::http::envelope::Success;
use crate::http::error::HttpError;
use crate::http::pages::json;
use crate::http::query::{Asked, Parameters};
use crate::http::status::{read_id, read_name};
use crate::model::RunName;
use crate::refusal::Refusal;

type Id = Result<Path<String>, PathRejection>;

/// `GET /api/simulation/{id}/config`
pub(super) async fn config(State(app): State<Arc<App>>, path: Id) -> Result<Response, HttpError> {
    let spec = app.simulations.spec(&read_id(path)?).await?;
    written(spec, |spec| encode(&prepared::config(spec))).await
}

/// `GET /api/simulation/{id}/config/download`
pub(super) async fn config_download(
    State(app): State<Arc<App>>,
    path: Id,
) -> Result<Response, HttpError> {
    let spec = app.simulations.spec(&read_id(path)?).await?;
    let body = in_background(move || prepared::config_json(&spec)).await?;
    let headers = [
        (CONTENT_TYPE, "application/json".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{CONFIG_FILE}\"")),
    ];
    Ok((headers, body).into_response())
}

/// `GET /api/simulation/{id}/config/realtime`: the configuration is there, so nothing is under way.
pub(super) async fn config_realtime(
    State(app): State<Arc<App>>,
    path: Id,
) -> Result<Response, HttpError> {
    let name = read_id(path)?;
    let known = app.simulations.find(&name).await?.known;
    let spec = app.simulations.spec(&name).await?;
    written(spec, move |spec| {
        encode(&ConfigRealtime {
            simulation_id: &known.id,
            file_exists: true,
            file_modified_at: known.changed_at(),
            is_generating: false,
            generation_stage: "completed",
            config_generated: true,
            config: prepared::config(spec),
            summary: Summary {
                total_agents: spec.agents.len(),
                simulation_hours: spec.time.total_hours,
                initial_posts_count: spec.events.seed_posts.len(),
                hot_topics_count: spec.events.hot_topics.len(),
                has_twitter_config: spec.twitter.is_some(),
                has_reddit_config: spec.reddit.is_some(),
                generated_at: None,
                llm_model: None,
            },
        })
    })
    .await
}

/// `GET /api/simulation/{id}/profiles`, in the order of the agents' ids.
pub(super) async fn profiles(
    State(app): State<Arc<App>>,
    path: Id,
    query: Parameters,
) -> Result<Response, HttpError> {
    let (name, platform) = read_question(path, query)?;
    let spec = app.simulations.spec(&name).await?;
    written(spec, move |spec| {
        let profiles = prepared::profiles(spec, platform);
        encode(&Profiles { platform, count: profiles.len(), profiles })
    })
    .await
}

/// `GET /api/simulation/{id}/profiles/realtime`: the same, all of them there.
pub(super) async fn profiles_realtime(
    State(app): State<Arc<App>>,
    path: Id,
    query: Parameters,
) -> Result<Response, HttpError> {
    let (name, platform) = read_question(path, query)?;
    let known = app.simulations.find(&name).await?.known;
    let spec = app.simulations.spec(&name).await?;
    written(spec, move |spec| {
        let profiles = prepared::profiles(spec, platform);
        let file_exists = spec.platform(platform).is_some();
        encode(&ProfilesRealtime {
            simulation_id: &known.id,
            platform,
            count: profiles.len(),
            total_expected: spec.agents.len(),
            is_generating: false,
            file_exists,
            file_modified_at: file_exists.then(|| known.changed_at()),
            profiles,
        })
    })
    .await
}

fn read_question(path: Id, query: Parameters) -> Result<(RunName, Platform), Refusal> {
    let mut asked = Asked::new(query);
    let name = read_name(path).map_err(|problem| asked.report(problem)).ok();
    let platform = asked.platform().unwrap_or(Platform::Reddit);
    Ok(asked.close(name.map(|name| (name, platform)))?)
}

/// An answer that is written from a spec, which may be large.
async fn written(
    spec: Spec,
    write: impl FnOnce(&Spec) -> serde_json::Result<Vec<u8>> + Send + 'static,
) -> Result<Response, HttpError> {
    let body = in_background(move || write(&spec)).await?;
    Ok(json(body.map_err(|error| Refusal::Failed(error.to_string()))?))
}

async fn in_background<T: Send + 'static>(
    write: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Refusal> {
    let written = tokio::task::spawn_blocking(write).await;
    written.map_err(|error| Refusal::Failed(error.to_string()))
}

fn encode<T: Serialize>(data: &T) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&Success::new(data))
}

#[derive(Serialize)]
struct ConfigRealtime<'a> {
    simulation_id: &'a SimulationId,
    file_exists: bool,
    file_modified_at: Timestamp,
    is_generating: bool,
    generation_stage: &'static str,
    config_generated: bool,
    config: Config<'a>,
    summary: Summary,
}

#[derive(Serialize)]
struct Summary {
    total_agents: usize,
    simulation_hours: u32,
    initial_posts_count: usize,
    hot_topics_count: usize,
    has_twitter_config: bool,
    has_reddit_config: bool,
    generated_at: Option<Timestamp>,
    llm_model: Option<String>,
}

#[derive(Serialize)]
struct Profiles<'a> {
    platform: Platform,
    count: usize,
    profiles: Vec<ProfileRow<'a>>,
}

#[derive(Serialize)]
struct ProfilesRealtime<'a> {
    simulation_id: &'a SimulationId,
    platform: Platform,
    count: usize,
    total_expected: usize,
    is_generating: bool,
    file_exists: bool,
    file_modified_at: Option<Timestamp>,
    profiles: Vec<ProfileRow<'a>>,
}
