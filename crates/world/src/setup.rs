//! What a world is made from. Never changes once the world exists.

use alloc::string::String;
use alloc::vec::Vec;

/// One million: the whole, in parts per million.
pub(crate) const PPM: u32 = 1_000_000;

/// Minutes in a day.
pub(crate) const DAY: u32 = 24 * 60;

/// Everything that a world is a function of, besides its inputs.
///
/// Probabilities, rates and weights are parts per million (`_ppm`): `500_000` is one half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// Which rules of visibility and which manners apply.
    pub platform: Platform,
    /// The only source of chance; may change while a world runs.
    pub seed: u64,
    /// How rounds map to simulated time.
    pub clock: Clock,
    /// How many agents act, and when.
    pub activity: Activity,
    /// The agents; an agent's id is its index.
    pub agents: Vec<Agent>,
    /// Posts that exist before anybody acts, played in tick 0 in this order.
    pub seed_posts: Vec<SeedPost>,
    /// Posts of later rounds, played before the agents act, in this order within a round.
    pub scheduled: Vec<ScheduledPost>,
    /// What people talk about.
    pub topics: Vec<String>,
    /// Where the story goes, in plain sentences; may be empty.
    pub narrative: String,
    /// How a feed weighs what it may show.
    pub feed: Feed,
    /// Whether users may like and dislike what they wrote themselves.
    pub self_rating: bool,
}

/// The two kinds of platform. Each is a world of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Platform {
    /// A feed of one's own: recency, popularity, stance, whom one follows.
    Twitter,
    /// One shared ranking by hot score.
    Reddit,
}

/// How rounds map to simulated time: round 0 (seed posts) is at `start_minute`, and each round
/// `minutes_per_round` after the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Minute of day 0 at which the clock starts, 0 to 1439.
    pub start_minute: u32,
    /// Simulated minutes that a round takes, 1 to 1440.
    pub minutes_per_round: u32,
    /// Rounds in which the story is to be told. The world goes on after them if it is stepped.
    pub planned_rounds: u32,
}

impl Clock {
    /// Simulated minutes from the start of day 0 to `round`.
    pub fn minute(self, round: u32) -> u64 {
        u64::from(self.start_minute) + u64::from(round) * u64::from(self.minutes_per_round)
    }

    /// Hour of the day, 0 to 23, at the start of `round`.
    pub fn hour(self, round: u32) -> u32 {
        let minute_of_day = self.minute(round) % u64::from(DAY);
        u32::try_from(minute_of_day / 60).expect("a day has 24 hours")
    }
}

/// How many agents act per simulated hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activity {
    /// Fewest agents that act in an hour, before the multiplier of the hour.
    pub agents_per_hour_min: u32,
    /// Most agents that act in an hour, before the multiplier of the hour.
    pub agents_per_hour_max: u32,
    /// Hours in which `peak_ppm` applies; wins over `off_peak_hours`.
    pub peak_hours: HourSet,
    /// Multiplier of the peak hours: `1_500_000` is half as many again. At most 100 times.
    pub peak_ppm: u32,
    /// Hours in which `off_peak_ppm` applies.
    pub off_peak_hours: HourSet,
    /// Multiplier of the off-peak hours. At most 100 times.
    pub off_peak_ppm: u32,
    /// Hours in which `morning_ppm` applies, unless they are one of the above.
    pub morning_hours: HourSet,
    /// Multiplier of the morning. At most 100 times.
    pub morning_ppm: u32,
    /// Hours in which `work_ppm` applies, unless they are one of the above.
    pub work_hours: HourSet,
    /// Multiplier of the hours of work. At most 100 times.
    pub work_ppm: u32,
}

/// A set of hours of the day: bit `h` stands for hour `h`, bits 24 and above are unused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HourSet(pub u32);

impl HourSet {
    /// No hour at all.
    pub const NONE: HourSet = HourSet(0);
    /// Every hour of the day.
    pub const ALL: HourSet = HourSet((1 << 24) - 1);

    /// The set of these hours; `None` if one of them is not 0 to 23.
    pub fn from_hours(hours: impl IntoIterator<Item = u32>) -> Option<HourSet> {
        hours
            .into_iter()
            .try_fold(HourSet::NONE, |set, hour| (hour < 24).then(|| HourSet(set.0 | (1 << hour))))
    }

    /// Whether `hour` belongs to the set.
    pub fn contains(self, hour: u32) -> bool {
        hour < 24 && self.0 >> hour & 1 == 1
    }
}

/// One agent, as its profile and configuration describe it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// The name by which others see it.
    pub name: String,
    /// Its handle.
    pub user_name: String,
    /// What it says about itself in public.
    pub bio: String,
    /// Who it is, at length.
    pub persona: String,
    /// Its entity type, such as `Student` or `MediaOutlet`.
    pub kind: String,
    /// What it cares about, most important first.
    pub interests: Vec<String>,
    /// Whom it follows before anything happens, each once, never itself.
    pub follows: Vec<u32>,
    /// What it posted before anything happens, oldest first.
    pub past_posts: Vec<String>,
    /// Who decides for it.
    pub policy: Policy,
    /// How it behaves.
    pub traits: Traits,
}

/// Who decides for an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Policy {
    /// The world itself.
    Builtin,
    /// Somebody outside; what it decides is an input.
    Outside,
}

/// How an agent behaves; may change while a world runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traits {
    /// Probability of wanting to act in a round that falls into its hours, 0 to one million.
    pub activity_ppm: u32,
    /// The hours in which it is awake.
    pub active_hours: HourSet,
    /// Posts of a turn, which stands for an hour of activity. At most 1,000.
    pub posts_per_hour_ppm: u32,
    /// Comments of a turn. At most 1,000.
    pub comments_per_hour_ppm: u32,
    /// Its mood: minus one million (gloomy) to one million (cheerful).
    pub sentiment_ppm: i32,
    /// On which side it stands.
    pub stance: Stance,
    /// Weight of its word; one million is ordinary. At most 1,000 times.
    pub influence_ppm: u32,
    /// Simulated minutes until it comes to a post, at least.
    pub response_delay_min: u32,
    /// Simulated minutes until it comes to a post, at most. At most a year.
    pub response_delay_max: u32,
}

/// On which side of the matter an agent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stance {
    /// For it.
    Supportive,
    /// Against it.
    Opposing,
    /// On neither side.
    Neutral,
    /// Reports, and takes no side.
    Observer,
}

/// A post that exists before anybody acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedPost {
    /// Its author.
    pub agent: u32,
    /// Its text.
    pub content: String,
}

/// A post of a later round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduledPost {
    /// When, 1 or more.
    pub round: u32,
    /// Its author.
    pub agent: u32,
    /// Its text.
    pub content: String,
}

/// How a feed weighs what it may show; each weight and strength is 0 to one million.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feed {
    /// Weight of being new.
    pub recency_ppm: u32,
    /// Weight of being liked, shared and commented on.
    pub popularity_ppm: u32,
    /// Weight of being about what the reader cares about.
    pub relevance_ppm: u32,
    /// Interactions from which on a post is pushed to everybody; 0 switches that off.
    pub viral_threshold: u32,
    /// How strongly posts of one's own side are preferred over those of the other.
    pub echo_chamber_ppm: u32,
}
