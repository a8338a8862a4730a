//! From the commands of a tick to what enters the world in it.

use std::collections::BTreeMap;

use contract::command::{
    AgentChange, Command, Configure, FeedChange, InjectedPost, Request, TimeChange,
};
use contract::journal::Taken;
use contract::reply::{ErrorCode, ReplyError};
use contract::subject::Platform;
use world::{Activity, Change, Event, Feed, Inputs, SetupError, Traits, World};

use super::decisions::decisions;
use super::setup::{hours, stance};
use crate::protocol::journal::Closed;

/// What enters `world`, which is at the tick of `closed`. The same whenever it is asked: what is
/// journalled is stepped again like this.
pub fn inputs(world: &World, closed: &Closed) -> Inputs {
    let Closed { record, decided } = closed;
    let mut building = Building::new(world, &record.commands);
    let heard = record.heard.iter().flat_map(|heard| &heard.posts);
    let events = heard.map(|post| Event { agent: post.agent_id, content: post.content.clone() });
    building.inputs.events.extend(events);
    let Inputs { events, changes, .. } = std::mem::take(&mut building.inputs);
    let decisions = decisions(decided, &record.undecided);
    Inputs { events, changes, decisions, ..Inputs::quiet(record.tick, record.at.milliseconds()) }
}

/// Why `command` cannot enter `world` after those that wait already; all reasons at once.
///
/// # Errors
/// The reasons, as the reply says them.
pub fn check<'waiting>(
    world: &World,
    waiting: impl IntoIterator<Item = &'waiting Taken>,
    command: &Command,
) -> Result<(), ReplyError> {
    let agents = world.setup().agents.len();
    if let Some(unknown) = unknown_agents(agents, &command.request) {
        return Err(ReplyError { code: ErrorCode::UnknownAgent, message: unknown });
    }
    let mut building = Building::new(world, waiting);
    building.inputs = Inputs::default();
    building.take(&command.request);
    let problems = world.problems(&building.inputs);
    if problems.is_empty() {
        return Ok(());
    }
    let words = problems.iter().map(|problem| in_words(problem, &building.inputs.changes));
    let message = words.collect::<Vec<_>>().join("; ");
    Err(ReplyError { code: ErrorCode::Invalid, message })
}

/// The agents that a request speaks of and that there are not, in words.
fn unknown_agents(agents: usize, request: &Request) -> Option<String> {
    let (posts, change): (&[InjectedPost], Option<&Configure>) = match request {
        Request::Inject(inject) => (&inject.posts, None),
        Request::Configure(change) => (&[], Some(change)),
        Request::Fork(fork) => (&fork.posts, fork.configure.as_deref()),
        _ => (&[], None),
    };
    let changed = change.into_iter().flat_map(|change| &change.agents);
    let named = posts.iter().map(|post| post.agent_id).chain(changed.map(|agent| agent.agent_id));
    let mut unknown: Vec<u32> = named.filter(|id| *id as usize >= agents).collect();
    unknown.sort();
    unknown.dedup();
    let last = agents.saturating_sub(1);
    let more = match unknown.len() {
        0..=8 => String::new(),
        all => format!(" and {} more", all - 8),
    };
    let list: Vec<String> = unknown.iter().take(8).map(u32::to_string).collect();
    match &list[..] {
        [] => None,
        [one] => Some(format!("agent {one} is unknown: there are 0 to {last}")),
        _ => Some(format!("agents {}{more} are unknown: there are 0 to {last}", list.join(", "))),
    }
}

/// A problem in the contract's words: the world knows changes by their place in a list.
fn in_words(problem: &SetupError, changes: &[Change]) -> String {
    let SetupError { at, found, expected } = problem;
    let place = at.strip_prefix("changes[").and_then(|rest| rest.split_once(']'));
    let change =
        place.and_then(|(index, rest)| Some((changes.get(index.parse::<usize>().ok()?)?, rest)));
    let at = match change {
        Some((Change::Activity(_), rest)) => format!("time{rest}"),
        Some((Change::Feed(_), rest)) => format!("feed{rest}"),
        Some((Change::Traits { agent, .. }, rest)) => {
            format!("{} of agent {agent}", rest.trim_start_matches('.'))
        }
        Some((Change::Topics(_) | Change::Narrative(_) | Change::Seed(_), _)) | None => {
            at.replace("events", "posts")
        }
    };
    format!("{at} is {found}, expected {expected}")
}

/// Inputs in the making, and the settings that the world will have after them.
struct Building<'world> {
    world: &'world World,
    activity: Activity,
    feed: Feed,
    traits: BTreeMap<u32, Traits>,
    inputs: Inputs,
}

impl<'world> Building<'world> {
    fn new<'taken>(
        world: &'world World,
        commands: impl IntoIterator<Item = &'taken Taken>,
    ) -> Building<'world> {
        let (activity, feed) = (*world.activity(), *world.feed());
        let (traits, inputs) = (BTreeMap::new(), Inputs::default());
        let mut building = Building { world, activity, feed, traits, inputs };
        commands.into_iter().for_each(|taken| building.take(&taken.command.request));
        building
    }

    fn platform(&self) -> Platform {
        match self.world.setup().platform {
            world::Platform::Twitter => Platform::Twitter,
            world::Platform::Reddit => Platform::Reddit,
        }
    }

    fn take(&mut self, request: &Request) {
        match request {
            Request::Inject(inject) => self.inject(&inject.posts),
            Request::Configure(change) => self.configure(change),
            // In the first tick that the fork does not share with its parent.
            Request::Fork(fork) => {
                self.inject(&fork.posts);
                if let Some(change) = &fork.configure {
                    self.configure(change);
                }
            }
            // What only begins, holds or ends a world enters no tick.
            Request::Start
            | Request::Stop(_)
            | Request::Pause(_)
            | Request::Resume
            | Request::CloseEnv
            | Request::Delete(_)
            | Request::Verify(_)
            | Request::Replay(_)
            | Request::Repair(_)
            | Request::MemoryAttach(_)
            | Request::MemoryRedrive(_)
            | Request::Interview(_)
            | Request::BatchInterview(_)
            | Request::Cancel(_) => {}
        }
    }

    fn inject(&mut self, posts: &[InjectedPost]) {
        let platform = self.platform();
        let here = posts.iter().filter(|post| post.platform.is_none_or(|it| it == platform));
        let events = here.map(|post| Event { agent: post.agent_id, content: post.content.clone() });
        self.inputs.events.extend(events);
    }

    fn configure(&mut self, change: &Configure) {
        // The pace is the worker's; the feeds are asked for by platform.
        let Configure { pace_milli: _, seed, time, hot_topics, .. } = change;
        let Configure { narrative_direction, twitter: _, reddit: _, agents, .. } = change;
        if let Some(seed) = seed {
            self.inputs.changes.push(Change::Seed(*seed));
        }
        if let Some(time) = time {
            merge_time(&mut self.activity, time);
            self.inputs.changes.push(Change::Activity(self.activity));
        }
        if let Some(feed) = change.feed(self.platform()) {
            merge_feed(&mut self.feed, feed);
            self.inputs.changes.push(Change::Feed(self.feed));
        }
        if let Some(topics) = hot_topics {
            self.inputs.changes.push(Change::Topics(topics.clone()));
        }
        if let Some(narrative) = narrative_direction {
            self.inputs.changes.push(Change::Narrative(narrative.clone()));
        }
        for change in agents {
            let agent = change.agent_id;
            let now = self.traits.get(&agent).or_else(|| self.world.traits(agent)).copied();
            // An agent that there is not has been refused at the door.
            let Some(mut traits) = now else { continue };
            merge_traits(&mut traits, change);
            self.traits.insert(agent, traits);
            self.inputs.changes.push(Change::Traits { agent, traits });
        }
    }
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

fn merge_time(activity: &mut Activity, change: &TimeChange) {
    set(&mut activity.agents_per_hour_min, change.agents_per_hour_min);
    set(&mut activity.agents_per_hour_max, change.agents_per_hour_max);
    set(&mut activity.peak_hours, change.peak_hours.as_ref().map(hours));
    set(&mut activity.peak_ppm, change.peak_ppm);
    set(&mut activity.off_peak_hours, change.off_peak_hours.as_ref().map(hours));
    set(&mut activity.off_peak_ppm, change.off_peak_ppm);
    set(&mut activity.morning_hours, change.morning_hours.as_ref().map(hours));
    set(&mut activity.morning_ppm, change.morning_ppm);
    set(&mut activity.work_hours, change.work_hours.as_ref().map(hours));
    set(&mut activity.work_ppm, change.work_ppm);
}

fn merge_feed(feed: &mut Feed, change: &FeedChange) {
    set(&mut feed.recency_ppm, change.recency_ppm);
    set(&mut feed.popularity_ppm, change.popularity_ppm);
    set(&mut feed.relevance_ppm, change.relevance_ppm);
    set(&mut feed.viral_threshold, change.viral_threshold);
    set(&mut feed.echo_chamber_ppm, change.echo_chamber_ppm);
}

fn merge_traits(traits: &mut Traits, change: &AgentChange) {
    set(&mut traits.activity_ppm, change.activity_ppm);
    set(&mut traits.active_hours, change.active_hours.as_ref().map(hours));
    set(&mut traits.posts_per_hour_ppm, change.posts_per_hour_ppm);
    set(&mut traits.comments_per_hour_ppm, change.comments_per_hour_ppm);
    set(&mut traits.response_delay_min, change.response_delay_min);
    set(&mut traits.response_delay_max, change.response_delay_max);
    set(&mut traits.sentiment_ppm, change.sentiment_ppm);
    set(&mut traits.stance, change.stance.map(stance));
    set(&mut traits.influence_ppm, change.influence_ppm);
}
