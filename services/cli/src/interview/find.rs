//! Which agent is meant by a number, a name, a handle, or a part of one.

use contract::id::Digest;
use contract::problem::suggest;
use contract::spec::{AgentSpec, Spec};
use contract::status::EnvStatus;
use contract::subject::{Platform, StreamName};

use crate::client::Client;
use crate::failure::Failure;
use crate::output::{counted, one_line};

/// The number of the agent of this run that was meant by a number, a name or a part of one.
///
/// # Errors
/// If there is no such agent, with the one that was probably meant.
pub(crate) async fn find_agent_of(
    client: &Client,
    run: &EnvStatus,
    wanted: &str,
) -> Result<u32, Failure> {
    let spec = read_spec(client, &run.spec_digest).await?;
    find_agent(&spec, wanted).map_err(Failure::bad_input)
}

/// The spec that is stored under this digest.
///
/// # Errors
/// If there is none, or it cannot be read.
pub(crate) async fn read_spec(client: &Client, digest: &Digest) -> Result<Spec, Failure> {
    let subject = client.bus.prefix().spec(digest);
    let bytes = client.bus.get_object(StreamName::Specs, &subject).await?;
    let bytes =
        bytes.ok_or_else(|| Failure::failed(format!("the spec {digest} is not on the bus")))?;
    Spec::from_bytes(&bytes).map_err(|problems| Failure::Failed(problems.into()))
}

/// The agent that a number or a name means: the one that has it as its number, name or handle,
/// or else the only one in whose name or handle it occurs. Case does not matter.
pub(crate) fn find_agent(spec: &Spec, wanted: &str) -> Result<u32, String> {
    let is_there = |number: &u32| spec.agents.iter().any(|agent| agent.agent_id == *number);
    if let Some(number) = wanted.parse().ok().filter(is_there) {
        return Ok(number);
    }
    let lowered = wanted.trim_start_matches('@').to_lowercase();
    let named = |fits: &dyn Fn(&str) -> bool| -> Vec<&AgentSpec> {
        let fit = |agent: &&AgentSpec| {
            names_of(spec, agent).iter().any(|name| fits(&name.to_lowercase()))
        };
        spec.agents.iter().filter(fit).collect()
    };
    let exact = named(&|name| name == lowered);
    let found = if exact.is_empty() { named(&|name| name.contains(&lowered)) } else { exact };
    match found[..] {
        [agent] => Ok(agent.agent_id),
        [] => {
            let all: Vec<&str> =
                spec.agents.iter().flat_map(|agent| names_of(spec, agent)).collect();
            let hint = match suggest(wanted, &all) {
                Some(meant) => format!("did you mean {meant:?}?"),
                None => format!(
                    "there are {}, with numbers from 0 (`shoal agents RUN` lists them)",
                    counted(u64::try_from(spec.agents.len()).unwrap_or(u64::MAX), "agent")
                ),
            };
            Err(format!("there is no agent {:?}: {hint}", one_line(wanted, 80)))
        }
        _ => {
            let some = found
                .iter()
                .take(8)
                .map(|agent| format!("{} ({})", one_line(&agent.name, 40), agent.agent_id));
            let some = some.collect::<Vec<_>>().join(", ");
            let more = match found.len().saturating_sub(8) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let (wanted, count) = (one_line(wanted, 80), found.len());
            Err(format!("{wanted:?} may be any of {count} agents: {some}{more}"))
        }
    }
}

/// The same for a question. A number that nobody has is asked too: the answer says who there is.
pub(crate) fn find_asked(spec: &Spec, wanted: &str) -> Result<u32, String> {
    find_agent(spec, wanted).or_else(|why| wanted.parse().map_err(|_| why))
}

/// An agent's name, and its name and handle on each platform.
pub(crate) fn names_of<'a>(spec: &'a Spec, agent: &'a AgentSpec) -> Vec<&'a str> {
    let profiles = Platform::ALL.into_iter().filter_map(|platform| {
        spec.platform(platform)?.profiles.get(usize::try_from(agent.agent_id).ok()?)
    });
    let of_profiles = profiles.flat_map(|profile| [profile.name.as_str(), &profile.user_name]);
    std::iter::once(agent.name.as_str()).chain(of_profiles).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn sample() -> Spec {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/lantern-pier");
        intake::read_folder(&folder, &intake::Limits::default()).unwrap().spec
    }

    #[test]
    fn an_agent_is_found_by_name_handle_or_part() {
        let mut spec = sample();
        let handle = spec.twitter.as_ref().unwrap().profiles[3].user_name.clone();
        let full = spec.agents[5].name.clone();
        assert_eq!(find_agent(&spec, &full.to_uppercase()), Ok(5));
        assert_eq!(find_agent(&spec, &format!("@{handle}")), Ok(3));
        assert_eq!(find_agent(&spec, "31"), Ok(31));
        assert!(find_agent(&spec, "32").unwrap_err().contains("there are 32 agents"));
        spec.agents[7].name = "Quentin Xylander".to_owned();
        assert_eq!(find_agent(&spec, "xyland"), Ok(7));
        // A whole name wins over a part of another.
        spec.agents[8].name = "Xylander".to_owned();
        assert_eq!(find_agent(&spec, "xylander"), Ok(8));
        spec.agents[8].name = "Xylander the Elder".to_owned();
        assert_eq!(
            find_agent(&spec, "xylander"),
            Err(
                "\"xylander\" may be any of 2 agents: Quentin Xylander (7), Xylander the Elder (8)"
                    .to_owned()
            )
        );
    }

    #[test]
    fn a_number_that_nobody_has_may_be_a_name_and_is_asked_if_it_is_none() {
        let mut spec = sample();
        assert_eq!(find_asked(&spec, "1984"), Ok(1984));
        assert_eq!(find_asked(&spec, "3"), Ok(3));
        spec.agents[7].name = "1984".to_owned();
        assert_eq!(find_asked(&spec, "1984"), Ok(7));
        assert!(find_asked(&spec, "Zzzzzzzzzz").is_err());
    }

    #[test]
    fn an_agent_that_is_not_there_gets_a_suggestion() {
        let mut spec = sample();
        spec.agents[7].name = "Quentin".to_owned();
        assert_eq!(
            find_agent(&spec, "Quintin"),
            Err("there is no agent \"Quintin\": did you mean \"Quentin\"?".to_owned())
        );
        assert_eq!(
            find_agent(&spec, "Zzzzzzzzzz"),
            Err("there is no agent \"Zzzzzzzzzz\": there are 32 agents, with numbers from 0 (`shoal \
                 agents RUN` lists them)"
                .to_owned())
        );
    }
}
