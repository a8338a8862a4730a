//! Small specs, frames and statuses for tests: what a test does not set is the same everywhere.

use contract::action::{
    Action, ActionBody, CreateComment, CreatePost, DislikeComment, DislikePost, DoNothing, Follow,
    LikeComment, LikePost, Mute, QuotePost, ReportPost, Repost, SearchPosts, SearchUser,
    ShownPosts,
};
use contract::frame::{self, Frame, Marker};
use contract::id::Digest;
use contract::options::{RequestedOptions, RunOptions};
use contract::spec::{AgentSpec, EventSpec, FeedSpec, Hours, PlatformSpec, Profile, Spec};
use contract::spec::{Stance, TimeSpec};
use contract::status::{EnvStatus, PlatformStatus, RunStatus};
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use contract::version::V1;

/// Who did what; an error is a failed action and why it failed.
pub(crate) type Done = (u32, Outcome<ActionBody>);
type Outcome<T> = Result<T, Box<(T, &'static str)>>;

/// Builds the frames of one world, chained, an hour each.
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
    pub(crate) fn tick(&mut self, actions: Vec<Done>) -> Frame {
        self.tick_with(actions, false)
    }

    /// The next tick, and the last one.
    pub(crate) fn end(&mut self) -> Frame {
        self.tick_with(Vec::new(), true)
    }

    fn tick_with(&mut self, actions: Vec<Done>, is_last: bool) -> Frame {
        let action = |(seq, (agent_id, done)): (u64, Done)| {
            let (body, failure) = match done {
                Ok(body) => (body, None),
                Err(attempt) => (attempt.0, Some(attempt.1.to_owned())),
            };
            Action { seq, agent_id, agent_name: name(agent_id), body, failure }
        };
        let (round, before_seq) = (self.tick, self.seq);
        let actions: Vec<Action> = (self.seq..).zip(actions).map(action).collect();
        let after = before_seq + actions.len() as u64;
        let mut markers = Vec::new();
        if round == 0 {
            let (spec_digest, seed) = (Digest::of(&[b"spec"]), 7);
            let (rules, agents, rounds) = (2, 3, 2);
            markers.push(Marker::SimulationStart {
                before_seq,
                spec_digest,
                seed,
                rules,
                agents,
                rounds,
            });
        }
        let simulated_hour = (22 + round) % 24;
        markers.push(Marker::RoundStart { before_seq, round, simulated_hour });
        markers.push(Marker::RoundEnd {
            before_seq: after,
            round,
            actions: actions.len().try_into().unwrap(),
            active_agents: 3,
            simulated_minutes: u64::from(round) * 60,
        });
        if is_last {
            let (outcome, actions) = (frame::Outcome::Completed, after - 1);
            markers.push(Marker::SimulationEnd {
                before_seq: after,
                outcome,
                rounds: round,
                actions,
            });
        }
        let mut frame = Frame {
            v: V1,
            run_id: "market-1".parse().unwrap(),
            platform: self.platform,
            tick: round,
            round,
            simulated_time: start().plus_minutes(u64::from(round) * 60),
            timestamp: "2026-03-01T10:00:00.250Z".parse().unwrap(),
            first_seq: before_seq,
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
        (self.tick, self.seq, self.digest) = (round + 1, after, frame.digest);
        frame
    }
}

pub(crate) fn start() -> Timestamp {
    "2026-01-01T22:00:00Z".parse().unwrap()
}

/// Ada, Ben, Cleo by number.
pub(crate) fn name(agent_id: u32) -> String {
    ["Ada", "Ben", "Cleo"][agent_id as usize % 3].to_owned()
}

pub(crate) fn failed(body: ActionBody, why: &'static str) -> Outcome<ActionBody> {
    Err(Box::new((body, why)))
}

fn known(post_id: u64) -> (Option<String>, Option<String>) {
    (Some(format!("text of {post_id}")), Some("Ada".to_owned()))
}

pub(crate) fn post(post_id: u64, content: &str) -> ActionBody {
    ActionBody::CreatePost(CreatePost { content: content.to_owned(), post_id: Some(post_id) })
}

pub(crate) fn repost(of: u64, post_id: u64) -> ActionBody {
    let (original_content, original_author_name) = known(of);
    ActionBody::Repost(Repost {
        reposted_id: of,
        new_post_id: Some(post_id),
        original_content,
        original_author_name,
    })
}

pub(crate) fn quote(of: u64, post_id: u64, words: &str) -> ActionBody {
    let (original_content, original_author_name) = known(of);
    ActionBody::QuotePost(QuotePost {
        quoted_id: of,
        quote_content: words.to_owned(),
        new_post_id: Some(post_id),
        original_content,
        original_author_name,
    })
}

fn like_of(post_id: u64, like_id: u64) -> LikePost {
    let (post_content, post_author_name) = known(post_id);
    LikePost { post_id, like_id: Some(like_id), post_content, post_author_name }
}

pub(crate) fn like(post_id: u64, like_id: u64) -> ActionBody {
    ActionBody::LikePost(like_of(post_id, like_id))
}

pub(crate) fn unlike(post_id: u64, like_id: u64) -> ActionBody {
    ActionBody::UnlikePost(like_of(post_id, like_id))
}

fn dislike_of(post_id: u64, dislike_id: u64) -> DislikePost {
    let (post_content, post_author_name) = known(post_id);
    DislikePost { post_id, dislike_id: Some(dislike_id), post_content, post_author_name }
}

pub(crate) fn dislike(post_id: u64, dislike_id: u64) -> ActionBody {
    ActionBody::DislikePost(dislike_of(post_id, dislike_id))
}

pub(crate) fn undo_dislike(post_id: u64, dislike_id: u64) -> ActionBody {
    ActionBody::UndoDislikePost(dislike_of(post_id, dislike_id))
}

pub(crate) fn report(post_id: u64, report_id: u64, reason: &str) -> ActionBody {
    let (post_content, post_author_name) = known(post_id);
    ActionBody::ReportPost(ReportPost {
        post_id,
        report_reason: reason.to_owned(),
        report_id: Some(report_id),
        post_content,
        post_author_name,
    })
}

pub(crate) fn comment(
    post_id: u64,
    comment_id: u64,
    parent: Option<u64>,
    text: &str,
) -> ActionBody {
    let (post_content, post_author_name) = known(post_id);
    ActionBody::CreateComment(CreateComment {
        post_id,
        parent_comment_id: parent,
        content: text.to_owned(),
        comment_id: Some(comment_id),
        post_content,
        post_author_name,
        parent_content: None,
        parent_author_name: None,
    })
}

fn comment_like_of(comment_id: u64, id: u64) -> LikeComment {
    let comment_like_id = Some(id);
    let post_id = Some(1);
    LikeComment {
        comment_id,
        comment_like_id,
        post_id,
        comment_content: None,
        comment_author_name: None,
    }
}

pub(crate) fn like_comment(comment_id: u64, id: u64) -> ActionBody {
    ActionBody::LikeComment(comment_like_of(comment_id, id))
}

pub(crate) fn unlike_comment(comment_id: u64, id: u64) -> ActionBody {
    ActionBody::UnlikeComment(comment_like_of(comment_id, id))
}

fn comment_dislike_of(comment_id: u64, id: u64) -> DislikeComment {
    let comment_dislike_id = Some(id);
    let post_id = Some(1);
    DislikeComment {
        comment_id,
        comment_dislike_id,
        post_id,
        comment_content: None,
        comment_author_name: None,
    }
}

pub(crate) fn dislike_comment(comment_id: u64, id: u64) -> ActionBody {
    ActionBody::DislikeComment(comment_dislike_of(comment_id, id))
}

pub(crate) fn undo_dislike_comment(comment_id: u64, id: u64) -> ActionBody {
    ActionBody::UndoDislikeComment(comment_dislike_of(comment_id, id))
}

fn follow_of(followee_id: u32, id: u64) -> Follow {
    Follow { followee_id, follow_id: Some(id), target_user_name: Some(name(followee_id)) }
}

pub(crate) fn follow(followee_id: u32, id: u64) -> ActionBody {
    ActionBody::Follow(follow_of(followee_id, id))
}

pub(crate) fn unfollow(followee_id: u32, id: u64) -> ActionBody {
    ActionBody::Unfollow(follow_of(followee_id, id))
}

fn mute_of(mutee_id: u32, id: u64) -> Mute {
    Mute { mutee_id, mute_id: Some(id), target_user_name: Some(name(mutee_id)) }
}

pub(crate) fn mute(mutee_id: u32, id: u64) -> ActionBody {
    ActionBody::Mute(mute_of(mutee_id, id))
}

pub(crate) fn unmute(mutee_id: u32, id: u64) -> ActionBody {
    ActionBody::Unmute(mute_of(mutee_id, id))
}

pub(crate) fn search_posts(query: &str) -> ActionBody {
    ActionBody::SearchPosts(SearchPosts { query: query.to_owned(), post_ids: vec![1] })
}

pub(crate) fn search_user(query: &str) -> ActionBody {
    ActionBody::SearchUser(SearchUser { query: query.to_owned(), user_ids: vec![0] })
}

pub(crate) fn trend(post_ids: &[u64]) -> ActionBody {
    ActionBody::Trend(ShownPosts { post_ids: post_ids.to_vec() })
}

pub(crate) fn refresh(post_ids: &[u64]) -> ActionBody {
    ActionBody::Refresh(ShownPosts { post_ids: post_ids.to_vec() })
}

pub(crate) fn nothing() -> ActionBody {
    ActionBody::DoNothing(DoNothing {})
}

/// Ada, Ben and Cleo in both worlds, with no past.
pub(crate) fn spec() -> Spec {
    let usual = 1_000_000;
    let agent = |agent_id| AgentSpec {
        agent_id,
        name: name(agent_id),
        entity_type: "Resident".to_owned(),
        activity_ppm: usual,
        active_hours: Hours::default(),
        posts_per_hour_ppm: usual,
        comments_per_hour_ppm: usual,
        response_delay_min: 0,
        response_delay_max: 0,
        sentiment_ppm: 0,
        stance: Stance::Neutral,
        influence_ppm: usual,
    };
    let hours = Hours::default;
    Spec {
        v: V1,
        simulation_id: "market".parse().unwrap(),
        project_id: None,
        graph_id: None,
        requirement: String::new(),
        time: TimeSpec {
            start_time: start(),
            total_hours: 48,
            minutes_per_round: 60,
            agents_per_hour_min: 3,
            agents_per_hour_max: 3,
            peak_hours: hours(),
            peak_ppm: usual,
            off_peak_hours: hours(),
            off_peak_ppm: usual,
            morning_hours: hours(),
            morning_ppm: usual,
            work_hours: hours(),
            work_ppm: usual,
        },
        agents: (0..3).map(agent).collect(),
        events: EventSpec::default(),
        twitter: Some(world()),
        reddit: Some(world()),
    }
}

fn world() -> PlatformSpec {
    let profile = |id: u32| Profile {
        user_name: name(id).to_lowercase(),
        name: format!("{} X", name(id)),
        bio: "Bio.".to_owned(),
        ..Profile::default()
    };
    PlatformSpec {
        feed: FeedSpec {
            recency_ppm: 0,
            popularity_ppm: 0,
            relevance_ppm: 0,
            viral_threshold: 0,
            echo_chamber_ppm: 0,
        },
        self_rating: true,
        profiles: (0..3).map(profile).collect(),
    }
}

/// A run of both worlds in this state, with no tick yet.
pub(crate) fn status(status: RunStatus) -> EnvStatus {
    EnvStatus {
        v: V1,
        simulation_id: "market".parse().unwrap(),
        run_id: "market-1".parse().unwrap(),
        spec_digest: Digest::of(&[b"spec"]),
        requested: RequestedOptions::default(),
        options: RunOptions {
            platforms: Platform::ALL.to_vec(),
            rounds: 48,
            seed: 7,
            pace_milli: 0,
            sources: vec![],
            budget: None,
            llm: None,
        },
        memory: Vec::new(),
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
