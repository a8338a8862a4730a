//! What comes in from outside: licences, sources, duplicates, one provider of cryptography.

use std::collections::{BTreeMap, BTreeSet};

use crate::metadata::Metadata;
use crate::{assert_none, read};

/// Packages of which there are several incompatible versions, and why that is.
const DUPLICATES: [(&str, &[&str], &str); 10] = [
    ("base64", &["0.22", "0.23"], "async-nats is a step behind reqwest"),
    ("bit-vec", &["0.8", "0.9"], "the schema validator beside rcgen; in tests only"),
    ("cpufeatures", &["0.2", "0.3"], "sha2 0.10 beside chacha20, which comes with rand 0.10"),
    ("getrandom", &["0.2", "0.3", "0.4"], "ring and backoff, the schema validator, and rand 0.10"),
    ("r-efi", &["5", "6"], "comes with getrandom, for firmware"),
    ("rand", &["0.8", "0.10"], "backoff, nkeys and nuid are behind async-nats"),
    ("rand_core", &["0.6", "0.10"], "comes with rand"),
    ("synstructure", &["0.13", "0.14"], "comes with syn, for the same macros"),
    ("syn", &["2", "3"], "derive macros move from one to the other; not in our programs"),
    ("windows-sys", &["0.52", "0.61"], "ring is a step behind; on Windows only"),
];

/// Other providers of cryptography and TLS than ring.
const OTHER_PROVIDERS: [&str; 7] =
    ["aws-lc-rs", "aws-lc-sys", "boring", "boring-sys", "native-tls", "openssl", "openssl-sys"];

#[test]
fn everything_has_a_licence_that_we_accept() {
    let accepted = accepted_licences();
    let mut problems = Vec::new();
    let (ours, fuzzing) = (Metadata::load(), Metadata::of_fuzzing());
    for package in ours.packages.values().chain(fuzzing.packages.values()) {
        let name = format!("{} {}", package.name, package.version);
        match &package.license {
            None => problems.push(format!("{name} names no licence")),
            Some(terms) => match is_accepted(terms, &accepted) {
                Ok(true) => {}
                Ok(false) => problems.push(format!("{name} is under {terms}")),
                Err(reason) => problems.push(format!("{name} is under {terms:?}: {reason}")),
            },
        }
    }
    assert_none(&problems, "the licences that we accept are in deny.toml");
}

#[test]
fn everything_comes_from_one_registry() {
    let (ours, fuzzing) = (Metadata::load(), Metadata::of_fuzzing());
    // What fuzzing takes from our own workspace is no member of its own.
    let ids = ours.packages.keys().cloned().collect::<BTreeSet<_>>();
    let only_fuzzing = fuzzing.packages.values().filter(|package| !ids.contains(&package.id));
    let packages = ours.packages.values().chain(only_fuzzing);
    let foreign = packages.filter(|package| !package.is_member);
    let problems: Vec<String> = foreign
        .filter_map(|package| {
            let source = package.source.as_deref().unwrap_or("a path outside the workspace");
            let known = source.starts_with("registry+") && source.ends_with("/crates.io-index");
            (!known).then(|| format!("{} comes from {source}", package.name))
        })
        .collect();
    assert_none(&problems, "depend on a published version");
}

/// Otherwise what is fuzzed would not be what is built.
#[test]
fn fuzzing_takes_the_versions_that_we_build_with() {
    let ours = Metadata::load();
    let version = |name: &str| {
        let found = ours.packages.values().find(|package| package.name == name);
        found.map(|package| package.version.as_str())
    };
    let fuzzing = Metadata::of_fuzzing();
    let problems: Vec<String> = ["serde", "serde_json", "csv", "time", "sha2"]
        .into_iter()
        .flat_map(|name| fuzzing.packages.values().filter(move |package| package.name == name))
        .filter(|package| version(&package.name) != Some(&package.version))
        .map(|package| format!("{} {} is another", package.name, package.version))
        .collect();
    assert_none(&problems, "run `cargo update` in fuzz/, or copy the versions from Cargo.lock");
}

#[test]
fn duplicates_are_known_and_have_a_reason() {
    let metadata = Metadata::load();
    let mut versions: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for package in metadata.packages.values() {
        versions.entry(&package.name).or_default().insert(compatible(&package.version));
    }
    let several = versions.into_iter().filter(|(_, versions)| versions.len() > 1);
    let found: BTreeSet<String> = several
        .map(|(name, versions)| describe(name, versions.iter().map(String::as_str)))
        .collect();
    let known: BTreeSet<String> = DUPLICATES
        .iter()
        .map(|(name, versions, _)| describe(name, versions.iter().copied()))
        .collect();
    let new = found.difference(&known).map(|it| format!("there is {it}"));
    let gone = known.difference(&found).map(|it| format!("there is no longer {it}"));
    assert_none(
        &new.chain(gone).collect::<Vec<_>>(),
        "see `cargo tree --target all -d`; take one version, or give the reason in DUPLICATES",
    );
}

/// A package and its versions, in order: `rand 0.10 0.8`.
fn describe<'a>(name: &str, versions: impl Iterator<Item = &'a str>) -> String {
    let mut versions: Vec<&str> = versions.collect();
    versions.sort_unstable();
    format!("{name} {}", versions.join(" "))
}

#[test]
fn ring_is_the_only_provider_of_cryptography() {
    let metadata = Metadata::load();
    let mut built = BTreeSet::new();
    for package in metadata.members() {
        built.extend(metadata.built_for(package));
    }
    let others = OTHER_PROVIDERS.into_iter().filter(|name| built.contains(name));
    let problems: Vec<String> = others.map(|name| format!("{name} is built")).collect();
    assert_none(&problems, "find who brings it with `cargo tree -i`, and turn its feature off");
    assert!(built.contains("ring"), "ring is not built: this test looks at the wrong thing");
}

/// The list `allow` of deny.toml, which is the only one.
fn accepted_licences() -> BTreeSet<String> {
    let file = read("deny.toml");
    let (_, list) =
        file.split_once("\nallow = [\n").expect("deny.toml allows licences, one a line");
    let (list, _) = list.split_once("\n]").expect("a list ends");
    let licences = list.lines().map(|line| line.trim().trim_matches(['"', ',']).to_owned());
    let licences: BTreeSet<String> = licences.collect();
    assert!(licences.contains("MIT"), "deny.toml was misread: {licences:?}");
    licences
}

/// Whether an SPDX expression can be met with accepted licences. The old `/` means `OR`.
fn is_accepted(terms: &str, accepted: &BTreeSet<String>) -> Result<bool, String> {
    let spaced = terms.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let met = any(&mut rest, accepted)?;
    match rest {
        [] => Ok(met),
        [word, ..] => Err(format!("unexpected {word:?}")),
    }
}

fn any(words: &mut &[&str], accepted: &BTreeSet<String>) -> Result<bool, String> {
    let mut met = all(words, accepted)?;
    while let ["OR", rest @ ..] = *words {
        *words = rest;
        met |= all(words, accepted)?;
    }
    Ok(met)
}

fn all(words: &mut &[&str], accepted: &BTreeSet<String>) -> Result<bool, String> {
    let mut met = one(words, accepted)?;
    while let ["AND", rest @ ..] = *words {
        *words = rest;
        met &= one(words, accepted)?;
    }
    Ok(met)
}

fn one(words: &mut &[&str], accepted: &BTreeSet<String>) -> Result<bool, String> {
    match *words {
        ["(", rest @ ..] => {
            *words = rest;
            let met = any(words, accepted)?;
            let [")", rest @ ..] = *words else { return Err("no closing parenthesis".to_owned()) };
            *words = rest;
            Ok(met)
        }
        [licence, "WITH", exception, rest @ ..] => {
            *words = rest;
            Ok(accepted.contains(&format!("{licence} WITH {exception}")))
        }
        [licence, rest @ ..] if !["OR", "AND", "WITH", ")"].contains(licence) => {
            *words = rest;
            Ok(accepted.contains(*licence))
        }
        [word, ..] => Err(format!("unexpected {word:?}")),
        [] => Err("it ends too early".to_owned()),
    }
}

/// The part of a version within which cargo takes only one: `1`, or `0.4`.
fn compatible(version: &str) -> String {
    let mut numbers = version.split('.');
    match (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default()) {
        ("0", minor) => format!("0.{minor}"),
        (major, _) => major.to_owned(),
    }
}

#[test]
fn licences_are_read_as_spdx_means_them() {
    let accepted =
        BTreeSet::from(["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned));
    let accepts = |terms| is_accepted(terms, &accepted);
    for terms in ["MIT", "SSPL-1.0 OR MIT", "Unlicense/MIT", "(SSPL-1.0 OR MIT) AND ISC"] {
        assert_eq!(accepts(terms), Ok(true), "{terms}");
    }
    assert_eq!(accepts("Apache-2.0 WITH LLVM-exception"), Ok(true));
    for terms in ["SSPL-1.0", "MIT AND SSPL-1.0", "Apache-2.0", "SSPL-1.0 OR MIT AND BSD-3-Clause"]
    {
        assert_eq!(accepts(terms), Ok(false), "{terms}");
    }
    for terms in ["", "MIT OR", "(MIT", "MIT ISC", "AND"] {
        assert!(accepts(terms).is_err(), "{terms}");
    }
    assert_eq!(["1.2.3", "0.4.9", "0.52.0"].map(compatible), ["1", "0.4", "0.52"]);
}
