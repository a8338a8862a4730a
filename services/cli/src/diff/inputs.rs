//! What a run was told while it went on, as its journal has it.

use bus::Bus;
use contract::command::{Configure, Request};
use contract::journal::{Entry, Record};
use contract::spec::Stance;
use contract::status::EnvStatus;
use contract::subject::{Platform, StreamName};
use serde::Serialize;

use super::Which;
use crate::failure::Failure;
use crate::reading::Messages;

/// The commands that one world of a run has taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    taken: Vec<(u32, Request)>,
    /// Where the journal is, once its first record was read.
    place: Option<Place>,
    /// True if a record cannot be read or is missing: what stands behind it is not known.
    pub is_damaged: bool,
}

/// How far a journal was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Place {
    epoch: u32,
    ticks: u32,
}

/// Another seed, which a run was given on the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SeedChange {
    /// The first round that is drawn from it.
    pub round: u32,
    /// It.
    pub seed: u64,
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
pub async fn read(bus: &Bus, run: &EnvStatus, platform: Platform) -> Result<Inputs, Failure> {
    let subject = bus.prefix().inputs(&run.run_id, platform);
    let mut messages = Messages::on(bus, &run.run_id, StreamName::Inputs, &subject).await?;
    let mut inputs = Inputs::default();
    while let Some(stored) = messages.next().await? {
        inputs.take(&stored.body);
        if inputs.is_damaged {
            break;
        }
    }
    // A tick is journalled before it is played.
    let played = run.platform(platform).map_or(0, |world| world.ticks);
    inputs.is_damaged |= inputs.place.unwrap_or_default().ticks < played;
    Ok(inputs)
}

impl Inputs {
    /// Takes the next record of the journal.
    pub fn take(&mut self, body: &[u8]) {
        let record = serde_json::from_slice::<Entry>(body).map(|entry| entry.record);
        match (record, &mut self.place) {
            // A stream that lost its end is read from the beginning again.
            (Ok(Record::Genesis(_)), place) => {
                *place = Some(Place::default());
                self.taken.clear();
            }
            (Ok(Record::Claim(claim)), Some(place)) if claim.epoch == place.epoch + 1 => {
                place.epoch = claim.epoch;
            }
            (Ok(Record::Tick(tick)), Some(place))
                if (tick.tick, tick.epoch) == (place.ticks, place.epoch) =>
            {
                place.ticks += 1;
                let commands = tick.commands.into_iter();
                self.taken.extend(commands.map(|taken| (tick.tick, taken.command.request)));
            }
            (Ok(Record::Claim(_) | Record::Tick(_)) | Err(_), _) | (Ok(_), None) => {
                self.is_damaged = true;
            }
            (
                Ok(
                    Record::Decisions(_)
                    | Record::Hold(_)
                    | Record::Go(_)
                    | Record::End(_)
                    | Record::Close(_),
                ),
                Some(_),
            ) => {}
        }
    }

    /// The stances that agents were given: tick, agent, stance; ascending by tick.
    pub fn stances(&self) -> impl Iterator<Item = (u32, u32, Stance)> {
        self.changes().flat_map(|(tick, change)| {
            let agents = change.agents.iter();
            agents.filter_map(move |agent| Some((tick, agent.agent_id, agent.stance?)))
        })
    }

    /// The seeds that it was given, ascending by round.
    pub fn seeds(&self) -> Vec<SeedChange> {
        // What enters a round has its effect from the next one on.
        let given = self.changes().filter_map(|(tick, change)| {
            Some(SeedChange { round: tick.saturating_add(1), seed: change.seed? })
        });
        given.collect()
    }

    fn changes(&self) -> impl Iterator<Item = (u32, &Configure)> {
        self.taken.iter().filter_map(|(tick, request)| Some((*tick, request.change()?)))
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
    use contract::id::Digest;
    use contract::journal::{Claim, Genesis, Taken, Tick};
    use contract::options::RunOptions;
    use contract::timestamp::Timestamp;

    const AT: Timestamp = Timestamp::EPOCH;

    fn bytes(record: Record) -> Vec<u8> {
        Entry::new(record).to_bytes()
    }

    fn genesis() -> Vec<u8> {
        let platforms = vec![Platform::Twitter];
        bytes(Record::Genesis(Box::new(Genesis {
            run_id: "market-1".parse().unwrap(),
            platform: Platform::Twitter,
            spec_digest: Digest::ZERO,
            options: RunOptions {
                platforms,
                rounds: 3,
                seed: 1,
                pace_milli: 0,
                sources: vec![],
                budget: None,
                llm: None,
            },
            rules: 1,
            start_time: AT,
            part_size: 1000,
            memory: vec![],
            parent: None,
            created_at: AT,
        })))
    }

    fn claim(epoch: u32) -> Vec<u8> {
        let text = |text: &str| text.to_owned();
        let (node, worker, why) = (text("n"), text("w"), text("start"));
        bytes(Record::Claim(Claim { epoch, node, worker, why, at: AT }))
    }

    fn tick(tick: u32, commands: &[&str]) -> Vec<u8> {
        let taken = |body: &&str| {
            let body =
                format!(r#"{{"v":1,"command_id":"x",{body},"issued_at":"2026-03-01T10:00:00Z"}}"#);
            Taken { sequence: 1, command: Command::from_json(body.as_bytes()).unwrap() }
        };
        let commands = commands.iter().map(taken).collect();
        let (commands_through, heard) = (1, vec![]);
        bytes(Record::Tick(Tick {
            tick,
            epoch: 1,
            at: AT,
            commands,
            commands_through,
            heard,
            undecided: vec![],
        }))
    }

    const TURNS: &str =
        r#""verb":"configure","args":{"agents":[{"agent_id":2,"stance":"opposing"}]}"#;
    const SAYS: &str = r#""verb":"inject","args":{"posts":[{"agent_id":0,"content":"Now"}]}"#;
    const FORKS: &str = r#""verb":"fork","args":{"at_round":1,"configure":{"seed":8,
        "agents":[{"agent_id":3,"stance":"neutral"}]}}"#;

    /// A journal with these commands in its ticks.
    fn inputs(ticks: &[&[&str]]) -> Inputs {
        let mut inputs = Inputs::default();
        [genesis(), claim(1)].iter().for_each(|record| inputs.take(record));
        (0..).zip(ticks).for_each(|(number, commands)| inputs.take(&tick(number, commands)));
        assert!(!inputs.is_damaged);
        inputs
    }

    #[test]
    fn commands_of_one_run_only_are_found_up_to_where_both_are() {
        let a = inputs(&[&[], &[SAYS], &[], &[TURNS]]);
        let b = inputs(&[&[], &[SAYS, SAYS], &[TURNS]]);
        let found = |ticks| {
            let only = Inputs::one_sided(&a, &b, ticks);
            only.iter().map(|it| (it.run, it.tick, it.verb)).collect::<Vec<_>>()
        };
        let expected = [(Which::B, 1, "inject"), (Which::B, 2, "configure")];
        assert_eq!(found(3), expected);
        assert_eq!(found(4), [expected[0], expected[1], (Which::A, 3, "configure")]);
        assert_eq!(Inputs::one_sided(&a, &a, 4), []);
        assert_eq!(b.stances().collect::<Vec<_>>(), [(2, 2, Stance::Opposing)]);
    }

    #[test]
    fn what_a_fork_has_changed_counts_as_what_was_configured() {
        let fork = inputs(&[&[], &[], &[FORKS]]);
        assert_eq!(fork.stances().collect::<Vec<_>>(), [(2, 3, Stance::Neutral)]);
        assert_eq!(fork.seeds(), [SeedChange { round: 3, seed: 8 }]);
        let only = Inputs::one_sided(&inputs(&[&[]]), &fork, 3);
        let args = serde_json::to_value(&only[0].args).unwrap();
        assert_eq!((only[0].verb, &args["configure"]["seed"]), ("fork", &8.into()));
    }

    #[test]
    fn a_record_that_cannot_be_read_or_is_missing_is_noticed() {
        let whole = [genesis(), claim(1), tick(0, &[]), tick(1, &[]), claim(2)];
        let is_damaged = |records: &[Vec<u8>]| {
            let mut inputs = Inputs::default();
            records.iter().for_each(|record| inputs.take(record));
            inputs.is_damaged
        };
        assert!(!is_damaged(&whole));
        for missing in 0..3 {
            let mut records = whole.to_vec();
            records.remove(missing);
            assert!(is_damaged(&records), "without record {missing}");
        }
        assert!(is_damaged(&[genesis(), b"{}".to_vec()]));
    }

    #[test]
    fn a_second_reading_counts_once() {
        let mut again = inputs(&[&[SAYS], &[]]);
        let records = [genesis(), claim(1), tick(0, &[SAYS]), tick(1, &[])];
        records.iter().for_each(|record| again.take(record));
        assert_eq!((again.taken.len(), again.is_damaged), (1, false));
    }
}
