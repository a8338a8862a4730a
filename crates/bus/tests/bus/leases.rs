use std::time::{Duration, Instant};

use bus::{AppendError, Bus};

use crate::proxy::Proxy;
use crate::{connect, provisioned, until};

const SECOND: Duration = Duration::from_secs(1);
const LONG: Duration = Duration::from_secs(300);

async fn expired(bus: &Bus, key: &str) {
    until("the lease expires", async || {
        bus.lease_holder(key).await.unwrap().is_none().then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_lease_has_one_holder_until_it_is_released() {
    let (_server, bus) = provisioned().await;
    let lease = bus.acquire_lease("run.a-1", "ada", LONG).await.unwrap().unwrap();
    assert_eq!(bus.acquire_lease("run.a-1", "bob", LONG).await, Ok(None));
    assert_eq!(bus.lease_holder("run.a-1").await.unwrap().as_deref(), Some("ada"));
    // Whoever holds it may ask again, e.g. when the first answer was lost.
    let mut again = bus.acquire_lease("run.a-1", "ada", LONG).await.unwrap().unwrap();
    assert!(again.sequence > lease.sequence);
    assert_eq!(bus.renew_lease(&mut again).await, Ok(true));
    bus.release_lease(again).await.unwrap();
    assert_eq!(bus.lease_holder("run.a-1").await, Ok(None));
    let theirs = bus.acquire_lease("run.a-1", "bob", LONG).await.unwrap().unwrap();
    // To release what is lost already harms nobody.
    bus.release_lease(lease).await.unwrap();
    assert_eq!(bus.lease_holder("run.a-1").await.unwrap().as_deref(), Some("bob"));
    assert_eq!(theirs.holder, "bob");
}

#[tokio::test]
async fn a_lease_expires_unless_it_is_renewed_and_so_does_the_next() {
    let (_server, bus) = provisioned().await;
    let mut lease = bus.acquire_lease("run.a-1", "ada", SECOND).await.unwrap().unwrap();
    // Renewed for well over its time, it is still there.
    let begun = Instant::now();
    while begun.elapsed() < 2 * SECOND {
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(bus.renew_lease(&mut lease).await, Ok(true));
        assert_eq!(bus.acquire_lease("run.a-1", "bob", SECOND).await, Ok(None));
    }
    expired(&bus, "run.a-1").await;
    assert_eq!(bus.renew_lease(&mut lease).await, Ok(false));

    // What was taken over an expired lease expires as well.
    let theirs = bus.acquire_lease("run.a-1", "bob", SECOND).await.unwrap().unwrap();
    assert_eq!(bus.lease_holder("run.a-1").await.unwrap().as_deref(), Some("bob"));
    assert_eq!(bus.renew_lease(&mut lease).await, Ok(false));
    assert!(theirs.sequence > lease.sequence);
    expired(&bus, "run.a-1").await;
    assert!(bus.acquire_lease("run.a-1", "ada", SECOND).await.unwrap().is_some());
}

#[tokio::test]
async fn a_lease_is_seized_as_it_was_found_or_not_at_all() {
    let (_server, bus) = provisioned().await;
    assert_eq!(bus.held_lease("run.a-1").await, Ok(None));
    let mut lease = bus.acquire_lease("run.a-1", "ada", LONG).await.unwrap().unwrap();
    let found = bus.held_lease("run.a-1").await.unwrap().unwrap();
    assert_eq!((found.holder.as_str(), found.sequence), ("ada", lease.sequence));
    // Its holder lives after all.
    assert_eq!(bus.renew_lease(&mut lease).await, Ok(true));
    assert_eq!(bus.seize_lease("run.a-1", "bob", LONG, &found).await, Ok(None));
    let found = bus.held_lease("run.a-1").await.unwrap().unwrap();
    let mut theirs = bus.seize_lease("run.a-1", "bob", LONG, &found).await.unwrap().unwrap();
    assert_eq!(bus.renew_lease(&mut lease).await, Ok(false));
    assert_eq!(bus.renew_lease(&mut theirs).await, Ok(true));
    let again = bus.held_lease("run.a-1").await.unwrap().unwrap();
    assert!(again.at >= found.at && again.sequence == theirs.sequence, "{again:?}");
}

#[tokio::test]
async fn a_lease_whose_last_renewal_was_not_heard_of_is_released() {
    let (_server, bus) = provisioned().await;
    let mut lease = bus.acquire_lease("run.a-1", "ada", LONG).await.unwrap().unwrap();
    let unaware = lease.clone();
    assert_eq!(bus.renew_lease(&mut lease).await, Ok(true));
    bus.release_lease(unaware).await.unwrap();
    assert_eq!(bus.lease_holder("run.a-1").await, Ok(None));
}

#[tokio::test]
async fn of_many_who_want_a_lease_one_gets_it() {
    let (_server, bus) = provisioned().await;
    let names: Vec<String> = (0..8).map(|n| format!("node-{n}")).collect();
    let asking = names.iter().map(|name| bus.acquire_lease("run.a-1", name, LONG));
    let granted = futures_util::future::try_join_all(asking).await.unwrap();
    let granted: Vec<_> = granted.into_iter().flatten().collect();
    assert_eq!(granted.len(), 1);
    let holder = bus.lease_holder("run.a-1").await.unwrap();
    assert_eq!(holder.as_deref(), Some(granted[0].holder.as_str()));
}

#[tokio::test]
async fn a_short_lease_survives_a_slow_server() {
    let (server, bus) = provisioned().await;
    let proxy = Proxy::to(server.client_port).await;
    let slow = connect(&proxy.url()).await;
    let mut lease = slow.acquire_lease("run.a-1", "ada", 2 * SECOND).await.unwrap().unwrap();
    let mut last = lease.sequence;
    proxy.delay_answers(Duration::from_millis(1500));
    for _ in 0..3 {
        assert_eq!(slow.renew_lease(&mut lease).await, Ok(true));
        assert!(lease.sequence > last, "renewed, not found");
        last = lease.sequence;
        assert_eq!(bus.acquire_lease("run.a-1", "bob", SECOND).await, Ok(None));
    }
}

#[tokio::test]
async fn a_restart_of_the_server_begins_a_new_connection() {
    let (mut server, bus) = provisioned().await;
    let first = bus.connected_since().unwrap();
    assert_eq!(bus.clone().connected_since(), Some(first), "one connection, whoever asks");
    server.kill();
    until("the loss is noticed", async || bus.connected_since().is_none().then_some(())).await;
    let lost = Instant::now();
    server.restart();
    let again = until("the connection stands again", async || bus.connected_since()).await;
    assert!(again > lost && first < lost);
}

#[tokio::test]
async fn the_ledger_replaces_only_what_was_seen() {
    let (_server, bus) = provisioned().await;
    assert_eq!(bus.ledger_get("graph-1").await, Ok(None));
    let first = bus.ledger_put("graph-1", b"one".to_vec(), 0).await.unwrap();
    assert_eq!(bus.ledger_get("graph-1").await, Ok(Some((b"one".to_vec(), first))));
    let refused = bus.ledger_put("graph-1", b"other".to_vec(), 0).await;
    assert_eq!(refused, Err(AppendError::Refused));
    let second = bus.ledger_put("graph-1", b"two".to_vec(), first).await.unwrap();
    assert_eq!(bus.ledger_get("graph-1").await, Ok(Some((b"two".to_vec(), second))));
}
