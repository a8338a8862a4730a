//! `init`: a configuration for a folder that has only profiles.

use std::path::{Path, PathBuf};

use clap::Args;
use contract::id::SimulationId;
use population::initial::{ConfigureError, Configured, Source, Wishes, configure};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::{Output, columns, count, counted, one_line, visible};
use crate::run::bad_folder;
use crate::wrap::wrap;

pub(crate) const ABOUT: &str = "\
Write simulation_config.json for a folder that has only profiles: reddit_profiles.json, \
twitter_profiles.csv or both, as MiroFish or OASIS writes them.

The profiles are read and checked in full first; everything that is wrong with them is listed. \
Types, rates and hours come from the words of each profile, topics from what most people share, \
stances are by lot. The same folder gets the same configuration. What is decided is said, and \
is to be edited: an agent is a line.

Example:
  shoal init my-town --topic \"night bus\" --hours 48";

/// Columns of a text in the summary.
const LONGEST: usize = 500;

/// Bytes of a topic.
const MAX_TOPIC_BYTES: usize = 200;

/// Arguments of `init`.
#[derive(Clone, Debug, Args)]
pub struct InitArgs {
    /// The folder with the profiles
    pub folder: PathBuf,
    /// The simulation's name; the folder's name unless given
    #[arg(long, value_name = "ID")]
    pub id: Option<SimulationId>,
    /// Simulated hours
    #[arg(long, value_name = "H", default_value_t = 24, value_parser = hours())]
    pub hours: u32,
    /// Simulated minutes from one round to the next
    #[arg(long, value_name = "M", default_value_t = 60, value_parser = minutes())]
    pub minutes_per_round: u32,
    /// What people talk about; may be repeated. What most profiles share unless given
    #[arg(long, value_name = "TEXT", value_parser = parse_topic)]
    pub topic: Vec<String>,
    /// Replace a configuration that is there
    #[arg(long)]
    pub force: bool,
}

/// Hours of a simulation: at most ten years.
pub(crate) fn hours() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=87_600)
}

/// Minutes of a round: at most a day.
pub(crate) fn minutes() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=1_440)
}

fn parse_topic(text: &str) -> Result<String, String> {
    let topic = text.trim();
    if topic.is_empty() || topic.chars().any(char::is_control) {
        return Err("expected what people talk about, e.g. \"night bus\"".to_owned());
    }
    if topic.len() > MAX_TOPIC_BYTES {
        let found = topic.len();
        return Err(format!("found {found} bytes, expected at most {MAX_TOPIC_BYTES}"));
    }
    Ok(topic.to_owned())
}

/// `shoal init`.
///
/// # Errors
/// If the folder has a configuration or its profiles are wrong, or if nothing can be written.
pub fn init(args: &InitArgs, json: bool, output: &mut Output<'_>) -> Result<(), Failure> {
    let wishes = Wishes {
        id: args.id.clone(),
        hours: args.hours,
        minutes_per_round: args.minutes_per_round,
        topics: args.topic.clone(),
        overwrite: args.force,
    };
    let done = configure(&args.folder, &wishes).map_err(|error| match error {
        ConfigureError::Wrong(problems) => bad_folder(&args.folder, &problems),
        exists @ ConfigureError::Exists(_) => {
            Failure::bad_input(format!("{exists}: edit it, or replace it with --force"))
        }
        ConfigureError::Unwritable(file, error) => {
            let what = format!("cannot write {}", file.display());
            Failure::Failed(anyhow::Error::new(error).context(what))
        }
    })?;
    if json {
        return Ok(output.print_json(&Document::of(&done))?);
    }
    for note in &done.notes {
        output.say(&format!("note: {}", one_line(note, 500)))?;
    }
    Ok(output.print(&text(args, &done, output))?)
}

/// What `--json` prints.
#[derive(Serialize)]
struct Document<'a> {
    file: String,
    simulation_id: &'a SimulationId,
    platforms: Vec<String>,
    agents: u32,
    rounds: u32,
    agents_per_hour: [u32; 2],
    entity_types: Vec<(&'static str, usize)>,
    stances: Vec<(&'static str, usize)>,
    hot_topics: &'a [String],
    opening_post: Opening<'a>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct Opening<'a> {
    agent_id: u32,
    agent_name: &'a str,
    content: &'a str,
}

impl Document<'_> {
    fn of(done: &Configured) -> Document<'_> {
        let (agent_id, agent_name, content) = &done.opening;
        Document {
            file: done.file.display().to_string(),
            simulation_id: &done.simulation_id,
            platforms: done.platforms.iter().map(ToString::to_string).collect(),
            agents: done.agents,
            rounds: done.rounds,
            agents_per_hour: done.agents_per_hour,
            entity_types: done.kinds.clone(),
            stances: done.stances.clone(),
            hot_topics: &done.hot_topics,
            opening_post: Opening { agent_id: *agent_id, agent_name, content },
            notes: &done.notes,
        }
    }
}

fn text(args: &InitArgs, done: &Configured, output: &Output<'_>) -> String {
    let platforms: Vec<String> = done.platforms.iter().map(ToString::to_string).collect();
    let [least, most] = done.agents_per_hour;
    let (_, name, post) = &done.opening;
    let topics_from = match done.topics_from {
        Source::Wish => "as you say",
        Source::Interests => "the most common interests",
        Source::Bios => "words that most bios share",
        Source::Nowhere => "none: the profiles share none, say some with --topic",
    };
    let topics = done.hot_topics.join(", ");
    let row = |name: &str, value: String| vec![format!("  {name}"), one_line(&value, LONGEST)];
    let rows = [
        row("worlds", platforms.join(", ")),
        row(
            "rounds",
            format!("{}, of {} minutes", count(done.rounds.into()), args.minutes_per_round),
        ),
        row("active", format!("{} to {} agents an hour", count(least.into()), count(most.into()))),
        row("types", tally(&done.kinds)),
        row("stances", format!("{}, by lot", tally(&done.stances))),
        row("topics", format!("{topics} ({topics_from})").trim().to_owned()),
        row("opening", format!("{name}: “{post}”")),
    ];
    let typed = as_typed(&args.folder);
    let (file, agents) = (done.file.display(), counted(done.agents.into(), "agent"));
    format!(
        "{file}: {}, {agents}\n{}\n\n\
         Edit what you know better, above all `stance` (nobody's words were read for it),\n\
         `initial_posts`, `hot_topics` and `narrative_direction`; docs/fields.md says what each does.\n\
         Then:\n  shoal check {typed}\n  shoal run {typed}",
        output.paint().bold(done.simulation_id.as_str()),
        wrapped(&rows, output.width()),
    )
}

/// Rows of a title and a text, which goes on below itself where it is too long for the screen.
pub(crate) fn wrapped(rows: &[Vec<String>], width: usize) -> String {
    let title = rows.iter().filter_map(|row| row.first()).map(|title| visible(title)).max();
    let indent = title.unwrap_or(0) + 2;
    let lines = columns(rows, &[]);
    lines.iter().map(|line| wrap(line, width, indent)).collect::<Vec<_>>().join("\n")
}

/// `Person 20, Student 3`.
fn tally(counts: &[(&str, usize)]) -> String {
    counts.iter().map(|(word, count)| format!("{word} {count}")).collect::<Vec<_>>().join(", ")
}
/// A path as a shell reads it back.
pub(crate) fn as_typed(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+:,@%".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}
