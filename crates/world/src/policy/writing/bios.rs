//! What can be taken out of a bio.

use alloc::string::String;
use alloc::vec::Vec;

use crate::words;

/// The pieces of a bio that can be quoted: between its marks, without pictures and links.
pub(super) fn pieces(bio: &str) -> impl Iterator<Item = String> {
    /// Letters that a piece has at least and characters that it has at most.
    const SHORTEST: usize = 2;
    const LONGEST: usize = 60;
    let breaks = |character: char| {
        matches!(character, '|' | ',' | ';' | '/' | '\n' | '.' | '。' | '，' | '、' | '；' | '!')
            || is_picture(character)
    };
    let words = bio.split([' ', '\n']).filter(|word| !word.contains("//"));
    let words: Vec<&str> = words.collect();
    let pieces: Vec<String> = words.join(" ").split(breaks).map(String::from).collect();
    pieces
        .into_iter()
        .map(|piece| {
            let marks = ['-', '–', '—', '•', '·', '"', '“', '”', ' '];
            String::from(words::trim(&piece).trim_matches(marks))
        })
        .filter(|piece| {
            let count = piece.chars().count();
            (SHORTEST..=LONGEST).contains(&count)
                && !piece.contains(['@', '#', ':'])
                && piece.chars().any(|one| one.is_ascii_alphabetic() || words::is_han(one))
        })
}

/// Emoji and the like.
fn is_picture(character: char) -> bool {
    matches!(character, '\u{200d}' | '\u{2190}'..='\u{2bff}' | '\u{fe00}'..='\u{fe0f}')
        || character >= '\u{1f000}'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bios_come_apart_without_pictures_and_links() {
        let bio = "Beach bum, nerd 🤓, avid reader 📚. I blog @ https://t.co/Jj #AgEcon | INTJ";
        let all: Vec<String> = pieces(bio).collect();
        assert_eq!(all, ["Beach bum", "nerd", "avid reader", "INTJ"]);
        assert_eq!(pieces("✩ 🇬🇾🍉").count(), 0);
        assert_eq!(pieces("大学生，关心交通。").collect::<Vec<_>>(), ["大学生", "关心交通"]);
    }
}
