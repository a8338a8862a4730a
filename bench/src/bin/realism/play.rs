//! The worlds of a spec, from their first tick to their last, as lines of JSON.

use std::io::{self, Write};

use bench::stage::Stage;
use contract::action::Action;
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use serde::Serialize;
use simulator::translate::{self, Chain};
use world::Inputs;

/// What an agent is asked after the last round.
pub(crate) struct Question {
    /// The agent's number; there is such an agent.
    pub(crate) agent: u32,
    /// The question.
    pub(crate) prompt: String,
}

/// Plays all ticks, asks all questions, and writes a line for each action and answer.
///
/// # Errors
/// If the lines cannot be written.
pub(crate) fn play(
    stage: Stage,
    questions: &[Question],
    output: &mut impl Write,
) -> io::Result<()> {
    let Stage { genesis, mut world } = stage;
    let (platform, last) = (genesis.platform, genesis.options.rounds);
    let mut chain = Chain::START;
    let mut simulated_time = genesis.start_time;
    for tick in 0..=last {
        let decisions = world.decide(0..world.active());
        let outputs = (world.step(Inputs::quiet(tick, 0), decisions))
            .expect("quiet inputs, and the decisions of all, of the tick that is due");
        let frame = translate::frame(&world, &genesis, &chain, outputs);
        chain = chain.after(&frame);
        simulated_time = frame.simulated_time;
        for action in &frame.actions {
            write(output, &Acted { platform, round: frame.round, simulated_time, action })?;
        }
    }
    for Question { agent, prompt } in questions {
        let answer = world.interview(*agent, prompt).unwrap_or_default();
        let agent_name = translate::name(&world, *agent).unwrap_or_default();
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
