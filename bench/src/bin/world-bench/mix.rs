//! Decisions from outside, in the mix that OASIS was measured with.

use world::{Act, Decision, World};

/// Words of which posts and comments are made, so that texts differ as real ones do.
const WORDS: [&str; 32] = [
    "tram", "shuttle", "night", "council", "harbour", "memo", "brakes", "safety", "service",
    "drivers", "budget", "tickets", "school", "hospital", "evening", "weekend", "nobody", "asked",
    "people", "works", "early", "station", "bridge", "winter", "prices", "vote", "paper", "report",
    "again", "better", "worse", "tomorrow",
];

/// What all agents decide in one round, agent by agent, one decision each: 10 % posts, 25 %
/// likes, 15 % comments, 10 % follows, 30 % refreshes, 10 % nothing. Targets are drawn evenly
/// from all posts and users that there are.
pub(crate) fn round(world: &World) -> Vec<Decision> {
    let agents = u32::try_from(world.setup().agents.len()).expect("as many as were set up");
    let posts = world.counts().posts;
    (0..agents)
        .map(|agent| {
            let chance = hash(u64::from(world.tick()) << 32 | u64::from(agent));
            let post = 1 + below(hash(chance), posts);
            let act = match below(chance, 100) {
                0..10 => Act::CreatePost { content: text(chance, 14) },
                10..35 => Act::LikePost { post },
                35..50 => Act::CreateComment { post, parent: None, content: text(chance, 8) },
                50..60 => Act::Follow { user: below(hash(chance), agents) },
                60..90 => Act::Refresh,
                _ => Act::DoNothing,
            };
            Decision { agent, act }
        })
        .collect()
}

/// A text of so many words.
pub(crate) fn text(seed: u64, words: u32) -> String {
    let mut chance = seed;
    let mut text = String::new();
    for _ in 0..words {
        chance = hash(chance);
        text.push_str(WORDS[below(chance, 32) as usize]);
        text.push(' ');
    }
    text.push_str("once more.");
    // As long as it is, as if it had been read from somewhere.
    text.shrink_to_fit();
    text
}

fn below(chance: u64, bound: u32) -> u32 {
    u32::try_from(((chance >> 32) * u64::from(bound)) >> 32).expect("below a bound of 32 bits")
}

/// The finalizer of splitmix64, one step on.
fn hash(seed: u64) -> u64 {
    let mut bits = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}
