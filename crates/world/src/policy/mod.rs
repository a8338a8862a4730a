//! The `builtin` policy: who an agent is and what it sees decide what it does. No model.
//!
//! A pure function of the world and one observation. An agent reads first and writes then:
//! reactions come before posts of its own.

mod chinese;
mod english;
pub(crate) mod phrases;
pub(crate) mod text;
pub(crate) mod voice;

use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::act::Act;
use crate::feed;
use crate::feed::Shown;
use crate::random::{Dice, Purpose};
use crate::score;
use crate::setup::{PPM, Platform, Stance, Traits};
use crate::tables::row;
use crate::view::PostView;
use crate::words;
use crate::world::World;
use text::Attitude;

/// No agent writes more in one round, whatever its rates.
const POSTS_PER_ROUND: u64 = 2;
const COMMENTS_PER_ROUND: u64 = 3;

/// What an agent wants to do that is shown these posts, in order; never empty.
pub(crate) fn decide(world: &World, agent: u32, shown: &[Shown]) -> Vec<Act> {
    let mind = Mind::new(world, agent);
    let posts: Vec<PostView<'_>> =
        shown.iter().filter_map(|shown| world.post(shown.root)).collect();
    let mut acts = Vec::new();
    for (seen, number) in posts.iter().zip(0..) {
        mind.react(seen, number, &mut acts);
    }
    mind.comment(&posts, &mut acts);
    mind.post(&posts, &mut acts);
    if acts.is_empty() {
        acts.push(Act::DoNothing);
    }
    acts
}

/// One agent in one round.
struct Mind<'world> {
    world: &'world World,
    id: u32,
    agent: &'world Traits,
    dice: Dice,
}

impl Mind<'_> {
    fn new(world: &World, id: u32) -> Mind<'_> {
        let dice = world.source.agent(world.tick, id);
        Mind { world, id, agent: &world.settings.traits[id as usize], dice }
    }

    /// Likes, shares and follows, each with a probability that grows with the pull of the post.
    fn react(&self, seen: &PostView<'_>, number: u32, acts: &mut Vec<Act>) {
        let (post, author) = (seen.id, seen.author);
        let users = &self.world.tables.users;
        let marks = users.marks(self.id, post);
        let pull = self.pull(seen);
        let wants = |draw, ppm: i64| {
            let ppm = u32::try_from(ppm.max(0)).unwrap_or(PPM);
            self.dice.chance(Purpose::React, number * 8 + draw, ppm)
        };
        if marks.like == 0 && wants(0, pull) {
            acts.push(Act::LikePost { post });
        }
        // Sharing within one community says little; it is Twitter's way.
        let shares = self.world.setup.platform == Platform::Twitter;
        if shares && marks.repost == 0 && wants(1, (pull - 120_000) / 4) {
            acts.push(Act::Repost { post });
        }
        let weight = i64::from(self.world.settings.traits[author as usize].influence_ppm);
        let follow = Act::Follow { user: author };
        let follows = users.follows(self.id, author) || acts.contains(&follow);
        if !follows && wants(2, pull / 12 + weight.min(4_000_000) / 200) {
            acts.push(follow);
        }
    }

    /// How much a post appeals, as the probability of a like: its side, its subject, the
    /// agent's mood, and how many like it already.
    fn pull(&self, seen: &PostView<'_>) -> i64 {
        let affinity = feed::affinity(self.world, self.id, seen.author);
        let reserve = match self.agent.stance {
            Stance::Observer => 60_000,
            _ => 0,
        };
        let pull = 110_000
            + 200_000 * affinity
            + self.relevance(seen) / 4
            + i64::from(self.agent.sentiment_ppm) / 8
            + score::log10(seen.likes + 1) / 16
            - reserve;
        pull.clamp(10_000, 850_000)
    }

    fn relevance(&self, seen: &PostView<'_>) -> i64 {
        row(seen.id).map_or(0, |row| {
            let cares = feed::cares_about(self.world, self.id);
            words::relevance(cares, self.world.tables.posts.signature[row])
        })
    }

    /// Comments on the posts that stir the agent most, as many as its rate allows. The other
    /// side stirs more than one's own.
    fn comment(&self, posts: &[PostView<'_>], acts: &mut Vec<Act>) {
        let most = self.times(0, self.agent.comments_per_hour_ppm).min(COMMENTS_PER_ROUND);
        let mut stirring: Vec<(Reverse<i64>, &PostView<'_>)> = posts
            .iter()
            .zip(0..)
            .filter(|(seen, _)| self.world.tables.users.marks(self.id, seen.id).comments == 0)
            .map(|(seen, number)| {
                let affinity = feed::affinity(self.world, self.id, seen.author);
                let stir = 300_000 * affinity.abs() - 50_000 * affinity
                    + self.relevance(seen) / 2
                    + self.dice.around(Purpose::React, 1_000 + number, 300_000);
                (Reverse(stir), seen)
            })
            .collect();
        stirring.sort_by_key(|(stir, seen)| (*stir, seen.id));
        let written = self.world.tables.users.rows[self.id as usize].comments;
        let stirring = stirring.into_iter().filter(|(Reverse(stir), _)| *stir > 0);
        let chosen = usize::try_from(most).unwrap_or(usize::MAX);
        for ((_, seen), number) in stirring.take(chosen).zip(0..) {
            let attitude = self.attitude(seen, number);
            let content = text::reply(self.world, self.id, written + number, seen, attitude);
            acts.push(Act::CreateComment { post: seen.id, parent: None, content });
        }
    }

    fn attitude(&self, seen: &PostView<'_>, number: u32) -> Attitude {
        let affinity = feed::affinity(self.world, self.id, seen.author);
        let leaning = 400_000 * affinity
            + i64::from(self.agent.sentiment_ppm) / 4
            + self.dice.around(Purpose::Write, 100 + number, 350_000);
        match leaning {
            150_000.. => Attitude::Agrees,
            ..=-150_000 => Attitude::Differs,
            _ => Attitude::Asks,
        }
    }

    /// Posts of its own, as its rate says.
    fn post(&self, posts: &[PostView<'_>], acts: &mut Vec<Act>) {
        let most = self.times(1, self.agent.posts_per_hour_ppm).min(POSTS_PER_ROUND);
        let written = self.world.tables.users.rows[self.id as usize].posts;
        for number in 0..u32::try_from(most).unwrap_or(0) {
            let content = text::post(self.world, self.id, written + number, posts);
            acts.push(Act::CreatePost { content });
        }
    }

    /// How often something that happens at this rate per hour happens in this round.
    fn times(&self, draw: u32, per_hour_ppm: u32) -> u64 {
        let minutes = u64::from(self.world.setup.clock.minutes_per_round);
        self.dice.whole(Purpose::Write, draw, u64::from(per_hour_ppm) * minutes / 60)
    }
}
