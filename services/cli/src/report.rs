//! A summary as text.

use contract::id::RunId;
use contract::status::RunStatus;

use crate::models;
use crate::output::{Paint, columns, count, counted, one_line, span, visible};
use crate::summary::{Count, Reactions, Summary, TopPost, WorldSummary};
use crate::wrap::{shorten_digest, wrap};

/// Where to look next, beside the bus.
#[derive(Clone, Debug)]
pub struct Places<'a> {
    /// The prefix of all subjects.
    pub prefix: &'a str,
    /// The launcher's HTTP edge, if it is known.
    pub http_url: Option<&'a str>,
}

/// The summary for people.
pub fn report(summary: &Summary, places: &Places<'_>, width: usize, paint: Paint) -> String {
    let mut lines = vec![headline(summary, paint)];
    lines.extend(summary.reason.iter().map(|why| format!("  {}", one_line(why, 500))));
    lines.extend(last_error(summary.last_error.as_deref(), paint));
    lines.extend(
        summary.spent.iter().map(|spent| {
            format!("  spent: {}", models::spent(spent, summary.budget.as_ref(), None))
        }),
    );
    lines = lines.iter().map(|line| wrap(line, width, 4)).collect();
    if summary.platforms.iter().next().is_some() {
        lines.push(String::new());
        lines.extend(action_table(summary, paint));
    }
    if !summary.top_posts.is_empty() {
        lines.extend([String::new(), paint.bold("top posts")]);
        lines.extend(summary.top_posts.iter().flat_map(|post| top_post(post, width, paint)));
    }
    if !summary.most_active.is_empty() {
        lines.extend([String::new(), paint.bold("most active")]);
        lines.extend(agent_table(summary, paint));
    }
    let room = width.saturating_sub(11);
    lines.extend([String::new(), paint.bold("digests")]);
    for (platform, world) in summary.platforms.iter() {
        lines.push(format!("  {platform:7}  {}", shorten_digest(&world.digest, room)));
    }
    lines.push(format!("  {:7}  {}", "spec", shorten_digest(&summary.spec_digest, room)));
    lines.extend([String::new(), paint.bold("where to look next")]);
    lines.extend(next_steps(summary, places, width));
    lines.join("\n")
}

/// A status in its colour.
pub fn status_word(status: RunStatus, word: &str, paint: Paint) -> String {
    match status {
        RunStatus::Completed | RunStatus::Closed => paint.green(word),
        RunStatus::Failed | RunStatus::Deleted => paint.red(word),
        RunStatus::Stopped | RunStatus::Paused => paint.yellow(word),
        RunStatus::Queued | RunStatus::Starting | RunStatus::Running => paint.cyan(word),
    }
}

/// The last thing that went wrong, if anything did.
pub fn last_error(error: Option<&str>, paint: Paint) -> Option<String> {
    let error = one_line(error?, 500);
    (!error.is_empty()).then(|| format!("  {} {error}", paint.red("last error:")))
}

/// How to come back to a run that goes on.
pub fn come_back(run: &RunId) -> String {
    let rows = [
        vec![format!("  shoal watch {run}"), "follow it again".to_owned()],
        vec![format!("  shoal stop {run}"), "end it".to_owned()],
    ];
    format!("{run} goes on\n{}", columns(&rows, &[]).join("\n"))
}

fn headline(summary: &Summary, paint: Paint) -> String {
    let rounds = summary.platforms.iter().map(|(_, world)| world.rounds).min().unwrap_or(0);
    let minutes = summary.platforms.iter().map(|(_, world)| world.simulated_minutes).max();
    let mut text = format!(
        "{} {}: {rounds} of {}",
        paint.bold(summary.run_id.as_str()),
        status_word(summary.status, summary.status.as_str(), paint),
        counted(u64::from(summary.rounds_planned), "round"),
    );
    if let Some(minutes) = minutes {
        text.push_str(&format!(" ({} simulated)", span(minutes * 60_000)));
    }
    if let Some(duration) = summary.duration_milliseconds {
        text.push_str(&format!(" in {}", span(duration)));
    }
    text.push_str(&format!(", seed {}", summary.seed));
    text
}

/// Actions by type and world; failed ones in a column of their own, where there are any.
fn action_table(summary: &Summary, paint: Paint) -> Vec<String> {
    let worlds: Vec<_> = summary.platforms.iter().collect();
    let mut types: Vec<&str> =
        worlds.iter().flat_map(|(_, world)| world.by_type.keys().copied()).collect();
    types.sort_unstable();
    types.dedup();
    let number = |number: u64| if number == 0 { "-".to_owned() } else { count(number) };
    let row = |name: String, of_world: &dyn Fn(&WorldSummary) -> Count| {
        let cells = worlds.iter().flat_map(|(_, world)| {
            let Count { succeeded, failed } = of_world(world);
            let failed = (world.failed > 0).then(|| number(failed));
            std::iter::once(number(succeeded)).chain(failed)
        });
        std::iter::once(name).chain(cells).collect::<Vec<String>>()
    };
    let headings = worlds.iter().flat_map(|(platform, world)| {
        let failed = (world.failed > 0).then(|| "failed".to_owned());
        std::iter::once(platform.to_string()).chain(failed)
    });
    let mut rows = vec![std::iter::once(paint.bold("actions")).chain(headings).collect()];
    rows.extend(types.into_iter().map(|name| {
        row(format!("  {name}"), &|world| world.by_type.get(name).copied().unwrap_or_default())
    }));
    rows.push(row("  all".to_owned(), &|world| Count {
        succeeded: world.succeeded,
        failed: world.failed,
    }));
    columns(&rows, &[1, 2, 3, 4])
}

fn agent_table(summary: &Summary, paint: Paint) -> Vec<String> {
    let agents = summary.most_active.iter().map(|agent| {
        let number = paint.dim(&format!("#{}", agent.agent_id));
        vec![format!("  {}", count(agent.actions)), number, one_line(&agent.name, 60)]
    });
    columns(&agents.collect::<Vec<_>>(), &[0, 1])
}

fn top_post(post: &TopPost, width: usize, paint: Paint) -> [String; 2] {
    let place = paint.dim(&format!("{} post {}", post.platform, post.post_id));
    let numbers = format!("  {}  {place}", reactions(&post.reactions));
    let author = if post.author.is_empty() { "?" } else { &post.author };
    let text = one_line(&format!("{author}: {}", post.content), width.saturating_sub(4));
    [numbers, format!("    {text}")]
}

/// `2 likes, 1 comment`: the kinds that there are.
pub(crate) fn reactions(reactions: &Reactions) -> String {
    let Reactions { likes, dislikes, reposts, quotes, comments } = *reactions;
    let kinds = [
        (likes, "like"),
        (dislikes, "dislike"),
        (reposts, "repost"),
        (quotes, "quote"),
        (comments, "comment"),
    ];
    let kinds = kinds.into_iter().filter(|(number, _)| *number > 0);
    kinds.map(|(number, kind)| counted(number, kind)).collect::<Vec<_>>().join(", ")
}

/// A table of what to type and what that shows; what has no room in it stands below, under
/// what it shows.
fn next_steps(summary: &Summary, places: &Places<'_>, width: usize) -> Vec<String> {
    let (run, simulation, prefix) = (&summary.run_id, &summary.simulation_id, places.prefix);
    let agent = summary.most_active.first().map_or(0, |agent| agent.agent_id);
    let mut steps = vec![
        (format!("shoal interview {run} --agent {agent} \"And now?\""), "ask somebody"),
        (format!("shoal memory search --run {run} WORDS"), "what the memory says"),
        (format!("{prefix}.actions.{run}.>"), "every action"),
        (format!("{prefix}.env-status.{run}"), "the run's state"),
        (format!("{prefix}.inputs.{run}.>"), "its journal"),
    ];
    if let Some(url) = places.http_url {
        let url = url.trim_end_matches('/');
        let route = format!("{url}/api/simulation/{simulation}/run-status/detail");
        steps.insert(2, (route, "the same over HTTP"));
    }
    let shows = steps.iter().map(|(_, what)| visible(what)).max().unwrap_or(0);
    let has_room = |(step, _): &(String, &str)| 2 + visible(step) + 2 + shows <= width;
    let (short, long): (Vec<_>, Vec<_>) = steps.into_iter().partition(has_room);
    let rows = short.into_iter().map(|(step, what)| vec![format!("  {step}"), what.to_owned()]);
    let mut lines = columns(&rows.collect::<Vec<_>>(), &[]);
    lines.extend(
        long.into_iter().flat_map(|(step, what)| [format!("  {what}"), format!("    {step}")]),
    );
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tally::tests::small_run;

    #[test]
    fn a_summary_reads_well() {
        let (_, summary) = small_run();
        let places = Places { prefix: "sim", http_url: Some("http://127.0.0.1:5001/") };
        let text = report(&summary, &places, 80, Paint::PLAIN);
        let digest = |of: &Option<crate::summary::WorldSummary>| of.as_ref().unwrap().digest;
        let (twitter, reddit) =
            (digest(&summary.platforms.twitter), digest(&summary.platforms.reddit));
        let expected = format!(
            "market-1 completed: 2 of 48 rounds (3 h simulated) in 12.4 s, seed 7

actions           twitter  failed  reddit
  CREATE_COMMENT        1       -       1
  CREATE_POST           2       -       -
  DO_NOTHING            1       -       -
  FOLLOW                -       -       1
  LIKE_POST             2       1       1
  REPOST                1       -       -
  all                   7       1       3

top posts
  1 like, 1 repost, 1 comment  twitter post 2
    Ben: Why?
  1 like, 1 comment  reddit post 9
    Dan: text of 9
  1 like  twitter post 1
    Ada: Pier 9 closes

most active
  3  #0  Ada
  3  #1  Ben
  3  #2  Cleo

digests
  twitter  {twitter}
  reddit   {reddit}
  spec     {}

where to look next
  shoal interview market-1 --agent 0 \"And now?\"  ask somebody
  shoal memory search --run market-1 WORDS       what the memory says
  sim.actions.market-1.>                         every action
  sim.env-status.market-1                        the run's state
  sim.inputs.market-1.>                          its journal
  the same over HTTP
    http://127.0.0.1:5001/api/simulation/market/run-status/detail",
            summary.spec_digest
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn a_post_shows_the_reactions_that_it_has() {
        let (_, mut summary) = small_run();
        let post = &mut summary.top_posts[0];
        let shown = |post: &TopPost| top_post(post, 80, Paint::PLAIN)[0].clone();
        post.reactions = Reactions { likes: 1200, dislikes: 1, reposts: 3, quotes: 2, comments: 9 };
        let all = "  1,200 likes, 1 dislike, 3 reposts, 2 quotes, 9 comments  twitter post 2";
        assert_eq!(shown(post), all);
        post.reactions = Reactions { quotes: 1, ..Reactions::default() };
        assert_eq!(shown(post), "  1 quote  twitter post 2");
    }

    #[test]
    fn a_failure_says_why() {
        let (_, mut summary) = small_run();
        summary.status = RunStatus::Failed;
        summary.reason = Some("diverged in tick 7".to_owned());
        summary.last_error = Some("digest differs".to_owned());
        let text = report(&summary, &Places { prefix: "sim", http_url: None }, 80, Paint::PLAIN);
        let mut lines = text.lines();
        assert!(lines.next().unwrap().starts_with("market-1 failed: "), "{text}");
        assert_eq!(lines.next(), Some("  diverged in tick 7"));
        assert_eq!(lines.next(), Some("  last error: digest differs"));
        assert!(!text.contains("http"), "{text}");
    }
}
