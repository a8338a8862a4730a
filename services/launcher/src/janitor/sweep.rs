//! Everything of a run but its tombstone and the command that deletes it.
//!
//! Specs stay: a run of the same spec may be created at this very moment, and no write to one
//! stream can be made to depend on another.

use std::collections::BTreeMap;

use bus::{Bus, Lease};
use contract::command::Verb;
use contract::id::RunId;
use contract::reply::{ErrorCode, Reply};
use contract::subject::{CommandAddress, Prefix, StreamName};

use super::{Broken, Case};
use crate::create::now;

/// Removes the snapshots of a run, which are a cache, and says how many messages they were.
pub(super) async fn cache(bus: &Bus, run: &RunId) -> Result<u64, Broken> {
    let subject = format!("{}.{}.{run}.*", bus.prefix().as_str(), StreamName::Snapshots.token());
    Ok(bus.purge(StreamName::Snapshots, &subject, None).await?)
}

/// Removes what is left of the run of `case`, and says how many messages it was; `None` if the
/// command has its reply by now: another launcher was handed it too, and was quicker.
///
/// What waits for an answer gets one before it goes.
pub(super) async fn sweep(
    bus: &Bus,
    case: &Case,
    lease: &mut Lease,
) -> Result<Option<u64>, Broken> {
    let (prefix, run) = (bus.prefix(), &case.address.run);
    let replies = prefix.replies_of(run);
    // Replies up to this one go. It is looked for before our own, so that if another launcher
    // stores that from now on, it is not among them.
    let last = bus.last(StreamName::Replies, &replies).await?;
    if bus.last(StreamName::Replies, &case.reply).await?.is_some() {
        return Ok(None);
    }
    let ends = answer_pending(bus, run).await?;
    let mut removed = 0;
    for (stream, subject) in subjects(prefix, run) {
        if !bus.renew_lease(lease).await? {
            return Err(Broken::Overtaken);
        }
        removed += bus.purge(stream, &subject, ends.get(&stream).copied()).await?;
    }
    let parts = prefix.reply_parts_of(run);
    removed += bus.purge(StreamName::Replies, &parts, None).await?;
    if let Some(last) = last {
        removed += bus.purge(StreamName::Replies, &replies, Some(last.sequence + 1)).await?;
    }
    // Again, since the worker's last lines come after it has let the run go.
    removed += cache(bus, run).await?;
    removed += bus.purge(StreamName::Logs, &prefix.logs(run), None).await?;
    Ok(Some(removed))
}

/// Where the messages of a run are, apart from its snapshots, its replies, its state, and the
/// commands to delete it, each of which goes with its own reply.
fn subjects(prefix: &Prefix, run: &RunId) -> Vec<(StreamName, String)> {
    let under = |stream: StreamName| format!("{}.{}.{run}.>", prefix.as_str(), stream.token());
    let mut subjects = vec![
        (StreamName::Questions, under(StreamName::Questions)),
        (StreamName::Inputs, under(StreamName::Inputs)),
        (StreamName::Actions, under(StreamName::Actions)),
        (StreamName::Logs, prefix.logs(run)),
        (StreamName::DeadLetters, prefix.dead_letters("*", Some(run))),
    ];
    let others = Verb::ALL.into_iter().filter(|verb| *verb != Verb::Delete);
    let commands = others.filter(|verb| verb.stream() == StreamName::Commands);
    subjects.extend(commands.map(|verb| {
        let commands = StreamName::Commands;
        let subject = format!("{}.{}.{run}.{verb}.>", prefix.as_str(), commands.token());
        (commands, subject)
    }));
    subjects
}

/// Answers what the run was asked and nobody has answered, and says by stream where that ends.
/// What comes behind it meets the tombstone, and is answered by a node.
async fn answer_pending(bus: &Bus, run: &RunId) -> Result<BTreeMap<StreamName, u64>, Broken> {
    let prefix = bus.prefix();
    let (mut asked, mut ends) = (BTreeMap::new(), BTreeMap::new());
    for stream in [StreamName::Commands, StreamName::Questions] {
        let all = prefix.commands_of(stream, run);
        let last = bus.last(stream, &all).await?;
        ends.insert(stream, last.map_or(0, |last| last.sequence) + 1);
        asked.extend(bus.subjects(stream, &all).await?);
    }
    let replies = bus.subjects(StreamName::Replies, &prefix.replies_of(run)).await?;
    for CommandAddress { verb, client, command_id, .. } in pending(prefix, &asked, &replies) {
        let subject = prefix.reply(&client, run, &command_id);
        let (verb, code) = (verb.as_str(), ErrorCode::UnknownRun);
        let text = format!("run {run} was deleted");
        let reply = Reply::failed(command_id, run.clone(), verb, code, text, now());
        bus.append_first(StreamName::Replies, &subject, reply.to_bytes()).await?;
    }
    Ok(ends)
}

/// The commands among `asked` that have no reply among `replies`. Those that delete are each
/// answered for themselves.
fn pending(
    prefix: &Prefix,
    asked: &BTreeMap<String, u64>,
    replies: &BTreeMap<String, u64>,
) -> Vec<CommandAddress> {
    let addresses = asked.keys().filter_map(|subject| prefix.parse_command(subject).ok());
    let open = addresses.filter(|address| {
        let reply = prefix.reply(&address.client, &address.run, &address.command_id);
        address.verb != Verb::Delete && !replies.contains_key(&reply)
    });
    open.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_reply_is_pending_but_for_other_deletes() {
        let counts = |subjects: &[&str]| -> BTreeMap<String, u64> {
            subjects.iter().map(|subject| ((*subject).to_owned(), 1)).collect()
        };
        let asked = counts(&[
            "sim.commands.a-1.delete.cli.d1",
            "sim.commands.a-1.explode.cli.e1",
            "sim.commands.a-1.start.launcher.a-1",
            "sim.commands.a-1.stop.cli.s1",
            "sim.questions.a-1.interview.cli.q1",
            "sim.questions.a-1.interview.web.q1",
        ]);
        let replies = counts(&["sim.replies.launcher.a-1.a-1", "sim.replies.cli.a-1.q1"]);
        let open = pending(&Prefix::default(), &asked, &replies);
        let open: Vec<String> = open.iter().map(|one| Prefix::default().command(one)).collect();
        assert_eq!(open, ["sim.commands.a-1.stop.cli.s1", "sim.questions.a-1.interview.web.q1"]);
    }

    #[test]
    fn the_command_that_deletes_stays_to_the_end() {
        let run = "a-1".parse().unwrap();
        for (_, subject) in subjects(&Prefix::default(), &run) {
            assert!(!subject.contains(".delete.") && subject.contains(".a-1"), "{subject}");
        }
    }
}
