//! System checks: layout, levels, tags, silencing, deployment, databases (cases 73–78).

use framework::checks::{Check, Level, Message, Scope};
use framework::context::Context;
use framework::module::Module;

use crate::fixtures;
use crate::sandbox::Sandbox;

fn findings(_ctx: &Context, _scope: &Scope) -> Vec<Message> {
    vec![
        Message::new(Level::Error, "tests.E002", "Second error"),
        Message::new(Level::Warning, "tests.W001", "A warning").hint("Mind it.").object("polls.Question"),
        Message::new(Level::Error, "tests.E001", "First error"),
    ]
}

fn warnings(_ctx: &Context, scope: &Scope) -> Vec<Message> {
    let labels = ["polls", "fixtures"].into_iter().filter(|label| scope.covers(label));
    labels.map(|label| Message::new(Level::Warning, "tests.W001", "A warning").object(label)).collect()
}

fn failing() -> Module {
    Module::new("failing").checks(vec![Check::new(&["failing"], findings)]).clone()
}

fn warning() -> Module {
    Module::new("warning").checks(vec![Check::new(&["warning"], warnings)]).clone()
}

fn deployed(_ctx: &Context, _scope: &Scope) -> Vec<Message> {
    vec![Message::new(Level::Warning, "tests.W009", "Not for deployment")]
}

fn deploying() -> Module {
    Module::new("deploying").checks(vec![Check::deploy(&["tests"], deployed)]).clone()
}

const NO_ISSUES: &str = "System check identified no issues (0 silenced).\n";

#[test]
fn nothing_wrong() {
    Sandbox::new(&[fixtures::module]).line("check").is(0, NO_ISSUES, "");
}

#[test]
fn errors_and_warnings_are_laid_out_in_sections() {
    let report = "SystemCheckError: System check identified some issues:\n\n\
        ERRORS:\n?: (tests.E001) First error\n?: (tests.E002) Second error\n\n\
        WARNINGS:\npolls.Question: (tests.W001) A warning\n\tHINT: Mind it.\n\n\
        System check identified 3 issues (0 silenced).\n";
    let sandbox = Sandbox::new(&[failing, fixtures::module]);
    sandbox.line("check").is(1, "", report);
    // So it is before any command that wants checks, unless they are skipped.
    sandbox.line("dance").is(1, "", report);
    sandbox.line("dance --skip-checks").is(0, "I don't feel like dancing Rock'n'Roll.\n", "");
    sandbox.line("hal --empty").is(0, "\nDave, I can't do that.\n", "");
}

#[test]
fn warnings_alone_are_no_failure_unless_asked() {
    let report = "System check identified some issues:\n\nWARNINGS:\nfixtures: (tests.W001) A warning\n\
        polls: (tests.W001) A warning\n\nSystem check identified 2 issues (0 silenced).\n";
    let sandbox = Sandbox::new(&[warning]);
    sandbox.line("check").is(0, "", report);
    sandbox.line("check --fail-level WARNING").is(1, "", &format!("SystemCheckError: {report}"));
    sandbox.line("check --fail-level nothing").says_on_err(2, "invalid value 'nothing'");
}

#[test]
fn checks_can_be_limited_to_modules_and_tags() {
    let one = "System check identified some issues:\n\nWARNINGS:\nfixtures: (tests.W001) A warning\n\n\
        System check identified 1 issue (0 silenced).\n";
    let sandbox = Sandbox::new(&[warning, failing, fixtures::module]);
    sandbox.line("check fixtures --tag warning").is(0, "", one);
    sandbox.line("check --tag models").is(0, NO_ISSUES, "");
    sandbox.line("check nothing").is(1, "", "CommandError: No installed app with label 'nothing'.\n");
    sandbox.line("check --tag nothing").is(1, "", "CommandError: There is no system check with the \"nothing\" tag.\n");
    let tags = "commands\ndatabase\nfailing\nmodels\nmodules\nsecurity\nstaticfiles\ntemplates\nwarning\n";
    sandbox.line("check --list-tags").is(0, tags, "");
}

#[test]
fn messages_can_be_silenced_by_id() {
    let sandbox = Sandbox::new(&[warning]).var("APP__SILENCED_CHECKS", "tests.W001");
    sandbox.line("check").is(0, "System check identified no issues (2 silenced).\n", "");
    let ran = Sandbox::new(&[failing]).var("APP__SILENCED_CHECKS", "tests.E001,tests.W001").line("check");
    ran.says_on_err(1, "?: (tests.E002) Second error");
    ran.says_on_err(1, "System check identified 1 issue (2 silenced).");
}

#[test]
fn a_report_is_coloured_by_level_and_once() {
    let ran = Sandbox::new(&[failing]).line("check --force-color");
    assert!(ran.err.starts_with("\x1b[31;1mSystemCheckError: System check identified some issues:\n\x1b[0m\nERRORS:\n\x1b[31;1m?: (tests.E001)"), "{:?}", ran.err);
    assert!(ran.err.ends_with("\nSystem check identified 3 issues (0 silenced).\n"), "{:?}", ran.err);
}

#[test]
fn checks_for_a_deployment_run_when_asked_and_in_production() {
    let sandbox = Sandbox::new(&[deploying, fixtures::module]);
    sandbox.line("check --tag tests").is(0, NO_ISSUES, "");
    let ran = sandbox.line("check --deploy --tag tests");
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    assert!(ran.err.contains("tests.W009"), "{}", ran.err);
    let production = sandbox.var("APP__ENVIRONMENT", "production");
    production.line("dance").says_on_err(1, "(security.");
}

#[test]
fn a_static_directory_that_does_not_exist_is_a_warning_each() {
    let sandbox = Sandbox::new(&[]).var("APP__STATIC__DIRS", "nowhere,static,elsewhere");
    let ran = sandbox.line("check");
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    assert_eq!(ran.err.matches("(staticfiles.W004)").count(), 2, "{}", ran.err);
}

#[test]
fn a_database_is_checked_when_asked() {
    let sandbox = Sandbox::new(&[]);
    sandbox.line("check --database default").is(0, NO_ISSUES, "");
    let sandbox = sandbox.var("APP__DATABASE__URL", "postgres://nobody:secret@127.0.0.1:1/none");
    // Nothing is opened that is not asked for.
    sandbox.line("check").is(0, NO_ISSUES, "");
    let ran = sandbox.line("check --database default");
    ran.says_on_err(1, "default: (database.E001)");
    ran.says_on_err(1, "127.0.0.1:1");
    assert!(!ran.err.contains("secret"), "{}", ran.err);
}
