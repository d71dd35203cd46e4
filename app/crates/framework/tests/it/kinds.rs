//! Kinds of command, and their arguments (cases 26–40).

use crate::fixtures;
use crate::sandbox::Sandbox;

fn sandbox() -> Sandbox {
    Sandbox::new(&[fixtures::module, crate::polls::module])
}

#[test]
fn labels_and_defaults_reach_the_handler() {
    let sandbox = sandbox();
    for (line, labels) in
        [("base_command", "[]"), ("base_command x", "[\"x\"]"), ("base_command x y", "[\"x\", \"y\"]")]
    {
        sandbox.line(line).is(0, &format!("labels={labels} a=1 b=2 c=3 verbosity=1\n"), "");
    }
    sandbox.line("base_command t --option_a=x").is(0, "labels=[\"t\"] a=x b=2 c=3 verbosity=1\n", "");
    sandbox.line("base_command -a x t --option_b=y").is(0, "labels=[\"t\"] a=x b=y c=3 verbosity=1\n", "");
}

#[test]
fn an_unknown_option_or_argument_is_a_usage_error() {
    let sandbox = sandbox();
    let ran = sandbox.line("base_command --invalid");
    ran.says_on_err(2, "unexpected argument '--invalid'");
    ran.says_on_err(2, "Usage: app base_command [OPTIONS] [LABELS]...");
    sandbox.line("noargs_command").is(0, "bare\n", "");
    sandbox.line("noargs_command argument").says_on_err(2, "unexpected argument 'argument'");
    sandbox.line("dance many").says_on_err(2, "invalid value 'many'");
}

#[test]
fn a_module_command_runs_once_per_module_in_order() {
    let sandbox = sandbox();
    sandbox.line("app_command polls").is(0, "module=polls\n", "");
    sandbox.line("app_command polls fixtures").is(0, "module=polls\nmodule=fixtures\n", "");
    sandbox.line("app_command").is(2, "", "CommandError: Enter at least one application label.\n");
    let unknown = "CommandError: No installed app with label 'NOT_AN_APP'.\n";
    sandbox.line("app_command NOT_AN_APP").is(1, "", unknown);
    sandbox.line("app_command polls NOT_AN_APP").is(1, "", unknown);
}

#[test]
fn a_label_command_runs_once_per_label_in_order() {
    let sandbox = sandbox();
    sandbox.line("label_command one").is(0, "label=one\n", "");
    sandbox.line("label_command one two").is(0, "label=one\nlabel=two\n", "");
    sandbox.line("label_command").is(2, "", "CommandError: Enter at least one label.\n");
}

#[test]
fn a_command_may_have_its_own_message_for_missing_arguments() {
    let sandbox = sandbox();
    sandbox.line("missing_command").says_on_err(2, "error: Missing argument.");
    sandbox.line("missing_command -v 1 x").is(0, "x\n", "");
    assert_eq!(sandbox.line("missing_command --help").code, 0);
}

#[test]
fn options_and_positionals_interleave() {
    let sandbox = sandbox();
    let out = "\nDave, I can't do that.\n";
    sandbox.line("hal myapp --verbosity 3").is(0, out, "");
    sandbox.line("hal --verbosity 3 myapp").is(0, out, "");
    sandbox.line("hal --empty").is(0, out, "");
}

#[test]
fn a_list_option_takes_several_values() {
    let sandbox = sandbox();
    sandbox.line("required_list --foo-list 1 2").is(0, "[1, 2]\n", "");
    sandbox.line("required_list").says_on_err(2, "--foo-list");
}
