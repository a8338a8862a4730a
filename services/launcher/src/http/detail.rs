//! `GET /api/simulation/{id}/run-status/detail`: a run's status with its actions.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use contract::id::SimulationId;
use contract::problem::{Problem, Problems};
use contract::status::EnvStatus;
use contract::subject::Platform;
use serde::Serialize;

use crate::actions::{Listed, Listing};
use crate::http::App;
use crate::http::envelope::{Success, success};
use crate::http::error::HttpError;
use crate::http::status::{Look, View, hours_of, look, read_name};
use crate::model::RunName;
use crate::refusal::Refusal;

/// Answers with all that is listed of a run, unpaged: the newest
/// [`crate::actions::MAX_LISTED`] actions of each world, and how many are left out.
pub(super) async fn run_status_detail(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    query: Result<Query<BTreeMap<String, String>>, QueryRejection>,
) -> Result<Response, HttpError> {
    let (name, platform) = read_question(path, query).map_err(Refusal::Invalid)?;
    let run = match look(&app, &name).await? {
        Look::Run(run) => run,
        Look::Idle(simulation) => return Ok(success(&IdleDetail::new(&simulation))),
    };
    let total_hours = hours_of(&app, &run).await?;
    let wanted = |world| platform.is_none_or(|only| only == world);
    let mut listings = [Listing::default(), Listing::default()];
    for (listing, world) in listings.iter_mut().zip(Platform::ALL) {
        if wanted(world) && run.platform(world).is_some() {
            let read = app.actions.list(&run.run_id, world).await;
            *listing = read.map_err(Refusal::from)?;
        }
    }
    // Up to some ten megabytes of text: not on a thread that others wait for.
    let writing = tokio::task::spawn_blocking(move || write(&run, total_hours, &listings));
    let body = writing.await.map_err(|error| Refusal::Failed(error.to_string()))?;
    let body = body.map_err(|error| Refusal::Failed(error.to_string()))?;
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}

fn read_question(
    path: Result<Path<String>, PathRejection>,
    query: Result<Query<BTreeMap<String, String>>, QueryRejection>,
) -> Result<(RunName, Option<Platform>), Problems> {
    let mut problems = Vec::new();
    let name = read_name(path).map_err(|problem| problems.push(problem)).ok();
    let mut platform = None;
    match query.map(|Query(fields)| fields.get("platform").cloned()) {
        Ok(None) => {}
        Ok(Some(text)) => match text.parse() {
            Ok(read) => platform = Some(read),
            Err(_) => {
                let found = format!("{text:?}");
                problems.push(Problem::new("?platform", found, "twitter or reddit"));
            }
        },
        Err(error) => problems.push(Problem::new("query", error.body_text(), "name=value&...")),
    }
    Problems::none_or(problems, name.map(|name| (name, platform)))
}

/// A run's status and its actions, each list newest first.
#[derive(Serialize)]
struct Detail<'a> {
    #[serde(flatten)]
    status: View<'a>,
    all_actions: Vec<&'a Listed>,
    twitter_actions: Vec<&'a Listed>,
    reddit_actions: Vec<&'a Listed>,
    recent_actions: Vec<&'a Listed>,
    rounds_count: u32,
    /// Older actions that the lists leave out.
    omitted_actions: u64,
}

fn write(
    run: &EnvStatus,
    total_hours: u32,
    listings: &[Listing; 2],
) -> serde_json::Result<Vec<u8>> {
    let status = View::new(run, total_hours);
    let round = status.current_round();
    let [twitter, reddit] = listings;
    let [twitter_actions, reddit_actions] = [twitter, reddit]
        .map(|listing| listing.actions.iter().rev().map(AsRef::as_ref).collect::<Vec<&Listed>>());
    let mut all_actions: Vec<&Listed> = [&twitter_actions[..], &reddit_actions[..]].concat();
    // Stable: what was closed at the same instant stays newest first, world by world.
    all_actions.sort_by_key(|listed| std::cmp::Reverse(listed.timestamp));
    let is_recent = |listed: &&&Listed| round > 0 && listed.round_num == round;
    let recent_actions = all_actions.iter().filter(is_recent).copied().collect();
    let omitted_actions = twitter.omitted + reddit.omitted;
    serde_json::to_vec(&Success::new(&Detail {
        status,
        all_actions,
        twitter_actions,
        reddit_actions,
        recent_actions,
        rounds_count: round,
        omitted_actions,
    }))
}

/// What the original says of a simulation that was never run.
#[derive(Serialize)]
struct IdleDetail<'a> {
    simulation_id: &'a SimulationId,
    runner_status: &'static str,
    all_actions: [(); 0],
    twitter_actions: [(); 0],
    reddit_actions: [(); 0],
}

impl<'a> IdleDetail<'a> {
    fn new(simulation_id: &'a SimulationId) -> IdleDetail<'a> {
        IdleDetail {
            simulation_id,
            runner_status: "idle",
            all_actions: [],
            twitter_actions: [],
            reddit_actions: [],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::World;
    use crate::actions::tests::{feed, frame};
    use crate::queued::tests::status;
    use contract::frame::Frame;
    use serde_json::Value;

    fn at(frame: Frame, platform: Platform, second: u32) -> Frame {
        let timestamp = format!("2026-03-01T10:00:0{second}Z").parse().unwrap();
        let mut frame = Frame { platform, timestamp, ..frame };
        frame.digest = frame.compute_digest();
        frame
    }

    #[test]
    fn actions_of_both_worlds_are_listed_newest_first() {
        let (mut twitter, mut reddit) = (World::default(), World::default());
        feed(&mut twitter, 1, &at(frame(0, 1, &[true]), Platform::Twitter, 1));
        feed(&mut reddit, 2, &at(frame(0, 1, &[true, false]), Platform::Reddit, 2));
        feed(&mut twitter, 5, &at(frame(1, 2, &[true, true]), Platform::Twitter, 3));
        let mut run = status(1);
        run.platforms[0].round = 1;
        let body = write(&run, 5, &[twitter.listing(), reddit.listing()]).unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let data = &body["data"];
        let ids = |list: &str| -> Vec<&str> {
            let list = data[list].as_array().unwrap();
            list.iter().map(|action| action["id"].as_str().unwrap()).collect()
        };
        let (t1, t2, t3) = ("market-1.twitter.1", "market-1.twitter.2", "market-1.twitter.3");
        assert_eq!(ids("all_actions"), [t3, t2, "market-1.reddit.1", t1]);
        assert_eq!(ids("twitter_actions"), [t3, t2, t1]);
        assert_eq!(ids("reddit_actions"), ["market-1.reddit.1"]);
        assert_eq!(ids("recent_actions"), [t3, t2]);
        assert_eq!((&data["rounds_count"], &data["run_id"]), (&1.into(), &"market-1".into()));
        assert_eq!((&body["success"], &data["omitted_actions"]), (&true.into(), &0.into()));
    }

    #[test]
    fn a_question_is_read_whole_or_refused_whole() {
        let ask = |id: &str, query: &str| {
            let uri = format!("/?{query}").parse().unwrap();
            read_question(Ok(Path(id.to_owned())), Query::try_from_uri(&uri))
        };
        let market = RunName::CurrentOf("market".parse().unwrap());
        assert_eq!(ask("market", ""), Ok((market.clone(), None)));
        assert_eq!(ask("market", "platform=reddit&_=7"), Ok((market, Some(Platform::Reddit))));
        assert_eq!(
            ask("..", "platform=../x").unwrap_err().to_string(),
            "the id in the path: found \"..\", expected the id of a simulation or \
             <simulation>-<n>, that is 1 to 48 of a-z, 0-9, _ and -, beginning with a letter or \
             digit, not ending in -<digits>\n\
             ?platform: found \"../x\", expected twitter or reddit"
        );
    }
}
