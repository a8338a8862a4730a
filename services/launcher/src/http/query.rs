//! What stands behind the `?` of a page's address: each parameter read strictly, all that is
//! wrong with them said at once. Names that no page knows are left alone, as everywhere.

use std::ops::RangeInclusive;

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use contract::MAX_SAFE_INTEGER;
use contract::problem::{Problem, Problems};
use contract::subject::Platform;

use crate::read_model::Include;
use crate::read_model::pages::{From, List, Mark, Part};

/// The most rows of a page.
pub(super) const MAX_LIMIT: usize = 10_000;

/// The parameters as they came.
pub(super) type Parameters = Result<Query<Vec<(String, String)>>, QueryRejection>;

/// Parameters on the way to their meanings, and what is wrong with them so far.
pub(super) struct Asked {
    fields: Vec<(String, String)>,
    problems: Vec<Problem>,
}

/// Which part of a list, as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AskedPart {
    pub(super) part: Part,
    /// The row behind which it begins, whose run is still to be compared.
    pub(super) mark: Option<Mark>,
}

impl Asked {
    pub(super) fn new(parameters: Parameters) -> Asked {
        match parameters {
            Ok(Query(fields)) => Asked { fields, problems: Vec::new() },
            Err(error) => {
                let problem = Problem::new("query", error.body_text(), "name=value&...");
                Asked { fields: Vec::new(), problems: vec![problem] }
            }
        }
    }

    /// Notes something that is wrong elsewhere.
    pub(super) fn report(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// What was read, if nothing is wrong.
    pub(super) fn close<T>(self, read: Option<T>) -> Result<T, Problems> {
        Problems::none_or(self.problems, read)
    }

    pub(super) fn platform(&mut self) -> Option<Platform> {
        let text = self.text("platform")?;
        let platform = text.parse().ok();
        if platform.is_none() {
            self.refuse("platform", &text, "twitter or reddit");
        }
        platform
    }

    /// A whole number.
    pub(super) fn number(&mut self, name: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let text = self.text(name)?;
        let digits = Some(&text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let number = digits.and_then(|text| text.parse().ok()).filter(|it| range.contains(it));
        if number.is_none() {
            let expected = format!("a whole number from {} to {}", range.start(), range.end());
            self.refuse(name, &text, &expected);
        }
        number
    }

    /// An agent, a round.
    pub(super) fn small(&mut self, name: &str) -> Option<u32> {
        let number = self.number(name, 0..=u64::from(u32::MAX))?;
        u32::try_from(number).ok()
    }

    pub(super) fn include(&mut self) -> Include {
        let mut include = Include::default();
        let Some(text) = self.text("include") else { return include };
        for word in text.split(',') {
            match word {
                "failed" => include.failed = true,
                "refresh" => include.refresh = true,
                _ => {
                    self.refuse("include", &text, "failed, refresh or failed,refresh");
                    break;
                }
            }
        }
        include
    }

    /// `limit` with either `offset` or `cursor`.
    pub(super) fn part(&mut self, list: List, default_limit: usize) -> AskedPart {
        let limit = self.limit(default_limit, MAX_LIMIT);
        let offset = self.number("offset", 0..=MAX_SAFE_INTEGER);
        let mark = self.mark(list);
        if let Some(offset) = offset
            && mark.is_some()
        {
            let offset = offset.to_string();
            self.refuse("offset", &offset, "either an offset or a cursor");
        }
        let from = match &mark {
            Some(mark) => From::Behind(mark.at),
            None => From::Offset(offset.unwrap_or(0)),
        };
        AskedPart { part: Part { from, limit }, mark }
    }

    pub(super) fn limit(&mut self, default: usize, max: usize) -> usize {
        let limit = self.number("limit", 1..=max as u64);
        limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(default)
    }

    fn mark(&mut self, list: List) -> Option<Mark> {
        let text = self.text("cursor")?;
        let mark = text.parse().ok().filter(|mark: &Mark| mark.list == list);
        if mark.is_none() {
            self.refuse("cursor", &text, CURSOR);
        }
        mark
    }

    /// The value of a parameter that may be given once.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let mut values = self.fields.iter().filter(|(key, _)| key == name).map(|(_, value)| value);
        let first = values.next()?.clone();
        let others = values.count();
        if others > 0 {
            let found = format!("it {} times", others + 1);
            self.problems.push(Problem::new(format!("?{name}"), found, "it once"));
        }
        Some(first)
    }

    /// Notes that a parameter is wrong.
    pub(super) fn refuse(&mut self, name: &str, found: &str, expected: &str) {
        self.problems.push(Problem::new(format!("?{name}"), format!("{found:?}"), expected));
    }
}

/// What a cursor has to be.
const CURSOR: &str = "the next_cursor of a page of the same list";

/// What is wrong with a cursor that does not fit to its run, or what is here of it.
pub(super) fn wrong_cursor(mark: &Mark) -> Problem {
    Problem::new("?cursor", format!("{:?}", mark.to_string()), CURSOR)
}

/// Cuts off what was read beyond `limit`, and gives the cursor for it: the place of the last row
/// that is left; `None` where nothing was cut off.
pub(super) fn cut<T>(rows: &mut Vec<T>, limit: usize, place: impl Fn(&T) -> u64) -> Option<String> {
    let more = rows.len() > limit;
    rows.truncate(limit);
    rows.last().filter(|_| more).map(|last| place(last).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(query: &str) -> Asked {
        Asked::new(Query::try_from_uri(&format!("/?{query}").parse().unwrap()))
    }

    fn problems(query: &str) -> Vec<String> {
        let mut asked = ask(query);
        asked.platform();
        asked.include();
        asked.small("round_num");
        asked.part(List::Posts, 50);
        let problems = asked.close(Some(())).err();
        problems.iter().flat_map(Problems::as_slice).map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_right_is_read_and_what_is_absent_is_as_usual() {
        let mut asked = ask("platform=reddit&include=refresh,failed&limit=7&offset=14&_=99");
        assert_eq!(asked.platform(), Some(Platform::Reddit));
        assert_eq!(asked.include(), Include { failed: true, refresh: true });
        let part = Part { from: From::Offset(14), limit: 7 };
        assert_eq!(asked.part(List::Posts, 50), AskedPart { part, mark: None });
        assert!(asked.close(Some(())).is_ok());
        let mut asked = ask("");
        assert_eq!((asked.platform(), asked.include()), (None, Include::default()));
        let part = Part { from: From::Offset(0), limit: 50 };
        assert_eq!(asked.part(List::Posts, 50), AskedPart { part, mark: None });
        let mut asked = ask("cursor=market-2.posts.1.40");
        let read = asked.part(List::Posts, 50);
        assert_eq!(read.part.from, From::Behind([1, 40]));
        assert_eq!(read.mark.unwrap().run.as_str(), "market-2");
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        assert_eq!(
            problems(
                "platform=../x&include=failed,all&round_num=1.5&limit=0&offset=-1&cursor=x&limit=3"
            ),
            [
                "?platform: found \"../x\", expected twitter or reddit",
                "?include: found \"failed,all\", expected failed, refresh or failed,refresh",
                "?round_num: found \"1.5\", expected a whole number from 0 to 4294967295",
                "?limit: found it 2 times, expected it once",
                "?limit: found \"0\", expected a whole number from 1 to 10000",
                "?offset: found \"-1\", expected a whole number from 0 to 9007199254740991",
                "?cursor: found \"x\", expected the next_cursor of a page of the same list",
            ]
        );
        assert_eq!(
            problems("cursor=market-2.posts.1.40&offset=3"),
            ["?offset: found \"3\", expected either an offset or a cursor"]
        );
        for query in [
            "limit=",
            "limit=abc",
            "limit=10001",
            "limit=+5",
            "limit=1e3",
            "include=",
            "cursor=market-2.actions.1.40",
            "cursor=market.posts.1.40",
            "offset=99999999999999999999",
        ] {
            assert_eq!(problems(query).len(), 1, "{query}");
        }
    }
}
