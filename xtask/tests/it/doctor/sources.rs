//! Manifests, the build, the app's answers, changes of the sources.

use std::ffi::OsStr;
use std::fs;

use super::{Machine, PENDING};
use crate::commands;

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
fn an_interrupted_change_of_the_sources_is_rolled_back() {
    let machine = Machine::new();
    machine.0.write("app/src/new.rs", "//! New.\n");
    machine.0.write("var/scaffold/pending.json", PENDING);
    let error = "error    a change of the sources (`add-module` and the like) was interrupted (leftovers.change)\n  \
        hint: `cargo xtask doctor --fix`\n\
        skipped  lists of commands are not examined while a change of the sources is interrupted (commands)\n\
        skipped  the app is not built while a change of the sources is interrupted (app.build)\n\
        skipped  what follows is what the app of the last build finds; it repairs nothing (app)\n";
    assert_eq!(machine.wrong(&["doctor"], 1), error);
    assert!(machine.0.root().join("app/src/new.rs").exists());
    let fixed = "fixed    `add-module cms` was stopped midway; its changes have been taken back (leftovers.change)\n";
    assert_eq!(machine.wrong(&["doctor", "--fix"], 0), fixed);
    assert!(!machine.0.root().join("app/src/new.rs").exists());
    assert_eq!(machine.wrong(&["doctor", "--fix"], 0), "");
    machine.0.write("var/scaffold/pending.json", "nonsense");
    let fixed = "fixed    the journal of a change of the sources could not be read, and is now \
        `var/scaffold/damaged-1.json`: `git status` shows what is half done (leftovers.change)\n";
    assert_eq!(machine.wrong(&["doctor", "--fix"], 0), fixed);
    assert_eq!(machine.wrong(&["doctor", "--fix"], 0), "");
}

#[test]
fn lists_of_commands_are_written_only_to_repair() {
    let machine = Machine::new();
    let (module, close) = ("app/src/modules/polls", "app/src/modules/polls/commands/close.rs");
    machine.0.write(&format!("{module}/mod.rs"), &commands::module("polls", &["commands"]));
    machine.0.write(&format!("{module}/commands/mod.rs"), &commands::list(&[]));
    machine.0.write(close, &commands::command("Close a poll"));
    let warning = "warning  files of commands were added or removed, and the lists of their modules do not say so yet \
        (commands)\n  hint: `cargo xtask doctor --fix`\n";
    assert_eq!(machine.wrong(&["doctor"], 0), warning);
    let list = || fs::read_to_string(machine.0.root().join(module).join("commands/mod.rs")).expect("a file");
    assert_eq!(list(), commands::list(&[]), "nothing is written");
    let fixed = machine.wrong(&["doctor", "--fix"], 0);
    assert!(fixed.starts_with("fixed    ") && fixed.ends_with(" (commands)\n"), "{fixed}");
    assert_eq!(list(), commands::list(&["close"]));
    assert_eq!(machine.wrong(&["doctor", "--fix"], 0), "");
    machine.remove(close);
    let call = machine.call(&["doctor", "--fix", "-v", "0"]).env("CI", "true").any_output().status(1).run();
    assert!(call.stdout.starts_with("error    ") && call.stdout.contains("(commands)\n"), "{}", call.stdout);
    assert_eq!(list(), commands::list(&["close"]), "nothing is written under CI=true");
}
