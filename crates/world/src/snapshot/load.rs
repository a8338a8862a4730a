//! Tables from bytes: rows are added again, each checked as if anybody could have written it.

use alloc::vec::Vec;

use super::{SnapshotError, setup};
use crate::bytes::Reader;
use crate::ranking::Ranking;
use crate::tables::{
    Comment, Deed, DeedKind, Deeds, Found, Kind, Post, REMEMBERED, SEEN, STANDS, Seen, Tables,
};
use crate::world::World;

/// Fills an empty world.
pub(super) fn load(world: &mut World, from: &mut Reader<'_>) -> Result<(), SnapshotError> {
    let wrong = SnapshotError::Inconsistent;
    let changes = read_many(from, setup::read_change).ok_or(wrong("changes"))?;
    let mut load =
        Load { users: world.tables.users.rows.len(), tick: world.tick, tables: &mut world.tables };
    load.posts(from).ok_or(wrong("posts"))?;
    load.comments(from).ok_or(wrong("comments"))?;
    for (kind, name) in LINKS {
        load.links(kind, from).ok_or(wrong(name))?;
    }
    load.deeds(from).ok_or(wrong("deeds"))?;
    load.seen(from).ok_or(wrong("seen posts"))?;
    load.found(from).ok_or(wrong("found posts"))?;
    let ranking = load.ranking(from).ok_or(wrong("ranking"))?;
    let active = load.active(from).ok_or(wrong("active agents"))?;
    if !from.0.is_empty() {
        return Err(wrong("length"));
    }
    (world.ranking, world.active) = (ranking, active);
    for change in changes {
        let inputs = crate::Inputs { changes: alloc::vec![change], ..crate::Inputs::default() };
        if !world.problems(&inputs).is_empty() {
            return Err(wrong("changes"));
        }
        inputs.changes.iter().for_each(|change| world.settings.apply(change));
        world.changes.extend(inputs.changes);
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Link {
    Like,
    Dislike,
    Report,
    CommentLike,
    CommentDislike,
    Follow,
    Mute,
}

/// In the order of the snapshot.
const LINKS: [(Link, &str); 7] = [
    (Link::Like, "likes"),
    (Link::Dislike, "dislikes"),
    (Link::Report, "reports"),
    (Link::CommentLike, "comment likes"),
    (Link::CommentDislike, "comment dislikes"),
    (Link::Follow, "follows"),
    (Link::Mute, "mutes"),
];

struct Load<'world> {
    tables: &'world mut Tables,
    users: usize,
    tick: u32,
}

impl Load<'_> {
    fn posts(&mut self, from: &mut Reader<'_>) -> Option<()> {
        let rows = read_many(from, Reader::row::<4>)?;
        let texts = read_texts(from)?;
        same_length(&[rows.len(), texts.len()])?;
        for ([author, of, tick, kind], text) in rows.into_iter().zip(texts) {
            self.user(author)?;
            self.past(tick)?;
            let kind = [Kind::Original, Kind::Repost, Kind::Quote]
                .into_iter()
                .find(|&known| known as u32 == kind)?;
            match kind {
                Kind::Original => (of == 0).then_some(())?,
                Kind::Repost => {
                    self.root(of)?;
                    (self.tables.users.marks(author, of).repost == 0).then_some(())?;
                }
                Kind::Quote => (self.tables.posts.source(of)? == of).then_some(())?,
            }
            self.tables.add_post(Post { author, of, tick, kind }, text);
        }
        Some(())
    }

    fn comments(&mut self, from: &mut Reader<'_>) -> Option<()> {
        let rows = read_many(from, Reader::row::<4>)?;
        let texts = read_texts(from)?;
        same_length(&[rows.len(), texts.len()])?;
        for ([author, post, parent, tick], text) in rows.into_iter().zip(texts) {
            self.user(author)?;
            self.past(tick)?;
            self.root(post)?;
            if parent != 0 {
                (self.tables.comments.get(parent)?.post == post).then_some(())?;
            }
            self.tables.add_comment(Comment { author, post, parent, tick }, text);
        }
        Some(())
    }

    fn links(&mut self, kind: Link, from: &mut Reader<'_>) -> Option<()> {
        let (users, targets) = (from.column_u32()?, from.column_u32()?);
        let (ticks, ends) = (from.column_u32()?, from.column_u32()?);
        same_length(&[users.len(), targets.len(), ticks.len(), ends.len()])?;
        // The reasons of reports follow the tables of links.
        for place in 0..users.len() {
            let (user, target, tick, end) =
                (users[place], targets[place], ticks[place], ends[place]);
            self.user(user)?;
            self.past(tick)?;
            if end != STANDS {
                self.past(end)?;
                (end >= tick).then_some(())?;
            }
            self.link(kind, user, target, tick, end)?;
        }
        Some(())
    }

    /// Adds a link, and ends it if it has ended.
    fn link(&mut self, kind: Link, user: u32, target: u32, tick: u32, end: u32) -> Option<()> {
        match kind {
            Link::Like | Link::Dislike | Link::Report => self.root(target)?,
            Link::CommentLike | Link::CommentDislike => {
                self.tables.comments.get(target)?;
            }
            Link::Follow | Link::Mute => {
                self.user(target)?;
                (user != target).then_some(())?;
            }
        }
        let tables = &mut *self.tables;
        let (mark, comment_mark) =
            (tables.users.marks(user, target), tables.users.comment_marks(user, target));
        let row = &tables.users.rows[user as usize];
        let exists = match kind {
            Link::Like => mark.like != 0,
            Link::Dislike => mark.dislike != 0,
            Link::Report => mark.report != 0,
            Link::CommentLike => comment_mark.like != 0,
            Link::CommentDislike => comment_mark.dislike != 0,
            Link::Follow => row.following.contains(target),
            Link::Mute => row.muting.contains(target),
        };
        if exists {
            return None;
        }
        let id = match kind {
            Link::Like => tables.like(user, target, tick),
            Link::Dislike => tables.dislike(user, target, tick),
            Link::Report => tables.report(user, target, tick),
            Link::CommentLike => tables.like_comment(user, target, tick),
            Link::CommentDislike => tables.dislike_comment(user, target, tick),
            Link::Follow => tables.follow(user, target, tick),
            Link::Mute => tables.mute(user, target, tick),
        };
        if end == STANDS {
            return Some(());
        }
        match kind {
            Link::Like => tables.unlike(id, end),
            Link::Dislike => tables.undo_dislike(id, end),
            Link::Report => return None,
            Link::CommentLike => tables.unlike_comment(id, end),
            Link::CommentDislike => tables.undo_dislike_comment(id, end),
            Link::Follow => tables.unfollow(id, end),
            Link::Mute => tables.unmute(id, end),
        }
        Some(())
    }

    fn deeds(&mut self, from: &mut Reader<'_>) -> Option<()> {
        let reasons = read_texts(from)?;
        same_length(&[reasons.len(), self.tables.reports.user.len()])?;
        reasons.into_iter().for_each(|reason| self.tables.reasons.add(reason));
        let count = from.column_u32()?;
        same_length(&[count.len(), self.users])?;
        let mut ring = Vec::with_capacity(self.users * REMEMBERED);
        for _ in 0..self.users * REMEMBERED {
            let [kind, tick, id] = from.row()?;
            ring.push(match kind {
                0 => None,
                _ => Some(Deed { tick, kind: DeedKind::from_number(kind)?, id }),
            });
        }
        self.tables.deeds = Deeds { count, ring };
        Some(())
    }

    fn seen(&mut self, from: &mut Reader<'_>) -> Option<()> {
        for user in 0..self.users {
            let roots: [u32; SEEN] = from.column_u32()?.try_into().ok()?;
            let next = from.u32()?;
            for &root in roots.iter().filter(|&&root| root != 0) {
                self.root(root)?;
            }
            self.tables.seen[user] = Seen { roots, next };
        }
        Some(())
    }

    fn found(&mut self, from: &mut Reader<'_>) -> Option<()> {
        for user in 0..self.users {
            let (posts, users) = (from.column_u32()?, from.column_u32()?);
            posts.iter().try_for_each(|&post| self.tables.posts.get(post).map(|_| ()))?;
            users.iter().try_for_each(|&user| self.user(user))?;
            self.tables.found[user] = Found { posts, users };
        }
        Some(())
    }

    fn ranking(&mut self, from: &mut Reader<'_>) -> Option<Ranking> {
        let posts = from.column_u32()?;
        posts.iter().try_for_each(|&post| self.root(post))?;
        Some(Ranking { posts })
    }

    fn active(&mut self, from: &mut Reader<'_>) -> Option<Vec<u32>> {
        let active = from.column_u32()?;
        active.iter().try_for_each(|&agent| self.user(agent))?;
        Some(active)
    }

    fn user(&self, user: u32) -> Option<()> {
        ((user as usize) < self.users).then_some(())
    }

    /// A tick that has been stepped; what the setup brings is as of tick 0.
    fn past(&self, tick: u32) -> Option<()> {
        (tick < self.tick.max(1)).then_some(())
    }

    fn root(&self, post: u32) -> Option<()> {
        (self.tables.posts.root(post)? == post).then_some(())
    }
}

/// So many values, each read by `read`. Allocates no more than there are bytes.
fn read_many<'bytes, T>(
    from: &mut Reader<'bytes>,
    read: impl Fn(&mut Reader<'bytes>) -> Option<T>,
) -> Option<Vec<T>> {
    let count = from.u64()?;
    let mut values = Vec::new();
    for _ in 0..count {
        values.push(read(from)?);
    }
    Some(values)
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

fn same_length(lengths: &[usize]) -> Option<()> {
    lengths.windows(2).all(|pair| pair[0] == pair[1]).then_some(())
}
