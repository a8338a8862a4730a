//! `GET /api/simulation/{id}/export`: a run as an archive of files.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use contract::problem::{Problem, Problems};
use export::{Format, Request};
use futures_util::stream;
use tokio::sync::mpsc;

use crate::exports::Archive;
use crate::http::App;
use crate::http::error::HttpError;
use crate::http::status::{Look, look, read_name};
use crate::model::RunName;
use crate::refusal::Refusal;

/// How long an export may take to be made. How long it takes to be sent is the reader's affair.
const MAKING: Duration = Duration::from_secs(600);

/// How long a reader may take no byte, until its download is broken off: it holds a place.
const STALLED: Duration = Duration::from_secs(60);

/// Bytes per piece of a download.
const PIECE: usize = 256 * 1024;

/// Answers with `<run>.tar.gz`.
pub(super) async fn export(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Response, HttpError> {
    let (name, request) = read_question(path, query).map_err(Refusal::Invalid)?;
    let run = match look(&app, &name).await? {
        Look::Run(run) => run,
        Look::Idle(simulation) => {
            let text = format!("simulation {simulation} has no run, so there is nothing to export");
            return Err(Refusal::Unknown(text).into());
        }
    };
    let spec = app.creator.specs.of_run(&run).await?;
    let made = tokio::time::timeout(MAKING, app.exports.make(Arc::clone(&run), spec, request));
    let Archive { file, bytes, place } = made.await.map_err(|_| {
        let text = format!("the export was not made within {} s", MAKING.as_secs());
        Refusal::Late(text)
    })??;
    let headers = [
        (CONTENT_TYPE, "application/gzip".to_owned()),
        (CONTENT_LENGTH, bytes.to_string()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{}.tar.gz\"", run.run_id)),
    ];
    let (sender, receiver) = mpsc::channel(2);
    tokio::spawn(async move {
        send(file, sender).await;
        drop(place);
    });
    let pieces = stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|piece| (piece, receiver))
    });
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// Hands out a file, until it is read, or nobody takes it any more.
async fn send(mut file: impl Read + Send + 'static, pieces: mpsc::Sender<std::io::Result<Bytes>>) {
    loop {
        let reading = tokio::task::spawn_blocking(move || {
            let mut piece = Vec::with_capacity(PIECE);
            let read = file.by_ref().take(PIECE as u64).read_to_end(&mut piece);
            (file, read.map(|_| Bytes::from(piece)))
        });
        let Ok((same_file, piece)) = reading.await else { return };
        file = same_file;
        let is_end = piece.as_ref().map_or(true, Bytes::is_empty);
        let is_error = piece.is_err();
        if (!is_end || is_error) && pieces.send_timeout(piece, STALLED).await.is_err() {
            tracing::info!("nobody takes the export any more");
            return;
        }
        if is_end {
            return;
        }
    }
}

fn read_question(
    path: Result<Path<String>, PathRejection>,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<(RunName, Request), Problems> {
    let mut problems = Vec::new();
    let name = read_name(path).map_err(|problem| problems.push(problem)).ok();
    let mut request = Request { formats: Vec::new(), all_actions: false, force: false };
    let fields = query.map(|Query(fields)| fields).unwrap_or_else(|error| {
        problems.push(Problem::new("query", error.body_text(), "name=value&..."));
        Vec::new()
    });
    for (field, value) in fields {
        match field.as_str() {
            "format" if value == "all" => request.formats.extend(Format::ALL),
            "format" => match value.parse() {
                Ok(format) => request.formats.push(format),
                Err(_) => {
                    let expected = "all, original, oasis or csv; more than once for several";
                    problems.push(Problem::new("?format", format!("{value:?}"), expected));
                }
            },
            "include" if value == "all" => request.all_actions = true,
            "include" => {
                let expected = "all, for failed actions and REFRESH as well";
                problems.push(Problem::new("?include", format!("{value:?}"), expected));
            }
            // As on other routes: pages add what keeps browsers from remembering an answer.
            _ => {}
        }
    }
    Problems::none_or(problems, name.map(|name| (name, request)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(id: &str, query: &str) -> Result<(RunName, Request), String> {
        let uri = format!("/?{query}").parse().unwrap();
        let read = read_question(Ok(Path(id.to_owned())), Query::try_from_uri(&uri));
        read.map_err(|problems| problems.to_string())
    }

    #[test]
    fn a_question_is_read_whole_or_refused_whole() {
        let request = |formats: &[Format], all_actions| {
            let formats = formats.to_vec();
            Request { formats, all_actions, force: false }
        };
        let market: RunName = "market".parse().unwrap();
        assert_eq!(ask("market", "_=7"), Ok((market.clone(), request(&[], false))));
        assert_eq!(
            ask("market", "format=csv&include=all&format=original"),
            Ok((market, request(&[Format::Csv, Format::Original], true)))
        );
        assert_eq!(
            ask("market-1", "format=zip&include=none").unwrap_err(),
            "?format: found \"zip\", expected all, original, oasis or csv; more than once for \
             several\n\
             ?include: found \"none\", expected all, for failed actions and REFRESH as well"
        );
        assert!(ask("..", "").is_err());
    }

    #[tokio::test]
    async fn a_file_is_handed_out_piece_by_piece() {
        let bytes: Vec<u8> = (0..=255).cycle().take(2 * PIECE + 77).collect();
        let (sender, mut receiver) = mpsc::channel(1);
        let sending = tokio::spawn(send(std::io::Cursor::new(bytes.clone()), sender));
        let mut read = Vec::new();
        while let Some(piece) = receiver.recv().await {
            let piece = piece.unwrap();
            assert!(!piece.is_empty() && piece.len() <= PIECE);
            read.extend_from_slice(&piece);
        }
        sending.await.unwrap();
        assert!(read == bytes);
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_takes_nothing_is_given_up() {
        let (sender, receiver) = mpsc::channel(1);
        send(std::io::repeat(7), sender).await;
        // The one piece that found room is still there.
        assert_eq!(receiver.len(), 1);
    }
}
