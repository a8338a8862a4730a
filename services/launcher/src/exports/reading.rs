//! What an export is made of, read from the bus piece by piece.

use std::collections::BTreeMap;
use std::time::Duration;

use bus::{Bus, Start, Stored};
use contract::frame::{Assembler, Frame};
use contract::id::RunId;
use contract::notice::LogLine;
use contract::reply::Reply;
use contract::subject::{Platform, StreamName};
use tokio::sync::mpsc::Sender;

use crate::refusal::Refusal;

/// How long a message may take that is known to be stored.
const PATIENCE: Duration = Duration::from_secs(30);

/// A piece of a run.
#[derive(Debug)]
pub(super) enum Piece {
    /// A whole frame, in its world's order.
    Frame(Box<Frame>),
    /// A reply to a command of the run.
    Reply(Box<Reply>),
    /// A line of its log.
    Log(LogLine),
    /// That was all.
    End,
}

/// Reads all that a run has published as of now: frames, then replies, then its log. Ends
/// early, and without an error, if nobody receives the pieces any more.
///
/// # Errors
/// If the bus cannot be read, or the frames are broken.
pub(super) async fn read(bus: &Bus, run: &RunId, pieces: Sender<Piece>) -> Result<(), Refusal> {
    let prefix = bus.prefix();
    let frames = format!("{}.{}.{run}.*", prefix.as_str(), StreamName::Actions.token());
    let mut parts: BTreeMap<Platform, Assembler> = BTreeMap::new();
    let frame = |stored: Stored| {
        let broken =
            |why: String| Refusal::Failed(format!("the frames of {run} are broken: {why}"));
        let part: Frame =
            serde_json::from_slice(&stored.body).map_err(|error| broken(error.to_string()))?;
        let whole = parts.entry(part.platform).or_default().push(part);
        let whole = whole.map_err(|error| broken(error.to_string()))?;
        Ok(whole.map(|frame| Piece::Frame(Box::new(frame))))
    };
    pass_on(bus, StreamName::Actions, &frames, &pieces, frame).await?;
    // What cannot be read here is not ours, and is passed over.
    let reply = |stored: Stored| {
        let reply = serde_json::from_slice::<Reply>(&stored.body).ok();
        Ok(reply.map(|reply| Piece::Reply(Box::new(reply))))
    };
    pass_on(bus, StreamName::Replies, &prefix.replies_of(run), &pieces, reply).await?;
    let line =
        |stored: Stored| Ok(serde_json::from_slice::<LogLine>(&stored.body).ok().map(Piece::Log));
    pass_on(bus, StreamName::Logs, &prefix.logs(run), &pieces, line).await?;
    let _nobody_receives = pieces.send(Piece::End).await;
    Ok(())
}

/// The reply on `subject` with all its results, wherever they are stored.
async fn whole(bus: &Bus, subject: &str, reply: Box<Reply>) -> Result<Box<Reply>, Refusal> {
    match bus.prefix().parse_reply(subject) {
        Some((client, _)) => Ok(Box::new(bus.whole_reply(&client, *reply).await?)),
        None => Ok(reply),
    }
}

/// Passes on what `piece` makes of each message on `filter`, up to the last one as of now.
async fn pass_on(
    bus: &Bus,
    stream: StreamName,
    filter: &str,
    pieces: &Sender<Piece>,
    mut piece: impl FnMut(Stored) -> Result<Option<Piece>, Refusal>,
) -> Result<(), Refusal> {
    let Some(last) = bus.last(stream, filter).await? else { return Ok(()) };
    let mut messages = bus.follow(stream, filter, Start::First).await?;
    loop {
        let next = tokio::time::timeout(PATIENCE, messages.next()).await;
        let Ok(stored) = next else {
            return Err(Refusal::Unavailable(format!(
                "nothing came on {filter} within {} s, though there is more: is the bus still \
                 there, and the run not deleted?",
                PATIENCE.as_secs()
            )));
        };
        let (sequence, subject) = (stored.sequence, stored.subject.clone());
        let piece = match piece(stored)? {
            Some(Piece::Reply(reply)) => Some(Piece::Reply(whole(bus, &subject, reply).await?)),
            piece => piece,
        };
        if let Some(piece) = piece
            && pieces.send(piece).await.is_err()
        {
            return Ok(());
        }
        if sequence >= last.sequence {
            return Ok(());
        }
    }
}
