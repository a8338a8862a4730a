//! Texts, end to end.

use alloc::string::String;
use alloc::vec::Vec;

/// A column of texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Texts {
    pub(crate) all: String,
    /// Where each text ends in `all`, in bytes.
    pub(crate) ends: Vec<u64>,
}

impl Texts {
    pub(crate) fn add(&mut self, text: &str) {
        self.all.push_str(text);
        self.ends.push(self.all.len() as u64);
    }

    pub(crate) fn get(&self, row: usize) -> &str {
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        let place = |end: u64| usize::try_from(end).expect("an offset into a string in memory");
        &self.all[place(start)..place(self.ends[row])]
    }
}
