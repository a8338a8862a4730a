//! `cost`: what a run's language models took, as its journals have it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use bus::Bus;
use clap::Args;
use contract::cost::{Ledger, Spent, money};
use contract::id::RunId;
use contract::journal::{Entry, Record};
use contract::llm::Budget;
use contract::past::Parent;
use contract::spec::Spec;
use contract::status::{EnvStatus, RunStatus};
use contract::subject::{Platform, StreamName};
use contract::timestamp::Timestamp;
use serde::Serialize;

use crate::args::Target;
use crate::client::Client;
use crate::failure::Failure;
use crate::interview::read_spec;
use crate::models;
use crate::output::{Output, Paint, columns, count, one_line, span};
use crate::reading::Messages;
use crate::report::status_word;
use crate::status::find_run;

/// The help of `cost`.
pub const ABOUT: &str = "\
Show what the language models of a run took: decisions, calls that were refused, agents that did \
not decide and why, requests, tokens, money and played time, by world and in all, beside the caps \
of the run's budget. It is summed up from the run's journals, so it is the same while the run \
goes on, after its end and after a crash. What a run was forked with was paid by its parent, and \
counts there. Interviews stand in no journal: what they take is not in these sums.

With --json: {\"run_id\": .., \"all\": {..}, \"platforms\": [{\"platform\": .., \"spent\": {..}, \
\"played_milliseconds\": .., \"undecided\": [{\"why\": .., \"times\": ..}]}], \"budget\": {..}, \
\"agents\": [{\"agent_id\": .., \"spent\": {..}}]}; agents with --agents only. Amounts are \
millionths (cost_micros).

Example:
  shoal cost lantern-pier
  shoal cost lantern-pier --agents --json";

/// Agents that are shown: the dearest ones.
const AGENTS: usize = 20;

/// Reasons of a world that are shown: the commonest ones.
const REASONS: usize = 5;

/// Arguments of `cost`.
#[derive(Clone, Debug, Args)]
pub struct CostArgs {
    /// Which run.
    #[command(flatten)]
    pub target: Target,
    /// Show the dearest agents as well; with --json, all of them
    #[arg(long)]
    pub agents: bool,
}

/// What a run took. With `--json` printed as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Costs {
    run_id: RunId,
    status: RunStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<Parent>,
    all: Spent,
    /// Of the world that has played for longest.
    played_milliseconds: u64,
    platforms: Vec<WorldCosts>,
    budget: Option<Budget>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agents: Option<Vec<AgentCosts>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct WorldCosts {
    platform: Platform,
    spent: Spent,
    played_milliseconds: u64,
    /// Why agents did not decide, the commonest reason first.
    undecided: Vec<Reason>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Reason {
    why: String,
    times: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct AgentCosts {
    agent_id: u32,
    /// In all worlds.
    spent: Spent,
}

/// `shoal cost`.
///
/// # Errors
/// If there is no such run, or a journal cannot be read.
pub async fn cost(
    client: &Client,
    args: &CostArgs,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let run = find_run(client, &args.target.run).await?;
    let mut worlds = Vec::new();
    for platform in &run.options.platforms {
        worlds.push((*platform, read(&client.bus, &run, *platform).await?));
    }
    let now = Timestamp::from_milliseconds(kit::now_milliseconds());
    let costs = Costs::of(&run, &worlds, now, args.agents);
    if client.json {
        return Ok(output.print_json(&costs)?);
    }
    let spec = match args.agents {
        true => Some(read_spec(client, &run.spec_digest).await?),
        false => None,
    };
    let text = costs.render(&run, spec.as_ref(), output.paint());
    Ok(output.print(&text)?)
}

/// What a world's journal says of costs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct World {
    ledger: Ledger,
    reasons: BTreeMap<String, u64>,
}

impl World {
    fn take(&mut self, record: &Record) {
        match record {
            // A stream that lost its end is read from the beginning again.
            Record::Genesis(_) => *self = World::default(),
            Record::Tick(tick) if self.ledger.is_own(tick.tick) => {
                for undecided in &tick.undecided {
                    *self.reasons.entry(undecided.why.clone()).or_default() +=
                        undecided.agents.len() as u64;
                }
            }
            Record::Claim(_)
            | Record::Decisions(_)
            | Record::Tick(_)
            | Record::Hold(_)
            | Record::Go(_)
            | Record::End(_)
            | Record::Close(_) => {}
        }
        self.ledger.take(record);
    }
}

async fn read(bus: &Bus, run: &EnvStatus, platform: Platform) -> Result<World, Failure> {
    let subject = bus.prefix().inputs(&run.run_id, platform);
    let mut messages = Messages::on(bus, &run.run_id, StreamName::Inputs, &subject).await?;
    let mut world = World::default();
    while let Some(stored) = messages.next().await? {
        let entry: Entry = serde_json::from_slice(&stored.body).map_err(|error| {
            let (run, sequence) = (&run.run_id, stored.sequence);
            let what =
                format!("record {sequence} of the journal {subject} cannot be read: {error}");
            Failure::failed(format!("{what} (shoal verify {run} says what else is wrong)"))
        })?;
        world.take(&entry.record);
    }
    Ok(world)
}

impl Costs {
    fn of(run: &EnvStatus, worlds: &[(Platform, World)], now: Timestamp, agents: bool) -> Costs {
        let mut all = Spent::default();
        let mut of_agents: BTreeMap<u32, Spent> = BTreeMap::new();
        for (_, World { ledger, .. }) in worlds {
            all.add(ledger.spent());
            for (agent, spent) in ledger.agents() {
                of_agents.entry(*agent).or_default().add(spent);
            }
        }
        let platforms: Vec<WorldCosts> = worlds
            .iter()
            .map(|(platform, world)| WorldCosts {
                platform: *platform,
                spent: *world.ledger.spent(),
                played_milliseconds: world.ledger.played_milliseconds(now),
                undecided: commonest(&world.reasons),
            })
            .collect();
        let played = platforms.iter().map(|world| world.played_milliseconds).max();
        Costs {
            run_id: run.run_id.clone(),
            status: run.status,
            parent: run.parent.clone(),
            all,
            played_milliseconds: played.unwrap_or(0),
            platforms,
            budget: run.options.budget,
            agents: agents.then(|| dearest(&of_agents)),
        }
    }

    fn render(&self, run: &EnvStatus, spec: Option<&Spec>, paint: Paint) -> String {
        let word = status_word(self.status, self.status.as_str(), paint);
        let mut lines = vec![format!("{} {word}", paint.bold(self.run_id.as_str()))];
        lines.extend(run.reason.iter().map(|reason| format!("  {}", one_line(reason, 500))));
        if self.all.is_nothing() {
            let what = match run.asks_models() {
                true => "no language model has decided anything yet",
                false => "no language model was asked: its worlds decide for all agents",
            };
            lines.push(format!("  {what}; played for {}", span(self.played_milliseconds)));
        } else {
            lines.push(String::new());
            lines.extend(self.table(paint));
        }
        let budget = self.budget.as_ref();
        lines.extend(budget.map(|budget| {
            let played = Some(self.played_milliseconds);
            format!("\nbudget: {}", models::spent(&self.all, Some(budget), played))
        }));
        lines.extend(self.parent.iter().map(|parent| {
            let Parent { run_id, round, .. } = parent;
            format!("\nwhat it has of {run_id}, up to round {round}, was paid there")
        }));
        lines.extend(self.reasons(paint));
        lines.extend(self.agent_table(spec, paint));
        lines.join("\n")
    }

    fn table(&self, paint: Paint) -> Vec<String> {
        let row = |name: &str, spent: &Spent, played: u64| {
            let mut row = vec![format!("  {name}")];
            row.extend(cells(spent));
            row.push(span(played));
            row
        };
        let mut rows = vec![headings("PLAYED", paint)];
        for WorldCosts { platform, spent, played_milliseconds, .. } in &self.platforms {
            rows.push(row(platform.as_str(), spent, *played_milliseconds));
        }
        if self.platforms.len() > 1 {
            rows.push(row("all", &self.all, self.played_milliseconds));
        }
        columns(&rows, &[1, 2, 3, 4, 5, 6, 7, 8, 9])
    }

    /// Why agents did not decide.
    fn reasons(&self, paint: Paint) -> Vec<String> {
        let mut rows = Vec::new();
        for world in &self.platforms {
            for Reason { why, times } in world.undecided.iter().take(REASONS) {
                let platform = paint.dim(world.platform.as_str());
                rows.push(vec![format!("  {}", count(*times)), platform, one_line(why, 200)]);
            }
            let others = world.undecided.iter().skip(REASONS).map(|reason| reason.times).sum();
            if others > 0 {
                let platform = paint.dim(world.platform.as_str());
                rows.push(vec![format!("  {}", count(others)), platform, "for others".to_owned()]);
            }
        }
        let heading = (!rows.is_empty()).then(|| format!("\n{}", paint.bold("undecided, and why")));
        heading.into_iter().chain(columns(&rows, &[0])).collect()
    }

    fn agent_table(&self, spec: Option<&Spec>, paint: Paint) -> Vec<String> {
        let agents = self.agents.as_deref().unwrap_or_default();
        if agents.is_empty() {
            return Vec::new();
        }
        let mut rows = vec![headings("AGENT", paint)];
        for AgentCosts { agent_id, spent } in agents.iter().take(AGENTS) {
            let agent = spec.and_then(|spec| spec.agents.get(*agent_id as usize));
            let mut row = vec![format!("  #{agent_id}")];
            row.extend(cells(spent));
            row.push(agent.map_or(String::new(), |agent| one_line(&agent.name, 60)));
            rows.push(row);
        }
        let mut lines = vec![format!("\n{}", paint.bold("the dearest agents"))];
        lines.extend(columns(&rows, &[0, 1, 2, 3, 4, 5, 6, 7, 8]));
        let more = agents.len().saturating_sub(AGENTS);
        lines.extend(
            (more > 0).then(|| format!("  and {} more (--json has all)", count(more as u64))),
        );
        lines
    }
}

/// Those of [`cells`], between a row's name and `last`.
fn headings(last: &'static str, paint: Paint) -> Vec<String> {
    let of_cells =
        ["DECISIONS", "REFUSED", "UNDECIDED", "REQUESTS", "PROMPT", "CACHED", "COMPLETION", "COST"];
    let all = [""].into_iter().chain(of_cells).chain([last]);
    all.map(|heading| paint.bold(heading)).collect()
}

fn cells(spent: &Spent) -> Vec<String> {
    let usage = &spent.usage;
    let numbers = [
        spent.decisions,
        spent.refused,
        spent.undecided,
        usage.requests,
        usage.prompt_tokens,
        usage.cached_tokens,
        usage.completion_tokens,
    ];
    numbers.into_iter().map(count).chain([money(usage.cost_micros)]).collect()
}

fn commonest(reasons: &BTreeMap<String, u64>) -> Vec<Reason> {
    let reason = |(why, times): (&String, &u64)| Reason { why: why.clone(), times: *times };
    let mut reasons: Vec<Reason> = reasons.iter().map(reason).collect();
    reasons.sort_by_key(|reason| Reverse(reason.times));
    reasons
}

/// By money, then by tokens where none is known of.
fn dearest(agents: &BTreeMap<u32, Spent>) -> Vec<AgentCosts> {
    let costs =
        |(agent_id, spent): (&u32, &Spent)| AgentCosts { agent_id: *agent_id, spent: *spent };
    let mut agents: Vec<AgentCosts> = agents.iter().map(costs).collect();
    agents.sort_by_key(|agent| {
        let usage = &agent.spent.usage;
        Reverse((usage.cost_micros, usage.tokens(), usage.requests))
    });
    agents
}

#[cfg(test)]
mod tests;
