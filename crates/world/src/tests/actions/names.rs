//! Ids that name nothing, and the order of checks.

use std::vec;
use std::vec::Vec;

use super::{Case, check_on_both, comment};
use crate::{Act, Failure};

/// An act on an id.
type OnId = fn(u32) -> Act;

const ON_POSTS: [OnId; 8] = [
    |post| Act::Repost { post },
    |post| Act::QuotePost { post, content: "Look.".into() },
    |post| Act::LikePost { post },
    |post| Act::UnlikePost { post },
    |post| Act::DislikePost { post },
    |post| Act::UndoDislikePost { post },
    |post| Act::ReportPost { post, reason: "It is not true.".into() },
    |post| comment(post, None, "Why?"),
];

const ON_COMMENTS: [OnId; 4] = [
    |comment| Act::LikeComment { comment },
    |comment| Act::UnlikeComment { comment },
    |comment| Act::DislikeComment { comment },
    |comment| Act::UndoDislikeComment { comment },
];

const ON_USERS: [OnId; 4] = [
    |user| Act::Follow { user },
    |user| Act::Unfollow { user },
    |user| Act::Mute { user },
    |user| Act::Unmute { user },
];

pub(super) fn cases() -> Vec<Case> {
    let unknown = |acts: &[OnId], ids: [u32; 3], failure: Failure| {
        let cases = acts.iter().flat_map(move |act| ids.map(act));
        cases
            .map(|act| -> Case { ("an id of nothing", vec![(2, act)], Err(failure), &[]) })
            .collect::<Vec<Case>>()
    };
    [
        unknown(&ON_POSTS, [0, 6, u32::MAX], Failure::NoPost),
        unknown(&ON_COMMENTS, [0, 3, u32::MAX], Failure::NoComment),
        unknown(&ON_USERS, [5, 6, u32::MAX], Failure::NoUser),
    ]
    .concat()
}

#[test]
fn ids_of_nothing_fail() {
    check_on_both(&cases(), |_| ());
    check_on_both(&cases(), |setup| setup.self_rating = false);
}
