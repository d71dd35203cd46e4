//! Files that come, go, and are renamed.

use super::{
    CATALOGUE, LIST, MODULE, catalogue, command, drop_command, list, listed, mailings, module, path, read, remove,
    taken_out,
};
use crate::sandbox::{BUILD, app, unknown};

#[test]
fn a_dropped_file_is_a_command_at_the_next_call() {
    let sandbox = mailings();
    sandbox.xtask(["version"]).stdout(&app(&["version"])).stderr(BUILD).run();
    drop_command(&sandbox, "say_hello", "Say hello");
    sandbox.write(CATALOGUE, &catalogue(&["send_mailing", "say_hello"]));
    let stderr = listed("say_hello") + BUILD;
    sandbox.xtask(["say-hello", "you"]).stdout(&app(&["say_hello", "you"])).stderr(&stderr).run();
    assert_eq!(read(&sandbox, LIST), list(&["say_hello", "send_mailing"]));
    assert_eq!(read(&sandbox, MODULE), module("mailings", &["commands"]));
    let again = sandbox.xtask(["say_hello"]).any_output().run();
    assert!(!again.stderr.contains("note: "), "{}", again.stderr);
}

#[test]
fn every_task_that_builds_lists_first() {
    for args in [&["check"][..], &["send-mailing"], &["dev", "--no-reload"], &["zzzzzz"], &["test"]] {
        let sandbox = mailings();
        drop_command(&sandbox, "hello", "Say hello");
        let output = sandbox.xtask(args).env("FAKE_RUNSERVER", "exit 0");
        let output = if args == ["zzzzzz"] { output.status(1) } else { output }.any_output().run();
        assert!(output.stderr.starts_with(&format!("{}cargo ", listed("hello"))), "{args:?}: {}", output.stderr);
        assert_eq!(read(&sandbox, LIST), list(&["hello", "send_mailing"]), "{args:?}");
    }
}

#[test]
fn what_only_talks_about_commands_writes_nothing() {
    let sandbox = mailings();
    drop_command(&sandbox, "hello", "Say hello");
    std::fs::remove_dir_all(sandbox.root().join("target/xtask")).ok();
    for args in [
        &["help"][..],
        &[],
        &["--help"],
        &["help", "hello"],
        &["--help", "hello"],
        &["help", "migrate"],
        &["--explain", "hello"],
        &["--explain", "check"],
        &["--explain", "dev"],
        &["--explain", "test"],
        &["help", "dev"],
        &["dev", "--help"],
        &["migrate", "--help"],
        &["tidy", "--help"],
    ] {
        sandbox.xtask(args).any_output().run();
        assert_eq!(read(&sandbox, LIST), list(&["send_mailing"]), "{args:?}");
    }
    sandbox.xtask(["helo"]).any_output().status(1).run();
    assert_eq!(read(&sandbox, LIST), list(&["send_mailing"]));
    assert!(!sandbox.root().join("var").exists());
    assert!(!sandbox.root().join("target/debug/app").exists());
}

#[test]
fn a_deleted_file_is_an_unknown_task_and_leaves_the_list() {
    let sandbox = mailings();
    sandbox.xtask(["send-mailing"]).any_output().run();
    drop_command(&sandbox, "hello", "Say hello");
    sandbox.write(CATALOGUE, &catalogue(&["send_mailing", "hello"]));
    sandbox.xtask(["hello"]).any_output().run();
    remove(&sandbox, &path("hello"));
    sandbox.write(CATALOGUE, &catalogue(&["send_mailing"]));
    let hint = format!("`{}` is gone; `cargo xtask help` lists what there is", path("hello"));
    let unknown = unknown("hello", &hint);
    assert!(!unknown.contains("\n  hello "), "{unknown}");
    // No build.
    sandbox.xtask(["hello"]).status(1).stderr(&(taken_out("hello") + &unknown)).run();
    assert_eq!(read(&sandbox, LIST), list(&["send_mailing"]));
    sandbox.xtask(["hello"]).status(1).stderr(&unknown).run();
    sandbox.xtask(["check"]).stdout(&app(&["check"])).stderr(BUILD).run();
}

#[test]
fn a_renamed_file_is_called_by_its_new_name() {
    let sandbox = mailings();
    sandbox.xtask(["send-mailing"]).any_output().run();
    let rename = |from: &str, to: &str| {
        std::fs::rename(sandbox.root().join(path(from)), sandbox.root().join(path(to))).expect("a move");
    };
    rename("send_mailing", "post");
    sandbox.write(CATALOGUE, &catalogue(&["post"]));
    let stderr = taken_out("send_mailing") + &listed("post") + BUILD;
    sandbox.xtask(["post"]).stdout(&app(&["post"])).stderr(&stderr).run();
    assert_eq!(read(&sandbox, LIST), list(&["post"]));
    sandbox.xtask(["send-mailing"]).status(1).any_output().run();
    // The name in the file is what counts.
    rename("post", "letters");
    let named = "impl Command for Command {\n    const NAME: &'static str = \"post\";\n}\n";
    sandbox.write(&path("letters"), &(command("Send") + named));
    let line = listed("letters").replace('\n', "; its `NAME` is still `post`\n");
    let stderr = taken_out("post") + &line + BUILD;
    sandbox.xtask(["post"]).stdout(&app(&["post"])).stderr(&stderr).run();
}

#[test]
fn a_module_without_commands_gets_a_list() {
    let sandbox = mailings();
    for (folder, label) in [("users", "users"), ("cms/adp/roles", "cms_adp_roles")] {
        let own = format!("app/src/modules/{folder}/mod.rs");
        let its = |file: &str| format!("app/src/modules/{folder}/commands/{file}.rs");
        sandbox.write(&own, &module(label, &[]));
        sandbox.write(&its("hello"), &command("Say hello"));
        let stderr = format!("note: listed `hello` in `{0}`\nnote: listed `commands` in `{own}`\n{BUILD}", its("mod"));
        sandbox.xtask(["check"]).stdout(&app(&["check"])).stderr(&stderr).run();
        assert_eq!(read(&sandbox, &its("mod")), list(&["hello"]));
        assert_eq!(read(&sandbox, &own), module(label, &["commands"]));
        // The last one leaves an empty list.
        remove(&sandbox, &its("hello"));
        let stderr = format!("note: took `hello` out of `{}`: its file is gone\n{BUILD}", its("mod"));
        sandbox.xtask(["check"]).stdout(&app(&["check"])).stderr(&stderr).run();
        assert_eq!(read(&sandbox, &its("mod")), list(&[]));
        // And so does the list itself.
        std::fs::remove_dir_all(sandbox.root().join(its("mod")).parent().expect("a folder")).expect("removed");
        let stderr = format!("note: took `commands` out of `{own}`: its file is gone\n{BUILD}");
        sandbox.xtask(["check"]).stdout(&app(&["check"])).stderr(&stderr).run();
        assert_eq!(read(&sandbox, &own), module(label, &[]));
    }
}

#[test]
fn what_was_written_by_hand_stays() {
    let sandbox = mailings();
    let by_hand = "//! Ours, in our order.\n\nmod zebra; // first\nmod _draft;\nmod ape;\nmod parts;\n\n#[cfg(test)]\nmod \
                   tests;\n\nuse framework::management;\n\n/* All of them. */\npub(super) fn all() -> \
                   Vec<management::CommandSpec> {\n    vec![\n        management::command::<zebra::Command>(), // \
                   stripes\n\n        // Under its old name too.\n        management::command_as::<ape::Command>(\"monkey\"),\n    \
                   ]\n}\n";
    sandbox.write(LIST, by_hand);
    remove(&sandbox, &path("send_mailing"));
    for file in ["zebra", "ape"] {
        drop_command(&sandbox, file, "An animal");
    }
    sandbox.write(&path("_draft"), "//! Not yet.\n");
    sandbox.write(&path("parts"), "//! What they share.\n");
    sandbox.write(&path("tests"), "//! Tests.\n");
    sandbox.xtask(["check"]).stdout(&app(&["check"])).stderr(BUILD).run();
    assert_eq!(read(&sandbox, LIST), by_hand);
    drop_command(&sandbox, "hare", "An animal");
    sandbox.xtask(["check"]).stdout(&app(&["check"])).stderr(&(listed("hare") + BUILD)).run();
    let with = read(&sandbox, LIST);
    let plus: Vec<&str> = with.lines().filter(|line| line.contains("hare")).collect();
    assert_eq!(plus, ["mod hare;", "        management::command::<hare::Command>(),"]);
    let without: String = with.split_inclusive('\n').filter(|line| !line.contains("hare")).collect();
    assert_eq!(without, by_hand);
    remove(&sandbox, &path("hare"));
    sandbox.xtask(["check"]).stdout(&app(&["check"])).stderr(&(taken_out("hare") + BUILD)).run();
    assert_eq!(read(&sandbox, LIST), by_hand);
}

#[test]
fn under_ci_a_list_that_is_not_in_order_is_an_error() {
    let sandbox = mailings();
    sandbox.xtask(["check"]).env("CI", "true").stdout(&app(&["check"])).stderr(BUILD).run();
    drop_command(&sandbox, "hello", "Say hello");
    let hint = "hint: run `cargo xtask check` without `CI=true`, and commit what it writes\n";
    let stderr = format!("error: `{}` is not listed in `{LIST}`\n{hint}", path("hello"));
    for args in [&["check"][..], &["hello"], &["dev"], &["test"], &["dev", "--no-reload"]] {
        sandbox.xtask(args).env("CI", "true").status(1).stderr(&stderr).run();
    }
    remove(&sandbox, &path("hello"));
    remove(&sandbox, &path("send_mailing"));
    let stderr = format!("error: `{}` is listed in `{LIST}`, and is gone\n{hint}", path("send_mailing"));
    sandbox.xtask(["check"]).env("CI", "true").status(1).stderr(&stderr).run();
    assert_eq!(read(&sandbox, LIST), list(&["send_mailing"]));
    sandbox.xtask(["check"]).env("CI", "1").stdout(&app(&["check"])).stderr(&(taken_out("send_mailing") + BUILD)).run();
}
