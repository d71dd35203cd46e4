//! Runs commands of a test project as from argv, in a directory of its own, and captures what they say.

use std::ffi::OsString;
use std::path::Path;

use framework::conf::{Env, Layout, Settings, Source, load};
use framework::context::{Context, ContextBuilder};
use framework::management::{Capture, Console, Input, Stream, execute};
use framework::module::Module;
use framework::project::{Carried, Project};
use tempfile::TempDir;

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: u8,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Asserts the exit code and both streams, to the byte.
    #[track_caller]
    pub(crate) fn is(&self, code: u8, out: &str, err: &str) {
        assert_eq!((self.code, self.out.as_str(), self.err.as_str()), (code, out, err));
    }

    /// Asserts the exit code, that one stream is empty, and that the other contains the text.
    #[track_caller]
    pub(crate) fn says_on_err(&self, code: u8, text: &str) {
        self.says_on_err_with(code, "", text);
    }

    /// Asserts the exit code, the whole of stdout, and that stderr contains the text.
    #[track_caller]
    pub(crate) fn says_on_err_with(&self, code: u8, out: &str, text: &str) {
        assert_eq!((self.code, self.out.as_str()), (code, out), "{self:?}");
        assert!(self.err.contains(text), "{:?} lacks {text:?}", self.err);
    }
}

/// A project directory, an environment, and modules.
pub(crate) struct Sandbox {
    pub(crate) dir: TempDir,
    /// Where the person stands, below it.
    here: &'static str,
    modules: &'static [fn() -> Module],
    carried: Option<Carried>,
    vars: Vec<(OsString, OsString)>,
    typed: Option<String>,
    piped: String,
}

impl Sandbox {
    /// An empty project directory, the test environment, these modules.
    pub(crate) fn new(modules: &'static [fn() -> Module]) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        for name in ["config", "static"] {
            std::fs::create_dir(dir.path().join(name)).expect("a directory of the project");
        }
        let vars = vec![("APP__ENVIRONMENT".into(), "test".into())];
        Self { dir, here: "", modules, carried: None, vars, typed: None, piped: String::new() }
            .var("APP__DATABASE__URL", "sqlite://var/test.sqlite3")
    }

    /// The same directory with other modules: the project after an edit.
    pub(crate) fn modules(mut self, modules: &'static [fn() -> Module]) -> Self {
        self.modules = modules;
        self
    }

    /// The same as a release build that carries this.
    pub(crate) fn carrying(mut self, carried: Carried) -> Self {
        self.carried = Some(carried);
        self
    }

    /// The same from a directory below the project's root.
    pub(crate) fn at(mut self, here: &'static str) -> Self {
        self.here = here;
        self
    }

    /// The text of a file below the project's root.
    pub(crate) fn text(&self, path: &str) -> String {
        std::fs::read_to_string(self.dir.path().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// The names in a directory below the project's root, sorted; none when there is no such directory.
    pub(crate) fn names(&self, path: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.dir.path().join(path)).into_iter().flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// The same with an environment variable.
    pub(crate) fn var(mut self, name: &str, value: &str) -> Self {
        self.vars.push((name.into(), value.into()));
        self
    }

    /// The same with lines that a person types at a terminal.
    pub(crate) fn typed(mut self, text: &str) -> Self {
        self.typed = Some(text.to_owned());
        self
    }

    /// The same with text on a standard input that is no terminal.
    #[cfg(feature = "shell")]
    pub(crate) fn piped(mut self, text: &str) -> Self {
        self.piped = text.to_owned();
        self
    }

    /// The same with a file below the project's root.
    pub(crate) fn file(self, path: &str, text: &str) -> Self {
        let path = self.dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).expect("a directory");
        std::fs::write(path, text).expect("a file");
        self
    }

    /// The environment it runs in.
    pub(crate) fn env(&self) -> Env {
        Env::new(self.dir.path().join(self.here), self.vars.iter().cloned())
    }

    /// Runs a command as from argv.
    pub(crate) fn run<A: Into<OsString>>(&self, args: impl IntoIterator<Item = A>) -> Ran {
        let (out, err) = (Capture::new(), Capture::new());
        let stdin =
            self.typed.as_ref().map_or_else(|| Input::piped(self.piped.clone()), |text| Input::typed(text.clone()));
        let console = Console::new(Stream::capture(&out), Stream::capture(&err), stdin);
        let project = Project::new("Test", "1.2.3", self.modules).carrying(self.carried);
        let code = execute(&project, args.into_iter().map(Into::into).collect(), self.env(), console, |_, _, _| {});
        Ran { code, out: out.text(), err: err.text() }
    }

    /// Runs the words of a command line.
    pub(crate) fn line(&self, line: &str) -> Ran {
        self.run(line.split_whitespace())
    }

    /// The settings of this environment.
    pub(crate) fn settings(&self) -> Settings {
        let env = self.env();
        load(&Source::default(), &env, &Layout::find(None, &env)).expect("settings that load")
    }

    /// A context as commands and pages get it.
    pub(crate) fn ctx(&self) -> Context {
        let env = self.env();
        let project = Project::new("Test", "1.2.3", self.modules).carrying(self.carried);
        ContextBuilder::new(self.settings(), Layout::find(None, &env), project.modules().to_vec())
            .project("Test", "1.2.3")
            .carrying(self.carried)
            .env(env)
            .build()
    }
}

/// Runs a future to its end.
pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(future)
}
