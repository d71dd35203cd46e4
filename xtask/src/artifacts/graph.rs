//! What cargo would compile from the manifests as they are now, in its own words: packages with their features, targets,
//! and the compiler.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ffi::OsString;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;

use anyhow::Context;
use serde::Deserialize;

use crate::plan::{Role, Step};
use crate::project::Project;

/// The features of one unit.
pub(super) type Features = BTreeSet<String>;

/// All that some build of the workspace uses.
#[derive(Debug, Default)]
pub(super) struct Graph {
    /// By the name of the package.
    pub(super) packages: HashMap<String, Package>,
    /// What its units are like, see [`shape`].
    pub(super) shapes: HashSet<u64>,
    /// The compiler, by the number that cargo gives it.
    pub(super) compiler: u64,
}

/// A package, all its versions together.
#[derive(Debug, Default)]
pub(super) struct Package {
    pub(super) versions: HashSet<String>,
    /// The names of its targets.
    pub(super) targets: HashSet<String>,
}

impl Package {
    /// The target that the end of a name like `test-lib-app` names.
    pub(super) fn target(&self, name: &str) -> Option<&str> {
        let is_end = |target: &&str| name.strip_suffix(target).is_some_and(|start| start.ends_with('-'));
        self.targets.iter().map(String::as_str).filter(is_end).max_by_key(|target| target.len())
    }
}

/// What a unit is like: the same number for the same package, features and target, with all that they need by the same
/// names.
pub(super) fn shape(package: &str, features: Option<&Features>, target: &str, mut needs: Vec<(&str, u64)>) -> u64 {
    needs.sort_unstable();
    let mut hasher = DefaultHasher::new();
    (package, features, target, needs).hash(&mut hasher);
    hasher.finish()
}

/// What `--unit-graph` prints, as far as it matters here.
#[derive(Deserialize)]
struct Document {
    version: u32,
    units: Vec<DocumentUnit>,
}

#[derive(Deserialize)]
struct DocumentUnit {
    pkg_id: String,
    target: DocumentTarget,
    mode: String,
    features: Features,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct DocumentTarget {
    kind: Vec<String>,
    name: String,
}

#[derive(Deserialize)]
struct Dependency {
    index: usize,
    extern_crate_name: String,
}

impl Document {
    /// The shape of a unit; the shapes of all that it needs are kept.
    fn shape(&self, index: usize, known: &mut HashMap<usize, u64>) -> anyhow::Result<u64> {
        if let Some(shape) = known.get(&index) {
            return Ok(*shape);
        }
        let unit = self.units.get(index).context("a unit is missing")?;
        let mut needs = Vec::new();
        for dependency in &unit.dependencies {
            let needed = self.shape(dependency.index, known)?;
            // A program that a test needs is no part of it: cargo does not note it.
            if self.units[dependency.index].target.kind != ["bin"] {
                needs.push((dependency.extern_crate_name.as_str(), needed));
            }
        }
        let has_features = unit.mode != "run-custom-build";
        let (package, _) = name_and_version(&unit.pkg_id);
        let shape = shape(package, has_features.then_some(&unit.features), &unit.target.name, needs);
        known.insert(index, shape);
        Ok(shape)
    }
}

impl Graph {
    /// Asks cargo. Features depend on what is built together, so it is asked about the workspace and about every member
    /// alone, with its tests and without.
    ///
    /// # Errors
    /// When cargo cannot say; then nobody knows what is in use.
    pub(super) fn ask(project: &Project) -> anyhow::Result<Self> {
        let mut graph = Self { compiler: compiler(project)?, ..Self::default() };
        let members = graph.add(project, &["test", "--workspace", "--all-targets"])?;
        graph.add(project, &["build", "--workspace"])?;
        for (id, features) in members {
            let only_default: &[&[&str]] = &[&[]];
            let any: &[&[&str]] = &[&[], &["--no-default-features"], &["--all-features"]];
            for more in if features.is_empty() { only_default } else { any } {
                for first in [&["build", "--package", &id][..], &["test", "--all-targets", "--package", &id]] {
                    graph.add(project, &[first, more].concat())?;
                }
            }
        }
        Ok(graph)
    }

    /// Adds what one call would compile, and gives the members of the workspace in it.
    fn add(&mut self, project: &Project, args: &[&str]) -> anyhow::Result<HashMap<String, Features>> {
        let more = ["--offline", "--locked", "--quiet", "-Z", "unstable-options", "--unit-graph"];
        // Cargo prints its graph without compiling anything, but calls that unstable; so another version is no answer.
        let step = cargo(project, &project.root, [args, &more].concat());
        let text = answer(&Step { env: step.env.clone().with("RUSTC_BOOTSTRAP", "1"), ..step })?;
        self.read(&text).with_context(|| format!("failed to understand `cargo {}`", args.join(" ")))
    }

    fn read(&mut self, text: &[u8]) -> anyhow::Result<HashMap<String, Features>> {
        let document: Document = serde_json::from_slice(text)?;
        anyhow::ensure!(document.version == 1, "its version is {}", document.version);
        let mut members: HashMap<String, Features> = HashMap::new();
        let mut shapes = HashMap::new();
        for (index, unit) in document.units.iter().enumerate() {
            self.shapes.insert(document.shape(index, &mut shapes)?);
            let (name, version) = name_and_version(&unit.pkg_id);
            let package = self.packages.entry(name.to_owned()).or_default();
            package.versions.insert(version.to_owned());
            package.targets.insert(unit.target.name.clone());
            if unit.pkg_id.starts_with("path+") {
                members.entry(unit.pkg_id.clone()).or_default().extend(unit.features.iter().cloned());
            }
        }
        Ok(members)
    }
}

/// `…#name@1.0.0`, or `…/name#1.0.0`.
fn name_and_version(id: &str) -> (&str, &str) {
    let (place, end) = id.rsplit_once('#').unwrap_or((id, ""));
    end.split_once('@').unwrap_or_else(|| (place.rsplit('/').next().unwrap_or(place), end))
}

/// The number of the compiler, as it stands in what cargo notes of the smallest package there is.
fn compiler(project: &Project) -> anyhow::Result<u64> {
    const MANIFEST: &str = "[package]\nname = \"probe\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n";
    let folder = project.state().join("probe");
    let failed = || format!("failed to write `{}`", folder.display());
    std::fs::create_dir_all(folder.join("src")).with_context(failed)?;
    std::fs::write(folder.join("Cargo.toml"), MANIFEST).with_context(failed)?;
    std::fs::write(folder.join("src/lib.rs"), "//! Nothing.\n").with_context(failed)?;
    let target = folder.join("target");
    let step = cargo(project, &folder, ["check", "--offline", "--quiet"].into());
    answer(&Step { env: step.env.clone().with("CARGO_TARGET_DIR", &target), ..step })?;
    let profile = target.join("debug");
    let units = super::units::read(&profile)?;
    // An older compiler may have left its own behind.
    let newest = units.iter().max_by_key(|unit| unit.changed).and_then(|unit| unit.prints.first());
    newest.map(|print| print.rustc).with_context(|| format!("failed to find the compiler in `{}`", profile.display()))
}

fn cargo(project: &Project, directory: &Path, args: Vec<&str>) -> Step {
    Step {
        role: Role::Tool,
        program: project.cargo.clone(),
        args: args.into_iter().map(OsString::from).collect(),
        directory: directory.to_owned(),
        env: project.scrubbed.clone(),
    }
}

fn answer(step: &Step) -> anyhow::Result<Vec<u8>> {
    let failed = || format!("failed to run `{}`", step.short());
    let output = step.unseen().stdout_capture().stderr_capture().run().with_context(failed)?;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "`{}` failed: {}", step.short(), said.lines().next().unwrap_or_default());
    Ok(output.stdout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_named_by_its_id() {
        for (id, expected) in [
            ("registry+https://github.com/rust-lang/crates.io-index#ahash@0.8.12", ("ahash", "0.8.12")),
            ("path+file:///w/app/crates/db#0.1.0", ("db", "0.1.0")),
            ("path+file:///w/app/crates/db#database@0.1.0", ("database", "0.1.0")),
            ("git+https://x.org/y.git?rev=1#name@1.0.0+build", ("name", "1.0.0+build")),
        ] {
            assert_eq!(name_and_version(id), expected);
        }
    }

    #[test]
    fn another_version_of_the_graph_is_no_answer() {
        let mut graph = Graph::default();
        assert!(graph.read(br#"{"version":2,"units":[]}"#).is_err());
        let unit = |index: u32| {
            format!(
                r#"{{"version":1,"units":[
                {{"pkg_id":"path+file:///w/a#0.1.0","target":{{"kind":["bin"],"name":"a"}},"mode":"test","features":["x"],
                "dependencies":[{{"index":{index},"extern_crate_name":"b"}}]}},
                {{"pkg_id":"r#b@1.0.0","target":{{"kind":["lib"],"name":"b"}},"mode":"build","features":[],"dependencies":[]}}]}}"#
            )
        };
        let members = graph.read(unit(1).as_bytes()).expect("a graph");
        assert_eq!(members.into_keys().collect::<Vec<_>>(), ["path+file:///w/a#0.1.0"]);
        let b = shape("b", Some(&Features::new()), "b", Vec::new());
        let a = shape("a", Some(&Features::from(["x".to_owned()])), "a", vec![("b", b)]);
        assert_eq!(graph.shapes, HashSet::from([a, b]));
        assert!(graph.read(unit(2).as_bytes()).is_err());
    }

    #[test]
    fn a_target_is_the_longest_name_at_the_end() {
        let targets = ["app", "my-app", "it"].map(str::to_owned).into();
        let package = Package { targets, ..Package::default() };
        assert_eq!(package.target("test-lib-my-app"), Some("my-app"));
        assert_eq!(package.target("test-bin-app"), Some("app"));
        assert_eq!(package.target("bin-submit"), None);
    }
}
