//! One value under a key, replaced only by who has seen the last one.

use contract::subject::StreamName;

use crate::Bus;
use crate::append::{Append, AppendError};
use crate::reading::ReadError;
use crate::stored::Stored;
use crate::topology::key_subject;

impl Bus {
    /// The value under `key` and its revision.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn ledger_get(&self, key: &str) -> Result<Option<(Vec<u8>, u64)>, ReadError> {
        let last = self.last(StreamName::Ledger, &self.ledger_subject(key)).await?;
        let value = last.filter(|stored| !is_marker(stored));
        Ok(value.map(|stored| (stored.body.to_vec(), stored.sequence)))
    }

    /// Puts `value` under `key` if its revision is still `expected` (0: there is none), and
    /// returns the new revision.
    ///
    /// # Errors
    /// See [`AppendError`]; `Refused` if it has another revision.
    pub async fn ledger_put(
        &self,
        key: &str,
        value: Vec<u8>,
        expected: u64,
    ) -> Result<u64, AppendError> {
        let subject = self.ledger_subject(key);
        self.append(Append { subject, body: value, headers: vec![], expected_last: Some(expected) })
            .await
    }

    fn ledger_subject(&self, key: &str) -> String {
        self.key_subject(StreamName::Ledger, key)
    }

    /// The subject of a key, as every NATS client's key-value store has it.
    pub(crate) fn key_subject(&self, bucket: StreamName, key: &str) -> String {
        key_subject(&self.prefix, bucket, key)
    }
}

/// True for what stands where a value was deleted or has expired.
pub(crate) fn is_marker(stored: &Stored) -> bool {
    stored.header(MARKER_REASON).is_some() || stored.header(KV_OPERATION).is_some()
}

/// Set by clients that delete a key.
pub(crate) const KV_OPERATION: &str = "KV-Operation";
/// Set by the server where a value has expired.
const MARKER_REASON: &str = "Nats-Marker-Reason";
