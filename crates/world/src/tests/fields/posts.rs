//! Posts that are planned, and who may rate posts.

use std::format;
use std::string::String;
use std::vec::Vec;

use super::{base, decide, idle, worlds};
use crate::tests::fixture::{step, world};
use crate::{Act, Action, Failure, ScheduledPost, SeedPost};

/// Author and text of an action that puts up a planned post.
fn planned(action: &Action) -> Option<(u32, &str)> {
    match &action.act {
        Act::CreatePost { content } if content.starts_with("Planned") => {
            assert!(action.outcome.is_ok(), "{action:?}");
            Some((action.agent, content))
        }
        _ => None,
    }
}

fn text(number: u32) -> String {
    format!("Planned: {number} ferries.")
}

#[test]
fn initial_posts() {
    for (platform, seed) in worlds() {
        let mut setup = base(platform, seed);
        let authors = [30, 2, 2, 17, 0];
        let post = |(agent, number)| SeedPost { agent, content: text(number) };
        setup.seed_posts = authors.into_iter().zip(0..).map(post).collect();
        let mut world = world(setup);
        for tick in 0..=12 {
            let actions = step(&mut world).actions;
            let found: Vec<_> = actions.iter().filter_map(planned).collect();
            if tick == 0 {
                let expected: Vec<_> = authors.into_iter().zip((0..).map(text)).collect();
                assert!(found.into_iter().eq(expected.iter().map(|(a, text)| (*a, text.as_str()))));
                assert_eq!(actions.len(), authors.len(), "nobody else acts in round 0");
            } else {
                assert_eq!(found, [], "each once");
            }
        }
    }
}

#[test]
fn scheduled_events() {
    let plan = [(1, 30), (4, 2), (12, 7), (4, 1), (4, 2), (40, 9)];
    for (platform, seed) in worlds() {
        let mut setup = base(platform, seed);
        let post = |((round, agent), number)| ScheduledPost { round, agent, content: text(number) };
        setup.scheduled = plan.into_iter().zip(0..).map(post).collect();
        let mut world = world(setup);
        for tick in 0..=16 {
            let actions = step(&mut world).actions;
            let expected: Vec<(u32, String)> = (0..)
                .zip(plan)
                .filter(|(_, (round, _))| *round == tick)
                .map(|(number, (_, agent))| (agent, text(number)))
                .collect();
            let found: Vec<_> = actions.iter().filter_map(planned).collect();
            assert!(found.into_iter().eq(expected.iter().map(|(a, text)| (*a, text.as_str()))));
            let first = actions.iter().take_while(|action| planned(action).is_some()).count();
            assert_eq!(first, expected.len(), "before all that agents decide in round {tick}");
        }
    }
}

#[test]
fn allow_self_rating() {
    for (platform, seed) in worlds() {
        for allowed in [true, false] {
            let mut setup = idle(platform, seed);
            setup.self_rating = allowed;
            let own = |content: &str| SeedPost { agent: 0, content: content.into() };
            setup.seed_posts = std::vec![own("Mine."), SeedPost { agent: 1, ..own("Not mine.") }];
            let mut world = world(setup);
            step(&mut world);
            let comment = |post| Act::CreateComment { post, parent: None, content: "Yes.".into() };
            decide(&mut world, 0, &[comment(1)]);
            let outputs = decide(
                &mut world,
                0,
                &[
                    Act::LikePost { post: 1 },
                    Act::DislikePost { post: 1 },
                    Act::LikeComment { comment: 1 },
                    Act::DislikeComment { comment: 1 },
                    Act::LikePost { post: 2 },
                ],
            );
            let refused = |failure| if allowed { None } else { Some(failure) };
            let failures: Vec<_> =
                outputs.actions.into_iter().map(|action| action.outcome.err()).collect();
            let expected = [
                refused(Failure::OwnPost),
                refused(Failure::OwnPost),
                refused(Failure::OwnComment),
                refused(Failure::OwnComment),
                None,
            ];
            assert_eq!(failures, expected);
            let counts = world.counts();
            assert_eq!((counts.likes, counts.dislikes), if allowed { (2, 1) } else { (1, 0) });
        }
    }
}
