//! `twitter_profiles.csv`, beside a sound configuration.

#![no_main]

use intake::Files;
use libfuzzer_sys::fuzz_target;
use shoal_fuzz::folder;

fuzz_target!(|bytes: &[u8]| {
    folder::take_in(&Files { twitter_profiles: Some(bytes.to_vec()), ..folder::sound() });
});
