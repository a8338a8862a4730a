use super::*;
use crate::decision::Call;
use crate::frame::Outcome;
use crate::id::Digest;
use crate::journal::{Claim, Decisions, End, Genesis, Go, Hold, Tick};
use crate::options::RunOptions;
use crate::past::Parent;
use crate::subject::Platform;

#[test]
fn money_has_two_decimals_or_more() {
    for (micros, text) in [
        (0, "0.00"),
        (12_500, "0.0125"),
        (1_500_000, "1.50"),
        (7, "0.000007"),
        (20_000_000, "20.00"),
    ] {
        assert_eq!(money(micros), text);
    }
}

#[test]
fn a_cap_is_reached_by_what_is_spent() {
    let usage = Usage { requests: 5, prompt_tokens: 90, completion_tokens: 10, ..Usage::default() };
    let cap = |budget: Budget| budget.reached(&usage, 61_000).map(|reached| reached.what);
    let budget = Budget::default();
    assert_eq!(cap(budget), None);
    assert_eq!(cap(Budget { requests: Some(6), tokens: Some(101), ..budget }), None);
    assert_eq!(cap(Budget { requests: Some(5), ..budget }).unwrap(), "5 of 5 requests");
    assert_eq!(cap(Budget { tokens: Some(100), ..budget }).unwrap(), "100 of 100 tokens");
    assert_eq!(cap(Budget { wall_seconds: Some(61), ..budget }).unwrap(), "61 of 61 s");
    assert_eq!(cap(Budget { cost_micros: Some(0), ..budget }).unwrap(), "0.00 of 0.00");
}

#[test]
fn an_amount_is_an_exact_decimal() {
    let right = [("2.50", 2_500_000), ("0", 0), (".000001", 1), ("3.", 3_000_000)];
    for (text, micros) in right {
        assert_eq!(parse_money(text), Ok(micros), "{text:?}");
    }
    for wrong in ["", ".", "-1", "+1", "1e3", "0.0000001", "1,50", "2.5 EUR", "9999999999.0"] {
        assert!(parse_money(wrong).is_err(), "{wrong:?} passed");
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_milliseconds(1_770_000_000_000 + seconds * 1000)
}

fn genesis(parent: Option<u32>) -> Record {
    let options = RunOptions {
        platforms: vec![Platform::Twitter],
        rounds: 3,
        seed: 1,
        pace_milli: 0,
        sources: vec![],
        llm: None,
        budget: None,
    };
    let run_id = "market-1".parse().unwrap();
    Record::Genesis(Box::new(Genesis {
        run_id,
        platform: Platform::Twitter,
        spec_digest: Digest::ZERO,
        options,
        rules: 1,
        start_time: at(0),
        part_size: 1,
        memory: vec![],
        parent: parent.map(|round| Parent {
            run_id: "market-7".parse().unwrap(),
            round,
            command: 1,
        }),
        created_at: at(0),
    }))
}

fn usage(requests: u64) -> Usage {
    Usage {
        requests,
        prompt_tokens: 100 * requests,
        cached_tokens: 10 * requests,
        completion_tokens: requests,
        cost_micros: 1000 * requests,
    }
}

fn decisions(tick: u32, agents: &[u32]) -> Record {
    let decision = |agent_id: &u32| Decision {
        agent_id: *agent_id,
        calls: vec![Call::DoNothing],
        refused: vec!["no such action".to_owned(); usize::from(*agent_id == 2)],
        endpoint: "main".to_owned(),
        model: "small-1".to_owned(),
        usage: usage(1),
    };
    let decisions = agents.iter().map(decision).collect();
    Record::Decisions(Decisions { epoch: 1, tick, decisions, at: at(0) })
}

/// A tick in which these agents did not decide, which took a request.
fn tick(tick: u32, seconds: i64, undecided: &[u32]) -> Record {
    let why = "no answer".to_owned();
    let undecided = Undecided { why, agents: undecided.to_vec(), usage: usage(1) };
    Record::Tick(Tick {
        tick,
        epoch: 1,
        at: at(seconds),
        commands: vec![],
        commands_through: 0,
        heard: vec![],
        undecided: Some(undecided).filter(|it| !it.agents.is_empty()).into_iter().collect(),
    })
}

fn hold(seconds: i64) -> Record {
    Record::Hold(Hold { epoch: 1, reason: None, command: None, spent: None, at: at(seconds) })
}

fn go(seconds: i64) -> Record {
    Record::Go(Go { epoch: 1, command: None, at: at(seconds) })
}

fn ledger(records: &[Record]) -> Ledger {
    let mut ledger = Ledger::default();
    records.iter().for_each(|record| ledger.take(record));
    ledger
}

#[test]
fn a_journal_is_summed_up_in_all_and_by_agent() {
    let claim = Claim {
        epoch: 1,
        node: "a".to_owned(),
        worker: "a/1".to_owned(),
        why: "start".to_owned(),
        at: at(0),
    };
    let ledger = ledger(&[
        genesis(None),
        Record::Claim(claim),
        tick(0, 1, &[]),
        decisions(1, &[2, 0]),
        decisions(1, &[1]),
        tick(1, 5, &[3, 4]),
        // Paid, though its tick is closed: it came too late.
        decisions(1, &[3]),
    ]);
    let spent = Spent { decisions: 4, refused: 1, undecided: 2, usage: usage(5) };
    assert_eq!(*ledger.spent(), spent);
    let one = Spent { decisions: 1, refused: 0, undecided: 0, usage: usage(1) };
    let nothing = Usage::default();
    let expected = BTreeMap::from([
        (0, one),
        (1, one),
        (2, Spent { refused: 1, ..one }),
        (3, Spent { undecided: 1, ..one }),
        (4, Spent { decisions: 0, undecided: 1, usage: nothing, ..one }),
    ]);
    assert_eq!(*ledger.agents(), expected);
    assert_eq!(spent.usage.tokens(), 505);
}

#[test]
fn what_a_fork_was_made_with_was_paid_by_its_parent() {
    let copies = [decisions(1, &[0, 1]), tick(1, 5, &[2]), tick(2, 6, &[])];
    let own = [decisions(3, &[0]), tick(3, 9, &[1])];
    let records = |parent| [vec![genesis(parent)], copies.to_vec(), own.to_vec()].concat();
    let of_fork = ledger(&records(Some(2)));
    let spent = Spent { decisions: 1, refused: 0, undecided: 1, usage: usage(2) };
    assert_eq!(*of_fork.spent(), spent);
    assert_eq!(of_fork.agents().keys().copied().collect::<Vec<_>>(), [0, 1]);
    // Nor has it played the rounds, nor the time from then until it was forked.
    assert_eq!(of_fork.played_milliseconds(at(10)), 1000);
    let copied = [genesis(Some(2)), copies[1].clone(), copies[2].clone()];
    assert_eq!(ledger(&copied).played_milliseconds(at(999)), 0);
    // One that was never forked has paid for all of them.
    assert_eq!(ledger(&records(None)).spent().usage, usage(5));
}

#[test]
fn pauses_are_not_played() {
    let mut records = vec![genesis(None), tick(0, 10, &[]), tick(1, 20, &[])];
    assert_eq!(ledger(&records).played_milliseconds(at(25)), 15_000);
    records.push(hold(30));
    assert_eq!(ledger(&records).played_milliseconds(at(500)), 20_000);
    records.push(go(100));
    assert_eq!(ledger(&records).played_milliseconds(at(101)), 21_000);
    // A tick while it goes, and a hold of what is held, change nothing.
    records.extend([tick(2, 105, &[]), hold(110), hold(120)]);
    assert_eq!(ledger(&records).played_milliseconds(at(500)), 30_000);
    let end =
        End { epoch: 1, outcome: Outcome::Completed, reason: None, command: None, at: at(140) };
    records.extend([go(130), Record::End(end)]);
    assert_eq!(ledger(&records).played_milliseconds(at(999)), 40_000);
    // A clock that is behind the journal's takes nothing away.
    assert_eq!(ledger(&[tick(0, 10, &[])]).played_milliseconds(at(0)), 0);
}
