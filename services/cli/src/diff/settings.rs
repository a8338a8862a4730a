//! What two runs were started with, and where that differs. Pure.

use contract::options::RunOptions;
use contract::spec::Spec;
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
        let value = |(options, spec)| json!({"options": options, "spec": spec});
        settings.compare("", Some(&value(a)), Some(&value(b)));
        settings
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
        other.reddit = None;
        let found = Settings::of((&options, &spec), (&other_options, &other));
        let places: Vec<&str> = found.items.iter().map(|item| item.at.as_str()).collect();
        let last = format!("/spec/agents/{}", spec.agents.len() - 1);
        assert_eq!(
            places,
            [
                "/options/seed",
                &last,
                "/spec/reddit",
                "/spec/time/peak_hours",
                "/spec/time/total_hours"
            ]
        );
        assert_eq!(found.total, 5);
        let seed = &found.items[0];
        assert_eq!((&seed.a, &seed.b), (&Some(json!(1)), &Some(json!(7))));
        assert_eq!(found.items[1].b, None);
        assert_eq!(found.items[2].b, Some(Value::Null));
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
