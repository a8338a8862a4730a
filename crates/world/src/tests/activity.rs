//! Who acts first. How many act, and when, is in `fields`.

use std::collections::BTreeSet;

use super::fixture::{crowd, step, world};
use crate::Platform;

#[test]
fn no_agent_is_first_by_its_number() {
    let mut firsts = BTreeSet::new();
    let mut world = world(crowd(Platform::Twitter, 1, 12));
    for _ in 0..80 {
        step(&mut world);
        firsts.extend(world.active_agents().first().copied());
    }
    assert_eq!(firsts.len(), 12, "in 80 rounds each of 12 agents comes first once");
}
