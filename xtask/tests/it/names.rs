//! Names: tasks, spellings, slips, the app's own commands, help.

use crate::sandbox::{BUILD, Sandbox, app, unknown};

const TASKS: &[&str] = &[
    "makemigrations",
    "migrate",
    "showmigrations",
    "dev",
    "prod",
    "stop-prod",
    "shell",
    "clear-cache",
    "clear-artifacts",
    "collectstatic",
    "add-module",
    "createsuperuser",
    "worker",
    "beat",
    "flush",
    "test",
];

#[test]
fn no_arguments_help_and_its_options_are_one_list_on_stdout() {
    let sandbox = Sandbox::new();
    let list = sandbox.xtask(["help"]).any_output().run();
    for args in [&[][..], &["--help"], &["-h"], &["help", "help"], &["help", "--help"]] {
        sandbox.xtask(args).stdout(&list.stdout).run();
    }
    for task in TASKS {
        assert!(list.stdout.contains(&format!("\n  {task} ")), "{task}");
    }
    assert!(list.stdout.contains("missing here until its first build"));
    assert!(!list.stdout.contains("send_mailing"));
    assert_eq!(list.stderr, "");
}

#[test]
fn after_a_build_the_list_has_the_apps_own_commands_by_module() {
    let sandbox = Sandbox::built();
    let list = sandbox.xtask(["help"]).any_output().run().stdout;
    assert!(list.contains("\nApp commands of mailings:\n  send_mailing     Send a mailing\n"), "{list}");
    assert!(!list.contains("load_demo") && !list.contains("missing"), "{list}");
    sandbox.xtask([""; 0]).stdout(&list).run();
}

#[test]
fn the_help_of_every_task_needs_no_app_and_is_the_same_under_every_name() {
    let sandbox = Sandbox::new();
    for task in TASKS {
        let help = sandbox.xtask([task, "--help"]).any_output().run().stdout;
        assert!(!help.is_empty(), "{task}");
        sandbox.xtask([task, "-h"]).any_output().run();
        sandbox.xtask(["help", task]).stdout(&sandbox.xtask([task, "--help"]).any_output().run().stdout).run();
        sandbox.xtask([task.replace('-', "_"), "--help".to_owned()]).stdout(&help).run();
    }
    for (alias, task) in [
        ("clear_pycache", "clear-artifacts"),
        ("celery_worker", "worker"),
        ("celery-worker", "worker"),
        ("celery_beat", "beat"),
    ] {
        let help = sandbox.xtask([task, "--help"]).any_output().run().stdout;
        sandbox.xtask([alias, "--help"]).stdout(&help).run();
    }
}

#[test]
fn a_slip_gets_the_nearest_name_and_starts_no_build() {
    let sandbox = Sandbox::new();
    sandbox.write("Cargo.toml", "[workspace.metadata.xtask.scripts]\nlinting = 'true'\n");
    for (typed, near) in
        [("migarte", "migrate"), ("chek", "check"), ("lintin", "linting"), ("stop-prd", "stop-prod"), ("tset", "test")]
    {
        let stderr = unknown(typed, &format!("did you mean `{near}`?"));
        sandbox.xtask([typed]).status(1).stderr(&stderr).run();
    }
    assert!(!sandbox.root().join("target/debug/app").exists());
}

#[test]
fn an_apps_own_command_is_near_too_once_it_is_known() {
    let sandbox = Sandbox::built();
    sandbox.xtask(["help"]).any_output().run();
    let stderr = unknown("send-maling", "did you mean `send_mailing`?");
    sandbox.xtask(["send-maling"]).status(1).stderr(&stderr).run();
}

#[test]
fn a_name_like_no_other_is_looked_for_in_a_fresh_app() {
    let sandbox = Sandbox::new();
    let first = sandbox.xtask(["zzzzzz"]).status(1).any_output().run().stderr;
    let unknown = unknown("zzzzzz", "`cargo xtask help` lists them all");
    assert_eq!(first, format!("{BUILD}{unknown}"));
    sandbox.xtask(["zzzzzz"]).status(1).stderr(&unknown).run();
}

#[test]
fn an_apps_own_command_is_found_by_both_spellings_with_its_arguments() {
    let sandbox = Sandbox::new();
    let called = app(&["send_mailing", "1", "-v", "2"]);
    sandbox.xtask(["send-mailing", "1", "-v", "2"]).stdout(&called).stderr(BUILD).run();
    sandbox.xtask(["send_mailing", "1", "-v", "2"]).stdout(&called).run();
}

#[test]
fn a_task_whose_command_the_app_lacks_says_so() {
    let sandbox = Sandbox::built();
    for task in ["worker", "beat"] {
        let stderr = format!("error: `{task}` is not there yet: the app has no command `{task}`\n");
        sandbox.xtask([task]).status(1).stderr(&stderr).run();
    }
}

#[test]
fn a_broken_catalogue_is_made_anew() {
    let sandbox = Sandbox::built();
    sandbox.write("target/xtask/catalogue.json", "{\"commands\": 3");
    sandbox.xtask(["send-mailing"]).stdout(&app(&["send_mailing"])).run();
    let text = std::fs::read_to_string(sandbox.root().join("target/xtask/catalogue.json")).expect("a catalogue");
    let catalogue: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(catalogue["version"], 1);
    assert!(catalogue["binary"]["size"].is_u64());
}

#[test]
fn an_app_that_cannot_list_its_commands_is_quoted() {
    let sandbox = Sandbox::built();
    let stderr = "error: the app could not list its commands: unknown key `databse`\n\
                  hint: `app help --format json` shows the same\n";
    sandbox.xtask(["zzzzzz"]).env("FAKE_HELP", "fail unknown key `databse`").status(1).stderr(stderr).run();
}

#[test]
fn outside_the_workspace_it_says_where_one_stands() {
    let sandbox = Sandbox::new();
    let elsewhere = tempfile::tempdir().expect("a directory");
    let elsewhere = elsewhere.path().canonicalize().expect("a directory");
    let stderr = format!(
        "error: `{}` is not inside the workspace\nhint: go to the directory of the project, then type `cargo xtask`\n",
        elsewhere.display()
    );
    let call = sandbox.xtask(["migrate"]).env_remove("CARGO_MANIFEST_DIR");
    call.current_dir(elsewhere).status(1).stderr(&stderr).run();
}

#[test]
fn the_version_is_xtasks_own() {
    let sandbox = Sandbox::new();
    sandbox.xtask(["--version"]).stdout("xtask 0.1.0\n").run();
}
