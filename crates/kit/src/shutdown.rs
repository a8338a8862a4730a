//! The wish to shut down, as a value that is handed to whoever must know.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Exit code of a process that a second signal ended, as shells have it for SIGINT.
pub const EXIT_AT_ONCE: u8 = 130;

/// Tells when to stop: cheap to clone, never global. Correctness never depends on it; it
/// only makes an end quick and quiet.
#[derive(Clone, Debug)]
pub struct Shutdown {
    wished: watch::Receiver<bool>,
}

/// The other end: whoever may ask for the shutdown.
#[derive(Clone, Debug)]
pub struct Trigger {
    wish: watch::Sender<bool>,
}

impl Shutdown {
    /// A shutdown that SIGTERM, SIGINT and SIGHUP ask for, see [`Trigger::pull_on_signals`].
    ///
    /// # Errors
    /// If signals cannot be listened to.
    pub fn on_signals() -> std::io::Result<Shutdown> {
        Shutdown::on_signals_with(|| {})
    }

    /// The same; `last_act` is done before a second signal ends the process.
    ///
    /// # Errors
    /// If signals cannot be listened to.
    pub fn on_signals_with(last_act: impl FnOnce() + Send + 'static) -> std::io::Result<Shutdown> {
        let (trigger, shutdown) = Shutdown::manual();
        trigger.pull_on_signals_with(last_act)?;
        Ok(shutdown)
    }

    /// A shutdown that only its [`Trigger`] asks for.
    pub fn manual() -> (Trigger, Shutdown) {
        let (wish, wished) = watch::channel(false);
        (Trigger { wish }, Shutdown { wished })
    }

    /// True once it is wished.
    pub fn is_wished(&self) -> bool {
        *self.wished.borrow()
    }

    /// Waits until it is wished; for ever if nobody can wish it any more.
    pub async fn wished(&self) {
        let mut wished = self.wished.clone();
        if wished.wait_for(|wish| *wish).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Trigger {
    /// Asks for the shutdown on SIGTERM, SIGINT or SIGHUP. A second SIGTERM or SIGINT ends the
    /// process at once, with [`EXIT_AT_ONCE`].
    ///
    /// # Errors
    /// If signals cannot be listened to.
    pub fn pull_on_signals(self) -> std::io::Result<()> {
        self.pull_on_signals_with(|| {})
    }

    fn pull_on_signals_with(self, last_act: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hangup = signal(SignalKind::hangup())?;
        tokio::spawn(async move {
            let name = tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
                _ = hangup.recv() => "SIGHUP",
            };
            tracing::info!(signal = name, "shutting down on {name}");
            self.pull();
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::warn!("second signal, ending at once");
            last_act();
            std::process::exit(i32::from(EXIT_AT_ONCE));
        });
        Ok(())
    }

    /// Asks for the shutdown.
    pub fn pull(&self) {
        self.wish.send_replace(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_pulled_trigger_reaches_every_clone() {
        let (trigger, shutdown) = Shutdown::manual();
        let other = shutdown.clone();
        assert!(!shutdown.is_wished());
        trigger.pull();
        other.wished().await;
        assert!(shutdown.is_wished());
    }
}
