//! Texts on their way to a model and back: what cannot be seen is left out, and all have a length.

/// Whether a character is left out wherever a text is shown: controls, marks that turn the
/// direction of writing, and what has no width. Joiners stay, since emoji and some scripts are
/// written with them.
pub(crate) fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Writes `text` as a JSON string: at most `most` characters, with a mark where it was cut, and
/// without what is hidden. Line ends become spaces.
pub(crate) fn push_json(out: &mut String, text: &str, most: usize) {
    out.push('"');
    let mut left = most;
    // What needs no escape is copied in runs.
    let mut run = 0;
    for (at, letter) in text.char_indices() {
        let hidden = !matches!(letter, ' '..='~') && is_hidden(letter);
        let shown = !hidden || letter.is_whitespace();
        if left == 0 && shown {
            out.push_str(&text[run..at]);
            out.push_str("…\"");
            return;
        }
        let escape = match letter {
            '"' => "\\\"",
            '\\' => "\\\\",
            _ if !hidden => {
                left -= 1;
                continue;
            }
            _ if letter.is_whitespace() => " ",
            _ => "",
        };
        left -= usize::from(!escape.is_empty());
        out.push_str(&text[run..at]);
        out.push_str(escape);
        run = at + letter.len_utf8();
    }
    out.push_str(&text[run..]);
    out.push('"');
}

/// `text` in one line of at most `most` bytes, without what is hidden, with a mark where it was
/// cut.
pub(crate) fn line(text: &str, most: usize) -> String {
    /// How many bytes the mark has.
    const MARK: usize = '…'.len_utf8();
    let mut line = String::new();
    let mut gap = false;
    for letter in text.chars() {
        if letter.is_whitespace() {
            gap = !line.is_empty();
            continue;
        }
        if is_hidden(letter) {
            continue;
        }
        if line.len() + usize::from(gap) + letter.len_utf8() > most {
            while line.len() + MARK > most && line.pop().is_some() {}
            line.truncate(line.trim_end().len());
            line.push('…');
            return line;
        }
        if std::mem::take(&mut gap) {
            line.push(' ');
        }
        line.push(letter);
    }
    line
}

/// What a model wrote, as it may enter a world or an answer: line ends and tabs stay, what else is
/// hidden does not; blanks around it do not either.
pub(crate) fn written(text: &str) -> String {
    let stays = |letter: char| matches!(letter, '\n' | '\t') || !is_hidden(letter);
    let text = text.trim();
    match text.chars().all(stays) {
        true => text.to_owned(),
        false => text.chars().filter(|letter| stays(*letter)).collect::<String>().trim().to_owned(),
    }
}

/// The beginning of `text` that has at most `most` bytes.
pub(crate) fn head(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str, most: usize) -> String {
        let mut out = String::new();
        push_json(&mut out, text, most);
        out
    }

    #[test]
    fn a_text_stays_within_its_string() {
        for (text, most, expected) in [
            ("plain", 9, r#""plain""#),
            ("", 9, r#""""#),
            (r#"a"},{"b\"#, 99, r#""a\"},{\"b\\""#),
            ("two\r\nlines\tand\u{85}\u{2028}more", 99, "\"two  lines and  more\""),
            ("evil\u{202e}txt\u{200b}\u{7}\u{feff}\u{e0041}", 99, "\"eviltxt\""),
            ("渡轮👩\u{200d}🔧", 99, "\"渡轮👩\u{200d}🔧\""),
            ("渡轮停运", 2, "\"渡轮…\""),
            ("渡轮", 2, "\"渡轮\""),
            ("ab\u{7}", 2, "\"ab\""),
            ("\"\"\"", 2, r#""\"\"…""#),
        ] {
            let found = json(text, most);
            assert_eq!(found, expected, "{text:?}");
            let read: String = serde_json::from_str(&found).unwrap();
            assert!(read.chars().count() <= most + 1, "{read:?}");
        }
    }

    #[test]
    fn a_line_is_one_and_ends() {
        for (text, most, expected) in [
            ("  two\n  lines\u{202e} ", 99, "two lines"),
            ("exactly", 7, "exactly"),
            ("too much", 7, "too…"),
            ("渡轮停运", 9, "渡轮…"),
            ("渡轮停", 9, "渡轮停"),
            ("", 3, ""),
        ] {
            assert_eq!(line(text, most), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_written_keeps_its_lines() {
        assert_eq!(written(" one\n\ttwo\u{0}\u{202d} \n"), "one\n\ttwo");
        assert_eq!(written("\u{200b} "), "");
        assert_eq!(head("渡轮", 4), "渡");
        assert_eq!(head("ab", 4), "ab");
    }
}
