//! Posts and comments with their counters as of now, newest first, in OASIS's columns.

use contract::subject::Platform;
use export::oasis::{Comment, Post};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{From, Page, Part, View, cut};
use crate::read_model::keys::{integer, key, keys, natural, number_of};

/// A row and the action that made it, if one did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made<T> {
    /// The row.
    pub row: T,
    /// The seq of the action; none of what an agent had posted before anything happened.
    pub seq: Option<u64>,
}

impl View {
    /// A page of posts of one world.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn posts(
        &self,
        rows: &Connection,
        platform: Platform,
        part: Part,
    ) -> rusqlite::Result<Page<Made<Post>>> {
        let Some(known) = self.world(platform) else { return Ok(nothing()) };
        let total = natural(known.posts);
        let mut query = rows.prepare_cached(
            "SELECT key & 0xffffffffff, user_id, original_post_id, content, quote_content, \
             created_at, num_likes, num_dislikes, num_shares, num_reports, '', num_comments, seq \
             FROM post WHERE key BETWEEN ?1 AND ?2 ORDER BY key DESC LIMIT ?3 OFFSET ?4",
        )?;
        let newest = "SELECT coalesce(max(key), 0) FROM post WHERE key BETWEEN ?1 AND ?2";
        let (last, offset) = begin(rows, known.world, total, newest, part.from)?;
        let first = *keys(known.world).start();
        let values = params![first, last, integer(part.limit as u64 + 1), offset];
        let found = query.query_map(values, |row| made(row, Post::read(row)?, 12))?;
        let found: Vec<Made<Post>> = found.collect::<Result<_, _>>()?;
        Ok(page(found, total, part, |post| post.post_id, platform))
    }

    /// A page of comments of one world: under one post, or all.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn comments(
        &self,
        rows: &Connection,
        platform: Platform,
        post: Option<u64>,
        part: Part,
    ) -> rusqlite::Result<Page<Made<Comment>>> {
        let Some(known) = self.world(platform) else { return Ok(nothing()) };
        let post = post.map(|post| key(known.world, post));
        let total = match post {
            None => natural(known.comments),
            Some(post) => {
                let count = "SELECT num_comments FROM post WHERE key = ?1";
                let mut count = rows.prepare_cached(count)?;
                count.query_row([post], |row| row.get(0)).optional()?.map_or(0, natural)
            }
        };
        let only = if post.is_some() { "AND post = ?5" } else { "" };
        let mut query = rows.prepare_cached(&format!(
            "SELECT key & 0xffffffffff, post & 0xffffffffff, user_id, content, created_at, \
             num_likes, num_dislikes, '', parent_comment_id, seq FROM comment \
             WHERE key BETWEEN ?1 AND ?2 {only} ORDER BY key DESC LIMIT ?3 OFFSET ?4"
        ))?;
        let newest = "SELECT coalesce(max(key), 0) FROM comment WHERE key BETWEEN ?1 AND ?2";
        let (last, offset) = match (post, part.from) {
            // Of one post there are few.
            (Some(_), From::Offset(offset)) => (*keys(known.world).end(), integer(offset)),
            (_, from) => begin(rows, known.world, natural(known.comments), newest, from)?,
        };
        let (first, limit) = (*keys(known.world).start(), integer(part.limit as u64 + 1));
        let read = |row: &Row<'_>| made(row, Comment::read(row)?, 9);
        let found = match post {
            None => query.query(params![first, last, limit, offset])?,
            Some(post) => query.query(params![first, last, limit, offset, post])?,
        };
        let found = found.mapped(read).collect::<rusqlite::Result<Vec<_>>>()?;
        Ok(page(found, total, part, |comment| comment.comment_id, platform))
    }
}

/// The key with which a list begins, and how many rows are then still to be left out. Ids count
/// up from 1, so an offset says which one it is; only where that does not hold, rows are counted.
fn begin(
    rows: &Connection,
    world: i64,
    total: u64,
    newest: &str,
    from: From,
) -> rusqlite::Result<(i64, i64)> {
    let (first, last) = keys(world).into_inner();
    match from {
        From::Behind([_, id]) => Ok((key(world, id) - 1, 0)),
        From::Offset(offset) => {
            let newest: i64 =
                rows.prepare_cached(newest)?.query_row([first, last], |row| row.get(0))?;
            match newest == key(world, total) {
                true => Ok((key(world, total.saturating_sub(offset)), 0)),
                false => Ok((last, integer(offset))),
            }
        }
    }
}

fn made<T>(row: &Row<'_>, it: T, seq: usize) -> rusqlite::Result<Made<T>> {
    Ok(Made { row: it, seq: row.get::<_, Option<i64>>(seq)?.map(natural) })
}

fn page<T>(
    found: Vec<Made<T>>,
    total: u64,
    part: Part,
    id: impl Fn(&T) -> u64,
    platform: Platform,
) -> Page<Made<T>> {
    let at = |it: &Made<T>| [natural(number_of(platform)), id(&it.row)];
    let (rows, next) = cut(found, part.limit, at);
    Page { total, rows, next }
}

fn nothing<T>() -> Page<T> {
    Page { total: 0, rows: Vec::new(), next: None }
}
