//! Which snapshots a run leaves behind.

use bus::Object;
use contract::command::{Interview, Request};
use contract::reply::ReplyOutcome;
use contract::status::RunStatus;
use contract::subject::{Platform, StreamName};

use crate::stage::Stage;

/// A run that was played to its end, and let go.
async fn ended() -> Stage {
    let stage = Stage::start("").await;
    stage.ask("start", Request::Start).await;
    let worker = stage.worker("first", "start");
    stage.await_status(RunStatus::Completed).await;
    worker.leave().await;
    stage
}

fn subject(stage: &Stage, platform: Platform) -> String {
    stage.bus.prefix().snapshots(&stage.run, platform)
}

async fn stored(stage: &Stage) -> [Vec<Object>; 2] {
    let [twitter, reddit] = Platform::ALL.map(|platform| subject(stage, platform));
    let objects = async |of: String| stage.bus.objects(StreamName::Snapshots, &of).await.unwrap();
    [objects(twitter).await, objects(reddit).await]
}

/// Opens the run to ask it something, and lets it go.
async fn open(stage: &Stage, name: &str) {
    let question =
        Interview { agent_id: 0, prompt: "And now?".to_owned(), platform: None, at_round: None };
    stage.ask(name, Request::Interview(question)).await;
    let worker = stage.worker(name, "interview");
    let reply = stage.reply(name).await;
    assert!(matches!(&reply, ReplyOutcome::Completed { .. }), "{reply:?}");
    worker.leave().await;
}

#[tokio::test]
async fn a_run_that_is_only_asked_stores_no_snapshot_again() {
    let stage = ended().await;
    let before = stored(&stage).await;
    assert!(before.iter().all(|objects| !objects.is_empty()), "{before:?}");
    for name in ["second", "third"] {
        open(&stage, name).await;
        assert_eq!(stored(&stage).await, before, "{name}");
    }
}

#[tokio::test]
async fn a_snapshot_that_does_not_fit_the_frames_is_replaced_once() {
    let stage = ended().await;
    for platform in Platform::ALL {
        spoil(&stage, &subject(&stage, platform)).await;
    }
    let spoilt = stored(&stage).await;
    open(&stage, "second").await;
    let replaced = stored(&stage).await;
    for (replaced, spoilt) in replaced.iter().zip(&spoilt) {
        assert_eq!(replaced.len(), spoilt.len() + 1);
    }
    open(&stage, "third").await;
    assert_eq!(stored(&stage).await, replaced);
}

/// Stores the newest snapshot once more, with the digest of another chain.
async fn spoil(stage: &Stage, subject: &str) {
    let bytes = stage.bus.get_object(StreamName::Snapshots, subject).await.unwrap().unwrap();
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap();
    let mut header: serde_json::Value = serde_json::from_slice(&bytes[..end]).unwrap();
    header["chain"]["digest"] = "ab".repeat(32).into();
    let spoilt = [&serde_json::to_vec(&header).unwrap(), &bytes[end..]].concat();
    stage.bus.put_object(subject, &spoilt, None).await.unwrap();
}
