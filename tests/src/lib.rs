//! What the system tests stand on: a real nats-server, the real services as processes, and
//! conditions that are waited for.
//!
//! Nothing here knows what is right; the tests in `tests/system` do, and the oracle of [`chaos`].

pub mod chaos;
pub mod http;
mod keys;
pub mod model;
pub mod openapi;
pub mod process;
pub mod prometheus;
pub mod proxy;
mod scripted;
pub mod stack;
pub mod webhook;
pub mod zep;

use std::time::{Duration, Instant};

/// How long a condition may take on a busy machine with two cores.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// Waits until `condition` gives something, looking again every 20 ms.
///
/// # Panics
/// After [`PATIENCE`], with `what` was waited for.
pub fn wait_for<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
