//! Tables from bytes: rows are added again, each checked as if anybody could have written it.

use alloc::vec::Vec;

use super::{SnapshotError, setup};
use crate::act::check_text;
use crate::activation;
use crate::bytes::Reader;
use crate::queue::{Change, Inputs};
use crate::ranking::Ranking;
use crate::tables::{Comment, Deed, DeedKind, Found, Kind, Link, Post, STANDS, Tables};
use crate::world::World;

/// Fills an empty world.
pub(super) fn load(world: &mut World, from: &mut Reader<'_>) -> Result<(), SnapshotError> {
    let wrong = SnapshotError::Inconsistent;
    let changes = read_many(from, setup::read_change).ok_or(wrong("changes"))?;
    change(world, changes).ok_or(wrong("changes"))?;
    let mut load =
        Load { users: world.tables.users.rows.len(), tick: world.tick, tables: &mut world.tables };
    load.posts(from).ok_or(wrong("posts"))?;
    load.comments(from).ok_or(wrong("comments"))?;
    for (kind, name) in LINKS {
        load.links(kind, from).ok_or(wrong(name))?;
    }
    load.reasons(from).ok_or(wrong("reasons"))?;
    load.deeds(from).ok_or(wrong("deeds"))?;
    load.seen(from).ok_or(wrong("seen posts"))?;
    load.found(from).ok_or(wrong("found posts"))?;
    let posts = load.ranking(from).ok_or(wrong("ranking"))?;
    if !from.0.is_empty() {
        return Err(wrong("length"));
    }
    rank(world, posts).ok_or(wrong("ranking"))?;
    if world.tick > 0 {
        world.active = activation::choose(world, world.tick);
    }
    Ok(())
}

fn change(world: &mut World, changes: Vec<Change>) -> Option<()> {
    let inputs = Inputs { changes, ..Inputs::default() };
    world.problems(&inputs).is_empty().then_some(())?;
    world.change(inputs.changes);
    Some(())
}

/// Takes posts as the ranking, if they are in its order.
fn rank(world: &mut World, posts: Vec<u32>) -> Option<()> {
    let (platform, clock) = (world.setup.platform, world.setup.clock);
    world.ranking = Ranking { posts };
    let before = world.ranking.clone();
    world.ranking.update(platform, clock, &world.tables, &[]);
    (world.ranking == before).then_some(())
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
        let mut last = 0;
        for ([author, of, tick, kind], text) in rows.into_iter().zip(texts) {
            self.user(author)?;
            self.since(&mut last, tick)?;
            let kind = [Kind::Original, Kind::Repost, Kind::Quote]
                .into_iter()
                .find(|&known| known as u32 == kind)?;
            match kind {
                Kind::Repost => text.is_empty().then_some(())?,
                Kind::Original | Kind::Quote => check_text(text).ok()?,
            }
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
        let mut last = 0;
        for ([author, post, parent, tick], text) in rows.into_iter().zip(texts) {
            check_text(text).ok()?;
            self.user(author)?;
            self.since(&mut last, tick)?;
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
        let mut last = 0;
        for (((user, target), tick), end) in users.into_iter().zip(targets).zip(ticks).zip(ends) {
            self.user(user)?;
            self.since(&mut last, tick)?;
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
        if self.tables.standing(kind, user, target).is_some() {
            return None;
        }
        let id = self.tables.link(kind, user, target, tick);
        if end != STANDS {
            (kind != Link::Report).then_some(())?;
            self.tables.unlink(kind, id, end);
        }
        Some(())
    }

    fn reasons(&mut self, from: &mut Reader<'_>) -> Option<()> {
        let reasons = read_texts(from)?;
        same_length(&[reasons.len(), self.tables.reports.user.len()])?;
        for reason in reasons {
            check_text(reason).ok()?;
            self.tables.reasons.add(reason);
        }
        Some(())
    }

    fn deeds(&mut self, from: &mut Reader<'_>) -> Option<()> {
        let (counts, kinds) = (from.column_u8()?, from.column_u8()?);
        let (ticks, ids) = (from.column_u32()?, from.column_u32()?);
        same_length(&[counts.len(), self.users])?;
        same_length(&[kinds.len(), ticks.len(), ids.len()])?;
        let mut deeds = kinds.iter().zip(ticks).zip(ids);
        for (user, &count) in (0..).zip(counts) {
            let mut latest = Vec::new();
            for ((&kind, tick), id) in deeds.by_ref().take(count.into()) {
                let deed = Deed { tick, kind: DeedKind::from_number(kind.into())?, id };
                self.deed(user, deed)?;
                latest.push(deed);
            }
            let remembered = &mut self.tables.deeds[user as usize];
            latest.iter().rev().for_each(|&deed| remembered.add(deed));
            same_length(&[remembered.latest().count(), latest.len(), count.into()])?;
        }
        deeds.next().is_none().then_some(())
    }

    /// Whether a user can have done this.
    fn deed(&self, user: u32, Deed { tick, kind, id }: Deed) -> Option<()> {
        self.past(tick)?;
        let wrote = |kind: Kind| {
            let post = self.tables.posts.get(id)?;
            (post.author == user && post.kind == kind).then_some(())
        };
        match kind {
            DeedKind::Posted => wrote(Kind::Original),
            DeedKind::Quoted => wrote(Kind::Quote),
            DeedKind::Reposted
            | DeedKind::Liked
            | DeedKind::Unliked
            | DeedKind::Disliked
            | DeedKind::UndidDislike
            | DeedKind::Reported => self.root(id),
            DeedKind::Commented => (self.tables.comments.get(id)?.author == user).then_some(()),
            DeedKind::LikedComment
            | DeedKind::UnlikedComment
            | DeedKind::DislikedComment
            | DeedKind::UndidCommentDislike => self.tables.comments.get(id).map(|_| ()),
            DeedKind::Followed | DeedKind::Unfollowed | DeedKind::Muted | DeedKind::Unmuted => {
                self.user(id)
            }
        }
    }

    fn seen(&mut self, from: &mut Reader<'_>) -> Option<()> {
        let (counts, roots) = (from.column_u8()?, from.column_u32()?);
        same_length(&[counts.len(), self.users])?;
        let mut rest = roots.as_slice();
        for (seen, &count) in self.tables.seen.iter_mut().zip(counts) {
            let (latest, after) = rest.split_at_checked(count.into())?;
            rest = after;
            for &root in latest.iter().rev() {
                (self.tables.posts.root(root)? == root).then_some(())?;
                seen.add(root);
            }
            seen.latest().eq(latest.iter().copied()).then_some(())?;
        }
        rest.is_empty().then_some(())
    }

    fn found(&mut self, from: &mut Reader<'_>) -> Option<()> {
        let mut next = 0;
        for _ in 0..from.u64()? {
            let user = from.u32().filter(|&user| user >= next)?;
            self.user(user)?;
            let found = Found { posts: from.column_u32()?, users: from.column_u32()? };
            (!found.is_empty()).then_some(())?;
            found.posts.iter().try_for_each(|&post| self.root(post))?;
            found.users.iter().try_for_each(|&user| self.user(user))?;
            self.tables.found[user as usize] = found;
            next = user + 1;
        }
        Some(())
    }

    fn ranking(&mut self, from: &mut Reader<'_>) -> Option<Vec<u32>> {
        let posts = from.column_u32()?;
        posts.iter().try_for_each(|&post| self.root(post))?;
        Some(posts)
    }

    fn user(&self, user: u32) -> Option<()> {
        ((user as usize) < self.users).then_some(())
    }

    /// A tick that has been stepped; what the setup brings is as of tick 0.
    fn past(&self, tick: u32) -> Option<()> {
        (tick < self.tick.max(1)).then_some(())
    }

    /// A tick that has been stepped and does not come before that of the row before.
    fn since(&self, last: &mut u32, tick: u32) -> Option<()> {
        self.past(tick)?;
        let before = core::mem::replace(last, tick);
        (before <= tick).then_some(())
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
