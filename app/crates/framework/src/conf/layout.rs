//! Where the project's directories are. Never a path baked in at compile time.

use std::path::{Path, PathBuf};

use super::Env;

/// The directories of a project, all derived from its root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The project's root: the workspace in a source checkout, the directory beside `config/` in a deployment.
    pub root: PathBuf,
}

impl Layout {
    /// Finds the root: `explicit` (`--root`), else `APP_ROOT`, else the nearest directory upwards that holds
    /// `app/config/` or `config/`, else the current directory.
    pub fn find(explicit: Option<&Path>, env: &Env) -> Self {
        let given = explicit.or_else(|| env.get("APP_ROOT").map(Path::new)).map(|root| env.current_dir.join(root));
        let root =
            given.or_else(|| env.current_dir.ancestors().find_map(root_at)).unwrap_or_else(|| env.current_dir.clone());
        Self { root }
    }

    /// The product's source directory (`app/`) in a checkout, else the root itself.
    pub fn source(&self) -> PathBuf {
        let app = self.root.join("app");
        if app.join("config").is_dir() { app } else { self.root.clone() }
    }

    /// The directory of the settings files.
    pub fn config(&self) -> PathBuf {
        self.source().join("config")
    }

    /// The directory of all that the app writes.
    pub fn var(&self) -> PathBuf {
        self.root.join("var")
    }

    /// A module's own directory, given its path below `modules/` (`cms/adp/roles`).
    pub fn module(&self, path: &str) -> PathBuf {
        self.source().join("src/modules").join(path)
    }
}

/// The project root that `directory` stands for, if any. Inside a checkout's `app/` the root is the workspace.
fn root_at(directory: &Path) -> Option<PathBuf> {
    if directory.join("app/config").is_dir() {
        return Some(directory.to_owned());
    }
    if !directory.join("config").is_dir() {
        return None;
    }
    let workspace =
        directory.parent().filter(|parent| directory.ends_with("app") && parent.join("Cargo.toml").is_file());
    Some(workspace.unwrap_or(directory).to_owned())
}
