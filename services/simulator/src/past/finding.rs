//! What a comparison of the past with what is stored has found.

use contract::id::Digest;
use contract::past::{Finding, MAX_FINDINGS};

use crate::protocol::Ended;

/// What came of comparing a whole world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The ticks that were played.
    pub ticks: u32,
    /// The actions in them.
    pub actions: u64,
    /// The digest of the last one, as the journal makes it; zeros for none.
    pub digest: Digest,
    /// The last ticks that have no frame yet, and need not have one.
    pub pending: u32,
    /// What is wrong, in the order of the ticks: the first [`MAX_FINDINGS`].
    pub findings: Vec<Finding>,
    /// What is wrong beyond those.
    pub more: u64,
    /// Why the journal could not be played to its end. What is stored from there on was not
    /// compared.
    pub ended: Option<Ended>,
}

impl Verdict {
    /// True if all that is stored is what the journal makes, and nothing is missing.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty() && self.more == 0 && self.ended.is_none()
    }

    pub(super) fn add(&mut self, finding: Finding) {
        match self.findings.len() < MAX_FINDINGS {
            true => self.findings.push(finding),
            false => self.more += 1,
        }
    }
}
