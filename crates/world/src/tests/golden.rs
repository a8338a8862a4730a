//! Ties behaviour to [`RULES`](crate::RULES): neither changes without the other.

use std::format;
use std::string::String;

use super::fixture::{PLATFORMS, step, town, world};
use crate::bytes::digest;
use crate::{Platform, RULES};

/// Rules, platform, digest of all outputs of 48 rounds, hash of the world after them.
///
/// Append a line per platform when behaviour changes on purpose, together with a new number of
/// rules; never change a line: runs that were recorded under it still name it.
const GOLDEN: &[(u32, Platform, &str, &str)] = &[
    (1, Platform::Twitter, "e0196f6d52c8379f541e269db03c9a8a", "6af5255ac1119d0a33574d257da41a87"),
    (1, Platform::Reddit, "ccd66c48038cfd1eec507734879af95b", "30cf121690bbc729841a125acdf3b41c"),
    (2, Platform::Twitter, "ae148f6a3be1f41d65d10ea2f0c225c9", "6dc7255a85e50dc9f8af52cc44435078"),
    (2, Platform::Reddit, "34a903837bfca1cc289c35939d9c8170", "5234eb73ceae5e2747720bc2db533ad0"),
];

#[test]
fn behaviour_changes_only_with_the_rules() {
    for platform in PLATFORMS {
        let mut world = world(town(platform, 7));
        let mut told = String::new();
        while world.tick() <= 48 {
            told.push_str(&format!("{:?}\n", step(&mut world)));
        }
        let found = (RULES, platform, &*hex(digest(told.as_bytes())), &*hex(world.hash()));
        assert!(
            GOLDEN.contains(&found),
            "the world behaves differently under the same rules: if that is meant, raise RULES \
             and append {found:?}",
        );
    }
}

#[test]
fn there_is_one_golden_digest_per_rules_and_platform() {
    for (place, (rules, platform, ..)) in GOLDEN.iter().enumerate() {
        let same = |line: &&(u32, Platform, &str, &str)| (line.0, line.1) == (*rules, *platform);
        assert_eq!(GOLDEN.iter().filter(same).count(), 1, "line {place}");
    }
}

fn hex(bytes: [u8; 16]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
