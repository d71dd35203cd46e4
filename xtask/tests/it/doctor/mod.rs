//! `doctor`: each thing of the machine that can be broken, alone and with others, and the app's findings among them.

mod machine;
mod sources;

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};

use serde_json::Value;

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
    ok       every command's file is in its module's list\n\
    ok       the app is built from the sources as they are\n\
    ok       the settings of doctor --json\n\
    ok       port 0 is free\n\
    warning  no var (var)\n  hint: `mkdir -p var`\n\n\
    0 errors, 1 warning, 17 ok\n";

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
    let text = ["/usr/local/bin", "/usr/bin", "/bin"]
        .iter()
        .fold(text, |text, bin| text.replace(&format!(":{bin}\""), ":{bin}\""));
    let line = |line: &str| match line.split_once(" MiB") {
        Some((start, end)) => {
            format!("{}N MiB{end}\n", start.trim_end_matches(|letter: char| letter.is_ascii_digit()))
        }
        None => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

const PENDING: &str = r#"{"version":1,"title":"add-module cms","edits":[
{"path":"app/src/new.rs","before":null,"after":"//! New.\n"}]}"#;

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
    assert_eq!(findings.len(), 18);
    let expected = serde_json::json!({
        "id": "toolchain.rustfmt", "level": "warning",
        "message": "rustfmt cannot be started: No such file or directory (os error 2)",
        "command": "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh",
    });
    assert_eq!(findings[2], expected);
    assert_eq!(findings[17]["id"], "var");
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
        "skipped commands",
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
