//! Who speaks: in which language, and as whom.

use super::chinese::CHINESE;
use super::english::ENGLISH;
use super::phrases::Language;
use crate::setup::Agent;
use crate::words;
use crate::world::World;

/// How an agent speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Voice {
    pub(crate) chinese: bool,
    pub(crate) manner: Manner,
}

/// As whom an agent speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    Person,
    /// A person who asks for evidence.
    Expert,
    Organisation,
    Press,
}

/// Parts of entity types that mark somebody who knows a subject by profession.
#[rustfmt::skip]
const EXPERTS: [&str; 12] = [
    "professor", "expert", "scientist", "researcher", "scholar", "academic", "analyst", "教授",
    "专家", "学者", "科学家", "研究员",
];
/// Parts that mark a person, whatever it belongs to: a university student, a government
/// official, a journalist.
#[rustfmt::skip]
const PERSONS: [&str; 17] = [
    "person", "student", "teacher", "official", "employee", "worker", "journalist", "reporter",
    "leader", "member", "citizen", "alumni", "学生", "老师", "记者", "员工", "居民",
];
/// Parts that mark the press.
#[rustfmt::skip]
const PRESS: [&str; 9] = [
    "media", "news", "press", "journal", "radio", "broadcast", "媒体", "报社", "电视台",
];
/// Parts that mark other organisations.
#[rustfmt::skip]
const ORGANISATIONS: [&str; 22] = [
    "organi", "compan", "government", "agency", "university", "school", "ngo", "institut",
    "association", "union", "council", "ministry", "corporation", "platform", "group", "公司",
    "组织", "机构", "大学", "政府", "协会", "部门",
];

impl World {
    /// Whether an agent speaks as the press.
    pub(super) fn is_press(&self, agent: u32) -> bool {
        self.profiles[agent as usize].voice.is_press()
    }
}

impl Voice {
    pub(super) fn is_press(self) -> bool {
        self.manner == Manner::Press
    }

    pub(crate) fn of(agent: &Agent) -> Voice {
        Voice { chinese: is_chinese(agent), manner: Manner::of(&agent.kind) }
    }

    pub(crate) fn language(self) -> &'static Language {
        if self.chinese { &CHINESE } else { &ENGLISH }
    }

    /// The slots that say who speaks.
    pub(crate) fn speaker(self) -> [(&'static str, &'static str); 5] {
        let grammar = &self.language().grammar;
        let words = match self.manner {
            Manner::Person | Manner::Expert => grammar.one,
            Manner::Organisation | Manner::Press => grammar.many,
        };
        [("I", words[0]), ("am", words[1]), ("my", words[2]), ("me", words[3]), ("have", words[4])]
    }
}

impl Manner {
    fn of(kind: &str) -> Manner {
        // What comes last says what it is: a university student, a student organisation.
        let last = |parts: &[&str]| parts.iter().filter_map(|part| last_place(kind, part)).max();
        let person = last(&EXPERTS).max(last(&PERSONS));
        let group = last(&PRESS).max(last(&ORGANISATIONS));
        if group > person {
            if last(&PRESS).is_some() { Manner::Press } else { Manner::Organisation }
        } else if last(&EXPERTS).is_some() {
            Manner::Expert
        } else {
            Manner::Person
        }
    }
}

/// Where `part` last begins in `text`, without regard to ASCII case.
fn last_place(text: &str, part: &str) -> Option<usize> {
    let (text, part) = (text.as_bytes(), part.as_bytes());
    text.windows(part.len()).rposition(|window| window.eq_ignore_ascii_case(part))
}

/// An agent speaks the language of its profile: Chinese if its bio or its persona is mainly
/// Chinese, or its name where they say nothing.
fn is_chinese(agent: &Agent) -> bool {
    let profile = [agent.bio.as_str(), agent.persona.as_str()];
    let said = profile.iter().any(|text| text.chars().any(is_letter));
    if said { profile.into_iter().any(mainly_chinese) } else { mainly_chinese(&agent.name) }
}

/// A Chinese character says about as much as three Latin letters.
const LETTERS_PER_CHARACTER: usize = 3;

pub(crate) fn mainly_chinese(text: &str) -> bool {
    let han = text.chars().filter(|&character| words::is_han(character)).count();
    let latin = text.chars().filter(char::is_ascii_alphabetic).count();
    han > 0 && han * LETTERS_PER_CHARACTER >= latin
}

fn is_letter(character: char) -> bool {
    character.is_ascii_alphabetic() || words::is_han(character)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::Platform;
    use crate::tests::fixture::town;

    #[test]
    fn whoever_belongs_to_an_organisation_still_speaks_for_itself() {
        for (kind, manner) in [
            ("University", Manner::Organisation),
            ("UniversityStudent", Manner::Person),
            ("UniversityProfessor", Manner::Expert),
            ("MediaOutlet", Manner::Press),
            ("Journalist", Manner::Person),
            ("GovernmentAgency", Manner::Organisation),
            ("Official", Manner::Person),
            ("政府部门", Manner::Organisation),
            ("大学生", Manner::Person),
            ("医学专家", Manner::Expert),
            ("StudentOrganization", Manner::Organisation),
            ("NewsAgency", Manner::Press),
            ("journalist", Manner::Person),
            ("", Manner::Person),
        ] {
            assert_eq!(Manner::of(kind), manner, "{kind}");
        }
    }

    #[test]
    fn an_agent_speaks_the_language_of_its_profile() {
        let mut agent = town(Platform::Twitter, 1).agents.remove(0);
        for (name, bio, persona, chinese) in [
            ("Maya", "Night bus.", "A student who works late.", false),
            ("user_713", "大学生，关心交通。", "", true),
            ("user_713", "WHU 2019", "一名法学院毕业生，关注校园安全，说话直接。", true),
            ("王小明", "", "", true),
            ("王小明", "Exchange student in Leeds.", "Writes in English about trams.", false),
            ("Ana", "Loves 武汉 and its noodles.", "Travels a lot, eats more.", false),
            ("user_5", "", "", false),
        ] {
            (agent.name, agent.bio, agent.persona) = (name.into(), bio.into(), persona.into());
            assert_eq!(Voice::of(&agent).chinese, chinese, "{name}, {bio}, {persona}");
        }
    }
}
