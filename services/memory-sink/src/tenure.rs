//! A lease that is renewed as long as somebody works under it.

use std::time::Duration;

use bus::{AppendError, Bus, Lease};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// A lease, and who renews it.
pub(crate) struct Tenure {
    /// Until when it is ours for sure; `None`: it is lost.
    until: watch::Receiver<Option<Instant>>,
    end: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Tenure {
    /// Takes a lease; `None` if somebody else has it.
    ///
    /// # Errors
    /// If it cannot be said whether it is ours.
    pub(crate) async fn begin(
        bus: &Bus,
        key: &str,
        holder: &str,
        ttl: Duration,
    ) -> Result<Option<Tenure>, AppendError> {
        let asked = Instant::now();
        let Some(lease) = bus.acquire_lease(key, holder, ttl).await? else { return Ok(None) };
        let (known, until) = watch::channel(Some(asked + lease.ttl));
        let (end, ended) = oneshot::channel();
        let task = tokio::spawn(keep(bus.clone(), lease, known, ended));
        Ok(Some(Tenure { until, end, task }))
    }

    /// Whether it is ours for as long as this, whatever happens.
    pub(crate) fn lasts(&self, time: Duration) -> bool {
        self.until.borrow().is_some_and(|until| Instant::now() + time < until)
    }

    /// Waits until it is lost.
    pub(crate) async fn lost(&mut self) {
        // Whoever renews it ends only after it is lost, or given back.
        let _lost = self.until.wait_for(Option::is_none).await;
    }

    /// Gives it back.
    pub(crate) async fn end(self) {
        let _ended = self.end.send(());
        let _ended = self.task.await;
    }
}

/// Renews a lease three times as often as needed, until it is lost or to be given back.
async fn keep(
    bus: Bus,
    mut lease: Lease,
    known: watch::Sender<Option<Instant>>,
    mut ended: oneshot::Receiver<()>,
) {
    loop {
        tokio::select! {
            gone = &mut ended => {
                // Who was killed gives nothing back: it expires.
                if gone.is_ok()
                    && let Err(error) = bus.release_lease(lease).await
                {
                    tracing::debug!("a lease is left to expire: {error}");
                }
                return;
            }
            () = tokio::time::sleep(lease.ttl / 3) => {}
        }
        let asked = Instant::now();
        let until = *known.borrow();
        let renewed = match bus.renew_lease(&mut lease).await {
            Ok(true) => Some(asked + lease.ttl),
            Ok(false) => None,
            // It may be ours still, as long as it would be without this.
            Err(error) => {
                tracing::debug!("a lease could not be renewed: {error}");
                until.filter(|until| *until > Instant::now())
            }
        };
        if known.send(renewed).is_err() || renewed.is_none() {
            return;
        }
    }
}
