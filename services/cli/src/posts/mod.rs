//! `posts`: what was written in a run, and what came of it.

mod thread;

use std::cmp::{Ordering, Reverse};

use clap::{Args, ValueEnum};
use contract::id::RunId;
use contract::spec::Spec;
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use serde::Serialize;

use crate::args::{Target, platform};
use crate::client::Client;
use crate::failure::Failure;
use crate::interview::{find_agent, names_of, read_spec};
use crate::output::{Output, Paint, one_line};
use crate::page::{Page, Paged};
use crate::reading;
use crate::report::reactions;
use crate::status::find_run;
use crate::summary::Reactions;
use crate::tally::{PostTally, Tally};

/// The help of `posts`.
pub const ABOUT: &str = "\
List the posts of a run with what came of them, or show one post with its thread. Posts that a \
profile brought are known from the first reaction to them on.

With --json: {\"run_id\": .., \"total\": .., \"offset\": .., \"items\": [{\"platform\": .., \
\"post_id\": .., \"author\": .., \"content\": .., \"likes\": .., ..}]}; with --post: {\"post\": .., \
\"comments\": ..}.

Example:
  shoal posts lantern-pier --sort comments --limit 5
  shoal posts lantern-pier --search \"second dive\" --platform twitter
  shoal posts lantern-pier --post 12 --platform reddit";

/// Arguments of `posts`.
#[derive(Clone, Debug, Args)]
pub struct PostsArgs {
    /// Which run.
    #[command(flatten)]
    pub target: Target,
    /// Show this post and its thread
    #[arg(long, value_name = "ID", conflicts_with_all = ["search", "agent", "sort"])]
    pub post: Option<u64>,
    /// Only those of one world
    #[arg(long, value_name = "PLATFORM", value_parser = platform())]
    pub platform: Option<Platform>,
    /// What comes first
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = Sort::Likes)]
    pub sort: Sort,
    /// Only posts in which this text occurs; case does not matter
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// Only posts of this agent: its number, its name, its handle, or a part of them
    #[arg(long, value_name = "ID|NAME")]
    pub agent: Option<String>,
    /// Which part of the list, or of the thread.
    #[command(flatten)]
    pub page: Page,
}

/// What comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Sort {
    /// What was liked most, then what was passed on or commented on most.
    Likes,
    /// What was written last.
    New,
    /// What was commented on most.
    Comments,
}

/// A post. With `--json` printed as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Post {
    /// Its world.
    pub platform: Platform,
    /// Its number there.
    pub post_id: u64,
    /// Its author's number; null if a profile brought the post.
    pub agent_id: Option<u32>,
    /// Its author's name.
    pub author: String,
    /// When it was written; null if a profile brought it.
    pub round: Option<u32>,
    /// The same in simulated time.
    pub simulated_time: Option<Timestamp>,
    /// Its text.
    pub content: String,
    /// What came of it; in JSON its fields stand beside these.
    #[serde(flatten)]
    pub reactions: Reactions,
}

/// A page of the list, with the run.
#[derive(Serialize)]
struct List {
    run_id: RunId,
    #[serde(flatten)]
    page: Paged<Post>,
}

/// `shoal posts`.
///
/// # Errors
/// If there is no such run, agent or post, or its frames are broken.
pub async fn posts(
    client: &Client,
    args: &PostsArgs,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let status = find_run(client, &args.target.run).await?;
    if let Some(post_id) = args.post {
        return thread::show(client, &status, post_id, args, output).await;
    }
    let author = match &args.agent {
        Some(agent) => Some(Author::find(&read_spec(client, &status.spec_digest).await?, agent)?),
        None => None,
    };
    let tally = reading::tally(client, &status, Tally::with_whole_texts(), output).await?;
    let all = tally.posts().map(|(platform, post_id, post)| Post::of(platform, post_id, post));
    let mut posts: Vec<Post> = all
        .filter(|post| args.wants(post) && author.as_ref().is_none_or(|a| a.wrote(post)))
        .collect();
    posts.sort_by(|a, b| compare(a, b, args.sort));
    let page = args.page.cut(posts);
    if client.json {
        return Ok(output.print_json(&List { run_id: status.run_id, page })?);
    }
    if page.total == 0 {
        return Ok(output.print(&format!("{}: no such posts", status.run_id))?);
    }
    let (width, paint) = (output.width(), output.paint());
    let mut lines: Vec<String> =
        page.items.iter().flat_map(|post| post.lines(width, paint)).collect();
    lines.extend(page.rest(paint));
    Ok(output.print(&lines.join("\n"))?)
}

/// Whose posts are wanted: by number, or by name where a post does not say the number.
struct Author {
    agent_id: u32,
    names: Vec<String>,
}

impl Author {
    fn find(spec: &Spec, wanted: &str) -> Result<Author, Failure> {
        let agent_id = find_agent(spec, wanted).map_err(Failure::bad_input)?;
        let agent = spec.agents.iter().filter(|agent| agent.agent_id == agent_id);
        let names = agent.flat_map(|agent| names_of(spec, agent)).map(str::to_owned).collect();
        Ok(Author { agent_id, names })
    }

    fn wrote(&self, post: &Post) -> bool {
        match post.agent_id {
            Some(agent_id) => agent_id == self.agent_id,
            None => self.names.contains(&post.author),
        }
    }
}

impl PostsArgs {
    fn wants(&self, post: &Post) -> bool {
        let has = |text: &String| post.content.to_lowercase().contains(&text.to_lowercase());
        self.platform.is_none_or(|platform| platform == post.platform)
            && self.search.as_ref().is_none_or(has)
    }
}

fn compare(a: &Post, b: &Post, by: Sort) -> Ordering {
    let likes = |post: &Post| Reverse((post.reactions.likes, post.reactions.all()));
    let comments = |post: &Post| Reverse((post.reactions.comments, post.reactions.all()));
    let place = |post: &Post| (post.platform, post.post_id);
    match by {
        Sort::Likes => likes(a).cmp(&likes(b)).then(place(a).cmp(&place(b))),
        Sort::Comments => comments(a).cmp(&comments(b)).then(place(a).cmp(&place(b))),
        Sort::New => b.by_time(a),
    }
}

impl Post {
    /// A post as it was counted.
    pub fn of(platform: Platform, post_id: u64, post: &PostTally) -> Post {
        Post {
            platform,
            post_id,
            agent_id: post.written.map(|written| written.agent_id),
            author: post.author.clone(),
            round: post.written.map(|written| written.round),
            simulated_time: post.written.map(|written| written.at),
            content: post.content.clone(),
            reactions: post.reactions,
        }
    }

    /// The order in which posts were written; those that profiles brought come first.
    pub fn by_time(&self, other: &Post) -> Ordering {
        let key = |post: &Post| (post.round, post.platform, post.post_id);
        key(self).cmp(&key(other))
    }

    /// Two lines: what came of it and where it is, and what it says.
    pub fn lines(&self, width: usize, paint: Paint) -> [String; 2] {
        let round = self.round.map(|round| format!(", round {round}")).unwrap_or_default();
        let place = paint.dim(&format!("{} post {}{round}", self.platform, self.post_id));
        let author = if self.author.is_empty() { "?" } else { &self.author };
        let text = one_line(&format!("{author}: {}", self.content), width.saturating_sub(4));
        let numbers = reactions(&self.reactions);
        let numbers = if numbers.is_empty() { "no reaction".to_owned() } else { numbers };
        [format!("  {numbers}  {place}"), format!("    {text}")]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tally::tests::small_run;

    fn sorted(by: Sort) -> Vec<(Platform, u64)> {
        let (tally, _) = small_run();
        let mut posts: Vec<Post> =
            tally.posts().map(|(platform, id, post)| Post::of(platform, id, post)).collect();
        posts.sort_by(|a, b| compare(a, b, by));
        posts.iter().map(|post| (post.platform, post.post_id)).collect()
    }

    #[test]
    fn posts_are_sorted_by_what_is_asked_for() {
        let (twitter, reddit) = (Platform::Twitter, Platform::Reddit);
        assert_eq!(sorted(Sort::Likes), [(twitter, 2), (reddit, 9), (twitter, 1)]);
        assert_eq!(sorted(Sort::Comments), [(twitter, 2), (reddit, 9), (twitter, 1)]);
        assert_eq!(sorted(Sort::New), [(twitter, 2), (twitter, 1), (reddit, 9)]);
    }

    #[test]
    fn a_post_says_who_wrote_it_and_when() {
        let (tally, _) = small_run();
        let posts: Vec<Post> =
            tally.posts().map(|(platform, id, post)| Post::of(platform, id, post)).collect();
        assert_eq!(
            posts[1].lines(40, Paint::PLAIN),
            ["  1 like, 1 repost, 1 comment  twitter post 2, round 0", "    Ben: Why?"]
        );
        assert_eq!((posts[2].agent_id, posts[2].round), (None, None));
        assert_eq!(posts[2].lines(40, Paint::PLAIN)[0], "  1 like, 1 comment  reddit post 9");
    }
}
