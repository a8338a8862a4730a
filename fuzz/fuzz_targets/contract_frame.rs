//! The messages of a world's frames, one a line, as they come and put together.
//!
//! No fuzzer finds a SHA-256, so each line is also taken with the digest that it should have.

#![no_main]

use contract::frame::{Assembler, Frame};
use libfuzzer_sys::fuzz_target;
use shoal_fuzz::survives_serde;

fuzz_target!(|bytes: &[u8]| {
    let (mut as_it_comes, mut mended) = (Assembler::default(), Assembler::default());
    for line in bytes.split(|byte| *byte == b'\n') {
        let Some(part) = survives_serde::<Frame>(line) else { continue };
        if let Ok(Some(whole)) = as_it_comes.push(part.clone()) {
            is_whole(whole);
        }
        let digest = part.compute_digest();
        if let Ok(Some(whole)) = mended.push(Frame { digest, ..part }) {
            is_whole(whole);
        }
    }
});

/// A whole frame keeps its digest, and is the same after it was cut into parts and put together.
fn is_whole(frame: Frame) {
    assert_eq!(frame.digest, frame.compute_digest());
    assert!(frame.next_seq() >= frame.actions.last().map_or(frame.first_seq, |it| it.seq));
    for part_size in [1, 500, u32::MAX] {
        let mut assembler = Assembler::default();
        let mut whole = None;
        for message in frame.to_messages(part_size) {
            assert!(whole.is_none(), "it was whole before its last part");
            let part = serde_json::from_slice(&message).expect("what we write, we read");
            whole = assembler.push(part).expect("the parts are those of one frame");
        }
        let whole = whole.expect("all of its parts are there");
        assert_eq!(whole.actions, frame.actions);
        assert_eq!(whole.digest, frame.digest);
    }
}
