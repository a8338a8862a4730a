//! What follows from the other tables for each user.

use alloc::vec;
use alloc::vec::Vec;

use crate::words::Signature;

/// The users; a user's id is its index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Users {
    pub(crate) rows: Vec<User>,
    /// Its two latest posts, newest first, reposts included, 0 where there is none. Apart from
    /// the rows: feeds look at those of many users.
    pub(crate) latest: Vec<[u32; 2]>,
    /// What it did to which root.
    marks: Vec<Marks>,
    /// What it did to which comment, by comment.
    comment_marks: Vec<Vec<CommentMark>>,
}

/// One user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct User {
    /// Originals and quotes that it wrote.
    pub(crate) posts: u32,
    pub(crate) comments: u32,
    pub(crate) followers: u32,
    /// The words of its two latest posts.
    pub(crate) said: Signature,
    pub(crate) following: Standing,
    pub(crate) muting: Standing,
}

/// Links of one user that stand: target and id of the link, by target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing(Vec<(u32, u32)>);

impl Standing {
    /// The id of the link to `target`.
    pub(crate) fn get(&self, target: u32) -> Option<u32> {
        self.place(target).ok().map(|place| self.0[place].1)
    }

    pub(crate) fn contains(&self, target: u32) -> bool {
        !self.0.is_empty() && self.place(target).is_ok()
    }

    /// Targets and ids, by target.
    pub(crate) fn as_slice(&self) -> &[(u32, u32)] {
        &self.0
    }

    /// Keeps which link to `target` stands, or that none does.
    pub(super) fn set(&mut self, target: u32, link: Option<u32>) {
        match (self.place(target), link) {
            (Ok(place), Some(link)) => self.0[place].1 = link,
            (Ok(place), None) => {
                self.0.remove(place);
            }
            (Err(place), Some(link)) => self.0.insert(place, (target, link)),
            (Err(_), None) => {}
        }
    }

    fn place(&self, target: u32) -> Result<usize, usize> {
        self.0.binary_search_by_key(&target, |&(target, _)| target)
    }
}

/// What a user has done to roots, in the order in which it came to them, and where each root
/// stands in that list, by root. Only the latter is searched and moved, so it is kept short.
#[derive(Clone, Debug, Default)]
struct Marks {
    places: Vec<(u32, u32)>,
    list: Vec<Mark>,
}

impl Marks {
    /// Roots and marks, by root.
    fn by_root(&self) -> impl Iterator<Item = (u32, Mark)> {
        self.places.iter().map(|&(root, place)| (root, self.list[place as usize]))
    }
}

/// The order in which marks came is nowhere to be seen, and is not that of a restored world.
impl PartialEq for Marks {
    fn eq(&self, other: &Marks) -> bool {
        self.by_root().eq(other.by_root())
    }
}

impl Eq for Marks {}

/// What a user has done to a root: ids of what stands, 0 where nothing does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) like: u32,
    pub(crate) dislike: u32,
    pub(crate) repost: u32,
    pub(crate) report: u32,
    /// How many comments it wrote under it.
    pub(crate) comments: u32,
}

impl Mark {
    /// Whether anything stands.
    pub(crate) fn any(&self) -> bool {
        self.like | self.dislike | self.repost | self.report | self.comments != 0
    }
}

/// What a user has done to a comment: ids of what stands, 0 where nothing does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CommentMark {
    comment: u32,
    pub(crate) like: u32,
    pub(crate) dislike: u32,
}

impl Users {
    pub(crate) fn new(count: usize) -> Users {
        Users {
            rows: vec![User::default(); count],
            latest: vec![[0; 2]; count],
            marks: vec![Marks::default(); count],
            comment_marks: vec![Vec::new(); count],
        }
    }

    /// What `user` has done to a root.
    pub(crate) fn marks(&self, user: u32, post: u32) -> Mark {
        let Marks { places, list } = &self.marks[user as usize];
        let found = places.binary_search_by_key(&post, |&(root, _)| root);
        found.map_or(Mark::default(), |found| list[places[found].1 as usize])
    }

    /// What `user` has done to a comment.
    pub(crate) fn comment_marks(&self, user: u32, comment: u32) -> CommentMark {
        let marks = &self.comment_marks[user as usize];
        let found = marks.binary_search_by_key(&comment, |mark| mark.comment);
        found.map_or(CommentMark::default(), |place| marks[place])
    }

    pub(super) fn mark(&mut self, user: u32, post: u32) -> &mut Mark {
        let Marks { places, list } = &mut self.marks[user as usize];
        let place = match places.binary_search_by_key(&post, |&(root, _)| root) {
            Ok(found) => places[found].1 as usize,
            Err(before) => {
                places.insert(before, (post, super::id(list.len())));
                list.push(Mark::default());
                list.len() - 1
            }
        };
        &mut list[place]
    }

    pub(super) fn comment_mark(&mut self, user: u32, comment: u32) -> &mut CommentMark {
        let marks = &mut self.comment_marks[user as usize];
        let place = match marks.binary_search_by_key(&comment, |mark| mark.comment) {
            Ok(found) => found,
            Err(place) => {
                marks.insert(place, CommentMark { comment, ..CommentMark::default() });
                place
            }
        };
        &mut marks[place]
    }

    pub(crate) fn follows(&self, user: u32, followee: u32) -> bool {
        self.rows[user as usize].following.contains(followee)
    }

    pub(crate) fn mutes(&self, user: u32, mutee: u32) -> bool {
        self.rows[user as usize].muting.contains(mutee)
    }
}
