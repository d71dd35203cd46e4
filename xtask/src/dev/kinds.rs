//! What a file asks for when it changes, by its path alone.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use crate::dev::model::Kind;
use crate::project::Project;

/// Files of the workspace root that count. Everything else there is nobody's.
pub(super) const ROOT_FILES: &[(&str, Kind)] = &[
    ("Cargo.toml", Kind::Source),
    ("Cargo.lock", Kind::Source),
    (".cargo/config.toml", Kind::Source),
    (".cargo/config", Kind::Source),
    ("rust-toolchain.toml", Kind::Source),
    ("rust-toolchain", Kind::Source),
    (".env", Kind::Settings),
];

/// Directories of a package that do not go into its program.
const BESIDES: &[&str] = &["tests", "benches", "examples", "target"];

/// Ends of names that editors and tools leave behind, for a moment or for good.
const LEFTOVERS: &[&str] = &[
    "~",
    "#",
    ".bak",
    ".bck",
    ".orig",
    ".rej",
    ".swo",
    ".swp",
    ".swx",
    ".tmp",
    ".vsctmp",
    "___jb_bak___",
    "___jb_old___",
    "___jb_tmp___",
];

/// How the binary comes by files that are not code: migrations, templates, static files, locales.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Files {
    /// It reads them when they are needed.
    Read,
    /// They are compiled into it.
    Carried,
}

/// The rules for one project.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The workspace's root directory.
    pub root: PathBuf,
    /// The directory that builds write to. Nothing in it counts.
    pub target: PathBuf,
    /// How migrations, templates and the like get to where they are used.
    pub files: Files,
    /// The files that the compiler read for the last build (absolute).
    pub named: BTreeSet<PathBuf>,
}

impl Rules {
    /// The rules before anything is known of a build.
    pub fn new(project: &Project) -> Self {
        let files = if project.profile() == "debug" { Files::Read } else { Files::Carried };
        let target = project.binaries.parent().unwrap_or(&project.binaries).to_owned();
        Self { root: project.root.clone(), target, files, named: BTreeSet::new() }
    }

    /// What this file (absolute) asks for.
    pub fn kind(&self, path: &Path) -> Option<Kind> {
        if path.starts_with(&self.target) {
            return None;
        }
        if self.named.contains(path) {
            return Some(Kind::Source);
        }
        let path = path.strip_prefix(&self.root).ok()?;
        let of_root = ROOT_FILES.iter().find(|(name, _)| path == Path::new(name));
        of_root.map(|(_, kind)| *kind).or_else(|| of_the_app(path, self.files))
    }

    /// Whether the files in this directory (absolute, `app` or below) count.
    pub fn is_walked(&self, directory: &Path) -> bool {
        directory != self.target && directory.strip_prefix(&self.root).is_ok_and(|path| in_package(path).is_some())
    }
}

/// The path within its package, unless that has hidden parts, or does not go into the program.
fn in_package(path: &Path) -> Option<Vec<&OsStr>> {
    let parts = path.components().map(Component::as_os_str).collect::<Vec<_>>();
    let (app, inner) = parts.split_first()?;
    let inner = match inner {
        [crates, _, inner @ ..] if *crates == "crates" => inner,
        inner => inner,
    };
    let is_besides = inner.first().is_some_and(|first| BESIDES.iter().any(|name| first == name));
    let is_left_out = |part: &&OsStr| part.as_bytes().starts_with(b".") || *part == "node_modules";
    (*app == "app" && !is_besides && !parts.iter().any(is_left_out)).then(|| inner.to_vec())
}

fn of_the_app(path: &Path, files: Files) -> Option<Kind> {
    let inner = in_package(path)?;
    let (name, folders) = inner.split_last()?;
    if is_leftover(name) {
        return None;
    }
    let end = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    if end == "rs" || (*name == "Cargo.toml" && folders.is_empty()) {
        return Some(Kind::Source);
    }
    if end == "toml" && path.parent() == Some(Path::new("app/config")) {
        return Some(Kind::Settings);
    }
    if end == "toml" && folders.last().is_some_and(|folder| *folder == "migrations") {
        return Some(match files {
            Files::Read => Kind::Migration,
            Files::Carried => Kind::Source,
        });
    }
    // The outermost one says what it is: `templates/static/x.css` is a template.
    let kind = folders.iter().find_map(|folder| match folder.to_str()? {
        "static" if end == "css" => Some(Kind::Style),
        "static" | "templates" | "locale" => Some(Kind::Page),
        _ => None,
    })?;
    Some(match files {
        Files::Read => kind,
        Files::Carried => Kind::Source,
    })
}

/// Whether an editor or a tool made this file for itself.
fn is_leftover(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return false };
    // vim tries with it whether it can make files; `sed -i` writes to `sed` and six random characters.
    let of_sed = |rest: &str| rest.len() == 6 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
    name == "4913"
        || name.strip_prefix("sed").is_some_and(of_sed)
        || name.contains(".tmp.")
        || LEFTOVERS.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(files: Files) -> Rules {
        let named = ["/w/app/src/words.txt", "/w/README.md", "/w/target/debug/build/a/out/x.rs", "/other/lib.rs"];
        let named = named.map(PathBuf::from).into();
        Rules { root: "/w".into(), target: "/w/target".into(), files, named }
    }

    #[test]
    fn every_file_has_its_kind() {
        use Kind::{Migration, Page, Settings, Source, Style};
        let cases = [
            ("/w/Cargo.toml", Some(Source)),
            ("/w/Cargo.lock", Some(Source)),
            ("/w/.cargo/config.toml", Some(Source)),
            ("/w/.cargo/registry", None),
            ("/w/rust-toolchain.toml", Some(Source)),
            ("/w/.env", Some(Settings)),
            ("/w/.env.example", None),
            ("/w/README.md", Some(Source)),
            ("/w/LICENSE", None),
            ("/w/x.rs", None),
            ("/w/xtask/src/main.rs", None),
            ("/w/var/static/a.css", None),
            ("/w/target/debug/build/a/out/x.rs", None),
            ("/other/lib.rs", Some(Source)),
            ("/other/x.rs", None),
            ("/w/app/Cargo.toml", Some(Source)),
            ("/w/app/build.rs", Some(Source)),
            ("/w/app/src/main.rs", Some(Source)),
            ("/w/app/src/words.txt", Some(Source)),
            ("/w/app/src/other.txt", None),
            ("/w/app/src/Cargo.toml", None),
            ("/w/app/crates/db/Cargo.toml", Some(Source)),
            ("/w/app/crates/db/src/a/b.rs", Some(Source)),
            ("/w/app/crates/db/tests/it/a.rs", None),
            ("/w/app/crates/db/benches/a.rs", None),
            ("/w/app/crates/db/examples/a.rs", None),
            ("/w/app/crates/db/target/debug/a.rs", None),
            ("/w/app/tests/it/a.rs", None),
            ("/w/app/tests/templates/a.html", None),
            ("/w/app/target/a.rs", None),
            ("/w/app/src/modules/tests/views.rs", Some(Source)),
            ("/w/app/src/modules/target/views.rs", Some(Source)),
            ("/w/app/src/templates/mod.rs", Some(Source)),
            ("/w/app/.git/a.rs", None),
            ("/w/app/src/.hidden.rs", None),
            ("/w/app/ARCHITECTURE.md", None),
            ("/w/app/config/default.toml", Some(Settings)),
            ("/w/app/config/.default.toml.swp", None),
            ("/w/app/config/notes.md", None),
            ("/w/app/src/modules/config/a.toml", None),
            ("/w/app/src/modules/users/migrations/0001_initial.toml", Some(Migration)),
            ("/w/app/src/modules/users/migrations/notes.md", None),
            ("/w/app/src/modules/users/migrations/old/0001.toml", None),
            ("/w/app/static/css/a.css", Some(Style)),
            ("/w/app/static/img/a.svg", Some(Page)),
            ("/w/app/src/modules/users/static/users/a.css", Some(Style)),
            ("/w/app/src/modules/users/static/users/a.js", Some(Page)),
            ("/w/app/templates/base.html", Some(Page)),
            ("/w/app/templates/static/a.css", Some(Page)),
            ("/w/app/templates/LICENSE", Some(Page)),
            ("/w/app/src/modules/users/templates/users/a.html", Some(Page)),
            ("/w/app/src/modules/users/locale/de/messages.po", Some(Page)),
            ("/w/app/static/node_modules/a/a.css", None),
        ];
        for (path, expected) in cases {
            assert_eq!(rules(Files::Read).kind(Path::new(path)), expected, "{path}");
        }
        for carried in [
            "/w/app/src/modules/users/migrations/0001_initial.toml",
            "/w/app/static/css/a.css",
            "/w/app/templates/base.html",
            "/w/app/src/modules/users/locale/de/messages.po",
        ] {
            assert_eq!(rules(Files::Carried).kind(Path::new(carried)), Some(Source), "{carried}");
        }
        assert_eq!(rules(Files::Carried).kind(Path::new("/w/app/static/a.css~")), None);
    }

    #[test]
    fn what_editors_leave_behind_is_nobodys() {
        let names = "4913 .a.html.swp .a.html.swx a.html~ #a.html# .#a.html a.html___jb_tmp___ a.html___jb_old___ \
                     sedAb3dEf a.html.orig a.html.bak a.htmlX1y2.bck .tmpAbCdEf .goutputstream-X a.html.tmp.12.34 a.tmp";
        for name in names.split(' ') {
            let path = Path::new("/w/app/templates").join(name);
            assert_eq!(rules(Files::Read).kind(&path), None, "{name}");
        }
        for name in ["sedate", "sedAb3dEf.html", "49130", "a.tmpl"] {
            let path = Path::new("/w/app/templates").join(name);
            assert_eq!(rules(Files::Read).kind(&path), Some(Kind::Page), "{name}");
        }
    }

    #[test]
    fn only_directories_that_go_into_the_program_are_walked() {
        let cases = [
            ("/w/app", true),
            ("/w/app/src/modules/tests", true),
            ("/w/app/crates", true),
            ("/w/app/crates/tests", true),
            ("/w/app/crates/db/tests", false),
            ("/w/app/tests", false),
            ("/w/app/target", false),
            ("/w/app/.git", false),
            ("/w/xtask", false),
            ("/w/target", false),
        ];
        for (path, expected) in cases {
            assert_eq!(rules(Files::Read).is_walked(Path::new(path)), expected, "{path}");
        }
    }
}
