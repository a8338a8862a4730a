//! A world between two ticks as bytes: magic, format, digest, then rules, tick, setup, changes and
//! tables.
//!
//! A snapshot is a cache. It is refused rather than repaired: a run is recomputed without it.

mod load;
mod setup;

use alloc::vec::Vec;
use core::fmt;

pub(crate) use setup::setup_digest;

use crate::RULES;
use crate::bytes::{Reader, Writer, digest};
use crate::check::SetupError;
use crate::pool::Pool;
use crate::setup::Setup;
use crate::tables::{Deeds, Found, Links, Seen, Tables, Texts};
use crate::world::World;

const MAGIC: [u8; 8] = *b"shoalwld";
/// The layout of the bytes. Apart from the rules: one may change without the other.
const FORMAT: u32 = 2;
/// The length of a digest, in bytes.
const DIGEST: usize = 16;
/// Magic, format and digest, in bytes.
const HEADER: usize = MAGIC.len() + 4 + DIGEST;

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
        let mut out = Writer::default();
        out.bytes(&MAGIC);
        out.u32(FORMAT);
        out.bytes(&[0; DIGEST]);
        self.write(&mut out);
        seal(&mut out.0);
        out.0
    }

    /// A digest of setup and state. Two worlds with the same hash go on alike. Reads the whole
    /// history: its cost grows with it.
    pub fn hash(&self) -> [u8; 16] {
        let mut out = Writer::default();
        self.write(&mut out);
        digest(&out.0)
    }

    /// The world that [`World::snapshot`] was taken of.
    ///
    /// # Errors
    /// If the bytes are not whole, or belong to another setup or other rules.
    pub fn restore(setup: Setup, snapshot: &[u8]) -> Result<World, SnapshotError> {
        let content = verified(snapshot)?;
        let mut world = World::new(setup).map_err(SnapshotError::Setup)?;
        let mut from = Reader(content);
        match (from.u32(), from.u32()) {
            (Some(RULES), Some(tick)) => world.tick = tick,
            (Some(other), _) if other != RULES => return Err(SnapshotError::OtherRules(other)),
            _ => return Err(SnapshotError::Inconsistent("header")),
        }
        if from.array() != Some(world.setup_digest) {
            return Err(SnapshotError::OtherSetup);
        }
        // The setup's own rows are among those of the snapshot.
        world.tables = Tables::new(world.setup.agents.len());
        load::load(&mut world, &mut from)?;
        world.pool = Pool::new(&world);
        Ok(world)
    }

    /// Everything that the future depends on.
    fn write(&self, out: &mut Writer) {
        out.u32(RULES);
        out.u32(self.tick);
        out.bytes(&self.setup_digest);
        let changes = self.settings.changes(&self.setup);
        out.u64(changes.len() as u64);
        changes.iter().for_each(|change| setup::write_change(out, change));
        write_tables(out, &self.tables);
        out.column_u32(&self.ranking.posts);
    }
}

/// Gives bytes the digest that they need to be read at all, if they are long enough for one.
///
/// For fuzzing alone: what a snapshot claims has to be checked although its digest is right.
#[doc(hidden)]
pub fn seal(snapshot: &mut [u8]) {
    let Some((header, content)) = snapshot.split_at_mut_checked(HEADER) else { return };
    header[HEADER - DIGEST..].copy_from_slice(&digest(content));
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

fn write_tables(out: &mut Writer, tables: &Tables) {
    let Tables { users: _, posts, comments, deeds, seen, found, .. } = tables;
    out.u64(posts.rows.len() as u64);
    for post in &posts.rows {
        out.row([post.author, post.of, post.tick, post.kind as u32]);
    }
    write_texts(out, &posts.content);
    out.u64(comments.rows.len() as u64);
    for comment in &comments.rows {
        out.row([comment.author, comment.post, comment.parent, comment.tick]);
    }
    write_texts(out, &comments.content);
    for links in all_links(tables) {
        out.column_u32(&links.user);
        out.column_u32(&links.target);
        out.column_u32(&links.tick);
        out.column_u32(&links.ended);
    }
    write_texts(out, &tables.reasons);
    write_deeds(out, deeds);
    write_seen(out, seen);
    write_found(out, found);
}

fn write_deeds(out: &mut Writer, users: &[Deeds]) {
    let all = || users.iter().flat_map(Deeds::latest);
    out.column_u8(&users.iter().map(|user| short(user.latest().count())).collect::<Vec<u8>>());
    out.column_u8(&all().map(|deed| deed.kind as u8).collect::<Vec<u8>>());
    out.column_u32(&all().map(|deed| deed.tick).collect::<Vec<u32>>());
    out.column_u32(&all().map(|deed| deed.id).collect::<Vec<u32>>());
}

fn write_seen(out: &mut Writer, users: &[Seen]) {
    out.column_u8(&users.iter().map(|user| short(user.latest().count())).collect::<Vec<u8>>());
    out.column_u32(&users.iter().flat_map(Seen::latest).collect::<Vec<u32>>());
}

/// Few have found something that they have not been shown yet: only those are written.
fn write_found(out: &mut Writer, users: &[Found]) {
    let some = (0..).zip(users).filter(|(_, found)| !found.is_empty());
    out.u64(some.clone().count() as u64);
    for (user, found) in some {
        out.u32(user);
        out.column_u32(&found.posts);
        out.column_u32(&found.users);
    }
}

fn short(count: usize) -> u8 {
    u8::try_from(count).expect("a user remembers a dozen of anything")
}

/// The tables of links, in the order in which they stand in a snapshot.
fn all_links(tables: &Tables) -> [&Links; 7] {
    let Tables { likes, dislikes, reports, comment_likes, comment_dislikes, .. } = tables;
    let Tables { follows, mutes, .. } = tables;
    [likes, dislikes, reports, comment_likes, comment_dislikes, follows, mutes]
}

fn write_texts(out: &mut Writer, texts: &Texts) {
    out.column_u64(&texts.ends);
    out.text(&texts.all);
}
