//! Specs, each stored once under its digest.

use contract::id::Digest;
use contract::spec::Spec;
use contract::subject::StreamName;

use crate::Bus;
use crate::append::AppendError;

impl Bus {
    /// Sees to it that `spec` is stored, and returns its digest. Whoever stores it at the same
    /// time stores the same.
    ///
    /// # Errors
    /// See [`AppendError`]; `Refused` and `Unanswered` only if looking finds no spec either.
    pub async fn put_spec(&self, spec: &Spec) -> Result<Digest, AppendError> {
        let digest = spec.digest();
        let subject = self.prefix.spec(&digest);
        // Looked at first: a spec may be large, and most have been stored before.
        if self.has_spec(&subject).await {
            return Ok(digest);
        }
        match self.put_object(&subject, &spec.to_bytes(), Some(0)).await {
            Ok(_) => Ok(digest),
            Err(AppendError::Refused | AppendError::Unanswered(_))
                if self.has_spec(&subject).await =>
            {
                Ok(digest)
            }
            Err(error) => Err(error),
        }
    }

    /// Whether a spec is known to be there: all parts of it are, or none.
    async fn has_spec(&self, subject: &str) -> bool {
        match self.last(StreamName::Specs, subject).await {
            Ok(last) => last.is_some(),
            Err(error) => {
                tracing::debug!(%error, "cannot look for the spec on {subject}");
                false
            }
        }
    }
}
