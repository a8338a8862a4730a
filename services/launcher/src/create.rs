//! Starting runs: reads what is true now, lets [`plan`] decide, and brings it about.

use std::sync::Arc;

use bus::{Bus, First};
use contract::id::SimulationId;
use contract::manner::Manner;
use contract::options::RequestedOptions;
use contract::spec::Spec;
use contract::status::EnvStatus;
use contract::subject::StreamName;
use contract::timestamp::Timestamp;

use crate::endpoints;
use crate::follow::refresh;
use crate::memories;
use crate::model::Model;
use crate::plan::{Plan, Wish, plan};
use crate::queued::{first_status, start_command};
use crate::refusal::Refusal;
use crate::sources;
use crate::specs::Specs;

/// How often another launcher may be quicker before this one gives up.
const TRIES: u32 = 20;

/// Starts runs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Creator {
    /// Where runs are.
    pub bus: Bus,
    /// What is known of them.
    pub model: Model,
    /// Where their specs are.
    pub specs: Specs,
    /// The memories of a run whose request names none.
    pub default_memory: Vec<String>,
}

/// What somebody wants to run.
#[derive(Clone, Debug)]
pub struct Order {
    /// The checked spec.
    pub spec: Spec,
    /// How to run it.
    pub requested: RequestedOptions,
    /// Whether another run will do, and what a new one is known by.
    pub manner: Manner,
    /// Thousandths of a round per second where the options have no pace.
    pub pace: Option<u32>,
}

/// The run that answers an order.
#[derive(Clone, Debug)]
pub struct Started {
    /// Its status.
    pub run: Arc<EnvStatus>,
    /// False if it was there already.
    pub created: bool,
}

impl Creator {
    /// The run that `order` means: one that is there, or a new one, which is then queued with
    /// its start command stored.
    ///
    /// # Errors
    /// If a live run stands in the way, the options make no sense for the spec or name a memory
    /// or a language model that there is not, or the bus cannot be read or written.
    pub async fn start(&self, order: &Order) -> Result<Started, Refusal> {
        faults::point("launch.parsed");
        self.model.ready()?;
        let requested = in_order(&order.requested);
        let mut options = requested.resolve(&order.spec).map_err(Refusal::Invalid)?;
        options.pace_milli = requested.pace_milli.or(order.pace).unwrap_or(options.pace_milli);
        let simulation = &order.spec.simulation_id;
        let spec_digest = order.spec.digest();
        let wish = Wish { spec_digest, requested: &requested, manner: &order.manner };
        for _ in 0..TRIES {
            self.look(simulation).await?;
            let number = match self.model.ask(|runs| plan(&runs.of(simulation), &wish)) {
                Plan::Take(run) => {
                    // None if it was deleted at this very moment: planned anew.
                    let Some(run) = self.model.ask(|runs| runs.run(&run)) else { continue };
                    return Ok(Started { run, created: false });
                }
                Plan::KeyTaken { key, run, differences } => {
                    return Err(Refusal::KeyTaken { key, run, differences });
                }
                Plan::Conflict { run, differences } => {
                    return Err(Refusal::Conflict { run, differences });
                }
                Plan::Create { number } => number,
            };
            sources::check(&self.bus, &self.model, &order.spec, &options).await?;
            endpoints::check(&self.bus, options.llm.as_ref()).await?;
            memories::check(&self.bus, requested.memory.as_deref().unwrap_or_default()).await?;
            faults::point("launch.valid");
            self.specs.ensure(&order.spec).await?;
            let (run, now) = (simulation.run(number), now());
            let options = options.clone();
            let status =
                first_status(run, &order.spec, &requested, options, &self.default_memory, now);
            let Manner { idempotency_key, labels, .. } = order.manner.clone();
            let status = EnvStatus { idempotency_key, labels, ..status };
            if let Some(run) = self.create(Arc::new(status)).await? {
                return Ok(Started { run, created: true });
            }
        }
        Err(Refusal::Unavailable(format!(
            "other launchers were quicker {TRIES} times to create a run of {simulation}"
        )))
    }

    /// Reads what is true now of a simulation's current run into the model, which may lag.
    async fn look(&self, simulation: &SimulationId) -> Result<(), Refusal> {
        let there = self.model.ask(|runs| {
            let current = runs.current(simulation).map(|current| current.run_id.number());
            current.or(runs.highest(simulation))
        });
        let mut number = there.unwrap_or(1);
        // Runs are numbered without a gap, and leave a tombstone where they were deleted, so
        // the first number without either is the end.
        while refresh(&self.bus, &self.model, &simulation.run(number)).await? {
            match number.checked_add(1) {
                Some(next) => number = next,
                None => break,
            }
        }
        Ok(())
    }

    /// Brings a run into being; `None` if another launcher was quicker.
    async fn create(&self, run: Arc<EnvStatus>) -> Result<Option<Arc<EnvStatus>>, Refusal> {
        let subject = self.bus.prefix().env_status(&run.run_id);
        let body = run.to_bytes();
        match self.bus.append_first(StreamName::EnvStatus, &subject, body).await? {
            First::Ours(sequence) => self.model.fold(sequence, Arc::clone(&run)),
            // Whose it is shows when the run is looked at again.
            First::Theirs(_) => return Ok(None),
        }
        faults::point("launch.created");
        tracing::info!(run = %run.run_id, "created run {}", run.run_id);
        // Stored before anybody hears of the run, so no stop can be stored before it. Without
        // it the run is there all the same: whoever sees it queued publishes the same again.
        if let Err(error) = publish_start(&self.bus, &run).await {
            tracing::warn!(run = %run.run_id, %error, "cannot publish the start command yet");
        }
        faults::point("launch.published");
        Ok(Some(run))
    }
}

/// Publishes the start command of a queued run, unless somebody has.
///
/// # Errors
/// If the bus does not take it.
pub async fn publish_start(bus: &Bus, run: &EnvStatus) -> Result<(), Refusal> {
    let (address, command) = start_command(run);
    let subject = bus.prefix().command(&address);
    bus.append_first(address.verb.stream(), &subject, command.to_bytes()).await?;
    Ok(())
}

/// The same options with their lists in order, so that two ways to write them are equal.
fn in_order(requested: &RequestedOptions) -> RequestedOptions {
    let mut requested = requested.clone();
    if let Some(platforms) = &mut requested.platforms {
        platforms.sort();
    }
    if let Some(memory) = &mut requested.memory {
        memory.sort();
    }
    if let Some(sources) = &mut requested.sources {
        sources.sort();
    }
    // Not the rules: of those that fit an agent the last one counts.
    for rule in requested.llm.iter_mut().flat_map(|llm| &mut llm.rules) {
        rule.entity_types.sort();
        rule.agents.sort_unstable();
    }
    requested
}

/// The wall clock.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_milliseconds(kit::now_milliseconds())
}
