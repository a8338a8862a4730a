//! Lines that are too long for the screen. Pure.

use contract::id::Digest;

use crate::output::{columns_of, visible};

/// Columns that are left for text, however far in it stands and narrow the screen is.
const NARROWEST: usize = 20;

/// Hex digits of a digest that tell it from others at a glance.
const DIGITS: usize = 12;

/// A line, broken between words where it has more than `width` columns; what is broken off
/// stands `indent` columns in. A word that fits on no line, or a text that has no blanks,
/// is broken where the line ends.
pub fn wrap(line: &str, width: usize, indent: usize) -> String {
    let width = width.max(indent + NARROWEST);
    let margin = format!("\n{}", " ".repeat(indent));
    let mut wrapped = String::new();
    let (mut column, mut has_word) = (0, false);
    for piece in line.split_inclusive(' ') {
        let word = piece.trim_end_matches(' ');
        let columns = visible(word);
        let is_endless = indent + columns > width && !word.contains('\x1b');
        if has_word && !is_endless && columns > 0 && column + columns > width {
            wrapped.truncate(wrapped.trim_end_matches(' ').len());
            wrapped.push_str(&margin);
            column = indent;
        }
        if is_endless {
            for c in word.chars() {
                if column + columns_of(c) > width {
                    wrapped.push_str(&margin);
                    column = indent;
                }
                wrapped.push(c);
                column += columns_of(c);
            }
        } else {
            wrapped.push_str(word);
            column += columns;
        }
        let blanks = &piece[word.len()..];
        wrapped.push_str(blanks);
        column += blanks.len();
        has_word |= columns > 0;
    }
    wrapped
}

/// A digest for people: whole if it has room, else its beginning.
pub fn shorten_digest(digest: &Digest, room: usize) -> String {
    let digits = digest.to_string();
    if digits.len() <= room { digits } else { format!("{}…", &digits[..DIGITS]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        let line = "  round 4  Ada: posted “the lanterns stay”";
        assert_eq!(wrap(line, 42, 4), line);
        assert_eq!(wrap(line, 28, 4), "  round 4  Ada: posted “the\n    lanterns stay”");
        assert_eq!(
            wrap("  \x1b[2mround 4\x1b[0m  one two", 24, 4),
            "  \x1b[2mround 4\x1b[0m  one two"
        );
        assert_eq!(
            wrap("  \x1b[33mno news from its worker\x1b[0m", 24, 4),
            "  \x1b[33mno news from its\n    worker\x1b[0m"
        );
        assert_eq!(wrap("", 24, 4), "");
    }

    #[test]
    fn what_fits_on_no_line_is_broken_where_the_line_ends() {
        assert_eq!(
            wrap("  abcdefghijklmnopqrstuvwxyz ab", 22, 2),
            "  abcdefghijklmnopqrst\n  uvwxyz ab"
        );
        let chinese = wrap("    夜市上的灯笼一盏接一盏地亮了起来", 24, 4);
        assert_eq!(chinese, "    夜市上的灯笼一盏接一\n    盏地亮了起来");
        for text in ["words of all sizes ".repeat(20), "没有空格".repeat(40)] {
            let wrapped = wrap(&text, 37, 6);
            assert!(wrapped.lines().all(|line| visible(line) <= 37), "{wrapped}");
            let letters = |text: &str| text.split_whitespace().collect::<String>();
            assert_eq!(letters(&wrapped), letters(&text));
        }
    }

    #[test]
    fn a_digest_is_whole_or_clearly_cut() {
        let digest = Digest::ZERO;
        assert_eq!(shorten_digest(&digest, 64), "0".repeat(64));
        assert_eq!(shorten_digest(&digest, 63), "000000000000…");
    }
}
