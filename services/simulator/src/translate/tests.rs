//! Every act as it is published, after a success and after a failure.

use contract::command::Command;
use contract::journal::{Heard, HeardPost, Taken, Tick};
use contract::reply::ErrorCode;
use contract::source::Source;
use serde_json::{Value, json};
use world::{
    Act, Activity, Agent, Change, Clock, Decision, Event, Feed, HourSet, Inputs, Platform, Policy,
    Setup, Stance, Traits, World,
};

use super::action;
use crate::protocol::journal::Closed;

/// Ada, Ben and Cyd, who decide outside; Ada wrote post 1, Ben shared it as post 2 and quoted it
/// as post 3, Cyd commented on it.
pub(crate) fn town() -> World {
    let agent = |name: &str| Agent {
        name: name.to_owned(),
        user_name: name.to_lowercase(),
        bio: "Lives by the harbour.".to_owned(),
        persona: String::new(),
        kind: "Person".to_owned(),
        interests: Vec::new(),
        follows: Vec::new(),
        past_posts: Vec::new(),
        policy: Policy::Outside,
        traits: Traits {
            activity_ppm: 0,
            active_hours: HourSet::NONE,
            posts_per_hour_ppm: 0,
            comments_per_hour_ppm: 0,
            sentiment_ppm: 0,
            stance: Stance::Neutral,
            influence_ppm: 1_000_000,
            response_delay_min: 0,
            response_delay_max: 0,
        },
    };
    let mut world = World::new(Setup {
        platform: Platform::Reddit,
        seed: 1,
        clock: Clock { start_minute: 0, minutes_per_round: 60, planned_rounds: 1 },
        activity: Activity {
            agents_per_hour_min: 0,
            agents_per_hour_max: 0,
            peak_hours: HourSet::NONE,
            peak_ppm: 0,
            off_peak_hours: HourSet::NONE,
            off_peak_ppm: 0,
            morning_hours: HourSet::NONE,
            morning_ppm: 0,
            work_hours: HourSet::NONE,
            work_ppm: 0,
        },
        agents: ["Ada", "Ben", "Cyd"].map(agent).to_vec(),
        seed_posts: Vec::new(),
        scheduled: Vec::new(),
        topics: Vec::new(),
        narrative: String::new(),
        feed: Feed {
            recency_ppm: 400_000,
            popularity_ppm: 300_000,
            relevance_ppm: 300_000,
            viral_threshold: 0,
            echo_chamber_ppm: 0,
        },
        self_rating: true,
    })
    .expect("a valid setup");
    let first = Event { agent: 0, content: "Pier 9 closes".to_owned() };
    let inputs = Inputs { events: vec![first], ..Inputs::quiet(0, 0) };
    world.step(inputs, world.decide(0..0)).expect("the first tick");
    act(&mut world, 1, Act::Repost { post: 1 });
    act(&mut world, 1, Act::QuotePost { post: 1, content: "Again?".to_owned() });
    let content = "Rot.".to_owned();
    act(&mut world, 2, Act::CreateComment { post: 1, parent: None, content });
    world
}

/// Steps once with one decision; gives the action as it is published.
fn act(world: &mut World, agent: u32, act: Act) -> Value {
    act_all(world, vec![Decision { agent, act }]).remove(0)
}

fn act_all(world: &mut World, decisions: Vec<Decision>) -> Vec<Value> {
    let inputs = Inputs { decisions, ..Inputs::quiet(world.tick(), 0) };
    let outputs = world.step(inputs, world.decide(0..0)).expect("nobody is active");
    let publish = |done| serde_json::to_value(action(world, 1, done)).expect("an action is JSON");
    outputs.actions.into_iter().map(publish).collect()
}

/// An act, its name and its arguments.
type Case = (Act, &'static str, Value);

fn check(cases: impl IntoIterator<Item = Case>) {
    for (wanted, action_type, action_args) in cases {
        let published = act(&mut town(), 0, wanted);
        assert_eq!(published["success"], true, "{published}");
        assert_eq!(published["action_type"], action_type);
        assert_eq!(published["action_args"], action_args);
    }
}

#[test]
fn what_is_done_with_posts_is_published_with_all_its_arguments() {
    let text = |text: &str| text.to_owned();
    check([
        (
            Act::CreatePost { content: text("Hi") },
            "CREATE_POST",
            json!({"content": "Hi", "post_id": 4}),
        ),
        (
            Act::Repost { post: 3 },
            "REPOST",
            json!({"reposted_id": 3, "new_post_id": 4, "original_content": "Again?",
                "original_author_name": "Ben"}),
        ),
        (
            Act::QuotePost { post: 2, content: text("So?") },
            "QUOTE_POST",
            json!({"quoted_id": 1, "quote_content": "So?", "new_post_id": 4,
                "original_content": "Pier 9 closes", "original_author_name": "Ada"}),
        ),
        (
            Act::LikePost { post: 2 },
            "LIKE_POST",
            json!({"post_id": 1, "like_id": 1, "post_content": "Pier 9 closes",
                "post_author_name": "Ada"}),
        ),
        (
            Act::DislikePost { post: 3 },
            "DISLIKE_POST",
            json!({"post_id": 3, "dislike_id": 1, "post_content": "Again?",
                "post_author_name": "Ben"}),
        ),
        (
            Act::ReportPost { post: 2, reason: text("spam") },
            "REPORT_POST",
            json!({"post_id": 1, "report_reason": "spam", "report_id": 1,
                "post_content": "Pier 9 closes", "post_author_name": "Ada"}),
        ),
    ]);
}

#[test]
fn what_is_done_otherwise_is_published_with_all_its_arguments() {
    let text = |text: &str| text.to_owned();
    check([
        (
            Act::CreateComment { post: 2, parent: Some(1), content: text("True") },
            "CREATE_COMMENT",
            json!({"content": "True", "comment_id": 2, "post_id": 1, "parent_comment_id": 1,
                "post_content": "Pier 9 closes", "post_author_name": "Ada",
                    "parent_content": "Rot.", "parent_author_name": "Cyd"}),
        ),
        (
            Act::LikeComment { comment: 1 },
            "LIKE_COMMENT",
            json!({"comment_id": 1, "comment_like_id": 1, "post_id": 1,
                "comment_content": "Rot.", "comment_author_name": "Cyd"}),
        ),
        (
            Act::DislikeComment { comment: 1 },
            "DISLIKE_COMMENT",
            json!({"comment_id": 1, "comment_dislike_id": 1, "post_id": 1,
                "comment_content": "Rot.", "comment_author_name": "Cyd"}),
        ),
        (
            Act::Follow { user: 1 },
            "FOLLOW",
            json!({"follow_id": 1, "followee_id": 1, "target_user_name": "Ben"}),
        ),
        (
            Act::Mute { user: 1 },
            "MUTE",
            json!({"mute_id": 1, "mutee_id": 1, "target_user_name": "Ben"}),
        ),
        (
            Act::SearchPosts { query: text("pier") },
            "SEARCH_POSTS",
            json!({"query": "pier", "post_ids": [1]}),
        ),
        (
            Act::SearchUser { query: text("ben") },
            "SEARCH_USER",
            json!({"query": "ben", "user_ids": [1]}),
        ),
        (Act::Trend, "TREND", json!({"post_ids": [1, 3]})),
        (Act::DoNothing, "DO_NOTHING", json!({})),
    ]);
    let published = act(&mut town(), 2, Act::Refresh);
    let mut shown: Vec<u64> =
        serde_json::from_value(published["action_args"]["post_ids"].clone()).expect("ids");
    shown.sort_unstable();
    assert_eq!((&published["action_type"], shown), (&json!("REFRESH"), vec![1, 3]));
}

#[test]
fn what_is_taken_back_names_what_it_was() {
    let pairs = [
        (Act::LikePost { post: 1 }, Act::UnlikePost { post: 2 }, "UNLIKE_POST", "like_id"),
        (
            Act::DislikePost { post: 1 },
            Act::UndoDislikePost { post: 2 },
            "UNDO_DISLIKE_POST",
            "dislike_id",
        ),
        (
            Act::LikeComment { comment: 1 },
            Act::UnlikeComment { comment: 1 },
            "UNLIKE_COMMENT",
            "comment_like_id",
        ),
        (
            Act::DislikeComment { comment: 1 },
            Act::UndoDislikeComment { comment: 1 },
            "UNDO_DISLIKE_COMMENT",
            "comment_dislike_id",
        ),
        (Act::Follow { user: 1 }, Act::Unfollow { user: 1 }, "UNFOLLOW", "follow_id"),
        (Act::Mute { user: 1 }, Act::Unmute { user: 1 }, "UNMUTE", "mute_id"),
    ];
    for (first, second, action_type, id) in pairs {
        let mut world = town();
        let done = act(&mut world, 0, first);
        let undone = act(&mut world, 0, second);
        assert_eq!(
            (&undone["action_type"], &undone["success"]),
            (&json!(action_type), &json!(true))
        );
        assert_eq!(undone["action_args"], done["action_args"], "{id}");
        assert_eq!(undone["action_args"][id], 1);
    }
}

#[test]
fn a_failure_says_why_and_names_what_is_there() {
    let mut world = town();
    let failed = act(&mut world, 0, Act::LikePost { post: 77 });
    assert_eq!(failed["result"], "post not found");
    assert_eq!(failed["action_args"], json!({"post_id": 77}));
    let failed = act(&mut world, 1, Act::Repost { post: 2 });
    assert_eq!(failed["result"], "repost record already exists");
    let args = json!({"reposted_id": 1, "original_content": "Pier 9 closes",
        "original_author_name": "Ada"});
    assert_eq!(failed["action_args"], args);
    let failed = act(&mut world, 0, Act::SearchPosts { query: "?".to_owned() });
    assert_eq!(failed["result"], "query is empty");
    assert_eq!(failed["action_args"], json!({"query": "?", "post_ids": []}));
}

#[test]
fn what_was_not_there_when_an_act_was_tried_is_not_what_it_was_about() {
    for first in [0, 1] {
        let mut world = town();
        let like = Decision { agent: first, act: Act::LikePost { post: 4 } };
        let share = Decision { agent: 1 - first, act: Act::Repost { post: 3 } };
        let published = act_all(&mut world, vec![like, share]);
        let like = published.iter().find(|action| action["action_type"] == "LIKE_POST");
        let like = like.expect("it was tried");
        if like["success"] == false {
            assert_eq!(like["action_args"], json!({"post_id": 4}));
            return;
        }
    }
    panic!("in one of two orders the like comes first");
}

fn taken(sequence: u64, verb: &str, args: &Value) -> Taken {
    let command = json!({"v": 1, "command_id": "c", "verb": verb, "args": args,
        "issued_at": "2026-03-01T10:00:00Z"});
    let command = Command::from_json(command.to_string().as_bytes()).expect("a good command");
    Taken { sequence, command }
}

fn tick_of(world: &World, commands: Vec<Taken>) -> Tick {
    let at = contract::timestamp::Timestamp::EPOCH;
    Tick {
        tick: world.tick(),
        epoch: 1,
        at,
        commands,
        commands_through: 0,
        heard: vec![],
        undecided: vec![],
    }
}

#[test]
fn commands_of_a_tick_are_posts_of_this_world_and_changes_of_what_they_name() {
    let world = town();
    let posts = json!([{"agent_id": 1, "content": "Here"},
        {"agent_id": 2, "content": "There", "platform": "twitter"},
        {"agent_id": 0, "content": "Here too", "platform": "reddit"}]);
    let first = json!({"time": {"agents_per_hour_max": 7}, "twitter": {"recency_ppm": 1},
        "agents": [{"agent_id": 2, "stance": "opposing"}]});
    let second = json!({"time": {"agents_per_hour_min": 5}, "reddit": {"viral_threshold": 3},
        "hot_topics": ["rain"], "seed": 7, "agents": [{"agent_id": 2, "sentiment_ppm": -9}]});
    let commands = vec![
        taken(1, "inject", &json!({"posts": posts})),
        taken(2, "configure", &first),
        taken(3, "configure", &second),
    ];
    let inputs = super::inputs(&world, &Closed::alone(tick_of(&world, commands)));
    let said: Vec<(u32, &str)> =
        inputs.events.iter().map(|event| (event.agent, event.content.as_str())).collect();
    assert_eq!(said, [(1, "Here"), (0, "Here too")]);
    let before = *world.activity();
    let max = Activity { agents_per_hour_max: 7, ..before };
    let traits = *world.traits(2).expect("there are three");
    let opposing = Traits { stance: Stance::Opposing, ..traits };
    assert_eq!(
        inputs.changes,
        [
            Change::Activity(max),
            Change::Traits { agent: 2, traits: opposing },
            Change::Seed(7),
            // What was changed just before stays changed.
            Change::Activity(Activity { agents_per_hour_min: 5, ..max }),
            Change::Feed(Feed { viral_threshold: 3, ..*world.feed() }),
            Change::Topics(vec!["rain".to_owned()]),
            Change::Traits { agent: 2, traits: Traits { sentiment_ppm: -9, ..opposing } },
        ]
    );
    assert_eq!((inputs.tick, inputs.decisions), (world.tick(), Vec::new()));
}

#[test]
fn what_does_not_fit_the_world_is_said_in_words() {
    let world = town();
    let refuse = |waiting: &[Taken], verb: &str, args: Value, code, message: &str| {
        let error = super::check(&world, waiting, &taken(9, verb, &args).command).unwrap_err();
        assert_eq!((error.code, error.message.as_str()), (code, message));
    };
    let stranger =
        json!({"posts": [{"agent_id": 7, "content": "x"}, {"agent_id": 3, "content": "x"}]});
    refuse(
        &[],
        "inject",
        stranger,
        ErrorCode::UnknownAgent,
        "agents 3, 7 are unknown: there are 0 to 2",
    );
    let nobody = json!({"agents": [{"agent_id": 5, "stance": "neutral"}]});
    refuse(
        &[],
        "configure",
        nobody,
        ErrorCode::UnknownAgent,
        "agent 5 is unknown: there are 0 to 2",
    );
    let two = json!({"time": {"agents_per_hour_min": 5},
        "agents": [{"agent_id": 1, "response_delay_min": 9}]});
    refuse(
        &[],
        "configure",
        two,
        ErrorCode::Invalid,
        "time.agents_per_hour_min is 5, expected at most agents_per_hour_max, 0; \
         response_delay_min of agent 1 is 9, expected at most response_delay_max, 0",
    );
    // What waits already counts.
    let room = taken(1, "configure", &json!({"time": {"agents_per_hour_max": 4}}));
    let min = |min: u32| json!({"time": {"agents_per_hour_min": min}});
    let fits = taken(2, "configure", &min(4)).command;
    assert_eq!(super::check(&world, std::slice::from_ref(&room), &fits), Ok(()));
    refuse(
        &[room],
        "configure",
        min(5),
        ErrorCode::Invalid,
        "time.agents_per_hour_min is 5, expected at most agents_per_hour_max, 4",
    );
}

#[test]
fn of_a_source_enters_what_can_be_posted_here_and_was_not_posted_yet() {
    let mut world = town();
    act(&mut world, 0, Act::CreatePost { content: "Old news".to_owned() });
    let post = |seq, agent_id, content: &str| HeardPost { seq, agent_id, content: content.into() };
    let posts = [
        post(4, 1, "Old news"),
        post(5, 2, "The bridge is shut"),
        post(6, 7, "Nobody here is me"),
        post(7, 0, "The bridge is shut"),
        post(9, 0, " "),
        post(11, 0, "It rains"),
        post(12, 1, "Still"),
    ];
    let enter = |word: &str, most, mut bytes: usize| {
        let source = Source { most, ..word.parse().expect("a source") };
        let (entered, left_out) = super::enter(&world, &source, &posts, &mut bytes);
        assert_eq!(entered.len() + left_out as usize, posts.len());
        entered.into_iter().map(|it| (it.seq, it.agent_id)).collect::<Vec<_>>()
    };
    assert_eq!(enter("twitter", 32, 10_000), [(5, 2), (11, 0), (12, 1)]);
    assert_eq!(enter("twitter", 2, 10_000), [(5, 2), (11, 0)]);
    assert_eq!(enter("market-7.twitter@1", 32, 10_000), [(5, 1), (6, 1), (11, 1), (12, 1)]);
    let one = serde_json::to_vec(&posts[1]).expect("it is a value").len() + 1;
    assert_eq!(enter("twitter", 32, one), [(5, 2)], "the tick is one message");
    assert_eq!(enter("market-7.twitter@3", 32, 10_000), [], "there is no such agent");
}

#[test]
fn what_was_heard_is_posted_behind_the_posts_of_commands() {
    let world = town();
    let said = taken(1, "inject", &json!({"posts": [{"agent_id": 1, "content": "First"}]}));
    let heard = |source, content: &str| Heard {
        source,
        sequence: 9,
        posts: vec![HeardPost { seq: 3, agent_id: source, content: content.to_owned() }],
        left_out: 0,
        end: None,
    };
    let heard = vec![heard(0, "Second"), heard(2, "Third")];
    let record = Tick { heard, ..tick_of(&world, vec![said]) };
    let inputs = super::inputs(&world, &Closed::alone(record));
    let said: Vec<_> = inputs.events.iter().map(|it| (it.agent, it.content.as_str())).collect();
    assert_eq!(said, [(1, "First"), (0, "Second"), (2, "Third")]);
}
