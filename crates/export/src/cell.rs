//! Cells of CSV files.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@` (or their wide forms), a tab
//! or a line end for a formula, and a formula can fetch and send. What agents write comes from anywhere, so such a
//! text gets a `'` in front, which makes spreadsheets show it as text. So that nothing is lost,
//! a text that begins with `'` gets one too: who takes one `'` off the front of a cell that has
//! one has the text as it was.

use std::fmt::Display;

/// What begins a formula.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// A text that somebody wrote, safe for a spreadsheet.
pub(crate) fn text(text: &str) -> String {
    match text.starts_with(FORMULA) || text.starts_with('\'') {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

/// A value, or an empty cell.
pub(crate) fn optional(value: Option<impl Display>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_a_formula_and_each_can_be_had_back() {
        let texts =
            ["=1+1", "+49 30", "-5 degrees", "@ada", "\tx", "\r=1", "\n=1", "＝1", "'tis", "''"];
        for original in texts.into_iter().chain(["", "plain", "a=b", " =1", "你好"]) {
            let cell = text(original);
            assert!(!cell.starts_with(FORMULA), "{cell:?}");
            assert_eq!(cell.strip_prefix('\'').unwrap_or(&cell), original);
        }
        assert_eq!((optional(Some(3)), optional(None::<u64>)), ("3".to_owned(), String::new()));
    }
}
