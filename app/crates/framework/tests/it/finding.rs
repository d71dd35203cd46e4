//! Finding commands, help, version (cases 1–13), and which of two commands of one name runs.

use framework::context::Context;
use framework::management::{Checks, Command, Console, Output, command, command_as};
use framework::module::Module;

use crate::fixtures;
use crate::sandbox::Sandbox;

#[test]
fn help_lists_the_commands_by_module() {
    let ran = Sandbox::new(&[fixtures::module]).line("help");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(ran.out.contains("Type 'app help <subcommand>' for help on a specific subcommand."));
    let (framework, module) = (ran.out.find("[framework]"), ran.out.find("[fixtures]"));
    assert!(framework.is_some() && framework < module, "{}", ran.out);
    let mut lines = ran.out.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    assert!(lines.any(|line| line == "check Check the project for problems, without changing anything"), "{}", ran.out);
}

#[test]
fn no_command_and_the_options_for_help_are_the_same_as_help() {
    let sandbox = Sandbox::new(&[fixtures::module]);
    let help = sandbox.line("help").out;
    for line in ["--help", "-h", ""] {
        sandbox.line(line).is(0, &help, "");
    }
}

#[test]
fn help_names_the_program_that_was_typed() {
    let ran = Sandbox::new(&[]).var("APP_PROG", "cargo xtask").line("help");
    assert!(ran.out.starts_with("Type 'cargo xtask help <subcommand>'"), "{}", ran.out);
}

#[test]
fn help_commands_prints_names_only() {
    let names: Vec<String> = framework::cli::BUILTINS.iter().map(|builtin| format!("{}\n", builtin.name)).collect();
    assert!(names.contains(&"migrate\n".to_owned()) && names.is_sorted());
    Sandbox::new(&[]).line("help --commands").is(0, &names.concat(), "");
}

#[test]
fn help_of_a_command_is_its_help_option() {
    let sandbox = Sandbox::new(&[fixtures::module]);
    let help = sandbox.line("check --help");
    assert_eq!((help.code, help.err.as_str()), (0, ""));
    sandbox.line("help check").is(0, &help.out, "");
    // Its own options stand before the base options.
    let (own, base) = (help.out.find("--tag"), help.out.find("--version"));
    assert!(own.is_some() && own < base, "{}", help.out);
    assert!(help.out.starts_with("Check the project for problems"), "{}", help.out);
}

#[test]
fn help_as_data_says_what_xtask_needs() {
    let ran = Sandbox::new(&[fixtures::module]).line("help --format json");
    let catalogue: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(catalogue["version"], 1);
    let commands = catalogue["commands"].as_array().expect("a list");
    let find = |name: &str| commands.iter().find(|command| command["name"] == name).expect("the command");
    assert_eq!(find("check")["builtin"], true);
    assert_eq!(find("dance")["builtin"], false);
    assert_eq!(find("dance")["module"], "fixtures");
    assert_eq!(find("dance")["help"], "Dances");
    let fail_level = &find("check")["args"].as_array().expect("a list")[4];
    assert_eq!(fail_level["long"], "fail-level");
    assert_eq!(fail_level["choices"][0], "CRITICAL");
    assert_eq!(find("required_list")["args"][0]["required"], true);
    assert_eq!(find("required_list")["args"][0]["multiple"], true);
}

#[test]
fn version_is_the_projects() {
    let sandbox = Sandbox::new(&[fixtures::module]);
    for line in ["version", "--version", "check --version"] {
        sandbox.line(line).is(0, "1.2.3\n", "");
    }
}

#[test]
fn help_works_while_settings_do_not_load() {
    let sandbox = Sandbox::new(&[fixtures::module]).file("config/test.toml", "databse = 1\n");
    let ran = sandbox.line("help");
    assert_eq!(ran.code, 0);
    assert!(ran.out.contains("dance"), "{}", ran.out);
    assert!(ran.err.starts_with("note: ") && ran.err.contains("databse"), "{}", ran.err);
    let ran = sandbox.line("check");
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains("databse"), "{}", ran.err);
    // An argument error comes first.
    sandbox.line("help --format xml").says_on_err(2, "invalid value 'xml'");
}

#[test]
fn an_unknown_command_gets_the_nearest_name() {
    let sandbox = Sandbox::new(&[fixtures::module]);
    let usage = "Type 'app help' for usage.\n";
    sandbox.line("rnserver").is(1, "", &format!("Unknown command: 'rnserver'. Did you mean runserver?\n{usage}"));
    sandbox.line("abcdef").is(1, "", &format!("Unknown command: 'abcdef'\n{usage}"));
    sandbox.line("--wrong check").is(2, "", "CommandError: unexpected option '--wrong' before the command's name\n");
    sandbox.line("help nothing").is(1, "", "CommandError: Unknown command: 'nothing'\n");
}

#[test]
fn hyphens_and_underscores_are_equal() {
    Sandbox::new(&[fixtures::module]).line("noargs-command").is(0, "bare\n", "");
}

/// Says where it stands.
#[derive(clap::Args)]
struct Here<const MODULE: char> {}

impl<const MODULE: char> Command for Here<MODULE> {
    const NAME: &'static str = "here";
    const CHECKS: Checks = Checks::None;

    async fn handle(self, _ctx: &Context, console: &mut Console) -> anyhow::Result<Output> {
        console.stdout.write(MODULE);
        Ok(Output::None)
    }
}

fn first() -> Module {
    Module::new("first").commands(vec![command::<Here<'1'>>(), command_as::<Here<'1'>>("version")]).clone()
}

fn second() -> Module {
    Module::new("second").commands(vec![command::<Here<'2'>>()]).clone()
}

#[test]
fn the_module_listed_first_wins_and_may_replace_a_built_in() {
    Sandbox::new(&[first, second]).line("here").is(0, "1\n", "");
    Sandbox::new(&[second, first]).line("here").is(0, "2\n", "");
    Sandbox::new(&[second, first]).line("version").is(0, "1\n", "");
}

#[test]
fn settings_say_which_modules_are_installed_and_in_which_order() {
    let sandbox = Sandbox::new(&[first, second]).file("config/alternate.toml", "modules = [\"second\"]\n");
    sandbox.line("here --settings=alternate").is(0, "2\n", "");
    sandbox.line("--settings alternate here").is(0, "2\n", "");
    let ran = Sandbox::new(&[first, second]).var("APP__MODULES", "second,first").line("here");
    ran.is(0, "2\n", "");
    let none = Sandbox::new(&[first, second]).var("APP__MODULES", "second").line("app_command");
    none.says_on_err(1, "Unknown command: 'app_command'");
}

#[test]
fn an_unknown_module_in_the_settings_is_named() {
    let ran = Sandbox::new(&[first]).var("APP__MODULES", "frist").line("check");
    ran.is(1, "", "CommandError: unknown module `frist` in the setting `modules` (known: `first`)\n");
}

#[test]
fn every_command_is_well_formed_for_clap() {
    let ctx = Sandbox::new(&[fixtures::module, crate::polls::module]).ctx();
    for entry in ctx.registry().iter() {
        // Among other things: no option of its own collides with a base option.
        entry.spec.clap("app").debug_assert();
    }
}

#[test]
#[cfg(unix)]
fn arguments_that_are_not_utf_8_are_usage_errors() {
    use std::os::unix::ffi::OsStringExt as _;
    let bytes = std::ffi::OsString::from_vec(vec![b'a', 0xff]);
    let sandbox = Sandbox::new(&[fixtures::module]);
    sandbox.run([bytes.clone()]).says_on_err(1, "Unknown command: 'a\u{fffd}'");
    sandbox.run(["hal".into(), bytes]).says_on_err(2, "invalid UTF-8");
}
