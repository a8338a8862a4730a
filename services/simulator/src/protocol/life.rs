//! The life of a world: which record may follow which, and what a command does when.
//!
//! Pure, and the only place that decides either. `docs/verbs.md` shows the second as a table.

use contract::command::Verb;
use contract::frame::Outcome;
use contract::journal::Record;
use contract::status::RunStatus;

/// Where a world is in its life, as its journal says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Life {
    /// It has not begun.
    #[default]
    Waiting,
    /// It plays its rounds.
    Playing,
    /// Rounds are left, and wait for a `go`.
    Held,
    /// All rounds are played.
    Completed,
    /// All rounds are played, and its environment is closed.
    Closed,
    /// Somebody stopped it.
    Stopped,
    /// It could not go on.
    Failed,
}

/// What a command does to a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Its first tick is played.
    Begin,
    /// It is journalled with the next tick; where none is due, once one is.
    Queue,
    /// A `hold` is journalled.
    Hold,
    /// A `go` is journalled.
    Go,
    /// An `end` is journalled.
    End,
    /// A `close` is journalled.
    Close,
    /// Nothing: it is as the command wants it.
    Already,
    /// The question is answered.
    Answer,
    /// Nothing: it is not the owner's to answer.
    Leave,
    /// The worker lets the run go, so that somebody else can do it.
    LetGo,
    /// Nothing; the words say why, and what to do.
    Refuse(&'static str),
}

/// Why a run that has not begun cannot be asked or paused.
pub const NOT_BEGUN: &str = "the run has not begun: try again once its first round is played";
const NOT_OVER: &str = "rounds are left: wait for their end, or stop the run";

impl Life {
    /// Where it is after `record`.
    ///
    /// # Errors
    /// Why the record cannot stand here, in words.
    pub fn after(self, record: &Record) -> Result<Life, String> {
        match (record, self) {
            (Record::Genesis(_) | Record::Claim(_), life) => Ok(life),
            (Record::Decisions(_), Life::Waiting) => {
                Err("decisions before it has begun".to_owned())
            }
            // Also where it has been held or stopped since they were asked for: they are paid.
            (Record::Decisions(_), life) => Ok(life),
            (Record::Tick(_), Life::Waiting | Life::Playing) => Ok(Life::Playing),
            (Record::Tick(tick), Life::Held) => Err(format!("tick {} during a hold", tick.tick)),
            (Record::Tick(tick), _) => Err(format!("tick {} after the end", tick.tick)),
            (Record::Hold(_), Life::Playing) => Ok(Life::Held),
            // Somebody wants it to stay held who was not the reason of the first.
            (Record::Hold(hold), Life::Held) if hold.command.is_some() => Ok(Life::Held),
            (Record::Hold(_), Life::Held) => Err("hold during a hold".to_owned()),
            (Record::Hold(_), Life::Waiting) => Err("hold before it has begun".to_owned()),
            (Record::Hold(_), _) => Err("hold after the end".to_owned()),
            (Record::Go(_), Life::Held | Life::Stopped | Life::Failed) => Ok(Life::Playing),
            (Record::Go(_), _) => Err("go where it is neither held nor ended early".to_owned()),
            (Record::End(end), Life::Waiting | Life::Playing | Life::Held) => {
                Ok(Life::ended(end.outcome))
            }
            (Record::End(_), _) => Err("it had ended before".to_owned()),
            (Record::Close(_), Life::Completed) => Ok(Life::Closed),
            (Record::Close(_), _) => Err("close where its rounds are not over".to_owned()),
        }
    }

    /// Where it is after an end with this outcome.
    pub fn ended(outcome: Outcome) -> Life {
        match outcome {
            Outcome::Completed => Life::Completed,
            Outcome::Stopped => Life::Stopped,
            Outcome::Failed => Life::Failed,
        }
    }

    /// True while it may play more rounds without being resumed from its end.
    pub fn is_live(self) -> bool {
        self.status().is_live()
    }

    /// The word for it in env-status, from the moment in which a worker has the run.
    pub fn status(self) -> RunStatus {
        match self {
            Life::Waiting => RunStatus::Starting,
            Life::Playing => RunStatus::Running,
            Life::Held => RunStatus::Paused,
            Life::Completed => RunStatus::Completed,
            Life::Closed => RunStatus::Closed,
            Life::Stopped => RunStatus::Stopped,
            Life::Failed => RunStatus::Failed,
        }
    }
}

/// What a command with this verb does to a world in this state.
pub fn decide(life: Life, verb: Verb) -> Effect {
    match verb {
        Verb::Start => start(life),
        Verb::Stop => match life {
            Life::Waiting | Life::Playing | Life::Held => Effect::End,
            Life::Completed | Life::Closed | Life::Stopped | Life::Failed => Effect::Already,
        },
        Verb::Pause => pause(life),
        Verb::Resume => resume(life),
        Verb::CloseEnv => close(life),
        Verb::Inject | Verb::Configure => queue(life),
        Verb::Delete => match life {
            Life::Waiting | Life::Playing | Life::Held => Effect::Leave,
            Life::Completed | Life::Closed | Life::Stopped | Life::Failed => Effect::LetGo,
        },
        Verb::Repair => match life {
            Life::Waiting | Life::Playing => Effect::Leave,
            Life::Held | Life::Completed | Life::Closed | Life::Stopped | Life::Failed => {
                Effect::LetGo
            }
        },
        Verb::Verify | Verb::Replay | Verb::Fork | Verb::MemoryAttach | Verb::MemoryRedrive => {
            Effect::Leave
        }
        Verb::Interview | Verb::BatchInterview => match life {
            Life::Waiting => Effect::Refuse(NOT_BEGUN),
            _ => Effect::Answer,
        },
        Verb::Cancel => Effect::Answer,
    }
}

/// True for a command that may turn a world's life: of two, the later one holds.
pub fn turns(verb: Verb) -> bool {
    match verb {
        Verb::Stop | Verb::Pause | Verb::Resume | Verb::CloseEnv => true,
        Verb::Start
        | Verb::Inject
        | Verb::Configure
        | Verb::Delete
        | Verb::Verify
        | Verb::Replay
        | Verb::Repair
        | Verb::Fork
        | Verb::MemoryAttach
        | Verb::MemoryRedrive
        | Verb::Interview
        | Verb::BatchInterview
        | Verb::Cancel => false,
    }
}

fn start(life: Life) -> Effect {
    match life {
        Life::Waiting => Effect::Begin,
        Life::Playing | Life::Held => Effect::Already,
        Life::Completed => Effect::Refuse("the run has ended (completed): start a new one"),
        Life::Closed => Effect::Refuse("the run has ended (closed): start a new one"),
        Life::Stopped => {
            Effect::Refuse("the run has ended (stopped): resume it, or start a new one")
        }
        Life::Failed => Effect::Refuse("the run has ended (failed): resume it, or start a new one"),
    }
}

fn pause(life: Life) -> Effect {
    match life {
        Life::Waiting => Effect::Refuse(NOT_BEGUN),
        Life::Playing => Effect::Hold,
        Life::Held => Effect::Already,
        Life::Completed => Effect::Refuse("all rounds are played: there is nothing to pause"),
        Life::Closed => Effect::Refuse("the run is closed: there is nothing to pause"),
        Life::Stopped => Effect::Refuse("the run is stopped already: resume it to go on"),
        Life::Failed => Effect::Refuse("the run has failed: resume it to go on"),
    }
}

fn resume(life: Life) -> Effect {
    match life {
        Life::Waiting => Effect::Refuse("the run has not begun: it begins by itself once started"),
        Life::Playing => Effect::Already,
        Life::Held | Life::Stopped | Life::Failed => Effect::Go,
        Life::Completed => Effect::Refuse("all rounds are played: start a new run for more"),
        Life::Closed => Effect::Refuse("the run is closed: start a new one"),
    }
}

fn close(life: Life) -> Effect {
    match life {
        Life::Waiting | Life::Playing | Life::Held => Effect::Refuse(NOT_OVER),
        Life::Completed => Effect::Close,
        Life::Closed => Effect::Already,
        Life::Stopped => Effect::Refuse(
            "the run is stopped: its environment is not open; resume it to play the rounds left",
        ),
        Life::Failed => Effect::Refuse("the run has failed: its environment is not open"),
    }
}

fn queue(life: Life) -> Effect {
    match life {
        Life::Waiting | Life::Playing | Life::Held => Effect::Queue,
        Life::Completed => {
            Effect::Refuse("all rounds are played: nothing can take effect any more")
        }
        Life::Closed => Effect::Refuse("the run is closed: nothing can take effect any more"),
        Life::Stopped => Effect::Refuse("the run is stopped: resume it first"),
        Life::Failed => Effect::Refuse("the run has failed: resume it first"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::command::Executor;
    use std::collections::BTreeMap;

    const LIVES: [Life; 7] = [
        Life::Waiting,
        Life::Playing,
        Life::Held,
        Life::Completed,
        Life::Closed,
        Life::Stopped,
        Life::Failed,
    ];

    /// The word in the table for what a command does.
    fn cell(life: Life, verb: Verb) -> &'static str {
        match (decide(life, verb), life) {
            (Effect::Begin, _) => "begins",
            (Effect::Queue, Life::Waiting) => "in the first round",
            (Effect::Queue, Life::Held) => "waits for `resume`",
            (Effect::Queue, _) => "in the next round",
            (Effect::Hold, _) => "pauses",
            (Effect::Go, _) => "goes on",
            (Effect::End, _) => "stops",
            (Effect::Close, _) => "closes",
            (Effect::Already, _) => "nothing to do",
            (Effect::Answer, _) => "answered",
            (Effect::Leave, Life::Waiting) if verb.executor() == Executor::Node => "refused",
            (Effect::Leave, _) => beside(verb).unwrap_or("refused"),
            (Effect::LetGo, _) if verb == Verb::Repair => "repaired",
            (Effect::LetGo, _) => "removed",
            (Effect::Refuse(_), _) => "refused",
        }
    }

    /// The word for what a node or the memory-sink does beside the run, also while rounds are played.
    fn beside(verb: Verb) -> Option<&'static str> {
        match verb {
            Verb::Verify => Some("checked"),
            Verb::Replay => Some("replayed"),
            Verb::Fork => Some("forked"),
            Verb::MemoryAttach => Some("attached"),
            Verb::MemoryRedrive => Some("redriven"),
            _ => None,
        }
    }

    /// The first table of the page: verb, then state, to cell.
    fn page() -> BTreeMap<(String, String), String> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/verbs.md");
        let text = std::fs::read_to_string(path).unwrap();
        let cells = |line: &str| -> Vec<String> {
            let cells = line.trim_matches('|').split('|');
            cells.map(|cell| cell.trim().to_owned()).collect()
        };
        let mut rows = text
            .lines()
            .skip_while(|line| !line.starts_with('|'))
            .take_while(|line| line.starts_with('|'));
        let states = cells(rows.next().unwrap());
        let mut page = BTreeMap::new();
        for row in rows.skip(1) {
            let row = cells(row);
            assert_eq!(row.len(), states.len(), "{row:?}");
            let verb = row[0].trim_matches('`').to_owned();
            for (state, cell) in states.iter().zip(row).skip(1) {
                page.insert((verb.clone(), state.trim_matches('`').to_owned()), cell);
            }
        }
        page
    }

    #[test]
    fn the_page_says_what_each_verb_does_in_each_state() {
        let page = page();
        let mut known = 0;
        for verb in Verb::ALL {
            let at = |state: &str| page.get(&(verb.to_string(), state.to_owned()));
            for life in LIVES {
                let state = match life {
                    Life::Waiting => "queued",
                    other => other.status().as_str(),
                };
                let written = at(state).map(String::as_str);
                assert_eq!(written, Some(cell(life, verb)), "{verb} on {state}");
                known += 1;
            }
            assert_eq!(at("deleted").map(String::as_str), Some("no such run"), "{verb}");
            known += 1;
        }
        assert_eq!(page.len(), known, "the page speaks of more than there is");
    }

    #[test]
    fn a_command_that_acts_makes_a_record_that_may_stand_there() {
        use contract::journal::{Close, End, Go, Hold, Taken};
        let at = contract::timestamp::Timestamp::EPOCH;
        let command = contract::command::Command {
            command_id: "c".parse().unwrap(),
            request: contract::command::Request::CloseEnv,
            issued_at: at,
            expires_at: None,
        };
        let close = Close { epoch: 1, command: Taken { sequence: 1, command }, at };
        let (hold, go) = (
            Hold { epoch: 1, reason: None, command: None, spent: None, at },
            Go { epoch: 1, command: None, at },
        );
        let end = End { epoch: 1, outcome: Outcome::Stopped, reason: None, command: None, at };
        let records = [
            (Effect::Hold, Record::Hold(hold), Life::Held),
            (Effect::Go, Record::Go(go), Life::Playing),
            (Effect::End, Record::End(end), Life::Stopped),
            (Effect::Close, Record::Close(close), Life::Closed),
        ];
        for life in LIVES {
            for verb in Verb::ALL {
                let effect = decide(life, verb);
                for (_, record, next) in records.iter().filter(|(of, ..)| *of == effect) {
                    assert_eq!(life.after(record).as_ref(), Ok(next), "{verb} on {life:?}");
                }
            }
            for (effect, record, _) in &records {
                let wanted = Verb::ALL.into_iter().any(|verb| decide(life, verb) == *effect);
                assert_eq!(life.after(record).is_ok(), wanted, "{effect:?} on {life:?}");
            }
        }
    }

    #[test]
    fn refusals_say_why_and_nothing_ends_in_a_full_stop() {
        for (life, verb) in LIVES.into_iter().flat_map(|l| Verb::ALL.map(|verb| (l, verb))) {
            if let Effect::Refuse(why) = decide(life, verb) {
                assert!(why.contains(':') && !why.ends_with('.'), "{verb} on {life:?}: {why}");
            }
        }
    }
}
