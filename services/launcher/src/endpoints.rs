//! Whether there are the language models that a request names. A run of one that nobody has would
//! begin and wait.

use std::time::Duration;

use bus::Bus;
use contract::llm::LlmOptions;
use contract::problem::Problems;

/// How long nodes have to say what they can ask.
const PATIENCE: Duration = Duration::from_millis(500);

/// Checks the endpoints and models that `llm` names. Nodes that are away do not hold up a run: it
/// waits for them as any other does.
///
/// # Errors
/// Each name that none of the nodes which answer has.
pub async fn check(bus: &Bus, llm: Option<&LlmOptions>) -> Result<(), Problems> {
    let Some(llm) = llm.filter(|llm| !llm.endpoints().is_empty()) else { return Ok(()) };
    let services = match bus.discover(PATIENCE).await {
        Ok(services) => services,
        Err(why) => {
            let names = llm.endpoints().join(", ");
            tracing::warn!("cannot check whether there are the endpoints {names}: {why}");
            return Ok(());
        }
    };
    let number = services.iter().filter(|service| service.name == "shoal-simulator").count();
    let nodes = bus.nodes(number, PATIENCE).await;
    Problems::none_or(llm.unknown(&nodes, "/options/llm"), Some(()))
}
