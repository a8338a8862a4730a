//! Which actions of a tick are worth showing, and how they read. Pure.

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

/// An action in words that fit into `width` columns; `None` for one that shows nothing.
pub fn describe(action: &Action, width: usize, paint: Paint) -> Option<String> {
    let other = |name: &Option<String>| one_line(name.as_deref().unwrap_or("somebody"), width / 5);
    let (does, text) = match &action.body {
        ActionBody::CreatePost(post) => ("posts".to_owned(), Some(post.content.as_str())),
        ActionBody::CreateComment(comment) => {
            let author = other(&comment.post_author_name);
            (format!("answers {author}:"), Some(own_words(&comment.content)))
        }
        ActionBody::Repost(repost) => {
            let author = other(&repost.original_author_name);
            (format!("passes on {author}:"), repost.original_content.as_deref())
        }
        ActionBody::LikePost(like) => {
            (format!("likes {}:", other(&like.post_author_name)), like.post_content.as_deref())
        }
        ActionBody::Follow(follow) => {
            (format!("follows {}", other(&follow.target_user_name)), None)
        }
        ActionBody::DoNothing(_) => return None,
    };
    let who = one_line(&action.agent_name, width / 4);
    let room = width.saturating_sub(visible(&who) + visible(&does) + 4);
    let quoted = text.map(|text| format!(" “{}”", one_line(text, room))).unwrap_or_default();
    Some(format!("{} {does}{quoted}", paint.bold(&who)))
}

/// What a comment says itself, after what it quotes: there is room for one of the two.
fn own_words(content: &str) -> &str {
    let after = content.rsplit_once('”').map_or(content, |(_, after)| after);
    let own = after.trim_start_matches(|c: char| !c.is_alphanumeric());
    if own.chars().count() < 8 { content } else { own }
}

/// Kind first, then the reactions to the post concerned.
fn score(action: &Action, world: &WorldTally) -> Option<(u8, u64)> {
    match &action.body {
        ActionBody::CreateComment(comment) => Some((5, world.reactions(comment.post_id))),
        ActionBody::CreatePost(_) => Some((4, 0)),
        ActionBody::Repost(repost) => Some((3, world.reactions(repost.reposted_id))),
        ActionBody::LikePost(like) => Some((2, world.reactions(like.post_id))),
        ActionBody::Follow(_) => Some((1, 0)),
        ActionBody::DoNothing(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{World, comment, follow, like, nothing, post, repost};
    use crate::tally::Tally;
    use contract::subject::Platform;

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

    #[test]
    fn every_action_that_shows_something_has_words() {
        let frame = World::new(Platform::Reddit).tick(vec![
            (0, Ok(post(1, "Pier 9\n\x1b[31mcloses"))),
            (1, Ok(comment(1, "Why?", "Ada"))),
            (2, Ok(repost(1, "Ada"))),
            (3, Ok(like(1, "Ada"))),
            (0, Ok(follow(3))),
            (1, Ok(nothing())),
        ]);
        let words = frame.actions.iter().map(|action| describe(action, 100, Paint::PLAIN));
        assert_eq!(
            words.collect::<Vec<_>>(),
            [
                Some("Ada posts “Pier 9 [31mcloses”"),
                Some("Ben answers Ada: “Why?”"),
                Some("Cleo passes on Ada: “text of 1”"),
                Some("Dan likes Ada: “text of 1”"),
                Some("Ada follows Dan"),
                None,
            ]
            .map(|words| words.map(str::to_owned))
        );
    }

    #[test]
    fn words_fit_the_screen() {
        let long = "九盏灯 and ninety-nine more lanterns on the water ".repeat(9);
        let frame = World::new(Platform::Reddit).tick(vec![
            (0, Ok(post(1, &long))),
            (1, Ok(comment(1, &long, "Pier 9 Stallholders' Association of Senna"))),
        ]);
        for action in &frame.actions {
            let words = describe(action, 90, Paint::PLAIN).unwrap();
            let columns = visible(&words);
            assert!((88..=90).contains(&columns), "{columns} columns: {words}");
        }
    }
}
