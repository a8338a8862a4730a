//! What a text is about, without a dictionary.
//!
//! The only place that asks what kind of letter a character is, by ranges of its own: the answer
//! must not change with the Unicode tables of a compiler.

use alloc::vec::Vec;

/// A set of words as 256 bits: each word sets one of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Signature([u64; 4]);

impl Signature {
    /// How many bits are set.
    pub(crate) fn size(self) -> i64 {
        self.0.iter().map(|part| i64::from(part.count_ones())).sum()
    }

    /// How many bits are set in both.
    pub(crate) fn common(self, other: Signature) -> i64 {
        self.0.iter().zip(other.0).map(|(part, other)| i64::from((part & other).count_ones())).sum()
    }

    fn add(&mut self, word: impl Iterator<Item = u8>) {
        // FNV-1a; its low bits mix poorly, so the high ones are folded in.
        let hash = word.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        let bit = (hash ^ hash >> 29 ^ hash >> 47) & 255;
        self.0[usize::from((bit >> 6) as u8)] |= 1 << (bit & 63);
    }
}

impl core::ops::BitOr for Signature {
    type Output = Signature;

    fn bitor(self, other: Signature) -> Signature {
        let mut both = self;
        both.0.iter_mut().zip(other.0).for_each(|(part, other)| *part |= other);
        both
    }
}

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

/// The words of `text`: runs of Han characters, and runs of other letters and digits.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character| !is_word(character)).flat_map(|run| {
        let mut rest = run;
        core::iter::from_fn(move || {
            let han = is_han(rest.chars().next()?);
            let end = rest.find(|character| is_han(character) != han).unwrap_or(rest.len());
            let (token, after) = rest.split_at(end);
            rest = after;
            Some(token)
        })
    })
}

fn starts_with_han(token: &str) -> bool {
    token.chars().next().is_some_and(is_han)
}

/// The words of `text` as a set: each pair of neighbouring Han characters, and each longer word
/// without regard to ASCII case.
pub(crate) fn signature(text: &str) -> Signature {
    let mut set = Signature::default();
    for token in tokens(text) {
        if starts_with_han(token) {
            let pairs = token.chars().zip(token.chars().skip(1));
            pairs.for_each(|(a, b)| {
                set.add([a, b].into_iter().flat_map(|c| u32::from(c).to_le_bytes()));
            });
        } else if token.len() >= SHORTEST {
            set.add(token.bytes().map(|byte| byte.to_ascii_lowercase()));
        }
    }
    set
}

/// How much of `text` is about `interests` beyond what chance would give, 0 to one million.
pub(crate) fn relevance(interests: Signature, text: Signature) -> i64 {
    let (wanted, said) = (interests.size(), text.size());
    let beyond_chance = (interests.common(text) * 256 - wanted * said).max(0);
    // A text of which three words in ten are about one's interests is all about them.
    (beyond_chance * 10_000_000 / (3 * 256 * said.max(4))).min(1_000_000)
}

/// What is searched for.
pub(crate) struct Query<'query> {
    words: Vec<&'query str>,
    signature: Signature,
}

impl<'query> Query<'query> {
    /// The words of `text`; `None` if there are none.
    pub(crate) fn new(text: &'query str) -> Option<Query<'query>> {
        let words: Vec<&str> = tokens(text).collect();
        (!words.is_empty()).then(|| Query { words, signature: signature(text) })
    }

    /// False only if no text with this signature matches: quick to ask.
    pub(crate) fn may_match(&self, text: &Signature) -> bool {
        self.signature.common(*text) == self.signature.size()
    }

    /// Whether each word occurs in one of the texts: a Han run anywhere within another, any
    /// other word as a whole, without regard to ASCII case.
    pub(crate) fn matches(&self, texts: &[&str]) -> bool {
        self.words.iter().all(|word| {
            texts.iter().flat_map(|text| tokens(text)).any(|token| {
                if starts_with_han(word) {
                    starts_with_han(token) && token.contains(word)
                } else {
                    token.eq_ignore_ascii_case(word)
                }
            })
        })
    }
}

/// Whether `text` contains `word` without regard to ASCII case.
pub(crate) fn mentions(text: &str, word: &str) -> bool {
    let (text, word) = (text.as_bytes(), word.as_bytes());
    !word.is_empty() && text.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word))
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
        assert_eq!(relevance(Signature::default(), near), 0);
        assert_eq!(relevance(interests, Signature::default()), 0);
    }

    #[test]
    fn chinese_is_compared_by_pairs_of_characters() {
        let interests = signature("公共交通、校园安全");
        let near = signature("市里的公共交通越来越差了。");
        let far = signature("今天下雨，猫睡着了。");
        assert!(relevance(interests, near) > relevance(interests, far));
        assert_eq!(signature("公共交通").common(signature("交通")), 1);
    }

    #[test]
    fn fragments_end_between_words() {
        assert_eq!(beginning("short", 40), "short");
        assert_eq!(beginning("publish the memo, publish the test log", 20), "publish the memo");
        assert_eq!(beginning("全文公布这份备忘录", 4), "全文公布");
    }

    #[test]
    fn mentions_ignore_ascii_case() {
        assert!(mentions("About Tram Line 4", "tram line"));
        assert!(mentions("关于校园安全", "校园"));
        assert!(!mentions("anything", ""));
        assert!(!mentions("a", "longer"));
    }
}
