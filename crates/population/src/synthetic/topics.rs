//! What towns argue about.

/// Something that a community argues about. Names read behind "the".
#[derive(Clone, Copy, Debug)]
pub(super) struct Topic {
    pub(super) name: &'static str,
    /// What who cares about it cares about, too.
    pub(super) interests: [&'static str; 4],
    /// Who knows about it by profession.
    pub(super) expert: &'static str,
    /// How somebody opens who is for it.
    pub(super) supportive: &'static str,
    /// How somebody opens who is against it.
    pub(super) opposing: &'static str,
}

/// The topics, each as good a beginning as any other.
pub(super) const TOPICS: [Topic; 16] = [
    Topic {
        name: "car-free old town",
        interests: ["cycling", "street trees", "outdoor markets", "quiet streets"],
        expert: "Traffic researcher",
        supportive: "I walked the old town on the last car-free Sunday and heard bells again. Make it every day.",
        opposing: "My customers come by car or not at all. Close the old town and you close the shops in it.",
    },
    Topic {
        name: "night bus line",
        interests: ["public transport", "late shifts", "bus lanes", "safe ways home"],
        expert: "Transport economist",
        supportive: "Whoever cleans your office goes home at three. The night bus line costs less than one roundabout.",
        opposing: "Four passengers a night on average last time. The night bus line is an expensive taxi with a number.",
    },
    Topic {
        name: "harbour wind park",
        interests: ["renewable energy", "sea birds", "power prices", "harbour jobs"],
        expert: "Energy engineer",
        supportive: "Twelve turbines, our own power, and the yards are busy for ten years. The harbour wind park is a gift.",
        opposing: "The harbour wind park stands where the terns nest and the boats turn. Put it where nobody works.",
    },
    Topic {
        name: "rent cap",
        interests: ["housing", "tenant rights", "new flats", "fair rents"],
        expert: "Housing economist",
        supportive: "Half of my wage goes to the landlord before I have bought bread. The rent cap is overdue.",
        opposing: "A rent cap builds no flat. Ask anyone who is still looking for one after five years of it elsewhere.",
    },
    Topic {
        name: "phone-free school",
        interests: ["teaching", "screen time", "school lunches", "children's sleep"],
        expert: "Education researcher",
        supportive: "Two weeks of the phone-free school and they play chess in the yard. I had forgotten the noise.",
        opposing: "I want to reach my daughter when the bus is late. A phone-free school solves the wrong problem.",
    },
    Topic {
        name: "river swimming pool",
        interests: ["swimming", "clean water", "summer heat", "lifeguards"],
        expert: "Water chemist",
        supportive: "Our grandparents swam there. The samples are clean eight months a year: build the river swimming pool.",
        opposing: "One heavy rain and the sewers spill. I would not let a dog into that river swimming pool.",
    },
    Topic {
        name: "stadium loan",
        interests: ["football", "city budget", "youth sport", "ticket prices"],
        expert: "Public finance analyst",
        supportive: "The stadium loan pays itself back with every home game, and the youth teams get a roof.",
        opposing: "A private club, a public debt. Who signs the stadium loan should pay it from their own pocket.",
    },
    Topic {
        name: "Sunday library",
        interests: ["reading", "study rooms", "evening classes", "second-hand books"],
        expert: "Library scholar",
        supportive: "On Sundays children have time. Three librarians more, and the Sunday library is theirs.",
        opposing: "Librarians have families, too. A Sunday library without money is a library shut on Tuesday.",
    },
    Topic {
        name: "food waste rule",
        interests: ["composting", "soup kitchens", "grocery prices", "packaging"],
        expert: "Nutrition scientist",
        supportive: "We threw away forty loaves last night. The food waste rule would have fed the shelter twice.",
        opposing: "The food waste rule means a second bin, a third form and a fine. Small shops cannot carry that.",
    },
    Topic {
        name: "data centre",
        interests: ["ground water", "local taxes", "server heat", "broadband"],
        expert: "Systems researcher",
        supportive: "The data centre heats two thousand flats for nothing. Which other neighbour does that?",
        opposing: "The data centre drinks as much as the whole east side and employs thirty people. No.",
    },
    Topic {
        name: "tourist tax",
        interests: ["hotels", "city walks", "cruise ships", "holiday flats"],
        expert: "Tourism analyst",
        supportive: "They photograph the fountain, we repair it. A tourist tax of two coins is good manners.",
        opposing: "Guests already pay for every bench. With the tourist tax they will sleep one town further on.",
    },
    Topic {
        name: "community hospital merger",
        interests: ["nursing", "waiting times", "ambulances", "rural clinics"],
        expert: "Health researcher",
        supportive: "After the community hospital merger there is a surgeon at night. Before it there was a telephone.",
        opposing: "Forty more minutes in an ambulance: that is what the community hospital merger saves us.",
    },
    Topic {
        name: "street camera plan",
        interests: ["privacy", "burglaries", "street lighting", "police patrols"],
        expert: "Privacy scholar",
        supportive: "My shop was broken into twice. The street camera plan watches a corner, not your kitchen.",
        opposing: "The street camera plan films everybody and catches nobody. Mend the lamps instead.",
    },
    Topic {
        name: "allotment housing project",
        interests: ["gardening", "bees", "affordable flats", "open green space"],
        expert: "Urban planning expert",
        supportive: "Ninety plots or six hundred homes. I love tomatoes, but the allotment housing project is right.",
        opposing: "My grandfather dug that soil. The allotment housing project has three empty car parks to choose from.",
    },
    Topic {
        name: "four-day week trial",
        interests: ["working hours", "child care", "small firms", "overtime"],
        expert: "Labour researcher",
        supportive: "The four-day week trial: same work, fewer meetings, and I know my children's timetable now.",
        opposing: "Tell a bakery about the four-day week trial. People eat on Fridays, too.",
    },
    Topic {
        name: "fireworks ban",
        interests: ["new year", "pets", "clean air", "old customs"],
        expert: "Air quality scientist",
        supportive: "One night of smoke is two months of traffic. With the fireworks ban the dogs sleep, too.",
        opposing: "Once a year a whole street stands outside together. A fireworks ban takes the one party that costs nothing.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_fit_between_quotes() {
        for topic in &TOPICS {
            let mut words = topic.interests.to_vec();
            words.extend([topic.name, topic.expert]);
            assert!(!words.iter().any(|word| word.contains(['"', '\\', ','])), "{words:?}");
            let named = topic.name.trim_start_matches("car-free ");
            for post in [topic.supportive, topic.opposing] {
                assert!(post.contains(named), "{post:?} does not name the {named}");
            }
        }
    }
}
