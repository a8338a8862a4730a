//! `simulation_config.json`, beside sound profiles.

#![no_main]

use intake::Files;
use libfuzzer_sys::fuzz_target;
use shoal_fuzz::folder;

fuzz_target!(|bytes: &[u8]| {
    folder::take_in(&Files { config: bytes.to_vec(), ..folder::sound() });
});
