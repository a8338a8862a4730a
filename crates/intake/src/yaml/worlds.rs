//! The field `platforms`: which worlds there are, and how posts are ranked in them.

use contract::door::{Object, describe};
use contract::subject::Platform;
use serde_json::Value;

use crate::feed::{self, World};
use crate::reading::{Reading, choice};

const KEY: &str = "platforms";

/// Reads `platforms`: a name, a list of names, or an object of what `feed` reads for each
/// (`on`, `off` and nothing will do). Where it is absent there are both, with default weights.
pub(super) fn read(reading: &mut Reading<'_>, root: &Object<'_>) -> Vec<(Platform, World)> {
    let Some(value) = root.get(KEY) else {
        return Platform::ALL.map(|platform| (platform, World::of(platform))).to_vec();
    };
    let before = reading.door.count();
    let worlds = match value {
        Value::Object(_) => configured(reading, root),
        Value::Array(_) => {
            let names = root.list(KEY);
            names.iter().filter_map(|(place, name)| named(reading, place, name)).collect()
        }
        name => named(reading, &root.pointer(KEY), name).into_iter().collect::<Vec<_>>(),
    };
    if worlds.is_empty() && reading.door.count() == before {
        root.report(KEY, "no platform that is on", "twitter, reddit or both");
    }
    worlds
}

fn named(reading: &Reading<'_>, place: &str, name: &Value) -> Option<(Platform, World)> {
    let platforms = Platform::ALL.map(|platform| (platform.as_str(), platform));
    let read = name.as_str().map(|name| choice(name, &platforms));
    match read.unwrap_or_else(|| Err("twitter or reddit".to_owned())) {
        Ok(platform) => Some((platform, World::of(platform))),
        Err(expected) => {
            reading.door.report(place, describe(name), &expected);
            None
        }
    }
}

fn configured(reading: &mut Reading<'_>, root: &Object<'_>) -> Vec<(Platform, World)> {
    let Some(platforms) = root.object(KEY) else { return Vec::new() };
    platforms.refuse_unknown(&Platform::ALL.map(Platform::as_str));
    let mut worlds = Vec::new();
    for platform in Platform::ALL {
        let name = platform.as_str();
        let world = match platforms.get(name) {
            // Named without a word more.
            None if platforms.unknown(&[]).contains(&name) => World::of(platform),
            None | Some(Value::Bool(false)) => continue,
            Some(Value::Bool(true)) => World::of(platform),
            Some(Value::Object(_)) => match platforms.object(name) {
                Some(section) => {
                    section.refuse_unknown(&feed::FIELDS);
                    feed::weights(reading, &section, platform)
                }
                None => continue,
            },
            Some(other) => {
                platforms.report(name, describe(other), "on, off, or weights of the feed");
                continue;
            }
        };
        if world.enabled {
            worlds.push((platform, world));
        }
    }
    worlds
}
