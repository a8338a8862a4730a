use contract::subject::Platform::{Reddit, Twitter};

use super::*;

/// Who goes now, and what is to be done then.
fn go(limits: &mut Limits, now: u64) -> (Vec<Ticket>, Wish) {
    let mut gone = Vec::new();
    loop {
        match limits.next(now) {
            Wish::Go(ticket) => gone.push(ticket),
            other => return (gone, other),
        }
    }
}

fn crowd(limits: &mut Limits, platform: Platform, tickets: impl Iterator<Item = Ticket>) {
    tickets.for_each(|ticket| limits.wait(Use::Decision(platform), ticket, 10, false));
}

#[test]
fn platforms_take_turns_while_both_wait() {
    let mut limits = Limits::new(100, None, None);
    crowd(&mut limits, Twitter, 1..=5);
    crowd(&mut limits, Reddit, 11..=12);
    assert_eq!(go(&mut limits, 0), (vec![1, 11, 2, 12, 3, 4, 5], Wish::Nothing));
    // Whose turn it is does not depend on who was there alone.
    crowd(&mut limits, Reddit, 13..=14);
    crowd(&mut limits, Twitter, 6..=6);
    assert_eq!(go(&mut limits, 0).0, [13, 6, 14]);
}

#[test]
fn decisions_come_before_talks_which_are_not_starved() {
    let mut limits = Limits::new(100, None, None);
    (101..=104).for_each(|ticket| limits.wait(Use::Talk, ticket, 10, false));
    crowd(&mut limits, Twitter, 1..=9);
    crowd(&mut limits, Reddit, 11..=18);
    let order = [
        vec![1, 11, 2, 12, 3, 13, 4, 101],
        vec![14, 5, 15, 6, 16, 7, 17, 102],
        // Where nobody is to decide they all go.
        vec![8, 18, 9, 103, 104],
    ];
    assert_eq!(go(&mut limits, 0), (order.concat(), Wish::Nothing));
    // Decisions that went while nobody talked count for nothing.
    crowd(&mut limits, Twitter, 21..=30);
    assert_eq!(go(&mut limits, 0).0.len(), 10);
    limits.wait(Use::Talk, 105, 10, false);
    limits.wait(Use::Talk, 106, 10, true);
    crowd(&mut limits, Reddit, 31..=31);
    limits.leave(105);
    assert_eq!(go(&mut limits, 0), (vec![31, 106], Wish::Nothing));
}

#[test]
fn no_more_are_under_way_than_may_be() {
    let mut limits = Limits::new(2, None, None);
    crowd(&mut limits, Twitter, 1..=4);
    assert_eq!(go(&mut limits, 0), (vec![1, 2], Wish::Nothing));
    limits.over(5, 10, End::Sent(None));
    limits.answered();
    assert_eq!(go(&mut limits, 5), (vec![3], Wish::Nothing));
    limits.leave(4);
    limits.over(6, 10, End::Unsent);
    assert_eq!(go(&mut limits, 6), (vec![], Wish::Nothing));
}

#[test]
fn who_comes_again_comes_first() {
    let mut limits = Limits::new(1, None, None);
    crowd(&mut limits, Twitter, 1..=2);
    assert_eq!(go(&mut limits, 0).0, [1]);
    limits.wait(Use::Decision(Twitter), 3, 10, true);
    limits.over(0, 10, End::Unsent);
    assert_eq!(go(&mut limits, 0).0, [3]);
}

#[test]
fn the_operator_limits_requests_and_tokens() {
    let mut limits = Limits::new(100, Some(60), None);
    crowd(&mut limits, Twitter, 1..=10);
    assert_eq!(go(&mut limits, 0), (vec![1, 2, 3, 4, 5, 6], Wish::At(1_000)));
    assert_eq!(go(&mut limits, 2_500), (vec![7, 8], Wish::At(3_000)));
    // What was not sent is given back.
    limits.over(2_500, 10, End::Unsent);
    assert_eq!(go(&mut limits, 2_500).0, [9]);

    let mut limits = Limits::new(100, None, Some(600));
    crowd(&mut limits, Twitter, 1..=10);
    assert_eq!(go(&mut limits, 0), (vec![1, 2, 3, 4, 5, 6], Wish::At(1_000)));
    // It took none of its ten; another took thirty.
    limits.over(0, 10, End::Sent(Some(0)));
    assert_eq!(go(&mut limits, 0), (vec![7], Wish::At(1_000)));
    limits.over(0, 10, End::Sent(Some(30)));
    assert_eq!(go(&mut limits, 0), (vec![], Wish::At(3_000)));
}

#[test]
fn an_endpoint_is_believed() {
    let requests = |remaining| {
        let requests = Some(Allowance { limit: 100, remaining, reset: 10_000 });
        Taught { requests, ..Taught::default() }
    };
    let mut limits = Limits::new(100, None, None);
    crowd(&mut limits, Twitter, 1..=9);
    assert_eq!(limits.next(0), Wish::Go(1));
    limits.learn(0, 10, &requests(2));
    // 98 come back within ten seconds.
    assert_eq!(go(&mut limits, 0), (vec![2, 3], Wish::At(103)));
    // Of three, two are on their way still.
    limits.over(1, 10, End::Sent(None));
    limits.learn(1, 10, &requests(3));
    assert_eq!(go(&mut limits, 1), (vec![4, 5], Wish::At(105)));
    limits.learn(1, 10, &requests(100));
    assert_eq!(go(&mut limits, 1).0, [6, 7, 8, 9]);

    let tokens = Some(Allowance { limit: 1_000, remaining: 30, reset: 97_000 });
    crowd(&mut limits, Twitter, 11..=14);
    limits.tokens_under_way = 10;
    limits.learn(1, 10, &Taught { tokens, ..Taught::default() });
    assert_eq!(go(&mut limits, 1), (vec![11, 12, 13], Wish::At(1_001)));
}

#[test]
fn what_is_answered_is_taken_off_once() {
    let tokens = Some(Allowance { limit: 1_000, remaining: 500, reset: 60_000 });
    let mut limits = Limits::new(100, None, None);
    limits.wait(Use::Decision(Twitter), 1, 450, false);
    limits.wait(Use::Decision(Twitter), 2, 450, false);
    assert_eq!(go(&mut limits, 0).0, [1, 2]);
    // 500 are left without the first, of which the second may take 450.
    limits.learn(0, 450, &Taught { tokens, ..Taught::default() });
    limits.over(0, 450, End::Sent(Some(450)));
    crowd(&mut limits, Twitter, 3..=8);
    assert_eq!(go(&mut limits, 0), (vec![3, 4, 5, 6, 7], Wish::At(1_200)));
}

#[test]
fn a_busy_endpoint_is_left_alone() {
    let mut limits = Limits::new(8, None, None);
    crowd(&mut limits, Twitter, 1..=8);
    assert_eq!(go(&mut limits, 0).0.len(), 8);
    limits.busy(100, 0, Some(7_000), 1_000);
    // The others of the same storm change nothing.
    limits.busy(101, 0, None, 1_000);
    limits.busy(102, 0, Some(1_000), 1_000);
    for _ in 0..8 {
        limits.over(110, 10, End::Sent(None));
    }
    crowd(&mut limits, Twitter, 11..=18);
    assert_eq!(go(&mut limits, 200), (vec![], Wish::At(7_100)));
    // Half of them, then one more with each answer.
    assert_eq!(go(&mut limits, 7_100), (vec![11, 12, 13, 14], Wish::Nothing));
    limits.over(7_200, 10, End::Sent(None));
    limits.answered();
    assert_eq!(go(&mut limits, 7_200).0, [15, 16]);
}

#[test]
fn pauses_grow_and_end() {
    let mut limits = Limits::new(1, None, None);
    crowd(&mut limits, Twitter, 1..=1);
    let mut now = 0;
    // Who asks for no pause, or for a short one, has ours.
    for (asked, pause) in [
        (None, 250),
        (Some(0), 500),
        (Some(999), 1_000),
        (Some(0), 2_000),
        (Some(4_001), 4_001),
        (None, 5_000),
        (Some(0), 5_000),
    ] {
        assert_eq!(go(&mut limits, now).0, [1]);
        limits.busy(now, now, asked, 1_000);
        limits.over(now, 10, End::Sent(None));
        limits.wait(Use::Decision(Twitter), 1, 10, true);
        assert_eq!(limits.next(now), Wish::At(now + pause));
        now += pause;
    }
    limits.answered();
    limits.busy(now, now, None, 500);
    assert_eq!(limits.next(now), Wish::At(now + 125));
    // Nobody asks for a day.
    limits.busy(now, now, Some(86_400_000), 1_000);
    assert_eq!(limits.next(now), Wish::At(now + 600_000));
}
