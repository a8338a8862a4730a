//! What can be taken out of a text: a sentence, a number, whether it asks something.

use alloc::string::String;
use alloc::vec::Vec;

use crate::policy::voice::mainly_chinese;
use crate::words;

/// Characters of another text that are quoted at most; of a Chinese one.
const QUOTED: usize = 90;
const QUOTED_CHINESE: usize = 40;
/// A sentence of fewer letters says too little to be quoted.
const SHORTEST: usize = 12;
const SHORTEST_CHINESE: usize = 5;

/// What a period after does not end a sentence.
const ABBREVIATIONS: [&str; 10] = ["Prof", "Dr", "Mr", "Mrs", "Ms", "St", "No", "vs", "e.g", "i.e"];

/// The sentences of a text, with a mark that asks or exclaims, without any other at the end.
pub(crate) fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    core::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = sentence_end(rest).unwrap_or(rest.len());
        let (sentence, after) = rest.split_at(end);
        let mark = after.chars().next().map_or(0, char::len_utf8);
        let asks = after.starts_with(['?', '!', '？', '！']);
        let sentence = if asks { &rest[..end + mark] } else { sentence };
        rest = &rest[end + mark..];
        Some(words::trim(sentence))
    })
    .map(|sentence| sentence.trim_start_matches(['”', '"', '’', ')', '）', ' ']))
    .filter(|sentence| !sentence.is_empty())
}

fn sentence_end(text: &str) -> Option<usize> {
    text.char_indices().find(|&(place, mark)| is_end(text, place, mark)).map(|(place, _)| place)
}

fn is_end(text: &str, place: usize, mark: char) -> bool {
    match mark {
        '!' | '?' | ';' | '\n' | '。' | '！' | '？' | '；' | '…' => true,
        '.' => {
            let (before, after) = (&text[..place], &text[place + 1..]);
            let word = before.rsplit(' ').next().unwrap_or(before);
            after.chars().next().is_none_or(|next| !next.is_ascii_alphanumeric())
                && !ABBREVIATIONS.contains(&word)
        }
        _ => false,
    }
}

/// One sentence of `text` that can stand between quotation marks: of those that `best` likes the
/// one that `pick` (given their number) says, or else the longest. Nothing that is itself a quote, no
/// address, nothing too short; cut at a comma if it is too long. A short text is quoted whole.
pub(super) fn quotable(
    text: &str,
    best: impl Fn(&str) -> bool,
    pick: impl Fn(usize) -> usize,
) -> Option<String> {
    if text.contains(['“', '”']) {
        return None;
    }
    let chinese = mainly_chinese(text);
    let most = if chinese { QUOTED_CHINESE } else { QUOTED };
    let shortest = if chinese { SHORTEST_CHINESE } else { SHORTEST };
    if text.starts_with('@') {
        return None;
    }
    let all = || {
        sentences(text).filter(move |sentence| {
            let letters = sentence.chars().filter(|character| character.is_ascii_alphabetic());
            let han = sentence.chars().filter(|&character| words::is_han(character));
            letters.count() + 2 * han.count() >= shortest
                && !sentence.ends_with(':')
                && !leans_on_another(sentence)
        })
    };
    let whole = words::trim(text).trim_end_matches(['.', '。']);
    let sentence = match all().filter(|sentence| best(sentence)).count() {
        0 if whole.chars().count() <= most && all().count() > 0 => Some(whole),
        0 => all().max_by_key(|sentence| sentence.len()),
        count => all().filter(|sentence| best(sentence)).nth(pick(count)),
    }?;
    Some(shortened(sentence, most))
}

/// Words, among the first three, by which a sentence speaks of the one before it.
#[rustfmt::skip]
const LEANING: [&str; 14] = [
    "its", "that", "this", "those", "these", "he", "she", "both", "neither", "then", "and", "but",
    "or", "so",
];
/// The same, among the first six.
const PRONOUNS: [&str; 3] = ["it", "they", "them"];

fn leans_on_another(sentence: &str) -> bool {
    let is = |list: &[&str], word: &str| list.iter().any(|one| word.eq_ignore_ascii_case(one));
    let mut first = sentence.split([' ', ',', ':']).take(6).enumerate();
    first.any(|(place, word)| is(&PRONOUNS, word) || place < 3 && is(&LEANING, word))
}

/// `sentence`, or its start up to a comma or a space, and an ellipsis.
pub(crate) fn shortened(sentence: &str, most: usize) -> String {
    let Some((limit, _)) = sentence.char_indices().nth(most) else { return sentence.into() };
    let start = &sentence[..limit];
    let comma = start
        .rfind([',', '，', '、', '('])
        .filter(|&comma| comma * 5 > limit * 2 && is_break(sentence, comma));
    match comma {
        Some(comma) => words::trim(&start[..comma]).into(),
        None => {
            let mut cut = String::from(words::beginning(sentence, most));
            cut.push('…');
            cut
        }
    }
}

/// Whether the comma at `place` is none within a number or a time.
fn is_break(text: &str, place: usize) -> bool {
    text[place..].chars().nth(1).is_none_or(|next| !next.is_ascii_digit())
}

/// Whether the last sentence asks something.
pub(super) fn asks(text: &str) -> bool {
    words::trim(text).ends_with(['?', '？'])
}

/// A number in `text` with what it counts, "3 of 60 emergency braking tests", if that can be told;
/// in a Chinese sentence without: "3/60". Else a bare number that says something.
pub(super) fn figure(text: &str, topics: &[String], chinese: bool) -> Option<String> {
    let words: Vec<&str> = text.split([' ', '\n']).collect();
    let counted = (0..words.len()).find_map(|place| counted(&words, place, chinese));
    // Two bare digits may number anything: a photograph, a page.
    let telling = |number: &&str| number.contains([',', '.', '%']) || mainly_chinese(text);
    counted.or_else(|| number(text, topics).filter(telling).map(String::from))
}

/// What the number at `place` counts, or how many out of how many.
fn counted(words: &[&str], place: usize, chinese: bool) -> Option<String> {
    let is_number = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_digit())
            && word.chars().all(|one| one.is_ascii_digit() || matches!(one, '.' | ','))
            && !word.ends_with(['.', ','])
    };
    let number = words.get(place).filter(|word| is_number(word))?;
    let before = place.checked_sub(1).map_or("", |before| words[before]);
    let name = before.starts_with(|first: char| first.is_ascii_uppercase());
    if name && !before.ends_with('.') {
        return None;
    }
    let whole = match words.get(place + 1..)? {
        ["of", whole, ..] if is_number(whole) => Some((*whole, place + 3)),
        ["of", _, whole, ..] if is_number(whole) => Some((*whole, place + 4)),
        _ => None,
    };
    match (whole, chinese) {
        (Some((whole, _)), true) => Some(alloc::format!("{number}/{whole}")),
        (None, true) => None,
        (Some((whole, next)), false) => {
            Some(alloc::format!("{number} of {whole} {}", things(&words[next..])?))
        }
        (None, false) => Some(alloc::format!("{number} {}", things(&words[place + 1..])?)),
    }
}

/// Words that are no part of what is counted.
const NO_THINGS: [&str; 12] =
    ["of", "to", "the", "a", "in", "on", "is", "was", "has", "its", "this", "and"];

/// Up to three words, the last of them a plural.
fn things(words: &[&str]) -> Option<String> {
    let plain = |word: &str| word.chars().all(|one| one.is_ascii_lowercase());
    let is_end = |word: &str| word.ends_with('s') && !word.ends_with("ss");
    let bare = |word: &'_ &str| String::from(word.trim_end_matches(['.', ',', ';', ':', '?', '!']));
    let mut said: Vec<String> = Vec::new();
    for word in words.iter().take(3) {
        let thing = bare(word);
        if !plain(&thing) || NO_THINGS.contains(&thing.as_str()) || thing.is_empty() {
            return None;
        }
        let ends = is_end(&thing);
        let last = thing.len() < word.len();
        said.push(thing);
        if ends {
            return Some(said.join(" "));
        }
        if last {
            return None;
        }
    }
    None
}

/// A number in `text` that says something: neither a time nor a year nor part of a name.
fn number<'text>(text: &'text str, topics: &[String]) -> Option<&'text str> {
    let marks = |character: char| matches!(character, '.' | ',' | ':' | '%');
    let numbers = text.split(|character: char| !character.is_ascii_digit() && !marks(character));
    numbers.map(|number| number.trim_matches(['.', ',', ':'])).find(|number| {
        let digits = number.chars().filter(char::is_ascii_digit).count();
        let year = digits == 4 && number.len() == 4 && number.starts_with(['1', '2']);
        let named = topics.iter().any(|topic| topic.contains(number));
        digits >= 2 && !number.contains(':') && !year && !named && !is_part_of_a_name(text, number)
    })
}

/// "Branch 12", "build 2.9": whatever counts nothing.
fn is_part_of_a_name(text: &str, number: &str) -> bool {
    let before = text.find(number).map_or("", |place| &text[..place]);
    let word = words::trim(before).rsplit(' ').next().unwrap_or("");
    word.starts_with(|first: char| first.is_ascii_uppercase())
        || !before.ends_with([' ', '有', '了'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn sentences_end_where_they_do() {
        let text = "Wait... what? Prof. Lind fixed build 2.9! 没有人问过我们！今天下雨。";
        let all: Vec<&str> = sentences(text).collect();
        assert_eq!(
            all,
            ["Wait", "what?", "Prof. Lind fixed build 2.9!", "没有人问过我们！", "今天下雨"]
        );
    }

    #[test]
    fn quotes_are_whole_sentences_or_end_at_a_comma() {
        let first = |text| quotable(text, |_| false, |_| 0);
        let short = "Ok. Publish the memo today.";
        assert_eq!(first(short).as_deref(), Some("Ok. Publish the memo today"));
        assert_eq!(first("He said “no”. We all heard it."), None);
        assert_eq!(first("@Maya Okafor Publish the memo today."), None);
        assert_eq!(first("没有人问过我们。").as_deref(), Some("没有人问过我们"));
        let long = "An internal memo that the paper has seen says the new shuttles failed, and it \
                    is dated nine days before the vote of the council";
        let short = "An internal memo that the paper has seen says the new shuttles failed";
        assert_eq!(first(long).as_deref(), Some(short));
        assert_eq!(shortened("one two three four", 9), "one two…");
    }

    #[test]
    fn figures_come_with_what_they_count() {
        let memo = "They failed 3 of 60 emergency braking tests.";
        for (text, found, in_chinese) in [
            (memo, Some("3 of 60 emergency braking tests"), Some("3/60")),
            ("11 of its 64 timber piles have gone.", Some("11 of 64 timber piles"), Some("11/64")),
            ("Photographs 14 to 22. 140 stalls, closed.", Some("140 stalls"), None),
            ("It is 41,000 now.", Some("41,000"), Some("41,000")),
            ("问卷收回了3260份。", Some("3260"), Some("3260")),
            ("Branch 12 marches at 11:00.", None, None),
        ] {
            assert_eq!(figure(text, &[], false).as_deref(), found, "{text}");
            assert_eq!(figure(text, &[], true).as_deref(), in_chinese, "{text}");
        }
    }

    #[test]
    fn numbers_are_neither_times_nor_years_nor_names() {
        let topics = vec![String::from("Line 12")];
        for (text, found) in [
            ("Tests failed in 41,000 cases.", Some("41,000")),
            ("It is up 12.5% since 1998.", Some("12.5%")),
            ("My tram is the 23:40 on Line 12.", None),
            ("Since 1908. 3 of 60.", Some("60")),
            ("Branch 12 marches.", None),
        ] {
            assert_eq!(number(text, &topics), found, "{text}");
        }
    }
}
