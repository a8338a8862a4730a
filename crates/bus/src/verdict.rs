//! What a refused or unanswered append means: it is looked at, never guessed.
//!
//! Pure: the caller looks, by the stream's leader, and hands in what it saw.

/// A write whose outcome is to be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt<'a> {
    /// The body that was appended; of a batch, the last one.
    pub body: &'a [u8],
    /// The last sequence of the subject that is known to be stored, 0 = none. The append
    /// expected it.
    pub known: u64,
    /// The writer's epoch; of a claim, the one that it claims.
    pub epoch: u32,
}

/// What a look at the subject showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look<'a> {
    /// Nothing: nobody answered.
    Unanswered,
    /// Nothing is stored on the subject.
    Empty,
    /// The last message.
    Last {
        /// Its sequence.
        sequence: u64,
        /// Its body.
        body: &'a [u8],
        /// The epoch of the last claim: of a journal, the last one in it; of any other
        /// subject, the epoch that the message carries. `None`: there is none.
        claimed: Option<u32>,
    },
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is stored, only the acknowledgement was lost: go on.
    Stored {
        /// Where.
        sequence: u64,
    },
    /// It is not stored, and nothing else is: append the same again. Should the first one
    /// arrive late, the expected sequence lets only one in.
    Absent,
    /// Somebody owns the run now: stop, and write nothing more.
    Fenced {
        /// The owner's epoch.
        by: u32,
    },
    /// The stream has lost what was acknowledged: stop, `damaged`, never continue.
    WentBackwards {
        /// What was stored.
        known: u64,
        /// What is there, 0 = nothing.
        found: u64,
    },
    /// A predecessor without a newer claim was quicker: what it wrote is history. Read it,
    /// and claim again.
    Zombie {
        /// The last sequence of what it wrote.
        sequence: u64,
    },
    /// Unknown: look again later, for as long as the lease is held.
    Unknown,
}

/// Judges an append that was refused or not answered.
pub fn judge(attempt: &Attempt<'_>, look: &Look<'_>) -> Verdict {
    let known = attempt.known;
    match *look {
        Look::Unanswered => Verdict::Unknown,
        Look::Empty if known == 0 => Verdict::Absent,
        Look::Empty => Verdict::WentBackwards { known, found: 0 },
        Look::Last { sequence, .. } if sequence < known => {
            Verdict::WentBackwards { known, found: sequence }
        }
        Look::Last { sequence, .. } if sequence == known => Verdict::Absent,
        Look::Last { sequence, body, .. } if body == attempt.body => Verdict::Stored { sequence },
        Look::Last { claimed: Some(by), .. } if by > attempt.epoch => Verdict::Fenced { by },
        Look::Last { sequence, .. } => Verdict::Zombie { sequence },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &[u8] = b"tick 7 of epoch 3";
    const OTHER: &[u8] = b"something else";

    fn last(sequence: u64, body: &[u8], claimed: Option<u32>) -> Look<'_> {
        Look::Last { sequence, body, claimed }
    }

    #[test]
    fn every_look_has_its_verdict() {
        let after = |known| Attempt { body: OURS, known, epoch: 3 };
        for (attempt, look, verdict) in [
            // Nobody answers.
            (after(10), Look::Unanswered, Verdict::Unknown),
            (after(0), Look::Unanswered, Verdict::Unknown),
            // What I was appending.
            (after(10), last(11, OURS, Some(3)), Verdict::Stored { sequence: 11 }),
            (after(10), last(15, OURS, Some(3)), Verdict::Stored { sequence: 15 }),
            (after(0), last(1, OURS, None), Verdict::Stored { sequence: 1 }),
            // Nothing new.
            (after(0), Look::Empty, Verdict::Absent),
            (after(10), last(10, OTHER, Some(3)), Verdict::Absent),
            // The same bytes, but those known before: a repeated body is no acknowledgement.
            (after(10), last(10, OURS, Some(3)), Verdict::Absent),
            // A higher epoch, be it that of the last message or of a claim before it.
            (after(10), last(11, OTHER, Some(4)), Verdict::Fenced { by: 4 }),
            (after(10), last(19, OTHER, Some(9)), Verdict::Fenced { by: 9 }),
            // Older than what is known.
            (after(10), last(9, OTHER, Some(3)), Verdict::WentBackwards { known: 10, found: 9 }),
            (after(10), last(9, OURS, Some(4)), Verdict::WentBackwards { known: 10, found: 9 }),
            (after(10), Look::Empty, Verdict::WentBackwards { known: 10, found: 0 }),
            // Newer, and the epoch not higher.
            (after(10), last(11, OTHER, Some(3)), Verdict::Zombie { sequence: 11 }),
            (after(10), last(11, OTHER, Some(2)), Verdict::Zombie { sequence: 11 }),
            (after(10), last(12, OTHER, None), Verdict::Zombie { sequence: 12 }),
        ] {
            assert_eq!(judge(&attempt, &look), verdict, "{attempt:?} {look:?}");
        }
    }
}
