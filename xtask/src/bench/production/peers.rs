//! What the app is measured against: a page written by hand with axum, and Django. Their sources are below `xtask/peers/`.

use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context;

use super::running::{Running, free_address, quietly};
use super::site::PAGE;
use crate::output;
use crate::plan::{Role, Step};
use crate::project::Project;

/// The Pythons that Django 6.1 runs on, in the order in which they are tried.
const PYTHONS: [&str; 5] = ["python3", "python3.15", "python3.14", "python3.13", "python3.12"];

/// The call of cargo that builds the page written by hand.
pub(super) fn axum_step(project: &Project) -> Step {
    Step {
        role: Role::Tool,
        program: project.cargo.clone(),
        args: ["build", "--release", "--locked"].map(OsString::from).into(),
        directory: project.root.join("xtask/peers/axum"),
        env: project.scrubbed.clone().with("CARGO_TARGET_DIR", project.state().join("bench/peers/axum")),
    }
}

/// Starts the page written by hand on this database.
pub(super) fn axum(project: &Project, database: &Path) -> anyhow::Result<Running> {
    let home = project.state().join("bench/peers/axum");
    let address = free_address()?;
    let mut command = Command::new(home.join("release/axum-peer"));
    command.arg(database).arg(address.to_string());
    Running::start("the axum peer", command, address, PAGE, &home.join("serve.log"))
}

/// Django in an environment of its own.
pub(super) struct Django {
    sources: PathBuf,
    home: PathBuf,
}

impl Django {
    /// Makes the environment, if it is not there; nothing, and a line that says why, where that cannot be.
    pub(super) fn new(project: &Project, python: Option<&OsStr>) -> anyhow::Result<Option<Self>> {
        let django =
            Self { sources: project.root.join("xtask/peers/django"), home: project.state().join("bench/peers/django") };
        let Some(python) = python.map(OsStr::to_owned).or_else(newest_python) else {
            output::note("skipped: Django, because there is no Python 3.12 or later (`--python PATH` names one)");
            return Ok(None);
        };
        match django.install(&python) {
            Ok(()) => Ok(Some(django)),
            Err(error) => {
                output::note(format_args!("skipped: Django, because its packages cannot be had: {error:#}"));
                Ok(None)
            }
        }
    }

    fn install(&self, python: &OsStr) -> anyhow::Result<()> {
        let wanted = self.sources.join("requirements.txt");
        let wanted_text = std::fs::read(&wanted).with_context(|| format!("failed to read `{}`", wanted.display()))?;
        let installed = self.home.join("installed.txt");
        if std::fs::read(&installed).is_ok_and(|text| text == wanted_text) {
            return Ok(());
        }
        output::note("installing Django and its like; the first time takes a minute");
        let venv = self.home.join("venv");
        quietly(Command::new(python).args(["-m", "venv", "--clear"]).arg(&venv))?;
        quietly(Command::new(venv.join("bin/pip")).args(["install", "--quiet", "--requirement"]).arg(&wanted))?;
        std::fs::write(&installed, wanted_text).with_context(|| format!("failed to write `{}`", installed.display()))
    }

    fn python(&self, args: &[&str]) -> Command {
        let mut command = Command::new(self.home.join("venv/bin/python"));
        command.args(args).current_dir(&self.sources).env("PYTHONDONTWRITEBYTECODE", "").stdin(Stdio::null());
        command.env("PYTHONPYCACHEPREFIX", self.home.join("pycache"));
        command
    }

    /// `collectstatic` from one directory to another.
    pub(super) fn collectstatic(&self, from: &Path, to: &Path) -> Command {
        let mut command = self.python(&["manage.py", "collectstatic", "--noinput", "--verbosity", "0"]);
        command.env("PEER_STATIC_DIR", from).env("PEER_STATIC_ROOT", to);
        command
    }

    /// Starts it under Daphne on this database.
    pub(super) fn serve(&self, statics: &Path, database: &Path) -> anyhow::Result<Running> {
        let root = self.home.join("static");
        quietly(&mut self.collectstatic(statics, &root))?;
        let address: SocketAddr = free_address()?;
        let (host, port) = (address.ip().to_string(), address.port().to_string());
        let mut command = self.python(&["-m", "daphne", "-b", &host, "-p", &port, "asgi:application"]);
        command.env("PEER_STATIC_ROOT", root).env("PEER_DATABASE", database);
        Running::start("Django", command, address, PAGE, &self.home.join("serve.log"))
    }
}

/// The first Python on the PATH that is new enough.
fn newest_python() -> Option<OsString> {
    let is_new = |python: &&str| {
        let mut command = Command::new(python);
        command.args(["-c", "import sys; sys.exit(sys.version_info < (3, 12))"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    PYTHONS.iter().find(|python| is_new(python)).map(OsString::from)
}
