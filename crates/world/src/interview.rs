//! The `builtin` answer to a question: in the first person, from what the agent is, did and sees.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::bytes::digest;
use crate::policy::phrases::{Interview, fill};
use crate::policy::text;
use crate::policy::voice::Voice;
use crate::random::{Dice, Purpose};
use crate::view::{Deed, Done, InterviewContext, PostView};
use crate::words;
use crate::world::World;

/// Words by which a question asks what somebody did, what it sees, who it is. A question may be
/// put in either language, whatever the agent speaks.
#[rustfmt::skip]
const ASKS_WHAT_IT_DID: [&str; 14] = [
    "did you", "have you", "done", "wrote", "write", "posted", "your actions", "react", "做了",
    "发了", "写了", "行动", "反应", "参与",
];
#[rustfmt::skip]
const ASKS_WHAT_IT_SEES: [&str; 16] = [
    "you see", "saw", "read", "notice", "hear", "feed", "others", "people say", "看到", "看见",
    "读到", "注意到", "听说", "别人", "其他人", "大家",
];
#[rustfmt::skip]
const ASKS_WHO_IT_IS: [&str; 11] = [
    "who are you", "yourself", "introduce", "background", "your name", "your role", "你是谁",
    "介绍", "你自己", "背景", "身份",
];

/// Characters of a profile that an answer repeats at most.
const ABOUT: usize = 160;

impl World {
    /// What `agent` answers to `prompt`, from its persona, its stance, what it did and what it
    /// sees; `None` if there is no such agent. The same question in the same tick gets the same
    /// answer. Changes nothing.
    pub fn interview(&self, agent: u32, prompt: &str) -> Option<String> {
        let context = self.interview_context(agent)?;
        let voice = self.profiles[agent as usize].voice;
        let [a, b, c, d, ..] = digest(prompt.as_bytes());
        let seed = u32::from_le_bytes([a, b, c, d]);
        let dice = self.source.agent(self.tick, agent);
        Some(Answer { world: self, context, voice, dice, seed }.to(prompt))
    }
}

/// One answer in the making.
struct Answer<'world> {
    world: &'world World,
    context: InterviewContext<'world>,
    voice: Voice,
    dice: Dice,
    /// What makes one question differ from another.
    seed: u32,
}

impl Answer<'_> {
    /// What the question asks for comes first and at length; the rest is said in passing.
    fn to(&self, prompt: &str) -> String {
        let asks = |words: &[&str]| words.iter().any(|word| words::mentions(prompt, word));
        let stance = self.stance(prompt);
        let sentences = if asks(&ASKS_WHO_IT_IS) {
            [self.who(), stance, self.standing(), self.deeds(prompt, 1)]
        } else if asks(&ASKS_WHAT_IT_DID) {
            [self.deeds(prompt, 3), stance, self.mood(), String::new()]
        } else if asks(&ASKS_WHAT_IT_SEES) {
            [self.sight(prompt, 2), self.deeds(prompt, 1), stance, String::new()]
        } else {
            [stance, self.mood(), self.deeds(prompt, 1), self.sight(prompt, 1)]
        };
        let mut said: Vec<String> = sentences.into_iter().filter(|one| !one.is_empty()).collect();
        said.push(self.say(&self.lines().ends, 9, &[]));
        said.join(self.voice.phrases().space)
    }

    fn lines(&self) -> &'static Interview {
        &self.voice.phrases().interview
    }

    /// One of `phrases`, chosen by agent, tick and question, with its slots filled.
    fn say(&self, phrases: &[&str], draw: u32, slots: &[(&str, &str)]) -> String {
        let size = u32::try_from(phrases.len()).unwrap_or(u32::MAX);
        let place = self.dice.below(Purpose::Answer, self.seed.wrapping_add(draw), size);
        let mut all: Vec<(&str, &str)> = self.voice.speaker().to_vec();
        all.extend(slots);
        all.push(("name", &self.context.user.agent.name));
        fill(phrases[place as usize], &all)
    }

    fn quote(&self, text: &str, draw: u32) -> String {
        text::quote(self.world, self.context.user.id, text, self.dice, draw)
    }

    fn who(&self) -> String {
        let agent = self.context.user.agent;
        let profile = [&agent.persona, &agent.bio].map(|text| words::trim(text));
        let about = profile.into_iter().find(|text| !text.is_empty()).map(|text| {
            let profile = words::beginning(text, ABOUT).trim_end_matches(['.', '。']);
            self.say(&[self.lines().about], 0, &[("profile", profile)])
        });
        let about = about.unwrap_or_default();
        self.say(&self.lines().who, 1, &[("about", &about)])
    }

    fn stance(&self, prompt: &str) -> String {
        let (id, agent) = (self.context.user.id, self.context.user.agent);
        let topic = text::named_topic(self.world, id, prompt)
            .or(self.world.settings.topics.first().map(String::as_str))
            .or(agent.interests.first().map(String::as_str));
        let topic = text::in_a_sentence(self.world, id, topic);
        let lines =
            &self.lines().stance[text::stance(self.world.settings.traits[id as usize].stance)];
        self.say(lines, 2, &[("topic", &topic)])
    }

    fn mood(&self) -> String {
        let lines = &self.lines().mood;
        let mood = match self.world.settings.traits[self.context.user.id as usize].sentiment_ppm {
            200_000.. => &lines[0],
            ..=-200_000 => &lines[2],
            _ => &lines[1],
        };
        self.say(mood, 3, &[])
    }

    /// How many follow it; nothing if nobody does.
    fn standing(&self) -> String {
        let count = self.context.user.followers.to_string();
        if count == "0" {
            return String::new();
        }
        self.say(&self.lines().standing, 4, &[("count", &count)])
    }

    /// What it did, what the question is about first.
    fn deeds(&self, prompt: &str, most: usize) -> String {
        if self.context.memory.did.is_empty() {
            return self.say(&self.lines().did_nothing, 5, &[]);
        }
        let asked = words::signature(prompt);
        let mut deeds: Vec<&Done<'_>> = self.context.memory.did.iter().collect();
        deeds.sort_by_key(|memory| -words::relevance(asked, words::signature(content(memory))));
        let told = deeds.into_iter().take(most).zip(10..);
        let told = told.map(|(memory, draw)| self.deed(memory, draw));
        let told: Vec<String> = told.filter(|deed| !deed.is_empty()).collect();
        told.join(self.voice.phrases().space)
    }

    fn deed(&self, memory: &Done<'_>, draw: u32) -> String {
        let (kind, author) = match memory.deed {
            Deed::Posted(post) => (0, post.author_name),
            Deed::Commented(comment) => {
                (1, self.world.post(comment.post).map_or("", |post| post.author_name))
            }
            Deed::Liked(post) => (2, post.author_name),
            Deed::Reposted(post) => (3, post.author_name),
            Deed::Followed(user) => (4, user.agent.name.as_str()),
            _ => return String::new(),
        };
        let quote = self.quote(content(memory), draw);
        self.say(&self.lines().did[kind], draw, &[("author", author), ("quote", &quote)])
    }

    /// What it sees, what the question is about first.
    fn sight(&self, prompt: &str, most: usize) -> String {
        let asked = words::signature(prompt);
        let mut posts: Vec<PostView<'_>> =
            self.context.sees.posts.iter().map(|seen| seen.post).collect();
        if posts.is_empty() {
            return self.say(&self.lines().sees_nothing, 6, &[]);
        }
        posts.sort_by_key(|post| -words::relevance(asked, words::signature(post.content)));
        let told = posts.into_iter().take(most).zip(20..).map(|(post, draw)| {
            let quote = self.quote(post.content, draw);
            let likes = post.likes.to_string();
            let slots = [("author", post.author_name), ("quote", &quote), ("likes", &likes)];
            self.say(&self.lines().sees, draw, &slots)
        });
        told.collect::<Vec<_>>().join(self.voice.phrases().space)
    }
}

/// The text that a memory is about.
fn content<'world>(memory: &Done<'world>) -> &'world str {
    match memory.deed {
        Deed::Posted(post) | Deed::Liked(post) | Deed::Reposted(post) => post.content,
        Deed::Commented(comment) => comment.content,
        _ => "",
    }
}
