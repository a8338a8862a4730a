//! Small runs side by side.

use std::path::Path;

use contract::frame::Frame;
use contract::past::Parent;
use contract::spec::Spec;
use contract::status::{EnvStatus, RunStatus};
use contract::subject::Platform;

use super::compare::{Comparison, Known, Verdict, WorldDifference};
use super::inputs::{Inputs, SeedChange};
use super::settings::Settings;
use super::{Compared, Difference, Pair, Which, platforms, text, verdict};
use crate::fixtures::{Done, World, comment, follow, like, post, quote, repost, status};
use crate::output::{Paint, visible};

const OVER: Option<RunStatus> = Some(RunStatus::Completed);
const GOING: Option<RunStatus> = Some(RunStatus::Running);

fn spec() -> Spec {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/lantern-pier");
    intake::read_folder(&folder, &intake::Limits::default()).unwrap().spec
}

/// Compares frames as they would be read.
fn compare(
    frames: Pair<&[Frame]>,
    status: Pair<Option<RunStatus>>,
    specs: Pair<&Spec>,
) -> WorldDifference {
    let inputs = Pair { a: &Inputs::default(), b: &Inputs::default() };
    let known = Known { specs, inputs, status };
    let mut comparison = Comparison::new(Platform::Twitter, &known);
    for (a, b) in frames.a.iter().zip(frames.b) {
        comparison.add(a, b);
    }
    let longer = match (frames.a.len(), frames.b.len()) {
        (a, b) if a > b => Some(Which::A),
        (a, b) if a < b => Some(Which::B),
        _ => None,
    };
    comparison.finish(&known, longer)
}

fn compare_over(a: &[Frame], b: &[Frame]) -> WorldDifference {
    let spec = spec();
    compare(Pair { a, b }, Pair { a: OVER, b: OVER }, Pair { a: &spec, b: &spec })
}

/// A run with this seed whose second round is this one.
fn run(seed: u64, second: Vec<Done<'_>>) -> Vec<Frame> {
    let mut world = World::new(Platform::Twitter);
    let first = vec![(0, Ok(post(1, "Pier 9 closes"))), (1, Ok(post(2, "Why?")))];
    let third = vec![(3, Ok(like(1, "Ada"))), (2, Ok(repost(1, "Ada")))];
    vec![world.seeded(seed, first), world.round(second, 2), world.round(third, 3), world.end()]
}

fn quiet() -> Vec<Done<'static>> {
    vec![(2, Ok(like(2, "Ben"))), (3, Ok(follow(2)))]
}

fn loud() -> Vec<Done<'static>> {
    vec![
        (2, Ok(quote(2, 3, "Because of the rot.", "Ben"))),
        (3, Ok(follow(2))),
        (1, Ok(follow(2))),
        (0, Ok(comment(2, "Who asks?", "Ben"))),
    ]
}

#[test]
fn runs_of_one_seed_are_equal() {
    let world = compare_over(&run(1, quiet()), &run(1, quiet()));
    assert_eq!((world.verdict, world.rounds), (Verdict::Equal, 4));
    assert_eq!(world.same_through_round, Some(3));
    assert_eq!(world.same_digest_through_round, Some(3));
    assert_eq!((world.parting, world.followers, world.commands), (None, vec![], vec![]));
    assert_eq!(world.a, world.b);
}

#[test]
fn runs_that_did_the_same_are_equal_whatever_they_were_started_with() {
    let world = compare_over(&run(1, quiet()), &run(2, quiet()));
    assert_eq!((world.verdict, world.same_through_round), (Verdict::Equal, Some(3)));
    assert_eq!(world.same_digest_through_round, None);
}

#[test]
fn two_seeds_part_where_they_do_something_else() {
    let world = compare_over(&run(1, quiet()), &run(2, loud()));
    assert_eq!((world.verdict, world.same_through_round), (Verdict::Different, Some(0)));
    let parting = world.parting.as_ref().unwrap();
    assert_eq!((parting.tick, parting.round, parting.counts()), (1, 1, (0, 2, 1)));
    assert_eq!(parting.posts, Pair { a: vec![], b: vec![3] });
    let (a, b) = (world.a.unwrap(), world.b.unwrap());
    assert_eq!((a.posts, a.likes, a.follows, a.comments), (2, 2, 1, 0));
    assert_eq!((b.posts, b.likes, b.follows, b.comments), (3, 1, 2, 1));
    let since: u64 = b.since_parting.values().map(|count| count.succeeded).sum();
    assert_eq!((since, b.world.actions), (6, 8));
    let cleo = &world.followers[0];
    let spec = spec();
    let profiles = &spec.twitter.as_ref().unwrap().profiles;
    let first = profiles.iter().filter(|profile| profile.follows.contains(&2)).count() as u64;
    assert_eq!((cleo.agent_id, cleo.a, cleo.b), (2, Some(first + 1), Some(first + 2)));
    assert_eq!(world.followers.len(), 1);
    let reach = |id| {
        let post = world.posts.iter().find(|post| post.post_id == id).unwrap();
        [post.a, post.b].map(|it| it.map(|reactions| reactions.all()))
    };
    assert_eq!(reach(1), [Some(2), Some(2)]);
    assert_eq!(reach(2), [Some(1), Some(2)]);
}

#[test]
fn one_that_goes_on_is_compared_as_far_as_it_is_and_one_that_has_ended_differs() {
    let (whole, spec) = (run(1, quiet()), spec());
    let specs = Pair { a: &spec, b: &spec };
    let shorter = |status| {
        let frames = Pair { a: &whole[..], b: &whole[..2] };
        compare(frames, Pair { a: OVER, b: status }, specs)
    };
    let going = shorter(GOING);
    assert_eq!((going.verdict, going.longer), (Verdict::SameSoFar, Some(Which::A)));
    assert_eq!((going.rounds, going.same_through_round), (2, Some(1)));
    assert_eq!(shorter(Some(RunStatus::Stopped)).verdict, Verdict::Different);
    let both = Pair { a: &whole[..2], b: &whole[..2] };
    let both = compare(both, Pair { a: GOING, b: GOING }, specs);
    assert_eq!((both.verdict, both.longer), (Verdict::SameSoFar, None));
    let none = compare(Pair { a: &whole[..], b: &[] }, Pair { a: OVER, b: GOING }, specs);
    assert_eq!((none.verdict, none.rounds, none.same_through_round), (Verdict::SameSoFar, 0, None));
}

#[test]
fn a_world_that_one_run_lacks_is_a_difference() {
    let spec = spec();
    let specs = Pair { a: &spec, b: &spec };
    let world = compare(Pair { a: &[], b: &[] }, Pair { a: OVER, b: None }, specs);
    assert_eq!((world.verdict, world.only_in), (Verdict::Different, Some(Which::A)));
    let (mut a, mut b) =
        (status("market-1", RunStatus::Completed), status("market-2", RunStatus::Completed));
    a.options.platforms.truncate(1);
    assert_eq!(platforms(&a, &b, None).unwrap(), Platform::ALL);
    assert_eq!(platforms(&a, &b, Some(Platform::Reddit)).unwrap(), [Platform::Reddit]);
    b.options.platforms.truncate(1);
    let refused = platforms(&a, &b, Some(Platform::Reddit)).unwrap_err();
    assert_eq!(refused.to_string(), "neither market-1 nor market-2 has a reddit world");
}

#[test]
fn agents_of_two_specs_are_told_apart_by_name() {
    let (one, mut other) = (spec(), spec());
    other.agents[0].name = "Zed".to_owned();
    other.twitter.as_mut().unwrap().profiles[1].follows.clear();
    let frames = Pair { a: &run(1, quiet())[..], b: &run(1, quiet())[..] };
    let world = compare(frames, Pair { a: OVER, b: OVER }, Pair { a: &one, b: &other });
    assert!(!world.followers.is_empty());
    let lost = one.twitter.as_ref().unwrap().profiles[1].follows.clone();
    assert!(!lost.is_empty(), "the sample has follows");
    for row in world.followers.iter().filter(|row| row.a.is_some() && row.b.is_some()) {
        assert!(lost.contains(&row.agent_id), "{row:?}");
        assert_eq!(row.a, row.b.map(|b| b + 1), "{row:?}");
    }
}

fn difference(world: WorldDifference) -> Difference {
    let of = |run: &EnvStatus| Compared::of(run);
    let (a, mut b) =
        (status("market-1", RunStatus::Completed), status("market-2", RunStatus::Completed));
    b.options.seed = 8;
    let spec = spec();
    Difference {
        verdict: verdict([&world].into_iter()),
        settings: Settings::of((&a.options, &spec), (&b.options, &spec)),
        damaged_journal: Pair::default(),
        platforms: [(Platform::Twitter, world)].into(),
        a: of(&a),
        b: of(&b),
    }
}

fn shown(world: WorldDifference, width: usize) -> String {
    let text = text::render(&difference(world), width, Paint::PLAIN);
    assert!(text.lines().all(|line| visible(line) <= width), "{width}:\n{text}");
    text
}

#[test]
fn a_parting_reads_well() {
    let world = compare_over(&run(7, quiet()), &run(8, loud()));
    let expected = "\
A  market-1  completed  48 rounds  seed 7
B  market-2  completed  48 rounds  seed 8

started with
  /options/seed  7  8

twitter: the same up to round 0; they part in round 1 (2026-01-01 23:00)
";
    let text = shown(world.clone(), 100);
    assert!(text.starts_with(expected), "{text}");
    for line in [
        "  digests differ from round 0 on: they also cover what a run was started with",
        "  A    Cleo likes Ben: “text of 2”",
        "  B    Cleo quotes Ben: “Because of the rot.”",
        "  B    Ada answers Ben: “Who asks?”",
        "  B    Ben follows Cleo",
        "  in this round: 0 actions only in A, 2 only in B, 1 otherwise; 0 posts only in A, 1 only in B",
    ] {
        assert!(text.contains(&format!("\n{line}\n")), "{line}\n{text}");
    }
    shown(world.clone(), 60);
    let json = serde_json::to_value(difference(world)).unwrap();
    let twitter = &json["platforms"]["twitter"];
    assert_eq!((&json["verdict"], &json["b"]["seed"]), (&"different".into(), &8.into()));
    assert_eq!(twitter["parting"]["changes"][0]["b"]["action_type"], "QUOTE_POST");
    assert_eq!(twitter["b"]["by_type"]["FOLLOW"]["succeeded"], 2);
}

#[test]
fn of_many_changes_ten_lines_are_shown_and_the_rest_is_counted() {
    let many = |words: &str| (0..30).map(|n| (n, Ok(post(3, words)))).collect::<Vec<Done<'_>>>();
    let text = shown(compare_over(&run(1, many("One.")), &run(1, many("Two."))), 80);
    assert_eq!(text.matches("posts “").count(), 10, "{text}");
    assert!(text.contains("\n  and 25 more\n"), "{text}");
    let refresh = |shown: &[u64]| {
        let body = serde_json::json!({"seq": 1, "agent_id": 0, "agent_name": "Ada",
            "action_type": "REFRESH", "action_args": {"post_ids": shown}, "result": null,
            "success": true});
        let action: contract::action::Action = serde_json::from_value(body).unwrap();
        vec![(0, Ok(action.body))]
    };
    let text = shown(compare_over(&run(1, refresh(&[1])), &run(1, refresh(&[2]))), 80);
    assert!(text.contains("\n  A, B Ada looks at the feed, with other post_ids\n"), "{text}");
}

#[test]
fn runs_that_do_not_part_need_few_words() {
    let (whole, spec) = (run(1, quiet()), spec());
    let equal = shown(compare_over(&whole, &whole), 100);
    assert!(equal.ends_with("twitter: the same in all rounds, 0 to 3 (6 actions)"), "{equal}");
    let with = |a: &[Frame], b: &[Frame], status| {
        let specs = Pair { a: &spec, b: &spec };
        shown(compare(Pair { a, b }, Pair { a: OVER, b: status }, specs), 100)
    };
    for (frames, status, expected) in [
        (&whole[..2], GOING, "the same up to round 1; B is running, and not further yet"),
        (
            &whole[..2],
            Some(RunStatus::Stopped),
            "the same up to round 1; B is stopped, and has no more",
        ),
        (&[][..], GOING, "there is no round yet that both have; B is running, and not further yet"),
    ] {
        let text = with(&whole, frames, status);
        assert!(text.ends_with(&format!("twitter: {expected}")), "{text}");
    }
    let text = with(&[], &[], None);
    assert!(text.ends_with("twitter: only A has this world"), "{text}");
}

#[test]
fn a_seed_that_was_given_later_and_a_damaged_journal_are_said() {
    let frames = run(7, quiet());
    let mut difference = difference(compare_over(&frames, &frames));
    difference.b.seed_changes = vec![SeedChange { round: 14, seed: 9 }];
    difference.damaged_journal.b = true;
    let text = text::render(&difference, 200, Paint::PLAIN);
    assert!(text.contains("  seed 8, 9 from round 14 on\n"), "{text}");
    let damaged = "\nthe journal of market-2 is damaged (`shoal verify market-2` says where): ";
    assert!(text.contains(damaged), "{text}");
}

#[test]
fn a_fork_and_its_parent_are_known_to_be_that() {
    let frames = run(1, quiet());
    let mut difference = difference(compare_over(&frames, &frames));
    let forked =
        |run: &str, round| Some(Parent { run_id: run.parse().unwrap(), round, command: 9 });
    let mut third_line = |a, b| {
        (difference.a.parent, difference.b.parent) = (a, b);
        let text = text::render(&difference, 100, Paint::PLAIN);
        text.lines().nth(2).unwrap().to_owned()
    };
    assert_eq!(third_line(None, forked("market-1", 4)), "B was forked from A after round 4");
    assert_eq!(third_line(forked("market-2", 4), None), "A was forked from B after round 4");
    assert_eq!(
        third_line(forked("pier-1", 4), forked("pier-1", 6)),
        "both were forked from pier-1: A after round 4, B after round 6"
    );
    assert_eq!(third_line(forked("pier-1", 4), forked("pier-2", 4)), "");
}
