//! JSON as models write it: fenced, with line ends in its texts, with Python's quotes, unfinished.

use serde_json::{Map, Value};

/// The object that `text` means, if it means one. What `is_cut` is not finished for it.
pub(super) fn object(text: &str, is_cut: bool) -> Option<Map<String, Value>> {
    match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => return Some(fields),
        // A text that holds a text that holds an object.
        Ok(Value::String(inner)) => return strict(&inner).or_else(|| mended(&inner, is_cut)),
        Ok(_) => return None,
        Err(_) => {}
    }
    mended(text, is_cut)
}

fn strict(text: &str) -> Option<Map<String, Value>> {
    serde_json::from_str(text).ok()
}

fn mended(text: &str, is_cut: bool) -> Option<Map<String, Value>> {
    let from = &text[text.find('{')?..];
    // What follows an object that is whole is a fence, or prose.
    let mut values = serde_json::Deserializer::from_str(from).into_iter::<Map<String, Value>>();
    if let Some(Ok(fields)) = values.next() {
        return Some(fields);
    }
    let (json, was_whole) = mend(from);
    if is_cut && !was_whole { None } else { strict(&json) }
}

/// The first object of `text` as JSON has it, and whether it was closed.
fn mend(text: &str) -> (String, bool) {
    let mut mending = Mending { out: String::with_capacity(text.len() + 8), ..Mending::default() };
    for letter in text.chars() {
        if mending.take(letter) {
            return (mending.out, true);
        }
    }
    (mending.close(), false)
}

#[derive(Default)]
struct Mending {
    out: String,
    /// What closes what is open.
    open: Vec<char>,
    /// The quote of the text that is being read.
    quote: Option<char>,
    escaped: bool,
    /// A comma that is written once something follows.
    comma: bool,
    /// A bare word that is being read.
    word: String,
}

impl Mending {
    /// Takes the next letter; true once the object is closed.
    fn take(&mut self, letter: char) -> bool {
        match self.quote {
            Some(quote) => {
                self.within_text(letter, quote);
                false
            }
            None => self.outside(letter),
        }
    }

    fn within_text(&mut self, letter: char, quote: char) {
        if std::mem::take(&mut self.escaped) {
            match letter {
                // Python's, and no escape of JSON.
                '\'' => self.out.push('\''),
                letter => self.out.extend(['\\', letter]),
            }
            return;
        }
        match letter {
            '\\' => self.escaped = true,
            letter if letter == quote => {
                self.quote = None;
                self.out.push('"');
            }
            '"' => self.out.push_str("\\\""),
            '\n' => self.out.push_str("\\n"),
            '\t' => self.out.push_str("\\t"),
            letter if letter.is_control() => {}
            letter => self.out.push(letter),
        }
    }

    fn outside(&mut self, letter: char) -> bool {
        if letter.is_alphanumeric() || matches!(letter, '_' | '-' | '+' | '.') {
            self.word.push(letter);
            return false;
        }
        self.end_word();
        match letter {
            '"' | '\'' => {
                self.begin();
                self.quote = Some(letter);
                self.out.push('"');
            }
            '{' | '[' => {
                self.begin();
                self.open.push(if letter == '{' { '}' } else { ']' });
                self.out.push(letter);
            }
            '}' | ']' => {
                self.comma = false;
                if self.open.pop() == Some(letter) {
                    self.out.push(letter);
                }
                return self.open.is_empty();
            }
            ',' => self.comma = true,
            ':' => self.out.push(':'),
            // Blanks between, and what else stands there, mean nothing.
            _ => {}
        }
        false
    }

    /// Before a value: the comma that came before it.
    fn begin(&mut self) {
        if std::mem::take(&mut self.comma) {
            self.out.push(',');
        }
    }

    fn end_word(&mut self) {
        if self.word.is_empty() {
            return;
        }
        self.begin();
        let word = std::mem::take(&mut self.word);
        self.out.push_str(match word.as_str() {
            "True" => "true",
            "False" => "false",
            "None" => "null",
            word => word,
        });
    }

    /// Closes what is open.
    fn close(mut self) -> String {
        self.end_word();
        if self.quote.is_some() {
            self.out.push('"');
        }
        while let Some(close) = self.open.pop() {
            self.out.push(close);
        }
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_meant_is_read() {
        let three = Some(json!({"post_id": 3}));
        for (text, expected) in [
            (r#"{"post_id": 3}"#, three.clone()),
            ("```json\n{\"post_id\": 3}\n```", three.clone()),
            (r#"{"post_id": 3} and that is all"#, three.clone()),
            (r#""{\"post_id\": 3}""#, three.clone()),
            (r#"{"post_id": 3,}"#, three.clone()),
            (r#"{"post_id": 3"#, three.clone()),
            (r#"{'post_id': 3}"#, three),
            (r#"{post_id: 3}"#, None),
            (r#"{"post_id": }"#, None),
            ("{\"content\": \"one\ntwo\"}", Some(json!({"content": "one\ntwo"}))),
            (r#"{"content": "no end"#, Some(json!({"content": "no end"}))),
            (
                r#"{'content': 'it\'s "so"', 'x': None}"#,
                Some(json!({"content": "it's \"so\"", "x": null})),
            ),
            (r#"{"a": {"b": [1, 2"#, Some(json!({"a": {"b": [1, 2]}}))),
            (r#"{"a": 1]}"#, None),
            ("[1]", None),
            ("3", None),
            ("no object", None),
            ("{", Some(json!({}))),
            ("", None),
        ] {
            assert_eq!(object(text, false).map(Value::Object), expected, "{text}");
        }
    }

    #[test]
    fn what_was_cut_off_is_not_finished() {
        assert_eq!(object(r#"{"content": "half a sent"#, true), None);
        assert_eq!(object(r#"{"post_id": 3"#, true), None);
        assert!(object("{'post_id': 3}", true).is_some());
        assert!(object("```{\"post_id\": 3}", true).is_some());
    }

    #[test]
    fn nothing_that_is_sent_is_a_panic() {
        let pieces = ["{", "}", "[", "]", "\"", "'", "\\", ",", ":", "a", "1", "é", "\u{0}"];
        let count = pieces.len();
        for number in 0..count.pow(4) {
            let text: String =
                (0..4).map(|place| pieces[number / count.pow(place) % count]).collect();
            let _ = object(&format!("{{{text}"), number % 2 == 0);
        }
        assert_eq!(object(&"{\"a\":".repeat(100_000), false), None);
        assert_eq!(object(&"[".repeat(100_000), false), None);
    }
}
