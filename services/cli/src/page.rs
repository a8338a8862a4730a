//! Long lists by pages. Pure.

use clap::Args;
use serde::Serialize;

use crate::output::{Paint, count};

/// Which part of a list.
#[derive(Clone, Copy, Debug, Args)]
pub struct Page {
    /// Show at most this many
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
    /// Leave out this many at the beginning of the list
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub offset: u32,
}

/// A part of a list, and where it stands in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Paged<T> {
    /// How many there are in all.
    pub total: usize,
    /// How many were left out before these.
    pub offset: usize,
    /// These.
    pub items: Vec<T>,
}

impl Page {
    /// The part of `all` that is on this page.
    pub fn cut<T>(self, all: Vec<T>) -> Paged<T> {
        let number = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        let (total, offset) = (all.len(), number(self.offset));
        let items = all.into_iter().skip(offset).take(number(self.limit)).collect();
        Paged { total, offset, items }
    }
}

impl<T> Paged<T> {
    /// What to say below the page, if there is more than stands on it.
    pub fn rest(&self, paint: Paint) -> Option<String> {
        if self.items.len() == self.total {
            return None;
        }
        let number = |n: usize| count(u64::try_from(n).unwrap_or(u64::MAX));
        let end = self.offset.saturating_add(self.items.len());
        let text = match (self.items.is_empty(), end < self.total) {
            (true, _) => format!("there are only {}: take a smaller --offset", number(self.total)),
            (false, more) => {
                let next = if more { format!("; next: --offset {end}") } else { String::new() };
                let (first, last) = (number(self.offset + 1), number(end));
                format!("{first} to {last} of {}{next}", number(self.total))
            }
        };
        Some(paint.dim(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_where_the_next_one_begins() {
        let page = |limit, offset| Page { limit, offset }.cut((0..45).collect::<Vec<u32>>());
        let rest = |limit, offset| page(limit, offset).rest(Paint::PLAIN);
        assert_eq!(page(20, 20).items, (20..40).collect::<Vec<u32>>());
        assert_eq!(rest(20, 0).unwrap(), "1 to 20 of 45; next: --offset 20");
        assert_eq!(rest(20, 40).unwrap(), "41 to 45 of 45");
        assert_eq!(rest(20, 60).unwrap(), "there are only 45: take a smaller --offset");
        assert_eq!(rest(45, 0), None);
        assert_eq!(Page { limit: 5, offset: 0 }.cut(Vec::<u8>::new()).rest(Paint::PLAIN), None);
    }
}
