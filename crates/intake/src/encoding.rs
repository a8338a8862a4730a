//! Bytes as text: UTF-8, or a problem that names what they probably are.

use contract::door::Door;

/// The file's text without the byte order mark that some editors put in front; what is no
/// UTF-8 is reported with the encoding that it looks like, and how to get rid of that.
pub(crate) fn text<'a>(bytes: &'a [u8], door: &Door) -> Option<&'a str> {
    if let Some(encoding) = wide(bytes) {
        door.report("", format!("text in {encoding}"), &utf_8_from(encoding));
        return None;
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) => {
            let line = bytes[..error.valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
            let encoding = narrow(bytes);
            let found = format!("bytes that are no UTF-8, probably {encoding}");
            door.report(&format!("line {line}"), found, &utf_8_from(encoding));
            None
        }
    }
}

fn utf_8_from(encoding: &str) -> String {
    format!("UTF-8 (save it as UTF-8, or convert it: iconv -f {encoding} -t UTF-8)")
}

/// The encoding with two or four bytes to a character that `bytes` begin like, if they do.
fn wide(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Some("UTF-32"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("UTF-16"),
        // Without a mark, the zeros beside ASCII letters tell.
        [low, 0, next, 0, ..] if low.is_ascii() && next.is_ascii() => Some("UTF-16LE"),
        [0, low, 0, next, ..] if low.is_ascii() && next.is_ascii() => Some("UTF-16BE"),
        _ => None,
    }
}

/// Which of the usual encodings with ASCII in them it is: in GB 18030 (and GBK in it) whoever
/// writes Chinese has pairs of bytes, most of them above ASCII; Latin-1 has single letters.
fn narrow(bytes: &[u8]) -> &'static str {
    let runs = bytes.split(u8::is_ascii).filter(|run| !run.is_empty());
    let (mut pairs, mut single) = (0, 0);
    for run in runs {
        *(if run.len() % 2 == 0 { &mut pairs } else { &mut single }) += 1;
    }
    if pairs > single { "GB18030" } else { "WINDOWS-1252" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_told_apart() {
        let cases: [(&[u8], &str); 7] = [
            (b"\xff\xfe{\0", "f: found text in UTF-16, "),
            (b"\xfe\xff\0{", "f: found text in UTF-16, "),
            (b"\xff\xfe\0\0{\0\0\0", "f: found text in UTF-32, "),
            (b"a\0,\0b\0", "f: found text in UTF-16LE, "),
            (b"\0a\0,\0b", "f: found text in UTF-16BE, "),
            (b"a\nb\ncaf\xe9", "f line 3: found bytes that are no UTF-8, probably WINDOWS-1252, "),
            (b"\xb4\xe5\xb1\xa8\n", "f line 1: found bytes that are no UTF-8, probably GB18030, "),
        ];
        for (bytes, expected) in cases {
            let door = Door::new("f");
            assert_eq!(text(bytes, &door), None);
            let problem = door.close(None::<()>).unwrap_err().to_string();
            assert!(problem.starts_with(expected), "{problem}");
        }
        let door = Door::new("f");
        assert_eq!(text("\u{feff}村报\0".as_bytes(), &door), Some("村报\0"));
        assert_eq!(text(b"", &door), Some(""));
        assert_eq!(door.count(), 0);
    }
}
