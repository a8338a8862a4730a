//! Comments: on posts, on others' comments, and to those who answered.

use alloc::vec::Vec;
use core::cmp::Reverse;

use super::Mind;
use super::voice::mainly_chinese;
use super::weighing::Weighed;
use super::writing::{self, Addressee, Attitude};
use crate::act::Act;
use crate::feed;
use crate::random::Purpose;
use crate::score;
use crate::tables::DeedKind;
use crate::view::CommentView;

/// No agent comments more in one round, whatever its rate.
const MOST: u32 = 3;
/// Draws of this module: the rate; how an answer is taken; what chance adds to each.
const RATE: u32 = 0;
const ATTITUDES: u32 = 200;
const STIRS: u32 = 5_000;

/// How much things stir, in millionths; below nothing they get no comment.
const SIDES: i64 = 260_000;
const HOT: i64 = 80_000;
const NEWS: i64 = 160_000;
const ANSWER: i64 = 420_000;
const REPLY: i64 = -60_000;
const SECOND_HAND: i64 = 200_000;
const FOREIGN: i64 = 150_000;
const CHANCE: u32 = 300_000;

/// How many of the newest comments under a post are looked at.
pub(super) const WINDOW: usize = 16;
/// How many of its own texts an agent looks after.
pub(super) const LOOKED_AFTER: usize = 6;
/// How often two answer each other before one lets it be.
const EXCHANGES: usize = 3;
/// How many of the posts have their comments answered.
const THREADS: usize = 3;

impl<'world> Mind<'world> {
    /// Comments on what stirs the agent most, as many as its rate allows.
    pub(super) fn comment(&self, posts: &[Weighed<'world>], acts: &mut Vec<Act>) {
        let most = self.times(RATE, self.traits.comments_per_hour_ppm, MOST);
        if most == 0 {
            return;
        }
        let stirring = self.stirring(posts);
        let written = self.world.tables.users.rows[self.id as usize].comments;
        let mut authors = Vec::new();
        for (_, addressee) in stirring {
            let (post, parent, author) = match addressee {
                Addressee::Post(post) => (post.id, None, post.author),
                Addressee::Comment(comment) | Addressee::Answer(comment) => {
                    (comment.post, Some(comment.id), comment.author)
                }
            };
            // Nobody talks at one other person three times in a row.
            if authors.contains(&author) || authors.len() >= most as usize {
                continue;
            }
            let number = u32::try_from(authors.len()).unwrap_or(u32::MAX);
            authors.push(author);
            let attitude = self.attitude_to(addressee, ATTITUDES + number);
            let content = writing::comment(&self.speaker, written + number, addressee, attitude);
            acts.push(Act::CreateComment { post, parent, content });
        }
    }

    /// All that could be answered and stirs at all, most stirring first.
    fn stirring(&self, posts: &[Weighed<'world>]) -> Vec<(Reverse<i64>, Addressee<'world>)> {
        let answers =
            self.answers().into_iter().map(|comment| (ANSWER, Addressee::Answer(comment)));
        let uncommented = posts.iter().filter(|weighed| {
            self.world.tables.users.marks(self.id, weighed.post.id).comments == 0
                && !(self.world.is_press(self.id) && self.world.is_press(weighed.post.author))
        });
        let on_posts =
            uncommented.map(|weighed| (self.stir(weighed), Addressee::Post(weighed.post)));
        // On Twitter a reply to a reply goes to the person, not to the thread.
        let threads = posts.iter().take(if self.twitter { 0 } else { THREADS });
        let in_threads = threads.flat_map(|weighed| self.world.thread(weighed.post.id, self.id));
        let in_threads = in_threads.filter(|comment| self.would_reply(comment)).map(|comment| {
            let affinity = feed::affinity(self.world, self.id, comment.author);
            let liked = score::log10(comment.likes + 1) / 10;
            (REPLY + SIDES / 2 * affinity.abs() + liked, Addressee::Comment(comment))
        });
        let mut all: Vec<(Reverse<i64>, Addressee<'world>)> = Vec::new();
        for ((stir, addressee), draw) in answers.chain(on_posts).chain(in_threads).zip(STIRS..) {
            let stir = stir + self.dice.around(Purpose::React, draw, CHANCE);
            let comment = |one: &Addressee<'_>| match one {
                Addressee::Post(_) => None,
                Addressee::Comment(comment) | Addressee::Answer(comment) => Some(comment.id),
            };
            let known = comment(&addressee).is_some()
                && all.iter().any(|(_, other)| comment(other) == comment(&addressee));
            if stir > 0 && !known {
                all.push((Reverse(stir), addressee));
            }
        }
        all.sort_by_key(|(stir, _)| *stir);
        all
    }

    /// How much a post stirs: the other side more than one's own, both more than no side.
    fn stir(&self, weighed: &Weighed<'_>) -> i64 {
        let foreign = mainly_chinese(weighed.post.content) != self.speaker.voice.chinese;
        SIDES * weighed.affinity.abs() - SIDES / 6 * weighed.affinity
            + weighed.relevance / 4
            + if weighed.hot { HOT } else { 0 }
            + if weighed.news { NEWS } else { 0 }
            + score::log10(weighed.post.likes + 1) / 20
            - if weighed.post.quotes.is_some() { SECOND_HAND } else { 0 }
            - if foreign { FOREIGN } else { 0 }
    }

    /// Comments by others on what the agent wrote lately that it has not answered.
    fn answers(&self) -> Vec<CommentView<'world>> {
        let tables = &self.world.tables;
        let written = tables.deeds[self.id as usize].latest().filter(|deed| {
            matches!(deed.kind, DeedKind::Posted | DeedKind::Quoted | DeedKind::Commented)
        });
        let newest = written.take(LOOKED_AFTER).filter_map(|deed| {
            let (post, parent) = match deed.kind {
                DeedKind::Commented => (self.world.comment(deed.id)?.post, Some(deed.id)),
                _ => (deed.id, None),
            };
            let mut newest = self.world.newest_comments(post).take(WINDOW);
            newest.find(|comment| comment.author != self.id && comment.parent == parent)
        });
        newest.filter(|comment| self.would_reply(comment) && self.knows_why(comment)).collect()
    }

    /// Whether there is something to say to an answer: who shares no side must have asked.
    fn knows_why(&self, comment: &CommentView<'_>) -> bool {
        asks(comment) || feed::affinity(self.world, self.id, comment.author) != 0
    }

    /// Whether the agent may reply: not to itself, to somebody muted, or twice; and not for ever.
    fn would_reply(&self, comment: &CommentView<'_>) -> bool {
        let mut newest = self.world.newest_comments(comment.post).take(WINDOW);
        let answered =
            newest.any(|other| other.author == self.id && other.parent == Some(comment.id));
        let parents =
            core::iter::successors(Some(*comment), |comment| self.world.comment(comment.parent?));
        let out_of_reach = comment.author == self.id
            || self.world.tables.users.mutes(self.id, comment.author)
            || self.world.is_press(self.id) && self.world.is_press(comment.author);
        !out_of_reach && !answered && parents.take(EXCHANGES + 1).count() <= EXCHANGES
    }

    /// Friends are thanked, opponents answered, questions explained.
    fn attitude_to(&self, addressee: Addressee<'_>, draw: u32) -> Attitude {
        match addressee {
            Addressee::Post(post) => self.attitude(post.author, draw),
            Addressee::Comment(comment) => self.attitude(comment.author, draw),
            Addressee::Answer(comment) => {
                match feed::affinity(self.world, self.id, comment.author) {
                    1 if !asks(&comment) => Attitude::Agrees,
                    -1 => Attitude::Differs,
                    _ => Attitude::Asks,
                }
            }
        }
    }
}

fn asks(comment: &CommentView<'_>) -> bool {
    comment.content.contains(['?', '？'])
}
