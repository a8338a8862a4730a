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
    matches!(
        character,
        '\u{3005}'..='\u{3007}'
            | '\u{3041}'..='\u{309f}'
            | '\u{30a1}'..='\u{30fa}'
            | '\u{30fc}'..='\u{30ff}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{f900}'..='\u{faff}'
            | '\u{ff66}'..='\u{ff9f}'
            | '\u{20000}'..='\u{323af}'
    )
}

/// Whether `character` belongs to a word. Everything beyond ASCII does, but for the blocks of
/// punctuation, symbols and emoji.
fn is_word(character: char) -> bool {
    match character {
        '\0'..='\u{7f}' => character.is_ascii_alphanumeric(),
        '\u{80}'..='\u{bf}' | '\u{d7}' | '\u{f7}' | '\u{2000}'..='\u{2bff}' => false,
        '\u{2e00}'..='\u{303f}' | '\u{30a0}' | '\u{30fb}' => is_han(character),
        '\u{fe00}'..='\u{fe4f}' | '\u{ff00}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}' => false,
        '\u{ff3b}'..='\u{ff40}' | '\u{ff5b}'..='\u{ff65}' => false,
        '\u{1f000}'..='\u{1faff}' => false,
        _ => true,
    }
}

/// `text` without the spaces around it.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(['\t', '\n', '\r', ' ', '\u{a0}', '\u{3000}'])
}

/// The words of `text`: runs of Han characters, and runs of other letters and digits.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    core::iter::from_fn(move || {
        rest = &rest[rest.find(is_word)?..];
        let bytes = rest.as_bytes();
        // Bytes suffice for most letters of most texts, and are read much faster.
        let ascii = bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let han = rest.chars().next().is_some_and(is_han);
        let end = match bytes.get(ascii) {
            Some(0x80..) => {
                let other = |character| !is_word(character) || is_han(character) != han;
                rest[ascii..].find(other).map_or(rest.len(), |length| ascii + length)
            }
            _ => ascii,
        };
        let (token, after) = rest.split_at(end);
        rest = after;
        Some(token)
    })
}

fn starts_with_han(token: &str) -> bool {
    token.chars().next().is_some_and(is_han)
}

/// The words of `text` as a set: each pair of neighbouring Han characters, and each longer word
/// without regard to ASCII case; without those that occur in texts about anything.
pub(crate) fn signature(text: &str) -> Signature {
    let mut set = Signature::default();
    for token in tokens(text) {
        if starts_with_han(token) {
            let pairs =
                token.chars().zip(token.chars().skip(1)).filter(|pair| !is_filler_pair(*pair));
            pairs.for_each(|(a, b)| {
                set.add([a, b].into_iter().flat_map(|c| u32::from(c).to_le_bytes()));
            });
        } else if token.len() >= SHORTEST && !is_filler(token) {
            set.add(token.bytes().map(|byte| byte.to_ascii_lowercase()));
        }
    }
    set
}

/// Whether an English word says nothing about a topic. Shorter ones count for nothing anyway.
#[rustfmt::skip]
fn is_filler(word: &str) -> bool {
    let mut lower = [0; 7];
    let Some(lower) = lower.get_mut(..word.len()) else { return false };
    lower.copy_from_slice(word.as_bytes());
    lower.make_ascii_lowercase();
    matches!(
        &*lower,
        b"also" | b"been" | b"both" | b"does" | b"each" | b"even" | b"from" | b"have" | b"here"
        | b"into" | b"just" | b"more" | b"most" | b"much" | b"only" | b"over" | b"some" | b"such"
        | b"than" | b"that" | b"them" | b"then" | b"they" | b"this" | b"very" | b"were" | b"what"
        | b"when" | b"will" | b"with" | b"your" | b"about" | b"being" | b"could" | b"every"
        | b"might" | b"other" | b"shall" | b"since" | b"still" | b"their" | b"there" | b"these"
        | b"those" | b"until" | b"where" | b"which" | b"while" | b"would" | b"cannot" | b"should"
        | b"though" | b"because" | b"through" | b"whether"
    )
}

/// Whether a pair of Han characters says nothing about a topic.
#[rustfmt::skip]
fn is_filler_pair(pair: (char, char)) -> bool {
    matches!(
        pair,
        ('的', '是') | ('我', '们') | ('你', '们') | ('他', '们') | ('她', '们') | ('咱', '们')
        | ('自', '己') | ('大', '家') | ('这', '个') | ('那', '个') | ('这', '些') | ('那', '些')
        | ('这', '样') | ('那', '样') | ('这', '么') | ('那', '么') | ('怎', '么') | ('什', '么')
        | ('一', '个') | ('一', '些') | ('没', '有') | ('不', '是') | ('就', '是') | ('还', '是')
        | ('也', '是') | ('都', '是') | ('但', '是') | ('可', '是') | ('而', '且') | ('或', '者')
        | ('以', '及') | ('因', '为') | ('所', '以') | ('如', '果') | ('虽', '然') | ('不', '过')
        | ('只', '是') | ('已', '经') | ('可', '以') | ('应', '该')
    )
}

/// How much of `text` is about `interests` beyond what chance would give, 0 to one million.
pub(crate) fn relevance(interests: Signature, text: Signature) -> i64 {
    likeness(interests.common(text), interests.size(), text.size())
}

/// As [`relevance`], of counted words: common ones, those of the interests, those of the text.
pub(crate) fn likeness(common: i64, wanted: i64, said: i64) -> i64 {
    let beyond_chance = (common * 256 - wanted * said).max(0);
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
        let mut words: Vec<&str> = tokens(text).collect();
        words.sort();
        words.dedup();
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

    /// What somebody cares about, a text about it, and one that has only fillers in common.
    const PAIRS: [(&str, &str, &str); 14] = [
        (
            "Public transport, night buses",
            "When the night buses stop, public transport stops: what will they do about that?",
            "This bakery has been here since 1911, and they have more bread than ever.",
        ),
        (
            "I have been a nurse at the city hospital since spring.",
            "The hospital will close its children's ward, every nurse was told by letter.",
            "They have been painting boats at the harbour, and so have I.",
        ),
        (
            "What about housing and rents?",
            "Rents went up again, and there is still no housing for students.",
            "What about the football match, and what about those tickets?",
        ),
        (
            "Teachers and small classes",
            "Two teachers for forty children: these classes are far too large.",
            "The ferry leaves at nine, and there will be another one at ten.",
        ),
        (
            "Cycling, safe streets",
            "A safe street is one where cycling to school needs no courage. Streets for all!",
            "Those soups that they cook over there would be worth some money.",
        ),
        (
            "Who should pay for clean energy?",
            "Clean energy is cheap; it is the old grid that we pay for.",
            "Who would have thought that there could be so much snow?",
        ),
        (
            "Honest local journalism",
            "Local journalism has to name its sources, or it is no journalism.",
            "Some of these tomatoes should be planted before there is any sun.",
        ),
        (
            "公共交通、夜间巴士",
            "夜间巴士停运以后，公共交通就断了，我们怎么回家？",
            "因为下雨，所以我们没有去海边，但是大家都很高兴。",
        ),
        (
            "我们关心校园安全",
            "校园安全不是一句口号，学校应该公布检查结果。",
            "我们没有什么想法，他们也没有。",
        ),
        (
            "大家都在谈房租",
            "房租又涨了，但是工资没有涨，大家怎么办？",
            "大家晚上吃什么？这个面馆还是不错的。",
        ),
        (
            "医院的护士和医生",
            "市医院的护士太少，医生也已经连续值班三天。",
            "这个周末的球赛，他们应该可以赢。",
        ),
        (
            "环境保护，河水污染",
            "河水污染越来越严重，环境保护部门还是没有回应。",
            "如果明天还是这样，那么我们就不去看电影了。",
        ),
        (
            "教育公平",
            "没有教育公平，就没有未来；教育公平要从乡村学校做起。",
            "这些照片都是我自己拍的，还可以吧？",
        ),
        ("地铁票价", "地铁票价上调，这样真的可以吗？", "这样的天气，可以在家里睡一天。"),
    ];

    #[test]
    fn texts_about_one_thing_are_alike_and_fillers_make_no_likeness() {
        let rows = i64::try_from(PAIRS.len()).expect("a short table");
        let (mut about, mut other, mut clear) = (0, 0, 0);
        for (cares, near, far) in PAIRS {
            let to = |text| relevance(signature(cares), signature(text));
            assert!(to(near) > 200_000, "{}: {near}", to(near));
            (about, other) = (about + to(near) / rows, other + to(far) / rows);
            clear += i64::from(to(near) > to(far) + 150_000);
        }
        assert!(about > 500_000 && other < 60_000, "{about} and {other} in the mean");
        // Two words may share one of 256 bits, which is seen in the shortest texts.
        assert!(clear >= rows - 1, "{clear} of {rows}");
    }

    #[test]
    fn fillers_are_searched_for_like_any_word() {
        let text = "They said what THEY could; 我们没有什么办法。";
        for query in ["they", "What could", "我们", "没有什么", "what 没有", "said they"] {
            let query = Query::new(query).expect("it has words");
            assert!(query.may_match(&signature(text)) && query.matches(&[text]));
        }
        assert_eq!(signature("What would they have? 我们，什么！"), Signature::default());
        assert!(!Query::new("memo they").expect("words").may_match(&signature(text)));
    }

    #[test]
    fn the_quick_question_of_a_search_never_loses_a_match() {
        for (cares, near, far) in PAIRS {
            for text in [cares, near, far] {
                for query in tokens(near).chain(tokens(far)) {
                    let query = Query::new(query).expect("a word");
                    assert!(query.may_match(&signature(text)) || !query.matches(&[text]));
                }
            }
        }
    }

    #[test]
    fn texts_fall_into_words() {
        let words: Vec<&str> = tokens("Naïve café-goers: 2nd 王小明said，no! ß").collect();
        assert_eq!(words, ["Naïve", "café", "goers", "2nd", "王小明", "said", "no", "ß"]);
        assert_eq!(tokens(" ... ，").count(), 0);
    }

    #[test]
    fn words_end_at_punctuation_symbols_and_emoji() {
        for (text, expected) in [
            ("Go ferry🚢! don't_stop", &["Go", "ferry", "don", "t", "stop"][..]),
            ("cafe\u{301} Straße Ночь", &["cafe\u{301}", "Straße", "Ночь"]),
            ("bus渡轮42", &["bus", "渡轮", "42"]),
            ("人々のフェリー・よる、夜→朝", &["人々のフェリー", "よる", "夜", "朝"]),
            ("１２時 ～ ＡＢ", &["１２", "時", "ＡＢ"]),
            ("…—☕️？", &[]),
        ] {
            assert_eq!(tokens(text).collect::<Vec<_>>(), expected, "{text}");
        }
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
