//! Language models on the command line: who asks which, what that may cost, and both in words.

use clap::Args;
use contract::MAX_SAFE_INTEGER;
use contract::cost::{Spent, money, parse_money};
use contract::llm::{Budget, DECISION_SECONDS, LlmOptions, LlmRule, ROUND_SECONDS};

use crate::output::{count, counted, one_line, span};

/// The most minutes whose seconds every JSON reader keeps exact.
const MAX_MINUTES: u64 = MAX_SAFE_INTEGER / 60;

/// Who decides by asking a language model.
#[derive(Clone, Debug, Default, Args)]
pub struct LlmArgs {
    /// An endpoint of the operator's that decides for agents: `main` for all, `reddit=boost` for
    /// those of one world, `:Student=small` for a type, `:3,4=builtin` for agents by number,
    /// `twitter:Journalist=main/large-1` with a model. May be repeated: the last one that fits an
    /// agent counts. `builtin` is the world itself, which decides for all others
    #[arg(long, value_name = "[AGENTS=]ENDPOINT[/MODEL]")]
    pub llm: Vec<LlmRule>,
    /// Seconds for one decision, after which the agent does nothing; 60 unless given
    #[arg(long, value_name = "N", requires = "llm", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub decision_seconds: Option<u32>,
    /// Seconds for all decisions of a round; 300 unless given
    #[arg(long, value_name = "N", requires = "llm", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub round_seconds: Option<u32>,
}

/// What a run may cost.
#[derive(Clone, Debug, Default, Args)]
pub struct BudgetArgs {
    /// Pause the run at so many requests to language models
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=MAX_SAFE_INTEGER))]
    pub budget_requests: Option<u64>,
    /// Pause it at so many tokens, both ways
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=MAX_SAFE_INTEGER))]
    pub budget_tokens: Option<u64>,
    /// Pause it at such an amount, e.g. 2.50, in the currency of the operator's prices
    #[arg(long, value_name = "AMOUNT", value_parser = parse_money)]
    pub budget_cost: Option<u64>,
    /// Pause it after so many minutes of playing
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=MAX_MINUTES))]
    pub budget_minutes: Option<u64>,
}

impl LlmArgs {
    /// What is asked for, if anything.
    pub fn options(&self) -> Option<LlmOptions> {
        (!self.llm.is_empty()).then(|| LlmOptions {
            rules: self.llm.clone(),
            decision_seconds: self.decision_seconds.unwrap_or(DECISION_SECONDS),
            round_seconds: self.round_seconds.unwrap_or(ROUND_SECONDS),
        })
    }
}

impl BudgetArgs {
    /// The names of the options, as clap knows them.
    pub const NAMES: [&'static str; 4] =
        ["budget_requests", "budget_tokens", "budget_cost", "budget_minutes"];

    /// The caps, if there are any.
    pub fn budget(&self) -> Option<Budget> {
        let budget = Budget {
            requests: self.budget_requests,
            tokens: self.budget_tokens,
            cost_micros: self.budget_cost,
            wall_seconds: self.budget_minutes.map(|minutes| minutes * 60),
        };
        Some(budget).filter(|budget| !budget.is_unlimited())
    }
}

/// `main, reddit=boost; 60 s a decision, 300 s a round`.
pub fn rules(llm: &LlmOptions) -> String {
    let rules: Vec<String> = llm.rules.iter().map(|rule| one_line(&rule.to_string(), 80)).collect();
    let LlmOptions { decision_seconds, round_seconds, .. } = llm;
    format!("{}; {decision_seconds} s a decision, {round_seconds} s a round", rules.join(", "))
}

/// `171 decisions, 174 of 5,000 requests, 278,270 tokens, 0.034152 of 2.50`: what was spent, beside
/// the caps that there are. `played`: milliseconds, where they are known.
pub fn spent(spent: &Spent, budget: Option<&Budget>, played: Option<u64>) -> String {
    let budget = budget.copied().unwrap_or_default();
    let beside = |spent: String, cap: Option<String>, noun: &str| {
        let spent = cap.map_or(spent.clone(), |cap| format!("{spent} of {cap}"));
        if noun.is_empty() { spent } else { format!("{spent} {noun}") }
    };
    let usage = &spent.usage;
    let noun = |number, noun: &str| if number == 1 { noun.to_owned() } else { format!("{noun}s") };
    let number = |spent: u64, cap: Option<u64>, word: &str| {
        beside(count(spent), cap.map(count), &noun(cap.unwrap_or(spent), word))
    };
    let mut parts = vec![
        counted(spent.decisions, "decision"),
        number(usage.requests, budget.requests, "request"),
        number(usage.tokens(), budget.tokens, "token"),
        beside(money(usage.cost_micros), budget.cost_micros.map(money), ""),
    ];
    if spent.undecided > 0 {
        parts.insert(1, format!("{} undecided", count(spent.undecided)));
    }
    let cap = budget.wall_seconds.map(|seconds| span(seconds.saturating_mul(1000)));
    match (played, cap) {
        (Some(played), cap) => parts.push(beside(span(played), cap, "played")),
        (None, Some(cap)) => parts.push(format!("at most {cap} played")),
        (None, None) => {}
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command, command};
    use crate::start::StartArgs;
    use clap::FromArgMatches;
    use contract::decision::Usage;

    fn start(arguments: &str) -> Result<StartArgs, String> {
        let words = format!("shoal start folder {arguments}");
        let matches = command().try_get_matches_from(words.split_whitespace());
        let matches = matches.map_err(|error| error.to_string())?;
        match Cli::from_arg_matches(&matches).unwrap().command {
            Command::Start(args) => Ok(args),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn rules_and_caps_are_typed_as_people_say_them() {
        let args = start("--llm main --llm reddit=boost --llm :3,4=builtin --decision-seconds 20");
        let llm = args.unwrap().options.llm.options().unwrap();
        assert_eq!(rules(&llm), "main, reddit=boost, :3,4=builtin; 20 s a decision, 300 s a round");
        let args = start("--budget-requests 5000 --budget-cost 2.50 --budget-minutes 60").unwrap();
        let budget = args.options.budget.budget().unwrap();
        assert_eq!((budget.requests, budget.tokens), (Some(5000), None));
        assert_eq!((budget.cost_micros, budget.wall_seconds), (Some(2_500_000), Some(3600)));
        let none = start("").unwrap().options;
        assert_eq!((none.llm.options(), none.budget.budget()), (None, None));
    }

    #[test]
    fn what_cannot_be_read_is_told_what_was_expected_by_examples() {
        for (arguments, expected) in [
            ("--llm Student=small", "\"Student\" is not twitter or reddit; expected an endpoint"),
            ("--llm https://models.example/v1", "e.g. main, reddit=boost, :Student=small"),
            ("--budget-cost 2,50", "expected an amount with at most six decimals, e.g. 2.50"),
            ("--budget-tokens -1", "invalid value '-1' for '--budget-tokens"),
            ("--budget-minutes 1h", "invalid value '1h'"),
            ("--decision-seconds 9", "--llm"),
        ] {
            let error = start(arguments).unwrap_err();
            assert!(error.contains(expected), "{arguments}: {error}");
        }
    }

    #[test]
    fn what_was_spent_stands_beside_its_cap() {
        let usage = Usage {
            requests: 174,
            prompt_tokens: 268_400,
            completion_tokens: 9_870,
            cost_micros: 34_152,
            ..Usage::default()
        };
        let some = Spent { decisions: 171, refused: 2, undecided: 1, usage };
        let budget =
            Budget { requests: Some(5_000), cost_micros: Some(2_500_000), ..Budget::default() };
        assert_eq!(
            spent(&some, Some(&budget), Some(185_000)),
            "171 decisions, 1 undecided, 174 of 5,000 requests, 278,270 tokens, \
             0.034152 of 2.50, 3 min 5 s played"
        );
        let budget = Budget { tokens: Some(1), wall_seconds: Some(90), ..Budget::default() };
        assert_eq!(
            spent(&Spent::default(), Some(&budget), None),
            "0 decisions, 0 requests, 0 of 1 token, 0.00, at most 1 min 30 s played"
        );
        assert_eq!(
            spent(&Spent::default(), Some(&budget), Some(0)),
            "0 decisions, 0 requests, 0 of 1 token, 0.00, 0 ms of 1 min 30 s played"
        );
    }
}
