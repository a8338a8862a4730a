//! The state: tables as columns, a row's id being its index plus one.
//!
//! What is stored is what happened. Counters and look-ups follow from it: each `add_*` keeps
//! them beside the row, and a restored snapshot gets them by adding its rows again.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use crate::words::{self, Signature};

/// The id of the row that was added last to a column of this length.
fn id(length: usize) -> u32 {
    u32::try_from(length).expect("memory ends long before four billion rows")
}

/// The index of the row with this id; `None` for 0, which is no id.
pub(crate) fn row(id: u32) -> Option<usize> {
    (id as usize).checked_sub(1)
}

/// A column of texts, end to end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Texts {
    pub(crate) all: String,
    /// Where each text ends in `all`, in bytes.
    pub(crate) ends: Vec<u64>,
}

impl Texts {
    fn add(&mut self, text: &str) {
        self.all.push_str(text);
        self.ends.push(self.all.len() as u64);
    }

    pub(crate) fn get(&self, row: usize) -> &str {
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        let place = |end: u64| usize::try_from(end).expect("an offset into a string in memory");
        &self.all[place(start)..place(self.ends[row])]
    }
}

/// Posts and reposts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Posts {
    pub(crate) author: Vec<u32>,
    /// The original of a repost, 0 for an original. Never itself a repost.
    pub(crate) original: Vec<u32>,
    pub(crate) tick: Vec<u32>,
    /// Empty for a repost.
    pub(crate) content: Texts,
    /// Counted at originals only.
    pub(crate) likes: Vec<u32>,
    pub(crate) shares: Vec<u32>,
    pub(crate) comments: Vec<u32>,
    pub(crate) signature: Vec<Signature>,
}

impl Posts {
    pub(crate) fn count(&self) -> u32 {
        id(self.author.len())
    }

    /// The original that `post` is or shares; `None` if there is no such post.
    pub(crate) fn original(&self, post: u32) -> Option<u32> {
        match *self.original.get(row(post)?)? {
            0 => Some(post),
            original => Some(original),
        }
    }
}

/// Comments, each on an original post.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Comments {
    pub(crate) author: Vec<u32>,
    pub(crate) post: Vec<u32>,
    pub(crate) tick: Vec<u32>,
    pub(crate) content: Texts,
}

/// Likes, each of an original post.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Likes {
    pub(crate) user: Vec<u32>,
    pub(crate) post: Vec<u32>,
    pub(crate) tick: Vec<u32>,
}

/// Who follows whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Follows {
    pub(crate) follower: Vec<u32>,
    pub(crate) followee: Vec<u32>,
    pub(crate) tick: Vec<u32>,
}

/// How many of its latest posts are kept at hand for each user.
pub(crate) const LATEST: usize = 2;

/// What follows from the other tables for each user; a user's id is its index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Users {
    /// Posts written, without reposts.
    pub(crate) posts: Vec<u32>,
    pub(crate) comments: Vec<u32>,
    pub(crate) followers: Vec<u32>,
    /// Newest first, reposts included, 0 where there is none.
    pub(crate) latest: Vec<[u32; LATEST]>,
    /// Whom it follows, by id.
    pub(crate) following: Vec<Vec<u32>>,
    /// What it did to which original post, by post.
    marks: Vec<Vec<(u32, Marks)>>,
}

/// What a user has done to a post.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    pub(crate) liked: bool,
    pub(crate) reposted: bool,
    pub(crate) commented: bool,
}

impl Marks {
    pub(crate) fn any(self) -> bool {
        self != Marks::default()
    }
}

impl Users {
    fn new(count: usize) -> Users {
        Users {
            posts: vec![0; count],
            comments: vec![0; count],
            followers: vec![0; count],
            latest: vec![[0; LATEST]; count],
            following: vec![Vec::new(); count],
            marks: vec![Vec::new(); count],
        }
    }

    pub(crate) fn marks(&self, user: u32, post: u32) -> Marks {
        let marks = &self.marks[user as usize];
        match marks.binary_search_by_key(&post, |&(post, _)| post) {
            Ok(found) => marks[found].1,
            Err(_) => Marks::default(),
        }
    }

    fn marks_mut(&mut self, user: u32, post: u32) -> &mut Marks {
        let marks = &mut self.marks[user as usize];
        let place = match marks.binary_search_by_key(&post, |&(post, _)| post) {
            Ok(found) => found,
            Err(place) => {
                marks.insert(place, (post, Marks::default()));
                place
            }
        };
        &mut marks[place].1
    }

    pub(crate) fn follows(&self, follower: u32, followee: u32) -> bool {
        self.following[follower as usize].binary_search(&followee).is_ok()
    }
}

/// What a user did that it will remember.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeedKind {
    Posted = 1,
    Commented = 2,
    Liked = 3,
    Reposted = 4,
    Followed = 5,
}

impl DeedKind {
    pub(crate) fn from_byte(byte: u8) -> Option<DeedKind> {
        let kinds = [
            DeedKind::Posted,
            DeedKind::Commented,
            DeedKind::Liked,
            DeedKind::Reposted,
            DeedKind::Followed,
        ];
        kinds.into_iter().find(|&kind| kind as u8 == byte)
    }
}

/// How many deeds a user remembers.
pub(crate) const REMEMBERED: usize = 6;

/// The last deeds of each user: a ring of [`REMEMBERED`] places per user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Deeds {
    /// Deeds so far; the next goes to place `count % REMEMBERED`.
    pub(crate) count: Vec<u32>,
    pub(crate) tick: Vec<u32>,
    /// A [`DeedKind`], 0 where there is none.
    pub(crate) kind: Vec<u8>,
    /// The post or comment that was written, the post that was liked or shared, the user that
    /// was followed.
    pub(crate) id: Vec<u32>,
}

impl Deeds {
    fn new(users: usize) -> Deeds {
        let places = users * REMEMBERED;
        Deeds {
            count: vec![0; users],
            tick: vec![0; places],
            kind: vec![0; places],
            id: vec![0; places],
        }
    }

    pub(crate) fn add(&mut self, user: u32, tick: u32, kind: DeedKind, id: u32) {
        let count = &mut self.count[user as usize];
        let place = user as usize * REMEMBERED + *count as usize % REMEMBERED;
        *count = count.wrapping_add(1);
        self.tick[place] = tick;
        self.kind[place] = kind as u8;
        self.id[place] = id;
    }

    /// Tick, kind and id of a user's last deeds, newest first.
    pub(crate) fn of(&self, user: u32) -> impl Iterator<Item = (u32, DeedKind, u32)> {
        let count = self.count[user as usize] as usize;
        (count.saturating_sub(REMEMBERED)..count).rev().filter_map(move |number| {
            let place = user as usize * REMEMBERED + number % REMEMBERED;
            Some((self.tick[place], DeedKind::from_byte(self.kind[place])?, self.id[place]))
        })
    }
}

/// All tables of a world.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tables {
    pub(crate) users: Users,
    pub(crate) posts: Posts,
    pub(crate) comments: Comments,
    pub(crate) likes: Likes,
    pub(crate) follows: Follows,
    pub(crate) deeds: Deeds,
}

impl Tables {
    pub(crate) fn new(users: usize) -> Tables {
        Tables { users: Users::new(users), deeds: Deeds::new(users), ..Tables::default() }
    }

    /// Adds a post, or a repost if `original` is not 0; gives its id.
    pub(crate) fn add_post(&mut self, author: u32, original: u32, tick: u32, text: &str) -> u32 {
        let posts = &mut self.posts;
        posts.author.push(author);
        posts.original.push(original);
        posts.tick.push(tick);
        posts.content.add(text);
        posts.likes.push(0);
        posts.shares.push(0);
        posts.comments.push(0);
        posts.signature.push(words::signature(text));
        let post = posts.count();
        match row(original) {
            Some(original_row) => {
                posts.shares[original_row] += 1;
                self.users.marks_mut(author, original).reposted = true;
            }
            None => self.users.posts[author as usize] += 1,
        }
        let latest = &mut self.users.latest[author as usize];
        latest.rotate_right(1);
        latest[0] = post;
        post
    }

    /// Adds a comment on an original post; gives its id.
    pub(crate) fn add_comment(&mut self, author: u32, post: u32, tick: u32, text: &str) -> u32 {
        self.comments.author.push(author);
        self.comments.post.push(post);
        self.comments.tick.push(tick);
        self.comments.content.add(text);
        if let Some(row) = row(post) {
            self.posts.comments[row] += 1;
        }
        self.users.comments[author as usize] += 1;
        self.users.marks_mut(author, post).commented = true;
        id(self.comments.author.len())
    }

    /// Adds a like of an original post; gives its id.
    pub(crate) fn add_like(&mut self, user: u32, post: u32, tick: u32) -> u32 {
        self.likes.user.push(user);
        self.likes.post.push(post);
        self.likes.tick.push(tick);
        if let Some(row) = row(post) {
            self.posts.likes[row] += 1;
        }
        self.users.marks_mut(user, post).liked = true;
        id(self.likes.user.len())
    }

    /// Adds a follow that does not exist yet; gives its id.
    pub(crate) fn add_follow(&mut self, follower: u32, followee: u32, tick: u32) -> u32 {
        self.follows.follower.push(follower);
        self.follows.followee.push(followee);
        self.follows.tick.push(tick);
        let following = &mut self.users.following[follower as usize];
        if let Err(place) = following.binary_search(&followee) {
            following.insert(place, followee);
            self.users.followers[followee as usize] += 1;
        }
        id(self.follows.follower.len())
    }
}
