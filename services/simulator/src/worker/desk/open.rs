//! Where a desk begins: behind what has been answered, without reading it.
//!
//! A run may have been asked a hundred thousand times. Which of that has its reply, the subjects
//! alone tell.

use std::collections::{BTreeMap, BTreeSet};

use bus::{Bus, Cursor, ReadError, Start};
use contract::id::RunId;
use contract::subject::{Prefix, StreamName};

use super::super::patiently;

/// With more open commands than this, all of a stream is read rather than each looked for.
const LOOKED_FOR: usize = 64;

/// Where a desk begins.
pub(super) struct Opened {
    /// The subjects of the replies that are stored.
    pub(super) answered: BTreeSet<String>,
    /// The commands, from the first open one on.
    pub(super) commands: Cursor,
    /// The questions, from the first open one on.
    pub(super) questions: Cursor,
}

/// Finds what is answered and begins with what is not.
pub(super) async fn open(bus: &Bus, run: &RunId) -> Opened {
    let filter = bus.prefix().replies_of(run);
    let replies = patiently(|| bus.subjects(StreamName::Replies, &filter)).await;
    let answered: BTreeSet<String> = replies.into_keys().collect();
    let commands = follow(bus, run, StreamName::Commands, &answered).await;
    let questions = follow(bus, run, StreamName::Questions, &answered).await;
    Opened { answered, commands, questions }
}

async fn follow(bus: &Bus, run: &RunId, stream: StreamName, answered: &BTreeSet<String>) -> Cursor {
    let filter = bus.prefix().commands_of(stream, run);
    let start = patiently(|| async {
        match start(bus, stream, &filter, answered).await {
            // Who may follow a stream but not look at it reads it all.
            Err(ReadError::Denied(_)) => Ok(Start::First),
            start => start,
        }
    });
    let start = start.await;
    patiently(|| bus.follow(stream, &filter, start)).await
}

/// Where the first command is that has no reply; what comes later than this look is behind it.
async fn start(
    bus: &Bus,
    stream: StreamName,
    filter: &str,
    answered: &BTreeSet<String>,
) -> Result<Start, ReadError> {
    let end = bus.last(stream, filter).await?.map_or(0, |last| last.sequence) + 1;
    let asked = bus.subjects(stream, filter).await?;
    let open = open_among(bus.prefix(), &asked, answered);
    if open.len() > LOOKED_FOR {
        return Ok(Start::First);
    }
    let mut first = end;
    for subject in open {
        let stored = bus.last(stream, subject).await?;
        first = stored.map_or(first, |stored| stored.sequence.min(first));
    }
    Ok(Start::From(first))
}

/// The commands among `asked` that have no reply. What is no command never gets one.
fn open_among<'a>(
    prefix: &Prefix,
    asked: &'a BTreeMap<String, u64>,
    answered: &BTreeSet<String>,
) -> Vec<&'a str> {
    let is_open = |subject: &&str| {
        let reply = prefix
            .parse_command(subject)
            .ok()
            .map(|address| prefix.reply(&address.client, &address.run, &address.command_id));
        reply.is_some_and(|reply| !answered.contains(&reply))
    };
    asked.keys().map(String::as_str).filter(is_open).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_reply_is_open() {
        let asked = [
            "sim.commands.a-1.explode.cli.e1",
            "sim.commands.a-1.pause.cli.p1",
            "sim.commands.a-1.pause.web.p1",
            "sim.commands.a-1.start.launcher.a-1",
        ];
        let asked = asked.map(|subject| (subject.to_owned(), 1)).into();
        let answered = ["sim.replies.launcher.a-1.a-1", "sim.replies.cli.a-1.p1"];
        let answered = answered.map(str::to_owned).into();
        let open = open_among(&Prefix::default(), &asked, &answered);
        assert_eq!(open, ["sim.commands.a-1.pause.web.p1"]);
    }
}
