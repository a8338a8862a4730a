//! `twitter_profiles.csv`: a header, then one line per agent.

use std::collections::BTreeMap;

use contract::door::Door;
use contract::problem::shorten;
use contract::spec::Profile;
use csv::{ReaderBuilder, StringRecord};

use crate::findings::Findings;
use crate::profiles::{NOBODY, Row, by_agent, check_count};
use crate::reading::{Reading, is_blank, number_in};
use crate::{Limits, TWITTER_FILE, encoding, python};

/// The columns that have to be there, in any order among others; each with the names that it
/// has in files that MiroFish writes while it is at it.
const REQUIRED: [(&str, &[&str]); 4] = [
    ("name", &[]),
    ("username", &["user_name"]),
    ("user_char", &["persona"]),
    ("description", &["bio"]),
];
/// Those that may be there.
const OPTIONAL: [&str; 9] = [
    "user_id",
    FOLLOWEES,
    PAST_POSTS,
    "age",
    "gender",
    "mbti",
    "country",
    "profession",
    "interested_topics",
];
const FOLLOWEES: &str = "following_agentid_list";
const PAST_POSTS: &str = "previous_tweets";
/// Those that nobody here reads, and nobody misses.
const DESCRIPTIVE: [&str; 5] =
    ["friend_count", "follower_count", "statuses_count", "created_at", "karma"];
/// How pandas writes that a cell is empty.
const NO_VALUE: [&str; 6] = ["nan", "NaN", "None", "null", "NULL", "<NA>"];

/// Reads the profiles: UTF-8 with or without a byte order mark, comma, RFC 4180 quotes (line
/// ends within them count as text), lines that end in CRLF or LF.
///
/// | column | becomes | blank |
/// |---|---|---|
/// | `username` (or `user_name`) | handle | a problem |
/// | `name` | name | the handle |
/// | `description` (or `bio`) | bio | the name |
/// | `user_char` (or `persona`) | persona | the name |
/// | `user_id` (may be absent) | see `profiles` | not there |
/// | `following_agentid_list` (may be absent) | follows, see `profiles` | none |
/// | `previous_tweets` (may be absent) | past posts, oldest first; see `profiles` | none |
///
/// | `age`, `gender`, `mbti`, `country`, `profession` (may be absent) | as they are | unknown |
/// | `interested_topics` (may be absent) | what the agent cares about | none |
/// | `friend_count`, `follower_count`, `statuses_count`, `created_at`, `karma` | not read | |
///
/// Columns with several things hold lists as `python` reads them, in OASIS's own data, whose
/// first column has no name; it is an index and not read. `nan`, `None`, `null` and their like
/// are blank, as pandas has it.
pub(crate) fn read(
    bytes: &[u8],
    agents: Option<usize>,
    limits: &Limits,
    findings: &mut Findings,
) -> Vec<Profile> {
    let door = Door::new(TWITTER_FILE);
    let mut reading = Reading::new(&door, limits);
    let rows = encoding::text(bytes, &door).and_then(|text| {
        // With plain line ends, so that csv counts lines as editors do.
        read_rows(&mut reading, &text.replace("\r\n", "\n").replace('\r', "\n"))
    });
    if let Some(rows) = &rows {
        check_count(rows.len(), agents, &door);
    }
    let (profiles, order) = by_agent(rows.unwrap_or_default(), TWITTER_FILE);
    let mut notes = reading.notes(TWITTER_FILE);
    notes.extend(order);
    findings.absorb(door, notes);
    profiles
}

/// Where the columns are in a line.
struct Columns {
    count: usize,
    /// By the names that REQUIRED and OPTIONAL have for them: where, and the name in the header.
    places: BTreeMap<&'static str, (usize, &'static str)>,
}

/// The rows; `None` where the header or too many rows are reported instead.
fn read_rows(reading: &mut Reading<'_>, text: &str) -> Option<Vec<Row>> {
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    // What is read is text in memory, so that reading it cannot fail.
    let columns = find_columns(reading, reader.headers().ok()?)?;
    let (mut rows, mut record, mut cells) = (Vec::new(), StringRecord::new(), columns.count);
    let most = reading.limits.max_agents;
    while reader.read_record(&mut record).is_ok_and(|more| more) {
        cells += record.len();
        if cells > reading.limits.max_values {
            let (found, expected) = reading.limits.too_many_values();
            reading.door.report("", found, &expected);
            return None;
        }
        if rows.len() == most {
            let expected = format!("at most {most} profiles (limit max_agents)");
            reading.door.report("", format!("more than {most} profiles"), &expected);
            return None;
        }
        rows.push(read_row(reading, &record, &columns, line_of(&record, text)));
    }
    Some(rows)
}

fn find_columns(reading: &mut Reading<'_>, header: &StringRecord) -> Option<Columns> {
    let at = |name: &'static str| {
        header.iter().position(|column| column.trim() == name).map(|place| (place, name))
    };
    let mut places = BTreeMap::new();
    let mut missing = Vec::new();
    for (name, aliases) in REQUIRED {
        match at(name).or_else(|| aliases.iter().find_map(|alias| at(alias))) {
            Some(place) => drop(places.insert(name, place)),
            None => missing.push(name),
        }
    }
    places.extend(OPTIONAL.into_iter().filter_map(|name| Some((name, at(name)?))));
    if !missing.is_empty() {
        let only = header.get(0).filter(|_| header.len() == 1).unwrap_or_default();
        let found = match header.iter().all(is_blank) {
            true => "no header".to_owned(),
            false if only.contains(';') => "a header with semicolons between columns".to_owned(),
            false if only.contains('\t') => "a header with tabs between columns".to_owned(),
            false => format!("no column {}", missing.join(", ")),
        };
        let names = REQUIRED.map(|(name, _)| name).join(",");
        reading.door.report("line 1", found, &format!("a header with {names}"));
        return None;
    }
    for (index, name) in header.iter().enumerate() {
        let name = name.trim();
        let twice = header.iter().take(index).any(|before| before.trim() == name);
        match name {
            "" => reading.ignore(&format!("column {}", index + 1)),
            name if twice => reading.ignore(&format!("column {} ({name} again)", index + 1)),
            _ if places.values().any(|(place, _)| *place == index)
                || DESCRIPTIVE.contains(&name) => {}
            name => reading.ignore(name),
        }
    }
    Some(Columns { count: header.len(), places })
}

fn read_row(reading: &Reading<'_>, record: &StringRecord, columns: &Columns, line: u64) -> Row {
    if record.len() != columns.count {
        let found = format!("{} fields", record.len());
        let expected = format!(
            "{} fields, as in the header (a text with a comma, a quote or a line end in it needs \
             quotes around it, and each quote its end)",
            columns.count
        );
        reading.door.report(&format!("line {line}"), found, &expected);
        return Row::default();
    }
    let field = |name: &'static str| {
        let (text, name) = match columns.places.get(name) {
            Some((place, written)) => (record.get(*place).unwrap_or_default(), *written),
            None => ("", name),
        };
        let text = if NO_VALUE.contains(&text.trim()) { "" } else { text };
        Cell { reading, line, name, text }
    };
    let username = field("username");
    if is_blank(username.text) {
        username.report("an empty text", "a handle");
    }
    let user_id = Some(field("user_id").text).filter(|id| !is_blank(id));
    Row {
        user_id: user_id.map(|id| number_in(id).unwrap_or(NOBODY)),
        followees: field(FOLLOWEES).followees(),
        profile: Profile {
            user_name: username.cleaned(),
            name: field("name").cleaned(),
            bio: field("description").cleaned(),
            persona: field("user_char").cleaned(),
            age: field("age").age(),
            gender: field("gender").known(),
            mbti: field("mbti").known(),
            country: field("country").known(),
            profession: field("profession").known(),
            interested_topics: field("interested_topics").topics(),
            past_posts: field(PAST_POSTS).posts(),
            ..Profile::default()
        },
    }
}

/// A field of a line.
struct Cell<'a> {
    reading: &'a Reading<'a>,
    line: u64,
    /// Of its column.
    name: &'static str,
    text: &'a str,
}

impl Cell<'_> {
    fn report(&self, found: impl AsRef<str>, expected: &str) {
        self.reading.door.report(&format!("line {}, {}", self.line, self.name), found, expected);
    }

    fn cleaned(&self) -> String {
        self.clean(self.text).unwrap_or_default()
    }

    fn clean(&self, text: &str) -> Option<String> {
        self.reading.cleaned(text, |found, expected| self.report(found, expected))
    }

    fn known(&self) -> Option<String> {
        Some(self.cleaned()).filter(|text| !is_blank(text))
    }

    fn age(&self) -> Option<u32> {
        if is_blank(self.text) {
            return None;
        }
        let age = number_in(self.text).and_then(|age| u32::try_from(age).ok());
        let age = age.filter(|age| *age <= 1000);
        if age.is_none() {
            let found = format!("the text {:?}", shorten(self.text, 60));
            self.report(found, "a whole number from 0 to 1000");
        }
        age
    }

    /// The ids of whom an agent follows, whether or not there is anybody.
    fn followees(&self) -> Vec<i64> {
        self.list(python::integers(self.text), "agents' ids as Python lists them, e.g. [3, 5]")
    }

    fn posts(&self) -> Vec<String> {
        let expected = "texts as Python lists them, e.g. ['one', \"it's two\"]";
        let posts = self.list(python::texts(self.text), expected);
        posts.iter().filter_map(|post| self.clean(post)).collect()
    }

    fn topics(&self) -> Vec<String> {
        let topics = self.posts().into_iter().filter(|topic| !is_blank(topic));
        topics.map(|topic| topic.trim().to_owned()).collect()
    }

    fn list<T>(&self, read: Result<Vec<T>, usize>, expected: &str) -> Vec<T> {
        read.unwrap_or_else(|at| {
            let found = format!("{:?}, wrong at character {at}", shorten(self.text, 60));
            self.report(found, expected);
            Vec::new()
        })
    }
}

/// The line on which a record begins, from 1; csv counts from the blank lines before it.
fn line_of(record: &StringRecord, text: &str) -> u64 {
    let Some(position) = record.position() else { return 1 };
    let start = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let rest = text.as_bytes().get(start..).unwrap_or_default();
    position.line() + rest.iter().take_while(|byte| **byte == b'\n').count() as u64
}
