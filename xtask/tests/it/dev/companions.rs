//! Commands that run beside the server: started, restarted one by one, and ended, with the time told to them.

use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};
use xtask::dev::companions::{self, Companions, Ticket};
use xtask::dev::model::{Life, Source};
use xtask::environment::Changes;
use xtask::failure::Failure;
use xtask::plan::{Role, Step};
use xtask::project::Project;

use super::child::is_gone;
use crate::sandbox::{PATIENCE, Sandbox};

const BINARY: &str = env!("CARGO_BIN_EXE_xtask-fake-app");

/// Companions and the session's part in their lives.
struct Stage {
    companions: Companions,
    news: Receiver<(Ticket, Life)>,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Stage {
    /// The fake app under these names; `fake/<name>` says what it does.
    fn new(sandbox: &Sandbox, names: &[&str]) -> Self {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (kept, (send, news)) = (Arc::clone(&lines), channel());
        let sink = Arc::new(move |source, line: &str| {
            let line = if line.starts_with("{\"app\":[") { "called" } else { line };
            let by = match source {
                Source::Companion(name, _) => name.to_string(),
                other => format!("{other:?}"),
            };
            kept.lock().expect("lines").push(format!("{by}: {line}"));
        });
        let root = sandbox.root().to_owned();
        let call = |name: &&str| Step {
            role: Role::Server,
            program: "the binary of the day".into(),
            args: vec![name.into()],
            directory: root.clone(),
            env: Changes::default().with("APP_ROOT", root.as_os_str()),
        };
        let calls = names.iter().map(|name| ((*name).into(), call(name)));
        let tell = move |ticket, life| drop(send.send((ticket, life)));
        Self { companions: Companions::new(calls, sink, tell), news, lines }
    }

    /// Takes the next end into account, as if it had come at this time.
    fn end(&mut self, now: Instant) -> (Ticket, Life) {
        let (ticket, life) = self.news.recv_timeout(PATIENCE).expect("an end");
        self.companions.heard(ticket, &life, now);
        (ticket, life)
    }

    /// Waits for this line, and gives all up to it.
    fn wait_for(&self, line: &str) -> Vec<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let lines = self.lines.lock().expect("lines").clone();
            if let Some(at) = lines.iter().position(|found| found == line) {
                self.lines.lock().expect("lines").drain(..=at);
                return lines[..=at].to_vec();
            }
            assert!(Instant::now() < deadline, "no `{line}` in {lines:?}");
            std::thread::yield_now();
        }
    }

    fn stop(&mut self) {
        let now = Instant::now();
        self.companions.stop(now);
        while !self.companions.are_gone() {
            self.end(now);
        }
        assert_eq!(self.companions.due(), None);
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.companions.kill();
    }
}

#[test]
fn a_new_binary_takes_over_when_the_old_one_has_ended() {
    let sandbox = Sandbox::new();
    sandbox.write("fake/worker", "wait");
    let mut stage = Stage::new(&sandbox, &["worker"]);
    let now = Instant::now();
    stage.companions.serve(Path::new(BINARY), now);
    assert_eq!(stage.wait_for("worker: ready"), ["worker: called", "worker: ready"]);
    assert!(!stage.companions.are_gone());
    // A third one before the first has ended: the second is left out.
    stage.companions.serve(Path::new("/nowhere/app"), now);
    stage.companions.serve(Path::new(BINARY), now);
    let (ticket, life) = stage.end(now);
    assert_eq!(stage.wait_for("worker: ready"), ["worker: SIGTERM", "worker: called", "worker: ready"]);
    // What is said of the first again is no news.
    stage.companions.heard(ticket, &life, now);
    assert_eq!(stage.companions.due(), None);
    assert!(!stage.companions.are_gone());
    stage.stop();
    assert_eq!(stage.wait_for("worker: SIGTERM"), ["worker: SIGTERM"]);
}

#[test]
fn one_that_dies_is_restarted_alone() {
    let sandbox = Sandbox::new();
    sandbox.write("fake/worker", "exit 7");
    sandbox.write("fake/beat", "wait");
    let mut stage = Stage::new(&sandbox, &["beat", "worker"]);
    let now = Instant::now();
    stage.companions.serve(Path::new(BINARY), now);
    stage.wait_for("beat: ready");
    stage.end(now);
    stage.wait_for("Dev: `worker` exited with 7; it is started again in 1 s");
    let due = now + Duration::from_secs(1);
    assert_eq!(stage.companions.due(), Some(due));
    stage.companions.tick(due - Duration::from_millis(1));
    assert_eq!(stage.companions.due(), Some(due));
    sandbox.write("fake/worker", "wait");
    stage.companions.tick(due);
    assert_eq!(stage.wait_for("worker: ready"), ["worker: called", "worker: ready"]);
    assert_eq!(stage.companions.due(), None);
    stage.stop();
    stage.wait_for("beat: SIGTERM");
}

#[test]
fn one_that_dies_again_and_again_rests_until_the_next_build() {
    let sandbox = Sandbox::new();
    sandbox.write("fake/worker", "complain no queue; exit 1");
    let mut stage = Stage::new(&sandbox, &["worker"]);
    for _ in 0..2 {
        let mut now = Instant::now();
        stage.companions.serve(Path::new(BINARY), now);
        for seconds in [1, 2] {
            stage.end(now);
            stage.wait_for(&format!("Dev: `worker` exited with 1; it is started again in {seconds} s"));
            now = stage.companions.due().expect("a restart");
            stage.companions.tick(now);
        }
        stage.end(now);
        let rests = "so soon after its start, again and again; it rests until the next build";
        stage.wait_for(&format!("Dev: `worker` exited with 1; {rests}"));
        assert_eq!((stage.companions.due(), stage.companions.are_gone()), (None, true));
    }
}

#[test]
fn one_that_has_done_its_work_rests_until_the_next_build() {
    let sandbox = Sandbox::new();
    let mut stage = Stage::new(&sandbox, &["tail"]);
    for _ in 0..2 {
        stage.companions.serve(Path::new(BINARY), Instant::now());
        stage.end(Instant::now());
        stage.wait_for("Dev: `tail` is done; it is started again after the next build");
        assert_eq!((stage.companions.due(), stage.companions.are_gone()), (None, true));
    }
}

#[test]
fn one_that_does_not_end_is_killed_and_the_next_takes_over() {
    let sandbox = Sandbox::new();
    sandbox.write("fake/worker", "stubborn");
    let mut stage = Stage::new(&sandbox, &["worker"]);
    let now = Instant::now();
    stage.companions.serve(Path::new(BINARY), now);
    stage.wait_for("worker: ready");
    stage.companions.serve(Path::new(BINARY), now);
    let due = stage.companions.due().expect("a deadline");
    assert_eq!(due - now, Duration::from_secs(10));
    stage.wait_for("worker: SIGTERM");
    stage.companions.tick(due);
    assert_eq!(stage.companions.due(), None);
    stage.end(due);
    let said = "Dev: `worker` did not stop in time and was killed";
    assert_eq!(stage.wait_for("worker: ready"), [said, "worker: called", "worker: ready"]);
    stage.companions.kill();
    assert!(stage.companions.are_gone());
}

#[test]
fn nothing_is_started_after_the_end() {
    let sandbox = Sandbox::new();
    sandbox.write("fake/worker", "exit 1");
    let mut stage = Stage::new(&sandbox, &["worker", "beat"]);
    let now = Instant::now();
    stage.companions.serve(Path::new(BINARY), now);
    stage.end(now);
    stage.end(now);
    assert!(stage.companions.due().is_some());
    stage.companions.stop(now);
    assert_eq!((stage.companions.due(), stage.companions.are_gone()), (None, true));
    stage.companions.tick(now + Duration::from_secs(60));
    assert!(stage.companions.are_gone());
}

#[test]
fn a_binary_that_is_not_there_is_a_death_like_any_other() {
    let sandbox = Sandbox::new();
    let mut stage = Stage::new(&sandbox, &["worker"]);
    stage.companions.serve(Path::new("/nowhere/app"), Instant::now());
    let said = "cannot run: failed to start `app worker`: No such file or directory (os error 2)";
    stage.wait_for(&format!("Dev: `worker` {said}; it is started again in 1 s"));
    assert!(stage.companions.due().is_some());
}

#[test]
fn names_are_judged_before_anything_starts() {
    fn commands(project: &Project, typed: &[&str]) -> Result<Vec<String>, String> {
        let typed: Vec<String> = typed.iter().map(|name| (*name).to_owned()).collect();
        let found = companions::commands(project, &typed);
        found.map(|names| names.iter().map(ToString::to_string).collect()).map_err(|error| {
            assert!(error.is::<Failure>());
            error.to_string()
        })
    }
    let sandbox = Sandbox::built();
    let project = sandbox.project(("FAKE_SHOW", ""));
    sandbox.write("app/src/modules/jobs/commands/worker.rs", &crate::commands::command("Work"));
    // The app was changed: what is like nothing may be there after the build.
    assert_eq!(
        commands(&project, &["celery-worker", "migrate", "worker"]),
        Ok(vec!["worker".into(), "migrate".into()])
    );
    assert_eq!(commands(&project, &["wroker"]), Err("`--with wroker`: the app has no command `wroker`".into()));
    assert_eq!(commands(&project, &["zzzz"]), Ok(vec!["zzzz".into()]));
    let served = Err("`--with runserver`: that is what `dev` itself serves".into());
    assert_eq!(commands(&project, &["runserver"]), served);
    // It is built, and can be asked.
    sandbox.xtask(["version"]).any_output().run();
    assert_eq!(commands(&project, &["send-mailing"]), Ok(vec!["send_mailing".into()]));
    assert_eq!(commands(&project, &["zzzz"]), Err("`--with zzzz`: the app has no command `zzzz`".into()));
}

/// A workspace whose app has a command `worker`, which does this.
fn with_worker(behaviour: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("app/src/modules/jobs/commands/worker.rs", &crate::commands::command("Work"));
    sandbox.write("fake/worker", behaviour);
    sandbox
}

#[test]
fn a_command_beside_the_server_is_restarted_when_it_dies_and_together_with_the_server() {
    let sandbox = with_worker("line dying; exit 7");
    let running = sandbox.xtask(["dev", "0", "--no-browser", "--with", "worker"]).start();
    running.wait_for("worker | dying");
    sandbox.write("fake/worker", "wait");
    running.wait_for("worker | ready");
    sandbox.write("app/config/development.toml", "debug = true\n");
    running.wait_for("worker | SIGTERM");
    running.wait_for("worker | ready");
    running.signal(Signal::INT);
    let (code, rest, stderr) = running.end();
    assert_eq!((code, rest.last().map(String::as_str)), (Some(130), Some("worker | SIGTERM")));
    assert!(stderr.contains("`worker` exited with 7; it is started again in 1 s\n"), "{stderr}");
}

#[test]
fn nothing_is_left_when_xtask_is_killed() {
    let sandbox = with_worker("number; helper; wait");
    sandbox.write("fake/runserver", "number; helper; ready; serve");
    let running = sandbox.xtask(["dev", "0", "--no-browser", "--with", "worker"]).start();
    let lines = running.lines_until("worker | ready");
    let numbers = lines.iter().filter_map(|line| line.rsplit_once("number ").or_else(|| line.rsplit_once("helper ")));
    let pids: Vec<Pid> = numbers.map(|(_, pid)| Pid::from_raw(pid.parse().expect("a number")).expect("one")).collect();
    assert_eq!(pids.len(), 4, "{lines:?}");
    running.signal(Signal::KILL);
    assert_eq!(running.end().0, Some(-9));
    for pid in pids {
        assert!(is_gone(pid));
    }
}

#[test]
fn a_slip_in_a_name_is_said_before_anything_is_built() {
    let sandbox = with_worker("exit 0");
    let stderr = "error: `--with wroker`: the app has no command `wroker`\nhint: did you mean `worker`?\n";
    sandbox.xtask(["dev", "--with", "worker,wroker"]).stderr(stderr).status(2).run();
}
