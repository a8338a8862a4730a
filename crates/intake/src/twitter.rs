//! `twitter_profiles.csv`: a header, then one line per agent.

use contract::door::Door;
use contract::problem::shorten;
use contract::spec::Profile;
use csv::{ReaderBuilder, StringRecord};

use crate::findings::Findings;
use crate::profiles::{NOBODY, Row, by_agent, check_count};
use crate::reading::{Reading, is_blank};
use crate::{Limits, TWITTER_FILE, json, python};

/// The columns that have to be there, in any order among others.
const REQUIRED: [&str; 4] = ["name", "username", "user_char", "description"];
/// Those that may be there.
const OPTIONAL: [&str; 3] = ["user_id", FOLLOWEES, PAST_POSTS];
const FOLLOWEES: &str = "following_agentid_list";
const PAST_POSTS: &str = "previous_tweets";

/// Reads the profiles: UTF-8 with or without a byte order mark, comma, RFC 4180 quotes (line
/// ends within them count as text), lines that end in CRLF or LF.
///
/// | column | becomes | blank |
/// |---|---|---|
/// | `username` | handle | a problem |
/// | `name` | name | the handle |
/// | `description` | bio | the name |
/// | `user_char` | persona | the name |
/// | `user_id` (may be absent) | see `profiles` | not there |
/// | `following_agentid_list` (may be absent) | follows, see `profiles` | none |
/// | `previous_tweets` (may be absent) | past posts, oldest first; see `profiles` | none |
///
/// The last two hold lists as `python` reads them, in OASIS's own data, whose first column has
/// no name; it is an index and not read.
pub(crate) fn read(
    bytes: &[u8],
    agents: Option<usize>,
    limits: &Limits,
    findings: &mut Findings,
) -> Vec<Profile> {
    let door = Door::new(TWITTER_FILE);
    let mut reading = Reading::new(&door, limits);
    let rows = text(bytes, &door).and_then(|text| read_rows(&mut reading, &text));
    if let Some(rows) = &rows {
        check_count(rows.len(), agents, &door);
    }
    let (profiles, order) = by_agent(rows.unwrap_or_default(), TWITTER_FILE);
    let mut notes = reading.notes(TWITTER_FILE);
    notes.extend(order);
    findings.absorb(door, notes);
    profiles
}

/// The file's text with plain line ends, so that csv counts lines as editors do.
fn text(bytes: &[u8], door: &Door) -> Option<String> {
    let bytes = json::without_mark(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text.replace("\r\n", "\n").replace('\r', "\n")),
        Err(error) => {
            let line = bytes[..error.valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
            door.report(&format!("line {line}"), "bytes that are no text", "UTF-8");
            None
        }
    }
}

/// Where the columns are in a line.
struct Columns {
    count: usize,
    user_id: Option<usize>,
    followees: Option<usize>,
    past_posts: Option<usize>,
    name: usize,
    username: usize,
    user_char: usize,
    description: usize,
}

/// The rows; `None` where the header or too many rows are reported instead.
fn read_rows(reading: &mut Reading<'_>, text: &str) -> Option<Vec<Row>> {
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    // What is read is text in memory, so that reading it cannot fail.
    let columns = find_columns(reading, reader.headers().ok()?)?;
    let (mut rows, mut record) = (Vec::new(), StringRecord::new());
    let most = reading.limits.max_agents;
    while reader.read_record(&mut record).is_ok_and(|more| more) {
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
    let at = |name: &str| header.iter().position(|column| column == name);
    let missing: Vec<&str> = REQUIRED.into_iter().filter(|name| at(name).is_none()).collect();
    if !missing.is_empty() {
        let found = format!("no column {}", missing.join(", "));
        let expected = format!("a header with {}", REQUIRED.join(", "));
        reading.door.report("line 1", found, &expected);
    }
    for (index, name) in header.iter().enumerate() {
        match name {
            "" => reading.ignore(&format!("column {}", index + 1)),
            name if REQUIRED.contains(&name) || OPTIONAL.contains(&name) => {}
            name => reading.ignore(name),
        }
    }
    Some(Columns {
        count: header.len(),
        user_id: at("user_id"),
        followees: at(FOLLOWEES),
        past_posts: at(PAST_POSTS),
        name: at("name")?,
        username: at("username")?,
        user_char: at("user_char")?,
        description: at("description")?,
    })
}

fn read_row(reading: &Reading<'_>, record: &StringRecord, columns: &Columns, line: u64) -> Row {
    if record.len() != columns.count {
        let found = format!("{} fields", record.len());
        let expected = format!("{} fields, as in the header", columns.count);
        reading.door.report(&format!("line {line}"), found, &expected);
        return Row::default();
    }
    let field = |column: usize, name: &'static str| {
        let text = record.get(column).unwrap_or_default();
        Cell { reading, line, name, text }
    };
    let username = field(columns.username, "username");
    if is_blank(username.text) {
        username.report("an empty text", "a handle");
    }
    let user_id = columns.user_id.map(|column| field(column, "user_id").text.trim());
    let followees = columns.followees.map(|column| field(column, FOLLOWEES).followees());
    let past_posts = columns.past_posts.map(|column| field(column, PAST_POSTS).posts());
    Row {
        user_id: user_id.filter(|id| !id.is_empty()).map(|id| id.parse().unwrap_or(NOBODY)),
        followees: followees.unwrap_or_default(),
        profile: Profile {
            user_name: username.cleaned(),
            name: field(columns.name, "name").cleaned(),
            bio: field(columns.description, "description").cleaned(),
            persona: field(columns.user_char, "user_char").cleaned(),
            past_posts: past_posts.unwrap_or_default(),
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

    /// The ids of whom an agent follows, whether or not there is anybody.
    fn followees(&self) -> Vec<i64> {
        self.list(python::integers(self.text), "agents' ids as Python lists them, e.g. [3, 5]")
    }

    fn posts(&self) -> Vec<String> {
        let expected = "texts as Python lists them, e.g. ['one', \"it's two\"]";
        let posts = self.list(python::texts(self.text), expected);
        posts.iter().filter_map(|post| self.clean(post)).collect()
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
