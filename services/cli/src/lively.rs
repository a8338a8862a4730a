//! How actions read, and which of a tick are worth showing. Pure.

use contract::action::{Action, ActionBody};
use contract::frame::Frame;

use crate::output::{Paint, one_line, visible};
use crate::tally::WorldTally;

/// What was shown of a world last, so that not the same is shown again.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    speaker: Option<u32>,
    kinds: [&'static str; 2],
}

impl Shown {
    /// The action of a frame that is the most fun to read, `None` if it shows nothing.
    ///
    /// Another kind of action than the last two, by somebody else, if there is one; then words
    /// before gestures, and then the post that has moved the most people.
    pub fn pick<'a>(&mut self, frame: &'a Frame, world: &WorldTally) -> Option<&'a Action> {
        let succeeded = frame.actions.iter().filter(|action| action.success());
        let ranked = succeeded.filter_map(|action| {
            let score = score(action, world)?;
            let another_kind = !self.kinds.contains(&action.body.type_name());
            let another_agent = self.speaker != Some(action.agent_id);
            Some(((another_kind, another_agent, score), action))
        });
        // The first of equals: `max_by_key` takes the last.
        let (_, action) = ranked.rev().max_by_key(|(rank, _)| *rank)?;
        self.speaker = Some(action.agent_id);
        self.kinds = [action.body.type_name(), self.kinds[0]];
        Some(action)
    }
}

/// A successful action in words that fit into `width` columns.
pub fn describe(action: &Action, width: usize, paint: Paint) -> String {
    let (does, text) = words(&action.body, width / 5);
    let who = one_line(&action.agent_name, width / 4);
    let room = width.saturating_sub(visible(&who) + visible(&does) + 4);
    let quoted = text.map(|text| format!(" “{}”", one_line(text, room))).unwrap_or_default();
    format!("{} {does}{quoted}", paint.bold(&who))
}

/// What is done, naming others in at most `room` columns, and the text that belongs to it.
fn words(body: &ActionBody, room: usize) -> (String, Option<&str>) {
    let other = |name: &Option<String>| one_line(name.as_deref().unwrap_or("somebody"), room);
    match body {
        ActionBody::CreatePost(post) => ("posts".to_owned(), Some(&*post.content)),
        ActionBody::Repost(repost) => {
            let author = other(&repost.original_author_name);
            (format!("passes on {author}:"), repost.original_content.as_deref())
        }
        ActionBody::QuotePost(quote) => {
            let author = other(&quote.original_author_name);
            (format!("quotes {author}:"), Some(own_words(&quote.quote_content)))
        }
        ActionBody::LikePost(like) => {
            (format!("likes {}:", other(&like.post_author_name)), like.post_content.as_deref())
        }
        ActionBody::DislikePost(dislike) => {
            let author = other(&dislike.post_author_name);
            (format!("dislikes {author}:"), dislike.post_content.as_deref())
        }
        ActionBody::ReportPost(report) => {
            let author = other(&report.post_author_name);
            (format!("reports {author} for"), Some(&*report.report_reason))
        }
        ActionBody::CreateComment(comment) => {
            let answered = match comment.parent_comment_id {
                Some(_) => &comment.parent_author_name,
                None => &comment.post_author_name,
            };
            (format!("answers {}:", other(answered)), Some(own_words(&comment.content)))
        }
        ActionBody::LikeComment(like) => {
            let author = other(&like.comment_author_name);
            (format!("likes {author}'s comment:"), like.comment_content.as_deref())
        }
        ActionBody::DislikeComment(dislike) => {
            let author = other(&dislike.comment_author_name);
            (format!("dislikes {author}'s comment:"), dislike.comment_content.as_deref())
        }
        ActionBody::Follow(follow) => {
            (format!("follows {}", other(&follow.target_user_name)), None)
        }
        ActionBody::Unfollow(follow) => {
            (format!("unfollows {}", other(&follow.target_user_name)), None)
        }
        ActionBody::Mute(mute) => (format!("mutes {}", other(&mute.target_user_name)), None),
        ActionBody::UnlikePost(like) => {
            let author = other(&like.post_author_name);
            (format!("no longer likes {author}:"), like.post_content.as_deref())
        }
        ActionBody::UndoDislikePost(dislike) => {
            let author = other(&dislike.post_author_name);
            (format!("no longer dislikes {author}:"), dislike.post_content.as_deref())
        }
        ActionBody::UnlikeComment(like) => {
            let author = other(&like.comment_author_name);
            (format!("no longer likes {author}'s comment:"), like.comment_content.as_deref())
        }
        ActionBody::UndoDislikeComment(dislike) => {
            let author = other(&dislike.comment_author_name);
            (format!("no longer dislikes {author}'s comment:"), dislike.comment_content.as_deref())
        }
        ActionBody::Unmute(mute) => (format!("unmutes {}", other(&mute.target_user_name)), None),
        ActionBody::SearchPosts(search) => ("looks for posts on".to_owned(), Some(&*search.query)),
        ActionBody::SearchUser(search) => {
            ("looks for people like".to_owned(), Some(&*search.query))
        }
        ActionBody::Trend(_) => ("looks at what is liked most".to_owned(), None),
        ActionBody::Refresh(_) => ("looks at the feed".to_owned(), None),
        ActionBody::DoNothing(_) => ("does nothing".to_owned(), None),
    }
}

/// What a comment or quote says itself, after what it cites: there is room for one of the two.
fn own_words(content: &str) -> &str {
    let after = content.rsplit_once('”').map_or(content, |(_, after)| after);
    let own = after.trim_start_matches(|c: char| !c.is_alphanumeric());
    if own.chars().count() < 8 { content } else { own }
}

/// Kind first, then the reactions to the post concerned; `None` for what shows nothing.
fn score(action: &Action, world: &WorldTally) -> Option<(u8, u64)> {
    let reactions = |post_id| world.reactions(post_id);
    match &action.body {
        ActionBody::CreateComment(comment) => Some((5, reactions(comment.post_id))),
        ActionBody::QuotePost(quote) => Some((5, reactions(quote.quoted_id))),
        ActionBody::CreatePost(_) => Some((4, 0)),
        ActionBody::Repost(repost) => Some((3, reactions(repost.reposted_id))),
        ActionBody::ReportPost(report) => Some((3, reactions(report.post_id))),
        ActionBody::LikePost(like) => Some((2, reactions(like.post_id))),
        ActionBody::DislikePost(dislike) => Some((2, reactions(dislike.post_id))),
        ActionBody::LikeComment(like) => Some((2, like.post_id.map_or(0, reactions))),
        ActionBody::DislikeComment(dislike) => Some((2, dislike.post_id.map_or(0, reactions))),
        ActionBody::Follow(_) | ActionBody::Unfollow(_) | ActionBody::Mute(_) => Some((1, 0)),
        ActionBody::UnlikePost(_)
        | ActionBody::UndoDislikePost(_)
        | ActionBody::UnlikeComment(_)
        | ActionBody::UndoDislikeComment(_)
        | ActionBody::Unmute(_)
        | ActionBody::SearchPosts(_)
        | ActionBody::SearchUser(_)
        | ActionBody::Trend(_)
        | ActionBody::Refresh(_)
        | ActionBody::DoNothing(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{
        World, comment, follow, like, nothing, post, quote, repost, search, unlike,
    };
    use crate::tally::Tally;
    use contract::subject::Platform;
    use serde_json::{Value, json};

    /// The seqs that are picked from these frames, one after the other.
    fn picked(frames: &[Frame]) -> Vec<Option<u64>> {
        let mut tally = Tally::default();
        let mut shown = Shown::default();
        let mut pick = |frame: &Frame| {
            tally.add(frame);
            let world = tally.world(frame.platform).unwrap();
            shown.pick(frame, world).map(|action| action.seq)
        };
        frames.iter().map(&mut pick).collect()
    }

    #[test]
    fn words_go_before_gestures_and_what_moves_many_before_the_rest() {
        let mut world = World::new(Platform::Twitter);
        let talk = [
            (3, Ok(follow(1))),
            (0, Ok(post(1, "one"))),
            (3, Ok(like(2, "Ben"))),
            (0, Ok(comment(1, "to one", "Ada"))),
            (1, Ok(comment(2, "to two", "Ben"))),
            (2, Ok(comment(2, "the same", "Ben"))),
            (2, Err((comment(2, "lost", "Ben"), "no"))),
        ];
        assert_eq!(picked(&[world.tick(talk.to_vec())]), [Some(5)]);
        let idle = world.tick(vec![(0, Ok(nothing())), (1, Err((post(9, "lost"), "no")))]);
        assert_eq!(picked(&[idle]), [None]);
    }

    #[test]
    fn what_is_quoted_or_answered_goes_by_the_post_and_what_is_dull_is_never_shown() {
        let mut world = World::new(Platform::Twitter);
        let talk = vec![
            (0, Ok(comment(1, "to one", "Ada"))),
            (1, Ok(quote(2, 7, "of two", "Ben"))),
            (2, Ok(like(2, "Ben"))),
            (2, Ok(search("two"))),
        ];
        let dull = vec![(0, Ok(search("pier"))), (1, Ok(unlike(2, "Ben"))), (2, Ok(follow(0)))];
        assert_eq!(picked(&[world.tick(talk), world.tick(dull)]), [Some(2), Some(7)]);
    }

    #[test]
    fn another_kind_and_another_agent_come_next() {
        let mut world = World::new(Platform::Twitter);
        let all = || {
            vec![
                (0, Ok(comment(1, "a", "Ben"))),
                (0, Ok(post(1, "b"))),
                (1, Ok(post(2, "c"))),
                (2, Ok(repost(1, "Ada"))),
            ]
        };
        let frames = [0, 1, 2, 3].map(|_| world.tick(all()));
        assert_eq!(picked(&frames), [Some(1), Some(7), Some(12), Some(13)]);
        let alone = [0, 1].map(|_| world.tick(vec![(0, Ok(post(3, "again")))]));
        assert_eq!(picked(&alone), [Some(17), Some(18)]);
    }

    #[test]
    fn a_comment_is_shown_by_its_own_words() {
        for (content, own) in [
            ("Re Ada on “why”: Nobody asked us.", "Nobody asked us."),
            ("Ada说“为什么？”。没有人问过我们的意见。", "没有人问过我们的意见。"),
            ("Why not, “they” say.", "Why not, “they” say."),
            ("Nobody asked us.", "Nobody asked us."),
        ] {
            assert_eq!(own_words(content), own);
        }
    }

    /// An action of Ada's, with the texts and names that each type may have.
    fn action(action_type: &str, args: &Value) -> Action {
        let mut all = json!({
            "content": "Why?\n\x1b[31m", "quote_content": "Why?", "report_reason": "a lie",
            "query": "pier", "post_ids": [], "user_ids": [],
            "post_id": 1, "comment_id": 1, "reposted_id": 1, "quoted_id": 1, "followee_id": 1,
            "mutee_id": 1, "post_content": "the post", "original_content": "the original",
            "comment_content": "the comment", "post_author_name": "Ben",
            "original_author_name": "Cleo", "comment_author_name": "Dan",
            "target_user_name": "Eve", "parent_author_name": "Finn",
        });
        all.as_object_mut().unwrap().extend(args.as_object().unwrap().clone());
        serde_json::from_value(json!({
            "seq": 1, "agent_id": 0, "agent_name": "Ada", "action_type": action_type,
            "action_args": all, "result": null, "success": true,
        }))
        .unwrap()
    }

    #[test]
    fn every_action_has_words_and_some_are_picked() {
        let nobody = json!({"target_user_name": null, "comment_author_name": null});
        let usual = json!({});
        for (action_type, args, is_picked, expected) in [
            ("CREATE_POST", &usual, true, "posts “Why? [31m”"),
            ("REPOST", &usual, true, "passes on Cleo: “the original”"),
            ("QUOTE_POST", &usual, true, "quotes Cleo: “Why?”"),
            ("LIKE_POST", &usual, true, "likes Ben: “the post”"),
            ("UNLIKE_POST", &usual, false, "no longer likes Ben: “the post”"),
            ("DISLIKE_POST", &usual, true, "dislikes Ben: “the post”"),
            ("UNDO_DISLIKE_POST", &usual, false, "no longer dislikes Ben: “the post”"),
            ("REPORT_POST", &usual, true, "reports Ben for “a lie”"),
            ("CREATE_COMMENT", &usual, true, "answers Ben: “Why? [31m”"),
            ("CREATE_COMMENT", &json!({"parent_comment_id": 4}), true, "answers Finn: “Why? [31m”"),
            ("LIKE_COMMENT", &usual, true, "likes Dan's comment: “the comment”"),
            ("LIKE_COMMENT", &nobody, true, "likes somebody's comment: “the comment”"),
            ("UNLIKE_COMMENT", &usual, false, "no longer likes Dan's comment: “the comment”"),
            ("DISLIKE_COMMENT", &usual, true, "dislikes Dan's comment: “the comment”"),
            (
                "UNDO_DISLIKE_COMMENT",
                &usual,
                false,
                "no longer dislikes Dan's comment: “the comment”",
            ),
            ("FOLLOW", &usual, true, "follows Eve"),
            ("FOLLOW", &nobody, true, "follows somebody"),
            ("UNFOLLOW", &usual, true, "unfollows Eve"),
            ("MUTE", &usual, true, "mutes Eve"),
            ("UNMUTE", &usual, false, "unmutes Eve"),
            ("SEARCH_POSTS", &usual, false, "looks for posts on “pier”"),
            ("SEARCH_USER", &usual, false, "looks for people like “pier”"),
            ("TREND", &usual, false, "looks at what is liked most"),
            ("REFRESH", &usual, false, "looks at the feed"),
            ("DO_NOTHING", &usual, false, "does nothing"),
        ] {
            let action = action(action_type, args);
            let words = describe(&action, 100, Paint::PLAIN);
            assert_eq!(words, format!("Ada {expected}"), "{action_type}");
            let body = action.body;
            let seen = picked(&[World::new(Platform::Reddit).tick(vec![(0, Ok(body))])]);
            assert_eq!(seen, [is_picked.then_some(1)], "{action_type}");
        }
    }

    #[test]
    fn words_fit_the_screen() {
        let long = "九盏灯 and ninety-nine more lanterns on the water ".repeat(9);
        let frame = World::new(Platform::Reddit).tick(vec![
            (0, Ok(post(1, &long))),
            (1, Ok(comment(1, &long, "Pier 9 Stallholders' Association of Senna"))),
        ]);
        for action in &frame.actions {
            let words = describe(action, 90, Paint::PLAIN);
            let columns = visible(&words);
            assert!((88..=90).contains(&columns), "{columns} columns: {words}");
        }
    }
}
