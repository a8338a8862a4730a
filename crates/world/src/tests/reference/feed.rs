//! What a reader is shown.

use std::cmp::Reverse;
use std::vec::Vec;

use super::Reference;
use super::rows::{Counters, Kind, stands};
use crate::random::Purpose;
use crate::score::log10;
use crate::words::{Signature, relevance, signature};
use crate::{Action, Effect, Platform, Stance};

const M: i64 = 1_000_000;

/// A post in a feed.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    pub(super) post: u32,
    pub(super) root: u32,
}

impl Reference {
    /// Ranks what is new since `before`, and what `actions` touched, among what was kept.
    pub(super) fn rank(&mut self, before: &Reference, actions: &[Action]) {
        let counters = self.counters();
        let is_new = |post: u32| post as usize > before.posts.len();
        let touched = |post: u32| actions.iter().any(|action| touches(action, post));
        let mut ranked: Vec<(Reverse<i64>, u32)> = self
            .post_ids()
            .filter(|&post| !matches!(self.post(post).kind, Kind::Repost(_)))
            .filter(|&post| self.ranking.contains(&post) || is_new(post) || touched(post))
            .map(|post| (Reverse(self.score(post, &counters[post as usize - 1])), post))
            .collect();
        ranked.sort();
        ranked.truncate(256);
        self.ranking = ranked.into_iter().map(|(_, post)| post).collect();
    }

    fn score(&self, post: u32, counters: &Counters) -> i64 {
        let (votes, time) = match self.setup.platform {
            Platform::Reddit => (i64::from(counters.likes) - i64::from(counters.dislikes), 45_000),
            Platform::Twitter => (counters.interactions() - i64::from(counters.dislikes), 21_600),
        };
        let size = u32::try_from(votes.abs().max(1)).expect("a test has fewer votes");
        let minutes = self.setup.clock.minute(self.post(post).tick);
        let seconds = 60 * i64::try_from(minutes).expect("a run is shorter than that");
        votes.signum() * log10(size) + seconds * M / time
    }

    /// The ranking, as far as it is shown.
    pub(super) fn top(&self) -> &[u32] {
        &self.ranking[..self.ranking.len().min(100)]
    }

    /// What `reader` is shown in the coming tick, best first.
    pub(super) fn feed(&self, reader: u32) -> Vec<Shown> {
        let counters = self.counters();
        let interests = self.interests(reader);
        let mut candidates = match self.setup.platform {
            Platform::Reddit => self.candidates_on_reddit(reader),
            Platform::Twitter => self.candidates_on_twitter(reader),
        };
        candidates.retain(|&post| self.may_be_shown(reader, post));
        let mut weighed: Vec<(Reverse<i64>, u32)> = candidates
            .into_iter()
            .map(|post| (Reverse(self.weight(reader, post, &counters, interests)), post))
            .collect();
        weighed.sort();
        let mut shown: Vec<Shown> = Vec::new();
        for (_, post) in weighed {
            let root = self.root(post);
            if shown.iter().all(|other| other.root != root) && shown.len() < 5 {
                shown.push(Shown { post, root });
            }
        }
        shown
    }

    /// Remembers what `reader` was shown.
    pub(super) fn look(&mut self, reader: u32, shown: &[Shown]) {
        let seen = &mut self.seen[reader as usize];
        for shown in shown {
            seen.retain(|&root| root != shown.root);
            seen.insert(0, shown.root);
        }
        seen.truncate(16);
    }

    fn candidates_on_reddit(&self, reader: u32) -> Vec<u32> {
        let (dice, top) = (self.dice(reader), self.top());
        if top.len() <= 24 {
            return top.to_vec();
        }
        let draw = |draw: u32| {
            let within = dice.below(Purpose::Feed, 2 * draw, length(top)) + 1;
            top[dice.below(Purpose::Feed, 2 * draw + 1, within) as usize]
        };
        (0..24).map(draw).collect()
    }

    fn candidates_on_twitter(&self, reader: u32) -> Vec<u32> {
        let dice = self.dice(reader);
        let drawn = |list: &[u32], most: u32, first: u32| -> Vec<u32> {
            let draw = |draw| list[dice.below(Purpose::Feed, first + draw, length(list)) as usize];
            if length(list) <= most { list.to_vec() } else { (0..most).map(draw).collect() }
        };
        let followees = drawn(&self.followees(reader), 8, 100);
        let newest: Vec<u32> = self.post_ids().rev().take(512).collect();
        let mut candidates = Vec::new();
        for followee in followees {
            candidates.extend(self.two_latest(followee));
        }
        candidates.extend(drawn(self.top(), 8, 200));
        candidates.extend(drawn(&newest, 16, 300));
        candidates
    }

    /// Whom `reader` follows, by their id.
    pub(super) fn followees(&self, reader: u32) -> Vec<u32> {
        let mut users = self.agents();
        users.retain(|&user| stands(&self.follows, reader, user));
        users
    }

    fn two_latest(&self, author: u32) -> impl Iterator<Item = u32> {
        self.post_ids().rev().filter(move |&post| self.post(post).author == author).take(2)
    }

    fn may_be_shown(&self, reader: u32, post: u32) -> bool {
        let authors = [self.post(post).author, self.post(self.root(post)).author];
        let traits = &self.traits[reader as usize];
        let spread = traits.response_delay_max - traits.response_delay_min;
        let drawn = self.source().character(reader).below(Purpose::Delay, post, spread + 1);
        !authors.contains(&reader)
            && !authors.iter().any(|&author| stands(&self.mutes, reader, author))
            && self.age(post) >= i64::from(traits.response_delay_min) + i64::from(drawn)
    }

    /// What `reader` cares about.
    fn interests(&self, reader: u32) -> Signature {
        let profile = &self.setup.agents[reader as usize];
        let mut words = signature(&profile.bio);
        for interest in &profile.interests {
            words = words | signature(interest);
        }
        for post in self.two_latest(reader) {
            words = words | signature(&self.post(post).content);
        }
        words
    }

    fn weight(&self, reader: u32, post: u32, counters: &[Counters], interests: Signature) -> i64 {
        let root = self.root(post);
        let author = self.post(root).author;
        let feed = &self.weights;
        let counters = &counters[root as usize - 1];
        let interactions = counters.interactions();

        let recency = M * 360 / (360 + self.age(post));
        let liked = (interactions - i64::from(counters.dislikes)).max(0) + 1;
        let liked = u32::try_from(liked).expect("a test has fewer interactions");
        let popularity = (log10(liked) / 3).min(M);
        let relevance = relevance(interests, signature(&self.post(root).content));
        let mut weight = (i64::from(feed.recency_ppm) * recency
            + i64::from(feed.popularity_ppm) * popularity
            + i64::from(feed.relevance_ppm) * relevance)
            / M;
        if feed.viral_threshold > 0 && interactions >= i64::from(feed.viral_threshold) {
            weight += M / 4;
        }
        let twitter = self.setup.platform == Platform::Twitter;
        let follows = |user| stands(&self.follows, reader, user);
        if twitter && (follows(self.post(post).author) || follows(author)) {
            weight += M / 2;
        }
        weight =
            weight * (M + i64::from(feed.echo_chamber_ppm) * self.affinity(reader, author)) / M;
        if twitter {
            let influence = i64::from(self.traits[author as usize].influence_ppm);
            weight = weight * (4 * M + influence.min(8 * M)) / (5 * M);
        }
        if self.reacted(reader, root) {
            weight /= 4;
        } else if self.seen[reader as usize].contains(&root) {
            weight /= 2;
        }
        if counters.reports >= 2 {
            weight /= 2;
        }
        weight + self.dice(reader).around(Purpose::Jitter, post, 50_000)
    }

    /// 1 on the same side, -1 on opposite sides, 0 if one of the two takes none.
    fn affinity(&self, reader: u32, author: u32) -> i64 {
        let stance = |agent: u32| self.traits[agent as usize].stance;
        match (stance(reader), stance(author)) {
            (Stance::Supportive, Stance::Supportive) | (Stance::Opposing, Stance::Opposing) => 1,
            (Stance::Supportive, Stance::Opposing) | (Stance::Opposing, Stance::Supportive) => -1,
            _ => 0,
        }
    }

    /// Whether `reader` has done something about `root` that stands.
    fn reacted(&self, reader: u32, root: u32) -> bool {
        stands(&self.likes, reader, root)
            || stands(&self.dislikes, reader, root)
            || stands(&self.reports, reader, root)
            || self.comments.iter().any(|row| row.author == reader && row.post == root)
            || self.posts.iter().any(|row| row.author == reader && row.kind == Kind::Repost(root))
    }
}

/// Whether an action changed a counter of `post`.
fn touches(action: &Action, post: u32) -> bool {
    match action.outcome {
        Ok(Effect::Shared { of, .. }) => of == post,
        Ok(Effect::Rated { post: rated, .. }) => rated == post,
        Ok(Effect::Commented { post: root, .. }) => root == post,
        _ => false,
    }
}

fn length(list: &[u32]) -> u32 {
    u32::try_from(list.len()).expect("a test has fewer")
}
