//! Lists as Python writes them, `[]`, `[32, 5]` or `['one', "it's"]`: OASIS has such cells in
//! its CSV files.

/// The whole numbers of a list; one that no `i64` holds is as good as the largest.
///
/// # Errors
/// The character, from 1, at which `cell` stops being such a list.
pub fn integers(cell: &str) -> Result<Vec<i64>, usize> {
    list(cell, integer)
}

/// The texts of a list. Escapes are `\n`, `\r`, `\t`, `\\`, `\'`, `\"`, `\xNN`, `\uNNNN` and
/// `\UNNNNNNNN`, which are all that Python writes.
///
/// # Errors
/// The character, from 1, at which `cell` stops being such a list; of a text that does not
/// end, its quote.
pub fn texts(cell: &str) -> Result<Vec<String>, usize> {
    list(cell, text)
}

/// What reads an element; its error is the byte that it stopped at.
type Element<T> = fn(&mut Cursor<'_>) -> Result<T, usize>;

fn list<T>(cell: &str, element: Element<T>) -> Result<Vec<T>, usize> {
    let mut cursor = Cursor { cell, at: 0 };
    elements(&mut cursor, element).map_err(|at| cell[..at].chars().count() + 1)
}

/// A blank cell and `None` are lists without elements.
fn elements<T>(cursor: &mut Cursor<'_>, element: Element<T>) -> Result<Vec<T>, usize> {
    if matches!(cursor.cell.trim(), "" | "None") {
        return Ok(Vec::new());
    }
    let mut elements = Vec::new();
    cursor.expect('[')?;
    while !cursor.take(']') {
        elements.push(element(cursor)?);
        if !cursor.take(',') {
            cursor.expect(']')?;
            break;
        }
    }
    cursor.skip_blanks();
    if cursor.rest().is_empty() { Ok(elements) } else { Err(cursor.at) }
}

fn integer(cursor: &mut Cursor<'_>) -> Result<i64, usize> {
    cursor.skip_blanks();
    let (start, rest) = (cursor.at, cursor.rest());
    let sign = usize::from(rest.starts_with('-'));
    let digits = rest[sign..].bytes().take_while(u8::is_ascii_digit).count();
    let has_leading_zero = digits > 1 && rest[sign..].starts_with('0');
    if digits == 0 || has_leading_zero {
        return Err(start);
    }
    cursor.at += sign + digits;
    Ok(rest[..sign + digits].parse().unwrap_or(i64::MAX))
}

fn text(cursor: &mut Cursor<'_>) -> Result<String, usize> {
    cursor.skip_blanks();
    let start = cursor.at;
    let quote = cursor.next().filter(|quote| matches!(quote, '\'' | '"')).ok_or(start)?;
    let mut text = String::new();
    loop {
        let at = cursor.at;
        match cursor.next() {
            None | Some('\n') => return Err(start),
            Some('\\') => text.push(escaped(cursor).ok_or(at)?),
            Some(end) if end == quote => return Ok(text),
            Some(plain) => text.push(plain),
        }
    }
}

/// The character that stands behind a backslash.
fn escaped(cursor: &mut Cursor<'_>) -> Option<char> {
    match cursor.next()? {
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        itself @ ('\\' | '\'' | '"') => Some(itself),
        'x' => cursor.character(2),
        'u' => cursor.character(4),
        'U' => cursor.character(8),
        _ => None,
    }
}

/// A place in a cell.
struct Cursor<'a> {
    cell: &'a str,
    /// In bytes, never within a character.
    at: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a str {
        &self.cell[self.at..]
    }

    fn next(&mut self) -> Option<char> {
        let next = self.rest().chars().next()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn skip_blanks(&mut self) {
        self.at = self.cell.len() - self.rest().trim_start().len();
    }

    /// Whether `sign` comes next, behind blanks; if so, it is behind the cursor now.
    fn take(&mut self, sign: char) -> bool {
        self.skip_blanks();
        let taken = self.rest().starts_with(sign);
        if taken {
            self.at += sign.len_utf8();
        }
        taken
    }

    fn expect(&mut self, sign: char) -> Result<(), usize> {
        if self.take(sign) { Ok(()) } else { Err(self.at) }
    }

    /// The character whose number is written in as many hexadecimal digits.
    fn character(&mut self, digits: usize) -> Option<char> {
        let written = self.rest().get(..digits)?;
        if !written.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        self.at += digits;
        char::from_u32(u32::from_str_radix(written, 16).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for nothing in ["", "  ", "None", "[]", " [ ]\n"] {
            assert_eq!(
                (integers(nothing), texts(nothing)),
                (Ok(vec![]), Ok(vec![])),
                "{nothing:?}"
            );
        }
        assert_eq!(integers("[32]"), Ok(vec![32]));
        assert_eq!(integers(" [ 32 ,5,\n0, -7, ] "), Ok(vec![32, 5, 0, -7]));
        let large = [i64::MAX, i64::MAX, i64::MIN];
        assert_eq!(
            integers(&format!("[{}, 9{}, {}]", large[0], large[1], large[2])),
            Ok(large.to_vec())
        );
    }

    #[test]
    fn words() {
        let written = r#"['text', "it's", 'with \'quote\' and \n', "\"\t\\\r", '', '[1, 2],']"#;
        let expected = ["text", "it's", "with 'quote' and \n", "\"\t\\\r", "", "[1, 2],"];
        assert_eq!(texts(written), Ok(expected.map(str::to_owned).to_vec()));
        let coded = r"['\xe9\u706f\U0001f3ee', '灯',]";
        assert_eq!(texts(coded), Ok(vec!["é灯🏮".to_owned(), "灯".to_owned()]));
    }

    #[test]
    fn anything_else_names_its_character() {
        let no_numbers = [
            ("32", 1),
            ("[", 2),
            ("[1", 3),
            ("[1 2]", 4),
            ("[1, , 2]", 5),
            ("[,]", 2),
            ("[1, x]", 5),
            ("[1.0]", 3),
            ("[-]", 2),
            ("[007]", 2),
            ("['1']", 2),
            ("[[1]]", 2),
            ("[1]]", 4),
            ("[True]", 2),
            ("(1, 2)", 1),
            ("Nonesuch", 1),
        ];
        for (cell, at) in no_numbers {
            assert_eq!(integers(cell), Err(at), "{cell}");
        }
        let no_texts = [
            ("['灯', 1]", 7),
            ("['灯', 'b]", 7),
            ("['a\nb']", 2),
            ("['a' 'b']", 6),
            (r"['灯\d']", 4),
            (r"['\x4']", 3),
            (r"['\x+1']", 3),
            (r"['\u灯灯灯灯']", 3),
            (r"['\ud83d']", 3),
            (r"['\U00110000']", 3),
            (r"['\", 3),
            (r"[b'a']", 2),
            ("['a'", 5),
        ];
        for (cell, at) in no_texts {
            assert_eq!(texts(cell), Err(at), "{cell}");
        }
    }
}
