//! The posts of the hour: one list that everybody shares, kept up to date by what changed.

use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::score;
use crate::setup::{Clock, Platform};
use crate::tables::{Tables, row};

/// How many posts are kept, so that there is a reserve behind those that are shown.
const KEPT: usize = 256;

/// How many posts are shown, as in OASIS.
const SHOWN: usize = 100;

/// Originals and quotes by hot score, best first; the lower id first among equals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ranking {
    pub(crate) posts: Vec<u32>,
}

impl Ranking {
    /// Ranks the posts that are new or got a reaction in this tick among those of before. Costs
    /// nothing for posts that did not change: their order among each other cannot have changed.
    pub(crate) fn update(
        &mut self,
        platform: Platform,
        clock: Clock,
        tables: &Tables,
        changed: &[u32],
    ) {
        let rank = |&post: &u32| (Reverse(hot(platform, clock, tables, post)), post);
        let mut ranks: Vec<_> = self.posts.iter().map(rank).collect();
        let last = ranks.iter().max().copied().filter(|_| ranks.len() >= KEPT);
        ranks.extend(changed.iter().map(rank).filter(|rank| last.is_none_or(|last| *rank < last)));
        ranks.sort();
        ranks.dedup();
        ranks.truncate(KEPT);
        self.posts = ranks.into_iter().map(|(_, post)| post).collect();
    }

    /// The posts that are shown.
    pub(crate) fn top(&self) -> &[u32] {
        &self.posts[..self.posts.len().min(SHOWN)]
    }
}

fn hot(platform: Platform, clock: Clock, tables: &Tables, post: u32) -> i64 {
    let row = row(post).expect("only posts are ranked");
    let counters = &tables.posts.counters[row];
    let liked = match platform {
        Platform::Reddit => i64::from(counters.likes),
        Platform::Twitter => counters.interactions(),
    };
    let votes = liked - i64::from(counters.dislikes);
    score::hot(platform, votes, clock.minute(tables.posts.rows[row].tick))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{Kind, Link, Post};
    use alloc::vec;

    const CLOCK: Clock = Clock { start_minute: 0, minutes_per_round: 60, planned_rounds: 48 };

    #[test]
    fn incremental_ranking_equals_ranking_everything() {
        let mut tables = Tables::new(40);
        let mut kept = Ranking::default();
        for tick in 1..60 {
            let mut changed = vec![];
            for author in 0..20 {
                let post = Post { author, of: 0, tick, kind: Kind::Original };
                changed.push(tables.add_post(post, "text"));
            }
            for user in 0..40_u32 {
                let post = (user * 7919 + tick * 104_729) % tables.posts.count() + 1;
                if tables.users.marks(user, post).like == 0 {
                    tables.link(Link::Like, user, post, tick);
                    changed.push(post);
                }
            }
            kept.update(Platform::Reddit, CLOCK, &tables, &changed);
            let mut whole = Ranking::default();
            let all: Vec<u32> = (1..=tables.posts.count()).collect();
            whole.update(Platform::Reddit, CLOCK, &tables, &all);
            assert_eq!(kept, whole, "after tick {tick}");
        }
        assert_eq!(kept.posts.len(), KEPT);
        assert_eq!(kept.top().len(), SHOWN);
    }

    /// The definition: those kept before and those that changed, ranked; also where reactions
    /// make a post worse.
    #[test]
    fn a_ranking_is_the_best_of_what_was_kept_and_what_changed() {
        for platform in [Platform::Twitter, Platform::Reddit] {
            let mut tables = Tables::new(40);
            let mut kept = Ranking::default();
            for tick in 1..80 {
                let mut changed = vec![];
                for author in 0..8 {
                    let post = Post { author, of: 0, tick, kind: Kind::Original };
                    changed.push(tables.add_post(post, "text"));
                }
                for user in 0..40_u32 {
                    let post = (user * 7919 + tick * 104_729) % tables.posts.count() + 1;
                    let mark = tables.users.marks(user, post);
                    match user % 3 {
                        0 if mark.like == 0 => tables.link(Link::Like, user, post, tick),
                        1 if mark.dislike == 0 => tables.link(Link::Dislike, user, post, tick),
                        _ => continue,
                    };
                    changed.push(post);
                }
                let both = kept.posts.iter().chain(&changed).copied();
                let mut expected: Vec<u32> = both.collect();
                expected.sort_by_key(|&post| (Reverse(hot(platform, CLOCK, &tables, post)), post));
                expected.dedup();
                expected.truncate(KEPT);
                kept.update(platform, CLOCK, &tables, &changed);
                assert_eq!(kept.posts, expected, "after tick {tick}");
            }
            assert_eq!(kept.posts.len(), KEPT);
        }
    }
}
