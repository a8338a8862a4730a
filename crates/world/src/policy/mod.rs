//! The `builtin` policy: who an agent is and what it sees decide what it does. No model.
//!
//! A pure function of the world and one observation. An agent reads first and writes then:
//! reactions come before words, and what it looks up comes last, for the turn after.

mod chinese;
mod commenting;
pub(crate) mod english;
pub(crate) mod phrases;
mod posting;
mod reacting;
mod searching;
mod story;
mod undoing;
pub(crate) mod voice;
mod weighing;
pub(crate) mod writing;

use alloc::vec::Vec;

use self::story::Story;
use self::weighing::Weighed;
use self::writing::Speaker;
use crate::act::Act;
use crate::feed::{self, Shown};
use crate::random::{Dice, Purpose};
use crate::setup::{PPM, Platform, Traits};
use crate::view::PostView;
use crate::words::Signature;
use crate::world::World;

/// What an agent wants to do that is shown these posts, in order; never empty.
pub(crate) fn decide(world: &World, agent: u32, shown: &[Shown]) -> Vec<Act> {
    let mind = Mind::new(world, agent);
    let posts = mind.read(shown);
    let mut acts = Vec::new();
    mind.react(&posts, &mut acts);
    mind.follow_found(&mut acts);
    if !mind.twitter {
        mind.rate_comments(&posts, &mut acts);
    }
    mind.comment(&posts, &mut acts);
    mind.post(&posts, &mut acts);
    mind.fall_out(&posts, &mut acts);
    mind.undo(&mut acts);
    mind.look_up(&posts, &mut acts);
    if acts.is_empty() {
        acts.push(Act::DoNothing);
    }
    acts
}

/// How many of the posts that a search found are read.
const FOUND: usize = 5;

/// One agent in one round.
struct Mind<'world> {
    world: &'world World,
    id: u32,
    traits: &'world Traits,
    dice: Dice,
    twitter: bool,
    /// What it cares about.
    cares: Signature,
    story: Story<'world>,
    speaker: Speaker<'world>,
}

impl<'world> Mind<'world> {
    fn new(world: &World, id: u32) -> Mind<'_> {
        Mind {
            world,
            id,
            traits: &world.settings.traits[id as usize],
            dice: world.source.agent(world.tick, id),
            twitter: world.setup.platform == Platform::Twitter,
            cares: feed::cares_about(world, id),
            story: Story::of(world),
            speaker: Speaker::new(world, id),
        }
    }

    /// What it reads in this turn, each root once: what it is shown, then what its last search
    /// found.
    fn read(&self, shown: &[Shown]) -> Vec<Weighed<'world>> {
        let found = self.world.tables.found[self.id as usize].posts.iter().take(FOUND);
        let found = found.filter_map(|&post| self.world.tables.posts.root(post));
        let mut posts: Vec<Weighed<'world>> = Vec::new();
        for root in shown.iter().map(|shown| shown.root).chain(found) {
            let known = posts.iter().any(|other| other.post.id == root);
            if let Some(post) = self.world.post(root).filter(|post| !known && self.may_read(post)) {
                posts.push(self.weigh(post));
            }
        }
        posts
    }

    /// A search finds also what the agent wrote itself, and whom it has muted since.
    fn may_read(&self, post: &PostView<'_>) -> bool {
        post.author != self.id && !self.world.tables.users.mutes(self.id, post.author)
    }

    /// True in `ppm` of a million cases, never below none and always from a million on.
    fn wants(&self, purpose: Purpose, draw: u32, ppm: i64) -> bool {
        let ppm = u32::try_from(ppm.max(0)).unwrap_or(PPM);
        self.dice.chance(purpose, draw, ppm)
    }

    /// How much of its rates an agent writes, in hundredths: of four people one mostly reads and
    /// one writes for two. All of them together write as much as configured.
    fn talkative_percent(&self) -> u64 {
        const READS: u64 = 15;
        const ORDINARY: u64 = 100;
        const LOUD: u64 = 185;
        if self.speaks_for_many() {
            return ORDINARY;
        }
        match self.world.source.character(self.id).below(Purpose::Write, 0, 4) {
            0 => READS,
            1 => LOUD,
            _ => ORDINARY,
        }
    }

    /// How often something that happens at this rate per hour happens in this turn. A turn stands
    /// for an hour of activity: rounds that are shorter bring fewer turns each, not smaller ones.
    fn times(&self, draw: u32, per_hour_ppm: u32, most: u32) -> u32 {
        let per_hour_ppm = u64::from(per_hour_ppm) * self.talkative_percent() / 100;
        let times = self.dice.whole(Purpose::Write, draw, per_hour_ppm);
        u32::try_from(times).unwrap_or(most).min(most)
    }
}

/// Adds what is not wanted already.
fn add(acts: &mut Vec<Act>, act: Act) {
    if !acts.contains(&act) {
        acts.push(act);
    }
}
