//! The pages that there are: actions, timeline, agents, posts, comments.

use contract::MAX_SAFE_INTEGER;
use contract::notice::action_id;
use contract::problem::Problem;
use contract::subject::Platform;
use export::oasis::{Comment, Post};
use rusqlite::Connection;
use serde::Serialize;

use crate::http::pages::{About, Answer, Kind, encode};
use crate::http::query::{Asked, MAX_LIMIT};
use crate::read_model::Include;
use crate::read_model::pages::actions::{Listed, Which};
use crate::read_model::pages::agents::AgentStats;
use crate::read_model::pages::rounds::{Round, Span};
use crate::read_model::pages::texts::Made;
use crate::read_model::pages::{List, Page, Part, View};

/// `GET /api/simulation/{id}/actions`
pub(super) struct Actions {
    platform: Option<Platform>,
    which: Which,
}

#[derive(Serialize)]
struct ActionsData {
    count: usize,
    total: u64,
    actions: Vec<Listed>,
    #[serde(flatten)]
    about: About,
}

impl Kind for Actions {
    const LIST: List = List::Actions;
    const LIMIT: usize = 100;

    fn read(asked: &mut Asked) -> Actions {
        let platform = asked.platform();
        let (agent, round) = (asked.small("agent_id"), asked.small("round_num"));
        Actions { platform, which: Which { agent, round, include: asked.include() } }
    }

    fn platform(&self) -> Option<Platform> {
        self.platform
    }

    fn answer(&self, rows: &Connection, view: &View, part: Part, behind: u32) -> Answer {
        let Some(page) = view.actions(rows, self.which, part)? else { return Ok(None) };
        let Page { total, rows: actions, next } = page;
        let about = About::new(view, Self::LIST, next, behind);
        encode(&ActionsData { count: actions.len(), total, actions, about }).map(Some)
    }
}

/// `GET /api/simulation/{id}/timeline`
pub(super) struct Timeline {
    platform: Option<Platform>,
    span: Span,
    include: Include,
}

#[derive(Serialize)]
struct TimelineData {
    rounds_count: usize,
    total: u64,
    timeline: Vec<Round>,
    #[serde(flatten)]
    about: About,
}

impl Kind for Timeline {
    const LIST: List = List::Timeline;
    const LIMIT: usize = MAX_LIMIT;

    fn read(asked: &mut Asked) -> Timeline {
        let (first, last) = (asked.small("start_round"), asked.small("end_round"));
        let span = Span { first: first.unwrap_or(0), last: last.unwrap_or(u32::MAX) };
        if span.first > span.last {
            let expected = format!("a round from {} on, where the timeline starts", span.first);
            asked.report(Problem::new("?end_round", span.last.to_string(), &expected));
        }
        Timeline { platform: asked.platform(), span, include: asked.include() }
    }

    fn platform(&self) -> Option<Platform> {
        self.platform
    }

    fn answer(&self, rows: &Connection, view: &View, part: Part, behind: u32) -> Answer {
        let Page { total, rows: timeline, next } =
            view.rounds(rows, self.span, self.include, part)?;
        let about = About::new(view, Self::LIST, next, behind);
        encode(&TimelineData { rounds_count: timeline.len(), total, timeline, about }).map(Some)
    }
}

/// `GET /api/simulation/{id}/agent-stats`
pub(super) struct Agents {
    platform: Option<Platform>,
    include: Include,
}

#[derive(Serialize)]
struct AgentsData {
    agents_count: usize,
    total: u64,
    stats: Vec<AgentStats>,
    #[serde(flatten)]
    about: About,
}

impl Kind for Agents {
    const LIST: List = List::Agents;
    const LIMIT: usize = MAX_LIMIT;

    fn read(asked: &mut Asked) -> Agents {
        Agents { platform: asked.platform(), include: asked.include() }
    }

    fn platform(&self) -> Option<Platform> {
        self.platform
    }

    fn answer(&self, rows: &Connection, view: &View, part: Part, behind: u32) -> Answer {
        let Page { total, rows: stats, next } = view.agents(rows, self.include, part)?;
        let about = About::new(view, Self::LIST, next, behind);
        encode(&AgentsData { agents_count: stats.len(), total, stats, about }).map(Some)
    }
}

/// A row and the id of the action that made it; null of what was there before anything happened.
#[derive(Serialize)]
struct WithAction<T> {
    #[serde(flatten)]
    row: T,
    action_id: Option<String>,
}

impl<T> WithAction<T> {
    fn all(view: &View, platform: Platform, made: Vec<Made<T>>) -> Vec<WithAction<T>> {
        let with_action = |Made { row, seq }| {
            let action_id = seq.map(|seq| action_id(&view.run, platform, seq));
            WithAction { row, action_id }
        };
        made.into_iter().map(with_action).collect()
    }
}

/// `GET /api/simulation/{id}/posts`
pub(super) struct Posts {
    platform: Platform,
}

#[derive(Serialize)]
struct PostsData {
    platform: Platform,
    total: u64,
    count: usize,
    posts: Vec<WithAction<Post>>,
    #[serde(flatten)]
    about: About,
}

impl Kind for Posts {
    const LIST: List = List::Posts;
    const LIMIT: usize = 50;

    fn read(asked: &mut Asked) -> Posts {
        // A failed action makes no post: checked as everywhere, and without effect.
        asked.include();
        Posts { platform: asked.platform().unwrap_or(Platform::Reddit) }
    }

    fn platform(&self) -> Option<Platform> {
        Some(self.platform)
    }

    fn answer(&self, rows: &Connection, view: &View, part: Part, behind: u32) -> Answer {
        let platform = self.platform;
        let Page { total, rows, next } = view.posts(rows, platform, part)?;
        let about = About::new(view, Self::LIST, next, behind);
        let posts = WithAction::all(view, platform, rows);
        encode(&PostsData { platform, total, count: posts.len(), posts, about }).map(Some)
    }
}

/// `GET /api/simulation/{id}/comments`
pub(super) struct Comments {
    platform: Platform,
    post: Option<u64>,
}

#[derive(Serialize)]
struct CommentsData {
    platform: Platform,
    total: u64,
    count: usize,
    comments: Vec<WithAction<Comment>>,
    #[serde(flatten)]
    about: About,
}

impl Kind for Comments {
    const LIST: List = List::Comments;
    const LIMIT: usize = 50;

    fn read(asked: &mut Asked) -> Comments {
        // As for posts.
        asked.include();
        let platform = asked.platform().unwrap_or(Platform::Reddit);
        Comments { platform, post: asked.number("post_id", 0..=MAX_SAFE_INTEGER) }
    }

    fn platform(&self) -> Option<Platform> {
        Some(self.platform)
    }

    fn answer(&self, rows: &Connection, view: &View, part: Part, behind: u32) -> Answer {
        let platform = self.platform;
        let Page { total, rows, next } = view.comments(rows, platform, self.post, part)?;
        let about = About::new(view, Self::LIST, next, behind);
        let comments = WithAction::all(view, platform, rows);
        encode(&CommentsData { platform, total, count: comments.len(), comments, about }).map(Some)
    }
}

#[cfg(test)]
mod tests;
