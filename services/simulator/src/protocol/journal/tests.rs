use super::*;
use contract::command::{Command, Configure};
use contract::decision::{Call, Usage};
use contract::frame::Outcome;
use contract::journal::{Close, Decisions, End, Go};
use contract::options::RunOptions;
use contract::subject::Platform;
use contract::timestamp::Timestamp;

const AT: Timestamp = Timestamp::EPOCH;

fn genesis() -> Record {
    Record::Genesis(Box::new(Genesis {
        run_id: "market-1".parse().unwrap(),
        platform: Platform::Twitter,
        spec_digest: contract::id::Digest::ZERO,
        options: RunOptions {
            platforms: vec![Platform::Twitter],
            rounds: 3,
            seed: 1,
            pace_milli: 0,
            sources: vec![],
            budget: None,
            llm: None,
        },
        rules: 1,
        start_time: AT,
        part_size: 1000,
        memory: vec![],
        parent: None,
        created_at: AT,
    }))
}

fn claim(epoch: u32) -> Record {
    let text = |text: &str| text.to_owned();
    Record::Claim(Claim { epoch, node: text("n"), worker: text("w"), why: text("start"), at: AT })
}

fn taken(sequence: u64, request: Request) -> Taken {
    let command_id = format!("c{sequence}").parse().unwrap();
    let command = Command { command_id, request, issued_at: AT, expires_at: None };
    Taken { sequence, command }
}

fn pace(sequence: u64, pace_milli: Option<u32>) -> Taken {
    let narrative_direction = Some("It rains.".to_owned());
    let change = Configure { pace_milli, narrative_direction, ..Configure::default() };
    taken(sequence, Request::Configure(Box::new(change)))
}

fn tick(tick: u32, epoch: u32) -> Record {
    tick_with(tick, epoch, vec![])
}

fn tick_with(tick: u32, epoch: u32, commands: Vec<Taken>) -> Record {
    Record::Tick(Tick {
        tick,
        epoch,
        at: AT,
        commands,
        commands_through: 7,
        heard: vec![],
        undecided: vec![],
    })
}

/// One that nobody has asked for.
fn hold_again() -> Record {
    Record::Hold(Hold { epoch: 1, reason: None, command: None, spent: None, at: AT })
}

fn hold() -> Record {
    let command = Some(taken(20, Request::Pause(Default::default())));
    Record::Hold(Hold { epoch: 1, reason: Some("lunch".to_owned()), command, spent: None, at: AT })
}

fn go(sequence: u64) -> Record {
    let command = Some(taken(sequence, Request::Resume));
    Record::Go(Go { epoch: 1, command, at: AT })
}

fn close() -> Record {
    Record::Close(Close { epoch: 1, command: taken(30, Request::CloseEnv), at: AT })
}

fn end(outcome: Outcome) -> Record {
    let (reason, command) = (Some("enough".to_owned()), None);
    Record::End(End { epoch: 1, outcome, reason, command, at: AT })
}

fn read(records: Vec<Record>) -> Result<Journal, Damaged> {
    let bodies: Vec<Vec<u8>> =
        records.into_iter().map(|record| Entry::new(record).to_bytes()).collect();
    Journal::read((10..).zip(bodies.iter().map(Vec::as_slice)))
}

#[test]
fn a_journal_says_where_to_go_on() {
    let journal =
        read(vec![genesis(), claim(1), tick(0, 1), tick(1, 1), claim(2), claim(3)]).unwrap();
    assert_eq!((journal.epoch, journal.ticks.len()), (3, 2));
    assert_eq!((journal.last_sequence, journal.commands_through()), (15, 7));
    assert_eq!(journal.life, Life::Playing);
}

#[test]
fn a_journal_says_where_the_world_is_in_its_life() {
    let begun = || vec![genesis(), claim(1), tick(0, 1)];
    let life = |more: Vec<Record>| {
        let journal = read([begun(), more].concat()).unwrap();
        (journal.life, journal.reason)
    };
    let (stop, complete) = (|| end(Outcome::Stopped), || end(Outcome::Completed));
    let (lunch, enough) = (|| Some("lunch".to_owned()), || Some("enough".to_owned()));
    assert_eq!(life(vec![]), (Life::Playing, None));
    assert_eq!(life(vec![hold(), claim(2)]), (Life::Held, lunch()));
    assert_eq!(life(vec![hold(), go(21), tick(1, 1)]), (Life::Playing, None));
    assert_eq!(life(vec![stop(), claim(2)]), (Life::Stopped, enough()));
    assert_eq!(life(vec![hold(), stop()]), (Life::Stopped, enough()));
    assert_eq!(life(vec![stop(), go(21), tick(1, 1), stop()]), (Life::Stopped, enough()));
    assert_eq!(life(vec![complete(), close()]), (Life::Closed, enough()));
    assert_eq!(read(vec![genesis(), claim(1)]).unwrap().life, Life::Waiting);
}

fn decided(agent_id: u32, post_id: u32) -> Decision {
    let usage = Usage { requests: 1, prompt_tokens: 100, ..Usage::default() };
    let calls = vec![Call::LikePost { post_id }];
    let (endpoint, model) = ("main".to_owned(), "small".to_owned());
    Decision { agent_id, calls, refused: vec![], endpoint, model, usage }
}

fn decisions(tick: u32, decisions: Vec<Decision>) -> Record {
    Record::Decisions(Decisions { epoch: 1, tick, decisions, at: AT })
}

#[test]
fn what_was_decided_belongs_to_its_tick_and_the_first_of_an_agent_counts() {
    let journal = read(vec![
        genesis(),
        claim(1),
        tick(0, 1),
        decisions(1, vec![decided(7, 1), decided(3, 2)]),
        hold(),
        decisions(1, vec![decided(7, 9)]),
        go(21),
        tick(1, 1),
        decisions(1, vec![decided(4, 4)]),
        decisions(2, vec![decided(5, 5)]),
        claim(2),
    ])
    .unwrap();
    let of = |tick: usize| journal.ticks[tick].decided.clone();
    assert_eq!((of(0), of(1)), (vec![], vec![decided(3, 2), decided(7, 1)]));
    assert_eq!(journal.decided.values().cloned().collect::<Vec<_>>(), [decided(5, 5)]);
    let spent = journal.ledger.spent();
    assert_eq!((spent.decisions, spent.usage.prompt_tokens), (5, 500), "all were paid for");
}

#[test]
fn decisions_that_cannot_stand_there_are_damage() {
    let begun = || vec![genesis(), claim(1)];
    for (records, what) in [
        ([begun(), vec![decisions(0, vec![])]].concat(), "before it has begun"),
        ([begun(), vec![tick(0, 1), decisions(2, vec![])]].concat(), "follow 1 ticks"),
        (
            [begun(), vec![tick(0, 1), claim(2), decisions(1, vec![])]].concat(),
            "epoch 1 under epoch 2",
        ),
    ] {
        let damaged = read(records).unwrap_err();
        assert!(damaged.what.contains(what), "{damaged}");
    }
}

#[test]
fn decisions_are_cut_into_records_that_fit_and_none_is_lost() {
    let all: Vec<Decision> = (0..5000).map(|agent| decided(agent, agent)).collect();
    for max_payload in [8 * 1024, 64 * 1024, 1 << 20] {
        let records = in_records(all.clone(), max_payload);
        let sizes = records.iter().map(|decisions| {
            let (epoch, tick, decisions) = (u32::MAX, u32::MAX, decisions.clone());
            let record = Record::Decisions(Decisions { epoch, tick, decisions, at: AT });
            Entry::new(record).to_bytes().len()
        });
        assert!(sizes.max().unwrap() <= max_payload - 512);
        assert_eq!(records.concat(), all);
    }
    assert_eq!(in_records(vec![], 1 << 20), [[]; 0]);
}

#[test]
fn a_hold_for_the_budget_is_told_from_others_and_caps_add_up() {
    let budget = |requests, tokens| {
        let budget = Some(Budget { requests, tokens, ..Budget::default() });
        Request::Configure(Box::new(Configure { budget, ..Configure::default() }))
    };
    let commands = vec![taken(3, budget(Some(5), None)), taken(4, budget(Some(9), Some(70)))];
    let for_budget = |why: &str| {
        let reason = Some(format!("{BUDGET}: {why}"));
        Record::Hold(Hold { epoch: 1, reason, command: None, spent: None, at: AT })
    };
    let begun = || vec![genesis(), claim(1), tick_with(0, 1, commands.clone())];
    let commands = |more: Vec<Record>| read([begun(), more].concat()).unwrap().commands;
    let after = commands(vec![for_budget("9 of 9 requests are spent")]);
    let caps = Budget { requests: Some(9), tokens: Some(70), ..Budget::default() };
    assert_eq!((after.budget(), after.lacks_budget()), (&caps, true));
    assert!(!commands(vec![hold()]).lacks_budget(), "somebody paused it");
    let paused = commands(vec![for_budget("all"), hold()]);
    assert!(!paused.lacks_budget(), "somebody paused it where it was held");
    let went_on = Record::Go(Go { epoch: 1, command: None, at: AT });
    assert!(!commands(vec![for_budget("all"), went_on]).lacks_budget());
}

#[test]
fn a_journal_says_what_was_taken_and_the_newest_pace() {
    let records = vec![
        genesis(),
        claim(1),
        tick_with(0, 1, vec![taken(3, Request::Start)]),
        tick_with(1, 1, vec![pace(9, Some(500)), pace(8, None)]),
        hold(),
        go(22),
    ];
    let commands = read(records).unwrap().commands;
    let tick = |sequence| commands.at(sequence).map(|(_, tick)| tick);
    assert_eq!((tick(3), tick(8)), (Some(Some(0)), Some(Some(1))));
    assert_eq!((tick(20), tick(22)), (Some(None), Some(None)));
    assert_eq!(tick(4), None);
    let known = |sequence, id: &str| Known { sequence, command_id: id.parse().unwrap() };
    assert!(commands.holds(&known(8, "c8")) && commands.holds(&known(20, "c20")));
    assert!(!commands.holds(&known(8, "c9")) && !commands.holds(&known(4, "c4")));
    assert_eq!(commands.newest(), Some(known(22, "c22")));
    assert_eq!(Commands::default().newest(), None);
    assert_eq!(commands.pace_milli(), Some(500));
    assert!(commands.is_overtaken(21) && !commands.is_overtaken(23));
}

#[test]
fn what_waited_when_the_world_was_stopped_stays_refused() {
    let stop = taken(25, Request::Stop(Default::default()));
    let (reason, command) = (None, Some(stop));
    let end = Record::End(End { epoch: 1, outcome: Outcome::Stopped, reason, command, at: AT });
    let begun = || vec![genesis(), claim(1), tick(0, 1), hold()];
    let held = read([begun(), vec![go(22)]].concat()).unwrap().commands;
    assert!(!held.is_refused(19), "a pause refuses nothing");
    let stopped = read([begun(), vec![end, go(28)]].concat()).unwrap().commands;
    assert!(stopped.is_refused(24), "it waited when the world was stopped");
    assert!(stopped.is_refused(26), "it came while the world was stopped");
    assert!(!stopped.is_refused(29));
}

#[test]
fn a_damaged_journal_is_read_up_to_the_damage() {
    let twice = || vec![taken(4, Request::Start), pace(3, Some(9)), taken(3, Request::Start)];
    let sound = || vec![genesis(), claim(1), tick_with(0, 1, vec![pace(3, None)]), tick(1, 1)];
    let bytes = |records: Vec<Record>| -> Vec<Vec<u8>> {
        records.into_iter().map(|record| Entry::new(record).to_bytes()).collect()
    };
    let expected = read(sound()).unwrap();
    let bad = [
        Entry::new(tick_with(2, 1, twice())).to_bytes(),
        Entry::new(tick(3, 1)).to_bytes(),
        Entry::new(claim(3)).to_bytes(),
        Entry::new(go(20)).to_bytes(),
        b"{\"v\":1}".to_vec(),
        b"".to_vec(),
    ];
    for bad in bad {
        let bodies = [bytes(sound()), vec![bad], bytes(vec![tick(2, 1)])].concat();
        let messages = || (10..).zip(bodies.iter().map(Vec::as_slice));
        let (journal, damaged) = Journal::read_whole_part(messages());
        let damaged = damaged.expect("it is damaged");
        assert_eq!((damaged.sequence, damaged.ticks), (14, 2));
        assert_eq!(journal, expected, "nothing of {:?} was taken", damaged.what);
        assert_eq!(Journal::read(messages()), Err(damaged));
    }
    assert_eq!(Journal::read_whole_part([]), (Journal::default(), None));
}

#[test]
fn a_record_that_cannot_stand_there_is_named() {
    let refuse = |records, expected: &str| {
        assert_eq!(read(records).unwrap_err().to_string(), expected);
    };
    refuse(
        vec![claim(1)],
        "journal is damaged at sequence 10: genesis is the first record and stands there once",
    );
    refuse(
        vec![genesis(), claim(2)],
        "journal is damaged at sequence 11: claim of epoch 2 follows epoch 0",
    );
    refuse(
        vec![genesis(), claim(1), tick(1, 1)],
        "journal is damaged at sequence 12: tick 1 follows 0 ticks",
    );
    refuse(
        vec![genesis(), claim(1), claim(2), tick(0, 1)],
        "journal is damaged at sequence 13: tick of epoch 1 under epoch 2",
    );
    let begun = |more: Vec<Record>| [vec![genesis(), claim(1), tick(0, 1)], more].concat();
    let refuse_after = |more: Vec<Record>, expected: &str| {
        let sequence = 12 + more.len();
        let expected = format!("journal is damaged at sequence {sequence}: {expected}");
        refuse(begun(more), &expected);
    };
    let (stop, complete) = (|| end(Outcome::Stopped), || end(Outcome::Completed));
    refuse_after(vec![stop(), tick(1, 1)], "tick 1 after the end");
    refuse_after(vec![stop(), complete()], "it had ended before");
    refuse_after(vec![hold(), tick(1, 1)], "tick 1 during a hold");
    refuse_after(vec![hold(), hold_again()], "hold during a hold");
    refuse_after(vec![stop(), hold()], "hold after the end");
    refuse_after(vec![go(21)], "go where it is neither held nor ended early");
    refuse_after(vec![complete(), go(21)], "go where it is neither held nor ended early");
    refuse_after(vec![close()], "close where its rounds are not over");
    refuse_after(vec![stop(), close()], "close where its rounds are not over");
    refuse_after(vec![hold(), go(20)], "command 20 is taken twice");
    refuse(
        vec![genesis(), claim(1), hold()],
        "journal is damaged at sequence 12: hold before it has begun",
    );
}
