//! Whoever writes bytes with the right digest can still not make a world that contradicts itself:
//! each table is checked row by row.

use super::snapshots::full;
use crate::tables::{Deed, DeedKind, Found, Links, Tables, Texts};
use crate::{SnapshotError, World};

/// A way to spoil a world.
type Spoil = fn(&mut Tables);

fn refusal(spoil: impl Fn(&mut World)) -> Option<SnapshotError> {
    let sound = full();
    let mut world = sound.clone();
    spoil(&mut world);
    World::restore(sound.setup().clone(), &world.snapshot()).err()
}

fn assert_refused(table: &'static str, spoils: &[Spoil]) {
    for (place, spoil) in spoils.iter().enumerate() {
        let found = refusal(|world| spoil(&mut world.tables));
        assert_eq!(found, Some(SnapshotError::Inconsistent(table)), "{place} of {table}");
    }
}

/// The same texts, but for one.
fn with_text(texts: &Texts, place: usize, text: &str) -> Texts {
    let mut changed = Texts::default();
    for row in 0..texts.ends.len() {
        changed.add(if row == place { text } else { texts.get(row) });
    }
    changed
}

#[test]
fn the_world_itself_is_sound() {
    assert_eq!(refusal(|_| ()), None);
}

#[test]
fn posts() {
    assert_refused(
        "posts",
        &[
            |tables| tables.posts.rows[0].author = 5,
            |tables| tables.posts.rows[5].tick = 99,
            |tables| tables.posts.rows[0].tick = 5,
            // An original of something; reposts of nothing, of a repost, of what comes later.
            |tables| tables.posts.rows[0].of = 1,
            |tables| tables.posts.rows[2].of = 0,
            |tables| tables.posts.rows[4].of = 3,
            |tables| tables.posts.rows[2].of = 6,
            // The second repost of a post by one agent.
            |tables| (tables.posts.rows[4].author, tables.posts.rows[4].of) = (2, 1),
            // Quotes of nothing, of a repost, of a quote.
            |tables| tables.posts.rows[3].of = 0,
            |tables| tables.posts.rows[3].of = 3,
            |tables| tables.posts.rows[5].of = 4,
            |tables| tables.posts.content = with_text(&tables.posts.content, 0, " "),
            |tables| tables.posts.content = with_text(&tables.posts.content, 2, "a repost"),
            |tables| tables.posts.content = with_text(&tables.posts.content, 3, ""),
            |tables| tables.posts.content.ends[0] += 999,
            |tables| tables.posts.content.ends.swap(0, 1),
            |tables| tables.posts.content.all.push('!'),
            |tables| tables.posts.rows.truncate(5),
        ],
    );
}

#[test]
fn comments() {
    assert_refused(
        "comments",
        &[
            |tables| tables.comments.rows[0].author = 5,
            |tables| tables.comments.rows[2].tick = 99,
            |tables| tables.comments.rows[0].tick = 20,
            |tables| tables.comments.rows[0].post = 0,
            |tables| tables.comments.rows[0].post = 7,
            |tables| tables.comments.rows[0].post = 3,
            // Answers to what comes later, and to what stands elsewhere.
            |tables| tables.comments.rows[0].parent = 3,
            |tables| tables.comments.rows[1].parent = 1,
            |tables| tables.comments.content = with_text(&tables.comments.content, 1, ""),
            |tables| tables.comments.rows.truncate(2),
        ],
    );
}

type LinksOf = fn(&mut Tables) -> &mut Links;

/// In each table of links the first row has ended and the second stands, of one user and target;
/// reports do not end, they are of two users.
const LINKS: [(&str, LinksOf); 7] = [
    ("likes", |tables| &mut tables.likes),
    ("dislikes", |tables| &mut tables.dislikes),
    ("reports", |tables| &mut tables.reports),
    ("comment likes", |tables| &mut tables.comment_likes),
    ("comment dislikes", |tables| &mut tables.comment_dislikes),
    ("follows", |tables| &mut tables.follows),
    ("mutes", |tables| &mut tables.mutes),
];

#[test]
fn links() {
    let spoils: [fn(&mut Links); 10] = [
        |links| links.user[1] = 5,
        |links| links.target[1] = 99,
        |links| links.tick[1] = 99,
        |links| links.tick[0] = links.tick[1] + 1,
        |links| links.ended[1] = links.tick[1] - 1,
        |links| links.ended[1] = 99,
        |links| (links.user[0], links.ended[0]) = (links.user[1], u32::MAX),
        |links| links.target.truncate(1),
        |links| links.tick.truncate(1),
        |links| links.ended.truncate(1),
    ];
    for (table, of) in LINKS {
        for (place, spoil) in spoils.iter().enumerate() {
            let found = refusal(|world| spoil(of(&mut world.tables)));
            assert_eq!(found, Some(SnapshotError::Inconsistent(table)), "{place} of {table}");
        }
    }
}

#[test]
fn links_to_what_cannot_be_linked() {
    assert_refused("likes", &[|tables| tables.likes.target[1] = 3]);
    assert_refused("dislikes", &[|tables| tables.dislikes.target[1] = 0]);
    assert_refused(
        "reports",
        &[
            |tables| tables.reports.target[1] = 5,
            |tables| tables.reports.ended[1] = tables.reports.tick[1],
        ],
    );
    assert_refused("comment likes", &[|tables| tables.comment_likes.target[1] = 0]);
    assert_refused("follows", &[|tables| tables.follows.target[1] = 2]);
    assert_refused("mutes", &[|tables| tables.mutes.target[1] = 2]);
    assert_refused(
        "reasons",
        &[
            |tables| tables.reasons.add("one more"),
            |tables| tables.reasons = with_text(&tables.reasons, 1, "\n"),
        ],
    );
}

#[test]
fn deeds() {
    let add = |world: &mut World, kind, id, tick| {
        world.tables.deeds[1].add(Deed { tick, kind, id });
    };
    let wrong = || Some(SnapshotError::Inconsistent("deeds"));
    let mut kinds = 0;
    for kind in (1..).map_while(DeedKind::from_number) {
        assert_eq!(refusal(|world| add(world, kind, 99, 0)), wrong(), "{kind:?} of nothing");
        kinds += 1;
    }
    assert_eq!(kinds, 17);
    for (kind, id, tick) in [
        (DeedKind::Posted, 2, 99),
        (DeedKind::Posted, 1, 0),
        (DeedKind::Posted, 0, 0),
        (DeedKind::Quoted, 2, 0),
        (DeedKind::Reposted, 3, 0),
        (DeedKind::Liked, 5, 0),
        (DeedKind::Commented, 1, 0),
        (DeedKind::LikedComment, 0, 0),
        (DeedKind::Followed, 5, 0),
    ] {
        assert_eq!(refusal(|world| add(world, kind, id, tick)), wrong(), "{kind:?} {id} {tick}");
    }
    assert_eq!(refusal(|world| add(world, DeedKind::Posted, 2, 0)), None);
    assert_refused("deeds", &[|tables| tables.deeds.truncate(4)]);
}

#[test]
fn what_was_seen_and_found() {
    assert_refused(
        "seen posts",
        &[
            |tables| tables.seen[0].add(7),
            |tables| tables.seen[0].add(3),
            |tables| tables.seen.truncate(4),
        ],
    );
    assert_refused(
        "found posts",
        &[
            |tables| tables.found[0].posts.push(7),
            |tables| tables.found[0].posts.push(3),
            |tables| tables.found[0].users.push(5),
            |tables| tables.found.push(Found { posts: [1].into(), users: [].into() }),
        ],
    );
}

#[test]
fn ranking_and_changes() {
    type SpoilWorld = fn(&mut World);
    let spoils: [(&str, SpoilWorld); 7] = [
        ("ranking", |world| world.ranking.posts.push(7)),
        ("ranking", |world| world.ranking.posts.push(3)),
        ("ranking", |world| world.ranking.posts.push(world.ranking.posts[0])),
        ("ranking", |world| world.ranking.posts.swap(0, 1)),
        ("changes", |world| world.settings.feed.recency_ppm = 1_000_001),
        ("changes", |world| world.settings.traits[2].sentiment_ppm = -1_000_001),
        ("changes", |world| world.settings.activity.agents_per_hour_min = 4),
    ];
    for (place, (table, spoil)) in spoils.into_iter().enumerate() {
        assert_eq!(refusal(spoil), Some(SnapshotError::Inconsistent(table)), "{place}");
    }
}
