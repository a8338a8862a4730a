//! What a text is about, without a dictionary.
//!
//! The only place that asks what kind of letter a character is, by ranges of its own: the answer
//! must not change with the Unicode tables of a compiler.

/// A set of words as 128 bits: each word sets one of them.
pub(crate) type Signature = u128;

/// Words of fewer bytes say little about a topic.
const SHORTEST: usize = 4;

/// Whether `character` is written without spaces between words (Chinese, Japanese kana).
pub(crate) fn is_han(character: char) -> bool {
    matches!(character, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}')
}

/// Whether `character` belongs to a word. Everything beyond ASCII does, but for the punctuation
/// and spaces of Latin and Chinese texts.
fn is_word(character: char) -> bool {
    match character {
        '\0'..='\u{7f}' => character.is_ascii_alphanumeric(),
        '\u{80}'..='\u{bf}' | '\u{2000}'..='\u{206f}' => false,
        '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}' => false,
        _ => true,
    }
}

/// `text` without the spaces around it.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(['\t', '\n', '\r', ' ', '\u{a0}', '\u{3000}'])
}

/// The words of `text` as a set: runs of letters without regard to ASCII case, and each pair of
/// neighbouring Han characters.
pub(crate) fn signature(text: &str) -> Signature {
    let mut bits = 0;
    for word in text.split(|character| !is_word(character)) {
        let mut previous = None;
        for character in word.chars().filter(|&character| is_han(character)) {
            if let Some(previous) = previous.replace(character) {
                bits |=
                    bit([previous, character].into_iter().flat_map(|c| u32::from(c).to_le_bytes()));
            }
        }
        if previous.is_none() && word.len() >= SHORTEST {
            bits |= bit(word.bytes().map(|byte| byte.to_ascii_lowercase()));
        }
    }
    bits
}

/// The bit of a word: the top seven bits of its FNV-1a hash.
fn bit(word: impl Iterator<Item = u8>) -> Signature {
    let hash = word.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    // The low bits of FNV mix poorly; fold the high ones in.
    1 << ((hash ^ hash >> 29 ^ hash >> 47) & 127)
}

/// How much of `text` is about `interests` beyond what chance would give, 0 to one million.
pub(crate) fn relevance(interests: Signature, text: Signature) -> i64 {
    let (wanted, said) = (i64::from(interests.count_ones()), i64::from(text.count_ones()));
    let common = i64::from((interests & text).count_ones());
    let beyond_chance = (common * 128 - wanted * said).max(0);
    // A text of which three words in ten are about one's interests is all about them.
    (beyond_chance * 10_000_000 / (3 * 128 * said.max(4))).min(1_000_000)
}

/// Whether `text` contains `word` without regard to ASCII case.
pub(crate) fn mentions(text: &str, word: &str) -> bool {
    let (text, word) = (text.as_bytes(), word.as_bytes());
    !word.is_empty() && text.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word))
}

/// The sentences of a text, without the marks that end them.
pub(crate) fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split(['.', '!', '?', ';', '\n', '。', '！', '？', '；', '…'])
        .map(|sentence| sentence.trim_matches(|character| !is_word(character)))
        .filter(|sentence| sentence.chars().filter(|&character| is_word(character)).count() >= 4)
}

/// The start of `text`: about `most` characters, cut between words where it has spaces.
pub(crate) fn beginning(text: &str, most: usize) -> &str {
    match text.char_indices().nth(most) {
        None => text,
        Some((end, _)) => {
            let start = &text[..end];
            let cut = start.rfind(' ').filter(|&space| space * 2 > end).unwrap_or(end);
            start[..cut].trim_end_matches([' ', ',', ':', '，', '：', '、'])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_relevant_to_those_who_care_about_its_words() {
        let interests = signature("tram safety, public transport, cycling");
        let near = signature("The TRAM is late again: public transport in this town is a joke.");
        let far = signature("My cat slept on the warm roof all afternoon.");
        assert!(relevance(interests, near) > 300_000, "{}", relevance(interests, near));
        assert!(relevance(interests, far) < 100_000, "{}", relevance(interests, far));
        assert_eq!(relevance(0, near), 0);
        assert_eq!(relevance(interests, 0), 0);
    }

    #[test]
    fn chinese_is_compared_by_pairs_of_characters() {
        let interests = signature("公共交通、校园安全");
        let near = signature("市里的公共交通越来越差了。");
        let far = signature("今天下雨，猫睡着了。");
        assert!(relevance(interests, near) > relevance(interests, far));
        assert!((signature("公共交通") & signature("交通")).count_ones() == 1);
    }

    #[test]
    fn fragments_end_between_words() {
        assert_eq!(beginning("short", 40), "short");
        assert_eq!(beginning("publish the memo, publish the test log", 20), "publish the memo");
        assert_eq!(beginning("全文公布这份备忘录", 4), "全文公布");
        let all: alloc::vec::Vec<_> =
            sentences("Wait... what? The memo is dated. 没有人问过我们！").collect();
        assert_eq!(all, ["Wait", "what", "The memo is dated", "没有人问过我们"]);
    }

    #[test]
    fn mentions_ignore_ascii_case() {
        assert!(mentions("About Tram Line 4", "tram line"));
        assert!(mentions("关于校园安全", "校园"));
        assert!(!mentions("anything", ""));
        assert!(!mentions("a", "longer"));
    }
}
