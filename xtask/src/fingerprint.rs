//! What the app's binary was built from, boiled down to one number: it is the same exactly as long as cargo would
//! have nothing to do.

use std::ffi::OsStr;
use std::fs::Metadata;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::Context;
use walkdir::{DirEntry, WalkDir};

use crate::project::Project;
use crate::system;

/// A file's modification time in nanoseconds.
pub type Nanos = i128;

/// The modification time of a file.
pub fn modified(metadata: &Metadata) -> Nanos {
    // Every system that cargo runs on knows it.
    let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    let nanos = |time: Duration| Nanos::try_from(time.as_nanos()).unwrap_or(Nanos::MAX);
    modified.duration_since(SystemTime::UNIX_EPOCH).map_or_else(|before| -nanos(before.duration()), nanos)
}

/// The state of everything that goes into the binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// The number.
    pub hash: u64,
    /// When the newest of the files was changed.
    pub newest: Nanos,
}

/// Takes the fingerprint: every file that the compiler read (its dep-info says which), every Rust file in the source
/// directories (so that a new one counts), manifests, lockfile, cargo's configuration, the toolchain, and the
/// variables that change a build. Modification time and size stand for a file's content, as they do for cargo.
///
/// # Errors
/// When there is no usable dep-info, or it belongs to another checkout.
pub fn take(project: &Project) -> anyhow::Result<Fingerprint> {
    let mut files = compiled_from(project)?;
    listed(project, &mut files);
    files.extend(settings_of_the_build(project));
    Ok(of(project, files))
}

/// Takes the fingerprint of what is around the app's own sources: what [`take`] looks at without them and without what
/// the build itself wrote, and these files.
///
/// # Errors
/// As for [`take`].
pub fn around(project: &Project, more: &[PathBuf]) -> anyhow::Result<Fingerprint> {
    let app = project.root.join("app");
    let target = project.binaries.parent().unwrap_or(&project.binaries);
    let build = [app.join("Cargo.toml"), app.join("build.rs")];
    let mut files = compiled_from(project)?;
    listed(project, &mut files);
    files.retain(|file| !file.starts_with(target) && (!is_apps_own(file, &app) || build.contains(file)));
    files.extend(settings_of_the_build(project));
    files.extend_from_slice(more);
    Ok(of(project, files))
}

/// Whether a file belongs to the package `app`, not to one of the crates below it.
fn is_apps_own(file: &Path, app: &Path) -> bool {
    file.starts_with(app) && !file.starts_with(app.join("crates"))
}

fn of(project: &Project, mut files: Vec<PathBuf>) -> Fingerprint {
    files.sort_unstable_by(|a, b| a.as_os_str().as_encoded_bytes().cmp(b.as_os_str().as_encoded_bytes()));
    files.dedup();
    let mut hasher = DefaultHasher::new();
    let mut newest = 0;
    for file in &files {
        hasher.write(file.as_os_str().as_encoded_bytes());
        match std::fs::metadata(file) {
            Ok(metadata) => {
                let modified = modified(&metadata);
                newest = newest.max(modified);
                (modified, metadata.len()).hash(&mut hasher);
            }
            // A file that is not there is a state like any other: it differs from being there.
            Err(_) => hasher.write_u8(0),
        }
    }
    hasher.write(project.root.as_os_str().as_encoded_bytes());
    toolchain(&project.cargo).hash(&mut hasher);
    for variable in project.variables.iter().filter(|(name, _)| changes_builds(name)) {
        variable.hash(&mut hasher);
    }
    Fingerprint { hash: hasher.finish(), newest }
}

/// Whether what was last built in this target directory came from another checkout. Cargo takes two checkouts of one
/// workspace for the same packages, and would call the other one's build fresh if it is newer than our files.
pub fn is_of_another_checkout(project: &Project) -> bool {
    let last = std::fs::read(root_file(project)).ok().map(|root| PathBuf::from(system::os_string(root)));
    match last {
        Some(root) => root != project.root,
        None => project.app_binary().exists() && compiled_from(project).is_err(),
    }
}

/// Where the root of the checkout that was built last is remembered.
pub fn root_file(project: &Project) -> PathBuf {
    project.state().join(format!("app-{}.root", project.profile()))
}

/// The files that the compiler read for the binary, from cargo's dep-info beside it (absolute).
///
/// # Errors
/// When there is none, or it belongs to another checkout.
pub(crate) fn compiled_from(project: &Project) -> anyhow::Result<Vec<PathBuf>> {
    named_in(&project.app_binary().with_extension("d"), &project.root)
}

/// The files that a dep-info of the app in this workspace names (absolute).
///
/// # Errors
/// When it cannot be read, or belongs to another checkout.
pub(crate) fn named_in(dep_info_file: &Path, root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let text = std::fs::read(dep_info_file).with_context(|| format!("failed to read `{}`", dep_info_file.display()))?;
    let files: Vec<PathBuf> = dep_info(&text).into_iter().map(|file| root.join(file)).collect();
    // Two checkouts may share a target directory. A binary of the other one is not ours, however new.
    let is_ours = files.iter().any(|file| file.starts_with(root.join("app")));
    anyhow::ensure!(is_ours, "`{}` belongs to another checkout", dep_info_file.display());
    Ok(files)
}

/// The files of the first rule of a makefile as cargo writes it: `binary: file file …`, spaces as `\ `.
fn dep_info(text: &[u8]) -> Vec<PathBuf> {
    let line = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let start = line.windows(2).position(|pair| pair == b": ").map_or(line.len(), |colon| colon + 2);
    let mut files = Vec::new();
    let mut word = Vec::new();
    let mut bytes = line[start..].iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if bytes.peek() == Some(&b' ') => word.extend(bytes.next()),
            b' ' => files.push(std::mem::take(&mut word)),
            _ => word.push(byte),
        }
    }
    files.push(word);
    files.into_iter().filter(|file| !file.is_empty()).map(|file| PathBuf::from(system::os_string(file))).collect()
}

/// Folders all of whose files a release carries, in the product and in its modules.
const CARRIED: &[&str] = &["templates", "static", "locale"];

/// Every Rust file of the app and its crates; in a release, which carries them, every migration, template, static file
/// and locale too. Otherwise these are read at run time and do not count.
fn listed(project: &Project, files: &mut Vec<PathBuf>) {
    let visible = |entry: &DirEntry| !entry.file_name().as_encoded_bytes().starts_with(b".");
    let carries = project.profile() != "debug";
    let is_source = |path: &Path| {
        let end = path.extension().unwrap_or_default();
        let is_migration = || end == "toml" && path.parent().is_some_and(|folder| folder.ends_with("migrations"));
        let is_page = || path.components().any(|part| CARRIED.iter().any(|name| part.as_os_str() == *name));
        end == "rs" || (carries && (is_migration() || is_page()))
    };
    for package in packages(project) {
        files.push(package.join("Cargo.toml"));
        files.push(package.join("build.rs"));
        for folder in ["src"].iter().chain(if carries { CARRIED } else { &[] }) {
            let sources = WalkDir::new(package.join(folder)).into_iter().filter_entry(visible);
            // What cannot be listed cannot be compiled either; cargo will say so.
            let sources = sources.filter_map(Result::ok).filter(|entry| !entry.file_type().is_dir());
            let sources = sources.map(DirEntry::into_path);
            files.extend(sources.filter(|path| path.strip_prefix(&package).is_ok_and(is_source)));
        }
    }
}

/// The directories of the app and its crates; each is named like its package.
pub(crate) fn packages(project: &Project) -> Vec<PathBuf> {
    let app = project.root.join("app");
    let crates = std::fs::read_dir(app.join("crates")).into_iter().flatten().filter_map(Result::ok);
    crates.map(|entry| entry.path()).chain([app.clone()]).collect()
}

/// Files that change how things are built.
fn settings_of_the_build(project: &Project) -> Vec<PathBuf> {
    // Cargo reads its configuration from every directory upwards, too.
    const NAMES: &[&str] =
        &["Cargo.toml", "Cargo.lock", ".cargo/config.toml", ".cargo/config", "rust-toolchain.toml", "rust-toolchain"];
    let mut files: Vec<PathBuf> = NAMES.iter().map(|name| project.root.join(name)).collect();
    let variable = |name: &str| project.variables.get(OsStr::new(name)).map(PathBuf::from);
    let above = project.root.ancestors().skip(1).map(|directory| directory.join(".cargo"));
    let home = variable("CARGO_HOME").or_else(|| Some(variable("HOME")?.join(".cargo")));
    files.extend(above.chain(home).flat_map(|directory| [directory.join("config.toml"), directory.join("config")]));
    files
}

/// Which compiler would be used: the cargo that was called and the rustc beside it.
fn toolchain(cargo: &OsStr) -> Vec<(PathBuf, Option<(Nanos, u64)>)> {
    let cargo = PathBuf::from(cargo);
    let rustc = cargo.with_file_name("rustc");
    let identity = |path: &Path| std::fs::metadata(path).ok().map(|metadata| (modified(&metadata), metadata.len()));
    [cargo, rustc].into_iter().map(|path| (path.clone(), identity(&path))).collect()
}

fn changes_builds(name: &OsStr) -> bool {
    const PREFIXES: &[&str] = &["RUSTFLAGS", "RUSTC", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_", "CARGO_PROFILE_"];
    const SUFFIXES: &[&str] = &["_RUSTFLAGS", "_LINKER", "_RUNNER", "CARGO_INCREMENTAL"];
    name.to_str().is_some_and(|name| {
        PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dep_info_names_files_with_spaces_and_colons() {
        let text = b"/t/debug/app: /w/a.rs /w/b\\ c.rs /w/d:e.rs\n\n/w/a.rs:\n";
        assert_eq!(dep_info(text), ["/w/a.rs", "/w/b c.rs", "/w/d:e.rs"].map(PathBuf::from));
        assert!(dep_info(b"").is_empty());
        assert!(dep_info(b"/t/debug/app:").is_empty());
    }

    #[test]
    fn what_a_release_carries_counts_in_a_release_only() {
        let root = tempfile::tempdir().expect("a directory");
        let write = |path: &str| {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            std::fs::write(&path, "").expect("a file");
            path
        };
        let carried = [
            "app/src/modules/a/migrations/0001_initial.toml",
            "app/src/modules/a/templates/a.html",
            "app/static/css/site.css",
        ];
        let carried = carried.map(write);
        let never = ["app/src/a.toml", "app/src/modules/a/migrations/README.md", "app/static/.hidden"].map(write);
        for (profile, counts) in [("debug", false), ("release", true)] {
            let project = Project {
                root: root.path().to_owned(),
                here: root.path().to_owned(),
                binaries: root.path().join("target").join(profile),
                cargo: "cargo".into(),
                variables: Default::default(),
                scrubbed: Default::default(),
            };
            let mut files = Vec::new();
            listed(&project, &mut files);
            for file in &carried {
                assert_eq!(files.contains(file), counts, "{profile} {}", file.display());
            }
            assert!(!files.iter().any(|file| never.contains(file)));
        }
    }
}
