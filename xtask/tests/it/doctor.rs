//! `doctor`: each thing of the machine that can be broken, alone and with others, and the app's findings among them.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};

use serde_json::Value;

use crate::pty::Pty;
use crate::sandbox::{Call, Sandbox};

const CARGO: &str = "case \"$1\" in --version) echo cargo 1.95.0;; clippy) echo clippy 0.1.95;; \
    *) exec {root}/bin/cargo \"$@\";; esac\n";

/// A compiler makes a program that does nothing of what stands after `-o`.
const RUSTC: &str = "[ \"$1\" = --version ] && { echo 'rustc 1.95.0 (59807616e 2026-04-14)'; exit; }\n\
    while [ \"$1\" != -o ]; do shift; done\n/bin/cp /bin/true \"$2\"\n";

const FINDINGS: &str = r#"{"version":1,"findings":[
{"id":"settings","level":"ok","message":"the settings of {args}","command":null},
{"id":"server.address","level":"ok","message":"port 0 is free","command":null},
{"id":"leftovers.change","level":"error","message":"said by the app too","command":"x"},
{"id":"var","level":"warning","message":"no var","command":"mkdir -p var"}]}"#;

const HEALTHY: &str = "ok       cargo 1.95.0\n\
    ok       rustc 1.95.0 (59807616e 2026-04-14)\n\
    ok       rustfmt 1.9.0\n\
    ok       clippy 0.1.95\n\
    ok       a program can be linked, and runs\n\
    ok       C can be compiled\n\
    ok       git version 2.0\n\
    ok       the output is no terminal: nothing is coloured\n\
    ok       the manifests can be read (2)\n\
    ok       the target directory can be written\n\
    ok       N MiB are free where the target directory is\n\
    ok       nobody builds in the target directory\n\
    ok       no change of the sources was interrupted\n\
    ok       the app is built from the sources as they are\n\
    ok       the settings of doctor --json\n\
    ok       port 0 is free\n\
    warning  no var (var)\n  hint: `mkdir -p var`\n\n\
    0 errors, 1 warning, 16 ok\n";

/// A sandbox with a toolchain of its own, and an app that is built.
struct Machine(Sandbox);

impl Machine {
    fn new() -> Self {
        let machine = Self(Sandbox::new());
        machine.tool("cargo", CARGO);
        machine.tool("rustc", RUSTC);
        machine.tool("cc", RUSTC);
        machine.tool("rustfmt", "echo rustfmt 1.9.0\n");
        machine.tool("git", "echo git version 2.0\n");
        machine.0.write(".git/HEAD", "");
        machine.0.write("fake/findings.json", FINDINGS);
        machine.call(&["doctor"]).any_output().run();
        machine
    }

    fn tool(&self, name: &str, script: &str) {
        let root = self.0.root().display().to_string();
        let path = format!("tools/{name}");
        self.0.write(&path, &format!("#!/bin/sh\n{}", script.replace("{root}", &root)));
        fs::set_permissions(self.0.root().join(path), Permissions::from_mode(0o755)).expect("permissions");
    }

    fn remove(&self, path: &str) {
        fs::remove_file(self.0.root().join(path)).expect("a file");
    }

    fn call(&self, args: &[&str]) -> Call<'_> {
        let tools = self.0.root().join("tools");
        let call = self.0.xtask(args.iter().copied()).env("CARGO", tools.join("cargo")).env("PATH", tools);
        call.env("HOME", self.0.root()).env_remove("CC").env_remove("RUSTFLAGS")
    }

    /// What was found, with the parts that differ between runs taken out.
    fn found(&self, args: &[&str], status: i32) -> String {
        let output = self.call(args).any_output().status(status).run();
        plain(self, &output.stdout)
    }

    /// What was found that is wrong or could not be looked at; nothing stands on stderr.
    #[track_caller]
    fn wrong(&self, args: &[&str], status: i32) -> String {
        let shown = self.found(args, status);
        let lines = shown.lines().filter(|line| !line.starts_with("ok ") && !line.is_empty() && !line.ends_with(" ok"));
        lines.map(|line| format!("{line}\n")).collect::<String>().replace(NO_VAR, "")
    }
}

/// What the fake app always finds.
const NO_VAR: &str = "warning  no var (var)\n  hint: `mkdir -p var`\n";

fn plain(machine: &Machine, text: &str) -> String {
    let text = text.replace(&machine.0.root().display().to_string(), "{root}");
    let line = |line: &str| match line.split_once(" MiB") {
        Some((start, end)) => {
            format!("{}N MiB{end}\n", start.trim_end_matches(|letter: char| letter.is_ascii_digit()))
        }
        None => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

#[test]
fn all_is_well_and_the_app_is_asked_last() {
    let machine = Machine::new();
    assert_eq!(machine.found(&["doctor"], 0), HEALTHY);
    machine.call(&["doctor", "-v", "0"]).stdout(NO_VAR).run();
    let fixed = machine.found(&["doctor", "--fix", "--settings", "x y"], 0);
    assert!(fixed.contains("ok       the settings of doctor --fix --settings x y --json\n"), "{fixed}");
}

#[test]
fn the_app_is_built_first_when_it_is_stale() {
    let machine = Machine::new();
    machine.0.write("app/src/main.rs", "fn main() { }\n");
    let output = machine.call(&["doctor"]).any_output().run();
    assert_eq!(output.stderr, "building the app …\n");
    assert!(output.stdout.contains("ok       the app builds\n"), "{}", output.stdout);
    assert_eq!(machine.found(&["doctor"], 0), HEALTHY);
    machine.0.write("app/src/main.rs", "fn main() {  }\n");
    machine.call(&["doctor", "-v", "0"]).stdout(NO_VAR).run();
}

#[test]
fn the_document_is_all_that_stands_on_stdout() {
    let machine = Machine::new();
    machine.remove("tools/rustfmt");
    machine.0.write("app/src/main.rs", "fn main() { }\n");
    let output = machine.call(&["doctor", "--json"]).any_output().run();
    let document: Value = serde_json::from_str(&output.stdout).expect("JSON");
    assert_eq!(document["version"], 1);
    let findings = document["findings"].as_array().expect("a list");
    assert_eq!(findings.len(), 17);
    let expected = serde_json::json!({
        "id": "toolchain.rustfmt", "level": "warning",
        "message": "rustfmt cannot be started: No such file or directory (os error 2)",
        "command": "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh",
    });
    assert_eq!(findings[2], expected);
    assert_eq!(findings[16]["id"], "var");
}

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
         hint: `xcode-select --install`\n\
         warning  git {no} (git)\n  hint: `git --version`\n\
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
    let ran = "error    no program can be linked: the program does not run: it ended with exit status: 1 (linker)\n";
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
fn manifests_that_cannot_be_read() {
    let machine = Machine::new();
    machine.0.write("Cargo.toml", "[workspace]\nmembers = [\"app\", \"gone\"]\n");
    machine.0.write("app/Cargo.toml", "[package]\nname = \"app\"\nversion = 0.0\n[[oops\n");
    machine.0.write("fake/cargo", "fail error: failed to load manifest for workspace member `app`");
    let expected = "error    app/Cargo.toml:4: not valid TOML: unclosed array table, expected `]]` (manifests)\n  \
        hint: `${EDITOR:-vi} +4 app/Cargo.toml`\n\
        error    `gone/Cargo.toml` cannot be read: No such file or directory (os error 2) (manifests)\n  \
        hint: `git checkout -- gone/Cargo.toml`\n\
        error    the app does not build: error: failed to load manifest for workspace member `app` (app.build)\n  \
        hint: `cargo build --package app --bin app`\n\
        skipped  what follows is what the app of the last build finds; it repairs nothing (app)\n";
    assert_eq!(machine.wrong(&["doctor"], 1), expected);
    machine.0.write("Cargo.toml", "[workspace\n");
    assert!(machine.wrong(&["doctor"], 1).starts_with("error    Cargo.toml:1: not valid TOML: "));
}

#[test]
fn an_app_that_does_not_compile_is_asked_in_its_last_build_and_repairs_nothing() {
    let machine = Machine::new();
    machine.0.write("app/src/main.rs", "fn main() { nonsense }\n");
    let path = xtask::environment::read().remove(OsStr::new("PATH")).unwrap_or_default();
    let call = machine.call(&["doctor", "--fix"]).env("CARGO", env!("CARGO")).env("PATH", path);
    let output = call.any_output().status(1).run();
    let expected = "error    the app does not build: error[E0425]: cannot find value `nonsense` in this scope \
        (app/src/main.rs:1:13) (app.build)\n  hint: `cargo build --package app --bin app`\n\
        skipped  what follows is what the app of the last build finds; it repairs nothing (app)\n\
        ok       the settings of doctor --json\n";
    assert!(output.stdout.contains(expected), "{}", output.stdout);
    machine.remove("target/debug/app");
    machine.0.write("fake/cargo", "fail error: nothing");
    let shown = machine.found(&["doctor"], 1);
    let skipped = "skipped  settings, files and databases are not examined before the app is built (app)\n";
    let (_, rest) = shown.split_once(skipped).expect(&shown);
    assert!(rest.contains(" port 8000 on 127.0.0.1 is "), "{rest}");
}

#[test]
fn an_app_that_does_not_answer() {
    let machine = Machine::new();
    machine.remove("fake/findings.json");
    let start = "error    the app finds nothing out: ";
    for (behaviour, reason) in
        [("fail thread 'main' panicked", "thread 'main' panicked: "), ("exit 1", "it says nothing: ")]
    {
        machine.0.write("fake/doctor", behaviour);
        let shown = machine.wrong(&["doctor"], 1);
        let error = shown.lines().find(|line| line.starts_with(start)).expect(&shown);
        assert!(error.starts_with(&format!("{start}{reason}")), "{error}");
        assert!(shown.contains("(app)\n  hint: `app doctor --json`\n"), "{shown}");
    }
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
    assert!(shown.contains("error    the app cannot be built: failed to make `{root}/target/xtask`: "), "{shown}");
}

const PENDING: &str = r#"{"version":1,"title":"add-module cms","edits":[
{"path":"app/src/new.rs","before":null,"after":"//! New.\n"}]}"#;

#[test]
fn an_interrupted_change_of_the_sources_is_rolled_back() {
    let machine = Machine::new();
    machine.0.write("app/src/new.rs", "//! New.\n");
    machine.0.write("var/scaffold/pending.json", PENDING);
    let error = "error    a change of the sources (`add-module` and the like) was interrupted (leftovers.change)\n  \
        hint: `cargo xtask doctor --fix`\n\
        skipped  the app is not built while a change of the sources is interrupted (app.build)\n\
        skipped  what follows is what the app of the last build finds; it repairs nothing (app)\n";
    assert_eq!(machine.wrong(&["doctor"], 1), error);
    assert!(machine.0.root().join("app/src/new.rs").exists());
    let fixed = "fixed    `add-module cms` was stopped midway; its changes have been taken back (leftovers.change)\n";
    assert_eq!(machine.wrong(&["doctor", "--fix"], 0), fixed);
    assert!(!machine.0.root().join("app/src/new.rs").exists());
    assert_eq!(machine.wrong(&["doctor", "--fix"], 0), "");
    machine.0.write("var/scaffold/pending.json", "nonsense");
    let shown = machine.wrong(&["doctor", "--fix"], 1);
    assert!(shown.starts_with("error    failed to read the journal's `var/scaffold/pending.json`: "), "{shown}");
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

#[test]
fn several_things_at_once() {
    let machine = Machine::new();
    for tool in ["rustfmt", "git", "cc"] {
        machine.remove(&format!("tools/{tool}"));
    }
    machine.0.write("app/Cargo.toml", "[package\n");
    machine.0.write("var/scaffold/pending.json", PENDING);
    fs::remove_file(machine.0.root().join("target/debug/app")).expect("a file");
    let target = machine.0.root().join("target/debug/.cargo-lock");
    fs::remove_file(&target).ok();
    symlink("/nowhere", &target).expect("a link");
    let output = machine.call(&["doctor", "--json"]).any_output().status(1).run();
    let document: Value = serde_json::from_str(&output.stdout).expect("JSON");
    let findings = document["findings"].as_array().expect("a list");
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap_or_default().to_owned();
    let wrong = findings.iter().filter(|finding| finding["level"] != "ok" && finding["id"] != "server.address");
    let found: Vec<String> = wrong.map(|it| format!("{} {}", text(it, "level"), text(it, "id"))).collect();
    let expected = [
        "warning toolchain.rustfmt",
        "error compiler.c",
        "warning git",
        "error manifests",
        "error leftovers.change",
        "skipped app.build",
        "skipped app",
    ];
    assert_eq!(found, expected);
    assert_eq!(output.stderr, "");
}

#[test]
fn wrong_arguments_and_help_need_no_build() {
    let sandbox = Sandbox::new();
    let refused = sandbox.xtask(["doctor", "--wrong-flag"]).any_output().status(2).run();
    assert!(refused.stderr.starts_with("error: unexpected argument '--wrong-flag'"), "{}", refused.stderr);
    let help = sandbox.xtask(["doctor", "--help"]).any_output().run().stdout;
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains("An error makes the exit code 1, a warning does not."), "{help}");
    assert!(!sandbox.root().join("target/debug/app").exists());
    let plan = sandbox.xtask(["--explain", "doctor", "--fix"]).any_output().run().stdout;
    assert!(plan.contains("/bin/cargo build --package app --bin app\n"), "{plan}");
    assert!(plan.contains("/target/debug/app doctor --fix --json\n"), "{plan}");
}
