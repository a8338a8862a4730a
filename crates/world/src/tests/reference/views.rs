//! What the naive world answers, in the words of the real one.

use std::cmp::Reverse;
use std::vec::Vec;

use super::Reference;
use super::rows::{Comment, Kind, stands};
use crate::{
    Act, Action, CommentView, Counts, Deed, Done, Effect, Memory, Observation, Policy, PostView,
    SeenPost, UserView,
};

impl Reference {
    /// The active agents that decide outside, in order.
    pub(crate) fn wanted(&self) -> Vec<u32> {
        let outside = |agent: &u32| self.setup.agents[*agent as usize].policy == Policy::Outside;
        self.active.iter().copied().filter(outside).collect()
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts {
            posts: count(&self.posts, |_| true),
            comments: count(&self.comments, |_| true),
            likes: count(&self.likes, |_| true),
            dislikes: count(&self.dislikes, |_| true),
            reports: count(&self.reports, |_| true),
            comment_likes: count(&self.comment_likes, |_| true),
            comment_dislikes: count(&self.comment_dislikes, |_| true),
            follows: count(&self.follows, |_| true),
            mutes: count(&self.mutes, |_| true),
        }
    }

    pub(crate) fn post_view(&self, id: u32) -> PostView<'_> {
        let post = self.post(id);
        let counters = self.counters_of(id);
        PostView {
            id,
            author: post.author,
            author_name: &self.setup.agents[post.author as usize].name,
            content: &post.content,
            reposts: if let Kind::Repost(of) = post.kind { Some(of) } else { None },
            quotes: if let Kind::Quote(of) = post.kind { Some(of) } else { None },
            tick: post.tick,
            likes: counters.likes,
            dislikes: counters.dislikes,
            shares: counters.shares,
            comments: counters.comments,
            reports: counters.reports,
        }
    }

    pub(crate) fn comment_view(&self, id: u32) -> CommentView<'_> {
        let comment = self.comment(id);
        CommentView {
            id,
            post: comment.post,
            parent: comment.parent,
            author: comment.author,
            author_name: &self.setup.agents[comment.author as usize].name,
            content: &comment.content,
            tick: comment.tick,
            likes: count(&self.comment_likes, |link| link.stands && link.target == id),
            dislikes: count(&self.comment_dislikes, |link| link.stands && link.target == id),
        }
    }

    pub(crate) fn user_view(&self, id: u32) -> UserView<'_> {
        let own = |post: &super::Post| post.author == id && !matches!(post.kind, Kind::Repost(_));
        UserView {
            id,
            agent: &self.setup.agents[id as usize],
            followers: count(&self.follows, |link| link.stands && link.target == id),
            following: count(&self.follows, |link| link.stands && link.agent == id),
            posts: count(&self.posts, own),
            comments: count(&self.comments, |comment| comment.author == id),
        }
    }

    pub(crate) fn top_posts(&self) -> Vec<PostView<'_>> {
        self.top().iter().map(|&post| self.post_view(post)).collect()
    }

    /// The comments under the root of `post` that `reader` sees.
    pub(crate) fn thread(&self, post: u32, reader: u32) -> Vec<CommentView<'_>> {
        let mut comments: Vec<CommentView> = self.newest_comments(self.root(post)).collect();
        comments.retain(|comment| !stands(&self.mutes, reader, comment.author));
        let value = |comment: &CommentView| i64::from(comment.likes) - i64::from(comment.dislikes);
        comments.sort_by_key(|comment| (Reverse(value(comment)), Reverse(comment.id)));
        comments.truncate(3);
        comments.sort_by_key(|comment| comment.id);
        comments
    }

    /// The newest 16 comments under a root, newest first.
    fn newest_comments(&self, root: u32) -> impl Iterator<Item = CommentView<'_>> {
        let under = move |row: &(u32, &Comment)| row.1.post == root;
        let all: Vec<(u32, &Comment)> = (1..).zip(&self.comments).filter(under).collect();
        all.into_iter().rev().take(16).map(|(id, _)| self.comment_view(id))
    }

    pub(crate) fn observe(&self, agent: u32) -> Observation<'_> {
        let found = &self.found[agent as usize];
        let shown = |post: &PostView| !stands(&self.mutes, agent, post.author);
        let quoted = |root: u32| {
            let quoted = self.post_view(self.post_view(root).quotes?);
            Some(quoted).filter(shown)
        };
        let seen_post = |post: super::Shown| SeenPost {
            post: self.post_view(post.root),
            quotes: quoted(post.root),
            reposted_by: (post.post != post.root).then(|| self.post(post.post).author),
            thread: self.thread(post.root, agent),
            again: self.seen[agent as usize].contains(&post.root),
        };
        Observation {
            agent,
            round: self.tick,
            posts: self.feed(agent).into_iter().map(seen_post).collect(),
            found: found.posts.iter().map(|&post| self.post_view(post)).filter(shown).collect(),
            found_users: found.users.iter().map(|&user| self.user_view(user)).collect(),
        }
    }

    pub(crate) fn memory(&self, agent: u32) -> Memory<'_> {
        let mine = self.done.iter().rev().filter(|(_, action)| action.agent == agent);
        let follows = self.follows.iter().rev().filter(|row| row.agent == agent && row.stands);
        Memory {
            did: mine.filter_map(|(tick, action)| self.remember(*tick, action)).take(12).collect(),
            follows: follows.map(|row| self.user_view(row.target)).take(8).collect(),
            seen: self.seen[agent as usize].iter().map(|&post| self.post_view(post)).collect(),
        }
    }

    /// A successful action as its agent remembers it; `None` if it changed nothing.
    fn remember(&self, tick: u32, action: &Action) -> Option<Done<'_>> {
        let post = |post: u32| self.post_view(self.root(post));
        let deed = match (&action.act, action.outcome.as_ref().ok()?) {
            (Act::CreatePost { .. }, &Effect::Posted { post }) => {
                Deed::Posted(self.post_view(post))
            }
            (Act::QuotePost { .. }, &Effect::Shared { post, .. }) => {
                Deed::Quoted(self.post_view(post))
            }
            (Act::CreateComment { .. }, &Effect::Commented { comment, .. }) => {
                Deed::Commented(self.comment_view(comment))
            }
            (&Act::Repost { post: id }, _) => Deed::Reposted(post(id)),
            (&Act::LikePost { post: id }, _) => Deed::Liked(post(id)),
            (&Act::UnlikePost { post: id }, _) => Deed::Unliked(post(id)),
            (&Act::DislikePost { post: id }, _) => Deed::Disliked(post(id)),
            (&Act::UndoDislikePost { post: id }, _) => Deed::UndidDislike(post(id)),
            (&Act::ReportPost { post: id, .. }, _) => Deed::Reported(post(id)),
            (&Act::LikeComment { comment }, _) => Deed::LikedComment(self.comment_view(comment)),
            (&Act::UnlikeComment { comment }, _) => {
                Deed::UnlikedComment(self.comment_view(comment))
            }
            (&Act::DislikeComment { comment }, _) => {
                Deed::DislikedComment(self.comment_view(comment))
            }
            (&Act::UndoDislikeComment { comment }, _) => {
                Deed::UndidCommentDislike(self.comment_view(comment))
            }
            (&Act::Follow { user }, _) => Deed::Followed(self.user_view(user)),
            (&Act::Unfollow { user }, _) => Deed::Unfollowed(self.user_view(user)),
            (&Act::Mute { user }, _) => Deed::Muted(self.user_view(user)),
            (&Act::Unmute { user }, _) => Deed::Unmuted(self.user_view(user)),
            _ => return None,
        };
        let agent = action.agent;
        let others = |root: u32| {
            let comments = self.newest_comments(root);
            comments.filter(|comment| {
                comment.author != agent && !stands(&self.mutes, agent, comment.author)
            })
        };
        let answer = match deed {
            Deed::Posted(post) | Deed::Quoted(post) => others(post.id).next(),
            Deed::Commented(own) => others(own.post).find(|comment| comment.parent == Some(own.id)),
            _ => None,
        };
        Some(Done { tick, deed, answer })
    }
}

fn count<T>(rows: &[T], counts: impl Fn(&T) -> bool) -> u32 {
    u32::try_from(rows.iter().filter(|row| counts(row)).count()).expect("a test has fewer rows")
}
