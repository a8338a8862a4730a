//! The help's longer texts.

use clap::Command;

/// The commands as `shoal --help` shows them, by what one wants to do.
const GROUPS: [(&str, &[&str]); 5] = [
    ("Start and follow", &["run", "start", "ensemble", "watch", "events", "logs"]),
    (
        "Look",
        &[
            "ls",
            "status",
            "summary",
            "timeline",
            "agents",
            "posts",
            "diff",
            "cost",
            "interview",
            "chat",
        ],
    ),
    ("Change", &["stop", "pause", "resume", "close", "inject", "configure", "fork", "rm"]),
    ("Data", &["check", "init", "gen", "export", "memory"]),
    (
        "Operate",
        &[
            "doctor",
            "config",
            "keys",
            "provision",
            "backup",
            "restore",
            "verify",
            "replay",
            "repair",
            "completions",
            "help",
        ],
    ),
];

/// The template of `shoal --help`: clap itself lists commands without groups. A command that
/// is in no group would be missing; a test looks for it.
pub(crate) fn grouped_help(shoal: &Command) -> String {
    let commands = || shoal.get_subcommands().filter(|command| !command.is_hide_set());
    let width = commands().map(|command| command.get_name().len()).max().unwrap_or(0);
    let line = |name: &&str| {
        let command = commands().find(|command| command.get_name() == *name)?;
        let about = match *name {
            "help" => "Explain a command".to_owned(),
            _ => command.get_about().map(ToString::to_string).unwrap_or_default(),
        };
        Some(format!("  {name:width$}  {about}"))
    };
    let group = |(heading, names): &(&str, &[&str])| {
        let lines: Vec<String> = names.iter().filter_map(line).collect();
        format!("{heading}:\n{}", lines.join("\n"))
    };
    let groups = GROUPS.iter().map(group).collect::<Vec<_>>().join("\n\n");
    format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{groups}\n\nOptions:\n{{options}}{{after-help}}"
    )
}

pub(crate) const LONG_ABOUT: &str = "\
Run social simulations, watch them, ask the people in them.

A simulation is a folder: a configuration and the profiles of its agents. A run of it plays \
rounds in one or two worlds (twitter, reddit). shoal is a client of the bus on which runs live \
(NATS); it starts no services. `make up` starts them all.";

pub(crate) const USUAL_PATH: &str = "\
The usual path:
  shoal run samples/lantern-pier --pace 2     start a run and follow it; Ctrl-C lets it go on
  shoal status lantern-pier                   how far its newest run is
  shoal interview lantern-pier --agent 18 \"Whose side are you on?\"
  shoal memory search --run lantern-pier \"second dive\"
  shoal events lantern-pier --follow          everything that happens, as it happens
  shoal posts lantern-pier --sort comments    what they wrote, and what came of it
  shoal summary lantern-pier                  what became of it";

pub(crate) const CODES_AND_LOG: &str = "\
Exit codes:
  0    done; for `run` and `watch`: the run completed
  1    the run or the command failed, or the run was stopped
  2    bad input: a folder with problems, an unknown run or agent
  3    the bus or a service is not reachable; the message says where and what to do
  4    `verify`: what is stored of the run is damaged; it is listed, with what to do
  64   the command line cannot be read
  130  Ctrl-C while following: the run goes on, and so does a `verify`, `replay`, `repair` or `fork`
  141  whoever read the output went away, as with `| head`

Environment, beside what the options name:
  SHOAL_LOG  how much is logged to stderr: error, warn (the default), info or debug
  NO_COLOR   if set, `--color auto` means never
  COLUMNS    how wide results are where they do not go to a terminal: 100 unless set";

pub(crate) const COMMON_OPTIONS: &str = "\
Every command takes --json and --color, and --nats-url, --nats-nkey, --prefix and their like (or \
NATS_URL, NATS_NKEY and SHOAL_PREFIX, also in the file of --config) to say where the bus is: see \
`shoal --help`.";

pub(crate) const RUN_ABOUT: &str = "\
Start a run of a simulation folder and follow it to its end.

The folder is read and checked in full before anything is stored; everything that is wrong with \
it is listed. If this simulation's newest run has the same options and is alive, or has \
completed and can still be asked, that run is followed (see --new-run). On a terminal two bars \
show the rounds, and the liveliest actions pass above them; elsewhere there is a plain line \
every ten rounds. Ctrl-C stops following, not the run. At the end there is a summary.

Example:
  shoal run samples/lantern-pier --pace 0.8 --seed 7
  shoal run samples/lantern-pier --llm main --llm :Student=small --budget-cost 2.50";

pub(crate) const RM_ABOUT: &str = "\
Delete runs. Everything of them is removed from the bus: journals, frames, snapshots, logs, \
commands, questions and replies. What is left says that there was a run of that name, so that \
its number is never used again. What memories have taken of it stays there, and so does the \
spec, which other runs may share.

A run that has rounds to play is not deleted: stop it first. Neither is one whose memory has \
not taken all of its actions, or cannot be asked, unless --force is given. On a terminal it is \
shown what would go, and asked; elsewhere --yes is needed. Of several runs, those that can be \
deleted are; a name that is no run's stops all of it beforehand.

With --json: a list of replies, one per run that got one, the shape in schemas/.

Example:
  shoal rm lantern-pier-1 lantern-pier-2";

pub(crate) const LS_ABOUT: &str = "\
List the runs that the bus knows, newest first: state, rounds played, actions, age, node.

With --json: a list of env-status documents, the shape in schemas/.

Example:
  shoal ls";

pub(crate) const STATUS_ABOUT: &str = "\
Show the state of one run: rounds, actions and digest of each world, who has it, what it was \
started with.

With --json: its env-status document, the shape in schemas/.

Example:
  shoal status lantern-pier";

pub(crate) const WATCH_ABOUT: &str = "\
Follow a run to its end, as `run` does after starting one. Works also for a run that has ended.

With --json: one line per action, as it happens: {\"id\": .., \"platform\": .., \"round\": .., \
\"agent_name\": .., \"action_type\": .., \"action_args\": ..}.

Example:
  shoal watch lantern-pier-1 --from-start --json";

pub(crate) const STOP_ABOUT: &str = "\
Stop a run. It ends with the round that it is playing; what it has produced stays. A worker \
that does not answer within 5 s is ended by its node: SIGTERM, 5 s, SIGKILL. Where the node does \
not answer either, another one takes the run over and stops it.

Example:
  shoal stop lantern-pier --reason \"seen enough\"";

pub(crate) const INTERVIEW_ABOUT: &str = "\
Ask one agent a question, or several, or all. They answer from their world as it is after the last \
round played, whether the run goes on or has ended, or with --at-round as it was after an earlier \
one. The answers change nothing in the world. Where an agent cannot answer, the others do. Ctrl-C \
cancels what is not answered yet, and prints the rest.

Questions that differ are read from a file, one JSON object per line: {\"agent\": 3, \"prompt\": \
\"Why?\", \"platform\": \"twitter\"}. The agent is a number or a name, the platform may be left out, \
and the prompt where the command line has one.

Example:
  shoal interview lantern-pier --agent 18 \"What would change your mind?\"
  shoal interview lantern-pier --agent \"harbour\" \"Why now?\" --platform reddit
  shoal interview lantern-pier --agent 3 --agent 5 \"Whose side are you on?\" --at-round 10
  shoal interview lantern-pier --all \"Would you go there again?\" --json
  shoal interview lantern-pier --file questions.jsonl";

pub(crate) const CHAT_ABOUT: &str = "\
Talk with one agent, line by line. What was said last goes with each question; the talk changes \
nothing in the world. /help tells what can be typed, /quit or Ctrl-D ends it. Where standard input is \
no terminal, each line is a question.

Example:
  shoal chat lantern-pier --agent 18
  shoal chat lantern-pier --agent \"harbour\" --platform reddit --at-round 10
  echo \"Why?\" | shoal chat lantern-pier --agent 3 --json";

pub(crate) const SUMMARY_ABOUT: &str = "\
Summarise a run from what it has published so far: actions by type and world, the posts with the \
most reactions, the most active agents, the digests. The chain of digests is checked on the way.

Example:
  shoal summary lantern-pier --json";

pub(crate) const PROVISION_ABOUT: &str = "\
Make the streams on a server, for services that may not. Where services have the right to make \
streams they do so themselves, and this is not needed. What matches already is left as it is; \
what cannot be changed is listed. A server or a cluster that is about to come up is waited for \
(--wait), and what it lacks is said meanwhile.

Example:
  shoal provision --nats-nkey secrets/provisioner.nk --replicas 3 --wait 300
  shoal provision --nats-nkey secrets/mirror.nk --mirrors";

pub(crate) const MEMORY_ABOUT: &str = "\
Look into the memory that runs leave. Each action that a memory takes becomes an episode, a \
sentence with its time and its source; the memory-sink service keeps them and answers.

Where an operator has set up several memories, `status` says how each is, `attach` gives one more \
to a run, and `dead` and `redrive` are for what a memory refused.

Example:
  shoal memory search --run lantern-pier \"second dive\"
  shoal memory status lantern-pier";

pub(crate) const SEARCH_ABOUT: &str = "\
Find what a memory says about something, best hits first.

Example:
  shoal memory search --run lantern-pier \"second dive\"
  shoal memory search --graph lantern-pier \"pier 9\" --json";

pub(crate) const STATS_ABOUT: &str = "\
Count what a run has left in its memory, and how far the memory has followed it.

Example:
  shoal memory stats lantern-pier";

pub(crate) const EPISODES_ABOUT: &str = "\
List the episodes that a run has left in its memory, in the order in which they came.

Example:
  shoal memory episodes lantern-pier --limit 5";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_in_one_group() {
        let shoal = crate::args::command();
        let grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| *names).copied().collect();
        for command in shoal.get_subcommands().filter(|command| !command.is_hide_set()) {
            let name = command.get_name();
            let places = grouped.iter().filter(|grouped| **grouped == name).count();
            assert_eq!(places, 1, "{name} is in {places} groups of the help");
        }
    }
}
