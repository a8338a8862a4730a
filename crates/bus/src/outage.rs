//! What outlives an outage: what is opened anew after each, and what a start wants of the bus.

use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;

use crate::Bus;
use crate::pause::Pause;
use crate::reading::ReadError;

/// Something that is open, or will be.
///
/// Opening takes many tries while there is no server. It is kept here and not in the future
/// of whoever waits, so one who drops that future again and again still gets there.
pub(crate) enum Lasting<T> {
    Open(Box<T>),
    Opening(BoxFuture<'static, T>),
}

/// How long what a service needs at its start is tried again.
const PATIENCE: Duration = Duration::from_secs(30);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

impl Bus {
    /// Takes a step that may be taken twice, and again if the connection was lost meanwhile: a
    /// service that starts during an outage is no worse than one that runs.
    pub(crate) async fn through_outages<T, E: std::fmt::Display, Step>(
        &self,
        step: impl Fn() -> Step,
    ) -> Result<T, E>
    where
        Step: Future<Output = Result<T, E>>,
    {
        let began = Instant::now();
        let mut pause = Pause::new(FIRST_PAUSE, LONGEST_PAUSE);
        loop {
            let before = self.connected_since();
            let error = match step().await {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            let was_lost = before.is_none() || before != self.connected_since();
            if !was_lost || began.elapsed() > PATIENCE {
                return Err(error);
            }
            tracing::warn!("the connection was lost meanwhile, trying again: {error}");
            pause.wait().await;
        }
    }
}

impl<T> Lasting<T> {
    /// It, as soon as it is open. May be dropped and called again.
    pub(crate) async fn get(&mut self) -> &mut T {
        loop {
            match self {
                Lasting::Open(it) => return it,
                Lasting::Opening(opening) => *self = Lasting::Open(Box::new(opening.await)),
            }
        }
    }

    /// It is of no use any more: `open` is to be tried until it succeeds.
    pub(crate) fn reopen<Open, Opened>(&mut self, what: String, trouble: &str, open: Open)
    where
        Open: Fn() -> Opened + Send + 'static,
        Opened: Future<Output = Result<T, ReadError>> + Send,
        T: Send,
    {
        tracing::warn!("{what} was interrupted ({trouble}), going on as soon as possible");
        *self = Lasting::Opening(Box::pin(async move {
            let mut pause = Pause::new(FIRST_PAUSE, LONGEST_PAUSE);
            loop {
                match open().await {
                    Ok(it) => {
                        tracing::info!("{what} goes on");
                        return it;
                    }
                    Err(error) => tracing::debug!("{what} cannot go on yet: {error}"),
                }
                pause.wait().await;
            }
        }));
    }
}
