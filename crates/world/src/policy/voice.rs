//! Who speaks: in which language, and as whom.

use super::phrases::Phrases;
use super::{chinese::CHINESE, english::ENGLISH};
use crate::setup::Agent;
use crate::words;

/// How an agent speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Voice {
    pub(crate) chinese: bool,
    pub(crate) manner: Manner,
}

/// As whom an agent speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    Person,
    Organisation,
    Press,
}

/// Parts of entity types that mark a person, whatever it belongs to: a university student, a
/// government official, a journalist.
#[rustfmt::skip]
const PERSONS: [&str; 21] = [
    "person", "student", "teacher", "professor", "official", "employee", "worker", "journalist",
    "reporter", "expert", "leader", "member", "citizen", "alumni", "学生", "老师", "教授", "记者",
    "员工", "官员", "居民",
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

impl Voice {
    pub(crate) fn of(agent: &Agent) -> Voice {
        let is = |parts: &[&str]| parts.iter().any(|part| words::mentions(&agent.kind, part));
        let manner = if is(&PERSONS) {
            Manner::Person
        } else if is(&PRESS) {
            Manner::Press
        } else if is(&ORGANISATIONS) {
            Manner::Organisation
        } else {
            Manner::Person
        };
        let texts = [&agent.name, &agent.bio];
        let chinese = texts.into_iter().any(|text| text.chars().any(words::is_han));
        Voice { chinese, manner }
    }

    pub(crate) fn phrases(self) -> &'static Phrases {
        if self.chinese { &CHINESE } else { &ENGLISH }
    }

    /// The slots that say who speaks.
    pub(crate) fn speaker(self) -> [(&'static str, &'static str); 5] {
        let words = match self.manner {
            Manner::Person => self.phrases().one,
            Manner::Organisation | Manner::Press => self.phrases().many,
        };
        [("I", words[0]), ("am", words[1]), ("my", words[2]), ("me", words[3]), ("have", words[4])]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::Platform;
    use crate::tests::fixture::town;

    #[test]
    fn whoever_belongs_to_an_organisation_still_speaks_for_itself() {
        let mut agent = town(Platform::Twitter, 1).agents.remove(0);
        for (kind, many) in [
            ("University", true),
            ("UniversityStudent", false),
            ("MediaOutlet", true),
            ("Journalist", false),
            ("GovernmentAgency", true),
            ("Official", false),
            ("政府部门", true),
            ("大学生", false),
            ("", false),
        ] {
            agent.kind = kind.into();
            assert_eq!(Voice::of(&agent).manner != Manner::Person, many, "{kind}");
        }
    }
}
