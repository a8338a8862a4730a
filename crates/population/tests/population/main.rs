//! Folders made here, read by `intake`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod initial;
mod synthetic;
