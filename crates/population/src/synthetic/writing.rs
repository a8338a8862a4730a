//! A town's files, written agent by agent.

use std::io::{self, Write};
use std::path::Path;

use contract::spec::Stance;
use contract::subject::Platform;
use intake::CONFIG_FILE;

use super::person::Person;
use super::town::{Community, Town};
use super::{Plan, profile_file, simulation_id};
use crate::character::crowd;
use crate::config::{Head, Tail, write_agent, write_head, write_json, write_tail};
use crate::files::Partial;

/// Members of a community among whom one looks for who opens.
const OPENERS: u32 = 40;

const NARRATIVE: &str = "\
Both sides repeat what they have always said; somebody asks for numbers and costs; neighbours \
look for a compromise before the council votes";

const REASONING: &str = "\
A synthetic population. | Follows: a power law within and between communities. | Stances: by lot, \
in proportions of each community.";

/// The files while they are written.
#[derive(Debug)]
pub(super) struct Writers {
    config: Partial,
    profiles: Vec<(Platform, Partial)>,
}

impl Writers {
    pub(super) fn create(folder: &Path, platforms: &[Platform]) -> io::Result<Writers> {
        let open = |platform: &Platform| {
            Ok((*platform, Partial::create(folder, profile_file(*platform))?))
        };
        let profiles = platforms.iter().map(open).collect::<io::Result<_>>()?;
        Ok(Writers { config: Partial::create(folder, CONFIG_FILE)?, profiles })
    }

    /// Writes what comes before the agents.
    pub(super) fn begin(&mut self, plan: &Plan, town: &Town) -> io::Result<()> {
        let main = town.communities().next().map_or("", |community| community.topic.name);
        let head = Head {
            simulation_id: &simulation_id(plan),
            requirement: &format!("How does a town of {} argue about the {main}?", plan.agents),
            hours: plan.hours,
            minutes_per_round: plan.minutes_per_round,
            agents_per_hour: crowd(plan.agents),
        };
        write_head(&mut self.config, &head)?;
        for (platform, out) in &mut self.profiles {
            match platform {
                Platform::Twitter => writeln!(
                    out,
                    "user_id,name,username,user_char,description,following_agentid_list"
                )?,
                Platform::Reddit => write!(out, "[")?,
            }
        }
        Ok(())
    }

    /// Writes an agent; they come in the order of their ids.
    pub(super) fn agent(&mut self, person: &Person) -> io::Result<()> {
        write_agent(&mut self.config, &person.spec)?;
        for (platform, out) in &mut self.profiles {
            match platform {
                Platform::Twitter => write_twitter(out, person)?,
                Platform::Reddit => write_reddit(out, person)?,
            }
        }
        Ok(())
    }

    /// Writes what comes behind the agents; the files' names and sizes in bytes.
    pub(super) fn end(&mut self, plan: &Plan, town: &Town) -> io::Result<Vec<(&'static str, u64)>> {
        let hot_topics: Vec<String> =
            town.communities().map(|community| community.topic.name.to_owned()).collect();
        let tail = Tail {
            opening_posts: town.communities().flat_map(|it| openings(town, it)).collect(),
            hot_topics: &hot_topics,
            narrative_direction: NARRATIVE,
            platforms: &plan.platforms,
            reasoning: REASONING,
        };
        write_tail(&mut self.config, &tail)?;
        let mut sizes = vec![(CONFIG_FILE, self.config.complete()?)];
        for (platform, out) in &mut self.profiles {
            if *platform == Platform::Reddit {
                writeln!(out, "\n]")?;
            }
            sizes.push((profile_file(*platform), out.complete()?));
        }
        Ok(sizes)
    }

    /// Gives the files their names, the configuration last: without it there is no simulation.
    pub(super) fn publish(self) -> io::Result<()> {
        self.profiles.into_iter().try_for_each(|(_, profile)| profile.publish())?;
        self.config.publish()
    }
}

/// A line of the CSV; our own texts have neither quotes nor line ends, and names no commas. A
/// list of numbers is the same in JSON and in Python.
fn write_twitter(out: &mut impl Write, person: &Person) -> io::Result<()> {
    let Person { spec, handle, bio, persona, .. } = person;
    write!(out, "{},{},{handle},\"{persona}\",\"{bio}\",\"", spec.agent_id, spec.name)?;
    write_json(out, &person.follows)?;
    writeln!(out, "\"")
}

/// An element of the list, on a line of its own.
fn write_reddit(out: &mut impl Write, person: &Person) -> io::Result<()> {
    let Person { spec, age, gender, mbti, country, profession, .. } = person;
    let comma = if spec.agent_id == 0 { "" } else { "," };
    write!(out, "{comma}\n{{\"user_id\":{},\"username\":\"{}\"", spec.agent_id, person.handle)?;
    for (key, text) in [("name", &spec.name), ("bio", &person.bio), ("persona", &person.persona)] {
        write!(out, ",\"{key}\":")?;
        write_json(out, text)?;
    }
    write!(out, ",\"age\":{age},\"gender\":\"{gender}\",\"mbti\":\"{mbti}\"")?;
    write!(out, ",\"country\":\"{country}\",\"profession\":\"{profession}\"")?;
    write!(out, ",\"interested_topics\":")?;
    write_json(out, &person.interests)?;
    write!(out, ",\"following_agentid_list\":")?;
    write_json(out, &person.follows)?;
    write!(out, "}}")
}

/// Who opens a community's debate, and how: the first of its leaders on either side, and the one
/// who reports.
fn openings(town: &Town, community: &Community) -> Vec<(u32, String)> {
    let ranks = 0..community.members.min(OPENERS);
    let leaders: Vec<Person> =
        ranks.map(|rank| town.person(town.agent_at(community.start + rank))).collect();
    let topic = community.topic;
    let opening = |stance: Stance| {
        let person = leaders.iter().find(|person| person.spec.stance == stance)?;
        let text = match stance {
            Stance::Supportive => topic.supportive.to_owned(),
            Stance::Opposing => topic.opposing.to_owned(),
            Stance::Neutral | Stance::Observer => {
                format!("The council votes on the {} this week. What should it know?", topic.name)
            }
        };
        Some((person.spec.agent_id, text))
    };
    [Stance::Observer, Stance::Supportive, Stance::Opposing]
        .into_iter()
        .filter_map(opening)
        .collect()
}
