//! Passwords at a real terminal: `script` (from Debian's bsdutils) gives the binary one.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};

use super::wait;
use crate::binary::Root;
use app::modules::users::service;

/// How long a terminal may show nothing new of what is waited for.
const PATIENCE: Timespec = Timespec { tv_sec: 30, tv_nsec: 0 };

/// A shell at a terminal that runs the app, and then says its exit code and whether the terminal shows what is typed.
pub(crate) struct Terminal {
    child: Child,
    out: BufReader<ChildStdout>,
    pub(crate) app: Pid,
    said: String,
}

impl Terminal {
    fn run(root: &Root, command: &str) -> Self {
        Self::of_kind("dumb", root, command)
    }

    /// The same at a terminal of this kind (`TERM`).
    pub(crate) fn of_kind(kind: &str, root: &Root, command: &str) -> Self {
        let app = env!("CARGO_BIN_EXE_app");
        // The shell gets the signals too, and must outlive them.
        let run = format!("sh -c 'echo pid=$$; exec {app} {command}'");
        let line = format!("trap : INT TERM; {run}; echo code=$?; stty -a | grep -ow -e '-*echo'; echo end");
        let mut script = Command::new("script");
        let mut child = script
            .args(["-qefc", &line, "/dev/null"])
            .current_dir(root.path())
            .env_clear()
            .envs(root.command().get_envs().filter_map(|(name, value)| Some((name, value?))))
            .envs([("PATH", "/usr/bin:/bin"), ("SHELL", "/bin/sh"), ("TERM", kind)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("`script` starts");
        let mut first = String::new();
        let mut out = BufReader::with_capacity(1, child.stdout.take().expect("a pipe"));
        out.read_line(&mut first).expect("a line");
        let app = first.trim_end().strip_prefix("pid=").and_then(|pid| Pid::from_raw(pid.parse().ok()?));
        Self { child, out, app: app.expect("the id of the app's process"), said: String::new() }
    }

    /// Waits until the terminal shows this text.
    pub(crate) fn until(&mut self, text: &str) {
        let start = self.said.len();
        let mut byte = [0];
        while !self.said[start..].contains(text) {
            let mut ready = [PollFd::new(self.out.get_ref(), PollFlags::IN)];
            let ready = poll(&mut ready, Some(&PATIENCE)).expect("a pipe");
            assert_eq!(ready, 1, "{text:?} does not come: {:?}", self.said);
            assert_eq!(self.out.read(&mut byte).expect("a terminal"), 1, "{text:?} never came: {:?}", self.said);
            self.said.push(char::from(byte[0]));
        }
    }

    pub(crate) fn types(&mut self, keys: &str) {
        self.child.stdin.as_mut().expect("a pipe").write_all(keys.as_bytes()).expect("a terminal");
    }

    /// All that the terminal showed.
    pub(crate) fn ended(mut self) -> String {
        self.until("end\r\n");
        self.child.wait().expect("an end");
        self.said
    }
}

fn migrated() -> Root {
    let root = Root::new();
    root.line("migrate -v 0").is(0, "", "");
    root
}

#[test]
fn a_password_is_never_shown() {
    let root = migrated();
    let mut terminal = Terminal::run(&root, "createsuperuser");
    terminal.until("Email: ");
    terminal.types("joe@example.com\n");
    terminal.until("'): ");
    terminal.types("\n");
    terminal.until("Password: ");
    terminal.types("sturdy-otter-47\n");
    terminal.until("Password (again): ");
    terminal.types("sturdy-otter-47\n");
    let said = terminal.ended();
    let shown = "Email: joe@example.com\r\nUsername (leave blank to use 'joe@example.com'): \r\n\
        Password: \r\nPassword (again): \r\nSuperuser created successfully.\r\ncode=0\r\necho\r\nend\r\n";
    assert_eq!(said, shown);
}

#[test]
fn ctrl_c_leaves_the_terminal_as_it_was() {
    // Case 228.
    let root = migrated();
    for hidden in [false, true] {
        let mut terminal = Terminal::run(&root, "createsuperuser");
        terminal.until("Email: ");
        if hidden {
            terminal.types("joe@example.com\n");
            terminal.until("'): ");
            terminal.types("joe\n");
            terminal.until("Password: ");
        }
        terminal.types("half a wo\x03");
        let said = terminal.ended();
        assert!(said.ends_with("\r\nOperation cancelled.\r\ncode=1\r\necho\r\nend\r\n"), "{said:?}");
        assert!(!(hidden && said.contains("half a wo")), "{said:?}");
    }
    let ctx = root.ctx();
    let count = wait(async { service::count(&ctx.db().await.expect("a database")).await.expect("a table") });
    assert_eq!(count, 0);
}

#[test]
fn a_signal_that_ends_it_restores_the_echo_too() {
    let root = migrated();
    root.line("createsuperuser --noinput --email joe@example.com -v 0").is(0, "", "");
    let mut terminal = Terminal::run(&root, "changepassword joe@example.com");
    terminal.until("Password: ");
    kill_process(terminal.app, Signal::TERM).expect("a process");
    let said = terminal.ended();
    assert!(said.ends_with("code=143\r\necho\r\nend\r\n"), "{said:?}");
    // The end of the input is the end of the command.
    let mut terminal = Terminal::run(&root, "changepassword joe@example.com");
    terminal.until("Password: ");
    terminal.types("\x04");
    let said = terminal.ended();
    assert!(said.ends_with("\r\nCancelled.\r\ncode=1\r\necho\r\nend\r\n"), "{said:?}");
}
