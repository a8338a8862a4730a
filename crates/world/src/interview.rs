//! The `builtin` answer to a question: in the first person, from what the agent is, did and sees.

mod deeds;
mod question;

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use self::question::Question;
use crate::bytes::digest;
use crate::feed;
use crate::policy::phrases::{Interview, List};
use crate::policy::voice::mainly_chinese;
use crate::policy::writing::{Speaker, fragments, topics};
use crate::random::Purpose;
use crate::view::{Deed, Done, InterviewContext, PostView};
use crate::words;
use crate::world::World;

/// Characters of a profile that an answer repeats at most.
const ABOUT: usize = 220;
/// Characters of a text that an answer quotes at most; of a Chinese one.
const QUOTED: usize = 100;
const QUOTED_CHINESE: usize = 40;
/// Sentences, or pieces of what is told, that an answer has at most.
const MOST: usize = 6;

impl World {
    /// What `agent` answers to `prompt`, from its persona, its stance, what it did and what it
    /// sees; `None` if there is no such agent. The same question in the same tick gets the same
    /// answer. Changes nothing.
    pub fn interview(&self, agent: u32, prompt: &str) -> Option<String> {
        let context = self.interview_context(agent)?;
        let prompt = question::without_instructions(prompt);
        let [a, b, c, d, ..] = digest(prompt.as_bytes());
        let seed = u32::from_le_bytes([a, b, c, d]);
        Some(Answer { speaker: Speaker::new(self, agent), context, seed, prompt }.given())
    }
}

/// One answer in the making.
struct Answer<'world> {
    speaker: Speaker<'world>,
    context: InterviewContext<'world>,
    prompt: &'world str,
    /// What makes one question differ from another.
    seed: u32,
}

impl Answer<'_> {
    /// What the question asks for comes first and at length; the rest is said in passing.
    fn given(&self) -> String {
        let world = self.speaker.world;
        let about = question::somebody(world, self.speaker.id, self.prompt);
        let mut said = match question::understood(world, self.speaker.id, self.prompt) {
            Question::Who => [self.who(), self.stance(), self.standing(), self.followees()]
                .into_iter()
                .chain(self.deeds(1, about))
                .collect(),
            Question::Did => {
                let mut said = self.deeds(4, about);
                said.extend([self.reception()]);
                said
            }
            Question::Others => {
                let mut said = self.sights();
                said.push(self.stance());
                said
            }
            Question::Next => {
                alloc::vec![self.next(), self.will_answer(), self.will_watch(), self.mood()]
            }
            Question::Feeling => {
                alloc::vec![self.mood(), self.stance(), self.because(), self.reception()]
            }
            Question::Why => {
                let mut said = self.deeds(1, about);
                said.extend([self.why(), self.stance(), self.because()]);
                said
            }
            Question::Somebody(other) => self.about(other),
            Question::Fact => self.nearest(),
            Question::Opinion => {
                let mut said = alloc::vec![self.stance(), self.because(), self.mood()];
                said.extend(self.deeds(1, about));
                said.extend(self.sights().into_iter().take(1));
                said
            }
        };
        said.retain(|sentence| !sentence.is_empty());
        without_repetition(&mut said);
        if said.len() < MOST {
            said.push(self.say(self.lines().ends, 9, &[]));
        }
        said.truncate(MOST);
        said.join(self.speaker.language().grammar.space)
    }

    fn lines(&self) -> &'static Interview {
        self.speaker.language().interview
    }

    /// One of `phrases`, chosen by agent, tick and question, with its slots filled.
    fn say(&self, phrases: List, draw: u32, slots: &[(&str, &str)]) -> String {
        self.say_in_a_row(phrases, draw, 0, slots)
    }

    /// As [`Answer::say`], of several in a row: no two neighbours are the same.
    fn say_in_a_row(
        &self,
        phrases: List,
        draw: u32,
        place: usize,
        slots: &[(&str, &str)],
    ) -> String {
        let draw = self.seed.wrapping_add(draw);
        let first = self.speaker.dice.place(Purpose::Answer, draw, phrases.len());
        self.speaker.say(phrases[(first + place) % phrases.len()], slots)
    }

    /// A sentence of `text` as it can stand within an answer.
    fn cite(&self, text: &str, draw: u32) -> String {
        let text = self.without_address(text);
        let draw = self.seed.wrapping_add(draw);
        self.speaker.fragment(text, draw).unwrap_or_else(|| {
            let most = if mainly_chinese(text) { QUOTED_CHINESE } else { QUOTED };
            let longest = fragments::sentences(text).max_by_key(|sentence| sentence.len());
            fragments::shortened(longest.unwrap_or(text), most).replace('“', "‘").replace('”', "’")
        })
    }

    /// A comment without the name that it begins with.
    fn without_address<'text>(&self, text: &'text str) -> &'text str {
        let [before, after] = self.speaker.language().grammar.address;
        let Some(rest) = text.strip_prefix(before) else { return text };
        let agents = self.speaker.world.setup.agents.iter();
        let mut said =
            agents.filter_map(|agent| rest.strip_prefix(&*agent.name)?.strip_prefix(after));
        said.next().unwrap_or(text)
    }

    fn who(&self) -> String {
        let agent = self.context.user.agent;
        let profile = [&agent.persona, &agent.bio].map(|text| words::trim(text));
        let about = profile.into_iter().find(|text| !text.is_empty()).map(|text| {
            let profile = first_sentences(text, ABOUT);
            let profile = profile.trim_end_matches(['.', '。']);
            self.say(self.lines().about, 0, &[("profile", profile)])
        });
        let about = about.unwrap_or_default();
        String::from(words::trim(&self.say(self.lines().who, 1, &[("about", &about)])))
    }

    /// What the question is about: a topic that it names, else what everybody talks about, else
    /// what interests the agent.
    fn topic(&self) -> topics::Topic {
        let speaker = &self.speaker;
        let own = |topic: &&String| mainly_chinese(topic) == speaker.voice.chinese;
        let common = &speaker.world.settings.topics;
        let topic = topics::named(speaker.world, speaker.id, self.prompt)
            .or(common.iter().find(own).or(common.first()).map(String::as_str))
            .or(speaker.agent.interests.first().map(String::as_str));
        speaker.topic_or_anything(topic)
    }

    /// One of `phrases` about the topic of the question.
    fn on_topic(&self, phrases: List, draw: u32) -> String {
        let topic = self.topic();
        self.say(phrases, draw, &topic.slots(&self.speaker.language().grammar))
    }

    fn stance(&self) -> String {
        let lines = self.lines();
        let sides = if self.topic().action { &lines.action } else { &lines.stance };
        self.on_topic(sides.of(self.speaker.stance), 2)
    }

    fn because(&self) -> String {
        self.say(self.lines().because.of(self.speaker.stance), 3, &[])
    }

    fn why(&self) -> String {
        self.say(self.lines().why.of(self.speaker.stance), 4, &[])
    }

    fn next(&self) -> String {
        self.on_topic(self.lines().next.of(self.speaker.stance), 5)
    }

    fn mood(&self) -> String {
        /// From where on a mood is no calm one.
        const SHOWS: i32 = 200_000;
        let traits = self.speaker.world.settings.traits[self.speaker.id as usize];
        let mood = match traits.sentiment_ppm {
            SHOWS.. => 0,
            sentiment if sentiment <= -SHOWS => 2,
            _ => 1,
        };
        self.say(self.lines().moods[mood], 6, &[])
    }

    /// How many follow it; nothing if nobody does.
    fn standing(&self) -> String {
        match self.context.user.followers {
            0 => String::new(),
            count => self.say(self.lines().standing, 7, &[("count", &count.to_string())]),
        }
    }

    /// Two of those whom it follows.
    fn followees(&self) -> String {
        match self.context.memory.follows.as_slice() {
            [one, other, ..] => {
                let slots =
                    [("author", one.agent.name.as_str()), ("other", other.agent.name.as_str())];
                self.say(self.lines().following, 8, &slots)
            }
            _ => String::new(),
        }
    }

    /// What it sees: what the question is about first, then somebody who differs.
    fn sights(&self) -> Vec<String> {
        let asked = words::signature(self.prompt);
        let shown = self.context.sees.posts.iter().map(|seen| seen.post);
        let mut posts: Vec<PostView<'_>> = shown.collect();
        let seen = self.context.memory.seen.iter().filter(|post| post.author != self.speaker.id);
        posts.extend(seen);
        posts.sort_by_key(|post| -words::relevance(asked, words::signature(post.content)));
        let Some(first) = posts.first() else {
            return alloc::vec![self.say(self.lines().sees_nothing, 40, &[])];
        };
        let world = self.speaker.world;
        let differs = |post: &&PostView<'_>| {
            feed::affinity(world, first.author, post.author) < 0 && post.author != first.author
        };
        let other = posts.iter().find(differs);
        let next = posts.iter().find(|post| post.author != first.author);
        let mut said: Vec<String> = [Some(first), other.or(next)]
            .into_iter()
            .flatten()
            .zip(0..)
            .map(|(post, place)| {
                let quote = self.cite(post.content, 41);
                let slots = [("author", post.author_name), ("quote", quote.as_str())];
                self.say_in_a_row(self.lines().sees, 41, place, &slots)
            })
            .collect();
        if other.is_some() {
            said.push(self.say(self.lines().divided, 43, &[]));
        }
        said
    }

    /// What it has to say about somebody.
    fn about(&self, other: u32) -> Vec<String> {
        let world = self.speaker.world;
        let users = &world.tables.users;
        let lines = self.lines();
        let author = world.name(other);
        let side = match feed::affinity(world, self.speaker.id, other) {
            1 => lines.same_side,
            -1 => lines.other_side,
            _ => lines.no_side,
        };
        let mut said = alloc::vec![self.say(side, 50, &[("author", author)])];
        if users.mutes(self.speaker.id, other) {
            // What they write is not shown any more.
            said.push(self.say(lines.mutes, 51, &[("author", author)]));
            said.push(self.because());
            return said;
        } else if users.follows(self.speaker.id, other) {
            said.push(self.say(lines.follows, 51, &[("author", author)]));
        }
        let latest = users.latest[other as usize].into_iter();
        let latest = latest.filter_map(|post| world.post(post));
        said.push(match latest.into_iter().find(|post| !post.content.is_empty()) {
            Some(post) => {
                let quote = self.cite(post.content, 52);
                self.say(lines.latest, 52, &[("author", author), ("quote", &quote)])
            }
            None => self.say(lines.silent, 52, &[("author", author)]),
        });
        let concerns = |done: &&Done<'_>| self.told(done).user == other;
        if self.context.memory.did.iter().any(|done| concerns(&done)) {
            said.extend(self.deeds(1, Some(other)));
        }
        said.push(self.because());
        said
    }

    /// That it does not know, and what of all that it wrote and read comes nearest.
    fn nearest(&self) -> Vec<String> {
        let (lines, world) = (self.lines(), self.speaker.world);
        let near = |text: &str| question::shared(self.prompt, text);
        let closest = |own: bool| {
            let all =
                self.known().into_iter().filter(|said| (said.author == self.speaker.id) == own);
            let all = all.filter(|said| near(said.content) > 0);
            all.max_by_key(|said| (near(said.content), said.event))
        };
        let mut said = alloc::vec![self.say(lines.unsure, 70, &[])];
        if let Some(own) = closest(true) {
            let (quote, when) = (self.cite_about(own.content, 71), self.speaker.when(own.tick));
            said.push(self.say(lines.own_words, 71, &[("quote", &quote), ("when", &when)]));
        }
        if let Some(other) = closest(false) {
            let quote = self.cite_about(other.content, 72);
            let slots = [("author", world.name(other.author)), ("quote", quote.as_str())];
            said.push(self.say(lines.nearest, 72, &slots));
        }
        said.extend([self.stance(), self.because()]);
        said
    }

    /// What it may have read or written: what it remembers, and the events that all know.
    fn known(&self) -> Vec<Known<'_>> {
        let (memory, world) = (&self.context.memory, self.speaker.world);
        let known = |author, tick, content, event| Known { author, tick, content, event };
        let own = memory.did.iter().filter_map(|done| match done.deed {
            Deed::Posted(post) => Some(post),
            _ => None,
        });
        let read = self.context.sees.posts.iter().map(|seen| seen.post);
        let read = read.chain(memory.seen.iter().copied());
        let posts = own.chain(read).map(|post| known(post.author, post.tick, post.content, false));
        let seeds = world.setup.seed_posts.iter().map(|seed| (seed.agent, 0, &*seed.content));
        let later = world.setup.scheduled.iter();
        let later = later.map(|event| (event.agent, event.round, &*event.content));
        let events = seeds.chain(later).filter(|(_, round, _)| *round < world.tick);
        posts.chain(events.map(|(agent, round, text)| known(agent, round, text, true))).collect()
    }

    /// The sentence of `text` that shares most with the question.
    fn cite_about(&self, text: &str, draw: u32) -> String {
        let near = |sentence: &&str| question::shared(self.prompt, sentence);
        let sentence = fragments::sentences(text).max_by_key(near);
        self.cite(sentence.filter(|one| near(one) > 0).unwrap_or(text), draw)
    }

    /// Whom it owes an answer.
    fn will_answer(&self) -> String {
        let Some(answer) = self.context.memory.did.iter().find_map(|done| done.answer) else {
            return String::new();
        };
        let quote = self.cite(answer.content, 60);
        let slots = [("author", answer.author_name), ("quote", quote.as_str())];
        self.say(self.lines().will_answer, 60, &slots)
    }

    /// What it will keep an eye on.
    fn will_watch(&self) -> String {
        let Some(seen) = self.context.sees.posts.first() else { return String::new() };
        let quote = self.cite(seen.post.content, 61);
        let slots = [("author", seen.post.author_name), ("quote", quote.as_str())];
        self.say(self.lines().will_watch, 61, &slots)
    }
}

/// A text that an agent knows of.
struct Known<'world> {
    author: u32,
    tick: u32,
    content: &'world str,
    /// Whether it is an event of the setup.
    event: bool,
}

/// The sentences with which a text begins, as many as fit into `most` characters.
fn first_sentences(text: &str, most: usize) -> String {
    let starts = text.match_indices(['.', '。']).map(|(place, mark)| place + mark.len());
    let fits = |end: &usize| text[..*end].chars().count() <= most;
    let ends = |end: &usize| {
        text[*end..].is_empty() || text[*end..].starts_with(' ') || text[..*end].ends_with('。')
    };
    match starts.filter(ends).take_while(fits).last() {
        Some(end) => text[..end].into(),
        None => fragments::shortened(text, most),
    }
}

/// Leaves out what is said, or quoted, for the second time.
fn without_repetition(said: &mut Vec<String>) {
    let mut known: Vec<String> = Vec::new();
    said.retain(|sentence| {
        let quote = sentence.split_once('“').and_then(|(_, rest)| rest.split_once('”'));
        let what = String::from(quote.map_or(sentence.as_str(), |(quote, _)| quote));
        let new = !known.iter().any(|other| other.contains(&what) || what.contains(other));
        known.push(what);
        new
    });
}
