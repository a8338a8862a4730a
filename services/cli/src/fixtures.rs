//! Small frames and statuses for tests: what a test does not set is the same everywhere.

use contract::action::{
    Action, ActionBody, CreateComment, CreatePost, DislikePost, DoNothing, Follow, LikePost,
    QuotePost, Repost, SearchPosts,
};
use contract::frame::{Frame, Marker, Outcome};
use contract::id::Digest;
use contract::options::{MemoryTarget, RequestedOptions, RunOptions};
use contract::status::{EnvStatus, PlatformStatus, RunStatus};
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use contract::version::V1;

/// Who did what; an error is a failed action and why it failed.
pub(crate) type Done<'a> = (u32, Result<ActionBody, (ActionBody, &'a str)>);

/// Builds the frames of one world, chained.
pub(crate) struct World {
    platform: Platform,
    tick: u32,
    seq: u64,
    digest: Digest,
}

impl World {
    pub(crate) fn new(platform: Platform) -> World {
        World { platform, tick: 0, seq: 1, digest: Digest::ZERO }
    }

    /// The next tick, in which these things are done.
    pub(crate) fn tick(&mut self, actions: Vec<Done<'_>>) -> Frame {
        self.tick_with(actions, Vec::new())
    }

    /// The next tick, a whole round in which that many agents were active.
    pub(crate) fn round(&mut self, actions: Vec<Done<'_>>, active_agents: u32) -> Frame {
        let end = Marker::RoundEnd {
            before_seq: self.seq + actions.len() as u64,
            round: self.tick,
            actions: u32::try_from(actions.len()).unwrap(),
            active_agents,
            simulated_minutes: u64::from(self.tick) * 60,
        };
        self.tick_with(actions, vec![end])
    }

    /// The first tick of a world with this seed.
    pub(crate) fn seeded(&mut self, seed: u64, actions: Vec<Done<'_>>) -> Frame {
        let start = Marker::SimulationStart {
            before_seq: 1,
            spec_digest: Digest::of(&[b"spec"]),
            seed,
            rules: 1,
            agents: 4,
            rounds: 48,
        };
        self.tick_with(actions, vec![start])
    }

    /// The next tick, and the last one.
    pub(crate) fn end(&mut self) -> Frame {
        let marker = Marker::SimulationEnd {
            before_seq: self.seq,
            outcome: Outcome::Completed,
            rounds: self.tick,
            actions: self.seq - 1,
        };
        self.tick_with(Vec::new(), vec![marker])
    }

    fn tick_with(&mut self, actions: Vec<Done<'_>>, markers: Vec<Marker>) -> Frame {
        let start: Timestamp = "2026-01-01T22:00:00Z".parse().unwrap();
        let action = |(seq, (agent_id, done)): (u64, Done<'_>)| {
            let (body, failure) = match done {
                Ok(body) => (body, None),
                Err((body, why)) => (body, Some(why.to_owned())),
            };
            Action { seq, agent_id, agent_name: name(agent_id), body, failure }
        };
        let mut frame = Frame {
            v: V1,
            run_id: "market-1".parse().unwrap(),
            platform: self.platform,
            tick: self.tick,
            round: self.tick,
            simulated_time: start.plus_minutes(u64::from(self.tick) * 60),
            timestamp: "2026-03-01T10:00:00Z".parse().unwrap(),
            first_seq: self.seq,
            part: 1,
            parts: 1,
            previous_digest: self.digest,
            digest: Digest::ZERO,
            options: None,
            memory: None,
            markers,
            actions: (self.seq..).zip(actions).map(action).collect(),
        };
        frame.digest = frame.compute_digest();
        (self.tick, self.seq, self.digest) = (self.tick + 1, frame.next_seq(), frame.digest);
        frame
    }
}

/// Ada, Ben, Cleo, Dan by number.
pub(crate) fn name(agent_id: u32) -> String {
    ["Ada", "Ben", "Cleo", "Dan"][agent_id as usize % 4].to_owned()
}

pub(crate) fn post(post_id: u64, content: &str) -> ActionBody {
    ActionBody::CreatePost(CreatePost { content: content.to_owned(), post_id: Some(post_id) })
}

pub(crate) fn comment(post_id: u64, content: &str, author: &str) -> ActionBody {
    ActionBody::CreateComment(CreateComment {
        post_id,
        parent_comment_id: None,
        content: content.to_owned(),
        comment_id: Some(1),
        post_content: Some(format!("text of {post_id}")),
        post_author_name: Some(author.to_owned()),
        parent_content: None,
        parent_author_name: None,
    })
}

pub(crate) fn like(post_id: u64, author: &str) -> ActionBody {
    ActionBody::LikePost(like_of(post_id, author))
}

pub(crate) fn unlike(post_id: u64, author: &str) -> ActionBody {
    ActionBody::UnlikePost(like_of(post_id, author))
}

fn like_of(post_id: u64, author: &str) -> LikePost {
    LikePost {
        post_id,
        like_id: Some(1),
        post_content: Some(format!("text of {post_id}")),
        post_author_name: Some(author.to_owned()),
    }
}

pub(crate) fn dislike(post_id: u64, author: &str) -> ActionBody {
    ActionBody::DislikePost(dislike_of(post_id, author))
}

pub(crate) fn undo_dislike(post_id: u64, author: &str) -> ActionBody {
    ActionBody::UndoDislikePost(dislike_of(post_id, author))
}

fn dislike_of(post_id: u64, author: &str) -> DislikePost {
    DislikePost {
        post_id,
        dislike_id: Some(1),
        post_content: Some(format!("text of {post_id}")),
        post_author_name: Some(author.to_owned()),
    }
}

pub(crate) fn repost(post_id: u64, author: &str) -> ActionBody {
    ActionBody::Repost(Repost {
        reposted_id: post_id,
        new_post_id: Some(1000 + post_id),
        original_content: Some(format!("text of {post_id}")),
        original_author_name: Some(author.to_owned()),
    })
}

pub(crate) fn quote(quoted_id: u64, post_id: u64, words: &str, author: &str) -> ActionBody {
    ActionBody::QuotePost(QuotePost {
        quoted_id,
        quote_content: words.to_owned(),
        new_post_id: Some(post_id),
        original_content: Some(format!("text of {quoted_id}")),
        original_author_name: Some(author.to_owned()),
    })
}

pub(crate) fn search(query: &str) -> ActionBody {
    ActionBody::SearchPosts(SearchPosts { query: query.to_owned(), post_ids: Vec::new() })
}

pub(crate) fn follow(followee_id: u32) -> ActionBody {
    ActionBody::Follow(Follow {
        followee_id,
        follow_id: Some(1),
        target_user_name: Some(name(followee_id)),
    })
}

pub(crate) fn nothing() -> ActionBody {
    ActionBody::DoNothing(DoNothing {})
}

/// A run of both worlds in this state, with no tick yet.
pub(crate) fn status(run: &str, status: RunStatus) -> EnvStatus {
    let run_id: contract::id::RunId = run.parse().unwrap();
    EnvStatus {
        v: V1,
        simulation_id: run_id.simulation(),
        run_id,
        spec_digest: Digest::of(&[b"spec"]),
        requested: RequestedOptions::default(),
        options: RunOptions {
            platforms: Platform::ALL.to_vec(),
            rounds: 48,
            seed: 7,
            pace_milli: 800,
            sources: vec![],
            budget: None,
            llm: None,
        },
        memory: vec![MemoryTarget { target: "local".into(), graph_id: "market".into() }],
        status,
        alive: true,
        held: true,
        platforms: Platform::ALL.map(|platform| PlatformStatus::new(platform, 48)).to_vec(),
        epoch: 1,
        node: Some("node-a".to_owned()),
        worker: Some("worker-1".to_owned()),
        reason: None,
        last_error: None,
        parent: None,
        idempotency_key: None,
        labels: contract::manner::Labels::default(),
        created_at: "2026-03-01T10:00:00Z".parse().unwrap(),
        started_at: Some("2026-03-01T10:00:01Z".parse().unwrap()),
        updated_at: "2026-03-01T10:01:00Z".parse().unwrap(),
        ended_at: None,
    }
}
