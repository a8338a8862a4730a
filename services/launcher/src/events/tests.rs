//! Readers that come early, late, from another launcher, again and again, or are too slow.

use contract::status::{EnvStatus, RunStatus};
use contract::subject::Platform;
use kit::shutdown::Trigger;

use super::*;
use crate::queued::tests::status;
use crate::read_model::tests::{Maker, Town, did};

/// A run that goes on as the test says, and its hubs.
struct Stage {
    town: Town,
    makers: [Maker; 2],
    second: u32,
    statuses: u64,
    hubs: Hubs,
    trigger: Trigger,
}

impl Stage {
    fn new() -> Stage {
        let town = Town::new();
        let read_model = ReadModel::new(Some(town.path())).unwrap();
        read_model.note_opened();
        let (trigger, shutdown) = Shutdown::manual();
        let hubs = Hubs::new(read_model, Model::default(), shutdown);
        let makers = Platform::ALL.map(Maker::new);
        let mut stage = Stage { town, makers, second: 0, statuses: 0, hubs, trigger };
        stage.says(RunStatus::Running);
        stage
    }

    /// A round of so many posts in one world.
    fn plays(&mut self, world: usize, posts: usize) {
        self.second = (self.second + 1) % 60;
        let done: Vec<_> = (0..posts).map(|_| did(1)).collect();
        let frame = self.makers[world].frame_at(self.second, &done);
        self.town.take(&frame);
        self.hubs.read_model.note_written();
    }

    fn says(&mut self, state: RunStatus) {
        self.statuses += 10;
        let run = EnvStatus { status: state, ..status(1) };
        self.hubs.model.fold(self.statuses, Arc::new(run));
    }

    async fn reader(&self, from: From) -> Reader {
        let run = "market-1".parse().unwrap();
        self.hubs.read(&run, Include::default(), from).await.unwrap()
    }
}

/// An event: its id, its kind, and of an action the id that it has wherever it appears.
type Event = (String, String, String);

fn events(bytes: &[u8]) -> Vec<Event> {
    let text = std::str::from_utf8(bytes).unwrap();
    let blocks = text.split("\n\n").filter(|block| block.starts_with("id: "));
    blocks
        .map(|block| {
            let line = |name: &str| {
                let found = block.lines().find_map(|line| line.strip_prefix(name));
                found.unwrap_or_else(|| panic!("no {name} in {block}")).to_owned()
            };
            let data: serde_json::Value = serde_json::from_str(&line("data: ")).unwrap();
            let what = data["id"].as_str().or(data["status"].as_str()).unwrap();
            (line("id: "), line("event: "), what.to_owned())
        })
        .collect()
}

/// Reads until there are so many actions.
async fn read(reader: &mut Reader, actions: usize) -> Vec<Event> {
    let mut all = Vec::new();
    while all.iter().filter(|(_, kind, _): &&Event| kind == "action").count() < actions {
        all.extend(events(&reader.next().await.expect("more events")));
    }
    all
}

fn actions(events: &[Event]) -> Vec<&str> {
    events.iter().filter(|event| event.1 == "action").map(|event| &event.2[..]).collect()
}

fn ids(platform: &str, seqs: std::ops::RangeInclusive<u64>) -> Vec<String> {
    seqs.map(|seq| format!("market-1.{platform}.{seq}")).collect()
}

#[tokio::test]
async fn who_reads_from_the_start_has_what_was_and_what_comes() {
    let mut stage = Stage::new();
    stage.plays(0, 3);
    stage.plays(1, 2);
    let mut reader = stage.reader(From::Start).await;
    assert_eq!(reader.next().await.unwrap(), FIRST);
    let seen = read(&mut reader, 5).await;
    let expected = [ids("twitter", 1..=3), ids("reddit", 1..=2)].concat();
    assert_eq!(actions(&seen), expected);
    let last = ("3.2.10".to_owned(), "status".to_owned(), "running".to_owned());
    assert_eq!(seen.last(), Some(&last), "{seen:?}");
    stage.plays(0, 1);
    assert_eq!(actions(&read(&mut reader, 1).await), ids("twitter", 4..=4));
    stage.says(RunStatus::Paused);
    let paused = events(&reader.next().await.unwrap());
    assert_eq!(paused, [("4.2.20".to_owned(), "status".to_owned(), "paused".to_owned())]);
}

#[tokio::test]
async fn who_reads_from_now_on_has_the_state_and_what_comes() {
    let mut stage = Stage::new();
    stage.plays(0, 3);
    let mut reader = stage.reader(From::Now).await;
    assert_eq!(reader.next().await.unwrap(), FIRST);
    let first = events(&reader.next().await.unwrap());
    assert_eq!(first, [("3.0.10".to_owned(), "status".to_owned(), "running".to_owned())]);
    stage.plays(1, 1);
    assert_eq!(actions(&read(&mut reader, 1).await), ids("reddit", 1..=1));
}

#[tokio::test]
async fn who_is_cut_off_again_and_again_has_each_action_once() {
    let mut stage = Stage::new();
    // One that stays, so that there is a ring to be in step with.
    let mut steady = stage.reader(From::Start).await;
    let (mut seen, mut from, mut total) = (Vec::new(), From::Start, 0);
    for cut in 0..50 {
        for (world, posts) in [(cut % 2, 1 + cut % 5), (1, cut % 3)] {
            stage.plays(world, posts);
            total += posts;
        }
        // Sometimes it comes while the ring has it, sometimes long after.
        let mut reader = stage.reader(from).await;
        for _ in 0..cut % 4 {
            let next = tokio::time::timeout(Duration::from_millis(30), reader.next()).await;
            let Ok(Some(bytes)) = next else { break };
            let all = events(&bytes);
            // The connection ends in the middle of what was sent.
            let kept = all.len() - usize::from(cut % 2 == 1 && !all.is_empty());
            for (id, kind, what) in all.iter().take(kept).cloned() {
                from = From::Behind(id.parse().unwrap());
                seen.extend((kind == "action").then_some(what));
            }
            if kept < all.len() {
                break;
            }
        }
    }
    let mut reader = stage.reader(from).await;
    let rest = read(&mut reader, total - seen.len()).await;
    seen.extend(actions(&rest).into_iter().map(str::to_owned));
    assert_eq!(actions(&read(&mut steady, total).await).len(), seen.len());
    let mut sorted = seen.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(sorted.len(), seen.len(), "none twice");
    for platform in ["twitter", "reddit"] {
        let of: Vec<&String> = seen.iter().filter(|id| id.contains(platform)).collect();
        let count = of.len() as u64;
        assert!(count > 50, "{count}");
        assert_eq!(of, ids(platform, 1..=count).iter().collect::<Vec<_>>(), "without a gap");
    }
}

#[tokio::test]
async fn who_comes_from_a_launcher_that_is_ahead_waits_for_what_it_has_not() {
    let mut stage = Stage::new();
    stage.plays(0, 2);
    stage.plays(1, 2);
    let ahead = Place { twitter: 3, reddit: 1, status: 10 };
    let mut reader = stage.reader(From::Behind(ahead)).await;
    assert_eq!(reader.next().await.unwrap(), FIRST);
    assert_eq!(actions(&read(&mut reader, 1).await), ids("reddit", 2..=2));
    stage.plays(0, 2);
    assert_eq!(actions(&read(&mut reader, 1).await), ids("twitter", 4..=4));
}

#[tokio::test]
async fn who_reads_too_slowly_is_told_and_cut_off() {
    let mut stage = Stage::new();
    let mut slow = stage.reader(From::Start).await;
    let mut quick = stage.reader(From::Start).await;
    stage.plays(0, 1);
    read(&mut slow, 1).await;
    stage.plays(0, 1);
    read(&mut slow, 1).await;
    assert!(slow.is_along);
    // As much as a ring holds, so that what comes next is not kept for it.
    let latest = slow.hub.ring().latest();
    let until = Place { twitter: latest.twitter + 1, ..latest };
    let full = vec![b'x'; 9 << 20];
    let piece = Piece { after: latest, until, bytes: full.clone().into(), is_last: false };
    slow.hub.ring().push(piece);
    let end = Place { twitter: until.twitter + 1, ..until };
    slow.hub.ring().push(Piece { after: until, until: end, bytes: full.into(), is_last: false });
    let said = slow.next().await.unwrap();
    let said = String::from_utf8(said.to_vec()).unwrap();
    assert!(said.starts_with("event: end\ndata: {\"reason\":\"too slow: "), "{said}");
    assert!(said.contains(&slow.place.to_string()) && slow.next().await.is_none());
    assert_eq!(quick.next().await.unwrap(), FIRST, "another one is not concerned");
}

#[tokio::test]
async fn readers_end_with_the_run_and_with_the_launcher() {
    let mut stage = Stage::new();
    stage.plays(0, 1);
    let mut first = stage.reader(From::Start).await;
    read(&mut first, 1).await;
    stage.trigger.pull();
    while first.next().await.is_some() {}
    let mut stage = Stage::new();
    let mut second = stage.reader(From::Now).await;
    second.next().await.unwrap();
    second.next().await.unwrap();
    stage.says(RunStatus::Deleted);
    let last = events(&second.next().await.unwrap());
    assert_eq!(last[0].2, "deleted");
    assert_eq!(second.next().await, None);
    // Nobody reads it any more: it is followed no longer.
    let hub = Arc::downgrade(&second.hub);
    drop(second);
    for _ in 0..100 {
        if hub.upgrade().is_none() {
            return;
        }
        tokio::time::sleep(LOOK / 10).await;
    }
    panic!("the hub stays");
}
