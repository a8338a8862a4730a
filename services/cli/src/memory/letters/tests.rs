//! What is typed, and what is shown of letters.

use super::*;
use crate::fixtures::{World, post};
use crate::memory::MemoryCommand;
use contract::problem::Problem;
use contract::subject::Platform;

const AT: &str = "2026-03-01T10:00:00Z";

fn typed(words: &str) -> Result<MemoryCommand, String> {
    use clap::FromArgMatches;
    let words = std::iter::once("shoal").chain(words.split(' '));
    let matches = crate::args::command().try_get_matches_from(words);
    let matches = matches.map_err(|error| error.to_string())?;
    match crate::args::Cli::from_arg_matches(&matches).unwrap().command {
        crate::args::Command::Memory(command) => Ok(command),
        other => panic!("{other:?}"),
    }
}

fn episode(text: &str) -> Episode {
    let frame = World::new(Platform::Reddit).tick(vec![(0, Ok(post(1, "x")))]);
    let body = frame.actions[0].clone();
    Episode {
        action_id: "market-1.reddit.1".to_owned(),
        graph_id: "market".to_owned(),
        run_id: frame.run_id,
        platform: Platform::Reddit,
        round: 4,
        simulated_time: frame.simulated_time,
        agent_id: 0,
        agent_name: body.agent_name.clone(),
        action_type: body.body.type_name().to_owned(),
        text: text.to_owned(),
        body,
    }
}

/// A letter as the memory-sink writes it.
fn letter(service: &str, body: &[u8]) -> Vec<u8> {
    let place = "team market-1.reddit.1-1".to_owned();
    let problem = Problem { place, found: "it answers 413".to_owned(), expected: String::new() };
    let subject = "sim.actions.market-1.reddit";
    DeadLetter::new(service, subject, 9, problem, body, AT.parse().unwrap()).to_bytes()
}

#[test]
fn a_letter_says_whose_it_is_and_what_it_says() {
    let of = |episodes: &[Episode]| {
        let body = serde_json::to_vec(episodes).unwrap();
        row(17, &letter("memory-sink", &body)).unwrap()
    };
    let one = of(&[episode("Ada: posted “x”")]);
    assert_eq!((one.sequence, one.target.as_deref()), (17, Some("team")));
    assert_eq!((one.id.as_str(), one.reason.as_str()), ("market-1.reddit.1-1", "it answers 413"));
    assert_eq!(one.text, "Ada: posted “x”");
    assert_eq!(of(&[episode("a"), episode("b"), episode("c")]).text, "a (and 2 more)");
    // What is no list of episodes is shown as it is, and drives no terminal.
    let odd = row(17, &letter("memory-sink", b"\x1b[2J{")).unwrap();
    assert_eq!(odd.text, "[2J{");
    assert_eq!(row(17, &letter("node", b"[]")), None);
    // A message that is no frame is no memory's in particular.
    let problem = Problem::new("sim.actions.market-1.reddit", "no JSON", "a frame");
    let at = AT.parse().unwrap();
    let odd = DeadLetter::new("memory-sink", "sim.actions.market-1.reddit", 9, problem, b"", at);
    let odd = row(17, &odd.to_bytes()).unwrap();
    assert_eq!((odd.target, odd.id.as_str()), (None, "sim.actions.market-1.reddit"));
    assert_eq!(row(17, b"<html>"), None);
}

#[test]
fn letters_are_shown_with_what_to_do() {
    let body = serde_json::to_vec(&[episode("Ada: posted “x”")]).unwrap();
    let rows = [row(17, &letter("memory-sink", &body)).unwrap()];
    assert_eq!(
        render(&rows, true, 200, Paint::PLAIN),
        "17  market-1  team  market-1.reddit.1-1  2026-03-01T10:00:00.000Z\n  \
         it answers 413\n  \
         Ada: posted “x”\n\
         there is more: --before 17\n\
         `shoal memory redrive market-1` hands them to their memory again, `shoal memory redrive \
         market-1 17` this one"
    );
    // Of what holds no action there is nothing to hand over.
    let mut odd = rows[0].clone();
    "sim.actions.market-1.reddit".clone_into(&mut odd.id);
    assert!(!render(&[odd], false, 200, Paint::PLAIN).contains("redrive"));
    let none = render(&[], false, 80, Paint::PLAIN);
    assert_eq!(none, "no dead letters: no memory has refused anything");
}

#[test]
fn what_became_of_each_letter_is_said() {
    let letter = |sequence, outcome, reason: Option<&str>| RedrivenLetter {
        sequence,
        target: (outcome != LetterOutcome::NoLetter).then(|| "team".to_owned()),
        outcome,
        reason: reason.map(str::to_owned),
    };
    let redriven = Redriven {
        redriven: 2,
        dead: 2,
        letters: vec![
            letter(3, LetterOutcome::Taken, None),
            letter(4, LetterOutcome::AlreadyThere, None),
            letter(5, LetterOutcome::Refused, Some("it answers 413")),
            letter(6, LetterOutcome::NotNow, Some("it answers 503")),
            letter(7, LetterOutcome::NoLetter, Some("there is none")),
        ],
        more_letters: 1,
    };
    let run = "market-1".parse().unwrap();
    assert_eq!(
        render_redriven(&run, &redriven, 100, Paint::PLAIN),
        "market-1: 2 letters delivered\n  \
         3  team  taken\n  \
         4  team  was there already\n  \
         5  team  refused again: it answers 413\n  \
         6  team  not now: it answers 503\n  \
         7  -  no such letter: there is none\n  \
         and 1 letter more"
    );
    let nothing = Redriven { redriven: 0, dead: 0, letters: vec![], more_letters: 0 };
    let text = render_redriven(&run, &nothing, 100, Paint::PLAIN);
    assert_eq!(text, "market-1: no dead letters");
}

#[test]
fn sequences_are_each_named_once_and_not_too_many() {
    assert_eq!(unique(&[]).unwrap(), None);
    assert_eq!(unique(&[7, 3, 7]).unwrap(), Some(vec![7, 3]));
    let many: Vec<u64> = (1..=101).collect();
    assert!(unique(&many[..100]).is_ok());
    assert_eq!(unique(&many).unwrap_err().code(), 2);
}

#[test]
fn what_is_typed_is_checked() {
    let Ok(MemoryCommand::Redrive(args)) = typed("memory redrive market-1 17 21 --target team")
    else {
        panic!("no redrive")
    };
    assert_eq!((args.sequences, args.target.as_deref()), (vec![17, 21], Some("team")));
    let Ok(MemoryCommand::Attach(args)) = typed("memory attach market-1 team --graph 夜市")
    else {
        panic!("no attach")
    };
    assert_eq!((args.target.as_str(), args.graph.as_deref()), ("team", Some("夜市")));
    for (words, expected) in [
        ("memory redrive market-1 0", "'0' for '[SEQUENCE]...'"),
        ("memory attach market-1 Team", "a-z, 0-9"),
        ("memory attach market-1", "<TARGET>"),
        ("memory attach market-1 team --graph ", "found 0 bytes"),
        ("memory dead --limit 0", "--limit"),
    ] {
        let error = typed(words).unwrap_err();
        assert!(error.contains(expected), "{words}: {error}");
    }
}
