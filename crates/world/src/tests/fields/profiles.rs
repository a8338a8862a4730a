//! What profiles bring: names, follows, posts of before.

use std::format;
use std::vec::Vec;

use super::{Field, decide, idle, shown, still, worlds};
use crate::tests::fixture::{play, step, world};
use crate::{Act, Effect, Platform, Setup, World};

/// The users that agent 1 finds by this query.
fn found(world: &mut World, query: &str) -> Vec<u32> {
    let outputs = decide(world, 1, &[Act::SearchUser { query: query.into() }]);
    let effect = outputs.actions.into_iter().find_map(|action| match action.outcome {
        Ok(Effect::Users(users)) => Some(users),
        _ => None,
    });
    effect.expect("the search was answered")
}

#[test]
fn entity_name_username_and_bio_are_searched() {
    for (platform, seed) in worlds() {
        let mut setup = idle(platform, seed);
        let agent = &mut setup.agents[17];
        agent.user_name = "greenwich_17".into();
        agent.name = "Ottoline Vane".into();
        agent.bio = "Keeps lighthouses.".into();
        let mut world = world(setup);
        for query in ["greenwich", "ottoline vane", "Lighthouses", "vane lighthouses greenwich"] {
            assert_eq!(found(&mut world, query), [17], "{query}");
        }
        assert_eq!(found(&mut world, "ottoline windmills"), [0; 0]);
    }
}

/// Every even agent follows the three agents after it.
fn follow(setup: &mut Setup) {
    for (id, agent) in (0..).zip(&mut setup.agents).step_by(2) {
        agent.follows = (1..=3).map(|step| (id + step) % 36).collect();
    }
}

#[test]
fn following_agentid_list() {
    Field {
        name: "following_agentid_list",
        platforms: &[Platform::Twitter],
        low: |_| (),
        high: follow,
        measure: |setup| {
            let followed =
                |reader: u32, author: u32| (1..=3).contains(&((author + 36 - reader) % 36));
            shown::share(
                setup,
                |reader| reader % 2 == 0,
                |reader, post| followed(reader, post.author),
            )
        },
        percent: 150,
    }
    .check();
    for (platform, seed) in worlds() {
        let mut setup = still(platform, seed);
        let before = shown::all(setup.clone());
        follow(&mut setup);
        assert_eq!(shown::all(setup.clone()) == before, platform == Platform::Reddit);
        let mut world = world(setup);
        assert_eq!(world.counts().follows, 18 * 3);
        assert_eq!(world.user(4).expect("an agent").following, 3);
        let actions = play(&mut world, 4);
        assert!(!actions.iter().any(|action| matches!(action.act, Act::Follow { .. })));
        assert_eq!(world.counts().follows, 18 * 3);
    }
}

#[test]
fn previous_tweets() {
    for (platform, seed) in worlds() {
        let mut setup = idle(platform, seed);
        for (id, agent) in (0..).zip(&mut setup.agents).skip(30) {
            agent.past_posts = (0..2).map(|number| format!("Post {number} of {id}")).collect();
        }
        setup.seed_posts.clear();
        let mut world = world(setup);
        assert_eq!(world.counts().posts, 12, "before round 0");
        let past = |id| world.post(id).map(|post| (post.author, post.content, post.tick));
        assert_eq!(past(1), Some((30, "Post 0 of 30", 0)));
        assert_eq!(past(2), Some((30, "Post 1 of 30", 0)));
        assert_eq!(past(12), Some((35, "Post 1 of 35", 0)));
        assert_eq!(step(&mut world).actions, [], "none of them is an action");
        for reader in 0..36 {
            let posts = world.observe(reader).expect("an agent").posts;
            assert!(
                posts.len() == 5 && posts.iter().all(|seen| seen.post.content.contains(" of "))
            );
        }
        assert_eq!(play(&mut world, 16), [], "nor does one come later");
    }
}
