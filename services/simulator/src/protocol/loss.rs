//! What a world's logs have lost, judged from what is remembered of it in several places: pure.
//!
//! A tick is journalled, then its frame is stored, then env-status tells of it, and now and then
//! a snapshot is stored of all that. So each may lag behind the one before, and none leads. A
//! memory that leads remembers what another one has forgotten.
//!
//! To be asked once the claim of the journal is acknowledged: then nobody else goes on with it,
//! and what was read before is no newer than it is.

use std::fmt;

use contract::id::{Digest, RunId};
use contract::status::PlatformStatus;
use contract::subject::{Platform, Prefix, StreamName};

/// What is remembered of one world.
#[derive(Clone, Copy, Debug)]
pub struct Memories<'a> {
    /// The ticks in its journal.
    pub journal: u32,
    /// The tick of its last stored frame, and the digest there; `None`: no frame is stored.
    pub frame: Option<(u32, Digest)>,
    /// What env-status last said of it, as it was read when this worker began.
    pub status: Option<&'a PlatformStatus>,
    /// The ticks in its newest good snapshot; `None`: there is none.
    pub snapshot: Option<u32>,
}

/// What follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is missing but, perhaps, the frames of the last two ticks.
    Fine,
    /// Frames are missing that the journal makes again, byte for byte.
    FramesBehind(FramesBehind),
    /// The journal has lost what was acknowledged, or the logs tell two stories. What was decided
    /// in the ticks that are gone is known nowhere else, so this world never goes on.
    Damaged(Damage),
}

/// Frames that are missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FramesBehind {
    /// The first tick without a frame.
    pub first: u32,
    /// The last one that is to have one.
    pub last: u32,
    /// How many of them env-status has told of: those were stored once, and are gone.
    pub lost: u32,
}

/// Why a world cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// The journal has fewer ticks than something else knows of.
    JournalBehind {
        /// The ticks that it has.
        journal: u32,
        /// The ticks that it had.
        known: u32,
        /// Who knows.
        witness: Witness,
        /// The frames that are stored.
        frames: u32,
    },
    /// The last stored frame is another one than env-status told of.
    OtherHistory {
        /// Of which tick.
        tick: u32,
        /// The digest that was told.
        told: Digest,
        /// The digest that is stored.
        stored: Digest,
    },
}

/// Who knows of more ticks than the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Witness {
    /// A stored frame.
    Frame,
    /// Env-status, with the actions up to there.
    Status {
        /// The actions up to there.
        actions: u64,
    },
    /// A snapshot.
    Snapshot,
}

/// Judges.
pub fn judge(memories: &Memories) -> Verdict {
    let Memories { journal, frame, status, snapshot } = *memories;
    let frames = frame.map_or(0, |(tick, _)| tick.saturating_add(1));
    let told = status.map_or(0, |status| status.ticks);
    let actions = status.map_or(0, |status| status.actions);
    let witnesses = [
        (told, Witness::Status { actions }),
        (frames, Witness::Frame),
        (snapshot.unwrap_or(0), Witness::Snapshot),
    ];
    // Who knows most; of equals the first, which says most about it.
    let most = witnesses.into_iter().rev().max_by_key(|(ticks, _)| *ticks);
    if let Some((known, witness)) = most.filter(|(known, _)| *known > journal) {
        return Verdict::Damaged(Damage::JournalBehind { journal, known, witness, frames });
    }
    if let (Some((tick, stored)), Some(status)) = (frame, status)
        && status.ticks == frames
        && status.digest != stored
    {
        let told = status.digest;
        return Verdict::Damaged(Damage::OtherHistory { tick, told, stored });
    }
    // While the frame of one tick is on its way, the next one is journalled, and no further.
    let lost = told.saturating_sub(frames);
    if lost > 0 || journal - frames > 2 {
        return Verdict::FramesBehind(FramesBehind { first: frames, last: journal - 1, lost });
    }
    Verdict::Fine
}

impl fmt::Display for FramesBehind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FramesBehind { first, last, lost } = self;
        write!(f, "ticks {first} to {last} have no frames and are played again from the journal")?;
        match lost {
            0 => Ok(()),
            lost => write!(f, "; {lost} of them were stored before: the bus has lost them"),
        }
    }
}

impl Damage {
    /// What was lost and what to do, for people; reads after "the … world has failed: damaged: ".
    pub fn text(&self, prefix: &Prefix, run: &RunId, platform: Platform) -> String {
        let inputs = prefix.inputs(run, platform);
        let restore =
            |stream| format!("restore stream {} from a backup that has it", prefix.stream(stream));
        match self {
            Damage::JournalBehind { journal, known, witness, frames } => {
                let witness = match witness {
                    Witness::Frame => format!("the frames on {}", prefix.actions(run, platform)),
                    Witness::Status { actions } => {
                        format!("{} ({actions} actions)", prefix.env_status(run))
                    }
                    Witness::Snapshot => {
                        format!("a snapshot on {}", prefix.snapshots(run, platform))
                    }
                };
                format!(
                    "the journal {inputs} has {journal} ticks, but {witness} knows of {known}: \
                     what was decided in the last {} is gone, and the run cannot go on; {}, or \
                     export the {frames} ticks that have frames (shoal export {run}) and start \
                     another run of the simulation",
                    known - journal,
                    restore(StreamName::Inputs),
                )
            }
            Damage::OtherHistory { tick, told, stored } => format!(
                "the frame of tick {tick} on {} has digest {stored}, but {} told of {told}: one \
                 of the logs was lost and written again, and the run cannot go on; {}, or start \
                 another run of the simulation",
                prefix.actions(run, platform),
                prefix.env_status(run),
                restore(StreamName::Actions),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(frames: u32) -> Digest {
        Digest::of(&[&frames.to_be_bytes()])
    }

    /// A world of which env-status has told of so many ticks, with the digests of this history.
    fn told(ticks: u32) -> PlatformStatus {
        let (actions, digest) = (u64::from(ticks) * 10, digest(ticks));
        PlatformStatus { ticks, actions, digest, ..PlatformStatus::new(Platform::Twitter, 100) }
    }

    fn judged(journal: u32, frames: u32, status: u32, snapshot: Option<u32>) -> Verdict {
        let status = told(status);
        let frame = frames.checked_sub(1).map(|tick| (tick, digest(frames)));
        judge(&Memories { journal, frame, status: Some(&status), snapshot })
    }

    fn again(first: u32, last: u32, lost: u32) -> Verdict {
        Verdict::FramesBehind(FramesBehind { first, last, lost })
    }

    fn behind(journal: u32, known: u32, witness: Witness, frames: u32) -> Verdict {
        Verdict::Damaged(Damage::JournalBehind { journal, known, witness, frames })
    }

    #[test]
    fn every_pair_of_memories_has_its_verdict() {
        let status = |ticks: u64| Witness::Status { actions: ticks * 10 };
        let table = [
            // journal, frames, env-status, snapshot
            ((0, 0, 0, None), Verdict::Fine),
            ((1, 0, 0, None), Verdict::Fine),
            ((7, 7, 7, None), Verdict::Fine),
            ((7, 7, 7, Some(7)), Verdict::Fine),
            // A worker that died between the journal and the frame, or before env-status.
            ((8, 7, 7, Some(5)), Verdict::Fine),
            ((8, 8, 7, Some(8)), Verdict::Fine),
            ((8, 7, 2, Some(7)), Verdict::Fine),
            ((8, 8, 0, None), Verdict::Fine),
            // Frames that were there and are not, all of them perhaps.
            ((8, 6, 7, None), again(6, 7, 1)),
            ((8, 7, 8, None), again(7, 7, 1)),
            ((8, 0, 8, Some(4)), again(0, 7, 8)),
            ((8, 0, 7, Some(8)), again(0, 7, 7)),
            // The frame of one was on its way while the next was journalled.
            ((8, 6, 6, None), Verdict::Fine),
            // More than two, and nobody told of them: of a journal that was copied, or a worker
            // that died again while it made them.
            ((8, 5, 5, None), again(5, 7, 0)),
            ((50, 0, 0, None), again(0, 49, 0)),
            // The journal is behind, and somebody knows.
            ((7, 8, 8, None), behind(7, 8, status(8), 8)),
            ((7, 8, 7, None), behind(7, 8, Witness::Frame, 8)),
            ((7, 7, 9, None), behind(7, 9, status(9), 7)),
            ((7, 7, 7, Some(8)), behind(7, 8, Witness::Snapshot, 7)),
            ((7, 9, 8, Some(10)), behind(7, 10, Witness::Snapshot, 9)),
            ((7, 9, 8, Some(9)), behind(7, 9, Witness::Frame, 9)),
            ((0, 0, 5, Some(5)), behind(0, 5, status(5), 0)),
        ];
        for ((journal, frames, status, snapshot), expected) in table {
            let row = (journal, frames, status, snapshot);
            assert_eq!(judged(journal, frames, status, snapshot), expected, "{row:?}");
        }
    }

    #[test]
    fn the_same_tick_with_another_digest_is_another_history() {
        let (other, status) = (Digest::of(&[b"other"]), told(7));
        let judged = |ticks: u32, status| {
            let frame = Some((ticks - 1, other));
            judge(&Memories { journal: 8, frame, status, snapshot: None })
        };
        let damage = Damage::OtherHistory { tick: 6, told: digest(7), stored: other };
        assert_eq!(judged(7, Some(&status)), Verdict::Damaged(damage));
        // Of other ticks nothing can be said, and without a state nothing at all.
        assert_eq!(judged(8, Some(&status)), Verdict::Fine);
        assert_eq!(judged(7, None), Verdict::Fine);
    }

    #[test]
    fn a_loss_says_what_is_gone_and_what_to_do() {
        let run = "market-1".parse().unwrap();
        let text = |verdict| match verdict {
            Verdict::Damaged(damage) => damage.text(&Prefix::default(), &run, Platform::Twitter),
            Verdict::FramesBehind(frames) => frames.to_string(),
            Verdict::Fine => String::new(),
        };
        assert_eq!(
            text(judged(40, 38, 52, None)),
            "the journal sim.inputs.market-1.twitter has 40 ticks, but sim.env-status.market-1 \
             (520 actions) knows of 52: what was decided in the last 12 is gone, and the run \
             cannot go on; restore stream SIM_INPUTS from a backup that has it, or export the 38 \
             ticks that have frames (shoal export market-1) and start another run of the \
             simulation"
        );
        assert_eq!(
            text(judged(40, 30, 38, None)),
            "ticks 30 to 39 have no frames and are played again from the journal; 8 of them were \
             stored before: the bus has lost them"
        );
        let (told, stored) = (digest(1), digest(2));
        let other = Verdict::Damaged(Damage::OtherHistory { tick: 6, told, stored });
        assert!(text(other).contains("restore stream SIM_ACTIONS"));
    }
}
