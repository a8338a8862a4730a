//! What a world is made from, and how that was changed, as bytes.

use alloc::string::String;
use alloc::vec::Vec;

use crate::bytes::{Reader, Writer, digest};
use crate::queue::Change;
use crate::setup::{
    Activity, Agent, Clock, Feed, HourSet, Platform, Policy, Setup, Stance, Traits,
};

/// A digest of all that a world is made from, so that no snapshot meets another setup.
pub(crate) fn setup_digest(setup: &Setup) -> [u8; 16] {
    let Setup { platform, seed, clock, activity, agents, seed_posts, scheduled, .. } = setup;
    let Setup { topics, narrative, feed, self_rating, .. } = setup;
    let Clock { start_minute, minutes_per_round, planned_rounds } = *clock;
    let platform = match platform {
        Platform::Twitter => 1,
        Platform::Reddit => 2,
    };
    let mut out = Writer::default();
    out.u64(*seed);
    out.column_u32(&[platform, start_minute, minutes_per_round, planned_rounds]);
    out.u32(u32::from(*self_rating));
    write_activity(&mut out, activity);
    write_feed(&mut out, feed);
    write_list(&mut out, topics);
    out.text(narrative);
    out.u64(seed_posts.len() as u64);
    for post in seed_posts {
        out.u32(post.agent);
        out.text(&post.content);
    }
    out.u64(scheduled.len() as u64);
    for post in scheduled {
        out.u32(post.round);
        out.u32(post.agent);
        out.text(&post.content);
    }
    out.u64(agents.len() as u64);
    agents.iter().for_each(|agent| write_agent(&mut out, agent));
    digest(&out.0)
}

fn write_agent(out: &mut Writer, agent: &Agent) {
    let Agent { name, user_name, bio, persona, kind, interests, .. } = agent;
    let Agent { follows, past_posts, policy, traits, .. } = agent;
    for text in [name, user_name, bio, persona, kind] {
        out.text(text);
    }
    write_list(out, interests);
    out.column_u32(follows);
    write_list(out, past_posts);
    out.u32(match policy {
        Policy::Builtin => 1,
        Policy::Outside => 2,
    });
    write_traits(out, traits);
}

pub(super) fn write_change(out: &mut Writer, change: &Change) {
    match change {
        Change::Activity(activity) => {
            out.u32(1);
            write_activity(out, activity);
        }
        Change::Feed(feed) => {
            out.u32(2);
            write_feed(out, feed);
        }
        Change::Topics(topics) => {
            out.u32(3);
            write_list(out, topics);
        }
        Change::Narrative(narrative) => {
            out.u32(4);
            out.text(narrative);
        }
        Change::Traits { agent, traits } => {
            out.u32(5);
            out.u32(*agent);
            write_traits(out, traits);
        }
        Change::Seed(seed) => {
            out.u32(6);
            out.u64(*seed);
        }
    }
}

pub(super) fn read_change(from: &mut Reader<'_>) -> Option<Change> {
    match from.u32()? {
        1 => read_activity(from).map(Change::Activity),
        2 => read_feed(from).map(Change::Feed),
        3 => read_list(from).map(Change::Topics),
        4 => Some(Change::Narrative(from.text()?.into())),
        5 => Some(Change::Traits { agent: from.u32()?, traits: read_traits(from)? }),
        6 => from.u64().map(Change::Seed),
        _ => None,
    }
}

fn write_activity(out: &mut Writer, activity: &Activity) {
    let Activity { agents_per_hour_min, agents_per_hour_max, .. } = *activity;
    let Activity { peak_hours, peak_ppm, off_peak_hours, off_peak_ppm, .. } = *activity;
    let Activity { morning_hours, morning_ppm, work_hours, work_ppm, .. } = *activity;
    out.column_u32(&[
        agents_per_hour_min,
        agents_per_hour_max,
        peak_hours.0,
        peak_ppm,
        off_peak_hours.0,
        off_peak_ppm,
        morning_hours.0,
        morning_ppm,
        work_hours.0,
        work_ppm,
    ]);
}

fn read_activity(from: &mut Reader<'_>) -> Option<Activity> {
    let values: [u32; 10] = from.column_u32()?.try_into().ok()?;
    let [agents_per_hour_min, agents_per_hour_max, peak, peak_ppm, ..] = values;
    let [.., off_peak, off_peak_ppm, morning, morning_ppm, work, work_ppm] = values;
    Some(Activity {
        agents_per_hour_min,
        agents_per_hour_max,
        peak_hours: HourSet(peak),
        peak_ppm,
        off_peak_hours: HourSet(off_peak),
        off_peak_ppm,
        morning_hours: HourSet(morning),
        morning_ppm,
        work_hours: HourSet(work),
        work_ppm,
    })
}

fn write_feed(out: &mut Writer, feed: &Feed) {
    let Feed { recency_ppm, popularity_ppm, relevance_ppm, viral_threshold, echo_chamber_ppm } =
        *feed;
    let values = [recency_ppm, popularity_ppm, relevance_ppm, viral_threshold, echo_chamber_ppm];
    out.column_u32(&values);
}

fn read_feed(from: &mut Reader<'_>) -> Option<Feed> {
    let values: [u32; 5] = from.column_u32()?.try_into().ok()?;
    let [recency_ppm, popularity_ppm, relevance_ppm, viral_threshold, echo_chamber_ppm] = values;
    Some(Feed { recency_ppm, popularity_ppm, relevance_ppm, viral_threshold, echo_chamber_ppm })
}

const STANCES: [Stance; 4] =
    [Stance::Supportive, Stance::Opposing, Stance::Neutral, Stance::Observer];

fn write_traits(out: &mut Writer, traits: &Traits) {
    let Traits { activity_ppm, active_hours, posts_per_hour_ppm, .. } = *traits;
    let Traits { comments_per_hour_ppm, sentiment_ppm, stance, influence_ppm, .. } = *traits;
    let Traits { response_delay_min, response_delay_max, .. } = *traits;
    out.column_u32(&[
        activity_ppm,
        active_hours.0,
        posts_per_hour_ppm,
        comments_per_hour_ppm,
        sentiment_ppm.cast_unsigned(),
        stance as u32,
        influence_ppm,
        response_delay_min,
        response_delay_max,
    ]);
}

fn read_traits(from: &mut Reader<'_>) -> Option<Traits> {
    let values: [u32; 9] = from.column_u32()?.try_into().ok()?;
    let [activity_ppm, hours, posts_per_hour_ppm, comments_per_hour_ppm, sentiment, ..] = values;
    let [.., stance, influence_ppm, response_delay_min, response_delay_max] = values;
    Some(Traits {
        activity_ppm,
        active_hours: HourSet(hours),
        posts_per_hour_ppm,
        comments_per_hour_ppm,
        sentiment_ppm: sentiment.cast_signed(),
        stance: STANCES.into_iter().find(|&known| known as u32 == stance)?,
        influence_ppm,
        response_delay_min,
        response_delay_max,
    })
}

fn write_list(out: &mut Writer, list: &[String]) {
    out.u64(list.len() as u64);
    list.iter().for_each(|text| out.text(text));
}

fn read_list(from: &mut Reader<'_>) -> Option<Vec<String>> {
    (0..from.u64()?).map(|_| from.text().map(String::from)).collect()
}
