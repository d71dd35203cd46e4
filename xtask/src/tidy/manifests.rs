//! Rules about the manifests: versions in one place, and which crate may depend on which.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::Path;

use anyhow::Context;
use serde::Deserialize;
use toml::{Table, Value};
use walkdir::WalkDir;
use xshell::{Shell, cmd};

use super::Problem;
use crate::project::Project;

/// What `cargo metadata` says, as far as the rules need it.
#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    pub(super) packages: Vec<Package>,
    workspace_members: BTreeSet<String>,
    resolve: Resolve,
}

#[derive(Debug, Deserialize)]
pub(super) struct Package {
    id: String,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) license: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    dependencies: Vec<String>,
}

/// The workspace's own crates that each of them may depend on.
const MAY_USE: &[(&str, &[&str])] = &[
    ("xtask", &["cli", "scaffold"]),
    ("cli", &[]),
    ("db", &[]),
    ("scaffold", &["cli"]),
    ("framework", &["cli", "db", "scaffold"]),
    ("app", &["cli", "db", "framework"]),
];

/// Crates that must not be reached from these, however indirectly.
const MUST_NOT_REACH: &[(&str, &[&str])] =
    &[("db", &["axum-core", "hyper", "tower-http", "minijinja"]), ("xtask", &["sea-orm", "axum-core", "tokio"])];

/// Asks cargo, without the network.
pub(super) fn metadata(project: &Project) -> anyhow::Result<Metadata> {
    let version = cargo(project, ["-vV"])?;
    let version = String::from_utf8_lossy(&version);
    let host =
        version.lines().find_map(|line| line.strip_prefix("host: ")).context("failed to find the host's name")?;
    // For this host only: crates of other systems need not be on this machine.
    let answer = cargo(project, ["metadata", "--format-version=1", "--offline", "--filter-platform", host])?;
    serde_json::from_slice(&answer).context("failed to read cargo's metadata")
}

fn cargo<'a>(project: &Project, args: impl IntoIterator<Item = &'a str>) -> anyhow::Result<Vec<u8>> {
    let shell = Shell::new().context("failed to find the current directory")?;
    shell.change_dir(&project.root);
    let cargo = &project.cargo;
    let command = cmd!(shell, "{cargo} {args...}").quiet();
    let command = project.scrubbed.removed.iter().fold(command, |command, name| command.env_remove(name));
    let command = project.scrubbed.set.iter().fold(command, |command, (name, value)| command.env(name, value));
    Ok(command.output().context("failed to ask cargo")?.stdout)
}

/// Dependencies are named with their versions and features in the root manifest only.
pub(super) fn check_files(root: &Path) -> anyhow::Result<Vec<Problem>> {
    let mut problems = Vec::new();
    for directory in ["app", "xtask"] {
        let entries = WalkDir::new(root.join(directory)).max_depth(3).sort_by_file_name();
        for entry in entries.into_iter().filter_map(Result::ok) {
            if entry.file_name() == OsStr::new("Cargo.toml") {
                let text = std::fs::read_to_string(entry.path())
                    .with_context(|| format!("failed to read `{}`", entry.path().display()))?;
                let path = entry.path().strip_prefix(root).unwrap_or(entry.path());
                problems.extend(check_manifest(path, &text)?);
            }
        }
    }
    Ok(problems)
}

fn check_manifest(path: &Path, text: &str) -> anyhow::Result<Vec<Problem>> {
    let manifest: Table = text.parse().with_context(|| format!("failed to read `{}`", path.display()))?;
    if manifest.contains_key("workspace") {
        // It is the root of a workspace of its own.
        return Ok(Vec::new());
    }
    let tables = ["dependencies", "dev-dependencies", "build-dependencies"];
    let named = tables.iter().filter_map(|name| manifest.get(*name)?.as_table()).flatten();
    let own = named.filter(|(_, value)| value.get("workspace").and_then(Value::as_bool) != Some(true));
    Ok(own
        .map(|(name, _)| {
            let line = text.lines().position(|line| line.trim_start().starts_with(name.as_str()));
            let message = format!("`{name}`: dependencies are named in the root manifest, and here `workspace = true`");
            Problem::new(path, line.map_or(0, |index| index + 1), message)
        })
        .collect())
}

/// Which crate depends on which.
pub(super) fn check_direction(metadata: &Metadata) -> Vec<Problem> {
    let names: BTreeMap<&str, &str> =
        metadata.packages.iter().map(|package| (package.id.as_str(), package.name.as_str())).collect();
    let edges: BTreeMap<&str, &[String]> =
        metadata.resolve.nodes.iter().map(|node| (node.id.as_str(), node.dependencies.as_slice())).collect();
    let mut problems = Vec::new();
    for member in &metadata.workspace_members {
        let Some(&name) = names.get(member.as_str()) else { continue };
        let mut report = |message: String| problems.push(Problem::new("Cargo.toml", 0, message));
        let allowed = MAY_USE.iter().find(|(known, _)| *known == name).map(|(_, allowed)| *allowed);
        if allowed.is_none() {
            report(format!("crate `{name}` has no place in tidy's list of directions"));
        }
        let used = edges.get(member.as_str()).copied().unwrap_or_default().iter();
        for used in used.filter(|id| metadata.workspace_members.contains(*id)).filter_map(|id| names.get(id.as_str())) {
            if allowed.is_some_and(|allowed| !allowed.contains(used)) {
                report(format!("crate `{name}` must not depend on `{used}`"));
            }
        }
        let banned = MUST_NOT_REACH.iter().filter(|(known, _)| *known == name).flat_map(|(_, banned)| *banned);
        let reached = reached(member, &edges);
        let reached: BTreeSet<&str> = reached.iter().filter_map(|id| names.get(id).copied()).collect();
        for banned in banned.filter(|banned| reached.contains(*banned)) {
            report(format!("crate `{name}` must not reach `{banned}`"));
        }
    }
    problems
}

fn reached<'a>(from: &'a str, edges: &BTreeMap<&'a str, &'a [String]>) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(id) = open.pop() {
        if seen.insert(id) {
            open.extend(edges.get(id).copied().unwrap_or_default().iter().map(String::as_str));
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_outside_the_root_manifest_is_found() {
        let text = "[dependencies]\na.workspace = true\nb = { workspace = true, features = [] }\nc = \"1\"\n";
        let found = check_manifest(Path::new("app/Cargo.toml"), text).expect("valid");
        assert_eq!(found.iter().map(|problem| problem.line).collect::<Vec<_>>(), [4]);
        let own = format!("[workspace]\n{text}");
        assert_eq!(check_manifest(Path::new("xtask/peers/a/Cargo.toml"), &own).expect("valid"), []);
    }

    #[test]
    fn forbidden_dependencies_are_found_directly_and_indirectly() {
        let json = r#"{
            "packages": [{"id": "1", "name": "db", "version": "1"}, {"id": "2", "name": "framework", "version": "1"},
                         {"id": "3", "name": "helper", "version": "1"}, {"id": "4", "name": "axum-core", "version": "1"}],
            "workspace_members": ["1", "2"],
            "resolve": {"nodes": [{"id": "1", "dependencies": ["2", "3"]}, {"id": "2", "dependencies": []},
                                  {"id": "3", "dependencies": ["4"]}, {"id": "4", "dependencies": []}]}
        }"#;
        let found = check_direction(&serde_json::from_str(json).expect("valid"));
        let messages: Vec<&str> = found.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(messages, ["crate `db` must not depend on `framework`", "crate `db` must not reach `axum-core`"]);
    }
}
