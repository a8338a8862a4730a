//! The document and the tables agree.

use std::collections::BTreeSet;
use std::path::Path;
use std::string::{String, ToString};
use std::vec::Vec;
use std::{env, fs};

use super::{Case, comments, links, names, posts, ratings, searches, texts, trends};
use crate::{Act, Failure};

/// The name under which an act is published. A new act fails to compile here.
fn name(act: &Act) -> &'static str {
    match act {
        Act::CreatePost { .. } => "CREATE_POST",
        Act::Repost { .. } => "REPOST",
        Act::QuotePost { .. } => "QUOTE_POST",
        Act::LikePost { .. } => "LIKE_POST",
        Act::UnlikePost { .. } => "UNLIKE_POST",
        Act::DislikePost { .. } => "DISLIKE_POST",
        Act::UndoDislikePost { .. } => "UNDO_DISLIKE_POST",
        Act::ReportPost { .. } => "REPORT_POST",
        Act::CreateComment { .. } => "CREATE_COMMENT",
        Act::LikeComment { .. } => "LIKE_COMMENT",
        Act::UnlikeComment { .. } => "UNLIKE_COMMENT",
        Act::DislikeComment { .. } => "DISLIKE_COMMENT",
        Act::UndoDislikeComment { .. } => "UNDO_DISLIKE_COMMENT",
        Act::Follow { .. } => "FOLLOW",
        Act::Unfollow { .. } => "UNFOLLOW",
        Act::Mute { .. } => "MUTE",
        Act::Unmute { .. } => "UNMUTE",
        Act::SearchPosts { .. } => "SEARCH_POSTS",
        Act::SearchUser { .. } => "SEARCH_USER",
        Act::Trend => "TREND",
        Act::Refresh => "REFRESH",
        Act::DoNothing => "DO_NOTHING",
    }
}

/// A failure's place in the list of all. A new failure fails to compile here.
fn place(failure: Failure) -> usize {
    use Failure::*;
    match failure {
        EmptyText | LongText | EmptyQuery | NoPost | NoComment | NoUser => failure as usize,
        OwnPost | OwnComment | LikeExists | NoLike | DislikeExists => failure as usize,
        NoDislike | RepostExists | ReportExists | CommentLikeExists => failure as usize,
        NoCommentLike | CommentDislikeExists | NoCommentDislike => failure as usize,
        FollowsItself | FollowExists | NoFollow | MutesItself | MuteExists => failure as usize,
        NoMute => failure as usize,
    }
}

fn document() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/actions.md");
    fs::read_to_string(path).expect("the document of the actions")
}

/// The rows of the document's table of actions: the names, and the failures.
fn rows(document: &str) -> Vec<(Vec<&str>, &str)> {
    let (_, after) = document.split_once("## The actions").expect("the section of the table");
    let (section, _) = after.split_once("\n## ").expect("another section follows");
    let cells = |line: &str| line.trim_matches('|').split('|').count();
    section
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            assert_eq!(cells(line), 5, "{line}");
            let mut cells = line.trim_matches('|').split('|');
            let names = cells.next().unwrap_or("").split('`').skip(1).step_by(2).collect();
            (names, cells.nth(1).unwrap_or(""))
        })
        .collect()
}

/// The failures of all acts with a text, which stand before the table.
fn common(document: &str) -> BTreeSet<String> {
    let (_, after) = document.split_once("*Fails* lists").expect("what precedes the table");
    let (lines, _) = after.split_once("| action |").expect("the table");
    let text = lines.replace('\n', " ");
    text.split('`').skip(3).step_by(2).map(String::from).collect()
}

fn cases() -> Vec<Case> {
    let without_self_rating = [ratings::own_posts(), comments::own_comments()].concat();
    let with = [posts::cases(), ratings::cases(), comments::cases(), links::cases()].concat();
    [without_self_rating, with, names::cases(), texts::cases(), searches::cases(), trends::cases()]
        .concat()
}

#[test]
fn every_action_of_the_document_has_a_case_that_succeeds() {
    let document = document();
    let documented: Vec<&str> = rows(&document).into_iter().flat_map(|(names, _)| names).collect();
    let succeeding: BTreeSet<&str> = (cases().iter())
        .filter(|(_, _, outcome, _)| outcome.is_ok())
        .filter_map(|(_, acts, ..)| acts.last().map(|(_, act)| name(act)))
        .collect();
    assert_eq!(documented.len(), 22);
    assert_eq!(succeeding, documented.into_iter().collect());
}

/// Every text of a failure stands in the row of each action that fails so, and every one that
/// stands there has a case.
#[test]
fn every_failure_of_the_document_has_a_case() {
    let document = document();
    let common = common(&document);
    let mut documented = BTreeSet::new();
    for (names, fails) in rows(&document) {
        for action in names {
            for text in fails.split('`').skip(1).step_by(2) {
                documented.insert((action, text.to_string()));
            }
        }
    }
    let mut failing = BTreeSet::new();
    let mut places = BTreeSet::new();
    for (_, acts, outcome, _) in cases() {
        let (Err(failure), Some((_, act))) = (outcome, acts.last()) else { continue };
        places.insert(place(failure));
        if !common.contains(&failure.to_string()) {
            failing.insert((name(act), failure.to_string()));
        }
    }
    assert_eq!(common.len(), 2, "an empty text and a long one");
    assert_eq!(places, (0..=place(Failure::NoMute)).collect(), "every failure has a case");
    assert_eq!(failing, documented, "of each action those that its row says");
}
