//! Which build of Shoal a program is: two of one version may differ, and two with other rules must
//! be told apart.

use std::collections::BTreeMap;

/// The version of all programs, `0.1.0`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What this was built from: a commit, with `-dirty` behind it if there was more, as whoever built it
/// said in `SHOAL_BUILD`; `dev` where nobody did. `[A-Za-z0-9._-]`, 1 to 64 of them.
pub const BUILD: &str = named(option_env!("SHOAL_BUILD"));

/// What a program says of itself: `0.1.0 (build 65987661c2, rules 2)`; without the rules where
/// it plays no worlds.
pub fn version(rules: Option<u32>) -> String {
    match rules {
        Some(rules) => format!("{VERSION} (build {BUILD}, rules {rules})"),
        None => format!("{VERSION} (build {BUILD})"),
    }
}

/// The same for the metadata of a service, by name.
pub fn metadata(rules: Option<u32>) -> BTreeMap<String, String> {
    let rules = rules.map(|rules| ("rules".to_owned(), rules.to_string()));
    [("build".to_owned(), BUILD.to_owned())].into_iter().chain(rules).collect()
}

/// Found out by the compiler: a name with other characters would be an error in labels of
/// metrics and wherever else it stands.
const fn named(build: Option<&'static str>) -> &'static str {
    let Some(name) = build else { return "dev" };
    let bytes = name.as_bytes();
    assert!(bytes.len() <= 64, "SHOAL_BUILD is too long: expected 64 characters at most");
    let mut at = 0;
    while at < bytes.len() {
        let is_plain = bytes[at].is_ascii_alphanumeric() || matches!(bytes[at], b'.' | b'_' | b'-');
        assert!(is_plain, "SHOAL_BUILD has other characters than [A-Za-z0-9._-]");
        at += 1;
    }
    if bytes.is_empty() { "dev" } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_has_the_name_that_it_was_given() {
        assert_eq!(named(Some("65987661c2-dirty")), "65987661c2-dirty");
        for nothing in [None, Some("")] {
            assert_eq!(named(nothing), "dev");
        }
        for bad in ["a b", "a\"b", "ä", &"a".repeat(65)] {
            let bad: &'static str = bad.to_owned().leak();
            assert!(std::panic::catch_unwind(|| named(Some(bad))).is_err(), "{bad}");
        }
    }

    #[test]
    fn who_plays_worlds_says_by_which_rules() {
        assert_eq!(version(None), format!("{VERSION} (build {BUILD})"));
        assert_eq!(version(Some(7)), format!("{VERSION} (build {BUILD}, rules 7)"));
        assert_eq!(metadata(None).get("rules"), None);
        assert_eq!(metadata(Some(7))["rules"], "7");
    }
}
