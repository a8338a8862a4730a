//! `GET /api/simulation/{id}/run-status/detail`: a run's status with its newest actions.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use contract::id::SimulationId;
use contract::problem::Problems;
use contract::status::EnvStatus;
use contract::subject::Platform;
use rusqlite::Connection;
use serde::Serialize;

use crate::besides::Beside;
use crate::http::App;
use crate::http::envelope::success;
use crate::http::error::HttpError;
use crate::http::pages::{encode, json};
use crate::http::query::{Asked, Parameters};
use crate::http::status::{Look, View as Status, look, read_name};
use crate::model::RunName;
use crate::read_model::Include;
use crate::read_model::pages::actions::{Listed, Which};
use crate::read_model::pages::{From, Part, View};
use crate::refusal::Refusal;

/// The most actions that are listed of one world: the newest ones.
const MAX_LISTED: usize = 25_000;

/// What is asked beside the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wanted {
    platform: Option<Platform>,
    include: Include,
    /// Of each world.
    limit: usize,
}

/// Answers with all that is listed of a run, unpaged: the newest [`MAX_LISTED`] actions of each
/// world, and how many are left out.
pub(super) async fn run_status_detail(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    query: Parameters,
) -> Result<Response, HttpError> {
    let (name, wanted) = read(path, query).map_err(Refusal::Invalid)?;
    let run = match look(&app, &name).await? {
        Look::Run(run) => run,
        Look::Idle(simulation) => return Ok(success(&IdleDetail::new(&simulation))),
    };
    let beside = app.besides.of(&run).await?;
    let behind = app.read_model.await_rounds(&run, wanted.platform).await?;
    // Up to some ten megabytes of text.
    let write = move |rows: &Connection| write(rows, &run, beside.clone(), wanted, behind);
    Ok(json(app.read_model.ask(write).await?))
}

fn read(
    path: Result<Path<String>, PathRejection>,
    query: Parameters,
) -> Result<(RunName, Wanted), Problems> {
    let mut asked = Asked::new(query);
    let name = read_name(path).map_err(|problem| asked.report(problem)).ok();
    let (platform, include) = (asked.platform(), asked.include());
    let limit = asked.limit(MAX_LISTED, MAX_LISTED);
    asked.close(name.map(|name| (name, Wanted { platform, include, limit })))
}

/// A run's status and its actions, each list newest first.
#[derive(Serialize)]
struct Detail<'a> {
    #[serde(flatten)]
    status: Status<'a>,
    all_actions: Vec<&'a Listed>,
    twitter_actions: &'a [Listed],
    reddit_actions: &'a [Listed],
    recent_actions: Vec<&'a Listed>,
    rounds_count: u32,
    /// Older actions that the lists leave out.
    omitted_actions: u64,
    behind_rounds: u32,
    problem: Option<String>,
}

fn write(
    rows: &Connection,
    run: &EnvStatus,
    beside: Beside,
    wanted: Wanted,
    behind_rounds: u32,
) -> rusqlite::Result<Vec<u8>> {
    let (mut lists, mut omitted_actions) = ([Vec::new(), Vec::new()], 0);
    for (list, platform) in lists.iter_mut().zip(Platform::ALL) {
        if wanted.platform.is_none_or(|only| only == platform) {
            let view = View::load(rows, &run.run_id, Some(platform))?;
            let which = Which { agent: None, round: None, include: wanted.include };
            let part = Part { from: From::Offset(0), limit: wanted.limit };
            if let Some(page) = view.actions(rows, which, part)? {
                omitted_actions += page.total - page.rows.len() as u64;
                *list = page.rows;
            }
        }
    }
    let status = Status::new(run, beside);
    let round = status.current_round();
    let [twitter_actions, reddit_actions] = &lists;
    let mut all_actions: Vec<&Listed> = lists.iter().flatten().collect();
    // Stable: what was closed at the same instant stays newest first, world by world.
    all_actions.sort_by_key(|listed| std::cmp::Reverse(listed.at));
    let is_recent = |listed: &&&Listed| round > 0 && listed.round == round;
    let recent_actions = all_actions.iter().filter(is_recent).copied().collect();
    encode(&Detail {
        status,
        all_actions,
        twitter_actions,
        reddit_actions,
        recent_actions,
        rounds_count: round,
        omitted_actions,
        behind_rounds,
        problem: View::load(rows, &run.run_id, wanted.platform)?.problem(),
    })
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
    use crate::besides::tests::beside;
    use crate::queued::tests::status;
    use crate::read_model::tests::{Town, did};
    use axum::extract::Query;
    use serde_json::Value;

    #[test]
    fn actions_of_both_worlds_are_listed_newest_first() {
        let (mut town, mut twitter, mut reddit) = Town::with_two_worlds();
        town.take(&twitter.frame_at(1, &[did(1)]));
        town.take(&reddit.frame_at(2, &[did(1), did(2).failed()]));
        town.take(&twitter.frame_at(3, &[did(1), did(2)]));
        let mut run = status(1);
        run.platforms[0].round = 1;
        let wanted = Wanted { platform: None, include: Include::default(), limit: 25_000 };
        let ask = |wanted: Wanted| -> Value {
            let body = town.ask(|rows| write(rows, &run, beside(), wanted, 0));
            serde_json::from_slice(&body).unwrap()
        };
        let body = ask(wanted);
        let data = &body["data"];
        let ids = |data: &Value, list: &str| -> Vec<String> {
            let list = data[list].as_array().unwrap();
            list.iter().map(|action| action["id"].as_str().unwrap().to_owned()).collect()
        };
        let (t1, t2, t3) = ("market-1.twitter.1", "market-1.twitter.2", "market-1.twitter.3");
        assert_eq!(ids(data, "all_actions"), [t3, t2, "market-1.reddit.1", t1]);
        assert_eq!(ids(data, "twitter_actions"), [t3, t2, t1]);
        assert_eq!(ids(data, "reddit_actions"), ["market-1.reddit.1"]);
        assert_eq!(ids(data, "recent_actions"), [t3, t2]);
        assert_eq!((&data["rounds_count"], &data["run_id"]), (&1.into(), &"market-1".into()));
        assert_eq!((&body["success"], &data["omitted_actions"]), (&true.into(), &0.into()));
        assert_eq!((&data["behind_rounds"], &data["problem"]), (&0.into(), &Value::Null));
        let include = Include { failed: true, refresh: false };
        let all = ask(Wanted { platform: Some(Platform::Reddit), include, limit: 1 });
        assert_eq!(ids(&all["data"], "all_actions"), ["market-1.reddit.2"]);
        assert_eq!(ids(&all["data"], "twitter_actions"), [""; 0]);
        assert_eq!(all["data"]["omitted_actions"], 1);
    }

    #[test]
    fn a_question_is_read_whole_or_refused_whole() {
        let ask = |id: &str, query: &str| {
            let uri = format!("/?{query}").parse().unwrap();
            read(Ok(Path(id.to_owned())), Query::try_from_uri(&uri))
        };
        let market = RunName::CurrentOf("market".parse().unwrap());
        let usual = Wanted { platform: None, include: Include::default(), limit: MAX_LISTED };
        assert_eq!(ask("market", ""), Ok((market.clone(), usual)));
        let reddit = Wanted { platform: Some(Platform::Reddit), limit: 9, ..usual };
        assert_eq!(ask("market", "platform=reddit&limit=9&_=7"), Ok((market, reddit)));
        assert_eq!(
            ask("..", "platform=../x&limit=25001").unwrap_err().to_string(),
            "the id in the path: found \"..\", expected the id of a simulation or \
             <simulation>-<n>, that is 1 to 48 of a-z, 0-9, _ and -, beginning with a letter or \
             digit, not ending in -<digits>\n\
             ?platform: found \"../x\", expected twitter or reddit\n\
             ?limit: found \"25001\", expected a whole number from 1 to 25000"
        );
    }
}
