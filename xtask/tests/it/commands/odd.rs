//! Files that are no commands, lists that cannot be edited.

use std::os::unix::fs::PermissionsExt;

use super::{CATALOGUE, LIST, MODULE, catalogue, command, drop_command, list, listed, mailings, path, read, remove};
use crate::sandbox::{BUILD, app};

#[test]
fn a_file_without_a_command_says_what_it_lacks() {
    let sandbox = mailings();
    sandbox.write(&path("hello"), "//! Hello.\n\npub struct Hello;\n");
    let message = format!(
        "`{}` is no command: it does not define `pub struct Command`\nhint: define it, or let the file's name begin with \
         `_`\n",
        path("hello")
    );
    sandbox.xtask(["hello"]).status(1).stderr(&format!("error: {message}")).run();
    sandbox.xtask(["check"]).stdout(&app(&["check"])).stderr(&format!("warning: {message}{BUILD}")).run();
    sandbox.xtask(["check"]).env("CI", "true").status(1).stderr(&format!("error: {message}")).run();
    assert_eq!(read(&sandbox, LIST), list(&["send_mailing"]));
    let help = sandbox.xtask(["help"]).any_output().run().stdout;
    assert!(!help.contains("hello"), "{help}");
}

#[test]
fn a_listed_file_that_is_no_command_is_not_left_to_rustc() {
    let sandbox = mailings();
    let missing = format!(
        "error: `{}` is no command: it does not define `pub struct Command`\nhint: define it, or let the file's name begin \
         with `_`\n",
        path("send_mailing")
    );
    let private =
        format!("error: `struct Command` is private in `{}`\nhint: write `pub struct Command`\n", path("send_mailing"));
    for (text, stderr) in [
        ("pub struct Other;\n\nuse framework::management::Command;\n\nimpl Command for Other {}\n", &missing),
        ("", &missing),
        ("pub struct CommandLine;\n", &missing),
        ("#[derive(clap::Args)]\nstruct Command {}\n", &private),
    ] {
        sandbox.write(&path("send_mailing"), text);
        for args in ["check", "send-mailing"] {
            sandbox.xtask([args]).status(1).stderr(stderr).run();
        }
    }
    // What might be one is rustc's business.
    for text in
        ["pub use super::other::*;\n", "commands! { send_mailing }\n", "fn (\n", "pub(super) type Command = X;\n"]
    {
        sandbox.write(&path("send_mailing"), text);
        sandbox.xtask(["check"]).stdout(&app(&["check"])).stderr(BUILD).run();
    }
}

#[test]
fn a_private_command_is_not_listed() {
    let sandbox = mailings();
    sandbox.write(&path("hello"), "#[derive(clap::Args)]\nstruct Command {}\n");
    let message = format!("`struct Command` is private in `{}`\nhint: write `pub struct Command`\n", path("hello"));
    sandbox.xtask(["hello"]).status(1).stderr(&format!("error: {message}")).run();
    sandbox.xtask(["check"]).stdout(&app(&["check"])).stderr(&format!("warning: {message}{BUILD}")).run();
}

#[test]
fn a_name_that_is_no_identifier_is_refused_with_a_better_one() {
    let sandbox = mailings();
    for (file, hint) in [("say-hello", "`say_hello` "), ("2x", "a name "), ("type", "`type` "), ("Shout", "`shout` ")] {
        drop_command(&sandbox, file, "Say hello");
        let refused = scaffold::names::identifier("command", file).expect_err("a bad name");
        let rule = refused.hint().expect("a hint");
        assert!(rule.starts_with(hint), "{rule}");
        let message = format!("`{}` is not listed: {refused}\nhint: rename the file: {rule}\n", path(file));
        sandbox.xtask([file]).status(1).stderr(&format!("error: {message}")).run();
        let output = sandbox.xtask(["check"]).any_output().run();
        assert!(output.stderr.starts_with(&format!("warning: {message}")), "{}", output.stderr);
        assert_eq!(read(&sandbox, LIST), list(&["send_mailing"]), "{file}");
        remove(&sandbox, &path(file));
    }
}

#[test]
fn files_that_begin_with_an_underscore_or_a_dot_are_no_commands() {
    let sandbox = mailings();
    for file in ["_hello", ".hello", ".#hello"] {
        drop_command(&sandbox, file, "Say hello");
    }
    sandbox.xtask(["check"]).stdout(&app(&["check"])).stderr(BUILD).run();
    assert_eq!(read(&sandbox, LIST), list(&["send_mailing"]));
    let help = sandbox.xtask(["help"]).any_output().run().stdout;
    assert!(!help.contains("hello"), "{help}");
    let by_hand = list(&["_hello", "send_mailing"]);
    sandbox.write(LIST, &by_hand);
    sandbox.xtask(["check"]).stdout(&app(&["check"])).stderr(BUILD).run();
    assert_eq!(read(&sandbox, LIST), by_hand);
}

#[test]
fn a_list_that_does_not_parse_is_left_to_rustc() {
    let sandbox = mailings();
    let broken = "//! Broken.\n\nmod send_mailing\n";
    sandbox.write(LIST, broken);
    let output = sandbox.xtask(["check"]).env("FAKE_CARGO", "fail error: expected one of `;` or `{`");
    let stderr = output.status(101).any_output().run().stderr;
    let first = stderr.lines().next().unwrap_or_default();
    assert!(first.starts_with(&format!("warning: failed to understand `{LIST}`: it does not parse")), "{stderr}");
    assert!(stderr.contains("\nerror: expected one of `;` or `{`\n"), "{stderr}");
    assert_eq!(read(&sandbox, LIST), broken);
    sandbox.write(LIST, &list(&["send_mailing"]));
    sandbox.write(MODULE, "fn (\n");
    drop_command(&sandbox, "hello", "Say hello");
    let stderr = sandbox.xtask(["check"]).any_output().run().stderr;
    assert!(stderr.contains(MODULE), "{stderr}");
}

#[test]
fn a_file_that_does_not_parse_is_a_command_if_it_says_so() {
    let sandbox = mailings();
    sandbox.write(&path("hello"), "//! Hello.\n\npub struct Command { oops\n");
    sandbox.xtask(["check"]).stdout(&app(&["check"])).stderr(&(listed("hello") + BUILD)).run();
    assert_eq!(read(&sandbox, LIST), list(&["hello", "send_mailing"]));
}

#[test]
fn a_read_only_list_is_not_written() {
    let sandbox = mailings();
    drop_command(&sandbox, "hello", "Say hello");
    sandbox.write(CATALOGUE, &catalogue(&["send_mailing"]));
    std::fs::set_permissions(sandbox.root().join(LIST), PermissionsExt::from_mode(0o444)).expect("permissions");
    let warning = format!(
        "warning: `{}` is not listed in `{LIST}`: `{LIST}` is read-only\nhint: make it writable, and try again\n",
        path("hello")
    );
    sandbox.xtask(["check"]).stdout(&app(&["check"])).stderr(&format!("{warning}{BUILD}")).run();
    let missing = format!("{warning}error: the app has no command `hello` yet\n");
    sandbox.xtask(["hello"]).status(1).stderr(&missing).run();
    assert_eq!(read(&sandbox, LIST), list(&["send_mailing"]));
}

#[test]
fn commands_in_a_folder_that_is_no_module_are_not_listed() {
    let sandbox = mailings();
    sandbox.write("app/src/modules/lost/commands/hello.rs", &command("Say hello"));
    let stderr = "warning: the commands in `app/src/modules/lost/commands` belong to no module: there is no \
                  `app/src/modules/lost/mod.rs`\nhint: `cargo xtask add-module` makes modules\n";
    sandbox.xtask(["check"]).stdout(&app(&["check"])).stderr(&format!("{stderr}{BUILD}")).run();
    assert!(!sandbox.root().join("app/src/modules/lost/commands/mod.rs").exists());
}
