//! What the scripted servers stand on: a port on loopback, and as much HTTP as their clients speak.

mod listener;
mod wire;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) use self::listener::Listener;
pub use self::wire::Reply;
pub(crate) use self::wire::{Request, drip, read, stall, write};

/// What is behind it, whoever panicked while holding it.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
