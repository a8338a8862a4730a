//! A snapshot of a world: the first byte is the platform, the rest is the snapshot.
//!
//! It gets the digest that it needs, since no fuzzer finds one; what it then claims has to be
//! refused or be a world that is written as it was read, and goes on.

#![no_main]

use std::path::PathBuf;
use std::{env, fs};

use libfuzzer_sys::fuzz_target;
use shoal_fuzz::town;
use world::{Platform, World, seal};

fuzz_target!(init: write_seeds(), |bytes: &[u8]| {
    let Some((first, snapshot)) = bytes.split_first() else { return };
    let platform = if first % 2 == 0 { Platform::Twitter } else { Platform::Reddit };
    let mut snapshot = snapshot.to_vec();
    seal(&mut snapshot);
    let Ok(mut world) = World::restore(town::setup(platform), &snapshot) else { return };
    assert!(world.snapshot() == snapshot, "a world is written as it was read");
    if world.tick() < u32::MAX - 2 {
        town::play(&mut world, 2);
    }
});

/// Snapshots that a world has written, into the folder of seeds if one is named: this runs before
/// the folder is read, and nobody else could make them.
fn write_seeds() {
    let Some(folder) = env::var_os("SHOAL_FUZZ_SEEDS").map(PathBuf::from) else { return };
    for (number, platform) in [(0, Platform::Twitter), (1, Platform::Reddit)] {
        let mut world = World::new(town::setup(platform)).expect("the setup is sound");
        for ticks in [0, 1, 4, 30] {
            town::play(&mut world, ticks);
            let seed = [&[number], world.snapshot().as_slice()].concat();
            let file = folder.join(format!("{platform:?}-{}", world.tick()));
            fs::write(file, seed).expect("the folder can be written to");
        }
    }
}
