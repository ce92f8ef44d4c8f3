//! The workspace as `cargo metadata` tells it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::{Result, shell};

/// All packages of the build, the workspace's own among them.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    pub(crate) target_directory: PathBuf,
    resolve: Resolve,
    workspace_members: BTreeSet<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) repository: Option<String>,
    pub(crate) rust_version: Option<String>,
    pub(crate) manifest_path: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) features: BTreeMap<String, Vec<String>>,
    pub(crate) targets: Vec<Target>,
    /// The tables of `[package.metadata]`.
    #[serde(default)]
    pub(crate) metadata: serde_json::Value,
    /// The registries it may go to; an empty list is `publish = false`.
    pub(crate) publish: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `None` for a normal one, else `dev` or `build`.
    pub(crate) kind: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) kind: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Debug, Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<EdgeKind>,
}

#[derive(Debug, Deserialize)]
struct EdgeKind {
    kind: Option<String>,
}

impl Metadata {
    /// Reads the workspace, with only what the machine it runs on would build.
    pub(crate) fn read() -> Result<Self> {
        let host = host()?;
        let json = shell::read(&mut shell::cargo([
            "metadata",
            "--format-version=1",
            "--all-features",
            "--filter-platform",
            &host,
        ]))?;
        Ok(serde_json::from_str(&json)?)
    }

    /// The workspace's own crates, in the order in which they can be published: each after those it takes, also those
    /// it takes for its tests.
    pub(crate) fn members(&self) -> Vec<&Package> {
        let mut waiting: Vec<&Package> = self
            .packages
            .iter()
            .filter(|package| self.workspace_members.contains(&package.id))
            .collect();
        let mut members: Vec<&Package> = Vec::new();
        while !waiting.is_empty() {
            let names: BTreeSet<&str> = waiting.iter().map(|package| package.name.as_str()).collect();
            let (ready, rest): (Vec<_>, Vec<_>) = waiting.iter().partition(|package| {
                !package
                    .takes()
                    .any(|name| names.contains(name) && name != package.name)
            });
            if ready.is_empty() {
                members.extend(rest);
                break;
            }
            members.extend(ready);
            waiting = rest;
        }
        members
    }

    /// The workspace's crates that go to crates.io.
    pub(crate) fn published(&self) -> Vec<&Package> {
        self.members()
            .into_iter()
            .filter(|package| package.publish.as_ref().is_none_or(|to| !to.is_empty()))
            .collect()
    }

    /// The names of all packages that `from` brings through normal dependencies, itself included, as far as
    /// they are in `within`.
    pub(crate) fn closure(&self, from: &[&str], within: &BTreeSet<String>) -> BTreeSet<String> {
        let names: BTreeMap<&str, &str> = self
            .packages
            .iter()
            .map(|package| (package.id.as_str(), package.name.as_str()))
            .collect();
        let edges: BTreeMap<&str, &[Edge]> = self
            .resolve
            .nodes
            .iter()
            .map(|node| (node.id.as_str(), node.deps.as_slice()))
            .collect();
        let mut open: Vec<&str> = names
            .iter()
            .filter(|(_, name)| from.contains(name))
            .map(|(id, _)| *id)
            .collect();
        let mut seen = BTreeSet::new();
        while let Some(id) = open.pop() {
            let Some(name) = names.get(id) else { continue };
            if !within.contains(*name) || !seen.insert((*name).to_owned()) {
                continue;
            }
            let normal = edges.get(id).copied().unwrap_or_default().iter();
            open.extend(
                normal
                    .filter(|edge| edge.dep_kinds.iter().any(|k| k.kind.is_none()))
                    .map(|e| e.pkg.as_str()),
            );
        }
        seen
    }
}

impl Package {
    /// The names of its normal dependencies, optional ones included.
    pub(crate) fn normal(&self) -> impl Iterator<Item = &str> {
        self.dependencies
            .iter()
            .filter(|d| d.kind.is_none())
            .map(|d| d.name.as_str())
    }

    /// The names of its dependencies of any kind.
    fn takes(&self) -> impl Iterator<Item = &str> {
        self.dependencies
            .iter()
            .map(|dependency| dependency.name.as_str())
    }

    pub(crate) fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(&self.manifest_path)
    }

    pub(crate) fn is_library(&self) -> bool {
        self.targets
            .iter()
            .any(|target| target.kind.iter().any(|kind| kind == "lib"))
    }
}

/// The names of the crates that a package brings through normal dependencies, itself not counted.
pub(crate) fn tree(arguments: &[&str]) -> Result<BTreeSet<String>> {
    let common = ["tree", "--edges", "normal", "--prefix", "none", "--format", "{p}"];
    let printed = shell::read(&mut shell::cargo(common.iter().chain(arguments)))?;
    let names = printed.lines().skip(1).filter_map(|line| line.split(' ').next());
    Ok(names.filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

/// The machine this runs on, as rustc names it.
pub(crate) fn host() -> Result<String> {
    let said = shell::read(&mut shell::program("rustc", ["--version", "--verbose"]))?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host
        .ok_or("rustc does not say which machine it is for")?
        .to_owned())
}
