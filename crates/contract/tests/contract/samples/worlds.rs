//! What a world puts out: actions, and the frames of a run of three ticks.

use contract::action::{
    Action, ActionBody, CreateComment, CreatePost, DoNothing, Follow, LikePost, Repost,
};
use contract::frame::{Frame, Marker, Outcome};
use contract::id::Digest;
use contract::notice::LiveAction;
use contract::subject::Platform;
use contract::version::V1;

use super::{Sample, at, each, memory_targets, options, run, sample, spec_digest};

/// Of actions, in bytes: so small that the frame of tick 1 has two parts.
const PART_SIZE: u32 = 2_000;

/// Quotes, accents, Chinese, an emoji of several code points, and control characters.
const TEXT: &str = "\"Grüße\" an alle:\t夜市 stays \\ 👩‍🚒\u{7f}\u{1}\u{2028}\nSee you.";

pub(super) fn samples() -> Vec<Sample> {
    let mut samples = Vec::new();
    for action in actions(3) {
        let name = action.body.type_name().to_lowercase().replace('_', "-");
        let form = if action.success() { "success" } else { "failure" };
        samples.push(sample("action", format!("{name}-{form}"), &action));
    }
    let frames = story();
    let live = LiveAction::of(&frames[1]).filter(|live| [3, 9].contains(&live.action.seq));
    for live in live {
        let form = if live.action.success() { "success" } else { "failure" };
        samples.push(sample("live-action", form, &live));
    }
    for message in messages() {
        let frame: Frame = serde_json::from_slice(&message).unwrap();
        let name = format!("tick-{}-part-{}-of-{}", frame.tick, frame.part, frame.parts);
        samples.push(sample("frame", name, &frame));
    }
    for outcome in each(next_outcome) {
        let frame = end(&frames[1], outcome);
        samples.push(sample("frame", format!("end-{}", super::word(&outcome)), &frame));
    }
    samples
}

/// The messages of [`story`]: the frame of tick 1 has two parts, the others have one.
pub(crate) fn messages() -> Vec<Vec<u8>> {
    story().into_iter().flat_map(|frame| frame.into_messages(PART_SIZE)).collect()
}

/// Tick 0 with the seed posts, tick 1 with every type of action, and tick 2, in which nobody
/// acts and the run ends.
pub(crate) fn story() -> Vec<Frame> {
    let mut first = frame(0, 1, Digest::ZERO);
    first.options = Some(options());
    first.memory = Some(memory_targets());
    first.markers = vec![
        Marker::SimulationStart {
            before_seq: 1,
            spec_digest: spec_digest(),
            seed: options().seed,
            rules: 1,
            agents: 4,
            rounds: options().rounds,
        },
        Marker::RoundStart { before_seq: 1, round: 0, simulated_hour: 0 },
        round_end(0, 3, 2),
    ];
    first.actions = vec![
        succeed(1, 0, create_post(TEXT, Some(1))),
        succeed(2, 1, create_post("The old pier closes on Saturday.", Some(2))),
    ];
    first.digest = first.compute_digest();

    let mut second = frame(1, first.next_seq(), first.digest);
    second.actions = actions(second.first_seq);
    let next_seq = second.next_seq();
    second.markers = vec![
        Marker::RoundStart { before_seq: second.first_seq, round: 1, simulated_hour: 1 },
        round_end(1, next_seq, 12),
    ];
    second.digest = second.compute_digest();

    let third = end(&second, Outcome::Completed);
    vec![first, second, third]
}

/// The frame after `previous`, in which nobody acts and the run ends.
fn end(previous: &Frame, outcome: Outcome) -> Frame {
    let next_seq = previous.next_seq();
    let mut last = frame(previous.tick + 1, next_seq, previous.digest);
    last.markers = vec![
        Marker::RoundStart { before_seq: next_seq, round: last.round, simulated_hour: 2 },
        round_end(last.round, next_seq, 0),
        Marker::SimulationEnd {
            before_seq: next_seq,
            outcome,
            rounds: last.round,
            actions: next_seq - 1,
        },
    ];
    last.digest = last.compute_digest();
    last
}

fn round_end(round: u32, before_seq: u64, actions: u32) -> Marker {
    let simulated_minutes = u64::from(round) * 60;
    Marker::RoundEnd {
        before_seq,
        round,
        actions,
        active_agents: actions.min(4),
        simulated_minutes,
    }
}

fn frame(tick: u32, first_seq: u64, previous_digest: Digest) -> Frame {
    let midnight = at(0).midnight();
    Frame {
        v: V1,
        run_id: run(),
        platform: Platform::Twitter,
        tick,
        round: tick,
        simulated_time: midnight.plus_minutes(u64::from(tick) * 60),
        timestamp: at(i64::from(tick) * 2),
        first_seq,
        part: 1,
        parts: 1,
        previous_digest,
        digest: Digest::ZERO,
        options: None,
        memory: None,
        markers: Vec::new(),
        actions: Vec::new(),
    }
}

/// A success of each type, then a failure of each type.
fn actions(first_seq: u64) -> Vec<Action> {
    let successes = each(next_success).into_iter().map(|body| (body, None));
    let failures = each(next_failure).into_iter().map(|(body, why)| (body, Some(why.to_owned())));
    (first_seq..)
        .zip(successes.chain(failures))
        .map(|(seq, (body, failure))| Action { failure, ..succeed(seq, 2, body) })
        .collect()
}

fn succeed(seq: u64, agent_id: u32, body: ActionBody) -> Action {
    let agent_name = ["Ada", "Harbour Authority", "Grüne 王芳", "Bo"][agent_id as usize].to_owned();
    Action { seq, agent_id, agent_name, body, failure: None }
}

fn create_post(content: &str, post_id: Option<u64>) -> ActionBody {
    ActionBody::CreatePost(CreatePost { content: content.to_owned(), post_id })
}

fn next_success(body: Option<&ActionBody>) -> Option<ActionBody> {
    let text = || Some("The old pier closes on Saturday.".to_owned());
    let author = || Some("Harbour Authority".to_owned());
    Some(match body {
        None => create_post(TEXT, Some(3)),
        Some(ActionBody::CreatePost(_)) => ActionBody::CreateComment(CreateComment {
            content: "Which pier? 哪一个码头？".to_owned(),
            comment_id: Some(1),
            post_id: 2,
            post_content: text(),
            post_author_name: author(),
        }),
        Some(ActionBody::CreateComment(_)) => ActionBody::LikePost(LikePost {
            post_id: 2,
            like_id: Some(1),
            post_content: text(),
            post_author_name: author(),
        }),
        Some(ActionBody::LikePost(_)) => ActionBody::Repost(Repost {
            reposted_id: 2,
            new_post_id: Some(4),
            original_content: text(),
            original_author_name: author(),
        }),
        Some(ActionBody::Repost(_)) => ActionBody::Follow(Follow {
            follow_id: Some(1),
            followee_id: 1,
            target_user_name: author(),
        }),
        Some(ActionBody::Follow(_)) => ActionBody::DoNothing(DoNothing {}),
        Some(ActionBody::DoNothing(_)) => return None,
    })
}

/// Failures name what does not exist, so what a success says about it is absent.
fn next_failure(body: Option<&(ActionBody, &str)>) -> Option<(ActionBody, &'static str)> {
    Some(match body.map(|(body, _)| body) {
        None => (create_post("One too many.", None), "the agent may not post now"),
        Some(ActionBody::CreatePost(_)) => {
            let body = ActionBody::CreateComment(CreateComment {
                content: "Anybody here?".to_owned(),
                comment_id: None,
                post_id: 99,
                post_content: None,
                post_author_name: None,
            });
            (body, "post not found")
        }
        Some(ActionBody::CreateComment(_)) => {
            let body = ActionBody::LikePost(LikePost {
                post_id: 99,
                like_id: None,
                post_content: None,
                post_author_name: None,
            });
            (body, "post not found")
        }
        Some(ActionBody::LikePost(_)) => {
            let body = ActionBody::Repost(Repost {
                reposted_id: 99,
                new_post_id: None,
                original_content: None,
                original_author_name: None,
            });
            (body, "post not found")
        }
        Some(ActionBody::Repost(_)) => {
            let body = ActionBody::Follow(Follow {
                follow_id: None,
                followee_id: 77,
                target_user_name: None,
            });
            (body, "user not found")
        }
        Some(ActionBody::Follow(_)) => {
            (ActionBody::DoNothing(DoNothing {}), "the agent is not there now")
        }
        Some(ActionBody::DoNothing(_)) => return None,
    })
}

pub(super) fn next_outcome(outcome: Option<&Outcome>) -> Option<Outcome> {
    match outcome {
        None => Some(Outcome::Completed),
        Some(Outcome::Completed) => Some(Outcome::Stopped),
        Some(Outcome::Stopped) => Some(Outcome::Failed),
        Some(Outcome::Failed) => None,
    }
}
