//! Actions of every type: a success, and a failure of those that can fail.

use contract::action::{
    Action, ActionBody, CreateComment, CreatePost, DislikeComment, DislikePost, DoNothing, Follow,
    LikeComment, LikePost, Mute, QuotePost, ReportPost, Repost, SearchPosts, SearchUser,
    ShownPosts,
};

use super::{Sample, each, sample};

/// Quotes, accents, Chinese, an emoji of several code points, and control characters.
pub(super) const TEXT: &str = "\"Grüße\" an alle:\t夜市 stays \\ 👩‍🚒\u{7f}\u{1}\u{2028}\nSee you.";

/// Post 2, which most actions are about.
pub(super) const POST: &str = "The old pier closes on Saturday.";

/// The agents.
const NAMES: [&str; 4] = ["Ada", "Harbour Authority", "Grüne 王芳", "Bo"];

pub(super) fn samples() -> Vec<Sample> {
    let mut samples = Vec::new();
    for action in actions(3) {
        let form = if action.success() { "success" } else { "failure" };
        samples.push(sample("action", format!("{}-{form}", name(&action.body)), &action));
    }
    for (what, body) in [
        ("that-answers-no-comment", comment(None)),
        ("that-finds-nothing", ActionBody::SearchPosts(search_posts(&[]))),
    ] {
        let name = format!("{}-{what}", name(&body));
        samples.push(sample("action", name, &succeed(3, 2, body)));
    }
    samples
}

/// As the names of examples have it, e.g. `create-post`.
pub(crate) fn name(body: &ActionBody) -> String {
    body.type_name().to_lowercase().replace('_', "-")
}

/// A success of each type, then a failure of each type that can fail.
pub(crate) fn actions(first_seq: u64) -> Vec<Action> {
    let successes = each(next);
    let failures: Vec<_> = successes.iter().cloned().filter_map(failure).collect();
    let successes = successes.into_iter().map(|body| (body, None));
    let failures = failures.into_iter().map(|(body, why)| (body, Some(why.to_owned())));
    (first_seq..)
        .zip(successes.chain(failures))
        .map(|(seq, (body, failure))| Action { failure, ..succeed(seq, 2, body) })
        .collect()
}

pub(super) fn succeed(seq: u64, agent_id: u32, body: ActionBody) -> Action {
    let agent_name = NAMES[agent_id as usize].to_owned();
    Action { seq, agent_id, agent_name, body, failure: None }
}

pub(super) fn create_post(content: &str, post_id: Option<u64>) -> ActionBody {
    ActionBody::CreatePost(CreatePost { content: content.to_owned(), post_id })
}

/// The successes, in the order of the types.
fn next(body: Option<&ActionBody>) -> Option<ActionBody> {
    use ActionBody as A;
    Some(match body {
        None => create_post(TEXT, Some(3)),
        Some(A::CreatePost(_)) => A::Repost(Repost {
            reposted_id: 2,
            new_post_id: Some(4),
            original_content: post_content(),
            original_author_name: author(),
        }),
        Some(A::Repost(_)) => A::QuotePost(QuotePost {
            quoted_id: 2,
            quote_content: "And the survey? 报告呢？".to_owned(),
            new_post_id: Some(5),
            original_content: post_content(),
            original_author_name: author(),
        }),
        Some(A::QuotePost(_)) => A::LikePost(like()),
        Some(A::LikePost(_)) => A::UnlikePost(like()),
        Some(A::UnlikePost(_)) => A::DislikePost(dislike()),
        Some(A::DislikePost(_)) => A::UndoDislikePost(dislike()),
        Some(A::UndoDislikePost(_)) => A::ReportPost(ReportPost {
            post_id: 2,
            report_reason: "It names the wrong day.".to_owned(),
            report_id: Some(1),
            post_content: post_content(),
            post_author_name: author(),
        }),
        Some(A::ReportPost(_)) => comment(Some(1)),
        Some(A::CreateComment(_)) => A::LikeComment(like_of_comment()),
        Some(A::LikeComment(_)) => A::UnlikeComment(like_of_comment()),
        Some(A::UnlikeComment(_)) => A::DislikeComment(dislike_of_comment()),
        Some(A::DislikeComment(_)) => A::UndoDislikeComment(dislike_of_comment()),
        Some(A::UndoDislikeComment(_)) => A::Follow(follow()),
        Some(A::Follow(_)) => A::Unfollow(follow()),
        Some(A::Unfollow(_)) => A::Mute(mute()),
        Some(A::Mute(_)) => A::Unmute(mute()),
        Some(A::Unmute(_)) => A::SearchPosts(search_posts(&[5, 3, 2])),
        Some(A::SearchPosts(_)) => {
            A::SearchUser(SearchUser { query: "harbour".to_owned(), user_ids: vec![1, 0] })
        }
        Some(A::SearchUser(_)) => A::Trend(ShownPosts { post_ids: vec![2, 1] }),
        Some(A::Trend(_)) => A::Refresh(ShownPosts { post_ids: vec![1, 5, 2] }),
        Some(A::Refresh(_)) => A::DoNothing(DoNothing {}),
        Some(A::DoNothing(_)) => return None,
    })
}

/// How a success of some type might have failed, and why; `None` for types that never fail.
fn failure(success: ActionBody) -> Option<(ActionBody, &'static str)> {
    use ActionBody as A;
    let why = match &success {
        A::CreatePost(_) => "text is empty",
        A::Repost(_) => "repost record already exists",
        A::QuotePost(_) => "post not found",
        A::LikePost(_) => "like record already exists",
        A::UnlikePost(_) => "like record does not exist",
        A::DislikePost(_) => "users cannot rate their own posts",
        A::UndoDislikePost(_) => "dislike record does not exist",
        A::ReportPost(_) => "report record already exists",
        A::CreateComment(_) | A::LikeComment(_) => "comment not found",
        A::UnlikeComment(_) => "comment like record does not exist",
        A::DislikeComment(_) => "comment dislike record already exists",
        A::UndoDislikeComment(_) => "comment dislike record does not exist",
        A::Follow(_) => "user not found",
        A::Unfollow(_) => "follow record does not exist",
        A::Mute(_) => "users cannot mute themselves",
        A::Unmute(_) => "mute record does not exist",
        A::SearchPosts(_) | A::SearchUser(_) => "query is empty",
        A::Trend(_) | A::Refresh(_) | A::DoNothing(_) => return None,
    };
    Some((failed(success), why))
}

/// The action without what only a success has. Of what is not found nothing is known.
fn failed(success: ActionBody) -> ActionBody {
    use ActionBody as A;
    let unliked = |like| LikePost { like_id: None, ..like };
    let undisliked = |dislike| DislikePost { dislike_id: None, ..dislike };
    let undisliked_comment = |dislike| DislikeComment { comment_dislike_id: None, ..dislike };
    match success {
        A::CreatePost(_) => create_post(" \n", None),
        A::Repost(repost) => A::Repost(Repost { new_post_id: None, ..repost }),
        A::QuotePost(quote) => A::QuotePost(QuotePost {
            quoted_id: 99,
            quote_content: quote.quote_content,
            new_post_id: None,
            original_content: None,
            original_author_name: None,
        }),
        A::LikePost(like) => A::LikePost(unliked(like)),
        A::UnlikePost(like) => A::UnlikePost(unliked(like)),
        A::DislikePost(dislike) => A::DislikePost(undisliked(dislike)),
        A::UndoDislikePost(dislike) => A::UndoDislikePost(undisliked(dislike)),
        A::ReportPost(report) => A::ReportPost(ReportPost { report_id: None, ..report }),
        A::CreateComment(comment) => A::CreateComment(CreateComment {
            parent_comment_id: Some(99),
            comment_id: None,
            parent_content: None,
            parent_author_name: None,
            ..comment
        }),
        A::LikeComment(_) => A::LikeComment(LikeComment {
            comment_id: 99,
            comment_like_id: None,
            post_id: None,
            comment_content: None,
            comment_author_name: None,
        }),
        A::UnlikeComment(like) => A::UnlikeComment(LikeComment { comment_like_id: None, ..like }),
        A::DislikeComment(dislike) => A::DislikeComment(undisliked_comment(dislike)),
        A::UndoDislikeComment(dislike) => A::UndoDislikeComment(undisliked_comment(dislike)),
        A::Follow(_) => {
            A::Follow(Follow { followee_id: 77, follow_id: None, target_user_name: None })
        }
        A::Unfollow(follow) => A::Unfollow(Follow { follow_id: None, ..follow }),
        A::Mute(_) => {
            let target_user_name = Some(NAMES[2].to_owned());
            A::Mute(Mute { mutee_id: 2, mute_id: None, target_user_name })
        }
        A::Unmute(mute) => A::Unmute(Mute { mute_id: None, ..mute }),
        A::SearchPosts(_) => {
            A::SearchPosts(SearchPosts { query: "?!".to_owned(), post_ids: Vec::new() })
        }
        A::SearchUser(_) => {
            A::SearchUser(SearchUser { query: String::new(), user_ids: Vec::new() })
        }
        A::Trend(_) => A::Trend(ShownPosts { post_ids: Vec::new() }),
        A::Refresh(_) => A::Refresh(ShownPosts { post_ids: Vec::new() }),
        A::DoNothing(_) => success,
    }
}

fn comment(parent_comment_id: Option<u64>) -> ActionBody {
    ActionBody::CreateComment(CreateComment {
        post_id: 2,
        parent_comment_id,
        content: "Which pier? 哪一个码头？".to_owned(),
        comment_id: Some(2),
        post_content: post_content(),
        post_author_name: author(),
        parent_content: parent_comment_id.map(|_| "The long one.".to_owned()),
        parent_author_name: parent_comment_id.map(|_| NAMES[0].to_owned()),
    })
}

fn like() -> LikePost {
    LikePost {
        post_id: 2,
        like_id: Some(1),
        post_content: post_content(),
        post_author_name: author(),
    }
}

fn dislike() -> DislikePost {
    DislikePost {
        post_id: 2,
        dislike_id: Some(1),
        post_content: post_content(),
        post_author_name: author(),
    }
}

fn like_of_comment() -> LikeComment {
    LikeComment {
        comment_id: 1,
        comment_like_id: Some(1),
        post_id: Some(2),
        comment_content: Some("Already on Friday, I hear.".to_owned()),
        comment_author_name: Some(NAMES[0].to_owned()),
    }
}

fn dislike_of_comment() -> DislikeComment {
    let LikeComment { comment_id, post_id, comment_content, comment_author_name, .. } =
        like_of_comment();
    DislikeComment {
        comment_id,
        comment_dislike_id: Some(1),
        post_id,
        comment_content,
        comment_author_name,
    }
}

fn follow() -> Follow {
    Follow { followee_id: 1, follow_id: Some(1), target_user_name: author() }
}

fn mute() -> Mute {
    Mute { mutee_id: 1, mute_id: Some(1), target_user_name: author() }
}

fn search_posts(post_ids: &[u64]) -> SearchPosts {
    SearchPosts { query: "码头 pier".to_owned(), post_ids: post_ids.to_vec() }
}

fn post_content() -> Option<String> {
    Some(POST.to_owned())
}

/// Who wrote post 2.
fn author() -> Option<String> {
    Some(NAMES[1].to_owned())
}
