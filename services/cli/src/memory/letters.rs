//! `memory dead`, `memory redrive` and `memory attach`: what a memory refused, and which have what.

use clap::Args;
use contract::MAX_SAFE_INTEGER;
use contract::command::{MemoryAttach, MemoryRedrive, Request, Verb};
use contract::id::{NAME_RULE, RunId, is_name};
use contract::letters::{LetterOutcome, MAX_LETTERS, Redriven, RedrivenLetter};
use contract::memory::{Episode, MAX_GRAPH_ID_BYTES, is_graph_id};
use contract::notice::DeadLetter;
use contract::reply::ReplyResult;
use contract::subject::StreamName;
use contract::timestamp::Timestamp;
use serde::Serialize;

use crate::args::Target;
use crate::ask::{Patience, ask, odd, result};
use crate::client::Client;
use crate::failure::Failure;
use crate::output::{Output, Paint, counted, one_line};
use crate::status::find_run;
use crate::wrap::wrap;

pub(crate) const DEAD_ABOUT: &str = "\
List what memories refused for good, newest first: the memory-sink's dead letters. Each has a \
sequence of its own, the run and memory that it is of, the batch or action, why it was refused, and \
the beginning of what it says.

A letter stands in nobody's way: what came after it was delivered. Once the reason is mended, hand \
it to its memory again with `shoal memory redrive`. It stays on record then; how many actions are \
still missing, `shoal memory status` says.

With --json: a list of {\"sequence\", \"run_id\", \"target\", \"id\", \"reason\", \"text\", \"at\"}.

Example:
  shoal memory dead
  shoal memory dead lantern-pier --target team";

pub(crate) const REDRIVE_ABOUT: &str = "\
Hand to a run's memories once more what they refused: all of the run's dead letters, or those of \
these sequences (`shoal memory dead` says them), at most 100. Where something is refused again, or \
its memory takes nothing now, the exit code is 1.

A memory that has an action already is not given it twice.

With --json: the reply, the shape in schemas/.

Example:
  shoal memory redrive lantern-pier-1
  shoal memory redrive lantern-pier-1 17 21 --target team";

pub(crate) const ATTACH_ABOUT: &str = "\
Let one more memory have all of a run's actions, from the first on, whether the run lives or has \
ended. TARGET is the operator's name for the memory (`shoal memory status` lists them). The run is \
not disturbed: the memory-sink reads what the bus has of it.

Unless --graph names one, a simulation's first run goes to the simulation's own graph and each \
other run to one of its own, as if the run had named the memory when it was started. Asked twice \
it changes nothing.

With --json: the reply, the shape in schemas/.

Example:
  shoal memory attach lantern-pier-1 team
  shoal memory attach lantern-pier-2 team --graph lantern-pier-what-if";

/// The service whose letters these are.
const SERVICE: &str = "memory-sink";

/// Columns that are shown of what a letter says.
const TEXT_COLUMNS: usize = 200;

/// Arguments of `memory dead`.
#[derive(Clone, Debug, Args)]
pub struct DeadArgs {
    /// A run (night-market-3), or a simulation (night-market): its newest run
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// Only what this memory refused
    #[arg(long, value_name = "TARGET", value_parser = parse_target)]
    pub target: Option<String>,
    /// Show at most this many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
    /// Only letters before this sequence; the command says which where there is more
    #[arg(long, value_name = "SEQUENCE", value_parser = sequence())]
    pub before: Option<u64>,
}

/// Arguments of `memory redrive`.
#[derive(Clone, Debug, Args)]
pub struct RedriveArgs {
    /// Which run.
    #[command(flatten)]
    pub run: Target,
    /// Only these letters: all of the run's unless given
    #[arg(value_name = "SEQUENCE", value_parser = sequence())]
    pub sequences: Vec<u64>,
    /// Only what this memory refused
    #[arg(long, value_name = "TARGET", value_parser = parse_target)]
    pub target: Option<String>,
    /// How long to wait for the answer.
    #[command(flatten)]
    pub patience: Patience,
}

/// Arguments of `memory attach`.
#[derive(Clone, Debug, Args)]
pub struct AttachArgs {
    /// Which run.
    #[command(flatten)]
    pub run: Target,
    /// The memory, by the operator's name for it
    #[arg(value_name = "TARGET", value_parser = parse_target)]
    pub target: String,
    /// The graph within it
    #[arg(long, value_name = "GRAPH", value_parser = parse_graph)]
    pub graph: Option<String>,
    /// How long to wait for the answer.
    #[command(flatten)]
    pub patience: Patience,
}

fn parse_target(text: &str) -> Result<String, String> {
    match is_name(text) {
        true => Ok(text.to_owned()),
        false => Err(format!("expected {NAME_RULE}")),
    }
}

fn sequence() -> clap::builder::RangedU64ValueParser<u64> {
    clap::value_parser!(u64).range(1..=MAX_SAFE_INTEGER)
}

fn parse_graph(text: &str) -> Result<String, String> {
    match is_graph_id(text) {
        true => Ok(text.to_owned()),
        false => Err(format!("found {} bytes, expected 1 to {MAX_GRAPH_ID_BYTES}", text.len())),
    }
}

/// A dead letter as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Row {
    sequence: u64,
    run_id: Option<RunId>,
    /// The memory, where it is one's and not all of them's.
    target: Option<String>,
    /// The batch, or what else in the message is wrong.
    id: String,
    reason: String,
    text: String,
    at: Timestamp,
}

impl Row {
    /// The run whose batch it holds; `None` of a message that is no frame: there is nothing in it
    /// that could be handed over.
    fn batch_of(&self) -> Option<&RunId> {
        self.run_id.as_ref().filter(|run| {
            let world = self.id.strip_prefix(run.as_str());
            self.target.is_some() && world.is_some_and(|world| world.starts_with('.'))
        })
    }
}

/// `shoal memory dead`.
///
/// # Errors
/// If there is no such run, or the bus cannot be read.
pub async fn dead(
    client: &Client,
    args: &DeadArgs,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let prefix = client.bus.prefix();
    let filter = match &args.run {
        Some(name) => prefix.dead_letters(SERVICE, Some(&find_run(client, name).await?.run_id)),
        None => prefix.all(StreamName::DeadLetters),
    };
    let wanted = args.target.as_deref();
    let most = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let keep = |stored: &bus::Stored| {
        row(stored.sequence, &stored.body)
            .filter(|row| wanted.is_none_or(|it| row.target.as_deref() == Some(it)))
    };
    let newest =
        client.bus.newest(StreamName::DeadLetters, &filter, args.before, most + 1, keep).await?;
    let mut rows: Vec<Row> = newest.into_iter().map(|(_, row)| row).collect();
    let is_cut = rows.len() > most;
    rows.truncate(most);
    if client.json {
        return Ok(output.print_json(&rows)?);
    }
    Ok(output.print(&render(&rows, is_cut, output.width(), output.paint()))?)
}

/// A letter of the memory-sink; `None` if it is of another service, or unreadable.
fn row(sequence: u64, body: &[u8]) -> Option<Row> {
    let letter: DeadLetter = serde_json::from_slice(body).ok()?;
    if letter.service != SERVICE {
        return None;
    }
    // The place of a problem begins with the memory, unless it is none's in particular.
    let problem = letter.problems.first()?;
    let (target, id) = match problem.place.split_once(' ') {
        Some((target, id)) if is_name(target) => (Some(target.to_owned()), id),
        _ => (None, problem.place.as_str()),
    };
    let (id, reason) = (id.to_owned(), problem.found.clone());
    let text = beginning(&letter.body);
    Some(Row { sequence, run_id: letter.run_id, target, id, reason, text, at: letter.at })
}

/// What a letter says: the first of its episodes, or the message itself where it is none.
fn beginning(body: &str) -> String {
    let episodes = serde_json::from_str::<Vec<Episode>>(body).unwrap_or_default();
    match &episodes[..] {
        [] => one_line(body, TEXT_COLUMNS),
        [only] => one_line(&only.text, TEXT_COLUMNS),
        [first, others @ ..] => {
            let others = u64::try_from(others.len()).unwrap_or(u64::MAX);
            format!("{} (and {} more)", one_line(&first.text, TEXT_COLUMNS), others)
        }
    }
}

fn render(rows: &[Row], is_cut: bool, width: usize, paint: Paint) -> String {
    let Some(last) = rows.last() else {
        return "no dead letters: no memory has refused anything".to_owned();
    };
    let mut lines = Vec::new();
    for row in rows {
        let run = row.run_id.as_ref().map_or("-", |run| run.as_str());
        let target = row.target.as_deref().map_or("-".to_owned(), |target| one_line(target, 40));
        let head = format!("{}  {run}  {target}  {}", row.sequence, one_line(&row.id, 100));
        lines.push(wrap(&format!("{}  {}", paint.bold(&head), row.at), width, 2));
        let reason = paint.red(&one_line(&row.reason, 300));
        lines.push(wrap(&format!("  {reason}"), width, 4));
        lines.push(wrap(&format!("  {}", row.text), width, 4));
    }
    if is_cut {
        lines.push(paint.dim(&format!("there is more: --before {}", last.sequence)));
    }
    if let Some((row, run)) = rows.iter().find_map(|row| Some((row, row.batch_of()?))) {
        let advice = format!(
            "`shoal memory redrive {run}` hands them to their memory again, `shoal memory redrive \
             {run} {}` this one",
            row.sequence
        );
        lines.push(wrap(&paint.dim(&advice), width, 0));
    }
    lines.join("\n")
}

/// `shoal memory redrive`.
///
/// # Errors
/// If there is no such run, nobody answers, or a letter is still dead.
pub async fn redrive(
    client: &Client,
    args: &RedriveArgs,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let sequences = unique(&args.sequences)?;
    let run = find_run(client, &args.run.run).await?.run_id;
    let target = args.target.clone();
    let request = Request::MemoryRedrive(MemoryRedrive { target, sequences });
    let reply = ask(client, &run, request, args.patience.duration()).await?;
    if client.json {
        output.print_json(&reply)?;
    }
    let redriven = match result(reply)? {
        ReplyResult::MemoryRedriven(redriven) => redriven,
        other => return Err(odd(Verb::MemoryRedrive, &other)),
    };
    if !client.json {
        output.print(&render_redriven(&run, &redriven, output.width(), output.paint()))?;
    }
    let missing = redriven.letters.iter().any(|letter| letter.outcome == LetterOutcome::NoLetter);
    match redriven.dead {
        0 if !missing => Ok(()),
        0 => Err(Failure::bad_input("not every sequence is one of a dead letter of this run")),
        dead => Err(Failure::failed(format!("{} still dead", counted(dead, "letter")))),
    }
}

/// Each sequence once; `None`: all of the run's.
fn unique(sequences: &[u64]) -> Result<Option<Vec<u64>>, Failure> {
    let mut unique: Vec<u64> = Vec::new();
    for sequence in sequences {
        if !unique.contains(sequence) {
            unique.push(*sequence);
        }
    }
    if unique.len() > MAX_LETTERS {
        let text = format!("found {} sequences, expected at most {MAX_LETTERS}", unique.len());
        return Err(Failure::bad_input(text));
    }
    Ok((!unique.is_empty()).then_some(unique))
}

fn render_redriven(run: &RunId, redriven: &Redriven, width: usize, paint: Paint) -> String {
    if redriven.letters.is_empty() {
        return format!("{}: no dead letters", paint.bold(run.as_str()));
    }
    let taken = counted(redriven.redriven, "letter");
    let mut lines = vec![format!("{}: {taken} delivered", paint.bold(run.as_str()))];
    lines.extend(redriven.letters.iter().map(|letter| wrap(&letter_line(letter, paint), width, 4)));
    if redriven.more_letters > 0 {
        lines.push(format!("  and {} more", counted(redriven.more_letters, "letter")));
    }
    lines.join("\n")
}

fn letter_line(letter: &RedrivenLetter, paint: Paint) -> String {
    let outcome = match letter.outcome {
        LetterOutcome::Taken => paint.green("taken"),
        LetterOutcome::AlreadyThere => paint.green("was there already"),
        LetterOutcome::Refused => paint.red("refused again"),
        LetterOutcome::NotNow => paint.yellow("not now"),
        LetterOutcome::NoLetter => paint.red("no such letter"),
    };
    let target = letter.target.as_deref().map_or("-".to_owned(), |target| one_line(target, 40));
    let reason = letter.reason.as_deref().map(|reason| format!(": {}", one_line(reason, 300)));
    format!("  {}  {target}  {outcome}{}", letter.sequence, reason.unwrap_or_default())
}

/// `shoal memory attach`.
///
/// # Errors
/// If there is no such run or memory, or nobody answers.
pub async fn attach(
    client: &Client,
    args: &AttachArgs,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let run = find_run(client, &args.run.run).await?.run_id;
    let (target, graph_id) = (args.target.clone(), args.graph.clone());
    let request = Request::MemoryAttach(MemoryAttach { target, graph_id });
    let reply = ask(client, &run, request, args.patience.duration()).await?;
    if client.json {
        output.print_json(&reply)?;
    }
    match result(reply)? {
        ReplyResult::MemoryAttached { .. } if client.json => Ok(()),
        ReplyResult::MemoryAttached { target, graph_id, attached } => {
            let (target, graph) = (one_line(&target, 40), one_line(&graph_id, 256));
            let text = match attached {
                true => format!(
                    "all actions of {run} go to memory {target}, graph {graph}, from the first on: \
                     `shoal memory status {run}` says how far it is"
                ),
                false => {
                    format!("{run} had memory {target}, graph {graph}, before: nothing changes")
                }
            };
            Ok(output.print(&wrap(&text, output.width(), 2))?)
        }
        other => Err(odd(Verb::MemoryAttach, &other)),
    }
}

#[cfg(test)]
mod tests;
