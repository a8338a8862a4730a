//! Questions are answered and change nothing.

use std::collections::BTreeSet;
use std::string::String;
use std::vec;
use std::vec::Vec;

use super::fixture::{PLATFORMS, crowd, play, town, world};
use crate::policy::english::ENGLISH;
use crate::policy::phrases::List;
use crate::{Act, Change, Decision, Deed, Event, HourSet, Inputs, Platform, Stance, World};

const PROMPTS: [&str; 8] = [
    "What do you think about the brake tests?",
    "What did you do so far?",
    "Who are you?",
    "What do others say?",
    "你怎么看渡轮？",
    "What will you do next?",
    "How do you feel about all this?",
    "Why did you react like that?",
];

fn answer(world: &World, agent: u32, prompt: &str) -> String {
    world.interview(agent, prompt).expect("the agent exists")
}

#[test]
fn no_question_changes_a_world() {
    for platform in PLATFORMS {
        let mut world = world(town(platform, 6));
        play(&mut world, 12);
        let (hash, snapshot) = (world.hash(), world.snapshot());
        for agent in 0..14 {
            let known = agent < 12;
            assert_eq!(world.user(agent).is_some(), known);
            assert_eq!(world.observe(agent).is_some(), known);
            assert_eq!(world.interview_context(agent).is_some(), known);
            for prompt in PROMPTS {
                assert_eq!(world.interview(agent, prompt).is_some(), known);
            }
        }
        let counts = world.counts();
        for id in 0..=counts.posts + 1 {
            assert_eq!(world.post(id).is_some(), (1..=counts.posts).contains(&id));
        }
        for id in 0..=counts.comments + 1 {
            assert_eq!(world.comment(id).is_some(), (1..=counts.comments).contains(&id));
        }
        world.top_posts(10);
        world.decide(0..world.active());
        assert_eq!((world.hash(), world.snapshot()), (hash, snapshot));
    }
}

#[test]
fn an_answer_comes_from_the_agent_and_fits_the_question() {
    let mut world = world(town(Platform::Twitter, 6));
    play(&mut world, 16);
    let union = answer(&world, 4, PROMPTS[0]);
    assert!(union.contains("brake tests"), "the topic of the question: {union}");
    assert!(words(&union).any(|word| ["we", "our", "us"].contains(&&*word)), "many: {union}");
    assert!(!words(&union).any(|word| word == "my"), "an organisation is many: {union}");
    let maya = answer(&world, 6, PROMPTS[2]);
    assert!(maya.contains("Maya") && maya.contains("has lived here"), "its persona: {maya}");
    let chinese = answer(&world, 10, PROMPTS[0]);
    assert!(chinese.contains('我') && chinese.contains("brake tests"), "its language: {chinese}");
    let courier = answer(&world, 2, PROMPTS[3]);
    let context = world.interview_context(2).expect("an agent");
    let mut seen = context.sees.posts.iter().map(|seen| seen.post).chain(context.memory.seen);
    assert!(seen.any(|post| courier.contains(post.author_name)), "its feed: {courier}");
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|one: char| !one.is_alphanumeric()).map(str::to_lowercase)
}

#[test]
fn stance_and_mood_are_what_they_are_now() {
    for platform in PLATFORMS {
        let mut setup = town(platform, 6);
        setup.agents[8].traits.stance = Stance::Opposing;
        setup.agents[8].traits.sentiment_ppm = -900_000;
        let mut world = world(setup);
        play(&mut world, 8);
        let (before, glum) = (answer(&world, 8, PROMPTS[0]), answer(&world, 8, PROMPTS[6]));
        let mut traits = *world.traits(8).expect("an agent");
        (traits.stance, traits.sentiment_ppm) = (Stance::Supportive, 900_000);
        let inputs = Inputs {
            changes: vec![Change::Traits { agent: 8, traits }],
            ..Inputs::quiet(world.tick(), 0)
        };
        let decisions = world.decide(0..world.active());
        world.step(inputs, decisions).expect("a change of traits");
        let (after, glad) = (answer(&world, 8, PROMPTS[0]), answer(&world, 8, PROMPTS[6]));
        let interview = ENGLISH.interview;
        let says = |answer: &str, list: List| {
            let ends = list.iter().map(|one| one.rsplit('}').next().unwrap_or(one));
            ends.into_iter().any(|end| answer.contains(end))
        };
        assert!(says(&before, interview.because.opposing), "{before}");
        assert!(says(&after, interview.because.supportive), "{after}");
        assert!(says(&glum, interview.moods[2]) && !says(&glum, interview.moods[0]), "{glum}");
        assert!(says(&glad, interview.moods[0]) && !says(&glad, interview.moods[2]), "{glad}");
    }
}

#[test]
fn somebody_who_is_asked_about_is_spoken_about() {
    for platform in PLATFORMS {
        let mut world = world(town(platform, 6));
        play(&mut world, 16);
        for (prompt, name) in [
            ("What do you think about Prof. Lind?", "Prof. Lind"),
            ("What do you think about the Dockers Union?", "Dockers Union"),
            ("你怎么看王小明？", "王小明"),
        ] {
            for agent in [0, 2, 6, 11] {
                let told = answer(&world, agent, prompt);
                assert!(told.contains(name), "{told}");
            }
        }
        // What it says of a friend it does not say of an opponent.
        let (friend, opponent) = (
            answer(&world, 0, "What do you think about Tomas?"),
            answer(&world, 0, "What do you think about Maya?"),
        );
        assert_ne!(friend.replace("Tomas", "Maya"), opponent);
    }
}

/// Whoever is against the matter is for the march against it.
#[test]
fn protests_are_supported_by_those_who_oppose() {
    let mut setup = town(Platform::Twitter, 6);
    setup.topics.push("Saturday march".into());
    setup.topics.push("联名信".into());
    let world = world(setup);
    let interview = ENGLISH.interview;
    for (agent, list) in [(6, interview.action.opposing), (7, interview.action.supportive)] {
        let told = answer(&world, agent, "What do you think about the march?");
        let ends = list.iter().map(|one| one.rsplit('}').next().unwrap_or(one));
        assert!(told.contains("aturday march"), "{told}");
        assert!(ends.into_iter().any(|end| told.contains(end)), "{told}");
    }
    assert!(answer(&world, 10, "你怎么看联名信？").contains("联名信"));
}

#[test]
fn instructions_before_a_question_change_nothing() {
    let mut world = world(town(Platform::Reddit, 6));
    play(&mut world, 16);
    for agent in 0..12 {
        for question in PROMPTS {
            let instructed = std::format!(
                "结合你的人设、所有的过往记忆与行动，不调用任何工具直接用文本回复我：{question}"
            );
            assert_eq!(answer(&world, agent, &instructed), answer(&world, agent, question));
        }
    }
}

#[test]
fn an_answer_tells_what_the_agent_did() {
    let mut world = world(town(Platform::Reddit, 6));
    let idle = answer(&world, 6, PROMPTS[1]);
    assert!(idle.contains("nothing"), "{idle}");
    play(&mut world, 16);
    let told = answer(&world, 6, PROMPTS[1]);
    let did = world.interview_context(6).expect("an agent").memory.did;
    assert!(!did.is_empty());
    let names = did.iter().filter_map(|memory| match memory.deed {
        Deed::Commented(comment) => world.post(comment.post).map(|post| post.author_name),
        Deed::Liked(post) | Deed::Reposted(post) => Some(post.author_name),
        Deed::Followed(user) => Some(user.agent.name.as_str()),
        _ => None,
    });
    assert!(names.clone().count() > 0 && names.clone().any(|name| told.contains(name)), "{told}");
}

/// Every kind of deed, one after the other, is told in both languages, with whom it concerns.
#[test]
fn all_deeds_are_told() {
    let written = || Act::CreatePost { content: "Who pays for the night ferry?".into() };
    let comment = |parent| Act::CreateComment {
        post: 1,
        parent,
        content: "Nobody knows who pays for it.".into(),
    };
    let deeds = [
        written(),
        Act::Repost { post: 1 },
        Act::QuotePost { post: 1, content: "A fair question, in my view.".into() },
        Act::LikePost { post: 1 },
        Act::UnlikePost { post: 1 },
        Act::DislikePost { post: 1 },
        Act::UndoDislikePost { post: 1 },
        Act::ReportPost { post: 1, reason: "too loud".into() },
        comment(None),
        Act::LikeComment { comment: 1 },
        Act::UnlikeComment { comment: 1 },
        Act::DislikeComment { comment: 1 },
        Act::UndoDislikeComment { comment: 1 },
        Act::Follow { user: 0 },
        Act::Unfollow { user: 0 },
        Act::Mute { user: 0 },
        Act::Unmute { user: 0 },
    ];
    for agent in [6, 10] {
        let mut setup = town(Platform::Twitter, 6);
        setup.seed_posts.truncate(1);
        setup.agents.iter_mut().for_each(|one| one.traits.active_hours = HourSet::NONE);
        let mut world = world(setup);
        play(&mut world, 0);
        let mut told = BTreeSet::new();
        decide_outside(&mut world, 0, comment(None));
        for act in deeds.clone() {
            let posted = matches!(act, Act::CreatePost { .. });
            decide_outside(&mut world, agent, act.clone());
            let answer = answer(&world, agent, "What did you do to the City Council?");
            let newest = world.memory(agent).expect("an agent").did.remove(0);
            assert_eq!(newest.tick, world.tick() - 1, "{act:?} is remembered");
            assert!(posted || answer.contains("City Council"), "{act:?}: {answer}");
            assert!(!answer.contains(['{', '}']), "{answer}");
            told.insert(answer);
        }
        assert_eq!(told.len(), deeds.len(), "each deed changes the answer: {told:?}");
    }
}

fn decide_outside(world: &mut World, agent: u32, act: Act) {
    let inputs =
        Inputs { decisions: vec![Decision { agent, act }], ..Inputs::quiet(world.tick(), 0) };
    let decisions = world.decide(0..world.active());
    let outputs = world.step(inputs, decisions).expect("a decision from outside");
    assert!(outputs.actions.iter().all(|action| action.outcome.is_ok()), "{outputs:?}");
}

#[test]
fn answers_are_bounded_whole_and_say_nothing_twice() {
    for platform in PLATFORMS {
        let mut setup = town(platform, 6);
        setup.agents[3].persona = "A very long story about the radio and the quay. ".repeat(200);
        setup.agents[9].bio = "no full stop and no end in sight ".repeat(100);
        let mut world = world(setup);
        play(&mut world, 20);
        for agent in 0..12 {
            for prompt in PROMPTS {
                let told = answer(&world, agent, prompt);
                let sentences = told.matches(['.', '?', '!', '。', '？', '！']).count();
                assert!(sentences >= 3, "{prompt} {told}");
                assert!(told.chars().count() < 1_000, "{prompt} {told}");
                assert!(!told.contains(['{', '}']) && !told.contains("  "), "{told}");
                let quotes: Vec<&str> = told.split('“').skip(1).collect();
                let distinct: BTreeSet<&&str> = quotes.iter().collect();
                assert_eq!(distinct.len(), quotes.len(), "{told}");
            }
        }
    }
}

#[test]
fn answers_repeat_for_the_same_question_and_vary_otherwise() {
    let mut world = world(town(Platform::Twitter, 6));
    play(&mut world, 16);
    let answers: BTreeSet<_> = (0..12)
        .flat_map(|agent| PROMPTS.map(|prompt| (agent, prompt)))
        .map(|(agent, prompt)| {
            assert_eq!(answer(&world, agent, prompt), answer(&world, agent, prompt));
            answer(&world, agent, prompt)
        })
        .collect();
    assert!(answers.len() >= 94, "{} different answers of 96", answers.len());
}

#[test]
fn a_feed_holds_no_post_of_its_reader_and_nothing_twice() {
    for platform in PLATFORMS {
        let mut world = world(crowd(platform, 2, 40));
        play(&mut world, 10);
        for agent in 0..40 {
            let posts = world.observe(agent).expect("an agent").posts;
            assert_eq!(posts.len(), 5);
            let originals: BTreeSet<_> = posts.iter().map(|seen| seen.post.id).collect();
            assert_eq!(originals.len(), posts.len());
            for seen in posts {
                assert_ne!(seen.post.author, agent);
                assert_ne!(seen.reposted_by, Some(agent));
                assert_eq!(seen.post.reposts, None);
            }
        }
    }
}

#[test]
fn memories_are_the_last_deeds_newest_first() {
    let mut world = world(crowd(Platform::Twitter, 2, 40));
    play(&mut world, 10);
    for agent in 0..40 {
        let did = world.interview_context(agent).expect("an agent").memory.did;
        assert!(did.windows(2).all(|pair| pair[0].tick >= pair[1].tick));
        assert!(!did.is_empty() && did.len() <= 12);
    }
}

#[test]
fn nobody_cites_what_somebody_wrote_whom_it_has_muted() {
    let mut world = world(town(Platform::Twitter, 6));
    let say = |world: &mut World, decisions, events| {
        let inputs = Inputs { decisions, events, ..Inputs::quiet(world.tick(), 0) };
        let decided = world.decide(0..world.active());
        world.step(inputs, decided).expect("inputs of this tick");
    };
    let mute = Decision { agent: 0, act: Act::Mute { user: 6 } };
    let event = || vec![Event { agent: 6, content: "A zeppelin is above the pier!".into() }];
    say(&mut world, Vec::new(), event());
    assert!(answer(&world, 0, "What do you think about Maya?").contains("zeppelin"));
    say(&mut world, vec![mute], Vec::new());
    say(&mut world, Vec::new(), event());
    let muted = answer(&world, 0, "What do you think about Maya?");
    assert!(muted.contains("Maya") && !muted.contains("zeppelin"), "{muted}");
}
