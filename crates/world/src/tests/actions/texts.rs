//! What may be said.

use std::string::String;
use std::vec;
use std::vec::Vec;

use super::{Case, check_on_both, comment, try_act, village};
use crate::{Act, Failure, Platform, TEXT_MAX};

/// An act with a text.
type Saying = fn(String) -> Act;

const SAYINGS: [Saying; 5] = [
    |content| Act::CreatePost { content },
    |content| Act::QuotePost { post: 1, content },
    |reason| Act::ReportPost { post: 1, reason },
    |content| Act::CreateComment { post: 1, parent: None, content },
    |content| Act::CreateComment { post: 1, parent: Some(1), content },
];

/// Texts that may not be said. Blanks are empty however many they are.
fn refused() -> [(String, Failure); 7] {
    let blanks = "\u{3000}".repeat(TEXT_MAX);
    [
        (String::new(), Failure::EmptyText),
        (" ".into(), Failure::EmptyText),
        (" \t\r\n\u{a0}\u{3000}".into(), Failure::EmptyText),
        (blanks, Failure::EmptyText),
        ("x".repeat(TEXT_MAX + 1), Failure::LongText),
        (" ".repeat(TEXT_MAX) + "x", Failure::LongText),
        ("渡".repeat(TEXT_MAX / 3 + 1), Failure::LongText),
    ]
}

fn texts() -> Vec<Case> {
    let mut cases = Vec::new();
    for (text, failure) in refused() {
        for saying in SAYINGS {
            let case: Case = ("a text", vec![(2, saying(text.clone()))], Err(failure), &[]);
            cases.push(case);
        }
    }
    cases
}

pub(super) fn cases() -> Vec<Case> {
    let empty = || Err(Failure::EmptyText);
    let reported = Act::ReportPost { post: 1, reason: "It is not true.".into() };
    let first: Vec<Case> = vec![
        (
            "a text is checked before the post",
            vec![(2, Act::QuotePost { post: 9, content: String::new() })],
            empty(),
            &[],
        ),
        ("and before the comment", vec![(2, comment(9, Some(9), ""))], empty(), &[]),
        (
            "and before the report",
            vec![(2, reported), (2, Act::ReportPost { post: 1, reason: " ".into() })],
            empty(),
            &[],
        ),
    ];
    [first, texts()].concat()
}

#[test]
fn texts_are_checked_first() {
    check_on_both(&cases(), |_| ());
}

#[test]
fn the_longest_text_is_said_to_the_last_byte() {
    let mut world = village(Platform::Twitter);
    let longest = "渡".repeat(3413) + "x";
    assert_eq!(longest.len(), TEXT_MAX);
    for (saying, agent) in SAYINGS.into_iter().zip(0..) {
        try_act(&mut world, agent, saying(longest.clone())).expect("just short enough");
    }
    let post = world.post(6).expect("the new post");
    let comment = world.comment(3).expect("the new comment");
    assert_eq!((post.content, comment.content), (&*longest, &*longest));
}
