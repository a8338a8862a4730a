//! A town of which there is much to remember: frames of two worlds, half of the texts English
//! and half Chinese, some words common and some rare. The same in every run of the bench.

use anyhow::Context as _;
use contract::action::Action;
use contract::frame::Frame;
use contract::id::{Digest, RunId};
use contract::options::MemoryTarget;
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use serde_json::{Value, json};

use crate::filling::GRAPH;

/// Agents, who all act in every round.
pub(crate) const AGENTS: u64 = 1000;
/// In nearly a third, and nearly a fifth, of the English texts.
pub(crate) const COMMON: [&str; 2] = ["pier", "library"];
/// In a fifth, and a tenth, of the Chinese texts.
pub(crate) const COMMON_CHINESE: [&str; 2] = ["图书馆", "道歉"];
/// In one of ten thousand.
pub(crate) const RARE: &str = "zanzibar";
/// The same in Chinese.
pub(crate) const RARE_CHINESE: &str = "琉璃瓦";

const SYLLABLES: [&str; 16] = [
    "la", "ver", "mon", "ti", "ca", "sol", "ne", "dra", "ki", "pol", "ur", "es", "gan", "rit",
    "fo", "bel",
];
const CHARACTERS: &str = "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则任取据处队南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受联什认六共权收证改清己美再采转更单风切打白教速花带安场身车例真务具万每目至达走积示议声报斗完类八离华名确才科张信马节话米整空元况今集温传土许步群广石记需段研界拉林律叫且究观越织装影算低持音众书布复容儿须际商非验连断深难近矿千周委素技备半办青省列习响约支般史感劳便团往酸历市克何除消构府称太准精值号率族维划选标写存候毛亲快效斯院查江型眼王按格养易置派层片始却专状育厂京识适属圆包火住调满县局照参红细引听该铁价严";

/// A sequence of numbers that looks random.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    /// The same, low numbers far more often.
    fn low(&mut self, sides: u64) -> u64 {
        let (a, b) = (self.roll(sides), self.roll(sides));
        a * b / sides
    }
}

/// Plays `rounds` rounds of both worlds, and gives the frames as they are published.
pub(crate) fn frames(run: &RunId, rounds: u32) -> anyhow::Result<Vec<Frame>> {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let characters: Vec<char> = CHARACTERS.chars().collect();
    let mut worlds = [Platform::Twitter, Platform::Reddit].map(|platform| World {
        platform,
        next_seq: 1,
        digest: Digest::ZERO,
        posts: Vec::new(),
    });
    let mut frames = Vec::new();
    for round in 0..rounds {
        for world in &mut worlds {
            frames.push(world.play(run, round, &mut dice, &characters)?);
        }
    }
    Ok(frames)
}

struct World {
    platform: Platform,
    next_seq: u64,
    digest: Digest,
    /// Text and author of each post.
    posts: Vec<(String, u64)>,
}

impl World {
    fn play(
        &mut self,
        run: &RunId,
        round: u32,
        dice: &mut Dice,
        characters: &[char],
    ) -> anyhow::Result<Frame> {
        let start: Timestamp = "2026-03-01T09:00:00Z".parse()?;
        let first_seq = self.next_seq;
        let mut actions = Vec::new();
        for agent in 0..AGENTS {
            let (kind, args) = self.act(agent, dice, characters);
            actions.push(serde_json::from_value::<Action>(json!({
                "seq": self.next_seq, "agent_id": agent, "agent_name": name(agent),
                "action_type": kind, "action_args": args, "result": null, "success": true,
            }))?);
            self.next_seq += 1;
        }
        let mut frame: Frame = serde_json::from_value(json!({
            "v": 1, "run_id": run, "platform": self.platform, "tick": round, "round": round,
            "simulated_time": start.plus_minutes(60 * u64::from(round)), "timestamp": start,
            "first_seq": first_seq, "part": 1, "parts": 1, "previous_digest": self.digest,
            "digest": self.digest, "markers": [], "actions": [],
        }))
        .context("a frame")?;
        frame.actions = actions;
        if round == 0 {
            let (target, graph_id) = ("local".to_owned(), GRAPH.to_owned());
            frame.memory = Some(vec![MemoryTarget { target, graph_id }]);
        }
        frame.digest = frame.compute_digest();
        self.digest = frame.digest;
        Ok(frame)
    }

    /// A third posts, a third likes, the rest comments, follows and unfollows.
    fn act(&mut self, agent: u64, dice: &mut Dice, characters: &[char]) -> (&'static str, Value) {
        let other = dice.roll(AGENTS);
        let (text, seq) = (text(dice, characters), self.next_seq);
        let post = dice.roll(self.posts.len().max(1) as u64);
        let index = usize::try_from(post).unwrap_or(0);
        match (dice.roll(12), self.posts.get(index)) {
            (0..4, _) | (_, None) => {
                self.posts.push((text.clone(), agent));
                ("CREATE_POST", json!({"content": text, "post_id": self.posts.len()}))
            }
            (4..8, Some((content, author))) => (
                "LIKE_POST",
                json!({"post_id": post + 1, "like_id": seq, "post_content": content,
                    "post_author_name": name(*author)}),
            ),
            (8..10, Some((content, author))) => (
                "CREATE_COMMENT",
                json!({"post_id": post + 1, "content": text, "comment_id": seq,
                    "post_content": content, "post_author_name": name(*author)}),
            ),
            (10, _) => (
                "FOLLOW",
                json!({"followee_id": other, "follow_id": seq, "target_user_name": name(other)}),
            ),
            _ => (
                "UNFOLLOW",
                json!({"followee_id": other, "follow_id": seq, "target_user_name": name(other)}),
            ),
        }
    }
}

/// The name of an agent.
fn name(agent: u64) -> String {
    format!("{}{} {agent}", pick(agent), pick(agent / 7))
}

fn pick(number: u64) -> &'static str {
    usize::try_from(number).ok().and_then(|it| SYLLABLES.get(it % 16)).copied().unwrap_or("la")
}

/// What somebody says: English or Chinese.
fn text(dice: &mut Dice, characters: &[char]) -> String {
    if dice.roll(2) == 0 { english(dice) } else { chinese(dice, characters) }
}

fn english(dice: &mut Dice) -> String {
    let mut words: Vec<String> = Vec::new();
    for _ in 0..8 + dice.roll(6) {
        let word = dice.low(4000);
        words.push(format!("{}{}{}", pick(word), pick(word / 16), pick(word / 256)));
    }
    if dice.roll(100) < 30 {
        words.insert(2, COMMON[0].to_owned());
    }
    if dice.roll(100) < 18 {
        words.insert(5, COMMON[1].to_owned());
    }
    if dice.roll(10_000) == 0 {
        words.push(RARE.to_owned());
    }
    words.join(" ")
}

fn chinese(dice: &mut Dice, characters: &[char]) -> String {
    let mut text = String::new();
    for place in 0..12 + dice.roll(12) {
        let index = usize::try_from(dice.low(characters.len() as u64)).unwrap_or(0);
        text.push(characters[index]);
        if place == 3 && dice.roll(100) < 20 {
            text.push_str(COMMON_CHINESE[0]);
        }
        if place == 6 && dice.roll(100) < 10 {
            text.push_str(COMMON_CHINESE[1]);
        }
        if place == 9 {
            text.push('，');
        }
        if place == 10 && dice.roll(10_000) == 0 {
            text.push_str(RARE_CHINESE);
        }
    }
    text
}
