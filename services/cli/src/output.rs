//! What is printed: where to, in which colours, and made safe for a terminal.

use std::io::{self, IsTerminal, Stderr, Stdout, Write};

use rustix::io::Errno;
use rustix::termios::{Winsize, tcgetwinsize};
use serde::Serialize;

use crate::args::Color;
use crate::wrap::wrap;

/// Which of the two streams are terminals, and how many columns they have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Screens {
    /// Results go here.
    pub stdout: Option<usize>,
    /// Progress and complaints go here.
    pub stderr: Option<usize>,
}

/// Results on one stream, progress and complaints on the other.
pub struct Output<'a> {
    out: &'a mut (dyn Write + Send),
    err: &'a mut (dyn Write + Send),
    screens: Screens,
    color: Color,
}

/// Puts colours around texts, or does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paint {
    colors: bool,
}

/// Columns where nothing says how many there are.
const USUAL_WIDTH: usize = 100;

impl Screens {
    /// What these streams are connected to.
    pub fn of(stdout: &Stdout, stderr: &Stderr) -> Screens {
        let columns = |size: Winsize| match size.ws_col {
            0 => USUAL_WIDTH,
            columns => usize::from(columns),
        };
        let screen = |is_terminal: bool, size: Result<Winsize, Errno>| {
            is_terminal.then(|| size.map_or(USUAL_WIDTH, columns))
        };
        Screens {
            stdout: screen(stdout.is_terminal(), tcgetwinsize(stdout)),
            stderr: screen(stderr.is_terminal(), tcgetwinsize(stderr)),
        }
    }
}

impl<'a> Output<'a> {
    /// An output without an opinion about colours.
    pub fn new(
        out: &'a mut (dyn Write + Send),
        err: &'a mut (dyn Write + Send),
        screens: Screens,
    ) -> Output<'a> {
        Output { out, err, screens, color: Color::Auto }
    }

    /// Colours from here on as the command line says.
    pub fn set_color(&mut self, color: Color) {
        self.color = color;
    }

    /// Colours for results.
    pub fn paint(&self) -> Paint {
        self.paint_for(self.screens.stdout)
    }

    /// Colours for progress and complaints.
    pub fn paint_progress(&self) -> Paint {
        self.paint_for(self.screens.stderr)
    }

    /// True if somebody looks at the progress as it moves.
    pub fn is_watched(&self) -> bool {
        self.screens.stderr.is_some()
    }

    /// Columns that a line of a result should fit into.
    pub fn width(&self) -> usize {
        self.screens.stdout.or_else(wished_width).unwrap_or(USUAL_WIDTH)
    }

    /// Columns that a line of progress should fit into.
    pub fn progress_width(&self) -> usize {
        self.screens.stderr.unwrap_or(USUAL_WIDTH)
    }

    /// Prints a result.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn print(&mut self, text: &str) -> io::Result<()> {
        write_line(self.out, text)
    }

    /// Prints a result as one JSON document.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn print_json(&mut self, value: &impl Serialize) -> io::Result<()> {
        let json = serde_json::to_string_pretty(value)?;
        write_line(self.out, &json)
    }

    /// Prints a result as one line of JSON.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn print_json_line(&mut self, value: &impl Serialize) -> io::Result<()> {
        let json = serde_json::to_string(value)?;
        write_line(self.out, &json)
    }

    /// Says something beside the result: progress, a warning, what went wrong.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn say(&mut self, text: &str) -> io::Result<()> {
        write_line(self.err, text)
    }

    /// The same of lines that may be long: on a terminal they are broken between words.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn say_wrapped(&mut self, text: &str) -> io::Result<()> {
        let Some(width) = self.screens.stderr else { return self.say(text) };
        let lines: Vec<String> = text.lines().map(|line| wrap(line, width, 2)).collect();
        self.say(&lines.join("\n"))
    }

    /// Says what somebody is to type behind.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn prompt(&mut self, text: &str) -> io::Result<()> {
        self.err.write_all(text.as_bytes())?;
        self.err.flush()
    }

    fn paint_for(&self, screen: Option<usize>) -> Paint {
        let colors = match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
                let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
                screen.is_some() && !unwanted && !dumb
            }
        };
        Paint { colors }
    }
}

/// The columns that whoever reads our output says it has.
fn wished_width() -> Option<usize> {
    std::env::var("COLUMNS").ok()?.parse().ok().filter(|columns| *columns > 0)
}

/// One line, or several, with a line end. Flushed, since a pipe's reader waits for it.
fn write_line(stream: &mut (dyn Write + Send), text: &str) -> io::Result<()> {
    let end = if text.ends_with('\n') { "" } else { "\n" };
    stream.write_all(format!("{text}{end}").as_bytes())?;
    stream.flush()
}

impl Paint {
    /// No colours.
    pub const PLAIN: Paint = Paint { colors: false };

    /// For headings and names.
    pub fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    /// For what may be overlooked.
    pub fn dim(self, text: &str) -> String {
        self.wrap("2", text)
    }

    /// For what went well.
    pub fn green(self, text: &str) -> String {
        self.wrap("32", text)
    }

    /// For what went wrong.
    pub fn red(self, text: &str) -> String {
        self.wrap("31", text)
    }

    /// For what to look at.
    pub fn yellow(self, text: &str) -> String {
        self.wrap("33", text)
    }

    /// For what moves.
    pub fn cyan(self, text: &str) -> String {
        self.wrap("36", text)
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.colors { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// A text that others wrote, as one line of at most `max` columns.
///
/// Agents' texts come from anywhere: an escape sequence in one must not drive the terminal,
/// nor a change of direction turn the rest of the line around.
pub fn one_line(text: &str, max: usize) -> String {
    let shown: String = text.chars().filter_map(seen).collect();
    fit(&shown.split_whitespace().collect::<Vec<_>>().join(" "), max)
}

/// A character as it is shown: what drives the terminal or turns the direction is a blank, and
/// what has no width is left out. Joiners stay, since emoji and some scripts are written with them.
fn seen(c: char) -> Option<char> {
    match c {
        '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => None,
        '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Some(' '),
        c if c.is_control() => Some(' '),
        c => Some(c),
    }
}

/// As much of a text as fits into `max` columns, with a mark where it was cut.
pub(crate) fn fit(text: &str, max: usize) -> String {
    let mut used = 0;
    let mut last_with_room = 0;
    for (at, c) in text.char_indices() {
        if used + columns_of(c) > max {
            return format!("{}…", &text[..last_with_room]);
        }
        used += columns_of(c);
        // The mark takes a column of its own.
        if used < max {
            last_with_room = at + c.len_utf8();
        }
    }
    text.to_owned()
}

/// Two for the wide characters of East Asia and for pictures, as terminals have it.
pub(crate) fn columns_of(c: char) -> usize {
    match c {
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1f64f}'
        | '\u{1f900}'..='\u{1f9ff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

/// A number with its thousands apart: `12,345`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 post`, `2 posts`.
pub fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(number))
}

/// A time span, as short as it can be said: `350 ms`, `12.4 s`, `3 min 5 s`, `2 h 10 min`, `4 d 1 h`.
pub fn span(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    let two = |large: u64, unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{large} {unit}"),
        _ => format!("{large} {unit} {small} {small_unit}"),
    };
    match seconds {
        0 => format!("{milliseconds} ms"),
        1..60 => format!("{seconds}.{} s", milliseconds % 1000 / 100),
        60..3600 => two(seconds / 60, "min", seconds % 60, "s"),
        3600..86_400 => two(seconds / 3600, "h", seconds % 3600 / 60, "min"),
        _ => two(seconds / 86_400, "d", seconds % 86_400 / 3600, "h"),
    }
}

/// Rows in columns, all but the last one padded. `right`: the columns aligned to the right.
pub fn columns(rows: &[Vec<String>], right: &[usize]) -> Vec<String> {
    let width_of = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| visible(cell)).max().unwrap_or(0)
    };
    let pad = |(column, cell): (usize, &String)| {
        let blanks = " ".repeat(width_of(column).saturating_sub(visible(cell)));
        if right.contains(&column) { format!("{blanks}{cell}") } else { format!("{cell}{blanks}") }
    };
    let line = |row: &Vec<String>| {
        let cells: Vec<String> = row.iter().enumerate().map(pad).collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// The columns that a text takes; colours take none.
pub fn visible(text: &str) -> usize {
    let width = |text: &str| text.chars().map(columns_of).sum::<usize>();
    let mut parts = text.split("\x1b[");
    let first = parts.next().map_or(0, width);
    first
        + parts.filter_map(|part| part.split_once('m')).map(|(_, rest)| width(rest)).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_drive_the_terminal() {
        assert_eq!(one_line("a\x1b[2Jb\r\nc\u{202e}d\t\te", 40), "a [2Jb c d e");
        let hidden =
            "so\u{ad}ft \u{61c}m\u{200b}a\u{2060}r\u{feff}k\u{e0041}s\u{2028}and\u{2069}more";
        assert_eq!(one_line(hidden, 40), "soft marks and more");
        assert_eq!(one_line("\u{1f469}\u{200d}\u{1f4bb}", 40), "\u{1f469}\u{200d}\u{1f4bb}");
    }

    #[test]
    fn a_cut_text_fits_its_columns_mark_included() {
        let cuts = [
            ("abcdef", 6),
            ("abcdef", 5),
            ("你好世界", 8),
            ("你好世界", 7),
            ("你好世界", 6),
            ("", 0),
        ];
        let expected = ["abcdef", "abcd…", "你好世界", "你好世…", "你好…", ""];
        assert_eq!(cuts.map(|(text, max)| one_line(text, max)), expected.map(str::to_owned));
        assert_eq!(visible("\x1b[1m你好\x1b[0m a"), 6);
    }

    #[test]
    fn numbers_and_spans_read_well() {
        let numbers = [0, 7, 999, 1000, 123_456, 1_234_567];
        assert_eq!(
            numbers.map(count),
            ["0", "7", "999", "1,000", "123,456", "1,234,567"].map(str::to_owned)
        );
        assert_eq!((counted(1, "post"), counted(0, "post")), ("1 post".into(), "0 posts".into()));
        let spans = [350, 12_400, 185_000, 60_000, 7_800_000, 349_200_000];
        assert_eq!(
            spans.map(span),
            ["350 ms", "12.4 s", "3 min 5 s", "1 min", "2 h 10 min", "4 d 1 h"].map(str::to_owned)
        );
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let rows = [row(["RUN", "N", "NODE"]), row(["a-1", "12", "x"]), row(["long-2", "3", ""])];
        assert_eq!(columns(&rows, &[1]), ["RUN      N  NODE", "a-1     12  x", "long-2   3"]);
        let painted = [vec![Paint { colors: true }.red("ab"), "c".into()], row(["abc", "d", ""])];
        assert_eq!(columns(&painted, &[]), ["\x1b[31mab\x1b[0m   c", "abc  d"]);
    }

    #[test]
    fn results_and_progress_go_their_own_ways() {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let screens = Screens { stdout: Some(80), stderr: None };
        let mut output = Output::new(&mut out, &mut err, screens);
        assert_eq!((output.width(), output.progress_width()), (80, 100));
        assert!(!output.is_watched());
        output.set_color(Color::Always);
        assert_eq!(output.paint().red("x"), "\x1b[31mx\x1b[0m");
        output.set_color(Color::Never);
        assert_eq!(output.paint(), Paint::PLAIN);
        output.print("result").unwrap();
        output.print_json_line(&[1, 2]).unwrap();
        output.say("progress\n").unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "result\n[1,2]\n");
        assert_eq!(String::from_utf8(err).unwrap(), "progress\n");
    }
}
