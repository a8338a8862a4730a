//! What a decision of a language model costs us, with a model that answers at once: the prompt, the
//! request, the answer, the journal. And that it costs the same late in a run.

use anyhow::{Context as _, ensure};
use contract::llm::{DECISION_SECONDS, LlmOptions, LlmRule, ROUND_SECONDS};
use contract::options::RequestedOptions;
use contract::spec::{Hours, Spec};
use contract::status::{EnvStatus, RunStatus};
use contract::subject::Platform;
use serde_json::json;
use system_tests::model::ModelServer;
use system_tests::process::children;

use crate::figures::{circumstances, load, verdict};
use crate::readers::processor_time;
use crate::site::Site;
use crate::town;

/// Thousandths of a round a second: what a round needs is over before the next begins.
const PACE_MILLI: u32 = 350;
/// Rounds of a line.
const BLOCK: u32 = 5;
/// Decisions per second of a processor.
const GOAL: f64 = 2_000.0;
/// How much dearer the last rounds may be than the first, in percent.
const FLAT: f64 = 10.0;
/// OASIS's turns a second with an instant model, 100 agents on a core of such a machine: in the
/// first and the tenth round.
const OASIS: [f64; 2] = [26.0, 10.7];

/// What was seen of some rounds.
struct Seen {
    decisions: u64,
    /// Milliseconds of the worker's processor time.
    cpu: f64,
    /// Mean bytes of a request.
    bytes: usize,
}

/// Plays `rounds` rounds in which all of so many agents of two worlds act, first by themselves,
/// then by a model, and prints what the worker took for each decision.
pub(crate) async fn measure(agents: u32, rounds: u32) -> anyhow::Result<()> {
    println!(
        "What a decision of a language model takes of the worker's processors, where the model"
    );
    println!(
        "answers at once: {agents} agents in each of two worlds, all of whom act in each round."
    );
    println!("{}.\n", circumstances());
    let models = ModelServer::start();
    let folder = tempfile::TempDir::with_prefix("bus-bench-")?;
    let file = folder.path().join("endpoints.json");
    let endpoint = json!({"url": models.url(), "models": ["instant"], "tools": true});
    std::fs::write(&file, json!({"endpoints": {"instant": endpoint}}).to_string())?;
    let file = file.to_string_lossy().into_owned();
    let mut site = Site::start("", &[("SHOAL_LLM_ENDPOINTS", &file)]).await?;
    site.add_node();
    // Some rounds more than are looked at: the end of a run has costs of its own.
    let spec = lively(town::generated(agents, rounds + BLOCK)?);
    let alone = play(&mut site, &spec, rounds, None, &models).await?;
    let asked = play(&mut site, &spec, rounds, Some(llm()), &models).await?;
    println!(
        "{:<14} {:>10} {:>14} {:>12} {:>12}",
        "rounds", "decisions", "per CPU second", "CPU ms", "builtin ms"
    );
    for (block, (asked, alone)) in asked.iter().zip(&alone).enumerate() {
        let first = u32::try_from(block)? * BLOCK + 1;
        println!(
            "{:<14} {:>10} {:>14.0} {:>12.0} {:>12.0}   {:.1} KB a request",
            format!("{first} to {}", first + BLOCK - 1),
            asked.decisions,
            asked.rate(),
            asked.cpu,
            alone.cpu,
            asked.bytes as f64 / 1e3
        );
    }
    let (first, last) = asked.first().zip(asked.last()).context("no rounds")?;
    println!(
        "\nOASIS, 100 agents: {} turns a second in round 1, {} in round 10",
        OASIS[0], OASIS[1]
    );
    let slower = (first.rate() / last.rate() - 1.0) * 100.0;
    let verdict_of_rate = if last.rate() >= GOAL { "met" } else { "MISSED" };
    println!("decisions per CPU second: {:.0}  goal: >= {GOAL}  {verdict_of_rate}", last.rate());
    println!(
        "the last rounds are slower by {slower:.1} %  goal: <= {FLAT} %  {}",
        verdict(slower, FLAT)
    );
    println!("load average {} at the end", load());
    Ok(())
}

impl Seen {
    /// Decisions per second of a processor.
    fn rate(&self) -> f64 {
        self.decisions as f64 * 1e3 / self.cpu.max(1.0)
    }
}

fn llm() -> LlmOptions {
    let rule = LlmRule {
        endpoint: "instant".to_owned(),
        model: None,
        platform: None,
        entity_types: vec![],
        agents: vec![],
    };
    let (decision_seconds, round_seconds) = (DECISION_SECONDS, ROUND_SECONDS);
    LlmOptions { rules: vec![rule], decision_seconds, round_seconds }
}

/// The same people, who are all awake and act in each round.
fn lively(mut spec: Spec) -> Spec {
    let all = Hours::try_from((0..24).collect::<Vec<u8>>()).unwrap_or_default();
    let count = u32::try_from(spec.agents.len()).unwrap_or(u32::MAX);
    (spec.time.agents_per_hour_min, spec.time.agents_per_hour_max) = (count, count);
    let time = &mut spec.time;
    for hours in [
        &mut time.peak_hours,
        &mut time.off_peak_hours,
        &mut time.morning_hours,
        &mut time.work_hours,
    ] {
        *hours = Hours::default();
    }
    for agent in &mut spec.agents {
        (agent.activity_ppm, agent.active_hours) = (1_000_000, all.clone());
    }
    spec
}

async fn play(
    site: &mut Site,
    spec: &Spec,
    rounds: u32,
    llm: Option<LlmOptions>,
    models: &ModelServer,
) -> anyhow::Result<Vec<Seen>> {
    let is_asked = llm.is_some();
    let (requested, _) = town::options(spec, &Platform::ALL, Some(PACE_MILLI))?;
    let requested = RequestedOptions { llm, ..requested };
    let options = requested.resolve(spec).map_err(|why| anyhow::anyhow!("{why}"))?;
    let run = site.run(spec, (requested, options)).await?;
    let begun = |status: &EnvStatus| ticks(status) >= 1;
    let status = site.status(&run, "begun", begun).await?;
    let node = site.nodes.values().next().context("no node")?.id();
    let is_of = |worker: &u32| {
        let command = std::fs::read(format!("/proc/{worker}/cmdline")).unwrap_or_default();
        command.split(|byte| *byte == 0).any(|word| word == run.as_str().as_bytes())
    };
    let worker = children(node).into_iter().find(is_of).context("no worker")?;
    let (mut cpu, mut decisions) = (processor_time(worker)?, decisions_of(&status));
    let mut seen = Vec::new();
    for block in 1..=rounds / BLOCK {
        let played = |status: &EnvStatus| ticks(status) > block * BLOCK;
        let status = site.status(&run, "some rounds on", played).await?;
        let (cpu_now, decisions_now) = (processor_time(worker)?, decisions_of(&status));
        let bodies = models.bodies();
        let bytes = bodies.iter().map(String::len).sum::<usize>() / bodies.len().max(1);
        seen.push(Seen { decisions: decisions_now - decisions, cpu: cpu_now - cpu, bytes });
        (cpu, decisions) = (cpu_now, decisions_now);
    }
    site.status(&run, "completed", |status| status.status == RunStatus::Completed).await?;
    ensure!(!is_asked || decisions > 0, "nobody asked the model");
    Ok(seen)
}

fn ticks(status: &EnvStatus) -> u32 {
    status.platforms.iter().map(|world| world.ticks).min().unwrap_or(0)
}

fn decisions_of(status: &EnvStatus) -> u64 {
    status.platforms.iter().map(|world| world.spent.decisions).sum()
}
