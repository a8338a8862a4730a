//! Posts of one's own, and quotes of others.

use alloc::vec::Vec;

use super::Mind;
use super::weighing::Weighed;
use super::writing;
use crate::act::Act;
use crate::random::Purpose;
use crate::tables::DeedKind;
use crate::view::PostView;

/// No agent posts more in one round, whatever its rate.
const MOST: u32 = 2;
/// Of a million posts on Twitter, how many are quotes if there is something to quote.
const QUOTES: i64 = 200_000;
/// Draws of this module: the rate, and for each post whether it is a quote and how it takes it.
const RATE: u32 = 1;
const DRAWS: u32 = 100;

impl Mind<'_> {
    /// Posts of its own, as many as its rate says; quotes are some of them.
    pub(super) fn post(&self, posts: &[Weighed<'_>], acts: &mut Vec<Act>) {
        let most = self.times(RATE, self.traits.posts_per_hour_ppm, MOST);
        let written = self.world.tables.users.rows[self.id as usize].posts;
        let seen: Vec<PostView<'_>> = posts.iter().map(|weighed| weighed.post).collect();
        let mut quotable = posts.iter().filter(|weighed| self.would_quote(weighed));
        for number in 0..most {
            let draw = DRAWS + 4 * number;
            let quoted = if self.twitter && self.wants(Purpose::Write, draw, QUOTES) {
                quotable.next()
            } else {
                None
            };
            acts.push(match quoted {
                Some(weighed) => {
                    let post = &weighed.post;
                    let attitude = self.attitude(post.author, draw + 1);
                    let content = writing::quote(&self.speaker, written + number, post, attitude);
                    Act::QuotePost { post: post.id, content }
                }
                None => {
                    let speaker = &self.speaker;
                    let content = writing::post(speaker, written + number, &seen, &self.story);
                    Act::CreatePost { content }
                }
            });
        }
    }

    /// Whether a post is worth a quote: it is no quote itself, about what everybody talks about,
    /// and the agent has not quoted it already.
    fn would_quote(&self, weighed: &Weighed<'_>) -> bool {
        let quoted = |post: u32| {
            self.world.tables.deeds[self.id as usize].latest().any(|deed| {
                deed.kind == DeedKind::Quoted
                    && self.world.tables.posts.source(deed.id) == Some(post)
            })
        };
        let both_press = self.world.is_press(self.id) && self.world.is_press(weighed.post.author);
        weighed.post.quotes.is_none()
            && !both_press
            && (weighed.hot || weighed.post.tick == 0)
            && !quoted(weighed.post.id)
    }
}
