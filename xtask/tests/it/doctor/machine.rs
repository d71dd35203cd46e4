//! The toolchain, the target directory, the terminal.

use std::fs::{self, File};

use super::{CARGO, Machine, RUSTC};
use crate::pty::Pty;

#[test]
fn a_machine_without_a_toolchain() {
    let machine = Machine::new();
    for tool in ["cargo", "rustc", "rustfmt", "cc", "git"] {
        machine.remove(&format!("tools/{tool}"));
    }
    // Where rustup puts its programs; they are not on the PATH.
    machine.0.write(".cargo/bin/rustup", "");
    let no = "cannot be started: No such file or directory (os error 2)";
    let path = "  hint: `export PATH=\"{root}/.cargo/bin:$PATH\"`\n";
    let expected = format!(
        "error    cargo {no} (toolchain.cargo)\n{path}\
         error    rustc {no} (toolchain.rustc)\n{path}\
         warning  rustfmt {no} (toolchain.rustfmt)\n{path}\
         warning  clippy {no} (toolchain.clippy)\n{path}\
         skipped  linking is not tried without rustc (linker)\n\
         error    C cannot be compiled, which SQLite is written in: cc: No such file or directory (os error 2) (compiler.c)\n  \
         hint: `export PATH=\"$PATH:{{bin}}\"`\n\
         warning  git {no} (git)\n  hint: `export PATH=\"$PATH:{{bin}}\"`\n\
         error    the app cannot be built: No such file or directory (os error 2) (app.build)\n  \
         hint: `cargo build --package app --bin app`\n\
         skipped  what follows is what the app of the last build finds; it repairs nothing (app)\n"
    );
    assert_eq!(machine.wrong(&["doctor"], 1), expected);
}

#[test]
fn a_missing_component_and_an_old_compiler() {
    let machine = Machine::new();
    machine.tool("rustup", "");
    machine.tool("rustfmt", "echo \"error: 'rustfmt' is not installed for the toolchain 'stable'\" >&2; exit 1\n");
    machine.tool("cargo", &CARGO.replace("echo clippy 0.1.95", "exit 101"));
    machine.0.write("Cargo.toml", "[workspace]\nmembers = [\"app\"]\n[workspace.package]\nrust-version = \"1.96\"\n");
    let expected = "error    rustc 1.95.0 (59807616e 2026-04-14) is too old: the project needs 1.96 (toolchain.rustc)\n  \
        hint: `rustup update stable`\n\
        warning  rustfmt cannot be started: error: 'rustfmt' is not installed for the toolchain 'stable' (toolchain.rustfmt)\n  \
        hint: `rustup component add rustfmt`\n\
        warning  clippy cannot be started: it ended with exit status: 101 (toolchain.clippy)\n  \
        hint: `rustup component add clippy`\n";
    assert_eq!(machine.wrong(&["doctor"], 1), expected);
}

#[test]
fn a_linker_that_fails_is_told_from_a_missing_one() {
    let machine = Machine::new();
    machine.tool("apt-get", "");
    machine.tool(
        "rustc",
        &RUSTC
            .replace("/bin/cp", "echo 'error: linking with `cc` failed\n  = note: ld: cannot find -lc' >&2; exit 1 #"),
    );
    machine.tool("cc", "echo 'main.c:1:10: fatal error: stdio.h: No such file or directory' >&2; exit 1\n");
    let shown = machine.wrong(&["doctor"], 1);
    let expected = "error    no program can be linked: = note: ld: cannot find -lc (linker)\n  \
        hint: `sudo apt-get install gcc libc6-dev`\n\
        error    C cannot be compiled, which SQLite is written in: main.c:1:10: fatal error: stdio.h: No such file or \
        directory (compiler.c)\n  hint: `sudo apt-get install gcc libc6-dev`\n";
    assert_eq!(shown, expected);
    machine.tool("rustc", &RUSTC.replace("/bin/true", "/bin/false"));
    let ran = "error    what is compiled into the target directory does not run: it ended with exit status: 1 (linker)\n  \
        hint: `sudo mount -o remount,exec \"$(findmnt -no TARGET -T {root}/target)\"`\n";
    assert!(machine.wrong(&["doctor"], 1).starts_with(ran));
    assert_eq!(
        fs::read_dir(machine.0.root().join("target/xtask"))
            .expect("a list")
            .flatten()
            .filter(|entry| { entry.file_name().to_string_lossy().starts_with("doctor") })
            .count(),
        0,
        "nothing is left behind"
    );
}

#[test]
fn a_target_directory_that_cannot_be_used() {
    let machine = Machine::new();
    machine.0.write("target/xtask/app-debug.root", "/somewhere/else");
    let warning = "warning  the target directory was last used by `/somewhere/else`: its builds of the app go at the next \
        build (target)\n  hint: `cargo xtask version`\n";
    assert!(machine.wrong(&["doctor"], 0).starts_with(warning));
    fs::remove_dir_all(machine.0.root().join("target/xtask")).expect("a directory");
    machine.0.write("target/xtask", "");
    let shown = machine.wrong(&["doctor"], 1);
    let error = "error    the target directory `{root}/target` cannot be written: File exists (os error 17) (target)\n";
    assert!(shown.contains(error), "{shown}");
    let skipped = "skipped  compiling is not tried without a target directory that can be written (linker)\n\
        skipped  compiling is not tried without a target directory that can be written (compiler.c)\n";
    assert!(shown.starts_with(skipped), "{shown}");
    assert!(shown.contains("error    the app cannot be built: failed to make `{root}/target/xtask`: "), "{shown}");
}

#[test]
fn somebody_else_builds() {
    let machine = Machine::new();
    let lock = File::create(machine.0.root().join("target/debug/.cargo-lock")).expect("a file");
    lock.lock().expect("a lock");
    let shown = machine.wrong(&["doctor"], 0);
    let pid = std::process::id();
    assert!(shown.starts_with("warning  the target directory is in use by `"), "{shown}");
    assert!(shown.contains(&format!("` (pid {pid}) in `")), "{shown}");
    assert!(shown.ends_with(&format!(" (target.lock)\n  hint: `ps -f {pid}`\n")), "{shown}");
    machine.0.write("app/src/main.rs", "fn main() { }\n");
    let skipped = "skipped  the app is not built while somebody else builds in its target directory (app.build)\n";
    assert!(machine.wrong(&["doctor"], 0).contains(skipped));
    drop(lock);
    assert_eq!(machine.wrong(&["doctor"], 0), "");
}

#[test]
fn the_terminal_is_looked_at() {
    let machine = Machine::new();
    let shown = |variables: &[(&str, &str)]| {
        let mut pty = Pty::open();
        pty.read();
        let mut call = machine.call(&["doctor"]);
        for name in ["TERM", "NO_COLOR", "LC_ALL", "LC_CTYPE", "LANG"] {
            call = call.env_remove(name);
        }
        let call = variables.iter().fold(call, |call, (name, value)| call.env(name, *value));
        let mut command = std::process::Command::from(call);
        let mut child = command.stdout(pty.slave()).spawn().expect("xtask starts");
        let text = pty.until(" ok\r\n");
        assert!(child.wait().expect("an end").success());
        text.replace("\r\n", "\n")
    };
    for (variables, expected) in [
        (
            &[("TERM", "xterm"), ("LANG", "C.UTF-8")][..],
            "ok       100 columns, colours (xterm)\nok       UTF-8 (LANG=C.UTF-8)\n",
        ),
        (
            &[("TERM", "xterm"), ("NO_COLOR", "1")],
            "ok       100 columns, no colours (NO_COLOR)\nwarning  no locale is set: letters of other languages may look wrong (terminal.letters)\n  hint: `export LANG=C.UTF-8`\n",
        ),
        (
            &[("TERM", "dumb"), ("LC_ALL", "POSIX")],
            "ok       100 columns, no colours (TERM=dumb)\nwarning  LC_ALL=POSIX is not UTF-8: letters of other languages may look wrong (terminal.letters)\n  hint: `export LC_ALL=C.UTF-8`\n",
        ),
        (
            &[],
            "warning  `TERM` is not set: nobody knows what the terminal can do (terminal)\n  hint: `export TERM=xterm`\n",
        ),
    ] {
        let text = shown(variables);
        assert!(text.contains(expected), "{expected}: {text}");
    }
}
