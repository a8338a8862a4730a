//! `agents`: who is in a run, and what each of them did.

mod one;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use clap::{Args, ValueEnum};
use contract::id::RunId;
use contract::spec::{AgentSpec, Spec, Stance};
use contract::status::EnvStatus;
use contract::subject::Platform;
use serde::Serialize;

use crate::args::{Target, platform};
use crate::client::Client;
use crate::failure::Failure;
use crate::interview::{find_agent, read_spec};
use crate::output::{Output, Paint, columns, count, one_line, visible};
use crate::page::{Page, Paged};
use crate::reading;
use crate::status::find_run;
use crate::tally::{Doings, Tally};

/// The help of `agents`.
pub const ABOUT: &str = "\
List the agents of a run with what they did, or show one of them in detail: its profile, its \
actions by type, its last posts. Counted are successful actions other than looks at the feed; \
followers are those of its profiles and those won since.

With --json: {\"run_id\": .., \"total\": .., \"offset\": .., \"items\": [{\"agent_id\": .., \"name\": .., \
\"actions\": .., \"posts\": .., \"followers\": .., ..}]}, or one object for one agent.

Example:
  shoal agents lantern-pier --sort followers --limit 10
  shoal agents lantern-pier \"Wren Castellane\"";

/// Arguments of `agents`.
#[derive(Clone, Debug, Args)]
pub struct AgentsArgs {
    /// Which run.
    #[command(flatten)]
    pub target: Target,
    /// One agent: its number, its name, its handle, or a part of them that only it has
    #[arg(value_name = "ID|NAME")]
    pub agent: Option<String>,
    /// What comes first
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = Sort::Actions)]
    pub sort: Sort,
    /// Count in one world only
    #[arg(long, value_name = "PLATFORM", value_parser = platform())]
    pub platform: Option<Platform>,
    /// Which part of the list.
    #[command(flatten)]
    pub page: Page,
}

/// What comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Sort {
    /// Whoever did most.
    Actions,
    /// Whoever wrote most posts.
    Posts,
    /// Whoever is followed most.
    Followers,
    /// By number.
    Id,
}

/// One agent of the list. With `--json` printed as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Its number.
    pub agent_id: u32,
    /// Its name.
    pub name: String,
    /// What it is.
    pub entity_type: String,
    /// Where it stands.
    pub stance: Stance,
    /// Successful actions other than looking at the feed.
    pub actions: u64,
    /// Actions that failed.
    pub failed: u64,
    /// Posts that it wrote.
    pub posts: u64,
    /// Comments that it wrote.
    pub comments: u64,
    /// Posts that it passed on, with words of its own or without.
    pub shares: u64,
    /// Likes and dislikes that it gave.
    pub ratings: u64,
    /// Agents that it began to follow.
    pub follows: u64,
    /// Agents that follow it.
    pub followers: u64,
}

/// A page of the list, with the run.
#[derive(Serialize)]
struct List {
    run_id: RunId,
    #[serde(flatten)]
    page: Paged<Row>,
}

/// `shoal agents`.
///
/// # Errors
/// If there is no such run or agent, or its frames are broken.
pub async fn agents(
    client: &Client,
    args: &AgentsArgs,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let status = find_run(client, &args.target.run).await?;
    let spec = read_spec(client, &status.spec_digest).await?;
    let agent = args.agent.as_deref().map(|wanted| find_agent(&spec, wanted));
    let agent = agent.transpose().map_err(Failure::bad_input)?;
    let tally = reading::tally(client, &status, Tally::with_whole_texts(), output).await?;
    let followers = Followers::of(&spec, &tally);
    let platforms = platforms(&status, args.platform);
    if let Some(agent_id) = agent {
        let detail = one::Detail::of(&spec, &tally, &followers, agent_id, &platforms);
        let Some(detail) = detail else {
            return Err(Failure::failed(format!("the spec has no agent {agent_id}")));
        };
        return match client.json {
            true => Ok(output.print_json(&detail)?),
            false => Ok(output.print(&detail.render(output.width(), output.paint()))?),
        };
    }
    let mut rows: Vec<Row> =
        spec.agents.iter().map(|agent| row(agent, &tally, &followers, &platforms)).collect();
    sort(&mut rows, args.sort);
    let page = args.page.cut(rows);
    if client.json {
        return Ok(output.print_json(&List { run_id: status.run_id, page })?);
    }
    let text = render(&page, output.width(), output.paint());
    Ok(output.print(&text)?)
}

/// The worlds to count in.
fn platforms(status: &EnvStatus, only: Option<Platform>) -> Vec<Platform> {
    let all = status.options.platforms.iter().copied();
    all.filter(|platform| only.is_none_or(|only| only == *platform)).collect()
}

/// What an agent did in these worlds.
fn row(agent: &AgentSpec, tally: &Tally, followers: &Followers, platforms: &[Platform]) -> Row {
    let AgentSpec { agent_id, ref name, ref entity_type, stance, .. } = *agent;
    let worlds = tally.agents().get(&agent_id).map(|agent| &agent.worlds);
    let doings = || worlds.into_iter().flatten().filter(|(p, _)| platforms.contains(p));
    let sum = |of: &dyn Fn(&Doings) -> u64| doings().map(|(_, doings)| of(doings)).sum::<u64>();
    let followers = platforms.iter().map(|platform| followers.count(agent_id, *platform));
    Row {
        agent_id,
        name: name.clone(),
        entity_type: entity_type.clone(),
        stance,
        actions: sum(&Doings::listed),
        failed: sum(&Doings::failed),
        posts: sum(&|doings| doings.succeeded(&["CREATE_POST"])),
        comments: sum(&|doings| doings.succeeded(&["CREATE_COMMENT"])),
        shares: sum(&|doings| doings.succeeded(&["REPOST", "QUOTE_POST"])),
        ratings: sum(&|doings| {
            doings.succeeded(&["LIKE_POST", "DISLIKE_POST", "LIKE_COMMENT", "DISLIKE_COMMENT"])
        }),
        follows: sum(&|doings| doings.succeeded(&["FOLLOW"])),
        followers: followers.sum(),
    }
}

/// By world and agent: how many followed it from the beginning, and have since.
pub(crate) struct Followers(BTreeMap<Platform, Vec<u64>>);

impl Followers {
    /// Counted once for all agents: each of them may follow many.
    pub(crate) fn of(spec: &Spec, tally: &Tally) -> Followers {
        let in_world = |platform: Platform| {
            let mut counts = vec![0_u64; spec.agents.len()];
            let profiles = spec.platform(platform).map_or(&[][..], |world| &world.profiles);
            for followee in profiles.iter().flat_map(|profile| &profile.follows) {
                counts.get_mut(*followee as usize).into_iter().for_each(|count| *count += 1);
            }
            for (agent_id, agent) in tally.agents() {
                let won = agent.worlds.get(&platform).map_or(0, |world| world.followers_won);
                let count = counts.get_mut(*agent_id as usize).into_iter();
                count.for_each(|count| *count = count.saturating_add_signed(won));
            }
            (platform, counts)
        };
        Followers(Platform::ALL.into_iter().map(in_world).collect())
    }

    /// How many follow an agent in a world.
    pub(crate) fn count(&self, agent_id: u32, platform: Platform) -> u64 {
        let world = self.0.get(&platform);
        world.and_then(|counts| counts.get(agent_id as usize)).copied().unwrap_or(0)
    }
}

fn sort(rows: &mut [Row], by: Sort) {
    let key = |row: &Row| match by {
        Sort::Actions => row.actions,
        Sort::Posts => row.posts,
        Sort::Followers => row.followers,
        Sort::Id => 0,
    };
    rows.sort_by_key(|row| (Reverse(key(row)), row.agent_id));
}

fn render(page: &Paged<Row>, width: usize, paint: Paint) -> String {
    const HEADINGS: [&str; 8] =
        ["ID", "NAME", "TYPE", "STANCE", "ACTIONS", "POSTS", "COMMENTS", "FOLLOWERS"];
    let cells = |row: &Row, name: usize| {
        let kind = one_line(&row.entity_type, name / 2);
        let numbers = [row.actions, row.posts, row.comments, row.followers].map(count);
        let words = [row.agent_id.to_string(), one_line(&row.name, name), kind];
        let words = words.into_iter().chain([row.stance.as_str().to_owned()]);
        words.chain(numbers).collect::<Vec<String>>()
    };
    let table = |name: usize| {
        let mut rows = vec![HEADINGS.map(|heading| paint.bold(heading)).to_vec()];
        rows.extend(page.items.iter().map(|row| cells(row, name)));
        columns(&rows, &[0, 4, 5, 6, 7])
    };
    // The names get what is left of the line.
    let fits = |table: &[String]| table.iter().all(|line| visible(line) <= width);
    let mut lines =
        (12..=40).rev().map(table).find(|lines| fits(lines)).unwrap_or_else(|| table(12));
    lines.extend(page.rest(paint));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{World, comment, follow, like, post, quote};
    use std::path::Path;

    pub(super) fn sample() -> (Spec, Tally) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/lantern-pier");
        let spec = intake::read_folder(&folder, &intake::Limits::default()).unwrap().spec;
        let mut twitter = World::new(Platform::Twitter);
        let mut reddit = World::new(Platform::Reddit);
        let mut tally = Tally::with_whole_texts();
        for frame in [
            twitter.tick(vec![
                (0, Ok(post(501, "Pier 9 closes"))),
                (1, Ok(follow(2))),
                (3, Ok(follow(2))),
                (1, Err((like(77, "Ada"), "no such post"))),
            ]),
            twitter.tick(vec![
                (1, Ok(quote(501, 502, "So it does", "Ada"))),
                (1, Ok(comment(501, "Why?", "Ada"))),
            ]),
            reddit.tick(vec![(1, Ok(like(9, "Dan"))), (1, Ok(follow(2)))]),
        ] {
            tally.add(&frame);
        }
        (spec, tally)
    }

    #[test]
    fn agents_are_counted_in_the_worlds_asked_for() {
        let (spec, tally) = sample();
        let followers = Followers::of(&spec, &tally);
        let of = |agent: usize, platforms: &[Platform]| {
            row(&spec.agents[agent], &tally, &followers, platforms)
        };
        let ben = of(1, &Platform::ALL);
        assert_eq!((ben.actions, ben.failed, ben.posts, ben.comments), (5, 1, 0, 1));
        assert_eq!((ben.shares, ben.ratings, ben.follows), (1, 1, 2));
        let twitter = of(1, &[Platform::Twitter]);
        assert_eq!((twitter.actions, twitter.ratings), (3, 0));
        let first = |platform| {
            let profiles = &spec.platform(platform).unwrap().profiles;
            profiles.iter().filter(|profile| profile.follows.contains(&2)).count() as u64
        };
        let (on_twitter, on_reddit) = (first(Platform::Twitter), first(Platform::Reddit));
        assert_eq!(of(2, &[Platform::Twitter]).followers, on_twitter + 2);
        assert_eq!(of(2, &Platform::ALL).followers, on_twitter + on_reddit + 3);
    }

    #[test]
    fn the_list_is_sorted_and_fits() {
        let (spec, tally) = sample();
        let followers = Followers::of(&spec, &tally);
        let agents = spec.agents.iter();
        let mut rows: Vec<Row> =
            agents.map(|agent| row(agent, &tally, &followers, &Platform::ALL)).collect();
        sort(&mut rows, Sort::Actions);
        assert_eq!(rows[..3].iter().map(|row| row.agent_id).collect::<Vec<_>>(), [1, 0, 3]);
        sort(&mut rows, Sort::Id);
        assert!(rows.is_sorted_by_key(|row| row.agent_id));
        for width in [80, 100, 140] {
            let page = Page { limit: 9, offset: 0 }.cut(rows.clone());
            let text = render(&page, width, Paint::PLAIN);
            assert!(text.lines().all(|line| visible(line) <= width), "{width}:\n{text}");
            assert!(text.ends_with("1 to 9 of 32; next: --offset 9"), "{text}");
        }
    }
}
