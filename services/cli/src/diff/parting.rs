//! How two runs of one world part: what was done in a tick here and not there. Pure.

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};

use contract::action::{Action, ActionBody};
use contract::frame::{Frame, Marker};
use contract::timestamp::Timestamp;
use serde::Serialize;

use super::Pair;

/// The first tick in which two runs of a world are not the same. With `--json` printed as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Parting {
    /// The tick.
    pub tick: u32,
    /// Its round.
    pub round: u32,
    /// When it was, in the simulated time of each run.
    pub simulated_time: Pair<Timestamp>,
    /// What was done in one run only, or done otherwise: words first, then gestures, then looks.
    pub changes: Vec<Change>,
    /// True if both runs did the same in another order, so that ids differ from here on.
    pub reordered: bool,
    /// The posts that were written in one run only, quotes included.
    pub posts: Pair<Vec<u64>>,
    /// Agents that were active in the round, if it is over.
    pub active_agents: Pair<Option<u32>>,
}

/// What an agent did: in A only, in B only, or something else in each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The agent.
    pub agent_id: u32,
    /// What it did in A and not in B.
    pub a: Option<Action>,
    /// What it did in B and not in A.
    pub b: Option<Action>,
}

impl Parting {
    /// How two frames of one tick differ in what was done; `None` if they do not.
    ///
    /// Beginnings and ends are left out: they hold what the runs were started with.
    pub fn of(a: &Frame, b: &Frame) -> Option<Parting> {
        let active_agents = Pair { a: active(a), b: active(b) };
        if a.actions == b.actions && active_agents.a == active_agents.b {
            return None;
        }
        let changes = changes(&a.actions, &b.actions);
        let posts = Pair {
            a: changes.iter().filter_map(|change| written(change.a.as_ref()?)).collect(),
            b: changes.iter().filter_map(|change| written(change.b.as_ref()?)).collect(),
        };
        Some(Parting {
            tick: a.tick,
            round: a.round,
            simulated_time: Pair { a: a.simulated_time, b: b.simulated_time },
            reordered: changes.is_empty() && a.actions != b.actions,
            changes,
            posts,
            active_agents,
        })
    }

    /// How many actions are in A only, in B only, and how many were done otherwise.
    pub fn counts(&self) -> (usize, usize, usize) {
        let count = |wanted: (bool, bool)| {
            let is_wanted = |change: &&Change| (change.a.is_some(), change.b.is_some()) == wanted;
            self.changes.iter().filter(is_wanted).count()
        };
        (count((true, false)), count((false, true)), count((true, true)))
    }
}

impl Change {
    /// What is shown first: words, then other acts that leave a trace, then looks.
    fn rank(&self) -> (Reverse<u8>, u64) {
        let weight = |action: &Action| match &action.body {
            ActionBody::CreatePost(_) | ActionBody::QuotePost(_) | ActionBody::CreateComment(_) => {
                2
            }
            body => u8::from(body.is_memorable()),
        };
        let sides = || self.a.iter().chain(&self.b);
        let weight = sides().map(weight).max().unwrap_or(0);
        (Reverse(weight), sides().map(|action| action.seq).min().unwrap_or(0))
    }
}

/// Takes away what both did, and pairs what is left by agent and order.
fn changes(a: &[Action], b: &[Action]) -> Vec<Change> {
    let mut theirs: BTreeMap<u32, VecDeque<&Action>> = BTreeMap::new();
    for action in without(b, a) {
        theirs.entry(action.agent_id).or_default().push_back(action);
    }
    let mut changes: Vec<Change> = Vec::new();
    for action in without(a, b) {
        let other = theirs.get_mut(&action.agent_id).and_then(VecDeque::pop_front);
        let (agent_id, a) = (action.agent_id, Some(action.clone()));
        changes.push(Change { agent_id, a, b: other.cloned() });
    }
    changes.extend(theirs.into_values().flatten().map(|action| Change {
        agent_id: action.agent_id,
        a: None,
        b: Some(action.clone()),
    }));
    changes.sort_by_key(Change::rank);
    changes
}

/// Those of `ours` that have no equal among `theirs`, each of which is the equal of one.
fn without<'a>(ours: &'a [Action], theirs: &[Action]) -> Vec<&'a Action> {
    let mut unmatched: BTreeMap<String, usize> = BTreeMap::new();
    for action in theirs {
        *unmatched.entry(meaning(action)).or_default() += 1;
    }
    let has_no_equal = |action: &&Action| match unmatched.get_mut(&meaning(action)) {
        Some(left) if *left > 0 => {
            *left -= 1;
            false
        }
        _ => true,
    };
    ours.iter().filter(has_no_equal).collect()
}

/// Who did what, without the numbers that follow from what others did before in this tick.
fn meaning(action: &Action) -> String {
    let nameless = Action { seq: 0, body: without_new_id(&action.body), ..action.clone() };
    serde_json::to_string(&nameless).expect("no map keys that JSON refuses")
}

fn without_new_id(body: &ActionBody) -> ActionBody {
    let mut body = body.clone();
    match &mut body {
        ActionBody::CreatePost(post) => post.post_id = None,
        ActionBody::Repost(repost) => repost.new_post_id = None,
        ActionBody::QuotePost(quote) => quote.new_post_id = None,
        ActionBody::LikePost(like) => like.like_id = None,
        ActionBody::DislikePost(dislike) => dislike.dislike_id = None,
        ActionBody::ReportPost(report) => report.report_id = None,
        ActionBody::CreateComment(comment) => comment.comment_id = None,
        ActionBody::LikeComment(like) => like.comment_like_id = None,
        ActionBody::DislikeComment(dislike) => dislike.comment_dislike_id = None,
        ActionBody::Follow(follow) => follow.follow_id = None,
        ActionBody::Mute(mute) => mute.mute_id = None,
        ActionBody::UnlikePost(_)
        | ActionBody::UndoDislikePost(_)
        | ActionBody::UnlikeComment(_)
        | ActionBody::UndoDislikeComment(_)
        | ActionBody::Unfollow(_)
        | ActionBody::Unmute(_)
        | ActionBody::SearchPosts(_)
        | ActionBody::SearchUser(_)
        | ActionBody::Trend(_)
        | ActionBody::Refresh(_)
        | ActionBody::DoNothing(_) => {}
    }
    body
}

/// The post that an action has written.
fn written(action: &Action) -> Option<u64> {
    match &action.body {
        ActionBody::CreatePost(post) if action.success() => post.post_id,
        ActionBody::QuotePost(quote) if action.success() => quote.new_post_id,
        _ => None,
    }
}

fn active(frame: &Frame) -> Option<u32> {
    frame.markers.iter().find_map(|marker| match marker {
        Marker::RoundEnd { active_agents, .. } => Some(*active_agents),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{Done, World, comment, follow, like, nothing, post, quote};
    use contract::subject::Platform;

    fn part(a: Vec<Done<'_>>, b: Vec<Done<'_>>) -> Option<Parting> {
        let frame = |actions| World::new(Platform::Twitter).tick(actions);
        Parting::of(&frame(a), &frame(b))
    }

    /// `agent A|B` of each change, by the type of action.
    fn shown(parting: &Parting) -> Vec<String> {
        let kind = |action: &Option<Action>| {
            action.as_ref().map_or("-", |action| action.body.type_name()).to_owned()
        };
        let line = |change: &Change| {
            format!("{} {}|{}", change.agent_id, kind(&change.a), kind(&change.b))
        };
        parting.changes.iter().map(line).collect()
    }

    #[test]
    fn the_same_actions_do_not_part() {
        let both = || vec![(0, Ok(post(1, "a"))), (1, Err((like(9, "Ada"), "no post 9")))];
        assert_eq!(part(both(), both()), None);
        assert_eq!(part(Vec::new(), Vec::new()), None);
    }

    #[test]
    fn what_both_did_is_left_out_though_its_ids_moved() {
        let a = vec![(0, Ok(post(1, "only here"))), (1, Ok(post(2, "both"))), (2, Ok(follow(1)))];
        let b = vec![(1, Ok(post(1, "both"))), (2, Ok(follow(1))), (3, Ok(follow(0)))];
        let parting = part(a, b).unwrap();
        assert_eq!(shown(&parting), ["0 CREATE_POST|-", "3 -|FOLLOW"]);
        assert_eq!(parting.counts(), (1, 1, 0));
        assert_eq!(parting.posts, Pair { a: vec![1], b: vec![] });
        assert!(!parting.reordered);
    }

    #[test]
    fn an_agent_that_did_something_else_is_paired_in_its_order() {
        let a = vec![
            (1, Ok(nothing())),
            (0, Ok(like(1, "Ben"))),
            (0, Ok(comment(1, "Why?", "Ben"))),
            (0, Ok(follow(2))),
        ];
        let b = vec![(0, Ok(quote(1, 7, "So?", "Ben"))), (0, Ok(follow(2))), (0, Ok(follow(3)))];
        let parting = part(a, b).unwrap();
        assert_eq!(
            shown(&parting),
            ["0 LIKE_POST|QUOTE_POST", "0 CREATE_COMMENT|FOLLOW", "1 DO_NOTHING|-"]
        );
        assert_eq!((parting.counts(), parting.posts.b), ((1, 0, 2), vec![7]));
    }

    #[test]
    fn twice_is_not_once_and_a_failure_is_no_success() {
        let twice = vec![(0, Ok(follow(1))), (0, Ok(follow(1)))];
        let parting = part(twice, vec![(0, Ok(follow(1)))]).unwrap();
        assert_eq!(parting.counts(), (1, 0, 0));
        let failed = vec![(0, Err((follow(1), "follows it already")))];
        let parting = part(failed, vec![(0, Ok(follow(1)))]).unwrap();
        assert_eq!(parting.counts(), (0, 0, 1));
    }

    #[test]
    fn another_order_and_other_active_agents_are_partings() {
        let a = vec![(0, Ok(post(1, "a"))), (1, Ok(post(2, "b")))];
        let b = vec![(1, Ok(post(1, "b"))), (0, Ok(post(2, "a")))];
        let parting = part(a, b).unwrap();
        assert!(parting.reordered && parting.changes.is_empty());
        let frame = |active| World::new(Platform::Twitter).round(vec![(0, Ok(nothing()))], active);
        let parting = Parting::of(&frame(3), &frame(4)).unwrap();
        assert_eq!(parting.active_agents, Pair { a: Some(3), b: Some(4) });
        assert!(!parting.reordered && parting.changes.is_empty());
    }
}
