//! A run on a server that takes small messages.

use contract::command::{Request, Stop};
use contract::reply::{ErrorCode, ReplyOutcome};
use contract::status::RunStatus;

use crate::stage::{Stage, inject};

async fn refused(stage: &Stage, id: &str) -> ErrorCode {
    match stage.reply(id).await {
        ReplyOutcome::Failed { error } => error.code,
        ReplyOutcome::Completed { result } => panic!("{id} was carried out: {result:?}"),
    }
}

async fn is_completed(stage: &Stage, id: &str) {
    let reply = stage.reply(id).await;
    assert!(matches!(&reply, ReplyOutcome::Completed { .. }), "{id}: {reply:?}");
}

#[tokio::test]
async fn what_fits_no_message_is_refused_and_the_run_goes_on() {
    let stage = Stage::start("max_payload: 65536").await;
    // As large as a command may be on such a server, and too large for a journal that says more.
    let largest = inject(25, 2_500, None);
    stage.ask("largest", largest).await;
    let why = Stop { reason: Some("r".repeat(40_000)) };
    stage.ask("stop", Request::Stop(why)).await;
    let unknown: Vec<String> = (0..5_000).map(|field| format!("\"{field}\":0")).collect();
    let body = format!("{{{}}}", unknown.join(","));
    stage.ask_raw("unknown", "pause", body.into_bytes()).await;
    for id in ["i1", "i2", "i3", "i4"] {
        stage.ask(id, inject(2, 10_000, None)).await;
    }
    stage.ask("start", Request::Start).await;
    let worker = stage.worker("first", "start");

    assert_eq!(refused(&stage, "largest").await, ErrorCode::Invalid);
    assert_eq!(refused(&stage, "stop").await, ErrorCode::Invalid);
    assert_eq!(refused(&stage, "unknown").await, ErrorCode::Malformed);
    for id in ["i1", "i2", "i3", "start"] {
        is_completed(&stage, id).await;
    }
    assert_eq!(refused(&stage, "i4").await, ErrorCode::NoCapacity);
    stage.await_status(RunStatus::Completed).await;
    worker.leave().await;
}
