//! A world between two ticks as bytes: magic, format, digest, then rules, tick, setup and tables.
//!
//! A snapshot is a cache. It is refused rather than repaired: a run is recomputed without it.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::RULES;
use crate::bytes::{Reader, Writer, digest};
use crate::check::SetupError;
use crate::ranking::Ranking;
use crate::setup::{Activity, Agent, Clock, Feed, HourSet, Platform, Setup, Stance};
use crate::tables::{Tables, Texts, row};
use crate::world::World;

const MAGIC: [u8; 8] = *b"shoalwld";
/// The layout of the bytes. Apart from the rules: one may change without the other.
const FORMAT: u32 = 1;

/// Why bytes do not become a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SnapshotError {
    /// The setup itself is wrong.
    Setup(Vec<SetupError>),
    /// The bytes do not begin as a snapshot does.
    NotASnapshot,
    /// A layout that this version does not read.
    OtherFormat(u32),
    /// The bytes are not those that were written: cut, or changed.
    Damaged,
    /// Made under other rules.
    OtherRules(u32),
    /// Made from another setup.
    OtherSetup,
    /// The digest is right, but this table contradicts itself or the setup.
    Inconsistent(&'static str),
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SnapshotError::Setup(problems) => {
                write!(f, "setup is not valid: {} problems", problems.len())
            }
            SnapshotError::NotASnapshot => f.write_str("bytes are not a snapshot of a world"),
            SnapshotError::OtherFormat(found) => {
                write!(f, "snapshot has format {found}, expected {FORMAT}")
            }
            SnapshotError::Damaged => f.write_str("snapshot is damaged: its digest does not match"),
            SnapshotError::OtherRules(found) => {
                write!(f, "snapshot was made under rules {found}, expected {RULES}")
            }
            SnapshotError::OtherSetup => f.write_str("snapshot was made from another setup"),
            SnapshotError::Inconsistent(table) => {
                write!(f, "snapshot contradicts itself in its {table}")
            }
        }
    }
}

impl core::error::Error for SnapshotError {}

impl World {
    /// The world as bytes, from which [`World::restore`] makes it again.
    pub fn snapshot(&self) -> Vec<u8> {
        let content = self.content();
        let mut out = Writer(Vec::with_capacity(content.len() + 28));
        out.bytes(&MAGIC);
        out.u32(FORMAT);
        out.bytes(&digest(&content));
        out.bytes(&content);
        out.0
    }

    /// A digest of setup and state. Two worlds with the same hash go on alike. Reads the whole
    /// history: its cost grows with it.
    pub fn hash(&self) -> [u8; 16] {
        digest(&self.content())
    }

    /// The world that [`World::snapshot`] was taken of.
    ///
    /// # Errors
    /// If the bytes are not whole, or belong to another setup or other rules.
    pub fn restore(setup: Setup, snapshot: &[u8]) -> Result<World, SnapshotError> {
        let content = verified(snapshot)?;
        let mut world = World::new(setup).map_err(SnapshotError::Setup)?;
        let mut from = Reader(content);
        let (rules, tick) = (from.u32(), from.u32());
        match (rules, tick) {
            (Some(RULES), Some(tick)) if tick < u32::MAX => world.tick = tick,
            (Some(other), _) if other != RULES => return Err(SnapshotError::OtherRules(other)),
            _ => return Err(SnapshotError::Inconsistent("header")),
        }
        if from.array() != Some(world.setup_digest) {
            return Err(SnapshotError::OtherSetup);
        }
        let users = world.tables.users.followers.len();
        let mut load = Load { tables: &mut world.tables, users, tick: world.tick };
        load.posts(&mut from).ok_or(SnapshotError::Inconsistent("posts"))?;
        load.comments(&mut from).ok_or(SnapshotError::Inconsistent("comments"))?;
        load.likes(&mut from).ok_or(SnapshotError::Inconsistent("likes"))?;
        load.follows(&mut from).ok_or(SnapshotError::Inconsistent("follows"))?;
        load.deeds(&mut from).ok_or(SnapshotError::Inconsistent("deeds"))?;
        let ranking = load.ranking(&mut from).ok_or(SnapshotError::Inconsistent("ranking"))?;
        let active = load.active(&mut from).ok_or(SnapshotError::Inconsistent("active agents"))?;
        if !from.0.is_empty() {
            return Err(SnapshotError::Inconsistent("length"));
        }
        Ok(World { ranking, active, ..world })
    }

    /// Everything that the future depends on.
    fn content(&self) -> Vec<u8> {
        let Tables { users: _, posts, comments, likes, follows, deeds } = &self.tables;
        let mut out = Writer::default();
        out.u32(RULES);
        out.u32(self.tick);
        out.bytes(&self.setup_digest);
        out.column_u32(&posts.author);
        out.column_u32(&posts.original);
        out.column_u32(&posts.tick);
        write_texts(&mut out, &posts.content);
        out.column_u32(&comments.author);
        out.column_u32(&comments.post);
        out.column_u32(&comments.tick);
        write_texts(&mut out, &comments.content);
        out.column_u32(&likes.user);
        out.column_u32(&likes.post);
        out.column_u32(&likes.tick);
        out.column_u32(&follows.follower);
        out.column_u32(&follows.followee);
        out.column_u32(&follows.tick);
        out.column_u32(&deeds.count);
        out.column_u32(&deeds.tick);
        out.column_u8(&deeds.kind);
        out.column_u32(&deeds.id);
        out.column_u32(&self.ranking.posts);
        out.column_u32(&self.active);
        out.0
    }
}

/// The content of a snapshot, if it is what was written.
fn verified(snapshot: &[u8]) -> Result<&[u8], SnapshotError> {
    let mut from = Reader(snapshot);
    if from.array() != Some(MAGIC) {
        return Err(SnapshotError::NotASnapshot);
    }
    match from.u32() {
        Some(FORMAT) => {}
        Some(other) => return Err(SnapshotError::OtherFormat(other)),
        None => return Err(SnapshotError::Damaged),
    }
    let expected = from.array();
    if expected == Some(digest(from.0)) { Ok(from.0) } else { Err(SnapshotError::Damaged) }
}

fn write_texts(out: &mut Writer, texts: &Texts) {
    out.column_u64(&texts.ends);
    out.text(&texts.all);
}

/// The texts of a column, each checked to lie within it.
fn read_texts<'bytes>(from: &mut Reader<'bytes>) -> Option<Vec<&'bytes str>> {
    let ends = from.column_u64()?;
    let all = from.text()?;
    let mut start = 0;
    let texts: Option<Vec<&str>> = ends
        .into_iter()
        .map(|end| {
            let end = usize::try_from(end).ok()?;
            let text = all.get(start..end)?;
            start = end;
            Some(text)
        })
        .collect();
    texts.filter(|_| start == all.len())
}

/// Adds rows again, each checked as if anybody could have written it.
struct Load<'world> {
    tables: &'world mut Tables,
    users: usize,
    tick: u32,
}

impl Load<'_> {
    fn posts(&mut self, from: &mut Reader<'_>) -> Option<()> {
        let (authors, originals) = (from.column_u32()?, from.column_u32()?);
        let (ticks, texts) = (from.column_u32()?, read_texts(from)?);
        same_length(&[authors.len(), originals.len(), ticks.len(), texts.len()])?;
        for (place, text) in texts.into_iter().enumerate() {
            self.user(authors[place])?;
            self.past(ticks[place])?;
            if originals[place] != 0 {
                self.original(originals[place])?;
            }
            self.tables.add_post(authors[place], originals[place], ticks[place], text);
        }
        Some(())
    }

    fn comments(&mut self, from: &mut Reader<'_>) -> Option<()> {
        let (authors, posts) = (from.column_u32()?, from.column_u32()?);
        let (ticks, texts) = (from.column_u32()?, read_texts(from)?);
        same_length(&[authors.len(), posts.len(), ticks.len(), texts.len()])?;
        for (place, text) in texts.into_iter().enumerate() {
            self.user(authors[place])?;
            self.past(ticks[place])?;
            self.original(posts[place])?;
            self.tables.add_comment(authors[place], posts[place], ticks[place], text);
        }
        Some(())
    }

    fn likes(&mut self, from: &mut Reader<'_>) -> Option<()> {
        let (users, posts, ticks) = (from.column_u32()?, from.column_u32()?, from.column_u32()?);
        same_length(&[users.len(), posts.len(), ticks.len()])?;
        for place in 0..users.len() {
            self.user(users[place])?;
            self.past(ticks[place])?;
            self.original(posts[place])?;
            if self.tables.users.marks(users[place], posts[place]).liked {
                return None;
            }
            self.tables.add_like(users[place], posts[place], ticks[place]);
        }
        Some(())
    }

    fn follows(&mut self, from: &mut Reader<'_>) -> Option<()> {
        let (followers, followees) = (from.column_u32()?, from.column_u32()?);
        let ticks = from.column_u32()?;
        same_length(&[followers.len(), followees.len(), ticks.len()])?;
        for place in 0..followers.len() {
            let (follower, followee) = (followers[place], followees[place]);
            self.user(follower)?;
            self.user(followee)?;
            self.past(ticks[place])?;
            if follower == followee || self.tables.users.follows(follower, followee) {
                return None;
            }
            self.tables.add_follow(follower, followee, ticks[place]);
        }
        Some(())
    }

    fn deeds(&mut self, from: &mut Reader<'_>) -> Option<()> {
        let deeds = &mut self.tables.deeds;
        let (count, tick) = (from.column_u32()?, from.column_u32()?);
        let (kind, id) = (from.column_u8()?, from.column_u32()?);
        same_length(&[count.len(), deeds.count.len()])?;
        same_length(&[tick.len(), kind.len(), id.len(), deeds.id.len()])?;
        (deeds.count, deeds.tick, deeds.kind, deeds.id) = (count, tick, kind, id);
        Some(())
    }

    fn ranking(&mut self, from: &mut Reader<'_>) -> Option<Ranking> {
        let posts = from.column_u32()?;
        for &post in &posts {
            self.original(post)?;
        }
        Some(Ranking { posts })
    }

    fn active(&mut self, from: &mut Reader<'_>) -> Option<Vec<u32>> {
        let active = from.column_u32()?;
        for &agent in &active {
            self.user(agent)?;
        }
        Some(active)
    }

    fn user(&self, user: u32) -> Option<()> {
        ((user as usize) < self.users).then_some(())
    }

    fn past(&self, tick: u32) -> Option<()> {
        (tick < self.tick).then_some(())
    }

    fn original(&self, post: u32) -> Option<()> {
        (*self.tables.posts.original.get(row(post)?)? == 0).then_some(())
    }
}

fn same_length(lengths: &[usize]) -> Option<()> {
    lengths.windows(2).all(|pair| pair[0] == pair[1]).then_some(())
}

/// A digest of all that a world is made from, so that no snapshot meets another setup.
pub(crate) fn setup_digest(setup: &Setup) -> [u8; 16] {
    let Setup { platform, seed, clock, activity, agents, seed_posts, topics, feed } = setup;
    let Clock { start_minute, minutes_per_round } = *clock;
    let Activity { agents_per_hour_min, agents_per_hour_max, .. } = *activity;
    let Activity { peak_hours, peak_ppm, off_peak_hours, off_peak_ppm, .. } = *activity;
    let Feed { recency_ppm, popularity_ppm, relevance_ppm, viral_threshold, echo_chamber_ppm } =
        *feed;
    let platform = match platform {
        Platform::Twitter => 1,
        Platform::Reddit => 2,
    };
    let mut out = Writer::default();
    out.u64(*seed);
    out.column_u32(&[platform, start_minute, minutes_per_round]);
    out.column_u32(&[agents_per_hour_min, agents_per_hour_max]);
    out.column_u32(&[peak_hours.0, peak_ppm, off_peak_hours.0, off_peak_ppm]);
    out.column_u32(&[recency_ppm, popularity_ppm, relevance_ppm]);
    out.column_u32(&[viral_threshold, echo_chamber_ppm]);
    write_list(&mut out, topics);
    out.u64(seed_posts.len() as u64);
    for post in seed_posts {
        out.u32(post.agent);
        out.text(&post.content);
    }
    out.u64(agents.len() as u64);
    for agent in agents {
        write_agent(&mut out, agent);
    }
    digest(&out.0)
}

fn write_agent(out: &mut Writer, agent: &Agent) {
    let Agent { name, user_name, bio, persona, kind, interests, .. } = agent;
    let Agent { activity_ppm, active_hours: HourSet(active_hours), .. } = agent;
    let Agent { posts_per_hour_ppm, comments_per_hour_ppm, influence_ppm, .. } = agent;
    let stance = match agent.stance {
        Stance::Supportive => 1,
        Stance::Opposing => 2,
        Stance::Neutral => 3,
        Stance::Observer => 4,
    };
    for text in [name, user_name, bio, persona, kind] {
        out.text(text);
    }
    out.column_u32(&[*activity_ppm, *active_hours, *posts_per_hour_ppm]);
    out.column_u32(&[*comments_per_hour_ppm, *influence_ppm, stance]);
    out.bytes(&agent.sentiment_ppm.to_le_bytes());
    write_list(out, interests);
}

fn write_list(out: &mut Writer, list: &[String]) {
    out.u64(list.len() as u64);
    for text in list {
        out.text(text);
    }
}
