//! The actions of the runs that somebody looks at, read from the bus when they are asked for.
//!
//! A page asks every few seconds, so what was read is kept and reading goes on behind it, for
//! the [`MAX_RUNS`] runs that were asked for last.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bus::{Bus, ReadError, Start};
use contract::action::Action;
use contract::frame::{Assembler, Frame};
use contract::id::RunId;
use contract::notice::action_id;
use contract::subject::{Platform, StreamName};
use contract::timestamp::Timestamp;
use serde::Serialize;

/// The most actions that are listed of one world: the newest ones.
pub const MAX_LISTED: usize = 25_000;

/// The most runs whose actions are kept.
pub const MAX_RUNS: usize = 16;

/// How long a message that must be there may take before it is looked for.
const PATIENCE: Duration = Duration::from_secs(2);

/// One action as lists show it. As in the original: successful ones, and no `REFRESH`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// `<run>.<platform>.<seq>`: names the action wherever it appears.
    pub id: String,
    /// The round.
    pub round_num: u32,
    /// When its tick was closed, in wall-clock time.
    pub timestamp: Timestamp,
    /// When it was, in simulated time.
    pub simulated_time: Timestamp,
    /// The world.
    pub platform: Platform,
    /// The action.
    #[serde(flatten)]
    pub action: Action,
}

/// The actions of one world, up to some message of the stream. Pure.
#[derive(Debug, Default)]
pub struct World {
    /// The sequence of the last message that was taken.
    sequence: u64,
    /// The seq that comes next. Not the sequence says what is new: a repaired run has its
    /// frames again, further on in the stream.
    next_seq: u64,
    assembler: Assembler,
    /// Oldest first.
    listed: VecDeque<Arc<Listed>>,
    omitted: u64,
}

/// What a world's list shows.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Oldest first, at most [`MAX_LISTED`].
    pub actions: Vec<Arc<Listed>>,
    /// How many older ones there are beside.
    pub omitted: u64,
}

impl World {
    /// Takes the next message of this world's frames. What cannot be read is passed over
    /// with a warning: a list with a hole shows more than no list.
    pub fn take(&mut self, sequence: u64, body: &[u8]) {
        self.sequence = self.sequence.max(sequence);
        let part: Frame = match serde_json::from_slice(body) {
            Ok(part) => part,
            Err(error) => {
                tracing::warn!(sequence, %error, "passed over a frame that cannot be read");
                return;
            }
        };
        match self.assembler.push(part) {
            Ok(Some(frame)) => self.list(frame),
            Ok(None) => {}
            Err(error) => tracing::warn!(sequence, %error, "passed over a broken frame"),
        }
    }

    fn list(&mut self, frame: Frame) {
        let next_seq = frame.next_seq().max(self.next_seq);
        for action in frame.actions {
            let is_shown = action.success() && action.body.is_listed();
            if action.seq < self.next_seq || !is_shown {
                continue;
            }
            self.listed.push_back(Arc::new(Listed {
                id: action_id(&frame.run_id, frame.platform, action.seq),
                round_num: frame.round,
                timestamp: frame.timestamp,
                simulated_time: frame.simulated_time,
                platform: frame.platform,
                action,
            }));
            if self.listed.len() > MAX_LISTED {
                self.listed.pop_front();
                self.omitted += 1;
            }
        }
        self.next_seq = next_seq;
    }

    /// What there is so far.
    pub fn listing(&self) -> Listing {
        Listing { actions: self.listed.iter().cloned().collect(), omitted: self.omitted }
    }
}

/// A world's actions, read by one asker at a time, so that two who poll do not read twice.
type Shared = Arc<tokio::sync::Mutex<World>>;

/// The worlds of one run.
#[derive(Clone, Debug)]
struct Run {
    run: RunId,
    worlds: [Shared; 2],
}

/// The actions of runs, kept while they are looked at. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Actions {
    bus: Bus,
    /// The run that was asked for last is at the end.
    runs: Arc<Mutex<Vec<Run>>>,
}

impl Actions {
    /// The actions that `bus` keeps.
    pub fn new(bus: Bus) -> Actions {
        Actions { bus, runs: Arc::default() }
    }

    /// The actions of one world as of now.
    ///
    /// # Errors
    /// If the bus cannot be read.
    pub async fn list(&self, run: &RunId, platform: Platform) -> Result<Listing, ReadError> {
        let subject = self.bus.prefix().actions(run, platform);
        let world = self.world(run, platform);
        let mut world = world.lock().await;
        let last = self.bus.last(StreamName::Actions, &subject).await?;
        let end = last.map_or(0, |stored| stored.sequence);
        if end > world.sequence {
            let start = Start::From(world.sequence + 1);
            let mut cursor = self.bus.follow(StreamName::Actions, &subject, start).await?;
            while world.sequence < end {
                match tokio::time::timeout(PATIENCE, cursor.next()).await {
                    Ok(stored) => world.take(stored.sequence, &stored.body),
                    // Where the run was deleted meanwhile, nothing more comes.
                    Err(_) if self.bus.last(StreamName::Actions, &subject).await?.is_none() => {
                        break;
                    }
                    Err(_) => {}
                }
            }
        }
        Ok(world.listing())
    }

    fn world(&self, run: &RunId, platform: Platform) -> Shared {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        let known = match runs.iter().position(|known| known.run == *run) {
            Some(index) => runs.remove(index),
            None => Run { run: run.clone(), worlds: Default::default() },
        };
        let [twitter, reddit] = &known.worlds;
        let world = Arc::clone(match platform {
            Platform::Twitter => twitter,
            Platform::Reddit => reddit,
        });
        runs.push(known);
        if runs.len() > MAX_RUNS {
            runs.remove(0);
        }
        world
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use contract::action::{ActionBody, CreatePost, DoNothing, ShownPosts};
    use contract::id::Digest;
    use contract::version::V1;

    /// A frame with one post per entry, failed where it is false.
    pub(crate) fn frame(tick: u32, first_seq: u64, successes: &[bool]) -> Frame {
        let action = |(seq, success): (u64, &bool)| Action {
            seq,
            agent_id: 1,
            agent_name: "Ada".to_owned(),
            body: ActionBody::CreatePost(CreatePost {
                content: format!("post {seq}"),
                post_id: success.then_some(seq),
            }),
            failure: (!success).then(|| "no".to_owned()),
        };
        let mut frame = Frame {
            v: V1,
            run_id: "market-1".parse().unwrap(),
            platform: Platform::Twitter,
            tick,
            round: tick,
            simulated_time: "2026-01-01T00:00:00Z".parse().unwrap(),
            timestamp: "2026-03-01T10:00:00Z".parse().unwrap(),
            first_seq,
            part: 1,
            parts: 1,
            previous_digest: Digest::ZERO,
            digest: Digest::ZERO,
            options: None,
            memory: None,
            markers: Vec::new(),
            actions: (first_seq..).zip(successes).map(action).collect(),
        };
        frame.digest = frame.compute_digest();
        frame
    }

    /// Hands the messages of a frame to a world, as if stored from `sequence` on.
    pub(crate) fn feed(world: &mut World, sequence: u64, frame: &Frame) {
        for (sequence, message) in (sequence..).zip(frame.to_messages(200)) {
            world.take(sequence, &message);
        }
    }

    fn seqs(world: &World) -> Vec<u64> {
        world.listing().actions.iter().map(|listed| listed.action.seq).collect()
    }

    #[test]
    fn successful_actions_are_listed_in_order_and_once() {
        let mut world = World::default();
        feed(&mut world, 1, &frame(0, 1, &[true, false, true]));
        feed(&mut world, 11, &frame(1, 4, &[]));
        feed(&mut world, 21, &frame(2, 4, &[true, true]));
        assert_eq!(seqs(&world), [1, 3, 4, 5]);
        // A repaired run: the same frames again, under other sequences.
        feed(&mut world, 31, &frame(0, 1, &[true, false, true]));
        feed(&mut world, 41, &frame(2, 4, &[true, true]));
        feed(&mut world, 51, &frame(3, 6, &[true]));
        assert_eq!(seqs(&world), [1, 3, 4, 5, 6]);
    }

    #[test]
    fn a_feed_that_was_looked_at_is_not_listed() {
        let mut frame = frame(0, 1, &[true, true, true]);
        frame.actions[0].body = ActionBody::Refresh(ShownPosts { post_ids: vec![3] });
        frame.actions[1].body = ActionBody::DoNothing(DoNothing {});
        frame.digest = frame.compute_digest();
        let mut world = World::default();
        feed(&mut world, 1, &frame);
        assert_eq!(seqs(&world), [2, 3]);
    }

    #[test]
    fn what_cannot_be_read_is_passed_over() {
        let mut world = World::default();
        world.take(1, b"{");
        let mut forged = frame(0, 1, &[true]);
        forged.actions[0].agent_id = 9;
        feed(&mut world, 2, &forged);
        assert!(seqs(&world).is_empty());
        feed(&mut world, 3, &frame(1, 2, &[true]));
        assert_eq!(seqs(&world), [2]);
    }

    #[test]
    fn only_the_newest_are_kept() {
        let mut world = World::default();
        let many = vec![true; MAX_LISTED];
        feed(&mut world, 1, &Frame { part: 1, ..frame(0, 1, &many[..3]) });
        let mut large = frame(1, 4, &many);
        large.digest = large.compute_digest();
        for message in large.to_messages(contract::DEFAULT_PART_SIZE) {
            world.take(world.sequence + 1, &message);
        }
        let listing = world.listing();
        assert_eq!((listing.actions.len(), listing.omitted), (MAX_LISTED, 3));
        assert_eq!(listing.actions[0].action.seq, 4);
    }

    #[test]
    fn an_action_is_written_with_all_that_a_page_reads() {
        let mut world = World::default();
        feed(&mut world, 1, &frame(3, 7, &[true]));
        let json = serde_json::to_value(&*world.listing().actions[0]).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "id": "market-1.twitter.7",
                "round_num": 3,
                "timestamp": "2026-03-01T10:00:00.000Z",
                "simulated_time": "2026-01-01T00:00:00.000Z",
                "platform": "twitter",
                "seq": 7,
                "agent_id": 1,
                "agent_name": "Ada",
                "action_type": "CREATE_POST",
                "action_args": {"content": "post 7", "post_id": 7},
                "result": null,
                "success": true
            })
        );
    }
}
