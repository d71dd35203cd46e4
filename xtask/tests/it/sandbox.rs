//! A small workspace in a temporary directory, with a fake app and a fake cargo, and a builder for calls of xtask in
//! it. A call must give exactly the stdout, stderr and exit code that are stated; the default is nothing, nothing, 0.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, SystemTime};

use rustix::process::{Pid, Signal};
use tempfile::TempDir;
use xtask::project::Project;

/// Longer than anything takes on a busy machine; only a test that fails waits so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The built-in commands that the fake app has, and two of its own.
const CATALOGUE: &str = r#"{"version":1,"commands":[
{"name":"migrate","module":"","help":"Migrate","hidden":false,"builtin":true,"args":[]},
{"name":"send_mailing","module":"mailings","help":"Send a mailing\nto everybody","hidden":false,"builtin":false,"args":[]},
{"name":"load_demo","module":"mailings","help":"Load demo data","hidden":true,"builtin":false,"args":[]}]}"#;

pub(crate) struct Sandbox {
    directory: TempDir,
    root: PathBuf,
}

impl Sandbox {
    /// A workspace whose app has not been built yet.
    pub(crate) fn new() -> Self {
        // Beside the binaries, so that they can be linked instead of copied.
        let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary directory");
        let root = directory.path().canonicalize().expect("a directory");
        let sandbox = Self { directory, root };
        sandbox.write("Cargo.toml", "[workspace]\nmembers = [\"app\"]\nexclude = [\"xtask\"]\nresolver = \"3\"\n");
        sandbox.write("xtask/Cargo.toml", "");
        sandbox.write("app/Cargo.toml", "[package]\nname = \"app\"\nversion = \"0.0.0\"\nedition = \"2024\"\n");
        sandbox.write("app/src/main.rs", "fn main() {}\n");
        sandbox.write("catalogue.json", CATALOGUE);
        sandbox.link(env!("CARGO_BIN_EXE_xtask"), "target/debug/xtask");
        sandbox.link(env!("CARGO_BIN_EXE_xtask-fake-app"), "bin/cargo");
        sandbox.link(env!("CARGO_BIN_EXE_xtask-fake-app"), "bin/rustc");
        sandbox
    }

    /// A workspace whose app is there and fresh.
    pub(crate) fn built() -> Self {
        let sandbox = Self::new();
        sandbox.xtask(["version"]).stdout(&app(&["version"])).stderr(BUILD).run();
        sandbox
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The project as xtask sees it when it is called here, with one more variable for what it starts.
    pub(crate) fn project(&self, variable: (&str, &str)) -> Project {
        let mut variables = xtask::environment::read();
        // As on a person's machine, wherever the tests run.
        variables.remove(OsStr::new("CI"));
        let target = self.root.join("target");
        let changes = xtask::environment::scrub(&variables, &target, Some(Path::new(env!("CARGO"))));
        Project {
            root: self.root.clone(),
            here: self.root.clone(),
            binaries: target.join("debug"),
            cargo: self.root.join("bin/cargo").into(),
            scrubbed: changes.with("CARGO_TARGET_DIR", target).with(variable.0, variable.1),
            variables,
        }
    }

    /// Writes a file as if long ago: what was changed just now is asked about again by design.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
        std::fs::write(&path, text).expect("a file");
        let long_ago = SystemTime::now() - Duration::from_secs(3600);
        File::options().write(true).open(&path).and_then(|file| file.set_modified(long_ago)).expect("a time");
    }

    pub(crate) fn link(&self, from: &str, to: &str) {
        let to = self.root.join(to);
        std::fs::create_dir_all(to.parent().expect("a parent")).expect("directories");
        std::fs::hard_link(from, &to).or_else(|_| std::fs::copy(from, &to).map(drop)).expect("a program");
    }

    /// A call of xtask, as cargo makes it.
    pub(crate) fn xtask<A: Into<OsString>>(&self, args: impl IntoIterator<Item = A>) -> Call<'_> {
        let mut command = Command::new(self.root.join("target/debug/xtask"));
        let inherited = xtask::environment::read().into_iter().filter(|(name, _)| {
            let name = name.to_string_lossy();
            name != "CI"
                && !["CARGO", "APP_", "APP__", "FAKE_", "LD_LIBRARY_PATH"].iter().any(|prefix| name.starts_with(prefix))
        });
        command
            .args(args.into_iter().map(Into::into))
            .current_dir(&self.root)
            .env_clear()
            .envs(inherited)
            .env("CARGO", self.root.join("bin/cargo"))
            .env("CARGO_MANIFEST_DIR", self.root.join("xtask"))
            .env("CARGO_PKG_NAME", "xtask")
            .env("CARGO_TARGET_DIR", self.root.join("target"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Call { sandbox: self, command, stdout: Some(String::new()), stderr: Some(String::new()), status: 0 }
    }
}

/// What cargo says when the fake app is built.
pub(crate) const BUILD: &str = "cargo build --package app --bin app\n";

/// What is said about an unknown name.
pub(crate) fn unknown(typed: &str, hint: &str) -> String {
    format!("error: unknown task `{typed}`\nhint: {hint}\n")
}

/// What the fake app says when it is called with these arguments in the root directory.
pub(crate) fn app(args: &[&str]) -> String {
    format!("{}\n", serde_json::json!({ "app": args, "in": "", "group": "shared" }))
}

pub(crate) struct Call<'a> {
    sandbox: &'a Sandbox,
    command: Command,
    stdout: Option<String>,
    stderr: Option<String>,
    status: i32,
}

impl From<Call<'_>> for Command {
    /// The call alone, for a test that looks after everything itself.
    fn from(call: Call<'_>) -> Self {
        call.command
    }
}

impl<'a> Call<'a> {
    pub(crate) fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.command.env(name, value.into());
        self
    }

    pub(crate) fn env_remove(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Calls from here; relative to the workspace root.
    pub(crate) fn current_dir(mut self, path: impl AsRef<Path>) -> Self {
        self.command.current_dir(self.sandbox.root.join(path));
        self
    }

    /// With the real cargo, in a target directory of its own.
    pub(crate) fn real_cargo(self) -> Self {
        self.env("CARGO", env!("CARGO")).env("CARGO_TERM_COLOR", "never")
    }

    pub(crate) fn stdout(mut self, expected: &str) -> Self {
        self.stdout = Some(expected.to_owned());
        self
    }

    /// The expected stderr; `{root}` stands for the workspace root.
    pub(crate) fn stderr(mut self, expected: &str) -> Self {
        self.stderr = Some(expected.replace("{root}", &self.sandbox.root.to_string_lossy()));
        self
    }

    /// Leaves it to the test to look at the output.
    pub(crate) fn any_output(mut self) -> Self {
        (self.stdout, self.stderr) = (None, None);
        self
    }

    pub(crate) fn status(mut self, expected: i32) -> Self {
        self.status = expected;
        self
    }

    pub(crate) fn run(mut self) -> Output {
        let output = self.command.output().expect("xtask starts");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let output = Output { stdout: text(output.stdout), stderr: text(output.stderr), status: output.status };
        let differs = |expected: &Option<String>, found: &str| expected.as_deref().is_some_and(|text| text != found);
        let wrong = differs(&self.stdout, &output.stdout)
            || differs(&self.stderr, &output.stderr)
            || output.status.code() != Some(self.status);
        let (stdout, stderr) = (self.stdout.unwrap_or_default(), self.stderr.unwrap_or_default());
        assert!(
            !wrong,
            "{:?}\n--- stdout\n{}--- expected\n{stdout}--- stderr\n{}--- expected\n{stderr}--- {:?}, expected {}",
            self.command.get_args(),
            output.stdout,
            output.stderr,
            output.status,
            self.status
        );
        output
    }

    /// Starts the call in a process group of its own, as a shell does.
    pub(crate) fn start(mut self) -> Running {
        let mut child = self.command.process_group(0).spawn().expect("xtask starts");
        let (send, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
        Running { child, lines }
    }
}

pub(crate) struct Output {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    status: ExitStatus,
}

/// A call that has not ended yet.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    /// Waits for this line on stdout.
    pub(crate) fn wait_for(&self, expected: &str) {
        self.lines_until(expected);
    }

    /// Waits for this line on stdout, and gives those before it.
    pub(crate) fn lines_until(&self, expected: &str) -> Vec<String> {
        let mut before = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if line == expected => return before,
                Ok(line) => before.push(line),
                Err(_) => panic!("no line `{expected}` after {before:?}"),
            }
        }
    }

    /// Sends a signal to xtask alone.
    pub(crate) fn signal(&self, signal: Signal) {
        rustix::process::kill_process(Pid::from_child(&self.child), signal).expect("xtask runs");
    }

    /// Sends a signal to xtask's whole process group, as a terminal does.
    pub(crate) fn signal_group(&self, signal: Signal) {
        rustix::process::kill_process_group(Pid::from_child(&self.child), signal).expect("xtask runs");
    }

    /// Waits until xtask and everything that it started are gone (nobody holds the pipe any more); gives the exit
    /// code, the rest of stdout and stderr.
    pub(crate) fn end(mut self) -> (Option<i32>, Vec<String>, String) {
        let mut rest = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => rest.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("something is left behind"),
            }
        }
        let status = self.child.wait().expect("xtask ended");
        let mut stderr = String::new();
        self.child.stderr.take().expect("a pipe").read_to_string(&mut stderr).expect("text");
        (status.code().or(status.signal().map(|signal| -signal)), rest, stderr)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // What is left of a test that failed helps to find out why.
            self.directory.disable_cleanup(true);
        }
    }
}
