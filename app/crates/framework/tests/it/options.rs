//! The base options of every command and how errors leave (cases 14–23).

use framework::management::CommandError;

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
    let ctx = sandbox.ctx();
    let takes_alias = |entry: &&framework::management::Entry| {
        let ids = ["database", "databases"];
        entry.spec.clap("app").get_arguments().any(|argument| ids.contains(&argument.get_id().as_str()))
    };
    let commands: Vec<_> = ctx.registry().iter().filter(takes_alias).collect();
    let names: Vec<&str> = commands.iter().map(|entry| entry.spec.name).collect();
    assert!(["check", "migrate", "showmigrations", "sqlmigrate"].iter().all(|name| names.contains(name)), "{names:?}");
    for entry in commands {
        let mut line = format!("{} --database deflaut", entry.spec.name);
        let clap = entry.spec.clap("app");
        clap.get_positionals().filter(|argument| argument.is_required_set()).for_each(|_| line.push_str(" nobody"));
        let ran = sandbox.line(&line);
        ran.says_on_err(2, "invalid choice: 'deflaut' (choose from 'default', 'other')");
    }
}

#[test]
fn databases_are_closed_after_a_command_also_after_a_failure() {
    let sandbox = Sandbox::new(&[crate::polls::module, fixtures::module]);
    crate::sandbox::wait(async {
        let ctx = sandbox.ctx();
        crate::polls::fill(&ctx.db().await.expect("a database"), &[1]).await;
        ctx.close().await;
    });
    // SQLite removes the write-ahead log when the last connection is closed in order.
    let open = || sandbox.dir.path().join("var/test.sqlite3-wal").exists();
    assert!(!open());
    assert_eq!(sandbox.line("closepoll 1").code, 0);
    assert!(!open());
    assert_eq!(sandbox.line("closepoll 1 7").code, 1);
    assert!(!open());
}

#[test]
fn context_that_was_added_to_a_command_error_is_said() {
    let error = || anyhow::Error::new(CommandError::new("broken leg").code(0)).context("cannot dance");
    assert_eq!(
        error().downcast_ref::<CommandError>().map(CommandError::returncode),
        Some(1),
        "an error never ends with 0"
    );
    let sandbox = sandbox();
    sandbox.line("dance --example=wrap").is(1, "", "CommandError: cannot dance: broken leg\n");
    sandbox.line("dance --example=wrap --traceback").is(1, "", "CommandError: cannot dance: broken leg\n");
}

#[test]
fn version_needs_no_other_argument() {
    let sandbox = sandbox();
    for line in ["required_list --version", "missing_command --version"] {
        sandbox.line(line).is(0, "1.2.3\n", "");
    }
    sandbox.line("hal -- --version").is(0, "\nDave, I can't do that.\n", "");
}

#[test]
fn a_root_that_is_no_directory_is_named_and_not_made() {
    let sandbox = sandbox();
    let ran = sandbox.line("--root nowhere migrate");
    ran.says_on_err(1, "nowhere` is not a directory\nhint: ");
    assert!(!sandbox.dir.path().join("nowhere").exists());
}

#[test]
#[cfg(unix)]
fn a_settings_file_whose_name_is_not_utf_8_is_looked_for() {
    use std::os::unix::ffi::OsStringExt as _;
    let name = std::ffi::OsString::from_vec(b"--settings=\xff.toml".to_vec());
    sandbox().run(["noargs_command".into(), name]).says_on_err(1, "\u{fffd}.toml");
}
