//! Runs the real `app` binary in a project root of its own, and compares what it says to the byte.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use framework::conf::{Env, Layout, Source, load};
use framework::context::{Context, ContextBuilder};
use framework::management::{Capture, Console, Input, Stream, execute};
use tempfile::TempDir;

/// The modules that the product brings: what the tests expect to the byte is theirs, whatever a project adds.
pub(crate) const PRODUCT: [&str; 4] = ["mailings", "users", "auth", "sessions"];

/// A project root: the product's sources by a link, everything that is written in a temporary directory.
pub(crate) struct Root {
    dir: TempDir,
    vars: Vec<(String, String)>,
}

impl Root {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        std::os::unix::fs::symlink(env!("CARGO_MANIFEST_DIR"), dir.path().join("app")).expect("a link to the sources");
        let root = Self { dir, vars: Vec::new() };
        root.var("APP__DATABASE__URL", "sqlite://var/app.sqlite3").var("APP__MODULES", &PRODUCT.join(","))
    }

    /// The same with an environment variable.
    pub(crate) fn var(mut self, name: &str, value: &str) -> Self {
        self.vars.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The database file.
    pub(crate) fn database(&self) -> PathBuf {
        self.path().join("var/app.sqlite3")
    }

    /// The binary, ready to run here, with nothing else in its environment.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_app"));
        command.current_dir(self.path()).env_clear().stdin(Stdio::null());
        command.env("APP__ENVIRONMENT", "test").envs(self.vars.iter().cloned());
        command
    }

    /// The environment as the binary sees it.
    fn env(&self) -> Env {
        let vars = [("APP__ENVIRONMENT".to_owned(), "test".to_owned())].into_iter().chain(self.vars.iter().cloned());
        Env::new(self.path(), vars.map(|(name, value)| (name.into(), value.into())))
    }

    /// A context as the binary's commands get it.
    pub(crate) fn ctx(&self) -> Context {
        let env = self.env();
        let layout = Layout::find(None, &env);
        let settings = load(&Source::default(), &env, &layout).expect("the product's settings");
        let project = app::project();
        let modules = project.modules().iter().filter(|module| PRODUCT.contains(&module.label()));
        ContextBuilder::new(settings, layout, modules.cloned().collect())
            .project(project.name, project.version)
            .env(env)
            .build()
    }

    /// Runs a command in this process, for somebody at a terminal who types these lines (a `\x03` is Ctrl-C).
    pub(crate) fn typed(&self, args: &[&str], lines: &str) -> Ran {
        let (out, err) = (Capture::new(), Capture::new());
        let console = Console::new(Stream::capture(&out), Stream::capture(&err), Input::typed(lines));
        let args = args.iter().map(OsString::from).collect();
        let code = execute(&app::project(), args, self.env(), console, |_, _, _| {});
        Ran { code: Some(code.into()), out: out.text(), err: err.text() }
    }

    /// Runs the words of a command line.
    pub(crate) fn line(&self, line: &str) -> Ran {
        self.run(line.split_whitespace().map(OsString::from))
    }

    /// Runs the binary with these arguments.
    pub(crate) fn run(&self, args: impl IntoIterator<Item = OsString>) -> Ran {
        let output = self.command().args(args).output().expect("the app starts");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// How the binary ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Asserts the exit code and both streams, to the byte.
    #[track_caller]
    pub(crate) fn is(&self, code: i32, out: &str, err: &str) {
        assert_eq!((self.code, self.out.as_str(), self.err.as_str()), (Some(code), out, err));
    }

    /// Asserts the exit code, that nothing stands on stdout, and that stderr contains all the texts.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, texts: &[&str]) {
        assert_eq!((self.code, self.out.as_str()), (Some(code), ""), "{self:?}");
        for text in texts {
            assert!(self.err.contains(text), "{:?} lacks {text:?}", self.err);
        }
    }
}
