//! Pages: parts of lists, each read by index. A page begins after so many rows, or behind a row
//! that an earlier page ended with, which a [`Mark`] names.

pub mod actions;
pub mod agents;
pub mod rounds;
pub mod texts;

use std::fmt;
use std::str::FromStr;

use contract::chain::World;
use contract::id::RunId;
use contract::subject::Platform;
use rusqlite::Connection;

use super::keys::{natural, number_of};
use super::worlds::Known;

/// Which part of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Where it begins.
    pub from: From,
    /// At most so many rows.
    pub limit: usize,
}

/// Where a part begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// After so many rows.
    Offset(u64),
    /// Behind a row, as [`Mark::at`] has it.
    Behind([u64; 2]),
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// Rows of the whole list.
    pub total: u64,
    /// The rows.
    pub rows: Vec<T>,
    /// The last row, if there are more behind it.
    pub next: Option<[u64; 2]>,
}

/// Names a row of a list, for the page behind it: `<run>.<list>.<number>.<number>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The run.
    pub run: RunId,
    /// Which list.
    pub list: List,
    /// Where in it; what the numbers mean is the list's business.
    pub at: [u64; 2],
}

/// The lists there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// Actions: platform, seq.
    Actions,
    /// Rounds: the round, 0.
    Timeline,
    /// Agents: how many actions, agent.
    Agents,
    /// Posts: platform, id.
    Posts,
    /// Comments: platform, id.
    Comments,
}

impl List {
    const ALL: [List; 5] =
        [List::Actions, List::Timeline, List::Agents, List::Posts, List::Comments];

    fn as_str(self) -> &'static str {
        match self {
            List::Actions => "actions",
            List::Timeline => "timeline",
            List::Agents => "agents",
            List::Posts => "posts",
            List::Comments => "comments",
        }
    }
}

impl Mark {
    /// False of a row that is of another world than this.
    pub fn may_be_of(&self, platform: Platform) -> bool {
        match self.list {
            List::Actions | List::Posts | List::Comments => {
                self.at[0] == natural(number_of(platform))
            }
            List::Timeline | List::Agents => true,
        }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second] = self.at;
        write!(f, "{}.{}.{first}.{second}", self.run, self.list.as_str())
    }
}

impl FromStr for Mark {
    type Err = ();
    fn from_str(text: &str) -> Result<Mark, ()> {
        let mut tokens = text.split('.');
        let mut token = || tokens.next().ok_or(());
        let run = token()?.parse().map_err(drop)?;
        let list = token()?;
        let list = List::ALL.into_iter().find(|it| it.as_str() == list).ok_or(())?;
        let mut number = || token()?.parse().map_err(drop);
        let at = [number()?, number()?];
        match tokens.next() {
            None => Ok(Mark { run, list, at }),
            Some(_) => Err(()),
        }
    }
}

/// What is here of a run, and of its worlds those that are asked about.
#[derive(Clone, Debug)]
pub struct View {
    /// The run.
    pub run: RunId,
    worlds: Vec<(Platform, Known)>,
}

impl View {
    /// What is here of `run`: of one platform, or both.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn load(
        rows: &Connection,
        run: &RunId,
        platform: Option<Platform>,
    ) -> rusqlite::Result<View> {
        let mut worlds = Vec::new();
        for platform in Platform::ALL.into_iter().filter(|it| platform.is_none_or(|p| p == *it)) {
            let world = World { run_id: run.clone(), platform };
            worlds.extend(Known::load(rows, &world)?.map(|known| (platform, known)));
        }
        Ok(View { run: run.clone(), worlds })
    }

    /// What is wrong with its worlds, in words.
    pub fn problem(&self) -> Option<String> {
        let problems: Vec<String> = (self.worlds.iter())
            .filter_map(|(platform, known)| {
                known.problem.as_ref().map(|(why, _)| format!("{platform}: {why}"))
            })
            .collect();
        (!problems.is_empty()).then(|| problems.join("; "))
    }

    fn world(&self, platform: Platform) -> Option<&Known> {
        self.worlds.iter().find(|(it, _)| *it == platform).map(|(_, known)| known)
    }
}

/// Keeps `limit` of one row more than that; what lies behind the last one kept begins there.
fn cut<T>(
    mut rows: Vec<T>,
    limit: usize,
    at: impl Fn(&T) -> [u64; 2],
) -> (Vec<T>, Option<[u64; 2]>) {
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| has_more).map(at);
    (rows, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_it_is_written() {
        for list in List::ALL {
            let mark = Mark { run: "market-2".parse().unwrap(), list, at: [1, u64::MAX] };
            assert_eq!(mark.to_string().parse(), Ok(mark));
        }
        for bad in [
            "",
            "market-2",
            "market-2.actions.1",
            "market-2.actions.1.2.3",
            "x.actions.1.2",
            "market-2.likes.1.2",
            "market-2.actions.-1.2",
            "market-2.actions.1.x",
        ] {
            assert_eq!(bad.parse::<Mark>(), Err(()), "{bad:?}");
        }
    }

    #[test]
    fn a_page_says_where_the_next_one_begins_if_there_is_one() {
        let at = |row: &u64| [*row, 0];
        assert_eq!(cut(vec![1, 2, 3], 2, at), (vec![1, 2], Some([2, 0])));
        assert_eq!(cut(vec![1, 2], 2, at), (vec![1, 2], None));
        assert_eq!(cut(Vec::new(), 2, at), (Vec::new(), None));
    }
}
