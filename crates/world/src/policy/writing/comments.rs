//! Comments, quotes and the reasons of reports.

use alloc::string::{String, ToString};

use super::topics;
use super::walk::Kind;
use super::{Additions, Attitude, Speaker, Text, fragments, slots};
use crate::policy::chinese::CHINESE;
use crate::policy::english::ENGLISH;
use crate::policy::phrases::List;
use crate::policy::voice::{Manner, mainly_chinese};
use crate::random::Purpose;
use crate::tables::row;
use crate::view::{CommentView, PostView};
use crate::words;

/// From how many likes on a comment may mention them.
const POPULAR: u32 = 8;
/// How much of a text, in millionths, has to be about the story to be no small talk.
const ABOUT_THE_STORY: i64 = 250_000;
/// How many of the newest comments under a post a new one is compared with.
const WINDOW: usize = 16;
/// How many comments begin with nothing added.
const BARE: u32 = 550_000;

/// What a comment answers.
#[derive(Clone, Copy)]
pub(in crate::policy) enum Addressee<'world> {
    /// The post itself.
    Post(PostView<'world>),
    /// Somebody's comment under it.
    Comment(CommentView<'world>),
    /// A comment on what the speaker wrote.
    Answer(CommentView<'world>),
}

/// The text of an agent's comment number `number`.
pub(in crate::policy) fn comment(
    speaker: &Speaker<'_>,
    number: u32,
    addressee: Addressee<'_>,
    attitude: Attitude,
) -> String {
    let post = match addressee {
        Addressee::Post(post) => post.id,
        Addressee::Comment(comment) | Addressee::Answer(comment) => comment.post,
    };
    let writer = Writer { speaker, number, attitude, post, draw: first_draw(number) };
    match addressee {
        Addressee::Post(post) => writer.on_post(&post),
        Addressee::Comment(comment) => writer.to_comment(&comment, false),
        Addressee::Answer(comment) => writer.to_comment(&comment, true),
    }
}

/// What an agent writes above a post that it quotes.
pub(in crate::policy) fn quote(
    speaker: &Speaker<'_>,
    number: u32,
    post: &PostView<'_>,
    attitude: Attitude,
) -> String {
    let quotes = speaker.language().quotes;
    let report = speaker.world.is_press(post.author);
    let phrases = match speaker.voice.manner {
        Manner::Person | Manner::Expert | Manner::Organisation if report => quotes.report,
        Manner::Person => quotes.person.of(attitude),
        Manner::Expert => quotes.expert.of(attitude),
        Manner::Organisation => quotes.organisation.of(attitude),
        Manner::Press => quotes.press,
    };
    let topic = speaker.topic_of(post.content);
    let slots = slots(speaker, &topic, &[("author", post.author_name)]);
    let ends = speaker.language().posts.ends(speaker.voice.manner);
    let additions = Additions { openers: [&[]; 2], reasons: &[], ends, bare_ppm: BARE };
    speaker.compose(Text { kind: Kind::Quote, number }, phrases, &additions, &slots)
}

/// Why an agent reports a post.
pub(in crate::policy) fn reason(speaker: &Speaker<'_>, draw: u32) -> String {
    let reasons = speaker.language().reasons;
    reasons[speaker.dice.place(Purpose::Words, draw, reasons.len())].into()
}

/// Where the draws of a comment begin: no two texts of a round share one, nor one of a post.
fn first_draw(number: u32) -> u32 {
    10_000 + 32 * (number % 64)
}

/// One comment in the making.
struct Writer<'speaker> {
    speaker: &'speaker Speaker<'speaker>,
    number: u32,
    attitude: Attitude,
    /// The root under which it will stand.
    post: u32,
    draw: u32,
}

impl Writer<'_> {
    fn on_post(&self, post: &PostView<'_>) -> String {
        let topic = self.topic(post);
        let count = post.likes.to_string();
        let quote =
            self.speaker.fragment(post.content, self.draw + 1).filter(|quote| is_short(quote));
        let topics = &self.speaker.world.settings.topics;
        let planned = topics::is_planned(self.speaker.world, post);
        let figure = || fragments::figure(post.content, topics, self.speaker.voice.chinese);
        let number = if planned { figure() } else { None };
        let others = [
            ("author", post.author_name),
            ("count", count.as_str()),
            ("quote", quote.as_deref().unwrap_or_default()),
            ("number", number.as_deref().unwrap_or_default()),
        ];
        let slots = slots(self.speaker, &topic, &others);
        let (kind, phrases) = self.on(post, number.is_some(), quote.is_some());
        let addressed = self.addresses().then_some(post.author_name);
        self.compose(kind, phrases, addressed, &slots)
    }

    /// Which phrases suit a post: what it asks, says in numbers or in other words, how it spreads.
    fn on(&self, post: &PostView<'_>, number: bool, quote: bool) -> (Kind, List) {
        let (speaker, attitude) = (self.speaker, self.attitude);
        let comments = speaker.language().comments;
        let manner = speaker.voice.manner;
        let roll = speaker.dice.below(Purpose::Write, self.draw, 100);
        if self.is_chat(post) {
            let measured = matches!(manner, Manner::Organisation | Manner::Press);
            return match (measured, asks_something(post.content)) {
                (true, _) => (Kind::Chat, comments.measured_chat),
                (false, true) => (Kind::ChatQuestion, comments.chat_question),
                (false, false) => (Kind::Chat, comments.chat),
            };
        }
        let asks = attitude == Attitude::Asks;
        let report = speaker.world.is_press(post.author);
        match manner {
            Manner::Press => (Kind::Comment, comments.press),
            Manner::Organisation => (Kind::Comment, comments.organisation.of(attitude)),
            _ if report => (Kind::Report, comments.report.of(speaker.stance)),
            _ if asks_something(post.content) && roll < 75 => {
                (Kind::Question, comments.question.of(attitude))
            }
            _ if number && attitude != Attitude::Agrees && roll < 35 => {
                (Kind::Number, comments.number)
            }
            _ if post.likes >= POPULAR && (30..45).contains(&roll) => {
                (Kind::Popular, comments.popular.of(attitude))
            }
            _ if quote && (45..55).contains(&roll) => (Kind::Words, comments.words.of(attitude)),
            Manner::Expert if !asks || roll >= 50 => (Kind::Comment, comments.expert.of(attitude)),
            Manner::Expert | Manner::Person => (Kind::Comment, comments.person.of(attitude)),
        }
    }

    /// Whether a post is small talk: it names nothing that everybody talks about, belongs to no
    /// plan, and has nothing of the story or was there before it.
    fn is_chat(&self, post: &PostView<'_>) -> bool {
        let world = self.speaker.world;
        let story = world.pool.story;
        let said = row(post.id).map(|row| world.tables.posts.signature[row]);
        !topics::is_planned(world, post)
            && post.quotes.is_none()
            && topics::hot(world, post.content).is_none()
            && (post.tick == 0
                || said.is_none_or(|said| words::relevance(story, said) < ABOUT_THE_STORY))
    }

    /// What a post is about: of a quote, what it says itself or else what it quotes.
    fn topic(&self, post: &PostView<'_>) -> topics::Topic {
        let world = self.speaker.world;
        let users = &world.tables.users;
        let quoted = post.quotes.and_then(|quoted| world.post(quoted));
        let quoted = quoted.filter(|quoted| !users.mutes(self.speaker.id, quoted.author));
        match (topics::hot(world, post.content), quoted) {
            (None, Some(quoted)) => self.speaker.topic_of(quoted.content),
            _ => self.speaker.topic_of(post.content),
        }
    }

    fn to_comment(&self, comment: &CommentView<'_>, answer: bool) -> String {
        let comments = self.speaker.language().comments;
        let person = matches!(self.speaker.voice.manner, Manner::Person | Manner::Expert);
        let (kind, phrases) = match self.speaker.voice.manner {
            Manner::Press => (Kind::Reply, comments.press_reply),
            Manner::Organisation => (Kind::Reply, comments.organisation_reply.of(self.attitude)),
            _ if answer && person => match self.attitude {
                Attitude::Agrees => (Kind::Answer, comments.thanks),
                Attitude::Differs => (Kind::Answer, comments.defends),
                Attitude::Asks => (Kind::Answer, comments.explains),
            },
            _ => (Kind::Reply, comments.person_reply.of(self.attitude)),
        };
        let post = self.speaker.world.post(comment.post);
        let topic = match topics::hot(self.speaker.world, comment.content) {
            Some(topic) => self.speaker.topic_or_anything(Some(topic)),
            None => post.map_or_else(|| self.speaker.topic_of(""), |post| self.topic(&post)),
        };
        let slots = slots(self.speaker, &topic, &[("author", comment.author_name)]);
        self.compose(kind, phrases, None, &slots)
    }

    /// Whether one of the newest comments under the post says the same.
    fn stands_here(&self, said: &str) -> bool {
        self.speaker
            .world
            .newest_comments(self.post)
            .take(WINDOW)
            .any(|comment| comment.content == said || comment.content.starts_with(said))
    }

    /// One comment in five begins with whom it is for.
    fn addresses(&self) -> bool {
        self.speaker.dice.chance(Purpose::Write, self.draw + 2, 200_000)
    }

    fn compose(
        &self,
        kind: Kind,
        phrases: List,
        addressed: Option<&str>,
        slots: &[(&str, &str)],
    ) -> String {
        let comments = self.speaker.language().comments;
        let asks = self.attitude == Attitude::Asks;
        let manner = self.speaker.voice.manner;
        let ends = match kind {
            _ if manner == Manner::Press => comments.press_ends,
            _ if manner == Manner::Organisation => comments.measured_ends,
            Kind::Chat | Kind::ChatQuestion => self.speaker.language().posts.light_ends,
            Kind::Report => self.speaker.language().posts.person_ends,
            // Who explains has nothing to ask.
            Kind::Answer if asks => self.speaker.language().posts.reasons.neutral,
            _ => comments.ends.of(self.attitude),
        };
        let additions = Additions { openers: [&[]; 2], reasons: &[], ends, bare_ppm: BARE };
        let say = |number| self.speaker.compose(Text { kind, number }, phrases, &additions, slots);
        let said = match say(self.number) {
            // Somebody else was faster: take words from the far half of the walk.
            said if self.stands_here(&said) => {
                let half = phrases.len() * additions.count() / 2;
                say(self.number + u32::try_from(half).unwrap_or(0) + 1)
            }
            said => said,
        };
        match addressed {
            Some(name) if !said.contains(name) => {
                let [before, after] = self.speaker.language().grammar.address;
                [before, name, after, &said].concat()
            }
            _ => said,
        }
    }
}

/// Whether a text asks something, other than what one makes of it.
fn asks_something(text: &str) -> bool {
    let ends = [&ENGLISH, &CHINESE].map(|language| language.posts);
    let mut ends = ends.iter().flat_map(|posts| {
        [posts.person_ends, posts.light_ends, posts.press_ends].into_iter().flatten()
    });
    fragments::asks(text) && !ends.any(|end| text.ends_with(end))
}

/// Whether a fragment is short enough to be thrown back at its author.
fn is_short(fragment: &str) -> bool {
    let most = if mainly_chinese(fragment) { 14 } else { 48 };
    fragment.chars().count() <= most
}
