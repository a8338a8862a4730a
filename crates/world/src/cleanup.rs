//! The only writer: applies what was decided to the tables, one act after another.

use alloc::vec::Vec;

use crate::act::{Act, Effect, Failure};
use crate::tables::{DeedKind, Tables};

/// Applies acts of one tick and remembers which posts they touched.
pub(crate) struct Cleanup<'world> {
    tables: &'world mut Tables,
    tick: u32,
    /// Original posts that are new or got a reaction.
    changed: Vec<u32>,
}

impl Cleanup<'_> {
    pub(crate) fn new(tables: &mut Tables, tick: u32) -> Cleanup<'_> {
        Cleanup { tables, tick, changed: Vec::new() }
    }

    pub(crate) fn into_changed(self) -> Vec<u32> {
        self.changed
    }

    /// Does what `agent` wants, or says why it cannot be done; then nothing has changed.
    pub(crate) fn apply(&mut self, agent: u32, act: &Act) -> Result<Effect, Failure> {
        match act {
            Act::CreatePost { content } => Ok(self.create_post(agent, content)),
            Act::CreateComment { post, content } => self.create_comment(agent, *post, content),
            Act::LikePost { post } => self.like_post(agent, *post),
            Act::Repost { post } => self.repost(agent, *post),
            Act::Follow { user } => self.follow(agent, *user),
            Act::DoNothing => Ok(Effect::Nothing),
        }
    }

    fn create_post(&mut self, agent: u32, content: &str) -> Effect {
        let post = self.tables.add_post(agent, 0, self.tick, content);
        self.remember(agent, DeedKind::Posted, post);
        self.changed.push(post);
        Effect::Posted { post }
    }

    fn create_comment(&mut self, agent: u32, post: u32, content: &str) -> Result<Effect, Failure> {
        let post = self.original(post)?;
        let comment = self.tables.add_comment(agent, post, self.tick, content);
        self.remember(agent, DeedKind::Commented, comment);
        self.changed.push(post);
        Ok(Effect::Commented { post, comment })
    }

    fn like_post(&mut self, agent: u32, post: u32) -> Result<Effect, Failure> {
        let post = self.original(post)?;
        if self.tables.users.marks(agent, post).liked {
            return Err(Failure::LikeExists);
        }
        let like = self.tables.add_like(agent, post, self.tick);
        self.remember(agent, DeedKind::Liked, post);
        self.changed.push(post);
        Ok(Effect::Liked { post, like })
    }

    fn repost(&mut self, agent: u32, post: u32) -> Result<Effect, Failure> {
        let original = self.original(post)?;
        if self.tables.users.marks(agent, original).reposted {
            return Err(Failure::RepostExists);
        }
        let post = self.tables.add_post(agent, original, self.tick, "");
        self.remember(agent, DeedKind::Reposted, original);
        self.changed.push(original);
        Ok(Effect::Reposted { original, post })
    }

    fn follow(&mut self, agent: u32, user: u32) -> Result<Effect, Failure> {
        if user as usize >= self.tables.users.followers.len() {
            return Err(Failure::UserNotFound);
        }
        if user == agent {
            return Err(Failure::FollowsItself);
        }
        if self.tables.users.follows(agent, user) {
            return Err(Failure::FollowExists);
        }
        let follow = self.tables.add_follow(agent, user, self.tick);
        self.remember(agent, DeedKind::Followed, user);
        Ok(Effect::Followed { follow })
    }

    fn original(&self, post: u32) -> Result<u32, Failure> {
        self.tables.posts.original(post).ok_or(Failure::PostNotFound)
    }

    fn remember(&mut self, agent: u32, kind: DeedKind, id: u32) {
        self.tables.deeds.add(agent, self.tick, kind, id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    /// Applies acts of users 0 to 2 in one tick, after user 0 wrote post 1 and user 1 shared it
    /// as post 2.
    fn outcomes(acts: &[(u32, Act)]) -> (Tables, Vec<Result<Effect, Failure>>) {
        let mut tables = Tables::new(3);
        let mut cleanup = Cleanup::new(&mut tables, 1);
        cleanup.apply(0, &Act::CreatePost { content: "first".into() }).expect("anybody may post");
        cleanup.apply(1, &Act::Repost { post: 1 }).expect("the post exists");
        let outcomes = acts.iter().map(|(agent, act)| cleanup.apply(*agent, act)).collect();
        (tables, outcomes)
    }

    #[test]
    fn what_is_done_to_a_repost_is_done_to_its_original() {
        let (tables, outcomes) = outcomes(&[
            (2, Act::LikePost { post: 2 }),
            (2, Act::CreateComment { post: 2, content: "yes".into() }),
            (2, Act::Repost { post: 2 }),
        ]);
        assert_eq!(
            outcomes,
            [
                Ok(Effect::Liked { post: 1, like: 1 }),
                Ok(Effect::Commented { post: 1, comment: 1 }),
                Ok(Effect::Reposted { original: 1, post: 3 }),
            ]
        );
        let posts = &tables.posts;
        assert_eq!((&posts.likes, &posts.comments), (&vec![1, 0, 0], &vec![1, 0, 0]));
        assert_eq!((&posts.shares, &posts.original), (&vec![2, 0, 0], &vec![0, 1, 1]));
    }

    #[test]
    fn every_failure_has_its_reason_and_changes_nothing() {
        let cases = [
            (Act::LikePost { post: 9 }, Failure::PostNotFound, "post not found"),
            (Act::LikePost { post: 0 }, Failure::PostNotFound, "post not found"),
            (Act::Repost { post: 9 }, Failure::PostNotFound, "post not found"),
            (
                Act::CreateComment { post: 9, content: "?".into() },
                Failure::PostNotFound,
                "post not found",
            ),
            (Act::Repost { post: 1 }, Failure::RepostExists, "repost record already exists"),
            (Act::Repost { post: 2 }, Failure::RepostExists, "repost record already exists"),
            (Act::Follow { user: 3 }, Failure::UserNotFound, "user not found"),
            (Act::Follow { user: 1 }, Failure::FollowsItself, "users cannot follow themselves"),
        ];
        let (before, _) = outcomes(&[]);
        for (act, failure, text) in cases {
            let (after, outcomes) = outcomes(&[(1, act.clone())]);
            assert_eq!(outcomes, [Err(failure)], "{act:?}");
            assert_eq!(alloc::format!("{failure}"), text);
            assert_eq!(before, after, "{act:?} failed and changed something");
        }
    }

    #[test]
    fn the_second_of_two_equal_acts_fails() {
        for (act, failure, text) in [
            (Act::LikePost { post: 1 }, Failure::LikeExists, "like record already exists"),
            (Act::Follow { user: 0 }, Failure::FollowExists, "follow record already exists"),
        ] {
            let (after_one, _) = outcomes(&[(2, act.clone())]);
            let (after_two, outcomes) = outcomes(&[(2, act.clone()), (2, act)]);
            assert!(outcomes[0].is_ok());
            assert_eq!(outcomes[1], Err(failure));
            assert_eq!(alloc::format!("{failure}"), text);
            assert_eq!(after_one, after_two);
        }
    }

    #[test]
    fn one_may_like_and_share_what_one_wrote() {
        let (_, outcomes) =
            outcomes(&[(0, Act::LikePost { post: 1 }), (0, Act::Repost { post: 1 })]);
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    }
}
