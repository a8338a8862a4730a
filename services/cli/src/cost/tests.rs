use super::*;
use crate::fixtures;
use contract::decision::{Decision, Undecided, Usage};
use contract::id::Digest;
use contract::journal::{Decisions, Genesis, Hold, Tick};
use contract::llm::{LlmOptions, ROUND_SECONDS};

fn at(seconds: i64) -> Timestamp {
    let began: Timestamp = "2026-03-01T10:00:00Z".parse().unwrap();
    Timestamp::from_milliseconds(began.milliseconds() + seconds * 1000)
}

fn usage(requests: u64) -> Usage {
    Usage {
        requests,
        prompt_tokens: 1_500 * requests,
        cached_tokens: 1_000 * requests,
        completion_tokens: 60 * requests,
        cost_micros: 250 * requests,
    }
}

/// A world whose agents decided and did not in rounds 1 and 2, and was held then.
fn world(run: &EnvStatus, platform: Platform) -> World {
    let decision = |agent_id| Decision {
        agent_id,
        calls: vec![],
        refused: vec![],
        endpoint: "main".to_owned(),
        model: "small-1".to_owned(),
        usage: usage(u64::from(agent_id) + 1),
    };
    let decisions = |tick, agents: &[u32]| {
        let decisions = agents.iter().copied().map(decision).collect();
        Record::Decisions(Decisions { epoch: 1, tick, decisions, at: at(0) })
    };
    let undecided = |why: &str, agents: &[u32]| Undecided {
        why: why.to_owned(),
        agents: agents.to_vec(),
        usage: Usage::default(),
    };
    let tick = |tick, seconds, undecided| {
        Record::Tick(Tick {
            tick,
            epoch: 1,
            at: at(seconds),
            commands: vec![],
            commands_through: 0,
            heard: vec![],
            undecided,
        })
    };
    let genesis = Genesis {
        run_id: run.run_id.clone(),
        platform,
        spec_digest: Digest::ZERO,
        options: run.options.clone(),
        rules: 1,
        start_time: at(0),
        part_size: 1,
        memory: vec![],
        parent: run.parent.clone(),
        created_at: at(0),
    };
    let mut world = World::default();
    for record in [
        Record::Genesis(Box::new(genesis)),
        tick(0, 0, vec![]),
        decisions(1, &[0, 2]),
        tick(1, 20, vec![undecided("no answer within 60 s", &[1])]),
        decisions(2, &[2]),
        tick(2, 50, vec![undecided("refused", &[0, 1]), undecided("no answer within 60 s", &[3])]),
        Record::Hold(Hold { epoch: 1, reason: None, command: None, spent: None, at: at(65) }),
    ] {
        world.take(&record);
    }
    world
}

fn thinking(run: &str, status: RunStatus) -> EnvStatus {
    let mut run = fixtures::status(run, status);
    let rules = vec!["main".parse().unwrap()];
    run.options.llm =
        Some(LlmOptions { rules, decision_seconds: 60, round_seconds: ROUND_SECONDS });
    run
}

fn rendered(run: &EnvStatus, agents: bool) -> String {
    let worlds = [Platform::Twitter, Platform::Reddit].map(|it| (it, world(run, it)));
    Costs::of(run, &worlds, at(999), agents).render(run, None, Paint::PLAIN)
}

#[test]
fn costs_are_shown_by_world_and_in_all_beside_the_caps() {
    let mut run = thinking("market-1", RunStatus::Paused);
    run.reason = Some("the budget is used up".to_owned());
    run.options.budget = Some(Budget { requests: Some(14), ..Budget::default() });
    let expected = "\
market-1 paused
  the budget is used up

           DECISIONS  REFUSED  UNDECIDED  REQUESTS  PROMPT  CACHED  COMPLETION     COST     PLAYED
  twitter          3        0          4         7  10,500   7,000         420  0.00175  1 min 5 s
  reddit           3        0          4         7  10,500   7,000         420  0.00175  1 min 5 s
  all              6        0          8        14  21,000  14,000         840   0.0035  1 min 5 s

budget: 6 decisions, 8 undecided, 14 of 14 requests, 21,840 tokens, 0.0035, 1 min 5 s played

undecided, and why
  2  twitter  no answer within 60 s
  2  twitter  refused
  2  reddit   no answer within 60 s
  2  reddit   refused";
    assert_eq!(rendered(&run, false), expected);
}

#[test]
fn the_dearest_agents_come_first() {
    let run = thinking("market-1", RunStatus::Completed);
    let text = rendered(&run, true);
    let agents: Vec<&str> =
        text.lines().filter_map(|line| line.trim_start().strip_prefix('#')).collect();
    let first: Vec<&str> = agents.iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(first, ["2", "0", "1", "3"], "{text}");
    assert!(agents[0].ends_with("0.003"), "{text}");
}

#[test]
fn what_a_fork_was_made_with_was_paid_by_its_parent() {
    let mut run = thinking("market-2", RunStatus::Running);
    let parent = "market-1".parse().unwrap();
    run.parent = Some(Parent { run_id: parent, round: 1, command: 9 });
    let costs =
        Costs::of(&run, &[(Platform::Reddit, world(&run, Platform::Reddit))], at(999), false);
    assert_eq!((costs.all.decisions, costs.all.undecided), (1, 3));
    assert_eq!(costs.all.usage, usage(3));
    assert_eq!(costs.platforms[0].undecided[0], Reason { why: "refused".to_owned(), times: 2 });
    assert_eq!(costs.played_milliseconds, 15_000);
    let text = costs.render(&run, None, Paint::PLAIN);
    assert!(text.contains("what it has of market-1, up to round 1, was paid there"), "{text}");
}

#[test]
fn where_nobody_was_asked_it_is_said_plainly() {
    let run = fixtures::status("market-1", RunStatus::Completed);
    let costs = Costs::of(&run, &[(Platform::Twitter, World::default())], at(0), false);
    assert_eq!(
        costs.render(&run, None, Paint::PLAIN),
        "market-1 completed\n  \
         no language model was asked: its worlds decide for all agents; played for 0 ms"
    );
    let run = thinking("market-1", RunStatus::Queued);
    let text = Costs::of(&run, &[], at(0), true).render(&run, None, Paint::PLAIN);
    assert!(text.contains("has decided anything yet"), "{text}");
}
