//! What cargo notes in `target/<profile>/.fingerprint` about all that it compiled: one folder a unit, named
//! `<package>-<hash>`. All other files of the unit have the same hash in their names.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context;
use serde::Deserialize;

use super::graph::{Features, Graph, Package, shape};

/// One unit.
#[derive(Debug)]
pub(super) struct Unit {
    /// The folder with what cargo notes.
    pub(super) folder: PathBuf,
    /// The name of the package.
    pub(super) package: String,
    /// The hash in all its names.
    pub(super) hash: String,
    /// The version, where the sources lie in a folder that names it.
    pub(super) version: Option<String>,
    /// When it was last compiled.
    pub(super) changed: SystemTime,
    /// What it was compiled from; nothing when that cannot be read.
    pub(super) prints: Vec<Print>,
}

/// What a unit was compiled from.
#[derive(Debug)]
pub(super) struct Print {
    /// Such as `test-lib-app`.
    pub(super) name: String,
    /// The compiler.
    pub(super) rustc: u64,
    /// Nothing for the run of a build script, which has none of its own.
    pub(super) features: Option<Features>,
    /// The units that it needs: the name of the crate, and the identity.
    pub(super) needs: Vec<(String, u64)>,
    /// Its identity; nothing when it was never compiled to the end.
    pub(super) identity: Option<u64>,
}

/// What stands in the file, as far as it matters here.
#[derive(Deserialize)]
struct Document {
    rustc: u64,
    features: String,
    deps: Vec<(u64, String, bool, u64)>,
}

/// Reads all units of a profile.
///
/// # Errors
/// When the folder cannot be listed.
pub(super) fn read(profile: &Path) -> anyhow::Result<Vec<Unit>> {
    let folder = profile.join(".fingerprint");
    let failed = || format!("failed to read `{}`", folder.display());
    let mut units = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(failed)? {
        let entry = entry.with_context(failed)?;
        let name = entry.file_name();
        if let Some((package, hash)) = name.to_str().and_then(split) {
            units.push(unit(&entry.path(), package, hash).with_context(failed)?);
        }
    }
    Ok(units)
}

fn unit(folder: &Path, package: &str, hash: &str) -> std::io::Result<Unit> {
    let mut changed = SystemTime::UNIX_EPOCH;
    let mut prints = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        changed = changed.max(entry.metadata()?.modified()?);
        let path = entry.path();
        if path.extension() == Some(OsStr::new("json")) {
            prints.push(print(&path));
        }
    }
    // One that cannot be read says nothing about the unit.
    let prints = prints.into_iter().collect::<Option<_>>().unwrap_or_default();
    let (package, hash) = (package.to_owned(), hash.to_owned());
    Ok(Unit { folder: folder.to_owned(), package, hash, version: None, changed, prints })
}

fn print(path: &Path) -> Option<Print> {
    let document: Document = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    let features = match document.features.as_str() {
        "" => None,
        list => Some(serde_json::from_str(list).ok()?),
    };
    let identity = std::fs::read_to_string(path.with_extension("")).ok().and_then(|text| identity(&text));
    let needs = document.deps.into_iter().map(|(_, name, _, identity)| (name, identity)).collect();
    Some(Print { name: path.file_stem()?.to_str()?.to_owned(), rustc: document.rustc, features, needs, identity })
}

/// The number behind what cargo writes as the bytes of memory.
fn identity(text: &str) -> Option<u64> {
    u64::from_str_radix(text.trim(), 16).ok().filter(|_| text.trim().len() == 16).map(u64::swap_bytes)
}

/// The name and the hash of `name-0123456789abcdef`.
pub(super) fn split(name: &str) -> Option<(&str, &str)> {
    let (name, hash) = name.rsplit_once('-')?;
    let is_hash = hash.len() == 16 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_hash.then_some((name, hash))
}

/// The version of a package of a registry, by what the compiler says that it read: the sources lie in
/// `registry/src/<registry>/<name>-<version>/`.
pub(super) fn version(package: &str, dep_info: &str) -> Option<String> {
    let mut folders = dep_info.lines().next()?.split(['/', '\\']).skip_while(|folder| *folder != "registry");
    let folder = folders.nth(3)?;
    folder.strip_prefix(package)?.strip_prefix('-').map(str::to_owned)
}

/// For each unit, whether no build of today's manifests can use it: another compiler made it, or no build has the package in
/// this version, with these features, for this target, and with what it needs.
pub(super) fn superseded(units: &[Unit], graph: &Graph) -> Vec<bool> {
    let mut judge = Judge { graph, prints: HashMap::new(), shapes: HashMap::new(), is_complete: true };
    for unit in units {
        for print in &unit.prints {
            match print.identity {
                Some(identity) => drop(judge.prints.insert(identity, (unit, print))),
                None => judge.is_complete &= !unit.is_possible(print, graph),
            }
        }
    }
    // What cannot be read is left to cargo, if it knows the package.
    let is_unknown = |unit: &Unit| unit.prints.is_empty() && graph.packages.contains_key(&unit.package);
    units.iter().map(|unit| !is_unknown(unit) && unit.prints.iter().all(|print| judge.is_gone(unit, print))).collect()
}

/// What is known while units are judged.
struct Judge<'a> {
    graph: &'a Graph,
    prints: HashMap<u64, (&'a Unit, &'a Print)>,
    shapes: HashMap<u64, Shape>,
    /// False when a build did not come to its end: then what is missing may be what it was to make.
    is_complete: bool,
}

/// What a unit is like with all that it needs, as far as that is known.
#[derive(Clone, Copy)]
enum Shape {
    Known(u64),
    /// It needs something that is not there.
    Unknown,
    /// No build has it, or something that it needs.
    Gone,
}

impl<'a> Judge<'a> {
    fn is_gone(&mut self, unit: &'a Unit, print: &'a Print) -> bool {
        match self.shape(unit, print) {
            Shape::Known(shape) => !self.graph.shapes.contains(&shape),
            Shape::Unknown => self.is_complete,
            Shape::Gone => true,
        }
    }

    fn shape(&mut self, unit: &'a Unit, print: &'a Print) -> Shape {
        if let Some(shape) = print.identity.and_then(|identity| self.shapes.get(&identity)) {
            return *shape;
        }
        let shape = self.new_shape(unit, print);
        if let Some(identity) = print.identity {
            self.shapes.insert(identity, shape);
        }
        shape
    }

    fn new_shape(&mut self, unit: &'a Unit, print: &'a Print) -> Shape {
        let Some(target) = self.graph.packages.get(&unit.package).and_then(|package| package.target(&print.name))
        else {
            return Shape::Gone;
        };
        if !unit.is_possible(print, self.graph) {
            return Shape::Gone;
        }
        let mut needs = Vec::new();
        let mut is_known = true;
        for (name, identity) in &print.needs {
            let needed = match self.prints.get(identity).copied() {
                Some((unit, print)) => self.shape(unit, print),
                None => Shape::Unknown,
            };
            match needed {
                Shape::Known(shape) => needs.push((name.as_str(), shape)),
                Shape::Unknown => is_known = false,
                Shape::Gone => return Shape::Gone,
            }
        }
        if !is_known {
            return Shape::Unknown;
        }
        Shape::Known(shape(&unit.package, print.features.as_ref(), target, needs))
    }
}

impl Unit {
    /// Whether some build could use it, as far as it says so itself.
    fn is_possible(&self, print: &Print, graph: &Graph) -> bool {
        let has_version = |package: &Package| self.version.as_ref().is_none_or(|own| package.versions.contains(own));
        print.rustc == graph.compiler && graph.packages.get(&self.package).is_some_and(has_version)
    }

    /// The name of the crate that it is, for the compiler.
    pub(super) fn crates(&self) -> impl Iterator<Item = String> {
        const KINDS: &[&str] = &["lib-", "bin-", "integration-test-", "example-", "bench-", "build-script-"];
        self.prints.iter().filter_map(|print| {
            let name = print.name.strip_prefix("test-").unwrap_or(&print.name);
            KINDS.iter().find_map(|kind| name.strip_prefix(kind)).map(|name| name.replace('-', "_"))
        })
    }
}
