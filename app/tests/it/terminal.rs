//! Questions at a real terminal, which `script` (util-linux) provides.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use crate::binary::Root;

const QUESTION: &str = "Type 'yes' to continue, or 'no' to cancel: ";

/// Runs `app flush` at a terminal, types `answer` at its question, and gives back the exit code and all that was shown.
fn flush(root: &Root, answer: &[u8]) -> (Option<i32>, String) {
    let app = root.command();
    let mut terminal = Command::new("script");
    terminal.args(["-qefc", &format!("exec '{}' flush", app.get_program().display()), "/dev/null"]);
    terminal.env_clear().envs(app.get_envs().filter_map(|(name, value)| Some((name, value?))));
    terminal.env("SHELL", "/bin/sh").current_dir(root.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut running = terminal.spawn().expect("`script` of util-linux");
    let (mut keys, mut screen) = (running.stdin.take().expect("a pipe"), running.stdout.take().expect("a pipe"));
    let mut shown = Vec::new();
    let mut byte = [0];
    while !shown.ends_with(QUESTION.as_bytes()) {
        assert_eq!(screen.read(&mut byte).expect("output"), 1, "{}", String::from_utf8_lossy(&shown));
        shown.push(byte[0]);
    }
    keys.write_all(answer).expect("a terminal that listens");
    let mut rest = String::new();
    screen.read_to_string(&mut rest).expect("UTF-8");
    (running.wait().expect("an end").code(), rest.replace('\r', ""))
}

#[test]
fn a_question_is_answered_or_cancelled() {
    // Cases 205 and 238.
    let root = Root::new();
    root.line("migrate -v 0").is(0, "", "");
    root.line("load_demo -v 0").is(0, "", "");
    assert_eq!(flush(&root, b"\x03"), (Some(1), "^C\nCancelled.\n".to_owned()));
    assert_eq!(flush(&root, b"no\n"), (Some(0), "no\nFlush cancelled.\n".to_owned()));
    root.line("load_demo --if-empty").is(0, "", "the database has 3 users already: demo data not loaded\n");
    assert_eq!(flush(&root, b"yes\n"), (Some(0), "yes\n".to_owned()));
    assert_eq!(root.line("load_demo --if-empty -v 0").code, Some(0));
}
