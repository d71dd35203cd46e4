//! The manual page.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::sandbox::Sandbox;

/// What a program says of the page; nothing, said on stderr, when the program is not on this machine.
fn said(program: &str, args: &[&str], page: &str) -> Option<String> {
    if !Path::new("/usr/bin").join(program).exists() {
        // `.ci/run` installs what tests need; there a skipped test is a failed one.
        assert!(!xtask::environment::read().contains_key(OsStr::new("CI")), "{program} is not installed");
        // Not `eprintln!`, which the test harness would swallow.
        let _ = writeln!(std::io::stderr(), "SKIPPED: {program} is not installed, it does not judge the manual page");
        return None;
    }
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("a program");
    let mut stdin = child.stdin.take().expect("a pipe");
    let page = page.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(page.as_bytes()));
    let output = child.wait_with_output().expect("an end");
    writer.join().expect("no panic").expect("all is read");
    Some(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[test]
fn it_has_tasks_commands_options_and_scripts() {
    let sandbox = Sandbox::built();
    sandbox.write("Cargo.toml", "[workspace.metadata.xtask.scripts]\nlines = \"wc -l .env\"\n");
    let page = sandbox.xtask(["man"]).any_output().run();
    assert_eq!(page.stderr, "");
    for part in [
        ".TH CARGO\\-XTASK 1 ",
        "\n.SS \"Database\"\n.TP\n\\fBmakemigrations\\fR\nWrite migrations from changed models.\n",
        "\nAlso called \\fBcelery\\-worker\\fR.\n",
        "\n.SS \"migrate\"\n\\fBmigrate\\fR [OPTIONS] [MODULE] [MIGRATION]\n.PP\nBring the database up to date with the migrations.\n",
        "\n.TP\n\\fB\\-\\-fake\\-initial\\fR, \\fB\\-\\-fake_initial\\fR\n",
        "\n.TP\n\\fB\\-v\\fR, \\fB\\-\\-verbosity\\fR LEVEL\nHow much to print:\n",
        "\n.SH \"SCRIPTS\"\n",
        "\n.TP\n\\fBlines\\fR\nwc \\-l .env\n",
        "\n.TP\n\\fB128+n\\fR\nEnded by signal n.\n",
    ] {
        assert!(page.stdout.contains(part), "{part:?} is not in\n{}", page.stdout);
    }
    assert!(!page.stdout.contains("if\\-empty"), "what is hidden is not in the manual");
}

#[test]
fn it_is_written_to_a_directory() {
    let sandbox = Sandbox::built();
    let page = sandbox.xtask(["man"]).any_output().run().stdout;
    let note = "`{root}/app/share/man/man1/cargo-xtask.1` is written\n";
    sandbox.xtask(["man", "--output", "share/man/man1"]).current_dir("app").stderr(note).run();
    let written = std::fs::read_to_string(sandbox.root().join("app/share/man/man1/cargo-xtask.1"));
    assert_eq!(written.expect("a page"), page);
    sandbox.write("file", "");
    let refused = sandbox.xtask(["man", "--output", "file"]).any_output().status(1).run();
    assert!(refused.stderr.starts_with("error: failed to write `"), "{}", refused.stderr);
}

#[test]
fn the_programs_that_show_manual_pages_understand_it() {
    let sandbox = Sandbox::built();
    let page = sandbox.xtask(["man"]).any_output().run().stdout;
    // A page that is made of the sources has no date.
    if let Some(said) = said("mandoc", &["-T", "lint"], &page) {
        assert_eq!(said, "mandoc: <stdin>:1:20: WARNING: missing date, using \"\": TH\n");
    }
    if let Some(said) = said("groff", &["-ww", "-z", "-man"], &page) {
        assert_eq!(said, "");
    }
    if let Some(said) = said("groff", &["-man", "-Tascii", "-P-cbou"], &page) {
        assert!(said.contains("NAME\n       cargo-xtask - the tasks of this project\n"), "{said}");
        assert!(said.contains("       -v, --verbosity LEVEL\n"), "{said}");
        let wide = said.lines().find(|line| line.len() > 78);
        assert_eq!(wide, None);
    }
}
