//! The worlds of a spec, from their first tick to their last, as lines of JSON.

use std::io::{self, Write};

use contract::action::Action;
use contract::journal::Genesis;
use contract::options::RunOptions;
use contract::problem::{Problem, Problems};
use contract::spec::Spec;
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use serde::Serialize;
use simulator::translate::{self, Chain};
use world::{Inputs, World};

/// What an agent is asked after the last round.
pub(crate) struct Question {
    /// The agent's number; there is such an agent.
    pub(crate) agent: u32,
    /// The question.
    pub(crate) prompt: String,
}

/// One world before its first tick.
pub(crate) struct Stage {
    genesis: Genesis,
    world: World,
}

impl Stage {
    /// The world of `spec` on `platform`.
    ///
    /// # Errors
    /// Everything because of which the spec makes no such world.
    pub(crate) fn new(
        spec: &Spec,
        platform: Platform,
        options: RunOptions,
    ) -> Result<Stage, Problems> {
        let genesis = Genesis {
            run_id: spec.simulation_id.run(1),
            platform,
            spec_digest: spec.digest(),
            options,
            rules: world::RULES,
            start_time: spec.time.start_time,
            part_size: contract::DEFAULT_PART_SIZE,
            memory: Vec::new(),
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

    /// Plays all ticks, asks all questions, and writes a line for each action and answer.
    ///
    /// # Errors
    /// If the lines cannot be written.
    pub(crate) fn play(
        mut self,
        questions: &[Question],
        output: &mut impl Write,
    ) -> io::Result<()> {
        let (platform, last) = (self.genesis.platform, self.genesis.options.rounds);
        let mut chain = Chain::START;
        let mut simulated_time = self.genesis.start_time;
        for tick in 0..=last {
            let decisions = self.world.decide(0..self.world.active());
            let outputs = (self.world.step(Inputs::quiet(tick, 0), decisions))
                .expect("quiet inputs, and the decisions of all, of the tick that is due");
            let frame = translate::frame(&self.world, &self.genesis, &chain, outputs);
            chain = chain.after(&frame);
            simulated_time = frame.simulated_time;
            for action in &frame.actions {
                write(output, &Acted { platform, round: frame.round, simulated_time, action })?;
            }
        }
        for Question { agent, prompt } in questions {
            let answer = self.world.interview(*agent, prompt).unwrap_or_default();
            let agent_name = translate::name(&self.world, *agent).unwrap_or_default();
            let line = Answered {
                platform,
                round: last,
                simulated_time,
                agent_id: *agent,
                agent_name,
                question: prompt,
                answer,
            };
            write(output, &line)?;
        }
        Ok(())
    }
}

/// The line of an action.
#[derive(Serialize)]
struct Acted<'a> {
    platform: Platform,
    round: u32,
    simulated_time: Timestamp,
    #[serde(flatten)]
    action: &'a Action,
}

/// The line of an answer.
#[derive(Serialize)]
struct Answered<'a> {
    platform: Platform,
    round: u32,
    simulated_time: Timestamp,
    agent_id: u32,
    agent_name: String,
    question: &'a str,
    answer: String,
}

fn write(output: &mut impl Write, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *output, line)?;
    output.write_all(b"\n")
}
