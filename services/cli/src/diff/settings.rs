//! What two runs were started with, and where that differs. Pure.

use contract::options::RunOptions;
use contract::spec::{PlatformSpec, Spec};
use serde::Serialize;
use serde_json::{Value, json};

/// Differences that are listed; the rest is counted.
const LISTED: usize = 20;

/// Where two runs were started with something else. With `--json` printed as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Settings {
    /// How many values differ.
    pub total: usize,
    /// The first of them.
    pub items: Vec<Setting>,
}

/// A value that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// Where, as a JSON pointer into `{"options": .., "spec": ..}`.
    pub at: String,
    /// In A; absent if it has none there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub a: Option<Value>,
    /// In B; absent if it has none there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub b: Option<Value>,
}

impl Settings {
    /// Where options and specs differ.
    pub fn of(a: (&RunOptions, &Spec), b: (&RunOptions, &Spec)) -> Settings {
        let mut settings = Settings::default();
        settings.values("/options", a.0, b.0);
        settings.specs(a.1, b.1);
        settings
    }

    /// A spec may have a million agents: only those that differ become JSON.
    fn specs(&mut self, a: &Spec, b: &Spec) {
        let Spec {
            v: _,
            simulation_id,
            project_id,
            graph_id,
            requirement,
            time,
            agents,
            events,
            twitter,
            reddit,
        } = a;
        self.values("/spec/simulation_id", simulation_id, &b.simulation_id);
        self.values("/spec/project_id", project_id, &b.project_id);
        self.values("/spec/graph_id", graph_id, &b.graph_id);
        self.values("/spec/requirement", requirement, &b.requirement);
        self.values("/spec/time", time, &b.time);
        self.lists("/spec/agents", agents, &b.agents);
        self.values("/spec/events", events, &b.events);
        self.worlds("/spec/twitter", twitter.as_ref(), b.twitter.as_ref());
        self.worlds("/spec/reddit", reddit.as_ref(), b.reddit.as_ref());
    }

    fn worlds(&mut self, at: &str, a: Option<&PlatformSpec>, b: Option<&PlatformSpec>) {
        let (Some(a), Some(b)) = (a, b) else {
            // Of a world that only one has it is enough to say so, with how it ranks.
            let feed = |world: &PlatformSpec| json!({"feed": world.feed});
            let (a, b) = (a.map(feed), b.map(feed));
            return self.compare(at, a.as_ref(), b.as_ref());
        };
        let PlatformSpec { feed, self_rating, profiles } = a;
        self.values(&format!("{at}/feed"), feed, &b.feed);
        self.values(&format!("{at}/self_rating"), self_rating, &b.self_rating);
        self.lists(&format!("{at}/profiles"), profiles, &b.profiles);
    }

    fn lists<T: PartialEq + Serialize>(&mut self, at: &str, a: &[T], b: &[T]) {
        for index in 0..a.len().max(b.len()) {
            let (a, b) = (a.get(index), b.get(index));
            if a != b {
                let (a, b) = (a.map(to_json), b.map(to_json));
                self.compare(&format!("{at}/{index}"), a.as_ref(), b.as_ref());
            }
        }
    }

    fn values<T: Serialize>(&mut self, at: &str, a: &T, b: &T) {
        self.compare(at, Some(&to_json(a)), Some(&to_json(b)));
    }

    fn compare(&mut self, at: &str, a: Option<&Value>, b: Option<&Value>) {
        match (a, b) {
            (a, b) if a == b => {}
            (Some(Value::Object(a)), Some(Value::Object(b))) => {
                for key in a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))) {
                    let token = key.replace('~', "~0").replace('/', "~1");
                    self.compare(&format!("{at}/{token}"), a.get(key), b.get(key));
                }
            }
            (Some(Value::Array(a)), Some(Value::Array(b))) if !is_flat(a) || !is_flat(b) => {
                for index in 0..a.len().max(b.len()) {
                    self.compare(&format!("{at}/{index}"), a.get(index), b.get(index));
                }
            }
            (a, b) => {
                self.total += 1;
                if self.items.len() < LISTED {
                    self.items.push(Setting { at: at.to_owned(), a: a.cloned(), b: b.cloned() });
                }
            }
        }
    }
}

fn to_json<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).expect("no map keys that JSON refuses")
}

/// True for a list of hours, topics or the like, which is one value to whoever writes it.
fn is_flat(list: &[Value]) -> bool {
    !list.iter().any(|value| value.is_object() || value.is_array())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn sample() -> (RunOptions, Spec) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/lantern-pier");
        let spec = intake::read_folder(&folder, &intake::Limits::default()).unwrap().spec;
        let options = contract::options::RequestedOptions::default().resolve(&spec).unwrap();
        (options, spec)
    }

    #[test]
    fn what_differs_is_named_by_its_place() {
        let (options, spec) = sample();
        assert_eq!(Settings::of((&options, &spec), (&options, &spec)), Settings::default());
        let (mut other_options, mut other) = (options.clone(), spec.clone());
        other_options.seed = 7;
        other.time.total_hours += 1;
        other.time.peak_hours = vec![1, 2].try_into().unwrap();
        other.agents.pop();
        let twitter = other.twitter.as_mut().unwrap();
        (twitter.feed.recency_ppm, twitter.profiles[1].age) = (1, Some(99));
        other.reddit = None;
        let found = Settings::of((&options, &spec), (&other_options, &other));
        let places: Vec<&str> = found.items.iter().map(|item| item.at.as_str()).collect();
        let last = format!("/spec/agents/{}", spec.agents.len() - 1);
        assert_eq!(
            places,
            [
                "/options/seed",
                "/spec/time/peak_hours",
                "/spec/time/total_hours",
                &last,
                "/spec/twitter/feed/recency_ppm",
                "/spec/twitter/profiles/1/age",
                "/spec/reddit"
            ]
        );
        assert_eq!(found.total, 7);
        let seed = &found.items[0];
        assert_eq!((&seed.a, &seed.b), (&Some(json!(1)), &Some(json!(7))));
        assert_eq!((&found.items[3].b, &found.items[6].b), (&None, &None));
        assert_eq!(found.items[5].b, Some(json!(99)));
    }

    #[test]
    fn of_many_differences_the_first_are_listed_and_all_are_counted() {
        let (options, spec) = sample();
        let mut other = spec.clone();
        other.agents.iter_mut().for_each(|agent| agent.activity_ppm /= 2);
        let found = Settings::of((&options, &spec), (&options, &other));
        assert_eq!((found.total, found.items.len()), (spec.agents.len(), LISTED));
        assert_eq!(found.items[0].at, "/spec/agents/0/activity_ppm");
    }
}
