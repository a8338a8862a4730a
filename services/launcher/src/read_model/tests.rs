//! A file that is filled from frames, and what is in it then.

mod damage;
mod rows;

use std::path::PathBuf;
use std::sync::Arc;

use bus::{Bytes, Stored};
use contract::action::Action;
use contract::frame::{Frame, Marker};
use contract::id::Digest;
use contract::spec::Spec;
use contract::subject::{Platform, Prefix};
use contract::timestamp::Timestamp;
use contract::version::V1;
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::file::{Trouble, open_reader};
use super::take::{Around, Event, Writer};

const FILE: &str = "model.sqlite";

/// What an agent did.
#[derive(Clone)]
pub(crate) struct Did {
    agent: u32,
    /// Type and arguments; else it wrote the next post.
    what: Option<(&'static str, Value)>,
    is_failed: bool,
}

/// That an agent wrote a post.
pub(crate) fn did(agent: u32) -> Did {
    Did { agent, what: None, is_failed: false }
}

impl Did {
    pub(crate) fn failed(self) -> Did {
        Did { is_failed: true, ..self }
    }

    /// Something else than a post.
    pub(crate) fn this(self, type_name: &'static str, args: Value) -> Did {
        Did { what: Some((type_name, args)), ..self }
    }

    pub(crate) fn refresh(self) -> Did {
        self.this("REFRESH", json!({"post_ids": [1]}))
    }

    pub(crate) fn like(self, like_id: u64, post_id: u64) -> Did {
        self.this("LIKE_POST", json!({"post_id": post_id, "like_id": like_id}))
    }

    pub(crate) fn comment(self, comment_id: u64, post_id: u64) -> Did {
        let content = format!("comment {comment_id}");
        let args = json!({"post_id": post_id, "content": content, "comment_id": comment_id});
        self.this("CREATE_COMMENT", args)
    }
}

/// Makes the frames of one world, one after the other.
#[derive(Clone)]
pub(crate) struct Maker {
    pub(crate) platform: Platform,
    tick: u32,
    seq: u64,
    posts: u64,
    digest: Digest,
}

impl Maker {
    pub(crate) fn new(platform: Platform) -> Maker {
        Maker { platform, tick: 0, seq: 1, posts: 0, digest: Digest::ZERO }
    }

    /// The next frame, closed at this second.
    pub(crate) fn frame_at(&mut self, second: u32, done: &[Did]) -> Frame {
        self.frame_with(second, done, Vec::new())
    }

    /// The first frame of a world that is made from the spec `spec`, whose agents had posted
    /// `posts` posts.
    pub(crate) fn first_of(&mut self, spec: &Spec, posts: u64, done: &[Did]) -> Frame {
        self.posts = posts;
        let start = Marker::SimulationStart {
            before_seq: 1,
            spec_digest: spec.digest(),
            seed: 1,
            rules: 1,
            agents: 3,
            rounds: 10,
        };
        self.frame_with(0, done, vec![start])
    }

    fn frame_with(&mut self, second: u32, done: &[Did], mut markers: Vec<Marker>) -> Frame {
        let first_seq = self.seq;
        let actions = done.iter().map(|did| self.action(did)).collect();
        let tick = self.tick;
        markers.push(Marker::RoundEnd {
            before_seq: self.seq,
            round: tick,
            actions: 0,
            active_agents: 0,
            simulated_minutes: u64::from(tick) * 90,
        });
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let mut frame = Frame {
            v: V1,
            run_id: "market-1".parse().unwrap(),
            platform: self.platform,
            tick,
            round: tick,
            simulated_time: start.plus_minutes(u64::from(tick) * 90),
            timestamp: format!("2026-03-01T10:00:{second:02}Z").parse().unwrap(),
            first_seq,
            part: 1,
            parts: 1,
            previous_digest: self.digest,
            digest: Digest::ZERO,
            options: None,
            memory: None,
            markers,
            actions,
        };
        frame.digest = frame.compute_digest();
        (self.tick, self.digest) = (tick + 1, frame.digest);
        frame
    }

    fn action(&mut self, did: &Did) -> Action {
        let seq = self.seq;
        self.seq += 1;
        let (type_name, args) = did.what.clone().unwrap_or_else(|| {
            self.posts += u64::from(!did.is_failed);
            let made = (!did.is_failed).then_some(self.posts);
            ("CREATE_POST", json!({"content": format!("text of {seq}"), "post_id": made}))
        });
        serde_json::from_value(json!({
            "seq": seq, "agent_id": did.agent, "agent_name": format!("Agent {}", did.agent),
            "action_type": type_name, "action_args": args,
            "result": did.is_failed.then_some("no"), "success": !did.is_failed,
        }))
        .unwrap()
    }
}

/// A file and who fills it.
pub(crate) struct Town {
    pub(crate) writer: Writer,
    pub(crate) sequence: u64,
    spec: Option<Arc<Spec>>,
    folder: TempDir,
}

impl Town {
    pub(crate) fn new() -> Town {
        let folder = tempfile::tempdir().unwrap();
        let writer = super::open(&folder.path().join(FILE), Prefix::default()).unwrap();
        Town { writer, sequence: 0, spec: None, folder }
    }

    /// The file.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join(FILE)
    }

    /// Of worlds that are made from `spec`.
    pub(crate) fn of(spec: Spec) -> Town {
        Town { spec: Some(Arc::new(spec)), ..Town::new() }
    }

    /// The same, and who makes frames of both worlds.
    pub(crate) fn with_two_worlds() -> (Town, Maker, Maker) {
        (Town::new(), Maker::new(Platform::Twitter), Maker::new(Platform::Reddit))
    }

    /// A message as the stream has it.
    pub(crate) fn message(&mut self, frame: &Frame, body: Vec<u8>) -> Event {
        self.sequence += 1;
        Event::Message(Stored {
            subject: Prefix::default().actions(&frame.run_id, frame.platform),
            sequence: self.sequence,
            body: Bytes::from(body),
            at: Timestamp::from_milliseconds(i64::try_from(self.sequence).unwrap()),
            pending: 0,
            headers: Vec::new(),
        })
    }

    /// Takes a frame, in parts if it is large.
    pub(crate) fn take(&mut self, frame: &Frame) {
        for body in frame.to_messages(800) {
            let event = self.message(frame, body);
            self.write(&[event]).unwrap();
        }
    }

    pub(crate) fn write(&mut self, events: &[Event]) -> Result<(), Trouble> {
        let spec = self.spec.clone();
        let spec_of = |digest: &Digest| Ok(spec.clone().filter(|spec| spec.digest() == *digest));
        self.writer.write(events, &Around { spec_of: &spec_of, is_deleted: &|_| false })
    }

    /// As after a death: only what the file says is known.
    pub(crate) fn reopen(self) -> Town {
        let Town { writer, spec, folder, .. } = self;
        drop(writer);
        let writer = super::open(&folder.path().join(FILE), Prefix::default()).unwrap();
        let sequence = writer.place().map_or(0, |place| place.sequence);
        Town { writer, sequence, spec, folder }
    }

    pub(crate) fn ask<T>(&self, question: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> T {
        question(&open_reader(&self.path()).unwrap()).unwrap()
    }

    /// Every row that follows from frames, in order.
    pub(crate) fn dump(&self) -> Vec<String> {
        let tables =
            ["run", "world", "frame", "doing", "action", "agent", "tally", "post", "comment"];
        self.ask(|rows| {
            let mut all = Vec::new();
            for table in tables {
                let mut query = rows.prepare(&format!("SELECT * FROM {table}"))?;
                let columns = query.column_count();
                let mut found = query.query([])?;
                while let Some(row) = found.next()? {
                    let cells = (0..columns).map(|column| format!("{:?}", row.get_ref(column)));
                    all.push(format!("{table} {}", cells.collect::<Vec<_>>().join(" ")));
                }
            }
            all.sort();
            Ok(all)
        })
    }

    /// What is wrong with the run, in words.
    pub(crate) fn problem(&self) -> Option<String> {
        let run = "market-1".parse().unwrap();
        self.ask(|rows| super::pages::View::load(rows, &run, None)).problem()
    }
}

/// Rounds in which all is done that changes a row of a page; `is_other`: the last ones are others.
pub(crate) fn lively(maker: &mut Maker, is_other: bool) -> Vec<Frame> {
    let seeds = [did(0), did(1), did(2).failed(), did(1).refresh()];
    let quote = json!({"quoted_id": 2, "quote_content": "And?", "new_post_id": 4,
        "original_content": "text of 2"});
    let shares = [
        did(2).like(1, 1),
        did(0).comment(1, 2),
        did(1).this("REPOST", json!({"reposted_id": 1, "new_post_id": 3})),
        did(2).this("QUOTE_POST", quote),
        did(2).this("DISLIKE_POST", json!({"post_id": 2, "dislike_id": 1})),
        did(0).this("REPORT_POST", json!({"post_id": 1, "report_id": 1, "report_reason": "spam"})),
        did(0).this("FOLLOW", json!({"followee_id": 2, "follow_id": 1})),
    ];
    let rated = json!({"comment_id": 1, "comment_like_id": 1});
    let mut ratings = vec![
        did(1).this("LIKE_COMMENT", rated.clone()),
        did(2).this("UNLIKE_POST", json!({"post_id": 1, "like_id": 1})),
        did(0).comment(2, 1),
        did(2).refresh().failed(),
        did(0).this("DISLIKE_COMMENT", json!({"comment_id": 1, "comment_dislike_id": 1})),
    ];
    if is_other {
        ratings.push(did(3).like(2, 2));
        ratings.push(did(1).this("UNLIKE_COMMENT", rated));
    }
    let mut frames = vec![maker.frame_at(1, &seeds), maker.frame_at(2, &shares)];
    maker.posts = 4;
    frames.push(maker.frame_at(3, &[]));
    frames.push(maker.frame_at(4, &ratings));
    frames.push(maker.frame_at(5, &[did(if is_other { 0 } else { 4 })]));
    frames
}
