//! Posts of one's own.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::bios::pieces;
use super::topics::{self, Topic};
use super::walk::Kind;
use super::{Additions, Attitude, Speaker, Text, fragments, slots, time};
use crate::feed;
use crate::policy::phrases::{List, Posts};
use crate::policy::story::Story;
use crate::policy::voice::Manner;
use crate::random::Purpose;
use crate::setup::{PPM, Stance};
use crate::tables::DeedKind;
use crate::view::PostView;

/// From how many likes on a post is worth a remark.
const POPULAR: u32 = 8;
/// How long ago one's own words are that are taken up again, in simulated minutes.
const AGAIN_AFTER: u64 = 180;

/// Of a hundred posts, how many are of which sort: a person's, an organisation's, the press's.
struct Mix {
    echo: u32,
    popular: u32,
    figure: u32,
    again: u32,
    field: u32,
    bio: u32,
}

const PERSON: Mix = Mix { echo: 14, popular: 5, figure: 8, again: 5, field: 16, bio: 3 };
const ORGANISATION: Mix = Mix { echo: 10, popular: 0, figure: 0, again: 0, field: 14, bio: 0 };
const PRESS: Mix = Mix { echo: 32, popular: 8, figure: 0, again: 0, field: 6, bio: 0 };

/// How many posts begin with nothing added: the press is terse.
const BARE: u32 = 450_000;
const BARE_PRESS: u32 = 650_000;

/// The text of an agent's post number `number`.
pub(in crate::policy) fn post(
    speaker: &Speaker<'_>,
    number: u32,
    seen: &[PostView<'_>],
    story: &Story<'_>,
) -> String {
    let writer = Writer { speaker, number, draw: first_draw(number) };
    if let Some(text) = writer.story(story) {
        return text;
    }
    let mix = match speaker.voice.manner {
        Manner::Person | Manner::Expert => PERSON,
        Manner::Organisation => ORGANISATION,
        Manner::Press => PRESS,
    };
    let mut roll = speaker.dice.below(Purpose::Write, writer.draw, 100);
    let mut falls_to = |share: u32| {
        let hit = roll < share;
        roll = if hit { u32::MAX } else { roll.saturating_sub(share) };
        hit
    };
    let special = if falls_to(mix.echo) {
        writer.echo(seen)
    } else if falls_to(mix.popular) {
        writer.popular(seen)
    } else if falls_to(mix.figure) {
        writer.figure(seen)
    } else if falls_to(mix.again) {
        writer.again()
    } else if falls_to(mix.field) {
        writer.field()
    } else if falls_to(mix.bio) {
        writer.bio()
    } else {
        None
    };
    special.or_else(|| writer.thing()).unwrap_or_else(|| writer.without_topics())
}

/// Where the draws of a text begin: no two texts of a round share one.
fn first_draw(number: u32) -> u32 {
    1_000 + 32 * (number % 64)
}

/// One post in the making.
struct Writer<'speaker> {
    speaker: &'speaker Speaker<'speaker>,
    number: u32,
    draw: u32,
}

impl Writer<'_> {
    fn posts(&self) -> &'static Posts {
        self.speaker.language().posts
    }

    fn text(&self, kind: Kind) -> Text {
        Text { kind, number: self.number }
    }

    /// On what everybody talks about.
    fn thing(&self) -> Option<String> {
        let (speaker, posts) = (self.speaker, self.posts());
        let mut topic = speaker.a_thing(self.draw + 1)?;
        // Who speaks for many leaves it to others to march; a second draw may still say so.
        if topic.action && speaker.voice.manner == Manner::Organisation {
            topic = speaker.a_thing(self.draw + 11)?;
        }
        let phrases = match speaker.voice.manner {
            Manner::Person | Manner::Expert if topic.action => posts.action.of(speaker.stance),
            Manner::Person => posts.person.of(speaker.stance),
            Manner::Expert => posts.expert,
            Manner::Organisation => posts.organisation.of(speaker.stance),
            Manner::Press => posts.press,
        };
        let reasons = match speaker.voice.manner {
            Manner::Person => posts.reasons.of(speaker.stance),
            Manner::Expert => posts.reasons.neutral,
            Manner::Organisation if speaker.stance != Stance::Observer => posts.measured_reasons,
            Manner::Organisation | Manner::Press => &[],
        };
        Some(self.compose(Kind::Thing, phrases, reasons, &slots(speaker, &topic, &[])))
    }

    /// On what the agent is interested in.
    fn field(&self) -> Option<String> {
        let topic = self.speaker.a_field(self.draw + 2)?;
        let field = &self.posts().field;
        let phrases = match self.speaker.voice.manner {
            Manner::Person | Manner::Expert => field.person,
            Manner::Organisation => field.organisation,
            Manner::Press => field.press,
        };
        Some(self.compose(Kind::Field, phrases, &[], &slots(self.speaker, &topic, &[])))
    }

    /// On a piece of its own profile.
    fn bio(&self) -> Option<String> {
        let person = matches!(self.speaker.voice.manner, Manner::Person | Manner::Expert);
        let pieces: Vec<String> = pieces(&self.speaker.agent.bio).collect();
        let place = self.speaker.dice.place(Purpose::Write, self.draw + 3, pieces.len());
        let bio = pieces.get(place).filter(|_| person)?;
        Some(self.compose(Kind::Bio, self.posts().bio, &[], &[("bio", bio)]))
    }

    /// What is left where nobody has named a topic.
    fn without_topics(&self) -> String {
        let own = if self.speaker.dice.chance(Purpose::Write, self.draw + 4, PPM / 3) {
            self.bio().or_else(|| self.field())
        } else {
            self.field().or_else(|| self.bio())
        };
        own.unwrap_or_else(|| self.compose(Kind::SmallTalk, self.posts().small_talk, &[], &[]))
    }

    /// On where the story goes; more often the further it is.
    fn story(&self, story: &Story<'_>) -> Option<String> {
        let speaker = self.speaker;
        if !speaker.dice.chance(Purpose::Write, self.draw + 5, story.share_ppm()) {
            return None;
        }
        let clause = story.clause(speaker.voice.chinese, speaker.dice, self.draw + 6)?;
        let clause = speaker.within_a_sentence(clause);
        if speaker.has_said(&clause) {
            return None;
        }
        let said = &self.posts().story;
        let phrases = match speaker.voice.manner {
            Manner::Person | Manner::Expert => said.person,
            Manner::Organisation => said.organisation,
            Manner::Press => said.press,
        };
        Some(self.compose(Kind::Story, phrases, &[], &[("clause", &clause)]))
    }

    /// On what somebody else said about a topic.
    fn echo(&self, seen: &[PostView<'_>]) -> Option<String> {
        let speaker = self.speaker;
        if speaker.voice.is_press() {
            return self.both_sides(seen).or_else(|| self.report(seen));
        }
        let (author, topic) = self.heard(seen, 0)?;
        let echo = &self.posts().echo;
        let phrases = match speaker.voice.manner {
            Manner::Organisation => self.posts().organisation_echo.of(self.attitude(author.author)),
            _ => echo.of(self.attitude(author.author)),
        };
        let slots = slots(speaker, &topic, &[("author", author.author_name)]);
        Some(self.compose(Kind::Echo, phrases, &[], &slots))
    }

    /// A post that names a hot topic and has so many likes, and that topic.
    fn heard<'post>(
        &self,
        seen: &'post [PostView<'post>],
        likes: u32,
    ) -> Option<(&'post PostView<'post>, Topic)> {
        let all = || {
            let said = seen
                .iter()
                .filter(|post| post.likes >= likes && !self.speaker.world.is_press(post.author));
            said.filter_map(|post| {
                let topic = topics::hot(self.speaker.world, post.content);
                // Where nobody has named a topic, what there was from the start is one.
                let topicless = self.speaker.world.settings.topics.is_empty() && post.tick == 0;
                (topic.is_some() || topicless).then_some((post, topic))
            })
        };
        let place = self.speaker.dice.place(Purpose::Write, self.draw + 7, all().count());
        let (post, topic) = all().nth(place)?;
        Some((post, self.speaker.topic_or_anything(topic)))
    }

    fn attitude(&self, author: u32) -> Attitude {
        match feed::affinity(self.speaker.world, self.speaker.id, author) {
            1 => Attitude::Agrees,
            -1 => Attitude::Differs,
            _ => Attitude::Asks,
        }
    }

    /// The press reports what others say, not what the press says.
    fn report(&self, seen: &[PostView<'_>]) -> Option<String> {
        let (post, quote) = self.statements(seen).next()?;
        let slots = [("author", post.author_name), ("quote", quote.as_str())];
        Some(self.compose(Kind::Echo, self.posts().press_echo, &[], &slots))
    }

    fn both_sides(&self, seen: &[PostView<'_>]) -> Option<String> {
        let world = self.speaker.world;
        let other = |one: u32| {
            let differ = |post: &&PostView<'_>| feed::affinity(world, one, post.author) < 0;
            seen.iter().find(differ).map(|post| post.author_name)
        };
        let (post, quote, other) = self
            .statements(seen)
            .find_map(|(post, quote)| other(post.author).map(|other| (post, quote, other)))?;
        let slots = [("author", post.author_name), ("quote", quote.as_str()), ("other", other)];
        Some(self.compose(Kind::BothSides, self.posts().both_sides, &[], &slots))
    }

    /// What others said, in words that can be quoted.
    fn statements<'post>(
        &'post self,
        seen: &'post [PostView<'post>],
    ) -> impl Iterator<Item = (&'post PostView<'post>, String)> {
        let speaker = self.speaker;
        let draw = self.draw + 8;
        seen.iter()
            .filter(move |post| {
                !self.speaker.world.is_press(post.author)
                    && topics::hot(speaker.world, post.content).is_some()
            })
            .filter_map(move |post| Some((post, speaker.fresh_fragment(post, draw)?)))
    }

    /// On how a post spreads.
    fn popular(&self, seen: &[PostView<'_>]) -> Option<String> {
        let (post, topic) = self.heard(seen, POPULAR)?;
        let posts = self.posts();
        let phrases = match self.speaker.voice.manner {
            Manner::Press => posts.press_popular,
            _ => posts.popular.of(self.attitude(post.author)),
        };
        let count = post.likes.to_string();
        let others = [("author", post.author_name), ("count", count.as_str())];
        let slots = slots(self.speaker, &topic, &others);
        Some(self.compose(Kind::Popular, phrases, &[], &slots))
    }

    /// On a number in an event of the setup, once for each.
    fn figure(&self, seen: &[PostView<'_>]) -> Option<String> {
        let speaker = self.speaker;
        let common = &speaker.world.settings.topics;
        let events = seen.iter().filter(|post| topics::is_planned(speaker.world, post));
        let mut figures: Vec<(&PostView<'_>, String)> = events
            .filter_map(|post| {
                let number = fragments::figure(post.content, common, speaker.voice.chinese)?;
                (!speaker.has_said(&number)).then_some((post, number))
            })
            .collect();
        let place = speaker.dice.place(Purpose::Write, self.draw + 12, figures.len());
        let (post, number) = (place < figures.len()).then(|| figures.swap_remove(place))?;
        let slots = [("author", post.author_name), ("number", number.as_str())];
        Some(self.compose(Kind::Figure, self.posts().figure, &[], &slots))
    }

    /// On what the agent itself said some time ago.
    fn again(&self) -> Option<String> {
        let speaker = self.speaker;
        let clock = speaker.world.setup.clock;
        let now = clock.minute(speaker.world.tick);
        let (quote, tick) = speaker.world.tables.deeds[speaker.id as usize]
            .latest()
            .filter(|deed| deed.kind == DeedKind::Posted)
            .filter(|deed| now - clock.minute(deed.tick) >= AGAIN_AFTER)
            .find_map(|deed| {
                let post = speaker.world.post(deed.id)?;
                topics::hot(speaker.world, post.content)?;
                Some((speaker.fragment(post.content, self.draw + 9)?, deed.tick))
            })?;
        let when = speaker.when(tick);
        let slots = [("quote", quote.as_str()), ("when", when.as_str())];
        let phrases = self.posts().again.of(speaker.stance);
        Some(self.compose(Kind::Again, phrases, &[], &slots))
    }

    fn compose(&self, kind: Kind, phrases: List, reasons: List, slots: &[(&str, &str)]) -> String {
        let posts = self.posts();
        let manner = self.speaker.voice.manner;
        let light = matches!(kind, Kind::Field | Kind::Bio | Kind::SmallTalk);
        let ends = match manner {
            Manner::Person if light => posts.light_ends,
            _ => posts.ends(manner),
        };
        let openers = match manner {
            // What one thinks of a thing has a mood; small talk is at worst calm, news always.
            Manner::Person => {
                let mood = match kind {
                    Kind::Thing => self.mood(),
                    Kind::Field | Kind::Bio | Kind::SmallTalk => self.mood().min(1),
                    _ => 1,
                };
                [posts.moods[mood], posts.hours[self.part_of_day()]]
            }
            Manner::Expert | Manner::Organisation | Manner::Press => [[].as_slice(); 2],
        };
        let bare_ppm = if manner == Manner::Press { BARE_PRESS } else { BARE };
        let additions = Additions { openers, reasons, ends, bare_ppm };
        self.speaker.compose(self.text(kind), phrases, &additions, slots)
    }

    /// Cheerful, calm or gloomy: the agent's mood, give or take.
    fn mood(&self) -> usize {
        /// How far a mood strays, and from where on it shows.
        const STRAYS: u32 = 450_000;
        const SHOWS: i64 = 250_000;
        let speaker = self.speaker;
        let sentiment = speaker.world.settings.traits[speaker.id as usize].sentiment_ppm;
        let strays = speaker.dice.around(Purpose::Words, self.draw + 10, STRAYS);
        match i64::from(sentiment) + strays {
            mood if mood >= SHOWS => 0,
            mood if mood <= -SHOWS => 2,
            _ => 1,
        }
    }

    fn part_of_day(&self) -> usize {
        let world = self.speaker.world;
        time::part_of_day(world.setup.clock.hour(world.tick))
    }
}
