//! What each role may do, and what it may not: every right of every role, tried as every role on a
//! real server with the configuration that is written for it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use bus::permissions::configuration;
use bus::{Action, Denied, Key, Right};
use contract::subject::StreamName;
use tempfile::TempDir;

use super::backup::{restore, save};
use super::*;

/// A server that knows one key for each role, and where they are.
struct Guarded {
    server: NatsServer,
    dir: TempDir,
}

impl Guarded {
    fn start() -> Guarded {
        let dir = TempDir::new().unwrap();
        let mut public = BTreeMap::new();
        for role in Role::ALL {
            let key = Key::make().unwrap();
            std::fs::write(dir.path().join(role.as_str()), key.seed()).unwrap();
            public.insert(role, key.public().to_owned());
        }
        let config_extra = configuration(&Prefix::default(), &public);
        Guarded { server: NatsServer::start(Options { config_extra, ..Options::default() }), dir }
    }

    fn key(&self, role: Role) -> PathBuf {
        self.dir.path().join(role.as_str())
    }

    async fn connect(&self, role: Role) -> Bus {
        let args = BusArgs { nats_nkey: Some(self.key(role)), ..BusArgs::at(self.server.url()) };
        Bus::connect(&args, role, "test", PATIENCE).await.unwrap()
    }

    async fn provision(&self) {
        self.connect(Role::Provisioner).await.provision(1).await.unwrap();
        self.connect(Role::Mirror).await.provision_mirrors(1).await.unwrap();
    }
}

/// What no role needs; each would let a user take what is another one's, or all.
fn never() -> Vec<Right> {
    let publish = |subject: &str| Right::Publish(subject.to_owned());
    let subscribe = |subject: &str| Right::Subscribe(subject.to_owned());
    vec![
        publish("$JS.API.STREAM.DELETE.SIM_ACTIONS"),
        publish("$JS.API.STREAM.MSG.DELETE.SIM_ACTIONS"),
        publish("$JS.API.STREAM.PURGE.SIM_ENV_STATUS"),
        publish("$JS.API.STREAM.PURGE.SIM_SPECS"),
        publish("$JS.API.STREAM.SNAPSHOT.KV_SIM_LEASES"),
        publish("$JS.API.STREAM.RESTORE.KV_SIM_LEASES"),
        publish("$JS.API.STREAM.SNAPSHOT.OTHERS"),
        publish("$JS.API.STREAM.RESTORE.OTHERS"),
        publish("$JS.SNAPSHOT.ACK.OTHERS.one.1.1"),
        publish("$JS.SNAPSHOT.RESTORE.OTHERS.one"),
        publish("$JS.API.STREAM.CREATE.OTHERS"),
        publish("$JS.API.CONSUMER.CREATE.SIM_COMMANDS"),
        publish("$JS.API.CONSUMER.DURABLE.CREATE.SIM_COMMANDS.mine"),
        publish("$JS.API.CONSUMER.DELETE.OTHERS.guardian"),
        publish("$JS.API.CONSUMER.PAUSE.SIM_COMMANDS.guardian"),
        publish("$JS.API.CONSUMER.UNPIN.SIM_COMMANDS.guardian"),
        publish("$JS.API.SERVER.REMOVE"),
        publish("$SYS.REQ.SERVER.PING"),
        publish("_INBOX.somebody"),
        publish("_SHOAL.mirror.forged"),
        subscribe(">"),
        subscribe("_INBOX.>"),
        subscribe("_R_.>"),
        subscribe("sim.>"),
        subscribe("sim.commands.>"),
        subscribe("sim.actions.>"),
        subscribe("$KV.>"),
        subscribe("$JS.API.>"),
        subscribe("$SYS.>"),
    ]
}

/// Whether every subject of `narrow` is one of `wide`.
fn covers(wide: &str, narrow: &str) -> bool {
    let mut wide = wide.split('.');
    let mut narrow = narrow.split('.');
    loop {
        match (wide.next(), narrow.next()) {
            (None, None) => return true,
            (Some(">"), Some(_)) => return true,
            (Some("*"), Some(token)) if token != ">" => {}
            (Some(one), Some(other)) if one == other && one != ">" => {}
            _ => return false,
        }
    }
}

/// What of `rights` is denied to a role that is not of its own, by the patterns of its own.
async fn denied(bus: &Bus, rights: &[Right]) -> Vec<(Action, String)> {
    let denied = bus.denied(rights, PATIENCE).await.unwrap();
    denied.into_iter().map(|Denied { action, pattern, .. }| (action, pattern)).collect()
}

#[tokio::test]
async fn each_role_may_do_what_it_does_and_nothing_of_what_others_do() {
    let guarded = Guarded::start();
    guarded.provision().await;
    let prefix = Prefix::default();
    let all: Vec<Right> =
        Role::ALL.iter().flat_map(|role| role.rights(&prefix)).chain(never()).collect();
    let mut refusals = 0;
    for role in Role::ALL {
        let bus = guarded.connect(role).await;
        assert_eq!(denied(&bus, &role.rights(&prefix)).await, [], "{role:?}");
        // Every other thing that anybody does is refused, one by one.
        let own: Vec<(Action, String)> = patterns(&role.rights(&prefix));
        let is_own = |(action, pattern): &(Action, String)| {
            let covered = own.iter().any(|(of, own)| of == action && covers(own, pattern));
            let hears = *action == Action::Subscribe;
            covered || (hears && covers(&format!("{}.>", role.inbox()), pattern))
        };
        let expected: BTreeSet<(Action, String)> =
            patterns(&all).into_iter().filter(|one| !is_own(one)).collect();
        let found: BTreeSet<(Action, String)> = denied(&bus, &all).await.into_iter().collect();
        let differs: Vec<_> = found.symmetric_difference(&expected).collect();
        assert!(differs.is_empty(), "{role:?}: {differs:?}");
        refusals += found.len();
    }
    println!("{refusals} refusals");
    assert!(refusals > 900, "{refusals} refusals");
}

fn patterns(rights: &[Right]) -> Vec<(Action, String)> {
    rights.iter().flat_map(|right| right.patterns(&Prefix::default(), None)).collect()
}

#[tokio::test]
async fn nobody_comes_in_without_a_key_that_the_server_knows() {
    let guarded = Guarded::start();
    let stranger = guarded.dir.path().join("stranger");
    std::fs::write(&stranger, Key::make().unwrap().seed()).unwrap();
    let url = guarded.server.url();
    let with = |nats_nkey| BusArgs { nats_nkey, ..BusArgs::at(url.clone()) };
    for args in [with(None), with(Some(stranger)), BusArgs::at(guarded.server.url_as("a", "b"))] {
        let error = Bus::connect(&args, Role::Cli, "test", PATIENCE).await.unwrap_err();
        assert!(error.to_string().contains("refuses this client"), "{error}");
    }
}

/// To try is to change nothing, whoever may do everything.
#[tokio::test]
async fn trying_changes_nothing() {
    let (_server, bus) = provisioned().await;
    for subject in ["sim.env-status.market-1", &journal("market-1"), &frames("market-1")] {
        bus.append(message(subject, "{}", Some(0))).await.unwrap();
    }
    let before = bus.streams().await;
    for role in Role::ALL {
        assert_eq!(denied(&bus, &role.rights(bus.prefix())).await, [], "{role:?}");
    }
    assert_eq!(bus.streams().await, before);
}

/// What a run has done is where guests may read it, and goes where it is deleted.
#[tokio::test]
async fn guests_read_copies_and_what_is_deleted_goes_from_them_too() {
    let guarded = Guarded::start();
    guarded.provision().await;
    let (simulator, observer) =
        (guarded.connect(Role::Simulator).await, guarded.connect(Role::Observer).await);
    let subject = frames("market-1");
    for number in 0..3 {
        let frame = format!("frame {number}");
        simulator.append(message(&subject, &frame, None)).await.unwrap();
    }
    let all = observer.prefix().all(StreamName::Actions);
    let read = || async { observer.read_all(StreamName::Actions, &all, 1).await.unwrap() };
    until("the copy", async || (read().await.len() == 3).then_some(())).await;
    let bodies: Vec<_> = read().await.into_iter().map(|stored| stored.body).collect();
    assert_eq!(bodies, ["frame 0", "frame 1", "frame 2"]);

    let janitor = guarded.connect(Role::Janitor).await;
    assert_eq!(janitor.purge(StreamName::Actions, &subject, None).await, Ok(3));
    assert_eq!(read().await.len(), 0);
    let denied = observer.purge(StreamName::Actions, &subject, None).await.unwrap_err();
    assert!(denied.to_string().contains("denied"), "{denied}");
}

/// Who provisions saves what is there, and brings it back elsewhere; nobody else may.
#[tokio::test]
async fn who_provisions_saves_and_restores() {
    let (guarded, other) = (Guarded::start(), Guarded::start());
    guarded.provision().await;
    let simulator = guarded.connect(Role::Simulator).await;
    simulator.append(message(&frames("market-1"), "frame", None)).await.unwrap();
    let (here, there) =
        (guarded.connect(Role::Provisioner).await, other.connect(Role::Provisioner).await);
    for saved in save(&here).await {
        restore(&there, &saved).await.unwrap();
        // What is there it may not take away.
        let denied = there.remove_leftover(&saved.name).await.unwrap_err();
        assert!(denied.to_string().contains("Permissions Violation"), "{denied}");
    }
    other.provision().await;
    let restored = other.connect(Role::Simulator).await;
    let all = restored.prefix().all(StreamName::Actions);
    let frames = restored.read_all(StreamName::Actions, &all, 1).await.unwrap();
    assert_eq!(frames, simulator.read_all(StreamName::Actions, &all, 1).await.unwrap());
    let denied = simulator.cut().await.unwrap_err();
    assert!(denied.to_string().contains("Permissions Violation"), "{denied}");
}

/// A question of a guest is stored as anybody's, and its answer is heard by nobody else.
#[tokio::test]
async fn a_guest_asks_under_its_own_name_and_hears_only_its_own_answers() {
    let guarded = Guarded::start();
    guarded.provision().await;
    let guest = guarded.connect(Role::Interviewer).await;
    let question = |client: &str| {
        message(&format!("sim.questions.market-1.interview.{client}.one"), "{}", None)
    };
    guest.append(question("interviewer")).await.unwrap();
    let denied = guest.append(question("cli")).await.unwrap_err();
    assert!(denied.to_string().contains("denied"), "{denied}");
    let simulator = guarded.connect(Role::Simulator).await;
    let all = simulator.prefix().all(StreamName::Questions);
    let stored = simulator.read_all(StreamName::Questions, &all, 1).await.unwrap();
    assert_eq!(stored.len(), 1);

    let mut heard = guest.subscribe("sim.replies.interviewer.>".to_owned()).await.unwrap();
    for client in ["cli", "interviewer"] {
        let subject = format!("sim.replies.{client}.market-1.one");
        simulator.append(message(&subject, client, Some(0))).await.unwrap();
    }
    assert_eq!(heard.next().await.unwrap().body, "interviewer");
}
