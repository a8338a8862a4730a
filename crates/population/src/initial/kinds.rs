//! What somebody is, from the words of a profile.

use contract::spec::Profile;

use crate::character::Kind;

/// Words that make a name that of an institution. The last of them in a name decides.
#[rustfmt::skip]
const NAMES: [(Kind, &[&str]); 3] = [
    (Kind::Media, &[
        "news", "newspaper", "times", "gazette", "herald", "courier", "tribune", "chronicle",
        "radio", "tv", "television", "broadcasting", "日报", "晚报", "新闻", "电视台", "媒体",
    ]),
    (Kind::Government, &[
        "government", "ministry", "council", "authority", "agency", "department", "municipality",
        "police", "office", "commission", "政府", "部门", "委员会", "公安", "管理局",
    ]),
    (Kind::Organization, &[
        "university", "college", "school", "institute", "association", "union", "foundation",
        "society", "ngo", "company", "corporation", "ltd", "inc", "gmbh", "group", "club", "bank",
        "大学", "学院", "协会", "公司", "集团", "组织",
    ]),
];

/// Words of a profession, or of a bio where there is no profession. The first of these lists
/// that has one decides.
#[rustfmt::skip]
const PROFESSIONS: [(Kind, &[&str]); 4] = [
    (Kind::Student, &[
        "student", "undergraduate", "postgraduate", "freshman", "sophomore", "pupil", "学生",
        "研究生",
    ]),
    (Kind::Journalist, &[
        "journalist", "reporter", "journalism", "correspondent", "columnist", "editor", "记者",
        "编辑",
    ]),
    (Kind::Expert, &[
        "professor", "lecturer", "researcher", "scientist", "expert", "scholar", "academic",
        "analyst", "economist", "engineer", "physician", "教授", "专家", "学者", "研究员", "工程师",
    ]),
    (Kind::Official, &[
        "official", "officer", "mayor", "councillor", "minister", "diplomat", "spokesperson",
        "spokeswoman", "spokesman", "government", "官员", "公务员", "发言人", "市长",
    ]),
];

/// Words that make a profession that of the press itself rather than of somebody in it.
const PRESS: [&str; 7] = ["media", "newspaper", "broadcaster", "press", "媒体", "报社", "电视台"];

/// What the people of one profile, or of two, are: by name, by profession, by bio, and a person
/// where none of them says anything.
pub(super) fn kind_of(name: &str, profile: &Profile) -> Kind {
    let profession = profile.profession.as_deref().unwrap_or_default();
    institution(name)
        .or_else(|| press(profession))
        .or_else(|| occupation(profession))
        .or_else(|| if profession.is_empty() { occupation(&profile.bio) } else { None })
        .unwrap_or(Kind::Person)
}

fn institution(name: &str) -> Option<Kind> {
    let places = NAMES.iter().filter_map(|(kind, words)| {
        let last = words.iter().filter_map(|word| last_place(name, word)).max();
        last.map(|last| (last, *kind))
    });
    places.max().map(|(_, kind)| kind)
}

/// A "media" or "regional press" is one; a "media consultant" is a person.
fn press(profession: &str) -> Option<Kind> {
    let profession = profession.trim().to_lowercase();
    let is_press = PRESS.iter().any(|word| last_word(&profession) == *word || profession == *word);
    is_press.then_some(Kind::Media)
}

fn occupation(text: &str) -> Option<Kind> {
    let says = |words: &[&str]| words.iter().any(|word| last_place(text, word).is_some());
    PROFESSIONS.iter().find(|(_, words)| says(words)).map(|(kind, _)| *kind)
}

fn last_word(text: &str) -> &str {
    text.rsplit(|c: char| !c.is_alphanumeric()).find(|word| !word.is_empty()).unwrap_or_default()
}

/// Which word of a text `word` is, if it is one; Chinese ones may stand within others.
fn last_place(text: &str, word: &str) -> Option<usize> {
    if !word.is_ascii() {
        return text.rfind(word);
    }
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let places = (0..).zip(words).filter(|(_, found)| found.eq_ignore_ascii_case(word));
    places.map(|(place, _)| place).last()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_what_somebody_is() {
        for (name, profession, bio, kind) in [
            ("Port Senna Harbour Authority", "Port administration", "", Kind::Government),
            ("Senna University Student Union", "", "", Kind::Organization),
            ("The Senna Times", "", "", Kind::Media),
            ("The Lighthouse", "Regional press", "", Kind::Media),
            ("Mira Holt", "Media consultant", "", Kind::Person),
            ("Mira Holt", "Student journalist", "", Kind::Student),
            ("Mira Holt", "Government & Public Administration", "", Kind::Official),
            ("Mira Holt", "Reporter", "Student of people", Kind::Journalist),
            ("Mira Holt", "Baker", "Student of people", Kind::Person),
            ("user_0", "", "Lecturer in Healthcare Marketing", Kind::Expert),
            ("user_0", "", "Newsworthy, officially", Kind::Person),
            ("李明", "大学教授", "", Kind::Expert),
            ("晨光日报", "", "", Kind::Media),
        ] {
            let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            let profile = Profile {
                profession: given(profession),
                bio: bio.to_owned(),
                ..Profile::default()
            };
            assert_eq!(kind_of(name, &profile), kind, "{name}, {profession}, {bio}");
        }
    }
}
