//! What somebody is, and how that behaves.

use contract::spec::{AgentSpec, Hours, Stance};

use crate::random::{Dice, Purpose};

/// What somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Person,
    Student,
    Expert,
    Official,
    Journalist,
    Marketer,
    Artist,
    BusinessPerson,
    Financier,
    Lawyer,
    Educator,
    SocialWorker,
    Technologist,
    HealthWorker,
    HospitalityWorker,
    TransportWorker,
    FactoryWorker,
    Builder,
    Farmer,
    SafetyOfficer,
    Media,
    Government,
    Organization,
}

/// How one kind behaves on the average.
struct Habits {
    /// Chance to want to act in a round, in hundredths.
    activity: u32,
    /// From and to, both within; persons have a break in the afternoon.
    hours: [u8; 2],
    posts: u32,
    comments: u32,
    /// In minutes.
    delay: [u32; 2],
    /// In hundredths.
    influence: u32,
}

/// One hundredth, in millionths.
const HUNDREDTH: u32 = 10_000;

impl Kind {
    /// As `entity_type` has it: it makes the voice, too, by its last part that means something.
    pub(crate) fn entity_type(self) -> &'static str {
        match self {
            Kind::Person => "Person",
            Kind::Student => "Student",
            Kind::Expert => "Expert",
            Kind::Official => "Official",
            Kind::Journalist => "Journalist",
            Kind::Marketer => "Marketer",
            Kind::Artist => "Artist",
            Kind::BusinessPerson => "BusinessPerson",
            Kind::Financier => "FinanceProfessional",
            Kind::Lawyer => "Lawyer",
            Kind::Educator => "Educator",
            Kind::SocialWorker => "SocialWorker",
            Kind::Technologist => "Technologist",
            Kind::HealthWorker => "HealthWorker",
            Kind::HospitalityWorker => "HospitalityWorker",
            Kind::TransportWorker => "TransportWorker",
            Kind::FactoryWorker => "FactoryWorker",
            Kind::Builder => "Builder",
            Kind::Farmer => "Farmer",
            Kind::SafetyOfficer => "SafetyOfficer",
            Kind::Media => "MediaOutlet",
            Kind::Government => "GovernmentAgency",
            Kind::Organization => "Organization",
        }
    }

    /// Whether it is a human being.
    pub(crate) fn is_person(self) -> bool {
        !matches!(self, Kind::Media | Kind::Government | Kind::Organization)
    }

    /// Activity, hours, posts and comments, delay, influence. Who writes for a living writes
    /// more; who works with the hands answers in the breaks.
    fn habits(self) -> Habits {
        let habits = |activity, hours, [posts, comments]: [u32; 2], delay, influence| Habits {
            activity,
            hours,
            posts,
            comments,
            delay,
            influence,
        };
        match self {
            Kind::Person => habits(60, [7, 22], [45, 110], [2, 45], 100),
            Kind::Student => habits(75, [9, 23], [60, 140], [1, 20], 80),
            Kind::Expert => habits(45, [8, 21], [40, 80], [15, 90], 200),
            Kind::Official => habits(35, [8, 19], [35, 50], [30, 120], 200),
            Kind::Marketer | Kind::Artist => habits(65, [8, 23], [65, 95], [5, 35], 130),
            Kind::BusinessPerson
            | Kind::Financier
            | Kind::Lawyer
            | Kind::Educator
            | Kind::SocialWorker
            | Kind::Technologist => habits(55, [7, 22], [45, 100], [5, 60], 120),
            Kind::HealthWorker
            | Kind::HospitalityWorker
            | Kind::TransportWorker
            | Kind::FactoryWorker
            | Kind::Builder
            | Kind::Farmer
            | Kind::SafetyOfficer => habits(50, [6, 21], [40, 105], [15, 75], 90),
            Kind::Journalist => habits(60, [7, 22], [70, 80], [5, 40], 180),
            Kind::Media => habits(55, [6, 23], [80, 20], [5, 30], 250),
            Kind::Government => habits(25, [9, 17], [30, 20], [60, 240], 300),
            Kind::Organization => habits(30, [8, 18], [35, 30], [30, 180], 220),
        }
    }

    /// How such an agent behaves: the kind's habits, varied by its own dice so that no two keep
    /// the same rhythm. Activity and rates are off by up to a third, the day of a person begins
    /// and ends up to two hours earlier or later, with a pause in between.
    pub(crate) fn behave(
        self,
        agent_id: u32,
        name: String,
        stance: Stance,
        dice: Dice,
    ) -> AgentSpec {
        let habits = self.habits();
        let varied = |draw, hundredths: u32| {
            let percent = 100 + dice.around(Purpose::Character, draw, 33);
            hundredths * percent.unsigned_abs() / 100 * HUNDREDTH
        };
        let [least, most] = habits.delay;
        AgentSpec {
            agent_id,
            name,
            entity_type: self.entity_type().to_owned(),
            activity_ppm: varied(0, habits.activity),
            active_hours: self.hours(habits.hours, dice),
            posts_per_hour_ppm: varied(1, habits.posts),
            comments_per_hour_ppm: varied(2, habits.comments),
            response_delay_min: least,
            response_delay_max: most + dice.below(Purpose::Character, 3, most / 2 + 1),
            sentiment_ppm: mood(stance, dice),
            stance,
            influence_ppm: habits.influence * HUNDREDTH,
        }
    }

    fn hours(self, [from, to]: [u8; 2], dice: Dice) -> Hours {
        let spread = if self.is_person() { 2 } else { 1 };
        let shift = dice.around(Purpose::Hours, 0, spread);
        let pause = dice.below(Purpose::Hours, 1, 3);
        let pause_from = 13 + dice.around(Purpose::Hours, 2, 2);
        let (first, last) = (i32::from(from) + shift, i32::from(to) + shift);
        let rests = |hour: &i32| {
            let into = hour - pause_from;
            self.is_person() && into >= 0 && into.unsigned_abs() < pause
        };
        let hours = (first..=last).filter(|hour| !rests(hour)).map(|hour| hour.rem_euclid(24));
        let hours: Vec<u8> = hours.filter_map(|hour| u8::try_from(hour).ok()).collect();
        Hours::try_from(hours).expect("hours modulo 24")
    }
}

/// Who is for it is a little more cheerful, who is against it a little less.
fn mood(stance: Stance, dice: Dice) -> i32 {
    let leaning = match stance {
        Stance::Supportive => 25,
        Stance::Opposing => -25,
        Stance::Neutral | Stance::Observer => 0,
    };
    (leaning + dice.around(Purpose::Character, 4, 20)) * 10_000
}

/// How many act in an hour: a fifteenth to a fifth of all, but a few where all are few.
pub(crate) fn crowd(agents: u32) -> [u32; 2] {
    [(agents / 15).max(2).min(agents), (agents / 5).max(5).min(agents)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn agents_of_one_kind_do_not_move_in_lockstep() {
        let agent =
            |id| Kind::Student.behave(id, "A".to_owned(), Stance::Neutral, Dice::new(1).member(id));
        let days: BTreeSet<Vec<u8>> =
            (0..100).map(|id| agent(id).active_hours.as_slice().to_vec()).collect();
        assert!(days.len() > 20, "{} different days", days.len());
        let levels: BTreeSet<u32> = (0..100).map(|id| agent(id).activity_ppm).collect();
        assert!(levels.len() > 20, "{} different levels", levels.len());
        assert_eq!(agent(7), agent(7));
    }

    #[test]
    fn a_crowd_is_never_more_than_there_are() {
        assert_eq!(
            [1, 3, 30, 300, 1_000_000].map(crowd),
            [[1, 1], [2, 3], [2, 6], [20, 60], [66_666, 200_000]]
        );
    }
}
