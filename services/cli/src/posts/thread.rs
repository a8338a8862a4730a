//! One post with its comments.

use std::collections::BTreeMap;

use contract::action::{Action, ActionBody};
use contract::frame::Frame;
use contract::id::RunId;
use contract::status::EnvStatus;
use contract::subject::Platform;
use serde::Serialize;

use super::{Post, PostsArgs};
use crate::client::Client;
use crate::failure::Failure;
use crate::output::{Output, Paint, counted, one_line};
use crate::page::Paged;
use crate::reading::{Bar, each_frame};
use crate::report::reactions;
use crate::tally::Tally;
use crate::wrap::wrap;

/// How far in an answer stands at most, in steps of two columns.
const DEEPEST: usize = 8;

/// A comment. With `--json` printed as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Comment {
    comment_id: u64,
    /// The comment that it answers, if it answers one.
    parent_comment_id: Option<u64>,
    agent_id: u32,
    author: String,
    round: u32,
    content: String,
    likes: u64,
    dislikes: u64,
}

/// The comments under a post of this number, in each world.
#[derive(Default)]
struct Threads {
    post_id: u64,
    worlds: BTreeMap<Platform, BTreeMap<u64, Comment>>,
}

/// A post and a page of its comments, as a tree is read. With `--json` printed as it is.
#[derive(Serialize)]
struct Thread {
    run_id: RunId,
    post: Post,
    comments: Paged<Comment>,
}

/// `shoal posts RUN --post ID`.
///
/// # Errors
/// If there is no such post, or it may be either of two.
pub(super) async fn show(
    client: &Client,
    status: &EnvStatus,
    post_id: u64,
    args: &PostsArgs,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let (mut tally, mut threads) =
        (Tally::with_whole_texts(), Threads { post_id, worlds: BTreeMap::new() });
    let bar = Bar::for_frames(status, output);
    each_frame(&client.bus, status, bar, |frame| {
        tally.add(frame);
        threads.add(frame);
        Ok(())
    })
    .await?;
    let post = choose(&tally, post_id, args.platform, &status.run_id)?;
    let comments = threads.worlds.remove(&post.platform).unwrap_or_default();
    let depths = depths(&comments);
    let comments = args.page.cut(in_order(comments));
    let thread = Thread { run_id: status.run_id.clone(), post, comments };
    if client.json {
        return Ok(output.print_json(&thread)?);
    }
    let text = thread.render(&depths, output.width(), output.paint());
    Ok(output.print(&text)?)
}

/// The post of this number in the one world that has it.
fn choose(
    tally: &Tally,
    post_id: u64,
    platform: Option<Platform>,
    run: &RunId,
) -> Result<Post, Failure> {
    let is_wanted = |of: &Platform| platform.is_none_or(|platform| platform == *of);
    let found = tally.posts().filter(|(of, id, _)| is_wanted(of) && *id == post_id);
    let mut found: Vec<Post> = found.map(|(of, id, post)| Post::of(of, id, post)).collect();
    match (found.pop(), found.is_empty()) {
        (Some(post), true) => Ok(post),
        (Some(_), false) => Err(Failure::bad_input(format!(
            "{run} has a post {post_id} in each world: say which with --platform"
        ))),
        (None, _) => {
            let known = Platform::ALL.into_iter().filter(is_wanted).filter_map(|platform| {
                let ids = tally.posts().filter(|(of, ..)| *of == platform).map(|(_, id, _)| id);
                Some(format!("the last one on {platform} is {}", ids.max()?))
            });
            let known: Vec<String> = known.collect();
            let hint = match known.is_empty() {
                true => "it has none so far".to_owned(),
                false => known.join(", "),
            };
            Err(Failure::bad_input(format!(
                "{run} has no post {post_id} (a repost is none of its own): {hint}"
            )))
        }
    }
}

impl Threads {
    fn add(&mut self, frame: &Frame) {
        let post_id = self.post_id;
        let comments = self.worlds.entry(frame.platform).or_default();
        for action in frame.actions.iter().filter(|action| action.success()) {
            let rated =
                |id: u64, comments: &mut BTreeMap<u64, Comment>, by: &dyn Fn(&mut Comment)| {
                    comments.get_mut(&id).into_iter().for_each(by);
                };
            match &action.body {
                ActionBody::CreateComment(comment) if comment.post_id == post_id => {
                    comments.extend(Comment::of(action, frame.round).map(|c| (c.comment_id, c)));
                }
                ActionBody::LikeComment(like) => {
                    rated(like.comment_id, comments, &|comment| comment.likes += 1);
                }
                ActionBody::UnlikeComment(like) => rated(like.comment_id, comments, &|comment| {
                    comment.likes = comment.likes.saturating_sub(1);
                }),
                ActionBody::DislikeComment(dislike) => {
                    rated(dislike.comment_id, comments, &|comment| comment.dislikes += 1);
                }
                ActionBody::UndoDislikeComment(dislike) => {
                    rated(dislike.comment_id, comments, &|comment| {
                        comment.dislikes = comment.dislikes.saturating_sub(1);
                    });
                }
                _ => {}
            }
        }
    }
}

impl Comment {
    fn of(action: &Action, round: u32) -> Option<Comment> {
        let ActionBody::CreateComment(comment) = &action.body else { return None };
        Some(Comment {
            comment_id: comment.comment_id?,
            parent_comment_id: comment.parent_comment_id,
            agent_id: action.agent_id,
            author: action.agent_name.clone(),
            round,
            content: comment.content.clone(),
            likes: 0,
            dislikes: 0,
        })
    }
}

/// How many comments stand above each.
fn depths(comments: &BTreeMap<u64, Comment>) -> BTreeMap<u64, usize> {
    let mut depths: BTreeMap<u64, usize> = BTreeMap::new();
    // A comment answers an earlier one, and ids ascend.
    for comment in comments.values() {
        let above = comment.parent_comment_id.and_then(|parent| depths.get(&parent));
        let depth = above.map_or(0, |depth| depth + 1);
        depths.insert(comment.comment_id, depth);
    }
    depths
}

/// Each comment before its answers, answers in the order of their numbers.
fn in_order(mut comments: BTreeMap<u64, Comment>) -> Vec<Comment> {
    let mut answers: BTreeMap<Option<u64>, Vec<u64>> = BTreeMap::new();
    for (id, comment) in &comments {
        let is_above = |above: &u64| above < id && comments.contains_key(above);
        answers.entry(comment.parent_comment_id.filter(is_above)).or_default().push(*id);
    }
    let mut next = answers.remove(&None).unwrap_or_default();
    next.reverse();
    let mut ordered = Vec::with_capacity(comments.len());
    while let Some(id) = next.pop() {
        ordered.extend(comments.remove(&id));
        next.extend(answers.remove(&Some(id)).into_iter().flatten().rev());
    }
    ordered
}

impl Thread {
    fn render(&self, depths: &BTreeMap<u64, usize>, width: usize, paint: Paint) -> String {
        let Post { platform, post_id, round, author, content, .. } = &self.post;
        let round = round.map(|round| format!(", round {round}")).unwrap_or_default();
        let place = paint.dim(&format!("{platform} post {post_id}{round}"));
        let author = if author.is_empty() { "?" } else { author };
        let mut lines = vec![format!("{}  {place}", paint.bold(&one_line(author, 60)))];
        let text = content.lines().map(|line| format!("  {}", one_line(line, content.len())));
        lines.extend(text.map(|line| wrap(&line, width, 2)));
        lines.push(format!("  {}", paint.cyan(&reactions(&self.post.reactions))));
        for comment in &self.comments.items {
            let depth = depths.get(&comment.comment_id).copied().unwrap_or(0);
            lines.push(String::new());
            lines.extend(comment.lines(2 + 2 * depth.min(DEEPEST), width, paint));
        }
        lines.extend(self.comments.rest(paint));
        lines.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n")
    }
}

impl Comment {
    fn lines(&self, indent: usize, width: usize, paint: Paint) -> [String; 2] {
        let blanks = " ".repeat(indent);
        let number = |number: u64, noun: &str| {
            if number == 0 { String::new() } else { format!(", {}", counted(number, noun)) }
        };
        let ratings = number(self.likes, "like") + &number(self.dislikes, "dislike");
        let place = format!("comment {}, round {}{ratings}", self.comment_id, self.round);
        let head = format!("{}  {}", paint.bold(&one_line(&self.author, 60)), paint.dim(&place));
        let text = one_line(&self.content, self.content.len());
        [format!("{blanks}{head}"), wrap(&format!("{blanks}{text}"), width, indent)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comment(comment_id: u64, parent_comment_id: Option<u64>) -> (u64, Comment) {
        let comment = Comment {
            comment_id,
            parent_comment_id,
            agent_id: 0,
            author: "Ada".to_owned(),
            round: 3,
            content: "Why?".to_owned(),
            likes: 2,
            dislikes: 0,
        };
        (comment_id, comment)
    }

    #[test]
    fn answers_stand_under_what_they_answer() {
        let all = BTreeMap::from([
            comment(1, None),
            comment(2, None),
            comment(3, Some(1)),
            comment(4, Some(3)),
            comment(5, Some(1)),
            // Its parent stands under another post, or nowhere.
            comment(6, Some(99)),
        ]);
        let depths = depths(&all);
        assert_eq!(depths.values().copied().collect::<Vec<_>>(), [0, 0, 1, 2, 1, 0]);
        let order: Vec<u64> = in_order(all).iter().map(|comment| comment.comment_id).collect();
        assert_eq!(order, [1, 3, 4, 5, 2, 6]);
        let chain = (1..20_000).map(|id| comment(id, id.checked_sub(1))).collect();
        assert!(in_order(chain).iter().map(|comment| comment.comment_id).eq(1..20_000));
        assert_eq!(
            comment(3, None).1.lines(4, 80, Paint::PLAIN),
            ["    Ada  comment 3, round 3, 2 likes", "    Why?"]
        );
    }
}
