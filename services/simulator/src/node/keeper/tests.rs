use contract::subject::Platform;

use super::*;
use crate::worker::pulse::State;

use Platform::{Reddit, Twitter};

const TERMS: Terms = Terms {
    lease: Duration::from_secs(10),
    hung_after: Duration::from_secs(60),
    stop_grace: Duration::from_secs(5),
    end_grace: Duration::from_secs(10),
};

/// A hold under a clock of its own, in milliseconds, whose lease is renewed whenever it asks.
struct Bench {
    keeper: Keeper,
    start: Instant,
    renewals: Vec<u64>,
    renewal: Option<Renewal>,
}

impl Bench {
    /// One whose first worker was just started.
    fn new(why: &str) -> Bench {
        let start = Instant::now();
        let keeper = Keeper::new(TERMS, why.to_owned(), start);
        let mut bench =
            Bench { keeper, start, renewals: Vec::new(), renewal: Some(Renewal::Renewed) };
        assert_eq!(bench.at(0, Event::Passed), [Wish::Start(why.to_owned())]);
        bench
    }

    /// One whose worker plays.
    fn playing() -> Bench {
        let mut bench = Bench::new("start");
        bench.plays(100);
        bench
    }

    fn plays(&mut self, at: u64) {
        for platform in [Twitter, Reddit] {
            let beat = Beat { platform, played: 1, state: State::Playing };
            assert_eq!(self.at(at, Event::Beat(beat)), []);
        }
    }

    /// What is wished for then, renewals left out: they are answered.
    fn at(&mut self, milliseconds: u64, event: Event) -> Vec<Wish> {
        let now = self.start + Duration::from_millis(milliseconds);
        let mut wishes = self.keeper.take(event, now);
        while let Some(at) = wishes.iter().position(|wish| *wish == Wish::Renew) {
            wishes.remove(at);
            self.renewals.push(milliseconds);
            if let Some(renewal) = self.renewal {
                wishes.extend(self.keeper.take(Event::Renewal(renewal), now));
            }
        }
        wishes
    }

    /// Lets time pass, at each deadline, until something is wished for; when, and what.
    fn next(&mut self, until: u64) -> (u64, Vec<Wish>) {
        loop {
            let deadline = self.keeper.deadline().map_or(until, |at| {
                u64::try_from((at - self.start).as_millis()).expect("a test is short")
            });
            if deadline >= until {
                return (until, Vec::new());
            }
            let wishes = self.at(deadline, Event::Passed);
            if !wishes.is_empty() {
                return (deadline, wishes);
            }
        }
    }

    fn stop(&mut self, at: u64) {
        assert_eq!(self.at(at, Event::StopAsked("r".to_owned())), []);
    }

    fn looked(&mut self, at: u64, answered: Option<bool>) -> Vec<Wish> {
        self.at(at, Event::StopLooked("r".to_owned(), answered))
    }

    fn exit(&mut self, at: u64, exit: Exit) -> Vec<Wish> {
        self.at(at, Event::Exited(exit))
    }
}

fn died() -> Exit {
    Exit::Died("signal: 9".to_owned())
}

fn start(why: &str) -> Vec<Wish> {
    vec![Wish::Start(why.to_owned())]
}

fn look() -> Vec<Wish> {
    vec![Wish::Look("r".to_owned())]
}

fn done(parting: Parting) -> Vec<Wish> {
    vec![Wish::Done(parting)]
}

#[test]
fn each_end_of_a_worker_has_its_consequence() {
    let blameless = || Exit::Blameless("exit status: 64".to_owned());
    // The exit of a worker that has played, and of one that has not; then what is wished.
    let table = [
        (Exit::Clean, done(Parting::Free), done(Parting::Free)),
        (Exit::Fenced, done(Parting::Lost), done(Parting::Lost)),
        (Exit::OtherRules, done(Parting::Unfit), done(Parting::Unfit)),
        (blameless(), start(RECOVER), start(RECOVER)),
        (died(), start(RECOVER), start(Claim::CRASHED)),
    ];
    for (exit, played, fresh) in table {
        for (mut bench, expected) in [(Bench::playing(), played), (Bench::new("start"), fresh)] {
            let mut wishes = bench.exit(200, exit.clone());
            if wishes.is_empty() {
                let (at, next) = bench.next(10_000);
                assert_eq!(at, 400, "after a pause");
                wishes = next;
            }
            assert_eq!(wishes, expected, "{exit:?}");
        }
    }
}

#[test]
fn the_third_in_a_row_that_plays_nothing_fails_the_run() {
    let mut bench = Bench::playing();
    assert_eq!(bench.exit(200, died()), []);
    assert_eq!(bench.next(10_000), (400, start(RECOVER)));
    let mut now = 400;
    for pause in [400, 800] {
        assert_eq!(bench.exit(now, died()), []);
        now += pause;
        assert_eq!(bench.next(60_000), (now, start(Claim::CRASHED)));
    }
    assert_eq!(bench.exit(now, died()), [Wish::Fail("signal: 9".to_owned())]);
    let renewed = bench.renewals.len();
    assert_eq!(bench.next(now + 20_000).1, []);
    assert!(bench.renewals.len() > renewed, "the lease is kept until it is written down");
    assert_eq!(bench.at(now + 20_000, Event::Leave), []);
    assert_eq!(bench.at(now + 20_001, Event::Written), done(Parting::GivenUp));
    assert_eq!(bench.keeper.deadline(), None);
}

#[test]
fn while_the_bus_is_away_no_worker_is_to_blame_or_hung() {
    let mut bench = Bench::new("start");
    bench.renewal = Some(Renewal::NoAnswer);
    assert_eq!(bench.next(100_000).1, [], "neither hung nor lost");
    assert_eq!(bench.exit(100_000, died()), []);
    assert_eq!(bench.next(101_000).1, start(RECOVER));
    // It is back, and so is the clock.
    bench.renewal = Some(Renewal::Renewed);
    let (at, wishes) = bench.next(200_000);
    assert_eq!(wishes, [Wish::Kill(Cause::Hung)]);
    assert!(at >= 160_000, "{at}");
}

#[test]
fn a_silent_worker_is_killed_but_not_by_a_node_that_did_not_listen() {
    let mut bench = Bench::playing();
    assert_eq!(bench.next(100_000), (60_100, vec![Wish::Kill(Cause::Hung)]));
    assert_eq!(bench.exit(60_200, died()), []);
    assert_eq!(bench.next(100_000), (60_400, start(RECOVER)));

    let mut frozen = Bench::playing();
    assert_eq!(frozen.at(90_000, Event::Passed), []);
    assert_eq!(frozen.next(200_000), (150_000, vec![Wish::Kill(Cause::Hung)]));
}

#[test]
fn a_lease_is_renewed_in_time_also_by_a_slow_server() {
    let mut bench = Bench::playing();
    bench.next(9_500);
    assert_eq!(bench.renewals, [0, 3_000, 6_000, 9_000]);
    let mut slow = Bench::playing();
    slow.renewal = None;
    assert_eq!(slow.next(4_000).1, []);
    assert_eq!(slow.at(7_000, Event::Renewal(Renewal::Renewed)), []);
    assert_eq!(slow.at(8_000, Event::Renewal(Renewal::NoAnswer)), []);
    slow.next(9_000);
    assert_eq!(slow.renewals, [0, 3_000, 7_000, 8_500], "one at a time, and soon again");
}

#[test]
fn whose_lease_is_lost_kills_its_worker_and_writes_nothing_more() {
    let mut bench = Bench::playing();
    assert_eq!(bench.at(200, Event::Renewal(Renewal::Lost)), [Wish::Kill(Cause::Lost)]);
    let renewed = bench.renewals.len();
    bench.next(50_000);
    assert_eq!(bench.renewals.len(), renewed, "it is not taken again");
    assert_eq!(bench.exit(50_100, died()), done(Parting::Lost));

    let mut failing = Bench::new("start");
    for at in [1, 10_000, 20_000] {
        failing.exit(at, died());
        failing.next(at + 9_000);
    }
    let lost = failing.at(40_000, Event::Renewal(Renewal::Lost));
    assert_eq!(lost, done(Parting::Lost));
}

#[test]
fn who_is_asked_to_leave_ends_its_worker() {
    let mut bench = Bench::playing();
    assert_eq!(bench.at(1_000, Event::Leave), [Wish::End]);
    assert_eq!(bench.at(1_001, Event::Leave), [], "once");
    assert_eq!(bench.next(30_000), (11_000, vec![Wish::Kill(Cause::Slow)]));
    assert_eq!(bench.exit(11_100, died()), done(Parting::Free));

    let mut resting = Bench::new("start");
    resting.exit(100, died());
    assert_eq!(resting.at(150, Event::Leave), done(Parting::Free));
}

#[test]
fn a_stop_that_is_answered_in_time_costs_nothing() {
    let mut bench = Bench::playing();
    bench.stop(1_000);
    assert_eq!(bench.next(30_000), (6_000, look()));
    assert_eq!(bench.looked(6_100, Some(true)), []);
    assert_eq!(bench.next(30_000).1, []);
}

#[test]
fn a_stop_that_is_not_answered_ends_the_worker_by_force() {
    let mut bench = Bench::playing();
    bench.stop(1_000);
    bench.stop(2_000);
    assert_eq!(bench.next(30_000), (6_000, look()));
    assert_eq!(bench.looked(6_100, None), [], "the bus is slow");
    assert_eq!(bench.next(30_000), (7_100, look()));
    assert_eq!(bench.looked(7_200, Some(false)), [Wish::Terminate]);
    assert_eq!(bench.next(30_000), (12_200, look()));
    assert_eq!(bench.looked(12_300, Some(false)), [Wish::Kill(Cause::Stop)]);
    assert_eq!(bench.exit(12_400, died()), start(Claim::KILLED));
    // Its successor has the time that it needs, and says the same if it dies.
    bench.plays(12_500);
    assert_eq!(bench.next(30_000), (17_400, look()));
    assert_eq!(bench.looked(17_500, Some(false)), []);
    assert_eq!(bench.exit(18_000, died()), []);
    assert_eq!(bench.next(30_000), (18_200, start(Claim::KILLED)));
    while let (at, wishes) = bench.next(60_000)
        && at < 60_000
    {
        assert_eq!(wishes, look());
        assert_eq!(bench.looked(at, Some(at > 50_000)), []);
    }
    assert_eq!(bench.exit(60_000, Exit::Clean), done(Parting::Free));
}

#[test]
fn a_worker_that_ends_on_sigterm_without_an_answer_is_followed_by_one_that_gives_it() {
    for (answered, expected) in [(false, start(Claim::KILLED)), (true, done(Parting::Free))] {
        let mut bench = Bench::playing();
        bench.stop(1_000);
        assert_eq!(bench.next(30_000), (6_000, look()));
        assert_eq!(bench.looked(6_000, Some(false)), [Wish::Terminate]);
        if answered {
            assert_eq!(bench.next(30_000), (11_000, look()));
            assert_eq!(bench.looked(11_000, Some(true)), []);
        }
        assert_eq!(bench.exit(11_500, Exit::Clean), expected);
    }
}

#[test]
fn a_stop_waits_for_a_worker_that_opens_its_run() {
    let mut bench = Bench::new("recover");
    bench.stop(10);
    assert_eq!(bench.next(60_000), (25_000, look()));
    let mut opened = Bench::new("recover");
    opened.stop(10);
    opened.plays(3_000);
    assert_eq!(opened.next(60_000), (5_010, look()));
    // An answer about a worker that is gone is none about its successor.
    assert_eq!(opened.exit(5_020, died()), []);
    assert_eq!(opened.next(60_000), (5_220, start(RECOVER)));
    assert_eq!(opened.looked(5_230, Some(false)), []);
    assert_eq!(opened.next(60_000), (30_220, look()));
}

#[test]
fn a_worker_that_hangs_while_a_stop_waits_counts_as_killed_for_it() {
    let mut bench = Bench::playing();
    bench.stop(59_000);
    assert_eq!(bench.next(70_000), (60_100, vec![Wish::Kill(Cause::Hung)]));
    assert_eq!(bench.exit(60_200, died()), start(Claim::KILLED));
}

#[test]
fn a_worker_that_stops_for_a_dead_node_says_so_also_if_it_is_the_second() {
    let mut bench = Bench::new(Claim::FENCED);
    bench.stop(0);
    assert_eq!(bench.exit(100, died()), []);
    assert_eq!(bench.next(10_000).1, start(Claim::FENCED));
}
