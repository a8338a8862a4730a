//! Names that read like people's and institutions', and never the same one twice.

use crate::character::Kind;
use crate::random::{Dice, Purpose};

#[rustfmt::skip]
const FIRST: [&str; 96] = [
    "Ada", "Aisha", "Akira", "Alma", "Amara", "Amir", "Anouk", "Anton", "Astrid", "Ayo", "Bela",
    "Bruno", "Camila", "Carlos", "Celia", "Chen", "Clara", "Daan", "Dalia", "Dario", "Diego",
    "Dora", "Edda", "Elif", "Emeka", "Emil", "Esther", "Ewa", "Farah", "Felix", "Fiona", "Freya",
    "Gia", "Goran", "Greta", "Hana", "Hassan", "Hugo", "Ida", "Imran", "Ines", "Ivo", "Jada",
    "Jamal", "Jin", "Jonas", "Juno", "Kaja", "Karim", "Kei", "Kofi", "Lena", "Leo", "Lila",
    "Luca", "Magda", "Malik", "Maya", "Mei", "Milan", "Mira", "Nadia", "Nils", "Noor", "Olga",
    "Omar", "Oskar", "Paula", "Pavel", "Petra", "Priya", "Quentin", "Rafa", "Ravi", "Rosa",
    "Ruben", "Sami", "Sara", "Selma", "Soren", "Tara", "Teo", "Tessa", "Theo", "Uma", "Uri",
    "Vera", "Viktor", "Wanda", "Wei", "Xenia", "Yara", "Yusuf", "Zara", "Zeno", "Zoe",
];
#[rustfmt::skip]
const HEADS: [&str; 48] = [
    "Al", "Bar", "Ber", "Bran", "Cal", "Car", "Dal", "Dor", "El", "Fal", "Far", "Gal", "Gran",
    "Hal", "Har", "Hol", "Kel", "Kin", "Lan", "Lar", "Lin", "Mal", "Mar", "Mel", "Mor", "Nor",
    "Oak", "Or", "Pel", "Pen", "Quin", "Ral", "Ren", "Ros", "Sal", "San", "Sel", "Sten", "Tal",
    "Tar", "Thor", "Ul", "Val", "Ver", "Wal", "Wen", "Win", "Yar",
];
#[rustfmt::skip]
const TAILS: [&str; 48] = [
    "berg", "bridge", "brook", "by", "combe", "croft", "dale", "den", "dine", "er", "field",
    "ford", "gate", "grave", "ham", "hart", "holm", "hurst", "ick", "in", "ing", "kin", "land",
    "ley", "lin", "lock", "low", "man", "mark", "mere", "mond", "more", "ner", "nick", "rick",
    "ridge", "rin", "sen", "son", "stead", "stone", "ter", "ton", "vale", "ver", "well", "wick",
    "wood",
];
/// Before an institution's name; as many as first names for each of its nouns.
const QUARTERS: [&str; 8] = ["", "North", "South", "East", "West", "New", "Old", "Greater"];
#[rustfmt::skip]
const PRESS: [&str; 12] = [
    "Courier", "Gazette", "Herald", "Tribune", "Chronicle", "Radio", "Post", "Mirror", "Dispatch",
    "Echo", "Times", "News",
];
#[rustfmt::skip]
const OFFICES: [&str; 12] = [
    "Council", "Water Authority", "Transport Agency", "Health Office", "Housing Office",
    "Harbour Authority", "Parks Department", "Police", "Schools Office", "Energy Agency",
    "Planning Department", "Library Service",
];
#[rustfmt::skip]
const GROUPS: [&str; 12] = [
    "Foundation", "Union", "University", "Traders", "Residents", "Football Club", "Brewery",
    "Savings Bank", "Housing Association", "Institute", "Works", "Choir",
];

const SURNAMES: usize = HEADS.len() * TAILS.len();
/// Names without an initial.
const SPACE: usize = FIRST.len() * SURNAMES;

/// How somebody is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// In full.
    pub(super) full: String,
    /// What others say.
    pub(super) short: &'static str,
    /// The same in lower case, with underscores.
    pub(super) handle: String,
}

/// The name of an agent. Equal ones have equal ids: the names are counted through, beginning
/// anywhere and with steps that meet each of them once, and then again with an initial.
pub(super) fn name(town: Dice, id: u32, kind: Kind) -> Name {
    let (layer, within) = (id as usize / SPACE, id as u64 % SPACE as u64);
    let step = step(town.value(Purpose::Name, 0));
    let offset = town.wide_below(Purpose::Name, 1, SPACE as u64);
    let place = (within * step + offset) % SPACE as u64;
    let place = usize::try_from(place).expect("it is below SPACE");
    let (first, surname) = (place % FIRST.len(), place / FIRST.len());
    let surname = format!("{}{}", HEADS[surname / TAILS.len()], TAILS[surname % TAILS.len()]);
    // Twenty-six layers are more than there may be agents.
    let initial = (layer > 0).then(|| char::from(b'A' + u8::try_from(layer - 1).unwrap_or(25)));
    let nouns = match kind {
        Kind::Media => &PRESS,
        Kind::Government => &OFFICES,
        Kind::Organization => &GROUPS,
        _ => {
            let middle = initial.map(|initial| format!(" {initial}.")).unwrap_or_default();
            return of(format!("{}{middle} {surname}", FIRST[first]), FIRST[first]);
        }
    };
    let (quarter, noun) = (QUARTERS[first / nouns.len()], nouns[first % nouns.len()]);
    let number = initial.map(|initial| format!(" {initial}")).unwrap_or_default();
    of(format!("{quarter} {surname} {noun}{number}").trim().to_owned(), noun)
}

/// Shares no factor with the number of names, which has no others than 2 and 3.
fn step(value: u64) -> u64 {
    let odd = (value % SPACE as u64) | 1;
    if odd.is_multiple_of(3) { odd + 2 } else { odd }
}

fn of(full: String, short: &'static str) -> Name {
    let words: Vec<&str> =
        full.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    Name { handle: words.join("_").to_ascii_lowercase(), full, short }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_called_as_somebody_else() {
        // Three layers and a bit, some of them institutions.
        let count = u32::try_from(SPACE * 3 + 999).unwrap();
        let kinds = [Kind::Person, Kind::Media, Kind::Person, Kind::Government, Kind::Organization];
        let mut handles: Vec<String> = (0..count)
            .map(|id| name(Dice::new(5), id, kinds[id as usize % kinds.len()]).handle)
            .collect();
        handles.sort_unstable();
        let all = handles.len();
        handles.dedup();
        assert_eq!(handles.len(), all);
    }

    #[test]
    fn steps_share_no_factor_with_the_number_of_names() {
        assert_eq!(SPACE, (1 << 13) * 27);
        for value in 0..1_000 {
            let step = step(value);
            assert!(!step.is_multiple_of(2) && !step.is_multiple_of(3), "{value} gives {step}");
        }
    }

    #[test]
    fn names_read_like_names() {
        let called = |id, kind| name(Dice::new(1), id, kind);
        let person = called(3, Kind::Person);
        assert_eq!(person.handle, person.full.to_lowercase().replace(' ', "_"));
        let late = called(u32::try_from(SPACE).unwrap() + 3, Kind::Person);
        assert_eq!(late.full.replace(" A.", ""), person.full);
        let press = called(3, Kind::Media);
        assert!(press.full.ends_with(press.short) && PRESS.contains(&press.short), "{press:?}");
    }
}
