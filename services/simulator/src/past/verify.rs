//! Comparing, tick by tick, what is stored with what the journal makes.

use bytes::Bytes;
use contract::frame::Frame;
use contract::past::{Finding, FindingKind};

use super::Replay;
use super::compare::{self, Piece};
use super::finding::Verdict;
use super::stored::{Message, Place, Says, Stored, unreadable};
use crate::protocol::journal::Closed;

/// A tick that has been played and compared.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    /// What the journal makes of it.
    pub frame: &'a Frame,
    /// What is wrong there, all of it.
    pub findings: &'a [Finding],
    /// Its frame is not stored yet, and need not be.
    pub is_pending: bool,
    /// What has come of it so far, this tick included.
    pub verdict: &'a Verdict,
}

/// Plays `ticks` on a fresh `replay` and compares what comes out with the messages that are
/// `stored`: stream sequence and body, from the first. `saw` is shown each tick.
///
/// The first `expected` ticks must have a frame; those behind may have none yet, if nothing is
/// stored behind them either. Where a run is in progress, read the end of the frames first and
/// then the journal: a frame that the journal has no tick for is a finding.
///
/// What is stored is compared byte for byte, so a digest that was recomputed hides nothing, and
/// parsed only where it is not the same. Both iterators may block: as long as all is well, no
/// message is read before its tick has been played; to judge one that is wrong, up to eight
/// messages behind it are.
pub fn verify(
    replay: &mut Replay,
    ticks: impl IntoIterator<Item = Closed>,
    stored: impl IntoIterator<Item = (u64, Bytes)>,
    expected: u32,
    mut saw: impl FnMut(&Judged),
) -> Verdict {
    let mut stored = Stored::new(stored.into_iter().fuse());
    let mut verdict = Verdict {
        ticks: 0,
        actions: 0,
        digest: replay.chain().digest,
        pending: 0,
        findings: Vec::new(),
        more: 0,
        ended: None,
    };
    for record in ticks {
        let frame = match replay.play(&record) {
            Ok(frame) => frame,
            Err(ended) => return Verdict { ended: Some(ended), ..verdict },
        };
        let part_size = replay.genesis().part_size;
        let (is_past_end, mut findings) = judge(&frame, part_size, &mut stored);
        let is_pending = is_past_end && frame.tick >= expected;
        if is_past_end && !is_pending {
            findings.push(missing(frame.tick));
        }
        verdict.ticks = replay.ticks();
        verdict.actions += frame.actions.len() as u64;
        verdict.digest = frame.digest;
        verdict.pending += u32::from(is_pending);
        findings.iter().for_each(|finding| verdict.add(finding.clone()));
        saw(&Judged { frame: &frame, findings: &findings, is_pending, verdict: &verdict });
    }
    while let Some(message) = stored.take() {
        let place = place_behind(&verdict, message.tick());
        verdict.add(message.astray(&place));
    }
    verdict
}

/// In words, where a message stands that says it is of `tick` and comes behind all that is due.
fn place_behind(verdict: &Verdict, tick: Option<u32>) -> String {
    let is_missing = |it: &Finding| it.tick == tick && matches!(it.kind, FindingKind::Missing);
    match tick.is_some_and(|tick| tick < verdict.ticks) {
        true if verdict.findings.iter().any(is_missing) => "behind all others".to_owned(),
        true => "there twice, the second time behind all others".to_owned(),
        false => format!("beyond the journal, which has {} ticks", verdict.ticks),
    }
}

/// What is wrong with the stored frame of a tick; and whether nothing is stored of it, nor from
/// there on.
fn judge<I>(frame: &Frame, part_size: u32, stored: &mut Stored<I>) -> (bool, Vec<Finding>)
where
    I: Iterator<Item = (u64, Bytes)>,
{
    let made = frame.to_messages(part_size);
    if stored.take_equal(&made) {
        return (false, Vec::new());
    }
    let Group { pieces, holes, mut findings } = gather(frame, made.len(), stored);
    if pieces.is_empty() && holes.is_empty() {
        if stored.peek().is_none() {
            return (true, findings);
        }
        findings.push(missing(frame.tick));
    }
    let is_whole = compare::pieces(frame, &made, &pieces, !holes.is_empty(), &mut findings);
    // Where the frame is not whole without them, they stand for what it lacks.
    let tick = (!is_whole).then_some(frame.tick);
    findings.extend(holes.into_iter().map(|hole| Finding { tick, ..hole }));
    (false, findings)
}

/// What is stored for one tick.
struct Group {
    /// The messages that belong there.
    pieces: Vec<Piece>,
    /// What is wrong with those that stand there and are no frame.
    holes: Vec<Finding>,
    /// What is wrong with the others that stand in between.
    findings: Vec<Finding>,
}

/// Takes what is stored for the tick of `due`, whose frame has so many `parts`.
fn gather<I>(due: &Frame, parts: usize, stored: &mut Stored<I>) -> Group
where
    I: Iterator<Item = (u64, Bytes)>,
{
    let mut group = Group { pieces: Vec::new(), holes: Vec::new(), findings: Vec::new() };
    while let Some(place) = stored.peek().map(|next| next.place(due)) {
        let is_enough = group.pieces.len() + group.holes.len() >= parts;
        match place {
            Place::Later(tick) if !stored.is_misplaced(tick, due) => break,
            Place::Unknown if is_enough => break,
            Place::Here | Place::Before | Place::Later(_) | Place::Unknown => {}
        }
        let Some(message) = stored.take() else { break };
        if let Place::Before | Place::Later(_) = place {
            let place = format!("where that of tick {} is due", due.tick);
            group.findings.push(message.astray(&place));
            continue;
        }
        let Message { sequence, body, says } = message;
        match says {
            Says::Tick(_, why) | Says::Nothing(why) => {
                group.holes.push(unreadable(None, sequence, &why));
            }
            Says::Frame(frame) => {
                let is_last = frame.part >= frame.parts;
                group.pieces.push(Piece { sequence, body, frame });
                if is_last && group.pieces.len() >= parts {
                    break;
                }
            }
        }
    }
    group
}

fn missing(tick: u32) -> Finding {
    let what = "no frame of it is stored".to_owned();
    Finding { tick: Some(tick), sequence: None, kind: FindingKind::Missing, what }
}
