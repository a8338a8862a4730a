//! Posts, reposts and quotes.

use std::vec;
use std::vec::Vec;

use super::{Case, check_on_both, try_act, village};
use crate::Act::{CreatePost, QuotePost, Repost};
use crate::Effect::{Posted, Shared};
use crate::{Act, Failure, Platform};

#[test]
fn posts_are_written() {
    check_on_both(&posts(), |_| ());
}

#[test]
fn reposts_share_the_root_once() {
    check_on_both(&reposts(), |_| ());
}

#[test]
fn quotes_quote_the_source_as_often_as_one_likes() {
    check_on_both(&quotes(), |_| ());
}

pub(super) fn cases() -> Vec<Case> {
    [posts(), reposts(), quotes()].concat()
}

fn posts() -> Vec<Case> {
    let post = || CreatePost { content: "Good morning.".into() };
    vec![
        (
            "a post",
            vec![(2, post())],
            Ok(Posted { post: 6 }),
            &["posts +1", "user 2 posts +1", "post 6: by 2"],
        ),
        (
            "the same once more",
            vec![(2, post()), (2, post())],
            Ok(Posted { post: 7 }),
            &["posts +1", "user 2 posts +1", "post 7: by 2"],
        ),
    ]
}

fn reposts() -> Vec<Case> {
    let of_the_original = &["posts +1", "post 1 shares +1", "post 6: by 1, reposts 1"];
    let of_the_quote = &["posts +1", "post 4 shares +1", "post 6: by 1, reposts 4"];
    vec![
        (
            "an original",
            vec![(1, Repost { post: 1 })],
            Ok(Shared { of: 1, post: 6 }),
            of_the_original,
        ),
        (
            "a repost: its root",
            vec![(1, Repost { post: 3 })],
            Ok(Shared { of: 1, post: 6 }),
            of_the_original,
        ),
        ("a quote", vec![(1, Repost { post: 4 })], Ok(Shared { of: 4, post: 6 }), of_the_quote),
        (
            "a repost of a quote: the quote",
            vec![(1, Repost { post: 5 })],
            Ok(Shared { of: 4, post: 6 }),
            of_the_quote,
        ),
        (
            "one's own post",
            vec![(0, Repost { post: 1 })],
            Ok(Shared { of: 1, post: 6 }),
            &["posts +1", "post 1 shares +1", "post 6: by 0, reposts 1"],
        ),
        (
            "what one has quoted: a quote is no repost",
            vec![(3, Repost { post: 1 })],
            Ok(Shared { of: 1, post: 6 }),
            &["posts +1", "post 1 shares +1", "post 6: by 3, reposts 1"],
        ),
        (
            "the quote of what one has reposted",
            vec![(2, Repost { post: 4 })],
            Ok(Shared { of: 4, post: 6 }),
            &["posts +1", "post 4 shares +1", "post 6: by 2, reposts 4"],
        ),
        ("twice", vec![(2, Repost { post: 1 })], Err(Failure::RepostExists), &[]),
        ("one's own repost", vec![(2, Repost { post: 3 })], Err(Failure::RepostExists), &[]),
        (
            "another repost of the same root",
            vec![(1, Repost { post: 1 }), (1, Repost { post: 3 })],
            Err(Failure::RepostExists),
            &[],
        ),
    ]
}

fn quotes() -> Vec<Case> {
    let quote = |post| QuotePost { post, content: "Look at this.".into() };
    let of_the_original =
        &["posts +1", "user 2 posts +1", "post 1 shares +1", "post 6: by 2, quotes 1"];
    let shared = || Ok(Shared { of: 1, post: 6 });
    vec![
        ("an original", vec![(2, quote(1))], shared(), of_the_original),
        ("a repost: its root", vec![(2, quote(3))], shared(), of_the_original),
        ("a quote: what it quotes", vec![(2, quote(4))], shared(), of_the_original),
        ("a repost of a quote: what that quotes", vec![(2, quote(5))], shared(), of_the_original),
        (
            "again",
            vec![(3, quote(1))],
            shared(),
            &["posts +1", "user 3 posts +1", "post 1 shares +1", "post 6: by 3, quotes 1"],
        ),
        (
            "one's own post",
            vec![(0, quote(1))],
            shared(),
            &["posts +1", "user 0 posts +1", "post 1 shares +1", "post 6: by 0, quotes 1"],
        ),
    ]
}

#[test]
fn a_row_keeps_its_words_and_its_tick() {
    let mut world = village(Platform::Twitter);
    let tick = world.tick();
    let acts: [Act; 3] = [
        CreatePost { content: " Good morning. ".into() },
        QuotePost { post: 2, content: "Hear, hear!".into() },
        Repost { post: 2 },
    ];
    for act in acts {
        try_act(&mut world, 0, act).expect("nothing forbids it");
    }
    let written: Vec<_> = (6..9)
        .filter_map(|id| world.post(id))
        .map(|post| (post.author, post.author_name, post.content, post.tick - tick))
        .collect();
    let council = "City Council";
    assert_eq!(
        written,
        [(0, council, " Good morning. ", 0), (0, council, "Hear, hear!", 1), (0, council, "", 2)]
    );
}
