//! Which actions of a tick are worth showing, and how they read. Pure.

use contract::action::{Action, ActionBody};
use contract::frame::Frame;

use crate::output::{Paint, one_line, visible};
use crate::summary::WorldTally;

/// The action of a frame that is the most fun to read: words before gestures, and of the
/// same kind the one about the post that has moved the most people. `not`: who spoke last,
/// and should not speak again unless nobody else does.
pub fn liveliest<'a>(frame: &'a Frame, world: &WorldTally, not: Option<u32>) -> Option<&'a Action> {
    let shown = frame.actions.iter().filter(|action| action.success());
    let scored = shown.filter_map(|action| Some((score(action, world)?, action)));
    // The first of equals: `max_by_key` would take the last.
    scored
        .rev()
        .max_by_key(|(score, action)| (Some(action.agent_id) != not, *score))
        .map(|(_, a)| a)
}

/// An action in words that fit into `width` columns; `None` for one that shows nothing.
pub fn describe(action: &Action, width: usize, paint: Paint) -> Option<String> {
    let name = |name: &str| one_line(name, 32);
    let other = |name: &Option<String>| one_line(name.as_deref().unwrap_or("somebody"), 32);
    let (does, text) = match &action.body {
        ActionBody::CreatePost(post) => ("posts".to_owned(), Some(&post.content)),
        ActionBody::CreateComment(comment) => {
            (format!("answers {}:", other(&comment.post_author_name)), Some(&comment.content))
        }
        ActionBody::Repost(repost) => {
            let author = other(&repost.original_author_name);
            (format!("passes on {author}:"), repost.original_content.as_ref())
        }
        ActionBody::LikePost(like) => {
            (format!("likes {}:", other(&like.post_author_name)), like.post_content.as_ref())
        }
        ActionBody::Follow(follow) => {
            (format!("follows {}", other(&follow.target_user_name)), None)
        }
        ActionBody::DoNothing(_) => return None,
    };
    let (who, does) = (name(&action.agent_name), one_line(&does, 60));
    let quoted = text.map(|text| {
        // However narrow the screen is, a few words must be seen.
        let room = width.saturating_sub(visible(&who) + visible(&does) + 4).max(24);
        format!(" “{}”", one_line(text, room))
    });
    Some(format!("{} {does}{}", paint.bold(&who), quoted.unwrap_or_default()))
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
    use crate::summary::Tally;
    use contract::subject::Platform;

    #[test]
    fn words_go_before_gestures_and_what_moves_many_before_the_rest() {
        let mut world = World::new(Platform::Twitter);
        let first = world.tick(vec![
            (0, Ok(post(1, "one"))),
            (1, Ok(post(2, "two"))),
            (2, Ok(like(2, "Ben"))),
        ]);
        let second = world.tick(vec![
            (3, Ok(follow(1))),
            (0, Ok(comment(1, "to one", "Ada"))),
            (1, Ok(comment(2, "to two", "Ben"))),
            (2, Err((comment(2, "lost", "Ben"), "no"))),
            (3, Ok(like(2, "Ben"))),
        ]);
        let gestures = world.tick(vec![(0, Ok(nothing())), (1, Ok(follow(0)))]);
        let idle = world.tick(vec![(0, Ok(nothing()))]);
        let mut tally = Tally::default();
        for frame in [&first, &second, &gestures, &idle] {
            tally.add(frame);
        }
        let counted = tally.world(Platform::Twitter).unwrap();
        let seq = |frame, not| liveliest(frame, counted, not).map(|action| action.seq);
        assert_eq!(seq(&first, None), Some(1));
        assert_eq!(seq(&second, None), Some(6));
        assert_eq!(seq(&second, Some(1)), Some(5));
        assert_eq!(seq(&gestures, Some(1)), Some(10));
        assert_eq!(seq(&idle, None), None);
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
            assert!((88..=90).contains(&visible(&words)), "{} columns: {words}", visible(&words));
        }
    }
}
