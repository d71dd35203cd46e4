//! Promises about building this very workspace: what the tests compiled is what everything else needs.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Builds with the cargo and into the target directory of this test run, without what cargo set for the tests; gives
/// the packages that were compiled.
fn compiled(args: &[&str]) -> Vec<String> {
    let project = xtask::project::Project::discover().expect("a workspace");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("a target directory");
    let mut command = Command::new(env!("CARGO"));
    command.args(["build", "--message-format", "json"]).args(args).args(profile()).current_dir(&project.root);
    command.envs(&project.scrubbed.set).env("CARGO_TARGET_DIR", target);
    for name in &project.scrubbed.removed {
        command.env_remove(name);
    }
    let output = command.output().expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let messages = output.stdout.split(|&byte| byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
    let messages: Vec<Value> = messages.collect();
    assert!(messages.iter().any(|message| message["reason"] == "build-finished"));
    let stale = messages.iter().filter(|message| message["fresh"] == Value::Bool(false));
    stale.map(|message| message["package_id"].to_string()).collect()
}

/// The profile of this test run.
fn profile() -> &'static [&'static str] {
    if cfg!(debug_assertions) { &[] } else { &["--release"] }
}

#[test]
fn after_the_tests_the_app_compiles_no_package_of_a_registry() {
    let compiled = compiled(&["--package", "app", "--bin", "app"]);
    let registry: Vec<&String> = compiled.iter().filter(|id| id.contains("registry+")).collect();
    assert!(registry.is_empty(), "{registry:#?}");
}

#[test]
fn a_second_cargo_xtask_compiles_nothing() {
    assert_eq!(compiled(&["--package", "xtask", "--bin", "xtask"]), Vec::<String>::new());
}
