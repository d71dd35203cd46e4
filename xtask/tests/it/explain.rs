//! Plans: shown exactly, and nothing is run.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use serde_json::{Value, json};

use crate::sandbox::Sandbox;

fn plan(sandbox: &Sandbox, args: &[&str]) -> Value {
    let output = sandbox.xtask(["--explain", "--json"].iter().chain(args)).any_output().run();
    assert_eq!(output.stderr, "");
    serde_json::from_str(&output.stdout).expect("JSON")
}

#[test]
fn a_plan_as_data_has_program_arguments_directory_and_environment() {
    let sandbox = Sandbox::built();
    let root = sandbox.root().to_str().expect("UTF-8");
    let expected = json!({"task": "migrate", "steps": [{
        "program": format!("{root}/target/debug/app"),
        "args": ["migrate", "--noinput", "users"],
        "directory": root,
        "env": {
            "set": {"APP_PROG": "cargo xtask", "APP_ROOT": root},
            "removed": ["CARGO", "CARGO_MANIFEST_DIR", "CARGO_PKG_NAME"],
        },
    }]});
    assert_eq!(plan(&sandbox, &["migrate", "--noinput", "users"]), expected);
}

#[test]
fn a_plan_for_reading_is_quoted_as_for_a_shell() {
    let sandbox = Sandbox::built();
    let expected = "\
{root}/target/debug/app send_mailing 'a b' '' '$(x)'
  in {root}/app
  with APP_PROG='cargo xtask'
  with APP_ROOT={root}
  without CARGO CARGO_MANIFEST_DIR CARGO_PKG_NAME
"
    .replace("{root}", &sandbox.root().to_string_lossy());
    sandbox.xtask(["zzzzzz"]).any_output().status(1).run();
    let args = ["--explain", "send-mailing", "a b", "", "$(x)"];
    sandbox.xtask(args).current_dir("app").stdout(&expected).run();
}

#[test]
fn an_argument_that_is_not_utf8_is_shown_as_it_is() {
    let sandbox = Sandbox::built();
    let argument = || OsString::from_vec(b"a\xff'".to_vec());
    // `migrate` takes names, which are text: that is a usage error, not a crash and not another name.
    let refused = sandbox.xtask(["migrate".into(), argument()]).any_output().status(2).run();
    assert!(refused.stderr.starts_with("error: invalid UTF-8"), "{}", refused.stderr);
    sandbox.xtask(["help"]).any_output().run();
    let output = sandbox.xtask(["--explain".into(), "send_mailing".into(), argument()]).any_output().run();
    assert!(output.stdout.contains(r"send_mailing $'a\xff\''"), "{}", output.stdout);
    let args: [OsString; 4] = ["--explain".into(), "--json".into(), "send_mailing".into(), argument()];
    let plan: Value = serde_json::from_str(&sandbox.xtask(args).any_output().run().stdout).expect("JSON");
    assert_eq!(plan["steps"][0]["args"], json!(["send_mailing", {"bytes": [97, 255, 39]}]));
}

#[test]
fn a_stale_app_shows_the_build_and_is_not_built() {
    let sandbox = Sandbox::new();
    let plan = plan(&sandbox, &["dev", "--demo", "8001", "-v", "2"]);
    let steps = plan["steps"].as_array().expect("a list");
    let args: Vec<String> = steps.iter().map(|step| step["args"].to_string()).collect();
    let expected = [
        r#"["build","--package","app","--bin","app"]"#,
        r#"["migrate","--if-empty","--verbosity","2"]"#,
        r#"["load_demo","--if-empty","--verbosity","2"]"#,
        r#"["runserver","8001","--verbosity","2"]"#,
    ];
    assert_eq!(args, expected);
    assert_eq!(steps[0]["program"], json!(sandbox.root().join("bin/cargo")));
    for task in ["collectstatic", "prod", "test", "bench"] {
        let args = if task == "bench" { vec![task, "task-overhead"] } else { vec![task] };
        assert!(!self::plan(&sandbox, &args)["steps"].as_array().expect("a list").is_empty(), "{task}");
    }
    assert!(!sandbox.root().join("target/debug/app").exists());
    assert!(!sandbox.root().join("target/xtask").exists());
}

#[test]
fn what_xtask_does_itself_starts_no_process() {
    let sandbox = Sandbox::new();
    assert_eq!(plan(&sandbox, &["tidy"]), json!({"task": "tidy", "steps": []}));
    let text = "`tidy` is done by xtask itself; it starts no process\n";
    sandbox.xtask(["--explain", "tidy"]).stdout(text).run();
}

#[test]
fn an_option_after_the_name_belongs_to_the_task() {
    let sandbox = Sandbox::new();
    sandbox.write("Cargo.toml", "[workspace.metadata.xtask.scripts]\nsay = 'echo said'\n");
    sandbox.xtask(["say", "--explain", "--json"]).stdout("said --explain --json\n").run();
}

#[test]
fn benches_run_through_cargo_and_pass_their_exit_code_on() {
    let sandbox = Sandbox::new();
    let list = sandbox.xtask(["bench"]).any_output().run().stdout;
    for name in ["makemigrations", "migrate", "rebuild", "bulk"] {
        assert!(list.contains(&format!("\n  {name} ")), "{name}: {list}");
        let cargo = format!("cargo bench --package db --bench {name}");
        sandbox.xtask(["bench", name]).stderr(&format!("{cargo}\n")).run();
        let args = plan(&sandbox, &["bench", name])["steps"][0]["args"].clone();
        assert_eq!(args, json!(["bench", "--package", "db", "--bench", name]));
        let missed = format!("{cargo} -- --rows 10\nerror: `{cargo} -- --rows 10` exited with 1\n");
        sandbox.xtask(["bench", name, "--rows", "10"]).env("FAKE_CARGO", "exit 1").status(1).stderr(&missed).run();
    }
    sandbox.xtask(["bench", "nothing"]).any_output().status(2).run();
}
