//! What a new run is made of: its first env-status, its memories, its start command. Pure.

use contract::command::{Command, Request, Verb};
use contract::id::{ClientId, NAME_RULE, RunId, is_name};
use contract::options::{MemoryTarget, RequestedOptions, RunOptions};
use contract::problem::Problem;
use contract::spec::Spec;
use contract::status::EnvStatus;
use contract::subject::CommandAddress;
use contract::timestamp::Timestamp;

/// The most memories that a run may write to.
const MAX_MEMORIES: usize = 8;

/// The name under which the launcher's own commands are stored.
pub fn client() -> ClientId {
    "launcher".parse().expect("is of the characters that a client id may have")
}

/// The first status of a run: stored, it creates the run.
pub fn first_status(
    run_id: RunId,
    spec: &Spec,
    requested: &RequestedOptions,
    options: RunOptions,
    default_memory: &[String],
    now: Timestamp,
) -> EnvStatus {
    let names = requested.memory.as_deref().unwrap_or(default_memory);
    let memory = MemoryTarget::of_run(names, spec, &run_id);
    EnvStatus::queued(run_id, spec.digest(), requested.clone(), options, memory, now)
}

/// The command that begins a run. It follows from the run's first status alone, so whoever
/// publishes it, and however often, publishes the same message under the same subject.
pub fn start_command(run: &EnvStatus) -> (CommandAddress, Command) {
    let command_id = run.run_id.as_str().parse();
    let command_id = command_id.expect("a run id is at most 59 characters of a command id's");
    let command = Command {
        command_id,
        request: Request::Start,
        issued_at: run.created_at,
        expires_at: None,
    };
    let address = CommandAddress {
        run: run.run_id.clone(),
        verb: Verb::Start,
        client: client(),
        command_id: command.command_id.clone(),
    };
    (address, command)
}

/// What is wrong with the names of memories at `place`.
pub fn check_memory_names(place: &str, names: &[String]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, name) in names.iter().enumerate() {
        if name == "none" {
            let expected = "none alone, or names; in a request an empty list for no memory";
            problems.push(Problem::new(place, "\"none\"", expected));
        } else if !is_name(name) {
            problems.push(Problem::new(place, format!("{name:?}"), NAME_RULE));
        } else if names[..index].contains(name) {
            problems.push(Problem::new(place, format!("{name:?} twice"), "each name once"));
        }
    }
    if names.len() > MAX_MEMORIES {
        let expected = format!("at most {MAX_MEMORIES}");
        problems.push(Problem::new(place, format!("{} names", names.len()), &expected));
    }
    problems
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use contract::status::RunStatus;
    use contract::subject::Prefix;

    const SPEC: &str = r#"{"v":1,"simulation_id":"market","project_id":null,"graph_id":null,
        "requirement":"","time":{"start_time":"2026-01-01T00:00:00.000Z","total_hours":5,
        "minutes_per_round":30,"agents_per_hour_min":1,"agents_per_hour_max":1,"peak_hours":[],
        "peak_ppm":1000000,"off_peak_hours":[],"off_peak_ppm":1000000,"morning_hours":[],
        "morning_ppm":1000000,"work_hours":[],"work_ppm":1000000},"agents":[{"agent_id":0,
        "name":"Ada","entity_type":"Student","activity_ppm":1000000,"active_hours":[9],
        "posts_per_hour_ppm":0,"comments_per_hour_ppm":0,"response_delay_min":0,
        "response_delay_max":0,"sentiment_ppm":0,"stance":"neutral","influence_ppm":1000000}],
        "events":{"seed_posts":[],"scheduled":[],"hot_topics":[],"narrative_direction":""},
        "twitter":{"feed":{"recency_ppm":1,"popularity_ppm":1,"relevance_ppm":1,
        "viral_threshold":1,"echo_chamber_ppm":0},"self_rating":true,"profiles":[{
        "user_name":"ada","name":"Ada","bio":"","persona":""}]},
        "reddit":{"feed":{"recency_ppm":1,"popularity_ppm":1,"relevance_ppm":1,
        "viral_threshold":1,"echo_chamber_ppm":0},"self_rating":true,"profiles":[{
        "user_name":"ada","name":"Ada","bio":"","persona":""}]}}"#;

    /// One agent, both worlds, five hours of half-hour rounds.
    pub(crate) fn spec() -> Spec {
        Spec::from_bytes(SPEC.as_bytes()).unwrap()
    }

    /// Run `number` of `market`, queued as of 10:00, its spec digest that of "spec".
    pub(crate) fn status(number: u32) -> EnvStatus {
        let (spec, requested) = (spec(), RequestedOptions::default());
        let options = requested.resolve(&spec).unwrap();
        let now = "2026-03-01T10:00:00Z".parse().unwrap();
        let run = spec.simulation_id.run(number);
        let status = first_status(run, &spec, &requested, options, &["local".to_owned()], now);
        EnvStatus { spec_digest: contract::id::Digest::of(&[b"spec"]), ..status }
    }

    fn graphs(number: u32, graph_id: Option<&str>, requested: Option<&[&str]>) -> Vec<String> {
        let spec = Spec { graph_id: graph_id.map(str::to_owned), ..spec() };
        let memory = requested.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        let requested = RequestedOptions { memory, ..RequestedOptions::default() };
        let options = requested.resolve(&spec).unwrap();
        let run = spec.simulation_id.run(number);
        let now = Timestamp::from_milliseconds(0);
        let status = first_status(run, &spec, &requested, options, &["local".to_owned()], now);
        status
            .memory
            .iter()
            .map(|memory| format!("{}:{}", memory.target, memory.graph_id))
            .collect()
    }

    #[test]
    fn a_run_writes_to_a_graph_of_its_own() {
        assert_eq!(graphs(1, None, None), ["local:market"]);
        assert_eq!(graphs(1, Some("city"), None), ["local:city"]);
        assert_eq!(graphs(3, Some("city"), None), ["local:city--market-3"]);
        assert_eq!(
            graphs(2, None, Some(&["zep", "log"])),
            ["zep:market--market-2", "log:market--market-2"]
        );
        assert_eq!(graphs(2, None, Some(&[])), [""; 0]);
    }

    #[test]
    fn a_new_run_has_its_worlds_and_is_queued() {
        let status = status(2);
        assert_eq!((status.status, status.alive, status.held), (RunStatus::Queued, true, false));
        assert_eq!(status.platforms.len(), 2);
        assert!(status.platforms.iter().all(|world| world.rounds == 10 && world.ticks == 0));
    }

    #[test]
    fn the_start_command_follows_from_the_run() {
        let (address, command) = start_command(&status(2));
        let subject = Prefix::default().command(&address);
        assert_eq!(subject, "sim.commands.market-2.start.launcher.market-2");
        assert_eq!(Command::parse(&address, &command.to_bytes()), Ok(command));
        let longest = format!("{}-4294967295", "a".repeat(48));
        let run = EnvStatus { run_id: longest.parse().unwrap(), ..status(1) };
        assert_eq!(start_command(&run).1.command_id.as_str(), longest);
    }
}
