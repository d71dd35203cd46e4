//! What is said about commands that are not built yet, and about those whose files are gone.

use super::{CATALOGUE, LIST, catalogue, command, drop_command, list, mailings, path, read, remove};
use crate::sandbox::{BUILD, Sandbox, app, unknown};

fn help(sandbox: &Sandbox) -> String {
    sandbox.xtask(["help"]).any_output().run().stdout
}

/// The lines below this heading.
fn section(help: &str, title: &str) -> Vec<String> {
    let below = help.lines().skip_while(|line| *line != format!("{title}:")).skip(1);
    below
        .take_while(|line| !line.is_empty())
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

#[test]
fn help_shows_files_as_they_come_and_go() {
    let sandbox = mailings();
    // Nothing is built yet.
    assert_eq!(section(&help(&sandbox), "App commands of mailings"), ["send_mailing Send a mailing"]);
    sandbox.xtask(["check"]).any_output().run();
    assert_eq!(section(&help(&sandbox), "App commands of mailings"), ["send_mailing Built send_mailing"]);
    drop_command(&sandbox, "hello", "Say hello");
    sandbox.write("app/src/modules/cms/adp/commands/greet.rs", &command("Greet"));
    let shown = help(&sandbox);
    let both = ["send_mailing Built send_mailing", "hello Say hello"];
    assert_eq!(section(&shown, "App commands of mailings"), both);
    assert_eq!(section(&shown, "App commands of cms_adp"), ["greet Greet"]);
    remove(&sandbox, &path("send_mailing"));
    assert_eq!(section(&help(&sandbox), "App commands of mailings"), ["hello Say hello"]);
    let near = unknown("send-mailin", "`cargo xtask help` lists them all");
    assert!(!near.contains("send_mailing"));
    let near = unknown("helo", "did you mean `hello` or `help`?");
    sandbox.xtask(["helo"]).status(1).stderr(&near).run();
    assert_eq!(read(&sandbox, LIST), list(&["send_mailing"]));
}

#[test]
fn a_command_that_was_called_otherwise_than_its_file_goes_with_it() {
    let sandbox = mailings();
    let named = "impl Command for Command {\n    const NAME: &'static str = \"greet\";\n}\n";
    sandbox.write(&path("hello"), &(command("Greet") + named));
    sandbox.write(CATALOGUE, &catalogue(&["send_mailing", "greet"]));
    assert_eq!(section(&help(&sandbox), "App commands of mailings"), ["greet Greet", "send_mailing Send a mailing"]);
    sandbox.xtask(["greet"]).any_output().run();
    assert_eq!(
        section(&help(&sandbox), "App commands of mailings"),
        ["send_mailing Built send_mailing", "greet Built greet"]
    );
    remove(&sandbox, &path("hello"));
    assert_eq!(section(&help(&sandbox), "App commands of mailings"), ["send_mailing Built send_mailing"]);
}

#[test]
fn a_file_with_the_name_of_a_built_in_command_takes_its_place_until_it_goes() {
    let sandbox = mailings();
    sandbox.xtask(["check"]).any_output().run();
    let builtin = section(&help(&sandbox), "App commands of framework");
    assert_eq!(builtin, ["check check"]);
    drop_command(&sandbox, "check", "Check it our way");
    assert_eq!(section(&help(&sandbox), "App commands of framework"), [""; 0]);
    let ours = ["check Check it our way", "send_mailing Built send_mailing"];
    let mut shown = section(&help(&sandbox), "App commands of mailings");
    shown.sort();
    assert_eq!(shown, ours);
    let about = sandbox.xtask(["help", "check"]).any_output().run().stdout;
    assert!(about.starts_with("Check it our way\n\nUsage: cargo xtask check [ARGUMENTS]...\n"), "{about}");
    // The app is the judge of its arguments now.
    sandbox.write(CATALOGUE, &catalogue(&["send_mailing", "check"]).replacen("\"check\"", "\"other\"", 2));
    sandbox
        .xtask(["check", "--ours"])
        .stdout(&app(&["check", "--ours"]))
        .stderr(&(super::listed("check") + BUILD))
        .run();
    help(&sandbox);
    remove(&sandbox, &path("check"));
    let shown = help(&sandbox);
    assert_eq!(section(&shown, "App commands of mailings"), ["send_mailing Built send_mailing"]);
    assert!(section(&shown, "App commands of framework").iter().any(|line| line.starts_with("check ")), "{shown}");
    let refused = sandbox.xtask(["check", "--ours"]).status(2).any_output().run();
    assert!(refused.stderr.starts_with("error: unexpected argument '--ours' found"), "{}", refused.stderr);
}

#[test]
fn the_help_of_a_new_command_is_read_in_its_file() {
    let sandbox = mailings();
    drop_command(&sandbox, "say_hello", "Say hello");
    let expected = "Say hello\n\nUsage: cargo xtask say_hello [ARGUMENTS]...\n\nA command of the module `mailings`, as its \
                    file describes it. `cargo xtask say_hello --help` builds the app, and shows the arguments.\n";
    for args in [["help", "say-hello"], ["--help", "say_hello"]] {
        sandbox.xtask(args).stdout(expected).run();
    }
    // Asked by its option, the app answers.
    sandbox.write(CATALOGUE, &catalogue(&["send_mailing", "say_hello"]));
    let stderr = super::listed("say_hello") + BUILD;
    sandbox.xtask(["say-hello", "--help"]).stdout(&app(&["say_hello", "--help"])).stderr(&stderr).run();
    sandbox.xtask(["help", "say-hello"]).any_output().run();
}

#[test]
fn a_plan_with_a_new_command_has_the_build() {
    let sandbox = mailings();
    sandbox.xtask(["send_mailing"]).any_output().run();
    drop_command(&sandbox, "hello", "Say hello");
    let plan = sandbox.xtask(["--explain", "hello", "you"]).any_output().run().stdout;
    let steps: Vec<&str> = plan.lines().filter(|line| !line.starts_with(' ')).collect();
    let root = sandbox.root().display();
    assert_eq!(
        steps,
        [format!("{root}/bin/cargo build --package app --bin app"), format!("{root}/target/debug/app hello you")]
    );
}

#[test]
fn of_two_modules_with_one_name_both_are_listed_and_one_is_shown() {
    let sandbox = mailings();
    sandbox.write("app/src/modules/users/mod.rs", &super::module("users", &[]));
    sandbox.write("app/src/modules/users/commands/send_mailing.rs", &command("Send them to users"));
    let shown = help(&sandbox);
    assert_eq!(shown.matches("\n  send_mailing ").count(), 1, "{shown}");
    sandbox.xtask(["send_mailing"]).any_output().run();
    assert_eq!(read(&sandbox, "app/src/modules/users/commands/mod.rs"), list(&["send_mailing"]));
    assert_eq!(read(&sandbox, LIST), list(&["send_mailing"]));
}
