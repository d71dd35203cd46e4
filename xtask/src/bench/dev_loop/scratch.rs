//! A copy of the sources that the bench may edit, with a target directory of its own. Both are kept, so that only the
//! first run compiles everything.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context;
use walkdir::{DirEntry, WalkDir};

use crate::app;
use crate::plan::{Role, Step};
use crate::project::Project;

/// What a build needs, from the workspace's root.
const PARTS: &[&str] = &[".cargo", "app", "xtask", "Cargo.toml", "Cargo.lock", "rust-toolchain", "rust-toolchain.toml"];

const VIEWS: &str = "app/src/modules/mailings/views.rs";
const TEMPLATE: &str = "app/src/modules/mailings/templates/mailings/list.html";
const STYLE: &str = "app/static/css/site.css";

/// The page whose view and template are edited.
pub(super) const PAGE: &str = "/mailings/";

/// The copy.
pub(super) struct Scratch {
    /// Its workspace.
    root: PathBuf,
    /// This program, in its target directory.
    xtask: PathBuf,
    build: Step,
    views: String,
    template: String,
    style: String,
    edits: u32,
}

impl Scratch {
    /// The call of cargo, and the places, of the copy that [`Scratch::new`] makes.
    pub(super) fn build_step(project: &Project) -> Step {
        let home = project.state().join("bench/dev-loop");
        let mut build = app::build_step(project);
        build.role = Role::Tool;
        // A person's settings are not what is measured, and their database is not to be touched.
        let own = project.variables.keys().filter(|name| name.as_encoded_bytes().starts_with(b"APP_"));
        build.env.removed.extend(own.cloned());
        build.env = build.env.with("CARGO_TARGET_DIR", home.join("target"));
        build.directory = home.join("source");
        build
    }

    /// Makes the copy what the sources are now, prepared for edits, and builds it.
    pub(super) fn new(project: &Project) -> anyhow::Result<Self> {
        let build = Self::build_step(project);
        let root = build.directory.clone();
        copy(&project.root, &root)?;
        remove(&root.join("var"))?;
        let read = |path: &str| {
            let path = root.join(path);
            std::fs::read_to_string(&path).with_context(|| format!("failed to read `{}`", path.display()))
        };
        let anchor = |path: &str, anchor: &str, replacement: &str| {
            let text = read(path)?;
            let (before, after) = text.rsplit_once(anchor).with_context(|| {
                format!("failed to prepare `{path}` for edits: there is no `{anchor}` in it, which the bench looks for")
            })?;
            anyhow::Ok(format!("{before}{replacement}{after}"))
        };
        let views = anchor(VIEWS, "context! { page }", "context! { page, edit => \"view EDIT\" }")?;
        let marked = "<p hidden>{{ edit }}, template EDIT</p>{% endblock %}";
        let template = anchor(TEMPLATE, "{% endblock %}", marked)?;
        let style = read(STYLE)?;
        let profile = project.binaries.file_name().unwrap_or_default();
        let xtask = own_program(&root.with_file_name("target").join(profile))?;
        let mut scratch = Self { root, xtask, build, views, template, style, edits: 0 };
        scratch.edit_template()?;
        scratch.edit_view()?;
        Ok(scratch)
    }

    fn write(&self, path: &str, text: &str) -> anyhow::Result<()> {
        let path = self.root.join(path);
        std::fs::write(&path, text).with_context(|| format!("failed to write `{}`", path.display()))
    }

    /// Saves a view with another string in it; gives what the page then contains.
    pub(super) fn edit_view(&mut self) -> anyhow::Result<String> {
        self.edits += 1;
        let marker = format!("view {}", self.edits);
        self.write(VIEWS, &self.views.replace("view EDIT", &marker))?;
        Ok(format!("{marker},"))
    }

    /// Saves a view that does not compile.
    pub(super) fn break_view(&self) -> anyhow::Result<()> {
        self.write(VIEWS, &format!("{}\nfn broken( {{\n", self.views))
    }

    /// Saves a template with another string in it; gives what the page then contains.
    pub(super) fn edit_template(&mut self) -> anyhow::Result<String> {
        self.edits += 1;
        let marker = format!("template {}<", self.edits);
        self.write(TEMPLATE, &self.template.replace("template EDIT<", &marker))?;
        Ok(marker)
    }

    /// Saves a style sheet with another comment in it.
    pub(super) fn edit_style(&mut self) -> anyhow::Result<()> {
        self.edits += 1;
        self.write(STYLE, &format!("{}\n/* edit {} */\n", self.style, self.edits))
    }

    /// The build of the copy by cargo alone.
    pub(super) fn build(&self) -> &Step {
        &self.build
    }

    /// `cargo xtask dev` in the copy, as cargo would call it, with this program as xtask.
    pub(super) fn server(&self, project: &Project) -> Step {
        let env = self.build.env.clone().with("CARGO", &project.cargo);
        let env = env.with("CARGO_PKG_NAME", "xtask").with("CARGO_MANIFEST_DIR", self.root.join("xtask"));
        let args = ["dev", "--demo", "127.0.0.1:0"];
        Step {
            program: self.xtask.clone().into_os_string(),
            args: args.map(Into::into).into(),
            directory: self.root.clone(),
            env: crate::environment::Changes {
                removed: env.removed.into_iter().filter(|name| !env.set.contains_key(name)).collect(),
                set: env.set,
            },
            role: Role::Tool,
        }
    }
}

/// Puts this program into the directory where it looks for the app's.
fn own_program(directory: &Path) -> anyhow::Result<PathBuf> {
    let itself = std::env::current_exe().context("failed to find xtask's own executable")?;
    let xtask = directory.join(format!("xtask{}", std::env::consts::EXE_SUFFIX));
    remove(&xtask)?;
    std::fs::create_dir_all(directory)
        .and_then(|()| std::fs::hard_link(&itself, &xtask).or_else(|_| std::fs::copy(&itself, &xtask).map(drop)))
        .with_context(|| format!("failed to copy `{}` to `{}`", itself.display(), xtask.display()))?;
    Ok(xtask)
}

/// Copies what differs, and removes what is no more: what is as it was keeps its time, so that cargo builds as little
/// as possible.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    let mut known = BTreeSet::new();
    let wanted = |entry: &DirEntry| {
        let name = entry.file_name().to_string_lossy();
        entry.depth() == 0 || !(name.starts_with('.') || name == "target" || name == "var")
    };
    for part in PARTS.iter().filter(|part| from.join(part).exists()) {
        for entry in WalkDir::new(from.join(part)).into_iter().filter_entry(wanted) {
            let entry = entry.context("failed to list the sources")?;
            let path = entry.path().strip_prefix(from).context("failed to list the sources")?;
            if entry.file_type().is_file() {
                known.insert(path.to_owned());
                update(entry.path(), &to.join(path))
                    .with_context(|| format!("failed to copy `{}` to `{}`", path.display(), to.display()))?;
            }
        }
    }
    for entry in WalkDir::new(to).into_iter().filter_map(Result::ok).filter(|entry| entry.file_type().is_file()) {
        if entry.path().strip_prefix(to).is_ok_and(|path| !known.contains(path)) {
            remove(entry.path())?;
        }
    }
    Ok(())
}

fn update(from: &Path, to: &Path) -> std::io::Result<()> {
    let text = std::fs::read(from)?;
    if std::fs::read(to).is_ok_and(|known| known == text) {
        return Ok(());
    }
    std::fs::create_dir_all(to.parent().unwrap_or(to))?;
    std::fs::write(to, text)
}

fn remove(path: &Path) -> anyhow::Result<()> {
    let removed = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("failed to remove `{}`", path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_copied_and_what_is_gone_goes() {
        let directory = tempfile::tempdir().expect("a directory");
        let (from, to) = (directory.path().join("from"), directory.path().join("to"));
        let write = |path: PathBuf, text: &str| {
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
            std::fs::write(path, text).expect("a file");
        };
        for path in ["app/src/a.rs", "app/src/b.rs", "app/target/c", "app/.d.swp", "Cargo.toml", ".env", "README.md"] {
            write(from.join(path), "one");
        }
        copy(&from, &to).expect("a copy");
        let files = || {
            let files = WalkDir::new(&to).sort_by_file_name().into_iter().filter_map(Result::ok);
            let files = files.filter(|entry| entry.file_type().is_file());
            files.map(|entry| entry.path().strip_prefix(&to).expect("below").display().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(files(), ["Cargo.toml", "app/src/a.rs", "app/src/b.rs"]);
        let time = |path: &str| std::fs::metadata(to.join(path)).and_then(|file| file.modified()).expect("a time");
        let before = time("app/src/a.rs");
        std::fs::remove_file(from.join("app/src/b.rs")).expect("removed");
        write(from.join("Cargo.toml"), "two");
        write(to.join("app/src/a.rs.bk"), "left");
        copy(&from, &to).expect("a copy");
        assert_eq!(files(), ["Cargo.toml", "app/src/a.rs"]);
        assert_eq!(time("app/src/a.rs"), before);
        assert_eq!(std::fs::read_to_string(to.join("Cargo.toml")).expect("a file"), "two");
    }
}
