//! A stored spec.

#![no_main]

use contract::options::RequestedOptions;
use contract::spec::Spec;
use libfuzzer_sys::fuzz_target;
use shoal_fuzz::{refusal_makes_sense, survives};

fuzz_target!(|bytes: &[u8]| {
    refusal_makes_sense(&Spec::from_bytes(bytes));
    let Some(spec) = survives(bytes, Spec::from_bytes) else { return };
    assert_eq!(spec.check(), Ok(()));
    let stored = Spec::from_bytes(&spec.to_bytes()).expect("a sound spec can be stored");
    assert_eq!(stored.digest(), spec.digest());
    let options = RequestedOptions::default().resolve(&spec).expect("as usual always works");
    assert_eq!(options.platforms, spec.platforms());
    assert_eq!(options.rounds, spec.time.rounds());
});
