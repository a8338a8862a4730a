//! In Chinese: the original's words for what the original knows, and others in their manner.

use contract::action::{ActionBody, CreateComment, QuotePost, ReportPost};

use super::{Known, clean};

/// What was done, in words that follow a name and a colon.
pub(super) fn describe(body: &ActionBody) -> String {
    match body {
        ActionBody::CreatePost(post) => said("发布了一条帖子", "发布了一条帖子", &post.content),
        ActionBody::Repost(repost) => {
            let post = Known::of(&repost.original_content, &repost.original_author_name);
            did("转发了", &post, "帖子")
        }
        ActionBody::QuotePost(quote) => quoted(quote),
        ActionBody::LikePost(like) => {
            did("点赞了", &Known::of(&like.post_content, &like.post_author_name), "帖子")
        }
        ActionBody::UnlikePost(like) => {
            took_back("点赞", &Known::of(&like.post_content, &like.post_author_name), "帖子")
        }
        ActionBody::DislikePost(dislike) => {
            did("踩了", &Known::of(&dislike.post_content, &dislike.post_author_name), "帖子")
        }
        ActionBody::UndoDislikePost(dislike) => {
            took_back("踩", &Known::of(&dislike.post_content, &dislike.post_author_name), "帖子")
        }
        ActionBody::ReportPost(report) => reported(report),
        ActionBody::CreateComment(comment) => commented(comment),
        ActionBody::LikeComment(like) => {
            did("点赞了", &Known::of(&like.comment_content, &like.comment_author_name), "评论")
        }
        ActionBody::UnlikeComment(like) => {
            took_back("点赞", &Known::of(&like.comment_content, &like.comment_author_name), "评论")
        }
        ActionBody::DislikeComment(dislike) => {
            let comment = Known::of(&dislike.comment_content, &dislike.comment_author_name);
            did("踩了", &comment, "评论")
        }
        ActionBody::UndoDislikeComment(dislike) => {
            let comment = Known::of(&dislike.comment_content, &dislike.comment_author_name);
            took_back("踩", &comment, "评论")
        }
        ActionBody::Follow(follow) => with_user("关注了", &follow.target_user_name),
        ActionBody::Unfollow(follow) => with_user("取消关注了", &follow.target_user_name),
        ActionBody::Mute(mute) => with_user("屏蔽了", &mute.target_user_name),
        ActionBody::Unmute(mute) => with_user("取消屏蔽了", &mute.target_user_name),
        ActionBody::SearchPosts(search) => {
            let what = match clean(Some(&search.query)) {
                Some(query) => format!("搜索了「{query}」"),
                None => "进行了搜索".to_owned(),
            };
            found(&what, search.post_ids.len(), "条帖子", "帖子")
        }
        ActionBody::SearchUser(search) => {
            let what = match clean(Some(&search.query)) {
                Some(query) => format!("搜索了用户「{query}」"),
                None => "搜索了用户".to_owned(),
            };
            found(&what, search.user_ids.len(), "个用户", "用户")
        }
        ActionBody::Trend(trend) => found("查看了热门帖子", trend.post_ids.len(), "条", "帖子"),
        ActionBody::Refresh(_) => "浏览了首页动态".to_owned(),
        ActionBody::DoNothing(_) => "什么也没做".to_owned(),
    }
}

/// Words, where there are some.
fn said(with: &str, without: &str, words: &str) -> String {
    match clean(Some(words)) {
        Some(words) => format!("{with}：「{words}」"),
        None => without.to_owned(),
    }
}

/// At the end of a line: what was done to a thing.
fn did(verb: &str, thing: &Known, noun: &str) -> String {
    match (&thing.content, &thing.author) {
        (Some(content), Some(author)) => format!("{verb}{author}的{noun}：「{content}」"),
        (Some(content), None) => format!("{verb}一条{noun}：「{content}」"),
        (None, Some(author)) => format!("{verb}{author}的一条{noun}"),
        (None, None) => format!("{verb}一条{noun}"),
    }
}

/// At the end of a line: what is no longer done to a thing.
fn took_back(what: &str, thing: &Known, noun: &str) -> String {
    match (&thing.content, &thing.author) {
        (Some(content), Some(author)) => {
            format!("取消了对{author}的{noun}的{what}：「{content}」")
        }
        (Some(content), None) => format!("取消了对一条{noun}的{what}：「{content}」"),
        (None, Some(author)) => format!("取消了对{author}的一条{noun}的{what}"),
        (None, None) => format!("取消了对一条{noun}的{what}"),
    }
}

/// Within a line.
fn named(thing: &Known, noun: &str) -> String {
    match (&thing.content, &thing.author) {
        (Some(content), Some(author)) => format!("{author}的{noun}「{content}」"),
        (Some(content), None) => format!("一条{noun}「{content}」"),
        (None, Some(author)) => format!("{author}的一条{noun}"),
        (None, None) => format!("一条{noun}"),
    }
}

fn quoted(quote: &QuotePost) -> String {
    let post = Known::of(&quote.original_content, &quote.original_author_name);
    let does = format!("引用了{}", named(&post, "帖子"));
    said(&format!("{does}，并评论道"), &does, &quote.quote_content)
}

fn reported(report: &ReportPost) -> String {
    let post = Known::of(&report.post_content, &report.post_author_name);
    let with = format!("举报了{}，理由是", named(&post, "帖子"));
    said(&with, &did("举报了", &post, "帖子"), &report.report_reason)
}

fn commented(comment: &CreateComment) -> String {
    let post = Known::of(&comment.post_content, &comment.post_author_name);
    let under = match (&post.content, &post.author) {
        (Some(content), Some(author)) => format!("在{author}的帖子「{content}」下"),
        (Some(content), None) => format!("在帖子「{content}」下"),
        (None, Some(author)) => format!("在{author}的帖子下"),
        (None, None) => String::new(),
    };
    if comment.parent_comment_id.is_none() {
        return said(&format!("{under}评论道"), "发表了评论", &comment.content);
    }
    let parent = Known::of(&comment.parent_content, &comment.parent_author_name);
    let answered = format!("回复了{}", named(&parent, "评论"));
    said(&format!("{under}{answered}，说道"), &answered, &comment.content)
}

fn with_user(verb: &str, name: &Option<String>) -> String {
    match clean(name.as_deref()) {
        Some(name) => format!("{verb}用户「{name}」"),
        None => format!("{verb}一个用户"),
    }
}

/// How much a look showed: `counted` stands after a number, `noun` where there is none.
fn found(what: &str, number: usize, counted: &str, noun: &str) -> String {
    match number {
        0 => format!("{what}，没有找到{noun}"),
        number => format!("{what}，找到了{number}{counted}"),
    }
}
