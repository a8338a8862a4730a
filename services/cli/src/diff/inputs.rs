//! What a run was told while it went on, as its journal has it.

use bus::Bus;
use contract::command::Request;
use contract::id::RunId;
use contract::journal::{Entry, Record};
use contract::spec::Stance;
use contract::subject::{Platform, StreamName};
use serde::Serialize;

use super::Which;
use crate::failure::Failure;
use crate::reading::Messages;

/// The commands that one world of a run has taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    taken: Vec<(u32, Request)>,
    /// True if a record cannot be read: what stands behind it is not known.
    pub is_damaged: bool,
}

/// A command that only one of two runs has taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OneSided {
    /// Which run.
    pub run: Which,
    /// The tick, and round, in which it took effect.
    pub tick: u32,
    /// The verb.
    pub verb: &'static str,
    /// Its arguments.
    pub args: Request,
}

/// The commands that one world of a run has taken so far.
///
/// # Errors
/// If the bus cannot be read. A record that cannot be read is none: the frames are what counts.
pub async fn read(bus: &Bus, run: &RunId, platform: Platform) -> Result<Inputs, Failure> {
    let subject = bus.prefix().inputs(run, platform);
    let mut messages = Messages::on(bus, run, StreamName::Inputs, &subject).await?;
    let mut inputs = Inputs::default();
    while let Some(stored) = messages.next().await? {
        inputs.take(&stored.body);
        if inputs.is_damaged {
            break;
        }
    }
    Ok(inputs)
}

impl Inputs {
    /// Takes the next record of the journal.
    pub fn take(&mut self, body: &[u8]) {
        match serde_json::from_slice::<Entry>(body).map(|entry| entry.record) {
            Ok(Record::Tick(tick)) => {
                // A stream that lost its end is read from the beginning again.
                self.taken.retain(|(earlier, _)| *earlier < tick.tick);
                let commands = tick.commands.into_iter();
                self.taken.extend(commands.map(|taken| (tick.tick, taken.command.request)));
            }
            Ok(_) => {}
            Err(_) => self.is_damaged = true,
        }
    }

    /// The stances that agents were given: tick, agent, stance; ascending by tick.
    pub fn stances(&self) -> impl Iterator<Item = (u32, u32, Stance)> {
        self.taken.iter().flat_map(|(tick, request)| {
            let agents = match request {
                Request::Configure(change) => &change.agents[..],
                _ => &[],
            };
            agents.iter().filter_map(|agent| Some((*tick, agent.agent_id, agent.stance?)))
        })
    }

    /// The commands that only one of two runs took in the first `ticks` ticks, ascending.
    pub fn one_sided(a: &Inputs, b: &Inputs, ticks: u32) -> Vec<OneSided> {
        let of = |run, ours: &Inputs, theirs: &Inputs| {
            let mut theirs = theirs.taken.clone();
            let mut only = Vec::new();
            for command in ours.taken.iter().filter(|(tick, _)| *tick < ticks) {
                match theirs.iter().position(|other| other == command) {
                    Some(at) => drop(theirs.remove(at)),
                    None => {
                        let (tick, args) = command.clone();
                        only.push(OneSided { run, tick, verb: args.verb().as_str(), args });
                    }
                }
            }
            only
        };
        let mut only = [of(Which::A, a, b), of(Which::B, b, a)].concat();
        only.sort_by_key(|command| command.tick);
        only
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::command::Command;
    use contract::journal::{Taken, Tick};

    fn record(tick: u32, commands: &[&str]) -> Vec<u8> {
        let taken = |body: &&str| {
            let body =
                format!(r#"{{"v":1,"command_id":"x",{body},"issued_at":"2026-03-01T10:00:00Z"}}"#);
            Taken { sequence: 1, command: Command::from_json(body.as_bytes()).unwrap() }
        };
        let at = "2026-03-01T10:00:00Z".parse().unwrap();
        let commands = commands.iter().map(taken).collect();
        let tick = Tick { tick, epoch: 1, at, commands, commands_through: 1, heard: vec![] };
        Entry::new(Record::Tick(tick)).to_bytes()
    }

    const TURNS: &str =
        r#""verb":"configure","args":{"agents":[{"agent_id":2,"stance":"opposing"}]}"#;
    const SAYS: &str = r#""verb":"inject","args":{"posts":[{"agent_id":0,"content":"Now"}]}"#;

    fn inputs(records: &[Vec<u8>]) -> Inputs {
        let mut inputs = Inputs::default();
        records.iter().for_each(|record| inputs.take(record));
        inputs
    }

    #[test]
    fn commands_of_one_run_only_are_found_up_to_where_both_are() {
        let a = inputs(&[record(0, &[]), record(3, &[SAYS]), record(9, &[TURNS])]);
        let b = inputs(&[record(3, &[SAYS, SAYS]), record(4, &[TURNS])]);
        let found = |ticks| {
            let only = Inputs::one_sided(&a, &b, ticks);
            only.iter().map(|it| (it.run, it.tick, it.verb)).collect::<Vec<_>>()
        };
        let expected = [(Which::B, 3, "inject"), (Which::B, 4, "configure")];
        assert_eq!(found(9), expected);
        assert_eq!(found(10), [expected[0], expected[1], (Which::A, 9, "configure")]);
        assert_eq!(Inputs::one_sided(&a, &a, 10), []);
        assert_eq!(b.stances().collect::<Vec<_>>(), [(4, 2, Stance::Opposing)]);
    }

    #[test]
    fn what_is_no_record_is_noticed_and_a_second_reading_counts_once() {
        assert!(inputs(&[record(0, &[]), b"{}".to_vec()]).is_damaged);
        let again = [record(1, &[SAYS]), record(2, &[]), record(1, &[SAYS]), record(2, &[])];
        let again = inputs(&again);
        assert_eq!((again.taken.len(), again.is_damaged), (1, false));
    }
}
