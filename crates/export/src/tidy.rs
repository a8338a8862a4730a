//! Tables for analysis: CSV, one header, one row per thing, both worlds in one file.

use std::io::Write;

use contract::action::{Action, ActionBody};
use contract::frame::{Frame, Marker};
use contract::id::CommandId;
use contract::reply::InterviewResult;
use contract::spec::Spec;
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use csv::Writer;

use crate::cell::{optional, text};
use crate::error::ExportError;
use crate::oasis::{Tables, answer_of};
use crate::original::is_wanted;

/// The columns of `csv/actions.csv`.
pub(crate) const ACTIONS: [&str; 15] = [
    "platform",
    "seq",
    "round",
    "simulated_time",
    "timestamp",
    "agent_id",
    "agent_name",
    "action_type",
    "success",
    "result",
    "post_id",
    "comment_id",
    "target_agent_id",
    "content",
    "action_args",
];

/// The columns of `csv/rounds.csv`.
pub(crate) const ROUNDS: [&str; 15] = [
    "platform",
    "round",
    "simulated_time",
    "timestamp",
    "simulated_hour",
    "active_agents",
    "actions",
    "failed",
    "posts",
    "reposts",
    "quotes",
    "comments",
    "reactions",
    "follows",
    "digest",
];

/// The columns of `csv/posts.csv`.
pub(crate) const POSTS: [&str; 15] = [
    "platform",
    "post_id",
    "kind",
    "agent_id",
    "agent_name",
    "round",
    "simulated_time",
    "original_post_id",
    "content",
    "likes",
    "dislikes",
    "shares",
    "reports",
    "comments",
    "before_start",
];

/// The columns of `csv/comments.csv`.
pub(crate) const COMMENTS: [&str; 11] = [
    "platform",
    "comment_id",
    "post_id",
    "parent_comment_id",
    "agent_id",
    "agent_name",
    "round",
    "simulated_time",
    "content",
    "likes",
    "dislikes",
];

/// The columns of `csv/agents.csv`.
pub(crate) const AGENTS: [&str; 13] = [
    "platform",
    "agent_id",
    "agent_name",
    "user_name",
    "name",
    "entity_type",
    "stance",
    "followers",
    "followings",
    "posts",
    "comments",
    "actions",
    "failed",
];

/// The columns of `csv/interviews.csv`.
pub(crate) const INTERVIEWS: [&str; 8] = [
    "platform",
    "command_id",
    "answered_at",
    "as_of_round",
    "agent_id",
    "agent_name",
    "prompt",
    "response",
];

/// One CSV file, and how many rows it has.
pub(crate) struct Sheet<W: Write> {
    file: &'static str,
    out: Writer<W>,
    rows: u64,
}

impl<W: Write> Sheet<W> {
    pub(crate) fn new(
        file: &'static str,
        out: W,
        columns: &[&str],
    ) -> Result<Sheet<W>, ExportError> {
        let mut out = Writer::from_writer(out);
        out.write_record(columns).map_err(ExportError::row(file))?;
        Ok(Sheet { file, out, rows: 0 })
    }

    pub(crate) fn file(&self) -> &'static str {
        self.file
    }

    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    pub(crate) fn finish(mut self) -> Result<(), ExportError> {
        self.out.flush().map_err(ExportError::row(self.file))
    }

    fn row(&mut self, cells: &[String]) -> Result<(), ExportError> {
        self.rows += 1;
        self.out.write_record(cells).map_err(ExportError::row(self.file))
    }

    /// The actions of a frame.
    pub(crate) fn actions(&mut self, frame: &Frame, all: bool) -> Result<(), ExportError> {
        for action in frame.actions.iter().filter(|action| is_wanted(action, all)) {
            let Action { seq, agent_id, agent_name, body, failure } = action;
            let about = About::of(body);
            let args = serde_json::to_string(body).map_err(ExportError::row(self.file))?;
            self.row(&[
                frame.platform.to_string(),
                seq.to_string(),
                frame.round.to_string(),
                frame.simulated_time.to_string(),
                frame.timestamp.to_string(),
                agent_id.to_string(),
                text(agent_name),
                body.type_name().to_owned(),
                action.success().to_string(),
                text(failure.as_deref().unwrap_or_default()),
                optional(about.post),
                optional(about.comment),
                optional(about.agent),
                text(about.content),
                args,
            ])?;
        }
        Ok(())
    }

    /// The round that a frame played.
    pub(crate) fn round(&mut self, frame: &Frame) -> Result<(), ExportError> {
        let (mut simulated_hour, mut active) = (None, None);
        for marker in &frame.markers {
            match marker {
                Marker::RoundStart { simulated_hour: hour, .. } => simulated_hour = Some(*hour),
                Marker::RoundEnd { active_agents, .. } => active = Some(*active_agents),
                Marker::SimulationStart { .. } | Marker::SimulationEnd { .. } => {}
            }
        }
        let done = Done::in_frame(frame);
        self.row(&[
            frame.platform.to_string(),
            frame.round.to_string(),
            frame.simulated_time.to_string(),
            frame.timestamp.to_string(),
            optional(simulated_hour),
            optional(active),
            done.actions.to_string(),
            done.failed.to_string(),
            done.posts.to_string(),
            done.reposts.to_string(),
            done.quotes.to_string(),
            done.comments.to_string(),
            done.reactions.to_string(),
            done.follows.to_string(),
            frame.digest.to_string(),
        ])
    }

    /// All posts of a world.
    pub(crate) fn posts(
        &mut self,
        platform: Platform,
        tables: &Tables,
        past_posts: u64,
    ) -> Result<(), ExportError> {
        let clock = tables.clock();
        tables.each_post(|post| {
            let round = clock.round_of(&post.created_at);
            let (kind, content) = match (post.original_post_id, &post.quote_content) {
                (None, _) => ("original", &post.content),
                (Some(_), None) => ("repost", &post.content),
                (Some(_), Some(words)) => ("quote", words),
            };
            self.row(&[
                platform.to_string(),
                post.post_id.to_string(),
                kind.to_owned(),
                post.user_id.to_string(),
                text(&post.author_name),
                round.to_string(),
                clock.time_of(round).to_string(),
                optional(post.original_post_id),
                text(content),
                post.num_likes.to_string(),
                post.num_dislikes.to_string(),
                post.num_shares.to_string(),
                post.num_reports.to_string(),
                post.num_comments.to_string(),
                (post.post_id <= past_posts).to_string(),
            ])
        })
    }

    /// All comments of a world.
    pub(crate) fn comments(
        &mut self,
        platform: Platform,
        tables: &Tables,
    ) -> Result<(), ExportError> {
        let clock = tables.clock();
        tables.each_comment(|comment| {
            let round = clock.round_of(&comment.created_at);
            self.row(&[
                platform.to_string(),
                comment.comment_id.to_string(),
                comment.post_id.to_string(),
                optional(comment.parent_comment_id),
                comment.user_id.to_string(),
                text(&comment.author_name),
                round.to_string(),
                clock.time_of(round).to_string(),
                text(&comment.content),
                comment.num_likes.to_string(),
                comment.num_dislikes.to_string(),
            ])
        })
    }

    /// All agents of a world.
    pub(crate) fn agents(
        &mut self,
        platform: Platform,
        tables: &Tables,
        spec: &Spec,
    ) -> Result<(), ExportError> {
        let mut described = spec.agents.iter();
        tables.each_agent(|agent| {
            let described = described.next();
            self.row(&[
                platform.to_string(),
                agent.agent_id.to_string(),
                text(&agent.agent_name),
                text(&agent.user_name),
                text(&agent.name),
                text(described.map_or("", |agent| &agent.entity_type)),
                described.map_or("", |agent| agent.stance.as_str()).to_owned(),
                agent.num_followers.to_string(),
                agent.num_followings.to_string(),
                agent.posts.to_string(),
                agent.comments.to_string(),
                agent.actions.to_string(),
                agent.failed.to_string(),
            ])
        })
    }

    /// What an agent said, a row per world that was asked.
    pub(crate) fn interview(
        &mut self,
        command: &CommandId,
        at: Timestamp,
        result: &InterviewResult,
    ) -> Result<(), ExportError> {
        for platform in Platform::ALL {
            let Some(answer) = answer_of(result, platform) else { continue };
            self.row(&[
                platform.to_string(),
                command.to_string(),
                at.to_string(),
                answer.as_of.round.to_string(),
                result.agent_id.to_string(),
                text(&result.agent_name),
                text(&result.prompt),
                text(&answer.response),
            ])?;
        }
        Ok(())
    }
}

/// What an action is about: the post (a new one, if it made one), comment and agent, the words.
#[derive(Default)]
struct About<'a> {
    post: Option<u64>,
    comment: Option<u64>,
    agent: Option<u32>,
    content: &'a str,
}

impl<'a> About<'a> {
    fn of(body: &'a ActionBody) -> About<'a> {
        let nothing = About::default();
        let of_post = |post_id: u64| About { post: Some(post_id), ..About::default() };
        match body {
            ActionBody::CreatePost(it) => {
                About { post: it.post_id, content: &it.content, ..nothing }
            }
            ActionBody::Repost(it) => About { post: it.new_post_id, ..nothing },
            ActionBody::QuotePost(it) => {
                About { post: it.new_post_id, content: &it.quote_content, ..nothing }
            }
            ActionBody::LikePost(it) | ActionBody::UnlikePost(it) => of_post(it.post_id),
            ActionBody::DislikePost(it) | ActionBody::UndoDislikePost(it) => of_post(it.post_id),
            ActionBody::ReportPost(it) => {
                About { content: &it.report_reason, ..of_post(it.post_id) }
            }
            ActionBody::CreateComment(it) => {
                About { comment: it.comment_id, content: &it.content, ..of_post(it.post_id) }
            }
            ActionBody::LikeComment(it) | ActionBody::UnlikeComment(it) => {
                About { post: it.post_id, comment: Some(it.comment_id), ..nothing }
            }
            ActionBody::DislikeComment(it) | ActionBody::UndoDislikeComment(it) => {
                About { post: it.post_id, comment: Some(it.comment_id), ..nothing }
            }
            ActionBody::Follow(it) | ActionBody::Unfollow(it) => {
                About { agent: Some(it.followee_id), ..nothing }
            }
            ActionBody::Mute(it) | ActionBody::Unmute(it) => {
                About { agent: Some(it.mutee_id), ..nothing }
            }
            ActionBody::SearchPosts(it) => About { content: &it.query, ..nothing },
            ActionBody::SearchUser(it) => About { content: &it.query, ..nothing },
            ActionBody::Trend(_) | ActionBody::Refresh(_) | ActionBody::DoNothing(_) => nothing,
        }
    }
}

/// What was done in a round.
#[derive(Default)]
struct Done {
    actions: u64,
    failed: u64,
    posts: u64,
    reposts: u64,
    quotes: u64,
    comments: u64,
    reactions: u64,
    follows: u64,
}

impl Done {
    fn in_frame(frame: &Frame) -> Done {
        let mut done = Done::default();
        for action in &frame.actions {
            if !action.success() {
                done.failed += 1;
                continue;
            }
            done.actions += u64::from(action.body.is_listed());
            match &action.body {
                ActionBody::CreatePost(_) => done.posts += 1,
                ActionBody::Repost(_) => done.reposts += 1,
                ActionBody::QuotePost(_) => done.quotes += 1,
                ActionBody::CreateComment(_) => done.comments += 1,
                ActionBody::LikePost(_)
                | ActionBody::DislikePost(_)
                | ActionBody::LikeComment(_)
                | ActionBody::DislikeComment(_) => done.reactions += 1,
                ActionBody::Follow(_) => done.follows += 1,
                ActionBody::UnlikePost(_)
                | ActionBody::UndoDislikePost(_)
                | ActionBody::ReportPost(_)
                | ActionBody::UnlikeComment(_)
                | ActionBody::UndoDislikeComment(_)
                | ActionBody::Unfollow(_)
                | ActionBody::Mute(_)
                | ActionBody::Unmute(_)
                | ActionBody::SearchPosts(_)
                | ActionBody::SearchUser(_)
                | ActionBody::Trend(_)
                | ActionBody::Refresh(_)
                | ActionBody::DoNothing(_) => {}
            }
        }
        done
    }
}
