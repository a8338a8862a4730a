//! A world played again without a bus, and what it holds at the end by its own account.

use std::collections::{BTreeMap, BTreeSet};

use contract::frame::Frame;
use contract::id::Digest;
use contract::journal::Genesis;
use contract::manner::Labels;
use contract::options::{RequestedOptions, RunOptions};
use contract::spec::Spec;
use contract::status::{EnvStatus, PlatformStatus, RunStatus};
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use contract::version::V1;
use serde_json::{Value, json};
use simulator::translate::{self, Chain};
use world::{Act, Action, CommentView, Decision, Inputs, PostView, UserView, World};

/// A world, and what was done in it.
pub(super) struct Stage {
    genesis: Genesis,
    world: World,
    chain: Chain,
    /// The names on the profiles, which no world knows.
    shown_names: Vec<String>,
    noise: u64,
    unmuted: u64,
    /// Successful actions by (agent, tick, what a trace tells of it): a trace each.
    traces: BTreeSet<(u32, u32, &'static str, String)>,
}

/// What a world holds, in the words of OASIS's tables.
pub(super) struct Held {
    pub(super) tables: BTreeMap<&'static str, u64>,
    pub(super) last_ids: BTreeMap<&'static str, u64>,
    pub(super) traces: BTreeMap<&'static str, u64>,
    posts: Vec<Value>,
    comments: Vec<Value>,
    users: Vec<Value>,
    interviews: Vec<Value>,
}

impl Stage {
    pub(super) fn new(spec: &Spec, platform: Platform, seed: u64, rounds: u32) -> Stage {
        let platforms = spec.platforms();
        let genesis = Genesis {
            run_id: spec.simulation_id.run(1),
            platform,
            spec_digest: spec.digest(),
            options: RunOptions {
                platforms,
                rounds,
                seed,
                pace_milli: 0,
                sources: vec![],
                budget: None,
                llm: None,
            },
            rules: world::RULES,
            start_time: spec.time.start_time,
            part_size: contract::DEFAULT_PART_SIZE,
            memory: Vec::new(),
            parent: None,
            created_at: Timestamp::EPOCH,
        };
        let world = World::new(translate::setup(spec, &genesis).unwrap()).unwrap();
        let profiles = &spec.platform(platform).unwrap().profiles;
        Stage {
            genesis,
            world,
            chain: Chain::START,
            shown_names: profiles.iter().map(|profile| profile.name.clone()).collect(),
            noise: seed,
            unmuted: 0,
            traces: BTreeSet::new(),
        }
    }

    pub(super) fn platform(&self) -> Platform {
        self.genesis.platform
    }

    pub(super) fn digest(&self) -> Digest {
        self.chain.digest
    }

    /// Plays the next tick; gives its frame.
    pub(super) fn step(&mut self) -> Frame {
        self.step_on(Vec::new())
    }

    /// Plays the next tick, in which agents also do all kinds of things that nobody told them.
    pub(super) fn step_with_noise(&mut self) -> Frame {
        let decisions = (0..80).map(|_| Decision { agent: self.draw(12), act: self.any_act() });
        let decisions = decisions.collect();
        self.step_on(decisions)
    }

    fn step_on(&mut self, decisions: Vec<Decision>) -> Frame {
        let inputs = Inputs { decisions, ..Inputs::quiet(self.world.tick(), 0) };
        let own = self.world.decide(0..self.world.active());
        let outputs = self.world.step(inputs, own).unwrap();
        for action in &outputs.actions {
            self.note(outputs.tick, action);
        }
        let frame = translate::frame(&self.world, &self.genesis, &self.chain, outputs);
        self.chain = self.chain.after(&frame);
        frame
    }

    fn note(&mut self, tick: u32, action: &Action) {
        let Ok(effect) = &action.outcome else { return };
        let name = trace_name(&action.act);
        self.unmuted += u64::from(name == "unmute");
        // What has no id of its own is the same trace again.
        let told = match &action.act {
            Act::Unfollow { .. }
            | Act::Mute { .. }
            | Act::Unmute { .. }
            | Act::SearchPosts { .. }
            | Act::SearchUser { .. }
            | Act::DoNothing => format!("{:?}", action.act),
            Act::Trend | Act::Refresh => format!("{effect:?}"),
            _ => format!("{:?} {effect:?}", action.act),
        };
        self.traces.insert((action.agent, tick, name, told));
    }

    /// What the world holds now.
    pub(super) fn held(&self) -> Held {
        let (world, counts) = (&self.world, self.world.counts());
        let posts: Vec<_> = (1..=counts.posts).map(|id| world.post(id).unwrap()).collect();
        let comments: Vec<_> = (1..=counts.comments).map(|id| world.comment(id).unwrap()).collect();
        let agents = u32::try_from(world.setup().agents.len()).unwrap();
        let users: Vec<_> = (0..agents).map(|id| world.user(id).unwrap()).collect();
        let mut traces = BTreeMap::new();
        for (_, _, name, _) in &self.traces {
            *traces.entry(*name).or_default() += 1;
        }
        Held {
            tables: self.tables(&posts, &comments, &users),
            last_ids: BTreeMap::from([
                ("like", counts.likes.into()),
                ("dislike", counts.dislikes.into()),
                ("comment_like", counts.comment_likes.into()),
                ("comment_dislike", counts.comment_dislikes.into()),
                ("follow", counts.follows.into()),
                ("mute", counts.mutes.into()),
            ]),
            traces,
            posts: posts.iter().map(|it| self.post(it)).collect(),
            comments: comments.iter().map(|it| self.comment(it)).collect(),
            users: users.iter().map(|it| self.user(it)).collect(),
            interviews: Vec::new(),
        }
    }

    /// How many rows each table has to have.
    fn tables(
        &self,
        posts: &[PostView<'_>],
        comments: &[CommentView<'_>],
        users: &[UserView<'_>],
    ) -> BTreeMap<&'static str, u64> {
        let counts = self.world.counts();
        let sum = |counters: &mut dyn Iterator<Item = u32>| counters.map(u64::from).sum::<u64>();
        let unused = ["rec", "product", "chat_group", "group_members", "group_messages"];
        let mut tables = BTreeMap::from(unused.map(|table| (table, 0)));
        tables.extend([
            ("user", users.len() as u64),
            ("post", counts.posts.into()),
            ("comment", counts.comments.into()),
            ("like", sum(&mut posts.iter().map(|post| post.likes))),
            ("dislike", sum(&mut posts.iter().map(|post| post.dislikes))),
            ("comment_like", sum(&mut comments.iter().map(|comment| comment.likes))),
            ("comment_dislike", sum(&mut comments.iter().map(|comment| comment.dislikes))),
            ("follow", sum(&mut users.iter().map(|user| user.following))),
            ("mute", u64::from(counts.mutes) - self.unmuted),
            ("report", counts.reports.into()),
            ("trace", users.len() as u64 + self.traces.len() as u64),
        ]);
        tables
    }

    fn post(&self, it: &PostView<'_>) -> Value {
        let is_quote = u32::from(it.quotes.is_some());
        json!([
            it.id,
            it.author,
            it.reposts.or(it.quotes),
            is_quote,
            it.content,
            it.likes,
            it.dislikes,
            it.shares,
            it.reports,
            self.created_at(it.tick)
        ])
    }

    fn comment(&self, it: &CommentView<'_>) -> Value {
        let at = self.created_at(it.tick);
        json!([it.id, it.post, it.author, it.content, it.likes, it.dislikes, at])
    }

    fn user(&self, it: &UserView<'_>) -> Value {
        let (agent, shown) = (it.agent, &self.shown_names[it.id as usize]);
        json!([it.id, it.id, agent.user_name, shown, agent.bio, it.followers, it.following])
    }
}

impl Stage {
    /// When a row was made, as OASIS would write it.
    fn created_at(&self, tick: u32) -> Value {
        let minutes = u64::from(tick) * u64::from(self.world.setup().clock.minutes_per_round);
        let time = self.genesis.start_time.plus_minutes(minutes).to_string();
        match self.genesis.platform {
            Platform::Twitter => json!(tick),
            Platform::Reddit => json!(time[..19].replace('T', " ")),
        }
    }

    /// A number below `limit`.
    fn draw(&mut self, limit: u32) -> u32 {
        self.noise = self.noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        u32::try_from((self.noise >> 33) % u64::from(limit)).unwrap()
    }

    /// Any of the 22 acts, about few enough things that they meet.
    fn any_act(&mut self) -> Act {
        let (kind, user) = (self.draw(22), self.draw(12));
        let (post, comment) = (self.draw(6) + 1, self.draw(6) + 1);
        let text = || format!("words {user} \"of\" {post}");
        match kind {
            0 => Act::CreatePost { content: text() },
            1 => Act::Repost { post: post * 3 },
            2 => Act::QuotePost { post: post * 3, content: text() },
            3 => Act::LikePost { post },
            4 => Act::UnlikePost { post },
            5 => Act::DislikePost { post },
            6 => Act::UndoDislikePost { post },
            7 => Act::ReportPost { post, reason: text() },
            8 => {
                let parent = (user < 4).then_some(comment);
                Act::CreateComment { post, parent, content: text() }
            }
            9 => Act::LikeComment { comment },
            10 => Act::UnlikeComment { comment },
            11 => Act::DislikeComment { comment },
            12 => Act::UndoDislikeComment { comment },
            13 => Act::Follow { user },
            14 => Act::Unfollow { user },
            15 => Act::Mute { user },
            16 => Act::Unmute { user },
            17 => Act::SearchPosts { query: "words".to_owned() },
            18 => Act::SearchUser { query: "agent".to_owned() },
            19 => Act::Trend,
            20 => Act::Refresh,
            _ => Act::DoNothing,
        }
    }
}

impl Held {
    pub(super) fn to_json(&self) -> Value {
        let Held { tables, last_ids, traces, posts, comments, users, interviews } = self;
        json!({
            "tables": tables, "last_ids": last_ids, "traces": traces, "posts": posts,
            "comments": comments, "users": users, "interviews": interviews,
        })
    }

    /// The world was asked, too, which changes nothing in it.
    pub(super) fn add_interview(&mut self, agent: u32, prompt: &str, response: &str) {
        self.interviews.push(json!([agent, prompt, response]));
        *self.tables.entry("trace").or_default() += 1;
    }
}

/// The state of a run of which nobody knows how far it is.
pub(super) fn status_after(spec: &Spec, seed: u64, rounds: u32) -> EnvStatus {
    let platforms = spec.platforms();
    EnvStatus {
        v: V1,
        run_id: spec.simulation_id.run(1),
        simulation_id: spec.simulation_id.clone(),
        spec_digest: spec.digest(),
        requested: RequestedOptions::default(),
        platforms: platforms.iter().map(|it| PlatformStatus::new(*it, rounds)).collect(),
        options: RunOptions {
            platforms,
            rounds,
            seed,
            pace_milli: 0,
            sources: vec![],
            budget: None,
            llm: None,
        },
        memory: Vec::new(),
        status: RunStatus::Running,
        alive: true,
        held: true,
        epoch: 1,
        node: None,
        worker: None,
        reason: None,
        last_error: None,
        parent: None,
        idempotency_key: None,
        labels: Labels::default(),
        created_at: Timestamp::EPOCH,
        started_at: None,
        updated_at: Timestamp::EPOCH,
        ended_at: None,
    }
}

/// What OASIS calls an act.
fn trace_name(act: &Act) -> &'static str {
    match act {
        Act::CreatePost { .. } => "create_post",
        Act::Repost { .. } => "repost",
        Act::QuotePost { .. } => "quote_post",
        Act::LikePost { .. } => "like_post",
        Act::UnlikePost { .. } => "unlike_post",
        Act::DislikePost { .. } => "dislike_post",
        Act::UndoDislikePost { .. } => "undo_dislike_post",
        Act::ReportPost { .. } => "report_post",
        Act::CreateComment { .. } => "create_comment",
        Act::LikeComment { .. } => "like_comment",
        Act::UnlikeComment { .. } => "unlike_comment",
        Act::DislikeComment { .. } => "dislike_comment",
        Act::UndoDislikeComment { .. } => "undo_dislike_comment",
        Act::Follow { .. } => "follow",
        Act::Unfollow { .. } => "unfollow",
        Act::Mute { .. } => "mute",
        Act::Unmute { .. } => "unmute",
        Act::SearchPosts { .. } => "search_posts",
        Act::SearchUser { .. } => "search_user",
        Act::Trend => "trend",
        Act::Refresh => "refresh",
        Act::DoNothing => "do_nothing",
    }
}
