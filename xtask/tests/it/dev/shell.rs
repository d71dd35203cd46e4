//! The whole server at a terminal, as a shell runs it: stops, what a person types, a terminal that goes away.

use std::process::{Child, Command, Stdio};

use super::site::{Site, until};
use crate::pty::Pty;

/// A shell with job control that runs this, where `$dev` stands for the server. Its terminal is its own.
#[allow(unsafe_code)]
fn shell(site: &Site, pty: &Pty, script: &str) -> Child {
    use std::os::unix::process::CommandExt as _;
    let dev = site.command(["dev", "127.0.0.1:0"]);
    let words: Vec<_> =
        std::iter::once(dev.get_program()).chain(dev.get_args()).map(|word| word.to_string_lossy()).collect();
    let mut command = Command::new("sh");
    command.args(["-mc", &script.replace("$dev", &words.join(" "))]).env_clear().current_dir(site.path(""));
    command.envs(dev.get_envs().filter_map(|(name, value)| value.map(|value| (name, value)))).env("TERM", "xterm");
    command.stdin(Stdio::from(pty.slave())).stdout(Stdio::from(pty.slave())).stderr(Stdio::from(pty.slave()));
    let own_terminal = || -> std::io::Result<()> {
        rustix::process::setsid()?;
        Ok(rustix::process::ioctl_tiocsctty(rustix::stdio::stdin())?)
    };
    // SAFETY: two system calls, which neither allocate nor take a lock.
    unsafe {
        command.pre_exec(own_terminal);
    }
    command.spawn().expect("a shell")
}

#[track_caller]
fn all_are_gone(site: &Site) {
    until(
        "an end of all that was started",
        || site.processes().join("\n"),
        || site.processes().is_empty().then_some(()),
    );
}

#[test]
fn a_stop_gives_the_terminal_back_and_what_follows_takes_it_again() {
    let (site, mut pty) = (Site::new(), Pty::open());
    pty.read();
    let mut shell = shell(&site, &pty, "$dev; echo stopped; fg; echo ended $?");
    pty.until("serving http://127.0.0.1:");
    pty.until("q quit");
    assert!(pty.gives_keys_at_once());
    pty.press("\x1a");
    pty.until("\r\x1b[2K\x1b[J");
    pty.until("stopped\r\n");
    pty.until("serving http://127.0.0.1:");
    until("keys at once", || pty.written(), || pty.gives_keys_at_once().then_some(()));
    pty.press("q");
    pty.until("ended 0\r\n");
    assert!(!pty.gives_keys_at_once());
    assert!(shell.wait().expect("an end").success());
    all_are_gone(&site);
}

#[test]
fn ctrl_c_ends_it_and_the_terminal_is_as_before() {
    let (site, mut pty) = (Site::new(), Pty::open());
    pty.read();
    let mut shell = shell(&site, &pty, "$dev; echo ended $?");
    pty.until("serving http://127.0.0.1:");
    pty.press("\x03");
    pty.until("ended 130\r\n");
    assert!(!pty.gives_keys_at_once());
    shell.wait().expect("an end");
    all_are_gone(&site);
}

#[test]
fn a_terminal_that_goes_away_ends_it() {
    let (site, mut pty) = (Site::new(), Pty::open());
    pty.read();
    let mut shell = shell(&site, &pty, "$dev; echo ended $?");
    pty.until("serving http://127.0.0.1:");
    pty.hang_up();
    shell.wait().expect("an end");
    all_are_gone(&site);
}

#[test]
fn in_the_background_it_leaves_the_terminal_alone_until_it_is_fetched() {
    let (site, mut pty) = (Site::new(), Pty::open());
    pty.read();
    let mut shell = shell(&site, &pty, "$dev & read line; echo got $line; fg; echo ended $?");
    pty.until("dev: listening at http://127.0.0.1:");
    until("a server", || pty.written(), || site.starts().pop());
    assert!(!pty.gives_keys_at_once());
    pty.press("r\n");
    pty.until("got r\r\n");
    until("keys at once", || pty.written(), || pty.gives_keys_at_once().then_some(()));
    pty.press("q");
    pty.until("ended 0\r\n");
    shell.wait().expect("an end");
    all_are_gone(&site);
}
