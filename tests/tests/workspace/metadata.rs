//! What cargo knows of the workspace and of all that it depends on, on every platform.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::process::{Command, Output};

use serde_json::Value;

use crate::root;

/// The packages of the workspace and what they depend on, directly or not.
pub(crate) struct Metadata {
    /// By cargo's id.
    pub(crate) packages: BTreeMap<String, Package>,
    /// Who depends on whom in what is built, by id; what only tests need is left out.
    edges: BTreeMap<String, Vec<String>>,
}

pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    /// Where it comes from; none for our own.
    pub(crate) source: Option<String>,
    /// One of ours.
    pub(crate) is_member: bool,
    /// The path of its manifest.
    pub(crate) manifest: String,
    /// What its manifest names.
    pub(crate) dependencies: Vec<Dependency>,
    /// Its own features, and what each enables.
    pub(crate) features: BTreeMap<String, Vec<String>>,
}

pub(crate) struct Dependency {
    pub(crate) name: String,
    /// Only for its tests.
    pub(crate) is_for_tests: bool,
    /// The features that it is wanted with.
    pub(crate) features: BTreeSet<String>,
}

impl Metadata {
    /// Asks cargo, without the network if that will do.
    pub(crate) fn load() -> Metadata {
        Metadata::of("Cargo.toml")
    }

    /// The same of the fuzz targets, which are a workspace of their own.
    pub(crate) fn of_fuzzing() -> Metadata {
        Metadata::of("fuzz/Cargo.toml")
    }

    fn of(manifest: &str) -> Metadata {
        let mut output = cargo_metadata(manifest, &["--offline"]);
        if !output.status.success() {
            output = cargo_metadata(manifest, &[]);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "cargo metadata failed: {said}");
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        let members: BTreeSet<&str> = list(&json["workspace_members"]).map(text).collect();
        let packages = list(&json["packages"]).map(|it| package(it, &members));
        let edges = list(&json["resolve"]["nodes"]).map(|node| {
            let built = list(&node["deps"])
                .filter(|dependency| list(&dependency["dep_kinds"]).any(|it| it["kind"] != "dev"));
            let built = built.map(|dependency| text(&dependency["pkg"]).to_owned());
            (text(&node["id"]).to_owned(), built.collect())
        });
        let edges = edges.collect();
        Metadata { packages: packages.map(|it| (it.id.clone(), it)).collect(), edges }
    }

    /// Our own packages.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.values().filter(|package| package.is_member)
    }

    /// The names of all that is built for `package`, itself left out.
    pub(crate) fn built_for(&self, package: &Package) -> BTreeSet<&str> {
        let mut seen = BTreeSet::from([package.id.as_str()]);
        let mut next = vec![package.id.as_str()];
        while let Some(id) = next.pop() {
            let direct = self.edges.get(id).into_iter().flatten();
            next.extend(direct.map(String::as_str).filter(|it| seen.insert(it)));
        }
        seen.remove(package.id.as_str());
        seen.into_iter().map(|id| self.packages[id].name.as_str()).collect()
    }
}

fn cargo_metadata(manifest: &str, arguments: &[&str]) -> Output {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    Command::new(cargo)
        .args(["metadata", "--locked", "--format-version", "1", "--manifest-path", manifest])
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap()
}

fn package(json: &Value, members: &BTreeSet<&str>) -> Package {
    let optional = |key: &str| json[key].as_str().map(str::to_owned);
    let id = text(&json["id"]);
    Package {
        id: id.to_owned(),
        name: text(&json["name"]).to_owned(),
        version: text(&json["version"]).to_owned(),
        license: optional("license"),
        source: optional("source"),
        is_member: members.contains(id),
        manifest: text(&json["manifest_path"]).to_owned(),
        dependencies: list(&json["dependencies"])
            .map(|dependency| Dependency {
                name: text(&dependency["name"]).to_owned(),
                is_for_tests: dependency["kind"] == "dev",
                features: list(&dependency["features"]).map(|it| text(it).to_owned()).collect(),
            })
            .collect(),
        features: json["features"].as_object().into_iter().flatten().map(feature).collect(),
    }
}

fn feature((name, enables): (&String, &Value)) -> (String, Vec<String>) {
    (name.clone(), list(enables).map(|it| text(it).to_owned()).collect())
}

fn list(json: &Value) -> impl Iterator<Item = &Value> {
    json.as_array().into_iter().flatten()
}

fn text(json: &Value) -> &str {
    json.as_str().unwrap()
}
