//! The app as it is deployed: the release binary and a configuration in a directory of their own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context;
use walkdir::WalkDir;

use super::running::{Running, free_address, quietly};
use crate::app;
use crate::plan::{Role, Step};
use crate::project::Project;

/// The page that is measured: 50 mailings.
pub(super) const PAGE: &str = "/mailings/";

/// A deployment.
pub(super) struct Site {
    root: PathBuf,
    removed: Vec<std::ffi::OsString>,
}

/// The call of cargo that makes the binary.
pub(super) fn build_step(project: &Project) -> Step {
    Step { role: Role::Tool, ..app::build_step(&project.in_profile("release")) }
}

impl Site {
    /// Deploys the release binary that is there, without data.
    pub(super) fn new(project: &Project, home: &Path) -> anyhow::Result<Self> {
        let root = home.join("site");
        clear(&root)?;
        copy(&project.root.join("app/config"), &root.join("config"))?;
        let binary = project.in_profile("release").app_binary();
        std::fs::copy(&binary, root.join("app")).with_context(|| format!("failed to copy `{}`", binary.display()))?;
        // A person's settings are not what is measured, and their database is not to be touched.
        let own = project.variables.keys().filter(|name| name.as_encoded_bytes().starts_with(b"APP_"));
        let removed = own.chain(&project.scrubbed.removed).cloned().collect();
        Ok(Self { root, removed })
    }

    /// Makes the tables and 54 mailings.
    pub(super) fn load(&self) -> anyhow::Result<()> {
        quietly(&mut self.command(&["migrate", "--noinput"]))?;
        for _ in 0..2 {
            quietly(&mut self.command(&["load_demo", "--force"]))?;
        }
        quietly(&mut self.command(&["collectstatic", "--noinput"]))
    }

    /// The directory that it is deployed to.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The database.
    pub(super) fn database(&self) -> PathBuf {
        self.root.join("var/app.sqlite3")
    }

    /// A call of the deployed app.
    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(self.root.join("app"));
        command.args(args).current_dir(&self.root).stdin(Stdio::null());
        for name in &self.removed {
            command.env_remove(name);
        }
        command.env("APP_ROOT", &self.root).env("APP__ENVIRONMENT", "production").env("APP__COLORS", "nocolor");
        command.env("APP__SECRET_KEY", "only-measured-never-deployed-0123456789");
        command.env("APP__ALLOWED_HOSTS", "127.0.0.1").env("APP__AUTH__ANONYMOUS_READ", "true");
        command
    }

    /// Serves with as many processes, and waits until it answers.
    pub(super) fn serve(&self, workers: u32, settings: &[(&str, &str)]) -> anyhow::Result<Running> {
        let address = free_address()?;
        let mut command = self.command(&["serve", "--bind", &address.to_string(), "--workers", &workers.to_string()]);
        command.envs(settings.iter().copied());
        Running::start("the app", command, address, PAGE, &self.root.join("serve.log"))
    }
}

fn clear(directory: &Path) -> anyhow::Result<()> {
    match std::fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("failed to remove `{}`", directory.display()))
        }
        _ => std::fs::create_dir_all(directory).with_context(|| format!("failed to make `{}`", directory.display())),
    }
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    for entry in WalkDir::new(from) {
        let entry = entry.context("failed to list the configuration")?;
        let target = to.join(entry.path().strip_prefix(from).context("failed to list the configuration")?);
        let copied = if entry.file_type().is_dir() {
            std::fs::create_dir_all(&target)
        } else {
            std::fs::copy(entry.path(), &target).map(drop)
        };
        copied.with_context(|| format!("failed to write `{}`", target.display()))?;
    }
    Ok(())
}
