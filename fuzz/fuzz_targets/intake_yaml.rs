//! `simulation.yaml`, which is a whole simulation.

#![no_main]

use intake::{Files, YAML_FILE};
use libfuzzer_sys::fuzz_target;
use shoal_fuzz::folder;

fuzz_target!(|bytes: &[u8]| {
    let files = Files { yaml: Some(bytes.to_vec()), ..Files::default() };
    let Some(problems) = folder::take_in(&files) else { return };
    for problem in problems.as_slice() {
        assert!(problem.place.starts_with(YAML_FILE), "{problem:?}");
    }
});
