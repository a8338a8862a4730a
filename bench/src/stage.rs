//! A world of a spec before its first tick, without a bus.

use contract::journal::Genesis;
use contract::options::RunOptions;
use contract::problem::{Problem, Problems};
use contract::spec::Spec;
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use simulator::translate;
use world::World;

/// One world before its first tick.
pub struct Stage {
    /// What it is made of.
    pub genesis: Genesis,
    /// The world.
    pub world: World,
}

impl Stage {
    /// The world of `spec` on `platform`.
    ///
    /// # Errors
    /// Everything because of which the spec makes no such world.
    pub fn new(spec: &Spec, platform: Platform, options: RunOptions) -> Result<Stage, Problems> {
        let genesis = Genesis {
            run_id: spec.simulation_id.run(1),
            platform,
            spec_digest: spec.digest(),
            options,
            rules: world::RULES,
            start_time: spec.time.start_time,
            part_size: contract::DEFAULT_PART_SIZE,
            memory: Vec::new(),
            parent: None,
            created_at: Timestamp::EPOCH,
        };
        let place = format!("{platform} world");
        let setup = translate::setup(spec, &genesis)
            .ok_or_else(|| Problem::new(&place, "none", "one, as the options say"))?;
        match World::new(setup) {
            Ok(world) => Ok(Stage { genesis, world }),
            Err(problems) => Problems::none_or(
                (problems.iter())
                    .map(|problem| Problem::new(&place, problem.to_string(), "a valid setup"))
                    .collect(),
                None,
            ),
        }
    }
}
