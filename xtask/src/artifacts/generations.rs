//! Earlier generations of the static files: hashed names that only pages of an earlier release ask for. `collectstatic`
//! writes them down in the manifest, from which they go first: a server never looks for a file that its manifest has and
//! the directory has not.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context;
use serde_json::{Map, Value};

use super::builds::is_older;
use crate::project::Project;

/// The version of the manifest whose meaning is known here.
const VERSION: &str = "1.1";

/// What can go from a static root.
pub(super) struct Generations {
    /// The files of earlier generations that the present one does not have.
    pub(super) paths: Vec<PathBuf>,
    manifest: PathBuf,
    /// The manifest without them.
    text: Vec<u8>,
    /// Held against `collectstatic`.
    _lock: Option<File>,
}

/// Where the static files are collected, as far as it can be told without the app.
pub(super) fn root(project: &Project, root: &Path) -> PathBuf {
    let variable = project.variables.get(OsStr::new("APP__STATIC__ROOT")).map(PathBuf::from);
    let in_file = |name: &str| {
        let text = fs::read_to_string(root.join("app/config").join(name)).ok()?;
        let settings: toml::Table = text.parse().ok()?;
        Some(PathBuf::from(settings.get("static")?.get("root")?.as_str()?))
    };
    let set = variable.or_else(|| in_file("production.toml")).or_else(|| in_file("default.toml"));
    root.join(set.unwrap_or_else(|| "var/static".into()))
}

/// What can go; nothing where nothing was collected, or not before the point of time.
///
/// # Errors
/// When the manifest cannot be understood, or somebody collects right now.
pub(super) fn find(root: &Path, before: SystemTime) -> anyhow::Result<Option<Generations>> {
    let manifest = root.join("staticfiles.json");
    let failed = || format!("failed to understand `{}`", manifest.display());
    // When they were replaced is not known, only that it was before the present one was written.
    if !manifest.is_file() || !is_older(&manifest, before) {
        return Ok(None);
    }
    let lock = lock(root)?;
    let text = fs::read(&manifest).with_context(failed)?;
    let mut document: Map<String, Value> = serde_json::from_slice(&text).with_context(failed)?;
    anyhow::ensure!(document.get("version") == Some(&VERSION.into()), "{}: it has another version", failed());
    let names = old(&document);
    if names.is_empty() {
        return Ok(None);
    }
    let mut paths = Vec::new();
    let empty = Map::new();
    let files = document.get("files").and_then(Value::as_object).unwrap_or(&empty);
    for name in &names {
        let encodings = files.get(name).and_then(|file| file.get("encodings")).and_then(Value::as_object);
        let beside = encodings.into_iter().flat_map(Map::keys).filter_map(|encoding| extension(encoding));
        let beside = beside.map(|end| format!("{name}.{end}")).filter(|beside| !files.contains_key(beside));
        paths.extend(beside.chain([name.clone()]).map(|name| root.join(name)));
    }
    if let Some(files) = document.get_mut("files").and_then(Value::as_object_mut) {
        files.retain(|name, _| !names.contains(name));
    }
    document.insert("generations".to_owned(), Value::Array(Vec::new()));
    paths.sort_unstable();
    Ok(Some(Generations { paths, text: serde_json::to_vec(&document)?, manifest, _lock: lock }))
}

impl Generations {
    /// Takes them out of the manifest.
    ///
    /// # Errors
    /// When it cannot be written; it is the old one then.
    pub(super) fn forget(&self) -> anyhow::Result<()> {
        let failed = || format!("failed to write `{}`", self.manifest.display());
        let draft = self.manifest.with_extension("json.new");
        fs::write(&draft, &self.text).with_context(failed)?;
        let permissions = fs::metadata(&self.manifest).with_context(failed)?.permissions();
        fs::set_permissions(&draft, permissions).with_context(failed)?;
        fs::rename(&draft, &self.manifest).with_context(failed)
    }
}

/// The names that only earlier generations have.
fn old(document: &Map<String, Value>) -> HashSet<String> {
    let empty = Map::new();
    let paths = document.get("paths").and_then(Value::as_object).unwrap_or(&empty);
    let present: HashSet<&str> =
        paths.iter().flat_map(|(name, hashed)| [Some(name.as_str()), hashed.as_str()]).flatten().collect();
    let generations = document.get("generations").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let names = generations.iter().filter_map(|generation| generation.get("files")?.as_array()).flatten();
    // Whatever leads elsewhere was not written by `collectstatic`.
    let is_plain = |name: &&str| Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    let names = names.filter_map(Value::as_str).filter(is_plain);
    names.filter(|name| !present.contains(name)).map(str::to_owned).collect()
}

fn extension(encoding: &str) -> Option<&'static str> {
    match encoding {
        "br" => Some("br"),
        "gzip" => Some("gz"),
        "zstd" => Some("zst"),
        _ => None,
    }
}

/// The lock of `collectstatic`, which stands beside the root, or in it where nothing can be written beside.
fn lock(root: &Path) -> anyhow::Result<Option<File>> {
    let name = root.file_name().unwrap_or_default().to_string_lossy();
    for path in [root.with_file_name(format!(".{name}.lock")), root.join(".collectstatic.lock")] {
        let Ok(file) = File::options().write(true).open(&path) else { continue };
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) => anyhow::bail!("static files are being collected in `{}`", root.display()),
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("failed to lock `{}`", path.display()));
            }
        }
    }
    Ok(None)
}
