//! `prod` and `status`: what is done before the server is started, and what can go wrong with it.

use rustix::process::Signal;
use serde_json::{Value, json};

use super::{BUILD, Site, signal, wait_until};
use crate::sandbox::{Sandbox, app};

fn before(site: &[&[&str]]) -> String {
    site.iter().map(|args| app(args)).collect()
}

const CHECK: &[&str] = &["check", "--deploy", "--fail-level", "WARNING"];
const COLLECT: &[&str] = &["collectstatic", "--noinput"];

#[test]
fn the_release_is_built_checked_and_started_and_answers() {
    let site = Site { sandbox: Sandbox::new() };
    let stdout = before(&[CHECK, COLLECT]);
    let output = site.xtask(&["prod", "--bind", "127.0.0.1:0", "--workers", "2"]).any_output().run();
    assert_eq!(output.stdout, stdout);
    assert_eq!(output.stderr, format!("{BUILD}ready\nthe production server runs: {}\n", site.told()));
    let args = &site.record().expect("a server")["args"];
    assert_eq!(*args, json!(["serve", "--bind", "127.0.0.1:0", "--workers", "2", "--detached"]));

    let again = format!(
        "error: the production server is running already: {}\nhint: `cargo xtask restart-prod` replaces it by a new build, \
         `cargo xtask stop-prod` stops it\n",
        site.told()
    );
    site.xtask(&["prod"]).stderr(&again).status(1).run();

    let exe = site.path("target/release/app");
    let status = format!(
        "production server: serving\n  pid        {}\n  since      2026-01-02T03:04:05Z\n  version    1.2.3\n  program    \
         {}\n  address    http://{}/\n  worker     pid 7, ready since 2026-01-02T03:04:05Z, generation 2, 1 restart(s)\n",
        site.pid(),
        exe.display(),
        site.address()
    );
    site.xtask(&["status"]).stdout(&status).run();
    let data = site.xtask(&["status", "--json"]).any_output().run().stdout;
    let data: Value = serde_json::from_str(&data).expect("JSON");
    assert_eq!((&data["state"], &data["pid"]), (&json!("serving"), &json!(site.pid())));
}

#[test]
fn all_steps_are_in_production_whatever_the_environment_says() {
    let site = Site { sandbox: Sandbox::new() };
    let plan = |args: &[&str]| -> Value {
        let args = ["--explain", "--json"].iter().chain(args).copied();
        serde_json::from_str(&site.sandbox.xtask(args).any_output().run().stdout).expect("JSON")
    };
    let words = |plan: &Value| -> Vec<String> {
        let steps = plan["steps"].as_array().expect("a list");
        assert!(steps[1..].iter().all(|step| step["env"]["set"]["APP__ENVIRONMENT"] == "production"));
        let words = |step: &Value| {
            step["args"].as_array().expect("words").iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
        };
        steps.iter().map(words).collect()
    };
    assert_eq!(
        words(&plan(&["prod", "--restart-on-failure", "--settings", "p.toml"])),
        [
            "build --package app --bin app --release",
            "check --deploy --fail-level WARNING --settings p.toml",
            "migrate --check --settings p.toml",
            "collectstatic --noinput --settings p.toml",
            "serve --settings p.toml --restart-on-failure --detached"
        ]
    );
    assert_eq!(
        words(&plan(&["prod", "--foreground", "--migrate", "--skip-collectstatic", "--skip-checks"])),
        ["build --package app --bin app --release", "migrate --noinput --skip-checks", "serve --skip-checks"]
    );
    assert_eq!(
        words(&plan(&["restart-prod"])),
        [
            "build --package app --bin app --release",
            "check --deploy --fail-level WARNING",
            "migrate --check",
            "collectstatic --noinput"
        ]
    );
    assert!(!site.path("target/release").exists() && !site.path("var").exists());
}

#[test]
fn pending_migrations_are_refused_or_applied() {
    let site = Site::built();
    site.sandbox.write("fake/migrate", "fail CommandError: 2 unapplied migration(s) in: mailings, users");
    let stderr =
        "error: 2 unapplied migration(s) in: mailings, users\nhint: `cargo xtask prod --migrate` applies them\n";
    site.xtask(&["prod"]).stdout(&before(&[CHECK])).stderr(stderr).status(1).run();
    assert!(!site.is_held());
    std::fs::remove_file(site.path("fake/migrate")).expect("a file");
    let output = site.xtask(&["prod", "--migrate"]).any_output().run();
    assert_eq!(output.stdout, before(&[CHECK, COLLECT, &["migrate", "--noinput"]]));
    assert!(site.is_held());
}

#[test]
fn a_step_that_fails_starts_nothing() {
    let site = Site::built();
    for (step, args, stdout) in
        [("check", CHECK, before(&[CHECK])), ("collectstatic", COLLECT, before(&[CHECK, COLLECT]))]
    {
        site.sandbox.write(&format!("fake/{step}"), "exit 1");
        let stderr = format!("error: `app {}` exited with 1\n", args.join(" "));
        site.xtask(&["prod"]).stdout(&stdout).stderr(&stderr).status(1).run();
        std::fs::remove_file(site.path(&format!("fake/{step}"))).expect("a file");
    }
    site.sandbox.write("fake/migrate", "fail error: no database");
    let stderr = "error: no database\nerror: `app migrate --check` failed\n";
    site.xtask(&["prod"]).stdout(&before(&[CHECK])).stderr(stderr).status(1).run();
    assert!(!site.path("var/run").exists());
}

#[test]
fn without_a_build_there_must_be_one() {
    let site = Site { sandbox: Sandbox::new() };
    let stderr = "error: there is no release to take: `{root}/target/release/app`\nhint: leave out `--no-build`\n";
    site.xtask(&["prod", "--no-build"]).stderr(stderr).status(1).run();
}

#[test]
fn a_server_that_does_not_start_is_quoted() {
    let site = Site::built();
    site.behave("fail error: port 8000 on 127.0.0.1 is in use");
    let stderr = "error: port 8000 on 127.0.0.1 is in use\nerror: the production server did not start: `app serve --detached` \
                  exited with 1\nhint: `cargo xtask logs` shows more\n";
    site.xtask(&["prod", "--skip-collectstatic"]).stdout(&before(&[CHECK])).stderr(stderr).status(1).run();
}

#[test]
fn a_server_that_is_never_ready_is_ended() {
    let site = Site::built();
    site.behave("hang");
    let call = site.xtask(&["prod", "--timeout", "1", "--skip-collectstatic"]).start();
    wait_until("it holds the lock", || site.record().is_some() && site.is_held());
    let pid = site.pid();
    let (code, _, stderr) = call.end();
    let expected = "last words\nerror: the production server was not ready after 1 s, and was stopped\n";
    assert_eq!((code, stderr.as_str()), (Some(124), expected));
    assert!(!site.is_held(), "{pid} is left");
}

#[test]
fn ctrl_c_while_the_server_starts_ends_it() {
    let site = Site::built();
    site.behave("hang");
    let call = site.xtask(&["prod"]).start();
    wait_until("it holds the lock", || site.record().is_some() && site.is_held());
    call.signal_group(Signal::INT);
    let (code, _, _) = call.end();
    assert_eq!(code, Some(130));
    assert!(!site.is_held());
}

#[test]
fn a_server_that_does_not_answer_is_a_failure() {
    let site = Site::built();
    site.behave("sick");
    let output = site.xtask(&["prod", "--timeout", "1"]).any_output().status(1).run();
    let expected = format!(
        "ready\nerror: the production server runs, but does not answer at {}: `/health` was answered with `HTTP/1.1 503 \
         Service Unavailable`\nhint: `cargo xtask logs` shows more, `cargo xtask stop-prod` stops it\n",
        site.address()
    );
    assert_eq!(output.stderr, expected);
}

#[test]
fn in_the_foreground_the_server_takes_the_place_of_xtask() {
    let site = Site::built();
    let call = site.xtask(&["prod", "--foreground"]).start();
    call.wait_for("ready");
    let pid = site.pid();
    call.signal(Signal::TERM);
    let (code, _, stderr) = call.end();
    assert_eq!((code, stderr.as_str()), (Some(0), "SIGTERM\n"), "{pid}");
}

#[test]
fn a_crash_is_noticed() {
    let site = Site::running("");
    let (told, exe) = (site.told(), site.path("target/release/app"));
    let pid = site.pid();
    let address = site.address();
    site.kill();
    let stdout = format!(
        "production server: crashed\n  pid        {pid}\n  since      2026-01-02T03:04:05Z\n  version    1.2.3\n  program    \
         {}\n  address    http://{address}/\n",
        exe.display()
    );
    let stderr = "hint: `cargo xtask logs` shows its last words, `cargo xtask prod` starts it\n";
    site.xtask(&["status"]).stdout(&stdout).stderr(stderr).status(1).run();
    let data = site.xtask(&["status", "--json"]).any_output().status(1).run().stdout;
    assert_eq!(serde_json::from_str::<Value>(&data).expect("JSON")["state"], "crashed");
    let stderr = format!(
        "error: the production server is not running: it crashed ({told})\nhint: `cargo xtask prod` starts it\n"
    );
    site.xtask(&["restart-prod"]).stderr(&stderr).status(1).run();
    site.xtask(&["prod"]).any_output().run();
    site.xtask(&["status"]).any_output().run();
}

#[test]
fn a_server_that_hangs_is_no_running_one() {
    let site = Site::running("mute");
    let output = site.xtask(&["status"]).any_output().status(1).run();
    assert!(output.stdout.starts_with("production server: not answering\n"), "{}", output.stdout);
    signal(site.pid(), Signal::TERM);
    wait_until("it ends", || !site.is_held());
    let stderr = "hint: `cargo xtask prod` starts it\n";
    site.xtask(&["status"]).stdout("production server: not running\n").stderr(stderr).status(3).run();
    site.xtask(&["status", "--json"]).stdout("{\n  \"state\": \"stopped\"\n}\n").status(3).run();
}
