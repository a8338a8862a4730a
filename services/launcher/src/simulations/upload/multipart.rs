//! `multipart/form-data` (RFC 7578) of a body that is there as a whole.

use contract::problem::Problem;

use super::PLACE;

/// The most bytes of a part's headers.
const MAX_HEADER_BYTES: usize = 8 << 10;

/// One part of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    /// The name of the field.
    pub(super) name: String,
    /// The name of the file, where it is one; empty where nobody chose one.
    pub(super) file_name: Option<String>,
    /// Empty where it is not said.
    pub(super) content_type: String,
    pub(super) bytes: &'a [u8],
}

/// The parts of a body, at most `most`.
///
/// # Errors
/// What is wrong with it, the first of it: what comes behind would be a guess.
pub(super) fn parts<'a>(
    body: &'a [u8],
    boundary: &str,
    most: usize,
) -> Result<Vec<Part<'a>>, Problem> {
    let line = format!("--{boundary}");
    let delimiter = format!("\r\n{line}");
    let mut rest = body.strip_prefix(line.as_bytes()).ok_or_else(|| {
        broken("no boundary where it begins", "the boundary that the content type names")
    })?;
    let mut parts = Vec::new();
    loop {
        if rest.starts_with(b"--") {
            return Ok(parts);
        }
        if parts.len() == most {
            let found = format!("more than {most} parts");
            return Err(broken(&found, &format!("at most {most} (limit max_entries)")));
        }
        let number = parts.len() + 1;
        rest = rest.strip_prefix(b"\r\n").ok_or_else(|| ends_early(number))?;
        let head_end = find(rest, b"\r\n\r\n").filter(|end| *end <= MAX_HEADER_BYTES);
        let head_end = head_end.ok_or_else(|| {
            let expected = format!("headers of at most {MAX_HEADER_BYTES} bytes, and a blank line");
            broken(&format!("no end of the headers of part {number}"), &expected)
        })?;
        let (head, content) = (&rest[..head_end], &rest[head_end + 4..]);
        let end = find(content, delimiter.as_bytes()).ok_or_else(|| ends_early(number))?;
        parts.push(part(head, &content[..end], number)?);
        rest = &content[end + delimiter.len()..];
    }
}

fn broken(found: &str, expected: &str) -> Problem {
    Problem::new(PLACE, format!("a form with {found}"), expected)
}

fn ends_early(number: usize) -> Problem {
    let found = format!("no boundary behind part {number}");
    broken(&found, "all of it: it seems to end early")
}

/// Where `needle` is in `bytes`.
fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

fn part<'a>(head: &[u8], bytes: &'a [u8], number: usize) -> Result<Part<'a>, Problem> {
    let refuse = |what: &str| {
        let expected = "content-disposition: form-data; name=\"...\", with filename=\"...\" of a \
                        file, in UTF-8";
        broken(&format!("{what} in part {number}"), expected)
    };
    let head = std::str::from_utf8(head).map_err(|_| refuse("headers that are not UTF-8"))?;
    let header = |name: &str| {
        let lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
        let mut values = lines.filter(|(key, _)| key.trim().eq_ignore_ascii_case(name));
        values.next().map(|(_, value)| value.trim())
    };
    let disposition = header("content-disposition").unwrap_or_default();
    let fields = disposition.strip_prefix("form-data").and_then(parameters);
    let fields = fields.ok_or_else(|| refuse("no content-disposition of a form"))?;
    let field =
        |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    Ok(Part {
        name: field("name").ok_or_else(|| refuse("no name"))?,
        file_name: field("filename"),
        content_type: header("content-type").unwrap_or_default().to_owned(),
        bytes,
    })
}

/// The parameters of a header's value: `; a=b; c="d"`. In quotes `\"` is a quote, and any other
/// backslash one itself, as programs write names of files. `None` where it is none of that.
pub(super) fn parameters(text: &str) -> Option<Vec<(String, String)>> {
    let mut found = Vec::new();
    let mut rest = text.trim_start_matches([' ', '\t', ';']);
    while !rest.is_empty() {
        let (name, value) = rest.split_once('=')?;
        let (value, behind) = match value.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let end = value.find(';').unwrap_or(value.len());
                (value[..end].trim().to_owned(), &value[end..])
            }
        };
        found.push((name.trim().to_ascii_lowercase(), value));
        let behind = behind.trim_start();
        if !behind.is_empty() && !behind.starts_with(';') {
            return None;
        }
        rest = behind.trim_start_matches([' ', '\t', ';']);
    }
    Some(found)
}

/// A text up to its quote, and what is behind that.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match (character, characters.peek()) {
            ('"', _) => return Some((value, &text[at + 1..])),
            ('\\', Some((_, '"'))) => {
                characters.next();
                value.push('"');
            }
            (plain, _) => value.push(plain),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Vec<Part<'_>>, String> {
        parts(body.as_bytes(), "xx", 3).map_err(|problem| problem.to_string())
    }

    const FILE: &str = "content-disposition: form-data; name=\"f\"; filename=\"a b.json\"";

    #[test]
    fn parts_are_read_as_they_were_sent() {
        let body = format!(
            "--xx\r\n{FILE}\r\nContent-Type: application/json\r\n\r\n{{}}\r\n--not\r\n--xx\r\n\
             Content-Disposition: form-data; name=name\r\n\r\n\r\n--xx--\r\nafterwards"
        );
        let found = read(&body).unwrap();
        let file = Part {
            name: "f".to_owned(),
            file_name: Some("a b.json".to_owned()),
            content_type: "application/json".to_owned(),
            bytes: b"{}\r\n--not",
        };
        let field = Part {
            name: "name".to_owned(),
            file_name: None,
            content_type: String::new(),
            bytes: b"",
        };
        assert_eq!(found, [file, field]);
        assert_eq!(read("--xx--"), Ok(Vec::new()));
    }

    #[test]
    fn whatever_is_no_form_is_refused() {
        let four = format!("--xx\r\n{FILE}\r\n\r\n\r\n").repeat(4) + "--xx--";
        let long = format!("--xx\r\nx: {}\r\n\r\n\r\n--xx--", "y".repeat(2 * MAX_HEADER_BYTES));
        for (body, expected) in [
            ("", "no boundary where it begins"),
            ("--xy\r\n", "no boundary where it begins"),
            ("--xx", "no boundary behind part 1"),
            ("--xx\r\n", "no end of the headers of part 1"),
            ("--xx\r\na: b\r\n\r\n\r\n--xx--", "no content-disposition of a form in part 1"),
            (&format!("--xx\r\n{FILE}\r\n\r\n{{}}"), "no boundary behind part 1"),
            (&format!("--xx\r\n{FILE}\r\n\r\n{{}}\r\n--xx"), "no boundary behind part 2"),
            (
                "--xx\r\ncontent-disposition: form-data; filename=\"x\r\n\r\n\r\n--xx--",
                "no content-disposition of a form in part 1",
            ),
            (
                "--xx\r\ncontent-disposition: form-data; filename=\"x\"\r\n\r\n\r\n--xx--",
                "no name in part 1",
            ),
            (&four, "more than 3 parts"),
            (&long, "no end of the headers of part 1"),
        ] {
            let said = read(body).unwrap_err();
            assert!(said.contains(expected), "{body:?}: {said}");
        }
    }

    #[test]
    fn parameters_are_read_with_and_without_quotes() {
        let read = |text: &str| {
            let found = parameters(text)?;
            Some(found.into_iter().map(|(name, value)| format!("{name}={value}")).collect())
        };
        let some = |texts: &[&str]| Some(texts.iter().map(|it| (*it).to_owned()).collect());
        let cases: [(&str, Option<Vec<String>>); 7] = [
            ("", some(&[])),
            (" boundary=abc", some(&["boundary=abc"])),
            ("; Name=\"a\\\"b\"; filename=\"c:\\d;e\"", some(&["name=a\"b", "filename=c:\\d;e"])),
            ("; a=b ;c=d;", some(&["a=b", "c=d"])),
            ("; a=\"b", None),
            ("; a=\"b\" c", None),
            ("; a", None),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text), expected, "{text:?}");
        }
    }
}
