//! Who lives: a key that its holder renews, and that expires when nobody does.
//!
//! A lease says who is alive, never who may write. It is written as a plain message with a
//! time to live and an expected sequence. The client library's own creation of expiring keys
//! is not used: over an expired key it forgets the time to live, and the lease stays for ever.

use std::time::Duration;

use contract::subject::StreamName;
use contract::timestamp::Timestamp;

use crate::Bus;
use crate::append::{AppendError, headers};
use crate::cursor::{Cursor, Start};
use crate::ledger::{KV_OPERATION, is_marker};
use crate::reading::ReadError;
use crate::stored::Stored;
use crate::wire::ANSWER_TIMEOUT;

/// A lease that was ours when it was last written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// What it is a lease of.
    pub key: String,
    /// Who holds it; unique to one process.
    pub holder: String,
    /// Its last sequence; grows with each renewal.
    pub sequence: u64,
    /// How long it lives without renewal, in whole seconds.
    pub ttl: Duration,
}

/// A lease that somebody has, as it is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldLease {
    /// Who holds it.
    pub holder: String,
    /// Its last sequence; grows with each renewal.
    pub sequence: u64,
    /// When it was last renewed, by the server's clock.
    pub at: Timestamp,
}

/// Looks at the key this often before it is left to those who contend for it.
const TRIES: u32 = 3;

impl Bus {
    /// Takes the lease if nobody has it, or if `holder` has it already; `None` if somebody
    /// else does. `ttl` is rounded up to whole seconds, at least one.
    ///
    /// # Errors
    /// See [`AppendError`]. After `Unanswered` ask again: a lease that was granted is found.
    pub async fn acquire_lease(
        &self,
        key: &str,
        holder: &str,
        ttl: Duration,
    ) -> Result<Option<Lease>, AppendError> {
        let ttl = whole_seconds(ttl);
        for _ in 0..TRIES {
            let found = self.lease(key).await.map_err(unreadable)?;
            let expected = match &found {
                None => 0,
                Some(stored) if is_marker(stored) || is_held_by(stored, holder) => stored.sequence,
                Some(_) => return Ok(None),
            };
            // If it expired, or somebody took it, between the look and the write: look again.
            if let Some(lease) = self.replace_lease(key, holder, ttl, expected).await? {
                return Ok(Some(lease));
            }
        }
        Ok(None)
    }

    /// Takes the lease from whoever has it, as it was found; `None` if it was renewed, or taken,
    /// since. Who had it finds it lost when renewing it.
    ///
    /// # Errors
    /// See [`AppendError`]. After `Unanswered` it may be ours or not; to acquire it says which.
    pub async fn seize_lease(
        &self,
        key: &str,
        holder: &str,
        ttl: Duration,
        found: &HeldLease,
    ) -> Result<Option<Lease>, AppendError> {
        self.replace_lease(key, holder, whole_seconds(ttl), found.sequence).await
    }

    /// Makes the lease live for its time again; false if it is lost. The answer is waited for
    /// for half of that time, but at least 3 s: a server that is slow costs no short lease.
    ///
    /// # Errors
    /// See [`AppendError`]. After `Unanswered` it may be renewed or not; renew again.
    pub async fn renew_lease(&self, lease: &mut Lease) -> Result<bool, AppendError> {
        let Lease { key, holder, sequence, ttl } = lease;
        match self.write_lease(key, holder, *ttl, *sequence, renewal_patience(*ttl)).await {
            Ok(renewed) => *sequence = renewed,
            Err(AppendError::Refused) => {
                // Ours after all if only the answer to an earlier renewal was lost.
                match self.lease(key).await.map_err(unreadable)? {
                    Some(stored) if !is_marker(&stored) && is_held_by(&stored, holder) => {
                        *sequence = stored.sequence;
                    }
                    _ => return Ok(false),
                }
            }
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    /// Gives the lease back, so that somebody else can have it at once. One that is lost
    /// already is left alone.
    ///
    /// # Errors
    /// See [`AppendError`]; it then expires by itself.
    pub async fn release_lease(&self, mut lease: Lease) -> Result<(), AppendError> {
        let subject = self.key_subject(StreamName::Leases, &lease.key);
        for _ in 0..TRIES {
            let pairs = [(KV_OPERATION, "DEL".to_owned()), ttl_header(lease.ttl)];
            let headers = headers(&pairs, Some(lease.sequence));
            let body = bytes::Bytes::new();
            match self.store(&subject, headers, body, ANSWER_TIMEOUT, "lease.sent").await {
                Ok(_) => return Ok(()),
                Err(AppendError::Refused) => {}
                Err(error) => return Err(error),
            }
            // Ours after all, if nobody heard the answer to its last renewal.
            match self.held_lease(&lease.key).await.map_err(unreadable)? {
                Some(found) if found.holder == lease.holder => lease.sequence = found.sequence,
                _ => return Ok(()),
            }
        }
        Ok(())
    }

    /// Who holds the lease now.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn lease_holder(&self, key: &str) -> Result<Option<String>, ReadError> {
        Ok(self.held_lease(key).await?.map(|found| found.holder))
    }

    /// The lease, if somebody holds it now.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn held_lease(&self, key: &str) -> Result<Option<HeldLease>, ReadError> {
        let held = self.lease(key).await?.filter(|stored| !is_marker(stored));
        Ok(held.map(|Stored { body, sequence, at, .. }| HeldLease {
            holder: String::from_utf8_lossy(&body).into_owned(),
            sequence,
            at,
        }))
    }

    async fn lease(&self, key: &str) -> Result<Option<Stored>, ReadError> {
        self.last(StreamName::Leases, &self.key_subject(StreamName::Leases, key)).await
    }

    /// Takes it over what stands at `expected`; `None` if something else does.
    async fn replace_lease(
        &self,
        key: &str,
        holder: &str,
        ttl: Duration,
        expected: u64,
    ) -> Result<Option<Lease>, AppendError> {
        match self.write_lease(key, holder, ttl, expected, ANSWER_TIMEOUT).await {
            Ok(sequence) => {
                let (key, holder) = (key.to_owned(), holder.to_owned());
                Ok(Some(Lease { key, holder, sequence, ttl }))
            }
            Err(AppendError::Refused) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn write_lease(
        &self,
        key: &str,
        holder: &str,
        ttl: Duration,
        expected: u64,
        patience: Duration,
    ) -> Result<u64, AppendError> {
        let subject = self.key_subject(StreamName::Leases, key);
        let headers = headers(&[ttl_header(ttl)], Some(expected));
        let body = holder.as_bytes().to_vec().into();
        Ok(self.store(&subject, headers, body, patience, "lease.sent").await?.seq)
    }
}

/// How long the answer to a renewal is waited for: long enough for a slow server, and short
/// enough that one that was lost leaves time for another try.
fn renewal_patience(ttl: Duration) -> Duration {
    (ttl / 2).clamp(Duration::from_secs(3), ANSWER_TIMEOUT)
}

impl Bus {
    /// What leases end from now on.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn lease_ends(&self) -> Result<LeaseEnds, ReadError> {
        let keys = self.key_subject(StreamName::Leases, "");
        let leases = self.follow(StreamName::Leases, &format!("{keys}>"), Start::New).await?;
        Ok(LeaseEnds { leases, keys })
    }
}

/// The leases that were given back or have expired, as that happens.
pub struct LeaseEnds {
    leases: Cursor,
    keys: String,
}

impl LeaseEnds {
    /// Waits for the next end of a lease, and says of what it was. May be dropped and called again.
    pub async fn next(&mut self) -> String {
        loop {
            let stored = self.leases.next().await;
            if is_marker(&stored)
                && let Some(key) = stored.subject.strip_prefix(&self.keys)
            {
                return key.to_owned();
            }
        }
    }
}

fn is_held_by(stored: &Stored, holder: &str) -> bool {
    stored.body == holder.as_bytes()
}

/// The server counts in whole seconds and takes no 0.
fn whole_seconds(ttl: Duration) -> Duration {
    let rounded_up = ttl.as_secs() + u64::from(ttl.subsec_nanos() > 0);
    Duration::from_secs(rounded_up.max(1))
}

fn ttl_header(ttl: Duration) -> (&'static str, String) {
    (TTL, whole_seconds(ttl).as_secs().to_string())
}

const TTL: &str = "Nats-TTL";

fn unreadable(error: ReadError) -> AppendError {
    match error {
        ReadError::Denied(text) => AppendError::Denied(text),
        ReadError::Missing(text) | ReadError::Unanswered(text) => AppendError::Unanswered(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_to_live_is_whole_seconds_and_not_none() {
        for (milliseconds, seconds) in [(0, "1"), (1, "1"), (1000, "1"), (1001, "2"), (9999, "10")]
        {
            assert_eq!(ttl_header(Duration::from_millis(milliseconds)).1, seconds);
        }
        assert_eq!(TTL, async_nats::header::NATS_MESSAGE_TTL.to_string());
    }
}
