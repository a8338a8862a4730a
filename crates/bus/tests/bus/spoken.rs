//! What is said and not stored.

use std::collections::BTreeMap;
use std::time::Duration;

use bus::{Audience, RequestError, ServiceInfo};
use nats_process::{NatsServer, Options};

use crate::{connect, soon, until};

const TIMEOUT: Duration = Duration::from_secs(10);

#[tokio::test]
async fn what_is_published_is_heard() {
    let server = NatsServer::start(Options::default());
    let (speaker, listener) = (connect(&server.url()).await, connect(&server.url()).await);
    let mut heard = listener.subscribe("sim.live.a-1.>".to_owned()).await.unwrap();
    listener.publish_core("sim.live.a-1.x".to_owned(), b"first".to_vec()).await.unwrap();
    assert_eq!(soon(heard.next()).await.unwrap().body, "first");
    speaker.publish_core("sim.live.a-1.y".to_owned(), b"second".to_vec()).await.unwrap();
    let second = soon(heard.next()).await.unwrap();
    assert_eq!(
        (second.subject.as_str(), second.body.as_ref()),
        ("sim.live.a-1.y", b"second".as_ref())
    );
    listener.drain().await;
    assert_eq!(soon(heard.next()).await, None);
}

#[tokio::test]
async fn what_nobody_hears_is_not_said_until_somebody_listens() {
    let server = NatsServer::start(Options::default());
    let (speaker, listener) = (connect(&server.url()).await, connect(&server.url()).await);
    let mut audience = Audience::new(speaker);
    let [loud, quiet] = ["sim.live.a-1.x", "sim.live.a-1.y"].map(str::to_owned);
    let mut heard = listener.subscribe(loud.clone()).await.unwrap();
    for subject in [&loud, &quiet] {
        assert!(audience.may_listen(subject), "nothing is known yet");
        audience.publish(subject.clone(), b"first".to_vec()).await.unwrap();
    }
    until("nobody listens", async || (!audience.may_listen(&quiet)).then_some(())).await;
    assert!(audience.may_listen(&loud), "a listener need not answer");
    audience.publish(loud.clone(), b"second".to_vec()).await.unwrap();
    for body in ["first", "second"] {
        assert_eq!(soon(heard.next()).await.unwrap().body, body);
    }
    let mut late = listener.subscribe(quiet.clone()).await.unwrap();
    until("it is tried again", async || audience.may_listen(&quiet).then_some(())).await;
    audience.publish(quiet.clone(), b"third".to_vec()).await.unwrap();
    assert_eq!(soon(late.next()).await.unwrap().body, "third");
}

#[tokio::test]
async fn a_service_answers_and_is_discovered() {
    let server = NatsServer::start(Options::default());
    let (client, host) = (connect(&server.url()).await, connect(&server.url()).await);
    let ask =
        async |subject: &str| client.request(subject.to_owned(), b"who".to_vec(), TIMEOUT).await;
    let nobody = RequestError::NoResponders("sim.memory.search".to_owned());
    assert_eq!(ask("sim.memory.search").await, Err(nobody));

    let service = ServiceInfo {
        name: "shoal-memory".to_owned(),
        version: "0.1.0".to_owned(),
        description: "the graph memory".to_owned(),
        metadata: [("build".to_owned(), "65987661c2".to_owned())].into(),
    };
    let endpoints =
        [("search", "sim.memory.search".to_owned()), ("facts", "sim.memory.facts".to_owned())];
    let mut requests = host.serve(service, &endpoints).await.unwrap();
    tokio::spawn(async move {
        while let Some(request) = requests.next().await {
            match request.subject.as_str() {
                "sim.memory.search" => request.respond(b"found".to_vec()).await,
                _ => request.fail(404, "no such graph").await,
            }
        }
    });
    assert_eq!(ask("sim.memory.search").await.unwrap(), "found");
    assert_eq!(ask("sim.memory.facts").await.unwrap(), "");
    let info = ask("$SRV.INFO.shoal-memory").await.unwrap();
    let info: serde_json::Value = serde_json::from_slice(&info).unwrap();
    assert_eq!(info["description"], "the graph memory");
    assert_eq!(info["metadata"]["build"], "65987661c2");
    let mut subjects: Vec<&str> = info["endpoints"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|e| e["subject"].as_str())
        .collect();
    subjects.sort_unstable();
    assert_eq!(subjects, ["sim.memory.facts", "sim.memory.search"]);
}

#[tokio::test]
async fn a_service_with_an_impossible_name_is_refused() {
    let server = NatsServer::start(Options::default());
    let bus = connect(&server.url()).await;
    let service = ServiceInfo {
        name: "two words".to_owned(),
        version: "1".to_owned(),
        description: String::new(),
        metadata: BTreeMap::new(),
    };
    let refused = bus.serve(service, &[]).await.err().unwrap();
    assert!(refused.starts_with("service \"two words\" version \"1\": "), "{refused}");
}
