//! What makes a post be about what its reader cares about.

use super::{Field, Mean, PPM, plan, shown};
use crate::tests::fixture::PLATFORMS;
use crate::{Agent, Setup};

/// How planned posts of either kind begin, in words that nobody else uses.
const FALCONRY: &str = "The falconry club flies hawks and falcons on Sunday";
const POTTERY: &str = "The pottery class fires bowls and teapots on Sunday";

/// A crowd in which every even agent is such a reader. Half of what odd agents plan is about
/// falconry.
fn readers(setup: &mut Setup, make: impl Fn(&mut Agent)) {
    setup.agents.iter_mut().step_by(2).for_each(make);
    plan(setup, 4, |number| [FALCONRY, POTTERY][number as usize % 2].into());
}

/// Of the planned posts that such readers are shown, the share that is about falconry.
fn about_falconry(setup: Setup) -> Mean {
    let mut share = Mean::NONE;
    shown::each(setup, |_, reader, seen| {
        let [falconry, pottery] =
            [FALCONRY, POTTERY].map(|start| seen.post.content.starts_with(start));
        if reader % 2 == 0 && (falconry || pottery) {
            share.add(falconry);
        }
    });
    share
}

/// A likeness that comes from what `interested` sets, against one to something else.
fn check(name: &'static str, low: fn(&mut Setup), high: fn(&mut Setup)) {
    Field { name, platforms: &PLATFORMS, low, high, measure: about_falconry, percent: 120 }.check();
}

#[test]
fn relevance_weight() {
    fn weight(setup: &mut Setup, ppm: u32) {
        readers(setup, |agent| agent.interests = std::vec!["falconry and hawks".into()]);
        setup.feed.relevance_ppm = ppm;
    }
    check("relevance_weight", |setup| weight(setup, 0), |setup| weight(setup, PPM));
}

#[test]
fn interested_topics() {
    fn interest(setup: &mut Setup, interest: &str) {
        readers(setup, |agent| agent.interests.push(interest.into()));
    }
    check(
        "interested_topics",
        |setup| interest(setup, "chess and endgames"),
        |setup| interest(setup, "falconry and hawks"),
    );
}

#[test]
fn profession() {
    fn works_as(setup: &mut Setup, profession: &str) {
        readers(setup, |agent| agent.interests.push(profession.into()));
    }
    check("profession", |setup| works_as(setup, "Chess"), |setup| works_as(setup, "Falconry"));
}

#[test]
fn bio() {
    fn tell(setup: &mut Setup, bio: &str) {
        readers(setup, |agent| agent.bio = bio.into());
    }
    check(
        "bio",
        |setup| tell(setup, "Plays chess, and likes endgames."),
        |setup| tell(setup, "Teaches falconry, and flies hawks."),
    );
}
