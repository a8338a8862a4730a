//! Words for the full-text index. Pure.
//!
//! The stock tokenizers either take a run of Chinese for one word, or find nothing shorter
//! than three characters. So each CJK character is made a word of its own, both in what is
//! stored and in what is asked, and a term of a query is a phrase: its words, side by side.

/// `text` with a space on both sides of each CJK character.
pub(super) fn spaced(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len());
    space(text, &mut spaced);
    spaced
}

/// The same, at the end of `spaced`.
pub(super) fn space(text: &str, spaced: &mut String) {
    if text.is_ascii() {
        return spaced.push_str(text);
    }
    for character in text.chars() {
        if is_cjk(character) {
            spaced.extend([' ', character, ' ']);
        } else {
            spaced.push(character);
        }
    }
}

/// An FTS5 query for the texts that have every term of `query`; `None` if it has no word.
///
/// Each term is quoted, so none of it is read as FTS5's own syntax.
pub(super) fn full_text_query(query: &str) -> Option<String> {
    let terms: Vec<String> = query
        .split(|character: char| character.is_whitespace() || character.is_control())
        .filter(|term| term.chars().any(char::is_alphanumeric))
        .map(|term| format!("\"{}\"", spaced(term).trim().replace('"', "\"\"")))
        .collect();
    (!terms.is_empty()).then(|| terms.join(" "))
}

/// Scripts that are written without spaces between words: Han, kana, and (for parts of
/// words) Hangul.
fn is_cjk(character: char) -> bool {
    matches!(
        character,
        '\u{3005}'..='\u{3007}'
            | '\u{3040}'..='\u{30ff}'
            | '\u{31f0}'..='\u{31ff}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7a3}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{323af}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cjk_character_is_a_word() {
        assert_eq!(spaced("去图书馆 now"), " 去  图  书  馆  now");
        assert_eq!(spaced("plain é"), "plain é");
    }

    #[test]
    fn a_query_is_phrases_and_no_syntax() {
        let cases = [
            ("pier lantern", Some("\"pier\" \"lantern\"")),
            ("图书馆", Some("\"图  书  馆\"")),
            ("a\"b OR c*", Some("\"a\"\"b\" \"OR\" \"c*\"")),
            ("NEAR(x y)", Some("\"NEAR(x\" \"y)\"")),
            ("well-known", Some("\"well-known\"")),
            ("… \" -- *", None),
            ("a\0b", Some("\"a\" \"b\"")),
        ];
        for (query, expected) in cases {
            assert_eq!(full_text_query(query).as_deref(), expected, "{query}");
        }
    }
}
