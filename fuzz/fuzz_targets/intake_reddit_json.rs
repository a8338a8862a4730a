//! `reddit_profiles.json`, beside a sound configuration.

#![no_main]

use intake::Files;
use libfuzzer_sys::fuzz_target;
use shoal_fuzz::folder;

fuzz_target!(|bytes: &[u8]| {
    folder::take_in(&Files { reddit_profiles: Some(bytes.to_vec()), ..folder::sound() });
});
