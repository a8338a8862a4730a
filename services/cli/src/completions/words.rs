//! What may come next on a command line. Pure.

use clap::{Arg, Command, ValueHint};

/// What somebody who typed this far may want.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wish {
    /// The word that is being typed, without a quote before it.
    pub(super) typed: String,
    /// Words of ours.
    pub(super) candidates: Vec<String>,
    /// Names that the bus knows.
    pub(super) names: Option<Kind>,
    /// Files and folders.
    pub(super) files: bool,
    /// The run that was named before.
    pub(super) run: Option<String>,
}

/// Names that the bus knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Runs,
    Simulations,
    Agents,
    /// The operator's memories.
    Memories,
}

/// What may stand in place of the last of `words`; the first one is the program.
pub(super) fn wish(command: &Command, words: &[String]) -> Wish {
    let Some((typed, before)) = words.split_last() else { return Wish::default() };
    let mut wish = Wish { typed: unquoted(typed), ..Wish::default() };
    let mut command = command;
    let mut positionals: Vec<&str> = Vec::new();
    let mut value_of: Option<&Arg> = None;
    // Bash makes a word of its own of the `=` in `--sort=likes`.
    for word in before.iter().skip(1).filter(|word| *word != "=") {
        if value_of.take().is_some() {
            continue;
        }
        if let Some(name) = word.strip_prefix("--") {
            value_of = option(command, name).filter(|argument| takes_value(argument));
        } else if let Some(below) = command.find_subcommand(word) {
            command = below;
        } else {
            positionals.push(word);
        }
    }
    let is_of_run = |argument: &&Arg| kind(argument) == Some(Kind::Runs);
    let run_at = command.get_positionals().position(|argument| is_of_run(&argument));
    wish.run = run_at.and_then(|at| positionals.get(at)).map(|run| unquoted(run));
    if let Some(argument) = value_of {
        wish.value(argument);
    } else if wish.typed.starts_with('-') {
        wish.candidates.extend(options(command));
    } else if command.has_subcommands() {
        let visible = command.get_subcommands().filter(|below| !below.is_hide_set());
        wish.candidates.extend(visible.map(|below| below.get_name().to_owned()));
    } else if let Some(argument) = command.get_positionals().nth(positionals.len()) {
        wish.value(argument);
    }
    wish
}

/// True if a candidate may be what is being typed; case does not matter in names.
pub(super) fn begins_with(candidate: &str, typed: &str) -> bool {
    candidate.to_lowercase().starts_with(&typed.to_lowercase())
}

/// The options of these names with their values, as they stand in `words`. The last word is
/// being typed and no value yet.
pub(super) fn values_of_options(words: &[String], names: &[&str]) -> Vec<String> {
    let whole = words.split_last().map_or(words, |(_, before)| before);
    let pairs = whole.windows(2).filter(|pair| names.contains(&pair[0].as_str()));
    pairs.flat_map(|pair| [pair[0].clone(), unquoted(&pair[1])]).collect()
}

impl Wish {
    /// What an argument takes.
    fn value(&mut self, argument: &Arg) {
        let possible = argument.get_possible_values();
        self.candidates.extend(possible.iter().map(|value| value.get_name().to_owned()));
        self.names = kind(argument);
        let is_file = matches!(
            argument.get_value_hint(),
            ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath
        );
        let is_path = value_names(argument).any(|name| name.contains("FOLDER") || name == "FILE");
        self.files = is_file || is_path;
    }
}

/// Which names an argument takes, by the name that its value has in the help.
fn kind(argument: &Arg) -> Option<Kind> {
    value_names(argument).find_map(|name| match name {
        "RUN" | "OTHER" => Some(Kind::Runs),
        "FOLDER|SIMULATION" => Some(Kind::Simulations),
        "ID|NAME" => Some(Kind::Agents),
        "TARGET" => Some(Kind::Memories),
        _ => None,
    })
}

fn value_names(argument: &Arg) -> impl Iterator<Item = &str> {
    argument.get_value_names().unwrap_or_default().iter().map(|name| name.as_str())
}

fn option<'a>(command: &'a Command, name: &str) -> Option<&'a Arg> {
    command.get_arguments().find(|argument| argument.get_long() == Some(name))
}

fn takes_value(argument: &Arg) -> bool {
    argument.get_action().takes_values()
}

fn options(command: &Command) -> impl Iterator<Item = String> {
    command.get_arguments().filter_map(|argument| Some(format!("--{}", argument.get_long()?)))
}

/// A word as the shell will read it: a quote that is open, and blanks that are escaped.
fn unquoted(word: &str) -> String {
    let open = word.strip_prefix(['"', '\'']).unwrap_or(word);
    open.trim_end_matches(['"', '\'']).replace('\\', "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::command;

    fn wished(line: &str) -> Wish {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        wish(&command(), &words)
    }

    fn offered(line: &str) -> Vec<String> {
        let wish = wished(line);
        let fits = |candidate: &String| begins_with(candidate, &wish.typed);
        wish.candidates.iter().filter(|candidate| fits(candidate)).cloned().collect()
    }

    #[test]
    fn commands_and_options_are_ours() {
        assert_eq!(offered("shoal st"), ["start", "status", "stop"]);
        assert_eq!(offered("shoal memory s"), ["search", "stats", "status"]);
        assert_eq!(offered("shoal events x --fo"), ["--follow"]);
        assert_eq!(offered("shoal events x --platform t"), ["twitter"]);
        assert!(offered("shoal --nats-url x l").contains(&"ls".to_owned()));
        assert_eq!(offered("shoal posts x --sort = l"), ["likes"]);
        assert_eq!(offered("shoal posts x --sort "), ["likes", "new", "comments"]);
        assert!(!offered("shoal c").contains(&"complete-words".to_owned()));
    }

    #[test]
    fn names_are_asked_for_where_a_name_belongs() {
        assert_eq!(wished("shoal status lant").names, Some(Kind::Runs));
        assert_eq!(wished("shoal start lant").names, Some(Kind::Simulations));
        assert!(wished("shoal start lant").files && wished("shoal run sam").files);
        let agent = wished("shoal interview pier-1 --agent Wr");
        assert_eq!((agent.names, agent.run.as_deref()), (Some(Kind::Agents), Some("pier-1")));
        assert_eq!(wished("shoal agents pier-1 Wr").names, Some(Kind::Agents));
        assert_eq!(wished("shoal status pier-1 ").names, None);
        for past in ["verify", "replay --last 3", "repair", "fork --at-round 12"] {
            assert_eq!(wished(&format!("shoal {past} pi")).names, Some(Kind::Runs), "{past}");
        }
        assert!(wished("shoal fork pier-1 --inject me").files);
        assert_eq!(wished("shoal diff pi").names, Some(Kind::Runs));
        assert_eq!(wished("shoal diff pier-1 pi").names, Some(Kind::Runs));
        assert_eq!(wished("shoal diff pier-1 pier-2 ").names, None);
        assert_eq!(wished("shoal posts --limit 3 pi").names, Some(Kind::Runs));
        assert_eq!(wished("shoal memory search x --run pi").names, Some(Kind::Runs));
        for of_run in ["status", "dead --limit 3", "redrive", "attach"] {
            let wish = wished(&format!("shoal memory {of_run} pi"));
            assert_eq!(wish.names, Some(Kind::Runs), "{of_run}");
        }
        for of_memory in ["attach pier-1 ", "dead --target ", "redrive pier-1 --target t"] {
            let wish = wished(&format!("shoal memory {of_memory}"));
            assert_eq!(wish.names, Some(Kind::Memories), "{of_memory}");
        }
        assert_eq!(wished("shoal memory redrive pier-1 1").names, None);
        assert_eq!(wished("shoal agents pier-1 \"Wr").typed, "Wr");
        assert_eq!(wish(&command(), &[]), Wish::default());
    }

    #[test]
    fn where_the_bus_is_may_stand_among_the_words() {
        let words: Vec<String> = "shoal status --nats-url nats://x:1 --prefix la"
            .split(' ')
            .map(str::to_owned)
            .collect();
        assert_eq!(
            values_of_options(&words, &["--nats-url", "--prefix"]),
            ["--nats-url", "nats://x:1"]
        );
    }
}
