//! A sandbox with the real app: the product's own templates, static files, settings and migrations, the binary of this
//! target directory, and a fake cargo (`tests/fake/cargo.rs`) that takes no time. And the server in it.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, waitid};
use serde_json::Value;
use walkdir::WalkDir;
use xtask::bench::http::{self, Answer, Events};
use xtask::bench::load::{Load, Plan};

use crate::sandbox::{PATIENCE, Sandbox};

#[path = "../../fake/sources.rs"]
mod sources;

/// By which everything that was started in a sandbox is known.
const MARK: &str = "XTASK_TEST_SANDBOX";

/// How long what notices by itself that xtask has gone may take for it: after SIGKILL, or a second Ctrl-C.
pub(crate) const AT_ONCE: Duration = Duration::from_secs(5);

/// A source of which nothing else depends, for edits.
pub(crate) const SOURCE: &str = "app/src/modules/mailings/views.rs";
pub(crate) const TEMPLATE: &str = "app/src/modules/mailings/templates/mailings/list.html";
pub(crate) const STYLE: &str = "app/static/css/site.css";
pub(crate) const SETTINGS: &str = "app/config/development.toml";

/// The sandbox.
pub(crate) struct Site {
    sandbox: Sandbox,
}

impl Site {
    pub(crate) fn new() -> Self {
        let sandbox = Sandbox::new();
        put_product(&sandbox);
        sandbox.link(&real_app().to_string_lossy(), "bin/app");
        Self { sandbox }
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.sandbox.root().join(path)
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Saves a file, now.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
        std::fs::write(path, text).expect("a file");
    }

    /// Adds a line.
    pub(crate) fn append(&self, path: &str, line: &str) {
        self.write(path, &format!("{}{line}\n", self.read(path)));
    }

    pub(crate) fn remove(&self, path: &str) {
        let path = self.path(path);
        if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }.expect("removed");
    }

    /// The name of the build that the sources give as they are now.
    pub(crate) fn newest(&self) -> String {
        sources::Sources::read(self.sandbox.root()).name()
    }

    /// What the fake cargo did so far, in the lines of `builds.log`.
    pub(crate) fn builds(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.path("builds.log")).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }

    /// The names of the builds that a server was started of.
    pub(crate) fn starts(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.path("starts.log")).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }

    /// How many builds began.
    pub(crate) fn begun(&self) -> usize {
        self.builds().iter().filter(|line| line.starts_with("begun ")).count()
    }

    /// The server, on a free port. It listens, but may not serve yet.
    pub(crate) fn start(&self) -> Dev<'_> {
        self.start_with(&[])
    }

    pub(crate) fn start_with(&self, more: &[&str]) -> Dev<'_> {
        let address = free();
        let dev = self.spawn(["dev", &address.to_string()].iter().chain(more).copied(), address);
        dev.until("listening", || (dev.has_ended() || TcpStream::connect(address).is_ok()).then_some(()));
        dev
    }

    /// A call of xtask.
    pub(crate) fn spawn<'a>(&self, args: impl IntoIterator<Item = &'a str>, address: SocketAddr) -> Dev<'_> {
        let mut child = self.command(args).process_group(0).spawn().expect("xtask starts");
        let said = Arc::new(Mutex::new(Vec::new()));
        let readers = [
            listen(child.stdout.take().expect("a pipe"), Arc::clone(&said)),
            listen(child.stderr.take().expect("a pipe"), Arc::clone(&said)),
        ];
        Dev { site: self, child, said, readers: Some(readers), address }
    }

    /// A call of xtask whose processes will be known.
    pub(crate) fn command<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command: Command = self.sandbox.xtask(args).into();
        command.env(MARK, self.sandbox.root());
        command
    }

    /// Every process that was started in this sandbox and still runs.
    pub(crate) fn processes(&self) -> Vec<String> {
        let mark = format!("{MARK}={}\0", self.sandbox.root().display());
        let entries = std::fs::read_dir("/proc").expect("a list of processes").filter_map(Result::ok);
        let ours = entries.filter(|entry| {
            let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
            String::from_utf8_lossy(&environment).contains(&mark)
        });
        let command = |entry: std::fs::DirEntry| {
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            // One that is over, and that nobody has asked about yet, has none.
            (!line.is_empty()).then(|| format!("{} {line}", entry.file_name().display()))
        };
        ours.filter_map(command).collect()
    }
}

/// Puts the product's settings, sources, templates and static files into a sandbox.
pub(crate) fn put_product(sandbox: &Sandbox) {
    let product = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("app");
    for part in ["config", "src", "static", "templates"] {
        for entry in WalkDir::new(product.join(part)).into_iter().map(|entry| entry.expect("the product")) {
            let to = sandbox.root().join("app").join(entry.path().strip_prefix(&product).expect("a part"));
            match entry.file_type().is_dir() {
                true => std::fs::create_dir_all(to).expect("a directory"),
                false => drop(std::fs::copy(entry.path(), to).expect("a file")),
            }
        }
    }
}

/// The app's binary, which `cargo test --workspace` has built.
#[expect(clippy::print_stderr, reason = "it is for whoever runs the tests")]
pub(crate) fn real_app() -> PathBuf {
    let app = Path::new(env!("CARGO_BIN_EXE_xtask")).with_file_name("app");
    let hint = "`cargo build --package app --bin app` builds it, and so does `cargo test --workspace`";
    let modified = |path: &Path| std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    let Some(built) = modified(&app) else { panic!("there is no `{}`\nhint: {hint}", app.display()) };
    let sources = std::fs::read_to_string(app.with_extension("d")).unwrap_or_default();
    let newer = sources.split_whitespace().skip(1).find(|file| modified(Path::new(file)) > Some(built));
    if let Some(newer) = newer {
        let message = format!("`{newer}` is newer than `{}`\nhint: {hint}", app.display());
        let is_ci = xtask::environment::read().get(std::ffi::OsStr::new("CI")).is_some_and(|value| value == "true");
        assert!(!is_ci, "{message}");
        eprintln!("warning: {message}");
    }
    app
}

/// A port that nobody listens on. The system gives none of them to a connection, so it stays free until it is used.
fn free() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 10_000).expect("a small number");
    let ports = std::iter::repeat_with(|| 20_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 10_000);
    let mut addresses = ports.map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    addresses.find(|address| TcpListener::bind(address).is_ok()).expect("a free port")
}

type Reader = std::thread::JoinHandle<()>;

/// Collects the lines of a pipe.
fn listen(pipe: impl std::io::Read + Send + 'static, said: Arc<Mutex<Vec<String>>>) -> Reader {
    std::thread::spawn(move || {
        // The app's words about each request would bury all others.
        let lines = BufReader::new(pipe).lines().map_while(Result::ok).filter(|line| !line.contains(" request_id="));
        for line in lines {
            said.lock().expect("lines").push(line);
        }
    })
}

/// Looks again and again, until the condition holds; gives what it gave.
#[track_caller]
pub(crate) fn until<T>(what: &str, said: impl Fn() -> String, mut condition: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(Instant::now() < deadline, "never: {what}\n--- said\n{}", said());
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// A server that was started.
pub(crate) struct Dev<'a> {
    site: &'a Site,
    child: Child,
    said: Arc<Mutex<Vec<String>>>,
    readers: Option<[Reader; 2]>,
    address: SocketAddr,
}

impl Dev<'_> {
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// All lines so far, of both outputs.
    pub(crate) fn said(&self) -> String {
        self.said.lock().expect("lines").join("\n")
    }

    #[track_caller]
    pub(crate) fn until<T>(&self, what: &str, condition: impl FnMut() -> Option<T>) -> T {
        let said = || format!("{}\n--- builds\n{}", self.said(), self.site.builds().join("\n"));
        until(what, said, condition)
    }

    /// Waits for a line that contains this.
    #[track_caller]
    pub(crate) fn until_said(&self, part: &str) {
        self.until(&format!("`{part}` is said"), || self.said().contains(part).then_some(()));
    }

    /// Asks; sent to the same address once more (an app has taken over meanwhile), it asks once more.
    #[track_caller]
    pub(crate) fn request(&self, method: &str, path: &str) -> Answer {
        loop {
            let answer = http::request(self.address(), method, path, PATIENCE);
            let answer = answer.unwrap_or_else(|broken| panic!("{method} {path}: {broken:?}\n{}", self.said()));
            if answer.status != 307 || answer.header("location") != Some(path) {
                return answer;
            }
        }
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.request("GET", path)
    }

    /// `/__dev/status`
    #[track_caller]
    pub(crate) fn status(&self) -> Value {
        let answer = self.get("/__dev/status");
        let text = answer.text();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {} {text}\n{}", answer.status, self.said()))
    }

    #[track_caller]
    pub(crate) fn generation(&self) -> u64 {
        self.status()["generation"].as_u64().expect("a number")
    }

    /// The name of the build that the list of mailings comes from; none when there is another page.
    #[track_caller]
    pub(crate) fn served(&self) -> Option<String> {
        let answer = self.get("/mailings/");
        let text = answer.text();
        let (_, rest) = text.split_once("/built-").filter(|_| answer.status == 200)?;
        rest.split('/').next().map(str::to_owned)
    }

    /// Waits until the sources as they are now are served, and the status says so; gives its generation.
    #[track_caller]
    pub(crate) fn until_newest(&self) -> u64 {
        let newest = self.site.newest();
        self.until(&format!("{newest} is served"), || {
            let status = self.status();
            let is_served = status["state"] == "serving" && self.served().as_ref() == Some(&newest);
            is_served.then(|| status["generation"].as_u64().expect("a number"))
        })
    }

    /// Waits for a state; gives the status.
    #[track_caller]
    pub(crate) fn until_state(&self, state: &str) -> Value {
        self.until(&format!("state {state}"), || Some(self.status()).filter(|status| status["state"] == state))
    }

    /// What pages that are open are told.
    #[track_caller]
    pub(crate) fn events(&self) -> Events {
        let events = Events::open(self.address(), "/__dev/events", PATIENCE);
        events.unwrap_or_else(|broken| panic!("{broken:?}\n--- said\n{}", self.said()))
    }

    pub(crate) fn load(&self) -> Load {
        let plan = Plan { address: self.address(), path: "/mailings/".to_owned(), per_second: 100, patience: PATIENCE };
        Load::start(plan).expect("threads")
    }

    /// Whether xtask has ended.
    pub(crate) fn has_ended(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(Pid::from_child(&self.child)), options).expect("a child").is_some()
    }

    /// Sends a signal to xtask alone.
    pub(crate) fn signal(&self, signal: Signal) {
        rustix::process::kill_process(Pid::from_child(&self.child), signal).expect("xtask runs");
    }

    /// Waits for the end of xtask; then everything that was started must be gone and the port free. Gives the exit code
    /// (`-9` for an end by SIGKILL) and all that was said.
    #[track_caller]
    pub(crate) fn end(self) -> (i32, String) {
        self.end_leaving_for(Duration::ZERO)
    }

    /// The same, where what was started may notice the end by itself, for so long.
    #[track_caller]
    pub(crate) fn end_leaving_for(mut self, grace: Duration) -> (i32, String) {
        let said = Arc::clone(&self.said);
        let child = &mut self.child;
        let text = || said.lock().expect("lines").join("\n");
        let status = until("the end", text, || child.try_wait().expect("a child"));
        for reader in self.readers.take().into_iter().flatten() {
            until("an end of the output", text, || reader.is_finished().then_some(()));
        }
        // Where xtask could do nothing any more, the guards of process groups wait a while for those that notice
        // nothing, and have nothing to show for it.
        let may_stay = |process: &str| {
            status.signal().is_some() && (process.contains("kill -KILL 0") || process.contains("sleep 6 "))
        };
        let ended = Instant::now();
        let left = || {
            let running = self.site.processes().into_iter();
            let left: Vec<String> = running.filter(|process| !may_stay(process)).collect();
            (left.is_empty() || ended.elapsed() > grace).then_some(left)
        };
        let left = until("an end of all that was started", text, left);
        assert!(left.is_empty(), "left behind: {left:?}\n{}", text());
        let address = self.address;
        TcpListener::bind(address).unwrap_or_else(|error| panic!("{address} is not free: {error}"));
        (status.code().or(status.signal().map(|signal| -signal)).unwrap_or_default(), text())
    }
}

impl Drop for Dev<'_> {
    fn drop(&mut self) {
        if self.readers.is_some() {
            // Whatever the test left; one that has ended cannot be killed, which is as well.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Sets the modification time to now and leaves the content alone.
pub(crate) fn touch(path: &Path) {
    let file = File::options().append(true).open(path).expect("a file");
    file.set_modified(std::time::SystemTime::now()).expect("a time");
}
