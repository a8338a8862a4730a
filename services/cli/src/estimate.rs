//! `start --estimate`: what a run's language models would be asked and take. Nothing is started.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use contract::cost::{money, parse_money};
use contract::estimate::{Asked, Estimate};
use contract::id::SimulationId;
use contract::llm::{DECISION_SECONDS, LlmOptions, LlmRule, ROUND_SECONDS};
use contract::notice::{EndpointInfo, NodeInfo};
use contract::options::RunOptions;
use contract::problem::Problem;
use contract::spec::Spec;
use contract::subject::Platform;
use serde::Serialize;

use crate::client::Client;
use crate::failure::Failure;
use crate::interview::read_spec;
use crate::output::{Output, Paint, columns, count, counted, one_line, span};
use crate::run::{listed, read_folder, requested, typed};
use crate::start::{StartArgs, newest_spec, simulation_id};

/// How long nodes have to say what they take.
const PATIENCE: Duration = Duration::from_millis(500);

/// What stands for an endpoint where the request names none, and no node has just one.
const ANY: &str = "any";

const MILLION: u64 = 1_000_000;

/// What an estimate assumes.
#[derive(Clone, Debug, Default, Args)]
pub struct EstimateArgs {
    /// Start nothing: say how many decisions would be asked of language models, and what they may
    /// take in tokens, money and time. Without --llm, as if all agents asked one
    #[arg(long, conflicts_with_all = ["new_run", "beside", "idempotency_key"])]
    pub estimate: bool,
    /// For --estimate: tokens of a question; 1500 unless given
    #[arg(long, value_name = "N", requires = "estimate")]
    pub prompt_tokens: Option<u32>,
    /// For --estimate: tokens of an answer; 60 unless given
    #[arg(long, value_name = "N", requires = "estimate")]
    pub completion_tokens: Option<u32>,
    /// For --estimate: requests that an endpoint answers at once; 16 unless given
    #[arg(long, value_name = "N", requires = "estimate", value_parser = clap::value_parser!(u32).range(1..))]
    pub concurrency: Option<u32>,
    /// For --estimate: how long a request takes, e.g. 1.5; 2 unless given
    #[arg(long, value_name = "SECONDS", requires = "estimate", value_parser = parse_seconds)]
    pub request_seconds: Option<u64>,
}

/// Microseconds.
fn parse_seconds(text: &str) -> Result<u64, String> {
    let seconds = parse_money(text).ok().filter(|micros| *micros <= 86_400 * MILLION);
    seconds.ok_or_else(|| "expected seconds, up to 86400, e.g. 1.5".to_owned())
}

/// What is assumed of each decision. With `--json` printed as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct Assumed {
    prompt_tokens: u64,
    completion_tokens: u64,
    concurrency: u64,
    request_microseconds: u64,
}

/// What is to be expected. With `--json` printed as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Expectation {
    simulation_id: SimulationId,
    rounds: u32,
    asked: Vec<Row>,
    all: Sums,
    /// The hour of the day whose rounds ask most.
    busiest_hour: Option<u8>,
    /// Thousandths of a decision in one of them.
    busiest_decisions_milli: u64,
    milliseconds: u64,
    assumed: Assumed,
    /// Endpoints of which no price is known, so that what they take is in no sum.
    without_price: Vec<String>,
}

/// What agents of a world ask of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Row {
    platform: Platform,
    endpoint: String,
    model: Option<String>,
    #[serde(flatten)]
    sums: Sums,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
struct Sums {
    /// As many requests.
    decisions: u64,
    prompt_tokens: u64,
    completion_tokens: u64,
    /// Where a price is known.
    cost_micros: Option<u64>,
}

/// `shoal start --estimate`. `client`: a folder needs none; without it there are no prices.
///
/// # Errors
/// If there is nothing of that name, or what is asked for makes no sense.
pub async fn estimate(
    args: &StartArgs,
    json: bool,
    client: impl Future<Output = Result<Client, Failure>>,
    output: &mut Output<'_>,
) -> Result<ExitCode, Failure> {
    let mut requested = requested(&args.options)?;
    let folder = Path::new(&args.what);
    let (spec, client) = if folder.is_dir() {
        (read_folder(folder, json, output)?, client.await.ok())
    } else {
        let (simulation, client) = (simulation_id(&args.what)?, client.await?);
        let digest = newest_spec(&client, &simulation).await?;
        (read_spec(&client, &digest).await?, Some(client))
    };
    let nodes = match &client {
        Some(client) => nodes(client).await,
        None => Vec::new(),
    };
    let names_one = requested.llm.is_some();
    let llm = requested.llm.get_or_insert_with(|| for_all(&nodes));
    let unknown = if names_one { llm.unknown(&nodes, "/options/llm") } else { Vec::new() };
    refuse(&spec, &unknown)?;
    let options = requested.resolve(&spec).map_err(|it| bad(&spec, it.as_slice()))?;
    let assumed = Assumed::of(&args.estimate);
    let expectation = Expectation::of(&spec, &options, &nodes, assumed);
    if json {
        output.print_json(&expectation)?;
    } else {
        output.print(&expectation.render(names_one, output.paint()))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn nodes(client: &Client) -> Vec<NodeInfo> {
    let services = client.bus.discover(PATIENCE).await.unwrap_or_default();
    let number = services.iter().filter(|service| service.name == "shoal-simulator").count();
    client.bus.nodes(number, PATIENCE).await
}

/// All agents ask one endpoint: the one that there is, or any.
fn for_all(nodes: &[NodeInfo]) -> LlmOptions {
    let mut names: Vec<&str> =
        nodes.iter().flat_map(|node| &node.endpoints).map(|it| it.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let endpoint = match names[..] {
        [only] => only,
        _ => ANY,
    };
    let rule = LlmRule {
        endpoint: endpoint.to_owned(),
        model: None,
        platform: None,
        entity_types: Vec::new(),
        agents: Vec::new(),
    };
    LlmOptions {
        rules: vec![rule],
        decision_seconds: DECISION_SECONDS,
        round_seconds: ROUND_SECONDS,
    }
}

fn refuse(spec: &Spec, problems: &[Problem]) -> Result<(), Failure> {
    if problems.is_empty() { Ok(()) } else { Err(bad(spec, problems)) }
}

fn bad(spec: &Spec, problems: &[Problem]) -> Failure {
    let mut problems = problems.to_vec();
    problems.iter_mut().for_each(|problem| problem.place = typed(&problem.place).to_owned());
    Failure::bad_input(format!("{} would be refused:\n{}", spec.simulation_id, listed(&problems)))
}

impl Assumed {
    fn of(args: &EstimateArgs) -> Assumed {
        Assumed {
            prompt_tokens: u64::from(args.prompt_tokens.unwrap_or(1_500)),
            completion_tokens: u64::from(args.completion_tokens.unwrap_or(60)),
            concurrency: u64::from(args.concurrency.unwrap_or(16)),
            request_microseconds: args.request_seconds.unwrap_or(2 * MILLION),
        }
    }

    /// What so many decisions take; `price`: millionths of the currency for a million tokens.
    fn sums(&self, decisions: u64, price: Option<(u64, u64)>) -> Sums {
        let prompt_tokens = decisions.saturating_mul(self.prompt_tokens);
        let completion_tokens = decisions.saturating_mul(self.completion_tokens);
        let cost_micros = price.map(|(prompt, completion)| {
            let of = |tokens: u64, price: u64| u128::from(tokens) * u128::from(price);
            let cost = of(prompt_tokens, prompt) + of(completion_tokens, completion);
            u64::try_from(cost.div_ceil(u128::from(MILLION))).unwrap_or(u64::MAX)
        });
        Sums { decisions, prompt_tokens, completion_tokens, cost_micros }
    }

    /// Microseconds of a round in which endpoints are asked for so many millionths of a decision.
    fn round(&self, asked: &BTreeMap<Asked, u64>) -> u64 {
        let mut endpoints: BTreeMap<&str, u64> = BTreeMap::new();
        for (asked, decisions) in asked {
            *endpoints.entry(&asked.endpoint).or_default() += decisions;
        }
        let takes = |decisions: u64| match decisions {
            // Fewer than one: most rounds have none.
            0..MILLION => decisions.saturating_mul(self.request_microseconds) / MILLION,
            more => {
                let turns = more.div_ceil(self.concurrency.saturating_mul(MILLION));
                turns.saturating_mul(self.request_microseconds)
            }
        };
        endpoints.into_values().map(takes).max().unwrap_or(0)
    }
}

/// What a million tokens cost at an endpoint, sent and answered, in millionths.
fn price(nodes: &[NodeInfo], endpoint: &str) -> Option<(u64, u64)> {
    let all = nodes.iter().flat_map(|node| &node.endpoints).filter(|it| it.name == endpoint);
    let prices = all.filter_map(|EndpointInfo { price, .. }| {
        let price = price.as_ref()?;
        let of = |text: &Option<String>| text.as_deref().and_then(|text| parse_money(text).ok());
        Some((of(&price.prompt)?, of(&price.completion)?))
    });
    // Nodes may be told of different prices: no run is to cost more than was estimated.
    prices.reduce(|dearest, price| (dearest.0.max(price.0), dearest.1.max(price.1)))
}

impl Expectation {
    fn of(spec: &Spec, options: &RunOptions, nodes: &[NodeInfo], assumed: Assumed) -> Expectation {
        let estimate = Estimate::of(spec, options);
        let mut all = Sums::default();
        let mut asked = Vec::new();
        let mut without_price = Vec::new();
        for (Asked { platform, endpoint, model }, millionths) in estimate.in_all() {
            let price = price(nodes, &endpoint);
            let sums = assumed.sums(millionths.div_ceil(MILLION), price);
            all.add(&sums);
            if price.is_none() && !without_price.contains(&endpoint) {
                without_price.push(endpoint.clone());
            }
            asked.push(Row { platform, endpoint, model, sums });
        }
        let busiest = estimate.hours.iter().max_by_key(|hour| hour.in_a_round());
        let busiest = busiest.filter(|hour| hour.in_a_round() > 0);
        let microseconds = estimate.hours.iter().fold(0_u64, |sum, hour| {
            sum.saturating_add(assumed.round(&hour.asked).saturating_mul(hour.rounds))
        });
        Expectation {
            simulation_id: spec.simulation_id.clone(),
            rounds: options.rounds,
            asked,
            all,
            busiest_hour: busiest.map(|hour| hour.hour),
            busiest_decisions_milli: busiest.map_or(0, |hour| hour.in_a_round() / 1000),
            milliseconds: microseconds / 1000,
            assumed,
            without_price,
        }
    }

    /// `names_one`: whether the request says who asks whom.
    fn render(&self, names_one: bool, paint: Paint) -> String {
        let rounds = counted(u64::from(self.rounds), "round");
        let name = paint.bold(self.simulation_id.as_str());
        let mut lines = vec![format!("{name}: an estimate of {rounds}; nothing is started")];
        if !names_one {
            lines.push(
                "  as if all agents asked one endpoint: --llm says who asks which".to_owned(),
            );
        }
        if self.asked.is_empty() {
            lines.push("  no agent would ask a language model".to_owned());
            return lines.join("\n");
        }
        lines.push(String::new());
        lines.extend(self.table(paint));
        lines.push(String::new());
        lines.extend(columns(&self.facts(), &[]));
        lines.join("\n")
    }

    fn table(&self, paint: Paint) -> Vec<String> {
        let headings =
            ["", "DECISIONS", "A ROUND", "PROMPT TOKENS", "COMPLETION", "COST", "ENDPOINT"];
        let mut rows = vec![headings.map(|heading| paint.bold(heading)).to_vec()];
        let row = |name: &str, sums: &Sums, endpoint: String| {
            vec![
                format!("  {name}"),
                count(sums.decisions),
                tenths(sums.decisions * 10 / u64::from(self.rounds.max(1))),
                count(sums.prompt_tokens),
                count(sums.completion_tokens),
                sums.cost_micros.map_or("?".to_owned(), money),
                endpoint,
            ]
        };
        for Row { platform, endpoint, model, sums } in &self.asked {
            let model = model.as_ref().map_or(String::new(), |model| format!("/{model}"));
            let endpoint = one_line(&format!("{endpoint}{model}"), 60);
            rows.push(row(platform.as_str(), sums, endpoint));
        }
        if self.asked.len() > 1 {
            rows.push(row("all", &self.all, String::new()));
        }
        columns(&rows, &[1, 2, 3, 4, 5])
    }

    fn facts(&self) -> Vec<Vec<String>> {
        let Assumed { prompt_tokens, completion_tokens, concurrency, request_microseconds } =
            self.assumed;
        let mut facts = Vec::new();
        let mut fact = |name: &str, text: String| facts.push(vec![format!("  {name}"), text]);
        if let Some(hour) = self.busiest_hour {
            let decisions = tenths(self.busiest_decisions_milli / 100);
            fact(
                "busiest",
                format!("rounds from {hour:02}:00 on, some {decisions} decisions each"),
            );
        }
        let takes = span(self.milliseconds);
        let request = span(request_microseconds / 1000);
        fact("time", format!("some {takes}: {concurrency} requests at once, each of {request}"));
        fact(
            "assumed",
            format!(
                "{} tokens a question, {} an answer, one request a decision, nothing kept from \
                 before",
                count(prompt_tokens),
                count(completion_tokens)
            ),
        );
        if !self.without_price.is_empty() {
            let names = one_line(&self.without_price.join(", "), 200);
            fact("no price", format!("no simulator node says what {names} takes"));
        }
        facts
    }
}

impl Sums {
    fn add(&mut self, other: &Sums) {
        let Sums { decisions, prompt_tokens, completion_tokens, cost_micros } = other;
        self.decisions = self.decisions.saturating_add(*decisions);
        self.prompt_tokens = self.prompt_tokens.saturating_add(*prompt_tokens);
        self.completion_tokens = self.completion_tokens.saturating_add(*completion_tokens);
        if let Some(cost) = cost_micros {
            self.cost_micros = Some(self.cost_micros.unwrap_or(0).saturating_add(*cost));
        }
    }
}

/// `86` as `8.6`.
fn tenths(number: u64) -> String {
    format!("{}.{}", count(number / 10), number % 10)
}

#[cfg(test)]
mod tests;
