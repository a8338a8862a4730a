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

/// What people work as: who works so, and what the field is called. Of the words in a profession
/// the first decides, and a person before a field. A bio names fields that somebody merely likes,
/// so there persons alone count.
#[rustfmt::skip]
const TRADES: [(Kind, &[&str], &[&str]); 16] = [
    (Kind::Marketer,
        &["marketer", "publicist", "strategist", "copywriter", "营销"],
        &["marketing", "advertising", "sales", "public relations"]),
    (Kind::Artist,
        &["artist", "actor", "actress", "musician", "singer", "writer", "author", "designer",
          "photographer", "filmmaker", "blogger", "艺术家", "作家", "演员", "设计师"],
        &["arts", "music", "film", "design", "photography"]),
    (Kind::BusinessPerson,
        &["manager", "ceo", "cmo", "cto", "director", "entrepreneur", "consultant", "recruiter",
          "businessman", "businesswoman", "经理", "企业家"],
        &["business", "management", "human resources", "consulting"]),
    (Kind::Financier,
        &["accountant", "banker", "trader", "investor", "会计"],
        &["finance", "banking", "accounting", "insurance", "金融"]),
    (Kind::Lawyer,
        &["lawyer", "attorney", "solicitor", "barrister", "judge", "律师", "法官"],
        &["law", "legal", "legal services"]),
    (Kind::Educator,
        &["teacher", "educator", "tutor", "librarian", "教师", "老师"],
        &["education", "teaching", "training"]),
    (Kind::SocialWorker,
        &["social worker", "counsellor", "counselor", "carer", "社工"],
        &["human services", "social work", "social services"]),
    (Kind::Technologist,
        &["developer", "programmer", "webworker", "sysadmin", "程序员"],
        &["information technology", "software", "computing"]),
    (Kind::Expert, &[],
        &["science", "technology", "engineering", "mathematics", "research"]),
    (Kind::HealthWorker,
        &["nurse", "doctor", "pharmacist", "paramedic", "midwife", "therapist", "dentist", "医生",
          "护士"],
        &["health", "healthcare", "health science", "medicine", "nursing"]),
    (Kind::HospitalityWorker,
        &["waiter", "waitress", "barista", "bartender", "厨师", "服务员"],
        // Bios cook, too, and the French have chefs of projects.
        &["cook", "chef", "hospitality", "tourism", "catering"]),
    (Kind::TransportWorker,
        &["driver", "courier", "pilot", "sailor", "司机", "快递员"],
        &["transportation", "transport", "logistics"]),
    (Kind::FactoryWorker,
        &["welder", "mechanic", "machinist", "工人"],
        &["manufacturing"]),
    (Kind::Builder,
        &["architect", "builder", "carpenter", "electrician", "plumber", "建筑师"],
        &["architecture", "construction"]),
    (Kind::Farmer,
        &["farmer", "gardener", "forester", "fisher", "fisherman", "农民"],
        &["agriculture", "farming", "forestry", "fishing"]),
    (Kind::SafetyOfficer,
        &["firefighter", "security guard", "soldier", "保安", "消防员"],
        &["public safety", "security", "military"]),
];

/// Words that make a profession that of the press itself rather than of somebody in it.
const PRESS: [&str; 7] = ["media", "newspaper", "broadcaster", "press", "媒体", "报社", "电视台"];

/// Words of a bio that is not a person's.
const OUTLETS: [&str; 5] =
    ["breaking news", "news stories", "news reviews", "news analysis", "top stories"];

/// What the people of one profile, or of two, are: by name, by profession, by bio, and a person
/// where none of them says anything.
pub(super) fn kind_of(name: &str, profile: &Profile) -> Kind {
    let [name, bio] = [name, &profile.bio].map(Words::of);
    let profession = Words::of(profile.profession.as_deref().unwrap_or_default());
    let from_profession = || {
        press(&profession)
            .or_else(|| occupation(&profession))
            .or_else(|| trade(&profession))
            .or_else(|| field(&profession).map(|field| student_of(&bio).unwrap_or(field)))
    };
    let from_bio = || account(&bio).or_else(|| occupation(&bio)).or_else(|| trade(&bio));
    institution(&name)
        .or_else(|| if profession.is_empty() { from_bio() } else { from_profession() })
        .unwrap_or(Kind::Person)
}

fn institution(name: &Words) -> Option<Kind> {
    let places = NAMES.iter().filter_map(|(kind, words)| {
        let last = words.iter().filter_map(|word| name.places(word).last()).max();
        last.map(|last| (last, *kind))
    });
    places.max().map(|(_, kind)| kind)
}

/// A "media" or "regional press" is one; a "media consultant" is a person.
fn press(profession: &Words) -> Option<Kind> {
    PRESS.contains(&profession.last()).then_some(Kind::Media)
}

/// What speaks of itself as no person does: "Official account of the harbour".
fn account(bio: &Words) -> Option<Kind> {
    if bio.has_any(&OUTLETS) {
        return Some(Kind::Media);
    }
    bio.0.starts_with(" official ").then_some(Kind::Organization)
}

fn occupation(text: &Words) -> Option<Kind> {
    PROFESSIONS.iter().find(|(_, words)| text.has_any(words)).map(|(kind, _)| *kind)
}

fn trade(text: &Words) -> Option<Kind> {
    first_of(text, TRADES.iter().map(|(kind, people, _)| (*kind, *people)))
}

fn field(text: &Words) -> Option<Kind> {
    first_of(text, TRADES.iter().map(|(kind, _, fields)| (*kind, *fields)))
}

/// A field may be that of somebody's studies.
fn student_of(bio: &Words) -> Option<Kind> {
    let (kind, words) = PROFESSIONS[0];
    bio.has_any(words).then_some(kind)
}

/// The kind whose word comes first; of two at one place, as "health" and "health science", any.
fn first_of<'a>(text: &Words, kinds: impl Iterator<Item = (Kind, &'a [&'a str])>) -> Option<Kind> {
    let places = kinds.filter_map(|(kind, words)| {
        let first = words.iter().filter_map(|word| text.places(word).next()).min();
        first.map(|first| (first, kind))
    });
    places.min().map(|(_, kind)| kind)
}

/// A text in lower case, with nothing but one blank before and behind each word.
struct Words(String);

impl Words {
    fn of(text: &str) -> Words {
        let mut words = String::from(" ");
        for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
            words.push_str(&word.to_lowercase());
            words.push(' ');
        }
        Words(words)
    }

    fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }

    fn last(&self) -> &str {
        self.0.trim().rsplit(' ').next().unwrap_or_default()
    }

    /// Where a word or several stand; Chinese ones may stand within others.
    fn places<'a>(&'a self, words: &'a str) -> impl Iterator<Item = usize> + 'a {
        let is_blank = |at: usize| self.0.as_bytes().get(at) == Some(&b' ');
        let is_whole = move |at: usize| is_blank(at - 1) && is_blank(at + words.len());
        let found = self.0.match_indices(words).map(|(at, _)| at);
        found.filter(move |at| !words.is_ascii() || is_whole(*at))
    }

    fn has_any(&self, words: &[&str]) -> bool {
        words.iter().any(|words| self.places(words).next().is_some())
    }
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
            ("Mira Holt", "Media consultant", "", Kind::BusinessPerson),
            ("Mira Holt", "Student journalist", "", Kind::Student),
            ("Mira Holt", "Government & Public Administration", "", Kind::Official),
            ("Mira Holt", "Reporter", "Student of people", Kind::Journalist),
            ("Mira Holt", "Baker", "Student of people", Kind::Person),
            ("Mira Holt", "Bus driver", "Student of people", Kind::TransportWorker),
            ("Mira Holt", "Science, Technology, Engineering & Mathematics", "", Kind::Expert),
            ("Mira Holt", "Human Services", "STEM | student", Kind::Student),
            ("Mira Holt", "Human Services", "Services", Kind::SocialWorker),
            ("Mira Holt", "Human resources", "", Kind::BusinessPerson),
            ("Mira Holt", "Law, Public Safety, Corrections & Security", "", Kind::Lawyer),
            ("Mira Holt", "Agriculture, Food & Natural Resources", "", Kind::Farmer),
            ("Mira Holt", "Marketing manager", "", Kind::BusinessPerson),
            ("user_0", "", "I love marketing and music", Kind::Person),
            ("user_0", "", "Official technology provider. Industry news.", Kind::Organization),
            ("user_0", "", "Technology news, reviews, opinions", Kind::Media),
            ("user_0", "", "Chef de projet", Kind::Person),
            ("Mira Holt", "Pastry chef", "", Kind::HospitalityWorker),
            ("user_0", "", "Digital marketer, likes a good CEO", Kind::Marketer),
            ("user_0", "", "Lecturer in Healthcare Marketing", Kind::Expert),
            ("user_0", "", "Newsworthy, officially", Kind::Person),
            ("李明", "", "在北京的出租车司机", Kind::TransportWorker),
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
