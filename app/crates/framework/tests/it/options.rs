//! The base options of every command and how errors leave (cases 14–23).

use crate::fixtures;
use crate::sandbox::Sandbox;

fn sandbox() -> Sandbox {
    Sandbox::new(&[fixtures::module])
}

#[test]
fn every_command_offers_the_base_options() {
    let help = sandbox().line("base_command --help").out;
    let options = ["--option_a", "-a,", "-c,", "--version", "-v, --verbosity", "[possible values: 0, 1, 2, 3]"];
    let more = ["--settings", "--traceback", "--no-color", "--force-color", "--skip-checks"];
    for option in options.iter().chain(&more) {
        assert!(help.contains(option), "{option} is missing in {help}");
    }
}

#[test]
fn a_hidden_option_is_not_offered_but_parses() {
    let sandbox = sandbox();
    let help = sandbox.line("colorful --help").out;
    assert!(!help.contains("--verbosity") && !help.contains("--traceback") && help.contains("--settings"), "{help}");
    assert_eq!(sandbox.line("colorful --traceback -v 2").code, 0);
}

#[test]
fn verbosity_is_1_by_default_and_at_most_3() {
    let sandbox = sandbox();
    let out = |verbosity| format!("labels=[] a=1 b=2 c=3 verbosity={verbosity}\n");
    sandbox.line("base_command").is(0, &out(1), "");
    sandbox.line("base_command -v 0").is(0, &out(0), "");
    sandbox.line("base_command --verbosity=3").is(0, &out(3), "");
    sandbox.line("base_command -v 4").says_on_err(2, "invalid value '4' for '--verbosity <LEVEL>'");
    sandbox.line("base_command -v x").says_on_err(2, "invalid value 'x'");
}

#[test]
fn a_command_error_is_one_line_and_its_own_exit_code() {
    let sandbox = sandbox();
    sandbox.line("dance --example=raise").is(3, "", "CommandError: broken leg\n");
    let chain = "CommandError: broken leg\n  caused by: cannot dance\n  caused by: the floor is wet\n";
    sandbox.line("dance --example=raise --traceback").is(3, "", chain);
    sandbox.line("hal").is(1, "", "CommandError: Cannot determine what to open.\n");
}

#[test]
fn any_other_error_shows_its_chain() {
    sandbox().line("broken").is(1, "", "error: failed to read `x`\n  caused by: no such file\n");
}

#[test]
fn settings_are_found_by_argument_environment_and_default() {
    let sandbox =
        sandbox().file("config/test.toml", "language = \"ru\"\n").file("config/other.toml", "language = \"en\"\n");
    sandbox.line("translated").is(0, "Some(\"ru\")\n", "");
    sandbox.line("translated --settings other").is(0, "Some(\"en\")\n", "");
    let sandbox = sandbox.var("APP_SETTINGS", "other");
    sandbox.line("translated").is(0, "Some(\"en\")\n", "");
    sandbox.line("translated --settings test").is(0, "Some(\"ru\")\n", "");
    sandbox.line("translated --settings=bad").says_on_err(1, "bad");
    sandbox.line("translated --settings").says_on_err(2, "--settings");
}

#[test]
fn an_unknown_database_alias_is_a_usage_error() {
    let sandbox = sandbox().var("APP__DATABASES__OTHER__URL", "sqlite://var/other.sqlite3");
    for command in ["check", "migrate", "showmigrations"] {
        let ran = sandbox.line(&format!("{command} --database deflaut"));
        ran.says_on_err(2, "invalid choice: 'deflaut' (choose from 'default', 'other')");
    }
}
