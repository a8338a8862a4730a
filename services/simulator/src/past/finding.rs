//! What a comparison of the past with what is stored has found.

use std::fmt;

use contract::id::Digest;

use crate::protocol::Ended;

/// Findings that are kept; more are only counted.
pub const KEPT: usize = 100;

/// One way in which what is stored is not what the journal makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The tick that it is about; `None` if that cannot be known.
    pub tick: Option<u32>,
    /// The stream sequence of the message that is wrong; `None` if it is not there.
    pub sequence: Option<u64>,
    /// What kind of wrong.
    pub kind: FindingKind,
    /// What is wrong, for people.
    pub what: String,
}

/// What is wrong with what is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindingKind {
    /// A frame is another one than the journal makes.
    Differs,
    /// A tick has no frame.
    Missing,
    /// A frame is stored that has no place there: beyond the journal, again, or out of order.
    Extra,
    /// A message is no frame.
    Unreadable,
    /// A part of a frame is missing, or its parts are not in order.
    Incomplete,
}

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
    /// What is wrong, in the order of the ticks: the first [`KEPT`].
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
        match self.findings.len() < KEPT {
            true => self.findings.push(finding),
            false => self.more += 1,
        }
    }
}

impl FindingKind {
    /// Its name, for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            FindingKind::Differs => "differs",
            FindingKind::Missing => "missing",
            FindingKind::Extra => "extra",
            FindingKind::Unreadable => "unreadable",
            FindingKind::Incomplete => "incomplete",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(tick) = self.tick {
            write!(f, "tick {tick}: ")?;
        }
        if let Some(sequence) = self.sequence {
            write!(f, "at sequence {sequence}: ")?;
        }
        f.write_str(&self.what)
    }
}
