//! What a snapshot is made of: a header of one line of JSON, then the world's own bytes.

use contract::id::RunId;
use contract::journal::Genesis;
use contract::subject::Platform;
use contract::version::V1;
use serde::{Deserialize, Serialize};
use world::{Setup, World};

use crate::translate::Chain;

/// What stands before the world's bytes.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    v: V1,
    run_id: RunId,
    platform: Platform,
    chain: Chain,
}

/// A snapshot of `world`, whose frames so far end in `chain`.
pub(super) fn encode(world: &World, chain: Chain, run_id: RunId, platform: Platform) -> Vec<u8> {
    let header = Header { v: V1, run_id, platform, chain };
    let mut bytes = serde_json::to_vec(&header).expect("no map keys that JSON refuses");
    bytes.push(b'\n');
    bytes.extend(world.snapshot());
    bytes
}

/// What [`encode`] was given.
///
/// # Errors
/// Why it is no snapshot of this world, in words that follow "it".
pub(super) fn decode(
    bytes: &[u8],
    setup: Setup,
    genesis: &Genesis,
) -> Result<(World, Chain), String> {
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or("has no header")?;
    let (line, tables) = (&bytes[..end], &bytes[end + 1..]);
    let header: Header = serde_json::from_slice(line)
        .map_err(|error| format!("has a header that cannot be read: {error}"))?;
    let Header { run_id, platform, chain, .. } = header;
    if (&run_id, platform) != (&genesis.run_id, genesis.platform) {
        let (run, expected) = (&genesis.run_id, genesis.platform);
        return Err(format!("is of {run_id} {platform}, expected {run} {expected}"));
    }
    let world =
        World::restore(setup, tables).map_err(|error| format!("cannot be restored: {error}"))?;
    match fits(&chain, world.tick()) {
        true => Ok((world, chain)),
        false => Err(format!("has a header that contradicts itself at tick {}", world.tick())),
    }
}

/// Whether a chain can be that of a world before `tick`: all of its counts are of what the one
/// before counts, and it has begun if the world has.
fn fits(chain: &Chain, tick: u32) -> bool {
    let actions = chain.next_seq.checked_sub(1);
    actions.is_some_and(|actions| chain.succeeded <= actions)
        && chain.listed <= chain.succeeded
        && chain.memorable <= chain.succeeded
        && (tick == 0) == (*chain == Chain::START)
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::id::Digest;
    use contract::options::RunOptions;
    use contract::timestamp::Timestamp;

    use crate::translate::tests::town;

    fn genesis() -> Genesis {
        let platform = Platform::Reddit;
        Genesis {
            run_id: "market-1".parse().unwrap(),
            platform,
            spec_digest: Digest::ZERO,
            options: RunOptions {
                platforms: vec![platform],
                rounds: 3,
                seed: 1,
                pace_milli: 0,
                sources: vec![],
                budget: None,
                llm: None,
            },
            rules: world::RULES,
            start_time: Timestamp::EPOCH,
            part_size: 1000,
            memory: vec![],
            parent: None,
            created_at: Timestamp::EPOCH,
        }
    }

    fn chain() -> Chain {
        let digest = Digest::of(&[b"the last frame"]);
        Chain { next_seq: 5, digest, succeeded: 4, listed: 4, memorable: 3 }
    }

    fn encoded(world: &World, chain: Chain) -> Vec<u8> {
        let Genesis { run_id, platform, .. } = genesis();
        encode(world, chain, run_id, platform)
    }

    fn refused(bytes: &[u8], setup: Setup, expected: &str) {
        let why = decode(bytes, setup, &genesis()).err().unwrap();
        assert!(why.contains(expected), "{why}");
    }

    #[test]
    fn a_snapshot_gives_back_world_and_chain() {
        let world = town();
        let bytes = encoded(&world, chain());
        let (again, its_chain) = decode(&bytes, world.setup().clone(), &genesis()).unwrap();
        assert_eq!((again.tick(), again.hash(), its_chain), (world.tick(), world.hash(), chain()));
    }

    #[test]
    fn a_snapshot_that_is_not_of_this_world_is_refused_and_says_why() {
        let world = town();
        let good = encoded(&world, chain());
        let refuse = |bytes: &[u8], expected: &str| {
            refused(bytes, world.setup().clone(), expected);
        };
        refuse(b"", "has no header");
        refuse(b"{}\n", "has a header that cannot be read");
        let other_run = "other-7".parse().unwrap();
        refuse(&encode(&world, chain(), other_run, Platform::Reddit), "is of other-7 reddit");
        let own_run = genesis().run_id;
        refuse(&encode(&world, chain(), own_run, Platform::Twitter), "is of market-1 twitter");
        let mut flipped = good.clone();
        *flipped.last_mut().unwrap() ^= 1;
        refuse(&flipped, "its digest does not match");
        refuse(&good[..good.len() - 1], "its digest does not match");
        let other_seed = Setup { seed: 2, ..world.setup().clone() };
        refused(&good, other_seed, "made from another setup");
    }

    #[test]
    fn a_header_that_contradicts_itself_is_no_header() {
        let lies = [
            Chain { next_seq: 0, ..chain() },
            Chain { succeeded: 5, ..chain() },
            Chain { listed: 5, ..chain() },
            Chain { memorable: 5, ..chain() },
            Chain::START,
        ];
        let world = town();
        for lie in lies {
            let bytes = encoded(&world, lie.clone());
            refused(&bytes, world.setup().clone(), "contradicts itself");
        }
    }
}
